//! Composition: from a configuration to a running gateway, and to its end.
//!
//! [`Prepared`] holds everything that can be wrong before anything is opened; [`Gateway`] opens the
//! book, then the ports, and runs until it is told to stop or the book can no longer be trusted.

mod book;
mod chores;
mod collector;
pub mod doctor;
mod readiness;
mod signing;
mod telling;
pub mod witness;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::bounds;
use crate::clock::{Clock, Random};
use crate::config::{Config, Listen};
use crate::cosign::{self, Cosigning};
use crate::desk;
use crate::errors::in_full;
use crate::exchange::officer::Officers;
use crate::exchange::{self, Exchange};
use crate::follow::{Follower, MakeRoad};
use crate::http::{self, Load, Metrics, Ops, TurnedAway};
use crate::identity::Identity;
use crate::ledger::{self, KeyFileError, Keys, Ledger};
use crate::oidc::LoginService;
use crate::oversight::Oversight;
use crate::policy::{Bundle, Policies, SignedAgreement};
use crate::provider::{ProviderSettings, Providers};
use crate::serve::{self, Stop, Stopper};
use crate::spans::Tracer;
use crate::store::{self, Store};
use crate::telemetry;

pub use book::Book;
use readiness::Readiness;
pub use signing::Signing;
pub use telling::LogRoad;
use telling::Telling;

/// The program and its version, as the `start` entry names it.
pub const PROGRAM: &str = concat!("sluis ", env!("CARGO_PKG_VERSION"));

/// A configuration whose files were all read and found good.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    identity: Arc<Identity>,
    policies: Policies,
    shadow: Option<Arc<Bundle>>,
    signed: Vec<SignedAgreement>,
    login: Option<Arc<LoginService>>,
    witnesses: Option<cosign::Settings>,
    collector: Option<MakeRoad>,
    log: Option<LogRoad>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Prepared {
    /// Reads every file the configuration names: certificates, CRLs, JWKS, policy bundles.
    ///
    /// # Errors
    /// Every mistake, one sentence each.
    pub fn new(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let loaded = Identity::load(
            config.identity.clone(),
            &config.organisations,
            Arc::clone(&clock),
        );
        let identity = match loaded {
            Ok(identity) => Some(Arc::new(identity)),
            Err(errors) => {
                mistakes.extend(errors.iter().map(|error| in_full(error)));
                None
            }
        };
        let mut bundles = Vec::new();
        for folder in &config.bundles {
            match Bundle::load(folder) {
                Ok(bundle) => bundles.push(Arc::new(bundle)),
                Err(error) => mistakes.extend(error.to_string().lines().map(str::to_owned)),
            }
        }
        mistakes.extend(roles_nobody_knows(&config, &bundles));
        let shadow = config.shadow.as_deref().and_then(|folder| {
            Bundle::load(folder)
                .map_err(|error| mistakes.extend(error.to_string().lines().map(str::to_owned)))
                .ok()
                .map(Arc::new)
        });
        let mut signed = Vec::new();
        for path in &config.signatures {
            match read_signed(path) {
                Ok(one) => signed.push(one),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let login = match &config.desk {
            None => None,
            Some(settings) => {
                let (settings, all) = (settings.login.clone(), config.organisations.clone());
                LoginService::new(settings, all, Arc::clone(&clock), Arc::clone(&random))
                    .map_err(|error| mistakes.push(in_full(&error)))
                    .ok()
                    .map(Arc::new)
            }
        };
        let witnesses = book::read_witnesses(&config, &clock)
            .map_err(|mistake| mistakes.push(mistake))
            .ok()
            .flatten();
        let collector = collector::road(&config, &clock)
            .and_then(|made| made.map_err(|mistake| mistakes.push(mistake)).ok());
        mistakes.extend(telling::check(&config, &clock).err());
        match identity {
            Some(identity) if mistakes.is_empty() => Ok(Self {
                config,
                identity,
                policies: Policies::new(bundles),
                shadow,
                signed,
                login,
                witnesses,
                collector,
                log: None,
                clock,
                random,
            }),
            _ => Err(mistakes),
        }
    }

    /// With the log of this process on its way to a collector.
    #[must_use]
    pub fn logging(mut self, log: Option<LogRoad>) -> Self {
        self.log = log;
        self
    }
}

/// Reads what a party signed about a bundle.
fn read_signed(path: &Path) -> Result<SignedAgreement, String> {
    let path_shown = path.display();
    let mut file = Vec::new();
    std::fs::File::open(path)
        .and_then(|open| {
            open.take(bounds::SIGNATURE_FILE_BYTES)
                .read_to_end(&mut file)
        })
        .map_err(|error| {
            format!("{path_shown}: cannot be read ({error}); check policy.signatures")
        })?;
    serde_json::from_slice(&file).map_err(|error| {
        format!("{path_shown}: is not what `sluis policy sign` writes ({error}); check policy.signatures")
    })
}

/// An organisation whose part no bundle knows could never be permitted anything.
fn roles_nobody_knows(config: &Config, bundles: &[Arc<Bundle>]) -> Vec<String> {
    let known = |role| {
        bundles
            .iter()
            .any(|bundle| bundle.vocabulary().knows_role(role))
    };
    config
        .organisations
        .iter()
        .filter(|organisation| !bundles.is_empty() && !known(&organisation.role))
        .map(|organisation| {
            format!(
                "organisations: no bundle knows the role {} of {}; correct role, or add a bundle",
                organisation.role, organisation.oin
            )
        })
        .collect()
}

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key file.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The book.
    #[error(transparent)]
    Ledger(#[from] ledger::OpenError),
    /// Its witnesses know another book.
    #[error(transparent)]
    Broken(#[from] cosign::Broken),
    /// A file that `[witnesses]` names.
    #[error("{0}")]
    Settings(String),
    /// The policy of its witnesses is for another book.
    #[error("witnesses.policy is none for this ledger")]
    Witnesses(#[from] cosign::SettingsError),
    /// What the parties signed puts no bundle in force.
    #[error("policy.signatures puts no bundle in force")]
    NotAgreed(#[from] exchange::NotAgreed),
    /// The book was opened, and then could not be used.
    #[error("the ledger was opened but cannot be used")]
    Book,
    /// A port.
    #[error("cannot listen on {address}; is something else using it")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The figures.
    #[error("the figures cannot be set up")]
    Figures(#[from] prometheus::Error),
}

/// Why a gateway ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The book can no longer be written with certainty.
    #[error(transparent)]
    Book(#[from] ledger::Failure),
    /// Its witnesses know another book.
    #[error(transparent)]
    Broken(#[from] cosign::Broken),
}

/// Makes the keys and the empty book.
///
/// # Errors
/// [`StartError`]; keys that exist are never overwritten.
pub async fn init_ledger(config: &Config, random: &dyn Random) -> Result<String, StartError> {
    let settings = &config.ledger;
    let empty = Keys::create(
        &settings.key,
        &settings.master_key,
        &settings.origin,
        random,
    )?;
    if let Err(error) = Store::create(&config.store, &empty).await {
        // Without the book the keys are of no use, and would be in the way of the next try.
        for path in [&settings.key, &settings.master_key] {
            let _ = std::fs::remove_file(path);
        }
        return Err(error.into());
    }
    let keys = settings.read_keys()?;
    Ok(keys.signer.verifier().to_string())
}

/// A gateway with its ports open.
#[derive(Debug)]
pub struct Gateway {
    ledger: Ledger,
    exchange: Arc<Exchange>,
    officers: Option<Officers>,
    addresses: Addresses,
    stopper: Stopper,
    listeners: JoinSet<()>,
    chores: JoinSet<ledger::Failure>,
    /// Following the witnesses, where there are any; and the word that there is nothing more to show them.
    cosigning: JoinSet<Result<(), cosign::Broken>>,
    leave: oneshot::Sender<()>,
    telling: Telling,
}

/// Where a gateway listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For systems.
    pub exchange: SocketAddr,
    /// For browsers, where there is a desk.
    pub desk: Option<SocketAddr>,
    /// For operators.
    pub ops: SocketAddr,
}

/// The ports of a gateway, open.
#[derive(Debug)]
pub struct Ports {
    /// For systems.
    pub exchange: TcpListener,
    /// For browsers, with how they get in, where there is a desk.
    pub desk: Option<(TcpListener, desk::Login)>,
    /// For operators.
    pub ops: TcpListener,
}

impl Ports {
    /// Opens those of the configuration.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    async fn open(listen: Listen, login: Option<Arc<LoginService>>) -> Result<Self, StartError> {
        Ok(Self {
            exchange: bind(listen.exchange).await?,
            desk: match login {
                Some(service) => Some((bind(listen.desk).await?, desk::Login::Service(service))),
                None => None,
            },
            ops: bind(listen.ops).await?,
        })
    }

    fn addresses(&self, wanted: Listen) -> Result<Addresses, StartError> {
        Ok(Addresses {
            exchange: address_of(&self.exchange, wanted.exchange)?,
            desk: match &self.desk {
                Some((listener, _)) => Some(address_of(listener, wanted.desk)?),
                None => None,
            },
            ops: address_of(&self.ops, wanted.ops)?,
        })
    }
}

impl Gateway {
    /// Opens the book and the ports, closes what a crash left open, activates the configured bundles,
    /// and only then lets anyone in.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(prepared: Prepared) -> Result<Self, StartError> {
        Self::begin(prepared, None).await
    }

    /// The same, on ports that are open already instead of those of the configuration. Whoever
    /// connects before everything else is ready waits in the kernel's queue.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_on(prepared: Prepared, ports: Ports) -> Result<Self, StartError> {
        Self::begin(prepared, Some(ports)).await
    }

    async fn begin(prepared: Prepared, ports: Option<Ports>) -> Result<Self, StartError> {
        let Prepared {
            config,
            identity,
            policies,
            shadow,
            signed,
            login,
            witnesses,
            collector,
            log,
            clock,
            random,
        } = prepared;
        let (store, ledger) = book::open(&config, witnesses.as_ref(), &clock, &random).await?;
        // A port that is taken is found out before anything is written; nobody is let in until the
        // rest is ready, and waits in the kernel's queue until then.
        let ports = match ports {
            Some(ports) => ports,
            None => Ports::open(config.listen, login).await?,
        };
        let addresses = ports.addresses(config.listen)?;
        let cosigning = book::ask(witnesses, &ledger, &clock).await?;
        let closed = ledger.close_orphans().await;
        closed.map_err(|error| unusable(&error))?;
        note_start(&ledger, &policies, shadow.as_ref()).await?;
        let handy = (&clock, &random);
        let bundles = (&policies, shadow, &signed[..]);
        let exchange = open_exchange(&config, &identity, &store, bundles, &ledger, handy).await?;
        let followers = collector::followers(&config, &policies, &ledger, collector, &clock);
        let (registry, metrics, turned_away) =
            figures(&exchange, &ledger, cosigning.as_ref(), &followers, &clock)?;
        let readiness = Readiness::new(&identity, &exchange, &ledger, &config.store.location);
        telemetry::watch_trust(&registry, &identity, readiness.asked(), &clock)?;
        let (telling, tracer) = Telling::start(&config, log, &registry, &clock, &random)?;

        let (stopper, stop) = Stopper::new();
        let mut listeners = JoinSet::new();
        let mut chores = JoinSet::new();
        let load = Load {
            rates: config.rates.clone(),
            processors: chores::watch_processors(&mut chores),
            turned_away,
        };
        listeners.spawn(counter(
            ports.exchange,
            &config,
            (&identity, &exchange),
            handy,
            (metrics, tracer),
            load,
            stop.clone(),
        ));
        let mut officers = None;
        if let Some((listener, login)) = ports.desk {
            let at = address_of(&listener, config.listen.desk)?;
            let book = (&ledger, policies, cosigning.as_ref());
            let parts = parts_of_desk(&config, (login, at), &exchange, book, handy)?;
            officers = Some(parts.officers.clone());
            let desk = desk::router(parts);
            let identity = Arc::clone(&identity);
            listeners.spawn(serve::browser(listener, identity, desk, stop.clone()));
        }
        let ops = http::ops::router(Ops {
            registry,
            readiness: readiness.asked(),
        });
        listeners.spawn(serve::plain(ports.ops, ops, stop.clone()));
        chores::start(&mut chores, &identity, &ledger, &store, &readiness);
        chores.spawn(chores::retain(ledger.clone(), config.retention.clone()));
        chores.spawn(chores::follow(Arc::clone(&exchange)));
        let (leave, left) = oneshot::channel();
        let mut following = JoinSet::new();
        if let Some(cosigning) = cosigning {
            following.spawn(cosigning.run(left));
        }
        collector::start(&mut chores, followers);
        tell(addresses, &ledger);
        Ok(Self {
            ledger,
            exchange,
            officers,
            addresses,
            stopper,
            listeners,
            chores,
            cosigning: following,
            leave,
            telling,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The key that verifies the checkpoints of its book.
    #[must_use]
    pub fn ledger_key(&self) -> String {
        self.ledger.verifier().to_string()
    }

    /// The procedure behind it.
    #[must_use]
    pub const fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// What officers may do at its desk, where it has one.
    #[must_use]
    pub const fn officers(&self) -> Option<&Officers> {
        self.officers.as_ref()
    }

    /// Runs until `stop` comes, then lets running requests end; or until the book can no longer be
    /// trusted, and then ends at once.
    ///
    /// # Errors
    /// [`Stopped`]: what ended it.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Stopped> {
        let failed: Option<Stopped> = tokio::select! {
            () = stop => None,
            failure = self.ledger.failed() => Some(failure.into()),
            Some(Ok(failure)) = self.chores.join_next() => Some(failure.into()),
            Some(Ok(Err(broken))) = self.cosigning.join_next() => Some(broken.into()),
        };
        self.stopper.stop();
        if let Some(failure) = failed {
            tracing::error!(error = %failure, "the gateway stops at once");
            return Err(failure);
        }
        tracing::info!("the gateway stops; running requests may end");
        while self.listeners.join_next().await.is_some() {}
        // Closing entries of the last requests are committed before this beat is answered.
        let _ = self.ledger.beat().await;
        let _ = self.leave.send(());
        let parting = tokio::time::timeout(bounds::WITNESS_PARTING, self.cosigning.join_next());
        if let Ok(Some(Ok(Err(broken)))) = parting.await {
            tracing::error!(error = %broken, "the gateway stops at once");
            return Err(broken.into());
        }
        self.cosigning.shutdown().await;
        self.chores.shutdown().await;
        self.telling.part().await;
        // And what the witnesses cosigned last.
        let _ = self.ledger.beat().await;
        // And the database is let go of, so that whoever starts next finds it free.
        drop((self.exchange, self.officers));
        let _ = tokio::time::timeout(bounds::COMMIT * 2, self.ledger.close()).await;
        Ok(())
    }
}

/// Says in the book who begins, and which bundle is on trial.
async fn note_start(
    ledger: &Ledger,
    policies: &Policies,
    shadow: Option<&Arc<Bundle>>,
) -> Result<(), StartError> {
    if let Some(bundle) = shadow {
        // Known to the desk like any other. What decides is what was agreed on.
        policies.learn(bundle);
    }
    let candidate = shadow.map(|bundle| bundle.hash());
    let noted = ledger.note_start(PROGRAM, candidate).await;
    noted.map(drop).map_err(|error| unusable(&error))
}

/// The exchange, with every bundle in force that its parties signed for.
async fn open_exchange(
    config: &Config,
    identity: &Arc<Identity>,
    store: &Store,
    (policies, shadow, signed): (&Policies, Option<Arc<Bundle>>, &[SignedAgreement]),
    ledger: &Ledger,
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
) -> Result<Arc<Exchange>, StartError> {
    let exchange = Exchange::new(exchange::Parts {
        organisations: config.organisations.clone(),
        identity: Arc::clone(identity),
        store: store.clone(),
        policies: policies.clone(),
        shadow,
        ledger: ledger.clone(),
        providers: providers(config, identity),
        clock: Arc::clone(clock),
        random: Arc::clone(random),
    });
    let exchange = exchange.await.map_err(|error| unusable(&error))?;
    for waiting in exchange.agree_on_configured(signed).await? {
        tracing::warn!(bundle.waiting = waiting, "a bundle is not in force");
    }
    Ok(Arc::new(exchange))
}

/// The counter for machines, with its listener.
fn counter(
    listener: TcpListener,
    config: &Config,
    (identity, exchange): (&Arc<Identity>, &Arc<Exchange>),
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
    (metrics, tracer): (Metrics, Tracer),
    load: Load,
    stop: Stop,
) -> impl Future<Output = ()> + use<> {
    let guard = serve::Guard {
        mark: http::mark_malformed,
        organisations: config.organisations.iter().count(),
        turned_away: load.turned_away.clone(),
    };
    let (clock, random) = (Arc::clone(clock), Arc::clone(random));
    let app = http::router(Arc::clone(exchange), clock, random, metrics, tracer, load);
    serve::exchange(listener, Arc::clone(identity), app, guard, stop)
}

/// Says where a gateway listens.
fn tell(addresses: Addresses, ledger: &Ledger) {
    tracing::info!(
        listen.exchange = %addresses.exchange,
        listen.desk = addresses.desk.map(tracing::field::display),
        listen.ops = %addresses.ops,
        ledger.size_entries = ledger.size(),
        "the gateway is open"
    );
}

/// Tells why a book that was opened is of no use.
fn unusable(error: &dyn std::error::Error) -> StartError {
    tracing::error!(error = in_full(error), "the ledger cannot be used");
    StartError::Book
}

fn figures(
    exchange: &Exchange,
    ledger: &Ledger,
    cosigning: Option<&Cosigning>,
    followers: &[Follower],
    clock: &Arc<dyn Clock>,
) -> Result<(Registry, Metrics, TurnedAway), prometheus::Error> {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry)?;
    telemetry::watch_log(&registry)?;
    telemetry::watch_ledger(&registry, ledger)?;
    if let Some(trial) = exchange.trial() {
        telemetry::watch_trial(&registry, Arc::clone(trial))?;
    }
    if let Some(cosigning) = cosigning {
        telemetry::watch_witnesses(&registry, ledger, cosigning.watch(), clock)?;
    }
    let standings = followers.iter().map(Follower::standing);
    telemetry::watch_followers(&registry, standings.collect())?;
    let turned_away = TurnedAway::new(&registry)?;
    Ok((registry, metrics, turned_away))
}

/// What the desk is made of, with what it knows of the book in memory.
fn parts_of_desk(
    config: &Config,
    (login, at): (desk::Login, SocketAddr),
    exchange: &Arc<Exchange>,
    (ledger, policies, cosigning): (&Ledger, Policies, Option<&Cosigning>),
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
) -> Result<desk::Parts, StartError> {
    let oversight = Oversight::start(ledger.clone(), policies, &**random);
    let oversight = oversight.map_err(|error| unusable(&error))?;
    let officers = Officers::new(Arc::clone(exchange), oversight)
        .witnessed(cosigning.map(Cosigning::watch))
        .keeping(config.retention.terms.clone());
    Ok(desk::Parts {
        officers,
        origin: origin_of_desk(config, &login, at),
        login,
        clock: Arc::clone(clock),
        random: Arc::clone(random),
    })
}

/// The desk's own address as browsers see it: the configured one, or in the demo where it listens.
fn origin_of_desk(config: &Config, login: &desk::Login, at: SocketAddr) -> String {
    match (login, &config.desk) {
        (desk::Login::Service(_), Some(settings)) => settings.url.clone(),
        _ => format!("https://{at}"),
    }
}

fn providers(config: &Config, identity: &Arc<Identity>) -> Providers {
    let settings = config
        .providers
        .iter()
        .map(|(oin, base_url)| {
            let (oin, identity) = (*oin, Arc::clone(identity));
            ProviderSettings {
                oin,
                base_url: base_url.clone(),
                tls: Arc::new(move || identity.provider_tls(oin)),
                limits: crate::provider::Limits::default(),
            }
        })
        .collect();
    Providers::new(settings)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

fn address_of(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener
        .local_addr()
        .map_err(|source| StartError::Listen { address, source })
}

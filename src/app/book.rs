//! The book, opened to be written: the database, the ledger in it, and the word of its witnesses.

use std::io::Read as _;
use std::sync::Arc;

use super::StartError;
use crate::bounds;
use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::cosign::{self, Cosigning};
use crate::errors::in_full;
use crate::identity::login_tls;
use crate::ledger::Ledger;
use crate::ledger::note::Policy;
use crate::store::Store;

/// A book that is open to be written, for a command that writes something and ends. No witness that was
/// heard knows a newer one or another.
#[derive(Debug)]
pub struct Book {
    /// The book.
    pub ledger: Ledger,
    /// The witnesses that were not heard, as the policy file calls them.
    pub silent: Vec<String>,
}

impl Book {
    /// Opens it and asks its witnesses, as a gateway does before it lets anyone in.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(
        config: &Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StartError> {
        let witnesses = read_witnesses(config, &clock).map_err(StartError::Settings)?;
        let (_, ledger) = open(config, witnesses.as_ref(), &clock, &random).await?;
        match silent(witnesses, &ledger, &clock).await {
            Ok(silent) => Ok(Self { ledger, silent }),
            Err(broken) => {
                ledger.close().await;
                Err(broken.into())
            }
        }
    }
}

/// Asks the witnesses, and answers which were not heard.
pub(super) async fn silent(
    witnesses: Option<cosign::Settings>,
    ledger: &Ledger,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<String>, cosign::Broken> {
    let cosigning = ask(witnesses, ledger, clock).await?;
    let watch = cosigning.as_ref().map(Cosigning::watch);
    let standings = watch.iter().flat_map(|watch| watch.standings().iter());
    let silent = standings.filter(|one| one.cosigned_at().is_none());
    Ok(silent.map(|one| one.name().to_owned()).collect())
}

/// Reads the policy file and the CAs of `[witnesses]`, where there is such a part.
pub(super) fn read_witnesses(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Option<cosign::Settings>, String> {
    let Some(settings) = &config.witnesses else {
        return Ok(None);
    };
    let path = settings.policy.display();
    let told = |error: &dyn std::error::Error| format!("{path}: {}", in_full(error));
    let mut file = Vec::new();
    std::fs::File::open(&settings.policy)
        .and_then(|open| {
            open.take(bounds::WITNESS_POLICY_BYTES + 1)
                .read_to_end(&mut file)
        })
        .map_err(|error| format!("{path}: cannot be read ({error}); check witnesses.policy"))?;
    let policy = Policy::parse(&file).map_err(|error| told(&error))?;
    let tls = login_tls(&settings.trust_anchors, Arc::clone(clock));
    let tls = tls.map_err(|error| in_full(&error))?;
    let made = cosign::Settings::new(policy, tls, settings.refuse_after);
    made.map(Some).map_err(|error| told(&error))
}

/// Opens the database and the book in it.
pub(super) async fn open(
    config: &Config,
    witnesses: Option<&cosign::Settings>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<(Store, Ledger), StartError> {
    let settings = &config.ledger;
    let keys = settings.read_keys()?;
    if let Some(witnesses) = witnesses {
        witnesses.check_log(&keys.signer.verifier())?;
    }
    let store = Store::open(config.store.clone()).await?;
    let (clock, random) = (Arc::clone(clock), Arc::clone(random));
    let ledger = Ledger::open(store.clone(), keys, clock, random).await?;
    Ok((store, ledger))
}

/// Before anything is appended: a book that its witnesses do not know must not grow.
pub(super) async fn ask(
    witnesses: Option<cosign::Settings>,
    ledger: &Ledger,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Cosigning>, cosign::Broken> {
    let Some(settings) = witnesses else {
        return Ok(None);
    };
    let started = Cosigning::start(settings, ledger.clone(), Arc::clone(clock)).await;
    started.map(Some)
}

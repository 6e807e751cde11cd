//! Composition of a witness: a server of its own, beside no gateway.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::bounds;
use crate::clock::{Clock, NoRandomness, Random};
use crate::config::{WitnessConfig, WitnessTls};
use crate::errors::in_full;
use crate::http;
use crate::identity::{IdentityError, server_tls};
use crate::ledger::note::{Cosigner, KeyError};
use crate::ledger::{KeyFileError, read_secret, write_secret};
use crate::serve::{self, Stopper};
use crate::witness::{self, OpenError, StorageFailed, Witness};

/// Why a witness did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// What is in it.
    #[error("the key file {path} is not usable")]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// The key is of another witness.
    #[error("the key file {path} is of the witness {found}, but name says {expected}")]
    Name {
        /// The file.
        path: PathBuf,
        /// Whose key it is.
        found: String,
        /// Whose it must be.
        expected: String,
    },
    /// What it remembers.
    #[error(transparent)]
    State(#[from] OpenError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] IdentityError),
    /// Its port.
    #[error("cannot listen on {address}; is something else using it")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// What [`init`] found and made.
#[derive(Debug)]
pub struct Made {
    /// The key that verifies the witness's cosignatures.
    pub key: String,
    /// The logs of which it begins to remember.
    pub logs: Vec<String>,
}

/// Makes the state of every configured log that has none, and the key, if there is none. What is
/// there stays as it is. The key comes last: where there is one, there was a state.
///
/// # Errors
/// [`StartError`].
pub fn init(config: &WitnessConfig, random: &dyn Random) -> Result<Made, StartError> {
    let found = config.key.exists();
    let key = if found {
        read_key(&config.key, &config.name)?;
        witness::Key::MadeBefore
    } else {
        witness::Key::New
    };
    let logs = witness::init(&config.state, &config.logs, key)?;
    if !found {
        let made = Cosigner::generate(&config.name, random)?;
        write_secret(&config.key, &format!("{}\n", made.secret()))?;
    }
    let key = read_key(&config.key, &config.name)?.key().to_string();
    Ok(Made { key, logs })
}

fn read_key(path: &Path, name: &str) -> Result<Cosigner, StartError> {
    let path = path.to_owned();
    let cosigner = match Cosigner::parse(&read_secret(&path)?) {
        Ok(cosigner) => cosigner,
        Err(source) => return Err(StartError::NoKey { path, source }),
    };
    let found = cosigner.key().name().to_owned();
    if found == name {
        Ok(cosigner)
    } else {
        let expected = name.to_owned();
        Err(StartError::Name {
            path,
            found,
            expected,
        })
    }
}

/// A witness with its port open.
#[derive(Debug)]
pub struct WitnessServer {
    witness: Arc<Witness>,
    address: SocketAddr,
    stopper: Stopper,
    listener: JoinHandle<()>,
    reloading: JoinHandle<()>,
}

impl WitnessServer {
    /// Reads what it remembers, and opens the port.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: WitnessConfig, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let tls = Arc::new(Certificate::read(config.tls, Arc::clone(&clock))?);
        let cosigner = read_key(&config.key, &config.name)?;
        let witness = Witness::open(&config.state, &config.logs, cosigner, clock)?;
        let witness = Arc::new(witness);
        let failed = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stopper, stop) = Stopper::new();
        let app = http::witness::router(Arc::clone(&witness));
        let offered = Arc::clone(&tls);
        let serving = serve::encrypted(listener, move || offered.current.load_full(), app, stop);
        tracing::info!(
            listen.witness = %address,
            witness.key = %witness.key(),
            witness.logs = witness.logs(),
            "the witness is open"
        );
        Ok(Self {
            witness,
            address,
            stopper,
            listener: tokio::spawn(serving),
            reloading: tokio::spawn(tls.watch()),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until `stop` comes, then lets running requests end; or until its storage fails.
    ///
    /// # Errors
    /// [`StorageFailed`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StorageFailed> {
        let failed = tokio::select! {
            () = stop => None,
            failed = self.witness.failed() => Some(failed),
        };
        self.stopper.stop();
        self.reloading.abort();
        if let Some(failed) = failed {
            return Err(failed);
        }
        tracing::info!("the witness stops; running requests may end");
        // It only fails by a panic, which was told.
        let _ = self.listener.await;
        Ok(())
    }
}

/// The server's certificate, read again when its files change.
#[derive(Debug)]
struct Certificate {
    files: WitnessTls,
    clock: Arc<dyn Clock>,
    current: ArcSwap<ServerConfig>,
}

impl Certificate {
    fn read(files: WitnessTls, clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        let current = ArcSwap::new(Self::load(&files, &clock)?);
        Ok(Self {
            files,
            clock,
            current,
        })
    }

    fn load(
        files: &WitnessTls,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<ServerConfig>, IdentityError> {
        let clock = Arc::clone(clock);
        server_tls(&files.certificate, &files.key, files.profile, clock)
    }

    /// What the files hold, to see whether it changed; a file that cannot be read is empty here, and
    /// told when it is loaded.
    fn bytes(&self) -> [Vec<u8>; 2] {
        [&self.files.certificate, &self.files.key]
            .map(|path| std::fs::read(path).unwrap_or_default())
    }

    /// A file that turned bad keeps the last good certificate in use.
    async fn watch(self: Arc<Self>) {
        let mut known = self.bytes();
        loop {
            tokio::time::sleep(bounds::WITNESS_RELOAD).await;
            let now = self.bytes();
            if now == known {
                continue;
            }
            known = now;
            match Self::load(&self.files, &self.clock) {
                Ok(renewed) => {
                    self.current.store(renewed);
                    tracing::info!("a renewed certificate is in use");
                }
                Err(error) => tracing::error!(
                    identity.fault = in_full(&error),
                    "the renewed certificate cannot be used; the last good one stays in use"
                ),
            }
        }
    }
}

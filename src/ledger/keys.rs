//! The two secrets of the book, each in a file only its owner can read (SECURITY 20).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::note::{Checkpoint, KeyError, Signer};
use super::seal::MasterKey;
use crate::clock::{NoRandomness, Random};
use crate::merkle;

/// The keys of one book.
#[derive(Debug)]
pub struct Keys {
    /// Signs checkpoints.
    pub signer: Signer,
    /// Wraps the keys of the openings and makes the search tags.
    pub master: MasterKey,
}

/// Why a key file was not read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error(
        "there is no key file {path}; make the ledger with `sluis ledger init`, or correct ledger.key and ledger.master-key"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the key file {path} could not be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("others can read the key file {path}; make it private with chmod 600")]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// It exists already, and is never overwritten.
    #[error("the key file {path} exists already; keys are never overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is not a signing key.
    #[error("the key file {path} is not usable")]
    Signer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// There is no second key.
    #[error(
        "there is no key file {path}; make it with `sluis ledger new-key --out {path}`, or leave ledger.next-key out"
    )]
    NoNext {
        /// The file.
        path: PathBuf,
    },
    /// The second key is no second key of this log.
    #[error("the key file {path} cannot be ledger.next-key")]
    Next {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: KeyError,
    },
    /// It is not a master key.
    #[error("the key file {path} does not hold 32 bytes in base64")]
    Master {
        /// The file.
        path: PathBuf,
    },
    /// The key is of another log.
    #[error("the key file {path} is of the ledger {found}, but ledger.origin says {expected}")]
    Origin {
        /// The file.
        path: PathBuf,
        /// Whose key it is.
        found: String,
        /// Whose it must be.
        expected: String,
    },
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// Reads a secret from a file that only its owner can read.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_secret(path: &Path) -> Result<String, KeyFileError> {
    let io = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(path).map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open {
            path: path.to_owned(),
        });
    }
    fs::read_to_string(path).map_err(io)
}

/// Writes a secret to a new file that only its owner can read.
///
/// # Errors
/// [`KeyFileError`]; a file that is there is never overwritten.
pub fn write_secret(path: &Path, secret: &str) -> Result<(), KeyFileError> {
    let io = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let opened = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(KeyFileError::Exists {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(io(error)),
    };
    file.write_all(secret.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn read_signer(path: &Path, origin: &str) -> Result<Signer, KeyFileError> {
    let signer = Signer::parse(&read_secret(path)?).map_err(|source| KeyFileError::Signer {
        path: path.to_owned(),
        source,
    })?;
    let found = signer.verifier();
    if found.name() != origin {
        return Err(KeyFileError::Origin {
            path: path.to_owned(),
            found: found.name().to_owned(),
            expected: origin.to_owned(),
        });
    }
    Ok(signer)
}

impl Keys {
    /// Reads both keys of the ledger with this origin.
    ///
    /// # Errors
    /// [`KeyFileError`], naming the file and what to do.
    pub fn read(key: &Path, master: &Path, origin: &str) -> Result<Self, KeyFileError> {
        if let Some(path) = [key, master].into_iter().find(|path| is_missing(path)) {
            let path = path.to_owned();
            return Err(KeyFileError::Missing { path });
        }
        let signer = read_signer(key, origin)?;
        let not_master = || KeyFileError::Master {
            path: master.to_owned(),
        };
        let secret = BASE64
            .decode(read_secret(master)?.trim())
            .map_err(|_| not_master())?;
        let secret: [u8; 32] = secret.try_into().map_err(|_| not_master())?;
        Ok(Self {
            signer,
            master: MasterKey::new(&secret),
        })
    }

    /// The same with a second key of the same log, which signs beside the first; `None` leaves it out.
    ///
    /// # Errors
    /// [`KeyFileError`], naming the file and what to do.
    pub fn with_next(self, next: Option<&Path>) -> Result<Self, KeyFileError> {
        let Some(path) = next else { return Ok(self) };
        if is_missing(path) {
            let path = path.to_owned();
            return Err(KeyFileError::NoNext { path });
        }
        let next = read_signer(path, self.signer.verifier().name())?;
        let signer = self.signer.with_next(next);
        let signer = signer.map_err(|source| KeyFileError::Next {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            signer,
            master: self.master,
        })
    }

    /// Makes both keys, where there are none; answers the signed checkpoint of the empty book.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn create(
        key: &Path,
        master: &Path,
        origin: &str,
        random: &dyn Random,
    ) -> Result<String, KeyFileError> {
        for path in [key, master] {
            if path.exists() {
                return Err(KeyFileError::Exists {
                    path: path.to_owned(),
                });
            }
        }
        let mut secret = [0; 32];
        random.fill(&mut secret)?;
        let signer = Self::create_signer(key, origin, random)?;
        write_secret(master, &format!("{}\n", BASE64.encode(secret)))?;
        Ok(signer.sign(&Checkpoint {
            size: 0,
            root: merkle::empty_root(),
        }))
    }

    /// Makes a signing key alone: for a new name of a book that has a master key, or the next one under
    /// the same name.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn create_signer(
        key: &Path,
        origin: &str,
        random: &dyn Random,
    ) -> Result<Signer, KeyFileError> {
        let signer = Signer::generate(origin, random)?;
        write_secret(key, &format!("{}\n", signer.secret()))?;
        Ok(signer)
    }
}

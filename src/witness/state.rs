//! What a witness remembers: one file for each log, holding the newest checkpoint with the log's
//! signature and the witness's own.
//!
//! The order of a write is the design. The new file is written beside the old one and flushed, takes
//! its name, and then the folder is flushed. A crash before the rename leaves the old file and
//! rubbish beside it; one after it leaves the new file, whose signature nobody may have received:
//! the log will be told its size and go on from there. At no point is there half a file under the
//! name, and no signature leaves before the folder is flushed.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::ledger::note::{
    Checkpoint, CosignerKey, KeyError, NOTE_BYTES, NoteError, UnverifiedNote, Verifier,
};

/// The largest state file: a note with one line more.
const FILE_BYTES: u64 = 2 * NOTE_BYTES as u64;

/// Why a witness did not begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder.
    #[error(
        "there is no folder {path} with what the witness remembers; correct state, or put the folder itself back; if it is lost, so is this witness: make one with a new name and a new key"
    )]
    NoFolder {
        /// Which.
        path: PathBuf,
    },
    /// There is a key, and nothing that was remembered under it.
    #[error(
        "this key has signed before, and {path} remembers nothing of it; make a new name and a new key, for a witness that forgot would sign another history"
    )]
    Forgot {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is another witness's.
    #[error("another witness has {path} open; each needs a folder of its own")]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// A log without a file.
    #[error(
        "the state of the log {origin} is missing ({path}); if the log was added just now run `sluis witness init`; else it is lost, and so is this witness: make one with a new name and a new key"
    )]
    Missing {
        /// Of which log.
        origin: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// The keys of a log are not those of one log.
    #[error("the keys of the log {origin} in [[logs]] cannot stand beside each other")]
    Keys {
        /// Of which log.
        origin: String,
        /// Why not.
        #[source]
        source: KeyError,
    },
    /// The newest checkpoint it has was signed by a key that is not among those of its log any more.
    #[error(
        "the newest checkpoint that was cosigned of the log {origin} ({path}) is signed by none of its keys in [[logs]]; put the key that was there back beside the new one until the log was cosigned again; nothing is lost, and nothing is to be made anew"
    )]
    KeyGone {
        /// Of which log.
        origin: String,
        /// The file.
        path: PathBuf,
        /// Whose it is.
        #[source]
        source: NoteError,
    },
    /// A file that is not what was written.
    #[error(
        "the state of the log {origin} in {path} is damaged; find out how before you put anything back, and never an older copy: the witness would forget what it signed"
    )]
    Damaged {
        /// Of which log.
        origin: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: NoteError,
    },
    /// The system refused.
    #[error("the witness's state {path} could not be read or made")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Why a checkpoint was not made durable.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// There is no room, or nothing may be written: the old file stands.
    #[error("the disk is full or read-only")]
    NothingHappened(#[source] io::Error),
    /// The disk failed, or the rename may or may not have reached it.
    #[error("the state could not be made durable")]
    Unknown(#[source] io::Error),
}

/// The SHA-256 of an origin in lower-case hexadecimal, as C2SP tlog-witness names a log in a path.
#[must_use]
pub fn origin_hash(origin: &str) -> String {
    let hash = digest(&SHA256, origin.as_bytes());
    let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    hex.collect()
}

/// The whole content of the file of a log of which nothing was cosigned yet.
fn nothing_yet(origin: &str) -> String {
    format!("nothing was cosigned yet of\n{origin}\n")
}

/// The folder, held by this process alone.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Two witnesses on one folder would each compare with what it remembers itself.
    _lock: File,
}

impl Directory {
    /// Makes the folder if there is none.
    pub(super) fn create(path: &Path) -> Result<Self, OpenError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| io_error(path, source))?;
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            let path = path.to_owned();
            return Err(OpenError::NoFolder { path });
        }
        let lock_path = path.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|source| io_error(&lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(io_error(&lock_path, source)),
        }
    }

    /// Whether the file of any log is there.
    pub(super) fn remembers(&self) -> Result<bool, OpenError> {
        let failed = |source| io_error(&self.path, source);
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|end| end == "checkpoint") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The folder, of which nothing is remembered.
    pub(super) fn forgot(&self) -> OpenError {
        let path = self.path.clone();
        OpenError::Forgot { path }
    }

    fn file_of(&self, origin: &str) -> PathBuf {
        self.path
            .join(format!("{}.checkpoint", origin_hash(origin)))
    }

    /// Begins the file of a log, if it has none; answers whether it had none.
    pub(super) fn begin(&self, origin: &str) -> Result<bool, OpenError> {
        let path = self.file_of(origin);
        if path.exists() {
            return Ok(false);
        }
        let made = replace(&path, &nothing_yet(origin));
        made.map_err(
            |(WriteError::NothingHappened(source) | WriteError::Unknown(source))| {
                io_error(&path, source)
            },
        )?;
        Ok(true)
    }

    /// Reads the file of a log. What a crash left beside it is cleared away.
    pub(super) fn read(
        &self,
        origin: &str,
        keys: &Verifier,
        own: &CosignerKey,
    ) -> Result<LogFile, OpenError> {
        let path = self.file_of(origin);
        match fs::remove_file(beside(&path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(io_error(&beside(&path), error));
            }
            Ok(()) | Err(_) => {}
        }
        let bytes = match read_bounded(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !self.remembers()? {
                    return Err(self.forgot());
                }
                let origin = origin.to_owned();
                return Err(OpenError::Missing { origin, path });
            }
            Err(source) => return Err(io_error(&path, source)),
        };
        let newest = if bytes == nothing_yet(origin).as_bytes() {
            None
        } else {
            let parsed = parse(&bytes, keys, own);
            Some(parsed.map_err(|source| {
                let (origin, path) = (origin.to_owned(), path.clone());
                if matches!(source, NoteError::OtherKey { .. }) {
                    OpenError::KeyGone {
                        origin,
                        path,
                        source,
                    }
                } else {
                    OpenError::Damaged {
                        origin,
                        path,
                        source,
                    }
                }
            })?)
        };
        Ok(LogFile { path, newest })
    }
}

/// A state file must open with a key of its log, and if this witness signed it, with its own.
fn parse(
    bytes: &[u8],
    keys: &Verifier,
    own: &CosignerKey,
) -> Result<(Checkpoint, String), NoteError> {
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Form)?;
    let note = UnverifiedNote::parse(text)?;
    let opened = keys.open_parsed(&note);
    if matches!(opened, Err(NoteError::OtherKey { .. })) && own.find(&note)?.is_none() {
        // Nobody vouches for it, so it may be any file.
        return Err(NoteError::Unsigned);
    }
    let checkpoint = opened?;
    own.find(&note)?;
    Ok((checkpoint, text.to_owned()))
}

fn io_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io {
        path: path.to_owned(),
        source,
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name of the new file until it takes the old one's.
fn beside(path: &Path) -> PathBuf {
    path.with_added_extension("new")
}

/// Puts this text in the place of a file, durably.
fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let new = beside(path);
    let written = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem => {
            WriteError::NothingHappened(error)
        }
        _ => WriteError::Unknown(error),
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::rename(&new, path)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(WriteError::Unknown)
}

/// The file of one log, and what it holds.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    newest: Option<(Checkpoint, String)>,
}

impl LogFile {
    pub(super) fn newest(&self) -> Option<Checkpoint> {
        self.newest.as_ref().map(|(checkpoint, _)| *checkpoint)
    }

    /// The newest checkpoint with its signatures.
    pub(super) fn note(&self) -> Option<&str> {
        self.newest.as_ref().map(|(_, note)| note.as_str())
    }

    /// Makes a checkpoint the newest: on disk, and only then in memory.
    pub(super) fn write(&mut self, checkpoint: Checkpoint, note: &str) -> Result<(), WriteError> {
        replace(&self.path, note)?;
        self.newest = Some((checkpoint, note.to_owned()));
        Ok(())
    }
}

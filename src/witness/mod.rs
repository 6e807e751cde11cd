//! A witness of transparency logs (C2SP tlog-witness): it remembers of each log the newest
//! checkpoint it was shown, and signs only one that the same history leads to. Whoever keeps a log
//! cannot show two people two books, nor take a page out, without every witness refusing from then on.
//!
//! What a witness knows is worth its name only if it never forgets: what it signs is durable before
//! the signature leaves (`state.rs`). It believes nobody but the log's own key, so it asks for no
//! client certificate, and it reads no entries: what stands in the book is not its business.

mod request;
mod rules;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

pub use request::NotARequest;
pub use rules::{Doubt, Refused};
pub use state::{OpenError, origin_hash};

use crate::clock::Clock;
use crate::ledger::note::{Checkpoint, Cosigner, CosignerKey, NoteError, UnverifiedNote, Verifier};
use request::Request;
use state::{Directory, LogFile, WriteError};

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The checkpoint is the newest of its log now: the witness's signature line.
    Cosigned(String),
    /// It is not.
    Refused(Refused),
    /// It could not be made durable, so it is as if it had not been asked.
    NotKept,
}

/// The storage of a witness failed in a way that leaves open what it holds; the process must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the witness's storage failed; restart after the disk was checked")]
pub struct StorageFailed;

/// A witness with its key and what it knows.
#[derive(Debug)]
pub struct Witness {
    cosigner: Cosigner,
    clock: Arc<dyn Clock>,
    /// By their origins.
    logs: BTreeMap<String, Log>,
    failed: watch::Sender<bool>,
    _directory: Directory,
}

/// One log. Its file is the lock: whoever compares and writes holds it meanwhile.
#[derive(Debug)]
struct Log {
    /// An old key beside its successor, perhaps.
    keys: Verifier,
    file: Mutex<LogFile>,
}

/// The key of a witness that is made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// It signed nothing yet.
    New,
    /// It was there, and may have signed.
    MadeBefore,
}

/// Makes the folder for what a witness knows, and in it the file of each log that has none yet;
/// answers the origins of those.
///
/// INVARIANT (never forget): a key that was made `before` signed what the folder must remember. Where
/// the folder has nothing, a fresh start under that key would be a witness that signs a second history.
///
/// # Errors
/// [`OpenError`]; [`OpenError::Forgot`] makes nothing.
pub fn init(folder: &Path, logs: &[Verifier], key: Key) -> Result<Vec<String>, OpenError> {
    let by_origin = keys_by_origin(logs)?;
    if key == Key::MadeBefore && !folder.is_dir() {
        let path = folder.to_owned();
        return Err(OpenError::Forgot { path });
    }
    let directory = Directory::create(folder)?;
    if key == Key::MadeBefore && !directory.remembers()? {
        return Err(directory.forgot());
    }
    let mut made = Vec::new();
    for origin in by_origin.into_keys() {
        if directory.begin(&origin)? {
            made.push(origin);
        }
    }
    Ok(made)
}

/// A log may have several keys, an old one beside its successor.
fn keys_by_origin(logs: &[Verifier]) -> Result<BTreeMap<String, Verifier>, OpenError> {
    let mut by_origin: BTreeMap<String, Verifier> = BTreeMap::new();
    for key in logs {
        let origin = key.name();
        let keys = match by_origin.remove(origin) {
            None => key.clone(),
            Some(known) => known.beside(key).map_err(|source| OpenError::Keys {
                origin: origin.to_owned(),
                source,
            })?,
        };
        by_origin.insert(origin.to_owned(), keys);
    }
    Ok(by_origin)
}

impl Witness {
    /// Reads what is known of each of these logs. A file that is missing or damaged is an error: a
    /// witness that forgot must not go on as if nothing had been.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        folder: &Path,
        logs: &[Verifier],
        cosigner: Cosigner,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let directory = Directory::open(folder)?;
        let own = cosigner.key();
        let mut watched = BTreeMap::new();
        for (origin, keys) in keys_by_origin(logs)? {
            let file = Mutex::new(directory.read(&origin, &keys, &own)?);
            watched.insert(origin, Log { keys, file });
        }
        Ok(Self {
            cosigner,
            clock,
            logs: watched,
            failed: watch::Sender::new(false),
            _directory: directory,
        })
    }

    /// The key that verifies its cosignatures.
    #[must_use]
    pub fn key(&self) -> CosignerKey {
        self.cosigner.key()
    }

    /// How many logs it watches.
    #[must_use]
    pub fn logs(&self) -> usize {
        self.logs.len()
    }

    /// Answers `add-checkpoint`. It waits for the disk: not to be called where others are served.
    ///
    /// It runs to its end whatever becomes of the client, so that what it remembers and what its file
    /// holds stay the same.
    #[must_use]
    pub fn add_checkpoint(&self, unverified_body: &[u8]) -> Answer {
        match self.add(unverified_body) {
            Ok(line) => Answer::Cosigned(line),
            Err(answer) => answer,
        }
    }

    fn add(&self, unverified_body: &[u8]) -> Result<String, Answer> {
        let refuse = Answer::Refused;
        let request =
            Request::parse(unverified_body).map_err(|why| refuse(Refused::NotARequest(why)))?;
        let unknown = || refuse(Refused::UnknownLog);
        let log = self.logs.get(request.note.origin()).ok_or_else(unknown)?;
        let (checkpoint, note) = log.open(&request.note).map_err(refuse)?;
        // INVARIANT (compare and write): nobody else compares between these two.
        let mut file = log.file.lock().map_err(|_| Answer::NotKept)?;
        rules::judge(file.newest(), &request, &checkpoint).map_err(refuse)?;
        let line = self.cosigner.cosign(request.note.body(), self.clock.now());
        // INVARIANT (persist before answer): the line leaves only after this returned.
        match file.write(checkpoint, &format!("{note}{line}")) {
            Ok(()) => Ok(line),
            Err(WriteError::NothingHappened(error)) => {
                tracing::error!(error = %error, "a checkpoint was not kept, and not cosigned");
                Err(Answer::NotKept)
            }
            Err(WriteError::Unknown(error)) => {
                tracing::error!(error = %error, "what the state file holds is not known any more");
                self.failed.send_replace(true);
                Err(Answer::NotKept)
            }
        }
    }

    /// The newest checkpoint of the log with this hash of its origin (lower-case hexadecimal), signed
    /// by the log and by this witness; `None` when the log is unknown or nothing was cosigned yet.
    #[must_use]
    pub fn newest(&self, origin_hash: &str) -> Option<String> {
        let log = self
            .logs
            .iter()
            .find(|(origin, _)| state::origin_hash(origin) == origin_hash);
        let (_, log) = log?;
        let file = log.file.lock().ok()?;
        file.note().map(str::to_owned)
    }

    /// Ends when the storage failed; the process must end then.
    pub async fn failed(&self) -> StorageFailed {
        let mut failed = self.failed.subscribe();
        // The sender is our own, so this only ends by the word.
        let _ = failed.wait_for(|failed| *failed).await;
        StorageFailed
    }
}

impl Log {
    /// The checkpoint, and the note with the log's own signatures only: those of each key known here, so
    /// that it can still be read when the old one of two is left out.
    fn open(&self, note: &UnverifiedNote<'_>) -> Result<(Checkpoint, String), Refused> {
        match self.keys.open_parsed(note) {
            Ok(checkpoint) => Ok((checkpoint, self.keys.bare(note))),
            Err(NoteError::Unsigned | NoteError::OtherKey { .. } | NoteError::Signature) => {
                Err(Refused::NotSigned)
            }
            Err(NoteError::Form | NoteError::Origin | NoteError::Time) => {
                Err(Refused::NotARequest(NotARequest::Checkpoint))
            }
        }
    }
}

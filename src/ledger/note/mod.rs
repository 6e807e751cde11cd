//! Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature and
//! tlog-policy), with Ed25519.
//!
//! A checkpoint is `origin LF size LF base64(root) LF`, a blank line, and a signature line for each
//! signer: the log, and witnesses. What is parsed here comes from outside: nothing in it is believed
//! before a key opened it.

mod cosign;
mod form;
mod key;
mod policy;
mod trust;

use std::fmt;

use crate::clock::{NoRandomness, Random};
use key::{Kind, Public, Secret};

pub use cosign::{Cosignature, Cosigner, CosignerKey};
pub use form::{Checkpoint, NOTE_BYTES, UnverifiedNote, hash, size};
pub use key::is_key_name;
pub use policy::{LogLine, NotWitnessed, Policy, PolicyError, Rule, WitnessLine, Witnessed};
pub use trust::{Backing, Distrust, Missing, Stood, Trust};

/// Why a note is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not in the form of a signed note.
    #[error("it is not a signed note")]
    Form,
    /// Its first line names another log.
    #[error("it is of another origin")]
    Origin,
    /// No signature line is by the expected key.
    #[error("it is not signed by the expected key")]
    Unsigned,
    /// The line of the expected key holds a wrong signature.
    #[error("the signature by the expected key is wrong")]
    Signature,
    /// A cosignature of no moment, or of one beyond the year 9999.
    #[error("a cosignature on it has an impossible time")]
    Time,
}

/// Why a key text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not in the form of a note key.
    #[error("it is not a note key such as name+1a2b3c4d+base64")]
    Form,
    /// The hash inside does not fit the key.
    #[error("its key hash does not fit the key")]
    Hash,
    /// Its type is another.
    #[error("its type is another: a log's key is Ed25519 of type 1, a witness's of type 4")]
    Algorithm,
}

/// Who signs checkpoints.
#[derive(Debug)]
pub struct Signer(Secret);

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(name: &str, random: &dyn Random) -> Result<Self, NoRandomness> {
        Secret::generate(Kind::Note, name, random).map(Self)
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`, the form of Go's note signer.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Secret::parse(Kind::Note, text).map(Self)
    }

    /// The secret, for its file.
    #[must_use]
    pub fn secret(&self) -> String {
        self.0.text()
    }

    /// The key that verifies, to hand to anyone.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier(self.0.public().clone())
    }

    /// Signs a checkpoint.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = checkpoint.body(self.0.public().name());
        let line = self.0.line(&self.0.sign(body.as_bytes()));
        format!("{body}\n{line}")
    }
}

/// Who verifies checkpoints of one log: its name, which is its origin, and its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(Public);

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Verifier {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Public::parse(Kind::Note, text.trim()).map(Self)
    }

    /// The name of the key and origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Opens a signed checkpoint: its form, its origin and this key's signature are checked;
    /// signatures by others are passed over, as the specification asks.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        self.open_parsed(&UnverifiedNote::parse(note)?)
    }

    /// The same of a note that was taken apart.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open_parsed(&self, note: &UnverifiedNote<'_>) -> Result<Checkpoint, NoteError> {
        let mut verdict = Err(NoteError::Unsigned);
        for line in note.lines().iter().filter(|line| self.0.signed(line)) {
            if !self.0.verifies(note.body().as_bytes(), &line.signature) {
                return Err(NoteError::Signature);
            }
            verdict = Ok(());
        }
        verdict?;
        Checkpoint::parse(note.body(), self.name())
    }

    /// The note with this log's own signature only, others left out; empty when there is none.
    #[must_use]
    pub fn bare(&self, note: &UnverifiedNote<'_>) -> String {
        let own = note.lines().iter().find(|line| self.0.signed(line));
        own.map_or_else(String::new, |line| {
            format!("{}\n{}\n", note.body(), line.text)
        })
    }
}

#[cfg(test)]
mod tests;

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
use form::SignatureLine;
use key::{Kind, Public, Secret};

pub use cosign::{Cosignature, Cosigner, CosignerKey};
pub use form::{Checkpoint, NOTE_BYTES, UnverifiedNote, hash, size};
pub use key::{KeyHash, is_key_name};
pub use policy::{LogLine, NotWitnessed, Policy, PolicyError, Rule, WitnessLine, Witnessed};
pub use trust::{Backing, Distrust, Missing, Stood, Trust};

/// The most keys that one log is known by at a time; two are usual while one takes over.
const KEYS_OF_A_LOG: usize = 8;

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
    /// No signature line is by the expected key, and one in its name is by another.
    #[error(
        "it is not signed by the expected key {expected}, and a line in the name of this log says {found}; where the log's key was replaced, get the other one from whoever keeps the log, not from where this came; what a key signed stays good under that key"
    )]
    OtherKey {
        /// The hash of the key that the line names; nobody checked that it signed.
        found: KeyHash,
        /// The hash of the key known here, the first of them.
        expected: KeyHash,
    },
    /// The line of the expected key holds a wrong signature.
    #[error("the signature by the expected key is wrong")]
    Signature,
    /// A cosignature of no moment, or of one beyond the year 9999.
    #[error("a cosignature on it has an impossible time")]
    Time,
}

impl NoteError {
    /// Whether nobody who is known here signed it; as opposed to something that is wrong.
    #[must_use]
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Self::Unsigned | Self::OtherKey { .. })
    }
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
    /// It is of another log than the key beside it.
    #[error(
        "its name is another than that of the key beside it, and keys of one log have one name"
    )]
    Name,
    /// It is the key beside it.
    #[error("it is the same key twice")]
    Twice,
    /// More than a log has.
    #[error("these are more than {KEYS_OF_A_LOG} keys for one log")]
    TooMany,
}

/// Who signs checkpoints: the log's key, and beside it its successor while that one takes over.
#[derive(Debug)]
pub struct Signer {
    key: Secret,
    next: Option<Secret>,
}

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(name: &str, random: &dyn Random) -> Result<Self, NoRandomness> {
        Secret::generate(Kind::Note, name, random).map(Self::of)
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`, the form of Go's note signer.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Secret::parse(Kind::Note, text).map(Self::of)
    }

    const fn of(key: Secret) -> Self {
        Self { key, next: None }
    }

    /// The same with a second key, which signs a line of its own under every text from then on.
    ///
    /// # Errors
    /// [`KeyError`] when the two are not two keys of one log.
    pub fn with_next(self, next: Self) -> Result<Self, KeyError> {
        self.verifier().beside(&next.verifier())?;
        Ok(Self {
            key: self.key,
            next: Some(next.key),
        })
    }

    /// The secret of the first key, for its file.
    #[must_use]
    pub fn secret(&self) -> String {
        self.key.text()
    }

    /// What verifies, to hand to anyone: a key for each that signs.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        let next = self.next.iter();
        Verifier {
            key: self.key.public().clone(),
            others: next.map(|next| next.public().clone()).collect(),
        }
    }

    /// Signs a checkpoint, with a line of each key.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = checkpoint.body(self.key.public().name());
        let line = self.key.line(&self.key.sign(body.as_bytes()));
        let mut note = format!("{body}\n{line}");
        if let Some(next) = &self.next {
            note.push_str(&next.line(&next.sign(body.as_bytes())));
        }
        note
    }
}

/// Who verifies checkpoints of one log: its name, which is its origin, and its public key. While one
/// key takes over from another it may hold both: each alone is enough, and none may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    key: Public,
    others: Vec<Public>,
}

/// The keys, a line for each.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)?;
        self.others.iter().try_for_each(|key| write!(f, "\n{key}"))
    }
}

impl Verifier {
    /// Reads one key, `name+hash+base64`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Public::parse(Kind::Note, text.trim()).map(Self::of)
    }

    /// Reads the keys of one log with white space between them, as [`Verifier`] is written.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse_all(text: &str) -> Result<Self, KeyError> {
        let mut keys = text.split_whitespace().map(Self::parse);
        let first = keys.next().ok_or(KeyError::Form)??;
        keys.try_fold(first, |known, key| known.beside(&key?))
    }

    const fn of(key: Public) -> Self {
        let others = Vec::new();
        Self { key, others }
    }

    /// The same with more keys of the same log.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Twice`], [`KeyError::TooMany`].
    pub fn beside(mut self, more: &Self) -> Result<Self, KeyError> {
        for key in more.keys() {
            if key.name() != self.name() {
                return Err(KeyError::Name);
            }
            if self.keys().any(|known| known.bytes() == key.bytes()) {
                return Err(KeyError::Twice);
            }
            if self.others.len() + 1 >= KEYS_OF_A_LOG {
                return Err(KeyError::TooMany);
            }
            self.others.push(key.clone());
        }
        Ok(self)
    }

    fn keys(&self) -> impl Iterator<Item = &Public> {
        std::iter::once(&self.key).chain(&self.others)
    }

    /// Each of its keys by itself; usually one.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.keys().cloned().map(Self::of)
    }

    /// The hashes of its keys, as signature lines carry them.
    pub fn hashes(&self) -> impl Iterator<Item = KeyHash> {
        self.keys().map(Public::hash)
    }

    /// The name of the keys and origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// Whether a line says it is by one of its keys.
    fn signed(&self, line: &SignatureLine<'_>) -> bool {
        self.keys().any(|key| key.signed(line))
    }

    /// Opens a signed checkpoint: its form, its origin and the signature by one of these keys are
    /// checked, and none by another of them may be wrong; signatures by others are passed over, as the
    /// specification asks.
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
        let mut verdict = Err(self.nobody_signed(note));
        for line in note.lines() {
            let Some(key) = self.keys().find(|key| key.signed(line)) else {
                continue;
            };
            if !key.verifies(note.body().as_bytes(), &line.signature) {
                return Err(NoteError::Signature);
            }
            verdict = Ok(());
        }
        verdict?;
        Checkpoint::parse(note.body(), self.name())
    }

    /// What to say of a note that none of its keys signed.
    fn nobody_signed(&self, note: &UnverifiedNote<'_>) -> NoteError {
        let mut lines = note.lines().iter();
        let other = lines.find(|line| line.name == self.name() && note.origin() == self.name());
        other.map_or(NoteError::Unsigned, |line| NoteError::OtherKey {
            found: KeyHash(line.id),
            expected: self.key.hash(),
        })
    }

    /// Whose keys signed a note, of these, by their hashes; that they did so rightly is for
    /// [`Self::open`] to say.
    #[must_use]
    pub fn unverified_signers(&self, note: &str) -> Vec<KeyHash> {
        let note = UnverifiedNote::parse(note);
        let lines = note.iter().flat_map(UnverifiedNote::lines);
        let lines: Vec<_> = lines.collect();
        let signed = |key: &&Public| lines.iter().any(|line| key.signed(line));
        self.keys().filter(signed).map(Public::hash).collect()
    }

    /// The note with this log's own signatures only, one for each of its keys that signed, others left
    /// out; empty when there is none.
    #[must_use]
    pub fn bare(&self, note: &UnverifiedNote<'_>) -> String {
        let of = |key: &Public| note.lines().iter().find(|line| key.signed(line));
        let own: Vec<&str> = self.keys().filter_map(of).map(|line| line.text).collect();
        if own.is_empty() {
            return String::new();
        }
        format!("{}\n{}\n", note.body(), own.join("\n"))
    }
}

#[cfg(test)]
mod tests;

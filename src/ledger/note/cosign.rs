//! Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a witness says that at a moment this was
//! the largest checkpoint it knew of a log, and that it is consistent with all before it.

use std::fmt;

use super::form::{SignatureLine, UnverifiedNote, signature_lines};
use super::key::{Kind, Public, Secret};
use super::{KeyError, NoteError};
use crate::clock::{Moment, NoRandomness, Random};

/// A witness's secret key.
#[derive(Debug)]
pub struct Cosigner(Secret);

impl Cosigner {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(name: &str, random: &dyn Random) -> Result<Self, NoRandomness> {
        Secret::generate(Kind::Cosignature, name, random).map(Self)
    }

    /// Reads `PRIVATE+KEY+name+hash+base64` of type 4.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Secret::parse(Kind::Cosignature, text).map(Self)
    }

    /// The secret, for its file.
    #[must_use]
    pub fn secret(&self) -> String {
        self.0.text()
    }

    /// The key that verifies, to hand to anyone.
    #[must_use]
    pub fn key(&self) -> CosignerKey {
        CosignerKey(self.0.public().clone())
    }

    /// The signature line over a note's text (its last line end included), as of this moment.
    ///
    /// INVARIANT (persist before answer): whoever calls this has made the checkpoint durable as the
    /// newest of its log, or makes it so before the line leaves.
    #[must_use]
    pub fn cosign(&self, body: &str, at: Moment) -> String {
        // A moment is never before 1970.
        let seconds = u64::try_from(at.unix_seconds()).unwrap_or_default();
        let mut signature = seconds.to_be_bytes().to_vec();
        signature.extend_from_slice(&self.0.sign(&message(body, seconds)));
        self.0.line(&signature)
    }
}

#[cfg(test)]
impl Cosigner {
    /// To make signatures that nobody would.
    pub(super) const fn secret_key(&self) -> &Secret {
        &self.0
    }
}

fn message(body: &str, seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{body}").into_bytes()
}

/// A witness's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignerKey(Public);

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A cosignature that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness made it, by its own clock, in whole seconds.
    pub at: Moment,
    /// Its signature line, with its end.
    pub line: String,
}

impl CosignerKey {
    /// Reads `name+hash+base64` of type 4.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Public::parse(Kind::Cosignature, text).map(Self)
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// Whether a line says it is by this key.
    pub(super) fn signed(&self, line: &SignatureLine<'_>) -> bool {
        self.0.signed(line)
    }

    /// This witness's newest cosignature on a note; `None` when there is none. One by its key that
    /// is wrong spoils the note.
    ///
    /// # Errors
    /// [`NoteError::Signature`], [`NoteError::Time`].
    pub fn find(&self, note: &UnverifiedNote<'_>) -> Result<Option<Cosignature>, NoteError> {
        self.newest(note.body(), note.lines())
    }

    /// The same of the signature lines that a witness answered for a note of this text.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn find_in_answer(
        &self,
        body: &str,
        unverified_lines: &str,
    ) -> Result<Option<Cosignature>, NoteError> {
        self.newest(body, &signature_lines(unverified_lines)?)
    }

    fn newest(
        &self,
        body: &str,
        lines: &[SignatureLine<'_>],
    ) -> Result<Option<Cosignature>, NoteError> {
        let mut newest: Option<Cosignature> = None;
        for line in lines.iter().filter(|line| self.0.signed(line)) {
            let (seconds, signature) = line
                .signature
                .split_first_chunk::<8>()
                .ok_or(NoteError::Signature)?;
            let seconds = u64::from_be_bytes(*seconds);
            if !self.0.verifies(&message(body, seconds), signature) {
                return Err(NoteError::Signature);
            }
            // Zero would mean "no time": that is not a statement about the newest checkpoint.
            let at = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
            let at = at.and_then(Moment::from_unix_seconds);
            let at = at.ok_or(NoteError::Time)?;
            if newest.as_ref().is_none_or(|known| known.at < at) {
                let line = format!("{}\n", line.text);
                newest = Some(Cosignature { at, line });
            }
        }
        Ok(newest)
    }
}

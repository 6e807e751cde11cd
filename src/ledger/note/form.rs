//! The form of signed notes and checkpoints: what can be said of them before anybody vouches for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::NoteError;
use super::key::is_name_of_a_line;
use crate::merkle::Hash;

/// A note of sixteen of the largest signatures there are (C2SP signed-note asks for as many) fits.
pub const NOTE_BYTES: usize = 128 * 1024;

/// One signature line, not verified.
#[derive(Debug, Clone)]
pub(super) struct SignatureLine<'n> {
    /// Who says to have signed.
    pub(super) name: &'n str,
    /// With which key.
    pub(super) id: [u8; 4],
    /// What follows the key's hash.
    pub(super) signature: Vec<u8>,
    /// The whole line, without its end.
    pub(super) text: &'n str,
}

/// A note as it came in: in its form, and nobody vouches for a word of it.
#[derive(Debug, Clone)]
pub struct UnverifiedNote<'n> {
    body: &'n str,
    lines: Vec<SignatureLine<'n>>,
}

impl<'n> UnverifiedNote<'n> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`NoteError::Form`].
    pub fn parse(note: &'n str) -> Result<Self, NoteError> {
        let control = |c: char| c < ' ' && c != '\n';
        if note.len() > NOTE_BYTES || note.contains(control) {
            return Err(NoteError::Form);
        }
        // The last empty line divides: a text may have empty lines itself.
        let blank = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (body, signatures) = note.split_at_checked(blank + 1).ok_or(NoteError::Form)?;
        let lines = signature_lines(signatures.strip_prefix('\n').ok_or(NoteError::Form)?)?;
        Ok(Self { body, lines })
    }

    /// What is signed: the text with its last line end.
    #[must_use]
    pub const fn body(&self) -> &'n str {
        self.body
    }

    /// The first line: whose log it says to be of.
    #[must_use]
    pub fn origin(&self) -> &'n str {
        self.body.split('\n').next().unwrap_or_default()
    }

    pub(super) fn lines(&self) -> &[SignatureLine<'n>] {
        &self.lines
    }
}

/// Takes one or more signature lines apart, each with its end.
pub(super) fn signature_lines(text: &str) -> Result<Vec<SignatureLine<'_>>, NoteError> {
    let lines = text.strip_suffix('\n').ok_or(NoteError::Form)?;
    lines.split('\n').map(signature_line).collect()
}

fn signature_line(text: &str) -> Result<SignatureLine<'_>, NoteError> {
    let (name, encoded) = text
        .strip_prefix("\u{2014} ")
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteError::Form)?;
    let decoded = BASE64.decode(encoded).map_err(|_| NoteError::Form)?;
    let (id, signature) = decoded.split_first_chunk::<4>().ok_or(NoteError::Form)?;
    if !is_name_of_a_line(name) || signature.is_empty() {
        return Err(NoteError::Form);
    }
    Ok(SignatureLine {
        name,
        id: *id,
        signature: signature.to_vec(),
        text,
    })
}

/// What a checkpoint says: how many entries, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries in the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Checkpoint {
    pub(super) fn body(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, BASE64.encode(self.root))
    }

    /// Reads the text of a note as a checkpoint of this origin. Extension lines are passed over.
    pub(super) fn parse(body: &str, origin: &str) -> Result<Self, NoteError> {
        let mut lines = body.strip_suffix('\n').ok_or(NoteError::Form)?.split('\n');
        if lines.next() != Some(origin) {
            return Err(NoteError::Origin);
        }
        let size = lines.next().and_then(size).ok_or(NoteError::Form)?;
        let root = lines.next().and_then(hash).ok_or(NoteError::Form)?;
        if lines.any(str::is_empty) {
            return Err(NoteError::Form);
        }
        Ok(Self { size, root })
    }
}

/// A number of entries: decimal, without a sign or leading zeros.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// A hash in base64.
#[must_use]
pub fn hash(text: &str) -> Option<Hash> {
    BASE64.decode(text).ok()?.try_into().ok()
}

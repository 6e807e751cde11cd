//! Signed notes and checkpoints (C2SP signed-note and tlog-checkpoint), with Ed25519.
//!
//! A checkpoint is `origin LF size LF base64(root) LF`, a blank line, and a signature line for each
//! signer. What is parsed here comes from outside: nothing in it is believed before
//! [`Verifier::open`] returned it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::clock::{NoRandomness, Random};
use crate::merkle::Hash;

/// The signature type of an Ed25519 note signature (C2SP signed-note).
const ED25519_NOTE: u8 = 1;
/// A checkpoint with its signatures is short; anything longer is not one.
const NOTE_BYTES: usize = 64 * 1024;

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
    /// Its algorithm is not Ed25519.
    #[error("its algorithm is not Ed25519")]
    Algorithm,
}

fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let mut input = Vec::with_capacity(name.len() + 2 + public.len());
    input.extend_from_slice(name.as_bytes());
    input.push(b'\n');
    input.push(ED25519_NOTE);
    input.extend_from_slice(public);
    let hash = digest(&SHA256, &input);
    let mut id = [0; 4];
    for (to, from) in id.iter_mut().zip(hash.as_ref()) {
        *to = *from;
    }
    id
}

/// Whether a text can be the name of a key: not empty, no white space, no plus sign.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// Who signs checkpoints.
pub struct Signer {
    name: String,
    id: [u8; 4],
    seed: [u8; 32],
    key: Ed25519KeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(name: &str, random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut seed = [0; 32];
        random.fill(&mut seed)?;
        Self::from_seed(name, seed).map_err(|_| NoRandomness)
    }

    fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, KeyError> {
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Form)?;
        let id = key_id(name, key.public_key().as_ref());
        Ok(Self {
            name: name.to_owned(),
            id,
            seed,
            key,
        })
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`, the form of Go's note signer.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text
            .trim()
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(KeyError::Form)?;
        let (name, id, key) = split_key(rest)?;
        let signer = Self::from_seed(name, key)?;
        if signer.id == id {
            Ok(signer)
        } else {
            Err(KeyError::Hash)
        }
    }

    /// The secret, for its file.
    #[must_use]
    pub fn secret(&self) -> String {
        let mut key = vec![ED25519_NOTE];
        key.extend_from_slice(&self.seed);
        format!(
            "PRIVATE+KEY+{}+{}+{}",
            self.name,
            hex(self.id),
            BASE64.encode(key)
        )
    }

    /// The key that verifies, to hand to anyone.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        let mut public = [0; 32];
        for (to, from) in public.iter_mut().zip(self.key.public_key().as_ref()) {
            *to = *from;
        }
        Verifier {
            name: self.name.clone(),
            id: self.id,
            public,
        }
    }

    /// Signs a checkpoint.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = checkpoint.body(&self.name);
        let mut line = self.id.to_vec();
        line.extend_from_slice(self.key.sign(body.as_bytes()).as_ref());
        format!("{body}\n\u{2014} {} {}\n", self.name, BASE64.encode(line))
    }
}

/// Who verifies checkpoints of one log: its name, which is its origin, and its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519_NOTE];
        key.extend_from_slice(&self.public);
        write!(f, "{}+{}+{}", self.name, hex(self.id), BASE64.encode(key))
    }
}

impl Verifier {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, public) = split_key(text.trim())?;
        if key_id(name, &public) == id {
            Ok(Self {
                name: name.to_owned(),
                id,
                public,
            })
        } else {
            Err(KeyError::Hash)
        }
    }

    /// The name of the key and origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a signed checkpoint: its form, its origin and this key's signature are checked;
    /// signatures by others are passed over, as the specification asks.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        if note.len() > NOTE_BYTES {
            return Err(NoteError::Form);
        }
        let (body, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Form)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Form)?;
        let body = format!("{body}\n");
        let mut verdict = Err(NoteError::Unsigned);
        for line in signatures.split('\n') {
            let (name, encoded) = line
                .strip_prefix("\u{2014} ")
                .and_then(|rest| rest.split_once(' '))
                .ok_or(NoteError::Form)?;
            let decoded = BASE64.decode(encoded).map_err(|_| NoteError::Form)?;
            let (id, signature) = decoded.split_first_chunk::<4>().ok_or(NoteError::Form)?;
            if name != self.name || *id != self.id {
                continue;
            }
            UnparsedPublicKey::new(&ED25519, &self.public)
                .verify(body.as_bytes(), signature)
                .map_err(|_| NoteError::Signature)?;
            verdict = Ok(());
        }
        verdict?;
        Checkpoint::parse(&body, &self.name)
    }
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

fn split_key(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (id, key) = rest.split_once('+').ok_or(KeyError::Form)?;
    if !is_key_name(name) || id.len() != 8 {
        return Err(KeyError::Form);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Form)?;
    let key = BASE64.decode(key).map_err(|_| KeyError::Form)?;
    match key.split_first() {
        Some((&ED25519_NOTE, key)) => Ok((
            name,
            id.to_be_bytes(),
            key.try_into().map_err(|_| KeyError::Form)?,
        )),
        Some(_) => Err(KeyError::Algorithm),
        None => Err(KeyError::Form),
    }
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
    fn body(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, BASE64.encode(self.root))
    }

    fn parse(body: &str, origin: &str) -> Result<Self, NoteError> {
        let mut lines = body.split('\n');
        if lines.next() != Some(origin) {
            return Err(NoteError::Origin);
        }
        let size = lines.next().ok_or(NoteError::Form)?;
        if size.starts_with('+') || (size.starts_with('0') && size != "0") {
            return Err(NoteError::Form);
        }
        let size = size.parse().map_err(|_| NoteError::Form)?;
        let root = BASE64
            .decode(lines.next().ok_or(NoteError::Form)?)
            .ok()
            .and_then(|root| root.try_into().ok())
            .ok_or(NoteError::Form)?;
        Ok(Self { size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;

    fn signer() -> Signer {
        Signer::generate("sluis.example/logboek", &SystemRandomness::default()).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_verifies() {
        // C2SP signed-note, "Example": a note by the Go checksum database.
        let verifier =
            Verifier::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
                .unwrap();
        assert_eq!(
            verifier.to_string(),
            "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
        );
    }

    #[test]
    fn a_checkpoint_that_was_touched_is_refused() {
        let (ours, other) = (signer(), signer());
        let checkpoint = Checkpoint {
            size: 20,
            root: [7; 32],
        };
        let note = ours.sign(&checkpoint);
        assert_eq!(ours.verifier().open(&note), Ok(checkpoint));
        assert_eq!(
            Signer::parse(&ours.secret()).unwrap().verifier(),
            ours.verifier()
        );

        let elsewhere =
            Signer::generate("elders.example/logboek", &SystemRandomness::default()).unwrap();
        for (wrong, why) in [
            (String::new(), NoteError::Form),
            (note.trim_end().to_owned(), NoteError::Form),
            (note.replace("\n\n", "\n"), NoteError::Form),
            (note.replace("\u{2014}", "-"), NoteError::Form),
            (note.replace("20\n", "21\n"), NoteError::Signature),
            (other.sign(&checkpoint), NoteError::Unsigned),
            (elsewhere.sign(&checkpoint), NoteError::Unsigned),
        ] {
            assert_eq!(ours.verifier().open(&wrong), Err(why), "{wrong:?}");
        }
        let cosigned = format!(
            "{note}\u{2014} getuige.example {}\n",
            BASE64.encode([1; 80])
        );
        assert_eq!(ours.verifier().open(&cosigned), Ok(checkpoint));
    }

    #[test]
    fn a_key_that_was_touched_is_refused() {
        let key = signer().verifier().to_string();
        for (wrong, why) in [
            (String::new(), KeyError::Form),
            (key.replace("sluis", "sluiz"), KeyError::Hash),
            (key.replace('+', " "), KeyError::Form),
            (format!("{key}AAAA"), KeyError::Form),
        ] {
            assert_eq!(Verifier::parse(&wrong), Err(why), "{wrong:?}");
        }
    }
}

//! Ed25519 keys as notes write them: `name+hash+base64(type ‖ key)`, and the same for the secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::KeyError;
use super::form::SignatureLine;
use crate::clock::{NoRandomness, Random};

/// What is signed with a key, and how (C2SP signed-note, "Signature types"). The same key under
/// another type is another key: its hash differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The note's text itself: what a log signs with.
    Note,
    /// `cosignature/v1`, with a time: what a witness signs with.
    Cosignature,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Whether a text can be the name of a key: not empty, no white space, no plus sign.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    name.len() <= 255 && is_name_of_a_line(name)
}

/// The same without a length: a signature line by a stranger may have any.
pub(super) fn is_name_of_a_line(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// The first bytes of a hash of a key and its name, by which signature lines name it (C2SP signed-note:
/// the key ID). Short: it tells keys apart, and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHash(pub(super) [u8; 4]);

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.0))
    }
}

fn key_id(kind: Kind, name: &str, public: &[u8]) -> [u8; 4] {
    let mut input = Vec::with_capacity(name.len() + 2 + public.len());
    input.extend_from_slice(name.as_bytes());
    input.push(b'\n');
    input.push(kind.byte());
    input.extend_from_slice(public);
    first(digest(&SHA256, &input).as_ref())
}

/// The first bytes of something that is long enough.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    first
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

fn split(kind: Kind, text: &str) -> Result<(&str, [u8; 4], [u8; 32]), KeyError> {
    let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
    let (id, key) = rest.split_once('+').ok_or(KeyError::Form)?;
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !is_key_name(name) || id.len() != 8 || !id.bytes().all(lower_hex) {
        return Err(KeyError::Form);
    }
    let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Form)?;
    let key = BASE64.decode(key).map_err(|_| KeyError::Form)?;
    match key.split_first() {
        Some((byte, key)) if *byte == kind.byte() => Ok((
            name,
            id.to_be_bytes(),
            key.try_into().map_err(|_| KeyError::Form)?,
        )),
        Some(_) => Err(KeyError::Algorithm),
        None => Err(KeyError::Form),
    }
}

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Public {
    kind: Kind,
    name: String,
    id: [u8; 4],
    key: [u8; 32],
}

impl Public {
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = split(kind, text)?;
        if key_id(kind, name, &key) == id {
            let name = name.to_owned();
            Ok(Self {
                kind,
                name,
                id,
                key,
            })
        } else {
            Err(KeyError::Hash)
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// By what signature lines name it.
    pub(super) const fn hash(&self) -> KeyHash {
        KeyHash(self.id)
    }

    /// The key material, whatever its name.
    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether a line says it is by this key.
    pub(super) fn signed(&self, line: &SignatureLine<'_>) -> bool {
        line.name == self.name && line.id == self.id
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.byte()];
        key.extend_from_slice(&self.key);
        write!(f, "{}+{}+{}", self.name, hex(self.id), BASE64.encode(key))
    }
}

/// A key that signs.
pub(super) struct Secret {
    public: Public,
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.public.name)
            .finish_non_exhaustive()
    }
}

impl Secret {
    pub(super) fn generate(
        kind: Kind,
        name: &str,
        random: &dyn Random,
    ) -> Result<Self, NoRandomness> {
        let mut seed = [0; 32];
        random.fill(&mut seed)?;
        Self::from_seed(kind, name, seed).map_err(|_| NoRandomness)
    }

    fn from_seed(kind: Kind, name: &str, seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Form)?;
        let key = first(pair.public_key().as_ref());
        let public = Public {
            kind,
            name: name.to_owned(),
            id: key_id(kind, name, &key),
            key,
        };
        Ok(Self { public, seed, pair })
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`, the form of Go's note signer.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, KeyError> {
        let rest = text
            .trim()
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(KeyError::Form)?;
        let (name, id, seed) = split(kind, rest)?;
        let secret = Self::from_seed(kind, name, seed)?;
        if secret.public.id == id {
            Ok(secret)
        } else {
            Err(KeyError::Hash)
        }
    }

    /// The secret, for its file.
    pub(super) fn text(&self) -> String {
        let Public { kind, name, id, .. } = &self.public;
        let mut key = vec![kind.byte()];
        key.extend_from_slice(&self.seed);
        format!("PRIVATE+KEY+{name}+{}+{}", hex(*id), BASE64.encode(key))
    }

    pub(super) const fn public(&self) -> &Public {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        first(self.pair.sign(message).as_ref())
    }

    /// A signature line of these bytes, with its line end.
    pub(super) fn line(&self, signature: &[u8]) -> String {
        let mut bytes = self.public.id.to_vec();
        bytes.extend_from_slice(signature);
        format!("\u{2014} {} {}\n", self.public.name, BASE64.encode(bytes))
    }
}

//! The keys that seal openings, their names, and the master key that wraps them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use ring::aead::NONCE_LEN;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac::{self, HMAC_SHA256};
use serde::{Deserialize, Serialize};

use super::{SealError, decrypt, encrypt, tag_bytes};
use crate::bounds;
use crate::clock::Random;
use crate::domain::{AddressId, Employee, Oin, OwnerId};
use crate::ledger::entry::Kind;

/// Whose key seals the openings of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The people of an address.
    Address(AddressId),
    /// Where no address is known: the organisation that asked.
    Organisation(Oin),
}

/// Whose key, by a tag that says nothing to who lacks the master key, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// HMAC of the owner, cut to 16 bytes.
    pub tag: [u8; 16],
    /// The calendar year in UTC.
    pub year: i32,
    /// The kind of the entries it seals: kinds are kept for different terms.
    pub kind: Kind,
}

/// What a key is called for ever, also when it is gone: a random number of 63 bits. In the book it is
/// 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(u64);

impl KeyId {
    /// The id with this number; what is over 63 bits is cut off.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number & (u64::MAX >> 1))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = u64::from_str_radix(&text, 16).map(Self::from_number);
        number
            .ok()
            .filter(|id| id.to_string() == text)
            .ok_or("a key is named by 16 hexadecimal digits")
    }
}

/// A key for openings.
#[derive(Clone)]
pub struct OpeningKey(pub(super) [u8; 32]);

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey([redacted])")
    }
}

/// A key with its id, as it was when the keys of the book had this epoch.
#[derive(Debug, Clone)]
pub struct HeldKey {
    /// Its id.
    pub id: KeyId,
    /// The key.
    pub key: OpeningKey,
    /// The epoch: it moves when somebody is erased.
    pub epoch: u64,
}

/// The master key, and what is derived from it: one key for tags, one for wrapping.
pub struct MasterKey {
    tags: hmac::Key,
    wrapping: [u8; 32],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl MasterKey {
    /// From the 32 bytes of its file.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let derived = |purpose: &[u8]| {
            let mut key = [0; 32];
            let made = Salt::new(HKDF_SHA256, b"sluis/hoofdsleutel/v1").extract(secret);
            // 32 bytes is within what HKDF-SHA-256 gives, so this cannot fail.
            if let Ok(okm) = made.expand(&[purpose], Bytes32) {
                let _ = okm.fill(&mut key);
            }
            key
        };
        Self {
            tags: hmac::Key::new(HMAC_SHA256, &derived(b"kenmerk")),
            wrapping: derived(b"omhulsel"),
        }
    }

    /// The tag of this owner.
    #[must_use]
    pub fn tag(&self, owner: Owner) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.tags);
        match &owner {
            Owner::Address(address) => {
                context.update(b"adres\n");
                context.update(address.as_str().as_bytes());
            }
            Owner::Organisation(oin) => {
                context.update(b"organisatie\n");
                context.update(oin.as_str().as_bytes());
            }
        }
        first_16(&context.sign())
    }

    /// The name of the key for this owner's entries of this kind in this year.
    #[must_use]
    pub fn name(&self, owner: Owner, year: i32, kind: Kind) -> KeyName {
        KeyName {
            tag: self.tag(owner),
            year,
            kind,
        }
    }

    /// Whose something of the desk is: a tag that says nothing to who lacks the master key.
    #[must_use]
    pub fn officer(&self, organisation: Oin, officer: &Employee) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.tags);
        context.update(b"balie\n");
        context.update(organisation.as_str().as_bytes());
        context.update(officer.as_str().as_bytes());
        first_16(&context.sign())
    }

    /// A name for an owner in what is computed from the book for others: it says nothing to who lacks
    /// the master key, and is the same at every address and in every year.
    #[must_use]
    pub fn subject(&self, owner: &OwnerId) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.tags);
        context.update(b"betrokkene\n");
        context.update(owner.as_str().as_bytes());
        let mut tag = [0; 16];
        for (to, from) in tag.iter_mut().zip(tag_bytes(&context.sign())) {
            *to = from;
        }
        tag
    }

    /// A fresh opening key with a fresh id, wrapped for the store.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn wrap_fresh(
        &self,
        name: KeyName,
        random: &dyn Random,
    ) -> Result<(KeyId, Vec<u8>), SealError> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        let mut id = [0; 8];
        random.fill(&mut id)?;
        let id = KeyId::from_number(u64::from_be_bytes(id));
        let wrapped = encrypt(&self.wrapping, &name.place(id), key.to_vec(), nonce)?;
        Ok((id, wrapped))
    }

    /// Unwraps a key the store kept.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn unwrap(
        &self,
        id: KeyId,
        name: KeyName,
        wrapped: &[u8],
    ) -> Result<OpeningKey, SealError> {
        let key = decrypt(&self.wrapping, &name.place(id), wrapped)?;
        key.try_into()
            .map(OpeningKey)
            .map_err(|_| SealError::DoesNotOpen)
    }
}

fn first_16(made: &hmac::Tag) -> [u8; 16] {
    let mut tag = [0; 16];
    for (to, from) in tag.iter_mut().zip(tag_bytes(made)) {
        *to = from;
    }
    tag
}

impl KeyName {
    fn place(self, id: KeyId) -> Vec<u8> {
        let mut place = id.0.to_be_bytes().to_vec();
        place.extend_from_slice(&self.tag);
        place.extend_from_slice(&self.year.to_be_bytes());
        place.extend_from_slice(self.kind.code().as_bytes());
        place
    }
}

/// Opening keys that were unwrapped before, all at one epoch of the book's keys.
pub(in crate::ledger) struct KeyCache {
    keys: Cache<KeyName, HeldKey>,
    epoch: AtomicU64,
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache")
            .field("len", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl KeyCache {
    pub(in crate::ledger) fn new() -> Self {
        Self {
            keys: Cache::new(bounds::CACHED_FACTS),
            epoch: AtomicU64::new(0),
        }
    }

    pub(in crate::ledger) fn find(&self, name: KeyName) -> Option<HeldKey> {
        self.keys.get(&name)
    }

    pub(in crate::ledger) fn keep(&self, name: KeyName, key: HeldKey) {
        self.keys.insert(name, key);
    }

    /// Forgets every key when the keys of the book moved on; answers whether they did. A key of
    /// before that a reader puts back afterwards still has its own epoch, and no entry is appended
    /// under it unless it is there.
    pub(in crate::ledger) fn settle(&self, epoch: u64) -> bool {
        let moved = self.epoch.swap(epoch, Ordering::Relaxed) != epoch;
        if moved {
            self.keys.clear();
        }
        moved
    }

    pub(in crate::ledger) fn clear(&self) {
        self.keys.clear();
    }
}

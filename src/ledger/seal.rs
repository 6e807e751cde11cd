//! Personal values: commitments in the book, openings beside it under keys that can be destroyed.
//!
//! A commitment is HMAC-SHA-256 under a fresh 32-byte salt over transaction, kind, field and value
//! (CONTRACT, "Ledger entries"). The salts of one entry are derived from one fresh seed, so that one
//! can be shown without giving away the others. Values and seed are sealed with AES-256-GCM under a
//! key per address and year; that key is wrapped by a key derived from the master key. Destroying
//! the wrapped key erases the person from the book while every hash stays as it is.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use quick_cache::sync::Cache;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac::{self, HMAC_SHA256};

use super::entry::Kind;
use crate::bounds;
use crate::clock::{NoRandomness, Random};
use crate::domain::{AddressId, Employee, Oin, OwnerId, TransactionId};

/// Whose key seals the openings of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The people of an address.
    Address(AddressId),
    /// Where no address is known: the organisation that asked.
    Organisation(Oin),
}

/// Whose key, by a tag that says nothing to who lacks the master key, and of which year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// HMAC of the owner, cut to 16 bytes.
    pub tag: [u8; 16],
    /// The calendar year in UTC.
    pub year: i32,
}

/// A key for openings.
#[derive(Clone)]
pub struct OpeningKey([u8; 32]);

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey([redacted])")
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// The ciphertext, the key or the place it was found do not belong together.
    #[error("what was sealed does not open with this key in this place")]
    DoesNotOpen,
    /// A value is longer than 65,535 bytes.
    #[error("a personal value is too long to be sealed")]
    TooLong,
}

impl From<NoRandomness> for SealError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// The personal values of one entry, field by field.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal(BTreeMap<&'static str, String>);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Personal {
    /// Nothing personal yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// With this value for this field.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl fmt::Display) -> Self {
        self.0.insert(field, value.to_string());
        self
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One field opened: what a party is shown of its own exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The value.
    pub value: String,
    /// The salt its commitment was made with.
    pub salt: [u8; 32],
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened([redacted])")
    }
}

/// Commitments for the entry, and what opens them, still in the clear.
#[derive(Debug)]
pub struct Commitments {
    /// Field → commitment, base64url.
    pub seals: BTreeMap<String, String>,
    plain: Plain,
    nonce: [u8; NONCE_LEN],
}

struct Plain(Vec<u8>);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn salt(seed: &hmac::Key, field: &str) -> [u8; 32] {
    let mut context = hmac::Context::with_key(seed);
    context.update(b"sluis/zout/v1\n");
    context.update(field.as_bytes());
    tag_bytes(&context.sign())
}

fn tag_bytes(tag: &hmac::Tag) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    bytes
}

/// The commitment to a value, as CONTRACT fixes it.
#[must_use]
pub fn commitment(
    salt: &[u8; 32],
    transaction: &TransactionId,
    kind: Kind,
    field: &str,
    value: &str,
) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, salt));
    let mut id = uuid::Uuid::encode_buffer();
    let id = uuid::Uuid::from_bytes(*transaction.as_bytes())
        .as_hyphenated()
        .encode_lower(&mut id);
    for part in [
        "sluis/zegel/v1",
        "\n",
        id,
        "\n",
        kind.code(),
        "\n",
        field,
        "\n",
        value,
    ] {
        context.update(part.as_bytes());
    }
    tag_bytes(&context.sign())
}

/// Commits to every value under fresh salts.
///
/// # Errors
/// [`SealError`].
pub fn commit(
    personal: &Personal,
    transaction: &TransactionId,
    kind: Kind,
    random: &dyn Random,
) -> Result<Commitments, SealError> {
    // One draw for both: the seed of the salts, and the nonce they will be sealed with.
    let mut drawn = [0; 32 + NONCE_LEN];
    random.fill(&mut drawn)?;
    let (seed, nonce) = drawn
        .split_first_chunk::<32>()
        .ok_or(SealError::NoRandomness)?;
    let nonce = nonce.try_into().map_err(|_| SealError::NoRandomness)?;
    let seed_key = hmac::Key::new(HMAC_SHA256, seed);
    let mut plain = Vec::with_capacity(32 + 64 * personal.0.len());
    plain.extend_from_slice(seed);
    let mut seals = BTreeMap::new();
    for (field, value) in &personal.0 {
        let salt = salt(&seed_key, field);
        let made = commitment(&salt, transaction, kind, field, value);
        seals.insert((*field).to_owned(), BASE64URL.encode(made));
        let length = u16::try_from(value.len()).map_err(|_| SealError::TooLong)?;
        plain.push(u8::try_from(field.len()).map_err(|_| SealError::TooLong)?);
        plain.extend_from_slice(field.as_bytes());
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(value.as_bytes());
    }
    Ok(Commitments {
        seals,
        plain: Plain(plain),
        nonce,
    })
}

impl Commitments {
    /// Seals what opens them: nonce and ciphertext, bound to the transaction and kind.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(
        self,
        key: &OpeningKey,
        transaction: &TransactionId,
        kind: Kind,
    ) -> Result<Vec<u8>, SealError> {
        encrypt(&key.0, &place(transaction, kind), self.plain.0, self.nonce)
    }
}

/// Opens what was sealed for this transaction and kind.
///
/// # Errors
/// [`SealError::DoesNotOpen`].
pub fn open(
    sealed: &[u8],
    key: &OpeningKey,
    transaction: &TransactionId,
    kind: Kind,
) -> Result<BTreeMap<String, Opened>, SealError> {
    let plain = decrypt(&key.0, &place(transaction, kind), sealed)?;
    let (seed, fields) = read_fields(&plain).ok_or(SealError::DoesNotOpen)?;
    let seed = hmac::Key::new(HMAC_SHA256, seed);
    let opened = fields.into_iter().map(|(field, value)| {
        let salt = salt(&seed, field);
        let value = value.to_owned();
        (field.to_owned(), Opened { value, salt })
    });
    Ok(opened.collect())
}

/// The values alone, of an entry that is looked through rather than shown.
///
/// # Errors
/// [`SealError::DoesNotOpen`].
pub fn open_values(
    sealed: &[u8],
    key: &OpeningKey,
    transaction: &TransactionId,
    kind: Kind,
) -> Result<BTreeMap<String, String>, SealError> {
    let plain = decrypt(&key.0, &place(transaction, kind), sealed)?;
    let (_, fields) = read_fields(&plain).ok_or(SealError::DoesNotOpen)?;
    let owned = |(field, value): (&str, &str)| (field.to_owned(), value.to_owned());
    Ok(fields.into_iter().map(owned).collect())
}

/// Why openings are not those of their entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningFlaw {
    /// They do not open at all.
    #[error("its openings do not open")]
    Sealed(#[source] SealError),
    /// A value is not the one that was committed to.
    #[error("what its openings hold as {field} is not what it committed to")]
    Commitment {
        /// Of which field.
        field: String,
    },
    /// A value has no commitment.
    #[error("its openings hold {field}, to which it did not commit")]
    Uncommitted {
        /// Of which field.
        field: String,
    },
    /// They are sealed under a key of somebody else, or of another year.
    #[error("its openings are sealed under a key that is not its own")]
    Key,
}

/// The values, each compared with the commitment the entry made to it.
///
/// # Errors
/// [`OpeningFlaw`].
pub fn open_committed(
    sealed: &[u8],
    key: &OpeningKey,
    transaction: &TransactionId,
    kind: Kind,
    seals: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, OpeningFlaw> {
    let plain = decrypt(&key.0, &place(transaction, kind), sealed).map_err(OpeningFlaw::Sealed)?;
    let (seed, fields) = read_fields(&plain).ok_or(OpeningFlaw::Sealed(SealError::DoesNotOpen))?;
    let seed = hmac::Key::new(HMAC_SHA256, seed);
    let mut values = BTreeMap::new();
    for (field, value) in fields {
        let Some(committed) = seals.get(field) else {
            let field = field.to_owned();
            return Err(OpeningFlaw::Uncommitted { field });
        };
        let made = commitment(&salt(&seed, field), transaction, kind, field, value);
        let mut written = [0; 43];
        let same = BASE64URL.encode_slice(made, &mut written) == Ok(written.len())
            && committed.as_bytes() == written;
        if !same {
            let field = field.to_owned();
            return Err(OpeningFlaw::Commitment { field });
        }
        values.insert(field.to_owned(), value.to_owned());
    }
    Ok(values)
}

/// Fields with their values.
type Fields<'p> = Vec<(&'p str, &'p str)>;

/// The seed of the salts, and each field with its value.
fn read_fields(plain: &[u8]) -> Option<(&[u8; 32], Fields<'_>)> {
    let (seed, mut rest) = plain.split_first_chunk::<32>()?;
    let mut fields = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let (field, after) = after.split_at_checked(usize::from(*length))?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (value, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        fields.push((
            std::str::from_utf8(field).ok()?,
            std::str::from_utf8(value).ok()?,
        ));
        rest = after;
    }
    Some((seed, fields))
}

fn place(transaction: &TransactionId, kind: Kind) -> Vec<u8> {
    let mut place = transaction.as_bytes().to_vec();
    place.extend_from_slice(kind.code().as_bytes());
    place
}

fn encrypt(
    key: &[u8; 32],
    place: &[u8],
    mut plain: Vec<u8>,
    nonce: [u8; NONCE_LEN],
) -> Result<Vec<u8>, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::DoesNotOpen)?;
    LessSafeKey::new(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place),
            &mut plain,
        )
        .map_err(|_| SealError::DoesNotOpen)?;
    let mut sealed = nonce.to_vec();
    sealed.append(&mut plain);
    Ok(sealed)
}

fn decrypt(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, ciphertext) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(SealError::DoesNotOpen)?;
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::DoesNotOpen)?;
    let mut plain = ciphertext.to_vec();
    let length = LessSafeKey::new(key)
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(place),
            &mut plain,
        )
        .map_err(|_| SealError::DoesNotOpen)?
        .len();
    plain.truncate(length);
    Ok(plain)
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

    /// The name of the key for this owner in this year.
    #[must_use]
    pub fn name(&self, owner: Owner, year: i32) -> KeyName {
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
        let mut tag = [0; 16];
        for (to, from) in tag.iter_mut().zip(tag_bytes(&context.sign())) {
            *to = from;
        }
        KeyName { tag, year }
    }

    /// Whose something of the desk is: a tag that says nothing to who lacks the master key.
    #[must_use]
    pub fn officer(&self, organisation: Oin, officer: &Employee) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.tags);
        context.update(b"balie\n");
        context.update(organisation.as_str().as_bytes());
        context.update(officer.as_str().as_bytes());
        let mut tag = [0; 16];
        for (to, from) in tag.iter_mut().zip(tag_bytes(&context.sign())) {
            *to = from;
        }
        tag
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

    /// A fresh opening key, wrapped for the store.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn wrap_fresh(&self, name: KeyName, random: &dyn Random) -> Result<Vec<u8>, SealError> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce)?;
        encrypt(&self.wrapping, &name.place(), key.to_vec(), nonce)
    }

    /// Unwraps a key the store kept.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`].
    pub fn unwrap(&self, name: KeyName, wrapped: &[u8]) -> Result<OpeningKey, SealError> {
        let key = decrypt(&self.wrapping, &name.place(), wrapped)?;
        key.try_into()
            .map(OpeningKey)
            .map_err(|_| SealError::DoesNotOpen)
    }
}

impl KeyName {
    fn place(self) -> Vec<u8> {
        let mut place = self.tag.to_vec();
        place.extend_from_slice(&self.year.to_be_bytes());
        place
    }
}

/// Opening keys that were unwrapped before.
pub(super) struct KeyCache(Cache<KeyName, OpeningKey>);

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache")
            .field("len", &self.0.len())
            .finish()
    }
}

impl KeyCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(bounds::CACHED_FACTS))
    }

    pub(super) fn find(&self, name: KeyName) -> Option<OpeningKey> {
        self.0.get(&name)
    }

    pub(super) fn keep(&self, name: KeyName, key: OpeningKey) {
        self.0.insert(name, key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Moment, SystemRandomness};

    #[test]
    fn openings_open_in_their_own_place_only() {
        let random = SystemRandomness::default();
        let at = Moment::from_unix_ms(1_800_000_000_000).unwrap();
        let transaction = TransactionId::new(at, &random).unwrap();
        let elsewhere = TransactionId::new(at, &random).unwrap();
        let personal = Personal::none()
            .with("zaak", "Z-1")
            .with("medewerker", "m\u{e9}");
        let made = commit(&personal, &transaction, Kind::Decision, &random).unwrap();
        let seals = made.seals.clone();

        let master = MasterKey::new(&[9; 32]);
        let owner = Owner::Address(AddressId::parse("0014200012345678").unwrap());
        let name = master.name(owner, 2027);
        let wrapped = master.wrap_fresh(name, &random).unwrap();
        let key = master.unwrap(name, &wrapped).unwrap();
        let sealed = made.seal(&key, &transaction, Kind::Decision).unwrap();

        let opened = open(&sealed, &key, &transaction, Kind::Decision).unwrap();
        assert_eq!(opened.keys().collect::<Vec<_>>(), ["medewerker", "zaak"]);
        for (field, opened) in &opened {
            let again = commitment(
                &opened.salt,
                &transaction,
                Kind::Decision,
                field,
                &opened.value,
            );
            assert_eq!(seals[field], BASE64URL.encode(again));
        }
        assert_ne!(opened["zaak"].salt, opened["medewerker"].salt);

        let mut touched = sealed.clone();
        touched[20] ^= 1;
        let other = master
            .unwrap(name, &master.wrap_fresh(name, &random).unwrap())
            .unwrap();
        for (sealed, key, transaction, kind) in [
            (&touched, &key, &transaction, Kind::Decision),
            (&sealed, &other, &transaction, Kind::Decision),
            (&sealed, &key, &elsewhere, Kind::Decision),
            (&sealed, &key, &transaction, Kind::Search),
            (&Vec::new(), &key, &transaction, Kind::Decision),
        ] {
            assert_eq!(
                open(sealed, key, transaction, kind),
                Err(SealError::DoesNotOpen)
            );
        }
        let next_year = master.name(owner, 2028);
        assert!(
            master.unwrap(next_year, &wrapped).is_err(),
            "a key is bound to its year"
        );
        assert!(
            MasterKey::new(&[8; 32]).unwrap(name, &wrapped).is_err(),
            "and to its master key"
        );
    }
}

//! Personal values: commitments in the book, openings beside it under keys that can be destroyed.
//!
//! A commitment is HMAC-SHA-256 under a fresh 32-byte salt over transaction, kind, field and value
//! (CONTRACT, "Ledger entries"). The salts of one entry are derived from one fresh seed, so that one
//! can be shown without giving away the others. Values and seed are sealed with AES-256-GCM under a
//! key per address, year and kind of entry; that key is wrapped by a key derived from the master key.
//! Destroying the wrapped key erases the person from the book while every hash stays as it is.
//!
//! What is sealed begins with its form: with the seed, or, where a field was taken out of it later,
//! with the salts of the fields that are left. A seed would let a value that was erased be guessed
//! and the guess be proven.

mod master;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};

pub(super) use master::KeyCache;
pub use master::{HeldKey, KeyId, KeyName, MasterKey, OpeningKey, Owner};

use super::entry::Kind;
use crate::clock::{NoRandomness, Random};
use crate::domain::TransactionId;

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

/// With the seed of the salts.
const WITH_SEED: u8 = 1;
/// With a salt for each field.
const WITH_SALTS: u8 = 2;

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
    let mut plain = Vec::with_capacity(33 + 64 * personal.0.len());
    plain.push(WITH_SEED);
    plain.extend_from_slice(seed);
    let mut seals = BTreeMap::new();
    for (field, value) in &personal.0 {
        let salt = salt(&seed_key, field);
        let made = commitment(&salt, transaction, kind, field, value);
        seals.insert((*field).to_owned(), BASE64URL.encode(made));
        write_name(&mut plain, field)?;
        write_value(&mut plain, value)?;
    }
    Ok(Commitments {
        seals,
        plain: Plain(plain),
        nonce,
    })
}

fn write_name(plain: &mut Vec<u8>, field: &str) -> Result<(), SealError> {
    plain.push(u8::try_from(field.len()).map_err(|_| SealError::TooLong)?);
    plain.extend_from_slice(field.as_bytes());
    Ok(())
}

fn write_value(plain: &mut Vec<u8>, value: &str) -> Result<(), SealError> {
    let length = u16::try_from(value.len()).map_err(|_| SealError::TooLong)?;
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(value.as_bytes());
    Ok(())
}

/// Seals again what was opened, each field with its own salt: for an entry of which a field was
/// taken out. Its commitments stay as they are.
///
/// # Errors
/// [`SealError`].
pub fn seal_again(
    opened: &BTreeMap<String, Opened>,
    key: &OpeningKey,
    transaction: &TransactionId,
    kind: Kind,
    random: &dyn Random,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;
    let mut plain = vec![WITH_SALTS];
    for (field, opened) in opened {
        write_name(&mut plain, field)?;
        plain.extend_from_slice(&opened.salt);
        write_value(&mut plain, &opened.value)?;
    }
    encrypt(&key.0, &place(transaction, kind), plain, nonce)
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
    let fields = read_fields(&plain).ok_or(SealError::DoesNotOpen)?;
    let opened = fields.list.iter().map(|field| {
        let value = field.value.to_owned();
        let salt = fields.salt(field);
        (field.name.to_owned(), Opened { value, salt })
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
    let fields = read_fields(&plain).ok_or(SealError::DoesNotOpen)?;
    let owned = |field: Field<'_>| (field.name.to_owned(), field.value.to_owned());
    Ok(fields.list.into_iter().map(owned).collect())
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
    let fields = read_fields(&plain).ok_or(OpeningFlaw::Sealed(SealError::DoesNotOpen))?;
    let mut values = BTreeMap::new();
    for one in &fields.list {
        let (field, value) = (one.name, one.value);
        let Some(committed) = seals.get(field) else {
            let field = field.to_owned();
            return Err(OpeningFlaw::Uncommitted { field });
        };
        let made = commitment(&fields.salt(one), transaction, kind, field, value);
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

/// What was sealed of one field.
struct Field<'p> {
    name: &'p str,
    /// Where it is not made from a seed.
    salt: Option<[u8; 32]>,
    value: &'p str,
}

/// What was sealed of one entry.
struct Fields<'p> {
    seed: Option<hmac::Key>,
    list: Vec<Field<'p>>,
}

impl Fields<'_> {
    fn salt(&self, field: &Field<'_>) -> [u8; 32] {
        match (&self.seed, field.salt) {
            (_, Some(salt)) => salt,
            (Some(seed), None) => salt(seed, field.name),
            // Every field without a salt has a seed: `read_fields` sees to that.
            (None, None) => [0; 32],
        }
    }
}

fn read_fields(plain: &[u8]) -> Option<Fields<'_>> {
    let (form, mut rest) = plain.split_first()?;
    let seed = match *form {
        WITH_SEED => {
            let (seed, after) = rest.split_first_chunk::<32>()?;
            rest = after;
            Some(hmac::Key::new(HMAC_SHA256, seed))
        }
        WITH_SALTS => None,
        _ => return None,
    };
    let mut list = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let (name, mut after) = after.split_at_checked(usize::from(*length))?;
        let mut salt = None;
        if seed.is_none() {
            let (own, behind) = after.split_first_chunk::<32>()?;
            (salt, after) = (Some(*own), behind);
        }
        let (length, after) = after.split_first_chunk::<2>()?;
        let (value, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        list.push(Field {
            name: std::str::from_utf8(name).ok()?,
            salt,
            value: std::str::from_utf8(value).ok()?,
        });
        rest = after;
    }
    Some(Fields { seed, list })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Moment, SystemRandomness};
    use crate::domain::AddressId;

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
        let name = master.name(owner, 2027, Kind::Decision);
        let (id, wrapped) = master.wrap_fresh(name, &random).unwrap();
        let key = master.unwrap(id, name, &wrapped).unwrap();
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
        let (other_id, other) = master.wrap_fresh(name, &random).unwrap();
        let other = master.unwrap(other_id, name, &other).unwrap();
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
        for (id, name, bound_to) in [
            (id, master.name(owner, 2028, Kind::Decision), "year"),
            (id, master.name(owner, 2027, Kind::Search), "kind"),
            (other_id, name, "id"),
        ] {
            assert!(
                master.unwrap(id, name, &wrapped).is_err(),
                "a key is bound to its {bound_to}"
            );
        }
        assert!(
            MasterKey::new(&[8; 32]).unwrap(id, name, &wrapped).is_err(),
            "and to its master key"
        );
    }

    #[test]
    fn what_is_sealed_again_without_a_field_cannot_say_what_it_was() {
        let random = SystemRandomness::default();
        let at = Moment::from_unix_ms(1_800_000_000_000).unwrap();
        let transaction = TransactionId::new(at, &random).unwrap();
        let (kind, owner) = (
            Kind::Owners,
            Owner::Address(AddressId::parse("0014200012345678").unwrap()),
        );
        let personal = Personal::none().with("eigenaar", "E-1").with("zaak", "Z-1");
        let made = commit(&personal, &transaction, kind, &random).unwrap();
        let seals = made.seals.clone();
        let master = MasterKey::new(&[9; 32]);
        let name = master.name(owner, 2027, kind);
        let (id, wrapped) = master.wrap_fresh(name, &random).unwrap();
        let key = master.unwrap(id, name, &wrapped).unwrap();
        let mut seed = made.plain.0.clone();
        seed.drain(..1);
        seed.truncate(32);
        let first = made.seal(&key, &transaction, kind).unwrap();

        let mut opened = open(&first, &key, &transaction, kind).unwrap();
        opened.remove("eigenaar");
        let again = seal_again(&opened, &key, &transaction, kind, &random).unwrap();
        assert_eq!(open(&again, &key, &transaction, kind).unwrap(), opened);
        let values = open_committed(&again, &key, &transaction, kind, &seals).unwrap();
        assert_eq!(values.keys().collect::<Vec<_>>(), ["zaak"]);
        let plain = decrypt(&key.0, &place(&transaction, kind), &again).unwrap();
        assert_eq!(plain.first(), Some(&WITH_SALTS));
        assert!(!plain.windows(32).any(|window| window == seed));

        // A form that is not known, and salts that are cut.
        for wrong in [vec![], vec![0], vec![3], plain[..plain.len() - 1].to_vec()] {
            assert!(read_fields(&wrong).is_none(), "{wrong:?}");
        }
    }
}

//! The identifiers of the domain: one type each, parsed once at the edge.
//!
//! Every constructor says what was expected and, where it helps, at which position the text first
//! goes wrong. Inside the house nobody passes a bare string for any of these.

use std::fmt;

use uuid::Uuid;

use crate::clock::{Moment, NoRandomness, Random};

/// Why a text is not the identifier it should be: what was expected, and where it goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    expected: &'static str,
    /// The first wrong character, counted from 1; `None` when only the length is wrong.
    position: Option<usize>,
}

impl Malformed {
    pub(crate) const fn new(expected: &'static str) -> Self {
        Self {
            expected,
            position: None,
        }
    }

    const fn at(expected: &'static str, position: usize) -> Self {
        Self {
            expected,
            position: Some(position),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expected)?;
        match self.position {
            Some(position) => write!(f, " (teken {position} klopt niet)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Malformed {}

/// Gives a newtype its text form, its serde form and a `Debug` that shows it.
macro_rules! text_forms {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_forms;

fn digits<const N: usize>(text: &str, expected: &'static str) -> Result<[u8; N], Malformed> {
    if let Some(position) = text.chars().position(|c| !c.is_ascii_digit()) {
        return Err(Malformed::at(expected, position + 1));
    }
    text.as_bytes()
        .try_into()
        .map_err(|_| Malformed::new(expected))
}

fn as_text(ascii_digits: &[u8]) -> &str {
    // Only ASCII digits get into the arrays this is called with.
    std::str::from_utf8(ascii_digits).unwrap_or_default()
}

/// An organisatie-identificatienummer: 20 digits (Logius, "Organisatie Identificatienummer").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oin([u8; 20]);

impl Oin {
    /// Reads exactly twenty ASCII digits.
    ///
    /// # Errors
    /// [`Malformed`] with the position of the first character that is not a digit.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        digits(text, "een OIN van precies 20 cijfers").map(Self)
    }

    /// The twenty digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
text_forms!(Oin);

/// A BAG nummeraanduiding: 16 digits, of which 4 name the municipality of registration, then the
/// object type `20`, then 10 of sequence (Catalogus BAG 2018, 7.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressId([u8; 16]);

impl AddressId {
    const EXPECTED: &'static str =
        "een BAG-nummeraanduiding van 16 cijfers met objecttype 20 op plaats 5 en 6";

    /// Reads sixteen digits with object type `20`.
    ///
    /// # Errors
    /// [`Malformed`] with the position of the first wrong character.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let ascii: [u8; 16] = digits(text, Self::EXPECTED)?;
        match ascii {
            [_, _, _, _, b'2', b'0', ..] => Ok(Self(ascii)),
            [_, _, _, _, b'2', ..] => Err(Malformed::at(Self::EXPECTED, 6)),
            _ => Err(Malformed::at(Self::EXPECTED, 5)),
        }
    }

    /// The sixteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }

    /// The four digits of the municipality that registered the address (CBS gemeentecode).
    #[must_use]
    pub fn municipality(&self) -> &str {
        self.as_str().get(..4).unwrap_or_default()
    }
}

impl fmt::Display for AddressId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
text_forms!(AddressId);

/// Newtypes over a UUID of any version.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads a UUID in its hyphenated form of 36 characters.
            ///
            /// # Errors
            /// [`Malformed`] for every other spelling.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                if text.len() != 36 {
                    return Err(Malformed::new("een UUID van 36 tekens"));
                }
                Uuid::try_parse(text).map(Self).map_err(|_| Malformed::new("een UUID van 36 tekens"))
            }

            /// The identifier made from sixteen stored bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes, as the store keeps them.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// A new identifier: a UUIDv7 of this moment.
            ///
            /// # Errors
            /// [`NoRandomness`] when no random bytes can be had.
            pub fn new(now: Moment, random: &dyn Random) -> Result<Self, NoRandomness> {
                uuid_v7(now, random).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }
        text_forms!($name);
    };
}

fn uuid_v7(now: Moment, random: &dyn Random) -> Result<Uuid, NoRandomness> {
    let mut bytes = [0; 10];
    random.fill(&mut bytes)?;
    let ms = u64::try_from(now.unix_ms()).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(ms, &bytes).into_uuid())
}

uuid_id! {
    /// A document in the index; the provider chooses it.
    DocumentId
}
uuid_id! {
    /// A choice of an owner in the registry.
    ChoiceId
}
uuid_id! {
    /// A report of an acutely unsafe situation.
    AosId
}

/// An `Fsc-Transaction-Id`: a UUIDv7 (RFC 9562, 5.7), one for each call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(Uuid);

impl TransactionId {
    /// Reads a UUIDv7 in its hyphenated form.
    ///
    /// # Errors
    /// [`Malformed`] for every other spelling, and for every other version of UUID.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: &str = "een UUIDv7 van 36 tekens";
        if text.len() != 36 {
            return Err(Malformed::new(EXPECTED));
        }
        match Uuid::try_parse(text) {
            Ok(id) if id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122 => {
                Ok(Self(id))
            }
            _ => Err(Malformed::new(EXPECTED)),
        }
    }

    /// A new id of this moment.
    ///
    /// # Errors
    /// [`NoRandomness`] when no random bytes can be had.
    pub fn new(now: Moment, random: &dyn Random) -> Result<Self, NoRandomness> {
        uuid_v7(now, random).map(Self)
    }

    /// The id made from sixteen stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The sixteen bytes; they begin with the time, so they sort by it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The moment the id says it was made.
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        let ms = self
            .as_bytes()
            .iter()
            .take(6)
            .fold(0_i64, |ms, byte| (ms << 8) | i64::from(*byte));
        Moment::from_unix_ms(ms)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}
text_forms!(TransactionId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandomness;

    #[test]
    fn an_oin_is_twenty_ascii_digits() {
        for (wrong, message) in [
            ("", "een OIN van precies 20 cijfers"),
            ("0000000400000000100", "een OIN van precies 20 cijfers"),
            ("000000040000000010000", "een OIN van precies 20 cijfers"),
            (
                "0000000400000000100 ",
                "een OIN van precies 20 cijfers (teken 20 klopt niet)",
            ),
            (
                "O0000004000000001000",
                "een OIN van precies 20 cijfers (teken 1 klopt niet)",
            ),
            (
                "0000000400000000100\u{0660}",
                "een OIN van precies 20 cijfers (teken 20 klopt niet)",
            ),
        ] {
            assert_eq!(
                Oin::parse(wrong).map_err(|e| e.to_string()),
                Err(message.to_owned()),
                "{wrong:?}"
            );
        }
        assert!(Oin::parse("00000004000000001000").is_ok());
    }

    #[test]
    fn an_address_has_object_type_20() {
        for wrong in [
            "0014100012345678",
            "0014210012345678",
            "001420001234567",
            "00142000123456789",
            "0014-20001234567",
        ] {
            assert!(AddressId::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            AddressId::parse("0014200012345678").map(|a| a.municipality().to_owned()),
            Ok("0014".to_owned())
        );
    }

    #[test]
    fn a_transaction_id_is_a_uuid_of_version_7_and_tells_its_time() {
        let now = Moment::parse("2026-11-21T12:00:00.123Z").unwrap();
        let id = TransactionId::new(now, &SystemRandomness::default()).unwrap();
        assert_eq!(id.moment(), Some(now));
        assert_eq!(TransactionId::parse(&id.to_string()), Ok(id));
        assert!(
            TransactionId::parse("0d1f0f3c-5d6a-4c1e-9f5e-2a1c8f0a7b11").is_err(),
            "version 4"
        );
    }
}

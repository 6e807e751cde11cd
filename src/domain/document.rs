//! A document as the index knows it: what the provider told, never its bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id::{AddressId, DocumentId, Malformed, Oin, text_forms};
use super::text::{DocumentKind, DossierNumber, MediaType, Title, Version};
use crate::clock::Moment;

/// One document in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Chosen by the provider.
    #[serde(rename = "uuid")]
    pub id: DocumentId,
    /// The organisation that keeps it, and the only one that may change this record.
    #[serde(rename = "bronorganisatie")]
    pub provider: Oin,
    /// The provider's own dossier.
    pub dossier: DossierNumber,
    /// Its kind, in the shared vocabulary.
    #[serde(rename = "soort")]
    pub kind: DocumentKind,
    /// Its title.
    #[serde(rename = "titel")]
    pub title: Title,
    /// Its media type.
    #[serde(rename = "formaat")]
    pub media_type: MediaType,
    /// Its size in bytes, as the provider tells it.
    #[serde(rename = "bestandsomvang")]
    pub size_bytes: u64,
    /// When the provider made it.
    #[serde(rename = "creatiedatum")]
    pub created: Moment,
    /// The address it is about.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// Whether it holds health data (AVG art. 9; TwG 3(9)).
    #[serde(rename = "gezondheidsgegevens")]
    pub health: bool,
    /// The provider's version of it; becomes the `ETag`.
    #[serde(rename = "versie")]
    pub version: Version,
}

/// A SHA-256, in lower-case hexadecimal on the wire and in the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: &str = "een SHA-256 van 64 kleine hexadecimale tekens";
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(Malformed::new(EXPECTED));
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |ascii: u8| match ascii {
                b'0'..=b'9' => Some(ascii - b'0'),
                b'a'..=b'f' => Some(ascii - b'a' + 10),
                _ => None,
            };
            match pair {
                &[high, low] => match (digit(high), digit(low)) {
                    (Some(high), Some(low)) => *byte = high << 4 | low,
                    _ => return Err(Malformed::new(EXPECTED)),
                },
                _ => return Err(Malformed::new(EXPECTED)),
            }
        }
        Ok(Self(bytes))
    }

    /// The hash made from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The thirty-two bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
text_forms!(Sha256);

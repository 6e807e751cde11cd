//! Short texts that others choose: pseudonyms, case numbers, titles, and the codes of the shared
//! vocabulary (purposes, kinds, teams, parties).
//!
//! Which codes exist is not decided here: the vocabulary is data of the policy bundle in force
//! (DESIGN, "Law is data"). Here only their form is checked.

use std::fmt;
use std::sync::Arc;

use super::id::{Malformed, text_forms};

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $max:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads a text of the length this type allows, without control characters and without
            /// white space at either end.
            ///
            /// # Errors
            /// [`Malformed`], saying what was expected.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let length = text.chars().count();
                let proper = (1..=$max).contains(&length)
                    && text.trim() == text
                    && !text.chars().any(char::is_control);
                if proper { Ok(Self(text.into())) } else { Err(Malformed::new($expected)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_forms!($name);
    };
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads a code: 1 to 64 lower-case letters, digits and hyphens, a letter first.
            ///
            /// # Errors
            /// [`Malformed`] for any other text.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let proper = text.len() <= 64
                    && text.starts_with(|c: char| c.is_ascii_lowercase())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if proper {
                    Ok(Self(text.into()))
                } else {
                    Err(Malformed::new(
                        "een code van 1 tot 64 kleine letters, cijfers en koppeltekens, met een letter voorop",
                    ))
                }
            }

            /// The code.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        text_forms!($name);
    };
}

bounded_text! {
    /// An owner, by the pseudonym the organisations agreed on; never a BSN, never a name.
    OwnerId, 128, "een pseudoniem van 1 tot 128 tekens zonder witruimte aan begin of eind"
}
bounded_text! {
    /// Who asks inside the requesting organisation: the token's `sub`, a pseudonym of its choosing.
    Employee, 128, "een pseudoniem van 1 tot 128 tekens zonder witruimte aan begin of eind"
}

impl Employee {
    /// Whether this is the same name, however it is written.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.as_str().to_lowercase() == other.as_str().to_lowercase()
    }
}

bounded_text! {
    /// The requester's own case number: the token's `zaak`.
    CaseNumber, 128, "een zaaknummer van 1 tot 128 tekens zonder witruimte aan begin of eind"
}
bounded_text! {
    /// A provider's own dossier number.
    DossierNumber, 128, "een dossiernummer van 1 tot 128 tekens zonder witruimte aan begin of eind"
}
bounded_text! {
    /// The title of a document; it can hold personal data and is treated so.
    Title, 256, "een titel van 1 tot 256 tekens zonder witruimte aan begin of eind"
}
bounded_text! {
    /// A reference to evidence: where the signed form is kept.
    Reference, 256, "een kenmerk van 1 tot 256 tekens zonder witruimte aan begin of eind"
}
bounded_text! {
    /// The provider's own version of a document.
    Version, 64, "een versie van 1 tot 64 tekens zonder witruimte aan begin of eind"
}

bounded_text! {
    /// What an organisation calls a kind, a mark or a purpose itself: a word of its own, or a shared one.
    Word, 128, "een woord van 1 tot 128 tekens zonder witruimte aan begin of eind"
}

code! {
    /// A purpose (`doel`), such as `schade-afhandeling`.
    Purpose
}

impl Purpose {
    /// The purpose of a token for the registry, the index and the book itself: this gateway's own word,
    /// which no bundle and no organisation may give another meaning.
    pub const REGISTRY: &'static str = "beheer";

    /// Whether it is [`Purpose::REGISTRY`].
    #[must_use]
    pub fn is_registry(&self) -> bool {
        self.as_str() == Self::REGISTRY
    }
}
code! {
    /// A document kind (`soort`), such as `versterkingsadvies`.
    DocumentKind
}
code! {
    /// A team of the requesting organisation, such as `aos`.
    Team
}
code! {
    /// The part an organisation plays in the policy: `img`, `ncg` or `gemeente`.
    Role
}
code! {
    /// A mark on a dossier (`kenmerk`), such as `urgentie`.
    Mark
}
code! {
    /// What kind of evidence stands behind a choice, such as `ondertekend-formulier`.
    EvidenceKind
}

code! {
    /// A language tag such as `nl` or `en` (RFC 5646), lower case.
    Language
}

/// A media type such as `application/pdf` (RFC 9110, 8.3.1), lower case, without parameters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MediaType(Arc<str>);

impl MediaType {
    /// Reads `type/subtype` in lower case.
    ///
    /// # Errors
    /// [`Malformed`] for parameters, upper case, or anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const EXPECTED: &str =
            "een mediatype zoals application/pdf, in kleine letters en zonder parameters";
        let token = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&^_.+-".contains(&b)
                })
        };
        match text.split_once('/') {
            Some((left, right)) if text.len() <= 127 && token(left) && token(right) => {
                Ok(Self(text.into()))
            }
            _ => Err(Malformed::new(EXPECTED)),
        }
    }

    /// The media type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text_forms!(MediaType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_small_and_plain() {
        for wrong in [
            "",
            "Aos",
            "aos ",
            "1aos",
            "-aos",
            "a_b",
            "é",
            &"a".repeat(65),
        ] {
            assert!(Purpose::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Purpose::parse("immateriele-schade").is_ok());
    }

    #[test]
    fn texts_have_no_edges_of_space_and_no_control_characters() {
        for wrong in ["", " a", "a ", "a\nb", "a\u{0}b", &"é".repeat(129)] {
            assert!(OwnerId::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(OwnerId::parse(&"é".repeat(128)).is_ok());
    }

    #[test]
    fn media_types_are_plain() {
        for wrong in [
            "",
            "pdf",
            "application/",
            "/pdf",
            "Application/pdf",
            "application/pdf; q=1",
            "a/b/c",
        ] {
            assert!(MediaType::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(MediaType::parse("application/vnd.api+json").is_ok());
    }
}

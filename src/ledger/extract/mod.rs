//! An extract of the book (`uittreksel`), the receipt of a decision: the entry, the proof that it
//! stands in the book, and of its personal fields those that are to be shown, each with the salt of
//! its commitment. Where a document left, the entry that closes its transfer comes with it.
//!
//! Whoever has the log's key and the witnesses' policy can check it offline. What is not shown stays
//! a commitment: an owner can be shown that somebody looked, without being shown who. It is JSON:
//!
//! ```json
//! {"soort": "uittreksel", "v": 1, "regels": [
//!   {"vermelding": "{…}", "openingen": {"document": {"waarde": "…", "zout": "…"}},
//!    "bewijs": "c2sp.org/tlog-proof@v1\nindex 42\n…"}]}
//! ```
//!
//! `vermelding` is the entry as it stands in the tree, byte by byte; `bewijs` a C2SP tlog-proof with
//! its checkpoint, the same for both entries; the names within an opening are those of
//! `GET /besluiten/{transactieId}`. Nothing of it is believed because it stands there: the entry is
//! bound by the proof, the values by the entry.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Map, Value, json};

pub use check::{ExtractFlaw, Told, ToldEntry};

use super::proof;
use super::seal::Opened;
use super::{Found, Ledger, ReadError};
use crate::bounds::{EXTRACT_BYTES, EXTRACT_FIELDS};
use crate::domain::json::{self, NotStrictJson};

/// What `soort` says.
const KIND: &str = "uittreksel";
/// The version of the form.
const VERSION: u64 = 1;

/// An extract. One that was parsed is in its form, and nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    /// One entry; or a decision and the release that closes it.
    lines: Vec<Line>,
}

/// One entry of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// As it stands in the tree.
    text: String,
    proof: String,
    openings: BTreeMap<String, Opened>,
}

/// Why a file is no extract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoExtract {
    /// Longer than any.
    #[error("it is longer than {EXTRACT_BYTES} bytes")]
    TooLong,
    /// Cut off, or something else altogether.
    #[error(
        "it is not JSON from its first to its last byte: reading stopped at line {line}, column {column}"
    )]
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// Two members of one name.
    #[error("the member {0} stands in it twice")]
    Twice(String),
    /// Objects in objects in objects.
    #[error("it nests deeper than an extract does")]
    TooDeep,
    /// JSON of another form.
    #[error("{place}: expected {expected}")]
    Form {
        /// Where.
        place: String,
        /// What should stand there.
        expected: &'static str,
    },
}

impl From<NotStrictJson> for NoExtract {
    fn from(error: NotStrictJson) -> Self {
        match error {
            NotStrictJson::Syntax { line, column } => Self::Syntax { line, column },
            NotStrictJson::DoubleMember { member } => Self::Twice(member),
            NotStrictJson::TooDeep => Self::TooDeep,
        }
    }
}

impl Extract {
    /// An extract of one entry with nothing shown, from its line and a tlog-proof of it.
    #[must_use]
    pub fn of_proof(line: String, proof: String) -> Self {
        let line = Line {
            text: line,
            proof,
            openings: BTreeMap::new(),
        };
        Self { lines: vec![line] }
    }

    /// Reads an extract.
    ///
    /// # Errors
    /// [`NoExtract`].
    pub fn parse(file: &[u8]) -> Result<Self, NoExtract> {
        if file.len() > EXTRACT_BYTES {
            return Err(NoExtract::TooLong);
        }
        let mut members = Members::of(json::parse(file)?, String::new())?;
        members.exactly("soort", &json!(KIND), "\"uittreksel\"")?;
        members.exactly("v", &json!(VERSION), "1, the only version there is")?;
        let listed = members.take("regels")?;
        let place = members.place("regels");
        members.end()?;
        let Value::Array(listed) = listed else {
            return Err(wrong(place, "a list of one entry or two"));
        };
        if !(1..=2).contains(&listed.len()) {
            return Err(wrong(place, "a list of one entry or two"));
        }
        let lines = listed.into_iter().enumerate();
        let lines = lines.map(|(at, value)| line(value, format!("regels[{at}]")));
        let lines = lines.collect::<Result<_, _>>()?;
        Ok(Self { lines })
    }

    /// It, as the value of an answer.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let lines = self.lines.iter().map(|line| {
            let openings: Map<String, Value> = line.openings.iter().map(written).collect();
            json!({"vermelding": line.text, "openingen": openings, "bewijs": line.proof})
        });
        let lines: Vec<Value> = lines.collect();
        json!({"soort": KIND, "v": VERSION, "regels": lines})
    }

    /// The checkpoint that it rests on, unverified: that of its first proof.
    #[must_use]
    pub fn unverified_checkpoint(&self) -> Option<&str> {
        let first = self.lines.first()?;
        let proof = proof::UnverifiedProof::parse(&first.proof).ok()?;
        Some(proof.checkpoint)
    }
}

impl fmt::Display for Extract {
    /// It, as a file for people to keep and open.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:#}", self.to_value())
    }
}

fn written((field, opened): (&String, &Opened)) -> (String, Value) {
    let salt = BASE64URL.encode(opened.salt);
    (field.clone(), json!({"waarde": opened.value, "zout": salt}))
}

fn wrong(place: String, expected: &'static str) -> NoExtract {
    NoExtract::Form { place, expected }
}

fn line(value: Value, place: String) -> Result<Line, NoExtract> {
    let mut members = Members::of(value, place)?;
    let text = members.text("vermelding")?;
    let proof = members.text("bewijs")?;
    let shown = members.take("openingen")?;
    let mut shown = Members::of(shown, members.place("openingen"))?;
    members.end()?;
    let all = std::mem::take(&mut shown.members);
    if all.len() > EXTRACT_FIELDS {
        return Err(wrong(shown.place, "fewer fields than this"));
    }
    let mut openings = BTreeMap::new();
    for (field, value) in all {
        let mut members = Members::of(value, shown.place(&field))?;
        let value = members.text("waarde")?;
        let salt = proof::salt(&members.text("zout")?);
        let salt = salt.ok_or_else(|| {
            let expected = "the 32 bytes of a salt in base64url without padding";
            wrong(members.place("zout"), expected)
        })?;
        members.end()?;
        openings.insert(field, Opened { value, salt });
    }
    Ok(Line {
        text,
        proof,
        openings,
    })
}

/// The members of an object that are still to be read.
struct Members {
    members: Map<String, Value>,
    place: String,
}

impl Members {
    fn of(value: Value, place: String) -> Result<Self, NoExtract> {
        match value {
            Value::Object(members) => Ok(Self { members, place }),
            _ if place.is_empty() => Err(wrong("the whole of it".to_owned(), "a JSON object")),
            _ => Err(wrong(place, "a JSON object")),
        }
    }

    fn place(&self, name: &str) -> String {
        let name: String = name.chars().take(64).flat_map(char::escape_debug).collect();
        if self.place.is_empty() {
            name
        } else {
            format!("{}.{name}", self.place)
        }
    }

    fn take(&mut self, name: &str) -> Result<Value, NoExtract> {
        let value = self.members.remove(name);
        value.ok_or_else(|| wrong(self.place(name), "this member, and it is missing"))
    }

    fn text(&mut self, name: &str) -> Result<String, NoExtract> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            _ => Err(wrong(self.place(name), "a text")),
        }
    }

    fn exactly(
        &mut self,
        name: &str,
        value: &Value,
        expected: &'static str,
    ) -> Result<(), NoExtract> {
        if self.take(name)? == *value {
            Ok(())
        } else {
            Err(wrong(self.place(name), expected))
        }
    }

    fn end(&self) -> Result<(), NoExtract> {
        match self.members.keys().next() {
            Some(name) => Err(wrong(self.place(name), "no such member")),
            None => Ok(()),
        }
    }
}

impl Ledger {
    /// An extract of an entry that shows these of its openings, with the entry that closes its
    /// transfer. It rests on the newest cosigned checkpoint that covers both, or else on the newest.
    ///
    /// Whoever hands out openings shows personal data: an `inzage` entry must stand in the book first
    /// (DESIGN, I6).
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn extract(
        &self,
        found: &Found,
        openings: BTreeMap<String, Opened>,
        closing: Option<&Found>,
    ) -> Result<Extract, ReadError> {
        let indices: Vec<u64> = [found.index]
            .into_iter()
            .chain(closing.map(|closing| closing.index))
            .collect();
        let proofs = self.proofs(&indices).await?;
        let shown = [
            Some((found, openings)),
            closing.map(|found| (found, BTreeMap::new())),
        ];
        let lines = shown.into_iter().flatten().zip(proofs);
        let lines = lines.map(|((found, openings), proof)| {
            let text = String::from_utf8(found.line.clone());
            let text = text.map_err(|_| ReadError::Impossible("an entry in its form"))?;
            Ok(Line {
                text,
                proof,
                openings,
            })
        });
        let lines = lines.collect::<Result<_, ReadError>>()?;
        Ok(Extract { lines })
    }
}

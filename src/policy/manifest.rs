//! `manifest.toml`: who agreed to what, from when, in which words, and how open questions are
//! answered. Read whole; everything that is wrong is reported together.

use std::collections::BTreeMap;

use serde::Deserialize as _;

use super::manifest_file as file;
use super::manifest_read::Reader;
use super::mistake::Mistake;
use super::source::{MANIFEST, line_at};
use super::vocabulary::{Bilingual, Switch, Vocabulary};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, Role};

/// A manifest, read and checked.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) code: String,
    pub(super) title: Bilingual,
    pub(super) candidate: bool,
    pub(super) caveat: Bilingual,
    pub(super) from: Moment,
    pub(super) until: Option<Moment>,
    /// The lines of those two dates.
    pub(super) date_lines: [Option<usize>; 2],
    pub(super) signers: Vec<Role>,
    /// Title and place of each public text this is a reading of.
    pub(super) sources: Vec<(String, String)>,
    pub(super) vocabulary: Vocabulary,
    /// IRI → the name people use, such as `AVG 6(1)(c)`.
    pub(super) grounds: BTreeMap<String, String>,
    /// In order of rank.
    pub(super) actions: Vec<ActionInfo>,
    pub(super) switches: Vec<Switch>,
    pub(super) choice_limits: Vec<ChoiceLimit>,
    /// The longest an unsafe situation counts after its beginning, in days.
    pub(super) unsafe_situation_days: Option<u32>,
    /// How long what is recorded of an exchange is kept, or by what that is decided: one sentence or
    /// more, for a data subject (AVG 15(1)(d)) and for the register (AVG 30(1)(f)). Words only:
    /// nothing is erased on them.
    pub(super) retention: Option<Bilingual>,
}

/// One ground that can be asked for.
#[derive(Debug, Clone)]
pub(super) struct ActionInfo {
    pub(super) code: String,
    /// What people call it.
    pub(super) name: Bilingual,
    /// Whether what is given on it must be reviewed afterwards.
    pub(super) review: bool,
}

/// From when a yes must have been given to count, while a switch stands a certain way.
#[derive(Debug, Clone)]
pub(super) struct ChoiceLimit {
    pub(super) kind: ChoiceKind,
    pub(super) from: Moment,
    pub(super) switch: String,
    pub(super) position: String,
}

/// Reads the manifest of the bundle in this folder.
pub(super) fn read(folder: &str, text: &str) -> Result<Manifest, Vec<Mistake>> {
    let written = file::Manifest::deserialize(
        toml::Deserializer::parse(text).map_err(|e| vec![syntax(text, &e)])?,
    )
    .map_err(|e| vec![syntax(text, &e)])?;
    let mut reader = Reader {
        text,
        mistakes: Vec::new(),
    };
    let manifest = reader.manifest(folder, written);
    match manifest {
        Some(manifest) if reader.mistakes.is_empty() => Ok(manifest),
        _ => Err(reader.mistakes),
    }
}

/// What is wrong with a manifest alone, in a folder of the name it gives itself; empty when nothing is.
/// Whether the other files go with it, loading the bundle says.
#[must_use]
pub fn mistakes(text: &str) -> Vec<Mistake> {
    read(&code(text).unwrap_or_default(), text)
        .err()
        .unwrap_or_default()
}

/// The code in a manifest, whatever else is in it.
pub(super) fn code(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    table.get("code")?.as_str().map(str::to_owned)
}

fn syntax(text: &str, error: &toml::de::Error) -> Mistake {
    let message = error.message().to_owned();
    match error.span() {
        Some(span) => Mistake::at(MANIFEST, line_at(text, span.start), message),
        None => Mistake::in_file(MANIFEST, message),
    }
}

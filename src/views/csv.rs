//! The book as a table: one row for each entry, of what is public in it.
//!
//! Semicolons, because officers open the file in a Dutch spreadsheet, which splits at nothing else.

use super::{Setting, word};
use crate::ledger::Leaf;
use crate::ledger::entry::Entry;

/// The columns, in their order: the book's own words.
pub const COLUMNS: [&str; 22] = [
    "index",
    "tijd",
    "soort",
    "transactie",
    "handeling",
    "aanvrager",
    "bron",
    "team",
    "doel",
    "documentsoort",
    "gezondheid",
    "uitkomst",
    "reden",
    "code",
    "grondslag",
    "artikel",
    "regels",
    "verplichtingen",
    "bundel",
    "besluit",
    "einde",
    "bytes",
];

/// Writes the table, row by row.
#[derive(Debug)]
pub struct Table {
    setting: Setting,
}

/// A cell that no spreadsheet takes for a formula (SECURITY 19).
#[must_use]
pub fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// A row, ended as RFC 4180 wants it. `None` when it could not be written, which nothing but a defect
/// can cause.
#[must_use]
pub fn row(cells: impl Iterator<Item = String>) -> Option<String> {
    let mut writer = ::csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells.map(defused)).ok()?;
    String::from_utf8(writer.into_inner().ok()?).ok()
}

impl Table {
    /// The table of what this setting wants.
    #[must_use]
    pub const fn new(setting: Setting) -> Self {
        Self { setting }
    }

    /// The first row.
    #[must_use]
    pub fn head(&self) -> String {
        row(COLUMNS.iter().map(|name| (*name).to_owned())).unwrap_or_default()
    }

    /// The row of an entry, if it is wanted.
    #[must_use]
    pub fn row(&self, leaf: &Leaf) -> Option<String> {
        if !self.setting.is_wanted(&leaf.entry) {
            return None;
        }
        row(cells(leaf.index, &leaf.entry).into_iter())
    }
}

fn cells(index: u64, entry: &Entry) -> [String; 22] {
    let number = |value: Option<u64>| value.map_or_else(String::new, |n| n.to_string());
    [
        index.to_string(),
        entry.tijd.to_string(),
        entry.soort.code().to_owned(),
        entry.transactie.to_string(),
        word(entry.handeling),
        word(entry.aanvrager),
        word(entry.bron),
        word(entry.team.as_ref()),
        word(entry.doel.as_ref()),
        word(entry.documentsoort.as_ref()),
        entry
            .gezondheid
            .map_or("", |yes| if yes { "ja" } else { "nee" })
            .to_owned(),
        word(entry.uitkomst),
        entry.reden.clone().unwrap_or_default(),
        entry.code.clone().unwrap_or_default(),
        entry.grondslag.clone().unwrap_or_default(),
        entry.artikel.clone().unwrap_or_default(),
        entry.regels.join(" "),
        entry.verplichtingen.join(" "),
        super::bundle_name(entry.bundel),
        number(entry.index),
        word(entry.einde),
        number(entry.bytes),
    ]
}

//! What officers send to citizens, set on paper: letters and reports as PDF, from text alone.
//!
//! Whoever writes a [`Report`] gives blocks of text; whoever reads it gets A4 pages that can be read
//! aloud as well: tagged, in reading order, with headings, lists and tables that say what they are
//! (ISO 14289-1, PDF/UA). The same report gives the same bytes; making it costs time and memory in
//! proportion to its text, and whoever calls bounds that.
//!
//! Deliberately absent: files, templates, pictures, colours to choose; and any knowledge of what a
//! report is about. One thing keeps these files from being PDF/UA to the letter: it wants every font
//! embedded, and this program carries no font files. They name Helvetica, which every reader brings,
//! with its widths; so they do not claim the standard in their metadata either.

pub mod text;

mod blocks;
mod file;
mod sheet;
mod signs;
mod table;
mod tree;

use crate::language::Language;

/// The width of A4, in points.
pub const WIDTH: f32 = 595.0;
/// Its height.
pub const HEIGHT: f32 = 842.0;

/// A letter or a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its title: over the text, in the head of further pages, and of the reader's window.
    pub title: String,
    /// The language of all of its text.
    pub language: Language,
    /// Whose it is.
    pub head: Head,
    /// To whom it goes, line by line, where the window of an envelope is; empty if to nobody, empty
    /// lines if that is filled in later.
    pub to: String,
    /// The date, as people write it.
    pub date: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// What stands over the first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The organisation's name.
    pub organisation: String,
    /// The line under it, such as its address.
    pub line: String,
}

/// One piece of a report. A line end within a text begins a new line there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading under the title: level 1, 2 or 3. A level that would be skipped is made up for, as
    /// who listens to headings would look for what is missing.
    Heading(u8, String),
    /// Running text.
    Paragraph(String),
    /// Points, each with a dot.
    List(Vec<String>),
    /// What can be chosen, each with a box to be crossed before it.
    Boxes(Vec<String>),
    /// Names and what belongs to them, in two columns; a name is a few words.
    Facts(Vec<(String, String)>),
    /// A table; its head is repeated on every page it reaches.
    Table {
        /// What it shows, in a line or two.
        caption: String,
        /// Its columns.
        columns: Vec<Column>,
        /// Its rows; a cell that is missing is empty, one too many is left out.
        rows: Vec<Vec<String>>,
    },
    /// A QR code with the words beside it.
    Qr {
        /// Row by row, without the border; dark is true.
        matrix: Vec<Vec<bool>>,
        /// What it is for.
        caption: String,
    },
    /// Lines to write on, each over its word: name, date, signature.
    Signature(Vec<String>),
    /// White space of a line.
    Space,
    /// What follows begins a page.
    PageBreak,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands over it.
    pub head: String,
    /// Its width, in proportion to the other columns; 0 counts as 1.
    pub width: u16,
    /// Whether it is set to the right, as numbers are.
    pub right: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn words(head: &str, width: u16) -> Self {
        Self {
            head: head.to_owned(),
            width,
            right: false,
        }
    }

    /// A column of numbers.
    #[must_use]
    pub fn numbers(head: &str, width: u16) -> Self {
        Self {
            right: true,
            ..Self::words(head, width)
        }
    }
}

impl Report {
    /// The PDF file.
    #[must_use]
    pub fn to_pdf(&self) -> Vec<u8> {
        file::write(self, blocks::set(self))
    }
}

#[cfg(test)]
mod tests;

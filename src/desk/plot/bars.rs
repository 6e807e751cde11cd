//! Horizontal bars: how often each of a few things happened.

use super::{Head, LARGEST, ROWS, Tenths, Text, draw_nothing, put};
use crate::language::Language;

/// The height of one row in pixels: a line of words, and its bar under them.
const ROW: u64 = 46;
/// What a second line of words takes.
const LINE: u64 = 18;
/// Signs on a line that leave room for the number on the narrowest screen.
const SIGNS: usize = 34;

/// Bars from the left, one below the other, in the order they are given; the words stand above each
/// bar, so that a long name needs no room beside it.
#[derive(Debug, Clone)]
pub struct Bars<'a> {
    /// What it is called within the page; each plot of a page its own.
    pub id: &'a str,
    /// Of the words that are added, and of how numbers are written.
    pub language: Language,
    /// What is shown.
    pub title: &'a str,
    /// What can be seen in it, in a sentence, for who does not see it.
    pub description: &'a str,
    /// What is counted; the head of the table's column.
    pub unit: &'a str,
    /// What the rows are: the head of the table's first column.
    pub of: &'a str,
    /// Each row: its name, its number. The first [`ROWS`] are drawn, all are in the table.
    pub rows: Vec<(String, u64)>,
}

impl Bars<'_> {
    /// The whole `<figure>`: title, drawing, table.
    #[must_use]
    pub fn figure(&self) -> String {
        self.head().figure(&self.svg(), "", &self.table())
    }

    /// The drawing alone.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows = self.rows.get(..ROWS).unwrap_or(&self.rows);
        let largest = rows.iter().map(|(_, number)| *number).max().unwrap_or(0);
        let largest = largest.clamp(1, LARGEST);
        let mut out = String::with_capacity(256 * rows.len() + 512);
        let lines: Vec<(String, Option<String>)> =
            rows.iter().map(|(name, _)| two_lines(name)).collect();
        let more = lines.iter().filter(|(_, second)| second.is_some()).count();
        let whole = |number: usize| u64::try_from(number).unwrap_or(0);
        let height = ROW * whole(rows.len()).max(1) + LINE * whole(more);
        self.head().open(&mut out, height);
        let mut top = 0;
        for ((_, number), (first, second)) in rows.iter().zip(&lines) {
            let words = top + 16;
            put(
                &mut out,
                format_args!(
                    "<text class=\"label\" x=\"0\" y=\"{words}\">{}</text>\
                     <text class=\"label nadruk\" x=\"100%\" y=\"{words}\" \
                     text-anchor=\"end\">{}</text>",
                    Text(first),
                    self.language.number(*number)
                ),
            );
            if let Some(second) = second {
                top += LINE;
                put(
                    &mut out,
                    format_args!(
                        "<text class=\"label\" x=\"0\" y=\"{}\">{}</text>",
                        top + 16,
                        Text(second)
                    ),
                );
            }
            // What happened once is seen as well.
            let width = match *number {
                0 => 0,
                number => (number.min(largest) * 1000 / largest).max(4),
            };
            put(
                &mut out,
                format_args!(
                    "<line class=\"raster-lijn\" x1=\"0\" y1=\"{0}\" x2=\"100%\" y2=\"{0}\"/>\
                     <rect class=\"vlak-1\" y=\"{1}\" width=\"{2}%\" height=\"10\"/>",
                    top + 28,
                    top + 23,
                    Tenths(width)
                ),
            );
            top += ROW;
        }
        if rows.is_empty() {
            draw_nothing(&mut out, self.language);
        }
        out.push_str("</svg>");
        out
    }

    /// The same numbers as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = self.rows.iter();
        let rows = rows.map(|(name, number)| (name.clone(), vec![self.language.number(*number)]));
        self.head().table(&[self.of, self.unit], rows)
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: self.id,
            language: self.language,
            title: self.title,
            description: self.description,
            unit: self.unit,
        }
    }
}

/// A name on one line, or broken between words over two; what is longer still ends in dots, and
/// stands whole in the table.
fn two_lines(name: &str) -> (String, Option<String>) {
    let mut lines: Vec<String> = Vec::new();
    for word in name.split_whitespace() {
        let long = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + long <= SIGNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ if long > SIGNS => lines.push(word.chars().take(SIGNS - 1).chain(['…']).collect()),
            _ => lines.push(word.to_owned()),
        }
    }
    let more = lines.len() > 2;
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    let second = lines
        .next()
        .map(|line| if more { line + " …" } else { line });
    (first, second)
}

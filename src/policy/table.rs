//! `tabel.csv`: examples with their outcome, for jurists to read and for the gateway to run.
//!
//! Semicolons between the cells, as a Dutch spreadsheet writes them; a cell with a semicolon or a
//! quote in it stands between quotes. A byte order mark at the start is allowed: Excel wants one.

use std::collections::BTreeMap;

use super::manifest::Manifest;
use super::mistake::Mistake;
use super::source::TABLE;
use super::table_row::{self, Row};

/// The columns, in their order. policies/README.md explains them to their authors.
pub(super) const COLUMNS: [&str; 23] = [
    "nr",
    "situatie",
    "moment",
    "aanvrager",
    "houder",
    "doel",
    "team",
    "soort",
    "gezondheid",
    "combinatie",
    "eigenaren",
    "toestemming",
    "instemming",
    "bezwaar",
    "verzoek",
    "aos",
    "schakelaars",
    "uitkomst",
    "grondslag",
    "artikel",
    "reden",
    "ontbreekt",
    "regels",
];

/// The rows of a table, parsed.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

/// The cells of one row, by column.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) line: usize,
    by_column: BTreeMap<&'static str, String>,
}

impl Cells {
    /// The trimmed text of a cell.
    pub(super) fn text(&self, column: &str) -> &str {
        self.by_column.get(column).map_or("", |cell| cell.trim())
    }
}

/// Reads the table; all mistakes go to `mistakes`.
pub(super) fn read(text: &str, manifest: &Manifest, mistakes: &mut Vec<Mistake>) -> Table {
    let mut lines = records(text.strip_prefix('\u{feff}').unwrap_or(text)).into_iter();
    let header = lines.next().map(|(_, cells)| cells).unwrap_or_default();
    if header.iter().map(|cell| cell.trim()).ne(COLUMNS) {
        mistakes.push(Mistake::at(
            TABLE,
            1,
            format!("verwacht de kolommen {}", COLUMNS.join(";")),
        ));
        return Table::default();
    }
    let mut table = Table::default();
    let mut numbers = BTreeMap::new();
    for (line, cells) in lines {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if cells.len() != COLUMNS.len() {
            mistakes.push(Mistake::at(
                TABLE,
                line,
                format!(
                    "verwacht {} cellen, dit zijn er {}",
                    COLUMNS.len(),
                    cells.len()
                ),
            ));
            continue;
        }
        let cells = Cells {
            line,
            by_column: COLUMNS.into_iter().zip(cells).collect(),
        };
        if let Some(first) = numbers.insert(cells.text("nr").to_owned(), line) {
            mistakes.push(Mistake::at(
                TABLE,
                line,
                format!("nr \"{}\" staat al op regel {first}", cells.text("nr")),
            ));
        }
        let found = table_row::read(&cells, manifest).map_err(|wrong| {
            mistakes.extend(wrong.into_iter().map(|text| Mistake::at(TABLE, line, text)));
        });
        table.rows.extend(found);
    }
    if table.rows.is_empty() && mistakes.is_empty() {
        mistakes.push(Mistake::in_file(TABLE, "de tabel heeft geen rijen"));
    }
    table
}

/// Cuts the text into rows of cells, each with its line (RFC 4180, with semicolons).
fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut records = Vec::new();
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let (mut line, mut first_line) = (1, 1);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ';' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                records.push((first_line, std::mem::take(&mut cells)));
                first_line = line;
            }
            '\r' if !quoted => {}
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        records.push((first_line, cells));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_as_a_spreadsheet_writes_them() {
        for (text, expected) in [
            ("", vec![]),
            ("a;b", vec![(1, vec!["a", "b"])]),
            ("a;\r\n;c\n", vec![(1, vec!["a", ""]), (2, vec!["", "c"])]),
            (
                "\"a;\"\"b\"\"\nc\";d\ne;f\n",
                vec![(1, vec!["a;\"b\"\nc", "d"]), (3, vec!["e", "f"])],
            ),
        ] {
            let cut = records(text);
            let cut: Vec<(usize, Vec<&str>)> = cut
                .iter()
                .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
                .collect();
            assert_eq!(cut, expected, "{text:?}");
        }
    }
}

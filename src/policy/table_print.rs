//! The outcome of a bundle's table, as a jurist reads it at the terminal: the rows that went otherwise
//! first, each with what differs, then those that went as expected.

use std::io::{self, Write};

use super::table_run::{RowFailure, RowRun, TableReport};
use crate::domain::DocumentKind;

/// The columns; the last one is as wide as it needs to be.
const HEAD: [&str; 6] = ["", "nr", "aanvraag", "soort", "verwacht", "situatie"];

/// More kinds than this are counted, not named.
const KINDS_NAMED: usize = 2;

type Cells = [String; HEAD.len()];

/// Writes the table.
pub(super) fn print(bundle: &str, report: &TableReport, out: &mut dyn Write) -> io::Result<()> {
    let failed = |row: &RowRun| {
        let of_row = report.failures.iter().filter(move |f| f.line == row.line);
        of_row.collect::<Vec<&RowFailure>>()
    };
    let mut lines: Vec<(Cells, Option<&RowFailure>)> = Vec::new();
    for row in &report.runs {
        for failure in failed(row) {
            lines.push((cells("FOUT", row, &[&failure.kind]), Some(failure)));
        }
    }
    for row in &report.runs {
        let wrong = failed(row);
        let is_good = |kind: &&DocumentKind| wrong.iter().all(|failure| failure.kind != **kind);
        let good: Vec<&DocumentKind> = row.kinds.iter().filter(is_good).collect();
        if !good.is_empty() {
            lines.push((cells("goed", row, &good), None));
        }
    }
    let head = HEAD.map(str::to_owned);
    let widths = widths(std::iter::once(&head).chain(lines.iter().map(|(cells, _)| cells)));
    line(out, &head, &widths)?;
    for (cells, failure) in &lines {
        line(out, cells, &widths)?;
        let Some(failure) = failure else { continue };
        writeln!(out, "      {bundle}/tabel.csv:{}", failure.line)?;
        for difference in &failure.differences {
            writeln!(out, "      {difference}")?;
        }
    }
    Ok(())
}

fn cells(word: &str, row: &RowRun, kinds: &[&DocumentKind]) -> Cells {
    let kinds = if kinds.len() > KINDS_NAMED {
        format!("{} soorten", kinds.len())
    } else {
        let names: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    [
        word.to_owned(),
        row.number.clone(),
        row.asked.clone(),
        kinds,
        row.expected.clone(),
        row.situation.clone(),
    ]
}

fn widths<'c>(lines: impl Iterator<Item = &'c Cells>) -> [usize; HEAD.len()] {
    let mut widths = [0; HEAD.len()];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn line(out: &mut dyn Write, cells: &Cells, widths: &[usize; HEAD.len()]) -> io::Result<()> {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    let line = padded.collect::<Vec<_>>().join("  ");
    writeln!(out, "{}", line.trim_end())
}

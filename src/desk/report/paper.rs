//! The report as a PDF to send.

use super::letter::{Letter, Section};
use crate::paper::{Block, Column, Head, Report};

impl Letter {
    /// The file.
    pub(super) fn to_pdf(&self) -> Vec<u8> {
        let l = self.l;
        let mut blocks: Vec<Block> = self.intro.iter().cloned().map(Block::Paragraph).collect();
        let number = (
            l.pick("Nummer van dit overzicht", "Number of this overview")
                .to_owned(),
            self.number.clone(),
        );
        let mut facts = self.summary.clone();
        facts.push(number);
        blocks.push(Block::Facts(facts));
        blocks.extend(self.sections.iter().flat_map(set));
        let report = Report {
            title: self.title.to_owned(),
            language: l,
            head: Head {
                organisation: self.organisation.clone(),
                line: self.office.to_owned(),
            },
            to: String::new(),
            date: self.day.clone(),
            blocks,
        };
        report.to_pdf()
    }
}

fn set(section: &Section) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(1, section.heading.clone())];
    // Over a table, what it shows is its caption.
    if section.table.is_none() {
        blocks.extend(section.text.iter().cloned().map(Block::Paragraph));
    }
    if !section.points.is_empty() {
        blocks.push(Block::List(section.points.clone()));
    }
    if let Some(table) = &section.table {
        let columns = table.columns.iter();
        let columns = columns.map(|column| Column::words(column.head, column.width));
        let rows = table.rows.iter();
        let rows = rows.map(|row| row.iter().map(|cell| cell.text.clone()).collect());
        blocks.push(Block::Table {
            caption: section.text.join(" "),
            columns: columns.collect(),
            rows: rows.collect(),
        });
    }
    blocks
}

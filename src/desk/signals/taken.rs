//! The exchanges of a signal as a file, with their addresses: for telling those concerned (AVG 34).

use std::collections::BTreeMap;

use crate::desk::log::defused;
use crate::desk::words::Wording;
use crate::exchange::officer::TakenOut;
use crate::oversight::Line;

const COLUMNS: [&str; 9] = [
    "regel",
    "tijd",
    "transactie",
    "nummeraanduiding",
    "wat",
    "documentsoort",
    "doel",
    "zaak",
    "medewerker",
];

/// The file: semicolons and CRLF. `None` when it could not be written, which nothing but a defect can
/// cause.
pub(super) fn write(
    lines: &[Line],
    opened: &[TakenOut],
    with_employees: bool,
    wording: &Wording,
) -> Option<Vec<u8>> {
    let columns = COLUMNS.len() - usize::from(!with_employees);
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().take(columns)).ok()?;
    let lines: BTreeMap<u64, &Line> = lines.iter().map(|line| (line.index, line)).collect();
    for one in opened {
        let Some(line) = lines.get(&one.index) else {
            continue;
        };
        let local = line.at.local();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            line.index.to_string(),
            format!("{} {:02}:{:02}", local.day(), local.hour(), local.minute()),
            line.transaction.to_string(),
            text(&one.address),
            wording.sentence(line),
            line.kind.to_string(),
            line.purpose.to_string(),
            text(&one.case),
            text(&one.employee),
        ];
        writer
            .write_record(cells.map(defused).iter().take(columns))
            .ok()?;
    }
    writer.into_inner().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::oversight::testing::{self, Book, ask};

    #[test]
    fn no_cell_is_a_formula_and_employees_are_left_out_unless_asked() {
        let mut book = Book::new();
        let at = testing::utc("2026-03-02T09:00");
        book.ask(at, &ask("a"));
        let index = book.index();
        let lines: Vec<Line> = index.rows().iter().map(|row| index.line(row)).collect();
        let opened = [TakenOut {
            index: 0,
            address: Some("=1+1".to_owned()),
            case: Some("@zaak;1".to_owned()),
            employee: Some("-medewerker".to_owned()),
        }];
        let wording = Wording::bare(Language::Dutch);
        for (with_employees, head, end) in [
            (false, "doel;zaak\r\n", ";\"'@zaak;1\"\r\n"),
            (
                true,
                "zaak;medewerker\r\n",
                ";\"'@zaak;1\";'-medewerker\r\n",
            ),
        ] {
            let file = write(&lines, &opened, with_employees, &wording).unwrap();
            let text = String::from_utf8(file).unwrap();
            assert!(text.contains(head), "{text}");
            assert!(text.ends_with(end), "{text}");
            assert!(text.contains(";'=1+1;"), "{text}");
            assert_eq!(text.contains("-medewerker"), with_employees);
        }
    }
}

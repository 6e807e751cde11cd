//! Lines of the log as a file: CSV (RFC 4180, save that semicolons separate the fields) or JSON.
//!
//! Employees, addresses and owners are not in it: they are not in the index it is made from. Semicolons,
//! because officers open the file in a Dutch spreadsheet, which splits at nothing else; programs have
//! the JSON.

use serde::Serialize;

use super::super::words::{self, Wording};
use crate::clock::Moment;
use crate::domain::Oin;
use crate::language::Language;
use crate::oversight::{Criteria, Line, What};
pub(in crate::desk) use crate::views::defused;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Json,
}

impl Form {
    pub(super) fn find(code: &str) -> Option<Self> {
        match code {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// What the file is called: it says nothing of what was sought.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "logboek.csv",
            Self::Json => "logboek.json",
        }
    }
}

/// What is taken out.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) criteria: Criteria,
    /// Newest first.
    pub(super) lines: Vec<Line>,
    /// How many there are in all.
    pub(super) total: usize,
    /// Entries in the book.
    pub(super) size: u64,
    pub(super) at: Moment,
}

/// One line of the file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Exported<'l> {
    regel: u64,
    tijd: String,
    tijd_utc: String,
    transactie: String,
    wat: &'static str,
    handeling: String,
    aanvrager: String,
    aanvrager_oin: String,
    bron: String,
    bron_oin: String,
    documentsoort: &'l str,
    doel: &'l str,
    uitkomst: String,
    einde: String,
    reden: &'l str,
    artikel: &'l str,
    grondslag: &'l str,
}

/// The columns, in their order.
const COLUMNS: [&str; 17] = [
    "regel",
    "tijd",
    "tijdUtc",
    "transactie",
    "wat",
    "handeling",
    "aanvrager",
    "aanvragerOin",
    "bron",
    "bronOin",
    "documentsoort",
    "doel",
    "uitkomst",
    "einde",
    "reden",
    "artikel",
    "grondslag",
];

impl<'l> Exported<'l> {
    fn new(line: &'l Line, wording: &Wording) -> Self {
        let name = |oin: Option<Oin>| oin.map_or_else(String::new, |oin| wording.organisation(oin));
        let number = |oin: Option<Oin>| oin.map_or_else(String::new, |oin| oin.to_string());
        let local = line.at.local();
        Self {
            regel: line.index,
            tijd: format!(
                "{} {:02}:{:02}:{:02}",
                local.day(),
                local.hour(),
                local.minute(),
                local.second()
            ),
            tijd_utc: line.at.to_string(),
            transactie: line.transaction.to_string(),
            wat: match line.what {
                What::Decision => "besluit",
                What::Search => "zoek",
                What::Reading => "inzage",
            },
            handeling: code(line.act),
            aanvrager: name(line.requester),
            aanvrager_oin: number(line.requester),
            bron: name(line.provider),
            bron_oin: number(line.provider),
            documentsoort: &line.kind,
            doel: &line.purpose,
            uitkomst: code(line.outcome),
            einde: code(line.end),
            reden: &line.reason,
            artikel: &line.article,
            grondslag: &line.ground,
        }
    }

    fn cells(&self) -> [String; 17] {
        [
            self.regel.to_string(),
            self.tijd.clone(),
            self.tijd_utc.clone(),
            self.transactie.clone(),
            self.wat.to_owned(),
            self.handeling.clone(),
            self.aanvrager.clone(),
            self.aanvrager_oin.clone(),
            self.bron.clone(),
            self.bron_oin.clone(),
            self.documentsoort.to_owned(),
            self.doel.to_owned(),
            self.uitkomst.clone(),
            self.einde.clone(),
            self.reden.to_owned(),
            self.artikel.to_owned(),
            self.grondslag.to_owned(),
        ]
    }
}

/// The code of the book for a value.
fn code(value: Option<impl Serialize>) -> String {
    let written = value.and_then(|value| serde_json::to_value(value).ok());
    let text = written.as_ref().and_then(serde_json::Value::as_str);
    text.unwrap_or_default().to_owned()
}

/// The file. `None` when it could not be written, which nothing but a defect can cause.
pub(super) fn write(form: Form, taken: &Taken, wording: &Wording) -> Option<Vec<u8>> {
    match form {
        Form::Csv => {
            let rows = taken.lines.iter();
            csv(rows.map(|line| Exported::new(line, wording).cells()))
        }
        Form::Json => json(taken, wording),
    }
}

fn csv(rows: impl Iterator<Item = [String; 17]>) -> Option<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS).ok()?;
    for cells in rows {
        writer.write_record(cells.map(defused)).ok()?;
    }
    writer.into_inner().ok()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'l> {
    gemaakt: Moment,
    /// Entries of the book that were there.
    omvang_logboek: u64,
    /// What was sought, without what is personal.
    criteria: serde_json::Value,
    /// What else was sought by; not which.
    persoonlijke_criteria: Vec<&'static str>,
    aantal_gevonden: u64,
    aantal_regels: u64,
    regels: Vec<Exported<'l>>,
}

fn json(taken: &Taken, wording: &Wording) -> Option<Vec<u8>> {
    let criteria = &taken.criteria;
    let personal = [
        ("adres", criteria.address.is_some()),
        ("medewerker", criteria.employee.is_some()),
        ("zaak", criteria.case.is_some()),
    ];
    let personal = personal.into_iter().filter(|(_, sought)| *sought);
    let document = Document {
        gemaakt: taken.at,
        omvang_logboek: taken.size,
        criteria: criteria.to_json(),
        persoonlijke_criteria: personal.map(|(name, _)| name).collect(),
        aantal_gevonden: taken.total as u64,
        aantal_regels: taken.lines.len() as u64,
        regels: taken
            .lines
            .iter()
            .map(|line| Exported::new(line, wording))
            .collect(),
    };
    serde_json::to_vec_pretty(&document).ok()
}

/// How many lines the file has, of how many.
pub(super) fn extent(total: usize, most: usize, l: Language) -> String {
    let number = |many: usize| words::lines(many as u64, l);
    if total > most {
        format!(
            "{} {} {} {}",
            l.pick("De nieuwste", "The newest"),
            l.number(most as u64),
            l.pick("van", "of"),
            number(total)
        )
    } else {
        number(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+31612345678", "'+31612345678"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("'=1", "'=1"),
            ("", ""),
            ("TwG 3(4)", "TwG 3(4)"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(defused(cell.to_owned()), written, "{cell:?}");
        }
    }

    #[test]
    fn every_cell_of_a_row_is_defused_and_quoted() {
        let mut cells = [const { String::new() }; 17];
        let wrong = ["=1", "+1", "-1", "@a", "\t1", "\r1", "a;b", "a\"b", "a\nb"];
        for (cell, text) in cells.iter_mut().zip(wrong) {
            text.clone_into(cell);
        }
        let file = csv(std::iter::once(cells)).unwrap();
        let text = String::from_utf8(file).unwrap();
        let (head, row) = text.split_once("\r\n").unwrap();
        assert_eq!(head, COLUMNS.join(";"));
        assert_eq!(
            row,
            "'=1;'+1;'-1;'@a;'\t1;\"'\r1\";\"a;b\";\"a\"\"b\";\"a\nb\";;;;;;;;\r\n"
        );
    }

    #[test]
    fn only_two_forms_exist() {
        for wrong in ["", "CSV", "xlsx", "csv "] {
            assert_eq!(Form::find(wrong), None, "{wrong:?}");
        }
        assert_eq!(Form::find("csv"), Some(Form::Csv));
        assert_eq!(Form::find("json"), Some(Form::Json));
    }

    #[test]
    fn a_file_says_when_it_is_not_everything() {
        let l = Language::Dutch;
        assert_eq!(extent(0, 10, l), "0 regels");
        assert_eq!(extent(1, 10, l), "1 regel");
        assert_eq!(extent(10, 10, l), "10 regels");
        assert_eq!(
            extent(1_200, 1_000, l),
            "De nieuwste 1.000 van 1.200 regels"
        );
    }
}

//! The report in words: one text, of which the page and the PDF are two forms. Plain Dutch (B1), no
//! employees, no case numbers.

use std::collections::BTreeSet;

use super::Asked;
use super::ground::Ground;
use super::tables;
use super::texts::{contact, intro, kept, nothing, responsible, rights};
use crate::desk::words::{self, Wording};
use crate::domain::{Oin, Organisation};
use crate::exchange::officer::{Choices, Officers, Shared, SharedLine, Subject};
use crate::language::Language;
use crate::ledger::entry::{Act, Outcome};
use crate::oversight::What;

/// A report to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) l: Language,
    pub(super) title: &'static str,
    /// Whose report it is, in full.
    pub(super) organisation: String,
    /// Whose part it was to make it.
    pub(super) office: &'static str,
    pub(super) day: String,
    pub(super) iso: String,
    /// The number of the report: the transaction under which its making is recorded.
    pub(super) number: String,
    pub(super) intro: Vec<String>,
    pub(super) summary: Vec<(String, String)>,
    pub(super) sections: Vec<Section>,
}

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) text: Vec<String>,
    pub(super) points: Vec<String>,
    pub(super) table: Option<Table>,
}

/// A table; the first column names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// Rows of one table on the page; the PDF has them all. So the page stays below 100 KiB.
const SHOWN_ROWS: usize = 60;

impl Table {
    /// The rows that the page has room for, each cell with the head of its column.
    pub(super) fn shown(&self) -> Vec<Vec<(&'static str, &Cell)>> {
        let heads = || self.columns.iter().map(|column| column.head);
        let rows = self.rows.iter().take(SHOWN_ROWS);
        rows.map(|row| heads().zip(row).collect()).collect()
    }

    /// What to say where the page has no room for all.
    pub(super) fn rest(&self, l: Language) -> Option<String> {
        let of = l.number(self.rows.len() as u64);
        (self.rows.len() > SHOWN_ROWS).then(|| match l {
            Language::Dutch => format!(
                "Hier staan de eerste {SHOWN_ROWS} van {of} regels; in de PDF staan ze alle."
            ),
            Language::English => {
                format!("Here are the first {SHOWN_ROWS} of {of} lines; the PDF has them all.")
            }
        })
    }
}

/// A cell: words, or a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The day, as a program reads it; empty where it is none.
    pub(super) iso: String,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            iso: String::new(),
        }
    }
}

/// A column, with its width in proportion to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) width: u16,
}

/// Under what a line of the book is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Shared,
    LookedUp,
    Refused,
    Read,
}

fn group(line: &SharedLine) -> Group {
    match line.what {
        What::Reading => Group::Read,
        What::Search => Group::LookedUp,
        What::Decision => match (line.outcome, line.act) {
            (Some(Outcome::Permitted), Some(Act::Download)) => Group::Shared,
            (Some(Outcome::Permitted | Outcome::Test), _) => Group::LookedUp,
            (Some(Outcome::Refused) | None, _) => Group::Refused,
        },
    }
}

impl Letter {
    /// The report of this organisation.
    pub(super) fn new(
        organisation: &Organisation,
        officers: &Officers,
        asked: &Asked,
        shared: &Shared,
    ) -> Self {
        let wording = Wording::new(officers, asked.language);
        Self::worded(organisation, &wording, asked, shared)
    }

    /// The same, with these names.
    pub(super) fn worded(
        organisation: &Organisation,
        wording: &Wording,
        asked: &Asked,
        shared: &Shared,
    ) -> Self {
        let l = asked.language;
        let day = shared.receipt.time.local().day();
        let mut letter = Self {
            l,
            title: match asked.subject {
                Subject::Address(_) => l.pick(
                    "Wat wij over uw adres hebben gedeeld",
                    "What we shared about your address",
                ),
                Subject::Owner(_) => l.pick(
                    "Wat wij over u als eigenaar hebben gedeeld",
                    "What we shared about you as an owner",
                ),
            },
            organisation: organisation.name.clone(),
            office: l.pick(
                "Functionaris gegevensbescherming",
                "Data protection officer",
            ),
            day: words::day(day, l),
            iso: day.to_string(),
            number: shared.receipt.transaction.to_string(),
            intro: Vec::new(),
            summary: Vec::new(),
            sections: Vec::new(),
        };
        let short = words::short_name(organisation);
        letter.intro = intro(asked, shared, &short, &letter.day);
        letter.tell(organisation, wording, shared, asked);
        letter
    }

    fn tell(
        &mut self,
        organisation: &Organisation,
        wording: &Wording,
        shared: &Shared,
        asked: &Asked,
    ) {
        let (l, own) = (self.l, organisation.oin);
        let short = &words::short_name(organisation);
        let of = |wanted| -> Vec<&SharedLine> {
            let lines = shared.lines.iter();
            lines.filter(|line| group(line) == wanted).collect()
        };
        let (given, sought) = (of(Group::Shared), of(Group::LookedUp));
        let (refused, read) = (of(Group::Refused), of(Group::Read));
        let chosen = match &shared.choices {
            Choices::Of(list) => list.as_slice(),
            Choices::OfSeveral(_) | Choices::NotHere => &[],
        };
        let is_empty = given.is_empty()
            && sought.is_empty()
            && refused.is_empty()
            && chosen.is_empty()
            && !matches!(shared.choices, Choices::OfSeveral(_));
        if is_empty {
            self.intro.push(nothing(asked, short));
        } else {
            self.summary = summary(&given, &sought, &refused, &read, own, l);
        }
        let mut rows = tables::Rows::new(wording, shared.addresses.len() > 1);
        self.sections.extend(rows.shared(&given));
        self.sections.extend(rows.looked_up(&sought));
        self.sections.extend(rows.refused(&refused));
        self.sections.extend(tables::read(&read, short, l));
        self.sections.extend(rows.choices(chosen));
        let numbers = rows.numbers();
        self.sections.extend(grounds(&given, l));
        let parties = given.iter().chain(&sought).chain(&refused);
        let parties = parties.flat_map(|line| [line.requester, line.provider]);
        let others: BTreeSet<Oin> = parties.flatten().filter(|oin| *oin != own).collect();
        let others = others.into_iter().map(|oin| wording.organisation(oin));
        self.sections
            .push(responsible(short, &others.collect::<Vec<_>>(), l));
        self.sections.push(kept(short, wording.retention(), l));
        self.sections.push(rights(short, l));
        self.sections.extend(contact(organisation, l));
        self.sections.extend(numbers);
    }
}

fn summary(
    given: &[&SharedLine],
    sought: &[&SharedLine],
    refused: &[&SharedLine],
    read: &[&SharedLine],
    own: Oin,
    l: Language,
) -> Vec<(String, String)> {
    let times = |count: usize| match (count, l) {
        (count, Language::Dutch) => format!("{} keer", l.number(count as u64)),
        (1, Language::English) => "once".to_owned(),
        (count, Language::English) => format!("{} times", l.number(count as u64)),
    };
    let parties = given
        .iter()
        .flat_map(|line| [line.requester, line.provider]);
    let others: BTreeSet<Oin> = parties.flatten().filter(|oin| *oin != own).collect();
    let documents = match (given.len(), l) {
        (1, _) => "1 document".to_owned(),
        (count, Language::Dutch) => format!("{} documenten", l.number(count as u64)),
        (count, Language::English) => format!("{} documents", l.number(count as u64)),
    };
    let with = match (others.len(), l) {
        (0, _) => String::new(),
        (1, Language::Dutch) => ", met 1 andere organisatie".to_owned(),
        (1, Language::English) => ", with 1 other organisation".to_owned(),
        (count, Language::Dutch) => format!(", met {count} andere organisaties"),
        (count, Language::English) => format!(", with {count} other organisations"),
    };
    let none = l.pick("Toen is niets gedeeld.", "Nothing was shared then.");
    let refused = match refused.len() {
        0 => times(0),
        count => format!("{}. {none}", times(count)),
    };
    let unlawful = given.iter().filter(|line| line.unlawful).count();
    let unlawful = (unlawful > 0).then(|| {
        let name = l.pick("Niet terecht gedeeld", "Wrongly shared");
        (name.to_owned(), times(unlawful))
    });
    let mut told = [
        (l.pick("Gedeeld", "Shared"), format!("{documents}{with}")),
        (l.pick("Opgezocht", "Looked up"), times(sought.len())),
        (
            l.pick("Gevraagd en geweigerd", "Asked and refused"),
            refused,
        ),
        (
            l.pick("Bekeken door toezicht", "Seen by supervision"),
            times(read.len()),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    told.splice(1..1, unlawful);
    told
}

fn grounds(given: &[&SharedLine], l: Language) -> Option<Section> {
    let on_a_ground = given.iter().filter(|line| !line.unlawful);
    let used: BTreeSet<Ground> = on_a_ground.flat_map(|line| Ground::of(line)).collect();
    (!used.is_empty()).then(|| Section {
        heading: l
            .pick("Wat de gronden betekenen", "What the grounds mean")
            .to_owned(),
        text: vec![
            l.pick(
                "In de tabel staat op welke grond in de wet een document is gedeeld. Zo is dat bij het delen vastgelegd. Het zegt nog niet of het delen terecht was. Twijfelt u daaraan? Laat het ons weten. Dit betekenen de woorden:",
                "The table says on what ground in the law a document was shared. So it was recorded when it was shared. It does not yet say that the sharing was right. Do you doubt that? Let us know. This is what the words mean:",
            )
            .to_owned(),
        ],
        points: used
            .into_iter()
            .map(|ground| ground.explained(l).to_owned())
            .collect(),
        table: None,
    })
}

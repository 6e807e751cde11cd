//! The tables of a report: each line with a number, under which its transaction stands at the end.

use super::ground::Ground;
use super::letter::{Cell, Column, Section, Table};
use crate::clock::Moment;
use crate::desk::law;
use crate::desk::words::{self, Wording};
use crate::domain::{ChoiceState, Oin};
use crate::exchange::officer::{SharedChoice, SharedLine};
use crate::language::Language;
use crate::ledger::entry::{Act, End, Judgement, Occasion};
use crate::oversight::{Standing, What};

/// Makes rows, and counts them.
pub(super) struct Rows<'w> {
    wording: &'w Wording,
    l: Language,
    /// Whether the report is about several addresses, so that each line names its own.
    names_address: bool,
    transactions: Vec<String>,
}

fn column(head: &'static str, width: u16) -> Column {
    Column { head, width }
}

fn day(at: Moment, l: Language) -> String {
    words::day(at.local().day(), l)
}

impl<'w> Rows<'w> {
    pub(super) fn new(wording: &'w Wording, names_address: bool) -> Self {
        Self {
            wording,
            l: wording.l,
            names_address,
            transactions: Vec::new(),
        }
    }

    fn name(&self, oin: Option<Oin>) -> String {
        oin.map_or_else(String::new, |oin| self.wording.organisation(oin))
    }

    /// Number, day and, where there are several, the address: what every line begins with.
    fn begin(&mut self, line: &SharedLine) -> Vec<Cell> {
        self.transactions.push(line.transaction.to_string());
        let number = self.l.number(self.transactions.len() as u64);
        let when = Cell {
            text: day(line.at, self.l),
            iso: line.at.local().day().to_string(),
        };
        let mut cells = vec![number.into(), when];
        let address = self.names_address.then(|| line.address.to_string());
        cells.extend(address.map(Cell::from));
        cells
    }

    fn columns(&self, rest: &[Column]) -> Vec<Column> {
        let l = self.l;
        let mut columns = vec![
            column(l.pick("Nr.", "No."), 3),
            column(l.pick("Wanneer", "When"), 10),
        ];
        let address = column(l.pick("Adres", "Address"), 12);
        columns.extend(self.names_address.then_some(address));
        columns.extend(rest);
        columns
    }

    /// A document by its kind and, where it says more, its title.
    fn document(&self, line: &SharedLine) -> String {
        let kind = self.wording.kind(&line.kind);
        match &line.title {
            Some(title) if !title.eq_ignore_ascii_case(&kind) => format!("{kind}: {title}"),
            _ => kind,
        }
    }

    /// What was shared.
    pub(super) fn shared(&mut self, lines: &[&SharedLine]) -> Option<Section> {
        let l = self.l;
        let rows: Vec<_> = lines.iter().map(|line| self.shared_row(line)).collect();
        let columns = self.columns(&[
            column(l.pick("Wat", "What"), 14),
            column(l.pick("Van, aan", "From, to"), 9),
            column(l.pick("Waarvoor", "What for"), 12),
            column(l.pick("Op welke grond", "On what ground"), 16),
        ]);
        section(
            l.pick("Gedeelde documenten", "Documents that were shared"),
            l.pick(
                "Deze documenten gingen van de ene organisatie naar de andere.",
                "These documents went from one organisation to the other.",
            ),
            columns,
            rows,
        )
    }

    fn shared_row(&mut self, line: &SharedLine) -> Vec<Cell> {
        let l = self.l;
        let mut cells = self.begin(line);
        let document = self.document(line);
        let how = match line.end {
            Some(End::Complete) => "",
            Some(_) => l.pick(" (niet geheel aangekomen)", " (did not wholly arrive)"),
            None => l.pick(" (nog onderweg)", " (still under way)"),
        };
        cells.push(Cell::from(format!("{document}{how}")));
        let (from, to) = (self.name(line.provider), self.name(line.requester));
        cells.push(Cell::from(format!("{from} {} {to}", l.pick("aan", "to"))));
        cells.push(Cell::from(self.wording.purpose(&line.purpose)));
        cells.push(Cell::from(self.ground(line)));
        cells
    }

    /// On what ground something was shared. Of what was judged unlawful only that is told: it had none.
    fn ground(&self, line: &SharedLine) -> String {
        let l = self.l;
        if line.unlawful {
            return l
                .pick(
                    "Dit had niet gedeeld mogen worden: zo hebben wij het achteraf beoordeeld",
                    "This should not have been shared: so we judged afterwards",
                )
                .to_owned();
        }
        let grounds: Vec<_> = Ground::of(line).iter().map(|one| one.name(l)).collect();
        let article = line.article.as_deref().unwrap_or_default();
        let mut why = [
            grounds.join(", "),
            law::article_in_words(article, l).unwrap_or_else(|| article.to_owned()),
        ]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
        if let Some(standing) = line.review {
            why.push_str(". ");
            why.push_str(reviewed(standing, l));
        }
        why
    }

    /// What was looked up, without a document being shared.
    pub(super) fn looked_up(&mut self, lines: &[&SharedLine]) -> Option<Section> {
        let l = self.l;
        let mut rows = Vec::new();
        for line in lines {
            let mut cells = self.begin(line);
            cells.push(Cell::from(self.name(line.requester)));
            cells.push(Cell::from(self.looked(line)));
            cells.push(Cell::from(self.wording.purpose(&line.purpose)));
            rows.push(cells);
        }
        let columns = self.columns(&[
            column(l.pick("Wie", "Who"), 8),
            column(l.pick("Wat", "What"), 22),
            column(l.pick("Waarvoor", "What for"), 14),
        ]);
        section(
            l.pick("Opgezocht", "Looked up"),
            l.pick(
                "Hierbij is geen document gedeeld. Wel is gekeken welke documenten er zijn, of ze gedeeld mogen worden.",
                "No document was shared here. Somebody did look which documents there are, or whether they may be shared.",
            ),
            columns,
            rows,
        )
    }

    fn looked(&self, line: &SharedLine) -> String {
        let l = self.l;
        if line.what == What::Search {
            let count = l.number(line.count.into());
            return match l {
                Language::Dutch => format!("zocht welke documenten er zijn; zag er {count}"),
                Language::English => format!("searched which documents there are; saw {count}"),
            };
        }
        let document = self.document(line);
        if line.act == Some(Act::Metadata) {
            let seen = l.pick(
                "zag de gegevens over een document, niet het document zelf",
                "saw the details of a document, not the document itself",
            );
            format!("{seen} ({document})")
        } else {
            let asked = l.pick(
                "vroeg of een document gedeeld mag worden",
                "asked whether a document may be shared",
            );
            format!("{asked} ({document})")
        }
    }

    /// What was asked for and refused.
    pub(super) fn refused(&mut self, lines: &[&SharedLine]) -> Option<Section> {
        let l = self.l;
        let mut rows = Vec::new();
        for line in lines {
            let mut cells = self.begin(line);
            cells.push(Cell::from(self.name(line.requester)));
            cells.push(Cell::from(self.document(line)));
            cells.push(Cell::from(self.wording.purpose(&line.purpose)));
            let code = line.reason.as_deref().unwrap_or_default();
            cells.push(Cell::from(self.wording.reason_explained(code)));
            rows.push(cells);
        }
        let columns = self.columns(&[
            column(l.pick("Wie vroeg", "Who asked"), 8),
            column(l.pick("Wat", "What"), 12),
            column(l.pick("Waarvoor", "What for"), 12),
            column(l.pick("Waarom niet", "Why not"), 19),
        ]);
        section(
            l.pick("Gevraagd en geweigerd", "Asked and refused"),
            l.pick(
                "Dit is gevraagd en niet gegeven. Er is niets gedeeld.",
                "This was asked and not given. Nothing was shared.",
            ),
            columns,
            rows,
        )
    }

    /// What the owner chose.
    pub(super) fn choices(&self, choices: &[SharedChoice]) -> Option<Section> {
        let l = self.l;
        let rows = choices.iter().map(|choice| {
            let kind = words::choice_kind(choice.kind, l).to_owned();
            let mut cells = vec![Cell::from(kind)];
            let address = self.names_address.then(|| choice.address.to_string());
            cells.extend(address.map(Cell::from));
            cells.push(Cell::from(state(choice, l).to_owned()));
            let receivers = choice.receivers.iter();
            let receivers = receivers.map(|oin| self.wording.organisation(*oin));
            cells.push(Cell::from(receivers.collect::<Vec<_>>().join(", ")));
            let purposes = choice.purposes.iter();
            let purposes = purposes.map(|code| self.wording.purpose(code.as_str()));
            cells.push(Cell::from(purposes.collect::<Vec<_>>().join("; ")));
            let kinds = choice.kinds.iter();
            let kinds = kinds.map(|code| self.wording.kind(code.as_str()));
            cells.push(Cell::from(kinds.collect::<Vec<_>>().join(", ")));
            let from = day(choice.from, l);
            cells.push(Cell::from(match (choice.until, l) {
                (Some(until), Language::Dutch) => format!("{from} tot {}", day(until, l)),
                (Some(until), Language::English) => format!("{from} until {}", day(until, l)),
                (None, Language::Dutch) => format!("vanaf {from}"),
                (None, Language::English) => format!("from {from}"),
            }));
            cells
        });
        let rows: Vec<_> = rows.collect();
        let mut columns = vec![column(l.pick("Keuze", "Choice"), 11)];
        let address = column(l.pick("Adres", "Address"), 12);
        columns.extend(self.names_address.then_some(address));
        columns.extend([
            column(l.pick("Stand", "State"), 8),
            column(l.pick("Voor wie", "For whom"), 7),
            column(l.pick("Waarvoor", "What for"), 13),
            column(l.pick("Welke documenten", "Which documents"), 13),
            column(l.pick("Geldig", "Valid"), 11),
        ]);
        section(
            l.pick("Uw keuzes", "Your choices"),
            l.pick(
                "Dit staat in het register over wat u als eigenaar koos.",
                "This is in the registry about what you chose as an owner.",
            ),
            columns,
            rows,
        )
    }

    /// The transactions of all lines, by their number.
    pub(super) fn numbers(&self) -> Option<Section> {
        let l = self.l;
        let rows = self.transactions.iter().zip(1..).map(|(transaction, nr)| {
            let number: u64 = nr;
            vec![
                Cell::from(l.number(number)),
                Cell::from(transaction.clone()),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let columns = vec![
            column(l.pick("Nr.", "No."), 3),
            column(l.pick("Nummer in het logboek", "Number in the log"), 30),
        ];
        section(
            l.pick("Nummers in het logboek", "Numbers in the log"),
            l.pick(
                "Hebt u een vraag over een regel? Noem dan dit nummer. Daarmee vinden wij de regel terug.",
                "Do you have a question about a line? Then name this number. With it we find the line again.",
            ),
            columns,
            rows,
        )
    }
}

/// A section with a table; none without rows.
fn section(
    heading: &str,
    text: &str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
) -> Option<Section> {
    (!rows.is_empty()).then(|| Section {
        heading: heading.to_owned(),
        text: vec![text.to_owned()],
        points: Vec::new(),
        table: Some(Table {
            caption: heading.to_owned(),
            columns,
            rows,
        }),
    })
}

/// How often officers looked, and why: not who.
pub(super) fn read(lines: &[&SharedLine], short: &str, l: Language) -> Option<Section> {
    if lines.is_empty() {
        return None;
    }
    let mut by_occasion: Vec<(Option<Occasion>, u64)> = Vec::new();
    for line in lines {
        match by_occasion
            .iter_mut()
            .find(|(why, _)| *why == line.occasion)
        {
            Some((_, count)) => *count += 1,
            None => by_occasion.push((line.occasion, 1)),
        }
    }
    let points = by_occasion.into_iter().map(|(why, count)| {
        let why = why.map_or(
            l.pick("werk aan het register", "work on the registry"),
            |why| words::occasion(why, l),
        );
        let times = match (count, l) {
            (count, Language::Dutch) => format!("{} keer", l.number(count)),
            (1, Language::English) => "once".to_owned(),
            (count, Language::English) => format!("{} times", l.number(count)),
        };
        format!("{why}: {times}")
    });
    Some(Section {
        heading: l
            .pick("Bekeken door toezicht", "Seen by supervision")
            .to_owned(),
        text: vec![match l {
            Language::Dutch => format!(
                "Privacy officers en beheerders van {short} keken in het logboek of het register naar dit adres. Ook dat wordt bijgehouden. Wat zij bekeken om uw verzoek te beantwoorden, telt hier niet mee. De reden was:"
            ),
            Language::English => format!(
                "Privacy officers and registrars of {short} looked in the log or the registry at this address. That is kept as well. What they saw to answer your request is not counted here. The reason was:"
            ),
        }],
        points: points.collect(),
        table: None,
    })
}

const fn reviewed(standing: Standing, l: Language) -> &'static str {
    match standing {
        Standing::Judged(Judgement::Lawful) => l.pick(
            "Achteraf beoordeeld: het was terecht",
            "Judged afterwards: it was right",
        ),
        Standing::Judged(_) => l.pick(
            "Achteraf beoordeeld: het was niet terecht",
            "Judged afterwards: it was not right",
        ),
        Standing::Waiting | Standing::MoreInformation | Standing::Half(_) => l.pick(
            "Een privacy officer beoordeelt dit nog",
            "A privacy officer is still to judge this",
        ),
    }
}

fn state(choice: &SharedChoice, l: Language) -> &'static str {
    let counts = matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed);
    if counts && choice.expired {
        l.pick("verlopen", "expired")
    } else {
        words::choice_state_of(choice.kind, choice.state, l)
    }
}

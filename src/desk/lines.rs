//! Lines of the log as pages list them: grouped by day, one sentence each.

use super::words::{self, Wording};
use crate::clock::Day;
use crate::ledger::entry::{Act, End, Outcome};
use crate::oversight::{Index, Line, Party, Row, What};

/// A line, and whether its review still waits for somebody of the own organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) line: Line,
    pub(super) waits: bool,
}

impl Seen {
    /// A row as this organisation sees it.
    pub(super) fn new(index: &Index, row: &Row, own: Party) -> Self {
        Self::of_line(index, index.line(row), own)
    }

    /// A line as this organisation sees it.
    pub(super) fn of_line(index: &Index, line: Line, own: Party) -> Self {
        let review = index.reviews().get(&line.index);
        Self {
            waits: review.is_some_and(|review| review.is_open(own)),
            line,
        }
    }
}

/// The lines of one day, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayOfLines {
    pub(super) iso: String,
    pub(super) name: String,
    pub(super) lines: Vec<ShownLine>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownLine {
    pub(super) iso: String,
    pub(super) time: String,
    pub(super) sentence: String,
    pub(super) path: String,
    pub(super) badge: Badge,
}

/// What a line came to: a class of the style sheet, and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

/// Where an exchange is shown.
pub(super) fn path_of(line: &Line) -> String {
    format!("/uitwisseling/{}", line.transaction)
}

/// Groups lines, which come newest first, by their day.
pub(super) fn by_day(lines: &[Seen], wording: &Wording) -> Vec<DayOfLines> {
    let mut days: Vec<DayOfLines> = Vec::new();
    let mut last = None;
    for seen in lines {
        let line = &seen.line;
        let day = line.at.local().day();
        let shown = ShownLine {
            iso: line.at.to_string(),
            time: words::clock_time(line.at, wording.l),
            sentence: wording.sentence(line),
            path: path_of(line),
            badge: badge(seen, wording),
        };
        match days.last_mut().filter(|_| last == Some(day)) {
            Some(of_day) => of_day.lines.push(shown),
            None => days.push(DayOfLines {
                iso: day.to_string(),
                name: with_weekday(day, wording),
                lines: vec![shown],
            }),
        }
        last = Some(day);
    }
    days
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("maandag", "Monday"),
    ("dinsdag", "Tuesday"),
    ("woensdag", "Wednesday"),
    ("donderdag", "Thursday"),
    ("vrijdag", "Friday"),
    ("zaterdag", "Saturday"),
    ("zondag", "Sunday"),
];

/// `dinsdag 17 maart 2026`.
fn with_weekday(day: Day, wording: &Wording) -> String {
    let l = wording.l;
    let (dutch, english) = WEEKDAYS
        .get(usize::from(day.weekday()))
        .copied()
        .unwrap_or_default();
    format!("{} {}", l.pick(dutch, english), words::day(day, l))
}

/// What a line came to.
pub(super) fn badge(seen: &Seen, wording: &Wording) -> Badge {
    let (l, line) = (wording.l, &seen.line);
    let badge = |kind, dutch, english| Badge {
        kind,
        text: l.pick(dutch, english),
    };
    match line.what {
        What::Search => badge("info", "zoekvraag", "search"),
        What::Reading => badge("info", "inzage", "reading"),
        What::Decision => match (line.outcome, line.act, line.end) {
            (Some(Outcome::Test), ..) if line.reason.is_empty() => {
                badge("toets", "getoetst: ja", "tested: yes")
            }
            (Some(Outcome::Test), ..) => badge("toets", "getoetst: nee", "tested: no"),
            (Some(Outcome::Permitted), Some(Act::Download), end) => match end {
                _ if seen.waits => {
                    badge("let-op", "gegeven, te beoordelen", "given, to be reviewed")
                }
                Some(End::Complete) => badge("ja", "gegeven", "given"),
                Some(_) => badge("let-op", "niet geheel gegeven", "not wholly given"),
                None => badge("info", "onderweg", "under way"),
            },
            (Some(Outcome::Permitted), ..) => badge("ja", "gegevens getoond", "metadata shown"),
            _ => badge("nee", "geweigerd", "refused"),
        },
    }
}

//! Signals: what stands out in the book, computed, with the numbers it was computed from. A signal is
//! no reproach: somebody looks, and judges.
//!
//! The same book gives the same signals: none of it depends on this process. A signal is known by its
//! code and by the index of the first entry of its pattern, so that what was dismissed in the book stays
//! dismissed. A dismissal is about what there was at that moment: what comes after it counts anew.

mod cases;
mod tally;
#[cfg(test)]
mod tests;
mod usual;
mod weekly;
mod whole;

use std::cmp::Reverse;
use std::sync::Arc;

pub use cases::{ADDRESSES_OF_ONE_CASE, ADDRESSES_WITHOUT_DOSSIER, FOLLOWS_WITHIN_DAYS};
pub use usual::{FEWEST_WEEKS, HISTORY_WEEKS, SPREADS, Usual};
pub use whole::{Extent, Whole};

use super::calendar::Calendar;
use super::index::Index;
use super::review::Dismissal;
use super::row::Row;
use super::search::Line;
use super::words::{ByTag, Party, Tag, Word};
use crate::clock::{Moment, Week};
use crate::domain::Oin;
pub(super) use tally::{Tally, WallWeek};

/// Patterns that ended longer ago are not told any more.
pub const SIGNAL_WEEKS: usize = 53;
/// Fewer requests of an employee in a week are never too many.
pub const EMPLOYEE_FLOOR: u64 = 20;
/// Fewer requests of an organisation for one purpose in a week are never too many.
pub const SYSTEM_FLOOR: u64 = 50;
/// So many refusals without a release between them stand out.
pub const REFUSALS_IN_A_ROW: u64 = 10;
/// After so long without a request a row of refusals has ended.
const RUN_GAP_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// So many releases outside office hours in a week stand out.
pub const OUTSIDE_HOURS: u64 = 3;
/// So many readings in a week are many, if they are …
pub const READINGS: u64 = 20;
/// … so many times those of whoever read most but one.
pub const TIMES_THE_SECOND: u64 = 3;
/// So many times its threshold is far beyond it.
const FAR: u64 = 3;
/// Exchanges that are named with a signal.
const LINES: usize = 10;
/// Signals that are told at most, the gravest.
const TOLD: usize = 500;

/// What stands out. The order is that of signals that are alike otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// Documents about many addresses in one case, without anything that followed.
    NothingFollowed,
    /// An employee got many more documents than usual.
    EmployeeVolume,
    /// Releases outside office hours.
    OutsideHours,
    /// Many refusals in a row.
    Refusals,
    /// An organisation asked much more than usual for one purpose.
    SystemVolume,
    /// An officer looked at far more than others.
    LogReadings,
}

impl SignalKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NothingFollowed,
        Self::EmployeeVolume,
        Self::OutsideHours,
        Self::Refusals,
        Self::SystemVolume,
        Self::LogReadings,
    ];

    /// The code in the book.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NothingFollowed => "doel-zonder-vervolg",
            Self::EmployeeVolume => "volume-medewerker",
            Self::OutsideHours => "buiten-kantooruren",
            Self::Refusals => "weigeringen-op-rij",
            Self::SystemVolume => "volume-systeem",
            Self::LogReadings => "lezen-van-het-logboek",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// What a signal tells besides its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Story {
    /// Of [`SignalKind::NothingFollowed`].
    NothingFollowed {
        /// Documents that were released in the case.
        releases: u64,
        /// How many addresses they were about.
        addresses: u64,
        /// At how many of those the organisation had no dossier, and got none.
        without: u64,
        /// How many employees asked.
        people: u64,
        /// How many of the documents went to the one who got most.
        by_person: u64,
        /// How many of the releases were outside office hours.
        outside: u64,
    },
    /// Of [`SignalKind::EmployeeVolume`].
    EmployeeVolume {
        /// In which week.
        week: Week,
        /// How many were refusals.
        refused: u64,
        /// What was usual.
        usual: Usual,
        /// The weeks before, and this one.
        history: Vec<(Week, u64)>,
    },
    /// Of [`SignalKind::OutsideHours`].
    OutsideHours {
        /// In which week.
        week: Week,
        /// On how many days.
        days: u64,
    },
    /// Of [`SignalKind::Refusals`].
    Refusals {
        /// For which reasons, the most frequent first.
        reasons: Vec<(Arc<str>, u64)>,
    },
    /// Of [`SignalKind::SystemVolume`].
    SystemVolume {
        /// In which week.
        week: Week,
        /// Which organisation.
        requester: Option<Oin>,
        /// For which purpose.
        purpose: Arc<str>,
        /// What was usual.
        usual: Usual,
        /// The weeks before, and this one.
        history: Vec<(Week, u64)>,
    },
    /// Of [`SignalKind::LogReadings`].
    LogReadings {
        /// In which week.
        week: Week,
        /// What whoever read most but one read in that week.
        second: u64,
        /// What was usual for this person, if there were weeks enough before.
        usual: Option<Usual>,
    },
}

/// Something that stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What.
    pub kind: SignalKind,
    /// The index of the first entry of its pattern: with the code, this is what it is known by.
    pub about: u64,
    /// When it began.
    pub from: Moment,
    /// When it was last added to.
    pub until: Moment,
    /// What was counted.
    pub observed: u64,
    /// From which number on it is a signal.
    pub threshold: u64,
    /// What else there is to tell.
    pub story: Story,
    /// Who, when it is about somebody of the own organisation. Where it is about several, who did most.
    pub person: Option<Tag>,
    /// An entry of this person, to find out who it is.
    pub entry_of_person: Option<u64>,
    /// The first of the exchanges that show it best.
    pub lines: Vec<Line>,
    /// How many more of those there are.
    pub more: u64,
    /// How many exchanges it consists of in all.
    pub exchanges: u64,
    /// Whether it was dealt with.
    pub dismissed: Option<Dismissal>,
}

impl Signal {
    /// Whether it is far beyond its threshold.
    #[must_use]
    pub const fn is_far(&self) -> bool {
        self.observed >= self.threshold.saturating_mul(FAR)
    }

    /// How grave it is. Much, or late, can have any reason; documents about houses that nobody had a
    /// dossier of were most likely asked without one.
    const fn severity(&self) -> u8 {
        match (self.is_far(), self.kind) {
            (true, SignalKind::NothingFollowed) => 2,
            (true, _) => 1,
            (false, _) => 0,
        }
    }
}

impl Index {
    /// What stands out in the exchanges of this organisation: the open ones first, the gravest and then
    /// the newest first.
    #[must_use]
    pub fn signals(&self, own: Oin, now: Moment) -> Vec<Signal> {
        let calendar = calendar(now);
        let told = in_order(self.patterns(own, &calendar))
            .into_iter()
            .take(TOLD);
        told.map(|pattern| pattern.told(self)).collect()
    }

    fn patterns<'i>(&'i self, own: Oin, calendar: &'i Calendar) -> Vec<Pattern<'i>> {
        let party = self.party(own);
        let Some(tally) = self.tally(party) else {
            return Vec::new();
        };
        let aos = self.words().find("aos");
        let look = Look {
            index: self,
            own: party,
            aos,
            calendar,
            since: calendar.start(calendar.count().saturating_sub(SIGNAL_WEEKS)),
        };
        let mut found = Vec::new();
        look.weeks_of_people(tally, &mut found);
        look.weeks_of_systems(tally, &mut found);
        look.refusals(tally, &mut found);
        look.nothing_followed(tally, &mut found);
        found
    }
}

/// The weeks that are looked at.
fn calendar(now: Moment) -> Calendar {
    let weeks = i32::try_from(SIGNAL_WEEKS + HISTORY_WEEKS).unwrap_or(i32::MAX);
    Calendar::up_to(now, weeks)
}

/// A signal, the exchanges that will be named with it, and all of them.
struct Pattern<'i> {
    signal: Signal,
    named: Vec<&'i Row>,
    rows: Vec<&'i Row>,
}

impl Pattern<'_> {
    fn told(self, index: &Index) -> Signal {
        Signal {
            lines: self.named.into_iter().map(|row| index.line(row)).collect(),
            ..self.signal
        }
    }
}

/// The open ones first; of those the gravest, then the newest; what else is told about the same person
/// follows at once, for it is mostly the same story.
fn in_order(mut found: Vec<Pattern<'_>>) -> Vec<Pattern<'_>> {
    found.sort_by_key(|Pattern { signal, .. }| {
        let dismissed = signal.dismissed.is_some();
        let grave = Reverse(signal.severity());
        let newest = Reverse(signal.until);
        (dismissed, grave, newest, signal.kind, signal.about)
    });
    // The place of the first signal about each person.
    let mut places: ByTag<usize> = ByTag::default();
    let mut placed: Vec<(bool, usize, Pattern<'_>)> = Vec::with_capacity(found.len());
    for (place, pattern) in found.into_iter().enumerate() {
        let dismissed = pattern.signal.dismissed.is_some();
        let person = pattern.signal.person.filter(|_| !dismissed);
        let place = person.map_or(place, |person| *places.entry(person).or_insert(place));
        placed.push((dismissed, place, pattern));
    }
    placed.sort_by_key(|(dismissed, place, _)| (*dismissed, *place));
    placed.into_iter().map(|(_, _, pattern)| pattern).collect()
}

/// What a pattern, or a part of one, came to.
struct Came<'i> {
    observed: u64,
    threshold: u64,
    story: Story,
    person: Option<Tag>,
    /// The exchanges to name.
    named: Vec<&'i Row>,
}

/// Looks up what signals consist of.
struct Look<'i> {
    index: &'i Index,
    own: Party,
    aos: Option<Word>,
    calendar: &'i Calendar,
    /// What ended before is not told.
    since: Moment,
}

impl<'i> Look<'i> {
    /// Makes the signals of one pattern: what was dismissed of it, and what came after that if it is
    /// enough by itself. `tell` says what rows come to.
    fn add(
        &self,
        kind: SignalKind,
        rows: &[&'i Row],
        tell: impl Fn(&[&'i Row]) -> Came<'i>,
        found: &mut Vec<Pattern<'i>>,
    ) {
        let mut rest = rows;
        while let Some(first) = rest.first() {
            let dismissed = self
                .index
                .find_dismissal(kind.code(), first.index, self.own);
            let until = dismissed.map_or(rest.len(), |dismissal| {
                let before = rest.partition_point(|row| row.index < dismissal.index);
                before.max(1)
            });
            let Some((part, after)) = rest.split_at_checked(until) else {
                return;
            };
            rest = after;
            let came = tell(part);
            let enough = came.observed >= came.threshold;
            let last = part.iter().map(|row| row.at).max();
            let Some(last) = last.filter(|last| enough && *last >= self.since) else {
                continue;
            };
            let of_person = part.iter().find(|row| Some(row.employee) == came.person);
            let more = came.named.len().saturating_sub(LINES) as u64;
            let signal = Signal {
                kind,
                about: first.index,
                from: first.at,
                until: last,
                observed: came.observed,
                threshold: came.threshold,
                story: came.story,
                person: came.person,
                entry_of_person: of_person.map(|row| row.index),
                lines: Vec::new(),
                more,
                exchanges: part.len() as u64,
                dismissed: dismissed.copied(),
            };
            let named = came.named.into_iter().take(LINES).collect();
            found.push(Pattern {
                signal,
                named,
                rows: part.to_vec(),
            });
        }
    }

    /// The rows of a week.
    fn rows_of(&self, week: usize) -> impl Iterator<Item = &'i Row> + use<'i> {
        let (from, until) = (self.calendar.start(week), self.calendar.start(week + 1));
        self.index.rows_between(Some(from), Some(until))
    }

    /// Whether a row was outside office hours; of weeks that are not looked at, it is not told.
    fn is_outside(&self, row: &Row) -> bool {
        let week = self.calendar.find(row.at);
        week.is_some_and(|week| !self.calendar.is_in_office_hours(week, row.at))
    }
}

fn is_decided(row: &Row) -> bool {
    row.is_release() || row.is_refusal()
}

//! Who did how much in which week, counted as the rows come in: each row costs the same however long
//! the book is, and to ask what stands out does not take a pass over all of it. What a signal consists
//! of is looked up after one was found.

use super::super::calendar::{Calendar, is_office_time};
use super::super::row::{Row, What};
use super::super::words::{ByTag, Party, Tag, Word};
use super::{ADDRESSES_WITHOUT_DOSSIER, REFUSALS_IN_A_ROW, RUN_GAP_MS};
use crate::clock::{Moment, Week};

/// Counts of the weeks of a calendar.
pub(super) type Weekly = Vec<u32>;

/// Counts by week, from the first in which there was something.
#[derive(Debug, Default)]
struct Counts {
    first: i32,
    list: Vec<u32>,
}

impl Counts {
    fn add(&mut self, week: i32) {
        if self.list.is_empty() {
            self.first = week;
        }
        if let Ok(missing) = usize::try_from(self.first - week)
            && missing > 0
        {
            // The times of neighbours can be a few seconds out of order.
            self.list.splice(..0, std::iter::repeat_n(0, missing));
            self.first = week;
        }
        let at = usize::try_from(week - self.first).unwrap_or_default();
        if at >= self.list.len() {
            self.list.resize(at + 1, 0);
        }
        if let Some(count) = self.list.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    fn of(&self, calendar: &Calendar) -> Weekly {
        let begin = number_of(calendar.week(0));
        let weeks = (begin..).take(calendar.count());
        let at = weeks.map(|week| usize::try_from(week - self.first).ok());
        let counts = at.map(|at| at.and_then(|at| self.list.get(at)));
        counts.map(|count| count.copied().unwrap_or(0)).collect()
    }
}

/// Weeks by a running number.
fn number_of(week: Week) -> i32 {
    week.weeks_since(Moment::EPOCH.local().day().week())
}

/// The week that the last row was in: the next one mostly is too.
#[derive(Debug)]
pub(in crate::oversight) struct WallWeek {
    number: i32,
    start: Moment,
    end: Moment,
}

impl WallWeek {
    pub(in crate::oversight) const fn new() -> Self {
        Self {
            number: 0,
            start: Moment::EPOCH,
            end: Moment::EPOCH,
        }
    }

    /// Turns to the week of this moment.
    pub(in crate::oversight) fn turn_to(&mut self, at: Moment) -> &Self {
        if at < self.start || at >= self.end {
            let week = at.local().day().week();
            *self = Self {
                number: number_of(week),
                start: week.monday().start(),
                end: week.plus_weeks(1).monday().start(),
            };
        }
        self
    }
}

/// Refusals of one employee without a release between them.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) employee: Tag,
    /// The numbers of its rows, at least one.
    pub(super) rows: Vec<u64>,
    last_at: Moment,
}

/// What an employee of the own organisation did.
#[derive(Debug)]
struct PersonCounts {
    tag: Tag,
    volume: Counts,
    outside: Counts,
    readings: Counts,
    run: Option<Run>,
}

#[derive(Debug)]
struct SystemCounts {
    requester: Party,
    purpose: Word,
    volume: Counts,
}

/// The releases in one case.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// The number of the last row.
    last: u64,
    /// Which address that was about, and how often it was another one than before.
    address: Tag,
    changes: u64,
}

/// What was counted for one organisation.
#[derive(Debug, Default)]
pub(in crate::oversight) struct Tally {
    people: Vec<PersonCounts>,
    known: ByTag<usize>,
    systems: Vec<SystemCounts>,
    /// By requester and purpose, one more than the place among the systems.
    places: Vec<usize>,
    runs: Vec<Run>,
    cases: ByTag<Case>,
    /// The cases that can be about many addresses: a case at two addresses in turn is among them.
    wide: Vec<Tag>,
}

/// What an employee did in the weeks of a calendar.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) tag: Tag,
    /// Releases and refusals.
    pub(super) volume: Weekly,
    /// Releases outside office hours.
    pub(super) outside: Weekly,
    /// What they looked at at the desk.
    pub(super) readings: Weekly,
}

/// What an organisation asked for one purpose, in the weeks of a calendar.
#[derive(Debug)]
pub(super) struct System {
    pub(super) requester: Party,
    pub(super) purpose: Word,
    pub(super) volume: Weekly,
}

/// Whether a release is in a case of which the addresses are counted: unsafe buildings are not handled
/// case by case, and are reviewed one by one.
fn is_in_case(row: &Row, own: Party, aos: Option<Word>) -> bool {
    row.requester == own && row.is_release() && row.case.is_some() && Some(row.purpose) != aos
}

/// Whether a reading was at the desk: those have a reason.
pub(super) fn is_at_desk(row: &Row) -> bool {
    row.what == What::Reading && row.occasion.is_some()
}

impl Tally {
    /// Takes the next row, of which this is the number; `own` is the organisation this is counted for,
    /// a party to it. The row learns how far back the last one of its case is.
    pub(in crate::oversight) fn take(
        &mut self,
        own: Party,
        number: u64,
        row: &mut Row,
        aos: Option<Word>,
        week: &WallWeek,
    ) {
        let (released, refused) = (row.is_release(), row.is_refusal());
        let read = is_at_desk(row);
        if !(released || refused || read) {
            return;
        }
        if released || refused {
            self.count_system(row, week.number);
        }
        if is_in_case(row, own, aos) {
            self.count_case(number, row);
        }
        if row.requester != own || !row.employee.is_some() {
            return;
        }
        let place = *self.known.entry(row.employee).or_insert(self.people.len());
        if place == self.people.len() {
            self.people.push(PersonCounts {
                tag: row.employee,
                volume: Counts::default(),
                outside: Counts::default(),
                readings: Counts::default(),
                run: None,
            });
        }
        let Some(person) = self.people.get_mut(place) else {
            return;
        };
        if read {
            person.readings.add(week.number);
            return;
        }
        self.runs.extend(person.run_on(number, row, refused));
        person.volume.add(week.number);
        let is_aos = Some(row.purpose) == aos;
        if released && !is_aos && !is_office_time(row.at.ms_since(week.start)) {
            person.outside.add(week.number);
        }
    }

    fn count_system(&mut self, row: &Row, week: i32) {
        // A book has some organisations and some hundred codes.
        let key = (row.purpose.place() << 8) | row.requester.place();
        if key >= self.places.len() {
            self.places.resize(key + 1, 0);
        }
        let Some(place) = self.places.get_mut(key) else {
            return;
        };
        if *place == 0 {
            self.systems.push(SystemCounts {
                requester: row.requester,
                purpose: row.purpose,
                volume: Counts::default(),
            });
            *place = self.systems.len();
        }
        if let Some(system) = self.systems.get_mut(*place - 1) {
            system.volume.add(week);
        }
    }

    fn count_case(&mut self, number: u64, row: &mut Row) {
        let case = self.cases.entry(row.case).or_insert(Case {
            last: number,
            address: Tag::NONE,
            changes: 0,
        });
        row.back_in_case = u32::try_from(number - case.last).unwrap_or(0);
        case.last = number;
        if case.address != row.address {
            case.address = row.address;
            case.changes += 1;
            if case.changes == ADDRESSES_WITHOUT_DOSSIER {
                self.wide.push(row.case);
            }
        }
    }

    /// Lets go of what is only about rows before this number.
    pub(in crate::oversight) fn forget(&mut self, before: u64) {
        self.cases.retain(|_, case| case.last >= before);
        self.wide.retain(|case| self.cases.contains_key(case));
        self.runs.retain(|run| run.rows.last() >= Some(&before));
    }

    /// What the people did in the weeks of this calendar.
    pub(super) fn people(&self, calendar: &Calendar) -> Vec<Person> {
        let people = self.people.iter().map(|person| Person {
            tag: person.tag,
            volume: person.volume.of(calendar),
            outside: person.outside.of(calendar),
            readings: person.readings.of(calendar),
        });
        people.collect()
    }

    /// What the organisations asked in the weeks of this calendar.
    pub(super) fn systems(&self, calendar: &Calendar) -> Vec<System> {
        let systems = self.systems.iter().map(|system| System {
            requester: system.requester,
            purpose: system.purpose,
            volume: system.volume.of(calendar),
        });
        systems.collect()
    }

    /// The long rows of refusals, those that go on still included.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        let open = self.people.iter().filter_map(|person| person.run.as_ref());
        self.runs.iter().chain(open.filter(|run| run.is_long()))
    }

    /// The number of the last row of each case that can be about many addresses.
    pub(super) fn wide_cases(&self) -> impl Iterator<Item = u64> {
        let cases = self.wide.iter().filter_map(|case| self.cases.get(case));
        cases.map(|case| case.last)
    }
}

impl Run {
    const fn is_long(&self) -> bool {
        self.rows.len() as u64 >= REFUSALS_IN_A_ROW
    }
}

impl PersonCounts {
    /// Takes the next decision; answers a run that it ended, if that was a long one.
    fn run_on(&mut self, number: u64, row: &Row, refused: bool) -> Option<Run> {
        if !refused {
            return self.run.take().filter(Run::is_long);
        }
        if let Some(run) = &mut self.run
            && row.at.ms_since(run.last_at) <= RUN_GAP_MS
        {
            run.rows.push(number);
            run.last_at = row.at;
            return None;
        }
        let begun = Run {
            employee: self.tag,
            rows: vec![number],
            last_at: row.at,
        };
        self.run.replace(begun).filter(Run::is_long)
    }
}

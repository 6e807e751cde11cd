//! One pass over the rows: who did how much in which week. Here everything is a number in a table, so
//! that a million rows take milliseconds; what a signal consists of is looked up after one was found.

use super::super::calendar::Calendar;
use super::super::row::{Row, What};
use super::super::words::{ByTag, Party, Tag, Word};
use super::{REFUSALS_IN_A_ROW, RUN_GAP_MS};
use crate::clock::Moment;

/// Counts by week, of one who counts.
pub(super) type Weekly = Vec<u32>;

/// Refusals of one employee without a release between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) employee: Tag,
    /// The place of its first row, and of its last.
    pub(super) first: usize,
    pub(super) last: usize,
    count: u64,
    last_at: Moment,
}

/// What an employee of the own organisation did.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) tag: Tag,
    /// Releases and refusals.
    pub(super) volume: Weekly,
    /// Releases outside office hours.
    pub(super) outside: Weekly,
    /// What they looked at at the desk.
    pub(super) readings: Weekly,
    run: Option<Run>,
}

/// What an organisation asked for one purpose.
#[derive(Debug)]
pub(super) struct System {
    pub(super) requester: Party,
    pub(super) purpose: Word,
    pub(super) volume: Weekly,
}

/// Which cases can be about many addresses. Two cases may share a bucket: this says only of which
/// rows the cases are looked at one by one.
#[derive(Debug)]
struct Buckets {
    /// The address that was last seen, in part, and how often it was another one.
    list: Vec<(u32, u32)>,
}

impl Buckets {
    fn new(rows: usize) -> Self {
        let size = rows.next_power_of_two().clamp(1 << 10, 1 << 22);
        Self {
            list: vec![(0, 0); size],
        }
    }

    fn place(&self, case: Tag) -> usize {
        // The size is a power of two.
        usize::try_from(case.bits()).unwrap_or_default() & (self.list.len() - 1)
    }

    fn take(&mut self, case: Tag, address: Tag) {
        let place = self.place(case);
        let Some((last, changes)) = self.list.get_mut(place) else {
            return;
        };
        let address = u32::try_from(address.bits() >> 32).unwrap_or_default();
        if *last != address {
            *last = address;
            *changes = changes.saturating_add(1);
        }
    }

    /// Whether a case can have so many addresses.
    fn can_have(&self, case: Tag, addresses: u64) -> bool {
        let found = self.list.get(self.place(case));
        found.is_some_and(|(_, changes)| u64::from(*changes) >= addresses)
    }
}

/// Everything that was counted.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) people: Vec<Person>,
    pub(super) systems: Vec<System>,
    pub(super) runs: Vec<Run>,
    buckets: Buckets,
}

/// Whether a release is in a case of which the addresses are counted: unsafe buildings are not handled
/// case by case, and are reviewed one by one.
pub(super) fn is_in_case(row: &Row, own: Party, aos: Option<Word>) -> bool {
    row.requester == own && row.is_release() && row.case.is_some() && Some(row.purpose) != aos
}

/// Whether a reading was at the desk: those have a reason.
pub(super) fn is_at_desk(row: &Row) -> bool {
    row.what == What::Reading && row.occasion.is_some()
}

impl Tally {
    pub(super) fn of(rows: &[Row], own: Party, aos: Option<Word>, calendar: &Calendar) -> Self {
        let weeks = calendar.count();
        let mut tally = Self {
            people: Vec::new(),
            systems: Vec::new(),
            runs: Vec::new(),
            buckets: Buckets::new(rows.len()),
        };
        let mut known: ByTag<usize> = ByTag::default();
        // By requester and purpose, one more than the place among the systems.
        let mut places: Vec<usize> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            if !row.is_of(own) {
                continue;
            }
            let (released, refused) = (row.is_release(), row.is_refusal());
            let read = is_at_desk(row);
            if !(released || refused || read) {
                continue;
            }
            let week = calendar.find(row.at);
            if released || refused {
                if let Some(week) = week {
                    tally.count_system(&mut places, row, week, weeks);
                }
                if is_in_case(row, own, aos) {
                    tally.buckets.take(row.case, row.address);
                }
            }
            if row.requester != own || !row.employee.is_some() {
                continue;
            }
            let place = *known.entry(row.employee).or_insert(tally.people.len());
            if place == tally.people.len() {
                tally.people.push(Person {
                    tag: row.employee,
                    volume: vec![0; weeks],
                    outside: vec![0; weeks],
                    readings: vec![0; weeks],
                    run: None,
                });
            }
            let Some(person) = tally.people.get_mut(place) else {
                continue;
            };
            if !read {
                tally.runs.extend(person.run_on(at, row, refused));
            }
            let Some(week) = week else { continue };
            if read {
                count(&mut person.readings, week);
                continue;
            }
            count(&mut person.volume, week);
            if released && Some(row.purpose) != aos && !calendar.is_in_office_hours(week, row.at) {
                count(&mut person.outside, week);
            }
        }
        let open = tally.people.iter().filter_map(|person| person.run);
        tally.runs.extend(open.filter(Run::is_long));
        tally
    }

    fn count_system(&mut self, places: &mut Vec<usize>, row: &Row, week: usize, weeks: usize) {
        // A book has some organisations and some hundred codes.
        let key = (row.purpose.place() << 8) | row.requester.place();
        if key >= places.len() {
            places.resize(key + 1, 0);
        }
        let Some(place) = places.get_mut(key) else {
            return;
        };
        if *place == 0 {
            self.systems.push(System {
                requester: row.requester,
                purpose: row.purpose,
                volume: vec![0; weeks],
            });
            *place = self.systems.len();
        }
        if let Some(system) = self.systems.get_mut(*place - 1) {
            count(&mut system.volume, week);
        }
    }

    /// Whether a case can be about so many addresses: if not, it is not.
    pub(super) fn can_have(&self, case: Tag, addresses: u64) -> bool {
        self.buckets.can_have(case, addresses)
    }
}

fn count(weekly: &mut Weekly, week: usize) {
    if let Some(count) = weekly.get_mut(week) {
        *count = count.saturating_add(1);
    }
}

impl Run {
    const fn is_long(&self) -> bool {
        self.count >= REFUSALS_IN_A_ROW
    }
}

impl Person {
    /// Takes the next decision; answers a run that it ended, if that was a long one.
    fn run_on(&mut self, at: usize, row: &Row, refused: bool) -> Option<Run> {
        let before = self.run.take();
        if !refused {
            return before.filter(Run::is_long);
        }
        let goes_on = before.filter(|run| row.at.ms_since(run.last_at) <= RUN_GAP_MS);
        self.run = Some(match goes_on {
            Some(run) => Run {
                last: at,
                last_at: row.at,
                count: run.count + 1,
                ..run
            },
            None => Run {
                employee: self.tag,
                first: at,
                last: at,
                count: 1,
                last_at: row.at,
            },
        });
        before.filter(|run| goes_on.is_none() && run.is_long())
    }
}

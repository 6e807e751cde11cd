//! What stands out within a week: an employee, an organisation, an officer at the desk.

use std::collections::BTreeMap;

use super::super::row::Row;
use super::super::words::ByTag;
use super::tally::{Person, Tally, Weekly, is_at_desk};
use super::usual::{HISTORY_WEEKS, Usual};
use super::{
    Came, EMPLOYEE_FLOOR, Look, OUTSIDE_HOURS, Pattern, READINGS, SIGNAL_WEEKS, SYSTEM_FLOOR,
    SignalKind, Story, TIMES_THE_SECOND, is_decided,
};
use crate::clock::Week;

/// A week that stands out for somebody.
struct Wanted<'t> {
    kind: SignalKind,
    person: &'t Person,
    usual: Option<Usual>,
    threshold: u64,
    second: u64,
}

/// The weeks that are told of in which so much was counted.
fn told_weeks(weekly: &Weekly, floor: u64) -> impl Iterator<Item = (usize, u64)> {
    let counts = weekly.iter().map(|count| u64::from(*count)).enumerate();
    let told = counts.skip(weekly.len().saturating_sub(SIGNAL_WEEKS));
    told.filter(move |(_, count)| *count >= floor)
}

/// What was usual in the weeks before a week, since this began.
fn usual_before(weekly: &Weekly, week: usize) -> Option<Usual> {
    Usual::of(weekly.get(begin(weekly, week)..week).unwrap_or_default())
}

/// The first of the weeks that a week is compared with: before somebody began there is nothing.
fn begin(weekly: &Weekly, week: usize) -> usize {
    let begun = weekly.iter().position(|count| *count > 0).unwrap_or(0);
    begun.max(week.saturating_sub(HISTORY_WEEKS)).min(week)
}

impl<'i> Look<'i> {
    /// Of employees and officers of the own organisation.
    pub(super) fn weeks_of_people(&self, tally: &Tally, found: &mut Vec<Pattern<'i>>) {
        let mut by_week: BTreeMap<usize, Vec<Wanted<'_>>> = BTreeMap::new();
        let people = tally.people(self.calendar);
        for person in &people {
            for (week, wanted) in wanted(person, &people) {
                by_week.entry(week).or_default().push(wanted);
            }
        }
        for (week, all) in by_week {
            // The rows of the week are gone through once, however many people stand out in it.
            let mut rows: ByTag<Vec<&'i Row>> = ByTag::default();
            for one in &all {
                rows.entry(one.person.tag).or_default();
            }
            for row in self.rows_of(week).filter(|row| row.requester == self.own) {
                if let Some(rows) = rows.get_mut(&row.employee) {
                    rows.push(row);
                }
            }
            for one in all {
                let rows = rows.get(&one.person.tag).map_or(&[][..], Vec::as_slice);
                let rows = rows.iter().copied();
                let rows: Vec<&Row> = rows.filter(|row| self.counts(one.kind, row)).collect();
                let tell = |rows: &[&'i Row]| self.tell_week(week, &one, rows);
                self.add(one.kind, &rows, tell, found);
            }
        }
    }

    /// Whether a row counts for a kind of signal.
    fn counts(&self, kind: SignalKind, row: &Row) -> bool {
        match kind {
            SignalKind::OutsideHours => {
                row.is_release() && Some(row.purpose) != self.aos && self.is_outside(row)
            }
            SignalKind::LogReadings => is_at_desk(row),
            _ => is_decided(row),
        }
    }

    fn tell_week(&self, week: usize, one: &Wanted<'_>, rows: &[&'i Row]) -> Came<'i> {
        let calendar_week = self.calendar.week(week);
        let story = match (one.kind, one.usual) {
            (SignalKind::OutsideHours, _) => {
                let mut days: Vec<_> = rows.iter().map(|row| row.at.local().day()).collect();
                days.sort_unstable();
                days.dedup();
                Story::OutsideHours {
                    week: calendar_week,
                    days: days.len() as u64,
                }
            }
            (SignalKind::EmployeeVolume, Some(usual)) => Story::EmployeeVolume {
                week: calendar_week,
                refused: rows.iter().filter(|row| row.is_refusal()).count() as u64,
                usual,
                history: self.history(&one.person.volume, week),
            },
            (_, usual) => Story::LogReadings {
                week: calendar_week,
                second: one.second,
                usual,
            },
        };
        Came {
            observed: rows.len() as u64,
            threshold: one.threshold,
            story,
            person: Some(one.person.tag),
            named: rows.to_vec(),
        }
    }

    pub(super) fn weeks_of_systems(&self, tally: &Tally, found: &mut Vec<Pattern<'i>>) {
        for system in tally.systems(self.calendar) {
            for (week, count) in told_weeks(&system.volume, SYSTEM_FLOOR) {
                let usual = usual_before(&system.volume, week);
                let Some(usual) = usual.filter(|usual| count >= usual.threshold(SYSTEM_FLOOR))
                else {
                    continue;
                };
                let rows = self.rows_of(week).filter(|row| {
                    row.requester == system.requester
                        && row.purpose == system.purpose
                        && row.is_of(self.own)
                        && is_decided(row)
                });
                let rows: Vec<&Row> = rows.collect();
                let tell = |rows: &[&'i Row]| Came {
                    observed: rows.len() as u64,
                    threshold: usual.threshold(SYSTEM_FLOOR),
                    story: Story::SystemVolume {
                        week: self.calendar.week(week),
                        requester: self.index.oin(system.requester),
                        purpose: self.index.text(system.purpose).into(),
                        usual,
                        history: self.history(&system.volume, week),
                    },
                    person: None,
                    named: rows.to_vec(),
                };
                self.add(SignalKind::SystemVolume, &rows, tell, found);
            }
        }
    }

    /// A week and those it is compared with, to be drawn.
    fn history(&self, weekly: &Weekly, week: usize) -> Vec<(Week, u64)> {
        let from = begin(weekly, week);
        let counts = weekly.get(from..=week).unwrap_or_default().iter();
        let counts = counts.zip(from..);
        counts
            .map(|(count, at)| (self.calendar.week(at), u64::from(*count)))
            .collect()
    }
}

/// The weeks that stand out for somebody, by their place.
fn wanted<'t>(person: &'t Person, people: &[Person]) -> Vec<(usize, Wanted<'t>)> {
    let mut all = Vec::new();
    let mut want = |week, kind, usual, threshold, second| {
        let wanted = Wanted {
            kind,
            person,
            usual,
            threshold,
            second,
        };
        all.push((week, wanted));
    };
    for (week, count) in told_weeks(&person.volume, EMPLOYEE_FLOOR) {
        let usual = usual_before(&person.volume, week);
        let threshold = usual.map(|usual| usual.threshold(EMPLOYEE_FLOOR));
        if let Some(threshold) = threshold.filter(|threshold| count >= *threshold) {
            want(week, SignalKind::EmployeeVolume, usual, threshold, 0);
        }
    }
    for (week, _) in told_weeks(&person.outside, OUTSIDE_HOURS) {
        want(week, SignalKind::OutsideHours, None, OUTSIDE_HOURS, 0);
    }
    for (week, count) in told_weeks(&person.readings, READINGS) {
        let others = people.iter().filter(|other| other.tag != person.tag);
        let of_others = others.filter_map(|other| other.readings.get(week));
        let second = of_others.copied().max().map_or(0, u64::from);
        let usual = usual_before(&person.readings, week);
        let own_past = usual.map_or(0, |usual| usual.threshold(READINGS));
        let threshold = READINGS.max(TIMES_THE_SECOND * second).max(own_past);
        if count >= threshold {
            want(week, SignalKind::LogReadings, usual, threshold, second);
        }
    }
    all
}

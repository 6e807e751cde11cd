//! What stands out within a week: an employee, an organisation, an officer at the desk.

use super::super::row::Row;
use super::super::words::Tag;
use super::tally::{Tally, Weekly, is_at_desk};
use super::usual::{HISTORY_WEEKS, Usual};
use super::{
    Came, EMPLOYEE_FLOOR, Look, OUTSIDE_HOURS, READINGS, SIGNAL_WEEKS, SYSTEM_FLOOR, Signal,
    SignalKind, Story, TIMES_THE_SECOND, is_decided,
};
use crate::clock::Week;

/// A week that is compared with those before it.
struct Compared {
    week: usize,
    count: u64,
    usual: Option<Usual>,
}

/// The weeks that are told of in which something was counted, each with what was usual before it.
fn compared(weekly: &Weekly, floor: u64) -> impl Iterator<Item = Compared> {
    // Before somebody began there is nothing to compare with.
    let begun = weekly.iter().position(|count| *count > 0).unwrap_or(0);
    let told = weekly.len().saturating_sub(SIGNAL_WEEKS)..weekly.len();
    told.filter_map(move |week| {
        let count = weekly.get(week).copied().map(u64::from)?;
        if count < floor {
            return None;
        }
        let from = begun.max(week.saturating_sub(HISTORY_WEEKS));
        let usual = weekly.get(from..week).and_then(Usual::of);
        Some(Compared { week, count, usual })
    })
}

impl<'i> Look<'i> {
    /// A week and those before it, to be drawn.
    fn history(&self, weekly: &Weekly, week: usize) -> Vec<(Week, u64)> {
        let from = week.saturating_sub(HISTORY_WEEKS);
        let begun = weekly.iter().position(|count| *count > 0).unwrap_or(0);
        let counts = weekly.iter().enumerate().skip(from.max(begun));
        let counts = counts.take_while(|(at, _)| *at <= week);
        counts
            .map(|(at, count)| (self.calendar.week(at), u64::from(*count)))
            .collect()
    }

    pub(super) fn employee_volume(&self, tally: &Tally, found: &mut Vec<Signal>) {
        for person in &tally.people {
            for Compared { week, count, usual } in compared(&person.volume, EMPLOYEE_FLOOR) {
                let Some(usual) = usual.filter(|usual| count >= usual.threshold(EMPLOYEE_FLOOR))
                else {
                    continue;
                };
                let rows = self.rows_of(week, |row| self.is_by(row, person.tag) && is_decided(row));
                let tell = |rows: &[&'i Row]| Came {
                    observed: rows.len() as u64,
                    threshold: usual.threshold(EMPLOYEE_FLOOR),
                    story: Story::EmployeeVolume {
                        week: self.calendar.week(week),
                        refused: rows.iter().filter(|row| row.is_refusal()).count() as u64,
                        usual,
                        history: self.history(&person.volume, week),
                    },
                    person: Some(person.tag),
                    named: rows.to_vec(),
                };
                self.add(SignalKind::EmployeeVolume, &rows, tell, found);
            }
        }
    }

    pub(super) fn system_volume(&self, tally: &Tally, found: &mut Vec<Signal>) {
        for system in &tally.systems {
            for Compared { week, count, usual } in compared(&system.volume, SYSTEM_FLOOR) {
                let Some(usual) = usual.filter(|usual| count >= usual.threshold(SYSTEM_FLOOR))
                else {
                    continue;
                };
                let rows = self.rows_of(week, |row| {
                    row.requester == system.requester
                        && row.purpose == system.purpose
                        && row.is_of(self.own)
                        && is_decided(row)
                });
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

    pub(super) fn outside_hours(&self, tally: &Tally, found: &mut Vec<Signal>) {
        for person in &tally.people {
            for Compared { week, .. } in compared(&person.outside, OUTSIDE_HOURS) {
                let rows = self.rows_of(week, |row| {
                    self.is_by(row, person.tag)
                        && row.is_release()
                        && Some(row.purpose) != self.aos
                        && self.is_outside(row)
                });
                let tell = |rows: &[&'i Row]| {
                    let mut days: Vec<_> = rows.iter().map(|row| row.at.local().day()).collect();
                    days.dedup();
                    Came {
                        observed: rows.len() as u64,
                        threshold: OUTSIDE_HOURS,
                        story: Story::OutsideHours {
                            week: self.calendar.week(week),
                            days: days.len() as u64,
                        },
                        person: Some(person.tag),
                        named: rows.to_vec(),
                    }
                };
                self.add(SignalKind::OutsideHours, &rows, tell, found);
            }
        }
    }

    pub(super) fn log_readings(&self, tally: &Tally, found: &mut Vec<Signal>) {
        for person in &tally.people {
            for Compared { week, usual, .. } in compared(&person.readings, READINGS) {
                let others = tally.people.iter().filter(|other| other.tag != person.tag);
                let of_others = others.filter_map(|other| other.readings.get(week));
                let second = of_others.copied().max().map_or(0, u64::from);
                let own_past = usual.map_or(0, |usual| usual.threshold(READINGS));
                let threshold = READINGS.max(TIMES_THE_SECOND * second).max(own_past);
                let rows = self.rows_of(week, |row| self.is_by(row, person.tag) && is_at_desk(row));
                let tell = |rows: &[&'i Row]| Came {
                    observed: rows.len() as u64,
                    threshold,
                    story: Story::LogReadings {
                        week: self.calendar.week(week),
                        second,
                        usual,
                    },
                    person: Some(person.tag),
                    named: rows.to_vec(),
                };
                self.add(SignalKind::LogReadings, &rows, tell, found);
            }
        }
    }

    /// Whether somebody of the own organisation did this.
    pub(super) fn is_by(&self, row: &Row, person: Tag) -> bool {
        row.requester == self.own && row.employee == person
    }
}

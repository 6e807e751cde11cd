//! Weeks of the calendar in a row (ISO 8601, as the clock on the wall has them), found by a division
//! instead of by the calendar: a long book has a million times to place.

use crate::clock::{Moment, Week};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// When the offices open, and when they close, as the clock on the wall has it.
pub const OFFICE_HOURS: (u8, u8) = (7, 19);
/// The days they are open, from Monday.
const OFFICE_DAYS: i64 = 5;

/// Some weeks in a row.
#[derive(Debug, Clone)]
pub struct Calendar {
    first: Week,
    /// The first moment of each week, and of the week after the last.
    starts: Vec<i64>,
}

impl Calendar {
    /// So many weeks, the last of them the one that `now` is in.
    #[must_use]
    pub fn up_to(now: Moment, weeks: i32) -> Self {
        let first = now.local().day().week().plus_weeks(1 - weeks.max(1));
        let starts = 0..=weeks.max(1);
        let starts = starts.map(|at| first.plus_weeks(at).monday().start().unix_ms());
        Self {
            first,
            starts: starts.collect(),
        }
    }

    /// How many weeks there are: at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// A week by its place.
    #[must_use]
    pub fn week(&self, at: usize) -> Week {
        self.first.plus_weeks(i32::try_from(at).unwrap_or(0))
    }

    /// The first moment of a week, or of the week after the last.
    #[must_use]
    pub fn start(&self, at: usize) -> Moment {
        let ms = self.starts.get(at).or(self.starts.last());
        Moment::EPOCH.plus_ms(ms.copied().unwrap_or_default())
    }

    /// The place of the week that a moment is in.
    #[must_use]
    pub fn find(&self, at: Moment) -> Option<usize> {
        let ms = at.unix_ms();
        let guess = usize::try_from((ms - self.starts.first()?).div_euclid(WEEK_MS)).ok()?;
        // A week in which the clock is moved is an hour shorter or longer than seven days.
        let near = [Some(guess), guess.checked_sub(1), guess.checked_add(1)];
        near.into_iter().flatten().find(|week| {
            let start = self.starts.get(*week).is_some_and(|start| *start <= ms);
            start && self.starts.get(week + 1).is_some_and(|end| ms < *end)
        })
    }

    /// How long after the beginning of its week a moment is, in milliseconds.
    #[must_use]
    pub fn into_week_ms(&self, week: usize, at: Moment) -> i64 {
        at.ms_since(self.start(week))
    }

    /// Whether the offices are open at a moment of this week. Holidays are days like others.
    #[must_use]
    pub fn is_in_office_hours(&self, week: usize, at: Moment) -> bool {
        is_office_time(self.into_week_ms(week, at))
    }
}

/// Whether the offices are open so many milliseconds after the beginning of a week.
pub(super) fn is_office_time(into_week_ms: i64) -> bool {
    // The clock is moved in the night before a Sunday's morning: until the end of Friday every day
    // has twenty-four hours.
    let (opens, closes) = OFFICE_HOURS;
    let open = i64::from(opens) * HOUR_MS..i64::from(closes) * HOUR_MS;
    into_week_ms.div_euclid(DAY_MS) < OFFICE_DAYS && open.contains(&into_week_ms.rem_euclid(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn a_moment_is_found_in_the_week_the_calendar_gives_it() {
        // Three years, with every change of the clock, and two turns of the year.
        let calendar = Calendar::up_to(at("2027-02-10T10:00:00Z"), 160);
        assert_eq!(calendar.count(), 160);
        let (start, end) = (calendar.start(0), calendar.start(160));
        assert_eq!(calendar.find(start.plus_ms(-1)), None);
        assert_eq!(calendar.find(end), None);
        assert_eq!(calendar.find(Moment::EPOCH), None);
        for hour in 0..end.ms_since(start) / HOUR_MS {
            for ms in [0, HOUR_MS - 1] {
                let moment = start.plus_ms(hour * HOUR_MS + ms);
                let found = calendar.find(moment).unwrap();
                assert_eq!(calendar.week(found), moment.local().day().week());
                let local = moment.local();
                let open = (7..19).contains(&local.hour()) && !local.day().is_weekend();
                let says = calendar.is_in_office_hours(found, moment);
                assert_eq!(says, open, "{moment}");
            }
        }
    }
}

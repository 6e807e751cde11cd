//! The time on the wall in the Netherlands: what officers read and type, and what office hours are.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{self, TimeZone};

use super::Moment;

/// Built in, so that it does not depend on what is installed.
static AMSTERDAM: TimeZone = tz::get!("Europe/Amsterdam");

/// A moment as the clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local(DateTime);

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A week of the calendar (ISO 8601), by its Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week(Date);

/// What is not a day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a day such as 2026-03-31")]
pub struct NotADay;

impl Moment {
    /// The time on the wall at this moment.
    #[must_use]
    pub fn local(self) -> Local {
        let stamp = Timestamp::from_millisecond(self.unix_ms()).unwrap_or_default();
        Local(AMSTERDAM.to_datetime(stamp))
    }
}

impl Local {
    /// Its day.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0.date())
    }

    /// Its hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> u8 {
        self.0.hour().unsigned_abs()
    }

    /// Its minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u8 {
        self.0.minute().unsigned_abs()
    }

    /// Its second, 0 to 59.
    #[must_use]
    pub fn second(self) -> u8 {
        self.0.second().unsigned_abs()
    }
}

impl Day {
    /// Reads a day as a date field of a form sends it: `2026-03-31`.
    ///
    /// # Errors
    /// [`NotADay`].
    pub fn parse(text: &str) -> Result<Self, NotADay> {
        if text.len() != 10 {
            return Err(NotADay);
        }
        text.parse().map(Self).map_err(|_| NotADay)
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Moment {
        let zoned = self.0.to_zoned(AMSTERDAM.clone());
        let ms = zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond());
        Moment::from_unix_ms(ms).unwrap_or(Moment::EPOCH)
    }

    /// So many days later; earlier, when negative.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let span = jiff::Span::new().try_days(days).unwrap_or_default();
        Self(self.0.saturating_add(span))
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.0.month().unsigned_abs()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day_of_month(self) -> u8 {
        self.0.day().unsigned_abs()
    }

    /// The day of the week, Monday is 0.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_zero_offset().unsigned_abs()
    }

    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// Its week.
    #[must_use]
    pub fn week(self) -> Week {
        Week(self.plus_days(-i32::from(self.weekday())).0)
    }

    /// How many days this is after another day.
    #[must_use]
    pub fn days_since(self, other: Self) -> i32 {
        self.0
            .duration_since(other.0)
            .as_hours()
            .try_into()
            .map_or(0, |hours: i32| hours / 24)
    }
}

impl std::fmt::Display for Day {
    /// As a date field of a form shows it: `2026-03-31`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Week {
    /// Its Monday.
    #[must_use]
    pub const fn monday(self) -> Day {
        Day(self.0)
    }

    /// Its number in its year, 1 to 53.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0.iso_week_date().week().unsigned_abs()
    }

    /// How many weeks this is after another week.
    #[must_use]
    pub fn weeks_since(self, other: Self) -> i32 {
        self.monday().days_since(other.monday()) / 7
    }

    /// So many weeks later; earlier, when negative.
    #[must_use]
    pub fn plus_weeks(self, weeks: i32) -> Self {
        Self(self.monday().plus_days(weeks.saturating_mul(7)).0)
    }
}

impl std::fmt::Display for Week {
    /// As ISO 8601 writes it: `2026-W03`. The year is that of its Thursday.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let year = self.monday().plus_days(3).year();
        write!(f, "{year:04}-W{:02}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_the_wall_moves_an_hour_in_spring_and_in_autumn() {
        for (utc, day, hour, minute) in [
            ("2026-01-15T23:30:00Z", "2026-01-16", 0, 30),
            ("2026-03-29T00:59:00Z", "2026-03-29", 1, 59),
            ("2026-03-29T01:00:00Z", "2026-03-29", 3, 0),
            ("2026-07-01T22:00:00Z", "2026-07-02", 0, 0),
            ("2026-10-25T00:30:00Z", "2026-10-25", 2, 30),
            ("2026-10-25T01:30:00Z", "2026-10-25", 2, 30),
        ] {
            let local = Moment::parse(utc).unwrap().local();
            let found = (local.day().to_string(), local.hour(), local.minute());
            assert_eq!(found, (day.to_owned(), hour, minute), "{utc}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_here() {
        for (day, start) in [
            ("2026-01-01", "2025-12-31T23:00:00.000Z"),
            ("2026-07-01", "2026-06-30T22:00:00.000Z"),
            ("2026-03-30", "2026-03-29T22:00:00.000Z"),
        ] {
            assert_eq!(Day::parse(day).unwrap().start().to_string(), start);
        }
        for wrong in [
            "",
            "2026-3-1",
            "2026-02-30",
            "20260301",
            "01-03-2026",
            "2026-03-01 ",
        ] {
            assert_eq!(Day::parse(wrong), Err(NotADay), "{wrong:?}");
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        for (day, week, monday, written) in [
            ("2026-01-01", 1, "2025-12-29", "2026-W01"),
            ("2026-12-31", 53, "2026-12-28", "2026-W53"),
            ("2027-01-03", 53, "2026-12-28", "2026-W53"),
            ("2027-01-04", 1, "2027-01-04", "2027-W01"),
        ] {
            let found = Day::parse(day).unwrap().week();
            assert_eq!(found.to_string(), written);
            let found = (found.number(), found.monday().to_string());
            assert_eq!(found, (week, monday.to_owned()), "{day}");
        }
        let day = Day::parse("2026-03-29").unwrap();
        assert_eq!(day.plus_days(2).days_since(day), 2);
        assert_eq!(day.week().plus_weeks(-1).monday().to_string(), "2026-03-16");
    }
}

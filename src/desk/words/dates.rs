//! Days and times as people say them.

use crate::clock::{Day, Moment, Week};
use crate::language::Language;

/// A day as people write it: `18 maart 2026`.
pub(in crate::desk) fn day(day: Day, l: Language) -> String {
    format!(
        "{} {} {}",
        day.day_of_month(),
        l.month(day.month()),
        day.year()
    )
}

/// A week as people speak of it: `week 12 (16 tot en met 22 maart 2026)`.
pub(in crate::desk) fn week(week: Week, l: Language) -> String {
    let (monday, sunday) = (week.monday(), week.monday().plus_days(6));
    let first = if monday.month() == sunday.month() {
        monday.day_of_month().to_string()
    } else {
        format!("{} {}", monday.day_of_month(), l.month(monday.month()))
    };
    format!(
        "week {} ({first} {} {})",
        week.number(),
        l.pick("tot en met", "to"),
        day(sunday, l)
    )
}

/// A moment as people write it: `18 maart 2026 om 9.12 uur`.
pub(in crate::desk) fn moment(at: Moment, l: Language) -> String {
    let local = at.local();
    let written = day(local.day(), l);
    match l {
        Language::Dutch => {
            format!("{written} om {}.{:02} uur", local.hour(), local.minute())
        }
        Language::English => {
            format!("{written} at {}:{:02}", local.hour(), local.minute())
        }
    }
}

/// The time of day: `9.12`.
pub(in crate::desk) fn clock_time(at: Moment, l: Language) -> String {
    let local = at.local();
    format!("{}{}{:02}", local.hour(), l.pick(".", ":"), local.minute())
}

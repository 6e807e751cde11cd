//! Terms in words: days to judge, hours to notify. Each with the colour of its badge.

use crate::clock::Moment;
use crate::language::Language;

/// From so many days left on, a term asks for attention.
const NEAR_DAYS: i32 = 3;
/// From so many hours left on, a clock does.
const NEAR_HOURS: i64 = 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// How a term stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// In words: `nog 3 dagen`.
    pub(super) text: String,
    /// The badge: `nee` when it has passed, `let-op` when it is near, or nothing.
    pub(super) kind: &'static str,
}

/// A term in days of the calendar here.
pub(super) fn days(due: Moment, now: Moment, l: Language) -> Term {
    let left = due.local().day().days_since(now.local().day());
    let (text, kind) = match left {
        _ if due <= now && left == 0 => (
            l.pick("vandaag verlopen", "ran out today").to_owned(),
            "nee",
        ),
        1 => (l.pick("nog 1 dag", "1 day left").to_owned(), "let-op"),
        0 => (l.pick("nog vandaag", "today").to_owned(), "let-op"),
        -1 => (l.pick("1 dag te laat", "1 day late").to_owned(), "nee"),
        late if late < 0 => {
            let days = l.number(late.unsigned_abs().into());
            (
                format!("{days} {}", l.pick("dagen te laat", "days late")),
                "nee",
            )
        }
        left => {
            let days = l.number(left.unsigned_abs().into());
            let text = match l {
                Language::Dutch => format!("nog {days} dagen"),
                Language::English => format!("{days} days left"),
            };
            (text, if left <= NEAR_DAYS { "let-op" } else { "" })
        }
    };
    Term { text, kind }
}

/// A term in hours.
pub(super) fn hours(before: Moment, now: Moment, l: Language) -> Term {
    let left_ms = before.ms_since(now);
    let hours = left_ms.abs() / HOUR_MS;
    let number = l.number(hours.unsigned_abs());
    let (text, kind) = match (left_ms > 0, hours) {
        (true, 0) => (
            l.pick("nog geen uur", "less than an hour left").to_owned(),
            "nee",
        ),
        (true, _) => (
            match l {
                Language::Dutch => format!("nog {number} uur"),
                Language::English if hours == 1 => "1 hour left".to_owned(),
                Language::English => format!("{number} hours left"),
            },
            if hours < NEAR_HOURS { "nee" } else { "let-op" },
        ),
        (false, 0) => (l.pick("zojuist verlopen", "just ran out").to_owned(), "nee"),
        (false, _) => (
            match l {
                Language::Dutch => format!("{number} uur te laat"),
                Language::English if hours == 1 => "1 hour late".to_owned(),
                Language::English => format!("{number} hours late"),
            },
            "nee",
        ),
    };
    Term { text, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn days_are_those_of_the_calendar_here() {
        let due = at("2026-03-20T10:00:00Z");
        for (now, dutch, english, kind) in [
            (
                "2026-04-20T10:00:00Z",
                "31 dagen te laat",
                "31 days late",
                "nee",
            ),
            ("2026-03-20T23:30:00Z", "1 dag te laat", "1 day late", "nee"),
            (
                "2026-03-20T10:00:00Z",
                "vandaag verlopen",
                "ran out today",
                "nee",
            ),
            ("2026-03-20T09:59:59Z", "nog vandaag", "today", "let-op"),
            ("2026-03-19T22:59:00Z", "nog 1 dag", "1 day left", "let-op"),
            // An hour later it is the 20th here.
            ("2026-03-19T23:01:00Z", "nog vandaag", "today", "let-op"),
            (
                "2026-03-17T12:00:00Z",
                "nog 3 dagen",
                "3 days left",
                "let-op",
            ),
            ("2026-03-06T10:00:00Z", "nog 14 dagen", "14 days left", ""),
        ] {
            let term = days(due, at(now), Language::Dutch);
            assert_eq!((term.text.as_str(), term.kind), (dutch, kind), "{now}");
            assert_eq!(days(due, at(now), Language::English).text, english, "{now}");
        }
    }

    #[test]
    fn hours_are_whole_ones_that_are_left() {
        let before = at("2026-03-20T12:00:00Z");
        for (now, dutch, english, kind) in [
            (
                "2026-03-21T13:30:00Z",
                "25 uur te laat",
                "25 hours late",
                "nee",
            ),
            (
                "2026-03-20T13:00:00Z",
                "1 uur te laat",
                "1 hour late",
                "nee",
            ),
            (
                "2026-03-20T12:00:00Z",
                "zojuist verlopen",
                "just ran out",
                "nee",
            ),
            (
                "2026-03-20T11:30:00Z",
                "nog geen uur",
                "less than an hour left",
                "nee",
            ),
            ("2026-03-20T11:00:00Z", "nog 1 uur", "1 hour left", "nee"),
            (
                "2026-03-18T09:00:00Z",
                "nog 51 uur",
                "51 hours left",
                "let-op",
            ),
            (
                "2026-03-17T12:00:00Z",
                "nog 72 uur",
                "72 hours left",
                "let-op",
            ),
        ] {
            let term = hours(before, at(now), Language::Dutch);
            assert_eq!((term.text.as_str(), term.kind), (dutch, kind), "{now}");
            assert_eq!(hours(before, at(now), Language::English).text, english);
        }
    }
}

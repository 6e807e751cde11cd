//! How many, how long, and one after the other.

use std::time::Duration;

use crate::language::Language;

/// So many lines of the log: `1 regel`, `132 regels`.
pub(in crate::desk) fn lines(many: u64, l: Language) -> String {
    let name = match many {
        1 => l.pick("regel", "line"),
        _ => l.pick("regels", "lines"),
    };
    format!("{} {name}", l.number(many))
}

/// `a`, `a en b`, `a, b en c`.
pub(in crate::desk) fn in_a_row(all: &[String], l: Language) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), l.pick("en", "and")),
    }
}

/// A span of time in whole units, the largest of which there are two: `90 seconden`, `3 uur`.
fn span(span: Duration, l: Language) -> String {
    let seconds = span.as_secs();
    let (many, one, more) = match seconds {
        0..120 => (
            seconds,
            l.pick("seconde", "second"),
            l.pick("seconden", "seconds"),
        ),
        120..7_200 => (seconds / 60, "", l.pick("minuten", "minutes")),
        7_200..172_800 => (seconds / 3_600, "", l.pick("uur", "hours")),
        _ => (seconds / 86_400, "", l.pick("dagen", "days")),
    };
    format!("{} {}", l.number(many), if many == 1 { one } else { more })
}

/// How long ago something was: `8 seconden geleden`.
pub(in crate::desk) fn ago(age: Duration, l: Language) -> String {
    if age < Duration::from_secs(1) {
        return l.pick("zojuist", "just now").to_owned();
    }
    format!("{} {}", span(age, l), l.pick("geleden", "ago"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_whole_units() {
        for (seconds, dutch, english) in [
            (0, "zojuist", "just now"),
            (1, "1 seconde geleden", "1 second ago"),
            (119, "119 seconden geleden", "119 seconds ago"),
            (120, "2 minuten geleden", "2 minutes ago"),
            (7_199, "119 minuten geleden", "119 minutes ago"),
            (7_200, "2 uur geleden", "2 hours ago"),
            (172_799, "47 uur geleden", "47 hours ago"),
            (172_800, "2 dagen geleden", "2 days ago"),
            (1_000 * 86_400, "1.000 dagen geleden", "1,000 days ago"),
        ] {
            let age = Duration::from_secs(seconds);
            assert_eq!(ago(age, Language::Dutch), dutch);
            assert_eq!(ago(age, Language::English), english);
        }
    }

    #[test]
    fn the_last_of_a_row_stands_behind_and() {
        for (all, dutch, english) in [
            (&[][..], "", ""),
            (&["a"], "a", "a"),
            (&["a", "b"], "a en b", "a and b"),
            (&["a", "b", "c"], "a, b en c", "a, b and c"),
        ] {
            let all: Vec<String> = all.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(in_a_row(&all, Language::Dutch), dutch);
            assert_eq!(in_a_row(&all, Language::English), english);
        }
    }
}

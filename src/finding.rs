//! What was found of one thing that was looked at: how it is, and what to do where it is not well. `sluis
//! doctor` and `sluis conformance` tell what they found so, a line for each.

use std::fmt;

use serde::Serialize;

use crate::clock::Moment;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Ok,
    /// Something to know beforehand.
    Note,
    /// Not looked at, and why.
    Skip,
    /// It works, and somebody should look at it.
    Warn,
    /// Something will not work.
    Fail,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        })
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub mark: Mark,
    /// What it is about, in a word.
    pub about: &'static str,
    /// What was found.
    pub found: String,
    /// What to do about it; nothing where it is well, or where what was found says it.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4}  {:<11}  {}", self.mark, self.about, self.found)?;
        match &self.advice {
            None => Ok(()),
            Some(advice) => write!(f, "; {advice}"),
        }
    }
}

/// What to do about a certificate, by its term.
#[derive(Debug, Clone, Copy)]
pub struct Renewal {
    /// What comes of it while it does not hold, behind what was found; or nothing.
    pub consequence: &'static str,
    /// While it is not valid yet.
    pub not_yet: &'static str,
    /// After it expired.
    pub over: &'static str,
    /// When it expires soon.
    pub soon: &'static str,
}

/// Lines in the order they are told.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    fn push(
        &mut self,
        mark: Mark,
        about: &'static str,
        found: impl Into<String>,
        advice: Option<String>,
    ) {
        // One line each, whatever was read.
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0.push(Finding {
            mark,
            about,
            found: line(found.into()),
            advice: advice.map(line),
        });
    }

    /// It is well.
    pub fn ok(&mut self, about: &'static str, found: impl Into<String>) {
        self.push(Mark::Ok, about, found, None);
    }

    /// To be known before it happens.
    pub fn note(&mut self, about: &'static str, what: impl Into<String>) {
        self.push(Mark::Note, about, what, None);
    }

    /// It was not looked at.
    pub fn skip(&mut self, about: &'static str, why: impl Into<String>) {
        self.push(Mark::Skip, about, why, None);
    }

    /// It works, and this is to be done.
    pub fn warn(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(Mark::Warn, about, found, Some(advice.into()));
    }

    /// It will not work before this is done.
    pub fn fail(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(Mark::Fail, about, found, Some(advice.into()));
    }

    /// What the message of an error says in full, with what to do.
    pub fn fail_as_told(&mut self, about: &'static str, error: impl Into<String>) {
        self.push(Mark::Fail, about, error, None);
    }

    /// Whether a certificate holds, and for how long.
    pub fn lasts(
        &mut self,
        about: &'static str,
        what: &str,
        (from, until): (Moment, Moment),
        now: Moment,
        renewal: &Renewal,
    ) {
        let Renewal {
            consequence,
            not_yet,
            over,
            soon,
        } = *renewal;
        let (end, rest) = (day(until), left(now, until));
        match Term::of(now, from, until, RENEW_MS) {
            Term::NotYet => self.fail(
                about,
                format!("{what}: is not valid before {from}{consequence}"),
                not_yet,
            ),
            Term::Over => self.fail(
                about,
                format!("{what}: expired on {end}{consequence}"),
                over,
            ),
            Term::Soon => self.warn(about, format!("{what}: expires in {rest}, on {end}"), soon),
            Term::Good => self.ok(about, format!("{what}: {rest} left, until {end}")),
        }
    }

    /// These come after.
    pub fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether something will not work.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.0.iter().any(|one| one.mark == Mark::Fail)
    }

    /// In the order they were told.
    #[must_use]
    pub fn into_list(self) -> Vec<Finding> {
        self.0
    }
}

const DAY_MS: i64 = 24 * 3_600_000;

/// The day of a moment, in UTC.
#[must_use]
pub fn day(at: Moment) -> String {
    at.to_string().chars().take(10).collect()
}

/// How long from now, in words that are short.
#[must_use]
pub fn left(now: Moment, until: Moment) -> String {
    let ms = until.ms_since(now);
    match ms {
        ms if ms >= 2 * DAY_MS => format!("{} days", ms / DAY_MS),
        ms if ms >= 2 * 3_600_000 => format!("{} hours", ms / 3_600_000),
        ms => format!("{} minutes", (ms / 60_000).max(0)),
    }
}

/// What a period comes to at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// It begins later.
    NotYet,
    /// It ended.
    Over,
    /// It ends within what is given for looking after it.
    Soon,
    /// It holds.
    Good,
}

impl Term {
    /// What it is now.
    #[must_use]
    pub fn of(now: Moment, from: Moment, until: Moment, soon_ms: i64) -> Self {
        if now < from {
            Self::NotYet
        } else if now >= until {
            Self::Over
        } else if until.ms_since(now) < soon_ms {
            Self::Soon
        } else {
            Self::Good
        }
    }
}

/// A certificate that lasts shorter than this should be renewed.
pub const RENEW_MS: i64 = 30 * DAY_MS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_whatever_was_read() {
        let mut all = Findings::default();
        all.fail("crl", "two\nlines\r\n of it", "look\tat it");
        all.ok("disk", "fine");
        let told: Vec<String> = all.into_list().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "FAIL  crl          two lines of it; look at it",
                "ok    disk         fine",
            ]
        );
    }

    #[test]
    fn a_term_is_over_at_its_end_and_soon_over_before_it() {
        let at = |day: i64| Moment::EPOCH.plus_ms(day * DAY_MS);
        for (now, term) in [
            (9, Term::NotYet),
            (10, Term::Good),
            (69, Term::Good),
            (71, Term::Soon),
            (99, Term::Soon),
            (100, Term::Over),
        ] {
            assert_eq!(Term::of(at(now), at(10), at(100), RENEW_MS), term, "{now}");
        }
        assert_eq!(left(at(10), at(100)), "90 days");
        assert_eq!(left(at(10), at(10).plus_ms(90 * 60_000)), "90 minutes");
        assert_eq!(left(at(10), at(9)), "0 minutes");
    }
}

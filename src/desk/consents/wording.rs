//! Choices in words: what they are about, how long they hold, how they stand.

pub(super) use super::super::words::in_a_row;
use super::super::words::{self, Wording};
use crate::clock::{Day, Moment};
use crate::domain::{Choice, ChoiceKind, DocumentKind, Oin, Purpose};
use crate::language::Language;

/// So many days, in words.
pub(super) fn days(count: i32, l: Language) -> String {
    match count {
        1 => l.pick("1 dag", "1 day").to_owned(),
        _ => format!("{count} {}", l.pick("dagen", "days")),
    }
}

/// A moment and the day people call it by. What begins or ends at midnight does so on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) iso: String,
    pub(super) text: String,
}

impl Date {
    pub(super) fn of(at: Moment, l: Language) -> Self {
        let day = at.local().day();
        Self {
            iso: day.to_string(),
            text: words::day(day, l),
        }
    }

    /// With the time of day.
    pub(super) fn and_time(at: Moment, l: Language) -> Self {
        Self {
            iso: at.to_string(),
            text: words::moment(at, l),
        }
    }
}

/// So many days before or after another day.
pub(super) fn days_between(from: Moment, until: Moment) -> i32 {
    let day = |at: Moment| -> Day { at.local().day() };
    day(until).days_since(day(from))
}

/// When something holds: `van 1 maart 2026 tot 1 maart 2028`.
pub(super) fn validity(from: Moment, until: Option<Moment>, l: Language) -> String {
    let day = |at: Moment| words::day(at.local().day(), l);
    match until {
        Some(until) => format!(
            "{} {} {} {}",
            l.pick("van", "from"),
            day(from),
            l.pick("tot", "until"),
            day(until)
        ),
        None => format!("{} {}", l.pick("vanaf", "from"), day(from)),
    }
}

/// What a choice is about, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) receivers: String,
    pub(super) purposes: String,
    pub(super) kinds: String,
    pub(super) coordinator: Option<String>,
}

impl Wording {
    pub(super) fn receivers(&self, receivers: &[Oin]) -> String {
        let names: Vec<String> = receivers
            .iter()
            .map(|oin| self.organisation(*oin))
            .collect();
        in_a_row(&names, self.l)
    }

    pub(super) fn purposes(&self, purposes: &[Purpose]) -> String {
        let names = purposes.iter().map(|code| self.purpose(code.as_str()));
        in_a_row(&names.collect::<Vec<_>>(), self.l)
    }

    pub(super) fn kinds(&self, kinds: &[DocumentKind]) -> String {
        let names = kinds.iter().map(|code| self.kind(code.as_str()));
        in_a_row(&names.collect::<Vec<_>>(), self.l)
    }

    pub(super) fn scope(&self, choice: &Choice) -> Scope {
        Scope {
            receivers: self.receivers(&choice.receivers),
            purposes: self.purposes(&choice.purposes),
            kinds: self.kinds(&choice.kinds),
            coordinator: choice.coordinator.map(|oin| self.organisation(oin)),
        }
    }

    /// For whom, for what, which documents, in a sentence.
    pub(super) fn about(&self, choice: &Choice) -> String {
        let l = self.l;
        let scope = self.scope(choice);
        let coordinator = scope.coordinator.map_or_else(String::new, |name| {
            format!(" {name} {}.", l.pick("coördineert", "coordinates"))
        });
        format!(
            "{}, {} {}: {}.{coordinator}",
            scope.receivers,
            l.pick("voor", "for"),
            scope.purposes,
            scope.kinds
        )
    }
}

/// The kind of a choice, as a heading.
pub(super) const fn kind_name(kind: ChoiceKind, l: Language) -> &'static str {
    match kind {
        ChoiceKind::Consent => l.pick("Toestemming", "Consent"),
        ChoiceKind::ExplicitAgreement => l.pick("Uitdrukkelijke instemming", "Explicit agreement"),
        ChoiceKind::Objection => l.pick("Bezwaar tegen afstemming", "Objection to alignment"),
        ChoiceKind::JointRequest => l.pick(
            "Verzoek om gezamenlijke behandeling",
            "Request for joint handling",
        ),
    }
}

/// What it means that an owner has not chosen.
pub(super) const fn absent(kind: ChoiceKind, l: Language) -> &'static str {
    match kind {
        ChoiceKind::Consent => l.pick(
            "Waarvoor toestemming nodig is, gaat niet over.",
            "What needs consent is not shared.",
        ),
        ChoiceKind::ExplicitAgreement => l.pick(
            "Gezondheidsgegevens gaan niet over.",
            "Health data are not shared.",
        ),
        ChoiceKind::Objection => l.pick(
            "Niets staat afstemming in de weg.",
            "Nothing stands in the way of alignment.",
        ),
        ChoiceKind::JointRequest => l.pick(
            "Schade en versterking worden niet gezamenlijk behandeld.",
            "Damage and strengthening are not handled together.",
        ),
    }
}

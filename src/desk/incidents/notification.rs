//! What a notification of a breach must contain (AVG 33(3)).

use super::super::judging::{Told, end};
use super::super::signals;
use super::super::words::Wording;
use super::Found;
use crate::language::Language;
use crate::oversight::{Extent, SignalKind};

/// A part of the notification: what AVG 33(3) asks, and what the log knows of it.
pub(super) struct Part {
    pub(super) article: &'static str,
    pub(super) asked: &'static str,
    pub(super) known: Vec<String>,
    /// What the officer adds.
    pub(super) yours: &'static str,
}

/// The signals an incident is about: where each stands, and what kind it is.
pub(super) fn signals_of(found: &Found, l: Language) -> Vec<(String, &'static str)> {
    let all = found.incident.signals.iter();
    let known = all.filter_map(|condemned| SignalKind::find(&condemned.signal));
    let line = &found.under.review.line;
    known
        .map(|kind| (signals::path(kind, line.index), signals::name(kind, l)))
        .collect()
}

/// `92 documenten, over 92 adressen`.
pub(super) fn extent_told(extent: &Extent, l: Language) -> String {
    format!(
        "{}, {} {}",
        signals::documents(extent.documents, l),
        l.pick("over", "about"),
        signals::addresses(extent.addresses, l)
    )
}

/// The nature of the breach, as far as the log knows it.
fn nature(found: &Found, wording: &Wording) -> Vec<String> {
    let l = wording.l;
    let (under, incident) = (&found.under, &found.incident);
    let line = &under.review.line;
    let receiver = line
        .requester
        .map_or_else(String::new, |oin| wording.organisation(oin));
    // Of a signal, what all its exchanges come to; of one release, that one.
    let (when, kinds, is_about_health, many) = match &found.extent {
        Some(extent) => (
            format!(
                "{} {} {}",
                Told::moment(extent.from, l).at,
                l.pick("tot en met", "until"),
                Told::moment(extent.until, l).at
            ),
            extent
                .kinds
                .iter()
                .map(|kind| wording.kind(kind))
                .collect::<Vec<_>>()
                .join(", "),
            extent.health > 0,
            extent_told(extent, l),
        ),
        None if !incident.signals.is_empty() => (
            Told::moment(line.at, l).at,
            wording.kind(&line.kind),
            under.review.health,
            l.pick(
                "niet meer te tellen: het signaal is te lang geleden",
                "cannot be counted any more: the signal is too long ago",
            )
            .to_owned(),
        ),
        None => (
            Told::moment(line.at, l).at,
            wording.kind(&line.kind),
            under.review.health,
            l.pick("1 document, over 1 adres", "1 document, about 1 address")
                .to_owned(),
        ),
    };
    vec![
        format!(
            "{}: {}",
            l.pick("Wat er gebeurde", "What happened"),
            wording.sentence(line)
        ),
        format!(
            "{}: {}; {}: {}",
            l.pick("Van", "From"),
            when,
            l.pick("ontdekt", "found out"),
            Told::moment(incident.opened, l).at
        ),
        format!("{}: {}", l.pick("Soort gegevens", "Kind of data"), kinds),
        if is_about_health {
            l.pick(
                "Bijzondere persoonsgegevens: ja, over gezondheid (AVG 9)",
                "Special categories: yes, about health (GDPR 9)",
            )
        } else {
            l.pick(
                "Bijzondere persoonsgegevens: niet als zodanig aangemerkt",
                "Special categories: not marked as such",
            )
        }
        .to_owned(),
        format!("{}: {many}", l.pick("Aantal", "Number")),
        format!(
            "{}: {receiver}; {}: {}",
            l.pick("Ontvanger", "Receiver"),
            l.pick("overdracht", "transfer"),
            end(under, l)
        ),
    ]
}

/// What AVG 33(3) asks for, with what the log knows. Nothing of it is personal.
pub(super) fn parts(found: &Found, wording: &Wording) -> Vec<Part> {
    let l = wording.l;
    vec![
        Part {
            article: "33(3)(a)",
            asked: l.pick(
                "De aard van de inbreuk, soorten betrokkenen en gegevens, en ongeveer hoeveel",
                "The nature of the breach, the categories of people and data, and about how many",
            ),
            known: nature(found, wording),
            yours: l.pick(
                "Hoeveel mensen het betreft: eigenaren, bewoners, anderen in het document.",
                "How many people it concerns: owners, residents, others in the document.",
            ),
        },
        Part {
            article: "33(3)(b)",
            asked: l.pick(
                "Bij wie meer informatie te krijgen is",
                "Where more information can be had",
            ),
            known: Vec::new(),
            yours: l.pick(
                "Uw naam en contactgegevens als functionaris gegevensbescherming.",
                "Your name and contact details as data protection officer.",
            ),
        },
        Part {
            article: "33(3)(c)",
            asked: l.pick(
                "De waarschijnlijke gevolgen",
                "The likely consequences",
            ),
            known: Vec::new(),
            yours: l.pick(
                "Wat de ontvanger met het document kon doen, en wat dat voor de bewoner betekent.",
                "What the receiver could do with the document, and what that means for the resident.",
            ),
        },
        Part {
            article: "33(3)(d)",
            asked: l.pick(
                "De maatregelen: genomen en voorgesteld",
                "The measures: taken and proposed",
            ),
            known: Vec::new(),
            yours: l.pick(
                "Bijvoorbeeld: de ontvanger vernietigt het document, de werkwijze verandert, de bewoner krijgt bericht.",
                "For example: the receiver destroys the document, the way of working changes, the resident is told.",
            ),
        },
    ]
}

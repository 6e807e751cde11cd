//! What a notification of a breach must contain (AVG 33(3)).

use super::super::judging::{Told, end};
use super::super::words::Wording;
use crate::exchange::officer::UnderReview;
use crate::oversight::Incident;

/// A part of the notification: what AVG 33(3) asks, and what the log knows of it.
pub(super) struct Part {
    pub(super) article: &'static str,
    pub(super) asked: &'static str,
    pub(super) known: Vec<String>,
    /// What the officer adds.
    pub(super) yours: &'static str,
}

/// What AVG 33(3) asks for, with what the log knows. Nothing of it is personal.
pub(super) fn parts(under: &UnderReview, incident: &Incident, wording: &Wording) -> Vec<Part> {
    let l = wording.l;
    let line = &under.review.line;
    let receiver = line
        .requester
        .map_or_else(String::new, |oin| wording.organisation(oin));
    let nature = vec![
        format!(
            "{}: {}",
            l.pick("Wat er gebeurde", "What happened"),
            wording.sentence(line)
        ),
        format!(
            "{}: {}; {}: {}",
            l.pick("Van", "From"),
            Told::moment(line.at, l).at,
            l.pick("ontdekt", "found out"),
            Told::moment(incident.opened, l).at
        ),
        format!(
            "{}: {}",
            l.pick("Soort gegevens", "Kind of data"),
            wording.kind(&line.kind)
        ),
        if under.review.health {
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
        l.pick(
            "Aantal: 1 document, over 1 adres",
            "Number: 1 document, about 1 address",
        )
        .to_owned(),
        format!(
            "{}: {receiver}; {}: {}",
            l.pick("Ontvanger", "Receiver"),
            l.pick("overdracht", "transfer"),
            end(under, l)
        ),
    ];
    vec![
        Part {
            article: "33(3)(a)",
            asked: l.pick(
                "De aard van de inbreuk, soorten betrokkenen en gegevens, en ongeveer hoeveel",
                "The nature of the breach, the categories of people and data, and about how many",
            ),
            known: nature,
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

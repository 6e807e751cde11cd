//! The witnesses of the book in plain words: how many stand behind it, since when, and what to do
//! where they do not.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::words::{self, ago, in_a_row};
use crate::clock::Moment;
use crate::cosign::Trouble;
use crate::exchange::officer::{Quorum, Witness, Witnessing};
use crate::language::Language;

/// How the book stands with its witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// How many stand behind it, in a sentence.
    pub(super) line: String,
    /// Whether that is enough, and the badge it stands in.
    pub(super) badge: &'static str,
    pub(super) kind: &'static str,
    /// What enough of them last confirmed.
    pub(super) confirmed: Option<Confirmed>,
    pub(super) warnings: Vec<Warning>,
}

/// What enough witnesses confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Confirmed {
    pub(super) size: String,
    pub(super) when: When,
}

/// A moment, and how long ago it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct When {
    pub(super) iso: String,
    pub(super) at: String,
    pub(super) ago: String,
}

impl When {
    pub(super) fn new(at: Moment, now: Moment, l: Language) -> Self {
        Self {
            iso: at.to_string(),
            at: words::moment(at, l),
            ago: ago(age(at, now), l),
        }
    }
}

/// What somebody must know, and do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Warning {
    /// `nee` or `let-op`.
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
}

fn age(at: Moment, now: Moment) -> Duration {
    // A witness's clock may be a little ahead.
    Duration::from_millis(u64::try_from(now.ms_since(at)).unwrap_or(0))
}

/// How the book stands with its witnesses.
pub(super) fn told(seen: &Witnessing, l: Language) -> Told {
    let others = others(seen);
    let (badge, kind) = match seen.quorum {
        _ if !others.is_empty() => (l.pick("ander logboek", "another log"), "nee"),
        Quorum::Lapsed => (l.pick("te weinig", "too few"), "nee"),
        Quorum::Lost => (l.pick("te weinig", "too few"), "let-op"),
        Quorum::Stands => (l.pick("genoeg", "enough"), "ja"),
    };
    let confirmed = seen.cosigned.as_deref().map(|cosigned| Confirmed {
        size: l.number(cosigned.size),
        when: When::new(cosigned.at, seen.now, l),
    });
    // That too few sign is no news beside that, and sounds as if nothing were wrong.
    let too_few = too_few(seen, l).filter(|_| others.is_empty());
    let warnings = [another_history(&others, l), too_few, silent(seen, l)];
    Told {
        line: line(seen, l),
        badge,
        kind,
        confirmed,
        warnings: warnings.into_iter().flatten().collect(),
    }
}

fn line(seen: &Witnessing, l: Language) -> String {
    let of = seen.witnesses.len();
    let stand = seen.witnesses.iter().filter(|one| one.stands).count();
    match (stand, of, l) {
        (0, 1, _) => l
            .pick(
                "De getuige staat nu niet achter dit logboek.",
                "The witness does not stand behind this log now.",
            )
            .to_owned(),
        (1, 1, _) => l
            .pick(
                "De getuige staat achter dit logboek.",
                "The witness stands behind this log.",
            )
            .to_owned(),
        (2, 2, _) => l
            .pick(
                "Beide getuigen staan achter dit logboek.",
                "Both witnesses stand behind this log.",
            )
            .to_owned(),
        (0, _, Language::Dutch) => {
            format!("Geen van de {of} getuigen staat nu achter dit logboek.")
        }
        (0, _, Language::English) => {
            format!("None of the {of} witnesses stands behind this log now.")
        }
        (all, _, Language::Dutch) if all == of => {
            format!("Alle {of} getuigen staan achter dit logboek.")
        }
        (all, _, Language::English) if all == of => {
            format!("All {of} witnesses stand behind this log.")
        }
        (1, _, Language::Dutch) => format!("1 van de {of} getuigen staat achter dit logboek."),
        (1, _, Language::English) => format!("1 of the {of} witnesses stands behind this log."),
        (_, _, Language::Dutch) => {
            format!("{stand} van de {of} getuigen staan achter dit logboek.")
        }
        (_, _, Language::English) => {
            format!("{stand} of the {of} witnesses stand behind this log.")
        }
    }
}

/// Those who know another book than this.
fn others(seen: &Witnessing) -> Vec<(&Witness, Trouble)> {
    let other = |one: &Witness| one.trouble().filter(|now| now.why.is_another_history());
    let all = seen.witnesses.iter();
    all.filter_map(|one| Some((one, other(one)?.why))).collect()
}

fn another_history(others: &[(&Witness, Trouble)], l: Language) -> Option<Warning> {
    if others.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = others
        .iter()
        .map(|(one, why)| {
            let name = &one.name;
            match (why, l) {
                (Trouble::Behind, Language::Dutch) => format!(
                    "{name} zag meer regels dan er nu in dit logboek staan. Misschien is een oude kopie teruggezet."
                ),
                (Trouble::Behind, Language::English) => format!(
                    "{name} saw more entries than this log has now. Perhaps an old copy was put back."
                ),
                (_, Language::Dutch) => format!(
                    "{name} zag andere regels dan er nu in dit logboek staan. Het is veranderd, of er zijn er twee."
                ),
                (_, Language::English) => format!(
                    "{name} saw other entries than this log has now. It was changed, or there are two."
                ),
            }
        })
        .collect();
    let act = [
        l.pick(
            "Dit systeem stopt vanzelf, zodat er niets meer wordt verstrekt.",
            "This system stops by itself, so that nothing is released any more.",
        ),
        l.pick(
            "Bewaar de stand op de pagina Integriteit, en bel de beheerder en de auditor. Laat niets terugzetten of wissen voordat zij hebben gekeken.",
            "Keep the state on the page Integrity, and call the administrator and the auditor. Let nothing be put back or erased before they have looked.",
        ),
    ];
    lines.extend(act.map(str::to_owned));
    Some(Warning {
        kind: "nee",
        title: l
            .pick(
                "Een getuige kent een ander logboek dan dit",
                "A witness knows another log than this",
            )
            .to_owned(),
        lines,
    })
}

fn too_few(seen: &Witnessing, l: Language) -> Option<Warning> {
    let refuses = match seen.quorum {
        Quorum::Stands => return None,
        Quorum::Lost => false,
        Quorum::Lapsed => true,
    };
    let last = seen.cosigned.as_deref();
    let last = last.map(|cosigned| ago(age(cosigned.at, seen.now), l));
    let since = match (&last, l) {
        (None, Language::Dutch) => "Genoeg getuigen tekenden nog niet.".to_owned(),
        (None, Language::English) => "Not enough witnesses signed yet.".to_owned(),
        (Some(ago), Language::Dutch) => format!("Genoeg getuigen tekenden voor het laatst {ago}."),
        (Some(ago), Language::English) => format!("Enough witnesses last signed {ago}."),
    };
    let goes_on = goes_on(seen, refuses, last.is_some(), l);
    let act = l.pick(
        "Dit zegt niet dat er iets mis is met het logboek, wel dat niemand van buiten het nu bevestigt. Vraag de beheerder de getuigen weer bereikbaar te maken. Daarna gaat alles vanzelf verder.",
        "This does not say that anything is wrong with the log, only that nobody from outside confirms it now. Ask the administrator to bring the witnesses back. After that everything goes on by itself.",
    );
    let title = if refuses {
        l.pick(
            "Er worden nu geen documenten verstrekt",
            "No documents are released now",
        )
    } else {
        l.pick(
            "Te weinig getuigen staan achter het logboek",
            "Too few witnesses stand behind the log",
        )
    };
    Some(Warning {
        kind: if refuses { "nee" } else { "let-op" },
        title: title.to_owned(),
        lines: vec![format!("{since} {goes_on}"), act.to_owned()],
    })
}

/// Whether documents are released all the same, and for how long.
fn goes_on(seen: &Witnessing, refuses: bool, ever: bool, l: Language) -> String {
    let limit = seen.refuses_after.map(|limit| l.number(limit.as_secs()));
    match (refuses, limit, l) {
        (true, Some(limit), Language::Dutch) if ever => format!(
            "Dat mag hoogstens {limit} seconden geleden zijn. Wie nu een document vraagt, hoort dat het logboek niet beschikbaar is."
        ),
        (true, Some(limit), Language::English) if ever => format!(
            "That may be {limit} seconds ago at most. Whoever asks for a document now is told that the log is not available."
        ),
        (true, _, _) => l
            .pick(
                "Tot dan hoort wie een document vraagt dat het logboek niet beschikbaar is.",
                "Until then whoever asks for a document is told that the log is not available.",
            )
            .to_owned(),
        (false, Some(limit), Language::Dutch) => format!(
            "Het verstrekken gaat nog door; na {limit} seconden zonder genoeg getuigen stopt het."
        ),
        (false, Some(limit), Language::English) => format!(
            "Releases still go on; after {limit} seconds without enough witnesses they stop."
        ),
        (false, None, _) => l
            .pick(
                "Het verstrekken gaat gewoon door.",
                "Releases simply go on.",
            )
            .to_owned(),
    }
}

/// Those who do not stand behind the book, for another reason than its history.
fn silent(seen: &Witnessing, l: Language) -> Option<Warning> {
    let is_other = |one: &Witness| {
        one.trouble()
            .is_some_and(|now| now.why.is_another_history())
    };
    let all = seen.witnesses.iter();
    let silent: Vec<&Witness> = all.filter(|one| !one.stands && !is_other(one)).collect();
    if silent.is_empty() {
        return None;
    }
    let names: Vec<String> = silent.iter().map(|one| one.name.clone()).collect();
    let mut lines: Vec<String> = silent
        .iter()
        .map(|one| sentence(one, seen.now, l))
        .collect();
    if seen.quorum == Quorum::Stands {
        let enough = l.pick(
            "De andere getuigen zijn genoeg: er wordt gewoon verstrekt.",
            "The other witnesses are enough: releases go on.",
        );
        lines.push(enough.to_owned());
    }
    let title = match (names.len(), l) {
        (1, Language::Dutch) => format!("{} tekent nu niet", in_a_row(&names, l)),
        (1, Language::English) => format!("{} does not sign now", in_a_row(&names, l)),
        (_, Language::Dutch) => format!("{} tekenen nu niet", in_a_row(&names, l)),
        (_, Language::English) => format!("{} do not sign now", in_a_row(&names, l)),
    };
    Some(Warning {
        kind: "let-op",
        title,
        lines,
    })
}

/// Since when a witness is silent, why, and whom to ask.
fn sentence(one: &Witness, now: Moment, l: Language) -> String {
    let name = &one.name;
    let last = match (one.cosigned, l) {
        (None, Language::Dutch) => format!("{name} tekende nog niet"),
        (None, Language::English) => format!("{name} did not sign yet"),
        (Some((at, _)), Language::Dutch) => {
            format!("{name} tekende voor het laatst {}", ago(age(at, now), l))
        }
        (Some((at, _)), Language::English) => {
            format!("{name} last signed {}", ago(age(at, now), l))
        }
    };
    match one.trouble() {
        Some(mishap) => format!("{last}: {}. {}", why(mishap.why, l), remedy(mishap.why, l)),
        None => format!(
            "{last}. {}",
            l.pick(
                "Vraag de beheerder van deze getuige of zijn klok gelijkloopt.",
                "Ask the administrator of this witness whether its clock is right.",
            )
        ),
    }
}

/// Why a witness did not cosign, as in the middle of a sentence.
pub(super) fn why(trouble: Trouble, l: Language) -> String {
    let text = match trouble {
        Trouble::Unreachable => l.pick("niet bereikbaar", "cannot be reached"),
        Trouble::Silent => l.pick("antwoordt niet op tijd", "does not answer in time"),
        Trouble::Refused(status) => {
            let text = l.pick(
                "kent dit logboek of zijn sleutel niet",
                "does not know this log, or not its key",
            );
            return format!("{text} (HTTP {status})");
        }
        Trouble::Unusable => l.pick(
            "antwoordt zonder een handtekening die klopt",
            "answers without a signature that is right",
        ),
        Trouble::Clock => l.pick("zijn klok loopt voor", "its clock is ahead"),
        Trouble::Behind => l.pick(
            "zag meer regels dan er nu zijn",
            "saw more entries than there are now",
        ),
        Trouble::Forked => l.pick("kent een andere geschiedenis", "knows another history"),
        Trouble::Own => l.pick(
            "dit systeem kon zijn eigen logboek niet lezen",
            "this system could not read its own log",
        ),
    };
    text.to_owned()
}

const fn remedy(trouble: Trouble, l: Language) -> &'static str {
    match trouble {
        Trouble::Unreachable | Trouble::Silent => l.pick(
            "Vraag de beheerder van deze getuige of hij draait, en of het netwerk en het certificaat in orde zijn.",
            "Ask the administrator of this witness whether it runs, and whether the network and the certificate are in order.",
        ),
        Trouble::Refused(_) => l.pick(
            "Vraag de beheerder van deze getuige om dit logboek en zijn sleutel in te stellen.",
            "Ask the administrator of this witness to configure this log and its key.",
        ),
        Trouble::Unusable => l.pick(
            "Vraag de beheerder of de sleutel van deze getuige nog de goede is.",
            "Ask the administrator whether the key of this witness is still the right one.",
        ),
        Trouble::Clock => l.pick(
            "Vraag de beheerder van deze getuige om de klok gelijk te zetten.",
            "Ask the administrator of this witness to set its clock right.",
        ),
        Trouble::Behind | Trouble::Forked => l.pick(
            "Bel de beheerder en de auditor.",
            "Call the administrator and the auditor.",
        ),
        Trouble::Own => l.pick(
            "Vraag de beheerder van dit systeem naar de database te kijken.",
            "Ask the administrator of this system to look at the database.",
        ),
    }
}

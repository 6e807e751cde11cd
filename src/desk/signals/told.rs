//! Signals in plain words: what stands out, in a sentence with its numbers.

use std::sync::Arc;

use super::explained::{facts, how};
use crate::clock::Week;
use crate::desk::words::{self, Wording};
use crate::language::Language;
use crate::oversight::{ADDRESSES_WITHOUT_DOSSIER, FOLLOWS_WITHIN_DAYS, Signal, SignalKind, Story};

/// A signal in words, but for who it is about.
pub(in crate::desk) struct Told {
    pub(in crate::desk) title: String,
    pub(in crate::desk) sentence: String,
    /// How it was computed.
    pub(in crate::desk) how: String,
    /// Its numbers, each with a name.
    pub(in crate::desk) facts: Vec<(&'static str, String)>,
}

/// Tells a signal of the organisation with this short name.
pub(in crate::desk) fn tell(signal: &Signal, own: &str, wording: &Wording) -> Told {
    let l = wording.l;
    Told {
        title: title(signal, wording),
        sentence: sentence(signal, own, wording),
        how: how(signal.kind, own, l),
        facts: facts(signal, wording),
    }
}

/// `1 stuk`, `3 stukken`.
fn counted(l: Language, count: u64, one: (&str, &str), more: (&str, &str)) -> String {
    let (dutch, english) = if count == 1 { one } else { more };
    format!("{} {}", l.number(count), l.pick(dutch, english))
}

pub(in crate::desk) fn documents(count: u64, l: Language) -> String {
    counted(l, count, ("stuk", "document"), ("stukken", "documents"))
}

pub(in crate::desk) fn addresses(count: u64, l: Language) -> String {
    counted(l, count, ("adres", "address"), ("adressen", "addresses"))
}

fn refusals(l: Language, count: u64) -> String {
    counted(
        l,
        count,
        ("weigering", "refusal"),
        ("weigeringen", "refusals"),
    )
}

fn days(l: Language, count: u64) -> String {
    counted(l, count, ("dag", "day"), ("dagen", "days"))
}

/// What kind of signal it is, in a few words.
pub(in crate::desk) const fn name(kind: SignalKind, l: Language) -> &'static str {
    match kind {
        SignalKind::NothingFollowed => l.pick(
            "Signaal: veel adressen in één zaak",
            "Signal: many addresses in one case",
        ),
        SignalKind::EmployeeVolume => l.pick(
            "Signaal: een medewerker vroeg veel meer op dan anders",
            "Signal: an employee asked for much more than usual",
        ),
        SignalKind::OutsideHours => l.pick(
            "Signaal: stukken buiten kantooruren",
            "Signal: documents outside office hours",
        ),
        SignalKind::Refusals => l.pick("Signaal: weigeringen op rij", "Signal: refusals in a row"),
        SignalKind::SystemVolume => l.pick(
            "Signaal: een organisatie vroeg veel meer op dan anders",
            "Signal: an organisation asked for much more than usual",
        ),
        SignalKind::LogReadings => l.pick(
            "Signaal: iemand las veel in het logboek",
            "Signal: somebody read much in the log",
        ),
    }
}

fn title(signal: &Signal, wording: &Wording) -> String {
    let l = wording.l;
    match &signal.story {
        Story::NothingFollowed {
            addresses: all,
            without,
            ..
        } if *without >= ADDRESSES_WITHOUT_DOSSIER => match l {
            Language::Dutch => format!(
                "Eén zaak, {}: bij {} geen dossier",
                addresses(*all, l),
                l.number(*without)
            ),
            Language::English => format!(
                "One case, {}: no file at {}",
                addresses(*all, l),
                l.number(*without)
            ),
        },
        Story::NothingFollowed { addresses: all, .. } => {
            format!("{}, {}", l.pick("Eén zaak", "One case"), addresses(*all, l))
        }
        Story::EmployeeVolume { week, .. } => match (week.number(), l) {
            (week, Language::Dutch) => {
                format!("In week {week} vroeg een medewerker veel meer op dan anders")
            }
            (week, Language::English) => {
                format!("In week {week} an employee asked for much more than usual")
            }
        },
        Story::OutsideHours { week, .. } => {
            let (got, week) = (documents(signal.observed, l), week.number());
            match l {
                Language::Dutch => {
                    format!("In week {week} kreeg een medewerker {got} buiten kantooruren")
                }
                Language::English => {
                    format!("In week {week} an employee received {got} outside office hours")
                }
            }
        }
        Story::Refusals { .. } => {
            let times = l.number(signal.observed);
            match l {
                Language::Dutch => {
                    format!("Een medewerker werd {times} keer achter elkaar geweigerd")
                }
                Language::English => {
                    format!("An employee was refused {times} times in a row")
                }
            }
        }
        Story::SystemVolume {
            week,
            requester,
            purpose,
            ..
        } => {
            let who = requester.map_or_else(String::new, |oin| wording.organisation(oin));
            let (week, purpose) = (week.number(), wording.purpose(purpose));
            match l {
                Language::Dutch => {
                    format!("In week {week} vroeg {who} veel meer op dan anders voor {purpose}")
                }
                Language::English => {
                    format!("In week {week} {who} asked for much more than usual, for {purpose}")
                }
            }
        }
        Story::LogReadings { week, .. } => match (week.number(), l) {
            (week, Language::Dutch) => {
                format!("In week {week} las iemand veel meer in het logboek dan anderen")
            }
            (week, Language::English) => {
                format!("In week {week} somebody read far more in the log than others")
            }
        },
    }
}

fn sentence(signal: &Signal, own: &str, wording: &Wording) -> String {
    let l = wording.l;
    let observed = signal.observed;
    match &signal.story {
        Story::NothingFollowed { .. } => case_sentence(&signal.story, own, l),
        Story::EmployeeVolume {
            week,
            refused,
            usual,
            ..
        } => {
            let (asked, week) = (documents(observed, l), words::week(*week, l));
            let refused = refusals(l, *refused);
            let median = l.number(usual.median);
            match l {
                Language::Dutch => format!(
                    "In {week} vroeg één medewerker van {own} {asked} op (daarvan {refused}). \
                     Anders zijn dat er {median} in een week."
                ),
                Language::English => format!(
                    "In {week} one employee of {own} asked for {asked} ({refused} among them). \
                     Usually it is {median} in a week."
                ),
            }
        }
        Story::OutsideHours { week, days: on } => {
            let (got, week, on) = (documents(observed, l), words::week(*week, l), days(l, *on));
            match l {
                Language::Dutch => format!(
                    "In {week} kreeg één medewerker van {own} {got} buiten kantooruren, op {on}."
                ),
                Language::English => format!(
                    "In {week} one employee of {own} received {got} outside office hours, on {on}."
                ),
            }
        }
        Story::Refusals { reasons } => refusals_sentence(observed, reasons, own, wording),
        Story::SystemVolume {
            week,
            requester,
            purpose,
            usual,
            ..
        } => {
            let who = requester.map_or_else(String::new, |oin| wording.organisation(oin));
            let (asked, week) = (documents(observed, l), words::week(*week, l));
            let (purpose, median) = (wording.purpose(purpose), l.number(usual.median));
            match l {
                Language::Dutch => format!(
                    "In {week} vroeg {who} {asked} op voor {purpose}. Anders zijn dat er {median} \
                     in een week."
                ),
                Language::English => format!(
                    "In {week} {who} asked for {asked}, for {purpose}. Usually it is {median} in a \
                     week."
                ),
            }
        }
        Story::LogReadings { week, second, .. } => {
            readings_sentence(observed, *week, *second, own, l)
        }
    }
}

fn refusals_sentence(
    observed: u64,
    reasons: &[(Arc<str>, u64)],
    own: &str,
    wording: &Wording,
) -> String {
    let l = wording.l;
    let mut reasons = reasons.iter();
    let reason = reasons.next().map(|(code, _)| wording.reason(code));
    let reason = reason.unwrap_or_default();
    match (l, reasons.next().is_some()) {
        (Language::Dutch, true) => format!(
            "Eén medewerker van {own} werd {} keer achter elkaar geweigerd, meestal om \
             deze reden: {reason}.",
            l.number(observed)
        ),
        (Language::Dutch, false) => format!(
            "Eén medewerker van {own} werd {} keer achter elkaar geweigerd, steeds om \
             dezelfde reden: {reason}.",
            l.number(observed)
        ),
        (Language::English, true) => format!(
            "One employee of {own} was refused {} times in a row, mostly for this reason: {reason}.",
            l.number(observed)
        ),
        (Language::English, false) => format!(
            "One employee of {own} was refused {} times in a row, each time for the same \
             reason: {reason}.",
            l.number(observed)
        ),
    }
}

fn readings_sentence(observed: u64, week: Week, second: u64, own: &str, l: Language) -> String {
    let (week, read) = (words::week(week, l), l.number(observed));
    match (l, second) {
        (Language::Dutch, 0) => format!(
            "In {week} bekeek één persoon van {own} {read} keer iets in het logboek of het \
             register. Niemand anders keek die week."
        ),
        (Language::Dutch, second) => format!(
            "In {week} bekeek één persoon van {own} {read} keer iets in het logboek of het \
             register. Wie daarna het meest keek, deed dat {} keer.",
            l.number(second)
        ),
        (Language::English, 0) => format!(
            "In {week} one person of {own} looked {read} times at something in the log or \
             the registry. Nobody else looked that week."
        ),
        (Language::English, second) => format!(
            "In {week} one person of {own} looked {read} times at something in the log or \
             the registry. Whoever looked most after that did so {} times.",
            l.number(second)
        ),
    }
}

fn case_sentence(story: &Story, own: &str, l: Language) -> String {
    let Story::NothingFollowed {
        releases,
        addresses: all,
        without,
        people,
        by_person,
        outside,
    } = story
    else {
        return String::new();
    };
    let (got, all) = (documents(*releases, l), addresses(*all, l));
    let who = match (*people, l) {
        (1, Language::Dutch) => format!("Eén medewerker van {own} kreeg"),
        (1, Language::English) => format!("One employee of {own} received"),
        (people, Language::Dutch) => format!("{} medewerkers van {own} kregen", l.number(people)),
        (people, Language::English) => format!("{} employees of {own} received", l.number(people)),
    };
    let mut sentences = vec![match l {
        Language::Dutch => format!("{who} in één en dezelfde zaak {got}, over {all}."),
        Language::English => format!("{who}, in one and the same case, {got} about {all}."),
    }];
    if *people > 1 {
        let most = documents(*by_person, l);
        sentences.push(match l {
            Language::Dutch => format!("Eén van hen kreeg {most}."),
            Language::English => format!("One of them received {most}."),
        });
    }
    if *without > 0 {
        let at = l.number(*without);
        sentences.push(match l {
            Language::Dutch => format!(
                "Bij {at} van die adressen had {own} geen dossier, en binnen {FOLLOWS_WITHIN_DAYS} \
                 dagen kwam dat er ook niet."
            ),
            Language::English => format!(
                "At {at} of those addresses {own} had no file, and within {FOLLOWS_WITHIN_DAYS} \
                 days there came none."
            ),
        });
    }
    if *outside > 0 {
        sentences.push(match (outside == releases, l) {
            (true, Language::Dutch) => "Alles werd buiten kantooruren opgevraagd.".to_owned(),
            (true, Language::English) => "All of it was asked outside office hours.".to_owned(),
            (false, Language::Dutch) => format!(
                "Buiten kantooruren opgevraagd: {} van de {}.",
                l.number(*outside),
                l.number(*releases)
            ),
            (false, Language::English) => format!(
                "Asked outside office hours: {} of {}.",
                l.number(*outside),
                l.number(*releases)
            ),
        });
    }
    sentences.join(" ")
}

//! Positions in a few words, Dutch and English, for tables.

use std::collections::BTreeSet;

use super::place::{Answered, Direction, Factor, Position};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, Team};
use crate::language::Language;
use crate::policy::reason::Reason;
use crate::policy::verdict::Obligation;

/// What a factor is called above a column.
pub(in crate::policy) const fn factor(factor: Factor, l: Language) -> &'static str {
    match factor {
        Factor::Health => l.pick("gezondheidsmerk", "marked as health data"),
        Factor::Combined => l.pick("dossier bij beide", "file at both"),
        Factor::UnsafeSituation => l.pick("AOS gemeld", "unsafe situation reported"),
        Factor::Team => l.pick("team", "team"),
        Factor::OwnersKnown => l.pick("eigenaar bekend", "owner known"),
        Factor::Objection => l.pick("bezwaar", "objection"),
        Factor::JointRequest => l.pick("verzoek gezamenlijk", "request for joint handling"),
        Factor::ExplicitAgreement => l.pick("instemming", "explicit agreement"),
        Factor::Consent => l.pick("toestemming", "consent"),
    }
}

/// A choice, in a sentence.
pub(in crate::policy) const fn choice(kind: ChoiceKind, l: Language) -> &'static str {
    factor(Factor::of_choice(kind), l)
}

/// A direction: `img → ncg`.
pub(in crate::policy) fn direction(direction: &Direction, l: Language) -> String {
    let Direction { from, to, is_own } = direction;
    if *is_own {
        return format!("{from} {}", l.pick("bij zichzelf", "from itself"));
    }
    if from == to {
        return format!("{from} → {} {to}", l.pick("andere", "another"));
    }
    format!("{from} → {to}")
}

/// Some of a factor's positions, in the fewest words that say exactly those.
pub(in crate::policy) fn positions(
    factor: Factor,
    positions: &BTreeSet<Position>,
    universe: &[Position],
    l: Language,
) -> String {
    if universe.iter().all(|position| positions.contains(position)) {
        return l.pick("maakt niet uit", "any").to_owned();
    }
    if factor.choice().is_some() {
        return said(factor, positions, l);
    }
    let others: Vec<&Position> = universe
        .iter()
        .filter(|one| !positions.contains(*one))
        .collect();
    if let (Factor::Team, [Position::Team(team)]) = (factor, others.as_slice())
        && universe.len() > 2
    {
        return match team {
            Some(team) => format!("{} {team}", l.pick("niet", "not")),
            None => l.pick("een team", "any team").to_owned(),
        };
    }
    let both = BTreeSet::from([Position::Begins, Position::Runs]);
    if *positions == both {
        return l.pick("ja", "yes").to_owned();
    }
    let each: Vec<String> = positions.iter().map(|one| position(one, l)).collect();
    each.join(l.pick(" of ", " or "))
}

fn position(position: &Position, l: Language) -> String {
    let fixed = match position {
        Position::No => l.pick("nee", "no"),
        Position::Yes => l.pick("ja", "yes"),
        Position::Begins => l.pick("begint nu", "begins now"),
        Position::Runs => l.pick("liep al", "began before"),
        Position::Team(None) => l.pick("geen team", "no team"),
        Position::Team(Some(team)) => return Team::as_str(team).to_owned(),
        Position::Said(said) => return one_said(*said, l),
    };
    fixed.to_owned()
}

/// What owners said. The two or three facts that a rule usually asks have words of their own.
fn said(factor: Factor, positions: &BTreeSet<Position>, l: Language) -> String {
    let those = |holds: &dyn Fn(Answered) -> bool| -> bool {
        let mut all = Answered::ALL.into_iter();
        all.all(|said| holds(said) == positions.contains(&Position::Said(said)))
    };
    if factor == Factor::Objection {
        if those(&|said| said.yes) {
            return l.pick("minstens één", "at least one").to_owned();
        }
        if those(&|said| !said.yes) {
            return l.pick("geen", "none").to_owned();
        }
    }
    let told = if those(&|said| said == Answered::ALL_YES) {
        l.pick("allen ja", "all yes")
    } else if those(&|said| said != Answered::ALL_YES) {
        l.pick("niet allen ja", "not all yes")
    } else if those(&|said| said.yes) {
        l.pick("minstens één ja", "at least one yes")
    } else if those(&|said| !said.yes) {
        l.pick("niemand ja", "nobody yes")
    } else if those(&|said| said.no) {
        l.pick("minstens één nee", "at least one no")
    } else if those(&|said| !said.no) {
        l.pick("niemand nee", "nobody no")
    } else if those(&|said| said.yes && !said.no) {
        l.pick(
            "minstens één ja, niemand nee",
            "at least one yes, nobody no",
        )
    } else if those(&|said| !said.yes || said.no) {
        l.pick("niemand ja, of een nee", "nobody yes, or a no")
    } else {
        let each: Vec<String> = positions.iter().map(|one| position(one, l)).collect();
        return each.join(l.pick(" of ", " or "));
    };
    told.to_owned()
}

fn one_said(said: Answered, l: Language) -> String {
    let told = match (said.yes, said.no, said.silent) {
        (true, false, false) => l.pick("allen ja", "all yes"),
        (false, true, false) => l.pick("allen nee", "all no"),
        (true, true, false) => l.pick("deel ja, deel nee", "some yes, some no"),
        (true, false, true) => l.pick("deel ja, deel zwijgt", "some yes, some silent"),
        (false, true, true) => l.pick("deel nee, deel zwijgt", "some no, some silent"),
        (true, true, true) => l.pick("ja, nee en zwijgen", "yes, no and silence"),
        (false, false, _) => l.pick("allen zwijgen", "all silent"),
    };
    told.to_owned()
}

/// A duty, in words.
pub(in crate::policy) fn obligation(obligation: Obligation, l: Language) -> String {
    match (obligation, l) {
        (_, Language::Dutch) => obligation.to_string(),
        (Obligation::InformOwner, Language::English) => "inform the owner".to_owned(),
        (Obligation::ReviewWithin { days }, Language::English) => {
            format!("review afterwards within {days} days")
        }
    }
}

/// Why a rule prohibits, in words.
pub(in crate::policy) const fn reason(reason: Reason, l: Language) -> &'static str {
    match reason {
        Reason::ConsentMissing => l.pick("toestemming ontbreekt", "consent is missing"),
        Reason::ConsentWithdrawn => l.pick("toestemming ingetrokken", "consent was withdrawn"),
        Reason::ConsentExpired => l.pick("toestemming verlopen", "consent has expired"),
        Reason::ConsentIncomplete => l.pick("toestemming onvolledig", "consent is incomplete"),
        Reason::Objection => l.pick("bezwaar tegen afstemming", "objection to alignment"),
        Reason::NoJointRequest => l.pick(
            "geen verzoek om gezamenlijke behandeling",
            "no request for joint handling",
        ),
        Reason::HealthData => l.pick("gezondheidsgegevens", "health data"),
        Reason::NoGround => l.pick("geen grondslag", "no legal basis"),
        Reason::NoUnsafeSituation => l.pick("geen AOS gemeld", "no unsafe situation reported"),
        Reason::KindNotForPurpose => l.pick("soort hoort niet bij doel", "kind not for purpose"),
        Reason::PolicyUnusable => l.pick("beleid onbruikbaar", "policy unusable"),
    }
}

/// The day a moment falls on, as people write it.
pub(in crate::policy) fn day(at: Moment, l: Language) -> String {
    let day = at.local().day();
    format!(
        "{} {} {}",
        day.day_of_month(),
        l.month(day.month()),
        day.year()
    )
}

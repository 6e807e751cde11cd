//! What is missing, found by asking the same question again with other facts.
//!
//! A refusal that no rule prohibits has no reasons of its own: nothing applied. So the explanation
//! is computed: which single fact would have turned it into a permit; if none, which two; if none, which
//! three; beyond that a set of which nothing can be left out. Then, of the owners whose word is in it,
//! no more than are needed. Only facts the purpose's grounds ask for are supposed. Nothing here can
//! permit anything: hypothetical answers end as explanations.

use super::decide::Rules;
use super::engine::{Outcome, Prepared};
use super::facts::{Situation, Stand};
use super::reason::{Fact, Missing, Reason};
use super::schema::ContextFact;
use super::vocabulary::PurposeInfo;

/// How long a supposed unsafe situation lasts; any positive time will do.
const SUPPOSED_MS: i64 = 3_600_000;

/// Every set of up to so many facts is tried; a larger one is found by leaving out.
const TRIED_FACTS: usize = 3;

/// A fact that could be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Supposed<'a> {
    fact: Fact,
    /// The team, for a fact about the team.
    team: Option<&'a str>,
    /// The owners whose word would be otherwise, from 0; none when nobody is known.
    owners: Vec<usize>,
}

/// Facts that could be otherwise together, none twice.
type Set<'a> = Vec<Supposed<'a>>;

/// The facts that would have turned this refusal, sorted by importance: those of which one would do, or
/// else those that would together; none when nothing would.
pub(super) fn missing<'a>(
    rules: Rules<'a>,
    purpose: &PurposeInfo,
    situation: &Situation<'a>,
    prepared: &Prepared,
) -> Vec<Missing> {
    let supposed = candidates(rules, purpose, situation);
    let turns = |set: &[Supposed<'a>]| permits(rules, purpose, situation, prepared, set);
    let alone: Vec<Missing> = supposed
        .iter()
        .map(|one| vec![one.clone()])
        .filter(|set| turns(set))
        .flat_map(|set| told(&set, turns))
        .collect();
    if !alone.is_empty() {
        return alone;
    }
    let together = (2..=TRIED_FACTS)
        .find_map(|size| first_of(size, &Vec::new(), &supposed, &turns))
        .or_else(|| all_but_the_needless(&supposed, turns));
    together.map_or_else(Vec::new, |set| told(&set, turns))
}

/// The first set of so many facts that turns it, `chosen` among them and the others from `rest`.
fn first_of<'a>(
    size: usize,
    chosen: &Set<'a>,
    rest: &[Supposed<'a>],
    turns: &impl Fn(&[Supposed<'a>]) -> bool,
) -> Option<Set<'a>> {
    if chosen.len() == size {
        return turns(chosen).then(|| chosen.clone());
    }
    let mut rest = rest;
    while let Some((next, after)) = rest.split_first() {
        // A request comes from one team.
        if chosen.iter().all(|one| one.fact != next.fact) {
            let mut more = chosen.clone();
            more.push(next.clone());
            if let Some(found) = first_of(size, &more, after, turns) {
                return Some(found);
            }
        }
        rest = after;
    }
    None
}

/// Drops from everything that could be supposed what is not needed, until nothing can be; `None` when
/// all is not enough.
fn all_but_the_needless<'a>(
    supposed: &[Supposed<'a>],
    turns: impl Fn(&[Supposed<'a>]) -> bool,
) -> Option<Set<'a>> {
    let (teams, others): (Set<'_>, Set<'_>) = supposed
        .iter()
        .cloned()
        .partition(|one| one.fact == Fact::Team);
    let with_each_team = teams.into_iter().map(|team| {
        let mut set = others.clone();
        set.push(team);
        set
    });
    let mut set = std::iter::once(others.clone())
        .chain(with_each_team)
        .find(|set| turns(set))?;
    loop {
        let mut smaller = (0..set.len()).map(|left_out| {
            let mut less = set.clone();
            less.remove(left_out);
            less
        });
        let Some(less) = smaller.find(|less| turns(less)) else {
            return Some(set);
        };
        set = less;
    }
}

/// A set as it is told: of the owners in it no more than are needed.
fn told<'a>(set: &Set<'a>, turns: impl Fn(&[Supposed<'a>]) -> bool) -> Vec<Missing> {
    let fewest = fewest_owners(set.clone(), &turns);
    let told = fewest.iter().zip(set).enumerate().map(|(at, (one, all))| {
        // Where one owner will do, it may be any of several.
        let or_else = |owner: &usize| {
            let mut otherwise = fewest.clone();
            if let Some(place) = otherwise.get_mut(at) {
                place.owners = vec![*owner];
            }
            turns(&otherwise)
        };
        let owners: Vec<usize> = if one.owners.len() == 1 {
            all.owners
                .iter()
                .filter(|owner| or_else(owner))
                .copied()
                .collect()
        } else {
            one.owners.clone()
        };
        let others = fewest.iter().filter(|other| other.fact != one.fact);
        Missing {
            fact: one.fact,
            owners: owners.into_iter().map(|number| number + 1).collect(),
            needed: one.owners.len(),
            value: one.team.map(str::to_owned),
            together_with: others.map(|other| other.fact).collect(),
        }
    });
    told.collect()
}

/// The same facts, of as few owners as can be: none of them can be left out.
fn fewest_owners<'a>(mut set: Set<'a>, turns: &impl Fn(&[Supposed<'a>]) -> bool) -> Set<'a> {
    let one_owner_less = |set: &Set<'a>| {
        (0..set.len()).find_map(|at| {
            let owners = set.get(at).map_or(0, |one| one.owners.len());
            // The last one stays: without any it would be another fact, nobody being known.
            (0..owners).filter(|_| owners > 1).find_map(|left_out| {
                let mut less = set.clone();
                less.get_mut(at)?.owners.remove(left_out);
                turns(&less).then_some(less)
            })
        })
    };
    while let Some(less) = one_owner_less(&set) {
        set = less;
    }
    set
}

/// The reason that the most important missing fact stands for.
pub(super) fn reason(missing: &[Missing], situation: &Situation<'_>) -> Reason {
    let Some(most_important) = missing.iter().map(|m| m.fact).min() else {
        return Reason::NoGround;
    };
    match most_important {
        Fact::ObjectionWithdrawn => Reason::Objection,
        Fact::Consent => consent_reason(&situation.consent),
        Fact::ExplicitAgreement => Reason::HealthData,
        Fact::JointRequest => Reason::NoJointRequest,
        Fact::UnsafeSituation => Reason::NoUnsafeSituation,
        Fact::Combined | Fact::Team | Fact::OwnersKnown => Reason::NoGround,
    }
}

const fn consent_reason(consent: &Stand) -> Reason {
    if !consent.withdrawn.is_empty() {
        Reason::ConsentWithdrawn
    } else if consent.expired {
        Reason::ConsentExpired
    } else if consent.yes.is_empty() {
        Reason::ConsentMissing
    } else {
        Reason::ConsentIncomplete
    }
}

/// What could be supposed otherwise, sorted by importance.
fn candidates<'a>(
    rules: Rules<'a>,
    purpose: &PurposeInfo,
    situation: &Situation<'a>,
) -> Vec<Supposed<'a>> {
    let asked = rules.engine.facts_of(&purpose.actions);
    let mut found = Vec::new();
    let mut suppose = |fact, owners| {
        found.push(Supposed {
            fact,
            team: None,
            owners,
        });
    };
    if asked.contains(&ContextFact::Objection) && !situation.objection.yes.is_empty() {
        suppose(Fact::ObjectionWithdrawn, situation.objection.yes.clone());
    }
    for (asks, fact, stand) in [
        (ContextFact::Consent, Fact::Consent, &situation.consent),
        (
            ContextFact::ExplicitAgreement,
            Fact::ExplicitAgreement,
            &situation.explicit_agreement,
        ),
        (
            ContextFact::JointRequest,
            Fact::JointRequest,
            &situation.joint_request,
        ),
    ] {
        let lacking: Vec<usize> = (0..situation.owners)
            .filter(|owner| !stand.yes.contains(owner))
            .collect();
        if asked.contains(&asks) && (!lacking.is_empty() || situation.owners == 0) {
            suppose(fact, lacking);
        }
    }
    if asked.contains(&ContextFact::UnsafeSituation) && situation.unsafe_since_until.is_none() {
        suppose(Fact::UnsafeSituation, Vec::new());
    }
    if asked.contains(&ContextFact::Combined) && !situation.combined {
        suppose(Fact::Combined, Vec::new());
    }
    if situation.owners == 0 {
        suppose(Fact::OwnersKnown, Vec::new());
    }
    if asked.contains(&ContextFact::Team) {
        for (team, _) in rules.manifest.vocabulary.teams() {
            if situation.team != Some(team.as_str()) {
                found.push(Supposed {
                    fact: Fact::Team,
                    team: Some(team.as_str()),
                    owners: Vec::new(),
                });
            }
        }
    }
    found
}

fn permits<'a>(
    rules: Rules<'a>,
    purpose: &PurposeInfo,
    situation: &Situation<'a>,
    prepared: &Prepared,
    set: &[Supposed<'a>],
) -> bool {
    let mut otherwise = situation.clone();
    let owners_too = set.iter().any(|s| s.fact == Fact::OwnersKnown);
    if owners_too {
        otherwise.owners = 1;
    }
    for supposed in set {
        // Whoever is supposed to be an owner is supposed to say yes.
        let who: Vec<usize> = if supposed.owners.is_empty() {
            (0..otherwise.owners).collect()
        } else {
            supposed.owners.clone()
        };
        match supposed.fact {
            Fact::ObjectionWithdrawn => otherwise.objection.yes.retain(|one| !who.contains(one)),
            Fact::Consent => otherwise.consent.agree(&who),
            Fact::ExplicitAgreement => otherwise.explicit_agreement.agree(&who),
            Fact::JointRequest => otherwise.joint_request.agree(&who),
            Fact::UnsafeSituation => {
                otherwise.unsafe_since_until =
                    Some((otherwise.at, otherwise.at.plus_ms(SUPPOSED_MS)));
            }
            Fact::Combined => otherwise.combined = true,
            Fact::Team => otherwise.team = supposed.team,
            Fact::OwnersKnown => {}
        }
    }
    let answer = if owners_too {
        rules
            .engine
            .prepare(&otherwise)
            .and_then(|prepared| rules.answer(purpose, &otherwise, &prepared))
    } else {
        rules.answer(purpose, &otherwise, prepared)
    };
    matches!(answer, Ok(Outcome::Permit(_)))
}

//! What is missing, found by asking the same question again with one fact more.
//!
//! A refusal that no rule prohibits has no reasons of its own: nothing applied. So the explanation
//! is computed: which single fact would have turned it into a permit; if none, which pair; if none,
//! a smallest set. Only facts the purpose's grounds ask for are supposed. Nothing here can permit
//! anything: hypothetical answers end as explanations.

use super::decide::Rules;
use super::engine::{Outcome, Prepared};
use super::facts::{Situation, Stand};
use super::reason::{Fact, Missing, Reason};
use super::schema::ContextFact;
use super::vocabulary::PurposeInfo;

/// How long a supposed unsafe situation lasts; any positive time will do.
const SUPPOSED_MS: i64 = 3_600_000;

/// A fact that could be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Supposed<'a> {
    fact: Fact,
    /// The team, for a fact about the team.
    team: Option<&'a str>,
    /// How many owners it waits for.
    owners: Option<usize>,
}

/// The facts that would have turned this refusal, sorted by importance.
pub(super) fn missing<'a>(
    rules: Rules<'a>,
    purpose: &PurposeInfo,
    situation: &Situation<'a>,
    prepared: &Prepared,
) -> Vec<Missing> {
    let supposed = candidates(rules, purpose, situation);
    let turns = |set: &[&Supposed<'a>]| permits(rules, purpose, situation, prepared, set);

    let singles: Vec<&Supposed<'_>> = supposed.iter().filter(|one| turns(&[one])).collect();
    if !singles.is_empty() {
        return singles.into_iter().map(|one| note(one, &[])).collect();
    }
    for (at, first) in supposed.iter().enumerate() {
        for second in supposed.iter().skip(at + 1) {
            if first.fact != second.fact && turns(&[first, second]) {
                return vec![note(first, &[second]), note(second, &[first])];
            }
        }
    }
    smallest(&supposed, turns)
}

/// Drops from everything that could be supposed what is not needed; empty when all is not enough.
fn smallest<'a>(
    supposed: &[Supposed<'a>],
    turns: impl Fn(&[&Supposed<'a>]) -> bool,
) -> Vec<Missing> {
    let teams: Vec<&Supposed<'_>> = supposed.iter().filter(|s| s.fact == Fact::Team).collect();
    let others: Vec<&Supposed<'_>> = supposed.iter().filter(|s| s.fact != Fact::Team).collect();
    let with_each_team = teams.iter().map(|team| {
        let mut set = others.clone();
        set.push(team);
        set
    });
    for mut set in std::iter::once(others.clone()).chain(with_each_team) {
        if !turns(&set) {
            continue;
        }
        for one in set.clone() {
            let without: Vec<&Supposed<'_>> = set.iter().copied().filter(|s| *s != one).collect();
            if turns(&without) {
                set = without;
            }
        }
        return set
            .iter()
            .map(|one| {
                let rest: Vec<&Supposed<'_>> = set.iter().copied().filter(|s| s != one).collect();
                note(one, &rest)
            })
            .collect();
    }
    Vec::new()
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
        suppose(
            Fact::ObjectionWithdrawn,
            Some(situation.objection.yes.len()),
        );
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
        let lacking = situation.owners.saturating_sub(stand.yes.len());
        if asked.contains(&asks) && (lacking > 0 || situation.owners == 0) {
            suppose(fact, Some(lacking).filter(|owners| *owners > 0));
        }
    }
    if asked.contains(&ContextFact::UnsafeSituation) && situation.unsafe_since_until.is_none() {
        suppose(Fact::UnsafeSituation, None);
    }
    if asked.contains(&ContextFact::Combined) && !situation.combined {
        suppose(Fact::Combined, None);
    }
    if situation.owners == 0 {
        suppose(Fact::OwnersKnown, None);
    }
    if asked.contains(&ContextFact::Team) {
        for (team, _) in rules.manifest.vocabulary.teams() {
            if situation.team != Some(team.as_str()) {
                found.push(Supposed {
                    fact: Fact::Team,
                    team: Some(team.as_str()),
                    owners: None,
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
    set: &[&Supposed<'a>],
) -> bool {
    let mut otherwise = situation.clone();
    let owners_too = set.iter().any(|s| s.fact == Fact::OwnersKnown);
    if owners_too {
        otherwise.owners = 1;
    }
    for supposed in set {
        let everybody = Stand::all(otherwise.owners);
        match supposed.fact {
            Fact::ObjectionWithdrawn => otherwise.objection = Stand::default(),
            Fact::Consent => otherwise.consent = everybody,
            Fact::ExplicitAgreement => otherwise.explicit_agreement = everybody,
            Fact::JointRequest => otherwise.joint_request = everybody,
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

fn note(one: &Supposed<'_>, others: &[&Supposed<'_>]) -> Missing {
    Missing::new(
        one.fact,
        one.owners,
        one.team.map(str::to_owned),
        others.iter().map(|other| other.fact).collect(),
    )
}

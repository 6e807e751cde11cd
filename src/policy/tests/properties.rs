//! Properties over random facts: what must hold whatever anybody recorded.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::support::{Asked, CANDIDATE, CONVENANT, TWG, bundle, moment, oin};
use crate::domain::{Choice, ChoiceKind, ChoiceState, OwnerId};
use crate::policy::{Bundle, Fact, Missing, Verdict};

pub(super) static BUNDLES: LazyLock<[Bundle; 3]> =
    LazyLock::new(|| [CONVENANT, TWG, CANDIDATE].map(bundle));

pub(in crate::policy) const PURPOSES: [&str; 9] = [
    "schade-afhandeling",
    "versterking-uitvoering",
    "afstemming",
    "combinatie-behandeling",
    "veiligheidsnorm-melding",
    "aos",
    "knelpunt-gezondheid",
    "immateriele-schade",
    "overig",
];
const KINDS: [&str; 7] = [
    "gezondheidsgegevens",
    "opnamerapport",
    "schaderapport",
    "inspectierapport",
    "planning",
    "beoordeling",
    "aos-inspectierapport",
];
const ROLES: [&str; 3] = ["img", "ncg", "gemeente"];
const OWNERS: [&str; 3] = ["A", "B", "C"];
const CHOICES: [ChoiceKind; 4] = [
    ChoiceKind::Consent,
    ChoiceKind::ExplicitAgreement,
    ChoiceKind::Objection,
    ChoiceKind::JointRequest,
];
const STATES: [ChoiceState; 9] = [
    ChoiceState::Requested,
    ChoiceState::Given,
    ChoiceState::Renewed,
    ChoiceState::Refused,
    ChoiceState::Withdrawn,
    ChoiceState::Revoked,
    ChoiceState::Invalidated,
    ChoiceState::EnteredInError,
    ChoiceState::Unknown,
];
const DAY_MS: i64 = 86_400_000;

/// A choice as random numbers: kind, owner, state, begins and ends so many days from now.
type Chosen = (usize, usize, usize, i64, Option<i64>);

fn chosen() -> impl Strategy<Value = Chosen> {
    (
        0..CHOICES.len(),
        0..OWNERS.len(),
        // Mostly a yes, or nothing would ever be permitted.
        prop_oneof![3 => Just(1_usize), 1 => 0..STATES.len()],
        prop_oneof![4 => -30_i64..=0, 1 => 0_i64..3],
        proptest::option::weighted(0.3, -3_i64..3),
    )
}

fn add(asked: &mut Asked, chosen: Chosen) {
    let (kind, owner, state, from, until) = chosen;
    let mut choice = asked.new_choice(CHOICES[kind], OWNERS[owner], STATES[state]);
    choice.valid_from = asked.at.plus_ms(from * DAY_MS);
    choice.valid_until = until.map(|days| asked.at.plus_ms(days * DAY_MS));
    asked.facts.choices.push(choice);
}

/// Purpose, kind, requester and holder: mostly places where the owners' choices decide, or the
/// properties would hold for want of permits.
fn places() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    let decided_by_choices = proptest::sample::select(vec![
        (3, 1, 0, 1),
        (3, 4, 1, 0),
        (6, 0, 0, 1),
        (6, 0, 1, 0),
        (8, 2, 1, 0),
        (8, 1, 2, 1),
    ]);
    let anything = (
        0..PURPOSES.len(),
        0..KINDS.len(),
        0..ROLES.len(),
        0..ROLES.len(),
    );
    prop_oneof![2 => decided_by_choices, 1 => anything]
}

fn weighted(probability: f64) -> impl Strategy<Value = bool> {
    proptest::bool::weighted(probability)
}

fn owners() -> impl Strategy<Value = Vec<&'static str>> {
    let owners = |count| proptest::sample::subsequence(OWNERS.to_vec(), count);
    prop_oneof![5 => owners(1..=2), 1 => owners(0..=3)]
}

pub(in crate::policy) fn question() -> impl Strategy<Value = Asked> {
    (
        places(),
        proptest::sample::select(vec![None, Some("aos"), Some("combinatieteam")]),
        (weighted(0.1), weighted(0.7), weighted(0.5), weighted(0.6)),
        owners(),
        proptest::option::weighted(0.3, owners()),
        proptest::collection::vec(chosen(), 0..4),
        any::<bool>(),
    )
        .prop_map(
            |(places, team, (health, combined, aos, willing), owners, before, choices, late)| {
                let (purpose, kind, requester, provider) = places;
                let mut asked = Asked::new(PURPOSES[purpose], KINDS[kind]);
                asked.at = moment(if late {
                    "2024-05-15T10:00:00Z"
                } else {
                    "2022-05-15T10:00:00Z"
                });
                asked.requester = ROLES[requester];
                asked.provider = ROLES[provider];
                asked.team = team;
                asked.health = health;
                if let Some(before) = before {
                    asked = asked.owners("2015-01-01T00:00:00Z", &before);
                    asked.facts.ownerships.push(crate::domain::Ownership {
                        from: asked.at.plus_ms(-5 * DAY_MS),
                        owners: owners.iter().map(|o| OwnerId::parse(o).unwrap()).collect(),
                        recorded_at: 1,
                    });
                } else {
                    asked = asked.owners("2015-01-01T00:00:00Z", &owners);
                }
                if combined {
                    asked = asked.combined();
                }
                if aos {
                    asked = asked.aos();
                }
                // Everybody wants everything, before what chance adds to it.
                let yes = [0, 1, 3].into_iter().filter(|_| willing);
                for (kind, owner) in yes.flat_map(|kind| (0..3).map(move |owner| (kind, owner))) {
                    add(&mut asked, (kind, owner, 1, -4, None));
                }
                for choice in choices {
                    add(&mut asked, choice);
                }
                asked
            },
        )
}

fn permitted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Permit(_))
}

/// What the law says of health data, said again in the plainest words: of every owner of now, the
/// last word on explicit agreement that means anything is a yes whose dates hold.
fn everybody_agreed(asked: &Asked) -> bool {
    let owners = asked.facts.owners_at(asked.at);
    let agreed = |owner: &OwnerId, since| {
        let said: Vec<&Choice> = asked
            .facts
            .choices
            .iter()
            .filter(|c| c.kind == ChoiceKind::ExplicitAgreement && c.owner == *owner)
            .filter(|c| c.valid_from >= since)
            .collect();
        let last_no = said.iter().rposition(|c| {
            matches!(
                c.state,
                ChoiceState::Refused | ChoiceState::Withdrawn | ChoiceState::Revoked
            )
        });
        let last_yes = said.iter().rposition(|c| c.counts_at(asked.at));
        last_yes.is_some_and(|yes| last_no.is_none_or(|no| no < yes))
    };
    !owners.is_empty() && owners.iter().all(|(owner, since)| agreed(owner, *since))
}

/// The owners of now, by number from 1.
fn owner_numbered(asked: &Asked, number: usize) -> String {
    let owners = asked.facts.owners_at(asked.at);
    owners.keys().nth(number - 1).unwrap().as_str().to_owned()
}

/// One thing an explanation says is missing; of what owners say, what one of them says.
type Piece<'m> = (&'m Missing, Option<usize>);

/// What an explanation names, each thing apart; of owners of whom one will do, the first.
fn pieces(set: &[Missing]) -> Vec<Piece<'_>> {
    let of = |one: &'_ Missing| -> Vec<Option<usize>> {
        let owners: Vec<_> = one
            .owners
            .iter()
            .take(one.needed)
            .copied()
            .map(Some)
            .collect();
        if owners.is_empty() {
            vec![None]
        } else {
            owners
        }
    };
    set.iter()
        .flat_map(|one| of(one).into_iter().map(move |owner| (one, owner)))
        .collect()
}

/// The same question where these things are otherwise, recorded as anybody would record them.
fn otherwise(asked: &Asked, pieces: &[Piece<'_>]) -> Asked {
    const NEW: &str = "nieuw";
    let mut other = asked.clone();
    for (one, owner) in pieces {
        let who = owner.map_or_else(|| NEW.to_owned(), |number| owner_numbered(asked, number));
        let mut say = |kind| {
            let choice = other.new_choice(kind, &who, ChoiceState::Given);
            other.facts.choices.push(choice);
        };
        match one.fact {
            Fact::Consent => say(ChoiceKind::Consent),
            Fact::ExplicitAgreement => say(ChoiceKind::ExplicitAgreement),
            Fact::JointRequest => say(ChoiceKind::JointRequest),
            Fact::ObjectionWithdrawn => {
                for choice in &mut other.facts.choices {
                    if choice.kind == ChoiceKind::Objection && choice.owner.as_str() == who {
                        choice.state = ChoiceState::Withdrawn;
                    }
                }
            }
            Fact::UnsafeSituation => other = other.aos(),
            Fact::Combined => {
                let (requester, provider) = (other.requester, other.provider);
                other = other.combined();
                for (dossier, party) in other.facts.dossiers.iter_mut().zip([requester, provider]) {
                    dossier.organisation = oin(party);
                }
            }
            Fact::Team => {
                let teams = ["aos", "combinatieteam", "interventieteam"];
                other.team = teams
                    .into_iter()
                    .find(|team| one.value.as_deref() == Some(*team));
            }
            Fact::OwnersKnown => other.facts.ownerships.push(crate::domain::Ownership {
                from: other.at.plus_ms(-4 * DAY_MS),
                owners: BTreeSet::from([OwnerId::parse(NEW).unwrap()]),
                recorded_at: 9,
            }),
        }
    }
    other
}

/// Everything that could be said to be missing, of every owner.
fn everything(asked: &Asked) -> Vec<Missing> {
    let owners: Vec<usize> = (1..=asked.facts.owners_at(asked.at).len()).collect();
    let one = |fact: Fact, value: Option<&str>| Missing {
        fact,
        needed: if fact.is_choice() { owners.len() } else { 0 },
        owners: if fact.is_choice() {
            owners.clone()
        } else {
            Vec::new()
        },
        value: value.map(str::to_owned),
        together_with: Vec::new(),
    };
    let facts = [
        Fact::ObjectionWithdrawn,
        Fact::Consent,
        Fact::ExplicitAgreement,
        Fact::JointRequest,
        Fact::UnsafeSituation,
        Fact::Combined,
    ];
    let mut all: Vec<Missing> = facts.into_iter().map(|fact| one(fact, None)).collect();
    if owners.is_empty() {
        all.push(one(Fact::OwnersKnown, None));
    }
    let teams = ["aos", "combinatieteam", "interventieteam"];
    all.extend(teams.map(|team| one(Fact::Team, Some(team))));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is said to be missing turns the refusal; nothing of it can be left out; and nothing smaller
    /// would have done.
    #[test]
    fn an_explanation_is_enough_and_nothing_in_it_is_too_much(asked in question()) {
        for bundle in BUNDLES.iter() {
            // Before its own law, no consent could count: the bundle would not be asked.
            if asked.at < bundle.in_force().0 && !bundle.is_candidate() {
                continue;
            }
            let Verdict::Deny(denial) = asked.ask(bundle) else { continue };
            let told = denial.missing();
            let alternatives: Vec<&[Missing]> = match told {
                [] => continue,
                [one, ..] if one.together_with.is_empty() => told.chunks(1).collect(),
                together => vec![together],
            };
            for set in alternatives {
                let named = pieces(set);
                let turned = permitted(&otherwise(&asked, &named).ask(bundle));
                prop_assert!(turned, "{}: not enough: {set:?}", bundle.id());
                for left_out in 0..named.len() {
                    let mut less = named.clone();
                    less.remove(left_out);
                    let turned = permitted(&otherwise(&asked, &less).ask(bundle));
                    prop_assert!(!turned, "{}: too much: {set:?} without {left_out}", bundle.id());
                }
                // Where any of several owners will do, any of them does.
                for one in set.iter().filter(|one| one.needed < one.owners.len()) {
                    for owner in &one.owners {
                        let swapped: Vec<Piece<'_>> = named
                            .iter()
                            .map(|(what, who)| (*what, if what.fact == one.fact { Some(*owner) } else { *who }))
                            .collect();
                        prop_assert!(permitted(&otherwise(&asked, &swapped).ask(bundle)));
                    }
                }
                let all = everything(&asked);
                let smaller = match set.len() {
                    0 | 1 => 0,
                    2 => 1,
                    _ => 2,
                };
                for (at, first) in all.iter().enumerate().filter(|_| smaller > 0) {
                    let alone = pieces(std::slice::from_ref(first));
                    prop_assert!(!permitted(&otherwise(&asked, &alone).ask(bundle)));
                    for second in all.iter().skip(at + 1).filter(|_| smaller > 1) {
                        let both = [first.clone(), second.clone()];
                        prop_assert!(!permitted(&otherwise(&asked, &pieces(&both)).ask(bundle)));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Withdrawing a yes never permits more, whoever withdraws it and however often.
    #[test]
    fn withdrawing_never_permits_more(asked in question(), which in any::<prop::sample::Index>()) {
        // An objection is the one choice whose withdrawal rightly permits more.
        let yes: Vec<usize> = (0..asked.facts.choices.len())
            .filter(|i| asked.facts.choices[*i].kind != ChoiceKind::Objection)
            .collect();
        prop_assume!(!yes.is_empty());
        let mut withdrawn = asked.clone();
        let last = withdrawn.facts.choices.len() as u64;
        let choice = &mut withdrawn.facts.choices[yes[which.index(yes.len())]];
        choice.state = ChoiceState::Withdrawn;
        choice.changed_at = last;
        for bundle in BUNDLES.iter() {
            if permitted(&withdrawn.ask(bundle)) {
                prop_assert!(permitted(&asked.ask(bundle)), "{}", bundle.id());
            }
        }
    }

    /// I8: health data pass only with the explicit agreement of all owners, whatever else holds.
    #[test]
    fn health_data_never_pass_without_everybodys_explicit_agreement(mut asked in question(), mark in any::<bool>()) {
        if mark {
            asked.health = true;
        } else {
            asked.kind = "gezondheidsgegevens";
            for choice in &mut asked.facts.choices {
                choice.kinds = vec!["gezondheidsgegevens".parse().unwrap()];
            }
        }
        for bundle in BUNDLES.iter() {
            if permitted(&asked.ask(bundle)) {
                prop_assert!(everybody_agreed(&asked), "{}", bundle.id());
                prop_assert_eq!(asked.purpose, "knelpunt-gezondheid");
            }
        }
    }

    /// A new owner starts afresh: no earlier yes of theirs or of the former owners counts.
    #[test]
    fn what_former_owners_chose_ends_with_a_change_of_owner(asked in question()) {
        let mut sold = asked.clone();
        sold.facts.ownerships.push(crate::domain::Ownership {
            from: asked.at,
            owners: BTreeSet::from([OwnerId::parse("koper").unwrap()]),
            recorded_at: 99,
        });
        // Nobody chose at the very moment of the sale in these facts, except the buyer: nothing.
        sold.facts.choices.retain(|choice| choice.valid_from < asked.at);
        let mut fresh = sold.clone();
        fresh.facts.choices.clear();
        for bundle in BUNDLES.iter() {
            let (sold, fresh) = (sold.ask(bundle), fresh.ask(bundle));
            prop_assert_eq!(permitted(&sold), permitted(&fresh), "{}", bundle.id());
        }
    }

    /// What ends, ends exactly at its end: with every yes ending now, it is as if there were none.
    #[test]
    fn a_yes_ends_at_its_end_and_not_a_moment_before(asked in question()) {
        let yes = |choice: &Choice| choice.kind != ChoiceKind::Objection;
        let with_end = |ms| {
            let mut ends = asked.clone();
            for choice in ends.facts.choices.iter_mut().filter(|c| yes(c)) {
                choice.valid_until = Some(asked.at.plus_ms(ms));
            }
            ends
        };
        let mut never = asked.clone();
        never.facts.choices.retain(|choice| !yes(choice));
        let mut endless = asked.clone();
        for choice in endless.facts.choices.iter_mut().filter(|c| yes(c)) {
            choice.valid_until = None;
        }
        for bundle in BUNDLES.iter() {
            prop_assert_eq!(permitted(&with_end(0).ask(bundle)), permitted(&never.ask(bundle)));
            prop_assert_eq!(permitted(&with_end(1).ask(bundle)), permitted(&endless.ask(bundle)));
        }
    }

    /// Nobody is given what they hold, and nothing passes outside the matrix that was signed.
    #[test]
    fn nothing_passes_outside_the_signed_matrix(asked in question()) {
        for bundle in BUNDLES.iter() {
            if permitted(&asked.ask(bundle)) {
                prop_assert_ne!(asked.requester, asked.provider);
                let purpose = bundle.vocabulary().find_purpose(&asked.purpose.parse().unwrap());
                let cell = purpose.is_some_and(|p| p.allows(
                    &asked.provider.parse().unwrap(),
                    &asked.requester.parse().unwrap(),
                    &asked.kind.parse().unwrap(),
                ));
                prop_assert!(cell, "{}", bundle.id());
            }
        }
    }

    /// An explanation is true: it is about a refusal, and every refusal is one of the contract's.
    #[test]
    fn a_refusal_always_has_a_reason_and_a_usable_policy(asked in question()) {
        for bundle in BUNDLES.iter() {
            let known = bundle.vocabulary().knows_purpose(&asked.purpose.parse().unwrap());
            if let Verdict::Deny(denial) = asked.ask(bundle) {
                let unusable = denial.reason() == crate::policy::Reason::PolicyUnusable;
                prop_assert_eq!(unusable, !known, "{}", bundle.id());
            }
        }
    }
}

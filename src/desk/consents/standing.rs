//! How the owners of an address stand towards the four questions now. What counts is decided where the
//! policy has it decided, in [`Answers`]; this only says which recorded choice it rests on.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::domain::{
    AddressFacts, Answers, Choice, ChoiceKind, ChoiceState, OwnerId, Scope, Standing,
};

/// How a choice stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It is a yes that counts.
    Counts,
    /// It counts, save where a later choice says otherwise.
    CountsPartly,
    /// A later choice took its place.
    Overtaken,
    /// It begins later.
    Later,
    /// It has run out.
    Expired,
    /// It is no yes, but what was last recorded of it.
    Is(ChoiceState),
}

/// What one owner chose about one of the four questions, as far as it matters now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen<'f> {
    pub(super) kind: ChoiceKind,
    /// Newest first; empty when nothing is known.
    pub(super) choices: Vec<(&'f Choice, Stand)>,
}

/// One owner.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnerStands<'f> {
    pub(super) owner: OwnerId,
    /// Since when, without a break.
    pub(super) since: Moment,
    pub(super) chosen: Vec<Chosen<'f>>,
}

pub(super) const KINDS: [ChoiceKind; 4] = [
    ChoiceKind::Consent,
    ChoiceKind::ExplicitAgreement,
    ChoiceKind::Objection,
    ChoiceKind::JointRequest,
];

/// The owners at a moment, each with what they chose.
pub(super) fn owners(facts: &AddressFacts, at: Moment) -> Vec<OwnerStands<'_>> {
    let owners = facts.owners_at(at);
    let one = |(owner, since): (&OwnerId, &Moment)| OwnerStands {
        owner: owner.clone(),
        since: *since,
        chosen: KINDS
            .into_iter()
            .map(|kind| chosen(facts, &owners, (owner, *since), kind, at))
            .collect(),
    };
    owners.iter().map(one).collect()
}

/// The choices that ended because the one who chose no longer owned the address, or not without a
/// break; newest first.
pub(super) fn of_former_owners(facts: &AddressFacts, at: Moment) -> Vec<&Choice> {
    let owners = facts.owners_at(at);
    let ended = |choice: &&Choice| {
        let since = owners.get(&choice.owner);
        since.is_none_or(|since| choice.valid_from < *since)
    };
    let mut former: Vec<&Choice> = facts.choices.iter().filter(ended).collect();
    former.sort_by_key(|choice| std::cmp::Reverse(choice.changed_at));
    former
}

fn chosen<'f>(
    facts: &'f AddressFacts,
    owners: &BTreeMap<OwnerId, Moment>,
    (owner, since): (&OwnerId, Moment),
    kind: ChoiceKind,
    at: Moment,
) -> Chosen<'f> {
    let of_owner = facts.choices.iter().filter(|choice| {
        choice.kind == kind
            && choice.owner == *owner
            && choice.valid_from >= since
            && choice.state != ChoiceState::EnteredInError
    });
    let mut all: Vec<(&Choice, Stand)> = of_owner
        .map(|choice| (choice, stand(choice, facts, owners, at)))
        .collect();
    all.sort_by_key(|(choice, _)| std::cmp::Reverse(choice.changed_at));
    let newest = all.first().map(|(choice, _)| choice.id);
    let answered = all.iter().find(|(choice, _)| is_word(choice.state));
    let answered = answered.map_or(0, |(choice, _)| choice.changed_at);
    all.retain(|(choice, stand)| {
        let waits = choice.state == ChoiceState::Requested
            && choice.changed_at > answered
            && !choice.expired_at(at);
        let matters = matches!(stand, Stand::Counts | Stand::CountsPartly | Stand::Later);
        matters || waits || Some(choice.id) == newest
    });
    Chosen { kind, choices: all }
}

const fn is_word(state: ChoiceState) -> bool {
    !matches!(
        state,
        ChoiceState::Requested | ChoiceState::EnteredInError | ChoiceState::Unknown
    )
}

fn stand(
    choice: &Choice,
    facts: &AddressFacts,
    owners: &BTreeMap<OwnerId, Moment>,
    at: Moment,
) -> Stand {
    if !matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed) {
        return Stand::Is(choice.state);
    }
    if choice.expired_at(at) {
        return Stand::Expired;
    }
    if at < choice.valid_from {
        return Stand::Later;
    }
    let (mut yes, mut no) = (false, false);
    for receiver in &choice.receivers {
        for purpose in &choice.purposes {
            for kind in &choice.kinds {
                let scope = Scope {
                    receiver: *receiver,
                    purpose,
                    kind,
                    at,
                };
                let answers = Answers::reduce(&facts.choices, owners, &scope);
                if of_kind(&answers, choice.kind).yes.contains(&choice.owner) {
                    yes = true;
                } else {
                    no = true;
                }
            }
        }
    }
    match (yes, no) {
        (true, false) => Stand::Counts,
        (true, true) => Stand::CountsPartly,
        (false, _) => Stand::Overtaken,
    }
}

const fn of_kind(answers: &Answers, kind: ChoiceKind) -> &Standing {
    match kind {
        ChoiceKind::Consent => &answers.consent,
        ChoiceKind::ExplicitAgreement => &answers.explicit_agreement,
        ChoiceKind::Objection => &answers.objection,
        ChoiceKind::JointRequest => &answers.joint_request,
    }
}

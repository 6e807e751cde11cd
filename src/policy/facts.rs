//! The facts of one question, reduced to what a bundle may ask for.
//!
//! Owners become numbers here: their pseudonyms never reach Cedar, so they cannot come out of it in
//! a message either.

use std::collections::BTreeMap;

use super::manifest::ChoiceLimit;
use super::vocabulary::Vocabulary;
use crate::clock::Moment;
use crate::domain::{
    AddressFacts, AddressId, Answers, Choice, ChoiceKind, ChoiceState, DocumentKind, Oin, OwnerId,
    Purpose, Role, Scope, Standing, Team,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One question, with all facts. The roles come from the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The moment of the decision.
    pub at: Moment,
    /// Who asks.
    pub requester: Oin,
    /// The part the requester plays.
    pub requester_role: &'a Role,
    /// The team the request comes from, checked against the requester's configured teams.
    pub team: Option<&'a Team>,
    /// Why.
    pub purpose: &'a Purpose,
    /// What of the document matters.
    pub document: DocumentFacts<'a>,
    /// What is recorded about the document's address.
    pub address: &'a AddressFacts,
}

/// What of a document matters to a decision.
#[derive(Debug, Clone, Copy)]
pub struct DocumentFacts<'a> {
    /// Its kind.
    pub kind: &'a DocumentKind,
    /// Who keeps it.
    pub provider: Oin,
    /// The part the provider plays.
    pub provider_role: &'a Role,
    /// Whether it is marked as holding health data.
    pub health: bool,
    /// The address it is about.
    pub address: AddressId,
}

/// How the owners stand towards one question, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Stand {
    /// Said yes, and it counts now; sorted.
    pub(super) yes: Vec<usize>,
    /// Refused or took it back; sorted.
    pub(super) withdrawn: Vec<usize>,
    /// Somebody's yes has run out.
    pub(super) expired: bool,
}

impl Stand {
    /// Everybody says yes.
    pub(super) fn all(owners: usize) -> Self {
        Self {
            yes: (0..owners).collect(),
            ..Self::default()
        }
    }

    /// These say yes after all.
    pub(super) fn agree(&mut self, who: &[usize]) {
        self.withdrawn.retain(|owner| !who.contains(owner));
        self.yes.retain(|owner| !who.contains(owner));
        self.yes.extend(who);
        self.yes.sort_unstable();
    }

    fn of(standing: &Standing, owners: &BTreeMap<OwnerId, Moment>) -> Self {
        let numbers = |ids: &[OwnerId]| -> Vec<usize> {
            owners
                .keys()
                .enumerate()
                .filter(|(_, owner)| ids.contains(owner))
                .map(|(number, _)| number)
                .collect()
        };
        Self {
            yes: numbers(&standing.yes),
            withdrawn: numbers(&standing.withdrawn),
            expired: !standing.expired.is_empty(),
        }
    }
}

/// A question, reduced. A hypothesis is a copy of this with a fact changed.
#[derive(Debug, Clone)]
pub(super) struct Situation<'a> {
    pub(super) at: Moment,
    pub(super) requester: Oin,
    pub(super) requester_role: &'a str,
    pub(super) provider: Oin,
    pub(super) provider_role: &'a str,
    pub(super) team: Option<&'a str>,
    pub(super) purpose: &'a str,
    pub(super) kind: &'a str,
    pub(super) health: bool,
    pub(super) address: AddressId,
    /// How many owners there are; they are numbered from 0.
    pub(super) owners: usize,
    pub(super) consent: Stand,
    pub(super) explicit_agreement: Stand,
    pub(super) objection: Stand,
    pub(super) joint_request: Stand,
    pub(super) combined: bool,
    /// The unsafe situation in force: since, until.
    pub(super) unsafe_since_until: Option<(Moment, Moment)>,
}

impl<'a> Situation<'a> {
    /// Reduces a question. `limits` are those in force; `unsafe_days` caps how long a report counts.
    pub(super) fn reduce(
        question: &Question<'a>,
        limits: &[ChoiceLimit],
        unsafe_days: Option<u32>,
    ) -> Self {
        let document = &question.document;
        let owners = question.address.owners_at(question.at);
        let scope = Scope {
            receiver: question.requester,
            purpose: question.purpose,
            kind: document.kind,
            at: question.at,
        };
        let counting = question
            .address
            .choices
            .iter()
            .filter(|choice| choice.address == document.address)
            .filter(|choice| !limits.iter().any(|limit| too_old(choice, limit)));
        let answers = Answers::reduce(counting, &owners, &scope);
        Self {
            at: question.at,
            requester: question.requester,
            requester_role: question.requester_role.as_str(),
            provider: document.provider,
            provider_role: document.provider_role.as_str(),
            team: question.team.map(Team::as_str),
            purpose: question.purpose.as_str(),
            kind: document.kind.as_str(),
            health: document.health,
            address: document.address,
            owners: owners.len(),
            consent: Stand::of(&answers.consent, &owners),
            explicit_agreement: Stand::of(&answers.explicit_agreement, &owners),
            objection: Stand::of(&answers.objection, &owners),
            joint_request: Stand::of(&answers.joint_request, &owners),
            combined: combined(question),
            unsafe_since_until: unsafe_situation(question, unsafe_days),
        }
    }

    /// How the owners stand towards one of the four questions.
    pub(super) const fn stand(&self, kind: ChoiceKind) -> &Stand {
        match kind {
            ChoiceKind::Consent => &self.consent,
            ChoiceKind::ExplicitAgreement => &self.explicit_agreement,
            ChoiceKind::Objection => &self.objection,
            ChoiceKind::JointRequest => &self.joint_request,
        }
    }
}

/// A yes from before the limit does not count. A no does: it is never older than it is valid.
fn too_old(choice: &Choice, limit: &ChoiceLimit) -> bool {
    choice.kind == limit.kind
        && choice.valid_from < limit.from
        && matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed)
}

/// Whether *both* parties of this exchange have an active dossier at the address. That two others
/// have one (the Instituut and a municipality, say) makes nothing combined for these two.
fn combined(question: &Question<'_>) -> bool {
    [question.requester, question.document.provider]
        .iter()
        .all(|party| {
            let mut dossiers = question.address.dossiers.iter();
            dossiers.any(|dossier| dossier.active && dossier.organisation == *party)
        })
}

/// Of the reports at the document's address that count now, the one that ends last.
fn unsafe_situation(question: &Question<'_>, days: Option<u32>) -> Option<(Moment, Moment)> {
    question
        .address
        .aos
        .iter()
        .filter(|aos| aos.address == question.document.address && aos.active_at(question.at))
        .map(|aos| match days {
            Some(days) => (
                aos.from,
                aos.until.min(aos.from.plus_ms(i64::from(days) * DAY_MS)),
            ),
            None => (aos.from, aos.until),
        })
        .filter(|(_, until)| question.at < *until)
        .max_by_key(|(_, until)| *until)
}

impl<'a> Situation<'a> {
    /// Made-up facts in which everything speaks for a permit, for checking a bundle rather than a
    /// request: one owner who said yes to everything, a combined address, an unsafe situation.
    /// `None` when the bundle has no role or no kind.
    pub(super) fn supposed(vocabulary: &'a Vocabulary, purpose: &'a Purpose) -> Option<Self> {
        let (role, _) = vocabulary.roles().next()?;
        let (kind, _) = vocabulary.kinds().next()?;
        let at = Moment::from_unix_seconds(1_700_000_000)?;
        Some(Self {
            at,
            requester: Oin::parse("00000000000000000001").ok()?,
            requester_role: role.as_str(),
            provider: Oin::parse("00000000000000000002").ok()?,
            provider_role: role.as_str(),
            team: None,
            purpose: purpose.as_str(),
            kind: kind.as_str(),
            health: false,
            address: AddressId::parse("0014200000000001").ok()?,
            owners: 1,
            consent: Stand::all(1),
            explicit_agreement: Stand::all(1),
            objection: Stand::default(),
            joint_request: Stand::all(1),
            combined: true,
            unsafe_since_until: Some((at, at.plus_ms(DAY_MS))),
        })
    }
}

//! What a form for one kind of choice offers: the purposes for which that choice makes a difference
//! under the bundle in force, the document kinds with each, and the organisations.

use std::collections::{BTreeMap, BTreeSet};

use super::super::words::short_name;
use crate::domain::{ChoiceKind, DocumentKind, Oin, Organisations, Purpose, Role};
use crate::language::Language;
use crate::policy::{Activity, Bundle};

/// Something to choose, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<T> {
    pub(super) value: T,
    pub(super) name: String,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) kind: ChoiceKind,
    pub(super) purposes: Vec<Named<Purpose>>,
    /// The document kinds of each purpose.
    pub(super) kinds_of: BTreeMap<Purpose, BTreeSet<DocumentKind>>,
    pub(super) kinds: Vec<Named<DocumentKind>>,
    pub(super) receivers: Vec<Named<Oin>>,
    pub(super) coordinators: Vec<Named<Oin>>,
    /// Whether the choice makes no difference now, so that everything is offered.
    pub(super) makes_no_difference: bool,
}

impl Offer {
    /// What the bundle offers, with the names of a language.
    pub(super) fn new(
        kind: ChoiceKind,
        bundle: &Bundle,
        organisations: &Organisations,
        l: Language,
    ) -> Self {
        let activities = bundle.activities();
        let mut kinds_of: BTreeMap<Purpose, BTreeSet<DocumentKind>> = activities
            .iter()
            .filter_map(|one| Some((one.purpose.clone(), one.choices.get(&kind)?.clone())))
            .collect();
        let makes_no_difference = kinds_of.is_empty();
        if makes_no_difference {
            let all = activities.iter().map(|one| {
                let kinds = one.flows.iter().flat_map(|flow| flow.kinds.iter().cloned());
                (one.purpose.clone(), kinds.collect())
            });
            kinds_of = all.collect();
        }
        let offered: Vec<&Activity> = activities
            .iter()
            .filter(|one| kinds_of.contains_key(&one.purpose))
            .collect();
        let purposes = offered.iter().map(|one| Named {
            value: one.purpose.clone(),
            name: one.name.told(l).to_owned(),
        });
        let flows = offered.iter().flat_map(|one| &one.flows);
        let to: BTreeSet<&Role> = flows.flat_map(|flow| &flow.to).collect();
        let receivers = organisations.iter().filter(|one| to.contains(&one.role));
        let coordinators = organisations.iter().filter(|one| one.provides);
        let named = |one: &crate::domain::Organisation| Named {
            value: one.oin,
            name: short_name(one),
        };
        let known: BTreeSet<&DocumentKind> = kinds_of.values().flatten().collect();
        let kinds = bundle.vocabulary().kinds();
        Self {
            kind,
            purposes: purposes.collect(),
            kinds: kinds
                .filter(|(code, _)| known.contains(code))
                .map(|(code, name)| Named {
                    value: code.clone(),
                    name: name.told(l).to_owned(),
                })
                .collect(),
            receivers: receivers.map(named).collect(),
            coordinators: coordinators.map(named).collect(),
            kinds_of,
            makes_no_difference,
        }
    }

    /// The document kinds that go with these purposes, in the order of the form.
    pub(super) fn kinds_with(&self, purposes: &[Purpose]) -> Vec<DocumentKind> {
        let sets = purposes.iter().filter_map(|one| self.kinds_of.get(one));
        let with: BTreeSet<&DocumentKind> = sets.flatten().collect();
        let kinds = self.kinds.iter().map(|one| &one.value);
        kinds.filter(|kind| with.contains(kind)).cloned().collect()
    }
}

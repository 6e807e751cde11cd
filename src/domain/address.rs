//! What is known about an address: who owns it, which dossiers are active, whether it is unsafe.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::choice::{Answers, Choice, Scope};
use super::id::{AddressId, AosId, Oin};
use super::text::{DossierNumber, Mark, OwnerId};
use crate::clock::Moment;

/// Who owned an address from a moment on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// From when.
    #[serde(rename = "per")]
    pub from: Moment,
    /// All owners from then on, sorted, none twice; empty when nobody is known.
    #[serde(rename = "eigenaren")]
    pub owners: BTreeSet<OwnerId>,
    /// The ledger index of the entry that told it: of two with the same date the later one holds.
    #[serde(rename = "index")]
    pub recorded_at: u64,
}

/// A dossier of one organisation at an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// Whose it is.
    #[serde(rename = "organisatie")]
    pub organisation: Oin,
    /// Its number there.
    #[serde(rename = "dossier")]
    pub number: DossierNumber,
    /// Whether it is being worked on.
    #[serde(rename = "actief")]
    pub active: bool,
    /// Marks such as `urgentie`, in the shared vocabulary.
    #[serde(rename = "kenmerken")]
    pub marks: BTreeSet<Mark>,
}

/// An acutely unsafe situation that was reported (TwG 2(7)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aos {
    /// Its identifier.
    pub id: AosId,
    /// The address.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// Who reported it, and who may close it.
    #[serde(rename = "gemeldDoor")]
    pub reported_by: Oin,
    /// From when.
    #[serde(rename = "van")]
    pub from: Moment,
    /// Until when (that moment excluded) unless it is closed before.
    #[serde(rename = "tot")]
    pub until: Moment,
    /// Since when it is closed.
    #[serde(rename = "afgesloten")]
    pub closed: Option<Moment>,
}

impl Aos {
    /// Whether it holds at this moment.
    #[must_use]
    pub fn active_at(&self, at: Moment) -> bool {
        at >= self.from && at < self.until && self.closed.is_none_or(|closed| at < closed)
    }
}

/// Everything recorded about one address, at one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFacts {
    /// Which address.
    pub address: AddressId,
    /// The size of the ledger right after the last entry that changed anything here; 0 when there
    /// is none. Entries name it as `gezien`, so that a replay can tell what a decision had seen.
    pub version: u64,
    /// Who owned it, from when.
    pub ownerships: Vec<Ownership>,
    /// The dossiers of all organisations.
    pub dossiers: Vec<Dossier>,
    /// Every choice ever recorded.
    pub choices: Vec<Choice>,
    /// Every report of an unsafe situation.
    pub aos: Vec<Aos>,
}

impl AddressFacts {
    /// An address of which nothing is recorded.
    #[must_use]
    pub const fn nothing_known(address: AddressId) -> Self {
        Self {
            address,
            version: 0,
            ownerships: Vec::new(),
            dossiers: Vec::new(),
            choices: Vec::new(),
            aos: Vec::new(),
        }
    }

    /// Those who own it at this moment, each with the moment since when without a break.
    #[must_use]
    pub fn owners_at(&self, at: Moment) -> BTreeMap<OwnerId, Moment> {
        let mut told: Vec<&Ownership> = self.ownerships.iter().filter(|o| o.from <= at).collect();
        told.sort_by_key(|o| (o.from, o.recorded_at));
        // Of two with one date only the later entry counts: it corrects the earlier one.
        let mut owners: BTreeMap<OwnerId, Moment> = BTreeMap::new();
        let mut steps = told.iter().peekable();
        while let Some(step) = steps.next() {
            if steps.peek().is_some_and(|next| next.from == step.from) {
                continue;
            }
            owners = step
                .owners
                .iter()
                .map(|owner| {
                    (
                        owner.clone(),
                        owners.get(owner).copied().unwrap_or(step.from),
                    )
                })
                .collect();
        }
        owners
    }

    /// Whether the address is combined: an active dossier at two organisations or more.
    #[must_use]
    pub fn combined(&self) -> bool {
        let active: BTreeSet<Oin> = self
            .dossiers
            .iter()
            .filter(|d| d.active)
            .map(|d| d.organisation)
            .collect();
        active.len() > 1
    }

    /// The unsafe situation in force at this moment; of several, the one that ends last.
    #[must_use]
    pub fn aos_at(&self, at: Moment) -> Option<&Aos> {
        self.aos
            .iter()
            .filter(|aos| aos.active_at(at))
            .max_by_key(|aos| aos.until)
    }

    /// The four answers of the owners for a request of this scope.
    #[must_use]
    pub fn answers(&self, scope: &Scope<'_>) -> Answers {
        Answers::reduce(&self.choices, &self.owners_at(scope.at), scope)
    }
}

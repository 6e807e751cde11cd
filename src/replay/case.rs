//! The next entry of the book: a change is taken into the registry, a decision becomes a case with the
//! facts that stood before it.

use std::sync::Arc;

use super::fault::Fault;
use crate::domain::{AddressFacts, AddressId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, Kind, Outcome};
use crate::ledger::registry::{Registry, RegistryFlaw};
use crate::policy::Activation;

/// A decision or a search, with everything it is judged on.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) leaf: Leaf,
    pub(super) on: On,
    pub(super) activations: Arc<Vec<Activation>>,
    /// Whether the book names an organisation before it that the configuration lacks.
    pub(super) strangers: bool,
}

/// The facts that a case rests on.
#[derive(Debug)]
pub(super) enum On {
    /// No policy was asked.
    Nothing,
    /// Facts of its address; part of its history may have been erased.
    Facts {
        facts: Arc<AddressFacts>,
        erased: bool,
    },
    /// The address itself was erased.
    ErasedAddress,
    /// What it saw was erased.
    ErasedFacts,
}

impl Case {
    pub(super) const fn index(&self) -> u64 {
        self.leaf.index
    }
}

/// Takes the next entry; a decision or a search becomes a case.
pub(super) fn next(registry: &mut Registry, leaf: Leaf) -> Result<Option<Case>, Fault> {
    let on = match leaf.entry.soort {
        Kind::Decision => {
            check_form(&leaf.entry)?;
            let asked = asked_policy(&leaf.entry);
            // A range outside the document is refused without a reason of the policy, but on facts.
            if asked || leaf.entry.gezien.is_some() {
                facts_seen(registry, &leaf)?
            } else {
                On::Nothing
            }
        }
        // What there was to list is not in the book, so no candidate is asked.
        Kind::Search if leaf.entry.schaduw.is_some() => {
            return Err(Fault::Contradicts("schaduw", "soort"));
        }
        Kind::Search => facts_seen(registry, &leaf)?,
        _ => {
            registry.take(&leaf)?;
            return Ok(None);
        }
    };
    Ok(Some(Case {
        on,
        activations: Arc::clone(registry.activations()),
        strangers: false,
        leaf,
    }))
}

/// Whether this is a decision of the policy. A call that was refused before has a code instead.
pub(super) fn asked_policy(entry: &Entry) -> bool {
    entry.uitkomst != Some(Outcome::Refused) || entry.code.is_none()
}

/// A decision says one thing.
fn check_form(entry: &Entry) -> Result<(), Fault> {
    let is_test = entry.handeling == Some(Act::Test);
    let says_why_not = entry.reden.is_some() || entry.code.is_some();
    match entry.uitkomst {
        None => Err(Fault::Lacks("uitkomst")),
        Some(Outcome::Permitted) if says_why_not => Err(Fault::Contradicts("uitkomst", "reden")),
        Some(Outcome::Permitted) if is_test => Err(Fault::Contradicts("uitkomst", "handeling")),
        Some(Outcome::Test) if !is_test => Err(Fault::Contradicts("uitkomst", "handeling")),
        Some(Outcome::Refused) if !says_why_not => Err(Fault::Lacks("reden")),
        Some(Outcome::Refused) if is_test && entry.code.is_none() => {
            Err(Fault::Contradicts("uitkomst", "handeling"))
        }
        // A candidate is only compared with what a bundle decided.
        _ if entry.schaduw.is_some() && !asked_policy(entry) => {
            Err(Fault::Contradicts("schaduw", "code"))
        }
        _ if entry.schaduw.is_some() && entry.bundel.is_none() => {
            Err(Fault::Contradicts("schaduw", "bundel"))
        }
        _ if entry.code.is_some() && entry.reden.is_some() => {
            Err(Fault::Contradicts("code", "reden"))
        }
        _ => Ok(()),
    }
}

/// INVARIANT (newest facts): a decision saw the newest state of its address.
fn facts_seen(registry: &Registry, leaf: &Leaf) -> Result<On, Fault> {
    const ADDRESS: &str = "nummeraanduiding";
    let Some(address) = leaf.values.get(ADDRESS) else {
        return if leaf.entry.zegels.contains_key(ADDRESS) {
            Ok(On::ErasedAddress)
        } else {
            Err(Fault::Lacks(ADDRESS))
        };
    };
    let address = AddressId::parse(address).map_err(|_| RegistryFlaw::Form(ADDRESS))?;
    let seen = leaf.entry.gezien.ok_or(Fault::Lacks("gezien"))?;
    let known = registry.find(address);
    let newest = known.map_or(0, |known| known.facts.version);
    if seen != newest {
        return if seen > newest && registry.is_hidden(seen) {
            Ok(On::ErasedFacts)
        } else {
            Err(Fault::Seen { seen, newest })
        };
    }
    Ok(match known {
        Some(known) => On::Facts {
            facts: Arc::clone(known.facts),
            erased: known.erased,
        },
        None => On::Facts {
            facts: Arc::new(AddressFacts::nothing_known(address)),
            erased: false,
        },
    })
}

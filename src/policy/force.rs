//! Which bundle decides at a moment: the ledger's activations, and each bundle's own dates.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::bundle::{Bundle, BundleHash};
use crate::clock::Moment;
use crate::domain::Sha256;

/// The bundles that are known here, by hash: those that were configured, and those that were read from
/// the book since. Its clones are one: what one learns, all know.
#[derive(Debug, Default, Clone)]
pub struct Policies(Arc<ArcSwap<BTreeMap<BundleHash, Arc<Bundle>>>>);

impl Policies {
    /// Puts them together; the same bundle twice is one.
    #[must_use]
    pub fn new(bundles: Vec<Arc<Bundle>>) -> Self {
        let known = bundles.into_iter().map(|b| (b.hash(), b)).collect();
        Self(Arc::new(ArcSwap::from_pointee(known)))
    }

    /// The bundle with this hash.
    #[must_use]
    pub fn find(&self, hash: BundleHash) -> Option<Arc<Bundle>> {
        self.0.load().get(&hash).cloned()
    }

    /// All of them, by hash.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Bundle>> {
        self.0.load().values().cloned().collect()
    }

    /// From now on there is this one too.
    pub fn learn(&self, bundle: &Arc<Bundle>) {
        self.0.rcu(|known| {
            let mut known = BTreeMap::clone(known);
            known.insert(bundle.hash(), Arc::clone(bundle));
            known
        });
    }
}

/// An entry of the ledger that put a bundle in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Which bundle.
    pub bundle: Sha256,
    /// From when.
    pub from: Moment,
    /// Until when, that moment excluded; open when absent.
    pub until: Option<Moment>,
    /// The entry's index: of two that hold, the later one decides.
    pub index: u64,
}

/// Why no bundle decides; every request is then refused with `BELEID_ONBRUIKBAAR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotInForce {
    /// Nothing was activated for this moment.
    #[error("no policy bundle is in force at this moment")]
    None,
    /// The bundle that was activated is not on this gateway.
    #[error("the policy bundle in force, {0}, is not on this gateway")]
    Unknown(Sha256),
    /// What was activated is a candidate, which only exists to be compared.
    #[error("the activated policy bundle {0} is a candidate and cannot be in force")]
    Candidate(Sha256),
}

/// The bundle in force at a moment: of the activations whose dates hold, the one with the highest
/// index whose bundle's own dates hold too.
///
/// A later activation of a bundle that this gateway lacks is an error, not a reason to decide by the
/// older one: the parties agreed on something else.
///
/// # Errors
/// [`NotInForce`] when there is none to decide by.
pub fn in_force(
    policies: &Policies,
    activations: &[Activation],
    at: Moment,
) -> Result<Arc<Bundle>, NotInForce> {
    let mut holding: Vec<&Activation> = activations
        .iter()
        .filter(|activation| holds(activation.from, activation.until, at))
        .collect();
    holding.sort_unstable_by_key(|activation| std::cmp::Reverse(activation.index));
    for activation in holding {
        let bundle = policies
            .find(activation.bundle)
            .ok_or(NotInForce::Unknown(activation.bundle))?;
        if bundle.is_candidate() {
            return Err(NotInForce::Candidate(activation.bundle));
        }
        let (from, until) = bundle.in_force();
        if holds(from, until, at) {
            return Ok(bundle);
        }
    }
    Err(NotInForce::None)
}

fn holds(from: Moment, until: Option<Moment>, at: Moment) -> bool {
    at >= from && until.is_none_or(|until| at < until)
}

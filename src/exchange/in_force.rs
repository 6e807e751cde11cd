//! Which bundle is in force: what the book says about activations, as last read from it.
//!
//! It may be stale. A decision carries the epoch it was made under, and the append refuses an epoch
//! that is no longer the newest; then it is read again.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Exchange;
use super::api::Failure;
use super::record::unreadable;
use super::words::KnownCodes;
use crate::clock::Moment;
use crate::domain::{Organisation, Organisations, Wording};
use crate::errors::in_full;
use crate::ledger::Ledger;
use crate::policy::{self, Activation, Bundle, NotInForce, PartyWords, Policies};
use crate::store::Activation as Recorded;

/// The activations in the book, as last read.
#[derive(Debug)]
pub(super) struct InForce(ArcSwap<Activations>);

/// One reading of the activations.
#[derive(Debug)]
pub(super) struct Activations {
    all: Vec<Recorded>,
    list: Vec<Activation>,
    taken_back: Vec<Activation>,
    epoch: u64,
}

impl InForce {
    pub(super) async fn learn(ledger: &Ledger, policies: &Policies) -> Result<Self, Failure> {
        let read = Activations::read(ledger, policies).await?;
        Ok(Self(ArcSwap::new(Arc::new(read))))
    }

    pub(super) async fn refresh(
        &self,
        ledger: &Ledger,
        policies: &Policies,
    ) -> Result<(), Failure> {
        let read = Activations::read(ledger, policies).await?;
        self.0.store(Arc::new(read));
        Ok(())
    }

    pub(super) fn load(&self) -> Arc<Activations> {
        self.0.load_full()
    }

    /// The words of the bundle in force for this organisation.
    pub(super) fn known_codes(
        &self,
        policies: &Policies,
        organisations: &Organisations,
        organisation: &Organisation,
        at: Moment,
    ) -> KnownCodes {
        let known = self.load();
        let bundle = known.bundle(policies, at).ok();
        let vocabulary = bundle.as_deref().map(Bundle::vocabulary);
        // Own words of which the bundle has none are still own words: there are just none yet.
        let none = PartyWords::default();
        let own = match organisation.words {
            Wording::Shared => None,
            Wording::Own => {
                let own = vocabulary.and_then(|words| words.find_words_of(&organisation.role));
                Some(own.unwrap_or(&none))
            }
        };
        let oins = organisations.iter().map(|one| one.oin).collect();
        KnownCodes::new(vocabulary, own, oins)
    }
}

impl Exchange {
    /// Why there is no bundle to decide by at this moment; nothing where there is one.
    #[must_use]
    pub fn lacks_policy(&self) -> Option<NotInForce> {
        let known = self.in_force.load();
        known.bundle(&self.policies, self.clock.now()).err()
    }
}

impl Activations {
    /// Reads them, and every bundle among them that is not known yet: another gateway may have put
    /// it in force.
    async fn read(ledger: &Ledger, policies: &Policies) -> Result<Self, Failure> {
        let (stored, epoch) = ledger.activations().await.map_err(unreadable)?;
        for activation in &stored {
            if policies.find(activation.bundle).is_some() {
                continue;
            }
            let files = ledger
                .bundle_files(activation.bundle)
                .await
                .map_err(unreadable)?;
            // Without it nothing is decided by it, and a decision says so.
            let Some(files) = files else { continue };
            match Bundle::from_text(&files) {
                Ok(bundle) if bundle.hash() == activation.bundle => {
                    policies.learn(&Arc::new(bundle));
                }
                Ok(other) => tracing::error!(
                    bundle.agreed = %activation.bundle,
                    bundle.found = %other.hash(),
                    "a bundle in the database is not the one that was agreed on"
                ),
                Err(error) => tracing::error!(
                    bundle.agreed = %activation.bundle,
                    error = in_full(&error),
                    "a bundle in the database cannot be read"
                ),
            }
        }
        let (mut list, mut taken_back) = (Vec::new(), Vec::new());
        for one in &stored {
            let of = match one.revoked {
                None => &mut list,
                Some(_) => &mut taken_back,
            };
            of.push(Activation {
                bundle: one.bundle,
                from: one.from,
                until: one.until,
                index: one.index,
            });
        }
        Ok(Self {
            all: stored,
            list,
            taken_back,
            epoch,
        })
    }

    /// The epoch a decision under these activations has seen.
    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The agreements, oldest first, without those that were taken back.
    pub(super) fn list(&self) -> &[Activation] {
        &self.list
    }

    /// The same, with those that were taken back.
    pub(super) fn all(&self) -> &[Recorded] {
        &self.all
    }

    /// Those that were taken back before they began, oldest first.
    pub(super) fn taken_back(&self) -> &[Activation] {
        &self.taken_back
    }

    /// The entry of the agreement that decides at a moment.
    pub(super) fn deciding(&self, policies: &Policies, at: Moment) -> Option<u64> {
        let bundle = self.bundle(policies, at).ok()?;
        let holds = |one: &&Activation| {
            let ends = one.until.is_some_and(|until| until <= at);
            one.bundle == bundle.hash() && one.from <= at && !ends
        };
        let holding = self.list.iter().filter(holds);
        holding.map(|one| one.index).max()
    }

    /// The bundle in force at a moment.
    pub(super) fn bundle(
        &self,
        policies: &Policies,
        at: Moment,
    ) -> Result<Arc<Bundle>, NotInForce> {
        policy::in_force(policies, &self.list, at)
    }
}

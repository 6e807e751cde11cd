//! Which bundle is in force: what the book says about activations, as last read from it.
//!
//! It may be stale. A decision carries the epoch it was made under, and the append refuses an epoch
//! that is no longer the newest; then it is read again.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::api::{Failure, KnownCodes};
use super::record::unreadable;
use crate::clock::Moment;
use crate::domain::{Organisations, Sha256};
use crate::ledger::Ledger;
use crate::policy::{self, Activation, Bundle, NotInForce, Policies};

/// The activations in the book, as last read.
#[derive(Debug)]
pub(super) struct InForce(ArcSwap<Activations>);

/// One reading of the activations.
#[derive(Debug)]
pub(super) struct Activations {
    list: Vec<Activation>,
    epoch: u64,
}

impl InForce {
    pub(super) async fn learn(ledger: &Ledger) -> Result<Self, Failure> {
        Ok(Self(ArcSwap::new(Arc::new(
            Activations::read(ledger).await?,
        ))))
    }

    pub(super) async fn refresh(&self, ledger: &Ledger) -> Result<(), Failure> {
        self.0.store(Arc::new(Activations::read(ledger).await?));
        Ok(())
    }

    pub(super) fn load(&self) -> Arc<Activations> {
        self.0.load_full()
    }

    /// The codes of the bundle in force and the configured organisations.
    pub(super) fn known_codes(
        &self,
        policies: &Policies,
        organisations: &Organisations,
        at: Moment,
    ) -> Arc<KnownCodes> {
        let known = self.load();
        let mut codes = KnownCodes {
            organisations: organisations
                .iter()
                .map(|organisation| organisation.oin)
                .collect(),
            ..KnownCodes::default()
        };
        if let Ok(bundle) = known.bundle(policies, at) {
            let vocabulary = bundle.vocabulary();
            codes.purposes = vocabulary
                .purposes()
                .map(|purpose| purpose.code.clone())
                .collect();
            codes.kinds = vocabulary.kinds().map(|(kind, _)| kind.clone()).collect();
            codes.marks = vocabulary.marks().map(|(mark, _)| mark.clone()).collect();
        }
        Arc::new(codes)
    }
}

impl Activations {
    async fn read(ledger: &Ledger) -> Result<Self, Failure> {
        let (stored, epoch) = ledger.activations().await.map_err(unreadable)?;
        let list = stored
            .into_iter()
            .map(|activation| Activation {
                bundle: activation.bundle,
                from: activation.from,
                until: activation.until,
                index: activation.index,
            })
            .collect();
        Ok(Self { list, epoch })
    }

    /// The epoch a decision under these activations has seen.
    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether the book has an activation of this bundle.
    pub(super) fn activated(&self, bundle: Sha256) -> bool {
        self.list
            .iter()
            .any(|activation| activation.bundle == bundle)
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

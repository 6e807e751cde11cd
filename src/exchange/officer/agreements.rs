//! What was agreed on, as the book has it: which bundle, for when, signed by whom, and how that stands
//! now. Nothing in it is personal.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{Failure, Officers, unreadable};
use crate::clock::Moment;
use crate::domain::Sha256;
use crate::errors::in_full;
use crate::identity::Signed;
use crate::ledger::entry::Entry;
use crate::ledger::{Found, agreement};
use crate::policy::{Activation, Revocation};
use crate::store;

/// How an agreement stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementStanding {
    /// What is asked now is decided by it.
    InForce,
    /// It begins later.
    Planned,
    /// It would still hold, but a later one decides, or its bundle does not let it.
    Replaced,
    /// Its end has come.
    Ended,
    /// It was taken back before it began.
    TakenBack,
}

/// One agreement: an entry of the book, and the one that took it back.
#[derive(Debug)]
pub struct AgreedOn {
    /// The entry.
    pub found: Found,
    /// The content of the bundle.
    pub bundle: Sha256,
    /// From when.
    pub from: Moment,
    /// Until when, that moment excluded.
    pub until: Option<Moment>,
    /// How it stands.
    pub standing: AgreementStanding,
    /// Who signed; nothing for a signature that is not one of this text.
    pub signatures: Vec<Option<Signed>>,
    /// That it does not begin.
    pub taken_back: Option<TakenBack>,
}

/// That an agreement does not begin.
#[derive(Debug)]
pub struct TakenBack {
    /// The entry.
    pub found: Found,
    /// Who signed; nothing for a signature that is not one of this text.
    pub signatures: Vec<Option<Signed>>,
}

/// All agreements.
#[derive(Debug)]
pub struct Agreements {
    /// The one that decides first, then those to come, then the others; of each the newest first.
    pub list: Vec<AgreedOn>,
    /// Whether there are more than could be told.
    pub has_more: bool,
    /// Every bundle there is one about.
    pub bundles: BTreeSet<Sha256>,
}

impl Officers {
    /// The agreements, so many at most.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn agreements(&self, at_most: usize) -> Result<Agreements, Failure> {
        self.agreements_where(at_most, |_| true).await
    }

    /// The agreements about one bundle, so many at most.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn agreements_on(
        &self,
        bundle: Sha256,
        at_most: usize,
    ) -> Result<Agreements, Failure> {
        self.agreements_where(at_most, |one| one.bundle == bundle)
            .await
    }

    /// One agreement by the index of its entry; `None` when there is none there on this bundle.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn find_agreement(
        &self,
        bundle: Sha256,
        index: u64,
    ) -> Result<Option<AgreedOn>, Failure> {
        let is_it = |one: &store::Activation| (one.bundle, one.index) == (bundle, index);
        let found = self.agreements_where(1, is_it).await?;
        Ok(found.list.into_iter().next())
    }

    async fn agreements_where(
        &self,
        at_most: usize,
        wanted: impl Fn(&store::Activation) -> bool,
    ) -> Result<Agreements, Failure> {
        // Another gateway may have recorded one.
        self.exchange.refresh_policy().await?;
        let (stored, _) = self
            .exchange
            .ledger
            .activations()
            .await
            .map_err(unreadable)?;
        let deciding = self.deciding();
        let now = self.now();
        let standing = |one: &store::Activation| match one {
            _ if one.revoked.is_some() => AgreementStanding::TakenBack,
            _ if Some(one.index) == deciding => AgreementStanding::InForce,
            _ if one.from > now => AgreementStanding::Planned,
            _ if one.until.is_some_and(|until| until <= now) => AgreementStanding::Ended,
            _ => AgreementStanding::Replaced,
        };
        let bundles = stored.iter().map(|one| one.bundle).collect();
        let mut wanted: Vec<_> = stored
            .into_iter()
            .filter(wanted)
            .map(|one| (standing(&one), one))
            .collect();
        wanted.sort_by_key(|(standing, one)| (standing.rank(), Reverse(one.from)));
        let has_more = wanted.len() > at_most;
        wanted.truncate(at_most);
        let mut list = Vec::with_capacity(wanted.len());
        for (standing, one) in wanted {
            list.push(self.agreed_on(&one, standing).await?);
        }
        Ok(Agreements {
            list,
            has_more,
            bundles,
        })
    }

    /// The entry of the agreement by which is decided now.
    fn deciding(&self) -> Option<u64> {
        let (known, now) = (self.exchange.in_force.load(), self.now());
        let bundle = known.bundle(&self.exchange.policies, now).ok()?;
        let holds = |one: &&Activation| {
            one.bundle == bundle.hash()
                && one.from <= now
                && one.until.is_none_or(|until| now < until)
        };
        known.list().iter().filter(holds).map(|one| one.index).max()
    }

    async fn agreed_on(
        &self,
        stored: &store::Activation,
        standing: AgreementStanding,
    ) -> Result<AgreedOn, Failure> {
        let found = self.agreement_entry(stored.index).await?;
        let text = agreement(&found.entry).map(|agreed| agreed.text());
        let signatures = who_signed(&found.entry, &text.unwrap_or_default());
        let taken_back = match stored.revoked {
            None => None,
            Some(index) => {
                let by = self.agreement_entry(index).await?;
                let text = Revocation::new(stored.bundle, found.hash()).text();
                let signatures = who_signed(&by.entry, &text);
                Some(TakenBack {
                    found: by,
                    signatures,
                })
            }
        };
        Ok(AgreedOn {
            found,
            bundle: stored.bundle,
            from: stored.from,
            until: stored.until,
            standing,
            signatures,
            taken_back,
        })
    }

    async fn agreement_entry(&self, index: u64) -> Result<Found, Failure> {
        let found = self.exchange.ledger.find_at(index).await;
        found.map_err(unreadable)?.ok_or_else(|| {
            tracing::error!(
                ledger.index = index,
                "the entry of an agreement is not there"
            );
            Failure::LedgerUnavailable
        })
    }
}

impl AgreementStanding {
    const fn rank(self) -> u8 {
        match self {
            Self::InForce => 0,
            Self::Planned => 1,
            Self::Replaced | Self::Ended | Self::TakenBack => 2,
        }
    }
}

/// Who signed this text. A certificate need not be good any more: it was when the entry was made.
fn who_signed(entry: &Entry, text: &[u8]) -> Vec<Option<Signed>> {
    let read = |jws: &String| {
        let signed = Signed::parse(jws, text);
        signed
            .inspect_err(|flaw| tracing::error!(error = in_full(flaw), "a signature is not good"))
            .ok()
    };
    entry.handtekeningen.iter().map(read).collect()
}

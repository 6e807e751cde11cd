//! Looking at what is to be judged: what is public of it, and the remarks that were written beside
//! judgements, after it was recorded that somebody reads them.

use std::collections::BTreeMap;

use super::look::{WATCHERS, not_ready};
use super::{About, Cause, Failure, Officer, Officers, unreadable};
use crate::clock::Moment;
use crate::domain::{AddressId, Oin};
use crate::ledger::Found;
use crate::ledger::entry::{Act, End, Kind};
use crate::oversight::Reviewing;

/// A release as whoever judges it sees it, without anything personal.
#[derive(Debug)]
pub struct UnderReview {
    /// What stands in the index.
    pub review: Reviewing,
    /// Its decision.
    pub decision: Found,
    /// How its transfer ended.
    pub end: Option<Ended>,
    /// The report of an unsafe situation it rested on.
    pub aos: Option<AosDates>,
    /// The entries of this organisation that have a remark beside them.
    pub remarks: Vec<u64>,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Moment,
    /// How.
    pub end: Option<End>,
    /// How many bytes were handed over.
    pub bytes: Option<u64>,
}

/// The dates of a report of an unsafe situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AosDates {
    /// When it was told.
    pub told: Moment,
    /// By whom.
    pub by: Option<Oin>,
    /// From when it holds.
    pub from: Option<Moment>,
    /// Until when, at most.
    pub until: Option<Moment>,
    /// When it was closed before that.
    pub closed: Option<Moment>,
}

/// Where a remark stands in an entry.
const REMARK: &str = "opmerking";

impl Officers {
    /// A release that the officer's own organisation reviews or may judge, or what else an incident of
    /// it is about.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is nothing of the kind.
    pub async fn review(&self, officer: &Officer, decision: u64) -> Result<UnderReview, Failure> {
        officer.must_be(&WATCHERS)?;
        let review = self.reviewing(officer, decision).await?;
        let ledger = &self.exchange.ledger;
        let found = ledger.find_at(decision).await.map_err(unreadable)?;
        let found = found.ok_or(Failure::NotFound)?;
        let closing = ledger.find_closing(found.entry.transactie).await;
        let end = closing.map_err(unreadable)?.map(|closing| Ended {
            at: closing.entry.tijd,
            end: closing.entry.einde,
            bytes: closing.entry.bytes,
        });
        let mut aos = None;
        if let Some(reported) = review.aos {
            let told = ledger.find_at(reported.index).await.map_err(unreadable)?;
            aos = told.map(|told| AosDates {
                told: told.entry.tijd,
                by: told.entry.aanvrager,
                from: told.entry.van,
                until: told.entry.tot,
                closed: reported.closed,
            });
        }
        let mut remarks = Vec::new();
        for index in own_entries(&review, officer) {
            let judged = ledger.find_at(index).await.map_err(unreadable)?;
            let has_one = judged.is_some_and(|found| found.entry.zegels.contains_key(REMARK));
            remarks.extend(has_one.then_some(index));
        }
        Ok(UnderReview {
            review,
            decision: found,
            end,
            aos,
            remarks,
        })
    }

    /// Opens the remarks that people of the officer's own organisation wrote about a release: beside
    /// their judgements, and beside the steps of an incident. By the index of their entries; what was
    /// erased is not among them.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn open_remarks(
        &self,
        officer: &Officer,
        cause: &Cause,
        decision: u64,
    ) -> Result<BTreeMap<u64, String>, Failure> {
        officer.must_be(&WATCHERS)?;
        let review = self.reviewing(officer, decision).await?;
        let ledger = &self.exchange.ledger;
        let found = ledger.find_at(decision).await.map_err(unreadable)?;
        let found = found.ok_or(Failure::NotFound)?;
        let (mut entry, mut personal) = self.entry(officer, Kind::Reading, Some(cause))?;
        entry.handeling = Some(Act::Consult);
        entry.index = Some(decision);
        let about = self.about(&found).await?;
        if let About::Address(address) = about {
            personal = personal.with("nummeraanduiding", address);
        }
        self.append(officer, entry, personal, about).await?;

        let mut remarks = BTreeMap::new();
        for index in own_entries(&review, officer) {
            let Some(judged) = ledger.find_at(index).await.map_err(unreadable)? else {
                continue;
            };
            let values = ledger.open_values(&judged).await.map_err(unreadable)?;
            let remark = values.get(REMARK);
            remarks.extend(remark.map(|remark| (index, remark.value.clone())));
        }
        Ok(remarks)
    }

    async fn reviewing(&self, officer: &Officer, decision: u64) -> Result<Reviewing, Failure> {
        let (own, who) = (officer.organisation.oin, officer.subject.clone());
        let looked = self
            .oversight
            .read(move |index| index.find_review(own, &who, decision));
        looked.await.map_err(not_ready)?.ok_or(Failure::NotFound)
    }

    /// What an entry about this one is about: the two are erased together. Opened only to know that;
    /// nobody is shown it.
    pub(super) async fn about(&self, found: &Found) -> Result<About, Failure> {
        let values = self.exchange.ledger.open_values(found).await;
        let values = values.map_err(unreadable)?;
        let address = values.get("nummeraanduiding");
        let address = address.and_then(|opened| AddressId::parse(&opened.value).ok());
        Ok(address.map_or(About::Nowhere, About::Address))
    }
}

/// The judgements of the officer's own organisation, and the steps it took.
fn own_entries(review: &Reviewing, officer: &Officer) -> Vec<u64> {
    let own = Some(officer.organisation.oin);
    let judged = review.given.iter().filter(|given| given.by == own);
    let steps = review.incident.iter().flat_map(|incident| &incident.steps);
    let signals = review
        .incident
        .iter()
        .flat_map(|incident| &incident.signals);
    let judged = judged.map(|given| given.index);
    let judged = judged.chain(signals.map(|condemned| condemned.index));
    judged.chain(steps.map(|(.., index)| *index)).collect()
}

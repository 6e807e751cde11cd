//! What is handed to the sequencer, and what comes back.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc::OwnedPermit;

use super::entry::{Act, End, Entry, EntryError, Kind, Outcome};
use super::seal::{KeyId, SealError};
use crate::clock::{Clock, Moment};
use crate::domain::{Sha256, TransactionId};
use crate::merkle::{self, Hash};
use crate::policy::{Ground, Permit};
use crate::store::{Change, ClaimedToken, Loaded};

/// The facts a draft rests on: they must still be the newest when it is appended.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The facts of the address.
    pub address: Option<Arc<Loaded>>,
    /// The policy epoch, where a policy was asked.
    pub policy_epoch: Option<u64>,
}

impl Seen {
    /// What an entry rests on that follows from nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            address: None,
            policy_epoch: None,
        }
    }
}

/// An entry that wants to be appended, with everything that must be true for it.
#[derive(Debug)]
pub struct Draft {
    pub(super) line: Vec<u8>,
    pub(super) leaf: Hash,
    pub(super) kind: Kind,
    pub(super) transaction: TransactionId,
    pub(super) decided: Moment,
    pub(super) opening: Option<Sealed>,
    pub(super) claims: Claims,
    pub(super) seen: Seen,
    pub(super) change: Option<Change>,
    /// An entry that names what is destroyed is completed when it is appended: only then it is known.
    late: Option<Box<Entry>>,
    /// The keys it destroys.
    pub(super) destroys: Vec<u64>,
}

/// What opens the commitments of a draft, sealed under a key that must still be there when it is
/// appended.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) key: KeyId,
    /// The epoch of the book's keys at which it was there.
    pub(super) epoch: u64,
    /// Nonce and ciphertext.
    pub(super) bytes: Vec<u8>,
}

/// What is used up by appending: each can be used once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claims {
    /// The token, when there was a good one.
    pub token: Option<ClaimedToken>,
    /// The transaction id.
    pub transaction: Option<TransactionId>,
}

/// Why a draft could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// The entry cannot be written.
    #[error("the entry cannot be written")]
    Entry(#[from] EntryError),
    /// The personal values cannot be sealed.
    #[error("the personal values cannot be sealed")]
    Seal(#[from] SealError),
}

impl Draft {
    pub(super) fn new(
        entry: &Entry,
        opening: Option<Sealed>,
        claims: Claims,
        seen: Seen,
        change: Option<Change>,
    ) -> Result<Self, DraftError> {
        let line = entry.to_line()?;
        Ok(Self {
            leaf: merkle::leaf_hash(&line),
            line,
            kind: entry.soort,
            transaction: entry.transactie,
            decided: entry.tijd,
            opening,
            claims,
            seen,
            late: matches!(change, Some(Change::Erased { .. })).then(|| Box::new(entry.clone())),
            change,
            destroys: Vec::new(),
        })
    }

    /// Completes an entry that destroys these keys, under which so many entries are sealed.
    pub(super) fn complete(&mut self, keys: Vec<u64>, sealed: u64) -> Result<(), EntryError> {
        let Some(entry) = &mut self.late else {
            return Ok(());
        };
        entry.sleutels = keys.iter().copied().map(KeyId::from_number).collect();
        entry.aantal = Some(sealed);
        self.line = entry.to_line()?;
        self.leaf = merkle::leaf_hash(&self.line);
        self.destroys = keys;
        Ok(())
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// Its index, counted from 0.
    pub index: u64,
    /// Its transaction.
    #[serde(rename = "transactieId")]
    pub transaction: TransactionId,
    /// Its time.
    #[serde(rename = "tijd")]
    pub time: Moment,
}

/// Why nothing was appended. Nothing is half-appended: in every case the book is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAppended {
    /// The facts, the policy or the clock moved on: decide again.
    #[error("the facts moved on")]
    Stale,
    /// The token was used before.
    #[error("the token was used before")]
    TokenUsed,
    /// The transaction id was used before.
    #[error("the transaction id was used before")]
    TransactionUsed,
    /// The address is held: nothing of it is erased.
    #[error("the address is held")]
    Held,
    /// Nothing of the kind waits for an answer, or it is asked already.
    #[error("nothing of the kind waits for an answer")]
    NotWaiting,
    /// Nothing is there to erase.
    #[error("there is nothing to erase")]
    NothingToErase,
    /// Too much is waiting already.
    #[error("too much is waiting to be recorded")]
    Overloaded,
    /// The witnesses have not stood behind the book for longer than is allowed: nothing is released.
    #[error("the witnesses' quorum is too old")]
    Unwitnessed,
    /// The book cannot be written now.
    #[error("the ledger cannot be written")]
    Unavailable,
}

/// The status for a requester that went away before there was one; nginx's own, in no RFC.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// How a transfer ended, for its closing entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The status the requester was sent.
    pub status: u16,
    /// Bytes handed over.
    pub bytes: u64,
    /// The SHA-256 over them.
    pub sha256: Sha256,
    /// How it ended.
    pub end: End,
}

impl Report {
    /// A transfer of which no byte was handed over.
    #[must_use]
    pub fn nothing(status: u16, end: End) -> Self {
        Self {
            status,
            bytes: 0,
            sha256: Sha256::from_bytes(merkle::empty_root()),
            end,
        }
    }
}

/// A closing entry on its way to the sequencer.
#[derive(Debug)]
pub(super) struct ClosingJob {
    pub(super) decision: u64,
    pub(super) transaction: TransactionId,
    pub(super) line: Vec<u8>,
    pub(super) leaf: Hash,
}

impl ClosingJob {
    /// The closing entry of the decision at `index`; without a report nobody can tell how it ended.
    pub(super) fn new(
        index: u64,
        transaction: TransactionId,
        at: Moment,
        report: Option<&Report>,
    ) -> Result<Self, EntryError> {
        let mut entry = Entry::new(Kind::Release, at, transaction);
        entry.index = Some(index);
        entry.einde = Some(report.map_or(End::Unknown, |report| report.end));
        entry.status = report.map(|report| report.status);
        entry.bytes = report.map(|report| report.bytes);
        entry.sha256 = report.map(|report| report.sha256);
        let line = entry.to_line()?;
        Ok(Self {
            decision: index,
            transaction,
            leaf: merkle::leaf_hash(&line),
            line,
        })
    }
}

/// The duty to write how a transfer ended. Whoever drops it without a word leaves the entry that the
/// requester broke it off: that is what a dropped request means.
#[must_use = "a release must be closed with a report"]
pub struct Closing {
    slot: Option<OwnedPermit<ClosingJob>>,
    index: u64,
    transaction: TransactionId,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Closing {
    pub(super) fn new(
        slot: OwnedPermit<ClosingJob>,
        receipt: &Receipt,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            slot: Some(slot),
            index: receipt.index,
            transaction: receipt.transaction,
            clock,
        }
    }

    /// Writes how it ended. The room for it was taken before the release began, so it cannot fail
    /// for lack of room; it is durable with one of the next commits.
    pub fn finish(mut self, report: &Report) {
        self.send(report);
    }

    fn send(&mut self, report: &Report) {
        let Some(slot) = self.slot.take() else { return };
        // A closing entry has a fixed, small form; it always fits.
        if let Ok(job) =
            ClosingJob::new(self.index, self.transaction, self.clock.now(), Some(report))
        {
            slot.send(job);
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.send(&Report::nothing(
            CLIENT_CLOSED_REQUEST,
            End::BrokenByRequester,
        ));
    }
}

/// INVARIANT (release after record): the permit that allowed a release, durable in the book. Only
/// the ledger makes one, only from a [`Permit`], only after its commit returned; and only a
/// `Recorded`, taken by value, opens the road to the provider.
///
/// Nobody else can make one:
///
/// ```compile_fail
/// fn around(receipt: sluis::ledger::Receipt) -> sluis::ledger::Recorded {
///     sluis::ledger::Recorded { receipt }
/// }
/// ```
///
/// nor use one twice:
///
/// ```compile_fail
/// fn twice(recorded: sluis::ledger::Recorded) -> (sluis::ledger::Closing, sluis::ledger::Closing) {
///     (recorded.into_closing(), recorded.into_closing())
/// }
/// ```
///
/// nor copy it:
///
/// ```compile_fail
/// fn copy(recorded: &sluis::ledger::Recorded) -> sluis::ledger::Recorded {
///     recorded.clone()
/// }
/// ```
#[derive(Debug)]
#[must_use = "a recorded release must be carried out or closed"]
pub struct Recorded {
    receipt: Receipt,
    permit: Permit,
    closing: Closing,
}

impl Recorded {
    pub(super) fn new(receipt: Receipt, permit: Permit, closing: Closing) -> Self {
        Self {
            receipt,
            permit,
            closing,
        }
    }

    /// Where its decision stands.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// On what ground it was permitted.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        self.permit.ground()
    }

    /// Gives up the right to open the road, and keeps the duty to close the release.
    pub fn into_closing(self) -> Closing {
        self.closing
    }
}

/// Fills in what a permit says about a decision.
pub fn permitted(entry: &mut Entry, permit: &Permit, act: Act) {
    entry.handeling = Some(act);
    entry.uitkomst = Some(if act == Act::Test {
        Outcome::Test
    } else {
        Outcome::Permitted
    });
    entry.grondslag = Some(permit.ground().iri.clone());
    entry.artikel = Some(permit.ground().article.clone());
    entry.regels = permit.rules().iter().map(ToString::to_string).collect();
    entry.bundel = Some(permit.bundle());
    entry.verplichtingen = permit
        .obligations()
        .iter()
        .map(|duty| duty.code().to_string())
        .collect();
}

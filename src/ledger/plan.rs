//! The jobs of one batch, and what becomes of each.

mod erasing;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::oneshot;

use super::draft::{Claims, Closing, ClosingJob, Draft, NotAppended, Receipt, Sealed};
use super::entry::Kind;
use super::seal::KeyId;
use super::witnessed::Cosigned;
use crate::bounds;
use crate::clock::{Clock, Moment};
use crate::domain::{AddressId, Oin, TransactionId};
use crate::merkle::{Edge, Hash};
use crate::store::{
    Asked, Batch, Change, Clear, DocumentChange, DocumentOutcome, EntryRow, Erasing, Head, Once,
    OpeningRow, SavedChange, StoreError, StoredKey,
};

/// Where an entry stands, and for a release the duty to close it. It travels in one piece, so that
/// a requester who went away while the commit was under way still leaves a closing entry.
pub(super) type Appended = (Receipt, Option<Closing>);

pub(super) type Reply<T> = oneshot::Sender<Result<T, NotAppended>>;

/// Work for the sequencer.
pub(super) enum Job {
    /// Append an entry; with a slot it is a release, whose closing entry is still to come.
    Append {
        draft: Box<Draft>,
        slot: Option<OwnedPermit<ClosingJob>>,
        reply: Reply<Appended>,
    },
    /// Change the document index.
    Documents(Box<IndexJob>),
    /// Destroy again what came back.
    Destroy {
        keys: Vec<u64>,
        reply: Reply<Destroyed>,
    },
    /// Take a step of clearing what was erased out of the pages of the file.
    Clear {
        step: Clear,
        reply: Reply<Option<i64>>,
    },
    /// Keep a wrapped key, unless there is one.
    Key {
        key: Box<StoredKey>,
        reply: Reply<KeptKey>,
    },
    /// Use up a token and a transaction id without an entry.
    Claim { claims: Claims, reply: Reply<()> },
    /// Keep or drop a search of an officer.
    Saved {
        owner: [u8; 16],
        change: SavedChange,
        reply: Reply<bool>,
    },
    /// Keep a cosigned checkpoint; nobody waits for it.
    Cosigned(Cosigned),
    /// Keep how far a view was told; nobody waits for it.
    Place { view: &'static str, next: u64 },
    /// Say in the database that this gateway lives, and catch up with the others.
    Beat { reply: Reply<()> },
}

/// A change of the document index by one organisation.
pub(super) struct IndexJob {
    pub(super) claims: Claims,
    pub(super) owner: Oin,
    pub(super) changes: Vec<DocumentChange>,
    pub(super) all_or_nothing: bool,
    pub(super) reply: Reply<Vec<DocumentOutcome>>,
}

/// An entry that wants to be appended.
pub(super) struct Append {
    pub(super) draft: Box<Draft>,
    slot: Option<OwnedPermit<ClosingJob>>,
    reply: Reply<Appended>,
    /// What became of it in the attempt under way.
    pub(super) fate: Result<u64, NotAppended>,
}

struct IndexChange {
    job: Box<IndexJob>,
    fate: Result<Vec<DocumentOutcome>, NotAppended>,
}

/// What came back and was destroyed again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// Keys.
    pub keys: u64,
    /// Openings under them.
    pub openings: u64,
}

struct Again {
    keys: Vec<u64>,
    reply: Reply<Destroyed>,
    done: Destroyed,
}

/// A key that is in the store, wrapped.
#[derive(Debug)]
pub(super) struct KeptKey {
    pub(super) id: KeyId,
    pub(super) wrapped: Vec<u8>,
    /// The epoch of the book's keys at which it is there.
    pub(super) epoch: u64,
}

struct NewKey {
    key: Box<StoredKey>,
    reply: Reply<KeptKey>,
    /// The one that counts: perhaps another gateway's.
    kept: Option<KeptKey>,
}

struct Claim {
    claims: Claims,
    reply: Reply<()>,
    fate: Result<(), NotAppended>,
}

struct Saved {
    owner: [u8; 16],
    change: SavedChange,
    reply: Reply<bool>,
    /// Whether anything changed: there may be no room for it, or no such search.
    changed: bool,
}

/// What no two changes of one batch may both be about: two changes of one address, or two of the
/// policy, of what waits or of what is erased, cannot both have seen the newest state of it.
fn alone(change: &Change) -> Option<AddressId> {
    match change {
        Change::Erased { .. } => None,
        change => change.address(),
    }
}

/// The jobs of one batch, by what they do.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) appends: Vec<Append>,
    pub(super) closings: Vec<ClosingJob>,
    index: Vec<IndexChange>,
    again: Vec<Again>,
    /// Steps of clearing, for after the commit.
    pub(super) clears: Vec<(Clear, Reply<Option<i64>>)>,
    keys: Vec<NewKey>,
    claims: Vec<Claim>,
    saved: Vec<Saved>,
    /// The newest that came in.
    cosigned: Option<Cosigned>,
    /// The newest of each view.
    places: HashMap<&'static str, u64>,
    beats: Vec<Reply<()>>,
}

/// What the changes of a batch moved.
pub(super) struct Moved {
    pub(super) addresses: Vec<AddressId>,
    pub(super) policy_epoch: u64,
    pub(super) keys_epoch: u64,
    /// Whether something was destroyed.
    pub(super) erased: bool,
}

/// What a batch uses up.
struct Using {
    /// What was not used before, and not in this batch either.
    unused: HashSet<Once>,
    /// What is to be remembered.
    rows: Vec<(Once, Moment)>,
    now: Moment,
}

impl Using {
    /// Uses up what somebody claims. Of two alike in one batch, the first has it. A transaction that is
    /// appended is used up by its entry: only others are remembered beside the book.
    fn take(
        &mut self,
        claims: &Claims,
        appended: Option<TransactionId>,
    ) -> Result<(), NotAppended> {
        let token = claims
            .token
            .map(|token| (Once::Token(token.tag), token.until));
        let token_unused = token.is_none_or(|(once, _)| self.unused.remove(&once));
        let transaction = claims.transaction.map(Once::Transaction);
        let transaction_unused = transaction.is_none_or(|once| self.unused.remove(&once));
        if token_unused {
            self.rows.extend(token);
        }
        let is_written = token_unused && claims.transaction == appended;
        if let Some(id) = claims
            .transaction
            .filter(|_| transaction_unused && !is_written)
        {
            let until = id.moment().unwrap_or(self.now);
            let until = until.plus_ms(2 * bounds::TRANSACTION_SKEW_MS);
            self.rows.push((Once::Transaction(id), until));
        }
        match (transaction_unused, token_unused) {
            (false, _) => Err(NotAppended::TransactionUsed),
            (true, false) => Err(NotAppended::TokenUsed),
            (true, true) => Ok(()),
        }
    }
}

struct Row<'p> {
    index: u64,
    transaction: TransactionId,
    line: &'p [u8],
    leaf: Hash,
    opening: Option<&'p Sealed>,
    release: bool,
}

impl Plan {
    pub(super) fn len(&self) -> usize {
        // Every line of a bulk call counts: what is too much for one batch would not be in time.
        let lines: usize = self
            .index
            .iter()
            .map(|change| change.job.changes.len().max(1))
            .sum();
        self.appends.len() + self.closings.len() + lines + self.claims.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
            && self.keys.is_empty()
            && self.again.is_empty()
            && self.clears.is_empty()
            && self.saved.is_empty()
            && self.cosigned.is_none()
            && self.places.is_empty()
            && self.beats.is_empty()
    }

    /// Whether nobody is told that something happened: closing entries, which the book takes only once,
    /// signs of life, and what is asked for again anyway.
    pub(super) fn promises_nothing(&self) -> bool {
        self.len() == self.closings.len()
            && self.keys.is_empty()
            && self.again.is_empty()
            && self.saved.is_empty()
    }

    pub(super) fn add(
        &mut self,
        job: Job,
        changing: &mut HashSet<Option<AddressId>>,
        deferred: &mut Vec<Job>,
    ) {
        match job {
            Job::Append { draft, slot, reply } => {
                let changed = draft.change.as_ref().map(alone);
                if changed.is_some_and(|what| !changing.insert(what)) {
                    deferred.push(Job::Append { draft, slot, reply });
                } else {
                    self.appends.push(Append {
                        draft,
                        slot,
                        reply,
                        fate: Err(NotAppended::Unavailable),
                    });
                }
            }
            Job::Documents(job) => {
                let fate = Err(NotAppended::Unavailable);
                self.index.push(IndexChange { job, fate });
            }
            Job::Destroy { keys, reply } => {
                let done = Destroyed::default();
                self.again.push(Again { keys, reply, done });
            }
            Job::Clear { step, reply } => self.clears.push((step, reply)),
            Job::Key { key, reply } => {
                self.keys.push(NewKey {
                    key,
                    reply,
                    kept: None,
                });
            }
            Job::Claim { claims, reply } => {
                let fate = Err(NotAppended::Unavailable);
                self.claims.push(Claim {
                    claims,
                    reply,
                    fate,
                });
            }
            Job::Saved {
                owner,
                change,
                reply,
            } => {
                self.saved.push(Saved {
                    owner,
                    change,
                    reply,
                    changed: false,
                });
            }
            // They come in the order of their age.
            Job::Cosigned(cosigned) => self.cosigned = Some(cosigned),
            Job::Place { view, next } => {
                self.places.insert(view, next);
            }
            Job::Beat { reply } => self.beats.push(reply),
        }
    }

    /// INVARIANT (newest facts): marks every draft whose facts, policy or moment are no longer the
    /// newest. The head is locked, so what is newest now stays so until the commit. Answers whether a
    /// key was gone: then none that was known before can be trusted to be there.
    pub(super) async fn check_fresh(
        &mut self,
        batch: &mut Batch<'_>,
        head: &Head,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let mut unsure: Vec<AddressId> = self
            .appends
            .iter()
            .filter_map(|append| append.draft.seen.address.as_ref())
            .filter(|seen| seen.confirmed_at() != head.facts_epoch)
            .map(|seen| seen.facts.address)
            .collect();
        unsure.sort_unstable();
        unsure.dedup();
        let versions = if unsure.is_empty() {
            HashMap::new()
        } else {
            batch.address_versions(&unsure).await?
        };
        let old = |sealed: &&Sealed| sealed.epoch != head.keys_epoch;
        let sealed = self
            .appends
            .iter()
            .filter_map(|one| one.draft.opening.as_ref());
        let under: Vec<u64> = sealed.filter(old).map(|one| one.key.number()).collect();
        let there = if under.is_empty() {
            HashSet::new()
        } else {
            batch.keys_there(&under).await?
        };
        let mut key_missing = false;
        for append in &mut self.appends {
            let seen = &append.draft.seen;
            // INVARIANT (no key comes back): an entry is appended under a key that is there, and never
            // on facts from before somebody was erased.
            let sealed = append.draft.opening.as_ref().filter(old);
            let key_gone = sealed.is_some_and(|one| !there.contains(&one.key.number()));
            key_missing |= key_gone;
            let erased_since = seen
                .address
                .as_ref()
                .is_some_and(|seen| seen.keys_epoch != head.keys_epoch);
            let policy_moved = seen
                .policy_epoch
                .is_some_and(|epoch| epoch != head.policy_epoch);
            let too_old = now.ms_since(append.draft.decided) > bounds::DECISION_AGE_MS;
            let facts_moved = seen.address.as_ref().is_some_and(|seen| {
                if seen.confirmed_at() == head.facts_epoch {
                    return false;
                }
                let newest = versions.get(&seen.facts.address).copied().unwrap_or((0, 0));
                let moved = newest != (seen.facts.version, seen.index_revision);
                if !moved {
                    seen.confirm(head.facts_epoch);
                }
                moved
            });
            let moved = policy_moved || facts_moved || erased_since || key_gone;
            append.fate = if moved || too_old {
                Err(NotAppended::Stale)
            } else {
                Ok(0)
            };
        }
        Ok(key_missing)
    }

    /// What the claims and closing entries of this batch are about.
    pub(super) fn asked(&self) -> Asked {
        let appends = self.appends.iter().map(|append| append.draft.claims);
        let claims = appends
            .chain(self.index.iter().map(|change| change.job.claims))
            .chain(self.claims.iter().map(|claim| claim.claims));
        let mut asked = Asked::default();
        for claims in claims {
            asked.transactions.extend(claims.transaction);
        }
        asked.closing = self
            .closings
            .iter()
            .map(|closing| closing.decision)
            .collect();
        asked
    }

    /// Uses up the tokens and transaction ids of everything that is still good.
    pub(super) async fn claim(
        &mut self,
        batch: &mut Batch<'_>,
        now: Moment,
    ) -> Result<(), StoreError> {
        let good = self
            .appends
            .iter()
            .filter(|append| append.fate.is_ok())
            .map(|append| append.draft.claims)
            .chain(self.index.iter().map(|change| change.job.claims))
            .chain(self.claims.iter().map(|claim| claim.claims));
        let once = |claims: Claims| {
            let token = claims.token.map(|token| Once::Token(token.tag));
            let transaction = claims.transaction.map(Once::Transaction);
            token.into_iter().chain(transaction)
        };
        let wanted: Vec<Once> = good.flat_map(once).collect();
        let mut using = Using {
            unused: batch.unused(&wanted).await?,
            rows: Vec::new(),
            now,
        };
        for append in &mut self.appends {
            if append.fate.is_ok() {
                let own = Some(append.draft.transaction);
                append.fate = using.take(&append.draft.claims, own).map(|()| 0);
            }
        }
        for change in &mut self.index {
            let taken = using.take(&change.job.claims, None);
            change.fate = taken.map(|()| Vec::new());
        }
        for claim in &mut self.claims {
            claim.fate = using.take(&claim.claims, None);
        }
        batch.use_up(&using.rows).await?;
        Ok(())
    }

    /// Strikes off the releases to be closed. One that another gateway closed meanwhile gets no
    /// second closing entry.
    async fn close(&self, batch: &mut Batch<'_>) -> Result<HashSet<u64>, StoreError> {
        let indices: Vec<u64> = self
            .closings
            .iter()
            .map(|closing| closing.decision)
            .collect();
        batch.close_releases(&indices).await
    }

    /// Writes the entries of the batch with their openings, and grows the tree by them; answers how
    /// many there are. Closing entries come first, then decisions, then changes.
    pub(super) async fn write_entries(
        &mut self,
        batch: &mut Batch<'_>,
        edge: &mut Edge,
        gateway: [u8; 16],
    ) -> Result<u64, StoreError> {
        let closed = self.close(batch).await?;
        let rows = self.rows(edge.size(), &closed);
        let (mut whole, mut releases) = (Vec::new(), Vec::new());
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            edge.push(row.leaf, &mut whole);
            entries.push(EntryRow {
                index: row.index,
                transaction: row.transaction,
                entry: row.line,
                opening: row.opening.map(|opening| OpeningRow {
                    key: opening.key.number(),
                    sealed: &opening.bytes,
                }),
            });
            if row.release {
                releases.push((row.index, row.transaction));
            }
        }
        batch.insert_entries(&entries).await?;
        batch.open_releases(&releases, gateway).await?;
        for tile in &whole {
            batch.insert_tile(tile).await?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    /// Gives every entry its index: closing entries first, then decisions, then changes.
    fn rows(&mut self, first: u64, closed: &HashSet<u64>) -> Vec<Row<'_>> {
        let mut index = first..;
        let mut rows = Vec::with_capacity(self.appends.len() + self.closings.len());
        for closing in &self.closings {
            if closed.contains(&closing.decision)
                && let Some(index) = index.next()
            {
                rows.push(Row {
                    index,
                    transaction: closing.transaction,
                    line: &closing.line,
                    leaf: closing.leaf,
                    opening: None,
                    release: false,
                });
            }
        }
        for append in &mut self.appends {
            if append.fate.is_ok()
                && let Some(index) = index.next()
            {
                append.fate = Ok(index);
                rows.push(Row {
                    index,
                    transaction: append.draft.transaction,
                    line: &append.draft.line,
                    leaf: append.draft.leaf,
                    opening: append.draft.opening.as_ref(),
                    release: append.slot.is_some(),
                });
            }
        }
        rows
    }

    /// Writes the changes that this batch's entries tell of, and those of the document index.
    pub(super) async fn write_changes(
        &mut self,
        batch: &mut Batch<'_>,
        head: &Head,
    ) -> Result<Moved, StoreError> {
        let mut moved = Moved {
            addresses: Vec::new(),
            policy_epoch: head.policy_epoch,
            keys_epoch: head.keys_epoch,
            erased: false,
        };
        for append in &self.appends {
            let (Ok(index), Some(change)) = (append.fate, &append.draft.change) else {
                continue;
            };
            batch.apply(change, index).await?;
            if let Change::Erased { proposal, erasing } = change {
                erasing::erase(batch, index, *proposal, erasing, &append.draft.destroys).await?;
                // Nobody seals under a key of a year that was kept for its term.
                let gone = u64::from(!matches!(erasing, Erasing::Term { .. }));
                moved.keys_epoch = head.keys_epoch + gone;
                moved.erased = true;
            }
            moved.addresses.extend(change.address());
            if append.draft.kind == Kind::Agreement {
                moved.policy_epoch = index + 1;
            }
        }
        for IndexChange { job, fate } in &mut self.index {
            if fate.is_ok() {
                let (lines, addresses) = batch
                    .change_documents(job.owner, &job.changes, job.all_or_nothing)
                    .await?;
                moved.addresses.extend(addresses);
                *fate = Ok(lines);
            }
        }
        for again in &mut self.again {
            let (keys, openings) = batch.destroy(&again.keys, bounds::NULLED_AT_ONCE).await?;
            again.done = Destroyed { keys, openings };
            moved.keys_epoch = moved.keys_epoch.max(head.keys_epoch + u64::from(keys > 0));
            moved.erased |= keys + openings > 0;
        }
        for key in &mut self.keys {
            let (id, wrapped) = batch.keep_opening_key(&key.key).await?;
            key.kept = Some(KeptKey {
                id: KeyId::from_number(id),
                wrapped,
                epoch: moved.keys_epoch,
            });
        }
        for saved in &mut self.saved {
            saved.changed = batch.change_saved(saved.owner, &saved.change).await?;
        }
        if let Some(Cosigned { size, at, note }) = &self.cosigned {
            batch.keep_cosigned(*size, *at, note).await?;
        }
        for (view, next) in &self.places {
            batch.keep_place(view, *next).await?;
        }
        Ok(moved)
    }

    /// Says that this gateway lives, if somebody asked for it, and forgets what is too old.
    pub(super) async fn beat(
        &self,
        batch: &mut Batch<'_>,
        gateway: [u8; 16],
        now: Moment,
    ) -> Result<(), StoreError> {
        if self.beats.is_empty() {
            return Ok(());
        }
        let dead_before = now.plus_ms(-bounds::GATEWAY_DEAD_MS);
        batch.heartbeat(gateway, now, dead_before).await
    }

    /// Tells everyone what became of their job. A requester who went away is no trouble: what comes
    /// back to it closes itself.
    pub(super) fn answer(self, clock: &Arc<dyn Clock>) {
        for append in self.appends {
            let appended = append.fate.map(|index| {
                let receipt = Receipt {
                    index,
                    transaction: append.draft.transaction,
                    time: append.draft.decided,
                };
                let closing = append
                    .slot
                    .map(|slot| Closing::new(slot, &receipt, Arc::clone(clock)));
                (receipt, closing)
            });
            let _ = append.reply.send(appended);
        }
        for change in self.index {
            let _ = change.job.reply.send(change.fate);
        }
        for again in self.again {
            let _ = again.reply.send(Ok(again.done));
        }
        for key in self.keys {
            let _ = key.reply.send(key.kept.ok_or(NotAppended::Unavailable));
        }
        for claim in self.claims {
            let _ = claim.reply.send(claim.fate);
        }
        for saved in self.saved {
            let _ = saved.reply.send(Ok(saved.changed));
        }
        for reply in self.beats {
            let _ = reply.send(Ok(()));
        }
    }

    pub(super) fn refuse(self, why: NotAppended) {
        for append in self.appends {
            let _ = append.reply.send(Err(why));
        }
        for change in self.index {
            let _ = change.job.reply.send(Err(why));
        }
        for again in self.again {
            let _ = again.reply.send(Err(why));
        }
        for (_, reply) in self.clears {
            let _ = reply.send(Err(why));
        }
        for key in self.keys {
            let _ = key.reply.send(Err(why));
        }
        for claim in self.claims {
            let _ = claim.reply.send(Err(why));
        }
        for saved in self.saved {
            let _ = saved.reply.send(Err(why));
        }
        for reply in self.beats {
            let _ = reply.send(Err(why));
        }
    }
}

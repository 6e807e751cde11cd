//! The sequencer: the one task that writes.
//!
//! It takes whatever arrived while the last commit was under way and commits it as one batch: one
//! transaction, one fsync, one signed checkpoint that covers every entry of it. The order inside a
//! transaction is the design, and each step says which crash or rival it survives.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::{mpsc, oneshot, watch};

use super::draft::{Closing, ClosingJob, Draft, NotAppended, Receipt};
use super::entry::Kind;
use super::note::{Checkpoint, Signer};
use super::seal::KeyName;
use super::{Failure, Figures, Published};
use crate::bounds;
use crate::clock::{Clock, Moment};
use crate::domain::{AddressId, Oin, TransactionId};
use crate::merkle::{self, Edge, Hash};
use crate::store::{
    Batch, Change, DocumentChange, DocumentOutcome, EntryRow, Head, NewHead, OpeningRow, Store,
    StoreError, Writer,
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
    /// Keep a wrapped key, unless there is one.
    Key {
        name: KeyName,
        wrapped: Vec<u8>,
        reply: Reply<Vec<u8>>,
    },
    /// Use up a token and a transaction id without an entry.
    Claim {
        claims: super::Claims,
        reply: Reply<()>,
    },
    /// Say in the database that this gateway lives, and catch up with the others.
    Beat { reply: Reply<()> },
}

/// A change of the document index by one organisation.
pub(super) struct IndexJob {
    pub(super) claims: super::Claims,
    pub(super) owner: Oin,
    pub(super) changes: Vec<DocumentChange>,
    pub(super) all_or_nothing: bool,
    pub(super) reply: Reply<Vec<DocumentOutcome>>,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// The store failed before the commit: nothing happened.
    #[error("the batch was given up")]
    Store(#[from] StoreError),
    /// The commit was sent and no answer came.
    #[error("the outcome of a commit is unknown")]
    Unknown(#[source] StoreError),
    /// The database holds another history than this process has seen.
    #[error("the ledger in the database is not the one this gateway wrote: {0}")]
    History(&'static str),
}

struct Append {
    draft: Box<Draft>,
    slot: Option<OwnedPermit<ClosingJob>>,
    reply: Reply<Appended>,
    /// What became of it in the attempt under way.
    fate: Result<u64, NotAppended>,
}

/// The jobs of one batch, by what they do.
#[derive(Default)]
struct Plan {
    appends: Vec<Append>,
    closings: Vec<ClosingJob>,
    index: Vec<(Box<IndexJob>, Result<Vec<DocumentOutcome>, NotAppended>)>,
    keys: Vec<(KeyName, Vec<u8>, Reply<Vec<u8>>, Vec<u8>)>,
    claims: Vec<(super::Claims, Reply<()>, Result<(), NotAppended>)>,
    beats: Vec<Reply<()>>,
}

/// What a committed batch leaves behind.
struct Done {
    edge: Edge,
    checkpoint: String,
    entries: u64,
    touched: Vec<AddressId>,
}

pub(super) struct Sequencer {
    pub(super) writer: Writer,
    pub(super) store: Store,
    pub(super) signer: Arc<Signer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: [u8; 16],
    pub(super) edge: Edge,
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) closings: mpsc::Receiver<ClosingJob>,
    pub(super) published: Arc<ArcSwap<Published>>,
    pub(super) figures: Arc<Figures>,
    pub(super) failure: watch::Sender<Option<Failure>>,
    /// Changes of an address that another change in the last batch was ahead of.
    pub(super) carried: Vec<Job>,
    /// Closing entries of a batch that failed.
    pub(super) kept: Vec<ClosingJob>,
    /// Whether the attempt under way has sent its commit: before that, nothing can have happened.
    pub(super) commit_sent: bool,
}

impl Sequencer {
    /// Runs until every handle is gone or the book can no longer be trusted.
    pub(super) async fn run(mut self) {
        let mut crowded = false;
        while let Some(plan) = self.gather(crowded).await {
            crowded = plan.appends.len() + plan.closings.len() > 1;
            if let Err(failure) = self.process(plan).await {
                // The first I/O error is fatal (SECURITY 4): whoever watches ends the process. The
                // receivers are dropped with this task, so every later append is refused at once.
                self.failure.send_replace(Some(failure));
                return;
            }
        }
        self.writer.close().await;
    }

    /// Waits for work and takes all there is, up to one batch. `None` when nobody can send any more.
    async fn gather(&mut self, crowded: bool) -> Option<Plan> {
        let mut plan = Plan::default();
        let mut deferred = Vec::new();
        let mut changing = HashSet::new();
        plan.closings.append(&mut self.kept);
        for job in std::mem::take(&mut self.carried) {
            plan.add(job, &mut changing, &mut deferred);
        }
        if plan.is_empty() {
            tokio::select! {
                job = self.jobs.recv() => match job {
                    Some(job) => plan.add(job, &mut changing, &mut deferred),
                    None => plan.closings.push(self.closings.recv().await?),
                },
                Some(closing) = self.closings.recv() => {
                    plan.closings.push(closing);
                    // Nobody waits for a closing entry: it keeps the next decision company.
                    if let Ok(Some(job)) =
                        tokio::time::timeout(bounds::CLOSING_WAIT, self.jobs.recv()).await
                    {
                        plan.add(job, &mut changing, &mut deferred);
                    }
                }
            }
        }
        if crowded {
            // Others are at work: let those that are ready hand in their entry before the commit.
            for _ in 0..bounds::GATHER_YIELDS {
                tokio::task::yield_now().await;
            }
        }
        while plan.len() + deferred.len() < bounds::BATCH_ENTRIES
            && let Ok(job) = self.jobs.try_recv()
        {
            plan.add(job, &mut changing, &mut deferred);
        }
        while plan.len() < 2 * bounds::BATCH_ENTRIES
            && let Ok(closing) = self.closings.try_recv()
        {
            plan.closings.push(closing);
        }
        self.carried = deferred;
        // Decisions first, changes after, another policy last: so nothing in a batch can miss a
        // change of its own batch.
        plan.appends.sort_by_key(|append| {
            let change = append.draft.change.as_ref();
            change.map(|change| matches!(change, Change::Activation { .. }))
        });
        Some(plan)
    }

    async fn process(&mut self, mut plan: Plan) -> Result<(), Failure> {
        let started = std::time::Instant::now();
        self.commit_sent = false;
        let outcome = match tokio::time::timeout(bounds::COMMIT * 2, self.attempt(&mut plan)).await
        {
            Ok(outcome) => outcome,
            Err(_) if self.commit_sent => {
                Err(BatchError::Unknown(StoreError::TooSlow { doing: "commit" }))
            }
            // The attempt was dropped, and its connection with it: the database rolls back.
            Err(_) => Err(BatchError::Store(StoreError::TooSlow {
                doing: "write a batch",
            })),
        };
        match outcome {
            Ok(done) => {
                self.figures.note_commit(done.entries, started.elapsed());
                self.publish(done);
                plan.answer(&self.clock);
                Ok(())
            }
            Err(BatchError::Store(error)) => {
                tracing::error!(error = error_chain(&error), "a batch was not recorded");
                self.figures.note_failure();
                // Closing entries wait for better times; everybody else is told at once.
                self.kept.append(&mut plan.closings);
                plan.refuse(NotAppended::Unavailable);
                if self.store.is_embedded() && error.is_disk_failure() {
                    return Err(Failure::Storage);
                }
                tokio::time::sleep(bounds::STORE_RETRY).await;
                Ok(())
            }
            Err(BatchError::Unknown(error)) => {
                tracing::error!(
                    error = error_chain(&error),
                    "the outcome of a commit is unknown"
                );
                self.find_out(plan).await
            }
            Err(BatchError::History(why)) => {
                tracing::error!(
                    ledger.found = why,
                    "the ledger is not the one this gateway wrote"
                );
                plan.refuse(NotAppended::Unavailable);
                Err(Failure::History)
            }
        }
    }

    /// Reads whether a commit of unknown outcome happened (SECURITY 6), before anyone is answered.
    /// Closing entries are handed in again either way: the book takes one only once.
    async fn find_out(&mut self, mut plan: Plan) -> Result<(), Failure> {
        if self.store.is_embedded() {
            plan.refuse(NotAppended::Unavailable);
            return Err(Failure::Storage);
        }
        for _ in 0..bounds::FIND_OUT_ATTEMPTS {
            tokio::time::sleep(bounds::STORE_RETRY).await;
            let found = tokio::time::timeout(bounds::COMMIT * 2, self.was_committed(&plan)).await;
            match found.unwrap_or(Err(StoreError::TooSlow { doing: "tell" }.into())) {
                Ok(true) => {
                    self.kept.append(&mut plan.closings);
                    plan.answer(&self.clock);
                    return Ok(());
                }
                Ok(false) => {
                    self.kept.append(&mut plan.closings);
                    plan.refuse(NotAppended::Unavailable);
                    return Ok(());
                }
                Err(BatchError::History(why)) => {
                    tracing::error!(ledger.found = why, "the ledger is another one");
                    break;
                }
                Err(error) => {
                    tracing::error!(error = error_chain(&error), "the ledger cannot be read");
                }
            }
        }
        // Nobody may be told yes or no. The process ends; its restart reads the book.
        Err(Failure::Storage)
    }

    /// Whether the entries of this plan stand where the last attempt put them. Locking the head
    /// waits for a commit that is still under way.
    async fn was_committed(&mut self, plan: &Plan) -> Result<bool, BatchError> {
        let known = self.published.load_full();
        let mut batch = self.writer.begin().await?;
        let head = batch.lock_head().await?;
        let mut committed = false;
        for append in &plan.appends {
            if let Ok(index) = append.fate {
                let there = batch.entries(index, index + 1).await?;
                committed = there.first() == Some(&append.draft.line);
                break;
            }
        }
        let mut edge = self.edge.clone();
        catch_up(&mut batch, &head, &known, &mut edge, &self.signer).await?;
        batch.roll_back().await?;
        // If it was committed, its changes moved facts that may be in the cache.
        let changes = plan
            .appends
            .iter()
            .filter_map(|append| append.draft.change.as_ref());
        let touched = changes.filter_map(Change::address).collect();
        self.publish(Done {
            edge,
            checkpoint: head.checkpoint,
            entries: 0,
            touched,
        });
        Ok(committed)
    }

    fn publish(&mut self, done: Done) {
        for address in done.touched {
            self.store.cache().forget(address);
        }
        self.figures.note_size(done.edge.size());
        self.edge = done.edge.clone();
        self.published.store(Arc::new(Published {
            checkpoint: done.checkpoint,
            edge: done.edge,
        }));
    }

    async fn attempt(&mut self, plan: &mut Plan) -> Result<Done, BatchError> {
        let known = self.published.load_full();
        let mut batch = self.writer.begin().await?;
        // The only lock. From here until the commit no other gateway appends.
        let head = batch.lock_head().await?;
        let mut edge = self.edge.clone();
        catch_up(&mut batch, &head, &known, &mut edge, &self.signer).await?;
        // Only now: waiting for the lock counts for the age of a decision.
        let now = self.clock.now();

        plan.check_fresh(&mut batch, &head, now).await?;
        plan.claim(&mut batch).await?;
        let closed = plan.close(&mut batch).await?;

        let first = edge.size();
        let rows = plan.rows(first, &closed);
        let (mut whole, mut openings, mut releases) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            edge.push(row.leaf, &mut whole);
            if let Some(draft) = row.draft {
                if let Some((name, sealed)) = &draft.opening {
                    openings.push(OpeningRow {
                        index: row.index,
                        tag: name.tag,
                        year: name.year,
                        sealed,
                    });
                }
                if row.release {
                    releases.push((row.index, draft.transaction));
                }
            }
        }
        let entries: Vec<EntryRow<'_>> = rows
            .iter()
            .map(|row| EntryRow {
                index: row.index,
                transaction: row.transaction,
                entry: row.line,
            })
            .collect();
        batch.insert_entries(&entries).await?;
        batch.insert_openings(&openings).await?;
        batch.open_releases(&releases, self.gateway).await?;
        for tile in &whole {
            batch.insert_tile(tile).await?;
        }
        let appended = u64::try_from(rows.len()).unwrap_or(u64::MAX);

        let mut touched = Vec::new();
        let mut policy_epoch = head.policy_epoch;
        for append in &plan.appends {
            let (Ok(index), Some(change)) = (append.fate, &append.draft.change) else {
                continue;
            };
            batch.apply(change, index).await?;
            touched.extend(change.address());
            if append.draft.kind == Kind::Agreement {
                policy_epoch = index + 1;
            }
        }
        plan.index(&mut batch, &mut touched).await?;
        for (name, wrapped, _, kept) in &mut plan.keys {
            *kept = batch.keep_opening_key(name.tag, name.year, wrapped).await?;
        }
        if !plan.beats.is_empty() {
            batch
                .heartbeat(
                    self.gateway,
                    now,
                    now.plus_ms(-bounds::GATEWAY_DEAD_MS),
                    TransactionId::floor_at(now.plus_ms(-2 * bounds::TRANSACTION_SKEW_MS)),
                )
                .await?;
        }

        let checkpoint = if appended == 0 {
            head.checkpoint.clone()
        } else {
            self.signer.sign(&Checkpoint {
                size: edge.size(),
                root: edge.root(),
            })
        };
        if appended > 0 || !touched.is_empty() {
            let new = NewHead {
                size: edge.size(),
                checkpoint: &checkpoint,
                facts_epoch: head.facts_epoch + u64::from(!touched.is_empty()),
                policy_epoch,
            };
            // A second head over the same entries cannot be signed into the database: the swap
            // compares with the head that was locked.
            batch.swap_head(&head, &new).await?;
        }
        self.commit_sent = true;
        // INVARIANT (release after record): nobody is answered before this returned.
        batch.commit().await.map_err(|error| {
            if error.is_certain() {
                BatchError::Store(error)
            } else {
                BatchError::Unknown(error)
            }
        })?;
        Ok(Done {
            edge,
            checkpoint,
            entries: appended,
            touched,
        })
    }
}

/// Brings the edge up to the head by reading what others appended, and checks that it leads to the
/// root their checkpoint signs: so every gateway verifies all the others. A head of the same size
/// but with another checkpoint is looked at too: it may be of a forked history.
async fn catch_up(
    batch: &mut Batch<'_>,
    head: &Head,
    known: &Published,
    edge: &mut Edge,
    signer: &Signer,
) -> Result<(), BatchError> {
    if head.size == edge.size() && head.checkpoint == known.checkpoint {
        return Ok(());
    }
    if head.size < edge.size() {
        return Err(BatchError::History("shorter"));
    }
    let mut whole = Vec::new();
    while edge.size() < head.size {
        let to = head.size.min(edge.size() + bounds::CATCH_UP_ENTRIES);
        let entries = batch.entries(edge.size(), to).await?;
        if entries.is_empty() {
            return Err(BatchError::History("with a gap"));
        }
        for entry in entries {
            edge.push(merkle::leaf_hash(&entry), &mut whole);
        }
        whole.clear();
    }
    let signed = signer.verifier().open(&head.checkpoint);
    let expected = Checkpoint {
        size: edge.size(),
        root: edge.root(),
    };
    if signed == Ok(expected) {
        Ok(())
    } else {
        Err(BatchError::History("of another root"))
    }
}

struct Row<'p> {
    index: u64,
    transaction: TransactionId,
    line: &'p [u8],
    leaf: Hash,
    draft: Option<&'p Draft>,
    release: bool,
}

impl Plan {
    fn len(&self) -> usize {
        // Every line of a bulk call counts: what is too much for one batch would not be in time.
        let lines: usize = self
            .index
            .iter()
            .map(|(job, _)| job.changes.len().max(1))
            .sum();
        self.appends.len() + self.closings.len() + lines + self.claims.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0 && self.keys.is_empty() && self.beats.is_empty()
    }

    fn add(
        &mut self,
        job: Job,
        changing: &mut HashSet<Option<AddressId>>,
        deferred: &mut Vec<Job>,
    ) {
        match job {
            Job::Append { draft, slot, reply } => {
                // Two changes of one address, or two of the policy, cannot both have seen the newest
                // state of it.
                let changed = draft.change.as_ref().map(Change::address);
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
            Job::Documents(job) => self.index.push((job, Err(NotAppended::Unavailable))),
            Job::Key {
                name,
                wrapped,
                reply,
            } => self.keys.push((name, wrapped, reply, Vec::new())),
            Job::Claim { claims, reply } => {
                self.claims
                    .push((claims, reply, Err(NotAppended::Unavailable)));
            }
            Job::Beat { reply } => self.beats.push(reply),
        }
    }

    /// INVARIANT (newest facts): marks every draft whose facts, policy or moment are no longer the
    /// newest. The head is locked, so what is newest now stays so until the commit.
    async fn check_fresh(
        &mut self,
        batch: &mut Batch<'_>,
        head: &Head,
        now: Moment,
    ) -> Result<(), BatchError> {
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
        for append in &mut self.appends {
            let seen = &append.draft.seen;
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
            append.fate = if policy_moved || too_old || facts_moved {
                Err(NotAppended::Stale)
            } else {
                Ok(0)
            };
        }
        Ok(())
    }

    /// Uses up the tokens and transaction ids of everything that is still good.
    async fn claim(&mut self, batch: &mut Batch<'_>) -> Result<(), BatchError> {
        let good = self
            .appends
            .iter()
            .filter(|append| append.fate.is_ok())
            .map(|append| append.draft.claims)
            .chain(self.index.iter().map(|(job, _)| job.claims))
            .chain(self.claims.iter().map(|(claims, ..)| *claims));
        let (mut tokens, mut transactions) = (Vec::new(), Vec::new());
        for claims in good {
            tokens.extend(claims.token);
            transactions.extend(claims.transaction);
        }
        let mut tokens = batch.claim_tokens(&tokens).await?;
        let mut transactions = batch.claim_transactions(&transactions).await?;
        let mut take = |claims: &super::Claims| {
            // Of two alike in one batch, the first has it.
            if claims
                .transaction
                .is_some_and(|id| !transactions.remove(&id))
            {
                Err(NotAppended::TransactionUsed)
            } else if claims.token.is_some_and(|token| !tokens.remove(&token.tag)) {
                Err(NotAppended::TokenUsed)
            } else {
                Ok(())
            }
        };
        for append in &mut self.appends {
            if append.fate.is_ok() {
                append.fate = take(&append.draft.claims).map(|()| 0);
            }
        }
        for (job, outcome) in &mut self.index {
            *outcome = take(&job.claims).map(|()| Vec::new());
        }
        for (claims, _, outcome) in &mut self.claims {
            *outcome = take(claims);
        }
        Ok(())
    }

    /// Strikes off the releases to be closed. One that another gateway closed meanwhile gets no
    /// second closing entry.
    async fn close(&self, batch: &mut Batch<'_>) -> Result<HashSet<u64>, BatchError> {
        let indices: Vec<u64> = self
            .closings
            .iter()
            .map(|closing| closing.decision)
            .collect();
        Ok(batch.close_releases(&indices).await?)
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
                    draft: None,
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
                    draft: Some(&append.draft),
                    release: append.slot.is_some(),
                });
            }
        }
        rows
    }

    async fn index(
        &mut self,
        batch: &mut Batch<'_>,
        touched: &mut Vec<AddressId>,
    ) -> Result<(), BatchError> {
        for (job, outcome) in &mut self.index {
            if outcome.is_ok() {
                let (lines, addresses) = batch
                    .change_documents(job.owner, &job.changes, job.all_or_nothing)
                    .await?;
                touched.extend(addresses);
                *outcome = Ok(lines);
            }
        }
        Ok(())
    }

    /// Tells everyone what became of their job. A requester who went away is no trouble: what comes
    /// back to it closes itself.
    fn answer(self, clock: &Arc<dyn Clock>) {
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
        for (job, outcome) in self.index {
            let _ = job.reply.send(outcome);
        }
        for (_, _, reply, kept) in self.keys {
            let _ = reply.send(Ok(kept));
        }
        for (_, reply, outcome) in self.claims {
            let _ = reply.send(outcome);
        }
        for reply in self.beats {
            let _ = reply.send(Ok(()));
        }
    }

    fn refuse(self, why: NotAppended) {
        for append in self.appends {
            let _ = append.reply.send(Err(why));
        }
        for (job, _) in self.index {
            let _ = job.reply.send(Err(why));
        }
        for (_, _, reply, _) in self.keys {
            let _ = reply.send(Err(why));
        }
        for (_, reply, _) in self.claims {
            let _ = reply.send(Err(why));
        }
        for reply in self.beats {
            let _ = reply.send(Err(why));
        }
    }
}

/// An error and its causes in one line, for the operator's log.
pub(super) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

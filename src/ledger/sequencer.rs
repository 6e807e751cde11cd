//! The sequencer: the one task that writes.
//!
//! It takes whatever arrived while the last commit was under way and commits it as one batch: one
//! transaction, one fsync, one signed checkpoint that covers every entry of it. The order inside a
//! transaction is the design, and each step says which crash or rival it survives.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};

use super::draft::{ClosingJob, NotAppended};
use super::note::{Checkpoint, KeyHash, NoteError, Signer};
use super::plan::{Job, Plan, Reply};
use super::seal::{KeyCache, MasterKey};
use super::{Failure, Figures, Published};
use crate::bounds;
use crate::clock::Clock;
use crate::domain::AddressId;
use crate::errors::in_full;
use crate::merkle::{self, Edge};
use crate::store::{Batch, Change, Clear, Head, NewHead, Store, StoreError, Writer};

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
    /// It is signed by a key that this process does not have.
    #[error("the ledger is signed with the key {found}, and this gateway has {expected}")]
    OtherKey {
        /// The hash of the key that the checkpoint names.
        found: KeyHash,
        /// The hash of our own.
        expected: KeyHash,
    },
    /// It holds less than this process has seen.
    #[error("the database has {here} entries, and this gateway knows {known}")]
    Shorter {
        /// Entries that were seen.
        known: u64,
        /// Entries that are there.
        here: u64,
    },
}

/// What a committed batch leaves behind.
struct Done {
    edge: Edge,
    checkpoint: String,
    entries: u64,
    touched: Vec<AddressId>,
    keys_epoch: u64,
    erased: bool,
}

pub(super) struct Sequencer {
    pub(super) writer: Writer,
    pub(super) store: Store,
    pub(super) keys: Arc<KeyCache>,
    pub(super) master: Arc<MasterKey>,
    pub(super) signer: Arc<Signer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gateway: [u8; 16],
    pub(super) edge: Edge,
    /// Each with the moment it was handed in.
    pub(super) jobs: mpsc::Receiver<(Instant, Job)>,
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
            crowded = plan.appends.len() > 1;
            self.figures.queueing.note_begun(Instant::now());
            let processed = self.process(plan).await;
            self.figures.queueing.note_ended();
            if let Err(failure) = processed {
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
                    Some((_, job)) => plan.add(job, &mut changing, &mut deferred),
                    None => plan.closings.push(self.closings.recv().await?),
                },
                Some(closing) = self.closings.recv() => {
                    plan.closings.push(closing);
                    // Nobody waits for a closing entry: it keeps the next decision company.
                    if let Ok(Some((_, job))) =
                        tokio::time::timeout(bounds::CLOSING_WAIT, self.jobs.recv()).await
                    {
                        plan.add(job, &mut changing, &mut deferred);
                    }
                }
            }
        }
        if crowded {
            // Others are at work: let those that are ready hand in their entry before the commit. Once: each
            // time costs a wakened thread.
            tokio::task::yield_now().await;
        }
        let mut newest = None;
        while plan.len() + deferred.len() < bounds::BATCH_ENTRIES
            && let Ok((handed_in, job)) = self.jobs.try_recv()
        {
            plan.add(job, &mut changing, &mut deferred);
            newest = Some(handed_in);
        }
        // Who came last waited least: not at all, where nobody is left behind.
        let full = plan.len() + deferred.len() >= bounds::BATCH_ENTRIES;
        let least_wait = newest
            .filter(|_| full)
            .map_or(Duration::ZERO, |at| at.elapsed());
        self.figures.queueing.note_taken(least_wait, Instant::now());
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
        let started = Instant::now();
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
                let erased = done.erased;
                self.publish(done);
                if erased {
                    self.writer.empty_journal().await;
                }
                let clears = std::mem::take(&mut plan.clears);
                plan.answer(&self.clock);
                self.clear(clears).await
            }
            Err(BatchError::Store(error)) => {
                tracing::error!(error = in_full(&error), "a batch was not recorded");
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
                    error = in_full(&error),
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
            Err(BatchError::OtherKey { found, expected }) => {
                plan.refuse(NotAppended::Unavailable);
                Err(Failure::OtherKey { found, expected })
            }
            Err(BatchError::Shorter { known, here }) => {
                plan.refuse(NotAppended::Unavailable);
                Err(Failure::Shorter { known, here })
            }
        }
    }

    /// Takes steps of clearing the pages of the file; however long one takes, nothing is half done.
    async fn clear(&mut self, steps: Vec<(Clear, Reply<Option<i64>>)>) -> Result<(), Failure> {
        for (step, reply) in steps {
            let done = self.writer.clear(step).await;
            let is_fatal = matches!(&done, Err(error) if error.is_disk_failure());
            let _ = reply.send(done.map_err(|error| {
                tracing::warn!(
                    error = in_full(&error),
                    "pages of the file were not cleared"
                );
                NotAppended::Unavailable
            }));
            if is_fatal {
                return Err(Failure::Storage);
            }
        }
        Ok(())
    }

    /// Reads whether a commit of unknown outcome happened (SECURITY 6), before anyone is answered.
    /// Closing entries are handed in again either way: the book takes one only once.
    async fn find_out(&mut self, mut plan: Plan) -> Result<(), Failure> {
        if self.store.is_embedded() {
            plan.refuse(NotAppended::Unavailable);
            return Err(Failure::Storage);
        }
        if plan.promises_nothing() {
            // Nobody waits to hear whether it happened, and what did the next batch reads.
            self.kept.append(&mut plan.closings);
            plan.refuse(NotAppended::Unavailable);
            tokio::time::sleep(bounds::STORE_RETRY).await;
            return Ok(());
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
                Err(BatchError::OtherKey { found, expected }) => {
                    plan.refuse(NotAppended::Unavailable);
                    return Err(Failure::OtherKey { found, expected });
                }
                Err(BatchError::Shorter { known, here }) => {
                    plan.refuse(NotAppended::Unavailable);
                    return Err(Failure::Shorter { known, here });
                }
                Err(error) => {
                    tracing::error!(error = in_full(&error), "the ledger cannot be read");
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
        let (mut batch, head) = self.writer.begin().await?;
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
        // What a server shows after a crash of its own may not be with its synchronous standby yet. A
        // commit that follows returns only once everything before it is there, so only then anybody
        // may be told yes.
        let now = self.clock.now();
        batch
            .heartbeat(self.gateway, now, now.plus_ms(-bounds::GATEWAY_DEAD_MS))
            .await?;
        batch.commit().await?;
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
            keys_epoch: head.keys_epoch,
            erased: false,
        });
        Ok(committed)
    }

    fn publish(&mut self, done: Done) {
        settle(&self.keys, &self.store, done.keys_epoch);
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
        // The only lock. From here until the commit no other gateway appends.
        let asked = plan.asked();
        let (mut batch, head) = self.writer.begin_asking(&asked).await?;
        settle(&self.keys, &self.store, head.keys_epoch);
        let mut edge = self.edge.clone();
        catch_up(&mut batch, &head, &known, &mut edge, &self.signer).await?;
        // Only now: waiting for the lock counts for the age of a decision.
        let now = self.clock.now();

        if plan.check_fresh(&mut batch, &head, now).await? {
            self.keys.clear();
        }
        plan.check_changes(&mut batch, &head, &self.keys, &self.master)
            .await?;
        plan.claim(&mut batch, now).await?;
        let appended = plan
            .write_entries(&mut batch, &mut edge, self.gateway)
            .await?;
        let moved = plan.write_changes(&mut batch, &head).await?;
        plan.beat(&mut batch, self.gateway, now).await?;

        let checkpoint = if appended == 0 {
            head.checkpoint.clone()
        } else {
            self.signer.sign(&Checkpoint {
                size: edge.size(),
                root: edge.root(),
            })
        };
        let moved_on = !moved.addresses.is_empty() || moved.keys_epoch != head.keys_epoch;
        if appended > 0 || moved_on {
            let new = NewHead {
                size: edge.size(),
                checkpoint: &checkpoint,
                facts_epoch: head.facts_epoch + u64::from(!moved.addresses.is_empty()),
                policy_epoch: moved.policy_epoch,
                keys_epoch: moved.keys_epoch,
            };
            // A second head over the same entries cannot be signed into the database: the swap
            // compares with the head that was locked.
            batch.swap_head(&head, &new).await?;
        }
        batch.settle().await?;
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
            touched: moved.addresses,
            keys_epoch: moved.keys_epoch,
            erased: moved.erased,
        })
    }
}

/// Forgets everything that was read before somebody was erased, here or at another gateway.
fn settle(keys: &KeyCache, store: &Store, keys_epoch: u64) {
    if keys.settle(keys_epoch) {
        store.cache().clear();
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
        return Err(BatchError::Shorter {
            known: edge.size(),
            here: head.size,
        });
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
    match signed {
        Ok(signed) if signed == expected => Ok(()),
        Err(NoteError::OtherKey { found, expected }) => {
            Err(BatchError::OtherKey { found, expected })
        }
        _ => Err(BatchError::History("of another root")),
    }
}

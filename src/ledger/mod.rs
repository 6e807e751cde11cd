//! The book: append, checkpoint, prove, seal, verify.
//!
//! [`Ledger`] is the handle everybody has; the sequencer behind it is the one task that writes.
//! What this module does not do: decide anything. It appends what it is handed, if the facts it
//! rests on are still the newest.

mod agreed;
mod clearing;
mod compare;
mod draft;
pub mod entry;
mod erasing;
pub mod extract;
mod figures;
mod keys;
pub mod note;
mod opener;
mod owner;
mod plan;
pub mod proof;
mod read;
pub mod registry;
mod saved;
pub mod seal;
mod sequencer;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod told;
pub mod verify;
mod weigh;
mod witnessed;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch};

pub use agreed::{Agreed, HandedIn, agreement};
pub use compare::{Compared, NotCompared};
pub use draft::{
    Claims, Closing, Draft, DraftError, NotAppended, Receipt, Recorded, Report, Seen, permitted,
};
pub use erasing::{Asked, Expired, NotDone, Person, Waiting, asked_by, asks_of_owner};
pub use figures::{Figures, Tally};
pub use keys::{KeyFileError, Keys, read_secret, write_secret};
pub use opener::{EntryFlaw, Opener};
pub use owner::OwnerWeight;
pub use plan::Destroyed;
pub use read::{Found, Leaf, ReadError};
pub use weigh::Weight;
pub use witnessed::{Cosigned, Lapsed, Stand};

use crate::bounds;
use crate::clock::{Clock, Moment, Random};
use crate::domain::{Oin, Sha256, TransactionId};
use crate::errors::in_full;
use crate::merkle::Edge;
use crate::policy::Permit;
use crate::spans;
use crate::store::{
    Activation, BundleFiles, Change, DocumentChange, DocumentOutcome, OpenError as StoreOpenError,
    Store, StoreError, StoredKey,
};
use agreed::under;
use draft::{ClosingJob, Sealed};
use entry::{Entry, Kind, Shadow};
use plan::{Appended, IndexJob, Job, KeptKey, Reply};
use seal::{HeldKey, KeyCache, KeyId, MasterKey, Owner, Personal};
use sequencer::Sequencer;
use witnessed::Witnesses;

/// Open releases of gateways that are gone, closed at once.
const ORPHANS_AT_ONCE: u32 = 64;

/// Why the process must end: the book can no longer be written with certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The disk or the database failed in a way that leaves the outcome open.
    #[error("the ledger's storage failed; restart after the disk or database was checked")]
    Storage,
    /// The database holds another history than this process wrote.
    #[error("the ledger in the database is not the one this gateway wrote; do not go on with it")]
    History,
    /// Another gateway signs with a key that this one does not have.
    #[error(
        "another gateway signed the ledger with the key {found}, and this one has only {expected}: while the log's key is replaced every gateway must have both, in ledger.key and ledger.next-key, before any of them leaves one out (deploy/runbooks/keys.md)"
    )]
    OtherKey {
        /// The hash of the key that the newest checkpoint names.
        found: note::KeyHash,
        /// The hash of our own.
        expected: note::KeyHash,
    },
    /// It holds less of it.
    #[error(
        "the ledger was rolled back: this gateway knows {known} entries, the database has {here}; put the newest database back"
    )]
    Shorter {
        /// Entries that were written or read.
        known: u64,
        /// Entries that are there.
        here: u64,
    },
}

/// Why the ledger was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database was not opened.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
    /// It could not be read.
    #[error("the ledger cannot be read")]
    Read(#[from] StoreError),
    /// The last checkpoint is not signed by our key.
    #[error("the last checkpoint does not open with the ledger's key")]
    Checkpoint(#[source] note::NoteError),
    /// It is signed in this log's name by another key: a step of replacing it was skipped.
    #[error(
        "the newest checkpoint is signed with the key {found}, and this configuration has only {expected}: either the database is another ledger's, or a step of replacing the log's key was skipped; put both in ledger.key and ledger.next-key, on every gateway, before any of them leaves one out (deploy/runbooks/keys.md)"
    )]
    OtherKey {
        /// The hash of the key that it names.
        found: note::KeyHash,
        /// The hash of our own.
        expected: note::KeyHash,
    },
    /// What stands in the tables is not what the last checkpoint signed.
    #[error("the last {entries} entries do not lead to the root of the last checkpoint")]
    Tail {
        /// Entries in the book according to its checkpoint.
        entries: u64,
    },
    /// An entry that tells what was erased could not be read, so it cannot be erased again.
    #[error("what was erased cannot be erased again")]
    Erased(#[source] ReadError),
    /// It can be read but not written.
    #[error("the ledger cannot be written")]
    Write(#[source] NotAppended),
    /// No randomness to name this gateway.
    #[error(transparent)]
    Random(#[from] crate::clock::NoRandomness),
}

/// What everybody may read without asking the database: the last checkpoint and the edge under it.
#[derive(Debug)]
struct Published {
    checkpoint: String,
    edge: Edge,
}

/// The handle to the book. Cheap to clone.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gateway: [u8; 16],
    verifier: note::Verifier,
    master: Arc<MasterKey>,
    keys: Arc<KeyCache>,
    jobs: mpsc::Sender<(Instant, Job)>,
    closings: mpsc::Sender<ClosingJob>,
    published: Arc<ArcSwap<Published>>,
    figures: Arc<Figures>,
    failure: watch::Receiver<Option<Failure>>,
    witnesses: Witnesses,
}

impl Inner {
    /// Puts work in the sequencer's queue, if there is room.
    fn hand_in(&self, job: Job) -> Result<(), mpsc::error::TrySendError<(Instant, Job)>> {
        self.jobs.try_send((Instant::now(), job))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("log", &self.0.verifier.name())
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the book: its tail is verified against the last signed checkpoint, and the database is
    /// told that this gateway lives. What a crash left open is the caller's to close, with
    /// [`Ledger::close_orphans`]; so is [`Ledger::note_start`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        store: Store,
        keys: Keys,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        let verifier = keys.signer.verifier();
        let head = store.head().await?;
        let edge = read::verified_edge(&store, &head, &verifier).await?;
        let published = Arc::new(ArcSwap::from_pointee(Published {
            checkpoint: head.checkpoint,
            edge: edge.clone(),
        }));
        let figures = Arc::new(Figures::new());
        figures.note_size(edge.size());
        let mut gateway = [0; 16];
        random.fill(&mut gateway)?;

        let key_cache = Arc::new(KeyCache::new());
        let master = Arc::new(keys.master);
        let (jobs, job_receiver) = mpsc::channel(bounds::APPEND_QUEUE);
        let (closings, closing_receiver) = mpsc::channel(bounds::OPEN_RELEASES);
        let (failure_sender, failure) = watch::channel(None);
        let sequencer = Sequencer {
            writer: store.writer().await?,
            store: store.clone(),
            keys: Arc::clone(&key_cache),
            master: Arc::clone(&master),
            signer: Arc::new(keys.signer),
            clock: Arc::clone(&clock),
            gateway,
            edge,
            jobs: job_receiver,
            closings: closing_receiver,
            published: Arc::clone(&published),
            figures: Arc::clone(&figures),
            failure: failure_sender,
            carried: Vec::new(),
            kept: Vec::new(),
            commit_sent: false,
        };
        tokio::spawn(sequencer.run());
        let ledger = Self(Arc::new(Inner {
            store,
            clock,
            random,
            gateway,
            verifier,
            master,
            keys: key_cache,
            jobs,
            closings,
            published,
            figures,
            failure,
            witnesses: Witnesses::default(),
        }));
        // Before the first release: one of a gateway that was never seen would be taken for an orphan.
        ledger.beat().await.map_err(OpenError::Write)?;
        ledger.destroy_again().await?;
        ledger.clear().await;
        Ok(ledger)
    }

    /// Makes a draft: commits to the personal values and seals what opens them.
    ///
    /// # Errors
    /// [`NotAppended::Unavailable`] when the key of the openings cannot be had.
    pub async fn draft(
        &self,
        mut entry: Box<Entry>,
        personal: &Personal,
        owner: Owner,
        claims: Claims,
        seen: Seen,
        change: Option<Change>,
    ) -> Result<Draft, NotAppended> {
        let _part = spans::enter("seal");
        let opening = if personal.is_empty() {
            None
        } else {
            let (year, kind) = (entry.tijd.year(), entry.soort);
            let name = self.0.master.name(owner, year, kind);
            let held = self.opening_key(name).await?;
            let random = &*self.0.random;
            let bytes = seal::commit(personal, &entry.transactie, entry.soort, random)
                .and_then(|made| {
                    entry.zegels.clone_from(&made.seals);
                    made.seal(&held.key, &entry.transactie, entry.soort)
                })
                .map_err(|error| refuse(&error))?;
            Some(Sealed {
                key: held.id,
                epoch: held.epoch,
                bytes,
            })
        };
        Draft::new(&entry, opening, claims, seen, change).map_err(|error| refuse(&error))
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// [`NotAppended`]; the book is then as it was.
    pub async fn append(&self, draft: Draft) -> Result<Receipt, NotAppended> {
        self.ask(|reply| Job::Append {
            draft: Box::new(draft),
            slot: None,
            reply,
        })
        .await
        .map(|(receipt, _): Appended| receipt)
    }

    /// Records the permit of a release. Room for its closing entry is taken first.
    ///
    /// # Errors
    /// [`NotAppended`]; the book is then as it was, and there is nothing to release.
    pub async fn release(&self, permit: Permit, draft: Draft) -> Result<Recorded, NotAppended> {
        if self.lapsed().is_some() {
            return Err(NotAppended::Unwitnessed);
        }
        let slot = self
            .0
            .closings
            .clone()
            .try_reserve_owned()
            .map_err(|_| NotAppended::Overloaded)?;
        let (receipt, closing) = self
            .ask(|reply| Job::Append {
                draft: Box::new(draft),
                slot: Some(slot),
                reply,
            })
            .await?;
        let closing = closing.ok_or(NotAppended::Unavailable)?;
        Ok(Recorded::new(receipt, permit, closing))
    }

    /// Changes the document index, which is not in the book but moves the facts.
    ///
    /// # Errors
    /// [`NotAppended`]; the index is then as it was.
    pub async fn change_documents(
        &self,
        owner: Oin,
        changes: Vec<DocumentChange>,
        all_or_nothing: bool,
        claims: Claims,
    ) -> Result<Vec<DocumentOutcome>, NotAppended> {
        self.ask(|reply| {
            Job::Documents(Box::new(IndexJob {
                claims,
                owner,
                changes,
                all_or_nothing,
                reply,
            }))
        })
        .await
    }

    /// Uses up a token and a transaction id where there is nothing to append.
    ///
    /// # Errors
    /// [`NotAppended`].
    pub async fn claim(&self, claims: Claims) -> Result<(), NotAppended> {
        self.ask(|reply| Job::Claim { claims, reply }).await
    }

    /// Says in the database that this gateway lives, and catches up with the others.
    ///
    /// # Errors
    /// [`NotAppended`].
    pub async fn beat(&self) -> Result<(), NotAppended> {
        self.ask(|reply| Job::Beat { reply }).await
    }

    /// Notes in the book that this gateway started, with which keys it signs, and which candidate it asks
    /// beside the bundle in force from now on. Where a second key takes over, this is what the first one
    /// vouches for it with: the entry names both, and the checkpoint over it is signed by both.
    ///
    /// # Errors
    /// [`NotAppended`].
    pub async fn note_start(
        &self,
        program: &str,
        candidate: Option<Sha256>,
    ) -> Result<Receipt, NotAppended> {
        let mut entry = self.blank(Kind::Start)?;
        entry.logsleutels = self.0.verifier.each().map(|key| key.to_string()).collect();
        entry.programma = Some(program.to_owned());
        entry.schaduw = candidate.map(|bundle| Box::new(Shadow::begins(bundle)));
        let nothing = Seen::nothing();
        self.append(Self::bare(&entry, nothing, None)?).await
    }

    /// Records that a bundle is in force from a moment on, because its parties signed for it.
    ///
    /// # Errors
    /// [`NotAppended::Stale`] when another agreement came meanwhile.
    pub async fn activate(
        &self,
        agreed: Agreed,
        policy_epoch: u64,
    ) -> Result<Receipt, NotAppended> {
        self.activate_by(None, agreed, policy_epoch).await
    }

    /// The same for whoever handed the agreement in, in a call that is used up by it.
    ///
    /// # Errors
    /// As [`Ledger::activate`]; the token or the transaction id of the call was used before.
    pub async fn activate_by(
        &self,
        by: Option<HandedIn>,
        agreed: Agreed,
        policy_epoch: u64,
    ) -> Result<Receipt, NotAppended> {
        let (mut entry, by) = self.handed_in(by)?;
        let agreement = agreed.agreement;
        entry.bewijzen = Some(Box::new(agreement.proof));
        entry.bundel = Some(agreement.bundle);
        entry.titel = Some(agreement.title);
        entry.geldig_van = Some(agreement.from);
        entry.geldig_tot = agreement.until;
        entry.handtekeningen = agreed.signatures;
        let change = Change::Activation {
            bundle: agreement.bundle,
            from: agreement.from,
            until: agreement.until,
            files: Some(agreed.files),
        };
        self.append_agreed(entry, by, policy_epoch, change).await
    }

    /// Records that an agreement, by the index of its entry, does not begin after all.
    ///
    /// # Errors
    /// As [`Ledger::activate_by`].
    pub async fn revoke(
        &self,
        by: Option<HandedIn>,
        bundle: Sha256,
        agreement: u64,
        signatures: Vec<String>,
        policy_epoch: u64,
    ) -> Result<Receipt, NotAppended> {
        let (mut entry, by) = self.handed_in(by)?;
        entry.bundel = Some(bundle);
        entry.overeenkomst = Some(agreement);
        entry.handtekeningen = signatures;
        let change = Change::Revocation { agreement };
        self.append_agreed(entry, by, policy_epoch, change).await
    }

    /// The beginning of an entry about an agreement; its time is now, however often it is tried.
    fn handed_in(
        &self,
        by: Option<HandedIn>,
    ) -> Result<(Box<Entry>, Option<HandedIn>), NotAppended> {
        let mut entry = Box::new(self.blank(Kind::Agreement)?);
        if let Some(by) = &by {
            entry.aanvrager = Some(by.organisation);
            entry.transactie = by.transaction;
        }
        Ok((entry, by))
    }

    async fn append_agreed(
        &self,
        entry: Box<Entry>,
        by: Option<HandedIn>,
        policy_epoch: u64,
        change: Change,
    ) -> Result<Receipt, NotAppended> {
        let (seen, change) = (under(policy_epoch), Some(change));
        let draft = match by {
            None => Self::bare(&entry, seen, change)?,
            Some(by) => {
                let owner = seal::Owner::Organisation(by.organisation);
                self.draft(entry, &by.personal, owner, by.claims, seen, change)
                    .await?
            }
        };
        self.append(draft).await
    }

    /// At the start, before anything is released: closes as unknown what gateways that are gone left
    /// open; answers how many.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn close_orphans(&self) -> Result<usize, ReadError> {
        let now = self.0.clock.now();
        // With SQLite there is one gateway, and it is this one: whoever else was there is gone,
        // whatever the clock said then.
        let alive_since = if self.0.store.is_embedded() {
            now.plus_ms(i64::MAX)
        } else {
            now.plus_ms(-bounds::GATEWAY_DEAD_MS)
        };
        self.close_not_seen_since(alive_since, now).await
    }

    /// While running: the same for gateways that fell silent meanwhile.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn close_orphans_of_others(&self) -> Result<usize, ReadError> {
        let now = self.0.clock.now();
        self.close_not_seen_since(now.plus_ms(-bounds::GATEWAY_DEAD_MS), now)
            .await
    }

    async fn close_not_seen_since(
        &self,
        alive_since: Moment,
        now: Moment,
    ) -> Result<usize, ReadError> {
        let mut closed = 0;
        loop {
            let gateway = self.0.gateway;
            let orphans = self
                .0
                .store
                .orphaned_releases(gateway, alive_since, ORPHANS_AT_ONCE)
                .await?;
            let last = orphans.len() < ORPHANS_AT_ONCE as usize;
            for orphan in orphans {
                let job = ClosingJob::new(orphan.index, orphan.transaction, now, None)
                    .map_err(|_| ReadError::Impossible("a closing entry"))?;
                if self.0.closings.send(job).await.is_err() {
                    return Err(ReadError::Unavailable);
                }
                closed += 1;
            }
            // A batch takes every closing that waits, so with this beat they are committed, and the
            // next read does not see them again.
            self.beat().await.map_err(|_| ReadError::Unavailable)?;
            if last {
                return Ok(closed);
            }
        }
    }

    fn blank(&self, kind: Kind) -> Result<Entry, NotAppended> {
        let now = self.0.clock.now();
        let transaction =
            TransactionId::new(now, &*self.0.random).map_err(|error| refuse(&error))?;
        Ok(Entry::new(kind, now, transaction))
    }

    fn bare(entry: &Entry, seen: Seen, change: Option<Change>) -> Result<Draft, NotAppended> {
        Draft::new(entry, None, Claims::default(), seen, change).map_err(|error| refuse(&error))
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, NotAppended> {
        let _part = spans::enter("record");
        let (reply, answer) = oneshot::channel();
        self.0.hand_in(job(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotAppended::Overloaded,
            mpsc::error::TrySendError::Closed(_) => NotAppended::Unavailable,
        })?;
        answer.await.map_err(|_| NotAppended::Unavailable)?
    }

    async fn opening_key(&self, name: seal::KeyName) -> Result<HeldKey, NotAppended> {
        match self.0.keys.find(name) {
            Some(key) => Ok(key),
            // Rare and wide: not a part of every request's future.
            None => Box::pin(self.find_opening_key(name)).await,
        }
    }

    async fn find_opening_key(&self, name: seal::KeyName) -> Result<HeldKey, NotAppended> {
        let kind = name.kind.code();
        let found = self.0.store.find_opening_key(name.tag, name.year, kind);
        let (epoch, found) = found.await.map_err(|error| refuse(&error))?;
        let kept = if let Some((id, wrapped)) = found {
            KeptKey {
                id: KeyId::from_number(id),
                wrapped,
                epoch,
            }
        } else {
            let fresh = self.0.master.wrap_fresh(name, &*self.0.random);
            let (id, wrapped) = fresh.map_err(|error| refuse(&error))?;
            let key = Box::new(StoredKey {
                id: id.number(),
                tag: name.tag,
                year: name.year,
                kind: kind.to_owned(),
                wrapped,
            });
            self.ask(|reply| Job::Key { key, reply }).await?
        };
        let key = self.0.master.unwrap(kept.id, name, &kept.wrapped);
        let held = HeldKey {
            id: kept.id,
            key: key.map_err(|error| refuse(&error))?,
            epoch: kept.epoch,
        };
        self.0.keys.keep(name, held.clone());
        Ok(held)
    }

    /// The activations of bundles, with the epoch a decision under them has seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn activations(&self) -> Result<(Vec<Activation>, u64), StoreError> {
        let activations = self.0.store.activations().await?;
        let newest = |one: &Activation| one.index.max(one.revoked.unwrap_or(0)) + 1;
        let epoch = activations.iter().map(newest).max().unwrap_or(0);
        Ok((activations, epoch))
    }

    /// The files of a bundle that was once agreed on: a JSON object of names and texts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_files(&self, hash: Sha256) -> Result<Option<BundleFiles>, StoreError> {
        self.0.store.bundle(hash).await
    }

    /// The key that verifies the checkpoints.
    #[must_use]
    pub fn verifier(&self) -> &note::Verifier {
        &self.0.verifier
    }

    /// What opens the entries of this book one by one, checking each.
    #[must_use]
    pub fn opener(&self) -> Opener {
        Opener::new(Arc::clone(&self.0.master))
    }

    /// Figures for the operator.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// What waits for a commit, [`bounds::APPEND_QUEUE`] at most.
    #[must_use]
    pub fn waiting(&self) -> usize {
        taken(&self.0.jobs)
    }

    /// Releases under way and closing entries that wait for a commit, [`bounds::OPEN_RELEASES`] at most.
    #[must_use]
    pub fn open_releases(&self) -> usize {
        taken(&self.0.closings)
    }

    /// Gives this handle up and waits until the last one is gone and everything that was handed in,
    /// closing entries too, stands in the book. While the database is away it does not return.
    pub async fn close(self) {
        let mut failure = self.0.failure.clone();
        drop(self);
        // The writing task holds the other end, and lets go of it last.
        while failure.changed().await.is_ok() {}
    }

    /// Ends when the book can no longer be written with certainty; the process must end then.
    pub async fn failed(&self) -> Failure {
        let mut failure = self.0.failure.clone();
        loop {
            if let Some(failure) = *failure.borrow_and_update() {
                return failure;
            }
            if failure.changed().await.is_err() {
                return Failure::Storage;
            }
        }
    }
}

/// Places in a queue that are not free.
fn taken<T>(queue: &mpsc::Sender<T>) -> usize {
    queue.max_capacity().saturating_sub(queue.capacity())
}

/// Notes for the operator why nothing was appended; to the caller the book is unavailable.
fn refuse(error: &(dyn std::error::Error + 'static)) -> NotAppended {
    tracing::error!(error = in_full(error), "an entry could not be made");
    NotAppended::Unavailable
}

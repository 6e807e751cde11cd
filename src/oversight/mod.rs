//! The book as those see it who watch over it: privacy officers, auditors.
//!
//! A task reads the book from its first entry on and follows it. What it reads becomes an index in
//! memory: small rows to be searched and counted, in which people are only tags. Nothing of it is
//! kept: the book is the single source, and a copy of it in tables could say something else. While it
//! reads, the root of the tree is computed again and compared with the signed checkpoint, so that what
//! is shown here is what was signed. What this module does not do: open a personal value, or write.

mod about;
mod calendar;
mod deed;
mod figures;
#[cfg(test)]
mod following;
mod index;
mod queue;
mod registry;
mod review;
#[cfg(test)]
mod reviewing;
mod row;
mod rows;
mod saved;
mod search;
#[cfg(test)]
mod searching;
mod shadowed;
mod signals;
#[cfg(test)]
pub(crate) mod testing;
mod words;

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::{Notify, watch};

pub use crate::ledger::registry::{choice_of, facts_of};
pub use calendar::{Calendar, OFFICE_HOURS};
pub use deed::{Deed, Did};
pub use figures::{
    Against, Basis, BookState, CHECK_EVERY_DAYS, EXPIRES_WITHIN_DAYS, FIGURE_WEEKS, Figures,
    OpenChoices, OpenIncidents, OpenProposals, Waiting,
};
pub use index::Index;
pub use queue::{AosReported, Judged, OpenIncident, Queue, Queued, Reviewing};
pub use registry::{Listed, WaitingProposal};
pub use review::{
    Check, Condemned, Dismissal, Given, Incident, NOTIFY_WITHIN_HOURS, Proposal, Review, Standing,
};
pub use row::{Change, Event, Row, What};
pub use search::{Came, Criteria, Found, Line, Newer};
pub use shadowed::Shadowed;
pub use signals::{
    ADDRESSES_OF_ONE_CASE, ADDRESSES_WITHOUT_DOSSIER, EMPLOYEE_FLOOR, Extent, FEWEST_WEEKS,
    FOLLOWS_WITHIN_DAYS, HISTORY_WEEKS, OUTSIDE_HOURS, READINGS, REFUSALS_IN_A_ROW, SIGNAL_WEEKS,
    SPREADS, SYSTEM_FLOOR, Signal, SignalKind, Story, TIMES_THE_SECOND, Usual, Whole,
};
pub use words::{Parties, Party, Personal, Tag, Word, Words};

use crate::bounds;
use crate::clock::{NoRandomness, Random};
use crate::errors::in_full;
use crate::ledger::note::Checkpoint;
use crate::ledger::{Leaf, Ledger, ReadError};
use crate::policy::Policies;
use words::Tagger;

/// How often the follower looks for new entries when nobody asks.
const LOOK: Duration = Duration::from_millis(500);

/// Parts of the book that are read at once.
const READ_AHEAD: usize = 3;

/// How far the reading of the book is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is being read from the beginning.
    Reading {
        /// Entries read.
        done: u64,
        /// Entries in the book.
        of: u64,
    },
    /// Everything up to here was read, and is what the checkpoint signs.
    Current {
        /// Entries in the book.
        size: u64,
    },
    /// What stands in the database is not what the checkpoint signs.
    Differs {
        /// Entries the checkpoint covers.
        size: u64,
    },
    /// The book cannot be read at the moment.
    Unreadable,
}

/// Why nothing can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the book is not ready to be shown: {0:?}")]
pub struct NotReady(pub State);

/// The handle to the index. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Oversight(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    policies: Policies,
    index: RwLock<Index>,
    state: watch::Sender<State>,
    asked: Notify,
    /// Entries of the book when the index began to read it: an erasure after that erased what the index
    /// has read already.
    began: AtomicU64,
}

impl Oversight {
    /// Begins to read the book, in a task of its own that ends with the last handle.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn start(
        ledger: Ledger,
        policies: Policies,
        random: &dyn Random,
    ) -> Result<Self, NoRandomness> {
        let index = RwLock::new(Index::new(Tagger::new(random)?));
        let ledger_size = ledger.size();
        let reading = State::Reading {
            done: 0,
            of: ledger_size,
        };
        let inner = Arc::new(Inner {
            ledger,
            policies,
            index,
            state: watch::Sender::new(reading),
            asked: Notify::new(),
            began: AtomicU64::new(ledger_size),
        });
        let followed = Arc::downgrade(&inner);
        tokio::spawn(async move {
            while let Some(inner) = followed.upgrade() {
                inner.catch_up().await;
                inner.read_again_without_the_erased();
                let _ = tokio::time::timeout(LOOK, inner.asked.notified()).await;
            }
        });
        Ok(Self(inner))
    }

    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        *self.0.state.borrow()
    }

    /// Looks something up, in an index that has everything the book had when this was called.
    ///
    /// # Errors
    /// [`NotReady`] while the book is read for the first time, and when it cannot be believed.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Index) -> T + Send + 'static,
    ) -> Result<T, NotReady> {
        self.wait().await?;
        let inner = Arc::clone(&self.0);
        // A scan of a long book takes milliseconds: not on a thread that serves requests.
        let looked = tokio::task::spawn_blocking(move || {
            look(&inner.index.read().unwrap_or_else(PoisonError::into_inner))
        });
        looked.await.map_err(|_| NotReady(State::Unreadable))
    }

    /// Waits until the index has what the book has now.
    async fn wait(&self) -> Result<(), NotReady> {
        let wanted = self.0.ledger.size();
        let mut state = self.0.state.subscribe();
        let ready = |state: &State| match state {
            State::Current { size } => *size >= wanted,
            State::Reading { .. } | State::Differs { .. } | State::Unreadable => true,
        };
        self.0.asked.notify_one();
        let state = match tokio::time::timeout(bounds::READ, state.wait_for(ready)).await {
            Ok(Ok(state)) => *state,
            Ok(Err(_)) | Err(_) => State::Unreadable,
        };
        match state {
            State::Current { .. } => Ok(()),
            state => Err(NotReady(state)),
        }
    }
}

impl Inner {
    /// Reads what is new, up to the newest checkpoint, and compares.
    async fn catch_up(&self) {
        if matches!(*self.state.borrow(), State::Differs { .. }) {
            // Nothing that is read after this can be believed either.
            return;
        }
        let read = self.read_on().await;
        match read {
            Ok(state) => {
                self.state.send_replace(state);
            }
            Err(error) => {
                tracing::error!(error = in_full(&error), "the desk cannot read the book");
                self.state.send_replace(State::Unreadable);
            }
        }
    }

    /// After an erasure, reads the book again from its beginning into another index, which then takes
    /// the place of this one: of who was erased not even a tag stays in memory. Meanwhile this one
    /// serves; how far it is shows in nobody's waiting.
    fn read_again_without_the_erased(self: &Arc<Self>) {
        let (erased, tagger) = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            (index.erased(), index.tagger())
        };
        let began = self.began.load(Ordering::Relaxed);
        if erased.is_none_or(|at| at < began) {
            return;
        }
        self.began.store(self.ledger.size(), Ordering::Relaxed);
        let inner = Arc::downgrade(self);
        tokio::spawn(async move {
            if let Err(error) = read_again(&inner, Index::new(tagger)).await {
                tracing::error!(
                    error = in_full(&error),
                    "the desk cannot read the book again"
                );
                // The next time it is looked at, it is tried again.
                if let Some(inner) = inner.upgrade() {
                    inner.began.fetch_min(began, Ordering::Relaxed);
                }
            }
        });
    }

    async fn read_on(&self) -> Result<State, ReadError> {
        let text = self.ledger.checkpoint();
        let signed = self.ledger.verifier().open(&text);
        let signed = signed.map_err(|_| ReadError::Impossible("a checkpoint of its own key"))?;
        let first_time = matches!(*self.state.borrow(), State::Reading { .. });
        let ranges = ranges(self.size(), signed.size);
        // While some are taken, the next ones are read already.
        let read = stream::iter(ranges).map(|(from, to)| self.whole(from, to));
        let mut read = pin!(read.buffered(READ_AHEAD));
        while let Some(leaves) = read.next().await {
            let leaves = leaves?;
            let done = {
                let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
                for leaf in &leaves {
                    index.take(leaf, &self.policies);
                }
                index.size()
            };
            if first_time {
                let of = signed.size;
                self.state.send_replace(State::Reading { done, of });
            }
        }
        let made = {
            let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
            Checkpoint {
                size: index.edge.size(),
                root: index.edge.root(),
            }
        };
        // An earlier checkpoint than what was read says nothing new.
        if made.size == signed.size && made != signed {
            tracing::error!(
                ledger.size_entries = signed.size,
                "the entries in the database do not lead to the signed checkpoint"
            );
            return Ok(State::Differs { size: signed.size });
        }
        Ok(State::Current { size: made.size })
    }

    /// The entries from one index to another, none of them missing.
    async fn whole(&self, from: u64, to: u64) -> Result<Vec<Leaf>, ReadError> {
        let leaves = self.ledger.leaves(from, to).await?;
        if leaves.len() as u64 == to - from {
            Ok(leaves)
        } else {
            Err(ReadError::Impossible("entries its checkpoint covers"))
        }
    }

    fn size(&self) -> u64 {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.size()
    }
}

/// Reads the book into this index until it has what the one in use has, and puts it in its place.
async fn read_again(of: &Weak<Inner>, mut fresh: Index) -> Result<(), ReadError> {
    loop {
        let Some(inner) = of.upgrade() else {
            return Ok(());
        };
        let size = inner.size();
        for (from, to) in ranges(fresh.size(), size) {
            for leaf in &inner.whole(from, to).await? {
                fresh.take(leaf, &inner.policies);
            }
        }
        let mut index = inner.index.write().unwrap_or_else(PoisonError::into_inner);
        if index.size() > fresh.size() {
            continue;
        }
        if index.edge.root() == fresh.edge.root() {
            *index = fresh;
            return Ok(());
        }
        return Err(ReadError::Impossible(
            "the entries it had when they were read before",
        ));
    }
}

/// The entries from one index to another, cut into what is read at once.
fn ranges(from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let begins = std::iter::successors(Some(from), |begin| {
        begin.checked_add(bounds::DESK_READ_ENTRIES)
    });
    let begins = begins.take_while(move |begin| *begin < to);
    begins.map(move |begin| (begin, to.min(begin + bounds::DESK_READ_ENTRIES)))
}

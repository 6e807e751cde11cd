//! Checking the whole book from the desk: one check at a time, its result an entry. Every decision is
//! made again too, on one thread, so that the gateway keeps the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::look::WATCHERS;
use super::{About, Failure, Officer, Officers};
use crate::clock::Moment;
use crate::domain::{DeskRole, Sha256};
use crate::errors::in_full;
use crate::ledger::entry::{Finding, Kind};
use crate::ledger::verify::DatabaseBook;
use crate::replay::{self, NotRight, Replayed};

/// A check that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checking {
    /// Since when.
    pub since: Moment,
    /// Entries checked.
    pub done: u64,
    /// Entries in the book.
    pub of: u64,
}

/// What the last check of this gateway found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// When it was done.
    pub at: Moment,
    /// What it found; what is wrong in full, for who has to do something about it.
    pub found: Result<Replayed, String>,
    /// Whether it is in the book.
    pub recorded: bool,
}

#[derive(Debug)]
struct Running {
    since: Moment,
    done: AtomicU64,
    of: AtomicU64,
}

/// The check under way, and the last one.
#[derive(Debug, Default)]
pub(super) struct Checks {
    running: Mutex<Option<Arc<Running>>>,
    last: Mutex<Option<Checked>>,
}

impl Checks {
    fn running(&self) -> Option<Arc<Running>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.clone()
    }
}

impl Officers {
    /// The check that is under way, if there is one.
    #[must_use]
    pub fn checking(&self) -> Option<Checking> {
        self.checks.running().map(|running| Checking {
            since: running.since,
            done: running.done.load(Ordering::Relaxed),
            of: running.of.load(Ordering::Relaxed),
        })
    }

    /// What the last check since this gateway started found, in full.
    #[must_use]
    pub fn last_check(&self) -> Option<Checked> {
        let last = self.checks.last.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a check of the whole book, beside everything else. Its result becomes an entry.
    ///
    /// # Errors
    /// [`Failure::Conflict`] when one is under way.
    pub fn start_check(&self, officer: &Officer) -> Result<(), Failure> {
        let roles = [WATCHERS.as_slice(), &[DeskRole::Beheer]].concat();
        officer.must_be(&roles)?;
        let running = Arc::new(Running {
            since: self.now(),
            done: AtomicU64::new(0),
            of: AtomicU64::new(self.exchange.ledger.size()),
        });
        {
            let slot = self.checks.running.lock();
            let mut slot = slot.unwrap_or_else(PoisonError::into_inner);
            if slot.is_some() {
                return Err(Failure::Conflict);
            }
            *slot = Some(Arc::clone(&running));
        }
        let (officers, officer) = (self.clone(), officer.clone());
        tokio::spawn(async move {
            let checked = officers.check(&officer, &running).await;
            let slots = (officers.checks.last.lock(), officers.checks.running.lock());
            *slots.0.unwrap_or_else(PoisonError::into_inner) = Some(checked);
            *slots.1.unwrap_or_else(PoisonError::into_inner) = None;
        });
        Ok(())
    }

    async fn check(&self, officer: &Officer, running: &Running) -> Checked {
        let ledger = &self.exchange.ledger;
        let book = DatabaseBook::new(self.exchange.store.clone());
        let with = replay::With {
            organisations: self.exchange.organisations.clone(),
            policies: self.exchange.policies_with_candidate(),
            opener: ledger.opener(),
            threads: 1,
        };
        let verified = replay::run(Arc::new(book), ledger.verifier(), None, with, |progress| {
            running.done.store(progress.checked, Ordering::Relaxed);
            running.of.store(progress.size, Ordering::Relaxed);
        });
        let verified = verified.await;
        if let Err(wrong) = &verified {
            tracing::error!(error = in_full(wrong), "a check of the book found it wrong");
        }
        let recorded = self.record_check(officer, &verified).await;
        if let Err(error) = &recorded {
            tracing::error!(error = in_full(error), "a check could not be recorded");
        }
        Checked {
            at: self.now(),
            found: verified.map_err(|wrong| in_full(&wrong)),
            recorded: recorded.is_ok(),
        }
    }

    async fn record_check(
        &self,
        officer: &Officer,
        verified: &Result<Replayed, NotRight>,
    ) -> Result<(), Failure> {
        let (mut entry, personal) = self.entry(officer, Kind::Check, None)?;
        match verified {
            Ok(Replayed { summary, .. }) => {
                entry.bevinding = Some(Finding::Whole);
                entry.aantal = Some(summary.size);
                entry.sha256 = Some(Sha256::from_bytes(summary.root));
            }
            // That it could not be read is no finding about the book.
            Err(wrong) if !wrong.is_finding() => return Err(Failure::LedgerUnavailable),
            Err(wrong) => {
                entry.bevinding = Some(Finding::Wrong);
                entry.aantal = Some(self.exchange.ledger.size());
                entry.index = wrong.index();
            }
        }
        self.append(officer, entry, personal, About::Nowhere)
            .await
            .map(drop)
    }
}

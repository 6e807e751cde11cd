//! Has a collector told what comes into the book, while the gateway runs: one follower for each view,
//! beside whoever is served.
//!
//! It goes by the book, not by what happens: it reads the entries from its place on, sends their records,
//! and only when the collector confirmed them moves its place, which stands in the database. So after a
//! crash, or with several gateways on one database, records may come twice (by their spans a collector
//! can tell), and none is left out. A collector that is away costs nothing but its lag: entries wait in
//! the book, not in memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bounds;
use crate::clock::Clock;
use crate::collect::{Collector, NotCollected};
use crate::errors::in_full;
use crate::ledger::entry::Kind;
use crate::ledger::{Leaf, Ledger, ReadError};
use crate::views::{Form, Setting, View, otlp};

/// Makes the road to the collector, from the files as they are at that moment.
#[derive(Clone)]
pub struct MakeRoad(Arc<dyn Fn() -> Result<Collector, String> + Send + Sync>);

impl MakeRoad {
    /// Made like this; or it says what is wrong with the files.
    #[must_use]
    pub fn new(make: impl Fn() -> Result<Collector, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// Makes it. It reads files: not on a thread that serves requests.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub async fn make(&self) -> Result<Collector, String> {
        let make = Arc::clone(&self.0);
        let made = tokio::task::spawn_blocking(move || make()).await;
        made.map_err(|_| "its files were not read".to_owned())?
    }
}

impl std::fmt::Debug for MakeRoad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MakeRoad")
    }
}

/// Where one view is.
#[derive(Debug)]
pub struct Standing {
    form: Form,
    ledger: Ledger,
    next: AtomicU64,
    failures: AtomicU64,
    refused: AtomicU64,
}

impl Standing {
    /// Which view.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Entries in the book whose records the collector has not confirmed.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let next = self.next.load(Ordering::Relaxed);
        self.ledger.size().saturating_sub(next)
    }

    /// Rounds that failed, since this gateway started.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Records the collector refused for good, since this gateway started.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Road(String),
    #[error(transparent)]
    Collect(#[from] NotCollected),
}

/// One view on its way to the collector.
pub struct Follower {
    ledger: Ledger,
    setting: Setting,
    clock: Arc<dyn Clock>,
    make_road: MakeRoad,
    road: Option<Collector>,
    /// The view, and the entry it is to see next; none before the first round and after a failed one,
    /// which may have shown it entries that will come again.
    view: Option<(View, u64)>,
    /// The last `start` before an entry, for whoever begins there again.
    started: Option<(u64, Option<u64>)>,
    standing: Arc<Standing>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower")
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

impl Follower {
    /// A follower that has not begun.
    #[must_use]
    pub fn new(
        form: Form,
        ledger: Ledger,
        setting: Setting,
        make_road: MakeRoad,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let standing = Arc::new(Standing {
            form,
            ledger: ledger.clone(),
            next: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        Self {
            ledger,
            setting,
            clock,
            make_road,
            road: None,
            view: None,
            started: None,
            standing,
        }
    }

    /// Where it is, for whoever watches.
    #[must_use]
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Follows the book, without an end.
    pub async fn run(mut self) -> Infallible {
        let mut wait = bounds::COLLECTOR_ROUND;
        loop {
            match self.round().await {
                // There is more already.
                Ok(true) => wait = Duration::ZERO,
                Ok(false) => wait = bounds::COLLECTOR_ROUND,
                Err(error) => {
                    self.standing.failures.fetch_add(1, Ordering::Relaxed);
                    (self.view, self.road) = (None, None);
                    if wait <= bounds::COLLECTOR_ROUND {
                        tracing::warn!(
                            collector.view = self.standing.form.code(),
                            error = in_full(&error),
                            "the collector was not told; it is tried again, ever less often"
                        );
                    }
                    wait = (wait * 2).clamp(bounds::COLLECTOR_RETRY * 2, bounds::COLLECTOR_REST);
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Tells the next entries, if there are any; answers whether there are still more.
    async fn round(&mut self) -> Result<bool, NotTold> {
        let form = self.standing.form;
        let size = self.ledger.size();
        if self.view.as_ref().is_some_and(|(_, next)| *next >= size) {
            return Ok(false);
        }
        // Another gateway may have been there.
        let kept = self.ledger.find_place(form.code()).await?;
        let (mut view, from) = match self.view.take() {
            Some((view, next)) if kept <= next => (view, next),
            _ => (self.begin(kept).await?, kept),
        };
        let to = size.min(from.saturating_add(bounds::COLLECTOR_ENTRIES));
        let mut records = Vec::new();
        let leaves = self.ledger.leaves(from, to).await?;
        if leaves.len() as u64 != to.saturating_sub(from) {
            return Err(ReadError::Impossible("entries its checkpoint covers").into());
        }
        for leaf in leaves {
            if let Some(index) = view.lacks(&leaf) {
                view.recall(&self.leaf(index).await?);
            }
            records.extend(view.take(&leaf));
        }
        for some in records.chunks(bounds::COLLECTOR_RECORDS) {
            self.send(some, from, to).await?;
        }
        let next = from.max(to);
        self.ledger.keep_place(form.code(), next);
        self.standing.next.store(next, Ordering::Relaxed);
        self.view = Some((view, next));
        Ok(next < self.ledger.size())
    }

    async fn send(
        &mut self,
        records: &[serde_json::Value],
        from: u64,
        to: u64,
    ) -> Result<(), NotTold> {
        let road = if let Some(road) = &mut self.road {
            road
        } else {
            let made = self.make_road.make().await;
            self.road.insert(made.map_err(NotTold::Road)?)
        };
        let request = otlp::request(self.standing.form, records, self.clock.now());
        match road.send_once(&request).await {
            Ok(()) => Ok(()),
            // The protocol forbids to send these again.
            Err(NotCollected::Partly(refused)) => {
                self.standing.refused.fetch_add(refused, Ordering::Relaxed);
                tracing::error!(
                    collector.view = self.standing.form.code(),
                    collector.refused_records = refused,
                    ledger.from_entry = from,
                    ledger.to_entry = to,
                    "the collector refused records for good; they can be exported with --from"
                );
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The view as it is before this entry.
    async fn begin(&mut self, at: u64) -> Result<View, NotTold> {
        let pseudonyms = Arc::new(self.ledger.clone());
        let mut view = View::new(self.standing.form, self.setting.clone(), pseudonyms);
        if view.lacks_program()
            && let Some(start) = self.last_start(at).await?
        {
            view.recall(&self.leaf(start).await?);
        }
        self.standing.next.store(at, Ordering::Relaxed);
        Ok(view)
    }

    /// Where the last `start` before this entry stands. What was looked through before is not again: a
    /// collector that is away makes the view begin anew many times.
    async fn last_start(&mut self, at: u64) -> Result<Option<u64>, NotTold> {
        let (seen, mut found) = self
            .started
            .filter(|(seen, _)| *seen <= at)
            .unwrap_or_default();
        let mut to = at;
        while to > seen {
            let from = to.saturating_sub(bounds::LOGS_READ_ENTRIES).max(seen);
            let entries = self.ledger.entries(from, to).await?;
            let started = entries.iter().rposition(|entry| entry.soort == Kind::Start);
            if let Some(offset) = started {
                found = Some(from + offset as u64);
                break;
            }
            to = from;
        }
        self.started = Some((at, found));
        Ok(found)
    }

    async fn leaf(&self, index: u64) -> Result<Leaf, NotTold> {
        let found = self.ledger.leaves(index, index + 1).await?.pop();
        found.ok_or_else(|| ReadError::Impossible("an entry that another one names").into())
    }
}

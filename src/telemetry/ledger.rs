//! The figures of the book.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Registry};

use super::family::Family;
use super::{as_float, raise};
use crate::bounds;
use crate::ledger::Ledger;

const MICROS_PER_SECOND: f64 = 1_000_000.0;

/// The figures of the book, read when somebody asks.
#[derive(Debug)]
struct LedgerFigures {
    ledger: Ledger,
    entries: Counter,
    commits: Counter,
    failures: Counter,
    size: Gauge,
    waiting: Gauge,
    open: Gauge,
    seconds: Family,
    batch: Family,
}

impl LedgerFigures {
    fn new(ledger: Ledger) -> Result<Self, prometheus::Error> {
        Ok(Self {
            ledger,
            entries: Counter::new(
                "sluis_ledger_entries_total",
                "Entries appended by this gateway since it started",
            )?,
            commits: Counter::new(
                "sluis_ledger_commits_total",
                "Commits made by this gateway since it started; many entries share one",
            )?,
            failures: Counter::new(
                "sluis_ledger_failed_commits_total",
                "Batches that could not be recorded since this gateway started",
            )?,
            size: Gauge::new("sluis_ledger_size_entries", "Entries in the ledger")?,
            waiting: Gauge::new(
                "sluis_ledger_waiting_entries",
                format!("What waits for a commit, at most {}", bounds::APPEND_QUEUE),
            )?,
            open: Gauge::new(
                "sluis_ledger_open_releases",
                format!("Releases not closed yet, at most {}", bounds::OPEN_RELEASES),
            )?,
            seconds: Family::new(
                "sluis_ledger_commit_seconds",
                "Time a commit took, the database included",
                &[],
            )?,
            batch: Family::new(
                "sluis_ledger_batch_entries",
                "Entries that shared one commit",
                &[],
            )?,
        })
    }

    fn collectors(&self) -> [&dyn Collector; 6] {
        [
            &self.entries,
            &self.commits,
            &self.failures,
            &self.size,
            &self.waiting,
            &self.open,
        ]
    }
}

impl Collector for LedgerFigures {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors()
            .into_iter()
            .flat_map(Collector::desc)
            .chain([self.seconds.desc(), self.batch.desc()])
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let figures = self.ledger.figures();
        raise(&self.entries, as_float(figures.entries()));
        raise(&self.commits, as_float(figures.commits()));
        raise(&self.failures, as_float(figures.failures()));
        self.size.set(as_float(figures.size()));
        self.waiting.set(as_float(self.ledger.waiting() as u64));
        self.open.set(as_float(self.ledger.open_releases() as u64));
        let took = figures.commit_micros();
        let shared = figures.batch_entries();
        self.collectors()
            .into_iter()
            .flat_map(Collector::collect)
            .chain([
                self.seconds.histogram(&took, MICROS_PER_SECOND),
                self.batch.histogram(&shared, 1.0),
            ])
            .collect()
    }
}

/// Lets the figures of the book be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_ledger(registry: &Registry, ledger: &Ledger) -> Result<(), prometheus::Error> {
    registry.register(Box::new(LedgerFigures::new(ledger.clone())?))
}

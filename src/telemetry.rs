//! What operators see: log lines as JSON on standard error, and figures for Prometheus.
//!
//! Neither ever holds personal data (DESIGN, I5): the modules below log transaction ids, OINs and
//! route templates only, and a test searches every output for planted values.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Registry};
use tracing_subscriber::EnvFilter;

use crate::ledger::Ledger;

/// The variable that says how much is logged, such as `info` or `sluis=debug`.
const LOG_VARIABLE: &str = "SLUIS_LOG";

/// Starts logging to standard error, one JSON object a line. Does nothing when it already started.
pub fn start_logging() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
    // An error means that somebody in this process, a test for one, was first.
    drop(started);
}

/// Starts logging when the reader asked for it: beside the words of the demo it is noise.
pub fn start_logging_when_asked() {
    if std::env::var_os(LOG_VARIABLE).is_some() {
        start_logging();
    }
}

/// The figures of the book, read when somebody asks.
#[derive(Debug)]
struct LedgerFigures {
    ledger: Ledger,
    entries: Counter,
    commits: Counter,
    failures: Counter,
    seconds: Counter,
    size: Gauge,
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
            seconds: Counter::new(
                "sluis_ledger_commit_seconds_total",
                "Time spent recording batches since this gateway started",
            )?,
            size: Gauge::new("sluis_ledger_size_entries", "Entries in the ledger")?,
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus counts in floating point"
)]
fn as_float(count: u64) -> f64 {
    count as f64
}

fn raise(counter: &Counter, to: f64) {
    let by = to - counter.get();
    if by > 0.0 {
        counter.inc_by(by);
    }
}

impl Collector for LedgerFigures {
    fn desc(&self) -> Vec<&Desc> {
        let counters = [&self.entries, &self.commits, &self.failures, &self.seconds];
        counters
            .into_iter()
            .flat_map(Counter::desc)
            .chain(self.size.desc())
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let figures = self.ledger.figures();
        raise(&self.entries, as_float(figures.entries()));
        raise(&self.commits, as_float(figures.commits()));
        raise(&self.failures, as_float(figures.failures()));
        raise(&self.seconds, figures.commit_time().as_secs_f64());
        self.size.set(as_float(figures.size()));
        let counters = [&self.entries, &self.commits, &self.failures, &self.seconds];
        counters
            .into_iter()
            .flat_map(Counter::collect)
            .chain(self.size.collect())
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

//! What operators see: log lines as JSON on standard error, figures for Prometheus, and traces and the
//! log for a collector.
//!
//! `deploy/metrics.md` lists every figure; a test holds the two together.
//!
//! Neither ever holds personal data (DESIGN, I5): the modules below log transaction ids, OINs and
//! route templates only, and a test searches every output for planted values.

mod family;
mod ledger;
mod otlp;
mod outlet;
mod trust;

use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, CounterVec, Gauge, GaugeVec, Opts, Registry};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clock::Clock;
use crate::cosign::{Outcome, Watch};
use crate::exchange::Trial;
use crate::follow::Standing;
use crate::ledger::Ledger;

pub use ledger::watch_ledger;
pub use otlp::{Course, LogTap, Logged, Teller, watch_telemetry};
pub use outlet::{finish_logging, watch_log};
pub use trust::watch_trust;

/// The variable that says how much is logged, such as `info` or `sluis=debug`.
const LOG_VARIABLE: &str = "SLUIS_LOG";

/// Starts logging to standard error, one JSON object a line; [`finish_logging`] ends it. Does nothing when
/// it already started.
pub fn start_logging() {
    start_logging_with(None);
}

/// The same, with every event that is let through also given to a collector.
pub fn start_logging_with(tap: Option<LogTap>) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let (lines, writing) = outlet::open();
    let builder = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(lines);
    let started = match tap {
        None => builder.try_init().is_ok(),
        Some(tap) => builder.finish().with(tap).try_init().is_ok(),
    };
    // If not, somebody in this process, a test for one, was first.
    if started {
        writing.keep();
    }
}

/// Starts logging when the reader asked for it: beside the words of the demo it is noise.
pub fn start_logging_when_asked() {
    if std::env::var_os(LOG_VARIABLE).is_some() {
        start_logging();
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

/// The figures of the witnesses, read when somebody asks. An age that is not known yet is infinite, so
/// that an alarm on it sounds.
#[derive(Debug)]
struct WitnessFigures {
    ledger: Ledger,
    watch: Watch,
    clock: Arc<dyn Clock>,
    quorum_age: Gauge,
    quorum_size: Gauge,
    age: GaugeVec,
    calls: CounterVec,
    refusals: Counter,
}

impl WitnessFigures {
    fn collectors(&self) -> [&dyn Collector; 5] {
        [
            &self.quorum_age,
            &self.quorum_size,
            &self.age,
            &self.calls,
            &self.refusals,
        ]
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "Prometheus counts in floating point"
    )]
    fn read(&self) {
        let age = self.ledger.quorum_age();
        self.quorum_age
            .set(age.map_or(f64::INFINITY, |age| age.as_secs_f64()));
        let size = self.ledger.cosigned().map_or(0, |cosigned| cosigned.size);
        self.quorum_size.set(as_float(size));
        raise(&self.refusals, as_float(self.ledger.unwitnessed()));
        let now = self.clock.now();
        for standing in self.watch.standings().iter() {
            let age = standing
                .cosigned_at()
                .map_or(f64::INFINITY, |at| now.ms_since(at).max(0) as f64 / 1000.0);
            self.age.with_label_values(&[standing.name()]).set(age);
            for outcome in Outcome::ALL {
                let counter = self
                    .calls
                    .with_label_values(&[standing.name(), outcome.name()]);
                raise(&counter, as_float(standing.calls(outcome)));
            }
        }
    }
}

impl Collector for WitnessFigures {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors()
            .into_iter()
            .flat_map(Collector::desc)
            .collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.read();
        self.collectors()
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}

/// Lets the figures of the witnesses be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_witnesses(
    registry: &Registry,
    ledger: &Ledger,
    watch: Watch,
    clock: &Arc<dyn Clock>,
) -> Result<(), prometheus::Error> {
    registry.register(Box::new(WitnessFigures {
        ledger: ledger.clone(),
        watch,
        clock: Arc::clone(clock),
        quorum_age: Gauge::new(
            "sluis_witness_quorum_age_seconds",
            "Since when a quorum of witnesses stands behind a checkpoint of the ledger",
        )?,
        quorum_size: Gauge::new(
            "sluis_witness_quorum_size_entries",
            "Entries that checkpoint covers",
        )?,
        age: GaugeVec::new(
            Opts::new(
                "sluis_witness_age_seconds",
                "Since when each witness stands behind a checkpoint, by its own clock",
            ),
            &["witness"],
        )?,
        calls: CounterVec::new(
            Opts::new(
                "sluis_witness_calls_total",
                "Calls to each witness since this gateway started, by how they ended",
            ),
            &["witness", "outcome"],
        )?,
        refusals: Counter::new(
            "sluis_witness_refused_releases_total",
            "Releases refused because the quorum was too old, since this gateway started",
        )?,
    }))
}

/// The figures of the followers, read when somebody asks.
#[derive(Debug)]
struct CollectorFigures {
    standings: Vec<Arc<Standing>>,
    lag: GaugeVec,
    failures: CounterVec,
    refused: CounterVec,
}

impl CollectorFigures {
    fn collectors(&self) -> [&dyn Collector; 3] {
        [&self.lag, &self.failures, &self.refused]
    }
}

impl Collector for CollectorFigures {
    fn desc(&self) -> Vec<&Desc> {
        let collectors = self.collectors().into_iter();
        collectors.flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for standing in &self.standings {
            let view = &[standing.form().code()];
            let lag = as_float(standing.lag());
            self.lag.with_label_values(view).set(lag);
            let counters = [
                (&self.failures, standing.failures()),
                (&self.refused, standing.refused()),
            ];
            for (counter, count) in counters {
                raise(&counter.with_label_values(view), as_float(count));
            }
        }
        let collectors = self.collectors().into_iter();
        collectors.flat_map(Collector::collect).collect()
    }
}

/// Lets the figures of the followers be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_followers(
    registry: &Registry,
    standings: Vec<Arc<Standing>>,
) -> Result<(), prometheus::Error> {
    let counter = |name: &str, help: &str| CounterVec::new(Opts::new(name, help), &["view"]);
    registry.register(Box::new(CollectorFigures {
        standings,
        lag: GaugeVec::new(
            Opts::new(
                "sluis_collector_lag_entries",
                "Entries in the ledger whose records the collector has not confirmed, by view",
            ),
            &["view"],
        )?,
        failures: counter(
            "sluis_collector_failures_total",
            "Times the collector could not be told, since this gateway started",
        )?,
        refused: counter(
            "sluis_collector_refused_records_total",
            "Records the collector refused for good, since this gateway started",
        )?,
    }))
}

/// The figures of the candidate beside the bundle in force, read when somebody asks.
#[derive(Debug)]
struct TrialFigures {
    trial: Arc<Trial>,
    decisions: CounterVec,
}

impl Collector for TrialFigures {
    fn desc(&self) -> Vec<&Desc> {
        self.decisions.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (difference, count) in self.trial.counts() {
            let counter = self.decisions.with_label_values(&[difference]);
            raise(&counter, as_float(count));
        }
        self.decisions.collect()
    }
}

/// Lets the figures of a candidate be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_trial(registry: &Registry, trial: Arc<Trial>) -> Result<(), prometheus::Error> {
    registry.register(Box::new(TrialFigures {
        trial,
        decisions: CounterVec::new(
            Opts::new(
                "sluis_shadow_decisions_total",
                "Decisions recorded by this gateway since it started, by how the candidate differs",
            ),
            &["difference"],
        )?,
    }))
}

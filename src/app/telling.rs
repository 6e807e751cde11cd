//! Composition of telemetry: `[telemetry]` to a teller for each signal.

use std::sync::Arc;

use prometheus::Registry;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::collector::reach;
use crate::bounds;
use crate::clock::{Clock, Random};
use crate::collect::{Collector, Signal};
use crate::config::{Config, TelemetrySettings};
use crate::follow::MakeRoad;
use crate::identity::TlsSettings;
use crate::spans::Tracer;
use crate::telemetry::{self, LogTap, Logged, Teller};

/// The log on its way to a collector: one end is in the logging of this process.
#[derive(Debug)]
pub struct LogRoad(Teller<Logged>);

impl LogRoad {
    /// Starts logging as the configuration says: to standard error, and to a collector if there is one that
    /// takes it. What stands there is told once the gateway runs.
    #[must_use]
    pub fn start_logging(config: &Config, clock: &Arc<dyn Clock>) -> Option<Self> {
        let told = config.telemetry.as_ref();
        let told = told.filter(|settings| settings.signals.contains(&Signal::Logs));
        let (tap, own) = told
            .map(|settings| {
                let road = road(settings, &config.identity.tls, Signal::Logs, clock);
                let (outlet, teller) = Teller::of_logs(road);
                (LogTap::new(Arc::clone(clock), outlet), Self(teller))
            })
            .unzip();
        telemetry::start_logging_with(tap);
        own
    }
}

/// Looks whether the files of `[telemetry]` are good, before the gateway opens.
pub(super) fn check(config: &Config, clock: &Arc<dyn Clock>) -> Result<(), String> {
    let Some(settings) = &config.telemetry else {
        return Ok(());
    };
    open(settings, &config.identity.tls, Signal::Traces, clock).map(drop)
}

fn open(
    settings: &TelemetrySettings,
    own: &TlsSettings,
    signal: Signal,
    clock: &Arc<dyn Clock>,
) -> Result<Collector, String> {
    let tls = reach(&settings.trust_anchors, own, clock)?;
    Collector::below(&settings.url, signal, tls).map_err(|error| format!("telemetry.url: {error}"))
}

fn road(
    settings: &TelemetrySettings,
    own: &TlsSettings,
    signal: Signal,
    clock: &Arc<dyn Clock>,
) -> MakeRoad {
    let (settings, own, clock) = (settings.clone(), own.clone(), Arc::clone(clock));
    MakeRoad::new(move || open(&settings, &own, signal, &clock))
}

/// Whoever tells a collector, while the gateway runs.
#[derive(Debug)]
pub(super) struct Telling {
    tellers: JoinSet<()>,
    leave: watch::Sender<()>,
}

impl Telling {
    /// Has them tell, and answers what traces calls.
    pub(super) fn start(
        config: &Config,
        log: Option<LogRoad>,
        registry: &Registry,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<(Self, Tracer), prometheus::Error> {
        let (leave, left) = watch::channel(());
        let mut tellers = JoinSet::new();
        let mut courses = Vec::new();
        let mut tracer = Tracer::off();
        if let Some(LogRoad(teller)) = log {
            courses.push(teller.course());
            tellers.spawn(teller.run(left.clone()));
        }
        let told = config.telemetry.as_ref();
        if let Some(settings) = told.filter(|one| one.signals.contains(&Signal::Traces)) {
            let road = road(settings, &config.identity.tls, Signal::Traces, clock);
            let (outlet, teller) = Teller::of_traces(road);
            let (clock, random) = (Arc::clone(clock), Arc::clone(random));
            tracer = Tracer::new(settings.traces_per_million, clock, random, outlet);
            courses.push(teller.course());
            tellers.spawn(teller.run(left));
        }
        telemetry::watch_telemetry(registry, courses)?;
        Ok((Self { tellers, leave }, tracer))
    }

    /// Tells what is left, as long as that may take.
    pub(super) async fn part(mut self) {
        drop(self.leave);
        let last = async { while self.tellers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(bounds::TELEMETRY_PARTING, last).await;
    }
}

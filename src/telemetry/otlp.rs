//! Traces and the log, told to a collector (OTLP/HTTP in JSON) beside whoever is served.
//!
//! What waits, waits in a bounded queue ([`Outlet`]); what a collector does not take is dropped and counted.
//! Only events of Sluis itself are told: other crates log, at `debug`, what came in on the wire.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, Opts, Registry};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, watch};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::{as_float, raise};
use crate::bounds::{TELEMETRY_BATCH, TELEMETRY_ROUND, TELEMETRY_TEXT_CHARS};
use crate::clock::{Clock, Moment};
use crate::collect::{NotCollected, Signal};
use crate::errors::in_full;
use crate::follow::MakeRoad;
use crate::spans::{self, Outlet, Place, Role, Span};
use crate::views::otlp::attribute;

/// An event of the log, on its way to a collector.
#[derive(Debug)]
pub struct Logged {
    at: Moment,
    level: Level,
    target: &'static str,
    message: String,
    told: Vec<(&'static str, Value)>,
    place: Option<Place>,
}

/// Gives the events of Sluis itself to a queue.
#[derive(Debug)]
pub struct LogTap {
    clock: Arc<dyn Clock>,
    outlet: Outlet<Logged>,
}

impl LogTap {
    /// Into this queue.
    #[must_use]
    pub const fn new(clock: Arc<dyn Clock>, outlet: Outlet<Logged>) -> Self {
        Self { clock, outlet }
    }
}

impl<S: Subscriber> Layer<S> for LogTap {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let own = about.target().strip_prefix("sluis");
        if !own.is_some_and(|rest| rest.is_empty() || rest.starts_with("::")) {
            return;
        }
        let mut logged = Logged {
            at: self.clock.now(),
            level: *about.level(),
            target: about.target(),
            message: String::new(),
            told: Vec::new(),
            place: spans::place(),
        };
        event.record(&mut logged);
        self.outlet.offer(logged, 1);
    }
}

impl Logged {
    fn tell(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.told.push((name, value)),
        }
    }
}

/// A text of a bounded length.
fn cut(text: &str) -> Value {
    let end = text.char_indices().nth(TELEMETRY_TEXT_CHARS);
    let cut = end.and_then(|(at, _)| text.get(..at));
    Value::from(cut.unwrap_or(text))
}

impl Visit for Logged {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.tell(field, cut(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.tell(field, cut(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.tell(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.tell(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tell(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.tell(field, value.into());
    }
}

/// A `Resource`: who tells it.
fn resource() -> Value {
    json!({"attributes": [
        attribute("service.name", &json!("sluis")),
        attribute("service.version", &json!(env!("CARGO_PKG_VERSION"))),
    ]})
}

/// An `InstrumentationScope`: of the program itself, beside those of the views.
fn scope() -> Value {
    json!({"name": "sluis", "version": env!("CARGO_PKG_VERSION")})
}

fn attributes(told: &[(&'static str, Value)]) -> Vec<Value> {
    told.iter()
        .map(|(name, value)| attribute(name, value))
        .collect()
}

fn spans_request(calls: &[Vec<Span>]) -> Value {
    let spans: Vec<Value> = calls.iter().flatten().map(written).collect();
    json!({"resourceSpans": [{
        "resource": resource(),
        "scopeSpans": [{"scope": scope(), "spans": spans}],
    }]})
}

/// A `Span`. Identifiers are hexadecimal, and numbers of 64 bits texts.
fn written(span: &Span) -> Value {
    let kind = match span.role {
        Role::Internal => 1,
        Role::Server => 2,
        Role::Client => 3,
    };
    let mut written = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.from_nanos.to_string(),
        "endTimeUnixNano": span.to_nanos.to_string(),
        "attributes": attributes(&span.told),
    });
    if let Value::Object(written) = &mut written {
        if let Some(parent) = span.parent {
            written.insert("parentSpanId".to_owned(), format!("{parent:016x}").into());
        }
        if span.failed {
            written.insert("status".to_owned(), json!({"code": 2}));
        }
    }
    written
}

fn logs_request(events: &[Logged]) -> Value {
    let records: Vec<Value> = events.iter().map(Logged::written).collect();
    json!({"resourceLogs": [{
        "resource": resource(),
        "scopeLogs": [{"scope": scope(), "logRecords": records}],
    }]})
}

impl Logged {
    /// A `LogRecord`.
    fn written(&self) -> Value {
        let severity = match self.level {
            Level::TRACE => 1,
            Level::DEBUG => 5,
            Level::INFO => 9,
            Level::WARN => 13,
            Level::ERROR => 17,
        };
        let at = (i128::from(self.at.unix_ms()) * 1_000_000).to_string();
        let mut told = attributes(&self.told);
        told.push(attribute("log.target", &self.target.into()));
        let mut written = Map::new();
        let mut set = |name: &str, value: Value| written.insert(name.to_owned(), value);
        set("timeUnixNano", at.clone().into());
        set("observedTimeUnixNano", at.into());
        set("severityNumber", severity.into());
        set("severityText", self.level.as_str().into());
        set("body", json!({"stringValue": self.message}));
        set("attributes", told.into());
        if let Some(Place { trace, span }) = self.place {
            set("traceId", format!("{trace:032x}").into());
            set("spanId", format!("{span:016x}").into());
            set("flags", 1.into());
        }
        Value::Object(written)
    }
}

/// What is told to a collector, and how it goes.
#[derive(Debug, Clone)]
pub struct Course {
    signal: Signal,
    sent: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

/// The road of one signal from its queue to the collector.
pub struct Teller<T> {
    queue: mpsc::Receiver<T>,
    make_road: MakeRoad,
    course: Course,
    count: fn(&[T]) -> u64,
    write: fn(&[T]) -> Value,
}

impl<T> fmt::Debug for Teller<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Teller({:?})", self.course)
    }
}

impl Teller<Vec<Span>> {
    /// Tells what was traced.
    #[must_use]
    pub fn of_traces(make_road: MakeRoad) -> (Outlet<Vec<Span>>, Self) {
        let count = |calls: &[Vec<Span>]| calls.iter().map(|spans| spans.len() as u64).sum();
        Self::new(Signal::Traces, make_road, count, spans_request)
    }
}

impl Teller<Logged> {
    /// Tells the log.
    #[must_use]
    pub fn of_logs(make_road: MakeRoad) -> (Outlet<Logged>, Self) {
        let count = |events: &[Logged]| events.len() as u64;
        Self::new(Signal::Logs, make_road, count, logs_request)
    }
}

impl<T> Teller<T> {
    fn new(
        signal: Signal,
        make_road: MakeRoad,
        count: fn(&[T]) -> u64,
        write: fn(&[T]) -> Value,
    ) -> (Outlet<T>, Self) {
        let (outlet, queue) = Outlet::new();
        let course = Course {
            signal,
            sent: Arc::default(),
            dropped: Arc::clone(outlet.dropped()),
        };
        let own = Self {
            queue,
            make_road,
            course,
            count,
            write,
        };
        (outlet, own)
    }

    /// How it goes, for whoever watches.
    #[must_use]
    pub fn course(&self) -> Course {
        self.course.clone()
    }

    /// Tells, until the other end of `leave` is gone; then what waits, once.
    pub async fn run(mut self, mut leave: watch::Receiver<()>) {
        let (mut road, mut well, mut stays) = (None, true, true);
        let mut batch = Vec::new();
        while stays {
            stays = self.gather(&mut batch, &mut leave).await;
            if !batch.is_empty() {
                self.tell(&mut road, &mut well, &batch).await;
                batch.clear();
            }
        }
        while let Ok(one) = self.queue.try_recv() {
            batch.push(one);
            if batch.len() == TELEMETRY_BATCH || self.queue.is_empty() {
                self.tell(&mut road, &mut well, &batch).await;
                batch.clear();
            }
        }
    }

    /// Waits for a whole batch, or for a while after the first of it came; answers whether there is to be
    /// another.
    async fn gather(&mut self, batch: &mut Vec<T>, leave: &mut watch::Receiver<()>) -> bool {
        let mut round = std::pin::pin!(None);
        while batch.len() < TELEMETRY_BATCH {
            let room = TELEMETRY_BATCH - batch.len();
            let waited = async {
                match round.as_mut().as_pin_mut() {
                    Some(round) => round.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = leave.changed() => return false,
                () = waited => return true,
                count = self.queue.recv_many(batch, room) => if count == 0 {
                    return false;
                },
            }
            if round.is_none() {
                round.set(Some(tokio::time::sleep(TELEMETRY_ROUND)));
            }
        }
        true
    }

    async fn tell(
        &self,
        road: &mut Option<crate::collect::Collector>,
        well: &mut bool,
        batch: &[T],
    ) {
        let count = (self.count)(batch);
        let told = self.send(road, batch).await;
        let dropped = told.as_ref().map_or(count, |refused| count.min(*refused));
        self.course.dropped.fetch_add(dropped, Ordering::Relaxed);
        let sent = count - dropped;
        self.course.sent.fetch_add(sent, Ordering::Relaxed);
        let Err(error) = told else {
            *well = true;
            return;
        };
        *road = None;
        // Once: it would be an event to tell, too.
        if std::mem::take(well) {
            tracing::warn!(
                telemetry.signal = self.course.signal.code(),
                error,
                "the collector of telemetry does not take it; what it misses is counted"
            );
        }
    }

    /// Answers how many it refused.
    async fn send(
        &self,
        road: &mut Option<crate::collect::Collector>,
        batch: &[T],
    ) -> Result<u64, String> {
        let road = match road {
            Some(road) => road,
            None => road.insert(self.make_road.make().await?),
        };
        match road.send(&(self.write)(batch)).await {
            Ok(()) => Ok(0),
            Err(NotCollected::Partly(refused)) => Ok(refused),
            Err(error) => Err(in_full(&error)),
        }
    }
}

/// The figures of what is told, read when somebody asks.
#[derive(Debug)]
struct TelemetryFigures {
    courses: Vec<Course>,
    sent: CounterVec,
    dropped: CounterVec,
}

impl Collector for TelemetryFigures {
    fn desc(&self) -> Vec<&Desc> {
        let each = [&self.sent, &self.dropped].into_iter();
        each.flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for course in &self.courses {
            let signal = &[course.signal.code()];
            for (counter, count) in [(&self.sent, &course.sent), (&self.dropped, &course.dropped)] {
                let count = as_float(count.load(Ordering::Relaxed));
                raise(&counter.with_label_values(signal), count);
            }
        }
        let each = [&self.sent, &self.dropped].into_iter();
        each.flat_map(Collector::collect).collect()
    }
}

/// Lets the figures of what is told be read.
///
/// # Errors
/// When they were registered before.
pub fn watch_telemetry(registry: &Registry, courses: Vec<Course>) -> Result<(), prometheus::Error> {
    let counter = |name: &str, help: &str| CounterVec::new(Opts::new(name, help), &["signal"]);
    registry.register(Box::new(TelemetryFigures {
        courses,
        sent: counter(
            "sluis_telemetry_sent_total",
            "Spans and events the collector of telemetry took, since this gateway started",
        )?,
        dropped: counter(
            "sluis_telemetry_dropped_total",
            "Spans and events it did not take, or that found no place, since this gateway started",
        )?,
    }))
}

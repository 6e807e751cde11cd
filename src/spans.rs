//! Where the time of a call goes: spans, for whoever collects traces.
//!
//! Nobody hands a trace along. The task that serves a call has it at hand, and whoever does a part of the
//! work says so with [`enter`]; where the call is not traced, that is one look and nothing else. What is
//! told are our own words and numbers, never what was sent (DESIGN, I5).
//!
//! What this module deliberately does not do: send. A call that is over goes into a queue ([`Outlet`]);
//! when that is full, it is dropped and counted, and nobody waits.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::bounds::{SPANS_PER_CALL, TELEMETRY_QUEUE};
use crate::clock::{Clock, Moment, Random};
use crate::domain::{TraceParent, TransactionId};

/// The way to somebody who may be away: what finds no place is dropped, and counted.
#[derive(Debug)]
pub struct Outlet<T> {
    queue: mpsc::Sender<T>,
    dropped: Arc<AtomicU64>,
}

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            dropped: Arc::clone(&self.dropped),
        }
    }
}

impl<T> Outlet<T> {
    /// A queue of [`TELEMETRY_QUEUE`] places, and its other end.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<T>) {
        let (queue, other_end) = mpsc::channel(TELEMETRY_QUEUE);
        let dropped = Arc::default();
        (Self { queue, dropped }, other_end)
    }

    /// Puts it there, if there is a place; what it counts for when there is none, the caller says.
    pub fn offer(&self, one: T, count: u64) {
        if self.queue.try_send(one).is_err() {
            self.dropped.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// How many were dropped so far; whoever fails to send adds to it.
    #[must_use]
    pub const fn dropped(&self) -> &Arc<AtomicU64> {
        &self.dropped
    }
}

/// What a span is, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A call of somebody else.
    Server,
    /// A part of the work.
    Internal,
    /// A question to somebody else.
    Client,
}

/// A part of a call, with its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace.
    pub trace: u128,
    /// Itself.
    pub id: u64,
    /// What it is a part of; at the other end of the wire for the first, where a caller sent one.
    pub parent: Option<u64>,
    /// In words of ours.
    pub name: Cow<'static, str>,
    /// Seen from outside.
    pub role: Role,
    /// Whether it went wrong, and by whose fault but the caller's.
    pub failed: bool,
    /// From when, in nanoseconds since 1970.
    pub from_nanos: u64,
    /// Until when.
    pub to_nanos: u64,
    /// What is told of it.
    pub told: Vec<(&'static str, Value)>,
}

/// Where the spans of one call are, or of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The trace.
    pub trace: u128,
    /// The span.
    pub span: u64,
}

/// Decides which calls are traced, and takes what was traced.
#[derive(Debug)]
pub struct Tracer(Option<Sampling>);

#[derive(Debug)]
struct Sampling {
    /// A call without a caller's word is traced where the last 56 bits of its trace are below this.
    below: u64,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    outlet: Outlet<Vec<Span>>,
}

/// Bits of a trace that are random (W3C Trace Context, level 2), of a `UUIDv7` too.
const RANDOM_BITS: u32 = 56;

impl Tracer {
    /// One that traces nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// One that traces so many calls of a million, and those of which the caller says that it traces them.
    #[must_use]
    pub fn new(
        per_million: u32,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        outlet: Outlet<Vec<Span>>,
    ) -> Self {
        let below = (u128::from(per_million) << RANDOM_BITS) / 1_000_000;
        Self(Some(Sampling {
            below: u64::try_from(below).unwrap_or(u64::MAX),
            clock,
            random,
            outlet,
        }))
    }

    /// The trace of a call, if it is traced: the caller's, else one named after the transaction, as the views
    /// of the ledger name it. A caller's that could be a number of somebody is not taken over.
    #[must_use]
    pub fn begin(
        &self,
        transaction: TransactionId,
        sent: impl FnOnce() -> Option<TraceParent>,
    ) -> Option<Traced> {
        let sampling = self.0.as_ref()?;
        let sent = sent().filter(|sent| !sent.could_be_a_number());
        let (trace, parent, traced) = if let Some(sent) = sent {
            let trace = u128::from_str_radix(sent.trace_id(), 16).ok()?;
            let parent = u64::from_str_radix(sent.parent_id(), 16).ok()?;
            (trace, Some(parent), sent.is_sampled())
        } else {
            let trace = u128::from_be_bytes(*transaction.as_bytes());
            let chance = trace % (1 << RANDOM_BITS);
            (trace, None, chance < u128::from(sampling.below))
        };
        if !traced {
            return None;
        }
        let mut first = [0; 8];
        sampling.random.fill(&mut first).ok()?;
        Some(Traced(Arc::new(Trace {
            id: trace,
            parent,
            // The first bit makes it none of zeros; the last eight are for those that follow.
            first: (u64::from_be_bytes(first) | 1 << 63) & !0xff,
            at: sampling.clock.now(),
            since: Instant::now(),
            outlet: sampling.outlet.clone(),
            parts: Mutex::new(Parts {
                all: vec![Part::new("call", Role::Server, None, Duration::ZERO)],
                current: 0,
            }),
        })))
    }
}

tokio::task_local! {
    static TRACE: Arc<Trace>;
}

#[derive(Debug)]
struct Trace {
    id: u128,
    parent: Option<u64>,
    first: u64,
    at: Moment,
    since: Instant,
    outlet: Outlet<Vec<Span>>,
    parts: Mutex<Parts>,
}

/// The parts of a call, the call itself first.
#[derive(Debug)]
struct Parts {
    all: Vec<Part>,
    /// The innermost that is not over.
    current: usize,
}

#[derive(Debug)]
struct Part {
    name: Cow<'static, str>,
    role: Role,
    within: Option<usize>,
    from: Duration,
    to: Option<Duration>,
    failed: bool,
    told: Vec<(&'static str, Value)>,
}

impl Part {
    fn new(name: &'static str, role: Role, within: Option<usize>, from: Duration) -> Self {
        Self {
            name: Cow::Borrowed(name),
            role,
            within,
            from,
            to: None,
            failed: false,
            told: Vec::new(),
        }
    }
}

impl Trace {
    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn span(&self, at: usize) -> u64 {
        self.first + at as u64
    }

    fn place(&self) -> Place {
        Place {
            trace: self.id,
            span: self.span(self.parts().current),
        }
    }

    fn open(&self, name: &'static str, role: Role) -> Option<usize> {
        let mut parts = self.parts();
        let at = parts.all.len();
        if at >= SPANS_PER_CALL {
            self.outlet.dropped().fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let part = Part::new(name, role, Some(parts.current), self.since.elapsed());
        parts.all.push(part);
        parts.current = at;
        Some(at)
    }

    fn close(&self, at: usize) {
        let mut parts = self.parts();
        let Some(part) = parts.all.get_mut(at) else {
            return;
        };
        part.to = Some(self.since.elapsed());
        parts.current = part.within.unwrap_or(0);
    }

    /// Everything of it, over by now.
    fn take(&self) -> Vec<Span> {
        let now = self.since.elapsed();
        let begun = u64::try_from(self.at.unix_ms()).unwrap_or(0) * 1_000_000;
        let nanos = |after: Duration| {
            begun.saturating_add(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX))
        };
        let all = std::mem::take(&mut self.parts().all);
        let span = |(at, part): (usize, Part)| Span {
            trace: self.id,
            id: self.span(at),
            parent: part
                .within
                .map_or(self.parent, |within| Some(self.span(within))),
            name: part.name,
            role: part.role,
            failed: part.failed,
            from_nanos: nanos(part.from),
            to_nanos: nanos(part.to.unwrap_or(now)),
            told: part.told,
        };
        all.into_iter().enumerate().map(span).collect()
    }
}

/// A call that is traced. It is told of when this is dropped, also when the caller went away.
#[derive(Debug)]
#[must_use = "a call is traced around its work"]
pub struct Traced(Arc<Trace>);

impl Traced {
    /// Does the work of the call.
    pub async fn around<T>(self, work: impl Future<Output = T>) -> T {
        TRACE.scope(Arc::clone(&self.0), work).await
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let spans = self.0.take();
        let count = spans.len() as u64;
        self.0.outlet.offer(spans, count);
    }
}

/// A part of the work that is being done; it is over when this is dropped.
#[must_use = "a part of the work is over when this is dropped"]
pub struct Entered(Option<(Arc<Trace>, usize)>);

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entered({})", self.0.is_some())
    }
}

/// Begins a part of the work of the call of this task.
pub fn enter(name: &'static str) -> Entered {
    enter_as(name, Role::Internal)
}

/// The same for a question to somebody else.
pub fn enter_as(name: &'static str, role: Role) -> Entered {
    let open = |trace: &Arc<Trace>| Some((Arc::clone(trace), trace.open(name, role)?));
    Entered(TRACE.try_with(open).ok().flatten())
}

impl Entered {
    /// Says something of it; what, is only asked where it is traced.
    pub fn tell(&self, told: impl FnOnce() -> Vec<(&'static str, Value)>) {
        if let Some((trace, at)) = &self.0
            && let Some(part) = trace.parts().all.get_mut(*at)
        {
            part.told.extend(told());
        }
    }

    /// It went wrong.
    pub fn fail(&self) {
        if let Some((trace, at)) = &self.0
            && let Some(part) = trace.parts().all.get_mut(*at)
        {
            part.failed = true;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some((trace, at)) = self.0.take() {
            trace.close(at);
        }
    }
}

/// What is told of the whole call.
#[derive(Debug)]
pub struct CallTold {
    /// Which call it is, without anything that was sent.
    pub name: String,
    /// Whether it failed, and not by the caller's doing.
    pub failed: bool,
    /// What else.
    pub told: Vec<(&'static str, Value)>,
}

/// Says something of the whole call of this task; what, is only asked where it is traced.
pub fn tell_call(told: impl FnOnce() -> CallTold) {
    let tell = |trace: &Arc<Trace>| {
        if let Some(part) = trace.parts().all.first_mut() {
            let CallTold { name, failed, told } = told();
            part.name = Cow::Owned(name);
            part.failed = failed;
            part.told = told;
        }
    };
    // Where nothing is traced, nothing is told.
    let _ = TRACE.try_with(tell);
}

/// Where this task is, for who writes of it elsewhere.
#[must_use]
pub fn place() -> Option<Place> {
    TRACE.try_with(|trace| trace.place()).ok()
}

/// The `traceparent` for whom this task asks something of, where its call is traced.
#[must_use]
pub fn outgoing() -> Option<TraceParent> {
    place().and_then(|Place { trace, span }| TraceParent::sampled(trace, span))
}

#[cfg(test)]
mod tests;

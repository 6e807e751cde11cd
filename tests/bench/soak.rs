//! Mixed traffic for long, and what memory it leaves behind.
//!
//! All that the gateway remembers is bounded by count, and what is asked for here is a fixed set of
//! documents and addresses: so its caches are full after the warm-up, and what memory grows by after that
//! is kept for nothing. What grows by nature is the ledger, which is on disk. Memory is looked at every
//! second; compared are the medians of the first and of the last tenth of what follows the warm-up, so that
//! one moment decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::client::{Connection, Reader, Target};
use crate::failure::{Context as _, Failure, Outcome};
use crate::gateway::AUDIENCE;
use crate::options::Options;
use crate::phases::MIB;
use crate::process::resident_bytes;
use crate::provider::Size;
use crate::registration::{ADDRESSES, CHOICES, JSON, address, choice};
use crate::rounds::{float, medians};
use crate::table::{Goal, Line, Section};
use crate::tokens::Signer;
use crate::world::{REFUSED_PURPOSE, World};

/// What part of the time is the warm-up, and what part of the rest is compared at either end.
const WARM_UP_PART: u32 = 5;
const COMPARED_PART: usize = 10;
/// Addresses at which owners choose.
const CHOOSING: usize = 2_048;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// One kind of traffic, on connections of its own.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A document that is granted.
    Grant,
    /// A larger one.
    Middle,
    /// A document for a purpose that nobody consented to.
    Refusal,
    /// What there is at an address.
    Search,
    /// A choice of an owner, and its withdrawal.
    Choice,
    /// A new connection for one document.
    Anew,
    /// A large document that is not read to its end.
    BrokenOff,
}

impl Kind {
    /// Each, with how many workers it has and how long one rests after a request, in milliseconds.
    const ALL: [(Self, usize, u64); 7] = [
        (Self::Grant, 8, 40),
        (Self::Middle, 2, 50),
        (Self::Refusal, 4, 40),
        (Self::Search, 2, 50),
        (Self::Choice, 2, 250),
        (Self::Anew, 2, 50),
        (Self::BrokenOff, 2, 100),
    ];
}

/// What all workers share.
struct Traffic {
    target: Arc<Target>,
    refused: Signer,
    registrar: Signer,
    /// Who receives what is consented to.
    receiver: String,
    next: AtomicUsize,
    requests: AtomicU64,
}

impl Traffic {
    async fn work(self: Arc<Self>, kind: Kind, rest: Duration) -> Outcome<()> {
        let target = &self.target;
        let mut kept = Connection::to(target, Reader::Fast).await?;
        loop {
            match kind {
                Kind::Grant => kept.download(target, Size::Small).await?,
                Kind::Middle => kept.download(target, Size::Middle).await?,
                Kind::Refusal => self.refusal(&mut kept).await?,
                Kind::Search => self.search(&mut kept).await?,
                Kind::Choice => self.choice(&mut kept).await?,
                Kind::Anew => {
                    let mut fresh = Connection::to(target, Reader::Fast).await?;
                    fresh.download(target, Size::Small).await?;
                }
                Kind::BrokenOff => {
                    let fresh = Connection::to(target, Reader::Slow).await?;
                    fresh.break_off(target, Size::Large).await?;
                }
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            sleep(rest).await;
        }
    }

    fn turn(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % ADDRESSES
    }

    async fn refusal(&self, kept: &mut Connection) -> Outcome<()> {
        let path = format!("{}", self.target.document(Size::Small)?);
        let told = send(kept, self.refused.sign()?, Method::GET, &path, None).await?;
        expect(told, StatusCode::FORBIDDEN, &path).map(drop)
    }

    async fn search(&self, kept: &mut Connection) -> Outcome<()> {
        let path = "/v1/documenten/_zoek";
        let body = json!({"nummeraanduiding": address(self.turn())});
        let token = self.target.tokens.take()?;
        let told = send(kept, token, Method::POST, path, Some(&body)).await?;
        expect(told, StatusCode::OK, path).map(drop)
    }

    async fn choice(&self, kept: &mut Connection) -> Outcome<()> {
        // At addresses of their own: what an owner chose is never forgotten, and would make those that are
        // asked for larger and larger. In turn, so that all of them are remembered before the warm-up ends:
        // what is kept of addresses in memory grows up to its bound.
        let number = ADDRESSES + self.next.fetch_add(1, Ordering::Relaxed) % CHOOSING;
        let body = choice(number, &self.receiver);
        let token = self.registrar.sign()?;
        let told = send(kept, token, Method::POST, CHOICES, Some(&body)).await?;
        let told = expect(told, StatusCode::CREATED, CHOICES)?;
        let id = told.get("id").and_then(Value::as_str);
        let path = format!(
            "{CHOICES}/{}/intrekken",
            id.or_fail("find the id of a choice")?
        );
        let token = self.registrar.sign()?;
        let told = send(kept, token, Method::POST, &path, None).await?;
        expect(told, StatusCode::OK, &path).map(drop)
    }
}

async fn send(
    kept: &mut Connection,
    token: HeaderValue,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Outcome<(StatusCode, Bytes)> {
    let body = body.map(|body| (JSON, Bytes::from(body.to_string())));
    kept.ask(token, method, path, body).await
}

/// The answer, which must be of this status.
fn expect((status, told): (StatusCode, Bytes), wanted: StatusCode, path: &str) -> Outcome<Value> {
    if status == wanted {
        return serde_json::from_slice(&told).or_fail(format!("read the answer of {path}"));
    }
    let told = String::from_utf8_lossy(&told);
    Err(Failure::new(format!("{path}: {status} {told}")))
}

/// Mixed traffic for as long as was asked for.
pub(crate) async fn soak(world: &World, options: &Options) -> Outcome<Section> {
    let side = world.ours();
    let traffic = Arc::new(Traffic {
        target: side.target.clone(),
        refused: Signer::new(&world.img, AUDIENCE, REFUSED_PURPOSE)?,
        registrar: Signer::new(&world.img, AUDIENCE, "beheer")?,
        receiver: world.img.oin.clone(),
        next: AtomicUsize::new(0),
        requests: AtomicU64::new(0),
    });
    side.target.tokens.fill(0)?;
    let mut workers = JoinSet::new();
    for (kind, several, rest_ms) in Kind::ALL {
        for _ in 0..several {
            workers.spawn(traffic.clone().work(kind, Duration::from_millis(rest_ms)));
        }
    }
    let (whole, since) = (options.soaking(), Instant::now());
    let warm_up = whole / WARM_UP_PART;
    let pids = side.tree.without_database().pids()?;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = Vec::new();
    while since.elapsed() < whole {
        tokio::select! {
            _ = look.tick() => {
                if since.elapsed() >= warm_up {
                    seen.push([float(resident_bytes(&pids)) / MIB]);
                }
            }
            Some(ended) = workers.join_next() => {
                // They end only when something went wrong.
                ended.or_fail("end a worker")??;
            }
        }
    }
    workers.shutdown().await;
    let requests = traffic.requests.load(Ordering::Relaxed);
    let compared = (seen.len() / COMPARED_PART).max(1);
    let first = seen.get(..compared).or_fail("look at memory")?;
    let last = seen
        .get(seen.len() - compared..)
        .or_fail("look at memory")?;
    let ([first], [last]) = (medians(first)?, medians(last)?);
    let highest = seen.iter().map(|[mib]| *mib).fold(0.0, f64::max);
    Ok(Section {
        title: format!(
            "{} minutes of mixed traffic, {} of them warm-up",
            whole.as_secs() / 60,
            float(warm_up.as_secs()) / 60.0
        ),
        lines: vec![
            Line::alone(
                "requests per second",
                float(requests) / whole.as_secs_f64(),
                &[],
            ),
            Line::alone("RSS after the warm-up, MiB", first, &[]),
            Line::alone("RSS at the end, MiB", last, &[]),
            Line::alone("RSS at its highest, MiB", highest, &[]),
            Line::alone(
                "growth, %",
                (last / first - 1.0) * 100.0,
                &[Goal::AtMost(5.0)],
            ),
        ],
    })
}

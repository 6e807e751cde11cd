//! Fills a gateway: a registry of many addresses, and a long book of what was granted.
//!
//! From outside, as the organisations would, over many connections at once. Nothing is made ahead: what
//! a call says follows from its number.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::certificates::Party;
use crate::client::Target;
use crate::failure::{Context as _, Outcome};
use crate::gateway::Gateway;
use crate::provider::Size;
use crate::registration::{
    CHOICES, Caller, DOSSIERS, JSON, NCG_YEAR, OWNERS, choice, document, dossier, owners,
};
use crate::rounds::float;
use crate::world::PURPOSE;

/// Who work at once: enough that many share a commit.
const HANDS: usize = 64;
/// Addresses that one of them takes at a time, and whose documents are told of in one call.
const BLOCK: usize = 100;
/// Calls with many documents at once: as many as the gateway lets one organisation have.
const BULK_AT_ONCE: usize = 2;
/// How often it is looked how far they are, and how often that is told.
const LOOK: Duration = Duration::from_secs(1);
const TELL: Duration = Duration::from_secs(30);

/// Who tell the gateway, and where it listens.
pub(crate) struct Told<'a> {
    pub(crate) exchange: SocketAddr,
    pub(crate) img: &'a Party,
    pub(crate) ncg: &'a Party,
}

/// Addresses that are yet to be registered.
struct Addresses {
    numbers: Range<usize>,
    taken: AtomicUsize,
    done: AtomicU64,
    bulk: Semaphore,
    img: Party,
    ncg: Party,
}

/// Registers these addresses: at each an owner, NCG's dossier, a choice of the owner and a small document.
/// Not IMG's dossier: what is asked for here does not depend on it.
pub(crate) async fn addresses(told: &Told<'_>, numbers: Range<usize>) -> Outcome<Duration> {
    let wanted = numbers.len() as u64;
    let all = Arc::new(Addresses {
        numbers,
        taken: AtomicUsize::new(0),
        done: AtomicU64::new(0),
        bulk: Semaphore::new(BULK_AT_ONCE),
        img: told.img.clone(),
        ncg: told.ncg.clone(),
    });
    let mut hands = JoinSet::new();
    for _ in 0..HANDS {
        let from_img = Caller::connect(told.exchange, told.img, "beheer").await?;
        let from_ncg = Caller::connect(told.exchange, told.ncg, "beheer").await?;
        hands.spawn(all.clone().register(from_img, from_ncg));
    }
    let done = async || Ok(all.done.load(Ordering::Relaxed));
    until("addresses", wanted, hands, done).await
}

impl Addresses {
    async fn register(self: Arc<Self>, mut img: Caller, mut ncg: Caller) -> Outcome<()> {
        loop {
            let taken = self.taken.fetch_add(BLOCK, Ordering::Relaxed);
            let first = self.numbers.start + taken;
            let block = first..self.numbers.end.min(first + BLOCK);
            if block.is_empty() {
                return Ok(());
            }
            for number in block.clone() {
                ncg.put(OWNERS, &owners(number)).await?;
                ncg.put(DOSSIERS, &dossier(NCG_YEAR, number)).await?;
                let choice = choice(number, &self.img.oin).to_string();
                let choice = Some((JSON, choice.into()));
                img.tell(Method::POST, CHOICES, choice).await?;
            }
            let lines: String = block.clone().map(|number| self.line(number)).collect();
            let lines = Some(("application/x-ndjson", lines.into()));
            let turn = self.bulk.acquire().await.or_fail("wait for a turn")?;
            ncg.tell(Method::POST, "/v1/documenten/_bulk", lines)
                .await?;
            drop(turn);
            self.done.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
    }

    /// Its document, as a line of a call with many.
    fn line(&self, number: usize) -> String {
        let mut document = document(&self.ncg, Size::Small, number);
        if let Value::Object(fields) = &mut document {
            fields.insert("uuid".to_owned(), Size::Small.uuid(number).into());
        }
        format!("{document}\n")
    }
}

/// Asks for documents until the book has this many entries.
pub(crate) async fn entries(
    gateway: &Gateway,
    told: &Told<'_>,
    target: &Arc<Target>,
    wanted: u64,
) -> Outcome<Duration> {
    let mut hands = JoinSet::new();
    for _ in 0..HANDS {
        let mut img = Caller::connect(told.exchange, told.img, PURPOSE).await?;
        let target = target.clone();
        hands.spawn(async move {
            loop {
                let document = target.document(Size::Small)?.to_string();
                img.tell(Method::GET, &document, None).await?;
            }
        });
    }
    until("entries", wanted, hands, async || gateway.size().await).await
}

/// Waits until so much is done or all have ended, and tells meanwhile how far it is; how long it took.
async fn until(
    what: &str,
    wanted: u64,
    mut hands: JoinSet<Outcome<()>>,
    done: impl AsyncFn() -> Outcome<u64>,
) -> Outcome<Duration> {
    let (since, at_first) = (Instant::now(), done().await?);
    let mut told = since;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = hands.join_next() => match ended {
                Some(ended) => ended.or_fail("end a hand's work")??,
                None => break,
            },
            _ = look.tick() => {
                let now = done().await?;
                if told.elapsed() >= TELL {
                    let rate = float(now - at_first) / since.elapsed().as_secs_f64();
                    eprintln!("filling: {now} of {wanted} {what}, {rate:.0} a second");
                    told = Instant::now();
                }
                if now >= wanted {
                    break;
                }
            }
        }
    }
    hands.shutdown().await;
    Ok(since.elapsed())
}

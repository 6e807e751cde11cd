//! Who is let in, and who is told to come back: before the token is looked at, because a refusal that
//! costs as much as an answer is none.
//!
//! Nothing that is turned away here stands in the book: nobody has said yet who asks for what, and
//! writing it down is the work that there is too much of. It is counted, and in the operator log.
//!
//! In this order: how often the organisation calls (where the operator set a rate), how much it has
//! under way, and whether entries or tasks wait too long by measure. The last turns away only who has
//! more than its share under way, so that an organisation in a flood of another's is served.

use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::DefaultClock;
use prometheus::{IntCounterVec, Opts, Registry};

use super::gates::{Gates, Place};
use super::problem::{Code, Problem};
use super::rates::{RateLimits, Rates};
use crate::bounds;
use crate::clock::Random;
use crate::domain::{Organisation, Organisations};
use crate::ledger::Ledger;
use crate::queueing::Queueing;

/// Why somebody was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// More often than its rate.
    Rate,
    /// More requests at once than it has room for.
    Requests,
    /// More bulk calls at once.
    Bulk,
    /// More documents under way to it.
    Releases,
    /// Entries wait too long for their commit.
    Ledger,
    /// Tasks wait too long for a processor.
    Processors,
    /// More connections than it has room for.
    Connections,
    /// A handshake that was given up for newer ones.
    Handshakes,
}

impl Cause {
    const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Requests => "requests",
            Self::Bulk => "bulk",
            Self::Releases => "releases",
            Self::Ledger => "ledger",
            Self::Processors => "processors",
            Self::Connections => "connections",
            Self::Handshakes => "handshakes",
        }
    }
}

/// Counts who was turned away, by cause and role.
#[derive(Debug, Clone)]
pub struct TurnedAway(IntCounterVec);

impl TurnedAway {
    /// The figure, made known to `registry`.
    ///
    /// # Errors
    /// When the registry has a figure of this name already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let options = Opts::new(
            "sluis_turned_away_total",
            "Requests and connections that were turned away before any work was done for them.",
        );
        let counts = IntCounterVec::new(options, &["cause", "role"])?;
        registry.register(Box::new(counts.clone()))?;
        Ok(Self(counts))
    }

    /// Counts one; without an organisation its role is `-`.
    pub fn count(&self, cause: Cause, organisation: Option<&Organisation>) {
        let role = organisation.map_or("-", |known| known.role.as_str());
        self.0.with_label_values(&[cause.name(), role]).inc();
    }
}

/// What there is to know about load that the counter does not measure itself.
#[derive(Debug, Clone)]
pub struct Load {
    /// How often organisations may call.
    pub rates: RateLimits,
    /// How long tasks wait for a processor.
    pub processors: Arc<Queueing>,
    /// Where it is counted who was turned away.
    pub turned_away: TurnedAway,
}

/// The door of the counter.
#[derive(Debug)]
pub(super) struct Door {
    rates: Rates<DefaultClock>,
    requests: Gates,
    bulks: Gates,
    releases: Gates,
    processors: Arc<Queueing>,
    turned_away: TurnedAway,
}

impl Door {
    /// A door for these organisations.
    pub(super) fn new(organisations: &Organisations, load: Load) -> Self {
        let several = organisations.iter().count().max(1);
        let share = |all: usize, most: usize| (all / several).clamp(1, most);
        // The queue holds what all of them may have under way, and what the gateway itself and the desk
        // hand in.
        let queue = bounds::APPEND_QUEUE - bounds::BATCH_ENTRIES;
        let requests = share(queue, bounds::REQUESTS_PER_ORGANISATION);
        let releases = share(bounds::OPEN_RELEASES, bounds::RELEASES_PER_ORGANISATION);
        Self {
            rates: Rates::new(organisations, &load.rates, DefaultClock::default()),
            requests: Gates::of(organisations, requests),
            bulks: Gates::of(organisations, bounds::BULK_CALLS_PER_ORGANISATION),
            releases: Gates::of(organisations, releases),
            processors: load.processors,
            turned_away: load.turned_away,
        }
    }

    /// A place for a request.
    ///
    /// # Errors
    /// 429 `te-veel-verzoeken` where the organisation asks too often or too much at once; 503
    /// `overbelast` where we cannot keep up and it has more than its share under way.
    pub(super) fn enter(
        &self,
        organisation: &Organisation,
        ledger: &Ledger,
        random: &dyn Random,
        now: Instant,
    ) -> Result<Place, Problem> {
        let oin = organisation.oin;
        if let Err(wait) = self.rates.count(oin) {
            self.turned_away.count(Cause::Rate, Some(organisation));
            return Err(Problem::retry(Code::TooManyRequests, whole_seconds(wait)));
        }
        let place = self.requests.enter(oin);
        let place = place.ok_or_else(|| self.too_many(Cause::Requests, organisation))?;
        let standing = || {
            let ledger = ledger.figures().find_wait(now);
            let processors = || self.processors.find_standing(now);
            let ledger = ledger.map(|wait| (Cause::Ledger, wait));
            ledger.or_else(|| processors().map(|wait| (Cause::Processors, wait)))
        };
        match standing() {
            Some((cause, wait)) if self.requests.is_over_share(oin) => {
                self.turned_away.count(cause, Some(organisation));
                let seconds = apart(whole_seconds(wait), random);
                Err(Problem::retry(Code::Overloaded, seconds))
            }
            _ => Ok(place),
        }
    }

    /// A place for a bulk call, or another whose body is held in memory.
    ///
    /// # Errors
    /// 429 `te-veel-verzoeken`.
    pub(super) fn enter_bulk(&self, organisation: &Organisation) -> Result<Place, Problem> {
        let place = self.bulks.enter(organisation.oin);
        place.ok_or_else(|| self.too_many(Cause::Bulk, organisation))
    }

    /// A place for a document on its way out, to be held until its last byte.
    ///
    /// # Errors
    /// 429 `te-veel-verzoeken`.
    pub(super) fn enter_release(&self, organisation: &Organisation) -> Result<Place, Problem> {
        let place = self.releases.enter(organisation.oin);
        place.ok_or_else(|| self.too_many(Cause::Releases, organisation))
    }

    fn too_many(&self, cause: Cause, organisation: &Organisation) -> Problem {
        self.turned_away.count(cause, Some(organisation));
        Code::TooManyRequests.into()
    }
}

/// Whole seconds, upwards: who comes back then is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    let up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    up.clamp(1, bounds::RETRY_SECONDS)
}

/// Up to twice as long, by chance: who was turned away together must not come back together.
fn apart(seconds: u64, random: &dyn Random) -> u64 {
    let mut byte = [0];
    match random.fill(&mut byte) {
        Ok(()) => seconds + u64::from(byte[0]) % (seconds + 1),
        Err(_) => seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{NoRandomness, SystemRandomness};

    #[derive(Debug)]
    struct Dry;

    impl Random for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
            Err(NoRandomness)
        }
    }

    #[test]
    fn nobody_is_told_to_come_back_too_early_or_all_at_once() {
        for (wait_ms, base) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (3_600_000, 30)] {
            let seconds = whole_seconds(Duration::from_millis(wait_ms));
            assert_eq!(seconds, base, "{wait_ms} ms");
            assert_eq!(apart(seconds, &Dry), base);
            let random = SystemRandomness::default();
            let told: Vec<u64> = (0..200).map(|_| apart(seconds, &random)).collect();
            assert!(told.iter().all(|told| (base..=2 * base).contains(told)));
            assert!(told.iter().any(|told| *told != base), "{wait_ms} ms");
        }
    }
}

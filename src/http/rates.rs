//! How often an organisation may call, where the operator says so: a rate, and a burst above it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::domain::{Oin, Organisations};

/// So many calls a second in the long run, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls a second.
    pub per_second: NonZeroU32,
    /// Calls that may come at once after a silence.
    pub burst: NonZeroU32,
}

/// What the operator allows each organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Every organisation that has none of its own; `None` is no limit.
    pub usual: Option<Rate>,
    /// Those that have.
    pub own: HashMap<Oin, Rate>,
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limiters, one for each organisation that is limited.
#[derive(Debug)]
pub(super) struct Rates<C: Clock = DefaultClock> {
    clock: C,
    limiters: HashMap<Oin, Limiter<C>>,
}

impl<C: Clock + Clone> Rates<C> {
    /// Those of these organisations.
    pub(super) fn new(organisations: &Organisations, limits: &RateLimits, clock: C) -> Self {
        let limiters = organisations.iter().filter_map(|one| {
            let Rate { per_second, burst } = *limits.own.get(&one.oin).or(limits.usual.as_ref())?;
            let quota = Quota::per_second(per_second).allow_burst(burst);
            Some((
                one.oin,
                RateLimiter::direct_with_clock(quota, clock.clone()),
            ))
        });
        Self {
            limiters: limiters.collect(),
            clock,
        }
    }

    /// Counts a call of this organisation.
    ///
    /// # Errors
    /// How long it has to wait, where it is one too many; then it was not counted.
    pub(super) fn count(&self, organisation: Oin) -> Result<(), Duration> {
        let Some(limiter) = self.limiters.get(&organisation) else {
            return Ok(());
        };
        limiter
            .check()
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::super::gates::tests::{IMG, NCG, both, oin};
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn one_too_many_waits_until_there_is_room() {
        let clock = FakeRelativeClock::default();
        let limits = RateLimits {
            usual: Some(rate(2, 3)),
            own: HashMap::from([(oin(NCG), rate(1, 1))]),
        };
        let rates = Rates::new(&both(), &limits, clock.clone());
        for (who, at_once, wait_ms) in [(IMG, 3, 500), (NCG, 1, 1_000)] {
            for _ in 0..at_once {
                assert_eq!(rates.count(oin(who)), Ok(()), "{who}");
            }
            // However often it asks: what was refused does not count.
            for _ in 0..10 {
                let wait = Duration::from_millis(wait_ms);
                assert_eq!(rates.count(oin(who)), Err(wait), "{who}");
            }
        }
        clock.advance(Duration::from_millis(499));
        assert_eq!(rates.count(oin(IMG)), Err(Duration::from_millis(1)));
        clock.advance(Duration::from_millis(1));
        assert_eq!(rates.count(oin(IMG)), Ok(()));
        assert!(rates.count(oin(IMG)).is_err());
        assert!(rates.count(oin(NCG)).is_err());
    }

    #[test]
    fn who_has_no_limit_is_never_refused() {
        let limits = RateLimits {
            usual: None,
            own: HashMap::from([(oin(NCG), rate(1, 1))]),
        };
        let rates = Rates::new(&both(), &limits, FakeRelativeClock::default());
        assert_eq!(rates.count(oin(NCG)), Ok(()));
        assert!(rates.count(oin(NCG)).is_err());
        for _ in 0..10_000 {
            assert_eq!(rates.count(oin(IMG)), Ok(()));
        }
    }
}

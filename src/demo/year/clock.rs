//! A clock for a year that is played in a minute.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::{Clock, Moment};

/// How far apart two readings are.
const TICK_MS: i64 = 2;
/// What it runs on by at most, until it is set again: less than a decision may wait for its record.
const TICKED_MS: i64 = 4_000;

/// Stands at the moment it was set to, but for a tick at every reading; never runs back.
#[derive(Debug)]
pub struct YearClock {
    base: AtomicI64,
    ticked: AtomicI64,
}

impl YearClock {
    /// A clock that begins at this moment.
    #[must_use]
    pub fn at(moment: Moment) -> Self {
        Self {
            base: AtomicI64::new(moment.unix_ms()),
            ticked: AtomicI64::new(0),
        }
    }

    /// Sets it, unless it is further already.
    pub fn set(&self, moment: Moment) {
        let reached = self.read(0).max(moment.unix_ms());
        self.base.store(reached, Ordering::SeqCst);
        self.ticked.store(0, Ordering::SeqCst);
    }

    fn read(&self, tick_ms: i64) -> i64 {
        let ticked = self.ticked.fetch_add(tick_ms, Ordering::SeqCst);
        self.base.load(Ordering::SeqCst) + ticked.min(TICKED_MS)
    }
}

impl Clock for YearClock {
    fn now(&self) -> Moment {
        Moment::EPOCH.plus_ms(self.read(TICK_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ticks_a_little_and_never_runs_back() {
        let start = Moment::parse("2025-11-22T00:00:00Z").unwrap();
        let clock = YearClock::at(start);
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_eq!(last, start.plus_ms(TICKED_MS));
        clock.set(start.plus_ms(10));
        assert!(clock.now() >= last, "it was further already");
        clock.set(start.plus_ms(60_000));
        assert_eq!(clock.now(), start.plus_ms(60_000));
    }
}

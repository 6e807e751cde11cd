//! How slow the other end may be: a trickle would hold its place for ever without ever being silent.
//!
//! There is patience for a silence of so long. Waiting uses it up, and what moves gives it back, at the
//! least rate that is accepted: who keeps to that rate can go on for ever, and who stays below it cannot,
//! however it divides its bytes over time.

use std::time::Duration;

use tokio::time::Instant;

use crate::bounds;

/// The patience with one other end.
#[derive(Debug)]
pub struct Pace {
    whole: Duration,
    left: Duration,
    waiting_since: Option<Instant>,
}

impl Pace {
    /// Patience for a silence of `whole`.
    #[must_use]
    pub const fn new(whole: Duration) -> Self {
        Self {
            whole,
            left: whole,
            waiting_since: None,
        }
    }

    /// Notes that the other end is waited for; answers until when.
    pub fn wait(&mut self, now: Instant) -> Instant {
        *self.waiting_since.get_or_insert(now) + self.left
    }

    /// Notes that so many bytes moved, or that nothing is waited for any more.
    pub fn moved(&mut self, bytes: u64, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(now.duration_since(since));
        }
        if self.left < self.whole {
            let back = bytes.saturating_mul(1_000) / bounds::LEAST_BYTES_PER_SECOND;
            let left = self.left.saturating_add(Duration::from_millis(back));
            self.left = left.min(self.whole);
        }
    }

    /// Whether there is nothing to note of bytes that move: nobody waits, and patience is whole.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.waiting_since.is_none() && self.left == self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Duration = Duration::from_mins(1);

    /// After how many seconds of pieces of so many bytes, one in each so many seconds, patience is at an
    /// end; none within ten hours.
    fn ends_after(bytes: u64, every_seconds: u64) -> Option<u64> {
        let start = Instant::now();
        let mut pace = Pace::new(WHOLE);
        let mut now = start;
        while now.duration_since(start) < Duration::from_hours(10) {
            let until = pace.wait(now);
            now += Duration::from_secs(every_seconds);
            if until <= now {
                return Some(until.duration_since(start).as_secs());
            }
            pace.moved(bytes, now);
        }
        None
    }

    #[test]
    fn a_trickle_comes_to_an_end_and_a_slow_line_does_not() {
        let least = bounds::LEAST_BYTES_PER_SECOND;
        for (bytes, every, expected) in [
            (1, 1, Some(60)),
            (1, 59, Some(60)),
            (100 * 1024 * 1024, 61, Some(60)),
            (least / 2, 1, Some(119)),
            (least - least / 16, 1, Some(937)),
            (least, 1, None),
            (least * 59, 59, None),
            (least * 2, 1, None),
            (10 * 1024 * 1024, 50, None),
        ] {
            assert_eq!(ends_after(bytes, every), expected, "{bytes} in {every} s");
        }
    }

    #[test]
    fn what_moves_fast_is_no_credit_for_later() {
        let start = Instant::now();
        let mut pace = Pace::new(WHOLE);
        assert!(pace.is_at_rest());
        pace.moved(u64::MAX, start);
        assert_eq!(pace.wait(start), start + WHOLE);
        let later = start + WHOLE / 2;
        pace.moved(0, later);
        assert!(!pace.is_at_rest());
        assert_eq!(pace.wait(later), later + WHOLE / 2, "nothing came");
        pace.moved(u64::MAX, later);
        assert!(pace.is_at_rest());
    }
}

//! Whether work waits longer than it should: measured where it is taken up, told at the door.
//!
//! A queue that is emptied again and again is no sign of overload, however long it was for a moment: it
//! is what a burst looks like, and what a database with slow commits looks like that takes everything at
//! each of them. A queue in which even who waited least waited too long, for a while, is one (the
//! measure of `CoDel`, RFC 8289). So is work that was begun and does not end. Both are times; how many
//! wait says nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::bounds;

/// The measure of one queue. Who takes up work notes; anybody asks, for the price of two loads.
#[derive(Debug)]
pub struct Queueing {
    origin: Instant,
    /// Since when even the least wait is too long; 0 when it is not.
    above_since: AtomicU64,
    /// The least wait of the last time, in microseconds.
    least: AtomicU64,
    /// Since when work is under way; 0 when none is.
    begun: AtomicU64,
}

impl Default for Queueing {
    /// A queue in which nothing waits.
    fn default() -> Self {
        Self {
            origin: Instant::now(),
            above_since: AtomicU64::new(0),
            least: AtomicU64::new(0),
            begun: AtomicU64::new(0),
        }
    }
}

impl Queueing {
    /// Microseconds since this measure began, never 0: that is for "not".
    fn at(&self, now: Instant) -> u64 {
        micros(now.saturating_duration_since(self.origin)).max(1)
    }

    /// Notes that work was taken up at `now`, and how long whoever of it waited least had waited; zero
    /// where nothing was left waiting.
    pub fn note_taken(&self, least_wait: Duration, now: Instant) {
        self.least.store(micros(least_wait), Ordering::Relaxed);
        if least_wait <= bounds::QUEUE_WAIT {
            self.above_since.store(0, Ordering::Relaxed);
        } else if self.above_since.load(Ordering::Relaxed) == 0 {
            self.above_since.store(self.at(now), Ordering::Relaxed);
        }
    }

    /// Notes that work was begun.
    pub fn note_begun(&self, now: Instant) {
        self.begun.store(self.at(now), Ordering::Relaxed);
    }

    /// Notes that it ended.
    pub fn note_ended(&self) {
        self.begun.store(0, Ordering::Relaxed);
    }

    /// How long whoever comes now will wait at least, where that is too long; `None` while the queue is
    /// as it should be.
    #[must_use]
    pub fn find_standing(&self, now: Instant) -> Option<Duration> {
        let above = self.above_since.load(Ordering::Relaxed);
        let begun = self.begun.load(Ordering::Relaxed);
        if above == 0 && begun == 0 {
            return None;
        }
        let now = self.at(now);
        let since = |then: u64| match then {
            0 => 0,
            then => now.saturating_sub(then),
        };
        let stalled = Some(since(begun)).filter(|for_| *for_ > micros(bounds::QUEUE_STALLED));
        let standing = (since(above) > micros(bounds::QUEUE_INTERVAL))
            .then(|| self.least.load(Ordering::Relaxed));
        let wait = standing.max(stalled)?;
        Some(Duration::from_micros(wait))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens at a time, in milliseconds: work taken up after a least wait, begun, or ended.
    enum Event {
        Taken(u64, u64),
        Begun(u64),
        Ended,
    }

    fn standing(events: &[Event], asked_ms: u64) -> Option<Duration> {
        let queueing = Queueing::default();
        let at = |ms| queueing.origin + Duration::from_millis(ms);
        for event in events {
            match event {
                Event::Taken(ms, least) => {
                    queueing.note_taken(Duration::from_millis(*least), at(*ms));
                }
                Event::Begun(ms) => queueing.note_begun(at(*ms)),
                Event::Ended => queueing.note_ended(),
            }
        }
        queueing.find_standing(at(asked_ms))
    }

    #[test]
    fn a_queue_that_does_not_empty_stands() {
        use Event::{Begun, Ended, Taken};
        let long: Vec<Event> = (0..20).map(|n| Taken(100 * n, 60 + n)).collect();
        // Commits of 50 ms that take whoever is there, up to four times as many as fit in one.
        let slow_database: Vec<Event> = (0..40)
            .flat_map(|n| [Taken(50 * n, 0), Begun(50 * n)])
            .collect();
        let burst = [Taken(0, 0), Taken(100, 400), Taken(200, 300), Taken(300, 0)];
        let recovered = [Taken(0, 80), Taken(600, 90), Taken(700, 50), Taken(800, 0)];
        for (name, events, asked, expected) in [
            ("for too long", &long[..], 1_900, Some(79)),
            ("stalled", &[Taken(0, 0), Begun(1)], 2_500, Some(2_499)),
            (
                "stalled, with a queue behind it",
                &[Taken(0, 60), Taken(600, 70), Begun(600)],
                4_600,
                Some(4_000),
            ),
            ("not yet for long", &long[..5], 450, None),
            ("nothing yet", &[], 10_000, None),
            ("a burst", &burst, 350, None),
            ("slow commits", &slow_database, 2_000, None),
            ("ended", &[Taken(0, 0), Begun(1), Ended], 60_000, None),
            ("recovered", &recovered, 1_400, None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(standing(events, asked), expected, "{name}");
        }
    }
}

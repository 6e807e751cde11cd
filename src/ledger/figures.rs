//! Figures for the operator: the sequencer keeps them, anybody may read them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::queueing::Queueing;

/// Up to how many microseconds a commit counts for each step. Under half a millisecond nothing is
/// durable; past [`crate::bounds::COMMIT`] its outcome is unknown.
const COMMIT_MICROS: [u64; 12] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];

/// Up to how many entries a batch counts for each step, to twice [`crate::bounds::BATCH_ENTRIES`].
const BATCH_ENTRIES: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// How values spread: how many were at most so large, for some steps.
#[derive(Debug)]
struct Spread {
    steps: Vec<(u64, AtomicU64)>,
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl Spread {
    fn over(bounds: &[u64]) -> Self {
        Self {
            steps: bounds
                .iter()
                .map(|bound| (*bound, AtomicU64::new(0)))
                .collect(),
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn note(&self, value: u64) {
        let step = self.steps.iter().find(|(bound, _)| value <= *bound);
        let count = step.map_or(&self.beyond, |(_, count)| count);
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn read(&self) -> Tally {
        let mut count = 0;
        let steps = self.steps.iter().map(|(bound, within)| {
            count += within.load(Ordering::Relaxed);
            (*bound, count)
        });
        let steps = steps.collect();
        Tally {
            steps,
            count: count + self.beyond.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// What was counted of something, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Each bound, the smallest first, with how many were at most that large.
    pub steps: Vec<(u64, u64)>,
    /// How many there were.
    pub count: u64,
    /// How much they were together.
    pub sum: u64,
}

/// Figures for the operator.
#[derive(Debug)]
pub struct Figures {
    entries: AtomicU64,
    commits: AtomicU64,
    failures: AtomicU64,
    size: AtomicU64,
    commit_micros: Spread,
    batch_entries: Spread,
    pub(super) queueing: Queueing,
}

impl Figures {
    pub(super) fn new() -> Self {
        Self {
            entries: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            size: AtomicU64::new(0),
            commit_micros: Spread::over(&COMMIT_MICROS),
            batch_entries: Spread::over(&BATCH_ENTRIES),
            queueing: Queueing::default(),
        }
    }

    pub(super) fn note_commit(&self, entries: u64, took: Duration) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.note(micros);
        // A beat, a key or a change of the index has none: how full batches are is not for them to say.
        if entries > 0 {
            self.batch_entries.note(entries);
        }
    }

    pub(super) fn note_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    /// How long an entry that is handed in now will wait for its commit at least, where that is too long.
    #[must_use]
    pub fn find_wait(&self, now: Instant) -> Option<Duration> {
        self.queueing.find_standing(now)
    }

    /// Entries appended by this process.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Commits made by this process.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Batches that could not be committed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Entries in the book.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// How long commits took, in microseconds: from the batch being gathered to the database's answer.
    #[must_use]
    pub fn commit_micros(&self) -> Tally {
        self.commit_micros.read()
    }

    /// How many entries batches had, of those that had any.
    #[must_use]
    pub fn batch_entries(&self) -> Tally {
        self.batch_entries.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_counted_in_their_step_and_in_all_that_follow() {
        let figures = Figures::new();
        for (entries, micros) in [(0, 500), (1, 501), (512, 5_000_000), (513, 5_000_001)] {
            figures.note_commit(entries, Duration::from_micros(micros));
        }
        let took = figures.commit_micros();
        assert_eq!((took.count, took.sum), (4, 10_001_002));
        assert_eq!(took.steps[..2], [(500, 1), (1_000, 2)]);
        assert_eq!(took.steps[10..], [(1_000_000, 2), (5_000_000, 3)]);
        let batches = figures.batch_entries();
        assert_eq!((batches.count, batches.sum), (3, 1_026));
        assert_eq!(batches.steps[0], (1, 1));
        assert_eq!(batches.steps[9], (512, 2));
        assert_eq!((figures.commits(), figures.entries()), (4, 1_026));
    }
}

//! How the witnesses stand, for whoever wants to look: figures, the desk, `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;

use crate::clock::Moment;

/// How a call to a witness can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It cosigned.
    Cosigned,
    /// It knew another size, as happens when another gateway was there in between.
    Conflict,
    /// It knows another history; the gateway ends.
    Inconsistent,
    /// It was not heard.
    Unreachable,
    /// It answered something unusable.
    Unusable,
}

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Cosigned,
        Self::Conflict,
        Self::Inconsistent,
        Self::Unreachable,
        Self::Unusable,
    ];

    /// Its name in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cosigned => "cosigned",
            Self::Conflict => "conflict",
            Self::Inconsistent => "inconsistent",
            Self::Unreachable => "unreachable",
            Self::Unusable => "unusable",
        }
    }

    const fn at(self) -> usize {
        match self {
            Self::Cosigned => 0,
            Self::Conflict => 1,
            Self::Inconsistent => 2,
            Self::Unreachable => 3,
            Self::Unusable => 4,
        }
    }
}

/// Why a witness did not cosign, as far as somebody can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No connection with it could be made.
    Unreachable,
    /// It did not answer in time, or broke off.
    Silent,
    /// It does not know this log, or not its key: it answered this status.
    Refused(u16),
    /// It answered without a cosignature that can be believed.
    Unusable,
    /// Its clock is ahead.
    Clock,
    /// It knows more entries than the database has; the gateway ends.
    Behind,
    /// It knows other entries than the database has; the gateway ends.
    Forked,
    /// What it must be shown could not be read here.
    Own,
}

impl Trouble {
    /// Whether the book is not the one that it witnessed.
    #[must_use]
    pub const fn is_another_history(self) -> bool {
        matches!(self, Self::Behind | Self::Forked)
    }
}

/// The last time that a witness did not cosign: one call, or some in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mishap {
    /// Why, the last of them.
    pub why: Trouble,
    /// The first of the row.
    pub since: Moment,
    /// The last.
    pub until: Moment,
    /// Whether it cosigned after that.
    pub is_over: bool,
}

/// How one witness stands.
#[derive(Debug)]
pub struct WitnessStanding {
    name: String,
    host: String,
    /// Milliseconds since 1970; zero before the first.
    cosigned_at_ms: AtomicI64,
    size: AtomicU64,
    calls: [AtomicU64; Outcome::ALL.len()],
    mishap: ArcSwapOption<Mishap>,
}

impl WitnessStanding {
    pub(super) fn new(name: &str, host: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: host.to_owned(),
            cosigned_at_ms: AtomicI64::new(0),
            size: AtomicU64::new(0),
            calls: Default::default(),
            mishap: ArcSwapOption::empty(),
        }
    }

    /// What the policy file calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its host and port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// When it last cosigned, by its own clock; `None` when this gateway has not seen it do so.
    #[must_use]
    pub fn cosigned_at(&self) -> Option<Moment> {
        let ms = self.cosigned_at_ms.load(Ordering::Relaxed);
        Some(ms).filter(|ms| *ms > 0).and_then(Moment::from_unix_ms)
    }

    /// The size of what it last cosigned.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Calls that ended so, since this process started.
    #[must_use]
    pub fn calls(&self, outcome: Outcome) -> u64 {
        let counter = self.calls.get(outcome.at());
        counter.map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// The last time that it did not cosign, since this process started.
    #[must_use]
    pub fn mishap(&self) -> Option<Mishap> {
        self.mishap.load().as_deref().copied()
    }

    pub(super) fn note(&self, outcome: Outcome) {
        if let Some(counter) = self.calls.get(outcome.at()) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Only whoever asks it notes something, one call after the other.
    pub(super) fn note_mishap(&self, why: Trouble, now: Moment) {
        let before = self.mishap().filter(|before| !before.is_over);
        self.mishap.store(Some(Arc::new(Mishap {
            why,
            since: before.map_or(now, |before| before.since),
            until: now,
            is_over: false,
        })));
    }

    pub(super) fn note_cosigned(&self, at: Moment, size: u64) {
        self.note(Outcome::Cosigned);
        if let Some(mishap) = self.mishap().filter(|mishap| !mishap.is_over) {
            let is_over = true;
            self.mishap
                .store(Some(Arc::new(Mishap { is_over, ..mishap })));
        }
        self.cosigned_at_ms.store(at.unix_ms(), Ordering::Relaxed);
        self.size.store(size, Ordering::Relaxed);
    }
}

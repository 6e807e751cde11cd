//! All that a signal consists of, and what was released in it: for judging it, and for telling those
//! concerned (AVG 34).

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::super::index::Index;
use super::super::review::Incident;
use super::super::row::Row;
use super::super::search::Line;
use super::{Pattern, Signal, SignalKind, calendar};
use crate::clock::Moment;
use crate::domain::Oin;
use crate::ledger::entry::Judgement;

/// A signal with all it consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The signal.
    pub signal: Signal,
    /// Its exchanges, oldest first.
    pub exchanges: Vec<Line>,
    /// What was released in them.
    pub extent: Extent,
}

/// What was released in the exchanges of one or more signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// How many documents.
    pub documents: u64,
    /// About how many addresses.
    pub addresses: u64,
    /// How many of the documents are about health.
    pub health: u64,
    /// The kinds of the documents.
    pub kinds: Vec<Arc<str>>,
    /// The first moment.
    pub from: Moment,
    /// The last one.
    pub until: Moment,
}

impl Extent {
    /// Of these rows; `None` when there are none.
    fn of(rows: &[&Row], index: &Index) -> Option<Self> {
        let released: Vec<_> = rows.iter().filter(|row| row.is_release()).collect();
        let addresses: HashSet<_> = released.iter().map(|row| row.address).collect();
        let kinds: BTreeSet<&str> = released.iter().map(|row| index.text(row.kind)).collect();
        Some(Self {
            documents: released.len() as u64,
            addresses: addresses.iter().filter(|tag| tag.is_some()).count() as u64,
            health: released.iter().filter(|row| row.health).count() as u64,
            kinds: kinds.into_iter().map(Arc::from).collect(),
            from: rows.iter().map(|row| row.at).min()?,
            until: rows.iter().map(|row| row.at).max()?,
        })
    }
}

impl Index {
    /// Which of these entries are part of what stands out for this organisation, as long as nobody found
    /// that in order.
    #[must_use]
    pub fn in_signals(&self, own: Oin, now: Moment, entries: &BTreeSet<u64>) -> BTreeSet<u64> {
        let calendar = calendar(now);
        let patterns = self.patterns(own, &calendar).into_iter();
        let in_order = |one: &Pattern<'_>| {
            let dismissed = one.signal.dismissed;
            dismissed.is_some_and(|dismissed| dismissed.judgement != Judgement::Unlawful)
        };
        let doubtful = patterns.filter(|pattern| !in_order(pattern));
        let parts = doubtful.flat_map(|pattern| pattern.rows.into_iter().map(|row| row.index));
        parts.filter(|index| entries.contains(index)).collect()
    }

    /// The signal of this organisation with this code that begins with this entry, dealt with or not.
    #[must_use]
    pub fn find_signal(
        &self,
        own: Oin,
        now: Moment,
        (kind, about): (SignalKind, u64),
    ) -> Option<Whole> {
        let calendar = calendar(now);
        let mut all = self.patterns(own, &calendar).into_iter();
        let found = all.find(|one| one.signal.kind == kind && one.signal.about == about)?;
        Some(Whole {
            exchanges: found.rows.iter().map(|row| self.line(row)).collect(),
            extent: Extent::of(&found.rows, self)?,
            signal: found.told(self),
        })
    }

    /// What was released in all exchanges of the signals that an incident is about; `None` when it is
    /// about none, or those are not at hand any more.
    #[must_use]
    pub fn extent_of(&self, own: Oin, now: Moment, incident: &Incident) -> Option<Extent> {
        if incident.signals.is_empty() {
            return None;
        }
        let is_meant = |one: &Pattern<'_>| {
            let code = one.signal.kind.code();
            let mut signals = incident.signals.iter();
            one.signal.about == incident.decision && signals.any(|known| known.signal == code)
        };
        let calendar = calendar(now);
        let patterns = self.patterns(own, &calendar).into_iter();
        let mut rows: Vec<_> = patterns.filter(is_meant).flat_map(|one| one.rows).collect();
        rows.sort_unstable_by_key(|row| row.index);
        rows.dedup_by_key(|row| row.index);
        Extent::of(&rows, self)
    }
}

//! The rows at hand: the newest, in the order of the book, and of those let go of the few that
//! somebody still has to do something with.

use std::collections::BTreeMap;

use super::row::Row;
use crate::bounds;
use crate::clock::Moment;

/// Rows, as many as were asked for.
#[derive(Debug)]
pub(super) struct Rows {
    /// Oldest first, without a gap.
    newest: Vec<Row>,
    /// Older ones that are still needed, by index. They are found by that, and not in any search: a
    /// search over a part of the book with a gap in it would tell too little and not say so.
    held: BTreeMap<u64, Row>,
    /// How many to have at hand at most.
    most: usize,
    /// How many are not among the newest any more.
    forgotten: u64,
}

impl Rows {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            newest: Vec::new(),
            held: BTreeMap::new(),
            most,
            forgotten: 0,
        }
    }

    pub(super) fn newest(&self) -> &[Row] {
        &self.newest
    }

    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The number that the next one gets: how many there were before it.
    pub(super) fn next_number(&self) -> u64 {
        self.forgotten + self.newest.len() as u64
    }

    /// The one with this number, if it is at hand.
    pub(super) fn numbered(&self, number: u64) -> Option<&Row> {
        let place = usize::try_from(number.checked_sub(self.forgotten)?).ok()?;
        self.newest.get(place)
    }

    /// Adds one; answers whether others were let go of for it. When there are too many, the oldest tenth goes, but for what is still needed.
    pub(super) fn push(&mut self, row: Row, is_needed: impl Fn(&Row) -> bool) -> bool {
        self.newest.push(row);
        if self.newest.len() <= self.most {
            return false;
        }
        let many = (self.most / 10).max(1);
        self.held.retain(|_, row| is_needed(row));
        let gone = self.newest.drain(..many);
        let needed = gone.filter(|row| is_needed(row));
        self.held.extend(needed.map(|row| (row.index, row)));
        self.forgotten += many as u64;
        true
    }

    pub(super) fn find(&self, index: u64) -> Option<&Row> {
        match self.place(index) {
            Some(at) => self.newest.get(at),
            None => self.held.get(&index),
        }
    }

    pub(super) fn find_mut(&mut self, index: u64) -> Option<&mut Row> {
        match self.place(index) {
            Some(at) => self.newest.get_mut(at),
            None => self.held.get_mut(&index),
        }
    }

    fn place(&self, index: u64) -> Option<usize> {
        let found = self.newest.binary_search_by_key(&index, |row| row.index);
        found.ok()
    }

    /// Those from one moment until another, that one excluded. The times of neighbours can be a few
    /// seconds out of order: what is near an end is looked at one by one.
    pub(super) fn between(
        &self,
        from: Option<Moment>,
        until: Option<Moment>,
    ) -> impl DoubleEndedIterator<Item = &Row> {
        const SLACK_MS: i64 = bounds::DECISION_AGE_MS + bounds::GATEWAY_CLOCKS_MS;
        let start = from.map_or(0, |from| {
            let safe = from.plus_ms(-SLACK_MS);
            self.newest.partition_point(|row| row.at < safe)
        });
        let end = until.map_or(self.newest.len(), |until| {
            let safe = until.plus_ms(SLACK_MS);
            self.newest.partition_point(|row| row.at < safe)
        });
        let part = self.newest.get(start..end.max(start)).unwrap_or_default();
        part.iter().filter(move |row| {
            from.is_none_or(|from| row.at >= from) && until.is_none_or(|until| row.at < until)
        })
    }
}

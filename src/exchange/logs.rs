//! The transaction log as FSC Logging has it: each party reads its own exchanges, page by page.
//!
//! Nothing personal is in a record (two organisations, a transaction, a time), and what it is made from
//! stands in the public book, so a page leaves no `inzage` entry.

use super::Exchange;
use super::api::Failure;
use super::record::unreadable;
use crate::bounds;
use crate::domain::{Oin, TransactionId};
use crate::ledger::entry::Entry;
use crate::views::{Fsc, FscRecord};

/// Times in the book may go back this far: a decision waits for its commit, and clocks differ.
const DISORDER_MS: i64 = bounds::GATEWAY_CLOCKS_MS + bounds::DECISION_AGE_MS;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// Which records are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsWanted {
    /// Where the page before said to go on.
    pub cursor: Option<u64>,
    /// Records at most, 1 to [`bounds::LOGS_RECORDS`].
    pub limit: u64,
    /// In which order.
    pub order: Order,
    /// Only made after this second since 1970.
    pub after: Option<i64>,
    /// Only made before it.
    pub before: Option<i64>,
    /// Only with one of these grants; any when empty.
    pub grants: Vec<String>,
    /// Only of one of these services; any when empty.
    pub services: Vec<String>,
    /// Only these transactions; then nothing else counts.
    pub transactions: Vec<TransactionId>,
}

/// A page of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsPage {
    /// Fewer than were asked for when reading for one page takes too long; none, then, too.
    pub records: Vec<FscRecord>,
    /// Where to go on; `None` at the end.
    pub next: Option<u64>,
}

impl LogsWanted {
    fn takes(&self, record: &FscRecord) -> bool {
        let among = |list: &[String], value: &str| {
            list.is_empty() || list.iter().any(|wanted| wanted == value)
        };
        self.after.is_none_or(|after| record.created_at > after)
            && self.before.is_none_or(|before| record.created_at < before)
            && among(&self.grants, &record.grant_hash)
            && among(&self.services, record.service_name)
    }
}

impl Exchange {
    /// The exchanges that this organisation was party to.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn logs(&self, reader: Oin, wanted: LogsWanted) -> Result<LogsPage, Failure> {
        let view = Fsc::new(Some(reader));
        if !wanted.transactions.is_empty() {
            return self.logs_of(&view, &wanted.transactions).await;
        }
        let window = self.window(&wanted).await?;
        self.page(&view, &wanted, window).await
    }

    async fn logs_of(&self, view: &Fsc, ids: &[TransactionId]) -> Result<LogsPage, Failure> {
        let mut records = Vec::new();
        for id in ids {
            let found = self.ledger.find(*id).await.map_err(unreadable)?;
            records.extend(found.and_then(|found| view.record(&found.entry)));
        }
        Ok(LogsPage {
            records,
            next: None,
        })
    }

    /// The entries that can be in question: from, to.
    async fn window(&self, wanted: &LogsWanted) -> Result<(u64, u64), Failure> {
        let size = self.ledger.size();
        let mut from = 0;
        if let Some(after) = wanted.after {
            let first = after.saturating_add(1).saturating_mul(1_000);
            from = self
                .first_at(first.saturating_sub(DISORDER_MS), size)
                .await?;
        }
        let mut to = size;
        if let Some(before) = wanted.before {
            let end = before.saturating_mul(1_000);
            to = self.first_at(end.saturating_add(DISORDER_MS), size).await?;
        }
        match (wanted.order, wanted.cursor) {
            (Order::Ascending, Some(cursor)) => from = from.max(cursor),
            (Order::Descending, Some(cursor)) => to = to.min(cursor),
            (_, None) => {}
        }
        Ok((from, to))
    }

    /// Where entries of this moment begin, by halves: within [`DISORDER_MS`], because that is how well
    /// the book is ordered by time.
    async fn first_at(&self, ms: i64, size: u64) -> Result<u64, Failure> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low.midpoint(high);
            let found = self.ledger.find_at(middle).await.map_err(unreadable)?;
            let found = found.ok_or(Failure::LedgerUnavailable)?;
            if found.entry.tijd.unix_ms() < ms {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// One page of the entries `from..to`: as many are read as it takes, or as may be.
    async fn page(
        &self,
        view: &Fsc,
        wanted: &LogsWanted,
        (mut from, mut to): (u64, u64),
    ) -> Result<LogsPage, Failure> {
        let newest_first = wanted.order == Order::Descending;
        let mut records = Vec::new();
        let mut may_read = bounds::LOGS_ENTRIES;
        // What is left to look at shrinks from the end it is read from; that is where a page goes on.
        while from < to && may_read > 0 && (records.len() as u64) < wanted.limit {
            let some = bounds::LOGS_READ_ENTRIES.min(may_read).min(to - from);
            let since = if newest_first { to - some } else { from };
            let read = self.public(since, since + some).await?;
            let mut entries: Vec<_> = (since..).zip(read).collect();
            if newest_first {
                entries.reverse();
            }
            for (index, entry) in entries {
                records.extend(view.record(&entry).filter(|record| wanted.takes(record)));
                if newest_first {
                    to = index;
                } else {
                    from = index + 1;
                }
                if records.len() as u64 == wanted.limit {
                    break;
                }
            }
            may_read -= some;
        }
        let next = if newest_first { to } else { from };
        Ok(LogsPage {
            records,
            next: (from < to).then_some(next),
        })
    }

    /// The entries of the book, as they are public; exactly so many.
    async fn public(&self, from: u64, to: u64) -> Result<Vec<Entry>, Failure> {
        let found = self.ledger.entries(from, to).await.map_err(unreadable)?;
        if found.len() as u64 == to - from {
            Ok(found)
        } else {
            Err(Failure::LedgerUnavailable)
        }
    }
}

//! What was used once, kept in memory beside SQLite.
//!
//! Only one gateway writes into a file of SQLite, so what was used it knows by itself: it learns it from
//! the table when it connects, and whatever it commits. The table is written in the order in which things
//! are used, and asked nothing: tokens have no order, and a table in which each is looked up would write a
//! page of its own for every one of them. PostgreSQL, which has many writers, asks its table.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt as _;
use sqlx::Row;

use super::super::open::{Conn, Engine};
use super::super::{StoreError, corrupt, failed, sql};
use super::Once;
use crate::clock::Moment;

/// What is forgotten together.
const BUCKET_MS: i64 = 60_000;

/// Half of a token's tag, or a transaction's id. A tag is a SHA-256: nobody finds two of which one half is
/// alike, and who did would have one of his own calls refused.
type Key = [u8; 16];

/// What was used, by the minute until which it is remembered.
#[derive(Debug, Default)]
pub(super) struct Used(BTreeMap<i64, HashSet<Key>>);

impl Used {
    /// Reads what SQLite's table holds; of PostgreSQL's, nothing.
    pub(super) async fn learn(conn: &mut Conn) -> Result<Self, StoreError> {
        const DOING: &str = "read what was used";
        let mut used = Self::default();
        if let Engine::Sqlite(c) = conn {
            let mut rows = sqlx::query(sql::EVERY_USED).fetch(c);
            while let Some(row) = rows.try_next().await.map_err(failed(DOING))? {
                let (once, until) = parse_used(&row, DOING)?;
                used.add(&once, until);
            }
        }
        Ok(used)
    }

    pub(super) fn add(&mut self, once: &Once, until: Moment) {
        let bucket = until.unix_ms().div_euclid(BUCKET_MS);
        self.0.entry(bucket).or_default().insert(key(once));
    }

    pub(super) fn contains(&self, once: &Once) -> bool {
        let key = key(once);
        self.0.values().any(|bucket| bucket.contains(&key))
    }

    /// Forgets what need not be remembered any more; up to a minute of it stays.
    pub(super) fn forget(&mut self, now: Moment) {
        self.0 = self.0.split_off(&now.unix_ms().div_euclid(BUCKET_MS));
    }
}

/// A row of the table, of either engine.
pub(in super::super) fn parse_used<R: Row>(
    row: &R,
    doing: &'static str,
) -> Result<(Once, Moment), StoreError>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> &'r [u8]: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let what: &[u8] = row.try_get(0).map_err(failed(doing))?;
    let until: i64 = row.try_get(1).map_err(failed(doing))?;
    let until = Moment::from_unix_ms(until).ok_or_else(|| corrupt("used", "until", ""))?;
    Ok((Once::from_bytes(what)?, until))
}

fn key(once: &Once) -> Key {
    let mut key = Key::default();
    for (to, from) in key.iter_mut().zip(once.as_bytes()) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionId;

    #[test]
    fn what_was_used_is_known_until_its_time() {
        let at = |seconds: i64| Moment::from_unix_ms(seconds * 1000).unwrap();
        let (token, other) = (Once::Token([1; 32]), Once::Token([2; 32]));
        let transaction = Once::Transaction(TransactionId::from_bytes([3; 16]));
        let mut used = Used::default();
        used.add(&token, at(70));
        used.add(&transaction, at(400));
        for (now, known) in [(0, true), (70, true), (119, true), (120, false)] {
            used.forget(at(now));
            assert_eq!(used.contains(&token), known, "{now}");
            assert!(used.contains(&transaction) && !used.contains(&other));
        }
        used.forget(at(100_000));
        assert!(!used.contains(&transaction) && used.0.is_empty());
    }
}

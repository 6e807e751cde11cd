//! What every batch writes: tokens used up, entries, releases that begin and end, tiles, the head.

use std::collections::HashSet;

use sqlx::Row;

use super::super::log::Head;
use super::super::open::Engine;
use super::super::sql::{self, Rows};
use super::super::{StoreError, bytes, failed, from_sql, on, to_sql};
use super::together::{unnumbered, write_one, write_rows};
use super::{Batch, all_touched};
use crate::clock::Moment;
use crate::domain::TransactionId;
use crate::merkle::WholeTile;

/// A token that is being used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimedToken {
    /// SHA-256 over issuer and `jti`.
    pub tag: [u8; 32],
    /// Until when it could be used again if nobody remembered it.
    pub until: Moment,
}

/// What can be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Once {
    /// A token, by its tag.
    Token([u8; 32]),
    /// A transaction id.
    Transaction(TransactionId),
}

impl Once {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Token(tag) => tag,
            Self::Transaction(id) => id.as_bytes(),
        }
    }

    /// Told apart by their length.
    pub(in super::super) fn from_bytes(stored: &[u8]) -> Result<Self, StoreError> {
        match <[u8; 32]>::try_from(stored) {
            Ok(tag) => Ok(Self::Token(tag)),
            Err(_) => bytes(stored, "used", "what", "")
                .map(|id| Self::Transaction(TransactionId::from_bytes(id))),
        }
    }
}

/// One entry, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct EntryRow<'a> {
    /// Its index.
    pub index: u64,
    /// Its transaction.
    pub transaction: TransactionId,
    /// Its bytes.
    pub entry: &'a [u8],
    /// What its commitments open to, where it has any.
    pub opening: Option<OpeningRow<'a>>,
}

/// The sealed openings of an entry, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct OpeningRow<'a> {
    /// The id of the key.
    pub key: u64,
    /// Nonce and ciphertext.
    pub sealed: &'a [u8],
}

/// What the head becomes.
#[derive(Debug)]
pub struct NewHead<'a> {
    /// The new size.
    pub size: u64,
    /// The signed checkpoint of that size.
    pub checkpoint: &'a str,
    /// The new epoch of facts.
    pub facts_epoch: u64,
    /// The new epoch of policy.
    pub policy_epoch: u64,
    /// The new epoch of keys.
    pub keys_epoch: u64,
}

impl Batch<'_> {
    /// What of this was not used before. A transaction is used by the entry that stands under it, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unused(&mut self, wanted: &[Once]) -> Result<HashSet<Once>, StoreError> {
        const DOING: &str = "look for what was used";
        let mut unused: HashSet<Once> = wanted.iter().copied().collect();
        if matches!(self.conn, Engine::Sqlite(_)) {
            unused.retain(|once| !self.used.contains(once));
        } else {
            for_rows!(
                self,
                DOING,
                &sql::USED,
                wanted,
                |query, once| query.bind(once.as_bytes()),
                |row| unused.remove(&Once::from_bytes(row.try_get(0).map_err(failed(DOING))?)?)
            );
        }
        if !self.told.none_recorded {
            let transactions: Vec<Once> = wanted
                .iter()
                .filter(|once| matches!(once, Once::Transaction(_)))
                .copied()
                .collect();
            for_rows!(
                self,
                DOING,
                &sql::RECORDED,
                transactions.as_slice(),
                |query, once| query.bind(once.as_bytes()),
                |row| unused.remove(&Once::from_bytes(row.try_get(0).map_err(failed(DOING))?)?)
            );
        }
        Ok(unused)
    }

    /// Uses up what can be used once, and is forgotten after the moment given. Of what was used before,
    /// PostgreSQL says so; SQLite leaves that to [`Batch::unused`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_up(&mut self, used: &[(Once, Moment)]) -> Result<(), StoreError> {
        const DOING: &str = "use up tokens and transaction ids";
        fail_point!(self, before, UseUp);
        write_rows!(self, DOING, &sql::USE, used, |query, one| query
            .bind(one.0.as_bytes())
            .bind(one.1.unix_ms()));
        if matches!(self.conn, Engine::Sqlite(_)) {
            self.using.extend_from_slice(used);
        }
        fail_point!(self, after, UseUp);
        Ok(())
    }

    /// Writes entries with their openings.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when one of these indices is taken.
    pub async fn insert_entries(&mut self, rows: &[EntryRow<'_>]) -> Result<(), StoreError> {
        const DOING: &str = "write entries";
        fail_point!(self, before, InsertEntries);
        write_rows!(self, DOING, &sql::INSERT_ENTRIES, rows, |query, row| query
            .bind(to_sql(row.index))
            .bind(row.transaction.as_bytes().as_slice())
            .bind(row.entry)
            .bind(row.opening.map(|opening| to_sql(opening.key)))
            .bind(row.opening.map(|opening| opening.sealed)));
        fail_point!(self, after, InsertEntries);
        Ok(())
    }

    /// Notes releases that still lack their closing entry.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when one of them was noted before.
    pub async fn open_releases(
        &mut self,
        rows: &[(u64, TransactionId)],
        gateway: [u8; 16],
    ) -> Result<(), StoreError> {
        const DOING: &str = "note open releases";
        fail_point!(self, before, OpenReleases);
        write_rows!(
            self,
            DOING,
            &sql::INSERT_OPEN_RELEASES,
            rows,
            |query, row| query
                .bind(to_sql(row.0))
                .bind(row.1.as_bytes().as_slice())
                .bind(gateway.as_slice())
        );
        fail_point!(self, after, OpenReleases);
        Ok(())
    }

    /// Strikes releases off; answers those that were open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_releases(&mut self, indices: &[u64]) -> Result<HashSet<u64>, StoreError> {
        const DOING: &str = "close releases";
        fail_point!(self, before, CloseReleases);
        let mut closed: HashSet<u64> = indices.iter().copied().collect();
        if self.told.all_open && closed.len() == indices.len() {
            write_rows!(
                self,
                DOING,
                &sql::CLOSE_RELEASES,
                indices,
                |query, index| query.bind(to_sql(*index))
            );
            fail_point!(self, after, CloseReleases);
            return Ok(closed);
        }
        closed.clear();
        for_rows!(
            self,
            DOING,
            &sql::CLOSE_RELEASES_TELLING,
            indices,
            |query, index| query.bind(to_sql(*index)),
            |row| closed.insert(from_sql(
                row.try_get(0).map_err(failed(DOING))?,
                "open_releases",
                "idx"
            )?)
        );
        fail_point!(self, after, CloseReleases);
        Ok(closed)
    }

    /// Writes a tile that became whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_tile(&mut self, tile: &WholeTile) -> Result<(), StoreError> {
        const DOING: &str = "write a tile";
        let blob = tile.hashes.as_flattened();
        fail_point!(self, before, InsertTile);
        write_one!(self, DOING, sql::INSERT_TILE, |query| query
            .bind(i64::from(tile.at.level))
            .bind(to_sql(tile.at.number))
            .bind(blob));
        fail_point!(self, after, InsertTile);
        Ok(())
    }

    /// Swaps the head, if it still is what was locked (SECURITY 7).
    ///
    /// # Errors
    /// [`StoreError::RowsTouched`] when it is not.
    pub async fn swap_head(&mut self, old: &Head, new: &NewHead<'_>) -> Result<(), StoreError> {
        const DOING: &str = "swap the head";
        fail_point!(self, before, SwapHead);
        write_one!(self, DOING, sql::SWAP_HEAD, |query| query
            .bind(to_sql(new.size))
            .bind(new.checkpoint)
            .bind(to_sql(new.facts_epoch))
            .bind(to_sql(new.policy_epoch))
            .bind(to_sql(new.keys_epoch))
            .bind(to_sql(old.size))
            .bind(old.checkpoint.as_str()));
        fail_point!(self, after, SwapHead);
        Ok(())
    }
}

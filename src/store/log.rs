//! Reading the rows of the book.

use sqlx::Row;

use super::open::Store;
use super::{StoreError, bytes, corrupt, detached, failed, from_sql, on, sql, to_sql};
use crate::clock::Moment;
use crate::domain::TransactionId;
use crate::merkle::{Hash, TileAt};

/// The head row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries in the book.
    pub size: u64,
    /// The signed checkpoint of that size.
    pub checkpoint: String,
    /// Moves with every change of the registry or the document index.
    pub facts_epoch: u64,
    /// The size of the book right after the last activation of a bundle.
    pub policy_epoch: u64,
    /// Moves when an address or an owner is erased.
    pub keys_epoch: u64,
}

/// A release whose closing entry never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRelease {
    /// The index of the decision.
    pub index: u64,
    /// Its transaction.
    pub transaction: TransactionId,
}

pub(super) fn parse_head<R: Row>(row: &R) -> Result<Head, StoreError>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let number = |column: usize, name| {
        row.try_get::<i64, _>(column)
            .map_err(failed("read the head"))
            .and_then(|n| from_sql(n, "head", name))
    };
    Ok(Head {
        size: number(0, "size")?,
        checkpoint: row.try_get(1).map_err(failed("read the head"))?,
        facts_epoch: number(2, "facts_epoch")?,
        policy_epoch: number(3, "policy_epoch")?,
        keys_epoch: number(4, "keys_epoch")?,
    })
}

/// Cuts the bytes of a tile into hashes.
fn hashes(blob: &[u8], at: u64) -> Result<Vec<Hash>, StoreError> {
    let (chunks, rest) = blob.as_chunks::<32>();
    if rest.is_empty() && chunks.len() == crate::merkle::TILE_WIDTH {
        Ok(chunks.to_vec())
    } else {
        Err(corrupt("tiles", "hashes", at))
    }
}

impl Store {
    /// The head as it is now.
    ///
    /// # Errors
    /// [`StoreError`]; a missing row is [`StoreError::Corrupt`].
    pub async fn head(&self) -> Result<Head, StoreError> {
        const DOING: &str = "read the head";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                match sqlx::query(sql::HEAD).fetch_optional(p).await.map_err(failed(DOING))? {
                    Some(row) => parse_head(&row),
                    None => Err(corrupt("head", "id", 1)),
                }
            })
        })
        .await
    }

    /// The entries `from..to`, without gaps; fewer when the book is shorter.
    ///
    /// # Errors
    /// [`StoreError`]; a gap is [`StoreError::Corrupt`].
    pub async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        const DOING: &str = "read entries";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::ENTRIES)
                    .bind(to_sql(from))
                    .bind(to_sql(to))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                let mut entries = Vec::with_capacity(rows.len());
                for (expected, row) in (from..).zip(&rows) {
                    let index: i64 = row.try_get(0).map_err(failed(DOING))?;
                    if index != to_sql(expected) {
                        return Err(corrupt("entries", "idx", expected));
                    }
                    entries.push(row.try_get(1).map_err(failed(DOING))?);
                }
                Ok(entries)
            })
        })
        .await
    }

    /// The entries of one transaction, with their indices: a decision and its closing entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries_of(
        &self,
        transaction: TransactionId,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        const DOING: &str = "find a transaction";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::ENTRIES_OF_TRANSACTION)
                    .bind(transaction.as_bytes().as_slice())
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let index = row.try_get(0).map_err(failed(DOING))?;
                        let index = from_sql(index, "entries", "idx")?;
                        Ok((index, row.try_get(1).map_err(failed(DOING))?))
                    })
                    .collect()
            })
        })
        .await
    }

    /// A whole tile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_tile(&self, at: TileAt) -> Result<Option<Vec<Hash>>, StoreError> {
        const DOING: &str = "read a tile";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::TILE)
                    .bind(i64::from(at.level))
                    .bind(to_sql(at.number))
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                row.map(|row| {
                    let blob: Vec<u8> = row.try_get(0).map_err(failed(DOING))?;
                    hashes(&blob, at.number)
                })
                .transpose()
            })
        })
        .await
    }

    /// The whole tiles `from..to` of one level, without gaps.
    ///
    /// # Errors
    /// [`StoreError`]; a gap is [`StoreError::Corrupt`].
    pub async fn tiles(&self, level: u8, from: u64, to: u64) -> Result<Vec<Vec<Hash>>, StoreError> {
        const DOING: &str = "read tiles";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::TILES)
                    .bind(i64::from(level))
                    .bind(to_sql(from))
                    .bind(to_sql(to))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                let mut tiles = Vec::with_capacity(rows.len());
                for (expected, row) in (from..to).zip(&rows) {
                    let number: i64 = row.try_get(0).map_err(failed(DOING))?;
                    if number != to_sql(expected) {
                        return Err(corrupt("tiles", "number", expected));
                    }
                    let blob: Vec<u8> = row.try_get(1).map_err(failed(DOING))?;
                    tiles.push(hashes(&blob, expected)?);
                }
                if u64::try_from(tiles.len()).ok() == to.checked_sub(from) {
                    Ok(tiles)
                } else {
                    Err(corrupt("tiles", "number", to))
                }
            })
        })
        .await
    }

    /// Open releases of other gateways that were not seen since `alive_since`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn orphaned_releases(
        &self,
        own: [u8; 16],
        alive_since: Moment,
        limit: u32,
    ) -> Result<Vec<OpenRelease>, StoreError> {
        const DOING: &str = "read the open releases";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::ORPHANED_RELEASES)
                    .bind(own.as_slice())
                    .bind(alive_since.unix_ms())
                    .bind(i64::from(limit))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let index: i64 = row.try_get(0).map_err(failed(DOING))?;
                        let id: Vec<u8> = row.try_get(1).map_err(failed(DOING))?;
                        Ok(OpenRelease {
                            index: from_sql(index, "open_releases", "idx")?,
                            transaction: TransactionId::from_bytes(bytes(
                                &id,
                                "open_releases",
                                "transactie",
                                index,
                            )?),
                        })
                    })
                    .collect()
            })
        })
        .await
    }
}

//! Reading entries with what opens them, sealed, and the keys under which that lies.

use sqlx::Row as _;

use super::open::Store;
use super::writer::Batch;
use super::{StoreError, bytes, corrupt, detached, failed, from_sql, on, sql, to_sql};

/// A wrapped key of openings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// What it is called for ever.
    pub id: u64,
    /// Whose it is.
    pub tag: [u8; 16],
    /// Of which year.
    pub year: i32,
    /// For which kind of entry.
    pub kind: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// The sealed openings of one entry, with the key that seals them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOpening {
    /// The key.
    pub key: StoredKey,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// An entry with what opens its commitments, where that was not erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEntry {
    /// Its index.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// The sealed openings.
    pub opening: Option<StoredOpening>,
}

/// The columns `opening, id, tag, year, kind, wrapped` of a row from this one on; nothing when either
/// the opening or its key is not there.
macro_rules! read_opening {
    ($row:expr, $first:expr, $index:expr, $doing:expr) => {{
        let (row, first, index) = (&$row, $first, $index);
        let sealed: Option<Vec<u8>> = row.try_get(first).map_err(failed($doing))?;
        let id: Option<i64> = row.try_get(first + 1).map_err(failed($doing))?;
        match sealed.zip(id) {
            None => None,
            Some((sealed, id)) => {
                let tag: Vec<u8> = row.try_get(first + 2).map_err(failed($doing))?;
                let year: i64 = row.try_get(first + 3).map_err(failed($doing))?;
                let key = StoredKey {
                    id: from_sql(id, "opening_keys", "id")?,
                    tag: bytes(&tag, "opening_keys", "tag", index)?,
                    year: i32::try_from(year)
                        .map_err(|_| corrupt("opening_keys", "year", index))?,
                    kind: row.try_get(first + 4).map_err(failed($doing))?,
                    wrapped: row.try_get(first + 5).map_err(failed($doing))?,
                };
                Some(StoredOpening { key, sealed })
            }
        }
    }};
}

/// Entries with their openings: index, entry, then an opening.
macro_rules! read_sealed {
    ($rows:expr, $doing:expr) => {{
        let rows = &$rows;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let index = row.try_get(0).map_err(failed($doing))?;
            let index = from_sql(index, "entries", "idx")?;
            let opening = read_opening!(row, 2, index, $doing);
            let entry = row.try_get(1).map_err(failed($doing))?;
            entries.push(SealedEntry {
                index,
                entry,
                opening,
            });
        }
        entries
    }};
}

impl Store {
    /// The entries `from..to` with their openings, without gaps; fewer when the book is shorter.
    ///
    /// # Errors
    /// [`StoreError`]; a gap is [`StoreError::Corrupt`].
    pub async fn sealed_entries(&self, from: u64, to: u64) -> Result<Vec<SealedEntry>, StoreError> {
        const DOING: &str = "read entries with their openings";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::SEALED_ENTRIES)
                    .bind(to_sql(from))
                    .bind(to_sql(to))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                let entries = read_sealed!(rows, DOING);
                match (from..).zip(&entries).find(|(index, one)| *index != one.index) {
                    Some((index, _)) => Err(corrupt("entries", "idx", index)),
                    None => Ok(entries),
                }
            })
        })
        .await
    }

    /// The entries below `before` that are sealed under a key of this tag, newest first, at most
    /// `limit`: found by their keys, however long the book is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_entries_of(
        &self,
        tag: [u8; 16],
        before: u64,
        limit: u32,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        const DOING: &str = "find the entries of an address";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::SEALED_ENTRIES_OF)
                    .bind(tag.as_slice())
                    .bind(to_sql(before))
                    .bind(i64::from(limit))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                Ok(read_sealed!(rows, DOING))
            })
        })
        .await
    }

    /// Every entry that is sealed under this key, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_entries_under(&self, key: u64) -> Result<Vec<SealedEntry>, StoreError> {
        const DOING: &str = "find the entries under a key";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::SEALED_ENTRIES_UNDER)
                    .bind(to_sql(key))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                Ok(read_sealed!(rows, DOING))
            })
        })
        .await
    }

    /// The sealed openings of an entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_opening(&self, index: u64) -> Result<Option<StoredOpening>, StoreError> {
        const DOING: &str = "read openings";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::OPENING)
                    .bind(to_sql(index))
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                let Some(row) = row else { return Ok(None) };
                Ok(read_opening!(row, 0, index, DOING))
            })
        })
        .await
    }

    /// The epoch of the keys, and the key of openings for one address (by its tag), year and kind of
    /// entry: its id, and wrapped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_opening_key(
        &self,
        tag: [u8; 16],
        year: i32,
        kind: &'static str,
    ) -> Result<(u64, Option<(u64, Vec<u8>)>), StoreError> {
        const DOING: &str = "read a key";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::OPENING_KEY)
                    .bind(tag.as_slice())
                    .bind(i64::from(year))
                    .bind(kind)
                    .fetch_one(p)
                    .await
                    .map_err(failed(DOING))?;
                let epoch = row.try_get(0).map_err(failed(DOING))?;
                let id: Option<i64> = row.try_get(1).map_err(failed(DOING))?;
                let wrapped: Option<Vec<u8>> = row.try_get(2).map_err(failed(DOING))?;
                let id = id.map(|id| from_sql(id, "opening_keys", "id")).transpose()?;
                Ok((from_sql(epoch, "head", "keys_epoch")?, id.zip(wrapped)))
            })
        })
        .await
    }
}

impl Batch<'_> {
    /// The entries `from..to` with their openings, as the transaction sees them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_entries(
        &mut self,
        from: u64,
        to: u64,
    ) -> Result<Vec<SealedEntry>, StoreError> {
        const DOING: &str = "read entries with their openings";
        on!(self.settled().await?, c => {
            let rows = sqlx::query(sql::SEALED_ENTRIES)
                .bind(to_sql(from))
                .bind(to_sql(to))
                .fetch_all(&mut *c)
                .await
                .map_err(failed(DOING))?;
            Ok(read_sealed!(rows, DOING))
        })
    }
}

//! Reading what waits for a second person, what is held, and what was erased.

use sqlx::Row as _;

use super::open::Store;
use super::writer::Ask;
use super::{StoreError, bytes, corrupt, detached, failed, from_sql, on, sql};

/// Something that waits for a second person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The entry that asked.
    pub index: u64,
    /// What it asked.
    pub ask: Ask,
    /// The tag of its address.
    pub tag: [u8; 16],
}

/// A hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The entry that asked for it.
    pub index: u64,
    /// The tag of its address.
    pub tag: [u8; 16],
    /// The entry by which a second person agreed, if one did.
    pub confirmed: Option<u64>,
}

/// Reads all rows of a statement without parameters, each by this.
macro_rules! all {
    ($store:expr, $doing:expr, $sql:expr, |$row:ident| $read:expr) => {{
        let pool = $store.pool.clone();
        detached($doing, async move {
            on!(&pool, p => {
                let rows = sqlx::query($sql).fetch_all(p).await.map_err(failed($doing))?;
                rows.iter().map(|$row| $read).collect::<Result<Vec<_>, StoreError>>()
            })
        })
        .await
    }};
}

impl Store {
    /// What waits for a second person, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self) -> Result<Vec<Pending>, StoreError> {
        const DOING: &str = "read what waits";
        all!(self, DOING, sql::PENDING, |row| {
            let number =
                |column: usize| row.try_get::<Option<i64>, _>(column).map_err(failed(DOING));
            let index = from_sql(number(0)?.unwrap_or(-1), "pending", "idx")?;
            let hold = number(3)?.map(|hold| from_sql(hold, "pending", "hold"));
            let act: String = row.try_get(1).map_err(failed(DOING))?;
            let tag: Vec<u8> = row.try_get(2).map_err(failed(DOING))?;
            let ask = Ask::parse(&act, hold.transpose()?);
            Ok(Pending {
                index,
                ask: ask.ok_or_else(|| corrupt("pending", "act", index))?,
                tag: bytes(&tag, "pending", "tag", index)?,
            })
        })
    }

    /// Every hold, asked or confirmed, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        const DOING: &str = "read the holds";
        all!(self, DOING, sql::HOLDS, |row| {
            let number =
                |column: usize| row.try_get::<Option<i64>, _>(column).map_err(failed(DOING));
            let index = from_sql(number(0)?.unwrap_or(-1), "holds", "idx")?;
            let confirmed = number(2)?.map(|at| from_sql(at, "holds", "confirmed"));
            let tag: Vec<u8> = row.try_get(1).map_err(failed(DOING))?;
            Ok(Hold {
                index,
                tag: bytes(&tag, "holds", "tag", index)?,
                confirmed: confirmed.transpose()?,
            })
        })
    }

    /// The entries that tell which keys were destroyed, oldest first: as the database itself reads them
    /// from the bytes of the book, so that none can be kept from it by a table beside it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasures(&self) -> Result<Vec<u64>, StoreError> {
        const DOING: &str = "read what was erased";
        all!(self, DOING, sql::ERASURES, |row| {
            from_sql(row.try_get(0).map_err(failed(DOING))?, "entries", "erases")
        })
    }

    /// How many keys of a kind of entry from before a year are held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_past(&self, kind: &'static str, before: i32) -> Result<u64, StoreError> {
        const DOING: &str = "count what is held";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::HELD_PAST)
                    .bind(kind)
                    .bind(i64::from(before))
                    .fetch_one(p)
                    .await
                    .map_err(failed(DOING))?;
                from_sql(row.try_get(0).map_err(failed(DOING))?, "opening_keys", "id")
            })
        })
        .await
    }

    /// How many entries of each kind are sealed under the keys of this tag.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_count_of(&self, tag: [u8; 16]) -> Result<Vec<(String, u64)>, StoreError> {
        const DOING: &str = "count what is sealed of an address";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let query = sqlx::query(sql::SEALED_COUNT_OF).bind(tag.to_vec());
                let rows = query.fetch_all(p).await.map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let kind: String = row.try_get(0).map_err(failed(DOING))?;
                        let count = row.try_get(1).map_err(failed(DOING))?;
                        Ok((kind, from_sql(count, "entries", "opening_key")?))
                    })
                    .collect::<Result<Vec<_>, StoreError>>()
            })
        })
        .await
    }

    /// Which of these keys are there, or still seal an opening.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys_left(&self, keys: &[u64]) -> Result<KeysLeft, StoreError> {
        const DOING: &str = "look for destroyed keys";
        let (pool, keys) = (self.pool.clone(), keys.to_vec());
        detached(DOING, async move {
            let mut left = KeysLeft::default();
            let mut rest = keys.as_slice();
            let numbered = matches!(pool, super::open::Engine::Postgres(_));
            while let Some(part) = sql::KEYS_THERE.part(rest, numbered) {
                let sealing = sql::SEALING_KEYS.part(rest, numbered);
                let also = sealing.map_or("", |part| part.sql);
                for (text, into) in [(part.sql, &mut left.keys), (also, &mut left.sealing)] {
                    on!(&pool, p => {
                        let mut query = sqlx::query(text);
                        for key in part.rows.iter().chain(part.filling()) {
                            query = query.bind(super::to_sql(*key));
                        }
                        for row in query.fetch_all(p).await.map_err(failed(DOING))? {
                            let id = row.try_get(0).map_err(failed(DOING))?;
                            into.push(from_sql(id, "opening_keys", "id")?);
                        }
                    });
                }
                rest = part.later;
            }
            Ok(left)
        })
        .await
    }
}

/// What is left of keys that were destroyed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeysLeft {
    /// Keys that are there.
    pub keys: Vec<u64>,
    /// Keys, there or not, under which an opening still lies.
    pub sealing: Vec<u64>,
}

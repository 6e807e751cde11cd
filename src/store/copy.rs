//! What a copy of the whole database takes beside its entries, and an empty database to fill from one.

use std::fs::{self, File};
use std::path::PathBuf;

use sqlx::{Connection as _, Row as _};

use super::open::{Location, OpenError, Settings, Store, connect, lock_beside, migrator};
use super::writer::{Batch, Once, Writer, parse_used};
use super::{StoreError, bytes, corrupt, detached, failed, on, sql};
use crate::clock::Moment;
use crate::domain::{Document, DocumentId};

/// A search that an officer (by a tag) kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSearch {
    /// Whose.
    pub owner: [u8; 16],
    /// What its officer calls it.
    pub name: String,
    /// What is sought, as JSON.
    pub criteria: String,
}

impl Store {
    /// Documents of the index with an id above `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_documents(
        &self,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        const DOING: &str = "read the index";
        let pool = self.pool.clone();
        detached(DOING, async move {
            let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
            on!(&pool, p => {
                let rows = sqlx::query(sql::ALL_DOCUMENTS)
                    .bind(after)
                    .bind(i64::from(limit))
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let record: &str = row.try_get(0).map_err(failed(DOING))?;
                        serde_json::from_str(record)
                            .map_err(|_| corrupt("documents", "record", "(not shown)"))
                    })
                    .collect()
            })
        })
        .await
    }

    /// Everything that was used once and is still remembered, with until when.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_used(&self) -> Result<Vec<(Once, Moment)>, StoreError> {
        const DOING: &str = "read what was used";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::ALL_USED)
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter().map(|row| parse_used(row, DOING)).collect()
            })
        })
        .await
    }

    /// Every search that officers kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_searches(&self) -> Result<Vec<KeptSearch>, StoreError> {
        const DOING: &str = "read the kept searches";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::ALL_SEARCHES)
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let owner: Vec<u8> = row.try_get(0).map_err(failed(DOING))?;
                        Ok(KeptSearch {
                            owner: bytes(&owner, "saved_searches", "owner", "(not shown)")?,
                            name: row.try_get(1).map_err(failed(DOING))?,
                            criteria: row.try_get(2).map_err(failed(DOING))?,
                        })
                    })
                    .collect()
            })
        })
        .await
    }
}

/// A database without a head, to be filled in one transaction. Until that is committed no gateway
/// starts on it; given up, it leaves no file of SQLite behind that was not there.
#[derive(Debug)]
pub struct Anew {
    writer: Writer,
    made: Option<PathBuf>,
    _lock: Option<File>,
}

impl Anew {
    /// Makes the tables where there are none.
    ///
    /// # Errors
    /// [`OpenError::Exists`] when there is a book in them.
    pub async fn make(settings: &Settings) -> Result<Self, OpenError> {
        let (lock, made) = match &settings.location {
            Location::Sqlite(path) => {
                let lock = lock_beside(path, &settings.location)?;
                (Some(lock), (!path.exists()).then(|| path.clone()))
            }
            Location::Postgres(_) => (None, None),
        };
        let wrap = |source| OpenError::Store {
            location: settings.location.clone(),
            source,
        };
        let mut conn = connect(settings, true).await.map_err(wrap)?;
        let tables = migrator(settings);
        on!(&mut conn, c => tables.run(c).await).map_err(OpenError::Migrate)?;
        let found = on!(&mut conn, c => {
            let head = sqlx::query(sql::HEAD).fetch_optional(&mut *c).await;
            let entry = sqlx::query(sql::ENTRIES)
                .bind(0_i64)
                .bind(1_i64)
                .fetch_optional(&mut *c)
                .await;
            head.and_then(|head| Ok(head.is_some() || entry?.is_some()))
        });
        let found = found.map_err(failed("look for a book")).map_err(wrap)?;
        if found {
            let _ = on!(conn, c => c.close().await);
            return Err(OpenError::Exists(settings.location.clone()));
        }
        Ok(Self {
            writer: Writer::new(
                conn,
                settings.clone(),
                #[cfg(test)]
                super::faults::Faults::default(),
            )
            .await
            .map_err(wrap)?,
            made,
            _lock: lock,
        })
    }

    /// Begins to fill it: everything in one transaction, which [`Batch::make_head`] completes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&mut self) -> Result<Batch<'_>, StoreError> {
        self.writer.begin_headless().await
    }

    /// Says goodbye, so that the engine can tidy up.
    pub async fn done(self) {
        self.writer.close().await;
    }

    /// Gives it up. A file of SQLite that was made for it is removed.
    pub async fn give_up(self) {
        self.writer.close().await;
        if let Some(path) = &self.made {
            let _ = fs::remove_file(path);
            for beside in ["-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(beside);
                let _ = fs::remove_file(name);
            }
        }
    }
}

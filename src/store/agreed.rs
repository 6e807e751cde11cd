//! What was agreed on: the activations of bundles, and the bundles themselves.

use std::sync::Arc;

use sqlx::Row;

use super::open::Store;
use super::writer::Batch;
use super::{StoreError, bytes, corrupt, detached, failed, from_sql, on, sql};
use crate::clock::Moment;
use crate::domain::Sha256;

/// One activation of a bundle, as the book recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The index of its entry.
    pub index: u64,
    /// The content hash of the bundle.
    pub bundle: Sha256,
    /// From when it is in force.
    pub from: Moment,
    /// Until when, that moment excluded.
    pub until: Option<Moment>,
    /// The index of the entry that took it back.
    pub revoked: Option<u64>,
}

/// The files of a bundle: a JSON object of names and texts.
pub type BundleFiles = Arc<str>;

impl Store {
    /// All activations of bundles, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn activations(&self) -> Result<Vec<Activation>, StoreError> {
        const DOING: &str = "read the activations";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows =
                    sqlx::query(sql::ACTIVATIONS).fetch_all(p).await.map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let index = from_sql(
                            row.try_get(0).map_err(failed(DOING))?,
                            "activations",
                            "idx",
                        )?;
                        let moment = |ms: i64, column| {
                            Moment::from_unix_ms(ms)
                                .ok_or_else(|| corrupt("activations", column, index))
                        };
                        let bundle: Vec<u8> = row.try_get(1).map_err(failed(DOING))?;
                        let from: i64 = row.try_get(2).map_err(failed(DOING))?;
                        let until: Option<i64> = row.try_get(3).map_err(failed(DOING))?;
                        let revoked: Option<i64> = row.try_get(4).map_err(failed(DOING))?;
                        Ok(Activation {
                            index,
                            bundle: Sha256::from_bytes(bytes(
                                &bundle,
                                "activations",
                                "bundle",
                                index,
                            )?),
                            from: moment(from, "valid_from")?,
                            until: until.map(|ms| moment(ms, "valid_until")).transpose()?,
                            revoked: revoked
                                .map(|at| from_sql(at, "activations", "revoked"))
                                .transpose()?,
                        })
                    })
                    .collect()
            })
        })
        .await
    }

    /// The files of a bundle that was once agreed on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle(&self, hash: Sha256) -> Result<Option<BundleFiles>, StoreError> {
        const DOING: &str = "read a bundle";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::BUNDLE)
                    .bind(hash.as_bytes().as_slice())
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                row.map(|row| row.try_get::<String, _>(0).map(BundleFiles::from).map_err(failed(DOING)))
                    .transpose()
            })
        })
        .await
    }

    /// Every bundle that was once agreed on, by its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundles(&self) -> Result<Vec<(Sha256, BundleFiles)>, StoreError> {
        const DOING: &str = "read the bundles";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::BUNDLES).fetch_all(p).await.map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        let hash: Vec<u8> = row.try_get(0).map_err(failed(DOING))?;
                        let files: String = row.try_get(1).map_err(failed(DOING))?;
                        let hash = bytes(&hash, "bundles", "hash", "")?;
                        Ok((Sha256::from_bytes(hash), BundleFiles::from(files)))
                    })
                    .collect()
            })
        })
        .await
    }
}

impl Batch<'_> {
    /// Keeps the files of a bundle, where they are not yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_bundle(&mut self, hash: Sha256, files: &str) -> Result<(), StoreError> {
        const DOING: &str = "keep a bundle";
        on!(self.settled().await?, c => {
            sqlx::query(sql::KEEP_BUNDLE)
                .bind(hash.as_bytes().as_slice())
                .bind(files)
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
        });
        Ok(())
    }
}

//! The newest checkpoint that enough witnesses cosigned: not in the book, but beside its head.

use sqlx::Row as _;

use super::open::Store;
use super::writer::Batch;
use super::{StoreError, detached, failed, on, sql, to_sql};
use crate::clock::Moment;

impl Store {
    /// What was kept, as it was kept; `None` when nothing was yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_cosigned(&self) -> Result<Option<String>, StoreError> {
        const DOING: &str = "read the cosigned checkpoint";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::COSIGNED)
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                row.map(|row| row.try_get(0).map_err(failed(DOING))).transpose()
            })
        })
        .await
    }
}

impl Batch<'_> {
    /// Keeps a cosigned checkpoint, unless a newer one is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_cosigned(
        &mut self,
        size: u64,
        quorum_at: Moment,
        checkpoint: &str,
    ) -> Result<(), StoreError> {
        on!(self.settled().await?, c => {
            sqlx::query(sql::KEEP_COSIGNED)
                .bind(to_sql(size))
                .bind(quorum_at.unix_ms())
                .bind(checkpoint)
                .execute(&mut *c)
                .await
                .map_err(failed("keep the cosigned checkpoint"))?;
        });
        Ok(())
    }
}

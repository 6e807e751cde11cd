//! How far the book was told elsewhere: not in the book, but beside it.

use sqlx::Row as _;

use super::open::Store;
use super::writer::Batch;
use super::{StoreError, corrupt, detached, failed, on, sql, to_sql};

impl Store {
    /// The index of the first entry that was not told in this view yet; 0 when nothing was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_place(&self, view: &str) -> Result<u64, StoreError> {
        const DOING: &str = "read how far a view was told";
        let (pool, view) = (self.pool.clone(), view.to_owned());
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql::PLACE)
                    .bind(view.as_str())
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                let Some(row) = row else { return Ok(0) };
                let next: i64 = row.try_get(0).map_err(failed(DOING))?;
                u64::try_from(next).map_err(|_| corrupt("places", "next", &view))
            })
        })
        .await
    }
}

impl Batch<'_> {
    /// Keeps how far a view was told, unless it was told further.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_place(&mut self, view: &str, next: u64) -> Result<(), StoreError> {
        on!(self.settled().await?, c => {
            sqlx::query(sql::KEEP_PLACE)
                .bind(view)
                .bind(to_sql(next))
                .execute(&mut *c)
                .await
                .map_err(failed("keep how far a view was told"))?;
        });
        Ok(())
    }
}

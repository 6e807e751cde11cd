//! The searches that officers of the desk kept: theirs, not in the book.

use sqlx::Row as _;

use super::open::Store;
use super::writer::Batch;
use super::{StoreError, detached, failed, on, sql};
use crate::bounds;

/// A search that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    /// What its officer calls it.
    pub name: String,
    /// What is sought, as JSON.
    pub criteria: String,
}

/// A change of what an officer keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedChange {
    /// Keep this; one of the same name is replaced.
    Keep(SavedSearch),
    /// Let go of the one with this name.
    Drop(String),
}

impl Store {
    /// What this officer (by a tag) keeps, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn saved_searches(&self, owner: [u8; 16]) -> Result<Vec<SavedSearch>, StoreError> {
        const DOING: &str = "read the searches of an officer";
        let pool = self.pool.clone();
        let mut saved: Vec<SavedSearch> = detached(DOING, async move {
            on!(&pool, p => {
                let rows = sqlx::query(sql::SAVED_SEARCHES)
                    .bind(owner.as_slice())
                    .fetch_all(p)
                    .await
                    .map_err(failed(DOING))?;
                rows.iter()
                    .map(|row| {
                        Ok(SavedSearch {
                            name: row.try_get(0).map_err(failed(DOING))?,
                            criteria: row.try_get(1).map_err(failed(DOING))?,
                        })
                    })
                    .collect::<Result<_, _>>()
            })
        })
        .await?;
        // Not in SQL: the engines sort texts differently.
        saved.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(saved)
    }
}

impl Batch<'_> {
    /// Makes a change of what an officer keeps; answers whether anything changed. Nothing does when
    /// there is no room for another, or no search of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_saved(
        &mut self,
        owner: [u8; 16],
        change: &SavedChange,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "keep a search";
        let touched = on!(self.settled().await?, c => {
            let query = match change {
                SavedChange::Keep(search) => sqlx::query(sql::KEEP_SEARCH)
                    .bind(owner.as_slice())
                    .bind(search.name.as_str())
                    .bind(search.criteria.as_str())
                    .bind(i64::from(bounds::SAVED_SEARCHES)),
                SavedChange::Drop(name) => sqlx::query(sql::DROP_SEARCH)
                    .bind(owner.as_slice())
                    .bind(name.as_str()),
            };
            query.execute(&mut *c).await.map_err(failed(DOING))?.rows_affected()
        });
        Ok(touched > 0)
    }
}

//! What officers keep at the desk. It is not in the book, but the book's writer writes it: SQLite has
//! one writer.

use super::plan::Job;
use super::{Ledger, NotAppended, ReadError};
use crate::domain::{Employee, Oin};
use crate::store::{SavedChange, SavedSearch};

impl Ledger {
    /// The searches this officer keeps, sorted by name.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn saved_searches(
        &self,
        organisation: Oin,
        officer: &Employee,
    ) -> Result<Vec<SavedSearch>, ReadError> {
        let owner = self.0.master.officer(organisation, officer);
        Ok(self.0.store.saved_searches(owner).await?)
    }

    /// Keeps or drops a search of this officer; answers whether anything changed. Nothing does when
    /// there is no room for another, or none of that name.
    ///
    /// # Errors
    /// [`NotAppended`].
    pub async fn change_saved(
        &self,
        organisation: Oin,
        officer: &Employee,
        change: SavedChange,
    ) -> Result<bool, NotAppended> {
        let owner = self.0.master.officer(organisation, officer);
        self.ask(|reply| Job::Saved {
            owner,
            change,
            reply,
        })
        .await
    }
}

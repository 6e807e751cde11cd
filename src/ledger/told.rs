//! What whoever tells the book elsewhere needs of it, beside its entries: how far they are, and names
//! for owners. The place is not in the book, but the book's writer writes it: SQLite has one writer.

use super::plan::Job;
use super::{Ledger, ReadError};
use crate::domain::OwnerId;

impl Ledger {
    /// The index of the first entry that was not told in this view yet; 0 when nothing was.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find_place(&self, view: &str) -> Result<u64, ReadError> {
        Ok(self.0.store.find_place(view).await?)
    }

    /// Keeps how far a view was told, with the next batch, unless it was told further. Nobody waits for
    /// that: with a place that is lost, the same is told again.
    pub fn keep_place(&self, view: &'static str, next: u64) {
        let _ = self.0.hand_in(Job::Place { view, next });
    }

    /// A name for an owner that says nothing to who lacks the master key.
    #[must_use]
    pub fn subject(&self, owner: &OwnerId) -> [u8; 16] {
        self.0.master.subject(owner)
    }
}

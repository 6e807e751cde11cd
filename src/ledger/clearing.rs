//! Clearing what was erased out of the pages of SQLite's file, after the erasure stands in the book.
//!
//! Step by step, so that others write in between. What could not be cleared is logged, and cleared at
//! the next erasure or start: the file itself says that it is to be done.

use super::plan::Job;
use super::{Ledger, NotAppended};
use crate::store::{Clear, PERSONAL};

impl Ledger {
    /// Clears the pages, if something was erased since they were. Goes on when the caller goes away.
    pub(super) async fn clear(&self) {
        if !self.0.store.is_embedded() {
            return;
        }
        let ledger = self.clone();
        let task = tokio::spawn(async move { ledger.clear_all().await });
        // The sequencer has logged why.
        let done = task.await.unwrap_or(Err(NotAppended::Unavailable));
        if done.is_err() {
            tracing::warn!(
                "what was erased may still lie in the pages of the file; it is cleared at the next erasure or start"
            );
        }
    }

    async fn clear_all(&self) -> Result<(), NotAppended> {
        let Some(mark) = self.clear_step(Clear::Look).await? else {
            return Ok(());
        };
        if mark <= 0 {
            self.clear_step(Clear::Free).await?;
        }
        for table in PERSONAL {
            self.clear_step(Clear::Table(table)).await?;
        }
        self.clear_step(Clear::End(mark)).await?;
        Ok(())
    }

    async fn clear_step(&self, step: Clear) -> Result<Option<i64>, NotAppended> {
        self.ask(|reply| Job::Clear { step, reply }).await
    }
}

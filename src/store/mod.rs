//! The store: one SQL text for two engines, SQLite embedded and PostgreSQL.
//!
//! It keeps the rows of the book and the projections of the registry, and knows neither what an
//! entry says nor what the law allows. Reading goes through a pool; writing goes through one
//! [`Writer`], which the ledger owns. No future of this module that touches a connection is ever
//! dropped half-way: reads run in tasks of their own (SECURITY 5), the writer in the ledger's task.

mod agreed;
mod copy;
mod cosigned;
mod facts;
#[cfg(test)]
pub(crate) mod faults;
mod held;
mod journal;
mod log;
mod look;
mod open;
mod place;
mod saved;
mod sealed;
mod sql;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::future::Future;

pub use agreed::{Activation, BundleFiles};
pub use copy::{Anew, KeptSearch};
pub use facts::{Cache, Loaded, Subject};
pub use held::{Hold, KeysLeft, Pending};
pub use log::{Head, OpenRelease};
pub use look::{Durability, Looked, Server};
pub use open::{Location, OpenError, Settings, Store};
pub use saved::{SavedChange, SavedSearch};
pub use sealed::{SealedEntry, StoredKey, StoredOpening};
pub use writer::{
    Answer, Ask, Asked, Batch, Change, ClaimedToken, Clear, DocumentChange, DocumentOutcome,
    EntryRow, Erasing, NewHead, Once, OpeningRow, PERSONAL, Refused, Resealed, Resealing, Writer,
};

use crate::bounds;

/// Why the store could not do what was asked. What was asked may or may not have happened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database could not {doing}")]
    Database {
        /// What was being done, in a few words.
        doing: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The database did not answer in time.
    #[error("the database did not {doing} in time")]
    TooSlow {
        /// What was being done, in a few words.
        doing: &'static str,
    },
    /// A row holds what no writer of ours writes.
    #[error("table {table} holds an impossible {column} in row {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key, without personal data.
        row: String,
    },
    /// A change touched another number of rows than it must.
    #[error("{doing} touched {touched} rows instead of {expected}")]
    RowsTouched {
        /// What was being done.
        doing: &'static str,
        /// The rows touched.
        touched: u64,
        /// The rows it must touch.
        expected: u64,
    },
}

impl StoreError {
    /// The primary result code of SQLite, when the embedded engine refused.
    fn sqlite_code(&self) -> Option<i64> {
        let Self::Database { source, .. } = self else {
            return None;
        };
        let error = source.as_database_error()?;
        // The codes of PostgreSQL look like numbers too, and mean something else.
        error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
        let code: i64 = error.code()?.parse().ok()?;
        Some(code & 0xff)
    }

    /// Whether SQLite says the disk itself failed (`SQLITE_IOERR`, `SQLITE_CORRUPT`, `SQLITE_NOTADB`),
    /// as opposed to one that is full or read-only, which heals. After that nothing it says can be trusted: it has
    /// been seen to go on accepting commits after a failed fsync (SECURITY 4).
    #[must_use]
    pub fn is_disk_failure(&self) -> bool {
        matches!(self.sqlite_code(), Some(10 | 11 | 26))
    }

    /// Whether a failed commit certainly did not happen: SQLite was busy, full or read-only.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self.sqlite_code(), Some(5 | 8 | 13))
    }
}

/// Names what was being done when the driver failed.
fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a row is told by a number or a word at hand"
)]
fn corrupt(table: &'static str, column: &'static str, row: impl ToString) -> StoreError {
    StoreError::Corrupt {
        table,
        column,
        row: row.to_string(),
    }
}

/// Runs a read in a task of its own, so that a caller who goes away cannot leave a connection in
/// the middle of something, and gives up waiting after [`bounds::READ`]. The task starts now, so that
/// the caller's own future does not have to hold all of a database driver's.
fn detached<T: Send + 'static>(
    doing: &'static str,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> impl Future<Output = Result<T, StoreError>> + Send {
    let task = tokio::spawn(work);
    async move {
        match tokio::time::timeout(bounds::READ, task).await {
            Ok(Ok(result)) => result,
            // A panic inside is a defect of ours; to the caller it is a store that did not answer.
            Ok(Err(_)) | Err(_) => Err(StoreError::TooSlow { doing }),
        }
    }
}

/// Numbers are unsigned in the house and signed in both engines.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_sql(number: i64, table: &'static str, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| corrupt(table, column, number))
}

fn bytes<const N: usize>(
    from: &[u8],
    table: &'static str,
    column: &'static str,
    row: impl ToString,
) -> Result<[u8; N], StoreError> {
    from.try_into().map_err(|_| corrupt(table, column, row))
}

/// Runs one body for whichever engine this is: `on!(engine, conn => …)`.
macro_rules! on {
    ($engine:expr, $conn:ident => $body:expr) => {
        match $engine {
            $crate::store::open::Engine::Sqlite($conn) => $body,
            $crate::store::open::Engine::Postgres($conn) => $body,
        }
    };
}
pub(crate) use on;

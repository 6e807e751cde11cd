//! SQLite's journal, moved into its file beside the writer instead of within one of its commits.
//!
//! By itself SQLite does that in the commit that made the journal long, and whoever waits for that
//! commit waits for thousands of pages: one in a hundred exchanges did. Here another connection does it
//! in small parts as the journal grows. The writer's own part stays as the bound: when the journal is
//! long all the same, little is left to move.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex as Turn, MutexGuard as HeldTurn, mpsc};
use tokio::task::JoinHandle;

use super::open::{Engine, Settings, connect};
use super::{StoreError, failed};
use crate::bounds;
use crate::errors::in_full;

/// The task that moves it; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Journal {
    grown: mpsc::Sender<()>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whose turn it is to move the journal: where one connection does, SQLite turns another away at once.
    turn: Turn<()>,
    /// What the disk said when it failed.
    failure: Mutex<Option<StoreError>>,
}

impl Journal {
    pub(super) fn keep(settings: Settings) -> Self {
        // One that waits is enough: it stands for all commits until it is taken.
        let (grown, commits) = mpsc::channel(1);
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(keep(settings, commits, Arc::clone(&shared)));
        Self {
            grown,
            shared,
            task,
        }
    }

    /// A commit was written to it.
    pub(super) fn note_commit(&self) {
        let _ = self.grown.try_send(());
    }

    /// What the disk said if it failed under it: then nothing that follows can be trusted.
    pub(super) fn take_failure(&self) -> Option<StoreError> {
        let failure = &self.shared.failure;
        let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    /// Until what this answers is dropped, only the caller moves the journal.
    pub(super) async fn turn(&self) -> HeldTurn<'_, ()> {
        self.shared.turn.lock().await
    }

    /// Ends the task and its connection.
    pub(super) async fn close(self) {
        drop(self.grown);
        // Were it to have panicked, there is nothing left to close.
        let _ = self.task.await;
    }
}

async fn keep(settings: Settings, mut commits: mpsc::Receiver<()>, shared: Arc<Shared>) {
    let mut conn: Option<SqliteConnection> = None;
    while commits.recv().await.is_some() {
        // The commits of a while go together; a page that many of them wrote is moved once.
        tokio::time::sleep(bounds::JOURNAL_PAUSE).await;
        let turn = shared.turn.lock().await;
        let moved = move_once(conn.take(), &settings).await;
        drop(turn);
        match moved {
            Ok(open) => conn = open,
            Err(error) => {
                // What is not moved stays in the journal, and is read from there.
                tracing::warn!(error = in_full(&error), "the journal was not moved");
                if error.is_disk_failure() {
                    let failure = &shared.failure;
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }
    }
    if let Some(conn) = conn {
        let _ = conn.close().await;
    }
}

async fn move_once(
    conn: Option<SqliteConnection>,
    settings: &Settings,
) -> Result<Option<SqliteConnection>, StoreError> {
    let mut conn = match conn {
        Some(conn) => conn,
        None => match connect(settings, false).await? {
            Engine::Sqlite(conn) => conn,
            // PostgreSQL sees to its own.
            Engine::Postgres(_) => return Ok(None),
        },
    };
    let moved = sqlx::query("pragma wal_checkpoint(passive)")
        .execute(&mut conn)
        .await;
    moved.map_err(failed("move its journal"))?;
    Ok(Some(conn))
}

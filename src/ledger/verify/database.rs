//! The book in a database, also beside a gateway that goes on writing it.

use super::{BookSource, Claim, SealedSource, SourceError};
use crate::domain::Sha256;
use crate::merkle::{Hash, TILE_WIDTH, TileAt};
use crate::store::{BundleFiles, SealedEntry, Store, StoreError};

/// Entries that are read at once.
const STEP: u64 = 16 * TILE_WIDTH as u64;

/// A book in a database.
#[derive(Debug, Clone)]
pub struct DatabaseBook(Store);

impl DatabaseBook {
    /// The book in this database.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self(store)
    }
}

fn source_error(what: String) -> impl FnOnce(StoreError) -> SourceError {
    move |error| match error {
        StoreError::Corrupt { .. } => SourceError::Damaged { what },
        error => SourceError::Unreadable {
            what,
            source: Box::new(error),
        },
    }
}

impl BookSource for DatabaseBook {
    fn step(&self) -> u64 {
        STEP
    }

    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        let head = self
            .0
            .head()
            .await
            .map_err(source_error("the head".to_owned()))?;
        Ok(Claim {
            checkpoint: head.checkpoint,
            size: Some(head.size),
        })
    }

    async fn cosigned(&self) -> Result<Option<String>, SourceError> {
        let found = self.0.find_cosigned().await;
        found.map_err(source_error("the cosigned checkpoint".to_owned()))
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let what = || format!("the entries from {from}");
        match self.0.entries(from, to).await {
            // The store names the first entry that is not there; those before it can be checked.
            Err(StoreError::Corrupt { row, .. }) => {
                let gap = row
                    .parse()
                    .map_err(|_| SourceError::Damaged { what: what() })?;
                self.0
                    .entries(from, gap)
                    .await
                    .map_err(source_error(what()))
            }
            entries => entries.map_err(source_error(what())),
        }
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        if width < TILE_WIDTH {
            // Only whole tiles are kept; the others follow from the entries.
            return Ok(None);
        }
        let what = || format!("tile {} of level {}", at.number, at.level);
        let tile = self.0.find_tile(at).await.map_err(source_error(what()))?;
        tile.map(Some)
            .ok_or_else(|| SourceError::Damaged { what: what() })
    }

    async fn keys_there(&self, keys: &[u64]) -> Result<Vec<u64>, SourceError> {
        let left = self.0.keys_left(keys).await;
        let left = left.map_err(source_error("the keys of the openings".to_owned()))?;
        Ok(left.keys)
    }

    async fn has_excess(&self, size: u64) -> Result<bool, SourceError> {
        let what = || "what follows the last entry".to_owned();
        let after = self
            .0
            .entries(size, size + 1)
            .await
            .map_err(source_error(what()))?;
        // A gateway may have appended meanwhile: then the head moved with it.
        Ok(!after.is_empty() && self.checkpoint().await?.size == Some(size))
    }
}

impl SealedSource for DatabaseBook {
    async fn sealed(&self, from: u64, to: u64) -> Result<Vec<SealedEntry>, SourceError> {
        let what = || format!("the entries from {from}");
        match self.0.sealed_entries(from, to).await {
            // As above.
            Err(StoreError::Corrupt {
                column: "idx", row, ..
            }) => {
                let gap = row
                    .parse()
                    .map_err(|_| SourceError::Damaged { what: what() })?;
                self.0
                    .sealed_entries(from, gap)
                    .await
                    .map_err(source_error(what()))
            }
            entries => entries.map_err(source_error(what())),
        }
    }

    async fn bundles(&self) -> Result<Vec<(Sha256, BundleFiles)>, SourceError> {
        let kept = self.0.bundles().await;
        kept.map_err(source_error("the bundles of policy".to_owned()))
    }
}

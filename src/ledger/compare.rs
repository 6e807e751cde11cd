//! A copy of a checkpoint that somebody kept, held against the book as it is now.

use super::note::NoteError;
use super::{Ledger, ReadError};
use crate::merkle;

/// How a kept checkpoint stands to the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Its entries are the first of the book.
    Begins {
        /// How many it was over.
        kept: u64,
        /// How many the book has.
        size: u64,
    },
    /// It was signed with the key of the book, and its entries are not the first of the book: the book
    /// was changed, or there are two.
    Differs {
        /// How many it was over.
        kept: u64,
        /// How many the book has.
        size: u64,
    },
    /// It is over more entries than the book has: the book was put back.
    Ahead {
        /// How many it is over.
        kept: u64,
        /// How many the book has.
        size: u64,
    },
}

/// Why nothing can be said of a copy.
#[derive(Debug, thiserror::Error)]
pub enum NotCompared {
    /// It is not a checkpoint that this book's key signed.
    #[error("it is not a checkpoint of this ledger")]
    Checkpoint(#[from] NoteError),
    /// The book could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Ledger {
    /// Holds a kept checkpoint against the book: whether what was signed then is still how it begins.
    ///
    /// # Errors
    /// [`NotCompared`].
    pub async fn compare(&self, note: &str) -> Result<Compared, NotCompared> {
        let kept = self.verifier().open(note)?;
        if self.size() < kept.size {
            // Another gateway may have signed it; our own edge has to catch up first.
            self.beat().await.map_err(|_| ReadError::Unavailable)?;
        }
        let stand = self.stand();
        let size = stand.size();
        if size < kept.size {
            return Ok(Compared::Ahead {
                kept: kept.size,
                size,
            });
        }
        let proof = self.consistency(&stand, kept.size).await?;
        let begins = if kept.size == 0 {
            // Every book begins with nothing.
            kept.root == merkle::empty_root()
        } else {
            merkle::extends(kept.size, &kept.root, size, &stand.root(), &proof)
        };
        if begins {
            Ok(Compared::Begins {
                kept: kept.size,
                size,
            })
        } else {
            Ok(Compared::Differs {
                kept: kept.size,
                size,
            })
        }
    }
}

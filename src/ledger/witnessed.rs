//! What the book knows of its witnesses: the newest checkpoint that enough of them cosigned, and how
//! old that may be before nothing is released any more. Who they are and how they are asked is
//! [`crate::cosign`]'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::plan::Job;
use super::{Ledger, Published, ReadError};
use crate::clock::Moment;
use crate::merkle::{self, Edge, Hash, Proof, TILE_WIDTH, Tiles};

/// A checkpoint of this book with the cosignatures of a quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Entries in the book then.
    pub size: u64,
    /// Since when the quorum stands behind it.
    pub at: Moment,
    /// The checkpoint, signed by the log and the witnesses.
    pub note: String,
}

impl Cosigned {
    fn is_newer_than(&self, other: &Self) -> bool {
        (self.size, self.at) > (other.size, other.at)
    }
}

/// Part of the handle to the book.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    newest: ArcSwapOption<Cosigned>,
    /// Zero: whatever its age, documents are released.
    refuse_after_ms: AtomicI64,
    refusals: AtomicU64,
}

/// How old the quorum is, where it is older than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapsed {
    /// Its age; `None` when there never was one.
    pub age: Option<Duration>,
    /// What its age may be.
    pub limit: Duration,
}

/// The book at one moment: a signed checkpoint, and what proofs to it begin with.
#[derive(Debug, Clone)]
pub struct Stand(Arc<Published>);

impl Stand {
    /// The checkpoint, signed by the log alone.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.0.checkpoint
    }

    /// Entries in the book.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.edge.size()
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.0.edge.root()
    }

    pub(super) fn edge(&self) -> &Edge {
        &self.0.edge
    }
}

impl Ledger {
    /// The book as this gateway knows it now.
    #[must_use]
    pub fn stand(&self) -> Stand {
        Stand(self.0.published.load_full())
    }

    /// The newest checkpoint that enough witnesses cosigned; `None` before the first.
    #[must_use]
    pub fn cosigned(&self) -> Option<Arc<Cosigned>> {
        self.0.witnesses.newest.load_full()
    }

    /// Keeps a cosigned checkpoint if it is newer than the one at hand: here at once, and in the
    /// database with the next batch. Nobody waits for that; a batch that fails is made up for by the
    /// next checkpoint.
    pub fn keep_cosigned(&self, cosigned: Cosigned) {
        if self.take_if_newer(cosigned.clone()) {
            let _ = self.0.hand_in(Job::Cosigned(cosigned));
        }
    }

    /// The same for one that stands in the database already.
    pub fn adopt_cosigned(&self, cosigned: Cosigned) {
        self.take_if_newer(cosigned);
    }

    fn take_if_newer(&self, cosigned: Cosigned) -> bool {
        let cosigned = Arc::new(cosigned);
        let mut newer = false;
        self.0.witnesses.newest.rcu(|known| {
            newer = known
                .as_ref()
                .is_none_or(|known| cosigned.is_newer_than(known));
            if newer {
                Some(Arc::clone(&cosigned))
            } else {
                known.clone()
            }
        });
        newer
    }

    /// The cosigned checkpoint in the database, as it stands there: perhaps another gateway's. Nothing
    /// in it was verified.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find_unverified_cosigned(&self) -> Result<Option<String>, ReadError> {
        Ok(self.0.store.find_cosigned().await?)
    }

    /// From now on nothing is released when the quorum is older than this.
    pub fn refuse_after(&self, limit: Duration) {
        let ms = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        self.0
            .witnesses
            .refuse_after_ms
            .store(ms, Ordering::Relaxed);
    }

    /// From which age of the quorum on nothing is released; `None` when there is none.
    #[must_use]
    pub fn refuses_after(&self) -> Option<Duration> {
        let limit = self.0.witnesses.refuse_after_ms.load(Ordering::Relaxed);
        let limit = u64::try_from(limit).ok().filter(|ms| *ms > 0);
        limit.map(Duration::from_millis)
    }

    /// How old the quorum is; `None` when there never was one.
    #[must_use]
    pub fn quorum_age(&self) -> Option<Duration> {
        let at = self.cosigned()?.at;
        let ms = self.0.clock.now().ms_since(at);
        // A witness's clock may be a little ahead.
        Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
    }

    /// Whether the quorum is older than it may be, so that nothing is released.
    #[must_use]
    pub fn lapsed(&self) -> Option<Lapsed> {
        let limit = self.refuses_after()?;
        let age = self.quorum_age();
        age.is_none_or(|age| age > limit)
            .then_some(Lapsed { age, limit })
    }

    /// Counts a release that was refused because the quorum lapsed.
    pub fn note_unwitnessed(&self) {
        self.0.witnesses.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// Releases refused because the quorum lapsed, since this process started.
    #[must_use]
    pub fn unwitnessed(&self) -> u64 {
        self.0.witnesses.refusals.load(Ordering::Relaxed)
    }

    /// The proof that the book at this moment begins with its first `old` entries; empty where there
    /// is nothing to prove.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn consistency(&self, stand: &Stand, old: u64) -> Result<Vec<Hash>, ReadError> {
        match Proof::consistency(old, stand.size()) {
            Some(proof) => self.hashes(&proof, stand.edge()).await,
            None => Ok(Vec::new()),
        }
    }

    /// The hashes of a proof in the tree with this edge: its whole tiles stand in the store.
    pub(super) async fn hashes(&self, proof: &Proof, edge: &Edge) -> Result<Vec<Hash>, ReadError> {
        let mut tiles = Tiles::default();
        for at in proof.tiles() {
            let hashes = if merkle::tile_width(at, edge.size()) < TILE_WIDTH {
                edge.tile(at.level).to_vec()
            } else {
                let stored = self.0.store.find_tile(at).await?;
                stored.ok_or(ReadError::Impossible("a whole tile of its tree"))?
            };
            tiles.insert(at, hashes);
        }
        proof
            .hashes(&tiles)
            .ok_or(ReadError::Impossible("the tiles of its tree"))
    }
}

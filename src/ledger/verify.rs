//! Checking the book from its first entry to its last, with nothing but the verifier key: the
//! checkpoint's signature, the form and the order of the entries, and the tree.
//!
//! The book is read once, from whatever [`BookSource`] has it, and never held in memory: what stays
//! is the edge of the tree, the releases that are open and the names of choices and reports. What
//! this module does not do: judge a decision again; that takes the policy and the keys.

#[cfg(test)]
mod changed;
mod checker;
mod database;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;

pub use checker::{Checker, Flaw};
pub use database::DatabaseBook;

use super::entry::Kind;
use super::note::{Checkpoint, NoteError, Verifier};
use super::seal::KeyId;
use crate::domain::Sha256;
use crate::merkle::{self, Hash, TILE_WIDTH, TileAt};
use crate::store::{BundleFiles, SealedEntry};

/// Destroyed keys that are looked for at once.
const LOOKED_FOR: usize = 2_000;

/// Where a book can be read.
pub trait BookSource: Sync {
    /// How many entries are asked for at once; a multiple of [`TILE_WIDTH`].
    fn step(&self) -> u64 {
        TILE_WIDTH as u64
    }

    /// The signed checkpoint, unverified.
    fn checkpoint(&self) -> impl Future<Output = Result<Claim, SourceError>> + Send;

    /// The entries `from..to`: at most [`BookSource::step`], and `from` is a multiple of it.
    fn entries(
        &self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, SourceError>> + Send;

    /// The first `width` hashes of a tile; `None` when this source keeps no tiles of that width.
    fn tile(
        &self,
        at: TileAt,
        width: usize,
    ) -> impl Future<Output = Result<Option<Vec<Hash>>, SourceError>> + Send;

    /// A checkpoint that witnesses cosigned, unverified, where this source keeps one beside its newest.
    fn cosigned(&self) -> impl Future<Output = Result<Option<String>, SourceError>> + Send {
        async { Ok(None) }
    }

    /// Which of these keys of openings it still has, where it has any.
    fn keys_there(
        &self,
        keys: &[u64],
    ) -> impl Future<Output = Result<Vec<u64>, SourceError>> + Send {
        let _ = keys;
        async { Ok(Vec::new()) }
    }

    /// Whether it holds an entry at this index that no checkpoint of its own covers.
    fn has_excess(&self, size: u64) -> impl Future<Output = Result<bool, SourceError>> + Send {
        let _ = size;
        async { Ok(false) }
    }
}

/// Where a book can be read together with what its commitments open to, still sealed.
pub trait SealedSource: BookSource {
    /// The entries `from..to` with their sealed openings: at most [`BookSource::step`], and `from` is a
    /// multiple of it.
    fn sealed(
        &self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Vec<SealedEntry>, SourceError>> + Send;

    /// The bundles of policy that are kept with it, by their hash. Whether the files of one are those
    /// that were hashed is not known here.
    fn bundles(
        &self,
    ) -> impl Future<Output = Result<Vec<(Sha256, BundleFiles)>, SourceError>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// What a source says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its last checkpoint, unverified.
    pub checkpoint: String,
    /// The size it keeps beside the checkpoint, where it does.
    pub size: Option<u64>,
}

/// Why a source did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It lacks something that a book of its size has, or has it in no known form.
    #[error("{what} is missing or damaged")]
    Damaged {
        /// What.
        what: String,
    },
    /// It could not be read at all; nothing is said of the book.
    #[error("{what} could not be read")]
    Unreadable {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A checkpoint that somebody knows of this book: it must be of its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// What it says; its signature was verified.
    pub checkpoint: Checkpoint,
    /// Who knows it.
    pub memory: Memory,
}

/// Where a known checkpoint comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Whoever checks saw it before.
    Seen,
    /// The book itself keeps it, for its witnesses.
    Beside,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seen => "a checkpoint seen before",
            Self::Beside => "the cosigned checkpoint that is kept beside it",
        })
    }
}

impl From<Checkpoint> for Known {
    fn from(checkpoint: Checkpoint) -> Self {
        let memory = Memory::Seen;
        Self { checkpoint, memory }
    }
}

/// What a whole book was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Entries in it.
    pub size: u64,
    /// The root over them, as the checkpoint signs it.
    pub root: Hash,
    /// How many there are of each kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Permitted releases whose closing entry is still to come.
    pub open_releases: u64,
    /// The last gateway that said with which keys it signs: its entry, and the keys as verifiers have
    /// them. `None` where none did, before gateways said so.
    pub signing: Option<(u64, Vec<String>)>,
}

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries checked.
    pub checked: u64,
    /// Entries in the book.
    pub size: u64,
}

/// Why there is no [`Summary`]: the first thing that is wrong with the book, or that it could not be
/// read.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// The checkpoint cannot be believed.
    #[error("the checkpoint cannot be believed")]
    Checkpoint(#[source] NoteError),
    /// The size beside the checkpoint is another.
    #[error("the head says {claimed} entries, but its checkpoint signs {signed}")]
    Head {
        /// What stands beside the checkpoint.
        claimed: u64,
        /// What it signs.
        signed: u64,
    },
    /// Something a book of this size has is missing.
    #[error("entry {index}: {what} is missing or damaged")]
    Damaged {
        /// The first entry that needs it.
        index: u64,
        /// What.
        what: String,
    },
    /// An entry is not in its form or not in its order.
    #[error("entry {index} is wrong")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        flaw: Flaw,
    },
    /// An entry does not have the hash that is kept of it.
    #[error("entry {index} does not have the hash its tile holds: one of the two was changed")]
    Hash {
        /// Its index.
        index: u64,
    },
    /// A tile above the leaves is not the one its entries make.
    #[error(
        "entry {index}: tile {number} of level {level} over it is not the one its entries make"
    )]
    Tile {
        /// The first entry under the first wrong hash.
        index: u64,
        /// The level of the tile.
        level: u8,
        /// Its number.
        number: u64,
    },
    /// The entries do not lead to the signed root.
    #[error("the {size} entries do not lead to the root that the checkpoint signs")]
    Root {
        /// Entries in the book.
        size: u64,
    },
    /// It is older than what was seen of it before.
    #[error("it was rolled back: {memory} signs {known} entries, and this ledger has {size}")]
    RolledBack {
        /// Who knows better.
        memory: Memory,
        /// What the checkpoint seen before signs.
        known: u64,
        /// Entries in the book.
        size: u64,
    },
    /// What was seen of it before is not its past.
    #[error("it was forked: its first {known} entries are not those that {memory} signs")]
    Forked {
        /// Who knows better.
        memory: Memory,
        /// What the checkpoint seen before signs.
        known: u64,
    },
    /// A key that the book says was destroyed is there.
    #[error(
        "entry {index} destroyed the key {key}, but it is there again: what it seals can be read; open the ledger with a gateway to destroy it again"
    )]
    KeyBack {
        /// The entry that destroyed it.
        index: u64,
        /// Its id.
        key: KeyId,
    },
    /// There are entries after the last one that the checkpoint covers.
    #[error("entry {index} is covered by no checkpoint")]
    Excess {
        /// Its index.
        index: u64,
    },
    /// The book could not be read; nothing is said of it.
    #[error("the book could not be read to its end")]
    Unreadable(#[source] SourceError),
}

impl Wrong {
    /// The first wrong index, where one entry can be named.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        match self {
            Self::Damaged { index, .. }
            | Self::Entry { index, .. }
            | Self::Hash { index }
            | Self::Tile { index, .. }
            | Self::KeyBack { index, .. }
            | Self::Excess { index } => Some(*index),
            Self::Checkpoint(_)
            | Self::Head { .. }
            | Self::Root { .. }
            | Self::RolledBack { .. }
            | Self::Forked { .. }
            | Self::Unreadable(_) => None,
        }
    }

    /// Whether the book was read and found wrong, rather than not read.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        !matches!(self, Self::Unreadable(_))
    }

    /// What an error of the source means for the entries from this index on.
    #[must_use]
    pub fn at(index: u64, error: SourceError) -> Self {
        match error {
            SourceError::Damaged { what } => Self::Damaged { index, what },
            error @ SourceError::Unreadable { .. } => Self::Unreadable(error),
        }
    }
}

impl fmt::Display for Summary {
    /// One line for the operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.size)?;
        for (kind, count) in &self.kinds {
            write!(f, ", {count} {}", kind.code())?;
        }
        write!(f, "; {} open; root ", self.open_releases)?;
        self.root
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads and checks the whole book; `progress` is called after every step.
///
/// # Errors
/// [`Wrong`]: the first thing that is wrong.
pub async fn run<S: BookSource>(
    source: &S,
    verifier: &Verifier,
    progress: impl FnMut(Progress) + Send,
) -> Result<Summary, Wrong> {
    run_knowing(source, verifier, None, progress).await
}

/// The same, by somebody who saw checkpoints of this book before: they must be of its past. That is
/// judged last: a book that is not what its own checkpoint signs is damaged, and says nothing of another
/// history.
///
/// # Errors
/// [`Wrong`]: the first thing that is wrong.
pub async fn run_knowing<S: BookSource>(
    source: &S,
    verifier: &Verifier,
    known: impl IntoIterator<Item = Known>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, Wrong> {
    let walk = Walk::begin(source, verifier, known).await?;
    let mut checker = walk.checker();
    while let Some((from, to)) = walk.next(&checker) {
        let lines = walk.lines(from, to).await?;
        for line in &lines {
            if let Err((index, flaw)) = checker.push(line) {
                return Err(walk.stumbled(&mut checker, index, flaw).await);
            }
        }
        walk.settle(&mut checker, to).await?;
        progress(Progress {
            checked: to,
            size: walk.size(),
        });
    }
    walk.finish(checker).await
}

/// A walk through a book, step by step; who walks feeds the entries to a [`Checker`] between the steps.
#[derive(Debug)]
pub struct Walk<'s, S> {
    source: &'s S,
    signed: Checkpoint,
    known: Vec<Known>,
}

impl<'s, S: BookSource> Walk<'s, S> {
    /// Believes the checkpoint, or not.
    ///
    /// # Errors
    /// [`Wrong`].
    pub async fn begin(
        source: &'s S,
        verifier: &Verifier,
        known: impl IntoIterator<Item = Known>,
    ) -> Result<Self, Wrong> {
        let claim = source
            .checkpoint()
            .await
            .map_err(|error| Wrong::at(0, error))?;
        let signed = verifier
            .open(&claim.checkpoint)
            .map_err(Wrong::Checkpoint)?;
        let size = signed.size;
        if let Some(claimed) = claim.size.filter(|claimed| *claimed != size) {
            return Err(Wrong::Head {
                claimed,
                signed: size,
            });
        }
        Ok(Self {
            source,
            signed,
            known: known.into_iter().collect(),
        })
    }

    /// Entries in the book.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.signed.size
    }

    /// What the entries are to be fed to.
    #[must_use]
    pub fn checker(&self) -> Checker {
        Checker::knowing(self.known.iter().copied())
    }

    /// The entries of the next step; `None` after the last.
    #[must_use]
    pub fn next(&self, checker: &Checker) -> Option<(u64, u64)> {
        let from = checker.size();
        let to = self.size().min(from + self.source.step());
        (from < to).then_some((from, to))
    }

    async fn lines(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, Wrong> {
        let lines = self.source.entries(from, to).await;
        let mut lines = lines.map_err(|error| Wrong::at(from, error))?;
        lines.truncate(usize::try_from(to - from).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// What to say of an entry with this flaw: a change of an earlier entry may be what this one
    /// stumbled over.
    pub async fn stumbled(&self, checker: &mut Checker, index: u64, flaw: Flaw) -> Wrong {
        match self.look_around(checker).await {
            Err(earlier) => earlier,
            Ok(()) => Wrong::Entry { index, flaw },
        }
    }

    /// Compares every tile over what was taken so far, also those that are not whole.
    ///
    /// # Errors
    /// [`Wrong`].
    pub async fn look_around(&self, checker: &mut Checker) -> Result<(), Wrong> {
        compare_tiles(self.source, checker).await?;
        compare_edge(self.source, checker, self.size()).await
    }

    /// Ends a step that should have taken the entries up to `to`.
    ///
    /// # Errors
    /// [`Wrong`].
    pub async fn settle(&self, checker: &mut Checker, to: u64) -> Result<(), Wrong> {
        compare_tiles(self.source, checker).await?;
        if checker.size() < to {
            return Err(Wrong::Damaged {
                index: checker.size(),
                what: "the entry".to_owned(),
            });
        }
        Ok(())
    }

    /// Compares what is left with what was signed.
    ///
    /// # Errors
    /// [`Wrong`].
    pub async fn finish(self, checker: Checker) -> Result<Summary, Wrong> {
        let destroyed = checker.destroyed().to_vec();
        let (source, size) = (self.source, self.size());
        let summary = self.finish_but_keys(checker).await?;
        look_for_keys(source, size, &destroyed).await?;
        Ok(summary)
    }

    /// The same for whoever destroys by itself what should not be there.
    ///
    /// # Errors
    /// [`Wrong`].
    pub async fn finish_but_keys(self, checker: Checker) -> Result<Summary, Wrong> {
        let size = self.size();
        compare_edge(self.source, &checker, size).await?;
        let forked = checker.forked();
        let summary = checker.finish(&self.signed).ok_or(Wrong::Root { size })?;
        // It is what its own checkpoint signs; now, whether it is what others know.
        if let Some(Known { checkpoint, memory }) = forked {
            let known = checkpoint.size;
            return Err(Wrong::Forked { memory, known });
        }
        let newer = self.known.iter().find(|one| one.checkpoint.size > size);
        if let Some(Known { checkpoint, memory }) = newer.copied() {
            let known = checkpoint.size;
            return Err(Wrong::RolledBack {
                memory,
                known,
                size,
            });
        }
        let excess = self.source.has_excess(size).await;
        if excess.map_err(|error| Wrong::at(size, error))? {
            return Err(Wrong::Excess { index: size });
        }
        Ok(summary)
    }
}

/// What was destroyed must not be there.
async fn look_for_keys<S: BookSource>(
    source: &S,
    size: u64,
    destroyed: &[(KeyId, u64)],
) -> Result<(), Wrong> {
    for part in destroyed.chunks(LOOKED_FOR) {
        let keys: Vec<u64> = part.iter().map(|(key, _)| key.number()).collect();
        let there = source.keys_there(&keys).await;
        let there = there.map_err(|error| Wrong::at(size, error))?;
        let is_back = |(key, _): &&(KeyId, u64)| there.contains(&key.number());
        if let Some((key, index)) = part.iter().find(is_back).copied() {
            return Err(Wrong::KeyBack { index, key });
        }
    }
    Ok(())
}

/// Compares the tiles that became whole with those of the source.
async fn compare_tiles<S: BookSource>(source: &S, checker: &mut Checker) -> Result<(), Wrong> {
    for tile in checker.take_tiles() {
        compare(source, tile.at, &tile.hashes, TILE_WIDTH).await?;
    }
    Ok(())
}

/// Compares the incomplete tiles at the edge of what was read with those of a source that has
/// `size` entries.
async fn compare_edge<S: BookSource>(
    source: &S,
    checker: &Checker,
    size: u64,
) -> Result<(), Wrong> {
    let width = TILE_WIDTH as u64;
    let (mut level, mut in_level) = (0, checker.size());
    while in_level > 0 {
        let at = TileAt {
            level,
            number: in_level / width,
        };
        let hashes = checker.edge().tile(level);
        if !hashes.is_empty() {
            compare(source, at, hashes, merkle::tile_width(at, size)).await?;
        }
        in_level /= width;
        level += 1;
    }
    Ok(())
}

async fn compare<S: BookSource>(
    source: &S,
    at: TileAt,
    computed: &[Hash],
    width: usize,
) -> Result<(), Wrong> {
    let TileAt { level, number } = at;
    // How many entries stand under one hash of this level.
    let under = (TILE_WIDTH as u64).saturating_pow(u32::from(level));
    let first = number.saturating_mul(TILE_WIDTH as u64);
    let index_of = |hash: usize| first.saturating_add(hash as u64).saturating_mul(under);
    let kept = source
        .tile(at, width)
        .await
        .map_err(|error| Wrong::at(index_of(0), error))?;
    let Some(kept) = kept else { return Ok(()) };
    let differs = (0..computed.len()).find(|hash| computed.get(*hash) != kept.get(*hash));
    match differs.map(index_of) {
        None => Ok(()),
        Some(index) if level == 0 => Err(Wrong::Hash { index }),
        Some(index) => Err(Wrong::Tile {
            index,
            level,
            number,
        }),
    }
}

/// Cuts an entry bundle (C2SP tlog-tiles) into its entries; `None` when it is not whole.
#[must_use]
pub fn split_bundle(bundle: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::with_capacity(TILE_WIDTH);
    let mut rest = bundle;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    Some(entries)
}

//! Reading the book: checkpoints, tiles, entry bundles, proofs, openings.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::entry::{Entry, EntryError, Kind};
use super::note::{Checkpoint, NoteError, Verifier};
use super::opener::unwrap;
use super::proof::PROOF_HEADER;
use super::seal::{self, KeyName, Opened, Owner, SealError};
use super::{Ledger, OpenError};
use crate::domain::{AddressId, Sha256, TransactionId};
use crate::merkle::{self, Edge, Hash, Proof, TILE_WIDTH, TileAt};
use crate::store::{Head, SealedEntry, Store, StoreError, StoredOpening};

/// Why something could not be read from the book.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("the ledger cannot be read")]
    Store(#[from] StoreError),
    /// An entry is not in its form.
    #[error("the entry at {index} is not in its form")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// An opening does not open.
    #[error("the openings of the entry at {index} do not open")]
    Opening {
        /// Its index.
        index: u64,
        /// What is wrong with them.
        #[source]
        source: SealError,
    },
    /// The writing task is gone.
    #[error("the ledger is not being written any more")]
    Unavailable,
    /// What a whole book always has is missing.
    #[error("the ledger lacks {0}")]
    Impossible(&'static str),
}

/// An entry with its place in the book.
#[derive(Debug)]
pub struct Found {
    /// Its index.
    pub index: u64,
    /// Its line, as it stands in the tree.
    pub line: Vec<u8>,
    /// What it says.
    pub entry: Entry,
}

impl Found {
    /// Its hash as a leaf of the tree.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        Sha256::from_bytes(merkle::leaf_hash(&self.line))
    }
}

/// An entry as somebody sees it who reads through the book, with its personal values opened.
#[derive(Debug)]
pub struct Leaf {
    /// Its index.
    pub index: u64,
    /// Its hash in the tree.
    pub hash: Hash,
    /// What it says. That it is in canonical form is for the verifier to check; whether it is what
    /// was written, its hash tells.
    pub entry: Entry,
    /// Its personal values; empty when there are none or they were erased.
    pub values: BTreeMap<String, String>,
}

/// The edge of the stored tree, from its whole tiles and the entries after them, checked against
/// the signed checkpoint. Reads a few hundred rows, however long the book is.
pub(super) async fn verified_edge(
    store: &Store,
    head: &Head,
    verifier: &Verifier,
) -> Result<Edge, OpenError> {
    let signed = verifier.open(&head.checkpoint);
    let signed = signed.map_err(|why| match why {
        NoteError::OtherKey { found, expected } => OpenError::OtherKey { found, expected },
        why => OpenError::Checkpoint(why),
    })?;
    let edge = stored_edge(store, head.size).await?;
    let found = edge.map(|edge| {
        (
            Checkpoint {
                size: edge.size(),
                root: edge.root(),
            },
            edge,
        )
    });
    match found {
        Some((checkpoint, edge)) if checkpoint == signed => Ok(edge),
        _ => Err(OpenError::Tail { entries: head.size }),
    }
}

async fn stored_edge(store: &Store, size: u64) -> Result<Option<Edge>, StoreError> {
    let mut levels = Vec::new();
    let width = TILE_WIDTH as u64;
    let leaves = store.entries(size - size % width, size).await?;
    if u64::try_from(leaves.len()).ok() != Some(size % width) {
        return Ok(None);
    }
    levels.push(
        leaves
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect(),
    );
    let mut whole = size / width;
    let mut level = 0;
    while whole > 0 {
        // The hashes of the incomplete tile above are the roots of whole tiles of this level.
        let tiles = store.tiles(level, whole - whole % width, whole).await?;
        levels.push(
            tiles
                .into_iter()
                .map(|tile| merkle::perfect_tile_root(&tile))
                .collect(),
        );
        whole /= width;
        level += 1;
    }
    Ok(Edge::from_tiles(size, levels))
}

impl Ledger {
    /// The last signed checkpoint this gateway knows.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.0.published.load().checkpoint.clone()
    }

    /// The size of that checkpoint.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.published.load().edge.size()
    }

    /// The first `width` hashes of a tile; `None` when the book has no such tile yet.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, ReadError> {
        let edge_tile = {
            let published = self.0.published.load();
            let there = merkle::tile_width(at, published.edge.size());
            if width == 0 || width > there {
                return Ok(None);
            }
            // An incomplete tile stands in memory only; a whole one in the store only.
            (there < TILE_WIDTH).then(|| published.edge.tile(at.level).to_vec())
        };
        let mut hashes = match edge_tile {
            Some(hashes) => hashes,
            None => self
                .0
                .store
                .find_tile(at)
                .await?
                .ok_or(ReadError::Impossible("a whole tile of its tree"))?,
        };
        hashes.truncate(width);
        Ok(Some(hashes))
    }

    /// The first `width` entries of a bundle, each behind its length in two bytes; `None` when the
    /// book does not have them yet.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn bundle(&self, number: u64, width: usize) -> Result<Option<Vec<u8>>, ReadError> {
        let at = TileAt { level: 0, number };
        if width == 0 || width > merkle::tile_width(at, self.size()) {
            return Ok(None);
        }
        let first = number * TILE_WIDTH as u64;
        let entries = self.0.store.entries(first, first + width as u64).await?;
        if entries.len() != width {
            return Err(ReadError::Impossible("entries its checkpoint covers"));
        }
        let mut bundle = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
        for entry in entries {
            let length = u16::try_from(entry.len())
                .map_err(|_| ReadError::Impossible("an entry that fits a bundle"))?;
            bundle.extend_from_slice(&length.to_be_bytes());
            bundle.extend_from_slice(&entry);
        }
        Ok(Some(bundle))
    }

    /// The entries `from..to` with their personal values opened, for what is computed from them;
    /// fewer when the book is shorter. To show such a value takes an `inzage` entry first, as
    /// [`Ledger::open_values`] says.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn leaves(&self, from: u64, to: u64) -> Result<Vec<Leaf>, ReadError> {
        let sealed = self.0.store.sealed_entries(from, to).await?;
        let ledger = self.clone();
        // Thousands are parsed and deciphered at once: not on a thread that serves requests.
        let opened = tokio::task::spawn_blocking(move || {
            sealed.into_iter().map(|one| ledger.leaf(one)).collect()
        });
        opened.await.map_err(|_| ReadError::Unavailable)?
    }

    fn leaf(&self, sealed: SealedEntry) -> Result<Leaf, ReadError> {
        let index = sealed.index;
        let entry: Entry = serde_json::from_slice(&sealed.entry).map_err(|_| ReadError::Entry {
            index,
            source: EntryError::Form,
        })?;
        let values = match sealed.opening {
            None => BTreeMap::new(),
            Some(opening) => {
                let wrong = |source| ReadError::Opening { index, source };
                let key = self.key_of(&opening, entry.soort).map_err(wrong)?;
                seal::open_values(&opening.sealed, &key.key, &entry.transactie, entry.soort)
                    .map_err(wrong)?
            }
        };
        Ok(Leaf {
            index,
            hash: merkle::leaf_hash(&sealed.entry),
            entry,
            values,
        })
    }

    /// The entries `from..to` as they are public, without their personal values; fewer when the book is
    /// shorter.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn entries(&self, from: u64, to: u64) -> Result<Vec<Entry>, ReadError> {
        let lines = self.0.store.entries(from, to).await?;
        let parse = move || {
            let numbered = (from..).zip(lines);
            let found = numbered.map(|one| parse_found(one).map(|found| found.entry));
            found.collect()
        };
        // Not on a thread that serves requests, as above.
        let parsed = tokio::task::spawn_blocking(parse);
        parsed.await.map_err(|_| ReadError::Unavailable)?
    }

    pub(super) fn key_of(
        &self,
        opening: &StoredOpening,
        kind: Kind,
    ) -> Result<seal::HeldKey, SealError> {
        let name = KeyName {
            tag: opening.key.tag,
            year: opening.key.year,
            kind,
        };
        unwrap(&self.0.keys, &self.0.master, name, &opening.key)
    }

    /// The entries below `before` about an address (those sealed under a key of it), newest first, at
    /// most `limit`, with their personal values opened: found by its tag, however long the book is. To
    /// show such a value takes an `inzage` entry first, as [`Ledger::open_values`] says.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn leaves_of(
        &self,
        address: AddressId,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Leaf>, ReadError> {
        let tag = self.0.master.tag(Owner::Address(address));
        let sealed = self.0.store.sealed_entries_of(tag, before, limit).await?;
        sealed.into_iter().map(|one| self.leaf(one)).collect()
    }

    /// The entry at an index.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find_at(&self, index: u64) -> Result<Option<Found>, ReadError> {
        let line = self.0.store.entries(index, index + 1).await?.pop();
        line.map(|line| parse_found((index, line))).transpose()
    }

    /// The entry that opened a transaction: the first of it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find(&self, transaction: TransactionId) -> Result<Option<Found>, ReadError> {
        let first = self
            .0
            .store
            .entries_of(transaction)
            .await?
            .into_iter()
            .next();
        first.map(parse_found).transpose()
    }

    /// The closing entry of a transaction.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find_closing(
        &self,
        transaction: TransactionId,
    ) -> Result<Option<Found>, ReadError> {
        for row in self.0.store.entries_of(transaction).await? {
            let found = parse_found(row)?;
            if found.entry.soort == Kind::Release {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A C2SP tlog-proof that the entry at this index stands in the book.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn proof(&self, index: u64) -> Result<String, ReadError> {
        let proof = self.proofs(&[index]).await?.pop();
        proof.ok_or(ReadError::Impossible("an entry that was found"))
    }

    /// The same of several entries, all under one checkpoint: the newest that the witnesses cosigned
    /// where it covers them, so that nobody has to take the log's word alone; else the newest.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn proofs(&self, indices: &[u64]) -> Result<Vec<String>, ReadError> {
        let last = indices.iter().copied().max().unwrap_or_default();
        let covering = || self.cosigned().filter(|cosigned| cosigned.size > last);
        if self.size() <= covering().map_or(last, |cosigned| cosigned.size - 1) {
            // Another gateway appended it; our own edge has to catch up first.
            self.beat().await.map_err(|_| ReadError::Unavailable)?;
        }
        let stand = self.stand();
        let (size, checkpoint) = match covering().filter(|it| it.size <= stand.size()) {
            Some(cosigned) => (cosigned.size, cosigned.note.clone()),
            None => (stand.size(), stand.checkpoint().to_owned()),
        };
        let mut texts = Vec::with_capacity(indices.len());
        for index in indices {
            let proof = Proof::inclusion(*index, size)
                .ok_or(ReadError::Impossible("an entry that was found"))?;
            // Tiles only grow: those of a later tree do for a proof in an earlier one.
            let hashes = self.hashes(&proof, stand.edge()).await?;
            let mut text = format!("{PROOF_HEADER}\nindex {index}\n");
            for hash in hashes {
                text.push_str(&BASE64.encode(hash));
                text.push('\n');
            }
            text.push('\n');
            text.push_str(&checkpoint);
            texts.push(text);
        }
        Ok(texts)
    }

    /// Opens the personal values of an entry; empty when they were erased or there are none.
    ///
    /// Whoever calls this shows personal data: an `inzage` entry must stand in the book first
    /// (DESIGN, I6).
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open_values(&self, found: &Found) -> Result<BTreeMap<String, Opened>, ReadError> {
        let index = found.index;
        let Some(stored) = self.0.store.find_opening(index).await? else {
            return Ok(BTreeMap::new());
        };
        let key = self
            .key_of(&stored, found.entry.soort)
            .map_err(|source| ReadError::Opening { index, source })?;
        seal::open(
            &stored.sealed,
            &key.key,
            &found.entry.transactie,
            found.entry.soort,
        )
        .map_err(|source| ReadError::Opening { index, source })
    }
}

fn parse_found((index, line): (u64, Vec<u8>)) -> Result<Found, ReadError> {
    let entry = Entry::parse(&line).map_err(|source| ReadError::Entry { index, source })?;
    Ok(Found { index, line, entry })
}

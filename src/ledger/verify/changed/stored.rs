//! Books in memory, as they lie there for whoever can write on the disk, and who writes them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Moment, NoRandomness, Random};
use crate::domain::{ChoiceId, TransactionId};
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};
use crate::ledger::note::{Checkpoint, Signer, Verifier};
use crate::ledger::verify::{BookSource, Claim, SourceError};
use crate::merkle::{self, Edge, Hash, TILE_WIDTH, TileAt};

const ORIGIN: &str = "sluis.example/logboek";

/// Chance that can be repeated (splitmix64).
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        let state = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(super) fn of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub(super) fn flip(&self, bytes: &mut [u8]) {
        let at = self.below(bytes.len());
        bytes[at] ^= 1 << self.below(8);
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        for chunk in bytes.chunks_mut(8) {
            let new = self.next().to_le_bytes();
            chunk.copy_from_slice(&new[..chunk.len()]);
        }
        Ok(())
    }
}

/// A tile as it is stored: its bytes may have any length.
pub(super) type Tile = (TileAt, Vec<u8>);

/// A book as it lies there for whoever can write on the disk.
#[derive(Clone, PartialEq)]
pub(super) struct Stored {
    /// `None` is a row that is gone.
    pub(super) lines: Vec<Option<Vec<u8>>>,
    pub(super) tiles: Vec<Tile>,
    pub(super) checkpoint: Vec<u8>,
    /// Beside the checkpoint, in a database.
    pub(super) size: Option<u64>,
    /// How many entries it answers at once.
    step: u64,
}

impl Stored {
    /// Whether nothing that its reader is shown differs. A mirror may be ahead of its checkpoint.
    pub(super) fn is_the_same_as(&self, good: &Self) -> bool {
        let covered = if self.size.is_none() {
            good.lines.len()
        } else {
            self.lines.len()
        };
        let mut shown = self.clone();
        shown.lines.truncate(covered);
        shown == *good
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} entries, {} tiles, ",
            self.lines.len(),
            self.tiles.len()
        )?;
        write!(
            f,
            "size {:?}, {}",
            self.size,
            String::from_utf8_lossy(&self.checkpoint)
        )
    }
}

fn damaged(what: &str) -> SourceError {
    SourceError::Damaged {
        what: what.to_owned(),
    }
}

impl BookSource for Stored {
    fn step(&self) -> u64 {
        self.step
    }

    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        let checkpoint =
            String::from_utf8(self.checkpoint.clone()).map_err(|_| damaged("the checkpoint"))?;
        Ok(Claim {
            checkpoint,
            size: self.size,
        })
    }

    /// As the sources do: what stands before the first gap.
    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let rows = self.lines.iter().skip(usize::try_from(from).unwrap());
        let wanted = rows.take(usize::try_from(to - from).unwrap());
        Ok(wanted.map_while(Clone::clone).collect())
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        // A database keeps whole tiles only; a mirror has them all, and no size beside its checkpoint.
        if width < TILE_WIDTH && self.size.is_some() {
            return Ok(None);
        }
        let kept = self.tiles.iter().find(|(place, _)| *place == at);
        let (_, bytes) = kept.ok_or_else(|| damaged("a tile"))?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() < width || !rest.is_empty() {
            return Err(damaged("a tile"));
        }
        Ok(Some(hashes[..width].to_vec()))
    }

    async fn has_excess(&self, size: u64) -> Result<bool, SourceError> {
        let after = self.lines.get(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(self.size.is_some() && matches!(after, Some(Some(_))))
    }
}

/// Somebody who writes books, and knows no key but his own.
pub(super) struct Writer<'d> {
    dice: &'d Dice,
    signer: Signer,
    at: Moment,
}

impl<'d> Writer<'d> {
    pub(super) fn new(dice: &'d Dice) -> Self {
        Self {
            dice,
            signer: Signer::generate(ORIGIN, dice).unwrap(),
            at: Moment::parse("2026-11-21T12:00:00Z").unwrap(),
        }
    }

    pub(super) fn verifier(&self) -> Verifier {
        self.signer.verifier()
    }

    fn entry(&self, kind: Kind, index: usize) -> Entry {
        let at = self.at.plus_ms(i64::try_from(index).unwrap());
        let mut entry = Entry::new(kind, at, TransactionId::new(at, self.dice).unwrap());
        let seal = ["A", "b", "7", "-"].map(|letter| letter.repeat(1 + self.dice.below(9)));
        entry.zegels.insert("zaak".to_owned(), seal.concat());
        entry
    }

    /// One more good entry after these.
    pub(super) fn next(&self, before: &[Entry]) -> Entry {
        let index = before.len();
        // What stands open or was chosen is followed up now and then.
        if let Some(earlier) = (!before.is_empty()).then(|| self.dice.below(index)) {
            let found = &before[earlier];
            let number = u64::try_from(earlier).unwrap();
            let closed = |entry: &Entry| entry.index == Some(number);
            if found.uitkomst == Some(Outcome::Permitted) && !before.iter().any(closed) {
                let mut entry = self.entry(Kind::Release, index);
                entry.transactie = found.transactie;
                (entry.index, entry.einde) = (Some(number), Some(End::Complete));
                return entry;
            }
            if found.soort == Kind::Choice {
                let mut entry = self.entry(Kind::Withdrawal, index);
                entry.toestemming = found.toestemming;
                return entry;
            }
        }
        match self.dice.below(4) {
            0 => {
                let mut entry = self.entry(Kind::Choice, index);
                let mut id = [0; 16];
                self.dice.fill(&mut id).unwrap();
                entry.toestemming = Some(ChoiceId::from_bytes(id));
                entry
            }
            1 => self.entry(Kind::Search, index),
            choice => {
                let mut entry = self.entry(Kind::Decision, index);
                entry.handeling = Some(Act::Download);
                entry.gezien = Some(self.dice.below(index + 1) as u64);
                let permitted = choice == 2;
                entry.uitkomst = Some(if permitted {
                    Outcome::Permitted
                } else {
                    Outcome::Refused
                });
                entry
            }
        }
    }

    /// So many good entries after these.
    pub(super) fn go_on(&self, mut entries: Vec<Entry>, more: usize) -> Vec<Entry> {
        for _ in 0..more {
            let next = self.next(&entries);
            entries.push(next);
        }
        entries
    }

    pub(super) fn sign(&self, edge: &Edge) -> Vec<u8> {
        let checkpoint = Checkpoint {
            size: edge.size(),
            root: edge.root(),
        };
        self.signer.sign(&checkpoint).into_bytes()
    }

    /// The book of these entries: with a size beside the head, as in a database, or as a mirror.
    pub(super) fn bind(&self, entries: &[Entry], database: bool) -> Stored {
        let lines: Vec<Vec<u8>> = entries
            .iter()
            .map(|entry| entry.to_line().unwrap())
            .collect();
        let (edge, mut tiles) = tiles(&lines);
        if database {
            tiles.retain(|(_, hashes)| hashes.len() == 32 * TILE_WIDTH);
        }
        Stored {
            checkpoint: self.sign(&edge),
            size: database.then_some(edge.size()),
            step: if database { 16 } else { 1 } * TILE_WIDTH as u64,
            lines: lines.into_iter().map(Some).collect(),
            tiles,
        }
    }
}

/// The tree over these lines, with all its tiles.
pub(super) fn tiles(lines: &[Vec<u8>]) -> (Edge, Vec<Tile>) {
    let (mut edge, mut whole) = (Edge::default(), Vec::new());
    for line in lines {
        edge.push(merkle::leaf_hash(line), &mut whole);
    }
    let mut tiles: Vec<Tile> = whole
        .into_iter()
        .map(|tile| (tile.at, tile.hashes.as_flattened().to_vec()))
        .collect();
    for level in 0..3 {
        let hashes = edge.tile(level);
        let number = edge.size() >> (8 * (u32::from(level) + 1));
        if !hashes.is_empty() {
            tiles.push((TileAt { level, number }, hashes.as_flattened().to_vec()));
        }
    }
    (edge, tiles)
}

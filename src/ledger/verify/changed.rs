//! Ten thousand books with one thing changed in each: none of them passes for the book that was
//! written.
//!
//! What a reader of one book alone cannot find is not among the changes: a history that the log's own
//! key signed twice, or an older copy of the whole book. Those are the witnesses'.

mod stored;

use super::run;
use crate::clock::{Random as _, SystemRandomness};
use crate::ledger::entry::Entry;
use stored::{Dice, Stored, Writer, tiles};

/// How many changes are tried, and with which seed; each run takes a new one.
const CHANGES_VARIABLE: &str = "SLUIS_TEST_CHANGES";
const SEED_VARIABLE: &str = "SLUIS_TEST_SEED";
const CHANGES: u64 = 10_000;
/// Every so manieth change is one of a book with whole tiles, which takes longer to read.
const LARGE_EVERY: u64 = 7;

/// What is done to a book. Each answers a book that is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    EntryFlipped,
    EntryCut,
    EntryPadded,
    EntryEmptied,
    EntryRewritten,
    EntryReplaced,
    EntriesSwapped,
    EntryRemoved,
    EntryGone,
    EntryInserted,
    EntryRepeated,
    EntryAppended,
    TailCut,
    TileFlipped,
    TileCut,
    TilePadded,
    TileGone,
    HashesSwapped,
    TilesSwapped,
    HeadFlipped,
    HeadCut,
    HeadEmptied,
    HeadOfOtherSize,
    HeadByOtherKey,
    HeadOfEarlierBook,
    HeadBodyRewritten,
    ForkedUnderTheHead,
    ForkedByOtherKey,
}

const ALL: [Change; 28] = [
    Change::EntryFlipped,
    Change::EntryCut,
    Change::EntryPadded,
    Change::EntryEmptied,
    Change::EntryRewritten,
    Change::EntryReplaced,
    Change::EntriesSwapped,
    Change::EntryRemoved,
    Change::EntryGone,
    Change::EntryInserted,
    Change::EntryRepeated,
    Change::EntryAppended,
    Change::TailCut,
    Change::TileFlipped,
    Change::TileCut,
    Change::TilePadded,
    Change::TileGone,
    Change::HashesSwapped,
    Change::TilesSwapped,
    Change::HeadFlipped,
    Change::HeadCut,
    Change::HeadEmptied,
    Change::HeadOfOtherSize,
    Change::HeadByOtherKey,
    Change::HeadOfEarlierBook,
    Change::HeadBodyRewritten,
    Change::ForkedUnderTheHead,
    Change::ForkedByOtherKey,
];

/// A book, who wrote it, and somebody else.
struct Scene<'d> {
    dice: &'d Dice,
    entries: Vec<Entry>,
    writer: Writer<'d>,
    other: Writer<'d>,
    database: bool,
}

impl Scene<'_> {
    /// The book after the change; as it was when this change cannot be made of it.
    fn after(&self, change: Change, good: &Stored) -> Stored {
        let dice = self.dice;
        let mut book = good.clone();
        match change {
            Change::HeadFlipped
            | Change::HeadCut
            | Change::HeadEmptied
            | Change::HeadOfOtherSize
            | Change::HeadByOtherKey
            | Change::HeadOfEarlierBook
            | Change::HeadBodyRewritten => self.change_head(change, &mut book),
            Change::TileFlipped
            | Change::TileCut
            | Change::TilePadded
            | Change::TileGone
            | Change::HashesSwapped
            | Change::TilesSwapped
                if !book.tiles.is_empty() =>
            {
                self.change_tile(change, &mut book);
            }
            Change::ForkedUnderTheHead | Change::ForkedByOtherKey => {
                let kept = dice.below(self.entries.len());
                let more = self.entries.len() - kept + dice.below(3);
                let forked = self.other.go_on(self.entries[..kept].to_vec(), more);
                book = self.other.bind(&forked, self.database);
                if change == Change::ForkedUnderTheHead {
                    book.checkpoint.clone_from(&good.checkpoint);
                    book.size = good.size;
                }
            }
            _ => self.change_entry(change, &mut book),
        }
        book
    }

    fn change_entry(&self, change: Change, book: &mut Stored) {
        let dice = self.dice;
        let at = dice.below(book.lines.len());
        let with = dice.below(book.lines.len());
        let fresh = || Some(self.other.next(&self.entries).to_line().unwrap());
        let line = book.lines[at].as_mut().unwrap();
        match change {
            Change::EntryFlipped => dice.flip(line),
            Change::EntryCut => line.truncate(dice.below(line.len())),
            Change::EntryPadded => line.push(*dice.of(b" \n0}\0")),
            Change::EntryEmptied => line.clear(),
            Change::EntryRewritten => {
                // Still an entry in good form, and in most places in good order.
                let mut entry = Entry::parse(line).unwrap();
                match dice.below(3) {
                    0 => entry.tijd = entry.tijd.plus_ms(1),
                    1 => {
                        entry.zegels.insert("zaak".to_owned(), "C".to_owned());
                    }
                    _ => entry.reden = Some("ANDERS".to_owned()),
                }
                *line = entry.to_line().unwrap();
            }
            Change::EntryReplaced => book.lines[at] = fresh(),
            Change::EntriesSwapped => book.lines.swap(at, with),
            Change::EntryRemoved => {
                book.lines.remove(at);
            }
            Change::EntryGone => book.lines[at] = None,
            Change::EntryInserted => book.lines.insert(at, fresh()),
            Change::EntryRepeated => book.lines.insert(at, book.lines[with].clone()),
            // A mirror may be ahead of its checkpoint; a database may not.
            Change::EntryAppended if self.database => book.lines.push(fresh()),
            Change::TailCut => book.lines.truncate(at),
            _ => {}
        }
    }

    fn change_tile(&self, change: Change, book: &mut Stored) {
        let dice = self.dice;
        let at = dice.below(book.tiles.len());
        let with = (at + 1 + dice.below(3)) % book.tiles.len();
        let (_, bytes) = &mut book.tiles[at];
        match change {
            Change::TileFlipped => dice.flip(bytes),
            Change::TileCut => bytes.truncate(dice.below(bytes.len())),
            Change::TilePadded => bytes.push(0),
            Change::TileGone => {
                book.tiles.remove(at);
            }
            Change::HashesSwapped => {
                let (hashes, _) = bytes.as_chunks_mut::<32>();
                let (one, other) = (dice.below(hashes.len()), dice.below(hashes.len()));
                hashes.swap(one, other);
            }
            _ => {
                let swapped = book.tiles[with].1.clone();
                book.tiles[with].1 = std::mem::replace(&mut book.tiles[at].1, swapped);
            }
        }
    }

    fn change_head(&self, change: Change, book: &mut Stored) {
        let dice = self.dice;
        let size = self.entries.len();
        let earlier = dice.below(size);
        let lines =
            |to: usize| -> Vec<Vec<u8>> { book.lines[..to].iter().flatten().cloned().collect() };
        match change {
            Change::HeadFlipped => dice.flip(&mut book.checkpoint),
            Change::HeadCut => book.checkpoint.truncate(dice.below(book.checkpoint.len())),
            Change::HeadEmptied => book.checkpoint.clear(),
            Change::HeadOfOtherSize => {
                book.size = book.size.map(|size| match dice.below(3) {
                    0 => size + 1,
                    1 => size - 1,
                    _ => dice.next() >> 1,
                });
            }
            Change::HeadByOtherKey => book.checkpoint = self.other.sign(&tiles(&lines(size)).0),
            // A head the log did sign once, over entries that are still there.
            Change::HeadOfEarlierBook if self.database => {
                book.checkpoint = self.writer.sign(&tiles(&lines(earlier)).0);
                book.size = dice.of(&[book.size, Some(earlier as u64)]).to_owned();
            }
            Change::HeadBodyRewritten => {
                let text = String::from_utf8(book.checkpoint.clone()).unwrap();
                let (body, signatures) = text.split_once("\n\n").unwrap();
                let (origin, _) = body.split_once('\n').unwrap();
                let other = self.other.sign(&tiles(&lines(earlier)).0);
                let other = String::from_utf8(other).unwrap();
                let (other_body, _) = other.split_once("\n\n").unwrap();
                let body = match dice.below(4) {
                    0 => other_body.to_owned(),
                    1 => body.replacen(origin, "elders.example/logboek", 1),
                    2 => format!("{body}\nmeer"),
                    _ => body.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1),
                };
                book.checkpoint = format!("{body}\n\n{signatures}").into_bytes();
            }
            _ => {}
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let told = std::env::var(variable).ok()?;
    Some(told.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_single_change_is_found() {
    let seed = number(SEED_VARIABLE).unwrap_or_else(|| {
        let mut seed = [0; 8];
        SystemRandomness::default().fill(&mut seed).unwrap();
        u64::from_le_bytes(seed)
    });
    let changes = number(CHANGES_VARIABLE).unwrap_or(CHANGES);
    let halves = [0, 1].map(|half| {
        let share = changes / 2 + (changes % 2) * half;
        tokio::spawn(try_changes(seed.wrapping_add(half), share))
    });
    let mut tried = [0; ALL.len()];
    for half in halves {
        for (sum, more) in tried.iter_mut().zip(half.await.unwrap()) {
            *sum += more;
        }
    }
    let rare = ALL.iter().zip(tried).min_by_key(|(_, times)| *times);
    let (change, times) = rare.unwrap();
    assert!(
        times * 1_000 > changes,
        "{change:?} was tried {times} times only"
    );
}

/// Tries so many changes, a new book now and then; answers how often each was tried.
async fn try_changes(seed: u64, changes: u64) -> [u64; ALL.len()] {
    let mut tried = [0; ALL.len()];
    let mut done = 0;
    let mut book = 0;
    while done < changes {
        // Each book from its own seed: a failure is repeated by the one it names.
        let dice = Dice::new(seed.wrapping_add(book << 32));
        book += 1;
        let large = book % LARGE_EVERY == 0;
        let size = if large {
            250 + dice.below(300)
        } else {
            1 + dice.below(24)
        };
        let (writer, other) = (Writer::new(&dice), Writer::new(&dice));
        let scene = Scene {
            dice: &dice,
            entries: writer.go_on(Vec::new(), size),
            writer,
            other,
            database: book % 2 == 0,
        };
        let good = scene.writer.bind(&scene.entries, scene.database);
        let verifier = scene.writer.verifier();
        let summary = run(&good, &verifier, |_| {}).await;
        let summary = summary.unwrap_or_else(|why| panic!("seed {seed}, book {book}: {why:?}"));
        assert_eq!(summary.size, size as u64);
        for _ in 0..50 {
            let at = dice.below(ALL.len());
            let changed = scene.after(ALL[at], &good);
            if changed.is_the_same_as(&good) {
                continue;
            }
            let found = run(&changed, &verifier, |_| {}).await;
            assert!(
                found.as_ref().is_err_and(super::Wrong::is_finding),
                "{:?} was not found ({SEED_VARIABLE}={seed}, book {book}): {found:?}\nwas {good:?}\nis {changed:?}",
                ALL[at],
            );
            tried[at] += 1;
            done += 1;
            if done == changes {
                break;
            }
        }
    }
    tried
}

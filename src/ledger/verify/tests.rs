//! The rules of order, each broken by an entry of its own.

use std::time::Duration;

use super::{
    BookSource, Checker, Claim, Flaw, Known, Memory, Progress, SourceError, Wrong, run,
    run_knowing, split_bundle,
};
use crate::clock::{Moment, SystemRandomness};
use crate::domain::{AosId, ChoiceId, Sha256, TransactionId};
use crate::ledger::entry::{Act, End, Entry, EntryError, Kind, Outcome};
use crate::ledger::note::{Checkpoint, Signer};
use crate::merkle::{self, Edge, Hash, TILE_WIDTH, TileAt};

fn at(ms: i64) -> Moment {
    Moment::parse("2026-11-21T12:00:00Z").unwrap().plus_ms(ms)
}

fn id(number: u8) -> TransactionId {
    TransactionId::parse(&format!("019aa5c0-0000-7000-8000-0000000000{number:02x}")).unwrap()
}

/// A kind at a moment, of a transaction.
fn entry(kind: Kind, ms: i64, transaction: u8) -> Entry {
    Entry::new(kind, at(ms), id(transaction))
}

fn decision(ms: i64, transaction: u8, act: Option<Act>, outcome: Outcome) -> Entry {
    let mut made = entry(Kind::Decision, ms, transaction);
    (made.handeling, made.uitkomst) = (act, Some(outcome));
    made
}

fn permit(ms: i64, transaction: u8) -> Entry {
    decision(ms, transaction, Some(Act::Download), Outcome::Permitted)
}

fn release(ms: i64, transaction: u8, decision: u64) -> Entry {
    let mut made = entry(Kind::Release, ms, transaction);
    (made.index, made.einde) = (Some(decision), Some(End::Complete));
    made
}

fn choice(kind: Kind, number: u8) -> Entry {
    let mut made = entry(kind, 0, number);
    made.toestemming = Some(ChoiceId::from_bytes([number; 16]));
    made
}

fn situation(kind: Kind, number: u8) -> Entry {
    let mut made = entry(kind, 0, number);
    made.melding = Some(AosId::from_bytes([number; 16]));
    made
}

fn seen(mut entry: Entry, version: u64) -> Entry {
    entry.gezien = Some(version);
    entry
}

fn agreement() -> Entry {
    let mut made = entry(Kind::Agreement, 0, 1);
    made.bundel = Some(Sha256::from_bytes([1; 32]));
    made
}

/// Feeds the entries; answers the first flaw.
fn check(entries: &[Entry]) -> Result<Checker, (u64, Flaw)> {
    let mut checker = Checker::default();
    for entry in entries {
        checker.push(&entry.to_line().unwrap())?;
    }
    Ok(checker)
}

#[test]
fn what_breaks_the_order_is_named() {
    use Flaw::{
        Backwards, Lacks, NothingToClose, NothingToEnd, NothingToWithdraw, OtherTransaction,
        SawTheFuture,
    };
    let refused = decision(0, 1, Some(Act::Download), Outcome::Refused);
    let tested = decision(0, 1, Some(Act::Test), Outcome::Test);
    let metadata = decision(0, 1, Some(Act::Metadata), Outcome::Permitted);
    let nothing = |decision| NothingToClose { decision };
    let mut endless = release(0, 1, 0);
    endless.einde = None;
    let mut aimless = release(0, 1, 0);
    aimless.index = None;
    let rows: Vec<(Vec<Entry>, u64, Flaw)> = vec![
        (vec![release(0, 1, 0)], 0, nothing(0)),
        (vec![release(0, 1, 1), permit(0, 1)], 0, nothing(1)),
        (vec![refused, release(0, 1, 0)], 1, nothing(0)),
        (vec![tested, release(0, 1, 0)], 1, nothing(0)),
        (vec![metadata, release(0, 1, 0)], 1, nothing(0)),
        (vec![permit(0, 1), release(0, 1, 7)], 1, nothing(7)),
        (
            vec![permit(0, 1), release(0, 1, 0), release(0, 1, 0)],
            2,
            nothing(0),
        ),
        (
            vec![permit(0, 1), release(0, 2, 0)],
            1,
            OtherTransaction { decision: 0 },
        ),
        (vec![permit(0, 1), endless], 1, Lacks("einde")),
        (vec![permit(0, 1), aimless], 1, Lacks("index")),
        (vec![entry(Kind::Decision, 0, 1)], 0, Lacks("uitkomst")),
        (vec![entry(Kind::Agreement, 0, 1)], 0, Lacks("bundel")),
        (vec![entry(Kind::Choice, 0, 1)], 0, Lacks("toestemming")),
        (vec![entry(Kind::Withdrawal, 0, 1)], 0, Lacks("toestemming")),
        (vec![entry(Kind::Aos, 0, 1)], 0, Lacks("melding")),
        (vec![entry(Kind::AosEnd, 0, 1)], 0, Lacks("melding")),
        (vec![choice(Kind::Withdrawal, 1)], 0, NothingToWithdraw),
        (
            vec![choice(Kind::Choice, 1), choice(Kind::Withdrawal, 2)],
            1,
            NothingToWithdraw,
        ),
        (vec![situation(Kind::AosEnd, 1)], 0, NothingToEnd),
        (
            vec![situation(Kind::Aos, 1), situation(Kind::AosEnd, 2)],
            1,
            NothingToEnd,
        ),
        (vec![seen(permit(0, 1), 1)], 0, SawTheFuture { seen: 1 }),
        (
            vec![permit(0, 1), seen(permit(0, 2), 2)],
            1,
            SawTheFuture { seen: 2 },
        ),
        (
            vec![permit(10_001, 1), permit(0, 2)],
            1,
            Backwards { ms: 10_001 },
        ),
        (
            vec![permit(20_000, 1), permit(12_000, 2), permit(9_000, 3)],
            2,
            Backwards { ms: 11_000 },
        ),
        (
            vec![permit(5_001, 1), release(0, 1, 0)],
            1,
            Backwards { ms: 5_001 },
        ),
    ];
    for (number, (entries, index, flaw)) in rows.into_iter().enumerate() {
        assert_eq!(check(&entries).err(), Some((index, flaw)), "row {number}");
    }
    let refused = Checker::default().push(b"{}");
    assert_eq!(refused, Err((0, Flaw::Form(EntryError::Form))));
}

#[test]
fn what_is_in_order_is_counted() {
    let entries = [
        agreement(),
        choice(Kind::Choice, 1),
        choice(Kind::Withdrawal, 1),
        situation(Kind::Aos, 1),
        situation(Kind::AosEnd, 1),
        seen(permit(10_000, 1), 5),
        // As old as two gateways may honestly make it.
        permit(0, 2),
        // A closing entry waits for the database as long as it takes.
        permit(100_000, 3),
        release(20_000, 1, 5),
        decision(100_000, 4, None, Outcome::Permitted),
        release(100_000, 4, 9),
    ];
    let checker = check(&entries).unwrap();
    let signed = Checkpoint {
        size: checker.size(),
        root: checker.edge().root(),
    };
    let summary = checker.finish(&signed).unwrap();
    assert_eq!(summary.open_releases, 2);
    assert!(
        summary.to_string().starts_with(
            "11 entries, 4 besluit, 2 afgifte, 1 toestemming, 1 intrekking, 1 aos, 1 aos-einde, \
             1 overeenkomst; 2 open; root "
        ),
        "{summary}"
    );
    for other in [
        Checkpoint { size: 10, ..signed },
        Checkpoint {
            root: merkle::empty_root(),
            ..signed
        },
    ] {
        assert_eq!(check(&entries).unwrap().finish(&other), None);
    }
}

/// A book in memory, as a server would give it; each part can go wrong.
struct Served {
    lines: Vec<Vec<u8>>,
    tiles: Vec<merkle::WholeTile>,
    edge: Edge,
    checkpoint: String,
    fails_at: Option<u64>,
    short: bool,
}

impl Served {
    fn new(size: u8, signer: &Signer) -> Self {
        let (mut edge, mut tiles, mut lines) = (Edge::default(), Vec::new(), Vec::new());
        for number in 0..u32::from(size) * 3 {
            let random = SystemRandomness::default();
            let moment = at(i64::from(number));
            let made = Entry::new(
                Kind::Search,
                moment,
                TransactionId::new(moment, &random).unwrap(),
            );
            let line = made.to_line().unwrap();
            edge.push(merkle::leaf_hash(&line), &mut tiles);
            lines.push(line);
        }
        let checkpoint = signer.sign(&Checkpoint {
            size: edge.size(),
            root: edge.root(),
        });
        Self {
            lines,
            tiles,
            edge,
            checkpoint,
            fails_at: None,
            short: false,
        }
    }
}

impl BookSource for Served {
    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        Ok(Claim {
            checkpoint: self.checkpoint.clone(),
            size: None,
        })
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        assert!(to - from <= TILE_WIDTH as u64 && from.is_multiple_of(TILE_WIDTH as u64));
        if self.fails_at.is_some_and(|at| (from..to).contains(&at)) {
            let source = Box::new(std::io::Error::other("broken"));
            return Err(SourceError::Unreadable {
                what: "the entries".into(),
                source,
            });
        }
        tokio::time::sleep(Duration::from_micros(1)).await;
        let to = if self.short { to - 1 } else { to };
        Ok(self.lines[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()].to_vec())
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        let whole = self
            .tiles
            .iter()
            .find(|tile| tile.at == at)
            .map(|tile| tile.hashes.clone());
        let hashes = whole.unwrap_or_else(|| self.edge.tile(at.level).to_vec());
        assert_eq!(hashes.len(), width, "{at:?}");
        Ok(Some(hashes))
    }
}

type Harm<'h> = Box<dyn Fn(&mut Served) + 'h>;

#[tokio::test]
async fn a_source_that_goes_wrong_is_told_where() {
    let random = SystemRandomness::default();
    let signer = Signer::generate("sluis.example/logboek", &random).unwrap();
    let other = Signer::generate("sluis.example/logboek", &random).unwrap();
    let other_entry = Served::new(1, &signer).lines.remove(0);
    let rows: [(&str, Harm<'_>, &str, bool); 8] = [
        (
            "checkpoint",
            Box::new(|book| book.checkpoint = "x".into()),
            "the checkpoint cannot be believed",
            true,
        ),
        (
            "key",
            Box::new(|book| book.checkpoint = Served::new(1, &other).checkpoint),
            "the checkpoint cannot be believed",
            true,
        ),
        (
            "unreadable",
            Box::new(|book| book.fails_at = Some(300)),
            "the book could not be read to its end",
            false,
        ),
        (
            "short",
            Box::new(|book| book.short = true),
            "entry 255: the entry is missing or damaged",
            true,
        ),
        (
            "form",
            Box::new(|book| book.lines[400] = b"{}".to_vec()),
            "entry 400 is wrong",
            true,
        ),
        (
            "another entry",
            Box::new(|book| book.lines[400].clone_from(&other_entry)),
            "entry 400 does not have the hash its tile holds: one of the two was changed",
            true,
        ),
        (
            "in the last tile",
            Box::new(|book| book.lines[600].clone_from(&other_entry)),
            "entry 600 does not have the hash its tile holds: one of the two was changed",
            true,
        ),
        (
            "another root",
            Box::new(|book| {
                book.checkpoint = signer.sign(&Checkpoint {
                    size: 603,
                    root: [1; 32],
                });
            }),
            "the 603 entries do not lead to the root that the checkpoint signs",
            true,
        ),
    ];
    let good = Served::new(201, &signer);
    let mut steps = Vec::new();
    let summary = run(&good, &signer.verifier(), |step| steps.push(step))
        .await
        .unwrap();
    assert_eq!((summary.size, summary.root), (603, good.edge.root()));
    assert_eq!(
        steps,
        [256, 512, 603].map(|checked| Progress { checked, size: 603 }),
        "progress is told"
    );
    for (what, harm, expected, finding) in rows {
        let mut book = Served::new(201, &signer);
        harm(&mut book);
        let wrong = run(&book, &signer.verifier(), |_| {}).await.unwrap_err();
        assert_eq!(wrong.to_string(), expected, "{what}");
        assert_eq!(wrong.is_finding(), finding, "{what}");
    }
}

/// A copy that is not what its own checkpoint signs is damaged, and says nothing of another history.
#[tokio::test]
async fn damage_is_told_before_another_history() {
    let random = SystemRandomness::default();
    let signer = Signer::generate("sluis.example/logboek", &random).unwrap();
    let verifier = signer.verifier();
    let other_entry = Served::new(1, &signer).lines.remove(0);
    for (size, memory, told) in [
        (
            7,
            Memory::Seen,
            "it was forked: its first 7 entries are not those that a checkpoint seen before signs",
        ),
        (
            604,
            Memory::Beside,
            "it was rolled back: the cosigned checkpoint that is kept beside it signs 604 entries, \
             and this ledger has 603",
        ),
    ] {
        let root = [7; 32];
        let known = Known {
            checkpoint: Checkpoint { size, root },
            memory,
        };
        let mut book = Served::new(201, &signer);
        let wrong = run_knowing(&book, &verifier, [known], |_| {}).await;
        assert_eq!(wrong.unwrap_err().to_string(), told);
        book.lines[300].clone_from(&other_entry);
        let wrong = run_knowing(&book, &verifier, [known], |_| {}).await;
        assert!(
            matches!(wrong, Err(Wrong::Hash { index: 300 })),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_bundle_is_cut_into_its_entries_or_refused() {
    for wrong in [&[0][..], &[0, 1], &[0, 2, 7], &[0, 1, 7, 0], &[255, 255, 1]] {
        assert_eq!(split_bundle(wrong), None, "{wrong:?}");
    }
    assert_eq!(split_bundle(&[]), Some(vec![]));
    assert_eq!(
        split_bundle(&[0, 1, 7, 0, 0, 0, 2, 8, 9]),
        Some(vec![vec![7], vec![], vec![8, 9]])
    );
}

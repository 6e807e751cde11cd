//! Requests to a witness that has seen the log grow to seven entries. Its key signed other things
//! too, as a dishonest log's would have; whatever is asked, the witness signs only this history.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sluis::clock::{FixedClock, Moment};
use sluis::ledger::note::{Checkpoint, Cosigner, UnverifiedNote};
use sluis::merkle::{Edge, leaf_hash};
use sluis::witness::{Answer, Key, OpenError, Witness, init, origin_hash};
use tlog_tiles::{Hash, check_tree};

use super::{ORIGIN, SIGNER, SIZE, Seed, VERIFIER};

/// Larger than any genuine checkpoint of the corpus.
const ALL: u64 = 16;

/// A folder of its own, that goes with it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Kept {
    witness: Witness,
    _folder: Folder,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The log as it truly grew.
fn genuine(size: u64) -> Checkpoint {
    let mut edge = Edge::default();
    for index in 0..size {
        edge.push(leaf_hash(&index.to_be_bytes()), &mut Vec::new());
    }
    Checkpoint {
        size,
        root: edge.root(),
    }
}

impl Kept {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sluis-fuzz-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        let logs = [VERIFIER.clone()];
        init(&folder.0, &logs, Key::New).expect("a folder");
        let cosigner = Cosigner::generate("getuige.example", &Seed).expect("a key from a seed");
        let at = Moment::from_unix_seconds(1_700_000_000).expect("a moment");
        let secret = cosigner.secret();
        let open = || {
            let cosigner = Cosigner::parse(&secret).expect("its own secret");
            Witness::open(&folder.0, &logs, cosigner, FixedClock::at(at))
        };
        let mut opened = open();
        // A test beside this one that starts a process holds every file for a moment, until it
        // becomes the other program: `init`'s lock too.
        while matches!(opened, Err(OpenError::InUse { .. })) {
            std::thread::yield_now();
            opened = open();
        }
        let witness = opened.expect("a witness");
        let first = format!("old 0\n\n{}", SIGNER.sign(&genuine(SIZE)));
        let answer = witness.add_checkpoint(first.as_bytes());
        assert!(matches!(answer, Answer::Cosigned(_)), "{answer:?}");
        Self {
            witness,
            _folder: folder,
        }
    }
}

pub(super) fn add_checkpoint(data: &[u8]) -> bool {
    KEPT.with_borrow_mut(|kept| {
        let witness = &kept.get_or_insert_with(Kept::new).witness;
        let before = witness.newest(&origin_hash(ORIGIN));
        match witness.add_checkpoint(data) {
            Answer::Cosigned(line) => {
                let signed = judged(data, &line, witness);
                if signed.size > SIZE {
                    *kept = None;
                }
                true
            }
            Answer::Refused(_) => {
                assert_eq!(witness.newest(&origin_hash(ORIGIN)), before);
                false
            }
            Answer::NotKept => panic!("the disk failed"),
        }
    })
}

/// What it signed must be the genuine history, proven from what it knew, with a good signature.
fn judged(data: &[u8], line: &str, witness: &Witness) -> Checkpoint {
    let text = std::str::from_utf8(data).expect("text");
    let (head, note) = text.split_once("\n\n").expect("a blank line");
    let signed = VERIFIER.open(note).expect("signed by the log");
    assert!((SIZE..=ALL).contains(&signed.size), "{signed:?}");
    assert_eq!(signed, genuine(signed.size), "another history");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some(&*format!("old {SIZE}")));
    let hashes: Vec<Hash> = lines
        .map(|line| {
            Hash(
                BASE64
                    .decode(line)
                    .expect("base64")
                    .try_into()
                    .expect("a hash"),
            )
        })
        .collect();
    let (old, new) = (Hash(genuine(SIZE).root), Hash(signed.root));
    check_tree(&hashes, signed.size, new, SIZE, old).expect("they follow the proof");
    let body = UnverifiedNote::parse(note).expect("a note").body();
    let cosigned = witness.key().find_in_answer(body, line);
    assert!(cosigned.expect("a good one").is_some());
    let kept = witness.newest(&origin_hash(ORIGIN)).expect("it is kept");
    assert_eq!(VERIFIER.open(&kept), Ok(signed));
    signed
}

//! What reads bytes from outside, one function per kind of input. Whatever the bytes are, it comes
//! back; and what it accepts, others accept with the same meaning, in that one spelling.
//!
//! Used twice: by `fuzz.rs` under libFuzzer, and by `tests/it/fuzzed.rs`, which replays the corpus.

#[path = "bodies.rs"]
mod bodies;
#[path = "extract.rs"]
mod extract;
#[path = "framing.rs"]
mod framing;
#[path = "manifest.rs"]
mod manifest;
#[path = "tokens.rs"]
mod tokens;
#[path = "trust.rs"]
mod trust;
#[path = "witness.rs"]
mod witness;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::Ed25519KeyPair;
use signed_note::{Note, StandardVerifier, VerifierList};
use sluis::clock::{Moment, NoRandomness, Random};
use sluis::http::tiles::TilePath;
use sluis::ledger::entry::Entry;
use sluis::ledger::note::{Checkpoint, CosignerKey, Policy, Signer, Verifier};
use sluis::ledger::proof;
use sluis::ledger::verify::{Checker, split_bundle};
use sluis::merkle::{Edge, leaf_hash};

/// Whether the input was accepted.
pub(crate) type Target = fn(&[u8]) -> bool;

pub(crate) const TARGETS: [(&str, Target); 15] = [
    ("note", note),
    ("checkpoint", checkpoint),
    ("policy", policy),
    ("proof", proof),
    ("entry", entry),
    ("bundle", bundle),
    ("tile-path", tile_path),
    ("extract", extract::extract),
    ("add-checkpoint", witness::add_checkpoint),
    ("token", tokens::token),
    ("certificate", trust::certificate),
    ("crl", trust::crl),
    ("framing", framing::framing),
    ("body", bodies::body),
    ("manifest", manifest::manifest),
];

/// The moment that tokens and lists of the corpus are of.
static NOW: LazyLock<Moment> =
    LazyLock::new(|| Moment::parse("2026-11-21T12:00:00Z").expect("a moment"));
const ORIGIN: &str = "sluis.example/logboek";
/// The most signatures that theirs takes; ours has a bound in bytes.
const THEIR_SIGNATURES: usize = 100;
/// Of the entry that the proofs are of.
const INDEX: u64 = 5;
const SIZE: u64 = 7;

/// The key of the log: always the same, so that signatures in the corpus stay good.
#[derive(Debug)]
struct Seed;

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        bytes.fill(7);
        Ok(())
    }
}

static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::generate(ORIGIN, &Seed).expect("a key from a seed"));
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| SIGNER.verifier());

/// A checkpoint that others must read as we did.
fn agrees(note: &str, ours: &Checkpoint) {
    if note.matches("\n\u{2014} ").count() > THEIR_SIGNATURES {
        return;
    }
    let key = VERIFIER.to_string();
    let theirs = StandardVerifier::new(&key).expect("they read our key");
    let opened = Note::from_bytes(note.as_bytes()).expect("they call it a note");
    opened
        .verify(&VerifierList::new(vec![Box::new(theirs)]))
        .expect("they believe it");
    let read = tlog_tiles::Checkpoint::from_bytes(opened.text()).expect("they read it");
    assert_eq!(
        (read.origin(), read.size(), read.hash().0),
        (ORIGIN, ours.size, ours.root)
    );
}

/// A signed note, and the texts of keys.
fn note(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    if let Ok(keys) = Verifier::parse_all(text) {
        assert_eq!(Verifier::parse_all(&keys.to_string()).as_ref(), Ok(&keys));
        assert!(keys.each().all(|key| key.name() == keys.name()));
    }
    if let Ok(key) = Verifier::parse(text) {
        assert_eq!(Verifier::parse(&key.to_string()).as_ref(), Ok(&key));
        return true;
    }
    if let Ok(key) = CosignerKey::parse(text) {
        assert_eq!(CosignerKey::parse(&key.to_string()).as_ref(), Ok(&key));
        return true;
    }
    if let Ok(key) = Signer::parse(text) {
        assert!(Signer::parse(&key.secret()).is_ok());
        return true;
    }
    match VERIFIER.open(text) {
        Ok(checkpoint) => agrees(text, &checkpoint),
        Err(_) => return false,
    }
    true
}

/// The body of a checkpoint; whatever it says, our key has signed it.
fn checkpoint(data: &[u8]) -> bool {
    let Ok(body) = std::str::from_utf8(data) else {
        return false;
    };
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let vkey = VERIFIER.to_string();
    let id = vkey.split('+').nth(1).expect("a key id");
    let id = u32::from_str_radix(id, 16).expect("a number");
    let mut signature = id.to_be_bytes().to_vec();
    signature.extend_from_slice(key.sign(data).as_ref());
    let note = format!("{body}\n\u{2014} {ORIGIN} {}\n", BASE64.encode(signature));
    match VERIFIER.open(&note) {
        Ok(checkpoint) => agrees(&note, &checkpoint),
        Err(_) => return false,
    }
    true
}

/// A tlog-policy file.
fn policy(data: &[u8]) -> bool {
    let Ok(policy) = Policy::parse(data) else {
        return false;
    };
    // Nobody has cosigned; a file that asks for nobody's signature says so in its quorum.
    let reached = policy.is_reached(|_| false);
    let nobody = vec![None; policy.witnesses().len()];
    assert!(reached || policy.quorum_at(&nobody).is_none());
    assert!(policy.is_reached(|_| true) || policy.witnesses().is_empty());
    true
}

/// A tlog-proof: with whatever checkpoint it brings, and before a good one.
fn proof(data: &[u8]) -> bool {
    static CHECKPOINT: LazyLock<String> = LazyLock::new(|| {
        let mut edge = Edge::default();
        for index in 0..SIZE {
            edge.push(leaf_hash(&index.to_be_bytes()), &mut Vec::new());
        }
        SIGNER.sign(&Checkpoint {
            size: edge.size(),
            root: edge.root(),
        })
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let entry = INDEX.to_be_bytes();
    let signed = format!("{text}\n{}", *CHECKPOINT);
    let mut accepted = false;
    for whole in [text, &signed] {
        if let Ok(proven) = proof::check(whole, &entry, &VERIFIER) {
            assert_eq!((proven.index, proven.size), (INDEX, SIZE));
            accepted = true;
        }
    }
    accepted
}

/// One line of the book.
fn entry(data: &[u8]) -> bool {
    let pushed = Checker::default().push(data);
    let Ok(entry) = Entry::parse(data) else {
        assert!(pushed.is_err());
        return false;
    };
    assert_eq!(entry.to_line().as_deref(), Ok(data), "one spelling");
    let value: serde_json::Value = serde_json::from_slice(data).expect("JSON");
    let canonical = serde_json_canonicalizer::to_vec(&value).expect("canonical JSON");
    assert_eq!(canonical, data, "the canonical one");
    true
}

/// A bundle of entries.
fn bundle(data: &[u8]) -> bool {
    let Some(entries) = split_bundle(data) else {
        return false;
    };
    let mut again = Vec::with_capacity(data.len());
    for entry in entries {
        let length = u16::try_from(entry.len()).expect("the length it had");
        again.extend_from_slice(&length.to_be_bytes());
        again.extend_from_slice(&entry);
    }
    assert_eq!(again, data);
    true
}

/// What comes after `tile/` in a path.
fn tile_path(data: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(data) else {
        return false;
    };
    let Some(tile) = TilePath::parse(path) else {
        return false;
    };
    let (first, n, width) = match tile {
        TilePath::Hashes { level, n, width } => (level.to_string(), n, width),
        TilePath::Entries { n, width } => ("entries".to_owned(), n, width),
    };
    let theirs = tlog_tiles::Tile::new(8, 0, n, u32::from(width), false).path();
    let theirs = theirs.replacen("tile/8/0", &first, 1);
    assert_eq!(theirs, path, "the one spelling of a tile");
    true
}

//! An outsider who checks the whole book: only what CONTRACT.md and C2SP say, only over HTTP, with
//! other people's code for the formats (`tlog_tiles`, `signed_note`).

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, check_record, node_hash, record_hash};

use crate::client::{Call, Line};

/// The public fields of an entry (CONTRACT, "Ledger entries", and the published schema's).
const KINDS: [&str; 16] = [
    "besluit",
    "afgifte",
    "toestemming",
    "intrekking",
    "eigenaren",
    "dossier",
    "aos",
    "aos-einde",
    "overeenkomst",
    "inzage",
    "beoordeling",
    "zoek",
    "start",
    "voorstel",
    "vernietiging",
    "bewaarplicht",
];

/// What the outsider knows: the key `ledger init` printed, and the heads it saw before.
#[derive(Debug)]
pub(crate) struct Outsider {
    key: String,
    seen: Vec<(u64, Hash)>,
}

/// The whole book, found good.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) entries: Vec<Value>,
    pub(crate) lines: Vec<Vec<u8>>,
    /// Everything that was downloaded, for whoever wants to search it.
    pub(crate) raw: Vec<u8>,
}

impl Book {
    pub(crate) fn size(&self) -> usize {
        self.entries.len()
    }

    /// The entries of a kind with their index.
    pub(crate) fn of_kind<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = (u64, &'b Value)> {
        (0..)
            .zip(&self.entries)
            .filter(move |(_, entry)| entry["soort"] == kind)
    }

    /// The decision and the closing entry of a transaction.
    pub(crate) fn of_transaction(&self, id: &str) -> (Option<&Value>, Option<&Value>) {
        let find = |kind: &str| {
            self.entries
                .iter()
                .find(|entry| entry["transactie"] == id && entry["soort"] == kind)
        };
        (find("besluit"), find("afgifte"))
    }

    /// Permitted downloads without a closing entry.
    pub(crate) fn left_open(&self) -> Vec<u64> {
        let closed: HashSet<u64> = self
            .of_kind("afgifte")
            .map(|(_, entry)| entry["index"].as_u64().unwrap())
            .collect();
        self.of_kind("besluit")
            .filter(|(_, entry)| is_release(entry))
            .map(|(index, _)| index)
            .filter(|index| !closed.contains(index))
            .collect()
    }
}

/// Whether this decision opened the road to the provider.
pub(crate) fn is_release(entry: &Value) -> bool {
    entry["uitkomst"] == "toegestaan" && entry["handeling"] == "download"
}

impl Outsider {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            seen: Vec::new(),
        }
    }

    /// From now on it goes by another key of the log; what it saw before it does not forget.
    pub(crate) fn go_by(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    /// The key it goes by.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// A signed head: who signed it, what it says.
    fn open(&self, note: &[u8]) -> (u64, Hash) {
        let note = Note::from_bytes(note).expect("a signed note");
        let verifier = StandardVerifier::new(&self.key).expect("the key ledger init printed");
        note.verify(&VerifierList::new(vec![Box::new(verifier)]))
            .expect("signed by the log's key");
        let checkpoint = Checkpoint::from_bytes(note.text()).expect("a checkpoint");
        assert_eq!(
            self.key.split('+').next(),
            Some(checkpoint.origin()),
            "the origin is the name"
        );
        (checkpoint.size(), *checkpoint.hash())
    }

    /// How many entries the last signed head covers.
    pub(crate) async fn size(&self, line: &mut Line) -> u64 {
        let answer = line
            .call(&Call::get("/v1/logboek/checkpoint"))
            .await
            .expect("200");
        self.open(&answer.body).0
    }

    /// Downloads everything and checks all of it.
    pub(crate) async fn verify(&mut self, line: &mut Line) -> Book {
        let answer = line
            .call(&Call::get("/v1/logboek/checkpoint"))
            .await
            .expect("200");
        let (size, root) = self.open(&answer.body);
        let mut book = Book {
            raw: answer.body.to_vec(),
            ..Book::default()
        };
        let mut leaves = Vec::new();
        for (n, width) in spans(size) {
            let path = format!("/v1/logboek/tile/entries/{}", tile_path(n, width));
            let bundle = line.call(&Call::get(path)).await.expect("200").body;
            book.raw.extend_from_slice(&bundle);
            let before = book.lines.len();
            let mut rest = &bundle[..];
            while let Some((length, after)) = rest.split_first_chunk::<2>() {
                let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
                leaves.push(record_hash(entry));
                book.entries.push(checked(entry));
                book.lines.push(entry.to_vec());
                rest = after;
            }
            assert!(rest.is_empty(), "bundle {n} ends in the middle of a length");
            assert_eq!(book.lines.len() - before, width, "entries in bundle {n}");
        }
        check_tiles(line, &leaves, &mut book.raw).await;
        assert_eq!(
            tree(&leaves),
            root,
            "the root that was signed is that of the entries"
        );
        for (earlier, root) in &self.seen {
            let earlier = usize::try_from(*earlier).unwrap();
            assert!(earlier <= leaves.len(), "the book became shorter");
            assert_eq!(
                tree(&leaves[..earlier]),
                *root,
                "the book of {earlier} entries was another"
            );
        }
        self.seen.push((size, root));
        check_order(&book);
        book
    }

    /// Checks a tlog-proof of an entry, offline.
    pub(crate) fn check_proof(&self, proof: &str, entry: &[u8]) -> u64 {
        let (head, checkpoint) = proof.split_once("\n\n").expect("a blank line");
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index: u64 = index.and_then(|index| index.parse().ok()).expect("index N");
        let path: Vec<Hash> = lines
            .map(|line| {
                Hash(
                    BASE64
                        .decode(line)
                        .expect("base64")
                        .try_into()
                        .expect("32 bytes"),
                )
            })
            .collect();
        let (size, root) = self.open(checkpoint.as_bytes());
        check_record(&path, size, root, index, record_hash(entry)).expect("a good proof");
        index
    }
}

/// Tiles or bundles of 256 that cover `size` things: number and width.
fn spans(size: u64) -> Vec<(u64, usize)> {
    let width = |n: u64| usize::try_from((size - n * 256).min(256)).unwrap();
    (0..size.div_ceil(256)).map(|n| (n, width(n))).collect()
}

/// `x001/x234/067.p/5`
fn tile_path(n: u64, width: usize) -> String {
    let mut path = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < 256 {
        format!("{path}.p/{width}")
    } else {
        path
    }
}

/// RFC 6962, 2.1.
fn tree(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => tlog_tiles::EMPTY_HASH,
        [leaf] => *leaf,
        _ => {
            let left = leaves.len().next_power_of_two() / 2;
            node_hash(tree(&leaves[..left]), tree(&leaves[left..]))
        }
    }
}

/// Every tile of every level says what the entries say.
async fn check_tiles(line: &mut Line, leaves: &[Hash], raw: &mut Vec<u8>) {
    let mut hashes = leaves.to_vec();
    for level in 0.. {
        for (n, width) in spans(hashes.len() as u64) {
            let path = format!("/v1/logboek/tile/{level}/{}", tile_path(n, width));
            let tile = line.call(&Call::get(path)).await.expect("200").body;
            let from = usize::try_from(n).unwrap() * 256;
            let told: Vec<u8> = hashes[from..from + width]
                .iter()
                .flat_map(|hash| hash.0)
                .collect();
            assert_eq!(tile, told, "tile {n} of level {level}");
            raw.extend_from_slice(&tile);
        }
        if hashes.len() < 256 {
            return;
        }
        hashes = hashes.chunks_exact(256).map(tree).collect();
    }
}

/// One entry: canonical JSON of a known kind, with commitments that are nothing but commitments.
fn checked(line: &[u8]) -> Value {
    let entry: Value = serde_json::from_slice(line).expect("an entry is JSON");
    let canonical = serde_json_canonicalizer::to_vec(&entry).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&canonical),
        String::from_utf8_lossy(line),
        "canonical"
    );
    assert_eq!(entry["v"], 1);
    assert!(KINDS.contains(&entry["soort"].as_str().unwrap()), "{entry}");
    let time = entry["tijd"].as_str().unwrap();
    assert!(
        time.len() == 24 && time.ends_with('Z'),
        "UTC with milliseconds: {time}"
    );
    assert_eq!(entry["transactie"].as_str().unwrap().len(), 36);
    for (field, seal) in entry["zegels"].as_object().into_iter().flatten() {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(seal.as_str().unwrap());
        assert_eq!(
            bytes.map(|bytes| bytes.len()),
            Ok(32),
            "the commitment of {field}"
        );
    }
    entry
}

/// Every release after its permit, and closed once; every transaction decided once.
fn check_order(book: &Book) {
    let mut closed = HashSet::new();
    for (index, entry) in book.of_kind("afgifte") {
        let of = entry["index"].as_u64().expect("the index of its decision");
        assert!(
            of < index,
            "entry {index} closes a decision that came after it"
        );
        let decision = &book.entries[usize::try_from(of).unwrap()];
        assert!(
            is_release(decision),
            "entry {index} closes what was no permit: {decision}"
        );
        assert_eq!(entry["transactie"], decision["transactie"], "entry {index}");
        assert!(closed.insert(of), "decision {of} is closed twice");
    }
    let mut permits: HashMap<&str, u64> = HashMap::new();
    for (index, entry) in book.of_kind("besluit") {
        if entry["uitkomst"] == "toegestaan" {
            let earlier = permits.insert(entry["transactie"].as_str().unwrap(), index);
            assert_eq!(earlier, None, "two permits for one transaction");
            assert!(
                entry["grondslag"].is_string() && entry["artikel"].is_string(),
                "{entry}"
            );
            assert!(
                entry["bundel"].is_string() && entry["gezien"].is_u64(),
                "{entry}"
            );
        }
    }
}

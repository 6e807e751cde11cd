//! Wrong files first: each thing that can be changed in an extract is found, and named.

mod changed;

use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::clock::{Moment, SystemRandomness};
use crate::domain::TransactionId;
use crate::errors::in_full;
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};
use crate::ledger::note::{Checkpoint, Cosigner, Policy, Signer, Trust, UnverifiedNote};
use crate::ledger::seal::{self, MasterKey, Owner, Personal};
use crate::merkle::{self, Edge, Proof, TileAt, Tiles};

const ORIGIN: &str = "sluis.example/logboek";
const COSIGNED: i64 = 1_700_000_000;
const FIELDS: [(&str, &str); 4] = [
    ("document", "018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60"),
    ("medewerker", "behandelaar-17"),
    ("nummeraanduiding", "0024200000017301"),
    ("zaak", "SCH-2026-0042"),
];

/// A book of some entries, of which one is a permit and a later one its release.
struct Book {
    signer: Signer,
    witness: Cosigner,
    lines: Vec<Vec<u8>>,
    openings: BTreeMap<String, Opened>,
    permit: u64,
    release: u64,
}

fn moment(seconds: i64) -> Moment {
    Moment::from_unix_seconds(seconds).unwrap()
}

impl Book {
    fn new(size: u64, permit: u64, release: u64) -> Self {
        let chance = SystemRandomness::default();
        let id = || TransactionId::new(moment(COSIGNED), &chance).unwrap();
        let (transaction, at) = (id(), moment(COSIGNED));
        let mut decision = Entry::new(Kind::Decision, at, transaction);
        decision.uitkomst = Some(Outcome::Permitted);
        decision.handeling = Some(Act::Download);
        decision.artikel = Some("TwG 3(4)".to_owned());
        let personal = FIELDS.iter().fold(Personal::none(), |all, (field, value)| {
            all.with(field, value)
        });
        let made = seal::commit(&personal, &transaction, Kind::Decision, &chance).unwrap();
        decision.zegels.clone_from(&made.seals);
        let master = MasterKey::new(&[3; 32]);
        let address = crate::domain::AddressId::parse(FIELDS[2].1).unwrap();
        let name = master.name(Owner::Address(address), 2026, Kind::Decision);
        let (id_of_key, wrapped) = master.wrap_fresh(name, &chance).unwrap();
        let key = master.unwrap(id_of_key, name, &wrapped).unwrap();
        let sealed = made.seal(&key, &transaction, Kind::Decision).unwrap();
        let openings = seal::open(&sealed, &key, &transaction, Kind::Decision).unwrap();
        let mut closing = Entry::new(Kind::Release, at, transaction);
        closing.index = Some(permit);
        closing.einde = Some(End::Complete);
        let lines = (0..size).map(|index| {
            let entry = match index {
                index if index == permit => decision.clone(),
                index if index == release => closing.clone(),
                _ => Entry::new(Kind::Start, at, id()),
            };
            entry.to_line().unwrap()
        });
        Self {
            lines: lines.collect(),
            signer: Signer::generate(ORIGIN, &chance).unwrap(),
            witness: Cosigner::generate("getuige.example", &chance).unwrap(),
            openings,
            permit,
            release,
        }
    }

    fn note(&self) -> String {
        let mut edge = Edge::default();
        for line in &self.lines {
            edge.push(merkle::leaf_hash(line), &mut Vec::new());
        }
        let checkpoint = Checkpoint {
            size: edge.size(),
            root: edge.root(),
        };
        let note = self.signer.sign(&checkpoint);
        let body = UnverifiedNote::parse(&note).unwrap().body().to_owned();
        format!("{note}{}", self.witness.cosign(&body, moment(COSIGNED)))
    }

    fn proof(&self, index: u64) -> String {
        let leaves = self.lines.iter().map(|line| merkle::leaf_hash(line));
        let at = TileAt {
            level: 0,
            number: 0,
        };
        let mut tiles = Tiles::default();
        tiles.insert(at, leaves.collect());
        let proof = Proof::inclusion(index, self.lines.len() as u64).unwrap();
        let hashes = proof.hashes(&tiles).unwrap();
        let hashes: String = hashes
            .iter()
            .map(|hash| STANDARD.encode(hash) + "\n")
            .collect();
        format!(
            "{}\nindex {index}\n{hashes}\n{}",
            proof::PROOF_HEADER,
            self.note()
        )
    }

    fn line(&self, index: u64) -> Line {
        let text = self.lines[usize::try_from(index).unwrap()].clone();
        Line {
            text: String::from_utf8(text).unwrap(),
            proof: self.proof(index),
            openings: BTreeMap::new(),
        }
    }

    /// The permit and its release, with these fields shown.
    fn extract(&self, fields: &[&str]) -> Extract {
        let mut permit = self.line(self.permit);
        permit.openings.clone_from(&self.openings);
        let shown = &mut permit.openings;
        shown.retain(|field, _| fields.contains(&field.as_str()));
        Extract {
            lines: vec![permit, self.line(self.release)],
        }
    }

    fn policy(&self, quorum: &str) -> Policy {
        let (log, key) = (self.signer.verifier(), self.witness.key());
        let text = format!("log {log}\nwitness w {key}\nquorum {quorum}\n");
        Policy::parse(text.as_bytes()).unwrap()
    }

    fn trust(&self) -> Trust {
        Trust::new(Some(self.signer.verifier()), Some(self.policy("w"))).unwrap()
    }
}

/// What is said of a file: nothing where it is good.
fn said(file: &str, trust: &Trust) -> String {
    match Extract::parse(file.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(extract) => extract
            .check(trust)
            .map_or_else(|flaw| in_full(&flaw), |_| String::new()),
    }
}

#[test]
fn what_is_no_extract_is_refused_with_its_place() {
    let book = Book::new(5, 1, 3);
    let good = book.extract(&["document"]).to_value();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        value.to_string()
    };
    let at = |path: &'static str, new: Value| {
        changed(&move |value| *value.pointer_mut(path).unwrap() = new.clone())
    };
    let text = good.to_string();
    for (file, why) in [
        (
            String::new(),
            "it is not JSON from its first to its last byte: reading stopped at line 1, column 0",
        ),
        (
            format!("{text}x"),
            "it is not JSON from its first to its last byte",
        ),
        (
            text.strip_suffix('}').unwrap().to_owned(),
            "it is not JSON from its first to its last byte",
        ),
        (
            format!("{text}{}", " ".repeat(EXTRACT_BYTES)),
            "it is longer than 1048576 bytes",
        ),
        ("[]".to_owned(), "the whole of it: expected a JSON object"),
        (
            text.replacen("\"v\":1", "\"v\":1,\"v\":1", 1),
            "the member v stands in it twice",
        ),
        (
            format!("{}1{}", "[".repeat(50), "]".repeat(50)),
            "it nests deeper than an extract does",
        ),
        (
            at("/soort", json!("besluit")),
            "soort: expected \"uittreksel\"",
        ),
        (
            at("/v", json!(2)),
            "v: expected 1, the only version there is",
        ),
        (
            at("/regels", json!([])),
            "regels: expected a list of one entry or two",
        ),
        (
            at("/regels", json!([1, 2, 3])),
            "regels: expected a list of one entry or two",
        ),
        (
            at("/regels/1", json!("x")),
            "regels[1]: expected a JSON object",
        ),
        (
            at("/regels/0/bewijs", json!(null)),
            "regels[0].bewijs: expected a text",
        ),
        (
            changed(&|value| {
                value["regels"][0].as_object_mut().unwrap().remove("bewijs");
            }),
            "regels[0].bewijs: expected this member, and it is missing",
        ),
        (
            changed(&|value| value["naam"] = json!("x")),
            "naam: expected no such member",
        ),
        (
            changed(&|value| value["regels"][0]["openingen"]["document"]["\u{1b}x"] = json!(1)),
            "regels[0].openingen.document.\\u{1b}x: expected no such member",
        ),
        (
            at("/regels/0/openingen/document/zout", json!("AAAA")),
            "regels[0].openingen.document.zout: expected the 32 bytes of a salt in base64url without padding",
        ),
        (
            changed(&|value| {
                let many = (0..=EXTRACT_FIELDS).map(|n| (n.to_string(), json!({})));
                value["regels"][0]["openingen"] = Value::Object(many.collect());
            }),
            "regels[0].openingen: expected fewer fields than this",
        ),
    ] {
        let told = said(&file, &book.trust());
        assert!(
            !told.is_empty() && told.starts_with(why),
            "{told} is not {why}"
        );
        assert!(!told.contains(char::is_control), "one line: {told}");
    }
}

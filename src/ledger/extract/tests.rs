//! Wrong files first: each thing that can be changed in an extract is found, and named.

use std::collections::BTreeSet;

use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

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
        let name = master.name(Owner::Address(address), 2026);
        let wrapped = master.wrap_fresh(name, &chance).unwrap();
        let key = master.unwrap(name, &wrapped).unwrap();
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

#[test]
#[expect(clippy::too_many_lines, reason = "a long table")]
fn whatever_was_changed_is_found_and_named() {
    let (book, other) = (Book::new(7, 2, 5), Book::new(7, 2, 5));
    let good = book.extract(&["document", "zaak"]);
    let with = |change: &dyn Fn(&mut Extract)| {
        let mut extract = good.clone();
        change(&mut extract);
        extract
    };
    let not_in = "entry 2 is not in the book of its checkpoint";
    let proofs = |extract: &mut Extract, from: &str, to: &str| {
        for line in &mut extract.lines {
            assert!(line.proof.contains(from), "{from}");
            line.proof = line.proof.replace(from, to);
        }
    };
    let hash = good.lines[0].proof.lines().nth(2).unwrap().to_owned();
    for (what, extract, why) in [
        (
            "no proof",
            with(&|it| it.lines[1].proof.clear()),
            "the proof of its entry 2 is no C2SP tlog-proof",
        ),
        (
            "a cut proof",
            with(&|it| {
                let cut = it.lines[0].proof.find("\n\n").unwrap();
                it.lines[0].proof.truncate(cut);
            }),
            "the proof of its entry 1 is no C2SP tlog-proof",
        ),
        (
            "a hash left out",
            with(&|it| it.lines[0].proof = it.lines[0].proof.replacen(&format!("{hash}\n"), "", 1)),
            not_in,
        ),
        (
            "a hash more",
            with(&|it| {
                let twice = format!("{hash}\n{hash}\n");
                it.lines[0].proof = it.lines[0].proof.replacen(&format!("{hash}\n"), &twice, 1);
            }),
            not_in,
        ),
        (
            "the index moved",
            with(&|it| it.lines[0].proof = it.lines[0].proof.replace("index 2", "index 3")),
            "entry 3 is not in the book of its checkpoint",
        ),
        (
            "an index beyond",
            with(&|it| it.lines[0].proof = it.lines[0].proof.replace("index 2", "index 7")),
            "it claims entry 7, and its checkpoint covers only 7 entries",
        ),
        (
            "two checkpoints",
            with(&|it| it.lines[1].proof = other.proof(5)),
            "the proofs of its two entries rest on two checkpoints",
        ),
        (
            "another book of the same name",
            other.extract(&[]),
            "its checkpoint cannot be believed: it is not signed by the expected key",
        ),
        (
            "another origin",
            with(&|it| {
                proofs(
                    it,
                    &format!("\n\n{ORIGIN}\n"),
                    "\n\nelders.example/logboek\n",
                );
            }),
            "its checkpoint cannot be believed: it is of the book elders.example/logboek, and the key given is of sluis.example/logboek",
        ),
        (
            "a larger size",
            with(&|it| proofs(it, "\n7\n", "\n8\n")),
            "its checkpoint cannot be believed: the signature by the expected key is wrong",
        ),
        (
            "no cosignature",
            with(&|it| {
                for line in &mut it.lines {
                    let at = line.proof.rfind('\u{2014}').unwrap();
                    line.proof.truncate(at);
                }
            }),
            "its checkpoint cannot be believed: too few witnesses cosigned it: 0 of the 1",
        ),
        (
            "a cosignature on another text",
            with(&|it| {
                let foreign = book.witness.cosign("x\n", moment(COSIGNED));
                for line in &mut it.lines {
                    let at = line.proof.rfind('\u{2014}').unwrap();
                    line.proof.truncate(at);
                    line.proof.push_str(&foreign);
                }
            }),
            "its checkpoint cannot be believed: the cosignature of the witness w is wrong",
        ),
        (
            "an entry that says something else",
            with(&|it| it.lines[0].text = it.lines[0].text.replace("3(4)", "3(5)")),
            not_in,
        ),
        (
            "what is no entry",
            with(&|it| it.lines[0].text.push(' ')),
            "what it gives as entry 2 is no entry of a book: the entry is not in the form of version 1",
        ),
        (
            "another value",
            with(&|it| {
                it.lines[0]
                    .openings
                    .get_mut("zaak")
                    .unwrap()
                    .value
                    .push('x');
            }),
            "the value or the salt it shows of zaak is not what entry 2 committed to",
        ),
        (
            "another salt",
            with(&|it| it.lines[0].openings.get_mut("zaak").unwrap().salt[0] ^= 1),
            "the value or the salt it shows of zaak is not what entry 2 committed to",
        ),
        (
            "the opening of another field",
            with(&|it| {
                let zaak = it.lines[0].openings["zaak"].clone();
                it.lines[0].openings.insert("medewerker".to_owned(), zaak);
            }),
            "the value or the salt it shows of medewerker is not what entry 2 committed to",
        ),
        (
            "a field it does not have",
            with(&|it| {
                let zaak = it.lines[0].openings["zaak"].clone();
                it.lines[0].openings.insert("na\nam".to_owned(), zaak);
            }),
            "it shows the field na\\nam, to which entry 2 does not commit",
        ),
        (
            "a value at the entry without any",
            with(&|it| it.lines[1].openings = it.lines[0].openings.clone()),
            "it shows the field document, to which entry 5 does not commit",
        ),
        (
            "the other way round",
            with(&|it| it.lines.reverse()),
            "entry 2 is not the release that the permit at 5 led to: the first is no permit for a document",
        ),
        (
            "another second entry",
            with(&|it| it.lines[1] = book.line(6)),
            "entry 6 is not the release that the permit at 2 led to: the second is no release",
        ),
    ] {
        let told = said(&extract.to_string(), &book.trust());
        assert!(!told.is_empty() && told.starts_with(why), "{what}: {told}");
        assert!(!told.contains(char::is_control), "one line: {told}");
    }
    assert_eq!(said(&good.to_string(), &book.trust()), "");
}

#[test]
fn a_release_of_another_permit_is_no_pair() {
    // Everything stands in the book; only the release closes another entry than the one shown.
    let mut book = Book::new(7, 2, 5);
    let strange = |change: &dyn Fn(&mut Entry), at: usize, book: &mut Book| {
        let mut entry = Entry::parse(&book.lines[at]).unwrap();
        change(&mut entry);
        let before = std::mem::replace(&mut book.lines[at], entry.to_line().unwrap());
        let told = said(&book.extract(&[]).to_string(), &book.trust());
        book.lines[at] = before;
        told
    };
    let id = TransactionId::new(moment(1), &SystemRandomness::default()).unwrap();
    for (at, why, change) in [
        (
            5,
            "it closes another entry",
            &(|it: &mut Entry| it.index = Some(1)) as &dyn Fn(&mut Entry),
        ),
        (5, "it is of another transaction", &|it| it.transactie = id),
        (2, "the first is no permit for a document", &|it| {
            it.uitkomst = Some(Outcome::Refused);
        }),
        (2, "the first is no permit for a document", &|it| {
            it.handeling = Some(Act::Metadata);
        }),
    ] {
        let told = strange(change, at, &mut book);
        assert!(told.ends_with(why), "{told}");
    }
    let early = Book::new(7, 5, 2);
    let told = said(&early.extract(&[]).to_string(), &early.trust());
    assert!(told.ends_with("it stands before it"), "{told}");
}

#[test]
fn who_is_believed_is_what_was_given() {
    let (book, other) = (Book::new(7, 2, 5), Book::new(7, 2, 5));
    let key = || Some(book.signer.verifier());
    let nobody = Policy::parse(b"quorum none\n").unwrap();
    assert!(Trust::new(None, None).is_none());
    assert!(Trust::new(None, Some(nobody.clone())).is_none());
    let extract = book.extract(&[]);
    let check = |key, policy| extract.check(&Trust::new(key, policy).unwrap());
    let refused = |key, policy| in_full(&check(key, policy).unwrap_err());
    let strangers = "its checkpoint cannot be believed: it is not signed by the expected key";
    assert_eq!(refused(None, Some(other.policy("w"))), strangers);
    assert_eq!(refused(key(), Some(other.policy("w"))), strangers);
    assert_eq!(
        refused(Some(other.signer.verifier()), Some(book.policy("w"))),
        strangers
    );
    let elsewhere = Signer::generate("elders", &SystemRandomness::default()).unwrap();
    let policy = format!("log {}\nquorum none\n", elsewhere.verifier());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    assert_eq!(
        refused(key(), Some(policy)),
        "its checkpoint cannot be believed: it is of the book sluis.example/logboek, which the policy does not name"
    );

    let told = check(key(), None).unwrap().backing;
    assert_eq!(
        (told.stood, &*told.unverified_names[0]),
        (None, "getuige.example")
    );
    let told = check(key(), Some(nobody)).unwrap().backing.stood.unwrap();
    assert_eq!((told.witnesses.len(), told.quorum), (0, None));
    for key in [None, key()] {
        let backing = check(key, Some(book.policy("w"))).unwrap().backing;
        assert_eq!(backing.unverified_names, Vec::<String>::new());
        let at = Some(moment(COSIGNED));
        let w = ("w".to_owned(), "getuige.example".to_owned(), at);
        let stood = backing.stood.unwrap();
        assert_eq!((stood.witnesses, stood.quorum), (vec![w], at));
        assert_eq!((&*backing.origin, backing.checkpoint.size), (ORIGIN, 7));
    }
}

#[test]
fn a_bare_proof_shows_its_entry() {
    let book = Book::new(7, 2, 5);
    let line = book.line(5);
    let bare = |text: &str| Extract::of_proof(text.to_owned(), line.proof.clone());
    assert!(matches!(
        bare(&book.line(2).text).check(&book.trust()),
        Err(ExtractFlaw::NotIncluded { index: 5 })
    ));
    let told = bare(&line.text).check(&book.trust()).unwrap();
    assert_eq!(
        (told.entries[0].index, told.entries[0].entry.index),
        (5, Some(2))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is shown is told and all else withheld; and no byte of it can be another one.
    #[test]
    fn an_extract_says_what_was_put_into_it_and_no_byte_can_change(
        size in 2_u64..200, a in any::<u64>(), b in any::<u64>(),
        shown in any::<[bool; 4]>(), flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 24),
    ) {
        let permit = a % (size - 1);
        let release = permit + 1 + b % (size - 1 - permit);
        let book = Book::new(size, permit, release);
        let fields = FIELDS.iter().zip(shown);
        let fields: Vec<&str> = fields.filter(|(_, shown)| *shown).map(|((field, _), _)| *field).collect();
        let extract = book.extract(&fields);
        for text in [extract.to_string(), extract.to_value().to_string()] {
            prop_assert_eq!(Extract::parse(text.as_bytes()), Ok(extract.clone()));
        }
        let told = extract.check(&book.trust()).unwrap();
        prop_assert_eq!(told.entries.iter().map(|it| it.index).collect::<Vec<_>>(), vec![permit, release]);
        let all: BTreeSet<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        let told = &told.entries[0];
        let named: BTreeSet<&str> = told.shown.keys().chain(&told.withheld).map(String::as_str).collect();
        prop_assert_eq!(named, all);
        prop_assert!(fields.iter().all(|field| told.shown.contains_key(*field)) && told.shown.len() == fields.len());

        let file = extract.to_value().to_string().into_bytes();
        for (at, flip) in flips {
            let mut touched = file.clone();
            touched[at.index(file.len())] ^= flip;
            let accepted = Extract::parse(&touched).is_ok_and(|it| it.check(&book.trust()).is_ok());
            prop_assert!(!accepted, "{}", String::from_utf8_lossy(&touched));
        }
    }
}

//! Cosignatures and policies beside `signed_note`, whose notes, keys and Ed25519 are other people's
//! (`ed25519-dalek`). It knows no cosignatures: what C2SP tlog-cosignature says of them stands here
//! once more, written without the product's code.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use signed_note::{Note, Signature, Signer as _, StandardSigner, StandardVerifier};
use signed_note::{VerifierList, key_id};
use sluis::clock::{Moment, SystemRandomness};
use sluis::ledger::note::{
    Checkpoint, Cosigner, CosignerKey, NotWitnessed, Policy, Signer, UnverifiedNote,
};

const ORIGIN: &str = "sluis.example/logboek";
const NAME: &str = "getuige.example/w1";
const AT: u64 = 1_700_000_000;

/// The bytes of a key text: the type and what follows it. Base64 has plus signs of its own.
fn key_bytes(text: &str) -> Vec<u8> {
    let public = text.strip_prefix("PRIVATE+KEY+").unwrap_or(text);
    BASE64
        .decode(public.splitn(3, '+').nth(2).unwrap())
        .unwrap()
}

/// What a cosignature signs.
fn message(body: &[u8], seconds: u64) -> Vec<u8> {
    [format!("cosignature/v1\ntime {seconds}\n").as_bytes(), body].concat()
}

/// A witness's public key, as they hold it.
struct TheirVerifier {
    id: u32,
    key: StandardVerifier,
}

impl TheirVerifier {
    fn new(vkey: &str) -> Self {
        let (name, _) = vkey.split_once('+').unwrap();
        let mut bytes = key_bytes(vkey);
        assert_eq!((bytes[0], bytes.len()), (4, 33));
        let id = key_id(name, &bytes);
        assert_eq!(vkey.split('+').nth(1).unwrap(), format!("{id:08x}"));
        // The same key, of a type that they know.
        bytes[0] = 1;
        let plain = format!(
            "{name}+{:08x}+{}",
            key_id(name, &bytes),
            BASE64.encode(&bytes)
        );
        let key = StandardVerifier::new(&plain).expect("they read the key");
        Self { id, key }
    }
}

impl signed_note::Verifier for TheirVerifier {
    fn name(&self) -> &str {
        self.key.name()
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, body: &[u8], signature: &[u8]) -> bool {
        signature
            .split_first_chunk::<8>()
            .is_some_and(|(time, signature)| {
                let message = message(body, u64::from_be_bytes(*time));
                self.key.verify(&message, signature)
            })
    }
}

/// A witness's secret key, as they hold it.
struct TheirSigner {
    id: u32,
    key: StandardSigner,
}

impl TheirSigner {
    fn new(cosigner: &Cosigner) -> Self {
        let public = cosigner.key().to_string();
        let (name, _) = public.split_once('+').unwrap();
        let mut public = key_bytes(&public);
        let id = key_id(name, &public);
        public[0] = 1;
        let plain = key_id(name, &public);
        let mut seed = key_bytes(&cosigner.secret());
        seed[0] = 1;
        let secret = format!("PRIVATE+KEY+{name}+{plain:08x}+{}", BASE64.encode(seed));
        let key = StandardSigner::new(&secret).expect("they read the secret");
        Self { id, key }
    }

    fn bytes(&self, body: &[u8], seconds: u64) -> Vec<u8> {
        let signature = self.key.sign(&message(body, seconds)).unwrap();
        [&seconds.to_be_bytes()[..], &signature].concat()
    }

    fn line(&self, body: &[u8], seconds: u64) -> String {
        line(self.key.name(), self.id, self.bytes(body, seconds))
    }
}

fn line(name: &str, id: u32, signature: Vec<u8>) -> String {
    let signature = Signature::new(name.to_owned(), id, signature).unwrap();
    String::from_utf8(signature.to_bytes()).unwrap()
}

fn cosigner(name: &str) -> Cosigner {
    Cosigner::generate(name, &SystemRandomness::default()).unwrap()
}

fn log() -> Signer {
    Signer::generate(ORIGIN, &SystemRandomness::default()).unwrap()
}

/// A checkpoint that the log signed, and its text.
fn note(log: &Signer, size: u64) -> (String, String) {
    let note = log.sign(&Checkpoint {
        size,
        root: [7; 32],
    });
    let body = UnverifiedNote::parse(&note).unwrap().body().to_owned();
    (note, body)
}

/// Whether they find a good cosignature by this key.
fn they_accept(note: &str, key: &CosignerKey) -> bool {
    let theirs = TheirVerifier::new(&key.to_string());
    let list = VerifierList::new(vec![Box::new(theirs)]);
    Note::from_bytes(note.as_bytes()).is_ok_and(|note| note.verify(&list).is_ok())
}

fn we_accept(note: &str, key: &CosignerKey) -> bool {
    let found = UnverifiedNote::parse(note).and_then(|note| key.find(&note));
    found.is_ok_and(|found| found.is_some())
}

#[test]
fn a_cosignature_is_theirs_byte_by_byte() {
    let log = log();
    for (name, size, seconds) in [
        (NAME, 0, 1),
        (NAME, 20_852_163, AT),
        ("gétuige", u64::MAX, 253_402_300_799),
    ] {
        let ours = cosigner(name);
        let theirs = TheirSigner::new(&ours);
        let (note, body) = note(&log, size);
        let at = Moment::from_unix_seconds(i64::try_from(seconds).unwrap()).unwrap();
        let made = ours.cosign(&body, at);
        assert_eq!(made, theirs.line(body.as_bytes(), seconds), "{name}");
        let cosigned = format!("{note}{made}");
        assert!(they_accept(&cosigned, &ours.key()), "{name}");
        let found = ours.key().find(&UnverifiedNote::parse(&cosigned).unwrap());
        let found = found.unwrap().unwrap();
        assert_eq!((found.at, found.line), (at, made));
    }
}

#[test]
fn a_wrong_cosignature_is_refused_by_both() {
    let (log, ours) = (log(), cosigner(NAME));
    let (key, theirs) = (ours.key(), TheirSigner::new(&ours));
    let (note, body) = note(&log, 42);
    let body = body.as_bytes();
    let good = theirs.bytes(body, AT);
    let by_id = |signature: &[u8]| line(NAME, theirs.id, signature.to_vec());
    let touched = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        by_id(&bytes)
    };
    let plain = theirs.key.sign(body).unwrap();
    let other = TheirSigner::new(&cosigner(NAME));
    let elsewhere = TheirSigner::new(&cosigner("elders.example"));
    let without_time = theirs.key.sign(&message(body, AT)).unwrap();
    for (what, line) in [
        ("another time", touched(7)),
        ("a touched signature", touched(8)),
        ("a touched signature, at its end", touched(71)),
        ("cut", by_id(&good[..71])),
        ("padded", by_id(&[&good[..], &[0]].concat())),
        ("no signature at all", by_id(&good[..8])),
        ("less than a time", by_id(&good[..7])),
        ("without its time", by_id(&without_time)),
        (
            "as a log signs",
            by_id(&[&AT.to_be_bytes()[..], &plain].concat()),
        ),
        (
            "the key's other type",
            line(NAME, theirs.key.key_id(), good.clone()),
        ),
        (
            "another name",
            line("elders.example", theirs.id, good.clone()),
        ),
        (
            "another key of the same name",
            by_id(&other.bytes(body, AT)),
        ),
        ("another key", other.line(body, AT)),
        ("another witness", elsewhere.line(body, AT)),
        (
            "another checkpoint",
            by_id(&theirs.bytes(note_of(&log, 43).as_bytes(), AT)),
        ),
        (
            "the text without its end",
            by_id(&theirs.bytes(&body[..body.len() - 1], AT)),
        ),
        (
            "a time written otherwise",
            by_id(&{
                let message = [b"cosignature/v1\ntime 01700000000\n", body].concat();
                let signature = theirs.key.sign(&message).unwrap();
                [&AT.to_be_bytes()[..], &signature].concat()
            }),
        ),
        ("not a line", by_id(&good).replace('\u{2014}', "-")),
    ] {
        let cosigned = format!("{note}{line}");
        let accepted = (we_accept(&cosigned, &key), they_accept(&cosigned, &key));
        assert_eq!(accepted, (false, false), "{what}");
    }
    let cosigned = format!("{note}{}", by_id(&good));
    assert!(we_accept(&cosigned, &key) && they_accept(&cosigned, &key));
    // A time that the specification rules out, or that says nothing: theirs does not look at it.
    for seconds in [0, 1 << 63, u64::MAX] {
        let cosigned = format!("{note}{}", theirs.line(body, seconds));
        assert!(!we_accept(&cosigned, &key) && they_accept(&cosigned, &key));
    }
    // A key of another type, or with another hash, is none; neither is a log's.
    let text = key.to_string();
    for wrong in [text.replacen('w', "v", 1), log.verifier().to_string()] {
        assert!(CosignerKey::parse(&wrong).is_err(), "{wrong}");
    }
}

fn note_of(log: &Signer, size: u64) -> String {
    note(log, size).1
}

/// Every set of witnesses that cosign, under every quorum: a policy accepts what counting their
/// verified signatures accepts, and nothing once a known witness's is wrong.
#[test]
fn a_policy_counts_what_they_verify() {
    let log = log();
    let (note, body) = note(&log, 42);
    let witnesses: Vec<Cosigner> = (0..4)
        .map(|at| cosigner(&format!("w{at}.example")))
        .collect();
    let stranger = TheirSigner::new(&cosigner("vreemde.example")).line(body.as_bytes(), AT);
    for (set, needed) in (0..16_u32).flat_map(|set| (1..=4).map(move |needed| (set, needed))) {
        let mut text = format!("log {}\n", log.verifier());
        for (at, witness) in witnesses.iter().enumerate() {
            let _ = writeln!(text, "witness w{at} {}", witness.key());
        }
        let _ = write!(text, "group g {needed} w0 w1 w2 w3\nquorum g\n");
        let policy = Policy::parse(text.as_bytes()).unwrap();
        let mut cosigned = format!("{note}{stranger}");
        for (at, witness) in witnesses.iter().enumerate() {
            if set & (1 << at) != 0 {
                let line = TheirSigner::new(witness).line(body.as_bytes(), AT + at as u64);
                cosigned.push_str(&line);
            }
        }
        let verify = |note: &str| {
            let keys = witnesses.iter().map(|witness| {
                let key = TheirVerifier::new(&witness.key().to_string());
                Box::new(key) as Box<dyn signed_note::Verifier>
            });
            let list = VerifierList::new(keys.collect());
            let note = Note::from_bytes(note.as_bytes()).unwrap();
            note.verify(&list).map(|(verified, _)| verified.len())
        };
        let theirs = verify(&cosigned).unwrap_or(0);
        assert_eq!(theirs, set.count_ones() as usize);
        match policy.open(&cosigned) {
            Ok(witnessed) => {
                assert!(theirs >= needed, "{set:04b} of {needed}");
                assert_eq!(witnessed.times.iter().flatten().count(), theirs);
            }
            Err(error) => {
                assert!(theirs < needed, "{set:04b} of {needed}: {error}");
                assert_eq!(error, NotWitnessed::Quorum);
            }
        }
        if set & 1 != 0 {
            let good = TheirSigner::new(&witnesses[0]).line(body.as_bytes(), AT);
            let wrong = TheirSigner::new(&witnesses[0]);
            let wrong = line("w0.example", wrong.id, wrong.bytes(b"x\n", AT));
            let spoilt = cosigned.replace(&good, &wrong);
            assert!(verify(&spoilt).is_err() && policy.open(&spoilt).is_err());
        }
    }
}

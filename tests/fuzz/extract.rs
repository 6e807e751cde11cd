//! An extract of the book: what is believed of it, other people's code believes too.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use ring::hmac;
use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use sluis::ledger::extract::{Extract, Told};
use sluis::ledger::note::{Cosigner, Policy, Trust};
use tlog_tiles::{Hash, check_record, record_hash};

use super::{SIGNER, Seed, VERIFIER};

/// The log's key, and a policy with one witness.
static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let witness = Cosigner::generate("getuige.example", &Seed).expect("a key from a seed");
    let text = format!("witness w {}\nquorum w\n", witness.key());
    let policy = Policy::parse(text.as_bytes()).expect("a policy");
    Trust::new(Some(SIGNER.verifier()), Some(policy)).expect("it names a log")
});

pub(super) fn extract(data: &[u8]) -> bool {
    let Ok(extract) = Extract::parse(data) else {
        return false;
    };
    for again in [extract.to_string(), extract.to_value().to_string()] {
        assert_eq!(Extract::parse(again.as_bytes()).as_ref(), Ok(&extract));
    }
    let Ok(told) = extract.check(&TRUST) else {
        return false;
    };
    others_agree(data, &told);
    true
}

fn others_agree(data: &[u8], told: &Told) {
    let value: Value = serde_json::from_slice(data).expect("JSON");
    let lines = value["regels"].as_array().expect("a list");
    assert_eq!(lines.len(), told.entries.len());
    for (line, told) in lines.iter().zip(&told.entries) {
        let text = line["vermelding"].as_str().expect("a text");
        let proof = line["bewijs"].as_str().expect("a text");
        let (head, note) = proof.split_once("\n\n").expect("a blank line");
        let key = StandardVerifier::new(&VERIFIER.to_string()).expect("they read our key");
        let note = Note::from_bytes(note.as_bytes()).expect("they call it a note");
        note.verify(&VerifierList::new(vec![Box::new(key)]))
            .expect("they believe it");
        let signed = tlog_tiles::Checkpoint::from_bytes(note.text()).expect("they read it");
        let hashes = head.lines().filter_map(|line| {
            let hash = BASE64.decode(line).ok()?;
            hash.try_into().ok().map(Hash)
        });
        let hashes: Vec<Hash> = hashes.collect();
        let leaf = record_hash(text.as_bytes());
        check_record(&hashes, signed.size(), *signed.hash(), told.index, leaf)
            .expect("they find it in the tree");
        assert!(head.contains(&format!("\nindex {}", told.index)));

        let entry: Value = serde_json::from_str(text).expect("JSON");
        let shown = line["openingen"].as_object().expect("an object");
        assert_eq!(shown.len(), told.shown.len());
        for (field, opening) in shown {
            let salt = opening["zout"].as_str().expect("a text");
            let salt = BASE64URL.decode(salt).expect("base64url");
            let value = opening["waarde"].as_str().expect("a text");
            let (of, kind) = (&entry["transactie"], &entry["soort"]);
            let (of, kind) = (of.as_str().expect("a text"), kind.as_str().expect("a text"));
            let message = format!("sluis/zegel/v1\n{of}\n{kind}\n{field}\n{value}");
            let made = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, &salt),
                message.as_bytes(),
            );
            assert_eq!(entry["zegels"][field], BASE64URL.encode(made));
            assert_eq!(told.shown[field], value);
        }
    }
}

//! Wrong keys and notes first; then cosignatures, and the policy file.

mod policy;
mod two_keys;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;
use crate::clock::{Moment, SystemRandomness};

fn signer() -> Signer {
    Signer::generate("sluis.example/logboek", &SystemRandomness::default()).unwrap()
}

fn key_hash(signer: &Signer) -> KeyHash {
    signer.verifier().hashes().next().unwrap()
}

#[test]
fn the_example_of_the_specification_verifies() {
    // C2SP signed-note, "Example": a note by the Go checksum database.
    let verifier =
        Verifier::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
            .unwrap();
    assert_eq!(
        verifier.to_string(),
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    );
}

#[test]
fn a_checkpoint_that_was_touched_is_refused() {
    let (ours, other) = (signer(), signer());
    let checkpoint = Checkpoint {
        size: 20,
        root: [7; 32],
    };
    let note = ours.sign(&checkpoint);
    assert_eq!(ours.verifier().open(&note), Ok(checkpoint));
    assert_eq!(
        Signer::parse(&ours.secret()).unwrap().verifier(),
        ours.verifier()
    );

    let elsewhere =
        Signer::generate("elders.example/logboek", &SystemRandomness::default()).unwrap();
    for (wrong, why) in [
        (String::new(), NoteError::Form),
        (note.trim_end().to_owned(), NoteError::Form),
        (note.replace("\n\n", "\n"), NoteError::Form),
        (note.replace("\u{2014}", "-"), NoteError::Form),
        (note.replace("20\n", "21\n"), NoteError::Signature),
        (
            other.sign(&checkpoint),
            NoteError::OtherKey {
                found: key_hash(&other),
                expected: key_hash(&ours),
            },
        ),
        (elsewhere.sign(&checkpoint), NoteError::Unsigned),
    ] {
        assert_eq!(ours.verifier().open(&wrong), Err(why), "{wrong:?}");
    }
    let cosigned = format!(
        "{note}\u{2014} getuige.example {}\n",
        BASE64.encode([1; 80])
    );
    assert_eq!(ours.verifier().open(&cosigned), Ok(checkpoint));
}

#[test]
fn a_key_that_was_touched_is_refused() {
    let key = signer().verifier().to_string();
    for (wrong, why) in [
        (String::new(), KeyError::Form),
        (key.replace("sluis", "sluiz"), KeyError::Hash),
        (key.replace('+', " "), KeyError::Form),
        (format!("{key}AAAA"), KeyError::Form),
    ] {
        assert_eq!(Verifier::parse(&wrong), Err(why), "{wrong:?}");
    }
}

fn chance() -> SystemRandomness {
    SystemRandomness::default()
}

fn moment(seconds: i64) -> Moment {
    Moment::from_unix_seconds(seconds).unwrap()
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint {
        size,
        root: [7; 32],
    }
}

/// A note of these lines under a good body.
fn with_lines(note: &str, lines: &[String]) -> String {
    format!("{note}{}", lines.concat())
}

#[test]
fn a_note_out_of_its_form_is_refused() {
    let ours = signer();
    let note = ours.sign(&checkpoint(20));
    let (body, line) = note.split_once("\n\n").unwrap();
    let line = line.trim_end();
    let encoded = line.rsplit(' ').next().unwrap();
    let root = body.lines().nth(2).unwrap();
    let resigned = |body: &str| {
        let signed = ours.key.line(&ours.key.sign(body.as_bytes()));
        format!("{body}\n{signed}")
    };
    for (what, wrong) in [
        ("no line end", note.trim_end().to_owned()),
        ("nothing signed", format!("{body}\n\n")),
        (
            "no name",
            note.replace(&format!("{} ", ours.verifier().name()), ""),
        ),
        (
            "a name with a plus",
            note.replace("\u{2014} sluis", "\u{2014} sl+uis"),
        ),
        (
            "a name with a space",
            note.replace("\u{2014} sluis", "\u{2014} sl\u{a0}uis"),
        ),
        ("two spaces", note.replace("\u{2014} ", "\u{2014}  ")),
        ("a carriage return", note.replace('\n', "\r\n")),
        ("a tab", note.replace("\n20\n", "\n20\t\n")),
        ("no base64", note.replace(encoded, "****")),
        ("base64 of less than a hash", note.replace(encoded, "AAAA")),
        ("only a hash", note.replace(encoded, "AAAAAA==")),
        ("a line of another kind", format!("{note}signed by me\n")),
        ("an empty line at the end", format!("{note}\n")),
        (
            "too long",
            format!("{note}{}", format!("{line}\n").repeat(1_500)),
        ),
        (
            "a leading zero",
            resigned(&format!("sluis.example/logboek\n020\n{root}\n")),
        ),
        (
            "a plus",
            resigned(&format!("sluis.example/logboek\n+20\n{root}\n")),
        ),
        (
            "a minus",
            resigned(&format!("sluis.example/logboek\n-20\n{root}\n")),
        ),
        (
            "no number",
            resigned(&format!("sluis.example/logboek\n\n{root}\n")),
        ),
        (
            "too large a number",
            resigned(&format!(
                "sluis.example/logboek\n18446744073709551616\n{root}\n"
            )),
        ),
        (
            "a short root",
            resigned("sluis.example/logboek\n20\nAAAA\n"),
        ),
        ("no root", resigned("sluis.example/logboek\n20\n")),
        (
            "an empty extension",
            resigned(&format!("sluis.example/logboek\n20\n{root}\n\nmeer\n")),
        ),
    ] {
        assert_eq!(
            ours.verifier().open(&wrong),
            Err(NoteError::Form),
            "{what}: {wrong:?}"
        );
    }
    assert_eq!(
        ours.verifier()
            .open(&resigned(&format!("elders\n20\n{root}\n"))),
        Err(NoteError::Origin)
    );
    let extended = resigned(&format!("sluis.example/logboek\n20\n{root}\nmeer\n"));
    assert_eq!(ours.verifier().open(&extended), Ok(checkpoint(20)));
    let many = with_lines(&note, &vec![format!("{line}\n"); 16]);
    assert_eq!(ours.verifier().open(&many), Ok(checkpoint(20)));
}

#[test]
fn a_cosignature_that_was_touched_is_refused() {
    let (log, witness) = (
        signer(),
        Cosigner::generate("getuige.example", &chance()).unwrap(),
    );
    let stranger = Cosigner::generate("getuige.example", &chance()).unwrap();
    let note = log.sign(&checkpoint(20));
    let other = log.sign(&checkpoint(21));
    let body = UnverifiedNote::parse(&note).unwrap().body();
    let key = witness.key();
    let line = witness.cosign(body, moment(1_700_000_000));
    let raw = |seconds: u64, sign: u64| {
        let message = format!("cosignature/v1\ntime {sign}\n{body}");
        let mut signature = seconds.to_be_bytes().to_vec();
        signature.extend_from_slice(&witness.secret_key().sign(message.as_bytes()));
        witness.secret_key().line(&signature)
    };
    let find = |note: &str| key.find(&UnverifiedNote::parse(note).unwrap());
    for (what, note, expected) in [
        (
            "another time",
            format!("{note}{}", raw(1_700_000_001, 1_700_000_000)),
            NoteError::Signature,
        ),
        (
            "another note",
            format!("{other}{line}"),
            NoteError::Signature,
        ),
        (
            "cut",
            format!("{note}{}", witness.secret_key().line(&[1, 2, 3])),
            NoteError::Signature,
        ),
        (
            "a bare signature",
            format!(
                "{note}{}",
                witness
                    .secret_key()
                    .line(&witness.secret_key().sign(body.as_bytes()))
            ),
            NoteError::Signature,
        ),
        ("no time", format!("{note}{}", raw(0, 0)), NoteError::Time),
        (
            "beyond 2^63",
            format!("{note}{}", raw(u64::MAX, u64::MAX)),
            NoteError::Time,
        ),
        (
            "beyond the year 9999",
            format!("{note}{}", raw(1 << 40, 1 << 40)),
            NoteError::Time,
        ),
        (
            "one good and one wrong",
            format!("{note}{line}{}", raw(5, 6)),
            NoteError::Signature,
        ),
    ] {
        assert_eq!(find(&note), Err(expected), "{what}");
    }
    let strange = stranger.cosign(body, moment(5));
    assert_eq!(
        find(&format!("{note}{strange}")),
        Ok(None),
        "the same name, another key"
    );
    let earlier = witness.cosign(body, moment(1_600_000_000));
    let found = find(&format!("{note}{strange}{line}{earlier}"))
        .unwrap()
        .unwrap();
    assert_eq!((found.at, &found.line), (moment(1_700_000_000), &line));
    assert_eq!(
        key.find_in_answer(body, &format!("{strange}{line}"))
            .unwrap(),
        Some(found)
    );
    for wrong in ["", "\n", "x\n", line.trim_end()] {
        assert_eq!(
            key.find_in_answer(body, wrong),
            Err(NoteError::Form),
            "{wrong:?}"
        );
    }
    // The log's own verifier passes over what witnesses add.
    assert_eq!(
        log.verifier().open(&format!("{note}{line}")),
        Ok(checkpoint(20))
    );
    let parsed = format!("{note}{line}");
    assert_eq!(
        log.verifier()
            .bare(&UnverifiedNote::parse(&parsed).unwrap()),
        note
    );
}

#[test]
fn the_keys_of_a_log_and_of_a_witness_are_no_other() {
    let (log, witness) = (
        signer(),
        Cosigner::generate("getuige.example", &chance()).unwrap(),
    );
    assert_eq!(
        Cosigner::parse(&witness.secret()).unwrap().key(),
        witness.key()
    );
    assert_eq!(
        CosignerKey::parse(&witness.key().to_string()),
        Ok(witness.key())
    );
    assert!(
        witness.key().to_string().contains("+B"),
        "type 4 comes first in base64"
    );
    assert_eq!(
        Verifier::parse(&witness.key().to_string()),
        Err(KeyError::Algorithm)
    );
    assert_eq!(
        CosignerKey::parse(&log.verifier().to_string()),
        Err(KeyError::Algorithm)
    );
    assert!(Cosigner::parse(&log.secret()).is_err() && Signer::parse(&witness.secret()).is_err());
    assert!(!format!("{witness:?}").contains("PRIVATE"));
}

proptest::proptest! {
    #[test]
    fn no_text_brings_a_parser_down(text in "\\PC*", bytes in proptest::collection::vec(0_u8.., 0..200)) {
        let note = format!("{text}\n\n\u{2014} {text}\n");
        let _ = UnverifiedNote::parse(&note).map(|note| note.origin().len());
        let _ = signer().verifier().open(&note);
        let _ = Policy::parse(text.as_bytes());
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(&[b"group ", bytes.as_slice()].concat());
        let _ = CosignerKey::parse(&text);
        let _ = size(&text);
        let _ = hash(&text);
    }

    #[test]
    fn what_a_witness_signs_it_finds_again(entries: u64, root: [u8; 32], seconds in 1_i64..253_402_300_799) {
        let note = signer().sign(&Checkpoint { size: entries, root });
        let body = UnverifiedNote::parse(&note).unwrap().body().to_owned();
        let cosigned = format!("{note}{}", policy::witness(1).cosign(&body, moment(seconds)));
        let parsed = UnverifiedNote::parse(&cosigned).unwrap();
        let found = policy::witness(1).key().find(&parsed).unwrap().unwrap();
        proptest::prop_assert_eq!(found.at, moment(seconds));
        proptest::prop_assert_eq!(policy::witness(2).key().find(&parsed), Ok(None));
    }
}

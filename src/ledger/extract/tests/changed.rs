//! Extracts in their form of which something is not true, or is told otherwise than it was put in.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::ledger::note::NoteError;

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
    let hash = |book: &Book| book.signer.verifier().hashes().next().unwrap();
    let (found, expected) = (hash(&book), hash(&other));
    let why = NoteError::OtherKey { found, expected };
    let strangers = format!("its checkpoint cannot be believed: {why}");
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

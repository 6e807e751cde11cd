//! One log under two keys: what cannot be two keys of one log first; then who believes which note.

use super::*;

fn elsewhere() -> Signer {
    Signer::generate("elders.example/logboek", &chance()).unwrap()
}

#[test]
fn what_is_no_second_key_of_one_log_is_refused() {
    let (old, new) = (signer(), signer());
    let same = Signer::parse(&old.secret()).unwrap();
    let again = Signer::parse(&old.secret()).unwrap();
    assert_eq!(old.with_next(same).err(), Some(KeyError::Twice));
    assert_eq!(again.with_next(elsewhere()).err(), Some(KeyError::Name));

    let (one, other) = (new.verifier(), signer().verifier());
    let (strange, witness) = (
        elsewhere().verifier(),
        Cosigner::generate(one.name(), &chance()).unwrap().key(),
    );
    let many: Vec<String> = (0..9).map(|_| signer().verifier().to_string()).collect();
    for (text, why) in [
        (String::new(), KeyError::Form),
        (" \n".to_owned(), KeyError::Form),
        (format!("{one}\n{one}"), KeyError::Twice),
        (format!("{one} {other} {one}"), KeyError::Twice),
        (format!("{one}\n{strange}"), KeyError::Name),
        (format!("{one}\n{witness}"), KeyError::Algorithm),
        (format!("{one},{other}"), KeyError::Form),
        (format!("{one}\nkoffie"), KeyError::Form),
        (many.join("\n"), KeyError::TooMany),
    ] {
        assert_eq!(Verifier::parse_all(&text), Err(why), "{text}");
    }
    // One place that takes one key takes no more.
    let both = one.clone().beside(&other).unwrap();
    assert_eq!(Verifier::parse(&both.to_string()), Err(KeyError::Form));
    assert_eq!(Verifier::parse_all(&both.to_string()), Ok(both.clone()));
    assert_eq!(
        Verifier::parse_all(&format!("\n  {one}\t{other}\n")),
        Ok(both.clone())
    );
}

#[test]
fn each_key_alone_opens_what_both_signed_and_none_may_be_wrong() {
    let (old, new, third) = (signer(), signer(), signer());
    let (by_old, by_new) = (old.verifier(), new.verifier());
    let (of_old, of_new) = (old.sign(&checkpoint(20)), new.sign(&checkpoint(20)));
    let (hash_old, hash_new) = (key_hash(&old), key_hash(&new));
    let both = old.with_next(new).unwrap();
    let by_both = both.verifier();
    assert_eq!(
        by_both.each().collect::<Vec<_>>(),
        [by_old.clone(), by_new.clone()]
    );
    let note = both.sign(&checkpoint(20));
    assert_eq!(note.lines().count(), 6, "{note}");
    assert!(
        note.starts_with(&of_old),
        "the first line is the one of before"
    );
    let line = |note: &str| note.lines().last().unwrap().to_owned() + "\n";
    assert_eq!(note, format!("{of_old}{}", line(&of_new)));

    let other_key = |found, expected| NoteError::OtherKey { found, expected };
    let wrong_new = line(&both.next.as_ref().unwrap().line(&[7; 64]));
    let wrong_old = line(&both.key.line(&[7; 64]));
    let good = Ok(checkpoint(20));
    for (what, note, old, new, both) in [
        ("both", note.clone(), good, good, good),
        (
            "old",
            of_old.clone(),
            good,
            Err(other_key(hash_old, hash_new)),
            good,
        ),
        (
            "new",
            of_new.clone(),
            Err(other_key(hash_new, hash_old)),
            good,
            good,
        ),
        (
            "a wrong one of the new key",
            format!("{of_old}{wrong_new}"),
            good,
            Err(NoteError::Signature),
            Err(NoteError::Signature),
        ),
        (
            "a wrong one of the old key",
            format!("{of_new}{wrong_old}"),
            Err(NoteError::Signature),
            good,
            Err(NoteError::Signature),
        ),
        (
            "one line twice",
            format!("{note}{}", line(&of_new)),
            good,
            good,
            good,
        ),
        (
            "a good and a wrong one of one key",
            format!("{note}{wrong_new}"),
            good,
            Err(NoteError::Signature),
            Err(NoteError::Signature),
        ),
        (
            "a third key",
            third.sign(&checkpoint(20)),
            Err(other_key(key_hash(&third), hash_old)),
            Err(other_key(key_hash(&third), hash_new)),
            Err(other_key(key_hash(&third), hash_old)),
        ),
        (
            "another log",
            elsewhere().sign(&checkpoint(20)),
            Err(NoteError::Unsigned),
            Err(NoteError::Unsigned),
            Err(NoteError::Unsigned),
        ),
        (
            "a touched size",
            note.replace("\n20\n", "\n21\n"),
            Err(NoteError::Signature),
            Err(NoteError::Signature),
            Err(NoteError::Signature),
        ),
    ] {
        for (verifier, expected) in [(&by_old, old), (&by_new, new), (&by_both, both)] {
            assert_eq!(verifier.open(&note), expected, "{what}, {verifier}");
        }
    }
}

#[test]
fn what_is_kept_of_a_note_are_the_lines_of_the_known_keys() {
    let (old, new, third) = (signer(), signer(), signer());
    let (by_old, by_new) = (old.verifier(), new.verifier());
    let (of_old, of_new) = (old.sign(&checkpoint(20)), new.sign(&checkpoint(20)));
    let (hash_old, hash_new) = (key_hash(&old), key_hash(&new));
    let both = old.with_next(new).unwrap();
    let (by_both, note) = (both.verifier(), both.sign(&checkpoint(20)));
    let line = |note: &str| note.lines().last().unwrap().to_owned() + "\n";
    assert_eq!(by_both.unverified_signers(&note), [hash_old, hash_new]);
    assert_eq!(by_both.unverified_signers(&of_new), [hash_new]);
    assert_eq!(by_both.unverified_signers("koffie"), []);

    // Each once.
    let crowded = format!(
        "{note}{}{}",
        line(&of_old),
        line(&third.sign(&checkpoint(20)))
    );
    let crowded = UnverifiedNote::parse(&crowded).unwrap();
    assert_eq!(by_both.bare(&crowded), note);
    assert_eq!(by_old.bare(&crowded), of_old);
    assert_eq!(by_new.bare(&crowded), of_new);
    assert_eq!(elsewhere().verifier().bare(&crowded), "");
}

#[test]
fn a_policy_with_both_keys_accepts_either_and_says_which_was_meant() {
    let (old, new, third) = (signer(), signer(), signer());
    let file = format!(
        "log {}\nlog {}\nquorum none\n",
        old.verifier(),
        new.verifier()
    );
    let policy = Policy::parse(file.as_bytes()).unwrap();
    let (of_old, of_new) = (old.sign(&checkpoint(9)), new.sign(&checkpoint(9)));
    let (hash_old, by_old) = (key_hash(&old), old.verifier());
    let both = old.with_next(new).unwrap();
    for note in [both.sign(&checkpoint(9)), of_old.clone(), of_new.clone()] {
        assert_eq!(policy.open(&note).unwrap().checkpoint, checkpoint(9));
        let trust = Trust::new(Some(both.verifier()), Some(policy.clone())).unwrap();
        assert!(trust.open(&note).unwrap().unverified_names.is_empty());
    }
    let other_key = NoteError::OtherKey {
        found: key_hash(&third),
        expected: hash_old,
    };
    let strange = third.sign(&checkpoint(9));
    assert_eq!(policy.open(&strange), Err(NotWitnessed::Note(other_key)));
    let trust = Trust::new(None, Some(policy)).unwrap();
    assert_eq!(trust.open(&strange), Err(Distrust::Note(other_key)));
    // Who knows one of the keys is told that there is a line of another.
    let trust = Trust::new(Some(by_old), None).unwrap();
    let backing = trust.open(&both.sign(&checkpoint(9))).unwrap();
    assert_eq!(backing.unverified_names, ["sluis.example/logboek"]);
    let told = trust.open(&of_new).unwrap_err().to_string();
    assert!(told.contains("where the log's key was replaced"), "{told}");
}

//! A checkpoint that somebody kept tells a book that goes on from one that was changed.

use crate::clock::SystemRandomness;
use crate::ledger::note::{Checkpoint, NoteError, Signer};
use crate::ledger::testing::{Book, ORIGIN};
use crate::ledger::{Compared, NotCompared};
use crate::merkle;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(a_kept_state_is_how_the_book_begins_or_it_is_told_why_not);

async fn a_kept_state_is_how_the_book_begins_or_it_is_told_why_not(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let mut kept = vec![(0, ledger.checkpoint())];
    for size in [1, 255, 256, 300_usize] {
        let missing = size - usize::try_from(ledger.size()).unwrap();
        gateway.grow(missing).await;
        kept.push((size as u64, ledger.checkpoint()));
    }
    let size = 300;
    for (before, note) in &kept {
        let compared = ledger.compare(note).await.unwrap();
        let expected = Compared::Begins {
            kept: *before,
            size,
        };
        assert_eq!(compared, expected);
    }

    // What the key of the book signed, but the book does not hold.
    let signer = book.keys().signer;
    let root = merkle::leaf_hash(b"anders");
    let sign = |size| signer.sign(&Checkpoint { size, root });
    for (note, expected) in [
        (sign(0), Compared::Differs { kept: 0, size }),
        (sign(255), Compared::Differs { kept: 255, size }),
        (sign(300), Compared::Differs { kept: 300, size }),
        (sign(301), Compared::Ahead { kept: 301, size }),
    ] {
        assert_eq!(ledger.compare(&note).await.unwrap(), expected);
    }

    // What it did not sign.
    let last = &kept.last().unwrap().1;
    let random = SystemRandomness::default();
    let foreign = Signer::generate(ORIGIN, &random).unwrap();
    let hash = |signer: &Signer| signer.verifier().hashes().next().unwrap();
    let other_key = NoteError::OtherKey {
        found: hash(&foreign),
        expected: hash(&signer),
    };
    let foreign = foreign.sign(&Checkpoint { size: 1, root });
    for (note, expected) in [
        (String::new(), NoteError::Form),
        ("een stand".to_owned(), NoteError::Form),
        (last.replace("\n300\n", "\n299\n"), NoteError::Signature),
        (last.trim_end().to_owned(), NoteError::Form),
        (foreign, other_key),
    ] {
        let refused = ledger.compare(&note).await;
        let Err(NotCompared::Checkpoint(found)) = refused else {
            panic!("{note:?}: {refused:?}");
        };
        assert_eq!(found, expected, "{note:?}");
    }
}

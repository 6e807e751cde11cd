//! Proofs from any size to the newest, and what is kept of the witnesses.

use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::ledger::note::Checkpoint;
use crate::ledger::testing::Book;
use crate::ledger::{Compared, Cosigned, Lapsed, NotAppended};
use crate::merkle;
use crate::store::testing::ENGINES;

fn cosigned(size: u64, at: Moment) -> Cosigned {
    Cosigned {
        size,
        at,
        note: format!("{size} at {at}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_earlier_size_is_proven_to_be_the_beginning() {
    for engine in ENGINES {
        let book = Book::new(engine).await;
        let gateway = book.open().await;
        let ledger = &gateway.ledger;
        let signer = book.keys().signer;
        let sign = |size, root| signer.sign(&Checkpoint { size, root });
        let mut earlier = Vec::new();
        for entries in [1, 2, 252, 1, 1, 43, 212] {
            gateway.grow(entries).await;
            let stand = ledger.stand();
            let (size, root) = (stand.size(), stand.root());
            earlier.push((size, root));
            for (old, old_root) in &earlier {
                let proof = ledger.consistency(&stand, *old).await.unwrap();
                let extends = merkle::extends(*old, old_root, size, &root, &proof);
                assert!(extends, "{old} to {size}");
                let kept = sign(*old, *old_root);
                let begins = Compared::Begins { kept: *old, size };
                assert_eq!(ledger.compare(&kept).await.unwrap(), begins);
            }
            assert_eq!(ledger.consistency(&stand, 0).await.unwrap(), [[0; 32]; 0]);
            let (kept, ahead) = (size + 1, sign(size + 1, root));
            let expected = Compared::Ahead { kept, size };
            assert_eq!(ledger.compare(&ahead).await.unwrap(), expected);
            let signed = ledger.verifier().open(stand.checkpoint());
            assert_eq!(signed, Ok(Checkpoint { size, root }));
        }
        // A proof to a checkpoint of before is still to be had when the book has grown.
        let stand = ledger.stand();
        gateway.grow(300).await;
        let (old, old_root) = earlier[1];
        let proof = ledger.consistency(&stand, old).await.unwrap();
        let (size, root) = (stand.size(), stand.root());
        assert!(merkle::extends(old, &old_root, size, &root, &proof));
        gateway.close().await;
        book.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_cosigned_checkpoint_is_kept() {
    for engine in ENGINES {
        let book = Book::new(engine).await;
        let gateway = book.open().await;
        let now = book.clock.now();
        let ledger = &gateway.ledger;
        assert_eq!(ledger.find_unverified_cosigned().await.unwrap(), None);
        for (size, seconds, newest) in [
            (5, 10, (5, 10)),
            (4, 20, (5, 10)),
            (5, 9, (5, 10)),
            (5, 11, (5, 11)),
            (6, 3, (6, 3)),
        ] {
            ledger.keep_cosigned(cosigned(size, now.plus_ms(1000 * seconds)));
            let expected = cosigned(newest.0, now.plus_ms(1000 * newest.1));
            assert_eq!(*ledger.cosigned().unwrap(), expected);
            // With the batch of this beat it is in the database.
            ledger.beat().await.unwrap();
            let kept = ledger.find_unverified_cosigned().await.unwrap();
            assert_eq!(kept, Some(expected.note), "{engine:?}");
        }
        // Another gateway's newer one stays, whatever this one hands in.
        book.database
            .run("update cosigned set size = 99, checkpoint = 'newer'")
            .await;
        ledger.keep_cosigned(cosigned(7, now));
        ledger.beat().await.unwrap();
        let kept = ledger.find_unverified_cosigned().await.unwrap();
        assert_eq!(kept.as_deref(), Some("newer"));
        gateway.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_released_past_the_limit() {
    let book = Book::new(crate::store::testing::Engine::Sqlite).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let limit = Duration::from_mins(1);
    assert!(
        gateway.release().await.is_ok(),
        "nobody asked for witnesses"
    );
    ledger.refuse_after(limit);
    let never = Lapsed { age: None, limit };
    assert_eq!(ledger.lapsed(), Some(never));
    let refused = gateway.release().await;
    assert_eq!(refused.map(drop), Err(NotAppended::Unwitnessed));
    let now = book.clock.now();
    ledger.keep_cosigned(cosigned(1, now.plus_ms(5_000)));
    assert_eq!(
        ledger.quorum_age(),
        Some(Duration::ZERO),
        "a clock a little ahead"
    );
    for (age_ms, released) in [(0, true), (65_000, true), (65_001, false)] {
        book.clock
            .advance_ms(age_ms - book.clock.now().ms_since(now));
        let lapsed = ledger.lapsed();
        assert_eq!(lapsed.is_none(), released, "{age_ms}: {lapsed:?}");
        assert_eq!(gateway.release().await.is_ok(), released, "{age_ms}");
    }
    // Everything else is recorded as ever.
    gateway.append_plain().await;
    gateway.close().await;
    book.verify().await;
}

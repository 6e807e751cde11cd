//! Several gateways on one PostgreSQL: one history, whoever writes (SECURITY 7).

use std::collections::BTreeSet;

use crate::ledger::entry::Kind;
use crate::ledger::note::{NoteError, Verifier};
use crate::ledger::testing::{Book, Gateway, unseen};
use crate::ledger::verify::{self, DatabaseBook, Wrong};
use crate::ledger::{Claims, Failure, NotAppended, OpenError};
use crate::store::Store;
use crate::store::testing::Engine;
use crate::store::tests::settings;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_append_in_turn_and_at_once() {
    let book = Book::new(Engine::Postgres).await;
    let gateways = [book.open().await, book.open().await];
    for index in 0..20 {
        let receipt = gateways[index % 2].append_plain().await;
        assert_eq!(receipt.index, index as u64);
    }
    assert_eq!(book.verify().await.size, 20);

    let mut waiting = Vec::new();
    for _ in 0..150 {
        for gateway in &gateways {
            let (ledger, draft) = (gateway.ledger.clone(), gateway.plain().await);
            waiting.push(tokio::spawn(async move {
                ledger.append(draft).await.unwrap().index
            }));
        }
    }
    let mut indices = BTreeSet::new();
    for one in waiting {
        indices.insert(one.await.unwrap());
    }
    assert_eq!(indices, (20..320).collect());
    let summary = book.verify().await;
    assert_eq!(summary.size, 320);
    for gateway in gateways {
        gateway.ledger.beat().await.unwrap();
        assert_eq!(
            gateway.ledger.size(),
            320,
            "a beat catches up with the others"
        );
        let signed = gateway
            .ledger
            .verifier()
            .open(&gateway.ledger.checkpoint())
            .unwrap();
        assert_eq!(signed.root, summary.root);
        assert!(gateway.ledger.proof(319).await.is_ok());
        gateway.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_that_make_one_key_at_once_have_one_key() {
    let book = Book::new(Engine::Postgres).await;
    let (one, other) = (book.open().await, book.open().await);
    let mut receipts = Vec::new();
    for _ in 0..8 {
        book.clock.advance_ms(400 * 24 * 3_600_000);
        // Each year has its key: both gateways ask for the new one at the same moment.
        let (first, second) = tokio::join!(one.plain(), other.plain());
        receipts.push(one.ledger.append(first).await.unwrap());
        receipts.push(other.ledger.append(second).await.unwrap());
    }
    assert_eq!(
        book.database
            .run("update opening_keys set year = year")
            .await,
        8
    );
    one.close().await;
    other.close().await;
    let reader = book.open().await;
    for receipt in receipts {
        let found = reader
            .ledger
            .find(receipt.transaction)
            .await
            .unwrap()
            .unwrap();
        let opened = reader.ledger.open_values(&found).await.unwrap();
        assert_eq!(opened["zaak"].value, "Z-2026-001");
    }
    book.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_and_a_transaction_are_used_once_whichever_gateway_is_asked() {
    let book = Book::new(Engine::Postgres).await;
    let gateways = [book.open().await, book.open().await];
    for tag in 0..10 {
        let until = crate::clock::Clock::now(&*book.clock).plus_ms(300_000);
        let mut claims = crate::ledger::testing::token(tag, until);
        claims.transaction = Some(gateways[0].id());
        let (one, other) = tokio::join!(
            gateways[0].ledger.claim(claims),
            gateways[1].ledger.claim(claims)
        );
        assert_eq!(one.is_ok(), other.is_err(), "{one:?} {other:?}");
        claims.transaction = None;
        for gateway in &gateways {
            let draft = gateway
                .draft(gateway.entry(Kind::Search), claims, unseen(), None)
                .await;
            assert_eq!(
                gateway.ledger.append(draft).await,
                Err(NotAppended::TokenUsed)
            );
        }
        let claims = Claims {
            token: None,
            transaction: Some(gateways[0].id()),
        };
        gateways[1].ledger.claim(claims).await.unwrap();
        assert_eq!(
            gateways[0].ledger.claim(claims).await,
            Err(NotAppended::TransactionUsed)
        );
    }
    assert_eq!(book.verify().await.size, 0);
}

/// A gateway never goes on with a history that is not the one it wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_history_ends_the_gateway() {
    for what in ["shorter", "forked", "longer after a fork"] {
        let book = Book::new(Engine::Postgres).await;
        let gateway = book.open().await;
        gateway.grow(10).await;
        let old = gateway.store.head().await.unwrap();
        gateway.append_plain().await;

        // Somebody puts an older backup back.
        book.database
            .run("delete from entries where idx = 10")
            .await;
        let note = book.database.literal(old.checkpoint.as_bytes());
        book.database
            .run(&format!(
                "update head set size = 10, checkpoint = convert_from({note}, 'UTF8')"
            ))
            .await;
        assert_eq!(book.verify().await.size, 10, "which is whole in itself");
        if what != "shorter" {
            let other = book.open().await;
            other.append_plain().await;
            if what == "longer after a fork" {
                other.append_plain().await;
            }
            other.close().await;
        }
        let draft = gateway.plain().await;
        let appended = gateway.ledger.append(draft).await;
        assert_eq!(appended, Err(NotAppended::Unavailable), "{what}");
        let told = match what {
            "shorter" => Failure::Shorter {
                known: 11,
                here: 10,
            },
            _ => Failure::History,
        };
        assert_eq!(gateway.ledger.failed().await, told, "{what}");
        let draft = gateway.plain().await;
        assert_eq!(
            gateway.ledger.append(draft).await,
            Err(NotAppended::Unavailable)
        );
        book.verify().await;
    }
}

/// One gateway after the other takes a second key, and then leaves the first out: they read each other's
/// heads all the time. Where a step is skipped, whoever lacks a key ends and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_key_takes_over_step_by_step_and_a_skipped_step_is_told() {
    let book = Book::new(Engine::Postgres).await;
    let with_old = async || book.try_open().await.unwrap();
    let with_both = async || book.try_open_with(book.next_keys(false)).await.unwrap();
    let with_new = async || book.try_open_with(book.next_keys(true)).await.unwrap();
    let by_old = book.keys().signer.verifier();
    let by_new = book.next_keys(true).signer.verifier();
    let by_both = by_old.clone().beside(&by_new).unwrap();
    let signed = async |gateway: &Gateway, old: bool, new: bool| {
        gateway.append_plain().await;
        let note = gateway.store.head().await.unwrap().checkpoint;
        assert_eq!(by_old.open(&note).is_ok(), old, "{note}");
        assert_eq!(by_new.open(&note).is_ok(), new, "{note}");
        assert!(by_both.open(&note).is_ok(), "{note}");
    };

    let (one, other) = (with_old().await, with_old().await);
    signed(&one, true, false).await;
    one.close().await;
    // Too soon for the new key alone.
    let refused = book
        .try_open_with(book.next_keys(true))
        .await
        .err()
        .unwrap();
    let hash = |key: &Verifier| key.hashes().next().unwrap();
    assert!(
        matches!(refused, OpenError::OtherKey { found, expected }
            if found == hash(&by_old) && expected == hash(&by_new)),
        "{refused:?}"
    );
    let told = refused.to_string();
    assert!(
        told.contains("a step of replacing the log's key was skipped"),
        "{told}"
    );

    // One has both, the other the old one: in turns, and each time either was first.
    let one = with_both().await;
    for _ in 0..3 {
        signed(&one, true, true).await;
        signed(&other, true, false).await;
    }
    other.close().await;
    let other = with_both().await;
    signed(&other, true, true).await;
    one.close().await;
    let one = with_new().await;
    for _ in 0..3 {
        signed(&one, false, true).await;
        signed(&other, true, true).await;
    }
    // Somebody starts with the old key alone once more: that one reads the head, and ends the others
    // that cannot read its own.
    let late = with_old().await;
    signed(&late, true, false).await;
    let draft = one.plain().await;
    let appended = one.ledger.append(draft).await;
    assert_eq!(appended, Err(NotAppended::Unavailable));
    let failure = one.ledger.failed().await;
    assert_eq!(
        failure,
        Failure::OtherKey {
            found: hash(&by_old),
            expected: hash(&by_new),
        }
    );
    assert!(failure.to_string().contains("must have both"), "{failure}");
    late.close().await;
    // Nothing is lost: whoever has both goes on.
    signed(&other, true, true).await;
    one.close().await;
    let one = with_new().await;
    signed(&one, false, true).await;
    other.close().await;
    assert!(matches!(
        book.try_open().await.err(),
        Some(OpenError::OtherKey { .. })
    ));
    one.close().await;

    let store = Store::open_for_reading(settings(&book.database))
        .await
        .unwrap();
    let source = DatabaseBook::new(store);
    for key in [&by_new, &by_both] {
        verify::run(&source, key, |_| {}).await.unwrap();
    }
    let wrong = verify::run(&source, &by_old, |_| {}).await.unwrap_err();
    assert!(
        matches!(wrong, Wrong::Checkpoint(NoteError::OtherKey { .. })),
        "{wrong:?}"
    );
}

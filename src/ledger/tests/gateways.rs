//! Several gateways on one PostgreSQL: one history, whoever writes (SECURITY 7).

use std::collections::BTreeSet;

use crate::ledger::entry::Kind;
use crate::ledger::testing::{Book, unseen};
use crate::ledger::{Claims, Failure, NotAppended};
use crate::store::testing::Engine;

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

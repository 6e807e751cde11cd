//! Appending: batches, receipts, checkpoints, and what can be used once.

use std::collections::BTreeSet;

use crate::clock::Clock as _;
use crate::ledger::entry::Kind;
use crate::ledger::testing::{Book, address, agreed, oin, token, unseen};
use crate::ledger::{Claims, NotAppended};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    many_appends_share_commits_and_their_indices_are_dense,
    every_commit_is_covered_by_its_checkpoint,
    a_token_is_used_once,
    a_transaction_is_used_once,
    openings_open_again_after_a_restart,
    what_does_not_fit_is_refused,
    two_activations_never_rest_on_one_epoch,
    used_ids_are_forgotten_when_they_are_too_old_to_be_accepted,
);

async fn many_appends_share_commits_and_their_indices_are_dense(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.append_plain().await;
    let before = gateway.ledger.figures().commits();

    let mut waiting = Vec::new();
    for _ in 0..400 {
        let (ledger, draft) = (gateway.ledger.clone(), gateway.plain().await);
        waiting.push(tokio::spawn(async move { ledger.append(draft).await }));
    }
    let mut indices = BTreeSet::new();
    for one in waiting {
        indices.insert(one.await.unwrap().unwrap().index);
    }
    assert_eq!(indices, (1..401).collect());
    let commits = gateway.ledger.figures().commits() - before;
    assert!(commits <= 100, "400 entries took {commits} commits");
    assert_eq!(gateway.ledger.figures().entries(), 401);
    assert_eq!(gateway.ledger.size(), 401);
    assert_eq!(book.verify().await.size, 401);
}

async fn every_commit_is_covered_by_its_checkpoint(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let verifier = book.keys().signer.verifier();
    for size in 0..5 {
        let signed = verifier.open(&gateway.ledger.checkpoint()).unwrap();
        assert_eq!(signed.size, size);
        assert_eq!(
            gateway.store.head().await.unwrap().checkpoint,
            gateway.ledger.checkpoint()
        );
        let summary = book.verify().await;
        assert_eq!((summary.size, summary.root), (size, signed.root));
        assert_eq!(gateway.append_plain().await.index, size);
    }
}

async fn a_token_is_used_once(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let until = book.clock.now().plus_ms(300_000);
    let search = async |claims| {
        gateway
            .draft(gateway.entry(Kind::Search), claims, unseen(), None)
            .await
    };

    let first = gateway
        .ledger
        .append(search(token(1, until)).await)
        .await
        .unwrap();
    let again = gateway.ledger.append(search(token(1, until)).await).await;
    assert_eq!(again, Err(NotAppended::TokenUsed));
    assert_eq!(
        gateway.ledger.claim(token(1, until)).await,
        Err(NotAppended::TokenUsed)
    );

    // Ten alike, of which several share a batch: one has it.
    let mut waiting = Vec::new();
    for _ in 0..10 {
        let (ledger, draft) = (gateway.ledger.clone(), search(token(2, until)).await);
        waiting.push(tokio::spawn(async move { ledger.append(draft).await }));
    }
    let mut accepted = 0;
    for one in waiting {
        match one.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(why) => assert_eq!(why, NotAppended::TokenUsed),
        }
    }
    assert_eq!(accepted, 1);
    let documents = gateway
        .ledger
        .change_documents(oin(1), Vec::new(), true, token(2, until))
        .await;
    assert_eq!(documents, Err(NotAppended::TokenUsed));

    gateway.close().await;
    let gateway = book.open().await;
    gateway.ledger.beat().await.unwrap();
    let draft = gateway
        .draft(gateway.entry(Kind::Search), token(1, until), unseen(), None)
        .await;
    assert_eq!(
        gateway.ledger.append(draft).await,
        Err(NotAppended::TokenUsed)
    );
    assert_eq!(
        book.verify().await.size,
        first.index + 2,
        "one entry each for two tokens"
    );
}

async fn a_transaction_is_used_once(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let id = gateway.id();
    let claims = Claims {
        token: None,
        transaction: Some(id),
    };
    let entry = || {
        let mut entry = gateway.entry(Kind::Search);
        entry.transactie = id;
        entry
    };
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let draft = gateway.draft(entry(), claims, unseen(), None).await;
        let ledger = gateway.ledger.clone();
        waiting.push(tokio::spawn(async move { ledger.append(draft).await }));
    }
    let mut accepted = 0;
    for one in waiting {
        match one.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(why) => assert_eq!(why, NotAppended::TransactionUsed),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(gateway.ledger.find(id).await.unwrap().unwrap().index, 0);
    gateway.close().await;
    let gateway = book.open().await;
    assert_eq!(
        gateway.ledger.claim(claims).await,
        Err(NotAppended::TransactionUsed)
    );
    assert_eq!(book.verify().await.size, 1);
}

async fn openings_open_again_after_a_restart(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let receipt = gateway.append_plain().await;
    gateway.close().await;

    let gateway = book.open().await;
    let found = gateway
        .ledger
        .find(receipt.transaction)
        .await
        .unwrap()
        .unwrap();
    let line = String::from_utf8(found.line.clone()).unwrap();
    assert!(
        !line.contains("Z-2026-001"),
        "nothing personal stands in the tree: {line}"
    );
    let opened = gateway.ledger.open_values(&found).await.unwrap();
    assert_eq!(opened["zaak"].value, "Z-2026-001");

    // Without its key it is erased, and everything else stays as it is.
    book.database.run("delete from opening_keys").await;
    gateway.close().await;
    let gateway = book.open().await;
    assert!(gateway.ledger.open_values(&found).await.unwrap().is_empty());
    assert_eq!(
        gateway
            .ledger
            .find(gateway.id())
            .await
            .unwrap()
            .map(|found| found.index),
        None
    );
    book.verify().await;
}

async fn what_does_not_fit_is_refused(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut entry = gateway.entry(Kind::Search);
    entry.programma = Some("x".repeat(crate::bounds::ENTRY_BYTES));
    let personal = crate::ledger::seal::Personal::none();
    let owner = crate::ledger::seal::Owner::Address(address(1));
    let ledger = &gateway.ledger;
    let draft = ledger
        .draft(
            Box::new(entry),
            &personal,
            owner,
            Claims::default(),
            unseen(),
            None,
        )
        .await;
    assert_eq!(draft.map(drop), Err(NotAppended::Unavailable));
    assert_eq!(book.verify().await.size, 0);
}

async fn two_activations_never_rest_on_one_epoch(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    for round in 0..3 {
        let (activations, epoch) = gateway.ledger.activations().await.unwrap();
        assert_eq!(activations.len(), round);
        let now = book.clock.now();
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let ledger = gateway.ledger.clone();
            let bundle = crate::domain::Sha256::from_bytes([1; 32]);
            waiting.push(tokio::spawn(async move {
                ledger.activate(agreed(bundle, now), epoch).await
            }));
        }
        let mut accepted = 0;
        for one in waiting {
            match one.await.unwrap() {
                Ok(_) => accepted += 1,
                Err(why) => assert_eq!(why, NotAppended::Stale),
            }
        }
        assert_eq!(accepted, 1, "round {round}");
    }
    assert_eq!(book.verify().await.kinds[&Kind::Agreement], 3);
}

async fn used_ids_are_forgotten_when_they_are_too_old_to_be_accepted(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let id = Claims {
        token: None,
        transaction: Some(gateway.id()),
    };
    let until = book.clock.now().plus_ms(300_000);
    gateway.ledger.claim(id).await.unwrap();
    gateway.ledger.claim(token(1, until)).await.unwrap();
    let left = async || book.database.run("update used set until = until").await;
    for (forward_ms, expected) in [(0, 2), (299_000, 2), (2_000, 1), (290_000, 1), (20_000, 0)] {
        book.clock.advance_ms(forward_ms);
        gateway.ledger.beat().await.unwrap();
        assert_eq!(left().await, expected, "after {forward_ms} ms more");
    }
    assert_eq!(book.verify().await.size, 0);
}

//! Only what rests on the newest facts, policy and moment is appended (DESIGN, I2).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::{Clock as _, Moment};
use crate::domain::{
    Document, DocumentId, DocumentKind, Dossier, DossierNumber, MediaType, OwnerId, Ownership,
    Sha256, Title, Version,
};
use crate::ledger::entry::Kind;
use crate::ledger::testing::{Book, Gateway, address, agreed, oin, unseen};
use crate::ledger::{Claims, NotAppended, Receipt, Seen};
use crate::policy::testing::permit;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;
use crate::store::{Change, DocumentChange, DocumentOutcome, Loaded};

on_both_engines!(
    a_change_makes_decisions_on_older_facts_stale,
    another_address_changes_nothing,
    a_change_of_the_document_index_makes_decisions_stale,
    of_changes_at_one_time_one_has_seen_the_newest,
    decisions_of_a_batch_stand_before_its_changes,
    another_policy_makes_decisions_stale,
    a_decision_older_than_five_seconds_is_stale,
    a_change_by_another_handle_makes_decisions_stale,
);

fn seen(facts: &Arc<Loaded>) -> Seen {
    Seen {
        address: Some(facts.clone()),
        policy_epoch: None,
    }
}

fn owners(at: u8, owner: &str) -> Change {
    let owners = BTreeSet::from([OwnerId::parse(owner).unwrap()]);
    Change::Owners(
        address(at),
        Ownership {
            from: Moment::EPOCH,
            owners,
            recorded_at: 0,
        },
    )
}

async fn change(gateway: &Gateway, at: u8, seen: Seen) -> Result<Receipt, NotAppended> {
    let change = owners(at, "e-1");
    let entry = gateway.entry(Kind::Owners);
    let draft = gateway
        .draft(entry, Claims::default(), seen, Some(change))
        .await;
    gateway.ledger.append(draft).await
}

/// Both ways a decision comes to the book: a permit and a refusal.
async fn decide(gateway: &Gateway, seen: Seen) -> Result<(), NotAppended> {
    let refused = gateway
        .ledger
        .append(gateway.refusal(seen.clone()).await)
        .await
        .map(drop);
    let draft = gateway.permit_draft(seen).await;
    let permitted = gateway.ledger.release(permit(), draft).await.map(drop);
    assert_eq!(refused, permitted);
    permitted
}

fn document(title: &str) -> Document {
    Document {
        id: DocumentId::from_bytes([1; 16]),
        provider: oin(1),
        dossier: DossierNumber::parse("D-1").unwrap(),
        kind: DocumentKind::parse("planning").unwrap(),
        title: Title::parse(title).unwrap(),
        media_type: MediaType::parse("application/pdf").unwrap(),
        size_bytes: 10,
        created: Moment::EPOCH,
        address: address(1),
        health: false,
        version: Version::parse("1").unwrap(),
    }
}

async fn put(gateway: &Gateway, title: &str) -> DocumentOutcome {
    let line = vec![DocumentChange::Put(document(title))];
    gateway
        .ledger
        .change_documents(oin(1), line, true, Claims::default())
        .await
        .unwrap()[0]
}

async fn a_change_makes_decisions_on_older_facts_stale(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    for round in 0..3 {
        let facts = gateway.facts(address(1)).await;
        assert_eq!(
            decide(&gateway, seen(&facts)).await,
            Ok(()),
            "round {round}"
        );
        let dossier = Dossier {
            organisation: oin(1),
            number: DossierNumber::parse("D-1").unwrap(),
            active: true,
            marks: BTreeSet::new(),
        };
        let entry = gateway.entry(Kind::Dossier);
        let change = Some(Change::Dossier(address(1), dossier));
        let draft = gateway
            .draft(entry, Claims::default(), seen(&facts), change)
            .await;
        let receipt = gateway.ledger.append(draft).await.unwrap();
        assert_eq!(
            decide(&gateway, seen(&facts)).await,
            Err(NotAppended::Stale)
        );
        assert_eq!(
            self::change(&gateway, 1, seen(&facts)).await,
            Err(NotAppended::Stale)
        );
        // The change forgot what was cached, so that the next one sees it.
        assert_eq!(
            gateway.facts(address(1)).await.facts.version,
            receipt.index + 1
        );
    }
    book.verify().await;
}

async fn another_address_changes_nothing(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let facts = gateway.facts(address(1)).await;
    change(&gateway, 2, unseen()).await.unwrap();
    assert_eq!(decide(&gateway, seen(&facts)).await, Ok(()));
    assert_eq!(
        change(&gateway, 1, seen(&facts))
            .await
            .map(|receipt| receipt.index > 0),
        Ok(true)
    );
    book.verify().await;
}

async fn a_change_of_the_document_index_makes_decisions_stale(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let facts = gateway.facts(address(1)).await;
    assert_eq!(put(&gateway, "a").await, DocumentOutcome::Created);
    assert_eq!(
        decide(&gateway, seen(&facts)).await,
        Err(NotAppended::Stale)
    );

    let id = document("a").id;
    let subject = gateway.store.find_subject(id).await.unwrap().unwrap();
    assert_eq!(put(&gateway, "a").await, DocumentOutcome::Unchanged);
    assert_eq!(
        decide(&gateway, seen(&subject.address)).await,
        Ok(()),
        "nothing changed"
    );
    assert_eq!(put(&gateway, "b").await, DocumentOutcome::Replaced);
    assert_eq!(
        decide(&gateway, seen(&subject.address)).await,
        Err(NotAppended::Stale)
    );
    let subject = gateway.store.find_subject(id).await.unwrap().unwrap();
    assert_eq!(subject.document.title.as_str(), "b");
    assert_eq!(decide(&gateway, seen(&subject.address)).await, Ok(()));
    let summary = book.verify().await;
    assert_eq!(
        summary.kinds.keys().collect::<Vec<_>>(),
        [&Kind::Decision, &Kind::Release]
    );
}

async fn of_changes_at_one_time_one_has_seen_the_newest(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = Arc::new(book.open().await);
    let facts = gateway.facts(address(1)).await;
    let mut waiting = Vec::new();
    for _ in 0..12 {
        let (gateway, seen) = (gateway.clone(), seen(&facts));
        waiting.push(tokio::spawn(async move { change(&gateway, 1, seen).await }));
    }
    let mut accepted = 0;
    for one in waiting {
        match one.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(why) => assert_eq!(why, NotAppended::Stale),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(book.verify().await.size, 1);
}

async fn decisions_of_a_batch_stand_before_its_changes(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = Arc::new(book.open().await);
    for _ in 0..10 {
        let facts = gateway.facts(address(1)).await;
        let mut waiting = Vec::new();
        for _ in 0..8 {
            let (gateway, seen) = (gateway.clone(), seen(&facts));
            waiting.push(tokio::spawn(async move {
                let draft = gateway.refusal(seen).await;
                gateway.ledger.append(draft).await
            }));
        }
        let changed = change(&gateway, 1, seen(&facts)).await.unwrap();
        for one in waiting {
            match one.await.unwrap() {
                // INVARIANT (newest facts): no decision stands after a change it did not see.
                Ok(receipt) => assert!(receipt.index < changed.index),
                Err(why) => assert_eq!(why, NotAppended::Stale),
            }
        }
    }
    book.verify().await;
}

async fn another_policy_makes_decisions_stale(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let under = |epoch| Seen {
        address: None,
        policy_epoch: Some(epoch),
    };
    assert_eq!(decide(&gateway, under(1)).await, Err(NotAppended::Stale));
    assert_eq!(decide(&gateway, under(0)).await, Ok(()));
    let bundle = Sha256::from_bytes([7; 32]);
    let now = book.clock.now();
    let receipt = gateway
        .ledger
        .activate(agreed(bundle, now), 0)
        .await
        .unwrap();
    assert_eq!(decide(&gateway, under(0)).await, Err(NotAppended::Stale));
    let (activations, epoch) = gateway.ledger.activations().await.unwrap();
    assert_eq!(epoch, receipt.index + 1);
    assert_eq!((activations[0].bundle, activations[0].from), (bundle, now));
    assert_eq!(decide(&gateway, under(epoch)).await, Ok(()));
    let again = gateway.ledger.activate(agreed(bundle, now), 0).await;
    assert_eq!(again, Err(NotAppended::Stale));
    book.verify().await;
}

async fn a_decision_older_than_five_seconds_is_stale(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    for (age_ms, expected) in [(5_001, Err(NotAppended::Stale)), (5_000, Ok(()))] {
        let draft = gateway.plain().await;
        book.clock.advance_ms(age_ms);
        assert_eq!(
            gateway.ledger.append(draft).await.map(drop),
            expected,
            "{age_ms} ms"
        );
    }
    // The limit holds at the commit, however long the lock on the head was waited for.
    if engine == Engine::Postgres {
        let other = book.open().await;
        let mut writer = other.store.writer().await.unwrap();
        let (batch, _head) = writer.begin().await.unwrap();
        let (ledger, draft) = (gateway.ledger.clone(), gateway.plain().await);
        let waiting = tokio::spawn(async move { ledger.append(draft).await });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        book.clock.advance_ms(5_001);
        batch.roll_back().await.unwrap();
        assert_eq!(waiting.await.unwrap().map(drop), Err(NotAppended::Stale));
    }
    assert_eq!(book.verify().await.size, 1);
}

async fn a_change_by_another_handle_makes_decisions_stale(engine: Engine) {
    let book = Book::new(engine).await;
    if engine == Engine::Sqlite {
        // There, another gateway is kept out altogether.
        let gateway = book.open().await;
        assert!(book.try_open().await.is_err());
        gateway.close().await;
        book.verify().await;
        return;
    }
    let (one, other) = (book.open().await, book.open().await);
    for round in 0..3 {
        let facts = one.facts(address(1)).await;
        assert_eq!(decide(&one, seen(&facts)).await, Ok(()), "round {round}");
        change(&other, 1, unseen()).await.unwrap();
        assert_eq!(decide(&one, seen(&facts)).await, Err(NotAppended::Stale));
        one.store.cache().forget(address(1));
        let facts = one.facts(address(1)).await;
        put(&other, &format!("titel {round}")).await;
        assert_eq!(decide(&one, seen(&facts)).await, Err(NotAppended::Stale));
        one.store.cache().forget(address(1));
        let epoch = one.ledger.activations().await.unwrap().1;
        let now = book.clock.now();
        let bundle = Sha256::from_bytes([9; 32]);
        other
            .ledger
            .activate(agreed(bundle, now), epoch)
            .await
            .unwrap();
        let under = Seen {
            address: None,
            policy_epoch: Some(epoch),
        };
        assert_eq!(decide(&one, under).await, Err(NotAppended::Stale));
    }
    book.verify().await;
}

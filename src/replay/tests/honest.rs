//! What was written honestly follows.

use std::sync::Arc;

use super::{database, day_of, replay, with};
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::entry::Kind;
use crate::ledger::note::Checkpoint;
use crate::ledger::verify::Wrong;
use crate::merkle::{self, Edge};
use crate::policy::Policies;
use crate::replay::{NotRight, Unjudged, run};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    a_busy_day_follows,
    without_its_bundle_a_decision_is_not_judged,
    who_had_no_bundle_refused,
    a_checkpoint_seen_before_must_be_of_its_past,
);

async fn a_busy_day_follows(engine: Engine) {
    let (book, with) = day_of(engine).await;
    let replayed = replay(database(&book).await, &book, with).await.unwrap();
    assert_eq!(replayed.summary, book.verify().await);
    let counts = &replayed.counts;
    let kinds = &replayed.summary.kinds;
    assert_eq!(
        counts.followed + counts.unasked,
        kinds[&Kind::Decision],
        "{counts}"
    );
    assert_eq!(counts.searches, kinds[&Kind::Search]);
    assert_eq!(counts.unasked, 5, "{counts}");
    assert!(counts.unjudged.is_empty() && counts.erased == 0, "{counts}");
    assert!(counts.followed > 20 && kinds[&Kind::Release] > 5);
}

async fn without_its_bundle_a_decision_is_not_judged(engine: Engine) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let with = with(&office, Policies::default(), &office.book);
    let book = office.close().await;
    assert_eq!(book.database.run("delete from bundles").await, 2);
    let replayed = replay(database(&book).await, &book, with).await.unwrap();
    let counts = &replayed.counts;
    assert_eq!(counts.followed + counts.searches, 0);
    let (many, first) = counts.unjudged[&Unjudged::Bundle];
    assert!(many > 20 && first > 2, "{counts}");
}

async fn who_had_no_bundle_refused(engine: Engine) {
    let office = Office::open_with(engine, Policies::default()).await;
    busy_day(&office).await;
    let with_none = with(&office, Policies::default(), &office.book);
    let with_all = with(&office, policies(), &office.book);
    let book = office.close().await;
    for with in [with_none, with_all] {
        let replayed = replay(database(&book).await, &book, with).await.unwrap();
        assert!(replayed.counts.unjudged.is_empty(), "{}", replayed.counts);
        assert!(replayed.counts.followed > 20, "{}", replayed.counts);
    }
}

type Says = fn(&Wrong) -> bool;

async fn a_checkpoint_seen_before_must_be_of_its_past(engine: Engine) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let verifier = office.book.keys().signer.verifier();
    let store = office.gateway.store.clone();
    // Closing entries are in before the head is looked at.
    office.gateway.ledger.beat().await.unwrap();
    let head = store.head().await.unwrap();
    let now = verifier.open(&head.checkpoint).unwrap();
    let mut edge = Edge::default();
    for line in store.entries(0, 7).await.unwrap() {
        edge.push(merkle::leaf_hash(&line), &mut Vec::new());
    }
    let signs = |size, root| Checkpoint { size, root };
    let rows: [(Checkpoint, Option<Says>); 6] = [
        (
            signs(7, [7; 32]),
            Some(|wrong| matches!(wrong, Wrong::Forked { known: 7, .. })),
        ),
        (
            signs(now.size, [7; 32]),
            Some(|wrong| matches!(wrong, Wrong::Forked { .. })),
        ),
        (
            signs(now.size + 1, [7; 32]),
            Some(|wrong| matches!(wrong, Wrong::RolledBack { .. })),
        ),
        (signs(0, merkle::empty_root()), None),
        (signs(7, edge.root()), None),
        (now, None),
    ];
    for (known, wrong) in rows {
        let with = with(&office, policies(), &office.book);
        let source = Arc::new(database(&office.book).await);
        let found = run(source, &verifier, Some(known.into()), with, |_| {}).await;
        match (found, wrong) {
            (Ok(_), None) => {}
            (Err(NotRight::Book(found)), Some(says)) => assert!(says(&found), "{found:?}"),
            (found, _) => panic!("{known:?}: {found:?}"),
        }
    }
    drop(store);
    office.close().await.verify().await;
}

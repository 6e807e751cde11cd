//! What officers keep: theirs alone, replaced by name, and no more than there is room for.

use super::super::testing::{Book, oin};
use crate::bounds;
use crate::domain::Employee;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;
use crate::store::{SavedChange, SavedSearch};

on_both_engines!(
    what_an_officer_keeps_is_theirs_alone,
    there_is_room_for_so_many
);

fn search(name: &str, criteria: &str) -> SavedSearch {
    SavedSearch {
        name: name.to_owned(),
        criteria: criteria.to_owned(),
    }
}

fn keep(name: &str, criteria: &str) -> SavedChange {
    SavedChange::Keep(search(name, criteria))
}

fn forget(name: &str) -> SavedChange {
    SavedChange::Drop(name.to_owned())
}

async fn what_an_officer_keeps_is_theirs_alone(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let size = gateway.append_plain().await.index;
    let (anna, bram) = (
        Employee::parse("anna").unwrap(),
        Employee::parse("bram").unwrap(),
    );
    let ledger = &gateway.ledger;
    for (organisation, officer, change, changed) in [
        (1, &anna, forget("b"), false),
        (1, &anna, keep("b", "{}"), true),
        (1, &anna, keep("B", "{}"), true),
        (1, &anna, keep("a", "{}"), true),
        (1, &anna, keep("a", "{\"doel\":\"aos\"}"), true),
        // The same name of the same person elsewhere is somebody else.
        (2, &anna, forget("a"), false),
        (2, &anna, keep("a", "{}"), true),
        (1, &bram, forget("a"), false),
        (1, &anna, forget("b"), true),
        (1, &anna, forget("b"), false),
    ] {
        let done = ledger
            .change_saved(oin(organisation), officer, change.clone())
            .await;
        assert_eq!(
            done.unwrap(),
            changed,
            "{organisation} {officer} {change:?}"
        );
    }
    let of_anna = ledger.saved_searches(oin(1), &anna).await.unwrap();
    let expected = [search("B", "{}"), search("a", "{\"doel\":\"aos\"}")];
    assert_eq!(of_anna, expected, "sorted alike on both engines");
    let elsewhere = ledger.saved_searches(oin(2), &anna).await.unwrap();
    assert_eq!(elsewhere, [search("a", "{}")]);
    let of_bram = ledger.saved_searches(oin(1), &bram).await.unwrap();
    assert_eq!(of_bram, []);

    // It is not in the book, and it is there after a restart.
    assert_eq!(gateway.append_plain().await.index, size + 1);
    gateway.close().await;
    let again = book.open().await;
    let kept = again.ledger.saved_searches(oin(1), &anna).await.unwrap();
    assert_eq!(kept, expected);
    again.close().await;
    book.verify().await;
}

async fn there_is_room_for_so_many(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let anna = Employee::parse("anna").unwrap();
    let ledger = &gateway.ledger;
    let change = async |change| ledger.change_saved(oin(1), &anna, change).await.unwrap();
    for number in 0..bounds::SAVED_SEARCHES {
        assert!(change(keep(&format!("zoek {number}"), "{}")).await);
    }
    assert!(!change(keep("een te veel", "{}")).await);
    assert!(
        change(keep("zoek 7", "{\"doel\":\"aos\"}")).await,
        "replaced"
    );
    assert!(change(forget("zoek 8")).await);
    assert!(
        change(keep("een te veel", "{}")).await,
        "there is room again"
    );
    let kept = ledger.saved_searches(oin(1), &anna).await.unwrap();
    assert_eq!(kept.len(), bounds::SAVED_SEARCHES as usize);
    assert!(kept.contains(&search("zoek 7", "{\"doel\":\"aos\"}")));
    gateway.close().await;
    book.verify().await;
}

//! How far the book was told: kept with a commit, and never moved back.

use super::super::testing::Book;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(a_place_is_kept_and_never_goes_back);

async fn a_place_is_kept_and_never_goes_back(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let size = ledger.size();
    assert_eq!(ledger.find_place("ldv").await.unwrap(), 0);
    for (view, next, ldv, adl) in [
        ("ldv", 7, 7, 0),
        ("adl", 3, 7, 3),
        ("ldv", 5, 7, 3),
        ("ldv", 9, 9, 3),
    ] {
        ledger.keep_place(view, next);
        // It is written with this one, at the latest.
        ledger.beat().await.unwrap();
        let place = async |view| ledger.find_place(view).await.unwrap();
        assert_eq!((place("ldv").await, place("adl").await), (ldv, adl));
    }
    assert_eq!(ledger.size(), size, "it is not in the book");
    gateway.close().await;
    let again = book.open().await;
    assert_eq!(again.ledger.find_place("ldv").await.unwrap(), 9);
    again.close().await;
    book.verify().await;
}

//! What was erased is counted, and nothing else is passed because of it.

use super::forger::{lines, write};
use super::{day_of, replay};
use crate::ledger::entry::Kind;
use crate::ledger::testing::address;
use crate::replay::{NotRight, Unjudged};
use crate::store::testing::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_address_is_counted_and_its_neighbour_judged() {
    let (book, with) = day_of(Engine::Sqlite).await;
    let mut all = lines(&book).await;
    for line in &mut all {
        let here = line.values.get("nummeraanduiding");
        line.erased = here.is_some_and(|here| here == address(1).as_str());
    }
    let replayed = replay(write(all, &book.keys()), &book, with).await.unwrap();
    let counts = replayed.counts;
    let (many, _) = counts.unjudged[&Unjudged::Erased];
    assert!(many > 15 && counts.followed >= 4, "{counts}");
    assert_eq!(counts.unjudged.len(), 1, "{counts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rested_on_something_erased_is_not_judged() {
    let (book, with) = day_of(Engine::Sqlite).await;
    let mut all = lines(&book).await;
    for line in &mut all {
        line.erased = matches!(line.entry.soort, Kind::Owners | Kind::Choice);
    }
    let replayed = replay(write(all, &book.keys()), &book, with).await.unwrap();
    let counts = replayed.counts;
    // What follows all the same, such as a duty that no owner can stop, is not in doubt.
    let (many, first) = counts.unjudged[&Unjudged::ErasedBefore];
    assert!(many > 5 && first > 3 && counts.followed > 4, "{counts}");
}

/// An erased address is no cover for a forged decision elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_else_is_excused() {
    let (book, with) = day_of(Engine::Sqlite).await;
    let mut all = lines(&book).await;
    let elsewhere = |line: &super::forger::Line| {
        line.values.get("nummeraanduiding").map(String::as_str) == Some(address(2).as_str())
    };
    for line in &mut all {
        line.erased = !elsewhere(line);
    }
    let forged = all
        .iter_mut()
        .find(|line| elsewhere(line) && line.entry.reden.is_some())
        .unwrap();
    forged.entry.reden = Some("GEEN_GRONDSLAG".to_owned());
    let found = replay(write(all, &book.keys()), &book, with).await;
    assert!(matches!(found, Err(NotRight::Entry { .. })), "{found:?}");
}

//! Following a book: everything that stands in it, and nothing that was not signed.

use super::{Came, Criteria, NotReady, Oversight, Personal, State, What};
use crate::clock::SystemRandomness;
use crate::domain::Oin;
use crate::ledger::Claims;
use crate::ledger::entry::{Act, Kind, Outcome};
use crate::ledger::seal::{self, Owner};
use crate::ledger::testing::{Book, Gateway, address, oin, unseen};
use crate::policy::Policies;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    the_index_has_what_the_book_has,
    an_entry_that_was_changed_is_not_shown,
    an_erased_entry_stays_a_line_without_a_person,
);

fn follow(gateway: &Gateway) -> Oversight {
    let ledger = gateway.ledger.clone();
    Oversight::start(ledger, Policies::default(), &SystemRandomness::default()).unwrap()
}

/// Reads once the book was read for the first time.
async fn read<T: Send + 'static>(
    oversight: &Oversight,
    look: impl Fn(&super::Index) -> T + Clone + Send + 'static,
) -> Result<T, NotReady> {
    loop {
        match oversight.read(look.clone()).await {
            Err(NotReady(State::Reading { .. })) => tokio::task::yield_now().await,
            looked => return looked,
        }
    }
}

/// A refusal of a request for a document of `holder`, by this employee.
async fn refuse(gateway: &Gateway, asks: Oin, holder: Oin, employee: &str) -> u64 {
    let mut entry = gateway.entry(Kind::Decision);
    entry.aanvrager = Some(asks);
    entry.bron = Some(holder);
    entry.handeling = Some(Act::Download);
    entry.uitkomst = Some(Outcome::Refused);
    entry.reden = Some("GEEN_GRONDSLAG".to_owned());
    let personal = seal::Personal::none()
        .with("medewerker", employee)
        .with("nummeraanduiding", address(1));
    let owner = Owner::Address(address(1));
    let entry = Box::new(entry);
    let (claims, seen) = (Claims::default(), unseen());
    let draft = gateway
        .ledger
        .draft(entry, &personal, owner, claims, seen, None);
    let draft = draft.await.unwrap();
    gateway.ledger.append(draft).await.unwrap().index
}

async fn the_index_has_what_the_book_has(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.grow(2_100).await;
    let (own, other, third) = (oin(1), oin(2), oin(3));
    let first = refuse(&gateway, own, other, "anna").await;
    let oversight = follow(&gateway);
    let rows = read(&oversight, |index| (index.size(), index.rows().len())).await;
    assert_eq!(rows, Ok((2_101, 2_101)));

    // What is appended now is there for whoever asks after it.
    let second = refuse(&gateway, other, own, "anna").await;
    let third_parties = refuse(&gateway, other, third, "anna").await;
    let recorded = gateway.release().await.unwrap();
    let released = recorded.receipt().index;
    drop(recorded.into_closing());
    gateway.ledger.beat().await.unwrap();
    let looked = read(&oversight, move |index| {
        let found = |own, criteria: &Criteria| -> Vec<u64> {
            index.matching(own, criteria).map(|row| row.index).collect()
        };
        let refused = Criteria {
            came: Some(Came::Refused),
            address: Some(address(1)),
            ..Criteria::default()
        };
        let annas = Criteria {
            employee: Some(crate::domain::Employee::parse("anna").unwrap()),
            ..Criteria::default()
        };
        let end = index.find_row(released).and_then(|row| row.end);
        let searches = index.rows().iter().filter(|row| row.what == What::Search);
        (
            [
                found(own, &refused),
                found(other, &refused),
                found(third, &refused),
            ],
            [found(own, &annas), found(third, &annas)],
            end.is_some(),
            searches.count(),
            index.tag(Personal::Address, address(1).as_str()).is_some(),
        )
    });
    let (refused, annas, closed, searches, tagged) = looked.await.unwrap();
    assert_eq!(
        refused[0],
        [second, first],
        "newest first, and not what is the others'"
    );
    assert_eq!(refused[1], [third_parties, second, first]);
    assert_eq!(refused[2], [third_parties]);
    assert_eq!(
        annas[0],
        [first],
        "an employee is one of the own organisation"
    );
    assert!(annas[1].is_empty());
    assert!(closed && tagged);
    assert_eq!(searches, 2_100);

    drop(oversight);
    gateway.close().await;
    book.verify().await;
}

async fn an_entry_that_was_changed_is_not_shown(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.grow(300).await;
    let line = gateway.store.entries(7, 8).await.unwrap().remove(0);
    let changed = String::from_utf8(line)
        .unwrap()
        .replace("11-21T12", "11-20T12");
    let literal = book.database.literal(changed.as_bytes());
    let change = format!("update entries set entry = {literal} where idx = 7");
    assert_eq!(book.database.run(&change).await, 1);

    let oversight = follow(&gateway);
    let looked = read(&oversight, super::Index::size).await;
    assert_eq!(looked, Err(NotReady(State::Differs { size: 300 })));
    // Nor does it come back by itself.
    gateway.append_plain().await;
    let looked = read(&oversight, super::Index::size).await;
    assert_eq!(looked, Err(NotReady(State::Differs { size: 300 })));
    drop(oversight);
    gateway.close().await;
}

async fn an_erased_entry_stays_a_line_without_a_person(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let index = refuse(&gateway, oin(1), oin(2), "anna").await;
    book.database.run("delete from opening_keys").await;
    let oversight = follow(&gateway);
    let row = read(&oversight, move |known| known.find_row(index).copied());
    let row = row.await.unwrap().unwrap();
    assert!(row.is_refusal());
    assert!(!row.address.is_some() && !row.employee.is_some());
    drop(oversight);
    gateway.close().await;
    book.verify().await;
}

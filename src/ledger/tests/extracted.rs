//! An extract of an entry of which something was erased: it shows what is left, and that is proven as it
//! was before. Nothing of it says what is gone.

use std::collections::BTreeMap;

use super::erasing::{erase, person};
use super::owner::owned;
use crate::domain::OwnerId;
use crate::errors::in_full;
use crate::ledger::entry::Kind;
use crate::ledger::extract::{Extract, ToldEntry};
use crate::ledger::note::Trust;
use crate::ledger::seal::Opened;
use crate::ledger::testing::{Book, Gateway};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(an_extract_shows_what_was_not_erased);

const FIELDS: [(&str, &str); 2] = [("eigenaren", "[\"eig-1\"]"), ("medewerker", "M-1")];

/// As the desk makes one, of everything that can be opened; what was left out before comes in as given.
async fn extract(gateway: &Gateway, index: u64, more: &BTreeMap<String, Opened>) -> String {
    let found = gateway.ledger.find_at(index).await.unwrap().unwrap();
    let mut openings = gateway.ledger.open_values(&found).await.unwrap();
    openings.extend(more.clone());
    let made = gateway.ledger.extract(&found, openings, None).await;
    made.unwrap().to_string()
}

/// What whoever has nothing but the key and the file is told.
fn told(gateway: &Gateway, file: &str) -> Result<ToldEntry, String> {
    let trust = Trust::new(Some(gateway.ledger.verifier().clone()), None).unwrap();
    let extract = Extract::parse(file.as_bytes()).unwrap();
    let told = extract.check(&trust).map_err(|flaw| in_full(&flaw))?;
    Ok(told.entries.into_iter().next().unwrap())
}

fn fields(told: &ToldEntry) -> (Vec<&str>, Vec<&str>) {
    let shown = told.shown.keys().map(String::as_str);
    let withheld = told.withheld.iter().map(String::as_str);
    (shown.collect(), withheld.collect())
}

async fn an_extract_shows_what_was_not_erased(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let index = owned(&gateway, 1, Kind::Search, &FIELDS).await;
    let whole = extract(&gateway, index, &BTreeMap::new()).await;
    let before = told(&gateway, &whole).unwrap();
    let all = ["eigenaren", "medewerker", "nummeraanduiding", "zaak"];
    assert_eq!(fields(&before), (all.to_vec(), vec![]));

    // Of an owner: what is left has its own salts, and is what the entry committed to.
    let owner = OwnerId::parse("eig-1").unwrap();
    let (anna, ben) = (person(1, "anna"), person(2, "ben"));
    let asked = gateway.ledger.ask_owner(&anna, &owner).await.unwrap();
    gateway.ledger.agree(&ben, asked.index).await.unwrap();
    let file = extract(&gateway, index, &BTreeMap::new()).await;
    assert!(!file.contains("eig-1"), "{file}");
    let left = told(&gateway, &file).unwrap();
    assert_eq!(fields(&left), (all[1..].to_vec(), vec!["eigenaren"]));
    assert_eq!((left.index, &left.entry), (index, &before.entry));
    for field in &all[1..] {
        assert_eq!(left.shown.get(*field), before.shown.get(*field), "{field}");
    }
    // A guess of what is gone is no proof of it, whatever salt it comes with.
    let found = gateway.ledger.find_at(index).await.unwrap().unwrap();
    let openings = gateway.ledger.open_values(&found).await.unwrap();
    let salt = openings["zaak"].salt;
    let value = FIELDS[0].1.to_owned();
    let guess = BTreeMap::from([("eigenaren".to_owned(), Opened { value, salt })]);
    let file = extract(&gateway, index, &guess).await;
    let refused = told(&gateway, &file).unwrap_err();
    assert!(refused.contains("the value or the salt"), "{refused}");

    // Of the address: nothing is shown, and the entry is proven all the same.
    erase(&gateway, 1).await;
    let file = extract(&gateway, index, &BTreeMap::new()).await;
    let left = told(&gateway, &file).unwrap();
    assert_eq!(fields(&left), (vec![], all.to_vec()));
    assert_eq!((left.index, &left.entry), (index, &before.entry));
    // What somebody was given before stays proven: the book cannot take it back.
    assert_eq!(told(&gateway, &whole).unwrap().shown, before.shown);
    gateway.close().await;
    book.verify().await;
}

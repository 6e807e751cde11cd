//! The rules of an agreement go along with the book; what is not what was agreed on is named.

use super::*;
use crate::domain::Sha256;
use crate::policy::{Policies, hash_of_files};
use crate::replay::{NotRight, Unjudged};

on_both_engines!(the_rules_go_along_and_nothing_else_is_needed_to_replay);

/// A day that was put on record, and the bundles that were in force on it.
async fn day(engine: Engine) -> (Book, With, Vec<Sha256>) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let with = with(&office, Policies::default(), &office.book);
    let bundles = testing::policies()
        .all()
        .iter()
        .map(|one| one.hash())
        .collect();
    (office.close().await, with, bundles)
}

/// The same, for another replay: what one learns, its clones know.
fn anew(with: &With, book: &Book) -> With {
    With {
        organisations: with.organisations.clone(),
        policies: Policies::default(),
        opener: opener(book),
        threads: 1,
    }
}

fn file(hash: Sha256) -> String {
    format!("log/beleid/{hash}.json")
}

async fn the_rules_go_along_and_nothing_else_is_needed_to_replay(engine: Engine) {
    let (book, judge, bundles) = day(engine).await;
    let (place, verifier) = (tempfile::tempdir().unwrap(), book.keys().signer.verifier());
    let summary = exported(&book, place.path()).await.unwrap();
    for hash in &bundles {
        let kept = fs::read_to_string(place.path().join(file(*hash))).unwrap();
        assert_eq!(hash_of_files(&kept), Some(*hash));
    }
    let sealed = sealed(&book, place.path()).unwrap();
    let copy = Database::new(other(engine)).await;
    let there = settings(&copy);
    let restored = restore(&there, &sealed, &verifier, &opener(&book), |_| {}).await;
    assert_eq!(restored.unwrap().summary, summary);
    let of_export = replay(
        Arc::new(sealed),
        &verifier,
        None,
        anew(&judge, &book),
        |_| {},
    )
    .await;
    let store = Store::open_for_reading(there).await.unwrap();
    let of_copy = again(&book, store, anew(&judge, &book)).await;
    assert_eq!(of_export.unwrap(), of_copy);
    assert!(of_copy.counts.followed > 5 && of_copy.counts.unjudged.is_empty());
}

/// Changes a bundle so that it still can be read.
fn permit_all(text: &str) -> String {
    let changed = text.replacen("forbid (", "permit (", 1);
    assert_ne!(changed, text);
    changed
}

/// Does harm to the export in this folder.
type Changing<'a> = Box<dyn Fn(&Path) + 'a>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_in_an_export_that_were_not_agreed_on_are_named() {
    let (book, judge, bundles) = day(Engine::Sqlite).await;
    let (place, verifier) = (tempfile::tempdir().unwrap(), book.keys().signer.verifier());
    let name = file(bundles[0]);
    let in_about = |at: &Path, from: &str, to: &str| {
        let path = at.join("export.json");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    let hash_of = |content: &str| {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(content.as_bytes());
        super::super::files::sha256(context).to_string()
    };
    let harms: Vec<(&str, Changing<'_>, String)> = vec![
        (
            "changed",
            Box::new(|at| edit(&at.join(&name), |text| text.push(b' '))),
            format!("{name} is not the file that was exported: it has another hash"),
        ),
        (
            "gone",
            Box::new(|at| fs::remove_file(at.join(&name)).unwrap()),
            format!("{name} is not the file that was exported: it is not there"),
        ),
        (
            "added",
            Box::new(|at| fs::write(at.join(file(Sha256::from_bytes([1; 32]))), "{}").unwrap()),
            "no file of this name belongs to it".to_owned(),
        ),
        (
            "changed, and its hash in export.json",
            Box::new(|at| {
                let was = fs::read_to_string(at.join(&name)).unwrap();
                let now = permit_all(&was);
                fs::write(at.join(&name), &now).unwrap();
                in_about(at, &hash_of(&was), &hash_of(&now));
            }),
            "the bundle in it is not the one it is named after".to_owned(),
        ),
        (
            "taken out, and out of export.json",
            Box::new(|at| {
                let was = fs::read_to_string(at.join(&name)).unwrap();
                fs::remove_file(at.join(&name)).unwrap();
                in_about(at, &format!("\"{name}\":\"{}\",", hash_of(&was)), "");
            }),
            format!("the bundle {}, which entry", bundles[0]),
        ),
    ];
    let mut passed = Vec::new();
    for (number, (what, harm, says)) in harms.into_iter().enumerate() {
        let folder = place.path().join(number.to_string());
        exported(&book, &folder).await.unwrap();
        harm(&folder);
        let copy = Database::new(Engine::Sqlite).await;
        let there = settings(&copy);
        let restored = match sealed(&book, &folder) {
            Ok(sealed) => restore(&there, &sealed, &verifier, &opener(&book), |_| {}).await,
            Err(error) => Err(error),
        };
        let told = restored.map_or_else(|error| in_full(&error), |_| "nothing".to_owned());
        if !told.contains(&says) {
            passed.push(format!("{what}: {told}"));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));

    // Without them the book is whole, and what they decided is told not to be judged.
    let last = place.path().join("4");
    let source = Arc::new(sealed(&book, &last).unwrap());
    let replayed = replay(source, &verifier, None, anew(&judge, &book), |_| {}).await;
    let counts = replayed.unwrap().counts;
    assert!(counts.unjudged.keys().eq([&Unjudged::Bundle]), "{counts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_in_a_database_that_were_not_agreed_on_are_named_and_never_used() {
    let (book, judge, bundles) = day(Engine::Sqlite).await;
    let (place, verifier) = (tempfile::tempdir().unwrap(), book.keys().signer.verifier());
    let store = Store::open_for_reading(settings(&book.database))
        .await
        .unwrap();
    let was = store.bundle(bundles[0]).await.unwrap().unwrap();
    let hash = book.database.literal(bundles[0].as_bytes());
    let text = permit_all(&was).replace('\'', "''");
    let changed = format!("update bundles set files = '{text}' where hash = {hash}");
    assert_eq!(book.database.run(&changed).await, 1);
    let source = Arc::new(DatabaseBook::new(store.clone()));
    let learnt = Policies::default();
    let with = With {
        policies: learnt.clone(),
        ..anew(&judge, &book)
    };
    let wrong = replay(source, &verifier, None, with, |_| {})
        .await
        .unwrap_err();
    assert!(wrong.is_finding() && matches!(wrong, NotRight::Bundle(of) if of == bundles[0]));
    assert!(learnt.find(bundles[0]).is_none());
    let error = exported(&book, &place.path().join("a")).await.unwrap_err();
    let told = in_full(&error);
    assert!(
        error.is_finding() && told.contains("is something else: it was changed"),
        "{told}"
    );

    let gone = format!("delete from bundles where hash = {hash}");
    assert_eq!(book.database.run(&gone).await, 1);
    let error = exported(&book, &place.path().join("b")).await.unwrap_err();
    let told = in_full(&error);
    assert!(
        error.is_finding() && told.contains("is not kept with the ledger"),
        "{told}"
    );
    let counts = again(&book, store, anew(&judge, &book)).await.counts;
    assert!(counts.unjudged.keys().eq([&Unjudged::Bundle]), "{counts}");
}

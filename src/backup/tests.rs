//! A book that was exported and restored is the same book; what was done to an export is named.

mod policies;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::{BackupError, Folder, Sealed, export, restore};
use crate::clock::Clock;
use crate::errors::in_full;
use crate::exchange::testing::{self, Office, busy_day};
use crate::ledger::note::Signer;
use crate::ledger::testing::{Book, ORIGIN, address};
use crate::ledger::verify::{DatabaseBook, Summary, run as verify};
use crate::ledger::{Ledger, Opener};
use crate::replay::tests::with;
use crate::replay::{Replayed, With, run as replay};
use crate::store::testing::{Database, Engine};
use crate::store::tests::{on_both_engines, settings};
use crate::store::{OpenError, Store};

on_both_engines!(
    what_is_restored_is_the_same_book,
    a_book_of_many_bundles_comes_back,
);

fn other(engine: Engine) -> Engine {
    match engine {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    }
}

fn opener(book: &Book) -> Opener {
    Opener::new(Arc::new(book.keys().master))
}

async fn exported(book: &Book, place: &Path) -> Result<Summary, BackupError> {
    let store = Store::open_for_reading(settings(&book.database)).await;
    let verifier = book.keys().signer.verifier();
    export(&store.unwrap(), &verifier, place, |_| {}).await
}

fn sealed(book: &Book, place: &Path) -> Result<Sealed, BackupError> {
    let folder = Folder::open(place, &book.keys().signer.verifier())?;
    folder.check_beside()?;
    folder.with_keys()
}

async fn again(book: &Book, store: Store, with: With) -> Replayed {
    let verifier = book.keys().signer.verifier();
    let source = Arc::new(DatabaseBook::new(store));
    replay(source, &verifier, None, with, |_| {}).await.unwrap()
}

async fn what_is_restored_is_the_same_book(engine: Engine) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let mut facts = Vec::new();
    for last in 1..=2 {
        let known = office.gateway.store.address(address(last)).await.unwrap();
        facts.push(known.facts.clone());
    }
    let documents = office.gateway.store.all_documents(None, 100).await.unwrap();
    let judges = [(); 3].map(|()| with(&office, testing::policies(), &office.book));
    let book = office.close().await;
    let (keys, place) = (book.keys(), tempfile::tempdir().unwrap());
    let verifier = keys.signer.verifier();
    let summary = exported(&book, place.path()).await.unwrap();
    assert_eq!(summary, book.verify().await);

    // Without a key: what is public. With them: everything.
    let sealed = sealed(&book, place.path()).unwrap();
    let public = verify(sealed.folder(), &verifier, |_| {}).await.unwrap();
    assert_eq!(public, summary);
    let [of_export, of_copy, of_original] = judges;
    let source = Arc::new(sealed.clone());
    let replayed = replay(source, &verifier, None, of_export, |_| {})
        .await
        .unwrap();
    assert!(replayed.summary == summary && replayed.counts.unjudged.is_empty());

    let copy = Database::new(other(engine)).await;
    let there = settings(&copy);
    let restored = restore(&there, &sealed, &verifier, &opener(&book), |_| {})
        .await
        .unwrap();
    assert_eq!(restored.summary, summary);
    assert_eq!(restored.documents, documents.len() as u64);
    assert_eq!(restored.erased, 0);
    let store = Store::open(there.clone()).await.unwrap();
    let original = Store::open_for_reading(settings(&book.database))
        .await
        .unwrap();
    let (one, two) = (store.clone(), original.clone());
    assert_eq!(
        again(&book, one, of_copy).await,
        again(&book, two, of_original).await
    );
    for told in facts {
        let mut known = store.address(told.address).await.unwrap().facts.clone();
        let mut told = told;
        for facts in [&mut known, &mut told] {
            facts.choices.sort_by_key(|one| one.changed_at);
            facts.dossiers.sort_by_key(|one| one.organisation);
            facts.ownerships.sort_by_key(|one| one.recorded_at);
        }
        assert_eq!(known, told);
    }
    assert_eq!(store.all_documents(None, 100).await.unwrap(), documents);
    assert_eq!(
        store.activations().await.unwrap(),
        original.activations().await.unwrap()
    );
    assert_eq!(
        store.all_used().await.unwrap(),
        original.all_used().await.unwrap()
    );

    // A gateway goes on with it.
    let clock: Arc<dyn Clock> = book.clock.clone();
    let ledger = Ledger::open(store, book.keys(), clock, book.random.clone())
        .await
        .unwrap();
    ledger.note_start("sluis", None).await.unwrap();
    assert_eq!(ledger.size(), summary.size + 1);
    ledger.close().await;

    // And there it stays: neither the copy nor the original is filled again.
    for place in [&there, &settings(&book.database)] {
        let twice = restore(place, &sealed, &verifier, &opener(&book), |_| {}).await;
        let exists = matches!(twice, Err(BackupError::Open(OpenError::Exists(_))));
        assert!(exists, "{twice:?}");
    }
    book.verify().await;
}

async fn a_book_of_many_bundles_comes_back(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    gateway.grow(1_100).await;
    let recorded = gateway.release().await.unwrap();
    // Its gateway dies before it is closed.
    std::mem::forget(recorded);
    gateway.grow(7).await;
    let size = gateway.ledger.size();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("export");
    let store = gateway.store.clone();
    let verifier = book.keys().signer.verifier();
    // Beside a gateway that goes on.
    let summary = export(&store, &verifier, &folder, |_| {}).await.unwrap();
    assert_eq!((summary.size, summary.open_releases), (size, 1));
    let sealed = sealed(&book, &folder).unwrap();
    let copy = Database::new(engine).await;
    let restored = restore(&settings(&copy), &sealed, &verifier, &opener(&book), |_| {}).await;
    assert_eq!(restored.unwrap().summary, summary);

    let store = Store::open(settings(&copy)).await.unwrap();
    let clock: Arc<dyn Clock> = book.clock.clone();
    let ledger = Ledger::open(store, book.keys(), clock, book.random.clone())
        .await
        .unwrap();
    assert_eq!(ledger.close_orphans().await.unwrap(), 1);
    let closed = ledger.size();
    assert_eq!(closed, size + 1);
    ledger.close().await;
    let store = Store::open_for_reading(settings(&copy)).await.unwrap();
    let whole = verify(&DatabaseBook::new(store), &verifier, |_| {})
        .await
        .unwrap();
    assert_eq!((whole.size, whole.open_releases), (closed, 0));
    drop(gateway);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_taken_is_left_as_it_is() {
    let book = Book::new(Engine::Sqlite).await;
    let place = tempfile::tempdir().unwrap();
    let taken = place.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("x"), "x").unwrap();
    let file = place.path().join("file");
    fs::write(&file, "x").unwrap();
    let left = place.path().join("left");
    fs::create_dir(place.path().join("left.unfinished")).unwrap();
    for (place, says) in [
        (taken, "not an empty folder"),
        (file, "not an empty folder"),
        (left, "broken off"),
    ] {
        let error = exported(&book, &place).await.unwrap_err();
        assert!(
            error.is_usage() && in_full(&error).contains(says),
            "{error}"
        );
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3);
    // An empty book is a book.
    let empty = place.path().join("empty");
    assert_eq!(exported(&book, &empty).await.unwrap().size, 0);
    let sealed = sealed(&book, &empty).unwrap();
    let copy = Database::new(Engine::Sqlite).await;
    let verifier = book.keys().signer.verifier();
    let restored = restore(&settings(&copy), &sealed, &verifier, &opener(&book), |_| {}).await;
    assert_eq!(restored.unwrap().summary.size, 0);
}

/// Does harm to an export; it is in the folder that is handed over.
type Harm = fn(&Path);

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut content = fs::read(path).unwrap();
    change(&mut content);
    fs::write(path, content).unwrap();
}

#[expect(
    clippy::too_many_lines,
    reason = "a table of everything that can be done to an export"
)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_to_an_export_is_told_in_one_line() {
    let public: Vec<(&str, Harm, &str)> = vec![
        (
            "no export",
            |at| fs::remove_file(at.join("export.json")).unwrap(),
            "it has no export.json",
        ),
        (
            "another form",
            |at| edit(&at.join("export.json"), |text| text.truncate(40)),
            "not in the form of an export",
        ),
        (
            "an export.json that is too long",
            |at| edit(&at.join("export.json"), |text| text.resize(70_000, b' ')),
            "not in the form of an export",
        ),
        (
            "another size beside the checkpoint",
            |at| {
                let path = at.join("export.json");
                let text = fs::read_to_string(&path).unwrap();
                fs::write(path, text.replace("\"size\":600", "\"size\":601")).unwrap();
            },
            "no file of this name belongs to it",
        ),
        (
            "another origin",
            |at| {
                let path = at.join("export.json");
                let text = fs::read_to_string(&path).unwrap();
                fs::write(path, text.replace(ORIGIN, "elders.example/logboek")).unwrap();
            },
            "the export is of the ledger elders.example/logboek",
        ),
        (
            "a checkpoint with a byte changed",
            |at| edit(&at.join("log/checkpoint"), |text| text[30] ^= 1),
            "the checkpoint cannot be believed",
        ),
        (
            "a checkpoint that is too long",
            |at| {
                edit(&at.join("log/checkpoint"), |text| {
                    text.resize(70_000, b'\n');
                });
            },
            "log/checkpoint (too long)",
        ),
        (
            "a checkpoint that is gone",
            |at| fs::remove_file(at.join("log/checkpoint")).unwrap(),
            "log/checkpoint (not there)",
        ),
        (
            "a bundle that was cut",
            |at| {
                edit(&at.join("log/tile/entries/001"), |bytes| {
                    bytes.truncate(5_000);
                });
            },
            "log/tile/entries/001 (cut short)",
        ),
        (
            "a bundle with an entry less",
            |at| {
                edit(&at.join("log/tile/entries/001"), |bytes| {
                    let first = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
                    bytes.drain(..first + 2);
                });
            },
            "log/tile/entries/001 (255 entries instead of 256)",
        ),
        (
            "a bundle with an entry more",
            |at| {
                edit(&at.join("log/tile/entries/001"), |bytes| {
                    bytes.extend([0, 1, b'x']);
                });
            },
            "log/tile/entries/001 (257 entries instead of 256)",
        ),
        (
            "a bundle that is far too long",
            |at| {
                edit(&at.join("log/tile/entries/001"), |bytes| {
                    bytes.resize(20_000_000, 0);
                });
            },
            "log/tile/entries/001 (too long)",
        ),
        (
            "an entry with a byte changed",
            |at| {
                edit(&at.join("log/tile/entries/001"), |bytes| {
                    let at = bytes
                        .windows(8)
                        .position(|part| part == b"\"zegels\"")
                        .unwrap();
                    let byte = &mut bytes[at + 20];
                    *byte = if *byte == b'A' { b'B' } else { b'A' };
                });
            },
            "does not have the hash its tile holds",
        ),
        (
            "a tile with a byte changed",
            |at| edit(&at.join("log/tile/0/001"), |bytes| bytes[64] ^= 1),
            "entry 258 does not have the hash its tile holds",
        ),
        (
            "a tile that was padded",
            |at| edit(&at.join("log/tile/0/001"), |bytes| bytes.push(0)),
            "log/tile/0/001 (too long)",
        ),
        (
            "a tile that was cut",
            |at| edit(&at.join("log/tile/0/001"), |bytes| bytes.truncate(64)),
            "log/tile/0/001 (64 bytes instead of 8192)",
        ),
        (
            "a last tile with a hash more",
            |at| {
                edit(&at.join("log/tile/0/002.p/88"), |bytes| {
                    bytes.extend([0; 32]);
                });
            },
            "log/tile/0/002.p/88 (2848 bytes instead of 2816)",
        ),
        (
            "a file that does not belong there",
            |at| fs::write(at.join("log/tile/0/003"), "x").unwrap(),
            "log/tile/0/003 is not the file that was exported: no file of this name belongs to it",
        ),
        (
            "openings that were cut",
            |at| {
                edit(&at.join("sealed/openings/001"), |bytes| {
                    bytes.truncate(5_000);
                });
            },
            "sealed/openings/001 (cut short)",
        ),
        (
            "keys with one taken out",
            |at| edit(&at.join("sealed/keys"), Vec::clear),
            "sealed/keys is not the file that was exported: it has another hash",
        ),
        (
            "an index with a line added",
            |at| {
                edit(&at.join("index/documents.ndjson"), |text| {
                    text.extend(b"{}\n");
                });
            },
            "index/documents.ndjson is not the file that was exported: a line is in no known form",
        ),
        (
            "an index whose last line was cut",
            |at| {
                edit(&at.join("index/used.ndjson"), |text| {
                    text.extend(b"{\"token\"");
                });
            },
            "index/used.ndjson is not the file that was exported: a line is cut or too long",
        ),
    ];
    let book = Book::new(Engine::Sqlite).await;
    let gateway = book.open().await;
    gateway.grow(600).await;
    gateway.close().await;
    let place = tempfile::tempdir().unwrap();
    let verifier = book.keys().signer.verifier();
    let mut passed = Vec::new();
    for (number, (what, harm, says)) in public.into_iter().enumerate() {
        let folder = place.path().join(number.to_string());
        exported(&book, &folder).await.unwrap();
        harm(&folder);
        let checked = match sealed(&book, &folder) {
            Ok(sealed) => verify(sealed.folder(), &verifier, |_| {})
                .await
                .map_err(BackupError::Book),
            Err(error) => Err(error),
        };
        let told = checked.map_or_else(|error| in_full(&error), |_| "nothing".to_owned());
        if !told.contains(says) || told.contains('\n') {
            passed.push(format!("{what}: {told}"));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));

    // Of another key, of the same name.
    let folder = place.path().join("0");
    let stranger = Signer::generate(ORIGIN, &*book.random).unwrap().verifier();
    fs::remove_dir_all(&folder).unwrap();
    exported(&book, &folder).await.unwrap();
    let opened = Folder::open(&folder, &stranger).unwrap();
    let error = verify(&opened, &stranger, |_| {}).await.unwrap_err();
    assert!(in_full(&error).contains("not signed by the expected key"));

    // What the keys show: an opening that was changed, found before anything is restored.
    edit(&folder.join("sealed/openings/001"), |bytes| bytes[60] ^= 1);
    let sealed = sealed(&book, &folder).unwrap();
    let copy = Database::new(Engine::Sqlite).await;
    let error = restore(&settings(&copy), &sealed, &verifier, &opener(&book), |_| {}).await;
    let told = in_full(&error.unwrap_err());
    assert!(
        told.starts_with("entry 256 is wrong: its openings do not open"),
        "{told}"
    );
    let opened = Store::open(settings(&copy)).await;
    assert!(matches!(opened, Err(OpenError::Missing(_))), "{opened:?}");
}

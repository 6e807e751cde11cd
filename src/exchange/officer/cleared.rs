//! What was erased is not in SQLite's file either: not in its pages, not in its journal.

use std::path::{Path, PathBuf};

use crate::clock::Moment;
use crate::domain::{
    AddressId, CaseNumber, ChoiceKind, Document, DocumentId, DocumentKind, DossierNumber, Employee,
    MediaType, Oin, OwnerId, Title, Version,
};
use crate::exchange::testing::Office;
use crate::ledger::{Claims, Person};
use crate::store::faults::{Fault, Step};
use crate::store::testing::Engine;
use crate::store::{Ask, DocumentChange};

const ADDRESSES: u32 = 240;

fn address(number: u32) -> AddressId {
    AddressId::parse(&format!("001420{number:010}")).unwrap()
}

fn owner(number: u32) -> String {
    format!("eig-kanarie-{number:04}")
}

fn title(number: u32) -> String {
    format!("Opname kanarie {number:04}")
}

fn person(organisation: Oin, name: &str) -> Person {
    Person {
        organisation,
        employee: Employee::parse(name).unwrap(),
        case: CaseNumber::parse("AVG-17").unwrap(),
        occasion: None,
        explanation: None,
    }
}

/// Owner, choice and document of every address, in no order: so pages are split in the middle.
async fn fill(office: &Office) {
    let mut changes = Vec::new();
    for number in (0..ADDRESSES).map(|n| n * 101 % ADDRESSES) {
        let (at, name) = (address(number), owner(number));
        office.owners(at, &[&name], office.now()).await;
        let kind = ChoiceKind::Consent;
        office
            .choose(at, &name, kind, "overig", office.ncg, None)
            .await;
        let mut id = [0; 16];
        office.book.random.fill(&mut id).unwrap();
        changes.push(DocumentChange::Put(Document {
            id: DocumentId::from_bytes(id),
            provider: office.img,
            dossier: DossierNumber::parse("D-1").unwrap(),
            kind: DocumentKind::parse("opnamerapport").unwrap(),
            title: Title::parse(&title(number)).unwrap(),
            media_type: MediaType::parse("application/pdf").unwrap(),
            size_bytes: 100,
            created: Moment::EPOCH,
            address: at,
            health: false,
            version: Version::parse("1").unwrap(),
        }));
        if changes.len() == 40 {
            let changes = std::mem::take(&mut changes);
            let ledger = &office.gateway.ledger;
            let done = ledger.change_documents(office.img, changes, true, Claims::default());
            done.await.unwrap();
        }
    }
}

async fn erase(office: &Office, number: u32) {
    let ledger = &office.gateway.ledger;
    let (anna, ben) = (person(office.img, "anna"), person(office.ncg, "ben"));
    let asked = ledger.ask_second(&anna, Ask::Erase, address(number));
    let asked = asked.await.unwrap().index;
    ledger.agree(&ben, asked).await.unwrap();
}

fn journal(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", file.display()))
}

/// How often these stand in the file or its journal.
fn hits(file: &Path, texts: &[String]) -> usize {
    let mut bytes = std::fs::read(file).unwrap();
    bytes.extend(std::fs::read(journal(file)).unwrap_or_default());
    let told = String::from_utf8_lossy(&bytes);
    texts.iter().map(|text| told.matches(text).count()).sum()
}

fn texts_of(number: u32) -> [String; 3] {
    [address(number).to_string(), owner(number), title(number)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_erased_is_in_no_page_of_the_file() {
    let office = Office::open(Engine::Sqlite).await;
    fill(&office).await;
    let url = office.book.database.url().to_owned();
    let file = Path::new(url.trim_start_matches("sqlite:"));
    let store = &office.gateway.store;
    let there = store.address(address(3)).await.unwrap().facts.clone();
    let faults = store.faults.clone();

    // While clearing fails it stays to be done: the erasures stand all the same.
    let erased: Vec<u32> = (0..20).map(|n| n * 12).collect();
    let texts: Vec<String> = erased.iter().flat_map(|n| texts_of(*n)).collect();
    let (last, before) = erased.split_last().unwrap();
    for number in before {
        faults.arm(Step::Clear, Fault::Failed);
        erase(&office, *number).await;
        assert!(!faults.is_armed());
    }
    assert!(hits(file, &texts) > 0, "no copy was left to be cleared");
    erase(&office, *last).await;
    assert_eq!(hits(file, &texts), 0, "while it runs");
    let journal = std::fs::metadata(journal(file)).unwrap();
    assert!(journal.len() < 8_192, "the mark alone");

    // An owner, wherever the book names them.
    let (ledger, name) = (&office.gateway.ledger, OwnerId::parse(&owner(1)).unwrap());
    let (anna, ben) = (person(office.img, "anna"), person(office.ncg, "ben"));
    let asked = ledger.ask_owner(&anna, &name).await.unwrap().index;
    assert!(hits(file, &[owner(1)]) > 0);
    ledger.agree(&ben, asked).await.unwrap();
    assert_eq!(hits(file, &[owner(1)]), 0);

    // What stays is as it was, for those who had asked before too.
    let now = store.address(address(3)).await.unwrap().facts.clone();
    assert_eq!(now, there);
    let listed = store.documents_at(address(3), None, 9).await.unwrap().0;
    assert_eq!(listed.len(), 1);
    let held = texts_of(3);
    assert!(
        held.iter()
            .all(|text| hits(file, std::slice::from_ref(text)) > 0)
    );

    // What was left when a gateway stopped, the next one does when it starts.
    for number in [6, 18, 30, 42, 54, 66, 78, 90] {
        faults.arm(Step::Clear, Fault::Failed);
        erase(&office, number).await;
    }
    let texts: Vec<String> = [6, 18, 30, 42, 54, 66, 78, 90]
        .into_iter()
        .flat_map(texts_of)
        .collect();
    let book = office.close().await;
    assert!(hits(file, &texts) > 0, "no copy was left to be cleared");
    let gateway = book.open().await;
    assert_eq!(hits(file, &texts), 0, "after a start");
    let now = gateway.store.address(address(3)).await.unwrap();
    assert_eq!(now.facts, there);
    gateway.close().await;
    book.verify().await;
}

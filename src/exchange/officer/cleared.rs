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

/// So many numbers from this one on, in no order: so pages are split in the middle.
fn shuffled(first: u32) -> Vec<u32> {
    let mixed = (0..ADDRESSES).map(|n| n * 101 % ADDRESSES);
    mixed.map(|n| first + n).collect()
}

fn document(office: &Office, number: u32) -> DocumentChange {
    let mut id = [0; 16];
    office.book.random.fill(&mut id).unwrap();
    DocumentChange::Put(Document {
        id: DocumentId::from_bytes(id),
        provider: office.img,
        dossier: DossierNumber::parse("D-1").unwrap(),
        kind: DocumentKind::parse("opnamerapport").unwrap(),
        title: Title::parse(&title(number)).unwrap(),
        media_type: MediaType::parse("application/pdf").unwrap(),
        size_bytes: 100,
        created: Moment::EPOCH,
        address: address(number),
        health: false,
        version: Version::parse("1").unwrap(),
    })
}

async fn documents(office: &Office, numbers: &[u32]) {
    for some in numbers.chunks(40) {
        let changes = some.iter().map(|n| document(office, *n)).collect();
        let ledger = &office.gateway.ledger;
        let done = ledger.change_documents(office.img, changes, true, Claims::default());
        done.await.unwrap();
    }
}

/// Owner, choice and document of every address.
async fn fill(office: &Office) {
    let numbers = shuffled(0);
    for number in &numbers {
        let (at, name) = (address(*number), owner(*number));
        office.owners(at, &[&name], office.now()).await;
        let kind = ChoiceKind::Consent;
        office
            .choose(at, &name, kind, "overig", office.ncg, None)
            .await;
    }
    documents(office, &numbers).await;
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

/// What the file itself says, in its header: odd where pages are to be cleared.
fn mark(file: &Path) -> u8 {
    std::fs::read(file).unwrap()[63]
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
    assert_eq!(journal.len(), 0);

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
    documents(&office, &shuffled(ADDRESSES)).await;
    let erased: Vec<u32> = (0..20).map(|n| ADDRESSES + n * 12).collect();
    let texts: Vec<String> = erased.iter().flat_map(|n| texts_of(*n)).collect();
    for number in &erased {
        faults.arm(Step::Clear, Fault::Failed);
        erase(&office, *number).await;
    }
    let book = office.close().await;
    assert_eq!(mark(file) % 2, 1, "it is to be done");
    let gateway = book.open().await;
    gateway.close().await;
    assert_eq!(mark(file) % 2, 0, "it is done");
    assert_eq!(hits(file, &texts), 0, "after a start");
    let gateway = book.open().await;
    let now = gateway.store.address(address(3)).await.unwrap();
    assert_eq!(now.facts, there);
    gateway.close().await;
    book.verify().await;
}

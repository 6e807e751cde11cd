//! A busy address erased by two officers: what is left of it anywhere, and that the book goes on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Failure, NotErased, Officer, Officers, Remark};
use crate::backup::{Folder, export, restore};
use crate::clock::SystemRandomness;
use crate::domain::{AddressId, CaseNumber, ChoiceKind, DeskRole, Employee, Oin};
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::Opener;
use crate::ledger::entry::Occasion;
use crate::ledger::testing::address;
use crate::ledger::verify::DatabaseBook;
use crate::oversight::{Oversight, Personal};
use crate::replay::tests::with;
use crate::replay::{With, run as replay};
use crate::store::testing::{Database, Engine};
use crate::store::tests::{on_both_engines, settings};
use crate::store::{Ask, Store};

on_both_engines!(
    a_busy_address_is_erased_and_the_book_goes_on,
    who_may_ask_and_agree,
);

fn officer(office: &Office, oin: Oin, name: &str, roles: &[DeskRole]) -> Officer {
    Officer {
        subject: Employee::parse(name).unwrap(),
        name: None,
        organisation: Arc::new(office.organisations.find(oin).unwrap().clone()),
        roles: roles.iter().copied().collect::<BTreeSet<_>>(),
    }
}

fn cause() -> Cause {
    Cause {
        occasion: Occasion::SubjectRequest,
        case: CaseNumber::parse("AVG-17").unwrap(),
        explanation: Remark::parse("op verzoek"),
    }
}

fn officers(office: &Office) -> Officers {
    let ledger = office.gateway.ledger.clone();
    let random = SystemRandomness::default();
    let oversight = Oversight::start(ledger, policies(), &random).unwrap();
    Officers::new(Arc::clone(&office.exchange), oversight)
}

/// How many rows of the desk's index are about this address, once it was read.
async fn rows_at(officers: &Officers, at: AddressId) -> usize {
    loop {
        let looked = officers.oversight().read(move |index| {
            let tag = index.tag(Personal::Address, at.as_str());
            let rows = index.rows().iter().filter(|row| row.address == tag);
            let events = index.events().iter().filter(|one| one.address == tag);
            rows.count() + events.count()
        });
        match looked.await {
            Ok(rows) => return rows,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn again(store: Store, office: &crate::ledger::testing::Book, with: With) -> String {
    let source = Arc::new(DatabaseBook::new(store));
    let verifier = office.keys().signer.verifier();
    let replayed = replay(source, &verifier, None, with, |_| {}).await;
    replayed.unwrap().to_string()
}

async fn a_busy_address_is_erased_and_the_book_goes_on(engine: Engine) {
    let office = Office::open(engine).await;
    busy_day(&office).await;
    let (here, there) = (address(1), address(2));
    let officers = officers(&office);
    assert!(rows_at(&officers, here).await > 10);
    let others = rows_at(&officers, there).await;
    let anna = officer(&office, office.img, "anna", &[DeskRole::Beheer]);
    let ben = officer(&office, office.ncg, "ben", &[DeskRole::Fg]);
    let hold = officers.propose_hold(&ben, &cause(), there).await.unwrap();
    let asked = officers
        .propose_erasure(&anna, &cause(), here)
        .await
        .unwrap();
    let waits = officers.waiting_erasures(&anna).await.unwrap();
    let named: Vec<_> = waits
        .iter()
        .map(|one| (one.index, one.ask, one.by))
        .collect();
    let (img, ncg) = (office.img, office.ncg);
    let hold_asked = (hold.index, Ask::Hold, Some(ncg));
    assert_eq!(named, [hold_asked, (asked.index, Ask::Erase, Some(img))]);
    let shown = officers
        .find_asked(&ben, &cause(), asked.index)
        .await
        .unwrap();
    assert_eq!((shown.address, shown.ask), (here, Ask::Erase));
    assert_eq!(shown.employee, anna.subject);
    officers.agree(&ben, &cause(), asked.index).await.unwrap();

    // The desk forgets it by itself; what stands of the other address stays.
    let mut left = rows_at(&officers, here).await;
    for _ in 0..2_000 {
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        left = rows_at(&officers, here).await;
    }
    assert_eq!((left, rows_at(&officers, there).await), (0, others));
    let known = office.gateway.store.address(here).await.unwrap();
    assert_eq!(
        known.facts,
        crate::domain::AddressFacts::nothing_known(here)
    );
    let documents = office.gateway.store.documents_at(here, None, 9).await;
    assert!(documents.unwrap().0.is_empty());

    // It goes on: known again, decided again, and every decision follows.
    office.owners(here, &["eig-9"], office.now()).await;
    let fresh = office.documents(ncg, here, &["opnamerapport"]).await[0];
    office.ask(img, "overig", fresh).await;
    let kind = ChoiceKind::Consent;
    office
        .choose(here, "eig-9", kind, "overig", img, None)
        .await;
    office.ask(img, "overig", fresh).await;
    let facts = office
        .gateway
        .store
        .address(here)
        .await
        .unwrap()
        .facts
        .clone();
    let holds = office.gateway.store.holds().await.unwrap();
    let pending = office.gateway.store.pending().await.unwrap();
    assert_eq!((holds.len(), pending.len()), (1, 1));

    let judges = [(); 2].map(|()| with(&office, policies(), &office.book));
    drop(officers);
    let book = office.close().await;
    let (place, keys) = (tempfile::tempdir().unwrap(), book.keys());
    let verifier = keys.signer.verifier();
    let store = Store::open_for_reading(settings(&book.database))
        .await
        .unwrap();
    let exported = export(&store, &verifier, place.path(), |_| {}).await;
    let folder = Folder::open(place.path(), &verifier).unwrap();
    folder.check_beside().unwrap();
    let copy = Database::new(engine).await;
    let opener = Opener::new(Arc::new(keys.master));
    let sealed = folder.with_keys().unwrap();
    let restored = restore(&settings(&copy), &sealed, &verifier, &opener, |_| {}).await;
    assert_eq!(restored.unwrap().summary, exported.unwrap());
    let restored = Store::open(settings(&copy)).await.unwrap();
    assert_eq!(restored.address(here).await.unwrap().facts, facts);
    assert_eq!(restored.holds().await.unwrap(), holds);
    assert_eq!(restored.pending().await.unwrap(), pending);
    let [one, other] = judges;
    let original = again(store, &book, one).await;
    assert_eq!(again(restored, &book, other).await, original);
    assert!(original.contains("have something erased"), "{original}");
}

async fn who_may_ask_and_agree(engine: Engine) {
    let office = Office::open(engine).await;
    office.owners(address(1), &["eig-1"], office.now()).await;
    let officers = officers(&office);
    let city = Oin::parse("00000001834567890000").unwrap();
    let (img, ncg) = (office.img, office.ncg);
    for (oin, roles) in [
        (img, &[][..]),
        (img, &[DeskRole::Auditor]),
        (city, &[DeskRole::Beheer, DeskRole::Fg]),
    ] {
        let nobody = officer(&office, oin, "nobody", roles);
        let refused = officers
            .propose_erasure(&nobody, &cause(), address(1))
            .await;
        let not_theirs = Failure::NotAuthorised;
        assert!(matches!(&refused, Err(NotErased::Failed(why)) if *why == not_theirs));
        let refused = officers.agree(&nobody, &cause(), 1).await;
        assert!(matches!(&refused, Err(NotErased::Failed(why)) if *why == not_theirs));
        assert_eq!(officers.holds(&nobody).await, Err(not_theirs.clone()));
    }
    let anna = officer(&office, img, "anna", &[DeskRole::Fg]);
    let namesake = officer(&office, ncg, "anna", &[DeskRole::Beheer]);
    for index in [0, 1_000] {
        let refused = officers.agree(&anna, &cause(), index).await;
        assert!(matches!(refused, Err(NotErased::Failed(Failure::NotFound))));
        let refused = officers.propose_lift(&anna, &cause(), index).await;
        assert!(matches!(refused, Err(NotErased::Failed(Failure::NotFound))));
    }
    let asked = officers.propose_erasure(&anna, &cause(), address(1)).await;
    let asked = asked.unwrap();
    let refused = officers.agree(&anna, &cause(), asked.index).await;
    assert!(matches!(refused, Err(NotErased::SamePerson)));
    let hold = officers
        .propose_hold(&anna, &cause(), address(1))
        .await
        .unwrap();
    let refused = officers.agree(&namesake, &cause(), asked.index).await;
    assert!(matches!(refused, Err(NotErased::Held)));
    let remark = Remark::parse("toch niet").unwrap();
    officers
        .turn_down(&anna, &cause(), hold.index, &remark)
        .await
        .unwrap();
    let refused = officers
        .turn_down(&anna, &cause(), hold.index, &remark)
        .await;
    assert!(matches!(refused, Err(NotErased::Failed(Failure::Conflict))));
    officers
        .agree(&namesake, &cause(), asked.index)
        .await
        .unwrap();
    assert!(officers.waiting_erasures(&anna).await.unwrap().is_empty());
    assert!(officers.holds(&anna).await.unwrap().is_empty());
    drop(officers);
    office.close().await.verify().await;
}

//! Erasing an owner: taken out of every entry that names them, whatever comes in meanwhile.

use super::erasing::{copy_aside, person, put_back, values};
use crate::domain::OwnerId;
use crate::ledger::entry::{Kind, Outcome};
use crate::ledger::owner::Naming;
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::testing::{Book, Gateway, address, oin, unseen};
use crate::ledger::{Claims, Draft, NotAppended, NotDone};
use crate::store::Ask;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    an_owner_is_taken_out_and_the_rest_is_sealed_again,
    who_is_named_after_the_book_was_looked_through_is_not_missed,
    who_is_named_in_the_same_batch_is_not_missed,
    what_the_book_has_of_an_owner_is_counted,
);

/// What is sealed at an address about owners, as the procedure seals it.
async fn draft(gateway: &Gateway, at: u8, kind: Kind, fields: &[(&'static str, &str)]) -> Draft {
    let mut entry = gateway.entry(kind);
    entry.aanvrager = Some(oin(1));
    entry.uitkomst = (kind == Kind::Decision).then_some(Outcome::Refused);
    let mut personal = Personal::none()
        .with("nummeraanduiding", address(at))
        .with("zaak", "Z-1");
    for (field, value) in fields {
        personal = personal.with(field, value);
    }
    let owner = Owner::Address(address(at));
    let (claims, seen) = (Claims::default(), unseen());
    let draft = gateway
        .ledger
        .draft(Box::new(entry), &personal, owner, claims, seen, None);
    draft.await.unwrap()
}

pub(super) async fn owned(
    gateway: &Gateway,
    at: u8,
    kind: Kind,
    fields: &[(&'static str, &str)],
) -> u64 {
    let draft = draft(gateway, at, kind, fields).await;
    gateway.ledger.append(draft).await.unwrap().index
}

async fn fields(gateway: &Gateway, index: u64) -> Vec<String> {
    let found = gateway.ledger.find_at(index).await.unwrap().unwrap();
    let values = gateway.ledger.open_values(&found).await.unwrap();
    values.into_keys().collect()
}

async fn an_owner_is_taken_out_and_the_rest_is_sealed_again(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let (gone, stays) = ("eig-1", "eig-11");
    let (one, both, both_named) = ("eigenaar", "eigenaren", "[\"eig-1\",\"eig-11\"]");
    let proposal = "{\"keuze\":{\"eigenaar\":\"eig-1\"},\"intrekking\":false}";
    let full = ["nummeraanduiding", "zaak"];
    let mut entries = Vec::new();
    for (at, kind, field, value, is_left) in [
        (1, Kind::Search, one, gone, false),
        (1, Kind::Search, one, stays, true),
        (1, Kind::Decision, both, both_named, false),
        (2, Kind::Decision, both, "[\"eig-11\"]", true),
        (2, Kind::Proposal, "voorstel", proposal, false),
        (2, Kind::Reading, "medewerker", gone, true),
    ] {
        let index = owned(&gateway, at, kind, &[(field, value)]).await;
        entries.push((index, field, is_left));
    }
    let before = book
        .database
        .run("update opening_keys set year = year")
        .await;
    let unknown = OwnerId::parse("eig-2").unwrap();
    let (anna, ben) = (person(1, "anna"), person(2, "ben"));
    let refused = ledger.ask_owner(&anna, &unknown).await;
    assert!(matches!(refused, Err(NotDone::NoProposal)), "{refused:?}");
    let owner = OwnerId::parse(gone).unwrap();
    let twice = ledger.ask_owner(&anna, &owner).await.unwrap();
    let asked = ledger.ask_owner(&anna, &owner).await.unwrap();
    let same = ledger.agree(&anna, asked.index).await;
    assert!(matches!(same, Err(NotDone::SamePerson)), "{same:?}");
    let hold = ledger
        .ask_second(&ben, Ask::Hold, address(2))
        .await
        .unwrap();
    let held = ledger.agree(&ben, asked.index).await;
    assert!(matches!(held, Err(NotDone::NotAppended(NotAppended::Held))));
    ledger
        .turn_down(&ben, hold.index, "vergissing")
        .await
        .unwrap();
    copy_aside(&book).await;
    let receipt = ledger.agree(&ben, asked.index).await.unwrap();

    for (index, field, is_left) in entries {
        let mut expected = full.map(str::to_owned).to_vec();
        expected.extend(is_left.then(|| field.to_owned()));
        expected.sort();
        assert_eq!(fields(&gateway, index).await, expected, "{index} {field}");
    }
    // Of another proposal about them nothing is left to agree to, least of all the address.
    let refused = ledger.agree(&ben, twice.index).await;
    assert!(matches!(refused, Err(NotDone::NoProposal)), "{refused:?}");
    let told = ledger.find_at(receipt.index).await.unwrap().unwrap();
    // Three entries and two proposals named them, under the keys of four kinds at two addresses.
    assert_eq!(told.entry.aantal, Some(5));
    assert_eq!(told.entry.sleutels.len(), 4);
    assert!(before > 4);
    let searched = ledger.ask_owner(&anna, &owner).await;
    assert!(matches!(searched, Err(NotDone::NoProposal)));
    gateway.close().await;
    book.verify().await;

    // What was under the old keys does not come back with them.
    put_back(&book).await;
    let gateway = book.open().await;
    let searched = gateway.ledger.ask_owner(&anna, &owner).await;
    assert!(matches!(searched, Err(NotDone::NoProposal)));
    gateway.close().await;
    book.verify().await;
}

/// Between looking and committing: what names nobody may come, and who is named at an address that nobody
/// knew of, or under a key that was not to be destroyed, is found.
async fn who_is_named_after_the_book_was_looked_through_is_not_missed(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let (anna, ben) = (person(1, "anna"), person(2, "ben"));
    for (round, (at, kind, is_named)) in (0..).zip([
        (3, Kind::Search, false),
        (3, Kind::Search, true),
        (1, Kind::Reading, true),
        (1, Kind::Search, true),
    ]) {
        let name = format!("eig-{round}");
        let owner = OwnerId::parse(&name).unwrap();
        let named = [
            "eigenaren",
            if is_named { "[\"?\"]" } else { "[\"eig-x\"]" },
        ];
        let named = [(named[0], &*named[1].replace('?', &name))];
        owned(&gateway, 1, Kind::Search, &[("eigenaar", &name)]).await;
        // A key of that address under which nobody is named yet.
        owned(&gateway, 1, Kind::Reading, &[]).await;
        let asked = ledger.ask_owner(&anna, &owner).await.unwrap();
        let asked = ledger.find_asked(asked.index).await.unwrap().unwrap();
        let resealing = ledger.reseal(&mut Naming::default(), &owner).await.unwrap();
        let late = owned(&gateway, at, kind, &named).await;
        let early = ledger.append_resealing(&ben, &asked, resealing).await;
        if is_named {
            assert_eq!(early, Err(NotAppended::Stale), "{round}");
            ledger.agree(&ben, asked.index).await.unwrap();
            assert_eq!(values(&gateway, late).await, 2, "{round}");
        } else {
            assert!(early.is_ok(), "{early:?}");
            assert_eq!(values(&gateway, late).await, 3, "{round}");
        }
        let left = ledger.weigh_owner(&owner).await.unwrap();
        assert!(left.addresses.is_empty(), "{round}: {left:?}");
    }
    gateway.close().await;
    book.verify().await;
}

async fn who_is_named_in_the_same_batch_is_not_missed(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let (anna, ben) = (person(1, "anna"), person(2, "ben"));
    let mut beside = 0;
    // Which jobs come into one batch is chance, and nearly always these do.
    for round in 0..100 {
        if beside > 1 {
            break;
        }
        let name = format!("eig-{round}");
        let owner = OwnerId::parse(&name).unwrap();
        let named = [("eigenaar", &*name)];
        owned(&gateway, 1, Kind::Search, &named).await;
        let asked = ledger.ask_owner(&anna, &owner).await.unwrap();
        let asked = ledger.find_asked(asked.index).await.unwrap().unwrap();
        let resealing = ledger.reseal(&mut Naming::default(), &owner).await.unwrap();
        let late = draft(&gateway, 2, Kind::Search, &named).await;
        // While this one is written the others wait for the batch after it; they need no key any more.
        let busy = draft(&gateway, 3, Kind::Search, &[]).await;
        let own = Box::new(gateway.entry(Kind::Erasure));
        let (case, of) = (
            Personal::none().with("zaak", "Z-1"),
            Owner::Organisation(oin(2)),
        );
        let (claims, seen) = (Claims::default(), unseen());
        let key = ledger.draft(own, &case, of, claims, seen, None).await;
        assert!(key.is_ok());
        let (_, late, erased) = tokio::join!(
            ledger.append(busy),
            ledger.append(late),
            ledger.append_resealing(&ben, &asked, resealing),
        );
        beside += u32::from(late == Err(NotAppended::Stale));
        match (late, erased) {
            // What is told after an owner was erased is known again.
            (Ok(late), Ok(erased)) => assert!(late.index > erased.index, "{round}"),
            (Ok(_) | Err(NotAppended::Stale), Err(NotAppended::Stale))
            | (Err(NotAppended::Stale), Ok(_)) => {}
            other => panic!("{round}: {other:?}"),
        }
    }
    assert!(beside > 1, "hardly ever in one batch");
    gateway.close().await;
    book.verify().await;
}

async fn what_the_book_has_of_an_owner_is_counted(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let owner = OwnerId::parse("eig-1").unwrap();
    let nothing = ledger.weigh_owner(&owner).await.unwrap();
    assert_eq!(nothing, crate::ledger::OwnerWeight::default());
    let named = [("eigenaar", "eig-1")];
    for (at, kind) in [(1, Kind::Search), (2, Kind::Search), (2, Kind::Decision)] {
        owned(&gateway, at, kind, &named).await;
        owned(&gateway, 3, kind, &[("eigenaar", "eig-11")]).await;
    }
    let (anna, ben) = (person(1, "anna"), person(2, "ben"));
    let asked = ledger.ask_owner(&anna, &owner).await.unwrap();
    let other = OwnerId::parse("eig-11").unwrap();
    ledger.ask_owner(&anna, &other).await.unwrap();
    for at in [3, 2] {
        let hold = ledger.ask_second(&ben, Ask::Hold, address(at)).await;
        hold.unwrap();
    }
    let weight = ledger.weigh_owner(&owner).await.unwrap();
    assert_eq!(Vec::from_iter(weight.addresses), [address(1), address(2)]);
    let naming = [("besluit", 1), ("voorstel", 1), ("zoek", 2)];
    let mut told = weight.naming;
    told.sort();
    assert_eq!(told, naming.map(|(kind, count)| (kind.to_owned(), count)));
    assert_eq!(weight.asked, [asked.index]);
    // Held at one of them is enough: it is not even asked.
    assert_eq!(weight.holds.len(), 1);
    let again = ledger.ask_owner(&anna, &owner).await;
    assert!(matches!(
        again,
        Err(NotDone::NotAppended(NotAppended::Held))
    ));
    gateway.close().await;
    book.verify().await;
}

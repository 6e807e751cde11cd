//! Erasing an address: unreadable wherever it stood, and nothing else of the book moves. Two people are
//! needed; what is held stays; what comes back from a copy goes again.

use crate::clock::Moment;
use crate::domain::{CaseNumber, Employee};
use crate::ledger::entry::{Act, Kind};
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::testing::{Book, Gateway, address, oin, unseen};
use crate::ledger::verify::Wrong;
use crate::ledger::{Claims, NotAppended, NotDone, Person, Receipt};
use crate::store::Ask;
use crate::store::faults::{Fault, Step};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    an_erased_address_is_read_nowhere_and_every_proof_holds,
    what_comes_back_from_a_copy_is_destroyed_again,
    two_people_are_needed_and_what_is_held_stays,
    an_erasure_is_whole_or_not_at_all,
    what_was_kept_for_its_term_goes_but_not_what_is_held,
    the_entries_of_an_address_are_found_by_its_tag,
);

pub(super) fn person(organisation: u8, name: &str) -> Person {
    Person {
        organisation: oin(organisation),
        employee: Employee::parse(name).unwrap(),
        case: CaseNumber::parse("AVG-17").unwrap(),
        occasion: None,
        explanation: Some("op verzoek van de betrokkene".to_owned()),
    }
}

/// A search at an address, with who it is about.
pub(super) async fn search(gateway: &Gateway, at: u8, of: Kind) -> Receipt {
    let mut entry = gateway.entry(of);
    entry.aanvrager = Some(oin(1));
    let personal = Personal::none()
        .with("nummeraanduiding", address(at))
        .with("eigenaren", "[\"KANARIE-7\"]");
    let owner = Owner::Address(address(at));
    let draft = gateway.ledger.draft(
        Box::new(entry),
        &personal,
        owner,
        Claims::default(),
        unseen(),
        None,
    );
    gateway.ledger.append(draft.await.unwrap()).await.unwrap()
}

pub(super) async fn values(gateway: &Gateway, index: u64) -> usize {
    let found = gateway.ledger.find_at(index).await.unwrap().unwrap();
    gateway.ledger.open_values(&found).await.unwrap().len()
}

pub(super) async fn erase(gateway: &Gateway, at: u8) -> Receipt {
    let (one, other) = (person(1, "anna"), person(2, "anna"));
    let asked = gateway.ledger.ask_second(&one, Ask::Erase, address(at));
    let asked = asked.await.unwrap();
    gateway.ledger.agree(&other, asked.index).await.unwrap()
}

async fn an_erased_address_is_read_nowhere_and_every_proof_holds(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let (own, others) = (
        search(&gateway, 1, Kind::Search).await,
        search(&gateway, 2, Kind::Search).await,
    );
    let reading = search(&gateway, 1, Kind::Reading).await;
    book.clock.advance_ms(400 * 24 * 3_600_000);
    let later = search(&gateway, 1, Kind::Search).await;
    gateway.facts(address(1)).await;
    let (before, proof) = (
        gateway.ledger.checkpoint(),
        gateway.ledger.proof(own.index).await.unwrap(),
    );
    let asked = gateway.ledger.size();
    let receipt = erase(&gateway, 1).await;

    for index in [own.index, reading.index, later.index, asked] {
        assert_eq!(values(&gateway, index).await, 0, "{index}");
    }
    assert_eq!(values(&gateway, others.index).await, 2);
    let told = gateway
        .ledger
        .find_at(receipt.index)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(told.entry.handeling, Some(Act::Erase));
    assert_eq!(told.entry.index, Some(asked));
    // Searches of two years, a reading, and the proposal: four keys.
    assert_eq!((told.entry.sleutels.len(), told.entry.aantal), (4, Some(4)));
    let kept = gateway.ledger.open_values(&told).await.unwrap();
    let asker = kept.get("voorsteller").map(|opened| opened.value.clone());
    assert_eq!(asker, Some(format!("{} anna", oin(1))));
    assert!(!kept.contains_key("toelichting") && !kept.contains_key("nummeraanduiding"));
    let leaves = gateway.ledger.leaves(0, receipt.index + 1).await.unwrap();
    let named = leaves.iter().filter(|leaf| {
        let value = leaf.values.get("nummeraanduiding");
        value.is_some_and(|value| value == address(1).as_str())
    });
    assert_eq!(named.count(), 0);

    // The address is as if nothing was ever known of it, and can be known again.
    let again = search(&gateway, 1, Kind::Search).await;
    assert_eq!(values(&gateway, again.index).await, 2);
    let compared = gateway.ledger.compare(&before).await;
    assert!(compared.is_ok(), "{compared:?}");
    assert_eq!(proof.lines().nth(1), Some("index 0"));
    gateway.close().await;
    let summary = book.verify().await;
    assert_eq!(summary.kinds.get(&Kind::Erasure), Some(&1));
    if engine == Engine::Sqlite {
        let file = book.database.url().trim_start_matches("sqlite:");
        let bytes = std::fs::read(file).unwrap();
        let needle = address(1).as_str().as_bytes().to_vec();
        let named = bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!named, "not even in the pages of the file");
    }
}

/// Keeps the side tables, as a copy made before an erasure has them.
pub(super) async fn copy_aside(book: &Book) {
    for statement in [
        "create table kept_keys as select * from opening_keys",
        "create table kept_openings as select idx, opening_key, opening from entries",
    ] {
        book.database.run(statement).await;
    }
}

pub(super) async fn put_back(book: &Book) {
    for statement in [
        "insert into opening_keys select * from kept_keys where true on conflict do nothing",
        "update entries set \
         opening_key = (select k.opening_key from kept_openings k where k.idx = entries.idx), \
         opening = (select k.opening from kept_openings k where k.idx = entries.idx) \
         where idx in (select idx from kept_openings)",
    ] {
        book.database.run(statement).await;
    }
}

async fn what_comes_back_from_a_copy_is_destroyed_again(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let own = search(&gateway, 1, Kind::Search).await;
    copy_aside(&book).await;
    let receipt = erase(&gateway, 1).await;
    assert_eq!(values(&gateway, own.index).await, 0);
    gateway.close().await;
    put_back(&book).await;
    let found = book.try_verify().await;
    assert!(
        matches!(found, Err(Wrong::KeyBack { index, .. }) if index == receipt.index),
        "{found:?}"
    );

    let gateway = book.open().await;
    assert_eq!(values(&gateway, own.index).await, 0);
    let of_address = gateway.ledger.leaves_of(address(1), u64::MAX, 10).await;
    assert!(of_address.unwrap().is_empty());
    gateway.close().await;
    book.verify().await;
    // The openings alone say nothing, and go too.
    put_back(&book).await;
    book.database.run("delete from opening_keys").await;
    let gateway = book.open().await;
    gateway.close().await;
    let left = "update entries set opening = opening where opening is not null";
    assert_eq!(
        book.database.run(left).await,
        1,
        "that of the erasure itself"
    );
}

async fn two_people_are_needed_and_what_is_held_stays(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let ledger = &gateway.ledger;
    let own = search(&gateway, 1, Kind::Search).await;
    let (anna, ben, other_anna) = (person(1, "anna"), person(1, "ben"), person(2, "anna"));

    // What is no proposal of this kind cannot be agreed to, nor one that is not there.
    for wrong in [own.index, 99] {
        let agreed = ledger.agree(&ben, wrong).await;
        assert!(matches!(agreed, Err(NotDone::NoProposal)), "{agreed:?}");
    }
    let lift = ledger.ask_second(&anna, Ask::Lift(own.index), address(1));
    assert_eq!(lift.await, Err(NotAppended::NotWaiting));
    let first = ledger
        .ask_second(&anna, Ask::Erase, address(1))
        .await
        .unwrap();
    let agreed = ledger.agree(&anna, first.index).await;
    assert!(matches!(agreed, Err(NotDone::SamePerson)), "{agreed:?}");

    // A hold protects from when it is asked.
    let hold = ledger
        .ask_second(&ben, Ask::Hold, address(1))
        .await
        .unwrap();
    let held = NotAppended::Held;
    let agreed = ledger.agree(&other_anna, first.index).await;
    assert!(matches!(agreed, Err(NotDone::NotAppended(why)) if why == held));
    let asked = ledger.ask_second(&anna, Ask::Erase, address(1)).await;
    assert_eq!(asked, Err(held));
    let lift = ledger.ask_second(&anna, Ask::Lift(hold.index), address(1));
    assert_eq!(
        lift.await,
        Err(NotAppended::NotWaiting),
        "not agreed on yet"
    );
    let agreed = ledger.agree(&ben, hold.index).await;
    assert!(matches!(agreed, Err(NotDone::SamePerson)), "{agreed:?}");
    ledger.agree(&anna, hold.index).await.unwrap();
    let again = ledger.agree(&other_anna, hold.index).await;
    let not_waiting = NotAppended::NotWaiting;
    assert!(matches!(again, Err(NotDone::NotAppended(why)) if why == not_waiting));
    let holds = gateway.store.holds().await.unwrap();
    assert_eq!(holds.len(), 1);
    assert!(holds[0].confirmed.is_some() && holds[0].index == hold.index);

    // It is lifted when a second person agrees, and not before; asked twice is asked once.
    let lift = ledger.ask_second(&anna, Ask::Lift(hold.index), address(1));
    let lift = lift.await.unwrap();
    let twice = ledger.ask_second(&ben, Ask::Lift(hold.index), address(1));
    assert_eq!(twice.await, Err(not_waiting));
    assert_eq!(
        ledger.ask_second(&anna, Ask::Erase, address(1)).await,
        Err(held)
    );
    ledger
        .turn_down(&anna, lift.index, "toch niet")
        .await
        .unwrap();
    let lift = ledger.ask_second(&anna, Ask::Lift(hold.index), address(1));
    let lift = lift.await.unwrap();
    ledger.agree(&ben, lift.index).await.unwrap();
    assert!(gateway.store.holds().await.unwrap().is_empty());

    // A hold that is turned down is none.
    let hold = ledger
        .ask_second(&ben, Ask::Hold, address(1))
        .await
        .unwrap();
    ledger
        .turn_down(&ben, hold.index, "vergissing")
        .await
        .unwrap();
    assert!(gateway.store.holds().await.unwrap().is_empty());
    let pending = gateway.store.pending().await.unwrap();
    assert_eq!(
        pending.iter().map(|one| one.index).collect::<Vec<_>>(),
        [first.index]
    );
    assert_eq!(values(&gateway, own.index).await, 2);
    ledger.agree(&other_anna, first.index).await.unwrap();
    assert_eq!(values(&gateway, own.index).await, 0);
    let again = ledger.agree(&ben, first.index).await;
    assert!(matches!(again, Err(NotDone::NoProposal)), "{again:?}");
    assert!(gateway.store.pending().await.unwrap().is_empty());
    gateway.close().await;
    book.verify().await;
}

async fn an_erasure_is_whole_or_not_at_all(engine: Engine) {
    let book = Book::new(engine).await;
    for (step, fault) in [
        (Step::InsertEntries, Fault::Happened),
        (Step::Destroy, Fault::Failed),
        (Step::Destroy, Fault::Happened),
        (Step::SwapHead, Fault::Failed),
        (Step::SwapHead, Fault::Happened),
    ] {
        let gateway = book.open().await;
        let own = search(&gateway, 1, Kind::Search).await;
        let (one, other) = (person(1, "anna"), person(2, "ben"));
        let asked = gateway.ledger.ask_second(&one, Ask::Erase, address(1));
        let asked = asked.await.unwrap();
        let size = gateway.ledger.size();
        // The key of the erasure's own openings is made first, in a batch of its own.
        let first = gateway.ledger.ask_second(&one, Ask::Erase, address(2));
        let first = first.await.unwrap();
        gateway.ledger.agree(&other, first.index).await.unwrap();
        gateway.store.faults.arm(step, fault);
        let refused = gateway.ledger.agree(&other, asked.index).await;
        assert!(
            matches!(refused, Err(NotDone::NotAppended(NotAppended::Unavailable))),
            "{step:?} {fault:?}: {refused:?}"
        );
        assert_eq!(values(&gateway, own.index).await, 2, "{step:?} {fault:?}");
        assert_eq!(gateway.ledger.size(), size + 2);
        gateway.ledger.agree(&other, asked.index).await.unwrap();
        assert_eq!(values(&gateway, own.index).await, 0, "{step:?} {fault:?}");
        gateway.close().await;
        book.verify().await;
    }
}

async fn what_was_kept_for_its_term_goes_but_not_what_is_held(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut old = Vec::new();
    for at in 1..=3 {
        old.push(search(&gateway, at, Kind::Search).await.index);
    }
    let other_kind = search(&gateway, 1, Kind::Reading).await.index;
    let (anna, ben) = (person(1, "anna"), person(1, "ben"));
    let hold = gateway.ledger.ask_second(&anna, Ask::Hold, address(2));
    let hold = hold.await.unwrap();
    gateway.ledger.agree(&ben, hold.index).await.unwrap();
    book.clock.advance_ms(3 * 366 * 24 * 3_600_000);
    let new = search(&gateway, 1, Kind::Search).await.index;
    let this_year = Moment::year(crate::clock::Clock::now(&*book.clock));
    let none = gateway.ledger.expire(Kind::Search, 2026).await.unwrap();
    assert_eq!((none.steps, none.keys), (0, 0), "the year itself is kept");
    let expired = gateway
        .ledger
        .expire(Kind::Search, this_year)
        .await
        .unwrap();
    assert_eq!((expired.steps, expired.keys), (1, 2));
    assert_eq!((expired.entries, expired.held), (2, 1));
    for (index, left) in [
        (old[0], 0),
        (old[1], 2),
        (old[2], 0),
        (other_kind, 2),
        (new, 2),
    ] {
        assert_eq!(values(&gateway, index).await, left, "{index}");
    }
    let again = gateway
        .ledger
        .expire(Kind::Search, this_year)
        .await
        .unwrap();
    assert_eq!((again.steps, again.held), (0, 1));
    // The database finds what tells of it in the entries themselves, and nothing else.
    let told = erase(&gateway, 3).await.index;
    let own = gateway.ledger.find_at(told).await.unwrap().unwrap();
    assert_eq!(own.entry.soort, Kind::Erasure);
    assert_eq!(gateway.store.erasures().await.unwrap(), [new + 1, told]);
    gateway.close().await;
    book.verify().await;
}

async fn the_entries_of_an_address_are_found_by_its_tag(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut own = Vec::new();
    for round in 0..30 {
        let receipt = search(&gateway, 1 + round % 3, Kind::Search).await;
        if round % 3 == 1 {
            own.push(receipt.index);
        }
    }
    own.reverse();
    let found = |before, limit| gateway.ledger.leaves_of(address(2), before, limit);
    let all = found(u64::MAX, 100).await.unwrap();
    assert_eq!(all.iter().map(|leaf| leaf.index).collect::<Vec<_>>(), own);
    let some = found(own[2], 3).await.unwrap();
    let indices: Vec<u64> = some.iter().map(|leaf| leaf.index).collect();
    assert_eq!(indices, own[3..6]);
    assert!(
        gateway
            .ledger
            .leaves_of(address(9), u64::MAX, 9)
            .await
            .unwrap()
            .is_empty()
    );
    gateway.close().await;
    book.verify().await;
}

/// Two gateways: what one erased, the other does not seal under, nor decide on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_with_an_old_key_in_memory_seals_nothing_under_it() {
    let book = Book::new(Engine::Postgres).await;
    let (one, other) = (book.open().await, book.open().await);
    let own = search(&other, 1, Kind::Search).await;
    // Drafted with the old key and on old facts, appended after the erasure.
    let facts = other.facts(address(1)).await;
    let old_key = other.plain().await;
    let mut seen = unseen();
    seen.address = Some(facts);
    let old_facts = other.refusal(seen).await;
    let elsewhere = search(&other, 2, Kind::Search).await;
    let receipt = erase(&one, 1).await;

    assert_eq!(other.ledger.append(old_key).await, Err(NotAppended::Stale));
    assert_eq!(
        other.ledger.append(old_facts).await,
        Err(NotAppended::Stale)
    );
    let fresh = search(&other, 1, Kind::Search).await;
    assert_eq!(values(&one, fresh.index).await, 2);
    for (index, left) in [(own.index, 0), (elsewhere.index, 2)] {
        assert_eq!(values(&other, index).await, left, "{index}");
    }
    let key = "update opening_keys set year = year where kind = 'zoek'";
    assert_eq!(
        book.database.run(key).await,
        2,
        "a fresh one, and the other address'"
    );
    assert_eq!(values(&other, receipt.index).await, 3);
    one.close().await;
    other.close().await;
    book.verify().await;
}

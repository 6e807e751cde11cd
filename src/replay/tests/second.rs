//! What is erased and held, written anew as if two people stood behind it.

use super::forger::{Line, lines, remove, write};
use super::{replay, with};
use crate::domain::{CaseNumber, Employee, Oin};
use crate::errors::in_full;
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::Person;
use crate::ledger::entry::{Act, Kind};
use crate::ledger::testing::{Book, address};
use crate::store::Ask;
use crate::store::testing::Engine;

fn person(organisation: Oin, name: &str) -> Person {
    Person {
        organisation,
        employee: Employee::parse(name).unwrap(),
        case: CaseNumber::parse("AVG-17").unwrap(),
        occasion: None,
        explanation: None,
    }
}

/// A day after which one address is held and let go of, and another is erased.
async fn day() -> (Office, [Oin; 2]) {
    let office = Office::open(Engine::Sqlite).await;
    busy_day(&office).await;
    let ledger = &office.gateway.ledger;
    let (anna, ben) = (person(office.img, "anna"), person(office.ncg, "ben"));
    let hold = ledger.ask_second(&anna, Ask::Hold, address(1)).await;
    let hold = hold.unwrap().index;
    ledger.agree(&ben, hold).await.unwrap();
    let lift = ledger.ask_second(&ben, Ask::Lift(hold), address(1)).await;
    ledger.agree(&anna, lift.unwrap().index).await.unwrap();
    let erase = ledger.ask_second(&anna, Ask::Erase, address(2)).await;
    ledger.agree(&ben, erase.unwrap().index).await.unwrap();
    let parties = [office.img, office.ncg];
    (office, parties)
}

fn find(all: &[Line], kind: Kind, act: Act) -> usize {
    let is = |line: &Line| line.entry.soort == kind && line.entry.handeling == Some(act);
    all.iter().position(is).unwrap()
}

fn says(all: &mut [Line], at: usize, field: &str, value: &str) {
    let before = all[at].values.insert(field.to_owned(), value.to_owned());
    assert!(before.is_some(), "{field}");
}

/// Changes the book; answers the index that is wrong then.
type Forge = fn(&mut Vec<Line>, [Oin; 2]) -> usize;

#[expect(clippy::too_many_lines, reason = "a table of forgeries")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_person_did_alone_is_found() {
    const SAME: &str = "who agrees to it is who proposed it";
    const OTHER: &str = "another proposer than the proposal has";
    const NONE: &str = "nothing of its kind waits there";
    let rows: [(&str, Forge, &str); 9] = [
        (
            "a hold confirmed by who asked it",
            |all, [img, _]| {
                let at = find(all, Kind::Hold, Act::Hold);
                all[at].entry.aanvrager = Some(img);
                says(all, at, "medewerker", "anna");
                at
            },
            SAME,
        ),
        (
            "the same, and it is denied",
            |all, [img, ncg]| {
                let at = find(all, Kind::Hold, Act::Hold);
                all[at].entry.aanvrager = Some(img);
                says(all, at, "medewerker", "anna");
                says(all, at, "voorsteller", &format!("{ncg} ben"));
                at
            },
            SAME,
        ),
        (
            "a hold lifted by who asked that",
            |all, [_, ncg]| {
                let at = find(all, Kind::Hold, Act::LiftHold);
                all[at].entry.aanvrager = Some(ncg);
                says(all, at, "medewerker", "ben");
                at
            },
            SAME,
        ),
        (
            "an erasure confirmed by who asked it, whose proposal nobody can read",
            |all, [img, _]| {
                let at = find(all, Kind::Erasure, Act::Erase);
                all[at].entry.aanvrager = Some(img);
                says(all, at, "medewerker", "anna");
                at
            },
            SAME,
        ),
        (
            "an erasure that another organisation proposed",
            |all, [_, ncg]| {
                let at = find(all, Kind::Erasure, Act::Erase);
                says(all, at, "voorsteller", &format!("{ncg} anna"));
                at
            },
            OTHER,
        ),
        (
            "a hold that somebody else proposed",
            |all, [img, _]| {
                let at = find(all, Kind::Hold, Act::Hold);
                says(all, at, "voorsteller", &format!("{img} carla"));
                at
            },
            OTHER,
        ),
        (
            "a hold lifted without saying who proposed it",
            |all, _| {
                let at = find(all, Kind::Hold, Act::LiftHold);
                all[at].values.remove("voorsteller");
                all[at].entry.zegels.remove("voorsteller");
                at
            },
            "it lacks voorsteller",
        ),
        (
            "an erasure on a proposal to hold",
            |all, _| {
                let at = find(all, Kind::Erasure, Act::Erase);
                let hold = find(all, Kind::Proposal, Act::Hold);
                all[at].entry.index = Some(hold as u64);
                at
            },
            NONE,
        ),
        (
            "an erasure that nobody proposed",
            |all, _| {
                let at = find(all, Kind::Proposal, Act::Erase);
                remove(all, at);
                find(all, Kind::Erasure, Act::Erase)
            },
            NONE,
        ),
    ];
    let (office, parties) = day().await;
    let judges: Vec<_> = (0..=rows.len())
        .map(|_| with(&office, policies(), &office.book))
        .collect();
    let book: Book = office.close().await;
    let honest = lines(&book).await;
    let mut judges = judges.into_iter();
    let whole = replay(
        write(honest.clone(), &book.keys()),
        &book,
        judges.next().unwrap(),
    )
    .await;
    assert!(whole.unwrap().counts.erased > 0);
    for ((what, forge, says), judge) in rows.into_iter().zip(judges) {
        let mut all = honest.clone();
        let at = forge(&mut all, parties) as u64;
        let wrong = replay(write(all, &book.keys()), &book, judge).await;
        let wrong = wrong.expect_err(what);
        let told = in_full(&wrong);
        assert_eq!(wrong.index(), Some(at), "{what}: {told}");
        assert!(told.contains(says) && wrong.is_finding(), "{what}: {told}");
    }
}

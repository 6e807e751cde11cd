//! That the year hangs together, without a gateway.

use std::collections::{BTreeMap, HashSet};

use super::asked::{ABUSE_CASE, ABUSER};
use super::events::{Event, Script, What};
use super::*;
use crate::domain::Oin;

fn year(addresses: u32) -> Year {
    let oin = |text: &str| Oin::parse(text).unwrap();
    let parties = Parties {
        img: oin("00000001812345678000"),
        ncg: oin("00000001823456789000"),
        municipality: oin("00000001834567890000"),
    };
    let now = Moment::parse("2026-11-21T13:37:00Z").unwrap();
    Year::up_to(parties, now, addresses)
}

#[test]
fn what_the_year_does_not_have_is_not_found() {
    let year = year(FEWEST_ADDRESSES);
    let healthy = (0..FEWEST_ADDRESSES)
        .find(|number| !Year::is_damaged(*number))
        .unwrap();
    let mut other = *document_id(0, 0).as_bytes();
    other[15] ^= 1;
    for (what, holder, id) in [
        ("another party's", Party::Img, document_id(0, 0)),
        (
            "beyond the last address",
            Party::Ncg,
            document_id(FEWEST_ADDRESSES, 0),
        ),
        ("no such kind", Party::Ncg, document_id(0, KINDS.len())),
        ("no damage there", Party::Img, document_id(healthy, 8)),
        (
            "nearly the same id",
            Party::Ncg,
            DocumentId::from_bytes(other),
        ),
    ] {
        assert!(year.find(holder, id).is_none(), "{what}");
    }
}

#[test]
fn every_document_is_found_by_its_id_and_made_in_its_size() {
    let year = year(FEWEST_ADDRESSES);
    let mut found = 0;
    for number in 0..60 {
        for holder in [Party::Img, Party::Ncg] {
            for kind in Year::kinds(number, holder) {
                let planned = year.find(holder, document_id(number, kind)).unwrap();
                let made = planned.pdf().unwrap();
                assert_eq!(made.len() as u64, planned.document.size_bytes);
                found += 1;
            }
        }
    }
    assert!(found > 200, "{found}");
}

#[test]
fn addresses_are_as_many_as_the_letter_says_and_each_its_own() {
    let year = year(ADDRESSES);
    let all: HashSet<AddressId> = (0..year.addresses())
        .map(|number| Year::address(number).unwrap())
        .collect();
    assert_eq!(all.len(), 26_000);
    let damaged = (0..ADDRESSES).filter(|number| Year::is_damaged(*number));
    let percent = damaged.count() * 100 / 26_000;
    assert!((28..=30).contains(&percent), "{percent}");
    let note = year.note();
    assert_eq!(Year::noted(year.parties, &note).unwrap().note(), note);
    assert!(Year::noted(year.parties, "{}").is_none());
}

fn asks(events: &[Event]) -> impl Iterator<Item = (&Event, &super::events::Ask)> {
    events.iter().filter_map(|event| match &event.what {
        What::Ask(ask) => Some((event, ask)),
        _ => None,
    })
}

#[test]
fn what_happened_is_in_order_and_inside_the_year() {
    let year = year(2_000);
    let events = Script::of(&year).unwrap();
    assert!(events.is_sorted_by_key(|event| event.at));
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert!(first.at >= year.start() && last.at < year.end());

    // Only what was made before can be ended.
    let mut made = HashSet::new();
    for event in &events {
        match &event.what {
            What::Tell { remember, .. } => made.extend(*remember),
            What::End { made: number, .. } => assert!(made.contains(number)),
            What::Ask(ask) => {
                let holder = if event.party == Party::Img {
                    Party::Ncg
                } else {
                    Party::Img
                };
                assert!(year.find(holder, ask.document).is_some());
            }
        }
    }
    let mut purposes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, ask) in asks(&events) {
        *purposes.entry(ask.purpose).or_default() += 1;
    }
    assert_eq!(
        purposes.len(),
        9,
        "every purpose of the bundle: {purposes:?}"
    );
    let again = Script::of(&year).unwrap();
    assert_eq!(
        format!("{events:?}"),
        format!("{again:?}"),
        "nothing by chance"
    );
}

#[test]
fn the_abuse_stands_out_to_who_looks() {
    let events = Script::of(&year(26_000)).unwrap();
    let mut of_employee: BTreeMap<(Party, u32), usize> = BTreeMap::new();
    for (event, ask) in asks(&events) {
        if event.at.to_string().get(11..13) >= Some("19") {
            *of_employee.entry((event.party, ask.employee)).or_default() += 1;
        }
    }
    let late = of_employee.remove(&(Party::Img, ABUSER)).unwrap();
    let next = of_employee.values().max().copied().unwrap_or_default();
    assert!(late > 80 && late > 5 * next, "{late} against {next}");
    let in_case = asks(&events).filter(|(_, ask)| ask.case == ABUSE_CASE);
    let documents: HashSet<_> = in_case.map(|(_, ask)| ask.document).collect();
    assert!(documents.len() > 80, "one case, many houses");
}

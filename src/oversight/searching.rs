//! Searching a small book made by hand: what is found, by whom, page by page.

use std::collections::BTreeMap;

use super::index::Index;
use super::words::Tagger;
use super::{Came, Criteria, Newer};
use crate::clock::{Moment, SystemRandomness};
use crate::domain::{AddressId, CaseNumber, DocumentKind, Employee, Oin, Purpose, TransactionId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, Kind, Outcome};
use crate::policy::Policies;

const HERE: &str = "0014200000000001";
const THERE: &str = "0014200000000002";
const NOWHERE: &str = "0014200000000003";
const LEGAL_DUTY: &str = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c";

/// What is sought, and what is found.
type Sought = (&'static str, fn(&mut Criteria), &'static [u64]);

fn oin(last: u8) -> Oin {
    Oin::parse(&format!("0000000181234567800{last}")).unwrap()
}

fn at(minute: u64) -> Moment {
    let start = Moment::parse("2026-03-01T09:00:00Z").unwrap();
    start.plus_ms(i64::try_from(minute).unwrap() * 60_000)
}

fn id(index: u64) -> TransactionId {
    let mut bytes = [0; 16];
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    bytes[15] = u8::try_from(index).unwrap();
    TransactionId::from_bytes(bytes)
}

/// A book that is made entry by entry, one a minute.
struct Made(Index);

impl Made {
    fn new() -> Self {
        let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
        Self(Index::new(tagger))
    }

    fn add(&mut self, kind: Kind, values: &[(&str, &str)], fill: impl FnOnce(&mut Entry)) {
        let index = self.0.size();
        let mut entry = Entry::new(kind, at(index), id(index));
        fill(&mut entry);
        let values = values
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let leaf = Leaf {
            index,
            hash: [0; 32],
            entry,
            values: values.collect::<BTreeMap<_, _>>(),
        };
        self.0.take(&leaf, &Policies::default());
    }

    /// One asks another for a document at an address.
    fn ask(&mut self, asks: u8, holds: u8, address: &str, employee: &str, allowed: bool) {
        let values = [
            ("nummeraanduiding", address),
            ("medewerker", employee),
            ("zaak", "Z-1"),
        ];
        self.add(Kind::Decision, &values, |entry| {
            entry.aanvrager = Some(oin(asks));
            entry.bron = Some(oin(holds));
            entry.handeling = Some(Act::Download);
            entry.doel = Purpose::parse("schade-afhandeling").ok();
            entry.documentsoort = DocumentKind::parse("opnamerapport").ok();
            if allowed {
                entry.uitkomst = Some(Outcome::Permitted);
                entry.grondslag = Some(LEGAL_DUTY.to_owned());
                entry.artikel = Some("TwG 3(4)".to_owned());
            } else {
                entry.uitkomst = Some(Outcome::Refused);
                entry.reden = Some("GEEN_GRONDSLAG".to_owned());
            }
        });
    }

    fn found(&self, own: u8, criteria: &Criteria) -> Vec<u64> {
        let rows = self.0.matching(oin(own), criteria);
        rows.map(|row| row.index).collect()
    }
}

/// 0: 1 asks 2 here. 1: 2 asks 1 here, refused. 2: 2 asks 3 here. 3: 1 asks 2 there. 4: 1 searches here.
/// 5: an officer of 1 reads entry 0. 6: an officer of 3 reads entry 2. 7: a change of the registry.
fn book() -> Made {
    let mut made = Made::new();
    made.ask(1, 2, HERE, "anna", true);
    made.ask(2, 1, HERE, "anna", false);
    made.ask(2, 3, HERE, "bram", true);
    made.ask(1, 2, THERE, "bram", true);
    made.add(Kind::Search, &[("nummeraanduiding", HERE)], |entry| {
        entry.aanvrager = Some(oin(1));
        entry.handeling = Some(Act::Search);
    });
    for (own, of) in [(1, 0), (3, 2)] {
        made.add(Kind::Reading, &[("medewerker", "fg")], |entry| {
            entry.aanvrager = Some(oin(own));
            entry.handeling = Some(Act::Consult);
            entry.index = Some(of);
        });
    }
    made.add(Kind::Dossier, &[("nummeraanduiding", HERE)], |entry| {
        entry.aanvrager = Some(oin(1));
        entry.actief = Some(true);
    });
    made
}

#[test]
fn nobody_finds_what_is_the_others_whatever_is_sought() {
    let book = book();
    let here = AddressId::parse(HERE).ok();
    for (own, everything, at_this_address) in [
        (1, &[5, 4, 3, 1, 0][..], &[5, 4, 1, 0][..]),
        (2, &[3, 2, 1, 0], &[2, 1, 0]),
        (3, &[6, 2], &[6, 2]),
        (4, &[], &[]),
    ] {
        let of_address = Criteria {
            address: here,
            ..Criteria::default()
        };
        assert_eq!(book.found(own, &Criteria::default()), everything, "{own}");
        assert_eq!(book.found(own, &of_address), at_this_address, "{own}");
        for index in 0..8 {
            let of_transaction = Criteria {
                transaction: Some(id(index)),
                ..Criteria::default()
            };
            let expected: Vec<u64> = everything.iter().copied().filter(|i| *i == index).collect();
            assert_eq!(book.found(own, &of_transaction), expected, "{own} {index}");
        }
    }
}

#[test]
fn what_is_sought_must_all_hold() {
    let book = book();
    let table: [Sought; 25] = [
        (
            "unknown kind",
            |c| c.kind = Some("planning".to_owned()),
            &[],
        ),
        (
            "unknown purpose",
            |c| c.purpose = Some("aos".to_owned()),
            &[],
        ),
        ("unknown party", |c| c.requester = Some(oin(9)), &[]),
        (
            "unknown address",
            |c| c.address = AddressId::parse(NOWHERE).ok(),
            &[],
        ),
        (
            "employee of another",
            |c| c.employee = Employee::parse("karel").ok(),
            &[],
        ),
        (
            "own employee",
            |c| c.employee = Employee::parse("anna").ok(),
            &[0],
        ),
        (
            "own case",
            |c| c.case = CaseNumber::parse("Z-1").ok(),
            &[3, 0],
        ),
        ("asked by", |c| c.requester = Some(oin(2)), &[1]),
        ("held by", |c| c.provider = Some(oin(2)), &[3, 0]),
        (
            "kind",
            |c| c.kind = Some("opnamerapport".to_owned()),
            &[3, 1, 0],
        ),
        (
            "ground",
            |c| c.ground = Some(LEGAL_DUTY.to_owned()),
            &[3, 0],
        ),
        (
            "article",
            |c| c.article = Some("TwG 3(4)".to_owned()),
            &[3, 0],
        ),
        (
            "reason",
            |c| c.reason = Some("GEEN_GRONDSLAG".to_owned()),
            &[1],
        ),
        ("exchanged", |c| c.came = Some(Came::Exchanged), &[3, 1, 0]),
        ("released", |c| c.came = Some(Came::Released), &[3, 0]),
        ("refused", |c| c.came = Some(Came::Refused), &[1]),
        ("searched", |c| c.came = Some(Came::Searched), &[4]),
        ("read", |c| c.came = Some(Came::Read), &[5]),
        ("to review", |c| c.came = Some(Came::ToReview), &[]),
        ("from", |c| c.from = Some(at(3)), &[5, 4, 3]),
        ("until, excluded", |c| c.until = Some(at(3)), &[1, 0]),
        (
            "backwards",
            |c| (c.from, c.until) = (Some(at(3)), Some(at(1))),
            &[],
        ),
        ("as it was then", |c| c.below = Some(4), &[3, 1, 0]),
        (
            "both",
            |c| (c.from, c.came) = (Some(at(1)), Some(Came::Released)),
            &[3],
        ),
        (
            "one of both",
            |c| (c.below, c.came) = (Some(1), Some(Came::Refused)),
            &[],
        ),
    ];
    for (name, set, expected) in table {
        let mut criteria = Criteria::default();
        set(&mut criteria);
        assert_eq!(book.found(1, &criteria), expected, "{name}");
    }
}

#[test]
fn pages_follow_each_other_there_and_back() {
    let mut made = Made::new();
    for _ in 0..5 {
        made.ask(1, 2, HERE, "anna", true);
        // Between them lies what this officer does not see.
        made.ask(2, 3, HERE, "anna", true);
    }
    let page = |below| {
        let found = made.0.search(oin(1), &Criteria::default(), below, 2);
        let lines: Vec<u64> = found.lines.iter().map(|line| line.index).collect();
        (lines, found.total, found.before, found.newer, found.older)
    };
    let first = Some(Newer::First);
    for (below, expected) in [
        (None, (vec![8, 6], 5, 0, None, Some(6))),
        (Some(6), (vec![4, 2], 5, 2, first, Some(2))),
        (Some(2), (vec![0], 5, 4, Some(Newer::Below(6)), None)),
        // A place between the pages, as when lines were added since.
        (Some(7), (vec![6, 4], 5, 1, first, Some(4))),
        (Some(5), (vec![4, 2], 5, 2, first, Some(2))),
        // Beyond either end.
        (Some(0), (vec![], 5, 5, Some(Newer::Below(4)), None)),
        (Some(u64::MAX), (vec![8, 6], 5, 0, None, Some(6))),
    ] {
        assert_eq!(page(below), expected, "{below:?}");
    }
    let nothing = Criteria {
        came: Some(Came::Refused),
        ..Criteria::default()
    };
    let found = made.0.search(oin(1), &nothing, None, 2);
    assert_eq!((found.lines.len(), found.total), (0, 0));
    assert_eq!((found.newer, found.older), (None, None));
}

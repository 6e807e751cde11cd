use std::collections::BTreeMap;

use super::super::index::Index;
use super::super::words::{Personal, Tagger};
use super::*;
use crate::clock::SystemRandomness;
use crate::domain::{Employee, Oin, TransactionId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Entry, Judgement, Kind};
use crate::policy::Policies;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";

fn day(number: i64) -> Moment {
    let first = Moment::parse("2026-01-01T00:00:00Z").unwrap();
    first.plus_ms(number * DAY_MS)
}

/// A book of the registry, entry by entry; each entry stands on its own day.
struct Book {
    index: Index,
    next: u64,
}

/// A choice, as a test tells it: number of the choice, kind, state, owner, form, until which day.
type Told<'a> = (u8, ChoiceKind, ChoiceState, &'a str, &'a str, Option<i64>);

impl Book {
    fn new() -> Self {
        let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
        Self {
            index: Index::new(tagger),
            next: 0,
        }
    }

    fn put(
        &mut self,
        oin: &str,
        kind: Kind,
        values: &[(&str, &str)],
        fill: impl FnOnce(&mut Entry),
    ) {
        let at = day(self.next.cast_signed());
        let transaction = TransactionId::new(at, &SystemRandomness::default()).unwrap();
        let mut entry = Entry::new(kind, at, transaction);
        entry.aanvrager = Oin::parse(oin).ok();
        fill(&mut entry);
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let leaf = Leaf {
            index: self.next,
            hash: [0; 32],
            entry,
            values: values.collect::<BTreeMap<_, _>>(),
        };
        self.index.take(&leaf, &Policies::new(Vec::new()));
        self.next += 1;
    }

    fn owners(&mut self, address: &str, owners: &[&str], from: i64) {
        let owners = serde_json::to_string(owners).unwrap();
        let values = [("nummeraanduiding", address), ("eigenaren", &*owners)];
        self.put(NCG, Kind::Owners, &values, |entry| {
            entry.per = Some(day(from));
        });
    }

    fn choice(&mut self, by: &str, address: &str, (id, kind, state, owner, form, until): Told<'_>) {
        let mut values = vec![("nummeraanduiding", address), ("eigenaar", owner)];
        if !form.is_empty() {
            values.push(("bewijskenmerk", form));
        }
        self.put(by, Kind::Choice, &values, |entry| {
            entry.toestemming = Some(ChoiceId::from_bytes([id; 16]));
            entry.keuze = Some(kind);
            entry.toestand = Some(state);
            entry.geldig_van = Some(day(0));
            entry.geldig_tot = until.map(day);
        });
    }

    fn propose(&mut self, by: &str, person: &str, kind: ChoiceKind) {
        let values = [("medewerker", person)];
        self.put(by, Kind::Proposal, &values, |entry| {
            entry.keuze = Some(kind);
            entry.toestand = Some(ChoiceState::Given);
        });
    }

    fn own(&self) -> Party {
        self.index.party(Oin::parse(IMG).unwrap())
    }
}

fn ids(listed: &[Listed]) -> Vec<u8> {
    listed.iter().map(|one| one.id.as_bytes()[0]).collect()
}

use ChoiceKind::{Consent, JointRequest, Objection};
use ChoiceState::{
    EnteredInError, Given, Invalidated, Refused, Renewed, Requested, Unknown, Withdrawn,
};

/// What one address adds to a list at day 100, after these choices.
fn at_one_address(choices: &[Told<'_>], list: impl Fn(&Index, Party) -> Vec<Listed>) -> Vec<u8> {
    let mut book = Book::new();
    book.owners("a", &["anna", "bram"], -10);
    for told in choices {
        book.choice(IMG, "a", *told);
    }
    ids(&list(&book.index, book.own()))
}

#[test]
fn a_question_waits_until_it_is_answered() {
    let unanswered = |choices: &[Told<'_>]| {
        at_one_address(choices, |index, own| index.unanswered(own, day(100)))
    };
    let asked = (1, Consent, Requested, "anna", "f1", None);
    for (why, then, waits) in [
        ("nothing else", vec![], true),
        (
            "given by her",
            vec![(2, Consent, Given, "anna", "f2", None)],
            false,
        ),
        (
            "refused on the form",
            vec![(2, Consent, Refused, "x", "f1", None)],
            false,
        ),
        (
            "given, and withdrawn",
            vec![
                (2, Consent, Given, "anna", "f2", None),
                (2, Consent, Withdrawn, "anna", "f2", None),
            ],
            false,
        ),
        (
            "the same choice became an answer",
            vec![(1, Consent, Given, "anna", "f1", None)],
            false,
        ),
        (
            "the question was withdrawn",
            vec![(1, Consent, Withdrawn, "anna", "f1", None)],
            false,
        ),
        (
            "answered by somebody else",
            vec![(2, Consent, Given, "bram", "f2", None)],
            true,
        ),
        (
            "another kind",
            vec![(2, Objection, Given, "anna", "f1", None)],
            true,
        ),
        (
            "asked once more",
            vec![(2, Consent, Unknown, "anna", "f1", None)],
            true,
        ),
        (
            "an answer entered in error",
            vec![
                (2, Consent, Given, "anna", "f1", None),
                (2, Consent, EnteredInError, "anna", "f1", None),
            ],
            true,
        ),
    ] {
        let mut choices = vec![asked];
        choices.extend(then);
        assert_eq!(unanswered(&choices) == [1], waits, "{why}");
    }
    // An earlier choice is no answer.
    let before = [(2, Consent, Given, "anna", "f1", None), asked];
    assert_eq!(unanswered(&before), [1]);
    // What would have run out by now, and what a former owner was asked, waits for nobody.
    assert!(unanswered(&[(1, Consent, Requested, "anna", "f1", Some(100))]).is_empty());
    assert!(unanswered(&[(1, Consent, Requested, "carel", "f1", None)]).is_empty());
}

#[test]
fn a_choice_soon_expires_when_nothing_took_its_place() {
    let expiring = |choices: &[Told<'_>]| {
        at_one_address(choices, |index, own| {
            index.expiring(own, day(100), 60 * DAY_MS)
        })
    };
    for (until, listed) in [
        (Some(99), false),
        (Some(100), false),
        (Some(101), true),
        (Some(160), true),
        (Some(161), false),
        (None, false),
    ] {
        let one = [(1, JointRequest, Given, "anna", "f1", until)];
        assert_eq!(!expiring(&one).is_empty(), listed, "{until:?}");
    }
    let given = (1, Consent, Given, "anna", "f1", Some(120));
    for (why, then, listed) in [
        (
            "renewed for longer",
            (2, Consent, Renewed, "anna", "f2", Some(900)),
            false,
        ),
        (
            "renewed for ever",
            (2, Consent, Renewed, "anna", "f2", None),
            false,
        ),
        (
            "refused later",
            (2, Consent, Refused, "anna", "f2", None),
            false,
        ),
        (
            "taken back",
            (1, Consent, Withdrawn, "anna", "f1", Some(120)),
            false,
        ),
        (
            "found invalid",
            (1, Consent, Invalidated, "anna", "f1", Some(120)),
            false,
        ),
        (
            "given for shorter",
            (2, Consent, Given, "anna", "f2", Some(50)),
            true,
        ),
        (
            "asked again",
            (2, Consent, Requested, "anna", "f2", None),
            true,
        ),
        (
            "given by another",
            (2, Consent, Given, "bram", "f2", None),
            true,
        ),
        (
            "another kind",
            (2, Objection, Given, "anna", "f2", None),
            true,
        ),
    ] {
        assert_eq!(expiring(&[given, then]).contains(&1), listed, "{why}");
    }
    assert!(expiring(&[(1, Consent, Given, "carel", "f1", Some(120))]).is_empty());
}

#[test]
fn the_lists_are_ones_own_in_order_and_end_with_ownership() {
    let mut book = Book::new();
    let asked = |id, owner| (id, Consent, Requested, owner, "", None);
    book.owners("a", &["anna"], 0);
    book.choice(IMG, "a", asked(1, "anna"));
    book.choice(NCG, "a", asked(2, "anna"));
    book.choice(IMG, "b", asked(3, "nobody-was-told"));
    // Two without a form: that is not one form.
    book.choice(IMG, "c", asked(4, "dirk"));
    book.choice(IMG, "c", (5, Consent, Given, "eva", "", None));
    let waiting = |book: &Book, at| ids(&book.index.unanswered(book.own(), day(at)));
    assert_eq!(waiting(&book, 100), [1, 3, 4]);
    // The house is sold, from day 50 on; told before.
    book.owners("a", &["bram"], 50);
    assert_eq!(waiting(&book, 49), [1, 3, 4]);
    assert_eq!(waiting(&book, 50), [3, 4]);
    // It was another day: of two with one date the later entry counts.
    book.owners("a", &["anna", "bram"], 50);
    assert_eq!(waiting(&book, 50), [1, 3, 4]);
    let listed = book.index.unanswered(book.own(), day(100));
    assert_eq!((listed[0].at, listed[0].index), (day(1), 1));
}

#[test]
fn a_proposal_waits_for_another_of_the_same_organisation() {
    let mut book = Book::new();
    book.propose(IMG, "bouke", Consent);
    book.propose(NCG, "bouke", Consent);
    book.propose(IMG, "trijntje", Objection);
    let oin = Oin::parse(IMG).unwrap();
    let bouke = Employee::parse("bouke").unwrap();
    let waiting = |book: &Book| {
        let person = book.index.tag(Personal::Employee(oin), bouke.as_str());
        let waiting = book.index.waiting_proposals(book.own(), person);
        waiting
            .iter()
            .map(|one| (one.index, one.kind, one.is_mine))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        waiting(&book),
        [(0, Some(Consent), true), (2, Some(Objection), false)]
    );
    book.put(IMG, Kind::Review, &[("medewerker", "trijntje")], |entry| {
        entry.index = Some(0);
        entry.oordeel = Some(Judgement::Rejected);
    });
    assert_eq!(waiting(&book), [(2, Some(Objection), false)]);
    // Confirmed: by the choice that came of it.
    book.put(IMG, Kind::Choice, &[], |entry| {
        entry.index = Some(2);
        entry.toestemming = Some(ChoiceId::from_bytes([9; 16]));
        entry.keuze = Some(Objection);
        entry.toestand = Some(Given);
        entry.geldig_van = Some(day(0));
    });
    assert!(waiting(&book).is_empty());
}

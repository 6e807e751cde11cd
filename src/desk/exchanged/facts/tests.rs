//! The facts then and now, in words.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    AddressId, AosId, Choice, ChoiceId, ChoiceKind, ChoiceState, DocumentKind, Evidence,
    EvidenceKind, Oin, Organisations, Ownership, Purpose, Reference, Sha256, ShownText,
    TransactionId, Version,
};
use crate::ledger::seal::Opened as OpenedValue;

fn img() -> Oin {
    Oin::parse("00000001812345678000").unwrap()
}

fn address() -> AddressId {
    AddressId::parse("0014200012345678").unwrap()
}

fn at(day: i64) -> Moment {
    let start = Moment::parse("2026-03-01T09:00:00Z").unwrap();
    start.plus_ms(day * 24 * 60 * 60 * 1000)
}

fn owner(name: &str) -> OwnerId {
    OwnerId::parse(name).unwrap()
}

fn decision() -> Entry {
    let id = TransactionId::parse("0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31").unwrap();
    let mut entry = Entry::new(Kind::Decision, at(10), id);
    entry.aanvrager = Some(img());
    entry.doel = Purpose::parse("overig").ok();
    entry.documentsoort = DocumentKind::parse("bouwtekening").ok();
    entry
}

fn facts(owners: &[&str], consents: &[(&str, ChoiceState)]) -> AddressFacts {
    let mut facts = AddressFacts::nothing_known(address());
    if !owners.is_empty() {
        facts.ownerships.push(Ownership {
            from: at(0),
            owners: owners.iter().map(|name| owner(name)).collect(),
            recorded_at: 1,
        });
    }
    for ((name, state), number) in consents.iter().zip(1..) {
        facts.choices.push(Choice {
            id: ChoiceId::from_bytes([number; 16]),
            kind: ChoiceKind::Consent,
            address: address(),
            owner: owner(name),
            receivers: vec![img()],
            purposes: vec![Purpose::parse("overig").unwrap()],
            kinds: vec![DocumentKind::parse("bouwtekening").unwrap()],
            valid_from: at(1),
            valid_until: None,
            evidence: Evidence {
                kind: EvidenceKind::parse("brief").unwrap(),
                reference: Reference::parse("B-1").unwrap(),
                sha256: Sha256::from_bytes([0; 32]),
            },
            shown: ShownText {
                language: crate::domain::Language::parse("nl").unwrap(),
                version: Version::parse("1").unwrap(),
            },
            coordinator: None,
            recorded_by: img(),
            state: *state,
            changed_at: u64::from(number),
        });
    }
    facts
}

fn wording() -> Wording {
    Wording::of(&Organisations::default(), Language::Dutch)
}

fn opened(then: AddressFacts, now: AddressFacts, since: Vec<Entry>) -> Opened {
    Opened {
        values: BTreeMap::new(),
        then: Some(then),
        now: Some(now),
        since,
    }
}

#[test]
fn consent_is_told_as_it_stood() {
    use ChoiceState::{Given, Requested, Withdrawn};
    for (owners, consents, told) in [
        (&[][..], &[][..], "geen eigenaar bekend"),
        (&[], &[("a", Given)], "geen eigenaar bekend"),
        (&["a"], &[], "niets vastgelegd"),
        (&["a"], &[("b", Given)], "niets vastgelegd"),
        (&["a"], &[("a", Requested)], "niets vastgelegd"),
        (&["a"], &[("a", Withdrawn)], "nee of ingetrokken"),
        (&["a"], &[("a", Given)], "ja"),
        (&["a", "b"], &[("a", Given), ("b", Given)], "ja"),
        (
            &["a", "b"],
            &[("a", Given)],
            "ja: a; niets vastgelegd: 1 van 2",
        ),
        (
            &["a", "b"],
            &[("a", Given), ("b", Withdrawn)],
            "ja: a; nee of ingetrokken: b",
        ),
    ] {
        let known = facts(owners, consents);
        let rows = super::told(&decision(), &known, at(10), &wording());
        assert_eq!(rows[1].1, told, "{owners:?} {consents:?}");
    }
}

#[test]
fn what_changed_since_is_marked_and_the_rest_is_not() {
    let then = facts(&["a"], &[("a", ChoiceState::Given)]);
    let mut now = facts(&["a"], &[("a", ChoiceState::Withdrawn)]);
    now.aos.push(crate::domain::Aos {
        id: AosId::from_bytes([1; 16]),
        address: address(),
        reported_by: img(),
        from: at(11),
        until: at(30),
        closed: None,
    });
    let mut withdrawn = decision();
    withdrawn.soort = Kind::Withdrawal;
    withdrawn.keuze = Some(ChoiceKind::Consent);
    withdrawn.toestand = Some(ChoiceState::Withdrawn);
    let mut read = decision();
    read.soort = Kind::Reading;
    let opened_one = opened(then.clone(), now, vec![withdrawn, read]);
    let made = Comparison::new(&decision(), &opened_one, at(12), &wording()).unwrap();
    assert!(made.changed);
    let changed: Vec<(&str, &str)> = made
        .rows
        .iter()
        .filter(|row| row.changed)
        .map(|row| (row.name, row.now.as_str()))
        .collect();
    assert_eq!(
        changed,
        [
            ("Toestemming (AVG 6(1)(a))", "nee of ingetrokken"),
            ("Onveilige situatie (AOS)", "loopt, tot 31 maart 2026"),
        ]
    );
    let since: Vec<&str> = made.since.iter().map(|(.., what)| what.as_str()).collect();
    assert_eq!(since, ["toestemming: ingetrokken (00000001812345678000)"]);

    let same = opened(then.clone(), then, Vec::new());
    let made = Comparison::new(&decision(), &same, at(12), &wording()).unwrap();
    assert!(!made.changed && made.rows.iter().all(|row| !row.changed));
    let mut nothing = same;
    nothing.then = None;
    assert_eq!(
        Comparison::new(&decision(), &nothing, at(12), &wording()),
        None
    );
}

#[test]
fn values_have_a_name_and_an_order_and_lists_are_read_out() {
    let values = [
        ("zaak", "Z-1"),
        ("onbekendVeld", "x"),
        ("eigenaren", "[\"a\",\"b\"]"),
        ("nummeraanduiding", "0014200012345678"),
    ];
    let opened = Opened {
        values: values
            .map(|(field, value)| {
                let value = value.to_owned();
                let salt = [0; 32];
                (field.to_owned(), OpenedValue { value, salt })
            })
            .into(),
        then: None,
        now: None,
        since: Vec::new(),
    };
    let told: Vec<(&str, String)> = fields(&opened, Language::Dutch)
        .into_iter()
        .map(|field| (field.name, field.value))
        .collect();
    assert_eq!(
        told,
        [
            ("Adres", "0014200012345678".to_owned()),
            ("Eigenaren toen", "a, b".to_owned()),
            ("Zaak van wie vroeg", "Z-1".to_owned()),
        ]
    );
    assert_eq!(list_of("geen lijst"), "geen lijst");
}

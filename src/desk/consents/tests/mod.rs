//! The forms, what counts now, and the records that are handed out.

mod forms;
mod records;
mod stands;

use std::path::Path;

use super::super::forms::{Filled, Form};
use super::offer::Offer;
use super::*;
use crate::domain::{
    ChoiceKind, ChoiceState, Evidence, EvidenceKind, Oin, Organisation, Organisations, OwnerId,
    Ownership, Reference, Role, Sha256, ShownText, TransactionId, Wording,
};
use crate::language::Language;
use crate::ledger::entry::{Entry, Kind, Shown};
use crate::policy::Bundle;

const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";
const ADDRESS: &str = "0010200000000017";
const SCAN: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) fn bundle() -> Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg");
    Bundle::load(&folder).unwrap()
}

fn organisations() -> Organisations {
    let one = |oin, name: &str, role, provides| Organisation {
        oin: Oin::parse(oin).unwrap(),
        name: name.to_owned(),
        role: Role::parse(role).unwrap(),
        teams: std::collections::BTreeSet::default(),
        provides,
        contact: String::new(),
        words: Wording::Shared,
    };
    Organisations::new(vec![
        one(IMG, "Instituut Mijnbouwschade Groningen", "img", true),
        one(NCG, "Nationaal Coördinator Groningen", "ncg", true),
        one(
            "00000001834567890000",
            "Gemeente Eemsdelta",
            "gemeente",
            false,
        ),
    ])
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

fn offer(kind: ChoiceKind) -> Offer {
    Offer::new(kind, &bundle(), &organisations(), Language::Dutch)
}

/// A choice with its entry.
fn told(kept: &mut Registered, id: u8, kind: ChoiceKind, state: ChoiceState, day: u8) {
    let index = kept.leaves.len() as u64;
    let at = moment(&format!("2026-03-{day:02}T09:00:00Z"));
    let entry_kind = match state {
        ChoiceState::Withdrawn => Kind::Withdrawal,
        _ => Kind::Choice,
    };
    let transaction =
        TransactionId::parse(&format!("0190a5f3-0000-7000-8000-0000000000{index:02}"));
    let mut entry = Entry::new(entry_kind, at, transaction.unwrap());
    let choice = Choice {
        id: ChoiceId::from_bytes([id; 16]),
        kind,
        address: kept.address,
        owner: OwnerId::parse("eigenaar-17").unwrap(),
        receivers: vec![Oin::parse(IMG).unwrap()],
        purposes: vec!["overig".parse().unwrap()],
        kinds: vec!["bouwtekening".parse().unwrap()],
        valid_from: at,
        valid_until: Some(moment("2027-03-01T00:00:00Z")),
        evidence: Evidence {
            kind: EvidenceKind::parse("ondertekende-brief").unwrap(),
            reference: Reference::parse("POST-2026-0933").unwrap(),
            sha256: Sha256::parse(SCAN).unwrap(),
        },
        shown: ShownText {
            language: "nl".parse().unwrap(),
            version: "balie-2026-1".parse().unwrap(),
        },
        coordinator: None,
        recorded_by: Oin::parse(IMG).unwrap(),
        state,
        changed_at: index,
    };
    entry.aanvrager = Some(choice.recorded_by);
    entry.toestemming = Some(choice.id);
    entry.keuze = Some(kind);
    entry.toestand = Some(state);
    entry.ontvangers.clone_from(&choice.receivers);
    entry.doelen.clone_from(&choice.purposes);
    entry.documentsoorten.clone_from(&choice.kinds);
    entry.geldig_van = Some(choice.valid_from);
    entry.geldig_tot = choice.valid_until;
    entry.bewijs = Some(choice.evidence.sha256);
    entry.tekst = Some(Shown {
        taal: choice.shown.language.clone(),
        versie: choice.shown.version.clone(),
    });
    let values = [
        ("eigenaar", choice.owner.as_str()),
        ("bewijssoort", "ondertekende-brief"),
        ("bewijskenmerk", choice.evidence.reference.as_str()),
        ("medewerker", "beheer-img-1"),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    kept.leaves.push(Leaf {
        index,
        hash: [0; 32],
        entry,
        values: values.into(),
    });
    kept.facts.choices.retain(|known| known.id != choice.id);
    kept.facts.choices.push(choice);
}

fn registered(owners: &[(&str, &[&str])]) -> Registered {
    let address = AddressId::parse(ADDRESS).unwrap();
    let mut facts = AddressFacts::nothing_known(address);
    for (from, names) in owners {
        facts.ownerships.push(Ownership {
            from: moment(from),
            owners: names
                .iter()
                .map(|name| OwnerId::parse(name).unwrap())
                .collect(),
            recorded_at: 0,
        });
    }
    Registered {
        address,
        facts,
        leaves: Vec::new(),
        at: moment("2026-03-20T12:00:00Z"),
    }
}

const SINCE_2020: &str = "2020-01-01T00:00:00Z";

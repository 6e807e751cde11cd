//! What was known about an address at some moment: its entries of the registry, told again.

use std::collections::BTreeMap;

use crate::domain::{
    AddressFacts, AddressId, Aos, Choice, Dossier, DossierNumber, Evidence, EvidenceKind, OwnerId,
    Ownership, Reference, ShownText,
};
use crate::ledger::Leaf;
use crate::ledger::entry::Kind;

/// The facts that these entries, all about one address and in the order of the book, add up to. What
/// was erased is left out.
#[must_use]
pub fn facts_of(address: AddressId, leaves: &[Leaf]) -> AddressFacts {
    let mut facts = AddressFacts::nothing_known(address);
    let mut dossiers = BTreeMap::new();
    for leaf in leaves {
        let told = match leaf.entry.soort {
            Kind::Owners => ownership(leaf).map(|told| facts.ownerships.push(told)),
            Kind::Dossier => dossier(leaf).map(|told| {
                dossiers.insert((told.organisation, told.number.clone()), told);
            }),
            Kind::Choice | Kind::Withdrawal => choice_of(address, leaf).map(|told| {
                facts.choices.retain(|known| known.id != told.id);
                facts.choices.push(told);
            }),
            Kind::Aos | Kind::AosEnd => aos(address, leaf).map(|told| {
                facts.aos.retain(|known| known.id != told.id);
                facts.aos.push(told);
            }),
            _ => None,
        };
        if told.is_some() {
            facts.version = leaf.index + 1;
        }
    }
    facts.dossiers = dossiers.into_values().collect();
    facts
}

fn ownership(leaf: &Leaf) -> Option<Ownership> {
    let owners: Vec<String> = serde_json::from_str(leaf.values.get("eigenaren")?).ok()?;
    let owners = owners.iter().map(|owner| OwnerId::parse(owner).ok());
    Some(Ownership {
        from: leaf.entry.per?,
        owners: owners.collect::<Option<_>>()?,
        recorded_at: leaf.index,
    })
}

fn dossier(leaf: &Leaf) -> Option<Dossier> {
    Some(Dossier {
        organisation: leaf.entry.aanvrager?,
        number: DossierNumber::parse(leaf.values.get("dossier")?).ok()?,
        active: leaf.entry.actief?,
        marks: leaf.entry.kenmerken.iter().cloned().collect(),
    })
}

/// The choice as an entry about this address told it; `None` when it tells none, or it was erased.
#[must_use]
pub fn choice_of(address: AddressId, leaf: &Leaf) -> Option<Choice> {
    let entry = &leaf.entry;
    let shown = entry.tekst.as_ref()?;
    Some(Choice {
        id: entry.toestemming?,
        kind: entry.keuze?,
        address,
        owner: OwnerId::parse(leaf.values.get("eigenaar")?).ok()?,
        receivers: entry.ontvangers.clone(),
        purposes: entry.doelen.clone(),
        kinds: entry.documentsoorten.clone(),
        valid_from: entry.geldig_van?,
        valid_until: entry.geldig_tot,
        evidence: Evidence {
            kind: EvidenceKind::parse(leaf.values.get("bewijssoort")?).ok()?,
            reference: Reference::parse(leaf.values.get("bewijskenmerk")?).ok()?,
            sha256: entry.bewijs?,
        },
        shown: ShownText {
            language: shown.taal.clone(),
            version: shown.versie.clone(),
        },
        coordinator: entry.coordinator,
        recorded_by: entry.aanvrager?,
        state: entry.toestand?,
        changed_at: leaf.index,
    })
}

fn aos(address: AddressId, leaf: &Leaf) -> Option<Aos> {
    let entry = &leaf.entry;
    Some(Aos {
        id: entry.melding?,
        address,
        reported_by: entry.aanvrager?,
        from: entry.van?,
        until: entry.tot?,
        closed: (entry.soort == Kind::AosEnd).then_some(entry.tijd),
    })
}

//! The registry that the entries tell is the one the store keeps in its tables.

use std::sync::Arc;

use super::database;
use crate::domain::{AddressFacts, ChoiceKind};
use crate::exchange::testing::Office;
use crate::ledger::Opener;
use crate::ledger::registry::Registry;
use crate::ledger::testing::address;
use crate::ledger::verify::SealedSource as _;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(it_is_what_the_tables_say);

/// The order of rows is nobody's to rely on.
fn sorted(mut facts: AddressFacts) -> AddressFacts {
    facts.ownerships.sort_by_key(|one| one.recorded_at);
    facts
        .dossiers
        .sort_by_key(|one| (one.organisation, one.number.clone()));
    facts.choices.sort_by_key(|one| one.changed_at);
    facts.aos.sort_by_key(|one| *one.id.as_bytes());
    facts
}

async fn it_is_what_the_tables_say(engine: Engine) {
    let office = Office::open(engine).await;
    let (img, ncg) = (office.img, office.ncg);
    let kinds = [
        ChoiceKind::Consent,
        ChoiceKind::Objection,
        ChoiceKind::JointRequest,
        ChoiceKind::ExplicitAgreement,
    ];
    let (mut choices, mut situations) = (Vec::new(), Vec::new());
    for _ in 0..90 {
        let mut drawn = [0; 4];
        office.book.random.fill(&mut drawn).unwrap();
        let [what, at, which, who] = drawn;
        let at = address(1 + at % 3);
        let by = if who % 2 == 0 { img } else { ncg };
        let owner = format!("eig-{}", which % 4);
        let number = format!("D-{}", which % 3);
        let pick = |len: usize| usize::from(which) % len.max(1);
        match what % 7 {
            0 => drop(office.owners(at, &[&owner, "eig-9"], office.now()).await),
            1 => drop(office.dossier(by, at, &number, which % 2 == 0).await),
            2 | 3 => {
                let kind = kinds[pick(kinds.len())];
                let days = (who % 3 == 0).then_some(i64::from(which));
                choices.push(office.choose(at, &owner, kind, "overig", by, days).await);
            }
            4 => {
                if let Some(id) = choices.get(pick(choices.len())) {
                    // What ended already is refused, which is an entry too.
                    let _ = office.withdraw(by, *id).await;
                }
            }
            5 => situations.push(office.unsafe_at(at, i64::from(which) + 1).await),
            _ => {
                if let Some(id) = situations.get(pick(situations.len())) {
                    let _ = office.safe_again(*id).await;
                }
            }
        }
        office.pass(i64::from(which) * 1_000);
    }

    let (store, size) = (office.gateway.store.clone(), office.gateway.ledger.size());
    let opener = Opener::new(Arc::new(office.book.keys().master));
    let source = database(&office.book).await;
    let mut registry = Registry::default();
    for sealed in source.sealed(0, size).await.unwrap() {
        registry.take(&opener.open(&sealed).unwrap()).unwrap();
    }
    for last in 1..=3 {
        let told = store.address(address(last)).await.unwrap();
        let known = registry.find(address(last)).unwrap();
        assert!(!known.erased);
        assert_eq!(
            sorted(AddressFacts::clone(known.facts)),
            sorted(told.facts.clone())
        );
    }
    assert!(registry.find(address(4)).is_none());
    let (activations, epoch) = office.gateway.ledger.activations().await.unwrap();
    let last = registry.activations().last().unwrap();
    assert_eq!(last.index + 1, epoch);
    let told = registry.activations().iter();
    let told = told.map(|one| (one.index, one.bundle, one.from, one.until));
    let kept = activations.iter();
    let kept = kept.map(|one| (one.index, one.bundle, one.from, one.until));
    assert!(told.eq(kept));
    drop((store, source));
    office.close().await.verify().await;
}

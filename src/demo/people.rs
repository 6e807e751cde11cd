//! Who works at the desk in the demo.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::desk::Persona;
use crate::domain::{DeskRole, Employee, Organisations};
use crate::exchange::officer::Officer;

/// The code, the part of the organisation in the policy, the pseudonym, the name, the part at the desk.
const PEOPLE: [(&str, &str, &str, &str, DeskRole); 8] = [
    ("img-fg", "img", "fg-img-1", "Famke", DeskRole::Fg),
    ("img-fg-2", "img", "fg-img-2", "Menno", DeskRole::Fg),
    (
        "img-auditor",
        "img",
        "auditor-img-1",
        "Aaltje",
        DeskRole::Auditor,
    ),
    (
        "img-beheer",
        "img",
        "beheer-img-1",
        "Bouke",
        DeskRole::Beheer,
    ),
    (
        "img-beheer-2",
        "img",
        "beheer-img-2",
        "Trijntje",
        DeskRole::Beheer,
    ),
    ("ncg-fg", "ncg", "fg-ncg-1", "Harm", DeskRole::Fg),
    (
        "ncg-beheer",
        "ncg",
        "beheer-ncg-1",
        "Wiepkje",
        DeskRole::Beheer,
    ),
    (
        "gemeente-fg",
        "gemeente",
        "fg-gemeente-1",
        "Geert",
        DeskRole::Fg,
    ),
];

/// Those of them whose organisation takes part.
#[must_use]
pub fn of(organisations: &Organisations) -> Vec<Persona> {
    let persona =
        |(code, part, subject, name, role): (&'static str, &str, &str, &str, DeskRole)| {
            let mut all = organisations.iter();
            let organisation = all.find(|organisation| organisation.role.as_str() == part)?;
            Some(Persona {
                code,
                officer: Officer {
                    subject: Employee::parse(subject).ok()?,
                    name: Some(name.to_owned()),
                    organisation: Arc::new(organisation.clone()),
                    roles: BTreeSet::from([role]),
                },
            })
        };
    PEOPLE.into_iter().filter_map(persona).collect()
}

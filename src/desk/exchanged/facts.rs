//! What is personal: who and where, the facts as they were known at the decision, and now.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::super::words::{self, Wording};
use super::story::yes_no;
use crate::clock::Moment;
use crate::domain::{AddressFacts, Answers, OwnerId, Scope, Standing};
use crate::exchange::officer::Opened;
use crate::language::Language;
use crate::ledger::entry::{Entry, Kind};

/// A personal value with its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) value: String,
}

impl Field {
    /// Whether an extract shows it unless somebody decides otherwise: where and what, not who.
    pub(super) fn is_usually_shown(&self) -> bool {
        matches!(self.code, "nummeraanduiding" | "document")
    }
}

/// What was known then and what is known now, side by side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) rows: Vec<Compared>,
    /// Whether any row changed.
    pub(super) changed: bool,
    /// What was recorded in between, oldest first: when, and what.
    pub(super) since: Vec<(String, String, String)>,
}

/// One fact.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) name: &'static str,
    pub(super) then: String,
    pub(super) now: String,
    pub(super) changed: bool,
}

/// The values of an entry, in the order people ask for them.
pub(super) fn fields(opened: &Opened, l: Language) -> Vec<Field> {
    let named = [
        ("nummeraanduiding", l.pick("Adres", "Address")),
        ("document", l.pick("Document", "Document")),
        ("titel", l.pick("Titel", "Title")),
        ("eigenaren", l.pick("Eigenaren toen", "Owners then")),
        ("eigenaar", l.pick("Eigenaar", "Owner")),
        ("medewerker", l.pick("Medewerker", "Employee")),
        ("zaak", l.pick("Zaak van wie vroeg", "Case of who asked")),
        ("toelichting", l.pick("Toelichting", "Explanation")),
        (
            "gezochteMedewerker",
            l.pick("Gezochte medewerker", "Employee sought"),
        ),
        ("gezochteZaak", l.pick("Gezochte zaak", "Case sought")),
        ("doel", l.pick("Opgegeven doel", "Purpose given")),
    ];
    let found = named.into_iter().filter_map(|(field, name)| {
        let value = &opened.values.get(field)?.value;
        let value = if field == "eigenaren" {
            list_of(value)
        } else {
            value.clone()
        };
        Some(Field {
            code: field,
            name,
            value,
        })
    });
    found.collect()
}

/// A sealed list as people read it.
fn list_of(value: &str) -> String {
    let list: Result<Vec<String>, _> = serde_json::from_str(value);
    list.map_or_else(|_| value.to_owned(), |list| list.join(", "))
}

impl Comparison {
    /// The facts about the address of a decision; `None` where there are none to compare.
    pub(super) fn new(
        entry: &Entry,
        opened: &Opened,
        now: Moment,
        wording: &Wording,
    ) -> Option<Self> {
        let (then, today) = (opened.then.as_ref()?, opened.now.as_ref()?);
        let before = told(entry, then, entry.tijd, wording);
        let after = told(entry, today, now, wording);
        let rows: Vec<Compared> = before
            .into_iter()
            .zip(after)
            .map(|((name, then), (_, now))| Compared {
                changed: then != now,
                name,
                then,
                now,
            })
            .collect();
        let since = opened.since.iter();
        Some(Self {
            changed: rows.iter().any(|row| row.changed),
            rows,
            since: since
                .filter_map(|entry| {
                    let what = event(entry, wording)?;
                    Some((
                        entry.tijd.to_string(),
                        words::moment(entry.tijd, wording.l),
                        what,
                    ))
                })
                .collect(),
        })
    }
}

/// The facts about an address at one moment, as the decision needs them: name and value.
fn told(
    entry: &Entry,
    facts: &AddressFacts,
    at: Moment,
    wording: &Wording,
) -> Vec<(&'static str, String)> {
    let l = wording.l;
    let owners = facts.owners_at(at);
    let names: Vec<&str> = owners.keys().map(OwnerId::as_str).collect();
    let nobody = l.pick("niemand bekend", "nobody known").to_owned();
    let mut told = vec![(
        l.pick("Eigenaren", "Owners"),
        if names.is_empty() {
            nobody
        } else {
            names.join(", ")
        },
    )];
    if let (Some(receiver), Some(purpose), Some(kind)) =
        (entry.aanvrager, &entry.doel, &entry.documentsoort)
    {
        let answers = facts.answers(&Scope {
            receiver,
            purpose,
            kind,
            at,
        });
        let owners: BTreeSet<&OwnerId> = owners.keys().collect();
        told.extend(answered(&answers, &owners, l));
    }
    told.push((
        l.pick("Lopend dossier bij beide", "Active case at both"),
        yes_no(facts.combined(), l).to_owned(),
    ));
    told.push((
        l.pick("Onveilige situatie (AOS)", "Unsafe situation (AOS)"),
        facts.aos_at(at).map_or_else(
            || l.pick("geen", "none").to_owned(),
            |aos| {
                let until = words::day(aos.until.local().day(), l);
                format!("{} {until}", l.pick("loopt, tot", "in force, until"))
            },
        ),
    ));
    told
}

/// The four questions to the owners, for this receiver, purpose and kind.
fn answered(
    answers: &Answers,
    owners: &BTreeSet<&OwnerId>,
    l: Language,
) -> [(&'static str, String); 4] {
    [
        (
            l.pick("Toestemming (AVG 6(1)(a))", "Consent (AVG 6(1)(a))"),
            standing(&answers.consent, owners, l),
        ),
        (
            l.pick(
                "Uitdrukkelijke instemming (TwG 3(9))",
                "Explicit agreement (TwG 3(9))",
            ),
            standing(&answers.explicit_agreement, owners, l),
        ),
        (
            l.pick(
                "Bezwaar tegen afstemming (TwG 2a(3))",
                "Objection to alignment (TwG 2a(3))",
            ),
            standing(&answers.objection, owners, l),
        ),
        (
            l.pick(
                "Verzoek om samen te behandelen (TwG 2a(4))",
                "Request for joint handling (TwG 2a(4))",
            ),
            standing(&answers.joint_request, owners, l),
        ),
    ]
}

/// How the owners answered one question.
fn standing(standing: &Standing, owners: &BTreeSet<&OwnerId>, l: Language) -> String {
    if owners.is_empty() {
        return l.pick("geen eigenaar bekend", "no owner known").to_owned();
    }
    let said = [
        (&standing.yes, l.pick("ja", "yes")),
        (
            &standing.withdrawn,
            l.pick("nee of ingetrokken", "no, or withdrawn"),
        ),
        (&standing.expired, l.pick("verlopen", "expired")),
    ];
    let answered: usize = said.iter().map(|(who, _)| who.len()).sum();
    let mut parts: Vec<String> = said
        .into_iter()
        .filter(|(who, _)| !who.is_empty())
        .map(|(who, word)| {
            if who.len() == owners.len() {
                return word.to_owned();
            }
            let names: Vec<&str> = who.iter().map(OwnerId::as_str).collect();
            format!("{word}: {}", names.join(", "))
        })
        .collect();
    let silent = owners.len().saturating_sub(answered);
    if silent == owners.len() {
        return l.pick("niets vastgelegd", "nothing recorded").to_owned();
    }
    if silent > 0 {
        parts.push(format!(
            "{}: {silent} {} {}",
            l.pick("niets vastgelegd", "nothing recorded"),
            l.pick("van", "of"),
            owners.len()
        ));
    }
    parts.join("; ")
}

/// A change of the registry in words; `None` for what is no change of it.
fn event(entry: &Entry, wording: &Wording) -> Option<String> {
    let l = wording.l;
    let what = match entry.soort {
        Kind::Owners => l
            .pick("andere eigenaren doorgegeven", "other owners told")
            .to_owned(),
        Kind::Dossier if entry.actief == Some(true) => l
            .pick("een dossier werd actief", "a case became active")
            .to_owned(),
        Kind::Dossier => l
            .pick(
                "een dossier is niet meer actief",
                "a case is not active any more",
            )
            .to_owned(),
        Kind::Choice | Kind::Withdrawal => format!(
            "{}: {}",
            words::choice_kind(entry.keuze?, l),
            words::choice_state_of(entry.keuze?, entry.toestand?, l)
        ),
        Kind::Aos => l
            .pick(
                "een onveilige situatie gemeld",
                "an unsafe situation was reported",
            )
            .to_owned(),
        Kind::AosEnd => l
            .pick(
                "een onveilige situatie afgesloten",
                "an unsafe situation was closed",
            )
            .to_owned(),
        _ => return None,
    };
    let by = entry.aanvrager.map(|oin| wording.organisation(oin));
    let by = by.map_or_else(String::new, |by| format!(" ({by})"));
    Some(format!("{what}{by}"))
}

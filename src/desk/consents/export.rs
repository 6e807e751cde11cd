//! The choices of an address as consent records of ISO/IEC TS 27560, in JSON-LD with the terms of the
//! Data Privacy Vocabulary: header, processing, parties, events.
//!
//! An objection and a request are no consent; they are records of the same form, of a wider type.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::file;
use super::super::problem::Problem;
use super::super::routes::{Routes, WATCHERS};
use super::super::visit::{Visit, see_other};
use super::Registered;
use super::address::closed;
use crate::clock::Moment;
use crate::domain::{Choice, ChoiceId, ChoiceKind, ChoiceState, Oin, Organisations};
use crate::ledger::Leaf;
use crate::oversight::choice_of;
use crate::policy::Bundle;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.post("/toestemmingen/adres/{nummer}", WATCHERS, export)
}

async fn export(visit: Visit, Path(number): Path<String>, form: Form) -> Result<Response, Problem> {
    if !visit.may_see_registry() {
        return Err(Problem::NotYours);
    }
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    let Some(kept) = visit.find_registered(number) else {
        return Ok(closed(&visit));
    };
    let mut f = Filled::new(form, visit.l);
    let Some(cause) = cause::of(&visit, &mut f) else {
        return Ok(see_other("/toestemmingen"));
    };
    let officers = &visit.desk.officers;
    let count = kept.facts.choices.len() as u64;
    let recorded = officers.record_registry_export(visit.officer(), &cause, kept.address, count);
    recorded.await?;
    let bundle = officers.bundle_in_force();
    let written = records(&kept, officers.organisations(), bundle.as_deref());
    let text = serde_json::to_string_pretty(&written).map_err(|_| Problem::Internal)?;
    Ok(file("application/ld+json", "toestemmingen.jsonld", text))
}

/// The profile of ISO/IEC TS 27560 these records are in.
const PROFILE: &str = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr";
const CONSENT: &str = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a";
const EXPLICIT: &str = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a";

/// The terms. `header` only groups what is about the record itself.
fn context() -> Value {
    json!({
        "@version": 1.1,
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "loc": "https://w3id.org/dpv/loc#",
        "dct": "http://purl.org/dc/terms/",
        "spdx": "http://spdx.org/rdf/terms#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "header": "@nest",
        "processing": {"@id": "dpv:hasProcess"},
        "parties": {"@id": "dpv:hasEntity", "@container": "@set"},
        "events": {"@id": "dct:provenance", "@container": "@set"},
        "dct:conformsTo": {"@type": "@id"},
        "dct:created": {"@type": "xsd:dateTime"},
        "dct:modified": {"@type": "xsd:dateTime"},
        "dct:date": {"@type": "xsd:dateTime"},
        "dpv:hasConsentStatus": {"@type": "@id"},
        "dpv:hasContext": {"@type": "@id"},
        "dpv:hasLegalBasis": {"@type": "@id"},
        "dpv:hasDataController": {"@type": "@id"},
        "dpv:hasRecipient": {"@type": "@id"},
        "dpv:hasJurisdiction": {"@type": "@id"},
        "dpv:hasConsentControl": {"@type": "@id"},
        "dpv:hasProcessing": {"@type": "@id"},
        "dpv:isImplementedByEntity": {"@type": "@id"},
    })
}

/// The records of everything that was chosen at an address.
pub(super) fn records(
    kept: &Registered,
    organisations: &Organisations,
    bundle: Option<&Bundle>,
) -> Value {
    let choices = kept.facts.choices.iter();
    let records: Vec<Value> = choices
        .map(|choice| record(choice, kept, organisations, bundle))
        .collect();
    json!({"@context": context(), "@graph": records})
}

fn urn(id: ChoiceId) -> String {
    format!("urn:uuid:{id}")
}

fn party(oin: Oin) -> String {
    format!("urn:nl:oin:{oin}")
}

/// The status of a state (W3C DPV). What was entered in error never was, so it is not valid.
const fn status(state: ChoiceState) -> &'static str {
    match state {
        ChoiceState::Requested => "dpv:ConsentRequested",
        ChoiceState::Given => "dpv:ConsentGiven",
        ChoiceState::Renewed => "dpv:RenewedConsentGiven",
        ChoiceState::Refused => "dpv:ConsentRefused",
        ChoiceState::Withdrawn => "dpv:ConsentWithdrawn",
        ChoiceState::Revoked => "dpv:ConsentRevoked",
        ChoiceState::Invalidated | ChoiceState::EnteredInError => "dpv:ConsentInvalidated",
        ChoiceState::Unknown => "dpv:ConsentUnknown",
    }
}

/// The status now: a yes ends with its dates, and with the ownership of whoever gave it.
fn status_now(choice: &Choice, kept: &Registered) -> &'static str {
    let is_yes = matches!(choice.state, ChoiceState::Given | ChoiceState::Renewed);
    let owners = kept.facts.owners_at(kept.at);
    let since = owners.get(&choice.owner);
    let is_former = since.is_none_or(|since| choice.valid_from < *since);
    if is_yes && (choice.expired_at(kept.at) || is_former) {
        "dpv:ConsentExpired"
    } else {
        status(choice.state)
    }
}

fn record(
    choice: &Choice,
    kept: &Registered,
    organisations: &Organisations,
    bundle: Option<&Bundle>,
) -> Value {
    let told: Vec<(&Leaf, Choice)> = kept
        .leaves
        .iter()
        .filter(|leaf| leaf.entry.toestemming == Some(choice.id))
        .filter_map(|leaf| Some((leaf, choice_of(kept.address, leaf)?)))
        .collect();
    let first = told.first().map(|(leaf, _)| leaf.entry.tijd);
    let last = told.last().map(|(leaf, _)| leaf.entry.tijd);
    let bases = bases(choice, bundle);
    let events: Vec<Value> = told
        .iter()
        .map(|(leaf, then)| event(leaf, then, &bases))
        .collect();
    let consents = matches!(
        choice.kind,
        ChoiceKind::Consent | ChoiceKind::ExplicitAgreement
    );
    let kind = if consents {
        "dpv:ConsentRecord"
    } else {
        "dpv:DataProcessingRecord"
    };
    let mut header = Map::from_iter([
        ("dct:conformsTo".to_owned(), json!(PROFILE)),
        ("dct:identifier".to_owned(), json!(choice.id.to_string())),
        ("dct:type".to_owned(), json!(choice.kind.code())),
        ("dct:created".to_owned(), time(first)),
        ("dct:modified".to_owned(), time(last)),
        (
            "dpv:hasConsentStatus".to_owned(),
            json!(status_now(choice, kept)),
        ),
        (
            "dpv:hasDataSubject".to_owned(),
            json!({"@type": "dpv:DataSubject", "dct:identifier": choice.owner.as_str()}),
        ),
        (
            "dct:spatial".to_owned(),
            json!({"@type": "dct:Location", "dct:identifier": kept.address.as_str()}),
        ),
    ]);
    if choice.kind == ChoiceKind::Objection {
        header.insert("dpv:hasContext".to_owned(), json!("dpv:ObjectingToProcess"));
    }
    json!({
        "@id": urn(choice.id),
        "@type": kind,
        "header": header,
        "processing": processing(choice, &bases, bundle),
        "parties": parties(choice, organisations),
        "events": events,
    })
}

fn time(at: Option<Moment>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_string()))
}

/// The legal bases that rest on this choice, as DPV IRIs.
fn bases(choice: &Choice, bundle: Option<&Bundle>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let activities = bundle.map(Bundle::activities).unwrap_or_default();
    for activity in activities
        .iter()
        .filter(|one| choice.purposes.contains(&one.purpose))
    {
        for basis in activity
            .bases
            .iter()
            .filter(|one| one.needs.contains(&choice.kind))
        {
            found.insert(basis.ground.iri.clone());
            found.extend(basis.ground.also.iter().cloned());
        }
    }
    // What the kind itself is, also where the bundle in force has no rule for it.
    match choice.kind {
        ChoiceKind::Consent => found.insert(CONSENT.to_owned()),
        ChoiceKind::ExplicitAgreement => found.insert(EXPLICIT.to_owned()),
        ChoiceKind::Objection | ChoiceKind::JointRequest => false,
    };
    found.into_iter().collect()
}

fn processing(choice: &Choice, bases: &[String], bundle: Option<&Bundle>) -> Value {
    let vocabulary = bundle.map(Bundle::vocabulary);
    let purposes: Vec<Value> = choice
        .purposes
        .iter()
        .map(|code| {
            let known = vocabulary.and_then(|words| words.find_purpose(code));
            let name = known.map_or(code.as_str(), |purpose| &purpose.name.dutch);
            json!({"@type": "dpv:Purpose", "dct:identifier": code.as_str(), "dct:title": name})
        })
        .collect();
    let data: Vec<Value> = choice
        .kinds
        .iter()
        .map(|code| {
            let known = vocabulary.and_then(|words| words.kinds().find(|(kind, _)| *kind == code));
            let name = known.map_or(code.as_str(), |(_, name)| &name.dutch);
            let kind = match choice.kind {
                ChoiceKind::ExplicitAgreement => "dpv:SpecialCategoryPersonalData",
                _ => "dpv:PersonalData",
            };
            json!({"@type": kind, "dct:identifier": code.as_str(), "dct:title": name})
        })
        .collect();
    let receivers: Vec<String> = choice.receivers.iter().map(|oin| party(*oin)).collect();
    let mut process = json!({
        "@type": "dpv:Process",
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:language": choice.shown.language.to_string(),
            "dct:hasVersion": choice.shown.version.as_str(),
        },
        "dpv:hasPurpose": purposes,
        "dpv:hasLegalBasis": bases,
        "dpv:hasPersonalData": data,
        "dpv:hasProcessing": "dpv:Share",
        "dpv:hasDataController": party(choice.recorded_by),
        "dpv:hasRecipient": receivers,
        "dpv:hasJurisdiction": "loc:NL",
        "dpv:hasConsentControl": "dpv:WithdrawConsent",
    });
    if let (Some(coordinator), Some(members)) = (choice.coordinator, process.as_object_mut()) {
        let role = json!({"@id": party(coordinator), "dct:type": "coordinator"});
        members.insert("dpv:hasResponsibleEntity".to_owned(), role);
    }
    process
}

fn parties(choice: &Choice, organisations: &Organisations) -> Vec<Value> {
    let mut oins = choice.receivers.clone();
    oins.push(choice.recorded_by);
    oins.extend(choice.coordinator);
    let oins: BTreeSet<Oin> = oins.into_iter().collect();
    let one = |oin: Oin| {
        let known = organisations.find(oin);
        let mut types = Vec::new();
        if oin == choice.recorded_by {
            types.push("dpv:DataController");
        }
        if choice.receivers.contains(&oin) {
            types.push("dpv:Recipient");
        }
        types.push("dpv:GovernmentalOrganisation");
        json!({
            "@id": party(oin),
            "@type": types,
            "dct:identifier": oin.as_str(),
            "dpv:hasName": known.map(|one| one.name.as_str()),
        })
    };
    oins.into_iter().map(one).collect()
}

fn event(leaf: &Leaf, then: &Choice, bases: &[String]) -> Value {
    let until = then
        .valid_until
        .map_or_else(|| "..".to_owned(), |until| until.to_string());
    json!({
        "@id": format!("urn:uuid:{}", leaf.entry.transactie),
        "@type": "dct:ProvenanceStatement",
        "dct:date": leaf.entry.tijd.to_string(),
        // An interval of ISO 8601; two dots for no end.
        "dct:valid": format!("{}/{until}", then.valid_from),
        "dct:type": then.state.code(),
        "dpv:hasConsentStatus": status(then.state),
        "dpv:hasLegalBasis": bases,
        "dpv:isImplementedByEntity": leaf.entry.aanvrager.map(party),
        "dct:source": {
            "dct:type": then.evidence.kind.as_str(),
            "dct:identifier": then.evidence.reference.as_str(),
            "spdx:checksumValue": then.evidence.sha256.to_string(),
        },
        "dct:isPartOf": {"@type": "dct:Collection", "dct:identifier": format!("logboek/{}", leaf.index)},
    })
}

//! The register of processing activities (AVG 30), from the bundle in force. Nothing in it is personal.

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::page::{Page, file, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::Visit;
use super::super::words::Wording;
use super::wording::{in_a_row, kind_name};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, DocumentKind, Role};
use crate::language::Language;
use crate::policy::{Activity, Basis, Bundle, Flow};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/verwerkingen", EVERYONE, show)
        .get("/toestemmingen/verwerkingen/json", EVERYONE, as_json)
        .get("/toestemmingen/verwerkingen/csv", EVERYONE, as_csv)
}

struct FlowLine {
    from: String,
    to: String,
    kinds: String,
}

struct BasisLine {
    ground: String,
    article: String,
    needs: String,
}

struct UriLine {
    party: String,
    uri: String,
}

struct ActivityPart {
    code: String,
    name: String,
    flows: Vec<FlowLine>,
    bases: Vec<BasisLine>,
    uris: Vec<UriLine>,
}

#[derive(Template)]
#[template(path = "toestemmingen-verwerkingen.html")]
struct ActivitiesPage {
    page: Page,
    bundle: String,
    hash: String,
    caveat: String,
    term: String,
    retention: String,
    activities: Vec<ActivityPart>,
}

/// From when until when the bundle holds.
fn term(bundle: &Bundle, l: Language) -> String {
    let (from, until) = bundle.in_force();
    super::wording::validity(from, until, l)
}

/// The time limit for erasure, as far as one is envisaged (AVG 30(1)(f)).
fn retention(bundle: &Bundle, l: Language) -> &str {
    bundle.retention(l).unwrap_or(l.pick(
        "De overeenkomst noemt geen termijn. Vraag het aan de functionaris gegevensbescherming.",
        "The agreement names no time limit. Ask the data protection officer.",
    ))
}

/// What parts are called in sentences.
fn parties<'r>(
    roles: impl IntoIterator<Item = &'r Role>,
    bundle: &Bundle,
    l: Language,
) -> Vec<String> {
    let name = |role: &Role| {
        let mut known = bundle.vocabulary().roles();
        let name = known
            .find(|(code, _)| *code == role)
            .map(|(_, name)| name.told(l));
        name.unwrap_or(role.as_str()).to_owned()
    };
    roles.into_iter().map(name).collect()
}

fn ground(basis: &Basis, bundle: &Bundle) -> String {
    let iris = std::iter::once(&basis.ground.iri).chain(&basis.ground.also);
    let names = iris.map(|iri| bundle.find_ground_name(iri).unwrap_or(iri).to_owned());
    names.collect::<Vec<_>>().join(", ")
}

fn needs(basis: &Basis, l: Language) -> String {
    let need = |kind: &ChoiceKind| {
        let with = match kind {
            ChoiceKind::Objection => l.pick("zonder", "without"),
            ChoiceKind::Consent | ChoiceKind::ExplicitAgreement | ChoiceKind::JointRequest => {
                l.pick("met", "with")
            }
        };
        format!("{with} {}", kind_name(*kind, l).to_lowercase())
    };
    let all: Vec<String> = basis.needs.iter().map(need).collect();
    if all.is_empty() {
        l.pick("geen keuze nodig", "no choice needed").to_owned()
    } else {
        format!("{} {}", l.pick("alleen", "only"), in_a_row(&all, l))
    }
}

fn in_force(visit: &Visit) -> Result<std::sync::Arc<Bundle>, Problem> {
    let officers = &visit.desk.officers;
    officers.bundle_in_force().ok_or(Problem::Unavailable)
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let l = visit.l;
    let bundle = in_force(&visit)?;
    let wording = Wording::new(&visit.desk.officers, l);
    let flow = |flow: &Flow| {
        let kinds: Vec<_> = flow.kinds.iter().cloned().collect();
        FlowLine {
            from: in_a_row(&parties(&flow.from, &bundle, l), l),
            to: in_a_row(&parties(&flow.to, &bundle, l), l),
            kinds: wording.kinds(&kinds),
        }
    };
    let basis = |basis: &Basis| BasisLine {
        ground: ground(basis, &bundle),
        article: basis.ground.article.clone(),
        needs: needs(basis, l),
    };
    let part = |activity: &Activity| ActivityPart {
        code: activity.purpose.to_string(),
        name: activity.name.told(l).to_owned(),
        flows: activity.flows.iter().map(flow).collect(),
        bases: activity.bases.iter().map(basis).collect(),
        uris: activity
            .uris
            .iter()
            .map(|(role, uri)| UriLine {
                party: match role.as_str() {
                    short if short.len() <= 4 => short.to_uppercase(),
                    name => name.to_owned(),
                },
                uri: uri.clone(),
            })
            .collect(),
    };
    Ok(html(&ActivitiesPage {
        bundle: bundle.title_in(l).to_owned(),
        hash: bundle.hash().to_string(),
        caveat: bundle
            .caveat_in(l)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        term: term(&bundle, l),
        retention: retention(&bundle, l).to_owned(),
        activities: bundle.activities().iter().map(part).collect(),
        page: visit.page(l.pick(
            "Register van verwerkingen",
            "Register of processing activities",
        )),
    }))
}

async fn as_json(visit: Visit) -> Result<Response, Problem> {
    let bundle = in_force(&visit)?;
    let text = serde_json::to_string_pretty(&written(&bundle, visit.desk.clock.now()));
    let text = text.map_err(|_| Problem::Internal)?;
    Ok(file(
        "application/json",
        "register-van-verwerkingen.json",
        text,
    ))
}

/// The register, for machines. Field names are Dutch, as on the wire.
fn written(bundle: &Bundle, at: Moment) -> Value {
    let (from, until) = bundle.in_force();
    let activities: Vec<Value> = bundle
        .activities()
        .iter()
        .map(|activity| {
            let flows = activity
                .flows
                .iter()
                .map(|flow| json!({"van": flow.from, "naar": flow.to, "soorten": flow.kinds}));
            let bases = activity.bases.iter().map(|basis| {
                let iris = std::iter::once(&basis.ground.iri).chain(&basis.ground.also);
                json!({
                    "grondslagen": iris.collect::<Vec<_>>(),
                    "artikel": basis.ground.article,
                    "keuzes": basis.needs,
                })
            });
            json!({
                "doel": activity.purpose,
                "naam": activity.name.dutch,
                "verwerkingsactiviteiten": activity.uris,
                "verstrekkingen": flows.collect::<Vec<_>>(),
                "rechtsgronden": bases.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "gemaakt": at,
        "overeenkomst": {
            "code": bundle.id(),
            "titel": bundle.title(),
            "sha256": bundle.hash(),
            "geldigVan": from,
            "geldigTot": until,
            "voorbehoud": bundle.caveat(),
            "bewaartermijn": bundle.retention(Language::Dutch),
        },
        "verwerkingen": activities,
    })
}

async fn as_csv(visit: Visit) -> Result<Response, Problem> {
    let bundle = in_force(&visit)?;
    let text = table(&bundle).map_err(|_| Problem::Internal)?;
    Ok(file(
        "text/csv; charset=utf-8",
        "register-van-verwerkingen.csv",
        text,
    ))
}

/// The register as a table: a line for each direction of each purpose.
fn table(bundle: &Bundle) -> Result<Vec<u8>, csv::Error> {
    let l = Language::Dutch;
    // Semicolons: what a Dutch spreadsheet splits at.
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(Vec::new());
    writer.write_record([
        "doel",
        "naam",
        "van",
        "naar",
        "soorten",
        "grondslagen",
        "artikelen",
        "keuzes",
        "verwerkingsactiviteiten",
        "bewaartermijn",
        "overeenkomst",
        "geldig",
    ])?;
    for activity in bundle.activities() {
        let each = |one: &dyn Fn(&Basis) -> String| {
            let all: Vec<String> = activity.bases.iter().map(one).collect();
            all.join("; ")
        };
        let uris = activity.uris.iter();
        let uris: Vec<String> = uris.map(|(role, uri)| format!("{role}: {uri}")).collect();
        for flow in &activity.flows {
            let kinds: Vec<&str> = flow.kinds.iter().map(DocumentKind::as_str).collect();
            writer.write_record(
                [
                    activity.purpose.as_str(),
                    activity.name.told(l),
                    &parties(&flow.from, bundle, l).join(", "),
                    &parties(&flow.to, bundle, l).join(", "),
                    &kinds.join(", "),
                    &each(&|basis| ground(basis, bundle)),
                    &each(&|basis| basis.ground.article.clone()),
                    &each(&|basis| needs(basis, l)),
                    &uris.join("; "),
                    retention(bundle, l),
                    bundle.id(),
                    &term(bundle, l),
                ]
                .map(defused),
            )?;
        }
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// A cell that no spreadsheet takes for a formula (SECURITY 19).
fn defused(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_register_says_how_long_data_is_kept() {
        let bundle = super::super::tests::bundle();
        let term = bundle.retention(Language::Dutch).unwrap();
        let table = table(&bundle).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .from_reader(table.as_slice());
        let heads = reader.headers().unwrap().clone();
        let at = heads.iter().position(|head| head == "bewaartermijn");
        let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert!(lines.len() >= bundle.activities().len());
        for line in lines {
            assert_eq!(line.get(at.unwrap()), Some(term), "{line:?}");
        }
        let written = written(&bundle, bundle.in_force().0);
        assert_eq!(written["overeenkomst"]["bewaartermijn"], term);
    }
}

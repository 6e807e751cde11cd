//! The letter that asks an owner to choose. Making it is recorded before it is shown.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::qr::Code;
use super::super::routes::{REGISTRAR, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::letter_words::{self, Names};
use super::papers::{self, Paper, PaperPage};
use crate::clock::Moment;
use crate::domain::{Choice, ChoiceId, ChoiceKind};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/brief/{code}", REGISTRAR, show)
        .post("/toestemmingen/brief/{code}", REGISTRAR, make)
}

/// A letter that was recorded.
struct Lettered {
    choice: Choice,
    at: Moment,
}

#[derive(Template)]
#[template(path = "toestemming-brief.html")]
struct BeforePage {
    page: Page,
    f: Filled,
    action: String,
}

fn path(id: ChoiceId) -> String {
    format!("/toestemmingen/brief/{id}")
}

fn find(visit: &Visit, id: ChoiceId) -> Option<Arc<Lettered>> {
    let all = visit.session.all_kept::<Lettered>();
    let mut all = all.into_iter().map(|(_, kept)| kept);
    all.find(|kept| kept.choice.id == id)
}

async fn show(
    visit: Visit,
    Path(code): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let id = ChoiceId::parse(&code).map_err(|_| Problem::NotFound)?;
    let Some(kept) = find(&visit, id) else {
        let f = Filled::new(Form::default(), visit.l);
        return Ok(before(&visit, id, f));
    };
    let language = papers::language(&query);
    let officers = &visit.desk.officers;
    let wording = Wording::new(officers, language);
    let choice = &kept.choice;
    let organisations = officers.organisations();
    // Who writes keeps the documents already; where nobody else is named, it is named itself.
    let own = visit.officer().organisation.oin;
    let mut others = choice.receivers.clone();
    others.retain(|oin| *oin != own);
    if others.is_empty() || choice.kind == ChoiceKind::Objection {
        others.clone_from(&choice.receivers);
    }
    let names = Names {
        own: &visit.officer().organisation,
        receivers: papers::names(&others, organisations, language),
        coordinator: choice
            .coordinator
            .map(|oin| papers::names(&[oin], organisations, language)),
    };
    let code = Code::of(choice.evidence.reference.as_str()).ok();
    let caption = language.pick("Kenmerk van deze brief", "Reference of this letter");
    let qr = code.as_ref().map(|code| code.svg("qr", caption));
    let report = letter_words::letter(choice, kept.at, &names, code.as_ref(), &wording);
    let shown = PaperPage {
        page: visit.page(&report.title),
        paper: Paper {
            report,
            qr: qr.unwrap_or_default(),
        },
        name: visit.l.pick("Brief", "Letter"),
        path: path(id),
    };
    Ok(papers::answer(&shown, &query, "brief"))
}

fn before(visit: &Visit, id: ChoiceId, f: Filled) -> Response {
    html(&BeforePage {
        action: path(id),
        page: visit.page(visit.l.pick("Brief aan de eigenaar", "Letter to the owner")),
        f,
    })
}

async fn make(visit: Visit, Path(code): Path<String>, form: Form) -> Result<Response, Problem> {
    let id = ChoiceId::parse(&code).map_err(|_| Problem::NotFound)?;
    let mut f = Filled::new(form, visit.l);
    let Some(cause) = cause::of(&visit, &mut f) else {
        return Ok((StatusCode::BAD_REQUEST, before(&visit, id, f)).into_response());
    };
    let officers = &visit.desk.officers;
    let choice = officers.letter(visit.officer(), &cause, id).await?;
    let at = visit.desk.clock.now();
    visit.session.keep(Lettered { choice, at });
    Ok(see_other(&path(id)))
}

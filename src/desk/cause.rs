//! The case somebody works on: why they look at what is personal. It is asked once, and kept in the
//! session until the case is closed.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;

use super::forms::{Filled, Form};
use super::page::{Notice, Page, html};
use super::routes::{EVERYONE, Routes};
use super::visit::{Visit, see_other};
use super::words;
use crate::domain::CaseNumber;
use crate::exchange::officer::{Cause, Remark};
use crate::ledger::entry::Occasion;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/zaak", EVERYONE, show)
        .post("/zaak", EVERYONE, set)
        .post("/zaak/sluiten", EVERYONE, close)
}

#[derive(Template)]
#[template(path = "zaak.html")]
struct CausePage {
    page: Page,
    f: Filled,
    back: String,
}

/// Every reason with its name, for a form.
pub(super) fn choices(page: &Page) -> Vec<(&'static str, &'static str)> {
    let all = words::OCCASIONS.into_iter();
    all.map(|(code, occasion)| (code, words::occasion(occasion, page.l)))
        .collect()
}

/// Whether something is wrong with the case that a form names.
pub(super) fn is_wrong(f: &Filled) -> bool {
    let mut fields = ["aanleiding", "zaak", "toelichting"].into_iter();
    fields.any(|field| !f.error(field).is_empty())
}

/// The case that a form names, or else the one that is worked on; `None`, with what is wrong beside
/// the fields, when there is neither.
pub(super) fn of(visit: &Visit, f: &mut Filled) -> Option<Cause> {
    let told = !f.value("aanleiding").is_empty() || !f.value("zaak").is_empty();
    if !told && let Some(cause) = visit.session.cause() {
        return Some(cause);
    }
    let occasion = f.required(
        "aanleiding",
        ("Kies waarom u kijkt.", "Choose why you look."),
        |code| {
            let mut all = words::OCCASIONS.into_iter();
            all.find(|(known, _)| *known == code)
                .map(|(_, occasion)| occasion)
        },
    );
    let case = f.required(
        "zaak",
        (
            "Vul het kenmerk van uw zaak in: 1 tot 128 tekens.",
            "Fill in the reference of your case: 1 to 128 characters.",
        ),
        |text| CaseNumber::parse(text).ok(),
    );
    let explanation = f.optional(
        "toelichting",
        (
            "Houd de toelichting korter dan 2.000 tekens.",
            "Keep the explanation below 2,000 characters.",
        ),
        Remark::parse,
    );
    if occasion == Some(Occasion::Other) && f.value("toelichting").is_empty() {
        f.wrong(
            "toelichting",
            "Schrijf op wat de aanleiding is.",
            "Write down what the reason is.",
        );
    }
    let (Some(occasion), Some(case), false) = (occasion, case, f.is_wrong()) else {
        return None;
    };
    let cause = Cause {
        occasion,
        case,
        explanation,
    };
    visit.session.set_cause(Some(cause.clone()));
    Some(cause)
}

async fn show(visit: Visit, Query(query): Query<HashMap<String, String>>) -> Response {
    let mut form = Form::default().with("terug", query.get("terug").map_or("", String::as_str));
    if let Some(cause) = visit.session.cause() {
        let code = words::OCCASIONS.into_iter();
        let mut code = code.filter(|(_, occasion)| *occasion == cause.occasion);
        form = form
            .with("aanleiding", code.next().map_or("", |(code, _)| code))
            .with("zaak", cause.case.as_str())
            .with(
                "toelichting",
                cause.explanation.as_ref().map_or("", Remark::as_str),
            );
    }
    page(&visit, Filled::new(form, visit.l))
}

fn page(visit: &Visit, f: Filled) -> Response {
    html(&CausePage {
        page: visit.page(visit.l.pick("Uw zaak", "Your case")),
        back: super::login::local_path(f.value("terug"))
            .unwrap_or("/")
            .to_owned(),
        f,
    })
}

async fn set(visit: Visit, form: Form) -> Response {
    let mut f = Filled::new(form, visit.l);
    match of(&visit, &mut f) {
        Some(_) => see_other(super::login::local_path(f.value("terug")).unwrap_or("/")),
        None => page(&visit, f),
    }
}

async fn close(visit: Visit, form: Form) -> Response {
    visit.session.set_cause(None);
    visit.session.tell(Notice::done(visit.l.pick(
        "De zaak is gesloten. Wat u ervoor opende, is weer dicht.",
        "The case is closed. What you opened for it is closed again.",
    )));
    see_other(super::login::local_path(form.value("terug")).unwrap_or("/"))
}

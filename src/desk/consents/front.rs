//! The first page: looking up an address, and how much waits.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Page, html};
use super::super::problem::Problem;
use super::super::routes::{EVERYONE, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words;
use super::lists::{self, Row, Which};
use super::wording::{Date, kind_name};
use super::{NO_ADDRESS, Registered, typed_address};
use crate::oversight::{Personal, WaitingProposal};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen", EVERYONE, show)
        .post("/toestemmingen", EVERYONE, look_up)
}

/// How many of a list stand on the first page.
const SHOWN: usize = 5;

/// A proposal in the list.
struct ProposalRow {
    index: u64,
    at: Date,
    what: String,
    is_mine: bool,
}

/// A list, as much of it as stands on the first page.
struct Part {
    path: String,
    title: &'static str,
    none: &'static str,
    column: &'static str,
    distance: &'static str,
    count: usize,
    count_text: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "toestemmingen.html")]
struct FrontPage {
    page: Page,
    f: Filled,
    may_see: bool,
    is_registrar: bool,
    organisation: String,
    proposals: Vec<ProposalRow>,
    lists: Vec<Part>,
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    page(&visit, Filled::new(Form::default(), visit.l)).await
}

async fn page(visit: &Visit, f: Filled) -> Result<Response, Problem> {
    let (l, officer) = (visit.l, visit.officer());
    let (oin, person) = (officer.organisation.oin, officer.subject.clone());
    let officers = &visit.desk.officers;
    let now = visit.desk.clock.now();
    let looked = officers.oversight().read(move |index| {
        let own = index.party(oin);
        let person = index.tag(Personal::Employee(oin), person.as_str());
        let found = Which::ALL.map(|which| which.of(index, own, now));
        (index.waiting_proposals(own, person), found)
    });
    let (waiting, found) = looked.await?;
    let part = |(which, found): (Which, Vec<crate::oversight::Listed>)| Part {
        path: which.path(),
        title: which.title(l),
        none: which.none(l),
        column: which.column(l),
        distance: which.distance(l),
        count: found.len(),
        count_text: l.number(found.len() as u64),
        rows: found
            .iter()
            .take(SHOWN)
            .map(|one| lists::row(one, which, now, l))
            .collect(),
    };
    Ok(html(&FrontPage {
        may_see: visit.may_see_registry(),
        is_registrar: visit.is_registrar(),
        organisation: words::short_name(&officer.organisation),
        proposals: waiting.iter().map(|one| proposal_row(one, l)).collect(),
        lists: Which::ALL.into_iter().zip(found).map(part).collect(),
        page: visit.page(l.pick("Toestemmingen", "Consents")),
        f,
    }))
}

fn proposal_row(one: &WaitingProposal, l: crate::language::Language) -> ProposalRow {
    let kind = one.kind.map_or("", |kind| kind_name(kind, l));
    let state = one.kind.zip(one.state);
    let state = state.map_or("", |(kind, state)| words::choice_state_of(kind, state, l));
    ProposalRow {
        index: one.index,
        at: Date::of(one.at, l),
        what: format!("{kind}: {state}"),
        is_mine: one.is_mine,
    }
}

async fn look_up(visit: Visit, form: Form) -> Result<Response, Problem> {
    if !visit.may_see_registry() {
        return Err(Problem::NotYours);
    }
    let mut f = Filled::new(form, visit.l);
    let address = f.required("adres", NO_ADDRESS, typed_address);
    let cause = cause::of(&visit, &mut f);
    let (Some(address), Some(cause), false) = (address, cause, f.is_wrong()) else {
        let shown = page(&visit, f).await?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let officers = &visit.desk.officers;
    let (facts, leaves) = officers.registry(visit.officer(), &cause, address).await?;
    let number = visit.session.keep(Registered {
        address,
        facts,
        leaves,
        at: visit.desk.clock.now(),
    });
    Ok(see_other(&format!("/toestemmingen/adres/{number}")))
}

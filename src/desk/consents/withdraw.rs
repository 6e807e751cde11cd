//! Taking a choice back, or ending it for another reason: proposed here, confirmed by a second person.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{REGISTRAR, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::OpenedChoices;
use super::facts::{Fact, of_choice};
use super::history::EVIDENCE;
use super::register::{Options, worded};
use super::typed::{self, FINAL_STATES};
use crate::domain::{Choice, ChoiceId, ChoiceState};
use crate::exchange::Failure;
use crate::language::Language;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/toestemmingen/intrekken/{code}", REGISTRAR, show)
        .post("/toestemmingen/intrekken/{code}", REGISTRAR, act)
}

#[derive(Template)]
#[template(path = "toestemming-intrekken.html")]
struct WithdrawPage {
    page: Page,
    f: Filled,
    action: String,
    /// What is known of it, once it was opened.
    facts: Vec<Fact>,
    is_open: bool,
    can_end: bool,
    /// Where a proposal to end it waits for an answer.
    pending: Option<String>,
    states: Options,
    evidence: Options,
}

fn path(id: ChoiceId) -> String {
    format!("/toestemmingen/intrekken/{id}")
}

/// In which states somebody of this organisation may end it.
fn may(visit: &Visit, choice: &Choice) -> Vec<ChoiceState> {
    let own = choice.recorded_by == visit.officer().organisation.oin;
    let all = FINAL_STATES.into_iter();
    all.filter(|state| own || *state == ChoiceState::Withdrawn)
        .collect()
}

const fn state_name(state: ChoiceState, l: Language) -> &'static str {
    match state {
        ChoiceState::Withdrawn => l.pick(
            "ingetrokken: de eigenaar neemt de keuze terug",
            "withdrawn: the owner takes the choice back",
        ),
        ChoiceState::Revoked => l.pick(
            "herroepen: een ander dan de eigenaar beëindigt haar",
            "revoked: somebody else than the owner ends it",
        ),
        ChoiceState::Invalidated => l.pick(
            "ongeldig: achteraf blijkt zij niet rechtsgeldig",
            "invalid: it turns out not to be valid in law",
        ),
        _ => l.pick(
            "foutief ingevoerd: zij is er nooit geweest",
            "entered in error: it never was",
        ),
    }
}

async fn page(visit: &Visit, id: ChoiceId, f: Filled) -> Result<Response, Problem> {
    let l = visit.l;
    let choice = visit.find_opened_choice(id);
    let pending = match &choice {
        Some(choice) => {
            let officers = &visit.desk.officers;
            officers.pending_end(visit.officer(), choice).await?
        }
        None => None,
    };
    let states = choice.as_ref().map(|choice| may(visit, choice));
    let states = states.unwrap_or_default().into_iter();
    let wording = Wording::new(&visit.desk.officers, l);
    Ok(html(&WithdrawPage {
        pending: pending.map(|index| format!("/toestemmingen/voorstel/{index}")),
        action: path(id),
        is_open: choice.is_some(),
        can_end: choice.as_ref().is_some_and(Choice::can_end),
        facts: choice
            .as_ref()
            .map(|choice| of_choice(choice, &wording))
            .unwrap_or_default(),
        states: states
            .map(|state| (state.code().to_owned(), state_name(state, l).to_owned()))
            .collect(),
        evidence: worded(&EVIDENCE, l),
        page: visit.page(l.pick("Keuze intrekken", "Withdraw a choice")),
        f,
    }))
}

async fn show(visit: Visit, Path(code): Path<String>) -> Result<Response, Problem> {
    let id = ChoiceId::parse(&code).map_err(|_| Problem::NotFound)?;
    let f = Filled::new(Form::default(), visit.l);
    page(&visit, id, f).await
}

async fn act(visit: Visit, Path(code): Path<String>, form: Form) -> Result<Response, Problem> {
    let id = ChoiceId::parse(&code).map_err(|_| Problem::NotFound)?;
    let officers = &visit.desk.officers;
    let mut f = Filled::new(form, visit.l);
    let Some(choice) = visit.find_opened_choice(id) else {
        let Some(cause) = cause::of(&visit, &mut f) else {
            let shown = page(&visit, id, f).await?;
            return Ok((StatusCode::BAD_REQUEST, shown).into_response());
        };
        let opened = officers
            .open_choices(visit.officer(), &cause, &[id])
            .await?;
        if opened.is_empty() {
            return Err(Problem::NotFound);
        }
        visit.session.keep(OpenedChoices(opened));
        return Ok(see_other(&path(id)));
    };
    let how = typed::withdrawal(&mut f, &may(&visit, &choice));
    let cause = cause::of(&visit, &mut f);
    let (Some(how), Some(cause)) = (how, cause) else {
        let shown = page(&visit, id, f).await?;
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let proposed = officers.propose_withdrawal(visit.officer(), &cause, id, how);
    let receipt = match proposed.await {
        Ok(receipt) => receipt,
        // It ended, or somebody proposed that already: the page says which.
        Err(Failure::Conflict) => {
            let shown = page(&visit, id, f).await?;
            return Ok((StatusCode::CONFLICT, shown).into_response());
        }
        Err(failure) => return Err(failure.into()),
    };
    visit.session.tell(Notice::done(visit.l.pick(
        "Het voorstel staat in het logboek. De keuze geldt nog: een collega moet het bevestigen.",
        "The proposal is in the log. The choice still holds: a colleague must confirm it.",
    )));
    Ok(see_other(&format!(
        "/toestemmingen/voorstel/{}",
        receipt.index
    )))
}

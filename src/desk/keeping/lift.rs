//! Asking to lift a hold.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{KEEPERS, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::wording::HoldRow;
use super::{NO_REASON, because, index_of};
use crate::exchange::officer::Remark;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/bewaren/opheffen/{index}", KEEPERS, show).post(
        "/bewaren/opheffen/{index}",
        KEEPERS,
        ask,
    )
}

#[derive(Template)]
#[template(path = "bewaren-opheffen.html")]
struct LiftPage {
    page: Page,
    f: Filled,
    action: String,
    hold: HoldRow,
}

impl LiftPage {
    /// Whether it can be asked: two people agreed on it, and nobody asks it yet.
    const fn can_ask(&self) -> bool {
        self.hold.is_confirmed && self.hold.lifting.is_none()
    }
}

async fn page(visit: &Visit, index: u64, f: Filled) -> Result<LiftPage, Problem> {
    let (officers, officer, l) = (&visit.desk.officers, visit.officer(), visit.l);
    let holds = officers.holds(officer).await?;
    let waits = officers.waiting_erasures(officer).await?;
    let mut holds = holds.iter();
    let hold = holds.find(|one| one.index == index);
    let hold = hold.ok_or(Problem::NotFound)?;
    let wording = Wording::new(officers, l);
    Ok(LiftPage {
        hold: HoldRow::of(hold, &waits, &wording),
        action: format!("/bewaren/opheffen/{index}"),
        page: visit.keeping_page(l.pick("Bewaarplicht opheffen", "Lift a hold")),
        f,
    })
}

async fn show(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let f = Filled::new(Form::default(), visit.l);
    Ok(html(&page(&visit, index_of(&index)?, f).await?))
}

async fn ask(visit: Visit, Path(index): Path<String>, form: Form) -> Result<Response, Problem> {
    let index = index_of(&index)?;
    let shown = page(&visit, index, Filled::new(form, visit.l)).await?;
    if !shown.can_ask() {
        return Ok((StatusCode::CONFLICT, html(&shown)).into_response());
    }
    let LiftPage { mut f, .. } = shown;
    let reason = f.required("reden", NO_REASON, Remark::parse);
    let cause = cause::of(&visit, &mut f);
    let (Some(reason), Some(cause), false) = (reason, cause, f.is_wrong()) else {
        let shown = page(&visit, index, f).await?;
        return Ok((StatusCode::BAD_REQUEST, html(&shown)).into_response());
    };
    let cause = because(cause, reason);
    let officers = &visit.desk.officers;
    let receipt = officers
        .propose_lift(visit.officer(), &cause, index)
        .await?;
    visit.session.tell(Notice::done(visit.l.pick(
        "Uw vraag staat in het logboek. De bewaarplicht geldt nog: een ander moet het bevestigen.",
        "What you ask is in the log. The hold still counts: somebody else must confirm it.",
    )));
    Ok(see_other(&format!("/bewaren/voorstel/{}", receipt.index)))
}

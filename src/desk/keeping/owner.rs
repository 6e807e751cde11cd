//! Asking to erase an owner, wherever the book names them: first where that is, then whether one is sure.

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
use super::ask::asked;
use super::counted::CountedOwner;
use super::wording::ask_name;
use super::{NO_REASON, because};
use crate::domain::OwnerId;
use crate::exchange::officer::{NotErased, Remark, WeighedOwner};
use crate::store::Ask;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/bewaren/eigenaar", KEEPERS, show)
        .post("/bewaren/eigenaar", KEEPERS, weigh)
        .get("/bewaren/eigenaar/{nummer}", KEEPERS, look)
        .post("/bewaren/eigenaar/{nummer}", KEEPERS, ask)
}

/// Who somebody is about to have erased, as it was counted.
#[derive(Clone)]
struct About {
    reason: Remark,
    weighed: WeighedOwner,
}

impl About {
    /// Whether it can be asked: nobody asks it yet, there is something to erase, and nothing is held.
    const fn can_ask(&self) -> bool {
        let weighed = &self.weighed;
        weighed.asked.is_empty() && !weighed.is_unknown() && weighed.holds.is_empty()
    }
}

#[derive(Template)]
#[template(path = "bewaren-eigenaar.html")]
struct AskPage {
    page: Page,
    f: Filled,
}

#[derive(Template)]
#[template(path = "bewaren-eigenaar-nakijken.html")]
struct SurePage {
    page: Page,
    f: Filled,
    action: String,
    reason: String,
    counted: CountedOwner,
    /// The proposal that asks the same already, if one waits.
    same: Option<u64>,
}

fn heading(visit: &Visit) -> Page {
    visit.keeping_page(ask_name(Ask::Erase, true, visit.l))
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    visit.must_erase()?;
    let (page, f) = (heading(&visit), Filled::new(Form::default(), visit.l));
    Ok(html(&AskPage { page, f }))
}

async fn weigh(visit: Visit, form: Form) -> Result<Response, Problem> {
    visit.must_erase()?;
    let mut f = Filled::new(form, visit.l);
    let owner = f.required(
        "eigenaar",
        (
            "Vul het pseudoniem van de eigenaar in: 1 tot 128 tekens.",
            "Fill in the pseudonym of the owner: 1 to 128 characters.",
        ),
        |text| OwnerId::parse(text).ok(),
    );
    let reason = f.required("reden", NO_REASON, Remark::parse);
    let cause = cause::of(&visit, &mut f);
    let (Some(owner), Some(reason), Some(cause), false) = (owner, reason, cause, f.is_wrong())
    else {
        let page = heading(&visit);
        return Ok((StatusCode::BAD_REQUEST, html(&AskPage { page, f })).into_response());
    };
    let officers = &visit.desk.officers;
    let weighed = officers
        .weigh_owner(visit.officer(), &cause, &owner)
        .await?;
    let number = visit.session.keep(About { reason, weighed });
    Ok(see_other(&format!("/bewaren/eigenaar/{number}")))
}

fn sure_page(visit: &Visit, number: &str, about: &About, f: Filled) -> Response {
    let wording = Wording::new(&visit.desk.officers, visit.l);
    html(&SurePage {
        page: heading(visit),
        action: format!("/bewaren/eigenaar/{number}"),
        reason: about.reason.as_str().to_owned(),
        counted: CountedOwner::of(&about.weighed, &wording),
        same: about.weighed.asked.first().copied(),
        f,
    })
}

async fn look(visit: Visit, Path(number): Path<String>) -> Result<Response, Problem> {
    visit.must_erase()?;
    let about: About = visit.about_to_ask(&number)?;
    let f = Filled::new(Form::default(), visit.l);
    Ok(sure_page(&visit, &number, &about, f))
}

async fn ask(visit: Visit, Path(number): Path<String>, form: Form) -> Result<Response, Problem> {
    visit.must_erase()?;
    let about: About = visit.about_to_ask(&number)?;
    let mut f = Filled::new(form, visit.l);
    if !about.can_ask() {
        return Ok((StatusCode::CONFLICT, sure_page(&visit, &number, &about, f)).into_response());
    }
    f.required(
        "zeker",
        (
            "Kruis aan dat u deze eigenaar wilt laten wissen.",
            "Tick that you want this owner to be erased.",
        ),
        |ticked| (ticked == "ja").then_some(()),
    );
    let cause = cause::of(&visit, &mut f);
    let Some(cause) = cause.filter(|_| !f.is_wrong()) else {
        let shown = sure_page(&visit, &number, &about, f);
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    let (officers, officer) = (&visit.desk.officers, visit.officer());
    let because = because(cause.clone(), about.reason.clone());
    let owner = &about.weighed.owner;
    match officers
        .propose_owner_erasure(officer, &because, owner)
        .await
    {
        Ok(receipt) => {
            visit.session.tell(Notice::done(asked(Ask::Erase, visit.l)));
            Ok(see_other(&format!("/bewaren/voorstel/{}", receipt.index)))
        }
        // Somebody held one of the addresses meanwhile: the page says since when.
        Err(NotErased::Held) => {
            let weighed = officers.weigh_owner(officer, &cause, owner).await?;
            let about = About { weighed, ..about };
            let number = visit.session.keep(about.clone()).to_string();
            let f = Filled::new(Form::default(), visit.l);
            let shown = sure_page(&visit, &number, &about, f);
            Ok((StatusCode::CONFLICT, shown).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

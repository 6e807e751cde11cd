//! Asking to erase an address or to hold it: first what it would come to, then whether one is sure.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::super::cause;
use super::super::consents::{NO_ADDRESS, typed_address};
use super::super::forms::{Filled, Form};
use super::super::page::{Notice, Page, html};
use super::super::problem::Problem;
use super::super::routes::{KEEPERS, Routes};
use super::super::visit::{Visit, see_other};
use super::super::words::Wording;
use super::counted::Counted;
use super::wording::ask_name;
use super::{NO_REASON, because};
use crate::exchange::officer::{Cause, NotErased, Remark, Weighed};
use crate::language::Language;
use crate::store::Ask;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/bewaren/vragen", KEEPERS, show)
        .post("/bewaren/vragen", KEEPERS, weigh)
        .get("/bewaren/vragen/{nummer}", KEEPERS, look)
        .post("/bewaren/vragen/{nummer}", KEEPERS, ask)
}

/// What somebody is about to ask, as it was counted.
#[derive(Clone)]
struct About {
    ask: Ask,
    reason: Remark,
    weighed: Weighed,
}

#[derive(Template)]
#[template(path = "bewaren-vragen.html")]
struct AskPage {
    page: Page,
    f: Filled,
    asks: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "bewaren-nakijken.html")]
struct SurePage {
    page: Page,
    f: Filled,
    action: String,
    erases: bool,
    reason: String,
    counted: Counted,
    /// The proposal that asks the same already, if one waits.
    same: Option<u64>,
}

const ASKS: [(&str, Ask); 2] = [("wissen", Ask::Erase), ("bewaren", Ask::Hold)];

async fn show(visit: Visit) -> Result<Response, Problem> {
    visit.must_erase()?;
    let f = Filled::new(Form::default(), visit.l);
    Ok(page(&visit, f))
}

fn page(visit: &Visit, f: Filled) -> Response {
    let l = visit.l;
    html(&AskPage {
        page: visit.keeping_page(l.pick("Wissen of bewaren", "Erase or hold")),
        f,
        asks: ASKS
            .map(|(code, ask)| {
                let name = match ask {
                    Ask::Erase => l.pick(
                        "Wissen: de persoonsgegevens van dit adres worden voorgoed onleesbaar",
                        "Erase: the personal data of this address become unreadable for ever",
                    ),
                    _ => l.pick(
                        "Bewaarplicht instellen: van dit adres wordt niets gewist",
                        "Put a hold: nothing of this address is erased",
                    ),
                };
                (code, name)
            })
            .into(),
    })
}

async fn weigh(visit: Visit, form: Form) -> Result<Response, Problem> {
    visit.must_erase()?;
    let mut f = Filled::new(form, visit.l);
    // One comes from a page about an address: it stands in the form already.
    if !f.value("begin").is_empty() {
        return Ok(page(&visit, f));
    }
    let address = f.required("adres", NO_ADDRESS, typed_address);
    let ask = f.required(
        "wat",
        ("Kies wat er moet gebeuren.", "Choose what is to be done."),
        |code| {
            let mut all = ASKS.into_iter();
            all.find(|(known, _)| *known == code).map(|(_, ask)| ask)
        },
    );
    let reason = f.required("reden", NO_REASON, Remark::parse);
    let cause = cause::of(&visit, &mut f);
    let (Some(address), Some(ask), Some(reason), Some(cause), false) =
        (address, ask, reason, cause, f.is_wrong())
    else {
        return Ok((StatusCode::BAD_REQUEST, page(&visit, f)).into_response());
    };
    let officers = &visit.desk.officers;
    let weighed = officers.weigh(visit.officer(), &cause, address).await?;
    let number = visit.session.keep(About {
        ask,
        reason,
        weighed,
    });
    Ok(see_other(&format!("/bewaren/vragen/{number}")))
}

/// Which proposal asks the same there already.
fn same(about: &About) -> Option<u64> {
    let mut waits = about.weighed.waits.iter();
    // To erase an owner who is named there is something else.
    let same = waits.find(|one| one.ask == about.ask && !one.of_owner);
    same.map(|one| one.index)
}

/// Whether it can be asked at all.
fn can_ask(about: &About) -> bool {
    let erases = about.ask == Ask::Erase;
    let nothing = about.weighed.is_unknown() || !about.weighed.holds.is_empty();
    same(about).is_none() && !(erases && nothing)
}

fn sure_page(visit: &Visit, number: &str, about: &About, f: Filled) -> Response {
    let wording = Wording::new(&visit.desk.officers, visit.l);
    html(&SurePage {
        page: visit.keeping_page(ask_name(about.ask, false, visit.l)),
        action: format!("/bewaren/vragen/{number}"),
        erases: about.ask == Ask::Erase,
        reason: about.reason.as_str().to_owned(),
        counted: Counted::of(&about.weighed, None, &wording),
        same: same(about),
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
    if !can_ask(&about) {
        return Ok((StatusCode::CONFLICT, sure_page(&visit, &number, &about, f)).into_response());
    }
    f.required("zeker", sure(about.ask), |ticked| {
        (ticked == "ja").then_some(())
    });
    let cause = cause::of(&visit, &mut f);
    let Some(cause) = cause.filter(|_| !f.is_wrong()) else {
        let shown = sure_page(&visit, &number, &about, f);
        return Ok((StatusCode::BAD_REQUEST, shown).into_response());
    };
    match propose(&visit, &cause, &about).await {
        Ok(index) => {
            visit.session.tell(Notice::done(asked(about.ask, visit.l)));
            Ok(see_other(&format!("/bewaren/voorstel/{index}")))
        }
        // Somebody held it meanwhile: the page says since when.
        Err(NotErased::Held) => {
            let officers = &visit.desk.officers;
            let address = about.weighed.address;
            let weighed = officers.weigh(visit.officer(), &cause, address).await?;
            let about = About { weighed, ..about };
            let number = visit.session.keep(about.clone()).to_string();
            let shown = sure_page(
                &visit,
                &number,
                &about,
                Filled::new(Form::default(), visit.l),
            );
            Ok((StatusCode::CONFLICT, shown).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn propose(visit: &Visit, cause: &Cause, about: &About) -> Result<u64, NotErased> {
    let (officers, officer) = (&visit.desk.officers, visit.officer());
    let cause = because(cause.clone(), about.reason.clone());
    let address = about.weighed.address;
    let receipt = if about.ask == Ask::Erase {
        officers.propose_erasure(officer, &cause, address).await
    } else {
        officers.propose_hold(officer, &cause, address).await
    };
    receipt.map(|receipt| receipt.index)
}

const fn sure(ask: Ask) -> (&'static str, &'static str) {
    match ask {
        Ask::Erase => (
            "Kruis aan dat u dit wilt laten wissen.",
            "Tick that you want this to be erased.",
        ),
        Ask::Hold | Ask::Lift(_) => (
            "Kruis aan dat u dit wilt bewaren.",
            "Tick that you want this to be held.",
        ),
    }
}

/// What one is told when it was asked.
pub(super) const fn asked(ask: Ask, l: Language) -> &'static str {
    match ask {
        Ask::Erase => l.pick(
            "Uw vraag staat in het logboek. Er is nog niets gewist: een ander moet het bevestigen.",
            "What you ask is in the log. Nothing is erased yet: somebody else must confirm it.",
        ),
        Ask::Hold | Ask::Lift(_) => l.pick(
            "De bewaarplicht geldt vanaf nu. Een ander moet haar bevestigen.",
            "The hold counts from now on. Somebody else must confirm it.",
        ),
    }
}

//! Getting in: by the login service of the organisations, or in the demo by a link that works once.

mod links;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::{Query, RawQuery};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

pub use links::{Links, Persona};

use super::forms::Form;
use super::page::{Notice, Page, html};
use super::problem::Problem;
use super::routes::{Access, EVERYONE, Routes};
use super::session::Secret;
use super::visit::{
    LANGUAGE_COOKIE, LOGIN_COOKIE, Passing, SESSION_COOKIE, Visit, drop_cookie, see_other,
    set_cookie,
};
use crate::bounds;
use crate::clock::Moment;
use crate::errors::in_full;
use crate::exchange::officer::Officer;
use crate::language::Language;
use crate::oidc::{LoginError, LoginService, Pending, Returned};

/// How somebody gets in.
#[derive(Debug, Clone)]
pub enum Login {
    /// By the login service of the organisations.
    Service(Arc<LoginService>),
    /// By a link, in the demo.
    Links(Links),
}

/// Logins that are under way at the login service, each under a name that only the browser knows
/// that began it, with the page to come back to.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<String, (Pending, String)>>);

impl UnderWay {
    fn keep(&self, name: &Secret, pending: Pending, back: &str, now: Moment) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (kept, _)| now.ms_since(kept.begun()) < bounds::LOGIN_MS);
        // Anybody can begin a login. Too many at once, and the oldest have to begin anew.
        if all.len() >= bounds::LOGINS {
            let oldest = all.iter().min_by_key(|(_, (kept, _))| kept.begun());
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(name.as_str().to_owned(), (pending, back.to_owned()));
    }

    fn take(&self, name: &str) -> Option<(Pending, String)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(name)
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/aanmelden", Access::Public, door)
        .get("/aanmelden/begin", Access::Public, begin)
        .get("/aanmelden/terug", Access::Public, come_back)
        .get("/afgemeld", Access::Public, gone);
    links::routes(routes)
        .post("/afmelden", EVERYONE, leave)
        .post("/taal", Access::Public, language)
}

/// The login, with the way back to a page.
pub(super) fn path_back_to(path: &str) -> String {
    let back: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/aanmelden?terug={back}")
}

/// A path of this desk; nothing that leads elsewhere.
pub(super) fn local_path(path: &str) -> Option<&str> {
    let second = path.as_bytes().get(1);
    let proper = path.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && path.bytes().all(|byte| byte.is_ascii_graphic());
    proper.then_some(path)
}

#[derive(Template)]
#[template(path = "aanmelden.html")]
struct DoorPage {
    page: Page,
    by_link: bool,
    was_in: bool,
    begin: String,
}

async fn door(passing: Passing, Query(query): Query<HashMap<String, String>>) -> Response {
    let back = query.get("terug").and_then(|path| local_path(path));
    let back = back.unwrap_or("/");
    if passing.session.is_some() {
        return see_other(back);
    }
    let by_link = matches!(passing.desk.login, Login::Links(_));
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    html(&DoorPage {
        page: Page::at_the_door(&passing, passing.l.pick("Aanmelden", "Log in")),
        by_link,
        was_in: query.contains_key("terug"),
        begin: format!("/aanmelden/begin?terug={back}"),
    })
}

async fn begin(
    passing: Passing,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let Login::Service(service) = &passing.desk.login else {
        return Err(Problem::NotFound);
    };
    let back = query.get("terug").and_then(|path| local_path(path));
    match service.begin().await {
        Ok(begun) => {
            let name = Secret::new(&*passing.desk.random).map_err(|_| Problem::Internal)?;
            let (pending, now) = (begun.pending, passing.desk.clock.now());
            let back = back.unwrap_or("/");
            passing.desk.under_way.keep(&name, pending, back, now);
            let mut response = see_other(&begun.url);
            let cookie = set_cookie(LOGIN_COOKIE, name.as_str()).ok_or(Problem::Internal)?;
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(error) => Ok(not_let_in(&passing, &error)),
    }
}

/// Back from the login service, with a code or with a no.
async fn come_back(
    passing: Passing,
    headers: http::HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Login::Service(service) = &passing.desk.login else {
        return Err(Problem::NotFound);
    };
    let name = super::visit::cookie(&headers, LOGIN_COOKIE);
    let kept = name.and_then(|name| passing.desk.under_way.take(name));
    let finished = match (Returned::read(&query.unwrap_or_default()), kept) {
        (Ok(returned), Some((pending, back))) => service
            .finish(pending, returned)
            .await
            .map(|person| (person, back)),
        (Ok(_), None) => Err(LoginError::OtherLogin),
        (Err(error), _) => Err(error),
    };
    let (person, back) = match finished {
        Ok(finished) => finished,
        Err(error) => return Ok(not_let_in(&passing, &error)),
    };
    let organisation = passing.desk.officers.find_organisation(person.organisation);
    let officer = Officer {
        subject: person.subject,
        name: person.name,
        organisation: Arc::new(organisation.ok_or(Problem::NotFound)?.clone()),
        roles: person.roles,
    };
    let mut response = enter(&passing, officer, false, &back)?;
    if let Some(cookie) = drop_cookie(LOGIN_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "niet-aangemeld.html")]
struct NotLetInPage {
    page: Page,
    told: &'static str,
}

/// Says why somebody was not let in; what exactly was wrong is for the operator.
fn not_let_in(passing: &Passing, error: &LoginError) -> Response {
    tracing::warn!(
        error = in_full(error),
        "somebody was not let in at the desk"
    );
    let title = passing
        .l
        .pick("U bent niet aangemeld", "You are not logged in");
    let mut response = html(&NotLetInPage {
        page: Page::at_the_door(passing, title),
        told: error.told(passing.l),
    });
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

#[derive(Template)]
#[template(path = "afgemeld.html")]
struct GonePage {
    page: Page,
    /// Where to log out at the login service too. A link, for a form may lead to this desk only.
    service: Option<String>,
}

async fn gone(passing: Passing) -> Response {
    let title = passing.l.pick("U bent afgemeld", "You are logged out");
    html(&GonePage {
        page: Page::at_the_door(&passing, title),
        service: match &passing.desk.login {
            Login::Service(service) => service.logout_url(),
            Login::Links(_) => None,
        },
    })
}

/// Begins a session, always under a new name.
fn enter(
    passing: &Passing,
    officer: Officer,
    is_demo: bool,
    path: &str,
) -> Result<Response, Problem> {
    let desk = &passing.desk;
    let now = desk.clock.now();
    let name = desk.sessions.begin(officer, is_demo, now, &*desk.random);
    let name = name.map_err(|_| Problem::Internal)?;
    let mut response = see_other(path);
    let cookie = set_cookie(SESSION_COOKIE, name.as_str()).ok_or(Problem::Internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn leave(visit: Visit, headers: http::HeaderMap) -> Response {
    if let Some(name) = super::visit::cookie(&headers, SESSION_COOKIE) {
        visit.desk.sessions.end(name);
    }
    let mut response = see_other("/afgemeld");
    if let Some(cookie) = drop_cookie(SESSION_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    // What this browser kept of the desk's pages goes too.
    let clear = HeaderValue::from_static("\"cache\"");
    response
        .headers_mut()
        .insert(http::HeaderName::from_static("clear-site-data"), clear);
    response
}

async fn language(passing: Passing, form: Form) -> Response {
    let wanted = Language::find(form.value("taal")).unwrap_or_default();
    let mut response = see_other(local_path(form.value("terug")).unwrap_or("/"));
    if let Some(cookie) = set_cookie(LANGUAGE_COOKIE, wanted.tag()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if let Some(session) = &passing.session {
        session.tell(Notice::know(wanted.pick(
            "De balie is nu in het Nederlands.",
            "The desk is in English now; what was recorded in Dutch stays so.",
        )));
    }
    response
}

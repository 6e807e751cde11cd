//! The demo's way in: links that work once, and a list of people to be.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use tokio::sync::Notify;

use super::{Login, enter};
use crate::clock::{NoRandomness, Random};
use crate::desk::forms::Form;
use crate::desk::page::{Page, html, role_name};
use crate::desk::problem::Problem;
use crate::desk::routes::{Access, EVERYONE, Routes};
use crate::desk::session::Secret;
use crate::desk::visit::{Passing, Visit};
use crate::desk::words;
use crate::exchange::officer::Officer;

/// Somebody of the demo.
#[derive(Debug, Clone)]
pub struct Persona {
    /// What names them in the form.
    pub code: &'static str,
    /// Who they are.
    pub officer: Officer,
}

/// Links that let the demo's people in, each once. Only who holds this can make one: the demo makes it,
/// and no configuration can.
#[derive(Clone)]
pub struct Links(Arc<LinksInner>);

struct LinksInner {
    personas: Vec<Persona>,
    current: Mutex<Option<Secret>>,
    used: Notify,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

impl Links {
    /// For these people, and no link yet.
    #[must_use]
    pub fn new(personas: Vec<Persona>) -> Self {
        Self(Arc::new(LinksInner {
            personas,
            current: Mutex::default(),
            used: Notify::new(),
        }))
    }

    /// A new link, as the path after the desk's address. The one before it no longer works.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn fresh(&self, random: &dyn Random) -> Result<String, NoRandomness> {
        let secret = Secret::new(random)?;
        let path = format!("/aanmelden/link/{}", secret.as_str());
        *self
            .0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(secret);
        Ok(path)
    }

    /// Waits until the link is used.
    pub async fn used(&self) {
        self.0.used.notified().await;
    }

    fn is_current(&self, told: &str) -> bool {
        let current = self
            .0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|secret| secret.is(told))
    }

    /// Uses the link up.
    fn take(&self, told: &str) -> bool {
        let mut current = self
            .0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let good = current.as_ref().is_some_and(|secret| secret.is(told));
        if good {
            *current = None;
            self.0.used.notify_one();
        }
        good
    }

    fn find(&self, code: &str) -> Option<&Persona> {
        self.0.personas.iter().find(|persona| persona.code == code)
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/aanmelden/link/{code}", Access::Public, link)
        .post("/aanmelden/link/{code}", Access::Public, use_link)
        .get("/wisselen", EVERYONE, personas)
        .post("/wisselen", EVERYONE, switch)
}

/// Somebody to choose from.
struct Choosable {
    code: &'static str,
    name: String,
    organisation: String,
    roles: String,
}

#[derive(Template)]
#[template(path = "personen.html")]
struct PersonasPage {
    page: Page,
    action: String,
    people: Vec<Choosable>,
}

fn people_page(page: Page, links: &Links, action: String) -> Response {
    let l = page.l;
    let people = links.0.personas.iter().map(|persona| {
        let officer = &persona.officer;
        let roles = officer.roles.iter().map(|role| role_name(*role, l));
        Choosable {
            code: persona.code,
            name: officer.name.clone().unwrap_or_default(),
            organisation: words::short_name(&officer.organisation),
            roles: roles.collect::<Vec<_>>().join(", "),
        }
    });
    html(&PersonasPage {
        people: people.collect(),
        page,
        action,
    })
}

/// The demo's own links, where this is the demo.
fn links(login: &Login) -> Result<&Links, Problem> {
    match login {
        Login::Links(links) => Ok(links),
        Login::Service(_) => Err(Problem::NotFound),
    }
}

async fn link(passing: Passing, Path(code): Path<String>) -> Result<Response, Problem> {
    let links = links(&passing.desk.login)?;
    if !links.is_current(&code) {
        return Err(Problem::LinkUsed);
    }
    let title = passing.l.pick("Wie wilt u zijn?", "Who do you want to be?");
    let page = Page::at_the_door(&passing, title);
    Ok(people_page(page, links, passing.path.clone()))
}

async fn use_link(
    passing: Passing,
    Path(code): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let links = links(&passing.desk.login)?;
    let persona = links.find(form.value("persoon")).ok_or(Problem::NotFound)?;
    if !links.take(&code) {
        return Err(Problem::LinkUsed);
    }
    enter(&passing, persona.officer.clone(), true, "/")
}

async fn personas(visit: Visit) -> Result<Response, Problem> {
    let links = links(&visit.desk.login)?;
    if !visit.session.is_demo {
        return Err(Problem::NotFound);
    }
    let page = visit.page(visit.l.pick("Wie wilt u zijn?", "Who do you want to be?"));
    Ok(people_page(page, links, "/wisselen".to_owned()))
}

async fn switch(visit: Visit, passing: Passing, form: Form) -> Result<Response, Problem> {
    let links = links(&visit.desk.login)?;
    let persona = links
        .find(form.value("persoon"))
        .filter(|_| visit.session.is_demo);
    let persona = persona.ok_or(Problem::NotFound)?;
    enter(&passing, persona.officer.clone(), true, "/")
}

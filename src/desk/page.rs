//! What every page has around it, and how it goes out.

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};

use super::assets::PLACES;
use super::problem::Problem;
use super::routes::{Access, EVERYONE, OFFICER, WATCHERS};
use super::session::Session;
use super::visit::{Passing, Visit};
use super::words;
use crate::domain::DeskRole;
use crate::language::Language;

/// Something to tell above a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    /// `ja`, `nee`, `let-op` or `info`.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Notice {
    /// Something was done.
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self {
            kind: "ja",
            text: text.into(),
        }
    }

    /// Something to know.
    pub(super) fn know(text: impl Into<String>) -> Self {
        Self {
            kind: "info",
            text: text.into(),
        }
    }
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MenuItem {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) here: bool,
}

/// The case that is worked on, as the page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CauseLine {
    pub(super) occasion: &'static str,
    pub(super) case: String,
}

/// What is around a page.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) l: Language,
    pub(super) css: &'static str,
    pub(super) mark: &'static str,
    pub(super) path: String,
    /// Who is logged in, as the header tells it; `None` for nobody.
    pub(super) organisation: Option<String>,
    pub(super) roles: String,
    pub(super) name: String,
    pub(super) is_demo: bool,
    pub(super) menu: Vec<MenuItem>,
    pub(super) cause: Option<CauseLine>,
    pub(super) notices: Vec<Notice>,
    /// What every form must bring along.
    pub(super) token: String,
}

/// The menu: path, name, who may come.
const MENU: [(&str, &str, &str, Access); 8] = [
    ("/", "Overzicht", "Overview", EVERYONE),
    ("/logboek", "Logboek", "Log", WATCHERS),
    ("/beoordelingen", "Beoordelingen", "Reviews", WATCHERS),
    ("/signalen", "Signalen", "Signals", WATCHERS),
    ("/inzageverzoek", "Inzageverzoek", "Access request", OFFICER),
    ("/toestemmingen", "Toestemmingen", "Consents", EVERYONE),
    ("/regels", "Regels", "Rules", EVERYONE),
    ("/integriteit", "Integriteit", "Integrity", EVERYONE),
];

impl Page {
    /// Around a page for somebody who may not be logged in.
    pub(super) fn at_the_door(passing: &Passing, title: &str) -> Self {
        Self::around(passing.l, &passing.path, passing.session.as_deref(), title)
    }

    fn around(l: Language, path: &str, session: Option<&Session>, title: &str) -> Self {
        let officer = session.map(|session| &session.officer);
        let may = |access| match (access, officer) {
            (Access::Public, _) => true,
            (Access::Only(roles), Some(officer)) => officer.is_any(roles),
            (Access::Only(_), None) => false,
        };
        let menu = MENU.into_iter().filter(|(.., access)| may(*access));
        let here = |to: &str| path == to || (to != "/" && path.starts_with(&format!("{to}/")));
        let menu = menu.map(|(to, dutch, english, _)| MenuItem {
            path: to,
            name: l.pick(dutch, english),
            here: here(to),
        });
        let roles = officer.map(|officer| {
            let names = officer.roles.iter().map(|role| role_name(*role, l));
            names.collect::<Vec<_>>().join(", ")
        });
        Self {
            title: title.to_owned(),
            l,
            css: &PLACES.css,
            mark: &PLACES.mark,
            path: path.to_owned(),
            organisation: officer.map(|officer| words::short_name(&officer.organisation)),
            roles: roles.unwrap_or_default(),
            name: officer
                .and_then(|officer| officer.name.clone())
                .unwrap_or_default(),
            is_demo: session.is_some_and(|session| session.is_demo),
            menu: menu.collect(),
            cause: session.and_then(Session::cause).map(|cause| CauseLine {
                occasion: words::occasion(cause.occasion, l),
                case: cause.case.to_string(),
            }),
            notices: session.map(Session::take_notices).unwrap_or_default(),
            token: session
                .map(|session| session.form_token.as_str().to_owned())
                .unwrap_or_default(),
        }
    }
}

impl Visit {
    /// Around a page.
    pub(super) fn page(&self, title: &str) -> Page {
        Page::around(self.l, &self.path, Some(&self.session), title)
    }
}

/// What people call a part.
pub(super) const fn role_name(role: DeskRole, l: Language) -> &'static str {
    match role {
        DeskRole::Fg => l.pick("privacy officer", "privacy officer"),
        DeskRole::Auditor => l.pick("auditor", "auditor"),
        DeskRole::Beheer => l.pick("registerbeheer", "registrar"),
    }
}

/// A page on its way out.
pub(super) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => typed("text/html; charset=utf-8", text),
        Err(error) => {
            tracing::error!(error = %error, "a page of the desk could not be made");
            Problem::Internal.into_response()
        }
    }
}

/// A text of this type on its way out.
pub(super) fn typed(media_type: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A file to be kept, under this name.
pub(super) fn file(media_type: &'static str, name: &str, text: impl Into<Body>) -> Response {
    let mut response = typed(media_type, text);
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

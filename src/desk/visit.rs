//! Who comes in, and whether they may: before every page.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};

use super::Desk;
use super::forms::Form;
use super::problem::Problem;
use super::session::Session;
use crate::bounds;
use crate::exchange::officer::Officer;
use crate::language::Language;

/// The cookie that names a session.
pub(super) const SESSION_COOKIE: &str = "__Host-sluis";
/// The cookie that names a login that is under way at the login service.
pub(super) const LOGIN_COOKIE: &str = "__Host-sluis-aanmelden";
/// The cookie that names the language.
pub(super) const LANGUAGE_COOKIE: &str = "__Host-taal";
/// The field of a form that shows it is one of ours.
pub(super) const TOKEN_FIELD: &str = "teken";

/// Somebody at the door, logged in or not.
#[derive(Clone)]
pub(super) struct Passing {
    pub(super) desk: Desk,
    pub(super) l: Language,
    /// The path that was asked for.
    pub(super) path: String,
    pub(super) session: Option<Arc<Session>>,
}

/// Somebody who is logged in.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) desk: Desk,
    pub(super) l: Language,
    /// The path that was asked for.
    pub(super) path: String,
    pub(super) session: Arc<Session>,
}

impl Visit {
    pub(super) fn officer(&self) -> &Officer {
        &self.session.officer
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Self>();
        visit.cloned().ok_or(Problem::NotLoggedIn)
    }
}

impl<S: Sync> FromRequestParts<S> for Passing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let passing = parts.extensions.get::<Self>();
        passing.cloned().ok_or(Problem::Internal)
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.remove::<Self>().unwrap_or_default())
    }
}

/// The value of a cookie; of two with one name, neither.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    values.next().filter(|_| values.next().is_none())
}

/// A cookie for this desk alone, until the browser closes.
pub(super) fn set_cookie(name: &str, value: &str) -> Option<HeaderValue> {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&text).ok()
}

/// A cookie that goes away.
pub(super) fn drop_cookie(name: &str) -> Option<HeaderValue> {
    let text = format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    HeaderValue::from_str(&text).ok()
}

/// What every request passes, and every answer.
pub(super) async fn guard(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let now = desk.clock.now();
    let headers = request.headers();
    let language = cookie(headers, LANGUAGE_COOKIE).and_then(Language::find);
    let name = cookie(headers, SESSION_COOKIE);
    let session = name.and_then(|name| desk.sessions.find(name, now));
    let passing = Passing {
        l: language.unwrap_or_default(),
        path: request.uri().path().to_owned(),
        session,
        desk,
    };
    let answered = if at_home(&passing.desk, &request) {
        match read_form(&passing, &mut request).await {
            Ok(()) => {
                if let Some(session) = &passing.session {
                    request.extensions_mut().insert(Visit {
                        desk: passing.desk.clone(),
                        l: passing.l,
                        path: passing.path.clone(),
                        session: Arc::clone(session),
                    });
                }
                request.extensions_mut().insert(passing.clone());
                next.run(request).await
            }
            Err(problem) => problem.into_response(),
        }
    } else {
        // Under another name than its own: a session would not be found there.
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        Redirect::permanent(&format!("{}{path}", passing.desk.origin)).into_response()
    };
    let mut response = match answered.extensions().get::<Problem>().copied() {
        Some(problem) => problem.page(&passing),
        None => answered,
    };
    protect(response.headers_mut());
    response
}

/// Whether the request names this desk as it is configured.
fn at_home(desk: &Desk, request: &Request) -> bool {
    let own = desk.origin.strip_prefix("https://").unwrap_or_default();
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let named = request
        .uri()
        .authority()
        .map(http::uri::Authority::as_str)
        .or(host);
    named.is_some_and(|named| named.eq_ignore_ascii_case(own))
}

/// Reads the form of an unsafe method, which must come from a page of ours (SECURITY 19): the browser
/// says so, and what it sends holds the session's token.
async fn read_form(passing: &Passing, request: &mut Request) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let origin = request.headers().get(header::ORIGIN);
    if origin.map(HeaderValue::as_bytes) != Some(passing.desk.origin.as_bytes()) {
        return Err(Problem::Foreign);
    }
    let typed = request.headers().get(header::CONTENT_TYPE);
    let is_form = typed.is_some_and(|typed| {
        let media_type = typed.as_bytes().split(|byte| *byte == b';').next();
        media_type.is_some_and(|text| {
            text.trim_ascii()
                .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        })
    });
    if !is_form {
        return Err(Problem::NoForm);
    }
    let body = std::mem::take(request.body_mut());
    let limited = Limited::new(body, bounds::FORM_BYTES).collect();
    let read = tokio::time::timeout(bounds::BODY_READ, limited).await;
    let bytes = match read {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err(Problem::TooLarge),
        Err(_) => return Err(Problem::NoForm),
    };
    let form = Form::read(&bytes).ok_or(Problem::NoForm)?;
    if let Some(session) = &passing.session
        && !session.form_token.is(form.value(TOKEN_FIELD))
    {
        return Err(Problem::Foreign);
    }
    request.extensions_mut().insert(form);
    Ok(())
}

/// What every answer says to the browser.
fn protect(headers: &mut HeaderMap) {
    const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                       frame-ancestors 'none'; base-uri 'none'";
    let all: [(HeaderName, &'static str); 8] = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not no-referrer: with that, browsers send no origin with a form either.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Goes on to another page after a form was dealt with (RFC 9110, 15.4.4).
pub(super) fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

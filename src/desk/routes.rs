//! Every route of the desk, with who may come there. The test of the whole matrix reads this table.

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

use super::problem::Problem;
use super::visit::Visit;
use super::{
    Desk, assets, cause, consents, exchanged, incidents, integrity, judging, keeping, log, login,
    overview, report, reviews, rules, signals, trial,
};
use crate::domain::DeskRole;
use crate::exchange::officer::ERASERS;

/// Who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody, also without a session.
    Public,
    /// Whoever plays one of these parts.
    Only(&'static [DeskRole]),
}

/// Everybody who is logged in.
pub(super) const EVERYONE: Access = Access::Only(&DeskRole::ALL);
/// Those who look at the log.
pub(super) const WATCHERS: Access = Access::Only(&[DeskRole::Fg, DeskRole::Auditor]);
/// The privacy officer.
pub(super) const OFFICER: Access = Access::Only(&[DeskRole::Fg]);
/// Who keeps the registry of choices.
pub(super) const REGISTRAR: Access = Access::Only(&[DeskRole::Beheer]);

/// Who asks that an address is erased or held, and who agrees.
pub(super) const KEEPERS: Access = Access::Only(&ERASERS);

/// One route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
}

/// Routes, and the table of them.
#[derive(Debug, Default)]
pub(super) struct Routes {
    router: Router<Desk>,
    table: Vec<Entry>,
}

impl Routes {
    /// A page.
    pub(super) fn get<T, H>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        T: 'static,
        H: Handler<T, Desk>,
    {
        self.route("GET", path, access, get(handler))
    }

    /// What a form does.
    pub(super) fn post<T, H>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        T: 'static,
        H: Handler<T, Desk>,
    {
        self.route("POST", path, access, post(handler))
    }

    fn route(
        mut self,
        method: &'static str,
        path: &'static str,
        access: Access,
        handler: MethodRouter<Desk>,
    ) -> Self {
        self.table.push(Entry { method, path });
        let guarded = handler.layer(from_fn_with_state(access, admit));
        self.router = self.router.route(path, guarded);
        self
    }

    /// Puts two parts together.
    pub(super) fn with(mut self, part: fn(Self) -> Self) -> Self {
        let taken = std::mem::take(&mut self);
        part(taken)
    }

    pub(super) fn into_router(self) -> Router<Desk> {
        self.router
    }

    pub(super) fn table(&self) -> &[Entry] {
        &self.table
    }
}

async fn admit(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let Access::Only(roles) = access {
        let visit = request.extensions().get::<Visit>();
        let visit = visit.ok_or(Problem::NotLoggedIn)?;
        if !visit.officer().is_any(roles) {
            return Err(Problem::NotYours);
        }
    }
    Ok(next.run(request).await)
}

/// Every route there is.
pub(super) fn all() -> Routes {
    Routes::default()
        .with(assets::routes)
        .with(login::routes)
        .with(cause::routes)
        .with(overview::routes)
        .with(trial::routes)
        .with(signals::routes)
        .with(consents::routes)
        .with(integrity::routes)
        .with(rules::routes)
        .with(keeping::routes)
        .with(log::routes)
        .with(exchanged::routes)
        .with(reviews::routes)
        .with(judging::routes)
        .with(incidents::routes)
        .with(report::routes)
}

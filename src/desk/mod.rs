//! The desk: where privacy officers and auditors of both organisations review who saw what, and why
//! it was allowed. Server-rendered pages, no script at all.
//!
//! A request passes `visit::guard` first: it finds the session, checks that the part somebody
//! plays may come here, and that a form was sent from one of our own pages. A page then asks
//! [`Officers`] for what it shows, and puts it into words. What is personal is in the ledger before it
//! is on the screen; the procedures see to that, not the pages.
//!
//! Nothing personal stands in a URL: what was sought is kept in the session, under a number.

mod assets;
mod cause;
mod consents;
mod exchanged;
mod forms;
mod incidents;
mod integrity;
mod judging;
mod keeping;
mod law;
mod lines;
mod log;
mod login;
mod overview;
mod page;
pub mod plot;
mod problem;
pub mod qr;
mod report;
mod reviews;
mod routes;
mod rules;
mod session;
mod signals;
mod terms;
#[cfg(test)]
mod testing;
mod trial;
mod visit;
mod witnesses;
mod words;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub use login::{Links, Login, Persona};

use crate::clock::{Clock, Random};
use crate::exchange::officer::Officers;
use session::Sessions;

/// What the desk is made of.
#[derive(Debug)]
pub struct Parts {
    /// What officers may do.
    pub officers: Officers,
    /// How somebody gets in.
    pub login: Login,
    /// The desk's own address as browsers see it, such as `https://sluis.example:8444`.
    pub origin: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

/// What every page needs.
#[derive(Clone)]
struct Desk(Arc<Inner>);

struct Inner {
    officers: Officers,
    login: Login,
    origin: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sessions: Sessions,
    /// Rules in words, made before.
    rules: rules::Kept,
    under_way: login::UnderWay,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Deref for Desk {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Everything the desk listener serves.
pub fn router(parts: Parts) -> Router {
    let desk = Desk(Arc::new(Inner {
        officers: parts.officers,
        login: parts.login,
        origin: parts.origin,
        clock: parts.clock,
        random: parts.random,
        sessions: Sessions::default(),
        rules: rules::Kept::default(),
        under_way: login::UnderWay::default(),
    }));
    routes::all()
        .into_router()
        .fallback(async || problem::Problem::NotFound)
        .layer(from_fn_with_state(desk.clone(), visit::guard))
        .with_state(desk)
}

/// Every route of the desk: method and path. Who may come where, a test of the whole surface shows.
#[must_use]
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    let routes = routes::all();
    let table = routes.table().iter();
    table.map(|route| (route.method, route.path)).collect()
}

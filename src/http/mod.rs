//! The counter for machines: HTTP in, the procedure, HTTP out (CONTRACT.md, "Endpoints of
//! `exchange`").
//!
//! It turns a request into typed values or into one problem that names every mistake, calls the
//! procedure, and turns what that gives into an answer. It decides nothing about who may have what,
//! opens no socket and checks no certificate: the listener puts the peer (`Arc<Peer>`) and its
//! organisation (`Arc<Organisation>`, absent when unknown) into each request's extensions, and calls
//! [`mark_malformed`] when the request is no proper HTTP.

pub mod bodies;
pub mod fields;
pub mod metrics;
pub mod ops;
pub mod problem;
pub mod range;
pub mod rates;
pub mod routes;
pub mod tiles;
pub mod witness;

mod agreed;
mod arrival;
mod bulk;
mod correlation;
mod door;
mod edge;
mod english;
mod gates;
mod handlers;
mod media;
mod reply;

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub use door::{Cause, Load, TurnedAway};
pub use edge::{API_VERSION, mark_malformed};
pub use metrics::Metrics;
pub use ops::{Concern, Condition, Ops, Readiness, Warning};
pub use rates::{Rate, RateLimits};

use crate::clock::{Clock, Random};
use crate::exchange::Exchange;
use crate::spans::Tracer;
use door::Door;
use problem::{Code, Problem};
use routes::Routes;

/// The description of this interface (`OpenAPI` 3.1), in Dutch.
pub const OPENAPI: &str = include_str!("openapi.json");

/// The JSON Schema of every kind of ledger entry.
pub const LEDGER_SCHEMA: &str = include_str!("ledger-schema.json");

/// What every call needs.
#[derive(Debug, Clone)]
struct Shared(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    exchange: Arc<Exchange>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Metrics,
    tracer: Tracer,
    routes: Routes,
    door: Door,
}

impl Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Everything the exchange listener serves.
pub fn router(
    exchange: Arc<Exchange>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Metrics,
    tracer: Tracer,
    load: Load,
) -> Router {
    let door = Door::new(exchange.organisations(), load);
    let shared = Shared(Arc::new(Parts {
        exchange,
        clock,
        random,
        metrics,
        tracer,
        routes: Routes::new(),
        door,
    }));
    routes::unguarded()
        .fallback(async || Problem::new(Code::NotFound))
        .layer(from_fn_with_state(shared.clone(), edge::edge))
        .with_state(shared)
}

//! The listener for operators: does it live, can it serve, what are the figures.
//!
//! Plain HTTP on loopback. It tells nothing about requests, documents or people.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Registry, TextEncoder};
use serde_json::json;

/// Says what is not ready yet, one short line each; empty when all is.
pub type Readiness = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// What the operators' listener needs.
#[derive(Clone)]
pub struct Ops {
    /// All figures of the process.
    pub registry: Registry,
    /// What is not ready.
    pub readiness: Readiness,
}

impl fmt::Debug for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ops").finish_non_exhaustive()
    }
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(ops)
}

const NO_STORE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

async fn healthy() -> Response {
    ([NO_STORE], "ok\n").into_response()
}

async fn ready(State(ops): State<Ops>) -> Response {
    let missing = (ops.readiness)();
    let status = if missing.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let told = json!({"ready": missing.is_empty(), "notReady": missing});
    let json = (header::CONTENT_TYPE, "application/json");
    (status, [NO_STORE, json], told.to_string()).into_response()
}

async fn figures(State(ops): State<Ops>) -> Response {
    match TextEncoder::new().encode_to_string(&ops.registry.gather()) {
        Ok(text) => (
            [
                NO_STORE,
                (
                    header::CONTENT_TYPE,
                    "text/plain; version=0.0.4; charset=utf-8",
                ),
            ],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(error = %error, "the figures cannot be written out");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

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

/// Says how it stands at this moment.
pub type Readiness = Arc<dyn Fn() -> Condition + Send + Sync>;

/// What is wrong with a gateway, as far as it knows; nothing when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Why it cannot serve what it is asked now, one short line each, with what to do.
    pub not_ready: Vec<String>,
    /// What must be mended and hinders nobody, or not all: no reason to ask another gateway.
    pub warnings: Vec<Warning>,
}

/// Something that must be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub about: Concern,
    /// In one short line, with what to do.
    pub told: String,
}

/// What a warning can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// A file of certificates, CRLs or keys that cannot be used; what it held before counts.
    File,
    /// A trust anchor that dropped out.
    Certificate,
    /// A CRL that is stale, or is not there.
    Crl,
    /// No policy bundle is in force.
    Policy,
}

impl Concern {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::File, Self::Certificate, Self::Crl, Self::Policy];

    /// Its name in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Certificate => "certificate",
            Self::Crl => "crl",
            Self::Policy => "policy",
        }
    }
}

/// What the operators' listener needs.
#[derive(Clone)]
pub struct Ops {
    /// All figures of the process.
    pub registry: Registry,
    /// What is not ready, and what must be mended.
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
    let Condition {
        not_ready,
        warnings,
    } = (ops.readiness)();
    let is_ready = not_ready.is_empty();
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let warnings: Vec<String> = warnings.into_iter().map(|one| one.told).collect();
    let told = json!({"ready": is_ready, "notReady": not_ready, "warnings": warnings});
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

//! The figures of the counter, and the one line per request in the operator log.
//!
//! Labels and fields are the route's template, never the path: a path can hold a document's id. Whoever
//! asks is the organisation, by its OIN; only configured ones get a label of their own.

use std::time::Duration;

use http::{Method, StatusCode};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::problem::{Code, Severity};
use crate::domain::{Organisation, TransactionId};
use crate::spans::{self, CallTold};

/// Requests, and how long they took to their answer's head.
#[derive(Debug, Clone)]
pub struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl Metrics {
    /// Bounds of the histogram's buckets, in seconds.
    const BUCKETS: [f64; 12] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
    ];

    /// The figures, made known to `registry`.
    ///
    /// # Errors
    /// When the registry has figures of these names already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new("sluis_http_requests_total", "Answered requests."),
            &["route", "method", "status", "code", "role", "organisation"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new(
                "sluis_http_request_seconds",
                "Time from a request's head to its answer's head, in seconds.",
            )
            .buckets(Self::BUCKETS.to_vec()),
            &["route", "role", "organisation"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self { requests, seconds })
    }
}

/// What is told of one request. Nothing in it is personal.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) route: &'a str,
    pub(super) method: &'a Method,
    pub(super) status: StatusCode,
    pub(super) problem: Option<Code>,
    pub(super) organisation: Option<&'a Organisation>,
    pub(super) transaction: TransactionId,
    pub(super) took: Duration,
}

impl Told<'_> {
    /// Counts it, tells of it where it is traced, and writes it in the operator log.
    pub(super) fn tell(&self, metrics: &Metrics) {
        let role = self.organisation.map_or("-", |known| known.role.as_str());
        let oin = self.organisation.map_or("-", |known| known.oin.as_str());
        let method = method_name(self.method);
        let status = self.status.as_u16();
        let (code, severity) = match self.problem.map(Code::row) {
            Some(row) => (row.code, row.severity),
            None => ("-", Severity::Info),
        };
        metrics
            .requests
            .with_label_values(&[self.route, method, self.status.as_str(), code, role, oin])
            .inc();
        metrics
            .seconds
            .with_label_values(&[self.route, role, oin])
            .observe(self.took.as_secs_f64());
        spans::tell_call(|| CallTold {
            name: format!("{method} {}", self.route),
            failed: self.status.is_server_error(),
            told: vec![
                ("http.request.method", method.into()),
                ("http.route", self.route.into()),
                ("http.response.status_code", status.into()),
                ("problem.code", code.into()),
                ("organisation.oin", oin.into()),
                ("organisation.role", role.into()),
                ("fsc.transaction_id", self.transaction.to_string().into()),
            ],
        });
        macro_rules! event {
            ($level:ident) => {
                tracing::$level!(
                    http.route = self.route,
                    http.request.method = method,
                    http.response.status_code = status,
                    http.duration_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
                    problem.code = code,
                    organisation.oin = oin,
                    organisation.role = role,
                    fsc.transaction_id = %self.transaction,
                    "{method} {} answered {status}",
                    self.route
                )
            };
        }
        match severity {
            Severity::Info => event!(info),
            Severity::Warn => event!(warn),
            Severity::Error => event!(error),
        }
    }
}

/// A method's name. The ones a caller makes up are one: they would fill the figures otherwise.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "OTHER",
    }
}

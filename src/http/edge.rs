//! What holds for every call and every answer of the exchange listener.
//!
//! On the way in: the transaction, the organisation, the path, the method, the form of the answer,
//! room (`door`). On the way out: a problem is written here and nowhere else, every answer gets its headers,
//! is counted, and leaves one line in the operator log. What a call means is not known here.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::Instant;

use super::arrival::Admitted;
use super::gates::Place;
use super::metrics::Told;
use super::problem::{Code, Problem, Unwritten};
use super::{Shared, correlation, media};
use crate::clock::{NoRandomness, Random};
use crate::domain::{Organisation, TransactionId};
use crate::identity::Peer;

/// In a request's extensions when it is no proper HTTP (SECURITY 15): what is wrong, in Dutch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct MalformedRequest(&'static str);

/// Marks a request as no proper HTTP, so that it is answered with a problem that says `what`, in
/// Dutch. For the listener, which sees more of HTTP than we do, and closes the connection after.
pub fn mark_malformed(extensions: &mut Extensions, what: &'static str) {
    extensions.insert(MalformedRequest(what));
}

/// The version of the interface (NL GOV API Design Rules, `API-Version`).
pub const API_VERSION: &str = "1.0.0";

/// The template that is told of a path that has none.
const NO_ROUTE: &str = "-";

/// The headers that every answer has (NL GOV API Design Rules, transport security).
const ALWAYS: [(HeaderName, &str); 8] = [
    (HeaderName::from_static("api-version"), API_VERSION),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// The edge itself, as a layer around the whole router.
pub(super) async fn edge(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (transaction, trouble) = transaction(&shared, request.headers());
    let sent = || correlation::traceparent(request.headers());
    match shared.tracer.begin(transaction, sent) {
        None => answer(shared, request, next, transaction, trouble).await,
        Some(traced) => {
            // Rare, and wide: not a part of every call's future.
            let work = Box::pin(answer(shared, request, next, transaction, trouble));
            traced.around(work).await
        }
    }
}

async fn answer(
    shared: Shared,
    mut request: Request,
    next: Next,
    transaction: TransactionId,
    trouble: Option<Problem>,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let template = request.extensions().get::<MatchedPath>().cloned();
    let organisation = organisation(&request);
    let language = media::language(request.headers());
    let admitted = if let Some(problem) = trouble {
        Err(problem)
    } else {
        let now = started.into_std();
        admit(&shared, &request, template.as_ref(), transaction, now)
    };
    let mut response = match admitted {
        Ok((admitted, _place)) => {
            request.extensions_mut().insert(Arc::new(admitted));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    let problem = response.extensions_mut().remove::<Unwritten>();
    if let Some(Unwritten(problem)) = &problem {
        response = problem.render(transaction, language);
    }
    finish(response.headers_mut(), transaction);
    Told {
        route: template.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
        method: &method,
        status: response.status(),
        problem: problem.map(|Unwritten(problem)| problem.code()),
        organisation: organisation.as_deref(),
        transaction,
        took: started.elapsed(),
    }
    .tell(&shared.metrics);
    response
}

fn organisation(request: &Request) -> Option<Arc<Organisation>> {
    request.extensions().get::<Arc<Organisation>>().cloned()
}

/// The transaction of this call, and what stands in the way of it.
fn transaction(shared: &Shared, headers: &HeaderMap) -> (TransactionId, Option<Problem>) {
    let now = shared.clock.now();
    correlation::transaction(headers, now, shared.random.as_ref()).unwrap_or_else(|NoRandomness| {
        // Nothing can be sealed without chance, so nothing is done; the answer needs an id anyway.
        let id = TransactionId::new(now, &NoChance)
            .unwrap_or_else(|NoRandomness| TransactionId::from_bytes([0; 16]));
        (id, Some(Code::Internal.into()))
    })
}

/// Whether the call gets in, with its place in the organisation's gate. The order is: is it HTTP,
/// who is it, is there room, does it exist, can it be answered.
fn admit(
    shared: &Shared,
    request: &Request,
    template: Option<&MatchedPath>,
    transaction: TransactionId,
    now: std::time::Instant,
) -> Result<(Admitted, Place), Problem> {
    if let Some(MalformedRequest(what)) = request.extensions().get::<MalformedRequest>() {
        return Err(Problem::invalid_field("http", *what));
    }
    let organisation = organisation(request).ok_or(Code::OrganisationUnknown)?;
    let (ledger, random) = (shared.exchange.ledger(), shared.random.as_ref());
    let place = shared.door.enter(&organisation, ledger, random, now);
    let place = place?;
    // No path of ours has anything to encode, so an encoded one is another path.
    if request.uri().path().contains('%') {
        return Err(Code::NotFound.into());
    }
    let template = template.map(MatchedPath::as_str);
    let route = shared.routes.find(template, request.method())?;
    if !media::acceptable(request.headers(), route.produces) {
        return Err(Code::NotAcceptable.into());
    }
    let peer = request.extensions().get::<Arc<Peer>>();
    let peer = peer.cloned().ok_or(Code::Internal)?;
    let admitted = Admitted {
        transaction,
        traceparent: correlation::traceparent(request.headers()),
        language: media::language(request.headers()),
        peer,
        organisation,
        route: Arc::clone(route),
    };
    Ok((admitted, place))
}

/// Gives an answer the headers that every answer has.
fn finish(headers: &mut HeaderMap, transaction: TransactionId) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&transaction.to_string()) {
        headers.insert(correlation::TRANSACTION_HEADER, value);
    }
}

/// No chance at all, for the id of the answer that says so.
#[derive(Debug)]
struct NoChance;

impl Random for NoChance {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        bytes.fill(0);
        Ok(())
    }
}

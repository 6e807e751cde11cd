//! What requesters ask about documents.

use axum::extract::State;
use http::StatusCode;

use super::Answer;
use crate::domain::DocumentId;
use crate::http::arrival::Arrival;
use crate::http::{Shared, bodies, range, reply};

/// `POST /documenten/_zoek`
pub(in crate::http) async fn search(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let wanted = call.json(&codes, bodies::search).await?;
    let wanted = call.done(wanted)?;
    let found = shared.exchange.search(caller, wanted).await?;
    reply::json(StatusCode::OK, &reply::found(&found, &codes)?)
}

/// `GET /documenten/{uuid}`
pub(in crate::http) async fn metadata(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("uuid", DocumentId::parse);
    let id = call.done(id)?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let document = shared.exchange.metadata(caller, id).await?;
    reply::json(StatusCode::OK, &reply::document(&document, &codes)?)
}

/// `GET /documenten/{uuid}/download`
pub(in crate::http) async fn download(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    // As long as its bytes are under way: the requester reads them as slowly as it likes.
    let place = shared.door.enter_release(call.organisation())?;
    let caller = call.identify(&shared.exchange).await?;
    let range = range::of(call.headers());
    let id = call.path("uuid", DocumentId::parse);
    let id = call.done(id)?;
    let release = shared.exchange.download(caller, id, range).await?;
    reply::release(release, place)
}

/// `POST /documenten/{uuid}/_toets`
pub(in crate::http) async fn test(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("uuid", DocumentId::parse);
    let codes = shared.exchange.vocabulary(caller.organisation());
    let body = call.json(&codes, bodies::nothing).await?;
    let (id, ()) = call.done(id.zip(body))?;
    let outcome = shared.exchange.test(caller, id).await?;
    reply::json(StatusCode::OK, &reply::test_outcome(outcome))
}

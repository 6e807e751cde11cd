//! What a provider does to its part of the index.

use axum::extract::State;
use http::StatusCode;

use super::Answer;
use crate::domain::DocumentId;
use crate::exchange::{BulkMode, Put};
use crate::http::arrival::Arrival;
use crate::http::problem::Code;
use crate::http::{Shared, bodies, bulk, reply};

/// `PUT /documenten/{uuid}`
pub(in crate::http) async fn put(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("uuid", DocumentId::parse);
    let codes = shared.exchange.vocabulary(caller.organisation());
    let document = call.json(&codes, bodies::document).await?;
    let (id, mut document) = call.done(id.zip(document))?;
    document.id = id;
    let answer = document.clone();
    let status = match shared.exchange.put_document(caller, document).await? {
        Put::Created => StatusCode::CREATED,
        Put::Replaced | Put::Unchanged => StatusCode::OK,
    };
    reply::json(status, &reply::document(&answer, &codes)?)
}

/// `DELETE /documenten/{uuid}`
pub(in crate::http) async fn delete(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("uuid", DocumentId::parse);
    let id = call.done(id)?;
    shared.exchange.delete_document(caller, id).await?;
    Ok(reply::nothing())
}

/// `POST /documenten/_bulk`
pub(in crate::http) async fn bulk(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let oin = call.organisation().oin;
    let _place = shared.door.enter_bulk(call.organisation())?;
    let mode = call.query_word("modus", bulk::MODES);
    let body = call.lines(crate::bounds::BULK_BODY_BYTES).await?;
    let mode = call.done(mode)?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    // Reading 16 MiB of JSON takes long enough to hold up everyone else on this thread.
    let reading = tokio::task::spawn_blocking(move || bulk::read(&body, oin, &codes));
    let read = reading.await.map_err(|_| Code::Internal)??;
    if mode == BulkMode::AllOrNothing && !read.wrong.is_empty() {
        return Err(bulk::refused(&read));
    }
    let bulk::Read { right, wrong } = read;
    let sent = bulk::sent(&right);
    let outcomes = shared.exchange.bulk(caller, right, mode).await?;
    bulk::answer(mode, &sent, &outcomes, wrong)
}

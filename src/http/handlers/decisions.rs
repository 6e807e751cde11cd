//! What the two parties of an exchange can read of its decision.

use axum::extract::State;
use http::StatusCode;

use super::Answer;
use crate::domain::TransactionId;
use crate::http::arrival::Arrival;
use crate::http::{Shared, reply};

/// `GET /besluiten/{transactieId}`
pub(in crate::http) async fn decision(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let of = call.path("transactieId", TransactionId::parse);
    let of = call.done(of)?;
    let decision = shared.exchange.decision(caller, of).await?;
    reply::json(StatusCode::OK, &decision)
}

/// `GET /besluiten/{transactieId}/bewijs`
pub(in crate::http) async fn proof(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let of = call.path("transactieId", TransactionId::parse);
    let of = call.done(of)?;
    let proof = shared.exchange.proof(caller, of).await?;
    Ok(reply::text(proof))
}

/// `GET /besluiten/{transactieId}/uittreksel`
pub(in crate::http) async fn extract(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let fields = call.query_list("velden");
    let of = call.path("transactieId", TransactionId::parse);
    let (of, fields) = call.done(of.zip(fields))?;
    let extract = shared.exchange.extract(caller, of, &fields).await?;
    reply::json(StatusCode::OK, &extract.to_value())
}

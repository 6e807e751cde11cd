//! What the organisations agreed on: putting a bundle in force, taking an agreement back, reading.

use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::Answer;
use crate::bounds::AGREEMENT_BODY_BYTES;
use crate::exchange::Settled;
use crate::http::arrival::Arrival;
use crate::http::{Shared, agreed, reply};

/// `POST /overeenkomsten`
pub(in crate::http) async fn activate(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    // A bundle is held in memory and takes long to read, as the lines of a bulk call do.
    let _place = shared.door.enter_bulk(call.organisation())?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let handed = call.json_within(AGREEMENT_BODY_BYTES, &codes, agreed::agreement);
    let handed = handed.await?;
    let agreed::Handed { files, signed } = call.done(handed)?;
    match shared.exchange.put_in_force(caller, files, signed).await? {
        Settled::New(told) => reply::json(StatusCode::CREATED, &told),
        Settled::Known(told) => reply::json(StatusCode::OK, &told),
    }
}

/// `GET /overeenkomsten`
pub(in crate::http) async fn all(State(shared): State<Shared>, call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    call.plain()?;
    let all = shared.exchange.agreements(caller).await?;
    reply::json(StatusCode::OK, &json!({ "overeenkomsten": all }))
}

/// `GET /overeenkomsten/{index}`
pub(in crate::http) async fn one(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let index = call.path("index", agreed::index);
    let index = call.done(index)?;
    let told = shared.exchange.agreement(caller, index).await?;
    reply::json(StatusCode::OK, &told)
}

/// `POST /overeenkomsten/{index}/intrekken`
pub(in crate::http) async fn withdraw(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let index = call.path("index", agreed::index);
    let codes = shared.exchange.vocabulary(caller.organisation());
    let signed = call
        .json_within(AGREEMENT_BODY_BYTES, &codes, agreed::withdrawal)
        .await?;
    let (index, signed) = call.done(index.zip(signed))?;
    let told = shared.exchange.withdraw_agreement(caller, index, signed);
    reply::json(StatusCode::OK, &told.await?)
}

//! What both organisations record: owners, dossiers, choices, unsafe situations.

use axum::extract::State;
use http::StatusCode;

use super::Answer;
use crate::domain::{AosId, ChoiceId};
use crate::http::arrival::Arrival;
use crate::http::{Shared, bodies, reply};

/// `PUT /adressen/_eigenaren`
pub(in crate::http) async fn owners(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let told = call.json(&codes, bodies::owners).await?;
    let told = call.done(told)?;
    let recorded = shared
        .exchange
        .set_owners(caller, told.address, told.owners, told.from);
    reply::json(StatusCode::OK, &reply::receipt(&recorded.await?))
}

/// `PUT /adressen/_dossiers`
pub(in crate::http) async fn dossier(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let told = call.json(&codes, bodies::dossier).await?;
    let told = call.done(told)?;
    let recorded =
        shared
            .exchange
            .set_dossier(caller, told.address, told.dossier, told.active, told.marks);
    reply::json(StatusCode::OK, &reply::receipt(&recorded.await?))
}

/// `POST /toestemmingen`
pub(in crate::http) async fn register_choice(
    State(shared): State<Shared>,
    mut call: Arrival,
) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let new = call.json(&codes, bodies::choice).await?;
    let new = call.done(new)?;
    let (choice, receipt) = shared.exchange.register_choice(caller, new).await?;
    let choice = reply::choice(&choice, &codes)?;
    reply::json(StatusCode::CREATED, &reply::recorded(&choice, &receipt)?)
}

/// `GET /toestemmingen/{id}`
pub(in crate::http) async fn choice(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("id", ChoiceId::parse);
    let id = call.done(id)?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let choice = shared.exchange.choice(caller, id).await?;
    reply::json(StatusCode::OK, &reply::choice(&choice, &codes)?)
}

/// `POST /toestemmingen/{id}/intrekken`
pub(in crate::http) async fn withdraw(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("id", ChoiceId::parse);
    let codes = shared.exchange.vocabulary(caller.organisation());
    let how = call.json(&codes, bodies::withdrawal).await?;
    let (id, how) = call.done(id.zip(how))?;
    let (choice, receipt) = shared.exchange.withdraw_choice(caller, id, how).await?;
    let choice = reply::choice(&choice, &codes)?;
    reply::json(StatusCode::OK, &reply::recorded(&choice, &receipt)?)
}

/// `POST /toestemmingen/_zoek`
pub(in crate::http) async fn find_choices(
    State(shared): State<Shared>,
    mut call: Arrival,
) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let address = call.json(&codes, bodies::address).await?;
    let address = call.done(address)?;
    let choices = shared.exchange.find_choices(caller, address).await?;
    reply::json(StatusCode::OK, &reply::choices(&choices, &codes)?)
}

/// `POST /aos-meldingen`
pub(in crate::http) async fn report_aos(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let codes = shared.exchange.vocabulary(caller.organisation());
    let new = call.json(&codes, bodies::aos).await?;
    let new = call.done(new)?;
    let (aos, receipt) = shared.exchange.report_aos(caller, new).await?;
    reply::json(StatusCode::CREATED, &reply::recorded(&aos, &receipt)?)
}

/// `POST /aos-meldingen/{id}/afsluiten`
pub(in crate::http) async fn close_aos(State(shared): State<Shared>, mut call: Arrival) -> Answer {
    let caller = call.identify(&shared.exchange).await?;
    let id = call.path("id", AosId::parse);
    let codes = shared.exchange.vocabulary(caller.organisation());
    let body = call.json(&codes, bodies::nothing).await?;
    let (id, ()) = call.done(id.zip(body))?;
    let (aos, receipt) = shared.exchange.close_aos(caller, id).await?;
    reply::json(StatusCode::OK, &reply::recorded(&aos, &receipt)?)
}

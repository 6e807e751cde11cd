//! What every organisation may read with its certificate alone: the ledger's tiles, and the two
//! documents that describe the interface and the entries.

use axum::extract::State;

use super::Answer;
use crate::http::arrival::Arrival;
use crate::http::problem::Code;
use crate::http::tiles::TilePath;
use crate::http::{LEDGER_SCHEMA, OPENAPI, Shared, reply};

/// `GET /logboek/checkpoint`
pub(in crate::http) async fn checkpoint(State(shared): State<Shared>, call: Arrival) -> Answer {
    call.plain()?;
    Ok(reply::text(shared.exchange.checkpoint()))
}

/// `GET /logboek/getuigd/checkpoint`
pub(in crate::http) async fn cosigned(State(shared): State<Shared>, call: Arrival) -> Answer {
    call.plain()?;
    let newest = shared.exchange.cosigned_checkpoint();
    Ok(reply::text(newest.ok_or(Code::NotFound)?))
}

/// Under both prefixes: `GET /logboek/tile/<L>/<N>[.p/<W>]` and `GET /logboek/tile/entries/<N>[.p/<W>]`
pub(in crate::http) async fn tile(State(shared): State<Shared>, call: Arrival) -> Answer {
    let tile = call.raw_path("tegel").and_then(TilePath::parse);
    call.plain()?;
    let found = match tile.ok_or(Code::NotFound)? {
        TilePath::Hashes { level, n, width } => shared.exchange.tile(level, n, width).await?,
        TilePath::Entries { n, width } => shared.exchange.entries(n, width).await?,
    };
    Ok(reply::bytes(found.ok_or(Code::NotFound)?))
}

/// `GET /logboek/schema.json`
pub(in crate::http) async fn schema(call: Arrival) -> Answer {
    call.plain()?;
    Ok(reply::fixed_json(LEDGER_SCHEMA))
}

/// `GET /openapi.json`
pub(in crate::http) async fn openapi(call: Arrival) -> Answer {
    call.plain()?;
    Ok(reply::fixed_json(OPENAPI))
}

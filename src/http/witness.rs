//! The counter of a witness (C2SP tlog-witness): one call to be shown a checkpoint, one to read the
//! newest. Nobody says who they are: a checkpoint is believed by its log's signature.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use crate::bounds;
use crate::errors::in_full;
use crate::witness::{Answer, Refused, Witness};

/// What the calls need.
#[derive(Debug, Clone)]
struct Counter {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin}/checkpoint", get(newest))
        .with_state(Counter {
            witness,
            places: Arc::new(Semaphore::new(bounds::WITNESS_REQUESTS)),
        })
}

fn told(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(status: StatusCode, body: impl Into<Body>) -> Response {
    told(status, "text/plain; charset=utf-8", body)
}

async fn add_checkpoint(State(counter): State<Counter>, body: Body) -> Response {
    let read = tokio::time::timeout(
        bounds::BODY_READ,
        to_bytes(body, bounds::WITNESS_BODY_BYTES),
    );
    let body = match read.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let told = "Het verzoek is te groot of kwam niet heel aan.\n";
            return text(StatusCode::PAYLOAD_TOO_LARGE, told);
        }
        Err(_) => {
            let told = "Het verzoek kwam niet op tijd.\n";
            return text(StatusCode::REQUEST_TIMEOUT, told);
        }
    };
    let unavailable = || {
        let told = "De getuige kan nu niets bewaren; er is niets getekend.\n";
        text(StatusCode::SERVICE_UNAVAILABLE, told)
    };
    let Ok(place) = counter.places.acquire_owned().await else {
        return unavailable();
    };
    // In a task that nobody can cancel, and on a thread that may wait for the disk.
    let answered = tokio::task::spawn_blocking(move || {
        let answer = counter.witness.add_checkpoint(&body);
        drop(place);
        answer
    });
    match answered.await {
        Ok(Answer::Cosigned(line)) => {
            tracing::info!(witness.status = 200, "a checkpoint was cosigned");
            text(StatusCode::OK, line)
        }
        Ok(Answer::Refused(refused)) => {
            let response = refusal(refused);
            tracing::info!(
                witness.status = response.status().as_u16(),
                witness.refused = in_full(&refused),
                "a checkpoint was refused"
            );
            response
        }
        // A panic is a defect of ours, told by the hook.
        Ok(Answer::NotKept) | Err(_) => unavailable(),
    }
}

fn refusal(refused: Refused) -> Response {
    match refused {
        Refused::NotARequest(_) => text(
            StatusCode::BAD_REQUEST,
            "Dit is geen add-checkpoint volgens C2SP tlog-witness.\n",
        ),
        Refused::UnknownLog => text(
            StatusCode::NOT_FOUND,
            "Deze getuige kent dit logboek niet.\n",
        ),
        Refused::NotSigned => text(
            StatusCode::FORBIDDEN,
            "Het controlepunt is niet goed getekend met de sleutel van dit logboek.\n",
        ),
        Refused::OtherSize { newest } => told(
            StatusCode::CONFLICT,
            "text/x.tlog.size",
            format!("{newest}\n"),
        ),
        Refused::Inconsistent(_) => text(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Niet bewezen is dat dit controlepunt voortzet wat eerder getekend is.\n",
        ),
    }
}

async fn newest(State(counter): State<Counter>, Path(origin): Path<String>) -> Response {
    match counter.witness.newest(&origin) {
        Some(note) => text(StatusCode::OK, note),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

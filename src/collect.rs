//! The road to a collector of logs or traces: one request of the OpenTelemetry protocol over HTTPS
//! (OTLP/HTTP in JSON), confirmed or not. It neither follows a redirect nor believes more of the answer than whether
//! everything was taken; what was not confirmed is sent again, and a record says by its own span that it
//! came before.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use serde_json::Value;

use crate::bounds;
use crate::https::{Address, NoConnection, NotAnAddress, Tls};

/// What a collector is told (OTLP/HTTP).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Log records.
    Logs,
    /// Spans.
    Traces,
}

impl Signal {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Logs, Self::Traces];

    /// Its name in configuration and figures.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }

    /// Where it is taken, below the address of a collector.
    const fn path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
        }
    }
}

/// Why a collector did not take what it was sent.
#[derive(Debug, thiserror::Error)]
pub enum NotCollected {
    /// No connection.
    #[error("the collector cannot be reached")]
    Connect(#[source] NoConnection),
    /// The exchange broke off, or the answer is longer than any honest one.
    #[error("the answer broke off, or is longer than it can be")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// No answer in time.
    #[error("no answer came within {} seconds", bounds::COLLECTOR_CALL.as_secs())]
    TooLate,
    /// It said no.
    #[error("the collector answered {0}")]
    Status(StatusCode),
    /// It took a part.
    #[error("the collector refused {0} records")]
    Partly(u64),
}

impl NotCollected {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Http(_) | Self::TooLate => true,
            Self::Status(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
            Self::Partly(_) => false,
        }
    }
}

/// The road to one collector.
pub struct Collector {
    address: Address,
    target: String,
    tls: Tls,
    kept: Option<SendRequest<Full<Bytes>>>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collector({})", self.address)
    }
}

impl Collector {
    /// The collector that takes logs at this address; at its usual path where the address names none.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn new(url: &str, tls: Tls) -> Result<Self, NotAnAddress> {
        let address = Address::parse(url)?;
        let target = match address.target().to_string() {
            bare if bare == "/" => Signal::Logs.path().to_owned(),
            target => target,
        };
        Ok(Self::at(address, target, tls))
    }

    /// The collector that takes every signal below this address, each at its own path.
    ///
    /// # Errors
    /// [`NotAnAddress`]; one with a query too.
    pub fn below(url: &str, signal: Signal, tls: Tls) -> Result<Self, NotAnAddress> {
        let address = Address::parse(url)?;
        if address.query().is_some() {
            return Err(NotAnAddress);
        }
        let target = format!("{}{}", address.path().trim_end_matches('/'), signal.path());
        Ok(Self::at(address, target, tls))
    }

    const fn at(address: Address, target: String, tls: Tls) -> Self {
        Self {
            address,
            target,
            tls,
            kept: None,
        }
    }

    /// Hands a request over, and tries a few times again what may pass.
    ///
    /// # Errors
    /// [`NotCollected`]; then perhaps all of it, perhaps nothing was taken.
    pub async fn send(&mut self, request: &Value) -> Result<(), NotCollected> {
        let body = Bytes::from(request.to_string());
        let mut wait = bounds::COLLECTOR_RETRY;
        for _ in 1..bounds::COLLECTOR_ATTEMPTS {
            match self.once(body.clone()).await {
                Err(error) if error.is_passing() => tokio::time::sleep(wait).await,
                done => return done,
            }
            wait *= 2;
        }
        self.once(body).await
    }

    /// Hands a request over, once.
    ///
    /// # Errors
    /// [`NotCollected`].
    pub async fn send_once(&mut self, request: &Value) -> Result<(), NotCollected> {
        self.once(Bytes::from(request.to_string())).await
    }

    async fn once(&mut self, body: Bytes) -> Result<(), NotCollected> {
        let called = tokio::time::timeout(bounds::COLLECTOR_CALL, self.call(body));
        let (status, answer) = called.await.unwrap_or(Err(NotCollected::TooLate))?;
        judge(status, &answer)
    }

    async fn call(&mut self, body: Bytes) -> Result<(StatusCode, Bytes), NotCollected> {
        let kept = self.kept.take().filter(|kept| !kept.is_closed());
        let mut sender = if let Some(sender) = kept {
            sender
        } else {
            let connected = self.address.connect(self.tls.clone()).await;
            connected.map_err(NotCollected::Connect)?
        };
        let http = |error: hyper::Error| NotCollected::Http(error.into());
        sender.ready().await.map_err(http)?;
        let request = Request::post(&self.target)
            .header(header::HOST, self.address.host_header())
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::USER_AGENT,
                concat!("sluis/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(body))
            .map_err(|error| NotCollected::Http(error.into()))?;
        let answer = sender.send_request(request).await.map_err(http)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), bounds::COLLECTOR_ANSWER_BYTES).collect();
        let body = body.await.map_err(NotCollected::Http)?;
        self.kept = Some(sender);
        Ok((status, body.to_bytes()))
    }
}

/// What an answer means: 200 says that everything was taken, but for what it names as refused.
fn judge(status: StatusCode, unverified_answer: &[u8]) -> Result<(), NotCollected> {
    if status != StatusCode::OK {
        return Err(NotCollected::Status(status));
    }
    let answer: Value = serde_json::from_slice(unverified_answer).unwrap_or_default();
    // A number of 64 bits is a text in this form; some send a number.
    let count = |of: &str| answer.get("partialSuccess")?.get(of);
    let refused = count("rejectedLogRecords")
        .or_else(|| count("rejectedSpans"))
        .and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    match refused {
        Some(refused) if refused > 0 => Err(NotCollected::Partly(refused)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_yes_is_one() {
        for (status, body, told) in [
            (
                503,
                "",
                Some("the collector answered 503 Service Unavailable"),
            ),
            (400, "{}", Some("the collector answered 400 Bad Request")),
            (202, "{}", Some("the collector answered 202 Accepted")),
            (
                200,
                r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"x"}}"#,
                Some("the collector refused 3 records"),
            ),
            (
                200,
                r#"{"partialSuccess":{"rejectedLogRecords":1}}"#,
                Some("the collector refused 1 records"),
            ),
            (
                200,
                r#"{"partialSuccess":{"rejectedSpans":"2"}}"#,
                Some("the collector refused 2 records"),
            ),
            (
                200,
                r#"{"partialSuccess":{"rejectedLogRecords":"0"}}"#,
                None,
            ),
            (200, r#"{"partialSuccess":{}}"#, None),
            (200, "{}", None),
            (200, "", None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let judged = judge(status, body.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(judged.err().as_deref(), told, "{status} {body}");
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (status, passing) in [
            (400, false),
            (401, false),
            (500, false),
            (429, true),
            (503, true),
        ] {
            let error = NotCollected::Status(StatusCode::from_u16(status).unwrap());
            assert_eq!(error.is_passing(), passing, "{status}");
        }
        assert!(!NotCollected::Partly(1).is_passing());
        assert!(NotCollected::TooLate.is_passing());
    }
}

//! Reading a gateway's ledger over mutual TLS, as any organisation can: C2SP tlog-tiles under a
//! prefix such as `https://sluis.example:8443/v1/logboek`.
//!
//! One connection, one request at a time; every answer is bounded in bytes and time. Nothing that
//! arrives is believed here: that is [`crate::ledger::verify`]'s to judge.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::SendRequest;
use rustls::ClientConfig;
use tokio::sync::Mutex;

use crate::bounds;
use crate::https::{Address, NoConnection};
use crate::ledger::verify::{BookSource, Claim, SourceError, split_bundle};
use crate::merkle::{Hash, TILE_WIDTH, TileAt, tile_number};

/// A checkpoint with the signatures of many witnesses.
const CHECKPOINT_BYTES: usize = 64 * 1024;
/// The largest bundle: 256 entries, each behind its length.
const BUNDLE_BYTES: usize = TILE_WIDTH * (bounds::ENTRY_BYTES + 2);

/// Why a URL cannot be one of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the prefix of a ledger such as https://sluis.example:8443/v1/logboek")]
pub struct NotAPrefix;

/// Why an answer did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection.
    #[error("{host} cannot be reached")]
    Connect {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: NoConnection,
    },
    /// The exchange broke off.
    #[error("the answer broke off, or is longer than it can be")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// It ended before any answer, as it was made.
    #[error(
        "the server ended the connection before it answered, as it does where it does not accept the client certificate, or none: give one of a configured organisation, of a CA it trusts (--cert, --key)"
    )]
    Ended(#[source] Box<dyn Error + Send + Sync>),
    /// The certificate is nobody's here.
    #[error(
        "the server answered {0}: it did not accept the client certificate; give one of an organisation that it knows (--cert, --key)"
    )]
    NotAccepted(StatusCode),
    /// Another status than 200.
    #[error("the answer has status {0}")]
    Status(StatusCode),
    /// Nothing where a ledger has its checkpoint: no finding about a ledger, but about the address.
    #[error("no ledger is served at this address; a gateway's ends in /v1/logboek")]
    NoLedger,
    /// No answer in time.
    #[error("no answer came within {} seconds", bounds::FETCH.as_secs())]
    TooLate,
}

/// A book behind a prefix.
pub struct HttpsBook {
    address: Address,
    /// Without a slash at its end.
    path: String,
    tls: Arc<ClientConfig>,
    connection: Mutex<Option<SendRequest<Empty<Bytes>>>>,
}

impl fmt::Debug for HttpsBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HttpsBook(https://{}{})",
            self.address.authority(),
            self.path
        )
    }
}

impl HttpsBook {
    /// The book behind this prefix; nothing is connected yet.
    ///
    /// # Errors
    /// [`NotAPrefix`].
    pub fn new(prefix: &str, tls: Arc<ClientConfig>) -> Result<Self, NotAPrefix> {
        let address = Address::parse(prefix).map_err(|_| NotAPrefix)?;
        if address.query().is_some() {
            return Err(NotAPrefix);
        }
        Ok(Self {
            path: address.path().trim_end_matches('/').to_owned(),
            address,
            tls,
            connection: Mutex::new(None),
        })
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>, FetchError> {
        let connected = self.address.connect(Arc::clone(&self.tls)).await;
        connected.map_err(|source| FetchError::Connect {
            host: self.address.authority().to_owned(),
            source,
        })
    }

    /// The body of a 200; `None` for a 404.
    async fn once(
        &self,
        kept: &mut Option<SendRequest<Empty<Bytes>>>,
        path: &str,
        most_bytes: usize,
    ) -> Result<Option<Bytes>, FetchError> {
        let http = |error: Box<dyn Error + Send + Sync>| FetchError::Http(error);
        let fresh = kept.is_none();
        // In TLS 1.3 a server looks at the client's certificate when the client thinks it is connected.
        let lost = |error: hyper::Error| match error {
            error if fresh => FetchError::Ended(error.into()),
            error => FetchError::Http(error.into()),
        };
        let mut sender = match kept.take() {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        sender.ready().await.map_err(lost)?;
        let request = Request::get(format!("{}/{path}", self.path))
            .header(header::HOST, self.address.host_header())
            .header(
                header::USER_AGENT,
                concat!("sluis/", env!("CARGO_PKG_VERSION")),
            )
            .body(Empty::new())
            .map_err(|error| http(error.into()))?;
        let answer = sender.send_request(request).await.map_err(lost)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), most_bytes)
            .collect()
            .await
            .map_err(http)?;
        *kept = Some(sender);
        match status {
            StatusCode::OK => Ok(Some(body.to_bytes())),
            StatusCode::NOT_FOUND => Ok(None),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(FetchError::NotAccepted(status))
            }
            status => Err(FetchError::Status(status)),
        }
    }

    async fn fetch(&self, path: &str, most_bytes: usize) -> Result<Option<Bytes>, SourceError> {
        let mut kept = self.connection.lock().await;
        let reused = kept.is_some();
        let work = async {
            match self.once(&mut kept, path, most_bytes).await {
                // A kept connection may have been closed meanwhile; reading twice does no harm.
                Err(FetchError::Http(_)) if reused => self.once(&mut kept, path, most_bytes).await,
                done => done,
            }
        };
        let done = tokio::time::timeout(bounds::FETCH, work).await;
        done.unwrap_or(Err(FetchError::TooLate))
            .map_err(|error| SourceError::Unreadable {
                what: path.to_owned(),
                source: Box::new(error),
            })
    }

    /// A tile or bundle of this width; when the partial one is gone because the tree grew, the
    /// beginning of the whole one.
    async fn resource(
        &self,
        level: &str,
        number: u64,
        width: usize,
        most_bytes: usize,
    ) -> Result<Bytes, SourceError> {
        let whole = format!("tile/{level}/{}", tile_number(number));
        if width < TILE_WIDTH
            && let Some(body) = self
                .fetch(&format!("{whole}.p/{width}"), most_bytes)
                .await?
        {
            return Ok(body);
        }
        let body = self.fetch(&whole, most_bytes).await?;
        body.ok_or(SourceError::Damaged { what: whole })
    }
}

impl BookSource for HttpsBook {
    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        let damaged = || SourceError::Damaged {
            what: "the checkpoint".to_owned(),
        };
        let what = "checkpoint";
        let body = self.fetch(what, CHECKPOINT_BYTES).await?;
        let body = body.ok_or_else(|| SourceError::Unreadable {
            what: what.to_owned(),
            source: Box::new(FetchError::NoLedger),
        })?;
        let checkpoint = String::from_utf8(body.to_vec()).map_err(|_| damaged())?;
        Ok(Claim {
            checkpoint,
            size: None,
        })
    }

    /// A gateway serves it as a log of its own, under a prefix below this one.
    async fn cosigned(&self) -> Result<Option<String>, SourceError> {
        let body = self.fetch("getuigd/checkpoint", CHECKPOINT_BYTES).await?;
        let text = body
            .map(|body| String::from_utf8(body.to_vec()))
            .transpose();
        text.map_err(|_| SourceError::Damaged {
            what: "the cosigned checkpoint".to_owned(),
        })
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let number = from / TILE_WIDTH as u64;
        let width = usize::try_from(to.saturating_sub(from)).unwrap_or(TILE_WIDTH);
        let body = self
            .resource("entries", number, width, BUNDLE_BYTES)
            .await?;
        let mut entries = split_bundle(&body).ok_or_else(|| SourceError::Damaged {
            what: format!("entry bundle {number}"),
        })?;
        entries.truncate(width);
        Ok(entries)
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        let most_bytes = TILE_WIDTH * size_of::<Hash>();
        let body = self
            .resource(&at.level.to_string(), at.number, width, most_bytes)
            .await?;
        let (hashes, rest) = body.as_chunks::<{ size_of::<Hash>() }>();
        match hashes.get(..width) {
            Some(hashes) if rest.is_empty() => Ok(Some(hashes.to_vec())),
            _ => Err(SourceError::Damaged {
                what: format!("tile {} of level {}", at.number, at.level),
            }),
        }
    }
}

#[cfg(test)]
mod tests;

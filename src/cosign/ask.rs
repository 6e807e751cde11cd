//! One call to one witness: `add-checkpoint` of C2SP tlog-witness, over TLS. Everything in it has a
//! bound, and nothing that is answered is believed but a signature by the witness's own key.

use std::error::Error;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::SendRequest;

use super::standing::Trouble;
use crate::bounds;
use crate::clock::Clock;
use crate::https::{Address, NoConnection, Tls};
use crate::ledger::note::{self, Cosignature, CosignerKey, NoteError, UnverifiedNote};
use crate::merkle::Hash;

/// Why a witness gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No connection.
    #[error("the witness cannot be reached")]
    Connect(#[source] NoConnection),
    /// The exchange broke off, or the answer is longer than any honest one.
    #[error("the answer broke off, or is longer than it can be")]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// No answer in time.
    #[error("no answer came within {} seconds", bounds::WITNESS_CALL.as_secs())]
    TooLate,
    /// A status that no witness gives to an honest gateway: it does not know this log, or its key.
    #[error("the witness answered {0}; does its configuration have this log's key")]
    Status(StatusCode),
    /// 409 without a size.
    #[error("the witness did not say which size it knows")]
    Size,
    /// 200 without a good cosignature by its key.
    #[error("the answer holds no cosignature by the witness's key")]
    NoCosignature,
    /// A wrong one.
    #[error("the cosignature cannot be believed")]
    Cosignature(#[source] NoteError),
    /// One from the future.
    #[error("the witness's clock is more than a minute ahead")]
    Clock,
}

impl AskError {
    /// Whether nothing was heard at all, as opposed to something unusable.
    pub(super) const fn is_silence(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Http(_) | Self::TooLate)
    }

    /// The same for people.
    pub(super) const fn trouble(&self) -> Trouble {
        match self {
            Self::Connect(_) => Trouble::Unreachable,
            Self::Http(_) | Self::TooLate => Trouble::Silent,
            Self::Status(status) => Trouble::Refused(status.as_u16()),
            Self::Size | Self::NoCosignature | Self::Cosignature(_) => Trouble::Unusable,
            Self::Clock => Trouble::Clock,
        }
    }
}

/// What a witness answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// It cosigned.
    Cosigned(Cosignature),
    /// It knows a checkpoint of another size than was thought.
    Newest(u64),
    /// It does not take this for the history it knows.
    Inconsistent,
}

/// The road to one witness.
pub(super) struct Road {
    address: Address,
    /// The submission prefix and the call.
    target: String,
    key: CosignerKey,
    tls: Tls,
    kept: Option<SendRequest<Full<Bytes>>>,
}

impl fmt::Debug for Road {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Road({})", self.address)
    }
}

impl Road {
    pub(super) fn new(address: Address, key: CosignerKey, tls: Tls) -> Self {
        Self {
            target: format!("{}/add-checkpoint", address.path().trim_end_matches('/')),
            address,
            key,
            tls,
            kept: None,
        }
    }

    /// Shows a checkpoint, signed by the log alone.
    pub(super) async fn add_checkpoint(
        &mut self,
        old: u64,
        proof: &[Hash],
        checkpoint: &str,
        clock: &dyn Clock,
    ) -> Result<Reply, AskError> {
        let mut body = format!("old {old}\n");
        for hash in proof {
            body.push_str(&BASE64.encode(hash));
            body.push('\n');
        }
        body.push('\n');
        body.push_str(checkpoint);
        let asked = tokio::time::timeout(bounds::WITNESS_CALL, self.send(Bytes::from(body)));
        let (status, answer) = asked.await.unwrap_or(Err(AskError::TooLate))?;
        self.judge(status, &answer, checkpoint, clock)
    }

    /// What an answer means.
    pub(super) fn judge(
        &self,
        status: StatusCode,
        unverified_answer: &[u8],
        checkpoint: &str,
        clock: &dyn Clock,
    ) -> Result<Reply, AskError> {
        let text = std::str::from_utf8(unverified_answer).unwrap_or_default();
        match status {
            StatusCode::OK => self.cosignature(text, checkpoint, clock),
            StatusCode::CONFLICT => {
                let size = text.strip_suffix('\n').and_then(note::size);
                size.map(Reply::Newest).ok_or(AskError::Size)
            }
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Reply::Inconsistent),
            status => Err(AskError::Status(status)),
        }
    }

    fn cosignature(
        &self,
        lines: &str,
        checkpoint: &str,
        clock: &dyn Clock,
    ) -> Result<Reply, AskError> {
        let note = UnverifiedNote::parse(checkpoint).map_err(AskError::Cosignature)?;
        let found = self
            .key
            .find_in_answer(note.body(), lines)
            .map_err(AskError::Cosignature)?
            .ok_or(AskError::NoCosignature)?;
        if found.at.ms_since(clock.now()) > bounds::WITNESS_CLOCK_MS {
            return Err(AskError::Clock);
        }
        Ok(Reply::Cosigned(found))
    }

    async fn send(&mut self, body: Bytes) -> Result<(StatusCode, Bytes), AskError> {
        let reused = self.kept.is_some();
        match self.once(body.clone()).await {
            // A kept connection may have been closed meanwhile; asking twice does no harm.
            Err(AskError::Http(_)) if reused => self.once(body).await,
            done => done,
        }
    }

    async fn once(&mut self, body: Bytes) -> Result<(StatusCode, Bytes), AskError> {
        let mut sender = if let Some(sender) = self.kept.take() {
            sender
        } else {
            let connected = self.address.connect(self.tls.clone()).await;
            connected.map_err(AskError::Connect)?
        };
        let http = |error: hyper::Error| AskError::Http(error.into());
        sender.ready().await.map_err(http)?;
        let request = Request::post(&self.target)
            .header(header::HOST, self.address.host_header())
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .header(
                header::USER_AGENT,
                concat!("sluis/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(body))
            .map_err(|error| AskError::Http(error.into()))?;
        let answer = sender.send_request(request).await.map_err(http)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), bounds::WITNESS_ANSWER_BYTES).collect();
        let body = body.await.map_err(AskError::Http)?;
        self.kept = Some(sender);
        Ok((status, body.to_bytes()))
    }
}

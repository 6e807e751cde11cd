//! One connection to a provider, driven by whoever uses it.
//!
//! hyper's connection is usually spawned as a task of its own, and every piece of a body then hops
//! from that task to the reader's. Here the reader polls the connection itself: no task, no hop,
//! no queue, and when the reader stops reading nothing is read from the socket either. All wake-ups
//! come from the socket and the one timer; what hyper signals between its own halves happens inside
//! our own poll, so those halves get a waker that does nothing.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming as RawBody;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::failure::{Awaited, ProviderFailure, Unreachable, Wrong};
use crate::bounds;
use crate::https::Address;

type Request0 = Request<Empty<Bytes>>;

/// A connection over mutual TLS, idle or in use.
pub(super) struct Road {
    sender: http1::SendRequest<Empty<Bytes>>,
    connection: http1::Connection<TokioIo<TlsStream<TcpStream>>, Empty<Bytes>>,
    end: Option<End>,
    pub(super) silence: Timer,
    /// The configuration it was made under: after a reload of certificates or CRLs it is another,
    /// and this connection, whose peer was not checked against that, is not used again.
    tls: Arc<rustls::ClientConfig>,
    made: Instant,
    idle_since: Instant,
}

/// How hyper's connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Closed, by either side, or torn down.
    Closed,
    /// Bytes came that belong to no answer.
    Excess,
}

/// Why no head of an answer came.
#[derive(Debug)]
pub(super) enum NoHead {
    /// The time was up.
    TooLate,
    /// The connection ended, or what came is not HTTP.
    Failed(Option<hyper::Error>),
}

impl std::fmt::Debug for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Road")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl Road {
    /// Connects and shakes hands. No time limit here: the caller sets one around it.
    pub(super) async fn build(
        address: &Address,
        tls: Arc<rustls::ClientConfig>,
    ) -> Result<Self, ProviderFailure> {
        let unreachable = |e| ProviderFailure::Unreachable(Unreachable::Connection(e));
        let tcp = TcpStream::connect((address.host(), address.port()))
            .await
            .map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        let connector = TlsConnector::from(Arc::clone(&tls));
        let stream = connector
            .connect(address.name().clone(), tcp)
            .await
            .map_err(|e| match tls_cause(&e) {
                Some(cause) => ProviderFailure::Wrong(Wrong::Tls(cause)),
                None => unreachable(e),
            })?;
        let (sender, connection) = http1::Builder::new()
            .max_headers(bounds::HEADER_LINES)
            .max_header_size(bounds::HEADER_BYTES)
            .read_buf_exact_size(Some(bounds::PROVIDER_BUFFER_BYTES))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|e| ProviderFailure::Wrong(Wrong::NoAnswer(e)))?;
        let now = Instant::now();
        Ok(Self {
            sender,
            connection,
            end: None,
            silence: Timer::new(),
            tls,
            made: now,
            idle_since: now,
        })
    }

    /// Sends the request and waits for the head of the answer.
    pub(super) async fn ask(
        &mut self,
        request: Request0,
        first_byte: Duration,
    ) -> Result<Response<RawBody>, NoHead> {
        let mut answer = pin!(self.sender.send_request(request));
        let deadline = Instant::now() + first_byte;
        std::future::poll_fn(|cx| {
            if self.end.is_none()
                && let Poll::Ready(end) = Pin::new(&mut self.connection).poll(cx)
            {
                self.end = Some(End::of(end));
            }
            let mut inside = Context::from_waker(Waker::noop());
            if let Poll::Ready(head) = answer.as_mut().poll(&mut inside) {
                return Poll::Ready(head.map_err(|e| NoHead::Failed(Some(e))));
            }
            if self.end.is_some() {
                return Poll::Ready(Err(NoHead::Failed(None)));
            }
            if self.silence.is_past(deadline, cx) {
                return Poll::Ready(Err(NoHead::TooLate));
            }
            Poll::Pending
        })
        .await
    }

    /// Lets the connection read and write what it can, and leaves `cx` to be woken for more.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.end.is_none()
            && let Poll::Ready(end) = Pin::new(&mut self.connection).poll(cx)
        {
            self.end = Some(End::of(end));
        }
    }

    /// Whether bytes came after the end of the answer.
    pub(super) fn has_excess(&self) -> bool {
        self.end == Some(End::Excess)
    }

    /// Whether another request may be sent now; looks at the socket, so a connection the provider
    /// closed, or on which it said something unasked, is found out.
    pub(super) fn is_usable(&mut self, tls: &Arc<rustls::ClientConfig>, now: Instant) -> bool {
        if !Arc::ptr_eq(&self.tls, tls) || self.is_old(now) {
            return false;
        }
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.end.is_none() && self.sender.is_ready()
    }

    /// Whether it rested, or was used, for too long to be used again.
    pub(super) fn is_old(&self, now: Instant) -> bool {
        now.duration_since(self.idle_since) > bounds::PROVIDER_IDLE
            || now.duration_since(self.made) > bounds::PROVIDER_CONNECTION_AGE
    }

    /// Marks the beginning of idleness; `false` when the connection cannot be used again.
    pub(super) fn rest(&mut self) -> bool {
        self.idle_since = Instant::now();
        self.end.is_none() && self.sender.is_ready()
    }
}

impl End {
    fn of(end: hyper::Result<()>) -> Self {
        match end {
            // hyper names no predicate for "unexpected message"; of what can end an idle
            // connection it is the only error without a cause below it and a predicate of its own.
            Err(e)
                if std::error::Error::source(&e).is_none()
                    && !(e.is_incomplete_message() || e.is_canceled() || e.is_closed()) =>
            {
                Self::Excess
            }
            Ok(()) | Err(_) => Self::Closed,
        }
    }
}

impl NoHead {
    /// Whether the same request may be tried on a fresh connection: the provider closed an idle one
    /// just when it was taken, and not a byte of an answer came (RFC 9110, 9.2.2; GET is
    /// idempotent).
    pub(super) fn was_stale(&self) -> bool {
        match self {
            Self::TooLate => false,
            Self::Failed(None) => true,
            Self::Failed(Some(e)) => !e.is_parse() && find_tls_cause(e).is_none(),
        }
    }
}

impl From<NoHead> for ProviderFailure {
    fn from(no_head: NoHead) -> Self {
        match no_head {
            NoHead::TooLate => Self::TooLate(Awaited::FirstByte),
            NoHead::Failed(None) => Self::Unreachable(Unreachable::Connection(
                io::ErrorKind::ConnectionAborted.into(),
            )),
            NoHead::Failed(Some(e)) => Self::Wrong(match find_tls_cause(&e) {
                Some(cause) => Wrong::Tls(cause),
                None if e.is_parse() => Wrong::Unreadable(e),
                None => Wrong::NoAnswer(e),
            }),
        }
    }
}

fn tls_cause(e: &io::Error) -> Option<rustls::Error> {
    e.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}

fn find_tls_cause(e: &(dyn std::error::Error + 'static)) -> Option<rustls::Error> {
    let mut next = Some(e);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<io::Error>().and_then(tls_cause) {
            return Some(cause);
        }
        next = error.source();
    }
    None
}

/// One timer for the whole life of a connection. Moving a deadline back costs nothing: the timer
/// is let fire at the old one and set anew only then.
pub(super) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    fn new() -> Self {
        Self(Box::pin(tokio::time::sleep(Duration::ZERO)))
    }

    /// Whether `deadline` has passed; if not, `cx` is woken when it does, or before.
    pub(super) fn is_past(&mut self, deadline: Instant, cx: &mut Context<'_>) -> bool {
        if Instant::now() >= deadline {
            return true;
        }
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        while self.0.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            self.0.as_mut().reset(deadline);
        }
        false
    }
}

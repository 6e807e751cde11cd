//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Request, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, interval_at};
use tokio_rustls::server::TlsStream;
use tower_service::Service as _;

use super::guard::{self, Mark};
use super::reading::{self, Streams};
use super::stop::Stop;
use super::wire::{Log, Seen, Wire};
use crate::bounds;
use crate::identity::{Identity, Peer, PeerRefused};

/// How often it is looked whether a connection moves: four times in what it may be idle.
const LOOK: Duration = Duration::from_secs(bounds::IDLE.as_secs() / 4);

/// How a connection hears that it must end.
pub(super) struct Ending {
    stop: Stop,
    cut: watch::Receiver<bool>,
}

impl Ending {
    pub(super) fn new(stop: Stop, cut: watch::Receiver<bool>) -> Self {
        Self { stop, cut }
    }
}

/// The client of `exchange` behind a connection.
pub(super) struct Visitor {
    identity: Arc<Identity>,
    peer: Arc<Peer>,
}

impl Visitor {
    pub(super) fn new(identity: Arc<Identity>, peer: Peer) -> Self {
        let peer = Arc::new(peer);
        Self { identity, peer }
    }
}

/// What every request of one connection passes.
pub(super) struct Door {
    app: Router,
    visitor: Option<Visitor>,
    mark: Option<Mark>,
    log: Arc<Log>,
    /// No request after those under way.
    close: Notify,
    /// No byte more.
    kill: Notify,
}

/// The certificate under the connection is no longer good.
#[derive(Debug, thiserror::Error)]
#[error("the client is no longer let in")]
struct NoLonger(#[source] PeerRefused);

impl Door {
    pub(super) fn new(app: Router, visitor: Option<Visitor>, mark: Option<Mark>) -> Arc<Self> {
        Arc::new(Self {
            app,
            visitor,
            mark,
            log: Arc::default(),
            close: Notify::new(),
            kill: Notify::new(),
        })
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response, NoLonger> {
        self.introduce(&mut request)?;
        let over_http1 = request.version() < Version::HTTP_2;
        let seen = if over_http1 {
            self.log.next().unwrap_or(Seen {
                fault: Some("het begin van dit verzoek is niet te volgen"),
                last: true,
            })
        } else {
            Seen {
                fault: None,
                last: false,
            }
        };
        let fault = seen.fault.or_else(|| guard::fault(&request));
        let mut response = match (fault, self.mark) {
            (Some(_), None) => StatusCode::BAD_REQUEST.into_response(),
            (Some(fault), Some(mark)) => {
                mark(request.extensions_mut(), fault);
                self.call(request).await
            }
            (None, _) => self.call(request).await,
        };
        if fault.is_some() || seen.last {
            if over_http1 {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            self.close.notify_one();
        }
        Ok(if over_http1 {
            reading::held_back(response, &self.log)
        } else {
            reading::watched(response)
        })
    }

    /// Says who is asking, if that is still known: at every request, not only at the handshake
    /// (SECURITY 9).
    fn introduce(&self, request: &mut Request<Incoming>) -> Result<(), NoLonger> {
        let Some(Visitor { identity, peer }) = &self.visitor else {
            return Ok(());
        };
        match identity.recheck(peer) {
            Ok(organisation) => {
                request.extensions_mut().insert(organisation);
            }
            // Answered in words by the application.
            Err(PeerRefused::OrganisationUnknown) => {}
            Err(refused @ PeerRefused::Certificate(_)) => {
                tracing::info!(tls.refused = %refused, "a connection was closed");
                self.kill.notify_one();
                return Err(NoLonger(refused));
            }
        }
        request.extensions_mut().insert(peer.clone());
        Ok(())
    }

    async fn call(&self, request: Request<Incoming>) -> Response {
        let answered: Result<Response, Infallible> = self.app.clone().call(request).await;
        answered.unwrap_or_else(|never| match never {})
    }
}

/// Serves a connection whose handshake is done, with the protocol that was agreed on.
pub(super) async fn tls(mut stream: TlsStream<TcpStream>, door: Arc<Door>, ending: Ending) {
    let (socket, tls) = stream.get_mut();
    tls.set_buffer_limit(Some(bounds::CONNECTION_BUFFER_BYTES));
    // A kernel that refuses this only sees later that a slow reader reads.
    let _ = SockRef::from(&*socket).set_tcp_notsent_lowat(bounds::UNSENT_BYTES);
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(stream, door, ending).await;
    } else {
        http1(stream, door, ending).await;
    }
}

/// Serves HTTP/1.1.
pub(super) async fn http1<S>(stream: S, door: Arc<Door>, ending: Ending)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let wire = Wire::http1(stream, door.log.clone());
    let serving = door.clone();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // To hyper the wait for a next request counts; that the head itself comes in time, the wire
        // sees to.
        .header_read_timeout(bounds::IDLE)
        .max_header_size(bounds::HEADER_BYTES)
        .max_headers(bounds::HEADER_LINES)
        .max_buf_size(bounds::CONNECTION_BUFFER_BYTES)
        .serve_connection(
            TokioIo::new(wire),
            service_fn(move |request| {
                let door = serving.clone();
                async move { door.answer(request).await }
            }),
        );
    let connection = pin!(connection);
    drive(
        connection,
        http1::Connection::graceful_shutdown,
        &door,
        ending,
    )
    .await;
}

async fn http2(stream: TlsStream<TcpStream>, door: Arc<Door>, ending: Ending) {
    let wire = Wire::http2(stream, door.log.clone());
    let serving = door.clone();
    let connection = http2::Builder::new(Streams)
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds::HTTP2_STREAMS)
        .max_header_list_size(u32::try_from(bounds::HEADER_BYTES).unwrap_or(u32::MAX))
        .max_send_buf_size(bounds::CONNECTION_BUFFER_BYTES)
        .serve_connection(
            TokioIo::new(wire),
            service_fn(move |request| {
                let door = serving.clone();
                async move { door.answer(request).await }
            }),
        );
    let connection = pin!(connection);
    drive(
        connection,
        http2::Connection::graceful_shutdown,
        &door,
        ending,
    )
    .await;
}

/// Runs a connection until it ends or has to.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    mut connection: Pin<&mut C>,
    end_gently: impl Fn(Pin<&mut C>),
    door: &Door,
    Ending { mut stop, mut cut }: Ending,
) {
    let mut stopping = false;
    let mut moved = door.log.moved();
    let mut still = Duration::ZERO;
    let mut look = interval_at(Instant::now() + LOOK, LOOK);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(connection.error = %error, "a connection broke");
                }
                return;
            }
            () = door.kill.notified() => return,
            _ = cut.wait_for(|cut| *cut) => return,
            () = stop.stopped(), if !stopping => {
                stopping = true;
                end_gently(connection.as_mut());
            }
            () = door.close.notified() => end_gently(connection.as_mut()),
            now = look.tick() => {
                if door.log.is_too_slow(now) {
                    tracing::info!("a connection was closed: its client reads too slowly");
                    return;
                }
                // Not a byte in either direction: a client that stopped reading is idle too.
                let moved_now = door.log.moved();
                still = if moved_now == moved { still + LOOK } else { Duration::ZERO };
                if still >= bounds::IDLE {
                    return;
                }
                moved = moved_now;
            }
        }
    }
}

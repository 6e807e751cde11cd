//! The listeners: sockets, TLS handshakes, connections and how they end.
//!
//! The accept loop only accepts. Every connection makes its handshake in a task of its own and holds
//! one of [`bounds::CONNECTIONS`] places until it ends, so that nobody who stalls holds up another.
//! What a request means is not known here; only whether it is proper HTTP (SECURITY 15) and whether
//! the certificate under it is still good (SECURITY 9).

mod connection;
mod guard;
mod reading;
mod rooms;
mod stop;
#[cfg(test)]
mod tests;
mod wire;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use guard::Mark;
pub use stop::{Stop, Stopper};

use crate::bounds;
use crate::http::{Cause, TurnedAway};
use crate::identity::{Identity, PeerRefused};
use connection::{Door, Ending, Visitor};
use rooms::{Handshakes, Handshaking, Rooms};

/// How long accepting pauses when the machine has no sockets left.
const PAUSE: Duration = Duration::from_millis(50);

/// What the exchange says of every connection: whether its requests are proper HTTP, and who was not let
/// in for want of room.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Marks a request that is no proper HTTP.
    pub mark: Mark,
    /// How many organisations there are to divide the connections among.
    pub organisations: usize,
    /// Where it is counted who was turned away.
    pub turned_away: TurnedAway,
}

/// Serves `exchange`: TLS with a client certificate. Each request's extensions get the
/// `Arc<identity::Peer>` and, if its organisation is configured, the `Arc<Organisation>`; a request
/// that is no proper HTTP goes on marked by `guard`, and its connection is closed after the answer.
/// Returns once `stop` was called and everything has ended, or [`bounds::DRAIN`] has passed.
pub async fn exchange(
    listener: TcpListener,
    identity: Arc<Identity>,
    app: Router,
    guard: Guard,
    stop: Stop,
) {
    let rooms = Rooms::for_organisations(guard.organisations);
    let handshakes = Arc::new(Handshakes::default());
    accept(listener, stop, move |stream, ending| {
        let (identity, app, guard) = (identity.clone(), app.clone(), guard.clone());
        let (rooms, handshaking) = (rooms.clone(), handshakes.begin());
        async move {
            let tls = identity.exchange_tls();
            let mut stream = match handshake(stream, tls, handshaking).await {
                Ok(stream) => stream,
                Err(None) => return,
                Err(Some(cause)) => return guard.turned_away.count(cause, None),
            };
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let known = identity
                .peer(chain)
                .and_then(|peer| match identity.recheck(&peer) {
                    Ok(organisation) => Ok((peer, Some(organisation))),
                    Err(PeerRefused::OrganisationUnknown) => Ok((peer, None)),
                    Err(PeerRefused::Certificate(refused)) => Err(refused),
                });
            let (peer, organisation) = match known {
                Ok(known) => known,
                // Trust changed during the handshake.
                Err(refused) => {
                    return tracing::info!(tls.refused = %refused, "a client was refused");
                }
            };
            let organisation = organisation.as_deref();
            let Some(_place) = rooms.enter(organisation.map(|one| one.oin)) else {
                guard.turned_away.count(Cause::Connections, organisation);
                tracing::info!(
                    organisation.oin = organisation.map_or("-", |one| one.oin.as_str()),
                    "a connection was closed: its organisation holds all it may"
                );
                let _ = timeout(PAUSE, stream.shutdown()).await;
                return;
            };
            let visitor = Visitor::new(identity, peer);
            let door = Door::new(app, Some(visitor), Some(guard.mark));
            connection::tls(stream, door, ending).await;
        }
    })
    .await;
}

/// Serves browsers: TLS without a client certificate. A request that is no proper HTTP is answered
/// here.
pub async fn browser(listener: TcpListener, identity: Arc<Identity>, app: Router, stop: Stop) {
    encrypted(listener, move || identity.desk_tls(), app, stop).await;
}

/// Serves TLS without a client certificate, with the configuration that `tls` gives at each
/// connection. A request that is no proper HTTP is answered here.
pub async fn encrypted(
    listener: TcpListener,
    tls: impl Fn() -> Arc<ServerConfig>,
    app: Router,
    stop: Stop,
) {
    let handshakes = Arc::new(Handshakes::default());
    accept(listener, stop, move |stream, ending| {
        let (tls, app, handshaking) = (tls(), app.clone(), handshakes.begin());
        async move {
            if let Ok(stream) = handshake(stream, tls, handshaking).await {
                connection::tls(stream, Door::new(app, None, None), ending).await;
            }
        }
    })
    .await;
}

/// Serves plain HTTP/1.1. That it listens on loopback only is for the configuration to see to.
pub async fn plain(listener: TcpListener, app: Router, stop: Stop) {
    accept(listener, stop, move |stream, ending| {
        connection::http1(stream, Door::new(app.clone(), None, None), ending)
    })
    .await;
}

/// Serves HTTP/1.1 on one stream that is there already, as [`plain`] does on each of its own, until
/// the other end has had its answers and is gone, or `stop` was called.
pub async fn stream<S>(stream: S, app: Router, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (_cut, cut_off) = watch::channel(false);
    let door = Door::new(app, None, None);
    connection::http1(stream, door, Ending::new(stop, cut_off)).await;
}

/// Accepts until stopped; then waits for what runs, and at last cuts it off.
async fn accept<F>(listener: TcpListener, mut stop: Stop, serve: impl Fn(TcpStream, Ending) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(bounds::CONNECTIONS));
    let (cut, cut_off) = watch::channel(false);
    loop {
        let next = async {
            // A place first: whoever finds none waits in the kernel's queue, not here.
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.stopped() => break,
            next = next => next,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, _))) => {
                // Small answers leave at once; a socket that refuses this still works.
                let _ = stream.set_nodelay(true);
                let connection = serve(stream, Ending::new(stop.clone(), cut_off.clone()));
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            (_, Err(error)) => {
                tracing::error!(socket.error = %error, "no connection can be accepted");
                sleep(PAUSE).await;
            }
            // The semaphore is never closed.
            (Err(_), _) => break,
        }
    }
    drop(listener);
    let all = u32::try_from(bounds::CONNECTIONS).unwrap_or(u32::MAX);
    if timeout(bounds::DRAIN, places.acquire_many(all))
        .await
        .is_err()
    {
        tracing::warn!("connections were cut off: their requests did not end in time");
        cut.send_replace(true);
        // Each task drops its connection when it is next polled.
        let _ = timeout(PAUSE, places.acquire_many(all)).await;
    }
}

/// Shakes hands. Where that comes to nothing it is in the log; an error says what to count besides.
async fn handshake(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    handshaking: Handshaking,
) -> Result<TlsStream<TcpStream>, Option<Cause>> {
    let shaken = timeout(bounds::HANDSHAKE, TlsAcceptor::from(config).accept(stream));
    let shaken = tokio::select! {
        shaken = shaken => shaken,
        () = handshaking.given_up() => {
            tracing::info!("a handshake was given up for newer ones");
            return Err(Some(Cause::Handshakes));
        }
    };
    match shaken {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            tracing::info!(tls.error = %error, "a handshake failed");
            Err(None)
        }
        Err(_) => {
            tracing::info!("a handshake took too long");
            Err(None)
        }
    }
}

//! The listeners with real sockets and real TLS.

mod http_rules;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::routing::{any, get};
use axum::{Extension, body::Bytes};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{CipherSuite, ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as ClientStream;

use super::*;
use crate::domain::Organisation;
use crate::identity::tests::{World, WorldTime};
use crate::identity::{Peer, TlsProfile};

#[derive(Clone, Copy)]
struct Marked(&'static str);

async fn who(
    peer: Option<Extension<Arc<Peer>>>,
    organisation: Option<Extension<Arc<Organisation>>>,
    marked: Option<Extension<Marked>>,
) -> (http::StatusCode, String) {
    if let Some(Extension(Marked(what))) = marked {
        return (http::StatusCode::BAD_REQUEST, what.to_owned());
    }
    let known = organisation.map_or("unknown".to_owned(), |Extension(o)| o.name.clone());
    let with = if peer.is_some() { "peer" } else { "nobody" };
    (http::StatusCode::OK, format!("{with} {known}"))
}

fn app() -> Router {
    let slow = || async {
        sleep(Duration::from_millis(400)).await;
        "done"
    };
    let echo = |body: Bytes| async move { body.len().to_string() };
    Router::new()
        .route("/slow", get(slow))
        .route("/echo", axum::routing::post(echo))
        .fallback(any(who))
}

struct Gateway {
    world: World,
    identity: Arc<Identity>,
    address: SocketAddr,
    stopper: Stopper,
    running: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exchange,
    Browser,
    Plain,
}

impl Gateway {
    async fn start(kind: Kind, profile: TlsProfile) -> Self {
        let mut world = World::new();
        world.settings.tls.profile = profile;
        let identity = world.identity();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stopper, stop) = Stopper::new();
        let mark: Mark = |extensions, what| {
            extensions.insert(Marked(what));
        };
        let of = identity.clone();
        let running = match kind {
            Kind::Exchange => {
                let guard = Guard {
                    mark,
                    organisations: 2,
                    turned_away: TurnedAway::new(&prometheus::Registry::new()).unwrap(),
                };
                tokio::spawn(exchange(listener, of, app(), guard, stop))
            }
            Kind::Browser => tokio::spawn(browser(listener, of, app(), stop)),
            Kind::Plain => tokio::spawn(plain(listener, app(), stop)),
        };
        Self {
            world,
            identity,
            address,
            stopper,
            running,
        }
    }

    /// A client's configuration, with resumption on, as rustls has it by default.
    fn client(
        &self,
        party: Option<&str>,
        alpn: &[&str],
        versions: &[&'static SupportedProtocolVersion],
        suites: Option<CipherSuite>,
    ) -> Arc<ClientConfig> {
        let mut provider: CryptoProvider = ring::default_provider();
        if let Some(only) = suites {
            provider.cipher_suites.retain(|suite| suite.suite() == only);
        }
        let mut roots = RootCertStore::empty();
        roots
            .add(self.world.chain("img").last().unwrap().clone())
            .unwrap();
        let time = Arc::new(WorldTime(self.world.clock.clone()));
        let builder = ClientConfig::builder_with_details(Arc::new(provider), time)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match party {
            Some(party) => builder
                .with_client_auth_cert(self.world.chain(party), self.world.key(party))
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    fn usual(&self, party: &str, alpn: &str) -> Arc<ClientConfig> {
        self.client(Some(party), &[alpn], rustls::ALL_VERSIONS, None)
    }

    async fn connect(&self, config: Arc<ClientConfig>) -> std::io::Result<ClientStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let host = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(config).connect(host, stream).await
    }
}

/// Sends bytes and reads until the end of what comes back, or for as long as nothing comes.
async fn raw(
    stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin),
    text: &str,
) -> (String, bool) {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_millis(700), async {
        // A connection cut off without a TLS goodbye is an end too.
        let _ = stream.read_to_end(&mut answer).await;
    })
    .await
    .is_ok();
    (String::from_utf8(answer).unwrap(), closed)
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The answer to one proper request over HTTP/1.1 on this connection, or nothing.
async fn ask(
    stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin),
) -> Option<String> {
    stream.write_all(ASK.as_bytes()).await.ok()?;
    let mut buffer = [0; 4096];
    let read = timeout(Duration::from_secs(2), stream.read(&mut buffer))
        .await
        .ok()?
        .ok()?;
    let answer = String::from_utf8_lossy(&buffer[..read]).into_owned();
    answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
}

#[tokio::test]
async fn only_a_good_client_certificate_gets_in() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    for (party, expected) in [
        (None, None),
        (Some("gemeente"), Some("peer unknown")),
        (Some("img"), Some("peer img")),
        (Some("ncg"), Some("peer ncg")),
    ] {
        let config = gateway.client(party, &[], rustls::ALL_VERSIONS, None);
        // In TLS 1.3 a client hears of its refusal only when it reads.
        let answer = match gateway.connect(config).await {
            Ok(mut stream) => ask(&mut stream).await,
            Err(_) => None,
        };
        assert_eq!(answer.as_deref(), expected, "{party:?}");
    }
    let desk = Gateway::start(Kind::Browser, TlsProfile::NcscGoed).await;
    let config = desk.client(None, &[], rustls::ALL_VERSIONS, None);
    let mut stream = desk.connect(config).await.unwrap();
    assert_eq!(ask(&mut stream).await.as_deref(), Some("nobody unknown"));
}

#[tokio::test]
async fn the_profile_says_which_tls_is_spoken() {
    use CipherSuite as S;
    let (old, new) = (&rustls::version::TLS12, &rustls::version::TLS13);
    for (profile, version, suite, good) in [
        (TlsProfile::NcscGoed, old, None, false),
        (
            TlsProfile::NcscGoed,
            new,
            Some(S::TLS13_AES_128_GCM_SHA256),
            false,
        ),
        (
            TlsProfile::NcscGoed,
            new,
            Some(S::TLS13_AES_256_GCM_SHA384),
            true,
        ),
        (
            TlsProfile::NcscGoed,
            new,
            Some(S::TLS13_CHACHA20_POLY1305_SHA256),
            true,
        ),
        (
            TlsProfile::Digikoppeling,
            new,
            Some(S::TLS13_AES_128_GCM_SHA256),
            false,
        ),
        (TlsProfile::Digikoppeling, new, None, true),
        (TlsProfile::Digikoppeling, old, None, true),
        (
            TlsProfile::Digikoppeling,
            old,
            Some(S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
            true,
        ),
    ] {
        let gateway = Gateway::start(Kind::Exchange, profile).await;
        let config = gateway.client(Some("img"), &["http/1.1"], &[version], suite);
        let answer = match gateway.connect(config).await {
            Ok(mut stream) => ask(&mut stream).await,
            Err(_) => None,
        };
        assert_eq!(answer.is_some(), good, "{profile:?} {version:?} {suite:?}");
    }
}

#[tokio::test]
async fn nothing_is_ever_resumed() {
    for (profile, version) in [
        (TlsProfile::NcscGoed, &rustls::version::TLS13),
        (TlsProfile::Digikoppeling, &rustls::version::TLS12),
    ] {
        let gateway = Gateway::start(Kind::Exchange, profile).await;
        // One configuration, so one memory of tickets and sessions.
        let config = gateway.client(Some("img"), &["http/1.1"], &[version], None);
        for attempt in 1..=3 {
            let mut stream = gateway.connect(config.clone()).await.unwrap();
            assert!(ask(&mut stream).await.is_some());
            let (_, tls) = stream.get_ref();
            assert_eq!(
                tls.handshake_kind(),
                Some(HandshakeKind::Full),
                "{version:?} {attempt}"
            );
            assert_eq!(tls.tls13_tickets_received(), 0, "{version:?} {attempt}");
        }
    }
}

/// What a client sees of a change on disk, at the next request of a connection it had open.
#[tokio::test]
async fn a_revoked_client_is_refused_at_its_next_request() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let mut over1 = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    let mut other = gateway
        .connect(gateway.usual("ncg", "http/1.1"))
        .await
        .unwrap();
    let over2 = gateway.connect(gateway.usual("img", "h2")).await.unwrap();
    let (mut send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(over2))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = || {
        http::Request::get("https://localhost/")
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    for _ in 0..2 {
        assert_eq!(ask(&mut over1).await.as_deref(), Some("peer img"));
        assert_eq!(ask(&mut other).await.as_deref(), Some("peer ncg"));
        assert_eq!(send.send_request(request()).await.unwrap().status(), 200);
    }
    let certificate = &gateway.world.pki.party("img").unwrap().certificate;
    gateway
        .world
        .pki
        .revoke(certificate, &*gateway.world.clock)
        .unwrap();
    assert!(gateway.identity.reload().changed);
    assert_eq!(
        raw(&mut over1, ASK).await,
        (String::new(), true),
        "closed without an answer"
    );
    assert!(send.send_request(request()).await.is_err());
    let ended = timeout(Duration::from_secs(2), connection).await;
    assert!(ended.is_ok(), "the whole connection, not only the stream");
    assert_eq!(ask(&mut other).await.as_deref(), Some("peer ncg"));
    let again = match gateway.connect(gateway.usual("img", "http/1.1")).await {
        Ok(mut stream) => ask(&mut stream).await,
        Err(_) => None,
    };
    assert_eq!(again, None);
}

#[tokio::test]
async fn whoever_stalls_holds_up_nobody_and_is_let_go() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let mut stalled = Vec::new();
    for _ in 0..500 {
        stalled.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    let mut half = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: loc")
        .await
        .unwrap();
    let start = Instant::now();
    let mut honest = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    assert_eq!(ask(&mut honest).await.as_deref(), Some("peer img"));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    let mut one = stalled.pop().unwrap();
    let mut buffer = [0; 16];
    let long = bounds::HANDSHAKE + Duration::from_secs(2);
    let ended = timeout(long, one.read(&mut buffer)).await;
    assert!(
        matches!(ended, Ok(Ok(0) | Err(_))),
        "a handshake has {:?}",
        bounds::HANDSHAKE
    );
    let long = bounds::HEADER_READ + Duration::from_secs(2);
    let ended = timeout(long, half.read(&mut buffer)).await;
    assert!(
        matches!(ended, Ok(Ok(0) | Err(_))),
        "a head has {:?}",
        bounds::HEADER_READ
    );
    assert_eq!(
        ask(&mut honest).await.as_deref(),
        Some("peer img"),
        "idle that long is fine"
    );
}

#[tokio::test]
async fn stopping_lets_what_runs_end_and_nothing_begin() {
    let gateway = Gateway::start(Kind::Exchange, TlsProfile::NcscGoed).await;
    let idle = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    let stream = gateway
        .connect(gateway.usual("img", "http/1.1"))
        .await
        .unwrap();
    let (mut send, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("/slow")
        .header("host", "localhost")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let asked = tokio::spawn(async move { send.send_request(request).await });
    sleep(Duration::from_millis(100)).await;
    gateway.stopper.stop();
    let answer = asked.await.unwrap().unwrap();
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        "done"
    );
    assert!(
        timeout(Duration::from_secs(2), gateway.running)
            .await
            .is_ok(),
        "idle connections do not hold it up"
    );
    assert!(TcpStream::connect(gateway.address).await.is_err());
    drop(idle);
}

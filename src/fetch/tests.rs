//! A book read over mutual TLS from a server that plays a gateway, well and badly.

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::Response;
use http_body_util::Full;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::clock::{SystemClock, SystemRandomness};
use crate::identity::{dev_pki, reader_tls};
use crate::ledger::Ledger;
use crate::ledger::testing::Book;
use crate::ledger::verify::{self, Summary, Wrong};
use crate::store::testing::Engine;

/// What the server does to what it serves: by path and body.
type Harm = fn(&str, Vec<u8>) -> (u16, Vec<u8>);

fn nothing(_: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    (200, body)
}

fn server_tls(pki: &Path) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let read = |name: &str| std::fs::read(pki.join(name)).unwrap();
    let certificates = |name: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(&read(name))
            .map(Result::unwrap)
            .collect()
    };
    let mut roots = RootCertStore::empty();
    roots.add(certificates("ca.pem").remove(0)).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            certificates("gateway.pem"),
            PrivateKeyDer::from_pem_slice(&read("gateway.key")).unwrap(),
        );
    Arc::new(config.unwrap())
}

/// `x001/234.p/5` → (1234, 5), by another road than the product's.
fn parse(path: &str) -> (u64, usize) {
    let (number, width) = path.split_once(".p/").unwrap_or((path, "256"));
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (digits.parse().unwrap(), width.parse().unwrap())
}

async fn serve(ledger: Ledger, path: &str) -> Option<Vec<u8>> {
    let path = path.strip_prefix("/v1/logboek/")?;
    if path == "checkpoint" {
        return Some(ledger.checkpoint().into_bytes());
    }
    let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (number, width) = parse(rest);
    if level == "entries" {
        return ledger.bundle(number, width).await.unwrap();
    }
    let at = TileAt {
        level: level.parse().unwrap(),
        number,
    };
    ledger
        .tile(at, width)
        .await
        .unwrap()
        .map(|hashes| hashes.concat())
}

struct World {
    book: Book,
    pki: tempfile::TempDir,
    port: u16,
    harm: Arc<Mutex<Harm>>,
}

impl World {
    async fn new(entries: usize) -> Self {
        let pki = tempfile::tempdir().unwrap();
        dev_pki(pki.path(), &SystemClock, &SystemRandomness::default()).unwrap();
        let book = Book::new(Engine::Sqlite).await;
        let gateway = book.open().await;
        gateway.grow(entries).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let harm = Arc::new(Mutex::new(nothing as Harm));
        let acceptor = TlsAcceptor::from(server_tls(pki.path()));
        let current = harm.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let Ok(tls) = acceptor.accept(tcp).await else {
                    continue;
                };
                let (ledger, harm) = (gateway.ledger.clone(), current.clone());
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let (ledger, harm) = (ledger.clone(), harm.clone());
                    async move {
                        let path = request.uri().path().to_owned();
                        assert!(request.headers().contains_key(header::HOST));
                        let (status, body) = match serve(ledger, &path).await {
                            Some(body) => harm.lock().unwrap()(&path, body),
                            None => (404, Vec::new()),
                        };
                        let body = Full::new(Bytes::from(body));
                        Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
                    }
                });
                let connection =
                    server::Builder::new().serve_connection(TokioIo::new(tls), service);
                tokio::spawn(async move { drop(connection.await) });
            }
        });
        Self {
            book,
            pki,
            port,
            harm,
        }
    }

    fn source(&self, anchors: &Path) -> HttpsBook {
        let file = |name: &str| self.pki.path().join(name);
        let clock = Arc::new(SystemClock);
        let tls = reader_tls(
            &file("img.pem"),
            &file("img.key"),
            &[anchors.to_owned()],
            clock,
        )
        .unwrap();
        HttpsBook::new(&format!("https://127.0.0.1:{}/v1/logboek/", self.port), tls).unwrap()
    }

    async fn verify(&self, anchors: &Path) -> Result<Summary, Wrong> {
        let verifier = self.book.keys().signer.verifier();
        verify::run(&self.source(anchors), &verifier, |_| {}).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::too_many_lines,
    reason = "a table of everything a server can get wrong"
)]
async fn a_book_is_verified_over_mutual_tls() {
    let world = World::new(600).await;
    let anchors = world.pki.path().join("ca.pem");
    let over_https = world.verify(&anchors).await.unwrap();
    assert_eq!(over_https, world.book.verify().await);
    assert_eq!(over_https.size, 600);

    // What the server does, what is found, and whether it is a finding about the book.
    let rows: [(&str, Harm, &str, bool); 9] = [
        (
            "busy",
            |_, _| (503, Vec::new()),
            "the book could not be read to its end",
            false,
        ),
        (
            "no checkpoint",
            |path, body| {
                (
                    if path.ends_with("checkpoint") {
                        404
                    } else {
                        200
                    },
                    body,
                )
            },
            "the book could not be read to its end",
            false,
        ),
        (
            "another checkpoint",
            |path, body| {
                (
                    200,
                    if path.ends_with("checkpoint") {
                        b"x".to_vec()
                    } else {
                        body
                    },
                )
            },
            "the checkpoint cannot be believed",
            true,
        ),
        (
            "a bundle cut",
            |path, mut body| {
                if path.ends_with("entries/001") {
                    body.pop();
                }
                (200, body)
            },
            "entry 256: entry bundle 1 is missing or damaged",
            true,
        ),
        (
            "a bundle gone",
            |path, body| {
                (
                    if path.ends_with("entries/001") {
                        404
                    } else {
                        200
                    },
                    body,
                )
            },
            "entry 256: tile/entries/001 is missing or damaged",
            true,
        ),
        (
            "a bundle without end",
            |path, body| {
                (
                    200,
                    if path.ends_with("entries/000") {
                        vec![0; BUNDLE_BYTES + 1]
                    } else {
                        body
                    },
                )
            },
            "the book could not be read to its end",
            false,
        ),
        (
            "a tile changed",
            |path, mut body| {
                if path.ends_with("/0/000") {
                    body[32 * 9] ^= 1;
                }
                (200, body)
            },
            "entry 9 does not have the hash its tile holds: one of the two was changed",
            true,
        ),
        (
            "the last tile changed",
            |path, mut body| {
                if path.ends_with("/0/002.p/88") {
                    body[32] ^= 1;
                }
                (200, body)
            },
            "entry 513 does not have the hash its tile holds: one of the two was changed",
            true,
        ),
        (
            "an upper tile changed",
            |path, mut body| {
                if path.ends_with("/1/000.p/2") {
                    body[32] ^= 1;
                }
                (200, body)
            },
            "entry 256: tile 0 of level 1 over it is not the one its entries make",
            true,
        ),
    ];
    for (what, harm, expected, finding) in rows {
        *world.harm.lock().unwrap() = harm;
        let wrong = world.verify(&anchors).await.unwrap_err();
        assert_eq!(wrong.to_string(), expected, "{what}");
        assert_eq!(wrong.is_finding(), finding, "{what}");
    }
    *world.harm.lock().unwrap() = nothing;
    // A server whose anchor is another is not even asked.
    let elsewhere = tempfile::tempdir().unwrap();
    dev_pki(elsewhere.path(), &SystemClock, &SystemRandomness::default()).unwrap();
    let wrong = world
        .verify(&elsewhere.path().join("ca.pem"))
        .await
        .unwrap_err();
    assert!(matches!(wrong, Wrong::Unreadable(_)), "{wrong:?}");
}

#[test]
fn tile_numbers_are_in_groups_of_three() {
    for (number, path) in [
        (0, "000"),
        (67, "067"),
        (999, "999"),
        (1_000, "x001/000"),
        (1_234_067, "x001/x234/067"),
    ] {
        assert_eq!(tile_number(number), path);
    }
}

#[test]
fn only_a_prefix_over_https_is_read() {
    let pki = tempfile::tempdir().unwrap();
    dev_pki(pki.path(), &SystemClock, &SystemRandomness::default()).unwrap();
    let file = |name: &str| pki.path().join(name);
    let clock = Arc::new(SystemClock);
    let tls = reader_tls(
        &file("img.pem"),
        &file("img.key"),
        &[file("ca.pem")],
        clock.clone(),
    )
    .unwrap();
    for wrong in [
        "",
        "sluis.example/v1/logboek",
        "http://sluis.example/v1/logboek",
        "https://sluis.example/v1/logboek?x=1",
        "https://wie:wat@sluis.example/",
        "/v1/logboek",
    ] {
        assert!(HttpsBook::new(wrong, tls.clone()).is_err(), "{wrong}");
    }
    let book = HttpsBook::new("https://[::1]:8443/v1/logboek/", tls).unwrap();
    assert_eq!(
        format!("{book:?}"),
        "HttpsBook(https://[::1]:8443/v1/logboek)"
    );
    for (certificate, key, anchors) in [
        ("none.pem", "img.key", "ca.pem"),
        ("img.key", "img.key", "ca.pem"),
        ("img.pem", "ncg.key", "ca.pem"),
        ("img.pem", "img.pem", "ca.pem"),
        ("img.pem", "img.key", "img.key"),
        ("img.pem", "img.key", "img.pem"),
    ] {
        let made = reader_tls(
            &file(certificate),
            &file(key),
            &[file(anchors)],
            clock.clone(),
        );
        assert!(made.is_err(), "{certificate} {key} {anchors}");
    }
}

//! A providing organisation's document server, as the demo plays it: `GET /documenten/{uuid}` over
//! mutual TLS, from a folder of PDF files, with ranges, streamed from disk.
//!
//! It lets in one caller, the gateway, by its very certificate: that an organisation's own PKI also
//! vouches for others is no reason to hand them documents. What decides who may have what is the
//! gateway; this side only checks that it is the gateway that asks.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, RANGE,
};
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::bounds;
use crate::domain::DocumentId;
use crate::provider::ByteRange;

/// What is read from disk at a time.
const PIECE_BYTES: u64 = 128 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A document server that is not yet listening.
#[derive(Debug, Clone)]
pub struct DocumentServer {
    /// TLS with a required client certificate.
    pub tls: Arc<rustls::ServerConfig>,
    /// The gateway's certificate, in DER: the only one that is let in.
    pub gateway: Vec<u8>,
    /// Where `{uuid}.pdf` are.
    pub folder: PathBuf,
}

impl DocumentServer {
    /// Serves until `stop` is done; then breaks off what is under way.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let shared = Arc::new(self);
        let room = Arc::new(Semaphore::new(bounds::CONNECTIONS));
        let mut connections = JoinSet::new();
        let accept = async {
            loop {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                    return;
                };
                while connections.try_join_next().is_some() {}
                match listener.accept().await {
                    Ok((tcp, _)) => {
                        let server = Arc::clone(&shared);
                        connections.spawn(async move {
                            server.connection(tcp).await;
                            drop(place);
                        });
                    }
                    // A caller that went away, or no file handles just now: neither lasts.
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                }
            }
        };
        tokio::select! {
            () = accept => {}
            () = stop => {}
        }
    }

    async fn connection(self: Arc<Self>, tcp: TcpStream) {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.tls));
        let shaken = tokio::time::timeout(bounds::HANDSHAKE, acceptor.accept(tcp)).await;
        let Ok(Ok(stream)) = shaken else { return };
        let certificates = stream.get_ref().1.peer_certificates();
        let is_gateway = certificates
            .and_then(<[_]>::first)
            .is_some_and(|leaf| leaf.as_ref() == self.gateway.as_slice());
        let service = service_fn(|request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move {
                let answer = if is_gateway {
                    server.answer(&request).await
                } else {
                    bare(StatusCode::FORBIDDEN)
                };
                Ok::<_, Infallible>(answer)
            }
        });
        // A broken connection is the caller's to report; here it only ends.
        let _ended = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds::IDLE)
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        if request.method() != Method::GET {
            return bare(StatusCode::METHOD_NOT_ALLOWED);
        }
        // A UUID cannot climb out of the folder.
        let id = request
            .uri()
            .path()
            .strip_prefix("/documenten/")
            .map(DocumentId::parse);
        let Some(Ok(id)) = id else {
            return bare(StatusCode::NOT_FOUND);
        };
        let path = self.folder.join(format!("{id}.pdf"));
        let Ok(opened) = tokio::task::spawn_blocking(move || open(&path)).await else {
            return bare(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let range = request
            .headers()
            .get(RANGE)
            .and_then(|value| value.to_str().ok());
        match opened {
            Ok(document) => document.part(range.and_then(ByteRange::parse)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => bare(StatusCode::NOT_FOUND),
            Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// A document, open.
struct OpenDocument {
    file: File,
    size_bytes: u64,
    etag: String,
}

fn open(path: &Path) -> io::Result<OpenDocument> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let changed = about
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", about.len(), changed.as_millis());
    Ok(OpenDocument {
        file,
        size_bytes: about.len(),
        etag,
    })
}

impl OpenDocument {
    fn part(self, range: Option<ByteRange>) -> Response<Body> {
        let size = self.size_bytes;
        let (status, first, length) = match range.map(|range| range.within(size)) {
            None => (StatusCode::OK, 0, size),
            Some(Some((first, last))) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Some(None) => {
                let mut answer = bare(StatusCode::RANGE_NOT_SATISFIABLE);
                set(&mut answer, CONTENT_RANGE, format!("bytes */{size}"));
                return answer;
            }
        };
        let mut answer = Response::new(pieces(self.file, first, length));
        *answer.status_mut() = status;
        set(&mut answer, CONTENT_TYPE, "application/pdf".to_owned());
        set(&mut answer, ACCEPT_RANGES, "bytes".to_owned());
        set(&mut answer, CONTENT_LENGTH, length.to_string());
        set(&mut answer, ETAG, self.etag);
        if status == StatusCode::PARTIAL_CONTENT {
            let last = first + length - 1;
            set(
                &mut answer,
                CONTENT_RANGE,
                format!("bytes {first}-{last}/{size}"),
            );
        }
        answer
    }
}

/// The bytes of a file from `first` on, piece by piece. A file that turns out shorter is an error,
/// not an end.
fn pieces(file: File, first: u64, length: u64) -> Body {
    let steps = stream::try_unfold((file, first, length), |(mut file, at, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let wanted = left.min(PIECE_BYTES);
            let mut piece = vec![0; usize::try_from(wanted).unwrap_or_default()];
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut piece)?;
            Ok::<_, io::Error>((
                Frame::data(Bytes::from(piece)),
                (file, at + wanted, left - wanted),
            ))
        });
        read.await.map_err(io::Error::other)?.map(Some)
    });
    StreamBody::new(steps).boxed_unsync()
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

fn set(answer: &mut Response<Body>, name: http::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        answer.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::RootCertStore;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;
    use crate::domain::{Oin, Purpose, TransactionId};
    use crate::provider::{
        Article, BaseUrl, Incoming as Answer, Limits, Outbound, Part, ProviderFailure,
        ProviderSettings, Providers, Wrong,
    };

    const DOCUMENT: &str = "0191d3a0-0000-7000-8000-00000000d0c1";

    type Issuer = CertifiedIssuer<'static, KeyPair>;
    type Leaf = (CertificateDer<'static>, PrivateKeyDer<'static>);

    fn leaf(issuer: &Issuer) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        (certificate.der().clone(), key)
    }

    /// A server with one document of `size` bytes, and two callers: the gateway and someone else
    /// with a certificate of the same issuer.
    async fn stage(folder: &Path, size: usize) -> (Providers, Providers, Vec<u8>) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let roots = Arc::new(roots);
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::clone(&roots),
            Arc::clone(&ring),
        );
        let (chain, key) = leaf(&issuer);
        let tls = rustls::ServerConfig::builder_with_provider(Arc::clone(&ring))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(vec![chain], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let caller = |(certificate, key): Leaf| {
            let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&ring))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(Arc::clone(&roots))
                .with_client_auth_cert(vec![certificate], key)
                .unwrap();
            let config = Arc::new(config);
            Providers::new(vec![ProviderSettings {
                oin: asked(None).provider,
                base_url: BaseUrl::parse(&format!("https://localhost:{port}")).unwrap(),
                tls: Arc::new(move || Some(Arc::clone(&config))),
                limits: Limits {
                    first_byte: Duration::from_secs(5),
                    ..Limits::default()
                },
            }])
        };
        let gateway = leaf(&issuer);
        let server = DocumentServer {
            tls: Arc::new(tls),
            gateway: gateway.0.to_vec(),
            folder: folder.to_owned(),
        };
        tokio::spawn(server.serve(listener, std::future::pending()));
        let bytes: Vec<u8> = (0..size)
            .map(|n| u8::try_from(n * 31 % 251).unwrap())
            .collect();
        std::fs::write(folder.join(format!("{DOCUMENT}.pdf")), &bytes).unwrap();
        (caller(gateway), caller(leaf(&issuer)), bytes)
    }

    fn asked(range: Option<ByteRange>) -> Outbound {
        Outbound {
            provider: Oin::parse("00000004194262501000").unwrap(),
            document: DocumentId::parse(DOCUMENT).unwrap(),
            range,
            size_bytes: None,
            transaction: TransactionId::parse("0191d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11").unwrap(),
            trace_parent: None,
            purpose: Purpose::parse("overig").unwrap(),
            article: Article::parse("AVG 6(1)(a)").unwrap(),
            requester: Oin::parse("00000001812345678000").unwrap(),
            index: 7,
        }
    }

    async fn bytes(answer: Answer) -> Vec<u8> {
        answer.body.collect().await.unwrap().to_bytes().to_vec()
    }

    #[tokio::test]
    async fn who_is_not_the_gateway_and_what_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (gateway, other, _) = stage(folder.path(), 10).await;
        let refused = other.ask_without_record(&asked(None)).await.unwrap_err();
        assert!(
            matches!(
                refused,
                ProviderFailure::Wrong(Wrong::Status(StatusCode::FORBIDDEN))
            ),
            "{refused:?}"
        );
        let unknown = "0191d3a0-0000-7000-8000-00000000ffff";
        let unknown = Outbound {
            document: DocumentId::parse(unknown).unwrap(),
            ..asked(None)
        };
        let missing = gateway.ask_without_record(&unknown).await.unwrap_err();
        assert!(matches!(missing, ProviderFailure::NotFound), "{missing:?}");
        let beyond = gateway
            .ask_without_record(&asked(Some(ByteRange::From(10))))
            .await
            .unwrap_err();
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        assert!(
            matches!(beyond, ProviderFailure::Wrong(Wrong::Status(found)) if found == status),
            "{beyond:?}"
        );
    }

    #[tokio::test]
    async fn the_whole_and_every_part_arrive() {
        let folder = tempfile::tempdir().unwrap();
        let (gateway, _, written) = stage(folder.path(), 1_000_003).await;
        let whole = gateway.ask_without_record(&asked(None)).await.unwrap();
        assert_eq!((whole.part, whole.length), (Part::Whole, Some(1_000_003)));
        let etag = whole.etag.clone();
        assert!(etag.is_some());
        assert_eq!(bytes(whole).await, written);
        for range in [
            ByteRange::FromTo(0, 0),
            ByteRange::FromTo(131_070, 393_217),
            ByteRange::Last(5),
            ByteRange::From(900_000),
        ] {
            let (first, last) = range.within(1_000_003).unwrap();
            let part = gateway
                .ask_without_record(&asked(Some(range)))
                .await
                .unwrap();
            assert_eq!(
                part.part,
                Part::Range {
                    first,
                    last,
                    size: 1_000_003
                }
            );
            assert_eq!(part.etag, etag);
            let (first, last) = (
                usize::try_from(first).unwrap(),
                usize::try_from(last).unwrap(),
            );
            assert_eq!(bytes(part).await, written[first..=last], "{range:?}");
        }
    }

    #[tokio::test]
    async fn a_file_cut_short_while_it_is_read_breaks_the_answer_off() {
        let folder = tempfile::tempdir().unwrap();
        let (gateway, _, _) = stage(folder.path(), 8_000_000).await;
        let answer = gateway.ask_without_record(&asked(None)).await.unwrap();
        let file = File::options()
            .write(true)
            .open(folder.path().join(format!("{DOCUMENT}.pdf")));
        file.unwrap().set_len(1_000).unwrap();
        assert!(answer.body.collect().await.is_err());
    }
}

//! A providing organisation's document server, as the demo plays it: `GET /documenten/{uuid}` over
//! mutual TLS, from a folder of PDF files, with ranges, streamed from disk.
//!
//! It hands documents to one caller, the gateway, by its very certificate. What decides who may have
//! what is the gateway; this side only checks that it is the gateway that asks.

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
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::dataset::Party;
use super::year::Year;
use crate::bounds;
use crate::domain::DocumentId;
use crate::identity::PartyTls;
use crate::provider::ByteRange;

/// What is read from disk at a time.
const PIECE_BYTES: u64 = 128 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A document server that is not yet listening.
#[derive(Debug, Clone)]
pub struct DocumentServer {
    /// What this organisation speaks TLS with.
    pub tls: PartyTls,
    /// Where `{uuid}.pdf` are.
    pub folder: PathBuf,
    /// Documents that are made when they are asked for: the year's, and who keeps them.
    pub year: Option<(Arc<Year>, Party)>,
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
        // A head and a body are two writes; without this the second waits for the first's ACK.
        let _ = tcp.set_nodelay(true);
        let shaken = tokio::time::timeout(bounds::HANDSHAKE, self.tls.answer(tcp)).await;
        let Ok(Ok(knocked)) = shaken else { return };
        let service = service_fn(|request: Request<Incoming>| {
            let server = Arc::clone(&self);
            async move {
                let answer = if knocked.is_expected {
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
            .serve_connection(TokioIo::new(knocked.stream), service)
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
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.made(id, range.and_then(ByteRange::parse)).await
            }
            Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl DocumentServer {
    /// A document of the year, which is in no folder.
    async fn made(&self, id: DocumentId, range: Option<ByteRange>) -> Response<Body> {
        let Some((year, holder)) = self.year.clone() else {
            return bare(StatusCode::NOT_FOUND);
        };
        let making = move || year.find(holder, id).map(|planned| planned.pdf());
        match tokio::task::spawn_blocking(making).await {
            Ok(Some(Ok(pdf))) => {
                let document = OpenDocument {
                    size_bytes: pdf.len() as u64,
                    content: Content::Made(pdf.into()),
                    etag: format!("\"{id}\""),
                };
                document.part(range)
            }
            Ok(None) => bare(StatusCode::NOT_FOUND),
            _ => bare(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// A document, open.
struct OpenDocument {
    content: Content,
    size_bytes: u64,
    etag: String,
}

enum Content {
    File(File),
    Made(Bytes),
}

impl Content {
    fn part(self, first: u64, length: u64) -> Body {
        match self {
            Self::File(file) => pieces(file, first, length),
            Self::Made(bytes) => {
                let first = usize::try_from(first)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let last = first.saturating_add(length).min(bytes.len());
                let part = Full::new(bytes.slice(first..last));
                part.map_err(|never| match never {}).boxed_unsync()
            }
        }
    }
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
        content: Content::File(file),
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
        let mut answer = Response::new(self.content.part(first, length));
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
    use hyper::client::conn::http1;

    use super::*;
    use crate::clock::{SystemClock, SystemRandomness};
    use crate::identity::dev_pki;

    const DOCUMENT: &str = "0191d3a0-0000-7000-8000-00000000d0c1";

    /// A server with one document, and who may call it.
    struct Stage {
        folder: tempfile::TempDir,
        port: u16,
        gateway: PartyTls,
        other: PartyTls,
        written: Vec<u8>,
    }

    impl Stage {
        async fn new(size: usize) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(SystemClock);
            let certs = folder.path().join("certs");
            let pki = dev_pki(&certs, &*clock, &SystemRandomness::default()).unwrap();
            let tls = |party: &str, other: &str| {
                let (party, other) = (pki.party(party).unwrap(), pki.party(other).unwrap());
                PartyTls::open(&pki, party, other, clock.clone()).unwrap()
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = DocumentServer {
                tls: tls("img", "gateway"),
                folder: folder.path().to_owned(),
                year: None,
            };
            tokio::spawn(server.serve(listener, std::future::pending()));
            let written: Vec<u8> = (0..size)
                .map(|n| u8::try_from(n * 31 % 251).unwrap())
                .collect();
            std::fs::write(folder.path().join(format!("{DOCUMENT}.pdf")), &written).unwrap();
            let (gateway, other) = (tls("gateway", "img"), tls("ncg", "img"));
            Self {
                folder,
                port,
                gateway,
                other,
                written,
            }
        }

        async fn ask(&self, who: &PartyTls, id: &str, range: &str) -> Response<Incoming> {
            let tcp = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            let stream = TokioIo::new(who.call(tcp).await.unwrap());
            let (mut sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            let mut request = Request::get(format!("/documenten/{id}"));
            if !range.is_empty() {
                request = request.header(RANGE, range);
            }
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            sender.send_request(request).await.unwrap()
        }
    }

    #[tokio::test]
    async fn who_is_not_the_gateway_and_what_is_not_there_is_refused() {
        let stage = Stage::new(10).await;
        let unknown = "0191d3a0-0000-7000-8000-00000000ffff";
        for (who, id, range, status) in [
            (&stage.other, DOCUMENT, "", StatusCode::FORBIDDEN),
            (&stage.gateway, unknown, "", StatusCode::NOT_FOUND),
            (&stage.gateway, "../certs/ca.key", "", StatusCode::NOT_FOUND),
            (
                &stage.gateway,
                DOCUMENT,
                "bytes=10-",
                StatusCode::RANGE_NOT_SATISFIABLE,
            ),
        ] {
            let answer = stage.ask(who, id, range).await;
            assert_eq!(answer.status(), status, "{id} {range}");
            assert!(answer.collect().await.unwrap().to_bytes().is_empty());
        }
    }

    #[tokio::test]
    async fn the_whole_and_every_part_arrive() {
        let stage = Stage::new(1_000_003).await;
        for (range, first, last) in [
            ("", 0, 1_000_002),
            ("bytes=0-0", 0, 0),
            ("bytes=131070-393217", 131_070, 393_217),
            ("bytes=-5", 999_998, 1_000_002),
            ("bytes=900000-", 900_000, 1_000_002),
        ] {
            let answer = stage.ask(&stage.gateway, DOCUMENT, range).await;
            let said = answer.headers().get(CONTENT_RANGE).cloned();
            let expected = (!range.is_empty()).then(|| format!("bytes {first}-{last}/1000003"));
            assert_eq!(said.map(|s| s.to_str().unwrap().to_owned()), expected);
            assert!(answer.headers().contains_key(ETAG));
            let bytes = answer.collect().await.unwrap().to_bytes();
            assert_eq!(bytes, stage.written[first..=last], "{range}");
        }
    }

    #[tokio::test]
    async fn a_file_cut_short_while_it_is_read_breaks_the_answer_off() {
        let stage = Stage::new(8_000_000).await;
        let answer = stage.ask(&stage.gateway, DOCUMENT, "").await;
        let path = stage.folder.path().join(format!("{DOCUMENT}.pdf"));
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(1_000).unwrap();
        assert!(answer.collect().await.is_err());
    }
}

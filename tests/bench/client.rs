//! One requester's connection: mutual TLS, HTTP/1.1, and every answer checked.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;

use crate::failure::{Context as _, Failure, Outcome};
use crate::provider::Size;
use crate::rounds::float;
use crate::tokens::Stock;

/// What says that a release was decided and recorded.
const RECORDED: &str = "sluis-logboek-index";
/// A slow reader's buffers, socket and HTTP each: the kernel's own would swallow a whole document.
const SLOW_READER_BYTES: usize = 64 * 1024;
/// How long any one answer may take; a slow reader takes its time on purpose.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whom the load goes to.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) tokens: Stock,
    /// Whether its answers name the ledger entry: without one it did less work than it should.
    pub(crate) recorded: bool,
    pub(crate) documents: Documents,
    pub(crate) next: AtomicUsize,
}

/// What is asked for.
pub(crate) enum Documents {
    /// These of each size, in turn.
    InTurn(Vec<(Size, Vec<Uri>)>),
    /// The gateway's small ones with these numbers, in no order that a cache could use.
    Spread(Range<usize>),
}

/// Where the gateway gives a document.
pub(crate) fn download_path(id: &str) -> String {
    format!("/v1/documenten/{id}/download")
}

/// Another number for each, all over the range of numbers (the finish of splitmix64).
const fn scattered(turn: u64) -> u64 {
    let mixed = turn.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

impl Target {
    /// The next document of this size.
    pub(crate) fn document(&self, size: Size) -> Outcome<Uri> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        match &self.documents {
            Documents::InTurn(sizes) => {
                let documents = sizes.iter().find(|(of, _)| *of == size);
                let (_, documents) = documents.or_fail("find documents of a size")?;
                let document = documents.get(turn % documents.len().max(1));
                document.cloned().or_fail("find a document")
            }
            Documents::Spread(numbers) => {
                let beyond = scattered(turn as u64) % (numbers.len() as u64).max(1);
                let beyond = usize::try_from(beyond).or_fail("find a document")?;
                let id = Size::Small.uuid(numbers.start + beyond);
                download_path(&id).parse().or_fail("make a path")
            }
        }
    }

    /// A request for the next document of this size, with a token.
    fn request(&self, size: Size) -> Outcome<Request<Full<Bytes>>> {
        self.request_with(size, self.tokens.take()?)
    }

    fn request_with(&self, size: Size, token: HeaderValue) -> Outcome<Request<Full<Bytes>>> {
        Request::get(self.document(size)?)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, token)
            .body(Full::default())
            .or_fail("make a request")
    }

    fn accept(&self, response: &Response<Incoming>) -> Result<(), &'static str> {
        if response.status() != StatusCode::OK {
            return Err("not a 200");
        }
        if self.recorded && !response.headers().contains_key(RECORDED) {
            return Err("a release without a ledger index");
        }
        Ok(())
    }
}

/// How a connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    Fast,
    Slow,
}

/// A connection that is up.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects and shakes hands.
    pub(crate) async fn open(
        address: SocketAddr,
        tls: Arc<ClientConfig>,
        reader: Reader,
    ) -> Outcome<Self> {
        let stream = connect(address, reader)
            .await
            .or_fail(format!("connect to {address}"))?;
        stream.set_nodelay(true).or_fail("set a socket's options")?;
        let name = ServerName::try_from("localhost").or_fail("name the server")?;
        let stream = TlsConnector::from(tls)
            .connect(name, stream)
            .await
            .or_fail(format!("shake hands with {address}"))?;
        let mut http = Builder::new();
        if reader == Reader::Slow {
            http.max_buf_size(SLOW_READER_BYTES);
        }
        let (sender, connection) = http
            .handshake(TokioIo::new(stream))
            .await
            .or_fail("speak HTTP")?;
        // What breaks the connection also fails the request on it, which is where it is reported.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Connects to a target.
    pub(crate) async fn to(target: &Target, reader: Reader) -> Outcome<Self> {
        Self::open(target.address, target.tls.clone(), reader).await
    }

    /// Whether the other side still wants requests on it.
    pub(crate) async fn usable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Any call; the answer's body read whole.
    pub(crate) async fn call(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Outcome<(StatusCode, Bytes)> {
        let asked = format!("{} {}", request.method(), request.uri());
        self.sender.ready().await.or_fail(&asked)?;
        let response = self.sender.send_request(request).await.or_fail(&asked)?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .or_fail(&asked)?
            .to_bytes();
        Ok((status, body))
    }

    /// Any call with this token and, where there is a body, its media type.
    pub(crate) async fn ask(
        &mut self,
        token: HeaderValue,
        method: Method,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> Outcome<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(AUTHORIZATION, token);
        if let Some((media, _)) = body {
            request = request.header(CONTENT_TYPE, media);
        }
        let body = body.map_or_else(Bytes::new, |(_, body)| body);
        self.call(request.body(Full::new(body)).or_fail("make a request")?)
            .await
    }

    /// Downloads a document and holds its length against what it should be.
    pub(crate) async fn download(&mut self, target: &Target, size: Size) -> Outcome<()> {
        let response = tokio::time::timeout(PATIENCE, self.respond(target, size));
        let mut body = response.await.or_fail("wait any longer")??;
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.or_fail(format!("read a document from {}", target.name))?;
            bytes += frame.data_ref().map_or(0, Bytes::len);
        }
        complete(target, size, bytes)
    }

    /// Begins a download, reads its first piece and hangs up.
    pub(crate) async fn break_off(mut self, target: &Target, size: Size) -> Outcome<()> {
        let mut body = self.respond(target, size).await?;
        let first = body.frame().await.or_fail("read the first piece")?;
        first.map(drop).or_fail("read the first piece")
    }

    /// Downloads a document evenly over this time.
    pub(crate) async fn download_over(
        &mut self,
        target: &Target,
        size: Size,
        time: Duration,
    ) -> Outcome<()> {
        let mut body = self.respond(target, size).await?;
        let (since, per_byte) = (
            Instant::now(),
            time.as_secs_f64() / float(size.bytes() as u64),
        );
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.or_fail(format!("read a document from {}", target.name))?;
            bytes += frame.data_ref().map_or(0, Bytes::len);
            sleep_until(since + Duration::from_secs_f64(per_byte * float(bytes as u64))).await;
        }
        complete(target, size, bytes)
    }

    /// Downloads a document and compares every byte.
    pub(crate) async fn compare(&mut self, target: &Target, size: Size) -> Outcome<()> {
        let body = self.respond(target, size).await?.collect().await;
        let body = body
            .or_fail(format!("read a document from {}", target.name))?
            .to_bytes();
        if body == size.body() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{} gave other bytes than the provider's",
            target.name
        )))
    }

    /// Asks with a token that gives no right to it, which must not give the document.
    pub(crate) async fn is_refused(&mut self, target: &Target, token: HeaderValue) -> Outcome<()> {
        let (status, _) = self.call(target.request_with(Size::Small, token)?).await?;
        if status == StatusCode::FORBIDDEN {
            return Ok(());
        }
        let name = target.name;
        Err(Failure::new(format!(
            "{name} answered {status} where it must refuse"
        )))
    }

    async fn respond(&mut self, target: &Target, size: Size) -> Outcome<Incoming> {
        let request = target.request(size)?;
        let asked = format!("download {} from {}", request.uri(), target.name);
        self.sender.ready().await.or_fail(&asked)?;
        let response = self.sender.send_request(request).await.or_fail(&asked)?;
        let Err(wrong) = target.accept(&response) else {
            return Ok(response.into_body());
        };
        let status = response.status();
        let told = response
            .into_body()
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        let told = told.unwrap_or_default();
        let told = match std::str::from_utf8(&told) {
            Ok(text) => text.trim().to_owned(),
            Err(_) => format!("({} bytes, not text)", told.len()),
        };
        Err(Failure::new(format!(
            "could not {asked}: {wrong}: {status} {told}"
        )))
    }
}

fn complete(target: &Target, size: Size, bytes: usize) -> Outcome<()> {
    if bytes == size.bytes() {
        return Ok(());
    }
    let wanted = size.bytes();
    Err(Failure::new(format!(
        "{} gave {bytes} bytes instead of {wanted}",
        target.name
    )))
}

/// A socket that is connected.
pub(crate) async fn connect(address: SocketAddr, reader: Reader) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if reader == Reader::Slow {
        socket.set_recv_buffer_size(u32::try_from(SLOW_READER_BYTES).unwrap_or(u32::MAX))?;
    }
    socket.connect(address).await
}

//! A providing organisation inside the test process: a real server with mutual TLS, which can be
//! told to misbehave.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::party::{pki, server_tls, strange_pki};

/// How it answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Behaviour {
    /// As it should.
    Good,
    /// With this status and no document.
    Status(u16),
    /// With a document of another size than the index says, by so many bytes.
    OtherSize(i64),
    /// The right length, but the connection ends after so many bytes.
    BreaksOff(usize),
    /// The right length, but nothing comes after so many bytes.
    FallsSilent(usize),
    /// The right length, but after so many bytes it comes a byte at a time, one in each second.
    Drips(usize),
    /// Not at all.
    Mute,
    /// With headers that are none of its business.
    Chatty,
    /// With the certificate of another organisation under the same CA.
    OtherOin,
    /// With a certificate of a CA that nobody trusts.
    StrangeCertificate,
    /// It hangs up before the handshake.
    HangsUp,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Debug)]
struct Inner {
    name: &'static str,
    documents: Mutex<HashMap<String, Bytes>>,
    asked: Mutex<Vec<Asked>>,
    heard: Mutex<Vec<u8>>,
    behaviour: watch::Sender<Behaviour>,
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Provider {
    inner: Arc<Inner>,
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

impl Provider {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            name,
            documents: Mutex::default(),
            asked: Mutex::default(),
            heard: Mutex::default(),
            behaviour: watch::Sender::new(Behaviour::Good),
        });
        let serving = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tokio::spawn(Arc::clone(&serving).connection(tcp));
            }
        });
        Self {
            inner,
            address,
            task,
        }
    }

    /// From now on; connections from before are ended.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.inner.behaviour.send_replace(behaviour);
    }

    /// Nobody listens there any more.
    pub(crate) fn shut_down(&self) {
        self.task.abort();
        self.behave(Behaviour::HangsUp);
    }

    pub(crate) fn keep(&self, uuid: &str, document: Bytes) {
        self.inner
            .documents
            .lock()
            .unwrap()
            .insert(uuid.to_owned(), document);
    }

    /// Everything it was asked since the last time this was called.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }

    /// Every byte it received since the last time this was called, as it came.
    pub(crate) fn take_heard(&self) -> Vec<u8> {
        std::mem::take(&mut self.inner.heard.lock().unwrap())
    }
}

/// A connection whose bytes from the gateway are kept.
struct Tapped {
    stream: TlsStream<TcpStream>,
    inner: Arc<Inner>,
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        let mut heard = self.inner.heard.lock().unwrap();
        heard.extend_from_slice(&into.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inner {
    fn tls(&self, behaviour: &Behaviour) -> Arc<ServerConfig> {
        match behaviour {
            Behaviour::OtherOin => server_tls(pki(), "gemeente"),
            Behaviour::StrangeCertificate => server_tls(strange_pki(), self.name),
            _ => server_tls(pki(), self.name),
        }
    }

    async fn connection(self: Arc<Self>, tcp: TcpStream) {
        let mut behaviour = self.behaviour.subscribe();
        let now = behaviour.borrow_and_update().clone();
        if now == Behaviour::HangsUp {
            return;
        }
        tcp.set_nodelay(true).unwrap();
        let Ok(tls) = TlsAcceptor::from(self.tls(&now)).accept(tcp).await else {
            return;
        };
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            let (inner, now) = (Arc::clone(&self), now.clone());
            async move { Ok::<_, Infallible>(inner.answer(&request, &now).await) }
        });
        let http = hyper::server::conn::http1::Builder::new();
        let tapped = Tapped {
            stream: tls,
            inner: Arc::clone(&self),
        };
        let serving = http.serve_connection(TokioIo::new(tapped), service);
        tokio::select! {
            _ = serving => {}
            _ = behaviour.changed() => {}
        }
    }

    async fn answer(&self, request: &Request<Incoming>, behaviour: &Behaviour) -> Response<Body> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(Asked {
            method: request.method().to_string(),
            path: path.clone(),
            headers: request.headers().clone(),
        });
        let uuid = path.rsplit('/').next().unwrap_or_default();
        let Some(document) = self.documents.lock().unwrap().get(uuid).cloned() else {
            return bare(404);
        };
        match behaviour {
            Behaviour::Status(status) => bare(*status),
            Behaviour::Mute => std::future::pending().await,
            Behaviour::OtherSize(by) => {
                let size = document
                    .len()
                    .checked_add_signed(isize::try_from(*by).unwrap());
                whole(vec![b'x'; size.unwrap()].into())
            }
            Behaviour::BreaksOff(after) => {
                // What was sent before must be on its way, or there is no answer at all.
                let broken = stream::once(async {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    Err(io::Error::other("broken off"))
                });
                piece_and_then(&document, *after, broken.boxed())
            }
            Behaviour::FallsSilent(after) => {
                piece_and_then(&document, *after, stream::pending().boxed())
            }
            Behaviour::Drips(after) => {
                let drops = document.slice(*after..);
                let dripping = stream::unfold(drops, |mut drops| async {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    let drop = drops.split_to(1.min(drops.len()));
                    Some((Ok(Frame::data(drop)), drops))
                });
                piece_and_then(&document, *after, dripping.boxed())
            }
            Behaviour::Chatty => {
                let mut answer = whole(document);
                for (name, value) in [
                    ("set-cookie", "volg=mij"),
                    ("sluis-grondslag", "wat u maar wilt"),
                    ("sluis-logboek-index", "0"),
                    ("sluis-extra", "x"),
                    ("fsc-transaction-id", "00000000-0000-0000-0000-000000000000"),
                    ("fsc-extra", "x"),
                    ("location", "https://elders.example/"),
                    ("server", "bron/1.0"),
                    (
                        "content-disposition",
                        "inline; filename=\"../../etc/passwd\"",
                    ),
                    ("content-type", "text/html"),
                    ("etag", "\"van-de-bron\""),
                ] {
                    answer
                        .headers_mut()
                        .insert(name, HeaderValue::from_static(value));
                }
                answer
            }
            _ => part(document, request.headers()),
        }
    }
}

fn part(document: Bytes, headers: &HeaderMap) -> Response<Body> {
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
    else {
        return whole(document);
    };
    let size = document.len();
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(size - 1)),
        (Ok(first), Err(_)) => (first, size - 1),
        (Err(_), Ok(count)) => (size.saturating_sub(count), size - 1),
        (Err(_), Err(_)) => return bare(400),
    };
    let mut answer = whole(document.slice(first..=last));
    *answer.status_mut() = hyper::StatusCode::PARTIAL_CONTENT;
    let told = format!("bytes {first}-{last}/{size}");
    answer
        .headers_mut()
        .insert(CONTENT_RANGE, told.parse().unwrap());
    answer
}

fn whole(document: Bytes) -> Response<Body> {
    Response::new(
        Full::new(document)
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

fn piece_and_then(
    document: &Bytes,
    after: usize,
    then: stream::BoxStream<'static, io::Result<Frame<Bytes>>>,
) -> Response<Body> {
    let first = stream::iter([Ok(Frame::data(document.slice(..after)))]);
    let mut answer = Response::new(StreamBody::new(first.chain(then)).boxed_unsync());
    answer
        .headers_mut()
        .insert(CONTENT_LENGTH, document.len().into());
    answer
}

fn bare(status: u16) -> Response<Body> {
    let mut answer = whole(Bytes::new());
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    if (300..400).contains(&status) {
        answer.headers_mut().insert(
            "location",
            HeaderValue::from_static("https://elders.example/"),
        );
    }
    answer
}

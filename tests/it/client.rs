//! A client as a requesting organisation would write it: HTTP/1.1 over mutual TLS, keep-alive.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HeaderMap;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// Nothing honest takes longer.
const PATIENCE: Duration = Duration::from_secs(45);

/// A call that is still to be made.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    host: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.into(),
            host: "sluis.example".to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header("host", &self.host);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body.clone())).unwrap()
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The text of an answer that may be a document.
    pub(crate) fn text_or_nothing(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {:?}", self.status, self.body))
    }

    /// The code of a problem; empty when it is none.
    pub(crate) fn code(&self) -> String {
        if self.header("content-type") != "application/problem+json" {
            return String::new();
        }
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// `200`, or `403 niet-toegestaan GEEN_GRONDSLAG`.
    pub(crate) fn short(&self) -> String {
        let mut short = self.status.to_string();
        let code = self.code();
        if !code.is_empty() {
            short = format!("{short} {code}");
            if let Some(reason) = self.json()["reden"].as_str() {
                short = format!("{short} {reason}");
            }
        }
        short
    }

    #[track_caller]
    pub(crate) fn expect(self, short: &str) -> Self {
        assert_eq!(
            self.short(),
            short,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

/// One connection, opened when needed and kept.
#[derive(Debug)]
pub(crate) struct Line {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    kept: Option<Kept>,
}

/// A connection that is up, and its task.
#[derive(Debug)]
struct Kept {
    sender: SendRequest<Full<Bytes>>,
    running: JoinHandle<hyper::Result<()>>,
}

impl Line {
    pub(crate) fn new(address: SocketAddr, tls: Arc<ClientConfig>) -> Self {
        Self {
            address,
            tls,
            kept: None,
        }
    }

    async fn connect(&self) -> Result<Kept, String> {
        let text = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
        let tcp = TcpStream::connect(self.address)
            .await
            .map_err(|e| text("connect", &e))?;
        tcp.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp);
        let tls = tls.await.map_err(|e| text("handshake", &e))?;
        let (sender, connection) = http1::handshake(TokioIo::new(tls))
            .await
            .map_err(|e| text("http", &e))?;
        let running = tokio::spawn(connection);
        Ok(Kept { sender, running })
    }

    /// Sends a call; the body of the answer is still to be read.
    pub(crate) async fn open(&mut self, call: &Call) -> Result<Response<Incoming>, String> {
        let mut kept = self.kept.take();
        if let Some(known) = &mut kept
            && known.sender.ready().await.is_err()
        {
            kept = None;
        }
        let mut kept = match kept {
            Some(kept) => kept,
            None => self.connect().await?,
        };
        let mut answer = pin!(kept.sender.send_request(call.request()));
        let answered = async {
            tokio::select! {
                biased;
                answer = &mut answer => answer.map_err(|error| format!("send: {error}")),
                // Whoever sends on a connection that ends at that moment may never be told.
                _ = &mut kept.running => match answer.now_or_never() {
                    Some(answer) => answer.map_err(|error| format!("send: {error}")),
                    None => Err("send: the connection ended".to_owned()),
                },
            }
        };
        let answer = tokio::time::timeout(PATIENCE, answered).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {call:?}"));
        if answer.is_ok() {
            self.kept = Some(kept);
        }
        answer
    }

    /// Makes a call; `Err` when the connection broke before the answer was whole.
    pub(crate) async fn try_call(&mut self, call: &Call) -> Result<Answer, String> {
        let (parts, body) = self.open(call).await?.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await;
        let body = body.unwrap_or_else(|_| panic!("no end to the answer of {call:?}"));
        let body = body.map_err(|error| format!("body: {error}"))?.to_bytes();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    /// Makes a call that must be answered.
    pub(crate) async fn call(&mut self, call: &Call) -> Answer {
        match self.try_call(call).await {
            Ok(answer) => answer,
            Err(error) => panic!("{} {}: {error}", call.method, call.path),
        }
    }
}

/// A plain GET on the listener for operators.
pub(crate) async fn ops(address: SocketAddr, path: &str) -> Answer {
    let tcp = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Empty::<Bytes>::new());
    let (parts, body) = sender
        .send_request(request.unwrap())
        .await
        .unwrap()
        .into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

//! A collector inside the test process: a real server with mutual TLS that takes logs and traces
//! (OTLP/HTTP in JSON) and keeps them, and can be told to misbehave.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::party::{pki, server_tls, strange_pki};

/// Where spans are kept, whatever their scope.
pub(crate) const TRACES: &str = "traces";

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    /// It takes everything.
    Good,
    /// With this status.
    Status(u16),
    /// It keeps everything, and says it refused so many.
    Refuses(u64),
    /// With the certificate of a CA that nobody trusts.
    Strange,
    /// It never answers.
    Mute,
}

#[derive(Debug)]
struct Inner {
    mood: Mutex<Mood>,
    asked: Mutex<u32>,
    taken: Mutex<Vec<(String, Value)>>,
    heard: Mutex<Vec<u8>>,
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Collector {
    inner: Arc<Inner>,
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            mood: Mutex::new(Mood::Good),
            asked: Mutex::default(),
            taken: Mutex::default(),
            heard: Mutex::default(),
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

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// How often it was asked anything since this was last called.
    pub(crate) fn take_asked(&self) -> u32 {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }

    /// The log records it took so far, in this scope, such as `sluis.ldv`; the spans, in [`TRACES`].
    pub(crate) fn taken(&self, scope: &str) -> Vec<Value> {
        let taken = self.inner.taken.lock().unwrap();
        let of_scope = taken.iter().filter(|(of, _)| of == scope);
        of_scope.map(|(_, record)| record.clone()).collect()
    }
}

impl Collector {
    /// Every byte it was sent so far, in headers and bodies.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.inner.heard.lock().unwrap().clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inner {
    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    async fn connection(self: Arc<Self>, tcp: TcpStream) {
        let folder = match self.mood() {
            Mood::Strange => strange_pki(),
            _ => pki(),
        };
        let tls = TlsAcceptor::from(server_tls(folder, "img"));
        let Ok(tls) = tls.accept(tcp).await else {
            return;
        };
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            let inner = Arc::clone(&self);
            async move { Ok::<_, Infallible>(inner.answer(request).await) }
        });
        let http = hyper::server::conn::http1::Builder::new();
        let _ = http.serve_connection(TokioIo::new(tls), service).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        *self.asked.lock().unwrap() += 1;
        let (parts, body) = request.into_parts();
        assert_eq!(parts.method, "POST");
        let [all, scopes, records, refused] = match parts.uri.path() {
            "/v1/logs" => [
                "resourceLogs",
                "scopeLogs",
                "logRecords",
                "rejectedLogRecords",
            ],
            "/v1/traces" => ["resourceSpans", "scopeSpans", "spans", "rejectedSpans"],
            other => panic!("{other}"),
        };
        assert_eq!(parts.headers["content-type"], "application/json");
        let body = body.collect().await.unwrap().to_bytes();
        {
            let mut heard = self.heard.lock().unwrap();
            heard.extend_from_slice(format!("{} {:?}\n", parts.uri, parts.headers).as_bytes());
            heard.extend_from_slice(&body);
        }
        let answer = match self.mood() {
            Mood::Status(status) => {
                let answer = Response::builder().status(status);
                return answer.body(Full::default()).unwrap();
            }
            Mood::Refuses(count) => format!(r#"{{"partialSuccess":{{"{refused}":"{count}"}}}}"#),
            Mood::Good | Mood::Strange => "{}".to_owned(),
            Mood::Mute => std::future::pending().await,
        };
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let told = &sent[all][0][scopes][0];
        let scope = match records {
            "spans" => TRACES.to_owned(),
            _ => told["scope"]["name"].as_str().unwrap().to_owned(),
        };
        let records = told[records].as_array().unwrap();
        // A call has some spans.
        let most = if scope == TRACES { 8_192 } else { 512 };
        assert!((1..=most).contains(&records.len()), "{}", records.len());
        let mut taken = self.taken.lock().unwrap();
        taken.extend(records.iter().map(|one| (scope.clone(), one.clone())));
        Response::new(Full::new(answer.into()))
    }
}

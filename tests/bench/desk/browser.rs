//! A gateway with a desk, and a browser at it that keeps its cookie.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use sluis::app::{Gateway, Ports, Prepared};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::demo::people;
use sluis::desk::{Links, Login};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) bytes: usize,
    pub(crate) location: String,
}

pub(crate) struct Browser {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    cookie: String,
    token: String,
}

impl Browser {
    /// Opens a gateway on this book, and logs in as a privacy officer.
    pub(crate) async fn open(config: Config) -> Self {
        let links = Links::new(people::of(&config.organisations));
        let random = SystemRandomness::default();
        let link = links.fresh(&random).unwrap();
        let anchors = config.identity.tls.trust_anchors.clone();
        let prepared = Prepared::new(config, Arc::new(SystemClock), Arc::new(random));
        let prepared = prepared.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let desk = TcpListener::bind(any).await.unwrap();
        let at = desk.local_addr().unwrap();
        let ports = Ports {
            exchange: TcpListener::bind(any).await.unwrap(),
            desk: Some((desk, Login::Links(links))),
            ops: TcpListener::bind(any).await.unwrap(),
        };
        let gateway = Gateway::start_on(prepared, ports).await.unwrap();
        tokio::spawn(gateway.run(std::future::pending()));

        let mut roots = RootCertStore::empty();
        for path in &anchors {
            use rustls::pki_types::pem::PemObject as _;
            roots
                .add(rustls::pki_types::CertificateDer::from_pem_file(path).unwrap())
                .unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = TcpStream::connect(at).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, tcp)
            .await
            .unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut browser = Self {
            sender,
            host: at.to_string(),
            cookie: String::new(),
            token: String::new(),
        };
        let entered = browser.post(&link, &[("persoon", "img-fg")]).await;
        assert_eq!(entered.status, 303);
        browser
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("teken", &self.token);
        body.extend_pairs(fields);
        self.send("POST", path, body.finish().into()).await
    }

    async fn send(&mut self, method: &str, path: &str, body: Bytes) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host);
        if method == "POST" {
            request = request
                .header("origin", format!("https://{}", self.host))
                .header("content-type", "application/x-www-form-urlencoded");
        }
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        self.sender.ready().await.unwrap();
        let answer = self
            .sender
            .send_request(request.body(Full::new(body)).unwrap())
            .await;
        let (parts, body) = answer.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let header = |name: &str| {
            let value = parts.headers.get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let set = header("set-cookie");
        if let Some((pair, _)) = set.split_once(';') {
            pair.clone_into(&mut self.cookie);
        }
        let text = std::str::from_utf8(&body).unwrap_or_default();
        if let Some((_, after)) = text.split_once("name=\"teken\" value=\"") {
            after.split('"').next().unwrap().clone_into(&mut self.token);
        }
        Answer {
            status: parts.status.as_u16(),
            bytes: body.len(),
            location: header("location"),
        }
    }
}

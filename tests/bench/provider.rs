//! The providing organisation: bodies of three sizes, from memory, over mutual TLS.

use std::convert::Infallible;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{self, Party};
use crate::failure::{Context as _, Outcome};
use crate::options::ProviderIdentity;
use crate::process::Process;

/// The sizes that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Small,
    Middle,
    Large,
}

impl Size {
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Middle, Self::Large];

    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Small => 4 * 1024,
            Self::Middle => 200 * 1024,
            Self::Large => 10 * 1024 * 1024,
        }
    }

    /// The first group of a document's uuid says how large it is, so the provider needs no list.
    const fn mark(self) -> &'static str {
        match self {
            Self::Small => "00000004",
            Self::Middle => "00000200",
            Self::Large => "00010240",
        }
    }

    /// The uuid of the document of this size and number.
    pub(crate) fn uuid(self, number: usize) -> String {
        format!("{}-0000-4000-8000-{number:012x}", self.mark())
    }

    /// The bytes: no pattern that anything could compress, and the same in every process.
    pub(crate) fn body(self) -> Bytes {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let words = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        words
            .take(self.bytes() / 8)
            .flatten()
            .collect::<Vec<u8>>()
            .into()
    }
}

/// Starts this program again as the providing process and reads where it listens.
///
/// Its standard input stays open as long as we live: that is how it knows when to end.
pub(crate) fn start(party: &Party) -> Outcome<(Process, u16, std::process::ChildStdin)> {
    use std::io::BufRead as _;
    let program = std::env::current_exe().or_fail("find this program")?;
    let mut child = Command::new(program)
        .arg("provider")
        .arg("--certificate")
        .arg(&party.certificate)
        .arg("--key")
        .arg(&party.key)
        .arg("--ca")
        .arg(&party.ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail("start the providing process")?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let process = Process::adopt("the providing process", child);
    let mut line = String::new();
    let mut output = std::io::BufReader::new(output.or_fail("read from the providing process")?);
    output
        .read_line(&mut line)
        .or_fail("read from the providing process")?;
    let port = line
        .trim()
        .parse()
        .or_fail("learn the providing process's port")?;
    Ok((
        process,
        port,
        input.or_fail("hold on to the providing process")?,
    ))
}

/// The providing process itself: prints its port, then serves until its input is closed.
pub(crate) async fn serve(identity: &ProviderIdentity) -> Outcome<()> {
    let verifier = WebPkiClientVerifier::builder_with_provider(
        certificates::roots(&identity.ca)?,
        certificates::provider(),
    )
    .build()
    .or_fail("require client certificates")?;
    let mut tls = rustls::ServerConfig::builder_with_provider(certificates::provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .or_fail("use TLS 1.3")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates::chain(&identity.certificate)?,
            certificates::private_key(&identity.key)?,
        )
        .or_fail(format!("use {}", identity.certificate.display()))?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .or_fail("listen")?;
    println!(
        "{}",
        listener.local_addr().or_fail("learn the port")?.port()
    );
    let answer = tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(tls))));
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        ended = answer => ended.or_fail("keep serving")?,
        _ = parent => Ok(()),
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor) -> Outcome<()> {
    let bodies: Arc<[(&str, Bytes)]> = Size::ALL.map(|s| (s.mark(), s.body())).into();
    loop {
        let (stream, _) = listener.accept().await.or_fail("accept a connection")?;
        let (tls, bodies) = (tls.clone(), bodies.clone());
        tokio::spawn(async move {
            // A connection that breaks is the business of the one who asked, and noticed there.
            let _ = stream.set_nodelay(true);
            let Ok(stream) = tls.accept(stream).await else {
                return;
            };
            let service = hyper::service::service_fn(move |request| {
                let answer = document(&bodies, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn document(bodies: &[(&str, Bytes)], request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mark = request
        .uri()
        .path()
        .strip_prefix("/documenten/")
        .and_then(|uuid| uuid.split('-').next());
    let body = mark.and_then(|mark| bodies.iter().find(|(known, _)| *known == mark));
    let (status, body) = match body {
        Some((_, body)) => (StatusCode::OK, body.clone()),
        None => (StatusCode::NOT_FOUND, Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let pdf = hyper::header::HeaderValue::from_static("application/pdf");
    response.headers_mut().insert(CONTENT_TYPE, pdf);
    response
}

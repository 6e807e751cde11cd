//! A real provider over real mutual TLS on loopback, which says exactly the bytes it is told to.

mod answers;
mod roads;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::BodyExt;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::*;
use crate::domain::{DocumentId, Purpose, TraceParent, TransactionId};

const DOCUMENT: &str = "0191d3a0-0000-7000-8000-00000000d0c1";
const TRANSACTION: &str = "0191d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const PROVIDER: &str = "00000004194262501000";
const REQUESTER: &str = "00000001812345678000";

/// What the provider does once it has read the head of a request.
#[derive(Clone)]
enum Step {
    Say(Vec<u8>),
    Wait(Duration),
    Until(Arc<Notify>),
    HangUp,
}
use Step::{HangUp, Until, Wait};

fn say(text: impl AsRef<[u8]>) -> Step {
    Step::Say(text.as_ref().to_vec())
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

struct Pki {
    roots: Arc<RootCertStore>,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        Self {
            roots: Arc::new(roots),
            issuer,
        }
    }

    fn leaf(&self, purpose: ExtendedKeyUsagePurpose, name: &str) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        (vec![certificate.der().clone()], key)
    }

    fn server(&self, name: &str) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(
            Arc::clone(&self.roots),
            Arc::clone(&provider),
        )
        .build()
        .unwrap();
        let (chain, key) = self.leaf(ExtendedKeyUsagePurpose::ServerAuth, name);
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }

    fn client(&self) -> Arc<rustls::ClientConfig> {
        self.client_as(
            self.leaf(ExtendedKeyUsagePurpose::ClientAuth, "gateway"),
            |verifier| verifier,
        )
    }

    /// A client with this identity, which trusts this PKI as far as `check` lets it.
    fn client_as<V: ServerCertVerifier + 'static>(
        &self,
        (chain, key): Identity,
        check: impl FnOnce(Arc<WebPkiServerVerifier>) -> Arc<V>,
    ) -> Arc<rustls::ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = Arc::clone(&self.roots);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(check(verifier.unwrap()))
            .with_client_auth_cert(chain, key)
            .unwrap();
        config.resumption = rustls::client::Resumption::disabled();
        Arc::new(config)
    }
}

/// Finds another organisation in every certificate, as identity's verifier does when the subject
/// names another OIN.
#[derive(Debug)]
struct OtherOin(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for OtherOin {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0.verify_server_cert(leaf, chain, name, ocsp, now)?;
        Err(rustls::Error::General("another OIN".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, leaf, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, leaf, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// Starts a provider that follows the same script for every request.
async fn provider(tls: Arc<rustls::ServerConfig>, script: Vec<Step>) -> (u16, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&tls));
            let (seen, script) = (Arc::clone(&shared), script.clone());
            tokio::spawn(async move {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let Ok(mut stream) = acceptor.accept(tcp).await else {
                    return;
                };
                while let Some(head) = read_head(&mut stream).await {
                    seen.requests.lock().unwrap().push(head);
                    for step in &script {
                        match step {
                            Step::Say(bytes) => {
                                if stream.write_all(bytes).await.is_err() {
                                    return;
                                }
                                let _ = stream.flush().await;
                            }
                            Wait(time) => tokio::time::sleep(*time).await,
                            Until(moment) => moment.notified().await,
                            HangUp => return,
                        }
                    }
                }
            });
        }
    });
    (port, seen)
}

async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_millis(400),
        first_byte: Duration::from_millis(300),
        between_bytes: Duration::from_millis(300),
        idle_connections: 4,
    }
}

fn providers(port: u16, tls: Arc<rustls::ClientConfig>) -> Providers {
    Providers::new(vec![ProviderSettings {
        oin: Oin::parse(PROVIDER).unwrap(),
        base_url: BaseUrl::parse(&format!("https://localhost:{port}/archief/")).unwrap(),
        tls: Arc::new(move || Some(Arc::clone(&tls))),
        limits: limits(),
    }])
}

fn whole() -> Outbound {
    Outbound {
        provider: Oin::parse(PROVIDER).unwrap(),
        document: DocumentId::parse(DOCUMENT).unwrap(),
        range: None,
        size_bytes: None,
        transaction: TransactionId::parse(TRANSACTION).unwrap(),
        trace_parent: TraceParent::parse(TRACE).ok(),
        purpose: Purpose::parse("schade-afhandeling").unwrap(),
        article: Article::parse("TwG 3(4)").unwrap(),
        requester: Oin::parse(REQUESTER).unwrap(),
        index: 42,
    }
}

fn part(range: ByteRange) -> Outbound {
    Outbound {
        range: Some(range),
        ..whole()
    }
}

fn indexed(size_bytes: u64) -> Outbound {
    Outbound {
        size_bytes: Some(size_bytes),
        ..whole()
    }
}

/// What came of it, in one line: the failure with its cause, or the head, the body, and its end.
async fn outcome(providers: &Providers, asked: Outbound) -> String {
    let chain = |e: &dyn Error| match e.source() {
        Some(cause) => format!("{e}: {cause}"),
        None => e.to_string(),
    };
    let mut answer = match providers.ask(&asked).await {
        Ok(answer) => answer,
        Err(e) => return chain(&e),
    };
    let mut body = String::new();
    let end = loop {
        match answer.body.frame().await {
            Some(Ok(frame)) => body.push_str(&String::from_utf8_lossy(frame.data_ref().unwrap())),
            Some(Err(e)) => break format!(" ✂ {e}"),
            None => break String::new(),
        }
    };
    let length = answer.length.map_or("?".to_owned(), |n| n.to_string());
    format!("{:?} {length} {body:?}{end}", answer.part)
}

async fn check(script: Vec<Step>, asked: Outbound, expected: &str) {
    let pki = Pki::new();
    let (port, _) = provider(pki.server("localhost"), script).await;
    let found = outcome(&providers(port, pki.client()), asked.clone()).await;
    assert_eq!(found, expected, "{asked:?}");
}

const WRONG: &str = "the providing organisation answered wrongly: ";

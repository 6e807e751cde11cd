//! A party's system as it calls the gateway: mutual TLS, a fresh token for every request, HTTP/1.1.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use ring::digest::{Context, SHA256};
use serde_json::Value;
use tokio::net::TcpStream;

use super::dataset::{Case, Party};
use crate::clock::{Clock, Random};
use crate::domain::{CaseNumber, DocumentId, Employee, Malformed, Sha256, Team, Word};
use crate::identity::{DevPki, IdentityError, PartyTls, TokenMakeError, TokenMaker, TokenRequest};

/// What is kept of an answer; a document is only counted and hashed.
const KEPT_BYTES: usize = 256 * 1024;
/// How long a token of the demo lives.
const TOKEN_LIFE_SECONDS: i64 = 60;

/// Why a call had no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The party is not in the PKI.
    #[error("the PKI has no {0}")]
    NoParty(&'static str),
    /// Its files.
    #[error("the party's certificate or key cannot be used")]
    Files(#[from] IdentityError),
    /// A token.
    #[error("no token can be made")]
    Token(#[from] TokenMakeError),
    /// A value that a token cannot hold.
    #[error("a token cannot hold what was asked")]
    Claim(#[from] Malformed),
    /// The connection.
    #[error("the gateway cannot be reached")]
    Connection(#[from] std::io::Error),
    /// The request.
    #[error("the request cannot be made")]
    Request(#[from] http::Error),
    /// The exchange of one request and its answer.
    #[error("the gateway gave no whole answer")]
    Http(#[from] hyper::Error),
    /// An answer that is not what it should be.
    #[error("the gateway's answer to {0} is not the one of the contract")]
    Answer(String),
}

/// What a token says beside who asks.
#[derive(Debug, Clone)]
pub(super) struct Claims {
    /// Another than the one who plays the tour.
    employee: Option<Employee>,
    purpose: Word,
    case: CaseNumber,
    team: Option<Team>,
    document: Option<DocumentId>,
}

impl Claims {
    /// For the registry, the index and the book.
    pub(super) fn registry() -> Result<Self, CallError> {
        Ok(Self {
            employee: None,
            purpose: Word::parse("beheer")?,
            case: CaseNumber::parse("demo")?,
            team: None,
            document: None,
        })
    }

    /// For a case, and its document only.
    pub(super) fn of(case: &Case) -> Result<Self, CallError> {
        Ok(Self {
            employee: None,
            purpose: Word::parse(case.purpose.as_str())?,
            case: CaseNumber::parse(&case.case)?,
            team: case.team.clone(),
            document: Some(case.document),
        })
    }

    /// For one document, by this employee.
    pub(super) fn asked(
        employee: &str,
        purpose: &str,
        case: &str,
        team: Option<&str>,
        document: DocumentId,
    ) -> Result<Self, CallError> {
        Ok(Self {
            employee: Some(Employee::parse(employee)?),
            purpose: Word::parse(purpose)?,
            case: CaseNumber::parse(case)?,
            team: team.map(Team::parse).transpose()?,
            document: Some(document),
        })
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    kept: Bytes,
    /// How long its body is.
    pub(super) bytes: u64,
    /// The SHA-256 of its body.
    pub(super) sha256: Sha256,
}

impl Answer {
    /// A header of it.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Its body as JSON; null when it is not.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.kept).unwrap_or_default()
    }

    /// Its body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }

    async fn read(response: http::Response<Incoming>) -> Result<Self, CallError> {
        let (parts, mut body) = response.into_parts();
        let (mut hash, mut bytes, mut kept) = (Context::new(&SHA256), 0, BytesMut::new());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            hash.update(&data);
            bytes += data.len() as u64;
            if kept.len() + data.len() <= KEPT_BYTES {
                kept.extend_from_slice(&data);
            }
        }
        Ok(Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            kept: kept.freeze(),
            bytes,
            sha256: sha256(hash),
        })
    }
}

/// The hash that came of it.
pub(super) fn sha256(context: Context) -> Sha256 {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Sha256::from_bytes(bytes)
}

/// A party's system.
#[derive(Debug)]
pub(super) struct Caller {
    tls: PartyTls,
    tokens: TokenMaker,
    /// What is the same in all its tokens.
    template: TokenRequest,
    gateway: SocketAddr,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Caller {
    pub(super) fn new(
        pki: &DevPki,
        party: Party,
        gateway: SocketAddr,
        audience: &str,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, CallError> {
        let name = party.code();
        let files = pki.party(name).ok_or(CallError::NoParty(name))?;
        let other = pki.party("gateway").ok_or(CallError::NoParty("gateway"))?;
        let Claims { purpose, case, .. } = Claims::registry()?;
        Ok(Self {
            tls: PartyTls::open(pki, files, other, Arc::clone(clock))?,
            tokens: TokenMaker::open(&files.token_key, &files.certificate)?,
            template: TokenRequest {
                key: files.token_key.clone(),
                certificate: files.certificate.clone(),
                audience: audience.to_owned(),
                employee: Employee::parse(&format!("medewerker-{name}-17"))?,
                purpose,
                case,
                team: None,
                document: None,
                life_seconds: TOKEN_LIFE_SECONDS,
            },
            gateway,
            clock: Arc::clone(clock),
            random: Arc::clone(random),
            open: None,
        })
    }

    /// Asks without a body.
    pub(super) async fn get(&mut self, path: &str, claims: Claims) -> Result<Answer, CallError> {
        self.call(Method::GET, path, claims, None).await
    }

    /// Sends JSON.
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, CallError> {
        let body = ("application/json", body.to_string());
        self.call(method, path, Claims::registry()?, Some(body))
            .await
    }

    /// One call with a token of its own.
    pub(super) async fn call(
        &mut self,
        method: Method,
        path: &str,
        claims: Claims,
        body: Option<(&'static str, String)>,
    ) -> Result<Answer, CallError> {
        let employee = claims.employee;
        let token = TokenRequest {
            employee: employee.unwrap_or_else(|| self.template.employee.clone()),
            purpose: claims.purpose,
            case: claims.case,
            team: claims.team,
            document: claims.document,
            ..self.template.clone()
        };
        let token = self.tokens.make(&token, self.clock.now(), &*self.random)?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.gateway.to_string())
            .header(AUTHORIZATION, format!("Bearer {token}"));
        let mut bytes = Bytes::new();
        if let Some((media_type, text)) = body {
            request = request.header(CONTENT_TYPE, media_type);
            bytes = text.into();
        }
        let request = request.body(Full::new(bytes))?;
        let mut sender = self.connection().await?;
        let answer = Answer::read(sender.send_request(request).await?).await?;
        self.open = Some(sender);
        Ok(answer)
    }

    /// The connection that is open, or a new one.
    async fn connection(&mut self) -> Result<SendRequest<Full<Bytes>>, CallError> {
        if let Some(mut sender) = self.open.take()
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let tcp = TcpStream::connect(self.gateway).await?;
        tcp.set_nodelay(true)?;
        let stream = self.tls.call(tcp).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // What breaks it also fails the request on it, which is where it is told.
        tokio::spawn(connection);
        Ok(sender)
    }
}

//! A login service over real TLS on loopback, which says exactly what it is told to.

mod answers;
mod logins;

use std::convert::Infallible;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::clock::{FixedClock, SystemRandomness};
use crate::domain::{DeskRole, Oin, Organisation, Role, Wording};
use crate::errors::in_full;
use crate::identity::{DevPki, dev_pki};

const NOW: &str = "2026-11-21T12:00:00Z";
const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";
const CODE: &str = "een code & meer";
/// Long enough for every honest answer here.
const PATIENCE: Duration = Duration::from_secs(2);

/// What it answers.
#[derive(Clone)]
enum Reply {
    Say(u16, Vec<u8>),
    Redirect(u16, String),
    /// A body that never ends, piece by piece, and far apart.
    Drip,
    /// Nothing, ever.
    Silence,
    HangUp,
}

fn say(value: &Value) -> Reply {
    Reply::Say(200, value.to_string().into_bytes())
}

/// What it was asked.
#[derive(Clone)]
struct Seen {
    path: String,
    headers: HeaderMap,
    body: String,
}

/// What it answers where.
struct Script {
    description: Reply,
    keys: Reply,
    token: Reply,
    seen: Vec<Seen>,
}

struct World {
    pki: DevPki,
    folder: TempDir,
    clock: Arc<FixedClock>,
    issuer: String,
    script: Arc<Mutex<Script>>,
    key: EcdsaKeyPair,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(Moment::parse(NOW).unwrap());
        let pki = dev_pki(folder.path(), &*clock, &SystemRandomness::default()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("https://{}/oidc", listener.local_addr().unwrap());
        let key = new_key();
        let script = Script {
            description: say(&description(&issuer)),
            keys: say(&json!({ "keys": [jwk(&key, "een")] })),
            token: Reply::Silence,
            seen: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let acceptor = TlsAcceptor::from(server_tls(folder.path()));
        tokio::spawn(serve(listener, acceptor, Arc::clone(&script)));
        Self {
            pki,
            folder,
            clock,
            issuer,
            script,
            key,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            issuer: Issuer::parse(&self.issuer).unwrap(),
            client_id: "sluis".to_owned(),
            client_secret: None,
            redirect: "https://balie.example/aanmelden/terug".to_owned(),
            after_logout: "https://balie.example/aanmelden".to_owned(),
            organisation_claim: "organisatie".to_owned(),
            roles_claim: "rollen".to_owned(),
            role_names: DeskRole::ALL
                .map(|role| (role.code().to_owned(), role))
                .into(),
            trust_anchors: vec![self.pki.ca.clone()],
        }
    }

    fn service(&self) -> LoginService {
        self.service_of(self.settings())
    }

    fn service_of(&self, settings: Settings) -> LoginService {
        let organisation = |oin| Organisation {
            oin: Oin::parse(oin).unwrap(),
            name: "IMG".to_owned(),
            role: Role::parse("img").unwrap(),
            teams: [].into(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        let organisations = Organisations::new(vec![organisation(IMG)]);
        let random = Arc::new(SystemRandomness::default());
        let mut service =
            LoginService::new(settings, organisations, self.clock.clone(), random).unwrap();
        service.patience = PATIENCE;
        service
    }

    fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// How often a path was asked that ends so.
    fn asked(&self, end: &str) -> usize {
        let script = self.script.lock().unwrap();
        script
            .seen
            .iter()
            .filter(|seen| seen.path.ends_with(end))
            .count()
    }

    fn last(&self) -> Seen {
        self.script.lock().unwrap().seen.last().unwrap().clone()
    }

    /// The claims of an honest id token for this login.
    fn claims(&self, pending: &Pending) -> Value {
        let at = self.clock.now().unix_seconds();
        json!({
            "iss": self.issuer, "sub": "medewerker-1", "aud": "sluis", "iat": at, "exp": at + 300,
            "nonce": pending.nonce, "organisatie": IMG, "rollen": ["fg"], "name": "F. Jansen",
        })
    }

    fn sign(&self, kid: &str, claims: &Value) -> String {
        signed(&self.key, kid, claims)
    }

    /// Finishes a login whose token answer and return are made by these.
    async fn finish(
        &self,
        service: &LoginService,
        answer: impl FnOnce(&mut Value),
        claims: impl FnOnce(&mut Value),
    ) -> Result<Person, LoginError> {
        let Begun { pending, .. } = service.begin().await?;
        let mut told = self.claims(&pending);
        claims(&mut told);
        let mut token = token_answer(&self.sign("een", &told));
        answer(&mut token);
        self.script(|script| script.token = say(&token));
        let returned = self.returned(&pending);
        service.finish(pending, returned).await
    }

    fn returned(&self, pending: &Pending) -> Returned {
        let query = form(&[
            ("code", CODE),
            ("state", &pending.state),
            ("iss", &self.issuer),
        ]);
        Returned::read(&query).unwrap()
    }
}

fn new_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

fn jwk(key: &EcdsaKeyPair, kid: &str) -> Value {
    let point = key.public_key().as_ref();
    let half = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
    json!({ "kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "kid": kid, "use": "sig" })
}

fn signed(key: &EcdsaKeyPair, kid: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid });
    let message = format!("{}.{}", part(&header), part(claims));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token_answer(id_token: &str) -> Value {
    json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id_token })
}

fn description(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth?tenant=rijk"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "end_session_endpoint": format!("{issuer}/end"),
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// A value without, or with another, member.
fn with(mut value: Value, name: &str, member: Option<Value>) -> Value {
    let object: &mut Map<String, Value> = value.as_object_mut().unwrap();
    match member {
        Some(member) => object.insert(name.to_owned(), member),
        None => object.remove(name),
    };
    value
}

fn server_tls(pki: &Path) -> Arc<ServerConfig> {
    let read = |name: &str| std::fs::read(pki.join(name)).unwrap();
    let chain = CertificateDer::pem_slice_iter(&read("gateway.pem"))
        .map(Result::unwrap)
        .collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain,
            PrivateKeyDer::from_pem_slice(&read("gateway.key")).unwrap(),
        );
    Arc::new(config.unwrap())
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, script: Arc<Mutex<Script>>) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let (acceptor, script) = (acceptor.clone(), Arc::clone(&script));
        tokio::spawn(async move {
            let Ok(tls) = acceptor.accept(tcp).await else {
                return;
            };
            let service = service_fn(move |request| reply(request, Arc::clone(&script)));
            let connection = server::Builder::new().serve_connection(TokioIo::new(tls), service);
            drop(connection.await);
        });
    }
}

async fn reply(
    request: Request<Incoming>,
    script: Arc<Mutex<Script>>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, &'static str> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let body = body.collect().await.unwrap().to_bytes();
    let reply = {
        let mut script = script.lock().unwrap();
        script.seen.push(Seen {
            path: path.clone(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        match path.as_str() {
            "/oidc/.well-known/openid-configuration" => script.description.clone(),
            "/oidc/keys" => script.keys.clone(),
            "/oidc/token" => script.token.clone(),
            _ => Reply::Say(404, Vec::new()),
        }
    };
    let answer = |status: u16, body| Response::builder().status(status).body(body).unwrap();
    match reply {
        Reply::Say(status, body) => Ok(answer(status, Full::from(body).boxed())),
        Reply::Redirect(status, to) => {
            let mut answer = answer(status, Full::default().boxed());
            answer
                .headers_mut()
                .insert("location", to.try_into().unwrap());
            Ok(answer)
        }
        Reply::Drip => {
            let pieces = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(PATIENCE / 10).await;
                Some((Ok(Frame::data(Bytes::from_static(b" "))), ()))
            });
            Ok(answer(200, StreamBody::new(Box::pin(pieces)).boxed()))
        }
        Reply::Silence => std::future::pending().await,
        Reply::HangUp => Err("hung up"),
    }
}

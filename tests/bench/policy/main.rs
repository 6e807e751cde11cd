//! A policy service for nginx's `auth_request`, as one would write it: it verifies the request token,
//! looks up the facts in memory and asks the rules, in Rego. 204 lets a request pass, 403 does not.
//!
//! What it does not do, and a gateway must: remember that a token was used, look at CRLs, and record
//! anything at all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use regorus::Engine;
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Failure = Box<dyn Error + Send + Sync>;

/// What is handed in on the standard input, before it is closed.
#[derive(Deserialize)]
struct World {
    audience: String,
    organisations: Vec<Organisation>,
    /// By uuid.
    documents: HashMap<String, Document>,
    /// By nummeraanduiding.
    addresses: HashMap<String, Address>,
}

#[derive(Deserialize)]
struct Organisation {
    oin: String,
    role: String,
    jwks: Value,
}

#[derive(Deserialize)]
struct Document {
    provider: String,
    address: String,
    kind: String,
    health: bool,
}

#[derive(Deserialize)]
struct Address {
    owners: Vec<String>,
    /// Who has an active dossier there.
    dossiers: Vec<String>,
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    kind: String,
    owner: String,
    receiver: String,
    purpose: String,
    given: bool,
}

/// The claims that are looked at; the others must be there for a gateway.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    nbf: u64,
    exp: u64,
    cnf: Confirmation,
    doel: String,
    #[serde(default)]
    team: Option<String>,
}

#[derive(Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
}

struct Service {
    world: World,
    /// The P-256 points, by issuer and key id.
    keys: HashMap<(String, String), Vec<u8>>,
    /// Thumbprints of certificates, as nginx writes those.
    seen: Mutex<HashMap<String, String>>,
    /// One for each request that is looked at.
    engines: Mutex<Vec<Engine>>,
    rules: Engine,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut told = String::new();
    std::io::stdin().read_to_string(&mut told)?;
    let world: World = serde_json::from_str(&told)?;
    let mut keys = HashMap::new();
    for organisation in &world.organisations {
        for key in organisation.jwks["keys"].as_array().into_iter().flatten() {
            let part = |name: &str| -> Result<Vec<u8>, Failure> {
                Ok(URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap_or_default())?)
            };
            let point = [&[4][..], &part("x")?, &part("y")?].concat();
            let kid = key["kid"].as_str().unwrap_or_default().to_owned();
            keys.insert((organisation.oin.clone(), kid), point);
        }
    }
    let mut rules = Engine::new();
    rules.add_policy(
        "rules.rego".to_owned(),
        include_str!("rules.rego").to_owned(),
    )?;
    let service = Arc::new(Service {
        world,
        keys,
        seen: Mutex::default(),
        engines: Mutex::default(),
        rules,
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(move |request| {
                let status = service.judge(&request);
                let mut response = Response::new(Empty::<Bytes>::new());
                *response.status_mut() = status;
                async move { Ok::<_, Infallible>(response) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            // A connection that breaks is nginx's to notice.
            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

impl Service {
    fn judge(&self, request: &Request<Incoming>) -> StatusCode {
        match self.allows(request) {
            Ok(true) => StatusCode::NO_CONTENT,
            Ok(false) => StatusCode::FORBIDDEN,
            Err(_) => StatusCode::UNAUTHORIZED,
        }
    }

    fn allows(&self, request: &Request<Incoming>) -> Result<bool, Failure> {
        let header = |name: &str| -> Result<&str, Failure> {
            let value = request.headers().get(name).ok_or("a header is missing")?;
            Ok(value.to_str()?)
        };
        let token = header(AUTHORIZATION.as_str())?.strip_prefix("Bearer ");
        let claims = self.verify(token.ok_or("no token")?)?;
        if claims.cnf.thumbprint != self.thumbprint(header("x-client-certificate")?)? {
            return Err("the token is for another certificate".into());
        }
        let path = header("x-original-uri")?;
        let uuid = path.rsplit('/').next().unwrap_or_default();
        let Some(document) = self.world.documents.get(uuid) else {
            return Ok(false);
        };
        let Some(address) = self.world.addresses.get(&document.address) else {
            return Ok(false);
        };
        let input = self.input(&claims, document, address)?;
        self.ask(input)
    }

    /// Signature, issuer, audience, dates.
    fn verify(&self, token: &str) -> Result<Claims, Failure> {
        let (signed, signature) = token.rsplit_once('.').ok_or("no token")?;
        let (head, body) = signed.split_once('.').ok_or("no token")?;
        let head: HashMap<String, String> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head)?)?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body)?)?;
        let kid = head.get("kid").cloned().unwrap_or_default();
        let key = self.keys.get(&(claims.iss.clone(), kid)).ok_or("no key")?;
        if head.get("alg").map(String::as_str) != Some("ES256") {
            return Err("another algorithm".into());
        }
        let signature = URL_SAFE_NO_PAD.decode(signature)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| "a signature that is none")?;
        let now = unix_ms()? / 1000;
        if claims.aud != self.world.audience || now + 5 < claims.nbf || claims.exp + 5 < now {
            return Err("not for us, or not now".into());
        }
        Ok(claims)
    }

    /// SHA-256 over a certificate, which nginx hands over as PEM with its signs escaped.
    fn thumbprint(&self, escaped: &str) -> Result<String, Failure> {
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen().get(escaped) {
            return Ok(known.clone());
        }
        let pem = escaped.replace("%20", " ").replace("%0A", "\n");
        let pem = pem
            .replace("%2B", "+")
            .replace("%2F", "/")
            .replace("%3D", "=");
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>())?;
        let made = URL_SAFE_NO_PAD.encode(digest(&SHA256, &der));
        seen().insert(escaped.to_owned(), made.clone());
        Ok(made)
    }

    fn input(
        &self,
        claims: &Claims,
        document: &Document,
        address: &Address,
    ) -> Result<Value, Failure> {
        let role = |oin: &str| {
            let known = self.world.organisations.iter().find(|one| one.oin == oin);
            known.map(|one| one.role.as_str()).ok_or("nobody we know")
        };
        let stand = |kind: &str| {
            let about = |choice: &&Choice| {
                choice.kind == kind
                    && choice.receiver == claims.iss
                    && choice.purpose == claims.doel
            };
            let choices = || address.choices.iter().filter(about);
            let active = choices().filter(|one| one.given).map(|one| &one.owner);
            let withdrawn = choices().filter(|one| !one.given).map(|one| &one.owner);
            json!({
                "actief": active.collect::<Vec<_>>(),
                "ingetrokken": withdrawn.collect::<Vec<_>>(),
            })
        };
        let both = [&claims.iss, &document.provider];
        Ok(json!({
            "doel": claims.doel,
            "team": claims.team.as_deref().unwrap_or("geen"),
            "nu": unix_ms()?,
            "aanvrager": {"oin": claims.iss, "partij": role(&claims.iss)?},
            "document": {
                "houder": document.provider,
                "bron": role(&document.provider)?,
                "soort": document.kind,
                "gezondheid": document.health,
                "eigenaren": address.owners,
            },
            "combinatie": both.iter().all(|one| address.dossiers.contains(one)),
            "bezwaar": stand("bezwaar-afstemming"),
            "verzoek": stand("verzoek-gezamenlijk"),
            "instemming": stand("uitdrukkelijke-instemming"),
            "toestemming": stand("toestemming"),
            "melding": {"actief": false, "sinds": 0, "tot": 0},
        }))
    }

    fn ask(&self, input: Value) -> Result<bool, Failure> {
        let engines = || self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = engines().pop();
        let mut engine = kept.unwrap_or_else(|| self.rules.clone());
        engine.set_input(regorus::Value::from(input));
        let said = engine.eval_rule("data.sluis.allow".to_owned())?;
        engines().push(engine);
        Ok(said == regorus::Value::from(true))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing here is tested: the real time"
)]
fn unix_ms() -> Result<u64, Failure> {
    Ok(u64::try_from(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis(),
    )?)
}

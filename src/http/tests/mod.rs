//! The counter as a whole, in process, over a real procedure with a real book: what comes in is
//! what the listener hands over. What the procedure does with a call is tested where it lives.

mod agreements;
mod bulk;
mod description;
mod edge;
mod in_use;
mod schema;
mod told;
mod wrong;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use serde_json::Value;
use tower_service::Service;

use super::metrics::Metrics;
use super::routes::{Route, Routes};
use super::{Load, RateLimits, TurnedAway};
use crate::clock::{Moment, SystemRandomness};
use crate::domain::TransactionId;
use crate::domain::{CaseNumber, DocumentKind, Employee, Mark, Oin, Organisation, Purpose, Word};
use crate::exchange::{Codes, Exchange, KnownCodes, Parts};
use crate::identity::tests::World;
use crate::identity::{Identity, Peer, TokenMaker, TokenRequest};
use crate::ledger::{Keys, Ledger};
use crate::policy::{Bundle, Policies};
use crate::provider::Providers;
use crate::spans::Tracer;
use crate::store::{Location, Settings, Store};

const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";
const DOCUMENT: &str = "018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60";

fn now() -> Moment {
    // Of the world of identity's tests.
    Moment::parse("2026-11-21T12:00:00Z").unwrap()
}

fn codes() -> KnownCodes {
    let kinds = ["bouwtekening", "opnamerapport"];
    KnownCodes {
        purposes: Codes::new([Purpose::parse("overig").unwrap()].into(), None),
        kinds: Codes::new(
            kinds.map(|kind| DocumentKind::parse(kind).unwrap()).into(),
            None,
        ),
        marks: Codes::new([Mark::parse("urgentie").unwrap()].into(), None),
        organisations: [IMG, NCG].map(|oin| Oin::parse(oin).unwrap()).into(),
    }
}

/// The bundle in force; read once, because that takes longer than all the rest.
static BUNDLE: LazyLock<Arc<Bundle>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg");
    Arc::new(Bundle::load(&folder).unwrap())
});

/// Somebody at the counter.
struct Visitor {
    peer: Arc<Peer>,
    organisation: Arc<Organisation>,
    maker: TokenMaker,
    wish: TokenRequest,
}

/// The counter over a book of its own.
struct Counter {
    router: Router,
    registry: Registry,
    exchange: Arc<Exchange>,
    /// Who asks for documents.
    img: Visitor,
    /// Whose documents the examples are, and who asks when nothing else is said.
    ncg: Visitor,
    world: World,
}

impl Visitor {
    fn of(world: &World, identity: &Identity, name: &str) -> Self {
        let party = world.pki.party(name).unwrap();
        let peer = Arc::new(identity.peer(&world.chain(name)).unwrap());
        Self {
            organisation: identity.recheck(&peer).unwrap(),
            peer,
            maker: TokenMaker::open(&party.token_key, &party.certificate).unwrap(),
            wish: TokenRequest {
                key: party.token_key.clone(),
                certificate: party.certificate.clone(),
                audience: world.settings.audience.clone(),
                employee: Employee::parse("mdw-1").unwrap(),
                purpose: Word::parse("beheer").unwrap(),
                case: CaseNumber::parse("Z-1").unwrap(),
                team: None,
                document: None,
                life_seconds: 60,
            },
        }
    }

    /// A request as the listener hands it over, with a fresh token for this call.
    fn request(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", self.token(method, path));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        request.extensions_mut().insert(self.peer.clone());
        request.extensions_mut().insert(self.organisation.clone());
        request
    }

    fn token(&self, method: &Method, path: &str) -> String {
        let of_index = [Method::PUT, Method::DELETE].contains(method) || path.contains("_bulk");
        let mut wish = self.wish.clone();
        if path.starts_with("/v1/documenten") && !of_index {
            wish.purpose = Word::parse("schade-afhandeling").unwrap();
        }
        let random = SystemRandomness::default();
        let token = self.maker.make(&wish, now(), &random).unwrap();
        format!("Bearer {token}")
    }
}

impl Counter {
    async fn open() -> Self {
        let world = World::new();
        let random = Arc::new(SystemRandomness::default());
        let identity = world.identity();
        let file = |name: &str| world.directory.path().join(name);
        let (key, master) = (file("log.key"), file("master.key"));
        let origin = "sluis.example/ledger";
        let empty = Keys::create(&key, &master, origin, &*random).unwrap();
        let settings = Settings {
            location: Location::Sqlite(file("ledger.db")),
            password: None,
        };
        Store::create(&settings, &empty).await.unwrap();
        let store = Store::open(settings).await.unwrap();
        let keys = Keys::read(&key, &master, origin).unwrap();
        let ledger = Ledger::open(store.clone(), keys, world.clock.clone(), random.clone());
        let parts = Parts {
            organisations: world.organisations(),
            identity: identity.clone(),
            store,
            policies: Policies::new(vec![BUNDLE.clone()]),
            shadow: Some(crate::exchange::testing::candidate()),
            ledger: ledger.await.unwrap(),
            providers: Providers::new(Vec::new()),
            clock: world.clock.clone(),
            random: random.clone(),
        };
        let exchange = Arc::new(Exchange::new(parts).await.unwrap());
        let signed = crate::exchange::testing::signed(&world, std::slice::from_ref(&*BUNDLE));
        exchange.agree_on_configured(&signed).await.unwrap();
        let registry = Registry::new();
        let metrics = Metrics::new(&registry).unwrap();
        let tracer = Tracer::off();
        let load = load(&registry, RateLimits::default());
        let router = super::router(
            exchange.clone(),
            world.clock.clone(),
            random,
            metrics,
            tracer,
            load,
        );
        Self {
            router,
            registry,
            exchange,
            img: Visitor::of(&world, &identity, "img"),
            ncg: Visitor::of(&world, &identity, "ncg"),
            world,
        }
    }

    /// A request of NCG.
    fn request(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request {
        self.ncg.request(method, path, headers, body)
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Request {
        self.request(&Method::GET, path, headers, Body::empty())
    }

    async fn send(&self, request: Request) -> Answer {
        send(&self.router, request).await
    }
}

/// Nobody waits, and nobody is limited but by `rates`.
fn load(registry: &Registry, rates: RateLimits) -> Load {
    Load {
        rates,
        processors: Arc::default(),
        turned_away: TurnedAway::new(registry).unwrap(),
    }
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {:?} {body}", self.status, self.headers)
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the problem.
    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The places of what is wrong.
    fn fields(&self) -> Vec<String> {
        let told = self.json();
        let list = told["fouten"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|error| error["veld"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether nothing was wrong with the request: what it asks for may be absent, or refused by
    /// the policy, or the bundle of an example be none.
    fn got_through(&self) -> bool {
        let forbidden = self.status == StatusCode::FORBIDDEN;
        self.status.is_success()
            || self.status == StatusCode::UNPROCESSABLE_ENTITY
            || self.status == StatusCode::NOT_FOUND
            || (forbidden && self.code() == "niet-toegestaan")
    }
}

async fn send(router: &Router, request: Request) -> Answer {
    let response = router.clone().call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// Every call, in a fixed order.
fn calls() -> Vec<Route> {
    let mut calls: Vec<Route> = Routes::new().iter().cloned().collect();
    calls.sort_by_key(|call| (call.template, call.method.to_string()));
    calls
}

/// A path of this template.
fn path(template: &str) -> String {
    let transaction = TransactionId::new(now(), &SystemRandomness::default()).unwrap();
    template
        .replace("{uuid}", DOCUMENT)
        .replace("{id}", DOCUMENT)
        .replace("{index}", "1000000")
        .replace("{transactieId}", &transaction.to_string())
        .replace("{*tegel}", "0/000")
}

/// The description, parsed.
fn openapi() -> Value {
    serde_json::from_str(super::OPENAPI).unwrap()
}

/// The examples of this call's body.
fn examples(call: &Route) -> Vec<Value> {
    let path = call.template.strip_prefix("/v1").unwrap();
    let method = call.method.as_str().to_lowercase();
    let described = openapi();
    let content = described["paths"][path][&method]["requestBody"]["content"].clone();
    let Value::Object(types) = content else {
        return Vec::new();
    };
    types
        .values()
        .flat_map(|media| media["examples"].as_object().unwrap().values())
        .map(|example| example["value"].clone())
        .collect()
}

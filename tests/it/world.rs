//! A gateway with everything around it: certificates, a ledger, two providing organisations.
//!
//! Every world ends with [`World::close`], which verifies its whole book as an outsider would.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use sluis::identity::DevPki;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::client::{Answer, Call, Line};
use crate::outsider::{Book, Outsider};
use crate::party::{AUDIENCE, Party, Token, own_pki, pki};
use crate::process::{Ended, Gateway, sluis};
use crate::provider::Provider;
use crate::testing::Database;
pub(crate) use crate::testing::Engine as Store;

/// How long closing entries may take.
const CLOSINGS: Duration = Duration::from_secs(10);

/// Makes one test per store out of a body that takes the store.
macro_rules! on_each_store {
    ($($(#[$attribute:meta])* async fn $name:ident($store:ident) $body:block)+) => { $(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn on($store: crate::world::Store) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                on(crate::world::Store::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                on(crate::world::Store::Postgres).await;
            }
        }
    )+ };
}
pub(crate) use on_each_store;

/// The world of one test.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) img: Provider,
    pub(crate) ncg: Provider,
    pub(crate) outsider: Outsider,
    pub(crate) database: Database,
    lines: Mutex<HashMap<(usize, &'static str), Line>>,
    next: AtomicU32,
    closed: bool,
}

impl World {
    /// A world with one gateway.
    pub(crate) async fn new(store: Store) -> Self {
        let mut world = Self::without_gateway(store).await;
        world.start().await;
        world
    }

    /// A world with an empty ledger, whose gateway is still to be started.
    pub(crate) async fn without_gateway(store: Store) -> Self {
        let database = Database::new(store).await;
        let url = match store {
            Store::Sqlite => "sqlite:ledger.db".to_owned(),
            Store::Postgres => database.url().to_owned(),
        };
        Self::over(database, &url).await
    }

    /// The same with a CRL of its own, on SQLite.
    pub(crate) async fn with_own_list() -> (Self, DevPki) {
        let world = Self::without_gateway(Store::Sqlite).await;
        let own = own_pki(&world.folder.path().join("pki"));
        let config = std::fs::read_to_string(world.config()).unwrap();
        let shared = format!("crls = [\"{}/ca.crl.pem\"]", pki().display());
        let changed = config.replace(&shared, "crls = [\"pki/ca.crl.pem\"]");
        assert_ne!(changed, config);
        std::fs::write(world.config(), changed).unwrap();
        (world, own)
    }

    /// The same over a database behind a URL of its own.
    pub(crate) async fn over(database: Database, url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (img, ncg) = (Provider::start("img").await, Provider::start("ncg").await);
        let config = folder.path().join("sluis.toml");
        std::fs::write(&config, configuration(url, &img, &ncg)).unwrap();
        let made = sluis(["ledger", "init", "--config", &config.display().to_string()]);
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let told = String::from_utf8(made.stdout).unwrap();
        let key = told.lines().last().unwrap();
        let outsider = Outsider::new(key);
        Self {
            folder,
            gateways: Vec::new(),
            img,
            ncg,
            outsider,
            database,
            lines: Mutex::default(),
            next: AtomicU32::new(1),
            closed: false,
        }
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("sluis.toml")
    }

    pub(crate) fn log(&self, at: usize) -> PathBuf {
        self.folder.path().join(format!("gateway-{at}.log"))
    }

    /// Starts one more gateway; answers which.
    pub(crate) async fn start(&mut self) -> usize {
        let at = self.gateways.len();
        let gateway = self
            .try_start(at)
            .await
            .unwrap_or_else(|ended| panic!("{ended:?}"));
        self.gateways.push(gateway);
        at
    }

    pub(crate) async fn try_start(&self, at: usize) -> Result<Gateway, Ended> {
        Gateway::start(&self.config(), &self.log(at)).await
    }

    /// Stops a gateway as an operator would, and starts it again.
    pub(crate) async fn restart(&mut self, at: usize) {
        assert_eq!(
            self.gateways[at].stop().await,
            Some(0),
            "{}",
            self.gateways[at].said()
        );
        self.come_back(at).await;
    }

    /// Starts a gateway that has ended again.
    pub(crate) async fn come_back(&mut self, at: usize) {
        let gateway = self
            .try_start(at)
            .await
            .unwrap_or_else(|ended| panic!("{ended:?}"));
        self.gateways[at] = gateway;
        self.lines.lock().await.clear();
    }

    /// A connection of a party to a gateway, of the test's own.
    pub(crate) fn line(&self, at: usize, party: &'static str) -> Line {
        Line::new(self.gateways[at].exchange, Party::find(party).tls())
    }

    /// Makes a call as a party, on the connection that is kept for it.
    pub(crate) async fn call(&self, party: &'static str, call: &Call) -> Answer {
        self.call_at(0, party, call).await
    }

    pub(crate) async fn call_at(&self, at: usize, party: &'static str, call: &Call) -> Answer {
        let mut lines = self.lines.lock().await;
        let line = lines
            .entry((at, party))
            .or_insert_with(|| self.line(at, party));
        line.call(call).await
    }

    /// The same with a fresh token.
    pub(crate) async fn ask(&self, party: &'static str, token: &Token, call: Call) -> Answer {
        self.call(party, &call.token(&Party::find(party).token(token)))
            .await
    }

    /// A call on the registry or the index that must succeed.
    pub(crate) async fn tell(
        &self,
        party: &'static str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Value {
        let call = Call::new(method, path).json(body);
        let answer = self.ask(party, &Token::beheer(), call).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// The providing organisation of this name.
    pub(crate) fn provider(&self, name: &str) -> &Provider {
        match name {
            "img" => &self.img,
            "ncg" => &self.ncg,
            other => panic!("{other} provides nothing"),
        }
    }

    /// A document of so many bytes, in the index and at its provider; answers its uuid.
    pub(crate) async fn document(
        &self,
        holder: &'static str,
        kind: &str,
        address: &str,
        size: usize,
    ) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let uuid = format!("00000000-0000-4000-8000-{number:012x}");
        let about = document(holder, kind, address, size);
        self.tell(holder, "PUT", &format!("/v1/documenten/{uuid}"), &about)
            .await;
        self.provider(holder).keep(&uuid, content(size));
        uuid
    }

    /// Owners of an address.
    pub(crate) async fn owners(&self, address: &str, owners: &[&str]) {
        let body = json!({
            "nummeraanduiding": address, "eigenaren": owners, "per": "2020-01-01T00:00:00Z",
        });
        self.tell("img", "PUT", "/v1/adressen/_eigenaren", &body)
            .await;
    }

    /// A consent for `overig`; answers its id.
    pub(crate) async fn consent(
        &self,
        address: &str,
        owner: &str,
        receiver: &'static str,
        kind: &str,
    ) -> String {
        let body = consent(address, owner, receiver, kind);
        let answer = self.tell("img", "POST", "/v1/toestemmingen", &body).await;
        answer["id"].as_str().unwrap().to_owned()
    }

    /// How many entries the book has, as an outsider is told.
    pub(crate) async fn size(&self) -> u64 {
        let mut line = self.line(0, "gemeente");
        self.outsider.size(&mut line).await
    }

    /// The whole book, verified.
    pub(crate) async fn book(&mut self) -> Book {
        let mut line = self.line(0, "gemeente");
        self.outsider.verify(&mut line).await
    }

    /// The whole book once every release is closed.
    pub(crate) async fn settled(&mut self) -> Book {
        let since = Instant::now();
        loop {
            let book = self.book().await;
            let open = book.left_open();
            if open.is_empty() {
                return book;
            }
            assert!(
                since.elapsed() < CLOSINGS,
                "releases without a closing entry: {open:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the test: the book is whole, every release in it is closed, and an entry of it is proven
    /// to one of its parties.
    pub(crate) async fn close(self) -> Book {
        self.close_when(true, true).await
    }

    /// The same where a gateway that shares the book was killed: only others may close its releases,
    /// and only after a minute.
    pub(crate) async fn close_with_releases_open(self) -> Book {
        self.close_when(false, true).await
    }

    /// The same where only the gateway could reach its database, so that it cannot be replayed here.
    pub(crate) async fn close_out_of_reach(self) -> Book {
        self.close_when(true, false).await
    }

    async fn close_when(mut self, all_closed: bool, in_reach: bool) -> Book {
        let book = if all_closed {
            self.settled().await
        } else {
            self.book().await
        };
        for party in ["img", "ncg"] {
            let own = &Party::find(party).oin;
            let decision = book
                .of_kind("besluit")
                .filter(|(_, entry)| entry["aanvrager"] == **own);
            let Some((index, entry)) = decision.last() else {
                continue;
            };
            let of = entry["transactie"].as_str().unwrap();
            let proof = Call::get(format!("/v1/besluiten/{of}/bewijs"));
            let proof = self.ask(party, &Token::beheer(), proof).await.expect("200");
            let line = &book.lines[usize::try_from(index).unwrap()];
            assert_eq!(self.outsider.check_proof(proof.text(), line), index);
        }
        for at in 0..self.gateways.len() {
            assert_eq!(
                self.gateways[at].stop().await,
                Some(0),
                "{}",
                self.gateways[at].said()
            );
        }
        if in_reach {
            self.replay();
        }
        self.closed = true;
        book
    }

    /// With the keys: every decision of the test follows from what stood before it.
    fn replay(&self) {
        let config = self.config();
        let verify = ["ledger", "verify", "--replay", "--config"];
        let replayed = sluis(verify.into_iter().chain(config.to_str()));
        let said = String::from_utf8_lossy(&replayed.stderr);
        assert_eq!(replayed.status.code(), Some(0), "{said}");
    }

    /// Ends a test whose gateway cannot be asked any more.
    pub(crate) fn abandon(mut self) {
        self.closed = true;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for gateway in &self.gateways {
                let said = gateway.said();
                let last: Vec<&str> = said.lines().rev().take(12).collect();
                eprintln!("the gateway said last (newest first):\n{}", last.join("\n"));
            }
        } else {
            assert!(
                self.closed,
                "a test must end with World::close: it verifies the book"
            );
        }
    }
}

/// The bytes of a document of this size: the same everywhere, and no two places alike.
pub(crate) fn content(size: usize) -> Bytes {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// The body of `PUT /documenten/{uuid}`.
pub(crate) fn document(holder: &'static str, kind: &str, address: &str, size: usize) -> Value {
    json!({
        "bronorganisatie": Party::find(holder).oin,
        "dossier": "D-2026-0042",
        "soort": kind,
        "titel": "Rapport over één woning",
        "formaat": "application/pdf",
        "bestandsomvang": size,
        "creatiedatum": "2025-03-04T05:06:07Z",
        "nummeraanduiding": address,
        "gezondheidsgegevens": false,
        "versie": "3",
    })
}

/// The body of `POST /toestemmingen` for a consent for `overig`.
pub(crate) fn consent(address: &str, owner: &str, receiver: &'static str, kind: &str) -> Value {
    json!({
        "soort": "toestemming",
        "nummeraanduiding": address,
        "eigenaar": owner,
        "ontvangers": [Party::find(receiver).oin],
        "doelen": ["overig"],
        "documentsoorten": [kind],
        "geldigVan": "2025-01-01T00:00:00Z",
        "bewijs": {
            "soort": "ondertekend-formulier",
            "kenmerk": "formulier/2025-17",
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        "tekst": {"taal": "nl", "versie": "2024-1"},
    })
}

/// The files with what IMG and NCG signed about the shipped bundles; written once.
fn signatures() -> &'static [PathBuf] {
    static SIGNED: OnceLock<Vec<PathBuf>> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut signed = Vec::new();
        for code in ["2021-04-01-convenant", "2023-04-19-twg"] {
            for party in ["img", "ncg"] {
                let out = pki().join(format!("{code}.{party}.json"));
                signed.push(out.clone());
                let proof = policies.join(format!("bewijzen/{code}.json"));
                let told = sign(party, &policies.join(code), Some(&proof), &out);
                assert!(told.status.success(), "{told:?}");
            }
        }
        signed
    })
}

/// `sluis policy sign`, as this party, with what was proven.
pub(crate) fn sign(
    party: &str,
    bundle: &Path,
    proof: Option<&Path>,
    out: &Path,
) -> std::process::Output {
    let (key, cert) = (format!("{party}.key"), format!("{party}.pem"));
    let proof = proof.map(|path| ["--proof".as_ref(), path.as_os_str()]);
    sluis(
        [
            "policy".as_ref(),
            "sign".as_ref(),
            "--bundle".as_ref(),
            bundle.as_os_str(),
            "--key".as_ref(),
            pki().join(key).as_os_str(),
            "--cert".as_ref(),
            pki().join(cert).as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ]
        .into_iter()
        .chain(proof.into_iter().flatten()),
    )
}

/// The configuration; certificates and policies by their full path, the rest relative to the file.
fn configuration(store: &str, img: &Provider, ncg: &Provider) -> String {
    let certs = pki().display();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let policies = policies.display();
    let organisation = |name: &'static str, teams: &str| {
        let oin = &Party::find(name).oin;
        format!(
            "[[organisations]]\noin = \"{oin}\"\nname = \"{name}\"\nrole = \"{name}\"\n\
             teams = [{teams}]\njwks = \"{certs}/{name}.jwks.json\"\n"
        )
    };
    let provider = |of: &Provider| {
        format!(
            "[organisations.provider]\nbase-url = \"https://127.0.0.1:{}/bron/\"\n\
             trust-anchors = [\"{certs}/ca.pem\"]\n",
            of.address.port()
        )
    };
    let all = r#""combinatieteam", "interventieteam", "aos""#;
    [
        format!("audience = \"{AUDIENCE}\"\n"),
        "[listen]\nexchange = \"127.0.0.1:0\"\ndesk = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\n"
            .to_owned(),
        format!(
            "[tls]\ncertificate = \"{certs}/gateway.pem\"\nkey = \"{certs}/gateway.key\"\n\
             trust-anchors = [\"{certs}/ca.pem\"]\ncrls = [\"{certs}/ca.crl.pem\"]\n"
        ),
        organisation("img", &format!("{all}, \"crisisteam\"")),
        provider(img),
        organisation("ncg", all),
        provider(ncg),
        organisation("gemeente", "\"aos\""),
        format!("[store]\nurl = \"{store}\"\n"),
        "[ledger]\norigin = \"sluis.example/logboek\"\nkey = \"log.key\"\n\
         master-key = \"master.key\"\n"
            .to_owned(),
        format!(
            "[policy]\nbundles = [\"{policies}/2021-04-01-convenant\", \
             \"{policies}/2023-04-19-twg\"]\nsignatures = {:?}\n",
            signatures()
        ),
    ]
    .concat()
}

//! The parties of the development PKI: their certificates, and the tokens they make.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, ServerConfig};
use sluis::clock::{Clock as _, FixedClock, SystemClock, SystemRandomness};
use sluis::domain::{CaseNumber, DocumentId, Employee, Team, Word};
use sluis::identity::{DevPki, TokenMaker, TokenRequest, dev_pki};

use crate::process::sluis;

/// The token's `aud`.
pub(crate) const AUDIENCE: &str = "https://sluis.example";

/// Where the certificates of this run are.
pub(crate) fn pki() -> &'static Path {
    static PKI: OnceLock<PathBuf> = OnceLock::new();
    PKI.get_or_init(|| make_pki("pki"))
}

/// Another PKI, whose names and OINs are the same and whose CA nobody trusts.
pub(crate) fn strange_pki() -> &'static Path {
    static PKI: OnceLock<PathBuf> = OnceLock::new();
    PKI.get_or_init(|| make_pki("strange-pki"))
}

fn make_pki(name: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("it-{}", std::process::id()));
    for entry in std::fs::read_dir(env!("CARGO_TARGET_TMPDIR"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let pid = file_name.strip_prefix("it-");
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let out = place.join(name);
    let made = sluis(["pki", "dev", "--out", &out.display().to_string()]);
    assert!(
        made.status.success(),
        "pki dev: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    out
}

/// A copy of the PKI in a folder of a test's own, with a list of three days ago: what it does with that
/// concerns nobody else.
pub(crate) fn own_pki(folder: &Path) -> DevPki {
    std::fs::create_dir(folder).unwrap();
    for entry in std::fs::read_dir(pki()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let own = dev_pki(folder, &SystemClock, &SystemRandomness::default()).unwrap();
    own.renew_crl(&*days_ago(3), 30).unwrap();
    own
}

/// Puts a list in place that is newer than that of [`own_pki`], and stale since yesterday.
pub(crate) fn let_crl_grow_stale(own: &DevPki) {
    own.renew_crl(&*days_ago(2), 1).unwrap();
}

fn days_ago(days: i64) -> Arc<FixedClock> {
    FixedClock::at(SystemClock.now().plus_ms(days * -86_400_000))
}

/// One party.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) oin: String,
    maker: TokenMaker,
    tls: Arc<ClientConfig>,
}

/// What a token says; everything else is right.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) doel: String,
    pub(crate) team: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) sub: String,
    pub(crate) zaak: String,
    /// How old it is.
    pub(crate) age_seconds: i64,
}

impl Token {
    pub(crate) fn new(doel: &str) -> Self {
        Self {
            doel: doel.to_owned(),
            team: None,
            document: None,
            sub: "medewerker-17".to_owned(),
            zaak: "ZK-2026-0001".to_owned(),
            age_seconds: 0,
        }
    }

    /// For the registry, the index and the book.
    pub(crate) fn beheer() -> Self {
        Self::new("beheer")
    }

    pub(crate) fn document(mut self, document: &str) -> Self {
        self.document = Some(document.to_owned());
        self
    }
}

impl Party {
    /// The party of this name, once per run.
    pub(crate) fn find(name: &'static str) -> &'static Self {
        static PARTIES: [OnceLock<Party>; 4] = [const { OnceLock::new() }; 4];
        let at = ["img", "ncg", "gemeente", "gateway"]
            .iter()
            .position(|known| *known == name);
        PARTIES[at.unwrap()].get_or_init(|| {
            // The gateway has no tokens of its own; no test asks it for one.
            let token_key = if name == "gateway" { "img" } else { name };
            let maker = TokenMaker::open(
                &pki().join(format!("{token_key}-token.key")),
                &pki().join(format!("{name}.pem")),
            );
            let maker = maker.unwrap();
            let oin = maker.issuer().as_str().to_owned();
            Self {
                oin,
                maker,
                tls: client_tls(Some(name)),
            }
        })
    }

    /// The same party, which signs its tokens with another key.
    pub(crate) fn with_token_key(name: &'static str, key: &Path) -> Self {
        let maker = TokenMaker::open(key, &pki().join(format!("{name}.pem"))).unwrap();
        Self {
            oin: maker.issuer().as_str().to_owned(),
            maker,
            tls: client_tls(Some(name)),
        }
    }

    /// Its TLS, with its client certificate.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// A fresh token.
    pub(crate) fn token(&self, token: &Token) -> String {
        let request = TokenRequest {
            key: PathBuf::new(),
            certificate: PathBuf::new(),
            audience: AUDIENCE.to_owned(),
            employee: Employee::parse(&token.sub).unwrap(),
            purpose: Word::parse(&token.doel).unwrap(),
            case: CaseNumber::parse(&token.zaak).unwrap(),
            team: token.team.as_deref().map(|team| Team::parse(team).unwrap()),
            document: token
                .document
                .as_deref()
                .map(|id| DocumentId::parse(id).unwrap()),
            life_seconds: 60,
        };
        let now = SystemClock.now().plus_ms(-1000 * token.age_seconds);
        self.maker
            .make(&request, now, &SystemRandomness::default())
            .unwrap()
    }
}

fn ring() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn chain(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for anchor in chain(&pki().join("ca.pem")) {
        roots.add(anchor).unwrap();
    }
    Arc::new(roots)
}

fn identity(folder: &Path, name: &str) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    (chain(&folder.join(format!("{name}.pem"))), key)
}

/// A client's TLS that is still to say who it is.
pub(crate) fn anonymous_tls() -> ConfigBuilder<ClientConfig, WantsClientCert> {
    ClientConfig::builder_with_provider(ring())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots())
}

/// A client's TLS; without a name it has no certificate to show.
pub(crate) fn client_tls(name: Option<&str>) -> Arc<ClientConfig> {
    let builder = anonymous_tls();
    let mut tls = match name {
        Some(name) => {
            let (chain, key) = identity(pki(), name);
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    tls.resumption = rustls::client::Resumption::disabled();
    Arc::new(tls)
}

/// A server's TLS as a providing organisation has it: the gateway must show a certificate.
pub(crate) fn server_tls(folder: &Path, name: &str) -> Arc<ServerConfig> {
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots(), ring());
    let (chain, key) = identity(folder, name);
    let mut tls = ServerConfig::builder_with_provider(ring())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(tls)
}

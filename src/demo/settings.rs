//! The two files that describe a demo: the gateway's configuration, and `demo.json` for any other
//! program that wants to join in.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use super::dataset::{Case, Party};
use crate::identity::DevPki;

/// The gateway's audience: what the `aud` of a token must be.
pub const AUDIENCE: &str = "https://sluis.example";
/// The origin of the ledger.
pub const ORIGIN: &str = "sluis.example/logboek";

/// Where everything listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The gateway, for systems.
    pub exchange: SocketAddr,
    /// The gateway, for browsers.
    pub desk: SocketAddr,
    /// The gateway, for operators.
    pub ops: SocketAddr,
    /// IMG's documents.
    pub img: SocketAddr,
    /// NCG's documents.
    pub ncg: SocketAddr,
}

/// The configuration, with its paths relative to the demo's folder.
#[must_use]
pub fn configuration(pki: &DevPki, at: &Addresses) -> String {
    let Addresses {
        exchange,
        desk,
        ops,
        ..
    } = at;
    let mut text = format!(
        r#"# Deze configuratie is van `sluis demo`, die haar bij elke start opnieuw schrijft.
# De poort draait er ook zonder de demo mee: sluis serve --config sluis.toml
# (de twee bronorganisaties zijn er dan niet). Paden gelden vanaf deze map.

# De `aud` van een token moet precies dit zijn.
audience = "{AUDIENCE}"

[listen]
exchange = "{exchange}"   # systemen: TLS met clientcertificaat
desk = "{desk}"       # browsers: TLS
ops = "{ops}"        # beheer, alleen op deze machine: /healthz /readyz /metrics

[tls]
profile = "ncsc-goed"                 # TLS 1.3; "digikoppeling" laat ook 1.2 toe
certificate = "certs/gateway.pem"     # voor de poort, en naar de bronnen toe
key = "certs/gateway.key"
trust-anchors = ["certs/ca.pem"]      # wie hieronder valt, mag aankloppen
crls = ["certs/ca.crl.pem"]

[tokens]
max-life-seconds = 300

"#
    );
    for party in Party::ALL {
        organisation(&mut text, pki, party, at);
    }
    let _ = write!(
        text,
        r#"[store]
url = "sqlite:ledger/ledger.db"

[ledger]
origin = "{ORIGIN}"
key = "ledger/log.key"                # ondertekent de controlepunten
master-key = "ledger/master.key"      # verzegelt de persoonsgegevens

[policy]
bundles = ["policies/2021-04-01-convenant", "policies/2023-04-19-twg"]
signatures = [                        # wat beide organisaties ondertekenden: `sluis policy sign`
    "policies/ondertekend/2021-04-01-convenant.img.json",
    "policies/ondertekend/2021-04-01-convenant.ncg.json",
    "policies/ondertekend/2023-04-19-twg.img.json",
    "policies/ondertekend/2023-04-19-twg.ncg.json",
]
shadow = "policies/kandidaat-combinatiedossier"  # wordt meegevraagd, beslist niets: /proefregels
"#
    );
    text
}

fn organisation(text: &mut String, pki: &DevPki, party: Party, at: &Addresses) {
    let code = party.code();
    let Some(about) = pki.party(code) else {
        return;
    };
    let _ = write!(
        text,
        "[[organisations]]\noin = \"{}\"\nname = \"{}\"\nrole = \"{code}\"\n\
         contact = \"Voorbeeldpostbus 1, 9700 XX Voorbeeldstad, telefoon 050 000 00 00. \
         Functionaris gegevensbescherming: fg@{code}.example\"\n\
         teams = {}\njwks = \"certs/{code}.jwks.json\"\n",
        about.oin,
        about.organisation,
        json!(party.teams()),
    );
    let documents = match party {
        Party::Img => Some(at.img),
        Party::Ncg => Some(at.ncg),
        Party::Municipality => None,
    };
    if let Some(documents) = documents {
        let _ = write!(
            text,
            "[organisations.provider]              # geeft documenten\n\
             base-url = \"https://{documents}/\"\ntrust-anchors = [\"certs/ca.pem\"]\n",
        );
    }
    text.push('\n');
}

/// `demo.json` (CONTRACT, "Command line"), with the paths of this absolute folder.
#[must_use]
pub fn description(
    folder: &str,
    pki: &DevPki,
    at: &Addresses,
    ledger_key: &str,
    cases: &[Case],
) -> Value {
    let path = |name: &str| json!(format!("{folder}/certs/{name}"));
    let mut parties = Map::new();
    for party in Party::ALL {
        let code = party.code();
        let oin = pki.party(code).map(|about| about.oin);
        let about = json!({
            "oin": oin,
            "cert": path(&format!("{code}.pem")),
            "key": path(&format!("{code}.key")),
            "tokenKey": path(&format!("{code}-token.key")),
        });
        parties.insert(code.to_owned(), about);
    }
    json!({
        "exchange": format!("https://{}", at.exchange),
        "desk": format!("https://{}", at.desk),
        "ops": format!("http://{}", at.ops),
        "audience": AUDIENCE,
        "ca": path("ca.pem"),
        "crl": path("ca.crl.pem"),
        "ledger": {"origin": ORIGIN, "key": ledger_key},
        "parties": parties,
        "cases": cases,
    })
}

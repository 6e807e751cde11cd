//! Request tokens. A token that nobody signed is never accepted; so most inputs are a header and a
//! payload, a line each, that the right key signs, whatever they say.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use sluis::clock::{FixedClock, SystemRandomness};
use sluis::domain::text::Role;
use sluis::domain::{Organisation, Organisations, Team, Wording};
use sluis::identity::{
    Claims, Identity, IdentitySettings, OrganisationFiles, Peer, TlsProfile, TlsSettings,
    TokenSettings, dev_pki,
};

use super::NOW;

const AUDIENCE: &str = "https://sluis.example";
/// The longest life, and the leeway, in seconds.
const LIFE: i64 = 300;
const LEEWAY: i64 = 5;

/// A gateway's trust, and a client with its key.
struct Bench {
    identity: Identity,
    peer: Peer,
    organisation: Arc<Organisation>,
    key: EcdsaKeyPair,
    /// The client certificate's.
    thumbprint: String,
}

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);

impl Bench {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-fuzz-pki-{}", std::process::id()));
        let clock = FixedClock::at(*NOW);
        let pki = dev_pki(&folder, &*clock, &SystemRandomness::default()).expect("a PKI");
        let (own, img) = (pki.party("gateway"), pki.party("img"));
        let (own, img) = (own.expect("a gateway"), img.expect("a client"));
        let settings = IdentitySettings {
            audience: AUDIENCE.to_owned(),
            tls: TlsSettings {
                profile: TlsProfile::NcscGoed,
                certificate: own.certificate.clone(),
                key: own.key.clone(),
                trust_anchors: vec![pki.ca.clone()],
                crls: vec![pki.crl.clone()],
                crl_grace_hours: 0,
            },
            tokens: TokenSettings {
                max_life_seconds: LIFE,
                allow_rs256: false,
            },
            organisations: vec![OrganisationFiles {
                oin: img.oin,
                jwks: img.jwks.clone(),
                provider_trust_anchors: None,
            }],
        };
        let organisation = Organisation {
            oin: img.oin,
            name: "img".to_owned(),
            role: Role::parse("img").expect("a role"),
            teams: [Team::parse("aos").expect("a team")].into(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        let organisations = Organisations::new(vec![organisation]);
        let identity = Identity::load(settings, &organisations, clock).expect("its own files");
        let chain: Vec<_> = CertificateDer::pem_file_iter(&img.certificate)
            .expect("a chain")
            .map(|der| der.expect("a certificate"))
            .collect();
        let peer = identity.peer(&chain).expect("its own client");
        let organisation = identity.recheck(&peer).expect("its own organisation");
        let key = signing_key(&img.token_key);
        let _ = std::fs::remove_dir_all(&folder);
        Self {
            thumbprint: BASE64URL.encode(peer.thumbprint()),
            identity,
            peer,
            organisation,
            key,
        }
    }

    fn verify(&self, token: &str) -> Option<Claims> {
        let verified = self
            .identity
            .verify_token(token, &self.peer, &self.organisation);
        verified.ok()
    }
}

fn signing_key(path: &Path) -> EcdsaKeyPair {
    let key = PrivatePkcs8KeyDer::from_pem_file(path).expect("a key");
    let random = SystemRandom::new();
    let (of, der) = (&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der());
    EcdsaKeyPair::from_pkcs8(of, der, &random).expect("a P-256 key")
}

pub(super) fn token(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let bench = &*BENCH;
    assert!(bench.verify(text).is_none(), "nobody signed it");
    let Some((header, payload)) = text.split_once('\n') else {
        return false;
    };
    let payload = payload
        .trim_end_matches('\n')
        .replace("{cnf}", &bench.thumbprint);
    let message = format!(
        "{}.{}",
        BASE64URL.encode(header),
        BASE64URL.encode(&payload)
    );
    let signed = bench.key.sign(&SystemRandom::new(), message.as_bytes());
    let signature = BASE64URL.encode(signed.expect("it signs"));
    let Some(claims) = bench.verify(&format!("{message}.{signature}")) else {
        return false;
    };
    agrees(header, &payload, &claims);
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    for wrong in [
        message.clone(),
        format!("{message}."),
        format!("{message}.{signature}="),
        format!("{message}.{other}{}", signature.split_at(1).1),
    ] {
        assert!(bench.verify(&wrong).is_none(), "{wrong}");
    }
    true
}

/// What was accepted says the same to a reader that is not strict, and keeps every rule.
fn agrees(header: &str, payload: &str, claims: &Claims) {
    let header: Value = serde_json::from_str(header).expect("they call it JSON");
    assert_eq!(header["alg"], "ES256");
    for never in ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"] {
        assert!(header.get(never).is_none(), "{never}");
    }
    let payload: Value = serde_json::from_str(payload).expect("they call it JSON");
    let text = |name: &str| payload[name].as_str().expect("a text");
    assert_eq!(text("iss"), claims.issuer().as_str());
    assert_eq!(text("aud"), AUDIENCE);
    assert_eq!(text("sub"), claims.employee().to_string());
    assert_eq!(text("doel"), claims.purpose().as_str());
    assert_eq!(text("zaak"), claims.case().to_string());
    assert!((1..=128).contains(&text("jti").chars().count()));
    assert_eq!(payload["cnf"]["x5t#S256"], *BENCH.thumbprint);
    assert_eq!(payload.get("team").is_some(), claims.team().is_some());
    assert_eq!(
        payload.get("document").is_some(),
        claims.document().is_some()
    );
    let [issued, from, until] =
        ["iat", "nbf", "exp"].map(|name| payload[name].as_i64().expect("a whole number"));
    let now = NOW.unix_seconds();
    assert!(issued.max(from) <= now + LEEWAY && now < until + LEEWAY);
    assert!(issued.max(from) < until && until - issued.min(from) <= LIFE);
}

//! Odd certificates and chains over real TLS, a sample: all of them are tried in
//! `src/identity/tests/certificates.rs`. None gets an answer of 200, not even to what asks for a
//! certificate alone.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    RevokedCertParams, SerialNumber,
};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::judge;
use super::siege::Siege;
use crate::client::{Call, Line};
use crate::party::{Party, anonymous_tls};
use crate::world::{Store, World};

/// Days from now; the clock of the gateway is the machine's.
#[expect(
    clippy::disallowed_methods,
    reason = "a certificate for a process with the real clock"
)]
fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::days(days)
}

struct Ca {
    der: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = day(-100);
    params.not_after = day(1_000);
    params.serial_number = Some(SerialNumber::from(1));
    params
}

impl Ca {
    fn new(params: CertificateParams, above: Option<&Ca>) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = match above {
            None => params.self_signed(&key).unwrap(),
            Some(above) => params.signed_by(&key, &above.issuer).unwrap(),
        };
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    fn crl(&self, until: i64) -> String {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(666),
            revocation_time: day(-2),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: day(-3),
            next_update: day(until),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

fn oin_field() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 5])
}

/// A good client certificate of IMG, to spoil.
fn leaf() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "img");
    params
        .distinguished_name
        .push(oin_field(), Party::find("img").oin.as_str());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = day(-10);
    params.not_after = day(10);
    params.serial_number = Some(SerialNumber::from(77));
    params
}

/// A chain and its key.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn issue(by: &Ca, params: &CertificateParams, above: &[&Ca]) -> Shown {
    issue_for(by, params, above, &PKCS_ECDSA_P256_SHA256)
}

fn issue_for(
    by: &Ca,
    params: &CertificateParams,
    above: &[&Ca],
    algorithm: &'static rcgen::SignatureAlgorithm,
) -> Shown {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let certificate = params.signed_by(&key, &by.issuer).unwrap();
    let mut chain = vec![certificate.der().clone()];
    chain.extend(above.iter().map(|ca| ca.der.clone()));
    Shown {
        chain,
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    }
}

fn spoilt(by: &Ca, spoil: impl FnOnce(&mut CertificateParams)) -> Shown {
    let mut params = leaf();
    spoil(&mut params);
    issue(by, &params, &[])
}

fn unknown_critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    extension
}

/// The root that the gateway trusts, and everything below and beside it.
struct Pki {
    root: Ca,
    domain: Ca,
    issuing: Ca,
    deep: Ca,
    unlisted: Ca,
    stale: Ca,
    short: Ca,
    no_sign: Ca,
}

impl Pki {
    fn new() -> Self {
        let root = Ca::new(ca_params("Root"), None);
        let domain = Ca::new(ca_params("Domain"), Some(&root));
        let issuing = Ca::new(ca_params("Issuing"), Some(&domain));
        let below = |name: &str, spoil: fn(&mut CertificateParams)| {
            let mut params = ca_params(name);
            spoil(&mut params);
            Ca::new(params, Some(&root))
        };
        Self {
            deep: Ca::new(ca_params("Deep"), Some(&issuing)),
            unlisted: below("Unlisted", |_| ()),
            stale: below("Stale", |_| ()),
            short: below("Revoked", |params| params.serial_number = Some(666.into())),
            no_sign: below("No signing", |params| {
                params.key_usages = vec![KeyUsagePurpose::CrlSign];
            }),
            root,
            domain,
            issuing,
        }
    }

    fn crls(&self) -> String {
        let fresh = [
            &self.root,
            &self.domain,
            &self.issuing,
            &self.deep,
            &self.short,
            &self.no_sign,
        ];
        let fresh: String = fresh.map(|ca| ca.crl(1)).concat();
        fresh + &self.stale.crl(-1)
    }
}

#[expect(clippy::too_many_lines, reason = "a long table")]
fn rows(pki: &Pki) -> Vec<(&'static str, Shown)> {
    let root = &pki.root;
    let twin = Ca::new(ca_params("Root"), None);
    let self_made = {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Shown {
            chain: vec![leaf().self_signed(&key).unwrap().der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    };
    // A leaf that issues another leaf.
    let by_leaf = {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = leaf().signed_by(&key, &root.issuer).unwrap();
        let ca = Ca {
            der: certificate.der().clone(),
            pem: String::new(),
            issuer: Issuer::new(leaf(), key),
        };
        issue(&ca, &leaf(), &[&ca])
    };
    let mut touched = issue(root, &leaf(), &[]);
    let mut bytes = touched.chain[0].to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    touched.chain[0] = bytes.into();
    let oin = Party::find("img").oin.as_str();
    let named = |number: String| {
        move |params: &mut CertificateParams| {
            params.distinguished_name.remove(oin_field());
            params.distinguished_name.push(oin_field(), number);
        }
    };
    vec![
        ("expired", spoilt(root, |p| p.not_after = day(-1))),
        ("not valid yet", spoilt(root, |p| p.not_before = day(1))),
        (
            "revoked",
            spoilt(root, |p| p.serial_number = Some(666.into())),
        ),
        (
            "no extended key usage",
            spoilt(root, |p| p.extended_key_usages.clear()),
        ),
        (
            "serverAuth only",
            spoilt(root, |p| {
                p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }),
        ),
        (
            "any usage",
            spoilt(root, |p| {
                p.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
            }),
        ),
        ("no key usage", spoilt(root, |p| p.key_usages.clear())),
        (
            "keyEncipherment only",
            spoilt(root, |p| {
                p.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
            }),
        ),
        (
            "keyCertSign too",
            spoilt(root, |p| p.key_usages.push(KeyUsagePurpose::KeyCertSign)),
        ),
        (
            "CA flag",
            spoilt(root, |p| {
                p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }),
        ),
        (
            "serial 0",
            spoilt(root, |p| {
                p.serial_number = Some(SerialNumber::from_slice(&[0]));
            }),
        ),
        (
            "serial of 21 octets",
            spoilt(root, |p| {
                p.serial_number = Some(SerialNumber::from_slice(&[0x11; 21]));
            }),
        ),
        (
            "an unknown critical extension",
            spoilt(root, |p| p.custom_extensions = vec![unknown_critical()]),
        ),
        (
            "a key of Ed25519",
            issue_for(root, &leaf(), &[], &PKCS_ED25519),
        ),
        (
            "no OIN",
            spoilt(root, |p| {
                p.distinguished_name.remove(oin_field());
            }),
        ),
        (
            "an OIN of nobody here",
            spoilt(root, named("00000001899999999000".to_owned())),
        ),
        ("an OIN and a space", spoilt(root, named(format!("{oin} ")))),
        (
            "an OIN and a zero byte",
            spoilt(root, named(format!("{oin}\0"))),
        ),
        (
            "an OIN with a digit from elsewhere",
            spoilt(root, named(oin.replacen('0', "\u{660}", 1))),
        ),
        ("made by itself", self_made),
        ("made by a leaf", by_leaf),
        ("a CA of the same name", issue(&twin, &leaf(), &[])),
        (
            "a CA of the same name, brought along",
            issue(&twin, &leaf(), &[&twin]),
        ),
        ("a signature with a bit changed", touched),
        ("without the one between", issue(&pki.domain, &leaf(), &[])),
        (
            "three between",
            issue(&pki.deep, &leaf(), &[&pki.deep, &pki.issuing, &pki.domain]),
        ),
        (
            "a chain of five",
            issue(
                &pki.deep,
                &leaf(),
                &[&pki.deep, &pki.issuing, &pki.domain, root],
            ),
        ),
        (
            "one between has no list",
            issue(&pki.unlisted, &leaf(), &[&pki.unlisted]),
        ),
        (
            "the list of one between is stale",
            issue(&pki.stale, &leaf(), &[&pki.stale]),
        ),
        (
            "one between is revoked",
            issue(&pki.short, &leaf(), &[&pki.short]),
        ),
        (
            "one between may not sign",
            issue(&pki.no_sign, &leaf(), &[&pki.no_sign]),
        ),
    ]
}

fn tls(shown: Shown) -> Option<Arc<ClientConfig>> {
    anonymous_tls()
        .with_client_auth_cert(shown.chain, shown.key)
        .ok()
        .map(Arc::new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_odd_certificate_is_let_in() {
    let pki = Pki::new();
    let mut world = World::without_gateway(Store::Sqlite).await;
    let folder = world.folder.path();
    std::fs::write(folder.join("root.pem"), &pki.root.pem).unwrap();
    std::fs::write(folder.join("all.crl.pem"), pki.crls()).unwrap();
    let config = std::fs::read_to_string(world.config()).unwrap();
    // The first of each is the listeners'.
    let config = config
        .replacen("trust-anchors = [", "trust-anchors = [\"root.pem\", ", 1)
        .replacen("crls = [", "crls = [\"all.crl.pem\", ", 1);
    std::fs::write(world.config(), config).unwrap();
    world.start().await;
    let siege = Siege::around(world).await;
    let ask = async |shown: Shown| {
        let tls = tls(shown)?;
        let mut line = Line::new(siege.world.gateways[0].exchange, tls);
        // The refusal of a handshake comes when a client reads.
        line.try_call(&Call::get("/v1/openapi.json")).await.ok()
    };
    for (name, good) in [
        ("a leaf of the root", issue(&pki.root, &leaf(), &[])),
        (
            "two between",
            issue(&pki.issuing, &leaf(), &[&pki.issuing, &pki.domain]),
        ),
        (
            "P-384",
            issue_for(&pki.root, &leaf(), &[], &PKCS_ECDSA_P384_SHA384),
        ),
    ] {
        assert_eq!(
            ask(good).await.map(|answer| answer.status),
            Some(200),
            "{name}"
        );
    }
    let mut wrong = Vec::new();
    let rows = rows(&pki);
    let tried = rows.len();
    let mut in_words = 0;
    for (name, shown) in rows {
        match ask(shown).await {
            None => {}
            Some(answer) if answer.short() == "403 organisatie-onbekend" => in_words += 1,
            Some(answer) => wrong.push(format!("- {name}: {}", answer.short())),
        }
    }
    siege.honest().await;
    let told = format!(" ({in_words} of them told 403 organisatie-onbekend)");
    judge(
        "odd certificates and chains over TLS",
        tried,
        30,
        &told,
        &wrong,
    );
    siege.world.close().await;
}

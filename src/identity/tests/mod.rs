//! A small world to test in: the development PKI on disk, a clock that stands still, and a CA that
//! issues whatever oddity a row asks for.

mod alarms;
mod certificates;
mod chains;
mod dev;
mod forged;
mod id_tokens;
mod keys;
mod odd;
mod provider;
mod reload;
mod signatures;
mod tokens;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::clock::{FixedClock, Moment, SystemRandomness};
use crate::domain::{Role, Team, Wording};

/// Tells the count of a table where it is seen though the test passes: the harness keeps only what is
/// printed by its own macros.
fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

pub(super) const NOW: &str = "2026-11-21T12:00:00Z";

pub(super) fn now() -> Moment {
    Moment::parse(NOW).unwrap()
}

/// Days from now, as a certificate has them.
pub(super) fn day(days: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(now().unix_seconds()).unwrap() + Duration::days(days)
}

/// A CA that issues what it is told to.
pub(super) struct Ca {
    pub(super) der: CertificateDer<'static>,
    pub(super) pem: String,
    pub(super) issuer: Issuer<'static, KeyPair>,
}

pub(super) fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = day(-100);
    params.not_after = day(1000);
    params.serial_number = Some(SerialNumber::from(1));
    params
}

impl Ca {
    pub(super) fn root(params: CertificateParams) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(super) fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A CRL of `from` to `until` (days) that revokes these serial numbers.
    pub(super) fn crl(&self, from: i64, until: i64, revoked: &[u64]) -> String {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: day(-1),
            reason_code: None,
            invalidity_date: None,
        };
        CertificateRevocationListParams {
            this_update: day(from),
            next_update: day(until),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)
        .unwrap()
        .pem()
        .unwrap()
    }
}

/// A good client certificate of IMG, to spoil.
pub(super) fn leaf_params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "img");
    serial_number(&mut params, "00000001812345678000");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params.not_before = day(-10);
    params.not_after = day(10);
    params.serial_number = Some(SerialNumber::from(77));
    params
}

/// Adds a subject serialNumber.
pub(super) fn serial_number(params: &mut CertificateParams, value: &str) {
    let kind = DnType::CustomDnType(vec![2, 5, 4, 5]);
    params.distinguished_name.push(kind, value);
}

pub(super) fn issue(ca: &Ca, params: &CertificateParams) -> CertificateDer<'static> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    params.signed_by(&key, &ca.issuer).unwrap().der().clone()
}

/// The development PKI in a directory of its own, and settings that point at it.
pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) pki: DevPki,
    pub(crate) settings: IdentitySettings,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(now());
        let pki = dev_pki(directory.path(), &*clock, &SystemRandomness::default()).unwrap();
        let gateway = pki.party("gateway").unwrap();
        let files = |party: &DevParty| OrganisationFiles {
            oin: party.oin,
            jwks: party.jwks.clone(),
            provider_trust_anchors: Some(vec![pki.ca.clone()]),
        };
        let settings = IdentitySettings {
            audience: "https://sluis.example".to_owned(),
            tls: TlsSettings {
                profile: TlsProfile::NcscGoed,
                certificate: gateway.certificate.clone(),
                key: gateway.key.clone(),
                trust_anchors: vec![pki.ca.clone()],
                crls: vec![pki.crl.clone()],
                crl_grace_hours: 0,
            },
            tokens: TokenSettings {
                max_life_seconds: 300,
                allow_rs256: false,
            },
            organisations: ["img", "ncg"]
                .map(|name| files(pki.party(name).unwrap()))
                .to_vec(),
        };
        Self {
            directory,
            clock,
            pki,
            settings,
        }
    }

    /// IMG and NCG are configured; the municipality has a certificate but is not.
    pub(crate) fn organisations(&self) -> Organisations {
        let organisation = |name: &str| Organisation {
            oin: self.pki.party(name).unwrap().oin,
            name: name.to_owned(),
            role: Role::parse(name).unwrap(),
            teams: [Team::parse("aos").unwrap()].into(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        Organisations::new(vec![organisation("img"), organisation("ncg")])
    }

    pub(crate) fn load(&self) -> Result<Identity, Vec<IdentityError>> {
        Identity::load(
            self.settings.clone(),
            &self.organisations(),
            self.clock.clone(),
        )
    }

    pub(crate) fn identity(&self) -> Arc<Identity> {
        Arc::new(self.load().unwrap())
    }

    /// Writes a file over with one that takes its place at once.
    pub(crate) fn replace(&self, path: &Path, content: impl AsRef<[u8]>) {
        let beside = self.file("beside", content);
        fs::rename(beside, path).unwrap();
    }

    /// Adds a file of this content and gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn chain(&self, name: &str) -> Vec<CertificateDer<'static>> {
        certificates_in(&self.pki.party(name).unwrap().certificate)
    }

    pub(crate) fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.pki.party(name).unwrap().key).unwrap()
    }
}

/// The world's clock for the other end of a connection too, whatever the machine's says.
#[derive(Debug)]
pub(crate) struct WorldTime(pub(crate) Arc<FixedClock>);

impl rustls::time_provider::TimeProvider for WorldTime {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let seconds = u64::try_from(self.0.now().unix_seconds()).ok()?;
        let since = std::time::Duration::from_secs(seconds);
        Some(rustls::pki_types::UnixTime::since_unix_epoch(since))
    }
}

pub(super) fn certificates_in(path: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

//! Odd certificates and lists, issued by the development CA of this run: what its maker would never make.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber,
};
use sluis::clock::{Clock as _, SystemClock};
use time::{Duration, OffsetDateTime};

use crate::party::pki;

/// The serial number of everything issued here.
const SERIAL: [u8; 3] = [1, 2, 3];

/// A certificate for a gateway or a client, valid from yesterday for a year; change what is to be odd.
pub(crate) fn leaf(oin: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params
        .subject_alt_names
        .push(rcgen::SanType::IpAddress([127, 0, 0, 1].into()));
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "odd.sluis.example");
    params.distinguished_name.push(
        DnType::CustomDnType(vec![2, 5, 4, 5]),
        DnValue::PrintableString(PrintableString::try_from(oin).unwrap()),
    );
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params.serial_number = Some(SerialNumber::from_slice(&SERIAL));
    params.not_before = days(-1);
    params.not_after = days(365);
    params
}

pub(crate) fn days(from_now: i64) -> OffsetDateTime {
    let now = SystemClock.now().unix_seconds();
    OffsetDateTime::from_unix_timestamp(now).unwrap() + Duration::days(from_now)
}

fn issuer() -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "NL");
    params
        .distinguished_name
        .push(DnType::CommonName, "Sluis Development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = std::fs::read_to_string(pki().join("ca.key")).unwrap();
    Issuer::new(params, KeyPair::from_pem(&key).unwrap())
}

/// Issues it, as `NAME.pem` and `NAME.key`.
pub(crate) fn issue(folder: &Path, name: &str, params: &CertificateParams) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer()).unwrap();
    let paths = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(&paths.0, certificate.pem()).unwrap();
    std::fs::write(&paths.1, key.serialize_pem()).unwrap();
    std::fs::set_permissions(&paths.1, std::fs::Permissions::from_mode(0o600)).unwrap();
    paths
}

/// A list from so many days ago, to be followed in so many; it revokes what was issued here, or nothing.
pub(crate) fn list(at: &Path, made_days_ago: i64, next_in_days: i64, revokes: bool) {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from_slice(&SERIAL),
        revocation_time: days(-made_days_ago),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: days(-made_days_ago),
        next_update: days(next_in_days),
        crl_number: SerialNumber::from(7_u64),
        issuing_distribution_point: None,
        revoked_certs: if revokes { vec![revoked] } else { Vec::new() },
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = params.signed_by(&issuer()).unwrap();
    std::fs::write(at, list.pem().unwrap()).unwrap();
}

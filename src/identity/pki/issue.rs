//! What goes into the certificates of the development PKI, and how its files are written.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jsonwebtoken::jwk::{PublicKeyUse, ThumbprintHash};
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
    SerialNumber,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{DevParty, PkiError};
use crate::clock::{Moment, Random};
use crate::identity::maker::signing_key;

const CA_NAME: &str = "Sluis Development CA";
const LIFE: Duration = Duration::days(397);

pub(super) fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "NL");
    name.push(DnType::CommonName, CA_NAME);
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn leaf_params(party: &DevParty) -> Result<CertificateParams, PkiError> {
    let mut params =
        CertificateParams::new(vec!["localhost".to_owned()]).map_err(PkiError::Make)?;
    for address in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        params.subject_alt_names.push(SanType::IpAddress(address));
    }
    let number = PrintableString::try_from(party.oin.as_str()).map_err(PkiError::Make)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "NL");
    name.push(DnType::OrganizationName, party.organisation);
    name.push(DnType::CommonName, format!("{}.sluis.example", party.name));
    // X.520 serialNumber, where `PKIoverheid` puts the OIN.
    name.push(
        DnType::CustomDnType(vec![2, 5, 4, 5]),
        DnValue::PrintableString(number),
    );
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

pub(super) fn validity(
    params: &mut CertificateParams,
    now: Moment,
    random: &dyn Random,
) -> Result<(), PkiError> {
    let mut serial = [0; 16];
    random.fill(&mut serial).map_err(PkiError::Random)?;
    if let Some(first) = serial.first_mut() {
        // Positive, and never shorter than sixteen octets.
        *first = (*first & 0x3f) | 0x40;
    }
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    // Clocks of two machines differ a little.
    params.not_before = date(now) - Duration::minutes(5);
    params.not_after = date(now) + LIFE;
    Ok(())
}

pub(super) fn make_token_key(party: &DevParty) -> Result<(), PkiError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(PkiError::Make)?;
    let pem = key.serialize_pem();
    let (_, mut jwk, _) = signing_key(pem.as_bytes()).ok_or(PkiError::TokenKey)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256);
    jwk.common.key_id = Some(kid.map_err(|_| PkiError::TokenKey)?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    write(&party.token_key, pem.as_bytes(), 0o600)?;
    let set = format!("{:#}\n", json!({ "keys": [jwk] }));
    write(&party.jwks, set.as_bytes(), 0o644)
}

/// The moment, in the whole seconds of ASN.1.
pub(super) fn date(moment: Moment) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(moment.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> PkiError {
    let path = path.to_owned();
    |cause| PkiError::File { path, cause }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, PkiError> {
    fs::read(path).map_err(at(path))
}

/// Writes a file that must not be there yet; its permissions are right from its first byte.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let mut file = options.open(path).map_err(at(path))?;
    file.write_all(bytes).map_err(at(path))
}

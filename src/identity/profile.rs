//! The certificate profile (SECURITY 10 and 11): what webpki leaves open and we do not.
//!
//! Only single certificates are looked at here, and only their form. Signatures, names and the path
//! are webpki's, revocation is in `crl`.

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage};
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_X509_SERIALNUMBER};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Version;

use crate::clock::Moment;
use crate::domain::Oin;

/// Why a certificate does not fit the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFlaw {
    /// Not DER, not X.509, or an extension that cannot be read or is there twice.
    #[error("it cannot be read")]
    Unreadable,
    /// Not version 3.
    #[error("it is not version 3")]
    Version,
    /// The serial number is zero, negative or longer than 20 octets (RFC 5280, 4.1.2.2).
    #[error("its serial number is not positive or longer than 20 octets")]
    Serial,
    /// The issuer has no name (RFC 5280, 4.1.2.4).
    #[error("its issuer has no name")]
    NoIssuer,
    /// Neither RSA of 2048 to 8192 bits nor P-256 nor P-384.
    #[error("its key is not RSA of at least 2048 bits, P-256 or P-384")]
    Key,
    /// A leaf that says it is a CA, or may sign certificates or CRLs.
    #[error("it is a CA certificate where a leaf is needed")]
    LeafIsCa,
    /// A leaf without digitalSignature.
    #[error("its key usage lacks digitalSignature")]
    NoDigitalSignature,
    /// A leaf whose extended key usage does not name what it is used for.
    #[error("its extended key usage lacks {0}")]
    NoPurpose(Usage),
    /// A CA certificate without the CA flag.
    #[error("it signs certificates without being a CA")]
    NotCa,
    /// A CA certificate without keyCertSign.
    #[error("its key usage lacks keyCertSign")]
    NoKeyCertSign,
}

/// What a leaf is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Knocking at `exchange`.
    Client,
    /// Answering as a provider.
    Server,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Client => "clientAuth",
            Self::Server => "serverAuth",
        })
    }
}

/// Why a subject names no organisation (SECURITY 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectFlaw {
    /// No serialNumber.
    #[error("the subject has no serialNumber")]
    None,
    /// More than one serialNumber: which would count?
    #[error("the subject has more than one serialNumber")]
    Several,
    /// Not twenty ASCII digits.
    #[error("the subject's serialNumber is not an OIN of 20 digits")]
    NotAnOin,
}

/// What the rest of the module needs to know of a certificate that fits.
#[derive(Debug)]
pub(super) struct Examined {
    /// The first and the last moment it is valid.
    pub(super) not_before: Moment,
    pub(super) not_after: Moment,
    /// DER of the names, for finding the CRLs of its issuer and the certificates it issued.
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    /// Its subject's name as people read it, for alarms about our own and CA certificates.
    pub(super) name: String,
    /// DER of its public key.
    pub(super) public_key: Vec<u8>,
    pub(super) oin: Result<Oin, SubjectFlaw>,
}

/// Looks at a leaf.
pub(super) fn leaf(der: &CertificateDer<'_>, usage: Usage) -> Result<Examined, ProfileFlaw> {
    let certificate = parse(der)?;
    let (key_usage, extended) = usages(&certificate)?;
    let constraints = certificate
        .basic_constraints()
        .map_err(|_| ProfileFlaw::Unreadable)?;
    let key_usage = key_usage.ok_or(ProfileFlaw::NoDigitalSignature)?;
    if constraints.is_some_and(|c| c.value.ca) || key_usage.key_cert_sign() || key_usage.crl_sign()
    {
        return Err(ProfileFlaw::LeafIsCa);
    }
    if !key_usage.digital_signature() {
        return Err(ProfileFlaw::NoDigitalSignature);
    }
    let named = extended.is_some_and(|extended| match usage {
        Usage::Client => extended.client_auth,
        Usage::Server => extended.server_auth,
    });
    if !named {
        return Err(ProfileFlaw::NoPurpose(usage));
    }
    examined(&certificate)
}

/// Looks at a CA certificate, a trust anchor or one between it and the leaf.
pub(super) fn authority(der: &CertificateDer<'_>) -> Result<Examined, ProfileFlaw> {
    let certificate = parse(der)?;
    let (key_usage, _) = usages(&certificate)?;
    let constraints = certificate
        .basic_constraints()
        .map_err(|_| ProfileFlaw::Unreadable)?;
    if !constraints.is_some_and(|c| c.value.ca) {
        return Err(ProfileFlaw::NotCa);
    }
    if !key_usage.is_some_and(KeyUsage::key_cert_sign) {
        return Err(ProfileFlaw::NoKeyCertSign);
    }
    examined(&certificate)
}

/// Reads a certificate, and nothing behind it.
pub(super) fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, ProfileFlaw> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(ProfileFlaw::Unreadable),
    }
}

type Usages<'a> = (Option<&'a KeyUsage>, Option<&'a ExtendedKeyUsage<'a>>);

/// Both usage extensions; one that is there twice, or cannot be read, is a flaw and not an absence.
fn usages<'a>(certificate: &'a X509Certificate<'_>) -> Result<Usages<'a>, ProfileFlaw> {
    let key_usage = certificate.key_usage();
    let extended = certificate.extended_key_usage();
    match (certificate.extensions_map(), key_usage, extended) {
        (Ok(_), Ok(key_usage), Ok(extended)) => {
            Ok((key_usage.map(|u| u.value), extended.map(|u| u.value)))
        }
        _ => Err(ProfileFlaw::Unreadable),
    }
}

/// The checks that leaf and CA have in common.
fn examined(certificate: &X509Certificate<'_>) -> Result<Examined, ProfileFlaw> {
    if certificate.version() != X509Version::V3 {
        return Err(ProfileFlaw::Version);
    }
    let serial = certificate.raw_serial();
    let negative = serial.first().is_none_or(|first| *first >= 0x80);
    if negative || serial.len() > 20 || serial.iter().all(|byte| *byte == 0) {
        return Err(ProfileFlaw::Serial);
    }
    if certificate.issuer().iter().next().is_none() {
        return Err(ProfileFlaw::NoIssuer);
    }
    if !strong(certificate) {
        return Err(ProfileFlaw::Key);
    }
    Ok(Examined {
        not_before: moment(certificate.validity().not_before),
        not_after: moment(certificate.validity().not_after),
        issuer: certificate.issuer().as_raw().to_vec(),
        subject: certificate.subject().as_raw().to_vec(),
        name: certificate.subject().to_string(),
        public_key: certificate.public_key().raw.to_vec(),
        oin: oin(certificate),
    })
}

fn strong(certificate: &X509Certificate<'_>) -> bool {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => (2048..=8192).contains(&rsa.key_size()),
        Ok(PublicKey::EC(_)) => key
            .algorithm
            .parameters
            .as_ref()
            .and_then(|curve| curve.as_oid().ok())
            .is_some_and(|curve| curve == OID_EC_P256 || curve == OID_NIST_EC_P384),
        _ => false,
    }
}

/// The OIN in a subject.
pub(super) fn oin(certificate: &X509Certificate<'_>) -> Result<Oin, SubjectFlaw> {
    let mut numbers = certificate.subject().iter_by_oid(&OID_X509_SERIALNUMBER);
    match (numbers.next(), numbers.next()) {
        (None, _) => Err(SubjectFlaw::None),
        (Some(_), Some(_)) => Err(SubjectFlaw::Several),
        (Some(number), None) => number
            .as_str()
            .ok()
            .and_then(|text| Oin::parse(text).ok())
            .ok_or(SubjectFlaw::NotAnOin),
    }
}

/// A date of a certificate or CRL, held inside what a [`Moment`] can be.
pub(super) fn moment(date: ASN1Time) -> Moment {
    Moment::EPOCH.plus_ms(date.timestamp().saturating_mul(1000))
}

//! Trust anchors: the CA certificates an operator configured.

use rustls::DistinguishedName;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::profile::{self, Examined, ProfileFlaw};
use crate::clock::Moment;

/// Why a file of trust anchors is not taken into use.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// No PEM section `CERTIFICATE`.
    #[error("there is no certificate in it")]
    None,
    /// PEM that cannot be read.
    #[error("it is not whole PEM")]
    Pem,
    /// One of its certificates is no fit CA certificate.
    #[error("certificate {number} in it is not fit to be a trust anchor")]
    Profile {
        /// Which, counted from 1.
        number: usize,
        /// Why.
        #[source]
        flaw: ProfileFlaw,
    },
    /// webpki cannot use one of its certificates.
    #[error("certificate {number} in it cannot be used as a trust anchor")]
    Unusable {
        /// Which, counted from 1.
        number: usize,
        /// Why.
        #[source]
        cause: webpki::Error,
    },
}

/// One anchor.
#[derive(Debug)]
pub(super) struct Anchor {
    pub(super) trust: TrustAnchor<'static>,
    pub(super) examined: Examined,
}

impl Anchor {
    /// Whether it is valid now. webpki never asks this of an anchor.
    pub(super) fn is_valid(&self, now: Moment) -> bool {
        (self.examined.not_before..=self.examined.not_after).contains(&now)
    }

    /// Its name, as a hint to clients which certificate to bring.
    pub(super) fn hint(&self) -> DistinguishedName {
        DistinguishedName::in_sequence(&self.trust.subject)
    }
}

/// Reads a PEM file of CA certificates; whole or not at all. An expired one is read too: it drops
/// out when paths are built, with an alarm, and does not stop a start.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Anchor>, AnchorError> {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| AnchorError::Pem)?;
    if certificates.is_empty() {
        return Err(AnchorError::None);
    }
    let read = certificates.iter().zip(1..).map(|(der, number)| {
        let examined =
            profile::authority(der).map_err(|flaw| AnchorError::Profile { number, flaw })?;
        let trust = webpki::anchor_from_trusted_cert(der)
            .map_err(|cause| AnchorError::Unusable { number, cause })?
            .to_owned();
        Ok(Anchor { trust, examined })
    });
    read.collect()
}

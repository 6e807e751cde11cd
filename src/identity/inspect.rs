//! Certificates and revocation lists looked at alone, without a path, a connection or a file: for
//! whoever asks what is wrong with one, and for the fuzzer. Nobody is let in by what is said here.

use rustls::pki_types::CertificateDer;

use super::crl::{CrlError, CrlFile};
use super::profile::{self, ProfileFlaw, SubjectFlaw, Usage};
use crate::clock::Moment;
use crate::domain::Oin;

/// What a certificate that fits the profile says of itself. Nobody vouches for it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The organisation in its subject.
    pub oin: Result<Oin, SubjectFlaw>,
    /// The first moment it is valid.
    pub not_before: Moment,
    /// The last moment it is valid.
    pub not_after: Moment,
}

/// Looks at a leaf's form (SECURITY 10 and 11); its signature and issuer are not asked about.
///
/// # Errors
/// [`ProfileFlaw`].
pub fn inspect_leaf(der: &[u8], usage: Usage) -> Result<Inspected, ProfileFlaw> {
    profile::leaf(&CertificateDer::from(der), usage).map(|examined| inspected(&examined))
}

/// The same for a CA certificate.
///
/// # Errors
/// [`ProfileFlaw`].
pub fn inspect_authority(der: &[u8]) -> Result<Inspected, ProfileFlaw> {
    profile::authority(&CertificateDer::from(der)).map(|examined| inspected(&examined))
}

fn inspected(examined: &profile::Examined) -> Inspected {
    Inspected {
        oin: examined.oin,
        not_before: examined.not_before,
        not_after: examined.not_after,
    }
}

/// The revocation lists of one file, as a gateway would hold them, with no anchor to check a
/// signature by: that comes when a path is built.
#[derive(Debug, Clone, Default)]
pub struct Revocations(CrlFile);

impl Revocations {
    /// Reads a file (PEM sections, or one list in DER) where `self` was held before. With faults,
    /// what was held stays wherever there is nothing better (SECURITY 12).
    #[must_use]
    pub fn replaced_by(&self, file: &[u8], now: Moment) -> (Self, Vec<CrlError>) {
        let (held, faults) = CrlFile::read(file, &[], now, &self.0);
        (Self(held), faults)
    }

    /// Each list's issuer, when it was made and when the next one should have been there.
    pub fn lists(&self) -> impl Iterator<Item = (&str, Moment, Moment)> {
        self.0
            .lists()
            .map(|crl| (crl.issuer_name(), crl.this_update(), crl.next_update()))
    }
}

//! From a presented chain to what is known about its holder: path, profile, revocation.
//!
//! [`Paths::vet`] is the only judge. The TLS handshake asks it, every later question about the same
//! connection asks it again, and its answers say until when they hold.

use std::sync::Arc;

use quick_cache::sync::Cache;
use ring::digest::{Context, SHA256};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder,
    UnknownStatusPolicy, VerifiedPath,
};

use super::anchor::Anchor;
use super::crl::Crl;
use super::profile::{self, Examined, ProfileFlaw, SubjectFlaw, Usage};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::Oin;

/// The signatures accepted on certificates, CRLs and handshakes: SHA-2 with RSA of at least 2048
/// bits, P-256 or P-384.
pub(super) static SIGNATURES: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki::ring::ECDSA_P256_SHA256,
    webpki::ring::ECDSA_P256_SHA384,
    webpki::ring::ECDSA_P384_SHA256,
    webpki::ring::ECDSA_P384_SHA384,
    webpki::ring::RSA_PKCS1_2048_8192_SHA256,
    webpki::ring::RSA_PKCS1_2048_8192_SHA384,
    webpki::ring::RSA_PKCS1_2048_8192_SHA512,
    webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    webpki::ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    webpki::ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// CA certificates above a leaf, the anchor included: `PKIoverheid` has three (root, domain, TSP).
pub(super) const DEPTH: usize = 3;

/// Why a certificate is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefused {
    /// No certificate, or more than a leaf and three CAs.
    #[error("a chain of 1 to 4 certificates is needed")]
    Length,
    /// webpki found no path to a trust anchor that is valid now.
    #[error("there is no valid path to a trust anchor")]
    Path(#[source] webpki::Error),
    /// The path has more than three CAs.
    #[error("the path to the trust anchor is longer than three certificates")]
    Depth,
    /// A certificate of the path does not fit the profile.
    #[error("certificate {position} of the path does not fit the profile")]
    Profile {
        /// 0 for the leaf, 1 for its issuer, and so on.
        position: usize,
        /// Why.
        #[source]
        flaw: ProfileFlaw,
    },
    /// A certificate of the path was revoked.
    #[error("a certificate of the path was revoked")]
    Revoked,
    /// There is no CRL of one of the issuers.
    #[error("there is no CRL of one of the issuers")]
    NoCrl,
    /// The CRL of one of the issuers is past its nextUpdate, by more than is allowed.
    #[error("the CRL of one of the issuers is stale")]
    StaleCrl,
    /// The certificate does not name the host that was asked for.
    #[error("the certificate is for another host")]
    Host,
    /// The certificate's subject is not the organisation that was expected.
    #[error("the certificate is another organisation's")]
    OtherOrganisation,
}

/// What is known of a chain that was found good, and while that holds.
#[derive(Debug)]
pub(super) struct Vetted {
    pub(super) oin: Result<Oin, SubjectFlaw>,
    from: Moment,
    until: Moment,
}

impl Vetted {
    /// Whether time alone has not ended it.
    pub(super) fn holds(&self, now: Moment) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// The anchors and lists a kind of peer is judged by. Immutable: a reload makes a new one.
#[derive(Debug)]
pub(super) struct Paths {
    usage: Usage,
    anchors: Vec<Arc<Vec<Anchor>>>,
    crls: Vec<Arc<Crl>>,
    grace_ms: i64,
    /// Chains found good under exactly these anchors and lists, by the SHA-256 of all their bytes.
    /// Saves a client that connects often, and every re-check, the signatures.
    vetted: Cache<[u8; 32], Arc<Vetted>>,
}

impl Paths {
    pub(super) fn new(
        usage: Usage,
        anchors: Vec<Arc<Vec<Anchor>>>,
        mut crls: Vec<Arc<Crl>>,
        grace_ms: i64,
    ) -> Self {
        // webpki takes the first list that fits; of two of one issuer that must be the newest.
        crls.sort_by_key(|crl| std::cmp::Reverse(crl.this_update()));
        Self {
            usage,
            anchors,
            crls,
            grace_ms,
            vetted: Cache::new(bounds::VETTED_CHAINS),
        }
    }

    /// Every anchor, expired ones too.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter().flat_map(|file| file.iter())
    }

    /// Every list.
    pub(super) fn crls(&self) -> impl Iterator<Item = &Crl> {
        self.crls.iter().map(AsRef::as_ref)
    }

    /// From when on a list is too old to judge by: its nextUpdate, and what is granted after it.
    pub(super) fn stale_from(&self, crl: &Crl) -> Moment {
        crl.next_update().plus_ms(self.grace_ms)
    }

    /// Judges a chain, leaf first. A subject that is no OIN is not refused here: the caller answers
    /// such a client in words.
    pub(super) fn vet(
        &self,
        chain: &[CertificateDer<'_>],
        now: Moment,
    ) -> Result<Arc<Vetted>, CertificateRefused> {
        let key = chain_hash(chain);
        if let Some(known) = self.vetted.get(&key)
            && known.holds(now)
        {
            return Ok(known);
        }
        let vetted = Arc::new(self.build(chain, now)?);
        self.vetted.insert(key, vetted.clone());
        Ok(vetted)
    }

    fn build(
        &self,
        chain: &[CertificateDer<'_>],
        now: Moment,
    ) -> Result<Vetted, CertificateRefused> {
        let (leaf, others) = chain.split_first().ok_or(CertificateRefused::Length)?;
        if others.len() > DEPTH {
            return Err(CertificateRefused::Length);
        }
        let end = EndEntityCert::try_from(leaf).map_err(CertificateRefused::Path)?;
        let anchors: Vec<TrustAnchor<'_>> = self
            .anchors()
            .filter(|anchor| anchor.is_valid(now))
            .map(|anchor| anchor.trust.clone())
            .collect();
        let lists: Vec<_> = self.crls.iter().map(|crl| crl.list()).collect();
        // Staleness is judged below, because webpki knows no grace.
        let revocation = RevocationOptionsBuilder::new(&lists)
            .map_err(|_| CertificateRefused::NoCrl)?
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Ignore)
            .build();
        let usage = match self.usage {
            Usage::Client => KeyUsage::client_auth(),
            Usage::Server => KeyUsage::server_auth(),
        };
        let seconds = u64::try_from(now.unix_seconds()).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let path = end
            .verify_for_usage(
                SIGNATURES,
                &anchors,
                others,
                time,
                usage,
                Some(revocation),
                None,
            )
            .map_err(refusal)?;
        self.judge(leaf, &path, now)
    }

    /// What webpki does not ask of a path it found.
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        path: &VerifiedPath<'_>,
        now: Moment,
    ) -> Result<Vetted, CertificateRefused> {
        let flawed = |position| move |flaw| CertificateRefused::Profile { position, flaw };
        let mut examined: Vec<Examined> = vec![profile::leaf(leaf, self.usage).map_err(flawed(0))?];
        for (certificate, position) in path.intermediate_certificates().zip(1..) {
            if position >= DEPTH {
                return Err(CertificateRefused::Depth);
            }
            examined.push(profile::authority(&certificate.der()).map_err(flawed(position))?);
        }
        let root = self
            .anchors()
            .filter(|anchor| anchor.is_valid(now))
            .find(|anchor| {
                anchor.trust.subject == path.anchor().subject
                    && anchor.trust.subject_public_key_info == path.anchor().subject_public_key_info
            });
        let root = root.ok_or(CertificateRefused::Path(webpki::Error::UnknownIssuer))?;
        // Moments count milliseconds and notAfter whole seconds, the last one included.
        let end = |last: Moment| last.plus_ms(1000);
        let mut from = root.examined.not_before;
        let mut until = end(root.examined.not_after);
        for certificate in &examined {
            from = from.max(certificate.not_before);
            until = until.min(end(certificate.not_after));
            for crl in self.crls().filter(|crl| crl.is_of(&certificate.issuer)) {
                let stale = self.stale_from(crl);
                if now >= stale {
                    return Err(CertificateRefused::StaleCrl);
                }
                until = until.min(stale);
            }
        }
        let oin = examined
            .first()
            .map_or(Err(SubjectFlaw::None), |leaf| leaf.oin);
        Ok(Vetted { oin, from, until })
    }
}

fn refusal(error: webpki::Error) -> CertificateRefused {
    match error {
        webpki::Error::CertRevoked => CertificateRefused::Revoked,
        webpki::Error::UnknownRevocationStatus => CertificateRefused::NoCrl,
        other => CertificateRefused::Path(other),
    }
}

fn chain_hash(chain: &[CertificateDer<'_>]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for certificate in chain {
        // The length first, so that no two chains are one text.
        context.update(&(certificate.len() as u64).to_be_bytes());
        context.update(certificate);
    }
    hash_bytes(&context.finish())
}

/// The thirty-two bytes of a SHA-256.
pub(super) fn hash_bytes(digest: &ring::digest::Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    bytes
}

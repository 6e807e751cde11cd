//! Certificate revocation lists, held per issuer (SECURITY 12).
//!
//! A list is checked alone, when its file is read: one that cannot be used never displaces the last
//! good one, nor any other issuer's. Whether a list has grown stale is asked when it is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateRevocationListDer, SubjectPublicKeyInfoDer};
use webpki::{CertRevocationList, OwnedCertRevocationList, RawPublicKeyEntity};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::anchor::Anchor;
use super::chain::SIGNATURES;
use super::profile::moment;
use crate::clock::Moment;

/// Why a revocation list is not taken into use.
#[derive(Debug, thiserror::Error)]
pub enum CrlError {
    /// No PEM section `X509 CRL`, and not DER either.
    #[error("there is no CRL in it")]
    None,
    /// PEM that cannot be read, a file that is still being written for one.
    #[error("it is not whole PEM")]
    Pem,
    /// Not a CRL of RFC 5280 that can be judged: version 1, a delta, an unknown critical extension.
    #[error("a CRL in it cannot be read")]
    Unreadable(#[source] webpki::Error),
    /// The dates cannot be read.
    #[error("a CRL in it has no proper dates")]
    Dates,
    /// Its issuer is a trust anchor, and that did not sign it.
    #[error("the CRL of {0} is not signed by it")]
    Signature(String),
    /// Its thisUpdate lies in the future.
    #[error("the CRL of {0} is from the future")]
    Future(String),
    /// It is older than the one in use: bringing back an old list would undo a revocation.
    #[error("the CRL of {0} is older than the one in use")]
    Older(String),
}

/// One list that can be used.
#[derive(Debug)]
pub(super) struct Crl {
    list: CertRevocationList<'static>,
    issuer: Vec<u8>,
    issuer_name: String,
    this_update: Moment,
    next_update: Moment,
}

/// Whose list, and which part of them: an issuer may keep one for leafs and one for CAs.
type Key = (Vec<u8>, Vec<u8>);

impl Crl {
    fn parse(der: &[u8], anchors: &[&Anchor], now: Moment) -> Result<Self, CrlError> {
        let list = OwnedCertRevocationList::from_der(der).map_err(CrlError::Unreadable)?;
        let (_, parsed) = CertificateRevocationList::from_der(der).map_err(|_| CrlError::Dates)?;
        let next_update = parsed.next_update().ok_or(CrlError::Dates)?;
        let crl = Self {
            list: list.into(),
            issuer: parsed.issuer().as_raw().to_vec(),
            issuer_name: parsed.issuer().to_string(),
            this_update: moment(parsed.last_update()),
            next_update: moment(next_update),
        };
        if crl.this_update > now {
            return Err(CrlError::Future(crl.issuer_name));
        }
        // An issuer below an anchor is only known once a client brings its certificate along; webpki
        // checks the signature of its list then, and of every list each time a path is built.
        let mut of_issuer = anchors
            .iter()
            .filter(|anchor| anchor.examined.subject == crl.issuer)
            .peekable();
        let known = of_issuer.peek().is_some();
        let signature = &parsed.signature_value.data;
        let signed = |anchor: &&Anchor| {
            signed_by(
                &anchor.examined.public_key,
                parsed.tbs_cert_list.as_ref(),
                signature,
            )
        };
        if known && !of_issuer.any(signed) {
            return Err(CrlError::Signature(crl.issuer_name));
        }
        Ok(crl)
    }

    fn key(&self) -> Key {
        let part = self.list.issuing_distribution_point().unwrap_or_default();
        (self.issuer.clone(), part.to_vec())
    }

    /// Whether this issuer's certificates are judged by this list.
    pub(super) fn is_of(&self, issuer: &[u8]) -> bool {
        self.issuer == issuer
    }

    /// Its issuer's name, in DER.
    pub(super) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// When it was made.
    pub(super) fn this_update(&self) -> Moment {
        self.this_update
    }

    /// When the next one should have been there.
    pub(super) fn next_update(&self) -> Moment {
        self.next_update
    }

    /// Its issuer's name, for alarms.
    pub(super) fn issuer_name(&self) -> &str {
        &self.issuer_name
    }

    /// The list as webpki reads it.
    pub(super) fn list(&self) -> &CertRevocationList<'static> {
        &self.list
    }
}

fn signed_by(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = SubjectPublicKeyInfoDer::from(public_key);
    RawPublicKeyEntity::try_from(&key).is_ok_and(|key| {
        SIGNATURES
            .iter()
            .any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
    })
}

/// The usable lists of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct CrlFile(BTreeMap<Key, Arc<Crl>>);

impl CrlFile {
    /// Reads a file of PEM sections, or one list in DER. Without faults the file is what counts;
    /// with faults, what was `held` stays wherever there is nothing better.
    pub(super) fn read(
        bytes: &[u8],
        anchors: &[&Anchor],
        now: Moment,
        held: &Self,
    ) -> (Self, Vec<CrlError>) {
        let mut fresh: BTreeMap<Key, Arc<Crl>> = BTreeMap::new();
        let mut faults = Vec::new();
        let sections = match sections(bytes) {
            Ok(sections) => sections,
            Err(fault) => return (held.clone(), vec![fault]),
        };
        for der in sections {
            let crl = match Crl::parse(&der, anchors, now) {
                Ok(crl) => crl,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            // Of two lists of one issuer the newer counts, in whatever order they stand.
            let key = crl.key();
            let newer = fresh.get(&key);
            if newer.is_none_or(|newer| newer.this_update <= crl.this_update) {
                fresh.insert(key, Arc::new(crl));
            }
        }
        fresh.retain(|key, crl| {
            let in_use = held.0.get(key);
            let is_older = in_use.is_some_and(|in_use| in_use.this_update > crl.this_update);
            if is_older {
                faults.push(CrlError::Older(crl.issuer_name.clone()));
            }
            !is_older
        });
        if !faults.is_empty() {
            for (key, crl) in &held.0 {
                fresh.entry(key.clone()).or_insert_with(|| crl.clone());
            }
        }
        (Self(fresh), faults)
    }

    /// The lists.
    pub(super) fn lists(&self) -> impl Iterator<Item = &Arc<Crl>> {
        self.0.values()
    }
}

fn sections(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, CrlError> {
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes.to_vec())]);
    }
    let sections: Vec<_> = CertificateRevocationListDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| CrlError::Pem)?;
    if sections.is_empty() {
        return Err(CrlError::None);
    }
    Ok(sections)
}

//! The files trust comes from, each by itself: what stands in it, and what is wrong with it. For
//! `sluis doctor` and `sluis conformance`, which tell everything that is amiss; what serves takes the
//! whole of them or nothing ([`super::Identity::load`]).
//!
//! Nothing here lets anybody in.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;
use x509_parser::extensions::GeneralName;

use super::chain::{CertificateRefused, Paths};
use super::files::{self, IdentityError};
use super::jwks::KeySet;
use super::profile::{self, ProfileFlaw, SubjectFlaw, Usage};
use super::settings::IdentitySettings;
use super::token::{self, Flaw};
use super::trust::{Files, Parts};
use super::{crypto, reader};
use crate::bounds;
use crate::clock::{Clock, Moment};
use crate::domain::Oin;

/// What stands in a certificate, whether it fits the profile or not.
#[derive(Clone)]
pub struct CertificateFacts {
    /// Its subject, as people read it.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The first moment it is valid.
    pub not_before: Moment,
    /// The last one.
    pub not_after: Moment,
    /// The hosts and addresses it is for.
    pub names: Vec<String>,
    /// The OIN in its subject.
    pub oin: Result<Oin, SubjectFlaw>,
    der: CertificateDer<'static>,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
}

impl fmt::Debug for CertificateFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateFacts")
            .field("subject", &self.subject)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl CertificateFacts {
    /// Reads a certificate; `None` when it is not one.
    #[must_use]
    pub fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let parsed = profile::parse(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map_or_else(Vec::new, |found| {
            found
                .value
                .general_names
                .iter()
                .filter_map(host_in)
                .collect()
        });
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            not_before: profile::moment(parsed.validity().not_before),
            not_after: profile::moment(parsed.validity().not_after),
            names,
            oin: profile::oin(&parsed),
            subject_der: parsed.subject().as_raw().to_vec(),
            issuer_der: parsed.issuer().as_raw().to_vec(),
            der: der.clone().into_owned(),
        })
    }

    /// Whether whoever calls this host takes the certificate for its own.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host) else {
            return false;
        };
        EndEntityCert::try_from(&self.der)
            .is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(&name).is_ok())
    }

    /// Its SHA-256, as `cnf.x5t#S256` of a token has it (RFC 8705, 3.1).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))
    }
}

fn host_in(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four: Result<[u8; 4], _> = (*bytes).try_into();
            let six: Result<[u8; 16], _> = (*bytes).try_into();
            let address = four.map(IpAddr::from).or(six.map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// How a chain in a file hangs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Links {
    /// Each certificate was issued by the next one.
    Whole,
    /// This one, counted from 1, was not issued by the one that follows it.
    Broken(usize),
}

fn links(chain: &[CertificateFacts]) -> Links {
    let pairs = chain.iter().zip(chain.iter().skip(1)).zip(1..);
    let mut broken = pairs.filter(|((one, next), _)| one.issuer_der != next.subject_der);
    match broken.next() {
        None => Links::Whole,
        Some((_, number)) => Links::Broken(number),
    }
}

fn facts_of(chain: &[CertificateDer<'_>]) -> Vec<CertificateFacts> {
    chain.iter().filter_map(CertificateFacts::read).collect()
}

/// The gateway's own certificate.
#[derive(Debug)]
pub struct OwnFacts {
    /// Its chain, leaf first.
    pub chain: Vec<CertificateFacts>,
    /// How that hangs together.
    pub links: Links,
    /// What the anchors and lists of the configuration say of it. Those it is shown to may have others.
    pub standing: Result<(), CertificateRefused>,
}

/// A trust anchor, and the list its certificates are judged by.
#[derive(Debug)]
pub struct AnchorFacts {
    /// Its name.
    pub name: String,
    /// The first moment it is valid.
    pub not_before: Moment,
    /// The last one.
    pub not_after: Moment,
    /// Whether there is a list of it that can be used.
    pub has_list: bool,
}

/// A revocation list that can be used.
#[derive(Debug)]
pub struct ListFacts {
    /// Whose it is.
    pub issuer: String,
    /// In which file.
    pub path: PathBuf,
    /// When it was made.
    pub this_update: Moment,
    /// When the next one should be there.
    pub next_update: Moment,
    /// Whether its signature was verified: its issuer is a trust anchor. That of another issuer is
    /// when somebody brings the issuer's certificate along.
    pub is_verified: bool,
}

/// A key of a JWKS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its name.
    pub kid: Option<String>,
    /// What it signs with, by the names of RFC 7518.
    pub algorithm: &'static str,
}

/// Everything there is to tell.
#[derive(Debug)]
pub struct Survey {
    /// What cannot be used, each with its file.
    pub faults: Vec<IdentityError>,
    /// The gateway's own certificate, where its files can be used.
    pub own: Option<OwnFacts>,
    /// Every trust anchor, once.
    pub anchors: Vec<AnchorFacts>,
    /// Every list.
    pub lists: Vec<ListFacts>,
    /// The keys of each organisation whose file can be used.
    pub keys: Vec<(Oin, Vec<KeyFacts>)>,
    roads: BTreeMap<Oin, Arc<ClientConfig>>,
}

impl Survey {
    /// Reads every file of the settings.
    #[must_use]
    pub fn take(settings: &IdentitySettings, clock: &Arc<dyn Clock>) -> Self {
        crypto::install();
        let now = clock.now();
        let mut parts = Parts::default();
        let mut faults = parts.update(settings, Files::read(settings), now);
        faults.extend(parts.without_crl(now));
        faults.extend(super::check(settings));
        let roads = parts
            .snapshot(1, settings, clock, Vec::new())
            .map(|trust| trust.providers)
            .unwrap_or_default();
        let grace_ms = i64::from(settings.tls.crl_grace_hours) * 3_600_000;
        let anchors = parts.all_anchors();
        let lists = parts.crl_files();
        let own = parts.own_chain().map(|chain| {
            let crls = lists.iter().map(|(_, crl)| Arc::clone(crl)).collect();
            let paths = Paths::new(Usage::Client, anchors.clone(), crls, grace_ms);
            let facts = facts_of(chain);
            OwnFacts {
                links: links(&facts),
                chain: facts,
                standing: paths.vet(chain, now).map(drop),
            }
        });
        let each = || anchors.iter().flat_map(|file| file.iter());
        let mut known: Vec<AnchorFacts> = each()
            .map(|anchor| AnchorFacts {
                name: anchor.examined.name.clone(),
                not_before: anchor.examined.not_before,
                not_after: anchor.examined.not_after,
                has_list: lists
                    .iter()
                    .any(|(_, crl)| crl.is_of(&anchor.examined.subject)),
            })
            .collect();
        known.sort_by(|a, b| (&a.name, a.not_after).cmp(&(&b.name, b.not_after)));
        known.dedup_by(|a, b| (&a.name, a.not_after) == (&b.name, b.not_after));
        let told = lists.iter().map(|(path, crl)| ListFacts {
            issuer: crl.issuer_name().to_owned(),
            path: path.clone(),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            is_verified: each().any(|anchor| crl.is_of(&anchor.examined.subject)),
        });
        Self {
            own,
            anchors: known,
            lists: told.collect(),
            keys: parts
                .key_sets()
                .map(|(oin, set)| (oin, set.facts()))
                .collect(),
            faults,
            roads,
        }
    }

    /// How to call a provider, as far as the files are good; `None` where the gateway has nothing to show.
    #[must_use]
    pub fn provider_tls(&self, provider: Oin) -> Option<Arc<ClientConfig>> {
        self.roads.get(&provider).cloned()
    }
}

/// A client's own certificate and key, held to what a gateway holds them to.
#[derive(Debug)]
pub struct ClientFacts {
    /// Its chain, leaf first.
    pub chain: Vec<CertificateFacts>,
    /// How that hangs together.
    pub links: Links,
    /// The first rule of the profile that a certificate breaks, with its place: 0 for the leaf.
    pub flaw: Option<(usize, ProfileFlaw)>,
    /// Whether the key is the certificate's, and nobody else's to read.
    pub key: Result<(), IdentityError>,
}

impl ClientFacts {
    /// Reads a certificate with its chain, leaf first, and its key, both PEM.
    ///
    /// # Errors
    /// [`IdentityError`] when the file holds no certificate.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        crypto::install();
        let chain = reader::chain(certificate)?;
        let facts = facts_of(&chain);
        if facts.len() != chain.len() {
            return Err(IdentityError::Certificate {
                path: certificate.to_owned(),
            });
        }
        let leaf = chain.iter().take(1).map(|der| {
            let judged = profile::leaf(der, Usage::Client);
            judged.err().map(|flaw| (0, flaw))
        });
        let above = (1..).zip(chain.iter().skip(1)).map(|(at, der)| {
            let judged = profile::authority(der);
            judged.err().map(|flaw| (at, flaw))
        });
        let flaw = leaf.chain(above).flatten().next();
        Ok(Self {
            links: links(&facts),
            chain: facts,
            flaw,
            key: reader::certified(chain, key).map(drop),
        })
    }

    /// The leaf.
    #[must_use]
    pub fn leaf(&self) -> Option<&CertificateFacts> {
        self.chain.first()
    }
}

/// The public token keys of an organisation, as it hands them over.
#[derive(Debug)]
pub struct TokenKeys(KeySet);

impl TokenKeys {
    /// Reads a JWKS file, as a gateway does.
    ///
    /// # Errors
    /// [`IdentityError`], naming the file.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        crypto::install();
        let read = KeySet::parse(&files::read(path)?, true);
        read.map(Self).map_err(|cause| IdentityError::Jwks {
            path: path.to_owned(),
            cause,
        })
    }

    /// The keys.
    #[must_use]
    pub fn facts(&self) -> Vec<KeyFacts> {
        self.0.facts()
    }

    /// Whether a token's head names one of these keys, and that key signed it.
    ///
    /// # Errors
    /// [`Flaw`]; claims are not looked at.
    pub fn check(&self, unverified: &str) -> Result<(), Flaw> {
        token::signed_payload(unverified, &self.0, bounds::TOKEN_BYTES).map(drop)
    }
}

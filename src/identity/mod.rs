//! Who is asking: client certificates, trust anchors, CRLs, request tokens (CONTRACT.md, "Who is
//! asking"; SECURITY 9 to 13), what a login service says of somebody (id tokens, SECURITY 19), and
//! the development PKI that stands in for `PKIoverheid`.
//!
//! Deliberately not here: whether a token was used before (the ledger's transaction), what a known
//! organisation may do (policy), and any connection of its own: no CRL, key or certificate is ever
//! fetched.

mod alarm;
mod anchor;
mod chain;
mod crl;
mod crypto;
mod expiry;
mod files;
mod id_token;
mod inspect;
mod jwks;
mod maker;
mod party;
mod pki;
mod profile;
mod reader;
mod settings;
mod signature;
mod survey;
#[cfg(test)]
pub(crate) mod tests;
mod tls;
mod token;
mod trust;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};

pub use alarm::{Alarm, AlarmAbout};
pub use anchor::AnchorError;
pub use chain::CertificateRefused;
pub use crl::CrlError;
pub use expiry::{Ending, Ends};
pub use files::IdentityError;
pub use id_token::{IdTokenFlaw, IssuerKeys, LoginClaims, LoginExpected};
pub use inspect::{Inspected, Revocations, inspect_authority, inspect_leaf};
pub use jwks::JwksError;
pub use maker::{TokenMakeError, TokenMaker, TokenRequest, make_token};
pub use party::{Knocked, PartyTls};
pub use pki::{DevParty, DevPki, PkiError, dev_pki};
pub use profile::{ProfileFlaw, SubjectFlaw, Usage};
pub use reader::{login_tls, reader_tls, server_tls};
pub use settings::{IdentitySettings, OrganisationFiles, TlsProfile, TlsSettings, TokenSettings};
pub use signature::{SignError, SignatureFlaw, Signed, StatementSigner};
pub use survey::{
    AnchorFacts, CertificateFacts, ClientFacts, KeyFacts, Links, ListFacts, OwnFacts, Survey,
    TokenKeys,
};
pub use token::{Claims, Flaw, NEVER as NEVER_IN_A_HEAD, TokenError};

use crate::bounds;
use crate::clock::Clock;
use crate::domain::{Oin, Organisation, Organisations};
use crate::errors::in_full;
use chain::Vetted;
use trust::{Files, Parts, Trust};

/// Everything that is known about who may knock, and how it is kept up to date.
pub struct Identity {
    settings: IdentitySettings,
    organisations: BTreeMap<Oin, Arc<Organisation>>,
    clock: Arc<dyn Clock>,
    /// INVARIANT (one snapshot): whatever belongs together is read from one load of this.
    trust: ArcSwap<Trust>,
    held: Mutex<Held>,
}

/// What a reload starts from.
struct Held {
    parts: Parts,
    fingerprint: [u8; 32],
}

/// What a reload found.
#[derive(Debug)]
pub struct ReloadReport {
    /// Whether another snapshot is in use now.
    pub changed: bool,
    /// What could not be used and was not reported before; the last good stays in use.
    pub faults: Vec<String>,
}

/// The client at the other end of one connection: its chain was good when this was made. Whether it
/// still is, and whose it is, [`Identity::recheck`] says at every request.
pub struct Peer {
    chain: Vec<CertificateDer<'static>>,
    oin: Result<Oin, SubjectFlaw>,
    thumbprint: [u8; 32],
    thumbprint_text: String,
    checked: ArcSwap<Checked>,
}

struct Checked {
    generation: u64,
    vetted: Arc<Vetted>,
}

/// Why a request on an open connection is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefused {
    /// The certificate is good, its subject no configured organisation: 403 `organisatie-onbekend`.
    #[error("the certificate's subject is not a configured organisation")]
    OrganisationUnknown,
    /// The certificate is no longer good: the connection is closed without an answer.
    #[error("the client certificate is no longer accepted")]
    Certificate(#[source] CertificateRefused),
}

impl Peer {
    /// SHA-256 of the client certificate's DER.
    #[must_use]
    pub fn thumbprint(&self) -> &[u8; 32] {
        &self.thumbprint
    }

    /// The OIN in the certificate's subject, whether configured or not.
    ///
    /// # Errors
    /// [`SubjectFlaw`] when there is not exactly one.
    pub fn oin(&self) -> Result<Oin, SubjectFlaw> {
        self.oin
    }
}

/// Certificate bodies stay out of logs; the thumbprint is enough to find one.
impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("oin", &self.oin)
            .field("thumbprint", &self.thumbprint_text)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("generation", &self.trust.load().generation)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads every file of the settings.
    ///
    /// # Errors
    /// All mistakes at once; nothing is served with half of the trust.
    pub fn load(
        settings: IdentitySettings,
        organisations: &Organisations,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Vec<IdentityError>> {
        crypto::install();
        let files = Files::read(&settings);
        let fingerprint = files.fingerprint();
        let now = clock.now();
        let mut parts = Parts::default();
        let mut errors = parts.update(&settings, files, now);
        errors.extend(parts.without_crl(now));
        errors.extend(check(&settings));
        if !errors.is_empty() {
            return Err(errors);
        }
        let trust = parts
            .snapshot(1, &settings, &clock, Vec::new())
            .map_err(|error| vec![error])?;
        let by_oin =
            |organisation: &Organisation| (organisation.oin, Arc::new(organisation.clone()));
        Ok(Self {
            organisations: organisations.iter().map(by_oin).collect(),
            settings,
            clock,
            trust: ArcSwap::from_pointee(trust),
            held: Mutex::new(Held { parts, fingerprint }),
        })
    }

    /// Reads every file again and takes over what changed and is good. It blocks on the disk.
    pub fn reload(&self) -> ReloadReport {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files::read(&self.settings);
        let fingerprint = files.fingerprint();
        let current = self.trust.load_full();
        let nothing = ReloadReport {
            changed: false,
            faults: Vec::new(),
        };
        if fingerprint == held.fingerprint && current.faults.is_empty() {
            return nothing;
        }
        let mut parts = held.parts.clone();
        let faults = parts.update(&self.settings, files, self.clock.now());
        let mut faults: Vec<String> = faults.iter().map(|fault| in_full(fault)).collect();
        // A fault can pass with time alone: a CRL of a moment from now.
        if fingerprint == held.fingerprint && faults == current.faults {
            return nothing;
        }
        let generation = current.generation + 1;
        match parts.snapshot(generation, &self.settings, &self.clock, faults.clone()) {
            Ok(trust) => self.trust.store(Arc::new(trust)),
            Err(error) => {
                faults.push(in_full(&error));
                return ReloadReport {
                    changed: false,
                    faults,
                };
            }
        }
        *held = Held { parts, fingerprint };
        faults.retain(|fault| !current.faults.contains(fault));
        ReloadReport {
            changed: true,
            faults,
        }
    }

    /// Reloads every [`bounds::RELOAD`], until it is dropped.
    pub async fn watch(self: Arc<Self>) {
        let mut tick = tokio::time::interval(bounds::RELOAD);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let identity = self.clone();
            let Ok(report) = tokio::task::spawn_blocking(move || identity.reload()).await else {
                // The runtime is going down.
                return;
            };
            for fault in &report.faults {
                tracing::error!(
                    identity.fault = fault,
                    "a trust file cannot be used; what it held before stays in use"
                );
            }
            if report.changed {
                tracing::info!(
                    identity.generation = self.trust.load().generation,
                    "certificates, CRLs and keys were read again"
                );
            }
        }
    }

    /// What `exchange` listens with, as of now: take it anew for every connection.
    #[must_use]
    pub fn exchange_tls(&self) -> Arc<ServerConfig> {
        self.trust.load().exchange.clone()
    }

    /// What the desk listens with, as of now: no client certificate.
    #[must_use]
    pub fn desk_tls(&self) -> Arc<ServerConfig> {
        self.trust.load().desk.clone()
    }

    /// What a provider is called with, as of now; `None` for an organisation that provides nothing.
    /// It accepts only certificates with that provider's OIN. After a reload it is another one
    /// (`Arc::ptr_eq`): pooled connections made under the old one must then be left.
    #[must_use]
    pub fn provider_tls(&self, provider: Oin) -> Option<Arc<ClientConfig>> {
        self.trust.load().providers.get(&provider).cloned()
    }

    /// Judges the chain of a connection whose handshake is done.
    ///
    /// # Errors
    /// [`CertificateRefused`], when trust changed since the handshake began.
    pub fn peer(&self, chain: &[CertificateDer<'_>]) -> Result<Peer, CertificateRefused> {
        let trust = self.trust.load();
        let leaf = chain.first().ok_or(CertificateRefused::Length)?;
        let vetted = trust.clients.vet(chain, self.clock.now())?;
        let thumbprint = chain::hash_bytes(&digest(&SHA256, leaf));
        Ok(Peer {
            oin: vetted.oin,
            thumbprint,
            thumbprint_text: URL_SAFE_NO_PAD.encode(thumbprint),
            chain: chain.iter().map(|der| der.clone().into_owned()).collect(),
            checked: ArcSwap::from_pointee(Checked {
                generation: trust.generation,
                vetted,
            }),
        })
    }

    /// Asks at every request whether this client is still let in, and who it is. Compares two
    /// numbers and a time when nothing changed.
    ///
    /// # Errors
    /// [`PeerRefused`].
    pub fn recheck(&self, peer: &Peer) -> Result<Arc<Organisation>, PeerRefused> {
        let trust = self.trust.load();
        let now = self.clock.now();
        let checked = peer.checked.load();
        if checked.generation != trust.generation || !checked.vetted.holds(now) {
            let vetted = trust
                .clients
                .vet(&peer.chain, now)
                .map_err(PeerRefused::Certificate)?;
            peer.checked.store(Arc::new(Checked {
                generation: trust.generation,
                vetted,
            }));
        }
        let known = peer.oin.ok().and_then(|oin| self.organisations.get(&oin));
        known.cloned().ok_or(PeerRefused::OrganisationUnknown)
    }

    /// Verifies a request token against the certificate it came with.
    ///
    /// # Errors
    /// [`TokenError`]; its source is for the log only.
    pub fn verify_token(
        &self,
        unverified: &str,
        peer: &Peer,
        organisation: &Organisation,
    ) -> Result<Claims, TokenError> {
        let trust = self.trust.load();
        if peer.oin != Ok(organisation.oin) {
            return Err(TokenError::Invalid(Flaw::Issuer));
        }
        let keys = trust.keys.get(&organisation.oin);
        let keys = keys.ok_or(TokenError::Invalid(Flaw::Key))?;
        token::verify(
            unverified,
            &token::Expected {
                audience: &self.settings.audience,
                max_life_seconds: self.settings.tokens.max_life_seconds,
                organisation,
                keys,
                thumbprint: &peer.thumbprint_text,
                now: self.clock.now(),
            },
        )
    }

    /// When each certificate and list that is in use ends, as of now. Of several of one name the first.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        self.trust.load().endings()
    }

    /// Everything about trust that an operator must hear of; empty when all is well. None of them
    /// stops the rest from working: what is not trusted is refused by itself.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.trust.load().alarms(self.clock.now())
    }
}

/// What the settings themselves can be wrong in.
fn check(settings: &IdentitySettings) -> Vec<IdentityError> {
    let mut errors = Vec::new();
    let seconds = settings.tokens.max_life_seconds;
    if !(1..=3600).contains(&seconds) {
        errors.push(IdentityError::TokenLife { seconds });
    }
    let mut demand = |whose: String, anchors: &[std::path::PathBuf]| {
        if anchors.is_empty() {
            errors.push(IdentityError::NoAnchors { whose });
        }
    };
    demand("tls.trust-anchors".to_owned(), &settings.tls.trust_anchors);
    for organisation in &settings.organisations {
        if let Some(anchors) = &organisation.provider_trust_anchors {
            demand(
                format!("provider.trust-anchors of {}", organisation.oin),
                anchors,
            );
        }
    }
    errors
}

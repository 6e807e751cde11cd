//! What is trusted at one moment: an immutable snapshot, and how the next one is read.
//!
//! Every file stands on its own. One that turned bad keeps what it held before, is an alarm until it
//! is good again, and holds up no other (SECURITY 12).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{Context, SHA256};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};

use super::alarm::IssuedBy;
use super::anchor::{self, Anchor};
use super::chain::{Paths, hash_bytes};
use super::crl::{Crl, CrlFile};
use super::expiry::{Ending, Ends};
use super::files::{self, IdentityError, Own};
use super::jwks::KeySet;
use super::profile::{self, Usage};
use super::settings::{IdentitySettings, OrganisationFiles};
use super::tls::Common;
use crate::clock::{Clock, Moment};
use crate::domain::Oin;

/// One snapshot.
#[derive(Debug)]
pub(super) struct Trust {
    /// Which snapshot, counted from 1: what was checked under another must be checked again.
    pub(super) generation: u64,
    pub(super) clients: Arc<Paths>,
    pub(super) exchange: Arc<ServerConfig>,
    pub(super) desk: Arc<ServerConfig>,
    pub(super) providers: BTreeMap<Oin, Arc<ClientConfig>>,
    pub(super) keys: BTreeMap<Oin, Arc<KeySet>>,
    /// What the files of this snapshot could not give.
    pub(super) faults: Vec<String>,
    /// What providers are judged by, each by their own.
    pub(super) servers: Vec<Arc<Paths>>,
    pub(super) own: Own,
    pub(super) anchors: Vec<Arc<Vec<Anchor>>>,
    pub(super) crls: Vec<Arc<Crl>>,
    pub(super) issued_by: IssuedBy,
}

impl Trust {
    /// When each thing it rests on ends; of several of one name the first.
    pub(super) fn endings(&self) -> Vec<Ending> {
        let own = self.own.certified.cert.iter().enumerate();
        let own = own.filter_map(|(at, der)| {
            let parsed = profile::parse(der).ok()?;
            let what = if at == 0 { Ends::Own } else { Ends::OwnIssuer };
            let until = profile::moment(parsed.validity().not_after);
            Some(((what, parsed.subject().to_string()), until))
        });
        let anchors = self.anchors.iter().flat_map(|file| file.iter());
        let anchors = anchors.map(|anchor| {
            let examined = &anchor.examined;
            ((Ends::Anchor, examined.name.clone()), examined.not_after)
        });
        let crls = self.crls.iter().map(|crl| {
            let issuer = crl.issuer_name().to_owned();
            ((Ends::Crl, issuer), crl.next_update())
        });
        let mut first = BTreeMap::new();
        for (what, at) in own.chain(anchors).chain(crls) {
            let known = first.entry(what).or_insert(at);
            *known = at.min(*known);
        }
        let ending = |((what, name), at)| Ending { what, name, at };
        first.into_iter().map(ending).collect()
    }
}

/// The last good of every file.
#[derive(Debug, Default, Clone)]
pub(super) struct Parts {
    own: Option<Own>,
    anchors: BTreeMap<PathBuf, Arc<Vec<Anchor>>>,
    crls: BTreeMap<PathBuf, CrlFile>,
    keys: BTreeMap<Oin, Arc<KeySet>>,
}

/// The bytes of every file as they were read, all before one is looked into.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<PathBuf, Result<Vec<u8>, IdentityError>>);

impl Files {
    pub(super) fn read(settings: &IdentitySettings) -> Self {
        let tls = &settings.tls;
        let mut files = BTreeMap::new();
        files.insert(tls.key.clone(), files::read_key(&tls.key));
        let others = [&tls.certificate]
            .into_iter()
            .chain(&tls.crls)
            .chain(anchor_paths(settings))
            .chain(settings.organisations.iter().map(|o| &o.jwks));
        for path in others {
            // The key's own entry, with the check of its permissions, must stay.
            if !files.contains_key(path) {
                files.insert(path.clone(), files::read(path));
            }
        }
        Self(files)
    }

    /// Changes whenever a file, or whether it can be read, does.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        for read in self.0.values() {
            let (mark, bytes) = match read {
                Ok(bytes) => (1, bytes.as_slice()),
                Err(_) => (0, &[][..]),
            };
            context.update(&[mark]);
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        }
        hash_bytes(&context.finish())
    }

    fn bytes(&self, path: &Path) -> Option<&[u8]> {
        match self.0.get(path) {
            Some(Ok(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

fn anchor_paths(settings: &IdentitySettings) -> impl Iterator<Item = &PathBuf> {
    let of_providers = settings
        .organisations
        .iter()
        .filter_map(|organisation| organisation.provider_trust_anchors.as_ref());
    settings
        .tls
        .trust_anchors
        .iter()
        .chain(of_providers.flatten())
}

impl Parts {
    /// Looks into every file; what cannot be used is reported, and what was held before stays.
    pub(super) fn update(
        &mut self,
        settings: &IdentitySettings,
        files: Files,
        now: Moment,
    ) -> Vec<IdentityError> {
        let mut faults = self.update_own(settings, &files).err();
        let mut faults: Vec<_> = faults.take().into_iter().collect();
        faults.extend(self.update_anchors(settings, &files));
        faults.extend(self.update_crls(settings, &files, now));
        faults.extend(self.update_keys(settings, &files));
        faults.extend(files.0.into_values().filter_map(Result::err));
        faults
    }

    fn update_own(
        &mut self,
        settings: &IdentitySettings,
        files: &Files,
    ) -> Result<(), IdentityError> {
        let tls = &settings.tls;
        if let (Some(certificate), Some(key)) =
            (files.bytes(&tls.certificate), files.bytes(&tls.key))
        {
            let pair = files::own((&tls.certificate, certificate), (&tls.key, key))?;
            self.own = Some(pair);
        }
        Ok(())
    }

    fn update_anchors(&mut self, settings: &IdentitySettings, files: &Files) -> Vec<IdentityError> {
        let mut faults = Vec::new();
        let mut paths: Vec<_> = anchor_paths(settings).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            match files.bytes(path).map(anchor::read) {
                Some(Ok(anchors)) => {
                    self.anchors.insert(path.clone(), Arc::new(anchors));
                }
                Some(Err(cause)) => faults.push(IdentityError::Anchors {
                    path: path.clone(),
                    cause,
                }),
                None => {}
            }
        }
        faults
    }

    fn update_crls(
        &mut self,
        settings: &IdentitySettings,
        files: &Files,
        now: Moment,
    ) -> Vec<IdentityError> {
        let anchors: Vec<&Anchor> = self.anchors.values().flat_map(|file| file.iter()).collect();
        let mut faults = Vec::new();
        for path in &settings.tls.crls {
            let Some(bytes) = files.bytes(path) else {
                continue;
            };
            let held = self.crls.entry(path.clone()).or_default();
            let (file, causes) = CrlFile::read(bytes, &anchors, now, held);
            *held = file;
            faults.extend(causes.into_iter().map(|cause| IdentityError::Crl {
                path: path.clone(),
                cause,
            }));
        }
        faults
    }

    fn update_keys(&mut self, settings: &IdentitySettings, files: &Files) -> Vec<IdentityError> {
        let mut faults = Vec::new();
        for OrganisationFiles { oin, jwks, .. } in &settings.organisations {
            let parsed = files
                .bytes(jwks)
                .map(|bytes| KeySet::parse(bytes, settings.tokens.allow_rs256));
            match parsed {
                Some(Ok(keys)) => {
                    self.keys.insert(*oin, Arc::new(keys));
                }
                Some(Err(cause)) => faults.push(IdentityError::Jwks {
                    path: jwks.clone(),
                    cause,
                }),
                None => {}
            }
        }
        faults
    }

    /// The gateway's own chain, leaf first.
    pub(super) fn own_chain(&self) -> Option<&[CertificateDer<'static>]> {
        self.own.as_ref().map(|own| own.certified.cert.as_slice())
    }

    /// Every file of anchors.
    pub(super) fn all_anchors(&self) -> Vec<Arc<Vec<Anchor>>> {
        self.anchors.values().cloned().collect()
    }

    /// Every list, with its file.
    pub(super) fn crl_files(&self) -> Vec<(PathBuf, Arc<Crl>)> {
        let with_path = |(path, file): (&PathBuf, &CrlFile)| {
            let path = path.clone();
            let lists: Vec<_> = file.lists().cloned().collect();
            lists.into_iter().map(move |crl| (path.clone(), crl))
        };
        self.crls.iter().flat_map(with_path).collect()
    }

    /// The keys of every organisation.
    pub(super) fn key_sets(&self) -> impl Iterator<Item = (Oin, &KeySet)> {
        self.keys.iter().map(|(oin, keys)| (*oin, keys.as_ref()))
    }

    fn anchors_of(&self, paths: &[PathBuf]) -> Vec<Arc<Vec<Anchor>>> {
        let held = paths.iter().filter_map(|path| self.anchors.get(path));
        held.cloned().collect()
    }

    fn crls(&self) -> Vec<Arc<Crl>> {
        let lists = self.crls.values().flat_map(CrlFile::lists);
        lists.cloned().collect()
    }

    /// Who issued the CAs in the gateway's own chain, and the anchors.
    fn issued_by(&self, own: &Own) -> IssuedBy {
        let chain = own.certified.cert.iter().skip(1).filter_map(|der| {
            let parsed = profile::parse(der).ok()?;
            let names = (parsed.subject().as_raw(), parsed.issuer().as_raw());
            Some((names.0.to_vec(), names.1.to_vec()))
        });
        let anchors = self.anchors.values().flat_map(|file| file.iter());
        let anchors = anchors.map(|anchor| {
            let examined = &anchor.examined;
            (examined.subject.clone(), examined.issuer.clone())
        });
        let all = chain.chain(anchors);
        all.filter(|(subject, issuer)| subject != issuer).collect()
    }

    /// Trust anchors whose certificates would all be refused, for lack of a CRL.
    pub(super) fn without_crl(&self, now: Moment) -> Vec<IdentityError> {
        let anchors = self.anchors.values().flat_map(|file| file.iter());
        let crls = self.crls();
        let without = without_crl(anchors, &crls, now);
        let mut issuers: Vec<_> = without.map(|anchor| anchor.examined.name.clone()).collect();
        issuers.sort_unstable();
        issuers.dedup();
        let error = |issuer| IdentityError::NoCrl { issuer };
        issuers.into_iter().map(error).collect()
    }

    /// Makes a snapshot.
    pub(super) fn snapshot(
        &self,
        generation: u64,
        settings: &IdentitySettings,
        clock: &Arc<dyn Clock>,
        faults: Vec<String>,
    ) -> Result<Trust, IdentityError> {
        let tls = &settings.tls;
        let own = self.own.clone().ok_or_else(|| IdentityError::Certificate {
            path: tls.certificate.clone(),
        })?;
        let common = Common {
            profile: tls.profile,
            own: own.certified.clone(),
            clock: clock.clone(),
        };
        let grace_ms = i64::from(tls.crl_grace_hours) * 3_600_000;
        let paths = |usage, files: &[PathBuf]| {
            Arc::new(Paths::new(
                usage,
                self.anchors_of(files),
                self.crls(),
                grace_ms,
            ))
        };
        let clients = paths(Usage::Client, &tls.trust_anchors);
        let mut providers = BTreeMap::new();
        let mut servers = Vec::new();
        for organisation in &settings.organisations {
            if let Some(files) = &organisation.provider_trust_anchors {
                let paths = paths(Usage::Server, files);
                servers.push(paths.clone());
                let config = common.client(paths, organisation.oin);
                providers.insert(organisation.oin, config.map_err(IdentityError::Tls)?);
            }
        }
        let server = |clients| common.server(clients).map_err(IdentityError::Tls);
        Ok(Trust {
            generation,
            exchange: server(Some(clients.clone()))?,
            desk: server(None)?,
            clients,
            providers,
            keys: self.keys.clone(),
            faults,
            servers,
            issued_by: self.issued_by(&own),
            own,
            anchors: self.anchors.values().cloned().collect(),
            crls: self.crls(),
        })
    }
}

/// The valid ones of these anchors of which there is no CRL.
pub(super) fn without_crl<'a>(
    anchors: impl Iterator<Item = &'a Anchor>,
    crls: &[Arc<Crl>],
    now: Moment,
) -> impl Iterator<Item = &'a Anchor> {
    anchors
        .filter(move |anchor| anchor.is_valid(now))
        .filter(|anchor| !crls.iter().any(|crl| crl.is_of(&anchor.examined.subject)))
}

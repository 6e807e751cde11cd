//! The development PKI: `sluis pki dev`, the demo and tests. Never for production: its CA key lies
//! beside its certificates.
//!
//! Keys are drawn by ring itself, which takes no other source of chance; serial numbers and dates
//! come from the arguments.

mod issue;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, PKCS_ECDSA_P256_SHA256,
    RevokedCertParams, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use time::{Duration, OffsetDateTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::anchor;
use super::chain::{CertificateRefused, Paths};
use super::crl::CrlFile;
use super::maker::signing_key;
use super::profile::Usage;
use super::{crypto, files};
use crate::clock::{Clock, Moment, NoRandomness, Random};
use crate::domain::Oin;
use issue::{at, ca_params, date, leaf_params, make_token_key, read, validity, write};

/// Who gets a certificate: file name, organisation, OIN. The OINs have the form Logius gives out
/// (prefix, RSIN, three zeros) and belong to nobody.
const PARTIES: [(&str, &str, &str); 4] = [
    ("gateway", "Sluis (ontwikkeling)", "00000001801234567000"),
    (
        "img",
        "Instituut Mijnbouwschade Groningen",
        "00000001812345678000",
    ),
    (
        "ncg",
        "Nationaal Coördinator Groningen",
        "00000001823456789000",
    ),
    ("gemeente", "Gemeente Eemsdelta", "00000001834567890000"),
];

const CRL_LIFE: Duration = Duration::days(30);
/// A CRL with less left than this is renewed when the PKI is asked for again.
const CRL_RENEW_MS: i64 = 15 * 24 * 3_600_000;

/// Why there is no development PKI.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// Part of one is there already.
    #[error(
        "{}: holds a part of a PKI, without {missing}; empty it or choose another directory",
        directory.display()
    )]
    Incomplete {
        /// Where.
        directory: PathBuf,
        /// The first file that is not there.
        missing: String,
    },
    /// A file that is there cannot be used.
    #[error(
        "{}: is there but cannot be used; empty its directory or choose another",
        path.display()
    )]
    Unusable {
        /// Which file.
        path: PathBuf,
    },
    /// A certificate that is there is no longer, or not, accepted.
    #[error("{}: is no longer good; empty its directory or choose another", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: CertificateRefused,
    },
    /// A file cannot be written or read.
    #[error("{}: cannot be written or read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A certificate, CRL or key cannot be made.
    #[error("a certificate or key cannot be made")]
    Make(#[source] rcgen::Error),
    /// A token key has no public form.
    #[error("a token key cannot be made")]
    TokenKey,
    /// No random bytes for a serial number.
    #[error("a certificate can have no serial number")]
    Random(#[source] NoRandomness),
}

/// The files of one party.
#[derive(Debug, Clone)]
pub struct DevParty {
    /// `gateway`, `img`, `ncg` or `gemeente`.
    pub name: &'static str,
    /// The organisation's name.
    pub organisation: &'static str,
    /// Its OIN.
    pub oin: Oin,
    /// `<name>.pem`: its certificate and the CA's.
    pub certificate: PathBuf,
    /// `<name>.key`: PKCS#8.
    pub key: PathBuf,
    /// `<name>-token.key`: PKCS#8, P-256.
    pub token_key: PathBuf,
    /// `<name>.jwks.json`.
    pub jwks: PathBuf,
}

/// A development PKI on disk.
#[derive(Debug, Clone)]
pub struct DevPki {
    /// Whether it was made just now, and not found.
    pub made: bool,
    /// `ca.pem`.
    pub ca: PathBuf,
    /// `ca.key`, readable by its owner only.
    pub ca_key: PathBuf,
    /// `ca.crl.pem`.
    pub crl: PathBuf,
    /// Gateway first.
    pub parties: Vec<DevParty>,
}

/// Makes a development PKI in a directory, or finds the one that is there and renews its CRL.
///
/// # Errors
/// [`PkiError`]; nothing that is there is ever overwritten, the CRL excepted.
pub fn dev_pki(out: &Path, clock: &dyn Clock, random: &dyn Random) -> Result<DevPki, PkiError> {
    crypto::install();
    let mut pki = DevPki::in_directory(out)?;
    let files = pki.files();
    match files.iter().find(|path| !path.exists()) {
        None => pki.renew(clock.now())?,
        Some(missing) if files.iter().any(|path| path.exists()) => {
            return Err(PkiError::Incomplete {
                directory: out.to_owned(),
                missing: missing
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
            });
        }
        Some(_) => {
            pki.make(out, clock.now(), random)?;
            pki.made = true;
        }
    }
    Ok(pki)
}

impl DevPki {
    /// The party of this name.
    #[must_use]
    pub fn party(&self, name: &str) -> Option<&DevParty> {
        self.parties.iter().find(|party| party.name == name)
    }

    /// Puts a certificate of this PKI (a PEM file, leaf first) on the CRL.
    ///
    /// # Errors
    /// [`PkiError`] when a file cannot be used or written.
    pub fn revoke(&self, certificate: &Path, clock: &dyn Clock) -> Result<(), PkiError> {
        let unusable = || PkiError::Unusable {
            path: certificate.to_owned(),
        };
        let leaf = CertificateDer::from_pem_slice(&read(certificate)?).map_err(|_| unusable())?;
        let (_, leaf) = X509Certificate::from_der(&leaf).map_err(|_| unusable())?;
        let now = clock.now();
        let mut revoked = self.revoked()?;
        revoked.push(RevokedCertParams {
            serial_number: SerialNumber::from_slice(leaf.raw_serial()),
            revocation_time: date(now),
            reason_code: None,
            invalidity_date: None,
        });
        self.write_crl(&self.issuer()?, revoked, now, CRL_LIFE)
    }

    /// Makes the CRL anew, good for so many days: for whoever plays more of time than passes.
    ///
    /// # Errors
    /// [`PkiError`] when a file cannot be used or written.
    pub fn renew_crl(&self, clock: &dyn Clock, days: i64) -> Result<(), PkiError> {
        let life = Duration::days(days);
        self.write_crl(&self.issuer()?, self.revoked()?, clock.now(), life)
    }

    fn in_directory(out: &Path) -> Result<Self, PkiError> {
        let party = |(name, organisation, oin): (&'static str, &'static str, &str)| {
            Ok(DevParty {
                name,
                organisation,
                oin: Oin::parse(oin).map_err(|_| PkiError::TokenKey)?,
                certificate: out.join(format!("{name}.pem")),
                key: out.join(format!("{name}.key")),
                token_key: out.join(format!("{name}-token.key")),
                jwks: out.join(format!("{name}.jwks.json")),
            })
        };
        Ok(Self {
            made: false,
            ca: out.join("ca.pem"),
            ca_key: out.join("ca.key"),
            crl: out.join("ca.crl.pem"),
            parties: PARTIES.into_iter().map(party).collect::<Result<_, _>>()?,
        })
    }

    fn files(&self) -> Vec<&Path> {
        let parties = self.parties.iter();
        let of_parties = parties.flat_map(|p| [&p.certificate, &p.key, &p.token_key, &p.jwks]);
        [&self.ca, &self.ca_key, &self.crl]
            .into_iter()
            .chain(of_parties)
            .map(PathBuf::as_path)
            .collect()
    }

    fn make(&self, out: &Path, now: Moment, random: &dyn Random) -> Result<(), PkiError> {
        fs::create_dir_all(out).map_err(at(out))?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(PkiError::Make)?;
        let mut params = ca_params();
        validity(&mut params, now, random)?;
        let ca = params.self_signed(&key).map_err(PkiError::Make)?;
        write(&self.ca, ca.pem().as_bytes(), 0o644)?;
        write(&self.ca_key, key.serialize_pem().as_bytes(), 0o600)?;
        let issuer = Issuer::new(params, key);
        for party in &self.parties {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(PkiError::Make)?;
            let mut params = leaf_params(party)?;
            validity(&mut params, now, random)?;
            let leaf = params.signed_by(&key, &issuer).map_err(PkiError::Make)?;
            let chain = leaf.pem() + &ca.pem();
            write(&party.certificate, chain.as_bytes(), 0o644)?;
            write(&party.key, key.serialize_pem().as_bytes(), 0o600)?;
            make_token_key(party)?;
        }
        // Last, so that a complete set is one that was made to its end.
        self.write_crl(&issuer, Vec::new(), now, CRL_LIFE)
    }

    /// Checks what is there as the gateway would, and makes a new CRL when the old one runs out.
    fn renew(&self, now: Moment) -> Result<(), PkiError> {
        let unusable = |path: &Path| PkiError::Unusable {
            path: path.to_owned(),
        };
        let issuer = self.issuer()?;
        let anchors = anchor::read(&read(&self.ca)?).map_err(|_| unusable(&self.ca))?;
        let known: Vec<_> = anchors.iter().collect();
        let held = || {
            let bytes = read(&self.crl)?;
            let (file, faults) = CrlFile::read(&bytes, &known, now, &CrlFile::default());
            if faults.is_empty() {
                Ok(file)
            } else {
                Err(unusable(&self.crl))
            }
        };
        let runs_out = now.plus_ms(CRL_RENEW_MS);
        if held()?.lists().any(|crl| crl.next_update() <= runs_out) {
            self.write_crl(&issuer, self.revoked()?, now, CRL_LIFE)?;
        }
        let lists = held()?.lists().cloned().collect();
        let paths = Paths::new(Usage::Client, vec![Arc::new(anchors)], lists, 0);
        for party in &self.parties {
            let path = || party.certificate.clone();
            let pem = read(&party.certificate)?;
            let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
                .collect::<Result<_, _>>()
                .map_err(|_| unusable(&party.certificate))?;
            match paths.vet(&chain, now) {
                Ok(vetted) if vetted.oin == Ok(party.oin) => {}
                Ok(_) => return Err(unusable(&party.certificate)),
                // A party revoked on purpose stays so, and the rest of the PKI stays good.
                Err(CertificateRefused::Revoked) => {}
                Err(cause) => {
                    return Err(PkiError::Refused {
                        path: path(),
                        cause,
                    });
                }
            }
            files::own((&party.certificate, &pem), (&party.key, &read(&party.key)?))
                .map_err(|_| unusable(&party.key))?;
            signing_key(&read(&party.token_key)?).ok_or_else(|| unusable(&party.token_key))?;
        }
        Ok(())
    }

    fn issuer(&self) -> Result<Issuer<'static, KeyPair>, PkiError> {
        let pem = read(&self.ca_key)?;
        let text = String::from_utf8_lossy(&pem);
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(&text, &PKCS_ECDSA_P256_SHA256);
        let key = key.map_err(|_| PkiError::Unusable {
            path: self.ca_key.clone(),
        })?;
        Ok(Issuer::new(ca_params(), key))
    }

    /// What the CRL on disk revokes.
    fn revoked(&self) -> Result<Vec<RevokedCertParams>, PkiError> {
        let unusable = || PkiError::Unusable {
            path: self.crl.clone(),
        };
        let der = CertificateRevocationListDer::from_pem_slice(&read(&self.crl)?)
            .map_err(|_| unusable())?;
        let (_, crl) = CertificateRevocationList::from_der(&der).map_err(|_| unusable())?;
        let revoked = crl.iter_revoked_certificates();
        revoked
            .map(|entry| {
                let at = entry.revocation_date.timestamp();
                Ok(RevokedCertParams {
                    serial_number: SerialNumber::from_slice(entry.raw_serial()),
                    revocation_time: OffsetDateTime::from_unix_timestamp(at)
                        .map_err(|_| unusable())?,
                    reason_code: None,
                    invalidity_date: None,
                })
            })
            .collect()
    }

    fn write_crl(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        revoked_certs: Vec<RevokedCertParams>,
        now: Moment,
        life: Duration,
    ) -> Result<(), PkiError> {
        let crl = CertificateRevocationListParams {
            this_update: date(now),
            next_update: date(now) + life,
            crl_number: SerialNumber::from(u64::try_from(now.unix_ms()).unwrap_or_default()),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let pem = crl.signed_by(issuer).and_then(|crl| crl.pem());
        // Beside it and then over it: a gateway that reads meanwhile sees the old one or the new.
        let beside = self.crl.with_extension("new");
        if beside.exists() {
            fs::remove_file(&beside).map_err(at(&beside))?;
        }
        write(&beside, pem.map_err(PkiError::Make)?.as_bytes(), 0o644)?;
        fs::rename(&beside, &self.crl).map_err(at(&self.crl))
    }
}

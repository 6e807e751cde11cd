//! TLS for whoever only asks: a program that reads a gateway's ledger from outside, with three PEM
//! files and nothing configured; the desk, which asks its login service who somebody is; the gateway,
//! which asks its witnesses. And for a witness, which is asked, and asks nobody who they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::files::{self, IdentityError};
use super::profile::{self, Usage};
use super::settings::TlsProfile;
use super::{anchor, tls};
use crate::clock::Clock;

/// A TLS client that shows this certificate (a chain, leaf first) and trusts these anchors. No CRL
/// is asked for: what it reads is believed by its signatures only.
///
/// # Errors
/// [`IdentityError`], naming the file.
pub fn reader_tls(
    certificate: &Path,
    key: &Path,
    anchors: &[PathBuf],
    clock: Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, IdentityError> {
    let own = certified(chain(certificate)?, key)?;
    tls::reader(Some(own), roots(anchors)?, clock).map_err(IdentityError::Tls)
}

/// A TLS server with this certificate (a chain, leaf first) that asks for none.
///
/// # Errors
/// [`IdentityError`], naming the file.
pub fn server_tls(
    certificate: &Path,
    key: &Path,
    profile: TlsProfile,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ServerConfig>, IdentityError> {
    let chain = chain(certificate)?;
    if let Some(leaf) = chain.first() {
        profile::leaf(leaf, Usage::Server).map_err(|flaw| IdentityError::OwnProfile {
            path: certificate.to_owned(),
            flaw,
        })?;
    }
    let own = certified(chain, key)?;
    let common = tls::Common {
        profile,
        own,
        clock,
    };
    common.server(None).map_err(IdentityError::Tls)
}

/// The chain in a file, at least a leaf.
pub(super) fn chain(certificate: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    CertificateDer::pem_slice_iter(&files::read(certificate)?)
        .collect::<Result<_, _>>()
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| IdentityError::Certificate {
            path: certificate.to_owned(),
        })
}

/// The chain with its key, if that is nobody else's to read and the certificate's.
pub(super) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: &Path,
) -> Result<Arc<CertifiedKey>, IdentityError> {
    let not_the_key = || IdentityError::Key {
        path: key.to_owned(),
    };
    let private =
        PrivateKeyDer::from_pem_slice(&files::read_key(key)?).map_err(|_| not_the_key())?;
    let provider = tls::provider(TlsProfile::Digikoppeling);
    let own = CertifiedKey::from_der(chain, private, &provider).map_err(|_| not_the_key())?;
    Ok(Arc::new(own))
}

/// A TLS client without a certificate, which trusts these anchors and no others. No CRL is asked
/// for: those of public CAs are not to be had in one file.
///
/// # Errors
/// [`IdentityError`], naming the file.
pub fn login_tls(
    anchors: &[PathBuf],
    clock: Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, IdentityError> {
    tls::reader(None, roots(anchors)?, clock).map_err(IdentityError::Tls)
}

fn roots(anchors: &[PathBuf]) -> Result<RootCertStore, IdentityError> {
    let mut store = RootCertStore::empty();
    for path in anchors {
        let read = anchor::read(&files::read(path)?).map_err(|cause| IdentityError::Anchors {
            path: path.clone(),
            cause,
        })?;
        store
            .roots
            .extend(read.into_iter().map(|anchor| anchor.trust));
    }
    Ok(store)
}

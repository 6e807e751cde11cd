//! TLS for a program that reads a gateway's ledger from outside, with three PEM files and nothing
//! configured.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};

use super::files::{self, IdentityError};
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
    anchors: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, IdentityError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&files::read(certificate)?)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| IdentityError::Certificate {
                path: certificate.to_owned(),
            })?;
    let not_the_key = || IdentityError::Key {
        path: key.to_owned(),
    };
    let private =
        PrivateKeyDer::from_pem_slice(&files::read_key(key)?).map_err(|_| not_the_key())?;
    let provider = tls::provider(TlsProfile::Digikoppeling);
    let own = CertifiedKey::from_der(chain, private, &provider).map_err(|_| not_the_key())?;
    let trusted = anchor::read(&files::read(anchors)?).map_err(|cause| IdentityError::Anchors {
        path: anchors.to_owned(),
        cause,
    })?;
    let roots = RootCertStore {
        roots: trusted.into_iter().map(|anchor| anchor.trust).collect(),
    };
    tls::reader(Arc::new(own), roots, clock).map_err(IdentityError::Tls)
}

//! The files trust comes from, and reading one of them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::anchor::AnchorError;
use super::crl::CrlError;
use super::jwks::JwksError;
use super::profile::{self, ProfileFlaw, Usage};
use super::settings::TlsProfile;
use super::tls;
use crate::bounds;
use crate::clock::Moment;

/// What is wrong with the settings or with one of their files: what, where, and in most cases what
/// to do. The cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("{}: cannot be read; check the path and its permissions", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file is larger than any honest one.
    #[error("{}: is larger than {} bytes", path.display(), bounds::TRUST_FILE_BYTES)]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// A private key that others can read.
    #[error("{}: others can read this key; chmod 600 it", path.display())]
    KeyExposed {
        /// Which file.
        path: PathBuf,
    },
    /// A private key in no form that is known, or that is not the certificate's.
    #[error("{}: is not the PEM private key of the certificate (tls.certificate)", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// The gateway's own certificate is not one.
    #[error("{}: holds no PEM certificate chain", path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
    },
    /// The gateway's own certificate is refused by the profile others will hold it to.
    #[error("{}: this certificate cannot be the server's own (tls.certificate)", path.display())]
    OwnProfile {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        flaw: ProfileFlaw,
    },
    /// A file of trust anchors.
    #[error("{}: cannot be used as trust anchors", path.display())]
    Anchors {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: AnchorError,
    },
    /// A file of CRLs.
    #[error("{}: cannot be used as CRLs (tls.crls)", path.display())]
    Crl {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: CrlError,
    },
    /// A trust anchor without a CRL: all its certificates would be refused.
    #[error("{issuer}: this trust anchor has no CRL; add its file to tls.crls")]
    NoCrl {
        /// The anchor's name.
        issuer: String,
    },
    /// No trust anchors at all.
    #[error("no trust anchors for {whose}; nobody could be let in")]
    NoAnchors {
        /// The key of the configuration.
        whose: String,
    },
    /// A JWKS file.
    #[error("{}: cannot be used as JWKS", path.display())]
    Jwks {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: JwksError,
    },
    /// `tokens.max-life-seconds`.
    #[error("tokens.max-life-seconds is {seconds}; it must be 1 to 3600")]
    TokenLife {
        /// What was configured.
        seconds: i64,
    },
    /// rustls refuses what was made of it all.
    #[error("the TLS configuration cannot be made")]
    Tls(#[source] rustls::Error),
}

/// The whole of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    let failed = |cause| IdentityError::File {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(bounds::TRUST_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > bounds::TRUST_FILE_BYTES {
        return Err(IdentityError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

/// The whole of a private key's file, if nobody else can read it (SECURITY 20).
pub(super) fn read_key(path: &Path) -> Result<Vec<u8>, IdentityError> {
    let mode = std::fs::metadata(path).map_err(|cause| IdentityError::File {
        path: path.to_owned(),
        cause,
    })?;
    if mode.permissions().mode() & 0o077 != 0 {
        return Err(IdentityError::KeyExposed {
            path: path.to_owned(),
        });
    }
    read(path)
}

/// The gateway's own certificate.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) not_before: Moment,
    pub(super) not_after: Moment,
}

/// Makes the gateway's own certificate out of two files.
pub(super) fn own(certificate: (&Path, &[u8]), key: (&Path, &[u8])) -> Result<Own, IdentityError> {
    let path = || certificate.0.to_owned();
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate.1)
        .collect::<Result<_, _>>()
        .map_err(|_| IdentityError::Certificate { path: path() })?;
    let leaf = chain
        .first()
        .ok_or_else(|| IdentityError::Certificate { path: path() })?;
    // It serves the listeners and is shown to providers, so it is held to both uses.
    let examined = profile::leaf(leaf, Usage::Server)
        .and_then(|_| profile::leaf(leaf, Usage::Client))
        .map_err(|flaw| IdentityError::OwnProfile { path: path(), flaw })?;
    let not_the_key = || IdentityError::Key {
        path: key.0.to_owned(),
    };
    let private = PrivateKeyDer::from_pem_slice(key.1).map_err(|_| not_the_key())?;
    let provider = tls::provider(TlsProfile::NcscGoed);
    let certified = CertifiedKey::from_der(chain, private, &provider).map_err(|_| not_the_key())?;
    Ok(Own {
        certified: Arc::new(certified),
        not_before: examined.not_before,
        not_after: examined.not_after,
    })
}

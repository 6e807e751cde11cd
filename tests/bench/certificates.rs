//! The files of the development PKI, as CONTRACT names them, and what is read from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};

use crate::failure::{Context as _, Outcome};

/// The attribute that holds the OIN: subject.serialNumber, 2.5.4.5.
const SERIAL_NUMBER: &str = "2.5.4.5";

/// One party's files, and who it is.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) oin: String,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) token_key: PathBuf,
    pub(crate) jwks: PathBuf,
    pub(crate) ca: PathBuf,
}

impl Party {
    /// The party of this name in a directory made by `sluis pki dev`.
    pub(crate) fn find(directory: &Path, name: &str) -> Outcome<Self> {
        let file = |suffix: &str| directory.join(format!("{name}{suffix}"));
        let certificate = file(".pem");
        Ok(Self {
            oin: oin_of(leaf(&certificate)?.as_ref())
                .or_fail(format!("find an OIN in {}", certificate.display()))?,
            certificate,
            key: file(".key"),
            token_key: file("-token.key"),
            jwks: file(".jwks.json"),
            ca: directory.join("ca.pem"),
        })
    }

    /// The leaf of its chain.
    pub(crate) fn leaf(&self) -> Outcome<CertificateDer<'static>> {
        leaf(&self.certificate)
    }

    /// TLS 1.3 with this party's client certificate, and a full handshake for each connection.
    pub(crate) fn client_tls(&self) -> Outcome<Arc<ClientConfig>> {
        let mut tls = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])
            .or_fail("use TLS 1.3")?
            .with_root_certificates(roots(&self.ca)?)
            .with_client_auth_cert(chain(&self.certificate)?, private_key(&self.key)?)
            .or_fail(format!("use {}", self.certificate.display()))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        tls.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(tls))
    }
}

/// The one crypto provider of the house.
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The certificates of a file, leaf first.
pub(crate) fn chain(file: &Path) -> Outcome<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .or_fail(format!("read {}", file.display()))
}

/// The private key of a file.
pub(crate) fn private_key(file: &Path) -> Outcome<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(file).or_fail(format!("read {}", file.display()))
}

/// The trust anchors of a file.
pub(crate) fn roots(file: &Path) -> Outcome<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for anchor in chain(file)? {
        roots
            .add(anchor)
            .or_fail(format!("trust {}", file.display()))?;
    }
    Ok(Arc::new(roots))
}

fn leaf(file: &Path) -> Outcome<CertificateDer<'static>> {
    chain(file)?
        .into_iter()
        .next()
        .or_fail(format!("find a certificate in {}", file.display()))
}

fn oin_of(certificate: &[u8]) -> Option<String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    parsed
        .subject()
        .iter_attributes()
        .find(|attribute| attribute.attr_type().to_id_string() == SERIAL_NUMBER)
        .and_then(|attribute| attribute.as_str().ok())
        .map(str::to_owned)
}

//! The other end of the wire: a party of the development PKI, as caller of the gateway and as the
//! server that keeps its documents. For the demo and for tests; the gateway itself never uses it.
//!
//! It judges the gateway as strictly as the gateway judges it: the same paths, CRLs and profile, and
//! the very OIN that is expected. Its trust is read once; it does not follow changes on disk.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::chain::Paths;
use super::crl::CrlFile;
use super::files::{self, IdentityError};
use super::pki::{DevParty, DevPki};
use super::profile::Usage;
use super::settings::TlsProfile;
use super::tls::{Common, SPOKEN};
use super::{anchor, crypto};
use crate::clock::Clock;

/// Whom a party trusts.
struct Trust {
    anchors: Arc<Vec<anchor::Anchor>>,
    crls: CrlFile,
}

/// What one party speaks TLS with.
#[derive(Clone)]
pub struct PartyTls {
    caller: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    /// The very certificate of whoever is expected at the other end.
    expected: CertificateDer<'static>,
}

impl fmt::Debug for PartyTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartyTls").finish_non_exhaustive()
    }
}

/// A connection that somebody made to a party's document server.
#[derive(Debug)]
pub struct Knocked {
    /// The connection.
    pub stream: server::TlsStream<TcpStream>,
    /// Whether it was made with the very certificate of whoever is expected; that the same CA also
    /// vouches for others is no reason to hand them documents.
    pub is_expected: bool,
}

impl PartyTls {
    /// Reads the files of `party`, which expects `other` at the far end of its connections: for all
    /// but the gateway itself that is the gateway.
    ///
    /// # Errors
    /// [`IdentityError`], naming the file at fault.
    pub fn open(
        pki: &DevPki,
        party: &DevParty,
        other: &DevParty,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IdentityError> {
        crypto::install();
        let trust = Trust::read(&pki.ca, &pki.crl, &*clock)?;
        let common = Common {
            profile: TlsProfile::NcscGoed,
            own: own(party)?.certified,
            clock,
        };
        let caller = common
            .client(trust.paths(Usage::Server), other.oin)
            .map_err(IdentityError::Tls)?;
        let served = common
            .server(Some(trust.paths(Usage::Client)))
            .map_err(IdentityError::Tls)?;
        let mut served = ServerConfig::clone(&served);
        served.alpn_protocols = SPOKEN.map(<[u8]>::to_vec).to_vec();
        Ok(Self {
            caller,
            server: Arc::new(served),
            expected: leaf(&other.certificate)?,
        })
    }

    /// Shakes hands as the one who called.
    ///
    /// # Errors
    /// When the far end is not the expected one, or the connection breaks.
    pub async fn call(&self, tcp: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
        let host = ServerName::IpAddress(tcp.peer_addr()?.ip().into());
        TlsConnector::from(Arc::clone(&self.caller))
            .connect(host, tcp)
            .await
    }

    /// Shakes hands as the one who was called.
    ///
    /// # Errors
    /// When the caller has no certificate of this PKI, or the connection breaks.
    pub async fn answer(&self, tcp: TcpStream) -> io::Result<Knocked> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.server));
        let stream = acceptor.accept(tcp).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let is_expected = shown.and_then(<[_]>::first) == Some(&self.expected);
        Ok(Knocked {
            stream,
            is_expected,
        })
    }
}

impl Trust {
    fn read(ca: &Path, crl: &Path, clock: &dyn Clock) -> Result<Self, IdentityError> {
        let anchors = anchor::read(&files::read(ca)?).map_err(|cause| IdentityError::Anchors {
            path: ca.to_owned(),
            cause,
        })?;
        let known: Vec<_> = anchors.iter().collect();
        let bytes = files::read(crl)?;
        let (crls, faults) = CrlFile::read(&bytes, &known, clock.now(), &CrlFile::default());
        if let Some(cause) = faults.into_iter().next() {
            return Err(IdentityError::Crl {
                path: crl.to_owned(),
                cause,
            });
        }
        Ok(Self {
            anchors: Arc::new(anchors),
            crls,
        })
    }

    fn paths(&self, usage: Usage) -> Arc<Paths> {
        let lists = self.crls.lists().cloned().collect();
        Arc::new(Paths::new(usage, vec![Arc::clone(&self.anchors)], lists, 0))
    }
}

fn leaf(path: &Path) -> Result<CertificateDer<'static>, IdentityError> {
    CertificateDer::from_pem_slice(&files::read(path)?).map_err(|_| IdentityError::Certificate {
        path: path.to_owned(),
    })
}

fn own(party: &DevParty) -> Result<files::Own, IdentityError> {
    files::own(
        (&party.certificate, &files::read(&party.certificate)?),
        (&party.key, &files::read_key(&party.key)?),
    )
}

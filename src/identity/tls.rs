//! The rustls configurations, and the verifiers in them that ask [`Paths`].
//!
//! Each configuration belongs to one snapshot of trust. Nothing is resumed anywhere: a resumed
//! session carries an old verdict into a new connection (SECURITY 9).

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, Tls12Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring as over_ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, DigitallySignedStruct, DistinguishedName, Error,
    OtherError, RootCertStore, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use webpki::EndEntityCert;

use super::chain::{CertificateRefused, Paths, SIGNATURES};
use super::settings::TlsProfile;
use crate::clock::{Clock, Moment};
use crate::domain::Oin;

/// Which protocols a listener offers after the handshake.
const SERVED: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// What is spoken as a client, towards providers: a provider that prefers HTTP/2 would take it if it
/// were offered.
pub(super) const SPOKEN: [&[u8]; 1] = [b"http/1.1"];

/// What handshakes may be signed with; the same keys as the certificate profile allows.
static HANDSHAKE_SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: SIGNATURES,
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[
                webpki::ring::ECDSA_P384_SHA384,
                webpki::ring::ECDSA_P256_SHA384,
            ],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[
                webpki::ring::ECDSA_P256_SHA256,
                webpki::ring::ECDSA_P384_SHA256,
            ],
        ),
        (
            SignatureScheme::RSA_PSS_SHA512,
            &[webpki::ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA384,
            &[webpki::ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA256,
            &[webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        // For TLS 1.2 only; rustls refuses them in a handshake of TLS 1.3.
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            &[webpki::ring::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

/// ring, with what the profile offers and nothing else.
pub(super) fn provider(profile: TlsProfile) -> Arc<CryptoProvider> {
    let mut provider = over_ring::default_provider();
    provider.signature_verification_algorithms = HANDSHAKE_SIGNATURES;
    // Among TLS 1.3's three, AES-128-GCM is only "voldoende". ring's suites of TLS 1.2 are all
    // ECDHE with AEAD.
    provider.cipher_suites.retain(|suite| {
        suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256
            && (profile == TlsProfile::Digikoppeling || suite.tls13().is_some())
    });
    Arc::new(provider)
}

static GOED: [&SupportedProtocolVersion; 1] = [&TLS13];
static WITH_TLS12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

fn versions(profile: TlsProfile) -> &'static [&'static SupportedProtocolVersion] {
    match profile {
        TlsProfile::NcscGoed => &GOED,
        TlsProfile::Digikoppeling => &WITH_TLS12,
    }
}

/// What all configurations of one snapshot share.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) profile: TlsProfile,
    pub(super) own: Arc<CertifiedKey>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Common {
    /// A listener's configuration: with `clients` it demands a client certificate.
    pub(super) fn server(&self, clients: Option<Arc<Paths>>) -> Result<Arc<ServerConfig>, Error> {
        let time = Arc::new(Time(self.clock.clone()));
        let builder = ServerConfig::builder_with_details(provider(self.profile), time)
            .with_protocol_versions(versions(self.profile))?;
        let builder = match clients {
            Some(paths) => builder.with_client_cert_verifier(Arc::new(Clients {
                hints: paths.anchors().map(super::anchor::Anchor::hint).collect(),
                paths,
            })),
            None => builder.with_no_client_auth(),
        };
        let own = SingleCertAndKey::from(self.own.clone());
        let mut config = builder.with_cert_resolver(Arc::new(own));
        config.alpn_protocols = SERVED.map(<[u8]>::to_vec).to_vec();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }

    /// The configuration towards one provider.
    pub(super) fn client(&self, paths: Arc<Paths>, oin: Oin) -> Result<Arc<ClientConfig>, Error> {
        let time = Arc::new(Time(self.clock.clone()));
        let own: Arc<dyn ResolvesClientCert> = Arc::new(SingleCertAndKey::from(self.own.clone()));
        let mut config = ClientConfig::builder_with_details(provider(self.profile), time)
            .with_protocol_versions(versions(self.profile))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Provider { paths, oin }))
            .with_client_cert_resolver(own);
        config.alpn_protocols = SPOKEN.map(<[u8]>::to_vec).to_vec();
        config.resumption = Resumption::disabled().tls12_resumption(Tls12Resumption::Disabled);
        config.enable_early_data = false;
        Ok(Arc::new(config))
    }
}

/// The configuration of somebody who only reads: shows a certificate if there is one, trusts these
/// anchors by the ordinary rules of the web, and offers whatever either profile offers.
pub(super) fn reader(
    own: Option<Arc<CertifiedKey>>,
    roots: RootCertStore,
    clock: Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, Error> {
    let profile = TlsProfile::Digikoppeling;
    let builder = ClientConfig::builder_with_details(provider(profile), Arc::new(Time(clock)))
        .with_protocol_versions(versions(profile))?
        .with_root_certificates(roots);
    let mut config = match own {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = SPOKEN.map(<[u8]>::to_vec).to_vec();
    config.resumption = Resumption::disabled().tls12_resumption(Tls12Resumption::Disabled);
    Ok(Arc::new(config))
}

/// The house's clock, as rustls asks for it.
#[derive(Debug)]
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.now().unix_ms()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

fn moment(now: UnixTime) -> Moment {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    Moment::EPOCH.plus_ms(seconds.saturating_mul(1000))
}

fn refuse(why: CertificateRefused) -> Error {
    let error = match why {
        CertificateRefused::Revoked => CertificateError::Revoked,
        CertificateRefused::Host => CertificateError::NotValidForName,
        CertificateRefused::NoCrl => CertificateError::UnknownRevocationStatus,
        CertificateRefused::Path(webpki::Error::CertExpired { .. }) => CertificateError::Expired,
        CertificateRefused::Path(webpki::Error::UnknownIssuer) => CertificateError::UnknownIssuer,
        why => CertificateError::Other(OtherError(Arc::new(why))),
    };
    Error::InvalidCertificate(error)
}

fn whole<'a>(
    leaf: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
) -> Vec<CertificateDer<'a>> {
    std::iter::once(leaf)
        .chain(others)
        .map(|der| CertificateDer::from(der.as_ref()))
        .collect()
}

/// Who may knock at `exchange`.
#[derive(Debug)]
struct Clients {
    paths: Arc<Paths>,
    hints: Vec<DistinguishedName>,
}

/// Who may answer as one provider.
#[derive(Debug)]
struct Provider {
    paths: Arc<Paths>,
    oin: Oin,
}

impl ServerCertVerifier for Provider {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let vetted = self
            .paths
            .vet(&whole(leaf, others), moment(now))
            .map_err(refuse)?;
        if vetted.oin != Ok(self.oin) {
            return Err(refuse(CertificateRefused::OtherOrganisation));
        }
        EndEntityCert::try_from(leaf)
            .and_then(|leaf| leaf.verify_is_valid_for_subject_name(host))
            .map_err(|_| refuse(CertificateRefused::Host))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, leaf, signed, &HANDSHAKE_SIGNATURES)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, signed, &HANDSHAKE_SIGNATURES)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        HANDSHAKE_SIGNATURES.supported_schemes()
    }
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // A subject that is no configured organisation is told so in HTTP (`organisatie-onbekend`).
        self.paths
            .vet(&whole(leaf, others), moment(now))
            .map_err(refuse)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, leaf, signed, &HANDSHAKE_SIGNATURES)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, leaf, signed, &HANDSHAKE_SIGNATURES)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        HANDSHAKE_SIGNATURES.supported_schemes()
    }
}

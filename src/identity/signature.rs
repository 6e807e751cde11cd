//! The signature of an organisation under a text: a detached JWS (RFC 7515, appendix F) that carries
//! the certificate it is to be verified with.
//!
//! `HEADER..SIGNATURE`, with in the protected header `alg`, `iat` (seconds since 1970) and `x5c`
//! (RFC 7515, 4.1.6: the chain, leaf first). The text itself is not in it; whoever verifies has it.
//!
//! Two questions are asked of one, at two moments: may this organisation sign now
//! ([`Identity::verify_signature`], with path, profile and revocation), and is this really its
//! signature, years later, when that certificate has long expired ([`Signed::parse`]).

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::chain::CertificateRefused;
use super::files::IdentityError;
use super::maker::signing_key;
use super::profile::{self, SubjectFlaw, Usage};
use super::{Identity, crypto, files};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::Oin;

/// What stands in the protected header; anything else is refused, `crit` with it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: Algorithm,
    iat: i64,
    typ: String,
    x5c: Vec<String>,
}

const TYPE: &str = "sluis-overeenkomst+jws";

/// Why a text is not signed by an organisation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFlaw {
    /// Not `HEADER..SIGNATURE`, or a header that is not as above.
    #[error("it is not a detached JWS with alg, iat, typ \"{TYPE}\" and x5c")]
    Form,
    /// An algorithm that is not accepted.
    #[error("its algorithm is not ES256, ES384, PS256 or PS384")]
    Algorithm,
    /// The signature is not one of this text by this certificate.
    #[error("it is not a signature of this text by the certificate in it")]
    Signature,
    /// The certificate does not fit the profile.
    #[error("its certificate does not fit the profile")]
    Profile(#[source] profile::ProfileFlaw),
    /// The certificate names no organisation.
    #[error("its certificate names no organisation")]
    Subject(#[source] SubjectFlaw),
    /// The certificate is not accepted now.
    #[error("its certificate is not accepted")]
    Certificate(#[source] CertificateRefused),
    /// It says it was made later than now.
    #[error("it was made in the future, at {0}")]
    Early(Moment),
}

/// A signature whose certificate made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The organisation in the certificate's subject.
    pub by: Oin,
    /// When, by its own word.
    pub at: Moment,
    chain: Vec<CertificateDer<'static>>,
}

impl Signed {
    /// Takes it apart and verifies that the certificate in it signed this text. Whether that
    /// certificate was ever good for anything is not asked.
    ///
    /// # Errors
    /// [`SignatureFlaw`].
    pub fn parse(jws: &str, text: &[u8]) -> Result<Self, SignatureFlaw> {
        use SignatureFlaw::{Algorithm as Alg, Form, Signature};
        crypto::install();
        if jws.len() > bounds::SIGNATURE_BYTES {
            return Err(Form);
        }
        let (head, signature) = jws.split_once("..").ok_or(Form)?;
        let header = URL_SAFE_NO_PAD.decode(head).map_err(|_| Form)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| Form)?;
        if header.typ != TYPE {
            return Err(Form);
        }
        let chain: Vec<CertificateDer<'static>> = (header.x5c.iter())
            .map(|one| STANDARD.decode(one).map(CertificateDer::from))
            .collect::<Result<_, _>>()
            .map_err(|_| Form)?;
        let leaf = chain.first().ok_or(Form)?;
        let examined = profile::leaf(leaf, Usage::Client).map_err(SignatureFlaw::Profile)?;
        let key = public_key(&examined.public_key, header.alg).ok_or(Alg)?;
        let signed = [
            head.as_bytes(),
            b".",
            URL_SAFE_NO_PAD.encode(text).as_bytes(),
        ]
        .concat();
        match jsonwebtoken::crypto::verify(signature, &signed, &key, header.alg) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(Signature),
        }
        Ok(Self {
            by: examined.oin.map_err(SignatureFlaw::Subject)?,
            at: Moment::from_unix_seconds(header.iat).ok_or(Form)?,
            chain,
        })
    }
}

impl Signed {
    /// The subject of the certificate, as people read it; empty where there is none.
    #[must_use]
    pub fn subject(&self) -> String {
        let leaf = self.chain.first().map_or(&[][..], |leaf| leaf.as_ref());
        let parsed = X509Certificate::from_der(leaf);
        parsed.map_or_else(|_| String::new(), |(_, leaf)| leaf.subject().to_string())
    }
}

impl Identity {
    /// Verifies that an organisation signed this text, with a certificate that is good now.
    ///
    /// # Errors
    /// [`SignatureFlaw`].
    pub fn verify_signature(&self, jws: &str, text: &[u8]) -> Result<Signed, SignatureFlaw> {
        let signed = Signed::parse(jws, text)?;
        let now = self.clock.now();
        if signed.at > now.plus_ms(bounds::GATEWAY_CLOCKS_MS) {
            return Err(SignatureFlaw::Early(signed.at));
        }
        let trust = self.trust.load();
        let vetted = trust.clients.vet(&signed.chain, now);
        vetted.map_err(SignatureFlaw::Certificate)?;
        Ok(signed)
    }
}

/// A key that signs, and the certificate that says whose it is.
pub struct StatementSigner {
    key: Key,
    x5c: Vec<String>,
    by: Oin,
}

enum Key {
    Ec(EncodingKey, Algorithm),
    Rsa(Box<RsaKeyPair>),
}

impl Key {
    fn parse(pem: &[u8]) -> Option<Self> {
        let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
        if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8.secret_pkcs8_der()) {
            return Some(Self::Rsa(Box::new(pair)));
        }
        let (key, _, algorithm) = signing_key(pem)?;
        Some(Self::Ec(key, algorithm))
    }

    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ec(_, algorithm) => *algorithm,
            Self::Rsa(_) => Algorithm::PS256,
        }
    }

    /// The signature in base64url.
    fn sign(&self, text: &[u8]) -> Option<String> {
        match self {
            Self::Ec(key, algorithm) => jsonwebtoken::crypto::sign(text, key, *algorithm).ok(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), text, &mut signature)
                    .ok()?;
                Some(URL_SAFE_NO_PAD.encode(signature))
            }
        }
    }
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// One of the files cannot be read.
    #[error("a file to sign with cannot be used")]
    File(#[source] IdentityError),
    /// Not a private key.
    #[error("{}: expected a PKCS#8 PEM private key, RSA, P-256 or P-384", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// Not a certificate.
    #[error("{}: holds no PEM certificate", path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// The two do not go together, or the certificate is no organisation's.
    #[error("{} does not sign for {}; name the key that belongs to that certificate", key.display(), certificate.display())]
    Pair {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// Why.
        #[source]
        flaw: SignatureFlaw,
    },
    /// The key would not sign.
    #[error("it cannot be signed")]
    Sign,
}

impl std::fmt::Debug for StatementSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatementSigner")
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

impl StatementSigner {
    /// Reads a key (PKCS#8 PEM: RSA, P-256 or P-384) and its certificate with its chain.
    ///
    /// # Errors
    /// [`SignError`], naming the file at fault.
    pub fn open(key: &Path, certificate: &Path, now: Moment) -> Result<Self, SignError> {
        crypto::install();
        let pem = files::read_key(key).map_err(SignError::File)?;
        let of_file = Key::parse(&pem).ok_or_else(|| SignError::Key {
            path: key.to_owned(),
        })?;
        let none = || SignError::NoCertificate {
            path: certificate.to_owned(),
        };
        let pem = files::read(certificate).map_err(SignError::File)?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|_| none())?;
        let leaf = chain.first().ok_or_else(none)?;
        let pair = |flaw| SignError::Pair {
            key: key.to_owned(),
            certificate: certificate.to_owned(),
            flaw,
        };
        let examined = profile::leaf(leaf, Usage::Client)
            .map_err(|flaw| pair(SignatureFlaw::Profile(flaw)))?;
        let signer = Self {
            key: of_file,
            x5c: chain.iter().map(|one| STANDARD.encode(one)).collect(),
            by: (examined.oin).map_err(|flaw| pair(SignatureFlaw::Subject(flaw)))?,
        };
        // Whoever verifies would find out; the one who signs had better know now.
        let tried = signer.sign(b"", now)?;
        Signed::parse(&tried, b"").map_err(pair)?;
        Ok(signer)
    }

    /// The organisation in the certificate.
    #[must_use]
    pub const fn by(&self) -> Oin {
        self.by
    }

    /// Signs a text.
    ///
    /// # Errors
    /// [`SignError::Sign`].
    pub fn sign(&self, text: &[u8], now: Moment) -> Result<String, SignError> {
        let header = Header {
            alg: self.key.algorithm(),
            iat: now.unix_seconds(),
            typ: TYPE.to_owned(),
            x5c: self.x5c.clone(),
        };
        let header = serde_json::to_vec(&header).map_err(|_| SignError::Sign)?;
        let header = URL_SAFE_NO_PAD.encode(header);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(text));
        let signature = (self.key.sign(signed.as_bytes())).ok_or(SignError::Sign)?;
        Ok(format!("{header}..{signature}"))
    }
}

/// The key in a certificate, if this algorithm goes with it.
fn public_key(spki: &[u8], algorithm: Algorithm) -> Option<DecodingKey> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    match (algorithm, info.parsed().ok()?) {
        (Algorithm::ES256, PublicKey::EC(point)) if point.key_size() == 256 => {
            Some(DecodingKey::from_ec_der(point.data()))
        }
        (Algorithm::ES384, PublicKey::EC(point)) if point.key_size() == 384 => {
            Some(DecodingKey::from_ec_der(point.data()))
        }
        (Algorithm::PS256 | Algorithm::PS384, PublicKey::RSA(key)) => Some(
            DecodingKey::from_rsa_raw_components(strip(key.modulus), strip(key.exponent)),
        ),
        _ => None,
    }
}

/// A DER integer without the zero that keeps it positive.
fn strip(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

//! Making request tokens: `sluis token`, the demo, tests and the load generator.
//!
//! This is the requester's side. The gateway never makes a token.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Map, Value, json};

use super::crypto;
use super::files::{self, IdentityError};
use super::profile::{self, ProfileFlaw, SubjectFlaw, Usage};
use crate::clock::{Clock, Moment, NoRandomness, Random};
use crate::domain::{CaseNumber, DocumentId, Employee, Oin, Team, Word};

/// What goes into a token.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The requester's token key: PKCS#8 PEM, P-256, P-384 or Ed25519, readable by its owner only.
    pub key: PathBuf,
    /// The client certificate the token is bound to, PEM; `iss` is the OIN in its subject.
    pub certificate: PathBuf,
    /// The gateway's audience URL.
    pub audience: String,
    /// Who asks.
    pub employee: Employee,
    /// What for, in the requester's words.
    pub purpose: Word,
    /// In which case.
    pub case: CaseNumber,
    /// In which team.
    pub team: Option<Team>,
    /// For which document only.
    pub document: Option<DocumentId>,
    /// How long it is to live.
    pub life_seconds: i64,
}

/// Why no token can be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenMakeError {
    /// One of the files cannot be read.
    #[error("a file for the token cannot be used")]
    File(#[source] IdentityError),
    /// Not a key that tokens can be signed with.
    #[error("{}: expected a PKCS#8 PEM private key, P-256, P-384 or Ed25519", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// Not a client certificate.
    #[error("{}: holds no PEM certificate", path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// A certificate the gateway will not accept.
    #[error("{}: is not a client certificate", path.display())]
    Certificate {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        flaw: ProfileFlaw,
    },
    /// A certificate without an OIN.
    #[error("{}: names no organisation", path.display())]
    Subject {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        flaw: SubjectFlaw,
    },
    /// Signing failed.
    #[error("the token cannot be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// No random bytes for `jti`.
    #[error("the token can have no jti")]
    Random(#[source] NoRandomness),
}

/// A key and the certificate it goes with, read once; it makes any number of tokens.
#[derive(Debug)]
pub struct TokenMaker {
    key: EncodingKey,
    header: Header,
    issuer: Oin,
    thumbprint: String,
}

/// Makes one token.
///
/// # Errors
/// [`TokenMakeError`], naming the file at fault.
pub fn make_token(
    request: &TokenRequest,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<String, TokenMakeError> {
    TokenMaker::open(&request.key, &request.certificate)?.make(request, clock.now(), random)
}

impl TokenMaker {
    /// Reads a token key and a client certificate.
    ///
    /// # Errors
    /// [`TokenMakeError`], naming the file at fault.
    pub fn open(key: &Path, certificate: &Path) -> Result<Self, TokenMakeError> {
        crypto::install();
        let pem = files::read_key(key).map_err(TokenMakeError::File)?;
        let (encoding, jwk, algorithm) = signing_key(&pem).ok_or_else(|| TokenMakeError::Key {
            path: key.to_owned(),
        })?;
        let kid = jwk
            .thumbprint(ThumbprintHash::SHA256)
            .map_err(TokenMakeError::Sign)?;
        let path = || certificate.to_owned();
        let pem = files::read(certificate).map_err(TokenMakeError::File)?;
        let leaf = CertificateDer::from_pem_slice(&pem)
            .map_err(|_| TokenMakeError::NoCertificate { path: path() })?;
        let examined = profile::leaf(&leaf, Usage::Client)
            .map_err(|flaw| TokenMakeError::Certificate { path: path(), flaw })?;
        let issuer = examined
            .oin
            .map_err(|flaw| TokenMakeError::Subject { path: path(), flaw })?;
        let mut header = Header::new(algorithm);
        header.kid = Some(kid);
        Ok(Self {
            key: encoding,
            header,
            issuer,
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, &leaf)),
        })
    }

    /// The organisation whose tokens these are.
    #[must_use]
    pub fn issuer(&self) -> Oin {
        self.issuer
    }

    /// Makes one token, valid from `now`. The two paths in the request are not looked at again.
    ///
    /// # Errors
    /// [`TokenMakeError::Random`] and [`TokenMakeError::Sign`].
    pub fn make(
        &self,
        request: &TokenRequest,
        now: Moment,
        random: &dyn Random,
    ) -> Result<String, TokenMakeError> {
        let mut jti = [0; 16];
        random.fill(&mut jti).map_err(TokenMakeError::Random)?;
        let seconds = now.unix_seconds();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": request.employee,
            "aud": request.audience,
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds.saturating_add(request.life_seconds),
            "jti": URL_SAFE_NO_PAD.encode(jti),
            "cnf": { "x5t#S256": self.thumbprint },
            "doel": request.purpose,
            "zaak": request.case,
        });
        if let Some(claims) = claims.as_object_mut() {
            add(claims, "team", request.team.as_ref().map(Team::as_str));
            let document = request.document.map(|id| id.to_string());
            add(claims, "document", document.as_deref());
        }
        jsonwebtoken::encode(&self.header, &claims, &self.key).map_err(TokenMakeError::Sign)
    }
}

fn add(claims: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        claims.insert(name.to_owned(), value.into());
    }
}

/// The key in a PEM text, its public half, and the algorithm it signs with.
pub(super) fn signing_key(pem: &[u8]) -> Option<(EncodingKey, Jwk, Algorithm)> {
    let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
    let der = pkcs8.secret_pkcs8_der();
    let ec = [Algorithm::ES256, Algorithm::ES384];
    let of_ec = ec.into_iter().find_map(|algorithm| {
        let key = EncodingKey::from_ec_der(der);
        let jwk = Jwk::from_encoding_key(&key, algorithm).ok()?;
        Some((key, jwk, algorithm))
    });
    of_ec.or_else(|| {
        let public = crypto::ed_public(der, &EllipticCurve::Ed25519).ok()?;
        let public = DecodingKey::from_ed_der(&public);
        let jwk = Jwk::from_decoding_key(&public, Some(Algorithm::EdDSA)).ok()?;
        Some((EncodingKey::from_ed_der(der), jwk, Algorithm::EdDSA))
    })
}

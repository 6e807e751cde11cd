//! The cryptography of jsonwebtoken, over ring.
//!
//! The crate's own backends would bring a second crypto stack into the house. RSA can be verified
//! here, not signed with: tokens we make ourselves (`sluis token`) are signed with EC or Ed25519.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature as rs;
use ring::signature::KeyPair as _;

static OVER_RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        rsa_pub_components_from_public_key: |_| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        ec_pub_components_from_private_key: ec_public,
        ed_pub_components_from_private_key: ed_public,
        compute_digest: digest,
    },
};

/// Makes ring the cryptography of every token in this process. Calling it again changes nothing.
pub(super) fn install() {
    // Only this line ever installs one, so an error means it was this one already.
    let _ = OVER_RING.install_default();
}

/// The public half of a token key, as ring wants it.
enum PublicKey {
    Raw(&'static dyn rs::VerificationAlgorithm, Vec<u8>),
    Rsa(&'static rs::RsaParameters, Vec<u8>, Vec<u8>),
}

struct RingVerifier {
    algorithm: Algorithm,
    key: PublicKey,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is jsonwebtoken's"
)]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    if key.family() != algorithm.family() {
        return Err(new_error(ErrorKind::InvalidKeyFormat));
    }
    let raw = |of: &'static dyn rs::VerificationAlgorithm| {
        Ok::<_, Error>(PublicKey::Raw(of, key.try_get_as_bytes()?.to_vec()))
    };
    let rsa = |parameters| match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            Ok(PublicKey::Rsa(parameters, n.clone(), e.clone()))
        }
        DecodingKeyKind::SecretOrDer(_) => Err(new_error(ErrorKind::InvalidKeyFormat)),
    };
    // ECDSA in its fixed form only: RFC 7518 (3.4) knows no DER in a token.
    let key = match algorithm {
        Algorithm::ES256 => raw(&rs::ECDSA_P256_SHA256_FIXED)?,
        Algorithm::ES384 => raw(&rs::ECDSA_P384_SHA384_FIXED)?,
        Algorithm::EdDSA => raw(&rs::ED25519)?,
        Algorithm::PS256 => rsa(&rs::RSA_PSS_2048_8192_SHA256)?,
        Algorithm::PS384 => rsa(&rs::RSA_PSS_2048_8192_SHA384)?,
        Algorithm::RS256 => rsa(&rs::RSA_PKCS1_2048_8192_SHA256)?,
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    };
    Ok(Box::new(RingVerifier {
        algorithm: *algorithm,
        key,
    }))
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        match &self.key {
            PublicKey::Raw(of, key) => {
                rs::UnparsedPublicKey::new(*of, key).verify(message, signature)
            }
            PublicKey::Rsa(of, n, e) => {
                rs::RsaPublicKeyComponents { n, e }.verify(of, message, signature)
            }
        }
        .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

enum RingSigner {
    Ec(Algorithm, rs::EcdsaKeyPair, SystemRandom),
    Ed(rs::Ed25519KeyPair),
}

fn ec_pair(pkcs8: &[u8], algorithm: Algorithm) -> Result<(rs::EcdsaKeyPair, SystemRandom), Error> {
    let of = match algorithm {
        Algorithm::ES256 => &rs::ECDSA_P256_SHA256_FIXED_SIGNING,
        Algorithm::ES384 => &rs::ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    };
    let random = SystemRandom::new();
    rs::EcdsaKeyPair::from_pkcs8(of, pkcs8, &random)
        .map(|pair| (pair, random))
        .map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

fn ed_pair(pkcs8: &[u8]) -> Result<rs::Ed25519KeyPair, Error> {
    rs::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
        .map_err(|_| new_error(ErrorKind::InvalidEddsaKey))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is jsonwebtoken's"
)]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::ES256 | Algorithm::ES384, AlgorithmFamily::Ec) => {
            let (pair, random) = ec_pair(key.as_bytes(), *algorithm)?;
            Ok(Box::new(RingSigner::Ec(*algorithm, pair, random)))
        }
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            Ok(Box::new(RingSigner::Ed(ed_pair(key.as_bytes())?)))
        }
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        match self {
            Self::Ec(_, pair, random) => pair
                .sign(random, message)
                .map(|signed| signed.as_ref().to_vec())
                .map_err(|_| signature::Error::new()),
            Self::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ec(algorithm, ..) => *algorithm,
            Self::Ed(_) => Algorithm::EdDSA,
        }
    }
}

fn ec_public(
    pkcs8: &[u8],
    algorithm: Algorithm,
) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>), Error> {
    let (pair, _) = ec_pair(pkcs8, algorithm)?;
    // An uncompressed point: 4, x, y (SEC 1, 2.3.3).
    let (curve, size) = match algorithm {
        Algorithm::ES256 => (EllipticCurve::P256, 32),
        _ => (EllipticCurve::P384, 48),
    };
    match pair.public_key().as_ref().split_first() {
        Some((4, point)) => point
            .split_at_checked(size)
            .map(|(x, y)| (curve, x.to_vec(), y.to_vec())),
        _ => None,
    }
    .ok_or_else(|| new_error(ErrorKind::InvalidEcdsaKey))
}

/// The public half of an Ed25519 key in PKCS#8, version 1 or 2.
pub(super) fn ed_public(pkcs8: &[u8], curve: &EllipticCurve) -> Result<Vec<u8>, Error> {
    match curve {
        EllipticCurve::Ed25519 => Ok(ed_pair(pkcs8)?.public_key().as_ref().to_vec()),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is jsonwebtoken's"
)]
fn digest(data: &[u8], of: ThumbprintHash) -> Result<Vec<u8>, Error> {
    let of = match of {
        ThumbprintHash::SHA256 => &ring::digest::SHA256,
        ThumbprintHash::SHA384 => &ring::digest::SHA384,
        ThumbprintHash::SHA512 => &ring::digest::SHA512,
        _ => return Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    };
    Ok(ring::digest::digest(of, data).as_ref().to_vec())
}

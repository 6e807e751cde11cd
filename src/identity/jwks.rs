//! The public token keys of one organisation, from its JWKS file, or of a login service, as it
//! publishes them (RFC 7517).
//!
//! Everything about a key is decided when it is read: above all the *one* algorithm it may be used
//! with (RFC 8725, 3.1), so that nothing a token says can choose another. An organisation's file is
//! made for us, and taken whole or not at all; what a login service publishes is for all its
//! clients, so what is of no use here is left out.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::survey::KeyFacts;
use super::token;
use crate::bounds;
use crate::domain::json::{self, NotStrictJson};

/// Why a JWKS file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// Not JSON, or a member is there twice.
    #[error("it is not plain JSON")]
    Json(#[source] NotStrictJson),
    /// Not `{"keys": […]}` with at least one key.
    #[error("expected {{\"keys\": [...]}} with 1 to {} keys", bounds::LIST_ITEMS)]
    NoKeys,
    /// Of what a login service publishes, nothing can be used.
    #[error("none of its keys is a public key for ES256, ES384, EdDSA, PS256, PS384 or RS256")]
    NoneUsable,
    /// One of the keys is not a usable public key.
    #[error("key {number}: {what}")]
    Key {
        /// Which key, counted from 1.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// One public key, and the one algorithm it is good for.
#[derive(Debug)]
pub(super) struct TokenKey {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// When a key of RSA is one for RS256 (PKCS#1 v1.5, which PSS replaced).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rs256 {
    /// Never.
    Refused,
    /// When its `alg` says so.
    Named,
    /// Also when it has no `alg`: OpenID Connect signs with RS256 unless something else was agreed
    /// (Core 1.0, 2), and some large login services leave `alg` out.
    Default,
}

/// All keys of one organisation, or of one login service.
#[derive(Debug)]
pub(super) struct KeySet(Vec<TokenKey>);

impl KeySet {
    /// Reads a JWKS file.
    pub(super) fn parse(text: &[u8], allow_rs256: bool) -> Result<Self, JwksError> {
        let file = json::parse(text).map_err(JwksError::Json)?;
        let listed = listed(&file)?;
        let rs256 = if allow_rs256 {
            Rs256::Named
        } else {
            Rs256::Refused
        };
        let mut seen = BTreeSet::new();
        let mut keys = Vec::new();
        for (value, number) in listed.iter().zip(1..) {
            let fault = |what| JwksError::Key { number, what };
            let key = token_key(value, rs256).map_err(fault)?;
            match &key.kid {
                None if listed.len() > 1 => {
                    return Err(fault("it needs a kid, because there are several keys"));
                }
                Some(kid) if !seen.insert(kid.clone()) => {
                    return Err(fault("its kid is another key's too"));
                }
                _ => keys.push(key),
            }
        }
        Ok(Self(keys))
    }

    /// Reads what a login service publishes, and keeps the keys that id tokens can be verified with.
    pub(super) fn published(text: &[u8]) -> Result<Self, JwksError> {
        let file = json::parse(text).map_err(JwksError::Json)?;
        let mut keys: Vec<TokenKey> = Vec::new();
        for (value, number) in listed(&file)?.iter().zip(1..) {
            let Ok(key) = token_key(value, Rs256::Default) else {
                continue;
            };
            // Which of the two is meant, the order would decide.
            if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) {
                let what = "its kid is another key's too";
                return Err(JwksError::Key { number, what });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(JwksError::NoneUsable);
        }
        Ok(Self(keys))
    }

    /// What there is to tell of each.
    pub(super) fn facts(&self) -> Vec<KeyFacts> {
        let facts = self.0.iter().map(|key| KeyFacts {
            kid: key.kid.clone(),
            algorithm: token::name(key.algorithm).unwrap_or_default(),
        });
        facts.collect()
    }

    /// The key a token's `kid` names; without a `kid`, the only key there is.
    pub(super) fn find(&self, kid: Option<&str>) -> Option<&TokenKey> {
        match (kid, self.0.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

fn listed(file: &Value) -> Result<&[Value], JwksError> {
    match file.get("keys").and_then(Value::as_array) {
        Some(keys) if (1..=bounds::LIST_ITEMS).contains(&keys.len()) => Ok(keys),
        _ => Err(JwksError::NoKeys),
    }
}

fn token_key(value: &Value, rs256: Rs256) -> Result<TokenKey, &'static str> {
    // A private key in this file would be a leak; a shared secret could be forged with.
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
        .iter()
        .any(|secret| value.get(secret).is_some())
    {
        return Err("it holds a secret; only public keys belong here");
    }
    let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| "it is not a JWK")?;
    if !matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return Err("its use is not sig");
    }
    if let Some(operations) = &jwk.common.key_operations
        && !operations.contains(&KeyOperations::Verify)
    {
        return Err("its key_ops do not include verify");
    }
    let algorithm = algorithm_of(&jwk, rs256)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "its parameters are not base64url")?;
    Ok(TokenKey {
        kid: jwk.common.key_id,
        algorithm,
        key,
    })
}

fn algorithm_of(jwk: &Jwk, rs256: Rs256) -> Result<Algorithm, &'static str> {
    let said = jwk.common.key_algorithm;
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => {
            let (of, named, bytes) = match key.curve {
                EllipticCurve::P256 => (Algorithm::ES256, KeyAlgorithm::ES256, 32),
                EllipticCurve::P384 => (Algorithm::ES384, KeyAlgorithm::ES384, 48),
                _ => return Err("its curve is not P-256 or P-384"),
            };
            if said.is_some_and(|said| said != named) {
                return Err("its alg does not go with its curve");
            }
            if length(&key.x) != Some(bytes) || length(&key.y) != Some(bytes) {
                return Err("its point has the wrong length for its curve");
            }
            Ok(of)
        }
        AlgorithmParameters::OctetKeyPair(key) => {
            if key.curve != EllipticCurve::Ed25519 || length(&key.x) != Some(32) {
                return Err("its curve is not Ed25519, or its length is wrong");
            }
            if said.is_some_and(|said| said != KeyAlgorithm::EdDSA) {
                return Err("its alg does not go with its curve");
            }
            Ok(Algorithm::EdDSA)
        }
        AlgorithmParameters::RSA(key) => {
            let modulus = URL_SAFE_NO_PAD.decode(&key.n).unwrap_or_default();
            let unused = modulus.first().map_or(8, |first| first.leading_zeros());
            let bits = (modulus.len() * 8).saturating_sub(unused as usize);
            if unused == 8 || !(2048..=8192).contains(&bits) {
                return Err("its modulus is not of 2048 to 8192 bits");
            }
            match said {
                Some(KeyAlgorithm::PS256) => Ok(Algorithm::PS256),
                Some(KeyAlgorithm::PS384) => Ok(Algorithm::PS384),
                Some(KeyAlgorithm::RS256) if rs256 != Rs256::Refused => Ok(Algorithm::RS256),
                None if rs256 == Rs256::Default => Ok(Algorithm::RS256),
                Some(KeyAlgorithm::RS256) => Err("RS256 needs tokens.allow-rs256 = true"),
                _ => Err("an RSA key needs alg PS256 or PS384"),
            }
        }
        _ => Err("its kty is not EC, OKP or RSA"),
    }
}

fn length(part: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(part).ok().map(|bytes| bytes.len())
}

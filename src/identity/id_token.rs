//! Id tokens: what a login service says of somebody who logged in there (OpenID Connect Core 1.0,
//! 3.1.3.7), check by check.
//!
//! RS256 is taken here, unlike in request tokens: it is what OpenID Connect signs with unless
//! something else was agreed, and most login services know no other. What PSS mends is a weakness of
//! the proof, not one known to be of use to a forger, and the token comes straight from the service
//! over TLS. Deliberately not here: fetching keys (`oidc`), `at_hash` (the access token is not used)
//! and what the claims mean for the desk.

use serde_json::{Map, Value};

use super::crypto;
use super::jwks::{JwksError, KeySet};
use super::token::{Flaw, signed_payload};
use crate::bounds;
use crate::clock::Moment;

/// What is wrong with an id token. No variant carries anything out of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFlaw {
    /// It cannot be read, or no key of the login service signed it.
    #[error("it is not a token signed by the login service")]
    Signed(#[source] Flaw),
    /// A required claim is missing.
    #[error("its claim {0} is missing")]
    Missing(&'static str),
    /// A claim has the wrong type or form.
    #[error("its claim {0} has the wrong type or form")]
    Claim(&'static str),
    /// `iss` is not the configured login service.
    #[error("its issuer is not the configured one")]
    Issuer,
    /// `aud` does not name this client.
    #[error("it is not meant for this client")]
    Audience,
    /// Several audiences without an `azp`, or an `azp` that is another client.
    #[error("it was given to another client")]
    AuthorisedParty,
    /// `nonce` is not that of this login.
    #[error("it belongs to another login")]
    Nonce,
    /// `iat` or `nbf` is in the future, or `exp` does not come after `iat`.
    #[error("it is not valid yet, or ends before it begins")]
    NotYet,
    /// Past `exp`.
    #[error("it has expired")]
    Expired,
}

impl IdTokenFlaw {
    /// Whether keys that are newer than those it was held against could make it good: a service that
    /// has one key without a `kid` replaces it unseen.
    #[must_use]
    pub fn may_be_a_newer_key(self) -> bool {
        matches!(
            self,
            Self::Signed(Flaw::Key | Flaw::Algorithm | Flaw::Signature)
        )
    }
}

/// The public keys of a login service.
#[derive(Debug)]
pub struct IssuerKeys(KeySet);

impl IssuerKeys {
    /// Reads a JWKS as the service publishes it. Keys that are no use for id tokens are left out.
    ///
    /// # Errors
    /// [`JwksError`], also when nothing is left.
    pub fn parse(text: &[u8]) -> Result<Self, JwksError> {
        crypto::install();
        KeySet::published(text).map(Self)
    }

    /// Verifies an id token.
    ///
    /// # Errors
    /// [`IdTokenFlaw`]; for the log only.
    pub fn verify(
        &self,
        unverified: &str,
        expected: &LoginExpected<'_>,
    ) -> Result<LoginClaims, IdTokenFlaw> {
        let payload = signed_payload(unverified, &self.0, bounds::ID_TOKEN_BYTES)
            .map_err(IdTokenFlaw::Signed)?;
        let text = |name: &'static str| {
            let claim = payload.get(name).ok_or(IdTokenFlaw::Missing(name))?;
            claim.as_str().ok_or(IdTokenFlaw::Claim(name))
        };
        if text("iss")? != expected.issuer {
            return Err(IdTokenFlaw::Issuer);
        }
        check_audience(&payload, expected.client_id)?;
        if text("nonce")? != expected.nonce {
            return Err(IdTokenFlaw::Nonce);
        }
        check_times(&payload, expected.now)?;
        text("sub")?;
        Ok(LoginClaims(payload))
    }
}

/// What an id token is held against.
#[derive(Debug, Clone, Copy)]
pub struct LoginExpected<'a> {
    /// The login service, exactly as it names itself.
    pub issuer: &'a str,
    /// The name this gateway has there.
    pub client_id: &'a str,
    /// What was sent along when this login began.
    pub nonce: &'a str,
    /// The present moment.
    pub now: Moment,
}

/// The claims of a verified id token. Only [`IssuerKeys::verify`] makes them.
pub struct LoginClaims(Map<String, Value>);

impl LoginClaims {
    /// The claim of this name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// All of them are personal: they stay out of every log (I5).
impl std::fmt::Debug for LoginClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginClaims([redacted])")
    }
}

fn check_audience(payload: &Map<String, Value>, client_id: &str) -> Result<(), IdTokenFlaw> {
    let audience = payload.get("aud").ok_or(IdTokenFlaw::Missing("aud"))?;
    let wrong = IdTokenFlaw::Claim("aud");
    let several = match audience {
        Value::String(only) if only == client_id => false,
        Value::String(_) => return Err(IdTokenFlaw::Audience),
        Value::Array(list) => {
            if !list.iter().all(Value::is_string) {
                return Err(wrong);
            }
            if !list.iter().any(|one| one == client_id) {
                return Err(IdTokenFlaw::Audience);
            }
            list.len() > 1
        }
        _ => return Err(wrong),
    };
    match payload.get("azp") {
        Some(Value::String(party)) if party == client_id => Ok(()),
        Some(Value::String(_)) => Err(IdTokenFlaw::AuthorisedParty),
        Some(_) => Err(IdTokenFlaw::Claim("azp")),
        None if several => Err(IdTokenFlaw::AuthorisedParty),
        None => Ok(()),
    }
}

fn check_times(payload: &Map<String, Value>, now: Moment) -> Result<(), IdTokenFlaw> {
    // Integers only, as in request tokens (CVE-2026-25537).
    let seconds = |name: &'static str| {
        let claim = payload.get(name).ok_or(IdTokenFlaw::Missing(name))?;
        let moment = claim.as_i64().and_then(Moment::from_unix_seconds);
        moment.ok_or(IdTokenFlaw::Claim(name))
    };
    let (issued, expires) = (seconds("iat")?, seconds("exp")?);
    let first = match payload.get("nbf") {
        None => issued,
        Some(_) => issued.max(seconds("nbf")?),
    };
    let leeway_ms = bounds::LOGIN_LEEWAY_SECONDS * 1000;
    if first > now.plus_ms(leeway_ms) || expires <= issued {
        return Err(IdTokenFlaw::NotYet);
    }
    // RFC 7519 (4.1.4): not accepted *on* or after exp.
    if now >= expires.plus_ms(leeway_ms) {
        return Err(IdTokenFlaw::Expired);
    }
    Ok(())
}

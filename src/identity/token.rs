//! Request tokens: SECURITY 13, check by check.
//!
//! Nothing of a token is believed before its signature is; until then every name here begins with
//! `unverified`. What is *not* here: that a token is good once. That is a row written in the
//! transaction that appends to the ledger, and no earlier check could replace it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use super::chain::hash_bytes;
use super::jwks::KeySet;
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{
    CaseNumber, DocumentId, Employee, Oin, Organisation, Purpose, Team, Word, Wording, json,
};

/// Why a token is not accepted. The caller is told which of the three, and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// `token-ongeldig`. The flaw is for the operator's log and for tests, never for the answer: it
    /// would tell a forger how far he came.
    #[error("the request token is not valid")]
    Invalid(#[source] Flaw),
    /// `token-verlopen`: right in everything but its time.
    #[error("the request token has expired")]
    Expired,
    /// `token-niet-gebonden`: made for another client certificate.
    #[error("the request token is bound to another client certificate")]
    NotBound,
}

/// What is wrong with an invalid token. No variant carries anything out of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Longer than [`bounds`] allows, not three parts, or not base64url without padding.
    #[error("it is not a compact JWS")]
    Form,
    /// Header or payload is not a JSON object, or a member is there twice.
    #[error("its header or payload is not a plain JSON object")]
    Json,
    /// A header parameter that points at a key, carries one, or changes how the token is read.
    #[error("its header has a parameter that is never accepted")]
    Header,
    /// `typ` says it is another kind of token (RFC 8725, 3.11).
    #[error("its typ is not JWT")]
    Type,
    /// No key of its issuer has this `kid`, or several keys and no `kid`.
    #[error("its kid names no key of its issuer")]
    Key,
    /// Not the one algorithm of that key.
    #[error("its algorithm is not that of its key")]
    Algorithm,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// A required claim is missing.
    #[error("a required claim is missing")]
    Missing,
    /// A claim has the wrong type or form.
    #[error("a claim has the wrong type or form")]
    Claim,
    /// `iss` is not the organisation of the certificate.
    #[error("its issuer is not the organisation of the certificate")]
    Issuer,
    /// `aud` is not this gateway, or not one string.
    #[error("its audience is not this gateway")]
    Audience,
    /// `iat`, `nbf` and `exp` are too far apart, or `exp` comes first.
    #[error("its life is too long, or ends before it begins")]
    Life,
    /// `iat` or `nbf` is in the future.
    #[error("it is not valid yet")]
    NotYet,
    /// `team` is not one of the organisation's.
    #[error("its team is not one of the organisation's")]
    Team,
}

/// The claims of a verified token. Only [`Identity::verify_token`](super::Identity::verify_token)
/// makes one.
#[derive(Clone)]
pub struct Claims {
    issuer: Oin,
    employee: Employee,
    purpose: Word,
    case: CaseNumber,
    team: Option<Team>,
    document: Option<DocumentId>,
    token_id: [u8; 32],
    expires: Moment,
}

impl Claims {
    /// The requesting organisation.
    #[must_use]
    pub fn issuer(&self) -> Oin {
        self.issuer
    }

    /// Who asks, by the pseudonym of that organisation.
    #[must_use]
    pub fn employee(&self) -> &Employee {
        &self.employee
    }

    /// What for, in the words of the organisation. Whether such a purpose exists is the policy's to say.
    #[must_use]
    pub fn purpose(&self) -> &Word {
        &self.purpose
    }

    /// The requester's own case number.
    #[must_use]
    pub fn case(&self) -> &CaseNumber {
        &self.case
    }

    /// The team, one of the organisation's.
    #[must_use]
    pub fn team(&self) -> Option<&Team> {
        self.team.as_ref()
    }

    /// The only document the token is for, if it names one.
    #[must_use]
    pub fn document(&self) -> Option<DocumentId> {
        self.document
    }

    /// What makes the token one of a kind: SHA-256 over `jti` LF `iss` LF and the value of `jti`.
    #[must_use]
    pub fn token_id(&self) -> &[u8; 32] {
        &self.token_id
    }

    /// The token's `exp`. Its id must be remembered until the leeway after this has passed too.
    #[must_use]
    pub fn expires(&self) -> Moment {
        self.expires
    }
}

/// Employee and case are personal, and a purpose that nobody knows could be: they stay out of every log
/// (I5).
impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims")
            .field("issuer", &self.issuer)
            .field("team", &self.team)
            .finish_non_exhaustive()
    }
}

/// What a token is held against.
pub(super) struct Expected<'a> {
    pub(super) audience: &'a str,
    pub(super) max_life_seconds: i64,
    pub(super) organisation: &'a Organisation,
    pub(super) keys: &'a KeySet,
    /// SHA-256 of the client certificate, base64url without padding (RFC 8705, 3.1).
    pub(super) thumbprint: &'a str,
    pub(super) now: Moment,
}

/// Verifies a token.
pub(super) fn verify(unverified: &str, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let payload = signed_payload(unverified, expected.keys, bounds::TOKEN_BYTES)
        .map_err(TokenError::Invalid)?;
    let read = read_claims(&payload, expected).map_err(TokenError::Invalid)?;
    if read.bound_to != expected.thumbprint {
        return Err(TokenError::NotBound);
    }
    // RFC 7519 (4.1.4): not accepted *on* or after exp.
    let last = read
        .claims
        .expires
        .plus_ms(bounds::TOKEN_LEEWAY_SECONDS * 1000);
    if expected.now >= last {
        return Err(TokenError::Expired);
    }
    Ok(read.claims)
}

/// Header parameters that choose a key, bring one along, or change what the rest means. A token that
/// could make the gateway fetch or trust a key would be its own judge (CVE-2018-0114 and kin).
pub const NEVER: [&str; 7] = ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip"];

/// The payload, once the signature over it has been found good.
pub(super) fn signed_payload(
    unverified: &str,
    keys: &KeySet,
    most_bytes: usize,
) -> Result<Map<String, Value>, Flaw> {
    if unverified.len() > most_bytes {
        return Err(Flaw::Form);
    }
    let (unverified_message, signature) = unverified.rsplit_once('.').ok_or(Flaw::Form)?;
    let (unverified_header, unverified_payload) =
        unverified_message.split_once('.').ok_or(Flaw::Form)?;
    if unverified_payload.contains('.') {
        return Err(Flaw::Form);
    }
    let header = object(unverified_header)?;
    if NEVER.iter().any(|name| header.contains_key(*name)) {
        return Err(Flaw::Header);
    }
    if let Some(kind) = header.get("typ")
        && !kind.as_str().is_some_and(|k| k.eq_ignore_ascii_case("JWT"))
    {
        return Err(Flaw::Type);
    }
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or(Flaw::Key)?),
    };
    let key = keys.find(kid).ok_or(Flaw::Key)?;
    let allowed = name(key.algorithm).ok_or(Flaw::Algorithm)?;
    if header.get("alg").and_then(Value::as_str) != Some(allowed) {
        return Err(Flaw::Algorithm);
    }
    let fits = jsonwebtoken::crypto::verify(
        signature,
        unverified_message.as_bytes(),
        &key.key,
        key.algorithm,
    );
    if fits != Ok(true) {
        return Err(Flaw::Signature);
    }
    object(unverified_payload)
}

/// The names of RFC 7518 (3.1) and RFC 8037 (3.1), for the algorithms a key can have.
pub(super) fn name(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::ES256 => Some("ES256"),
        Algorithm::ES384 => Some("ES384"),
        Algorithm::EdDSA => Some("EdDSA"),
        Algorithm::PS256 => Some("PS256"),
        Algorithm::PS384 => Some("PS384"),
        Algorithm::RS256 => Some("RS256"),
        // No key is ever given another one.
        _ => None,
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Flaw> {
    let text = URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw::Form)?;
    match json::parse(&text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Flaw::Json),
    }
}

struct Read<'a> {
    claims: Claims,
    bound_to: &'a str,
}

fn read_claims<'a>(
    payload: &'a Map<String, Value>,
    expected: &Expected<'_>,
) -> Result<Read<'a>, Flaw> {
    let text = |name: &str| {
        let claim = payload.get(name).ok_or(Flaw::Missing)?;
        claim.as_str().ok_or(Flaw::Claim)
    };
    let issuer = expected.organisation.oin;
    if text("iss")? != issuer.as_str() {
        return Err(Flaw::Issuer);
    }
    let audience = payload.get("aud").ok_or(Flaw::Missing)?;
    if audience.as_str() != Some(expected.audience) {
        return Err(Flaw::Audience);
    }
    let expires = read_times(payload, expected)?;
    let token = text("jti")?;
    if !(1..=128).contains(&token.chars().count()) {
        return Err(Flaw::Claim);
    }
    let bound_to = match payload.get("cnf").ok_or(Flaw::Missing)? {
        Value::Object(cnf) => cnf.get("x5t#S256").ok_or(Flaw::Missing)?,
        _ => return Err(Flaw::Claim),
    };
    let bound_to = bound_to.as_str().ok_or(Flaw::Claim)?;
    // A padded or otherwise odd spelling is a mistake in the token, not another certificate.
    if !URL_SAFE_NO_PAD
        .decode(bound_to)
        .is_ok_and(|hash| hash.len() == SHA256.output_len())
    {
        return Err(Flaw::Claim);
    }
    let team = match payload.get("team") {
        None => None,
        Some(_) => Some(Team::parse(text("team")?).map_err(|_| Flaw::Team)?),
    };
    if let Some(team) = &team
        && !expected.organisation.teams.contains(team)
    {
        return Err(Flaw::Team);
    }
    let document = match payload.get("document") {
        None => None,
        Some(_) => Some(DocumentId::parse(text("document")?).map_err(|_| Flaw::Claim)?),
    };
    Ok(Read {
        claims: Claims {
            issuer,
            employee: Employee::parse(text("sub")?).map_err(|_| Flaw::Claim)?,
            purpose: read_purpose(text("doel")?, expected.organisation.words)?,
            case: CaseNumber::parse(text("zaak")?).map_err(|_| Flaw::Claim)?,
            team,
            document,
            token_id: token_id(issuer, token),
            expires,
        },
        bound_to,
    })
}

/// A shared word is a code; one of an organisation's own can be any.
fn read_purpose(text: &str, words: Wording) -> Result<Word, Flaw> {
    let proper = match words {
        Wording::Shared => Purpose::parse(text).is_ok(),
        Wording::Own => true,
    };
    let word = Word::parse(text).ok().filter(|_| proper);
    word.ok_or(Flaw::Claim)
}

/// Checks `iat`, `nbf` and `exp` against one another and the first two against the clock; gives
/// `exp`.
fn read_times(payload: &Map<String, Value>, expected: &Expected<'_>) -> Result<Moment, Flaw> {
    let seconds = |name: &str| {
        let claim = payload.get(name).ok_or(Flaw::Missing)?;
        // Integers only: jsonwebtoken would round a float, and took a text for no claim at all
        // before 10.3 (CVE-2026-25537).
        let moment = claim.as_i64().and_then(Moment::from_unix_seconds);
        moment.ok_or(Flaw::Claim)
    };
    let (issued, not_before, expires) = (seconds("iat")?, seconds("nbf")?, seconds("exp")?);
    let (first, last) = (issued.min(not_before), issued.max(not_before));
    if expires <= last || expires.ms_since(first) > expected.max_life_seconds * 1000 {
        return Err(Flaw::Life);
    }
    if last > expected.now.plus_ms(bounds::TOKEN_LEEWAY_SECONDS * 1000) {
        return Err(Flaw::NotYet);
    }
    Ok(expires)
}

/// An issuer is twenty digits, so no two pairs of issuer and `jti` make one text.
fn token_id(issuer: Oin, jti: &str) -> [u8; 32] {
    hash_bytes(&digest(&SHA256, format!("jti\n{issuer}\n{jti}").as_bytes()))
}

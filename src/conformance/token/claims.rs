//! What a token states: whose it is, for whom, when, of which certificate, and for what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::super::Asked;
use super::{Object, TOKEN, short};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{CaseNumber, DocumentId, Employee, Team, Word};
use crate::finding::Findings;
use crate::identity::{CertificateFacts, ClientFacts};

/// The longest life any gateway can be configured to allow, in seconds.
const LONGEST_LIFE_SECONDS: i64 = 3600;

/// `iss` and `aud`.
pub(super) fn parties(
    all: &mut Findings,
    asked: &Asked,
    own: Option<&ClientFacts>,
    claims: &Object,
) {
    let oin = own.and_then(|own| own.leaf()?.oin.ok());
    match (claims.get("iss"), oin) {
        (None, _) => all.fail(
            TOKEN,
            "iss is missing",
            "set it to the OIN of your certificate",
        ),
        (Some(Value::String(iss)), Some(oin)) if *iss == *oin.as_str() => {
            all.ok(TOKEN, format!("iss is {oin}, as in the certificate"));
        }
        (Some(Value::String(_)), None) => {
            all.skip(TOKEN, "iss: there is no certificate to compare it with");
        }
        (Some(Value::String(iss)), Some(oin)) => all.fail(
            TOKEN,
            format!("iss is {}, and the certificate is of {oin}", short(iss)),
            "set iss to the OIN of the certificate that the token is sent with",
        ),
        (Some(_), _) => all.fail(
            TOKEN,
            "iss is not a text",
            "set it to the 20 digits of your OIN, as a text",
        ),
    }
    let origin = format!("https://{}", asked.url.authority());
    let (wanted, is_told) = match &asked.audience {
        Some(audience) => (audience.as_str(), true),
        None => (origin.as_str(), false),
    };
    match claims.get("aud") {
        None => all.fail(TOKEN, "aud is missing", "set it to the gateway's audience"),
        Some(Value::String(aud)) if aud == wanted => all.ok(TOKEN, format!("aud is {wanted}")),
        Some(Value::String(aud)) if is_told => all.fail(
            TOKEN,
            format!("aud is {}, and must be {wanted}, to the letter", short(aud)),
            "set aud to exactly that; a slash more or less is another audience",
        ),
        Some(Value::String(aud)) => all.warn(
            TOKEN,
            format!(
                "aud is {}, which need not be the address {wanted}",
                short(aud)
            ),
            "ask the gateway's operator for its audience, and give it here with --aud",
        ),
        Some(Value::Array(_)) => all.fail(
            TOKEN,
            "aud is a list",
            "set it to one text: a token is for one gateway",
        ),
        Some(_) => all.fail(
            TOKEN,
            "aud is not a text",
            "set it to the gateway's audience, as a text",
        ),
    }
}

/// `iat`, `nbf` and `exp`, against one another and against the clock.
pub(super) fn times(told: &mut Findings, claims: &Object, now: Moment) {
    let mut all = Findings::default();
    let mut seconds = |name: &str| -> Option<i64> {
        match claims.get(name) {
            None => {
                all.fail(
                    TOKEN,
                    format!("{name} is missing"),
                    "set it to whole seconds since 1970, as a number",
                );
                None
            }
            Some(value) => {
                let found = value
                    .as_i64()
                    .filter(|at| Moment::from_unix_seconds(*at).is_some());
                if found.is_none() {
                    let what = match value {
                        Value::String(_) => "is a text",
                        Value::Number(number) if number.is_f64() => "has a fraction",
                        Value::Number(_) => {
                            "is no time before the year 10000; is it in milliseconds"
                        }
                        _ => "is not a number",
                    };
                    all.fail(
                        TOKEN,
                        format!("{name} {what}"),
                        "set it to whole seconds since 1970, as a number",
                    );
                }
                found
            }
        }
    };
    let (iat, nbf, exp) = (seconds("iat"), seconds("nbf"), seconds("exp"));
    if let (Some(iat), Some(nbf), Some(exp)) = (iat, nbf, exp) {
        compared(&mut all, iat, nbf, exp, now);
    }
    told.add(all);
}

fn compared(all: &mut Findings, iat: i64, nbf: i64, exp: i64, now: Moment) {
    let (now, leeway) = (now.unix_seconds(), bounds::TOKEN_LEEWAY_SECONDS);
    let life = exp.saturating_sub(iat.min(nbf));
    let ahead = iat.max(nbf).saturating_sub(now);
    if exp <= iat.max(nbf) {
        all.fail(
            TOKEN,
            "exp is not after iat and nbf",
            "let it live a minute: exp = iat + 60",
        );
    }
    if life > LONGEST_LIFE_SECONDS {
        all.fail(
            TOKEN,
            format!("it lives {life} s"),
            "let it live a minute: it is good for one call anyway",
        );
    } else if life > bounds::TOKEN_LIFE_SECONDS {
        all.warn(
            TOKEN,
            format!(
                "it lives {life} s, and a gateway allows {} s unless its operator said otherwise",
                bounds::TOKEN_LIFE_SECONDS
            ),
            "let it live a minute: it is good for one call anyway",
        );
    }
    if ahead > leeway {
        all.fail(
            TOKEN,
            format!("iat or nbf is {ahead} s from now by this machine's clock"),
            format!("set them to now; the clocks may differ {leeway} s (use NTP)"),
        );
    }
    if now >= exp.saturating_add(leeway) {
        all.fail(
            TOKEN,
            format!(
                "it expired {} s ago by this machine's clock",
                now.saturating_sub(exp)
            ),
            "make a token for each request, just before it",
        );
    }
    if !all.has_failed() {
        all.ok(
            TOKEN,
            format!("iat, nbf and exp are right: it lives {life} s"),
        );
    }
}

/// `cnf.x5t#S256` and `jti`.
pub(super) fn binding(all: &mut Findings, own: Option<&ClientFacts>, claims: &Object) {
    const COMPUTE: &str = "set it to the SHA-256 of the certificate's DER in base64url without padding, 43 characters (RFC 8705, 3.1)";
    let cnf = claims.get("cnf");
    let thumbprint = own
        .and_then(ClientFacts::leaf)
        .map(CertificateFacts::thumbprint);
    match cnf.map(|cnf| cnf.get("x5t#S256")) {
        None => all.fail(TOKEN, "cnf is missing", "set cnf to an object with x5t#S256 in it"),
        Some(None) => {
            let what = if cnf.is_some_and(|cnf| cnf.get("x5t").is_some()) {
                "cnf has x5t, which is SHA-1, and not x5t#S256"
            } else {
                "cnf has no x5t#S256"
            };
            all.fail(TOKEN, what, COMPUTE);
        }
        Some(Some(Value::String(found))) => match thumbprint {
            Some(wanted) if *found == wanted => all.ok(TOKEN, "cnf.x5t#S256 is the certificate's"),
            _ if found.len() == 64 && found.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                all.fail(TOKEN, "cnf.x5t#S256 is hexadecimal", COMPUTE);
            }
            _ if URL_SAFE_NO_PAD.decode(found).map(|hash| hash.len()) != Ok(32) => {
                all.fail(TOKEN, "cnf.x5t#S256 is not 32 bytes in base64url without padding", COMPUTE);
            }
            Some(wanted) => all.fail(
                TOKEN,
                format!("cnf.x5t#S256 is of another certificate; this one's is {wanted}"),
                "bind the token to the very certificate it is sent with, of the leaf and not of a CA",
            ),
            None => all.skip(TOKEN, "cnf.x5t#S256: there is no certificate to compare it with"),
        },
        Some(Some(_)) => all.fail(TOKEN, "cnf.x5t#S256 is not a text", COMPUTE),
    }
    let one_of_a_kind = "set it to 16 random bytes in base64url, fresh for each token";
    match claims.get("jti") {
        None => all.fail(TOKEN, "jti is missing", one_of_a_kind),
        Some(Value::String(jti)) if (1..=128).contains(&jti.chars().count()) => {
            all.ok(TOKEN, "jti is there");
        }
        Some(_) => all.fail(
            TOKEN,
            "jti is not a text of 1 to 128 characters",
            one_of_a_kind,
        ),
    }
}

/// A claim, whether it must be there, whether a text is one, and what to do where it is not.
type Form = (&'static str, bool, fn(&str) -> bool, &'static str);

/// What the request is about. Nothing of it is printed: it may be personal.
pub(super) fn content(all: &mut Findings, claims: &Object) {
    const TEXT: &str = "set it to a text of 1 to 128 characters without white space at either end";
    const CODE: &str =
        "set it to a code of lower-case letters, digits and hyphens, such as combinatieteam";
    let checks: [Form; 5] = [
        ("sub", true, |text| Employee::parse(text).is_ok(), TEXT),
        ("doel", true, |text| Word::parse(text).is_ok(), TEXT),
        ("zaak", true, |text| CaseNumber::parse(text).is_ok(), TEXT),
        ("team", false, |text| Team::parse(text).is_ok(), CODE),
        (
            "document",
            false,
            |text| DocumentId::parse(text).is_ok(),
            "set it to the uuid of the one document the token is for, or leave it out",
        ),
    ];
    let mut right = Vec::new();
    for (name, is_required, is_proper, advice) in checks {
        match claims.get(name) {
            None if is_required => all.fail(TOKEN, format!("{name} is missing"), advice),
            None => {}
            Some(Value::String(text)) if is_proper(text) => right.push(name),
            Some(Value::String(_)) => all.fail(TOKEN, format!("{name} has the wrong form"), advice),
            Some(_) => all.fail(TOKEN, format!("{name} is not a text"), advice),
        }
    }
    if !right.is_empty() {
        all.ok(TOKEN, format!("the form of {} is right", right.join(", ")));
    }
}

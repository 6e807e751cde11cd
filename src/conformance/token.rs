//! A request token, looked at claim by claim, with the words for each mistake that a gateway does not give:
//! to a caller it says only that a token is not valid, for anything more would help a forger.

mod claims;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Asked;
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{DocumentId, Purpose, json};
use crate::errors::in_full;
use crate::finding::Findings;
use crate::identity::{ClientFacts, NEVER_IN_A_HEAD, TokenKeys};

const TOKEN: &str = "token";
/// What tokens may be signed with.
const ALGORITHMS: [&str; 5] = ["ES256", "ES384", "EdDSA", "PS256", "PS384"];
/// A token that may be sent.
pub(super) struct Looked {
    /// As it goes into the header.
    pub(super) unverified: String,
    /// Whether it is for the registry, by its purpose.
    pub(super) is_for_registry: bool,
    /// The only document it is for.
    pub(super) document: Option<DocumentId>,
}

/// What there is to tell, and the token where nothing is wrong with it.
pub(super) fn looked_at(
    given: &str,
    asked: &Asked,
    own: Option<&ClientFacts>,
    now: Moment,
) -> (Option<Looked>, Findings) {
    let mut all = Findings::default();
    let Some(unverified) = bare(&mut all, given) else {
        return (None, all);
    };
    let Some((head, stated)) = parts(&mut all, unverified) else {
        return (None, all);
    };
    header(&mut all, &head);
    signature(&mut all, asked, unverified, &head);
    claims::parties(&mut all, asked, own, &stated);
    claims::times(&mut all, &stated, now);
    claims::binding(&mut all, own, &stated);
    claims::content(&mut all, &stated);
    let document = stated.get("document").and_then(Value::as_str);
    let purpose = stated.get("doel").and_then(Value::as_str);
    let token = Looked {
        unverified: unverified.to_owned(),
        is_for_registry: purpose == Some(Purpose::REGISTRY),
        document: document.and_then(|id| DocumentId::parse(id).ok()),
    };
    ((!all.has_failed()).then_some(token), all)
}

/// The token without what stands around it by mistake.
fn bare<'a>(all: &mut Findings, given: &'a str) -> Option<&'a str> {
    let text = given.trim();
    let (what, advice) = if text.is_empty() {
        (
            "there is nothing in it",
            "give the token as your client makes it",
        )
    } else if text.to_ascii_lowercase().starts_with("bearer ") || text.contains("Authorization") {
        (
            "it begins with the name of the header or the word Bearer",
            "give the token alone; the word Bearer stands before it in the header only",
        )
    } else if text.starts_with(['"', '\'']) {
        ("it stands between quotes", "leave the quotes out")
    } else if text.contains(char::is_whitespace) {
        (
            "there is white space in it",
            "give the token on one line, as one word",
        )
    } else if text.len() > bounds::TOKEN_BYTES {
        (
            "it is longer than 8192 characters",
            "leave out what no gateway reads",
        )
    } else {
        return Some(text);
    };
    all.fail(TOKEN, what, advice);
    None
}

type Object = Map<String, Value>;

/// Head and claims.
fn parts(all: &mut Findings, unverified: &str) -> Option<(Object, Object)> {
    let parts: Vec<&str> = unverified.split('.').collect();
    let [head, claims, _] = parts.as_slice() else {
        all.fail(
            TOKEN,
            format!(
                "it has {} parts with dots between them, not three",
                parts.len()
            ),
            "make a compact JWS (RFC 7515, 7.1); an encrypted token is not accepted",
        );
        return None;
    };
    let mut object = |part: &str, name: &str| -> Option<Object> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) else {
            let what = if part.contains(['=', '+', '/']) {
                "is base64 with padding or of the ordinary alphabet"
            } else {
                "is not base64url"
            };
            all.fail(
                TOKEN,
                format!("its {name} {what}"),
                "use base64url without padding (RFC 7515, 2)",
            );
            return None;
        };
        match json::parse(&bytes) {
            Ok(Value::Object(object)) => Some(object),
            Ok(_) => {
                all.fail(
                    TOKEN,
                    format!("its {name} is not a JSON object"),
                    "make it one",
                );
                None
            }
            Err(error) => {
                all.fail(
                    TOKEN,
                    format!("its {name} is not plain JSON: {}", in_full(&error)),
                    "write JSON in UTF-8 with each member once",
                );
                None
            }
        }
    };
    let (head, claims) = (object(head, "head"), object(claims, "payload"));
    Some((head?, claims?))
}

fn header(all: &mut Findings, head: &Object) {
    let found: Vec<&str> = NEVER_IN_A_HEAD
        .into_iter()
        .filter(|name| head.contains_key(*name))
        .collect();
    if !found.is_empty() {
        all.fail(
            TOKEN,
            format!("its head has {}", found.join(", ")),
            "leave that out: keys are those of the JWKS that the gateway was given, and no others",
        );
    }
    match head.get("typ") {
        None => {}
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => {}
        Some(_) => all.fail(TOKEN, "typ is not JWT", "set typ to JWT, or leave it out"),
    }
    let algorithms = ALGORITHMS.join(", ");
    match head.get("alg").and_then(Value::as_str) {
        Some(alg) if ALGORITHMS.contains(&alg) => all.ok(TOKEN, format!("alg is {alg}")),
        Some("RS256") => all.warn(
            TOKEN,
            "alg is RS256, which a gateway takes only where its operator allowed it",
            format!("use one of {algorithms}"),
        ),
        Some(other) => all.fail(
            TOKEN,
            format!("alg is {}", short(other)),
            format!("sign with one of {algorithms}"),
        ),
        None => all.fail(TOKEN, "alg is missing", format!("name one of {algorithms}")),
    }
    match head.get("kid") {
        None => all.warn(
            TOKEN,
            "no kid",
            "name the key by the kid it has in your JWKS; without it only a JWKS of one key will do",
        ),
        Some(Value::String(_)) => {}
        Some(_) => all.fail(TOKEN, "kid is not a text", "name the key by the kid it has in your JWKS"),
    }
}

/// What was read, cut to what fits in a line.
fn short(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect()
}

fn signature(all: &mut Findings, asked: &Asked, unverified: &str, head: &Object) {
    let Some(path) = &asked.jwks else {
        all.skip(
            TOKEN,
            "kid and signature: give the JWKS that the gateway was given with --jwks to have them checked",
        );
        return;
    };
    let keys = match TokenKeys::read(path) {
        Ok(keys) => keys,
        Err(error) => {
            let advice = "correct the file, and give it to the gateway's operator again";
            return all.fail("jwks", in_full(&error), advice);
        }
    };
    let known = keys.facts();
    let named: Vec<String> = known
        .iter()
        .map(|key| {
            let kid = key.kid.as_deref().unwrap_or("without kid");
            format!("{kid} ({})", key.algorithm)
        })
        .collect();
    let named = named.join(", ");
    match keys.check(unverified) {
        Ok(()) => all.ok(
            TOKEN,
            format!("signed by a key of {}: {named}", path.display()),
        ),
        Err(flaw) => {
            let kid = head
                .get("kid")
                .and_then(Value::as_str)
                .map_or("none".to_owned(), short);
            all.fail(
                TOKEN,
                format!("{flaw}: kid is {kid}, and {} has {named}", path.display()),
                "sign with the private half of a key of that file, with its one algorithm, and name its kid",
            );
        }
    }
}

//! Forged and odd tokens: each is refused, and for its own reason.
#![expect(clippy::too_many_lines, reason = "a long table")]

mod payloads;

use serde_json::{Value, json};

use super::tokens::{Bench, Signature, b64, bad};
use super::*;

/// The payload as text, with one more member in front.
fn with_member(payload: &Value, member: &str) -> String {
    payload
        .to_string()
        .replacen('{', &format!("{{{member},"), 1)
}

#[test]
fn no_forged_token_is_accepted() {
    let bench = Bench::new(|_| {});
    let tried = headers(&bench) + texts(&bench) + payloads::payloads(&bench);
    assert!(tried >= 120, "{tried}");
    tell(&format!("forged tokens: {tried} tried, 0 accepted"));
}

/// Odd headers and signatures.
fn headers(bench: &Bench) -> usize {
    bench.refuse(&[
        (
            "alg none, no signature",
            |f| {
                f.header["alg"] = "none".into();
                f.signature = Signature::Empty;
            },
            bad(Flaw::Algorithm),
        ),
        (
            "alg None",
            |f| f.header["alg"] = "None".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "alg empty",
            |f| f.header["alg"] = "".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "alg missing",
            |f| {
                f.header.as_object_mut().unwrap().remove("alg");
            },
            bad(Flaw::Algorithm),
        ),
        (
            "alg a list",
            |f| f.header["alg"] = json!(["ES256"]),
            bad(Flaw::Algorithm),
        ),
        (
            "alg es256",
            |f| f.header["alg"] = "es256".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "HS256 with the public key",
            |f| {
                f.header["alg"] = "HS256".into();
                f.signature = Signature::HmacOfPublicKey;
            },
            bad(Flaw::Algorithm),
        ),
        (
            "HMAC called ES256",
            |f| f.signature = Signature::HmacOfPublicKey,
            bad(Flaw::Signature),
        ),
        (
            "RS256 for an EC key",
            |f| f.header["alg"] = "RS256".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "ES384 for a P-256 key",
            |f| f.header["alg"] = "ES384".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "EdDSA for an EC key",
            |f| f.header["alg"] = "EdDSA".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "another organisation's key",
            |f| f.signature = Signature::Ncg,
            bad(Flaw::Signature),
        ),
        (
            "signature in DER",
            |f| f.signature = Signature::Der,
            bad(Flaw::Signature),
        ),
        (
            "signature empty",
            |f| f.signature = Signature::Empty,
            bad(Flaw::Signature),
        ),
        (
            "signature of zeros (CVE-2022-21449)",
            |f| f.signature = Signature::Zeros,
            bad(Flaw::Signature),
        ),
        (
            "signature stripped",
            |f| f.finish = |t| t.rsplit_once('.').unwrap().0.to_owned(),
            bad(Flaw::Form),
        ),
        (
            "signature padded",
            |f| f.finish = |t| t + "==",
            bad(Flaw::Signature),
        ),
        (
            "signature twice",
            |f| {
                f.finish = |t| {
                    let s = t.rsplit_once('.').unwrap().1.to_owned();
                    t + "." + &s
                }
            },
            bad(Flaw::Form),
        ),
        (
            "payload changed after signing",
            |f| {
                f.finish = |t| {
                    let parts: Vec<_> = t.split('.').collect();
                    let payload =
                        String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
                    let payload = payload.replace("medewerker-1", "medewerker-2");
                    format!("{}.{}.{}", parts[0], b64(payload), parts[2])
                }
            },
            bad(Flaw::Signature),
        ),
        (
            "kid of nobody",
            |f| f.header["kid"] = "other".into(),
            bad(Flaw::Key),
        ),
        ("kid empty", |f| f.header["kid"] = "".into(), bad(Flaw::Key)),
        (
            "kid a number",
            |f| f.header["kid"] = 1.into(),
            bad(Flaw::Key),
        ),
        (
            "kid null",
            |f| f.header["kid"] = Value::Null,
            bad(Flaw::Key),
        ),
        (
            "kid a path",
            |f| f.header["kid"] = "../../dev/null".into(),
            bad(Flaw::Key),
        ),
        (
            "jku",
            |f| f.header["jku"] = "https://evil.example/jwks".into(),
            bad(Flaw::Header),
        ),
        (
            "jwk",
            |f| f.header["jwk"] = json!({"kty": "EC"}),
            bad(Flaw::Header),
        ),
        (
            "x5u",
            |f| f.header["x5u"] = "https://evil.example/c".into(),
            bad(Flaw::Header),
        ),
        (
            "x5c",
            |f| f.header["x5c"] = json!(["MIIB"]),
            bad(Flaw::Header),
        ),
        (
            "crit",
            |f| f.header["crit"] = json!(["exp"]),
            bad(Flaw::Header),
        ),
        (
            "crit empty",
            |f| f.header["crit"] = json!([]),
            bad(Flaw::Header),
        ),
        ("b64", |f| f.header["b64"] = false.into(), bad(Flaw::Header)),
        ("zip", |f| f.header["zip"] = "DEF".into(), bad(Flaw::Header)),
        (
            "jku null",
            |f| f.header["jku"] = Value::Null,
            bad(Flaw::Header),
        ),
        (
            "typ of another kind",
            |f| f.header["typ"] = "dpop+jwt".into(),
            bad(Flaw::Type),
        ),
        (
            "typ a number",
            |f| f.header["typ"] = 1.into(),
            bad(Flaw::Type),
        ),
        (
            "alg twice",
            |f| f.header_text = Some(f.header.to_string().replacen('{', r#"{"alg":"none","#, 1)),
            bad(Flaw::Json),
        ),
        (
            "header a list",
            |f| f.header_text = Some("[]".into()),
            bad(Flaw::Json),
        ),
        (
            "header not JSON",
            |f| f.header_text = Some("ES256".into()),
            bad(Flaw::Json),
        ),
        (
            "header and more",
            |f| f.header_text = Some(f.header.to_string() + " {}"),
            bad(Flaw::Json),
        ),
        (
            "header behind a byte order mark",
            |f| f.header_text = Some(format!("\u{feff}{}", f.header)),
            bad(Flaw::Json),
        ),
        (
            "header too deep",
            |f| {
                let deep = format!(r#""x":{}{}"#, "[".repeat(17), "]".repeat(17));
                f.header_text = Some(with_member(&f.header, &deep));
            },
            bad(Flaw::Json),
        ),
        (
            "alg with a space",
            |f| f.header["alg"] = "ES256 ".into(),
            bad(Flaw::Algorithm),
        ),
        (
            "alg null",
            |f| f.header["alg"] = Value::Null,
            bad(Flaw::Algorithm),
        ),
        (
            "typ null",
            |f| f.header["typ"] = Value::Null,
            bad(Flaw::Type),
        ),
        (
            "kid a list",
            |f| f.header["kid"] = json!([f.header["kid"]]),
            bad(Flaw::Key),
        ),
        (
            "kid and a space",
            |f| f.header["kid"] = format!("{} ", f.header["kid"].as_str().unwrap()).into(),
            bad(Flaw::Key),
        ),
        (
            "signature with a spare bit set",
            |f| {
                // The last of 86 characters has four bits that mean nothing: zeros, and so one of these.
                f.finish = |mut t| {
                    let last = t.pop().unwrap();
                    let at = "AQgw".find(last).unwrap();
                    t.push("BRhx".chars().nth(at).unwrap());
                    t
                }
            },
            bad(Flaw::Signature),
        ),
        (
            "a line end behind it",
            |f| f.finish = |t| t + "\n",
            bad(Flaw::Signature),
        ),
        (
            "a zero byte behind it",
            |f| f.finish = |t| t + "\0",
            bad(Flaw::Signature),
        ),
        (
            "a space in front",
            |f| f.finish = |t| format!(" {t}"),
            bad(Flaw::Form),
        ),
        (
            "a letter from elsewhere",
            |f| f.finish = |t| t.replacen('e', "\u{435}", 1),
            bad(Flaw::Form),
        ),
    ])
}

/// What is no token by its form.
fn texts(bench: &Bench) -> usize {
    let rows = [
        ("empty", String::new(), Flaw::Form),
        ("dots", "..".to_owned(), Flaw::Json),
        ("one part", "abc".to_owned(), Flaw::Form),
        ("not base64url", "+/+/.e30.AAAA".to_owned(), Flaw::Form),
        (
            "an envelope of five parts",
            "e30.e30.e30.e30.e30".to_owned(),
            Flaw::Form,
        ),
        (
            "too long",
            format!("e30.{}.", "e".repeat(bounds::TOKEN_BYTES)),
            Flaw::Form,
        ),
    ];
    for (name, token, flaw) in &rows {
        assert_eq!(bench.verify(token).map(|_| ()), bad(*flaw), "{name}");
    }
    rows.len()
}

//! Forged and odd tokens: each is refused, and for its own reason.
#![expect(clippy::too_many_lines, reason = "two long tables")]

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
    let tried = headers(&bench) + texts(&bench) + payloads(&bench);
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

/// Odd payloads under a good signature.
fn payloads(bench: &Bench) -> usize {
    bench.refuse(&[
        (
            "iss twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""iss":"00000001823456789000""#)),
            bad(Flaw::Json),
        ),
        (
            "iss twice, once escaped",
            |f| f.payload_text = Some(with_member(&f.payload, r#""i\u0073s":"x""#)),
            bad(Flaw::Json),
        ),
        (
            "a member of cnf twice",
            |f| {
                f.payload_text = Some(
                    f.payload
                        .to_string()
                        .replace(r#"{"x5t#S256""#, r#"{"x5t#S256":"","x5t#S256""#),
                );
            },
            bad(Flaw::Json),
        ),
        (
            "payload a list",
            |f| f.payload_text = Some("[]".into()),
            bad(Flaw::Json),
        ),
        (
            "iss another",
            |f| f.payload["iss"] = "00000001823456789000".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss with space",
            |f| f.payload["iss"] = "00000001812345678000 ".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss a number",
            |f| f.payload["iss"] = 1_812_345_678_000_u64.into(),
            bad(Flaw::Claim),
        ),
        (
            "iss a list",
            |f| f.payload["iss"] = json!(["00000001812345678000"]),
            bad(Flaw::Claim),
        ),
        (
            "aud a list",
            |f| f.payload["aud"] = json!(["https://sluis.example"]),
            bad(Flaw::Audience),
        ),
        (
            "aud a prefix",
            |f| f.payload["aud"] = "https://sluis.exampl".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud longer",
            |f| f.payload["aud"] = "https://sluis.example/".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud upper case",
            |f| f.payload["aud"] = "https://Sluis.example".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud null",
            |f| f.payload["aud"] = Value::Null,
            bad(Flaw::Audience),
        ),
        (
            "exp a text",
            |f| f.payload["exp"] = f.payload["exp"].to_string().into(),
            bad(Flaw::Claim),
        ),
        (
            "exp a float",
            |f| f.payload["exp"] = json!(f.payload["exp"].as_f64().unwrap() + 0.5),
            bad(Flaw::Claim),
        ),
        (
            "exp a whole float",
            |f| f.payload["exp"] = json!(f.payload["exp"].as_f64().unwrap()),
            bad(Flaw::Claim),
        ),
        (
            "exp with an exponent",
            |f| {
                f.payload_text = Some(
                    f.payload
                        .to_string()
                        .replace(&f.payload["exp"].to_string(), "1e12"),
                );
            },
            bad(Flaw::Claim),
        ),
        (
            "nbf a text",
            |f| f.payload["nbf"] = "0".into(),
            bad(Flaw::Claim),
        ),
        (
            "nbf null",
            |f| f.payload["nbf"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "iat negative",
            |f| f.payload["iat"] = (-1).into(),
            bad(Flaw::Claim),
        ),
        (
            "exp beyond all years",
            |f| f.payload["exp"] = i64::MAX.into(),
            bad(Flaw::Claim),
        ),
        (
            "exp beyond 64 bits",
            |f| f.payload["exp"] = u64::MAX.into(),
            bad(Flaw::Claim),
        ),
        (
            "life too long from iat",
            |f| f.payload["exp"] = (now().unix_seconds() + 301).into(),
            bad(Flaw::Life),
        ),
        (
            "life too long from nbf",
            |f| {
                f.payload["nbf"] = (now().unix_seconds() - 250).into();
                f.payload["exp"] = (now().unix_seconds() + 51).into();
            },
            bad(Flaw::Life),
        ),
        (
            "exp before nbf",
            |f| f.payload["exp"] = (now().unix_seconds() - 1).into(),
            bad(Flaw::Life),
        ),
        (
            "exp at nbf",
            |f| f.payload["exp"] = now().unix_seconds().into(),
            bad(Flaw::Life),
        ),
        (
            "nbf in the future",
            |f| f.payload["nbf"] = (now().unix_seconds() + 6).into(),
            bad(Flaw::NotYet),
        ),
        (
            "iat in the future",
            |f| f.payload["iat"] = (now().unix_seconds() + 6).into(),
            bad(Flaw::NotYet),
        ),
        (
            "sub empty",
            |f| f.payload["sub"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "sub too long",
            |f| f.payload["sub"] = "x".repeat(129).into(),
            bad(Flaw::Claim),
        ),
        (
            "sub a number",
            |f| f.payload["sub"] = 7.into(),
            bad(Flaw::Claim),
        ),
        (
            "sub with a line end",
            |f| f.payload["sub"] = "a\nb".into(),
            bad(Flaw::Claim),
        ),
        (
            "jti empty",
            |f| f.payload["jti"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "jti too long",
            |f| f.payload["jti"] = "x".repeat(129).into(),
            bad(Flaw::Claim),
        ),
        (
            "doel no code",
            |f| f.payload["doel"] = "Schade".into(),
            bad(Flaw::Claim),
        ),
        (
            "zaak empty",
            |f| f.payload["zaak"] = "".into(),
            bad(Flaw::Claim),
        ),
        (
            "team of another",
            |f| f.payload["team"] = "combinatieteam".into(),
            bad(Flaw::Team),
        ),
        (
            "team no code",
            |f| f.payload["team"] = "AOS".into(),
            bad(Flaw::Team),
        ),
        (
            "team null",
            |f| f.payload["team"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "team a list",
            |f| f.payload["team"] = json!(["aos"]),
            bad(Flaw::Claim),
        ),
        (
            "document no uuid",
            |f| f.payload["document"] = "1".into(),
            bad(Flaw::Claim),
        ),
        (
            "document null",
            |f| f.payload["document"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "cnf a text",
            |f| f.payload["cnf"] = f.payload["cnf"]["x5t#S256"].clone(),
            bad(Flaw::Claim),
        ),
        (
            "cnf without thumbprint",
            |f| f.payload["cnf"] = json!({"jkt": "x"}),
            bad(Flaw::Missing),
        ),
        (
            "cnf with padding",
            |f| {
                f.payload["cnf"]["x5t#S256"] =
                    format!("{}=", f.payload["cnf"]["x5t#S256"].as_str().unwrap()).into();
            },
            bad(Flaw::Claim),
        ),
        (
            "cnf in hexadecimal",
            |f| f.payload["cnf"]["x5t#S256"] = "ab".repeat(32).into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf too short",
            |f| f.payload["cnf"]["x5t#S256"] = b64([0; 31]).into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf of another certificate",
            |f| f.payload["cnf"]["x5t#S256"] = b64([0; 32]).into(),
            Err(TokenError::NotBound),
        ),
        (
            "bound to another and expired",
            |f| {
                f.payload["cnf"]["x5t#S256"] = b64([0; 32]).into();
                for (claim, at) in [("iat", -60), ("nbf", -60), ("exp", -10)] {
                    f.payload[claim] = (now().unix_seconds() + at).into();
                }
            },
            Err(TokenError::NotBound),
        ),
        (
            "payload and more",
            |f| f.payload_text = Some(f.payload.to_string() + "x"),
            bad(Flaw::Json),
        ),
        (
            "payload too deep",
            |f| {
                let deep = format!(r#""x":{}{}"#, "[".repeat(17), "]".repeat(17));
                f.payload_text = Some(with_member(&f.payload, &deep));
            },
            bad(Flaw::Json),
        ),
        (
            "a claim of ours twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""doel":"aos""#)),
            bad(Flaw::Json),
        ),
        (
            "a claim of nobody twice",
            |f| f.payload_text = Some(with_member(&f.payload, r#""x":1,"x":1"#)),
            bad(Flaw::Json),
        ),
        (
            "iss in full-width digits",
            |f| f.payload["iss"] = "\u{ff10}0000001812345678000".into(),
            bad(Flaw::Issuer),
        ),
        (
            "iss and a zero byte",
            |f| f.payload["iss"] = "00000001812345678000\0".into(),
            bad(Flaw::Issuer),
        ),
        (
            "aud empty",
            |f| f.payload["aud"] = "".into(),
            bad(Flaw::Audience),
        ),
        (
            "aud an object",
            |f| f.payload["aud"] = json!({"x": "https://sluis.example"}),
            bad(Flaw::Audience),
        ),
        (
            "exp a boolean",
            |f| f.payload["exp"] = true.into(),
            bad(Flaw::Claim),
        ),
        (
            "exp a list",
            |f| f.payload["exp"] = json!([f.payload["exp"]]),
            bad(Flaw::Claim),
        ),
        (
            "iat a float",
            |f| f.payload["iat"] = json!(f.payload["iat"].as_f64().unwrap()),
            bad(Flaw::Claim),
        ),
        (
            "iat null",
            |f| f.payload["iat"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "exp below zero",
            |f| f.payload["exp"] = (-1).into(),
            bad(Flaw::Claim),
        ),
        (
            "jti null",
            |f| f.payload["jti"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "jti a number",
            |f| f.payload["jti"] = 1.into(),
            bad(Flaw::Claim),
        ),
        (
            "jti a list",
            |f| f.payload["jti"] = json!(["een"]),
            bad(Flaw::Claim),
        ),
        (
            "sub null",
            |f| f.payload["sub"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "doel a list",
            |f| f.payload["doel"] = json!(["schade-afhandeling"]),
            bad(Flaw::Claim),
        ),
        (
            "zaak null",
            |f| f.payload["zaak"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "zaak with a line end",
            |f| f.payload["zaak"] = "Z-1\r\nX: y".into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf null",
            |f| f.payload["cnf"] = Value::Null,
            bad(Flaw::Claim),
        ),
        (
            "cnf a list",
            |f| f.payload["cnf"] = json!([f.payload["cnf"]]),
            bad(Flaw::Claim),
        ),
        (
            "cnf a number",
            |f| f.payload["cnf"]["x5t#S256"] = 1.into(),
            bad(Flaw::Claim),
        ),
        (
            "cnf with SHA-1",
            |f| f.payload["cnf"] = json!({"x5t": b64([0; 20])}),
            bad(Flaw::Missing),
        ),
    ])
}

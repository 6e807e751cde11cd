//! Id tokens: forged and odd ones first, then what an honest one gives.
#![expect(clippy::too_many_lines, reason = "two long tables")]

use ring::signature as rs;
use serde_json::{Value, json};

use super::tokens::{Bench, Forge, Signature, b64, rsa_jwk, rsa_token};
use super::*;

const ISSUER: &str = "https://login.example";
const CLIENT: &str = "sluis";
const NONCE: &str = "n-0S6_WzA2Mj";

type Row = (&'static str, fn(&mut Forge), Result<(), IdTokenFlaw>);

const fn unsigned(flaw: Flaw) -> Result<(), IdTokenFlaw> {
    Err(IdTokenFlaw::Signed(flaw))
}

/// An honest id token, to spoil; signed with IMG's key, which plays the login service's.
fn forge(bench: &Bench) -> Forge {
    let at = now().unix_seconds();
    let mut forge = bench.forge();
    forge.payload = json!({
        "iss": ISSUER, "sub": "medewerker-1", "aud": CLIENT, "exp": at + 300, "iat": at,
        "nonce": NONCE, "rollen": ["fg"],
    });
    forge
}

/// What the login service publishes: that key, among others of no use here.
fn published(bench: &Bench) -> Value {
    let jwks = std::fs::read(&bench.world.pki.party("img").unwrap().jwks).unwrap();
    let mut jwks: Value = serde_json::from_slice(&jwks).unwrap();
    let keys = jwks["keys"].as_array_mut().unwrap();
    let mut encryption = rsa_jwk();
    encryption["use"] = "enc".into();
    encryption["alg"] = "RSA-OAEP".into();
    keys.push(encryption);
    keys.push(json!({"kty": "oct", "k": "c2VjcmV0", "kid": "oct", "alg": "HS256"}));
    keys.push(json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "koblitz"}));
    keys.push(json!({"kty": "of the future"}));
    jwks
}

fn verify(keys: &Value, token: &str) -> Result<LoginClaims, IdTokenFlaw> {
    let keys = IssuerKeys::parse(keys.to_string().as_bytes()).unwrap();
    keys.verify(
        token,
        &LoginExpected {
            issuer: ISSUER,
            client_id: CLIENT,
            nonce: NONCE,
            now: now(),
        },
    )
}

fn check(rows: &[Row]) {
    let bench = Bench::new(|_| {});
    let keys = published(&bench);
    for (name, change, expected) in rows {
        let mut forge = forge(&bench);
        change(&mut forge);
        let outcome = verify(&keys, &bench.strike(forge)).map(|_| ());
        assert_eq!(outcome, *expected, "{name}");
    }
}

#[test]
fn a_token_the_login_service_did_not_sign_is_refused() {
    check(&[
        (
            "alg none, no signature",
            |f| {
                f.header["alg"] = "none".into();
                f.signature = Signature::Empty;
            },
            unsigned(Flaw::Algorithm),
        ),
        (
            "HS256 with the public key",
            |f| {
                f.header["alg"] = "HS256".into();
                f.signature = Signature::HmacOfPublicKey;
            },
            unsigned(Flaw::Algorithm),
        ),
        (
            "HMAC called ES256",
            |f| f.signature = Signature::HmacOfPublicKey,
            unsigned(Flaw::Signature),
        ),
        (
            "HS256 by a shared secret that is published too",
            |f| {
                f.header["alg"] = "HS256".into();
                f.header["kid"] = "oct".into();
            },
            unsigned(Flaw::Key),
        ),
        (
            "RS256 for an EC key",
            |f| f.header["alg"] = "RS256".into(),
            unsigned(Flaw::Algorithm),
        ),
        (
            "alg missing",
            |f| {
                f.header.as_object_mut().unwrap().remove("alg");
            },
            unsigned(Flaw::Algorithm),
        ),
        (
            "another's key",
            |f| f.signature = Signature::Ncg,
            unsigned(Flaw::Signature),
        ),
        (
            "signature in DER",
            |f| f.signature = Signature::Der,
            unsigned(Flaw::Signature),
        ),
        (
            "signature of zeros (CVE-2022-21449)",
            |f| f.signature = Signature::Zeros,
            unsigned(Flaw::Signature),
        ),
        (
            "signature empty",
            |f| f.signature = Signature::Empty,
            unsigned(Flaw::Signature),
        ),
        (
            "kid of nobody",
            |f| f.header["kid"] = "other".into(),
            unsigned(Flaw::Key),
        ),
        (
            "kid a number",
            |f| f.header["kid"] = 1.into(),
            unsigned(Flaw::Key),
        ),
        (
            "its own key",
            |f| f.header["jwk"] = json!({"kty": "EC"}),
            unsigned(Flaw::Header),
        ),
        (
            "its own key's address",
            |f| f.header["jku"] = "https://evil.example/jwks".into(),
            unsigned(Flaw::Header),
        ),
        (
            "its own certificate",
            |f| f.header["x5c"] = json!(["AA=="]),
            unsigned(Flaw::Header),
        ),
        (
            "an extension to understand",
            |f| f.header["crit"] = json!(["exp"]),
            unsigned(Flaw::Header),
        ),
        (
            "an access token",
            |f| f.header["typ"] = "at+jwt".into(),
            unsigned(Flaw::Type),
        ),
        (
            "a logout token",
            |f| f.header["typ"] = "logout+jwt".into(),
            unsigned(Flaw::Type),
        ),
        (
            "alg twice in the header",
            |f| {
                let text = f.header.to_string();
                f.header_text = Some(text.replacen('{', "{\"alg\":\"none\",", 1));
            },
            unsigned(Flaw::Json),
        ),
        (
            "encrypted (five parts)",
            |f| f.finish = |token| format!("{token}.AA.AA"),
            unsigned(Flaw::Form),
        ),
        (
            "empty",
            |f| f.finish = |_| String::new(),
            unsigned(Flaw::Form),
        ),
        (
            "signature stripped",
            |f| f.finish = |token| token.rsplit_once('.').unwrap().0.to_owned(),
            unsigned(Flaw::Form),
        ),
        (
            "padded",
            |f| f.finish = |token| token + "=",
            unsigned(Flaw::Signature),
        ),
        (
            "longer than any",
            |f| f.payload["rollen"] = "x".repeat(bounds::ID_TOKEN_BYTES).into(),
            unsigned(Flaw::Form),
        ),
    ]);
}

#[test]
fn a_signed_token_for_another_use_is_refused() {
    check(&[
        (
            "another issuer",
            |f| f.payload["iss"] = "https://evil.example".into(),
            Err(IdTokenFlaw::Issuer),
        ),
        (
            "issuer with a slash",
            |f| f.payload["iss"] = "https://login.example/".into(),
            Err(IdTokenFlaw::Issuer),
        ),
        (
            "issuer in capitals",
            |f| f.payload["iss"] = "https://LOGIN.example".into(),
            Err(IdTokenFlaw::Issuer),
        ),
        (
            "issuer a list",
            |f| f.payload["iss"] = json!([ISSUER]),
            Err(IdTokenFlaw::Claim("iss")),
        ),
        (
            "another audience",
            |f| f.payload["aud"] = "other".into(),
            Err(IdTokenFlaw::Audience),
        ),
        (
            "audience that begins so",
            |f| f.payload["aud"] = "sluis2".into(),
            Err(IdTokenFlaw::Audience),
        ),
        (
            "no audience at all",
            |f| f.payload["aud"] = json!([]),
            Err(IdTokenFlaw::Audience),
        ),
        (
            "several audiences, not us",
            |f| f.payload["aud"] = json!(["a", "b"]),
            Err(IdTokenFlaw::Audience),
        ),
        (
            "several audiences, no azp",
            |f| f.payload["aud"] = json!([CLIENT, "other"]),
            Err(IdTokenFlaw::AuthorisedParty),
        ),
        (
            "several audiences, azp another",
            |f| {
                f.payload["aud"] = json!([CLIENT, "other"]);
                f.payload["azp"] = "other".into();
            },
            Err(IdTokenFlaw::AuthorisedParty),
        ),
        (
            "one audience, azp another",
            |f| f.payload["azp"] = "other".into(),
            Err(IdTokenFlaw::AuthorisedParty),
        ),
        (
            "azp a list",
            |f| f.payload["azp"] = json!([CLIENT]),
            Err(IdTokenFlaw::Claim("azp")),
        ),
        (
            "an audience that is no text",
            |f| f.payload["aud"] = json!([CLIENT, 5]),
            Err(IdTokenFlaw::Claim("aud")),
        ),
        (
            "audience an object",
            |f| f.payload["aud"] = json!({CLIENT: 1}),
            Err(IdTokenFlaw::Claim("aud")),
        ),
        (
            "another nonce",
            |f| f.payload["nonce"] = "other".into(),
            Err(IdTokenFlaw::Nonce),
        ),
        (
            "an empty nonce",
            |f| f.payload["nonce"] = "".into(),
            Err(IdTokenFlaw::Nonce),
        ),
        (
            "nonce null",
            |f| f.payload["nonce"] = Value::Null,
            Err(IdTokenFlaw::Claim("nonce")),
        ),
        (
            "nonce twice",
            |f| {
                let text = f.payload.to_string();
                f.payload_text = Some(text.replacen('{', "{\"nonce\":\"other\",", 1));
            },
            unsigned(Flaw::Json),
        ),
        (
            "role twice, once by an escape",
            |f| {
                let text = f.payload.to_string();
                f.payload_text = Some(text.replacen('{', "{\"roll\\u0065n\":\"beheer\",", 1));
            },
            unsigned(Flaw::Json),
        ),
        (
            "expired",
            |f| {
                f.payload["iat"] = (now().unix_seconds() - 400).into();
                f.payload["exp"] = (now().unix_seconds() - 60).into();
            },
            Err(IdTokenFlaw::Expired),
        ),
        (
            "exp a text",
            |f| f.payload["exp"] = "9999999999".into(),
            Err(IdTokenFlaw::Claim("exp")),
        ),
        (
            "exp a fraction",
            |f| f.payload["exp"] = 9e9.into(),
            Err(IdTokenFlaw::Claim("exp")),
        ),
        (
            "exp beyond all time",
            |f| f.payload["exp"] = i64::MAX.into(),
            Err(IdTokenFlaw::Claim("exp")),
        ),
        (
            "exp before iat",
            |f| f.payload["exp"] = (now().unix_seconds() - 1).into(),
            Err(IdTokenFlaw::NotYet),
        ),
        (
            "of the future",
            |f| f.payload["iat"] = (now().unix_seconds() + 61).into(),
            Err(IdTokenFlaw::NotYet),
        ),
        (
            "valid in the future",
            |f| f.payload["nbf"] = (now().unix_seconds() + 61).into(),
            Err(IdTokenFlaw::NotYet),
        ),
        (
            "nbf a text",
            |f| f.payload["nbf"] = "0".into(),
            Err(IdTokenFlaw::Claim("nbf")),
        ),
        (
            "sub a number",
            |f| f.payload["sub"] = 5.into(),
            Err(IdTokenFlaw::Claim("sub")),
        ),
        (
            "a list for claims",
            |f| f.payload_text = Some("[]".to_owned()),
            unsigned(Flaw::Json),
        ),
    ]);
    let bench = Bench::new(|_| {});
    let keys = published(&bench);
    for name in ["iss", "aud", "nonce", "iat", "exp", "sub"] {
        let mut forge = forge(&bench);
        forge.payload.as_object_mut().unwrap().remove(name);
        let outcome = verify(&keys, &bench.strike(forge)).map(|_| ());
        assert_eq!(outcome, Err(IdTokenFlaw::Missing(name)), "{name}");
    }
}

#[test]
fn an_honest_token_gives_its_claims() {
    check(&[
        ("plain", |_| {}, Ok(())),
        ("no typ", |f| f.header["typ"] = "jwt".into(), Ok(())),
        (
            "audience a list",
            |f| f.payload["aud"] = json!([CLIENT]),
            Ok(()),
        ),
        ("azp", |f| f.payload["azp"] = CLIENT.into(), Ok(())),
        (
            "several audiences with azp",
            |f| {
                f.payload["aud"] = json!(["other", CLIENT]);
                f.payload["azp"] = CLIENT.into();
            },
            Ok(()),
        ),
        (
            "a clock that is behind",
            |f| f.payload["iat"] = (now().unix_seconds() + 60).into(),
            Ok(()),
        ),
        (
            "a clock that is ahead",
            |f| {
                f.payload["iat"] = (now().unix_seconds() - 400).into();
                f.payload["exp"] = (now().unix_seconds() - 59).into();
            },
            Ok(()),
        ),
    ]);
    let bench = Bench::new(|_| {});
    let claims = verify(&published(&bench), &bench.strike(forge(&bench))).unwrap();
    assert_eq!(claims.claim("sub"), Some(&json!("medewerker-1")));
    assert_eq!(claims.claim("rollen"), Some(&json!(["fg"])));
    assert!(!format!("{claims:?}").contains("medewerker"));
}

/// Without an `alg` it is OpenID Connect's own, RS256; with one, that and no other.
#[test]
fn an_rsa_key_is_good_for_one_algorithm() {
    let bench = Bench::new(|_| {});
    let (pkcs1, pss): (&'static dyn rs::RsaEncoding, _) = (
        &rs::RSA_PKCS1_SHA256,
        &rs::RSA_PSS_SHA256 as &'static dyn rs::RsaEncoding,
    );
    for (of_key, of_token, padding, expected) in [
        (None, "PS256", pss, unsigned(Flaw::Algorithm)),
        (None, "RS256", pss, unsigned(Flaw::Signature)),
        (Some("RS256"), "PS256", pss, unsigned(Flaw::Algorithm)),
        (Some("PS256"), "RS256", pkcs1, unsigned(Flaw::Algorithm)),
        (Some("PS256"), "PS256", pkcs1, unsigned(Flaw::Signature)),
        (None, "RS256", pkcs1, Ok(())),
        (Some("RS256"), "RS256", pkcs1, Ok(())),
        (Some("PS256"), "PS256", pss, Ok(())),
        (Some("PS384"), "PS384", &rs::RSA_PSS_SHA384, Ok(())),
    ] {
        let mut jwk = rsa_jwk();
        if let Some(alg) = of_key {
            jwk["alg"] = alg.into();
        }
        let token = rsa_token(forge(&bench), of_token, padding);
        let outcome = verify(&json!({"keys": [jwk]}), &token).map(|_| ());
        assert_eq!(outcome, expected, "{of_token} for {of_key:?}");
    }
}

#[test]
fn keys_that_are_of_no_use_are_passed_over_and_odd_sets_refused() {
    let mut same = rsa_jwk();
    same["kid"] = "a".into();
    let private =
        json!({"kty": "EC", "crv": "P-256", "x": b64([1; 32]), "y": b64([1; 32]), "d": "AA"});
    let keys = |list: Vec<Value>| json!({ "keys": list }).to_string();
    for (name, text, expected) in [
        ("nothing", String::new(), "it is not plain JSON"),
        ("a page", "<html>".to_owned(), "it is not plain JSON"),
        (
            "keys twice",
            r#"{"keys":[],"keys":[]}"#.to_owned(),
            "it is not plain JSON",
        ),
        ("no keys", "{}".to_owned(), "expected {\"keys\": [...]}"),
        ("an empty list", keys(vec![]), "expected {\"keys\": [...]}"),
        (
            "more than there can be",
            keys(vec![rsa_jwk(); bounds::LIST_ITEMS + 1]),
            "expected {\"keys\": [...]}",
        ),
        (
            "a private key and a secret",
            keys(vec![private, json!({"kty": "oct", "k": "AA"}), json!(5)]),
            "none of its keys",
        ),
        (
            "one kid, two keys",
            keys(vec![same.clone(), same]),
            "key 2: its kid is another key's too",
        ),
    ] {
        let told = IssuerKeys::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(expected), "{name}: {told}");
    }
}

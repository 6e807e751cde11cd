//! JWKS files: what is refused when they are read.

use serde_json::{Value, json};

use super::jwks::KeySet;
use super::*;

const X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
const Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

fn ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y})
}

fn with(mut key: Value, name: &str, value: impl Into<Value>) -> Value {
    key[name] = value.into();
    key
}

#[test]
fn a_key_that_is_not_a_public_signing_key_is_refused() {
    let rsa = |octets: usize| {
        let n = URL_SAFE_NO_PAD.encode(vec![0xc3; octets]);
        json!({"kty": "RSA", "n": n, "e": "AQAB"})
    };
    let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": X});
    for (name, key, what) in [
        ("not an object", json!("key"), "it is not a JWK"),
        ("private", with(ec(), "d", X), "it holds a secret"),
        (
            "secret",
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            "it holds a secret",
        ),
        ("no kty", json!({"x": X}), "its kty is not"),
        (
            "for encryption",
            with(ec(), "use", "enc"),
            "its use is not sig",
        ),
        (
            "to sign with",
            with(ec(), "key_ops", json!(["sign"])),
            "its key_ops do not",
        ),
        ("P-521", with(ec(), "crv", "P-521"), "its curve is not"),
        (
            "alg of another curve",
            with(ec(), "alg", "ES384"),
            "its alg does not go",
        ),
        (
            "alg HS256",
            with(ec(), "alg", "HS256"),
            "its alg does not go",
        ),
        (
            "short x",
            with(ec(), "x", "AAAA"),
            "its point has the wrong length",
        ),
        (
            "padded y",
            with(ec(), "y", format!("{Y}=")),
            "its point has the wrong length",
        ),
        (
            "Ed25519 of the wrong length",
            with(okp.clone(), "x", "AAAA"),
            "its curve is not Ed25519",
        ),
        (
            "Ed25519 as ES256",
            with(okp, "alg", "ES256"),
            "its alg does not go",
        ),
        (
            "RSA 1024",
            with(rsa(128), "alg", "PS256"),
            "its modulus is not",
        ),
        (
            "RSA 16384",
            with(rsa(2048), "alg", "PS256"),
            "its modulus is not",
        ),
        ("RSA without alg", rsa(256), "an RSA key needs alg"),
        (
            "RSA for PS512",
            with(rsa(256), "alg", "PS512"),
            "an RSA key needs alg",
        ),
        (
            "RSA for RS384",
            with(rsa(256), "alg", "RS384"),
            "an RSA key needs alg",
        ),
        (
            "RS256, not allowed",
            with(rsa(256), "alg", "RS256"),
            "RS256 needs",
        ),
    ] {
        let file = json!({ "keys": [key] }).to_string();
        let refused = in_full(&KeySet::parse(file.as_bytes(), false).expect_err(name));
        assert!(
            refused.starts_with(&format!("key 1: {what}")),
            "{name}: {refused}"
        );
    }
    let allowed = json!({"keys": [with(rsa(256), "alg", "RS256")]}).to_string();
    assert!(KeySet::parse(allowed.as_bytes(), true).is_ok());
}

#[test]
fn a_file_is_taken_whole_or_not() {
    for (name, file, what) in [
        ("empty", String::new(), "it is not plain JSON"),
        (
            "keys twice",
            format!(r#"{{"keys":[],"keys":[{}]}}"#, ec()),
            "it is not plain JSON: het veld keys",
        ),
        ("a bare key", ec().to_string(), "expected {\"keys\": [...]}"),
        (
            "no keys",
            r#"{"keys":[]}"#.to_owned(),
            "expected {\"keys\": [...]}",
        ),
        (
            "two without kid",
            json!({"keys": [ec(), ec()]}).to_string(),
            "key 1: it needs a kid",
        ),
        (
            "second without kid",
            json!({"keys": [with(ec(), "kid", "a"), ec()]}).to_string(),
            "key 2: it needs a kid",
        ),
        (
            "one kid twice",
            json!({"keys": [with(ec(), "kid", "a"), with(ec(), "kid", "a")]}).to_string(),
            "key 2: its kid is another",
        ),
        (
            "second is bad",
            json!({"keys": [with(ec(), "kid", "a"), {"kty": "EC"}]}).to_string(),
            "key 2: its kty is not",
        ),
    ] {
        let refused = in_full(&KeySet::parse(file.as_bytes(), false).expect_err(name));
        assert!(refused.starts_with(what), "{name}: {refused}");
    }
}

#[test]
fn a_kid_finds_its_key_and_no_kid_only_a_single_one() {
    let set = |keys: Value| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), false);
    let one = set(json!([ec()])).unwrap();
    let named = set(json!([with(ec(), "kid", "a")])).unwrap();
    let two = set(json!([with(ec(), "kid", "a"), with(ec(), "kid", "b")])).unwrap();
    for (name, keys, kid, found) in [
        ("no kid, unnamed key", &one, None, true),
        ("kid, unnamed key", &one, Some("a"), false),
        ("no kid, one named key", &named, None, true),
        ("other kid, one named key", &named, Some("b"), false),
        ("no kid, two keys", &two, None, false),
        ("kid, two keys", &two, Some("b"), true),
    ] {
        assert_eq!(keys.find(kid).is_some(), found, "{name}");
    }
}

//! Signatures under a text: forged, odd, of another, and good.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::errors::in_full;
use crate::identity::signature::{SignError, SignatureFlaw, Signed, StatementSigner};

const TEXT: &[u8] = b"{\"v\":1}";

fn signer(world: &World, party: &str) -> StatementSigner {
    let party = world.pki.party(party).unwrap();
    StatementSigner::open(&party.key, &party.certificate, now()).unwrap()
}

/// A signature with its header changed; what is signed stays.
fn with_header(jws: &str, change: impl FnOnce(&mut Value)) -> String {
    let (head, signature) = jws.split_once("..").unwrap();
    let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    change(&mut header);
    let head = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap());
    format!("{head}..{signature}")
}

#[test]
fn what_is_no_signature_of_this_text_is_refused() {
    let world = World::new();
    let identity = world.identity();
    let good = signer(&world, "img").sign(TEXT, now()).unwrap();
    let ncg = signer(&world, "ncg").sign(TEXT, now()).unwrap();
    let (head, signature) = good.split_once("..").unwrap();
    let (ncg_head, _) = ncg.split_once("..").unwrap();
    let header = |change: fn(&mut Value)| with_header(&good, change);
    let rows: Vec<(&str, String, &str)> = vec![
        ("nothing", String::new(), "not a detached JWS"),
        ("one part", head.to_owned(), "not a detached JWS"),
        (
            "not base64",
            format!("{{}}..{signature}"),
            "not a detached JWS",
        ),
        (
            "a text inside",
            format!("{head}.e30.{signature}"),
            "not a detached JWS",
        ),
        (
            "too long",
            format!("{good}{}", "A".repeat(20_000)),
            "not a detached JWS",
        ),
        (
            "another's certificate",
            format!("{ncg_head}..{signature}"),
            "not a signature of this",
        ),
        (
            "a changed time",
            header(|h| h["iat"] = json!(1)),
            "not a signature of this",
        ),
        (
            "no algorithm",
            header(|h| h["alg"] = json!("none")),
            "not a detached JWS",
        ),
        (
            "a shared secret",
            header(|h| h["alg"] = json!("HS256")),
            "its algorithm",
        ),
        (
            "another curve",
            header(|h| h["alg"] = json!("ES384")),
            "its algorithm",
        ),
        (
            "a key of RSA",
            header(|h| h["alg"] = json!("PS256")),
            "its algorithm",
        ),
        (
            "another type",
            header(|h| h["typ"] = json!("JWT")),
            "not a detached JWS",
        ),
        (
            "crit",
            header(|h| h["crit"] = json!(["b64"])),
            "not a detached JWS",
        ),
        (
            "no certificate",
            header(|h| h["x5c"] = json!([])),
            "not a detached JWS",
        ),
        (
            "no DER",
            header(|h| h["x5c"] = json!(["AAAA"])),
            "does not fit the profile",
        ),
        (
            "cut",
            good.chars().take(good.len() - 4).collect(),
            "not a signature of this",
        ),
    ];
    for (what, jws, said) in &rows {
        let refused = identity.verify_signature(jws, TEXT).unwrap_err();
        assert!(
            in_full(&refused).contains(said),
            "{what}: {}",
            in_full(&refused)
        );
        assert_eq!(Signed::parse(jws, TEXT).unwrap_err(), refused, "{what}");
    }
    let another = identity.verify_signature(&good, b"{\"v\":2}");
    assert_eq!(another.unwrap_err(), SignatureFlaw::Signature);
}

#[test]
fn a_certificate_must_be_good_when_it_is_verified_and_is_read_for_ever() {
    let world = World::new();
    let by = world.pki.party("img").unwrap().oin;
    let jws = signer(&world, "img").sign(TEXT, now()).unwrap();
    let signed = world.identity().verify_signature(&jws, TEXT).unwrap();
    assert_eq!((signed.by, signed.at), (by, now()));

    let early = signer(&world, "img")
        .sign(TEXT, now().plus_ms(60_000))
        .unwrap();
    let refused = world.identity().verify_signature(&early, TEXT).unwrap_err();
    assert_eq!(refused, SignatureFlaw::Early(now().plus_ms(60_000)));

    let other = World::new();
    let stranger = signer(&other, "img").sign(TEXT, now()).unwrap();
    let refused = world
        .identity()
        .verify_signature(&stranger, TEXT)
        .unwrap_err();
    assert!(
        matches!(refused, SignatureFlaw::Certificate(_)),
        "{refused:?}"
    );
    // Whose it says it is can be read all the same; who believes it must ask.
    assert_eq!(Signed::parse(&stranger, TEXT).unwrap().by, by);
}

#[test]
fn a_key_that_does_not_go_with_its_certificate_signs_nothing() {
    let world = World::new();
    let (img, ncg) = (
        world.pki.party("img").unwrap(),
        world.pki.party("ncg").unwrap(),
    );
    let directory = world.directory.path();
    let rubbish = directory.join("rubbish.pem");
    fs::write(&rubbish, "x").unwrap();
    fs::set_permissions(&rubbish, fs::Permissions::from_mode(0o600)).unwrap();
    let open = |key: &Path, certificate: &Path| StatementSigner::open(key, certificate, now());
    for (what, key, certificate, said) in [
        (
            "another's key",
            &ncg.key,
            &img.certificate,
            "does not sign for",
        ),
        (
            "its key for tokens",
            &img.token_key,
            &img.certificate,
            "does not sign for",
        ),
        (
            "no certificate",
            &img.key,
            &rubbish,
            "holds no PEM certificate",
        ),
        ("a CA's", &img.key, &world.pki.ca, "does not sign for"),
        ("no key", &rubbish, &img.certificate, "expected a PKCS#8"),
        (
            "no file",
            &directory.join("none"),
            &img.certificate,
            "cannot be used",
        ),
    ] {
        let refused: SignError = open(key, certificate).unwrap_err();
        assert!(
            in_full(&refused).contains(said),
            "{what}: {}",
            in_full(&refused)
        );
    }
    assert_eq!(open(&img.key, &img.certificate).unwrap().by(), img.oin);
}

#[test]
fn a_key_of_rsa_signs_too() {
    let world = World::new();
    let ca = Ca::root(ca_params("CA"));
    let pem = include_str!("rsa-2048.pem");
    let leaf = leaf_params().signed_by(&KeyPair::from_pem(pem).unwrap(), &ca.issuer);
    let leaf = leaf.unwrap();
    let (key, certificate) = (
        world.file("rsa.key", pem),
        world.file("rsa.pem", leaf.pem()),
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let jws = StatementSigner::open(&key, &certificate, now())
        .and_then(|signer| signer.sign(TEXT, now()))
        .unwrap();
    let signed = Signed::parse(&jws, TEXT).unwrap();
    assert_eq!(signed.by, world.pki.party("img").unwrap().oin);
    let forged = Signed::parse(&jws, b"{}").unwrap_err();
    assert_eq!(forged, SignatureFlaw::Signature);
}

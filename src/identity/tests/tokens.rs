//! Tokens: a bench to forge them on, and what an honest one gives. The forgeries are in `forged`.

use ring::rand::SystemRandom;
use ring::signature as rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use super::*;
use crate::domain::{CaseNumber, DocumentId, Employee, Word};
use crate::errors::in_full;

const DOCUMENT: &str = "0d1f0f3c-5d6a-4c1e-9f5e-2a1c8f0a7b11";

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token in the making: header and payload as JSON texts, so that odd texts can be made too.
pub(super) struct Forge {
    pub(super) header: Value,
    pub(super) payload: Value,
    /// Replaces the text of the header or payload when set.
    pub(super) header_text: Option<String>,
    pub(super) payload_text: Option<String>,
    pub(super) signature: Signature,
    /// What happens to the finished token.
    pub(super) finish: fn(String) -> String,
}

/// What a row is called, how its token is forged, and what comes of it.
pub(super) type Row = (&'static str, fn(&mut Forge), Result<(), TokenError>);

#[derive(Clone, Copy)]
pub(super) enum Signature {
    Right,
    /// Of NCG's key, which is just as good a key.
    Ncg,
    /// ECDSA in DER, as X.509 has it.
    Der,
    /// HMAC-SHA-256 under the public key's point.
    HmacOfPublicKey,
    Empty,
    Zeros,
}

pub(super) struct Bench {
    pub(super) world: World,
    identity: Arc<Identity>,
    peer: Peer,
    img: Arc<Organisation>,
}

impl Bench {
    pub(super) fn new(change: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new();
        change(&mut world);
        let identity = world.identity();
        let peer = identity.peer(&world.chain("img")).unwrap();
        let img = identity.recheck(&peer).unwrap();
        Self {
            world,
            identity,
            peer,
            img,
        }
    }

    fn token_key(&self, party: &str, der_form: bool) -> rs::EcdsaKeyPair {
        let path = &self.world.pki.party(party).unwrap().token_key;
        let key = PrivatePkcs8KeyDer::from_pem_file(path).unwrap();
        let of = if der_form {
            &rs::ECDSA_P256_SHA256_ASN1_SIGNING
        } else {
            &rs::ECDSA_P256_SHA256_FIXED_SIGNING
        };
        rs::EcdsaKeyPair::from_pkcs8(of, key.secret_pkcs8_der(), &SystemRandom::new()).unwrap()
    }

    pub(super) fn forge(&self) -> Forge {
        let jwks = std::fs::read(&self.world.pki.party("img").unwrap().jwks).unwrap();
        let jwks: Value = serde_json::from_slice(&jwks).unwrap();
        let at = now().unix_seconds();
        Forge {
            header: json!({ "typ": "JWT", "alg": "ES256", "kid": jwks["keys"][0]["kid"] }),
            payload: json!({
                "iss": "00000001812345678000", "sub": "medewerker-1",
                "aud": "https://sluis.example", "iat": at, "nbf": at, "exp": at + 60,
                "jti": "een", "cnf": { "x5t#S256": b64(self.peer.thumbprint()) },
                "doel": "schade-afhandeling", "zaak": "Z-1",
            }),
            header_text: None,
            payload_text: None,
            signature: Signature::Right,
            finish: |token| token,
        }
    }

    pub(super) fn strike(&self, forge: Forge) -> String {
        let header = forge
            .header_text
            .unwrap_or_else(|| forge.header.to_string());
        let payload = forge
            .payload_text
            .unwrap_or_else(|| forge.payload.to_string());
        let message = format!("{}.{}", b64(header), b64(payload));
        let ecdsa = |party, der_form| {
            let key = self.token_key(party, der_form);
            let signed = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            signed.as_ref().to_vec()
        };
        let signature = match forge.signature {
            Signature::Right => ecdsa("img", false),
            Signature::Ncg => ecdsa("ncg", false),
            Signature::Der => ecdsa("img", true),
            Signature::HmacOfPublicKey => {
                use ring::signature::KeyPair as _;
                let pair = self.token_key("img", false);
                let public = pair.public_key().as_ref();
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public);
                ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Signature::Empty => Vec::new(),
            Signature::Zeros => vec![0; 64],
        };
        (forge.finish)(format!("{message}.{}", b64(signature)))
    }

    pub(super) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.identity.verify_token(token, &self.peer, &self.img)
    }

    /// Checks rows of which none is accepted; answers how many there are.
    pub(super) fn refuse(&self, rows: &[Row]) -> usize {
        for (name, _, expected) in rows {
            assert!(expected.is_err(), "{name}");
        }
        self.check(rows);
        rows.len()
    }

    pub(super) fn check(&self, rows: &[Row]) {
        for (name, change, expected) in rows {
            let mut forge = self.forge();
            change(&mut forge);
            let outcome = self.verify(&self.strike(forge)).map(|_| ());
            assert_eq!(outcome, *expected, "{name}");
        }
    }
}

pub(super) const fn bad(flaw: Flaw) -> Result<(), TokenError> {
    Err(TokenError::Invalid(flaw))
}

#[test]
fn every_claim_but_team_and_document_is_required() {
    let bench = Bench::new(|_| {});
    let names: Vec<String> = bench
        .forge()
        .payload
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names.len(), 10);
    for name in names {
        let mut forge = bench.forge();
        forge.payload.as_object_mut().unwrap().remove(&name);
        assert_eq!(
            bench.verify(&bench.strike(forge)).map(|_| ()),
            bad(Flaw::Missing),
            "{name}"
        );
    }
}

#[test]
fn a_token_lives_as_long_as_it_says_and_a_leeway() {
    let bench = Bench::new(|_| {});
    let token = bench.strike(bench.forge());
    let mut at = 0;
    for (seconds, expected) in [
        (-6, bad(Flaw::NotYet)),
        (-5, Ok(())),
        (0, Ok(())),
        (64, Ok(())),
        (65, Err(TokenError::Expired)),
        (4000, Err(TokenError::Expired)),
    ] {
        bench.world.clock.advance_ms((seconds - at) * 1000);
        at = seconds;
        assert_eq!(bench.verify(&token).map(|_| ()), expected, "{seconds}");
    }
}

#[test]
fn an_honest_token_gives_its_claims() {
    let bench = Bench::new(|_| {});
    bench.check(&[
        ("plain", |_| {}, Ok(())),
        (
            "no typ",
            |f| {
                f.header.as_object_mut().unwrap().remove("typ");
            },
            Ok(()),
        ),
        (
            "typ in lower case",
            |f| f.header["typ"] = "jwt".into(),
            Ok(()),
        ),
        (
            "no kid, as there is one key",
            |f| {
                f.header.as_object_mut().unwrap().remove("kid");
            },
            Ok(()),
        ),
        // RFC 7519 (4): claims that are not understood must be ignored.
        (
            "a claim of its own",
            |f| f.payload["afdeling"] = json!({"a": [1, 2.5]}),
            Ok(()),
        ),
        (
            "a life of 300 seconds",
            |f| f.payload["exp"] = (now().unix_seconds() + 300).into(),
            Ok(()),
        ),
    ]);
    let mut forge = bench.forge();
    forge.payload["team"] = "aos".into();
    forge.payload["document"] = DOCUMENT.into();
    let claims = bench.verify(&bench.strike(forge)).unwrap();
    assert_eq!(claims.issuer(), bench.img.oin);
    assert_eq!(claims.employee().as_str(), "medewerker-1");
    assert_eq!(claims.purpose().as_str(), "schade-afhandeling");
    assert_eq!(claims.case().as_str(), "Z-1");
    assert_eq!(
        claims.team().map(ToString::to_string),
        Some("aos".to_owned())
    );
    assert_eq!(
        claims.document(),
        Some(DocumentId::parse(DOCUMENT).unwrap())
    );
    assert_eq!(claims.expires(), now().plus_ms(60_000));
    let id = digest(&SHA256, b"jti\n00000001812345678000\neen");
    assert_eq!(claims.token_id(), id.as_ref());
    let shown = format!("{claims:?}");
    assert!(
        !shown.contains("medewerker") && !shown.contains("Z-1"),
        "{shown}"
    );
}

#[test]
fn a_token_goes_with_one_certificate_and_one_organisation() {
    let bench = Bench::new(|_| {});
    let token = bench.strike(bench.forge());
    let ncg_peer = bench.identity.peer(&bench.world.chain("ncg")).unwrap();
    let ncg = bench.identity.recheck(&ncg_peer).unwrap();
    for (name, peer, organisation, flaw) in [
        (
            "IMG's token at NCG's certificate",
            &ncg_peer,
            &ncg,
            Flaw::Key,
        ),
        (
            "NCG's certificate as IMG",
            &ncg_peer,
            &bench.img,
            Flaw::Issuer,
        ),
        ("IMG's certificate as NCG", &bench.peer, &ncg, Flaw::Issuer),
    ] {
        let outcome = bench.identity.verify_token(&token, peer, organisation);
        assert_eq!(outcome.map(|_| ()), bad(flaw), "{name}");
    }
}

/// `sluis token` and the gateway agree, with every kind of key.
#[test]
fn made_tokens_are_accepted() {
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for (name, key) in [
        ("P-256", None),
        ("P-384", Some(p384)),
        ("Ed25519", Some(ed25519)),
    ] {
        let bench = Bench::new(|world| {
            if let Some(key) = &key {
                let path = world.file("other.key", key.serialize_pem());
                std::fs::set_permissions(
                    &path,
                    std::os::unix::fs::PermissionsExt::from_mode(0o600),
                )
                .unwrap();
                crypto::install();
                let (_, mut jwk, _) = maker::signing_key(key.serialize_pem().as_bytes()).unwrap();
                let kid = jwk
                    .thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
                    .unwrap();
                jwk.common.key_id = Some(kid);
                let jwks = world.file("other.jwks.json", json!({"keys": [jwk]}).to_string());
                world.settings.organisations[0].jwks = jwks;
            }
        });
        let img = bench.world.pki.party("img").unwrap();
        let request = TokenRequest {
            key: key.map_or(img.token_key.clone(), |_| {
                bench.world.directory.path().join("other.key")
            }),
            certificate: img.certificate.clone(),
            audience: "https://sluis.example".to_owned(),
            employee: Employee::parse("e").unwrap(),
            purpose: Word::parse("beheer").unwrap(),
            case: CaseNumber::parse("z").unwrap(),
            team: Some(Team::parse("aos").unwrap()),
            document: Some(DocumentId::parse(DOCUMENT).unwrap()),
            life_seconds: 60,
        };
        let token =
            make_token(&request, &*bench.world.clock, &SystemRandomness::default()).unwrap();
        let claims = bench
            .verify(&token)
            .unwrap_or_else(|e| panic!("{name}: {}", in_full(&e)));
        assert_eq!(claims.document(), request.document, "{name}");
    }
}

const RSA_KEY: &str = include_str!("rsa-2048.pem");

pub(super) fn rsa_token(
    mut forge: Forge,
    alg: &str,
    padding: &'static dyn rs::RsaEncoding,
) -> String {
    forge.header = json!({ "alg": alg });
    let message = format!(
        "{}.{}",
        b64(forge.header.to_string()),
        b64(forge.payload.to_string())
    );
    let pem = PrivatePkcs8KeyDer::from_pem_slice(RSA_KEY.as_bytes()).unwrap();
    let key = rs::RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        padding,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{message}.{}", b64(signature))
}

/// The public half of that key, without an `alg`.
pub(super) fn rsa_jwk() -> Value {
    let pem = PrivatePkcs8KeyDer::from_pem_slice(RSA_KEY.as_bytes()).unwrap();
    let key = rs::RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der()).unwrap();
    let public = rs::RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
    json!({"kty": "RSA", "n": b64(&public.n), "e": b64(&public.e)})
}

/// One key, one algorithm: the JWKS says which.
#[test]
fn an_rsa_key_is_good_for_the_algorithm_its_jwk_names() {
    let bench = |alg: &str, allow_rs256| {
        Bench::new(|world| {
            let mut jwk = rsa_jwk();
            jwk["alg"] = alg.into();
            let jwks = world.file("rsa.jwks.json", json!({"keys": [jwk]}).to_string());
            world.settings.organisations[0].jwks = jwks;
            world.settings.tokens.allow_rs256 = allow_rs256;
        })
    };
    for (of_key, of_token, padding, expected) in [
        (
            "PS256",
            "RS256",
            &rs::RSA_PKCS1_SHA256 as &'static dyn rs::RsaEncoding,
            bad(Flaw::Algorithm),
        ),
        (
            "PS256",
            "PS256",
            &rs::RSA_PKCS1_SHA256,
            bad(Flaw::Signature),
        ),
        ("PS256", "PS384", &rs::RSA_PSS_SHA384, bad(Flaw::Algorithm)),
        ("RS256", "PS256", &rs::RSA_PSS_SHA256, bad(Flaw::Algorithm)),
        ("PS256", "PS256", &rs::RSA_PSS_SHA256, Ok(())),
        ("PS384", "PS384", &rs::RSA_PSS_SHA384, Ok(())),
        ("RS256", "RS256", &rs::RSA_PKCS1_SHA256, Ok(())),
    ] {
        let bench = bench(of_key, true);
        let token = rsa_token(bench.forge(), of_token, padding);
        assert_eq!(
            bench.verify(&token).map(|_| ()),
            expected,
            "{of_token} for {of_key}"
        );
    }
}

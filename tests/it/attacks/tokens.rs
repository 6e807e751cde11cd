//! Forged and odd tokens over real TLS, a sample: all of them are tried in `src/identity/tests/forged.rs`.
//! Each is refused with the same answer whatever is wrong with it, asks the provider nothing, and
//! leaves one entry in the book.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::judge;
use super::siege::Siege;
use crate::client::Call;
use crate::party::{Party, Token, pki};

/// An honest token of IMG, taken apart.
struct Forge {
    header: Value,
    payload: Value,
    /// Whose key signs it.
    key: &'static str,
    /// What becomes of the whole.
    finish: fn(String) -> String,
}

fn part(token: &str, at: usize) -> Value {
    let text = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&BASE64URL.decode(text).unwrap()).unwrap()
}

fn sign(key: &str, message: &str) -> Vec<u8> {
    let key = PrivatePkcs8KeyDer::from_pem_file(pki().join(format!("{key}-token.key"))).unwrap();
    let (of, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pair = EcdsaKeyPair::from_pkcs8(of, key.secret_pkcs8_der(), &random).unwrap();
    pair.sign(&random, message.as_bytes())
        .unwrap()
        .as_ref()
        .to_vec()
}

/// A token of IMG, changed so.
pub(super) fn forged(change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut forge = Forge::new();
    change(&mut forge.header, &mut forge.payload);
    forge.strike()
}

impl Forge {
    fn new() -> Self {
        let honest = Siege::token();
        Self {
            header: part(&honest, 0),
            payload: part(&honest, 1),
            key: "img",
            finish: |token| token,
        }
    }

    fn strike(self) -> String {
        let [header, payload] =
            [&self.header, &self.payload].map(|part| BASE64URL.encode(part.to_string()));
        let message = format!("{header}.{payload}");
        let signature = BASE64URL.encode(sign(self.key, &message));
        (self.finish)(format!("{message}.{signature}"))
    }
}

/// The twin of a signature of ECDSA: the same r, and n - s (SEC 1, 4.1.4 accepts both).
fn twin(token: &str) -> String {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut signature = BASE64URL.decode(signature).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let left = i16::from(N[at]) - i16::from(signature[32 + at]) - borrow;
        borrow = i16::from(left < 0);
        signature[32 + at] = u8::try_from(left.rem_euclid(256)).unwrap();
    }
    format!("{message}.{}", BASE64URL.encode(signature))
}

fn zeros(token: &str) -> String {
    let message = token.rsplit_once('.').unwrap().0;
    format!("{message}.{}", BASE64URL.encode([0; 64]))
}

type Spoil = fn(&mut Forge);
const BAD: &str = "401 token-ongeldig";

const ROWS: [(&str, Spoil, &str); 32] = [
    ("alg none", |f| f.header["alg"] = "none".into(), BAD),
    ("alg HS256", |f| f.header["alg"] = "HS256".into(), BAD),
    ("alg ES384", |f| f.header["alg"] = "ES384".into(), BAD),
    ("another organisation's key", |f| f.key = "ncg", BAD),
    ("a key of nobody", |f| f.header["kid"] = "x".into(), BAD),
    (
        "jku",
        |f| f.header["jku"] = "https://127.0.0.1:1/jwks".into(),
        BAD,
    ),
    ("x5c", |f| f.header["x5c"] = json!(["MIIB"]), BAD),
    ("crit", |f| f.header["crit"] = json!(["exp"]), BAD),
    (
        "typ of another kind",
        |f| f.header["typ"] = "dpop+jwt".into(),
        BAD,
    ),
    (
        "no signature",
        |f| f.finish = |t| format!("{}.", t.rsplit_once('.').unwrap().0),
        BAD,
    ),
    (
        "two parts",
        |f| f.finish = |t| t.rsplit_once('.').unwrap().0.to_owned(),
        BAD,
    ),
    ("five parts", |f| f.finish = |t| format!("{t}.e30.e30"), BAD),
    ("a signature of zeros", |f| f.finish = |t| zeros(&t), BAD),
    ("a signature and a bit", |f| f.finish = |t| t + "A", BAD),
    ("padding", |f| f.finish = |t| t + "==", BAD),
    (
        "a space inside",
        |f| f.finish = |t| t.replacen('.', ". ", 1),
        BAD,
    ),
    (
        "another issuer",
        |f| f.payload["iss"] = Party::find("ncg").oin.clone().into(),
        BAD,
    ),
    (
        "another audience",
        |f| f.payload["aud"] = "https://evil.example".into(),
        BAD,
    ),
    (
        "a list of audiences",
        |f| f.payload["aud"] = json!([f.payload["aud"]]),
        BAD,
    ),
    (
        "exp a text",
        |f| f.payload["exp"] = f.payload["exp"].to_string().into(),
        BAD,
    ),
    (
        "exp a float",
        |f| f.payload["exp"] = json!(f.payload["exp"].as_f64()),
        BAD,
    ),
    (
        "a life of a day",
        |f| f.payload["exp"] = json!(f.payload["exp"].as_i64().unwrap() + 86_400),
        BAD,
    ),
    ("from tomorrow", |f| shift(f, 86_400), BAD),
    ("of yesterday", |f| shift(f, -86_400), "401 token-verlopen"),
    ("no jti", |f| remove(f, "jti"), BAD),
    ("an empty jti", |f| f.payload["jti"] = "".into(), BAD),
    ("no binding", |f| remove(f, "cnf"), BAD),
    (
        "bound to another certificate",
        |f| f.payload["cnf"]["x5t#S256"] = BASE64URL.encode([0; 32]).into(),
        "401 token-niet-gebonden",
    ),
    ("no employee", |f| remove(f, "sub"), BAD),
    (
        "a team that is not ours",
        |f| f.payload["team"] = "wijkteam".into(),
        BAD,
    ),
    (
        "another document",
        |f| f.payload["document"] = "00000000-0000-4000-8000-0000000000ff".into(),
        BAD,
    ),
    (
        "a purpose that nobody knows",
        |f| f.payload["doel"] = "koffie".into(),
        "403 doel-onbekend",
    ),
];

fn shift(forge: &mut Forge, seconds: i64) {
    for claim in ["iat", "nbf", "exp"] {
        forge.payload[claim] = json!(forge.payload[claim].as_i64().unwrap() + seconds);
    }
}

fn remove(forge: &mut Forge, claim: &str) {
    forge.payload.as_object_mut().unwrap().remove(claim);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_token_reaches_a_provider() {
    let mut siege = Siege::lay().await;
    // A token that is used up.
    let used = forged(|_, _| ());
    let (header, payload) = (part(&used, 0), part(&used, 1));
    let call = Call::get(siege.path()).token(&used);
    siege.world.call("img", &call).await.expect("200");
    assert_eq!(siege.heard(), Ok(1));
    siege.world.settled().await;

    let mut wrong = Vec::new();
    let mut tried = 0;
    let mut attempt = async |name: &str, party: &'static str, token: &str, expected: &str| {
        let call = Call::get(siege.path()).token(token);
        let before = siege.world.size().await;
        let answer = siege.world.call(party, &call).await;
        let grown = siege.world.size().await - before;
        let heard = siege.heard();
        if answer.short() != expected || heard != Ok(0) || grown != 1 {
            let short = answer.short();
            wrong.push(format!(
                "- {name}: {short}, not {expected}; {grown} entries; the provider heard {heard:?}"
            ));
        }
        tried += 1;
    };
    for (name, change, expected) in ROWS {
        let mut forge = Forge::new();
        change(&mut forge);
        attempt(name, "img", &forge.strike(), expected).await;
    }
    let ncg = Party::find("ncg").token(&Token::new("schade-afhandeling"));
    attempt("NCG's token on IMG's connection", "img", &ncg, BAD).await;
    attempt(
        "IMG's token on NCG's connection",
        "ncg",
        &Siege::token(),
        BAD,
    )
    .await;

    let again = |change: &dyn Fn(&mut Forge)| {
        let mut forge = Forge {
            header: header.clone(),
            payload: payload.clone(),
            ..Forge::new()
        };
        change(&mut forge);
        forge.strike()
    };
    // In every spelling that is as good: it is the jti that is used up.
    let reused = "401 token-hergebruikt";
    attempt("used before", "img", &used, reused).await;
    attempt(
        "used before, with the twin of its signature",
        "img",
        &twin(&used),
        reused,
    )
    .await;
    attempt("used before, signed anew", "img", &again(&|_| ()), reused).await;
    attempt(
        "used before, without a kid",
        "img",
        &again(&|f| {
            f.header.as_object_mut().unwrap().remove("kid");
        }),
        reused,
    )
    .await;
    attempt(
        "used before, for another case",
        "img",
        &again(&|f| f.payload["zaak"] = "Z-2".into()),
        reused,
    )
    .await;
    attempt(
        "used before, with a claim more",
        "img",
        &again(&|f| f.payload["x"] = 1.into()),
        reused,
    )
    .await;

    siege.honest().await;
    judge("forged tokens over TLS", tried, 40, "", &wrong);
    siege.world.close().await;
}

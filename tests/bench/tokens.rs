//! Request tokens, signed before the clock starts: what a requester spends on them is not ours.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::HeaderValue;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::certificates::Party;
use crate::failure::{Context as _, Outcome};

/// The longest life CONTRACT allows: a slice of load is far shorter.
const LIFE_SECONDS: u64 = 300;

/// Signs tokens of one party for one purpose.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    header: String,
    issuer: String,
    audience: String,
    purpose: &'static str,
    thumbprint: String,
    /// Makes the `jti` unique over runs; the counter does within one.
    run: String,
    counter: AtomicU64,
}

impl Signer {
    pub(crate) fn new(party: &Party, audience: &str, purpose: &'static str) -> Outcome<Self> {
        let random = SystemRandom::new();
        let pkcs8 = PrivatePkcs8KeyDer::from_pem_file(&party.token_key)
            .or_fail(format!("read {}", party.token_key.display()))?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            pkcs8.secret_pkcs8_der(),
            &random,
        )
        .or_fail(format!("use {} as a P-256 key", party.token_key.display()))?;
        let mut run = [0_u8; 12];
        random.fill(&mut run).or_fail("draw a random number")?;
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": key_id(&party.jwks)?});
        Ok(Self {
            key,
            random,
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            issuer: party.oin.clone(),
            audience: audience.to_owned(),
            purpose,
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, &party.leaf()?)),
            run: URL_SAFE_NO_PAD.encode(run),
            counter: AtomicU64::new(0),
        })
    }

    /// A fresh token, as the value of `Authorization`.
    pub(crate) fn sign(&self) -> Outcome<HeaderValue> {
        let now = unix_seconds()?;
        let claims = json!({
            "iss": self.issuer,
            "sub": "medewerker-0042",
            "aud": self.audience,
            "iat": now,
            "nbf": now,
            "exp": now + LIFE_SECONDS,
            "jti": format!("{}-{}", self.run, self.counter.fetch_add(1, Ordering::Relaxed)),
            "cnf": {"x5t#S256": self.thumbprint},
            "doel": self.purpose,
            "zaak": "Z2026-000123",
        });
        let signed = format!(
            "{}.{}",
            self.header,
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .or_fail("sign a request token")?;
        HeaderValue::try_from(format!(
            "Bearer {signed}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        ))
        .or_fail("put a token in a header")
    }
}

/// Where the load takes its tokens from.
pub(crate) enum Stock {
    /// Each token is used once; what was not signed ahead is signed on the spot.
    Fresh {
        signer: Arc<Signer>,
        ready: Mutex<Vec<HeaderValue>>,
    },
    /// For who does not look at them: the same header over and over, of the same length.
    Recycled {
        tokens: Vec<HeaderValue>,
        next: AtomicUsize,
    },
}

impl Stock {
    /// Nothing in stock yet.
    pub(crate) const fn fresh(signer: Arc<Signer>) -> Self {
        Self::Fresh {
            signer,
            ready: Mutex::new(Vec::new()),
        }
    }

    /// A few tokens for ever.
    pub(crate) fn recycled(signer: &Signer) -> Outcome<Self> {
        let tokens = (0..64).map(|_| signer.sign()).collect::<Outcome<_>>()?;
        Ok(Self::Recycled {
            tokens,
            next: AtomicUsize::new(0),
        })
    }

    /// Whether what they say counts.
    pub(crate) const fn are_looked_at(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// Signs ahead. What was left of before is thrown away: it may be too old by now.
    pub(crate) fn fill(&self, count: usize) -> Outcome<()> {
        if let Self::Fresh { signer, ready } = self {
            let tokens = (0..count).map(|_| signer.sign()).collect::<Outcome<_>>()?;
            *ready.lock().unwrap_or_else(PoisonError::into_inner) = tokens;
        }
        Ok(())
    }

    /// One token.
    pub(crate) fn take(&self) -> Outcome<HeaderValue> {
        match self {
            Self::Fresh { signer, ready } => {
                let token = ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
                token.map_or_else(|| signer.sign(), Ok)
            }
            Self::Recycled { tokens, next } => {
                let turn = next.fetch_add(1, Ordering::Relaxed) % tokens.len().max(1);
                tokens.get(turn).cloned().or_fail("find a token")
            }
        }
    }
}

fn key_id(jwks: &Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(jwks).or_fail(format!("read {}", jwks.display()))?;
    let set: Value = serde_json::from_str(&text).or_fail(format!("parse {}", jwks.display()))?;
    set.pointer("/keys/0/kid")
        .cloned()
        .or_fail(format!("find a kid in {}", jwks.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a token carries the real time; nothing is tested"
)]
fn unix_seconds() -> Outcome<u64> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map(|since| since.as_secs())
        .or_fail("read the clock")
}

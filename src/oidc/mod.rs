//! Who is in at the desk: a relying party of OpenID Connect, by authorisation code with PKCE
//! (SECURITY 19; OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9207).
//!
//! One login: [`LoginService::begin`] gives an address at the login service to send the browser to,
//! and a [`Pending`] to keep on the server. The browser comes back with a code; with both,
//! [`LoginService::finish`] fetches an id token, has it verified ([`crate::identity`]) and reads from
//! it who somebody is. A `Pending` is taken by value: it is good once.
//!
//! The service's own description and keys are asked when they are first needed, so that a login
//! service that is away stops nobody from starting the gateway. What it may answer is bounded in
//! bytes and time; no redirect is followed; only the configured trust anchors count. Deliberately
//! not here: sessions and pages (`desk`), and any call with the access token, which is dropped.
//!
//! By hand, and not with the crate `openidconnect`: that brings `rsa`, which has an unmended flaw,
//! and a second stack of cryptography. Of `oauth2` two form-encoded messages would remain, for a
//! second source of randomness and a parser that takes a member twice.

mod error;
mod person;
mod returned;
mod service;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use tokio::sync::Semaphore;

pub use error::{LoginError, NoAnswer, Question, ReturnFlaw, ServiceFault};
pub use person::Person;
pub use returned::Returned;
pub use settings::{ClientSecret, Issuer, NotAnIssuer, Settings};

use crate::bounds;
use crate::clock::{Clock, Moment, Random};
use crate::domain::Organisations;
use crate::https::Tls;
use crate::identity::{self, IdentityError, LoginExpected};
use returned::Outcome;
use service::Kept;

/// The login service, and what this gateway is to it.
pub struct LoginService {
    settings: Settings,
    organisations: Organisations,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// The last good one; trust anchors are read anew at every call.
    tls: Mutex<Tls>,
    kept: Mutex<Kept>,
    calls: Semaphore,
    patience: Duration,
}

/// A login that began.
#[derive(Debug)]
#[must_use]
pub struct Begun {
    /// Where to send the browser.
    pub url: String,
    /// What to keep, on the server, until it comes back.
    pub pending: Pending,
}

/// A login under way. Whoever has it could finish somebody else's login, so it never leaves the
/// server.
#[must_use]
pub struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    begun: Moment,
}

impl Pending {
    /// When it began. After [`bounds::LOGIN_MS`] it is no longer good for anything.
    #[must_use]
    pub fn begun(&self) -> Moment {
        self.begun
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginService")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl LoginService {
    /// Reads the trust anchors. The login service itself is not asked anything yet.
    ///
    /// # Errors
    /// [`IdentityError`], naming the file of trust anchors that cannot be used.
    pub fn new(
        settings: Settings,
        organisations: Organisations,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, IdentityError> {
        let tls = identity::login_tls(&settings.trust_anchors, Arc::clone(&clock))?;
        Ok(Self {
            settings,
            organisations,
            clock,
            random,
            tls: Mutex::new(tls),
            kept: Mutex::default(),
            calls: Semaphore::new(bounds::LOGIN_CALLS),
            patience: bounds::LOGIN_CALL,
        })
    }

    /// Begins a login.
    ///
    /// # Errors
    /// [`LoginError`], when the login service cannot be asked what it needs to be asked once, or
    /// there is no randomness.
    pub async fn begin(&self) -> Result<Begun, LoginError> {
        let description = self.description().await?;
        let pending = Pending {
            state: self.secret_text()?,
            nonce: self.secret_text()?,
            verifier: self.secret_text()?,
            begun: self.clock.now(),
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, pending.verifier.as_bytes()));
        let url = with_query(
            &description.authorization.to_string(),
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.settings.redirect),
                ("scope", "openid profile"),
                ("state", &pending.state),
                ("nonce", &pending.nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        Ok(Begun { url, pending })
    }

    /// Finishes a login: who is it.
    ///
    /// # Errors
    /// [`LoginError`]; the pending login is gone either way.
    pub async fn finish(&self, pending: Pending, returned: Returned) -> Result<Person, LoginError> {
        let age_ms = self.clock.now().ms_since(pending.begun);
        if !(0..=bounds::LOGIN_MS).contains(&age_ms) {
            return Err(LoginError::TooLate);
        }
        // Before anything else is believed: without it, somebody could be logged in as another by
        // following a link (RFC 6749, 10.12).
        if returned.state != pending.state {
            return Err(LoginError::OtherLogin);
        }
        let description = self.description().await?;
        // RFC 9207: the code of one service must not be brought to another.
        match &returned.issuer {
            Some(issuer) if issuer != self.settings.issuer.as_str() => {
                return Err(LoginError::OtherService);
            }
            None if description.names_issuer => return Err(LoginError::OtherService),
            _ => {}
        }
        let code = match returned.outcome {
            Outcome::Code(code) => code,
            Outcome::Refused(error) => return Err(LoginError::of_code(&error)),
        };
        let id_token = self
            .exchange(&description, &code, &pending.verifier)
            .await?;
        let expected = LoginExpected {
            issuer: self.settings.issuer.as_str(),
            client_id: &self.settings.client_id,
            nonce: &pending.nonce,
            now: self.clock.now(),
        };
        let claims = self.verify(&description, &id_token, &expected).await?;
        Person::of(&claims, &self.settings, &self.organisations)
    }

    /// Where the browser can end its session at the login service too, once somebody logged in here
    /// since the start. Without `id_token_hint`: the token names the person, and addresses are kept
    /// in histories and logs (SECURITY 17). So the service asks whether they are sure.
    #[must_use]
    pub fn logout_url(&self) -> Option<String> {
        let end = self.end_session()?;
        let url = with_query(
            &end.to_string(),
            &[
                ("client_id", &self.settings.client_id),
                ("post_logout_redirect_uri", &self.settings.after_logout),
            ],
        );
        Some(url)
    }

    /// 256 bits of chance, as text.
    fn secret_text(&self) -> Result<String, LoginError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).map_err(LoginError::Random)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let between = if address.contains('?') { '&' } else { '?' };
    format!("{address}{between}{}", form(pairs))
}

/// `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

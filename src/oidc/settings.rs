//! What must be known about the login service; the `[desk]` table of the configuration fills it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::domain::DeskRole;
use crate::https::Address;

/// The login service, and what this gateway is to it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The login service.
    pub issuer: Issuer,
    /// The name this gateway has there.
    pub client_id: String,
    /// Its password there; without one it is a public client, which PKCE alone protects.
    pub client_secret: Option<ClientSecret>,
    /// Where the browser comes back, such as `https://desk.example/aanmelden/terug`.
    pub redirect: String,
    /// Where the browser goes after logging out at the login service.
    pub after_logout: String,
    /// The claim that holds the OIN of somebody's organisation.
    pub organisation_claim: String,
    /// The claim that holds somebody's roles: a list of texts, or one text.
    pub roles_claim: String,
    /// What the login service calls each role.
    pub role_names: BTreeMap<String, DeskRole>,
    /// The CA certificates the login service is trusted under.
    pub trust_anchors: Vec<PathBuf>,
}

/// A login service's name for itself: an https address, compared to the letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    description: Address,
}

/// Why a text is not an [`Issuer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the https address the login service calls itself (issuer), without query or fragment"
)]
pub struct NotAnIssuer;

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// [`NotAnIssuer`].
    pub fn parse(text: &str) -> Result<Self, NotAnIssuer> {
        let plain = Address::parse(text).map_err(|_| NotAnIssuer)?;
        if plain.query().is_some() || text.contains('?') {
            return Err(NotAnIssuer);
        }
        // OpenID Connect Discovery 1.0 (4.1): a slash at the end is taken off first.
        let base = text.strip_suffix('/').unwrap_or(text);
        let description = Address::parse(&format!("{base}/.well-known/openid-configuration"));
        Ok(Self {
            text: text.to_owned(),
            description: description.map_err(|_| NotAnIssuer)?,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it describes itself.
    pub(super) fn description(&self) -> &Address {
        &self.description
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.text)
    }
}

/// This gateway's password at the login service.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Takes it over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

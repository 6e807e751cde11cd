//! What the browser brings back from the login service, in the query of the address it comes back
//! to. All of it went through the browser, so none of it is believed.

use std::fmt;

use super::error::{LoginError, ReturnFlaw};
use crate::bounds;

/// What came back.
pub struct Returned {
    pub(super) state: String,
    pub(super) outcome: Outcome,
    /// Which service says so (RFC 9207).
    pub(super) issuer: Option<String>,
}

/// How it went there.
pub(super) enum Outcome {
    Code(String),
    Refused(String),
}

impl Returned {
    /// Reads the query, the part behind the question mark. What is not asked for is passed over.
    ///
    /// # Errors
    /// [`LoginError::Returned`] when something is missing or there twice (RFC 6749, 3.1).
    pub fn read(query: &str) -> Result<Self, LoginError> {
        let [mut state, mut code, mut error, mut issuer] = [const { None }; 4];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "iss" => &mut issuer,
                _ => continue,
            };
            if place.is_some() {
                return Err(LoginError::Returned(ReturnFlaw::Twice));
            }
            if value.len() > bounds::LOGIN_CODE_BYTES {
                return Err(LoginError::Returned(ReturnFlaw::TooLong));
            }
            *place = Some(value.into_owned());
        }
        let outcome = match (code, error) {
            (Some(code), None) if !code.is_empty() => Outcome::Code(code),
            (None, Some(error)) => Outcome::Refused(error),
            (Some(_), Some(_)) => return Err(LoginError::Returned(ReturnFlaw::Both)),
            _ => return Err(LoginError::Returned(ReturnFlaw::Missing)),
        };
        Ok(Self {
            state: state.ok_or(LoginError::Returned(ReturnFlaw::Missing))?,
            outcome,
            issuer,
        })
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Code(_) => "code",
            Outcome::Refused(_) => "error",
        };
        f.debug_struct("Returned")
            .field("outcome", &outcome)
            .finish_non_exhaustive()
    }
}

//! Who somebody is, out of verified claims.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::error::LoginError;
use super::settings::Settings;
use crate::domain::{DeskRole, Employee, Oin, Organisations};
use crate::identity::LoginClaims;

/// The longest name that is shown, in characters.
const NAME_CHARACTERS: usize = 128;

/// Somebody who logged in, with at least one role.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The pseudonym under which the book knows this person (`medewerker`).
    pub subject: Employee,
    /// Of which organisation, a configured one.
    pub organisation: Oin,
    /// In which roles.
    pub roles: BTreeSet<DeskRole>,
    /// What to call them on the page, if the login service says it; it goes nowhere else.
    pub name: Option<String>,
}

impl Person {
    pub(super) fn of(
        claims: &LoginClaims,
        settings: &Settings,
        organisations: &Organisations,
    ) -> Result<Self, LoginError> {
        let text = |name| claims.claim(name).and_then(Value::as_str);
        let subject = text("sub").and_then(|text| Employee::parse(text).ok());
        let subject = subject.ok_or(LoginError::Subject)?;
        let organisation = text(&settings.organisation_claim)
            .and_then(|text| Oin::parse(text).ok())
            .ok_or(LoginError::NoOrganisation)?;
        if organisations.find(organisation).is_none() {
            return Err(LoginError::OrganisationUnknown);
        }
        let named: Vec<&Value> = match claims.claim(&settings.roles_claim) {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        // A role under a name that is not known here is somebody else's business.
        let roles: BTreeSet<DeskRole> = named
            .into_iter()
            .filter_map(|name| settings.role_names.get(name.as_str()?).copied())
            .collect();
        if roles.is_empty() {
            return Err(LoginError::NoRole);
        }
        Ok(Self {
            subject,
            organisation,
            roles,
            name: text("name").and_then(shown),
        })
    }
}

/// A name that can be shown; an odd one is none.
fn shown(name: &str) -> Option<String> {
    let name = name.trim();
    let proper =
        (1..=NAME_CHARACTERS).contains(&name.chars().count()) && !name.contains(char::is_control);
    proper.then(|| name.to_owned())
}

/// Subject and name are personal: they stay out of every log (I5).
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("organisation", &self.organisation)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

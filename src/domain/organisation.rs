//! The organisations that were configured: who may knock at all, and in which part.

use std::collections::BTreeSet;

use super::id::Oin;
use super::text::{Role, Team};

/// Whose words an organisation speaks on the wire for kinds, marks and purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wording {
    /// The shared words, as the bundle in force lists them.
    #[default]
    Shared,
    /// Its own, as the bundle in force translates them; shared words are understood too.
    Own,
}

/// A public body that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its identification number; also the subject.serialNumber of its certificates.
    pub oin: Oin,
    /// Its name as people say it, such as `Instituut Mijnbouwschade Groningen`.
    pub name: String,
    /// The part it plays in the policy: `img`, `ncg` or `gemeente`.
    pub role: Role,
    /// The teams its employees can be in; a token that claims another is refused.
    pub teams: BTreeSet<Team>,
    /// Whether it keeps documents here for others to ask for.
    pub provides: bool,
    /// Where people reach it, as it is printed on letters: address, telephone, data protection officer.
    /// Empty when it was not configured.
    pub contact: String,
    /// Whose words it speaks.
    pub words: Wording,
}

/// All configured organisations. Few, so a list is searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organisations(Vec<Organisation>);

impl Organisations {
    /// The list as configured; two organisations with one OIN are a mistake of the configuration,
    /// which reports it before this is called.
    #[must_use]
    pub fn new(list: Vec<Organisation>) -> Self {
        Self(list)
    }

    /// The organisation with this OIN.
    #[must_use]
    pub fn find(&self, oin: Oin) -> Option<&Organisation> {
        self.0.iter().find(|organisation| organisation.oin == oin)
    }

    /// Every organisation, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Organisation> {
        self.0.iter()
    }
}

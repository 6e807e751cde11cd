//! Which words exist, and which documents go with which purpose: the vocabulary of a bundle.

use std::collections::{BTreeMap, BTreeSet};

use super::words::PartyWords;
use crate::domain::{DocumentKind, Mark, Purpose, Role, Team};
use crate::language::Language;

/// What a bundle's authors wrote, in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bilingual {
    /// In Dutch.
    pub dutch: String,
    /// In English.
    pub english: String,
}

impl Bilingual {
    /// The text in this language.
    #[must_use]
    pub fn told(&self, l: Language) -> &str {
        l.pick(&self.dutch, &self.english)
    }
}

/// Whether a text begins as a sentence and ends as one; whether it says anything only people can tell.
pub(super) fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && text.starts_with(char::is_uppercase)
}

/// The words of a bundle, as its parties agreed on them.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    pub(super) roles: BTreeMap<Role, Bilingual>,
    pub(super) teams: BTreeMap<Team, Bilingual>,
    pub(super) kinds: BTreeMap<DocumentKind, Bilingual>,
    pub(super) kind_origins: BTreeMap<DocumentKind, BTreeSet<Role>>,
    pub(super) marks: BTreeMap<Mark, Bilingual>,
    pub(super) purposes: BTreeMap<Purpose, PurposeInfo>,
    pub(super) own: BTreeMap<Role, PartyWords>,
}

/// One purpose of a bundle.
#[derive(Debug, Clone)]
pub struct PurposeInfo {
    /// Its code.
    pub code: Purpose,
    /// Its name.
    pub name: Bilingual,
    /// The grounds it can rest on, by the names of the schema's actions, in order of rank.
    pub actions: Vec<String>,
    /// For each party the URI of the processing activity this purpose belongs to (LDV).
    pub activities: BTreeMap<Role, String>,
    /// From whom to whom, which kinds.
    pub rows: Vec<PurposeRow>,
    /// The kinds that its parties say do not go with it, in any direction.
    pub closed: BTreeSet<DocumentKind>,
}

/// One row of the matrix the parties sign: from, to, kinds.
#[derive(Debug, Clone)]
pub struct PurposeRow {
    /// Who may hold the document.
    pub from: BTreeSet<Role>,
    /// Who may ask for it.
    pub to: BTreeSet<Role>,
    /// Which kinds.
    pub kinds: BTreeSet<DocumentKind>,
}

/// An open legal question, and which way this bundle answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Its code.
    pub code: String,
    /// The question.
    pub question: Bilingual,
    /// The answers that exist.
    pub positions: Vec<String>,
    /// The answer of this bundle.
    pub position: String,
    /// What the answers mean.
    pub explanation: Bilingual,
}

impl PurposeInfo {
    /// Whether this kind goes with this purpose in any direction at all.
    #[must_use]
    pub fn has_kind(&self, kind: &DocumentKind) -> bool {
        self.rows.iter().any(|row| row.kinds.contains(kind))
    }

    /// Whether the matrix has this cell.
    #[must_use]
    pub fn allows(&self, from: &Role, to: &Role, kind: &DocumentKind) -> bool {
        self.rows
            .iter()
            .any(|row| row.from.contains(from) && row.to.contains(to) && row.kinds.contains(kind))
    }
}

impl Vocabulary {
    /// Whether the bundle knows this purpose; if not, the edge answers `doel-onbekend`.
    #[must_use]
    pub fn knows_purpose(&self, purpose: &Purpose) -> bool {
        self.purposes.contains_key(purpose)
    }

    /// Whether the bundle knows this document kind.
    #[must_use]
    pub fn knows_kind(&self, kind: &DocumentKind) -> bool {
        self.kinds.contains_key(kind)
    }

    /// Whether the bundle knows this team.
    #[must_use]
    pub fn knows_team(&self, team: &Team) -> bool {
        self.teams.contains_key(team)
    }

    /// Whether the bundle knows this role.
    #[must_use]
    pub fn knows_role(&self, role: &Role) -> bool {
        self.roles.contains_key(role)
    }

    /// Whether the bundle knows this mark.
    #[must_use]
    pub fn knows_mark(&self, mark: &Mark) -> bool {
        self.marks.contains_key(mark)
    }

    /// The purpose with this code.
    #[must_use]
    pub fn find_purpose(&self, purpose: &Purpose) -> Option<&PurposeInfo> {
        self.purposes.get(purpose)
    }

    /// All purposes, sorted by code.
    pub fn purposes(&self) -> impl Iterator<Item = &PurposeInfo> {
        self.purposes.values()
    }

    /// All document kinds with their names, sorted by code.
    pub fn kinds(&self) -> impl Iterator<Item = (&DocumentKind, &Bilingual)> {
        self.kinds.iter()
    }

    /// All teams with their names, sorted by code.
    pub fn teams(&self) -> impl Iterator<Item = (&Team, &Bilingual)> {
        self.teams.iter()
    }

    /// All roles with their names, sorted by code.
    pub fn roles(&self) -> impl Iterator<Item = (&Role, &Bilingual)> {
        self.roles.iter()
    }

    /// All marks with their names, sorted by code.
    pub fn marks(&self) -> impl Iterator<Item = (&Mark, &Bilingual)> {
        self.marks.iter()
    }

    /// The roles in which a document of this kind comes into being.
    #[must_use]
    pub fn find_origins(&self, kind: &DocumentKind) -> Option<&BTreeSet<Role>> {
        self.kind_origins.get(kind)
    }

    /// A party's own words (the *vertaalslag*); `None` when it has none.
    #[must_use]
    pub fn find_words_of(&self, role: &Role) -> Option<&PartyWords> {
        self.own.get(role)
    }
}

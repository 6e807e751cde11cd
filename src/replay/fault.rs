//! What a replay can find wrong.

use std::fmt;

use serde::Serialize;

use crate::domain::{Role, Sha256};
use crate::identity::SignatureFlaw;
use crate::ledger::EntryFlaw;
use crate::ledger::entry::{Act, Entry, Outcome};
use crate::ledger::registry::RegistryFlaw;
use crate::ledger::verify::{Flaw, Wrong};
use crate::policy::{AgreementFlaw, Judgement};

/// Why there is no [`super::Replayed`].
#[derive(Debug, thiserror::Error)]
pub enum NotRight {
    /// The book is not whole, or could not be read.
    #[error(transparent)]
    Book(#[from] Wrong),
    /// An entry does not follow from what stands before it.
    #[error("entry {index} is wrong")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        fault: Fault,
    },
    /// What is kept as the rules of an agreement is something else.
    #[error(
        "what is kept as the bundle {0} is something else: it was changed after it was agreed on"
    )]
    Bundle(Sha256),
    /// It was not done to its end; nothing is said of the book.
    #[error("the replay was broken off")]
    Broken,
}

impl NotRight {
    /// The first wrong index, where one entry can be named.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        match self {
            Self::Book(wrong) => wrong.index(),
            Self::Entry { index, .. } => Some(*index),
            Self::Bundle(_) | Self::Broken => None,
        }
    }

    /// Whether the book was read and found wrong, rather than not read.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        match self {
            Self::Book(wrong) => wrong.is_finding(),
            Self::Entry { .. } | Self::Bundle(_) => true,
            Self::Broken => false,
        }
    }
}

/// What is wrong with an entry at its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not in its form, or what it seals is not what it committed to.
    #[error(transparent)]
    Entry(#[from] EntryFlaw),
    /// It is not in its order.
    #[error(transparent)]
    Order(#[from] Flaw),
    /// It changes the registry as it could not be changed.
    #[error(transparent)]
    Registry(#[from] RegistryFlaw),
    /// A field its kind must have is missing.
    #[error("it lacks {0}, which its kind must have")]
    Lacks(&'static str),
    /// Its fields contradict one another.
    #[error("its fields {0} and {1} contradict each other")]
    Contradicts(&'static str, &'static str),
    /// It did not see the newest facts of its address.
    #[error(
        "it was made on its address as of size {seen}, but the newest change there was at {newest}"
    )]
    Seen {
        /// The version it says to have seen.
        seen: u64,
        /// The newest version of its address then.
        newest: u64,
    },
    /// The owners it seals are others.
    #[error("the owners it seals are not those the entries before it tell")]
    Owners,
    /// One person asked and agreed.
    #[error("who agrees to it is who proposed it")]
    SamePerson,
    /// It names somebody else as who proposed it.
    #[error("it names another proposer than the proposal has")]
    Proposer,
    /// It rests on another bundle than the one in force.
    #[error("it names bundle {}, but in force was {}", short(*.recorded), short(Some(*.in_force)))]
    Bundle {
        /// The bundle it names.
        recorded: Option<Sha256>,
        /// The one in force at its moment.
        in_force: Sha256,
    },
    /// What it puts in force could not be agreed on.
    #[error("it puts a bundle in force that could not be")]
    Agreement(#[source] AgreementFlaw),
    /// A signature in it is not one of what it says.
    #[error("a signature in it is not one of what it says")]
    Signature(#[source] SignatureFlaw),
    /// A party of the bundle did not sign.
    #[error("{0} did not sign for it")]
    NotSigned(Role),
    /// It says something else than what follows.
    #[error("it says {recorded}; but what stands before it gives {follows}")]
    Differs {
        /// What it says.
        recorded: Box<Told>,
        /// What follows.
        follows: Box<Told>,
    },
    /// What a candidate said beside it is something else than follows.
    #[error("what stands beside it is not what the candidate {} says of it", short(Some(*.0)))]
    Shadow(Sha256),
    /// A search listed a kind that it could not list.
    #[error("it listed {kind}, which nobody could be permitted then")]
    Listed {
        /// The kind.
        kind: String,
    },
    /// A search withheld a kind for a reason that could not be.
    #[error("it withheld {kind} as {reason}, which could not be the reason then")]
    Withheld {
        /// The kind.
        kind: String,
        /// The reason.
        reason: String,
    },
}

fn short(bundle: Option<Sha256>) -> String {
    match bundle {
        Some(bundle) => bundle.to_string().chars().take(16).collect(),
        None => "none".to_owned(),
    }
}

/// A decision, as it is told: what was recorded, or what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Whether it was only asked what would be decided.
    #[serde(skip)]
    pub test: bool,
    /// The bundle that decided.
    #[serde(rename = "bundel", skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Sha256>,
    /// Why not; nothing for a permit.
    #[serde(rename = "reden", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The legal basis of a permit.
    #[serde(rename = "grondslag", skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Its article.
    #[serde(rename = "artikel", skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The rules that determined it.
    #[serde(rename = "regels")]
    pub rules: Vec<String>,
    /// What must happen because of a permit.
    #[serde(rename = "verplichtingen")]
    pub duties: Vec<String>,
}

impl Told {
    /// What an entry says.
    pub(super) fn recorded(entry: &Entry) -> Self {
        Self {
            test: entry.uitkomst == Some(Outcome::Test),
            bundle: entry.bundel,
            reason: match (entry.uitkomst, &entry.reden) {
                (Some(Outcome::Refused), None) => Some("(without a reason)".to_owned()),
                (_, reason) => reason.clone(),
            },
            ground: entry.grondslag.clone(),
            article: entry.artikel.clone(),
            rules: entry.regels.clone(),
            duties: entry.verplichtingen.clone(),
        }
    }

    /// What a bundle says.
    pub(super) fn follows(judgement: &Judgement, entry: &Entry) -> Self {
        let ground = judgement.ground.as_ref();
        Self {
            test: entry.handeling == Some(Act::Test),
            bundle: Some(judgement.bundle),
            reason: judgement.reason.map(|reason| reason.code().to_owned()),
            ground: ground.map(|ground| ground.iri.clone()),
            article: ground.map(|ground| ground.article.clone()),
            rules: judgement.rules.iter().map(ToString::to_string).collect(),
            duties: judgement
                .obligations
                .iter()
                .map(|duty| duty.code().to_owned())
                .collect(),
        }
    }

    /// What follows where no bundle can decide.
    pub(super) fn unusable(entry: &Entry) -> Self {
        Self {
            test: entry.handeling == Some(Act::Test),
            bundle: None,
            reason: Some(crate::policy::Reason::PolicyUnusable.code().to_owned()),
            ground: None,
            article: None,
            rules: Vec::new(),
            duties: Vec::new(),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.test {
            f.write_str("as a test: ")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, "refused, {reason}")?;
        } else {
            let article = self.article.as_deref().unwrap_or("no article");
            let ground = self.ground.as_deref().unwrap_or("no ground");
            write!(f, "permitted, {article}, {ground}")?;
        }
        if !self.rules.is_empty() {
            write!(f, ", by {}", self.rules.join(" "))?;
        }
        if !self.duties.is_empty() {
            write!(f, ", with {}", self.duties.join(" "))?;
        }
        write!(f, ", bundle {}", short(self.bundle))
    }
}

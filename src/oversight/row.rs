//! One row for each line that the desk lists, one event for each change of the registry.

use super::words::{Party, Tag, Word};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, ChoiceState, TransactionId};
use crate::ledger::entry::{Act, End, Occasion, Outcome};
use crate::policy::Difference;

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A decision about a document, or a request that was refused before there was one.
    Decision,
    /// A search at an address.
    Search,
    /// Somebody read personal data out of the registry or the book.
    Reading,
}

/// One line of the log.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Its transaction.
    pub transaction: TransactionId,
    /// What it is.
    pub what: What,
    /// What was asked for.
    pub act: Option<Act>,
    /// What it came to; decisions only.
    pub outcome: Option<Outcome>,
    /// How the transfer ended, once it did.
    pub end: Option<End>,
    /// Why somebody looked; readings at the desk only.
    pub occasion: Option<Occasion>,
    /// Whether it must be reviewed afterwards.
    pub review: bool,
    /// Whether it is about health.
    pub health: bool,
    /// In what the candidate on trial differs from it.
    pub shadow: Option<Difference>,
    /// Who asked.
    pub requester: Party,
    /// Who has the document.
    pub provider: Party,
    /// The kind of the document.
    pub kind: Word,
    /// Why it was asked for.
    pub purpose: Word,
    /// The team that asked.
    pub team: Word,
    /// The ground, as a DPV IRI.
    pub ground: Word,
    /// The article of the ground.
    pub article: Word,
    /// Why it was refused: the reason of the policy, or else the code of the problem.
    pub reason: Word,
    /// Documents a search listed, lines an export held.
    pub count: u32,
    /// Documents a search withheld.
    pub withheld: u32,
    /// The entry a reading was of.
    pub of: Option<u64>,
    /// The address.
    pub address: Tag,
    /// Who of the requester.
    pub employee: Tag,
    /// In which case of the requester.
    pub case: Tag,
    /// How many rows back the release before this one in the same case is, where cases are counted;
    /// none when zero.
    pub(super) back_in_case: u32,
}

impl Row {
    /// Whether a document was released on it.
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.what == What::Decision
            && self.outcome == Some(Outcome::Permitted)
            && self.act == Some(Act::Download)
    }

    /// Whether it is a request that was refused.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.what == What::Decision && self.outcome == Some(Outcome::Refused)
    }

    /// Whether this organisation is party to it: an officer sees nothing else. One that the book never
    /// names is party to nothing, also not to what names no provider.
    #[must_use]
    pub fn is_of(&self, own: Party) -> bool {
        own != Party::NONE && (self.requester == own || self.provider == own)
    }
}

/// What changed in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A choice was recorded, or taken back.
    Choice {
        /// Its identifier.
        id: [u8; 16],
        /// Which of the four.
        kind: ChoiceKind,
        /// What it became.
        state: ChoiceState,
        /// Whose it is.
        owner: Tag,
        /// The form it is on.
        reference: Tag,
        /// From when it holds.
        from: Moment,
        /// Until when.
        until: Option<Moment>,
    },
    /// Owners were told.
    Owners {
        /// From when they own it.
        from: Moment,
    },
    /// A dossier became active, or no longer is.
    Dossier {
        /// Which of the two.
        active: bool,
    },
    /// An unsafe situation was reported.
    Aos {
        /// Its identifier.
        id: [u8; 16],
        /// Until when.
        until: Moment,
    },
    /// It was closed.
    AosEnd {
        /// Its identifier.
        id: [u8; 16],
    },
}

/// One change of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Where.
    pub address: Tag,
    /// Who told it.
    pub by: Party,
    /// What.
    pub change: Change,
}

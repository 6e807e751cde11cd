//! The plain values that go in and out of the procedure: what the counter hands over once a
//! request is parsed, and what it gets back. No behaviour, no I/O.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::told::RuleTold;
use crate::clock::Moment;
use crate::domain::{
    AddressId, ChoiceKind, ChoiceState, Document, DocumentId, DocumentKind, Evidence, Oin,
    Organisation, OwnerId, Purpose, ShownText, TraceParent, TransactionId,
};
use crate::identity::Peer;
use crate::language::Language;
use crate::policy::Ground;

/// One call as it came in: who is at the other end of the connection, and a token nobody has
/// looked at yet.
#[derive(Debug, Clone)]
pub struct Call {
    /// This call's `Fsc-Transaction-Id`, taken over or made; its time was checked, its first use
    /// was not.
    pub transaction: TransactionId,
    /// The client certificate, checked for this request.
    pub peer: Arc<Peer>,
    /// The organisation that certificate belongs to.
    pub organisation: Arc<Organisation>,
    /// What came after `Bearer`; `None` when no token was sent.
    pub unverified_token: Option<String>,
    /// A valid W3C `traceparent`, as it came in.
    pub traceparent: Option<TraceParent>,
    /// In which language to answer.
    pub language: Language,
}

/// Everything that can go wrong towards a caller. The counter's problem table is exhaustive over
/// it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// No token where one is needed.
    #[error("no token")]
    TokenMissing,
    /// A token that is not one of ours; which check failed is for the log only.
    #[error("token invalid")]
    TokenInvalid,
    /// A token past its `exp`.
    #[error("token expired")]
    TokenExpired,
    /// A token bound to another certificate.
    #[error("token not bound to this certificate")]
    TokenNotBound,
    /// A token that was accepted before.
    #[error("token used before")]
    TokenReused,
    /// A purpose that the policy in force does not know, or that is none for this call.
    #[error("purpose unknown")]
    PurposeUnknown {
        /// The purposes that could have been meant, in the words of the organisation.
        nearest: Vec<String>,
    },
    /// The policy said no.
    #[error("not allowed: {reason}")]
    NotAllowed {
        /// The `reden` of CONTRACT.md.
        reason: &'static str,
        /// What would have made it a yes: a JSON list.
        missing: Value,
        /// The rules that forbade it.
        rules: Vec<RuleTold>,
    },
    /// Not this organisation's to change or to see.
    #[error("not authorised")]
    NotAuthorised,
    /// No such document, or none this caller may know of.
    #[error("document unknown")]
    DocumentUnknown,
    /// Nothing there.
    #[error("not found")]
    NotFound,
    /// The transaction id was used before.
    #[error("transaction used before")]
    Conflict,
    /// Input whose form is right but whose content cannot be.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// A bundle that cannot be used, and what is wrong with it by file, line and rule.
    #[error("bundle unusable")]
    BundleUnusable(Vec<FieldError>),
    /// What was signed puts nothing in force and takes nothing back.
    #[error("not agreed")]
    NotAgreed(Vec<FieldError>),
    /// What was signed contradicts what stands.
    #[error("agreed otherwise")]
    AgreedOtherwise(Vec<FieldError>),
    /// A range that lies outside the document.
    #[error("range outside the {size} bytes of the document")]
    RangeNotSatisfiable {
        /// The document's size in bytes.
        size: u64,
    },
    /// The provider answered something that is not an answer.
    #[error("provider answered wrongly")]
    ProviderError,
    /// The provider could not be reached.
    #[error("provider unreachable")]
    ProviderUnreachable,
    /// The provider took too long.
    #[error("provider too late")]
    ProviderTooLate,
    /// Nothing can be recorded, so nothing is released.
    #[error("ledger unavailable")]
    LedgerUnavailable,
    /// Too much at once.
    #[error("overloaded")]
    Overloaded,
    /// Our own mistake.
    #[error("internal")]
    Internal,
}

/// One thing wrong in the input: an item of `fouten`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where, such as `eigenaren[2]`.
    #[serde(rename = "veld")]
    pub field: String,
    /// What, in Dutch.
    #[serde(rename = "melding")]
    pub message: String,
}

/// A choice to be recorded. Its id, its recorder and its ledger index are given by the procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChoice {
    /// Which of the four questions it answers.
    pub kind: ChoiceKind,
    /// The address it is about.
    pub address: AddressId,
    /// Who chose.
    pub owner: OwnerId,
    /// The organisations that may receive; never empty, none twice.
    pub receivers: Vec<Oin>,
    /// The purposes it covers; never empty, none twice.
    pub purposes: Vec<Purpose>,
    /// The document kinds it covers; never empty, none twice.
    pub kinds: Vec<DocumentKind>,
    /// From when it holds.
    pub valid_from: Moment,
    /// Until when it holds (that moment excluded), later than `valid_from`; for ever when absent.
    pub valid_until: Option<Moment>,
    /// What proves it.
    pub evidence: Evidence,
    /// What the owner was shown.
    pub shown: ShownText,
    /// Who coordinates: there for a request for joint handling (TwG 2a(4)), and only then.
    pub coordinator: Option<Oin>,
    /// `Requested`, `Given`, `Renewed` or `Refused`.
    pub state: ChoiceState,
}

/// How a choice ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// `Withdrawn`, `Revoked`, `Invalidated` or `EnteredInError`.
    pub state: ChoiceState,
    /// What proves it, when something does.
    pub evidence: Option<Evidence>,
}

/// A report of an acutely unsafe situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAos {
    /// The address.
    pub address: AddressId,
    /// From when.
    pub from: Moment,
    /// Until when (that moment excluded), later than `from`.
    pub until: Moment,
}

/// Which documents of an address are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The address.
    pub address: AddressId,
    /// Only this kind.
    pub kind: Option<DocumentKind>,
    /// Only of this organisation.
    pub provider: Option<Oin>,
    /// At most so many, 1 to `bounds::SEARCH_DOCUMENTS`.
    pub limit: u32,
    /// The last document of the answer before.
    pub cursor: Option<DocumentId>,
}

/// What a search gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The documents this caller may have for this purpose.
    pub documents: Vec<Document>,
    /// What was withheld, by kind and reason; which and how many is not told.
    pub withheld: Vec<Withheld>,
    /// Where to go on, when there is more.
    pub cursor: Option<DocumentId>,
}

/// Something a search did not show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// The kind of what was withheld.
    pub kind: DocumentKind,
    /// The `reden` of CONTRACT.md.
    pub reason: &'static str,
}

/// What a decision would be.
#[derive(Debug, Clone, PartialEq)]
pub struct TestOutcome {
    /// Whether it would be permitted.
    pub permitted: bool,
    /// On which ground.
    pub ground: Option<Ground>,
    /// The rules that determined it.
    pub rules: Vec<String>,
    /// Why not.
    pub reason: Option<&'static str>,
    /// What would have made it a yes: a JSON list, empty when permitted.
    pub missing: Value,
    /// What the rules that determined it mean.
    pub told: Vec<RuleTold>,
}

/// One well-formed line of a bulk call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkLine {
    /// Which line, counted from 1; the lines that are not here were wrong.
    pub line: usize,
    /// The document as it must become.
    pub document: Document,
}

/// What must happen to the good lines of a bulk call when others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMode {
    /// All lines are applied, or none (`alles-of-niets`).
    AllOrNothing,
    /// Each line that can be is applied (`per-regel`).
    PerLine,
}

/// What became of one line of a bulk call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkOutcome {
    /// Applied.
    Put(Put),
    /// A document with this uuid belongs to another organisation.
    NotAuthorised,
    /// Nothing wrong with it, but another line of an all-or-nothing call was refused.
    NotApplied,
}

/// What a put did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// There was none.
    Created,
    /// There was another.
    Replaced,
    /// It was there just so.
    Unchanged,
}

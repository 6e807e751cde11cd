//! What officers may do at the desk: look (and be in the book before they see), judge, propose and
//! confirm, report, check. Each step leaves an entry; none is shown before its entry is durable
//! (DESIGN, I6).
//!
//! Who somebody is was settled by the login service; what each part may do is settled here, once, and
//! the pages only leave out what would be refused.

mod agreements;
mod check;
mod choices;
#[cfg(test)]
mod cleared;
mod erase;
#[cfg(test)]
mod erasing;
mod judge;
mod look;
mod propose;
mod report;
mod review;
mod saved;
mod taken;
mod weigh;
mod witnessed;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use agreements::{AgreedOn, AgreementStanding, Agreements, TakenBack};
pub use check::{Checked, Checking};
pub use erase::{ERASERS, InForce, NotErased, Waits, is_party};
pub use judge::{Finding, Measure, Verdict};
pub use look::{Exchanged, Opened, Proof, Viewed};
pub use propose::{Doubts, Proposed, ProposedChange};
pub use report::{Choices, Shared, SharedChoice, SharedLine, Subject};
pub use review::{AosDates, Ended, UnderReview};
pub use saved::{SEARCH_NAME_CHARS, SearchName};
pub use taken::TakenOut;
pub use weigh::{Weighed, WeighedOwner, Weighing};
pub use witnessed::{Quorum, Witness, Witnessing};

use super::record::unreadable;
use super::{Caller, Exchange, Failure, Wanted, Who};
use crate::clock::Moment;
use crate::cosign::Watch;
use crate::domain::{
    AddressId, CaseNumber, DeskRole, Employee, Oin, Organisation, Organisations, Purpose, Sha256,
    TransactionId,
};
use crate::language::Language;
use crate::ledger::entry::{Entry, Kind, Occasion};
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::{Claims, Compared, NotAppended, NotCompared, Receipt, Seen};
use crate::oversight::Oversight;
use crate::policy::{Bundle, Policies};
use check::Checks;

/// How long a remark may be.
pub const REMARK_CHARS: usize = 2_000;

/// Somebody who is logged in at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// The pseudonym the login service knows them by.
    pub subject: Employee,
    /// What to call them on the page; never recorded.
    pub name: Option<String>,
    /// Whose officer they are.
    pub organisation: Arc<Organisation>,
    /// What they may do.
    pub roles: BTreeSet<DeskRole>,
}

impl Officer {
    /// Whether they have one of these parts.
    #[must_use]
    pub fn is_any(&self, roles: &[DeskRole]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }

    fn must_be(&self, roles: &[DeskRole]) -> Result<(), Failure> {
        self.is_any(roles)
            .then_some(())
            .ok_or(Failure::NotAuthorised)
    }
}

/// Why an officer looks, in which case of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The kind of reason.
    pub occasion: Occasion,
    /// Their own case or reference.
    pub case: CaseNumber,
    /// The reason in their own words.
    pub explanation: Option<Remark>,
}

/// What an officer writes beside a judgement: 1 to [`REMARK_CHARS`] characters. It is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark(String);

impl Remark {
    /// Reads a remark; `None` when it is empty, too long, or has control characters other than line
    /// ends.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        let proper = (1..=REMARK_CHARS).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_control() && c != '\n');
        proper.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The procedures of the desk.
#[derive(Debug, Clone)]
pub struct Officers {
    exchange: Arc<Exchange>,
    oversight: Oversight,
    checks: Arc<Checks>,
    /// Who cosigns the book, if anybody does.
    witnesses: Option<Watch>,
    /// For how many years entries of a kind can be opened, where that ends.
    terms: Vec<(Kind, u16)>,
    /// Held while a proposal is answered: of a confirmation and a rejection at once, one is told that
    /// it came too late. (Two confirmations are told apart by the ledger itself.)
    answering: Arc<tokio::sync::Mutex<()>>,
}

/// What an officer's entry is about, for its seals.
#[derive(Debug, Clone, Copy)]
enum About {
    /// An address: erased with it.
    Address(AddressId),
    /// Nobody's address.
    Nowhere,
}

impl Officers {
    /// The procedures, on this exchange and this view of its book.
    #[must_use]
    pub fn new(exchange: Arc<Exchange>, oversight: Oversight) -> Self {
        Self {
            exchange,
            oversight,
            checks: Arc::default(),
            witnesses: None,
            terms: Vec::new(),
            answering: Arc::default(),
        }
    }

    /// The book as it can be searched and counted.
    #[must_use]
    pub const fn oversight(&self) -> &Oversight {
        &self.oversight
    }

    /// The organisations that take part.
    #[must_use]
    pub fn organisations(&self) -> &Organisations {
        &self.exchange.organisations
    }

    /// The bundles this gateway has.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.exchange.policies
    }

    /// The bundle that is asked beside the one in force, if there is one.
    #[must_use]
    pub fn candidate(&self) -> Option<Arc<Bundle>> {
        let trial = self.exchange.trial()?;
        Some(Arc::clone(trial.bundle()))
    }

    /// A bundle that is here, or looks on.
    #[must_use]
    pub fn find_bundle(&self, hash: Sha256) -> Option<Arc<Bundle>> {
        let candidate = || self.candidate().filter(|bundle| bundle.hash() == hash);
        self.policies().find(hash).or_else(candidate)
    }

    /// The bundle in force now, if there is one.
    #[must_use]
    pub fn bundle_in_force(&self) -> Option<Arc<Bundle>> {
        let known = self.exchange.in_force.load();
        let bundle = known.bundle(&self.exchange.policies, self.now());
        bundle.ok()
    }

    /// The last signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.exchange.ledger.checkpoint()
    }

    /// Holds a checkpoint that somebody kept against the book.
    ///
    /// # Errors
    /// [`NotCompared`].
    pub async fn compare(&self, note: &str) -> Result<Compared, NotCompared> {
        self.exchange.ledger.compare(note).await
    }

    /// The key that verifies checkpoints.
    #[must_use]
    pub fn ledger_key(&self) -> String {
        self.exchange.ledger.verifier().to_string()
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.exchange.clock.now()
    }

    /// An entry by this officer, with what is personal about it.
    fn entry(
        &self,
        officer: &Officer,
        kind: Kind,
        cause: Option<&Cause>,
    ) -> Result<(Box<Entry>, Personal), Failure> {
        let now = self.now();
        let transaction = self.transaction(now)?;
        let mut entry = Box::new(Entry::new(kind, now, transaction));
        entry.aanvrager = Some(officer.organisation.oin);
        entry.doel = Purpose::parse(Purpose::REGISTRY).ok();
        let mut personal = Personal::none().with("medewerker", &officer.subject);
        if let Some(cause) = cause {
            entry.aanleiding = Some(cause.occasion);
            personal = personal.with("zaak", &cause.case);
            if let Some(explanation) = &cause.explanation {
                personal = personal.with("toelichting", explanation.as_str());
            }
        }
        Ok((entry, personal))
    }

    fn transaction(&self, now: Moment) -> Result<TransactionId, Failure> {
        TransactionId::new(now, &*self.exchange.random).map_err(unreadable)
    }

    /// Appends an entry that rests on no facts.
    async fn append(
        &self,
        officer: &Officer,
        entry: Box<Entry>,
        personal: Personal,
        about: About,
    ) -> Result<Receipt, Failure> {
        let owner = match about {
            About::Address(address) => Owner::Address(address),
            About::Nowhere => Owner::Organisation(officer.organisation.oin),
        };
        let nothing = Seen::nothing();
        let ledger = &self.exchange.ledger;
        let draft = ledger
            .draft(entry, &personal, owner, Claims::default(), nothing, None)
            .await;
        let appended = match draft {
            Ok(draft) => ledger.append(draft).await,
            Err(error) => Err(error),
        };
        appended.map_err(|error| match error {
            NotAppended::Overloaded | NotAppended::Stale => Failure::Overloaded,
            NotAppended::TokenUsed
            | NotAppended::TransactionUsed
            | NotAppended::Held
            | NotAppended::NotWaiting
            | NotAppended::NothingToErase => Failure::Conflict,
            NotAppended::Unwitnessed | NotAppended::Unavailable => Failure::LedgerUnavailable,
        })
    }

    /// The officer as somebody who calls for a change of the registry.
    fn caller(&self, officer: &Officer, cause: &Cause) -> Result<Caller, Failure> {
        let purpose = Purpose::parse(Purpose::REGISTRY).map_err(unreadable)?;
        Ok(Caller {
            organisation: Arc::clone(&officer.organisation),
            who: Who {
                employee: officer.subject.clone(),
                case: cause.case.clone(),
                purpose: Wanted::Purpose(purpose),
                team: None,
                document: None,
                token: None,
            },
            transaction: self.transaction(self.now())?,
            traceparent: None,
            language: Language::Dutch,
        })
    }

    /// The organisations this one can name in a form: all that take part.
    #[must_use]
    pub fn find_organisation(&self, oin: Oin) -> Option<&Organisation> {
        self.exchange.organisations.find(oin)
    }
}

//! What the procedure leaves in the book: decisions, refusals, readings, each with its seals.

use serde_json::json;

use super::api::{Call, Failure};
use super::beside::On;
use super::{Caller, Exchange, told};
use crate::clock::Moment;
use crate::domain::{
    AddressFacts, AddressId, DocumentId, Oin, OwnerId, Purpose, Sha256, TraceParent, TransactionId,
};
use crate::errors::in_full;
use crate::ledger::entry::{Act, Entry, Kind, Outcome};
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::{Claims, Draft, NotAppended, Receipt, Seen, permitted};
use crate::policy::{Bundle, Denial, Missing, Permit, Reason};
use crate::store::Subject;

/// A no of the policy.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) missing: Vec<Missing>,
    pub(super) rules: Vec<String>,
    pub(super) bundle: Option<Sha256>,
}

impl From<&Denial> for Refusal {
    fn from(denial: &Denial) -> Self {
        Self {
            reason: denial.reason().code(),
            missing: denial.missing().to_vec(),
            rules: told::ids(denial.rules()),
            bundle: Some(denial.bundle()),
        }
    }
}

impl Refusal {
    /// What could not be checked is refused.
    pub(super) fn policy_unusable(bundle: Option<Sha256>) -> Self {
        Self {
            reason: Reason::PolicyUnusable.code(),
            missing: Vec::new(),
            rules: Vec::new(),
            bundle,
        }
    }
}

/// A store or book that cannot be read: refused, because nothing could be checked.
pub(super) fn unreadable(error: impl std::error::Error) -> Failure {
    tracing::error!(error = in_full(&error), "the facts cannot be read");
    Failure::LedgerUnavailable
}

/// What to tell the caller of a refusal: that, unless it could not be recorded.
fn answer(recorded: Result<Receipt, NotAppended>, failure: Failure) -> Failure {
    match recorded {
        Ok(_) => failure,
        Err(NotAppended::Overloaded) => Failure::Overloaded,
        Err(_) => Failure::LedgerUnavailable,
    }
}

/// Owners as one value to be sealed: a JSON list, sorted.
pub(super) fn owners_value<'o>(owners: impl Iterator<Item = &'o OwnerId>) -> String {
    json!(owners.map(OwnerId::as_str).collect::<Vec<_>>()).to_string()
}

/// The trace a decision is part of. Who calls chooses those ids, so what could be a number of
/// somebody is not kept (DESIGN, I5).
fn trail(kind: Kind, sent: Option<TraceParent>) -> Option<TraceParent> {
    let decides = matches!(kind, Kind::Decision | Kind::Search);
    sent.filter(|sent| decides && !sent.could_be_a_number())
}

/// With whose address it is at this moment, where that is known.
pub(super) fn with_owners(personal: Personal, facts: &AddressFacts, now: Moment) -> Personal {
    let owners = facts.owners_at(now);
    if owners.is_empty() {
        return personal;
    }
    personal.with("eigenaren", owners_value(owners.keys()))
}

impl Caller {
    /// What this call uses up: its token and its transaction id.
    pub(super) fn uses(&self) -> Claims {
        Claims {
            token: self.who.token,
            transaction: Some(self.transaction),
        }
    }

    /// An entry about this call.
    pub(super) fn entry(&self, kind: Kind, at: Moment) -> Box<Entry> {
        let mut entry = Box::new(Entry::new(kind, at, self.transaction));
        entry.aanvrager = Some(self.organisation.oin);
        entry.doel = self.who.purpose.known().cloned();
        entry.team.clone_from(&self.who.team);
        entry.spoor = trail(kind, self.traceparent);
        entry
    }

    /// Who asked and for which case, to be sealed.
    pub(super) fn personal(&self) -> Personal {
        Personal::none()
            .with("medewerker", &self.who.employee)
            .with("zaak", &self.who.case)
    }

    /// Whose key seals an entry that is about no known address.
    pub(super) fn own_key(&self) -> Owner {
        Owner::Organisation(self.organisation.oin)
    }
}

impl Exchange {
    /// A no of the policy, as this caller is told.
    pub(super) fn refused(&self, caller: &Caller, refusal: &Refusal) -> Failure {
        Failure::NotAllowed {
            reason: refusal.reason,
            missing: self.missing_told(caller, &refusal.missing),
            rules: self.rules_told(caller.language, refusal.bundle, &refusal.rules),
        }
    }

    /// The draft of a decision about a subject, without its outcome filled in by `outcome`.
    async fn decision_draft(
        &self,
        caller: &Caller,
        subject: &Subject,
        now: Moment,
        epoch: Option<u64>,
        outcome: impl FnOnce(&mut Entry) + Send,
    ) -> Result<Draft, NotAppended> {
        let document = &subject.document;
        let facts = &subject.address.facts;
        let mut entry = caller.entry(Kind::Decision, now);
        entry.bron = Some(document.provider);
        entry.documentsoort = Some(document.kind.clone());
        entry.gezondheid = Some(document.health);
        entry.gezien = Some(facts.version);
        outcome(&mut entry);
        let personal = caller
            .personal()
            .with("document", document.id)
            .with("nummeraanduiding", document.address)
            .with("titel", &document.title);
        let personal = with_owners(personal, facts, now);
        let seen = Seen {
            address: Some(subject.address.clone()),
            policy_epoch: epoch,
        };
        let owner = Owner::Address(document.address);
        self.ledger
            .draft(entry, &personal, owner, caller.uses(), seen, None)
            .await
    }

    /// The draft of a permit.
    pub(super) async fn permit_draft(
        &self,
        caller: &Caller,
        act: Act,
        subject: &Subject,
        now: Moment,
        on: &On,
        permit: &Permit,
    ) -> Result<Draft, NotAppended> {
        self.decision_draft(caller, subject, now, Some(on.epoch), |entry| {
            permitted(entry, permit, act);
            on.tell(entry);
        })
        .await
    }

    /// Records a no of the policy.
    pub(super) async fn record_refusal(
        &self,
        caller: &Caller,
        act: Act,
        subject: &Subject,
        now: Moment,
        on: &On,
        refusal: &Refusal,
    ) -> Result<Receipt, NotAppended> {
        let draft = self
            .decision_draft(caller, subject, now, Some(on.epoch), |entry| {
                on.tell(entry);
                entry.handeling = Some(act);
                entry.uitkomst = Some(if act == Act::Test {
                    Outcome::Test
                } else {
                    Outcome::Refused
                });
                entry.reden = Some(refusal.reason.to_owned());
                entry.regels.clone_from(&refusal.rules);
                entry.bundel = refusal.bundle;
            })
            .await?;
        self.ledger.append(draft).await
    }

    /// Records that the range that was asked for lies outside the document.
    pub(super) async fn record_bad_range(
        &self,
        caller: &Caller,
        act: Act,
        subject: &Subject,
        now: Moment,
        size: u64,
    ) -> Failure {
        let draft = self.decision_draft(caller, subject, now, None, |entry| {
            entry.handeling = Some(act);
            entry.uitkomst = Some(Outcome::Refused);
            entry.code = Some("bereik-ongeldig".to_owned());
        });
        let recorded = match draft.await {
            Ok(draft) => self.ledger.append(draft).await,
            Err(error) => Err(error),
        };
        match recorded {
            Ok(_) => Failure::RangeNotSatisfiable { size },
            Err(error) => self.not_appended(caller, act, error).await,
        }
    }

    /// Records a refusal that no policy was asked about, and answers what to tell the caller.
    async fn record_other(
        &self,
        mut entry: Box<Entry>,
        code: &'static str,
        personal: &Personal,
        requester: Oin,
        claims: Claims,
    ) -> Result<Receipt, NotAppended> {
        entry.uitkomst = Some(Outcome::Refused);
        entry.code = Some(code.to_owned());
        let nothing = Seen::nothing();
        let owner = Owner::Organisation(requester);
        let draft = self
            .ledger
            .draft(entry, personal, owner, claims, nothing, None)
            .await?;
        self.ledger.append(draft).await
    }

    /// Records a call with no good token. Its claims are not believed, so none are recorded.
    pub(super) async fn record_bad_token(&self, call: &Call, failure: Failure) -> Failure {
        let code = match failure {
            Failure::TokenMissing => "token-ontbreekt",
            Failure::TokenExpired => "token-verlopen",
            Failure::TokenNotBound => "token-niet-gebonden",
            _ => "token-ongeldig",
        };
        let oin = call.organisation.oin;
        let entry = || {
            let now = self.clock.now();
            let mut entry = Box::new(Entry::new(Kind::Decision, now, call.transaction));
            entry.aanvrager = Some(oin);
            entry.spoor = trail(Kind::Decision, call.traceparent);
            entry
        };
        let claims = Claims {
            token: None,
            transaction: Some(call.transaction),
        };
        let none = Personal::none();
        match self.record_other(entry(), code, &none, oin, claims).await {
            Err(NotAppended::TransactionUsed) => self.record_conflict(entry(), &none, oin).await,
            recorded => answer(recorded, failure),
        }
    }

    /// Records that a verified caller was refused before any policy was asked.
    pub(super) async fn record_code(
        &self,
        caller: &Caller,
        act: Act,
        code: &'static str,
        personal: Personal,
        failure: Failure,
    ) -> Failure {
        let mut entry = caller.entry(Kind::Decision, self.clock.now());
        entry.handeling = Some(act);
        let oin = caller.organisation.oin;
        match self
            .record_other(entry, code, &personal, oin, caller.uses())
            .await
        {
            Ok(_) => failure,
            Err(error) => self.not_appended(caller, act, error).await,
        }
    }

    /// Records that what was asked for is not there, or not this caller's to see.
    pub(super) async fn record_missing(&self, caller: &Caller) -> Failure {
        let personal = caller.personal();
        let failure = Failure::NotFound;
        self.record_code(caller, Act::Registry, "niet-gevonden", personal, failure)
            .await
    }

    /// Records that a document is not in the index.
    pub(super) async fn record_unknown(
        &self,
        caller: &Caller,
        act: Act,
        id: DocumentId,
    ) -> Failure {
        let personal = caller.personal().with("document", id);
        self.record_code(
            caller,
            act,
            "document-onbekend",
            personal,
            Failure::DocumentUnknown,
        )
        .await
    }

    /// Answers what to tell the caller when nothing was appended; a token or a transaction id that was
    /// used before is a refusal of its own, and recorded.
    pub(super) async fn not_appended(
        &self,
        caller: &Caller,
        act: Act,
        error: NotAppended,
    ) -> Failure {
        match error {
            NotAppended::TokenUsed | NotAppended::TransactionUsed => {
                let mut entry = caller.entry(Kind::Decision, self.clock.now());
                entry.handeling = Some(act);
                let oin = caller.organisation.oin;
                let personal = self.seal_unknown_purpose(caller, &mut entry);
                if error == NotAppended::TransactionUsed {
                    return self.record_conflict(entry, &personal, oin).await;
                }
                // The attempt that found the token used has used up the transaction id.
                let none = Claims::default();
                let recorded = self.record_other(entry, "token-hergebruikt", &personal, oin, none);
                answer(recorded.await, Failure::TokenReused)
            }
            NotAppended::Unwitnessed => {
                self.ledger.note_unwitnessed();
                let mut entry = caller.entry(Kind::Decision, self.clock.now());
                entry.handeling = Some(act);
                let (oin, personal) = (caller.organisation.oin, caller.personal());
                let code = "logboek-onbeschikbaar";
                let recorded = self.record_other(entry, code, &personal, oin, caller.uses());
                answer(recorded.await, Failure::LedgerUnavailable)
            }
            NotAppended::Overloaded | NotAppended::Stale => Failure::Overloaded,
            NotAppended::Held | NotAppended::NotWaiting | NotAppended::NothingToErase => {
                Failure::Conflict
            }
            NotAppended::Unavailable => Failure::LedgerUnavailable,
        }
    }

    /// Records that a transaction id was used before: under one of its own, for the one that was used
    /// names another call.
    async fn record_conflict(
        &self,
        mut entry: Box<Entry>,
        personal: &Personal,
        requester: Oin,
    ) -> Failure {
        let Ok(fresh) = TransactionId::new(self.clock.now(), &*self.random) else {
            return Failure::LedgerUnavailable;
        };
        entry.transactie = fresh;
        let none = Claims::default();
        let recorded = self.record_other(entry, "conflict", personal, requester, none);
        answer(recorded.await, Failure::Conflict)
    }

    /// A requester's token must be for a purpose the bundle in force knows, and if it names a
    /// document, for that one.
    pub(super) async fn check_requester(
        &self,
        caller: &Caller,
        act: Act,
        document: Option<DocumentId>,
    ) -> Result<(), Failure> {
        // Another gateway may have put a bundle in force that knows it.
        if !self.knows_purpose(caller) {
            self.refresh_policy().await?;
        }
        if !self.knows_purpose(caller) {
            return Err(self.record_wrong_purpose(caller, act).await);
        }
        if caller
            .who
            .document
            .is_some_and(|only| Some(only) != document)
        {
            let personal = match document {
                Some(id) => caller.personal().with("document", id),
                None => caller.personal(),
            };
            let failure = Failure::TokenInvalid;
            return Err(self
                .record_code(caller, act, "token-ongeldig", personal, failure)
                .await);
        }
        Ok(())
    }

    /// Whether the bundle in force knows what this caller wants.
    fn knows_purpose(&self, caller: &Caller) -> bool {
        let known = self.in_force.load();
        let bundle = known.bundle(&self.policies, self.clock.now());
        // Without a bundle in force the decision itself is the refusal, with its own reason.
        bundle.map_or(true, |bundle| {
            let purpose = caller.who.purpose.known();
            purpose.is_some_and(|purpose| bundle.vocabulary().knows_purpose(purpose))
        })
    }

    /// A token for the registry, the index or the book must say so.
    pub(super) async fn check_registry(&self, caller: &Caller) -> Result<(), Failure> {
        if caller.who.purpose.known().is_some_and(Purpose::is_registry) {
            return Ok(());
        }
        Err(self.record_wrong_purpose(caller, Act::Registry).await)
    }

    /// What is personal about this caller. A purpose that no bundle knows is free text, which could
    /// be about somebody: it moves from the entry to what is sealed (DESIGN, I5).
    fn seal_unknown_purpose(&self, caller: &Caller, entry: &mut Entry) -> Personal {
        let in_force = self.in_force.load();
        let bundle = in_force.bundle(&self.policies, self.clock.now()).ok();
        let vocabulary = bundle.as_deref().map(Bundle::vocabulary);
        let known = caller.who.purpose.known().is_some_and(|purpose| {
            purpose.is_registry() || vocabulary.is_some_and(|words| words.knows_purpose(purpose))
        });
        if known {
            return caller.personal();
        }
        entry.doel = None;
        caller.personal().with("doel", caller.who.purpose.word())
    }

    /// Records a purpose that is none for this call.
    async fn record_wrong_purpose(&self, caller: &Caller, act: Act) -> Failure {
        let mut entry = caller.entry(Kind::Decision, self.clock.now());
        entry.handeling = Some(act);
        let personal = self.seal_unknown_purpose(caller, &mut entry);
        let oin = caller.organisation.oin;
        let recorded = self
            .record_other(entry, "doel-onbekend", &personal, oin, caller.uses())
            .await;
        match recorded {
            Ok(_) => {
                let codes = self.vocabulary(&caller.organisation);
                let nearest = match act {
                    // No purpose of a bundle is one for the registry.
                    Act::Registry => Vec::new(),
                    _ => codes.purposes.nearest(caller.who.purpose.word()),
                };
                Failure::PurposeUnknown { nearest }
            }
            Err(error) => self.not_appended(caller, act, error).await,
        }
    }

    /// Records that a change of the index was refused, after it used up its token and transaction.
    pub(super) async fn record_index_refusal(
        &self,
        caller: &Caller,
        code: &'static str,
        failure: Failure,
    ) -> Failure {
        let mut entry = caller.entry(Kind::Decision, self.clock.now());
        entry.handeling = Some(Act::Registry);
        let (personal, used) = (caller.personal(), Claims::default());
        let oin = caller.organisation.oin;
        match self.record_other(entry, code, &personal, oin, used).await {
            Ok(_) => failure,
            Err(NotAppended::Overloaded) => Failure::Overloaded,
            Err(_) => Failure::LedgerUnavailable,
        }
    }

    /// Records that something is not this organisation's to change or see.
    pub(super) async fn record_not_authorised(&self, caller: &Caller) -> Failure {
        let failure = Failure::NotAuthorised;
        let personal = caller.personal();
        self.record_code(caller, Act::Registry, "niet-bevoegd", personal, failure)
            .await
    }

    /// Records a reading of personal data out of the registry or the book, before it is shown
    /// (DESIGN, I6).
    pub(super) async fn record_reading(
        &self,
        caller: &Caller,
        address: Option<AddressId>,
        of: Option<u64>,
    ) -> Result<Receipt, Failure> {
        let mut entry = caller.entry(Kind::Reading, self.clock.now());
        entry.index = of;
        let (personal, owner) = match address {
            Some(address) => (
                caller.personal().with("nummeraanduiding", address),
                Owner::Address(address),
            ),
            None => (caller.personal(), caller.own_key()),
        };
        let nothing = Seen::nothing();
        let draft = self
            .ledger
            .draft(entry, &personal, owner, caller.uses(), nothing, None)
            .await;
        let recorded = match draft {
            Ok(draft) => self.ledger.append(draft).await,
            Err(error) => Err(error),
        };
        match recorded {
            Ok(receipt) => Ok(receipt),
            Err(error) => Err(self.not_appended(caller, Act::Registry, error).await),
        }
    }
}

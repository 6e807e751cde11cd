//! The procedure: identify → facts → decide → record → forward. This file is the story of one
//! request; its neighbours are the other calls (`reading`, `registry`), the entries they leave
//! (`record`), and the body on its way out (`release`).
//!
//! What it deliberately does not do: parse HTTP, hold a connection, know SQL or Cedar.

mod agreed;
mod agreement;
mod api;
mod beside;
mod in_force;
mod logs;
pub mod officer;
mod reading;
mod record;
mod registry;
mod release;
#[cfg(test)]
pub(crate) mod testing;
mod told;
mod unsettled;
mod words;

use std::sync::Arc;

pub use api::{
    BulkLine, BulkMode, BulkOutcome, Call, Failure, FieldError, Found, NewAos, NewChoice, Put,
    Search, TestOutcome, Withdrawal, Withheld,
};
pub use logs::{LogsPage, LogsWanted, Order};
pub use release::{BrokenOff, Release, ReleaseBody};
pub use told::RuleTold;
pub use words::{Codes, KnownCodes};

pub use crate::ledger::Receipt;
pub use crate::policy::Ground;
pub use crate::provider::ByteRange;

use crate::bounds;
use crate::clock::{Clock, Moment, Random};
use crate::domain::{
    AddressFacts, CaseNumber, Document, DocumentId, Employee, Organisation, Organisations, Purpose,
    Team, TraceParent, TransactionId, Word, Wording,
};
use crate::errors::in_full;
use crate::identity::{Claims, Identity, TokenError};
use crate::language::Language;
use crate::ledger::entry::{Act, End};
use crate::ledger::{Ledger, NotAppended, Recorded, Report};
use crate::policy::{
    Agreement, Bundle, DocumentFacts, Permit, Policies, Question, SignedAgreement, Verdict,
};
use crate::provider::{Outbound, ProviderFailure, Providers};
use crate::spans::{self, Role};
use crate::store::{ClaimedToken, Store, Subject};
pub use agreed::Settled;
pub use agreement::NotAgreed;
pub use beside::Trial;
use beside::{Beside, Decided, On};
use in_force::InForce;
use record::Refusal;

/// Everything the procedure works with.
#[derive(Debug)]
pub struct Exchange {
    organisations: Organisations,
    identity: Arc<Identity>,
    store: Store,
    policies: Policies,
    in_force: InForce,
    trial: Option<Arc<Trial>>,
    ledger: Ledger,
    providers: Providers,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What an [`Exchange`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// Who takes part.
    pub organisations: Organisations,
    /// Who is who.
    pub identity: Arc<Identity>,
    /// The facts.
    pub store: Store,
    /// The bundles this gateway has.
    pub policies: Policies,
    /// The bundle that is asked beside the one in force. Not one of `policies`: it decides nothing.
    pub shadow: Option<Arc<Bundle>>,
    /// The book.
    pub ledger: Ledger,
    /// The roads out.
    pub providers: Providers,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

/// A caller whose certificate and token agree. Good for one call: every procedure takes it by value.
#[derive(Debug)]
#[must_use = "an identified caller has a call to make"]
pub struct Caller {
    organisation: Arc<Organisation>,
    who: Who,
    transaction: TransactionId,
    traceparent: Option<TraceParent>,
    /// In which language it is spoken to.
    language: Language,
}

/// Who of an organisation asks, why and in which case: a token said so, or a session at the desk.
#[derive(Debug)]
struct Who {
    employee: Employee,
    case: CaseNumber,
    purpose: Wanted,
    team: Option<Team>,
    /// The only document it is good for.
    document: Option<DocumentId>,
    /// The token that is used up by it.
    token: Option<ClaimedToken>,
}

/// What somebody wants a document for.
#[derive(Debug)]
enum Wanted {
    /// A shared word; whether the bundle in force knows it is not said.
    Purpose(Purpose),
    /// A word that is neither the organisation's own nor can be a shared one.
    Strange(Word),
}

impl Wanted {
    const fn known(&self) -> Option<&Purpose> {
        match self {
            Self::Purpose(purpose) => Some(purpose),
            Self::Strange(_) => None,
        }
    }

    fn word(&self) -> &str {
        match self {
            Self::Purpose(purpose) => purpose.as_str(),
            Self::Strange(word) => word.as_str(),
        }
    }
}

impl Who {
    /// Whom a token is about, with what its word for the purpose means.
    fn new(claims: &Claims, purpose: Wanted) -> Self {
        Self {
            employee: claims.employee().clone(),
            case: claims.case().clone(),
            purpose,
            team: claims.team().cloned(),
            document: claims.document(),
            token: Some(ClaimedToken {
                tag: *claims.token_id(),
                until: claims
                    .expires()
                    .plus_ms(bounds::TOKEN_LEEWAY_SECONDS * 1000),
            }),
        }
    }
}

impl Caller {
    /// The organisation that asks.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// Its call.
    #[must_use]
    pub const fn transaction(&self) -> TransactionId {
        self.transaction
    }
}

impl Exchange {
    /// Puts the parts together and learns from the book which bundle is in force.
    ///
    /// # Errors
    /// [`Failure::LedgerUnavailable`] when the book cannot be read.
    pub async fn new(parts: Parts) -> Result<Self, Failure> {
        let in_force = InForce::learn(&parts.ledger, &parts.policies).await?;
        Ok(Self {
            organisations: parts.organisations,
            identity: parts.identity,
            store: parts.store,
            policies: parts.policies,
            in_force,
            trial: parts.shadow.map(|bundle| Arc::new(Trial::new(bundle))),
            ledger: parts.ledger,
            providers: parts.providers,
            clock: parts.clock,
            random: parts.random,
        })
    }

    /// Identify: the token must be the organisation's own, for this certificate and for us. That it
    /// is used only once is settled when the call is recorded, in the same transaction.
    ///
    /// # Errors
    /// [`Failure`]; the refusal is in the book before it is answered.
    pub async fn identify(&self, call: Call) -> Result<Caller, Failure> {
        let part = spans::enter("identify");
        let verified = match call.unverified_token.as_deref() {
            None => Err(Failure::TokenMissing),
            Some(unverified) => self
                .identity
                .verify_token(unverified, &call.peer, &call.organisation)
                .map_err(|error| match error {
                    TokenError::Invalid(flaw) => {
                        tracing::info!(
                            organisation.oin = call.organisation.oin.as_str(),
                            transaction.id = %call.transaction,
                            token.flaw = %flaw,
                            "a request token was refused"
                        );
                        Failure::TokenInvalid
                    }
                    TokenError::Expired => Failure::TokenExpired,
                    TokenError::NotBound => Failure::TokenNotBound,
                }),
        };
        drop(part);
        let claims = match verified {
            Ok(claims) => claims,
            Err(failure) => return Err(self.record_bad_token(&call, failure).await),
        };
        let purpose = self.purpose_meant(&call.organisation, claims.purpose());
        Ok(Caller {
            organisation: call.organisation,
            who: Who::new(&claims, purpose),
            transaction: call.transaction,
            traceparent: call.traceparent,
            language: call.language,
        })
    }

    /// What an organisation's word for a purpose means. From here on there are shared words only.
    fn purpose_meant(&self, organisation: &Organisation, word: &Word) -> Wanted {
        let own = || {
            let known = self.in_force.load();
            let bundle = known.bundle(&self.policies, self.clock.now()).ok()?;
            let own = bundle.vocabulary().find_words_of(&organisation.role)?;
            own.purposes.find(word.as_str()).cloned()
        };
        let own = match organisation.words {
            Wording::Shared => None,
            Wording::Own => own(),
        };
        match own.map_or_else(|| Purpose::parse(word.as_str()), Ok) {
            Ok(purpose) => Wanted::Purpose(purpose),
            Err(_) => Wanted::Strange(word.clone()),
        }
    }

    /// A document, from its provider to the requester, on a recorded ground.
    ///
    /// # Errors
    /// [`Failure`]; whatever was refused is in the book before it is answered.
    pub async fn download(
        &self,
        caller: Caller,
        id: DocumentId,
        range: Option<ByteRange>,
    ) -> Result<Release, Failure> {
        let act = Act::Download;
        self.check_requester(&caller, act, Some(id)).await?;
        for _ in 0..bounds::DECISION_ATTEMPTS {
            // Facts: of one snapshot; perhaps of yesterday, which the ledger would notice.
            let Some(subject) = self.find_subject(id).await? else {
                return Err(self.record_unknown(&caller, act, id).await);
            };
            // Decide.
            let now = self.clock.now();
            let Decided { outcome, on } = self.decide_beside(&caller, &subject, now);
            let permit = match outcome {
                Ok(permit) => permit,
                Err(refusal) => match self
                    .record_refusal(&caller, act, &subject, now, &on, &refusal)
                    .await
                {
                    Err(NotAppended::Stale) => {
                        self.learn_anew(&subject).await?;
                        continue;
                    }
                    Ok(_) => {
                        self.count(&on);
                        return Err(self.refused(&caller, &refusal));
                    }
                    Err(error) => return Err(self.not_appended(&caller, act, error).await),
                },
            };
            let size = subject.document.size_bytes;
            if range.is_some_and(|range| range.within(size).is_none()) {
                return Err(self
                    .record_bad_range(&caller, act, &subject, now, size)
                    .await);
            }
            // Record: what comes back exists only after the commit.
            let draft = self
                .permit_draft(&caller, act, &subject, now, &on, &permit)
                .await;
            let recorded = match draft {
                Ok(draft) => self.ledger.release(permit, draft).await,
                Err(error) => Err(error),
            };
            match recorded {
                // Forward.
                Ok(recorded) => {
                    self.count(&on);
                    return self.forward(&caller, &subject, recorded, range).await;
                }
                Err(NotAppended::Stale) => self.learn_anew(&subject).await?,
                Err(error) => return Err(self.not_appended(&caller, act, error).await),
            }
        }
        Err(Failure::Overloaded)
    }

    /// Facts: a document and its address.
    async fn find_subject(&self, id: DocumentId) -> Result<Option<Subject>, Failure> {
        let _part = spans::enter("facts");
        self.store
            .find_subject(id)
            .await
            .map_err(record::unreadable)
    }

    /// Forward: the provider is asked only now, and only with what was recorded. Whatever happens
    /// from here on ends in a closing entry.
    async fn forward(
        &self,
        caller: &Caller,
        subject: &Subject,
        recorded: Recorded,
        range: Option<ByteRange>,
    ) -> Result<Release, Failure> {
        let document = &subject.document;
        let part = spans::enter_as("forward", Role::Client);
        part.tell(|| vec![("provider.oin", document.provider.as_str().into())]);
        let article = recorded.ground().article.clone();
        let index = recorded.receipt().index;
        let outbound = caller.who.purpose.known().and_then(|purpose| {
            Outbound::new(
                &recorded,
                document,
                range,
                spans::outgoing().or(caller.traceparent),
                purpose.clone(),
                caller.organisation.oin,
            )
        });
        let Some(outbound) = outbound else {
            recorded
                .into_closing()
                .finish(&Report::nothing(500, End::BrokenByProvider));
            return Err(Failure::Internal);
        };
        let (closing, answer) = self.providers.open(recorded, outbound).await;
        match answer {
            Ok(incoming) => Ok(Release::new(document, article, index, incoming, closing)),
            Err(failure) => {
                part.fail();
                let (status, told) = match &failure {
                    ProviderFailure::Unreachable(_) => (502, Failure::ProviderUnreachable),
                    ProviderFailure::TooLate(_) => (504, Failure::ProviderTooLate),
                    ProviderFailure::Wrong(_) => (502, Failure::ProviderError),
                    ProviderFailure::NotFound => (404, Failure::DocumentUnknown),
                };
                tracing::warn!(
                    provider.oin = document.provider.as_str(),
                    transaction.id = %caller.transaction,
                    error = in_full(&failure),
                    "a provider gave no document"
                );
                closing.finish(&Report::nothing(status, End::BrokenByProvider));
                Err(told)
            }
        }
    }

    /// Decide: pure, on these facts and the bundle in force at this moment. Also answers the policy
    /// epoch that was seen, which the append compares.
    fn decide(
        &self,
        caller: &Caller,
        document: &Document,
        address: &AddressFacts,
        now: Moment,
    ) -> (Result<Permit, Refusal>, u64) {
        let Decided { outcome, on } = self.decide_with(caller, document, address, now, None);
        (outcome, on.epoch)
    }

    /// The same about a document that is asked for, with the candidate beside it if there is one.
    fn decide_beside(&self, caller: &Caller, subject: &Subject, now: Moment) -> Decided {
        let _part = spans::enter("decide");
        let (document, facts) = (&subject.document, &subject.address.facts);
        self.decide_with(caller, document, facts, now, self.trial.as_deref())
    }

    fn decide_with(
        &self,
        caller: &Caller,
        document: &Document,
        address: &AddressFacts,
        now: Moment,
        trial: Option<&Trial>,
    ) -> Decided {
        let known = self.in_force.load();
        let decided = |outcome, beside| Decided {
            outcome,
            on: On {
                epoch: known.epoch(),
                beside,
            },
        };
        let unusable = |bundle| decided(Err(Refusal::policy_unusable(bundle)), Beside::NotAsked);
        let Ok(bundle) = known.bundle(&self.policies, now) else {
            return unusable(None);
        };
        let (Some(provider), Some(purpose)) = (
            self.organisations.find(document.provider),
            caller.who.purpose.known(),
        ) else {
            // An organisation that was taken out of the configuration has no part in the policy.
            return unusable(Some(bundle.hash()));
        };
        let question = Question {
            at: now,
            requester: caller.organisation.oin,
            requester_role: &caller.organisation.role,
            team: caller.who.team.as_ref(),
            purpose,
            document: DocumentFacts {
                kind: &document.kind,
                provider: document.provider,
                provider_role: &provider.role,
                health: document.health,
                address: document.address,
            },
            address,
        };
        let verdict = bundle.decide(&question);
        // INVARIANT (shadow): the verdict is there, and is only shown to the candidate.
        let beside = trial.map_or(Beside::NotAsked, |trial| {
            trial.ask(&bundle, &question, &verdict)
        });
        let outcome = match verdict {
            Verdict::Permit(permit) => Ok(permit),
            Verdict::Deny(denial) => Err(Refusal::from(&denial)),
        };
        decided(outcome, beside)
    }

    /// The facts or the policy moved on: forget what was known and read it again.
    async fn learn_anew(&self, subject: &Subject) -> Result<(), Failure> {
        self.store.cache().forget(subject.document.address);
        self.refresh_policy().await
    }

    /// The organisations that take part.
    #[must_use]
    pub fn organisations(&self) -> &Organisations {
        &self.organisations
    }

    /// The book, for reading it.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The words that this organisation can use at this moment, and is answered in.
    #[must_use]
    pub fn vocabulary(&self, organisation: &Organisation) -> KnownCodes {
        let (policies, all) = (&self.policies, &self.organisations);
        let now = self.clock.now();
        self.in_force.known_codes(policies, all, organisation, now)
    }

    /// Puts in force what is agreed on in these files and does not stand in the book yet, of the bundles
    /// that are configured; answers what each of the others waits for.
    ///
    /// # Errors
    /// [`NotAgreed`], for the first that cannot be put in force.
    pub async fn agree_on_configured(
        &self,
        signed: &[SignedAgreement],
    ) -> Result<Vec<String>, NotAgreed> {
        let mut agreed: Vec<(&Agreement, Vec<String>)> = Vec::new();
        for one in signed {
            match agreed
                .iter_mut()
                .find(|(known, _)| *known == &one.agreement)
            {
                Some((_, signatures)) => signatures.push(one.signature.clone()),
                None => agreed.push((&one.agreement, vec![one.signature.clone()])),
            }
        }
        agreed.sort_by_key(|(agreement, _)| agreement.from);
        let mut waiting = Vec::new();
        for (agreement, signatures) in agreed {
            let Some(bundle) = self.policies.find(agreement.bundle) else {
                waiting.push(format!(
                    "{}: no configured bundle is the one signed",
                    agreement.title
                ));
                continue;
            };
            match self.agree(&bundle, agreement, signatures).await {
                Ok(_) | Err(NotAgreed::Known(_)) => {}
                // The file is still there; that must not undo what both parties took back.
                Err(why @ (NotAgreed::Missing(_) | NotAgreed::TakenBack(_))) => {
                    waiting.push(format!("{}: {why}", bundle.id()));
                }
                Err(refused) => return Err(refused),
            }
        }
        Ok(waiting)
    }

    /// Reads the agreements again, and the bundles they are about.
    async fn refresh_policy(&self) -> Result<(), Failure> {
        self.in_force.refresh(&self.ledger, &self.policies).await
    }
}

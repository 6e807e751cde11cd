//! A bundle on trial: asked every question beside the bundle in force, and compared with it.
//!
//! What it says is data. No [`Permit`](super::Permit) comes out of it, so nothing can be released on
//! it, and it is asked after the verdict, which it is only shown. A word it does not know, and a rule
//! that cannot be evaluated, is an answer of its own: that it cannot tell.
//!
//! It must cost next to nothing. Much of what it is asked it was asked before, of another address: so
//! where its rules only compare addresses, the entities it made are kept, and where besides no ground
//! of the purpose asks for the time, its answer. Why it refuses is worked out only where it differs.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;

use super::again::Judgement;
use super::bundle::{Bundle, BundleHash};
use super::decide::Rules;
use super::engine::{Outcome, Prepared};
use super::facts::{Question, Situation};
use super::memory::Key;
use super::reason::Reason;
use super::schema::ContextFact;
use super::verdict::{Ground, RuleId, Verdict};
use super::vocabulary::PurposeInfo;
use crate::domain::{AddressId, Oin};

/// Answers that are kept; each takes about half a kilobyte.
const KEPT_ANSWERS: usize = 8_192;
/// Sets of entities that are kept; each takes a few kilobytes.
const KEPT_ENTITIES: usize = 512;
/// The address that stands for every other where rules only compare them.
const ANYWHERE: &str = "0014200000000001";

/// In what two bundles differ about one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The bundle in force permits what the candidate would refuse.
    PermitToDeny,
    /// The bundle in force refuses what the candidate would permit.
    DenyToPermit,
    /// Both permit, on another ground or article.
    Ground,
    /// The candidate cannot tell.
    Unknown,
}

impl Difference {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 4] = [
        Self::PermitToDeny,
        Self::DenyToPermit,
        Self::Ground,
        Self::Unknown,
    ];

    /// The name in a figure.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PermitToDeny => "permit-to-deny",
            Self::DenyToPermit => "deny-to-permit",
            Self::Ground => "ground",
            Self::Unknown => "unknown",
        }
    }
}

/// What a candidate says where it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The candidate.
    pub bundle: BundleHash,
    /// In what it differs.
    pub difference: Difference,
    /// Its ground, if it would permit.
    pub ground: Option<Arc<Ground>>,
    /// Why not, if it would refuse.
    pub reason: Option<Reason>,
    /// Its rules that determine it, in its order.
    pub rules: Vec<RuleId>,
}

/// What the bundle in force said, as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    ground: Option<&'a Ground>,
    reason: Option<Reason>,
}

impl<'a> From<&'a Verdict> for Said<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        match verdict {
            Verdict::Permit(permit) => Self {
                ground: Some(permit.ground()),
                reason: None,
            },
            Verdict::Deny(denial) => Self {
                ground: None,
                reason: Some(denial.reason()),
            },
        }
    }
}

impl<'a> From<&'a Judgement> for Said<'a> {
    fn from(judgement: &'a Judgement) -> Self {
        Self {
            ground: judgement.ground.as_deref(),
            reason: judgement.reason,
        }
    }
}

/// What a candidate says, before it is compared.
#[derive(Debug)]
enum Says {
    Permit(Arc<Ground>, Vec<RuleId>),
    /// The prohibitions that determine it; the reason once somebody asked for it.
    Deny(Vec<RuleId>, OnceLock<Reason>),
    Unknown,
}

/// Where two bundles differ; `None` where they do not. What neither of them can tell is no difference.
fn difference(
    in_force: &Bundle,
    question: &Question<'_>,
    said: Said<'_>,
    says: &Says,
) -> Option<Difference> {
    match (says, said.ground) {
        (Says::Permit(..), None) => Some(Difference::DenyToPermit),
        (Says::Permit(ground, _), Some(known)) => {
            let same = ground.iri == known.iri && ground.article == known.article;
            (!same).then_some(Difference::Ground)
        }
        (Says::Deny(..), Some(_)) => Some(Difference::PermitToDeny),
        (Says::Deny(..), None) => None,
        (Says::Unknown, _) => {
            let could_not_tell =
                said.reason == Some(Reason::PolicyUnusable) || !knows(in_force, question);
            (!could_not_tell).then_some(Difference::Unknown)
        }
    }
}

/// Whether a bundle has the words that a request brings along.
fn knows(bundle: &Bundle, question: &Question<'_>) -> bool {
    let vocabulary = bundle.vocabulary();
    vocabulary.find_purpose(question.purpose).is_some()
        && vocabulary.knows_kind(question.document.kind)
}

/// What a candidate says where it differs, from what it was judged to say: the long way round, for
/// whoever checks it afterwards.
#[must_use]
pub fn tried(
    (in_force, said): (&Bundle, Said<'_>),
    (candidate, judged): (&Bundle, &Judgement),
    question: &Question<'_>,
) -> Option<Tried> {
    if in_force.hash() == candidate.hash() {
        return None;
    }
    let says = match (&judged.ground, judged.reason) {
        _ if !knows(candidate, question) => Says::Unknown,
        (Some(ground), _) => Says::Permit(Arc::clone(ground), judged.rules.clone()),
        (None, Some(reason)) if reason != Reason::PolicyUnusable => {
            Says::Deny(judged.rules.clone(), OnceLock::from(reason))
        }
        (None, _) => Says::Unknown,
    };
    let difference = difference(in_force, question, said, &says)?;
    Some(told(candidate.hash(), difference, &says, || judged.reason))
}

fn told(
    bundle: BundleHash,
    difference: Difference,
    says: &Says,
    work_out: impl FnOnce() -> Option<Reason>,
) -> Tried {
    let (ground, reason, rules) = match says {
        Says::Permit(ground, rules) => (Some(Arc::clone(ground)), None, rules.clone()),
        Says::Deny(rules, reason) => {
            let reason = reason.get().copied().or_else(work_out);
            (None, reason, rules.clone())
        }
        Says::Unknown => (None, None, Vec::new()),
    };
    Tried {
        bundle,
        difference,
        ground,
        reason,
        rules,
    }
}

/// A candidate, ready to be asked beside the bundle in force. To be shared.
#[derive(Debug)]
pub struct Shadow {
    bundle: Arc<Bundle>,
    /// The address it is asked about instead of the real one, where that makes no difference.
    anywhere: Option<AddressId>,
    entities: Cache<OfDocument, Arc<Prepared>>,
    answers: Cache<Key, Arc<Says>>,
}

impl Shadow {
    /// Puts a bundle on trial; a candidate may be.
    #[must_use]
    pub fn new(bundle: Arc<Bundle>) -> Self {
        let anywhere = bundle.only_compares_addresses();
        Self {
            anywhere: anywhere.then(|| AddressId::parse(ANYWHERE).ok()).flatten(),
            bundle,
            entities: Cache::new(KEPT_ENTITIES),
            answers: Cache::new(KEPT_ANSWERS),
        }
    }

    /// The candidate.
    #[must_use]
    pub const fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// What it says where it differs from what `in_force` said of this question; `None` where it says
    /// the same.
    #[must_use]
    pub fn beside(
        &self,
        in_force: &Bundle,
        question: &Question<'_>,
        said: Said<'_>,
    ) -> Option<Tried> {
        if in_force.hash() == self.bundle.hash() {
            return None;
        }
        let says = self.says(question, said.ground.is_some());
        let difference = difference(in_force, question, said, &says)?;
        // An answer that was kept while nobody asked why: asked once more, with the reason.
        let work_out = || match (&*says, self.bundle.decide(question)) {
            (Says::Deny(_, known), Verdict::Deny(denial)) => {
                Some(*known.get_or_init(|| denial.reason()))
            }
            _ => None,
        };
        Some(told(self.bundle.hash(), difference, &says, work_out))
    }

    fn says(&self, question: &Question<'_>, why_not: bool) -> Arc<Says> {
        let unknown = || Arc::new(Says::Unknown);
        let vocabulary = self.bundle.vocabulary();
        let Some(purpose) = vocabulary.find_purpose(question.purpose) else {
            return unknown();
        };
        if question.address.address != question.document.address
            || !vocabulary.knows_kind(question.document.kind)
        {
            return unknown();
        }
        let mut situation = self.bundle.reduce(question);
        let rules = self.bundle.under(self.bundle.standing());
        let Some(anywhere) = self.anywhere else {
            let prepared = rules.engine.prepare(&situation);
            return prepared.map_or_else(
                |_| unknown(),
                |prepared| {
                    Arc::new(ask(
                        rules, purpose, question, &situation, &prepared, why_not,
                    ))
                },
            );
        };
        situation.address = anywhere;
        if rules.engine.asks(&purpose.actions, ContextFact::Now) {
            let document = OfDocument::new(&situation);
            let Some(prepared) = self.prepared(rules, &situation, document) else {
                return unknown();
            };
            return Arc::new(ask(
                rules, purpose, question, &situation, &prepared, why_not,
            ));
        }
        let key = Key::of(&situation);
        if let Some(known) = self.answers.get(&key) {
            return known;
        }
        let prepared = self.prepared(rules, &situation, OfDocument::new(&situation));
        let says = Arc::new(prepared.map_or(Says::Unknown, |prepared| {
            ask(rules, purpose, question, &situation, &prepared, why_not)
        }));
        self.answers.insert(key.keep(), Arc::clone(&says));
        says
    }

    /// The entities of a document and its parties; no fact of an owner's choice is in them.
    fn prepared(
        &self,
        rules: Rules<'_>,
        situation: &Situation<'_>,
        document: OfDocument,
    ) -> Option<Arc<Prepared>> {
        if let Some(known) = self.entities.get(&document) {
            return Some(known);
        }
        let made = Arc::new(rules.engine.prepare(situation).ok()?);
        self.entities.insert(document, Arc::clone(&made));
        Some(made)
    }
}

fn ask(
    rules: Rules<'_>,
    purpose: &PurposeInfo,
    question: &Question<'_>,
    situation: &Situation<'_>,
    prepared: &Prepared,
    why_not: bool,
) -> Says {
    match rules.answer(purpose, situation, prepared) {
        Err(_) => Says::Unknown,
        Ok(Outcome::Permit(granted)) => Says::Permit(granted.ground, granted.rules),
        Ok(Outcome::Deny(forbids)) => {
            let reason = OnceLock::new();
            if why_not {
                let (why, _) = rules.why(purpose, question, situation, prepared, &forbids);
                let _ = reason.set(why);
            }
            Says::Deny(forbids.into_iter().map(|(rule, _)| rule).collect(), reason)
        }
    }
}

/// What the entities of a request are made of, but for the address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OfDocument {
    requester: (Oin, Box<str>),
    provider: (Oin, Box<str>),
    kind: Box<str>,
    health: bool,
    owners: usize,
}

impl OfDocument {
    fn new(situation: &Situation<'_>) -> Self {
        Self {
            requester: (situation.requester, situation.requester_role.into()),
            provider: (situation.provider, situation.provider_role.into()),
            kind: situation.kind.into(),
            health: situation.health,
            owners: situation.owners,
        }
    }
}

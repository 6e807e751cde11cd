//! The decision: each ground of the purpose in order of rank; the first that permits, permits.

use std::sync::Arc;

use super::bundle::BundleHash;
use super::engine::{Engine, Outcome, Prepared, Unusable};
use super::explain;
use super::facts::{Question, Situation};
use super::manifest::{ChoiceLimit, Manifest};
use super::memory::{Answer, Memory};
use super::reason::{Missing, Reason};
use super::schema::ContextFact;
use super::verdict::{Denial, Permit, RuleId, Verdict};
use super::vocabulary::PurposeInfo;

/// All that a decision needs beside the question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) engine: &'a Engine,
    pub(super) manifest: &'a Manifest,
    /// The limits that the switches put in force.
    pub(super) limits: &'a [ChoiceLimit],
    pub(super) hash: BundleHash,
    /// What was answered before; none where an answer can depend on the address.
    pub(super) memory: Option<&'a Memory>,
}

impl Rules<'_> {
    /// Decides. Never fails: what could not be evaluated is a denial with its own reason.
    pub(super) fn decide(self, question: &Question<'_>) -> Verdict {
        let vocabulary = &self.manifest.vocabulary;
        let Some(purpose) = vocabulary.find_purpose(question.purpose) else {
            return self.unusable();
        };
        // Facts of another address would decide about somebody else's choices.
        if question.address.address != question.document.address {
            return self.unusable();
        }
        if !vocabulary.knows_kind(question.document.kind) {
            return self.deny(Reason::KindNotForPurpose, Vec::new(), Vec::new());
        }
        let situation =
            Situation::reduce(question, self.limits, self.manifest.unsafe_situation_days);
        let asked = || self.answer_to(purpose, question, &situation);
        let answer = match self.memory {
            Some(memory) if !self.engine.asks(&purpose.actions, ContextFact::Now) => {
                memory.answer(&situation, asked)
            }
            _ => asked().map(Arc::new),
        };
        match answer.as_deref() {
            Ok(Answer::Permit(granted)) => Verdict::Permit(Permit::new(
                granted.rules.clone(),
                Arc::clone(&granted.ground),
                granted.obligations.clone(),
                self.hash,
            )),
            Ok(Answer::Deny {
                reason,
                missing,
                rules,
            }) => self.deny(*reason, missing.clone(), rules.clone()),
            Err(_) => self.unusable(),
        }
    }

    fn answer_to(
        self,
        purpose: &PurposeInfo,
        question: &Question<'_>,
        situation: &Situation<'_>,
    ) -> Result<Answer, Unusable> {
        let prepared = self.engine.prepare(situation)?;
        Ok(match self.answer(purpose, situation, &prepared)? {
            Outcome::Permit(granted) => Answer::Permit(granted),
            Outcome::Deny(forbids) => {
                let (reason, missing) = self.why(purpose, question, situation, &prepared, &forbids);
                Answer::Deny {
                    reason,
                    missing,
                    rules: forbids.into_iter().map(|(rule, _)| rule).collect(),
                }
            }
        })
    }

    /// Why it is refused, and which facts would have turned it.
    pub(super) fn why(
        self,
        purpose: &PurposeInfo,
        question: &Question<'_>,
        situation: &Situation<'_>,
        prepared: &Prepared,
        forbids: &[(RuleId, Reason)],
    ) -> (Reason, Vec<Missing>) {
        let cell = purpose.allows(
            question.document.provider_role,
            question.requester_role,
            question.document.kind,
        );
        let missing = if cell {
            explain::missing(self, purpose, situation, prepared)
        } else {
            Vec::new()
        };
        let reason = match forbids.first() {
            Some((_, reason)) => *reason,
            None if !purpose.has_kind(question.document.kind) => Reason::KindNotForPurpose,
            None => explain::reason(&missing, situation),
        };
        (reason, missing)
    }

    /// Asks the grounds of a purpose in order of rank, until one permits.
    pub(super) fn answer(
        self,
        purpose: &PurposeInfo,
        situation: &Situation<'_>,
        prepared: &Prepared,
    ) -> Result<Outcome, Unusable> {
        let mut forbids: Vec<(RuleId, Reason)> = Vec::new();
        for action in &purpose.actions {
            match self.engine.ask(action, situation, prepared)? {
                Outcome::Permit(granted) => return Ok(Outcome::Permit(granted)),
                Outcome::Deny(of_action) => {
                    for forbid in of_action {
                        if !forbids.contains(&forbid) {
                            forbids.push(forbid);
                        }
                    }
                }
            }
        }
        Ok(Outcome::Deny(forbids))
    }

    fn unusable(self) -> Verdict {
        self.deny(Reason::PolicyUnusable, Vec::new(), Vec::new())
    }

    fn deny(self, reason: Reason, missing: Vec<Missing>, rules: Vec<RuleId>) -> Verdict {
        Verdict::Deny(Denial {
            reason,
            missing,
            rules,
            bundle: self.hash,
        })
    }
}

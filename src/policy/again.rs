//! The same decision once more, for whoever checks it afterwards. What comes out is data: no
//! [`Permit`](super::Permit) is kept, so nothing can be released on it.

use std::sync::Arc;

use super::bundle::{Bundle, BundleHash};
use super::facts::Question;
use super::matrix::words;
use super::reason::{Missing, Reason};
use super::verdict::{Ground, Obligation, RuleId, Verdict};
use crate::language::Language;

/// What a bundle says about one question, to be compared with what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The bundle.
    pub bundle: BundleHash,
    /// Why not; nothing for a permit.
    pub reason: Option<Reason>,
    /// The ground of a permit.
    pub ground: Option<Arc<Ground>>,
    /// The rules that determined it, in the order of the bundle.
    pub rules: Vec<RuleId>,
    /// What must happen because of a permit.
    pub obligations: Vec<Obligation>,
    /// Which facts would have turned a refusal; empty when no fact would.
    pub missing: Vec<Missing>,
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Permit(permit) => Self {
                bundle: permit.bundle,
                reason: None,
                ground: Some(permit.ground),
                rules: permit.rules,
                obligations: permit.obligations,
                missing: Vec::new(),
            },
            Verdict::Deny(denial) => Self {
                bundle: denial.bundle,
                reason: Some(denial.reason),
                ground: None,
                rules: denial.rules,
                obligations: Vec::new(),
                missing: denial.missing,
            },
        }
    }
}

impl Bundle {
    /// Why, in sentences: those of the rules that determined it; where none did, what is missing; where
    /// nothing would help, the reason.
    #[must_use]
    pub fn sentences(&self, judgement: &Judgement, l: Language) -> Vec<String> {
        let rules = judgement.rules.iter();
        let of_rules = rules.filter_map(|rule| self.find_sentence(rule.as_str(), l));
        let mut said: Vec<String> = of_rules.map(str::to_owned).collect();
        if said.is_empty() {
            said.extend(judgement.missing.iter().map(|one| one.sentence(l)));
        }
        if said.is_empty()
            && let Some(reason) = judgement.reason
        {
            let refused = l.pick("Geweigerd", "Refused");
            said.push(format!("{refused}: {}.", words::reason(reason, l)));
        }
        said
    }

    /// What this bundle says, as [`Bundle::decide`] does.
    #[must_use]
    pub fn judge(&self, question: &Question<'_>) -> Judgement {
        self.decide(question).into()
    }
}

//! A candidate beside the bundle in force: what it would have decided goes into the entry of the
//! decision, where it differs, and into the figures. It is asked when the outcome is there already,
//! and cannot change it.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Permit, Refusal};
use crate::ledger::entry::{Entry, Shadow as Recorded};
use crate::policy::{Bundle, Difference, Policies, Question, Said, Shadow, Tried, Verdict};

/// The bundle on trial, with what came of it since this gateway started.
#[derive(Debug)]
pub struct Trial {
    shadow: Shadow,
    same: AtomicU64,
    differ: [AtomicU64; Difference::ALL.len()],
}

impl Trial {
    pub(super) fn new(bundle: Arc<Bundle>) -> Self {
        Self {
            shadow: Shadow::new(bundle),
            same: AtomicU64::default(),
            differ: Default::default(),
        }
    }

    /// The candidate.
    #[must_use]
    pub const fn bundle(&self) -> &Arc<Bundle> {
        self.shadow.bundle()
    }

    /// How many recorded decisions it was asked about, by in what it differed; `none` are those that it
    /// would have decided alike.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let differ = Difference::ALL.iter().zip(&self.differ);
        std::iter::once(("none", &self.same))
            .chain(differ.map(|(difference, count)| (difference.code(), count)))
            .map(|(code, count)| (code, count.load(Ordering::Relaxed)))
    }

    pub(super) fn ask(
        &self,
        bundle: &Bundle,
        question: &Question<'_>,
        verdict: &Verdict,
    ) -> Beside {
        let tried = self.shadow.beside(bundle, question, Said::from(verdict));
        tried.map_or(Beside::Same, |tried| Beside::Differs(Box::new(tried)))
    }

    fn count(&self, beside: &Beside) {
        let count = match beside {
            Beside::NotAsked => None,
            Beside::Same => Some(&self.same),
            Beside::Differs(tried) => {
                let mut all = Difference::ALL.iter().zip(&self.differ);
                let found = all.find(|(difference, _)| **difference == tried.difference);
                found.map(|(_, count)| count)
            }
        };
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a candidate said beside one decision.
#[derive(Debug)]
pub(super) enum Beside {
    /// There is none, or no bundle was in force to compare it with.
    NotAsked,
    /// The same.
    Same,
    /// Something else.
    Differs(Box<Tried>),
}

/// What a decision rests on, beside its facts.
#[derive(Debug)]
pub(super) struct On {
    /// The policy epoch that was seen, which the append compares.
    pub(super) epoch: u64,
    /// What the candidate said.
    pub(super) beside: Beside,
}

impl On {
    /// Writes into the entry of the decision what the candidate said.
    pub(super) fn tell(&self, entry: &mut Entry) {
        if let Beside::Differs(tried) = &self.beside {
            entry.schaduw = Some(Box::new(Recorded::from(&**tried)));
        }
    }
}

/// A decision, not yet recorded.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) outcome: Result<Permit, Refusal>,
    pub(super) on: On,
}

impl super::Exchange {
    /// The candidate on trial, if there is one.
    #[must_use]
    pub const fn trial(&self) -> Option<&Arc<Trial>> {
        self.trial.as_ref()
    }

    /// The bundles that are here, the candidate among them: for who asks again, not for who decides.
    pub(super) fn policies_with_candidate(&self) -> Policies {
        let candidate = self.trial.iter().map(|trial| Arc::clone(trial.bundle()));
        Policies::new(self.policies.all().into_iter().chain(candidate).collect())
    }

    /// Counts a decision that stands in the book.
    pub(super) fn count(&self, on: &On) {
        if let Some(trial) = &self.trial {
            trial.count(&on.beside);
        }
    }
}

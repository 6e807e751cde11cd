//! What a replay comes to: how many decisions follow, and how many could not be judged.

use std::collections::BTreeMap;
use std::fmt;

use crate::ledger::verify::Summary;

/// A book that is whole, and whose decisions follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What the book is.
    pub summary: Summary,
    /// What was made again.
    pub counts: Counts,
}

/// What was made again, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Decisions of the policy that follow.
    pub followed: u64,
    /// Searches whose every kind and reason can follow.
    pub searches: u64,
    /// Refusals before any policy was asked, by their code.
    pub unasked: u64,
    /// What a candidate said beside decisions that follow, which follows too.
    pub shadows: u64,
    /// Entries of which something was erased.
    pub erased: u64,
    /// What could not be judged: how often, and the first index.
    pub unjudged: BTreeMap<Unjudged, (u64, u64)>,
}

/// Why a decision could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unjudged {
    /// Its own values were erased.
    Erased,
    /// Something was erased of what it rested on.
    ErasedBefore,
    /// The bundle in force then is not kept with the book, or this version does not read it.
    Bundle,
    /// An organisation it names is not in the configuration.
    Organisation,
    /// It is a refusal because the policy could not be used then, and now it can.
    Unusable,
    /// It follows, but what stands beside it is of a candidate that is not in the configuration.
    Candidate,
}

impl Unjudged {
    /// What is said of decisions that could not be judged for this reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Erased => "their own values were erased",
            Self::ErasedBefore => "something they rested on was erased",
            Self::Bundle => {
                "the bundle in force then is not kept with the ledger in a form that this version reads"
            }
            Self::Organisation => "an organisation they name is not in the configuration",
            Self::Unusable => "they were refused because no policy could be used then",
            Self::Candidate => {
                "they follow, but the candidate whose answer stands beside them is not in the configuration"
            }
        }
    }
}

/// What one decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Followed,
    /// And so does what a candidate said beside it.
    FollowedBoth,
    /// And what a candidate said beside it was not checked.
    FollowedAlone,
    Searched,
    Unasked,
    Unjudged(Unjudged),
}

impl Counts {
    pub(super) fn count(&mut self, index: u64, found: Found) {
        match found {
            Found::Followed => self.followed += 1,
            Found::FollowedBoth => {
                self.followed += 1;
                self.shadows += 1;
            }
            Found::FollowedAlone => {
                self.followed += 1;
                self.count(index, Found::Unjudged(Unjudged::Candidate));
            }
            Found::Searched => self.searches += 1,
            Found::Unasked => self.unasked += 1,
            Found::Unjudged(why) => {
                self.unjudged
                    .entry(why)
                    .and_modify(|(count, first)| {
                        *count += 1;
                        *first = (*first).min(index);
                    })
                    .or_insert((1, index));
            }
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.followed += other.followed;
        self.searches += other.searches;
        self.unasked += other.unasked;
        self.shadows += other.shadows;
        self.erased += other.erased;
        for (why, (count, first)) in &other.unjudged {
            let known = self.unjudged.entry(*why).or_insert((0, *first));
            known.0 += count;
            known.1 = known.1.min(*first);
        }
    }

    /// What could not be judged, one sentence for each reason.
    pub fn not_judged(&self) -> impl Iterator<Item = String> {
        let told = |(why, (count, first)): (&Unjudged, &(u64, u64))| {
            let what = match why {
                Unjudged::Candidate => "candidates beside decisions were not asked again",
                _ => "decisions were not judged",
            };
            format!("{count} {what}, from entry {first} on: {}", why.reason())
        };
        self.unjudged.iter().map(told)
    }
}

impl fmt::Display for Counts {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} decisions follow, {} searches can, {} were refused before any policy was asked; \
             {} entries have something erased",
            self.followed, self.searches, self.unasked, self.erased
        )?;
        self.not_judged().try_for_each(|told| write!(f, "; {told}"))
    }
}

impl fmt::Display for Replayed {
    /// One line for the operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.summary, self.counts)
    }
}

//! The rule of a policy, to be told to people.

use super::{Member, Policy};

/// Who must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// This witness, counted in the order of the policy from 0.
    Witness(usize),
    /// So many of these.
    Of {
        /// How many; at least one, and no more than there are.
        needed: usize,
        /// Each a witness or a rule of its own.
        members: Vec<Rule>,
    },
}

impl Rule {
    /// The witnesses it counts.
    #[must_use]
    pub fn witnesses(&self) -> usize {
        match self {
            Self::Witness(_) => 1,
            Self::Of { members, .. } => members.iter().map(Self::witnesses).sum(),
        }
    }
}

impl Policy {
    /// Who must have cosigned; `None` when nobody must.
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        // Each group names only what stands above it, and each name stands in one group only: this is
        // a tree, and no deeper than there are groups.
        self.quorum.map(|quorum| self.rule_of(quorum))
    }

    fn rule_of(&self, member: Member) -> Rule {
        match member {
            Member::Witness(at) => Rule::Witness(at),
            Member::Group(at) => {
                let group = self.groups.get(at);
                let members = group.map_or(&[][..], |group| &group.members);
                Rule::Of {
                    needed: group.map_or(0, |group| group.needed),
                    members: members.iter().map(|of| self.rule_of(*of)).collect(),
                }
            }
        }
    }
}

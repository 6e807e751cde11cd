//! The witnesses and the rule among them, for whoever wants to look: figures, the desk.

use std::sync::Arc;

use super::standing::WitnessStanding;
use crate::ledger::note::Policy;

/// Who is asked, by which rule, and how they stand.
#[derive(Debug, Clone)]
pub struct Watch {
    policy: Arc<Policy>,
    standings: Arc<[Arc<WitnessStanding>]>,
}

impl Watch {
    /// Of the witnesses of this policy, at these hosts, none of whom was asked yet.
    pub(super) fn new<'h>(policy: Policy, hosts: impl Iterator<Item = &'h str>) -> Self {
        let lines = policy.witnesses().iter();
        let standings = lines
            .zip(hosts)
            .map(|(line, host)| Arc::new(WitnessStanding::new(&line.name, host)))
            .collect();
        Self {
            policy: Arc::new(policy),
            standings,
        }
    }

    /// Whose cosignatures are enough.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How the witnesses stand, in the order of the policy file.
    #[must_use]
    pub const fn standings(&self) -> &Arc<[Arc<WitnessStanding>]> {
        &self.standings
    }
}

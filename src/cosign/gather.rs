//! Cosignatures of the last checkpoints, until enough stand under one. Pure.

use crate::bounds;
use crate::clock::Moment;
use crate::ledger::Cosigned;
use crate::ledger::note::{Cosignature, Policy};

/// One checkpoint and who cosigned it, in the order of the policy.
#[derive(Debug)]
struct Round {
    size: u64,
    /// Signed by the log alone.
    checkpoint: String,
    cosignatures: Vec<Option<Cosignature>>,
}

/// What was gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    policy: Policy,
    /// The smallest first.
    rounds: Vec<Round>,
}

impl Gathered {
    pub(super) const fn new(policy: Policy) -> Self {
        Self {
            policy,
            rounds: Vec::new(),
        }
    }

    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes in the cosignature of a witness; answers what stands then, if the quorum is reached.
    pub(super) fn add(
        &mut self,
        witness: usize,
        size: u64,
        checkpoint: &str,
        cosignature: Cosignature,
    ) -> Option<Cosigned> {
        let known = self
            .rounds
            .iter()
            .position(|round| round.checkpoint == checkpoint);
        let at = known.unwrap_or_else(|| self.begin(size, checkpoint));
        let round = self.rounds.get_mut(at)?;
        let place = round.cosignatures.get_mut(witness)?;
        if place.as_ref().is_none_or(|known| known.at < cosignature.at) {
            *place = Some(cosignature);
        }
        let times: Vec<Option<Moment>> = round
            .cosignatures
            .iter()
            .map(|one| one.as_ref().map(|one| one.at))
            .collect();
        let quorum_at = self.policy.quorum_at(&times)?;
        let mut note = round.checkpoint.clone();
        for cosignature in round.cosignatures.iter().flatten() {
            note.push_str(&cosignature.line);
        }
        // A quorum for an older one would be of no use any more.
        self.rounds.retain(|round| round.size >= size);
        Some(Cosigned {
            size,
            at: quorum_at,
            note,
        })
    }

    fn begin(&mut self, size: u64, checkpoint: &str) -> usize {
        if self.rounds.len() >= bounds::WITNESS_ROUNDS {
            self.rounds.remove(0);
        }
        let at = self.rounds.partition_point(|round| round.size < size);
        let round = Round {
            size,
            checkpoint: checkpoint.to_owned(),
            cosignatures: vec![None; self.policy.witnesses().len()],
        };
        self.rounds.insert(at, round);
        at
    }
}

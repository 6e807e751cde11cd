//! What holds for *all* requests, not only for those in the table: whether a bundle keeps to its
//! limits ([`prove()`]), and what differs between two bundles ([`compare()`]).
//!
//! Rules are translated to SMT (cedar-policy-symcc) and a solver, a process of its own, is asked
//! whether any request exists that breaks a statement. The solver is believed when it says that there
//! is none. What it says there is, is turned back into a situation, asked of the bundle's own engine,
//! and only shown when the engine agrees. What it could not answer within its time is not proven.
//!
//! This module proves nothing about the facts: that they are right is for the property tests of
//! [`crate::policy`]. Nothing here is on the path of a decision, and the gateway needs no solver.

mod answer;
mod case;
pub mod cli;
mod compare;
mod differences;
pub(super) mod facts;
mod flat;
mod fold;
mod prove;
mod record;
mod solver;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Example};
pub use compare::{Change, Comparison, Direction, Relation, Side, compare};
pub use differences::{Difference, Effect};
pub use prove::{Proof, ProofOutcome, ProofReport, prove};
pub use record::{NotARecord, ProofRecord};
pub use solver::{GaveUp, Solver};

use cedar_policy_symcc::err::Error as SymccError;

/// Which way open questions are answered, where that is not as the bundle has it: code → position.
pub type Positions = std::collections::BTreeMap<String, String>;

/// Why there is no proof and no comparison.
#[derive(Debug, thiserror::Error)]
pub enum SymbolicError {
    /// There is no solver on this machine.
    #[error("there is no cvc5 on this machine; install it with `apt install cvc5`")]
    NoSolver,
    /// There is one, but it does not run.
    #[error("cvc5 does not run")]
    Solver {
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A question of a comparison was not answered.
    #[error("{what} was not answered")]
    GaveUp {
        /// Which.
        what: String,
        /// Why not.
        #[source]
        source: GaveUp,
    },
    /// A rule is written in a way that cannot be put over the flat facts.
    #[error("{bundle}: rule {rule} cannot be put over the facts of all requests: {why}")]
    NotFlat {
        /// The bundle.
        bundle: String,
        /// The rule; empty when it is about all of them.
        rule: String,
        /// Why not, in the words of the policy engine.
        why: String,
    },
    /// A bundle has no switch or position of this name.
    #[error("{bundle}: {code}={position} is no switch of this bundle; it has {known}")]
    NoSwitch {
        /// The bundle.
        bundle: String,
        /// The switch.
        code: String,
        /// The position.
        position: String,
        /// What would have been right.
        known: String,
    },
    /// A bundle that cannot be compared, because its own rules are not sound.
    #[error(
        "{bundle}: {statement} does not hold, so nothing can be said about all requests; see `sluis policy prove`"
    )]
    Unsound {
        /// The bundle.
        bundle: String,
        /// The statement that must hold first.
        statement: String,
    },
    /// The solver found what the bundle's own engine says is otherwise. A mistake in Sluis.
    #[error(
        "{bundle}: for {what} the solver found an example that the bundle's own engine decides otherwise; this is a mistake in sluis, not in the bundle"
    )]
    Spurious {
        /// The bundle.
        bundle: String,
        /// About what.
        what: String,
    },
    /// The translation failed.
    #[error("the rules cannot be translated for the solver")]
    NotCompiled {
        /// What the translator said.
        #[source]
        source: Box<SymccError>,
    },
    /// A mistake in Sluis.
    #[error("mistake in sluis: {what}")]
    Internal {
        /// What.
        what: String,
    },
}

impl SymbolicError {
    fn not_compiled(error: SymccError) -> Self {
        Self::NotCompiled {
            source: Box::new(error),
        }
    }
}

/// Refuses switches and positions that a bundle does not have.
fn known_positions(bundle: &super::Bundle, positions: &Positions) -> Result<(), SymbolicError> {
    for (code, position) in positions {
        let switch = bundle.switches().iter().find(|switch| switch.code == *code);
        if !switch.is_some_and(|switch| switch.positions.contains(position)) {
            let known: Vec<String> = (bundle.switches().iter())
                .map(|switch| format!("{}={}", switch.code, switch.positions.join("|")))
                .collect();
            return Err(SymbolicError::NoSwitch {
                bundle: bundle.id().to_owned(),
                code: code.clone(),
                position: position.clone(),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}

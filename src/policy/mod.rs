//! The policy floor: what the law, as two organisations signed it, says about one request.
//!
//! A [`Bundle`] is a folder of data: a manifest, a Cedar schema, Cedar rules and a table of examples
//! that a jurist can read. It is loaded whole, with every mistake reported at once, and then answers
//! a [`Question`] with a [`Verdict`]: pure, without I/O, from nothing but the facts it is handed.
//!
//! **Law is data.** No purpose, document kind, team, article or ground is named in this code: they
//! come from the bundle. What is named here are the *facts* a bundle may ask for (an owner's
//! consent, a reported unsafe situation, …) and the reason code each missing fact leads to.
//!
//! What this module deliberately does not do: it does not look up facts, does not know who may call,
//! and does not record anything. A [`Permit`] is only a witness; the ledger turns it into a release.
//!
//! Cedar skips a rule whose evaluation errors, a `forbid` too. Therefore a permit needs four things:
//! Cedar allows, nothing errored, every entity referred to was present, and exactly one ground
//! results. Everything else is a denial with a reason of its own ([`Reason::PolicyUnusable`]).

mod activities;
mod again;
mod agreement;
mod bundle;
mod check;
pub mod cli;
mod closure;
pub mod comparison;
mod dangers;
mod decide;
pub mod document;
mod engine;
mod explain;
mod facts;
mod force;
mod format;
mod limits;
mod lint;
mod load;
mod manifest;
mod manifest_file;
mod manifest_read;
pub mod matrix;
mod memory;
mod mistake;
mod overlap;
mod reason;
mod schema;
mod shadow;
mod shipped;
mod source;
mod statements;
pub mod symbolic;
mod table;
mod table_print;
mod table_row;
mod table_run;
mod verdict;
mod vocabulary;
mod words;

#[cfg(test)]
mod tests;

pub use activities::{Activity, Basis, Flow};
pub use again::Judgement;
pub use agreement::{Agreement, AgreementFlaw, Revocation, SignedAgreement, SignedRevocation};
pub use bundle::{Bundle, BundleHash, RuleInfo};
pub use facts::{DocumentFacts, Question};
pub use force::{Activation, NotInForce, Policies, in_force};
pub use limits::LimitInfo;
pub use manifest::mistakes as manifest_mistakes;
pub use matrix::Matrix;
pub use mistake::{BundleError, Mistake};
pub use overlap::overlapping;
pub use reason::{Fact, Missing, Reason};
pub use shadow::{Difference, Said, Shadow, Tried, tried};
pub use shipped::{find_shipped_proof, shipped, shipped_proofs, write_shipped};
pub use source::hash_of_files;
pub use symbolic::ProofRecord;
pub use table_run::{RowFailure, TableReport};
pub use verdict::{Denial, Ground, Obligation, Permit, RuleId, Verdict};
pub use vocabulary::{Bilingual, PurposeInfo, Switch, Vocabulary};
pub use words::{OwnWords, PartyWords};

/// A permit for tests of what comes after one.
#[cfg(test)]
pub(crate) mod testing {
    use std::sync::Arc;

    use super::{Ground, Permit, RuleId};
    use crate::domain::Sha256;

    /// A permit on statutory duty, of no bundle that exists.
    pub(crate) fn permit() -> Permit {
        let ground = Ground {
            iri: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".to_owned(),
            also: Vec::new(),
            article: "TwG 3(4)".to_owned(),
        };
        let hash = Sha256::from_bytes([0; 32]);
        Permit::new(
            vec![RuleId::new("proef")],
            Arc::new(ground),
            Vec::new(),
            hash,
        )
    }
}

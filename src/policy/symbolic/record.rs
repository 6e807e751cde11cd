//! The proof record: what was proven of a bundle, on one line of canonical JSON (RFC 8785), to be kept
//! beside it and shown when it is activated.

use serde::{Deserialize, Serialize};

use super::prove::{self, ProofReport};
use crate::bounds;
use crate::clock::Moment;
use crate::policy::bundle::{Bundle, BundleHash};

/// The version of the form.
const VERSION: u8 = 1;

/// What was proven of one bundle. It exists only of a report in which everything was proven, with the
/// open questions answered as the bundle does. The order of the fields is that of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ProofRecord {
    /// The ids of what was proven, sorted.
    #[serde(rename = "bewezen")]
    proven: Vec<String>,
    #[serde(rename = "bundel")]
    bundle: BundleHash,
    #[serde(rename = "oplosser")]
    solver: String,
    #[serde(rename = "tijd")]
    at: Moment,
    #[serde(rename = "v")]
    version: u8,
}

/// A record as somebody wrote it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(rename = "bewezen")]
    proven: Vec<String>,
    #[serde(rename = "bundel")]
    bundle: BundleHash,
    #[serde(rename = "oplosser")]
    solver: String,
    #[serde(rename = "tijd")]
    at: Moment,
    #[serde(rename = "v")]
    version: u8,
}

impl TryFrom<Unchecked> for ProofRecord {
    type Error = String;

    fn try_from(read: Unchecked) -> Result<Self, Self::Error> {
        if read.version != VERSION || !read.proven.is_sorted_by(|a, b| a < b) {
            return Err(format!(
                "a proof record is of version {VERSION}, with its ids sorted"
            ));
        }
        let record = Self {
            proven: read.proven,
            bundle: read.bundle,
            solver: read.solver,
            at: read.at,
            version: read.version,
        };
        // It stands in an entry of the ledger, which has a bound.
        if record.to_json().len() > bounds::PROOF_BYTES {
            return Err(format!(
                "a proof record has at most {} bytes",
                bounds::PROOF_BYTES
            ));
        }
        Ok(record)
    }
}

/// Why a text is no proof record.
#[derive(Debug, thiserror::Error)]
pub enum NotARecord {
    /// It is not JSON of this form.
    #[error("it is not a proof record")]
    Form(#[source] serde_json::Error),
    /// It is not written in the one way it can be written.
    #[error("a proof record is canonical JSON")]
    NotCanonical,
}

impl ProofRecord {
    /// The record of a report; `None` when not everything was proven, or not of the bundle as it is.
    #[must_use]
    pub fn of(report: &ProofReport, at: Moment) -> Option<Self> {
        if !report.is_proven() || !report.switches.is_empty() {
            return None;
        }
        let ids = report.proofs.iter().map(|proof| proof.id.clone());
        let mut proven: Vec<String> = ids.collect();
        proven.sort();
        Some(Self {
            proven,
            bundle: report.hash,
            solver: report.solver.clone(),
            at,
            version: VERSION,
        })
    }

    /// Reads one, with or without the line feed at its end.
    ///
    /// # Errors
    /// [`NotARecord`], also for one that was not written by [`ProofRecord::to_json`].
    pub fn parse(text: &str) -> Result<Self, NotARecord> {
        let record: Self = serde_json::from_str(text).map_err(NotARecord::Form)?;
        if text.trim_end_matches('\n') == record.to_json() {
            Ok(record)
        } else {
            Err(NotARecord::NotCanonical)
        }
    }

    /// The record as canonical JSON, without a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether it says of exactly this bundle all that must be proven of it.
    #[must_use]
    pub fn covers(&self, bundle: &Bundle) -> bool {
        self.bundle == bundle.hash() && self.lacks(bundle).is_empty()
    }

    /// What must be proven of this bundle and does not stand in it: ids, sorted.
    #[must_use]
    pub fn lacks(&self, bundle: &Bundle) -> Vec<String> {
        let mut required = prove::required(bundle);
        required.retain(|id| !self.proven.contains(id));
        required
    }

    /// The record of a bundle that nobody proved, for tests that are not about proofs.
    #[cfg(test)]
    pub(crate) fn supposed(bundle: &Bundle) -> Self {
        Self::of_ids(bundle.hash(), prove::required(bundle))
    }

    /// One that says this.
    #[cfg(test)]
    pub(crate) fn of_ids(bundle: BundleHash, proven: Vec<String>) -> Self {
        Self {
            proven,
            bundle,
            solver: "none".to_owned(),
            at: Moment::EPOCH,
            version: VERSION,
        }
    }

    /// The bundle it is about.
    #[must_use]
    pub const fn bundle(&self) -> BundleHash {
        self.bundle
    }

    /// What was proven: ids, sorted.
    #[must_use]
    pub fn proven(&self) -> &[String] {
        &self.proven
    }

    /// The solver that proved it.
    #[must_use]
    pub fn solver(&self) -> &str {
        &self.solver
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Moment {
        self.at
    }
}

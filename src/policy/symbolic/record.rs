//! The proof record: what was proven of a bundle, on one line of canonical JSON (RFC 8785), to be kept
//! beside it and shown when it is activated.

use serde::{Deserialize, Serialize};

use super::prove::{self, ProofReport};
use crate::clock::Moment;
use crate::policy::bundle::{Bundle, BundleHash};

/// The version of the form.
const VERSION: u8 = 1;

/// What was proven of one bundle. It exists only of a report in which everything was proven, with the
/// open questions answered as the bundle does. The order of the fields is that of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Why a text is no proof record.
#[derive(Debug, thiserror::Error)]
pub enum NotARecord {
    /// It is not JSON of this form.
    #[error("it is not a proof record")]
    Form(#[source] serde_json::Error),
    /// It is of another version, or not written in the one way it can be written.
    #[error("a proof record is canonical JSON of version {VERSION}, with its ids sorted")]
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
        let sorted = record.proven.is_sorted_by(|a, b| a < b);
        let written = record.to_json();
        if record.version == VERSION && sorted && text.trim_end_matches('\n') == written {
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
        let required = prove::required(bundle);
        self.bundle == bundle.hash() && required.iter().all(|id| self.proven.contains(id))
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

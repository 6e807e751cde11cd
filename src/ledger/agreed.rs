//! What an `overeenkomst` entry is made of, and what stands in one.

use std::sync::Arc;

use super::draft::Seen;
use super::entry::Entry;
use crate::policy::Agreement;

/// An agreement whose signatures were verified, ready to be recorded.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// What was signed.
    pub agreement: Agreement,
    /// The bundle's files: a JSON object of names and texts.
    pub files: Arc<str>,
    /// A signature of each party: detached JWS.
    pub signatures: Vec<String>,
}

/// What an agreement saw: which others there are.
pub(super) const fn under(policy_epoch: u64) -> Seen {
    Seen {
        address: None,
        policy_epoch: Some(policy_epoch),
    }
}

/// The text that was signed for this entry, when it is one that puts a bundle in force.
#[must_use]
pub fn agreement(entry: &Entry) -> Option<Agreement> {
    Some(Agreement::told(
        entry.bundel?,
        entry.titel.clone()?,
        entry.bewijzen.as_deref()?.clone(),
        entry.geldig_van?,
        entry.geldig_tot,
    ))
}

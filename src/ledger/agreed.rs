//! What an `overeenkomst` entry is made of, and what stands in one.

use std::sync::Arc;

use super::draft::{Claims, Seen};
use super::entry::Entry;
use super::seal::Personal;
use crate::domain::{Oin, TransactionId};
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

/// Who handed in an agreement over the wire, and what that uses up.
#[derive(Debug, Clone)]
pub struct HandedIn {
    /// Which organisation.
    pub organisation: Oin,
    /// In which call.
    pub transaction: TransactionId,
    /// Who of them and for which case, to be sealed.
    pub personal: Personal,
    /// The token and the transaction id of the call.
    pub claims: Claims,
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

//! The body of `add-checkpoint`: `old <size>`, the hashes of a proof, an empty line, a checkpoint.

use crate::ledger::note::{self, UnverifiedNote};
use crate::merkle::Hash;

/// Hashes of a proof; no tree needs more (C2SP tlog-witness).
const PROOF_HASHES: usize = 63;

/// Why a body is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARequest {
    /// The first line.
    #[error("the first line is not `old` and a number")]
    Old,
    /// A line of the proof.
    #[error("a line of the proof is not a hash in base64")]
    Hash,
    /// Too many lines of it.
    #[error("the proof has more than {PROOF_HASHES} hashes")]
    TooLong,
    /// What follows the empty line.
    #[error("after an empty line a signed checkpoint must follow")]
    Checkpoint,
    /// A tree does not shrink.
    #[error("the old size is larger than the checkpoint's")]
    Shrinks,
}

/// A request in its form. Its note is unverified.
#[derive(Debug)]
pub(super) struct Request<'b> {
    /// The size the client takes for the newest here.
    pub(super) old: u64,
    /// From there to the checkpoint.
    pub(super) proof: Vec<Hash>,
    /// The checkpoint.
    pub(super) note: UnverifiedNote<'b>,
}

impl<'b> Request<'b> {
    pub(super) fn parse(body: &'b [u8]) -> Result<Self, NotARequest> {
        let text = std::str::from_utf8(body).map_err(|_| NotARequest::Checkpoint)?;
        let (head, note) = text.split_once("\n\n").ok_or(NotARequest::Checkpoint)?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(note::size)
            .ok_or(NotARequest::Old)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == PROOF_HASHES {
                return Err(NotARequest::TooLong);
            }
            proof.push(note::hash(line).ok_or(NotARequest::Hash)?);
        }
        let note = UnverifiedNote::parse(note).map_err(|_| NotARequest::Checkpoint)?;
        Ok(Self { old, proof, note })
    }
}

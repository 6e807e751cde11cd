//! Whether a checkpoint follows from the newest one that is known. Pure.

use super::request::{NotARequest, Request};
use crate::ledger::note::Checkpoint;
use crate::merkle;

/// Why a checkpoint is not cosigned. The order of C2SP tlog-witness: what is asked first is answered
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 400.
    #[error("not a request")]
    NotARequest(#[source] NotARequest),
    /// 404: nobody configured a log of this origin.
    #[error("the log is unknown")]
    UnknownLog,
    /// 403: not signed by the log's key, or wrongly.
    #[error("not signed by a key of the log")]
    NotSigned,
    /// 409: the client takes another size for the newest.
    #[error("the newest checkpoint is of size {newest}")]
    OtherSize {
        /// The size it is.
        newest: u64,
    },
    /// 422: another history, or no proof that it is the same.
    #[error("not shown to be the same history")]
    Inconsistent(#[source] Doubt),
}

/// What is doubtful about a checkpoint of a known log with a good signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Nothing has only one hash.
    #[error("the root of an empty tree is another")]
    EmptyRoot,
    /// From nothing to anything needs no proof.
    #[error("there is nothing to prove from size zero")]
    ProofFromNothing,
    /// Of the same size, but another tree.
    #[error("another checkpoint of this size was cosigned")]
    Forked,
    /// The proof does not lead from the one to the other.
    #[error("the proof does not lead from the newest checkpoint to this one")]
    Proof,
}

pub(super) fn judge(
    newest: Option<Checkpoint>,
    request: &Request<'_>,
    checkpoint: &Checkpoint,
) -> Result<(), Refused> {
    if request.old > checkpoint.size {
        return Err(Refused::NotARequest(NotARequest::Shrinks));
    }
    let newest = newest.unwrap_or(Checkpoint {
        size: 0,
        root: merkle::empty_root(),
    });
    if request.old != newest.size {
        return Err(Refused::OtherSize {
            newest: newest.size,
        });
    }
    let doubt = |doubt| Err(Refused::Inconsistent(doubt));
    if checkpoint.size == 0 && checkpoint.root != merkle::empty_root() {
        return doubt(Doubt::EmptyRoot);
    }
    if newest.size == 0 {
        return if request.proof.is_empty() {
            Ok(())
        } else {
            doubt(Doubt::ProofFromNothing)
        };
    }
    if newest.size == checkpoint.size && newest.root != checkpoint.root {
        return doubt(Doubt::Forked);
    }
    let Checkpoint { size, root } = checkpoint;
    if merkle::extends(newest.size, &newest.root, *size, root, &request.proof) {
        Ok(())
    } else {
        doubt(Doubt::Proof)
    }
}

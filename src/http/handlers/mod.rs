//! The calls, thin: who is asking, what is asked, the procedure, the answer. In that order, always:
//! nothing a caller sent is looked at before the caller is known.

pub(super) mod agreements;
pub(super) mod book;
pub(super) mod decisions;
pub(super) mod documents;
pub(super) mod index;
pub(super) mod logs;
pub(super) mod registry;

use axum::response::Response;

use super::problem::Problem;

/// What a handler gives to the edge.
pub(super) type Answer = Result<Response, Problem>;

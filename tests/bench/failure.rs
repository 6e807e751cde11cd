//! The one error of the benchmark: a sentence for the person who started it.

use std::fmt;

/// Why the benchmark stopped.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(String);

/// What every step gives.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure in these words.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }

    /// The same failure with where to look next.
    pub(crate) fn with(self, hint: impl fmt::Display) -> Self {
        Self(format!("{}\n{hint}", self.0))
    }
}

/// Says what was being done when something failed.
pub(crate) trait Context<T> {
    /// `what` completes the sentence "could not …".
    fn or_fail(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Context<T> for Result<T, E> {
    fn or_fail(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|cause| Failure(format!("could not {what}: {cause}")))
    }
}

impl<T> Context<T> for Option<T> {
    fn or_fail(self, what: impl fmt::Display) -> Outcome<T> {
        self.ok_or_else(|| Failure(format!("could not {what}")))
    }
}

//! Failpoints for the unit tests: at every durable step the store can be told to fail, before the step
//! or after it was done. No other build has them: this module and every call of it are `cfg(test)`.

use std::sync::{Arc, Mutex, PoisonError};

use super::StoreError;

/// A step on the way to a commit, in the order in which a batch takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Begin,
    CloseReleases,
    UseUp,
    InsertEntries,
    OpenReleases,
    InsertTile,
    Apply,
    Destroy,
    ChangeDocuments,
    KeepKey,
    Heartbeat,
    SwapHead,
    Commit,
    Clear,
}

pub(crate) const STEPS: [Step; 12] = [
    Step::Begin,
    Step::CloseReleases,
    Step::UseUp,
    Step::InsertEntries,
    Step::OpenReleases,
    Step::InsertTile,
    Step::Apply,
    Step::ChangeDocuments,
    Step::KeepKey,
    Step::Heartbeat,
    Step::SwapHead,
    Step::Commit,
];

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It did not happen.
    Failed,
    /// It happened, but who asked is told that it failed.
    Happened,
}

/// What the next batch runs into; shared by a store and its writer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Option<(Step, Fault)>>>);

impl Faults {
    /// The next time this step is taken, it fails so; once.
    pub(crate) fn arm(&self, step: Step, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((step, fault));
    }

    /// Whether the step that was to fail is still to come.
    pub(crate) fn is_armed(&self) -> bool {
        let armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        armed.is_some()
    }

    pub(super) fn before(&self, step: Step) -> Result<(), StoreError> {
        self.run_into(step, Fault::Failed)
    }

    pub(super) fn after(&self, step: Step) -> Result<(), StoreError> {
        self.run_into(step, Fault::Happened)
    }

    fn run_into(&self, step: Step, fault: Fault) -> Result<(), StoreError> {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *armed != Some((step, fault)) {
            return Ok(());
        }
        *armed = None;
        let told = std::io::Error::other(format!("failpoint: {step:?} {fault:?}"));
        Err(StoreError::Database {
            doing: "get past a failpoint",
            source: sqlx::Error::Io(told),
        })
    }
}

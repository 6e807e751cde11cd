//! How much one organisation may have under way at once (DESIGN, I7), so that a flood of one is
//! not felt by the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::Oin;

/// One gate per organisation, each with room for so many. Only configured organisations get as far
/// as a gate, so there are few.
#[derive(Debug)]
pub(super) struct Gates {
    room: usize,
    gates: Mutex<HashMap<Oin, Arc<Semaphore>>>,
}

impl Gates {
    /// Gates with room for `room` each.
    pub(super) fn with_room_for(room: usize) -> Self {
        Self {
            room,
            gates: Mutex::default(),
        }
    }

    /// A place in this organisation's gate until it is dropped; `None` when it is full.
    #[must_use]
    pub(super) fn enter(&self, organisation: Oin) -> Option<OwnedSemaphorePermit> {
        let gate = {
            let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
            let gate = gates
                .entry(organisation)
                .or_insert_with(|| Arc::new(Semaphore::new(self.room)));
            Arc::clone(gate)
        };
        gate.try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gate_is_one_organisations_own() {
        let img = Oin::parse("00000001812345678000").unwrap();
        let ncg = Oin::parse("00000001823456789000").unwrap();
        let gates = Gates::with_room_for(2);
        let first = gates.enter(img);
        let second = gates.enter(img);
        assert!(first.is_some() && second.is_some());
        assert!(gates.enter(img).is_none());
        assert!(gates.enter(ncg).is_some());
        drop(first);
        assert!(gates.enter(img).is_some());
    }
}

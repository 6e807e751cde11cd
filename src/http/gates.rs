//! How much one organisation may have under way at once (DESIGN, I7), so that a flood of one is
//! not felt by the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bounds;
use crate::domain::{Oin, Organisations};

/// One gate per organisation, each with room for so many.
#[derive(Debug)]
pub(super) struct Gates(HashMap<Oin, Arc<Gate>>);

#[derive(Debug)]
struct Gate {
    room: usize,
    under_way: AtomicUsize,
}

/// A place in a gate, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Gate>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gates {
    /// A gate with room for `room` for each of these organisations.
    pub(super) fn of(organisations: &Organisations, room: usize) -> Self {
        let gate = || {
            Arc::new(Gate {
                room,
                under_way: AtomicUsize::new(0),
            })
        };
        let gates = organisations.iter().map(|one| (one.oin, gate()));
        Self(gates.collect())
    }

    /// A place in this organisation's gate; `None` when it is full.
    #[must_use]
    pub(super) fn enter(&self, organisation: Oin) -> Option<Place> {
        let gate = self.0.get(&organisation)?;
        let entered =
            gate.under_way
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |under_way| {
                    (under_way < gate.room).then_some(under_way + 1)
                });
        entered.is_ok().then(|| Place(Arc::clone(gate)))
    }

    /// Whether this organisation has more under way than its share of one batch, which is divided among
    /// those that have something under way. What all have within their shares fits in a batch, so it
    /// waits for one commit at most.
    #[must_use]
    pub(super) fn is_over_share(&self, organisation: Oin) -> bool {
        let under_way = |gate: &Arc<Gate>| gate.under_way.load(Ordering::Relaxed);
        let at_work = self.0.values().filter(|gate| under_way(gate) > 0).count();
        let share = bounds::BATCH_ENTRIES / at_work.max(1);
        self.0
            .get(&organisation)
            .is_some_and(|gate| under_way(gate) > share.max(1))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::text::Role;
    use crate::domain::{Organisation, Wording};

    pub(in crate::http) const IMG: &str = "00000001812345678000";
    pub(in crate::http) const NCG: &str = "00000001823456789000";

    pub(in crate::http) fn oin(text: &str) -> Oin {
        Oin::parse(text).unwrap()
    }

    pub(in crate::http) fn both() -> Organisations {
        let one = |text: &str, role| Organisation {
            oin: oin(text),
            name: role_name(role),
            role: Role::parse(role).unwrap(),
            teams: BTreeSet::new(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        Organisations::new(vec![one(IMG, "img"), one(NCG, "ncg")])
    }

    fn role_name(role: &str) -> String {
        role.to_uppercase()
    }

    #[test]
    fn a_full_gate_is_one_organisations_own() {
        let gates = Gates::of(&both(), 2);
        assert!(gates.enter(oin("00000001834567890000")).is_none());
        let first = gates.enter(oin(IMG));
        let second = gates.enter(oin(IMG));
        assert!(first.is_some() && second.is_some());
        assert!(gates.enter(oin(IMG)).is_none());
        assert!(gates.enter(oin(IMG)).is_none());
        assert!(gates.enter(oin(NCG)).is_some());
        drop(first);
        assert!(gates.enter(oin(IMG)).is_some());
    }

    #[test]
    fn a_share_is_of_those_who_are_at_work() {
        let whole = bounds::BATCH_ENTRIES;
        for (img, ncg, img_over, ncg_over) in [
            (whole + 1, 0, true, false),
            (whole, 1, true, false),
            (whole / 2 + 1, whole / 2, true, false),
            (whole / 2, whole / 2 + 1, false, true),
            (whole, 0, false, false),
            (0, 0, false, false),
        ] {
            let gates = Gates::of(&both(), 4 * whole);
            let enter = |who, count| -> Vec<_> {
                (0..count).map(|_| gates.enter(oin(who)).unwrap()).collect()
            };
            let _inside = (enter(IMG, img), enter(NCG, ncg));
            assert_eq!(gates.is_over_share(oin(IMG)), img_over, "{img} {ncg}");
            assert_eq!(gates.is_over_share(oin(NCG)), ncg_over, "{img} {ncg}");
        }
    }
}

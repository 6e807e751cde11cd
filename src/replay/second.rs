//! Two people: what is erased, held or lifted was asked by one person and agreed to by another.
//!
//! An answer names the proposal it answers, and seals who proposed it beside who agrees. Of an address
//! that was erased the proposal cannot be read any more: then its organisation, which is public, is all
//! that can be compared.

use std::collections::HashMap;

use super::fault::Fault;
use crate::domain::Oin;
use crate::ledger::entry::{Act, Entry, Judgement, Kind};
use crate::ledger::{Leaf, asked_by};
use crate::store::Ask;

/// What was asked, and who asked it.
#[derive(Debug)]
struct Asked {
    ask: Ask,
    by: Option<Oin>,
    /// Nothing when it was erased.
    employee: Option<String>,
}

/// What waits for a second person, as the book tells it.
#[derive(Debug, Default)]
pub(super) struct Proposals(HashMap<u64, Asked>);

impl Proposals {
    /// Takes the next entry.
    pub(super) fn take(&mut self, leaf: &Leaf) -> Result<(), Fault> {
        let entry = &leaf.entry;
        if let Some(ask) = asked_by(entry) {
            let asked = Asked {
                ask,
                by: entry.aanvrager,
                employee: leaf.values.get("medewerker").cloned(),
            };
            self.0.insert(leaf.index, asked);
            return Ok(());
        }
        match (entry.soort, entry.handeling) {
            // The configuration asked for it, and no person.
            (Kind::Erasure, Some(Act::Expire)) => Ok(()),
            (Kind::Erasure | Kind::Hold, _) => {
                let answered = entry.index.ok_or(Fault::Lacks("index"))?;
                let asked = self
                    .0
                    .remove(&answered)
                    .filter(|one| answers(entry, one.ask));
                check(leaf, &asked.ok_or(Fault::NoProposal(answered))?)
            }
            (Kind::Review, _) if entry.oordeel == Some(Judgement::Rejected) => {
                // Most are of something else.
                entry.index.and_then(|index| self.0.remove(&index));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Whether this entry does what was asked.
fn answers(entry: &Entry, ask: Ask) -> bool {
    let act = match ask {
        Ask::Erase => (Kind::Erasure, Act::Erase),
        Ask::Hold => (Kind::Hold, Act::Hold),
        Ask::Lift(_) => (Kind::Hold, Act::LiftHold),
    };
    (entry.soort, entry.handeling) == (act.0, Some(act.1))
}

/// INVARIANT (two people, no hold passed over): who agrees is another person than who proposed, and who
/// is said to have proposed is who did.
fn check(leaf: &Leaf, asked: &Asked) -> Result<(), Fault> {
    const PROPOSER: &str = "voorsteller";
    let by = leaf.entry.aanvrager.ok_or(Fault::Lacks("aanvrager"))?;
    if !leaf.entry.zegels.contains_key(PROPOSER) {
        return Err(Fault::Lacks(PROPOSER));
    }
    let agrees = leaf.values.get("medewerker");
    let proposed = asked.by.zip(asked.employee.as_ref());
    if proposed.is_some_and(|(oin, employee)| oin == by && Some(employee) == agrees) {
        return Err(Fault::SamePerson);
    }
    let Some(told) = leaf.values.get(PROPOSER) else {
        return Ok(());
    };
    if agrees.is_some_and(|agrees| *told == format!("{by} {agrees}")) {
        return Err(Fault::SamePerson);
    }
    let (oin, employee) = told.split_once(' ').ok_or(Fault::Proposer)?;
    let same = asked
        .employee
        .as_deref()
        .is_none_or(|known| known == employee);
    if same && asked.by.is_some_and(|by| by.to_string() == oin) {
        Ok(())
    } else {
        Err(Fault::Proposer)
    }
}

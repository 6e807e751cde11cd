//! Two people: what is erased, held or lifted was asked by one person and agreed to by another. That a
//! proposal of its kind waits where an answer says so, [`crate::ledger::verify::Checker`] has seen.
//!
//! An answer seals who proposed it beside who agrees. Of an address that was erased the proposal cannot
//! be read any more: then its organisation, which is public, is all that can be compared.

use std::collections::HashMap;

use super::fault::Fault;
use crate::domain::Oin;
use crate::ledger::entry::{Judgement, Kind};
use crate::ledger::{Leaf, asked_by};

/// Who asked.
#[derive(Debug)]
struct Asked {
    by: Option<Oin>,
    /// Nothing when it was erased.
    employee: Option<String>,
}

/// Who asked for what waits for a second person, by the entry that asks.
#[derive(Debug, Default)]
pub(super) struct Proposals(HashMap<u64, Asked>);

impl Proposals {
    /// Takes the next entry.
    pub(super) fn take(&mut self, leaf: &Leaf) -> Result<(), Fault> {
        let entry = &leaf.entry;
        if asked_by(entry).is_some() {
            let asked = Asked {
                by: entry.aanvrager,
                employee: leaf.values.get("medewerker").cloned(),
            };
            self.0.insert(leaf.index, asked);
        }
        let agrees = matches!(entry.soort, Kind::Erasure | Kind::Hold);
        let rejects = entry.soort == Kind::Review && entry.oordeel == Some(Judgement::Rejected);
        let answered = entry.index.filter(|_| agrees || rejects);
        match answered.and_then(|index| self.0.remove(&index)) {
            Some(asked) if agrees => check(leaf, &asked),
            _ => Ok(()),
        }
    }
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

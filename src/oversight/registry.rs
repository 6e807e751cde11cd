//! What the registry of choices asks of whoever keeps it: choices that soon expire, questions that
//! were not answered, proposals that wait for a second person. Computed from events alone; who they
//! are about stays a tag.

use std::collections::{HashMap, HashSet};

use super::index::Index;
use super::row::{Change, Event};
use super::words::{Party, Tag};
use crate::clock::Moment;
use crate::domain::{ChoiceId, ChoiceKind, ChoiceState};

/// A choice as a list has it: nothing of whose it is, or where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its identifier.
    pub id: ChoiceId,
    /// Which of the four.
    pub kind: ChoiceKind,
    /// When it came into the state it is in.
    pub at: Moment,
    /// The entry that told so.
    pub index: u64,
    /// Until when it holds.
    pub until: Option<Moment>,
}

/// A proposal that nobody answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingProposal {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Which of the four choices it is about.
    pub kind: Option<ChoiceKind>,
    /// What that choice would become.
    pub state: Option<ChoiceState>,
    /// Whether this same person proposed it, and so cannot confirm it.
    pub is_mine: bool,
}

/// What was last told of a choice.
#[derive(Debug, Clone, Copy)]
struct Told<'i> {
    event: &'i Event,
    id: [u8; 16],
    kind: ChoiceKind,
    state: ChoiceState,
    owner: Tag,
    reference: Tag,
    until: Option<Moment>,
}

impl<'i> Told<'i> {
    fn of(event: &'i Event) -> Option<Self> {
        match event.change {
            Change::Choice {
                id,
                kind,
                state,
                owner,
                reference,
                from: _,
                until,
            } => Some(Self {
                event,
                id,
                kind,
                state,
                owner,
                reference,
                until,
            }),
            Change::Owners { .. }
            | Change::Dossier { .. }
            | Change::Aos { .. }
            | Change::AosEnd { .. } => None,
        }
    }

    const fn is_yes(&self) -> bool {
        matches!(self.state, ChoiceState::Given | ChoiceState::Renewed)
    }

    /// Whether it says anything: a question does not, nor what never was or cannot be told.
    const fn is_word(&self) -> bool {
        match self.state {
            ChoiceState::Given
            | ChoiceState::Renewed
            | ChoiceState::Refused
            | ChoiceState::Withdrawn
            | ChoiceState::Revoked
            | ChoiceState::Invalidated => true,
            ChoiceState::Requested | ChoiceState::EnteredInError | ChoiceState::Unknown => false,
        }
    }

    fn has_expired(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    fn listed(&self) -> Listed {
        Listed {
            id: ChoiceId::from_bytes(self.id),
            kind: self.kind,
            at: self.event.at,
            index: self.event.index,
            until: self.until,
        }
    }
}

/// The choices of one kind at one address, as last told.
type ByQuestion<'i> = HashMap<(Tag, ChoiceKind), Vec<Told<'i>>>;

impl Index {
    /// The choices that an organisation recorded, that hold now and end within so many milliseconds,
    /// the first to end first. Not those that a later word of the same owner took the place of, and
    /// not those of somebody who does not own the address any more.
    #[must_use]
    pub fn expiring(&self, own: Party, now: Moment, within_ms: i64) -> Vec<Listed> {
        let all = self.told();
        let ends = |one: &Told<'_>| {
            one.until
                .filter(|until| *until > now && *until <= now.plus_ms(within_ms))
        };
        let candidates = of_party(&all, own)
            .filter(|one| one.is_yes() && ends(one).is_some())
            .filter(|one| {
                !same_question(&all, one).any(|other| {
                    let follows = other.event.index > one.event.index;
                    let stays = other.until.is_none() || other.until > one.until;
                    other.owner == one.owner
                        && follows
                        && other.is_word()
                        && (!other.is_yes() || stays)
                })
            });
        let mut found = self.of_owners(candidates, now);
        found.sort_by_key(|one| (one.until, one.index));
        found
    }

    /// The questions that an organisation asked and nobody answered, the oldest first. An answer is a
    /// later choice of the same kind at the same address, on the same form or by the same owner.
    #[must_use]
    pub fn unanswered(&self, own: Party, now: Moment) -> Vec<Listed> {
        let all = self.told();
        let candidates = of_party(&all, own)
            .filter(|one| one.state == ChoiceState::Requested && !one.has_expired(now))
            .filter(|one| {
                !same_question(&all, one).any(|other| {
                    let same_form = one.reference.is_some() && other.reference == one.reference;
                    let same_owner = one.owner.is_some() && other.owner == one.owner;
                    let follows = other.event.index > one.event.index;
                    follows && other.is_word() && (same_form || same_owner)
                })
            });
        let mut found = self.of_owners(candidates, now);
        found.sort_by_key(|one| (one.at, one.index));
        found
    }

    /// The proposals of an organisation that wait for a second person, the oldest first.
    #[must_use]
    pub fn waiting_proposals(&self, own: Party, person: Tag) -> Vec<WaitingProposal> {
        let waiting = self.proposals().values();
        let waiting = waiting.filter(|one| one.by == own && one.answered.is_none());
        waiting
            .map(|one| WaitingProposal {
                index: one.index,
                at: one.at,
                kind: one.kind,
                state: one.state,
                is_mine: one.proposer == person,
            })
            .collect()
    }

    fn told(&self) -> ByQuestion<'_> {
        let mut newest: HashMap<[u8; 16], Told<'_>> = HashMap::new();
        for told in self.events().iter().filter_map(Told::of) {
            newest.insert(told.id, told);
        }
        let mut all = ByQuestion::new();
        for told in newest.into_values() {
            let question = (told.event.address, told.kind);
            all.entry(question).or_default().push(told);
        }
        all
    }

    /// Those of people who own the address now. Where nobody was told to own it, nobody is left out.
    fn of_owners<'i>(
        &self,
        choices: impl Iterator<Item = &'i Told<'i>>,
        now: Moment,
    ) -> Vec<Listed> {
        let choices: Vec<&Told<'_>> = choices.collect();
        let asked: HashSet<Tag> = choices.iter().map(|one| one.event.address).collect();
        // The ownership in force at each of these addresses: when it began, and its entry.
        let mut in_force: HashMap<Tag, (Moment, u64)> = HashMap::new();
        for event in self.events() {
            if let Change::Owners { from } = event.change
                && from <= now
                && asked.contains(&event.address)
            {
                let known = in_force.entry(event.address).or_insert((from, event.index));
                *known = (*known).max((from, event.index));
            }
        }
        let entries: HashSet<u64> = in_force.values().map(|(_, index)| *index).collect();
        let owners = self.ownerships().iter();
        let owners: HashSet<(u64, Tag)> = owners
            .filter(|(_, index)| entries.contains(index))
            .map(|(owner, index)| (*index, *owner))
            .collect();
        let owns = |one: &Told<'_>| match in_force.get(&one.event.address) {
            Some((_, index)) => owners.contains(&(*index, one.owner)),
            None => true,
        };
        let of_owners = choices.into_iter().filter(|one| owns(one));
        of_owners.map(Told::listed).collect()
    }
}

fn of_party<'i>(all: &'i ByQuestion<'i>, own: Party) -> impl Iterator<Item = &'i Told<'i>> {
    let every = all.values().flatten();
    every.filter(move |one| one.event.by == own)
}

fn same_question<'i>(
    all: &'i ByQuestion<'i>,
    one: &Told<'i>,
) -> impl Iterator<Item = &'i Told<'i>> {
    let question = (one.event.address, one.kind);
    let there = all.get(&question).into_iter().flatten();
    let id = one.id;
    there.filter(move |other| other.id != id)
}

#[cfg(test)]
mod tests;

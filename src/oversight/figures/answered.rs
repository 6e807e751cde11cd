//! How long owners took to answer what they were asked.

use std::collections::HashMap;

use super::super::calendar::Calendar;
use super::super::index::Index;
use super::super::row::Change;
use super::super::words::{Party, Tag};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, ChoiceState};

/// A question to an owner.
struct Asked {
    id: [u8; 16],
    owner: Tag,
    reference: Tag,
    by: Party,
    at: Moment,
}

/// The time that each answer to a question of this organisation took, in milliseconds, by the week it
/// came in.
pub(super) fn answers_ms(index: &Index, own: Party, calendar: &Calendar) -> Vec<Vec<u64>> {
    let mut weeks = vec![Vec::new(); calendar.count()];
    let mut asked: HashMap<(Tag, ChoiceKind), Vec<Asked>> = HashMap::new();
    for event in index.events() {
        let Change::Choice {
            id,
            kind,
            state,
            owner,
            reference,
            ..
        } = event.change
        else {
            continue;
        };
        let there = asked.entry((event.address, kind)).or_default();
        match state {
            ChoiceState::Requested => {
                if !there.iter().any(|question| question.id == id) {
                    there.push(Asked {
                        id,
                        owner,
                        reference,
                        by: event.by,
                        at: event.at,
                    });
                }
                continue;
            }
            ChoiceState::Given | ChoiceState::Renewed | ChoiceState::Refused => {}
            ChoiceState::Withdrawn
            | ChoiceState::Revoked
            | ChoiceState::Invalidated
            | ChoiceState::EnteredInError
            | ChoiceState::Unknown => {
                // Taken back before it was answered.
                there.retain(|question| question.id != id);
                continue;
            }
        }
        let Some(question) = answered(there, id, owner, reference) else {
            continue;
        };
        let took = u64::try_from(event.at.ms_since(question.at)).unwrap_or(0);
        let week = calendar.find(event.at).filter(|_| question.by == own);
        if let Some(week) = week.and_then(|week| weeks.get_mut(week)) {
            week.push(took);
        }
    }
    weeks
}

/// The question that this answers: the same choice, else the same form of the same owner, else that
/// form, else another of that owner.
fn answered(there: &mut Vec<Asked>, id: [u8; 16], owner: Tag, reference: Tag) -> Option<Asked> {
    let same_owner = |asked: &Asked| owner.is_some() && asked.owner == owner;
    let same_form = |asked: &Asked| reference.is_some() && asked.reference == reference;
    let ways: [&dyn Fn(&Asked) -> bool; 4] = [
        &|asked| asked.id == id,
        &|asked| same_owner(asked) && same_form(asked),
        &|asked| same_form(asked),
        &|asked| same_owner(asked),
    ];
    let mut ways = ways.into_iter();
    let at = ways.find_map(|is| there.iter().position(is))?;
    Some(there.remove(at))
}

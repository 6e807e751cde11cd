//! What owners were asked, and what they answered.

use std::collections::HashMap;

use super::super::calendar::Calendar;
use super::super::index::Index;
use super::super::row::Change;
use super::super::words::{Party, Tag};
use super::{DAY_MS, EXPIRES_WITHIN_DAYS, OpenChoices};
use crate::clock::Moment;
use crate::domain::{ChoiceKind, ChoiceState};

/// What was asked of owners, and what they answered.
pub(super) struct Answered {
    pub(super) weeks: Vec<Vec<u64>>,
    pub(super) open: OpenChoices,
}

/// A question to an owner.
struct Asked {
    id: [u8; 16],
    owner: Tag,
    reference: Tag,
    by: Party,
    at: Moment,
    until: Option<Moment>,
}

impl Answered {
    pub(super) fn of(index: &Index, own: Party, calendar: &Calendar, now: Moment) -> Self {
        let mut weeks = vec![Vec::new(); calendar.count()];
        let mut asked: HashMap<(Tag, ChoiceKind), Vec<Asked>> = HashMap::new();
        // Until when each choice holds that this organisation recorded.
        let mut in_force: HashMap<[u8; 16], Moment> = HashMap::new();
        for event in index.events() {
            let Change::Choice {
                id,
                kind,
                state,
                owner,
                reference,
                until,
                ..
            } = event.change
            else {
                continue;
            };
            let holds = matches!(state, ChoiceState::Given | ChoiceState::Renewed);
            match until.filter(|_| holds && event.by == own) {
                Some(until) => in_force.insert(id, until),
                None => in_force.remove(&id),
            };
            let there = asked.entry((event.address, kind)).or_default();
            if state == ChoiceState::Requested {
                if !there.iter().any(|question| question.id == id) {
                    there.push(Asked {
                        id,
                        owner,
                        reference,
                        by: event.by,
                        at: event.at,
                        until,
                    });
                }
                continue;
            }
            if !holds && state != ChoiceState::Refused {
                // Taken back before it was answered.
                there.retain(|question| question.id != id);
                continue;
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
        let soon = now..=now.plus_ms(EXPIRES_WITHIN_DAYS * DAY_MS);
        let waits = asked.into_values().flatten();
        let waits = waits.filter(|question| question.by == own);
        let waits = waits.filter(|question| question.until.is_none_or(|until| until > now));
        let since: Vec<Moment> = waits.map(|question| question.at).collect();
        let open = OpenChoices {
            expiring: in_force
                .values()
                .filter(|until| soon.contains(until))
                .count() as u64,
            asked: since.len() as u64,
            asked_since: since.into_iter().min(),
        };
        Self { weeks, open }
    }
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

//! Releases and refusals by week.

use std::sync::Arc;

use super::super::calendar::Calendar;
use super::super::index::Index;
use super::super::row::Row;
use super::super::words::{Party, Word};
use super::{Against, Basis};
use crate::clock::Moment;

/// What the rows came to.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) releases: Vec<(Basis, Vec<u64>)>,
    pub(super) refusals: Vec<(Arc<str>, Vec<u64>)>,
    pub(super) released: Against,
    pub(super) refused: Against,
}

impl Counted {
    pub(super) fn of(index: &Index, own: Party, calendar: &Calendar, now: Moment) -> Self {
        let weeks = calendar.count();
        let last = weeks.saturating_sub(1);
        let now_into = calendar.into_week_ms(last, now);
        let bases = Bases::of(index);
        let mut releases = Basis::ALL.map(|basis| (basis, vec![0; weeks]));
        let mut refusals: Vec<(Word, Vec<u64>)> = Vec::new();
        // What the weeks before came to until the same moment of the week: releases, refusals.
        let mut until_then = [0_u64; 2];
        for row in index.rows_between(Some(calendar.start(0)), None) {
            let (released, refused) = (row.is_release(), row.is_refusal());
            if !(released || refused) || !row.is_of(own) {
                continue;
            }
            let Some(week) = calendar.find(row.at) else {
                continue;
            };
            let basis = bases.of_row(row);
            let counts = if released {
                let mut all = releases.iter_mut();
                all.find(|(known, _)| *known == basis)
                    .map(|(_, counts)| counts)
            } else {
                counts_of(&mut refusals, row.reason, weeks)
            };
            if let Some(count) = counts.and_then(|counts| counts.get_mut(week)) {
                *count += 1;
            }
            if week < last && calendar.into_week_ms(week, row.at) <= now_into {
                let [of_releases, of_refusals] = &mut until_then;
                *of_releases += u64::from(released);
                *of_refusals += u64::from(refused);
            }
        }
        let whole = whole_weeks_before(index, calendar);
        let against = |sum: u64, this_week: u64| Against {
            this_week,
            usual: (sum + whole / 2).checked_div(whole),
        };
        let [of_releases, of_refusals] = until_then;
        let latest = |counts: &Vec<u64>| counts.last().copied().unwrap_or(0);
        refusals.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<u64>()));
        let refusals = refusals.into_iter();
        let refusals: Vec<_> = refusals
            .map(|(word, counts)| (Arc::from(index.text(word)), counts))
            .collect();
        Self {
            released: against(
                of_releases,
                releases.iter().map(|(_, all)| latest(all)).sum(),
            ),
            refused: against(
                of_refusals,
                refusals.iter().map(|(_, all)| latest(all)).sum(),
            ),
            releases: releases.into(),
            refusals,
        }
    }
}

/// The counts of a reason; there are some ten reasons in use.
fn counts_of(
    refusals: &mut Vec<(Word, Vec<u64>)>,
    reason: Word,
    weeks: usize,
) -> Option<&mut Vec<u64>> {
    let known = refusals.iter().position(|(known, _)| *known == reason);
    let at = known.unwrap_or(refusals.len());
    if known.is_none() {
        refusals.push((reason, vec![0; weeks]));
    }
    refusals.get_mut(at).map(|(_, counts)| counts)
}

/// How many of the weeks before this one the book has whole.
fn whole_weeks_before(index: &Index, calendar: &Calendar) -> u64 {
    let row = index.rows().first().map(|row| row.at);
    let event = index.events().first().map(|event| event.at);
    let Some(begun) = row.into_iter().chain(event).min() else {
        return 0;
    };
    let last = calendar.count().saturating_sub(1);
    let first = match calendar.find(begun) {
        // The week it began in is not whole.
        Some(week) => week + 1,
        None if begun < calendar.start(0) => 0,
        None => last,
    };
    last.saturating_sub(first) as u64
}

/// The codes that tell the grounds apart.
struct Bases {
    grounds: [(Option<Word>, Basis); 4],
    aos: Option<Word>,
}

impl Bases {
    fn of(index: &Index) -> Self {
        let ground = |article| {
            let iri = format!("https://w3id.org/dpv/legal/eu/gdpr#{article}");
            index.words().find(&iri)
        };
        Self {
            grounds: [
                (ground("A6-1-c"), Basis::Duty),
                (ground("A6-1-e"), Basis::PublicTask),
                (ground("A6-1-a"), Basis::Consent),
                (ground("A9-2-a"), Basis::Health),
            ],
            aos: index.words().find("aos"),
        }
    }

    fn of_row(&self, row: &Row) -> Basis {
        if Some(row.purpose) == self.aos {
            return Basis::Unsafe;
        }
        if row.health {
            return Basis::Health;
        }
        let mut grounds = self.grounds.iter();
        let found = grounds.find(|(ground, _)| *ground == Some(row.ground));
        found.map_or(Basis::Other, |(_, basis)| *basis)
    }
}

//! What a candidate would have decided otherwise, week by week. Numbers alone; nobody is named in them.

use super::calendar::Calendar;
use super::figures::FIGURE_WEEKS;
use super::index::Index;
use super::row::What;
use super::words::Word;
use crate::clock::{Moment, Week};
use crate::domain::Oin;
use crate::policy::Difference;

/// The decisions of an organisation, and in how many of them a candidate differed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    /// The weeks that were counted, oldest first; the last is this one.
    pub weeks: Vec<Week>,
    /// Decisions about a document, with a candidate beside them or not.
    pub decided: Vec<u64>,
    /// Those in which a candidate differed, by in what.
    pub differences: Vec<(Difference, Vec<u64>)>,
}

impl Shadowed {
    /// How many differences there are in a week.
    #[must_use]
    pub fn in_week(&self, week: usize) -> u64 {
        let counts = self.differences.iter();
        let of_week = counts.filter_map(|(_, counts)| counts.get(week));
        of_week.sum()
    }
}

impl Shadowed {
    /// Whether there is any difference at all.
    #[must_use]
    pub fn is_any(&self) -> bool {
        (0..self.weeks.len()).any(|week| self.in_week(week) > 0)
    }
}

impl Index {
    /// What candidates would have decided otherwise for one organisation, until this moment.
    #[must_use]
    pub fn shadowed(&self, own: Oin, now: Moment) -> Shadowed {
        let calendar = Calendar::up_to(now, FIGURE_WEEKS);
        let (party, weeks) = (self.party(own), calendar.count());
        let mut decided = vec![0; weeks];
        let mut differences = Difference::ALL.map(|difference| (difference, vec![0; weeks]));
        for row in self.rows_between(Some(calendar.start(0)), None) {
            // A call that was refused before has no document.
            let is_decision = row.what == What::Decision && row.kind != Word::NONE;
            if !is_decision || !row.is_of(party) {
                continue;
            }
            let Some(week) = calendar.find(row.at) else {
                continue;
            };
            let mut counted = differences.iter_mut();
            let differs = counted.find(|(difference, _)| row.shadow == Some(*difference));
            let counts = std::iter::once(&mut decided).chain(differs.map(|(_, counts)| counts));
            for count in counts.filter_map(|counts| counts.get_mut(week)) {
                *count += 1;
            }
        }
        Shadowed {
            weeks: (0..weeks).map(|at| calendar.week(at)).collect(),
            decided,
            differences: differences.into(),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use crate::domain::{DocumentKind, Sha256};
    use crate::ledger::entry::{Act, Entry, Kind, Outcome, Shadow, Trial};
    use crate::oversight::testing::{Book, img, municipality, ncg, utc};

    fn decision(kind: Option<&str>, permits: bool, says: Option<Trial>) -> impl FnOnce(&mut Entry) {
        move |entry: &mut Entry| {
            entry.aanvrager = Some(img());
            entry.bron = Some(ncg());
            entry.handeling = Some(Act::Test);
            entry.documentsoort = kind.map(|kind| DocumentKind::parse(kind).unwrap());
            entry.uitkomst = Some(Outcome::Test);
            if permits {
                entry.grondslag = Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".to_owned());
            }
            entry.schaduw = says.map(|says| {
                Box::new(Shadow {
                    uitkomst: Some(says),
                    ..Shadow::begins(Sha256::from_bytes([1; 32]))
                })
            });
        }
    }

    #[test]
    fn differences_are_counted_by_week_and_kind() {
        let mut book = Book::new();
        let kind = Some("planning");
        for (at, kind, permits, says) in [
            ("2026-03-04T10:00", kind, true, Some(Trial::Refused)),
            ("2026-03-09T10:00", kind, true, Some(Trial::Permitted)),
            ("2026-03-10T10:00", kind, false, Some(Trial::Permitted)),
            ("2026-03-10T11:00", kind, false, Some(Trial::Permitted)),
            ("2026-03-11T10:00", kind, true, Some(Trial::Unknown)),
            ("2026-03-11T11:00", kind, true, None),
            ("2026-03-11T12:00", kind, false, None),
            // Refused before any document was looked up.
            ("2026-03-11T13:00", None, false, None),
        ] {
            book.add(Kind::Decision, utc(at), &[], decision(kind, permits, says));
        }
        let now = utc("2026-03-12T12:00");
        let found = book.index().shadowed(img(), now);
        let last_two = |counts: &Vec<u64>| [counts[24], counts[25]];
        assert_eq!(last_two(&found.decided), [1, 6]);
        let counts: Vec<_> = found
            .differences
            .iter()
            .map(|(_, counts)| last_two(counts))
            .collect();
        assert_eq!(counts, [[1, 0], [0, 2], [0, 1], [0, 1]]);
        assert_eq!((found.in_week(24), found.in_week(25)), (1, 4));
        assert!(found.is_any());
        // An officer of another organisation sees none of it.
        let other = book.index().shadowed(municipality(), now);
        assert!(!other.is_any() && other.decided.iter().all(|count| *count == 0));
    }

    #[test]
    fn a_start_says_since_when_a_candidate_is_asked() {
        let mut book = Book::new();
        let [one, other] = [1, 2].map(|byte| Sha256::from_bytes([byte; 32]));
        for (at, candidate) in [
            ("2026-03-01T10:00", None),
            ("2026-03-02T10:00", Some(one)),
            ("2026-03-03T10:00", Some(one)),
        ] {
            book.add(Kind::Start, utc(at), &[], |entry| {
                entry.schaduw = candidate.map(|hash| Box::new(Shadow::begins(hash)));
            });
        }
        assert_eq!(book.index().find_trial(one), Some(utc("2026-03-02T10:00")));
        assert_eq!(book.index().find_trial(other), None);
    }
}

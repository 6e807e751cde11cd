//! What stands out over weeks: refusals in a row, and cases that nothing followed from.
//!
//! Whoever asks for a document says for which case. A case is about a house, sometimes about a block
//! of them; and whoever needs documents about a house has a dossier of it, or opens one soon. Somebody
//! who is only curious has one case to name, and a street to look at. So the addresses of each case are
//! counted, and those among them of which the organisation has no dossier, and got none either within
//! thirty days. An organisation that keeps no dossiers in the registry is only asked how many.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::super::row::{Change, Row};
use super::super::words::{ByTag, Tag};
use super::tally::Tally;
use super::{Came, Look, Pattern, REFUSALS_IN_A_ROW, SignalKind, Story};
use crate::clock::Moment;

/// One case at so many addresses without a dossier stands out.
pub const ADDRESSES_WITHOUT_DOSSIER: u64 = 5;
/// One case at so many addresses stands out, dossiers or not: hardly any block is larger.
pub const ADDRESSES_OF_ONE_CASE: u64 = 12;
/// A dossier that was opened within so many days still belongs to what was asked.
pub const FOLLOWS_WITHIN_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl<'i> Look<'i> {
    pub(super) fn refusals(&self, tally: &Tally, found: &mut Vec<Pattern<'i>>) {
        for run in tally.runs() {
            let rows = run.rows.iter().filter_map(|number| self.index.row(*number));
            let rows: Vec<&Row> = rows.collect();
            let tell = |rows: &[&'i Row]| {
                let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
                for row in rows {
                    *reasons.entry(self.index.text(row.reason)).or_default() += 1;
                }
                let reasons = reasons.into_iter();
                let mut reasons: Vec<(Arc<str>, u64)> =
                    reasons.map(|(code, count)| (code.into(), count)).collect();
                reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
                Came {
                    observed: rows.len() as u64,
                    threshold: REFUSALS_IN_A_ROW,
                    story: Story::Refusals { reasons },
                    person: Some(run.employee),
                    named: rows.to_vec(),
                }
            };
            self.add(SignalKind::Refusals, &rows, tell, found);
        }
    }

    pub(super) fn nothing_followed(&self, tally: &Tally, found: &mut Vec<Pattern<'i>>) {
        let cases = self.cases(tally);
        if cases.is_empty() {
            return;
        }
        let addresses = cases.iter().flatten().map(|row| row.address).collect();
        let dossiers = self.dossiers(&addresses);
        for rows in cases {
            let tell = |rows: &[&'i Row]| self.tell_case(rows, dossiers.as_ref());
            self.add(SignalKind::NothingFollowed, &rows, tell, found);
        }
    }

    /// The releases of each case that is about many addresses, and was used lately.
    fn cases(&self, tally: &Tally) -> Vec<Vec<&'i Row>> {
        let lately = tally.wide_cases().filter(|last| {
            let row = self.index.row(*last);
            row.is_some_and(|row| row.at >= self.since)
        });
        let cases = lately.map(|last| self.case_up_to(last));
        let many = cases.filter(|rows| count_addresses(rows) >= ADDRESSES_WITHOUT_DOSSIER);
        many.collect()
    }

    /// The releases of a case, of which the last row has this number, oldest first.
    fn case_up_to(&self, mut number: u64) -> Vec<&'i Row> {
        let mut rows = Vec::new();
        while let Some(row) = self.index.row(number) {
            rows.push(row);
            let back = u64::from(row.back_in_case);
            match number.checked_sub(back).filter(|_| back > 0) {
                Some(before) => number = before,
                None => break,
            }
        }
        rows.reverse();
        rows
    }

    /// Since when this organisation has a dossier of each of these addresses; `None` when it keeps none
    /// in the registry at all.
    fn dossiers(&self, addresses: &HashSet<Tag>) -> Option<ByTag<Moment>> {
        let mut since: Option<ByTag<Moment>> = None;
        for event in self.index.events() {
            if event.by != self.own || !matches!(event.change, Change::Dossier { .. }) {
                continue;
            }
            let since = since.get_or_insert_default();
            if addresses.contains(&event.address) {
                since.entry(event.address).or_insert(event.at);
            }
        }
        since
    }

    fn tell_case(&self, rows: &[&'i Row], dossiers: Option<&ByTag<Moment>>) -> Came<'i> {
        let follows = |row: &Row| {
            let Some(dossiers) = dossiers else {
                return true;
            };
            let until = row.at.plus_ms(FOLLOWS_WITHIN_DAYS * DAY_MS);
            let since = dossiers.get(&row.address);
            since.is_some_and(|since| *since <= until)
        };
        // The first release about each address.
        let mut seen = HashSet::new();
        let firsts = rows.iter().copied();
        let firsts: Vec<&Row> = firsts.filter(|row| seen.insert(row.address)).collect();
        let alone = firsts.iter().copied().filter(|row| !follows(row));
        let alone: Vec<&Row> = alone.collect();
        let (addresses, without) = (firsts.len() as u64, alone.len() as u64);

        // In the order of the book, so that of two who did as much the same one is named each time.
        let mut people: Vec<(Tag, u64)> = Vec::new();
        for row in rows.iter().filter(|row| row.employee.is_some()) {
            match people.iter_mut().find(|(tag, _)| *tag == row.employee) {
                Some((_, count)) => *count += 1,
                None => people.push((row.employee, 1)),
            }
        }
        let most = people.iter().rev().copied().max_by_key(|(_, count)| *count);
        let story = Story::NothingFollowed {
            releases: rows.len() as u64,
            addresses,
            without,
            people: people.len() as u64,
            by_person: most.map_or(0, |(_, count)| count),
            outside: rows.iter().filter(|row| self.is_outside(row)).count() as u64,
        };
        // Told is the number that is further beyond its threshold.
        let by_dossier = without * ADDRESSES_OF_ONE_CASE >= addresses * ADDRESSES_WITHOUT_DOSSIER;
        let (observed, threshold) = if by_dossier {
            (without, ADDRESSES_WITHOUT_DOSSIER)
        } else {
            (addresses, ADDRESSES_OF_ONE_CASE)
        };
        Came {
            observed,
            threshold,
            story,
            person: most.map(|(person, _)| person),
            named: if by_dossier { alone } else { firsts },
        }
    }
}

fn count_addresses(rows: &[&Row]) -> u64 {
    let addresses: HashSet<Tag> = rows.iter().map(|row| row.address).collect();
    addresses.len() as u64
}

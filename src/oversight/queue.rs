//! What is to be reviewed: the queue of an organisation, one release of it, its incidents.

use super::index::Index;
use super::review::{Incident, Review, Standing};
use super::row::{Change, Row};
use super::search::Line;
use super::words::Personal;
use crate::clock::Moment;
use crate::domain::{Employee, Oin};
use crate::ledger::entry::Judgement;

/// A release in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The release.
    pub line: Line,
    /// Until when it should be judged.
    pub due: Moment,
    /// Where it stands for the organisation.
    pub standing: Standing,
    /// Whether whoever looks gave the last judgement.
    pub last_is_own: bool,
    /// When the last judgement was given.
    pub last_at: Option<Moment>,
}

/// A page of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What is on it: what waits by its term, what is done the newest judgement first.
    pub releases: Vec<Queued>,
    /// How many there are on all pages.
    pub total: usize,
    /// How many of them are past their term.
    pub late: usize,
    /// Which page it is, counted from 0; the last one when a later one was asked for.
    pub page: usize,
}

/// A judgement that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Of which organisation.
    pub by: Option<Oin>,
    /// Whether by whoever looks.
    pub is_own: bool,
    /// What.
    pub judgement: Judgement,
}

/// The report of an unsafe situation that a release rested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AosReported {
    /// Where its entry stands.
    pub index: u64,
    /// When it was closed, if it was.
    pub closed: Option<Moment>,
}

/// One release that is reviewed, for one organisation.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Reviewing {
    /// The release.
    pub line: Line,
    /// The team that asked.
    pub team: String,
    /// Whether it is about health.
    pub health: bool,
    /// Whether a rule asked that it is judged.
    pub is_asked: bool,
    /// Whether a document was released on it, so that it can be judged.
    pub is_release: bool,
    /// Until when it should be judged, where that was asked.
    pub due: Moment,
    /// Whether two people must judge alike.
    pub four_eyes: bool,
    /// Where it stands.
    pub standing: Standing,
    /// What was judged so far by either party, oldest first.
    pub given: Vec<Judged>,
    /// The report it rested on, where there was one.
    pub aos: Option<AosReported>,
    /// What became of it, when it was unlawful.
    pub incident: Option<Incident>,
}

/// An incident with its release.
#[derive(Debug, Clone)]
pub struct OpenIncident {
    /// The release.
    pub line: Line,
    /// The incident.
    pub incident: Incident,
}

impl Index {
    /// A page of what this organisation has to review, or has reviewed, for one of its people.
    #[must_use]
    pub fn queue(
        &self,
        (own, who): (Oin, &Employee),
        done: bool,
        now: Moment,
        (page, length): (usize, usize),
    ) -> Queue {
        let party = self.party(own);
        let me = self.tag(Personal::Employee(own), who.as_str());
        // What was judged unasked waits for nobody.
        let unasked = self.judged().values().filter(|_| done);
        let of_own = self.reviews().values().chain(unasked);
        let of_own = of_own.filter_map(|review| {
            let row = self.find_row(review.decision)?;
            (row.is_of(party) && review.is_open(party) != done).then_some((review, row))
        });
        let mut all: Vec<_> = of_own.collect();
        let last = |review: &Review| {
            let mut given = review.given.iter().rev();
            given.find(|given| given.by == party).copied()
        };
        if done {
            all.sort_by_key(|(review, row)| {
                let at = last(review).map(|given| given.index);
                std::cmp::Reverse((at, row.index))
            });
        } else {
            all.sort_by_key(|(review, row)| (review.due, row.index));
        }
        let late = all.iter().filter(|(review, _)| review.due <= now).count();
        let pages = all.len().div_ceil(length.max(1)).max(1);
        let page = page.min(pages - 1);
        let shown = all.iter().skip(page * length).take(length);
        let releases = shown.map(|(review, row)| {
            let last = last(review);
            Queued {
                line: self.line(row),
                due: review.due,
                standing: review.standing(party),
                last_is_own: last.is_some_and(|given| given.judge == me),
                last_at: last.map(|given| given.at),
            }
        });
        Queue {
            releases: releases.collect(),
            total: all.len(),
            late,
            page,
        }
    }

    /// Releases of this organisation that the other party judged unlawful, and that nobody here judged
    /// yet, oldest first.
    #[must_use]
    pub fn condemned_elsewhere(&self, own: Oin) -> Vec<Line> {
        let party = self.party(own);
        let all = self.reviews().values().chain(self.judged().values());
        let found = all.filter_map(|review| {
            let row = self.find_row(review.decision)?;
            let unlawful = Standing::Judged(Judgement::Unlawful);
            let mut others = [row.requester, row.provider].into_iter();
            let is_condemned = others.any(|by| by != party && review.standing(by) == unlawful);
            (row.is_of(party) && review.is_open(party) && is_condemned).then_some(row)
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|row| row.index);
        found.into_iter().map(|row| self.line(row)).collect()
    }

    /// The incidents of this organisation, those that are closed or those that are not, oldest first.
    #[must_use]
    pub fn incidents_of(&self, own: Oin, closed: bool) -> Vec<OpenIncident> {
        let party = self.party(own);
        let of_own = self
            .incidents()
            .values()
            .filter(|incident| incident.by == party && incident.is_closed() == closed);
        let found = of_own.filter_map(|incident| {
            Some(OpenIncident {
                line: self.line(self.find_row(incident.decision)?),
                incident: incident.clone(),
            })
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|one| (one.incident.opened, one.incident.decision));
        found
    }

    /// One release that this organisation reviews or may judge, for one of its people, or what else an
    /// incident of it is about; `None` also when it is others'.
    #[must_use]
    pub fn find_review(&self, own: Oin, who: &Employee, decision: u64) -> Option<Reviewing> {
        let party = self.party(own);
        let me = self.tag(Personal::Employee(own), who.as_str());
        let row = self.find_row(decision).filter(|row| row.is_of(party))?;
        let incident = self.incidents().get(&(decision, party));
        if !row.is_release() && incident.is_none() {
            return None;
        }
        let is_asked = self.reviews().contains_key(&decision);
        let nothing = Review {
            decision,
            due: row.at,
            four_eyes: false,
            given: Vec::new(),
        };
        let review = self.judgements_of(decision).unwrap_or(&nothing);
        let given = review.given.iter().map(|given| Judged {
            index: given.index,
            at: given.at,
            by: self.oin(given.by),
            is_own: given.by == party && given.judge == me,
            judgement: given.judgement,
        });
        Some(Reviewing {
            line: self.line(row),
            team: self.text(row.team).to_owned(),
            health: row.health,
            is_asked,
            is_release: row.is_release(),
            due: review.due,
            four_eyes: review.four_eyes,
            standing: review.standing(party),
            given: given.collect(),
            aos: self.aos_behind(row),
            incident: incident.cloned(),
        })
    }

    /// The report that was in force at the address of a row, when the row was written: of several, the
    /// one told last.
    fn aos_behind(&self, row: &Row) -> Option<AosReported> {
        if !row.address.is_some() {
            return None;
        }
        let there = self.events().iter();
        let there: Vec<_> = there.filter(|event| event.address == row.address).collect();
        let ended = |id: [u8; 16]| {
            let mut ends = there.iter();
            ends.find(|event| event.change == Change::AosEnd { id })
        };
        there.iter().rev().find_map(|event| match event.change {
            Change::Aos { id, until } if event.index < row.index && until > row.at => {
                let end = ended(id);
                let ran = end.is_none_or(|end| end.index > row.index);
                ran.then(|| AosReported {
                    index: event.index,
                    closed: end.map(|end| end.at),
                })
            }
            _ => None,
        })
    }
}

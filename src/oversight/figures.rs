//! The figures of the overview: what an organisation's exchanges came to, week by week, and what waits
//! for its officers. Numbers alone; nobody is named in them.

mod answered;
mod counted;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::calendar::Calendar;
use super::index::Index;
use super::review::Check;
use super::words::{Party, Personal, Tag};
use crate::clock::{Moment, Week};
use crate::domain::{Employee, Oin};
use answered::answers_ms;
use counted::Counted;

/// How many weeks are counted, this one included.
pub const FIGURE_WEEKS: i32 = 26;
/// A choice that ends within so many days is told beforehand.
pub const EXPIRES_WITHIN_DAYS: i64 = 30;
/// An organisation checks the whole book once in so many days.
pub const CHECK_EVERY_DAYS: i64 = 7;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// On what a document was released, as officers speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A duty by law, AVG 6(1)(c).
    Duty,
    /// A task in the public interest, AVG 6(1)(e).
    PublicTask,
    /// Consent, AVG 6(1)(a).
    Consent,
    /// An unsafe building: a duty too, but without asking anybody first.
    Unsafe,
    /// Explicit agreement to the exchange of health data, AVG 9(2)(a).
    Health,
    /// Another ground.
    Other,
}

impl Basis {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 6] = [
        Self::Duty,
        Self::PublicTask,
        Self::Consent,
        Self::Unsafe,
        Self::Health,
        Self::Other,
    ];
}

/// A number of this week, against those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Against {
    /// This week, until now.
    pub this_week: u64,
    /// The mean of the weeks before, each until the same moment of the week; `None` when there is no
    /// whole week before.
    pub usual: Option<u64>,
}

/// Releases that wait to be judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// How many of them should have been judged before now.
    pub overdue: u64,
    /// When the first should be judged.
    pub first_due: Option<Moment>,
}

/// Incidents that are not closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenIncidents {
    /// How many.
    pub count: u64,
    /// For how many it is not settled yet whether the authority is notified.
    pub to_settle: u64,
    /// Until when the first of those must be notified (AVG 33).
    pub notify_before: Option<Moment>,
}

/// Choices of owners that somebody should do something about. Those this organisation recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenChoices {
    /// In force, and ending within [`EXPIRES_WITHIN_DAYS`].
    pub expiring: u64,
    /// Asked, and not answered.
    pub asked: u64,
    /// The oldest of those.
    pub asked_since: Option<Moment>,
}

/// Proposals that a second person must confirm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenProposals {
    /// Of colleagues: this person can confirm them.
    pub of_others: u64,
    /// This person's own.
    pub own: u64,
}

/// The state of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookState {
    /// How many entries it has, all signed.
    pub size: u64,
    /// When the newest was written, and signed.
    pub newest: Option<Moment>,
    /// The last check of the whole book, by whomever.
    pub last_check: Option<Check>,
    /// Whether this organisation should check it again.
    pub check_due: bool,
}

/// Everything the overview tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The weeks that were counted, oldest first; the last is this one.
    pub weeks: Vec<Week>,
    /// Releases by ground, week by week.
    pub releases: Vec<(Basis, Vec<u64>)>,
    /// Refusals by reason, week by week; the most frequent reason first.
    pub refusals: Vec<(Arc<str>, Vec<u64>)>,
    /// How long owners took to answer what they were asked, in milliseconds, by the week they answered.
    pub answers_ms: Vec<Vec<u64>>,
    /// All releases.
    pub released: Against,
    /// All refusals.
    pub refused: Against,
    /// Releases at an unsafe building that wait to be judged.
    pub unsafe_reviews: Waiting,
    /// Other releases that do.
    pub other_reviews: Waiting,
    /// Incidents.
    pub incidents: OpenIncidents,
    /// Choices.
    pub choices: OpenChoices,
    /// Proposals.
    pub proposals: OpenProposals,
    /// The book.
    pub book: BookState,
}

impl Index {
    /// The figures of one organisation, for somebody of it, at this moment.
    #[must_use]
    pub fn figures(&self, own: Oin, person: &Employee, now: Moment) -> Figures {
        let calendar = Calendar::up_to(now, FIGURE_WEEKS);
        let party = self.party(own);
        let counted = Counted::of(self, party, &calendar, now);
        let (unsafe_reviews, other_reviews) = self.waiting_reviews(party, now);
        let person = self.tag(Personal::Employee(own), person.as_str());
        Figures {
            weeks: (0..calendar.count()).map(|at| calendar.week(at)).collect(),
            releases: counted.releases,
            refusals: counted.refusals,
            answers_ms: answers_ms(self, party, &calendar),
            released: counted.released,
            refused: counted.refused,
            unsafe_reviews,
            other_reviews,
            incidents: self.open_incidents(party),
            choices: self.open_choices(party, now),
            proposals: self.open_proposals(party, person),
            book: self.book_state(party, now),
        }
    }

    fn waiting_reviews(&self, own: Party, now: Moment) -> (Waiting, Waiting) {
        let (mut at_unsafe, mut others) = (Waiting::default(), Waiting::default());
        let aos = self.words().find("aos");
        for (decision, review) in self.reviews() {
            let row = self.find_row(*decision).filter(|row| row.is_of(own));
            let Some(row) = row.filter(|_| review.is_open(own)) else {
                continue;
            };
            let waiting = if Some(row.purpose) == aos {
                &mut at_unsafe
            } else {
                &mut others
            };
            waiting.count += 1;
            waiting.overdue += u64::from(review.due < now);
            waiting.first_due = Some(
                waiting
                    .first_due
                    .map_or(review.due, |due| due.min(review.due)),
            );
        }
        (at_unsafe, others)
    }

    fn open_incidents(&self, own: Party) -> OpenIncidents {
        let mut open = OpenIncidents::default();
        let of_own = self.incidents().values().filter(|one| one.by == own);
        for incident in of_own.filter(|incident| !incident.is_closed()) {
            open.count += 1;
            if !incident.is_settled() {
                let before = incident.notify_before();
                open.to_settle += 1;
                open.notify_before = Some(open.notify_before.map_or(before, |at| at.min(before)));
            }
        }
        open
    }

    fn open_choices(&self, own: Party, now: Moment) -> OpenChoices {
        let expiring = self.expiring(own, now, EXPIRES_WITHIN_DAYS * DAY_MS);
        let asked = self.unanswered(own, now);
        OpenChoices {
            expiring: expiring.len() as u64,
            asked: asked.len() as u64,
            asked_since: asked.first().map(|oldest| oldest.at),
        }
    }

    fn open_proposals(&self, own: Party, person: Tag) -> OpenProposals {
        let mut open = OpenProposals::default();
        let of_own = self.proposals().values().filter(|one| one.by == own);
        for proposal in of_own.filter(|proposal| proposal.answered.is_none()) {
            if proposal.proposer == person {
                open.own += 1;
            } else {
                open.of_others += 1;
            }
        }
        open
    }

    fn book_state(&self, own: Party, now: Moment) -> BookState {
        let mut of_own = self.checks().iter().rev().filter(|check| check.by == own);
        let since = |check: &Check| now.ms_since(check.at);
        BookState {
            size: self.size(),
            newest: self.newest(),
            last_check: self.checks().last().copied(),
            check_due: of_own
                .next()
                .is_none_or(|check| since(check) >= CHECK_EVERY_DAYS * DAY_MS),
        }
    }
}

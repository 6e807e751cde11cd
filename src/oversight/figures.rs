//! The figures of the overview: what an organisation's exchanges came to, week by week, and what waits
//! for its officers. Numbers alone; nobody is named in them.

use std::collections::HashMap;
use std::sync::Arc;

use super::calendar::Calendar;
use super::index::Index;
use super::review::Check;
use super::row::{Change, Row};
use super::words::{Party, Personal, Tag, Word};
use crate::clock::{Moment, Week};
use crate::domain::{ChoiceKind, ChoiceState, Employee, Oin};

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
        let answered = Answered::of(self, party, &calendar, now);
        let (unsafe_reviews, other_reviews) = self.waiting_reviews(party, now);
        let person = self.tag(Personal::Employee(own), person.as_str());
        Figures {
            weeks: (0..calendar.count()).map(|at| calendar.week(at)).collect(),
            releases: counted.releases,
            refusals: counted.refusals,
            answers_ms: answered.weeks,
            released: counted.released,
            refused: counted.refused,
            unsafe_reviews,
            other_reviews,
            incidents: self.open_incidents(party),
            choices: answered.open,
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

/// What the rows came to.
#[derive(Default)]
struct Counted {
    releases: Vec<(Basis, Vec<u64>)>,
    refusals: Vec<(Arc<str>, Vec<u64>)>,
    released: Against,
    refused: Against,
}

impl Counted {
    fn of(index: &Index, own: Party, calendar: &Calendar, now: Moment) -> Self {
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

/// What was asked of owners, and what they answered.
struct Answered {
    weeks: Vec<Vec<u64>>,
    open: OpenChoices,
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
    fn of(index: &Index, own: Party, calendar: &Calendar, now: Moment) -> Self {
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

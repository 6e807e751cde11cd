//! Searching the log: which lines an officer sees, newest first, page by page.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::row::{Row, What};
use super::words::{Personal, Tag, Word};
use crate::clock::Moment;
use crate::domain::{AddressId, CaseNumber, Employee, Oin, TransactionId};
use crate::ledger::entry::{Act, End, Occasion, Outcome};

/// What the lines came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Came {
    /// A document was asked for, whatever it came to.
    #[serde(rename = "uitwisseling")]
    Exchanged,
    /// A document was released.
    #[serde(rename = "gegeven")]
    Released,
    /// It was refused.
    #[serde(rename = "geweigerd")]
    Refused,
    /// It was only asked whether it would be permitted, or for metadata.
    #[serde(rename = "getoetst")]
    Asked,
    /// A search.
    #[serde(rename = "gezocht")]
    Searched,
    /// Somebody looked into the registry or the book.
    #[serde(rename = "gelezen")]
    Read,
    /// It must be reviewed afterwards.
    #[serde(rename = "te-beoordelen")]
    ToReview,
    /// The candidate on trial would have decided otherwise, or could not tell.
    #[serde(rename = "proef-anders")]
    TriedOtherwise,
}

/// What is sought. Everything that is there must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// From this moment.
    pub from: Option<Moment>,
    /// Until this moment, excluded.
    pub until: Option<Moment>,
    /// About this address.
    pub address: Option<AddressId>,
    /// Under this transaction.
    pub transaction: Option<TransactionId>,
    /// Asked by this organisation.
    pub requester: Option<Oin>,
    /// Of this organisation's documents.
    pub provider: Option<Oin>,
    /// Of this kind.
    pub kind: Option<String>,
    /// For this purpose.
    pub purpose: Option<String>,
    /// On this ground, as a DPV IRI.
    pub ground: Option<String>,
    /// On this article.
    pub article: Option<String>,
    /// Refused for this reason.
    pub reason: Option<String>,
    /// That came to this.
    pub came: Option<Came>,
    /// By this employee of the own organisation.
    pub employee: Option<Employee>,
    /// In this case of the own organisation.
    pub case: Option<CaseNumber>,
    /// Among the entries below this index: what the book had when the search was recorded, so that
    /// nobody is shown more than the recording counted.
    pub below: Option<u64>,
}

impl Criteria {
    /// Whether what is found tells something about a person: then the search is a reading.
    #[must_use]
    pub const fn is_personal(&self) -> bool {
        self.address.is_some() || self.employee.is_some() || self.case.is_some()
    }
}

/// One line of the log, ready to be put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where its entry stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Its transaction.
    pub transaction: TransactionId,
    /// What it is.
    pub what: What,
    /// What was asked for.
    pub act: Option<Act>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// How the transfer ended.
    pub end: Option<End>,
    /// Why an officer looked.
    pub occasion: Option<Occasion>,
    /// Whether it must be reviewed afterwards.
    pub review: bool,
    /// Who asked.
    pub requester: Option<Oin>,
    /// Who has the document.
    pub provider: Option<Oin>,
    /// The kind of the document.
    pub kind: Arc<str>,
    /// The purpose.
    pub purpose: Arc<str>,
    /// The ground, as a DPV IRI.
    pub ground: Arc<str>,
    /// The article.
    pub article: Arc<str>,
    /// Why it was refused.
    pub reason: Arc<str>,
    /// Documents listed, or lines in an export.
    pub count: u32,
    /// Documents withheld.
    pub withheld: u32,
    /// The entry a reading was of.
    pub of: Option<u64>,
}

/// A page of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub lines: Vec<Line>,
    /// How many there are on all pages.
    pub total: usize,
    /// How many stand on the pages before.
    pub before: usize,
    /// Where the next, older page begins: its lines are below this index.
    pub older: Option<u64>,
    /// Where the page before, with newer lines, begins; `None` on the first page.
    pub newer: Option<Newer>,
}

/// The page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newer {
    /// It is the first.
    First,
    /// Its lines are below this index.
    Below(u64),
}

/// The criteria as numbers.
struct Wanted {
    from: Option<Moment>,
    until: Option<Moment>,
    own: super::words::Party,
    address: Tag,
    transaction: Option<TransactionId>,
    requester: Option<super::words::Party>,
    provider: Option<super::words::Party>,
    kind: Word,
    purpose: Word,
    ground: Word,
    article: Word,
    reason: Word,
    came: Option<Came>,
    employee: Tag,
    case: Tag,
    below: Option<u64>,
}

impl Wanted {
    /// `None` when something is sought that the book never names.
    fn new(index: &Index, own: Oin, criteria: &Criteria) -> Option<Self> {
        let word = |text: &Option<String>| match text {
            Some(text) => index.words().find(text),
            None => Some(Word::NONE),
        };
        let party = |oin: Option<Oin>| match oin {
            Some(oin) => index.parties().find(oin).map(Some),
            None => Some(None),
        };
        let tag = |what, value: Option<&str>| value.map_or(Tag::NONE, |v| index.tag(what, v));
        Some(Self {
            from: criteria.from,
            until: criteria.until,
            own: index.parties().find(own)?,
            address: tag(
                Personal::Address,
                criteria.address.as_ref().map(AddressId::as_str),
            ),
            transaction: criteria.transaction,
            requester: party(criteria.requester)?,
            provider: party(criteria.provider)?,
            kind: word(&criteria.kind)?,
            purpose: word(&criteria.purpose)?,
            ground: word(&criteria.ground)?,
            article: word(&criteria.article)?,
            reason: word(&criteria.reason)?,
            came: criteria.came,
            employee: tag(
                Personal::Employee(own),
                criteria.employee.as_ref().map(Employee::as_str),
            ),
            case: tag(
                Personal::Case(own),
                criteria.case.as_ref().map(CaseNumber::as_str),
            ),
            below: criteria.below,
        })
    }

    fn matches(&self, row: &Row) -> bool {
        let same = |wanted: Word, found: Word| wanted == Word::NONE || wanted == found;
        let tagged = |wanted: Tag, found: Tag| wanted == Tag::NONE || wanted == found;
        row.is_of(self.own)
            && tagged(self.address, row.address)
            && tagged(self.employee, row.employee)
            && tagged(self.case, row.case)
            && same(self.kind, row.kind)
            && same(self.purpose, row.purpose)
            && same(self.ground, row.ground)
            && same(self.article, row.article)
            && same(self.reason, row.reason)
            && self.requester.is_none_or(|party| party == row.requester)
            && self.provider.is_none_or(|party| party == row.provider)
            && self.transaction.is_none_or(|id| id == row.transaction)
            && self.came.is_none_or(|came| came_to(row, came))
            && self.below.is_none_or(|below| row.index < below)
    }
}

fn came_to(row: &Row, came: Came) -> bool {
    match came {
        Came::Exchanged => row.what == What::Decision,
        Came::Released => row.is_release(),
        Came::Refused => row.is_refusal(),
        Came::Asked => row.what == What::Decision && !row.is_release() && !row.is_refusal(),
        Came::Searched => row.what == What::Search,
        Came::Read => row.what == What::Reading,
        Came::ToReview => row.review,
        Came::TriedOtherwise => row.shadow.is_some(),
    }
}

impl Index {
    /// A page of what was sought, for an officer of this organisation.
    #[must_use]
    pub fn search(&self, own: Oin, criteria: &Criteria, below: Option<u64>, limit: usize) -> Found {
        let mut found = Found {
            lines: Vec::new(),
            total: 0,
            before: 0,
            older: None,
            newer: None,
        };
        // The last indices of the pages before this one, to find the way back.
        let mut page_ends = std::collections::VecDeque::with_capacity(limit + 1);
        for row in self.matching(own, criteria) {
            found.total += 1;
            if below.is_some_and(|below| row.index >= below) {
                found.before += 1;
                page_ends.push_back(row.index);
                if page_ends.len() > limit + 1 {
                    page_ends.pop_front();
                }
            } else if found.lines.len() < limit {
                found.lines.push(self.line(row));
            }
        }
        if found.before + found.lines.len() < found.total {
            found.older = found.lines.last().map(|line| line.index);
        }
        if found.before > 0 {
            found.newer = match page_ends.front() {
                Some(index) if found.before > limit => Some(Newer::Below(*index)),
                _ => Some(Newer::First),
            };
        }
        found
    }

    /// Every row that was sought, newest first.
    pub fn matching(&self, own: Oin, criteria: &Criteria) -> impl Iterator<Item = &Row> {
        let wanted = Wanted::new(self, own, criteria);
        let (from, until) = wanted
            .as_ref()
            .map_or((None, None), |wanted| (wanted.from, wanted.until));
        let rows = wanted
            .is_some()
            .then(|| self.rows_between(from, until).rev());
        rows.into_iter()
            .flatten()
            .filter(move |row| wanted.as_ref().is_some_and(|wanted| wanted.matches(row)))
    }

    /// A row, ready to be put into words.
    #[must_use]
    pub fn line(&self, row: &Row) -> Line {
        let text = |word| Arc::from(self.text(word));
        Line {
            index: row.index,
            at: row.at,
            transaction: row.transaction,
            what: row.what,
            act: row.act,
            outcome: row.outcome,
            end: row.end,
            occasion: row.occasion,
            review: row.review,
            requester: self.oin(row.requester),
            provider: self.oin(row.provider),
            kind: text(row.kind),
            purpose: text(row.purpose),
            ground: text(row.ground),
            article: text(row.article),
            reason: text(row.reason),
            count: row.count,
            withheld: row.withheld,
            of: row.of,
        }
    }
}

//! What another bundle would have decided: counted, and one by one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fault::Told;
use crate::clock::{Moment, Week};
use crate::domain::{DocumentKind, Oin, Purpose, Role, Team, TransactionId};
use crate::ledger::entry::Act;

/// Which way an outcome differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Shift {
    /// It was refused, and would be permitted.
    #[serde(rename = "straks-toegestaan")]
    Permitted,
    /// It was permitted, and would be refused.
    #[serde(rename = "straks-geweigerd")]
    Refused,
    /// It was permitted, and would be on another ground or article.
    #[serde(rename = "andere-grondslag")]
    Ground,
}

impl Shift {
    /// What becomes of an outcome; `None` when it is the same.
    pub(super) fn of(was: &Told, follows: &Told) -> Option<Self> {
        match (&was.reason, &follows.reason) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some(Self::Permitted),
            (None, Some(_)) => Some(Self::Refused),
            (None, None) => (Ground::of(was) != Ground::of(follows)).then_some(Self::Ground),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Permitted => "straks-toegestaan",
            Self::Refused => "straks-geweigerd",
            Self::Ground => "andere-grondslag",
        }
    }
}

/// How often which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Decisions that were asked again.
    #[serde(rename = "gevraagd")]
    pub asked: u64,
    /// Those with the same outcome.
    #[serde(rename = "gelijk")]
    pub same: u64,
    /// Those that were refused and would be permitted.
    #[serde(rename = "straksToegestaan")]
    pub permitted: u64,
    /// Those that were permitted and would be refused.
    #[serde(rename = "straksGeweigerd")]
    pub refused: u64,
    /// Those that would be permitted on another ground.
    #[serde(rename = "andereGrondslag")]
    pub ground: u64,
}

impl Changes {
    /// How many would come out otherwise.
    #[must_use]
    pub const fn differ(&self) -> u64 {
        self.permitted + self.refused + self.ground
    }

    fn count(&mut self, shift: Option<Shift>) {
        self.asked += 1;
        *match shift {
            None => &mut self.same,
            Some(Shift::Permitted) => &mut self.permitted,
            Some(Shift::Refused) => &mut self.refused,
            Some(Shift::Ground) => &mut self.ground,
        } += 1;
    }

    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.same += other.same;
        self.permitted += other.permitted;
        self.refused += other.refused;
        self.ground += other.ground;
    }
}

/// The ground of a permit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ground {
    /// The article.
    #[serde(rename = "artikel")]
    pub article: String,
    /// The legal basis, as a DPV IRI.
    #[serde(rename = "grondslag")]
    pub iri: String,
}

impl Ground {
    fn of(told: &Told) -> Option<Self> {
        told.reason.is_none().then(|| Self {
            article: told.article.clone().unwrap_or_default(),
            iri: told.ground.clone().unwrap_or_default(),
        })
    }
}

/// From whom to whom, by the parts they play.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Direction {
    /// Who holds the document.
    #[serde(rename = "van")]
    pub from: Role,
    /// Who asked for it.
    #[serde(rename = "naar")]
    pub to: Role,
}

/// Why a decision could not be asked again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unasked {
    /// Its own values were erased.
    Erased,
    /// Something was erased of what it rested on.
    ErasedBefore,
    /// An organisation it names is not in the configuration.
    Organisation,
    /// It was refused because no policy could be used then: it says nothing of any rule.
    NoPolicy,
    /// The bundle does not have this purpose.
    Purpose(Purpose),
    /// The bundle does not have this kind of document.
    Kind(DocumentKind),
    /// The bundle does not have this role.
    Role(Role),
}

impl Unasked {
    /// Why, in Dutch.
    #[must_use]
    pub fn reason(&self) -> String {
        let word = |what: &str, word: &str| format!("{what} {word} kent deze bundel niet");
        match self {
            Self::Erased => "hun eigen gegevens zijn vernietigd".to_owned(),
            Self::ErasedBefore => "iets waarop zij rustten is vernietigd".to_owned(),
            Self::Organisation => "een organisatie staat niet in de configuratie".to_owned(),
            Self::NoPolicy => "er was toen geen bruikbaar beleid".to_owned(),
            Self::Purpose(purpose) => word("het doel", purpose.as_str()),
            Self::Kind(kind) => word("de soort", kind.as_str()),
            Self::Role(role) => word("de rol", role.as_str()),
        }
    }
}

/// A decision that another bundle would have made otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its index.
    pub index: u64,
    /// The transaction.
    #[serde(rename = "transactie")]
    pub transaction: TransactionId,
    /// When it was made.
    #[serde(rename = "tijd")]
    pub at: Moment,
    /// What was asked for.
    #[serde(rename = "handeling")]
    pub act: Option<Act>,
    /// Why.
    #[serde(rename = "doel")]
    pub purpose: Purpose,
    /// The kind of document.
    #[serde(rename = "documentsoort")]
    pub kind: DocumentKind,
    /// Whether it is marked as holding health data.
    #[serde(rename = "gezondheid")]
    pub health: bool,
    /// From whom to whom.
    #[serde(flatten)]
    pub direction: Direction,
    /// Who holds the document.
    #[serde(rename = "bron")]
    pub provider: Oin,
    /// Who asked.
    #[serde(rename = "aanvrager")]
    pub requester: Oin,
    /// In which team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Team>,
    /// Which way it differs.
    #[serde(rename = "verschil")]
    pub shift: Shift,
    /// What was decided.
    #[serde(rename = "eerst")]
    pub was: Told,
    /// What would follow.
    #[serde(rename = "straks")]
    pub follows: Told,
    /// Why it would, in Dutch: the sentences of the rules, or what would be missing.
    #[serde(rename = "toelichting")]
    pub sentences: Vec<String>,
}

/// What a decision is counted under.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) kind: &'a DocumentKind,
    pub(super) purpose: &'a Purpose,
    pub(super) direction: Direction,
    pub(super) week: Week,
}

/// What asking another bundle came to, over a book or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of it.
    pub all: Changes,
    /// Of the same outcomes, refusals for another reason.
    pub other_reason: u64,
    /// Of the same outcomes, permits with other duties.
    pub other_duties: u64,
    /// What could not be asked: how often, and the first index.
    pub unasked: BTreeMap<Unasked, (u64, u64)>,
    /// Calls that were refused before any policy was asked; not among those asked.
    pub before_policy: u64,
    /// Searches; not among those asked, for which documents there were is not in the book.
    pub searches: u64,
    /// From the ground it was permitted on to the one it would be; `None` for a refusal.
    pub grounds: BTreeMap<(Option<Ground>, Option<Ground>), u64>,
    /// By kind of document.
    pub kinds: BTreeMap<DocumentKind, Changes>,
    /// By purpose.
    pub purposes: BTreeMap<Purpose, Changes>,
    /// By direction.
    pub directions: BTreeMap<Direction, Changes>,
    /// By week of the calendar in the Netherlands.
    pub weeks: BTreeMap<Week, Changes>,
}

impl Tally {
    /// Counts a decision that was asked; answers which way it differs.
    pub(super) fn count(&mut self, place: Place<'_>, was: &Told, follows: &Told) -> Option<Shift> {
        let shift = Shift::of(was, follows);
        if shift.is_none() {
            self.other_reason += u64::from(was.reason != follows.reason);
            self.other_duties += u64::from(was.reason.is_none() && was.duties != follows.duties);
        }
        self.all.count(shift);
        let grounds = (Ground::of(was), Ground::of(follows));
        *self.grounds.entry(grounds).or_default() += 1;
        (self.kinds.entry(place.kind.clone()).or_default()).count(shift);
        (self.purposes.entry(place.purpose.clone()).or_default()).count(shift);
        (self.directions.entry(place.direction).or_default()).count(shift);
        (self.weeks.entry(place.week).or_default()).count(shift);
        shift
    }

    /// Counts a decision that could not be asked.
    pub(super) fn count_unasked(&mut self, index: u64, why: Unasked) {
        add_unasked(&mut self.unasked, why, (1, index));
    }

    /// Adds what came to something else.
    pub(super) fn add(&mut self, other: Self) {
        self.all.add(&other.all);
        self.other_reason += other.other_reason;
        self.other_duties += other.other_duties;
        self.before_policy += other.before_policy;
        self.searches += other.searches;
        for (why, counted) in other.unasked {
            add_unasked(&mut self.unasked, why, counted);
        }
        for (grounds, count) in other.grounds {
            *self.grounds.entry(grounds).or_default() += count;
        }
        add_each(&mut self.kinds, other.kinds);
        add_each(&mut self.purposes, other.purposes);
        add_each(&mut self.directions, other.directions);
        add_each(&mut self.weeks, other.weeks);
    }
}

fn add_unasked(unasked: &mut BTreeMap<Unasked, (u64, u64)>, why: Unasked, counted: (u64, u64)) {
    let (count, first) = counted;
    let known = unasked.entry(why).or_insert((0, first));
    known.0 += count;
    known.1 = known.1.min(first);
}

fn add_each<K: Ord>(to: &mut BTreeMap<K, Changes>, from: BTreeMap<K, Changes>) {
    for (key, changes) in from {
        to.entry(key).or_default().add(&changes);
    }
}

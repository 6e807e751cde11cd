//! The index: what the desk lists and counts, in memory, in the order of the book.
//!
//! It is filled from entries alone and never written anywhere. Entries arrive with their personal
//! values opened; of those only tags stay. The root of the tree is computed along, so that whatever is
//! shown is what the signed checkpoint covers.

mod taking;

use std::collections::{BTreeMap, HashMap};

use super::deed::Deed;
use super::review::{Check, Dismissal, Incident, Proposal, Review};
use super::row::{Event, Row};
use super::rows::Rows;
use super::signals::{Tally, WallWeek};
use super::words::{Parties, Party, Personal, Tag, Tagger, Word, Words};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{Oin, Sha256};
use crate::merkle::Edge;

/// Everything the desk knows of the book.
#[derive(Debug)]
pub struct Index {
    pub(super) edge: Edge,
    tagger: Tagger,
    words: Words,
    pub(super) parties: Parties,
    rows: Rows,
    events: Vec<Event>,
    /// Owner, and the entry that told it.
    ownerships: Vec<(Tag, u64)>,
    reviews: BTreeMap<u64, Review>,
    /// Releases that somebody judged though nothing asked for it.
    judged: BTreeMap<u64, Review>,
    incidents: BTreeMap<(u64, Party), Incident>,
    dismissed: HashMap<(String, u64, Party), Dismissal>,
    proposals: BTreeMap<u64, Proposal>,
    /// What was asked, erased and held, oldest first.
    pub(super) deeds: Vec<Deed>,
    checks: Vec<Check>,
    /// The candidates that were asked beside the bundle in force, each since when.
    trials: BTreeMap<Sha256, Moment>,
    newest: Option<Moment>,
    /// The newest entry that erased something.
    erased: Option<u64>,
    /// What was counted for each organisation, by its place.
    tallies: Vec<Tally>,
    wall_week: WallWeek,
}

impl Index {
    pub(super) fn new(tagger: Tagger) -> Self {
        Self::of_rows(tagger, bounds::DESK_ROWS)
    }

    /// One that has at most so many rows at hand.
    pub(super) fn of_rows(tagger: Tagger, most: usize) -> Self {
        Self {
            edge: Edge::default(),
            tagger,
            words: Words::new(),
            parties: Parties::default(),
            rows: Rows::new(most),
            events: Vec::new(),
            ownerships: Vec::new(),
            reviews: BTreeMap::new(),
            judged: BTreeMap::new(),
            incidents: BTreeMap::new(),
            dismissed: HashMap::new(),
            proposals: BTreeMap::new(),
            deeds: Vec::new(),
            checks: Vec::new(),
            trials: BTreeMap::new(),
            newest: None,
            erased: None,
            tallies: Vec::new(),
            wall_week: WallWeek::new(),
        }
    }

    /// Entries it has read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The newest entry that erased something.
    pub(super) const fn erased(&self) -> Option<u64> {
        self.erased
    }

    /// What makes its tags.
    pub(super) fn tagger(&self) -> Tagger {
        self.tagger.clone()
    }

    /// The time of the newest entry.
    #[must_use]
    pub const fn newest(&self) -> Option<Moment> {
        self.newest
    }

    /// The rows at hand, oldest first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.rows.newest()
    }

    /// The row with this number, which is how many there were before it, if it is at hand.
    pub(super) fn row(&self, number: u64) -> Option<&Row> {
        self.rows.numbered(number)
    }

    /// What was counted for an organisation.
    pub(super) fn tally(&self, party: Party) -> Option<&Tally> {
        self.tallies.get(party.place())
    }

    /// How many of the oldest rows are not at hand any more.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.rows.forgotten()
    }

    /// The row of the entry at this index. What is to be judged still is found, however old.
    #[must_use]
    pub fn find_row(&self, index: u64) -> Option<&Row> {
        self.rows.find(index)
    }

    /// The rows at hand from one moment until another, that one excluded.
    #[must_use]
    pub fn rows_between(
        &self,
        from: Option<Moment>,
        until: Option<Moment>,
    ) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.between(from, until)
    }

    /// Every change of the registry, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The entries that told this owner to own an address, oldest first.
    #[must_use]
    pub fn ownerships_of(&self, owner: Tag) -> Vec<u64> {
        let told = self.ownerships.iter().filter(|(told, _)| *told == owner);
        told.map(|(_, index)| *index).collect()
    }

    /// Who was told to own an address by which entry, in the order of the book.
    pub(super) fn ownerships(&self) -> &[(Tag, u64)] {
        &self.ownerships
    }

    /// The releases that must be reviewed afterwards, by the index of their decision.
    #[must_use]
    pub const fn reviews(&self) -> &BTreeMap<u64, Review> {
        &self.reviews
    }

    /// The releases that somebody judged though nothing asked for it, by the index of their decision.
    #[must_use]
    pub const fn judged(&self) -> &BTreeMap<u64, Review> {
        &self.judged
    }

    /// What was judged of the release with this index, or is to be.
    #[must_use]
    pub fn judgements_of(&self, decision: u64) -> Option<&Review> {
        let asked = self.reviews.get(&decision);
        asked.or_else(|| self.judged.get(&decision))
    }

    /// The incidents, by decision and organisation.
    #[must_use]
    pub const fn incidents(&self) -> &BTreeMap<(u64, Party), Incident> {
        &self.incidents
    }

    /// Whether an organisation dealt with the signal with this code about this entry.
    #[must_use]
    pub fn find_dismissal(&self, signal: &str, about: u64, own: Party) -> Option<&Dismissal> {
        self.dismissed.get(&(signal.to_owned(), about, own))
    }

    /// What a second person was asked to confirm, by the index of the proposal.
    #[must_use]
    pub const fn proposals(&self) -> &BTreeMap<u64, Proposal> {
        &self.proposals
    }

    /// The checks of the book, oldest first.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Since when this candidate is asked beside the bundle in force.
    #[must_use]
    pub fn find_trial(&self, candidate: Sha256) -> Option<Moment> {
        self.trials.get(&candidate).copied()
    }

    /// The codes.
    #[must_use]
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// A code as text.
    #[must_use]
    pub fn text(&self, word: Word) -> &str {
        self.words.text(word)
    }

    /// The organisations.
    #[must_use]
    pub const fn parties(&self) -> &Parties {
        &self.parties
    }

    /// The number of an organisation; one the book never names has none of its own.
    #[must_use]
    pub fn party(&self, oin: Oin) -> Party {
        self.parties.find(oin).unwrap_or(Party::NONE)
    }

    /// The organisation behind a number.
    #[must_use]
    pub fn oin(&self, party: Party) -> Option<Oin> {
        self.parties.oin(party)
    }

    /// The tag of a personal value.
    #[must_use]
    pub fn tag(&self, what: Personal, value: &str) -> Tag {
        self.tagger.tag(what, value)
    }
}

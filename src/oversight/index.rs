//! The index: what the desk lists and counts, in memory, in the order of the book.
//!
//! It is filled from entries alone and never written anywhere. Entries arrive with their personal
//! values opened; of those only tags stay. The root of the tree is computed along, so that whatever is
//! shown is what the signed checkpoint covers.

use std::collections::{BTreeMap, HashMap};

use super::review::{Check, Dismissal, Given, Incident, Proposal, Review, USUAL_REVIEW_DAYS};
use super::row::{Change, Event, Row, What};
use super::words::{Parties, Party, Personal, Tag, Tagger, Word, Words};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{DocumentKind, Oin, Purpose, Team};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, Judgement, Kind};
use crate::merkle::Edge;
use crate::policy::Policies;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Everything the desk knows of the book.
#[derive(Debug)]
pub struct Index {
    pub(super) edge: Edge,
    tagger: Tagger,
    words: Words,
    parties: Parties,
    rows: Vec<Row>,
    /// Rows that were let go of because there are too many.
    forgotten: u64,
    events: Vec<Event>,
    /// Owner, and the entry that told it.
    ownerships: Vec<(Tag, u64)>,
    reviews: BTreeMap<u64, Review>,
    incidents: BTreeMap<(u64, Party), Incident>,
    dismissed: HashMap<(String, u64, Party), Dismissal>,
    proposals: BTreeMap<u64, Proposal>,
    checks: Vec<Check>,
    newest: Option<Moment>,
}

impl Index {
    pub(super) fn new(tagger: Tagger) -> Self {
        Self {
            edge: Edge::default(),
            tagger,
            words: Words::new(),
            parties: Parties::default(),
            rows: Vec::new(),
            forgotten: 0,
            events: Vec::new(),
            ownerships: Vec::new(),
            reviews: BTreeMap::new(),
            incidents: BTreeMap::new(),
            dismissed: HashMap::new(),
            proposals: BTreeMap::new(),
            checks: Vec::new(),
            newest: None,
        }
    }

    /// Entries it has read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The time of the newest entry.
    #[must_use]
    pub const fn newest(&self) -> Option<Moment> {
        self.newest
    }

    /// Every row, oldest first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many of the oldest rows are not here any more.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The row of the entry at this index.
    #[must_use]
    pub fn find_row(&self, index: u64) -> Option<&Row> {
        let at = self
            .rows
            .binary_search_by_key(&index, |row| row.index)
            .ok()?;
        self.rows.get(at)
    }

    /// The rows from one moment until another, that one excluded. The times of neighbours can be a
    /// few seconds out of order: what is near an end is looked at one by one.
    #[must_use]
    pub fn rows_between(
        &self,
        from: Option<Moment>,
        until: Option<Moment>,
    ) -> impl DoubleEndedIterator<Item = &Row> {
        const SLACK_MS: i64 = bounds::DECISION_AGE_MS + bounds::GATEWAY_CLOCKS_MS;
        let start = from.map_or(0, |from| {
            let safe = from.plus_ms(-SLACK_MS);
            self.rows.partition_point(|row| row.at < safe)
        });
        let end = until.map_or(self.rows.len(), |until| {
            let safe = until.plus_ms(SLACK_MS);
            self.rows.partition_point(|row| row.at < safe)
        });
        let part = self.rows.get(start..end.max(start)).unwrap_or_default();
        part.iter().filter(move |row| {
            from.is_none_or(|from| row.at >= from) && until.is_none_or(|until| row.at < until)
        })
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

    /// The incidents, by decision and organisation.
    #[must_use]
    pub const fn incidents(&self) -> &BTreeMap<(u64, Party), Incident> {
        &self.incidents
    }

    /// Whether an organisation dismissed the signal with this code about this entry.
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

    /// Takes the next entry.
    pub(super) fn take(&mut self, leaf: &Leaf, policies: &Policies) {
        self.edge.push(leaf.hash, &mut Vec::new());
        let entry = &leaf.entry;
        self.newest = self.newest.max(Some(entry.tijd));
        match entry.soort {
            Kind::Decision => self.take_decision(leaf, policies),
            Kind::Search => self.take_row(leaf, What::Search),
            Kind::Reading => self.take_row(leaf, What::Reading),
            Kind::Release => self.take_closing(entry),
            Kind::Choice
            | Kind::Withdrawal
            | Kind::Owners
            | Kind::Dossier
            | Kind::Aos
            | Kind::AosEnd => self.take_event(leaf),
            Kind::Review => self.take_judgement(leaf),
            Kind::Proposal => self.take_proposal(leaf),
            Kind::Check => self.take_check(leaf),
            Kind::Agreement | Kind::Start => {}
        }
    }

    fn take_decision(&mut self, leaf: &Leaf, policies: &Policies) {
        let entry = &leaf.entry;
        if entry
            .verplichtingen
            .iter()
            .any(|duty| duty == "nabeoordelen")
            && entry.handeling == Some(Act::Download)
        {
            let bundle = entry.bundel.and_then(|hash| policies.find(hash));
            let rules = entry.regels.iter();
            let rules = rules.filter_map(|id| bundle.and_then(|bundle| bundle.find_rule(id)));
            let (mut days, mut four_eyes) = (None, false);
            for rule in rules {
                days = days.max(rule.review_days);
                four_eyes |= rule.four_eyes;
            }
            let days = i64::from(days.unwrap_or(USUAL_REVIEW_DAYS));
            let review = Review {
                decision: leaf.index,
                due: entry.tijd.plus_ms(days * DAY_MS),
                four_eyes,
                given: Vec::new(),
            };
            self.reviews.insert(leaf.index, review);
        }
        self.take_row(leaf, What::Decision);
    }

    fn take_row(&mut self, leaf: &Leaf, what: What) {
        let (entry, values) = (&leaf.entry, &leaf.values);
        let requester = entry.aanvrager;
        let tag = |what: Option<Personal>, field: &str| match (what, values.get(field)) {
            (Some(what), Some(value)) => self.tagger.tag(what, value),
            _ => Tag::NONE,
        };
        let mut address = tag(Some(Personal::Address), "nummeraanduiding");
        if let (Tag::NONE, Some(of)) = (address, entry.index) {
            // Whoever reads an entry reads about its address.
            address = self.find_row(of).map_or(Tag::NONE, |row| row.address);
        }
        let employee = tag(requester.map(Personal::Employee), "medewerker");
        let case = tag(requester.map(Personal::Case), "zaak");
        let sum = |counts: &mut dyn Iterator<Item = u32>| counts.fold(0, u32::saturating_add);
        let listed = sum(&mut entry.getoond.iter().map(|listed| listed.aantal));
        let mut word = |text: Option<&str>| text.map_or(Word::NONE, |text| self.words.learn(text));
        let row = Row {
            index: leaf.index,
            at: entry.tijd,
            transaction: entry.transactie,
            what,
            act: entry.handeling,
            outcome: entry.uitkomst,
            end: None,
            occasion: entry.aanleiding,
            review: self.reviews.contains_key(&leaf.index),
            health: entry.gezondheid == Some(true),
            kind: word(entry.documentsoort.as_ref().map(DocumentKind::as_str)),
            purpose: word(entry.doel.as_ref().map(Purpose::as_str)),
            team: word(entry.team.as_ref().map(Team::as_str)),
            ground: word(entry.grondslag.as_deref()),
            article: word(entry.artikel.as_deref()),
            reason: word(entry.reden.as_deref().or(entry.code.as_deref())),
            count: entry
                .aantal
                .map_or(listed, |count| u32::try_from(count).unwrap_or(u32::MAX)),
            withheld: sum(&mut entry.onthouden.iter().map(|withheld| withheld.aantal)),
            of: entry.index,
            address,
            employee,
            case,
            requester: requester.map_or(Party::NONE, |oin| self.parties.learn(oin)),
            provider: entry
                .bron
                .map_or(Party::NONE, |oin| self.parties.learn(oin)),
        };
        self.rows.push(row);
        if self.rows.len() > bounds::DESK_ROWS {
            let many = bounds::DESK_ROWS / 10;
            self.rows.drain(..many);
            self.forgotten += many as u64;
        }
    }

    fn take_closing(&mut self, entry: &Entry) {
        let Some(decision) = entry.index else { return };
        if let Ok(at) = self.rows.binary_search_by_key(&decision, |row| row.index)
            && let Some(row) = self.rows.get_mut(at)
        {
            row.end = entry.einde;
        }
    }

    fn take_event(&mut self, leaf: &Leaf) {
        let (entry, values) = (&leaf.entry, &leaf.values);
        let tag = |what, field: &str| {
            let value = values.get(field);
            value.map_or(Tag::NONE, |value| self.tagger.tag(what, value))
        };
        let change = match entry.soort {
            Kind::Owners => entry.per.map(|from| Change::Owners { from }),
            Kind::Dossier => entry.actief.map(|active| Change::Dossier { active }),
            Kind::Aos => entry.melding.zip(entry.tot).map(|(id, until)| Change::Aos {
                id: *id.as_bytes(),
                until,
            }),
            Kind::AosEnd => entry
                .melding
                .map(|id| Change::AosEnd { id: *id.as_bytes() }),
            _ => match (
                entry.toestemming,
                entry.keuze,
                entry.toestand,
                entry.geldig_van,
            ) {
                (Some(id), Some(kind), Some(state), Some(from)) => Some(Change::Choice {
                    id: *id.as_bytes(),
                    kind,
                    state,
                    owner: tag(Personal::Owner, "eigenaar"),
                    reference: tag(Personal::Reference, "bewijskenmerk"),
                    from,
                    until: entry.geldig_tot,
                }),
                _ => None,
            },
        };
        let Some(change) = change else { return };
        if matches!(change, Change::Owners { .. }) {
            let named = values.get("eigenaren").map(String::as_str);
            let named: Vec<String> =
                serde_json::from_str(named.unwrap_or("[]")).unwrap_or_default();
            let tags = named
                .iter()
                .map(|owner| self.tagger.tag(Personal::Owner, owner));
            self.ownerships
                .extend(tags.map(|owner| (owner, leaf.index)));
        }
        let answers = entry.index.and_then(|about| self.proposals.get_mut(&about));
        if let Some(proposal) = answers {
            proposal
                .answered
                .get_or_insert((leaf.index, Judgement::Confirmed));
        }
        let event = Event {
            index: leaf.index,
            at: entry.tijd,
            address: tag(Personal::Address, "nummeraanduiding"),
            by: entry
                .aanvrager
                .map_or(Party::NONE, |oin| self.parties.learn(oin)),
            change,
        };
        self.events.push(event);
    }

    fn take_judgement(&mut self, leaf: &Leaf) {
        let entry = &leaf.entry;
        let (Some(about), Some(oin)) = (entry.index, entry.aanvrager) else {
            return;
        };
        let by = self.parties.learn(oin);
        let (index, at) = (leaf.index, entry.tijd);
        if let Some(step) = entry.stap {
            if let Some(incident) = self.incidents.get_mut(&(about, by)) {
                incident.steps.push((step, at, index));
            }
            return;
        }
        let Some(judgement) = entry.oordeel else {
            return;
        };
        if let Some(signal) = &entry.signaal {
            let dismissal = Dismissal { index, at, by };
            self.dismissed
                .insert((signal.clone(), about, by), dismissal);
            return;
        }
        if let Some(proposal) = self.proposals.get_mut(&about) {
            proposal.answered.get_or_insert((index, judgement));
            return;
        }
        let judge = leaf.values.get("medewerker");
        let judge = judge.map_or(Tag::NONE, |name| {
            self.tagger.tag(Personal::Employee(oin), name)
        });
        let given = Given {
            index,
            at,
            by,
            judge,
            judgement,
        };
        let Some(review) = self.reviews.get_mut(&about) else {
            return;
        };
        review.given.push(given);
        let unlawful = super::review::Standing::Judged(Judgement::Unlawful);
        if review.standing(by) == unlawful {
            self.incidents
                .entry((about, by))
                .or_insert_with(|| Incident {
                    decision: about,
                    by,
                    opened: at,
                    steps: Vec::new(),
                });
        }
    }

    fn take_proposal(&mut self, leaf: &Leaf) {
        let (entry, values) = (&leaf.entry, &leaf.values);
        let Some(oin) = entry.aanvrager else { return };
        let tag = |what, field: &str| {
            let value = values.get(field);
            value.map_or(Tag::NONE, |value| self.tagger.tag(what, value))
        };
        let proposal = Proposal {
            index: leaf.index,
            at: entry.tijd,
            proposer: tag(Personal::Employee(oin), "medewerker"),
            address: tag(Personal::Address, "nummeraanduiding"),
            by: self.parties.learn(oin),
            kind: entry.keuze,
            state: entry.toestand,
            answered: None,
        };
        self.proposals.insert(leaf.index, proposal);
    }

    fn take_check(&mut self, leaf: &Leaf) {
        let entry = &leaf.entry;
        if let (Some(oin), Some(size), Some(finding)) =
            (entry.aanvrager, entry.aantal, entry.bevinding)
        {
            let by = self.parties.learn(oin);
            self.checks.push(Check {
                index: leaf.index,
                at: entry.tijd,
                by,
                size,
                finding,
            });
        }
    }
}

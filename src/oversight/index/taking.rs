//! Taking entries: what each kind of entry changes in the index.

use std::collections::BTreeMap;

use super::Index;
use crate::clock::Moment;
use crate::domain::{DocumentKind, Purpose, Team};
use crate::ledger::entry::{Act, Entry, Judgement, Kind};
use crate::ledger::{Leaf, asked_by};
use crate::oversight::review::{
    Check, Condemned, Dismissal, Given, Incident, Proposal, Review, Standing, USUAL_REVIEW_DAYS,
};
use crate::oversight::row::{Change, Event, Row, What};
use crate::oversight::signals::Tally;
use crate::oversight::words::{Party, Personal, Tag, Word};
use crate::policy::Policies;

/// The purpose of what is shared about an unsafe building.
const AOS: &str = "aos";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether one of its parties still has to judge it, or to close its incident.
fn is_unfinished(
    row: &Row,
    reviews: &BTreeMap<u64, Review>,
    incidents: &BTreeMap<(u64, Party), Incident>,
) -> bool {
    let review = reviews.get(&row.index);
    let mut parties = [row.requester, row.provider].into_iter();
    parties.any(|party| {
        let incident = incidents.get(&(row.index, party));
        let is_left = review.is_some_and(|review| review.is_open(party))
            || incident.is_some_and(|one| !one.is_closed());
        party != Party::NONE && is_left
    })
}

impl Index {
    /// Takes the next entry.
    pub(in crate::oversight) fn take(&mut self, leaf: &Leaf, policies: &Policies) {
        self.edge.push(leaf.hash, &mut Vec::new());
        let entry = &leaf.entry;
        self.newest = self.newest.max(Some(entry.tijd));
        self.take_deed(leaf);
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
            // What waits to be erased or held the tables tell.
            Kind::Proposal if asked_by(entry).is_some() => {}
            Kind::Proposal => self.take_proposal(leaf),
            Kind::Check => self.take_check(leaf),
            Kind::Erasure => self.erased = Some(leaf.index),
            Kind::Start => self.take_start(entry),
            Kind::Agreement | Kind::Hold => {}
        }
    }

    /// A gateway that starts says which candidate it asks, if any.
    fn take_start(&mut self, entry: &Entry) {
        if let Some(shadow) = &entry.schaduw {
            self.trials.entry(shadow.bundel).or_insert(entry.tijd);
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
            let rules =
                rules.filter_map(|id| bundle.as_ref().and_then(|bundle| bundle.find_rule(id)));
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
        let mut row = Row {
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
            shadow: entry.difference(),
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
            back_in_case: 0,
            requester: requester.map_or(Party::NONE, |oin| self.parties.learn(oin)),
            provider: entry
                .bron
                .map_or(Party::NONE, |oin| self.parties.learn(oin)),
        };
        self.count(&mut row);
        let (reviews, incidents) = (&self.reviews, &self.incidents);
        let forgot = self
            .rows
            .push(row, |row| is_unfinished(row, reviews, incidents));
        if forgot {
            let before = self.rows.forgotten();
            self.tallies
                .iter_mut()
                .for_each(|tally| tally.forget(before));
        }
    }

    /// Counts a row for its parties.
    fn count(&mut self, row: &mut Row) {
        let number = self.rows.next_number();
        let (aos, week) = (self.words.find(AOS), self.wall_week.turn_to(row.at));
        let provider = Some(row.provider).filter(|provider| *provider != row.requester);
        for party in [Some(row.requester), provider].into_iter().flatten() {
            if party == Party::NONE {
                continue;
            }
            if self.tallies.len() <= party.place() {
                self.tallies.resize_with(party.place() + 1, Tally::default);
            }
            if let Some(tally) = self.tallies.get_mut(party.place()) {
                tally.take(party, number, row, aos, week);
            }
        }
    }

    fn take_closing(&mut self, entry: &Entry) {
        let Some(decision) = entry.index else { return };
        if let Some(row) = self.rows.find_mut(decision) {
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
            let dismissal = Dismissal {
                index,
                at,
                by,
                judgement,
            };
            self.dismissed
                .insert((signal.clone(), about, by), dismissal);
            if judgement == Judgement::Unlawful {
                let condemned = Condemned {
                    signal: signal.clone(),
                    index,
                    at,
                };
                self.open_incident(about, by, (index, at))
                    .condemn(condemned);
            }
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
        let review = if let Some(review) = self.reviews.get_mut(&about) {
            review
        } else {
            // Nothing asked for it: a release can be judged all the same, by its parties.
            let row = self.rows.find(about);
            if !row.is_some_and(|row| row.is_release() && row.is_of(by)) {
                return;
            }
            self.judged.entry(about).or_insert_with(|| Review {
                decision: about,
                due: at,
                four_eyes: false,
                given: Vec::new(),
            })
        };
        review.given.push(given);
        let unlawful = Standing::Judged(Judgement::Unlawful);
        if review.standing(by) == unlawful {
            self.open_incident(about, by, (index, at));
        }
    }

    /// The incident of an organisation about an entry: opened now, unless there is one.
    fn open_incident(
        &mut self,
        about: u64,
        by: Party,
        (since, at): (u64, Moment),
    ) -> &mut Incident {
        let incident = self.incidents.entry((about, by));
        incident.or_insert_with(|| Incident {
            decision: about,
            by,
            opened: at,
            since,
            steps: Vec::new(),
            signals: Vec::new(),
        })
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

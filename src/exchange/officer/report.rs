//! The answer to a person who asks what was shared about them, with whom, when, why and on what
//! ground (AVG 15). Employees are not named, nor the cases they worked on.
//!
//! What concerns others stays out: to an owner goes what was about that owner, not about who owned the
//! address before or after; the choices of several owners are told to each apart; and the title of a
//! document that the officer's organisation was refused is not the officer's to know.

use std::collections::BTreeMap;

use super::look::not_ready;
use super::{Cause, Failure, Officer, Officers, Viewed, unreadable};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{
    AddressFacts, AddressId, Choice, ChoiceKind, ChoiceState, DeskRole, DocumentKind, Oin, OwnerId,
    Purpose, TransactionId,
};
use crate::ledger::entry::{Act, End, Judgement, Kind, Occasion, Outcome};
use crate::ledger::{Leaf, Receipt};
use crate::oversight::{Index, Line, Party, Personal as Tagged, Standing, What, facts_of};

/// About whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Everyone at an address.
    Address(AddressId),
    /// One owner, wherever and as long as the registry says so.
    Owner(OwnerId),
}

/// What was shared about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The entry that says this was made: its transaction is the number of the report.
    pub receipt: Receipt,
    /// The addresses it is about.
    pub addresses: Vec<AddressId>,
    /// Oldest first.
    pub lines: Vec<SharedLine>,
    /// Whether there is more than fits.
    pub more: bool,
    /// What the owner chose.
    pub choices: Choices,
    /// When the owners of the address changed, inside the period: what was shared before may be about
    /// somebody else. Empty in a report to an owner, which leaves that out.
    pub owners_changed: Vec<Moment>,
    /// How many of the exchanges stand out, without anybody having dealt with that yet.
    pub in_signals: usize,
    /// From when the desk has the log at hand, when it had to let go of what is older.
    pub since: Option<Moment>,
}

/// The choices in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choices {
    /// Those of the one owner it is about.
    Of(Vec<SharedChoice>),
    /// The address has this many owners, or those who chose are not who owns it now: what each chose
    /// is told to each apart.
    OfSeveral(usize),
    /// The officer's organisation has no part in the registry.
    NotHere,
}

/// A choice, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedChoice {
    /// The address.
    pub address: AddressId,
    /// Which of the four.
    pub kind: ChoiceKind,
    /// The state it was last given.
    pub state: ChoiceState,
    /// Whether its end has passed.
    pub expired: bool,
    /// Who may receive.
    pub receivers: Vec<Oin>,
    /// What for.
    pub purposes: Vec<Purpose>,
    /// Which kinds.
    pub kinds: Vec<DocumentKind>,
    /// From when.
    pub from: Moment,
    /// Until when.
    pub until: Option<Moment>,
}

/// One time that something was shared, asked for, or looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLine {
    /// When.
    pub at: Moment,
    /// Under which transaction it can be found again.
    pub transaction: TransactionId,
    /// Where its entry stands.
    pub index: u64,
    /// The address.
    pub address: AddressId,
    /// What it was.
    pub what: What,
    /// What was asked for.
    pub act: Option<Act>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// How the transfer ended.
    pub end: Option<End>,
    /// With whom.
    pub requester: Option<Oin>,
    /// By whom.
    pub provider: Option<Oin>,
    /// The kind of the document.
    pub kind: String,
    /// Its title, as it was then, if it is this organisation's to know.
    pub title: Option<String>,
    /// Documents a search listed.
    pub count: u32,
    /// Why an officer looked.
    pub occasion: Option<Occasion>,
    /// What the review afterwards came to so far, where there is one.
    pub review: Option<Standing>,
    /// Whether the officer's own organisation judged that this was not lawful.
    pub unlawful: bool,
    /// Which other organisations judged so.
    pub unlawful_by_others: Vec<Oin>,
    /// Why.
    pub purpose: String,
    /// On what ground, as a DPV IRI.
    pub ground: Option<String>,
    /// The article of it.
    pub article: Option<String>,
    /// Why not.
    pub reason: Option<String>,
}

impl SharedLine {
    /// Whether a document left on it.
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.what == What::Decision
            && self.outcome == Some(Outcome::Permitted)
            && self.act == Some(Act::Download)
    }
}

impl Officers {
    /// Everything that was shared, asked or looked up about somebody, as far as the officer's own
    /// organisation was party to it; after recording that the report is made.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn report(
        &self,
        officer: &Officer,
        cause: &Cause,
        subject: &Subject,
        from: Option<Moment>,
        until: Option<Moment>,
    ) -> Result<Shared, Failure> {
        officer.must_be(&[DeskRole::Fg])?;
        let addresses = match subject {
            Subject::Address(address) => vec![*address],
            Subject::Owner(owner) => self.addresses_of(owner).await?,
        };
        let own = officer.organisation.oin;
        let now = self.now();
        let (sought, case) = (addresses.clone(), cause.case.clone());
        let found = self.oversight.read(move |index| {
            let party = index.party(own);
            let mut found = index.about(own, &sought, (from, until), bounds::REPORT_LINES + 1);
            // What was read to answer this very request is no news to who asked; and so the page and
            // the file that are made one after the other tell the same.
            let this = index.tag(Tagged::Case(own), case.as_str());
            let is_of_this = |line: &Line| {
                let row = index.find_row(line.index);
                line.what == What::Reading && row.is_some_and(|row| row.case == this)
            };
            found.retain(|(_, line)| !is_of_this(line));
            let found = found.into_iter().map(|(address, line)| {
                let judged = Judged::of(index, line.index, party);
                (address, judged, line)
            });
            let found: Vec<_> = found.collect();
            let entries = found.iter().map(|(_, _, line)| line.index).collect();
            let standing_out = index.in_signals(own, now, &entries);
            let oldest = index.rows().first().map(|row| row.at);
            let since = oldest.filter(|_| index.forgotten() > 0);
            (found, standing_out, index.registry_of(&sought), since)
        });
        let (mut found, standing_out, told, since) = found.await.map_err(not_ready)?;
        let mut more = found.len() > bounds::REPORT_LINES;
        found.truncate(bounds::REPORT_LINES);
        let (address, owner) = match subject {
            Subject::Address(address) => (Some(*address), None),
            Subject::Owner(owner) => (None, Some(owner)),
        };
        let viewed = Viewed::Report {
            address,
            owner,
            count: found.len() as u64,
        };
        let receipt = self.record_view(officer, cause, viewed).await?;

        more |= told.values().map(Vec::len).sum::<usize>() > bounds::REPORT_LINES;
        let facts = self.facts(&told).await?;
        let mut lines = Vec::with_capacity(found.len());
        for (address, judged, line) in found {
            let at = line.index;
            let read = self.exchange.ledger.leaves(at, at + 1).await;
            let Some(leaf) = read.map_err(unreadable)?.pop() else {
                continue;
            };
            let known = facts.get(&address);
            if owner.is_none_or(|owner| concerns(&leaf, owner, known)) {
                lines.push(shared(address, &line, judged, leaf, own));
            }
        }
        let in_signals = lines.iter();
        let in_signals = in_signals.filter(|line| standing_out.contains(&line.index));
        let in_signals = in_signals.count();
        let choices = if officer.organisation.provides {
            choices(&facts, owner, own, now)
        } else {
            Choices::NotHere
        };
        let owners_changed = match owner {
            Some(_) => Vec::new(),
            None => changes(&facts, from, until.unwrap_or_else(|| now.plus_ms(1))),
        };
        Ok(Shared {
            receipt,
            addresses,
            lines,
            more,
            choices,
            owners_changed,
            in_signals,
            since,
        })
    }

    /// The addresses an owner was told to own, in the order they were told.
    async fn addresses_of(&self, owner: &OwnerId) -> Result<Vec<AddressId>, Failure> {
        let sought = owner.clone();
        let told = self.oversight.read(move |index| {
            let tag = index.tag(Tagged::Owner, sought.as_str());
            index.ownerships_of(tag)
        });
        let mut addresses = Vec::new();
        for at in told.await.map_err(not_ready)? {
            let read = self.exchange.ledger.leaves(at, at + 1).await;
            for leaf in read.map_err(unreadable)? {
                let address = leaf.values.get("nummeraanduiding");
                let address = address.and_then(|text| AddressId::parse(text).ok());
                addresses.extend(address.filter(|address| !addresses.contains(address)));
            }
        }
        Ok(addresses)
    }

    /// What the registry knows of these addresses, from the entries that told it.
    async fn facts(
        &self,
        told: &BTreeMap<AddressId, Vec<u64>>,
    ) -> Result<BTreeMap<AddressId, AddressFacts>, Failure> {
        let mut facts = BTreeMap::new();
        let mut room = bounds::REPORT_LINES;
        for (address, entries) in told {
            let mut leaves = Vec::new();
            for at in entries.iter().take(room) {
                let read = self.exchange.ledger.leaves(*at, at + 1).await;
                leaves.extend(read.map_err(unreadable)?);
            }
            room = room.saturating_sub(entries.len());
            facts.insert(*address, facts_of(*address, &leaves));
        }
        Ok(facts)
    }
}

/// Whether an entry is about this owner: a decision names those who owned the address then. What names
/// nobody is about who owned it at that time.
fn concerns(leaf: &Leaf, owner: &OwnerId, known: Option<&AddressFacts>) -> bool {
    let Some(named) = leaf.values.get("eigenaren") else {
        let owners = known.map(|facts| facts.owners_at(leaf.entry.tijd));
        return leaf.entry.soort != Kind::Decision
            && owners.is_some_and(|owners| owners.contains_key(owner));
    };
    let named: Vec<String> = serde_json::from_str(named).unwrap_or_default();
    named.iter().any(|name| name == owner.as_str())
}

/// What was judged of an exchange.
struct Judged {
    review: Option<Standing>,
    unlawful: bool,
    by_others: Vec<Oin>,
}

impl Judged {
    fn of(index: &Index, entry: u64, own: Party) -> Self {
        let review = index.judgements_of(entry);
        let review = review.map(|review| review.standing(own));
        let incidents = index.incidents().values();
        let by = incidents.filter(|incident| incident.decision == entry);
        let by: Vec<Party> = by.map(|incident| incident.by).collect();
        let others = by.iter().filter(|by| **by != own);
        Self {
            review,
            unlawful: by.contains(&own) || review == Some(Standing::Judged(Judgement::Unlawful)),
            by_others: others.filter_map(|by| index.oin(*by)).collect(),
        }
    }
}

fn shared(address: AddressId, line: &Line, judged: Judged, leaf: Leaf, own: Oin) -> SharedLine {
    let entry = leaf.entry;
    let title = leaf.values.get("titel").cloned();
    let may_know = line.outcome == Some(Outcome::Permitted) || line.provider == Some(own);
    SharedLine {
        at: line.at,
        transaction: line.transaction,
        index: line.index,
        address,
        what: line.what,
        act: line.act,
        outcome: line.outcome,
        end: line.end,
        requester: line.requester,
        provider: line.provider,
        kind: line.kind.to_string(),
        title: title.filter(|_| may_know),
        count: line.count,
        occasion: line.occasion,
        review: judged.review,
        unlawful: judged.unlawful,
        unlawful_by_others: judged.by_others,
        purpose: line.purpose.to_string(),
        ground: entry.grondslag,
        article: entry.artikel,
        reason: entry.reden.or(entry.code),
    }
}

/// The choices in which this organisation has a part: it recorded them, or may receive by them.
fn choices(
    facts: &BTreeMap<AddressId, AddressFacts>,
    owner: Option<&OwnerId>,
    own: Oin,
    now: Moment,
) -> Choices {
    let is_party = |choice: &&Choice| choice.recorded_by == own || choice.receivers.contains(&own);
    let all = facts.values().flat_map(|known| &known.choices);
    let mut of_own: Vec<&Choice> = all.filter(is_party).collect();
    if let Some(owner) = owner {
        of_own.retain(|choice| choice.owner == *owner);
    } else {
        let owners = facts
            .values()
            .flat_map(|known| known.owners_at(now).into_keys());
        let owners: Vec<OwnerId> = owners.collect();
        let is_one = match owners.as_slice() {
            [one] => of_own.iter().all(|choice| choice.owner == *one),
            _ => false,
        };
        if !is_one && !of_own.is_empty() {
            return Choices::OfSeveral(owners.len());
        }
    }
    of_own.sort_by_key(|choice| choice.changed_at);
    let told = of_own.into_iter().map(|choice| SharedChoice {
        address: choice.address,
        kind: choice.kind,
        state: choice.state,
        expired: choice.expired_at(now),
        receivers: choice.receivers.clone(),
        purposes: choice.purposes.clone(),
        kinds: choice.kinds.clone(),
        from: choice.valid_from,
        until: choice.valid_until,
    });
    Choices::Of(told.collect())
}

/// When the owners changed in a period: not when they were first told.
fn changes(
    facts: &BTreeMap<AddressId, AddressFacts>,
    from: Option<Moment>,
    until: Moment,
) -> Vec<Moment> {
    let mut all = Vec::new();
    for known in facts.values() {
        let mut moments: Vec<Moment> = known.ownerships.iter().map(|told| told.from).collect();
        moments.sort();
        moments.dedup();
        let mut before = None;
        for at in moments {
            let owners: Vec<OwnerId> = known.owners_at(at).into_keys().collect();
            let changed = before.as_ref().is_some_and(|before| *before != owners);
            before = Some(owners);
            if changed && at < until && from.is_none_or(|from| at > from) {
                all.push(at);
            }
        }
    }
    all
}

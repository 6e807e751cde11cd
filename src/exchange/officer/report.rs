//! The answer to a person who asks what was shared about them, with whom, when, why and on what
//! ground (AVG 15). Employees are not named.

use super::look::not_ready;
use super::{Cause, Failure, Officer, Officers, Viewed, unreadable};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{AddressId, DeskRole, Oin, OwnerId, TransactionId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, End, Kind, Outcome};
use crate::oversight::{Criteria, Line, Personal as Tagged, What};

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
    /// The addresses it is about.
    pub addresses: Vec<AddressId>,
    /// Oldest first.
    pub lines: Vec<SharedLine>,
    /// Whether there is more than fits.
    pub more: bool,
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
    /// Its title, as it was then.
    pub title: Option<String>,
    /// Why.
    pub purpose: String,
    /// On what ground, as a DPV IRI.
    pub ground: Option<String>,
    /// The article of it.
    pub article: Option<String>,
    /// Why not.
    pub reason: Option<String>,
    /// The bundle that decided, and its rules.
    pub rules: (Option<crate::domain::Sha256>, Vec<String>),
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
        let oin = officer.organisation.oin;
        let sought = addresses.clone();
        let found = self.oversight.read(move |index| {
            let lines = sought.iter().flat_map(|address| {
                let criteria = Criteria {
                    address: Some(*address),
                    from,
                    until,
                    ..Criteria::default()
                };
                let lines = index.matching(oin, &criteria).map(|row| index.line(row));
                lines.map(|line| (*address, line)).collect::<Vec<_>>()
            });
            let mut lines: Vec<(AddressId, Line)> = lines.collect();
            lines.sort_by_key(|(_, line)| line.index);
            lines
        });
        let mut found = found.await.map_err(not_ready)?;
        let more = found.len() > bounds::REPORT_LINES;
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
        self.record_view(officer, cause, viewed).await?;

        let mut lines = Vec::with_capacity(found.len());
        for (address, line) in found {
            let at = line.index;
            let read = self.exchange.ledger.leaves(at, at + 1).await;
            let Some(leaf) = read.map_err(unreadable)?.pop() else {
                continue;
            };
            if owner.is_none_or(|owner| concerns(&leaf, owner)) {
                lines.push(shared(address, &line, leaf));
            }
        }
        Ok(Shared {
            addresses,
            lines,
            more,
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
}

/// Whether an entry is about this owner: a decision names those who owned the address then. Of what
/// names nobody it cannot be told, and then it is about whoever lives there.
fn concerns(leaf: &Leaf, owner: &OwnerId) -> bool {
    let Some(named) = leaf.values.get("eigenaren") else {
        return leaf.entry.soort != Kind::Decision;
    };
    let named: Vec<String> = serde_json::from_str(named).unwrap_or_default();
    named.iter().any(|name| name == owner.as_str())
}

fn shared(address: AddressId, line: &Line, leaf: Leaf) -> SharedLine {
    let entry = leaf.entry;
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
        title: leaf.values.get("titel").cloned(),
        purpose: line.purpose.to_string(),
        ground: entry.grondslag,
        article: entry.artikel,
        reason: entry.reden.or(entry.code),
        rules: (entry.bundel, entry.regels),
    }
}

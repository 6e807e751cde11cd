//! What was asked, erased and held, as the book tells it to everybody: nothing personal.

use super::Index;
use super::words::Party;
use crate::clock::Moment;
use crate::ledger::entry::{Act, Entry, Judgement, Kind};
use crate::ledger::{Leaf, asked_by};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Somebody asked to erase an address, to hold one, or to lift a hold.
    Asked(Act),
    /// Somebody turned that down.
    TurnedDown(Act),
    /// A second person agreed to it, and it was done.
    Agreed(Act),
    /// What was kept for its term was erased.
    Expired,
}

impl Did {
    /// What an entry says was done, with what the entry it names asked, if that is one that asks.
    #[must_use]
    pub fn of(entry: &Entry, asked: Option<Act>) -> Option<Self> {
        match (entry.soort, entry.handeling, entry.oordeel) {
            (Kind::Proposal, Some(act), _) if asked_by(entry).is_some() => Some(Self::Asked(act)),
            (Kind::Erasure, Some(Act::Expire), _) => Some(Self::Expired),
            (Kind::Erasure | Kind::Hold, Some(act), _) => Some(Self::Agreed(act)),
            (Kind::Review, _, Some(Judgement::Rejected)) => asked.map(Self::TurnedDown),
            _ => None,
        }
    }
}

/// One entry about erasing or holding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Where it stands.
    pub index: u64,
    /// When.
    pub at: Moment,
    /// Of which organisation who did it is; [`Party::NONE`] where the configuration decided.
    pub by: Party,
    /// What was done.
    pub did: Did,
    /// The entry that asked for it, or for the hold that is to be lifted.
    pub of: Option<u64>,
    /// How many entries can be read no more.
    pub count: u64,
    /// Of which kind, where that is told.
    pub kind: Option<String>,
}

impl Deed {
    /// Whether personal data of entries of this kind may have gone with it.
    #[must_use]
    pub fn may_have_erased(&self, kind: Kind) -> bool {
        match self.did {
            Did::Agreed(Act::Erase) => true,
            Did::Expired => self.kind.as_deref().is_none_or(|code| code == kind.code()),
            Did::Asked(_) | Did::TurnedDown(_) | Did::Agreed(_) => false,
        }
    }
}

impl Index {
    /// What was asked, erased and held, oldest first.
    #[must_use]
    pub fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// The entry at this index, if it is one about erasing or holding.
    #[must_use]
    pub fn find_deed(&self, index: u64) -> Option<&Deed> {
        let place = self.deeds.binary_search_by_key(&index, |deed| deed.index);
        place.ok().and_then(|place| self.deeds.get(place))
    }

    /// How it was answered, if it was.
    #[must_use]
    pub fn answer_to(&self, asked: u64) -> Option<&Deed> {
        let mut later = self.deeds.iter();
        later.find(|deed| deed.of == Some(asked) && !matches!(deed.did, Did::Asked(_)))
    }

    /// Takes what an entry says of erasing and holding.
    pub(super) fn take_deed(&mut self, leaf: &Leaf) {
        let entry = &leaf.entry;
        let Some(did) = self.did(entry) else { return };
        let by = entry.aanvrager;
        let by = by.map_or(Party::NONE, |oin| self.parties.learn(oin));
        self.deeds.push(Deed {
            index: leaf.index,
            at: entry.tijd,
            by,
            did,
            of: entry.index,
            count: entry.aantal.unwrap_or_default(),
            kind: entry.code.clone(),
        });
    }

    fn did(&self, entry: &Entry) -> Option<Did> {
        let asked = entry.index.and_then(|index| self.find_deed(index));
        let asked = asked.and_then(|asked| match asked.did {
            Did::Asked(act) => Some(act),
            Did::TurnedDown(_) | Did::Agreed(_) | Did::Expired => None,
        });
        Did::of(entry, asked)
    }
}

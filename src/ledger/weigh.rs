//! What erasing an address would destroy, in numbers, and what stands in its way.

use super::Ledger;
use super::entry::Kind;
use super::read::{Found, ReadError};
use super::seal::Owner;
use crate::domain::AddressId;
use crate::store::{Hold, Pending};

/// What the book has of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weight {
    /// Entries that can still be opened: the word of their kind, and how many.
    pub sealed: Vec<(String, u64)>,
    /// The holds that protect it, oldest first.
    pub holds: Vec<Hold>,
    /// What waits for a second person there, oldest first.
    pub pending: Vec<Pending>,
    /// Documents that providers told of, up to a thousand.
    pub documents: u64,
    /// Times that owners were told.
    pub ownerships: u64,
    /// Choices of owners.
    pub choices: u64,
    /// Dossiers.
    pub dossiers: u64,
    /// Reports of an unsafe situation.
    pub aos: u64,
}

/// Documents of an address that are counted; where there are more, so many are told.
const MOST_DOCUMENTS: u32 = 1_000;

impl Weight {
    /// How many entries could be read no more.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.sealed.iter().map(|(_, count)| count).sum()
    }

    /// Whether neither book nor registry knows anything but who looked and what was asked.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        let of_itself = [Kind::Reading, Kind::Proposal, Kind::Review, Kind::Hold];
        let of_itself = |kind: &str| of_itself.iter().any(|one| one.code() == kind);
        let known = self.sealed.iter().any(|(kind, _)| !of_itself(kind));
        let registry = [
            self.documents,
            self.ownerships,
            self.choices,
            self.dossiers,
            self.aos,
        ];
        !known && registry.iter().sum::<u64>() == 0
    }
}

impl Ledger {
    /// What the book has of an address. Whoever shows it shows personal data.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn weigh(&self, address: AddressId) -> Result<Weight, ReadError> {
        let tag = self.0.master.tag(Owner::Address(address));
        let store = &self.0.store;
        let mut holds = store.holds().await?;
        holds.retain(|hold| hold.tag == tag);
        let mut pending = store.pending().await?;
        pending.retain(|one| one.tag == tag);
        let listed = store.documents_at(address, None, MOST_DOCUMENTS).await;
        let (documents, loaded) = listed?;
        let facts = &loaded.facts;
        Ok(Weight {
            sealed: store.sealed_count_of(tag).await?,
            holds,
            pending,
            documents: documents.len() as u64,
            ownerships: facts.ownerships.len() as u64,
            choices: facts.choices.len() as u64,
            dossiers: facts.dossiers.len() as u64,
            aos: facts.aos.len() as u64,
        })
    }

    /// Whether nothing opens this entry, though it has something sealed.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn is_erased(&self, found: &Found) -> Result<bool, ReadError> {
        let opening = self.0.store.find_opening(found.index).await?;
        Ok(!found.entry.zegels.is_empty() && opening.is_none())
    }
}

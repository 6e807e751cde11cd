//! What erasing an address would destroy, in numbers, and what stands in its way.

use super::Ledger;
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
        Ok(Weight {
            sealed: store.sealed_count_of(tag).await?,
            holds,
            pending,
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

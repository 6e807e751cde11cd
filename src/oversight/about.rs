//! What the book has about somebody: lines and changes of the registry at one address or at several,
//! in one go over the index.

use std::collections::{BTreeMap, HashMap};

use super::index::Index;
use super::search::Line;
use super::words::{Personal, Tag};
use crate::clock::Moment;
use crate::domain::{AddressId, Oin};

impl Index {
    /// The lines about these addresses that this organisation is party to, oldest first, at most so
    /// many, from one moment until another, that one excluded.
    #[must_use]
    pub fn about(
        &self,
        own: Oin,
        addresses: &[AddressId],
        (from, until): (Option<Moment>, Option<Moment>),
        limit: usize,
    ) -> Vec<(AddressId, Line)> {
        let party = self.party(own);
        let sought = self.tags_of(addresses);
        let rows = self.rows_between(from, until);
        let found = rows.filter_map(|row| {
            let address = sought.get(&row.address)?;
            row.is_of(party).then_some((*address, row))
        });
        let found = found.take(limit);
        found
            .map(|(address, row)| (address, self.line(row)))
            .collect()
    }

    /// The entries of the registry about these addresses, each list oldest first. An address nothing
    /// was told about has none.
    #[must_use]
    pub fn registry_of(&self, addresses: &[AddressId]) -> BTreeMap<AddressId, Vec<u64>> {
        let sought = self.tags_of(addresses);
        let mut told: BTreeMap<AddressId, Vec<u64>> = BTreeMap::new();
        for event in self.events() {
            if let Some(address) = sought.get(&event.address) {
                told.entry(*address).or_default().push(event.index);
            }
        }
        told
    }

    fn tags_of(&self, addresses: &[AddressId]) -> HashMap<Tag, AddressId> {
        let tag = |address: &AddressId| self.tag(Personal::Address, address.as_str());
        addresses
            .iter()
            .map(|address| (tag(address), *address))
            .collect()
    }
}

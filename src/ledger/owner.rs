//! Erasing one owner: what names them is taken out of the openings, and the rest is sealed again.
//!
//! Every entry is opened to see whether it names the owner: nobody can be missed by an index that is
//! kept elsewhere. The keys under which such an entry lies are destroyed like those of an address; each
//! entry under them is sealed again under a fresh key, whole, or without the fields that name the owner.
//! Without its seed: that would let an erased value be guessed, and the guess be proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::entry::{Act, Entry, Kind};
use super::erasing::{Asked, NotDone, Person};
use super::read::ReadError;
use super::seal::{self, KeyName, Opened, Owner};
use super::{Ledger, NotAppended, Receipt};
use crate::bounds;
use crate::domain::{AddressId, OwnerId};
use crate::store::{Ask, Change, Erasing, Resealed, Resealing, SealedEntry, StoredKey};

/// Entries that are opened at once.
const STEP: u64 = 2_048;

impl Ledger {
    /// Asks for a second person: to erase an owner from the book, wherever they are named.
    ///
    /// # Errors
    /// [`NotDone::NoProposal`] when no entry names them at an address.
    pub async fn ask_owner(&self, by: &Person, owner: &OwnerId) -> Result<Receipt, NotDone> {
        let naming = self.naming(owner).await?;
        let address = naming.address.ok_or(NotDone::NoProposal)?;
        let asked = self.ask_about(by, Ask::Erase, address, Some(owner)).await;
        Ok(asked?)
    }

    /// Erases an owner, as a second person agreed to.
    pub(super) async fn erase_owner(
        &self,
        by: &Person,
        asked: &Asked,
        owner: &OwnerId,
    ) -> Result<Receipt, NotDone> {
        let mut attempts = 0;
        loop {
            let resealing = self.reseal(owner).await?;
            let mut entry = self.blank(Kind::Erasure)?;
            entry.handeling = Some(Act::Erase);
            entry.index = Some(asked.index);
            entry.aanvrager = Some(by.organisation);
            entry.aanleiding = by.occasion;
            let erasing = Erasing::Owner(Arc::new(resealing));
            let proposal = Some(asked.index);
            let change = Change::Erased { proposal, erasing };
            let personal = by.agreeing(asked);
            let sealed_for = Owner::Organisation(by.organisation);
            let appended = self.append_once(entry, &personal, sealed_for, &change);
            let appended = appended.await;
            attempts += 1;
            if appended != Err(NotAppended::Stale) || attempts >= bounds::DECISION_ATTEMPTS {
                return Ok(appended?);
            }
        }
    }

    /// The keys under which an entry names this owner, and an address where one does.
    async fn naming(&self, owner: &OwnerId) -> Result<Naming, ReadError> {
        let mut naming = Naming::default();
        let (mut from, size) = (0, self.0.store.head().await?.size);
        while from < size {
            let sealed = self
                .0
                .store
                .sealed_entries(from, size.min(from + STEP))
                .await?;
            for one in &sealed {
                let Some(opening) = &one.opening else {
                    continue;
                };
                let (_, values) = self.opened(one)?;
                if values
                    .iter()
                    .any(|(field, one)| names(field, &one.value, owner))
                {
                    naming.keys.insert(opening.key.id);
                    naming.tags.insert(opening.key.tag);
                    let at = values.get("nummeraanduiding");
                    let at = at.and_then(|at| AddressId::parse(&at.value).ok());
                    naming.address = naming.address.or(at);
                }
            }
            from += STEP;
        }
        Ok(naming)
    }

    /// Everything under those keys, sealed again without this owner.
    async fn reseal(&self, owner: &OwnerId) -> Result<Resealing, NotDone> {
        let naming = self.naming(owner).await?;
        let mut made = Resealing {
            owner: owner.clone(),
            keys: naming.keys.iter().copied().collect(),
            tags: naming.tags.iter().copied().collect(),
            keys_of_tags: Vec::new(),
            addresses: Vec::new(),
            sealed: 0,
            lost: 0,
            fresh: Vec::new(),
            openings: Vec::new(),
        };
        let mut addresses = BTreeSet::new();
        for key in &naming.keys {
            let sealed = self.0.store.sealed_entries_under(*key).await;
            let sealed = sealed.map_err(ReadError::from)?;
            let mut fresh: Option<seal::HeldKey> = None;
            for one in &sealed {
                let Some(opening) = &one.opening else {
                    continue;
                };
                let (entry, mut values) = self.opened(one)?;
                if let Some(at) = values.get("nummeraanduiding") {
                    addresses.extend(AddressId::parse(&at.value).ok());
                }
                let before = values.len();
                values.retain(|field, opened| !names(field, &opened.value, owner));
                made.sealed += 1;
                made.lost += u64::from(values.len() < before);
                let key = match &fresh {
                    Some(key) => key.clone(),
                    None => self.fresh_key(&opening.key, entry.soort, &mut made.fresh)?,
                };
                fresh = Some(key.clone());
                let (of, kind, random) = (&entry.transactie, entry.soort, &*self.0.random);
                let sealed = seal::seal_again(&values, &key.key, of, kind, random);
                made.openings.push(Resealed {
                    index: one.index,
                    key: key.id.number(),
                    sealed: sealed.map_err(|error| super::refuse(&error))?,
                });
            }
        }
        made.addresses = addresses.into_iter().collect();
        let store = &self.0.store;
        made.keys_of_tags = store.keys_of(&made.tags).await.map_err(ReadError::from)?;
        Ok(made)
    }

    fn fresh_key(
        &self,
        like: &StoredKey,
        kind: Kind,
        fresh: &mut Vec<StoredKey>,
    ) -> Result<seal::HeldKey, NotAppended> {
        let name = KeyName {
            tag: like.tag,
            year: like.year,
            kind,
        };
        let made = self.0.master.wrap_fresh(name, &*self.0.random);
        let (id, wrapped) = made.map_err(|error| super::refuse(&error))?;
        let key = self.0.master.unwrap(id, name, &wrapped);
        let key = key.map_err(|error| super::refuse(&error))?;
        fresh.push(StoredKey {
            id: id.number(),
            wrapped,
            ..like.clone()
        });
        Ok(seal::HeldKey { id, key, epoch: 0 })
    }

    fn opened(&self, one: &SealedEntry) -> Result<(Entry, BTreeMap<String, Opened>), ReadError> {
        let index = one.index;
        let wrong = |source| ReadError::Entry { index, source };
        let entry = Entry::parse(&one.entry).map_err(wrong)?;
        let Some(opening) = &one.opening else {
            return Ok((entry, BTreeMap::new()));
        };
        let wrong = |source| ReadError::Opening { index, source };
        let key = self.key_of(opening, entry.soort).map_err(wrong)?;
        let values = seal::open(&opening.sealed, &key.key, &entry.transactie, entry.soort);
        Ok((entry, values.map_err(wrong)?))
    }
}

#[derive(Default)]
struct Naming {
    keys: BTreeSet<u64>,
    tags: BTreeSet<[u8; 16]>,
    address: Option<AddressId>,
}

/// Whether a sealed field names this owner: by itself, or in a list or record.
fn names(field: &str, value: &str, owner: &OwnerId) -> bool {
    fn within(value: &Value, owner: &str) -> bool {
        match value {
            Value::String(text) => text == owner,
            Value::Array(list) => list.iter().any(|one| within(one, owner)),
            Value::Object(members) => members.values().any(|one| within(one, owner)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    match field {
        "eigenaar" => value == owner.as_str(),
        "eigenaren" | "voorstel" => {
            serde_json::from_str(value).is_ok_and(|value| within(&value, owner.as_str()))
        }
        _ => false,
    }
}

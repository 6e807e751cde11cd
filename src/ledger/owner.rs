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
use super::erasing::{Asked, NotDone, Person, asks_of_owner};
use super::opener::unwrap;
use super::read::ReadError;
use super::seal::{self, HeldKey, KeyCache, KeyName, MasterKey, Opened, Owner};
use super::{Ledger, NotAppended, Receipt};
use crate::bounds;
use crate::domain::{AddressId, OwnerId};
use crate::store::{
    Ask, Batch, Change, Erasing, Hold, Resealed, Resealing, SealedEntry, StoreError, StoredKey,
};

/// Entries that are opened at once.
const STEP: u64 = 2_048;

/// What the book has of an owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerWeight {
    /// The addresses where they are named.
    pub addresses: BTreeSet<AddressId>,
    /// Entries that name them: the word of their kind, and how many.
    pub naming: Vec<(String, u64)>,
    /// The holds that protect one of those addresses, oldest first.
    pub holds: Vec<Hold>,
    /// The proposals to erase them that wait for a second person, oldest first.
    pub asked: Vec<u64>,
}

impl Ledger {
    /// What the book has of an owner; every entry is opened for it. Whoever shows it shows personal data.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn weigh_owner(&self, owner: &OwnerId) -> Result<OwnerWeight, ReadError> {
        let mut naming = Naming::default();
        self.look_through(&mut naming, owner).await?;
        let pending = self.0.store.pending().await?;
        let waiting = pending.iter().map(|one| one.index);
        let kinds = naming.kinds.iter();
        Ok(OwnerWeight {
            naming: kinds
                .map(|(kind, count)| (kind.code().to_owned(), *count))
                .collect(),
            holds: self.holds_among(&naming).await?,
            asked: waiting.filter(|at| naming.asked.contains(at)).collect(),
            addresses: naming.addresses,
        })
    }

    async fn holds_among(&self, naming: &Naming) -> Result<Vec<Hold>, ReadError> {
        let mut holds = self.0.store.holds().await?;
        holds.retain(|hold| naming.tags.contains(&hold.tag));
        Ok(holds)
    }

    /// Asks for a second person: to erase an owner from the book, wherever they are named.
    ///
    /// # Errors
    /// [`NotDone::NoProposal`] when no entry names them at an address, [`NotAppended::Held`] when one of
    /// those addresses is held.
    pub async fn ask_owner(&self, by: &Person, owner: &OwnerId) -> Result<Receipt, NotDone> {
        let mut naming = Naming::default();
        self.look_through(&mut naming, owner).await?;
        let address = naming.addresses.first().ok_or(NotDone::NoProposal)?;
        if !self.holds_among(&naming).await?.is_empty() {
            return Err(NotAppended::Held.into());
        }
        let asked = self.ask_about(by, Ask::Erase, *address, Some(owner)).await;
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
        let mut naming = Naming::default();
        loop {
            let resealing = self.reseal(&mut naming, owner).await?;
            let appended = self.append_resealing(by, asked, resealing).await;
            attempts += 1;
            if appended != Err(NotAppended::Stale) || attempts >= bounds::DECISION_ATTEMPTS {
                return Ok(appended?);
            }
        }
    }

    /// Appends the erasure with what was sealed again for it.
    pub(super) async fn append_resealing(
        &self,
        by: &Person,
        asked: &Asked,
        resealing: Resealing,
    ) -> Result<Receipt, NotAppended> {
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
        self.append_once(entry, &personal, sealed_for, &change)
            .await
    }

    /// Looks at the entries that were not looked at yet, up to the end of the book; at all of them anew
    /// when something was erased meanwhile, for then entries may lie under other keys.
    async fn look_through(&self, naming: &mut Naming, owner: &OwnerId) -> Result<(), ReadError> {
        loop {
            let head = self.0.store.head().await?;
            if naming.epoch != Some(head.keys_epoch) {
                *naming = Naming {
                    epoch: Some(head.keys_epoch),
                    ..Naming::default()
                };
            }
            let from = naming.size;
            let to = head.size.min(from + STEP);
            for one in &self.0.store.sealed_entries(from, to).await? {
                self.look_at(naming, one, owner)?;
            }
            naming.size = to;
            // What came since the head was read is for whoever commits: not to run after it.
            if to == head.size {
                return Ok(());
            }
        }
    }

    fn look_at(
        &self,
        naming: &mut Naming,
        one: &SealedEntry,
        owner: &OwnerId,
    ) -> Result<(), ReadError> {
        let Some(opening) = &one.opening else {
            return Ok(());
        };
        let (entry, values) = self.opened(one)?;
        if !is_named(&values, owner) {
            return Ok(());
        }
        naming.keys.insert(opening.key.id);
        naming.tags.insert(opening.key.tag);
        let at = values.get("nummeraanduiding");
        let at = at.and_then(|at| AddressId::parse(&at.value).ok());
        naming.addresses.extend(at);
        *naming.kinds.entry(entry.soort).or_default() += 1;
        if asks_of_owner(&entry) {
            naming.asked.insert(one.index);
        }
        Ok(())
    }

    /// Everything under those keys, sealed again without this owner.
    pub(super) async fn reseal(
        &self,
        naming: &mut Naming,
        owner: &OwnerId,
    ) -> Result<Resealing, NotDone> {
        self.look_through(naming, owner).await?;
        let mut made = Resealing {
            owner: owner.clone(),
            keys: Vec::new(),
            tags: naming.tags.iter().copied().collect(),
            addresses: Vec::new(),
            size: naming.size,
            sealed: 0,
            lost: 0,
            fresh: Vec::new(),
            openings: Vec::new(),
        };
        let mut addresses = BTreeSet::new();
        for key in &naming.keys {
            let sealed = self.0.store.sealed_entries_under(*key).await;
            let sealed = sealed.map_err(ReadError::from)?;
            if sealed.is_empty() {
                // Its term ended since it was looked at.
                continue;
            }
            made.keys.push(*key);
            let mut fresh: Option<HeldKey> = None;
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
        Ok(made)
    }

    fn fresh_key(
        &self,
        like: &StoredKey,
        kind: Kind,
        fresh: &mut Vec<StoredKey>,
    ) -> Result<HeldKey, NotAppended> {
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
        Ok(HeldKey { id, key, epoch: 0 })
    }

    fn opened(&self, one: &SealedEntry) -> Result<(Entry, Values), ReadError> {
        open(one, &self.0.keys, &self.0.master)
    }
}

type Values = BTreeMap<String, Opened>;

fn open(
    one: &SealedEntry,
    keys: &KeyCache,
    master: &MasterKey,
) -> Result<(Entry, Values), ReadError> {
    let index = one.index;
    let wrong = |source| ReadError::Entry { index, source };
    let entry = Entry::parse(&one.entry).map_err(wrong)?;
    let Some(opening) = &one.opening else {
        return Ok((entry, Values::new()));
    };
    let wrong = |source| ReadError::Opening { index, source };
    let name = KeyName {
        tag: opening.key.tag,
        year: opening.key.year,
        kind: entry.soort,
    };
    let key = unwrap(keys, master, name, &opening.key).map_err(wrong)?;
    let values = seal::open(&opening.sealed, &key.key, &entry.transactie, entry.soort);
    Ok((entry, values.map_err(wrong)?))
}

/// INVARIANT (nobody is missed): whether an entry that came after the book was looked through, up to
/// this size, names the owner; or so many came that it would hold up everybody to see. The head is
/// locked, so nothing comes after it.
pub(super) async fn is_named_since(
    batch: &mut Batch<'_>,
    size: u64,
    resealing: &Resealing,
    keys: &KeyCache,
    master: &MasterKey,
) -> Result<bool, StoreError> {
    let from = resealing.size;
    if size.saturating_sub(from) > bounds::OWNER_SINCE_ENTRIES {
        return Ok(true);
    }
    let since = batch.sealed_entries(from, size).await?;
    // What cannot be opened is looked at again, and told, by whoever asks for the erasure.
    let named = |one: &SealedEntry| {
        let opened = open(one, keys, master);
        opened.map_or(true, |(_, values)| is_named(&values, &resealing.owner))
    };
    Ok(since.iter().any(named))
}

/// Where the book names an owner, as far as it was looked through.
#[derive(Default)]
pub(super) struct Naming {
    /// The epoch of the keys when that began.
    epoch: Option<u64>,
    /// How many entries were looked at.
    size: u64,
    keys: BTreeSet<u64>,
    tags: BTreeSet<[u8; 16]>,
    addresses: BTreeSet<AddressId>,
    kinds: BTreeMap<Kind, u64>,
    /// Proposals to erase them.
    asked: BTreeSet<u64>,
}

fn is_named(values: &Values, owner: &OwnerId) -> bool {
    let mut values = values.iter();
    values.any(|(field, opened)| names(field, &opened.value, owner))
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

//! Opening entries one by one as a checker does: the form, the commitments, and whose key it is.

use std::collections::HashSet;
use std::sync::Arc;

use super::Leaf;
use super::entry::{Entry, EntryError, Kind};
use super::seal::{
    self, HeldKey, KeyCache, KeyId, KeyName, MasterKey, OpeningFlaw, Owner, SealError,
};
use super::verify::SealedSource;
use crate::domain::AddressId;
use crate::merkle;
use crate::store::{SealedEntry, StoredKey};

/// What is wrong with an entry by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryFlaw {
    /// It is not the canonical form of an entry.
    #[error("it is not an entry in canonical form")]
    Form(#[source] EntryError),
    /// What is kept beside it is not what it committed to.
    #[error(transparent)]
    Opening(#[from] OpeningFlaw),
}

/// Opens entries with the master key of their book.
#[derive(Debug)]
pub struct Opener {
    master: Arc<MasterKey>,
    keys: KeyCache,
}

impl Opener {
    /// With this master key.
    #[must_use]
    pub fn new(master: Arc<MasterKey>) -> Self {
        Self {
            master,
            keys: KeyCache::new(),
        }
    }

    /// The tag of an address.
    #[must_use]
    pub fn tag(&self, address: AddressId) -> [u8; 16] {
        self.master.tag(Owner::Address(address))
    }

    /// Opens an entry. Every value must be the one its entry committed to, and sealed under the key of
    /// its own address (or of the organisation that asked) and year. A field whose opening is gone was
    /// erased: it is not among the values.
    ///
    /// # Errors
    /// [`EntryFlaw`].
    pub fn open(&self, sealed: &SealedEntry) -> Result<Leaf, EntryFlaw> {
        let entry = Entry::parse(&sealed.entry).map_err(EntryFlaw::Form)?;
        let hash = merkle::leaf_hash(&sealed.entry);
        let mut leaf = Leaf {
            index: sealed.index,
            hash,
            entry,
            values: std::collections::BTreeMap::new(),
        };
        let Some(opening) = &sealed.opening else {
            return Ok(leaf);
        };
        if opening.key.kind != leaf.entry.soort.code() {
            return Err(OpeningFlaw::Key.into());
        }
        let name = KeyName {
            tag: opening.key.tag,
            year: opening.key.year,
            kind: leaf.entry.soort,
        };
        let held = unwrap(&self.keys, &self.master, name, &opening.key);
        let held = held.map_err(OpeningFlaw::Sealed)?;
        let key = held.key.clone();
        self.keys.keep(name, held);
        let entry = &leaf.entry;
        let (transaction, kind, seals) = (&entry.transactie, entry.soort, &entry.zegels);
        leaf.values = seal::open_committed(&opening.sealed, &key, transaction, kind, seals)?;
        if self.is_own(name, &leaf)? {
            Ok(leaf)
        } else {
            Err(OpeningFlaw::Key.into())
        }
    }

    /// Whether the master key is this book's: it unwraps one of the first keys there are. Where there
    /// is none yet, or nothing could be read, nothing speaks against it.
    pub async fn fits<S: SealedSource>(&self, source: &S) -> bool {
        /// One that was damaged says nothing of the master key.
        const TRIED: usize = 8;
        let mut tried = HashSet::new();
        let mut from = 0;
        loop {
            let to = from + source.step();
            let sealed = source.sealed(from, to).await.unwrap_or_default();
            for one in &sealed {
                let (Some(opening), Ok(entry)) = (&one.opening, Entry::parse(&one.entry)) else {
                    continue;
                };
                let name = KeyName {
                    tag: opening.key.tag,
                    year: opening.key.year,
                    kind: entry.soort,
                };
                if unwrap(&self.keys, &self.master, name, &opening.key).is_ok() {
                    return true;
                }
                tried.insert(opening.key.id);
                if tried.len() >= TRIED {
                    return false;
                }
            }
            if (sealed.len() as u64) < source.step() {
                return tried.is_empty();
            }
            from = to;
        }
    }

    /// The first of the last entries of a book of this size that is not what its opening was sealed
    /// for: where no tile is kept yet, only this can say which one was changed, if it was one of these.
    pub async fn first_flaw<S: SealedSource>(
        &self,
        source: &S,
        size: u64,
    ) -> Option<(u64, EntryFlaw)> {
        let from = size - size % source.step();
        let sealed = source.sealed(from, size).await.ok()?;
        let flaw = |one: &SealedEntry| Some((one.index, self.open(one).err()?));
        sealed.iter().find_map(flaw)
    }

    /// Whether this is the key that seals what this entry says.
    fn is_own(&self, name: KeyName, leaf: &Leaf) -> Result<bool, OpeningFlaw> {
        const ADDRESS: &str = "nummeraanduiding";
        let entry = &leaf.entry;
        if name.year != entry.tijd.year() {
            return Ok(false);
        }
        if let Some(address) = leaf.values.get(ADDRESS) {
            let address = AddressId::parse(address)
                .map_err(|_| OpeningFlaw::Sealed(SealError::DoesNotOpen))?;
            return Ok(self.master.tag(Owner::Address(address)) == name.tag);
        }
        match (entry.soort, entry.aanvrager) {
            // What no policy was asked about belongs to who asked. (A judgement at the desk is sealed
            // with the address it is about, without naming it.)
            (Kind::Decision | Kind::Search | Kind::Reading | Kind::Erasure, Some(asked))
                if !entry.zegels.contains_key(ADDRESS) =>
            {
                Ok(self.master.tag(Owner::Organisation(asked)) == name.tag)
            }
            _ => Ok(true),
        }
    }
}

/// The key that is in the store under this name: one that was unwrapped before, or unwrapped now. It is
/// there, so it was not destroyed.
pub(super) fn unwrap(
    known: &KeyCache,
    master: &MasterKey,
    name: KeyName,
    stored: &StoredKey,
) -> Result<HeldKey, SealError> {
    let id = KeyId::from_number(stored.id);
    if let Some(held) = known.find(name).filter(|held| held.id == id) {
        return Ok(held);
    }
    let key = master.unwrap(id, name, &stored.wrapped)?;
    let epoch = 0;
    Ok(HeldKey { id, key, epoch })
}

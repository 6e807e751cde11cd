//! Writing an export: the book is checked while it is read, so that what is exported is whole.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::json;

use super::files::{self, Writing};
use super::{About, BackupError, FORM};
use crate::bounds;
use crate::domain::Sha256;
use crate::ledger::EntryFlaw;
use crate::ledger::entry::Entry;
use crate::ledger::note::Verifier;
use crate::ledger::verify::{
    BookSource as _, Checker, DatabaseBook, Known, Memory, Progress, SealedSource as _, Summary,
    Walk, Wrong,
};
use crate::merkle::{self, TILE_WIDTH, TileAt};
use crate::policy;
use crate::store::{Once, SealedEntry, Store, StoredKey};

/// Exports the book in this database to a folder that is not there yet, or empty.
///
/// # Errors
/// [`BackupError`]; then there is no export.
pub async fn export(
    store: &Store,
    verifier: &Verifier,
    place: &Path,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, BackupError> {
    let mut writing = Writing::begin(place)?;
    match write(store, verifier, &mut writing, &mut progress).await {
        Ok(summary) => {
            writing.finish()?;
            Ok(summary)
        }
        Err(error) => {
            writing.give_up();
            Err(error)
        }
    }
}

async fn write(
    store: &Store,
    verifier: &Verifier,
    writing: &mut Writing,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Summary, BackupError> {
    let book = DatabaseBook::new(store.clone());
    // Read first, so that the newest is not older. What does not open with our key is none of ours.
    let cosigned = book.cosigned().await.map_err(BackupError::at(0))?;
    let cosigned = cosigned.and_then(|note| Some((verifier.open(&note).ok()?, note)));
    let checkpoint = book.checkpoint().await.map_err(BackupError::at(0))?;
    // The book may grow meanwhile: exported is what this checkpoint covers.
    let fixed = Fixed {
        book,
        checkpoint: checkpoint.checkpoint,
    };
    let known = cosigned.as_ref().map(|(signed, _)| Known {
        checkpoint: *signed,
        memory: Memory::Beside,
    });
    let walk = Walk::begin(&fixed, verifier, known).await?;
    let mut checker = walk.checker();
    let mut keys: BTreeMap<u64, StoredKey> = BTreeMap::new();
    let gone = destroyed(store).await?;
    while let Some((from, to)) = walk.next(&checker) {
        let sealed = fixed.book.sealed(from, to).await;
        let mut sealed = sealed.map_err(BackupError::at(from))?;
        for one in &mut sealed {
            one.opening
                .take_if(|opening| gone.contains(&opening.key.id));
        }
        take(&walk, &mut checker, &sealed).await?;
        for (number, bundle) in (from / TILE_WIDTH as u64..).zip(sealed.chunks(TILE_WIDTH)) {
            write_bundle(writing, number, bundle, &mut keys)?;
        }
        // Those that became whole are compared, and written, when the step is settled.
        for tile in checker.tiles() {
            let name = files::hashes_name(tile.at, TILE_WIDTH);
            writing.write(&name, tile.hashes.as_flattened())?;
        }
        walk.settle(&mut checker, to).await?;
        progress(Progress {
            checked: to,
            size: walk.size(),
        });
    }
    let mut level = 0;
    let mut in_level = checker.size();
    while in_level > 0 {
        let hashes = checker.edge().tile(level);
        if !hashes.is_empty() {
            let at = TileAt {
                level,
                number: in_level / TILE_WIDTH as u64,
            };
            let name = files::hashes_name(at, hashes.len());
            writing.write(&name, hashes.as_flattened())?;
        }
        in_level /= TILE_WIDTH as u64;
        level += 1;
    }
    let summary = walk.finish(checker).await?;
    writing.write(files::CHECKPOINT, fixed.checkpoint.as_bytes())?;
    if let Some((_, note)) = cosigned {
        writing.write(files::COSIGNED, note.as_bytes())?;
    }
    write_policies(writing, store, summary.size).await?;
    write_keys(writing, &keys)?;
    let documents = write_index(writing, store).await?;
    let about = About {
        v: FORM,
        origin: verifier.name().to_owned(),
        size: summary.size,
        root: Sha256::from_bytes(summary.root),
        documents,
        files: writing.hashes(),
    };
    let text = format!("{}\n", json!(about));
    writing.write(files::ABOUT, text.as_bytes())?;
    Ok(summary)
}

/// The keys that the book says were destroyed: should one be back, it is not exported.
async fn destroyed(store: &Store) -> Result<HashSet<u64>, BackupError> {
    let mut gone = HashSet::new();
    for index in store.erasures().await? {
        for line in store.entries(index, index + 1).await? {
            let entry = Entry::parse(&line).map_err(|error| BackupError::Entry {
                index,
                source: EntryFlaw::Form(error),
            })?;
            gone.extend(entry.sleutels.iter().map(|key| key.number()));
        }
    }
    Ok(gone)
}

/// A book as its checkpoint was when the export began.
struct Fixed {
    book: DatabaseBook,
    checkpoint: String,
}

impl crate::ledger::verify::BookSource for Fixed {
    fn step(&self) -> u64 {
        self.book.step()
    }

    async fn checkpoint(
        &self,
    ) -> Result<crate::ledger::verify::Claim, crate::ledger::verify::SourceError> {
        Ok(crate::ledger::verify::Claim {
            checkpoint: self.checkpoint.clone(),
            size: None,
        })
    }

    async fn entries(
        &self,
        from: u64,
        to: u64,
    ) -> Result<Vec<Vec<u8>>, crate::ledger::verify::SourceError> {
        self.book.entries(from, to).await
    }

    async fn tile(
        &self,
        at: TileAt,
        width: usize,
    ) -> Result<Option<Vec<merkle::Hash>>, crate::ledger::verify::SourceError> {
        self.book.tile(at, width).await
    }
}

async fn take(
    walk: &Walk<'_, Fixed>,
    checker: &mut Checker,
    sealed: &[SealedEntry],
) -> Result<(), Wrong> {
    for one in sealed {
        if let Err((index, flaw)) = checker.push(&one.entry) {
            return Err(walk.stumbled(checker, index, flaw).await);
        }
    }
    Ok(())
}

/// Writes a bundle of entries, and beside it what opens them.
fn write_bundle(
    writing: &Writing,
    number: u64,
    bundle: &[SealedEntry],
    keys: &mut BTreeMap<u64, StoredKey>,
) -> Result<(), BackupError> {
    let (mut entries, mut openings) = (Vec::new(), Vec::new());
    for one in bundle {
        let too_long = |_| BackupError::Changed {
            path: files::ENTRIES.to_owned(),
            what: "an entry is too long",
        };
        let length = u16::try_from(one.entry.len()).map_err(too_long)?;
        entries.extend_from_slice(&length.to_be_bytes());
        entries.extend_from_slice(&one.entry);
        match &one.opening {
            None => openings.extend_from_slice(&[0; 4]),
            Some(opening) => {
                let length = 8 + opening.sealed.len();
                let length = u32::try_from(length).map_err(too_long)?;
                openings.extend_from_slice(&length.to_be_bytes());
                openings.extend_from_slice(&opening.key.id.to_be_bytes());
                openings.extend_from_slice(&opening.sealed);
                let key = &opening.key;
                keys.entry(key.id).or_insert_with(|| key.clone());
            }
        }
    }
    let width = bundle.len();
    writing.write(&files::tile_name(files::ENTRIES, number, width), &entries)?;
    writing.write(&files::tile_name(files::OPENINGS, number, width), &openings)
}

/// Writes the bundles of policy that these entries put in force, once it is sure that they are those.
async fn write_policies(
    writing: &mut Writing,
    store: &Store,
    size: u64,
) -> Result<(), BackupError> {
    let mut agreed = BTreeMap::new();
    for activation in store.activations().await? {
        if activation.index < size {
            agreed.entry(activation.bundle).or_insert(activation.index);
        }
    }
    for (bundle, index) in agreed {
        let kept = store.bundle(bundle).await?;
        let kept = kept.ok_or(BackupError::NoPolicy { bundle, index })?;
        if policy::hash_of_files(&kept) != Some(bundle) {
            return Err(BackupError::OtherPolicy { bundle, index });
        }
        let mut file = writing.file(&files::policy_name(bundle))?;
        file.add(kept.as_bytes())?;
        writing.end(file)?;
    }
    Ok(())
}

fn write_keys(writing: &mut Writing, keys: &BTreeMap<u64, StoredKey>) -> Result<(), BackupError> {
    let mut file = writing.file(files::KEYS)?;
    for key in keys.values() {
        file.add(&key.id.to_be_bytes())?;
        file.add(&key.tag)?;
        file.add(&key.year.to_be_bytes())?;
        // A wrapped key has 60 bytes, and a kind some ten; what does not fit is none, and is found not
        // to open.
        for part in [key.kind.as_bytes(), &key.wrapped] {
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            file.add(&length.to_be_bytes())?;
            file.add(part.get(..usize::from(length)).unwrap_or(part))?;
        }
    }
    writing.end(file)
}

/// Writes what is kept beside the book; answers how many documents there are.
async fn write_index(writing: &mut Writing, store: &Store) -> Result<u64, BackupError> {
    let mut file = writing.file(files::DOCUMENTS)?;
    let (mut count, mut after) = (0, None);
    loop {
        let documents = store.all_documents(after, bounds::EXPORT_ROWS).await?;
        let Some(last) = documents.last() else { break };
        after = Some(last.id);
        count += documents.len() as u64;
        for document in &documents {
            file.add(format!("{}\n", json!(document)).as_bytes())?;
        }
    }
    writing.end(file)?;

    let mut file = writing.file(files::USED)?;
    for (what, until) in store.all_used().await? {
        let line = match what {
            Once::Token(tag) => json!({"token": Sha256::from_bytes(tag), "until": until}),
            Once::Transaction(id) => json!({"transaction": id, "until": until}),
        };
        file.add(format!("{line}\n").as_bytes())?;
    }
    writing.end(file)?;

    let mut file = writing.file(files::SEARCHES)?;
    for kept in store.all_searches().await? {
        let owner = format!("{:032x}", u128::from_be_bytes(kept.owner));
        let line = json!({"owner": owner, "name": kept.name, "criteria": kept.criteria});
        file.add(format!("{line}\n").as_bytes())?;
    }
    writing.end(file)?;
    Ok(count)
}

//! Filling an empty database from an export, in one transaction: the entries as they are, and the
//! tables of the registry from what the entries tell, with the code that applies a change.

use std::collections::HashSet;

use super::BackupError;
use super::folder::Sealed;
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{Document, Oin};
use crate::ledger::entry::Kind;
use crate::ledger::note::{Checkpoint, Signer, Verifier};
use crate::ledger::registry::{Registry, Taken};
use crate::ledger::verify::{
    BookSource as _, Checker, Known, Memory, Progress, SealedSource as _, Summary, Walk, Wrong,
};
use crate::ledger::{Leaf, Opener, Waiting};
use crate::store::{
    Anew, Batch, Change, DocumentChange, EntryRow, NewHead, OpeningRow, SavedChange, SavedSearch,
    SealedEntry, Settings,
};

/// Of no gateway that lives: the next one to start closes what was open.
const NOBODY: [u8; 16] = [0; 16];

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The book.
    pub summary: Summary,
    /// Documents in the index.
    pub documents: u64,
    /// Changes of the registry that were made again.
    pub changes: u64,
    /// Changes that could not be made again in full, for something of them was erased.
    pub erased: u64,
}

/// Restores an export into an empty database. Everything is checked on the way: tree, signature, order,
/// commitments, and that each change of the registry follows the one before it.
///
/// # Errors
/// [`BackupError`]; then there is no book in the database.
pub async fn restore(
    settings: &Settings,
    export: &Sealed,
    verifier: &Verifier,
    opener: &Opener,
    progress: impl FnMut(Progress) + Send,
) -> Result<Restored, BackupError> {
    fill_empty(settings, export, verifier, opener, None, progress).await
}

/// The same as the beginning of a new ledger: what the export was is checked with the key of the old one,
/// and `signer` signs for the new. Its witnesses know the old one longer than any copy, and never sign
/// another of that name.
///
/// # Errors
/// [`BackupError`]; then there is no book in the database.
pub async fn restore_as(
    settings: &Settings,
    export: &Sealed,
    old: &Verifier,
    opener: &Opener,
    signer: &Signer,
    progress: impl FnMut(Progress) + Send,
) -> Result<Restored, BackupError> {
    fill_empty(settings, export, old, opener, Some(signer), progress).await
}

async fn fill_empty(
    settings: &Settings,
    export: &Sealed,
    verifier: &Verifier,
    opener: &Opener,
    signer: Option<&Signer>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Restored, BackupError> {
    export.folder().check_beside()?;
    let mut anew = Anew::make(settings).await?;
    let filled = fill(&mut anew, export, verifier, opener, signer, &mut progress).await;
    match filled {
        Ok(restored) => {
            anew.done().await;
            Ok(restored)
        }
        Err(error) => {
            anew.give_up().await;
            Err(error)
        }
    }
}

/// A restore under way.
struct Restoring<'a, 'w> {
    batch: Batch<'w>,
    opener: &'a Opener,
    registry: Registry,
    waiting: Waiting,
    /// Keys that were destroyed.
    gone: Vec<u64>,
    changes: u64,
    erased: u64,
}

async fn fill(
    anew: &mut Anew,
    export: &Sealed,
    verifier: &Verifier,
    opener: &Opener,
    signer: Option<&Signer>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Restored, BackupError> {
    let mut restoring = Restoring {
        batch: anew.begin().await?,
        opener,
        registry: Registry::default(),
        waiting: Waiting::default(),
        gone: Vec::new(),
        changes: 0,
        erased: 0,
    };
    for key in export.keys() {
        restoring.batch.keep_opening_key(key).await?;
    }
    // What does not open with our key is none of ours.
    let cosigned = export.cosigned().await.map_err(BackupError::at(0))?;
    let cosigned = cosigned.and_then(|note| Some((verifier.open(&note).ok()?, note)));
    let known = cosigned.as_ref().map(|(signed, _)| Known {
        checkpoint: *signed,
        memory: Memory::Beside,
    });
    let walk = Walk::begin(export, verifier, known).await?;
    let mut checker = walk.checker();
    while let Some((from, to)) = walk.next(&checker) {
        let sealed = export.sealed(from, to).await;
        let sealed = sealed.map_err(BackupError::at(from))?;
        restoring.take(&walk, &mut checker, &sealed).await?;
        for tile in checker.tiles() {
            restoring.batch.insert_tile(tile).await?;
        }
        walk.settle(&mut checker, to).await?;
        progress(Progress {
            checked: to,
            size: walk.size(),
        });
    }
    let open: Vec<_> = checker.open_releases().collect();
    restoring.batch.open_releases(&open, NOBODY).await?;
    // Before the walk looks whether one of them is there: an export of ours holds none.
    let (keys, _) = restoring.batch.destroy(&restoring.gone, u64::MAX).await?;
    if keys > 0 {
        tracing::warn!(
            ledger.keys = keys,
            "the export held keys that the ledger says were destroyed; they were destroyed again"
        );
    }
    let summary = walk.finish_but_keys(checker).await?;
    let documents = restoring.fill_index(export).await?;
    let checkpoint = match signer {
        None => {
            let own = export.checkpoint().await.map_err(BackupError::at(0))?;
            own.checkpoint
        }
        Some(signer) => signer.sign(&Checkpoint {
            size: summary.size,
            root: summary.root,
        }),
    };
    restoring.keep_policies(export).await?;
    let policy_epoch = restoring.registry.activations().last();
    let new = NewHead {
        size: summary.size,
        checkpoint: &checkpoint,
        facts_epoch: summary.size,
        policy_epoch: policy_epoch.map_or(0, |last| last.index + 1),
        keys_epoch: summary.size,
    };
    restoring.batch.make_head(&new).await?;
    // The witnesses of the old ledger say nothing of a new one.
    if let Some((signed, note)) = cosigned.filter(|_| signer.is_none()) {
        // Since when its quorum stands is the policy's to say; whatever the witnesses sign next is newer.
        let at = Moment::EPOCH;
        restoring
            .batch
            .keep_cosigned(signed.size, at, &note)
            .await?;
    }
    restoring.batch.commit().await?;
    Ok(Restored {
        summary,
        documents,
        changes: restoring.changes,
        erased: restoring.erased,
    })
}

impl Restoring<'_, '_> {
    async fn take(
        &mut self,
        walk: &Walk<'_, Sealed>,
        checker: &mut Checker,
        sealed: &[SealedEntry],
    ) -> Result<(), BackupError> {
        let mut rows = Vec::with_capacity(sealed.len());
        let mut told: Vec<(u64, Taken)> = Vec::new();
        let mut asked: Vec<(u64, Change)> = Vec::new();
        for one in sealed {
            let index = one.index;
            let leaf: Leaf = match self.opener.open(one) {
                Ok(leaf) => leaf,
                Err(source) => {
                    walk.look_around(checker).await?;
                    return Err(BackupError::Entry { index, source });
                }
            };
            if let Err((index, flaw)) = checker.take(&leaf.entry, leaf.hash) {
                return Err(match walk.stumbled(checker, index, flaw).await {
                    Wrong::Entry { index, flaw } => BackupError::Order {
                        index,
                        source: flaw,
                    },
                    wrong => wrong.into(),
                });
            }
            if let Some(change) = self.waiting.take(&leaf, |address| self.opener.tag(address)) {
                asked.push((index, change));
            }
            if leaf.entry.soort == Kind::Erasure {
                let gone = leaf.entry.sleutels.iter().map(|key| key.number());
                self.gone.extend(gone);
            }
            let taken = self.registry.take(&leaf);
            told.push((
                index,
                taken.map_err(|source| BackupError::Registry { index, source })?,
            ));
            rows.push(EntryRow {
                index,
                transaction: leaf.entry.transactie,
                entry: &one.entry,
                opening: one.opening.as_ref().map(|opening| OpeningRow {
                    key: opening.key.id,
                    sealed: &opening.sealed,
                }),
            });
        }
        self.batch.insert_entries(&rows).await?;
        for (index, change) in asked {
            self.batch.apply(&change, index).await?;
        }
        for (index, taken) in told {
            match taken {
                Taken::Nothing => {}
                Taken::Changed(change) => {
                    self.batch.apply(&change, index).await?;
                    self.changes += u64::from(!matches!(*change, Change::Activation { .. }));
                }
                Taken::Partly(address) => {
                    self.batch.touch(address, index).await?;
                    self.erased += 1;
                }
                Taken::Hidden => self.erased += 1,
            }
        }
        Ok(())
    }

    /// The bundles of policy, of which none that was agreed on may be missing.
    async fn keep_policies(&mut self, export: &Sealed) -> Result<(), BackupError> {
        let mut kept = HashSet::new();
        for (hash, files) in export.folder().policies()? {
            self.batch.keep_bundle(hash, &files).await?;
            kept.insert(hash);
        }
        let mut activations = self.registry.activations().iter();
        match activations.find(|one| !kept.contains(&one.bundle)) {
            None => Ok(()),
            Some(lacks) => Err(BackupError::NoPolicy {
                bundle: lacks.bundle,
                index: lacks.index,
            }),
        }
    }

    /// What is kept beside the book; answers how many documents there are.
    async fn fill_index(&mut self, export: &Sealed) -> Result<u64, BackupError> {
        let folder = export.folder();
        let mut chunk: Vec<Document> = Vec::new();
        let mut chunks = Vec::new();
        folder.documents(|document| {
            // In parts, each of one organisation: only it can change its own.
            let other = chunk
                .last()
                .is_some_and(|last| last.provider != document.provider);
            if other || chunk.len() >= bounds::EXPORT_ROWS as usize {
                chunks.push(std::mem::take(&mut chunk));
            }
            chunk.push(document);
            Ok(())
        })?;
        chunks.push(chunk);
        let mut count = 0;
        for chunk in chunks {
            let Some(owner) = chunk.first().map(|first| first.provider) else {
                continue;
            };
            count += chunk.len() as u64;
            self.put(owner, chunk).await?;
        }
        let mut used = Vec::new();
        folder.used(|one| {
            used.push(one);
            Ok(())
        })?;
        self.batch.use_up(&used).await?;
        let mut searches = Vec::new();
        folder.searches(|kept| {
            searches.push(kept);
            Ok(())
        })?;
        for kept in searches {
            let change = SavedChange::Keep(SavedSearch {
                name: kept.name,
                criteria: kept.criteria,
            });
            self.batch.change_saved(kept.owner, &change).await?;
        }
        Ok(count)
    }

    async fn put(&mut self, owner: Oin, documents: Vec<Document>) -> Result<(), BackupError> {
        let changes: Vec<DocumentChange> = documents.into_iter().map(DocumentChange::Put).collect();
        self.batch.change_documents(owner, &changes, false).await?;
        Ok(())
    }
}

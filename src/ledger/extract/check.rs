//! Checking an extract, offline: who stands behind its checkpoint, whether its entries stand in that
//! tree, whether what it shows is what they committed to, and whether the release follows its permit.

use std::collections::BTreeMap;

use super::{Extract, Line};
use crate::ledger::entry::{Act, Entry, EntryError, Kind, Outcome};
use crate::ledger::note::{Backing, Checkpoint, Distrust, Trust};
use crate::ledger::proof::{self, UnverifiedProof};

/// What an extract was found to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Who stands behind the book it is of.
    pub backing: Backing,
    /// Its entries.
    pub entries: Vec<ToldEntry>,
}

/// One entry that stands in the book.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldEntry {
    /// Where.
    pub index: u64,
    /// What it says.
    pub entry: Entry,
    /// The personal fields that are shown, each the value it committed to.
    pub shown: BTreeMap<String, String>,
    /// The personal fields that are not: they were left out, or erased.
    pub withheld: Vec<String>,
}

/// Why an extract shows nothing. Entries are told by the index their proof claims.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExtractFlaw {
    /// A proof is out of its form.
    #[error("the proof of its entry {line} is no C2SP tlog-proof")]
    Proof {
        /// Counted from 1.
        line: usize,
    },
    /// Two proofs that rest on different things.
    #[error("the proofs of its two entries rest on two checkpoints")]
    Checkpoints,
    /// Nobody to be believed stands behind it.
    #[error("its checkpoint cannot be believed")]
    Distrust(#[source] Distrust),
    /// An entry is out of its form.
    #[error("what it gives as entry {index} is no entry of a book")]
    Entry {
        /// Where it would stand.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// An index that the tree does not have.
    #[error("it claims entry {index}, and its checkpoint covers only {size} entries")]
    Beyond {
        /// The claim.
        index: u64,
        /// Entries under the checkpoint.
        size: u64,
    },
    /// The hashes lead elsewhere.
    #[error(
        "entry {index} is not in the book of its checkpoint: the entry, its index or a hash was changed"
    )]
    NotIncluded {
        /// The claim.
        index: u64,
    },
    /// A field that the entry does not have.
    #[error("it shows the field {field}, to which entry {index} does not commit")]
    Uncommitted {
        /// Of which field.
        field: String,
        /// In which entry.
        index: u64,
    },
    /// Another value, or another salt.
    #[error("the value or the salt it shows of {field} is not what entry {index} committed to")]
    Commitment {
        /// Of which field.
        field: String,
        /// In which entry.
        index: u64,
    },
    /// Two entries that do not belong together.
    #[error("entry {second} is not the release that the permit at {first} led to: {what}")]
    Pair {
        /// The first entry.
        first: u64,
        /// The second.
        second: u64,
        /// Why not.
        what: &'static str,
    },
}

impl Extract {
    /// Checks everything that it says.
    ///
    /// # Errors
    /// [`ExtractFlaw`]: the first thing that is wrong.
    pub fn check(&self, trust: &Trust) -> Result<Told, ExtractFlaw> {
        let mut proofs = Vec::with_capacity(self.lines.len());
        for (at, line) in (1..).zip(&self.lines) {
            let proof = UnverifiedProof::parse(&line.proof);
            proofs.push(proof.map_err(|_| ExtractFlaw::Proof { line: at })?);
        }
        let first = proofs.first().ok_or(ExtractFlaw::Proof { line: 1 })?;
        if proofs.iter().any(|it| it.checkpoint != first.checkpoint) {
            return Err(ExtractFlaw::Checkpoints);
        }
        let backing = trust
            .open(first.checkpoint)
            .map_err(ExtractFlaw::Distrust)?;
        let told = self.lines.iter().zip(&proofs);
        let told = told.map(|(line, proof)| told_entry(line, proof, &backing.checkpoint));
        let entries: Vec<ToldEntry> = told.collect::<Result<_, _>>()?;
        if let [first, second] = entries.as_slice()
            && let Some(what) = not_a_pair(first, second)
        {
            return Err(ExtractFlaw::Pair {
                first: first.index,
                second: second.index,
                what,
            });
        }
        Ok(Told { backing, entries })
    }
}

fn told_entry(
    line: &Line,
    proof: &UnverifiedProof<'_>,
    signed: &Checkpoint,
) -> Result<ToldEntry, ExtractFlaw> {
    let index = proof.index;
    if index >= signed.size {
        let size = signed.size;
        return Err(ExtractFlaw::Beyond { index, size });
    }
    let entry = Entry::parse(line.text.as_bytes());
    let entry = entry.map_err(|source| ExtractFlaw::Entry { index, source })?;
    if !proof.includes(line.text.as_bytes(), signed) {
        return Err(ExtractFlaw::NotIncluded { index });
    }
    let mut shown = BTreeMap::new();
    for (field, opened) in &line.openings {
        let name = || {
            field
                .chars()
                .take(64)
                .flat_map(char::escape_debug)
                .collect()
        };
        if !entry.zegels.contains_key(field) {
            let field = name();
            return Err(ExtractFlaw::Uncommitted { field, index });
        }
        if !proof::fits(&entry, field, &opened.value, &opened.salt) {
            let field = name();
            return Err(ExtractFlaw::Commitment { field, index });
        }
        shown.insert(field.clone(), opened.value.clone());
    }
    let withheld = entry
        .zegels
        .keys()
        .filter(|field| !shown.contains_key(*field));
    Ok(ToldEntry {
        index,
        withheld: withheld.cloned().collect(),
        entry,
        shown,
    })
}

fn not_a_pair(permit: &ToldEntry, release: &ToldEntry) -> Option<&'static str> {
    let (first, second) = (&permit.entry, &release.entry);
    if first.soort != Kind::Decision
        || first.uitkomst != Some(Outcome::Permitted)
        || first.handeling != Some(Act::Download)
    {
        Some("the first is no permit for a document")
    } else if second.soort != Kind::Release {
        Some("the second is no release")
    } else if second.index != Some(permit.index) {
        Some("it closes another entry")
    } else if second.transactie != first.transactie {
        Some("it is of another transaction")
    } else if release.index <= permit.index {
        Some("it stands before it")
    } else {
        None
    }
}

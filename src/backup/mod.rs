//! The whole book as a folder of files, and back into a database.
//!
//! ```text
//! export.json               what this is: origin, size, root, and the hashes of the files below
//! log/checkpoint            the public book, as C2SP tlog-tiles: this folder can be served as it is
//! log/getuigd/checkpoint    the newest that the witnesses cosigned, if they did: the book begins with it
//! log/tile/<L>/<N>[.p/<W>]
//! log/tile/entries/<N>[.p/<W>]
//! log/beleid/<hash>.json    the rules that were agreed on: the files of each bundle of policy
//! sealed/openings/<N>[.p/<W>]   what the commitments of a bundle open to, still sealed
//! sealed/keys               the keys of the openings, wrapped by the master key
//! index/documents.ndjson    the index of documents, in the clear: the providers' own, not in the book
//! index/used.ndjson         tokens and transactions that were used and could be used again
//! index/searches.ndjson     the searches that officers kept
//! ```
//!
//! An export holds no key: with the two key files of the ledger, kept elsewhere, it can be replayed and
//! restored; without them everything public is checked. It is written beside its place and takes it
//! with a rename at the end, so that there is no half an export. A restore is one transaction: until it
//! is committed there is no book in the database.
//!
//! What this module deliberately does not do: judge a decision, or copy a key.

mod export;
mod files;
mod folder;
mod mirror;
mod restore;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::Sha256;
use crate::ledger::EntryFlaw;
use crate::ledger::registry::RegistryFlaw;
use crate::ledger::verify::{Flaw, SourceError, Wrong};
use crate::store::{OpenError, StoreError};
pub use export::export;
pub use folder::{Folder, Sealed};
pub use mirror::Mirror;
pub use restore::{Restored, restore, restore_as};

/// The version of the form of exports.
const FORM: u32 = 1;

/// What an export says of itself, in `export.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The version of its form.
    v: u32,
    /// Whose book it is.
    pub origin: String,
    /// Entries in it.
    pub size: u64,
    /// The root over them.
    pub root: Sha256,
    /// Documents in the index.
    pub documents: u64,
    /// The SHA-256 of each file that no tile covers, by its name.
    files: std::collections::BTreeMap<String, Sha256>,
}

/// Why there is no export, or nothing was restored from it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The place for the export is not free.
    #[error("{0} is there already and not an empty folder; name another, or empty it")]
    Taken(PathBuf),
    /// What a broken-off export left behind.
    #[error("{0} was left by an export that was broken off; remove it")]
    Unfinished(PathBuf),
    /// A file could not be read or written.
    #[error("{path} could not be read or written")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is no export.
    #[error("{0} is no export: it has no export.json, nor a public book (checkpoint, tile)")]
    NoExport(PathBuf),
    /// What an export says of itself is in no known form.
    #[error("{0} is not in the form of an export of this version")]
    Form(PathBuf),
    /// The rules of an agreement are not kept.
    #[error(
        "the bundle {bundle}, which entry {index} puts in force, is not kept with the ledger; what it decided cannot be made again"
    )]
    NoPolicy {
        /// Which.
        bundle: Sha256,
        /// The entry of the agreement.
        index: u64,
    },
    /// The rules of an agreement are not those that were agreed on.
    #[error(
        "what is kept as the bundle {bundle}, which entry {index} puts in force, is something else: it was changed"
    )]
    OtherPolicy {
        /// Which.
        bundle: Sha256,
        /// The entry of the agreement.
        index: u64,
    },
    /// A file is not the one that was exported.
    #[error("{path} is not the file that was exported: {what}")]
    Changed {
        /// Which, inside the export.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It is of another ledger.
    #[error("the export is of the ledger {found}, expected was {expected}")]
    Origin {
        /// Whose it is.
        found: String,
        /// Whose was wanted.
        expected: String,
    },
    /// The book is not whole, or could not be read.
    #[error("the ledger cannot be copied")]
    Book(#[from] Wrong),
    /// An entry is not in its form, or what it seals is not what it committed to.
    #[error("entry {index} is wrong")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: EntryFlaw,
    },
    /// An entry is not in its order.
    #[error("entry {index} is wrong")]
    Order {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: Flaw,
    },
    /// An entry changes the registry as it could not be changed.
    #[error("entry {index} is wrong")]
    Registry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: RegistryFlaw,
    },
    /// The database was not opened, or is not empty.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
}

impl BackupError {
    /// Whether something was read and found wrong, rather than not read or not written.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        match self {
            Self::Book(wrong) => wrong.is_finding(),
            Self::Form(_)
            | Self::NoPolicy { .. }
            | Self::OtherPolicy { .. }
            | Self::Changed { .. }
            | Self::Origin { .. }
            | Self::Entry { .. }
            | Self::Order { .. }
            | Self::Registry { .. } => true,
            Self::Taken(_)
            | Self::Unfinished(_)
            | Self::File { .. }
            | Self::NoExport(_)
            | Self::Open(_)
            | Self::Store(_) => false,
        }
    }

    /// Whether it is for whoever called to name something else.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Taken(_) | Self::Unfinished(_) | Self::NoExport(_) | Self::Open(_)
        )
    }

    /// What it means for the entries from this index on.
    fn at(index: u64) -> impl FnOnce(SourceError) -> Self {
        move |error| Self::Book(Wrong::at(index, error))
    }
}

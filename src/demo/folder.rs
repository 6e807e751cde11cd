//! The demo's folder: what is in it, who is using it, and how it gets there.
//!
//! A demo can be broken off at any moment and started again. So whatever is made of several files
//! (the PKI, the ledger) is made beside its place and then renamed into it: it is there whole, or
//! not at all. The folder is marked first, and held with a lock while a demo runs in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use super::agreements::{self, NotSigned};
use super::dataset::{Party, PlannedDocument};
use super::pdf::WrongSize;
use crate::clock::{Clock, Moment, Random};
use crate::identity::{DevPki, PkiError, dev_pki};
use crate::policy;

/// Says whose folder it is; locked while a demo runs in it.
const MARK: &str = ".sluis-demo";
/// Where what the parties signed is.
const SIGNATURES: &str = "policies/ondertekend";
/// Beside the ledger: which year was played into it.
const YEAR: &str = "jaar.json";
const MARK_TEXT: &str = "Deze map is van `sluis demo`; hij mag weg.\n";

/// Why a folder cannot be the demo's.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It has something else in it.
    #[error("{}: holds something else; name an empty or a new folder with --dir", path.display())]
    Foreign {
        /// Which folder.
        path: PathBuf,
    },
    /// Another demo runs in it.
    #[error("{}: another demo is running in it; stop that, or name another folder with --dir", path.display())]
    InUse {
        /// Which folder.
        path: PathBuf,
    },
    /// Its path cannot be written down in a configuration.
    #[error("{}: its path is not UTF-8; name another folder with --dir", path.display())]
    NotText {
        /// Which folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot be made or read; name another folder with --dir", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificates.
    #[error("the demo's certificates cannot be used")]
    Pki(#[from] PkiError),
    /// A document of the tables cannot be made.
    #[error("a document of the demo's tables cannot be made")]
    Document(#[from] WrongSize),
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::Io { path, source }
}

/// The demo's folder, held for as long as this lives.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    absolute: String,
    _lock: File,
}

/// What became of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Documents {
    /// How many there are.
    pub count: usize,
    /// How many bytes in all.
    pub bytes: u64,
    /// How many of them were made just now.
    pub made: usize,
}

impl Folder {
    /// Makes the folder, or takes up the one that is there.
    ///
    /// # Errors
    /// [`FolderError`]; a folder that holds something else is left as it is.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(root).map_err(at(root))?;
        let mark = root.join(MARK);
        if !mark.exists() {
            let mut inside = fs::read_dir(root).map_err(at(root))?;
            if inside.next().is_some() {
                return Err(FolderError::Foreign {
                    path: root.to_owned(),
                });
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let mut lock = options.open(&mark).map_err(at(&mark))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::InUse {
                    path: root.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(at(&mark)(source)),
        }
        lock.write_all(MARK_TEXT.as_bytes()).map_err(at(&mark))?;
        let absolute = fs::canonicalize(root).map_err(at(root))?;
        let absolute = absolute.to_str().ok_or_else(|| FolderError::NotText {
            path: root.to_owned(),
        })?;
        Ok(Self {
            absolute: absolute.to_owned(),
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// The folder, as it was named.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder, from the root of the file system.
    #[must_use]
    pub fn absolute(&self) -> &str {
        &self.absolute
    }

    /// Where a party keeps its documents.
    #[must_use]
    pub fn documents_of(&self, party: Party) -> PathBuf {
        self.root.join("documents").join(party.code())
    }

    /// Where the ledger and its keys are, and what is known to stand in it.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger")
    }

    /// An empty folder to make a ledger in; [`Self::keep_ledger`] puts it in its place. None when
    /// there is a ledger.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn room_for_ledger(&self) -> Result<Option<PathBuf>, FolderError> {
        let beside = self.root.join("ledger.new");
        remove(&beside)?;
        if self.ledger().exists() {
            return Ok(None);
        }
        fs::create_dir(&beside).map_err(at(&beside))?;
        Ok(Some(beside))
    }

    /// A folder to play a year in, whose ledger [`Self::keep_ledger`] then puts in its place. None
    /// when there is a ledger.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn room_for_year(&self) -> Result<Option<PathBuf>, FolderError> {
        let beside = self.root.join("jaar.new");
        remove(&beside)?;
        Ok((!self.ledger().exists()).then_some(beside))
    }

    /// Removes the folder a year was played in.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn tidy_year(&self) -> Result<(), FolderError> {
        remove(&self.root.join("jaar.new"))
    }

    /// What is noted about the year that was played, if one was.
    #[must_use]
    pub fn year(&self) -> Option<String> {
        fs::read_to_string(self.ledger().join(YEAR)).ok()
    }

    /// Notes the year that was played into this folder's ledger.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn note_year(&self, note: &str) -> Result<(), FolderError> {
        write_whole(&self.ledger().join(YEAR), note.as_bytes())
    }

    /// Puts a ledger that was made whole in its place.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn keep_ledger(&self, made: &Path) -> Result<(), FolderError> {
        fs::rename(made, self.ledger()).map_err(at(made))
    }

    /// The development PKI in `certs`, made when it is not there.
    ///
    /// # Errors
    /// [`FolderError::Pki`] when what is there cannot be used.
    pub fn pki(&self, clock: &dyn Clock, random: &dyn Random) -> Result<DevPki, FolderError> {
        let certificates = self.root.join("certs");
        let beside = self.root.join("certs.new");
        remove(&beside)?;
        let fresh = !certificates.exists();
        if fresh {
            dev_pki(&beside, clock, random)?;
            fs::rename(&beside, &certificates).map_err(at(&beside))?;
        }
        let mut pki = dev_pki(&certificates, clock, random)?;
        pki.made = fresh;
        Ok(pki)
    }

    /// Writes the policies that the program carries.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn write_policies(&self) -> Result<(), FolderError> {
        let policies = self.root.join("policies");
        policy::write_shipped(&policies).map_err(at(&policies))
    }

    /// Writes what the parties signed about them.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn write_signatures(&self, pki: &DevPki, now: Moment) -> Result<(), NotSigned> {
        let folder = self.root.join(SIGNATURES);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        for (name, signed) in agreements::sign(&self.root.join("policies"), pki, now)? {
            write_whole(
                &folder.join(name),
                format!("{:#}\n", json!(signed)).as_bytes(),
            )?;
        }
        Ok(())
    }

    /// Writes a file, whole: whoever reads it meanwhile sees the old one or the new.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn write(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.root.join(name);
        write_whole(&path, text.as_bytes())
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn forget(&self, name: &str) -> Result<(), FolderError> {
        let path = self.root.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Makes the documents that are not there, on every core. It takes a while and blocks.
    ///
    /// # Errors
    /// [`FolderError`], the first of them.
    pub fn make_documents(&self, planned: &[PlannedDocument]) -> Result<Documents, FolderError> {
        for party in Party::ALL.into_iter().filter(|party| party.provides()) {
            let folder = self.documents_of(party);
            fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        let mut missing: Vec<&PlannedDocument> = planned
            .iter()
            .filter(|planned| {
                let there = fs::metadata(self.document(planned)).map(|about| about.len());
                there.ok() != Some(planned.document.size_bytes)
            })
            .collect();
        // The largest first, so that no core is left with it at the end.
        missing.sort_by_key(|planned| std::cmp::Reverse(planned.document.size_bytes));
        let next = AtomicUsize::new(0);
        let work = || -> Result<(), FolderError> {
            while let Some(planned) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                write_whole(&self.document(planned), &planned.pdf()?)?;
            }
            Ok(())
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
            let own = work();
            others
                .into_iter()
                .filter_map(|other| other.join().ok())
                .fold(own, Result::and)
        })?;
        Ok(Documents {
            count: planned.len(),
            bytes: planned.iter().map(|p| p.document.size_bytes).sum(),
            made: missing.len(),
        })
    }

    /// The file of a document.
    #[must_use]
    pub fn document(&self, planned: &PlannedDocument) -> PathBuf {
        let id = planned.document.id;
        self.documents_of(planned.holder).join(format!("{id}.pdf"))
    }
}

/// Removes what an earlier start left half made.
fn remove(folder: &Path) -> Result<(), FolderError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder)(error)),
        _ => Ok(()),
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).map_err(at(&beside))?;
    fs::rename(&beside, path).map_err(at(path))
}

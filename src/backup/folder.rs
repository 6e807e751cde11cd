//! Reading an export. Nothing in it is believed: every file has the one length it can have, every
//! hash is computed again, and a file that does not belong there is named.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use serde::de::DeserializeOwned;

use super::files::{self, sha256};
use super::{About, BackupError, FORM};
use crate::bounds;
use crate::domain::{Document, Sha256, TransactionId};
use crate::ledger::note::Verifier;
use crate::ledger::verify::{BookSource, Claim, SealedSource, SourceError, split_bundle};
use crate::merkle::{self, Hash, TILE_WIDTH, TileAt};
use crate::policy;
use crate::store::{BundleFiles, KeptSearch, Once, SealedEntry, StoredKey, StoredOpening};

/// A checkpoint with its signatures, and what an export says of itself.
pub(super) const SMALL_BYTES: u64 = 64 * 1024;
pub(super) const BUNDLE_BYTES: u64 = TILE_WIDTH as u64 * (2 + bounds::ENTRY_BYTES as u64);
/// An opening holds what its entry committed to, which can be longer than the entry.
const OPENINGS_BYTES: u64 = 4 * BUNDLE_BYTES;
/// A bundle of policy: a few files, each with a bound of its own.
const POLICY_BYTES: u64 = 64 * bounds::BUNDLE_FILE_BYTES;
/// A line of the index.
const LINE_BYTES: usize = 64 * 1024;
/// Entries that are read at once.
const STEP: u64 = 4 * TILE_WIDTH as u64;

/// An export, for checking what is public of it.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    about: About,
}

/// An export with the keys of its openings, still wrapped.
#[derive(Debug, Clone)]
pub struct Sealed {
    folder: Folder,
    keys: HashMap<u64, StoredKey>,
}

/// What is wrong with the content of a file.
pub(super) fn damaged(name: &str, what: &str) -> SourceError {
    SourceError::Damaged {
        what: format!("{name} ({what})"),
    }
}

impl Folder {
    /// The export in this folder, if it is of the log of this key.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn open(root: &Path, verifier: &Verifier) -> Result<Self, BackupError> {
        let path = root.join(files::ABOUT);
        let text = match read_at_most(&path, SMALL_BYTES) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(BackupError::Form(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupError::NoExport(root.to_owned()));
            }
            Err(source) => return Err(BackupError::File { path, source }),
        };
        let about: About = match serde_json::from_slice(&text) {
            Ok(about) => about,
            Err(_) => return Err(BackupError::Form(path)),
        };
        let listed = [files::KEYS, files::DOCUMENTS, files::USED, files::SEARCHES];
        let told = about.files.keys().map(String::as_str);
        let told = told.filter(|name| files::policy_of(name).is_none());
        if about.v != FORM || !told.eq(sorted(listed)) {
            return Err(BackupError::Form(path));
        }
        if about.origin != verifier.name() {
            return Err(BackupError::Origin {
                found: about.origin,
                expected: verifier.name().to_owned(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            about,
        })
    }

    /// What it says of itself.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Checks what no tile covers and needs no key: the form of the sealed openings and of their keys,
    /// the index, and that nothing else is there.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn check_beside(&self) -> Result<(), BackupError> {
        if let Some(stray) = self.stray(&self.root)? {
            return Err(BackupError::Changed {
                path: stray,
                what: "no file of this name belongs to it",
            });
        }
        let mut documents = 0;
        self.documents(|_| {
            documents += 1;
            Ok(())
        })?;
        if documents != self.about.documents {
            return Err(BackupError::Changed {
                path: files::DOCUMENTS.to_owned(),
                what: "it has another number of documents",
            });
        }
        self.used(|_| Ok(()))?;
        self.searches(|_| Ok(()))?;
        self.policies()?;
        let sealed = self.clone().with_keys()?;
        let bundles = self.about.size.div_ceil(TILE_WIDTH as u64);
        for number in 0..bundles {
            let read = sealed.openings(number);
            read.map_err(BackupError::at(number * TILE_WIDTH as u64))?;
        }
        Ok(())
    }

    /// The first file that no export of this size has.
    fn stray(&self, folder: &Path) -> Result<Option<String>, BackupError> {
        let error = |source| BackupError::File {
            path: folder.to_owned(),
            source,
        };
        for entry in fs::read_dir(folder).map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.is_dir() {
                if let Some(stray) = self.stray(&path)? {
                    return Ok(Some(stray));
                }
                continue;
            }
            let name = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
            let is_ours = |name: &str| {
                files::is_expected(name, self.about.size) || self.about.files.contains_key(name)
            };
            if !name.is_some_and(is_ours) {
                let shown = path.strip_prefix(&self.root).unwrap_or(&path);
                return Ok(Some(shown.display().to_string()));
            }
        }
        Ok(None)
    }

    /// Reads the keys of the openings too.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn with_keys(self) -> Result<Sealed, BackupError> {
        let wrong = |what| BackupError::Changed {
            path: files::KEYS.to_owned(),
            what,
        };
        let path = self.root.join(files::KEYS);
        let content = fs::read(&path).map_err(|source| BackupError::File { path, source })?;
        let mut hash = Context::new(&SHA256);
        hash.update(&content);
        self.check_hash(files::KEYS, hash)?;
        let mut keys = HashMap::new();
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (key, after) = read_key(rest).ok_or_else(|| wrong("it ends inside a key"))?;
            rest = after;
            if keys.insert(key.id, key).is_some() {
                return Err(wrong("it has a key twice"));
            }
        }
        Ok(Sealed { folder: self, keys })
    }

    fn check_hash(&self, name: &str, hash: Context) -> Result<(), BackupError> {
        if self.about.files.get(name) == Some(&sha256(hash)) {
            Ok(())
        } else {
            Err(BackupError::Changed {
                path: name.to_owned(),
                what: "it has another hash",
            })
        }
    }

    /// Every document of the index.
    pub(super) fn documents(
        &self,
        take: impl FnMut(Document) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        self.lines(files::DOCUMENTS, take)
    }

    /// Everything that was used once.
    pub(super) fn used(
        &self,
        mut take: impl FnMut((Once, crate::clock::Moment)) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Used {
            token: Option<Sha256>,
            transaction: Option<TransactionId>,
            until: crate::clock::Moment,
        }
        self.lines(files::USED, |used: Used| {
            let once = match (used.token, used.transaction) {
                (Some(tag), None) => Once::Token(*tag.as_bytes()),
                (None, Some(id)) => Once::Transaction(id),
                _ => {
                    return Err(BackupError::Changed {
                        path: files::USED.to_owned(),
                        what: "a line names neither a token nor a transaction, or both",
                    });
                }
            };
            take((once, used.until))
        })
    }

    /// Every search that officers kept.
    pub(super) fn searches(
        &self,
        mut take: impl FnMut(KeptSearch) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Kept {
            owner: String,
            name: String,
            criteria: String,
        }
        self.lines(files::SEARCHES, |kept: Kept| {
            let owner = tag_of(&kept.owner).ok_or_else(|| BackupError::Changed {
                path: files::SEARCHES.to_owned(),
                what: "a line has an owner in no known form",
            })?;
            take(KeptSearch {
                owner,
                name: kept.name,
                criteria: kept.criteria,
            })
        })
    }

    /// Every bundle of policy that was agreed on: its hash and its files, which are what was hashed.
    pub(super) fn policies(&self) -> Result<Vec<(Sha256, BundleFiles)>, BackupError> {
        let mut found = Vec::new();
        for name in self.about.files.keys() {
            let Some(hash) = files::policy_of(name) else {
                continue;
            };
            let wrong = |what| BackupError::Changed {
                path: name.clone(),
                what,
            };
            let path = self.root.join(name);
            let content = match read_at_most(&path, POLICY_BYTES) {
                Ok(content) => content.ok_or_else(|| wrong("it is too long"))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Err(wrong("it is not there"));
                }
                Err(source) => return Err(BackupError::File { path, source }),
            };
            let mut context = Context::new(&SHA256);
            context.update(&content);
            self.check_hash(name, context)?;
            let text = String::from_utf8(content).map_err(|_| wrong("it is not text"))?;
            if policy::hash_of_files(&text) != Some(hash) {
                return Err(wrong("the bundle in it is not the one it is named after"));
            }
            found.push((hash, BundleFiles::from(text)));
        }
        Ok(found)
    }

    /// The lines of a file, each a value; the file must have the hash that the export tells.
    fn lines<T: DeserializeOwned>(
        &self,
        name: &str,
        mut take: impl FnMut(T) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let path = self.root.join(name);
        let error = |source| BackupError::File {
            path: path.clone(),
            source,
        };
        let wrong = |what| BackupError::Changed {
            path: name.to_owned(),
            what,
        };
        let mut file = BufReader::new(File::open(&path).map_err(error)?);
        let mut hash = Context::new(&SHA256);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = file.by_ref().take(LINE_BYTES as u64);
            if bounded.read_until(b'\n', &mut line).map_err(error)? == 0 {
                break;
            }
            hash.update(&line);
            let text = line.strip_suffix(b"\n");
            let text = text.ok_or_else(|| wrong("a line is cut or too long"))?;
            let value = serde_json::from_slice(text);
            take(value.map_err(|_| wrong("a line is in no known form"))?)?;
        }
        self.check_hash(name, hash)
    }

    /// A file of the export, at most this long.
    fn file(&self, name: &str, most_bytes: u64) -> Result<Vec<u8>, SourceError> {
        match read_at_most(&self.root.join(name), most_bytes) {
            Ok(Some(content)) => Ok(content),
            Ok(None) => Err(damaged(name, "too long")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(damaged(name, "not there"))
            }
            Err(error) => Err(SourceError::Unreadable {
                what: name.to_owned(),
                source: Box::new(error),
            }),
        }
    }

    fn width(&self, number: u64) -> usize {
        merkle::tile_width(TileAt { level: 0, number }, self.about.size)
    }

    fn bundle(&self, number: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let width = self.width(number);
        let name = files::tile_name(files::ENTRIES, number, width);
        let content = self.file(&name, BUNDLE_BYTES)?;
        let entries = split_bundle(&content).ok_or_else(|| damaged(&name, "cut short"))?;
        if entries.len() == width {
            Ok(entries)
        } else {
            let what = format!("{} entries instead of {width}", entries.len());
            Err(damaged(&name, &what))
        }
    }

    fn bundles(&self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        let width = TILE_WIDTH as u64;
        from / width..to.min(self.about.size).div_ceil(width)
    }
}

impl BookSource for Folder {
    fn step(&self) -> u64 {
        STEP
    }

    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        let content = self.file(files::CHECKPOINT, SMALL_BYTES)?;
        let checkpoint = String::from_utf8(content);
        Ok(Claim {
            checkpoint: checkpoint.map_err(|_| damaged(files::CHECKPOINT, "not text"))?,
            size: Some(self.about.size),
        })
    }

    async fn cosigned(&self) -> Result<Option<String>, SourceError> {
        if !self.root.join(files::COSIGNED).exists() {
            return Ok(None);
        }
        let note = String::from_utf8(self.file(files::COSIGNED, SMALL_BYTES)?);
        note.map(Some)
            .map_err(|_| damaged(files::COSIGNED, "not text"))
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let mut entries = Vec::new();
        for number in self.bundles(from, to) {
            entries.append(&mut self.bundle(number)?);
        }
        Ok(entries)
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        let name = files::hashes_name(at, width);
        let content = self.file(&name, (TILE_WIDTH * size_of::<Hash>()) as u64)?;
        let (hashes, rest) = content.as_chunks::<{ size_of::<Hash>() }>();
        if rest.is_empty() && hashes.len() == width {
            Ok(Some(hashes.to_vec()))
        } else {
            let expected = width * size_of::<Hash>();
            let what = format!("{} bytes instead of {expected}", content.len());
            Err(damaged(&name, &what))
        }
    }
}

impl Sealed {
    /// The export itself.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The wrapped keys of the openings.
    pub(super) fn keys(&self) -> impl Iterator<Item = &StoredKey> {
        self.keys.values()
    }

    /// What opens the entries of a bundle, where that was not erased.
    fn openings(&self, number: u64) -> Result<Vec<Option<StoredOpening>>, SourceError> {
        let width = self.folder.width(number);
        let name = files::tile_name(files::OPENINGS, number, width);
        let content = self.folder.file(&name, OPENINGS_BYTES)?;
        let cut = || damaged(&name, "cut short");
        let mut openings = Vec::with_capacity(width);
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut())?;
            let (one, after) = after.split_at_checked(length).ok_or_else(cut)?;
            rest = after;
            if one.is_empty() {
                openings.push(None);
                continue;
            }
            let (id, sealed) = one.split_first_chunk::<8>().ok_or_else(cut)?;
            let key = self.keys.get(&u64::from_be_bytes(*id));
            let key = key.ok_or_else(|| damaged(&name, "an opening whose key is not there"))?;
            openings.push(Some(StoredOpening {
                key: key.clone(),
                sealed: sealed.to_vec(),
            }));
        }
        if openings.len() == width {
            Ok(openings)
        } else {
            let what = format!("{} openings instead of {width}", openings.len());
            Err(damaged(&name, &what))
        }
    }
}

impl BookSource for Sealed {
    fn step(&self) -> u64 {
        self.folder.step()
    }

    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        self.folder.checkpoint().await
    }

    async fn cosigned(&self) -> Result<Option<String>, SourceError> {
        self.folder.cosigned().await
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        self.folder.entries(from, to).await
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        self.folder.tile(at, width).await
    }

    async fn keys_there(&self, keys: &[u64]) -> Result<Vec<u64>, SourceError> {
        let there = keys.iter().filter(|key| self.keys.contains_key(key));
        Ok(there.copied().collect())
    }
}

impl SealedSource for Sealed {
    async fn sealed(&self, from: u64, to: u64) -> Result<Vec<SealedEntry>, SourceError> {
        let mut sealed = Vec::new();
        for number in self.folder.bundles(from, to) {
            let first = number * TILE_WIDTH as u64;
            let entries = self.folder.bundle(number)?.into_iter();
            let both = (first..).zip(entries.zip(self.openings(number)?));
            sealed.extend(both.map(|(index, (entry, opening))| SealedEntry {
                index,
                entry,
                opening,
            }));
        }
        Ok(sealed)
    }

    async fn bundles(&self) -> Result<Vec<(Sha256, BundleFiles)>, SourceError> {
        self.folder.policies().map_err(|error| match error {
            BackupError::Changed { path, what } => damaged(&path, what),
            error => SourceError::Unreadable {
                what: "the bundles of policy".to_owned(),
                source: Box::new(error),
            },
        })
    }
}

/// The content of a file; `None` when it is longer than that.
pub(super) fn read_at_most(path: &Path, most_bytes: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let mut file = File::open(path)?.take(most_bytes + 1);
    file.read_to_end(&mut content)?;
    Ok((content.len() as u64 <= most_bytes).then_some(content))
}

fn sorted(mut names: [&str; 4]) -> [&str; 4] {
    names.sort_unstable();
    names
}

/// The first key, and what follows it.
fn read_key(from: &[u8]) -> Option<(StoredKey, &[u8])> {
    let (id, after) = from.split_first_chunk::<8>()?;
    let (tag, after) = after.split_first_chunk::<16>()?;
    let (year, after) = after.split_first_chunk::<4>()?;
    let (kind, after) = read_part(after)?;
    let (wrapped, rest) = read_part(after)?;
    let key = StoredKey {
        id: u64::from_be_bytes(*id),
        tag: *tag,
        year: i32::from_be_bytes(*year),
        kind: std::str::from_utf8(kind).ok()?.to_owned(),
        wrapped: wrapped.to_vec(),
    };
    Some((key, rest))
}

/// What stands behind its length in two bytes, and what follows it.
fn read_part(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = from.split_first_chunk::<2>()?;
    after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn tag_of(text: &str) -> Option<[u8; 16]> {
    let proper = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let tag = u128::from_str_radix(text, 16).ok();
    tag.filter(|_| proper).map(u128::to_be_bytes)
}

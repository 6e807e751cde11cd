//! The files of an export: where each stands, how many there must be, and writing them for good.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use super::BackupError;
use crate::domain::Sha256;
use crate::merkle::{self, TILE_WIDTH, TileAt, tile_number};

pub(super) const ABOUT: &str = "export.json";
pub(super) const CHECKPOINT: &str = "log/checkpoint";
pub(super) const COSIGNED: &str = "log/getuigd/checkpoint";
pub(super) const ENTRIES: &str = "log/tile/entries";
pub(super) const TILES: &str = "log/tile";
const POLICIES: &str = "log/beleid";
pub(super) const OPENINGS: &str = "sealed/openings";
pub(super) const KEYS: &str = "sealed/keys";
pub(super) const DOCUMENTS: &str = "index/documents.ndjson";
pub(super) const USED: &str = "index/used.ndjson";
pub(super) const SEARCHES: &str = "index/searches.ndjson";

/// The name of a tile or bundle of this width under a folder of the export.
pub(super) fn tile_name(folder: &str, number: u64, width: usize) -> String {
    let number = tile_number(number);
    if width == TILE_WIDTH {
        format!("{folder}/{number}")
    } else {
        format!("{folder}/{number}.p/{width}")
    }
}

/// The name of the file with a bundle of policy.
pub(super) fn policy_name(hash: Sha256) -> String {
    format!("{POLICIES}/{hash}.json")
}

/// The bundle of policy in the file of this name, in its one spelling.
pub(super) fn policy_of(name: &str) -> Option<Sha256> {
    let hash = under(name, POLICIES)?.strip_suffix(".json")?;
    Sha256::parse(hash)
        .ok()
        .filter(|hash| policy_name(*hash) == name)
}

/// The name of a tile of hashes.
pub(super) fn hashes_name(at: TileAt, width: usize) -> String {
    tile_name(&format!("{TILES}/{}", at.level), at.number, width)
}

/// Every file an export of this size has.
pub(super) fn is_expected(name: &str, size: u64) -> bool {
    let single = [ABOUT, CHECKPOINT, COSIGNED, KEYS, DOCUMENTS, USED, SEARCHES];
    if single.contains(&name) {
        return true;
    }
    let folders = [(ENTRIES, 0), (OPENINGS, 0)];
    for (folder, level) in folders {
        if let Some(rest) = under(name, folder) {
            return is_tile(rest, folder, level, size, name);
        }
    }
    let Some((level, rest)) = under(name, TILES).and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let folder = format!("{TILES}/{level}");
    level
        .parse::<u8>()
        .is_ok_and(|level| is_tile(rest, &folder, level, size, name))
}

fn under<'n>(name: &'n str, folder: &str) -> Option<&'n str> {
    name.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether this names, in its one spelling, a tile that a tree of this size has.
fn is_tile(rest: &str, folder: &str, level: u8, size: u64, name: &str) -> bool {
    let number = rest.split_once(".p/").map_or(rest, |(number, _)| number);
    let mut parsed: u64 = 0;
    for group in number.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let Some(sum) = digits
            .parse::<u64>()
            .ok()
            .and_then(|digits| parsed.checked_mul(1000)?.checked_add(digits))
        else {
            return false;
        };
        parsed = sum;
    }
    let at = TileAt {
        level,
        number: parsed,
    };
    let width = merkle::tile_width(at, size);
    width > 0 && tile_name(folder, parsed, width) == name
}

/// An export that is being written, beside the place it will take.
#[derive(Debug)]
pub(super) struct Writing {
    place: PathBuf,
    beside: PathBuf,
    hashes: BTreeMap<String, Sha256>,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

impl Writing {
    /// Begins beside this place, which must be free: nothing there, or an empty folder.
    pub(super) fn begin(place: &Path) -> Result<Self, BackupError> {
        match fs::read_dir(place) {
            Ok(mut found) => {
                if found.next().is_some() {
                    return Err(BackupError::Taken(place.to_owned()));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(BackupError::Taken(place.to_owned()));
            }
            Err(error) => return Err(file_error(place)(error)),
        }
        let beside = place.with_added_extension("unfinished");
        match private_folder().create(&beside) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Unfinished(beside));
            }
            Err(error) => return Err(file_error(&beside)(error)),
        }
        Ok(Self {
            place: place.to_owned(),
            beside,
            hashes: BTreeMap::new(),
        })
    }

    /// A file of this name, to be written piece by piece.
    pub(super) fn file(&self, name: &str) -> Result<Piecewise, BackupError> {
        let path = self.beside.join(name);
        if let Some(folder) = path.parent() {
            private_folder()
                .recursive(true)
                .create(folder)
                .map_err(file_error(folder))?;
        }
        let mut options = File::options();
        let opened = options.write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.map_err(file_error(&path))?;
        Ok(Piecewise {
            name: name.to_owned(),
            file: BufWriter::new(file),
            hash: Context::new(&SHA256),
            path,
        })
    }

    /// A file of this name and content, durable when this returns.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        let mut file = self.file(name)?;
        file.add(content)?;
        file.end().map(drop)
    }

    /// Ends a file whose hash the export tells.
    pub(super) fn end(&mut self, file: Piecewise) -> Result<(), BackupError> {
        let name = file.name.clone();
        let hash = file.end()?;
        self.hashes.insert(name, hash);
        Ok(())
    }

    /// The hashes of the files that were ended so.
    pub(super) fn hashes(&mut self) -> BTreeMap<String, Sha256> {
        std::mem::take(&mut self.hashes)
    }

    /// Takes its place.
    pub(super) fn finish(self) -> Result<(), BackupError> {
        sync_folders(&self.beside)?;
        fs::rename(&self.beside, &self.place).map_err(file_error(&self.place))?;
        let parent = self
            .place
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let folder = File::open(parent).map_err(file_error(parent))?;
        folder.sync_all().map_err(file_error(parent))
    }

    /// Removes what was written.
    pub(super) fn give_up(self) {
        let _ = fs::remove_dir_all(&self.beside);
    }
}

/// Only for whoever makes it: the index tells in the clear what there is about whom.
fn private_folder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// A name in a folder is durable when the folder is.
fn sync_folders(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(file_error(folder))? {
        let path = entry.map_err(file_error(folder))?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    let opened = File::open(folder).map_err(file_error(folder))?;
    opened.sync_all().map_err(file_error(folder))
}

/// A file that is written piece by piece.
pub(super) struct Piecewise {
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    hash: Context,
}

impl Piecewise {
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), BackupError> {
        self.hash.update(piece);
        self.file.write_all(piece).map_err(file_error(&self.path))
    }

    /// Makes it durable; answers its hash.
    fn end(self) -> Result<Sha256, BackupError> {
        let file = self.file.into_inner();
        file.map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .map_err(file_error(&self.path))?;
        Ok(sha256(self.hash))
    }
}

pub(super) fn sha256(hash: Context) -> Sha256 {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(hash.finish().as_ref()) {
        *to = *from;
    }
    Sha256::from_bytes(bytes)
}

//! A bundle as bytes: the files of its folder, and the hash that names them.

use std::collections::BTreeMap;
use std::path::Path;

use ring::digest;

use super::bundle::BundleHash;
use super::mistake::{BundleError, Mistake};
use crate::bounds;

/// The manifest's file name.
pub(super) const MANIFEST: &str = "manifest.toml";
/// The Cedar schema's file name.
pub(super) const SCHEMA: &str = "schema.cedarschema";
/// The table of examples.
pub(super) const TABLE: &str = "tabel.csv";
/// The limits: what no request may be permitted to be. Cedar, but no rules of the bundle.
pub(super) const LIMITS: &str = "grenzen.cedar";
/// How the files with rules end.
const RULES: &str = ".cedar";

/// The files of one bundle, as text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The folder's name.
    pub(super) folder: String,
    files: BTreeMap<String, String>,
}

impl Source {
    /// Reads a folder; only the five kinds of file a bundle consists of may be in it, so that the
    /// hash covers exactly what decides.
    pub(super) fn read(dir: &Path) -> Result<Self, BundleError> {
        let shown = dir.display().to_string();
        let failed = |source| BundleError::Folder {
            folder: shown.clone(),
            source,
        };
        let folder = dir
            .canonicalize()
            .map_err(failed)?
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut files = Vec::new();
        let mut mistakes = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let facts = std::fs::metadata(entry.path()).map_err(failed)?;
            if !facts.is_file() || facts.len() > bounds::BUNDLE_FILE_BYTES {
                mistakes.push(Mistake::in_file(
                    &name,
                    format!(
                        "verwacht een gewoon bestand van hoogstens {} bytes",
                        bounds::BUNDLE_FILE_BYTES
                    ),
                ));
                continue;
            }
            files.push((name, std::fs::read(entry.path()).map_err(failed)?));
        }
        Self::from_files(&folder, files, mistakes)
    }

    /// The same from files in memory, with the mistakes found while reading them.
    pub(super) fn from_files(
        folder: &str,
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        mut mistakes: Vec<Mistake>,
    ) -> Result<Self, BundleError> {
        let mut texts = BTreeMap::new();
        for (name, bytes) in files {
            if ![MANIFEST, SCHEMA, TABLE].contains(&name.as_str()) && !name.ends_with(RULES) {
                mistakes.push(Mistake::in_file(
                    &name,
                    "dit bestand hoort niet in een bundel; verwacht manifest.toml, schema.cedarschema, tabel.csv, grenzen.cedar en regels in *.cedar",
                ));
                continue;
            }
            match String::from_utf8(bytes) {
                Ok(text) => {
                    texts.insert(name, text);
                }
                Err(_) => mistakes.push(Mistake::in_file(&name, "het bestand is geen UTF-8")),
            }
        }
        for required in [MANIFEST, SCHEMA, TABLE, LIMITS] {
            if !texts.contains_key(required) && !mistakes.iter().any(|m| m.file == required) {
                mistakes.push(Mistake::in_file(required, "dit bestand ontbreekt"));
            }
        }
        if !texts.keys().any(|name| is_rules(name)) {
            mistakes.push(Mistake::in_file("*.cedar", "er zijn geen regels"));
        }
        if mistakes.is_empty() {
            Ok(Self {
                folder: folder.to_owned(),
                files: texts,
            })
        } else {
            mistakes.sort();
            Err(BundleError::Mistakes {
                bundle: folder.to_owned(),
                mistakes,
            })
        }
    }

    /// The files, sorted by name: name and text.
    pub(super) fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The text of a file; empty when there is none, which [`Source::from_files`] excludes.
    pub(super) fn text(&self, file: &str) -> &str {
        self.files.get(file).map_or("", String::as_str)
    }

    /// The files with rules, sorted by name: their order is the order of the rules.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(name, _)| is_rules(name))
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The content hash.
    pub(super) fn hash(&self) -> BundleHash {
        hash(&self.files)
    }
}

/// The content hash of [`super::Bundle::files`], whether they are a bundle or not: what was agreed on
/// years ago may be one that this version does not read. `None` when it is no JSON object of texts.
#[must_use]
pub fn hash_of_files(files: &str) -> Option<BundleHash> {
    serde_json::from_str(files).ok().map(|files| hash(&files))
}

/// SHA-256 over `sluis/bundel/v1` LF, then for each file in the order of its name (bytewise): the
/// length of the name, the name, the length of the content, the content; lengths are u64, big-endian,
/// in bytes. The folder's name is not in it, the manifest's code is.
fn hash(files: &BTreeMap<String, String>) -> BundleHash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"sluis/bundel/v1\n");
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut hash = [0; 32];
    for (byte, of_digest) in hash.iter_mut().zip(context.finish().as_ref()) {
        *byte = *of_digest;
    }
    BundleHash::from_bytes(hash)
}

fn is_rules(name: &str) -> bool {
    name.ends_with(RULES) && name != LIMITS
}

/// The line of the first place where `needle` stands in `text`, counted from 1.
pub(super) fn line_of(text: &str, needle: &str) -> Option<usize> {
    text.lines()
        .position(|line| line.contains(needle))
        .map(|at| at + 1)
}

/// The line of a byte offset in `text`, counted from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

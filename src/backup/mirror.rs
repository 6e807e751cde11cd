//! The public book alone, as static files (C2SP tlog-tiles): the folder `log` of an export, or what
//! somebody fetched from a server. Nothing in it is believed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folder::{BUNDLE_BYTES, SMALL_BYTES, damaged, read_at_most};
use crate::ledger::verify::{BookSource, Claim, SourceError, split_bundle};
use crate::merkle::{Hash, TILE_WIDTH, TileAt, tile_number};

const CHECKPOINT: &str = "checkpoint";
const COSIGNED: &str = "getuigd/checkpoint";

/// A copy of what is public of a book.
#[derive(Debug, Clone)]
pub struct Mirror(PathBuf);

impl Mirror {
    /// The public book in this folder, or in its folder `log`; `None` where there is neither, or where
    /// it is part of a whole export.
    #[must_use]
    pub fn find(root: &Path) -> Option<Self> {
        if ["sealed", "index"]
            .iter()
            .any(|part| root.join(part).exists())
        {
            return None;
        }
        let places = [root.to_owned(), root.join("log")];
        let mut there = places.into_iter();
        there
            .find(|place| place.join(CHECKPOINT).is_file())
            .map(Self)
    }

    /// A file of it, at most this long; `None` when it is not there.
    fn file(&self, name: &str, most_bytes: u64) -> Result<Option<Vec<u8>>, SourceError> {
        match read_at_most(&self.0.join(name), most_bytes) {
            Ok(Some(content)) => Ok(Some(content)),
            Ok(None) => Err(damaged(name, "too long")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SourceError::Unreadable {
                what: name.to_owned(),
                source: Box::new(error),
            }),
        }
    }

    /// A tile or bundle of this width, or the whole one that it grew to, with its name.
    fn resource(
        &self,
        level: &str,
        number: u64,
        width: usize,
        most_bytes: u64,
    ) -> Result<(String, Vec<u8>), SourceError> {
        let whole = format!("tile/{level}/{}", tile_number(number));
        let partial = format!("{whole}.p/{width}");
        let names = [(width < TILE_WIDTH).then_some(&partial), Some(&whole)];
        for name in names.into_iter().flatten() {
            if let Some(content) = self.file(name, most_bytes)? {
                return Ok((name.clone(), content));
            }
        }
        let name = if width < TILE_WIDTH { &partial } else { &whole };
        Err(damaged(name, "not there"))
    }

    fn note(&self, name: &str) -> Result<Option<String>, SourceError> {
        let text = self.file(name, SMALL_BYTES)?.map(String::from_utf8);
        text.transpose().map_err(|_| damaged(name, "not text"))
    }
}

impl BookSource for Mirror {
    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        let checkpoint = self.note(CHECKPOINT)?;
        Ok(Claim {
            checkpoint: checkpoint.ok_or_else(|| damaged(CHECKPOINT, "not there"))?,
            size: None,
        })
    }

    async fn cosigned(&self) -> Result<Option<String>, SourceError> {
        self.note(COSIGNED)
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let number = from / TILE_WIDTH as u64;
        let width = usize::try_from(to.saturating_sub(from)).unwrap_or(TILE_WIDTH);
        let (name, content) = self.resource("entries", number, width, BUNDLE_BYTES)?;
        let mut entries = split_bundle(&content).ok_or_else(|| damaged(&name, "cut short"))?;
        if entries.len() < width {
            let what = format!("{} entries instead of {width}", entries.len());
            return Err(damaged(&name, &what));
        }
        entries.truncate(width);
        Ok(entries)
    }

    async fn tile(&self, at: TileAt, width: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        let most_bytes = (TILE_WIDTH * size_of::<Hash>()) as u64;
        let level = at.level.to_string();
        let (name, content) = self.resource(&level, at.number, width, most_bytes)?;
        let (hashes, rest) = content.as_chunks::<{ size_of::<Hash>() }>();
        match hashes.get(..width) {
            Some(hashes) if rest.is_empty() => Ok(Some(hashes.to_vec())),
            _ => {
                let expected = width * size_of::<Hash>();
                let what = format!("{} bytes instead of {expected}", content.len());
                Err(damaged(&name, &what))
            }
        }
    }
}

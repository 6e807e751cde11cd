//! Somebody who has every key, and writes the book anew.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use super::database;
use crate::clock::SystemRandomness;
use crate::domain::AddressId;
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::note::Checkpoint;
use crate::ledger::seal::{self, Owner, Personal};
use crate::ledger::testing::Book;
use crate::ledger::verify::{BookSource, Claim, SealedSource, SourceError};
use crate::ledger::{Keys, Opener};
use crate::merkle::{self, Edge, Hash, TileAt};
use crate::store::{SealedEntry, StoredKey, StoredOpening};

/// An entry as a forger writes it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) entry: Entry,
    pub(super) values: BTreeMap<String, String>,
    /// The address under whose key it is sealed, when that is not its own.
    pub(super) under: Option<AddressId>,
    /// What is sealed differs from what is committed to.
    pub(super) lies: bool,
    /// The openings were destroyed.
    pub(super) erased: bool,
}

/// A whole book in memory.
#[derive(Debug)]
pub(super) struct Memory {
    checkpoint: String,
    sealed: Vec<SealedEntry>,
}

impl BookSource for Memory {
    async fn checkpoint(&self) -> Result<Claim, SourceError> {
        Ok(Claim {
            checkpoint: self.checkpoint.clone(),
            size: None,
        })
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, SourceError> {
        let sealed = self.sealed(from, to).await?;
        Ok(sealed.into_iter().map(|one| one.entry).collect())
    }

    async fn tile(&self, _: TileAt, _: usize) -> Result<Option<Vec<Hash>>, SourceError> {
        Ok(None)
    }
}

impl SealedSource for Memory {
    async fn sealed(&self, from: u64, to: u64) -> Result<Vec<SealedEntry>, SourceError> {
        let place = |index: u64| usize::try_from(index).unwrap();
        Ok(self.sealed[place(from)..place(to)].to_vec())
    }
}

/// The lines of an honest book.
pub(super) async fn lines(book: &Book) -> Vec<Line> {
    let opener = Opener::new(std::sync::Arc::new(book.keys().master));
    let source = database(book).await;
    let size = book.verify().await.size;
    let sealed = source.sealed(0, size).await.unwrap();
    let line = |one: &SealedEntry| {
        let leaf = opener.open(one).unwrap();
        Line {
            entry: leaf.entry,
            values: leaf.values,
            under: None,
            lies: false,
            erased: false,
        }
    };
    sealed.iter().map(line).collect()
}

/// Takes a line out, and everything that refers to it.
pub(super) fn remove(lines: &mut Vec<Line>, at: usize) {
    lines.remove(at);
    for line in lines {
        line.entry.index = line.entry.index.map(|of| of - u64::from(of > at as u64));
    }
}

/// Makes every line say that it saw the newest state of its address.
pub(super) fn see_again(lines: &mut [Line]) {
    let mut versions: HashMap<String, u64> = HashMap::new();
    for (index, line) in (0..).zip(lines) {
        let Some(address) = line.values.get("nummeraanduiding") else {
            continue;
        };
        let newest = versions.entry(address.clone()).or_default();
        line.entry.gezien = line.entry.gezien.map(|_| *newest);
        if matches!(
            line.entry.soort,
            Kind::Owners
                | Kind::Dossier
                | Kind::Choice
                | Kind::Withdrawal
                | Kind::Aos
                | Kind::AosEnd
        ) {
            *newest = index + 1;
        }
    }
}

/// Seals and signs everything, with the keys of the book itself.
pub(super) fn write(lines: Vec<Line>, keys: &Keys) -> Memory {
    let random = SystemRandomness::default();
    let mut wrapped_keys = HashMap::new();
    let mut edge = Edge::default();
    let mut sealed = Vec::new();
    for (index, mut line) in (0..).zip(lines) {
        let mut personal = Personal::none();
        for (field, value) in &line.values {
            personal = personal.with(Box::leak(field.clone().into_boxed_str()), value);
        }
        let mut opening = None;
        if !line.values.is_empty() {
            let (transaction, kind) = (line.entry.transactie, line.entry.soort);
            let made = seal::commit(&personal, &transaction, kind, &random).unwrap();
            line.entry.zegels.clone_from(&made.seals);
            if line.lies {
                let another = BASE64URL.encode([7; 32]);
                line.entry.zegels.insert("zaak".to_owned(), another);
            }
            let address = line.under.or_else(|| {
                let address = line.values.get("nummeraanduiding")?;
                AddressId::parse(address).ok()
            });
            let owner = match (address, line.entry.aanvrager) {
                (Some(address), _) => Owner::Address(address),
                (None, asked) => Owner::Organisation(asked.unwrap()),
            };
            let name = keys.master.name(owner, line.entry.tijd.year(), kind);
            let (id, wrapped) = wrapped_keys
                .entry(name)
                .or_insert_with(|| keys.master.wrap_fresh(name, &random).unwrap());
            let key = keys.master.unwrap(*id, name, wrapped).unwrap();
            let stored = StoredOpening {
                key: StoredKey {
                    id: id.number(),
                    tag: name.tag,
                    year: name.year,
                    kind: kind.code().to_owned(),
                    wrapped: wrapped.clone(),
                },
                sealed: made.seal(&key, &transaction, kind).unwrap(),
            };
            opening = (!line.erased).then_some(stored);
        }
        let entry = line.entry.to_line().unwrap();
        edge.push(merkle::leaf_hash(&entry), &mut Vec::new());
        sealed.push(SealedEntry {
            index,
            entry,
            opening,
        });
    }
    let signed = Checkpoint {
        size: edge.size(),
        root: edge.root(),
    };
    Memory {
        checkpoint: keys.signer.sign(&signed),
        sealed,
    }
}

//! The *vertaalslag*: what each party calls things itself, and what they are called here.
//!
//! A word of a party means one shared word and nothing else, and is no other shared word's own name;
//! the manifest is refused otherwise. So whoever speaks their own words can go on using shared ones:
//! every word has one meaning at most. Several words of a party may mean the same; the first of them in
//! the manifest is the one that is answered in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::domain::{DocumentKind, Mark, Purpose, Word};

/// A party's own words for one sort of thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWords<T> {
    /// Folded word → the word as it is written, and the shared one.
    meant: BTreeMap<String, (Word, T)>,
    /// Shared word → the word to answer in.
    said: BTreeMap<T, Word>,
}

/// All of a party's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyWords {
    /// For kinds of documents.
    pub kinds: OwnWords<DocumentKind>,
    /// For marks on a dossier.
    pub marks: OwnWords<Mark>,
    /// For purposes.
    pub purposes: OwnWords<Purpose>,
}

impl<T> Default for OwnWords<T> {
    fn default() -> Self {
        Self {
            meant: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }
}

impl<T: Ord + Clone> OwnWords<T> {
    /// Adds a word; `false` when this party uses it already.
    pub(super) fn add(&mut self, word: Word, shared: T) -> bool {
        match self.meant.entry(folded(word.as_str())) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert((word.clone(), shared.clone()));
                self.said.entry(shared).or_insert(word);
                true
            }
        }
    }

    /// What this word means, whatever its case.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<&T> {
        self.meant.get(&folded(word)).map(|(_, shared)| shared)
    }

    /// What this party calls it; `None` when it has no word of its own.
    #[must_use]
    pub fn say(&self, shared: &T) -> Option<&Word> {
        self.said.get(shared)
    }

    /// Every word, in no order that means anything.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.meant.values().map(|(word, _)| word)
    }
}

fn folded(word: &str) -> String {
    word.to_lowercase()
}

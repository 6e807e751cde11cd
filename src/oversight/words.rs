//! Codes, organisations and personal values as small numbers.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use ring::hmac;

use crate::clock::{NoRandomness, Random};
use crate::domain::Oin;

/// A code of the book, such as a document kind or an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u16);

impl Word {
    /// No code.
    pub const NONE: Self = Self(0);

    /// Its place in a table.
    pub(super) fn place(self) -> usize {
        self.0.into()
    }
}

/// The codes that were seen so far.
#[derive(Debug)]
pub struct Words {
    list: Vec<Arc<str>>,
    known: HashMap<Arc<str>, Word>,
}

impl Words {
    pub(super) fn new() -> Self {
        let mut words = Self {
            list: Vec::new(),
            known: HashMap::new(),
        };
        words.learn("");
        words
    }

    /// The number of a code. They come from bundles and from this program, so there are few; should
    /// there ever be more than fit, the rest is shown as none.
    pub(super) fn learn(&mut self, text: &str) -> Word {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let Ok(next) = u16::try_from(self.list.len()) else {
            return Word::NONE;
        };
        let text: Arc<str> = text.into();
        self.list.push(Arc::clone(&text));
        self.known.insert(text, Word(next));
        Word(next)
    }

    /// The number of a code that was seen before.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Word> {
        self.known.get(text).copied()
    }

    /// The code; empty for none.
    #[must_use]
    pub fn text(&self, word: Word) -> &str {
        self.list.get(usize::from(word.0)).map_or("", |text| text)
    }
}

/// An organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party(u8);

impl Party {
    /// None.
    pub const NONE: Self = Self(u8::MAX);

    /// Its place in a table.
    pub(super) fn place(self) -> usize {
        self.0.into()
    }
}

/// The organisations that were seen so far.
#[derive(Debug, Default)]
pub struct Parties(Vec<Oin>);

impl Parties {
    pub(super) fn learn(&mut self, oin: Oin) -> Party {
        if let Some(known) = self.find(oin) {
            return known;
        }
        match u8::try_from(self.0.len()) {
            Ok(next) if next < u8::MAX => {
                self.0.push(oin);
                Party(next)
            }
            _ => Party::NONE,
        }
    }

    /// The number of an organisation that was seen before.
    #[must_use]
    pub fn find(&self, oin: Oin) -> Option<Party> {
        let at = self.0.iter().position(|known| *known == oin)?;
        u8::try_from(at).ok().map(Party)
    }

    /// The organisation.
    #[must_use]
    pub fn oin(&self, party: Party) -> Option<Oin> {
        self.0.get(usize::from(party.0)).copied()
    }
}

/// A personal value as a number that says nothing outside this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u64);

impl Tag {
    /// No value.
    pub const NONE: Self = Self(0);

    /// Whether there is a value.
    #[must_use]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }
}

/// For maps by tag: a tag is a hash already, made with a key that nobody outside knows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TagHasher(u64);

impl Hasher for TagHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A map by tag.
pub(super) type ByTag<T> = HashMap<Tag, T, BuildHasherDefault<TagHasher>>;

/// What a personal value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// An address.
    Address,
    /// An employee or system of an organisation.
    Employee(Oin),
    /// A case of an organisation.
    Case(Oin),
    /// An owner.
    Owner,
    /// A reference to a form.
    Reference,
}

/// Makes the tags: with a key of this process that is never written down, so that neither the index
/// nor a dump of it is a list of people.
#[derive(Clone)]
pub(super) struct Tagger(hmac::Key);

impl fmt::Debug for Tagger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tagger([redacted])")
    }
}

impl Tagger {
    pub(super) fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut key = [0; 32];
        random.fill(&mut key)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The tag of a value. Two values that share one by chance are a matter of 2⁶⁴.
    #[must_use]
    pub(super) fn tag(&self, what: Personal, value: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.0);
        let (kind, oin): (&[u8], Option<Oin>) = match what {
            Personal::Address => (b"adres", None),
            Personal::Employee(oin) => (b"medewerker", Some(oin)),
            Personal::Case(oin) => (b"zaak", Some(oin)),
            Personal::Owner => (b"eigenaar", None),
            Personal::Reference => (b"kenmerk", None),
        };
        context.update(kind);
        if let Some(oin) = &oin {
            context.update(oin.as_str().as_bytes());
        }
        context.update(b"\n");
        context.update(value.as_bytes());
        let made = context.sign();
        let bytes = made.as_ref().first_chunk::<8>().copied();
        Tag(bytes.map_or(1, u64::from_be_bytes).max(1))
    }
}

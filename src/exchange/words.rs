//! The words one organisation may use at the counter, and those it is answered in: the shared words of
//! the bundle in force and, where it is configured so, its own. Behind the counter only shared words
//! exist.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use crate::domain::{DocumentKind, Malformed, Mark, Oin, Purpose};
use crate::policy::{OwnWords, PartyWords, Vocabulary};

/// A word shares at least this part of its letters with one that could be meant.
const LIKENESS: f64 = 0.5;
/// How alike a word is to one that it is a part of, or that is a part of it.
const PART: f64 = 0.75;
/// The shortest part of a word that says anything.
const PART_CHARS: usize = 3;
/// So many words at most are suggested.
const SUGGESTIONS: usize = 3;
/// A longer text is no slip of the pen.
const WORD_CHARS: usize = 128;

/// The words that exist at this moment for one organisation: those of the bundle in force, and the
/// organisations that were configured. Input that names another is refused with what could be meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCodes {
    /// Purposes (`doel`).
    pub purposes: Codes<Purpose>,
    /// Document kinds (`soort`).
    pub kinds: Codes<DocumentKind>,
    /// Marks on a dossier (`kenmerk`).
    pub marks: Codes<Mark>,
    /// The configured organisations.
    pub organisations: BTreeSet<Oin>,
}

impl KnownCodes {
    /// Of a bundle, for an organisation that uses these words of its own; `None` for one that speaks
    /// shared words.
    pub(super) fn new(
        vocabulary: Option<&Vocabulary>,
        own: Option<&PartyWords>,
        organisations: BTreeSet<Oin>,
    ) -> Self {
        let known = |vocabulary: &Vocabulary| {
            (
                vocabulary.purposes().map(|p| p.code.clone()).collect(),
                vocabulary.kinds().map(|(kind, _)| kind.clone()).collect(),
                vocabulary.marks().map(|(mark, _)| mark.clone()).collect(),
            )
        };
        let (purposes, kinds, marks) = vocabulary.map(known).unwrap_or_default();
        Self {
            purposes: Codes::new(purposes, own.map(|own| &own.purposes)),
            kinds: Codes::new(kinds, own.map(|own| &own.kinds)),
            marks: Codes::new(marks, own.map(|own| &own.marks)),
            organisations,
        }
    }
}

/// The words for one sort of thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes<T> {
    shared: BTreeSet<T>,
    /// `None` for an organisation that speaks shared words.
    own: Option<OwnWords<T>>,
}

impl<T> Default for Codes<T> {
    fn default() -> Self {
        Self {
            shared: BTreeSet::new(),
            own: None,
        }
    }
}

impl<T: Ord + Clone + Display + FromStr<Err = Malformed>> Codes<T> {
    /// The shared words, and those of its own where the organisation uses them.
    #[must_use]
    pub fn new(shared: BTreeSet<T>, own: Option<&OwnWords<T>>) -> Self {
        Self {
            shared,
            own: own.cloned(),
        }
    }

    /// What a word of this organisation means.
    ///
    /// # Errors
    /// In Dutch what could have been meant instead, or else which words there are.
    pub fn read(&self, word: &str) -> Result<T, String> {
        if let Some(shared) = self.own.as_ref().and_then(|own| own.find(word)) {
            return Ok(shared.clone());
        }
        match T::from_str(word) {
            Ok(code) if self.shared.contains(&code) => return Ok(code),
            // Who speaks shared words only is told first what a word looks like.
            Err(malformed) if self.own.is_none() => return Err(format!("verwacht: {malformed}")),
            Ok(_) | Err(_) => {}
        }
        let nearest = self.nearest(word);
        Err(if nearest.is_empty() {
            format!("onbekend; bekend zijn: {}", self.answers().join(", "))
        } else {
            format!("onbekend; het meest lijkt het op: {}", nearest.join(", "))
        })
    }

    /// What this organisation calls it; a shared word stands for itself where it has no other.
    #[must_use]
    pub fn say(&self, shared: &T) -> String {
        let own = self.own.as_ref().and_then(|own| own.say(shared));
        own.map_or_else(|| shared.to_string(), ToString::to_string)
    }

    /// The words that could be meant by one that does not exist, the likeliest first.
    #[must_use]
    pub fn nearest(&self, word: &str) -> Vec<String> {
        if word.chars().count() > WORD_CHARS {
            return Vec::new();
        }
        let word = word.to_lowercase();
        let shared = self.shared.iter().map(ToString::to_string);
        let own = self.own.iter().flat_map(OwnWords::words);
        let words: BTreeSet<String> = shared.chain(own.map(ToString::to_string)).collect();
        let mut alike: Vec<(f64, String)> = words
            .into_iter()
            .map(|known| (likeness(&word, &known.to_lowercase()), known))
            .filter(|(likeness, _)| *likeness >= LIKENESS)
            .collect();
        alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let nearest = alike.into_iter().take(SUGGESTIONS);
        nearest.map(|(_, known)| known).collect()
    }

    /// Each thing by the word it is answered in.
    fn answers(&self) -> Vec<String> {
        let mut words: Vec<String> = self.shared.iter().map(|shared| self.say(shared)).collect();
        words.sort_unstable();
        words
    }
}

/// From 0 for nothing alike to 1 for the same.
fn likeness(word: &str, known: &str) -> f64 {
    let letters = strsim::normalized_damerau_levenshtein(word, known);
    let part = word.chars().count().min(known.chars().count()) >= PART_CHARS
        && (known.contains(word) || word.contains(known));
    if part { letters.max(PART) } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use crate::policy::Bundle;
    use std::path::Path;

    fn codes(own: Option<&str>) -> KnownCodes {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/2023-04-19-twg");
        let bundle = Bundle::load(&folder).unwrap();
        let vocabulary = bundle.vocabulary();
        let own = own.map(|role| Role::parse(role).unwrap());
        let own = own.and_then(|role| vocabulary.find_words_of(&role));
        KnownCodes::new(Some(vocabulary), own, BTreeSet::new())
    }

    #[test]
    fn a_word_that_does_not_exist_is_answered_with_what_it_could_be() {
        let (shared, img) = (codes(None), codes(Some("img")));
        let long = "opname".repeat(30);
        for (codes, word, told) in [
            (
                &shared,
                "opnamerappport",
                "onbekend; het meest lijkt het op: opnamerapport, schaderapport",
            ),
            (
                &shared,
                "opname",
                "onbekend; het meest lijkt het op: opnamerapport",
            ),
            (
                &shared,
                "factuur",
                "onbekend; bekend zijn: aos-inspectierapport, beoordeling, ",
            ),
            (
                &shared,
                "Schaderapport",
                "verwacht: een code van 1 tot 64 kleine letters",
            ),
            (
                &img,
                "adviesraport",
                "onbekend; het meest lijkt het op: adviesrapport",
            ),
            (
                &img,
                "Opnamerapport",
                "onbekend; het meest lijkt het op: opnamerapport",
            ),
            (
                &img,
                "bijzondere situatie",
                "onbekend; bekend zijn: AOS-rapport, beoordeling, besluit, ",
            ),
            (&img, "", "onbekend; bekend zijn: "),
            (&img, &long, "onbekend; bekend zijn: "),
        ] {
            let answer = codes.kinds.read(word).unwrap_err();
            assert!(answer.starts_with(told), "{word}: {answer}");
        }
        let answer = img.purposes.read("schade").unwrap_err();
        assert!(
            answer.starts_with("onbekend; het meest lijkt het op: "),
            "{answer}"
        );
    }

    #[test]
    fn own_words_and_shared_ones_are_read_and_own_ones_are_said() {
        for (own, word, code, said) in [
            (None, "schaderapport", "schaderapport", "schaderapport"),
            (
                Some("img"),
                "Deskundigenadvies",
                "schaderapport",
                "deskundigenadvies",
            ),
            (
                Some("img"),
                "adviesrapport",
                "schaderapport",
                "deskundigenadvies",
            ),
            (
                Some("img"),
                "schaderapport",
                "schaderapport",
                "deskundigenadvies",
            ),
            (
                Some("img"),
                "aos-RAPPORT",
                "aos-inspectierapport",
                "AOS-rapport",
            ),
            (Some("img"), "planning", "planning", "planning"),
            (
                Some("ncg"),
                "constructief rapport",
                "engineeringrapport",
                "constructief rapport",
            ),
            // A party without words of its own, at words = "own", speaks shared ones.
            (Some("gemeente"), "planning", "planning", "planning"),
        ] {
            let codes = codes(own);
            let read = codes.kinds.read(word);
            assert_eq!(read, Ok(DocumentKind::parse(code).unwrap()), "{word}");
            assert_eq!(codes.kinds.say(&read.unwrap()), said, "{word}");
        }
        let ncg = codes(Some("ncg"));
        let urgent = Mark::parse("urgentie").unwrap();
        assert_eq!(ncg.marks.read("Bijzondere situatie"), Ok(urgent.clone()));
        assert_eq!(ncg.marks.say(&urgent), "bijzondere situatie");
    }

    #[test]
    fn what_is_said_is_read_as_what_was_meant() {
        for own in [None, Some("img"), Some("ncg")] {
            let codes = codes(own);
            for kind in &codes.kinds.shared {
                assert_eq!(codes.kinds.read(&codes.kinds.say(kind)).as_ref(), Ok(kind));
            }
            for purpose in &codes.purposes.shared {
                let said = codes.purposes.say(purpose);
                assert_eq!(codes.purposes.read(&said).as_ref(), Ok(purpose));
            }
        }
    }
}

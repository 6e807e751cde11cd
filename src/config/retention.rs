//! `[retention]`: for how long what opens entries is kept, for each kind of entry.

use super::section::Section;
use crate::ledger::entry::Kind;

/// The most years a term can have.
const MOST_YEARS: i64 = 100;

/// Kinds whose openings can have a term: what tells of something that is over.
const TERMS: [Kind; 8] = [
    Kind::Decision,
    Kind::Search,
    Kind::Reading,
    Kind::Review,
    Kind::Proposal,
    Kind::Check,
    Kind::Erasure,
    Kind::Hold,
];

/// What the registry is made of: without it nobody could say any more why something holds today.
const REGISTRY: [Kind; 6] = [
    Kind::Choice,
    Kind::Withdrawal,
    Kind::Owners,
    Kind::Dossier,
    Kind::Aos,
    Kind::AosEnd,
];

/// The terms, in whole calendar years after the one of the entry; a kind that is not here is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Kind and years.
    pub terms: Vec<(Kind, u16)>,
}

pub(super) fn retention(root: &mut Section) -> RetentionSettings {
    let mut section = root.table("retention");
    let mut terms = Vec::new();
    for kind in TERMS {
        if section.has(kind.code()) {
            let years = section.number(kind.code(), 1..=MOST_YEARS, 1);
            let years = years.and_then(|years| u16::try_from(years).ok());
            terms.extend(years.map(|years| (kind, years)));
        }
    }
    for kind in REGISTRY {
        if section.has(kind.code()) {
            let _ = section.number(kind.code(), 1..=MOST_YEARS, 1);
            section.mistake(
                kind.code(),
                "has no term: what holds today rests on it; erase an address with `sluis ledger erase`",
            );
        }
    }
    RetentionSettings { terms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::section::read_alone;

    fn read(text: &str) -> (RetentionSettings, Vec<String>) {
        let (settings, mistakes) = read_alone(text, retention);
        (settings, mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_term_is_of_a_kind_that_can_have_one() {
        for (wrong, says) in [
            ("retention = 7", "expected a table"),
            ("[retention]\nbesluit = 0", "retention.besluit: "),
            ("[retention]\nbesluit = 101", "retention.besluit: "),
            ("[retention]\nbesluit = \"7\"", "retention.besluit: "),
            (
                "[retention]\ntoestemming = 7",
                "what holds today rests on it",
            ),
            ("[retention]\nstart = 7", "retention.start: "),
            ("[retention]\nbesluiten = 7", "retention.besluiten: "),
        ] {
            let (_, mistakes) = read(wrong);
            assert_eq!(mistakes.len(), 1, "{wrong}: {mistakes:?}");
            assert!(mistakes[0].contains(says), "{wrong}: {mistakes:?}");
        }
        assert_eq!(read(""), (RetentionSettings::default(), Vec::new()));
        let (settings, mistakes) = read("[retention]\nzoek = 2\nbesluit = 7");
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(settings.terms, [(Kind::Decision, 7), (Kind::Search, 2)]);
    }

    /// The lines of the sample are read when they are taken out of comment.
    #[test]
    fn the_sample_is_read() {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/sluis.toml");
        let text = std::fs::read_to_string(sample).unwrap();
        let (_, table) = text.split_once("# [retention]\n").unwrap();
        let lines = table.lines().map_while(|line| line.strip_prefix("# "));
        let lines: Vec<&str> = lines.collect();
        let (settings, mistakes) = read(&format!("[retention]\n{}", lines.join("\n")));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(settings.terms.len(), 3);
    }
}

//! How a file of rules is laid out: as `cedar-policy-formatter` does, two spaces deep and a hundred
//! characters wide. The layout is in a bundle's hash, so it is changed before a bundle is signed, never
//! after; it says nothing about what a rule means.

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use super::mistake::Mistake;
use super::source::Source;

const LAYOUT: Config = Config {
    line_width: 100,
    indent_width: 2,
};

/// A file of rules as it should be laid out; `None` for one that cannot be read as rules.
pub(super) fn laid_out(text: &str) -> Option<String> {
    policies_str_to_pretty(text, &LAYOUT).ok()
}

/// The files that are laid out otherwise, each at its first line that is.
pub(super) fn otherwise(source: &Source) -> Vec<Mistake> {
    let differs = |(file, text): (&str, &str)| {
        let wanted = laid_out(text)?;
        if wanted == text {
            return None;
        }
        let mut lines = text.lines().zip(wanted.lines());
        let same = lines.by_ref().take_while(|(is, wanted)| is == wanted);
        let line = same.count() + 1;
        let expected = wanted.lines().nth(line - 1).unwrap_or_default().trim();
        let text = format!("anders opgemaakt; verwacht hier `{expected}`");
        Some(Mistake::at(file, line, text))
    };
    source.rules().filter_map(differs).collect()
}

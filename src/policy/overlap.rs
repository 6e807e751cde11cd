//! Bundles whose dates contradict each other: at some moment both say that they decide.
//!
//! A bundle without an end decides until the next one relieves it, so that is no contradiction; an end
//! that lies after the beginning of the next is one, and so are two beginnings at the same moment.

use super::bundle::Bundle;
use super::mistake::Mistake;
use super::source::MANIFEST;

/// What is wrong with the dates of these bundles together, each with the bundle it stands in: the one
/// that begins earlier, or that was named later. Candidates decide nothing, so theirs do not matter.
#[must_use]
pub fn overlapping(bundles: &[&Bundle]) -> Vec<(String, Mistake)> {
    let mut dated: Vec<&Bundle> = bundles
        .iter()
        .filter(|bundle| !bundle.is_candidate())
        .copied()
        .collect();
    // Stable: of two that begin together, the one named first comes first.
    dated.sort_by_key(|bundle| bundle.in_force().0);
    let mut wrong = Vec::new();
    for (at, earlier) in dated.iter().enumerate() {
        for later in dated.iter().skip(at + 1) {
            let (from, until) = earlier.in_force();
            let (next, _) = later.in_force();
            if earlier.hash() == later.hash() {
                continue;
            }
            if from == next {
                let text = format!("begint op hetzelfde moment als {}, {next}", earlier.id());
                wrong.push(mistake(later, "van", &text));
            } else if until.is_some_and(|until| next < until) {
                let text = format!("eindigt pas nadat {} begint, {next}", later.id());
                wrong.push(mistake(earlier, "tot", &text));
            }
        }
    }
    wrong
}

fn mistake(bundle: &Bundle, key: &str, text: &str) -> (String, Mistake) {
    let mut mistake = Mistake::in_file(MANIFEST, format!("`{key}`: {text}"));
    mistake.line = bundle.line_of_date(key);
    (bundle.id().to_owned(), mistake)
}

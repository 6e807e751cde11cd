//! The corpus of the fuzz targets, replayed: what is called `good-…` is accepted, all else refused,
//! and nothing brings anything down.

use std::collections::BTreeSet;
use std::path::Path;

use crate::targets::TARGETS;

#[test]
fn the_corpus_is_judged_as_its_names_say() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let folders: BTreeSet<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, targets, "a folder for each target");
    for (name, target) in TARGETS {
        let mut good = 0;
        let mut wrong = 0;
        for input in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = input.unwrap().path();
            let expected = path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("good-");
            let accepted = target(&std::fs::read(&path).unwrap());
            assert_eq!(accepted, expected, "{}", path.display());
            *(if expected { &mut good } else { &mut wrong }) += 1;
        }
        assert!(good > 0 && wrong > 0, "{name}: {good} good, {wrong} wrong");
    }
}

/// Every beginning of every input, and every input with one byte more or another one; of what takes long
/// to read, at some places only.
#[test]
fn nothing_near_the_corpus_brings_anything_down() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, target) in TARGETS {
        for input in std::fs::read_dir(corpus.join(name)).unwrap() {
            let bytes = std::fs::read(input.unwrap().path()).unwrap();
            let (length, places) = match name {
                "manifest" => (bytes.len(), 4),
                "token" => (bytes.len(), 24),
                "framing" | "certificate" => (bytes.len(), 100),
                _ => (bytes.len().min(600), 600),
            };
            for at in (0..length).step_by(length.div_ceil(places).max(1)) {
                target(&bytes[..at]);
                for other in [0, b'\n', b'0', 0xff] {
                    let mut touched = bytes.clone();
                    touched[at] = other;
                    target(&touched);
                    touched.insert(at, other);
                    target(&touched);
                }
            }
        }
    }
}

//! A bundle's manifest; one that is good is tried with the other files of a shipped bundle.

use serde_json::json;
use sluis::policy::{Bundle, manifest_mistakes};

const MANIFEST: &str = "manifest.toml";

/// The rest of the bundle of 2023.
const BESIDE: [(&str, &str); 3] = [
    (
        "schema.cedarschema",
        include_str!("../../policies/2023-04-19-twg/schema.cedarschema"),
    ),
    (
        "tabel.csv",
        include_str!("../../policies/2023-04-19-twg/tabel.csv"),
    ),
    (
        "grenzen.cedar",
        include_str!("../../policies/2023-04-19-twg/grenzen.cedar"),
    ),
];
const RULES: (&str, &str) = (
    "10-wettelijke-plicht.cedar",
    include_str!("../../policies/2023-04-19-twg/10-wettelijke-plicht.cedar"),
);

pub(super) fn manifest(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let mistakes = manifest_mistakes(text);
    let lines = text.split('\n').count();
    for mistake in &mistakes {
        assert_eq!(mistake.file, MANIFEST);
        assert!(!mistake.text.is_empty());
        assert!(mistake.line.is_none_or(|line| (1..=lines).contains(&line)));
    }
    if !mistakes.is_empty() {
        return false;
    }
    let mut files = serde_json::Map::new();
    for (name, text) in BESIDE.into_iter().chain([RULES, (MANIFEST, text)]) {
        files.insert(name.to_owned(), json!(text));
    }
    match Bundle::from_text(&json!(files).to_string()) {
        Ok(bundle) => {
            let again = Bundle::from_text(bundle.files()).expect("its own files");
            assert_eq!(again.hash(), bundle.hash());
        }
        Err(error) => assert!(!error.mistakes().is_empty()),
    }
    true
}

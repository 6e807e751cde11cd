//! `sluis policy document`: a bundle as a page.

use crate::process::sluis;

const TWG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/2023-04-19-twg");

/// The command with these arguments: its exit code, and all it said.
fn document(args: &[&str]) -> (i32, String) {
    let output = sluis(["policy", "document"].iter().chain(args));
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

#[test]
fn a_bundle_is_written_as_a_page_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("afspraken.html");
    let file = path.to_str().unwrap();
    let wrong = folder.path().join("2023-04-19-twg");
    without_manifest(&wrong);
    for (args, code, expected) in [
        (vec![], 64, "<DIR>"),
        (vec![TWG, "--taal", "fr"], 64, "nl"),
        (vec!["/nowhere/at/all"], 64, "cannot be read"),
        (vec![wrong.to_str().unwrap()], 1, "manifest.toml"),
        (vec![TWG], 0, "<html lang=\"nl\">"),
        (
            vec![TWG, "--taal", "en", "--out", file],
            0,
            "afspraken.html",
        ),
        (
            vec![TWG, "--out", file],
            64,
            "name a file that is not there yet",
        ),
    ] {
        let (exit, said) = document(&args);
        assert_eq!(exit, code, "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(
        page.starts_with("<!doctype html>\n<html lang=\"en\">"),
        "{page}"
    );
}

/// A bundle of which the manifest is not one.
fn without_manifest(folder: &std::path::Path) {
    std::fs::create_dir(folder).unwrap();
    for entry in std::fs::read_dir(TWG).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    std::fs::write(folder.join("manifest.toml"), "code = 1").unwrap();
}

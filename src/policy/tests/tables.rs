//! The shipped bundles: checked whole, their tables run, and the embedded copy the same as the disk.

use super::support::{CANDIDATE, CONVENANT, TWG, bundle, changed, folder};
use crate::policy::cli::{self, Exit};
use crate::policy::{Bundle, shipped, write_shipped};

#[test]
fn every_shipped_bundle_is_clean_and_its_table_holds() {
    let dirs = [CONVENANT, TWG, CANDIDATE].map(folder);
    for command in [cli::check, cli::test] {
        let mut out = Vec::new();
        let exit = command(&dirs, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(exit, Exit::Clean, "\n{out}");
    }
}

#[test]
fn a_row_that_is_wrong_is_named_with_what_differs() {
    let table = String::from_utf8(
        super::support::files(TWG)
            .into_iter()
            .find(|(name, _)| name == "tabel.csv")
            .map(|(_, bytes)| bytes)
            .unwrap(),
    )
    .unwrap();
    let row = table
        .lines()
        .find(|line| line.contains(";TwG 3(4);;;schade-afhandeling"))
        .unwrap();
    let wrong = row
        .replace("TwG 3(4)", "TwG 3(5)")
        .replace("AVG 6(1)(c)", "AVG 6(1)(a)");
    let bundle = changed(TWG, "tabel.csv", &[(row, wrong.as_str())]).unwrap();
    let report = bundle.run_table();
    let differences = &report.failures.first().unwrap().differences;
    assert_eq!(report.failures.len(), 5, "one for each kind of the row");
    assert_eq!(
        differences,
        &[
            "grondslag: verwacht \"AVG 6(1)(a)\", maar het is \"AVG 6(1)(c)\"",
            "artikel: verwacht \"TwG 3(5)\", maar het is \"TwG 3(4)\"",
        ]
    );

    let dir = tempfile::tempdir().unwrap();
    write_shipped(dir.path()).unwrap();
    let folder = dir.path().join(TWG);
    std::fs::write(folder.join("tabel.csv"), table.replacen(row, &wrong, 1)).unwrap();
    let mut out = Vec::new();
    assert_eq!(cli::test(&[folder], &mut out).unwrap(), Exit::Wrong);
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("FOUT  2023-04-19-twg/tabel.csv:"), "{out}");
}

#[test]
fn what_is_carried_inside_is_what_stands_on_disk() {
    let on_disk = |code: &str| {
        let mut names: Vec<String> = std::fs::read_dir(folder(code))
            .unwrap()
            .map(|entry| format!("{code}/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        names.sort();
        names
    };
    let carried: Vec<&str> = shipped().map(|(path, _)| path).collect();
    let disk: Vec<String> = [CONVENANT, TWG, CANDIDATE].map(on_disk).concat();
    assert_eq!(carried, disk);

    let dir = tempfile::tempdir().unwrap();
    write_shipped(dir.path()).unwrap();
    for code in [CONVENANT, TWG, CANDIDATE] {
        let written = Bundle::load(&dir.path().join(code)).unwrap();
        assert_eq!(written.hash(), Bundle::load(&folder(code)).unwrap().hash());
        assert_eq!(written.hash(), bundle(code).hash());
        assert_eq!(written.id(), code);
        assert!(written.caveat().contains("geen juridisch advies"));
    }
}

#[test]
fn commands_that_cannot_run_say_what_to_do() {
    for (dirs, start) in [
        (vec![], "name at least one bundle folder"),
        (
            vec!["/nowhere/at/all".into()],
            "FOUT  /nowhere/at/all: cannot be read",
        ),
    ] {
        let mut out = Vec::new();
        let exit = cli::check(&dirs, &mut out).unwrap();
        assert_eq!((exit, exit.code()), (Exit::Usage, 64));
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with(start), "{out}");
    }
}

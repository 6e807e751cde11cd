//! `sluis demo --seed-year`: a year of traffic in the book, whole or not at all.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::process::{SLUIS, mortal, sluis, spawn};

fn demo(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.to_str().unwrap();
    let args = ["demo", "--tour", "--ports", "0", "--dir", folder];
    sluis(args.iter().chain(more))
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_year_of_another_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["--seed-year=199", "--seed-year=26001", "--seed-year=veel"] {
        let (code, _, errors) = said(&demo(folder.path(), &[wrong]));
        assert_eq!(code, Some(64), "{wrong}: {errors}");
        assert!(errors.contains("--seed-year"), "{errors}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing made");
}

#[test]
fn a_book_without_a_year_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = said(&demo(folder.path(), &[]));
    assert_eq!(code, Some(0), "{errors}");
    let book = std::fs::read(folder.path().join("ledger/log.key")).unwrap();
    let (code, _, errors) = said(&demo(folder.path(), &["--seed-year=200"]));
    assert_eq!(code, Some(64), "{errors}");
    assert!(
        errors.contains("without a year") && errors.contains("--dir"),
        "{errors}"
    );
    let after = std::fs::read(folder.path().join("ledger/log.key")).unwrap();
    assert_eq!(book, after);
}

#[test]
fn a_year_is_played_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();

    // Broken off in the middle: there is no half a year.
    let mut command = mortal("KILL", SLUIS);
    command.args(["demo", "--ports", "0", "--seed-year", "--dir"]);
    command
        .arg(folder.path())
        .stdout(std::process::Stdio::null());
    let mut broken_off = spawn(command).unwrap();
    let begun = folder.path().join("jaar.new/ledger/ledger.db-wal");
    let until = Instant::now() + Duration::from_mins(1);
    while std::fs::metadata(&begun).map_or(0, |about| about.len()) < 1_000_000 {
        assert!(Instant::now() < until, "nothing was played");
        std::thread::sleep(Duration::from_millis(20));
    }
    broken_off.kill().unwrap();
    broken_off.wait().unwrap();
    assert!(!folder.path().join("ledger").exists());

    let (code, seen, errors) = said(&demo(folder.path(), &["--seed-year=200"]));
    assert_eq!(code, Some(0), "{errors}{seen}");
    assert!(seen.contains("200 adressen"), "{seen}");
    // Its releases were judged as the year went on.
    let judged = seen.split(" oordelen achteraf").next().unwrap_or_default();
    let judged = judged.split_whitespace().next_back().unwrap_or_default();
    assert!(judged.parse::<u32>().is_ok_and(|many| many > 0), "{seen}");
    assert!(!folder.path().join("jaar.new").exists());

    let config = folder.path().join("sluis.toml");
    let config = config.to_str().unwrap();
    let out = folder.path().join("export");
    let out = out.to_str().unwrap();
    let export = ["ledger", "export", "--config", config, "--out", out];
    let of_export = ["ledger", "verify", "--config", config, "--export", out];
    let kept = folder.path().join("export/log/checkpoint");
    let kept = ["--at-least", kept.to_str().unwrap()];
    for (args, says) in [
        (
            vec!["ledger", "verify", "--config", config],
            "Not checked: ",
        ),
        (
            vec!["ledger", "verify", "--replay", "--config", config],
            "Every decision follows",
        ),
        (export.to_vec(), "were checked and written"),
        (of_export.to_vec(), "Not checked: "),
        (
            [&of_export[..], &["--replay"], &kept].concat(),
            "Every decision follows",
        ),
        (vec!["ledger", "drill", "--config", config], "the same root"),
    ] {
        let (code, told, errors) = said(&sluis(&args));
        assert_eq!(code, Some(0), "{args:?}: {errors}{told}");
        assert!(told.contains(says), "{args:?}: {told}");
        assert!(!told.contains("were not judged"), "{args:?}: {told}");
    }
    let (code, _, errors) = said(&sluis(export));
    assert_eq!(code, Some(64), "{errors}");
    assert!(errors.contains("not an empty folder"), "{errors}");
    let restore = ["ledger", "restore", "--config", config, "--from", out];
    let (code, _, errors) = said(&sluis(restore));
    assert_eq!(code, Some(64), "{errors}");
    assert!(errors.contains("there is a ledger"), "{errors}");

    let (code, seen, errors) = said(&demo(folder.path(), &["--seed-year", "3000"]));
    assert_eq!(code, Some(0), "{errors}{seen}");
    assert!(seen.contains("200 adressen; was al gespeeld"), "{seen}");
}

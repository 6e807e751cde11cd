//! The shipped bundles: checked whole, their tables run, and the embedded copy the same as the disk.

use super::support::{CANDIDATE, CONVENANT, TWG, bundle, changed, folder};
use crate::policy::cli::{self, Exit};
use crate::policy::{Bundle, overlapping, shipped, write_shipped};

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
    let lines: Vec<&str> = out.lines().collect();
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(words, ["nr", "aanvraag", "soort", "verwacht", "situatie"]);
    // Five kinds of one row, each with its place and its two differences, before any row that is right.
    assert!(lines[1].starts_with("FOUT"), "{out}");
    assert!(
        lines[1].contains("img vraagt ncg: schade-afhandeling"),
        "{out}"
    );
    assert!(
        lines[2].starts_with("      2023-04-19-twg/tabel.csv:"),
        "{out}"
    );
    assert!(lines[3].starts_with("      grondslag: verwacht"), "{out}");
    let first_good = lines
        .iter()
        .position(|line| line.starts_with("goed"))
        .unwrap();
    assert_eq!(first_good, 1 + 5 * 4);
    assert!(
        lines[first_good..]
            .iter()
            .all(|line| !line.starts_with("      ")),
        "{out}"
    );
    let situation = lines[0].find("situatie").unwrap();
    assert!(
        lines
            .iter()
            .filter(|line| line.starts_with("goed  1"))
            .all(|line| {
                line.chars().nth(situation - 1) == Some(' ')
                    && line.chars().nth(situation) != Some(' ')
            }),
        "aligned:\n{out}"
    );
    let sum = lines.last().unwrap();
    assert!(sum.starts_with("FOUT  2023-04-19-twg: "), "{sum}");
    assert!(sum.ends_with(", 5 anders dan verwacht"), "{sum}");
}

#[test]
fn bundles_whose_dates_contradict_each_other_are_refused_together() {
    let dir = tempfile::tempdir().unwrap();
    write_shipped(dir.path()).unwrap();
    let folders = [CONVENANT, TWG, CANDIDATE].map(|code| dir.path().join(code));
    let manifest = dir.path().join(CONVENANT).join("manifest.toml");
    let shipped = std::fs::read_to_string(&manifest).unwrap();
    let until = shipped
        .lines()
        .position(|line| line.starts_with("tot = "))
        .unwrap()
        + 1;
    let begins = "2023-04-18T22:00:00.000Z";
    let told = |from: Option<&str>, tot: &str| {
        let changed = shipped.lines().map(|line| match from {
            Some(from) if line.starts_with("van = \"") => from,
            _ if line.starts_with("tot = \"") => tot,
            _ => line,
        });
        std::fs::write(&manifest, changed.collect::<Vec<_>>().join("\n")).unwrap();
        let bundles = folders.each_ref().map(|dir| Bundle::load(dir).unwrap());
        let wrong = overlapping(&bundles.iter().collect::<Vec<_>>());
        let wrong = wrong
            .iter()
            .map(|(bundle, mistake)| format!("{bundle}/{mistake}"));
        wrong.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        told(None, "tot = \"2023-04-18T22:00:00Z\""),
        "",
        "one ends as the next begins"
    );
    assert_eq!(
        told(None, ""),
        "",
        "without an end it is relieved by the next"
    );
    let same = told(Some("van = \"2023-04-18T22:00:00Z\""), "");
    let expected = format!("`van`: begint op hetzelfde moment als {CONVENANT}, {begins}");
    assert!(same.starts_with(&format!("{TWG}/manifest.toml:")), "{same}");
    assert!(same.ends_with(&expected), "{same}");
    let late = told(None, "tot = \"2023-04-19T22:00:00Z\"");
    assert_eq!(
        late,
        format!(
            "{CONVENANT}/manifest.toml:{until}: `tot`: eindigt pas nadat {TWG} begint, {begins}"
        )
    );
    let mut out = Vec::new();
    assert_eq!(cli::check(&folders, &mut out).unwrap(), Exit::Wrong);
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains(&format!("FOUT  {late}\n")), "{out}");
}

#[test]
fn laying_out_changes_no_meaning_and_is_done_once() {
    let dir = tempfile::tempdir().unwrap();
    write_shipped(dir.path()).unwrap();
    let folders = [CONVENANT, TWG, CANDIDATE].map(|code| dir.path().join(code));
    let said = |command: fn(&[std::path::PathBuf], &mut dyn std::io::Write) -> _| {
        let mut out = Vec::new();
        let exit: std::io::Result<Exit> = command(&folders, &mut out);
        (exit.unwrap(), String::from_utf8(out).unwrap())
    };
    let rules = dir.path().join(TWG).join("20-aos.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(
        &rules,
        text.replace("context.team == ", "context.team   =="),
    )
    .unwrap();
    let (exit, told) = said(cli::check);
    assert_eq!(exit, Exit::Clean, "no mistake");
    let by_hand = "let op  2023-04-19-twg: met de hand opgemaakt";
    let by_hand = told.lines().find(|line| line.starts_with(by_hand));
    assert!(
        by_hand.is_some_and(|line| line.contains("20-aos.cedar")),
        "{told}"
    );
    let (_, told) = said(cli::format);
    assert!(
        told.contains("opgemaakt  2023-04-19-twg/20-aos.cedar\n"),
        "{told}"
    );
    assert_eq!(said(cli::format), (Exit::Clean, String::new()));
    let (exit, told) = said(cli::check);
    assert_eq!(exit, Exit::Clean, "{told}");
    assert!(!told.contains("let op"), "{told}");
    assert_eq!(said(cli::test).0, Exit::Clean);
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

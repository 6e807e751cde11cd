//! `sluis policy sign`: what nobody should sign, and what a signature looks like.

use std::path::{Path, PathBuf};

use crate::party::pki;
use crate::process::sluis;
use crate::world::sign;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(name)
}

const TWG: &str = "2023-04-19-twg";
const CONVENANT: &str = "2021-04-01-convenant";
const CANDIDATE: &str = "kandidaat-combinatiedossier";

/// Runs it with these arguments: its exit code, and all it said.
fn signing(args: &[(&str, &Path)], more: &[&str]) -> (i32, String) {
    let mut all = vec!["policy".to_owned(), "sign".to_owned()];
    for (name, value) in args {
        all.extend([(*name).to_owned(), value.display().to_string()]);
    }
    all.extend(more.iter().map(|one| (*one).to_owned()));
    let output = sluis(all);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn what_nobody_should_sign_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let (key, cert) = (pki().join("img.key"), pki().join("img.pem"));
    let (twg, candidate) = (shipped(TWG), shipped(CANDIDATE));
    let proof = |code: &str| shipped("bewijzen").join(format!("{code}.json"));
    let good = std::fs::read_to_string(proof(TWG)).unwrap();
    let with = |name: &str, text: &str| {
        std::fs::write(place(name), text).unwrap();
        place(name)
    };
    let lacking = with(
        "lacking.json",
        &good.replacen("\"grens-gezondheid\",", "", 1),
    );
    let spaced = with("spaced.json", &good.replacen(':', ": ", 1));
    let ours = with("taken.json", "ours");
    let changed = place(TWG);
    std::fs::create_dir(&changed).unwrap();
    for entry in std::fs::read_dir(&twg).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let text = text.replacen("titel = \"", "titel = \"Anders: ", 1);
        std::fs::write(changed.join(entry.file_name()), text).unwrap();
    }
    let of_twg = proof(TWG);
    let other_key = pki().join("ncg.key");
    let rows = [
        (
            "no proof",
            twg.as_path(),
            None,
            key.as_path(),
            place("a"),
            &[][..],
            "--proof is missing: nobody signs for what is not proven; `sluis policy prove",
        ),
        (
            "a proof that is not there",
            twg.as_path(),
            Some(place("gone.json")),
            key.as_path(),
            place("a"),
            &[][..],
            "gone.json: cannot be read",
        ),
        (
            "no proof at all",
            twg.as_path(),
            Some(twg.join("manifest.toml")),
            key.as_path(),
            place("a"),
            &[][..],
            "manifest.toml: it is not a proof record",
        ),
        (
            "a proof that was written over",
            twg.as_path(),
            Some(spaced),
            key.as_path(),
            place("a"),
            &[][..],
            "a proof record is canonical JSON",
        ),
        (
            "the proof of another",
            twg.as_path(),
            Some(proof(CONVENANT)),
            key.as_path(),
            place("a"),
            &[][..],
            "the proof record is about the bundle",
        ),
        (
            "a bundle that was changed since",
            changed.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            place("a"),
            &[][..],
            "the proof record is about the bundle",
        ),
        (
            "a proof that lacks a limit",
            twg.as_path(),
            Some(lacking),
            key.as_path(),
            place("a"),
            &[][..],
            "does not cover grens-gezondheid",
        ),
        (
            "a candidate",
            candidate.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            place("a"),
            &[][..],
            "the bundle is a candidate",
        ),
        (
            "an end before its beginning",
            twg.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            place("a"),
            &[
                "--from",
                "2027-01-01T00:00:00Z",
                "--until",
                "2026-01-01T00:00:00Z",
            ][..],
            "before it begins",
        ),
        (
            "another time than the bundle is for",
            twg.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            place("a"),
            &["--from", "2022-01-01T00:00:00Z"][..],
            "the agreement is not within that",
        ),
        (
            "a time that is none",
            twg.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            place("a"),
            &["--from", "tomorrow"][..],
            "expected a time in UTC",
        ),
        (
            "somebody else's key",
            twg.as_path(),
            Some(of_twg.clone()),
            other_key.as_path(),
            place("a"),
            &[][..],
            "does not sign for",
        ),
        (
            "a file that is there",
            twg.as_path(),
            Some(of_twg.clone()),
            key.as_path(),
            ours.clone(),
            &[][..],
            "name a new file",
        ),
    ];
    for (what, bundle, proof, key, out, more, says) in rows {
        let mut args = vec![
            ("--bundle", bundle),
            ("--key", key),
            ("--cert", &cert),
            ("--out", &out),
        ];
        args.extend(proof.as_deref().map(|path| ("--proof", path)));
        let (code, said) = signing(&args, more);
        assert_eq!(code, 64, "{what}: {said}");
        assert!(said.contains(says), "{what}: {said}");
        assert_eq!(said.lines().count(), 1, "{what}: {said}");
        assert!(!place("a").exists(), "{what}");
    }
    assert_eq!(std::fs::read_to_string(ours).unwrap(), "ours");
}

#[test]
fn what_was_signed_stands_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("img.json");
    let proof = shipped("bewijzen").join(format!("{TWG}.json"));
    let told = sign("img", &shipped(TWG), Some(&proof), &out);
    assert!(told.status.success(), "{told:?}");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&proof).unwrap()).unwrap();
    let text = &file["verklaring"];
    assert_eq!(text["bewijzen"], record);
    assert_eq!(text["bundel"], record["bundel"]);
    assert_eq!(text["geldigVan"], "2023-04-18T22:00:00.000Z");
    assert_eq!(text["geldigTot"], serde_json::Value::Null);
    let parts: Vec<&str> = file["handtekening"].as_str().unwrap().split('.').collect();
    assert!(matches!(parts.as_slice(), [head, "", signature]
        if !head.is_empty() && !signature.is_empty()));
}

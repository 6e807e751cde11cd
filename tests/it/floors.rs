//! The house: a module imports only from floors below it (STYLE 4; ARCHITECTURE.md draws the same).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The floors, the lowest first. Modules on one floor do not know each other.
const FLOORS: [&[&str]; 8] = [
    &[
        "domain", "merkle", "clock", "bounds", "errors", "language", "paper", "finding",
        "queueing", "pace",
    ],
    &["policy", "identity", "store", "spans"],
    &["ledger", "https"],
    &[
        "provider",
        "fetch",
        "oidc",
        "oversight",
        "replay",
        "backup",
        "witness",
        "cosign",
        "views",
        "collect",
        "conformance",
    ],
    &["exchange", "follow"],
    &["http", "desk"],
    &["app", "serve", "config", "telemetry", "demo"],
    &["main", "commands"],
];

/// Neighbours that may know each other all the same: who, whom, why.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("domain", "clock", "a time is a value of the domain"),
    (
        "domain",
        "bounds",
        "limits are numbers, without a floor of their own",
    ),
    (
        "pace",
        "bounds",
        "limits are numbers, without a floor of their own",
    ),
    (
        "queueing",
        "bounds",
        "limits are numbers, without a floor of their own",
    ),
    ("paper", "language", "pages say which one they are in"),
    ("finding", "clock", "a term is between two moments"),
    ("app", "serve", "app puts everything together"),
    ("app", "config", "app puts everything together"),
    ("app", "telemetry", "app puts everything together"),
];

/// Crates with one home: crate, who may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("rustls", &["identity", "https", "provider", "serve"]),
    ("tokio_rustls", &["identity", "https", "provider", "serve"]),
    ("webpki", &["identity"]),
    ("rcgen", &["identity"]),
    ("x509_parser", &["identity"]),
    ("jsonwebtoken", &["identity"]),
    ("cedar_policy", &["policy"]),
    ("cedar_policy_symcc", &["policy"]),
    ("axum", &["http", "desk", "serve"]),
];

/// Files that may name a crate that is not theirs: file, crate, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "fetch.rs",
        "rustls",
        "an organisation reading from outside: the wire's other end",
    ),
    (
        "app/witness.rs",
        "rustls",
        "a witness's certificate is exchanged while it runs, and belongs to no identity",
    ),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text without comments, its lines kept: what stands in a comment imports nothing.
fn code(text: &str) -> String {
    let bare = |line: &str| match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| bare(line) + "\n").collect()
}

/// The text from where tests begin is left out: tests may look at the house from above.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {")
        .map_or(text, |at| &text[..at])
}

/// The top-level modules named after `start`, each with its line: `crate::a::b`, `crate::{a, b::c}`.
fn named(text: &str, start: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(start) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
            continue;
        }
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut reading = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.push((line, std::mem::take(&mut word)));
                        reading = true;
                        continue;
                    }
                    _ => {}
                }
                if c.is_alphanumeric() || c == '_' {
                    if reading {
                        word.push(c);
                    }
                } else if !c.is_whitespace() {
                    reading = false;
                }
            }
            found.push((line, word));
        } else {
            let word = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found.push((line, word));
        }
    }
    found.retain(|(_, word)| !word.is_empty());
    found
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// What is wrong with this file, as sentences.
fn violations(file: &str, text: &str) -> Vec<String> {
    let own = file.split(['/', '.']).next().unwrap();
    if own == "lib" {
        return Vec::new();
    }
    let Some(floor) = floor_of(own) else {
        return vec![format!("src/{file}: the module {own} stands on no floor")];
    };
    let text = code(without_tests(text));
    let is_test = file.contains("/tests/") || file.ends_with("/tests.rs");
    let mut wrong = Vec::new();
    let prefix = if own == "main" || own == "commands" {
        "sluis::"
    } else {
        "crate::"
    };
    for (line, other) in named(&text, prefix) {
        // A file of tests may look at the house from above; macros of the crate have no floor.
        let Some(other_floor) = floor_of(&other).filter(|_| other != own && !is_test) else {
            continue;
        };
        let neighbours = NEIGHBOURS.iter().any(|(a, b, _)| *a == own && *b == other);
        if other_floor >= floor && !neighbours {
            wrong.push(format!(
                "src/{file}:{line}: {own} (floor {floor}) imports {other} (floor {other_floor})"
            ));
        }
    }
    for (name, homes) in HOMES {
        let at_home = homes.contains(&own) || is_test;
        let excepted = EXCEPTIONS.iter().any(|(f, c, _)| *f == file && c == name);
        if !at_home && !excepted {
            let starts = [format!("{name}::"), format!("use {name};")];
            for (at, _) in starts
                .iter()
                .flat_map(|start| text.match_indices(start.as_str()))
            {
                let before = text[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let line = text[..at].matches('\n').count() + 1;
                wrong.push(format!(
                    "src/{file}:{line}: {own} names {name}, whose home is {homes:?}"
                ));
            }
        }
    }
    wrong
}

#[test]
fn a_module_imports_only_from_floors_below_it() {
    let house = house();
    let wrong: Vec<String> = house
        .iter()
        .flat_map(|(file, text)| violations(file, text))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Every file of the house: its path below `src`, its text.
fn house() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(
        files.len() > 100,
        "only {} files: is this the house?",
        files.len()
    );
    let read = |path: PathBuf| {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        (file, std::fs::read_to_string(&path).unwrap())
    };
    files.into_iter().map(read).collect()
}

#[test]
fn an_exception_that_nobody_needs_is_none() {
    let house = house();
    let imports = |from: &str, to: &str| {
        let of = house
            .iter()
            .filter(|(file, _)| file.split(['/', '.']).next() == Some(from));
        of.flat_map(|(_, text)| named(&code(without_tests(text)), "crate::"))
            .any(|(_, other)| other == to)
    };
    for (from, to, _) in NEIGHBOURS {
        assert!(imports(from, to), "{from} does not import {to}");
    }
    for (file, name, _) in EXCEPTIONS {
        let text = house.iter().find(|(known, _)| known == file);
        let names = text.is_some_and(|(_, text)| code(text).contains(&format!("{name}::")));
        assert!(names, "src/{file} does not name {name}");
    }
}

/// STYLE 4: the drawing and the table are the same.
#[test]
fn the_drawing_is_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).unwrap();
    let built: BTreeSet<String> = house()
        .iter()
        .map(|(file, _)| file.split(['/', '.']).next().unwrap().to_owned())
        .collect();
    for (floor, modules) in FLOORS.iter().enumerate() {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!(" {floor}  ")));
        let line = line.unwrap_or_else(|| panic!("floor {floor} is not drawn"));
        // Names, then after a wide gap what the floor is for.
        let names = line[4..].split("    ").next().unwrap();
        let drawn: BTreeSet<&str> = names
            .split([' ', '·'])
            .filter(|word| built.contains(*word))
            .collect();
        let here: BTreeSet<&str> = modules
            .iter()
            .copied()
            .filter(|module| built.contains(*module) && *module != "commands")
            .collect();
        assert_eq!(drawn, here, "floor {floor} in ARCHITECTURE.md");
    }
}

#[test]
fn a_violation_names_file_line_and_both_modules() {
    let cases: BTreeMap<(&str, &str), &[&str]> = BTreeMap::from([
        (
            ("store/x.rs", "use crate::ledger::Ledger;"),
            &["src/store/x.rs:1: store (floor 1) imports ledger (floor 2)"][..],
        ),
        (
            ("store/x.rs", "\nuse crate::{bounds, policy::Bundle};"),
            &["src/store/x.rs:2: store (floor 1) imports policy (floor 1)"],
        ),
        (
            ("ledger/x.rs", "fn f() -> crate::http::Router {}"),
            &["src/ledger/x.rs:1: ledger (floor 2) imports http (floor 5)"],
        ),
        (
            (
                "domain/x.rs",
                "use crate::{clock::Moment, merkle::{Hash, Edge}};",
            ),
            &["src/domain/x.rs:1: domain (floor 0) imports merkle (floor 0)"],
        ),
        (
            ("ledger/x.rs", "use sqlx::Row;"),
            &["src/ledger/x.rs:1: ledger names sqlx, whose home is [\"store\"]"],
        ),
        (
            ("cellar/x.rs", ""),
            &["src/cellar/x.rs: the module cellar stands on no floor"],
        ),
        (
            (
                "ledger/x.rs",
                "// use crate::http;\nuse crate::{merkle, store::{Store, sql}};",
            ),
            &[],
        ),
        (("fetch.rs", "use rustls::ClientConfig;"), &[]),
        (
            (
                "exchange/x.rs",
                "use crate::store::Store;\n#[cfg(test)]\nmod tests {\n use crate::app;\n}",
            ),
            &[],
        ),
    ]);
    for ((file, text), expected) in cases {
        assert_eq!(violations(file, text), expected, "{file}: {text}");
    }
}

/// Without this line cargo gives a benchmark a harness that runs nothing of it, and says it went well.
#[test]
fn every_benchmark_runs_itself() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest: toml::Table = manifest.unwrap().parse().unwrap();
    let benches = manifest["bench"].as_array().unwrap();
    assert!(benches.len() > 3, "{}", benches.len());
    for bench in benches {
        assert_eq!(
            bench["harness"].as_bool(),
            Some(false),
            "{:?}",
            bench["name"]
        );
    }
}

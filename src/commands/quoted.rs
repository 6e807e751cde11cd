//! What pages and units tell people to type is what the program understands.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;

use super::Cli;

/// Where the shell begins another command.
const BREAKS: [&str; 12] = [
    "|", "||", "&&", ";", "&", "(", "$(", "{", "do", "then", "!", "--",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of a folder and its folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The words of a piece of shell: what it quotes stays together, what stands in `$(…)` is taken apart.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        let last = words.last_mut().unwrap();
        match (next, quote) {
            ('\'' | '"', None) => quote = Some(next),
            (next, Some(open)) if next == open => quote = None,
            ('$', quoted) if quoted != Some('\'') && rest.peek() == Some(&'(') => {
                rest.next();
                last.push('X');
                // What is inside is a command of its own; what follows it belongs to the one outside.
                let mut inside = String::new();
                let mut depth = 1;
                for next in rest.by_ref() {
                    depth += i32::from(next == '(') - i32::from(next == ')');
                    if depth == 0 {
                        break;
                    }
                    inside.push(next);
                }
                let outside = words.pop().unwrap();
                let mut before = vec!["$(".to_owned()];
                before.extend(self::words(&inside));
                before.push(";".to_owned());
                words.splice(0..0, before);
                words.push(outside);
            }
            ('|' | '&' | ';' | '(' | ')' | '<' | '>' | '{' | '}', None) => {
                words.extend([next.to_string(), String::new()]);
            }
            ('\n', None) => words.extend([";".to_owned(), String::new()]),
            ('#', None) if last.is_empty() => {
                rest.by_ref().find(|next| *next == '\n');
                words.extend([";".to_owned(), String::new()]);
            }
            (next, None) if next.is_whitespace() => words.push(String::new()),
            (next, _) => last.push(next),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The command lines of `sluis` in a piece of shell, each with all its words.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let words = words(&joined);
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let begins = at == 0 || BREAKS.contains(&words[at - 1].as_str());
        if begins && (word == "sluis" || word.ends_with("/sluis")) {
            let line = words[at..].iter();
            let stops =
                |word: &&String| !["|", "&", ";", ")", "<", ">", "}"].contains(&word.as_str());
            found.push(line.take_while(stops).cloned().collect());
        }
    }
    found
}

/// Why this command line is not one, if it is not. In running text a line may leave out what it must have;
/// a name in capitals or a variable stands for a value.
fn wrong(line: &[String], whole: bool) -> Option<String> {
    let shortened = line.iter().any(|word| word.contains('…') || word == "...");
    let line = line
        .iter()
        .filter(|word| !word.contains('…') && *word != "...");
    let error = Cli::try_parse_from(line.clone()).err()?;
    let lacks_something = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::InvalidValue
    );
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::ValueValidation => None,
        _ if lacks_something && (shortened || !whole) => None,
        _ => {
            let line: Vec<&str> = line.map(String::as_str).collect();
            Some(format!("{}: {error}", line.join(" ")))
        }
    }
}

/// The pieces of shell of a page: blocks, which are whole, and what is quoted in running text.
fn pieces(page: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        if number % 2 == 1 {
            let (_, block) = part.split_once('\n').unwrap_or_default();
            found.push((block.to_owned(), true));
        } else {
            let quoted = part.split('`').skip(1).step_by(2);
            found.extend(quoted.map(|text| (text.replace('\n', " "), false)));
        }
    }
    found
}

#[test]
fn what_pages_say_to_type_is_understood() {
    let mut pages = files(&root().join("deploy"));
    pages.retain(|path| path.extension().is_some_and(|it| it == "md"));
    pages.extend(
        [
            "README.md",
            "CHANGELOG.md",
            "certs/README.md",
            "policies/LEESMIJ.md",
        ]
        .map(|path| root().join(path)),
    );
    let mut mistakes = Vec::new();
    let mut whole_lines = 0;
    for path in pages {
        let page = std::fs::read_to_string(&path).unwrap();
        for (text, whole) in pieces(&page) {
            for line in commands(&text) {
                whole_lines += usize::from(whole);
                let mistake = wrong(&line, whole);
                mistakes.extend(mistake.map(|it| format!("{}: {it}", path.display())));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(
        whole_lines > 60,
        "only {whole_lines} command lines were found"
    );
}

#[test]
fn what_is_started_by_others_is_understood() {
    let mut lines = 0;
    for path in files(&root().join("deploy")) {
        let name = path.to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for line in text.lines() {
            let line = line.trim();
            let list = ["args: [", "command: [", "CMD ["]
                .iter()
                .find_map(|at| line.strip_prefix(at));
            let started = line.strip_prefix("ExecStart=");
            let words: Vec<String> = match (list, started) {
                (Some(list), _) => list
                    .trim_end_matches(']')
                    .split(',')
                    .map(|word| word.trim().trim_matches('"').to_owned())
                    .collect(),
                (None, Some(started)) => started.split_whitespace().map(str::to_owned).collect(),
                (None, None) => continue,
            };
            let program = ["/usr/bin/sluis".to_owned()];
            let own = words.first().is_some_and(|word| word.ends_with("/sluis"));
            let line: Vec<String> = program
                .into_iter()
                .chain(words.into_iter().skip(usize::from(own)))
                .collect();
            assert_eq!(wrong(&line, true), None, "{name}");
            lines += 1;
        }
    }
    assert!(lines >= 7, "only {lines} were found");
}

#[test]
fn what_is_not_understood_is_found() {
    for (text, number, good) in [
        ("sluis serve --config x", 1, true),
        ("sluis serv --config x", 1, false),
        ("sluis serve --confg x", 1, false),
        ("sluis serve", 1, false),
        ("sluis ledger verify … --at-least x", 1, true),
        ("sluis ledger verify … --at-leest x", 1, false),
        ("systemctl start sluis", 0, true),
        (
            "runuser -u sluis -- sluis ledger key --config x | cat",
            1,
            true,
        ),
        ("curl -H \"X: $(sluis tokn)\" y", 1, false),
        (
            "true\nfor a in b; do\n  sluis policy sign --bundle x \\\n   --kee y\ndone",
            1,
            false,
        ),
        ("sluis health # --nothing", 1, true),
    ] {
        let lines = commands(text);
        assert_eq!(lines.len(), number, "{text}: {lines:?}");
        let wrong: Vec<String> = lines.iter().filter_map(|line| wrong(line, true)).collect();
        assert_eq!(wrong.is_empty(), good, "{text}: {wrong:?}");
    }
}

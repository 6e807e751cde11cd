//! `sluis ledger check-proof`: checks an extract of a ledger, or a C2SP tlog-proof of one entry, with
//! nothing but the ledger's key and, if there is one, the witnesses' policy. No network, no database.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use ring::digest::{Context, SHA256};
use serde_json::Value;
use sluis::bounds;
use sluis::domain::Sha256;
use sluis::errors::in_full;
use sluis::ledger::entry::{Act, End, Kind, Outcome as Decided};
use sluis::ledger::extract::{Extract, ExtractFlaw, Told, ToldEntry};
use sluis::ledger::note::{Distrust, Trust};
use sluis::ledger::proof::PROOF_HEADER;

use super::trust::{self, plain, read_at_most};
use super::{Exit, Failed, Outcome, output};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// An extract (`GET /v1/besluiten/{transactieId}/uittreksel`), or a C2SP tlog-proof.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that verifies the log's checkpoints, name+hash+base64, or a file that holds it; several
    /// keys of one log, with white space between them. It may be left out where the policy names the log.
    #[arg(
        long,
        visible_alias = "key",
        value_name = "KEY",
        required_unless_present = "policy"
    )]
    log_key: Option<String>,
    /// The witnesses to ask for (a C2SP tlog-policy): their quorum must stand behind it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The document in hand: it must be the one that was handed over, byte for byte.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// The entry that a bare tlog-proof is of, as it stands in the ledger.
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
}

/// Checks it, and says in words what it shows or the first thing wrong with it.
pub(super) fn run(args: &CheckArgs) -> Outcome {
    let key = trust::key("--log-key", args.log_key.as_deref())?;
    let policy = trust::policy(args.policy.as_deref())?;
    let trust = Trust::new(key, policy).ok_or_else(|| {
        let why = "the policy names no log; name the ledger's key with --log-key";
        Failed::usage([why.to_owned()])
    })?;
    let extract = read(&args.file, args.entry.as_deref())?;
    let told = extract.check(&trust).map_err(|flaw| {
        let why = match &flaw {
            ExtractFlaw::Distrust(Distrust::Quorum { .. }) => format!(
                "{}; witnesses cosign within some seconds: take it again after that",
                in_full(&flaw)
            ),
            _ => in_full(&flaw),
        };
        wrong(&args.file, &why)
    })?;
    let matched = match &args.document {
        Some(path) => Some(compare(path, &told.entries)?),
        None => None,
    };
    tell(&told);
    if let Some(index) = matched {
        output::say(&format!(
            "The document given is, byte for byte, the one that entry {index} says was handed over."
        ));
    }
    Ok(Exit::Done)
}

/// The paper in hand must have the hash that a release tells; answers the index of that.
fn compare(path: &Path, entries: &[ToldEntry]) -> Result<u64, Failed> {
    let released = entries
        .iter()
        .find_map(|told| Some((told.index, told.entry.sha256?)));
    let Some((index, expected)) = released else {
        let why = "--document: no entry of this file tells the hash of a document; take an extract after the release has ended";
        return Err(Failed::usage([why.to_owned()]));
    };
    let found = hash_of(path)
        .map_err(|error| Failed::usage([format!("{} cannot be read ({error})", path.display())]))?;
    if found == expected {
        return Ok(index);
    }
    let why = format!(
        "it is not the document that entry {index} says was handed over: its SHA-256 is {found}, and that entry says {expected}"
    );
    Err(wrong(path, &why))
}

fn hash_of(path: &Path) -> std::io::Result<Sha256> {
    let mut file = BufReader::new(File::open(path)?);
    let mut hash = Context::new(&SHA256);
    loop {
        let part = file.fill_buf()?;
        if part.is_empty() {
            break;
        }
        hash.update(part);
        let length = part.len();
        file.consume(length);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Ok(Sha256::from_bytes(bytes))
}

fn wrong(file: &Path, why: &str) -> Failed {
    Failed {
        exit: Exit::Wrong,
        lines: vec![plain(&format!("{}: {why}", file.display()))],
    }
}

fn read(path: &Path, entry: Option<&Path>) -> Result<Extract, Failed> {
    let unread = |path: &Path, error: std::io::Error| {
        Failed::usage([format!("{} cannot be read ({error})", path.display())])
    };
    let file = read_at_most(path, bounds::EXTRACT_BYTES as u64);
    let file = file.map_err(|error| unread(path, error))?;
    if file.starts_with(PROOF_HEADER.as_bytes()) {
        let proof = String::from_utf8(file).map_err(|_| wrong(path, "it is not UTF-8"))?;
        let Some(entry) = entry else {
            return Err(Failed::usage([format!(
                "{} is a bare tlog-proof, which holds hashes only; name the entry it is of with --entry FILE",
                path.display()
            )]));
        };
        let line = read_at_most(entry, bounds::ENTRY_BYTES as u64 + 1);
        let mut line = line.map_err(|error| unread(entry, error))?;
        // An entry has no line end; whoever put it in a file may have.
        line.pop_if(|last| *last == b'\n');
        let line = String::from_utf8(line).map_err(|_| wrong(entry, "it is not UTF-8"))?;
        return Ok(Extract::of_proof(line, proof));
    }
    if entry.is_some() {
        let why = "--entry goes with a bare tlog-proof; an extract holds its entries itself";
        return Err(Failed::usage([why.to_owned()]));
    }
    if file.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        let why = "it is neither an extract of a ledger (JSON) nor a C2SP tlog-proof";
        return Err(wrong(path, why));
    }
    Extract::parse(&file).map_err(|error| wrong(path, &error.to_string()))
}

fn tell(told: &Told) {
    let backing = &told.backing;
    let indices: Vec<String> = told.entries.iter().map(|it| it.index.to_string()).collect();
    let (entries, stand) = match indices.len() {
        1 => ("Entry", "stands"),
        _ => ("Entries", "stand"),
    };
    output::say(&format!(
        "{entries} {} {stand} in the book {}, under its signed checkpoint of {} entries.",
        indices.join(" and "),
        plain(&backing.origin),
        backing.checkpoint.size
    ));
    let root = Sha256::from_bytes(backing.checkpoint.root);
    output::say(&format!("  root {root}"));
    trust::tell(backing, "it");
    for entry in &told.entries {
        tell_entry(entry);
    }
    tell_order(&told.entries);
}

fn tell_entry(told: &ToldEntry) {
    let entry = &told.entry;
    let what = match (entry.soort, entry.uitkomst) {
        (Kind::Decision, Some(Decided::Permitted)) => "a permit",
        (Kind::Decision, Some(Decided::Refused)) => "a refusal",
        (Kind::Decision, Some(Decided::Test)) => "a test, by which nothing was released",
        (Kind::Release, _) => match entry.einde {
            Some(End::Complete) => "a release that was handed over to its last byte",
            _ => "a release that broke off, or nobody knows how it ended",
        },
        _ => "an entry",
    };
    output::say(&format!(
        "Entry {} is {what} ({}), made at {}:",
        told.index,
        entry.soort.code(),
        entry.tijd
    ));
    if let Ok(Value::Object(members)) = serde_json::to_value(entry) {
        let told_above = ["soort", "tijd", "v", "zegels"];
        for (name, value) in members {
            if !told_above.contains(&name.as_str()) {
                output::say(&format!("  {name:<16} {}", words(&value)));
            }
        }
    }
    if !told.shown.is_empty() {
        output::say("  shown of what is personal, each the value that was committed to:");
    }
    for (field, value) in &told.shown {
        output::say(&format!("    {:<18} {}", plain(field), plain(value)));
    }
    if !told.withheld.is_empty() {
        let fields: Vec<String> = told.withheld.iter().map(|field| plain(field)).collect();
        output::say(&format!("  withheld or erased: {}", fields.join(", ")));
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        other => plain(&other.to_string()),
    }
}

/// What stands before what: the point of it all.
fn tell_order(entries: &[ToldEntry]) {
    let permits = |told: &ToldEntry| {
        told.entry.uitkomst == Some(Decided::Permitted)
            && told.entry.handeling == Some(Act::Download)
    };
    match entries {
        [permit, release] => output::say(&format!(
            "The permit stands at {}, before the release at {} that it led to.",
            permit.index, release.index
        )),
        [one] if one.entry.soort == Kind::Release => {
            if let Some(of) = one.entry.index.filter(|of| *of < one.index) {
                output::say(&format!(
                    "It closes the release that the permit at {of}, before it, led to."
                ));
            }
        }
        [one] if permits(one) => output::say(
            "How the release ended is not in this file: it was still under way, or only the permit was asked for.",
        ),
        _ => {}
    }
}

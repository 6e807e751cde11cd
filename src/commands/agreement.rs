//! `sluis policy sign`, `activate`, `withdraw`, `agreements`: from one organisation's signature under a
//! bundle to the entry that puts it in force.

mod list;
mod request;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sluis::app::{Signing, StartError};
use sluis::bounds::{self, SIGNATURE_FILE_BYTES};
use sluis::clock::{Clock as _, Moment, SystemClock};
use sluis::domain::Sha256;
use sluis::errors::in_full;
use sluis::exchange::NotAgreed;
use sluis::identity::StatementSigner;
use sluis::policy::{
    self, Agreement, Bundle, ProofRecord, Revocation, SignedAgreement, SignedRevocation,
};
use sluis::store::OpenError;

use super::{Exit, Failed, Outcome, output, prepare, start_failed};

pub(super) use list::agreements;

/// What to sign, and with what.
#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// The folder of the bundle
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// What was proven of it: the file that `sluis policy prove --out` wrote
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// The organisation's key: PKCS#8 PEM, RSA, P-256 or P-384
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Its certificate with its chain, PEM; the organisation is the OIN in its subject
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// From when the bundle is to decide, such as 2027-01-01T00:00:00Z; without it, from when the bundle
    /// says it is for
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Moment>,
    /// Until when; without it, as long as the bundle says it is for
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Moment>,
    /// Sign that an agreement does not begin, instead: the hash of its entry, as `sluis policy agreements`
    /// prints it
    #[arg(long, value_name = "HASH", value_parser = entry_hash, conflicts_with_all = ["from", "until", "proof"])]
    withdraw: Option<Sha256>,
    /// Where to write what was signed, with the signature; a new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What was signed, and where it goes.
#[derive(Debug, Args)]
pub(super) struct ActivateArgs {
    /// The configuration that names the ledger and the organisations; the gateway that has the ledger
    /// open must be stopped, or share a PostgreSQL
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Instead, for a gateway that runs: write to this new file what `POST /v1/overeenkomsten` takes
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    request: Option<PathBuf>,
    /// The folder of the bundle
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// What a party signed, as `sluis policy sign` wrote it; once for every party
    #[arg(long = "signature", value_name = "FILE", required = true)]
    signatures: Vec<PathBuf>,
}

/// Which agreement does not begin, and who signed for that.
#[derive(Debug, Args)]
pub(super) struct WithdrawArgs {
    /// The configuration that names the ledger and the organisations; the gateway that has the ledger
    /// open must be stopped, or share a PostgreSQL
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Instead, for a gateway that runs: write to this new file what
    /// `POST /v1/overeenkomsten/{index}/intrekken` takes
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    request: Option<PathBuf>,
    /// The index of the entry with the agreement, as `sluis policy agreements` prints it
    #[arg(long, value_name = "INDEX")]
    entry: u64,
    /// What a party signed, as `sluis policy sign --withdraw` wrote it; once for every party
    #[arg(long = "signature", value_name = "FILE", required = true)]
    signatures: Vec<PathBuf>,
}

fn entry_hash(text: &str) -> Result<Sha256, &'static str> {
    text.parse().map_err(|_| {
        "expected the hash of an entry, 64 lower-case hexadecimal digits: `sluis policy agreements` prints it"
    })
}

fn moment(text: &str) -> Result<Moment, &'static str> {
    let parsed = Moment::parse(text);
    parsed.map_err(|_| "expected a time in UTC, such as 2026-01-01T00:00:00Z")
}

/// A bundle that nothing is wrong with.
fn sound(folder: &Path, instead: &str) -> Result<Bundle, Failed> {
    let bundle = Bundle::load(folder).map_err(|error| Failed::usage([in_full(&error)]))?;
    let mistakes = policy::cli::count_mistakes(&bundle);
    if mistakes == 0 {
        return Ok(bundle);
    }
    Err(Failed {
        exit: Exit::Wrong,
        lines: vec![format!(
            "{} has {mistakes} mistakes, {instead}; see `sluis policy check {at}` and `sluis policy test {at}`",
            bundle.id(),
            at = folder.display()
        )],
    })
}

fn until(moment: Option<Moment>) -> String {
    moment.map_or_else(|| "further notice".to_owned(), |until| until.to_string())
}

/// Signs as one party: for a bundle, or for withdrawing an agreement.
pub(super) fn sign(args: &SignArgs) -> Outcome {
    let usage = |error: &dyn std::error::Error| Failed::usage([in_full(error)]);
    let now = SystemClock.now();
    let signer = || StatementSigner::open(&args.key, &args.cert, now).map_err(|e| usage(&e));
    let signed = |signer: &StatementSigner, text: &[u8]| {
        let signature = signer.sign(text, now);
        signature.map_err(|error| Failed::internal(&error))
    };
    let said = if let Some(agreement) = args.withdraw {
        // A bundle with mistakes can be withdrawn like any other.
        let bundle = Bundle::load(&args.bundle).map_err(|error| usage(&error))?;
        let revocation = Revocation::new(bundle.hash(), agreement);
        let signer = signer()?;
        let signature = signed(&signer, &revocation.text())?;
        let of = SignedRevocation {
            signature,
            revocation,
        };
        write_new(&args.out, &of)?;
        format!(
            "{} signed that {} ({}) does not begin as the entry {agreement} says",
            signer.by(),
            bundle.id(),
            bundle.hash(),
        )
    } else {
        let bundle = sound(&args.bundle, "nothing was signed")?;
        let proof = read_proof(args)?;
        let (from, to) = bundle.in_force();
        let (from, to) = (args.from.unwrap_or(from), args.until.or(to));
        let agreement = Agreement::new(&bundle, proof, from, to);
        let agreement = agreement.map_err(|error| usage(&error))?;
        let signer = signer()?;
        let signature = signed(&signer, &agreement.text())?;
        let said = format!(
            "{} signed for {} ({}), from {} until {}",
            signer.by(),
            bundle.id(),
            bundle.hash(),
            agreement.from,
            until(agreement.until),
        );
        let of = SignedAgreement {
            signature,
            agreement,
        };
        write_new(&args.out, &of)?;
        said
    };
    output::say(&said);
    output::say(&format!("in {}", args.out.display()));
    Ok(Exit::Done)
}

/// Puts a bundle in force, or writes what asks a gateway to.
pub(super) async fn activate(args: ActivateArgs) -> Outcome {
    let bundle = Arc::new(sound(&args.bundle, "nothing was put in force")?);
    let signed = read_all::<SignedAgreement>(&args.signatures, "sluis policy sign")?;
    if let Some(out) = &args.request {
        return request::agreement(out, &bundle, &signed, &args.signatures);
    }
    let book = open(args.config.as_deref(), "/v1/overeenkomsten").await?;
    let done = book.exchange.agree_on(None, &bundle, &signed).await;
    book.close().await;
    let Some(first) = signed.first() else {
        return Err(Failed::usage([
            "name a --signature of each party".to_owned()
        ]));
    };
    let (from, to) = (first.agreement.from, until(first.agreement.until));
    match done {
        Ok(receipt) => {
            let is = if from > SystemClock.now() {
                "is planned"
            } else {
                "is in force"
            };
            output::say(&format!(
                "{} ({}) {is}, from {from} until {to}: entry {}.",
                bundle.id(),
                bundle.hash(),
                receipt.index
            ));
        }
        // Whoever lost the answer asks again.
        Err(NotAgreed::Known(index)) => output::say(&format!(
            "{} stands in entry {index} already, from {from} until {to}; nothing was changed.",
            bundle.id()
        )),
        Err(error) => return Err(not_agreed(&error, &args.signatures)),
    }
    Ok(Exit::Done)
}

/// Takes an agreement back before it begins.
pub(super) async fn withdraw(args: WithdrawArgs) -> Outcome {
    let written_by = "sluis policy sign --withdraw";
    let signed = read_all::<SignedRevocation>(&args.signatures, written_by)?;
    if let Some(out) = &args.request {
        return request::withdrawal(out, args.entry, &signed, &args.signatures);
    }
    let path = format!("/v1/overeenkomsten/{}/intrekken", args.entry);
    let book = open(args.config.as_deref(), &path).await?;
    let done = book.exchange.withdraw(None, args.entry, &signed).await;
    book.close().await;
    match done {
        Ok(receipt) => output::say(&format!(
            "The agreement of entry {} does not begin: entry {}.",
            args.entry, receipt.index
        )),
        Err(NotAgreed::TakenBack(agreement)) => output::say(&format!(
            "The agreement of entry {agreement} was withdrawn already; nothing was changed."
        )),
        Err(error) => return Err(not_agreed(&error, &args.signatures)),
    }
    Ok(Exit::Done)
}

/// Opens the ledger; where a gateway has it, that can be asked with a `POST` to this path.
async fn open(config: Option<&Path>, path: &str) -> Result<Signing, Failed> {
    let Some(config) = config else {
        return Err(Failed::usage([
            "name the configuration with --config, or with --request a new file for what a gateway that runs is to be sent".to_owned(),
        ]));
    };
    let opened = Signing::open(prepare(config)?).await;
    let book = opened.map_err(|error| match error {
        StartError::Store(OpenError::InUse(at)) => Failed::usage([format!(
            "a gateway has {at:?} open; stop it first, or send it what --request writes (POST {path})"
        )]),
        error => start_failed(&error),
    })?;
    for name in &book.silent {
        output::complain(&format!(
            "the witness {name} was not heard: whether it knows a newer ledger than this database holds is not known"
        ));
    }
    Ok(book)
}

/// Names the file that is at fault, where one is.
fn not_agreed(error: &NotAgreed, files: &[PathBuf]) -> Failed {
    let number = match error {
        NotAgreed::Different { number }
        | NotAgreed::OtherRevocation { number }
        | NotAgreed::Signature { number, .. }
        | NotAgreed::NoParty { number, .. } => Some(*number),
        _ => None,
    };
    let exit = match error {
        NotAgreed::NotAppended(_) | NotAgreed::Unavailable => Exit::Internal,
        _ => Exit::Wrong,
    };
    let file = number.and_then(|number| files.get(number.checked_sub(1)?));
    let file = file.map_or_else(String::new, |file| format!("{}: ", file.display()));
    Failed {
        exit,
        lines: vec![format!("{file}{}", in_full(error))],
    }
}

fn read_all<T: DeserializeOwned>(files: &[PathBuf], by: &str) -> Result<Vec<T>, Failed> {
    let one = |path: &PathBuf| {
        let shown = path.display();
        let mut text = Vec::new();
        File::open(path)
            .and_then(|open| open.take(SIGNATURE_FILE_BYTES).read_to_end(&mut text))
            .map_err(|error| format!("{shown}: cannot be read ({error}); check --signature"))?;
        serde_json::from_slice(&text).map_err(|error| {
            format!("{shown}: is not what `{by}` writes ({error}); check --signature")
        })
    };
    let mut read = Vec::new();
    let mut mistakes = Vec::new();
    for path in files {
        match one(path) {
            Ok(signed) => read.push(signed),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() {
        Ok(read)
    } else {
        Err(Failed::usage(mistakes))
    }
}

/// What was proven of the bundle, which both parties sign over.
fn read_proof(args: &SignArgs) -> Result<ProofRecord, Failed> {
    let Some(path) = &args.proof else {
        return Err(Failed::usage([format!(
            "--proof is missing: nobody signs for what is not proven; `sluis policy prove {} --out FILE` writes the proof record",
            args.bundle.display()
        )]));
    };
    let wrong = |why: &dyn std::fmt::Display| {
        Failed::usage([format!(
            "--proof {}: {why}; `sluis policy prove {} --out FILE` writes one",
            path.display(),
            args.bundle.display()
        )])
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| {
            let most = bounds::PROOF_BYTES as u64 + 1;
            file.take(most).read_to_string(&mut text)
        })
        .map_err(|error| wrong(&format!("cannot be read ({error})")))?;
    ProofRecord::parse(&text).map_err(|error| wrong(&in_full(&error)))
}

/// A signature is never written over.
fn write_new(path: &Path, signed: &impl Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(signed).map_err(|error| Failed::internal(&error))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| writeln!(file, "{text}"))
        .map_err(|error| {
            Failed::usage([format!(
                "{}: cannot be written ({error}); name a new file",
                path.display()
            )])
        })
}

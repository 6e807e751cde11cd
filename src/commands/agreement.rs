//! `sluis policy sign`: one organisation's signature under a bundle.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use sluis::bounds;
use sluis::clock::{Clock as _, Moment, SystemClock};
use sluis::errors::in_full;
use sluis::identity::StatementSigner;
use sluis::policy::{self, Agreement, Bundle, ProofRecord, SignedAgreement};

use super::{Exit, Failed, Outcome, output};

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
    /// From when the bundle is to decide; without it, from when the bundle says it is for
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Moment>,
    /// Until when; without it, as long as the bundle says it is for
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Moment>,
    /// Where to write what was signed, with the signature; a new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn moment(text: &str) -> Result<Moment, &'static str> {
    let parsed = Moment::parse(text);
    parsed.map_err(|_| "expected a time in UTC, such as 2026-01-01T00:00:00Z")
}

pub(super) fn sign(args: &SignArgs) -> Outcome {
    let usage = |error: &dyn std::error::Error| Failed::usage([in_full(error)]);
    let bundle = Bundle::load(&args.bundle).map_err(|error| usage(&error))?;
    let mistakes = policy::cli::count_mistakes(&bundle);
    if mistakes > 0 {
        return Err(Failed {
            exit: Exit::Wrong,
            lines: vec![format!(
                "{} has {mistakes} mistakes, nothing was signed; see `sluis policy check {}`",
                bundle.id(),
                args.bundle.display()
            )],
        });
    }
    let proof = read_proof(args)?;
    let (from, until) = bundle.in_force();
    let (from, until) = (args.from.unwrap_or(from), args.until.or(until));
    let agreement = Agreement::new(&bundle, proof, from, until);
    let agreement = agreement.map_err(|error| usage(&error))?;
    let now = SystemClock.now();
    let signer = StatementSigner::open(&args.key, &args.cert, now).map_err(|e| usage(&e))?;
    let signature = signer.sign(&agreement.text(), now);
    let signature = signature.map_err(|error| Failed::internal(&error))?;
    let said = format!(
        "{} signed for {} ({}), from {} until {}",
        signer.by(),
        bundle.id(),
        bundle.hash(),
        agreement.from,
        agreement
            .until
            .map_or_else(|| "further notice".to_owned(), |until| until.to_string())
    );
    write_new(
        &args.out,
        &SignedAgreement {
            signature,
            agreement,
        },
    )?;
    output::say(&said);
    output::say(&format!("in {}", args.out.display()));
    Ok(Exit::Done)
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
fn write_new(path: &Path, signed: &SignedAgreement) -> Result<(), Failed> {
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

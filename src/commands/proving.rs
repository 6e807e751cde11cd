//! `sluis policy prove` and `sluis policy compare`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use sluis::clock::{Clock, SystemClock};
use sluis::policy::symbolic::cli::{self, CompareOptions, ProveOptions, parse_switch};

use super::{Failed, Outcome};

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// The folders of the bundles.
    #[arg(required = true, value_name = "DIR")]
    bundles: Vec<PathBuf>,
    /// Answer an open question otherwise than the bundle does.
    #[arg(long = "schakelaar", value_name = "CODE=STAND", value_parser = parse_switch)]
    switches: Vec<(String, String)>,
    /// Write a proof record to this new file, if everything is proven.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON, one line for each bundle.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The folder of the bundle that was.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The folder of the bundle that would be.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Answer an open question otherwise than the new bundle does.
    #[arg(long = "schakelaar", value_name = "CODE=STAND", value_parser = parse_switch)]
    switches: Vec<(String, String)>,
    /// Answer an open question otherwise than the old bundle does.
    #[arg(long = "schakelaar-oud", value_name = "CODE=STAND", value_parser = parse_switch)]
    switches_old: Vec<(String, String)>,
    /// Write a page for a meeting too: the matrix of both beside each other, and these examples.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON, on one line.
    #[arg(long)]
    json: bool,
    /// End with 1 when anything becomes wider.
    #[arg(long = "geen-verruiming")]
    no_wider: bool,
}

pub(super) async fn prove(args: ProveArgs) -> Outcome {
    let options = ProveOptions {
        bundles: args.bundles,
        switches: args.switches.into_iter().collect(),
        out: args.out,
        json: args.json,
    };
    let mut text = Vec::new();
    let exit = cli::prove_all(&options, SystemClock.now(), &mut text).await;
    print(exit, &text)
}

pub(super) async fn compare(args: CompareArgs) -> Outcome {
    let options = CompareOptions {
        old: args.old,
        new: args.new,
        switches_old: args.switches_old.into_iter().collect(),
        switches: args.switches.into_iter().collect(),
        html: args.html,
        json: args.json,
        no_wider: args.no_wider,
    };
    let mut text = Vec::new();
    let exit = cli::compare_two(&options, &mut text).await;
    print(exit, &text)
}

fn print(exit: std::io::Result<sluis::policy::cli::Exit>, text: &[u8]) -> Outcome {
    let exit = exit.map_err(|error| Failed::internal(&error))?;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.flush());
    written.map_err(|error| Failed::internal(&error))?;
    Ok(exit.into())
}

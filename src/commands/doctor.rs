//! `sluis doctor`: tells an operator, before the first request, whether everything is right.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use sluis::app::doctor;
use sluis::clock::{Clock, Random, SystemClock, SystemRandomness};
use sluis::finding::{Finding, Mark};

use super::{Exit, Outcome, output, read};

/// Look at everything the configuration names, and at whoever it names: certificates, CRLs, keys, clocks,
/// database, disk, providers, witnesses. Beside a running gateway too; nothing is changed.
///
/// One line for each: `ok`, `skip` (not looked at, and why), `warn` (it works, and somebody should look at
/// it) or `FAIL` (something will not work), and what to do.
///
/// Ends with 0 where nothing failed, with 1 where something did, and with 64 where the configuration itself
/// cannot be read.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
    /// End with 1 where there are warnings, too.
    #[arg(long)]
    strict: bool,
    /// Leave out what is well.
    #[arg(long)]
    quiet: bool,
}

pub(super) async fn run(args: DoctorArgs) -> Outcome {
    let config = read(&args.config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
    let all = Box::pin(doctor::examine(&config, &clock, &random)).await;
    let count = |mark: Mark| all.iter().filter(|one| one.mark == mark).count();
    let (failed, warned) = (count(Mark::Fail), count(Mark::Warn));
    let shown = all
        .iter()
        .filter(|one| !args.quiet || matches!(one.mark, Mark::Warn | Mark::Fail));
    if args.json {
        let shown: Vec<&Finding> = shown.collect();
        let told = json!({"fail": failed, "warn": warned, "findings": shown});
        output::say(&format!("{told:#}"));
    } else {
        for one in shown {
            output::say(&one.to_string());
        }
        let total = all.len();
        output::say(&match (failed, warned) {
            (0, 0) => {
                format!("All is well: {total} things were looked at, and nothing was changed.")
            }
            _ => format!(
                "Of {total} things looked at, {failed} failed and {warned} want looking at. Nothing was changed."
            ),
        });
    }
    Ok(if failed > 0 || (args.strict && warned > 0) {
        Exit::Wrong
    } else {
        Exit::Done
    })
}

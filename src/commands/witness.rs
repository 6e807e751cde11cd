//! `sluis witness`: makes a witness ready, and runs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use sluis::app::witness::{self, StartError, WitnessServer};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::config::WitnessConfig;
use sluis::errors::in_full;
use sluis::telemetry;
use sluis::witness::OpenError;

use super::{ConfigFile, Exit, Failed, Outcome, notify, output, stop_signal};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct WitnessArgs {
    #[command(subcommand)]
    command: Option<WitnessCommand>,
    /// The witness's configuration file; deploy/witness.toml explains every key.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum WitnessCommand {
    /// Make the key and the state that the configuration names; what is there stays as it is. Where the
    /// key is there and the state is not, the witness forgot what it signed, and needs a new name and key.
    Init(ConfigFile),
}

pub(super) async fn run(args: WitnessArgs) -> Outcome {
    match (args.command, args.config) {
        (Some(WitnessCommand::Init(file)), _) => init(&file.config),
        (None, Some(config)) => serve(&config).await,
        (None, None) => Err(Failed::usage(["--config is missing".to_owned()])),
    }
}

fn read(path: &Path) -> Result<WitnessConfig, Failed> {
    WitnessConfig::read(path)
        .map_err(|mistakes| Failed::usage(mistakes.iter().map(ToString::to_string)))
}

fn failed(error: &StartError) -> Failed {
    let exit = match error {
        StartError::State(
            OpenError::Damaged { .. } | OpenError::Missing { .. } | OpenError::Forgot { .. },
        ) => Exit::Wrong,
        StartError::Random(_) => Exit::Internal,
        StartError::Key(_)
        | StartError::NoKey { .. }
        | StartError::Name { .. }
        | StartError::State(_)
        | StartError::Tls(_)
        | StartError::Listen { .. } => Exit::Usage,
    };
    Failed {
        exit,
        lines: vec![in_full(error)],
    }
}

fn init(path: &Path) -> Outcome {
    let made = witness::init(&read(path)?, &SystemRandomness::default());
    let made = made.map_err(|error| match error {
        // Nothing was looked for: this is the wrong thing to ask.
        StartError::State(OpenError::Forgot { .. }) => Failed::usage([in_full(&error)]),
        error => failed(&error),
    })?;
    for log in &made.logs {
        output::say(&format!("The witness begins to remember the log {log}."));
    }
    output::say("Whoever relies on its cosignatures needs this key, in a policy file:");
    output::say(&made.key);
    Ok(Exit::Done)
}

async fn serve(path: &Path) -> Outcome {
    telemetry::start_logging();
    let config = read(path)?;
    let started = WitnessServer::start(config, Arc::new(SystemClock)).await;
    let server = started.map_err(|error| failed(&error))?;
    notify::ready();
    let ran = server.run(stop_signal()).await;
    ran.map_err(|failure| Failed::internal(&failure))?;
    Ok(Exit::Done)
}

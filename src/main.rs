//! The command line. It parses, calls, prints; what the commands do is in the library.
//!
//! Exit codes: 0 done, 1 checked and found wrong, 64 bad usage or configuration, 70 internal.

mod commands;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use commands::{Cli, output};
use sluis::telemetry;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            output::print(&error.to_string());
            return ExitCode::SUCCESS;
        }
        Err(error) => return usage(&error),
    };
    let ended = commands::run(cli);
    telemetry::finish_logging();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            for line in &failure.lines {
                output::complain(line);
            }
            failure.exit.into()
        }
    }
}

/// A wrong command line, in one line.
fn usage(error: &clap::Error) -> ExitCode {
    let command = named(std::env::args().skip(1));
    let what = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let known: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .filter(|name| *name != "help")
            .collect();
        format!("name a command: {}", known.join(", "))
    } else {
        let text = error.to_string();
        let what: Vec<&str> = text
            .lines()
            .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        what.join(" ").trim_start_matches("error: ").to_owned()
    };
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    output::complain(&format!("{what}; see `{name} --help`"));
    commands::Exit::Usage.into()
}

/// The command these arguments name, as far as they name one.
fn named(args: impl Iterator<Item = String>) -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for arg in args {
        match command.find_subcommand(&arg) {
            Some(deeper) => command = deeper.clone(),
            None => break,
        }
    }
    command
}

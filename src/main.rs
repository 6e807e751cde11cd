//! The command line. It parses, calls, prints; what the commands do is in the library.
//!
//! Exit codes: 0 done, 1 checked and found wrong, 64 bad usage or configuration, 70 internal.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use commands::{Cli, output};

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
    match commands::run(cli) {
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
    let text = error.to_string();
    let what: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let what = what.join(" ");
    output::complain(&format!(
        "{}; see `sluis --help`",
        what.trim_start_matches("error: ")
    ));
    commands::Exit::Usage.into()
}

//! `sluis policy document`: a bundle as a page that a citizen can read.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sluis::errors::in_full;
use sluis::language::Language;
use sluis::policy::{Bundle, cli, document};

use super::{Exit, Failed, Outcome, output};

#[derive(Debug, Args)]
pub(super) struct DocumentArgs {
    /// The folder of the bundle.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// The language of the page.
    #[arg(long, alias = "lang", value_enum, default_value_t = Taal::Nl)]
    taal: Taal,
    /// The file to make, which must not be there yet; without it the page goes to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Taal {
    /// Dutch.
    Nl,
    /// English.
    En,
}

pub(super) fn run(args: &DocumentArgs) -> Outcome {
    let l = match args.taal {
        Taal::Nl => Language::Dutch,
        Taal::En => Language::English,
    };
    let bundle = match Bundle::load(&args.bundle) {
        Ok(bundle) => bundle,
        Err(error) => {
            let mut told = Vec::new();
            let exit = cli::refused(&error, &mut told).map_err(|error| Failed::internal(&error))?;
            output::print(&String::from_utf8_lossy(&told));
            return Ok(exit.into());
        }
    };
    let page = document::page(&bundle, l).map_err(|error| Failed::internal(&error))?;
    let Some(path) = &args.out else {
        output::print(&page);
        return Ok(Exit::Done);
    };
    let mut file = File::create_new(path).map_err(|error| {
        Failed::usage([format!(
            "--out: {} cannot be made ({error}); name a file that is not there yet",
            path.display()
        )])
    })?;
    file.write_all(page.as_bytes()).map_err(|error| Failed {
        exit: Exit::Internal,
        lines: vec![format!(
            "--out: {} could not be written: {}",
            path.display(),
            in_full(&error)
        )],
    })?;
    output::say(&format!("{}: {}", bundle.id(), path.display()));
    Ok(Exit::Done)
}

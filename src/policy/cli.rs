//! The bodies of `sluis policy check` and `sluis policy test`: what they print and how they end.

use std::io::{self, Write};
use std::path::PathBuf;

use super::bundle::Bundle;
use super::check;
use super::mistake::{BundleError, Mistake};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Clean,
    /// It was checked, and something is wrong.
    Wrong,
    /// It could not be checked: no folder was named, or one cannot be read.
    Usage,
}

impl Exit {
    /// The process's exit code (CONTRACT, "Command line").
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Wrong => 1,
            Self::Usage => 64,
        }
    }
}

/// Validates bundles strictly and says everything that is wrong with each, one line per mistake.
///
/// # Errors
/// When `out` cannot be written.
pub fn check(dirs: &[PathBuf], out: &mut dyn Write) -> io::Result<Exit> {
    each(dirs, out, |bundle, out| {
        let mistakes = check::audit(bundle);
        if mistakes.is_empty() {
            writeln!(out, "goed  {}  {}", bundle.id(), bundle.hash())?;
            writeln!(out, "      {}. {}", bundle.title(), bundle.caveat())?;
            for switch in bundle.switches() {
                writeln!(out, "      {} {}", switch.question, switch.position)?;
            }
            return Ok(Exit::Clean);
        }
        list(out, bundle.id(), &mistakes)?;
        Ok(Exit::Wrong)
    })
}

/// How many mistakes [`check`] and [`test`] find in a bundle that could be loaded.
#[must_use]
pub fn count_mistakes(bundle: &Bundle) -> usize {
    check::audit(bundle).len() + bundle.run_table().failures.len()
}

/// Runs the tables of bundles; the rows that fail come first.
///
/// # Errors
/// When `out` cannot be written.
pub fn test(dirs: &[PathBuf], out: &mut dyn Write) -> io::Result<Exit> {
    each(dirs, out, |bundle, out| {
        let report = bundle.run_table();
        for failure in &report.failures {
            writeln!(
                out,
                "FOUT  {}/tabel.csv:{} nr {}, {}: {}",
                bundle.id(),
                failure.line,
                failure.number,
                failure.kind,
                failure.situation
            )?;
            for difference in &failure.differences {
                writeln!(out, "      {difference}")?;
            }
        }
        let wrong = report.failures.len();
        let word = if wrong == 0 { "goed" } else { "FOUT" };
        writeln!(
            out,
            "{word}  {}: {} rijen, {} besluiten, {wrong} anders dan verwacht",
            bundle.id(),
            report.rows,
            report.decisions
        )?;
        Ok(if wrong == 0 { Exit::Clean } else { Exit::Wrong })
    })
}

fn each(
    dirs: &[PathBuf],
    out: &mut dyn Write,
    mut of_bundle: impl FnMut(&Bundle, &mut dyn Write) -> io::Result<Exit>,
) -> io::Result<Exit> {
    if dirs.is_empty() {
        writeln!(
            out,
            "name at least one bundle folder, such as policies/2023-04-19-twg"
        )?;
        return Ok(Exit::Usage);
    }
    let mut worst = Exit::Clean;
    for dir in dirs {
        let exit = match Bundle::load(dir) {
            Ok(bundle) => of_bundle(&bundle, out)?,
            Err(BundleError::Folder { folder, source }) => {
                writeln!(
                    out,
                    "FOUT  {folder}: cannot be read: {source}; name a bundle folder"
                )?;
                Exit::Usage
            }
            Err(BundleError::Mistakes { bundle, mistakes }) => {
                list(out, &bundle, &mistakes)?;
                Exit::Wrong
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn list(out: &mut dyn Write, bundle: &str, mistakes: &[Mistake]) -> io::Result<()> {
    for mistake in mistakes {
        let line = mistake.to_string().replace('\n', " ");
        writeln!(out, "FOUT  {bundle}/{line}")?;
    }
    Ok(())
}

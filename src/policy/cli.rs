//! The bodies of `sluis policy check`, `test` and `format`: what they print and how they end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::bundle::Bundle;
use super::mistake::{BundleError, Mistake};
use super::overlap::overlapping;
use super::source::Source;
use super::{check, format, table_print};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Clean,
    /// It was checked, and something is wrong.
    Wrong,
    /// It could not be checked: no folder was named, or one cannot be read.
    Usage,
    /// What it needs is not on this machine.
    Unavailable,
    /// A mistake in sluis.
    Internal,
}

impl Exit {
    /// The process's exit code (CONTRACT, "Command line").
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Wrong => 1,
            Self::Usage => 64,
            Self::Unavailable => 69,
            Self::Internal => 70,
        }
    }
}

/// Validates bundles strictly and says everything that is wrong with each, one line per mistake; also
/// what is wrong with their dates together. How rules are laid out is told, but no mistake.
///
/// # Errors
/// When `out` cannot be written.
pub fn check(dirs: &[PathBuf], out: &mut dyn Write) -> io::Result<Exit> {
    let mut good = Vec::new();
    let exit = each(dirs, out, |dir, bundle, out| {
        let mistakes = check::audit(&bundle);
        let exit = if mistakes.is_empty() {
            writeln!(out, "goed  {}  {}", bundle.id(), bundle.hash())?;
            writeln!(out, "      {}. {}", bundle.title(), bundle.caveat())?;
            for switch in bundle.switches() {
                writeln!(out, "      {} {}", switch.question.dutch, switch.position)?;
            }
            Exit::Clean
        } else {
            list(out, "FOUT", bundle.id(), &mistakes)?;
            Exit::Wrong
        };
        if let Ok(source) = Source::read(dir) {
            let otherwise = format::otherwise(&source);
            let at = otherwise.iter().map(|one| {
                let line = one.line.map_or_else(String::new, |line| format!(":{line}"));
                format!("{}{line}", one.file)
            });
            let at = at.collect::<Vec<_>>().join(", ");
            if !at.is_empty() {
                writeln!(
                    out,
                    "let op  {}: met de hand opgemaakt, anders dan sluis policy format het doet: {at}",
                    bundle.id()
                )?;
            }
        }
        good.push(bundle);
        Ok(exit)
    })?;
    let wrong = overlapping(&good.iter().collect::<Vec<_>>());
    for (bundle, mistake) in &wrong {
        list(out, "FOUT", bundle, std::slice::from_ref(mistake))?;
    }
    Ok(if wrong.is_empty() {
        exit
    } else {
        exit.max(Exit::Wrong)
    })
}

/// How many mistakes [`check()`] and [`test()`] find in a bundle that could be loaded.
#[must_use]
pub fn count_mistakes(bundle: &Bundle) -> usize {
    check::audit(bundle).len() + bundle.run_table().failures.len()
}

/// Runs the tables of bundles; the rows that fail come first.
///
/// # Errors
/// When `out` cannot be written.
pub fn test(dirs: &[PathBuf], out: &mut dyn Write) -> io::Result<Exit> {
    each(dirs, out, |_, bundle, out| {
        let report = bundle.run_table();
        table_print::print(bundle.id(), &report, out)?;
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

/// Lays out the rules of bundles as `check` wants them. A bundle that is laid out anew is another one:
/// its hash is over every byte.
///
/// # Errors
/// When `out` or a file cannot be written.
pub fn format(dirs: &[PathBuf], out: &mut dyn Write) -> io::Result<Exit> {
    each(dirs, out, |dir, bundle, out| {
        let Ok(source) = Source::read(dir) else {
            return Ok(Exit::Usage);
        };
        for mistake in format::otherwise(&source) {
            let Some(laid_out) = format::laid_out(source.text(&mistake.file)) else {
                continue;
            };
            std::fs::write(dir.join(&mistake.file), laid_out)?;
            writeln!(out, "opgemaakt  {}/{}", bundle.id(), mistake.file)?;
        }
        Ok(Exit::Clean)
    })
}

fn each(
    dirs: &[PathBuf],
    out: &mut dyn Write,
    mut of_bundle: impl FnMut(&Path, Bundle, &mut dyn Write) -> io::Result<Exit>,
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
            Ok(bundle) => of_bundle(dir, bundle, out)?,
            Err(error) => refused(&error, out)?,
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

/// Says why a bundle cannot be used, one line per mistake.
///
/// # Errors
/// When `out` cannot be written.
pub fn refused(error: &BundleError, out: &mut dyn Write) -> io::Result<Exit> {
    match error {
        BundleError::Folder { folder, source } => {
            writeln!(
                out,
                "FOUT  {folder}: cannot be read: {source}; name a bundle folder"
            )?;
            Ok(Exit::Usage)
        }
        BundleError::Mistakes { bundle, mistakes } => {
            list(out, "FOUT", bundle, mistakes)?;
            Ok(Exit::Wrong)
        }
    }
}

pub(super) fn list(
    out: &mut dyn Write,
    word: &str,
    bundle: &str,
    mistakes: &[Mistake],
) -> io::Result<()> {
    for mistake in mistakes {
        let line = mistake.to_string().replace('\n', " ");
        writeln!(out, "{word}  {bundle}/{line}")?;
    }
    Ok(())
}

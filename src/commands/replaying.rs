//! `sluis policy replay`: what another bundle would have decided, over the decisions of a ledger.
//!
//! It ends with 0 whatever would have differed; with 1 where the bundle or the ledger is wrong.

mod list;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sluis::clock::{Day, Moment};
use sluis::errors::in_full;
use sluis::ledger::Opener;
use sluis::ledger::note::Verifier;
use sluis::ledger::verify::SealedSource;
use sluis::policy::{self, Bundle, Policies};
use sluis::replay::{self, Asking, Difference};

use self::list::List;
use self::report::Report;
use super::told::progress_bar;
use super::verify::{Copied, check_master, copy_failed, database, not_right, threads};
use super::{Failed, Outcome, output, read, trust};

/// So many differences are shown; a list takes all.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The folder of the bundle to ask; it may be a candidate.
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// The configuration that names the ledger, its keys and who takes part.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Take the ledger in this export instead of the one in the database.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// The key that verifies the log's checkpoints, name+hash+base64, or a file that holds it; without it
    /// it is taken from the signing key.
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
    /// Only decisions from this moment on, or from the beginning of this day in the Netherlands.
    #[arg(long, value_name = "TIME", value_parser = from)]
    from: Option<Moment>,
    /// Only decisions before this moment, or up to the end of this day in the Netherlands.
    #[arg(long, value_name = "TIME", value_parser = until)]
    to: Option<Moment>,
    /// Print JSON, on one line.
    #[arg(long)]
    json: bool,
    /// Write every difference to this new file, as a table (CSV) that a spreadsheet opens.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

const TIME: &str =
    "expected a time in UTC, such as 2026-01-01T00:00:00Z, or a day, such as 2026-01-31";

fn from(text: &str) -> Result<Moment, &'static str> {
    let day = || Day::parse(text).map(Day::start);
    Moment::parse(text).or_else(|_| day()).map_err(|_| TIME)
}

/// A day counts to its end.
fn until(text: &str) -> Result<Moment, &'static str> {
    let day = || Day::parse(text).map(|day| day.plus_days(1).start());
    Moment::parse(text).or_else(|_| day()).map_err(|_| TIME)
}

pub(super) async fn run(args: ReplayArgs) -> Outcome {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        let why = format!("--from {from} is not before --to {to}: nothing lies between them");
        return Err(Failed::usage([why]));
    }
    let bundle = match Bundle::load(&args.bundle) {
        Ok(bundle) => Arc::new(bundle),
        Err(error) => {
            let mut told = Vec::new();
            let exit = policy::cli::refused(&error, &mut told);
            let exit = exit.map_err(|error| Failed::internal(&error))?;
            output::print(&String::from_utf8_lossy(&told));
            return Ok(exit.into());
        }
    };
    let config = read(&args.config)?;
    let settings = &config.ledger;
    let keys = settings.read_keys();
    let keys = keys.map_err(|error| Failed::usage([in_full(&error)]))?;
    let given = trust::key("--log-key", args.log_key.as_deref())?;
    let verifier = given.unwrap_or_else(|| keys.signer.verifier());
    let with = replay::With {
        organisations: config.organisations.clone(),
        policies: Policies::default(),
        opener: Opener::new(Arc::new(keys.master)),
        threads: threads(),
    };
    let master_key = config.ledger.master_key.clone();
    if let Some(path) = &args.export {
        let Copied::Export(folder) = Copied::open(path, &verifier)? else {
            let why =
                "--export: this is a copy of what is public; what opens the entries is not in it";
            return Err(Failed::usage([why.to_owned()]));
        };
        let sealed = folder.with_keys().map_err(|error| copy_failed(&error))?;
        check_master(&sealed, &with.opener, &master_key).await?;
        ask(&args, bundle, sealed, &verifier, with).await
    } else {
        let book = database(config).await?;
        check_master(&book, &with.opener, &master_key).await?;
        ask(&args, bundle, book, &verifier, with).await
    }
}

/// Puts the decisions of this book to the bundle, and says what came out.
async fn ask<S: SealedSource + Send + 'static>(
    args: &ReplayArgs,
    bundle: Arc<Bundle>,
    book: S,
    verifier: &Verifier,
    with: replay::With,
) -> Outcome {
    check_span(args, &book, verifier).await?;
    let mut list = args.list.as_deref().map(List::create).transpose()?;
    let mut shown: Vec<Difference> = Vec::new();
    let take = |difference: Difference| {
        if let Some(list) = &mut list {
            list.take(&difference);
        }
        if shown.len() < SHOWN {
            shown.push(difference);
        }
    };
    let asking = Asking {
        bundle: Arc::clone(&bundle),
        from: args.from,
        until: args.to,
    };
    let book = Arc::new(book);
    let with = (with, asking);
    let compared = replay::compare(book, verifier, None, with, take, progress_bar()).await;
    let compared = match compared {
        Ok(compared) => compared,
        Err(error) => {
            // Half a list of a book that is wrong would be taken for a whole one.
            list.into_iter().for_each(List::discard);
            return Err(not_right(&error));
        }
    };
    if let Some(list) = list {
        list.finish()?;
    }
    let report = Report {
        bundle: &bundle,
        from: args.from,
        until: args.to,
        compared: &compared,
        shown: &shown,
        list: args.list.as_deref(),
    };
    if args.json {
        output::say(&report.json().to_string());
    } else {
        output::print(&report.text());
    }
    Ok(super::Exit::Done)
}

/// What is asked for must have something of the book in it.
async fn check_span<S: SealedSource>(
    args: &ReplayArgs,
    book: &S,
    verifier: &Verifier,
) -> Result<(), Failed> {
    let span = replay::unverified_span(book, verifier).await;
    let Some((first, last)) = span.map_err(|error| not_right(&error))? else {
        return Ok(());
    };
    if let Some(from) = args.from.filter(|from| *from > last) {
        return Err(Failed::usage([format!(
            "--from {from}: the ledger's last entry is of {last}; name an earlier moment"
        )]));
    }
    if let Some(to) = args.to.filter(|to| *to <= first) {
        return Err(Failed::usage([format!(
            "--to {to}: the ledger begins at {first}; name a later moment"
        )]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_a_whole_day() {
        for wrong in [
            "",
            "gisteren",
            "2026-02-30",
            "2026-01-01T00:00:00",
            "2026-1-1",
        ] {
            assert_eq!(from(wrong), Err(TIME), "{wrong:?}");
            assert_eq!(until(wrong), Err(TIME), "{wrong:?}");
        }
        for (text, begins, ends) in [
            (
                "2026-01-31",
                "2026-01-30T23:00:00.000Z",
                "2026-01-31T23:00:00.000Z",
            ),
            (
                "2026-03-29",
                "2026-03-28T23:00:00.000Z",
                "2026-03-29T22:00:00.000Z",
            ),
            (
                "2026-01-01T12:00:00Z",
                "2026-01-01T12:00:00.000Z",
                "2026-01-01T12:00:00.000Z",
            ),
        ] {
            assert_eq!(from(text).unwrap().to_string(), begins);
            assert_eq!(until(text).unwrap().to_string(), ends);
        }
    }
}

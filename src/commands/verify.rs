//! `sluis ledger verify`: checks the book, in the database or over HTTPS.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sluis::clock::SystemClock;
use sluis::domain::Sha256;
use sluis::errors::in_full;
use sluis::fetch::HttpsBook;
use sluis::identity::reader_tls;
use sluis::ledger::Keys;
use sluis::ledger::note::Verifier;
use sluis::ledger::verify::{self, DatabaseBook, Progress, Summary, Wrong};
use sluis::store::Store;

use super::{Exit, Failed, Outcome, output, read};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Check the ledger in the database this configuration names.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "url",
        conflicts_with = "url"
    )]
    config: Option<PathBuf>,
    /// Check the ledger that is served here, such as `https://sluis.example/v1/logboek`.
    #[arg(long, value_name = "URL", requires_all = ["ca", "cert", "key", "log_key"])]
    url: Option<String>,
    /// The CA of the server (PEM); with --url.
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
    /// Your client certificate (PEM); with --url.
    #[arg(long, value_name = "FILE", requires = "url")]
    cert: Option<PathBuf>,
    /// Its key (PEM); with --url.
    #[arg(long, value_name = "FILE", requires = "url")]
    key: Option<PathBuf>,
    /// The key that verifies the log's checkpoints: name+hash+base64. With --config it may be left
    /// out: it is then taken from the signing key.
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
}

/// Checks a book, and says what it is or the first thing wrong with it.
pub(super) async fn run(args: VerifyArgs) -> Outcome {
    let given = args.log_key.as_deref().map(Verifier::parse).transpose();
    let given = given.map_err(|error| Failed::usage([format!("--log-key: {error}")]))?;
    let checked = match args {
        VerifyArgs {
            url: Some(url),
            ca: Some(ca),
            cert: Some(cert),
            key: Some(key),
            ..
        } => {
            let tls = reader_tls(&cert, &key, &ca, Arc::new(SystemClock))
                .map_err(|error| Failed::usage([in_full(&error)]))?;
            let book = HttpsBook::new(&url, tls)
                .map_err(|error| Failed::usage([format!("--url: {error}")]))?;
            let verifier =
                given.ok_or_else(|| Failed::usage(["--log-key is missing".to_owned()]))?;
            verify::run(&book, &verifier, progress_bar()).await
        }
        VerifyArgs {
            config: Some(config),
            ..
        } => {
            let config = read(&config)?;
            let verifier = if let Some(verifier) = given {
                verifier
            } else {
                let ledger = &config.ledger;
                Keys::read(&ledger.key, &ledger.master_key, &ledger.origin)
                    .map_err(|error| Failed::usage([in_full(&error)]))?
                    .signer
                    .verifier()
            };
            let store = Store::open_for_reading(config.store)
                .await
                .map_err(|error| Failed::usage([in_full(&error)]))?;
            verify::run(&DatabaseBook::new(store), &verifier, progress_bar()).await
        }
        _ => {
            return Err(Failed::usage([
                "name a ledger with --config or --url".to_owned()
            ]));
        }
    };
    match checked {
        Ok(summary) => {
            tell(&summary);
            Ok(Exit::Done)
        }
        Err(wrong) => Err(Failed {
            exit: exit_of(&wrong),
            lines: vec![in_full(&wrong)],
        }),
    }
}

/// A book that could not be read was not found wrong.
fn exit_of(wrong: &Wrong) -> Exit {
    if wrong.is_finding() {
        Exit::Wrong
    } else {
        Exit::Internal
    }
}

fn tell(summary: &Summary) {
    output::say(&format!(
        "The ledger is whole: {} entries, signed.",
        summary.size
    ));
    output::say(&format!("  root {}", Sha256::from_bytes(summary.root)));
    for (kind, count) in &summary.kinds {
        output::say(&format!("  {:<13} {count:>9}", kind.code()));
    }
    if summary.open_releases > 0 {
        output::say(&format!(
            "  {} releases have no closing entry yet",
            summary.open_releases
        ));
    }
    output::say("Every entry has its form, every release stands after its permit.");
}

fn progress_bar() -> impl FnMut(Progress) + Send {
    let bar = output::progress_bar("[{wide_bar}] {human_pos} of {human_len}, {eta} left");
    move |progress: Progress| {
        bar.set_length(progress.size);
        bar.set_position(progress.checked);
        if progress.checked == progress.size {
            bar.finish_and_clear();
        }
    }
}

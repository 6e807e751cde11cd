//! `sluis ledger verify`: checks the book, in the database, in an export or over HTTPS.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sluis::backup::{BackupError, Folder};
use sluis::clock::SystemClock;
use sluis::config::Config;
use sluis::domain::Sha256;
use sluis::errors::in_full;
use sluis::fetch::HttpsBook;
use sluis::identity::reader_tls;
use sluis::ledger::entry::Kind;
use sluis::ledger::note::{Backing, Checkpoint, Policy, Verifier};
use sluis::ledger::verify::{self, DatabaseBook, Progress, SealedSource, Summary};
use sluis::ledger::{Keys, Opener};
use sluis::policy::{Bundle, Policies};
use sluis::replay::{self, NotRight, Replayed};
use sluis::store::{Settings, Store};

use super::{Exit, Failed, Outcome, output, read, trust};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Check the ledger in the database this configuration names; with --export it names the keys.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present_any = ["url", "export"],
        conflicts_with = "url"
    )]
    config: Option<PathBuf>,
    /// Check the ledger that is served here, such as `https://sluis.example/v1/logboek`.
    #[arg(long, value_name = "URL", requires_all = ["ca", "cert", "key", "log_key"])]
    url: Option<String>,
    /// Check the ledger in this export.
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    export: Option<PathBuf>,
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
    /// Also make every decision again, with the keys and the bundles that --config names.
    #[arg(long, requires = "config")]
    replay: bool,
    /// A checkpoint of this ledger that you saw before, or an extract or a proof that holds one: the
    /// ledger must have grown from it.
    #[arg(long, value_name = "FILE")]
    at_least: Option<PathBuf>,
    /// The witnesses to ask for (a C2SP tlog-policy): their quorum must stand behind the ledger.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Whom the reader believes, and what was seen before.
struct Reader {
    verifier: Verifier,
    policy: Option<Policy>,
    known: Option<Checkpoint>,
}

/// What a ledger was found to be.
enum Found {
    Whole(Summary),
    Replayed(Replayed),
}

/// Checks a book, and says what it is or the first thing wrong with it.
pub(super) async fn run(args: VerifyArgs) -> Outcome {
    let given = trust::key(args.log_key.as_deref())?;
    let policy = trust::policy(args.policy.as_deref())?;
    let known = args.at_least.as_deref();
    let (found, backing) = match args {
        VerifyArgs {
            url: Some(url),
            ca: Some(ca),
            cert: Some(cert),
            key: Some(key),
            at_least,
            ..
        } => {
            let tls = reader_tls(&cert, &key, &[ca], Arc::new(SystemClock))
                .map_err(|error| Failed::usage([in_full(&error)]))?;
            let book = HttpsBook::new(&url, tls)
                .map_err(|error| Failed::usage([format!("--url: {error}")]))?;
            let verifier =
                given.ok_or_else(|| Failed::usage(["--log-key is missing".to_owned()]))?;
            let known = trust::seen_before(at_least.as_deref(), &verifier)?;
            let reader = Reader {
                verifier,
                policy,
                known,
            };
            whole(&book, &reader).await?
        }
        VerifyArgs {
            config: Some(config),
            export,
            replay,
            ..
        } => {
            let config = read(&config)?;
            let keys = Keys::read(
                &config.ledger.key,
                &config.ledger.master_key,
                &config.ledger.origin,
            );
            let asked = Asked {
                given,
                policy,
                known,
                export: export.as_deref(),
                replay,
            };
            with_config(config, keys, asked).await?
        }
        VerifyArgs {
            export: Some(export),
            ..
        } => {
            let verifier = given.ok_or_else(|| {
                Failed::usage([
                    "name the ledger's key with --log-key, or its configuration with --config"
                        .to_owned(),
                ])
            })?;
            let known = trust::seen_before(known, &verifier)?;
            let folder = folder(&export, &verifier)?;
            let reader = Reader {
                verifier,
                policy,
                known,
            };
            whole(&folder, &reader).await?
        }
        _ => {
            return Err(Failed::usage([
                "name a ledger with --config, --export or --url".to_owned(),
            ]));
        }
    };
    match found {
        Found::Whole(summary) => {
            tell(&summary, backing.as_ref());
            tell_unchecked(&summary);
        }
        Found::Replayed(replayed) => {
            tell(&replayed.summary, backing.as_ref());
            tell_replayed(&replayed);
        }
    }
    Ok(Exit::Done)
}

/// What was asked about the ledger of a configuration.
struct Asked<'a> {
    given: Option<Verifier>,
    policy: Option<Policy>,
    known: Option<&'a Path>,
    export: Option<&'a Path>,
    replay: bool,
}

/// The ledger of a configuration: in its database, or in an export of it.
async fn with_config(
    config: Config,
    keys: Result<Keys, sluis::ledger::KeyFileError>,
    asked: Asked<'_>,
) -> Result<(Found, Option<Backing>), Failed> {
    let unread = |error| Failed::usage([in_full(&error)]);
    let (verifier, master) = match (asked.given, keys) {
        (given, Ok(keys)) => (
            given.unwrap_or_else(|| keys.signer.verifier()),
            Ok(keys.master),
        ),
        (Some(given), Err(error)) => (given, Err(error)),
        (None, Err(error)) => return Err(unread(error)),
    };
    let known = trust::seen_before(asked.known, &verifier)?;
    let export = asked.export.map(|path| folder(path, &verifier));
    let folder = export.transpose()?;
    let reader = Reader {
        verifier,
        policy: asked.policy,
        known,
    };
    if !asked.replay {
        return match folder {
            Some(folder) => whole(&folder, &reader).await,
            None => whole(&database(config).await?, &reader).await,
        };
    }
    let with = replay::With {
        organisations: config.organisations.clone(),
        policies: bundles(&config)?,
        opener: Opener::new(Arc::new(master.map_err(unread)?)),
        threads: threads(),
    };
    match folder {
        Some(folder) => {
            let sealed = folder.with_keys().map_err(|error| copy_failed(&error))?;
            again(sealed, &reader, with).await
        }
        None => again(database(config).await?, &reader, with).await,
    }
}

async fn database(config: Config) -> Result<DatabaseBook, Failed> {
    Ok(DatabaseBook::new(open(config.store).await?))
}

/// A database, to be read beside whoever writes it.
pub(super) async fn open(settings: Settings) -> Result<Store, Failed> {
    let store = Store::open_for_reading(settings).await;
    store.map_err(|error| Failed::usage([in_full(&error)]))
}

/// An export, of which everything that no tile covers was found good.
fn folder(path: &Path, verifier: &Verifier) -> Result<Folder, Failed> {
    let folder = Folder::open(path, verifier);
    let checked = folder.and_then(|folder| folder.check_beside().map(|()| folder));
    checked.map_err(|error| copy_failed(&error))
}

async fn whole<S: verify::BookSource>(
    source: &S,
    reader: &Reader,
) -> Result<(Found, Option<Backing>), Failed> {
    let backing = trust::backing(source, &reader.verifier, reader.policy.clone()).await?;
    let known = reader.known.into_iter();
    let known = known.chain(backing.as_ref().map(|backing| backing.checkpoint));
    let checked = verify::run_knowing(source, &reader.verifier, known, progress_bar()).await;
    match checked {
        Ok(summary) => Ok((Found::Whole(summary), backing)),
        Err(wrong) => Err(not_right(&wrong.into())),
    }
}

async fn again<S: SealedSource + Send + 'static>(
    source: S,
    reader: &Reader,
    with: replay::With,
) -> Result<(Found, Option<Backing>), Failed> {
    let backing = trust::backing(&source, &reader.verifier, reader.policy.clone()).await?;
    let known: Vec<Checkpoint> = reader
        .known
        .into_iter()
        .chain(backing.as_ref().map(|backing| backing.checkpoint))
        .collect();
    let source = Arc::new(source);
    let replayed = replay::run(source, &reader.verifier, known, with, progress_bar()).await;
    match replayed {
        Ok(replayed) => Ok((Found::Replayed(replayed), backing)),
        Err(error) => Err(not_right(&error)),
    }
}

/// The bundles that the configuration names.
pub(super) fn bundles(config: &Config) -> Result<Policies, Failed> {
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    for folder in &config.bundles {
        match Bundle::load(folder) {
            Ok(bundle) => found.push(Arc::new(bundle)),
            Err(error) => mistakes.extend(error.to_string().lines().map(str::to_owned)),
        }
    }
    if mistakes.is_empty() {
        Ok(Policies::new(found))
    } else {
        Err(Failed::usage(mistakes))
    }
}

/// One for each core.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A book that could not be read was not found wrong.
pub(super) fn not_right(error: &NotRight) -> Failed {
    let exit = if error.is_finding() {
        Exit::Wrong
    } else {
        Exit::Internal
    };
    Failed {
        exit,
        lines: vec![in_full(error)],
    }
}

/// Why an export could not be read or written, or a database not be filled.
pub(super) fn copy_failed(error: &BackupError) -> Failed {
    let exit = match error {
        error if error.is_usage() => Exit::Usage,
        error if error.is_finding() => Exit::Wrong,
        _ => Exit::Internal,
    };
    Failed {
        exit,
        lines: vec![in_full(error)],
    }
}

fn tell(summary: &Summary, backing: Option<&Backing>) {
    output::say(&format!(
        "The ledger is whole: {} entries, signed.",
        summary.size
    ));
    tell_root(summary);
    if let Some(backing) = backing {
        let size = backing.checkpoint.size;
        trust::tell(backing, &format!("its first {size} entries"));
    }
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

pub(super) fn tell_root(summary: &Summary) {
    output::say(&format!("  root {}", Sha256::from_bytes(summary.root)));
}

fn tell_unchecked(summary: &Summary) {
    let of = |kind| summary.kinds.get(&kind).copied().unwrap_or(0);
    let decided = of(Kind::Decision) + of(Kind::Search);
    output::say(&format!(
        "Not checked: what the entries commit to, and whether {decided} decisions and searches follow from what was known; that takes the keys and --replay."
    ));
}

fn tell_replayed(replayed: &Replayed) {
    let counts = &replayed.counts;
    output::say("Every sealed value is the one its entry committed to.");
    output::say(&format!(
        "Every decision follows from what stood before it: {} of the policy, {} searches; {} calls were refused before any policy was asked.",
        counts.followed, counts.searches, counts.unasked
    ));
    if counts.erased > 0 {
        output::say(&format!(
            "  of {} entries something was erased",
            counts.erased
        ));
    }
    for told in counts.not_judged() {
        output::say(&format!("  {told}"));
    }
}

pub(super) fn progress_bar() -> impl FnMut(Progress) + Send {
    let bar = output::progress_bar("[{wide_bar}] {human_pos} of {human_len}, {eta} left");
    move |progress: Progress| {
        bar.set_length(progress.size);
        bar.set_position(progress.checked);
        if progress.checked == progress.size {
            bar.finish_and_clear();
        }
    }
}

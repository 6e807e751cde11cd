//! `sluis ledger verify`: checks the book, in the database, in an export or over HTTPS.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sluis::backup::{BackupError, Folder, Mirror};
use sluis::clock::SystemClock;
use sluis::config::Config;
use sluis::errors::in_full;
use sluis::fetch::HttpsBook;
use sluis::identity::{login_tls, reader_tls};
use sluis::ledger::note::{Backing, Checkpoint, Policy, Verifier};
use sluis::ledger::verify::{self, DatabaseBook, Known, Memory, SealedSource, Summary, Wrong};
use sluis::ledger::{Keys, Opener};
use sluis::policy::{Bundle, Policies};
use sluis::replay::{self, NotRight, Replayed};
use sluis::store::{Settings, Store};

use super::told::{self, progress_bar};
use super::{Exit, Failed, Outcome, output, read, trust};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Check the ledger in the database this configuration names; with --export it names the keys.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    config: Option<PathBuf>,
    /// Check the ledger that is served here, such as `https://sluis.example/v1/logboek`.
    #[arg(long, value_name = "URL", requires_all = ["ca", "log_key"])]
    url: Option<String>,
    /// Check the ledger in this export, or in a copy of what is public of it (`checkpoint`, `tile`).
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    export: Option<PathBuf>,
    /// The CA of the server (PEM); with --url.
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
    /// Your client certificate (PEM), which a gateway asks for; with --url and --key.
    #[arg(long, value_name = "FILE", requires_all = ["url", "key"])]
    cert: Option<PathBuf>,
    /// Its key (PEM); with --cert.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The key that verifies the log's checkpoints, name+hash+base64, or a file that holds it. Several
    /// keys of one log, with white space between them: each alone is enough. With --config it may be left
    /// out: it is then taken from the signing key.
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
    /// Also make every decision again, with the keys that --config names and the bundles that are kept
    /// with the ledger.
    #[arg(long)]
    replay: bool,
    /// A checkpoint of this ledger that you saw before, or an extract or a proof that holds one: the
    /// ledger must have grown from it.
    #[arg(long, value_name = "FILE")]
    at_least: Option<PathBuf>,
    /// The key of that checkpoint, where it is of another ledger that this one was begun with.
    #[arg(long, value_name = "KEY", requires = "at_least")]
    at_least_key: Option<String>,
    /// The witnesses to ask for (a C2SP tlog-policy): their quorum must stand behind the ledger.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// How old the word of that quorum may be.
    #[arg(long, value_name = "SECONDS", requires = "policy")]
    max_age: Option<u64>,
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
    /// Whole, as far as a public copy goes.
    Public(Summary),
    Replayed(Replayed),
}

/// Checks a book, and says what it is or the first thing wrong with it.
pub(super) async fn run(args: VerifyArgs) -> Outcome {
    if args.replay && args.config.is_none() {
        let how = if args.url.is_some() {
            "--replay: with --url there are no keys to replay with"
        } else {
            "--replay takes the keys and the organisations; name them with --config"
        };
        return Err(Failed::usage([how.to_owned()]));
    }
    let given = trust::key("--log-key", args.log_key.as_deref())?;
    let policy = trust::policy(args.policy.as_deref())?;
    let max_age = args.max_age;
    let (found, reader, backing) = match args {
        VerifyArgs { url: Some(_), .. } => served(args, given, policy).await?,
        VerifyArgs {
            config: Some(ref path),
            ..
        } => {
            let config = read(path)?;
            let keys = config.ledger.read_keys();
            let asked = Asked {
                given,
                policy,
                seen: Seen::of(&args)?,
                export: args.export.as_deref(),
                replay: args.replay,
            };
            with_config(config, keys, asked).await?
        }
        VerifyArgs {
            export: Some(ref export),
            ..
        } => {
            let verifier = given.ok_or_else(|| {
                Failed::usage([
                    "name the ledger's key with --log-key, or its configuration with --config"
                        .to_owned(),
                ])
            })?;
            let reader = Reader::new(verifier, policy, &Seen::of(&args)?)?;
            copied(Copied::open(export, &reader.verifier)?, reader).await?
        }
        _ => {
            return Err(Failed::usage([
                "name a ledger: --config FILE for the one in its database, --export DIR for a copy, --url URL for one that is served"
                    .to_owned(),
            ]));
        }
    };
    if let Some(most_seconds) = max_age {
        trust::check_age(backing.as_ref(), most_seconds)?;
    }
    let (backing, seen) = (backing.as_ref(), reader.known);
    match found {
        Found::Whole(summary) => {
            told::tell(&summary, backing, seen);
            told::tell_unchecked(&summary);
        }
        Found::Public(summary) => {
            told::tell(&summary, backing, seen);
            output::say("This is a copy of what is public; nothing sealed is in it.");
            told::tell_unchecked(&summary);
        }
        Found::Replayed(replayed) => {
            told::tell(&replayed.summary, backing, seen);
            told::tell_replayed(&replayed);
        }
    }
    Ok(Exit::Done)
}

/// What the command line says was seen before.
struct Seen {
    file: Option<PathBuf>,
    key: Option<Verifier>,
}

impl Seen {
    fn of(args: &VerifyArgs) -> Result<Self, Failed> {
        Ok(Self {
            file: args.at_least.clone(),
            key: trust::key("--at-least-key", args.at_least_key.as_deref())?,
        })
    }
}

impl Reader {
    fn new(verifier: Verifier, policy: Option<Policy>, seen: &Seen) -> Result<Self, Failed> {
        let key = seen.key.as_ref().unwrap_or(&verifier);
        let known = trust::seen_before(seen.file.as_deref(), key)?;
        Ok(Self {
            verifier,
            policy,
            known,
        })
    }

    /// What the ledger must have grown from.
    fn memories(&self, backing: Option<&Backing>) -> Vec<Known> {
        let beside = backing.map(|backing| Known {
            checkpoint: backing.checkpoint,
            memory: Memory::Beside,
        });
        self.known
            .map(Known::from)
            .into_iter()
            .chain(beside)
            .collect()
    }
}

/// A ledger, who checked it, and who stands behind it.
type Checked = (Found, Reader, Option<Backing>);

/// The ledger that is served somewhere.
async fn served(
    args: VerifyArgs,
    given: Option<Verifier>,
    policy: Option<Policy>,
) -> Result<Checked, Failed> {
    let missing = |what: &str| Failed::usage([format!("{what} is missing")]);
    let seen = Seen::of(&args)?;
    let url = args.url.ok_or_else(|| missing("--url"))?;
    let ca = args.ca.ok_or_else(|| missing("--ca"))?;
    let verifier = given.ok_or_else(|| missing("--log-key"))?;
    let clock = Arc::new(SystemClock);
    let tls = match (args.cert, args.key) {
        (Some(cert), Some(key)) => reader_tls(&cert, &key, &[ca], clock),
        _ => login_tls(&[ca], clock),
    };
    let tls = tls.map_err(|error| Failed::usage([in_full(&error)]))?;
    let book = HttpsBook::new(&url, tls);
    let book = book.map_err(|error| Failed::usage([format!("--url: {error}")]))?;
    let reader = Reader::new(verifier, policy, &seen)?;
    let (summary, backing) = whole(&book, &reader).await?;
    Ok((Found::Whole(summary), reader, backing))
}

/// A copy of a ledger in a folder.
pub(super) enum Copied {
    Export(Folder),
    /// Only what is public.
    Public(Mirror),
}

impl Copied {
    /// Of an export, everything that no tile covers was found good.
    pub(super) fn open(path: &Path, verifier: &Verifier) -> Result<Self, Failed> {
        if let Some(mirror) = Mirror::find(path) {
            return Ok(Self::Public(mirror));
        }
        let folder = Folder::open(path, verifier);
        let checked = folder.and_then(|folder| folder.check_beside().map(|()| folder));
        checked
            .map(Self::Export)
            .map_err(|error| copy_failed(&error))
    }
}

async fn copied(copy: Copied, reader: Reader) -> Result<Checked, Failed> {
    let (found, backing) = match copy {
        Copied::Export(folder) => {
            let (summary, backing) = whole(&folder, &reader).await?;
            (Found::Whole(summary), backing)
        }
        Copied::Public(mirror) => {
            let (summary, backing) = whole(&mirror, &reader).await?;
            (Found::Public(summary), backing)
        }
    };
    Ok((found, reader, backing))
}

/// What was asked about the ledger of a configuration.
struct Asked<'a> {
    given: Option<Verifier>,
    policy: Option<Policy>,
    seen: Seen,
    export: Option<&'a Path>,
    replay: bool,
}

/// The ledger of a configuration: in its database, or in an export of it.
async fn with_config(
    config: Config,
    keys: Result<Keys, sluis::ledger::KeyFileError>,
    asked: Asked<'_>,
) -> Result<Checked, Failed> {
    let unread = |error| Failed::usage([in_full(&error)]);
    let (verifier, master) = match (asked.given, keys) {
        (given, Ok(keys)) => (
            given.unwrap_or_else(|| keys.signer.verifier()),
            Ok(keys.master),
        ),
        (Some(given), Err(error)) => (given, Err(error)),
        (None, Err(error)) => return Err(unread(error)),
    };
    let reader = Reader::new(verifier, asked.policy, &asked.seen)?;
    let copy = asked
        .export
        .map(|path| Copied::open(path, &reader.verifier));
    let copy = copy.transpose()?;
    let master_key = config.ledger.master_key.clone();
    if !asked.replay {
        let Some(copy) = copy else {
            let opener = master.ok().map(|master| Opener::new(Arc::new(master)));
            return stored(&database(config).await?, opener, reader).await;
        };
        return copied(copy, reader).await;
    }
    let with = replay::With {
        organisations: config.organisations.clone(),
        policies: candidate(&config)?,
        opener: Opener::new(Arc::new(master.map_err(unread)?)),
        threads: threads(),
    };
    let (replayed, backing) = match copy {
        Some(Copied::Public(_)) => {
            let why =
                "--replay: this is a copy of what is public; what opens the entries is not in it";
            return Err(Failed::usage([why.to_owned()]));
        }
        Some(Copied::Export(folder)) => {
            let sealed = folder.with_keys().map_err(|error| copy_failed(&error))?;
            check_master(&sealed, &with.opener, &master_key).await?;
            again(sealed, &reader, with).await?
        }
        None => {
            let book = database(config).await?;
            check_master(&book, &with.opener, &master_key).await?;
            again(book, &reader, with).await?
        }
    };
    Ok((Found::Replayed(replayed), reader, backing))
}

/// The master key must be this ledger's, before anything is said of what it does not open.
pub(super) async fn check_master<S: SealedSource>(
    source: &S,
    opener: &Opener,
    path: &Path,
) -> Result<(), Failed> {
    if opener.fits(source).await {
        return Ok(());
    }
    Err(Failed::usage([format!(
        "the master key {} is another ledger's: it opens no key of this one; correct ledger.master-key",
        path.display()
    )]))
}

/// The ledger in a database. Where its last entries do not lead to its root, a master key that fits may
/// say which one was changed.
async fn stored(
    book: &DatabaseBook,
    opener: Option<Opener>,
    reader: Reader,
) -> Result<Checked, Failed> {
    let backing = trust::backing(book, &reader.verifier, reader.policy.clone()).await?;
    let known = reader.memories(backing.as_ref());
    let checked = verify::run_knowing(book, &reader.verifier, known, progress_bar()).await;
    if let (Err(Wrong::Root { size }), Some(opener)) = (&checked, opener)
        && opener.fits(book).await
        && let Some((index, flaw)) = opener.first_flaw(book, *size).await
    {
        return Err(Failed {
            exit: Exit::Wrong,
            lines: vec![format!("entry {index} is wrong: {}", in_full(&flaw))],
        });
    }
    let summary = checked.map_err(|wrong| not_right(&wrong.into()))?;
    Ok((Found::Whole(summary), reader, backing))
}

pub(super) async fn database(config: Config) -> Result<DatabaseBook, Failed> {
    Ok(DatabaseBook::new(open(config.store).await?))
}

/// A database, to be read beside whoever writes it.
pub(super) async fn open(settings: Settings) -> Result<Store, Failed> {
    let store = Store::open_for_reading(settings).await;
    store.map_err(|error| Failed::usage([in_full(&error)]))
}

async fn whole<S: verify::BookSource>(
    source: &S,
    reader: &Reader,
) -> Result<(Summary, Option<Backing>), Failed> {
    let backing = trust::backing(source, &reader.verifier, reader.policy.clone()).await?;
    let known = reader.memories(backing.as_ref());
    let checked = verify::run_knowing(source, &reader.verifier, known, progress_bar()).await;
    let summary = checked.map_err(|wrong| not_right(&wrong.into()))?;
    Ok((summary, backing))
}

async fn again<S: SealedSource + Send + 'static>(
    source: S,
    reader: &Reader,
    with: replay::With,
) -> Result<(Replayed, Option<Backing>), Failed> {
    let backing = trust::backing(&source, &reader.verifier, reader.policy.clone()).await?;
    let known = reader.memories(backing.as_ref());
    let source = Arc::new(source);
    let replayed = replay::run(source, &reader.verifier, known, with, progress_bar()).await;
    let replayed = replayed.map_err(|error| not_right(&error))?;
    Ok((replayed, backing))
}

/// The candidate that the configuration names. It is in force nowhere: it is only asked again beside
/// decisions. What is in force comes out of the book.
fn candidate(config: &Config) -> Result<Policies, Failed> {
    let loaded = config.shadow.as_deref().map(Bundle::load).transpose();
    let loaded =
        loaded.map_err(|error| Failed::usage(error.to_string().lines().map(str::to_owned)))?;
    Ok(Policies::new(loaded.map(Arc::new).into_iter().collect()))
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

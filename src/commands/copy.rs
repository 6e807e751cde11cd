//! `sluis ledger export`, `restore` and `drill`: the ledger as a folder, and back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sluis::backup::{self, BackupError, Folder, Restored};
use sluis::clock::SystemRandomness;
use sluis::config::Config;
use sluis::errors::in_full;
use sluis::ledger::note::{NoteError, Signer, Verifier};
use sluis::ledger::seal::MasterKey;
use sluis::ledger::verify::{DatabaseBook, Summary, Wrong};
use sluis::ledger::{Keys, Opener};
use sluis::policy::Policies;
use sluis::replay::{self, Replayed};
use sluis::store::{Location, Settings, Store};

use super::told::{progress_bar, tell_root};
use super::verify::{check_master, copy_failed, not_right, open, threads};
use super::views::{self, ViewArgs};
use super::{Exit, Failed, Outcome, output, read, trust};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The configuration that names the ledger.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder to write: not there yet, or empty. With --as a file, not there yet; without it
    /// records go to standard output.
    #[arg(long, value_name = "PATH", required_unless_present = "words")]
    out: Option<PathBuf>,
    #[command(flatten)]
    view: ViewArgs,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The configuration that names the empty database and the keys of the ledger.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The export.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Begin a new ledger with these entries, under the new origin and key that the configuration names:
    /// for when witnesses know more of the old one than any copy has (deploy/lost.md).
    #[arg(long, requires = "log_key")]
    begin_anew: bool,
    /// The verifier key of the old ledger, or a file that holds it: with --begin-anew, or where the export
    /// was signed with a key that ledger.key took over from; the restored ledger is signed anew then.
    #[arg(long, value_name = "KEY")]
    log_key: Option<String>,
}

/// The keys of the ledger, as its configuration names them.
struct Secrets {
    signer: Signer,
    verifier: Verifier,
    master: Arc<MasterKey>,
    /// Where the master key is, to be told.
    master_key: PathBuf,
}

impl Secrets {
    fn read(config: &Config) -> Result<Self, Failed> {
        let ledger = &config.ledger;
        let keys = ledger
            .read_keys()
            .map_err(|error| Failed::usage([in_full(&error)]))?;
        Ok(Self {
            verifier: keys.signer.verifier(),
            signer: keys.signer,
            master: Arc::new(keys.master),
            master_key: ledger.master_key.clone(),
        })
    }

    fn opener(&self) -> Opener {
        Opener::new(Arc::clone(&self.master))
    }

    /// The database, read beside whoever writes it; the master key is the one of its ledger.
    async fn open(&self, settings: Settings) -> Result<Store, Failed> {
        let store = open(settings).await?;
        let book = DatabaseBook::new(store.clone());
        check_master(&book, &self.opener(), &self.master_key).await?;
        Ok(store)
    }
}

/// Writes an export.
pub(super) async fn export(args: ExportArgs) -> Outcome {
    let config = read(&args.config)?;
    let secrets = Secrets::read(&config)?;
    let out = match (args.view.words, args.out) {
        (Some(words), out) => {
            let store = secrets.open(config.store.clone()).await?;
            let book = DatabaseBook::new(store);
            let Secrets {
                verifier, master, ..
            } = secrets;
            return views::export(args.view, words, out, &config, &book, &verifier, master).await;
        }
        (None, Some(out)) => out,
        (None, None) => {
            return Err(Failed::usage([
                "name the folder to write with --out, or a form with --as".to_owned(),
            ]));
        }
    };
    let store = secrets.open(config.store).await?;
    let exported = backup::export(&store, &secrets.verifier, &out, progress_bar()).await;
    let summary = exported.map_err(|error| copy_failed(&error))?;
    output::say(&format!(
        "{} entries were checked and written to {}.",
        summary.size,
        out.display()
    ));
    tell_root(&summary);
    output::say(&format!(
        "Its folder log can be shown to anyone. The rest is as sensitive as the database; the keys {} and {} are not in it.",
        config.ledger.key.display(),
        config.ledger.master_key.display()
    ));
    Ok(Exit::Done)
}

/// Fills the database that the configuration names.
pub(super) async fn restore(args: RestoreArgs) -> Outcome {
    let config = read(&args.config)?;
    if args.begin_anew {
        return begin_anew(&config, &args).await;
    }
    let secrets = Secrets::read(&config)?;
    let old = trust::key("--log-key", args.log_key.as_deref())?;
    if let Some(old) = old
        .as_ref()
        .filter(|old| old.name() != config.ledger.origin)
    {
        return Err(Failed::usage([format!(
            "--log-key: this is the key of {}, and ledger.origin is {}; a ledger under another name takes --begin-anew",
            old.name(),
            config.ledger.origin
        )]));
    }
    let signer = old.as_ref().map(|_| &secrets.signer);
    let of = old.as_ref().unwrap_or(&secrets.verifier);
    let restored = fill(&config.store, &args.from, of, &secrets, signer).await?;
    tell_restored(&restored);
    if signer.is_some() {
        output::say("It is signed anew, with the keys that the configuration names:");
        output::say(&secrets.verifier.to_string());
    }
    output::say(
        "Compare with a newer checkpoint before you serve it: `sluis ledger verify --at-least`.",
    );
    Ok(Exit::Done)
}

/// A new ledger, whose first entries are those of another that was lost in part.
async fn begin_anew(config: &Config, args: &RestoreArgs) -> Outcome {
    let old = trust::key("--log-key", args.log_key.as_deref())?;
    let old = old.ok_or_else(|| Failed::usage(["--log-key is missing".to_owned()]))?;
    let ledger = &config.ledger;
    if old.name() == ledger.origin {
        return Err(Failed::usage([format!(
            "ledger.origin is still {}, under which witnesses know another book; give the new ledger a new origin, and ledger.key and store.url new places",
            ledger.origin
        )]));
    }
    if !ledger.key.exists() {
        let made = Keys::create_signer(&ledger.key, &ledger.origin, &SystemRandomness::default());
        made.map_err(|error| Failed::usage([in_full(&error)]))?;
    }
    let secrets = Secrets::read(config)?;
    let signer = Some(&secrets.signer);
    let restored = fill(&config.store, &args.from, &old, &secrets, signer).await?;
    tell_restored(&restored);
    let size = restored.summary.size;
    output::say(&format!(
        "The ledger {} ends for good; the new ledger {} begins with its first {size} entries.",
        old.name(),
        ledger.origin
    ));
    output::say("Whoever checks the new one, witnesses too, needs this key:");
    output::say(&secrets.verifier.to_string());
    Ok(Exit::Done)
}

fn tell_restored(restored: &Restored) {
    output::say(&format!(
        "{} entries, {} changes of the registry and {} documents were restored.",
        restored.summary.size, restored.changes, restored.documents
    ));
    tell_root(&restored.summary);
    if restored.erased > 0 {
        output::say(&format!(
            "  of {} changes something was erased, and stays so",
            restored.erased
        ));
    }
}

/// Fills an empty database from an export of the ledger `of` this key; signed anew, under a new name
/// perhaps, where there is somebody to sign for that.
async fn fill(
    store: &Settings,
    from: &Path,
    of: &Verifier,
    secrets: &Secrets,
    anew: Option<&Signer>,
) -> Result<Restored, Failed> {
    let opened = Folder::open(from, of).and_then(Folder::with_keys);
    let sealed = opened.map_err(|error| copy_failed(&error))?;
    let opener = secrets.opener();
    check_master(&sealed, &opener, &secrets.master_key).await?;
    let restored = match anew {
        None => backup::restore(store, &sealed, of, &opener, progress_bar()).await,
        Some(signer) => {
            backup::restore_as(store, &sealed, of, &opener, signer, progress_bar()).await
        }
    };
    restored.map_err(|error| {
        let mut failed = copy_failed(&error);
        if anew.is_none()
            && let BackupError::Book(Wrong::Checkpoint(NoteError::OtherKey { .. })) = error
            && let Some(line) = failed.lines.last_mut()
        {
            line.push_str("; here: name the key that the export was signed with, in --log-key");
        }
        failed
    })
}

/// A folder of its own beside the ledger's key, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn make(config: &Config) -> Result<Self, Failed> {
        let name = format!("drill-{}", std::process::id());
        let beside = config.ledger.key.parent().unwrap_or(Path::new("."));
        let folder = beside.join(name);
        let made = std::fs::create_dir(&folder);
        made.map_err(|error| {
            Failed::usage([format!(
                "{} could not be made for the drill ({error}); make room beside ledger.key",
                folder.display()
            )])
        })?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Exports, restores into a scratch database, and compares.
pub(super) async fn drill(config: PathBuf) -> Outcome {
    let config = read(&config)?;
    let secrets = Secrets::read(&config)?;
    let store = secrets.open(config.store.clone()).await?;
    let scratch = Scratch::make(&config)?;
    let folder = scratch.0.join("export");
    let exported = backup::export(&store, &secrets.verifier, &folder, progress_bar()).await;
    let exported = exported.map_err(|error| copy_failed(&error))?;
    let settings = Settings {
        location: Location::Sqlite(scratch.0.join("ledger.db")),
        password: None,
    };
    fill(&settings, &folder, &secrets.verifier, &secrets, None).await?;
    let replayed = replay_of(settings, &config, &secrets).await?;
    same(&exported, &replayed)?;
    output::say(&format!(
        "The drill went well: {} entries exported, restored and replayed; the same root.",
        exported.size
    ));
    tell_root(&exported);
    for told in replayed.counts.not_judged() {
        output::say(&format!("  {told}"));
    }
    Ok(Exit::Done)
}

async fn replay_of(
    settings: Settings,
    config: &Config,
    secrets: &Secrets,
) -> Result<Replayed, Failed> {
    let with = replay::With {
        organisations: config.organisations.clone(),
        // Those that were restored, and no other.
        policies: Policies::default(),
        opener: secrets.opener(),
        threads: threads(),
    };
    let source = Arc::new(DatabaseBook::new(open(settings).await?));
    let replayed = replay::run(source, &secrets.verifier, None, with, progress_bar()).await;
    replayed.map_err(|error| not_right(&error))
}

fn same(exported: &Summary, replayed: &Replayed) -> Result<(), Failed> {
    if *exported == replayed.summary {
        return Ok(());
    }
    Err(Failed {
        exit: Exit::Wrong,
        lines: vec![format!(
            "what was restored is another ledger: {}; exported was {exported}",
            replayed.summary
        )],
    })
}

//! `sluis ledger export --as`: the ledger in the words of a standard, as lines or to a collector.
//!
//! The book is checked while it is read: what is written before something wrong is found stays written,
//! but the command then says so and ends with 1.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::Value;
use sluis::bounds;
use sluis::clock::{Clock as _, SystemClock};
use sluis::collect::Collector;
use sluis::config::Config;
use sluis::domain::Oin;
use sluis::errors::in_full;
use sluis::identity::reader_tls;
use sluis::ledger::seal::MasterKey;
use sluis::ledger::verify::{DatabaseBook, SealedSource as _, Walk, Wrong};
use sluis::ledger::{Leaf, Opener};
use sluis::policy::Policies;
use sluis::replay;
use sluis::views::{Form, Setting, Table, View, otlp};

use super::verify::not_right;
use super::{Exit, Failed, OIN, Outcome, expecting, output};

/// In whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Words {
    /// The transaction log of FSC Logging.
    Fsc,
    /// Logboek Dataverwerkingen, with owners under a pseudonym.
    Ldv,
    /// Authorization Decision Log.
    Adl,
    /// Every entry as a row of a table.
    Csv,
}

#[derive(Debug, Args)]
pub(super) struct ViewArgs {
    /// Write records in these words, one a line, instead of the ledger itself.
    #[arg(long = "as", value_name = "FORM")]
    pub(super) words: Option<Words>,
    /// Only what this organisation is party to, seen from its side; with --as.
    #[arg(
        long = "for",
        value_name = "OIN",
        requires = "words",
        value_parser = expecting::<Oin>(OIN)
    )]
    of: Option<Oin>,
    /// Records of entries from this index on; with --as.
    #[arg(long, value_name = "INDEX", default_value_t = 0, requires = "words")]
    from: u64,
    /// Send the records to this OpenTelemetry collector (OTLP/HTTP, logs), such as
    /// `https://collector.example/v1/logs`; with --as.
    #[arg(long, value_name = "URL", requires_all = ["words", "ca"], conflicts_with = "out")]
    otlp: Option<String>,
    /// The CA of the collector (PEM); with --otlp.
    #[arg(long, value_name = "FILE", requires = "otlp")]
    ca: Option<PathBuf>,
}

/// What takes the records.
enum Sink {
    Screen,
    File {
        path: PathBuf,
        file: BufWriter<File>,
    },
    Collector {
        road: Collector,
        form: Form,
        waiting: Vec<Value>,
    },
}

impl Sink {
    fn open(
        args: &ViewArgs,
        form: Option<Form>,
        out: Option<PathBuf>,
        config: &Config,
    ) -> Result<Self, Failed> {
        if let Some(path) = out {
            return Self::create(path);
        }
        let (Some(url), Some(ca)) = (&args.otlp, &args.ca) else {
            return Ok(Self::Screen);
        };
        let form = form.ok_or_else(|| {
            Failed::usage(["--otlp: a table has no records; name fsc, ldv or adl".to_owned()])
        })?;
        let own = &config.identity.tls;
        let tls = reader_tls(
            &own.certificate,
            &own.key,
            std::slice::from_ref(ca),
            Arc::new(SystemClock),
        )
        .map_err(|error| Failed::usage([in_full(&error)]))?;
        let road = Collector::new(url, tls)
            .map_err(|error| Failed::usage([format!("--otlp: {error}")]))?;
        Ok(Self::Collector {
            road,
            form,
            waiting: Vec::new(),
        })
    }

    /// A new file, which only its owner can read: who may know what is in it is theirs to say.
    fn create(path: PathBuf) -> Result<Self, Failed> {
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        match options.open(&path) {
            Ok(file) => Ok(Self::File {
                path,
                file: BufWriter::new(file),
            }),
            Err(error) => Err(Failed::usage([format!(
                "--out: {} cannot be made ({error}); name a file that is not there yet",
                path.display()
            )])),
        }
    }

    fn print(&mut self, text: &str) -> Result<(), Failed> {
        match self {
            Self::Screen => output::print(text),
            Self::File { path, file } => {
                let written = file.write_all(text.as_bytes());
                written.map_err(|error| not_written(path, &error))?;
            }
            Self::Collector { .. } => {}
        }
        Ok(())
    }

    async fn take(&mut self, records: Vec<Value>) -> Result<(), Failed> {
        if let Self::Collector { waiting, .. } = self {
            waiting.extend(records);
            return self.send(bounds::COLLECTOR_RECORDS).await;
        }
        let lines = records.iter();
        lines
            .map(|one| format!("{one}\n"))
            .try_for_each(|line| self.print(&line))
    }

    /// Everything was taken: hands over the rest, and makes a file durable.
    async fn finish(&mut self) -> Result<(), Failed> {
        if let Self::File { path, file } = self {
            let kept = file.flush().and_then(|()| file.get_ref().sync_all());
            kept.map_err(|error| not_written(path, &error))?;
        }
        self.send(1).await
    }

    /// Hands over what waits, once it is at least so much.
    async fn send(&mut self, at_least: usize) -> Result<(), Failed> {
        let Self::Collector {
            road,
            form,
            waiting,
        } = self
        else {
            return Ok(());
        };
        while waiting.len() >= at_least.max(1) {
            let many = waiting.len().min(bounds::COLLECTOR_RECORDS);
            let request = otlp::request(
                *form,
                waiting.get(..many).unwrap_or_default(),
                SystemClock.now(),
            );
            let sent = road.send(&request).await;
            sent.map_err(|error| Failed::internal(&error))?;
            waiting.drain(..many);
        }
        Ok(())
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Failed {
    Failed {
        exit: Exit::Internal,
        lines: vec![format!("{} cannot be written ({error})", path.display())],
    }
}

/// What makes the lines.
enum Maker {
    Table(Table),
    View(View),
}

/// Writes the ledger in these words.
pub(super) async fn export(
    args: ViewArgs,
    words: Words,
    out: Option<PathBuf>,
    config: &Config,
    book: &DatabaseBook,
    verifier: &sluis::ledger::note::Verifier,
    master: Arc<MasterKey>,
) -> Outcome {
    let form = match words {
        Words::Fsc => Some(Form::Fsc),
        Words::Ldv => Some(Form::Ldv),
        Words::Adl => Some(Form::Adl),
        Words::Csv => None,
    };
    let policies = Policies::default();
    let learnt = replay::learn(book, &policies).await;
    learnt.map_err(|error| not_right(&error))?;
    let setting = Setting {
        origin: config.ledger.origin.clone(),
        organisations: config.organisations.clone(),
        policies,
        of: known_party(&args, config)?,
    };
    let walk = Walk::begin(book, verifier, None).await;
    let walk = walk.map_err(|wrong| not_right(&wrong.into()))?;
    check_from(args.from, walk.size())?;
    let is_file = out.is_some();
    let mut sink = Sink::open(&args, form, out, config)?;
    let mut maker = match form {
        Some(form) => Maker::View(View::new(form, setting, master.clone())),
        None => Maker::Table(Table::new(setting)),
    };
    if let Maker::Table(table) = &maker {
        sink.print(&table.head())?;
    }
    let (mut checker, opener) = (walk.checker(), Opener::new(master));
    while let Some((from, to)) = walk.next(&checker) {
        let sealed = book.sealed(from, to).await;
        let sealed = sealed.map_err(|error| not_right(&Wrong::at(from, error).into()))?;
        for one in &sealed {
            if let Err((index, flaw)) = checker.push(&one.entry) {
                let wrong = walk.stumbled(&mut checker, index, flaw).await;
                return Err(not_right(&wrong.into()));
            }
            let leaf = opener.open(one).map_err(|flaw| Failed {
                exit: Exit::Wrong,
                lines: vec![format!("entry {} is wrong: {}", one.index, in_full(&flaw))],
            })?;
            tell(&mut maker, &mut sink, &leaf, args.from).await?;
        }
        let settled = walk.settle(&mut checker, to).await;
        settled.map_err(|wrong| not_right(&wrong.into()))?;
    }
    let finished = walk.finish(checker).await;
    let summary = finished.map_err(|wrong| not_right(&wrong.into()))?;
    sink.finish().await?;
    if let Maker::View(view) = &maker
        && view.open() > 0
    {
        let open = view.open();
        output::complain(&format!(
            "{open} releases have not ended yet; an export of what comes next (--from {}) tells them",
            summary.size
        ));
    }
    if args.otlp.is_some() || is_file {
        output::say(&format!(
            "The records of {} entries were taken; the next export begins with --from {}.",
            summary.size.saturating_sub(args.from),
            summary.size
        ));
    }
    Ok(Exit::Done)
}

/// Whose side is taken must be somebody's.
fn known_party(args: &ViewArgs, config: &Config) -> Result<Option<Oin>, Failed> {
    let Some(oin) = args.of else { return Ok(None) };
    if config.organisations.find(oin).is_some() {
        return Ok(Some(oin));
    }
    Err(Failed::usage([format!(
        "--for: no organisation of the configuration has the OIN {oin}"
    )]))
}

fn check_from(from: u64, size: u64) -> Result<(), Failed> {
    if from <= size {
        return Ok(());
    }
    Err(Failed::usage([format!(
        "--from {from}: the ledger has {size} entries; what comes next begins with --from {size}"
    )]))
}

async fn tell(maker: &mut Maker, sink: &mut Sink, leaf: &Leaf, from: u64) -> Result<(), Failed> {
    match maker {
        Maker::Table(table) => {
            let row = table.row(leaf).filter(|_| leaf.index >= from);
            sink.print(&row.unwrap_or_default())
        }
        Maker::View(view) => {
            // Also what stands before: the decision of a release that ends later, the program.
            let records = view.take(leaf);
            if leaf.index < from {
                return Ok(());
            }
            sink.take(records).await
        }
    }
}

//! The commands, one function each.

mod agreement;
mod conformance;
mod copy;
mod demo;
mod doctor;
mod document;
mod erase;
mod extract;
mod health;
mod notify;
pub(crate) mod output;
mod proving;
#[cfg(test)]
mod quoted;
mod replaying;
mod told;
mod trust;
mod verify;
mod views;
mod witness;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use sluis::app::{self, Gateway, LogRoad, Prepared, StartError};
use sluis::clock::{Clock, Random, SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::domain::{CaseNumber, DocumentId, Employee, Team, Word};
use sluis::errors::in_full;
use sluis::identity::{TokenRequest, dev_pki, make_token};
use sluis::ledger::{KeyFileError, Keys};
use sluis::policy;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Checked, and found wrong.
    Wrong,
    /// Bad usage or configuration.
    Usage,
    /// What it needs is not on this machine, or somebody it asks does not answer.
    Unavailable,
    /// Our own mistake, or the machine's.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Wrong => 1,
            Exit::Usage => 64,
            Exit::Unavailable => 69,
            Exit::Internal => 70,
        })
    }
}

impl From<policy::cli::Exit> for Exit {
    fn from(exit: policy::cli::Exit) -> Self {
        match exit {
            policy::cli::Exit::Clean => Self::Done,
            policy::cli::Exit::Wrong => Self::Wrong,
            policy::cli::Exit::Usage => Self::Usage,
            policy::cli::Exit::Unavailable => Self::Unavailable,
            policy::cli::Exit::Internal => Self::Internal,
        }
    }
}

/// Why a command ended badly: one line for each mistake.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) exit: Exit,
    pub(crate) lines: Vec<String>,
}

impl Failed {
    fn usage(lines: impl IntoIterator<Item = String>) -> Self {
        Self {
            exit: Exit::Usage,
            lines: lines.into_iter().collect(),
        }
    }

    fn internal(error: &dyn std::error::Error) -> Self {
        Self {
            exit: Exit::Internal,
            lines: vec![in_full(error)],
        }
    }
}

type Outcome = Result<Exit, Failed>;

/// The gateway between public bodies: every dossier document passes only on a recorded legal
/// ground.
#[derive(Debug, Parser)]
#[command(
    name = "sluis",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on this machine, nothing to prepare: a tour, and then a gateway to play with.
    Demo(demo::DemoArgs),
    /// Run the gateway.
    Serve(ConfigFile),
    /// Make or check the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Check a configuration file and everything it names, without opening anything.
    CheckConfig(ConfigFile),
    /// Ask the gateway on this machine whether it is ready, and what is not; ends with 1 if it is not.
    Health(health::HealthArgs),
    Doctor(doctor::DoctorArgs),
    Conformance(conformance::ConformanceArgs),
    /// Make certificates.
    #[command(subcommand)]
    Pki(PkiCommand),
    /// Print a request token, for tests and scripts.
    Token(TokenArgs),
    /// Check or test policy bundles.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Run a witness: a server of its own that cosigns what continues a ledger, and nothing else.
    Witness(witness::WitnessArgs),
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// What a pseudonym or a number of a case looks like.
const TEXT: &str = "1 to 128 characters without white space at either end";
const CODE: &str = "a code of 1 to 64 lower-case letters, digits and hyphens, a letter first";
const UUID: &str = "a UUID such as 018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60";
/// What names an organisation.
pub(crate) const OIN: &str = "an OIN of twenty digits";

/// Reads an argument as this type, whose own error speaks the language of the wire.
fn expecting<T: FromStr>(
    what: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| text.parse().map_err(|_| format!("expected {what}"))
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Make the keys and the empty ledger that the configuration names.
    Init(ConfigFile),
    /// Print the key that verifies the ledger's checkpoints, as `init` did; both, a line for each, while a
    /// second one takes over (ledger.next-key).
    Key(ConfigFile),
    /// Make a second signing key of the same ledger, to take over from the first, and print the key that
    /// verifies what it signs (deploy/runbooks/keys.md). Nothing signs with it yet.
    NewKey(NewKeyArgs),
    /// Check a ledger from its first entry to its last: tree, signatures, order, and with the keys
    /// every decision again.
    Verify(verify::VerifyArgs),
    /// Check an extract of a ledger, or a proof of one entry, with nothing but the ledger's key: where
    /// it stands, who stands behind it, what it says.
    CheckProof(extract::CheckArgs),
    /// Write the whole ledger to a folder: the public book, and what opens it, still sealed. Or with
    /// --as its records in the words of a standard.
    Export(copy::ExportArgs),
    /// Fill an empty database from an export.
    Restore(copy::RestoreArgs),
    /// Export, restore into a scratch database, and check that it is the same ledger.
    Drill(ConfigFile),
    /// Erase an address from the ledger: one person asks, a second agrees.
    Erase(erase::EraseArgs),
    /// Hold an address, so that nothing of it is erased, or lift a hold: by two people too.
    Hold(erase::HoldArgs),
    /// Erase what was kept for the terms of [retention]; a running gateway does it once a day.
    Retain(ConfigFile),
}

#[derive(Debug, Args)]
struct NewKeyArgs {
    /// The configuration file; its ledger.origin is the name of the key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The file to write it to, which is not there yet; to be named in ledger.next-key.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum PkiCommand {
    /// Make a development CA, and certificates for gateway, IMG, NCG and a municipality.
    Dev {
        /// The folder to write them to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// The organisation's token key (PKCS#8 PEM).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The client certificate the token is bound to (PEM).
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The gateway's audience.
    #[arg(long, value_name = "URL")]
    aud: String,
    /// Who asks: a pseudonym.
    #[arg(long, value_name = "ID", value_parser = expecting::<Employee>(TEXT))]
    sub: Employee,
    /// What for: a purpose code, or `beheer` for the registry.
    #[arg(long, value_name = "CODE", value_parser = expecting::<Word>(TEXT))]
    doel: Word,
    /// The requester's own case number.
    #[arg(long, value_name = "NR", value_parser = expecting::<CaseNumber>(TEXT))]
    zaak: CaseNumber,
    /// In which team.
    #[arg(long, value_name = "NAME", value_parser = expecting::<Team>(CODE))]
    team: Option<Team>,
    /// For which document only.
    #[arg(long, value_name = "UUID", value_parser = expecting::<DocumentId>(UUID))]
    document: Option<DocumentId>,
    /// How long it lives, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    ttl: i64,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Validate bundles strictly: schema, rules, annotations, coverage.
    Check {
        /// The folders of the bundles.
        #[arg(required = true, value_name = "DIR")]
        bundles: Vec<PathBuf>,
    },
    /// Write a bundle as a page that a citizen can read: what is shared, with whom, why, and what you
    /// can decide.
    Document(document::DocumentArgs),
    /// Run the jurists' tables of bundles: every row, the wrong ones first.
    Test {
        /// The folders of the bundles.
        #[arg(required = true, value_name = "DIR")]
        bundles: Vec<PathBuf>,
    },
    /// Sign for a bundle, as one of its parties, or with --withdraw for taking an agreement back.
    Sign(agreement::SignArgs),
    /// Put a bundle in force that all its parties signed for, from a date on.
    Activate(agreement::ActivateArgs),
    /// Take an agreement back before it begins, as all its parties signed.
    Withdraw(agreement::WithdrawArgs),
    /// List what was agreed on: which bundle, from when, signed by whom, whether it is in force.
    Agreements(ConfigFile),
    /// Prove for all requests that bundles are sound and keep to their limits; needs cvc5.
    Prove(proving::ProveArgs),
    /// Say for all requests what changes from one bundle to another; needs cvc5.
    Compare(proving::CompareArgs),
    /// Put every decision of a ledger to another bundle: which outcomes would have differed.
    Replay(replaying::ReplayArgs),
    /// Lay out the rules of bundles as `check` wants them; their hashes change.
    Format {
        /// The folders of the bundles.
        #[arg(required = true, value_name = "DIR")]
        bundles: Vec<PathBuf>,
    },
}

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Demo(args) => in_runtime(demo::run(args)),
        Command::Serve(file) => in_runtime(serve(&file.config)),
        Command::Ledger(LedgerCommand::Init(file)) => in_runtime(init(&file.config)),
        Command::Ledger(LedgerCommand::Key(file)) => ledger_key(&file.config),
        Command::Ledger(LedgerCommand::NewKey(args)) => new_key(&args),
        Command::Ledger(LedgerCommand::Verify(args)) => in_runtime(verify::run(args)),
        Command::Ledger(LedgerCommand::CheckProof(args)) => extract::run(&args),
        Command::Ledger(LedgerCommand::Export(args)) => in_runtime(copy::export(args)),
        Command::Ledger(LedgerCommand::Restore(args)) => in_runtime(copy::restore(args)),
        Command::Ledger(LedgerCommand::Drill(file)) => in_runtime(copy::drill(file.config)),
        Command::Ledger(LedgerCommand::Erase(args)) => in_runtime(erase::erase(args)),
        Command::Ledger(LedgerCommand::Hold(args)) => in_runtime(erase::hold(args)),
        Command::Ledger(LedgerCommand::Retain(file)) => in_runtime(erase::retain(file.config)),
        Command::CheckConfig(file) => check_config(&file.config),
        Command::Health(args) => in_runtime(health::run(args)),
        Command::Doctor(args) => in_runtime(doctor::run(args)),
        Command::Conformance(args) => in_runtime(conformance::run(args)),
        Command::Pki(PkiCommand::Dev { out }) => make_pki(&out),
        Command::Token(args) => token(args),
        Command::Policy(PolicyCommand::Check { bundles }) => policy(policy::cli::check, &bundles),
        Command::Policy(PolicyCommand::Document(args)) => document::run(&args),
        Command::Policy(PolicyCommand::Sign(args)) => agreement::sign(&args),
        Command::Policy(PolicyCommand::Activate(args)) => in_runtime(agreement::activate(args)),
        Command::Policy(PolicyCommand::Withdraw(args)) => in_runtime(agreement::withdraw(args)),
        Command::Policy(PolicyCommand::Agreements(file)) => {
            in_runtime(agreement::agreements(file.config))
        }
        Command::Policy(PolicyCommand::Test { bundles }) => policy(policy::cli::test, &bundles),
        Command::Policy(PolicyCommand::Prove(args)) => in_runtime(proving::prove(args)),
        Command::Policy(PolicyCommand::Compare(args)) => in_runtime(proving::compare(args)),
        Command::Policy(PolicyCommand::Replay(args)) => in_runtime(replaying::run(args)),
        Command::Policy(PolicyCommand::Format { bundles }) => policy(policy::cli::format, &bundles),
        Command::Witness(args) => in_runtime(witness::run(args)),
    }
}

fn in_runtime(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::internal(&error))?;
    let outcome = runtime.block_on(command);
    // What still runs belongs to nobody any more.
    runtime.shutdown_background();
    outcome
}

fn read(path: &Path) -> Result<Config, Failed> {
    Config::read(path).map_err(|mistakes| Failed::usage(mistakes.iter().map(ToString::to_string)))
}

fn prepare(path: &Path) -> Result<Prepared, Failed> {
    prepared(read(path)?, Arc::new(SystemClock))
}

fn prepared(config: Config, clock: Arc<dyn Clock>) -> Result<Prepared, Failed> {
    let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
    Prepared::new(config, clock, random).map_err(Failed::usage)
}

fn start_failed(error: &StartError) -> Failed {
    let exit = match error {
        StartError::Keys(_)
        | StartError::Store(_)
        | StartError::Listen { .. }
        | StartError::Settings(_)
        | StartError::NotAgreed(_)
        | StartError::Witnesses(_) => Exit::Usage,
        StartError::Ledger(_) | StartError::Broken(_) => Exit::Wrong,
        StartError::Book | StartError::Figures(_) => Exit::Internal,
    };
    Failed {
        exit,
        lines: vec![in_full(error)],
    }
}

async fn serve(config: &Path) -> Outcome {
    let (config, clock): (_, Arc<dyn Clock>) = (read(config)?, Arc::new(SystemClock));
    let log = LogRoad::start_logging(&config, &clock);
    let prepared = prepared(config, clock)?.logging(log);
    let gateway = Gateway::start(prepared)
        .await
        .map_err(|error| start_failed(&error))?;
    notify::ready();
    gateway
        .run(stop_signal())
        .await
        .map_err(|failure| Failed::internal(&failure))?;
    Ok(Exit::Done)
}

/// Waits for the word to stop: `SIGTERM` or `SIGINT`.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    notify::stopping();
}

async fn init(path: &Path) -> Outcome {
    let config = read(path)?;
    let made = app::init_ledger(&config, &SystemRandomness::default()).await;
    let key = made.map_err(|error| {
        let mut failed = start_failed(&error);
        // Whoever does it twice wants the key.
        if let (StartError::Keys(KeyFileError::Exists { .. }), Ok(key)) = (&error, key_of(&config))
        {
            let key = key.replace('\n', " and ");
            let known = format!("; nothing was made, and whoever checks this ledger needs {key}");
            failed
                .lines
                .last_mut()
                .into_iter()
                .for_each(|line| line.push_str(&known));
        }
        failed
    })?;
    output::say("The ledger is empty and ready. Whoever checks it needs this key:");
    output::say(&key);
    Ok(Exit::Done)
}

fn key_of(config: &Config) -> Result<String, KeyFileError> {
    let keys = config.ledger.read_keys()?;
    Ok(keys.signer.verifier().to_string())
}

fn ledger_key(path: &Path) -> Outcome {
    let key = key_of(&read(path)?).map_err(|error| Failed::usage([in_full(&error)]))?;
    output::say(&key);
    Ok(Exit::Done)
}

fn new_key(args: &NewKeyArgs) -> Outcome {
    let config = read(&args.config)?;
    let random = SystemRandomness::default();
    let made = Keys::create_signer(&args.out, &config.ledger.origin, &random);
    let signer = made.map_err(|error| Failed::usage([in_full(&error)]))?;
    output::say(
        "Nothing signs with it yet. Whoever checks the ledger needs this key beside the old one:",
    );
    output::say(&signer.verifier().to_string());
    Ok(Exit::Done)
}

fn check_config(path: &Path) -> Outcome {
    prepare(path)?;
    output::say("The configuration is good.");
    Ok(Exit::Done)
}

fn make_pki(out: &Path) -> Outcome {
    let pki = dev_pki(out, &SystemClock, &SystemRandomness::default())
        .map_err(|error| Failed::usage([in_full(&error)]))?;
    let made = if pki.made {
        "made"
    } else {
        "found complete; its CRL was renewed"
    };
    output::say(&format!(
        "The development PKI in {} was {made}.",
        out.display()
    ));
    for party in &pki.parties {
        output::say(&format!(
            "  {:<9} {}  {}",
            party.name, party.oin, party.organisation
        ));
    }
    Ok(Exit::Done)
}

fn token(args: TokenArgs) -> Outcome {
    let request = TokenRequest {
        key: args.key,
        certificate: args.cert,
        audience: args.aud,
        employee: args.sub,
        purpose: args.doel,
        case: args.zaak,
        team: args.team,
        document: args.document,
        life_seconds: args.ttl,
    };
    let token = make_token(&request, &SystemClock, &SystemRandomness::default())
        .map_err(|error| Failed::usage([in_full(&error)]))?;
    output::say(&token);
    Ok(Exit::Done)
}

type PolicyTool = fn(&[PathBuf], &mut dyn std::io::Write) -> std::io::Result<policy::cli::Exit>;

fn policy(tool: PolicyTool, bundles: &[PathBuf]) -> Outcome {
    let mut out = std::io::stdout().lock();
    let exit = tool(bundles, &mut out).map_err(|error| Failed::internal(&error))?;
    out.flush().map_err(|error| Failed::internal(&error))?;
    Ok(exit.into())
}

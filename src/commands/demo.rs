//! `sluis demo`: sets the stage, starts the gateway on it, plays the tour, and stays up.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sluis::app::{self, Gateway, Prepared, in_full};
use sluis::clock::{Clock, Random, SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::demo::dataset::{Dataset, Party};
use sluis::demo::folder::{Documents, FolderError};
use sluis::demo::ports::{self, NoPort, Ports, Wanted};
use sluis::demo::providing::DocumentServer;
use sluis::demo::screen::{Ink, padded};
use sluis::demo::settings::{self, Addresses};
use sluis::demo::tour::Tally;
use sluis::demo::{self, Folder, Language, Screen, Stage, further};
use sluis::identity::{DevPki, PartyTls};
use sluis::ledger::note::Verifier;
use sluis::store::Location;
use sluis::telemetry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Exit, Failed, Outcome, start_failed, stop_signal};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder for everything the demo makes; a second start continues with what is there.
    #[arg(long, value_name = "DIR", default_value = "sluis-demo")]
    dir: PathBuf,
    /// Stop after the tour; exit 0 only if every outcome was the expected one.
    #[arg(long)]
    tour: bool,
    /// The language of the tour.
    #[arg(long, value_enum, default_value_t = Spoken::Nl)]
    lang: Spoken,
    /// Five ports from this one on; 0 for whichever are free. Without it: 8443, 8444, 9464, 9001
    /// and 9002, or others where those are taken.
    #[arg(long, value_name = "PORT")]
    ports: Option<u16>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spoken {
    /// Dutch.
    Nl,
    /// English.
    En,
}

impl From<Spoken> for Language {
    fn from(spoken: Spoken) -> Self {
        match spoken {
            Spoken::Nl => Self::Dutch,
            Spoken::En => Self::English,
        }
    }
}

/// Where the time and the chance of the whole demo come from.
#[derive(Clone)]
struct World {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A gateway with its two providing organisations.
struct Running {
    gateway: Gateway,
    stage: Stage,
    at: Addresses,
    providers: Vec<JoinHandle<()>>,
    /// Held, so that no other demo runs in it.
    _folder: Arc<Folder>,
}

fn usage(error: &dyn std::error::Error) -> Failed {
    Failed::usage([in_full(error)])
}

pub(super) async fn run(args: DemoArgs) -> Outcome {
    telemetry::start_logging_when_asked();
    let mut screen = Screen::new(Box::new(std::io::stdout()), colour(), args.lang.into());
    let world = World {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandomness::default()),
    };
    let mut stopped = std::pin::pin!(stop_signal());
    let played = async {
        let mut running = start(&args, &world, &mut screen).await?;
        let tally = play(&mut running, &mut screen).await?;
        Ok::<_, Failed>((running, tally))
    };
    let (running, tally) = tokio::select! {
        played = played => played?,
        // Broken off: what is there is whole, and the next start goes on with it.
        () = &mut stopped => return Ok(Exit::Wrong),
    };
    if args.tour {
        end(running, std::future::ready(())).await?;
    } else {
        if let Some(case) = running.stage.dataset().cases.first() {
            further::show(&mut screen, &program(), &args.dir, &running.at, case);
        }
        end(running, stopped).await?;
        screen.line(screen.pick(" Sluis is dicht.", " Sluis is closed."));
    }
    Ok(if tally.is_clean() {
        Exit::Done
    } else {
        Exit::Wrong
    })
}

/// Whether to write in colour (<https://no-color.org>).
fn colour() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    std::io::stdout().is_terminal()
        && set("NO_COLOR").is_none()
        && set("TERM").is_none_or(|term| term != "dumb")
}

/// This program as the reader can start it again.
fn program() -> String {
    let started_as = std::env::args().next();
    started_as
        .filter(|name| name.contains('/'))
        .unwrap_or_else(|| "sluis".to_owned())
}

async fn start(args: &DemoArgs, world: &World, screen: &mut Screen) -> Result<Running, Failed> {
    let clock = &*world.clock;
    screen.heading("Sluis", concat!("sluis ", env!("CARGO_PKG_VERSION")));
    screen.paragraph(1, screen.pick(
        "Twee organisaties met echte documenten, een gemeente, en Sluis ertussen, op deze machine. \
         Elk verzoek heeft een clientcertificaat en een vers token; elk besluit staat in het \
         logboek voor er één byte beweegt.",
        "Two organisations with genuine documents, a municipality, and Sluis between them, on this \
         machine. Every request has a client certificate and a fresh token; every decision is in \
         the ledger before a single byte moves.",
    ));
    screen.gap();
    let folder = Folder::open(&args.dir).map_err(|error| usage(&error))?;
    let ports = Ports::open(Wanted::of(args.ports)).map_err(|error| usage(&error))?;
    let at = addresses(&ports).map_err(|error| usage(&error))?;
    let set = |folder: &Folder| -> Result<DevPki, FolderError> {
        folder.forget("demo.json")?;
        let pki = folder.pki(clock, &*world.random)?;
        folder.write_policies()?;
        folder.write("sluis.toml", &settings::configuration(&pki, &at))?;
        Ok(pki)
    };
    let pki = set(&folder).map_err(|error| usage(&error))?;
    let dataset = demo::dataset(&pki, clock).map_err(|error| Failed::internal(&error))?;
    let fresh = |made: bool| {
        if made {
            screen.pick("nieuw, ", "new, ")
        } else {
            ""
        }
    };
    let certificates = format!("{}{}", fresh(pki.made), args.dir.join("certs").display());

    // The documents are made while the ledger is.
    let folder = Arc::new(folder);
    let making = {
        let (folder, planned) = (Arc::clone(&folder), dataset.documents.clone());
        tokio::task::spawn_blocking(move || folder.make_documents(&planned))
    };
    let config = read(&folder.configuration())?;
    let made = make_ledger(&folder, &config, &*world.random).await?;
    let book = format!("{}{}", fresh(made), args.dir.join("ledger").display());
    let made = making.await.map_err(|error| Failed::internal(&error))?;
    let made = made.map_err(|error| usage(&error))?;
    let documents = told_documents(screen, &made);

    for (wanted, found) in &ports.moved {
        let taken = screen.pick("is bezet; het is geworden", "is taken; it became");
        screen.paragraph(
            1,
            &format!("{} {wanted} {taken} {found}", screen.pick("poort", "port")),
        );
    }
    let running = open(
        world,
        Arc::clone(&folder),
        &pki,
        config,
        (ports, at),
        dataset,
    )
    .await;
    let mut running = running?;
    let told = running
        .stage
        .register()
        .await
        .map_err(|error| Failed::internal(&error))?;
    let key = running.gateway.ledger_key();
    let cases = &running.stage.dataset().cases;
    let description = settings::description(folder.absolute(), &pki, &at, &key, cases);
    let description = format!("{description:#}\n");
    folder
        .write("demo.json", &description)
        .map_err(|error| usage(&error))?;
    let registry = match told {
        0 => screen
            .pick("was al gevuld", "was filled already")
            .to_owned(),
        told => format!(
            "{told} {}",
            screen.pick("aanroepen van de API", "calls of the API")
        ),
    };
    for (what, how) in [
        (screen.pick("certificaten", "certificates"), certificates),
        (screen.pick("documenten", "documents"), documents),
        (screen.pick("logboek", "ledger"), book),
        (screen.pick("register", "registry"), registry),
        (
            screen.pick("Sluis", "Sluis"),
            format!("https://{}", at.exchange),
        ),
    ] {
        let what = screen.ink(Ink::Faint, &padded(what, 12));
        screen.line(&format!(" {what}  {how}"));
    }
    Ok(running)
}

fn told_documents(screen: &Screen, made: &Documents) -> String {
    let (count, size) = (made.count, screen.language().size(made.bytes));
    let made = match made.made {
        0 => String::new(),
        made => format!(", {made} {}", screen.pick("nu gemaakt", "made just now")),
    };
    format!("{count} {}, {size}{made}", screen.pick("PDF's", "PDFs"))
}

fn addresses(ports: &Ports) -> Result<Addresses, NoPort> {
    Ok(Addresses {
        exchange: ports::address(&ports.exchange)?,
        desk: ports.desk,
        ops: ports::address(&ports.ops)?,
        img: ports::address(&ports.img)?,
        ncg: ports::address(&ports.ncg)?,
    })
}

fn read(path: &Path) -> Result<Config, Failed> {
    Config::read(path).map_err(|mistakes| Failed::usage(mistakes.iter().map(ToString::to_string)))
}

/// Makes the ledger when there is none: whole, or not at all.
async fn make_ledger(
    folder: &Folder,
    config: &Config,
    random: &dyn Random,
) -> Result<bool, Failed> {
    let Some(beside) = folder.room_for_ledger().map_err(|error| usage(&error))? else {
        return Ok(false);
    };
    let mut config = config.clone();
    config.ledger.key = beside.join("log.key");
    config.ledger.master_key = beside.join("master.key");
    config.store.location = Location::Sqlite(beside.join("ledger.db"));
    app::init_ledger(&config, random)
        .await
        .map_err(|error| start_failed(&error))?;
    folder.keep_ledger(&beside).map_err(|error| usage(&error))?;
    Ok(true)
}

/// Opens the document servers and the gateway.
async fn open(
    world: &World,
    folder: Arc<Folder>,
    pki: &DevPki,
    config: Config,
    (ports, at): (Ports, Addresses),
    dataset: Dataset,
) -> Result<Running, Failed> {
    let listener = |listener| TcpListener::from_std(listener).map_err(|e| Failed::internal(&e));
    let mut providers = Vec::new();
    for (party, socket) in [(Party::Img, ports.img), (Party::Ncg, ports.ncg)] {
        let (Some(own), Some(gateway)) = (pki.party(party.code()), pki.party("gateway")) else {
            continue;
        };
        let tls = PartyTls::open(pki, own, gateway, Arc::clone(&world.clock));
        let server = DocumentServer {
            tls: tls.map_err(|error| usage(&error))?,
            folder: folder.documents_of(party),
        };
        let serving = server.serve(listener(socket)?, std::future::pending());
        providers.push(tokio::spawn(serving));
    }
    let prepared = Prepared::new(config, Arc::clone(&world.clock), Arc::clone(&world.random));
    let prepared = prepared.map_err(Failed::usage)?;
    let ports = app::Ports {
        exchange: listener(ports.exchange)?,
        ops: listener(ports.ops)?,
    };
    let gateway = Gateway::start_on(prepared, ports).await;
    let gateway = gateway.map_err(|error| start_failed(&error))?;
    let stage = Stage::new(
        &folder,
        pki,
        dataset,
        at.exchange,
        &world.clock,
        &world.random,
    );
    let stage = stage.map_err(|error| usage(&error))?;
    Ok(Running {
        gateway,
        stage,
        at,
        providers,
        _folder: folder,
    })
}

async fn play(running: &mut Running, screen: &mut Screen) -> Result<Tally, Failed> {
    let key = Verifier::parse(&running.gateway.ledger_key());
    let key = key.map_err(|error| Failed::internal(&error))?;
    let tally = running.stage.tour(screen, &key).await;
    tally.map_err(|error| Failed::internal(&error))
}

/// Runs the gateway until the word to stop, and ends everything in good order.
async fn end(running: Running, stop: impl Future<Output = ()>) -> Result<(), Failed> {
    let Running {
        gateway,
        stage,
        providers,
        _folder,
        ..
    } = running;
    // The parties' connections would be waited for.
    drop(stage);
    let ended = gateway.run(stop).await;
    for provider in providers {
        provider.abort();
    }
    ended.map_err(|failure| Failed::internal(&failure))
}

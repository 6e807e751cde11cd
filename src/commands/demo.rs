//! `sluis demo`: sets the stage, starts the gateway on it, plays the tour, and stays up.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sluis::app::{self, Gateway, Prepared, StartError};
use sluis::clock::{Clock, Random, SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::demo::dataset::{Dataset, Party};
use sluis::demo::folder::{Documents, FolderError};
use sluis::demo::ports::{self, NoPort, Ports, Wanted};
use sluis::demo::providing::DocumentServer;
use sluis::demo::register::RegisterError;
use sluis::demo::screen::{Ink, padded};
use sluis::demo::settings::{self, Addresses};
use sluis::demo::tour::Tally;
use sluis::demo::year::{self, Year, YearClock};
use sluis::demo::{self, Folder, Language, Screen, Stage, further, people};
use sluis::desk::{Links, Login};
use sluis::errors::in_full;
use sluis::identity::{DevPki, PartyTls};
use sluis::ledger::note::Verifier;
use sluis::store::{Location, OpenError};
use sluis::telemetry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Exit, Failed, Outcome, output, start_failed, stop_signal};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder for everything the demo makes; a second start continues with what is there.
    #[arg(long, value_name = "DIR", default_value = "sluis-demo")]
    dir: PathBuf,
    /// Stop after the tour; exit 0 only if every outcome was the expected one.
    #[arg(long)]
    tour: bool,
    /// First play a year of traffic into the ledger, for so many addresses: 200 to 26000.
    #[arg(
        long,
        value_name = "ADDRESSES",
        num_args = 0..=1,
        default_missing_value = "26000",
        value_parser = clap::value_parser!(u32)
            .range(i64::from(year::FEWEST_ADDRESSES)..=i64::from(year::ADDRESSES)),
    )]
    seed_year: Option<u32>,
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

/// The file that tells other programs about the demo (CONTRACT, "Command line").
const DESCRIPTION: &str = "demo.json";
/// The gateway's configuration.
const CONFIGURATION: &str = "sluis.toml";
/// How long the CRL must hold while a year is played.
const CRL_DAYS_FOR_A_YEAR: i64 = 397;

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
    /// How the demo's people get in at the desk.
    links: Links,
    /// Held, so that no other demo runs in it.
    folder: Arc<Folder>,
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
        let mut running = Box::pin(start(&args, &world, &mut screen)).await?;
        let tally = play(&mut running, &mut screen).await?;
        Ok::<_, Failed>((running, tally))
    };
    let (running, tally) = tokio::select! {
        played = played => played?,
        // Broken off: what is there is whole, and the next start goes on with it.
        () = &mut stopped => {
            screen.line(screen.pick(
                " Afgebroken. Een volgende start gaat verder; een half jaar begint opnieuw.",
                " Broken off. The next start goes on; half a year begins anew.",
            ));
            return Ok(Exit::Wrong);
        }
    };
    if args.tour {
        end(running, std::future::ready(())).await?;
    } else {
        if let Some(case) = running.stage.dataset().cases.first() {
            further::show(&mut screen, &program(), &args.dir, &running.at, case);
        }
        let (links, desk) = (running.links.clone(), running.at.desk);
        let invited = async {
            // Each link works once; then there is another.
            while let Ok(path) = links.fresh(&*world.random) {
                further::invite(&mut screen, &format!("https://{desk}{path}"));
                links.used().await;
            }
            std::future::pending::<()>().await;
        };
        let until = async {
            tokio::select! {
                () = stopped => {}
                () = invited => {}
            }
        };
        end(running, until).await?;
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

/// Everything that can be wrong before anything is started.
struct Ready {
    folder: Arc<Folder>,
    ports: Ports,
    at: Addresses,
    pki: DevPki,
    config: Config,
    dataset: Dataset,
}

fn prepare(dir: &Path, wanted: Option<u16>, world: &World) -> Result<Ready, Failed> {
    let folder = Folder::open(dir).map_err(|error| usage(&error))?;
    let ports = Ports::open(Wanted::of(wanted)).map_err(|error| usage(&error))?;
    let at = addresses(&ports).map_err(|error| usage(&error))?;
    let written = || -> Result<DevPki, FolderError> {
        // Whoever waits for it must not take an earlier demo's for this one's.
        folder.forget(DESCRIPTION)?;
        let pki = folder.pki(&*world.clock, &*world.random)?;
        folder.write_policies()?;
        folder.write(CONFIGURATION, &settings::configuration(&pki, &at))?;
        Ok(pki)
    };
    let pki = written().map_err(|error| usage(&error))?;
    let signed = folder.write_signatures(&pki, world.clock.now());
    signed.map_err(|error| usage(&error))?;
    let dataset = demo::dataset(&pki, &*world.clock).map_err(|error| Failed::internal(&error))?;
    let config = read(&folder.root().join(CONFIGURATION))?;
    Ok(Ready {
        folder: Arc::new(folder),
        ports,
        at,
        pki,
        config,
        dataset,
    })
}

async fn start(args: &DemoArgs, world: &World, screen: &mut Screen) -> Result<Running, Failed> {
    let ready = prepare(&args.dir, args.ports, world)?;
    welcome(screen, &ready.ports);
    let (folder, pki, at) = (Arc::clone(&ready.folder), ready.pki.clone(), ready.at);
    let place = |name: &str| args.dir.join(name).display().to_string();
    row(
        screen,
        ("certificaten", "certificates"),
        pki.made,
        &place("certs"),
    );

    // The documents are made while the rest starts; nobody asks for one before the tour.
    let planned = ready.dataset.documents.clone();
    let maker = Arc::clone(&folder);
    let making = tokio::task::spawn_blocking(move || maker.make_documents(&planned));
    match args.seed_year {
        Some(addresses) => Box::pin(seed_year(&ready, addresses, world, screen)).await?,
        // Half a year, of a start that was broken off, is of no use to this one.
        None => folder.tidy_year().map_err(|error| usage(&error))?,
    }
    let made = make_ledger(&folder, &ready.config, &*world.random).await?;
    row(screen, ("logboek", "ledger"), made, &place("ledger"));
    let links = Links::new(people::of(&ready.config.organisations));
    let mut running = open(world, ready, Some(links)).await?;
    row(
        screen,
        ("Sluis", "Sluis"),
        false,
        &format!("https://{}", at.exchange),
    );
    let told = running
        .stage
        .register()
        .await
        .map_err(|error| not_filled(&error))?;
    let calls = match told {
        0 => screen
            .pick("was al gevuld", "was filled already")
            .to_owned(),
        told => format!(
            "{told} {}",
            screen.pick("aanroepen van de API", "calls of the API")
        ),
    };
    row(screen, ("register", "registry"), false, &calls);
    let made = making.await.map_err(|error| Failed::internal(&error))?;
    let made = made.map_err(|error| usage(&error))?;
    let documents = told_documents(screen, &made);
    row(
        screen,
        ("documenten", "documents"),
        made.made == made.count,
        &documents,
    );

    let key = running.gateway.ledger_key();
    let cases = &running.stage.dataset().cases;
    let description = settings::description(folder.absolute(), &pki, &at, &key, cases);
    let description = format!("{description:#}\n");
    let written = folder.write(DESCRIPTION, &description);
    written.map_err(|error| usage(&error))?;
    Ok(running)
}

/// Plays a year into the ledger that is still to be made: on a stage of its own, with a gateway whose
/// clock runs ahead. What was played is put in its place whole, or not at all.
async fn seed_year(
    ready: &Ready,
    addresses: u32,
    world: &World,
    screen: &mut Screen,
) -> Result<(), Failed> {
    let folder = &ready.folder;
    let parties = demo::parties(&ready.pki).map_err(|error| Failed::internal(&error))?;
    let told = |screen: &mut Screen, year: &Year, what: &str| {
        let addresses = screen.language().number(year.addresses().into());
        let what = format!("{addresses} {}{what}", screen.pick("adressen", "addresses"));
        row(screen, ("jaar", "year"), false, &what);
    };
    let Some(room) = folder.room_for_year().map_err(|error| usage(&error))? else {
        let note = folder.year();
        let Some(year) = note.and_then(|note| Year::noted(parties, &note)) else {
            let ledger = folder.ledger();
            let line = "is there already, without a year; name a new folder with --dir";
            return Err(Failed::usage([format!("{}: {line}", ledger.display())]));
        };
        let what = screen.pick("; was al gespeeld", "; was played already");
        told(screen, &year, what);
        return Ok(());
    };
    let year = Year::up_to(parties, world.clock.now(), addresses);
    let what = screen.pick("; even geduld", "; one moment");
    told(screen, &year, what);
    let clock = Arc::new(YearClock::at(year.start()));
    let then = World {
        clock: Arc::<YearClock>::clone(&clock),
        random: Arc::clone(&world.random),
    };
    let stage = prepare(&room, Some(0), &then)?;
    let pki = stage.pki.clone();
    let renewed = pki.renew_crl(&*then.clock, CRL_DAYS_FOR_A_YEAR);
    renewed.map_err(|error| usage(&error))?;
    make_ledger(&stage.folder, &stage.config, &*then.random).await?;
    let written = stage.folder.note_year(&year.note());
    written.map_err(|error| usage(&error))?;
    let exchange = stage.at.exchange;
    // Nobody logs in at this desk; its procedures judge what was released.
    let running = open(&then, stage, Some(Links::new(Vec::new()))).await?;
    let officers = running.gateway.officers().cloned();
    let officers = officers.ok_or_else(|| Failed::internal(&StartError::Book))?;
    let bar = output::progress_bar(screen.pick(
        " jaar          {wide_bar} {percent:>3}%, nog {eta}",
        " year          {wide_bar} {percent:>3}%, {eta} left",
    ));
    let mut tenths = 0;
    let gateway = (exchange, &officers);
    let played = year::play(&year, &pki, gateway, &clock, &then.random, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        // Where no bar can be drawn, a line now and then says that it goes on.
        let reached = done.saturating_mul(10).checked_div(of).unwrap_or(0);
        if bar.is_hidden() && reached > tenths {
            tenths = reached;
            row(screen, ("", ""), false, &format!("{reached}0 %"));
        }
    })
    .await;
    bar.finish_and_clear();
    let played = played.map_err(|error| Failed::internal(&error))?;
    drop(officers);
    let made = running.folder.ledger();
    end(running, std::future::ready(())).await?;
    let kept = folder.keep_ledger(&made).and_then(|()| folder.tidy_year());
    kept.map_err(|error| usage(&error))?;
    for [one, other] in [
        [
            (played.documents, ("documenten", "documents")),
            (
                played.told,
                ("meldingen aan het register", "notices to the registry"),
            ),
        ],
        [
            (played.granted, ("verstrekt", "released")),
            (played.refused, ("geweigerd", "refused")),
        ],
    ] {
        let [one, other] = [one, other].map(|(number, (dutch, english))| {
            let number = screen.language().number(number);
            format!("{number} {}", screen.pick(dutch, english))
        });
        row(screen, ("", ""), false, &format!("{one}, {other}"));
    }
    let judged = screen.language().number(played.judged);
    let what = screen.pick("oordelen achteraf", "judgements afterwards");
    row(screen, ("", ""), false, &format!("{judged} {what}"));
    Ok(())
}

/// What is seen first.
fn welcome(screen: &mut Screen, ports: &Ports) {
    screen.heading("Sluis", concat!("sluis ", env!("CARGO_PKG_VERSION")));
    let text = screen.pick(
        "Twee organisaties met echte PDF's, een gemeente, en Sluis ertussen, op deze machine. Elk \
         verzoek heeft een clientcertificaat en een vers token; elk besluit staat in het logboek \
         voor er één byte beweegt. Hieronder telkens: wie vraagt ← wie het heeft, en de grond.",
        "Two organisations with genuine PDFs, a municipality (gem), and Sluis between them, on \
         this machine. Every request has a client certificate and a fresh token; every decision \
         is in the ledger before a single byte moves. Below: who asks ← who has it, and the ground.",
    );
    screen.paragraph(1, text);
    screen.gap();
    for (wanted, found) in &ports.moved {
        let taken = screen.pick("is bezet, nu", "is taken, now");
        let line = format!("{} {wanted} {taken} {found}", screen.pick("poort", "port"));
        screen.line(&format!(" {}", screen.ink(Ink::Refused, &line)));
    }
}

/// One line about something that is ready.
fn row(screen: &mut Screen, (dutch, english): (&str, &str), made: bool, how: &str) {
    let what = padded(screen.pick(dutch, english), 12);
    let what = screen.ink(Ink::Faint, &what);
    let new = if made {
        screen.pick("nieuw, ", "new, ")
    } else {
        ""
    };
    screen.line(&format!(" {what}  {new}{how}"));
}

/// Why the gateway did not start, with what helps in a demo.
fn not_started(folder: &Folder, error: &StartError) -> Failed {
    match error {
        StartError::Store(OpenError::InUse(_)) => start_failed(error),
        StartError::Keys(_) | StartError::Store(_) => {
            let ledger = folder.ledger();
            let line = "cannot be used; remove it, and the next start makes another";
            Failed::usage([format!("{}: {line}: {}", ledger.display(), in_full(error))])
        }
        _ => start_failed(error),
    }
}

fn not_filled(error: &RegisterError) -> Failed {
    match error {
        RegisterError::Notes { .. } | RegisterError::Damaged { .. } => usage(error),
        RegisterError::Call(_) | RegisterError::Refused { .. } => Failed::internal(error),
    }
}

fn told_documents(screen: &Screen, made: &Documents) -> String {
    let size = screen.language().size(made.bytes);
    format!("{} {}, {size}", made.count, screen.pick("PDF's", "PDFs"))
}

fn addresses(ports: &Ports) -> Result<Addresses, NoPort> {
    Ok(Addresses {
        exchange: ports::address(&ports.exchange)?,
        desk: ports::address(&ports.desk)?,
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

/// Opens the document servers and the gateway; the desk too, when somebody can get in.
async fn open(world: &World, ready: Ready, links: Option<Links>) -> Result<Running, Failed> {
    let Ready {
        folder,
        ports,
        at,
        pki,
        config,
        dataset,
    } = ready;
    let listener = |listener| TcpListener::from_std(listener).map_err(|e| Failed::internal(&e));
    let parties = demo::parties(&pki).map_err(|error| Failed::internal(&error))?;
    let year = folder.year().and_then(|note| Year::noted(parties, &note));
    let year = year.map(Arc::new);
    let mut providers = Vec::new();
    for (party, socket) in [(Party::Img, ports.img), (Party::Ncg, ports.ncg)] {
        let (Some(own), Some(gateway)) = (pki.party(party.code()), pki.party("gateway")) else {
            continue;
        };
        let tls = PartyTls::open(&pki, own, gateway, Arc::clone(&world.clock));
        let server = DocumentServer {
            tls: tls.map_err(|error| usage(&error))?,
            folder: folder.documents_of(party),
            year: year.clone().map(|year| (year, party)),
        };
        let serving = server.serve(listener(socket)?, std::future::pending());
        providers.push(tokio::spawn(serving));
    }
    let prepared = Prepared::new(config, Arc::clone(&world.clock), Arc::clone(&world.random));
    let prepared = prepared.map_err(Failed::usage)?;
    let ports = app::Ports {
        exchange: listener(ports.exchange)?,
        desk: match &links {
            Some(links) => Some((listener(ports.desk)?, Login::Links(links.clone()))),
            None => None,
        },
        ops: listener(ports.ops)?,
    };
    let gateway = Gateway::start_on(prepared, ports).await;
    let gateway = gateway.map_err(|error| not_started(&folder, &error))?;
    let stage = Stage::new(
        &folder,
        &pki,
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
        links: links.unwrap_or_else(|| Links::new(Vec::new())),
        folder,
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
        folder: _folder,
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

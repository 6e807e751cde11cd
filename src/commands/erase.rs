//! `sluis ledger erase`, `hold` and `retain`: erasing by two people, holding, and terms. Each asks the
//! witnesses first, as a gateway does: a database that was rolled back is not written to.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sluis::app::{Book, StartError};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::domain::{AddressId, CaseNumber, Employee, Oin, OwnerId};
use sluis::errors::in_full;
use sluis::ledger::{Ledger, NotAppended, NotDone, Person, Receipt};
use sluis::store::{Ask, OpenError};

use super::{Exit, Failed, Outcome, output, read, start_failed};

/// Who asks or answers.
#[derive(Debug, Args)]
struct By {
    /// Who asks or answers: a pseudonym, never a name.
    #[arg(long, value_name = "ID")]
    person: Employee,
    /// The OIN of their organisation.
    #[arg(long, value_name = "OIN")]
    organisation: Oin,
    /// Their own case or reference.
    #[arg(long, value_name = "NR")]
    case: CaseNumber,
    /// Why, in their own words; it is sealed, and erased with the address.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["address", "owner", "confirm", "reject"])))]
pub(super) struct EraseArgs {
    /// The configuration that names the ledger.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Ask that this address (nummeraanduiding, 16 digits) be erased.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<AddressId>,
    /// Ask that this owner (a pseudonym) be erased, wherever the ledger names them.
    #[arg(long, value_name = "OWNER")]
    owner: Option<OwnerId>,
    /// Agree, as a second person, to the proposal with this index: it is erased at once.
    #[arg(long, value_name = "INDEX")]
    confirm: Option<u64>,
    /// Turn the proposal with this index down; say why with --reason.
    #[arg(long, value_name = "INDEX", requires = "reason")]
    reject: Option<u64>,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["address", "lift", "confirm", "reject"])))]
pub(super) struct HoldArgs {
    /// The configuration that names the ledger.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Hold this address (nummeraanduiding, 16 digits): from now on nothing of it is erased.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<AddressId>,
    /// Ask that the hold be lifted that the entry with this index asked for.
    #[arg(long, value_name = "INDEX")]
    lift: Option<u64>,
    /// Agree, as a second person, to the proposal with this index.
    #[arg(long, value_name = "INDEX")]
    confirm: Option<u64>,
    /// Turn the proposal with this index down; say why with --reason.
    #[arg(long, value_name = "INDEX", requires = "reason")]
    reject: Option<u64>,
    #[command(flatten)]
    by: By,
}

/// The ledger, opened to be written, with the configuration that names it.
struct Opened {
    config: Config,
    ledger: Ledger,
}

impl Opened {
    async fn open(config: &std::path::Path) -> Result<Self, Failed> {
        let config = read(config)?;
        let random = Arc::new(SystemRandomness::default());
        let opened = Book::open(&config, Arc::new(SystemClock), random).await;
        let book = opened.map_err(|error| match error {
            StartError::Store(OpenError::InUse(at)) => Failed::usage([format!(
                "a gateway has {at:?} open; do this at its desk, or stop it first"
            )]),
            error => start_failed(&error),
        })?;
        for name in &book.silent {
            output::complain(&format!(
                "the witness {name} was not heard: whether it knows a newer ledger than this database holds is not known"
            ));
        }
        let ledger = book.ledger;
        Ok(Self { config, ledger })
    }

    fn person(&self, by: &By) -> Result<Person, Failed> {
        let known = self.config.organisations.find(by.organisation);
        if known.is_none() {
            return Err(Failed::usage([format!(
                "--organisation: {} is not in the configuration; name one of [[organisations]]",
                by.organisation
            )]));
        }
        Ok(Person {
            organisation: by.organisation,
            employee: by.person.clone(),
            case: by.case.clone(),
            occasion: None,
            explanation: by.reason.clone(),
        })
    }

    async fn close(self) {
        self.ledger.close().await;
    }
}

fn not_done(error: &NotDone) -> Failed {
    let exit = match error {
        NotDone::NotAppended(NotAppended::Held | NotAppended::NotWaiting)
        | NotDone::NoProposal
        | NotDone::SamePerson => Exit::Usage,
        NotDone::NotAppended(_) | NotDone::Read(_) => Exit::Internal,
    };
    let line = match error {
        NotDone::NotAppended(NotAppended::Held) => {
            "the address, or one where the owner is named, is held, so nothing is erased; lift the hold first with `sluis ledger hold --lift`".to_owned()
        }
        NotDone::NotAppended(NotAppended::NotWaiting) => {
            "no proposal of this kind waits at that index: it was answered, or asked already".to_owned()
        }
        error => in_full(error),
    };
    Failed {
        exit,
        lines: vec![line],
    }
}

/// What somebody asks or answers.
#[derive(Debug, Clone, Copy)]
enum Step<'s> {
    Ask(Ask, Option<AddressId>),
    AskOwner(&'s OwnerId),
    Confirm(u64),
    Reject(u64),
}

async fn take(opened: &Opened, by: &By, step: Step<'_>) -> Result<Receipt, Failed> {
    let person = opened.person(by)?;
    let ledger = &opened.ledger;
    let done = match step {
        Step::Ask(ask, address) => {
            let address = match (ask, address) {
                (Ask::Lift(hold), None) => {
                    let asked = ledger.find_asked(hold).await;
                    let asked = asked.map_err(|error| Failed::internal(&error))?;
                    asked.map(|asked| asked.address)
                }
                (_, address) => address,
            };
            match address {
                None => Err(NotDone::NoProposal),
                Some(address) => {
                    let asked = ledger.ask_second(&person, ask, address).await;
                    asked.map_err(NotDone::from)
                }
            }
        }
        Step::AskOwner(owner) => ledger.ask_owner(&person, owner).await,
        Step::Confirm(index) => ledger.agree(&person, index).await,
        Step::Reject(index) => {
            let remark = by.reason.as_deref().unwrap_or_default();
            ledger.turn_down(&person, index, remark).await
        }
    };
    done.map_err(|error| not_done(&error))
}

/// Erases an address, in two steps by two people.
pub(super) async fn erase(args: EraseArgs) -> Outcome {
    let step = match (args.address, &args.owner, args.confirm, args.reject) {
        (Some(address), ..) => Step::Ask(Ask::Erase, Some(address)),
        (_, Some(owner), ..) => Step::AskOwner(owner),
        (_, _, Some(index), _) => Step::Confirm(index),
        (.., index) => Step::Reject(index.unwrap_or_default()),
    };
    let opened = Opened::open(&args.config).await?;
    let receipt = take(&opened, &args.by, step).await;
    let told = match (&receipt, step) {
        (Err(_), _) => String::new(),
        (Ok(receipt), Step::Ask(..) | Step::AskOwner(_)) => format!(
            "Asked in entry {0}; nothing is erased yet. A second person agrees with `sluis ledger erase --confirm {0}`.",
            receipt.index
        ),
        (Ok(receipt), Step::Confirm(_)) => erased(&opened.ledger, receipt).await,
        (Ok(receipt), Step::Reject(_)) => format!("Turned down in entry {}.", receipt.index),
    };
    opened.close().await;
    receipt?;
    output::say(&told);
    Ok(Exit::Done)
}

async fn erased(ledger: &Ledger, receipt: &Receipt) -> String {
    let entry = ledger.find_at(receipt.index).await.ok().flatten();
    let (keys, entries) = entry.map_or((0, 0), |found| {
        let keys = found.entry.sleutels.len();
        (keys, found.entry.aantal.unwrap_or_default())
    });
    format!(
        "Erased in entry {}: {keys} keys were destroyed, and of {entries} entries what was personal cannot be opened any more. \
         Every hash and proof stays valid. Backups from before still hold both: destroy those too.",
        receipt.index
    )
}

/// Holds an address, or lifts a hold.
pub(super) async fn hold(args: HoldArgs) -> Outcome {
    let step = match (args.address, args.lift, args.confirm, args.reject) {
        (Some(address), ..) => Step::Ask(Ask::Hold, Some(address)),
        (_, Some(hold), ..) => Step::Ask(Ask::Lift(hold), None),
        (_, _, Some(index), _) => Step::Confirm(index),
        (.., index) => Step::Reject(index.unwrap_or_default()),
    };
    let opened = Opened::open(&args.config).await?;
    let receipt = take(&opened, &args.by, step).await;
    opened.close().await;
    let index = receipt?.index;
    output::say(&match step {
        Step::Ask(Ask::Hold, _) => format!(
            "Held from now on by entry {index}. A second person agrees with `sluis ledger hold --confirm {index}`."
        ),
        Step::Ask(..) | Step::AskOwner(_) => format!(
            "Asked in entry {index}; it is held until a second person agrees with `sluis ledger hold --confirm {index}`."
        ),
        Step::Confirm(_) => format!("Agreed in entry {index}."),
        Step::Reject(_) => format!("Turned down in entry {index}."),
    });
    Ok(Exit::Done)
}

/// Erases what was kept for its term.
pub(super) async fn retain(config: PathBuf) -> Outcome {
    let opened = Opened::open(&config).await?;
    let terms = opened.config.retention.terms.clone();
    let mut told = Vec::new();
    let mut failed = None;
    for (kind, years) in terms {
        match opened.ledger.retain(kind, years).await {
            Ok(done) => told.push(format!(
                "{}: {} keys past {years} years were destroyed, {} entries cannot be opened any more, {} keys are held",
                kind.code(),
                done.keys,
                done.entries,
                done.held
            )),
            Err(error) => {
                failed = Some(Failed::internal(&error));
                break;
            }
        }
    }
    opened.close().await;
    if told.is_empty() && failed.is_none() {
        told.push("No kind of entry has a term: see [retention] in the configuration.".to_owned());
    }
    for line in told {
        output::say(&line);
    }
    failed.map_or(Ok(Exit::Done), Err)
}

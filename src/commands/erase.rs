//! `sluis ledger erase`, `hold` and `retain`: erasing by two people, holding, and terms. Each asks the
//! witnesses first, as a gateway does: a database that was rolled back is not written to.
//!
//! That two people ask and agree is a promise here of whoever runs the command; at the desk each of them
//! has logged in.

mod list;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sluis::app::{Book, StartError};
use sluis::clock::{SystemClock, SystemRandomness};
use sluis::config::Config;
use sluis::domain::{AddressId, CaseNumber, Employee, Oin, OwnerId};
use sluis::errors::in_full;
use sluis::exchange::officer::is_party;
use sluis::ledger::{Ledger, NotAppended, NotDone, Person, Receipt, asks_of_owner};
use sluis::store::{Ask, Hold, OpenError, Pending};

use super::{Exit, Failed, Outcome, output, read, start_failed};

/// Who asks or answers.
#[derive(Debug, Args)]
struct By {
    /// Who asks or answers: a pseudonym, never a name. Nobody checks it here: that another person agrees
    /// than who asked is a promise of whoever runs this command, and the same name at two organisations
    /// counts as two people. At the desk each has logged in.
    #[arg(long, value_name = "ID", required_unless_present = "list")]
    person: Option<Employee>,
    /// The OIN of their organisation: one that provides documents.
    #[arg(long, value_name = "OIN", required_unless_present = "list")]
    organisation: Option<Oin>,
    /// Their own case or reference.
    #[arg(long, value_name = "NR", required_unless_present = "list")]
    case: Option<CaseNumber>,
    /// Why, in their own words; it is sealed, and erased with the address.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["address", "owner", "confirm", "reject", "list"])))]
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
    /// Show what waits for a second person: index, what, by which organisation, since when. Nothing
    /// personal; a running gateway is no hindrance.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    by: By,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["address", "lift", "confirm", "reject", "list"])))]
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
    /// Show what is held and what waits to be lifted: index, by which organisation, since when. Nothing
    /// personal; a running gateway is no hindrance.
    #[arg(long)]
    list: bool,
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
        let (Some(oin), Some(employee), Some(case)) = (by.organisation, &by.person, &by.case)
        else {
            return Err(Failed::usage([
                "say who: --organisation, --person and --case".to_owned(),
            ]));
        };
        let known = self.config.organisations.find(oin);
        let wrong = match known {
            None => "is not in the configuration; name one of [[organisations]]",
            Some(known) if !is_party(known) => {
                "provides no documents; asking and agreeing is for organisations that do, as at the desk"
            }
            Some(_) => {
                return Ok(Person {
                    organisation: oin,
                    employee: employee.clone(),
                    case: case.clone(),
                    occasion: None,
                    explanation: by.reason.clone(),
                });
            }
        };
        Err(Failed::usage([format!("--organisation: {oin} {wrong}")]))
    }

    async fn close(self) {
        self.ledger.close().await;
    }
}

fn not_done(error: &NotDone, holds: &[Hold]) -> Failed {
    let exit = match error {
        NotDone::NotAppended(NotAppended::Held | NotAppended::NotWaiting)
        | NotDone::NoProposal
        | NotDone::SamePerson => Exit::Usage,
        NotDone::NotAppended(_) | NotDone::Read(_) => Exit::Internal,
    };
    let line = match error {
        NotDone::NotAppended(NotAppended::Held) => return held(holds),
        NotDone::NotAppended(NotAppended::NotWaiting) => {
            "no proposal of this kind waits at that index: it was answered, or asked already"
                .to_owned()
        }
        error => in_full(error),
    };
    Failed {
        exit,
        lines: vec![line],
    }
}

/// Held, with the name of every hold and how it ends.
fn held(holds: &[Hold]) -> Failed {
    let ends = |hold: &Hold| match hold.confirmed {
        Some(_) => format!(
            "lift it first with `sluis ledger hold --lift {}`",
            hold.index
        ),
        None => format!(
            "no second person agreed to it yet: turn it down with `sluis ledger hold --reject {}`",
            hold.index
        ),
    };
    let of = "the address, or one where the owner is named, is held";
    let mut lines: Vec<String> = holds
        .iter()
        .map(|hold| {
            format!(
                "{of} by entry {}, so nothing is erased; {}",
                hold.index,
                ends(hold)
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(format!(
            "{of}, so nothing is erased; see `sluis ledger hold --list`"
        ));
    }
    Failed::usage(lines)
}

/// The same waits already, at this index.
fn waits(command: &str, index: u64) -> Failed {
    Failed::usage([format!(
        "this was asked in entry {index} already, and waits for a second person: `sluis ledger {command} --confirm {index}`, or `--reject {index}`"
    )])
}

/// What somebody asks or answers.
#[derive(Debug, Clone, Copy)]
enum Step<'s> {
    Ask(Ask, Option<AddressId>),
    AskOwner(&'s OwnerId),
    Confirm(u64),
    Reject(u64),
}

/// What there is, before it is asked; refused where that would come to nothing.
async fn weigh(ledger: &Ledger, step: Step<'_>) -> Result<Option<String>, Failed> {
    match step {
        Step::Ask(ask @ (Ask::Erase | Ask::Hold), Some(address)) => {
            let weight = ledger.weigh(address).await;
            let weight = weight.map_err(|error| Failed::internal(&error))?;
            if let Some(index) = same(ledger, ask, &weight.pending).await? {
                let command = if ask == Ask::Erase { "erase" } else { "hold" };
                return Err(waits(command, index));
            }
            if ask != Ask::Erase {
                return Ok(None);
            }
            if weight.is_unknown() {
                return Err(Failed::usage([
                    "--address: nothing is known of this address, so there is nothing to erase"
                        .to_owned(),
                ]));
            }
            if !weight.holds.is_empty() {
                return Err(held(&weight.holds));
            }
            Ok(Some(format!(
                "Known of this address: {} that can be opened, {}, {}, {}, {} and {}.",
                counted(weight.total(), "entry", "entries"),
                counted(weight.documents, "document", "documents"),
                counted(weight.ownerships, "record of owners", "records of owners"),
                counted(weight.choices, "choice", "choices"),
                counted(weight.dossiers, "dossier", "dossiers"),
                counted(weight.aos, "unsafe situation", "unsafe situations"),
            )))
        }
        Step::AskOwner(owner) => {
            let weight = ledger.weigh_owner(owner).await;
            let weight = weight.map_err(|error| Failed::internal(&error))?;
            if let Some(index) = weight.asked.first() {
                return Err(waits("erase", *index));
            }
            if weight.addresses.is_empty() {
                return Err(Failed::usage([
                    "--owner: the ledger names this owner at no address, so there is nothing to erase"
                        .to_owned(),
                ]));
            }
            if !weight.holds.is_empty() {
                return Err(held(&weight.holds));
            }
            let entries = weight.naming.iter().map(|(_, count)| count).sum();
            Ok(Some(format!(
                "This owner is named at {} in {}.",
                counted(weight.addresses.len() as u64, "address", "addresses"),
                counted(entries, "entry", "entries"),
            )))
        }
        Step::Ask(..) | Step::Confirm(_) | Step::Reject(_) => Ok(None),
    }
}

/// So many of something.
fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Which proposal asks the same of the address already; to erase an owner there is something else.
async fn same(ledger: &Ledger, ask: Ask, pending: &[Pending]) -> Result<Option<u64>, Failed> {
    for one in pending.iter().filter(|one| one.ask == ask) {
        let found = ledger.find_at(one.index).await;
        let found = found.map_err(|error| Failed::internal(&error))?;
        if found.is_some_and(|found| !asks_of_owner(&found.entry)) {
            return Ok(Some(one.index));
        }
    }
    Ok(None)
}

/// The holds that stand in the way of what was asked at this index.
async fn holds_before(ledger: &Ledger, step: Step<'_>) -> Vec<Hold> {
    let Step::Confirm(index) = step else {
        return Vec::new();
    };
    let Ok(Some(asked)) = ledger.find_asked(index).await else {
        return Vec::new();
    };
    let found = match &asked.owner {
        Some(owner) => ledger.weigh_owner(owner).await.map(|of| of.holds),
        None => ledger.weigh(asked.address).await.map(|of| of.holds),
    };
    found.unwrap_or_default()
}

async fn take(
    opened: &Opened,
    by: &By,
    step: Step<'_>,
) -> Result<(Receipt, Option<String>), Failed> {
    let person = opened.person(by)?;
    let ledger = &opened.ledger;
    let weighed = weigh(ledger, step).await?;
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
    match done {
        Ok(receipt) => Ok((receipt, weighed)),
        Err(error) => Err(not_done(&error, &holds_before(ledger, step).await)),
    }
}

/// Erases an address, in two steps by two people.
pub(super) async fn erase(args: EraseArgs) -> Outcome {
    if args.list {
        return list::waiting(&args.config).await;
    }
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
        (Ok((receipt, weighed)), Step::Ask(..) | Step::AskOwner(_)) => format!(
            "{1}\nAsked in entry {0}; nothing is erased yet. A second person agrees with `sluis ledger erase --confirm {0}`.",
            receipt.index,
            weighed.as_deref().unwrap_or_default()
        ),
        (Ok((receipt, _)), Step::Confirm(_)) => erased(&opened.ledger, receipt).await,
        (Ok((receipt, _)), Step::Reject(_)) => format!("Turned down in entry {}.", receipt.index),
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
        "Erased in entry {}: {} destroyed, and of {} what was personal cannot be opened any more. \
         Every hash and proof stays valid. Backups from before still hold both: destroy those too.",
        receipt.index,
        counted(keys as u64, "key was", "keys were"),
        counted(entries, "entry", "entries"),
    )
}

/// Holds an address, or lifts a hold.
pub(super) async fn hold(args: HoldArgs) -> Outcome {
    if args.list {
        return list::held(&args.config).await;
    }
    let step = match (args.address, args.lift, args.confirm, args.reject) {
        (Some(address), ..) => Step::Ask(Ask::Hold, Some(address)),
        (_, Some(hold), ..) => Step::Ask(Ask::Lift(hold), None),
        (_, _, Some(index), _) => Step::Confirm(index),
        (.., index) => Step::Reject(index.unwrap_or_default()),
    };
    let opened = Opened::open(&args.config).await?;
    let receipt = take(&opened, &args.by, step).await;
    opened.close().await;
    let index = receipt?.0.index;
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

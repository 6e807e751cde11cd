//! What waits for a second person and what is held, by the entries that say so: nothing personal.

use std::path::Path;

use sluis::ledger::asks_of_owner;
use sluis::ledger::entry::Entry;
use sluis::store::{Ask, Store};

use super::super::{Exit, Failed, Outcome, output, read, verify};

async fn open(config: &Path) -> Result<Store, Failed> {
    verify::open(read(config)?.store).await
}

/// The entry at this index, as everybody may read it.
async fn entry(store: &Store, index: u64) -> Result<Entry, Failed> {
    let found = store.entries(index, index + 1).await;
    let found = found.map_err(|error| Failed::internal(&error))?;
    let line = found.first().map_or(&[][..], Vec::as_slice);
    Entry::parse(line).map_err(|error| Failed::internal(&error))
}

/// By whom and when.
fn by(entry: &Entry) -> String {
    let by = entry.aanvrager.map(|oin| format!("by {oin} "));
    format!("{}at {}", by.unwrap_or_default(), entry.tijd)
}

/// What waits to be erased.
pub(super) async fn waiting(config: &Path) -> Outcome {
    let store = open(config).await?;
    let pending = store.pending().await;
    let mut is_empty = true;
    for one in pending.map_err(|error| Failed::internal(&error))? {
        if one.ask != Ask::Erase {
            continue;
        }
        is_empty = false;
        let entry = entry(&store, one.index).await?;
        let what = if asks_of_owner(&entry) {
            "an owner"
        } else {
            "an address"
        };
        output::say(&format!(
            "{}: to erase {what}, asked {}; waits for a second person",
            one.index,
            by(&entry)
        ));
    }
    if is_empty {
        output::say("Nothing waits to be erased.");
    }
    Ok(Exit::Done)
}

/// What is held, and which holds somebody wants to lift.
pub(super) async fn held(config: &Path) -> Outcome {
    let store = open(config).await?;
    let holds = store.holds().await;
    let holds = holds.map_err(|error| Failed::internal(&error))?;
    let pending = store.pending().await;
    let pending = pending.map_err(|error| Failed::internal(&error))?;
    if holds.is_empty() {
        output::say("Nothing is held.");
    }
    for hold in holds {
        let since = by(&entry(&store, hold.index).await?);
        let mut lifting = pending.iter();
        let lifting = lifting.find(|one| one.ask == Ask::Lift(hold.index));
        let stands = match (hold.confirmed, lifting) {
            (None, _) => "waits for a second person".to_owned(),
            (Some(confirmed), None) => format!("confirmed in entry {confirmed}"),
            (Some(_), Some(lifting)) => {
                format!("to be lifted, asked in entry {}", lifting.index)
            }
        };
        output::say(&format!("{}: held {since}; {stands}", hold.index));
    }
    Ok(Exit::Done)
}

//! What was agreed on, by the entries that say so; a running gateway is no hindrance.

use std::path::PathBuf;

use sluis::clock::{Clock as _, SystemClock};
use sluis::domain::{Oin, Sha256};
use sluis::identity::Signed;
use sluis::ledger::agreement;
use sluis::ledger::entry::Entry;
use sluis::merkle::leaf_hash;
use sluis::store::{Activation, Store};

use super::super::{Exit, Failed, Outcome, output, read, verify};
use super::until;

/// Lists the agreements, oldest first.
pub(in super::super) async fn agreements(config: PathBuf) -> Outcome {
    let store = verify::open(read(&config)?.store).await?;
    let all = store.activations().await;
    let all = all.map_err(|error| Failed::internal(&error))?;
    if all.is_empty() {
        output::say("Nothing was agreed on yet, so every request is refused.");
    }
    for one in &all {
        let (hash, entry) = entry(&store, one.index).await?;
        output::say(&format!(
            "{}: {}, from {} until {}",
            one.index,
            stand(one, &all),
            one.from,
            until(one.until)
        ));
        let title = entry.titel.as_deref().unwrap_or_default();
        output::say(&format!("   {title} ({})", one.bundle));
        output::say(&format!("   signed by {}", signers(&entry)));
        if one.from < entry.tijd {
            output::say(&format!(
                "   decided nothing before it was recorded, {}",
                entry.tijd
            ));
        }
        output::say(&format!("   entry {hash}"));
    }
    Ok(Exit::Done)
}

/// The entry at this index, as everybody may read it, after its hash as a leaf of the tree.
async fn entry(store: &Store, index: u64) -> Result<(Sha256, Entry), Failed> {
    let found = store.entries(index, index + 1).await;
    let found = found.map_err(|error| Failed::internal(&error))?;
    let line = found.first().map_or(&[][..], Vec::as_slice);
    let entry = Entry::parse(line).map_err(|error| Failed::internal(&error))?;
    Ok((Sha256::from_bytes(leaf_hash(line)), entry))
}

/// What it comes to now: of those that hold, the newest decides.
fn stand(one: &Activation, all: &[Activation]) -> String {
    let now = SystemClock.now();
    let holds = |one: &&Activation| {
        let ended = one.until.is_some_and(|until| until <= now);
        one.revoked.is_none() && one.from <= now && !ended
    };
    let deciding = all.iter().filter(holds).map(|one| one.index).max();
    match one.revoked {
        Some(by) => format!("withdrawn in entry {by}"),
        None if one.from > now => "planned".to_owned(),
        None if deciding == Some(one.index) => "in force".to_owned(),
        None if holds(&one) => "followed by another".to_owned(),
        None => "ended".to_owned(),
    }
}

fn signers(entry: &Entry) -> String {
    let text = agreement(entry).map_or_else(Vec::new, |agreed| agreed.text());
    let by = |jws: &String| {
        let signed = Signed::parse(jws, &text).ok()?;
        let subject = signed.subject();
        Some((signed.by, subject))
    };
    let all = entry.handtekeningen.iter().map(by);
    let told: Vec<String> = all
        .map(|one: Option<(Oin, String)>| match one {
            Some((by, subject)) => format!("{by} ({subject})"),
            None => "somebody whose signature is not good".to_owned(),
        })
        .collect();
    told.join(" and ")
}

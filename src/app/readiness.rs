//! What is not ready, for `/readyz`: each reason in one line, with what to do about it.
//!
//! Nothing is asked of anybody to know it: a probe every second costs nothing. Whether the book can be
//! written, the heartbeat found out ([`crate::bounds::HEARTBEAT`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::bounds;
use crate::exchange::Exchange;
use crate::http;
use crate::identity::Identity;
use crate::ledger::{Lapsed, Ledger, NotAppended};
use crate::store::Location;

/// With less than this on its disk, no room is why the book cannot be written. SQLite asks for some
/// pages at a time; what else writes there asks for more.
const FULL_BYTES: u64 = 1024 * 1024;

/// What is not ready, for whoever asks.
#[derive(Debug, Clone)]
pub(super) struct Readiness {
    identity: Arc<Identity>,
    exchange: Arc<Exchange>,
    ledger: Ledger,
    location: Location,
    /// Why the book cannot be written, as of the last beat.
    unwritable: Arc<ArcSwapOption<String>>,
}

impl Readiness {
    pub(super) fn new(
        identity: &Arc<Identity>,
        exchange: &Arc<Exchange>,
        ledger: &Ledger,
        location: &Location,
    ) -> Self {
        Self {
            identity: Arc::clone(identity),
            exchange: Arc::clone(exchange),
            ledger: ledger.clone(),
            location: location.clone(),
            unwritable: Arc::default(),
        }
    }

    /// As the listener for operators wants to ask it.
    pub(super) fn asked(&self) -> http::Readiness {
        let own = self.clone();
        Arc::new(move || {
            let mut missing = own.identity.alarms();
            missing.extend(own.unwritable.load().as_deref().cloned());
            missing.extend(own.ledger.lapsed().as_ref().map(too_old));
            let policy = own.exchange.lacks_policy();
            missing.extend(policy.map(|why| {
                format!(
                    "{why}: every request is refused (BELEID_ONBRUIKBAAR); have every party sign one, and name it in policy.bundles and policy.signatures"
                )
            }));
            missing
        })
    }

    /// Says that this gateway lives, and keeps what that tells about the book.
    pub(super) async fn beat(&self) -> bool {
        let beat = tokio::time::timeout(bounds::BEAT, self.ledger.beat()).await;
        let why = match beat.unwrap_or(Err(NotAppended::Unavailable)) {
            Ok(()) => None,
            Err(NotAppended::Overloaded) => Some(
                "too much is waiting to be recorded: look at sluis_ledger_commit_seconds, and have fewer requests come in"
                    .to_owned(),
            ),
            Err(_) => Some(unwritable(self.location.clone()).await),
        };
        let well = why.is_none();
        self.unwritable.store(why.map(Arc::new));
        well
    }
}

/// Why nothing can be written there, as far as it shows.
async fn unwritable(location: Location) -> String {
    let full = match location {
        Location::Postgres(_) => {
            return "the ledger cannot be written: PostgreSQL does not take it; deploy/postgresql.md, and the log for its answer".to_owned();
        }
        // A disk that is gone may let nobody look, for long.
        Location::Sqlite(path) => tokio::time::timeout(
            bounds::READ,
            tokio::task::spawn_blocking(move || full_disk(&path)),
        ),
    };
    match full.await {
        Ok(Ok(Some((folder, free)))) => format!(
            "the ledger cannot be written: the disk of {} is full, with {} KiB free; make room (deploy/runbooks/disk.md)",
            folder.display(),
            free / 1024,
        ),
        _ => {
            "the ledger cannot be written: see the log for why (deploy/runbooks/disk.md)".to_owned()
        }
    }
}

/// The folder of a file on a disk without room, and how much it has.
fn full_disk(file: &Path) -> Option<(PathBuf, u64)> {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let free = free_bytes(folder)?;
    (free < FULL_BYTES).then(|| (folder.to_owned(), free))
}

/// How much room there is on the disk of a folder.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

fn too_old(Lapsed { age, limit }: &Lapsed) -> String {
    let limit = limit.as_secs();
    let age = match age {
        None => "no quorum of witnesses yet".to_owned(),
        Some(age) => format!("the witnesses' quorum is {} s old", age.as_secs()),
    };
    format!(
        "{age}; nothing is released (limit {limit} s): have enough witnesses started (deploy/runbooks/witness.md)"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_quorum_that_lapsed_is_told_with_its_age() {
        let limit = Duration::from_mins(1);
        for (age, told) in [
            (None, "no quorum of witnesses yet; nothing is released"),
            (
                Some(Duration::from_secs(61)),
                "the witnesses' quorum is 61 s old; nothing is released (limit 60 s): ",
            ),
        ] {
            let line = too_old(&Lapsed { age, limit });
            assert!(line.starts_with(told), "{line}");
        }
    }

    #[tokio::test]
    async fn an_unwritable_book_is_told_with_where_to_look() {
        let of = async |url: &str| {
            let base = Path::new("/nowhere");
            unwritable(Location::parse(url, base).unwrap()).await
        };
        for (url, told) in [
            ("sqlite:ledger.db", "deploy/runbooks/disk.md"),
            ("postgres://sluis@db.example/sluis", "deploy/postgresql.md"),
        ] {
            let line = of(url).await;
            assert!(line.starts_with("the ledger cannot be written: "), "{line}");
            assert!(line.contains(told), "{line}");
            assert!(!line.contains("db.example"), "{line}");
        }
    }
}

//! What is not ready, and what else must be mended, for `/readyz`: each in one line, with what to do
//! about it.
//!
//! Not ready is a gateway that cannot serve what it is asked now: a balancer asks another then. Whatever
//! hinders nobody, or not all, or can only be mended through the gateway, is a warning: where all
//! gateways have it at once, to be not ready would be an outage of itself.
//!
//! Nothing is asked of anybody to know it: a probe every second costs nothing. Whether the book can be
//! written, the heartbeat found out ([`crate::bounds::HEARTBEAT`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::bounds;
use crate::exchange::Exchange;
use crate::http::{self, Concern, Condition, Warning};
use crate::identity::{Alarm, AlarmAbout, Identity};
use crate::ledger::{Lapsed, Ledger, NotAppended};
use crate::policy::NotInForce;
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
            condition(
                own.identity.alarms(),
                own.unwritable.load().as_deref(),
                own.ledger.lapsed().as_ref(),
                own.exchange.lacks_policy(),
            )
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

/// What is known of each part, put together.
fn condition(
    alarms: Vec<Alarm>,
    unwritable: Option<&String>,
    lapsed: Option<&Lapsed>,
    policy: Option<NotInForce>,
) -> Condition {
    let mut all = Condition::default();
    for Alarm {
        about,
        hinders,
        told,
    } in alarms
    {
        if hinders {
            all.not_ready.push(told);
            continue;
        }
        let about = match about {
            AlarmAbout::File => Concern::File,
            AlarmAbout::Certificate => Concern::Certificate,
            AlarmAbout::Crl => Concern::Crl,
        };
        all.warnings.push(Warning { about, told });
    }
    all.not_ready.extend(unwritable.cloned());
    all.not_ready.extend(lapsed.map(too_old));
    match policy {
        None => {}
        // The book names it and another gateway may well have it.
        Some(why @ NotInForce::Unknown(_)) => all.not_ready.push(format!(
            "{why}: every request for a document is refused (BELEID_ONBRUIKBAAR); name its folder in policy.bundles"
        )),
        // Documents are refused then, and the rest is served: choices of owners, the ledger, and above
        // all the agreement that mends it. Every gateway on the ledger has this at once, one before its
        // first agreement too, so a balancer would shut the road it must come by.
        Some(why @ (NotInForce::None | NotInForce::Candidate(_))) => all.warnings.push(Warning {
            about: Concern::Policy,
            told: format!(
                "{why}: every request for a document is refused (BELEID_ONBRUIKBAAR); have every party sign one, and hand it in (POST /v1/overeenkomsten) or name it in policy.bundles and policy.signatures"
            ),
        }),
    }
    all
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
    use crate::domain::Sha256;

    fn alarm(about: AlarmAbout, hinders: bool) -> Alarm {
        Alarm {
            about,
            hinders,
            told: format!("{about:?}"),
        }
    }

    /// What is told of these, each list by itself.
    fn told(
        alarms: Vec<Alarm>,
        unwritable: Option<&str>,
        lapsed: Option<&Lapsed>,
        policy: Option<NotInForce>,
    ) -> (Vec<String>, Vec<(Concern, String)>) {
        let unwritable = unwritable.map(str::to_owned);
        let all = condition(alarms, unwritable.as_ref(), lapsed, policy);
        let warnings = all.warnings.into_iter().map(|one| (one.about, one.told));
        (all.not_ready, warnings.collect())
    }

    #[test]
    fn what_hinders_is_not_ready_and_the_rest_is_a_warning() {
        let every = [
            (AlarmAbout::File, Concern::File),
            (AlarmAbout::Certificate, Concern::Certificate),
            (AlarmAbout::Crl, Concern::Crl),
        ];
        for (about, concern) in every {
            let line = format!("{about:?}");
            assert_eq!(
                told(vec![alarm(about, true)], None, None, None),
                (vec![line.clone()], vec![])
            );
            assert_eq!(
                told(vec![alarm(about, false)], None, None, None),
                (vec![], vec![(concern, line)])
            );
        }
        let lapsed = Lapsed {
            age: None,
            limit: Duration::from_mins(1),
        };
        let quorum = too_old(&lapsed);
        let (not_ready, warnings) = told(
            vec![alarm(AlarmAbout::File, false), alarm(AlarmAbout::Crl, true)],
            Some("the ledger"),
            Some(&lapsed),
            Some(NotInForce::None),
        );
        assert_eq!(not_ready, ["Crl", "the ledger", &quorum]);
        let about: Vec<Concern> = warnings.iter().map(|(about, _)| *about).collect();
        assert_eq!(about, [Concern::File, Concern::Policy]);
        assert_eq!(told(vec![], None, None, None), (vec![], vec![]));
    }

    #[test]
    fn a_bundle_that_only_this_gateway_lacks_is_not_ready_and_none_at_all_is_a_warning() {
        let hash = Sha256::parse(&"ab".repeat(32)).unwrap();
        let (not_ready, warnings) = told(vec![], None, None, Some(NotInForce::Unknown(hash)));
        assert!(not_ready[0].contains("is not on this gateway"));
        assert!(not_ready[0].contains("policy.bundles"));
        assert_eq!((not_ready.len(), warnings), (1, vec![]));
        for why in [NotInForce::None, NotInForce::Candidate(hash)] {
            let (not_ready, warnings) = told(vec![], None, None, Some(why));
            assert_eq!((not_ready, warnings.len()), (vec![], 1), "{why:?}");
            let (about, line) = &warnings[0];
            assert_eq!(*about, Concern::Policy);
            assert!(line.starts_with(&why.to_string()), "{line}");
            assert!(line.contains("/v1/overeenkomsten"), "{line}");
            assert!(line.contains("policy.signatures"), "{line}");
        }
    }

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

//! The database, the ledger in it, and its keys; all of it only read.

use std::path::Path;
use std::sync::Arc;

use super::clocks::Clocks;
use super::policy;
use crate::bounds;
use crate::clock::Clock;
use crate::config::Config;
use crate::errors::in_full;
use crate::finding::Findings;
use crate::ledger::note::{NoteError, Verifier};
use crate::ledger::verify::DatabaseBook;
use crate::ledger::{KeyFileError, Keys, Opener, read_secret};
use crate::store::{Durability, Head, Location, Looked, OpenError, Server, Store};

const DATABASE: &str = "database";
const LEDGER: &str = "ledger";
const KEYS: &str = "keys";

/// PostgreSQL below this gets no corrections any more.
const OLDEST_SERVER: i64 = 150_000;

/// The database as it was found.
pub(super) struct Book {
    looked: Result<Looked, OpenError>,
    head: Option<Result<Head, String>>,
    keys: Result<Keys, Vec<KeyFileError>>,
    verifier: Option<Verifier>,
}

/// What was found, and whose clock was seen on the way.
pub(super) struct Kept {
    pub(super) findings: Findings,
    pub(super) clocks: Clocks,
}

impl Book {
    pub(super) async fn open(config: &Config) -> Self {
        let keys = read_keys(config);
        let looked = Store::look(&config.store).await;
        let head = match &looked {
            Ok(looked) if looked.schema.is_ok() => {
                let head = looked.store.head().await;
                Some(head.map_err(|error| in_full(&error)))
            }
            _ => None,
        };
        Self {
            looked,
            head,
            verifier: keys.as_ref().ok().map(|keys| keys.signer.verifier()),
            keys,
        }
    }

    /// The key that verifies its checkpoints, where its file could be read.
    pub(super) const fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// The signed checkpoint, and the size it is of, where that could be read.
    pub(super) fn checkpoint(&self) -> Option<(&str, u64)> {
        match &self.head {
            Some(Ok(head)) => Some((&head.checkpoint, head.size)),
            _ => None,
        }
    }

    /// The ledger, where there is one.
    pub(super) fn store(&self) -> Option<&Store> {
        let looked = self.looked.as_ref().ok()?;
        looked.schema.is_ok().then_some(&looked.store)
    }

    pub(super) async fn told(&self, config: &Config, clock: &Arc<dyn Clock>) -> Kept {
        let mut all = Findings::default();
        let mut clocks = Clocks::default();
        let location = &config.store.location;
        match &self.looked {
            Err(error @ OpenError::Missing(_)) => all.fail_as_told(DATABASE, in_full(error)),
            Err(error) => all.fail(
                DATABASE,
                in_full(error),
                match location {
                    Location::Sqlite(_) => "check store.url, and who may read the file",
                    Location::Postgres(_) => {
                        "check store.url and store.password-file, and whether the server runs and lets this machine in (pg_hba.conf)"
                    }
                },
            ),
            Ok(looked) => {
                settings(&mut all, location, looked);
                if let Some(server) = &looked.server {
                    self::server(&mut all, server);
                    if let Some(theirs) = server.now {
                        clocks.compare("the database", theirs, clock.now());
                    }
                }
                if let Err(error) = &looked.schema {
                    all.fail_as_told(LEDGER, in_full(error));
                }
            }
        }
        self.ledger(&mut all, config).await;
        policy::told(&mut all, config, self.store(), clock.now()).await;
        Kept {
            findings: all,
            clocks,
        }
    }

    /// Whether the keys are this ledger's.
    async fn ledger(&self, all: &mut Findings, config: &Config) {
        let ledger = &config.ledger;
        let keys = match &self.keys {
            Ok(keys) => Some(keys),
            Err(errors) => {
                for error in errors {
                    all.fail_as_told(KEYS, in_full(error));
                }
                None
            }
        };
        let head = match &self.head {
            None => return,
            Some(Err(error)) => {
                let what = format!("the newest checkpoint cannot be read: {error}");
                return all.fail(LEDGER, what, "check it with `sluis ledger verify --config`");
            }
            Some(Ok(head)) => head,
        };
        let (key, size) = (ledger.key.display(), head.size);
        let verifier = keys.and(self.verifier.as_ref());
        match verifier.map(|verifier| verifier.open(&head.checkpoint)) {
            None => all.ok(LEDGER, format!("holds {size} entries")),
            Some(Ok(checkpoint)) if checkpoint.size == size => {
                all.ok(
                    LEDGER,
                    format!("{} holds {size} entries, signed with {key}", ledger.origin),
                );
            }
            Some(Err(NoteError::OtherKey { found, expected })) => all.fail(
                LEDGER,
                format!("its newest checkpoint, of {size} entries, is not signed with {key} ({expected}) but with the key {found}"),
                "put the key of this ledger in ledger.key, or name the right database in store.url; while the log's key is replaced, ledger.next-key names the other one (deploy/runbooks/keys.md)",
            ),
            Some(_) => all.fail(
                LEDGER,
                format!("its newest checkpoint, of {size} entries, is not signed with {key}"),
                "put the key of this ledger in ledger.key, or name the right database in store.url",
            ),
        }
        if let (Some(verifier), Some(next)) = (verifier, &ledger.next_key) {
            taking_over(all, verifier, &head.checkpoint, (&ledger.key, next));
        }
        if keys.is_some() {
            self.master(all, config, size).await;
        }
    }

    async fn master(&self, all: &mut Findings, config: &Config, size: u64) {
        let ledger = &config.ledger;
        let master = ledger.master_key.display();
        // Read once more: an opener keeps its own.
        let keys = ledger.read_keys();
        let (Ok(keys), Some(store)) = (keys, self.store()) else {
            return;
        };
        let opener = Opener::new(Arc::new(keys.master));
        let source = DatabaseBook::new(store.clone());
        let fits = tokio::time::timeout(bounds::READ, opener.fits(&source)).await;
        match fits {
            Ok(true) if size == 0 => all.ok(KEYS, format!("{master}: nothing is sealed with it yet")),
            Ok(true) => all.ok(KEYS, format!("{master}: opens what is sealed in the ledger")),
            Ok(false) => all.fail(
                KEYS,
                format!("{master}: is not the master key of this ledger"),
                "put the one that `sluis ledger init` made back in ledger.master-key; without it nothing sealed can be read",
            ),
            Err(_) => all.skip(
                KEYS,
                format!("{master}: whether it is this ledger's was not found out within {} seconds", bounds::READ.as_secs()),
            ),
        }
    }
}

/// How far a second key is that takes over from the first.
fn taking_over(all: &mut Findings, verifier: &Verifier, checkpoint: &str, files: (&Path, &Path)) {
    let signed = verifier.unverified_signers(checkpoint);
    let mut hashes = verifier.hashes();
    let (Some(old), Some(new)) = (hashes.next(), hashes.next()) else {
        return;
    };
    let (old_file, new_file) = (files.0.display(), files.1.display());
    let (by_old, by_new) = (signed.contains(&old), signed.contains(&new));
    if by_old && by_new {
        all.ok(
            KEYS,
            format!("{new_file} ({new}) takes over from {old_file} ({old}): both sign"),
        );
    } else if by_old {
        all.warn(
            KEYS,
            format!("{new_file} ({new}) is to take over from {old_file} ({old}), and did not sign the newest checkpoint"),
            "start the gateways again whose configuration has no ledger.next-key yet, and only then go on with deploy/runbooks/keys.md",
        );
    } else {
        all.warn(
            KEYS,
            format!("{new_file} ({new}) took over from {old_file} ({old}): a gateway signs with the new key alone"),
            "put the new key in ledger.key here too, and leave ledger.next-key out",
        );
    }
}

/// The keys; or what is wrong with each.
fn read_keys(config: &Config) -> Result<Keys, Vec<KeyFileError>> {
    let ledger = &config.ledger;
    let each = [&ledger.key, &ledger.master_key].into_iter();
    let each = each.chain(&ledger.next_key);
    let errors: Vec<KeyFileError> = each
        .filter_map(|path| match read_secret(path) {
            Ok(_) => None,
            Err(KeyFileError::Io { path, .. })
                if !path.exists() && Some(&path) == ledger.next_key.as_ref() =>
            {
                Some(KeyFileError::NoNext { path })
            }
            Err(KeyFileError::Io { path, .. }) if !path.exists() => {
                Some(KeyFileError::Missing { path })
            }
            Err(error) => Some(error),
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    ledger.read_keys().map_err(|error| vec![error])
}

/// What durability rests on.
fn settings(all: &mut Findings, location: &Location, looked: &Looked) {
    for one in looked.durability.iter().filter(|one| !one.is_good()) {
        let (setting, found, expected) = (one.setting, &one.found, one.expected);
        match location {
            Location::Sqlite(_) => all.warn(
                DATABASE,
                format!("{location:?}: {setting} = {found}, and a gateway makes it {expected}"),
                "nothing, unless somebody changed it on purpose",
            ),
            Location::Postgres(_) => all.fail(
                DATABASE,
                format!("{setting} = {found}, but a record is only durable with {expected}"),
                format!(
                    "set {setting} = {expected} for the server, the database and the user; a gateway refuses to start otherwise"
                ),
            ),
        }
    }
    for file in &looked.open_to_others {
        all.warn(
            DATABASE,
            format!(
                "{}: others on this machine can read it, with personal data and keys",
                file.display()
            ),
            "chmod 600",
        );
    }
    if looked.durability.iter().all(Durability::is_good) {
        let each = looked.durability.iter();
        let each = each.map(|one| format!("{} = {}", one.setting, one.found));
        let each = each.collect::<Vec<_>>().join(", ");
        all.ok(DATABASE, format!("{location:?}: {each}"));
    }
}

fn server(all: &mut Findings, server: &Server) {
    let version = &server.version;
    if server.is_standby {
        all.fail(
            DATABASE,
            "the server is a standby, which nothing can be written to",
            "name the primary in store.url, or promote this one (deploy/postgresql.md)",
        );
    }
    if server.version_number < OLDEST_SERVER {
        all.warn(
            DATABASE,
            format!("PostgreSQL {version} is not maintained any more"),
            "plan an upgrade of the server",
        );
    } else {
        all.ok(DATABASE, format!("PostgreSQL {version}"));
    }
    let names = &server.standby_names;
    match (names.is_empty(), server.standbys) {
        (true, _) => all.warn(
            DATABASE,
            "synchronous_standby_names is empty: what only this server holds is lost with it",
            "set up a synchronous standby (deploy/postgresql.md)",
        ),
        (false, Some(0)) => all.fail(
            DATABASE,
            format!("synchronous_standby_names = {names}, and none of them follows: every commit waits"),
            "start the standby, and look why it does not follow (deploy/postgresql.md)",
        ),
        (false, Some(count)) => all.ok(
            DATABASE,
            format!("synchronous_standby_names = {names}, of which {count} follow"),
        ),
        (false, None) => all.ok(
            DATABASE,
            format!("synchronous_standby_names = {names}; whether they follow only a member of pg_monitor may know"),
        ),
    }
}

//! Looking at a database without leaving a trace in it, beside a running gateway too: for `sluis doctor`.
//!
//! SQLite is opened to be read only. Where nobody has it open it is opened as what does not change, so that
//! not even the files beside it are made. On PostgreSQL every transaction is read-only.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection as _, PgConnection, Row as _};

use super::open::{
    Conn, Engine, Location, OpenError, Settings, Store, check_version, open_to_others,
    postgres_options,
};
use super::{Cache, StoreError, failed, on};
use crate::bounds;
use crate::clock::Moment;

/// What a database says of itself.
#[derive(Debug)]
pub struct Looked {
    /// For reading what is in it.
    pub store: Store,
    /// What durability rests on. With SQLite only what the file itself holds: the rest is set by whoever
    /// opens it.
    pub durability: Vec<Durability>,
    /// Whether there is a ledger in it, of this program's version.
    pub schema: Result<(), OpenError>,
    /// Files of SQLite that others on this machine can read.
    pub open_to_others: Vec<PathBuf>,
    /// What the server of PostgreSQL says.
    pub server: Option<Server>,
}

/// A server of PostgreSQL.
#[derive(Debug)]
pub struct Server {
    /// Its version, such as `17.5`.
    pub version: String,
    /// The same as a number, such as 170005.
    pub version_number: i64,
    /// `synchronous_standby_names`; empty when there is none.
    pub standby_names: String,
    /// How many synchronous standbys follow it; `None` where this user may not know.
    pub standbys: Option<i64>,
    /// Whether it is a standby itself.
    pub is_standby: bool,
    /// Its clock.
    pub now: Option<Moment>,
}

impl Store {
    /// Looks at the database, and opens it for reading what is in it.
    ///
    /// # Errors
    /// [`OpenError`]: it is missing, or cannot be opened or asked.
    pub async fn look(settings: &Settings) -> Result<Looked, OpenError> {
        let wrap = |source| OpenError::Store {
            location: settings.location.clone(),
            source,
        };
        let (mut conn, pool) = match &settings.location {
            Location::Sqlite(path) if !path.exists() => {
                return Err(OpenError::Missing(settings.location.clone()));
            }
            Location::Sqlite(path) => {
                // Whether it is anybody's to read SQLite would say in a number.
                let readable = File::open(path).map_err(sqlx::Error::Io);
                readable.map_err(failed("be read")).map_err(wrap)?;
                let options = reading(path);
                let conn = options.connect().await.map_err(failed("open"));
                let pool = SqlitePoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(bounds::READ)
                    .connect_lazy_with(options);
                (Engine::Sqlite(conn.map_err(wrap)?), Engine::Sqlite(pool))
            }
            Location::Postgres(_) => {
                let options = postgres_options(settings).map_err(wrap)?;
                let options = options.options([("default_transaction_read_only", "on")]);
                let conn = tokio::time::timeout(bounds::COMMIT, options.connect()).await;
                let conn = conn
                    .map_err(|_| StoreError::TooSlow { doing: "answer" })
                    .and_then(|opened| opened.map_err(failed("be reached")));
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .acquire_timeout(bounds::READ)
                    .connect_lazy_with(options);
                (
                    Engine::Postgres(conn.map_err(wrap)?),
                    Engine::Postgres(pool),
                )
            }
        };
        let asked = tokio::time::timeout(bounds::READ, ask(&mut conn, settings)).await;
        let (mut durability, schema, server) =
            asked.unwrap_or_else(|_| Err(wrap(StoreError::TooSlow { doing: "answer" })))?;
        if let Location::Sqlite(path) = &settings.location {
            let journal = journal_of(path).map_err(sqlx::Error::Io);
            let journal = journal.map_err(failed("be read")).map_err(wrap)?;
            for one in &mut durability {
                journal.clone_into(&mut one.found);
            }
        }
        let _ = on!(conn, c => c.close().await);
        Ok(Looked {
            store: Self {
                pool,
                settings: settings.clone(),
                cache: Arc::new(Cache::new()),
                #[cfg(test)]
                faults: super::faults::Faults::default(),
                _lock: None,
            },
            durability,
            schema,
            open_to_others: match &settings.location {
                Location::Sqlite(path) => open_to_others(path),
                Location::Postgres(_) => Vec::new(),
            },
            server,
        })
    }
}

type Answers = (Vec<Durability>, Result<(), OpenError>, Option<Server>);

async fn ask(conn: &mut Conn, settings: &Settings) -> Result<Answers, OpenError> {
    let mut settings_found = durability(conn, settings).await?;
    let server = match conn {
        Engine::Sqlite(_) => {
            settings_found.retain(|one| one.setting == "journal_mode");
            None
        }
        Engine::Postgres(conn) => {
            let told = server(conn).await.map_err(|source| OpenError::Store {
                location: settings.location.clone(),
                source: failed("tell about itself")(source),
            });
            Some(told?)
        }
    };
    let schema = check_version(conn, settings).await;
    Ok((settings_found, schema, server))
}

async fn server(conn: &mut PgConnection) -> Result<Server, sqlx::Error> {
    const ABOUT: &str = "select current_setting('server_version'), \
         current_setting('server_version_num')::bigint, \
         current_setting('synchronous_standby_names'), pg_is_in_recovery(), \
         pg_has_role(current_user, 'pg_monitor', 'member')";
    const STANDBYS: &str =
        "select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')";
    // Last, and by itself: its answer should be young.
    const NOW: &str = "select (extract(epoch from clock_timestamp()) * 1000)::bigint";
    let about = sqlx::query(ABOUT).fetch_one(&mut *conn).await?;
    let may_know: bool = about.try_get(4)?;
    let standbys = if may_know {
        let row = sqlx::query(STANDBYS).fetch_one(&mut *conn).await?;
        Some(row.try_get(0)?)
    } else {
        None
    };
    let now = sqlx::query(NOW).fetch_one(&mut *conn).await?;
    Ok(Server {
        version: about.try_get(0)?,
        version_number: about.try_get(1)?,
        standby_names: about.try_get(2)?,
        standbys,
        is_standby: about.try_get(3)?,
        now: Moment::from_unix_ms(now.try_get(0)?),
    })
}

/// What journal the file itself names (its format, 1.3.2). Opened as what does not change, SQLite says that
/// there is none.
fn journal_of(path: &Path) -> std::io::Result<&'static str> {
    let mut head = [0; 20];
    File::open(path)?.read_exact(&mut head)?;
    Ok(if head.ends_with(&[2, 2]) {
        "wal"
    } else {
        "delete"
    })
}

/// Without a journal beside it nobody has it open, and everything is in the one file.
fn reading(path: &Path) -> SqliteConnectOptions {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(!PathBuf::from(journal).exists())
        .busy_timeout(bounds::READ)
        .disable_statement_logging()
}

/// A setting that a durable commit rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// Its name.
    pub setting: &'static str,
    /// What it is.
    pub found: String,
    /// What it must be.
    pub expected: &'static str,
}

impl Durability {
    /// Whether a commit is durable with it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        // With a synchronous standby, "remote_apply" promises more than "on".
        self.found == self.expected
            || (self.setting == "synchronous_commit" && self.found == "remote_apply")
    }
}

/// All of them, as this connection has them.
pub(super) async fn durability(
    conn: &mut Conn,
    settings: &Settings,
) -> Result<Vec<Durability>, OpenError> {
    let wrap = |source| OpenError::Store {
        location: settings.location.clone(),
        source: failed("tell its settings")(source),
    };
    let wanted: &[(&'static str, &'static str, &'static str)] = match conn {
        Engine::Sqlite(_) => &[
            ("journal_mode", "pragma journal_mode", "wal"),
            ("synchronous", "pragma synchronous", "2"),
        ],
        Engine::Postgres(_) => &[
            ("fsync", "show fsync", "on"),
            ("full_page_writes", "show full_page_writes", "on"),
            ("synchronous_commit", "show synchronous_commit", "on"),
        ],
    };
    let mut told = Vec::with_capacity(wanted.len());
    for (setting, query, expected) in wanted {
        let found = match conn {
            Engine::Sqlite(c) if *setting == "synchronous" => sqlx::query(*query)
                .fetch_one(&mut *c)
                .await
                .and_then(|row| row.try_get::<i64, _>(0))
                .map(|level| level.to_string()),
            Engine::Sqlite(c) => sqlx::query(*query)
                .fetch_one(&mut *c)
                .await
                .and_then(|row| row.try_get(0)),
            Engine::Postgres(c) => sqlx::query(*query)
                .fetch_one(&mut *c)
                .await
                .and_then(|row| row.try_get(0)),
        }
        .map_err(wrap)?;
        told.push(Durability {
            setting,
            found,
            expected,
        });
    }
    Ok(told)
}

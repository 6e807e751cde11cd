//! Opening and making the database: durability is asserted, not hoped for (SECURITY 2, 3, 7, 20).

use std::borrow::Cow;
use std::fmt;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row, SqliteConnection, SqlitePool};

use super::look::{Durability, durability};
use super::{Cache, StoreError, Writer, failed, on, sql};
use crate::bounds;

/// One of two things that go together with an engine: a pool, or a connection.
#[derive(Debug, Clone)]
pub(crate) enum Engine<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL URL without its password.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:PATH` or `postgres://…`; a relative path is taken from `base`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(url: &str, base: &Path) -> Result<Self, &'static str> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() || path == ":memory:" || path.contains('?') {
                Err("expected sqlite:PATH with the path of a file")
            } else {
                Ok(Self::Sqlite(base.join(path)))
            };
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("expected sqlite:PATH or postgres://USER@HOST/DATABASE");
        }
        let has_password = url
            .split_once("://")
            .and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'))
            .is_some_and(|(user, _)| user.contains(':'));
        if has_password || url.contains("password=") {
            return Err(
                "a password does not belong in the URL; put it in a file and name that in store.password-file",
            );
        }
        match PgConnectOptions::from_str(url) {
            Ok(_) => Ok(Self::Postgres(url.to_owned())),
            Err(_) => Err("expected postgres://USER@HOST/DATABASE"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(url),
        }
    }
}

/// How to reach the database.
#[derive(Clone)]
pub struct Settings {
    /// Where it is.
    pub location: Location,
    /// The password for PostgreSQL.
    pub password: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map(|_| "[redacted]");
        f.debug_struct("Settings")
            .field("location", &self.location)
            .field("password", &password)
            .finish()
    }
}

/// Why the database was not opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("there is no ledger in {0:?}; make one with `sluis ledger init`, or correct store.url")]
    Missing(Location),
    /// There is one already.
    #[error("there is a ledger in {0:?} already; it was left as it is")]
    Exists(Location),
    /// Another gateway has the file.
    #[error("another gateway has {0:?} open; several gateways need PostgreSQL")]
    InUse(Location),
    /// The file beside the database that keeps a second gateway out could not be made.
    #[error("could not lock the ledger with {path}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A setting without which a commit is not durable.
    #[error("the database has {setting} = {found}, but a record is only durable with {expected}")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The tables could not be made.
    #[error("could not make the tables")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The tables are those of another version.
    #[error("the tables are of version {found}, this program works with {expected}")]
    Version {
        /// The version found.
        found: i64,
        /// The version this program needs.
        expected: i64,
    },
    /// Anything else of the database.
    #[error("could not open {location:?}")]
    Store {
        /// Where.
        location: Location,
        /// Why.
        #[source]
        source: StoreError,
    },
}

pub(super) type Pool = Engine<SqlitePool, PgPool>;
pub(super) type Conn = Engine<SqliteConnection, PgConnection>;

/// The database, open for reading; [`Store::writer`] opens it for writing.
#[derive(Clone)]
pub struct Store {
    pub(super) pool: Pool,
    pub(super) settings: Settings,
    pub(super) cache: Arc<Cache>,
    #[cfg(test)]
    pub(crate) faults: super::faults::Faults,
    /// Keeps a second gateway out for as long as this process lives; only with SQLite.
    pub(super) _lock: Option<Arc<File>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

const SCHEMA_VERSION: i64 = 1;
/// Prepared statements kept for each connection: more than there are by themselves, in all their widths.
/// Of those that go to SQLite together, whose widths go with each other in many ways, the one that was
/// not used for longest is prepared again when it comes back.
const STATEMENTS: usize = 256;

pub(super) fn migrator(settings: &Settings) -> Migrator {
    let ddl = match settings.location {
        Location::Sqlite(_) => include_str!("migrations/sqlite/0001_book_and_registry.sql"),
        Location::Postgres(_) => include_str!("migrations/postgres/0001_book_and_registry.sql"),
    };
    Migrator::with_migrations(vec![Migration::new(
        SCHEMA_VERSION,
        Cow::Borrowed("book and registry"),
        MigrationType::Simple,
        sqlx::SqlSafeStr::into_sql_str(ddl),
        false,
    )])
}

impl Store {
    /// Makes the tables and an empty head with this checkpoint, where there are none.
    ///
    /// # Errors
    /// [`OpenError::Exists`] when there is a ledger already, and whatever the database says.
    pub async fn create(settings: &Settings, empty_checkpoint: &str) -> Result<(), OpenError> {
        if let Location::Sqlite(path) = &settings.location
            && path.exists()
        {
            return Err(OpenError::Exists(settings.location.clone()));
        }
        let wrap = |source| OpenError::Store {
            location: settings.location.clone(),
            source,
        };
        let mut conn = connect(settings, true).await.map_err(wrap)?;
        let migrator = migrator(settings);
        on!(&mut conn, c => migrator.run(c).await).map_err(OpenError::Migrate)?;
        let made = on!(&mut conn, c => {
            match sqlx::query(sql::HEAD).fetch_optional(&mut *c).await {
                Ok(Some(_)) => Ok(false),
                Ok(None) => sqlx::query(sql::NEW_HEAD)
                    .bind(empty_checkpoint)
                    .execute(&mut *c)
                    .await
                    .map(|_| true),
                Err(error) => Err(error),
            }
        })
        .map_err(failed("write the head"))
        .map_err(wrap)?;
        on!(conn, c => c.close().await)
            .map_err(failed("close"))
            .map_err(wrap)?;
        if made {
            Ok(())
        } else {
            Err(OpenError::Exists(settings.location.clone()))
        }
    }

    /// Opens an existing ledger and asserts that its commits are durable.
    ///
    /// # Errors
    /// [`OpenError`]: it is missing, in use, of another version, or not durable.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let lock = match &settings.location {
            Location::Sqlite(path) if !path.exists() => {
                return Err(OpenError::Missing(settings.location.clone()));
            }
            Location::Sqlite(path) => {
                let lock = lock_beside(path, &settings.location)?;
                for file in open_to_others(path) {
                    tracing::warn!(
                        file = %file.display(),
                        "others on this machine can read this file, with personal data and keys: chmod 600"
                    );
                }
                Some(Arc::new(lock))
            }
            Location::Postgres(_) => None,
        };
        Self::open_unlocked(settings, lock).await
    }

    /// Opens it for looking only: beside a running gateway, too.
    ///
    /// # Errors
    /// As [`Store::open`], but never [`OpenError::InUse`].
    pub async fn open_for_reading(settings: Settings) -> Result<Self, OpenError> {
        if let Location::Sqlite(path) = &settings.location
            && !path.exists()
        {
            return Err(OpenError::Missing(settings.location.clone()));
        }
        Self::open_unlocked(settings, None).await
    }

    async fn open_unlocked(settings: Settings, lock: Option<Arc<File>>) -> Result<Self, OpenError> {
        let wrap = |source| OpenError::Store {
            location: settings.location.clone(),
            source,
        };
        let mut conn = connect(&settings, false).await.map_err(wrap)?;
        check_version(&mut conn, &settings).await?;
        check_durable(&mut conn, &settings).await?;
        on!(conn, c => c.close().await)
            .map_err(failed("close"))
            .map_err(wrap)?;
        let pool = match &settings.location {
            Location::Sqlite(path) => Engine::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(bounds::READ_CONNECTIONS)
                    .acquire_timeout(bounds::READ)
                    // There is no other end that could have gone away.
                    .test_before_acquire(false)
                    .connect_lazy_with(sqlite_options(path, READER_PAGES).read_only(true)),
            ),
            Location::Postgres(_) => Engine::Postgres(
                PgPoolOptions::new()
                    .max_connections(bounds::READ_CONNECTIONS)
                    .acquire_timeout(bounds::READ)
                    .connect_lazy_with(postgres_options(&settings).map_err(wrap)?),
            ),
        };
        Ok(Self {
            pool,
            settings,
            cache: Arc::new(Cache::new()),
            #[cfg(test)]
            faults: super::faults::Faults::default(),
            _lock: lock,
        })
    }

    /// The one road for writing.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached.
    pub async fn writer(&self) -> Result<Writer, StoreError> {
        Writer::new(
            connect(&self.settings, false).await?,
            self.settings.clone(),
            #[cfg(test)]
            self.faults.clone(),
        )
        .await
    }

    /// Asserts again that commits are durable; PostgreSQL's settings can change while it runs.
    ///
    /// # Errors
    /// [`OpenError::NotDurable`], or the database could not be asked.
    pub async fn assert_durable(&self) -> Result<(), OpenError> {
        let mut conn = connect(&self.settings, false)
            .await
            .map_err(|source| OpenError::Store {
                location: self.settings.location.clone(),
                source,
            })?;
        let checked = check_durable(&mut conn, &self.settings).await;
        // Said goodbye to, so that it holds nothing when this returns.
        let _ = on!(conn, c => c.close().await);
        checked
    }

    /// Whether the engine is the embedded one, whose first I/O error is fatal (SECURITY 4).
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        matches!(self.pool, Engine::Sqlite(_))
    }
}

/// The pages that who writes keeps in memory, as SQLite has it: in KiB, below zero. At nearly every commit
/// SQLite looks through all it keeps (to balance a tree it gives a page the number of one far away for a
/// moment): pages that the system keeps as well.
const WRITER_PAGES: &str = "-4096";
/// The pages that who reads keeps: all are forgotten when somebody wrote between two reads.
const READER_PAGES: &str = "-512";

fn sqlite_options(path: &Path, pages: &'static str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(bounds::COMMIT)
        // What a statement of many rows would undo stays in memory instead of a file of its own.
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", pages)
        // What is deleted is written over; otherwise it stays in its pages.
        .pragma("secure_delete", "on")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

pub(super) fn postgres_options(settings: &Settings) -> Result<PgConnectOptions, StoreError> {
    let Location::Postgres(url) = &settings.location else {
        return Err(StoreError::TooSlow {
            doing: "read its own URL",
        });
    };
    let mut options = PgConnectOptions::from_str(url).map_err(failed("read its URL"))?;
    if let Some(password) = &settings.password {
        options = options.password(password);
    }
    // A gateway that freezes inside a batch loses the head instead of holding up all the others, and
    // whoever waits for the head gives up in time to say so.
    let lock = format!("{}ms", bounds::COMMIT.as_millis());
    let idle = format!("{}ms", (bounds::COMMIT * 2).as_millis());
    Ok(options
        .statement_cache_capacity(STATEMENTS)
        .application_name("sluis")
        .options([
            ("lock_timeout", lock),
            ("idle_in_transaction_session_timeout", idle),
            // Every statement goes by a key. A table that is filled and emptied all the time, as that of
            // used tokens, is taken for a small one, and read whole as it grows.
            ("enable_seqscan", "off".to_owned()),
            ("jit", "off".to_owned()),
        ])
        .disable_statement_logging())
}

pub(super) async fn connect(settings: &Settings, create: bool) -> Result<Conn, StoreError> {
    match &settings.location {
        Location::Sqlite(path) => {
            if create {
                let made = options_of_ours().open(path).map_err(sqlx::Error::Io);
                made.map_err(failed("make its file"))?;
            }
            // SQLite gives what it puts beside the file the permissions of the file.
            sqlite_options(path, WRITER_PAGES)
                .connect()
                .await
                .map(Engine::Sqlite)
                .map_err(failed("open"))
        }
        Location::Postgres(_) => {
            let options = postgres_options(settings)?;
            match tokio::time::timeout(bounds::COMMIT, options.connect()).await {
                Ok(opened) => opened.map(Engine::Postgres).map_err(failed("be reached")),
                Err(_) => Err(StoreError::TooSlow { doing: "answer" }),
            }
        }
    }
}

/// A file that is made here is nobody else's to read: addresses and titles of documents stand in it in
/// the clear, and the keys beside them.
fn options_of_ours() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    options
}

/// Which of the database's own files others on this machine can read or write.
pub(super) fn open_to_others(path: &Path) -> Vec<PathBuf> {
    let beside = ["-wal", "-shm", ".lock"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    });
    let mut files = vec![path.to_owned()];
    files.extend(beside);
    files.retain(|file| {
        let found = std::fs::metadata(file);
        found.is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    });
    files
}

pub(super) fn lock_beside(path: &Path, location: &Location) -> Result<File, OpenError> {
    let lock_path = path.with_added_extension("lock");
    let io = |source| OpenError::Lock {
        path: lock_path.clone(),
        source,
    };
    let file = options_of_ours().open(&lock_path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(location.clone())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

pub(super) async fn check_version(conn: &mut Conn, settings: &Settings) -> Result<(), OpenError> {
    const VERSION: &str = "select max(version) from _sqlx_migrations where success";
    let found = on!(conn, c => {
        sqlx::query(VERSION).fetch_one(&mut *c).await.and_then(|row| row.try_get::<Option<i64>, _>(0))
    });
    match found {
        Ok(Some(SCHEMA_VERSION)) => Ok(()),
        Ok(Some(found)) => Err(OpenError::Version {
            found,
            expected: SCHEMA_VERSION,
        }),
        // No table of migrations, or an empty one: nobody made a ledger here.
        Ok(None) => Err(OpenError::Missing(settings.location.clone())),
        Err(sqlx::Error::Database(error)) if lacks_a_table(&*error) => {
            Err(OpenError::Missing(settings.location.clone()))
        }
        Err(source) => Err(OpenError::Store {
            location: settings.location.clone(),
            source: failed("tell its version")(source),
        }),
    }
}

/// SQLite says so with its general error, which is never said of a damaged file; PostgreSQL has a
/// code for it (`undefined_table`).
fn lacks_a_table(error: &dyn DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("1" | "42P01"))
}

async fn check_durable(conn: &mut Conn, settings: &Settings) -> Result<(), OpenError> {
    let found = durability(conn, settings).await?;
    match found.into_iter().find(|one| !one.is_good()) {
        None => Ok(()),
        Some(Durability {
            setting,
            found,
            expected,
        }) => Err(OpenError::NotDurable {
            setting,
            found,
            expected,
        }),
    }
}

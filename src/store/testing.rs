//! Real databases for tests: a fresh file of SQLite, or a fresh database on a real PostgreSQL that
//! belongs to this test process alone and dies with it.
//!
//! Names nothing of this crate, so that the integration tests can include the same file by path.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

pub(crate) const HOW_TO_INSTALL: &str = "the tests need PostgreSQL: install it (on Debian: apt-get install \
     postgresql), or name a server where databases may be created in SLUIS_TEST_POSTGRES, such as \
     postgres://postgres@localhost/postgres";

/// The two engines every test of the store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A database nobody else has.
#[derive(Debug)]
pub(crate) struct Database {
    engine: Engine,
    url: String,
    dropped_by: Option<(String, String)>,
    _folder: Option<TempDir>,
}

impl Database {
    /// A fresh one, without tables. With SQLite there is not even a file yet.
    pub(crate) async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                Self {
                    engine,
                    url: format!("sqlite:{}", folder.path().join("ledger.db").display()),
                    dropped_by: None,
                    _folder: Some(folder),
                }
            }
            Engine::Postgres => {
                let name = format!("sluis_test_{}_{:016x}", std::process::id(), chance());
                let (url, dropped_by) = match std::env::var("SLUIS_TEST_POSTGRES") {
                    Ok(server) => (with_database(&server, &name), Some((server, name.clone()))),
                    Err(_) => (server().url(&name), None),
                };
                let admin = match &dropped_by {
                    Some((server, _)) => server.clone(),
                    None => server().url("postgres"),
                };
                run_sql(Engine::Postgres, &admin, &format!("create database {name}")).await;
                Self {
                    engine,
                    url,
                    dropped_by,
                    _folder: None,
                }
            }
        }
    }

    pub(crate) const fn engine(&self) -> Engine {
        self.engine
    }

    /// Its URL, as `store.url` takes it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement behind the product's back; answers how many rows it touched.
    pub(crate) async fn run(&self, sql: &str) -> u64 {
        run_sql(self.engine, &self.url, sql).await
    }

    /// Bytes as a literal of this engine's SQL.
    pub(crate) fn literal(&self, bytes: &[u8]) -> String {
        let mut hex = String::with_capacity(2 * bytes.len());
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
        }
        match self.engine {
            Engine::Sqlite => format!("x'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'::bytea"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Our own server goes away whole; on a lent one the database must be cleared away.
        let Some((server, name)) = self.dropped_by.take() else {
            return;
        };
        let cleared = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let sql = format!("drop database if exists {name} with (force)");
            runtime
                .expect("a runtime")
                .block_on(run_sql(Engine::Postgres, &server, &sql));
        });
        let _ = cleared.join();
    }
}

pub(crate) async fn run_sql(engine: Engine, url: &str, sql: &str) -> u64 {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    match engine {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(url)
                .await
                .expect("the file of SQLite");
            let done = sql.execute(&mut conn).await.expect("a statement on SQLite");
            conn.close().await.expect("to close the file of SQLite");
            done.rows_affected()
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(url)
                .await
                .expect("the PostgreSQL of the tests");
            let done = sql
                .execute(&mut conn)
                .await
                .expect("a statement on PostgreSQL");
            conn.close()
                .await
                .expect("to close the connection to PostgreSQL");
            done.rows_affected()
        }
    }
}

pub(crate) fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The URL of another database on the same server.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server = match address.split_once("://") {
        Some((scheme, rest)) => {
            format!(
                "{scheme}://{}",
                rest.split_once('/').map_or(rest, |(server, _)| server)
            )
        }
        None => panic!("SLUIS_TEST_POSTGRES is not a URL such as postgres://user@host/postgres"),
    };
    let question = if parameters.is_empty() { "" } else { "?" };
    format!("{server}/{name}{question}{parameters}")
}

/// The server of this process. It ends when this process does, however that ends: a shell beside it
/// reads from a pipe that only this process holds, and at its end stops the server and removes the
/// folder.
struct Server {
    folder: PathBuf,
    _alive: ChildStdin,
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&user=sluis",
            self.folder.display()
        )
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

const BESIDE: &str = r#"
trap '' INT TERM HUP
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=on -c max_connections=300 \
    -c shared_buffers=64MB -c log_min_messages=fatal </dev/null >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$2"
"#;

fn start() -> Server {
    let binaries = find_binaries().unwrap_or_else(|| panic!("{HOW_TO_INSTALL}"));
    // The path of a socket has at most 107 bytes, and not every temporary folder leaves them.
    let folder = Path::new("/tmp").join(format!(
        "sluis-test-postgres-{}-{:016x}",
        std::process::id(),
        chance()
    ));
    fs::create_dir(&folder).expect("a folder in /tmp");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("a private folder");
    let user = other_user();
    if let Some((uid, gid)) = user {
        chown(&folder, Some(uid), Some(gid)).expect("to give the folder away");
    }

    let made = command(user, binaries.join("initdb"))
        .args([
            "--auth=trust",
            "--username=sluis",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ])
        .arg("-D")
        .arg(folder.join("data"))
        .current_dir(&folder)
        .output()
        .expect("to run initdb");
    assert!(
        made.status.success(),
        "initdb failed; {HOW_TO_INSTALL}\n{}",
        String::from_utf8_lossy(&made.stderr)
    );

    #[expect(
        clippy::zombie_processes,
        reason = "it outlives this process, to clear up after it"
    )]
    let mut beside = command(user, "/bin/sh")
        .args(["-c", BESIDE, "sluis-test-postgres"])
        .arg(&binaries)
        .arg(&folder)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("to start PostgreSQL");
    let alive = beside.stdin.take().expect("its standard input");
    let began = Instant::now();
    loop {
        let state = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if state.lines().any(|line| line.trim() == "ready") {
            return Server {
                folder,
                _alive: alive,
            };
        }
        if began.elapsed() > Duration::from_mins(1) {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            panic!("PostgreSQL did not start within a minute:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where initdb and postgres are: as `pg_config` says, where Debian puts them, or on the path.
pub(crate) fn find_binaries() -> Option<PathBuf> {
    let mut candidates = Vec::new();
    if let Ok(told) = Command::new("pg_config").arg("--bindir").output() {
        candidates.push(PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    }
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    candidates.extend(versions.into_iter().rev());
    candidates.extend(
        std::env::var_os("PATH")
            .iter()
            .flat_map(std::env::split_paths)
            .collect::<Vec<_>>(),
    );
    candidates
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`.
pub(crate) fn other_user() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    if uids.split_whitespace().nth(1) != Some("0") {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let find = |name: &str| {
        let fields: Vec<&str> = users
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next() == Some(name)).then(|| fields.collect()))?;
        Some((fields.get(1)?.parse().ok()?, fields.get(2)?.parse().ok()?))
    };
    let user = find("postgres").or_else(|| find("nobody"));
    Some(user.expect("as root, the tests need a user postgres or nobody to run PostgreSQL as"))
}

pub(crate) fn command(user: Option<(u32, u32)>, program: impl AsRef<OsStr>) -> Command {
    match user {
        None => Command::new(program),
        Some((uid, gid)) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={uid}"))
                .arg(format!("--regid={gid}"))
                .arg("--clear-groups")
                .arg(program);
            command
        }
    }
}

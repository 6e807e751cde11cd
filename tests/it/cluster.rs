//! Servers of PostgreSQL that belong to one test, which may kill them; and the road to them, which may
//! lead elsewhere or nowhere.

use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use crate::process::spawn;
use crate::testing::{Engine, HOW_TO_INSTALL, chance, command, find_binaries, other_user, run_sql};

/// How long a server may take to start.
const START: Duration = Duration::from_mins(1);

/// A server and its folder.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    synchronous: bool,
    child: Option<Child>,
}

fn binaries() -> PathBuf {
    find_binaries().unwrap_or_else(|| panic!("{HOW_TO_INSTALL}"))
}

fn run(program: &str, arguments: impl FnOnce(&mut Command)) {
    let mut asked = command(other_user(), binaries().join(program));
    arguments(&mut asked);
    let done = asked.current_dir("/tmp").output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
}

impl Cluster {
    fn folder(synchronous: bool) -> Self {
        let name = format!(
            "sluis-test-cluster-{}-{:016x}",
            std::process::id(),
            chance()
        );
        let folder = Path::new("/tmp").join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        if let Some((uid, gid)) = other_user() {
            chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        Self {
            folder,
            synchronous,
            child: None,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A fresh server. A synchronous one commits nothing before a standby has it.
    pub(crate) fn new(synchronous: bool) -> Self {
        let mut made = Self::folder(synchronous);
        run("initdb", |initdb| {
            initdb
                .args(["--auth=trust", "--username=sluis", "--encoding=UTF8"])
                .args(["--locale=C", "--no-sync", "-D"])
                .arg(made.data());
        });
        made.start();
        made
    }

    /// A standby of this one, made from a copy of it, as deploy/ describes.
    pub(crate) fn standby(&self) -> Self {
        let mut made = Self::folder(self.synchronous);
        run("pg_basebackup", |copy| {
            copy.arg("--host")
                .arg(&self.folder)
                .arg("--pgdata")
                .arg(made.data());
            copy.args(["--username=sluis", "--write-recovery-conf"]);
            copy.args(["--wal-method=stream", "--checkpoint=fast", "--no-sync"]);
        });
        made.start();
        made
    }

    /// Starts it, again perhaps, and waits until it can be asked.
    pub(crate) fn start(&mut self) {
        let mut command = Command::new("setpriv");
        if let Some((uid, gid)) = other_user() {
            command
                .arg(format!("--reuid={uid}"))
                .arg(format!("--regid={gid}"));
            command.args(["--clear-groups", "--", "setpriv"]);
        }
        // Set last: a change of the user would forget it.
        command.args(["--pdeathsig", "QUIT", "--"]);
        command
            .arg(binaries().join("postgres"))
            .arg("-D")
            .arg(self.data());
        command.arg("-k").arg(&self.folder);
        for setting in [
            "listen_addresses=",
            "fsync=on",
            "full_page_writes=on",
            "synchronous_commit=on",
            "shared_buffers=32MB",
            "max_connections=60",
            "max_wal_senders=4",
            "wal_level=replica",
            "log_min_messages=fatal",
        ] {
            command.args(["-c", setting]);
        }
        if self.synchronous {
            command.args(["-c", "synchronous_standby_names=*"]);
        }
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .unwrap();
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        // What a killed one left would be taken for its state.
        let _ = std::fs::remove_file(self.data().join("postmaster.pid"));
        self.child = Some(spawn(command).unwrap());
        self.until(&["ready", "standby"]);
    }

    fn until(&self, states: &[&str]) {
        let since = Instant::now();
        loop {
            let state = std::fs::read_to_string(self.data().join("postmaster.pid"));
            let state = state.unwrap_or_default();
            if state.lines().any(|line| states.contains(&line.trim())) {
                return;
            }
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(since.elapsed() < START, "PostgreSQL did not start:\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGKILL for all its processes, the first one first.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let id = child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        child.kill().unwrap();
        for one in children.unwrap_or_default().split_whitespace() {
            let _ = Command::new("kill")
                .args(["-KILL", one])
                .stderr(Stdio::null())
                .status();
        }
        child.wait().unwrap();
    }

    /// Makes a standby the server that is written to.
    pub(crate) fn promote(&self) {
        run("pg_ctl", |promote| {
            promote
                .args(["promote", "--wait", "--silent", "-D"])
                .arg(self.data());
        });
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// Runs a statement; answers how many rows it touched or found.
    pub(crate) async fn run(&self, sql: &str) -> u64 {
        let folder = self.folder.display();
        let url = format!("postgres:///postgres?host={folder}&user=sluis");
        run_sql(Engine::Postgres, &url, sql).await
    }

    /// Waits until a standby has everything before the next commit returns.
    pub(crate) async fn until_followed(&self) {
        let since = Instant::now();
        let sql =
            "select 1 from pg_stat_replication where state = 'streaming' and sync_state = 'sync'";
        while self.run(sql).await == 0 {
            assert!(since.elapsed() < START, "the standby does not follow");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The road from the gateways to the server that is written to: what an operator has as a virtual
/// address.
#[derive(Debug)]
pub(crate) struct Road {
    port: u16,
    leads_to: watch::Sender<Option<PathBuf>>,
}

impl Road {
    pub(crate) async fn to(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (leads_to, place) = watch::channel(Some(cluster.socket()));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, place.clone()));
            }
        });
        Self { port, leads_to }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://sluis@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// From now on it leads here; whoever was on the way is thrown off.
    pub(crate) fn leads_to(&self, cluster: &Cluster) {
        self.leads_to.send_replace(Some(cluster.socket()));
    }

    /// Nothing comes through any more, and nobody is told.
    pub(crate) fn swallows(&self) {
        self.leads_to.send_replace(None);
    }
}

async fn carry(
    mut client: TcpStream,
    mut place: watch::Receiver<Option<PathBuf>>,
) -> io::Result<()> {
    let target = place.borrow_and_update().clone();
    let Some(socket) = target else {
        let _ = place.changed().await;
        return Ok(());
    };
    let mut server = UnixStream::connect(socket).await?;
    tokio::select! {
        done = tokio::io::copy_bidirectional(&mut client, &mut server) => {
            done?;
        }
        _ = place.changed() => {
            if place.borrow_and_update().is_none() {
                // Both ends stay open and hear nothing.
                let _ = place.changed().await;
            }
        }
    }
    Ok(())
}

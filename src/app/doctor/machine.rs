//! The machine: the disk under the ledger, the listen addresses, how many files may be open, and whether
//! a gateway with this configuration runs here.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};

use super::super::readiness::free_bytes;
use crate::bounds;
use crate::config::Config;
use crate::finding::Findings;
use crate::store::Location;

const USER: &str = "user";
const DISK: &str = "disk";
const LISTEN: &str = "listen";
const GATEWAY: &str = "gateway";
const FILES: &str = "files";

/// With less than this no ledger should begin a day.
const LITTLE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// With less than this the disk is full within hours.
const NOTHING_BYTES: u64 = 128 * 1024 * 1024;
/// A commit waits for one of these; slower, and requests wait for the disk above all.
const SLOW_SYNC: Duration = Duration::from_millis(20);
/// No disk that keeps what it says it keeps is quicker.
const NO_SYNC: Duration = Duration::from_micros(5);
/// How often it is measured, and for how long at most.
const SYNCS: usize = 16;
const SYNC_PATIENCE: Duration = Duration::from_secs(3);

/// How long all that is asked of the disk may take.
const DISK_PATIENCE: Duration = Duration::from_secs(10);

/// File systems over a network: SQLite's journal needs memory that all who have the file open share.
const FAR: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "afs",
];
/// File systems that are gone with the machine or the container.
const FLEETING: [&str; 3] = ["tmpfs", "ramfs", "overlay"];

pub(super) async fn told(config: &Config) -> Findings {
    let mut all = Findings::default();
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        all.skip(
            USER,
            "this runs as root, who may read everything: run it as the gateway's user to see what that one may not",
        );
    }
    match &config.store.location {
        Location::Sqlite(path) => {
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder.to_owned(),
                _ => PathBuf::from("."),
            };
            let shown = folder.display().to_string();
            let measured = tokio::task::spawn_blocking(move || disk(&folder));
            match tokio::time::timeout(DISK_PATIENCE, measured).await {
                Ok(measured) => all.add(measured.unwrap_or_default()),
                // A disk over a network that is away answers nothing at all.
                Err(_) => all.fail(
                    DISK,
                    format!(
                        "{shown} did not answer within {} s",
                        DISK_PATIENCE.as_secs()
                    ),
                    "look at the disk: a ledger needs one of this machine",
                ),
            }
        }
        Location::Postgres(_) => all.skip(
            DISK,
            "the ledger is in PostgreSQL: see to the disk of its server",
        ),
    }
    let holder = match &config.store.location {
        Location::Sqlite(path) => holder(&path.with_added_extension("lock")),
        Location::Postgres(_) => None,
    };
    let runs = running(&mut all, config, holder).await;
    listen(&mut all, config, runs);
    open_files(&mut all, holder);
    all
}

fn disk(folder: &Path) -> Findings {
    let mut all = Findings::default();
    let shown = folder.display();
    if !folder.is_dir() {
        all.fail(
            DISK,
            format!("there is no folder {shown}"),
            "make it, owned by the gateway's user, or correct store.url",
        );
        return all;
    }
    match file_system(folder) {
        Some(kind) if FAR.contains(&kind.as_str()) => all.fail(
            DISK,
            format!("{shown} is on {kind}, over a network, where SQLite's journal does not work"),
            "put the ledger on a disk of this machine, or use PostgreSQL",
        ),
        Some(kind) if FLEETING.contains(&kind.as_str()) => all.warn(
            DISK,
            format!("{shown} is on {kind}, which goes with the machine or the container"),
            "put the ledger on a disk that stays",
        ),
        Some(kind) => all.ok(DISK, format!("{shown} is on {kind}")),
        None => {}
    }
    if let Some(free) = free_bytes(folder) {
        let text = format!("{shown}: {} MiB free", free / (1024 * 1024));
        let advice =
            "make room: on a full disk nothing is released, and every request is answered 503";
        if free < NOTHING_BYTES {
            all.fail(DISK, text, advice);
        } else if free < LITTLE_BYTES {
            all.warn(DISK, text, advice);
        } else {
            all.ok(DISK, text);
        }
    }
    match measured(folder) {
        Err(error) => all.fail(
            DISK,
            format!("{shown}: nothing can be written there ({error})"),
            "run this as the gateway's user, who must own the folder",
        ),
        Ok(sync) => {
            let text = format!(
                "{shown}: a write is durable after {:.1} ms",
                sync.as_secs_f64() * 1e3
            );
            if sync > SLOW_SYNC {
                let advice = "every commit waits for that: look at what else uses the disk, or take a quicker one";
                all.warn(DISK, text, advice);
            } else if sync < NO_SYNC {
                let advice = "no disk is that quick: see that nothing under it only says that it has written";
                all.warn(DISK, text, advice);
            } else {
                all.ok(DISK, text);
            }
        }
    }
    all
}

/// A file that is gone when this is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How long a page takes to be on the disk: the middle of some.
fn measured(folder: &Path) -> std::io::Result<Duration> {
    let scratch = Scratch(folder.join(format!(".sluis-doctor-{}", std::process::id())));
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&scratch.0)?;
    let (began, page) = (Instant::now(), [0; 4096]);
    let mut took = Vec::with_capacity(SYNCS);
    while took.len() < SYNCS && began.elapsed() < SYNC_PATIENCE {
        file.write_all(&page)?;
        let since = Instant::now();
        file.sync_data()?;
        took.push(since.elapsed());
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).copied().unwrap_or_default())
}

/// The kind of file system under a folder: of what is mounted above it, the nearest.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let each = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let place = before.split(' ').nth(4)?.replace("\\040", " ");
        let kind = after.split(' ').next()?;
        folder
            .starts_with(&place)
            .then(|| (place.len(), kind.to_owned()))
    });
    // Of two on one place the later one is on top.
    each.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// The process that holds a lock on this file. To try the lock would keep out a gateway that starts now.
fn holder(path: &Path) -> Option<u32> {
    let inode = std::fs::metadata(path).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let ours = |line: &str| {
        let mut words = line.split_whitespace().skip(4);
        let pid = words.next()?.parse().ok()?;
        let (_, locked) = words.next()?.rsplit_once(':')?;
        (locked.parse() == Ok(inode)).then_some(pid)
    };
    locks.lines().find_map(ours)
}

/// Whether a gateway with this configuration runs, and says that it is ready.
async fn running(all: &mut Findings, config: &Config, holder: Option<u32>) -> bool {
    let by = holder.map_or(String::new(), |pid| format!(" (process {pid})"));
    match ready(config.listen.ops).await {
        Some((missing, warnings)) => {
            const LOOK: &str = "see its log, and /readyz on listen.ops";
            if missing.is_empty() {
                all.ok(GATEWAY, format!("one runs here and is ready{by}"));
            } else {
                let told = missing.join(", ");
                all.fail(
                    GATEWAY,
                    format!("one runs here{by} and is not ready: {told}"),
                    LOOK,
                );
            }
            for told in warnings {
                all.warn(
                    GATEWAY,
                    format!("the one that runs here says: {told}"),
                    LOOK,
                );
            }
            true
        }
        None if holder.is_some() => {
            all.warn(
                GATEWAY,
                format!("another process has the ledger open{by}, and does not answer on listen.ops"),
                "a second gateway on this SQLite does not start; is it one with another configuration",
            );
            false
        }
        None => {
            all.ok(GATEWAY, "none runs here with this configuration");
            false
        }
    }
}

/// What `/readyz` says is not ready, and what it warns of; `None` where no gateway answers.
async fn ready(ops: SocketAddr) -> Option<(Vec<String>, Vec<String>)> {
    if ops.port() == 0 {
        return None;
    }
    let asked = async {
        let tcp = TcpStream::connect(ops).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await.ok()?;
        tokio::spawn(connection);
        let request = Request::get("/readyz")
            .header(header::HOST, "localhost")
            .body(Empty::<Bytes>::new())
            .ok()?;
        let body = sender.send_request(request).await.ok()?.into_body();
        let body = Limited::new(body, bounds::JSON_BODY_BYTES)
            .collect()
            .await
            .ok()?;
        let told: serde_json::Value = serde_json::from_slice(&body.to_bytes()).ok()?;
        let texts = |name| {
            let list = told.get(name)?.as_array()?;
            let text = |one: &serde_json::Value| one.as_str().map(str::to_owned);
            Some(list.iter().filter_map(text).collect())
        };
        // One of before there were warnings has none.
        Some((texts("notReady")?, texts("warnings").unwrap_or_default()))
    };
    tokio::time::timeout(bounds::READ, asked).await.ok()?
}

fn listen(all: &mut Findings, config: &Config, runs: bool) {
    let desk = config
        .desk
        .is_some()
        .then_some(("desk", config.listen.desk));
    let each = [
        ("exchange", config.listen.exchange),
        ("ops", config.listen.ops),
    ];
    for (name, address) in each.into_iter().chain(desk) {
        match bind(address) {
            Ok(()) if runs && address.port() != 0 => all.fail(
                LISTEN,
                format!("{name} {address} is free, although a gateway runs here"),
                "restart it, if the configuration was changed since it started",
            ),
            Ok(()) => all.ok(LISTEN, format!("{name} {address} is free")),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && runs => {
                all.ok(LISTEN, format!("{name} {address} is the running gateway's"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => all.fail(
                LISTEN,
                format!("{name} {address} is used by something else"),
                format!("stop that (`ss -ltnp` names it), or change listen.{name}"),
            ),
            Err(error) => all.fail(
                LISTEN,
                format!("{name} {address} cannot be listened on ({error})"),
                format!("is the address one of this machine, and the port one the gateway's user may take; else change listen.{name}"),
            ),
        }
    }
}

/// Takes an address for a moment. It is not listened on, so nobody who connects lands here, and a gateway
/// that starts in that moment gets it all the same.
fn bind(address: SocketAddr) -> std::io::Result<()> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

/// Every connection is one, those to providers too.
fn open_files(all: &mut Findings, holder: Option<u32>) {
    let wanted = (bounds::CONNECTIONS * 2 + bounds::OPEN_RELEASES) as u64;
    let (whose, path) = match holder {
        Some(pid) => (
            format!("the gateway (process {pid})"),
            format!("/proc/{pid}/limits"),
        ),
        None => ("this shell".to_owned(), "/proc/self/limits".to_owned()),
    };
    let limits = std::fs::read_to_string(path).unwrap_or_default();
    let Some(limit) = soft_limit(&limits) else {
        return all.skip(FILES, "how many files may be open cannot be read");
    };
    let text = format!("{whose} may have {limit} files open");
    if limit.parse().is_ok_and(|limit: u64| limit < wanted) {
        all.warn(
            FILES,
            format!("{text}, and a full gateway has up to {wanted}"),
            format!("set LimitNOFILE={wanted} in its unit, or ulimit -n"),
        );
    } else {
        all.ok(FILES, text);
    }
}

/// The first number of the line `Max open files`.
fn soft_limit(limits: &str) -> Option<String> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_missing_one_are_told_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let told = |at: &Path| {
            let list = disk(at).into_list();
            list.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&gone),
            [format!(
                "FAIL  disk         there is no folder {}; make it, owned by the gateway's user, or correct store.url",
                gone.display()
            )]
        );
        let here = told(folder.path());
        assert!(
            here.iter().any(|line| line.contains("MiB free")),
            "{here:?}"
        );
        assert!(
            here.iter().any(|line| line.contains("durable after")),
            "{here:?}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn who_holds_a_lock_is_known_without_trying_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db.lock");
        assert_eq!(holder(&path), None);
        let file = File::create(&path).unwrap();
        assert_eq!(holder(&path), None);
        file.try_lock().unwrap();
        assert_eq!(holder(&path), Some(std::process::id()));
        drop(file);
        assert_eq!(holder(&path), None);
    }

    #[test]
    fn the_limit_is_the_soft_one() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
             Max open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits), Some("1024".to_owned()));
        assert_eq!(soft_limit(""), None);
        assert!(file_system(Path::new("/")).is_some());
    }
}

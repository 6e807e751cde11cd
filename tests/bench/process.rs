//! Processes: started with their output in a file, stopped in good order, and read from `/proc`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Failure, Outcome};

/// What `/proc/<pid>/stat` counts in: Linux fixes `USER_HZ` at 100 for every program.
const MICROSECONDS_PER_TICK: u64 = 10_000;
/// How long a proxy may take to start.
const START: Duration = Duration::from_secs(10);
/// How long a process gets to end when asked.
const STOP: Duration = Duration::from_secs(30);

/// A child that does not outlive this program.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    /// Starts it; what it writes to its outputs goes to `log`.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: &Path) -> Outcome<Self> {
        let file = File::options().create(true).append(true).open(log);
        let errors = file.or_fail(format!("write {}", log.display()))?;
        let output = errors
            .try_clone()
            .or_fail(format!("write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .or_fail(format!("start {name}"))?;
        Ok(Self { name, child })
    }

    /// Takes over a child that was started otherwise.
    pub(crate) const fn adopt(name: &'static str, child: Child) -> Self {
        Self { name, child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error when it has ended.
    pub(crate) fn check(&mut self) -> Outcome<()> {
        match self
            .child
            .try_wait()
            .or_fail(format!("look at {}", self.name))?
        {
            Some(status) => Err(Failure::new(format!("{} ended ({status})", self.name))),
            None => Ok(()),
        }
    }

    /// Asks it to end and waits until it has; kills it when that takes too long.
    ///
    /// Not `Child::kill`: nginx's master would leave its workers behind.
    pub(crate) fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let terminate = format!("kill -TERM {}", self.id());
        let asked = Command::new("sh").args(["-c", &terminate]).status();
        let since = Instant::now();
        while asked.as_ref().is_ok_and(std::process::ExitStatus::success) && since.elapsed() < STOP
        {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        // Nothing is left to do about a failure here: it is gone, or it will not go.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits until somebody listens on this port of the loopback address.
pub(crate) fn until_listening(process: &mut Process, port: u16) -> Outcome<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let since = Instant::now();
    while TcpStream::connect(address).is_err() {
        process.check()?;
        if since.elapsed() > START {
            return Err(Failure::new(format!("{} does not listen", process.name)));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Runs a command to its end; its output is part of the failure.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    let output = command
        .output()
        .or_fail(format!("run {}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "{command:?} failed ({}): {}",
        output.status,
        told.trim()
    )))
}

/// Processes with all their descendants, and optionally a database beside it.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    roots: Vec<u32>,
    /// Also every process of this name, whoever started it.
    beside: Option<&'static str>,
}

impl Tree {
    pub(crate) fn of(root: u32, beside: Option<&'static str>) -> Self {
        let roots = vec![root];
        Self { roots, beside }
    }

    /// With another process and its descendants.
    pub(crate) fn and(mut self, root: u32) -> Self {
        self.roots.push(root);
        self
    }

    /// The process and its descendants only.
    pub(crate) fn without_database(&self) -> Self {
        Self {
            roots: self.roots.clone(),
            beside: None,
        }
    }

    /// CPU time used since each started, user and system, children that ended included.
    pub(crate) fn cpu_us(&self) -> Outcome<u64> {
        let stats = all_processes()?;
        let members = self.members(&stats);
        let ticks: u64 = members
            .iter()
            .filter_map(|pid| stats.get(pid))
            .map(|s| s.ticks)
            .sum();
        Ok(ticks * MICROSECONDS_PER_TICK)
    }

    /// Who belongs to it now.
    pub(crate) fn pids(&self) -> Outcome<Vec<u32>> {
        Ok(self.members(&all_processes()?))
    }

    fn members(&self, stats: &BTreeMap<u32, Stat>) -> Vec<u32> {
        let mut members: Vec<u32> = stats
            .iter()
            .filter(|(pid, stat)| {
                self.roots.contains(pid) || Some(stat.name.as_str()) == self.beside
            })
            .map(|(pid, _)| *pid)
            .collect();
        let mut next = 0;
        while let Some(parent) = members.get(next).copied() {
            for (pid, stat) in stats {
                if stat.parent == parent && !members.contains(pid) {
                    members.push(*pid);
                }
            }
            next += 1;
        }
        members
    }
}

/// Resident memory of these processes together, in bytes. Pages they share count for each.
pub(crate) fn resident_bytes(pids: &[u32]) -> u64 {
    pids.iter()
        .filter_map(|pid| resident_kib(*pid))
        .sum::<u64>()
        * 1024
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

struct Stat {
    name: String,
    parent: u32,
    ticks: u64,
}

/// Every process now running; one that ends meanwhile is left out.
fn all_processes() -> Outcome<BTreeMap<u32, Stat>> {
    let listing = fs::read_dir("/proc").or_fail("read /proc")?;
    Ok(listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat_of(pid)?)))
        .collect())
}

/// proc(5): the name is in parentheses and may hold anything, so the fields count from the last
/// one; then state, ppid, and as 12th to 15th utime, stime, cutime, cstime.
fn stat_of(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, after) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    Some(Stat {
        name: before.split_once('(')?.1.to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        ticks: fields
            .get(11..15)?
            .iter()
            .filter_map(|f| f.parse::<u64>().ok())
            .sum(),
    })
}

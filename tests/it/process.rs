//! Processes of our own: they die with the test process, however it dies.

use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a gateway may take to open.
const OPEN: Duration = Duration::from_mins(1);
/// How long it may take to end.
const END: Duration = Duration::from_secs(40);

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// The program under test.
pub(crate) const SLUIS: &str = env!("CARGO_BIN_EXE_sluis");

/// Starts a program that is killed when this process ends, by a signal too.
///
/// The kernel sends that signal when the *thread* that started the child ends, and the threads of a
/// test end with the test. So one thread, which never ends, starts them all.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    static NURSERY: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let nursery = NURSERY.get_or_init(|| {
        let (orders, received) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in received {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, child) = mpsc::channel();
    nursery.lock().unwrap().send((command, answer)).unwrap();
    child.recv().unwrap()
}

/// A command that is sent `signal` when we end; `setpriv` becomes the program itself.
pub(crate) fn mortal(signal: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--"]).arg(program);
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end, as an operator would.
pub(crate) fn sluis<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    Command::new(SLUIS)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a program that ended said: its exit code and its standard error.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// A running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    log: PathBuf,
    pub(crate) exchange: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Gateway {
    /// Starts `sluis serve` and waits until it is open, or has ended.
    pub(crate) async fn start(config: &Path, log: &Path) -> Result<Self, Ended> {
        let mut command = mortal("KILL", SLUIS);
        command.args(["serve", "--config"]).arg(config);
        Self::start_with(command, log).await
    }

    /// Starts any command that becomes a gateway.
    pub(crate) async fn start_with(mut command: Command, log: &Path) -> Result<Self, Ended> {
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let before = file.metadata().unwrap().len();
        let child = spawn({
            let same = file.try_clone().unwrap();
            command.stdout(same).stderr(file);
            command
        });
        let mut child = child.unwrap_or_else(|error| {
            panic!("setpriv could not start the gateway ({error}); install util-linux")
        });
        let since = Instant::now();
        loop {
            let ended = child.try_wait().unwrap();
            let said = said_since(log, before);
            if let Some((exchange, ops)) = addresses(&said) {
                return Ok(Self {
                    child,
                    log: log.to_owned(),
                    exchange,
                    ops,
                });
            }
            if let Some(status) = ended {
                return Err(Ended {
                    code: status.code(),
                    said,
                });
            }
            assert!(since.elapsed() < OPEN, "the gateway did not open: {said}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it without any warning (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM) and waits for its exit code.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        terminate(&self.child);
        self.ended().await
    }

    /// Whether it ended by itself.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for it to end by itself; answers its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        wait(&mut self.child, || said_since(&self.log, 0)).await
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it and those before it wrote to standard error.
    pub(crate) fn said(&self) -> String {
        said_since(&self.log, 0)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks a process to stop (SIGTERM).
pub(crate) fn terminate(child: &Child) {
    let pid = child.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(told.success(), "the process was not there to be stopped");
}

/// Waits for a process to end; answers its exit code.
pub(crate) async fn wait(child: &mut Child, said: impl Fn() -> String) -> Option<i32> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(since.elapsed() < END, "it did not end: {}", said());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn said_since(log: &Path, offset: u64) -> String {
    use std::io::Seek as _;
    let mut file = std::fs::File::open(log).unwrap();
    file.seek(io::SeekFrom::Start(offset)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where it listens, from the line it logs when it is open.
fn addresses(said: &str) -> Option<(SocketAddr, SocketAddr)> {
    said.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let address = |key: &str| line.get(key)?.as_str()?.parse().ok();
        (line.get("message")? == "the gateway is open")
            .then(|| Some((address("listen.exchange")?, address("listen.ops")?)))?
    })
}

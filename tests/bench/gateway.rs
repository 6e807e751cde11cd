//! The gateway under test, as an operator starts it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::certificates::Party;
use crate::failure::{Context as _, Failure, Outcome};
use crate::process::{Process, Tree, run};

/// The token's `aud`.
pub(crate) const AUDIENCE: &str = "https://sluis.example";
/// How long a start may take before it counts as failed, on a long ledger too.
const START: Duration = Duration::from_mins(2);

/// Where it listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) exchange: u16,
    pub(crate) desk: u16,
    pub(crate) ops: u16,
}

/// What the configuration says about the world around it.
pub(crate) struct Surroundings<'a> {
    pub(crate) ports: Ports,
    pub(crate) img: &'a Party,
    pub(crate) ncg: &'a Party,
    pub(crate) provider_port: u16,
    pub(crate) postgres: Option<&'a str>,
}

/// The running gateway.
pub(crate) struct Gateway {
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    ops: SocketAddr,
    process: Process,
}

impl Gateway {
    /// Makes the development PKI in `certs` under this directory, and there what both parties sign.
    pub(crate) fn make_pki(binary: &Path, directory: &Path) -> Outcome<PathBuf> {
        let certificates = directory.join("certs");
        run(Command::new(binary)
            .args(["pki", "dev", "--out"])
            .arg(&certificates))?;
        for (code, party) in SIGNED {
            run(&mut sign(binary, directory, code, party))?;
        }
        Ok(certificates)
    }

    /// Writes the configuration, makes the ledger and starts.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        around: &Surroundings<'_>,
    ) -> Outcome<Self> {
        let config = directory.join("sluis.toml");
        std::fs::write(&config, configuration(around)?)
            .or_fail(format!("write {}", config.display()))?;
        run(Command::new(binary)
            .args(["ledger", "init", "--config"])
            .arg(&config))?;
        let log = directory.join("gateway.log");
        let process = serve(binary, &config, &log)?;
        let ops = SocketAddr::from((Ipv4Addr::LOCALHOST, around.ports.ops));
        let mut gateway = Self {
            binary: binary.to_owned(),
            config,
            log,
            ops,
            process,
        };
        gateway.until_ready().await?;
        Ok(gateway)
    }

    /// Stops it and starts it again on the same ledger.
    pub(crate) async fn restart(&mut self) -> Outcome<()> {
        self.process.stop();
        self.process = serve(&self.binary, &self.config, &self.log)?;
        self.until_ready().await
    }

    /// Its processes, and if asked those of the database server on this machine too.
    pub(crate) fn tree(&self, with_database: bool) -> Tree {
        Tree::of(self.process.id(), with_database.then_some("postgres"))
    }

    /// Entries and commits of its ledger since it started.
    pub(crate) async fn ledger(&self) -> Outcome<(f64, f64)> {
        let names = ["sluis_ledger_entries_total", "sluis_ledger_commits_total"];
        let [entries, commits] = self.metrics(names).await?;
        Ok((entries, commits))
    }

    /// Entries in its ledger.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count, far below 2^52 and never negative"
    )]
    pub(crate) async fn size(&self) -> Outcome<u64> {
        let [entries] = self.metrics(["sluis_ledger_size_entries"]).await?;
        Ok(entries as u64)
    }

    /// The sums of these metrics.
    async fn metrics<const N: usize>(&self, names: [&str; N]) -> Outcome<[f64; N]> {
        let (status, text) = ask(self.ops, "/metrics").await?;
        let metrics = String::from_utf8_lossy(&text);
        let mut sums = [0.0; N];
        for (sum, name) in sums.iter_mut().zip(names) {
            let found = sum_of(&metrics, name);
            *sum = found.or_fail(format!("find {name} in /metrics (answer {status})"))?;
        }
        Ok(sums)
    }

    async fn until_ready(&mut self) -> Outcome<()> {
        let since = Instant::now();
        loop {
            self.process.check()?;
            match ask(self.ops, "/readyz").await {
                Ok((StatusCode::OK, _)) => return Ok(()),
                Ok((status, body)) if since.elapsed() > START => {
                    let told = String::from_utf8_lossy(&body);
                    return Err(Failure::new(format!(
                        "the gateway is not ready: {status} {told}"
                    )));
                }
                Err(failure) if since.elapsed() > START => return Err(failure),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

fn serve(binary: &Path, config: &Path, log: &Path) -> Outcome<Process> {
    Process::start(
        "the gateway",
        Command::new(binary).args(["serve", "--config"]).arg(config),
        log,
    )
}

/// The bundles that are in force, and who signs for each.
const SIGNED: [(&str, &str); 4] = [
    ("2021-04-01-convenant", "img"),
    ("2021-04-01-convenant", "ncg"),
    ("2023-04-19-twg", "img"),
    ("2023-04-19-twg", "ncg"),
];

fn signature(code: &str, party: &str) -> String {
    format!("certs/{code}.{party}.signed.json")
}

/// `sluis policy sign`, as this party.
fn sign(binary: &Path, directory: &Path, code: &str, party: &str) -> Command {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let certificates = directory.join("certs");
    let mut command = Command::new(binary);
    command
        .args(["policy", "sign", "--bundle"])
        .arg(policies.join(code))
        .arg("--proof")
        .arg(policies.join(format!("bewijzen/{code}.json")))
        .arg("--key")
        .arg(certificates.join(format!("{party}.key")))
        .arg("--cert")
        .arg(certificates.join(format!("{party}.pem")))
        .arg("--out")
        .arg(directory.join(signature(code, party)));
    command
}

/// Paths are relative to the file, but for the bundles that the product ships.
fn configuration(around: &Surroundings<'_>) -> Outcome<String> {
    let Ports {
        exchange,
        desk,
        ops,
    } = around.ports;
    let store = quoted(around.postgres.unwrap_or("sqlite:ledger.db"))?;
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let bundle = |name: &str| quoted(&policies.join(name).to_string_lossy());
    let (covenant, statute) = (bundle("2021-04-01-convenant")?, bundle("2023-04-19-twg")?);
    let signatures = SIGNED.map(|(code, party)| quoted(&signature(code, party)));
    let signatures: Vec<String> = signatures.into_iter().collect::<Outcome<_>>()?;
    let signatures = signatures.join(", ");
    let (img, ncg, provider) = (&around.img.oin, &around.ncg.oin, around.provider_port);
    Ok(format!(
        r#"audience = "{AUDIENCE}"
[listen]
exchange = "127.0.0.1:{exchange}"
desk = "127.0.0.1:{desk}"
ops = "127.0.0.1:{ops}"
[tls]
profile = "ncsc-goed"
certificate = "certs/gateway.pem"
key = "certs/gateway.key"
trust-anchors = ["certs/ca.pem"]
crls = ["certs/ca.crl.pem"]
crl-grace-hours = 0
[tokens]
max-life-seconds = 300
allow-rs256 = false
[[organisations]]
oin = "{img}"
name = "Instituut Mijnbouwschade Groningen"
role = "img"
teams = ["combinatieteam", "interventieteam", "aos"]
jwks = "certs/img.jwks.json"
[organisations.provider]
base-url = "https://127.0.0.1:{provider}/"
trust-anchors = ["certs/ca.pem"]
[[organisations]]
oin = "{ncg}"
name = "Nationaal Coördinator Groningen"
role = "ncg"
teams = ["combinatieteam", "aos"]
jwks = "certs/ncg.jwks.json"
[organisations.provider]
base-url = "https://127.0.0.1:{provider}/"
trust-anchors = ["certs/ca.pem"]
[store]
url = {store}
[ledger]
origin = "sluis.example/ledger"
key = "log.key"
master-key = "master.key"
[policy]
bundles = [{covenant}, {statute}]
signatures = [{signatures}]
"#
    ))
}

/// A TOML basic string; its escapes are those of JSON.
fn quoted(text: &str) -> Outcome<String> {
    serde_json::to_string(text).or_fail("quote a text")
}

/// The sum over all label sets of one metric, in the Prometheus text format.
fn sum_of(metrics: &str, name: &str) -> Option<f64> {
    let mut values = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
        .peekable();
    values.peek().is_some().then(|| values.sum())
}

/// A plain GET on the listener for operators.
async fn ask(ops: SocketAddr, path: &str) -> Outcome<(StatusCode, Bytes)> {
    let asked = format!("ask http://{ops}{path}");
    let stream = TcpStream::connect(ops).await.or_fail(&asked)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .or_fail(&asked)?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, "localhost")
        .body(Empty::<Bytes>::new());
    let response = sender
        .send_request(request.or_fail(&asked)?)
        .await
        .or_fail(&asked)?;
    let status = response.status();
    Ok((
        status,
        response
            .into_body()
            .collect()
            .await
            .or_fail(&asked)?
            .to_bytes(),
    ))
}

//! Witnesses as processes of their own, over real TLS: a quorum, one that is away, a ledger that was
//! rolled back or forked, and releases that wait for the quorum.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sluis::ledger::note::{Policy, Witnessed};

use crate::client::{Answer, Call, Line, ops};
use crate::party::{Party, Token, client_tls, pki};
use crate::process::{Ended, SLUIS, mortal, sluis, spawn, terminate, wait};
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";
const PATIENCE: Duration = Duration::from_secs(30);

/// One witness: its folder, and its process while it runs.
#[derive(Debug)]
pub(crate) struct Witness {
    folder: PathBuf,
    pub(crate) key: String,
    address: SocketAddr,
    child: Option<Child>,
}

impl Witness {
    /// One that knows this world's log, running.
    pub(crate) async fn new(world: &World, name: &str) -> Self {
        let mut witness = Self::prepared(world, name);
        witness.start().await;
        witness
    }

    pub(crate) fn prepared(world: &World, name: &str) -> Self {
        let folder = world.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let certs = pki().display();
        let config = format!(
            "name = \"{name}.example\"\nlisten = \"127.0.0.1:0\"\nkey = \"witness.key\"\n\
             state = \"state\"\n[[logs]]\nkey = \"{}\"\n[tls]\n\
             certificate = \"{certs}/gateway.pem\"\nkey = \"{certs}/gateway.key\"\n",
            world.outsider.key()
        );
        std::fs::write(folder.join("witness.toml"), config).unwrap();
        let mut witness = Self {
            folder,
            key: String::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            child: None,
        };
        witness.key = witness.init();
        witness
    }

    fn config(&self) -> String {
        self.folder.join("witness.toml").display().to_string()
    }

    /// `sluis witness init`: the key it prints.
    fn init(&self) -> String {
        let made = sluis(["witness", "init", "--config", &self.config()]);
        assert!(made.status.success(), "{made:?}");
        let told = String::from_utf8(made.stdout).unwrap();
        told.lines().last().unwrap().to_owned()
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    async fn try_start(&mut self) -> Result<(), Ended> {
        let log = std::fs::File::create(self.folder.join("log")).unwrap();
        let mut command = mortal("KILL", SLUIS);
        command.args(["witness", "--config", &self.config()]);
        command.stdout(Stdio::null()).stderr(log);
        let mut child = spawn(command).unwrap();
        let since = Instant::now();
        loop {
            let ended = child.try_wait().unwrap();
            let said = self.said();
            let open = said.lines().find_map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                line["listen.witness"].as_str()?.parse().ok()
            });
            if let Some(address) = open {
                // It comes back at the same place.
                let config = std::fs::read_to_string(self.config()).unwrap();
                let config = config.replace("127.0.0.1:0", &format!("{address}"));
                std::fs::write(self.config(), config).unwrap();
                self.address = address;
                self.child = Some(child);
                return Ok(());
            }
            if let Some(status) = ended {
                let code = status.code();
                return Err(Ended { code, said });
            }
            assert!(
                since.elapsed() < PATIENCE,
                "the witness did not open: {said}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn start(&mut self) {
        self.try_start().await.unwrap();
    }

    /// From its next start on it knows the log by these keys.
    pub(crate) fn go_by(&self, keys: &[&str]) {
        let config = std::fs::read_to_string(self.config()).unwrap();
        let (before, rest) = config.split_once("[[logs]]").unwrap();
        let (_, after) = rest.split_once("[tls]").unwrap();
        let logs = keys
            .iter()
            .map(|key| format!("[[logs]]\nkey = \"{key}\"\n"));
        let logs: String = logs.collect();
        std::fs::write(self.config(), format!("{before}{logs}[tls]{after}")).unwrap();
    }

    pub(crate) async fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        terminate(&child);
        let code = wait(&mut child, || self.said()).await;
        assert_eq!(code, Some(0), "{}", self.said());
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    async fn call(&self, call: &Call) -> Answer {
        Line::new(self.address, client_tls(None)).call(call).await
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Has the world's gateways ask these witnesses.
pub(crate) fn ask(world: &World, witnesses: &[&Witness], how_many: &str, more: &str) {
    let mut policy = vec![format!("log {}", world.outsider.key())];
    let mut group = format!("group all-of-them {how_many}");
    for (at, witness) in witnesses.iter().enumerate() {
        let (key, address) = (&witness.key, witness.address);
        policy.push(format!("witness w{at} {key} https://{address}/"));
        group = format!("{group} w{at}");
    }
    policy.extend([group, "quorum all-of-them\n".to_owned()]);
    let policy = policy.join("\n");
    std::fs::write(world.folder.path().join("witnesses.policy"), policy).unwrap();
    let config = std::fs::read_to_string(world.config()).unwrap();
    let config = format!(
        "{config}\n[witnesses]\npolicy = \"witnesses.policy\"\n\
         trust-anchors = [\"{}/ca.pem\"]\n{more}\n",
        pki().display()
    );
    std::fs::write(world.config(), config).unwrap();
}

/// The configuration without witnesses.
fn ask_nobody(world: &World) {
    let config = std::fs::read_to_string(world.config()).unwrap();
    let (before, _) = config.split_once("\n[witnesses]").unwrap();
    std::fs::write(world.config(), before).unwrap();
}

/// The cosigned checkpoint, judged by the policy file, once it covers so many entries.
pub(crate) async fn cosigned(world: &World, at: usize, least: u64) -> Witnessed {
    let file = std::fs::read(world.folder.path().join("witnesses.policy")).unwrap();
    let policy = Policy::parse(&file).unwrap();
    let since = Instant::now();
    loop {
        let call = Call::get("/v1/logboek/getuigd/checkpoint");
        let answer = world.call_at(at, "gemeente", &call).await;
        if answer.status == 200 {
            let witnessed = policy.open(answer.text()).unwrap();
            if witnessed.checkpoint.size >= least {
                return witnessed;
            }
        } else {
            answer.expect("404 niet-gevonden");
        }
        assert!(since.elapsed() < PATIENCE, "no quorum for {least} entries");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn figure(figures: &str, name: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {figures}"));
    line.trim().parse().unwrap()
}

on_each_store! {
    async fn a_quorum_is_reached_and_served(store) {
        let mut world = World::without_gateway(store).await;
        let (one, other) = (Witness::new(&world, "one").await, Witness::new(&world, "other").await);
        ask(&world, &[&one, &other], "all", "refuse-after-seconds = 60");
        world.start().await;
        let before = cosigned(&world, 0, 1).await;
        assert!(before.times.iter().all(Option::is_some), "{before:?}");
        if store == Store::Postgres {
            // Both gateways show what they append; neither takes the other's for another history.
            world.start().await;
        }
        let last = world.gateways.len() - 1;
        let mut size = before.checkpoint.size;
        for round in 0..3 {
            world.owners(ADDRESS, &[&format!("eig-{round}")]).await;
            let download = world.document("ncg", "opnamerapport", ADDRESS, 100).await;
            let download = Call::get(format!("/v1/documenten/{download}/download"));
            let token = Party::find("img").token(&Token::new("schade-afhandeling"));
            world.call_at(last, "img", &download.token(&token)).await.expect("200");
            let now = world.size().await;
            assert!(now > size);
            for at in 0..=last {
                size = cosigned(&world, at, now).await.checkpoint.size;
            }
        }
        // The prefix is a log of its own to a C2SP client.
        let tile = Call::get(format!("/v1/logboek/getuigd/tile/0/000.p/{size}"));
        let tile = world.call("gemeente", &tile).await.expect("200");
        assert_eq!(tile.body.len() as u64, 32 * size);
        let figures = ops(world.gateways[0].ops, "/metrics").await;
        let figures = figures.text();
        assert!(figure(figures, "sluis_witness_quorum_age_seconds ") < 30.0);
        assert!(figure(figures, "sluis_witness_age_seconds{witness=\"w1\"} ") < 30.0);
        assert!(figure(figures, "sluis_witness_calls_total{outcome=\"cosigned\",witness=\"w0\"} ") > 0.0);
        // A restart has it from the database, before any witness is asked.
        let (mut one, mut other) = (one, other);
        one.stop().await;
        other.stop().await;
        world.restart(0).await;
        assert!(cosigned(&world, 0, size).await.checkpoint.size >= size);
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_is_enough_where_the_policy_says_so() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let mut away = Witness::new(&world, "away").await;
    let there = Witness::new(&world, "there").await;
    ask(&world, &[&away, &there], "any", "");
    away.kill();
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let witnessed = cosigned(&world, 0, world.size().await).await;
    assert_eq!(witnessed.times.iter().flatten().count(), 1);
    let figures = ops(world.gateways[0].ops, "/metrics").await;
    let silent = "sluis_witness_calls_total{outcome=\"unreachable\",witness=\"w0\"} ";
    assert!(figure(figures.text(), silent) > 0.0);
    assert_eq!(ops(world.gateways[0].ops, "/readyz").await.status, 200);
    // It comes back, and soon stands under the checkpoint too.
    away.start().await;
    let since = Instant::now();
    while cosigned(&world, 0, 1).await.times.iter().flatten().count() < 2 {
        assert!(since.elapsed() < PATIENCE, "the witness is not asked again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.close().await;
}

/// The files of SQLite, as they are when no gateway has them open.
type Copy = [(PathBuf, Option<Vec<u8>>); 3];

fn copied(world: &World) -> Copy {
    ["ledger.db", "ledger.db-wal", "ledger.db-shm"].map(|name| {
        let path = world.folder.path().join(name);
        let bytes = std::fs::read(&path).ok();
        (path, bytes)
    })
}

fn put_back(copy: &Copy) {
    for (path, bytes) in copy {
        let _ = std::fs::remove_file(path);
        if let Some(bytes) = bytes {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

/// A world whose ledger was copied, grew before its witness, and was stopped.
async fn grown() -> (World, Witness, Copy) {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let witness = Witness::new(&world, "witness").await;
    ask(&world, &[&witness], "all", "");
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    cosigned(&world, 0, world.size().await).await;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    let copy = copied(&world);
    (world, witness, copy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_rolled_back_is_not_served() {
    let (mut world, mut witness, copy) = grown().await;
    world.come_back(0).await;
    for owner in ["eig-2", "eig-3", "eig-4"] {
        world.owners(ADDRESS, &[owner]).await;
    }
    cosigned(&world, 0, world.size().await).await;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    put_back(&copy);
    let ended = world.try_start(0).await.unwrap_err();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.said.lines().last().unwrap();
    assert!(
        last.starts_with("sluis: the ledger was rolled back: w0 cosigned"),
        "{ended:?}"
    );
    // Nor does a command write to it that opens the ledger by itself.
    let (config, img) = (
        world.config().display().to_string(),
        &Party::find("img").oin,
    );
    let by = [
        "--organisation",
        img,
        "--person",
        "anna",
        "--case",
        "AVG-17",
    ];
    let ledger = |what: &[&str]| {
        let (command, rest) = what.split_first().unwrap();
        let args = ["ledger", command, "--config", &config];
        let done = sluis(args.into_iter().chain(rest.iter().copied()));
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let erase = [&["erase", "--address", ADDRESS][..], &by].concat();
    let hold = [&["hold", "--address", ADDRESS][..], &by].concat();
    for what in [&erase[..], &hold, &["retain"]] {
        let (code, said) = ledger(what);
        assert_eq!(code, Some(1), "{what:?}: {said}");
        let last = said.lines().last().unwrap();
        assert!(
            last.starts_with("sluis: the ledger was rolled back: w0 cosigned"),
            "{what:?}: {said}"
        );
    }
    // While the witness is away nobody can know; once it is back the gateway ends.
    witness.stop().await;
    let (code, said) = ledger(&hold);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the witness w0 was not heard"), "{said}");
    let mut gateway = world.try_start(0).await.unwrap();
    witness.start().await;
    assert_eq!(gateway.ended().await, Some(70), "{}", gateway.said());
    let last = gateway.said().lines().last().unwrap().to_owned();
    assert!(
        last.starts_with("sluis: the ledger was rolled back: w0 cosigned"),
        "{last}"
    );
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_forked_is_not_served() {
    let (mut world, _witness, copy) = grown().await;
    // The genuine one grows by the entry of its start.
    world.come_back(0).await;
    let size = world.size().await;
    cosigned(&world, 0, size).await;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    // And another from the same copy, unseen by the witness, by as many.
    put_back(&copy);
    let config = std::fs::read_to_string(world.config()).unwrap();
    ask_nobody(&world);
    world.come_back(0).await;
    assert_eq!(world.size().await, size, "as many entries");
    assert_eq!(world.gateways[0].stop().await, Some(0));
    std::fs::write(world.config(), config).unwrap();
    let ended = world.try_start(0).await.unwrap_err();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let last = ended.said.lines().last().unwrap();
    assert!(
        last.starts_with("sluis: the ledger was forked: "),
        "{ended:?}"
    );
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_released_when_the_quorum_is_too_old() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let mut witness = Witness::new(&world, "witness").await;
    ask(&world, &[&witness], "all", "refuse-after-seconds = 6");
    world.start().await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let download = || Call::get(format!("/v1/documenten/{document}/download"));
    let token = Token::new("schade-afhandeling");
    cosigned(&world, 0, 1).await;
    world.ask("img", &token, download()).await.expect("200");
    // Longer than the limit, with nothing happening: the quorum is kept young.
    tokio::time::sleep(Duration::from_secs(8)).await;
    world.ask("img", &token, download()).await.expect("200");
    world.ncg.take_asked();

    witness.kill();
    let since = Instant::now();
    let readyz = loop {
        let readyz = ops(world.gateways[0].ops, "/readyz").await;
        if readyz.status == 503 {
            break readyz;
        }
        assert!(since.elapsed() < PATIENCE, "/readyz does not tell");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(
        readyz.text().contains("the witnesses' quorum is"),
        "{}",
        readyz.text()
    );
    let refused = world.ask("img", &token, download()).await;
    refused.expect("503 logboek-onbeschikbaar");
    assert!(
        world.ncg.take_asked().is_empty(),
        "the provider was asked all the same"
    );
    let figures = ops(world.gateways[0].ops, "/metrics").await;
    let refusals = figure(figures.text(), "sluis_witness_refused_releases_total ");
    assert!((refusals - 1.0).abs() < f64::EPSILON);

    witness.start().await;
    let since = Instant::now();
    while ops(world.gateways[0].ops, "/readyz").await.status != 200 {
        assert!(since.elapsed() < PATIENCE, "it does not recover");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.ask("img", &token, download()).await.expect("200");
    let book = world.close().await;
    let refused = book
        .of_kind("besluit")
        .filter(|(_, entry)| entry["code"] == "logboek-onbeschikbaar");
    assert_eq!(refused.count(), 1, "the refusal is in the book");
}

/// What was remembered is gone: no start, and no beginning under a key that has signed before.
async fn no_beginning_under_an_old_key(witness: &mut Witness) {
    for gone in [false, true] {
        if gone {
            std::fs::remove_dir_all(witness.folder.join("state")).unwrap();
        }
        let again = sluis(["witness", "init", "--config", &witness.config()]);
        assert_eq!(again.status.code(), Some(64), "{again:?}");
        let told = String::from_utf8(again.stderr).unwrap();
        assert!(told.contains("make a new name and a new key"), "{told}");
        let ended = witness.try_start().await.unwrap_err();
        assert!(!ended.said.contains("witness init"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_answers_as_the_specification_says() {
    let (mut world, mut witness, _) = grown().await;
    world.come_back(0).await;
    let size = world.size().await;
    cosigned(&world, 0, size).await;
    let newest = world
        .call("gemeente", &Call::get("/v1/logboek/checkpoint"))
        .await;
    let newest = newest.text().to_owned();
    let add = |body: String| Call::new("POST", "/add-checkpoint").body("text/plain", body);
    let strange = newest.replace("sluis.example/logboek\n", "elders\n");
    let touched = newest.replace(&format!("\n{size}\n"), &format!("\n{}\n", size + 1));
    let hash = "A".repeat(43) + "=";
    let large = "x".repeat(200 * 1024);
    for (what, call, status) in [
        ("no request", add("hello".to_owned()), 400),
        ("too large", add(large), 413),
        (
            "a larger old size",
            add(format!("old {}\n\n{newest}", size + 1)),
            400,
        ),
        ("another log", add(format!("old 0\n\n{strange}")), 404),
        (
            "a touched checkpoint",
            add(format!("old 0\n\n{touched}")),
            403,
        ),
        ("another size", add(format!("old 0\n\n{newest}")), 409),
        (
            "a proof of nothing",
            add(format!("old {size}\n{hash}\n\n{newest}")),
            422,
        ),
        (
            "the same again",
            add(format!("old {size}\n\n{newest}")),
            200,
        ),
        ("another method", Call::get("/add-checkpoint"), 405),
        ("nothing here", Call::get("/"), 404),
        (
            "no such log",
            Call::get(format!("/{}/checkpoint", "0".repeat(64))),
            404,
        ),
    ] {
        let answer = witness.call(&call).await;
        assert_eq!(
            answer.status,
            status,
            "{what}: {}",
            answer.text_or_nothing()
        );
        if status == 409 {
            assert_eq!(answer.header("content-type"), "text/x.tlog.size");
            assert_eq!(answer.text(), format!("{size}\n"));
        }
        if status == 200 {
            assert!(answer.text().starts_with("\u{2014} witness.example "));
        }
    }
    let name = sluis::witness::origin_hash("sluis.example/logboek");
    let kept = witness
        .call(&Call::get(format!("/{name}/checkpoint")))
        .await;
    let policy = std::fs::read(world.folder.path().join("witnesses.policy")).unwrap();
    let kept = Policy::parse(&policy).unwrap().open(kept.text()).unwrap();
    assert_eq!(kept.checkpoint.size, size);

    // Its state is never begun anew by itself, and what is there is never overwritten.
    witness.stop().await;
    assert_eq!(witness.init(), witness.key);
    let state = witness
        .folder
        .join("state")
        .join(format!("{name}.checkpoint"));
    let good = std::fs::read(&state).unwrap();
    for (what, damage, told) in [
        ("damaged", Some(&good[..good.len() / 2]), "is damaged"),
        ("missing", None, "this key has signed before, and"),
    ] {
        match damage {
            Some(bytes) => std::fs::write(&state, bytes).unwrap(),
            None => std::fs::remove_file(&state).unwrap(),
        }
        let ended = witness.try_start().await.unwrap_err();
        assert_eq!(ended.code, Some(1), "{what}: {ended:?}");
        let last = ended.said.lines().last().unwrap();
        assert!(
            last.starts_with("sluis: ") && last.contains(told),
            "{what}: {ended:?}"
        );
    }
    no_beginning_under_an_old_key(&mut witness).await;
    let nothing = sluis(["witness"]);
    assert_eq!(nothing.status.code(), Some(64), "{nothing:?}");
    world.close().await;
}

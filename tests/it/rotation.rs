//! The log's key is replaced while everything goes on: two gateways on one database, a witness, requests.
//! The steps are those of `deploy/runbooks/keys.md`; after each of them it is asked who believes the book.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use crate::client::{Call, Line};
use crate::party::{Party, Token, pki};
use crate::process::sluis;
use crate::witness::{Witness, ask, cosigned};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000017307";
const ONE: &str = "key = \"log.key\"\n";
const BOTH: &str = "key = \"log.key\"\nnext-key = \"next.key\"\n";
const NEW: &str = "key = \"next.key\"\n";

/// A command: its exit code, what it said, its complaint.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = sluis(args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// It ends well; what it said.
fn done(args: &[&str], parts: &[&str]) -> String {
    let told = run(args);
    assert_eq!(told.0, 0, "{args:?}: {told:?}");
    for part in parts {
        assert!(told.1.contains(part), "{args:?}: {part}: {told:?}");
    }
    told.1
}

/// It ends so, with one line of complaint that says all of this.
fn refused(args: &[&str], code: i32, parts: &[&str]) {
    let told = run(args);
    assert_eq!(told.0, code, "{args:?}: {told:?}");
    assert_eq!(told.2.lines().count(), 1, "{args:?}: {told:?}");
    for part in parts {
        assert!(told.2.contains(part), "{args:?}: {part}: {told:?}");
    }
}

/// The hash in a key, by which signature lines and complaints name it.
fn hash(key: &str) -> &str {
    key.split('+').nth(1).unwrap()
}

impl World {
    fn place(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The configuration that is here from now on, under this name; read when somebody starts.
    fn configure(&self, name: &str, keys: &str) -> String {
        let config = std::fs::read_to_string(self.config()).unwrap();
        let found = [BOTH, ONE, NEW]
            .into_iter()
            .find(|keys| config.contains(keys));
        let config = config.replace(found.unwrap(), keys);
        std::fs::write(self.folder.path().join(name), config).unwrap();
        self.place(name)
    }
}

/// Asks a gateway for a document, one request after the other, until it is told to stop.
struct Asking {
    stop: Arc<AtomicBool>,
    task: JoinHandle<usize>,
}

impl Asking {
    fn begin(world: &World, at: usize, document: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let mut line = world.line(at, "img");
        let call = Call::get(format!("/v1/documenten/{document}/download"));
        let task = tokio::spawn(async move {
            let mut granted = 0;
            while !(told.load(Ordering::Relaxed) && granted > 0) {
                release(&mut line, &call).await;
                granted += 1;
            }
            granted
        });
        Self { stop, task }
    }

    /// Every request was granted while the others were busy, and there was one.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.task.await.unwrap() > 0);
    }
}

async fn release(line: &mut Line, call: &Call) -> String {
    let token = Party::find("img").token(&Token::new("schade-afhandeling"));
    let answer = line.call(&call.clone().token(&token)).await.expect("200");
    answer.header("fsc-transaction-id").to_owned()
}

/// Has one gateway release a document, so that its checkpoint is the newest; answers the transaction.
async fn sign(world: &World, at: usize, document: &str) -> String {
    let call = Call::get(format!("/v1/documenten/{document}/download"));
    release(&mut world.line(at, "img"), &call).await
}

/// The newest checkpoint once that release is closed, by the hashes on its lines.
async fn signed_by(world: &mut World, at: usize, document: &str) -> Vec<bool> {
    sign(world, at, document).await;
    world.settled().await;
    let mut line = world.line(at, "gemeente");
    let note = line
        .call(&Call::get("/v1/logboek/checkpoint"))
        .await
        .expect("200");
    let keys = [world.place("old.vkey"), world.place("new.vkey")];
    let opens = |key: &String| {
        let key = std::fs::read_to_string(key).unwrap();
        let key = sluis::ledger::note::Verifier::parse(&key).unwrap();
        key.open(note.text()).is_ok()
    };
    keys.iter().map(opens).collect()
}

#[test]
fn a_command_that_makes_a_key_overwrites_none() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sluis.toml");
    let (config, new) = (place("sluis.toml"), place("next.key"));
    std::fs::copy(sample, &config).unwrap();
    let make = ["ledger", "new-key", "--config", &config, "--out", &new];
    let said = done(&make, &["Nothing signs with it yet."]);
    assert!(
        said.lines()
            .last()
            .unwrap()
            .starts_with("sluis.example/logboek+")
    );
    let made = std::fs::read_to_string(&new).unwrap();
    assert!(made.starts_with("PRIVATE+KEY+sluis.example/logboek+"));
    let mode = std::fs::metadata(&new).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    refused(&make, 64, &["exists already", "never overwritten"]);
    assert_eq!(std::fs::read_to_string(&new).unwrap(), made);
    let nowhere = place("no/where.key");
    refused(
        &["ledger", "new-key", "--config", &config, "--out", &nowhere],
        64,
        &["where.key could not be read or written"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_second_key_stops_the_start_and_is_told() {
    let world = World::without_gateway(Store::Sqlite).await;
    let elsewhere = World::without_gateway(Store::Sqlite).await;
    let config = world.config().display().to_string();
    let good = std::fs::read_to_string(&config).unwrap();
    let make = |config: &str, out: &str| {
        done(
            &["ledger", "new-key", "--config", config, "--out", out],
            &[],
        );
    };
    make(&config, &world.place("next.key"));
    make(&config, &world.place("open.key"));
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(world.place("open.key"), mode).unwrap();
    std::fs::copy(world.place("log.key"), world.place("copy.key")).unwrap();
    std::fs::write(world.place("empty.key"), "").unwrap();
    std::fs::copy(world.place("empty.key"), world.place("folder")).unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(world.place("empty.key"), mode).unwrap();
    let renamed = good.replace("sluis.example/logboek", "elders.example/logboek");
    std::fs::write(elsewhere.config(), renamed).unwrap();
    let other = elsewhere.config().display().to_string();
    make(&other, &world.place("other.key"));
    elsewhere.abandon();

    for (next, parts) in [
        ("log.key", &["ledger.next-key: this is ledger.key"][..]),
        (
            "gone.key",
            &["there is no key file", "gone.key", "new-key --out"],
        ),
        ("open.key", &["others can read the key file", "chmod 600"]),
        (
            "copy.key",
            &["copy.key cannot be ledger.next-key", "the same key twice"],
        ),
        ("empty.key", &["empty.key is not usable"]),
        ("master.key", &["master.key is not usable"]),
        (
            "other.key",
            &[
                "other.key is of the ledger elders.example/logboek",
                "ledger.origin says",
            ],
        ),
    ] {
        let keys = format!("key = \"log.key\"\nnext-key = \"{next}\"\n");
        std::fs::write(&config, good.replace(ONE, &keys)).unwrap();
        let ended = world.try_start(9).await.expect_err(next);
        assert_eq!(ended.code, Some(64), "{next}: {ended:?}");
        let last = ended.said.lines().last().unwrap();
        assert!(
            parts.iter().all(|part| last.contains(part)),
            "{next}: {last}"
        );
        refused(&["ledger", "key", "--config", &config], 64, parts);
        if next != "log.key" {
            let (code, said, _) = run(&["doctor", "--config", &config]);
            assert_eq!(code, 1, "{next}: {said}");
            let told = said
                .lines()
                .find(|line| line.starts_with("FAIL") && line.contains("keys"));
            let told = told.unwrap_or_else(|| panic!("{next}: {said}"));
            assert!(
                parts.iter().all(|part| told.contains(part)),
                "{next}: {told}"
            );
        }
    }
    world.abandon();
}

/// The whole of it. Nobody's request is refused for it, whoever reads is told what to do, and what was
/// handed out before stays good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::too_many_lines,
    reason = "one story: the runbook, step by step"
)]
async fn a_second_key_takes_over_from_the_first() {
    let mut world = World::without_gateway(Store::Postgres).await;
    let mut witness = Witness::new(&world, "one").await;
    ask(&world, &[&witness], "all", "");
    world.start().await;
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 2_000).await;
    let config = world.config().display().to_string();
    let old = world.outsider.key().to_owned();
    std::fs::write(world.place("old.vkey"), &old).unwrap();

    // What was handed out before: an extract, a checkpoint, an export.
    let transaction = sign(&world, 0, &document).await;
    world.settled().await;
    let size = world.size().await;
    cosigned(&world, 0, size).await;
    let extract = Call::get(format!(
        "/v1/besluiten/{transaction}/uittreksel?velden=document"
    ));
    let extract = world
        .ask("img", &Token::beheer(), extract)
        .await
        .expect("200");
    let (receipt, seen) = (world.place("receipt.json"), world.place("seen"));
    std::fs::write(&receipt, &extract.body).unwrap();
    let note = Call::get("/v1/logboek/checkpoint");
    let note = world.call("img", &note).await.expect("200");
    std::fs::write(&seen, &note.body).unwrap();
    let copy = world.place("copy");
    done(
        &["ledger", "export", "--config", &config, "--out", &copy],
        &[],
    );
    let policy = world.place("witnesses.policy");
    let still_good = || {
        let check = ["ledger", "check-proof", &receipt, "--log-key", &old];
        done(&check, &["stand in the book sluis.example/logboek"]);
        let verify = ["ledger", "verify", "--export", &copy, "--log-key", &old];
        done(&verify, &["The ledger is whole"]);
    };
    still_good();

    // 1. The key is made; nobody signs with it, and who begins with it alone is refused.
    let made = [
        "ledger",
        "new-key",
        "--config",
        &config,
        "--out",
        &world.place("next.key"),
    ];
    let new = done(&made, &[]).lines().last().unwrap().to_owned();
    std::fs::write(world.place("new.vkey"), &new).unwrap();
    assert_eq!(signed_by(&mut world, 1, &document).await, [true, false]);
    world.configure("sluis.toml", NEW);
    let ended = world.try_start(2).await.unwrap_err();
    assert_eq!(ended.code, Some(64), "{ended:?}");
    let told = format!("its log lines do not have this ledger's key; add `log {new}`");
    assert!(ended.said.contains(&told), "{ended:?}");
    let lines = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, format!("log {new}\n{lines}")).unwrap();
    let ended = world.try_start(2).await.unwrap_err();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in [
        &format!("signed with the key {}", hash(&old)),
        &format!("has only {}", hash(&new)),
        "a step of replacing the log's key was skipped",
        "deploy/runbooks/keys.md",
    ] {
        assert!(ended.said.contains(part), "{part}: {ended:?}");
    }

    // 2. Witnesses and readers know both.
    witness.stop().await;
    witness.go_by(&[&old, &new]);
    witness.start().await;
    let keys = world.place("both.vkey");
    std::fs::write(&keys, format!("{old}\n{new}\n")).unwrap();
    let verify = |key: &str| run(&["ledger", "verify", "--config", &config, "--log-key", key]);
    for (key, code) in [(&old, 0), (&keys, 0), (&new, 1)] {
        assert_eq!(verify(key).0, code, "{key}");
    }

    // 3. One gateway after the other signs with both. In between each reads the other's checkpoints.
    world.configure("sluis.toml", BOTH);
    let both = format!("{old}\n{new}\n");
    assert_eq!(done(&["ledger", "key", "--config", &config], &[]), both);
    for at in 0..2 {
        let asking = Asking::begin(&world, 1 - at, &document);
        world.restart(at).await;
        asking.end().await;
        assert_eq!(signed_by(&mut world, at, &document).await, [true, true]);
        let other_too = at == 1;
        assert_eq!(
            signed_by(&mut world, 1 - at, &document).await,
            [true, other_too]
        );
        let (_, said, _) = run(&["doctor", "--config", &config]);
        let told = if other_too {
            "both sign"
        } else {
            "did not sign the newest checkpoint"
        };
        assert!(said.contains(told), "{told}: {said}");
        for (key, code) in [(&old, 0), (&keys, 0), (&new, i32::from(!other_too))] {
            assert_eq!(verify(key).0, code, "{key}");
        }
    }
    cosigned(&world, 1, world.size().await).await;
    let book = world.settled().await;
    let starts: Vec<_> = book.of_kind("start").collect();
    assert_eq!(starts[0].1["logsleutels"], serde_json::json!([old]));
    let (entry, last) = starts[starts.len() - 1];
    assert_eq!(last["logsleutels"], serde_json::json!([old, new]));
    // Whoever has only the old key learns the new one from the book that the old one signs.
    let said = verify(&old).1;
    let told = format!("that started last (entry {entry}) signs with these keys");
    assert!(said.contains(&told) && said.contains(&new), "{said}");
    // With the witnesses too, over the wire, and one handed out meanwhile goes by either key.
    let during = sign(&world, 1, &document).await;
    let call = Call::get(format!("/v1/besluiten/{during}/uittreksel?velden=document"));
    let extract = world.ask("img", &Token::beheer(), call).await.expect("200");
    let meanwhile = world.place("meanwhile.json");
    std::fs::write(&meanwhile, &extract.body).unwrap();
    let url = |world: &World| format!("https://{}/v1/logboek", world.gateways[1].exchange);
    let certs = |name: &str| pki().join(name).display().to_string();
    let (ca, cert, key) = (
        certs("ca.pem"),
        certs("gemeente.pem"),
        certs("gemeente.key"),
    );
    let served = |url: &str, log_key: &str| {
        run(&[
            "ledger",
            "verify",
            "--url",
            url,
            "--ca",
            &ca,
            "--cert",
            &cert,
            "--key",
            &key,
            "--policy",
            &policy,
            "--log-key",
            log_key,
        ])
    };
    cosigned(&world, 1, world.size().await).await;
    for key in [&old, &keys, &new] {
        let said = done(
            &["ledger", "check-proof", &meanwhile, "--log-key", key],
            &[],
        );
        let alone = said.contains("ask its keepers for the second one");
        assert_eq!(alone, key != &keys, "{key}: {said}");
        let told = served(&url(&world), key);
        assert_eq!(told.0, 0, "{key}: {told:?}");
    }
    still_good();

    // 4. One after the other leaves the old one out.
    world.configure("sluis.toml", NEW);
    for at in 0..2 {
        let asking = Asking::begin(&world, 1 - at, &document);
        world.restart(at).await;
        asking.end().await;
        assert_eq!(
            signed_by_new(&mut world, at, &document, &new).await,
            [false, true]
        );
        let other_too = at == 0;
        assert_eq!(
            signed_by_new(&mut world, 1 - at, &document, &new).await,
            [other_too, true]
        );
    }
    cosigned(&world, 0, world.size().await).await;

    // 5. Afterwards. The old key opens what it signed, and nothing of now; that is told, and what to do.
    let one = world.configure("old.toml", ONE);
    let ended = crate::process::Gateway::start(Path::new(&one), &world.log(3)).await;
    let ended = ended.unwrap_err();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .said
            .contains("a step of replacing the log's key was skipped"),
        "{ended:?}"
    );
    for told in [verify(&old), served(&url(&world), &old)] {
        assert_eq!(told.0, 1, "{told:?}");
        for part in [
            hash(&old),
            hash(&new),
            "get the other one from whoever keeps the log",
        ] {
            assert!(told.2.contains(part), "{part}: {told:?}");
        }
    }
    for key in [&keys, &new] {
        assert_eq!(verify(key).0, 0);
        assert_eq!(served(&url(&world), key).0, 0);
    }
    still_good();
    let grew = ["ledger", "verify", "--config", &config, "--at-least", &seen];
    refused(
        &grew,
        64,
        &["name the key that it is signed with, in --at-least-key"],
    );
    let known = [&grew[..], &["--at-least-key", &old]].concat();
    done(&known, &["it grew from your checkpoint of"]);
    done(&["ledger", "key", "--config", &config], &[&new]);

    // The witness leaves it out too, and goes on from what it remembers.
    witness.stop().await;
    witness.go_by(&[&new]);
    witness.start().await;
    sign(&world, 0, &document).await;
    cosigned(&world, 0, world.size().await).await;

    // An export of before comes back under the new key, for whoever still knows the old one.
    let again = world.place("again.toml");
    let lines = std::fs::read_to_string(&config).unwrap();
    let (before, rest) = lines.split_once("[store]\nurl = \"").unwrap();
    let (_, after) = rest.split_once("\"\n").unwrap();
    let lines = format!("{before}[store]\nurl = \"sqlite:again.db\"\n{after}");
    std::fs::write(&again, lines).unwrap();
    let restore = ["ledger", "restore", "--config", &again, "--from", &copy];
    refused(&restore, 1, &[hash(&old), hash(&new), "--log-key"]);
    let told = [&restore[..], &["--log-key", &old]].concat();
    done(&told, &["It is signed anew", &new]);
    let verify = ["ledger", "verify", "--replay", "--config", &again];
    let grew = [&verify[..], &["--at-least", &seen, "--at-least-key", &old]].concat();
    done(&grew, &["your checkpoint of"]);

    world.outsider.go_by(&new);
    world.close().await;
}

/// As [`signed_by`], for an outsider who goes by the new key from here on.
async fn signed_by_new(world: &mut World, at: usize, document: &str, new: &str) -> Vec<bool> {
    world.outsider.go_by(new);
    signed_by(world, at, document).await
}

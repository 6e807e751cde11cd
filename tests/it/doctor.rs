//! What an operator is told before the first request: every broken set-up by its own line, and a gateway
//! that runs is not disturbed.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::ExtendedKeyUsagePurpose;
use serde_json::Value;

use crate::client::{Call, ops};
use crate::odd;
use crate::party::{Party, Token, pki, strange_pki};
use crate::process::sluis;
use crate::provider::Behaviour;
use crate::witness::{Witness, ask, cosigned};
use crate::world::{Store, World, on_each_store};

const GATEWAY: &str = "00000001801234567000";
const ADDRESS: &str = "0024200000017301";

/// Changes to a configuration, how the run ends, and the line that says why.
type Row = (Vec<(String, String)>, i32, &'static str, &'static str);

/// What a run said.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
    complaints: String,
}

fn doctor(config: &Path, more: &[&str]) -> Told {
    let config = config.display().to_string();
    let args = ["doctor", "--config", &config];
    let output = sluis(args.iter().chain(more));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told {
        code: output.status.code(),
        lines: text(output.stdout).lines().map(str::to_owned).collect(),
        complaints: text(output.stderr),
    }
}

impl Told {
    /// The lines that say this about something, such as `FAIL  crl`.
    fn of(&self, start: &str) -> Vec<&str> {
        let (mark, about) = start.split_once(' ').unwrap();
        let of = self.lines.iter().filter(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(mark) && words.next() == Some(about.trim())
        });
        of.map(String::as_str).collect()
    }

    #[track_caller]
    fn says(&self, start: &str, what: &str) {
        let of = self.of(start);
        assert!(
            of.iter().any(|line| line.contains(what)),
            "{start}: {what}\n{self:#?}"
        );
    }

    fn marked(&self, mark: &str) -> Vec<&str> {
        let marked = self.lines.iter().filter(|line| line.starts_with(mark));
        marked.map(String::as_str).collect()
    }
}

/// A configuration beside the world's, with these changes.
fn changed(world: &World, name: &str, edits: &[(&str, &str)]) -> PathBuf {
    let mut config = std::fs::read_to_string(world.config()).unwrap();
    for (from, to) in edits {
        assert!(config.contains(from), "{from} is not in the configuration");
        config = config.replace(from, to);
    }
    let path = world.folder.path().join(name);
    std::fs::write(&path, config).unwrap();
    path
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Everything in the folder of a world but configurations, by its hash. The index of SQLite's journal is
/// memory that all who have the file open share.
fn contents(world: &World) -> BTreeMap<PathBuf, u64> {
    let files = std::fs::read_dir(world.folder.path()).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file() && !path.to_string_lossy().ends_with("-shm"))
        .filter(|path| path.extension().is_none_or(|end| end != "toml"))
        .map(|path| {
            let mut hasher = std::hash::DefaultHasher::new();
            std::fs::read(&path).unwrap().hash(&mut hasher);
            (path, hasher.finish())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a long table")]
async fn every_file_that_is_not_right_has_its_line() {
    let world = World::without_gateway(Store::Sqlite).await;
    let own = world.folder.path().join("odd");
    std::fs::create_dir(&own).unwrap();
    let issued = |name: &str, change: &dyn Fn(&mut rcgen::CertificateParams)| {
        let mut params = odd::leaf(GATEWAY);
        change(&mut params);
        odd::issue(&own, name, &params)
    };
    let expired = issued("expired", &|params| {
        params.not_before = odd::days(-30);
        params.not_after = odd::days(-2);
    });
    let later = issued("later", &|params| params.not_before = odd::days(2));
    let soon = issued("soon", &|params| params.not_after = odd::days(9));
    let client = issued("client", &|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let good = issued("good", &|_| {});
    let list = |name: &str, made: i64, next: i64, revokes: bool| {
        let path = own.join(name);
        odd::list(&path, made, next, revokes);
        path
    };
    let stale = list("stale.crl", 9, -1, false);
    let nearly = list("nearly.crl", 20, 2, false);
    let revoking = list("revoking.crl", 1, 20, true);
    let written = |name: &str, text: &str| {
        let path = own.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (empty, gone) = (written("empty", ""), own.join("gone"));
    let open = own.join("open.key");
    std::fs::copy(&good.1, &open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();

    let at = |name: &str| quoted(&pki().join(name));
    let (certificate, key, crl) = (at("gateway.pem"), at("gateway.key"), at("ca.crl.pem"));
    let pair = |pair: &(PathBuf, PathBuf)| {
        vec![
            (certificate.clone(), quoted(&pair.0)),
            (key.clone(), quoted(&pair.1)),
        ]
    };
    let one = |from: &str, to: &Path| vec![(from.to_owned(), quoted(to))];
    let with = |mut edits: Vec<(String, String)>, more: Vec<(String, String)>| {
        edits.extend(more);
        edits
    };
    let grace = (
        "[tls]\n".to_owned(),
        "[tls]\ncrl-grace-hours = 72\n".to_owned(),
    );
    let rows: Vec<Row> = vec![
        (pair(&expired), 1, "FAIL certificate", "expired on"),
        (pair(&later), 1, "FAIL certificate", "is not valid before"),
        (pair(&soon), 0, "warn certificate", "expires in 8 days"),
        (pair(&client), 1, "FAIL certificate", "lacks serverAuth"),
        (
            one(&certificate, &empty),
            1,
            "FAIL certificate",
            "holds no PEM certificate chain",
        ),
        (
            one(&certificate, &good.0),
            1,
            "FAIL certificate",
            "is not the PEM private key of the certificate",
        ),
        (
            one(&key, &open),
            1,
            "FAIL certificate",
            "others can read this key; chmod 600 it",
        ),
        (
            one(&key, &gone),
            1,
            "FAIL certificate",
            "cannot be read; check the path",
        ),
        (
            with(pair(&good), one(&crl, &revoking)),
            1,
            "FAIL certificate",
            "was revoked; have a new one issued",
        ),
        (
            one(&crl, &gone),
            1,
            "FAIL crl",
            "cannot be read; check the path",
        ),
        (
            one(&crl, &gone),
            1,
            "FAIL crl",
            "this trust anchor has no CRL; add its file to tls.crls",
        ),
        (one(&crl, &empty), 1, "FAIL crl", "there is no CRL in it"),
        (
            one(&crl, &strange_pki().join("ca.crl.pem")),
            1,
            "FAIL crl",
            "is not signed by it",
        ),
        (one(&crl, &stale), 1, "FAIL crl", "stale since"),
        (
            with(one(&crl, &stale), vec![grace]),
            0,
            "warn crl",
            "crl-grace-hours it counts for another",
        ),
        (
            one(&crl, &nearly),
            0,
            "warn crl",
            "see that a new one is fetched",
        ),
        (
            one(&at("img.jwks.json"), &empty),
            1,
            "FAIL jwks",
            "it is not plain JSON",
        ),
        (
            one(&at("img.jwks.json"), &gone),
            1,
            "FAIL jwks",
            "cannot be read",
        ),
        (
            one(&at("ca.pem"), &empty),
            1,
            "FAIL anchor",
            "there is no certificate in it",
        ),
    ];
    let before = contents(&world);
    for (edits, code, start, what) in &rows {
        let edits: Vec<_> = edits
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let told = doctor(&changed(&world, "broken.toml", &edits), &["--quiet"]);
        assert_eq!(told.code, Some(*code), "{what}: {told:#?}");
        told.says(start, what);
        // Whatever is wrong, the rest is looked at.
        let all = doctor(&changed(&world, "broken.toml", &edits), &[]);
        all.says("ok ledger", "holds 0 entries");
        assert!(told.complaints.is_empty(), "{told:#?}");
    }
    assert_eq!(before, contents(&world), "something was changed");
    eprintln!("doctor: {} broken files, each told", rows.len());
    world.abandon();
}

/// Files of the ledger, rules, addresses, others: one change each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a long table")]
async fn every_broken_set_up_has_its_line() {
    let world = World::without_gateway(Store::Sqlite).await;
    let other = World::without_gateway(Store::Sqlite).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let exchange = (
        "exchange = \"127.0.0.1:0\"",
        format!("exchange = \"{taken}\""),
    );
    let keep = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = keep.local_addr().unwrap();
    drop(keep);
    let anchors = format!("trust-anchors = [\"{}\"]", pki().join("ca.pem").display());
    let desk = format!(
        "[store]\nurl = \"sqlite:ledger.db\"\n[desk]\nurl = \"https://balie.example\"\n\
         issuer = \"https://{closed}/\"\nclient-id = \"x\"\n{anchors}\n"
    );
    let collector =
        format!("[collector]\nurl = \"https://{closed}/v1/logs\"\n{anchors}\n[store]\nurl");
    let telemetry = format!("[telemetry]\nurl = \"https://{closed}\"\n{anchors}\n[store]\nurl");
    let signatures = pki().join("2023-04-19-twg.ncg.json");
    let old = pki().join("2021-04-01-convenant.ncg.json");
    let config = std::fs::read_to_string(world.config()).unwrap();
    let signed = config
        .lines()
        .find(|line| line.starts_with("signatures"))
        .unwrap();
    let lacking = signed
        .replace(&format!(", {}", quoted(&signatures)), "")
        .replace(&format!(", {}", quoted(&old)), "");
    assert_ne!(signed, lacking);
    let other_log = format!("key = {}", quoted(&other.folder.path().join("log.key")));
    let store = "[store]\nurl = \"sqlite:ledger.db\"\n";
    let rows: Vec<(&str, String, i32, &str, &str)> = vec![
        (
            store,
            "[store]\nurl = \"sqlite:none.db\"\n".to_owned(),
            1,
            "FAIL database",
            "make one with `sluis ledger init`",
        ),
        (
            store,
            "[store]\nurl = \"sqlite:no/where.db\"\n".to_owned(),
            1,
            "FAIL disk",
            "there is no folder",
        ),
        (
            store,
            "[store]\nurl = \"sqlite:log.key\"\n".to_owned(),
            1,
            "FAIL database",
            "file is not a database",
        ),
        (
            store,
            "[store]\nurl = \"postgres://nobody@127.0.0.1:1/none\"\n".to_owned(),
            1,
            "FAIL database",
            "whether the server runs",
        ),
        (
            "key = \"log.key\"",
            "key = \"gone.key\"".to_owned(),
            1,
            "FAIL keys",
            "there is no key file",
        ),
        (
            "key = \"log.key\"",
            other_log,
            1,
            "FAIL ledger",
            "is not signed with",
        ),
        (
            "master-key = \"master.key\"",
            "master-key = \"log.key\"".to_owned(),
            1,
            "FAIL keys",
            "does not hold 32 bytes",
        ),
        (
            "origin = \"sluis.example/logboek\"",
            "origin = \"other/log\"".to_owned(),
            1,
            "FAIL keys",
            "but ledger.origin says other/log",
        ),
        (
            signed,
            String::new(),
            1,
            "FAIL policy",
            "no bundle is in force",
        ),
        (
            signed,
            lacking,
            1,
            "warn policy",
            "2023-04-19-twg waits for the signature of ncg",
        ),
        (
            "role = \"gemeente\"",
            "role = \"provincie\"".to_owned(),
            1,
            "FAIL policy",
            "no bundle knows the role provincie",
        ),
        (
            exchange.0,
            exchange.1,
            1,
            "FAIL listen",
            "is used by something else",
        ),
        (
            "exchange = \"127.0.0.1:0\"",
            "exchange = \"192.0.2.1:8443\"".to_owned(),
            1,
            "FAIL listen",
            "cannot be listened on",
        ),
        (
            store,
            desk.clone(),
            1,
            "FAIL login",
            "the login service cannot be reached",
        ),
        (
            store,
            desk,
            1,
            "FAIL certificate",
            "and not for balie.example: browsers refuse the desk",
        ),
        (
            "[store]\nurl",
            collector,
            0,
            "warn collector",
            "cannot be reached",
        ),
        (
            "[store]\nurl",
            telemetry,
            0,
            "warn telemetry",
            "cannot be reached",
        ),
    ];
    let before = contents(&world);
    for (from, to, code, start, what) in &rows {
        let told = doctor(&changed(&world, "broken.toml", &[(from, to)]), &[]);
        assert_eq!(told.code, Some(*code), "{what}: {told:#?}");
        told.says(start, what);
        told.says("ok certificate", "gateway.key: is the certificate's key");
    }
    // Keys that others can read, and the files of the database.
    for (name, start, what) in [
        ("log.key", "FAIL keys", "others can read the key file"),
        ("master.key", "FAIL keys", "make it private with chmod 600"),
        (
            "ledger.db",
            "warn database",
            "with personal data and keys; chmod 600",
        ),
    ] {
        let path = world.folder.path().join(name);
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o644).unwrap();
        let told = doctor(&world.config(), &[]);
        told.says(start, what);
        mode(0o600).unwrap();
    }
    // A configuration that cannot be read is told as `check-config` does.
    let broken = changed(
        &world,
        "broken.toml",
        &[
            ("master-key", "mastr-key"),
            ("[tls]", "[tls]\nprofile = \"ssl3\""),
        ],
    );
    let told = doctor(&broken, &[]);
    let config = broken.display().to_string();
    let checked = sluis(["check-config", "--config", &config]);
    assert_eq!((told.code, told.lines.len()), (Some(64), 0), "{told:#?}");
    assert_eq!(told.complaints.as_bytes(), checked.stderr);
    assert_eq!(before, contents(&world), "something was changed");
    eprintln!("doctor: {} broken set-ups, each told", rows.len() + 4);
    other.abandon();
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_and_witnesses_are_asked_for_nothing() {
    let world = World::without_gateway(Store::Sqlite).await;
    let ncg = &Party::find("ncg").oin;
    for (behaviour, what) in [
        (
            Behaviour::OtherOin,
            "the certificate is another organisation's; its CA belongs in",
        ),
        (
            Behaviour::StrangeCertificate,
            "its certificate is not accepted: there is no valid path to a trust anchor",
        ),
        (Behaviour::HangsUp, "cannot be reached"),
    ] {
        world.ncg.behave(behaviour.clone());
        let told = doctor(&world.config(), &[]);
        assert_eq!(told.code, Some(1), "{behaviour:?}: {told:#?}");
        told.says("FAIL provider", what);
        assert!(
            told.of("FAIL provider")
                .iter()
                .all(|line| line.contains(ncg)),
            "{told:#?}"
        );
        told.says("ok provider", &Party::find("img").oin);
    }
    world.ncg.behave(Behaviour::Good);
    world.img.take_asked();
    let told = doctor(&world.config(), &[]);
    assert_eq!(
        (told.code, told.of("ok provider").len()),
        (Some(0), 2),
        "{told:#?}"
    );
    let asked = world.img.take_asked();
    let asked: Vec<_> = asked
        .iter()
        .map(|one| (one.method.as_str(), one.path.as_str()))
        .collect();
    assert_eq!(asked, [("HEAD", "/bron/documenten/")]);
    assert_eq!(told.of("ok clock").len(), 2, "{told:#?}");
    world.ncg.shut_down();
    let told = doctor(&world.config(), &["--json"]);
    assert_eq!(told.code, Some(1));
    let told: Value = serde_json::from_str(&told.lines.join("\n")).unwrap();
    let failed: Vec<&Value> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["mark"] == "fail")
        .collect();
    assert_eq!(told["fail"], failed.len());
    assert!(
        failed
            .iter()
            .any(|one| one["about"] == "provider" && one["do"].is_string()),
        "{told:#}"
    );
    world.abandon();
}

on_each_store! {
    async fn a_running_gateway_is_not_disturbed(store) {
        let mut world = World::without_gateway(store).await;
        let told = doctor(&world.config(), &[]);
        assert_eq!(told.code, Some(0), "{told:#?}");
        assert!(told.marked("FAIL").is_empty(), "{told:#?}");
        told.says("ok policy", "nothing is in force yet; at the next start");
        told.says("ok gateway", "none runs here");
        world.start().await;
        let document = world.document("ncg", "opnamerapport", ADDRESS, 100).await;
        let download = Call::get(format!("/v1/documenten/{document}/download"));
        world.ask("img", &Token::new("schade-afhandeling"), download).await.expect("200");
        let before = world.settled().await.lines.len();
        let gateway = &world.gateways[0];
        let (exchange, at_ops) = (gateway.exchange.to_string(), gateway.ops.to_string());
        let running = changed(&world, "running.toml", &[
            ("exchange = \"127.0.0.1:0\"", &format!("exchange = \"{exchange}\"")),
            ("ops = \"127.0.0.1:0\"", &format!("ops = \"{at_ops}\"")),
        ]);
        for _ in 0..3 {
            let told = doctor(&running, &[]);
            assert_eq!(told.code, Some(0), "{told:#?}");
            told.says("ok gateway", "one runs here and is ready");
            told.says("ok listen", &format!("exchange {exchange} is the running gateway's"));
            told.says("ok ledger", "entries, signed with");
            told.says("ok keys", "opens what is sealed in the ledger");
            told.says("ok policy", "2023-04-19-twg is in force");
            for secret in [ADDRESS, &document, "medewerker-17", "ZK-2026-0001"] {
                assert!(!told.lines.join("\n").contains(secret), "{told:#?}");
            }
        }
        // The key of another ledger opens nothing of this one.
        let other = World::without_gateway(Store::Sqlite).await;
        let master = format!("master-key = {}", quoted(&other.folder.path().join("master.key")));
        let wrong = changed(&world, "wrong.toml", &[("master-key = \"master.key\"", &master)]);
        let told = doctor(&wrong, &[]);
        assert_eq!(told.code, Some(1), "{told:#?}");
        told.says("FAIL keys", "is not the master key of this ledger");
        other.abandon();
        assert_eq!(ops(world.gateways[0].ops, "/readyz").await.status, 200);
        assert_eq!(world.settled().await.lines.len(), before, "the ledger grew");
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_is_told() {
    let world = World::without_gateway(Store::Postgres).await;
    let url = url::Url::parse(world.database.url()).unwrap();
    let name = url.path().trim_start_matches('/').to_owned();
    for value in ["off", "local"] {
        let set = format!("alter database {name} set synchronous_commit = {value}");
        world.database.run(&set).await;
        let told = doctor(&world.config(), &[]);
        assert_eq!(told.code, Some(1), "{told:#?}");
        told.says(
            "FAIL database",
            &format!("synchronous_commit = {value}, but a record is only durable with on"),
        );
    }
    let set = format!("alter database {name} set synchronous_commit = remote_apply");
    world.database.run(&set).await;
    let told = doctor(&world.config(), &[]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    told.says("warn database", "synchronous_standby_names is empty");
    told.says("ok clock", "the database");
    assert_eq!(doctor(&world.config(), &["--strict"]).code, Some(1));
    world
        .database
        .run("drop schema public cascade; create schema public")
        .await;
    let told = doctor(&world.config(), &[]);
    assert_eq!(told.code, Some(1), "{told:#?}");
    told.says("FAIL ledger", "make one with `sluis ledger init`");
    world.abandon();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witnesses_tell_how_far_they_know_the_ledger_and_remember_nothing_more() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let mut one = Witness::new(&world, "one").await;
    let other = Witness::new(&world, "other").await;
    ask(&world, &[&one, &other], "all", "");
    let told = doctor(&world.config(), &[]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    told.says("ok witness", "knows the ledger's key");
    told.says("ok witness", "the quorum can be reached, with w0, w1");
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let size = cosigned(&world, 0, world.size().await)
        .await
        .checkpoint
        .size;
    let told = doctor(&world.config(), &[]);
    told.says("ok witness", &format!("cosigned {size} entries"));
    one.kill();
    let told = doctor(&world.config(), &[]);
    assert_eq!(told.code, Some(1), "{told:#?}");
    told.says("FAIL witness", "w0 at");
    told.says("warn witness", "the quorum cannot be reached");
    one.start().await;
    // An older copy of the database is put back.
    assert_eq!(world.gateways[0].stop().await, Some(0));
    let files =
        ["ledger.db", "ledger.db-wal", "ledger.db-shm"].map(|name| world.folder.path().join(name));
    let copy = files.each_ref().map(|file| std::fs::read(file).ok());
    world.come_back(0).await;
    world.owners(ADDRESS, &["eig-2"]).await;
    let size = cosigned(&world, 0, world.size().await)
        .await
        .checkpoint
        .size;
    assert_eq!(world.gateways[0].stop().await, Some(0));
    for (file, bytes) in files.iter().zip(&copy) {
        let _ = std::fs::remove_file(file);
        if let Some(bytes) = bytes {
            std::fs::write(file, bytes).unwrap();
        }
    }
    let before = contents(&world);
    let told = doctor(&world.config(), &[]);
    assert_eq!(told.code, Some(1), "{told:#?}");
    let rolled_back = told.of("FAIL witness");
    assert_eq!(rolled_back.len(), 2, "{told:#?}");
    for line in rolled_back {
        assert!(
            line.contains("entries, and the database has") && line.contains("deploy/lost.md"),
            "{line}"
        );
    }
    assert!(size > 0);
    assert_eq!(before, contents(&world), "something was changed");
    world.abandon();
}

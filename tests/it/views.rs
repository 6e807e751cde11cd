//! The ledger in the words of standards: as lines, as a file, to a collector over TLS, on command and
//! by a gateway that follows itself.

use std::collections::BTreeSet;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Call, ops};
use crate::collector::{Collector, Mood};
use crate::party::{Party, Token, pki, strange_pki};
use crate::process::sluis;
use crate::world::{Store, World, consent, on_each_store};

const ADDRESS: &str = "0024200000017301";
const PATIENCE: Duration = Duration::from_secs(40);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// An address with two owners; a release, a refusal and a search about it.
async fn some_day(world: &World) {
    world.owners(ADDRESS, &["eig-anna", "eig-bram"]).await;
    let body = consent(ADDRESS, "eig-anna", "ncg", "schademelding");
    world.tell("img", "POST", "/v1/toestemmingen", &body).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 900).await;
    let download = Call::get(format!("/v1/documenten/{uuid}/download"));
    let traced = download.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-00"));
    let asked = world
        .ask("img", &Token::new("schade-afhandeling"), traced)
        .await;
    asked.expect("200");
    let other = world.document("img", "schademelding", ADDRESS, 900).await;
    let download = Call::get(format!("/v1/documenten/{other}/download"));
    let asked = world.ask("ncg", &Token::new("overig"), download).await;
    assert_eq!(asked.code(), "niet-toegestaan");
    let search = Call::new("POST", "/v1/documenten/_zoek");
    let search = search.json(&serde_json::json!({"nummeraanduiding": ADDRESS}));
    let asked = world
        .ask("img", &Token::new("schade-afhandeling"), search)
        .await;
    asked.expect("200");
}

fn export(world: &World, args: &[&str]) -> Output {
    let config = world.config().display().to_string();
    sluis(["ledger", "export", "--config", &config].iter().chain(args))
}

/// What it wrote to standard output, when it did well.
fn exported(world: &World, args: &[&str]) -> String {
    let done = export(world, args);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{args:?}: {errors}");
    String::from_utf8(done.stdout).unwrap()
}

fn records(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Its exit code, and the one line it says.
fn wrong(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let done = export(world, args);
    let said = String::from_utf8(done.stderr).unwrap();
    (
        done.status.code(),
        said.lines().next().unwrap_or_default().to_owned(),
    )
}

fn spans(records: &[Value], name: &str) -> Vec<String> {
    let spans = records
        .iter()
        .map(|one| one[name].as_str().unwrap().to_owned());
    spans.collect()
}

on_each_store! {
    async fn each_form_is_exported_beside_a_running_gateway(store) {
        let mut world = World::new(store).await;
        some_day(&world).await;
        let book = world.settled().await;
        let told = |form: &str| records(&exported(&world, &["--as", form]));

        let fsc = told("fsc");
        let (img, ncg) = (&Party::find("img").oin, &Party::find("ncg").oin);
        let parties: Vec<_> = fsc
            .iter()
            .map(|one| (&one["source"]["outway_peer_id"], &one["destination"]["service_peer_id"]))
            .collect();
        assert_eq!(parties, [(&img.as_str().into(), &ncg.as_str().into()), (&ncg.as_str().into(), &img.as_str().into())]);
        let of_img = exported(&world, &["--as", "fsc", "--for", img]);
        let directions: Vec<Value> = records(&of_img).iter().map(|one| one["direction"].clone()).collect();
        assert_eq!(directions, ["DIRECTION_OUTGOING", "DIRECTION_INCOMING"]);
        assert_eq!(exported(&world, &["--as", "fsc", "--for", &Party::find("gemeente").oin]), "");

        // Three decisions about two owners; the release was carried out, and a refusal is no fault.
        let ldv = told("ldv");
        let statuses: Vec<&str> = ldv.iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(ldv.len(), 6, "{ldv:#?}");
        assert_eq!(statuses.iter().filter(|status| **status == "Unset").count(), 2, "{statuses:?}");
        let subjects: BTreeSet<&str> = ldv
            .iter()
            .map(|one| one["attributes"]["dpl.core.data_subject_id"].as_str().unwrap())
            .collect();
        assert_eq!(subjects.len(), 2);
        assert_eq!(ldv.iter().filter(|one| one["trace_id"] == TRACE).count(), 2);

        let adl = told("adl");
        let decisions = book.of_kind("besluit").count() + book.of_kind("zoek").count();
        assert_eq!(adl.len(), decisions);
        let traced = adl.iter().find(|one| one["trace_id"] == TRACE).unwrap();
        assert_eq!(traced["parent_span_id"], "00f067aa0ba902b7");

        let csv = exported(&world, &["--as", "csv"]);
        assert_eq!(csv.lines().count(), book.lines.len() + 1);
        assert!(csv.starts_with("index;tijd;soort;"), "{csv}");

        for text in [&csv, &format!("{fsc:?}{ldv:?}{adl:?}")] {
            for personal in ["eig-", ADDRESS, "medewerker-17", "ZK-2026", "Rapport over"] {
                assert!(!text.contains(personal), "{personal}");
            }
        }
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_an_export_are_the_whole() {
    let mut world = World::new(Store::Sqlite).await;
    some_day(&world).await;
    let size = world.settled().await.lines.len();
    for form in ["fsc", "ldv", "adl", "csv"] {
        let whole = exported(&world, &["--as", form]);
        let file = world.folder.path().join(form).display().to_string();
        let told = format!(
            "The records of {size} entries were taken; the next export begins with --from {size}.\n"
        );
        assert_eq!(exported(&world, &["--as", form, "--out", &file]), told);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
        let rest = |from: usize| exported(&world, &["--as", form, "--from", &from.to_string()]);
        let head = usize::from(form == "csv");
        assert_eq!(rest(size).lines().count(), head);
        for from in [1, size / 2, size - 1] {
            assert!(
                whole.ends_with(rest(from).splitn(head + 1, '\n').last().unwrap()),
                "{form} {from}"
            );
        }
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_cannot_be_made_says_why() {
    let mut world = World::new(Store::Sqlite).await;
    some_day(&world).await;
    world.settled().await;
    let collector = Collector::start().await;
    let (url, plain) = (collector.url(), format!("http://{}", collector.address));
    let ca = pki().join("ca.pem").display().to_string();
    let strange = strange_pki().join("ca.pem").display().to_string();
    let there = world.config().display().to_string();
    let otlp = ["--as", "ldv", "--otlp", &url, "--ca"];
    for (args, exit, told) in [
        (&[][..], 64, "--out"),
        (&["--as", "xml"], 64, "xml"),
        (&["--as", "ldv", "--for", "123"], 64, "123"),
        (&["--as", "ldv", "--from", "-1"], 64, "-1"),
        (
            &["--as", "ldv", "--out", &there],
            64,
            "name a file that is not there yet",
        ),
        (&["--for", "00000001812345678000", "--out", "x"], 64, "--as"),
        (&["--as", "ldv", "--otlp", &url], 64, "--ca"),
        (&[&otlp[..], &[&ca, "--out", "x"]].concat(), 64, "--out"),
        (
            &["--as", "csv", "--otlp", &url, "--ca", &ca],
            64,
            "fsc, ldv or adl",
        ),
        (&["--as", "ldv", "--otlp", &plain, "--ca", &ca], 64, "https"),
        (&[&otlp[..], &["none.pem"]].concat(), 64, "none.pem"),
    ] {
        let (code, said) = wrong(&world, args);
        assert_eq!(code, Some(exit), "{args:?}: {said}");
        assert!(said.contains(told), "{args:?}: {said}");
    }
    assert_eq!(collector.take_asked(), 0, "nothing was sent");

    // 500 is not tried again, 503 is; and who is not trusted gets nothing at all.
    for (mood, ca, exit, told, asked) in [
        (Mood::Status(500), &ca, 70, "answered 500", 1..=1),
        (Mood::Status(301), &ca, 70, "answered 301", 1..=1),
        (Mood::Refuses(2), &ca, 70, "refused 2 records", 1..=1),
        (Mood::Good, &strange, 70, "cannot be reached", 0..=0),
        (Mood::Strange, &ca, 70, "cannot be reached", 0..=0),
        (Mood::Status(503), &ca, 70, "answered 503", 5..=5),
    ] {
        collector.be(mood);
        let (code, said) = wrong(&world, &[&otlp[..], &[ca]].concat());
        assert_eq!(code, Some(exit), "{mood:?}: {said}");
        assert!(said.contains(told), "{mood:?}: {said}");
        assert!(asked.contains(&collector.take_asked()), "{mood:?}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_what_would_be_printed() {
    let mut world = World::new(Store::Sqlite).await;
    some_day(&world).await;
    world.settled().await;
    let collector = Collector::start().await;
    let ca = pki().join("ca.pem").display().to_string();
    for (form, id) in [
        ("ldv", "span_id"),
        ("adl", "span_id"),
        ("fsc", "transaction_id"),
    ] {
        let printed = records(&exported(&world, &["--as", form]));
        let url = collector.url();
        let said = exported(&world, &["--as", form, "--otlp", &url, "--ca", &ca]);
        assert!(said.contains("were taken"), "{said}");
        let taken = collector.taken(&format!("sluis.{form}"));
        assert_eq!(taken.len(), printed.len(), "{form}");
        if form == "fsc" {
            let ids = taken
                .iter()
                .map(|one| one["body"]["stringValue"].as_str().unwrap());
            assert_eq!(ids.collect::<Vec<_>>(), spans(&printed, id));
        } else {
            assert_eq!(spans(&taken, "spanId"), spans(&printed, id), "{form}");
        }
    }
    world.close().await;
}

/// Has the world's gateways tell this collector.
fn tell(world: &World, collector: &Collector, views: &str) {
    let config = std::fs::read_to_string(world.config()).unwrap();
    let (config, _) = config.split_once("\n[collector]").unwrap_or((&config, ""));
    let config = format!(
        "{config}\n[collector]\nurl = \"{}\"\ntrust-anchors = [\"{}/ca.pem\"]\nviews = [{views}]\n",
        collector.url(),
        pki().display()
    );
    std::fs::write(world.config(), config).unwrap();
}

async fn figure(world: &World, at: usize, name: &str) -> f64 {
    let figures = ops(world.gateways[at].ops, "/metrics").await;
    let line = figures
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {}", figures.text()));
    line.trim().parse().unwrap()
}

/// Waits until a figure is as it should be.
async fn until(world: &World, name: &str, proper: impl Fn(f64) -> bool) {
    let since = Instant::now();
    loop {
        let value = figure(world, 0, name).await;
        if proper(value) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{name} stays {value}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the collector has everything, and nothing else.
async fn all_told(world: &mut World, collector: &Collector) {
    world.settled().await;
    until(world, LAG, |lag| lag == 0.0).await;
    until(world, LAG_ADL, |lag| lag == 0.0).await;
    for form in ["ldv", "adl"] {
        let taken = spans(&collector.taken(&format!("sluis.{form}")), "spanId");
        let unique: BTreeSet<&String> = taken.iter().collect();
        let printed = spans(&records(&exported(world, &["--as", form])), "span_id");
        assert_eq!(unique, printed.iter().collect(), "{form}");
    }
}

const LAG_ADL: &str = "sluis_collector_lag_entries{view=\"adl\"} ";
const LAG: &str = "sluis_collector_lag_entries{view=\"ldv\"} ";
const FAILURES: &str = "sluis_collector_failures_total{view=\"ldv\"} ";
const REFUSED: &str = "sluis_collector_refused_records_total{view=\"ldv\"} ";

on_each_store! {
    /// Each record comes; across a collector that is away, a restart and a crash; and none comes twice
    /// where nothing went wrong.
    async fn a_gateway_tells_what_comes_in(store) {
        let mut world = World::without_gateway(store).await;
        let collector = Collector::start().await;
        tell(&world, &collector, "\"ldv\", \"adl\"");
        world.start().await;
        some_day(&world).await;
        world.settled().await;
        until(&world, LAG, |lag| lag == 0.0).await;
        let printed = |form: &str| spans(&records(&exported(&world, &["--as", form])), "span_id");
        assert_eq!(spans(&collector.taken("sluis.ldv"), "spanId"), printed("ldv"));
        assert_eq!(collector.taken("sluis.fsc"), Vec::<Value>::new());

        // It is away: documents pass as ever, and it gets its records when it is back.
        collector.be(Mood::Status(503));
        some_day(&world).await;
        world.settled().await;
        until(&world, FAILURES, |failures| failures >= 2.0).await;
        assert!(figure(&world, 0, LAG).await >= 5.0);
        assert_eq!(ops(world.gateways[0].ops, "/readyz").await.status, 200);
        // A stop does not wait for it.
        world.restart(0).await;
        some_day(&world).await;
        // Only a release whose end is in the book has one again at once.
        world.settled().await;
        world.gateways[0].kill();
        collector.be(Mood::Good);
        world.come_back(0).await;
        all_told(&mut world, &collector).await;
        // Nothing was sent twice in quiet times: a restart goes on where it was.
        let before = collector.taken("sluis.ldv").len();
        world.restart(0).await;
        until(&world, LAG, |lag| lag == 0.0).await;
        assert_eq!(collector.taken("sluis.ldv").len(), before);
        if store == Store::Postgres {
            // Two share the place, and leave nothing out between them.
            world.start().await;
            some_day(&world).await;
            all_told(&mut world, &collector).await;
        }
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_collector_refuses_for_good_holds_nothing_up() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let collector = Collector::start().await;
    tell(&world, &collector, "\"ldv\"");
    collector.be(Mood::Refuses(2));
    world.start().await;
    some_day(&world).await;
    world.settled().await;
    until(&world, LAG, |lag| lag == 0.0).await;
    assert!(figure(&world, 0, REFUSED).await >= 2.0);
    assert!(
        world.gateways[0]
            .said()
            .contains("refused records for good")
    );
    // Who is not trusted learns nothing.
    world.gateways[0].stop().await;
    collector.be(Mood::Strange);
    let before = collector.taken("sluis.ldv").len();
    world.come_back(0).await;
    some_day(&world).await;
    until(&world, FAILURES, |failures| failures >= 1.0).await;
    assert_eq!(collector.taken("sluis.ldv").len(), before);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_cannot_be_is_told_before_anything_opens() {
    let world = World::without_gateway(Store::Sqlite).await;
    let collector = Collector::start().await;
    tell(&world, &collector, "\"csv\"");
    let config = world.config().display().to_string();
    for (from, to, told) in [
        (
            "\"csv\"",
            "\"csv\"",
            "collector.views[0]: expected fsc, ldv or adl",
        ),
        ("\"csv\"", "\"ldv\"", ""),
        ("/ca.pem\"]\nviews", "/none.pem\"]\nviews", "none.pem"),
    ] {
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace(from, to)).unwrap();
        let checked = sluis(["check-config", "--config", &config]);
        let said = String::from_utf8(checked.stderr).unwrap();
        let code = if told.is_empty() { 0 } else { 64 };
        assert_eq!(checked.status.code(), Some(code), "{said}");
        assert!(said.contains(told), "{said}");
    }
    world.abandon();
}

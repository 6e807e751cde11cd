//! Traces and the log of a gateway, told to a collector over TLS; and a collector that is not there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Answer, Call, ops};
use crate::collector::{Collector, Mood, TRACES};
use crate::party::{Party, Token, pki};
use crate::world::{Store, World};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

const ADDRESS: &str = "0024200000019601";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A world whose gateway tells this collector, and how a document is asked of it.
async fn world(collector: &Collector, further: &str) -> (World, impl Fn() -> Call + use<>) {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let config = std::fs::read_to_string(world.config()).unwrap();
    let (url, certs) = (collector.url(), pki().display());
    let telemetry =
        format!("[telemetry]\nurl = \"{url}\"\ntrust-anchors = [\"{certs}/ca.pem\"]\n{further}");
    std::fs::write(world.config(), format!("{config}\n{telemetry}\n")).unwrap();
    world.start().await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let download = move || Call::get(format!("/v1/documenten/{document}/download"));
    (world, download)
}

async fn dropped(world: &World, signal: &str) -> f64 {
    let start = format!("sluis_telemetry_dropped_total{{signal=\"{signal}\"}} ");
    let figures = ops(world.gateways[0].ops, "/metrics").await;
    let line = figures
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{}", figures.text()))
        .parse()
        .unwrap()
}

/// What the collector took, once there is something like it.
async fn taken(collector: &Collector, scope: &str, like: impl Fn(&Value) -> bool) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let taken = collector.taken(scope);
        if taken.iter().any(&like) {
            return taken;
        }
        assert!(since.elapsed() < PATIENCE, "{taken:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let all = of["attributes"].as_array().unwrap().iter();
    let one = |one: &Value| {
        (
            one["key"].as_str().unwrap().to_owned(),
            one["value"].clone(),
        )
    };
    all.map(one).collect()
}

fn is_about(record: &Value, transaction: &str) -> bool {
    let told = attributes(record).remove("fsc.transaction_id");
    told.is_some_and(|told| told["stringValue"] == transaction)
}

/// The spans of the call with this answer, by their names.
async fn spans_of(collector: &Collector, answer: &Answer) -> BTreeMap<String, Value> {
    let transaction = answer.header("fsc-transaction-id");
    let all = taken(collector, TRACES, |span| is_about(span, transaction)).await;
    let call = all.iter().find(|span| is_about(span, transaction)).unwrap();
    let of_call = all.iter().filter(|span| span["traceId"] == call["traceId"]);
    let named = |span: &Value| (span["name"].as_str().unwrap().to_owned(), span.clone());
    of_call.map(named).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_traced_goes_on_as_it_came() {
    let collector = Collector::start().await;
    let (world, download) = world(&collector, "sample-ratio = 0").await;
    let token = Token::new("schade-afhandeling");
    world.ncg.take_asked();

    // What cannot be read does not.
    let unsampled = format!("00-{TRACE}-{SPAN}-00");
    let number = format!("00-{}-{ADDRESS}-01", "ab".repeat(16));
    for (sent, goes_on) in [
        (None, None),
        (Some(&unsampled), Some(&unsampled)),
        (Some(&number), Some(&number)),
        (Some(&"00-nonsense".to_owned()), None),
    ] {
        let mut call = download();
        if let Some(sent) = sent {
            call = call.header("traceparent", sent);
        }
        world.ask("img", &token, call).await.expect("200");
        let asked = world.ncg.take_asked().pop().unwrap();
        let told = asked
            .headers
            .get("traceparent")
            .map(|told| told.to_str().unwrap());
        assert_eq!(told, goes_on.map(String::as_str), "{sent:?}");
    }
    // Its events stand in no trace.
    let told = "GET /v1/documenten/{uuid}/download answered 200";
    let same = |event: &Value| event["body"]["stringValue"] == told;
    let since = Instant::now();
    let events = loop {
        let all = taken(&collector, "sluis", same).await;
        let events: Vec<Value> = all.into_iter().filter(same).collect();
        if events.len() == 4 {
            break events;
        }
        assert!(since.elapsed() < PATIENCE, "{events:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(events.iter().all(|event| event.get("traceId").is_none()));
    assert_eq!(collector.taken(TRACES), Vec::<Value>::new());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_traced_from_its_caller_to_the_provider() {
    let collector = Collector::start().await;
    let (world, download) = world(&collector, "sample-ratio = 0").await;
    let token = Token::new("schade-afhandeling");
    world.ncg.take_asked();

    let sent = format!("00-{TRACE}-{SPAN}-01");
    let call = download()
        .header("traceparent", sent)
        .header("tracestate", "who=whatever");
    let granted = world.ask("img", &token, call).await.expect("200");
    let asked = world.ncg.take_asked().pop().unwrap();
    let spans = spans_of(&collector, &granted).await;
    let name = "GET /v1/documenten/{uuid}/download";
    let names: Vec<&str> = spans.keys().map(String::as_str).collect();
    let parts = ["decide", "facts", "forward", "identify", "record", "seal"];
    assert_eq!(names, [&[name], &parts[..]].concat());
    let call = &spans[name];
    assert_eq!(
        (&call["traceId"], &call["parentSpanId"]),
        (&TRACE.into(), &SPAN.into())
    );
    assert_eq!(call["kind"], 2);
    assert!(call.get("status").is_none());
    let told = attributes(call);
    assert_eq!(
        told["organisation.oin"]["stringValue"],
        *Party::find("img").oin
    );
    assert_eq!(told["http.response.status_code"]["intValue"], "200");
    let nanos = |of: &Value, name: &str| -> u128 { of[name].as_str().unwrap().parse().unwrap() };
    for part in parts {
        let span = &spans[part];
        assert_eq!(span["parentSpanId"], call["spanId"], "{part}");
        assert_eq!(span["traceId"], TRACE, "{part}");
        let (from, to) = (
            nanos(span, "startTimeUnixNano"),
            nanos(span, "endTimeUnixNano"),
        );
        assert!(
            nanos(call, "startTimeUnixNano") <= from && from <= to,
            "{part}"
        );
        assert!(to <= nanos(call, "endTimeUnixNano"), "{part}");
    }
    let forward = &spans["forward"];
    assert_eq!(forward["kind"], 3);
    let provider = &attributes(forward)["provider.oin"]["stringValue"];
    assert_eq!(provider, &Party::find("ncg").oin);
    let handed_on = format!("00-{TRACE}-{}-01", forward["spanId"].as_str().unwrap());
    assert_eq!(asked.headers["traceparent"], handed_on.as_str());
    assert!(!asked.headers.contains_key("tracestate"));
    // The event of the call stands in its trace.
    let transaction = granted.header("fsc-transaction-id");
    let events = taken(&collector, "sluis", |event| is_about(event, transaction)).await;
    let event = events
        .iter()
        .find(|event| is_about(event, transaction))
        .unwrap();
    assert_eq!(event["traceId"], TRACE);
    assert_eq!(event["spanId"], call["spanId"]);
    assert_eq!(
        (&event["severityNumber"], &event["severityText"]),
        (&9.into(), &"INFO".into())
    );
    let body = "GET /v1/documenten/{uuid}/download answered 200";
    assert_eq!(event["body"]["stringValue"], body);
    assert!(
        events
            .iter()
            .any(|event| event["body"]["stringValue"] == "the gateway is open")
    );
    assert!(dropped(&world, "traces").await.abs() < f64::EPSILON);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_traced_under_its_transaction() {
    let collector = Collector::start().await;
    let (world, download) = world(&collector, "sample-ratio = 1\nsignals = [\"traces\"]").await;
    let token = Party::find("img").token(&Token::new("overig"));
    for (token, status, code) in [
        (token.as_str(), "403", "niet-toegestaan"),
        ("not.a.token", "401", "token-ongeldig"),
    ] {
        let refused = world.call("img", &download().token(token)).await;
        let spans = spans_of(&collector, &refused).await;
        let call = &spans["GET /v1/documenten/{uuid}/download"];
        let transaction = refused.header("fsc-transaction-id").replace('-', "");
        assert_eq!(call["traceId"], transaction.as_str());
        assert!(call.get("parentSpanId").is_none());
        assert!(call.get("status").is_none(), "it is the caller's");
        let told = attributes(call);
        assert_eq!(told["http.response.status_code"]["intValue"], status);
        assert_eq!(told["problem.code"]["stringValue"], code);
        assert!(spans.contains_key("record"), "{spans:?}");
        assert!(!spans.contains_key("forward"), "{spans:?}");
    }
    // The provider is away: that is a failure, and not the caller's.
    world.ncg.shut_down();
    let token = Token::new("schade-afhandeling");
    let failed = world.ask("img", &token, download()).await;
    assert_eq!(failed.status, 502);
    let spans = spans_of(&collector, &failed).await;
    for name in ["GET /v1/documenten/{uuid}/download", "forward"] {
        assert_eq!(spans[name]["status"]["code"], 2, "{name}");
    }
    assert_eq!(collector.taken("sluis"), Vec::<Value>::new());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_does_not_take_it_is_waited_for_by_nobody() {
    let collector = Collector::start().await;
    collector.be(Mood::Status(400));
    let (mut world, download) = world(&collector, "sample-ratio = 1").await;
    let token = Token::new("schade-afhandeling");
    world.ask("img", &token, download()).await.expect("200");
    let since = Instant::now();
    while dropped(&world, "traces").await < 7.0 || dropped(&world, "logs").await < 2.0 {
        assert!(since.elapsed() < PATIENCE, "nothing is counted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = world.gateways[0].said();
    let once = said.matches("\"telemetry.signal\":\"traces\"").count();
    assert_eq!(once, 1, "{said}");

    // Well again, what comes then is taken.
    collector.be(Mood::Good);
    let granted = world.ask("img", &token, download()).await.expect("200");
    spans_of(&collector, &granted).await;

    // One that never answers: calls are answered all the same, and the gateway stops.
    collector.be(Mood::Mute);
    for _ in 0..20 {
        world.ask("img", &token, download()).await.expect("200");
    }
    world.restart(0).await;
    world.close().await;
}

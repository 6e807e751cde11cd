//! What holds for every call and every answer.

use super::*;
use crate::bounds::{
    BATCH_ENTRIES, BULK_CALLS_PER_ORGANISATION, QUEUE_INTERVAL, QUEUE_WAIT,
    REQUESTS_PER_ORGANISATION,
};
use crate::exchange::{Failure, FieldError};
use crate::http::Rate;
use crate::http::problem::{Code, Problem};
use crate::language::Language;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let counter = Counter::open().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/openapi.json",
        "/v1/openapi.json/",
        "/v1//openapi.json",
        "/v1/./openapi.json",
        "/v1/x/../openapi.json",
        "/V1/openapi.json",
        "/v1/openapi%2Ejson",
        "/v1/%6Fpenapi.json",
        "/v1/openapi.json%00",
        "/v1/documenten%2F018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60",
        "/v1/documenten/018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a6%30",
        "/v1/documenten/..%2f..%2fopenapi.json",
        "/v1/documenten/",
        "/v1/documenten/018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60/",
        "/v1/logboek/tile/",
        "/v1/logboek/tile/0",
        "/v1/logboek/tile/0/000.p/256",
        "/v1/logboek/tile/0/x000/001",
        "/v1/logboek/tile/entries/0",
        "/v1/logboek/tile/../checkpoint",
        "/metrics",
    ] {
        assert_eq!(
            counter.send(counter.get(path, &[])).await.code(),
            "niet-gevonden",
            "{path}"
        );
    }
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let counter = Counter::open().await;
    for (method, path, allow) in [
        ("HEAD", "/v1/openapi.json", "GET"),
        ("OPTIONS", "/v1/openapi.json", "GET"),
        ("TRACE", "/v1/openapi.json", "GET"),
        ("get", "/v1/openapi.json", "GET"),
        (
            "POST",
            "/v1/documenten/018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60",
            "GET, PUT, DELETE",
        ),
        (
            "HEAD",
            "/v1/documenten/018f5e2a-7c41-7d0e-9b6a-3f1c2d4e5a60/download",
            "GET",
        ),
        ("GET", "/v1/documenten/_zoek", "POST"),
        ("PUT", "/v1/documenten/_bulk", "POST"),
        ("DELETE", "/v1/adressen/_eigenaren", "PUT"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = counter
            .send(counter.request(&method.clone(), path, &[], Body::empty()))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{method} {path}"
        );
        if method == Method::HEAD {
            assert!(answer.body.is_empty(), "{path}");
        } else {
            assert_eq!(answer.code(), "methode-niet-toegestaan", "{method} {path}");
        }
        assert_eq!(answer.headers["allow"], allow, "{method} {path}");
    }
}

#[tokio::test]
async fn who_is_unknown_gets_no_further_than_that() {
    let counter = Counter::open().await;
    for path in ["/v1/openapi.json", "/v1/nergens", "/v1/logboek/checkpoint"] {
        let mut stranger = counter.get(path, &[]);
        stranger.extensions_mut().remove::<Arc<Organisation>>();
        let answer = counter.send(stranger).await;
        assert_eq!(answer.code(), "organisatie-onbekend", "{path}");
    }
    let mut no_http = counter.get("/v1/openapi.json", &[]);
    no_http.extensions_mut().remove::<Arc<Organisation>>();
    crate::http::mark_malformed(no_http.extensions_mut(), "Host komt twee keer voor");
    let answer = counter.send(no_http).await;
    assert_eq!(answer.fields(), ["http"]);
    assert_eq!(
        answer.json()["fouten"][0]["melding"],
        "Host komt twee keer voor"
    );
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let counter = Counter::open().await;
    let wanted = [
        ("api-version", "1.0.0"),
        ("cache-control", "no-store"),
        (
            "strict-transport-security",
            "max-age=31536000; includeSubDomains",
        ),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
    ];
    for (path, kind) in [
        ("/v1/openapi.json", "application/json"),
        ("/v1/logboek/schema.json", "application/json"),
        ("/v1/nergens", "application/problem+json"),
        ("/v1/openapi.json?x", "application/problem+json"),
        ("/v1/documenten/x", "application/problem+json"),
        ("/v1/logboek/checkpoint", "text/plain; charset=utf-8"),
    ] {
        let answer = counter.send(counter.get(path, &[])).await;
        for (name, value) in wanted {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert_eq!(answer.headers["content-type"], kind, "{path}");
        let id = answer.headers["fsc-transaction-id"].to_str().unwrap();
        assert!(TransactionId::parse(id).is_ok(), "{path}");
        if kind == "application/problem+json" {
            assert_eq!(answer.json()["instance"], json!(format!("urn:uuid:{id}")));
        }
    }
}

#[tokio::test]
async fn a_transaction_is_taken_over_or_refused() {
    let counter = Counter::open().await;
    let id = |at: Moment| {
        TransactionId::new(at, &SystemRandomness::default())
            .unwrap()
            .to_string()
    };
    let good = id(now());
    let answer = counter
        .send(counter.get("/v1/openapi.json", &[("fsc-transaction-id", &good)]))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["fsc-transaction-id"], good.as_str());
    let old = id(now().plus_ms(-6 * 60 * 1000));
    for wrong in [
        &[("fsc-transaction-id", old.as_str())][..],
        &[("fsc-transaction-id", "x")],
        &[
            ("fsc-transaction-id", good.as_str()),
            ("fsc-transaction-id", good.as_str()),
        ],
    ] {
        let answer = counter.send(counter.get("/v1/openapi.json", wrong)).await;
        assert_eq!(answer.fields(), ["Fsc-Transaction-Id"], "{wrong:?}");
        assert_ne!(answer.headers["fsc-transaction-id"], wrong[0].1);
    }
}

#[tokio::test]
async fn without_chance_nothing_is_done() {
    #[derive(Debug)]
    struct Dry;
    impl crate::clock::Random for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), crate::clock::NoRandomness> {
            Err(crate::clock::NoRandomness)
        }
    }
    let counter = Counter::open().await;
    let router = crate::http::router(
        counter.exchange.clone(),
        counter.world.clock.clone(),
        Arc::new(Dry),
        Metrics::new(&Registry::new()).unwrap(),
        Tracer::off(),
        load(&Registry::new(), RateLimits::default()),
    );
    let answer = send(&router, counter.get("/v1/openapi.json", &[])).await;
    assert_eq!(answer.code(), "interne-fout");
}

#[tokio::test]
async fn the_description_and_the_schema_are_served_as_they_are() {
    let counter = Counter::open().await;
    for (path, text) in [
        ("/v1/openapi.json", crate::http::OPENAPI),
        ("/v1/logboek/schema.json", crate::http::LEDGER_SCHEMA),
    ] {
        // Without a token, too: the certificate is enough.
        let answer = counter
            .send(counter.get(path, &[("authorization", "Basic YTpi")]))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, text.as_bytes());
    }
}

#[tokio::test]
async fn no_more_at_once_than_there_is_room_for() {
    const TIMES: usize = 3;
    for (path, kind, room) in [
        (
            "/v1/documenten/_bulk",
            "application/x-ndjson",
            BULK_CALLS_PER_ORGANISATION,
        ),
        (
            "/v1/documenten/_zoek",
            "application/json",
            REQUESTS_PER_ORGANISATION,
        ),
    ] {
        let counter = Counter::open().await;
        let post = |body: Body| {
            let sent = counter.request(&Method::POST, path, &[("content-type", kind)], body);
            let router = counter.router.clone();
            tokio::spawn(async move { send(&router, sent).await })
        };
        let never = || {
            let never = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
            Body::from_stream(never)
        };
        let waiting: Vec<_> = (0..room).map(|_| post(never())).collect();
        tokio::task::yield_now().await;
        for _ in 0..TIMES {
            let one_more = post(never()).await.unwrap();
            assert_eq!(one_more.code(), "te-veel-verzoeken", "{path}");
            assert_eq!(one_more.headers["retry-after"], "1");
        }
        for task in waiting {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        // Whoever hung up has left its place.
        let answer = post(Body::from("{}")).await.unwrap();
        assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
}

/// A router over the same book in which one call a minute is allowed, and what it measures.
fn limited(counter: &Counter, rates: RateLimits) -> (Router, Load, Registry) {
    let registry = Registry::new();
    let load = load(&registry, rates);
    let router = crate::http::router(
        counter.exchange.clone(),
        counter.world.clock.clone(),
        Arc::new(SystemRandomness::default()),
        Metrics::new(&Registry::new()).unwrap(),
        Tracer::off(),
        load.clone(),
    );
    (router, load, registry)
}

/// The line of the figure of who was turned away for this cause.
fn turned_away(registry: &Registry, cause: &str) -> String {
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather());
    let label = format!("cause=\"{cause}\"");
    let text = text.unwrap();
    let line = text.lines().find(|line| line.contains(&label));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn who_calls_too_often_is_told_when_to_come_back() {
    let counter = Counter::open().await;
    let one = std::num::NonZeroU32::MIN;
    let rates = RateLimits {
        usual: None,
        own: [(
            Oin::parse(NCG).unwrap(),
            Rate {
                per_second: one,
                burst: one,
            },
        )]
        .into(),
    };
    let (router, _, registry) = limited(&counter, rates);
    // What does not exist counts as well.
    let first = send(&router, counter.get("/v1/nergens", &[])).await;
    assert_eq!(first.status, StatusCode::NOT_FOUND);
    let size = counter.exchange.ledger().size();
    for path in ["/v1/openapi.json", "/v1/besluiten/x", "/v1/nergens"] {
        let refused = send(&router, counter.get(path, &[])).await;
        assert_eq!(refused.code(), "te-veel-verzoeken", "{path}");
        assert_eq!(refused.headers["retry-after"], "1");
    }
    let told = "sluis_turned_away_total{cause=\"rate\",role=\"ncg\"} 3";
    assert_eq!(turned_away(&registry, "rate"), told);
    assert_eq!(
        counter.exchange.ledger().size(),
        size,
        "nothing is recorded"
    );
    for _ in 0..20 {
        let request = counter
            .img
            .request(&Method::GET, "/v1/openapi.json", &[], Body::empty());
        let other = send(&router, request).await;
        assert_eq!(other.status, StatusCode::OK, "another organisation");
    }
}

#[tokio::test]
async fn when_tasks_wait_only_who_asks_most_is_turned_away() {
    let counter = Counter::open().await;
    let (router, load, registry) = limited(&counter, RateLimits::default());
    let post = |visitor: &Visitor, body: Body| {
        let kind = [("content-type", "application/json")];
        let sent = visitor.request(&Method::POST, "/v1/documenten/_zoek", &kind, body);
        let router = router.clone();
        tokio::spawn(async move { send(&router, sent).await })
    };
    let never = || {
        let never = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        Body::from_stream(never)
    };
    let waiting: Vec<_> = (0..BATCH_ENTRIES)
        .map(|_| post(&counter.ncg, never()))
        .collect();
    let waited = |wait| load.processors.note_taken(wait, std::time::Instant::now());
    // Much at once is no overload: one more is let in, and finds its body wrong.
    let answer = post(&counter.ncg, Body::from("{}")).await.unwrap();
    assert_eq!(answer.code(), "ongeldige-invoer");
    waited(QUEUE_WAIT * 2);
    let since = std::time::Instant::now();
    while since.elapsed() <= QUEUE_INTERVAL {
        tokio::time::sleep(QUEUE_INTERVAL / 10).await;
    }
    let size = counter.exchange.ledger().size();
    for _ in 0..5 {
        let answer = post(&counter.ncg, Body::from("{}")).await.unwrap();
        assert_eq!(answer.code(), "overbelast");
        assert!(["1", "2"].contains(&answer.headers["retry-after"].to_str().unwrap()));
    }
    assert_eq!(
        counter.exchange.ledger().size(),
        size,
        "nothing is recorded"
    );
    let told = "sluis_turned_away_total{cause=\"processors\",role=\"ncg\"} 5";
    assert_eq!(turned_away(&registry, "processors"), told);
    let answer = post(&counter.img, Body::from("{}")).await.unwrap();
    assert_eq!(answer.code(), "ongeldige-invoer", "another organisation");
    waited(Duration::ZERO);
    let answer = post(&counter.ncg, Body::from("{}")).await.unwrap();
    assert_eq!(answer.code(), "ongeldige-invoer", "it is over");
    for task in waiting {
        task.abort();
    }
}

fn written(problem: impl Into<Problem>) -> String {
    let id = TransactionId::parse("019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d").unwrap();
    serde_json::to_string_pretty(&problem.into().document(id, Language::Dutch)).unwrap()
}

#[test]
fn problems_are_readable() {
    insta::assert_snapshot!(written(Failure::NotAllowed {
        reason: "TOESTEMMING_ONTBREEKT",
        missing: json!([{"soort": "toestemming", "toelichting": "De toestemming ontbreekt."}]),
        rules: Vec::new(),
    }), @r#"
    {
      "type": "https://sluis.example/problemen/niet-toegestaan",
      "title": "Niet toegestaan",
      "status": 403,
      "detail": "Het verzoek is beoordeeld en geweigerd: reden zegt waarom, ontbreekt wat het anders had gemaakt.",
      "code": "niet-toegestaan",
      "instance": "urn:uuid:019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d",
      "partij": "aanvrager",
      "reden": "TOESTEMMING_ONTBREEKT",
      "ontbreekt": [
        {
          "soort": "toestemming",
          "toelichting": "De toestemming ontbreekt."
        }
      ]
    }
    "#);
    insta::assert_snapshot!(written(Failure::Invalid(vec![FieldError {
        field: "eigenaren[2]".to_owned(),
        message: "staat al eerder in de lijst".to_owned(),
    }])), @r#"
    {
      "type": "https://sluis.example/problemen/ongeldige-invoer",
      "title": "Ongeldige invoer",
      "status": 400,
      "detail": "De invoer klopt niet; fouten noemt alles wat er niet aan klopt.",
      "code": "ongeldige-invoer",
      "instance": "urn:uuid:019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d",
      "partij": "aanvrager",
      "fouten": [
        {
          "veld": "eigenaren[2]",
          "melding": "staat al eerder in de lijst"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(written(Failure::LedgerUnavailable), @r#"
    {
      "type": "https://sluis.example/problemen/logboek-onbeschikbaar",
      "title": "Logboek onbeschikbaar",
      "status": 503,
      "detail": "Er kan nu niets worden vastgelegd, en zonder vastlegging wordt niets afgegeven.",
      "code": "logboek-onbeschikbaar",
      "instance": "urn:uuid:019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d",
      "partij": "sluis"
    }
    "#);
}

#[test]
fn each_failure_has_its_line_and_its_headers() {
    let rendered = |failure: Failure| {
        let id = TransactionId::new(now(), &SystemRandomness::default()).unwrap();
        let response = Problem::from(failure).render(id, Language::Dutch);
        let mut told = response.status().as_u16().to_string();
        for name in ["www-authenticate", "retry-after", "content-range"] {
            if let Some(value) = response.headers().get(name) {
                told = format!("{told} {name}: {}", value.to_str().unwrap());
            }
        }
        told
    };
    for (failure, told) in [
        (Failure::TokenMissing, "401 www-authenticate: Bearer"),
        (Failure::TokenInvalid, "401 www-authenticate: Bearer"),
        (Failure::TokenExpired, "401 www-authenticate: Bearer"),
        (Failure::TokenNotBound, "401 www-authenticate: Bearer"),
        (Failure::TokenReused, "401 www-authenticate: Bearer"),
        (
            Failure::PurposeUnknown {
                nearest: Vec::new(),
            },
            "403",
        ),
        (Failure::NotAuthorised, "403"),
        (Failure::DocumentUnknown, "404"),
        (Failure::NotFound, "404"),
        (Failure::Conflict, "409"),
        (Failure::Invalid(Vec::new()), "400"),
        (Failure::BundleUnusable(Vec::new()), "422"),
        (Failure::NotAgreed(Vec::new()), "422"),
        (Failure::AgreedOtherwise(Vec::new()), "409"),
        (
            Failure::RangeNotSatisfiable { size: 9 },
            "416 content-range: bytes */9",
        ),
        (Failure::ProviderError, "502"),
        (Failure::ProviderUnreachable, "502"),
        (Failure::ProviderTooLate, "504"),
        (Failure::LedgerUnavailable, "503 retry-after: 10"),
        (Failure::Overloaded, "503 retry-after: 1"),
        (Failure::Internal, "500"),
    ] {
        assert_eq!(rendered(failure.clone()), told, "{failure:?}");
    }
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.row().code).collect();
    assert_eq!(codes.len(), Code::ALL.len(), "no code twice");
}

//! What operators see: figures and one line per request, without a document's id or anything else
//! that a caller sent; and their own listener.

use std::io::Write;
use std::sync::Mutex;

use super::*;
use crate::http::ops::{Concern, Condition, Ops, Warning, router as ops};

/// Where a test's log goes.
#[derive(Debug, Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn figures_and_log_tell_the_route_and_nothing_that_was_sent() {
    // With one subscriber alive, tracing asks only the thread that comes by an event first whether
    // anybody wants it, and a test beside this one could say no for all. With two it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    let counter = Counter::open().await;
    let canaries = [DOCUMENT, "0014200012345678", "kanarie"];
    for (method, path, body) in [
        (Method::GET, format!("/v1/documenten/{DOCUMENT}"), ""),
        (Method::GET, "/v1/kanarie/0014200012345678".to_owned(), ""),
        (
            Method::from_bytes(b"KANARIE").unwrap(),
            "/v1/openapi.json".to_owned(),
            "",
        ),
        (
            Method::GET,
            "/v1/openapi.json?kanarie=0014200012345678".to_owned(),
            "",
        ),
        (
            Method::PUT,
            "/v1/adressen/_eigenaren".to_owned(),
            r#"{"nummeraanduiding": "0014200012345678", "eigenaren": ["kanarie"], "kanarie": 1}"#,
        ),
    ] {
        let mut headers = vec![("content-type", "application/json")];
        if method == Method::GET {
            headers.push(("authorization", "Bearer kanarie"));
        }
        counter
            .send(counter.request(&method, &path, &headers, Body::from(body)))
            .await;
    }
    drop(logging);
    let figures = prometheus::TextEncoder::new()
        .encode_to_string(&counter.registry.gather())
        .unwrap();
    let log = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    for (name, text) in [("figures", &figures), ("log", &log)] {
        for canary in canaries {
            let there = text.to_lowercase().contains(canary);
            assert!(!there, "{canary} in the {name}:\n{text}");
        }
    }
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["target"] == "sluis::http::metrics")
        .collect();
    assert_eq!(lines.len(), 5, "one line per request:\n{log}");
    let fields = &lines[4]["fields"];
    assert_eq!(fields["http.route"], "/v1/adressen/_eigenaren");
    assert_eq!(fields["http.response.status_code"], 400);
    assert_eq!(fields["problem.code"], "ongeldige-invoer");
    assert_eq!(fields["organisation.role"], "ncg");
    assert_eq!(
        fields["message"],
        "PUT /v1/adressen/_eigenaren answered 400"
    );
    assert!(TransactionId::parse(fields["fsc.transaction_id"].as_str().unwrap()).is_ok());
    let figure = "sluis_http_requests_total{code=\"ongeldige-invoer\",method=\"PUT\",organisation=\"00000001823456789000\",role=\"ncg\",route=\"/v1/adressen/_eigenaren\",status=\"400\"} 1";
    assert!(figures.contains(figure), "{figures}");
}

#[tokio::test]
async fn operators_are_told_what_is_not_ready() {
    let counter = Counter::open().await;
    let missing = || vec!["ledger: read-only".to_owned()];
    let warning = || {
        let told = "ca.crl.pem: no CRL".to_owned();
        let about = Concern::File;
        vec![Warning { about, told }]
    };
    for (not_ready, warnings, status, told) in [
        (
            missing(),
            vec![],
            503,
            r#"{"ready":false,"notReady":["ledger: read-only"],"warnings":[]}"#,
        ),
        (
            missing(),
            warning(),
            503,
            r#"{"ready":false,"notReady":["ledger: read-only"],"warnings":["ca.crl.pem: no CRL"]}"#,
        ),
        (
            vec![],
            warning(),
            200,
            r#"{"ready":true,"notReady":[],"warnings":["ca.crl.pem: no CRL"]}"#,
        ),
        (
            vec![],
            vec![],
            200,
            r#"{"ready":true,"notReady":[],"warnings":[]}"#,
        ),
    ] {
        let condition = Condition {
            not_ready,
            warnings,
        };
        let router = ops(Ops {
            registry: counter.registry.clone(),
            readiness: Arc::new(move || condition.clone()),
        });
        let get = async |path: &str| send(&router, counter.get(path, &[])).await;
        let answer = get("/readyz").await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(String::from_utf8(answer.body).unwrap(), told);
        assert_eq!(get("/healthz").await.status, StatusCode::OK);
        let figures = get("/metrics").await;
        assert_eq!(figures.status, StatusCode::OK);
        assert_eq!(get("/v1/openapi.json").await.status, 404);
    }
}

//! Many documents in one call: each line answered, nothing half-applied.

use super::*;
use crate::bounds::{BULK_BODY_BYTES, BULK_ERRORS, BULK_LINE_BYTES, BULK_LINES};
use crate::domain::DocumentId;
use crate::exchange::{BulkMode, BulkOutcome, Put};
use crate::http::bulk;
use crate::language::Language;
use serde_json::json;

/// A right line; `n` makes its uuid another.
fn line(n: usize) -> Value {
    json!({
        "uuid": format!("018f5e2a-7c41-7d0e-9b6a-{n:012}"),
        "bronorganisatie": NCG,
        "dossier": "NCG-1",
        "soort": "opnamerapport",
        "titel": "Opname",
        "formaat": "application/pdf",
        "bestandsomvang": 4096,
        "creatiedatum": "2026-03-02T09:30:00Z",
        "nummeraanduiding": "0014200012345678",
        "gezondheidsgegevens": false,
        "versie": "1",
    })
}

fn with(n: usize, name: &str, value: Value) -> Value {
    let mut line = line(n);
    line[name] = value;
    line
}

fn read(body: &[u8]) -> Result<bulk::Read, crate::http::problem::Problem> {
    bulk::read(body, Oin::parse(NCG).unwrap(), &codes())
}

/// What is wrong, as `line: place` and so on.
fn wrong(body: &[u8]) -> Vec<String> {
    read(body)
        .unwrap()
        .wrong
        .iter()
        .flat_map(|line| {
            line.errors
                .iter()
                .map(|error| format!("{}: {}: {}", line.line, error.field, error.message))
        })
        .collect()
}

#[test]
fn each_wrong_line_is_told_with_all_that_is_wrong() {
    let long = with(9, "titel", json!("x".repeat(BULK_LINE_BYTES)));
    let body = [
        line(1).to_string(),
        "{".to_owned(),
        String::new(),
        "[]".to_owned(),
        with(2, "bronorganisatie", json!(IMG)).to_string(),
        with(3, "meer", json!(1)).to_string(),
        with(4, "titel", json!(1))
            .to_string()
            .replace("\"1\"", "\"\""),
        line(1).to_string(),
        with(5, "uuid", json!("5")).to_string(),
        long.to_string(),
        line(6).to_string(),
    ]
    .join("\n");
    assert_eq!(
        wrong(body.as_bytes()),
        [
            "2: body: geen geldige JSON (regel 1, kolom 1)",
            "3: body: geen geldige JSON (regel 1, kolom 0)",
            "4: body: verwacht: een JSON-object; dit is een lijst",
            "5: bronorganisatie: moet het OIN van uw eigen organisatie zijn",
            "6: meer: onbekend veld",
            "7: titel: verwacht: een tekst; dit is een getal",
            "7: versie: verwacht: een versie van 1 tot 64 tekens zonder witruimte aan begin of eind",
            "8: uuid: staat ook op regel 1",
            "9: uuid: verwacht: een UUID van 36 tekens",
            "10: body: langer dan 8192 bytes",
        ]
    );
    let right = read(body.as_bytes()).unwrap().right;
    let right: Vec<usize> = right.iter().map(|line| line.line).collect();
    assert_eq!(right, [1, 11]);
}

#[test]
fn a_call_without_lines_or_with_too_many_is_none() {
    for empty in [&b""[..], b"\n"] {
        assert_eq!(read(empty).unwrap_err().code().row().status, 400);
    }
    let many = "{}\n".repeat(BULK_LINES);
    assert!(read(many.as_bytes()).is_ok());
    let more = "{}\n".repeat(BULK_LINES + 1);
    assert_eq!(read(more.as_bytes()).unwrap_err().code().row().status, 413);
}

#[test]
fn a_flood_of_mistakes_stays_an_answer_of_bounded_size() {
    let flood = "{}\n".repeat(BULK_LINES);
    let read = read(flood.as_bytes()).unwrap();
    assert_eq!(read.wrong.len(), BULK_LINES, "each line is answered");
    let listed: usize = read.wrong.iter().map(|line| line.errors.len()).sum();
    assert!(listed <= BULK_ERRORS + BULK_LINES + 32, "{listed}");
    assert!(read.wrong.iter().all(|line| !line.errors.is_empty()));
}

#[tokio::test]
async fn the_answer_has_a_line_for_each_line_or_is_a_problem() {
    let id = |n: usize| DocumentId::parse(line(n)["uuid"].as_str().unwrap()).unwrap();
    let sent = [(1, id(1)), (3, id(3))];
    let body = format!("{}\n{{}}\n{}\n", line(1), line(3));
    let wrong = || read(body.as_bytes()).unwrap().wrong;
    let created = BulkOutcome::Put(Put::Created);
    let answer = |mode, outcomes: &[BulkOutcome], wrong| bulk::answer(mode, &sent, outcomes, wrong);

    let uneven = answer(BulkMode::PerLine, &[created], Vec::new());
    assert_eq!(uneven.unwrap_err().code().row().code, "interne-fout");

    let theirs = [BulkOutcome::NotApplied, BulkOutcome::NotAuthorised];
    let refused = answer(BulkMode::AllOrNothing, &theirs, Vec::new()).unwrap_err();
    let told = refused.document(TransactionId::from_bytes([0; 16]), Language::Dutch);
    assert_eq!(told["fouten"][0]["veld"], "regel 3: uuid");
    assert_eq!(told["regels"].as_array().unwrap().len(), 1);

    let good = answer(
        BulkMode::PerLine,
        &[created, BulkOutcome::Put(Put::Unchanged)],
        wrong(),
    );
    let text = good
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    let lines: Vec<Value> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let states: Vec<&str> = lines
        .iter()
        .map(|line| line["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["aangemaakt", "geweigerd", "ongewijzigd"]);
    assert_eq!(lines[1]["uuid"], Value::Null);
    assert_eq!(lines[1]["fouten"].as_array().unwrap().len(), 11);
    assert!(lines[0].get("fouten").is_none());
}

#[tokio::test]
async fn the_mode_decides_what_one_wrong_line_does() {
    let counter = Counter::open().await;
    let kind = [("content-type", "application/x-ndjson")];
    let post = async |query: &str, body: String| {
        let path = format!("/v1/documenten/_bulk{query}");
        let sent = counter.request(&Method::POST, &path, &kind, Body::from(body));
        counter.send(sent).await
    };
    let mixed = || format!("{}\n{}\n", line(1), with(2, "titel", json!("")));
    for query in [
        "?modus=half",
        "?modus",
        "?Modus=per-regel",
        "?modus=per-regel&modus=per-regel",
        "?modus=per-regel&x=1",
        "?modus=per+regel",
    ] {
        assert_eq!(post(query, mixed()).await.fields(), ["query"], "{query}");
    }
    for query in ["", "?modus=alles-of-niets"] {
        let answer = post(query, mixed()).await;
        assert_eq!(answer.fields(), ["regel 2: titel"], "{query}");
        assert_eq!(answer.json()["regels"][0]["regel"], 2);
    }
    assert!(post("?modus=per-regel", mixed()).await.got_through());
    assert!(post("", line(1).to_string()).await.got_through());
    let large = post("", "x".repeat(BULK_BODY_BYTES + 1)).await;
    assert_eq!(large.code(), "te-groot");
    let json = counter.request(
        &Method::POST,
        "/v1/documenten/_bulk",
        &[("content-type", "application/json")],
        Body::from(line(1).to_string()),
    );
    assert_eq!(counter.send(json).await.code(), "mediatype-onbekend");
}

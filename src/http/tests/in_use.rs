//! The description held to the calls as they really go: each answer is of the schema that
//! `openapi.json` gives for its status, and each entry they leave in the book is of the published
//! schema.

use super::schema::mistakes;
use super::*;
use serde_json::json;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const LINES: &[(&str, &str)] = &[("content-type", "application/x-ndjson")];

/// Sends a call and holds its answer to the description of `described` (a path with parameters).
pub(super) async fn check(
    counter: &Counter,
    visitor: &Visitor,
    method: &Method,
    described: &str,
    path: &str,
    body: &str,
) -> Answer {
    let headers = match body.chars().next() {
        Some('{') if path.contains("_bulk") => LINES,
        Some(_) => JSON,
        None => &[],
    };
    let sent = visitor.request(method, path, headers, body.to_owned());
    let answer = counter.send(sent).await;
    let all = openapi();
    let operation = &all["paths"][described][method.as_str().to_lowercase()];
    let response = match &operation["responses"][answer.status.as_str()] {
        Value::Null => panic!(
            "{method} {described} answers {}: not described",
            answer.status
        ),
        response => match response["$ref"].as_str() {
            Some(pointer) => all.pointer(pointer.strip_prefix('#').unwrap()).unwrap(),
            None => response,
        },
    };
    let Some(kind) = answer.headers.get("content-type") else {
        assert!(response["content"].is_null(), "{described}");
        return answer;
    };
    let kind = kind.to_str().unwrap().split(';').next().unwrap();
    let schema = &response["content"][kind]["schema"];
    assert!(!schema.is_null(), "{described} answers {kind}");
    let values = match kind {
        "application/json" | "application/problem+json" => vec![answer.json()],
        "application/x-ndjson" => answer
            .body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect(),
        _ => Vec::new(),
    };
    for value in values {
        let wrong = mistakes(&all, schema, &value);
        assert!(
            wrong.is_empty(),
            "{method} {described}: {wrong:?} in {value}"
        );
    }
    answer
}

/// The example of a call's body.
fn example(method: &Method, template: &str) -> String {
    let call = calls()
        .into_iter()
        .find(|call| call.method == *method && call.template == format!("/v1{template}"));
    examples(&call.unwrap())[0].to_string()
}

/// The number of entries a checkpoint tells.
pub(super) fn size(checkpoint: &Answer) -> usize {
    let text = String::from_utf8(checkpoint.body.clone()).unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn answers_and_entries_are_as_described() {
    let counter = Counter::open().await;
    let (img, ncg) = (&counter.img, &counter.ncg);
    let (get, put, post, delete) = (&Method::GET, &Method::PUT, &Method::POST, &Method::DELETE);
    counter
        .exchange
        .ledger()
        .note_start("sluis 0", Some(crate::domain::Sha256::from_bytes([1; 32])))
        .await
        .unwrap();

    // What NCG and IMG record.
    let mut told = Vec::new();
    for (visitor, method, path, status) in [
        (ncg, put, "/adressen/_eigenaren", 200),
        (ncg, put, "/adressen/_dossiers", 200),
        (img, post, "/toestemmingen", 201),
        (img, post, "/toestemmingen/_zoek", 200),
        (img, post, "/aos-meldingen", 201),
    ] {
        let (at, body) = (format!("/v1{path}"), example(method, path));
        let answer = check(&counter, visitor, method, path, &at, &body).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
        told.push(answer);
    }
    let id = |answer: &Answer| answer.json()["id"].as_str().unwrap().to_owned();
    let (choice, aos) = (id(&told[2]), id(&told[4]));
    for (method, described, id, body) in [
        (get, "/toestemmingen/{id}", &choice, ""),
        (post, "/toestemmingen/{id}/intrekken", &choice, "{}"),
        (post, "/aos-meldingen/{id}/afsluiten", &aos, ""),
    ] {
        let at = format!("/v1{}", described.replace("{id}", id));
        let answer = check(&counter, img, method, described, &at, body).await;
        assert_eq!(answer.status, 200, "{described} {answer:?}");
    }

    // The index, and what IMG may have of it.
    let document = format!("/v1/documenten/{DOCUMENT}");
    let body = example(put, "/documenten/{uuid}");
    for status in [201, 200] {
        let answer = check(&counter, ncg, put, "/documenten/{uuid}", &document, &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let theirs = check(&counter, img, put, "/documenten/{uuid}", &document, &body).await;
    assert_eq!(theirs.code(), "niet-bevoegd");
    let many = r#"{"uuid":1}"#;
    check(
        &counter,
        ncg,
        post,
        "/documenten/_bulk",
        "/v1/documenten/_bulk",
        many,
    )
    .await;
    let path = "/v1/documenten/_bulk?modus=per-regel";
    let lines = check(&counter, ncg, post, "/documenten/_bulk", path, many).await;
    assert_eq!(lines.status, 200);
    let body = example(post, "/documenten/_zoek");
    let path = "/v1/documenten/_zoek";
    let found = check(&counter, img, post, "/documenten/_zoek", path, &body).await;
    assert_eq!(found.json()["documenten"][0]["uuid"], DOCUMENT);
    for (visitor, permitted) in [(img, true), (ncg, false)] {
        let at = format!("{document}/_toets");
        let tested = check(
            &counter,
            visitor,
            post,
            "/documenten/{uuid}/_toets",
            &at,
            "",
        )
        .await;
        assert_eq!(tested.json()["toegestaan"], json!(permitted), "{tested:?}");
        assert_eq!(tested.json().get("grondslag").is_some(), permitted);
        let seen = check(&counter, visitor, get, "/documenten/{uuid}", &document, "").await;
        assert_eq!(seen.status.is_success(), permitted, "{seen:?}");
    }
    // No provider stands behind this counter: the permit is recorded, the road is not there.
    let at = format!("{document}/download");
    let download = check(&counter, img, get, "/documenten/{uuid}/download", &at, "").await;
    assert_eq!(download.json()["partij"], "bron");

    // What is told of it afterwards, to both.
    let transaction = download.headers["fsc-transaction-id"].to_str().unwrap();
    for visitor in [img, ncg] {
        for described in [
            "/besluiten/{transactieId}",
            "/besluiten/{transactieId}/bewijs",
            "/besluiten/{transactieId}/uittreksel",
        ] {
            let at = format!("/v1{}", described.replace("{transactieId}", transaction));
            let answer = check(&counter, visitor, get, described, &at, "").await;
            assert_eq!(answer.status, 200, "{described} {answer:?}");
        }
    }
    what_each_party_reads_of_it(&counter, transaction).await;
    let gone = check(&counter, ncg, delete, "/documenten/{uuid}", &document, "").await;
    assert_eq!(gone.status, 204);
    let unknown = check(&counter, img, get, "/documenten/{uuid}", &document, "").await;
    assert_eq!(unknown.code(), "document-onbekend");

    the_book_is_of_its_schema(&counter).await;
}

/// The transaction log: to each its own side of the same exchanges, in either order, page by page.
async fn what_each_party_reads_of_it(counter: &Counter, transaction: &str) {
    let get = &Method::GET;
    for (visitor, direction) in [
        (&counter.img, "DIRECTION_OUTGOING"),
        (&counter.ncg, "DIRECTION_INCOMING"),
    ] {
        let read = async |query: String| {
            let at = format!("/v1/logs?{query}");
            let answer = check(counter, visitor, get, "/logs", &at, "").await;
            assert_eq!(answer.status, 200, "{query} {answer:?}");
            answer.json()
        };
        let one = read(format!("transaction_ids={transaction}")).await;
        let record = &one["records"][0];
        assert_eq!(record["transaction_id"], transaction);
        assert_eq!(record["direction"], direction);
        assert_eq!(record["source"]["outway_peer_id"], IMG);
        assert_eq!(record["destination"]["service_peer_id"], NCG);

        let all = read("limit=1000".to_owned()).await["records"].clone();
        let all = all.as_array().unwrap();
        assert!(all.len() >= 3, "{all:?}");
        for order in ["ASCENDING", "DESCENDING"] {
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("limit=1&sort_order=SORT_ORDER_{order}&cursor={cursor}");
                let page = read(query).await;
                paged.extend(page["records"].as_array().unwrap().clone());
                page["pagination"]["next_cursor"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut cursor);
                if cursor.is_empty() {
                    break;
                }
            }
            if order == "DESCENDING" {
                paged.reverse();
            }
            assert_eq!(&paged, all, "{order}");
        }
        let at = record["created_at"].as_i64().unwrap();
        for (query, some) in [
            (format!("after={at}"), false),
            (format!("after={}", at - 1), true),
            (format!("before={at}"), false),
            (format!("before={}", at + 1), true),
            ("service_name=iets-anders".to_owned(), false),
            ("service_name=iets-anders,documenten".to_owned(), true),
            ("grant_hash=0".to_owned(), false),
            (
                format!("grant_hash={}", record["grant_hash"].as_str().unwrap()),
                true,
            ),
        ] {
            let found = read(query.clone()).await;
            let found = found["records"].as_array().unwrap().contains(record);
            assert_eq!(found, some, "{query}");
        }
    }
}

/// Reads the book as anyone with a certificate can, and holds every entry to the schema.
async fn the_book_is_of_its_schema(counter: &Counter) {
    let checkpoint = counter
        .send(counter.get("/v1/logboek/checkpoint", &[]))
        .await;
    let size = size(&checkpoint);
    assert!((15..256).contains(&size), "{size}");
    for (path, bytes) in [
        (format!("/v1/logboek/tile/0/000.p/{size}"), Some(32 * size)),
        (format!("/v1/logboek/tile/entries/000.p/{size}"), None),
    ] {
        let answer = counter.send(counter.get(&path, &[])).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "application/octet-stream");
        if let Some(bytes) = bytes {
            assert_eq!(answer.body.len(), bytes, "{path}");
            continue;
        }
        let schema: Value = serde_json::from_str(crate::http::LEDGER_SCHEMA).unwrap();
        let mut kinds = BTreeSet::new();
        let mut rest = &answer.body[..];
        while let [high, low, more @ ..] = rest {
            let (line, after) = more.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            let entry: Value = serde_json::from_slice(line).unwrap();
            let wrong = mistakes(&schema, &schema, &entry);
            assert!(wrong.is_empty(), "{wrong:?} in {entry}");
            kinds.insert(entry["soort"].as_str().unwrap().to_owned());
            rest = after;
        }
        let seen: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let all = [
            "afgifte",
            "aos",
            "aos-einde",
            "besluit",
            "dossier",
            "eigenaren",
            "intrekking",
            "inzage",
            "overeenkomst",
            "start",
            "toestemming",
            "zoek",
        ];
        assert_eq!(seen, all);
    }
    let missing = format!("/v1/logboek/tile/0/000.p/{}", size + 1);
    let missing = counter.send(counter.get(&missing, &[])).await;
    assert_eq!(missing.code(), "niet-gevonden");
}

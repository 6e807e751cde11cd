//! Every call × everything that can be wrong with it. The right bodies come from `openapi.json`.

use super::*;
use crate::bounds::JSON_BODY_BYTES;
use crate::http::routes::Consumes;
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

/// Headers, a body, and the code of the problem they make.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a [u8], &'a str);

/// The calls with a JSON body, each with one right body.
fn with_json() -> Vec<(Route, Value)> {
    calls()
        .into_iter()
        .filter(|call| matches!(call.consumes, Consumes::Json | Consumes::OptionalJson))
        .flat_map(|call| {
            let bodies = examples(&call);
            assert!(!bodies.is_empty(), "{} has an example", call.template);
            bodies.into_iter().map(move |body| (call.clone(), body))
        })
        .collect()
}

async fn post(counter: &Counter, call: &Route, body: &Value) -> Answer {
    let body = Body::from(body.to_string());
    let sent = counter.request(&call.method.clone(), &path(call.template), &[JSON], body);
    counter.send(sent).await
}

/// Every place of a body that holds a value: members, items, and members of members.
fn places(body: &Value, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // What is in the files of a bundle is the bundle's to judge.
    if let (Value::Object(members), false) = (body, at == "bestanden") {
        for (name, member) in members {
            let field = if at.is_empty() {
                name.clone()
            } else {
                format!("{at}.{name}")
            };
            let pointer = format!("/{}", field.replace('.', "/"));
            found.push((field.clone(), pointer.clone()));
            if let Value::Array(items) = member {
                for n in 0..items.len() {
                    found.push((format!("{field}[{n}]"), format!("{pointer}/{n}")));
                }
            }
            found.extend(places(member, &field));
        }
    }
    found
}

#[tokio::test]
async fn the_right_bodies_get_through() {
    let counter = Counter::open().await;
    for (call, body) in with_json() {
        let answer = post(&counter, &call, &body).await;
        assert!(answer.got_through(), "{} {answer:?}", call.template);
    }
}

#[tokio::test]
async fn one_wrong_value_is_named_by_its_place() {
    let counter = Counter::open().await;
    let too_long = "é".repeat(300);
    for (call, body) in with_json() {
        for (field, pointer) in places(&body, "") {
            for wrong in [
                json!({"een": "object"}),
                json!(-1),
                json!(1.5),
                json!(too_long),
                json!(""),
                json!("\u{0}"),
                json!([[]]),
            ] {
                let mut body = body.clone();
                *body.pointer_mut(&pointer).unwrap() = wrong.clone();
                let answer = post(&counter, &call, &body).await;
                let what = format!("{} {field} = {wrong}", call.template);
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
                assert_eq!(answer.code(), "ongeldige-invoer", "{what}");
                let fields = answer.fields();
                assert!(
                    fields.iter().any(|told| told.starts_with(&field)),
                    "{what}: {fields:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn one_wrong_digit_is_a_wrong_number() {
    let counter = Counter::open().await;
    let mut tried = 0;
    for (call, body) in with_json() {
        for (field, pointer) in places(&body, "") {
            let Some(Value::String(text)) = body.pointer(&pointer) else {
                continue;
            };
            if text.len() < 16 || !text.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            tried += 1;
            let short: String = text.chars().skip(1).collect();
            let fullwidth = format!("{short}\u{ff11}");
            let spaced = format!(" {short}");
            let letter = format!("{short}O");
            for wrong in [&short, &format!("{text}0"), &fullwidth, &spaced, &letter] {
                let mut body = body.clone();
                *body.pointer_mut(&pointer).unwrap() = json!(wrong);
                let answer = post(&counter, &call, &body).await;
                assert_eq!(answer.fields(), [field.as_str()], "{wrong}");
            }
        }
    }
    assert!(tried >= 10, "{tried}");
}

#[tokio::test]
async fn unknown_missing_and_double_fields_are_named() {
    let counter = Counter::open().await;
    for (call, body) in with_json() {
        let mut more = body.clone();
        more["onbekend"] = json!(1);
        assert_eq!(
            post(&counter, &call, &more).await.fields(),
            ["onbekend"],
            "{}",
            call.template
        );
        let text = body.to_string();
        if let Some((name, member)) = body.as_object().unwrap().iter().next() {
            let rest = text.strip_prefix('{').unwrap();
            let double = format!("{{{}:{member},{rest}", json!(name));
            let sent = counter.request(
                &call.method.clone(),
                &path(call.template),
                &[JSON],
                Body::from(double),
            );
            let told = counter.send(sent).await.json();
            assert_eq!(
                told["fouten"][0]["melding"],
                json!(format!("het veld {name} komt twee keer voor"))
            );
        }
    }
}

#[tokio::test]
async fn all_that_is_missing_comes_at_once() {
    let counter = Counter::open().await;
    let described = openapi();
    for (call, _) in with_json() {
        if call.consumes != Consumes::Json {
            continue;
        }
        let answer = post(&counter, &call, &json!({})).await;
        let method = call.method.as_str().to_lowercase();
        let operation = &described["paths"][call.template.strip_prefix("/v1").unwrap()][&method];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let pointer = schema.as_str().unwrap().strip_prefix('#').unwrap();
        let schema = &described.pointer(pointer).unwrap();
        let required: Vec<&str> = schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(answer.fields(), required, "{}", call.template);
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_whole() {
    let counter = Counter::open().await;
    let large = format!("\"{}\"", "x".repeat(JSON_BODY_BYTES));
    let table: &[Row<'_>] = &[
        (&[JSON], b"", "ongeldige-invoer"),
        (&[JSON], b"{", "ongeldige-invoer"),
        (&[JSON], b"{\"a\":1}{}", "ongeldige-invoer"),
        (&[JSON], b"[]", "ongeldige-invoer"),
        (&[JSON], b"null", "ongeldige-invoer"),
        (&[JSON], b"{\"a\":\"\xff\xfe\"}", "ongeldige-invoer"),
        (&[JSON], b"\xef\xbb\xbf{}", "ongeldige-invoer"),
        (&[JSON], large.as_bytes(), "te-groot"),
        (
            &[("content-type", "text/plain")],
            b"{}",
            "mediatype-onbekend",
        ),
        (
            &[("content-type", "application/json; charset=latin1")],
            b"{}",
            "mediatype-onbekend",
        ),
        (&[JSON, JSON], b"{}", "mediatype-onbekend"),
        (
            &[JSON, ("content-encoding", "gzip")],
            b"{}",
            "mediatype-onbekend",
        ),
        (&[], b"{}", "mediatype-onbekend"),
    ];
    for (call, _) in with_json() {
        for (headers, body, code) in table {
            if body.is_empty() && call.consumes == Consumes::OptionalJson {
                continue;
            }
            // Their bound is another: see `agreements`.
            if *code == "te-groot" && call.template.starts_with("/v1/overeenkomsten") {
                continue;
            }
            let body = Body::from(body.to_vec());
            let sent = counter.request(&call.method.clone(), &path(call.template), headers, body);
            let answer = counter.send(sent).await;
            assert_eq!(answer.code(), *code, "{} {headers:?}", call.template);
        }
    }
}

#[tokio::test]
async fn every_call_refuses_what_it_does_not_have() {
    let counter = Counter::open().await;
    for call in calls() {
        let at = path(call.template);
        let body = || match call.consumes {
            Consumes::Nothing => Body::empty(),
            Consumes::Json | Consumes::OptionalJson => Body::from(examples(&call)[0].to_string()),
            Consumes::Lines => Body::from(examples(&call)[0].as_str().unwrap().to_owned()),
        };
        let kind = if call.consumes == Consumes::Lines {
            ("content-type", "application/x-ndjson")
        } else {
            JSON
        };
        let go = async |path: &str, more: &[(&str, &str)]| {
            let mut headers = more.to_vec();
            if call.consumes != Consumes::Nothing {
                headers.push(kind);
            }
            counter
                .send(counter.request(&call.method.clone(), path, &headers, body()))
                .await
        };
        let what = format!("{} {}", call.method, call.template);
        assert!(go(&at, &[]).await.got_through(), "{what}");
        for query in ["?nummeraanduiding=0014200012345678", "?", "?x"] {
            let answer = go(&format!("{at}{query}"), &[]).await;
            if query == "?" && !call.query.is_empty() {
                continue;
            }
            assert_eq!(answer.fields(), ["query"], "{what} {query}");
        }
        if !call.template.starts_with("/v1/log") && call.template != "/v1/openapi.json" {
            let answer = go(&at, &[("authorization", "Basic YTpi")]).await;
            assert_eq!(answer.code(), "token-ontbreekt", "{what}");
            // Nothing else is looked at before.
            let answer = go(&format!("{at}?x=1"), &[("authorization", "Basic YTpi")]).await;
            assert_eq!(answer.code(), "token-ontbreekt", "{what}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what}");
        }
        if !call.produces.is_empty() {
            let answer = go(&at, &[("accept", "image/png")]).await;
            assert_eq!(answer.code(), "niet-acceptabel", "{what}");
        }
        if call.method != Method::GET {
            let answer = go(&at, &[("if-match", "\"1\"")]).await;
            assert_eq!(answer.fields(), ["if-match"], "{what}");
        }
        if call.consumes == Consumes::Nothing {
            let sent = counter.request(&call.method.clone(), &at, &[JSON], Body::from("{}"));
            assert_eq!(counter.send(sent).await.fields(), ["body"], "{what}");
        }
        for (parameter, wrong) in [
            ("{uuid}", "1"),
            ("{id}", "-"),
            ("{transactieId}", DOCUMENT),
            ("{index}", "-1"),
        ] {
            // A document's id in these tests is of version 7; of a transaction only that is asked.
            let wrong = wrong.replace("-7d0e-", "-4d0e-");
            if call.template.contains(parameter) {
                let answer = go(&call.template.replace(parameter, &wrong), &[]).await;
                let name = parameter.trim_matches(['{', '}']);
                assert_eq!(answer.fields(), [name], "{what}");
            }
        }
    }
}

#[tokio::test]
async fn path_query_and_body_are_wrong_together() {
    let counter = Counter::open().await;
    let sent = counter.request(
        &Method::PUT,
        "/v1/documenten/geen-uuid?x=1",
        &[JSON, ("if-none-match", "*")],
        Body::from(r#"{"dossier": 1}"#),
    );
    let fields = counter.send(sent).await.fields();
    assert_eq!(
        fields[..5],
        [
            "query",
            "if-none-match",
            "uuid",
            "bronorganisatie",
            "dossier"
        ]
    );
    assert_eq!(fields.len(), 13);
}

#[tokio::test]
async fn fields_that_contradict_one_another_are_told() {
    let counter = Counter::open().await;
    let find = |template: &str| {
        let mut all = with_json().into_iter();
        all.find(|(call, _)| call.template == template && call.method == Method::POST)
            .unwrap()
    };
    let (choice, right) = find("/v1/toestemmingen");
    let (aos, report) = find("/v1/aos-meldingen");
    let with = |body: &Value, changes: &[(&str, Value)]| {
        let mut body = body.clone();
        for (name, value) in changes {
            body[*name] = value.clone();
        }
        body
    };
    for (call, body, fields) in [
        (
            &choice,
            with(&right, &[("soort", json!("verzoek-gezamenlijk"))]),
            ["coordinator"],
        ),
        (
            &choice,
            with(&right, &[("coordinator", json!(NCG))]),
            ["coordinator"],
        ),
        (
            &choice,
            with(&right, &[("geldigTot", right["geldigVan"].clone())]),
            ["geldigTot"],
        ),
        (
            &choice,
            with(&right, &[("toestand", json!("ingetrokken"))]),
            ["toestand"],
        ),
        (
            &choice,
            with(&right, &[("toestand", json!("onbekend"))]),
            ["toestand"],
        ),
        (
            &choice,
            with(&right, &[("ontvangers", json!([NCG, NCG]))]),
            ["ontvangers[1]"],
        ),
        (
            &choice,
            with(&right, &[("ontvangers", json!(["0".repeat(20)]))]),
            ["ontvangers[0]"],
        ),
        (
            &choice,
            with(&right, &[("doelen", json!(["verkoop"]))]),
            ["doelen[0]"],
        ),
        (
            &choice,
            with(&right, &[("documentsoorten", json!([]))]),
            ["documentsoorten"],
        ),
        (
            &choice,
            with(&right, &[("doelen", json!(vec!["overig"; 65]))]),
            ["doelen"],
        ),
        (
            &aos,
            with(&report, &[("tot", report["van"].clone())]),
            ["tot"],
        ),
        (
            &aos,
            with(&report, &[("van", json!("2026-11-21T12:00:00+01:00"))]),
            ["van"],
        ),
    ] {
        let answer = post(&counter, call, &body).await;
        assert_eq!(answer.fields(), fields, "{body}");
    }
    let nulls = with(
        &right,
        &[("coordinator", Value::Null), ("geldigTot", Value::Null)],
    );
    assert!(post(&counter, &choice, &nulls).await.got_through());
}

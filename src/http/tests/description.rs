//! `openapi.json` and `ledger-schema.json` say what is, no more and no less.

use std::collections::BTreeSet;

use super::schema::mistakes;
use super::*;
use crate::domain::{Choice, Document};
use crate::http::problem::{Code, Problem};
use crate::language::Language;
use serde_json::json;

/// The described paths, each with the template it stands for.
fn described() -> Vec<(String, String, Value)> {
    let described = openapi();
    let paths = described["paths"].as_object().unwrap().clone();
    let mut operations = Vec::new();
    for (path, methods) in paths {
        // OpenAPI has no parameter with slashes in it: the tiles are described as two paths.
        let template = match path.as_str() {
            "/logboek/tile/{niveau}/{tegel}" | "/logboek/tile/entries/{tegel}" => {
                "/v1/logboek/tile/{*tegel}".to_owned()
            }
            "/logboek/getuigd/tile/{niveau}/{tegel}" | "/logboek/getuigd/tile/entries/{tegel}" => {
                "/v1/logboek/getuigd/tile/{*tegel}".to_owned()
            }
            path => format!("/v1{path}"),
        };
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((template.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_description_and_the_routes_agree_in_both_directions() {
    let told: BTreeSet<_> = described().into_iter().map(|(t, m, _)| (t, m)).collect();
    let there: BTreeSet<_> = calls()
        .into_iter()
        .map(|call| (call.template.to_owned(), call.method.to_string()))
        .collect();
    assert_eq!(told, there);
}

#[test]
fn forms_parameters_and_credentials_are_described_as_they_are() {
    for (template, method, operation) in described() {
        let what = format!("{method} {template}");
        let call = calls()
            .into_iter()
            .find(|call| call.template == template && call.method.as_str() == method)
            .unwrap();
        let accepted: Vec<&String> = match &operation["requestBody"]["content"] {
            Value::Object(types) => types.keys().collect(),
            _ => Vec::new(),
        };
        let (wanted, required): (&[&str], Value) = match call.consumes {
            crate::http::routes::Consumes::Nothing => (&[], Value::Null),
            crate::http::routes::Consumes::Json => (&["application/json"], json!(true)),
            crate::http::routes::Consumes::OptionalJson => (&["application/json"], json!(false)),
            crate::http::routes::Consumes::Lines => (&["application/x-ndjson"], json!(true)),
        };
        assert_eq!(accepted, wanted, "{what}");
        assert_eq!(operation["requestBody"]["required"], required, "{what}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            if let (true, Value::Object(types)) = (status.starts_with('2'), &response["content"]) {
                let types: Vec<&str> = types.keys().map(String::as_str).collect();
                let produced = if call.produces.is_empty() {
                    &["*/*"]
                } else {
                    call.produces
                };
                assert_eq!(types, produced, "{what}");
            }
        }
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let query: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(query, call.query, "{what}");
        let certificate_only = template.starts_with("/v1/log") || template == "/v1/openapi.json";
        let security = if certificate_only {
            json!([{"certificaat": []}])
        } else {
            Value::Null
        };
        assert_eq!(operation["security"], security, "{what}");
        assert_eq!(
            operation["responses"].get("401").is_some(),
            !certificate_only,
            "{what}"
        );
    }
}

#[test]
fn each_problem_code_is_described_as_it_is_sent() {
    let described = openapi();
    let mut told = BTreeSet::new();
    for (name, response) in described["components"]["responses"].as_object().unwrap() {
        let examples = &response["content"]["application/problem+json"]["examples"];
        for (code, example) in examples.as_object().unwrap() {
            let example = &example["value"];
            assert_eq!(name, &format!("Probleem{}", example["status"]), "{code}");
            let found = Code::ALL.iter().find(|known| known.row().code == code);
            let transaction = example["instance"].as_str().unwrap();
            let transaction = transaction.strip_prefix("urn:uuid:").unwrap();
            let sent = Problem::new(*found.unwrap())
                .document(TransactionId::parse(transaction).unwrap(), Language::Dutch);
            for (member, value) in sent.as_object().unwrap() {
                assert_eq!(&example[member], value, "{code} {member}");
            }
            told.insert(code.clone());
        }
    }
    let all: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| code.row().code.to_owned())
        .collect();
    assert_eq!(told, all);
    let listed = &described["components"]["schemas"]["Probleem"]["properties"]["code"]["enum"];
    let listed: BTreeSet<String> = serde_json::from_value(listed.clone()).unwrap();
    assert_eq!(listed, all);
}

/// Every `{schema, examples}` in the description.
fn media(value: &Value, found: &mut Vec<(Value, Value)>) {
    match value {
        Value::Object(members) => {
            if let (Some(schema), Some(Value::Object(examples))) =
                (members.get("schema"), members.get("examples"))
            {
                let values = examples
                    .values()
                    .map(|e| (schema.clone(), e["value"].clone()));
                found.extend(values);
            }
            members.values().for_each(|member| media(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| media(item, found)),
        _ => {}
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let described = openapi();
    let mut all = Vec::new();
    media(&described, &mut all);
    assert!(all.len() > 50, "{}", all.len());
    for (schema, example) in all {
        // NDJSON: each line is of the schema.
        let lines: Vec<Value> = match &example {
            Value::String(text) => text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            other => vec![other.clone()],
        };
        for line in lines {
            let wrong = mistakes(&described, &schema, &line);
            assert!(wrong.is_empty(), "{schema}: {wrong:?}");
        }
    }
}

#[test]
fn documents_and_choices_are_described_as_they_are_written() {
    let described = openapi();
    let of = |path: &str, method: &str, status: &str| {
        let responses = &described["paths"][path][method]["responses"];
        let content = &responses[status]["content"]["application/json"];
        content["examples"]["voorbeeld"]["value"].clone()
    };
    let document = of("/documenten/{uuid}", "get", "200");
    let read: Document = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), document);
    let choice = of("/toestemmingen/{id}", "get", "200");
    let read: Choice = serde_json::from_value(choice.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), choice);
}

#[test]
fn answers_are_of_their_schema() {
    use crate::domain::Aos;
    use crate::exchange::{Found, Ground, Receipt, RuleTold, TestOutcome, Withheld};
    use crate::http::reply;
    let described = openapi();
    let example = |schema: &str| {
        let mut all = Vec::new();
        media(&described, &mut all);
        let wanted = json!({"$ref": format!("#/components/schemas/{schema}")});
        let found = all.into_iter().find(|(schema, _)| *schema == wanted);
        found.unwrap().1
    };
    let transaction = TransactionId::new(now(), &SystemRandomness::default()).unwrap();
    let receipt = Receipt {
        index: 7,
        transaction,
        time: now(),
    };
    let document: Document = serde_json::from_value(example("Document")).unwrap();
    let choice: Choice = serde_json::from_value(example("Toestemming")).unwrap();
    let mut aos = example("AosMelding");
    for name in ["index", "transactieId", "tijd"] {
        aos.as_object_mut().unwrap().remove(name);
    }
    let aos: Aos = serde_json::from_value(aos).unwrap();
    let found = |cursor| Found {
        documents: vec![document.clone()],
        withheld: vec![Withheld {
            kind: document.kind.clone(),
            reason: "GEEN_GRONDSLAG",
        }],
        cursor,
    };
    let permitted = TestOutcome {
        permitted: true,
        ground: Some(Ground {
            iri: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c".to_owned(),
            also: vec!["https://w3id.org/dpv/legal/eu/gdpr#A9-2-a".to_owned()],
            article: "TwG 3(4)".to_owned(),
        }),
        rules: vec!["twg-3-4".to_owned()],
        reason: None,
        missing: json!([]),
        told: vec![RuleTold {
            rule: "twg-3-4".to_owned(),
            article: Some("TwG 3(4)".to_owned()),
            sentence: "Het mag.".to_owned(),
        }],
    };
    let refused = TestOutcome {
        permitted: false,
        ground: None,
        rules: Vec::new(),
        reason: Some("AOS_NIET_ACTIEF"),
        missing: json!([{"soort": "aos", "toelichting": "Er loopt geen melding."}]),
        told: Vec::new(),
    };
    let codes = codes();
    for (schema, answer) in [
        ("ZoekAntwoord", reply::found(&found(None), &codes).unwrap()),
        (
            "ZoekAntwoord",
            reply::found(&found(Some(document.id)), &codes).unwrap(),
        ),
        ("ToetsUitkomst", reply::test_outcome(permitted)),
        ("ToetsUitkomst", reply::test_outcome(refused)),
        ("Ontvangstbewijs", reply::receipt(&receipt)),
        (
            "ToestemmingVastgelegd",
            reply::recorded(&choice, &receipt).unwrap(),
        ),
        ("Toestemmingen", reply::choices(&[choice], &codes).unwrap()),
        ("AosMelding", reply::recorded(&aos, &receipt).unwrap()),
    ] {
        let schema = &described["components"]["schemas"][schema];
        let wrong = mistakes(&described, schema, &answer);
        assert!(wrong.is_empty(), "{answer}: {wrong:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of entries of every kind")]
fn the_schema_of_the_ledger_holds_each_kind_to_its_form() {
    let schema: Value = serde_json::from_str(crate::http::LEDGER_SCHEMA).unwrap();
    let entry = |kind: &str, more: Value| {
        let mut entry = json!({
            "v": 1, "soort": kind, "tijd": "2026-11-21T12:00:00.000Z",
            "transactie": "019aa6d4-0c00-7a6b-8c9d-0e1f2a3b4c5d",
        });
        let members = entry.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        entry
    };
    let (sha, seal) = ("0".repeat(64), "A".repeat(43));
    let described = openapi();
    let decision = &described["paths"]["/besluiten/{transactieId}"]["get"]["responses"]["200"]["content"]
        ["application/json"]["examples"]["voorbeeld"]["value"];
    let line: Value = serde_json::from_str(decision["vermelding"].as_str().unwrap()).unwrap();
    let granted = json!({
        "aanvrager": IMG, "bron": NCG, "uitkomst": "toegestaan", "doel": "aos", "gezien": 3,
        "documentsoort": "opnamerapport", "grondslag": "x", "artikel": "TwG 3(4)",
        "regels": ["r"], "bundel": sha, "zegels": {"document": seal},
    });
    let mut groundless = granted.clone();
    groundless.as_object_mut().unwrap().remove("grondslag");
    let choice = json!({"aanvrager": IMG, "keuze": "toestemming", "toestand": "gegeven",
        "toestemming": DOCUMENT});
    for (entry, right) in [
        (json!({}), false),
        (entry("brief", json!({})), false),
        (entry("start", json!({"v": 2, "programma": "x"})), false),
        (
            entry(
                "start",
                json!({"programma": "x", "adres": "Hoofdstraat 12"}),
            ),
            false,
        ),
        (entry("start", json!({})), false),
        (
            entry("start", json!({"programma": "sluis 0.1.0", "schaduw": {}})),
            false,
        ),
        (
            entry(
                "start",
                json!({"programma": "sluis 0.1.0", "logsleutels": []}),
            ),
            false,
        ),
        (
            entry(
                "start",
                json!({"programma": "sluis 0.1.0", "logsleutels": "sleutel"}),
            ),
            false,
        ),
        (entry("besluit", json!({})), false),
        (entry("besluit", groundless), false),
        (
            entry(
                "besluit",
                json!({"aanvrager": IMG, "uitkomst": "geweigerd", "reden": "X"}),
            ),
            false,
        ),
        (entry("afgifte", json!({"index": 1})), false),
        (
            entry("afgifte", json!({"index": 1, "einde": "klaar"})),
            false,
        ),
        (entry("toestemming", json!({"aanvrager": IMG})), false),
        (
            entry("aos", json!({"aanvrager": IMG, "melding": DOCUMENT})),
            false,
        ),
        (entry("inzage", json!({"zegels": {"zaak": "kort"}})), false),
        (entry("beoordeling", json!({"aanvrager": IMG})), false),
        (
            entry(
                "beoordeling",
                json!({"aanvrager": IMG, "index": 3, "oordeel": "prima"}),
            ),
            false,
        ),
        (
            entry("controle", json!({"aanvrager": IMG, "aantal": 3})),
            false,
        ),
        (entry("voorstel", json!({"aanvrager": IMG})), false),
        (
            entry("vernietiging", json!({"aantal": 3, "sleutels": ["0"]})),
            false,
        ),
        (
            entry("bewaarplicht", json!({"aanvrager": IMG, "index": 3})),
            false,
        ),
        (
            entry(
                "voorstel",
                json!({"aanvrager": IMG, "handeling": "bewaarplicht-opheffen", "index": 3}),
            ),
            true,
        ),
        (
            entry(
                "vernietiging",
                json!({"aantal": 3, "handeling": "bewaartermijn", "code": "besluit",
                    "sleutels": ["0123456789abcdef"]}),
            ),
            true,
        ),
        (
            entry(
                "bewaarplicht",
                json!({"aanvrager": IMG, "handeling": "bewaarplicht-instellen", "index": 3}),
            ),
            true,
        ),
        (
            entry(
                "beoordeling",
                json!({"aanvrager": IMG, "index": 3, "oordeel": "rechtmatig", "aanleiding": "nabeoordeling"}),
            ),
            true,
        ),
        (
            entry(
                "beoordeling",
                json!({"aanvrager": IMG, "index": 3, "stap": "gemeld-bij-ap"}),
            ),
            true,
        ),
        (
            entry(
                "controle",
                json!({"aanvrager": IMG, "aantal": 3, "bevinding": "in-orde"}),
            ),
            true,
        ),
        (
            entry(
                "voorstel",
                json!({"aanvrager": IMG, "keuze": "toestemming", "toestand": "gegeven"}),
            ),
            true,
        ),
        (line, true),
        (decision["afgifte"].clone(), true),
        (entry("inzage", json!({"aanvrager": IMG, "index": 3})), true),
        (entry("start", json!({"programma": "sluis 0.1.0"})), true),
        (
            entry(
                "start",
                json!({
                    "programma": "sluis 0.1.0",
                    "logsleutels": ["sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"],
                }),
            ),
            true,
        ),
        (
            entry(
                "start",
                json!({"programma": "sluis 0.1.0", "schaduw": {"bundel": "0".repeat(64)}}),
            ),
            true,
        ),
        (entry("besluit", granted), true),
        (
            entry(
                "besluit",
                json!({"aanvrager": IMG, "uitkomst": "geweigerd", "code": "token-verlopen"}),
            ),
            true,
        ),
        (
            entry("afgifte", json!({"index": 1, "einde": "onbekend"})),
            true,
        ),
        (entry("toestemming", choice), true),
        (
            entry(
                "zoek",
                json!({"aanvrager": IMG, "onthouden":
            [{"aantal": 2, "reden": "GEEN_GRONDSLAG", "soort": "planning"}]}),
            ),
            true,
        ),
    ] {
        let wrong = mistakes(&schema, &schema, &entry);
        assert_eq!(wrong.is_empty(), right, "{entry}: {wrong:?}");
    }
}

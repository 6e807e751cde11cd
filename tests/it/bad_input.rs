//! Bad input: every mistake is told at once, and nothing of it is stored.

use serde_json::{Value, json};

use crate::client::Call;
use crate::party::{Party, Token};
use crate::world::{World, consent, document, on_each_store};

const ADDRESS: &str = "0024200000017301";
const ID: &str = "0193d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11";

/// The calls with a JSON body: method, path, purpose.
const WITH_JSON: [(&str, &str, &str); 10] = [
    ("POST", "/v1/documenten/_zoek", "schade-afhandeling"),
    (
        "POST",
        "/v1/documenten/00000000-0000-4000-8000-000000000001/_toets",
        "schade-afhandeling",
    ),
    (
        "PUT",
        "/v1/documenten/00000000-0000-4000-8000-000000000001",
        "beheer",
    ),
    ("PUT", "/v1/adressen/_eigenaren", "beheer"),
    ("PUT", "/v1/adressen/_dossiers", "beheer"),
    ("POST", "/v1/toestemmingen", "beheer"),
    (
        "POST",
        "/v1/toestemmingen/0193d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11/intrekken",
        "beheer",
    ),
    ("POST", "/v1/toestemmingen/_zoek", "beheer"),
    ("POST", "/v1/aos-meldingen", "beheer"),
    (
        "POST",
        "/v1/aos-meldingen/0193d3a0-5d6a-7c1e-9f5e-2a1c8f0a7b11/afsluiten",
        "beheer",
    ),
];

/// The fields that `fouten` names, in order.
fn fields(answer: &Value) -> Vec<String> {
    let list = answer["fouten"]
        .as_array()
        .unwrap_or_else(|| panic!("no fouten: {answer}"));
    assert!(
        list.iter()
            .all(|one| one["melding"].as_str().is_some_and(|text| !text.is_empty()))
    );
    list.iter()
        .map(|one| one["veld"].as_str().unwrap().to_owned())
        .collect()
}

/// Bodies that are wrong for any call: name, content type, body, answer.
fn wrong_for_all() -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    const JSON: &str = "application/json";
    const BAD: &str = "400 ongeldige-invoer";
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(500), "]".repeat(500));
    vec![
        ("no type", "", b"{}".to_vec(), "415 mediatype-onbekend"),
        (
            "a form",
            "application/x-www-form-urlencoded",
            b"a=b".to_vec(),
            "415 mediatype-onbekend",
        ),
        (
            "text",
            "text/plain",
            b"{}".to_vec(),
            "415 mediatype-onbekend",
        ),
        (
            "latin-1",
            "application/json; charset=iso-8859-1",
            b"{}".to_vec(),
            "415 mediatype-onbekend",
        ),
        ("not JSON", JSON, b"{".to_vec(), BAD),
        ("more than JSON", JSON, b"{} {}".to_vec(), BAD),
        (
            "not UTF-8",
            JSON,
            b"{\"nummeraanduiding\":\"\xff\xfe\"}".to_vec(),
            BAD,
        ),
        (
            "half a surrogate",
            JSON,
            b"{\"nummeraanduiding\":\"\\ud800\"}".to_vec(),
            BAD,
        ),
        ("a list", JSON, b"[]".to_vec(), BAD),
        ("a text", JSON, b"\"x\"".to_vec(), BAD),
        ("a member twice", JSON, b"{\"a\":1,\"a\":2}".to_vec(), BAD),
        ("too deep", JSON, deep.into_bytes(), BAD),
        ("too large", JSON, vec![b' '; 64 * 1024 + 1], "413 te-groot"),
    ]
}

type Row = (&'static str, &'static str, Value, &'static [&'static str]);

/// Bodies whose every field is wrong, and the fields that must be named.
#[expect(clippy::too_many_lines, reason = "a long table")]
fn wrong_fields() -> Vec<Row> {
    let long = "x".repeat(300);
    let many: Vec<String> = (0..70).map(|n| format!("eig-{n}")).collect();
    let mut reversed = consent(ADDRESS, "eig-1", "ncg", "schademelding");
    reversed["geldigTot"] = json!("2024-12-31T00:00:00Z");
    reversed["coordinator"] = json!(Party::find("ncg").oin);
    reversed["toestand"] = json!("ingetrokken");
    vec![
        (
            "PUT",
            "/v1/documenten/00000000-0000-4000-8000-000000000001",
            json!({
                "bronorganisatie": "0000000181234567800O", "dossier": "", "soort": 5, "titel": long,
                "formaat": "pdf", "bestandsomvang": -1, "creatiedatum": "gisteren",
                "nummeraanduiding": "002420000001730", "gezondheidsgegevens": "nee", "versie": " 3",
                "extra": 1,
            }),
            &[
                "bronorganisatie",
                "dossier",
                "soort",
                "titel",
                "formaat",
                "bestandsomvang",
                "creatiedatum",
                "nummeraanduiding",
                "gezondheidsgegevens",
                "versie",
                "extra",
            ],
        ),
        (
            "PUT",
            "/v1/documenten/geen-uuid",
            json!({}),
            &[
                "uuid",
                "bronorganisatie",
                "dossier",
                "soort",
                "titel",
                "formaat",
                "bestandsomvang",
                "creatiedatum",
                "nummeraanduiding",
                "gezondheidsgegevens",
                "versie",
            ],
        ),
        (
            "POST",
            "/v1/documenten/_zoek",
            json!({
                "nummeraanduiding": "٠٠٢٤٢٠٠٠٠٠٠١٧٣٠١", "soort": "onbekend", "bronorganisatie": "1",
                "limiet": 201, "vervolg": "x", "pagina": 2,
            }),
            &[
                "nummeraanduiding",
                "soort",
                "bronorganisatie",
                "limiet",
                "vervolg",
                "pagina",
            ],
        ),
        (
            "POST",
            "/v1/documenten/geen-uuid/_toets",
            json!({"x": 1}),
            &["uuid", "x"],
        ),
        (
            "PUT",
            "/v1/adressen/_eigenaren",
            json!({
                "nummeraanduiding": "0024300000017301", "eigenaren": many, "per": "2026-13-01T00:00:00Z",
            }),
            &["nummeraanduiding", "eigenaren", "per"],
        ),
        (
            "PUT",
            "/v1/adressen/_eigenaren",
            json!({
                "nummeraanduiding": ADDRESS, "eigenaren": ["eig-1", "eig-1", "", 4, "\u{1}"],
                "per": "2026-01-01T00:00:00+01:00",
            }),
            &[
                "eigenaren[1]",
                "eigenaren[2]",
                "eigenaren[3]",
                "eigenaren[4]",
                "per",
            ],
        ),
        (
            "PUT",
            "/v1/adressen/_dossiers",
            json!({
                "nummeraanduiding": 24_200_000, "dossier": null, "actief": 1, "kenmerken": ["x", 1],
            }),
            &[
                "nummeraanduiding",
                "dossier",
                "actief",
                "kenmerken[0]",
                "kenmerken[1]",
            ],
        ),
        (
            "POST",
            "/v1/toestemmingen",
            json!({
                "soort": "ja", "nummeraanduiding": "", "eigenaar": long, "ontvangers": [],
                "doelen": ["koffie"], "documentsoorten": "alle", "geldigVan": 0, "geldigTot": "ooit",
                "bewijs": {"soort": "", "sha256": "ABC", "kleur": 1}, "tekst": "nl",
                "toestand": "misschien", "bsn": "123456782",
            }),
            &[
                "soort",
                "nummeraanduiding",
                "eigenaar",
                "ontvangers",
                "doelen[0]",
                "documentsoorten",
                "geldigVan",
                "geldigTot",
                "bewijs.soort",
                "bewijs.kenmerk",
                "bewijs.sha256",
                "bewijs.kleur",
                "tekst",
                "toestand",
                "bsn",
            ],
        ),
        (
            "POST",
            "/v1/toestemmingen",
            reversed,
            &["geldigTot", "coordinator", "toestand"],
        ),
        (
            "POST",
            "/v1/toestemmingen/geen-uuid/intrekken",
            json!({
                "toestand": "gegeven", "bewijs": {}, "x": 1,
            }),
            &[
                "id",
                "toestand",
                "bewijs.soort",
                "bewijs.kenmerk",
                "bewijs.sha256",
                "x",
            ],
        ),
        (
            "POST",
            "/v1/toestemmingen/_zoek",
            json!({"nummeraanduiding": ADDRESS, "eigenaar": "x"}),
            &["eigenaar"],
        ),
        (
            "POST",
            "/v1/aos-meldingen",
            json!({
                "nummeraanduiding": ADDRESS, "van": "2026-01-02T00:00:00Z", "tot": "2026-01-01T00:00:00Z",
                "reden": "x",
            }),
            &["tot", "reden"],
        ),
        (
            "POST",
            "/v1/aos-meldingen/geen-uuid/afsluiten",
            json!({"x": 1}),
            &["id", "x"],
        ),
    ]
}

/// Calls whose path, query or headers are wrong: call, purpose, answer, fields.
#[expect(clippy::too_many_lines, reason = "a long table")]
fn wrong_around() -> Vec<(Call, &'static str, &'static str, &'static [&'static str])> {
    const BAD: &str = "400 ongeldige-invoer";
    let damage = "schade-afhandeling";
    let zoek =
        || Call::new("POST", "/v1/documenten/_zoek").json(&json!({"nummeraanduiding": ADDRESS}));
    vec![
        (
            Call::get("/v1/documenten/geen-uuid"),
            damage,
            BAD,
            &["uuid"],
        ),
        (
            Call::get("/v1/documenten/geen-uuid/download"),
            damage,
            BAD,
            &["uuid"],
        ),
        (
            Call::new("DELETE", "/v1/documenten/geen-uuid"),
            "beheer",
            BAD,
            &["uuid"],
        ),
        (
            Call::get("/v1/toestemmingen/geen-uuid"),
            "beheer",
            BAD,
            &["id"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid"),
            "beheer",
            BAD,
            &["transactieId"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid/bewijs"),
            "beheer",
            BAD,
            &["transactieId"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid/uittreksel?velden="),
            "beheer",
            BAD,
            &["query", "transactieId"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid/uittreksel?velden=zaak,zaak"),
            "beheer",
            BAD,
            &["query", "transactieId"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid/uittreksel?velden=zaak&velden=document"),
            "beheer",
            BAD,
            &["query", "transactieId"],
        ),
        (
            Call::get("/v1/besluiten/geen-uuid/uittreksel?x=zaak"),
            "beheer",
            BAD,
            &["query", "transactieId"],
        ),
        (
            Call::get(format!("/v1/documenten/geen-uuid/download?adres={ADDRESS}")),
            damage,
            BAD,
            &["query", "uuid"],
        ),
        (
            Call::get("/v1/logboek/checkpoint?x=1"),
            "beheer",
            BAD,
            &["query"],
        ),
        (
            Call::get(format!("/v1/toestemmingen/{ID}")).body("text/plain", "x"),
            "beheer",
            BAD,
            &["http"],
        ),
        (
            Call::new("DELETE", format!("/v1/documenten/{ID}")).body("text/plain", "x"),
            "beheer",
            BAD,
            &["body"],
        ),
        (
            zoek().header("if-match", "\"1\""),
            damage,
            BAD,
            &["if-match"],
        ),
        (
            zoek().header("fsc-transaction-id", "x"),
            damage,
            BAD,
            &["Fsc-Transaction-Id"],
        ),
        (
            zoek().header("content-encoding", "gzip"),
            damage,
            "415 mediatype-onbekend",
            &[],
        ),
        (
            zoek().header("accept", "text/html"),
            damage,
            "406 niet-acceptabel",
            &[],
        ),
        (
            Call::new("PATCH", "/v1/documenten/_zoek"),
            damage,
            "405 methode-niet-toegestaan",
            &[],
        ),
        (
            Call::get("/v1/documenten"),
            damage,
            "404 niet-gevonden",
            &[],
        ),
        (
            Call::get("/v1/../v1/openapi.json"),
            damage,
            "404 niet-gevonden",
            &[],
        ),
        (
            Call::get("/v1/logboek/tile/0/0"),
            damage,
            "404 niet-gevonden",
            &[],
        ),
        (
            Call::get("/v1/logboek/tile/9/999"),
            damage,
            "404 niet-gevonden",
            &[],
        ),
        (
            Call::get("/v1/%6fpenapi.json"),
            damage,
            "404 niet-gevonden",
            &[],
        ),
        (bulk("modus=soms", "{}\n"), "beheer", BAD, &["query"]),
        (bulk("", ""), "beheer", BAD, &["body"]),
        (
            Call::new("POST", "/v1/documenten/_bulk").body("application/json", "{}"),
            "beheer",
            "415 mediatype-onbekend",
            &[],
        ),
    ]
}

fn bulk(query: &str, body: &str) -> Call {
    let path = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    Call::new("POST", format!("/v1/documenten/_bulk{path}"))
        .body("application/x-ndjson", body.to_owned())
}

/// What a requester finds at the address.
async fn found(world: &World) -> Value {
    let call =
        Call::new("POST", "/v1/documenten/_zoek").json(&json!({"nummeraanduiding": ADDRESS}));
    world
        .ask("img", &Token::new("schade-afhandeling"), call)
        .await
        .expect("200")
        .json()
}

on_each_store! {
    async fn every_mistake_is_told_and_nothing_is_stored(store) {
        let world = World::new(store).await;
        // The document that the paths above name.
        let first = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        assert_eq!(first, "00000000-0000-4000-8000-000000000001");
        let before = found(&world).await;
        let size = world.size().await;
        for (method, path, purpose) in WITH_JSON {
            for (name, content_type, body, expected) in wrong_for_all() {
                let call = if content_type.is_empty() {
                    let mut call = Call::new(method, path);
                    call.body = body.into();
                    call
                } else {
                    Call::new(method, path).body(content_type, body)
                };
                let answer = world.ask("ncg", &Token::new(purpose), call).await;
                assert_eq!(answer.short(), expected, "{method} {path}: {name}: {}", answer.text());
                if answer.status == 400 {
                    assert!(!fields(&answer.json()).is_empty(), "{method} {path}: {name}");
                }
            }
        }
        for (method, path, body, expected) in wrong_fields() {
            let purpose = WITH_JSON.iter().find(|(_, known, _)| {
                path.rsplit('/').next() == known.rsplit('/').next() && known.starts_with(&path[..9])
            });
            let purpose = purpose.map_or("beheer", |(.., purpose)| purpose);
            let call = Call::new(method, path).json(&body);
            let answer = world.ask("ncg", &Token::new(purpose), call).await;
            let answer = answer.expect("400 ongeldige-invoer").json();
            assert_eq!(fields(&answer), expected, "{method} {path}: {answer:#}");
            assert_eq!(answer["partij"], "aanvrager");
        }
        for (call, purpose, expected, named) in wrong_around() {
            let answer = world.ask("ncg", &Token::new(purpose), call.clone()).await;
            let answer = answer.expect(expected).json();
            if !named.is_empty() {
                assert_eq!(fields(&answer), named, "{call:?}");
            }
        }
        assert_eq!(world.size().await, size, "a bad call is no entry");
        assert_eq!(found(&world).await, before, "and changes nothing");
        assert!(world.ncg.take_asked().is_empty());
        world.close().await;
    }

    async fn a_bulk_call_answers_every_line(store) {
        let world = World::new(store).await;
        let line = |number: u32, change: &dyn Fn(&mut Value)| {
            let mut line = document("ncg", "opnamerapport", ADDRESS, 1_000);
            line["uuid"] = json!(format!("00000000-0000-4000-8000-0000000000{number:02}"));
            change(&mut line);
            line.to_string()
        };
        let mixed = [
            line(11, &|_| ()),
            line(12, &|line| line["soort"] = json!("onbekend")),
            "{".to_owned(),
            line(13, &|line| line["bronorganisatie"] = json!(Party::find("img").oin)),
            line(11, &|_| ()),
            line(14, &|_| ()),
        ].join("\n");
        let send = async |query: &str, body: &str| {
            world.ask("ncg", &Token::beheer(), bulk(query, body)).await
        };
        let refused = send("", &mixed).await.expect("400 ongeldige-invoer").json();
        assert!(refused["regels"].as_array().unwrap().len() >= 3, "{refused:#}");
        assert_eq!(found(&world).await["documenten"], json!([]), "all or nothing");

        let answer = send("modus=per-regel", &mixed).await.expect("200");
        let lines: Vec<Value> =
            answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<(u64, &str)> = lines
            .iter()
            .map(|line| (line["regel"].as_u64().unwrap(), line["status"].as_str().unwrap()))
            .collect();
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(told[5].1, "aangemaakt");
        for wrong in [1, 2, 3] {
            assert_eq!(told[wrong].1, "geweigerd", "{answer:?}");
            assert!(!fields(&lines[wrong]).is_empty());
        }
        world.close().await;
    }
}

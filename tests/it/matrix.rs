//! Who gets what answer where: every route for every kind of credential, and what each call leaves
//! in the book. One table, for a privacy officer to read; a route that is not in it fails.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::{Call, Line};
use crate::outsider::Book;
use crate::party::{Party, Token, client_tls};
use crate::world::{World, consent, document, on_each_store};

const ADDRESS: &str = "0024200000017301";

/// What a caller has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    NoCertificate,
    UnknownOrganisation,
    NoToken,
    BrokenToken,
    ExpiredToken,
    TokenOfAnother,
    UsedToken,
    OtherPurpose,
    OtherOrganisation,
    Good,
}

use Credential::{
    BrokenToken, ExpiredToken, Good, NoCertificate, NoToken, OtherOrganisation, OtherPurpose,
    TokenOfAnother, UnknownOrganisation, UsedToken,
};

/// The good one comes last, because it changes things.
const CREDENTIALS: [(Credential, &str); 10] = [
    (NoCertificate, "geen certificaat"),
    (
        UnknownOrganisation,
        "certificaat van een onbekende organisatie",
    ),
    (NoToken, "zonder token"),
    (BrokenToken, "token met een kapotte handtekening"),
    (ExpiredToken, "token dat verlopen is"),
    (TokenOfAnother, "token van een andere organisatie"),
    (UsedToken, "token dat al gebruikt is"),
    (OtherPurpose, "token voor een ander soort doel"),
    (OtherOrganisation, "andere organisatie, met eigen token"),
    (Good, "de bedoelde organisatie, met token"),
];

/// A route, who it is for, and a call of it.
struct Row {
    /// As it stands in `openapi.json`.
    route: &'static str,
    party: &'static str,
    purpose: &'static str,
    call: Call,
}

fn row(route: &'static str, party: &'static str, purpose: &'static str, call: Call) -> Row {
    Row {
        route,
        party,
        purpose,
        call,
    }
}

/// The things the calls are about.
struct Things {
    document: String,
    spare: String,
    choice: String,
    aos: String,
    decision: String,
}

async fn things(world: &World) -> Things {
    world.owners(ADDRESS, &["eig-1"]).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 3_000).await;
    let spare = world.document("ncg", "beoordeling", ADDRESS, 3_000).await;
    let choice = world
        .consent(ADDRESS, "eig-1", "ncg", "schademelding")
        .await;
    let aos = world.tell("img", "POST", "/v1/aos-meldingen", &aos()).await;
    let download = Call::get(format!("/v1/documenten/{document}/download"));
    let answer = world
        .ask("img", &Token::new("schade-afhandeling"), download)
        .await
        .expect("200");
    Things {
        document,
        spare,
        choice,
        aos: aos["id"].as_str().unwrap().to_owned(),
        decision: answer.header("fsc-transaction-id").to_owned(),
    }
}

fn aos() -> Value {
    json!({"nummeraanduiding": ADDRESS, "van": "2026-01-01T00:00:00Z", "tot": "2036-01-01T00:00:00Z"})
}

#[expect(clippy::too_many_lines, reason = "a long table")]
fn rows(things: &Things) -> Vec<Row> {
    let Things {
        document: uuid,
        spare,
        choice,
        aos: report,
        decision,
    } = things;
    let damage = "schade-afhandeling";
    let at = json!({"nummeraanduiding": ADDRESS});
    let about = document("ncg", "beoordeling", ADDRESS, 3_000);
    let mut line = about.clone();
    line["uuid"] = json!(spare);
    let owners = json!({
        "nummeraanduiding": ADDRESS, "eigenaren": ["eig-1"], "per": "2020-01-01T00:00:00Z",
    });
    let dossier =
        json!({"nummeraanduiding": ADDRESS, "dossier": "D-1", "actief": true, "kenmerken": []});
    // What is posted here agrees nothing: see `agreements` for what does.
    let hash = "0".repeat(64);
    let signed = |of: Value| json!([{"handtekening": "a..b", "verklaring": of}]);
    let agreement = json!({
        "bestanden": {"manifest.toml": ""},
        "verklaringen": signed(json!({
            "bewijzen": {
                "bewezen": [], "bundel": hash, "oplosser": "x", "tijd": "2026-01-01T00:00:00Z", "v": 1,
            },
            "bundel": hash, "geldigVan": "2026-01-01T00:00:00Z", "titel": "", "v": 1,
        })),
    });
    let withdrawal = json!({"verklaringen": signed(json!({
        "bundel": hash, "overeenkomst": hash, "v": 1,
    }))});
    let get = |path: String| Call::get(path);
    let post = |path: String, body: &Value| Call::new("POST", path).json(body);
    let put = |path: String, body: &Value| Call::new("PUT", path).json(body);
    let v1 = |path: &str| format!("/v1/{path}");
    vec![
        row(
            "POST /documenten/_zoek",
            "img",
            damage,
            post(v1("documenten/_zoek"), &at),
        ),
        row(
            "GET /documenten/{uuid}",
            "img",
            damage,
            get(format!("/v1/documenten/{uuid}")),
        ),
        row(
            "GET /documenten/{uuid}/download",
            "img",
            damage,
            get(format!("/v1/documenten/{uuid}/download")),
        ),
        row(
            "POST /documenten/{uuid}/_toets",
            "img",
            damage,
            Call::new("POST", format!("/v1/documenten/{uuid}/_toets")),
        ),
        row(
            "PUT /documenten/{uuid}",
            "ncg",
            "beheer",
            put(format!("/v1/documenten/{spare}"), &about),
        ),
        row(
            "POST /documenten/_bulk",
            "ncg",
            "beheer",
            Call::new("POST", "/v1/documenten/_bulk")
                .body("application/x-ndjson", format!("{line}\n")),
        ),
        row(
            "DELETE /documenten/{uuid}",
            "ncg",
            "beheer",
            Call::new("DELETE", format!("/v1/documenten/{spare}")),
        ),
        row(
            "PUT /adressen/_eigenaren",
            "img",
            "beheer",
            put(v1("adressen/_eigenaren"), &owners),
        ),
        row(
            "PUT /adressen/_dossiers",
            "img",
            "beheer",
            put(v1("adressen/_dossiers"), &dossier),
        ),
        row(
            "POST /toestemmingen",
            "img",
            "beheer",
            post(
                v1("toestemmingen"),
                &consent(ADDRESS, "eig-1", "ncg", "fotorapportage"),
            ),
        ),
        row(
            "GET /toestemmingen/{id}",
            "img",
            "beheer",
            get(format!("/v1/toestemmingen/{choice}")),
        ),
        row(
            "POST /toestemmingen/_zoek",
            "img",
            "beheer",
            post(v1("toestemmingen/_zoek"), &at),
        ),
        row(
            "POST /toestemmingen/{id}/intrekken",
            "img",
            "beheer",
            Call::new("POST", format!("/v1/toestemmingen/{choice}/intrekken")),
        ),
        row(
            "POST /aos-meldingen",
            "img",
            "beheer",
            post(v1("aos-meldingen"), &aos()),
        ),
        row(
            "POST /aos-meldingen/{id}/afsluiten",
            "img",
            "beheer",
            Call::new("POST", format!("/v1/aos-meldingen/{report}/afsluiten")),
        ),
        row(
            "POST /overeenkomsten",
            "img",
            "beheer",
            post(v1("overeenkomsten"), &agreement),
        ),
        row(
            "GET /overeenkomsten",
            "img",
            "beheer",
            get(v1("overeenkomsten")),
        ),
        row(
            "GET /overeenkomsten/{index}",
            "img",
            "beheer",
            get(v1("overeenkomsten/2")),
        ),
        row(
            "POST /overeenkomsten/{index}/intrekken",
            "img",
            "beheer",
            post(v1("overeenkomsten/2/intrekken"), &withdrawal),
        ),
        row(
            "GET /besluiten/{transactieId}",
            "img",
            "beheer",
            get(format!("/v1/besluiten/{decision}")),
        ),
        row(
            "GET /besluiten/{transactieId}/bewijs",
            "img",
            "beheer",
            get(format!("/v1/besluiten/{decision}/bewijs")),
        ),
        row(
            "GET /besluiten/{transactieId}/uittreksel",
            "img",
            "beheer",
            get(format!(
                "/v1/besluiten/{decision}/uittreksel?velden=document"
            )),
        ),
        row("GET /logs", "img", "beheer", get(v1("logs"))),
        row(
            "GET /logboek/checkpoint",
            "img",
            "beheer",
            get(v1("logboek/checkpoint")),
        ),
        row(
            "GET /logboek/tile/{niveau}/{tegel}",
            "img",
            "beheer",
            get(v1("logboek/tile/0/000.p/3")),
        ),
        row(
            "GET /logboek/tile/entries/{tegel}",
            "img",
            "beheer",
            get(v1("logboek/tile/entries/000.p/3")),
        ),
        row(
            "GET /logboek/getuigd/checkpoint",
            "img",
            "beheer",
            get(v1("logboek/getuigd/checkpoint")),
        ),
        row(
            "GET /logboek/getuigd/tile/{niveau}/{tegel}",
            "img",
            "beheer",
            get(v1("logboek/getuigd/tile/0/000.p/3")),
        ),
        row(
            "GET /logboek/getuigd/tile/entries/{tegel}",
            "img",
            "beheer",
            get(v1("logboek/getuigd/tile/entries/000.p/3")),
        ),
        row(
            "GET /logboek/schema.json",
            "img",
            "beheer",
            get(v1("logboek/schema.json")),
        ),
        row(
            "GET /openapi.json",
            "img",
            "beheer",
            get(v1("openapi.json")),
        ),
    ]
}

/// Makes the call with this credential: the short answer, and its transaction.
async fn cell(world: &World, row: &Row, credential: Credential) -> (String, String) {
    let party = Party::find(row.party);
    let token = Token::new(row.purpose);
    let other = if row.purpose == "beheer" {
        "schade-afhandeling"
    } else {
        "beheer"
    };
    let (who, token) = match credential {
        NoCertificate | UnknownOrganisation | NoToken => (row.party, None),
        BrokenToken => (row.party, Some(broken(&party.token(&token)))),
        ExpiredToken => (
            row.party,
            Some(party.token(&Token {
                age_seconds: 120,
                ..token
            })),
        ),
        TokenOfAnother => (row.party, Some(Party::find("gemeente").token(&token))),
        UsedToken => {
            let token = party.token(&token);
            use_up(world, row, &token).await;
            (row.party, Some(token))
        }
        OtherPurpose => (row.party, Some(party.token(&Token::new(other)))),
        OtherOrganisation => ("gemeente", Some(Party::find("gemeente").token(&token))),
        Good => (row.party, Some(party.token(&token))),
    };
    let call = match &token {
        Some(token) => row.call.clone().token(token),
        None => row.call.clone(),
    };
    let tls = match credential {
        NoCertificate => client_tls(None),
        UnknownOrganisation => Party::find("gateway").tls(),
        _ => Party::find(who).tls(),
    };
    let mut line = Line::new(world.gateways[0].exchange, tls);
    match line.try_call(&call).await {
        Err(_) => ("geen verbinding".to_owned(), String::new()),
        Ok(answer) => (
            answer.short(),
            answer.header("fsc-transaction-id").to_owned(),
        ),
    }
}

/// A token whose signature no longer fits.
fn broken(token: &str) -> String {
    let at = token.len() - 20;
    let other = if token.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

async fn use_up(world: &World, row: &Row, token: &str) {
    let path = if row.purpose == "beheer" {
        "toestemmingen"
    } else {
        "documenten"
    };
    let body = json!({"nummeraanduiding": ADDRESS});
    let call = Call::new("POST", format!("/v1/{path}/_zoek"))
        .json(&body)
        .token(token);
    world.call(row.party, &call).await.expect("200");
}

/// What the book says about a transaction.
fn recorded(book: &Book, transaction: &str) -> String {
    let entries = book
        .entries
        .iter()
        .filter(|entry| entry["transactie"] == transaction);
    let told: Vec<String> = entries
        .map(|entry| {
            ["soort", "uitkomst", "code", "reden", "einde"]
                .iter()
                .filter_map(|field| entry[field].as_str())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    if told.is_empty() {
        "-".to_owned()
    } else {
        told.join("; ")
    }
}

on_each_store! {
    async fn every_route_for_every_credential(store) {
        let world = World::new(store).await;
        let things = things(&world).await;
        let rows = rows(&things);
        let openapi = world.call("img", &Call::get("/v1/openapi.json")).await.expect("200").json();
        let known: BTreeSet<&str> = rows.iter().map(|row| row.route).collect();
        assert_eq!(listed(&openapi), known.iter().map(|r| (*r).to_owned()).collect());

        let mut cells = Vec::new();
        for row in &rows {
            for (credential, name) in CREDENTIALS {
                let (short, transaction) = cell(&world, row, credential).await;
                cells.push((row.route, name, short, transaction));
            }
        }
        let book = world.close().await;
        let mut table = String::from("aanroep: met welk bewijs van wie men is | antwoord | in het logboek\n");
        let mut last = "";
        for (route, name, short, transaction) in cells {
            if route != last {
                writeln!(table, "\n{route}").unwrap();
                last = route;
            }
            let recorded = recorded(&book, &transaction);
            writeln!(table, "  {name:42}| {short:36}| {recorded}").unwrap();
        }
        insta::assert_snapshot!("who_gets_what_answer", table);
    }
}

/// The routes that the description lists.
fn listed(openapi: &Value) -> BTreeSet<String> {
    let methods = ["get", "put", "post", "delete", "patch", "head", "options"];
    let paths = openapi["paths"]
        .as_object()
        .expect("openapi.json lists paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.keys()
                .filter(|method| methods.contains(&method.as_str()))
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}

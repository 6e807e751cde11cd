//! Personal data that was planted everywhere a caller can put it, and looked for everywhere it must
//! not be (DESIGN, I5): the entries and tiles of the book, what the program prints, the figures, what a
//! collector is told, the answers to others, the tables of the database that are not the registry's.

mod looked;

use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use crate::client::{Call, Line, ops};
use crate::collector::{Collector, TRACES};
use crate::odd;
use crate::party::{Party, Token, anonymous_tls, pki};
use crate::process::{Gateway, SLUIS, mortal};
use crate::provider::Behaviour;
use crate::world::{Store, World, consent, document, on_each_store};

use looked::{check, check_answer, check_tables};

/// What is planted, each a value nobody else has.
const CANARIES: [(&str, &str); 13] = [
    ("the address", "1651204071930258"),
    ("another address, in a bad call", "1651208264019375"),
    ("the owner", "kanarie-eigenaar-7f31"),
    ("the employee", "kanarie-medewerker-90ab"),
    ("the case", "KANARIE-ZAAK-55127"),
    ("the title", "Kanariegele woning aan de Lijsterlaan"),
    ("the dossier", "KANARIE-DOSSIER-8843"),
    ("the evidence", "kanarie/formulier/3391"),
    ("the document", "5ca1ab1e-0000-4000-8000-0ddba11c0ffe"),
    (
        "the document's content",
        "kanarie-inhoud-2f0c schade aan de gevel",
    ),
    ("a name", "Klaas Kanarievogel"),
    ("a number of a person", "946281739"),
    ("an address in words", "Lijsterlaan 12 te Kanariedorp"),
];

fn canary(name: &str) -> &'static str {
    CANARIES.iter().find(|(known, _)| *known == name).unwrap().1
}

fn token(purpose: &str) -> Token {
    Token {
        sub: canary("the employee").to_owned(),
        zaak: canary("the case").to_owned(),
        ..Token::new(purpose)
    }
}

/// A call with a name, a number and an address where none belong: headers that others log, too.
fn with_names(call: Call) -> Call {
    let number = canary("a number of a person");
    call.header("user-agent", canary("a name"))
        .header("x-burgerservicenummer", number)
        .header("cookie", format!("wie={number}"))
        .header("referer", format!("https://img.example/{number}"))
        .header("x-forwarded-for", canary("an address in words"))
        .header("tracestate", format!("img={number}"))
}

/// The document itself.
fn content() -> Bytes {
    let mut content = canary("the document's content").repeat(60).into_bytes();
    content.truncate(2_000);
    content.into()
}

fn about() -> Value {
    let mut about = document("img", "schademelding", canary("the address"), 2_000);
    about["titel"] = json!(canary("the title"));
    about["dossier"] = json!(canary("the dossier"));
    about
}

/// Every kind of call, good and bad, with planted values in it.
#[expect(clippy::too_many_lines, reason = "a long list of calls")]
async fn sing(world: &World) {
    let (address, owner, uuid) = (
        canary("the address"),
        canary("the owner"),
        canary("the document"),
    );
    let beheer = token("beheer");
    let put = |path: String, body: &Value| Call::new("PUT", path).json(body);
    let post = |path: &str, body: &Value| Call::new("POST", path).json(body);
    let owners =
        json!({"nummeraanduiding": address, "eigenaren": [owner], "per": "2020-01-01T00:00:00Z"});
    let dossier = json!({
        "nummeraanduiding": address, "dossier": canary("the dossier"), "actief": true, "kenmerken": [],
    });
    let mut choice = consent(address, owner, "ncg", "schademelding");
    choice["bewijs"]["kenmerk"] = json!(canary("the evidence"));
    let aos = json!({
        "nummeraanduiding": address, "van": "2026-01-01T00:00:00Z", "tot": "2036-01-01T00:00:00Z",
    });
    let mut line = about();
    line["uuid"] = json!(uuid);
    let bulk = Call::new("POST", "/v1/documenten/_bulk").body(
        "application/x-ndjson",
        format!("{line}\n{line}\n{{\"titel\":\"{}\"", canary("the title")),
    );
    for call in [
        put("/v1/adressen/_eigenaren".to_owned(), &owners),
        put("/v1/adressen/_dossiers".to_owned(), &dossier),
        put(format!("/v1/documenten/{uuid}"), &about()),
        post("/v1/aos-meldingen", &aos),
    ] {
        let answer = world.ask("img", &beheer, call).await;
        assert!(answer.status < 300, "{}", answer.text());
    }
    world.ask("img", &beheer, bulk).await;
    world.img.keep(uuid, content());
    let choice = world
        .ask("img", &beheer, post("/v1/toestemmingen", &choice))
        .await
        .expect("201");
    let choice = format!(
        "/v1/toestemmingen/{}",
        choice.json()["id"].as_str().unwrap()
    );

    let at = json!({"nummeraanduiding": address});
    let download = || Call::get(format!("/v1/documenten/{uuid}/download"));
    let overig = token("overig").document(uuid);
    let granted = world.ask("ncg", &overig, with_names(download())).await;
    let granted = granted.expect("200");
    assert_eq!(granted.body, content());
    let decision = format!("/v1/besluiten/{}", granted.header("fsc-transaction-id"));
    for behaviour in [
        Behaviour::Status(500),
        Behaviour::BreaksOff(10),
        Behaviour::StrangeCertificate,
    ] {
        world.img.behave(behaviour);
        let used = Party::find("ncg").token(&overig);
        let _ = world
            .line(0, "ncg")
            .try_call(&download().token(&used))
            .await;
    }
    world.img.behave(Behaviour::Good);
    for (party, token, call) in [
        (
            "ncg",
            &token("overig"),
            Call::get(format!("/v1/documenten/{uuid}")),
        ),
        (
            "ncg",
            &token("overig"),
            post(&format!("/v1/documenten/{uuid}/_toets"), &json!({})),
        ),
        ("ncg", &token("overig"), post("/v1/documenten/_zoek", &at)),
        ("ncg", &token("afstemming"), download()),
        ("ncg", &token("kanarie-medewerker-90ab"), download()),
        ("gemeente", &token("overig"), download()),
        (
            "ncg",
            &token("overig").document("00000000-0000-4000-8000-000000000099"),
            download(),
        ),
        ("ncg", &beheer, Call::get(&decision)),
        ("ncg", &beheer, Call::get(format!("{decision}/bewijs"))),
        (
            "ncg",
            &beheer,
            Call::get(format!("{decision}/uittreksel?velden=zaak,document")),
        ),
        (
            "ncg",
            &beheer,
            Call::get(format!("{decision}/uittreksel?velden={owner}")),
        ),
        ("ncg", &beheer, Call::get("/v1/logs?limit=1000")),
        ("ncg", &beheer, post("/v1/toestemmingen/_zoek", &at)),
        ("img", &beheer, Call::get(&choice)),
        (
            "img",
            &beheer,
            Call::new("POST", format!("{choice}/intrekken")),
        ),
        ("ncg", &token("overig"), download()),
        // Bad calls, where values end up in places they do not belong.
        (
            "ncg",
            &token("overig"),
            post(
                "/v1/documenten/_zoek",
                &json!({
                    "nummeraanduiding": canary("another address, in a bad call"), owner: 1, "soort": owner,
                }),
            ),
        ),
        (
            "ncg",
            &token("overig"),
            Call::get(format!("/v1/documenten/{address}")),
        ),
        (
            "ncg",
            &token("overig"),
            Call::get(format!("/v1/{owner}/{uuid}")),
        ),
        (
            "ncg",
            &token("overig"),
            Call::get(format!("/v1/logboek/checkpoint?eigenaar={owner}")),
        ),
        (
            "ncg",
            &token("overig"),
            Call::new("KANARIE-ZAAK-55127", "/v1/documenten/_zoek"),
        ),
        (
            "ncg",
            &token("overig"),
            download().header("fsc-transaction-id", uuid),
        ),
        (
            "ncg",
            &token("overig"),
            download().header("traceparent", owner),
        ),
        (
            "ncg",
            &token("overig"),
            download().header(
                "traceparent",
                format!("00-{}-{address}-01", "ab".repeat(16)),
            ),
        ),
        (
            "ncg",
            &token("overig"),
            download().header(
                "traceparent",
                format!(
                    "00-{:0>32}-{}-01",
                    canary("a number of a person"),
                    "cd".repeat(8)
                ),
            ),
        ),
        // Of the organisation that has no part in it.
        (
            "gemeente",
            &token("overig"),
            Call::get(format!("/v1/documenten/{uuid}")),
        ),
        (
            "gemeente",
            &token("overig"),
            post("/v1/documenten/_zoek", &at),
        ),
        ("gemeente", &beheer, Call::get(&decision)),
        ("gemeente", &beheer, Call::get(format!("{decision}/bewijs"))),
        ("gemeente", &beheer, Call::get(&choice)),
        ("gemeente", &beheer, Call::get("/v1/logs?limit=1000")),
        // Names and numbers in bodies, paths, queries and words.
        (
            "img",
            &beheer,
            put(
                "/v1/adressen/_eigenaren".to_owned(),
                &json!({
                    "nummeraanduiding": canary("an address in words"), "eigenaren": [canary("a name")],
                    canary("a name"): canary("a number of a person"), "per": canary("a name"),
                }),
            ),
        ),
        (
            "img",
            &beheer,
            Call::new("PUT", "/v1/adressen/_eigenaren").body("application/json", canary("a name")),
        ),
        (
            "img",
            &beheer,
            Call::new("PUT", "/v1/adressen/_eigenaren").body(canary("a name"), "{}"),
        ),
        (
            "ncg",
            &token("overig"),
            Call::get(format!(
                "/v1/toestemmingen/{}",
                canary("a number of a person")
            )),
        ),
        (
            "ncg",
            &token("overig"),
            Call::get(format!(
                "/v1/documenten/{uuid}?bsn={}&naam=Klaas%20Kanarievogel",
                canary("a number of a person")
            )),
        ),
        (
            "ncg",
            &token("overig"),
            with_names(Call::get(format!("/v1/{}", canary("a number of a person")))),
        ),
        (
            "ncg",
            &token("overig"),
            download().header("range", canary("a name")),
        ),
        (
            "ncg",
            &token("overig"),
            download().header("accept", canary("a name")),
        ),
        (
            "ncg",
            &token("overig"),
            download().header("fsc-transaction-id", canary("a name")),
        ),
        (
            "img",
            &beheer,
            put(
                format!("/v1/documenten/{uuid}"),
                &json!({"titel": canary("the title")}),
            ),
        ),
        (
            "ncg",
            &beheer,
            put(format!("/v1/documenten/{uuid}"), &about()),
        ),
        (
            "img",
            &beheer,
            Call::new("DELETE", format!("/v1/documenten/{uuid}")),
        ),
        ("ncg", &token("overig"), download()),
    ] {
        let answer = world.ask(party, token, call.clone()).await;
        check_answer(party, &call, &answer);
    }
    let used = Party::find("ncg").token(&overig);
    for bad in [
        format!("{used}x"),
        format!("kanarie.{}.x", canary("the case")),
    ] {
        world
            .call("ncg", &download().token(&bad))
            .await
            .expect("401 token-ongeldig");
    }
    let call = download().token(&used);
    world.call("ncg", &call).await;
    world
        .call("ncg", &call)
        .await
        .expect("401 token-hergebruikt");
    visit(world, &download()).await;
}

/// Comes with certificates that name a person: one of an organisation, one of nobody here.
async fn visit(world: &World, call: &Call) {
    for (file, oin, status) in [
        ("named", Party::find("ncg").oin.as_str(), 401),
        ("stranger", canary("a number of a person"), 403),
    ] {
        let mut params = odd::leaf(oin);
        for kind in [rcgen::DnType::CommonName, rcgen::DnType::OrganizationName] {
            params.distinguished_name.push(kind, canary("a name"));
        }
        let place = canary("an address in words");
        params
            .distinguished_name
            .push(rcgen::DnType::LocalityName, place);
        let (certificate, key) = odd::issue(world.folder.path(), file, &params);
        let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let mut tls = anonymous_tls().with_client_auth_cert(chain, key).unwrap();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut line = Line::new(world.gateways[0].exchange, tls.into());
        // Its token is bound to another certificate.
        let token = Party::find("ncg").token(&token("overig"));
        let answer = line.call(&call.clone().token(&token)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        check_answer(file, call, &answer);
    }
}

on_each_store! {
    async fn planted_values_are_in_no_entry_log_line_or_figure(store) {
        let mut world = World::without_gateway(store).await;
        let collector = Collector::start().await;
        let config = std::fs::read_to_string(world.config()).unwrap();
        let (url, certs) = (collector.url(), pki().display());
        let told = format!("url = \"{url}\"\ntrust-anchors = [\"{certs}/ca.pem\"]\n");
        let telemetry = format!("[collector]\n{told}[telemetry]\n{told}sample-ratio = 1\n");
        std::fs::write(world.config(), format!("{config}\n{telemetry}")).unwrap();
        let mut serve = mortal("KILL", SLUIS);
        serve.args(["serve", "--config"]).arg(world.config()).env("SLUIS_LOG", "debug");
        let gateway = Gateway::start_with(serve, &world.log(0)).await;
        world.gateways.push(gateway.unwrap_or_else(|ended| panic!("{ended:?}")));
        sing(&world).await;
        let figures = ops(world.gateways[0].ops, "/metrics").await;
        let ready = ops(world.gateways[0].ops, "/readyz").await;
        let log = world.log(0);
        let folder = world.folder.path().to_owned();
        let log = move || std::fs::read(&log).unwrap_or_else(|_| panic!("{}", folder.display()));
        check("the log", &log());
        check("the figures", &figures.body);
        check("what is not ready", &ready.body);
        assert!(figures.text().contains("sluis_http_requests_total"));
        assert!(String::from_utf8_lossy(&log()).lines().count() > 30, "requests leave lines");
        if store == Store::Sqlite {
            check_tables(&world).await;
        }
        // What there is to tell is told at the latest when the gateway has stopped; the rest by the next.
        world.restart(0).await;
        check("the log", &log());
        for scope in ["sluis", TRACES, "sluis.ldv", "sluis.adl", "sluis.fsc"] {
            let since = Instant::now();
            while collector.taken(scope).len() < 10 {
                assert!(since.elapsed() < Duration::from_mins(1), "{scope}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        check("what a collector is told", &collector.heard());
        let book = world.close().await;
        assert!(book.size() > 25, "every call left its entry");
        check("the book", &book.raw);
        for line in &book.lines {
            check("an entry", line);
        }
    }
}

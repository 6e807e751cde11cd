//! The main job, over the wire: a document passes on each ground, exactly as CONTRACT.md says, and
//! the book can tell everything about it afterwards.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use sluis::clock::{Clock as _, SystemClock};
use sluis::demo::dataset::{Dataset, Parties};
use sluis::domain::Oin;

use crate::client::{Answer, Call};
use crate::party::{Party, Token};
use crate::world::{World, content, on_each_store};

const ADDRESS: &str = "0024200000017301";
const GROUND: &str = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn download(uuid: &str) -> Call {
    Call::get(format!("/v1/documenten/{uuid}/download"))
}

fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut hex = String::new();
    for byte in digest.as_ref() {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

/// The headers of an answer as lines, those that differ from run to run replaced.
fn told(answer: &Answer, known: &[(&str, &str)]) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .map(|line| {
            known
                .iter()
                .fold(line, |line, (value, name)| line.replace(value, name))
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

on_each_store! {
    async fn a_document_passes_on_a_recorded_ground(store) {
        let world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 70_000).await;
        let call = download(&uuid)
            .header("traceparent", TRACE)
            .header("sluis-doel", "aos")
            .header("fsc-extra", "x")
            .header("cookie", "a=b")
            .header("x-forwarded-for", "10.0.0.1")
            .header("accept-encoding", "gzip");
        let answer = world.ask("img", &Token::new("schade-afhandeling"), call).await.expect("200");
        assert!(answer.body == content(70_000), "the bytes are the provider's");

        let transaction = answer.header("fsc-transaction-id").to_owned();
        let index = answer.header("sluis-logboek-index").to_owned();
        let index_line = format!("sluis-logboek-index: {index}");
        let known = [
            (transaction.as_str(), "[transactie]"),
            (index_line.as_str(), "sluis-logboek-index: [index]"),
        ];
        insta::assert_snapshot!("headers_of_a_download", told(&answer, &known));
        let asked = world.ncg.take_asked();
        let [asked] = &asked[..] else { panic!("asked once, not {asked:?}") };
        let mut lines: Vec<String> = asked
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .map(|line| line.replace(&world.ncg.address.port().to_string(), "[poort]"))
            .map(|line| known.iter().fold(line, |line, (value, name)| line.replace(value, name)))
            .map(|line| line.replace(&Party::find("img").oin, "[oin van img]"))
            .collect();
        lines.sort();
        let path = asked.path.replace(&uuid, "[uuid]");
        let told = format!("{} {path}\n{}", asked.method, lines.join("\n"));
        insta::assert_snapshot!("what_a_provider_is_told", told);

        let book = world.close().await;
        let (decision, closing) = book.of_transaction(&transaction);
        let (decision, closing) = (decision.unwrap(), closing.unwrap());
        assert_eq!(decision["grondslag"], GROUND);
        assert_eq!(decision["artikel"], "TwG 3(4)");
        assert_eq!(decision["spoor"], TRACE, "its trace, to be found again in LDV and ADL");
        assert_eq!(decision["regels"], json!(["schade-afhandeling"]));
        assert_eq!(closing["einde"], "volledig");
        assert_eq!(closing["status"], 200);
        assert_eq!(closing["bytes"], 70_000);
        assert_eq!(closing["sha256"], sha256(&content(70_000)));
        assert_eq!(closing["index"].to_string(), index);
    }

    async fn every_purpose_ground_and_reason_of_the_demo(store) {
        let world = World::new(store).await;
        let parties = Parties {
            img: Oin::parse(&Party::find("img").oin).unwrap(),
            ncg: Oin::parse(&Party::find("ncg").oin).unwrap(),
            municipality: Oin::parse(&Party::find("gemeente").oin).unwrap(),
        };
        let data = Dataset::new(&parties, SystemClock.now()).unwrap();
        fill(&world, &data).await;
        for case in &data.cases {
            let case = json!(case);
            let who = ["img", "ncg", "gemeente"].into_iter().find(|name| case["as"] == **name);
            let mut token = Token::new(case["doel"].as_str().unwrap());
            token.team = case["team"].as_str().map(str::to_owned);
            let uuid = case["document"].as_str().unwrap();
            let before = world.size().await;
            let answer = world.ask(who.unwrap(), &token, download(uuid)).await;
            assert!(world.size().await > before, "no entry: {case}");
            let test = Call::new("POST", format!("/v1/documenten/{uuid}/_toets"));
            let test = world.ask(who.unwrap(), &token, test).await.expect("200").json();
            let (status, told) = (u64::from(answer.status), answer.text_or_nothing());
            assert_eq!(case["expect"]["status"], status, "{case}: {told}");
            if answer.status == 200 {
                assert_eq!(case["expect"]["artikel"], answer.header("sluis-grondslag"), "{case}");
                assert_eq!(test["toegestaan"], true, "{case}");
                assert_eq!(test["grondslag"], case["expect"]["grondslag"], "{case}");
            } else {
                assert_eq!(case["expect"]["reden"], answer.json()["reden"], "{case}");
                assert_eq!(answer.json()["ontbreekt"], test["ontbreekt"], "{case}");
                assert_eq!(test["toegestaan"], false, "{case}");
                assert_eq!(test["reden"], case["expect"]["reden"], "{case}");
            }
        }
        let book = world.close().await;
        let tests = book.of_kind("besluit").filter(|(_, entry)| entry["uitkomst"] == "toets");
        assert_eq!(tests.count(), data.cases.len());
    }

    async fn a_part_of_a_document(store) {
        let world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 10_000).await;
        let whole = content(10_000);
        for (range, status, content_range, part) in [
            ("bytes=10000-", "416 bereik-ongeldig", "bytes */10000", 0..0),
            ("bytes=-0", "416 bereik-ongeldig", "bytes */10000", 0..0),
            ("bytes=5-4", "200", "", 0..10_000),
            ("bytes=0-1,5-6", "200", "", 0..10_000),
            ("bytes=0-0", "206", "bytes 0-0/10000", 0..1),
            ("bytes=9000-20000", "206", "bytes 9000-9999/10000", 9_000..10_000),
            ("bytes=-7", "206", "bytes 9993-9999/10000", 9_993..10_000),
            ("bytes=4000-", "206", "bytes 4000-9999/10000", 4_000..10_000),
        ] {
            let call = download(&uuid).header("range", range);
            let answer = world.ask("img", &Token::new("schade-afhandeling"), call).await;
            let answer = answer.expect(status);
            assert_eq!(answer.header("content-range"), content_range, "{range}");
            if answer.status < 300 {
                assert!(answer.body == whole.slice(part), "{range}");
                assert_eq!(answer.header("etag"), "\"3\"");
                assert_eq!(answer.header("accept-ranges"), "bytes");
            }
        }
        let book = world.close().await;
        let closed: Vec<u64> =
            book.of_kind("afgifte").map(|(_, entry)| entry["status"].as_u64().unwrap()).collect();
        assert_eq!(closed, [200, 200, 206, 206, 206, 206]);
        let refused = book.of_kind("besluit").filter(|(_, entry)| entry["code"] == "bereik-ongeldig");
        assert_eq!(refused.count(), 2);
    }

    async fn metadata_and_search(store) {
        let world = World::new(store).await;
        let report = world.document("ncg", "opnamerapport", ADDRESS, 5_000).await;
        let advice = world.document("ncg", "versterkingsadvies", ADDRESS, 6_000).await;
        let drawing = world.document("ncg", "bouwtekening", ADDRESS, 7_000).await;
        world.document("img", "schaderapport", ADDRESS, 8_000).await;
        world.document("ncg", "opnamerapport", "0024200000099999", 9_000).await;
        let token = Token::new("schade-afhandeling");
        let path = format!("/v1/documenten/{report}");
        let about = world.ask("img", &token, Call::get(&path)).await.expect("200").json();
        let mut expected = crate::world::document("ncg", "opnamerapport", ADDRESS, 5_000);
        expected["uuid"] = json!(report);
        expected["creatiedatum"] = json!("2025-03-04T05:06:07.000Z");
        assert_eq!(about, expected);
        let path = format!("/v1/documenten/{drawing}");
        world.ask("img", &token, Call::get(&path)).await.expect("403 niet-toegestaan SOORT_NIET_BIJ_DOEL");

        let search = async |body: Value| {
            let call = Call::new("POST", "/v1/documenten/_zoek").json(&body);
            let found = world.ask("img", &token, call).await.expect("200").json();
            let ids = found["documenten"].as_array().unwrap().iter();
            let ids: Vec<String> = ids.map(|d| d["uuid"].as_str().unwrap().to_owned()).collect();
            (ids, found["onthouden"].clone(), found["vervolg"].clone())
        };
        let withheld = json!([{"soort": "bouwtekening", "reden": "SOORT_NIET_BIJ_DOEL"}]);
        let nothing = json!([]);
        let both = vec![report.clone(), advice.clone()];
        let found = search(json!({"nummeraanduiding": ADDRESS})).await;
        assert_eq!(found, (both.clone(), withheld.clone(), Value::Null));
        let found = search(json!({"nummeraanduiding": ADDRESS, "soort": "opnamerapport"})).await;
        assert_eq!(found, (vec![report.clone()], nothing.clone(), Value::Null));
        let found = search(json!({"nummeraanduiding": "0024200000011111"})).await;
        assert_eq!(found, (vec![], nothing.clone(), Value::Null));
        let (first, _, more) = search(json!({"nummeraanduiding": ADDRESS, "limiet": 1})).await;
        assert_eq!(first, [report]);
        let (rest, _, more) =
            search(json!({"nummeraanduiding": ADDRESS, "limiet": 1, "vervolg": more})).await;
        assert_eq!(rest, [advice]);
        if !more.is_null() {
            let body = json!({"nummeraanduiding": ADDRESS, "limiet": 1, "vervolg": more});
            assert_eq!(search(body).await, (vec![], withheld, Value::Null));
        }
        let own = json!({"nummeraanduiding": ADDRESS, "bronorganisatie": Party::find("img").oin});
        assert_eq!(search(own).await, (vec![], nothing, Value::Null));

        let book = world.close().await;
        let (_, listed) = book.of_kind("zoek").next().unwrap();
        assert_eq!(listed["onthouden"], json!([
            {"aantal": 1, "reden": "SOORT_NIET_BIJ_DOEL", "soort": "bouwtekening"},
        ]));
        assert_eq!(listed["getoond"].as_array().unwrap().len(), 2);
    }

    async fn the_parties_of_an_exchange_can_open_it(store) {
        let world = World::new(store).await;
        world.owners(ADDRESS, &["eig-4c1f70ab"]).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 5_000).await;
        let token = Token::new("schade-afhandeling");
        let answer = world.ask("img", &token, download(&uuid)).await.expect("200");
        let of = answer.header("fsc-transaction-id").to_owned();
        let path = format!("/v1/besluiten/{of}");
        let read = async |party| world.ask(party, &Token::beheer(), Call::get(&path)).await;
        read("gemeente").await.expect("404 niet-gevonden");
        let as_img = read("img").await.expect("200").json();
        let as_ncg = read("ncg").await.expect("200").json();
        let everything = [
            ("document", uuid.as_str()),
            ("eigenaren", "[\"eig-4c1f70ab\"]"),
            ("medewerker", "medewerker-17"),
            ("nummeraanduiding", ADDRESS),
            ("titel", "Rapport over één woning"),
            ("zaak", "ZK-2026-0001"),
        ];
        let of_the_requester = |(field, _): &&(&str, &str)| ["medewerker", "zaak"].contains(field);
        let for_ncg: Vec<_> = everything.iter().filter(|f| !of_the_requester(f)).copied().collect();
        let book = world.close().await;
        for (seen, expected) in [(&as_img, &everything[..]), (&as_ncg, &for_ncg[..])] {
            let line = seen["vermelding"].as_str().unwrap();
            let index = usize::try_from(seen["index"].as_u64().unwrap()).unwrap();
            assert_eq!(book.lines[index], line.as_bytes(), "the line is that of the book");
            let entry: Value = serde_json::from_str(line).unwrap();
            let openings = seen["openingen"].as_object().unwrap();
            let fields: Vec<&str> = openings.keys().map(String::as_str).collect();
            assert_eq!(fields, expected.iter().map(|(field, _)| *field).collect::<Vec<_>>());
            for (field, value) in expected {
                assert_eq!(openings[*field]["waarde"], *value);
                let salt = openings[*field]["zout"].as_str().unwrap();
                assert_eq!(entry["zegels"][*field], seal(salt, &of, "besluit", field, value));
            }
            assert_eq!(seen["besluit"]["artikel"], "TwG 3(4)");
            assert_eq!(seen["afgifte"]["einde"], "volledig");
        }
        let readings: Vec<_> = book.of_kind("inzage").collect();
        assert_eq!(readings.len(), 2, "who reads is in the book");
        assert!(readings.iter().all(|(_, entry)| entry["index"] == as_img["index"]));
    }

    async fn a_proof_is_for_the_parties(store) {
        let world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 5_000).await;
        let token = Token::new("schade-afhandeling");
        let answer = world.ask("img", &token, download(&uuid)).await.expect("200");
        let of = answer.header("fsc-transaction-id").to_owned();
        let path = format!("/v1/besluiten/{of}/bewijs");
        let prove = async |party| world.ask(party, &Token::beheer(), Call::get(&path)).await;
        prove("gemeente").await.expect("404 niet-gevonden");
        let proofs = [prove("img").await.expect("200"), prove("ncg").await.expect("200")];
        assert!(proofs[0].header("content-type").starts_with("text/plain"));
        let outsider = crate::outsider::Outsider::new(world.outsider.key());
        let book = world.close().await;
        for proof in &proofs {
            let index: u64 = answer.header("sluis-logboek-index").parse().unwrap();
            let line = &book.lines[usize::try_from(index).unwrap()];
            assert_eq!(outsider.check_proof(proof.text(), line), index);
        }
    }
}

/// CONTRACT: HMAC-SHA-256, key the 32-byte salt, over five lines.
fn seal(salt: &str, transaction: &str, kind: &str, field: &str, value: &str) -> String {
    let salt = URL_SAFE_NO_PAD.decode(salt).unwrap();
    assert_eq!(salt.len(), 32);
    let message = format!("sluis/zegel/v1\n{transaction}\n{kind}\n{field}\n{value}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salt);
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()))
}

/// Tells the gateway what the demo's dataset says, and gives the providers bytes of those sizes.
async fn fill(world: &World, data: &Dataset) {
    let name = |party: sluis::demo::dataset::Party| party.code();
    for owners in &data.owners {
        let party = name(owners.told_by);
        world
            .tell(party, "PUT", "/v1/adressen/_eigenaren", &json!(owners))
            .await;
    }
    for dossier in &data.dossiers {
        let party = name(dossier.organisation);
        world
            .tell(party, "PUT", "/v1/adressen/_dossiers", &json!(dossier))
            .await;
    }
    for planned in &data.documents {
        let uuid = planned.document.id.to_string();
        let mut body = json!(planned.document);
        body.as_object_mut().unwrap().remove("uuid");
        // Small ones do as well here; the benchmark moves the large.
        body["bestandsomvang"] = json!(2_000);
        world
            .tell(
                name(planned.holder),
                "PUT",
                &format!("/v1/documenten/{uuid}"),
                &body,
            )
            .await;
        world
            .provider(name(planned.holder))
            .keep(&uuid, content(2_000));
    }
    for choice in &data.choices {
        let party = name(choice.recorded_by);
        let made = world
            .tell(party, "POST", "/v1/toestemmingen", &json!(choice))
            .await;
        if let Some(state) = choice.ends_as {
            let path = format!(
                "/v1/toestemmingen/{}/intrekken",
                made["id"].as_str().unwrap()
            );
            world
                .tell(party, "POST", &path, &json!({"toestand": state}))
                .await;
        }
    }
    for aos in &data.unsafe_situations {
        world
            .tell(
                name(aos.reported_by),
                "POST",
                "/v1/aos-meldingen",
                &json!(aos),
            )
            .await;
    }
}

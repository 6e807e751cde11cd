//! The vertaalslag over the wire: two organisations, each in words of its own, about one document; and
//! nothing but shared words in the book and at the other side.

use serde_json::{Value, json};

use crate::client::Call;
use crate::party::{Party, Token};
use crate::world::{Store, World, document, on_each_store};

const ADDRESS: &str = "0024200000012345";

/// A world in which these organisations speak their own words.
async fn speaking_own(store: Store, parties: &[&str]) -> World {
    let mut world = World::without_gateway(store).await;
    let mut config = std::fs::read_to_string(world.config()).unwrap();
    for party in parties {
        let role = format!("role = \"{party}\"\n");
        assert!(config.contains(&role));
        config = config.replace(&role, &format!("{role}words = \"own\"\n"));
    }
    std::fs::write(world.config(), config).unwrap();
    world.start().await;
    world
}

fn search(kind: &str) -> Call {
    let wanted = json!({"nummeraanduiding": ADDRESS, "soort": kind});
    Call::new("POST", "/v1/documenten/_zoek").json(&wanted)
}

on_each_store! {
    async fn each_organisation_in_its_own_words(store) {
        let mut world = speaking_own(store, &["img", "ncg"]).await;
        let uuid = "00000000-0000-4000-8000-0000000000aa";
        let path = format!("/v1/documenten/{uuid}");

        // The provider calls it a constructief rapport, and so it is answered.
        let mut about = document("ncg", "constructief rapport", ADDRESS, 5_000);
        let kept = world.tell("ncg", "PUT", &path, &about).await;
        assert_eq!(kept["soort"], "constructief rapport");
        world.ncg.keep(uuid, crate::world::content(5_000));
        // Its own word, whatever the case, and the shared one are the same document.
        for same in ["Constructief Rapport", "engineeringrapport"] {
            about["soort"] = json!(same);
            let kept = world.tell("ncg", "PUT", &path, &about).await;
            assert_eq!(kept["soort"], "constructief rapport", "{same}");
        }

        // The owner asks for joint handling; NCG says so in its words, and IMG reads it in its own.
        world.owners(ADDRESS, &["eig-4c1f70ab"]).await;
        for (party, mark) in [("ncg", "bijzondere situatie"), ("img", "urgentie")] {
            let active = json!({
                "nummeraanduiding": ADDRESS, "dossier": format!("D-{party}"), "actief": true,
                "kenmerken": [mark],
            });
            world.tell(party, "PUT", "/v1/adressen/_dossiers", &active).await;
        }
        let wish = json!({
            "soort": "verzoek-gezamenlijk", "nummeraanduiding": ADDRESS, "eigenaar": "eig-4c1f70ab",
            "ontvangers": [Party::find("img").oin], "doelen": ["combinatiedossier"],
            "documentsoorten": ["constructief rapport", "opname"],
            "geldigVan": "2025-01-01T00:00:00Z", "coordinator": Party::find("ncg").oin,
            "bewijs": {"soort": "ondertekend-formulier", "kenmerk": "F-1", "sha256": "0".repeat(64)},
            "tekst": {"taal": "nl", "versie": "1"},
        });
        let wished = world.tell("ncg", "POST", "/v1/toestemmingen", &wish).await;
        assert_eq!(wished["doelen"], json!(["combinatiedossier"]));
        assert_eq!(wished["documentsoorten"], json!(["constructief rapport", "opname"]));
        let of = format!("/v1/toestemmingen/{}", wished["id"].as_str().unwrap());
        let read = world.ask("img", &Token::beheer(), Call::get(of)).await.expect("200").json();
        assert_eq!(read["doelen"], json!(["samenloop"]));
        assert_eq!(read["documentsoorten"], json!(["engineeringrapport", "opnamerapport"]));

        // The requester's word for the purpose; IMG has no word of its own for this kind.
        let token = Token::new("Samenloop");
        let found = world.ask("img", &token, search("engineeringrapport")).await.expect("200").json();
        assert_eq!(found["documenten"][0]["soort"], "engineeringrapport");
        let read = world.ask("img", &token, Call::get(&path)).await.expect("200").json();
        assert_eq!(read["soort"], "engineeringrapport");
        let whole = Call::get(format!("{path}/download"));
        let got = world.ask("img", &token, whole).await.expect("200");
        assert_eq!(got.body.len(), 5_000);
        // The provider is told the shared word.
        let asked = world.ncg.take_asked();
        assert_eq!(asked.last().unwrap().headers["sluis-doel"], "combinatie-behandeling");

        // A withheld kind is named in the requester's words too.
        world.document("img", "adviesrapport", ADDRESS, 100).await;
        let withheld = world.ask("ncg", &Token::new("aos"), search("schaderapport")).await.expect("200");
        assert_eq!(withheld.json()["onthouden"], json!([
            {"soort": "schaderapport", "reden": "SOORT_NIET_BIJ_DOEL"},
        ]));

        // Only shared words in the book.
        let book = world.settled().await;
        let text: Vec<String> = book.entries.iter().map(Value::to_string).collect();
        for own in ["constructief", "samenloop", "Samenloop", "bijzondere", "adviesrapport"] {
            assert!(!text.iter().any(|line| line.contains(own)), "{own} is in the book");
        }
        for (_, entry) in book.of_kind("besluit").filter(|(_, e)| e["uitkomst"] == "toegestaan") {
            assert_eq!(entry["doel"], "combinatie-behandeling");
            assert_eq!(entry["documentsoort"], "engineeringrapport");
        }
        world.close().await;
    }

    async fn a_word_that_nobody_knows(store) {
        let world = speaking_own(store, &["ncg"]).await;
        let refused = async |party, token: &Token, call: Call, told: &str| {
            world.ask(party, token, call).await.expect(told).json()
        };
        // In a body: 400, with the nearest words.
        let path = "/v1/documenten/00000000-0000-4000-8000-0000000000bb";
        for (party, kind, told) in [
            ("ncg", "construktief raport", "onbekend; het meest lijkt het op: constructief rapport"),
            ("ncg", "deskundigenadvies", "onbekend; "),
            ("img", "deskundigenadvies", "onbekend; "),
            ("img", "constructief rapport", "verwacht: een code van 1 tot 64 "),
        ] {
            let put = Call::new("PUT", path).json(&document(party, kind, ADDRESS, 9));
            let answer = refused(party, &Token::beheer(), put, "400 ongeldige-invoer").await;
            assert_eq!(answer["fouten"][0]["veld"], "soort");
            let message = answer["fouten"][0]["melding"].as_str().unwrap();
            assert!(message.starts_with(told), "{kind}: {message}");
        }
        // In a token: 403, with the nearest words; what is no code at all is no token of IMG's.
        for (party, purpose, told, nearest) in [
            ("ncg", "versterkken", "403 doel-onbekend", "versterken"),
            ("ncg", "het combinatiedossier", "403 doel-onbekend", "combinatiedossier"),
            ("img", "schade-afhandelen", "403 doel-onbekend", "schade-afhandeling"),
            ("img", "schade afhandeling", "401 token-ongeldig", ""),
        ] {
            let answer = refused(party, &Token::new(purpose), search("planning"), told).await;
            let detail = answer["detail"].as_str().unwrap();
            assert!(detail.contains(nearest), "{purpose}: {detail}");
        }
        let book = world.close().await;
        let unknown = book.of_kind("besluit").filter(|(_, entry)| entry["code"] == "doel-onbekend");
        let unknown: Vec<&Value> = unknown.map(|(_, entry)| entry).collect();
        assert_eq!(unknown.len(), 3);
        for entry in unknown {
            assert_eq!(entry["doel"], Value::Null);
            assert!(entry["zegels"]["doel"].is_string(), "free text is sealed");
        }
    }
}

//! The rules on the pages, over a real book: who signed for what, what it says, and what would change.

use std::sync::Arc;

use http::{StatusCode, header};

use super::super::testing::{Guest, House};
use crate::policy::{Bundle, shipped};
use crate::store::testing::Engine;

const MAY_BE: usize = 100 * 1024;

/// The candidate that is shipped, with a text in its manifest replaced.
fn candidate(from: &str, to: &str) -> Arc<Bundle> {
    let files = shipped().filter_map(|(path, bytes)| {
        let name = path.strip_prefix("kandidaat-combinatiedossier/")?;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let text = if name == "manifest.toml" {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        } else {
            text
        };
        Some((name.to_owned(), text.into_bytes()))
    });
    Arc::new(Bundle::from_files("kandidaat-combinatiedossier", files).unwrap())
}

async fn page(guest: &mut Guest, path: &str) -> String {
    let answer = guest.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
    assert!(answer.bytes.len() < MAY_BE, "{path} {}", answer.bytes.len());
    answer.text
}

fn holds(text: &str, expected: &[&str], never: &[&str]) {
    for line in expected {
        assert!(text.contains(line), "{line}: {text}");
    }
    for line in never {
        assert!(!text.contains(line), "{line}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_not_found() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let (old, new) = (House::bundle(0).hash(), House::bundle(1).hash());
    let unknown = "ab".repeat(32);
    for wrong in [
        "/regels/x".to_owned(),
        format!("/regels/{unknown}"),
        format!("/regels/{unknown}/vergelijking"),
        format!("/regels/{new}/vergelijking?met={unknown}"),
        format!("/regels/{new}/vergelijking?met=x"),
        format!("/regels/{new}/vergelijking?met=%ff"),
        format!("/regels/{new}/vergelijking?met={old}&doel=onzin"),
        format!("/regels/{new}/overeenkomst/x"),
        format!("/regels/{new}/overeenkomst/999999"),
        // The entries of another bundle.
        format!("/regels/{new}/overeenkomst/0"),
        format!("/regels/{old}/overeenkomst/1"),
        format!("/regels/{new}/overeenkomst/0/bewijs"),
    ] {
        let answer = anna.get(&wrong).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_agreement_is_listed_with_who_signed_and_how_it_stands() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let before = house.size();
    let (old, new) = (House::bundle(0).clone(), House::bundle(1).clone());
    let listed = page(&mut anna, "/regels").await;
    let (img, ncg) = (house.img.to_string(), house.ncg.to_string());
    holds(
        &listed,
        &[
            new.title(),
            old.title(),
            &new.hash().to_string(),
            &old.hash().to_string(),
            "geldt nu",
            "voorbij",
            "vanaf 19 april 2023",
            "van 1 april 2021 tot en met 18 april 2023",
            &format!("IMG (OIN {img}), <time datetime="),
            &format!("NCG (OIN {ncg}), <time datetime="),
            &format!("href=\"/regels/{}/overeenkomst/1\"", new.hash()),
            "eigenschappen, voor alle denkbare aanvragen, met none, <time",
            "Waaraan elke beslissing voldoet",
        ],
        &[
            "Er gelden nu geen afspraken",
            "Nog niet afgesproken",
            "gepland",
            "klopt niet",
        ],
    );
    assert!(listed.find(new.title()) < listed.find(old.title()));

    // One that begins later, one that does not begin after all, and a candidate nobody signs for.
    let later = house.now().plus_ms(40 * 24 * 60 * 60 * 1000);
    let planned = house.agree(&new, later).await;
    let given_up = house.agree(&new, later.plus_ms(1000)).await;
    let back = house.take_back(&new, given_up).await;
    house.officers().policies().learn(&candidate(
        "status = \"kandidaat\"",
        "status = \"kandidaat\"",
    ));
    let listed = page(&mut anna, "/regels").await;
    holds(
        &listed,
        &[
            "gepland",
            "ingetrokken",
            &format!("Regel {back}, <time"),
            "Nog niet afgesproken",
            "Kandidaat: combinatiedossiers zonder voorafgaande toestemming",
            ">kandidaat</span>",
        ],
        &["klopt niet"],
    );
    let place = |word: &str| listed.find(&format!("\">{word}</span>")).unwrap();
    assert!(place("geldt nu") < place("gepland") && place("gepland") < place("voorbij"));

    // What is planned decides when its time has come.
    house.wait_days(41);
    let mut anna = house.enter("anna").await;
    let listed = page(&mut anna, "/regels").await;
    holds(&listed, &["geldt nu", "vervangen"], &["gepland"]);
    let in_force = listed.find("geldt nu").unwrap();
    let first = listed.find(&format!("overeenkomst/{planned}\"")).unwrap();
    let next = listed.find("overeenkomst/1\"").unwrap();
    assert!(in_force < first && first < next);

    // Three entries were added by agreeing, and none by reading.
    assert_eq!(house.size(), before + 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_is_shown_with_what_was_signed_and_its_proof() {
    let house = House::open(Engine::Sqlite).await;
    let mut geert = house.enter("geert").await;
    let new = House::bundle(1).hash();
    let path = format!("/regels/{new}/overeenkomst/1");
    let shown = page(&mut geert, &path).await;
    let text = format!("&#34;bundel&#34;:&#34;{new}&#34;");
    holds(
        &shown,
        &[
            "<h1>Overeenkomst 1</h1>",
            &text,
            "&#34;soort&#34;:&#34;overeenkomst&#34;",
            ">klopt</span>",
        ],
        &["klopt niet", "waarmee zij is ingetrokken"],
    );
    let proof = geert.get(&format!("{path}/bewijs")).await;
    assert_eq!(proof.status, StatusCode::OK);
    assert!(
        proof.text.starts_with("c2sp.org/tlog-proof@v1"),
        "{}",
        proof.text
    );
    let kept = proof.headers.get(header::CONTENT_DISPOSITION).unwrap();
    assert!(kept.to_str().unwrap().contains("bewijs-overeenkomst-1."));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_leads_to_the_rule_it_was_decided_by() {
    let house = House::open(Engine::Sqlite).await;
    let index = house.decide(&house.aos()).await;
    let transaction = house.entry(index).await.transactie;
    let mut anna = house.enter("anna").await;
    let exchange = page(&mut anna, &format!("/uitwisseling/{transaction}")).await;
    let rules = format!("/regels/{}", House::bundle(1).hash());
    let link = format!("href=\"{rules}#regel-aos-van-img-naar-ncg\"");
    holds(&exchange, &[&link, &format!("href=\"{rules}\"")], &[]);
    let told = page(&mut anna, &rules).await;
    holds(
        &told,
        &[
            "id=\"regel-aos-van-img-naar-ncg\"",
            "Wat niet mag",
            "Waar dit op rust",
            "Tijdelijke wet Groningen",
        ],
        &["gelden nu niet", "gelden nog niet"],
    );
    let old = page(&mut anna, &format!("/regels/{}", House::bundle(0).hash())).await;
    holds(&old, &["Deze regels gelden nu niet."], &[]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_stands_beside_the_one_in_force_or_another() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let (old, new) = (House::bundle(0).hash(), House::bundle(1).hash());
    let candidate = candidate("status = \"kandidaat\"", "status = \"kandidaat\"");
    house.officers().policies().learn(&candidate);
    let compare = format!("/regels/{}/vergelijking", candidate.hash());

    // Which is the old one, and which was chosen.
    let sides = |text: &str| -> Vec<String> {
        let list = text.split("<dl class=\"feiten\">").nth(1).unwrap();
        let list = list.split("</dl>").next().unwrap();
        let links = list.split("href=\"/regels/").skip(1);
        links.map(|link| link.chars().take(64).collect()).collect()
    };
    let by_default = page(&mut anna, &compare).await;
    assert_eq!(
        sides(&by_default),
        [new.to_string(), candidate.hash().to_string()]
    );
    let chosen = format!("<option value=\"{new}\" selected>");
    holds(&by_default, &[&chosen, "sluis policy compare"], &[]);

    let letter = page(&mut anna, &format!("{compare}?met={old}")).await;
    assert_eq!(
        sides(&letter),
        [old.to_string(), candidate.hash().to_string()]
    );
    holds(
        &letter,
        &[
            "De nieuwe afspraken zijn ruimer",
            "<tr class=\"gewijzigd ruimer\">",
            "+ ruimer",
            "er verandert iets",
        ],
        &["gewijzigd strenger"],
    );
    let one = format!("{compare}?met={old}&doel=schade-afhandeling");
    let one = page(&mut anna, &one).await;
    assert_eq!(one.matches("<h2 id=\"doel-").count(), 1);
    holds(&one, &["Toon alle doelen", "op een eigen pagina"], &[]);

    // The one in force is put beside the one before it, and whatever is asked, the older is the old one.
    for path in [
        format!("/regels/{new}/vergelijking"),
        format!("/regels/{new}/vergelijking?met={old}"),
        format!("/regels/{old}/vergelijking"),
        format!("/regels/{old}/vergelijking?met={new}"),
    ] {
        let text = page(&mut anna, &path).await;
        assert_eq!(sides(&text), [old.to_string(), new.to_string()], "{path}");
    }
    let same = page(&mut anna, &format!("/regels/{new}/vergelijking?met={new}")).await;
    holds(
        &same,
        &["De twee beslissen hetzelfde."],
        &["<tr class=\"gewijzigd"],
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bundle_says_stays_text() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let hostile = candidate(
        "titel = \"Kandidaat: combinatiedossiers",
        "titel = \"</title><b id=kanarie>&amp;{{ 7*7 }}: combinatiedossiers",
    );
    house.officers().policies().learn(&hostile);
    let own = format!("/regels/{}", hostile.hash());
    for path in [
        "/regels".to_owned(),
        own.clone(),
        format!("{own}/vergelijking"),
    ] {
        let text = page(&mut anna, &path).await;
        holds(
            &text,
            &["&#60;b id=kanarie&#62;&#38;amp;{{ 7*7 }}"],
            &["<b id=kanarie>"],
        );
    }
    house.close().await;
}

//! Two people for what is erased and held, over a real book: what is wrong first.

use std::time::Duration;

use http::StatusCode;

use super::super::testing::{Answer, Guest, House, address};
use crate::ledger::entry::Kind;
use crate::store::testing::Engine;

const CAUSE: [(&str, &str); 2] = [("aanleiding", "inzageverzoek"), ("zaak", "AVG-17")];
const REASON: &str = "de bewoner <vroeg> hierom";
/// What a page makes of it.
const REASON_SHOWN: &str = "de bewoner &#60;vroeg&#62; hierom";

fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [fields, &CAUSE].concat()
}

fn to(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().to_owned()
}

async fn see(guest: &mut Guest, path: &str) -> String {
    let answer = guest.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
    answer.text
}

/// Looks again until the page says it: the index follows the book on its own time.
async fn sees(guest: &mut Guest, path: &str, expected: &str) -> String {
    let mut text = String::new();
    for _ in 0..2_000 {
        let answer = guest.get(path).await;
        text = answer.text;
        if answer.status == StatusCode::OK && text.contains(expected) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (_, main) = text.split_once("<main").unwrap_or_default();
    panic!("{path} does not say {expected}: {main}");
}

fn all_in(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

/// Goes as far as the page that asks whether one is sure.
async fn count(guest: &mut Guest, what: &str, at: &str) -> String {
    let fields = [("adres", at), ("wat", what), ("reden", REASON)];
    let counted = to(&guest.post("/bewaren/vragen", &with(&fields)).await);
    assert!(counted.starts_with("/bewaren/vragen/"), "{counted}");
    assert!(!counted.contains(at), "an address in a URL");
    counted
}

async fn ask(guest: &mut Guest, what: &str, at: &str) -> String {
    let counted = count(guest, what, at).await;
    let proposal = to(&guest.post(&counted, &[("zeker", "ja")]).await);
    assert!(proposal.starts_with("/bewaren/voorstel/"), "{proposal}");
    proposal
}

async fn open(guest: &mut Guest, proposal: &str) -> String {
    assert_eq!(to(&guest.post(proposal, &CAUSE).await), proposal);
    see(guest, proposal).await
}

async fn confirm(guest: &mut Guest, proposal: &str) -> Answer {
    let sure = [("besluit", "bevestigen"), ("zeker", "ja")];
    guest.post(proposal, &with(&sure)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_stands_beside_its_field_and_nothing_is_written() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let (size, here) = (house.size(), address(1).to_string());
    let long = "x".repeat(2_001);
    let right = [("adres", &*here), ("wat", "wissen"), ("reden", REASON)];
    for (field, value, wrong) in [
        ("adres", "", "adres-fout"),
        ("adres", "12", "adres-fout"),
        ("adres", "Dorpsstraat 1", "adres-fout"),
        ("wat", "", "wat-fout"),
        ("wat", "alles", "wat-fout"),
        ("reden", "  ", "reden-fout"),
        ("reden", &long, "reden-fout"),
        ("aanleiding", "", "aanleiding-fout"),
        ("zaak", "", "zaak-fout"),
    ] {
        let mut fields = with(&right);
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let answer = anna.post("/bewaren/vragen", &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field} {value}");
        all_in(&answer.text, &[&format!("id=\"{wrong}\""), "<title>Fout: "]);
        let errors = answer.text.matches("class=\"fout\"").count();
        assert_eq!(errors, 1, "{field} {value}");
    }
    let all = anna.post("/bewaren/vragen", &[]).await;
    assert_eq!(
        all.text.matches("class=\"fout\"").count(),
        5,
        "{}",
        all.text
    );
    let right = [("eigenaar", "eig-1"), ("reden", REASON)];
    let long_name = "e".repeat(129);
    for (field, value, wrong) in [
        ("eigenaar", "", "eigenaar-fout"),
        ("eigenaar", &long_name, "eigenaar-fout"),
        ("reden", "  ", "reden-fout"),
        ("aanleiding", "", "aanleiding-fout"),
        ("zaak", "", "zaak-fout"),
    ] {
        let mut fields = with(&right);
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let answer = anna.post("/bewaren/eigenaar", &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{field} {value}");
        all_in(&answer.text, &[&format!("id=\"{wrong}\""), "<title>Fout: "]);
        let errors = answer.text.matches("class=\"fout\"").count();
        assert_eq!(errors, 1, "{field} {value}");
    }
    // From a page about an address one comes with it, and nothing is wrong yet.
    let begun = [("begin", "ja"), ("adres", &*here)];
    let begun = anna.post("/bewaren/vragen", &begun).await;
    assert_eq!(begun.status, StatusCode::OK);
    assert!(begun.text.contains(&here) && !begun.text.contains("class=\"fout\""));
    assert_eq!(house.size(), size);
    for nowhere in [
        "/bewaren/vragen/9",
        "/bewaren/eigenaar/9",
        "/bewaren/eigenaar/x",
        "/bewaren/voorstel/0",
        "/bewaren/voorstel/x",
        "/bewaren/opheffen/0",
        "/bewaren/regel/0",
    ] {
        assert_eq!(
            anna.get(nowhere).await.status,
            StatusCode::NOT_FOUND,
            "{nowhere}"
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_on_does_not_erase() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let here = address(1).to_string();
    house.decide(&house.aos()).await;
    let proposal = ask(&mut anna, "wissen", &here).await;
    let regel = proposal.replace("voorstel", "regel");
    for (person, says, line) in [
        ("aukje", "IMG vroeg om een adres te wissen", StatusCode::OK),
        (
            "geert",
            "Uw organisatie doet dat niet",
            StatusCode::FORBIDDEN,
        ),
    ] {
        let mut guest = house.enter(person).await;
        let shown = sees(&mut guest, "/bewaren", says).await;
        assert!(!shown.contains("href=\"/bewaren/vragen\""), "{person}");
        assert_eq!(guest.get(&regel).await.status, line, "{person}");
        let own = [
            "/bewaren/vragen",
            "/bewaren/eigenaar",
            "/bewaren/opheffen/1",
        ];
        for path in own.into_iter().chain([&*proposal]) {
            let answer = guest.get(path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{person} {path}");
            let answer = guest.post(path, &CAUSE).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{person} {path}");
        }
        assert!(!see(&mut guest, "/").await.contains("href=\"/bewaren\""));
    }
    house.close().await;
}

/// Asks to erase, for the first and only time; answers the proposal.
async fn asked_once(house: &House, anna: &mut Guest, harm: &mut Guest, here: &str) -> String {
    // First in numbers, and then only with a tick.
    sees(anna, "/logboek", "te beoordelen").await;
    let counted = count(anna, "wissen", here).await;
    let size = house.size();
    let shown = see(anna, &counted).await;
    let numbers = [
        "verstrekkingen en weigeringen",
        "wie eigenaar is",
        "uw organisatie nog moet beoordelen: 1",
        REASON_SHOWN,
        here,
    ];
    all_in(&shown, &numbers);
    let unsure = anna.post(&counted, &[]).await;
    assert_eq!(unsure.status, StatusCode::BAD_REQUEST);
    assert!(unsure.text.contains("id=\"zeker-fout\""));
    assert_eq!(house.size(), size);
    let proposal = to(&anna.post(&counted, &[("zeker", "ja")]).await);
    assert_eq!(house.size(), size + 1);

    // Asked once: the second who asks the same is led to the first.
    let again = count(harm, "wissen", here).await;
    assert!(see(harm, &again).await.contains(&proposal));
    let refused = harm.post(&again, &[("zeker", "ja")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    // Who asked cannot also agree.
    let shown = open(anna, &proposal).await;
    all_in(
        &shown,
        &["Wacht op een tweede persoon", "Mijn voorstel terugnemen"],
    );
    assert!(!shown.contains("value=\"bevestigen\""));
    assert_eq!(to(&confirm(anna, &proposal).await), proposal);
    assert!(
        see(anna, &proposal)
            .await
            .contains("U hebt dit zelf gevraagd")
    );
    all_in(
        &see(anna, "/").await,
        &["href=\"/bewaren\"", "van uzelf; die bevestigt een ander"],
    );
    proposal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_people_erase_says_so_everywhere() {
    let house = House::open(Engine::Sqlite).await;
    let decision = house.decide(&house.aos()).await;
    let exchange = format!("/uitwisseling/{}", house.entry(decision).await.transactie);
    let (here, elsewhere) = (address(1).to_string(), address(9).to_string());
    house.own(address(1), &["eigenaar-anna"]).await;
    let mut anna = house.enter("anna").await;
    let mut harm = house.enter("harm").await;

    // Of an address that nobody knows there is nothing to erase.
    let unknown = count(&mut anna, "wissen", &elsewhere).await;
    let shown = see(&mut anna, &unknown).await;
    assert!(shown.contains("er valt niets te wissen") && !shown.contains("name=\"zeker\""));
    let refused = anna.post(&unknown, &[("zeker", "ja")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    let proposal = asked_once(&house, &mut anna, &mut harm, &here).await;

    // The other reads it all, and says that it was checked.
    all_in(
        &see(&mut harm, "/").await,
        &["vraag om te wissen of te bewaren kunt u bevestigen"],
    );
    assert!(see(&mut harm, "/bewaren").await.contains(&proposal));
    let mut late = house.enter("bram").await;
    assert_eq!(
        to(&confirm(&mut late, &proposal).await),
        proposal,
        "it was not seen"
    );
    let shown = open(&mut harm, &proposal).await;
    all_in(
        &shown,
        &[
            "Mag dit adres worden gewist?",
            "fg-img-anna",
            "AVG-17",
            REASON_SHOWN,
            &here,
        ],
    );
    for (fields, wrong) in [
        (&[("besluit", "bevestigen")][..], "zeker-fout"),
        (
            &[("besluit", "afwijzen"), ("opmerking", " ")],
            "opmerking-fout",
        ),
    ] {
        let answer = harm.post(&proposal, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(answer.text.contains(&format!("id=\"{wrong}\"")), "{wrong}");
    }
    let receipt = to(&confirm(&mut harm, &proposal).await);
    let shown = see(&mut harm, &receipt).await;
    all_in(
        &shown,
        &[
            "Adres gewist",
            "Voorgoed onleesbaar",
            "Wie er een in haar geheel terugzet, kan alles weer lezen",
            "de hash (SHA-256) van het verstrekte document",
            "blijft het pseudoniem van de eigenaar staan",
            "Uw zaak is gesloten",
        ],
    );
    assert!(!shown.contains(&here));

    // Whoever comes late is told, and nothing personal is left.
    assert_eq!(
        confirm(&mut late, &proposal).await.status,
        StatusCode::CONFLICT
    );
    let erased = sees(&mut late, &exchange, "zijn gewist").await;
    all_in(
        &erased,
        &[&format!("href=\"{receipt}\""), "bevestigd door NCG"],
    );
    assert!(!erased.contains("Toon de persoonsgegevens"));
    let log = sees(&mut late, "/logboek", "Er is gewist, bevestigd door NCG").await;
    assert!(log.contains("IMG vroeg om een adres te wissen"));
    let asked = proposal.replace("voorstel", "regel");
    assert!(
        see(&mut late, &asked)
            .await
            .contains("IMG vroeg om een adres te wissen")
    );
    let led = late.get(&proposal).await;
    assert_eq!(led.location(), receipt);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_is_not_erased_until_two_people_lift_it() {
    let house = House::open(Engine::Sqlite).await;
    house.decide(&house.aos()).await;
    let here = address(1).to_string();
    let mut anna = house.enter("anna").await;
    let mut harm = house.enter("harm").await;
    let erasing = ask(&mut anna, "wissen", &here).await;
    let counted = count(&mut anna, "wissen", &here).await;
    open(&mut harm, &erasing).await;

    // It counts from when it is asked, also for what was looked at before.
    let hold = ask(&mut anna, "bewaren", &here).await;
    let index = hold.rsplit('/').next().unwrap().to_owned();
    let refused = confirm(&mut harm, &erasing).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let held = ["geldt een bewaarplicht sinds", "kan nu niet worden gewist"];
    all_in(&refused.text, &held);
    assert!(!refused.text.contains("value=\"bevestigen\""));
    let refused = anna.post(&counted, &[("zeker", "ja")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let fresh = count(&mut harm, "wissen", &here).await;
    all_in(&see(&mut harm, &fresh).await, &held[..1]);

    // Not confirmed yet: there is nothing to lift, it is turned down or confirmed.
    let lift = format!("/bewaren/opheffen/{index}");
    let reason = [("reden", REASON)];
    all_in(&see(&mut harm, &lift).await, &["nog niet bevestigd", &hold]);
    let early = harm.post(&lift, &with(&reason)).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    open(&mut harm, &hold).await;
    let confirmed = to(&confirm(&mut harm, &hold).await);
    all_in(
        &see(&mut harm, &confirmed).await,
        &["Bewaarplicht bevestigd"],
    );
    all_in(&see(&mut harm, "/bewaren").await, &[&lift, "bevestigd"]);

    // Lifted by another than who asks that.
    let empty = harm.post(&lift, &with(&[("reden", "")])).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    assert!(empty.text.contains("id=\"reden-fout\""));
    let lifting = to(&harm.post(&lift, &with(&reason)).await);
    assert!(see(&mut anna, &lift).await.contains(&lifting));
    let twice = anna.post(&lift, &with(&reason)).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    open(&mut harm, &lifting).await;
    assert_eq!(to(&confirm(&mut harm, &lifting).await), lifting);
    open(&mut anna, &lifting).await;
    let no = [("besluit", "afwijzen"), ("opmerking", "de zaak loopt nog")];
    assert_eq!(to(&anna.post(&lifting, &no).await), "/bewaren");
    let sentence = "IMG wees af dat een bewaarplicht wordt opgeheven";
    sees(&mut anna, "/bewaren", sentence).await;
    let lifting = to(&harm.post(&lift, &with(&reason)).await);
    open(&mut anna, &lifting).await;
    let lifted = to(&confirm(&mut anna, &lifting).await);
    assert!(
        see(&mut anna, &lifted)
            .await
            .contains("Bewaarplicht opgeheven")
    );
    assert!(
        see(&mut anna, "/bewaren")
            .await
            .contains("Er geldt geen bewaarplicht")
    );
    open(&mut harm, &erasing).await;
    let receipt = to(&confirm(&mut harm, &erasing).await);
    assert!(see(&mut harm, &receipt).await.contains("Adres gewist"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terms_of_keeping_are_told() {
    const NONE: &str = "In deze poort is geen termijn ingesteld";
    const SOME: &str = "wist de poort de persoonsgegevens vanzelf";
    let terms = vec![(Kind::Decision, 7), (Kind::Search, 1)];
    for (terms, says, says_not) in [
        (Vec::new(), vec![NONE], vec![SOME, " jaar</dd>"]),
        (
            terms,
            vec![
                SOME,
                "<dt>verstrekkingen en weigeringen</dt><dd>7 jaar</dd>",
                "<dt>zoekvragen</dt><dd>1 jaar</dd>",
            ],
            vec![NONE, "<dt>wie keek</dt>"],
        ),
    ] {
        let house = House::keeping(Engine::Sqlite, terms).await;
        // Who looks on reads them too, of an organisation that provides.
        for (person, may) in [("anna", true), ("aukje", true), ("geert", false)] {
            let mut guest = house.enter(person).await;
            let shown = see(&mut guest, "/bewaren").await;
            for part in &says {
                assert_eq!(shown.contains(part), may, "{person}: {part} in {shown}");
            }
            for part in &says_not {
                assert!(!shown.contains(part), "{person}: {part} in {shown}");
            }
        }
        house.close().await;
    }
}

//! The hour a week of a privacy officer, from login to the report that is sent, and what stands in the
//! book afterwards.

use super::{Demo, Visitor};
use crate::process::sluis;

/// What follows `start` in a text, up to `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, after) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start:?} in {text}"));
    after.split(end).next().unwrap()
}

fn all_between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start)
        .skip(1)
        .map(move |after| after.split(end).next().unwrap())
}

/// How many judgements a full check of the book counts.
async fn reviews_in_the_book(officer: &mut Visitor) -> u64 {
    assert_eq!(officer.post("/integriteit", &[]).await.status, 303);
    loop {
        let page = officer.get("/integriteit").await;
        if page.header("refresh").is_empty() {
            let text = page.text();
            assert!(text.contains("het logboek klopt"), "{text}");
            let before = text.split(" beoordeling");
            let mut counts = before.filter_map(|before| {
                let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
                digits.and_then(|digits| digits.parse().ok())
            });
            return counts
                .next()
                .unwrap_or_else(|| panic!("no count in {text}"));
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The proof of an exchange, and an extract, to show the resident that somebody looked, but not who.
async fn take_an_extract(
    demo: &Demo,
    officer: &mut Visitor,
    open: &str,
    transaction: &str,
    address: &str,
) {
    let path = format!("/uitwisseling/{transaction}");
    let proof = officer.get(&format!("{path}/bewijs")).await;
    assert!(proof.text().starts_with("c2sp.org/tlog-proof@v1\n"));
    let offered: Vec<&str> = all_between(open, "name=\"veld\" value=\"", "<label").collect();
    let ticked = |field: &str| {
        let offered = offered.iter().find(|box_| box_.starts_with(field));
        offered.unwrap().contains(" checked")
    };
    assert!(ticked("nummeraanduiding") && ticked("document"));
    assert!(!ticked("medewerker") && !ticked("zaak"));
    let extract = format!("{path}/uittreksel");
    let shown = [("veld", "nummeraanduiding"), ("veld", "document")];
    let taken = officer.post(&extract, &shown).await;
    assert_eq!(taken.header("content-type"), "application/json");
    let disposition = format!("attachment; filename=\"uittreksel-{transaction}.json\"");
    assert_eq!(taken.header("content-disposition"), disposition);
    let kept = demo.path().join("uittreksel.json");
    std::fs::write(&kept, &taken.body).unwrap();
    let key = demo.about["ledger"]["key"].as_str().unwrap();
    let checked = sluis([
        "ledger",
        "check-proof",
        kept.to_str().unwrap(),
        "--log-key",
        key,
    ]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(
        said.contains(address) && said.contains("medewerker"),
        "{said}"
    );
    assert!(
        !said.contains("medewerker-"),
        "who asked is not in it: {said}"
    );
    let page = officer.get(&path).await;
    assert!(
        page.text().contains("haalde regels uit het logboek"),
        "the book says so"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_a_privacy_officer() {
    let demo = Demo::start(400).await;
    let case = demo.about["cases"].as_array().unwrap().iter();
    let mut granted = case.filter(|case| case["as"] == "img" && case["expect"]["status"] == 200);
    let address = granted.next().unwrap()["nummeraanduiding"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut officer = demo.enter(0, "img-fg").await;

    // A resident calls: who saw anything about this address? The menu, the form, the answer.
    officer.get("/logboek").await;
    let day = between(officer.get("/").await.text(), "<time datetime=\"", "T").to_owned();
    let asked = [
        ("adres", &*address),
        ("van", &day[..10]),
        ("aanleiding", "inzageverzoek"),
        ("zaak", "FG-2026-0117"),
    ];
    let found = officer.post("/logboek", &asked).await;
    assert_eq!(found.status, 303, "{}", found.text_or_nothing());
    let found = officer.get(found.header("location")).await;
    assert!(found.text().contains("IMG kreeg"), "{}", found.text());
    let mut lines = found.text().split("<li");
    let received = lines.find(|line| line.contains("IMG kreeg")).unwrap();
    let transaction = between(received, "/uitwisseling/", "\"").to_owned();
    assert!(!found.header("location").contains(&address));

    // One of them, opened: the reading is a line of the log itself.
    let path = format!("/uitwisseling/{transaction}");
    let closed = officer.get(&path).await;
    assert!(
        !closed.text().contains(&address),
        "closed until it is recorded"
    );
    assert_eq!(officer.post(&path, &[]).await.status, 303);
    let open = officer.get(&path).await;
    assert!(open.text().contains(&address), "{}", open.text());

    take_an_extract(&demo, &mut officer, open.text(), &transaction, &address).await;

    // The answer to send.
    let asked = [("nummeraanduiding", &*address), ("vorm", "pdf")];
    let report = officer.post("/inzageverzoek", &asked).await;
    assert_eq!(
        report.header("content-type"),
        "application/pdf",
        "{}",
        report.text_or_nothing()
    );
    assert!(report.body.starts_with(b"%PDF-"));

    // Two releases at unsafe buildings are judged.
    let before = reviews_in_the_book(&mut officer).await;
    let queue = officer.get("/beoordelingen").await;
    let (waits, _) = queue.text().split_once("Laatst beoordeeld").unwrap();
    let waiting: Vec<String> = all_between(waits, "href=\"/beoordelingen/", "\"")
        .map(str::to_owned)
        .collect();
    assert!(waiting.len() >= 2, "{}", queue.text());
    for index in &waiting[..2] {
        let path = format!("/beoordelingen/{index}");
        let nothing = officer.post(&path, &[]).await;
        assert_eq!(nothing.status, 400, "no judgement was chosen");
        let judged = [
            ("oordeel", "rechtmatig"),
            ("opmerking", "Er was een melding; nodig."),
        ];
        assert_eq!(officer.post(&path, &judged).await.status, 303);
    }
    let queue = officer.get("/beoordelingen").await;
    let left = between(queue.text(), "Wacht op een oordeel: ", "<")
        .trim()
        .to_owned();
    assert_eq!(left, (waiting.len() - 2).to_string(), "{}", queue.text());

    // The one who looked where nobody asked to.
    let signals = officer.get("/signalen").await;
    let first = between(signals.text(), "name=\"signaal\"", "</form>");
    assert!(signals.text().contains("91 adressen"), "{}", signals.text());
    assert!(
        !signals.text().contains("medewerker-img-31"),
        "not before it is recorded"
    );
    let code = between(first, "value=\"", "\"").to_owned();
    let about = between(between(first, "name=\"over\"", ">"), "value=\"", "\"").to_owned();
    let who = [
        ("signaal", &*code),
        ("over", &*about),
        ("daad", "medewerker"),
    ];
    let who = officer.post("/signalen", &who).await;
    let who = match who.status {
        303 => officer.get(who.header("location")).await,
        _ => who,
    };
    assert!(who.text().contains("medewerker-img-31"), "{}", who.text());

    // The book is checked again, and has both; this check finds the one before.
    assert_eq!(reviews_in_the_book(&mut officer).await, before + 2);
    let page = officer.get("/integriteit").await;
    for line in [
        "1 controle",
        " besluiten zijn opnieuw genomen, met de regels en de gegevens van dat moment,",
        "Er was geen besluit dat niet kon worden nagegaan.",
    ] {
        assert!(page.text().contains(line), "{line}: {}", page.text());
    }
    let config = demo.path().join("sluis.toml");
    let verified = sluis(["ledger", "verify", "--config", config.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_kept_is_compared_with_the_book() {
    let demo = Demo::start(200).await;
    let mut officer = demo.enter(0, "img-fg").await;
    let kept = officer.get("/integriteit/stand").await.text().to_owned();
    // A search is an entry more.
    officer.get("/logboek").await;
    let asked = [
        ("adres", ADDRESS),
        ("aanleiding", "controle"),
        ("zaak", "FG-2026-0300"),
    ];
    assert_eq!(officer.post("/logboek", &asked).await.status, 303);
    // As if another key of the same name had signed it.
    let (text, signature) = kept.trim_end().rsplit_once(' ').unwrap();
    let replaced = format!("{text} AAAA{}\n", &signature[4..]);
    for (state, status, told) in [
        (String::new(), 400, "geen stand die met de sleutel"),
        (replaced, 400, "van voordat de sleutel is vervangen"),
        ("een stand".to_owned(), 400, "geen stand die met de sleutel"),
        (
            kept.replacen('\n', "\n1", 2),
            400,
            "geen stand die met de sleutel",
        ),
        // As a form sends it.
        (
            kept.replace('\n', "\r\n"),
            200,
            "Uw stand klopt met het logboek",
        ),
    ] {
        let fields = [("daad", "vergelijken"), ("stand", &*state)];
        let compared = officer.post("/integriteit", &fields).await;
        assert_eq!(compared.status, status, "{state}");
        assert!(compared.text().contains(told), "{}", compared.text());
    }
}

/// An address of the small year, and what an owner there chose in a letter, as the form sends it.
const ADDRESS: &str = "1979200005000001";
const SCAN: &str = "abababababababababababababababababababababababababababababababab";

pub(super) fn letter(receiver: &str) -> [(&'static str, &str); 16] {
    [
        ("soort", "toestemming"),
        ("toestand", "gegeven"),
        ("adres", ADDRESS),
        ("eigenaar", "eig-brief-1"),
        ("ontvangers", receiver),
        ("doelen-welke", "alle"),
        ("documentsoorten-welke", "alle"),
        ("van", "2026-11-01"),
        ("bewijssoort", "ondertekend-formulier"),
        ("kenmerk", "BRIEF-2026-7"),
        ("sha256", SCAN),
        ("taal", "nl"),
        ("versie", "2026-1"),
        ("aanleiding", "registratie"),
        ("zaak", "REG-1"),
        // The register does not know this owner: that was looked into.
        ("nagekeken", "1979200005000001 2026-11-01 eig-brief-1"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_from_a_letter_needs_two_people_and_is_registered_once() {
    let demo = Demo::start(200).await;
    let mut registrar = demo.enter(0, "img-beheer").await;
    let img = demo.about["parties"]["img"]["oin"]
        .as_str()
        .unwrap()
        .to_owned();
    let letter = letter(&img);
    let path = "/toestemmingen/vastleggen";
    for missing in [
        "adres",
        "eigenaar",
        "ontvangers",
        "sha256",
        "toestand",
        "nagekeken",
    ] {
        let without = letter.iter().filter(|(name, _)| *name != missing);
        let answer = registrar
            .post(path, &without.copied().collect::<Vec<_>>())
            .await;
        assert_eq!(answer.status, 400, "without {missing}");
        assert!(
            answer.text().contains("BRIEF-2026-7"),
            "what was typed is kept"
        );
    }
    let proposed = registrar.post(path, &letter).await;
    assert_eq!(proposed.status, 303, "{}", proposed.text_or_nothing());
    let overview = registrar.get("/toestemmingen").await;
    let index = between(overview.text(), "/toestemmingen/voorstel/", "\"").to_owned();
    let proposal = format!("/toestemmingen/voorstel/{index}");
    let yes = [("besluit", "bevestigen")];

    // Opened first, which is recorded; and then it is one's own.
    registrar.post(&proposal, &yes).await;
    registrar.post(&proposal, &yes).await;
    assert!(
        registrar
            .get("/toestemmingen")
            .await
            .text()
            .contains(&proposal),
        "it still waits"
    );
    registrar.become_("ncg-beheer").await;
    assert_eq!(
        registrar.post(&proposal, &yes).await.status,
        404,
        "another organisation's"
    );
    registrar.become_("img-beheer-2").await;
    let reason = [
        ("besluit", "bevestigen"),
        ("aanleiding", "registratie"),
        ("zaak", "REG-1"),
    ];
    let opened = registrar.post(&proposal, &reason).await;
    assert_eq!(opened.status, 303, "{}", opened.text_or_nothing());
    assert!(
        registrar
            .get(&proposal)
            .await
            .text()
            .contains("BRIEF-2026-7")
    );
    let confirmed = registrar.post(&proposal, &yes).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.text_or_nothing());
    let again = registrar.post(&proposal, &yes).await;
    assert!([404, 409].contains(&again.status), "{}", again.status);

    let seen = [("adres", ADDRESS)];
    let seen = registrar.post("/toestemmingen", &seen).await;
    let seen = registrar.get(seen.header("location")).await;
    assert!(seen.text().contains("BRIEF-2026-7"), "{}", seen.text());
}

//! Overzicht and Signalen, as a privacy officer goes through them: what stands out, who it is, and
//! dealing with it.

use super::{Demo, Visitor};

const CAUSE: [(&str, &str); 2] = [("aanleiding", "incident"), ("zaak", "FG-2026-1")];

/// Code and first entry of the first signal on the page.
fn first_signal(page: &str) -> Option<(String, String)> {
    let (_, after) = page.split_once("name=\"signaal\" value=\"")?;
    let (code, after) = after.split_once('"')?;
    let (_, after) = after.split_once("name=\"over\" value=\"")?;
    let (about, _) = after.split_once('"')?;
    Some((code.to_owned(), about.to_owned()))
}

/// How often somebody looked at something personal, as the desk tells it.
async fn readings(visitor: &mut Visitor) -> String {
    let page = visitor.get("/integriteit").await;
    let (_, after) = page.text().split_once("een regel:").unwrap();
    after.split('.').next().unwrap().trim().to_owned()
}

async fn all_of_it_is_listed_and_taken_out(visitor: &mut Visitor, whole: &str) {
    // All of it, and the addresses to tell those concerned: recorded before anything is opened.
    let page = visitor.get(whole).await;
    assert!(
        page.text().contains("Alle uitwisselingen: 9"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("?blad=2"));
    assert!(!page.text().contains("medewerker-img"));
    let before = readings(visitor).await;
    let wrong = visitor.post(whole, &[("aanleiding", "incident")]).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(readings(visitor).await, before);
    for (fields, named) in [(vec![], false), (vec![("medewerkers", "ja")], true)] {
        let file = visitor.post(whole, &fields).await;
        assert_eq!(file.status, 200);
        let text = file.text();
        assert!(
            text.starts_with("regel;tijd;transactie;nummeraanduiding;"),
            "{text}"
        );
        assert!(text.lines().count() > 90, "{text}");
        assert_eq!(text.contains("medewerker-img-31"), named);
    }
    assert_ne!(readings(visitor).await, before);

    // Whoever closes the case stays on the page, if it is one of ours.
    for (back, to) in [
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        (whole, whole),
    ] {
        let closed = visitor.post("/zaak/sluiten", &[("terug", back)]).await;
        assert_eq!((closed.status, closed.header("location")), (303, to));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_planted_abuse_is_the_first_signal_and_is_dealt_with() {
    let demo = Demo::start(200).await;
    let mut visitor = demo.enter(0, "img-fg").await;
    let page = visitor.get("/").await;
    assert!(page.text().contains("href=\"/signalen\">Signalen</a></h3>"));
    assert!(
        page.text().contains("Het eerste: Eén zaak, 9"),
        "{}",
        page.text()
    );

    let page = visitor.get("/signalen").await;
    let (code, about) = first_signal(page.text()).unwrap();
    assert_eq!(code, "doel-zonder-vervolg");
    for told in [
        "Eén zaak, 9",
        "geen dossier",
        "Buiten kantooruren",
        "/uitwisseling/",
    ] {
        assert!(page.text().contains(told), "{told}");
    }
    assert!(
        !page.text().contains("medewerker-img"),
        "who it is, is personal"
    );

    // Wrong first: no reason to look, no remark, no such signal, no such act.
    let signal = [("signaal", &*code), ("over", &*about)];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        signal.iter().chain(more).copied().collect()
    };
    let before = readings(&mut visitor).await;
    let wrong = visitor
        .post("/signalen", &with(&[("daad", "medewerker")]))
        .await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("Kies waarom u kijkt."));
    assert!(!wrong.text().contains("medewerker-img"));
    assert_eq!(readings(&mut visitor).await, before);
    let wrong = visitor.post("/signalen", &with(&CAUSE)).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("Kies of dit in orde is."));
    assert!(wrong.text().contains("Schrijf op waarom, of wat u deed"));
    for fields in [
        [("signaal", "iets-anders"), ("over", &*about)],
        [("signaal", &*code), ("over", "0")],
        [("signaal", &*code), ("over", "-1")],
    ] {
        let gone = visitor.post("/signalen", &fields).await;
        assert_eq!((gone.status, gone.header("location")), (303, "/signalen"));
        let page = visitor.get("/signalen").await;
        assert!(page.text().contains("Dit signaal is er niet meer"));
    }

    // The reason was given, and is kept: who it is, is in the book before it is on the page.
    let before = readings(&mut visitor).await;
    let who = visitor
        .post("/signalen", &with(&[("daad", "medewerker")]))
        .await;
    assert_eq!(who.status, 200);
    assert!(who.text().contains("<b>medewerker-img-31</b>"));
    assert!(
        who.text()
            .contains("name=\"medewerker\" value=\"medewerker-img-31\"")
    );
    assert_ne!(readings(&mut visitor).await, before);
    let page = visitor.get("/signalen").await;
    assert!(
        !page.text().contains("medewerker-img-31"),
        "not without asking again"
    );

    let whole = format!("/signalen/{code}-{about}");
    assert!(who.text().contains("in zaak <b>"), "{}", who.text());
    all_of_it_is_listed_and_taken_out(&mut visitor, &whole).await;

    only_its_own_officer_deals_with_it(&mut visitor, (&code, &about)).await;
}

async fn only_its_own_officer_deals_with_it(visitor: &mut Visitor, (code, about): (&str, &str)) {
    let whole = format!("/signalen/{code}-{about}");
    let signal = [("signaal", code), ("over", about)];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        signal.iter().chain(more).copied().collect()
    };
    // Nobody else deals with it: an auditor looks, another organisation has other signals.
    let remark = [
        ("aanleiding", "incident"),
        ("zaak", "1"),
        ("oordeel", "niet-in-orde"),
        ("opmerking", "De straat van de buren <b>"),
    ];
    visitor.become_("img-auditor").await;
    let page = visitor.get("/signalen").await;
    assert!(!page.text().contains("name=\"opmerking\""));
    let refused = visitor.post("/signalen", &with(&remark)).await;
    assert_eq!(refused.status, 403);
    visitor.become_("ncg-fg").await;
    let page = visitor.get("/signalen").await;
    assert!(!page.text().contains("doel-zonder-vervolg"));
    assert_eq!(visitor.get(&whole).await.status, 404);
    visitor.post("/signalen", &with(&remark)).await;

    visitor.become_("img-fg").await;
    let dealt_with = visitor.post("/signalen", &with(&remark)).await;
    assert_eq!(
        (dealt_with.status, dealt_with.header("location")),
        (303, &*format!("/incidenten/{about}"))
    );
    let incident = visitor.get(&format!("/incidenten/{about}")).await;
    for told in [
        "Het signaal is afgehandeld.",
        "Incident: een signaal is niet in orde",
        "nog 71 uur",
        "Aantal: 9",
        &*format!("/signalen/{code}-{about}"),
    ] {
        assert!(
            incident.text().contains(told),
            "{told}: {}",
            incident.text()
        );
    }
    let page = visitor.get("/signalen").await;
    assert!(page.text().contains("niet in orde</span>"));
    let (open, dismissed) = page.text().split_once("Afgehandeld (1)").unwrap();
    assert!(!open.contains("doel-zonder-vervolg"));
    assert!(dismissed.contains("Eén zaak, 9"));
    assert!(!page.text().contains("De straat van"), "a remark is sealed");
    let again = visitor.post("/signalen", &with(&remark)).await;
    assert_eq!((again.status, again.header("location")), (303, "/signalen"));
}

//! The log and one exchange, from outside: what is personal is in the book before it is on the screen,
//! and only for a reason.

use super::{Demo, Visitor};
use crate::client::Answer;

const IMG: &str = "00000001812345678000";
const NCG: &str = "00000001823456789000";
const ABSENT: &str = "0014200099999999";
const READ: &str = "zocht in het logboek naar een persoon of adres";
const OPENED: &str = "opende een uitwisseling in het logboek";
const TAKEN: &str = "haalde regels uit het logboek als bestand";

/// What stands behind this text, up to the next tag.
fn after<'t>(text: &'t str, before: &str) -> &'t str {
    let (_, after) = text.split_once(before).unwrap_or_default();
    after.split('<').next().unwrap_or_default()
}

/// How often each kind of reading stands among the newest lines.
async fn readings(visitor: &mut Visitor) -> [usize; 3] {
    let page = visitor.get("/logboek").await;
    [READ, OPENED, TAKEN].map(|what| page.text().matches(what).count())
}

/// Sends a form, and goes where it leads.
async fn follow(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = visitor.post(path, fields).await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    let to = answer.header("location").to_owned();
    visitor.get(to.split('#').next().unwrap()).await
}

/// An exchange in which this organisation was given a document.
async fn an_exchange(visitor: &mut Visitor, asked_by: &str) -> String {
    let found = follow(
        visitor,
        "/logboek",
        &[("uitkomst", "gegeven"), ("vrager", asked_by)],
    )
    .await;
    let text = found.text();
    let (_, path) = text.split_once("href=\"/uitwisseling/").unwrap();
    format!("/uitwisseling/{}", &path[..36])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_is_recorded_before_it_is_shown() {
    let demo = Demo::start(200).await;
    let mut officer = demo.enter(0, "img-fg").await;
    assert_eq!(readings(&mut officer).await, [0, 0, 0]);

    // Without a reason nothing is sought, nothing is recorded, and what was typed is still there.
    let wanted = [
        ("adres", ABSENT),
        ("van", "2026-03-01"),
        ("tot", "2026-03-31"),
    ];
    let asked = officer.post("/logboek", &wanted).await;
    assert_eq!(asked.status, 400);
    for kept in [ABSENT, "2026-03-01", "2026-03-31", "Kies waarom u kijkt."] {
        assert!(asked.text().contains(kept), "{kept}");
    }
    assert_eq!(readings(&mut officer).await, [0, 0, 0]);

    // One exchange: open to all but what is personal.
    let path = an_exchange(&mut officer, NCG).await;
    let closed = officer.get(&path).await;
    assert!(closed.text().contains("merkje ja\">klopt<"), "the proof");
    assert!(!closed.text().contains("<dt>Adres</dt>"));
    let refused = officer.post(&path, &[("aanleiding", "klacht")]).await;
    assert_eq!(refused.status, 400);
    assert!(!refused.text().contains("<dt>Adres</dt>"));
    assert_eq!(readings(&mut officer).await, [0, 0, 0]);

    let cause = [("aanleiding", "inzageverzoek"), ("zaak", "FG-1")];
    let opened = follow(&mut officer, &path, &cause).await;
    let address = after(opened.text(), "<dt>Adres</dt><dd>").to_owned();
    assert_eq!(address.len(), 16, "{address}");
    // NCG asked: who there, and in which of their cases, stays theirs.
    assert!(!opened.text().contains("<dt>Medewerker</dt>"));
    assert!(opened.text().contains("Bij het besluit"));
    assert_eq!(readings(&mut officer).await, [0, 1, 0]);
    assert!(
        officer
            .get(&path)
            .await
            .text()
            .contains("Wie dit later bekeek")
    );
    assert_eq!(readings(&mut officer).await, [0, 1, 0], "once for a case");

    // The address, in three steps: menu, form, result. The recording counts what is shown.
    let found = follow(&mut officer, "/logboek", &[("adres", &address)]).await;
    let text = found.text();
    let shown = text.matches("<li class=\"regel\">").count();
    assert!(shown > 0 && text.contains("action=\"/inzageverzoek\""));
    let log = officer.get("/logboek").await;
    assert!(
        log.text().contains(&format!("{READ} ({shown} regel")),
        "{shown}"
    );
    let nothing = follow(&mut officer, "/logboek", &[("adres", ABSENT)]).await;
    assert!(
        nothing
            .text()
            .contains("Er is geen regel van uw organisatie")
    );
    assert_eq!(readings(&mut officer).await, [2, 1, 0]);

    // A file of it.
    let file = officer.post("/logboek/2/uitvoer", &[("vorm", "csv")]).await;
    assert_eq!(file.status, 200);
    assert!(file.header("content-disposition").contains("logboek.csv"));
    assert_eq!(file.text().lines().count(), shown + 1);
    assert!(!file.text().contains(&address));
    assert_eq!(readings(&mut officer).await, [2, 1, 1]);

    // With the case everything closes that was opened or sought for it.
    officer.post("/zaak/sluiten", &[]).await;
    assert!(!officer.get(&path).await.text().contains("<dt>Adres</dt>"));
    assert_eq!(officer.get("/logboek/2").await.status, 404);
    assert_eq!(officer.get("/logboek/1").await.status, 200, "nobody's");
    let asked = officer
        .post("/logboek/1/uitvoer", &[("vorm", "json")])
        .await;
    assert_eq!(asked.status, 400, "a file asks for a reason");
    let asked = officer.post("/logboek/1/uitvoer", &cause).await;
    assert_eq!(asked.status, 400, "and for a form");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_sees_the_exchanges_of_the_own_organisation_alone() {
    let demo = Demo::start(200).await;
    let mut visitor = demo.enter(0, "img-fg").await;
    let path = an_exchange(&mut visitor, IMG).await;
    let cause = [("aanleiding", "controle"), ("zaak", "A-1")];
    let opened = follow(&mut visitor, &path, &cause).await;
    for own in ["<dt>Medewerker</dt>", "<dt>Zaak van wie vroeg</dt>"] {
        assert!(opened.text().contains(own), "{own}");
    }
    let log = visitor.get("/logboek").await.text().to_owned();
    let (before, _) = log.split_once(OPENED).unwrap();
    let (_, reading) = before.rsplit_once("href=\"").unwrap();
    let reading = reading[..50].to_owned();
    assert_eq!(visitor.get(&reading).await.status, 200);

    visitor.become_("gemeente-fg").await;
    let nowhere = visitor
        .get("/uitwisseling/0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31")
        .await;
    assert_eq!(nowhere.status, 404);
    for path in [&path, &reading, &format!("{path}/bewijs")] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let theirs = visitor.get(&path).await.text().to_owned();
    let words = |text: &str| text.split("<main").nth(1).unwrap().to_owned();
    assert_eq!(words(&theirs), words(nowhere.text()), "the same page");
    assert_eq!(visitor.post(&path, &cause).await.status, 404);

    visitor.become_("ncg-fg").await;
    let opened = follow(&mut visitor, &path, &cause).await;
    assert!(opened.text().contains("<dt>Adres</dt>"), "party to it");
    for theirs in ["<dt>Medewerker</dt>", "<dt>Zaak van wie vroeg</dt>"] {
        assert!(!opened.text().contains(theirs), "{theirs}");
    }
    assert_eq!(visitor.get(&reading).await.status, 404, "an officer of IMG");
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_kept_without_what_is_personal() {
    let demo = Demo::start(200).await;
    let mut visitor = demo.enter(0, "img-fg").await;
    let cause = [("aanleiding", "controle"), ("zaak", "A-1")];
    let sought = [
        ("uitkomst", "geweigerd"),
        ("adres", ABSENT),
        cause[0],
        cause[1],
    ];
    follow(&mut visitor, "/logboek", &sought).await;
    for wrong in ["", " ", &"x".repeat(61)] {
        let answer = visitor.post("/logboek/1", &[("naam", wrong)]).await;
        assert_eq!(answer.status, 400, "{wrong:?}");
    }
    let name = "<b>Weigeringen</b> & meer";
    let kept = follow(&mut visitor, "/logboek/1", &[("naam", name)]).await;
    assert!(kept.text().contains("De zoekopdracht is bewaard."));
    let log = visitor.get("/logboek").await.text().to_owned();
    assert!(log.contains("&#60;b&#62;Weigeringen") && !log.contains(name));
    assert!(!log.contains(ABSENT));
    let again = follow(&mut visitor, "/logboek", &[("open", name)]).await;
    assert!(again.text().contains("uitkomst: geweigerd") && !again.text().contains(ABSENT));

    // Somebody else, also of the same organisation, has others.
    for person in ["img-auditor", "ncg-fg"] {
        visitor.become_(person).await;
        assert!(!visitor.get("/logboek").await.text().contains("Weigeringen"));
        let answer = visitor.post("/logboek", &[("open", name)]).await;
        assert_eq!(answer.status, 404);
        follow(&mut visitor, "/logboek", &[("weg", name)]).await;
    }
    visitor.become_("img-fg").await;
    assert!(visitor.get("/logboek").await.text().contains("Weigeringen"));
    follow(&mut visitor, "/logboek", &[("weg", name)]).await;
    assert!(!visitor.get("/logboek").await.text().contains("Weigeringen"));
}

//! The page of the trial rules, what one exchange tells of them, and the way to the log.

use crate::desk::testing::{House, address};
use crate::domain::{DocumentKind, Purpose, Sha256};
use crate::ledger::entry::{Act, Entry, Kind, Outcome, Shadow, Trial};
use crate::ledger::seal::Personal;

/// A test that IMG made at NCG, refused, with what a candidate says.
async fn asked(house: &House, says: Option<Shadow>) -> String {
    let holds = house.ncg;
    let fill = |entry: &mut Entry| {
        entry.bron = Some(holds);
        entry.handeling = Some(Act::Test);
        entry.documentsoort = DocumentKind::parse("opnamerapport").ok();
        entry.doel = Purpose::parse("overig").ok();
        entry.gezondheid = Some(false);
        entry.uitkomst = Some(Outcome::Test);
        entry.reden = Some("TOESTEMMING_ONTBREEKT".to_owned());
        entry.bundel = Some(Sha256::from_bytes([3; 32]));
        entry.schaduw = says.map(Box::new);
    };
    let told = house.tell(
        Kind::Decision,
        house.img,
        address(1),
        fill,
        Personal::none(),
    );
    let index = told.await;
    house.entry(index).await.transactie.to_string()
}

#[tokio::test]
async fn differences_can_be_seen_counted_and_looked_up() {
    let house = House::open(crate::store::testing::Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let page = anna.get("/proefregels").await.text;
    assert!(page.contains("Er kijken nu geen proefregels mee"), "{page}");
    assert!(
        page.contains("In deze weken was er geen verschil"),
        "{page}"
    );
    assert!(!anna.get("/").await.text.contains("/proefregels"));

    let hash = Sha256::from_bytes([1; 32]);
    let permits = Shadow {
        uitkomst: Some(Trial::Permitted),
        grondslag: Some("https://w3id.org/dpv/legal/eu/gdpr#A6-1-e".to_owned()),
        artikel: Some("AVG 6(1)(e)".to_owned()),
        regels: vec!["combinatiedossier".to_owned()],
        ..Shadow::begins(hash)
    };
    let unknown = Shadow {
        uitkomst: Some(Trial::Unknown),
        ..Shadow::begins(hash)
    };
    let alike = asked(&house, None).await;
    let otherwise = asked(&house, Some(permits)).await;
    let cannot_tell = asked(&house, Some(unknown)).await;

    let page = anna.get("/proefregels").await.text;
    let told = "Deze week zouden proefregels bij 2 van de 3 besluiten iets anders hebben gezegd.";
    assert!(page.contains(told), "{page}");
    assert!(page.contains("<svg") && !page.contains("<script"), "{page}");
    assert!(anna.get("/").await.text.contains("href=\"/proefregels\""));

    // The button of a week leads to those decisions and no others.
    let value = |name: &str| {
        let field = format!("name=\"{name}\" value=\"");
        let (_, after) = page.split_once(&field).unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    let (from, until) = (value("van"), value("tot"));
    let fields = [
        ("uitkomst", "proef-anders"),
        ("van", &*from),
        ("tot", &*until),
    ];
    let sought = anna.post("/logboek", &fields).await;
    let found = anna.get(sought.location()).await.text;
    for (transaction, is_there) in [(&alike, false), (&otherwise, true), (&cannot_tell, true)] {
        assert_eq!(found.contains(transaction.as_str()), is_there, "{found}");
    }

    for (transaction, told) in [
        (
            &otherwise,
            Some("De proefregels hadden dit toegestaan op deze grond:"),
        ),
        (
            &cannot_tell,
            Some("De proefregels kunnen dit niet beoordelen"),
        ),
        (&alike, None),
    ] {
        let page = anna.get(&format!("/uitwisseling/{transaction}")).await.text;
        assert_eq!(page.contains("id=\"proef\""), told.is_some(), "{page}");
        assert!(told.is_none_or(|told| page.contains(told)), "{page}");
    }
    // Who is no party to them sees none of it.
    let mut geert = house.enter("geert").await;
    let page = geert.get("/proefregels").await.text;
    assert!(page.contains("bij 0 van de 0 besluiten"), "{page}");
    drop((anna, geert));
    house.close().await;
}

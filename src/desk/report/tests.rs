//! The answer to a resident through the desk, over a real book.

use http::{StatusCode, header};

use super::super::forms::{Filled, Form};
use super::super::testing::{Answer, CANARY_CASE, CANARY_EMPLOYEE, Guest, House, Wish, address};
use super::{Asked, read};
use crate::clock::Day;
use crate::domain::{AddressId, OwnerId};
use crate::exchange::officer::Subject;
use crate::language::Language;
use crate::ledger::entry::{Act, Kind, Occasion};
use crate::ledger::seal::Personal;
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    a_report_tells_what_was_shared_and_names_nobody,
    an_owner_reads_of_that_owner_alone,
    an_unknown_address_says_nothing_of_others,
    what_several_owners_chose_is_told_to_each_apart,
    what_was_unlawful_is_told_as_that_and_nothing_claims_to_be_right,
);

const CASE: [(&str, &str); 2] = [("aanleiding", "inzageverzoek"), ("zaak", "FG-2026-1")];

async fn make(guest: &mut Guest, fields: &[(&str, &str)]) -> Answer {
    guest
        .post("/inzageverzoek", &[fields, &CASE].concat())
        .await
}

/// The report on a page, without what stands around it.
fn letter(answer: &Answer) -> String {
    let (_, after) = answer.text.split_once("<article").expect(&answer.text);
    after.split("</article>").next().unwrap().to_owned()
}

#[test]
fn a_form_says_what_is_wrong_with_it() {
    let address = "0014200000000001";
    let long = "x".repeat(129);
    for (fields, wrong) in [
        (&[][..], &["nummeraanduiding"][..]),
        (
            &[("nummeraanduiding", "001420000000000")],
            &["nummeraanduiding"],
        ),
        (
            &[("nummeraanduiding", "0014210000000001")],
            &["nummeraanduiding"],
        ),
        (
            &[("nummeraanduiding", "Dorpsstraat 1")],
            &["nummeraanduiding"],
        ),
        (&[("eigenaar", &long)], &["eigenaar"]),
        (
            &[("nummeraanduiding", address), ("eigenaar", "eigenaar-1")],
            &["eigenaar"],
        ),
        (
            &[("nummeraanduiding", address), ("van", "2026-02-30")],
            &["van"],
        ),
        (
            &[
                ("nummeraanduiding", address),
                ("van", "1-2-2026"),
                ("tot", "gisteren"),
            ],
            &["van", "tot"],
        ),
        (
            &[
                ("nummeraanduiding", address),
                ("van", "2026-02-02"),
                ("tot", "2026-02-01"),
            ],
            &["tot"],
        ),
        (&[("van", "morgen")], &["nummeraanduiding", "van"]),
    ] {
        let form = fields.iter();
        let form = form.fold(Form::default(), |form, (name, value)| {
            form.with(name, value)
        });
        let mut f = Filled::new(form, Language::Dutch);
        read(&mut f, Language::Dutch);
        let found: Vec<_> = f.mistakes.iter().map(|mistake| mistake.field).collect();
        assert_eq!(found, wrong, "{fields:?}");
    }
}

#[test]
fn a_period_has_its_first_and_its_last_day_in_it() {
    let form = Form::default()
        .with("eigenaar", " eigenaar-1 ")
        .with("van", "2026-03-01")
        .with("tot", "2026-03-31")
        .with("taal", "en")
        .with("vorm", "pdf");
    let asked = read(&mut Filled::new(form, Language::Dutch), Language::Dutch).unwrap();
    let day = |text| Day::parse(text).unwrap();
    let expected = Asked {
        subject: Subject::Owner(OwnerId::parse("eigenaar-1").unwrap()),
        from: Some(day("2026-03-01")),
        to: Some(day("2026-03-31")),
        language: Language::English,
        is_pdf: true,
    };
    assert_eq!(asked, expected);
    let (from, until) = asked.period();
    assert_eq!(from.unwrap().to_string(), "2026-02-28T23:00:00.000Z");
    assert_eq!(until.unwrap().to_string(), "2026-03-31T22:00:00.000Z");
}

#[test]
fn how_long_data_is_kept_is_told_or_whom_to_ask() {
    let term = |l, term| super::texts::kept("IMG", term, l).text.remove(0);
    assert_eq!(term(Language::Dutch, Some("Zeven jaar.")), "Zeven jaar.");
    for (l, told) in [
        (
            Language::Dutch,
            "Vraag het aan de functionaris gegevensbescherming van IMG.",
        ),
        (Language::English, "Ask the data protection officer of IMG."),
    ] {
        let text = term(l, None);
        assert!(text.ends_with(told), "{text}");
    }
}

/// Everything that can be told of an address, once.
async fn fill(house: &House, at: AddressId) {
    house.own(at, &["eigenaar-anna"]).await;
    house.consent(at, "eigenaar-anna").await;
    let damage = Wish {
        address: at,
        ..house.damage()
    };
    house.decide(&damage).await;
    house
        .decide(&Wish {
            address: at,
            ..house.aos()
        })
        .await;
    house
        .decide(&Wish {
            act: Act::Metadata,
            kind: "planning",
            ..damage.clone()
        })
        .await;
    house
        .decide(&Wish {
            refused: Some("TOESTEMMING_ONTBREEKT"),
            kind: "engineeringrapport",
            purpose: "overig",
            ..damage.clone()
        })
        .await;
    let search = |entry: &mut crate::ledger::entry::Entry| entry.handeling = Some(Act::Search);
    house
        .tell(Kind::Search, house.img, at, search, Personal::none())
        .await;
    let reading = |entry: &mut crate::ledger::entry::Entry| {
        entry.handeling = Some(Act::Search);
        entry.aanleiding = Some(Occasion::Complaint);
    };
    house
        .tell(Kind::Reading, house.img, at, reading, Personal::none())
        .await;
}

async fn a_report_tells_what_was_shared_and_names_nobody(engine: Engine) {
    let house = House::open(engine).await;
    let at = address(1);
    fill(&house, at).await;
    let mut aukje = house.enter("aukje").await;
    let fields = [("nummeraanduiding", at.as_str())];
    let size = house.size();
    assert_eq!(
        make(&mut aukje, &fields).await.status,
        StatusCode::FORBIDDEN
    );
    let mut anna = house.enter("anna").await;
    let without = anna.post("/inzageverzoek", &fields).await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    assert!(without.text.contains("Kies waarom u kijkt."));
    assert!(without.text.contains(at.as_str()), "what was typed is kept");
    assert_eq!(house.size(), size);

    let answer = make(&mut anna, &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(house.size(), size + 1);
    let entry = house.entry(size).await;
    assert_eq!(entry.soort, Kind::Reading);
    assert_eq!(entry.handeling, Some(Act::SubjectReport));
    let letter = letter(&answer);
    for told in [
        "Wat wij over uw adres hebben gedeeld",
        "2 documenten, met 1 andere organisatie",
        "versterkingsadvies: &#60;b&#62;kanarie&#60;/b&#62; &#38; titel",
        "NCG aan IMG",
        "IMG aan NCG",
        "wettelijke plicht: artikel 3, lid 4 van de Tijdelijke wet Groningen",
        "acuut onveilig gebouw, wettelijke plicht",
        "Een privacy officer beoordeelt dit nog",
        "zag de gegevens over een document, niet het document zelf",
        "zocht welke documenten er zijn",
        "Hiervoor was uw toestemming nodig.",
        "klacht: 1 keer",
        "Uw keuzes",
        "gegeven",
        "bouwtekening",
        "artikel 3, lid 1 en artikel 3, lid 2 van de Tijdelijke wet Groningen",
        "Hoe lang de gegevens worden bewaard",
        "Een vaste termijn is niet afgesproken. Het logboek bewaart",
        "Autoriteit Persoonsgegevens",
        "Nummers in het logboek",
        &entry.transactie.to_string(),
    ] {
        assert!(letter.contains(told), "{told}: {letter}");
    }
    // What IMG was refused keeps its title to itself.
    assert!(
        letter.contains("data-label=\"Wat\">engineeringrapport</td>"),
        "{letter}"
    );
    for canary in [
        CANARY_EMPLOYEE,
        CANARY_CASE,
        "fg-img-anna",
        "FG-2026-1",
        "<b>kanarie",
    ] {
        assert!(!letter.contains(canary), "{canary}: {letter}");
    }
    assert!(answer.text.len() < 60_000, "{}", answer.text.len());

    // Each line can be found again.
    let numbers = letter
        .matches("data-label=\"Nummer in het logboek\"")
        .count();
    assert_eq!(numbers, 5, "two shared, two looked up, one refused");

    // What was read for this very request is not told, however often it is made.
    let again = self::letter(&make(&mut anna, &fields).await);
    for letter in [&letter, &again] {
        assert_eq!(letter.matches("<li>klacht: 1 keer</li>").count(), 1);
        assert!(!letter.contains("vraag van een bewoner: "), "{letter}");
    }

    // As a file, recorded again, and under a name that tells nothing.
    let size = house.size();
    let pdf = [
        ("nummeraanduiding", at.as_str()),
        ("taal", "en"),
        ("vorm", "pdf"),
    ];
    let answer = make(&mut anna, &pdf).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/pdf");
    let name = answer.headers[header::CONTENT_DISPOSITION]
        .to_str()
        .unwrap();
    assert_eq!(
        name,
        "attachment; filename=\"overview-of-shared-data-2026-11-21.pdf\""
    );
    assert!(answer.bytes.starts_with(b"%PDF-"));
    assert_eq!(house.size(), size + 1);
    house.close().await;
}

async fn what_was_unlawful_is_told_as_that_and_nothing_claims_to_be_right(engine: Engine) {
    let house = House::open(engine).await;
    let at = address(1);
    house.own(at, &["eigenaar-anna"]).await;
    let wish = Wish {
        address: at,
        ..house.aos()
    };
    let (wrong, waits) = (house.decide(&wish).await, house.decide(&wish).await);
    let mut anna = house.enter("anna").await;
    let fields = [("nummeraanduiding", at.as_str())];
    let before = make(&mut anna, &fields).await;
    assert!(!before.text.contains("oordeelde uw organisatie"));
    let judged = [
        ("oordeel", "onrechtmatig"),
        ("opmerking", "er was geen melding"),
        ("aanleiding", "nabeoordeling"),
        ("zaak", "B-1"),
    ];
    let review = format!("/beoordelingen/{wrong}");
    let judged = anna.post(&review, &judged);
    assert_eq!(judged.await.status, StatusCode::SEE_OTHER);

    let answer = make(&mut anna, &fields).await;
    assert!(
        answer
            .text
            .contains("Bij 1 regel in dit overzicht oordeelde uw organisatie"),
        "{}",
        answer.text
    );
    let letter = letter(&answer);
    let ground = "data-label=\"Op welke grond\">";
    let cells: Vec<&str> = letter
        .split(ground)
        .skip(1)
        .map(|cell| cell.split("</td>").next().unwrap())
        .collect();
    assert_eq!(
        cells[0],
        "Dit had niet gedeeld mogen worden: zo hebben wij het achteraf beoordeeld"
    );
    assert!(cells[1].contains("wettelijke plicht"), "{cells:?}");
    assert!(letter.contains("Niet terecht gedeeld"));
    for claim in [
        "Waarom dat mocht",
        "Waarom delen mocht",
        "daar een reden voor in de wet",
    ] {
        assert!(!letter.contains(claim), "{claim}: {letter}");
    }
    // The exchange itself says so too; the other does not.
    for (index, told) in [(wrong, true), (waits, false)] {
        let path = format!("/uitwisseling/{}", house.entry(index).await.transactie);
        let page = anna.get(&path).await.text;
        assert_eq!(page.contains("Achteraf beoordeeld als onrechtmatig"), told);
        assert!(!page.contains("Het mocht"), "{page}");
    }
    house.close().await;
}

async fn an_owner_reads_of_that_owner_alone(engine: Engine) {
    let house = House::open(engine).await;
    let (at, other) = (address(1), address(2));
    let mut expected = Vec::new();
    let damage = |address, owners: &[&'static str]| Wish {
        address,
        owners: owners.to_vec(),
        ..house.damage()
    };
    house.own(at, &["eigenaar-anna"]).await;
    house.own(other, &["eigenaar-bert"]).await;
    expected.push(house.decide(&damage(at, &["eigenaar-anna"])).await);
    let search = |entry: &mut crate::ledger::entry::Entry| entry.handeling = Some(Act::Search);
    let told = house.tell(Kind::Search, house.img, at, search, Personal::none());
    expected.push(told.await);
    house.decide(&damage(other, &["eigenaar-bert"])).await;
    house.wait_days(1);
    // Sold: what comes after is about somebody else, also at the same address.
    house.own(at, &["eigenaar-cora"]).await;
    house.decide(&damage(at, &["eigenaar-cora"])).await;
    house.decide(&damage(at, &[])).await;
    let search = |entry: &mut crate::ledger::entry::Entry| entry.handeling = Some(Act::Search);
    house
        .tell(Kind::Search, house.img, at, search, Personal::none())
        .await;
    // Bought together elsewhere.
    house.own(other, &["eigenaar-anna", "eigenaar-bert"]).await;
    let both = damage(other, &["eigenaar-anna", "eigenaar-bert"]);
    expected.push(house.decide(&both).await);

    let mut anna = house.enter("anna").await;
    let letter = letter(&make(&mut anna, &[("eigenaar", "eigenaar-anna")]).await);
    let mut transactions = Vec::new();
    for index in expected {
        transactions.push(house.entry(index).await.transactie.to_string());
    }
    let found = letter
        .matches("data-label=\"Nummer in het logboek\"")
        .count();
    assert_eq!(found, transactions.len(), "{letter}");
    for transaction in &transactions {
        assert!(letter.contains(transaction), "{transaction}: {letter}");
    }
    assert!(letter.contains(other.as_str()) && letter.contains(at.as_str()));
    assert!(!letter.contains("eigenaar-bert") && !letter.contains("eigenaar-cora"));

    // Of the address, all; with a word of warning to the officer.
    let answer = make(&mut anna, &[("nummeraanduiding", at.as_str())]).await;
    assert!(
        answer.text.contains("kreeg een andere eigenaar"),
        "{}",
        answer.text
    );
    // From the sale on, only what came after it.
    let from = house.now().local().day().to_string();
    let later = [("nummeraanduiding", at.as_str()), ("van", &from)];
    let answer = make(&mut anna, &later).await;
    assert!(!answer.text.contains(&transactions[0]), "{}", answer.text);
    house.close().await;
}

async fn an_unknown_address_says_nothing_of_others(engine: Engine) {
    let house = House::open(engine).await;
    // Known to NCG and the municipality, not to IMG.
    let theirs = Wish {
        asks: crate::domain::Oin::parse("00000001834567890000").unwrap(),
        holds: house.ncg,
        address: address(3),
        ..house.aos()
    };
    house.decide(&theirs).await;
    let search = |entry: &mut crate::ledger::entry::Entry| entry.handeling = Some(Act::Search);
    house
        .tell(
            Kind::Search,
            house.ncg,
            address(3),
            search,
            Personal::none(),
        )
        .await;
    let mut anna = house.enter("anna").await;
    let mut letters = Vec::new();
    for at in [address(3), address(9)] {
        let size = house.size();
        let answer = make(&mut anna, &[("nummeraanduiding", at.as_str())]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(house.size(), size + 1, "recorded all the same");
        let number = house.entry(size).await.transactie.to_string();
        let told = letter(&answer);
        assert!(
            told.contains("Voor dit adres staat niets in het logboek van IMG."),
            "{told}"
        );
        let same = told
            .replace(&number, "NUMMER")
            .replace(at.as_str(), "ADRES");
        letters.push(same);
        assert!(
            answer.text.contains("De balie vond niets over dit adres"),
            "{}",
            answer.text
        );
    }
    assert_eq!(letters[0], letters[1]);
    let later = [("eigenaar", "niemand"), ("van", "2031-01-01")];
    let answer = make(&mut anna, &later).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("ligt in de toekomst"));
    let answer = make(&mut anna, &[("eigenaar", "niemand"), ("van", "2026-01-01")]).await;
    let told = letter(&answer);
    assert!(
        told.contains("Voor deze eigenaar staat in deze periode niets"),
        "{told}"
    );
    house.close().await;
}

async fn what_several_owners_chose_is_told_to_each_apart(engine: Engine) {
    let house = House::open(engine).await;
    let at = address(1);
    house.own(at, &["eigenaar-anna", "eigenaar-bert"]).await;
    house.consent(at, "eigenaar-bert").await;
    let mut anna = house.enter("anna").await;
    let answer = make(&mut anna, &[("nummeraanduiding", at.as_str())]).await;
    assert!(
        answer
            .text
            .contains("Maak daarvoor een overzicht per eigenaar."),
        "{}",
        answer.text
    );
    assert!(!letter(&answer).contains("Uw keuzes"));
    for (owner, told) in [("eigenaar-anna", false), ("eigenaar-bert", true)] {
        let answer = make(&mut anna, &[("eigenaar", owner)]).await;
        let letter = letter(&answer);
        assert_eq!(letter.contains("Uw keuzes"), told, "{owner}: {letter}");
        assert!(!letter.contains(CANARY_CASE), "what proves it is not told");
    }
    house.close().await;
}

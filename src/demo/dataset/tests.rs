//! That the dataset shows what it is there to show, and hangs together.

use std::collections::BTreeSet;

use super::*;
use crate::domain::Oin;

fn dataset() -> Dataset {
    let oin = |text| Oin::parse(text).unwrap();
    let parties = Parties {
        img: oin("00000001812345678000"),
        ncg: oin("00000001823456789000"),
        municipality: oin("00000001834567890000"),
    };
    Dataset::new(&parties, Moment::parse("2026-11-21T12:00:00Z").unwrap()).unwrap()
}

fn of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}

#[test]
fn the_cases_show_every_purpose_every_ground_and_every_reason() {
    let cases = dataset().cases;
    let purposes = of(cases.iter().map(|case| case.purpose.as_str()));
    let granted = cases.iter().filter(|case| case.expect.status == 200);
    let granted_for = of(granted.clone().map(|case| case.purpose.as_str()));
    assert_eq!(granted_for, purposes, "every purpose is granted somewhere");
    assert_eq!(
        purposes,
        of([
            "schade-afhandeling",
            "versterking-uitvoering",
            "afstemming",
            "combinatie-behandeling",
            "veiligheidsnorm-melding",
            "aos",
            "knelpunt-gezondheid",
            "immateriele-schade",
            "overig",
        ])
    );
    let grounds = of(granted.filter_map(|case| case.expect.ground.clone()));
    let iri = |end: &str| format!("https://w3id.org/dpv/legal/eu/gdpr#{end}");
    assert_eq!(grounds, of([iri("A6-1-a"), iri("A6-1-c"), iri("A6-1-e")]));
    assert_eq!(
        of(cases.iter().filter_map(|case| case.expect.reason)),
        of([
            "TOESTEMMING_ONTBREEKT",
            "TOESTEMMING_INGETROKKEN",
            "TOESTEMMING_VERLOPEN",
            "TOESTEMMING_ONVOLLEDIG",
            "BEZWAAR_AFSTEMMING",
            "GEEN_VERZOEK_GEZAMENLIJK",
            "GEZONDHEIDSGEGEVENS",
            "GEEN_GRONDSLAG",
            "AOS_NIET_ACTIEF",
            "SOORT_NIET_BIJ_DOEL",
            "BELEID_ONBRUIKBAAR",
        ])
    );
}

#[test]
fn nobody_asks_for_what_is_its_own_and_every_team_is_configured() {
    let dataset = dataset();
    for case in dataset.cases.iter().chain([&dataset.tour.request]) {
        let holds = |planned: &&PlannedDocument| planned.document.id == case.document;
        let document = dataset.documents.iter().find(holds).unwrap();
        assert_ne!(document.holder, case.asks, "{}", case.name);
        if let Some(team) = &case.team {
            assert!(case.asks.teams().contains(&team.as_str()), "{}", case.name);
        }
    }
}

#[test]
fn no_case_depends_on_what_the_tour_takes_back() {
    let dataset = dataset();
    let taken = dataset
        .choices
        .iter()
        .find(|choice| choice.key == dataset.tour.consent);
    let taken = taken.unwrap();
    let asked = &dataset.tour.request;
    assert_eq!((taken.address, taken.ends_as), (asked.address, None));
    assert!(taken.purposes.contains(&asked.purpose) && taken.kinds.contains(&asked.kind));
    assert!(
        !dataset
            .cases
            .iter()
            .any(|case| case.address == taken.address && taken.purposes.contains(&case.purpose))
    );
}

#[test]
fn documents_are_distinct_of_every_kind_and_of_every_size() {
    let documents = dataset().documents;
    assert_eq!(
        of(documents.iter().map(|d| d.document.id)).len(),
        documents.len()
    );
    assert_eq!(
        of(documents.iter().map(|d| d.document.kind.as_str())).len(),
        18
    );
    let sizes = of(documents.iter().map(|d| d.document.size_bytes));
    assert_eq!(
        (sizes.first(), sizes.last()),
        (Some(&4_096), Some(&10_485_760))
    );
    for planned in &documents {
        let uuid = planned.document.id.to_string();
        assert_eq!(uuid.as_bytes()[14], b'8', "{uuid} is of version 8");
        if planned.document.size_bytes < 100_000 {
            let made = planned.pdf().unwrap();
            assert_eq!(made.len() as u64, planned.document.size_bytes);
        }
    }
}

#[test]
fn a_case_and_a_choice_read_as_the_contract_says() {
    let dataset = dataset();
    let case = dataset
        .cases
        .iter()
        .find(|case| case.team.is_some())
        .unwrap();
    let fields = |value: serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let expected = [
        "name",
        "as",
        "doel",
        "team",
        "zaak",
        "document",
        "soort",
        "nummeraanduiding",
        "expect",
    ];
    assert_eq!(
        fields(serde_json::to_value(case).unwrap()),
        of(expected.map(String::from))
    );
    let expected = [
        "soort",
        "nummeraanduiding",
        "eigenaar",
        "ontvangers",
        "doelen",
        "documentsoorten",
        "geldigVan",
        "bewijs",
        "tekst",
        "coordinator",
        "toestand",
    ];
    let choice = dataset
        .choices
        .iter()
        .find(|choice| choice.coordinator.is_some())
        .unwrap();
    assert_eq!(
        fields(serde_json::to_value(choice).unwrap()),
        of(expected.map(String::from))
    );
}

#[test]
fn dates_are_written_as_people_do() {
    assert_eq!(written("2025-03-02"), "2 maart 2025");
    assert_eq!(written("2024-12-19"), "19 december 2024");
}

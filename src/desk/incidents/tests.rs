//! Incidents through the desk, over a real book: each step in its time, and each an entry.

use http::StatusCode;

use super::super::testing::{CANARY_CASE, CANARY_EMPLOYEE, Guest, House, address};
use crate::domain::CaseNumber;
use crate::exchange::Failure;
use crate::exchange::officer::{Cause, Measure};
use crate::ledger::entry::{IncidentStep, Kind, Occasion};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    every_step_in_its_time,
    who_notifies_late_says_why,
    what_a_notification_contains_is_not_personal,
);

const CASE: [(&str, &str); 2] = [("aanleiding", "incident"), ("zaak", "INC-1")];

/// A release that was judged unlawful.
async fn unlawful(house: &House) -> (u64, Guest) {
    let index = house.decide(&house.aos()).await;
    let mut anna = house.enter("anna").await;
    let fields = [
        ("oordeel", "onrechtmatig"),
        ("opmerking", "te laat gesloten"),
    ];
    let fields = [&fields[..], &CASE].concat();
    let judged = anna.post(&format!("/beoordelingen/{index}"), &fields).await;
    assert_eq!(judged.status, StatusCode::SEE_OTHER);
    (index, anna)
}

async fn every_step_in_its_time(engine: Engine) {
    let house = House::open(engine).await;
    let (index, mut anna) = unlawful(&house).await;
    let path = format!("/incidenten/{index}");
    let mut aukje = house.enter("aukje").await;
    let fields = [&[("stap", "gemeld-bij-ap")][..], &CASE].concat();
    assert_eq!(
        aukje.post(&path, &fields).await.status,
        StatusCode::FORBIDDEN
    );
    let seen = aukje.get(&path).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(!seen.text.contains("name=\"stap\""));

    let ok = StatusCode::SEE_OTHER;
    let wrong = StatusCode::BAD_REQUEST;
    for (step, remark, status, told) in [
        ("", "", wrong, "Kies wat u deed."),
        ("afgesloten", "", wrong, "Leg eerst vast of u meldt"),
        (
            "melding-niet-nodig",
            " ",
            wrong,
            "Schrijf op waarom er waarschijnlijk geen risico",
        ),
        (
            "betrokkene-geinformeerd",
            "",
            ok,
            "De betrokkenen zijn geïnformeerd",
        ),
        (
            "betrokkene-geinformeerd",
            "",
            wrong,
            "Dit is al vastgelegd.",
        ),
        ("afgesloten", "", wrong, "Leg eerst vast of u meldt"),
        (
            "melding-niet-nodig",
            "niet geopend",
            ok,
            "De klok staat stil.",
        ),
        (
            "melding-niet-nodig",
            "niet geopend",
            wrong,
            "Dit is al vastgelegd.",
        ),
        // On second thoughts: that can always be notified still, with its number.
        (
            "gemeld-bij-ap",
            " ",
            wrong,
            "Schrijf het nummer van de melding op",
        ),
        ("gemeld-bij-ap", "2026-17", ok, "Gemeld bij de Autoriteit"),
        (
            "melding-niet-nodig",
            "toch niet",
            wrong,
            "Dit is al vastgelegd.",
        ),
        ("afgesloten", "", ok, "het incident is afgesloten"),
        ("afgesloten", "", wrong, "Dit incident is al afgesloten."),
        ("gemeld-bij-ap", "", wrong, "Dit incident is al afgesloten."),
    ] {
        let size = house.size();
        let fields = [&[("stap", step), ("opmerking", remark)][..], &CASE].concat();
        if (step, status) == ("afgesloten", ok) {
            // It cannot be undone: so it is asked once more.
            let asked = anna.post(&path, &fields).await;
            assert_eq!((asked.status, house.size()), (wrong, size));
            assert!(asked.text.contains("name=\"zeker\""), "{}", asked.text);
        }
        let fields = [&fields[..], &[("zeker", "ja")]].concat();
        let answer = anna.post(&path, &fields).await;
        assert_eq!(answer.status, status, "{step} {remark}: {}", answer.text);
        assert_eq!(
            house.size(),
            size + u64::from(status == ok),
            "{step} {remark}"
        );
        let page = if status == ok {
            let entry = house.entry(size).await;
            assert_eq!((entry.soort, entry.index), (Kind::Review, Some(index)));
            assert!(entry.stap.is_some());
            anna.get(&path).await.text
        } else {
            answer.text
        };
        assert!(page.contains(told), "{step} {remark} {told}: {page}");
    }
    let queue = anna.get("/beoordelingen").await.text;
    assert!(!queue.contains("Open incidenten"), "{queue}");
    let done = anna.get("/beoordelingen?toon=gedaan").await.text;
    assert!(
        done.contains("Afgesloten incidenten") && done.contains(&path),
        "{done}"
    );
    house.close().await;
}

async fn who_notifies_late_says_why(engine: Engine) {
    let house = House::open(engine).await;
    let (index, _) = unlawful(&house).await;
    house.wait_hours(71);
    let mut anna = house.enter("anna").await;
    let path = format!("/incidenten/{index}");
    assert!(anna.get(&path).await.text.contains("nog 1 uur"));
    house.wait_hours(2);
    let mut anna = house.enter("anna").await;
    let page = anna.get(&path).await.text;
    assert!(page.contains("1 uur te laat"), "{page}");
    let size = house.size();
    // Nor can it be closed unsettled where there is no form.
    let cause = Cause {
        occasion: Occasion::Incident,
        case: CaseNumber::parse("B-1").unwrap(),
        explanation: None,
    };
    let closed = Measure::new(IncidentStep::Closed, None).unwrap();
    let officer = house.officer("anna");
    let taken = house.officers().take_step(officer, &cause, index, &closed);
    assert!(matches!(taken.await, Err(Failure::Conflict)));
    assert_eq!(house.size(), size);
    for (remark, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("de melder was ziek", StatusCode::SEE_OTHER),
    ] {
        let fields = [("stap", "gemeld-bij-ap"), ("opmerking", remark)];
        let answer = anna.post(&path, &[&fields[..], &CASE].concat()).await;
        assert_eq!(answer.status, status, "{remark}");
    }
    assert_eq!(house.size(), size + 1);
    assert_eq!(house.entry(size).await.stap, Some(IncidentStep::Notified));
    house.close().await;
}

async fn what_a_notification_contains_is_not_personal(engine: Engine) {
    let house = House::open(engine).await;
    let (index, mut anna) = unlawful(&house).await;
    let path = format!("/incidenten/{index}");
    let page = anna.get(&path).await.text;
    for told in [
        "33(3)(a)",
        "33(3)(b)",
        "33(3)(c)",
        "33(3)(d)",
        "Soort gegevens: inspectierapport",
        "Aantal: 1 document, over 1 adres",
        "Ontvanger: NCG",
        "AVG 34",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let opened = anna.post(&format!("{path}/opmerkingen"), &CASE).await;
    assert_eq!(opened.status, StatusCode::OK);
    assert!(opened.text.contains("te laat gesloten"));
    for shown in [page, opened.text] {
        for canary in [CANARY_EMPLOYEE, CANARY_CASE, "kanarie", address(1).as_str()] {
            assert!(!shown.contains(canary), "{canary}: {shown}");
        }
    }
    house.close().await;
}

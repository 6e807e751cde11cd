//! Judging through the desk, over a real book: wrong inputs first, and nothing wrong is recorded.

use http::StatusCode;

use super::super::testing::{CANARY_CASE, CANARY_EMPLOYEE, Guest, House, Wish, address};
use super::Suggested;
use crate::domain::CaseNumber;
use crate::exchange::officer::Cause;
use crate::ledger::entry::{Act, Judgement, Kind, Occasion};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    what_is_wrong_is_told_beside_its_field_and_not_recorded,
    only_what_is_ones_own_can_be_judged,
    what_no_rule_asks_for_can_be_judged_all_the_same,
    whoever_judged_can_go_on_with_the_next,
    a_release_is_judged_once,
    two_people_judge_where_the_rule_says_so,
    remarks_are_opened_only_after_that_is_recorded,
    the_queue_has_what_waits_by_its_term,
);

const CASE: [(&str, &str); 2] = [("aanleiding", "nabeoordeling"), ("zaak", "B-1")];

fn with_case<'f>(fields: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    [fields, &CASE].concat()
}

async fn judge(guest: &mut Guest, index: u64, judgement: &str, remark: &str) -> StatusCode {
    let fields = with_case(&[("oordeel", judgement), ("opmerking", remark)]);
    let answer = guest
        .post(&format!("/beoordelingen/{index}"), &fields)
        .await;
    answer.status
}

async fn what_is_wrong_is_told_beside_its_field_and_not_recorded(engine: Engine) {
    let house = House::open(engine).await;
    let index = house.decide(&house.aos()).await;
    let mut anna = house.enter("anna").await;
    let path = format!("/beoordelingen/{index}");
    let long = "x".repeat(2_001);
    let size = house.size();
    for (fields, field, message) in [
        (with_case(&[]), "oordeel", "Kies een oordeel."),
        (
            with_case(&[("oordeel", "afgehandeld")]),
            "oordeel",
            "Kies een oordeel.",
        ),
        (
            with_case(&[("oordeel", "onrechtmatig"), ("opmerking", "  ")]),
            "opmerking",
            "Schrijf op waarop u uw oordeel baseert.",
        ),
        (
            with_case(&[("oordeel", "meer-informatie")]),
            "opmerking",
            "Schrijf op wat u nog wilt weten, en van wie.",
        ),
        (
            with_case(&[("oordeel", "rechtmatig"), ("opmerking", &long)]),
            "opmerking",
            "Houd de toelichting korter dan 2.000 tekens",
        ),
        (
            with_case(&[("oordeel", "rechtmatig"), ("opmerking", "bel\u{7}")]),
            "opmerking",
            "gebruik gewone tekens",
        ),
        (
            vec![("oordeel", "rechtmatig")],
            "aanleiding",
            "Kies waarom u kijkt.",
        ),
        (
            vec![("oordeel", "rechtmatig"), ("aanleiding", "nabeoordeling")],
            "zaak",
            "Vul het kenmerk van uw zaak in",
        ),
    ] {
        let answer = anna.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(answer.text.contains(message), "{message}: {}", answer.text);
        let link = format!("<a href=\"#{field}\">");
        assert!(answer.text.contains(&link), "{link}");
        assert!(answer.text.contains(&format!("id=\"{field}\"")), "{field}");
    }
    // What was typed is kept.
    let fields = with_case(&[("opmerking", "de melding <was> gesloten")]);
    let answer = anna.post(&path, &fields).await;
    assert!(answer.text.contains("de melding &#60;was&#62; gesloten"));
    assert!(answer.text.contains("value=\"B-1\""));
    assert_eq!(house.size(), size, "nothing was recorded");
    house.close().await;
}

async fn only_what_is_ones_own_can_be_judged(engine: Engine) {
    let house = House::open(engine).await;
    let index = house.decide(&house.aos()).await;
    let metadata = Wish {
        act: Act::Metadata,
        ..house.aos()
    };
    let metadata = house.decide(&metadata).await;
    for (person, index, status) in [
        ("geert", index.to_string(), StatusCode::NOT_FOUND),
        ("anna", metadata.to_string(), StatusCode::NOT_FOUND),
        ("anna", "999999".to_owned(), StatusCode::NOT_FOUND),
        ("anna", format!("0{index}"), StatusCode::NOT_FOUND),
        ("anna", format!("+{index}"), StatusCode::NOT_FOUND),
        ("anna", "-1".to_owned(), StatusCode::NOT_FOUND),
        (
            "anna",
            "99999999999999999999".to_owned(),
            StatusCode::NOT_FOUND,
        ),
        ("anna", "een".to_owned(), StatusCode::NOT_FOUND),
        ("aukje", index.to_string(), StatusCode::FORBIDDEN),
        ("harm", index.to_string(), StatusCode::SEE_OTHER),
        ("anna", index.to_string(), StatusCode::SEE_OTHER),
    ] {
        let mut guest = house.enter(person).await;
        let size = house.size();
        let fields = with_case(&[("oordeel", "rechtmatig")]);
        let path = format!("/beoordelingen/{index}");
        let answer = guest.post(&path, &fields).await;
        assert_eq!(answer.status, status, "{person} {path}");
        let recorded = u64::from(status == StatusCode::SEE_OTHER);
        assert_eq!(house.size(), size + recorded, "{person} {path}");
        if status == StatusCode::NOT_FOUND {
            assert_eq!(guest.get(&path).await.status, status, "{person} {path}");
            let remarks = format!("{path}/opmerkingen");
            let answer = guest.post(&remarks, &CASE).await;
            assert_eq!(answer.status, status, "{person} {remarks}");
            assert_eq!(house.size(), size, "{person} {remarks}");
        }
    }
    // An auditor sees it, without the form.
    let mut aukje = house.enter("aukje").await;
    let page = aukje.get(&format!("/beoordelingen/{index}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("name=\"oordeel\""));
    house.close().await;
}

async fn what_no_rule_asks_for_can_be_judged_all_the_same(engine: Engine) {
    let house = House::open(engine).await;
    let index = house.decide(&house.damage()).await;
    let mut anna = house.enter("anna").await;
    let path = format!("/beoordelingen/{index}");
    let page = anna.get(&path).await.text;
    assert!(page.contains("er is geen termijn"), "{page}");
    assert!(!page.contains("meer-informatie") && !page.contains("te laat"));
    // There is no term that would go on while somebody waits.
    let size = house.size();
    assert_eq!(
        judge(&mut anna, index, "meer-informatie", "van wie?").await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        judge(&mut anna, index, "onrechtmatig", "").await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(house.size(), size);
    let waits = anna.get("/beoordelingen").await.text;
    assert!(waits.contains("Er wacht niets op een oordeel."), "{waits}");

    assert_eq!(
        judge(&mut anna, index, "onrechtmatig", "geen zaak").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.size(), size + 1);
    let incident = format!("/incidenten/{index}");
    assert_eq!(anna.get(&incident).await.status, StatusCode::OK);
    assert!(anna.get("/beoordelingen").await.text.contains("nog 72 uur"));
    let again = judge(&mut anna, index, "rechtmatig", "").await;
    assert_eq!((again, house.size()), (StatusCode::SEE_OTHER, size + 1));

    // It waits for nobody at the other party, who can judge it too.
    let mut harm = house.enter("harm").await;
    let waits = harm.get("/beoordelingen").await.text;
    assert!(waits.contains("Er wacht niets op een oordeel."), "{waits}");
    assert_eq!(harm.get(&incident).await.status, StatusCode::NOT_FOUND);
    let page = harm.get(&path).await.text;
    assert!(page.contains("Een privacy officer van IMG: onrechtmatig"));
    assert!(page.contains("name=\"oordeel\""), "{page}");
    house.close().await;
}

async fn whoever_judged_can_go_on_with_the_next(engine: Engine) {
    let house = House::open(engine).await;
    let first = house.decide(&house.aos()).await;
    house.wait_days(1);
    let second = house.decide(&house.aos()).await;
    let mut anna = house.enter("anna").await;
    for (judged, to) in [
        (second, format!("/beoordelingen/{first}")),
        (first, "/beoordelingen".to_owned()),
    ] {
        let fields = with_case(&[("oordeel", "rechtmatig"), ("daad", "volgende")]);
        let answer = anna
            .post(&format!("/beoordelingen/{judged}"), &fields)
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.location(), to);
    }
    house.close().await;
}

async fn a_release_is_judged_once(engine: Engine) {
    let house = House::open(engine).await;
    let index = house.decide(&house.aos()).await;
    let mut anna = house.enter("anna").await;
    let mut bram = house.enter("bram").await;
    let path = format!("/beoordelingen/{index}");
    assert_eq!(
        judge(&mut anna, index, "meer-informatie", "wie belde?").await,
        StatusCode::SEE_OTHER
    );
    let asked = anna.get("/beoordelingen").await.text;
    assert!(asked.contains("De termijn loopt door."), "{asked}");
    assert!(asked.contains("meer informatie gevraagd"));

    // One judges, the other had the page open.
    let size = house.size();
    assert_eq!(
        judge(&mut bram, index, "rechtmatig", "").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.size(), size + 1);
    let entry = house.entry(size).await;
    assert_eq!(entry.soort, Kind::Review);
    assert_eq!(entry.oordeel, Some(Judgement::Lawful));
    assert_eq!(
        (entry.index, entry.aanvrager),
        (Some(index), Some(house.img))
    );
    assert_eq!(entry.aanleiding, Some(Occasion::Review));
    assert_eq!(
        judge(&mut anna, index, "onrechtmatig", "niet nodig").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.size(), size + 1, "not recorded twice");
    let page = anna.get(&path).await.text;
    assert!(page.contains("Iemand anders was u voor"), "{page}");
    assert!(page.contains("Een collega, privacy officer: rechtmatig"));
    assert!(!page.contains("name=\"oordeel\""), "nothing left to judge");

    // The other party judges for itself, and sees what was found here, not why.
    let mut harm = house.enter("harm").await;
    let page = harm.get(&path).await.text;
    assert!(
        page.contains("Een privacy officer van IMG: rechtmatig"),
        "{page}"
    );
    assert!(page.contains("name=\"oordeel\""));
    assert!(!page.contains("Met een toelichting"));
    house.close().await;
}

async fn two_people_judge_where_the_rule_says_so(engine: Engine) {
    let house = House::open(engine).await;
    let index = house.decide(&house.aos_of_two()).await;
    let mut anna = house.enter("anna").await;
    let mut bram = house.enter("bram").await;
    let path = format!("/beoordelingen/{index}");
    let page = anna.get(&path).await.text;
    assert!(page.contains("De regel vraagt om vier ogen"), "{page}");
    assert_eq!(
        judge(&mut anna, index, "rechtmatig", "").await,
        StatusCode::SEE_OTHER
    );
    assert!(
        anna.get("/beoordelingen")
            .await
            .text
            .contains("u vond: rechtmatig")
    );
    let own = anna.get(&path).await.text;
    assert!(own.contains("Het eerste oordeel was van u"), "{own}");

    // The same person cannot be the second.
    let size = house.size();
    let fields = with_case(&[("oordeel", "rechtmatig")]);
    let answer = anna.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer
            .text
            .contains("Het tweede oordeel is aan een collega")
    );
    assert_eq!(house.size(), size);

    // The second sees it differently; the first then agrees.
    assert_eq!(
        judge(&mut bram, index, "onrechtmatig", "al gesloten").await,
        StatusCode::SEE_OTHER
    );
    let incident = format!("/incidenten/{index}");
    assert_eq!(bram.get(&incident).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        judge(&mut anna, index, "onrechtmatig", "inderdaad").await,
        StatusCode::SEE_OTHER
    );
    let queue = anna.get("/beoordelingen").await.text;
    assert!(queue.contains("Er is nu een incident."), "{queue}");
    assert!(queue.contains("nog 72 uur"));
    assert_eq!(anna.get(&incident).await.status, StatusCode::OK);

    // It is this organisation's incident alone.
    let mut harm = house.enter("harm").await;
    assert_eq!(harm.get(&incident).await.status, StatusCode::NOT_FOUND);
    assert!(
        !harm
            .get("/beoordelingen")
            .await
            .text
            .contains("Open incidenten")
    );
    house.close().await;
}

async fn remarks_are_opened_only_after_that_is_recorded(engine: Engine) {
    const REMARK: &str = "de huisarts belde";
    let house = House::open(engine).await;
    let index = house.decide(&house.aos()).await;
    let mut anna = house.enter("anna").await;
    let path = format!("/beoordelingen/{index}");
    let remarks = format!("{path}/opmerkingen");
    judge(&mut anna, index, "meer-informatie", REMARK).await;

    let mut aukje = house.enter("aukje").await;
    let page = aukje.get(&path).await.text;
    assert!(page.contains("die verzegeld is") && !page.contains(REMARK));
    let size = house.size();
    let answer = aukje.post(&remarks, &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("Kies waarom u kijkt.") && !answer.text.contains(REMARK));
    assert_eq!(house.size(), size);

    let answer = aukje.post(&remarks, &CASE).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains(REMARK), "{}", answer.text);
    assert_eq!(house.size(), size + 1);
    let entry = house.entry(size).await;
    assert_eq!(entry.soort, Kind::Reading);
    assert_eq!(entry.handeling, Some(Act::Consult));
    assert_eq!(
        (entry.index, entry.aanvrager),
        (Some(index), Some(house.img))
    );
    // They are not kept: a page that is loaded again has them sealed.
    assert!(!aukje.get(&path).await.text.contains(REMARK));
    let back = aukje.get(&remarks).await;
    assert_eq!(
        (back.status, back.location()),
        (StatusCode::SEE_OTHER, &*path)
    );

    // The other party's remarks are the other party's.
    let mut harm = house.enter("harm").await;
    let answer = harm.post(&remarks, &CASE).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.text.contains(REMARK));
    house.close().await;
}

async fn the_queue_has_what_waits_by_its_term(engine: Engine) {
    let house = House::open(engine).await;
    house.report_aos(address(1)).await;
    let first = house.decide(&house.aos()).await;
    house.wait_days(13);
    let second = house.decide(&house.aos()).await;
    house.wait_days(2);
    let mut anna = house.enter("anna").await;
    let queue = anna.get("/beoordelingen").await.text;
    let at = |index: u64| {
        queue
            .find(&format!("href=\"/beoordelingen/{index}\""))
            .unwrap()
    };
    assert!(at(first) < at(second));
    for told in [
        "1 dag te laat",
        "nog 12 dagen",
        "Wacht op een oordeel: 2",
        "1 te laat",
    ] {
        assert!(queue.contains(told), "{told}: {queue}");
    }
    let late = anna.get("/beoordelingen?toon=te-laat&blad=9").await.text;
    assert!(
        late.contains(&format!("href=\"/beoordelingen/{first}\"")),
        "{late}"
    );
    assert!(!late.contains(&format!("href=\"/beoordelingen/{second}\"")));
    let page = anna.get(&format!("/beoordelingen/{first}")).await.text;
    for told in [
        "1 dag te laat",
        "Zolang een acuut onveilige situatie is gemeld",
        "Uiterlijk tot",
        "19 december 2026",
        "AOS-overleg",
        "/uitwisseling/",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("Gesloten"), "the report still holds");

    judge(&mut anna, first, "rechtmatig", "").await;
    let queue = anna.get("/beoordelingen").await.text;
    assert!(queue.contains("Wacht op een oordeel: 1") && queue.contains("Laatst beoordeeld"));
    let done = anna.get("/beoordelingen?toon=gedaan&blad=99").await.text;
    assert!(
        done.contains(&format!("href=\"/beoordelingen/{first}\"")),
        "{done}"
    );
    assert!(!done.contains(&format!("href=\"/beoordelingen/{second}\"")));
    for shown in [queue, page, done] {
        for canary in [CANARY_EMPLOYEE, CANARY_CASE, address(1).as_str()] {
            assert!(!shown.contains(canary), "{canary}: {shown}");
        }
    }

    // Each review has a case of its own, which is closed with it.
    let next = anna.get(&format!("/beoordelingen/{second}")).await.text;
    assert!(next.contains(&format!("value=\"B-{second}\"")), "{next}");
    house.close().await;
}

#[test]
fn a_suggested_case_is_asked_again_for_another_release() {
    let cause = |occasion, case: &str| Cause {
        occasion,
        case: CaseNumber::parse(case).unwrap(),
        explanation: None,
    };
    for (cause, asked) in [
        (None, true),
        (Some(cause(Occasion::Review, "B-6")), true),
        (Some(cause(Occasion::Review, "B-7")), false),
        // Of the officer's own choosing: it is kept.
        (Some(cause(Occasion::Complaint, "B-6")), false),
        (Some(cause(Occasion::Review, "B-zes")), false),
        (Some(cause(Occasion::Review, "FG-2026-6")), false),
    ] {
        let found = Suggested::review(7).is_asked(cause.as_ref());
        assert_eq!(found, asked, "{cause:?}");
    }
}

//! The witnesses on the pages, over a real book, and what a check of it says: what is wrong first.

use std::time::Duration;

use http::{StatusCode, header};

use super::super::testing::{Guest, House};
use crate::cosign::testing::{cosigns, fails, watch};
use crate::cosign::{Trouble, Watch};
use crate::ledger::Cosigned;
use crate::store::testing::Engine;

/// What both pages say.
async fn both(guest: &mut Guest) -> [String; 2] {
    let mut pages = [String::new(), String::new()];
    for (path, text) in ["/", "/integriteit"].into_iter().zip(&mut pages) {
        let answer = guest.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {}", answer.text);
        *text = answer.text;
    }
    pages
}

async fn told_on_both(guest: &mut Guest, expected: &[&str], not: &[&str]) {
    for text in both(guest).await {
        for line in expected {
            assert!(text.contains(line), "{line}: {text}");
        }
        for line in not {
            assert!(!text.contains(line), "{line}: {text}");
        }
    }
}

const STOPPED: &str = "Er worden nu geen documenten verstrekt";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_without_witnesses_says_so_plainly() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    told_on_both(
        &mut anna,
        &["Er zijn geen getuigen ingesteld."],
        &["getuigd\""],
    )
    .await;
    let none = anna.get("/integriteit/getuigd").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    house.close().await;
}

/// Both witnesses sign the book as it is now, and are enough.
fn both_sign(house: &House, watch: &Watch) -> String {
    let (ledger, now) = (&house.gateway().ledger, house.now());
    let size = ledger.size();
    for witness in [0, 1] {
        cosigns(watch, witness, now, size);
    }
    let note = format!("{}— img.example AAAA\n", ledger.checkpoint());
    ledger.adopt_cosigned(Cosigned {
        size,
        at: now,
        note: note.clone(),
    });
    note
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_tell_how_the_witnesses_stand() {
    let watch = watch(&["img", "<b>ncg"], "group g all img <b>ncg");
    let house = House::witnessed(Engine::Sqlite, Some(watch.clone())).await;
    house.gateway().ledger.refuse_after(Duration::from_mins(2));
    let mut anna = house.enter("anna").await;

    // Nobody was heard yet.
    fails(&watch, 1, house.now(), Trouble::Refused(404));
    let never = [
        STOPPED,
        "Geen van de 2 getuigen staat nu achter dit logboek.",
        "img tekende nog niet. ",
        "&#60;b&#62;ncg tekende nog niet: kent dit logboek of zijn sleutel niet (HTTP 404)",
    ];
    told_on_both(&mut anna, &never, &["<b>ncg"]).await;
    let waits = "<a href=\"/integriteit\">Getuigen</a>";
    assert!(anna.get("/").await.text.contains(waits));
    let none = anna.get("/integriteit/getuigd").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    // All is well.
    let note = both_sign(&house, &watch);
    let well = [
        "Beide getuigen staan achter dit logboek.",
        ">genoeg<",
        "zojuist",
    ];
    told_on_both(
        &mut anna,
        &well,
        &[STOPPED, "tekent nu niet", "class=\"melding"],
    )
    .await;
    assert!(!anna.get("/").await.text.contains(waits));
    let kept = anna.get("/integriteit/getuigd").await;
    assert_eq!(kept.text, note);
    let disposition = kept.headers.get(header::CONTENT_DISPOSITION).unwrap();
    assert!(disposition.to_str().unwrap().contains("getuigde-stand"));
    let page = anna.get("/integriteit").await.text;
    let size = house.size().to_string();
    for line in [
        "beide van img en &#60;b&#62;ncg.",
        "langer dan 120 seconden geleden",
        "href=\"/integriteit/getuigd\"",
        "<code>/v1/logboek/getuigd/</code>",
        "(HTTP 404), tot ",
        &format!("class=\"getal\">{size}<"),
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }

    // One falls silent; the quorum of both is lost with it, and later lapses.
    fails(&watch, 1, house.now(), Trouble::Unreachable);
    house.book.clock.advance_ms(61_000);
    cosigns(&watch, 0, house.now(), house.size());
    let silent = [
        "1 van de 2 getuigen staat achter dit logboek.",
        "Te weinig getuigen staan achter het logboek",
        "na 120 seconden zonder genoeg getuigen stopt het.",
        "ncg tekende voor het laatst 61 seconden geleden: niet bereikbaar.",
    ];
    told_on_both(&mut anna, &silent, &[STOPPED]).await;
    house.book.clock.advance_ms(60_000);
    let lapsed = [STOPPED, "hoogstens 120 seconden geleden", ">te weinig<"];
    told_on_both(&mut anna, &lapsed, &[]).await;

    // And then it turns out to know another book.
    both_sign(&house, &watch);
    fails(&watch, 1, house.now(), Trouble::Forked);
    let another = [
        "Een getuige kent een ander logboek dan dit",
        "ncg zag andere regels dan er nu in dit logboek staan.",
        ">ander logboek<",
    ];
    told_on_both(&mut anna, &another, &["tekent nu niet"]).await;
    house.close().await;
}

/// The page when the check that was begun has come to its end.
async fn checked(guest: &mut Guest) -> String {
    let begun = guest.post("/integriteit", &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    loop {
        let page = guest.get("/integriteit").await;
        if page.headers.get(header::REFRESH).is_none() {
            return page.text;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_was_judged_again() {
    let house = House::open(Engine::Sqlite).await;
    let mut anna = house.enter("anna").await;
    let page = checked(&mut anna).await;
    for line in [
        "Laatste controle: het logboek klopt<",
        "Er waren geen besluiten om opnieuw te nemen.",
        "Er was geen besluit dat niet kon worden nagegaan.",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    // One that follows from nothing.
    house.decide(&house.damage()).await;
    let page = checked(&mut anna).await;
    for line in [
        "Laatste controle: het logboek klopt niet<",
        "Er staat iets in het logboek dat er niet zo kan staan",
        "in woorden van het programma",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!page.contains("opnieuw te nemen"), "{page}");
    house.close().await;
}

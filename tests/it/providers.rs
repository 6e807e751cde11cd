//! Providing organisations that fail: the right code, who must act, and how the release ended.

use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;

use crate::client::Call;
use crate::outsider::Book;
use crate::party::{Party, Token};
use crate::provider::Behaviour;
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";
const SIZE: usize = 300_000;

fn download(uuid: &str) -> Call {
    let token = Party::find("img").token(&Token::new("schade-afhandeling"));
    Call::get(format!("/v1/documenten/{uuid}/download")).token(&token)
}

fn closing(book: &Book, transaction: &str) -> (String, u64, u64) {
    let (decision, closing) = book.of_transaction(transaction);
    assert_eq!(decision.expect("a permit")["uitkomst"], "toegestaan");
    let closing = closing.expect("a closing entry");
    let number = |field: &str| closing[field].as_u64().unwrap();
    (
        closing["einde"].as_str().unwrap().to_owned(),
        number("status"),
        number("bytes"),
    )
}

on_each_store! {
    async fn a_provider_that_fails_before_its_answer(store) {
        let world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
        let mut seen = Vec::new();
        for (behaviour, short) in [
            (Behaviour::Status(500), "502 bron-fout"),
            (Behaviour::Status(403), "502 bron-fout"),
            (Behaviour::Status(302), "502 bron-fout"),
            (Behaviour::Status(204), "502 bron-fout"),
            (Behaviour::OtherSize(1), "502 bron-fout"),
            (Behaviour::OtherSize(-1), "502 bron-fout"),
            (Behaviour::OtherOin, "502 bron-fout"),
            (Behaviour::StrangeCertificate, "502 bron-fout"),
            (Behaviour::HangsUp, "502 bron-onbereikbaar"),
            (Behaviour::Status(404), "404 document-onbekend"),
        ] {
            world.ncg.behave(behaviour.clone());
            let answer = world.call("img", &download(&uuid)).await;
            assert_eq!(answer.short(), short, "{behaviour:?}");
            if answer.status != 404 {
                assert_eq!(answer.json()["partij"], "bron", "{behaviour:?}");
            }
            seen.push((answer.header("fsc-transaction-id").to_owned(), answer.status));
            // It is well again: so is the next request.
            world.ncg.behave(Behaviour::Good);
            world.call("img", &download(&uuid)).await.expect("200");
        }
        world.ncg.shut_down();
        let answer = world.call("img", &download(&uuid)).await.expect("502 bron-onbereikbaar");
        assert_eq!(answer.json()["partij"], "bron");
        seen.push((answer.header("fsc-transaction-id").to_owned(), answer.status));
        let book = world.close().await;
        for (transaction, status) in seen {
            let expected = ("afgebroken-bron".to_owned(), u64::from(status), 0);
            assert_eq!(closing(&book, &transaction), expected);
        }
    }

    async fn a_provider_that_breaks_off_is_a_broken_transfer(store) {
        let world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
        world.ncg.behave(Behaviour::BreaksOff(100_000));
        let mut line = world.line(0, "img");
        let answer = line.open(&download(&uuid)).await.unwrap();
        assert_eq!(answer.status(), 200);
        let transaction = answer.headers()["fsc-transaction-id"].to_str().unwrap().to_owned();
        let mut body = answer.into_body();
        let mut bytes = 0;
        let broken = loop {
            match body.frame().await {
                Some(Ok(frame)) => bytes += frame.into_data().unwrap().len(),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(broken, "a clean end after {bytes} of {SIZE} bytes");
        let book = world.close().await;
        let (end, status, told) = closing(&book, &transaction);
        assert_eq!((end.as_str(), status), ("afgebroken-bron", 200));
        assert!(told <= 100_000 && told >= bytes as u64, "{told} handed over, {bytes} arrived");
    }

    async fn a_requester_that_walks_away(store) {
        let mut world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
        world.ncg.behave(Behaviour::FallsSilent(100_000));
        let mut line = world.line(0, "img");
        let answer = line.open(&download(&uuid)).await.unwrap();
        let in_the_middle = answer.headers()["fsc-transaction-id"].to_str().unwrap().to_owned();
        let mut body = answer.into_body();
        body.frame().await.unwrap().unwrap();
        drop((body, line));
        let book = world.settled().await;
        let (end, status, bytes) = closing(&book, &in_the_middle);
        assert_eq!((end.as_str(), status), ("afgebroken-aanvrager", 200));
        assert!((1..=100_000).contains(&bytes), "{bytes}");

        // Before there was an answer at all.
        world.ncg.behave(Behaviour::Mute);
        let before = world.size().await;
        let mut line = world.line(0, "img");
        let call = download(&uuid);
        let gone = tokio::time::timeout(Duration::from_millis(700), line.open(&call)).await;
        assert!(gone.is_err(), "{gone:?}");
        drop(line);
        let since = Instant::now();
        while world.size().await < before + 2 {
            assert!(since.elapsed() < Duration::from_secs(10), "no closing entry");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let book = world.close().await;
        let (_, last) = book.of_kind("afgifte").last().unwrap();
        assert_eq!(last["einde"], "afgebroken-aanvrager");
        assert_eq!(last["bytes"], 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_provider_says_beyond_the_document_is_dropped() {
    let world = World::new(Store::Sqlite).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    let plain = world.call("img", &download(&uuid)).await.expect("200");
    world.ncg.behave(Behaviour::Chatty);
    let chatty = world.call("img", &download(&uuid)).await.expect("200");
    let names = |answer: &crate::client::Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&chatty), names(&plain));
    for same in [
        "sluis-grondslag",
        "content-type",
        "etag",
        "content-disposition",
    ] {
        assert_eq!(chatty.header(same), plain.header(same), "{same}");
    }
    assert_ne!(chatty.header("sluis-logboek-index"), "0");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_never_answers_is_too_late() {
    let world = World::new(Store::Sqlite).await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    let slow = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    world.ncg.behave(Behaviour::Mute);
    let (mut mute, mut silent) = (world.line(0, "img"), world.line(0, "ncg"));
    let unanswered = download(&uuid);
    let answer = mute.call(&unanswered);
    // The two limits are both of half a minute; waiting for them together costs it once.
    let stalled = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.img.behave(Behaviour::FallsSilent(1_000));
        let about = world.document("img", "schaderapport", ADDRESS, SIZE).await;
        let token = Party::find("ncg").token(&Token::new("versterking-uitvoering"));
        let call = Call::get(format!("/v1/documenten/{about}/download")).token(&token);
        silent.try_call(&call).await
    };
    let (answer, stalled) = tokio::join!(answer, stalled);
    let answer = answer.expect("504 bron-te-laat");
    assert_eq!(answer.json()["partij"], "bron");
    assert!(
        stalled.is_err(),
        "a clean end of a document that stopped in the middle"
    );
    world.ncg.behave(Behaviour::Good);
    world.call("img", &download(&slow)).await.expect("200");
    let book = world.close().await;
    let ends: Vec<(String, u64)> = book
        .of_kind("afgifte")
        .map(|(_, entry)| {
            (
                entry["einde"].as_str().unwrap().to_owned(),
                entry["status"].as_u64().unwrap(),
            )
        })
        .collect();
    let broken = |status| ("afgebroken-bron".to_owned(), status);
    assert_eq!(
        ends,
        [broken(504), broken(200), ("volledig".to_owned(), 200)]
    );
}

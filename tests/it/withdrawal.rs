//! A withdrawal binds the very next request, whatever is cached, at whichever gateway (DESIGN, I2).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::client::{Call, Line};
use crate::outsider::{Book, is_release};
use crate::party::{Party, Token};
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";
const OWNER: &str = "eig-1";
const KIND: &str = "schademelding";
const REFUSED: &str = "403 niet-toegestaan TOESTEMMING_INGETROKKEN";

fn download(uuid: &str) -> Call {
    let token = Party::find("ncg").token(&Token::new("overig"));
    Call::get(format!("/v1/documenten/{uuid}/download")).token(&token)
}

fn withdraw(id: &str) -> Call {
    let token = Party::find("ncg").token(&Token::beheer());
    Call::new("POST", format!("/v1/toestemmingen/{id}/intrekken")).token(&token)
}

/// By the order of the book alone: no permit on consent between a withdrawal and the next consent.
fn check_no_permit_without_consent(book: &Book) -> (usize, usize) {
    let (mut consented, mut permits, mut refusals) = (false, 0, 0);
    for (index, entry) in book.entries.iter().enumerate() {
        match entry["soort"].as_str().unwrap() {
            "toestemming" => consented = true,
            "intrekking" => consented = false,
            "besluit" if entry["doel"] == "overig" && entry["code"] == Value::Null => {
                assert_eq!(is_release(entry), consented, "entry {index}: {entry}");
                if consented {
                    permits += 1;
                } else {
                    refusals += 1;
                }
            }
            _ => {}
        }
    }
    (permits, refusals)
}

/// Downloads as fast as it can until told to stop.
async fn requester(mut line: Line, uuid: String, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let short = line.call(&download(&uuid)).await.short();
        assert!(
            ["200", REFUSED, "503 overbelast"].contains(&short.as_str()),
            "{short}"
        );
    }
}

on_each_store! {
    async fn after_a_withdrawal_nothing_passes(store) {
        let mut world = World::new(store).await;
        world.owners(ADDRESS, &[OWNER]).await;
        let uuid = world.document("img", KIND, ADDRESS, 1_000).await;
        world.call("ncg", &download(&uuid)).await
            .expect("403 niet-toegestaan TOESTEMMING_ONTBREEKT");
        for _ in 0..8 {
            let id = world.consent(ADDRESS, OWNER, "ncg", KIND).await;
            world.call("ncg", &download(&uuid)).await.expect("200");
            world.call("ncg", &download(&uuid)).await.expect("200");
            world.call("ncg", &withdraw(&id)).await.expect("200");
            world.call("ncg", &download(&uuid)).await.expect(REFUSED);
            world.call("ncg", &withdraw(&id)).await.expect("409 conflict");
        }
        world.restart(0).await;
        world.call("ncg", &download(&uuid)).await.expect(REFUSED);
        let book = world.close().await;
        assert_eq!(check_no_permit_without_consent(&book), (16, 10));
        let twice = book.of_kind("besluit").filter(|(_, entry)| entry["code"] == "conflict");
        assert_eq!(twice.count(), 8, "a second withdrawal is refused on record");
    }

    async fn requests_that_race_a_withdrawal_are_ordered_by_the_book(store) {
        let mut world = World::new(store).await;
        let second = if store == Store::Postgres { world.start().await } else { 0 };
        world.owners(ADDRESS, &[OWNER]).await;
        let uuid = world.document("img", KIND, ADDRESS, 1_000).await;
        let mut id = world.consent(ADDRESS, OWNER, "ncg", KIND).await;
        let stop = Arc::new(AtomicBool::new(false));
        let racing: Vec<_> = [0, second, 0, second]
            .into_iter()
            .map(|at| {
                let line = world.line(at, "ncg");
                tokio::spawn(requester(line, uuid.clone(), Arc::clone(&stop)))
            })
            .collect();
        for round in 0..10 {
            // At one gateway it is withdrawn; at both the very next request must know.
            let (at, other) = if round % 2 == 0 { (0, second) } else { (second, 0) };
            world.call_at(at, "ncg", &download(&uuid)).await.expect("200");
            world.call_at(other, "ncg", &download(&uuid)).await.expect("200");
            world.call_at(at, "ncg", &withdraw(&id)).await.expect("200");
            world.call_at(other, "ncg", &download(&uuid)).await.expect(REFUSED);
            world.call_at(at, "ncg", &download(&uuid)).await.expect(REFUSED);
            id = world.consent(ADDRESS, OWNER, "ncg", KIND).await;
        }
        stop.store(true, Ordering::Relaxed);
        for requester in racing {
            requester.await.unwrap();
        }
        let book = world.close().await;
        let (permits, refusals) = check_no_permit_without_consent(&book);
        assert!(permits > 20 && refusals > 20, "{permits} permits, {refusals} refusals");
    }
}

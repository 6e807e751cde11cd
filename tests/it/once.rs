//! What can be used once is used once: tokens and transaction ids, across a restart and across
//! gateways that share a book.

use serde_json::json;
use sluis::clock::{Clock as _, SystemClock, SystemRandomness};
use sluis::domain::TransactionId;

use crate::client::Call;
use crate::party::{Party, Token};
use crate::world::{Store, World, on_each_store};

const ADDRESS: &str = "0024200000017301";

fn transaction(ms_from_now: i64) -> String {
    let at = SystemClock.now().plus_ms(ms_from_now);
    TransactionId::new(at, &SystemRandomness::default())
        .unwrap()
        .to_string()
}

fn download(uuid: &str) -> Call {
    Call::get(format!("/v1/documenten/{uuid}/download"))
}

on_each_store! {
    async fn a_token_is_accepted_once_also_after_a_restart(store) {
        let mut world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        let used = Party::find("img").token(&Token::new("schade-afhandeling"));
        let call = download(&uuid).token(&used);
        world.call("img", &call).await.expect("200");
        world.call("img", &call).await.expect("401 token-hergebruikt");
        world.restart(0).await;
        world.call("img", &call).await.expect("401 token-hergebruikt");
        assert_eq!(world.ncg.take_asked().len(), 1);
        let book = world.close().await;
        let refused = book.of_kind("besluit").filter(|(_, entry)| entry["code"] == "token-hergebruikt");
        assert_eq!(refused.count(), 2, "every attempt is in the book");
    }

    async fn a_transaction_is_used_once_and_about_now(store) {
        let mut world = World::new(store).await;
        let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        let token = Token::new("schade-afhandeling");
        let with = |id: &str| download(&uuid).header("fsc-transaction-id", id);
        for wrong in [transaction(-301_000), transaction(301_000), String::from("x")] {
            let answer = world.ask("img", &token, with(&wrong)).await;
            answer.expect("400 ongeldige-invoer");
        }
        let old_enough = transaction(-290_000);
        let answer = world.ask("img", &token, with(&old_enough)).await.expect("200");
        assert_eq!(answer.header("fsc-transaction-id"), old_enough, "it is taken over");
        world.ask("img", &token, with(&old_enough)).await.expect("409 conflict");
        world.ask("ncg", &token, with(&old_enough)).await.expect("409 conflict");
        world.restart(0).await;
        world.ask("img", &token, with(&old_enough)).await.expect("409 conflict");
        let asked = world.ncg.take_asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].headers["fsc-transaction-id"], old_enough, "and passed on");
        let bad = download(&uuid).token("x").header("fsc-transaction-id", old_enough.as_str());
        world.call("img", &bad).await.expect("409 conflict");
        let book = world.close().await;
        let refused = book.of_kind("besluit").filter(|(_, entry)| entry["code"] == "conflict");
        let refused: Vec<_> = refused.collect();
        assert!(refused.iter().all(|(_, entry)| entry["transactie"] != old_enough));
        let by: Vec<_> = refused.iter().map(|(_, entry)| &entry["aanvrager"]).collect();
        let expected = ["img", "ncg", "img", "img"].map(|party| json!(Party::find(party).oin));
        let expected: Vec<_> = expected.iter().collect();
        assert_eq!(by, expected, "every attempt is in the book");
    }

    async fn a_token_is_for_the_document_it_names(store) {
        let world = World::new(store).await;
        let one = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        let other = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
        let token = Token::new("schade-afhandeling").document(&one);
        world.ask("img", &token, download(&other)).await.expect("401 token-ongeldig");
        world.ask("img", &token, download(&one)).await.expect("200");
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_raced_at_two_gateways_opens_one_of_them() {
    let mut world = World::new(Store::Postgres).await;
    world.start().await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let (mut a, mut b) = (world.line(0, "img"), world.line(1, "img"));
    for round in 0..20 {
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        let call = download(&uuid).token(&token);
        let (at_a, at_b) = tokio::join!(a.call(&call), b.call(&call));
        let mut answers = [at_a.short(), at_b.short()];
        answers.sort();
        assert_eq!(answers, ["200", "401 token-hergebruikt"], "round {round}");
    }
    for round in 0..5 {
        let id = transaction(0);
        let call = || {
            let token = Party::find("img").token(&Token::new("schade-afhandeling"));
            download(&uuid)
                .token(&token)
                .header("fsc-transaction-id", id.as_str())
        };
        let (at_a, at_b) = (call(), call());
        let (at_a, at_b) = tokio::join!(a.call(&at_a), b.call(&at_b));
        let mut answers = [at_a.short(), at_b.short()];
        answers.sort();
        assert_eq!(answers, ["200", "409 conflict"], "round {round}");
    }
    assert_eq!(world.ncg.take_asked().len(), 25);
    world.close().await;
}

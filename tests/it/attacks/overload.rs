//! A database that stalls: who has most under way is told to come back, early; who asks little waits and is
//! served; and when it goes on, everybody is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::fair::turned_away;
use super::siege::{PATIENCE, Siege};
use super::tell;
use crate::client::{Answer, Call, Line};
use crate::party::{Party, Token};
use crate::world::{Store, World};

/// More than one organisation's share of a batch of 256.
const AT_ONCE: usize = 400;
/// Shorter than a batch may take, so that what waits is written in the end.
const STALL: &str =
    "do $$ begin lock table head in access exclusive mode; perform pg_sleep(4); end $$";
/// How often it is tried: on a slow machine the stall may be over before everybody has asked.
const TIMES: usize = 5;
const ADDRESS: &str = "0024200000017301";

/// What one organisation asks: whether it would be given, which is recorded.
fn ask(party: &'static str, uuid: &str) -> Call {
    let token = Party::find(party).token(&Token::new("schade-afhandeling"));
    Call::new("POST", format!("/v1/documenten/{uuid}/_toets")).token(&token)
}

fn asked(mut line: Line, call: Call) -> tokio::task::JoinHandle<(Line, Answer)> {
    tokio::spawn(async move {
        let answer = line.call(&call).await;
        (line, answer)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stalls_is_noticed_at_the_door() {
    let siege = Siege::around(World::new(Store::Postgres).await).await;
    let other = siege.world.document("img", "schaderapport", ADDRESS, 1_000);
    let other = other.await;
    let mut lines = Vec::new();
    for _ in 0..AT_ONCE {
        let mut line = siege.world.line(0, "img");
        let call = Call::get("/v1/logboek/checkpoint");
        line.call(&call).await.expect("200");
        lines.push(line);
    }
    let mut refused = Vec::new();
    for time in 1..=TIMES {
        let stalled = Arc::new(AtomicBool::new(true));
        let stall = async {
            siege.world.database.run(STALL).await;
            stalled.store(false, Ordering::Relaxed);
        };
        let load = async {
            let waiting: Vec<_> = std::mem::take(&mut lines)
                .into_iter()
                .map(|line| asked(line, ask("img", &siege.uuid)))
                .collect();
            let little = asked(siege.world.line(0, "ncg"), ask("ncg", &other));
            let mut more = Vec::new();
            while stalled.load(Ordering::Relaxed) {
                more.push(asked(siege.world.line(0, "img"), ask("img", &siege.uuid)));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let (_, answer) = little.await.unwrap();
            answer.expect("200");
            for one in waiting {
                let (line, answer) = one.await.unwrap();
                assert!(["200", "503 overbelast"].contains(&answer.short().as_str()));
                lines.push(line);
            }
            for one in more {
                let (_, answer) = one.await.unwrap();
                match answer.short().as_str() {
                    "200" => {}
                    "503 overbelast" => refused.push(answer),
                    other => panic!("{other}"),
                }
            }
        };
        tokio::join!(stall, load);
        if !refused.is_empty() && turned_away(&siege, "ledger").await > 0.0 {
            break;
        }
        assert!(time < TIMES, "nobody was told to come back");
    }
    for answer in &refused {
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(answer.json()["partij"], "sluis");
    }
    // It is over: as much at once as before is served.
    let since = Instant::now();
    loop {
        let waiting: Vec<_> = std::mem::take(&mut lines)
            .into_iter()
            .map(|line| asked(line, ask("img", &siege.uuid)))
            .collect();
        let mut all = true;
        for one in waiting {
            let (line, answer) = one.await.unwrap();
            all &= answer.status == 200;
            lines.push(line);
        }
        if all {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "it does not recover");
    }
    drop(lines);
    let in_book = siege.world.close().await;
    let told = refused
        .iter()
        .map(|answer| answer.header("fsc-transaction-id"));
    for transaction in told {
        let (decision, _) = in_book.of_transaction(transaction);
        assert!(decision.is_none(), "an early refusal is not in the book");
    }
    tell(&format!(
        "a database that stalls: {} of one organisation told to come back, 0 of another",
        refused.len()
    ));
}

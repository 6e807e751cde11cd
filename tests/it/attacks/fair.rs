//! One organisation floods: with connections, with requests, with work for the ledger. Another is served
//! meanwhile, every time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::siege::{PATIENCE, Siege};
use super::tell;
use crate::client::{Call, ops};
use crate::party::{Party, Token};
use crate::world::document;

/// More than one organisation has room for.
const CONNECTIONS: usize = 1_100;
/// Of those, so many ask for what is recorded; the others for what costs little.
const RECORDED: usize = 64;
/// Answers of the flood before anybody else asks.
const UNDER_WAY: usize = 500;
/// What the other organisation asks meanwhile, of each kind.
const ASKED: usize = 15;
const ADDRESS: &str = "0024200000017301";

/// How many files this process may have open.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok())
        .unwrap_or(usize::MAX)
}

/// What came of the flood.
#[derive(Default)]
struct Flood {
    answered: AtomicUsize,
    closed: AtomicUsize,
    statuses: Mutex<BTreeMap<String, usize>>,
}

/// One of many: asks, and asks again, over a connection that it makes anew when it is closed.
async fn pour(siege: Arc<Siege>, flood: Arc<Flood>, recorded: bool) {
    let mut line = siege.world.line(0, "img");
    loop {
        let call = if recorded {
            Call::new("POST", format!("/v1/documenten/{}/_toets", siege.uuid))
                .token(&Siege::token())
        } else {
            Call::get("/v1/logboek/checkpoint")
        };
        if let Ok(answer) = line.try_call(&call).await {
            flood.answered.fetch_add(1, Ordering::Relaxed);
            let mut statuses = flood.statuses.lock().unwrap();
            *statuses.entry(answer.short()).or_default() += 1;
        } else {
            flood.closed.fetch_add(1, Ordering::Relaxed);
            line = siege.world.line(0, "img");
            // Its own processor is wanted by the gateway too.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// How often somebody was turned away for this cause.
pub(super) async fn turned_away(siege: &Siege, cause: &str) -> f64 {
    let answer = ops(siege.world.gateways[0].ops, "/metrics").await;
    let name = format!("sluis_turned_away_total{{cause=\"{cause}\"");
    let lines = answer.text().lines().filter(|line| line.starts_with(&name));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_organisation_is_not_felt_by_another() {
    if open_files() < 2 * CONNECTIONS {
        tell("SKIPPED a flood of one organisation: it takes more open files (ulimit -n 4096)");
        return;
    }
    let siege = Arc::new(Siege::lay().await);
    let about = siege.world.document("img", "schaderapport", ADDRESS, 1_000);
    let about = about.await;
    let flood = Arc::new(Flood::default());
    let pouring: Vec<_> = (0..CONNECTIONS)
        .map(|n| {
            let (siege, flood) = (Arc::clone(&siege), Arc::clone(&flood));
            tokio::spawn(pour(siege, flood, n < RECORDED))
        })
        .collect();
    let since = Instant::now();
    while flood.answered.load(Ordering::Relaxed) < UNDER_WAY
        || flood.closed.load(Ordering::Relaxed) == 0
    {
        assert!(since.elapsed() < 3 * PATIENCE, "the flood does not begin");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ncg = Party::find("ncg");
    let mut kept = siege.world.line(0, "ncg");
    for n in 0..ASKED {
        let token = ncg.token(&Token::new("versterking-uitvoering"));
        let download = Call::get(format!("/v1/documenten/{about}/download")).token(&token);
        // A connection of its own each time, beside the one it keeps.
        let answer = siege.world.line(0, "ncg").call(&download).await;
        assert_eq!(answer.expect("200").body.len(), 1_000, "{n}");
        let token = ncg.token(&Token::beheer());
        let change = Call::new("PUT", format!("/v1/documenten/{}", siege.uuid))
            .token(&token)
            .json(&document(
                "ncg",
                "opnamerapport",
                ADDRESS,
                super::siege::SIZE,
            ));
        let answer = kept.call(&change).await;
        assert!(
            matches!(answer.status, 200 | 201 | 204),
            "{}",
            answer.short()
        );
        let search = Call::new("POST", "/v1/documenten/_zoek")
            .token(&ncg.token(&Token::new("versterking-uitvoering")))
            .json(&json!({"nummeraanduiding": ADDRESS}));
        kept.call(&search).await.expect("200");
    }
    assert!(turned_away(&siege, "connections").await > 0.0);
    let ready = ops(siege.world.gateways[0].ops, "/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    for one in pouring {
        one.abort();
        let _ = one.await;
    }
    let statuses = std::mem::take(&mut *flood.statuses.lock().unwrap());
    let closed = flood.closed.load(Ordering::Relaxed);
    tell(&format!(
        "a flood of one organisation: {statuses:?} and {closed} connections closed; 0 of {} of another refused",
        3 * ASKED
    ));
    let siege = Arc::into_inner(siege).expect("nobody pours any more");
    siege.world.close().await;
}

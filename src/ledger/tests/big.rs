//! A book of a million entries, written by the product's own sequencer, to measure how long a start
//! and a verification take:
//!
//! ```text
//! cargo test --release --lib a_million_entries_open_and_verify_in_time::sqlite -- --ignored --nocapture
//! ```
//!
//! With `SLUIS_BIG_LEDGER=FOLDER` the SQLite book and its two keys are left there as `ledger.db`,
//! `log.key` and `master.key` (its origin is `sluis.example/logboek`), for measuring `sluis serve`.
//! `SLUIS_BIG_ENTRIES` asks for another size.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::Sha256;
use crate::ledger::Report;
use crate::ledger::entry::End;
use crate::ledger::testing::{Book, Gateway, unseen};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    #[ignore = "writes a million entries; for measuring"]
    a_million_entries_open_and_verify_in_time,
);

/// Appends as a busy gateway does: of four requests one is refused, three are released.
async fn work(gateway: Arc<Gateway>, until: u64) {
    while gateway.ledger.size() < until {
        let draft = gateway.refusal(unseen()).await;
        gateway.ledger.append(draft).await.unwrap();
        for _ in 0..3 {
            let recorded = gateway.release().await.unwrap();
            let sha256 = Sha256::from_bytes([7; 32]);
            let report = Report {
                status: 200,
                bytes: 4_096,
                sha256,
                end: End::Complete,
            };
            recorded.into_closing().finish(&report);
        }
    }
}

async fn a_million_entries_open_and_verify_in_time(engine: Engine) {
    let entries = std::env::var("SLUIS_BIG_ENTRIES").map_or(1_000_000, |n| n.parse().unwrap());
    let book = Book::new(engine).await;
    let gateway = Arc::new(book.open().await);
    let began = Instant::now();
    let workers: Vec<_> = (0..128)
        .map(|_| tokio::spawn(work(gateway.clone(), entries)))
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let commits = gateway.ledger.figures().commits();
    Arc::into_inner(gateway).unwrap().close().await;
    println!(
        "{engine:?}: written in {:?}, {commits} commits",
        began.elapsed()
    );

    for _ in 0..3 {
        let began = Instant::now();
        let gateway = book.open().await;
        let opened = began.elapsed();
        println!(
            "{engine:?}: {} entries opened in {opened:?}",
            gateway.ledger.size()
        );
        assert!(opened.as_millis() < 2_000);
        gateway.close().await;
    }
    let began = Instant::now();
    let summary = book.verify().await;
    println!("{engine:?}: verified in {:?}: {summary}", began.elapsed());
    assert!(summary.size >= entries && summary.open_releases == 0);
    assert!(began.elapsed().as_secs() < 60);

    if let (Engine::Sqlite, Some(folder)) = (engine, std::env::var_os("SLUIS_BIG_LEDGER")) {
        book.copy_to(std::path::Path::new(&folder));
    }
}

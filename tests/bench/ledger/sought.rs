//! How long it takes to find the entries of an address by its tag, however long the book is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::clock::SystemClock;

use crate::written::Made;
use crate::{ms, tell};

/// Addresses that are sought.
const TIMES: u64 = 500;
/// Entries that are wanted of each: a page of the log.
const MOST: u32 = 50;
/// What 95 in 100 may take.
const MAY_TAKE: Duration = Duration::from_millis(100);

pub(crate) async fn measure(made: &Made) -> bool {
    let writer = made.writer(Arc::new(SystemClock)).await;
    let (mut times, mut found) = (Vec::new(), 0);
    for number in 0..TIMES {
        let begun = Instant::now();
        // A prime apart, so that none is near another in the database.
        found += writer.search(number * 7_919, MOST).await;
        times.push(begun.elapsed());
    }
    let entries = writer.size();
    writer.close().await;
    times.sort_unstable();
    let at = |per_cent: usize| times[times.len() * per_cent / 100];
    let met = at(95) <= MAY_TAKE;
    println!("{TIMES} addresses sought in {entries} entries, {found} found");
    tell("  p50", &ms(at(50)), true);
    tell("  p95", &ms(at(95)), met);
    met
}

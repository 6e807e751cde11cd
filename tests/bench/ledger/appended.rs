//! How long an append takes at a rate, beside what the disk takes for its part; and what it leaves.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::clock::SystemClock;

use crate::written::Made;
use crate::{disk, ms, stored, tell};

/// Exchanges a second; a permitted one has a closing entry beside its decision.
const RATE: u32 = 500;
/// The appends are in so many parts, with the disk alone in between.
const PARTS: u32 = 5;
/// What 99 in 100 may take, from the moment they were meant to begin.
const MAY_TAKE: Duration = Duration::from_millis(10);
/// What an exchange may leave in the database.
const MAY_LEAVE: u64 = 2048;
const KIB: u64 = 1024;

pub(crate) async fn measure(made: &Made, folder: &Path, time: Duration) -> bool {
    let writer = Arc::new(made.writer(Arc::new(SystemClock)).await);
    let (before, entries) = (stored::bytes(&made.store).await, writer.size());
    let each = Duration::from_secs(1) / RATE;
    let count = u64::from(RATE) * time.as_secs() / u64::from(PARTS);
    let (mut appends, mut syncs) = (Vec::new(), Vec::new());
    for part in 0..u64::from(PARTS) {
        syncs.extend(disk::fdatasync(folder).unwrap());
        let mut waiting = Vec::new();
        let mut intended = Instant::now();
        for number in part * count..(part + 1) * count {
            tokio::time::sleep_until(intended.into()).await;
            let (writer, since) = (Arc::clone(&writer), intended);
            waiting.push(tokio::spawn(async move {
                writer.decide(number).await;
                since.elapsed()
            }));
            intended += each;
        }
        for one in waiting {
            appends.push(one.await.unwrap());
        }
    }
    let writer = Arc::into_inner(writer).unwrap();
    writer.close().await;
    appends.sort_unstable();
    syncs.sort_unstable();
    let at = |times: &[Duration], per_mille: usize| times[times.len() * per_mille / 1000];
    let met = at(&appends, 990) <= MAY_TAKE;
    println!(
        "{} exchanges decided and appended at {RATE} a second",
        appends.len()
    );
    for (name, per_mille) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
        let sync = at(&syncs, per_mille);
        let what = format!("  {name} (one fdatasync here: {})", ms(sync));
        tell(&what, &ms(at(&appends, per_mille)), met || per_mille != 990);
    }
    let after = stored::bytes(&made.store).await;
    let exchanges = u64::try_from(appends.len()).unwrap();
    let left = (after - before) / exchanges;
    let fits = left <= MAY_LEAVE;
    let what = "bytes an exchange leaves, indexes and all";
    tell(what, &left.to_string(), fits);
    let mib = format!("{} MiB", after / KIB / KIB);
    tell("the whole database", &mib, true);
    let all = before * 2 / entries;
    tell(
        "  for two entries of it",
        &all.to_string(),
        all <= MAY_LEAVE,
    );
    met && fits
}

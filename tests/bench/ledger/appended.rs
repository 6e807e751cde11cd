//! How long an append takes at a rate, beside what the disk takes for its part; and what it leaves.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::clock::SystemClock;

use crate::written::{Made, Writer};
use crate::{disk, ms, stored, tell};

/// Exchanges a second: what is asked is 500 entries, and nearly every exchange is a decision and its
/// closing entry. Then twice as many, to see how near the edge that is.
const RATES: [u32; 2] = [250, 500];
/// The appends are in so many parts, with the disk alone in between.
const PARTS: u32 = 5;
/// Before the first of them, at the lower rate and not counted: statements are prepared, pages are read.
const WARMING: Duration = Duration::from_secs(4);
/// What 99 in 100 may take, from the moment they were meant to begin.
const MAY_TAKE: Duration = Duration::from_millis(10);
/// What an exchange may leave in the database.
const MAY_LEAVE: u64 = 2048;
const KIB: u64 = 1024;

pub(crate) async fn measure(made: &Made, folder: &Path, time: Duration) -> bool {
    let writer = Arc::new(made.writer(Arc::new(SystemClock)).await);
    let (before, entries) = (stored::bytes(&made.store).await, writer.size());
    let warm = at_rate(&writer, folder, RATES[0], 0, WARMING).await;
    let (mut met, mut exchanges) = (true, u64::try_from(warm.appends.len()).unwrap());
    for rate in RATES {
        let times = at_rate(&writer, folder, rate, exchanges, time).await;
        exchanges += u64::try_from(times.appends.len()).unwrap();
        met &= times.tell(rate, rate == RATES[0]);
    }
    let writer = Arc::into_inner(writer).unwrap();
    writer.close().await;
    let after = stored::bytes(&made.store).await;
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

/// What appends and the disk's own fsync took, each sorted.
struct Times {
    appends: Vec<Duration>,
    syncs: Vec<Duration>,
}

/// So many exchanges a second, from the one with this number on.
async fn at_rate(
    writer: &Arc<Writer>,
    folder: &Path,
    rate: u32,
    first: u64,
    time: Duration,
) -> Times {
    let each = Duration::from_secs(1) / rate;
    let count = u64::from(rate) * time.as_secs() / u64::from(PARTS);
    let (mut appends, mut syncs) = (Vec::new(), Vec::new());
    for part in 0..u64::from(PARTS) {
        syncs.extend(disk::fdatasync(folder).unwrap());
        let mut waiting = Vec::new();
        let mut intended = Instant::now();
        for number in first + part * count..first + (part + 1) * count {
            tokio::time::sleep_until(intended.into()).await;
            let (writer, since) = (Arc::clone(writer), intended);
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
    appends.sort_unstable();
    syncs.sort_unstable();
    Times { appends, syncs }
}

impl Times {
    /// Prints them; whether they are what is asked, if it is asked at this rate.
    fn tell(&self, rate: u32, asked: bool) -> bool {
        let at = |times: &[Duration], per_mille: usize| times[times.len() * per_mille / 1000];
        let met = !asked || at(&self.appends, 990) <= MAY_TAKE;
        println!(
            "{} exchanges decided and appended at {rate} a second, {} entries",
            self.appends.len(),
            2 * rate
        );
        for (name, per_mille) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
            let sync = at(&self.syncs, per_mille);
            let what = format!("  {name} (one fdatasync here: {})", ms(sync));
            let took = ms(at(&self.appends, per_mille));
            tell(&what, &took, met || per_mille != 990);
        }
        met
    }
}

//! How long it takes to make every decision again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::ledger::verify::DatabaseBook;
use sluis::ledger::{Keys, Opener};
use sluis::policy::{Bundle, Policies};
use sluis::replay::{self, With};
use sluis::store::Store;

use crate::tell;
use crate::written::{Made, ORIGIN};

/// What a million entries may take on two cores.
const MAY_TAKE: Duration = Duration::from_mins(1);

pub(crate) async fn measure(made: Made, threads: Option<usize>) -> bool {
    let cores = std::thread::available_parallelism().unwrap().get();
    let threads = threads.unwrap_or(cores);
    let keys = Keys::read(&made.key, &made.master_key, ORIGIN).unwrap();
    let verifier = keys.signer.verifier();
    let store = Store::open_for_reading(made.store).await.unwrap();
    let with = With {
        organisations: made.organisations,
        policies: Policies::new(vec![Arc::<Bundle>::clone(&made.bundle)]),
        opener: Opener::new(Arc::new(keys.master)),
        threads,
    };
    let begun = Instant::now();
    let source = Arc::new(DatabaseBook::new(store));
    let replayed = replay::run(source, &verifier, None, with, |_| {}).await;
    let took = begun.elapsed();
    let replayed = replayed.unwrap();
    assert!(replayed.counts.unjudged.is_empty());
    let entries = u32::try_from(replayed.summary.size).unwrap();
    println!("{replayed}");
    let each = took / entries;
    let met = each * 1_000_000 <= MAY_TAKE;
    let what = format!("{entries} entries replayed on {threads} threads");
    tell(&what, &format!("{:.1} s", took.as_secs_f64()), met);
    tell(
        "  each",
        &format!("{:.1} µs", each.as_secs_f64() * 1e6),
        met,
    );
    let mib = format!("{} MiB", peak_mib());
    tell("  memory at most, the writing included", &mib, true);
    met
}

/// The most memory this process ever had, as the kernel tells it; the writing of the book counts too.
pub(crate) fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

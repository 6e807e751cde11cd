//! What it costs to make every decision of a long book again: `cargo bench --bench replay`.
//!
//! It makes a book of a million entries (`--entries`) through the product's own ledger, decided by the
//! statute's bundle at 26,000 addresses whose owners chose; every permit is a release with its closing
//! entry. Then it replays the book on every core, and says how long that took and
//! how much memory the process had at most. With `--postgres URL` the book is in that (empty) database.
//!
//! Nothing is asserted in CI: nothing runs unless cargo was asked to bench.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that measures, and stops when something is not as it must be"
)]

mod written;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use sluis::ledger::verify::DatabaseBook;
use sluis::ledger::{Keys, Opener};
use sluis::policy::{Bundle, Policies};
use sluis::replay::{self, With};
use sluis::store::Store;

/// What a million entries may take on two cores.
const MAY_TAKE: Duration = Duration::from_mins(1);

#[derive(Debug, Parser)]
struct Options {
    /// Entries in the book, at least.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Threads that replay it; one for each core when this is left out.
    #[arg(long)]
    threads: Option<usize>,
    /// An empty PostgreSQL database; without it SQLite is used.
    #[arg(long)]
    postgres: Option<String>,
    /// Given by cargo bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if !options.bench {
        println!("not measured: this is a benchmark; run `cargo bench --bench replay`");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if !runtime.block_on(measure(&options)) {
        std::process::exit(1);
    }
}

async fn measure(options: &Options) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let made = written::book(folder.path(), options.postgres.as_deref(), options.entries).await;
    eprintln!("written in {:.0} s", begun.elapsed().as_secs_f64());

    let cores = std::thread::available_parallelism().unwrap().get();
    let threads = options.threads.unwrap_or(cores);
    let keys = Keys::read(&made.key, &made.master_key, written::ORIGIN).unwrap();
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
    let size = replayed.summary.size;
    println!("{replayed}");
    println!(
        "{size} entries replayed on {threads} threads in {:.1} s: {:.0} entries a second, {:.1} µs each",
        took.as_secs_f64(),
        f64::from(u32::try_from(size).unwrap()) / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / f64::from(u32::try_from(size).unwrap())
    );
    println!("at most {} MiB of memory", peak_mib());
    size < 1_000_000 || took <= MAY_TAKE
}

/// The most memory this process ever had, as the kernel tells it; the writing of the book counts too.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

//! What a long book costs: `cargo bench --bench ledger`.
//!
//! It makes a book of a million entries (`--entries`) through the product's own ledger, decided by the
//! statute's bundle at 26,000 addresses whose owners chose; every permit is a release with its closing
//! entry. Then it says how many bytes an exchange takes, everything included; how long an append takes at
//! 500 entries a second and at twice that, in turn with the disk's own fsync; how long it takes to find
//! the entries of an address; how long to put its decisions to another bundle; and how long to replay the
//! book on every core, and with how much memory.
//! With `--postgres URL` the book is in that (empty) database.
//!
//! Nothing is asserted in CI: nothing runs unless cargo was asked to bench.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that measures, and stops when something is not as it must be"
)]

mod appended;
mod asked;
#[path = "../disk.rs"]
mod disk;
mod replayed;
mod sought;
mod stored;
mod written;

use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

#[derive(Debug, Parser)]
struct Options {
    /// Entries in the book, at least.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Seconds of appends, in all.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Threads that replay it; one for each core when this is left out.
    #[arg(long)]
    threads: Option<usize>,
    /// An empty PostgreSQL database; without it SQLite is used.
    #[arg(long)]
    postgres: Option<String>,
    /// Measure only this; may be given more than once.
    #[arg(long, value_name = "WHAT")]
    only: Vec<What>,
    /// Given by cargo bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Bytes an exchange takes, and the time of an append
    Append,
    /// The time it takes to find the entries of an address
    Search,
    /// The time it takes to put every decision to another bundle
    Ask,
    /// The time it takes to make every decision again
    Replay,
}

impl Options {
    fn wants(&self, what: What) -> bool {
        self.only.is_empty() || self.only.contains(&what)
    }
}

fn main() {
    let options = Options::parse();
    if !options.bench {
        println!("not measured: this is a benchmark; run `cargo bench --bench ledger`");
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
    stored::settle(&made.store).await;
    let mut good = true;
    // First, so that what it adds is replayed too.
    if options.wants(What::Append) {
        let time = Duration::from_secs(options.seconds);
        good &= appended::measure(&made, folder.path(), time).await;
    }
    if options.wants(What::Search) {
        good &= sought::measure(&made).await;
    }
    if options.wants(What::Ask) {
        good &= asked::measure(&made, options.threads).await;
    }
    if options.wants(What::Replay) {
        good &= replayed::measure(made, options.threads).await;
    }
    good
}

/// A line of the result, with whether it is as it must be.
fn tell(what: &str, figure: &str, met: bool) {
    println!(
        "{what:<52}{figure:>16}{}",
        if met { "" } else { "  missed" }
    );
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

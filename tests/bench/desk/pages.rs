//! What a page of the desk costs on a long book: `cargo bench --bench desk`.
//!
//! It makes a book of a million decisions (`--decisions`) through the product's own ledger, at 26,000
//! addresses, opens a gateway with a desk on it, and asks every page many times over TLS. The time of
//! a page is from the first byte of the request to the last of the answer. With `--postgres URL` the
//! book is in that (empty) database.
//!
//! Nothing is asserted in CI: nothing runs unless cargo was asked to bench.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program that measures, and stops when something is not as it must be"
)]

mod book;
mod browser;

use std::time::{Duration, Instant};

use clap::Parser;

/// What a page may take, and weigh.
const MAY_TAKE: Duration = Duration::from_millis(150);
const MAY_WEIGH: usize = 100 * 1024;

#[derive(Debug, Parser)]
struct Options {
    /// Decisions in the book.
    #[arg(long, default_value_t = 1_000_000)]
    decisions: u64,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 60)]
    times: usize,
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
        println!("not measured: this is a benchmark; run `cargo bench --bench desk`");
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
    let config = book::prepare(folder.path(), options.postgres.as_deref()).await;
    let about = book::fill(&config, options.decisions).await;
    let took = begun.elapsed().as_secs_f64();
    eprintln!(
        "{} decisions, {} entries: {took:.0} s",
        options.decisions, about.entries
    );

    let mut browser = browser::Browser::open(config).await;
    let begun = Instant::now();
    while browser.get("/integriteit").await.status == 503 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!(
        "after a start the book was read in {:.1} s",
        begun.elapsed().as_secs_f64()
    );

    let address = [
        ("adres", &*about.address),
        ("aanleiding", "inzageverzoek"),
        ("zaak", "FG-1"),
    ];
    let of_address = browser.post("/logboek", &address).await.location;
    let narrow = [("soort", "gezondheidsgegevens"), ("uitkomst", "gegeven")];
    let narrow = browser.post("/logboek", &narrow).await.location;
    let wide = browser.post("/logboek", &[]).await.location;
    let report = [("nummeraanduiding", &*about.address)];
    let mut pages = vec![
        ("overview", Ask::Get("/".to_owned())),
        ("log", Ask::Get("/logboek".to_owned())),
        ("log, an address", Ask::Get(of_address)),
        ("log, what is rare", Ask::Get(narrow)),
        ("log, everything", Ask::Get(wide)),
        (
            "an exchange",
            Ask::Get(format!("/uitwisseling/{}", about.transaction)),
        ),
        ("reviews", Ask::Get("/beoordelingen".to_owned())),
        (
            "a review",
            Ask::Get(format!("/beoordelingen/{}", about.review)),
        ),
        ("signals", Ask::Get("/signalen".to_owned())),
        ("consents", Ask::Get("/toestemmingen".to_owned())),
        ("integrity", Ask::Get("/integriteit".to_owned())),
        (
            "a report to a person",
            Ask::Post("/inzageverzoek", report.to_vec()),
        ),
    ];
    println!(
        "{:<24}{:>10}{:>10}{:>10}",
        "page", "p50 ms", "p95 ms", "KiB"
    );
    let mut good = true;
    for (name, ask) in &mut pages {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for _ in 0..options.times {
            let begun = Instant::now();
            let answer = match ask {
                Ask::Get(path) => browser.get(path).await,
                Ask::Post(path, fields) => browser.post(path, fields).await,
            };
            times.push(begun.elapsed());
            assert_eq!(answer.status, 200, "{name}");
            bytes = bytes.max(answer.bytes);
        }
        times.sort_unstable();
        let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        let (p50, p95) = (at(50), at(95));
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let kib = bytes.div_ceil(1024);
        let met = p95 <= MAY_TAKE && bytes <= MAY_WEIGH;
        good &= met;
        let verdict = if met { "" } else { "  missed" };
        println!(
            "{name:<24}{:>10.1}{:>10.1}{kib:>10}{verdict}",
            ms(p50),
            ms(p95)
        );
    }
    good
}

enum Ask<'a> {
    Get(String),
    Post(&'static str, Vec<(&'static str, &'a str)>),
}

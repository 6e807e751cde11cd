//! A hundred thousand races at three gateways on one PostgreSQL: `cargo bench --bench races`; and fifty
//! failovers to a synchronous standby: `cargo bench --bench races -- --failovers 50`.
//!
//! The races and their checker are those of the integration tests (`tests/it/races.rs`); only their
//! number is another. After every few thousand the whole book is downloaded and verified, and the next
//! ones begin on an empty one.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "a program that proves, and stops when something is not as it must be; the harness is that of the tests, which use more of it"
)]

#[path = "../it/client.rs"]
mod client;
#[path = "../it/cluster.rs"]
mod cluster;
#[path = "../it/crash.rs"]
mod crash;
#[path = "../it/failover.rs"]
mod failover;
#[path = "../it/outsider.rs"]
mod outsider;
#[path = "../it/party.rs"]
mod party;
#[path = "../it/process.rs"]
mod process;
#[path = "../it/provider.rs"]
mod provider;
#[path = "../it/races.rs"]
mod races;
#[path = "../../src/store/testing.rs"]
mod testing;
#[path = "../it/world.rs"]
mod world;

use std::time::Instant;

use clap::Parser;

use crate::failover::Blow;
use crate::races::{Figures, race_tokens, race_withdrawals};
use crate::world::{Store, World};

/// Races on one book: as many entries as the checker can well hold in memory.
const ON_ONE_BOOK: usize = 5_000;

#[derive(Debug, Parser)]
struct Options {
    /// Races of a withdrawal against requests, and as many of one token at two gateways.
    #[arg(long, default_value_t = 100_000)]
    races: usize,
    /// How often the primary is killed and its synchronous standby takes over, instead of races.
    #[arg(long)]
    failovers: Option<usize>,
    /// Cargo passes it when it was asked to bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if !options.bench {
        println!("not run: this is a benchmark; run `cargo bench --bench races`");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    match options.failovers {
        Some(times) => runtime.block_on(fail_over(times)),
        None => runtime.block_on(run(options.races)),
    }
}

async fn fail_over(times: usize) {
    let began = Instant::now();
    let done = failover::strike(Blow::FailedOver, times).await;
    println!(
        "{} failovers, {} transfers begun, each with its permit; {} entries verified, of one history; \
         longest pause {:.1} s, gateways started again {}; {:.0} s in all",
        done.blows,
        done.held,
        done.entries,
        done.longest.as_secs_f64(),
        done.restarts,
        began.elapsed().as_secs_f64()
    );
}

async fn run(races: usize) {
    let began = Instant::now();
    let (mut withdrawals, mut tokens) = (Figures::default(), Figures::default());
    let mut entries = 0;
    while withdrawals.races < races {
        let now = ON_ONE_BOOK.min(races - withdrawals.races);
        let mut world = World::new(Store::Postgres).await;
        world.start().await;
        world.start().await;
        withdrawals.add(race_withdrawals(&mut world, now).await);
        tokens.add(race_tokens(&world, now).await);
        entries += world.close().await.size();
        eprintln!(
            "{} of {races} races, {:.0} s",
            withdrawals.races,
            began.elapsed().as_secs_f64()
        );
    }
    println!(
        "withdrawals: {} races, {} answers while one was under way, {} releases, {} refusals; \
         releases begun after an acknowledgement: 0",
        withdrawals.races, withdrawals.overlapping, withdrawals.released, withdrawals.refused
    );
    println!(
        "tokens: {} races, {} of them sent within a millisecond; opened twice: 0, not at all: 0",
        tokens.races, tokens.same_millisecond
    );
    println!(
        "{entries} entries verified, {:.0} s in all",
        began.elapsed().as_secs_f64()
    );
}

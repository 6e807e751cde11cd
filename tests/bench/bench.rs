//! What a request costs: the gateway beside what one would otherwise put there, in one run: Debian's nginx
//! and HAProxy as plain mutual-TLS proxies, and nginx that asks a policy service about each request.
//!
//! `cargo bench --bench gateway` makes a temporary directory with a development PKI and an empty
//! ledger, starts the gateway, its peers and one providing process, and sends each the same kind
//! of load. None of the peers keeps a record of what it passed on. Absolute figures differ from machine to machine and from day to day; the ratios hold,
//! so the targets are ratios. It knows the gateway only from outside: the command line, the
//! listeners and the metrics.
//!
//! Two phases run only when they are asked for, because they take long: `soak`, mixed traffic for an hour,
//! and `scale`, a second gateway with a long ledger and a large registry beside the first.
//!
//! Deliberately absent: assertions in CI. A timed test on a shared machine fails for the wrong
//! reasons, so nothing runs unless cargo was asked to bench.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]
#![expect(
    clippy::print_stderr,
    reason = "progress and failures of a command-line program"
)]

mod certificates;
mod client;
mod disk;
mod failure;
mod filling;
mod gateway;
mod haproxy;
mod load;
mod nginx;
mod options;
mod phases;
mod plots;
mod policy;
mod process;
mod provider;
mod registration;
mod rounds;
mod scale;
mod soak;
mod stalled;
mod table;
mod tokens;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

use crate::failure::{Context as _, Outcome};
use crate::options::{Mode, Options};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::from(70)
        }
    }
}

/// Whether every target that was measured was met.
fn run(options: &Options) -> Outcome<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_fail("start the runtime")?;
    if let Some(Mode::Provider(identity)) = &options.mode {
        return runtime.block_on(provider::serve(identity)).map(|()| true);
    }
    if !options.bench {
        println!("not measured: this is a benchmark; run `cargo bench --bench gateway`");
        return Ok(true);
    }
    let report = runtime.block_on(phases::measure(options))?;
    println!("{report}");
    plots::write(&options.out, &report)?;
    Ok(report.met())
}

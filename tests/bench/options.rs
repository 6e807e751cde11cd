//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::table::Peer;

/// Measures the gateway beside nginx, HAProxy and nginx with a policy service, and prints one table with
/// the ratios.
#[derive(Debug, Parser)]
#[command(
    name = "gateway",
    after_help = "Exit code: 0 all targets met, 1 one was missed, 70 it could not be measured."
)]
pub(crate) struct Options {
    /// Seconds of load per side and round; each figure is the median of the rounds
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub(crate) seconds: u64,
    /// Rounds of all sides in turn
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=50))]
    pub(crate) rounds: u8,
    /// Minutes of mixed traffic in the phase `soak`; a fifth of them is its warm-up
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    pub(crate) minutes: u64,
    /// Addresses in the large registry of the phase `scale`
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(64..=10_000_000))]
    pub(crate) addresses: u64,
    /// Entries in the long ledger of the phase `scale`, those of its registry counted
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub(crate) entries: u64,
    /// Measure only this phase; may be given more than once
    #[arg(long, value_name = "PHASE")]
    pub(crate) only: Vec<Phase>,
    /// Compare with this peer only; may be given more than once
    #[arg(long, value_name = "PEER")]
    pub(crate) beside: Vec<Peer>,
    #[arg(
        long,
        value_name = "DIR",
        default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/results"),
        help = "The folder into which the table is written, with plots of it"
    )]
    pub(crate) out: PathBuf,
    #[arg(
        long,
        value_name = "URL",
        help = "Keep the ledger in this empty PostgreSQL database, not in SQLite"
    )]
    pub(crate) postgres: Option<String>,
    /// Measure this `sluis` binary instead of the one that was just built
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
    /// Cargo passes it when it was asked to bench
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
    #[command(subcommand)]
    pub(crate) mode: Option<Mode>,
}

/// What else this program is: it starts itself again to play the providing organisation.
#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// The providing process
    #[command(hide = true)]
    Provider(ProviderIdentity),
}

/// With what the providing process proves who it is, and whom it trusts.
#[derive(Debug, Args)]
pub(crate) struct ProviderIdentity {
    #[arg(long)]
    pub(crate) certificate: PathBuf,
    #[arg(long)]
    pub(crate) key: PathBuf,
    #[arg(long)]
    pub(crate) ca: PathBuf,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Phase {
    /// 4 KiB documents over kept connections, as fast as they come
    Small,
    /// 200 KiB documents, likewise
    Middle,
    /// 10 MiB documents, likewise
    Large,
    /// 4 KiB documents at 500 requests a second: latency from the intended start
    Rate,
    /// 4 KiB documents, a new connection with a full handshake for each
    Connect,
    /// Ledger entries per commit with 64 concurrent clients
    Commit,
    /// Memory with 100 concurrent 10 MiB downloads that are read slowly
    Memory,
    /// The gateway alone: 4 KiB documents at 500 a second, without and beside 500 connections that stall
    Stalled,
    /// The gateway alone, only when asked for: mixed traffic for --minutes, and what memory grew by
    Soak,
    /// The gateway alone, only when asked for: 4 KiB documents from a second gateway too, with --addresses
    /// and --entries
    Scale,
}

impl Options {
    /// Whether this phase was asked for.
    pub(crate) fn wants(&self, phase: Phase) -> bool {
        (self.only.is_empty() && !matches!(phase, Phase::Soak | Phase::Scale))
            || self.only.contains(&phase)
    }

    /// Who takes part beside the gateway.
    pub(crate) fn peers(&self) -> Vec<Peer> {
        use Phase::{Connect, Large, Memory, Middle, Rate, Small};
        let compared = [Small, Middle, Large, Rate, Connect, Memory];
        if !compared.into_iter().any(|phase| self.wants(phase)) {
            return Vec::new();
        }
        let asked = |peer: &Peer| self.beside.is_empty() || self.beside.contains(peer);
        Peer::ALL.into_iter().filter(asked).collect()
    }

    /// How long the mixed traffic goes on.
    pub(crate) fn soaking(&self) -> Duration {
        Duration::from_mins(self.minutes)
    }

    /// How long one slice of load lasts.
    pub(crate) fn slice(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

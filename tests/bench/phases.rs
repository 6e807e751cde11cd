//! What is measured, in which order, and against which target.
//!
//! The sides take turns within every phase, so that a machine that slows down slows them all;
//! each figure is the median of the rounds. CPU is that of a process with all its descendants.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::client::Reader;
use crate::failure::{Context as _, Failure, Outcome};
use crate::load::{Done, Pool, anew};
use crate::options::{Options, Phase};
use crate::process::resident_bytes;
use crate::provider::Size;
use crate::rounds::{Cost, SETTLE, WARM_UP, cost, float, in_turn, medians, per_mille_ms};
use crate::table::{Goal, Line, Peer, Report, Section};
use crate::world::{Side, World};
use crate::{disk, haproxy, nginx, scale, soak, stalled};

/// Clients at once for small and middle documents.
pub(crate) const CONNECTIONS: usize = 32;
/// Clients at once for large documents: more would only fill buffers.
const LARGE_CONNECTIONS: usize = 8;
/// Clients at once when each request has a connection of its own.
const CONNECTS_AT_ONCE: usize = 8;
/// Requests per second when latency is measured.
pub(crate) const RATE: u32 = 500;
/// Shortest slice of that: the 99.9th percentile needs thousands of answers.
pub(crate) const RATE_SLICE: Duration = Duration::from_secs(8);
/// Clients at once when entries per commit are counted.
const COMMIT_CLIENTS: usize = 64;
/// Tokens signed ahead for a round of that; more are signed as they are needed.
const COMMIT_TOKENS: usize = 30_000;
/// Slow readers at once, and how long each takes over its 10 MiB at least.
const SLOW_READERS: usize = 100;
const SLOW_READING: Duration = Duration::from_secs(8);
/// How often memory is looked at meanwhile.
const WATCH: Duration = Duration::from_millis(20);
pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// Measures what was asked for, in a directory of its own on the disk the ledger would be on.
pub(crate) async fn measure(options: &Options) -> Outcome<Report> {
    let peers = options.peers();
    let mut versions = Vec::new();
    if peers.iter().any(|peer| *peer != Peer::Haproxy) {
        versions.push(nginx::version()?);
    }
    if peers.contains(&Peer::Haproxy) {
        versions.push(haproxy::version()?);
    }
    let beside = if versions.is_empty() {
        "nothing".to_owned()
    } else {
        versions.join(" and ")
    };
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let directory = tempfile::tempdir_in(parent)
        .or_fail(format!("make a directory in {}", parent.display()))?;
    let measured = tokio::select! {
        measured = report(options, directory.path(), &beside) => measured,
        // Leaving this way stops the processes and takes the directory away.
        _ = tokio::signal::ctrl_c() => return Err(Failure::new("interrupted")),
    };
    measured.map_err(|failure| {
        let kept = directory.keep();
        failure.with(format!(
            "what the processes logged is in {}",
            kept.display()
        ))
    })
}

async fn report(options: &Options, directory: &Path, beside: &str) -> Outcome<Report> {
    let mut world = World::start(options, directory).await?;
    let mut sections = Vec::new();
    let kept = [
        (Phase::Small, Size::Small, CONNECTIONS),
        (Phase::Middle, Size::Middle, CONNECTIONS),
        (Phase::Large, Size::Large, LARGE_CONNECTIONS),
    ];
    for (phase, size, connections) in kept {
        if options.wants(phase) {
            progress(phase);
            sections.push(kept_connections(&world, options, size, connections).await?);
        }
    }
    if options.wants(Phase::Rate) {
        progress(Phase::Rate);
        sections.push(fixed_rate(&world, options).await?);
    }
    if options.wants(Phase::Connect) {
        progress(Phase::Connect);
        sections.push(new_connections(&world, options).await?);
    }
    if options.wants(Phase::Commit) {
        progress(Phase::Commit);
        sections.push(entries_per_commit(&world, options).await?);
    }
    if options.wants(Phase::Stalled) {
        progress(Phase::Stalled);
        sections.push(stalled::beside_stalled(&world, options).await?);
    }
    if options.wants(Phase::Memory) {
        progress(Phase::Memory);
        sections.push(slow_readers(&mut world, options).await?);
    }
    if options.wants(Phase::Soak) {
        progress(Phase::Soak);
        world.gateway.restart().await?;
        sections.push(soak::soak(&world, options).await?);
    }
    if options.wants(Phase::Scale) {
        progress(Phase::Scale);
        sections.push(scale::flat(&mut world, options, directory).await?);
    }
    let store = if options.postgres.is_some() {
        "PostgreSQL (its processes counted with the gateway's)"
    } else {
        "SQLite"
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let times = disk::fdatasync(directory).or_fail("time the disk")?;
    let fdatasync = times.get(times.len() / 2).or_fail("time the disk")?;
    let fdatasync = fdatasync.as_micros();
    let heading = vec![
        format!("the gateway on {store} beside {beside}, {cores} cores"),
        format!(
            "medians of {} rounds of {} s in turn",
            options.rounds, options.seconds
        ),
        format!("one fdatasync of 8 KiB on this disk: {fdatasync} µs"),
    ];
    Ok(Report {
        heading,
        peers: options.peers(),
        sections,
    })
}

fn progress(phase: Phase) {
    eprintln!("measuring: {phase:?}");
}

/// As fast as they come over connections that are kept.
async fn kept_connections(
    world: &World,
    options: &Options,
    size: Size,
    connections: usize,
) -> Outcome<Section> {
    let provider = world.provider();
    let load = async |side: &Side, time: Duration| -> Outcome<[f64; 4]> {
        let before = provider.cpu_us()?;
        let (done, cost) = cost(side, size, connections, time).await?;
        let of_provider = float(provider.cpu_us()?.saturating_sub(before));
        let megabytes = float(done.requests) * float(size.bytes() as u64) / 1e6;
        Ok([
            cost.cpu_us_per_request,
            cost.requests_per_second,
            megabytes / cost.cpu_seconds,
            of_provider / float(done.requests),
        ])
    };
    let [cpu, rate, megabytes, provider_cpu] =
        in_turn(world, options, options.slice(), load).await?;
    let (title, cpu_goals, rate_goals, megabytes_goals): (_, &[Goal], &[Goal], &[Goal]) = match size
    {
        Size::Small => (
            "4 KiB",
            &[
                Goal::RatioAtMost(Peer::Nginx, 5.0),
                Goal::RatioAtMost(Peer::Policy, 1.0),
            ],
            &[Goal::RatioAtLeast(Peer::Policy, 1.3)],
            &[],
        ),
        Size::Middle => ("200 KiB", &[], &[], &[]),
        Size::Large => ("10 MiB", &[], &[], &[Goal::RatioAtLeast(Peer::Nginx, 1.0)]),
    };
    let mut lines = vec![
        cpu.line("CPU per request, µs", cpu_goals),
        rate.line("requests per second", rate_goals),
    ];
    if size != Size::Small {
        lines.push(megabytes.line("MB per CPU second", megabytes_goals));
    }
    lines.push(provider_cpu.line("not counted: the provider's CPU, µs", &[]));
    Ok(Section {
        title: format!("{title}, {connections} connections kept"),
        lines,
    })
}

/// Latency from the intended start, at a rate both sides can hold.
async fn fixed_rate(world: &World, options: &Options) -> Outcome<Section> {
    let slice = options.slice().max(RATE_SLICE);
    let load = async |side: &Side, time: Duration| -> Outcome<[f64; 4]> {
        let pool = Pool::open(&side.target, CONNECTIONS, Reader::Fast).await?;
        let before = side.tree.cpu_us()?;
        let mut latencies = pool.paced(Size::Small, RATE, time).await?;
        latencies.sort_unstable();
        let requests = latencies.len() as u64;
        let done = Done {
            requests,
            elapsed: time,
        };
        let cost = Cost::since(before, &side.tree, done).await?;
        let [p50, p99, p999] = [500, 990, 999].map(|p| per_mille_ms(&latencies, p));
        Ok([p50?, p99?, p999?, cost.cpu_us_per_request])
    };
    let [p50, p99, p999, cpu] = in_turn(world, options, slice, load).await?;
    Ok(Section {
        title: format!(
            "4 KiB at {RATE} per second for {} s, from the intended start",
            slice.as_secs()
        ),
        lines: vec![
            p50.line("p50, ms", &[]),
            p99.line(
                "p99, ms",
                &[Goal::RatioAtMost(Peer::Nginx, 2.0), Goal::AtMost(10.0)],
            ),
            p999.line("p99.9, ms", &[]),
            cpu.line("CPU per request, µs", &[]),
        ],
    })
}

/// A connection with a full handshake for each request.
async fn new_connections(world: &World, options: &Options) -> Outcome<Section> {
    let load = async |side: &Side, time: Duration| -> Outcome<[f64; 2]> {
        let before = side.tree.cpu_us()?;
        let done = anew(&side.target, Size::Small, CONNECTS_AT_ONCE, time).await?;
        let cost = Cost::since(before, &side.tree, done).await?;
        Ok([cost.cpu_us_per_request, cost.requests_per_second])
    };
    let [cpu, rate] = in_turn(world, options, options.slice(), load).await?;
    Ok(Section {
        title: "4 KiB, a new connection each".to_owned(),
        lines: vec![
            cpu.line(
                "CPU per request, µs",
                &[Goal::RatioAtMost(Peer::Nginx, 0.45)],
            ),
            rate.line("requests per second", &[]),
        ],
    })
}

/// How many entries share a commit when 64 clients ask at once.
async fn entries_per_commit(world: &World, options: &Options) -> Outcome<Section> {
    let target = world.ours().target;
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let pool = Pool::open(&target, COMMIT_CLIENTS, Reader::Fast).await?;
        target.tokens.fill(COMMIT_TOKENS)?;
        let before = world.gateway.ledger().await?;
        let done = pool.closed(Size::Small, options.slice()).await?;
        sleep(SETTLE).await;
        let after = world.gateway.ledger().await?;
        let (entries, commits) = (after.0 - before.0, after.1 - before.1);
        if entries < float(done.requests) {
            let requests = done.requests;
            let told = format!("{requests} releases, but only {entries} entries in the ledger");
            return Err(Failure::new(told));
        }
        rounds.push([
            entries / commits.max(1.0),
            entries / done.elapsed.as_secs_f64(),
        ]);
    }
    let [per_commit, per_second] = medians(&rounds)?;
    Ok(Section {
        title: format!("the ledger, {COMMIT_CLIENTS} clients at once, 4 KiB"),
        lines: vec![
            Line::alone("entries per commit", per_commit, &[Goal::AtLeast(8.0)]),
            Line::alone("entries per second", per_second, &[]),
        ],
    })
}

/// How much memory many slow downloads take. The gateway starts afresh for it: memory that an
/// earlier phase took and that was not given back would hide what this one needs.
async fn slow_readers(world: &mut World, options: &Options) -> Outcome<Section> {
    world.gateway.restart().await?;
    sleep(SETTLE).await;
    let resting = world.ours().tree.without_database().pids()?;
    let resting = float(resident_bytes(&resting)) / MIB;
    let mut growth = Vec::new();
    let mut peaks = Vec::new();
    for side in world.sides() {
        side.target.tokens.fill(1_000)?;
        Pool::open(&side.target, 4, Reader::Fast)
            .await?
            .closed(Size::Small, WARM_UP)
            .await?;
        sleep(SETTLE).await;
        let pids = side.tree.without_database().pids()?;
        let before = resident_bytes(&pids);
        let reading = async {
            let pool = Pool::open(&side.target, SLOW_READERS, Reader::Slow).await?;
            pool.slow(Size::Large, options.slice().max(SLOW_READING))
                .await
        };
        let mut reading = pin!(reading);
        let mut peak = before;
        loop {
            tokio::select! {
                ended = &mut reading => break ended?,
                () = sleep(WATCH) => peak = peak.max(resident_bytes(&pids)),
            }
        }
        growth.push((side.peer, float(peak.saturating_sub(before)) / MIB));
        peaks.push((side.peer, float(peak) / MIB));
    }
    let line = |label, figures: &[(Option<Peer>, f64)], goals: &[Goal]| -> Outcome<Line> {
        let (_, ours) = figures.first().copied().or_fail("measure memory")?;
        let peers = figures
            .iter()
            .filter_map(|(peer, figure)| Some(((*peer)?, *figure)));
        Ok(Line {
            label,
            ours,
            peers: peers.collect(),
            goals: goals.to_vec(),
        })
    };
    Ok(Section {
        title: format!("memory; {SLOW_READERS} slow readers of 10 MiB at once"),
        lines: vec![
            line(
                "RSS after a start, MiB",
                &[(None, resting)],
                &[Goal::AtMost(48.0)],
            )?,
            line("RSS added at the peak, MiB", &growth, &[])?,
            line("RSS at the peak, MiB", &peaks, &[Goal::AtMost(64.0)])?,
        ],
    })
}

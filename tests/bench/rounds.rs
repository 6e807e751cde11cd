//! Turns, costs and medians: how a slice of load becomes a figure.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::Reader;
use crate::failure::{Context as _, Outcome};
use crate::load::{Done, Pool};
use crate::options::Options;
use crate::process::Tree;
use crate::provider::Size;
use crate::table::{Goal, Line, Peers};
use crate::world::{Side, World};

/// Before a side is measured it runs for this long, caches and connections filling.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);
/// After the last answer, so that what a request leaves to be done is charged to it.
pub(crate) const SETTLE: Duration = Duration::from_millis(200);
/// Tokens signed for a warm-up; more are signed as they are needed.
const WARM_UP_TOKENS: usize = 5_000;
/// How many more tokens are signed than the last slice used.
const TOKENS_TO_SPARE: f64 = 1.3;

/// One kind of figure, for every side.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    ours: f64,
    peers: Peers,
}

impl Figure {
    /// A line of the table.
    pub(crate) fn line(self, label: &'static str, goals: &[Goal]) -> Line {
        Line {
            label,
            ours: self.ours,
            peers: self.peers,
            goals: goals.to_vec(),
        }
    }
}

/// Measures the sides in turn, warmed up, as many rounds as were asked for; gives the medians.
pub(crate) async fn in_turn<const K: usize>(
    world: &World,
    options: &Options,
    slice: Duration,
    load: impl AsyncFn(&Side, Duration) -> Outcome<[f64; K]>,
) -> Outcome<[Figure; K]> {
    let sides = world.sides();
    let rounds = rounds_in_turn(&sides, options, slice, load).await?;
    let mut of_sides = rounds.iter().map(|results| medians(results));
    let ours = of_sides.next().or_fail("measure the gateway")??;
    let mut figures = ours.map(|ours| Figure {
        ours,
        peers: Vec::new(),
    });
    for (side, theirs) in sides.iter().skip(1).zip(of_sides) {
        let peer = side.peer.or_fail("know a peer")?;
        for (figure, theirs) in figures.iter_mut().zip(theirs?) {
            figure.peers.push((peer, theirs));
        }
    }
    Ok(figures)
}

/// Measures these sides in turn, warmed up; gives what each round of each side came to.
///
/// Tokens are signed before each slice, for as many requests as the slice before it made.
pub(crate) async fn rounds_in_turn<const K: usize>(
    sides: &[Side],
    options: &Options,
    slice: Duration,
    load: impl AsyncFn(&Side, Duration) -> Outcome<[f64; K]>,
) -> Outcome<Vec<Vec<[f64; K]>>> {
    let mut rates = Vec::new();
    for side in sides {
        side.target.tokens.fill(WARM_UP_TOKENS)?;
        let (asked, since) = (side.target.next.load(Ordering::Relaxed), Instant::now());
        load(side, WARM_UP).await?;
        let asked = side.target.next.load(Ordering::Relaxed) - asked;
        rates.push(float(asked as u64) / since.elapsed().as_secs_f64());
    }
    let mut rounds = vec![Vec::new(); sides.len()];
    for _ in 0..options.rounds {
        for ((side, rate), results) in sides.iter().zip(&rates).zip(&mut rounds) {
            side.target
                .tokens
                .fill(whole(rate * slice.as_secs_f64() * TOKENS_TO_SPARE))?;
            results.push(load(side, slice).await?);
        }
    }
    Ok(rounds)
}

/// What a slice of load cost the processes that bore it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu_seconds: f64,
    pub(crate) cpu_us_per_request: f64,
    pub(crate) requests_per_second: f64,
}

impl Cost {
    /// From the CPU time there was before to what there is when everything has settled.
    pub(crate) async fn since(before_us: u64, tree: &Tree, done: Done) -> Outcome<Self> {
        sleep(SETTLE).await;
        let used_us = float(tree.cpu_us()?.saturating_sub(before_us));
        let requests = float(done.requests);
        Ok(Self {
            cpu_seconds: used_us / 1e6,
            cpu_us_per_request: used_us / requests,
            requests_per_second: requests / done.elapsed.as_secs_f64(),
        })
    }
}

/// What it costs to ask a side for documents, as fast as they come over so many connections that are kept.
pub(crate) async fn cost(
    side: &Side,
    size: Size,
    connections: usize,
    time: Duration,
) -> Outcome<(Done, Cost)> {
    let pool = Pool::open(&side.target, connections, Reader::Fast).await?;
    let before = side.tree.cpu_us()?;
    let done = pool.closed(size, time).await?;
    Ok((done, Cost::since(before, &side.tree, done).await?))
}

/// The median of each column.
pub(crate) fn medians<const K: usize>(rounds: &[[f64; K]]) -> Outcome<[f64; K]> {
    let mut medians = [0.0; K];
    for (column, median) in medians.iter_mut().enumerate() {
        let mut values: Vec<f64> = rounds
            .iter()
            .filter_map(|r| r.get(column).copied())
            .collect();
        values.sort_by(f64::total_cmp);
        let low = values
            .get(values.len().saturating_sub(1) / 2)
            .or_fail("take a median")?;
        let high = values.get(values.len() / 2).or_fail("take a median")?;
        *median = f64::midpoint(*low, *high);
    }
    Ok(medians)
}

/// The latency that so many in a thousand stay within, in milliseconds.
pub(crate) fn per_mille_ms(sorted: &[Duration], per_mille: usize) -> Outcome<f64> {
    let rank = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    let latency = sorted
        .get(rank)
        .or_fail("take a percentile of no answers")?;
    Ok(latency.as_secs_f64() * 1e3)
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of tokens, far below 2^32 and never negative"
)]
const fn whole(figure: f64) -> usize {
    figure as usize
}

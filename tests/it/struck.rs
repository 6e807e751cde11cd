//! The blows of `failover.rs`, a few of each; more with `SLUIS_TEST_BLOWS`.

use crate::failover::{Blow, strike};

async fn strike_often(blow: Blow, usual: usize) {
    let times = std::env::var("SLUIS_TEST_BLOWS").map_or(usual, |times| times.parse().unwrap());
    let figures = strike(blow, times).await;
    eprintln!("{blow:?}: {figures:?}");
    assert_eq!(figures.blows, times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgres_loses_nothing() {
    strike_often(Blow::Killed, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_cut_off_loses_nothing() {
    strike_often(Blow::CutOff, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_takes_over_has_everything() {
    strike_often(Blow::FailedOver, 3).await;
}

//! The races of `races.rs`, a few hundred of them; more with `SLUIS_TEST_RACES`.

use crate::races::{race_tokens, race_withdrawals};
use crate::world::{Store, World};

fn races(usual: usize) -> usize {
    std::env::var("SLUIS_TEST_RACES").map_or(usual, |races| races.parse().unwrap())
}

async fn three_gateways() -> World {
    let mut world = World::new(Store::Postgres).await;
    world.start().await;
    world.start().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_release_starts_after_its_withdrawal_was_acknowledged() {
    let mut world = three_gateways().await;
    let races = races(240);
    let figures = race_withdrawals(&mut world, races).await;
    eprintln!("withdrawals: {figures:?}");
    assert_eq!(figures.races, races);
    assert!(
        figures.overlapping > races / 10 && figures.released > races / 10,
        "too few met their withdrawal to say anything: {figures:?}"
    );
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_opens_one_of_the_gateways_that_get_it_at_once() {
    let world = three_gateways().await;
    let races = races(120);
    let figures = race_tokens(&world, races).await;
    eprintln!("tokens: {figures:?}");
    assert_eq!(figures.races, races);
    assert!(figures.same_millisecond > races / 2, "{figures:?}");
    world.close().await;
}

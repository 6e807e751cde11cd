//! PostgreSQL is killed, cut off, and followed by its standby: nothing that was acknowledged is
//! missing, and there is one history.
//!
//! Here a few times; `cargo bench --bench races -- --failovers 50` runs more with the same code.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::client::Call;
use crate::cluster::{Cluster, Road};
use crate::crash::{CLIENTS, Held, SIZE, check_permits, requester};
use crate::party::{Party, Token};
use crate::testing::{Database, Engine};
use crate::world::World;

const DATABASE: &str = "sluis";
const ADDRESS: &str = "0024200000017301";
/// How long a gateway may take to go on once its database is back.
const HEALS: Duration = Duration::from_secs(40);

/// What is done to the database under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Killed and started again.
    Killed,
    /// Cut off for longer than a commit may take, and back.
    CutOff,
    /// Killed for good; its synchronous standby takes over.
    FailedOver,
}

/// What a run came to.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) blows: usize,
    /// Transfers that began, in all.
    pub(crate) held: usize,
    pub(crate) entries: usize,
    /// Gateways that ended because they could not find out, and were started again.
    pub(crate) restarts: usize,
    /// From the blow to the next release.
    pub(crate) longest: Duration,
}

/// The servers, and the way to them.
struct Site {
    primary: Cluster,
    standby: Option<Cluster>,
    road: Road,
}

impl Site {
    async fn new(blow: Blow) -> Self {
        let replicated = blow == Blow::FailedOver;
        let primary = Cluster::new(replicated);
        let standby = replicated.then(|| primary.standby());
        if replicated {
            primary.until_followed().await;
        }
        primary.run(&format!("create database {DATABASE}")).await;
        let road = Road::to(&primary).await;
        Self {
            primary,
            standby,
            road,
        }
    }

    async fn strike(&mut self, blow: Blow) {
        match blow {
            Blow::Killed => {
                self.primary.kill();
                tokio::time::sleep(Duration::from_millis(300)).await;
                self.primary.start();
            }
            Blow::CutOff => {
                self.road.swallows();
                tokio::time::sleep(Duration::from_secs(7)).await;
                self.road.leads_to(&self.primary);
            }
            Blow::FailedOver => {
                self.primary.kill();
                let next = self.standby.take().unwrap();
                next.promote();
                self.road.leads_to(&next);
                // Until the new one is followed, nothing is committed.
                self.standby = Some(next.standby());
                self.primary = next;
            }
        }
    }
}

/// Asks until a document passes again; starts the gateway again if it ended.
async fn until_released(world: &mut World, uuid: &str, figures: &mut Figures) {
    let since = Instant::now();
    loop {
        if world.gateways[0].is_gone() {
            figures.restarts += 1;
            match world.try_start(0).await {
                Ok(gateway) => world.gateways[0] = gateway,
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
            continue;
        }
        let token = Party::find("img").token(&Token::new("schade-afhandeling"));
        let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
        let answer = world.line(0, "img").try_call(&call).await;
        if answer.is_ok_and(|answer| answer.short() == "200") {
            return;
        }
        assert!(since.elapsed() < HEALS, "nothing is released any more");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Strikes so often under load; after each blow the whole book is verified, also against every head
/// that was seen before.
pub(crate) async fn strike(blow: Blow, times: usize) -> Figures {
    let mut site = Site::new(blow).await;
    let database = Database::new(Engine::Sqlite).await;
    let mut world = World::over(database, &site.road.url(DATABASE)).await;
    world.start().await;
    let uuid = world.document("ncg", "opnamerapport", ADDRESS, SIZE).await;
    let held = Arc::new(Held::default());
    let mut figures = Figures::default();
    for round in 0..times {
        held.stop.store(false, Ordering::SeqCst);
        let requesters: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let line = world.line(0, "img");
                tokio::spawn(requester(line, uuid.clone(), Arc::clone(&held)))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(80 + 23 * (round as u64 % 10))).await;
        let since = Instant::now();
        site.strike(blow).await;
        until_released(&mut world, &uuid, &mut figures).await;
        figures.longest = figures.longest.max(since.elapsed());
        held.stop.store(true, Ordering::SeqCst);
        for one in requesters {
            one.await.unwrap();
        }
        let book = world.book().await;
        check_permits(&book, &held, round);
        figures.blows += 1;
        figures.entries = book.size();
    }
    figures.held = held.any.lock().unwrap().len();
    assert!(figures.held > times, "too little load to say anything");
    world.close_with_releases_open().await;
    figures
}

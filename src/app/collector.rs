//! Composition of the followers: `[collector]` to one for each view.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::collect::Collector;
use crate::config::{CollectorSettings, Config};
use crate::errors::in_full;
use crate::follow::{Follower, MakeRoad};
use crate::https::Tls;
use crate::identity::{TlsSettings, reader_tls};
use crate::ledger::{Failure, Ledger};
use crate::policy::Policies;
use crate::views::Setting;

/// The road to the collector of a configuration, with the gateway's own certificate; made once here, so
/// that what is wrong with its files is known before the gateway opens.
pub(super) fn road(config: &Config, clock: &Arc<dyn Clock>) -> Option<Result<MakeRoad, String>> {
    let settings = config.collector.clone()?;
    let (own, clock) = (config.identity.tls.clone(), Arc::clone(clock));
    let made = open(&settings, &own, &clock);
    Some(made.map(|_| MakeRoad::new(move || open(&settings, &own, &clock))))
}

fn open(
    settings: &CollectorSettings,
    own: &TlsSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Collector, String> {
    let tls = reach(&settings.trust_anchors, own, clock)?;
    Collector::new(&settings.url, tls).map_err(|error| format!("collector.url: {error}"))
}

/// TLS to a collector under these anchors, with the gateway's own certificate.
pub(super) fn reach(
    anchors: &[PathBuf],
    own: &TlsSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Tls, String> {
    let tls = reader_tls(&own.certificate, &own.key, anchors, Arc::clone(clock));
    tls.map_err(|error| in_full(&error))
}

/// A follower for each view; none without a collector.
pub(super) fn followers(
    config: &Config,
    policies: &Policies,
    ledger: &Ledger,
    make_road: Option<MakeRoad>,
    clock: &Arc<dyn Clock>,
) -> Vec<Follower> {
    let (Some(settings), Some(make_road)) = (&config.collector, make_road) else {
        return Vec::new();
    };
    let setting = Setting {
        origin: config.ledger.origin.clone(),
        organisations: config.organisations.clone(),
        policies: policies.clone(),
        of: None,
    };
    let follower = |form: &_| {
        let (setting, road) = (setting.clone(), make_road.clone());
        Follower::new(*form, ledger.clone(), setting, road, Arc::clone(clock))
    };
    settings.views.iter().map(follower).collect()
}

/// Has them follow, until the gateway ends.
pub(super) fn start(chores: &mut JoinSet<Failure>, followers: Vec<Follower>) {
    for follower in followers {
        chores.spawn(async move { match follower.run().await {} });
    }
}

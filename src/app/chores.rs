//! What a gateway does beside serving: watch its files, say that it lives, assert durability.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::readiness::Readiness;
use crate::bounds;
use crate::config::RetentionSettings;
use crate::errors::in_full;
use crate::exchange::Exchange;
use crate::identity::Identity;
use crate::ledger::{Failure, Ledger};
use crate::queueing::Queueing;
use crate::store::{OpenError, Store};

/// Starts the chores. One that ends, ends the gateway.
pub(super) fn start(
    chores: &mut JoinSet<Failure>,
    identity: &Arc<Identity>,
    ledger: &Ledger,
    store: &Store,
    readiness: &Readiness,
) {
    let watched = Arc::clone(identity);
    chores.spawn(async move {
        watched.watch().await;
        // It only ends with the runtime.
        std::future::pending().await
    });
    chores.spawn(heartbeat(ledger.clone(), readiness.clone()));
    chores.spawn(assert_durable(store.clone()));
}

/// Begins to measure how long a task waits for a processor: how much too late one that sleeps wakes up.
pub(super) fn watch_processors(chores: &mut JoinSet<Failure>) -> Arc<Queueing> {
    let processors: Arc<Queueing> = Arc::default();
    let measured = Arc::clone(&processors);
    chores.spawn(async move {
        loop {
            let due = Instant::now() + bounds::QUEUE_PROBE;
            sleep_until(due).await;
            let now = Instant::now();
            measured.note_taken(now.saturating_duration_since(due), now.into_std());
        }
    });
    processors
}

/// Keeps up with what is agreed on at other gateways. A decision looks for itself; this is for the words
/// that are known, and for who reads what is in force.
pub(super) async fn follow(exchange: Arc<Exchange>) -> Failure {
    let mut beats = interval(bounds::HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        // It says in the log what is wrong, and the next beat tries again.
        let _ = exchange.follow_agreements().await;
    }
}

/// Erases every [`bounds::RETENTION`] what was kept for its term.
pub(super) async fn retain(ledger: Ledger, settings: RetentionSettings) -> Failure {
    let mut days = interval(bounds::RETENTION);
    days.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        days.tick().await;
        for (kind, years) in &settings.terms {
            match ledger.retain(*kind, *years).await {
                Ok(done) if done.keys > 0 => tracing::info!(
                    ledger.kind = kind.code(),
                    ledger.keys = done.keys,
                    ledger.entries = done.entries,
                    ledger.held_keys = done.held,
                    "what was kept for its term was erased"
                ),
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    ledger.kind = kind.code(),
                    error = in_full(&error),
                    "what was kept for its term was not erased"
                ),
            }
        }
    }
}

/// Says every [`bounds::HEARTBEAT`] that this gateway lives, which also shows whether the book can
/// be written, and now and then closes what gateways that are gone left open.
async fn heartbeat(ledger: Ledger, readiness: Readiness) -> Failure {
    const BEATS_BETWEEN_ORPHANS: u32 = 12;
    let mut beats = interval(bounds::HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = 0_u32;
    loop {
        beats.tick().await;
        let well = readiness.beat().await;
        count = count.wrapping_add(1);
        if well
            && count.is_multiple_of(BEATS_BETWEEN_ORPHANS)
            && let Err(error) = ledger.close_orphans_of_others().await
        {
            tracing::error!(error = in_full(&error), "open releases could not be closed");
        }
    }
}

/// Asserts every [`bounds::DURABILITY_CHECK`] that a commit is still durable (SECURITY 3).
async fn assert_durable(store: Store) -> Failure {
    let mut checks = interval(bounds::DURABILITY_CHECK);
    checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        checks.tick().await;
        match store.assert_durable().await {
            Ok(()) => {}
            Err(error @ OpenError::NotDurable { .. }) => {
                tracing::error!(error = in_full(&error), "commits are no longer durable");
                return Failure::Storage;
            }
            // Whether it can be reached at all shows at the next append.
            Err(error) => tracing::warn!(error = in_full(&error), "durability was not checked"),
        }
    }
}

//! Places for connections, so that nobody can take those of others: handshakes that do not end give way
//! to newer ones, and what an organisation holds open is its own.
//!
//! An honest handshake takes milliseconds, so of very many the oldest is the one that stalls. It is not
//! looked at where they come from: behind a proxy everybody comes from one address.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::bounds;
use crate::domain::Oin;

/// Room for the connections of each organisation. Those whose organisation is unknown share a small one.
#[derive(Debug)]
pub(super) struct Rooms {
    each: usize,
    held: Mutex<HashMap<Option<Oin>, usize>>,
}

/// A place for a connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    rooms: Arc<Rooms>,
    organisation: Option<Oin>,
}

impl Rooms {
    /// Rooms for so many organisations, so large that all of them together leave place for handshakes.
    pub(super) fn for_organisations(several: usize) -> Arc<Self> {
        let left = bounds::CONNECTIONS - bounds::HANDSHAKES - bounds::UNKNOWN_CONNECTIONS;
        let each = (left / several.max(1)).clamp(1, bounds::CONNECTIONS_PER_ORGANISATION);
        Arc::new(Self {
            each,
            held: Mutex::default(),
        })
    }

    /// A place for a connection of this organisation; `None` when it holds all it may.
    pub(super) fn enter(self: &Arc<Self>, organisation: Option<Oin>) -> Option<Place> {
        let room = match organisation {
            Some(_) => self.each,
            None => bounds::UNKNOWN_CONNECTIONS,
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(organisation).or_default();
        if *count >= room {
            return None;
        }
        *count += 1;
        Some(Place {
            rooms: Arc::clone(self),
            organisation,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self
            .rooms
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.organisation) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The handshakes under way at one listener.
#[derive(Debug, Default)]
pub(super) struct Handshakes(Mutex<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    begun: u64,
    /// In the order they began.
    waiting: BTreeMap<u64, Arc<Notify>>,
}

/// One handshake under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Handshaking {
    all: Arc<Handshakes>,
    number: u64,
    give_up: Arc<Notify>,
}

impl Handshakes {
    /// Begins one; where there are too many, the oldest is given up.
    pub(super) fn begin(self: &Arc<Self>) -> Handshaking {
        let give_up = Arc::new(Notify::new());
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.begun += 1;
        let number = under_way.begun;
        under_way.waiting.insert(number, Arc::clone(&give_up));
        if under_way.waiting.len() >= bounds::HANDSHAKES
            && let Some((_, oldest)) = under_way.waiting.pop_first()
        {
            oldest.notify_one();
        }
        Handshaking {
            all: Arc::clone(self),
            number,
            give_up,
        }
    }
}

impl Handshaking {
    /// Ends when this handshake is given up for newer ones.
    pub(super) async fn given_up(&self) {
        self.give_up.notified().await;
    }
}

impl Drop for Handshaking {
    fn drop(&mut self) {
        let mut under_way = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn oin(text: &str) -> Oin {
        Oin::parse(text).unwrap()
    }

    #[test]
    fn what_one_holds_is_nobody_elses() {
        for several in [1, 2, 3, 10, 500, 100_000] {
            let rooms = Rooms::for_organisations(several);
            let (img, ncg) = (
                Some(oin("00000001812345678000")),
                Some(oin("00000001823456789000")),
            );
            let mut places: Vec<_> = std::iter::from_fn(|| rooms.enter(img)).collect();
            let all = several * places.len() + bounds::HANDSHAKES + bounds::UNKNOWN_CONNECTIONS;
            assert!(
                all <= bounds::CONNECTIONS || places.len() == 1,
                "{several} hold {all}"
            );
            let strangers: Vec<_> = std::iter::from_fn(|| rooms.enter(None)).collect();
            assert_eq!(strangers.len(), bounds::UNKNOWN_CONNECTIONS);
            assert!(rooms.enter(ncg).is_some());
            assert!(rooms.enter(img).is_none());
            places.pop();
            assert!(rooms.enter(img).is_some());
        }
    }

    #[test]
    fn the_oldest_handshake_gives_way() {
        let all = Arc::new(Handshakes::default());
        let mut under_way: Vec<_> = (1..bounds::HANDSHAKES).map(|_| all.begin()).collect();
        let given_up = |one: &Handshaking| one.given_up().now_or_never().is_some();
        assert!(!under_way.iter().any(given_up));
        // One that ended makes room.
        drop(under_way.remove(0));
        under_way.push(all.begin());
        assert!(!under_way.iter().any(given_up));
        under_way.push(all.begin());
        let gone: Vec<_> = under_way.iter().map(given_up).collect();
        assert!(gone.first() == Some(&true) && gone.iter().filter(|gone| **gone).count() == 1);
        assert_eq!(all.0.lock().unwrap().waiting.len(), bounds::HANDSHAKES - 1);
        drop(under_way);
        assert!(all.0.lock().unwrap().waiting.is_empty());
    }
}

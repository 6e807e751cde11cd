//! Sessions: kept here, at the gateway, and named by a cookie that says nothing itself (SECURITY 19).
//!
//! They are in memory: a restart ends them, and several gateways behind one address need a balancer
//! that keeps a browser with the gateway it logged in at.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use subtle::ConstantTimeEq as _;

use super::page::Notice;
use crate::bounds;
use crate::clock::{Moment, NoRandomness, Random};
use crate::domain::TransactionId;
use crate::exchange::officer::{Cause, Officer};
use crate::oversight::Criteria;

/// A secret that a browser brings back: 32 random bytes, base64url.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(BASE64URL.encode(bytes)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Compared without telling by its time how far it agrees.
    pub(super) fn is(&self, told: &str) -> bool {
        self.0.as_bytes().ct_eq(told.as_bytes()).into()
    }
}

/// Somebody who is logged in, until they are not.
pub(super) struct Session {
    /// Who.
    pub(super) officer: Officer,
    /// What a form must bring along.
    pub(super) form_token: Secret,
    /// Whether it began with a link of the demo.
    pub(super) is_demo: bool,
    /// What the login service gave to end its own session with.
    pub(super) logout: Option<String>,
    began: Moment,
    state: Mutex<State>,
}

/// What changes during a session.
#[derive(Default)]
pub(super) struct State {
    last_seen: Option<Moment>,
    /// The case that is worked on: why somebody looks.
    pub(super) cause: Option<Cause>,
    /// What was sought, newest last, under a number of this session.
    searches: VecDeque<(u32, Criteria)>,
    next_search: u32,
    /// The exchanges that were opened, under the case that is worked on.
    opened: HashSet<TransactionId>,
    /// What to tell on the next page.
    notices: Vec<Notice>,
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The case that is worked on.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.state().cause.clone()
    }

    /// Begins another case, or none: what was opened or sought for the one before is closed.
    pub(super) fn set_cause(&self, cause: Option<Cause>) {
        let mut state = self.state();
        if state.cause != cause {
            state.opened.clear();
            state
                .searches
                .retain(|(_, criteria)| !criteria.is_personal());
            state.cause = cause;
        }
    }

    /// Keeps what was sought; answers its number.
    pub(super) fn keep_search(&self, criteria: Criteria) -> u32 {
        let mut state = self.state();
        state.next_search = state.next_search.wrapping_add(1);
        let number = state.next_search;
        state.searches.push_back((number, criteria));
        if state.searches.len() > bounds::DESK_SEARCHES {
            state.searches.pop_front();
        }
        number
    }

    /// What was sought under this number.
    pub(super) fn find_search(&self, number: u32) -> Option<Criteria> {
        let state = self.state();
        let kept = state.searches.iter().find(|(kept, _)| *kept == number);
        kept.map(|(_, criteria)| criteria.clone())
    }

    /// Notes that an exchange was opened: it may be shown until the case changes.
    pub(super) fn note_opened(&self, transaction: TransactionId) {
        let mut state = self.state();
        if state.opened.len() >= bounds::DESK_OPENED {
            state.opened.clear();
        }
        state.opened.insert(transaction);
    }

    /// Whether an exchange was opened under this case.
    pub(super) fn has_opened(&self, transaction: TransactionId) -> bool {
        self.state().opened.contains(&transaction)
    }

    /// Something to tell on the next page.
    pub(super) fn tell(&self, notice: Notice) {
        self.state().notices.push(notice);
    }

    /// What there is to tell, once.
    pub(super) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.state().notices)
    }

    fn is_over(&self, now: Moment) -> bool {
        let idle_since = self.state().last_seen.unwrap_or(self.began);
        now.ms_since(self.began) >= bounds::SESSION_MS
            || now.ms_since(idle_since) >= bounds::SESSION_IDLE_MS
    }
}

/// Everybody who is logged in.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    /// Begins a session; answers what names it.
    pub(super) fn begin(
        &self,
        officer: Officer,
        is_demo: bool,
        logout: Option<String>,
        now: Moment,
        random: &dyn Random,
    ) -> Result<Secret, NoRandomness> {
        let name = Secret::new(random)?;
        let session = Arc::new(Session {
            officer,
            form_token: Secret::new(random)?,
            is_demo,
            logout,
            began: now,
            state: Mutex::default(),
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, session| !session.is_over(now));
        if all.len() >= bounds::SESSIONS {
            // The one that was away longest makes room.
            let oldest = all
                .iter()
                .min_by_key(|(_, session)| session.state().last_seen.unwrap_or(session.began))
                .map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
        all.insert(name.as_str().to_owned(), session);
        Ok(name)
    }

    /// The session with this name, which is seen now; `None` when it is over.
    pub(super) fn find(&self, name: &str, now: Moment) -> Option<Arc<Session>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = Arc::clone(all.get(name)?);
        if session.is_over(now) {
            all.remove(name);
            return None;
        }
        session.state().last_seen = Some(now);
        Some(session)
    }

    /// Ends a session.
    pub(super) fn end(&self, name: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(name);
    }
}

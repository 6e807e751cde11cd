//! Sessions: kept here, at the gateway, and named by a cookie that says nothing itself (SECURITY 19).
//!
//! They are in memory: a restart ends them, and several gateways behind one address need a balancer
//! that keeps a browser with the gateway it logged in at.

use std::any::Any;
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
    /// What else was opened under that case, newest last, under a number of this session.
    kept: VecDeque<(u32, Arc<dyn Any + Send + Sync>)>,
    next_kept: u32,
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
            state.kept.clear();
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

    /// Keeps something that was opened, to be shown until the case changes; answers its number.
    pub(super) fn keep<T: Send + Sync + 'static>(&self, thing: T) -> u32 {
        let mut state = self.state();
        state.next_kept = state.next_kept.wrapping_add(1);
        let number = state.next_kept;
        state.kept.push_back((number, Arc::new(thing)));
        if state.kept.len() > bounds::DESK_KEPT {
            state.kept.pop_front();
        }
        number
    }

    /// What is kept under this number, if it is such a thing.
    pub(super) fn find_kept<T: Send + Sync + 'static>(&self, number: u32) -> Option<Arc<T>> {
        let state = self.state();
        let found = state.kept.iter().find(|(kept, _)| *kept == number);
        found.and_then(|(_, thing)| Arc::clone(thing).downcast().ok())
    }

    /// Everything of this sort that is kept, newest first, with its number.
    pub(super) fn all_kept<T: Send + Sync + 'static>(&self) -> Vec<(u32, Arc<T>)> {
        let state = self.state();
        let newest_first = state.kept.iter().rev();
        let of_sort = newest_first.filter_map(|(number, thing)| {
            let thing = Arc::clone(thing).downcast().ok()?;
            Some((*number, thing))
        });
        of_sort.collect()
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
        now: Moment,
        random: &dyn Random,
    ) -> Result<Secret, NoRandomness> {
        let name = Secret::new(random)?;
        let session = Arc::new(Session {
            officer,
            form_token: Secret::new(random)?,
            is_demo,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::clock::SystemRandomness;
    use crate::domain::{CaseNumber, DeskRole, Employee, Oin, Organisation, Role, Wording};
    use crate::ledger::entry::Occasion;

    const MINUTE_MS: i64 = 60 * 1000;

    fn officer(subject: &str) -> Officer {
        let organisation = Organisation {
            oin: Oin::parse("00000001812345678000").unwrap(),
            name: "IMG".to_owned(),
            role: Role::parse("img").unwrap(),
            teams: BTreeSet::new(),
            provides: true,
            contact: String::new(),
            words: Wording::Shared,
        };
        Officer {
            subject: Employee::parse(subject).unwrap(),
            name: None,
            organisation: Arc::new(organisation),
            roles: BTreeSet::from([DeskRole::Fg]),
        }
    }

    fn at(minute: i64) -> Moment {
        Moment::from_unix_seconds(1_800_000_000)
            .unwrap()
            .plus_ms(minute * MINUTE_MS)
    }

    fn begin(sessions: &Sessions, subject: &str, minute: i64) -> Secret {
        let random = SystemRandomness::default();
        let begun = sessions.begin(officer(subject), false, at(minute), &random);
        begun.unwrap()
    }

    #[test]
    fn a_session_ends_after_a_quarter_of_doing_nothing_and_after_eight_hours() {
        for (seen_at, asked_at, lasts) in [
            (&[][..], 14, true),
            (&[], 15, false),
            (&[14, 28], 42, true),
            (&[14, 28], 43, false),
        ] {
            let sessions = Sessions::default();
            let name = begin(&sessions, "anna", 0);
            for minute in seen_at {
                assert!(sessions.find(name.as_str(), at(*minute)).is_some());
            }
            let found = sessions.find(name.as_str(), at(asked_at));
            assert_eq!(found.is_some(), lasts, "{seen_at:?} {asked_at}");
        }
        let sessions = Sessions::default();
        let name = begin(&sessions, "anna", 0);
        for minute in (10..480).step_by(10) {
            assert!(
                sessions.find(name.as_str(), at(minute)).is_some(),
                "{minute}"
            );
        }
        assert!(sessions.find(name.as_str(), at(480)).is_none());
    }

    #[test]
    fn a_name_that_was_not_given_out_finds_nobody() {
        let sessions = Sessions::default();
        let name = begin(&sessions, "anna", 0);
        let other = begin(&sessions, "bram", 0);
        assert_ne!(name.as_str(), other.as_str());
        for wrong in [
            "",
            "anna",
            name.as_str().get(..42).unwrap(),
            &format!("{}A", name.as_str()),
        ] {
            assert!(sessions.find(wrong, at(1)).is_none(), "{wrong:?}");
        }
        let found = sessions.find(name.as_str(), at(1)).unwrap();
        assert_eq!(found.officer.subject.as_str(), "anna");
        assert!(!found.form_token.is(other.as_str()) && !found.form_token.is(""));
        sessions.end(name.as_str());
        assert!(sessions.find(name.as_str(), at(1)).is_none());
        assert!(sessions.find(other.as_str(), at(1)).is_some());
    }

    #[test]
    fn too_many_sessions_end_the_one_that_was_away_longest() {
        let sessions = Sessions::default();
        let first = begin(&sessions, "anna", 0);
        let second = begin(&sessions, "bram", 1);
        assert!(sessions.find(first.as_str(), at(2)).is_some());
        for _ in 0..bounds::SESSIONS - 1 {
            begin(&sessions, "menigte", 3);
        }
        assert!(sessions.find(second.as_str(), at(3)).is_none());
        assert!(sessions.find(first.as_str(), at(3)).is_some());
    }

    #[test]
    fn what_was_opened_closes_with_its_case() {
        let sessions = Sessions::default();
        let name = begin(&sessions, "anna", 0);
        let session = sessions.find(name.as_str(), at(1)).unwrap();
        let cause = |case: &str| {
            Some(Cause {
                occasion: Occasion::Complaint,
                case: CaseNumber::parse(case).unwrap(),
                explanation: None,
            })
        };
        let transaction = TransactionId::new(at(1), &SystemRandomness::default()).unwrap();
        session.set_cause(cause("K-1"));
        session.note_opened(transaction);
        session.set_cause(cause("K-1"));
        assert!(session.has_opened(transaction), "the same case");
        session.set_cause(cause("K-2"));
        assert!(!session.has_opened(transaction), "another case");
    }
}

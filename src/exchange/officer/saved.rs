//! The searches an officer keeps, by a name of their own, without anything personal in them.

use super::look::WATCHERS;
use super::{Failure, Officer, Officers, unreadable};
use crate::ledger::NotAppended;
use crate::oversight::Criteria;
use crate::store::{SavedChange, SavedSearch};

/// How long the name of a search can be.
pub const SEARCH_NAME_CHARS: usize = 60;

/// The name of a search that is kept: 1 to [`SEARCH_NAME_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchName(String);

impl SearchName {
    /// Reads a name; `None` when it is empty, too long, or has control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let proper = (1..=SEARCH_NAME_CHARS).contains(&text.chars().count())
            && !text.chars().any(char::is_control);
        proper.then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Officers {
    /// What this officer keeps, sorted by name. One that cannot be read any more has no criteria.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn saved_searches(
        &self,
        officer: &Officer,
    ) -> Result<Vec<(String, Option<Criteria>)>, Failure> {
        officer.must_be(&WATCHERS)?;
        let oin = officer.organisation.oin;
        let ledger = &self.exchange.ledger;
        let saved = ledger.saved_searches(oin, &officer.subject).await;
        let saved = saved.map_err(unreadable)?.into_iter();
        let read = saved.map(|saved| (saved.name, Criteria::from_json(&saved.criteria)));
        Ok(read.collect())
    }

    /// Keeps a search without what is personal in it; one of the same name is replaced. Answers
    /// whether there was room for it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn keep_search(
        &self,
        officer: &Officer,
        name: &SearchName,
        criteria: &Criteria,
    ) -> Result<bool, Failure> {
        let search = SavedSearch {
            name: name.as_str().to_owned(),
            criteria: criteria.to_json().to_string(),
        };
        self.change_saved(officer, SavedChange::Keep(search)).await
    }

    /// Lets go of the search with this name; answers whether there was one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn drop_search(&self, officer: &Officer, name: &SearchName) -> Result<bool, Failure> {
        let change = SavedChange::Drop(name.as_str().to_owned());
        self.change_saved(officer, change).await
    }

    async fn change_saved(&self, officer: &Officer, change: SavedChange) -> Result<bool, Failure> {
        officer.must_be(&WATCHERS)?;
        let oin = officer.organisation.oin;
        let ledger = &self.exchange.ledger;
        let changed = ledger.change_saved(oin, &officer.subject, change).await;
        changed.map_err(|error| match error {
            NotAppended::Overloaded => Failure::Overloaded,
            _ => Failure::LedgerUnavailable,
        })
    }
}

//! Bewaren en wissen: what is erased and what is held, asked by one person and agreed to by a second
//! of either organisation.
//!
//! The lists name entries, not addresses. What is about an address is counted for a case, is in the
//! ledger before it is shown, and is then kept in the session under a number until the case changes.

mod ask;
mod counted;
mod front;
mod lift;
mod owner;
mod proposal;
mod receipt;
#[cfg(test)]
mod tests;
mod wording;

pub(super) use wording::{DeedRow, When, rows};

use super::page::Page;
use super::problem::Problem;
use super::routes::Routes;
use super::visit::Visit;
use crate::exchange::officer::{Cause, ERASERS, NotErased, Remark, is_party};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .with(front::routes)
        .with(ask::routes)
        .with(owner::routes)
        .with(lift::routes)
        .with(proposal::routes)
        .with(receipt::routes)
}

/// The reason, which the second person reads.
const NO_REASON: (&str, &str) = (
    "Schrijf op waarom: 1 tot 2.000 tekens.",
    "Write down why: 1 to 2,000 characters.",
);

/// The same case, with the reason of what is asked in it.
fn because(cause: Cause, reason: Remark) -> Cause {
    Cause {
        explanation: Some(reason),
        ..cause
    }
}

fn index_of(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}

impl Visit {
    /// Whether somebody may ask to erase and hold, and agree to it.
    pub(super) fn may_erase(&self) -> bool {
        let officer = self.officer();
        officer.is_any(&ERASERS) && is_party(&officer.organisation)
    }

    fn must_erase(&self) -> Result<(), Problem> {
        self.may_erase().then_some(()).ok_or(Problem::NotYours)
    }

    /// What somebody is about to ask, as it was counted under this number.
    fn about_to_ask<T: Clone + Send + Sync + 'static>(&self, number: &str) -> Result<T, Problem> {
        let number = number.parse().map_err(|_| Problem::NotFound)?;
        let kept = self.session.find_kept::<T>(number);
        Ok(T::clone(&*kept.ok_or(Problem::NotFound)?))
    }

    /// Around a page that has no place of its own in the menu: one comes here from Integriteit.
    fn keeping_page(&self, title: &str) -> Page {
        let mut page = self.page(title);
        for item in &mut page.menu {
            item.here |= item.path == "/integriteit";
        }
        page
    }
}

impl From<NotErased> for Problem {
    fn from(error: NotErased) -> Self {
        match error {
            NotErased::Held | NotErased::SamePerson => Self::Conflict,
            NotErased::Failed(failure) => failure.into(),
        }
    }
}

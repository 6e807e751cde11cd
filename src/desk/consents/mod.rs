//! Toestemmingen: what owners chose, and what has to be done about it.
//!
//! Three sorts of pages. Lists say that something waits, not about whom. What is about somebody (an
//! address, a proposal, a letter) is opened for a case, is in the ledger before it is shown, and is
//! then kept in the session, under a number, until the case changes: what is shown is what was
//! recorded to be shown, and no address stands in a URL. What changes the registry is proposed by one
//! person and confirmed by a second.

mod activities;
mod address;
mod entry;
mod export;
mod facts;
mod front;
mod history;
mod letter;
mod letter_words;
mod lists;
mod offer;
mod papers;
mod proposal;
mod receipt;
mod register;
mod standing;
#[cfg(test)]
mod tests;
mod typed;
mod withdraw;
mod wording;

use std::sync::Arc;

use super::routes::Routes;
use super::visit::Visit;
use crate::clock::Moment;
use crate::domain::{AddressFacts, AddressId, Choice, ChoiceId, DeskRole};
use crate::ledger::Leaf;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .with(front::routes)
        .with(lists::routes)
        .with(address::routes)
        .with(register::routes)
        .with(withdraw::routes)
        .with(proposal::routes)
        .with(receipt::routes)
        .with(letter::routes)
        .with(export::routes)
        .with(activities::routes)
        .with(entry::routes)
}

/// What the registry had about an address when it was opened.
struct Registered {
    address: AddressId,
    facts: AddressFacts,
    /// Its entries, oldest first, opened.
    leaves: Vec<Leaf>,
    at: Moment,
}

/// Choices that were opened by themselves.
struct OpenedChoices(Vec<Choice>);

impl Visit {
    /// Whether somebody keeps the registry.
    fn is_registrar(&self) -> bool {
        self.officer().is_any(&[DeskRole::Beheer])
    }

    /// Whether the registry is this organisation's to see: it is of those that keep documents here.
    fn may_see_registry(&self) -> bool {
        self.officer().organisation.provides
    }

    /// A choice that was opened under this case, as it was then.
    fn find_opened_choice(&self, id: ChoiceId) -> Option<Choice> {
        let by_itself = self.session.all_kept::<OpenedChoices>();
        let by_itself = by_itself.iter().find_map(|(number, kept)| {
            let choice = kept.0.iter().find(|choice| choice.id == id)?;
            Some((*number, choice.clone()))
        });
        let with_address = self.session.all_kept::<Registered>();
        let with_address = with_address.iter().find_map(|(number, kept)| {
            let choice = kept.facts.choices.iter().find(|choice| choice.id == id)?;
            Some((*number, choice.clone()))
        });
        // Of two the one that was opened last.
        let newest = by_itself.into_iter().chain(with_address);
        let newest = newest.max_by_key(|(number, _)| *number);
        newest.map(|(_, choice)| choice)
    }

    /// What was opened about an address under this number.
    fn find_registered(&self, number: u32) -> Option<Arc<Registered>> {
        self.session.find_kept(number)
    }
}

/// An address as somebody types it; spaces do not count.
pub(super) fn typed_address(text: &str) -> Option<AddressId> {
    let bare: String = text.split_whitespace().collect();
    AddressId::parse(&bare).ok()
}

/// What to say of what is no address.
pub(super) const NO_ADDRESS: (&str, &str) = (
    "Vul de BAG-nummeraanduiding in: 16 cijfers, met 20 op plaats 5 en 6.",
    "Fill in the BAG number of the address: 16 digits, with 20 in places 5 and 6.",
);

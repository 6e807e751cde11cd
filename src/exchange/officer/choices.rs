//! What is made out of the registry of choices: the letter that asks an owner, and the proof that an
//! entry of the registry stands in the book.

use super::look::Proof;
use super::{Cause, Failure, Officer, Officers, Viewed, unreadable};
use crate::domain::{AddressId, Choice, ChoiceId, DeskRole};
use crate::ledger::Found;
use crate::ledger::entry::Kind;

impl Officers {
    /// The choice behind a letter to its owner, after recording that this officer makes it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none; then, as always, nothing may be shown.
    pub async fn letter(
        &self,
        officer: &Officer,
        cause: &Cause,
        id: ChoiceId,
    ) -> Result<Choice, Failure> {
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        let found = self.exchange.store.find_choice(id).await;
        let choice = found.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        let viewed = Viewed::Letter(choice.address, id);
        self.record_view(officer, cause, viewed).await?;
        Ok(choice)
    }

    /// Records that what the registry has about an address is taken out as a file.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be handed out.
    pub async fn record_registry_export(
        &self,
        officer: &Officer,
        cause: &Cause,
        address: AddressId,
        count: u64,
    ) -> Result<(), Failure> {
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        let address = Some(address);
        let viewed = Viewed::Export { address, count };
        self.record_view(officer, cause, viewed).await.map(drop)
    }

    /// An entry of the registry as it stands in the book, where nothing in it is personal, with the
    /// proof that it does; `None` for an entry of another sort.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn registry_entry(
        &self,
        officer: &Officer,
        index: u64,
    ) -> Result<Option<(Found, Proof)>, Failure> {
        officer.must_be(&DeskRole::ALL)?;
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        let found = self.exchange.ledger.find_at(index).await;
        let Some(found) = found.map_err(unreadable)? else {
            return Ok(None);
        };
        let of_registry = matches!(
            found.entry.soort,
            Kind::Choice
                | Kind::Withdrawal
                | Kind::Owners
                | Kind::Dossier
                | Kind::Aos
                | Kind::AosEnd
        );
        if !of_registry {
            return Ok(None);
        }
        let proof = self.proof(&found).await?;
        Ok(Some((found, proof)))
    }
}

//! Erasing an address and holding one, by two people: one asks, another agrees. The second may be of
//! either organisation that provides documents, since the book is of both.
//!
//! What is asked protects or waits in the ledger itself: [`crate::ledger::Ledger::ask_second`],
//! [`crate::ledger::Ledger::agree`]. Here is settled who may, and that whoever sees an address is in the
//! book before.

use super::{Cause, Failure, Officer, Officers, Remark, Viewed, unreadable};
use crate::clock::Moment;
use crate::domain::{AddressId, DeskRole, Oin, Organisation, OwnerId};
use crate::ledger::entry::Entry;
use crate::ledger::{Asked, NotAppended, NotDone, Person, Receipt, asks_of_owner};
use crate::store::{Ask, Hold, Pending};

/// Who may ask and agree, of an organisation that provides documents.
pub const ERASERS: [DeskRole; 2] = [DeskRole::Fg, DeskRole::Beheer];

/// Whether people of an organisation may ask and agree, at the desk and at the command line alike: one
/// that provides documents, since the book is of those.
#[must_use]
pub const fn is_party(organisation: &Organisation) -> bool {
    organisation.provides
}

/// Why nothing was erased or held.
#[derive(Debug)]
pub enum NotErased {
    /// The address, or one where the owner is named, is held: lift that first.
    Held,
    /// Who asked for it cannot also agree.
    SamePerson,
    /// Anything else: [`Failure::NotFound`] when there is no such proposal or it was erased,
    /// [`Failure::Conflict`] when it was answered or asked already.
    Failed(Failure),
}

impl From<Failure> for NotErased {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<NotAppended> for NotErased {
    fn from(error: NotAppended) -> Self {
        Self::Failed(match error {
            NotAppended::Held => return Self::Held,
            NotAppended::NotWaiting
            | NotAppended::NothingToErase
            | NotAppended::TokenUsed
            | NotAppended::TransactionUsed => Failure::Conflict,
            NotAppended::Overloaded | NotAppended::Stale => Failure::Overloaded,
            NotAppended::Unwitnessed | NotAppended::Unavailable => Failure::LedgerUnavailable,
        })
    }
}

impl From<NotDone> for NotErased {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::NoProposal => Self::Failed(Failure::NotFound),
            NotDone::SamePerson => Self::SamePerson,
            NotDone::NotAppended(error) => error.into(),
            NotDone::Read(error) => Self::Failed(unreadable(error)),
        }
    }
}

/// Something that waits for a second person; nothing personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// The entry that asks.
    pub index: u64,
    /// What.
    pub ask: Ask,
    /// When.
    pub at: Moment,
    /// Of which organisation who asks is.
    pub by: Option<Oin>,
    /// Whether it is this officer who asks: then another must agree.
    pub is_mine: bool,
    /// Whether one owner is to be erased, and not a whole address.
    pub of_owner: bool,
}

/// A hold; nothing personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// The entry that asked for it: its name.
    pub index: u64,
    /// Since when it protects.
    pub since: Moment,
    /// Of which organisation who asked is.
    pub by: Option<Oin>,
    /// The entry by which a second person agreed; until then it protects, and cannot be lifted but
    /// turned down.
    pub confirmed: Option<u64>,
}

impl Officers {
    /// Asks a second person to agree that an address is erased from the book.
    ///
    /// # Errors
    /// [`NotErased`].
    pub async fn propose_erasure(
        &self,
        officer: &Officer,
        cause: &Cause,
        address: AddressId,
    ) -> Result<Receipt, NotErased> {
        self.ask(officer, cause, Ask::Erase, address).await
    }

    /// Asks a second person to agree that an owner is erased wherever the book names them. Every entry is
    /// opened to find them: for ten million entries that takes minutes.
    ///
    /// # Errors
    /// [`NotErased`]; [`NotErased::Held`] when one of their addresses is held, [`Failure::NotFound`] when
    /// no entry names them at an address.
    pub async fn propose_owner_erasure(
        &self,
        officer: &Officer,
        cause: &Cause,
        owner: &OwnerId,
    ) -> Result<Receipt, NotErased> {
        may_erase(officer)?;
        let by = person(officer, cause);
        Ok(self.exchange.ledger.ask_owner(&by, owner).await?)
    }

    /// Holds an address: from now on nothing of it is erased, until a second person turns it down or
    /// the hold is lifted.
    ///
    /// # Errors
    /// [`NotErased`].
    pub async fn propose_hold(
        &self,
        officer: &Officer,
        cause: &Cause,
        address: AddressId,
    ) -> Result<Receipt, NotErased> {
        self.ask(officer, cause, Ask::Hold, address).await
    }

    /// Asks a second person to agree that the hold of this name is lifted.
    ///
    /// # Errors
    /// [`NotErased`].
    pub async fn propose_lift(
        &self,
        officer: &Officer,
        cause: &Cause,
        hold: u64,
    ) -> Result<Receipt, NotErased> {
        may_erase(officer)?;
        let asked = self.exchange.ledger.find_asked(hold).await;
        let asked = asked.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        self.ask(officer, cause, Ask::Lift(hold), asked.address)
            .await
    }

    async fn ask(
        &self,
        officer: &Officer,
        cause: &Cause,
        ask: Ask,
        address: AddressId,
    ) -> Result<Receipt, NotErased> {
        may_erase(officer)?;
        let by = person(officer, cause);
        let asked = self.exchange.ledger.ask_second(&by, ask, address).await;
        Ok(asked?)
    }

    /// What the proposal or hold of this name is about, after recording that this officer looks.
    ///
    /// # Errors
    /// [`NotErased`]; then nothing may be shown.
    pub async fn find_asked(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<Asked, NotErased> {
        may_erase(officer)?;
        let asked = self.exchange.ledger.find_asked(index).await;
        let asked = asked.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        self.record_view(officer, cause, Viewed::Registry(asked.address))
            .await?;
        Ok(asked)
    }

    /// Agrees: what was asked is done when this returns.
    ///
    /// # Errors
    /// [`NotErased`]; then nothing is.
    pub async fn agree(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<Receipt, NotErased> {
        may_erase(officer)?;
        let by = person(officer, cause);
        Ok(self.exchange.ledger.agree(&by, index).await?)
    }

    /// Turns down what was asked; who asked may do so too. A hold that is turned down protects no more.
    ///
    /// # Errors
    /// [`NotErased`].
    pub async fn turn_down(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
        remark: &Remark,
    ) -> Result<Receipt, NotErased> {
        may_erase(officer)?;
        let by = person(officer, cause);
        let turned = self.exchange.ledger.turn_down(&by, index, remark.as_str());
        Ok(turned.await?)
    }

    /// What waits for a second person, oldest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn waiting_erasures(&self, officer: &Officer) -> Result<Vec<Waits>, Failure> {
        may_erase(officer)?;
        let mut waits = Vec::new();
        for one in self.exchange.store.pending().await.map_err(unreadable)? {
            waits.extend(self.waits(officer, one).await?);
        }
        Ok(waits)
    }

    /// Who asked is opened to tell somebody their own, and told to nobody else.
    pub(super) async fn waits(
        &self,
        officer: &Officer,
        one: Pending,
    ) -> Result<Option<Waits>, Failure> {
        let Some(entry) = self.public(one.index).await? else {
            return Ok(None);
        };
        let mut is_mine = false;
        if entry.aanvrager == Some(officer.organisation.oin) {
            let asked = self.exchange.ledger.find_asked(one.index).await;
            let asked = asked.map_err(unreadable)?;
            is_mine = asked.is_some_and(|asked| asked.employee.is_same(&officer.subject));
        }
        Ok(Some(Waits {
            index: one.index,
            ask: one.ask,
            at: entry.tijd,
            by: entry.aanvrager,
            is_mine,
            of_owner: asks_of_owner(&entry),
        }))
    }

    /// What is held, oldest first.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn holds(&self, officer: &Officer) -> Result<Vec<InForce>, Failure> {
        may_erase(officer)?;
        let mut holds = Vec::new();
        for one in self.exchange.store.holds().await.map_err(unreadable)? {
            holds.extend(self.in_force(one).await?);
        }
        Ok(holds)
    }

    pub(super) async fn in_force(&self, hold: Hold) -> Result<Option<InForce>, Failure> {
        let entry = self.public(hold.index).await?;
        Ok(entry.map(|entry| InForce {
            index: hold.index,
            since: entry.tijd,
            by: entry.aanvrager,
            confirmed: hold.confirmed,
        }))
    }

    pub(super) async fn public(&self, index: u64) -> Result<Option<Entry>, Failure> {
        let found = self.exchange.ledger.find_at(index).await;
        Ok(found.map_err(unreadable)?.map(|found| found.entry))
    }
}

pub(super) fn may_erase(officer: &Officer) -> Result<(), Failure> {
    officer.must_be(&ERASERS)?;
    let party = is_party(&officer.organisation);
    party.then_some(()).ok_or(Failure::NotAuthorised)
}

fn person(officer: &Officer, cause: &Cause) -> Person {
    Person {
        organisation: officer.organisation.oin,
        employee: officer.subject.clone(),
        case: cause.case.clone(),
        occasion: Some(cause.occasion),
        explanation: cause
            .explanation
            .as_ref()
            .map(|why| why.as_str().to_owned()),
    }
}

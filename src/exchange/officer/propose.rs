//! Registering a choice from a signed letter, or taking one back: one person proposes, a second
//! confirms. What is confirmed is exactly what was proposed, and it can be confirmed once.

use serde::{Deserialize, Serialize};

use super::look::not_ready;
use super::{About, Cause, Failure, Officer, Officers, Remark, Viewed, unreadable};
use crate::clock::Moment;
use crate::domain::{AddressId, Choice, ChoiceId, DeskRole, Employee};
use crate::exchange::registry::choice_proposal;
use crate::exchange::{NewChoice, Withdrawal};
use crate::ledger::entry::{Judgement, Kind};
use crate::ledger::{Found, Receipt};
use crate::oversight::Personal;

/// What a second person is asked to confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Where its entry stands.
    pub index: u64,
    /// When it was proposed.
    pub at: Moment,
    /// By whom.
    pub proposer: Employee,
    /// What.
    pub change: ProposedChange,
    /// The choice as it stands in the registry, when this would end it.
    pub before: Option<Choice>,
    /// Whether the registry has who chose as an owner of the address since before the choice begins; if
    /// not, the choice will not count.
    pub is_of_owner: bool,
}

/// A choice as it would become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedChange {
    /// Whether it takes back one that is in the registry.
    #[serde(rename = "intrekking")]
    pub withdraws: bool,
    /// The choice.
    #[serde(rename = "keuze")]
    pub choice: Choice,
}

/// What the registry has against a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubts {
    /// It knows nothing of the address.
    pub unknown_address: bool,
    /// It does not have who chose as an owner of the address since before the choice begins.
    pub unknown_owner: bool,
}

impl Officers {
    /// Proposes to register a choice.
    ///
    /// # Errors
    /// [`Failure`]; then nothing was proposed.
    pub async fn propose_choice(
        &self,
        officer: &Officer,
        cause: &Cause,
        new: NewChoice,
    ) -> Result<Receipt, Failure> {
        let id = ChoiceId::new(self.now(), &*self.exchange.random).map_err(unreadable)?;
        let choice = new.with_id(id, officer.organisation.oin);
        let change = ProposedChange {
            withdraws: false,
            choice,
        };
        self.propose(officer, cause, &change).await
    }

    /// Proposes to take a choice back.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is no such choice, [`Failure::Conflict`] when it ended already or
    /// a proposal to end it waits for an answer, [`Failure::NotAuthorised`] when it is for another organisation to end it so.
    pub async fn propose_withdrawal(
        &self,
        officer: &Officer,
        cause: &Cause,
        id: ChoiceId,
        how: Withdrawal,
    ) -> Result<Receipt, Failure> {
        let known = self.exchange.store.find_choice(id).await;
        let known = known.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        if !how.is_for(officer.organisation.oin, &known) {
            return Err(Failure::NotAuthorised);
        }
        let choice = how.applied_to(&known).ok_or(Failure::Conflict)?;
        // One at a time: of two who propose the same at once, the second finds the first.
        let _answering = self.answering.lock().await;
        if self.pending_end(officer, &known).await?.is_some() {
            return Err(Failure::Conflict);
        }
        let change = ProposedChange {
            withdraws: true,
            choice,
        };
        self.propose(officer, cause, &change).await
    }

    /// Which proposal of the officer's own organisation to end this choice waits for an answer.
    ///
    /// # Errors
    /// [`Failure`]; then it is not known.
    pub async fn pending_end(
        &self,
        officer: &Officer,
        choice: &Choice,
    ) -> Result<Option<u64>, Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        let oin = officer.organisation.oin;
        let (address, kind) = (choice.address, choice.kind);
        let waiting = self.oversight.read(move |known| {
            let own = known.party(oin);
            let at = known.tag(Personal::Address, address.as_str());
            let all = known.proposals().values();
            let waiting = all.filter(|one| {
                let same = one.by == own && one.address == at && one.kind == Some(kind);
                same && one.answered.is_none()
            });
            waiting.map(|one| one.index).collect::<Vec<_>>()
        });
        for index in waiting.await.map_err(not_ready)? {
            let found = self.exchange.ledger.find_at(index).await;
            let Some(found) = found.map_err(unreadable)? else {
                continue;
            };
            match self.read_proposal(&found).await {
                Ok(one) if one.change.withdraws && one.change.choice.id == choice.id => {
                    return Ok(Some(index));
                }
                Ok(_) | Err(Failure::NotFound) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// What the registry has against a choice that this officer is about to propose, after recording
    /// that they look.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be told.
    pub async fn doubts(
        &self,
        officer: &Officer,
        cause: &Cause,
        new: &NewChoice,
    ) -> Result<Doubts, Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        self.record_view(officer, cause, Viewed::Registry(new.address))
            .await?;
        let loaded = self.exchange.store.address(new.address).await;
        let loaded = loaded.map_err(unreadable)?;
        let facts = &loaded.facts;
        let owners = facts.owners_at(self.now());
        let since = owners.get(&new.owner);
        Ok(Doubts {
            unknown_address: facts.version == 0,
            unknown_owner: since.is_none_or(|since| new.valid_from < *since),
        })
    }

    async fn propose(
        &self,
        officer: &Officer,
        cause: &Cause,
        change: &ProposedChange,
    ) -> Result<Receipt, Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        let (mut entry, personal) = self.entry(officer, Kind::Proposal, Some(cause))?;
        entry.keuze = Some(change.choice.kind);
        entry.toestand = Some(change.choice.state);
        let written = serde_json::to_string(change).map_err(unreadable)?;
        let personal = personal
            .with("nummeraanduiding", change.choice.address)
            .with("voorstel", written);
        let about = About::Address(change.choice.address);
        self.append(officer, entry, personal, about).await
    }

    /// A proposal of the officer's own organisation, after recording that this officer looks.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none, [`Failure::Conflict`] when it was answered.
    pub async fn proposal(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<Proposed, Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        let proposed = self.waiting(officer, index).await?;
        let address = proposed.change.choice.address;
        self.record_view(officer, cause, Viewed::Registry(address))
            .await?;
        Ok(proposed)
    }

    /// Confirms a proposal of somebody else: what was proposed is registered.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none, [`Failure::NotAuthorised`] when it is this officer's
    /// own, [`Failure::Conflict`] when it was answered or overtaken meanwhile.
    pub async fn confirm(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<(Choice, Receipt), Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        let _answering = self.answering.lock().await;
        let proposed = self.waiting(officer, index).await?;
        if proposed.proposer == officer.subject {
            return Err(Failure::NotAuthorised);
        }
        let ProposedChange { withdraws, choice } = proposed.change;
        let kind = if withdraws {
            Kind::Withdrawal
        } else {
            Kind::Choice
        };
        let caller = self.caller(officer, cause)?;
        let changed = self
            .exchange
            .change_registry(&caller, choice.address, |loaded, now| {
                let known = loaded
                    .facts
                    .choices
                    .iter()
                    .find(|known| known.id == choice.id);
                let still = match known {
                    None => !withdraws,
                    Some(known) => withdraws && known.can_end(),
                };
                if !still {
                    return Err(Failure::Conflict);
                }
                let mut proposal = choice_proposal(&caller, kind, &choice, now);
                proposal.entry.index = Some(index);
                Ok(proposal)
            });
        let receipt = changed.await?;
        let choice = Choice {
            changed_at: receipt.index,
            ..choice
        };
        Ok((choice, receipt))
    }

    /// Turns a proposal down. Who proposed it may do so too.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none, [`Failure::Conflict`] when it was answered.
    pub async fn reject(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
        remark: &Remark,
    ) -> Result<Receipt, Failure> {
        officer.must_be(&[DeskRole::Beheer])?;
        let _answering = self.answering.lock().await;
        let proposed = self.waiting(officer, index).await?;
        let (mut entry, personal) = self.entry(officer, Kind::Review, Some(cause))?;
        entry.index = Some(index);
        entry.oordeel = Some(Judgement::Rejected);
        let personal = personal.with("opmerking", remark.as_str());
        let about = About::Address(proposed.change.choice.address);
        self.append(officer, entry, personal, about).await
    }

    /// A proposal that nobody answered yet.
    async fn waiting(&self, officer: &Officer, index: u64) -> Result<Proposed, Failure> {
        let oin = officer.organisation.oin;
        let waits = self.oversight.read(move |known| {
            let own = known.party(oin);
            let proposal = known.proposals().get(&index);
            let proposal = proposal.filter(|one| one.by == own)?;
            Some(proposal.answered.is_none())
        });
        match waits.await.map_err(not_ready)? {
            None => return Err(Failure::NotFound),
            Some(false) => return Err(Failure::Conflict),
            Some(true) => {}
        }
        let found = self.exchange.ledger.find_at(index).await;
        let found = found.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        self.read_proposal(&found).await
    }

    async fn read_proposal(&self, found: &Found) -> Result<Proposed, Failure> {
        let values = self.exchange.ledger.open_values(found).await;
        let values = values.map_err(unreadable)?;
        let value = |field: &str| values.get(field).map(|opened| opened.value.as_str());
        // Erased meanwhile: there is nothing left to confirm.
        let (Some(written), Some(proposer)) = (value("voorstel"), value("medewerker")) else {
            return Err(Failure::NotFound);
        };
        let change: ProposedChange = serde_json::from_str(written).map_err(unreadable)?;
        let choice = &change.choice;
        let loaded = self.exchange.store.address(choice.address).await;
        let loaded = loaded.map_err(unreadable)?;
        let facts = &loaded.facts;
        let before = facts.choices.iter().find(|known| known.id == choice.id);
        let owners = facts.owners_at(self.now());
        let since = owners.get(&choice.owner);
        Ok(Proposed {
            index: found.index,
            at: found.entry.tijd,
            proposer: Employee::parse(proposer).map_err(unreadable)?,
            is_of_owner: since.is_some_and(|since| choice.valid_from >= *since),
            before: before.filter(|_| change.withdraws).cloned(),
            change,
        })
    }

    /// The addresses and choices behind what was asked and not answered, or will soon expire: their
    /// entries are named by the index; who they are about is opened here, after it was recorded that
    /// this officer looks at them.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn open_choices(
        &self,
        officer: &Officer,
        cause: &Cause,
        ids: &[ChoiceId],
    ) -> Result<Vec<Choice>, Failure> {
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        let mut choices = Vec::new();
        for id in ids {
            let found = self.exchange.store.find_choice(*id).await;
            choices.extend(found.map_err(unreadable)?);
        }
        for choice in &choices {
            let address: AddressId = choice.address;
            self.record_view(officer, cause, Viewed::Registry(address))
                .await?;
        }
        Ok(choices)
    }
}

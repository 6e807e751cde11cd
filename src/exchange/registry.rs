//! The calls that change what is known: the document index, owners, dossiers, choices, unsafe
//! situations. Each change of the registry is an entry and its projection, in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::api::{BulkLine, BulkMode, BulkOutcome, Failure, NewAos, NewChoice, Put, Withdrawal};
use super::record::{owners_value, unreadable};
use super::{Caller, Exchange};
use crate::bounds;
use crate::clock::Moment;
use crate::domain::{
    AddressId, Aos, AosId, Choice, ChoiceId, ChoiceState, Document, DocumentId, Dossier,
    DossierNumber, Mark, Oin, OwnerId, Ownership,
};
use crate::ledger::entry::{Act, Entry, Kind, Shown};
use crate::ledger::seal::{Owner, Personal};
use crate::ledger::{NotAppended, Receipt, Seen};
use crate::store::{Change, DocumentChange, DocumentOutcome, Loaded};

/// A change of the registry, before it is appended.
pub(super) struct Proposal {
    pub(super) entry: Box<Entry>,
    personal: Personal,
    change: Change,
}

impl Exchange {
    /// Puts a document into the index, or replaces it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn put_document(&self, caller: Caller, document: Document) -> Result<Put, Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides || document.provider != caller.organisation.oin {
            return Err(self.record_not_authorised(&caller).await);
        }
        match self
            .change_index(&caller, vec![DocumentChange::Put(document)], true)
            .await?
            .first()
        {
            Some(DocumentOutcome::Created) => Ok(Put::Created),
            Some(DocumentOutcome::Replaced) => Ok(Put::Replaced),
            Some(DocumentOutcome::Unchanged) => Ok(Put::Unchanged),
            Some(DocumentOutcome::NotOwned) => Err(self
                .record_index_refusal(&caller, "niet-bevoegd", Failure::NotAuthorised)
                .await),
            _ => Err(Failure::Internal),
        }
    }

    /// Takes a document out of the index.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn delete_document(&self, caller: Caller, id: DocumentId) -> Result<(), Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        match self
            .change_index(&caller, vec![DocumentChange::Delete(id)], true)
            .await?
            .first()
        {
            Some(DocumentOutcome::Deleted) => Ok(()),
            Some(DocumentOutcome::Unknown) => {
                let failure = Failure::DocumentUnknown;
                Err(self
                    .record_index_refusal(&caller, "document-onbekend", failure)
                    .await)
            }
            Some(DocumentOutcome::NotOwned) => Err(self
                .record_index_refusal(&caller, "niet-bevoegd", Failure::NotAuthorised)
                .await),
            _ => Err(Failure::Internal),
        }
    }

    /// Puts many documents, in one transaction; every line is answered.
    ///
    /// # Errors
    /// [`Failure`]; what a single line did wrong is in its outcome.
    pub async fn bulk(
        &self,
        caller: Caller,
        lines: Vec<BulkLine>,
        mode: BulkMode,
    ) -> Result<Vec<BulkOutcome>, Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        let changes = lines
            .into_iter()
            .map(|line| DocumentChange::Put(line.document))
            .collect();
        let outcomes = self
            .change_index(&caller, changes, mode == BulkMode::AllOrNothing)
            .await?;
        outcomes
            .into_iter()
            .map(|outcome| match outcome {
                DocumentOutcome::Created => Ok(BulkOutcome::Put(Put::Created)),
                DocumentOutcome::Replaced => Ok(BulkOutcome::Put(Put::Replaced)),
                DocumentOutcome::Unchanged => Ok(BulkOutcome::Put(Put::Unchanged)),
                DocumentOutcome::NotOwned => Ok(BulkOutcome::NotAuthorised),
                DocumentOutcome::NotApplied => Ok(BulkOutcome::NotApplied),
                DocumentOutcome::Deleted | DocumentOutcome::Unknown => Err(Failure::Internal),
            })
            .collect()
    }

    async fn change_index(
        &self,
        caller: &Caller,
        changes: Vec<DocumentChange>,
        all_or_nothing: bool,
    ) -> Result<Vec<DocumentOutcome>, Failure> {
        let own = caller.organisation.oin;
        match self
            .ledger
            .change_documents(own, changes, all_or_nothing, caller.uses())
            .await
        {
            Ok(outcomes) => Ok(outcomes),
            Err(error) => Err(self.not_appended(caller, Act::Registry, error).await),
        }
    }

    /// Records who owns an address, from when. What former owners chose ends with it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn set_owners(
        &self,
        caller: Caller,
        address: AddressId,
        owners: BTreeSet<OwnerId>,
        from: Moment,
    ) -> Result<Receipt, Failure> {
        self.change_registry(&caller, address, |_, now| {
            let mut entry = caller.entry(Kind::Owners, now);
            entry.per = Some(from);
            let personal = caller
                .personal()
                .with("eigenaren", owners_value(owners.iter()));
            let told = Ownership {
                from,
                owners: owners.clone(),
                recorded_at: 0,
            };
            Ok(Proposal {
                entry,
                personal,
                change: Change::Owners(address, told),
            })
        })
        .await
    }

    /// Records a dossier of the caller's own at an address.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn set_dossier(
        &self,
        caller: Caller,
        address: AddressId,
        number: DossierNumber,
        active: bool,
        marks: BTreeSet<Mark>,
    ) -> Result<Receipt, Failure> {
        let organisation = caller.organisation.oin;
        self.change_registry(&caller, address, |_, now| {
            let mut entry = caller.entry(Kind::Dossier, now);
            entry.actief = Some(active);
            entry.kenmerken = marks.iter().cloned().collect();
            let personal = caller.personal().with("dossier", &number);
            let dossier = Dossier {
                organisation,
                number: number.clone(),
                active,
                marks: marks.clone(),
            };
            Ok(Proposal {
                entry,
                personal,
                change: Change::Dossier(address, dossier),
            })
        })
        .await
    }

    /// Records a choice of an owner.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn register_choice(
        &self,
        caller: Caller,
        new: NewChoice,
    ) -> Result<(Choice, Receipt), Failure> {
        let id = ChoiceId::new(self.clock.now(), &*self.random).map_err(unreadable)?;
        let mut choice = new.with_id(id, caller.organisation.oin);
        let receipt = self
            .change_registry(&caller, choice.address, |_, now| {
                Ok(choice_proposal(&caller, Kind::Choice, &choice, now))
            })
            .await?;
        choice.changed_at = receipt.index;
        Ok((choice, receipt))
    }

    /// Records that a choice was taken back. It binds the very next request.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn withdraw_choice(
        &self,
        caller: Caller,
        id: ChoiceId,
        how: Withdrawal,
    ) -> Result<(Choice, Receipt), Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        let Some(known) = self.store.find_choice(id).await.map_err(unreadable)? else {
            return Err(self.record_missing(&caller).await);
        };
        if !how.is_for(caller.organisation.oin, &known) {
            return Err(self.record_not_authorised(&caller).await);
        }
        let mut taken_back = known.clone();
        let receipt = self
            .change_registry(&caller, known.address, |loaded, now| {
                let current = loaded.facts.choices.iter().find(|choice| choice.id == id);
                let current = current.ok_or(Failure::NotFound)?;
                taken_back = how.applied_to(current).ok_or(Failure::Conflict)?;
                Ok(choice_proposal(&caller, Kind::Withdrawal, &taken_back, now))
            })
            .await?;
        taken_back.changed_at = receipt.index;
        Ok((taken_back, receipt))
    }

    /// One choice. The reading is recorded before it is shown.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn choice(&self, caller: Caller, id: ChoiceId) -> Result<Choice, Failure> {
        self.check_registry(&caller).await?;
        // First, so that who may see none cannot find out which there are.
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        let Some(choice) = self.store.find_choice(id).await.map_err(unreadable)? else {
            return Err(self.record_missing(&caller).await);
        };
        self.record_reading(&caller, Some(choice.address), None)
            .await?;
        Ok(choice)
    }

    /// All choices at an address. The reading is recorded before it is shown.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn find_choices(
        &self,
        caller: Caller,
        address: AddressId,
    ) -> Result<Vec<Choice>, Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        self.record_reading(&caller, Some(address), None).await?;
        let loaded = self.store.address(address).await.map_err(unreadable)?;
        Ok(loaded.facts.choices.clone())
    }

    /// Records an acutely unsafe situation.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn report_aos(&self, caller: Caller, new: NewAos) -> Result<(Aos, Receipt), Failure> {
        let aos = Aos {
            id: AosId::new(self.clock.now(), &*self.random).map_err(unreadable)?,
            address: new.address,
            reported_by: caller.organisation.oin,
            from: new.from,
            until: new.until,
            closed: None,
        };
        let receipt = self
            .change_registry(&caller, new.address, |_, now| {
                Ok(aos_proposal(&caller, Kind::Aos, &aos, now))
            })
            .await?;
        Ok((aos, receipt))
    }

    /// Closes one, from this moment on. Only who reported it can.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn close_aos(&self, caller: Caller, id: AosId) -> Result<(Aos, Receipt), Failure> {
        self.check_registry(&caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(&caller).await);
        }
        let Some(known) = self.store.find_aos(id).await.map_err(unreadable)? else {
            return Err(self.record_missing(&caller).await);
        };
        if known.reported_by != caller.organisation.oin {
            return Err(self.record_not_authorised(&caller).await);
        }
        let mut closed = known.clone();
        let receipt = self
            .change_registry(&caller, known.address, |loaded, now| {
                let current = loaded.facts.aos.iter().find(|aos| aos.id == id);
                let current = current.ok_or(Failure::NotFound)?;
                if current.closed.is_some() {
                    return Err(Failure::Conflict);
                }
                closed = Aos {
                    closed: Some(now),
                    ..current.clone()
                };
                Ok(aos_proposal(&caller, Kind::AosEnd, &closed, now))
            })
            .await?;
        Ok((closed, receipt))
    }

    /// Appends a change of the registry with its projection. What is proposed rests on facts that
    /// are still the newest when it is appended; if not, it is proposed again on the newer ones.
    pub(super) async fn change_registry(
        &self,
        caller: &Caller,
        address: AddressId,
        mut propose: impl FnMut(&Loaded, Moment) -> Result<Proposal, Failure> + Send,
    ) -> Result<Receipt, Failure> {
        self.check_registry(caller).await?;
        if !caller.organisation.provides {
            return Err(self.record_not_authorised(caller).await);
        }
        for _ in 0..bounds::DECISION_ATTEMPTS {
            let loaded = self.store.address(address).await.map_err(unreadable)?;
            let proposal = match propose(&loaded, self.clock.now()) {
                Ok(proposal) => proposal,
                Err(Failure::NotFound) => return Err(self.record_missing(caller).await),
                // Ended already: there is nothing left to end.
                Err(Failure::Conflict) => {
                    let (personal, failure) = (caller.personal(), Failure::Conflict);
                    let told =
                        self.record_code(caller, Act::Registry, "conflict", personal, failure);
                    return Err(told.await);
                }
                Err(failure) => return Err(failure),
            };
            let mut entry = proposal.entry;
            entry.gezien = Some(loaded.facts.version);
            let personal = proposal.personal.with("nummeraanduiding", address);
            let seen = Seen {
                address: Some(Arc::clone(&loaded)),
                policy_epoch: None,
            };
            let owner = Owner::Address(address);
            let uses = caller.uses();
            let draft = self
                .ledger
                .draft(entry, &personal, owner, uses, seen, Some(proposal.change))
                .await;
            let appended = match draft {
                Ok(draft) => self.ledger.append(draft).await,
                Err(error) => Err(error),
            };
            match appended {
                Ok(receipt) => return Ok(receipt),
                Err(NotAppended::Stale) => self.store.cache().forget(address),
                Err(error) => return Err(self.not_appended(caller, Act::Registry, error).await),
            }
        }
        Err(Failure::Overloaded)
    }
}

impl NewChoice {
    /// The choice it becomes.
    pub(super) fn with_id(self, id: ChoiceId, recorded_by: Oin) -> Choice {
        Choice {
            id,
            kind: self.kind,
            address: self.address,
            owner: self.owner,
            receivers: self.receivers,
            purposes: self.purposes,
            kinds: self.kinds,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            evidence: self.evidence,
            shown: self.shown,
            coordinator: self.coordinator,
            recorded_by,
            state: self.state,
            changed_at: 0,
        }
    }
}

impl Withdrawal {
    /// Whether this organisation may end that choice so. The owner may withdraw at either counter;
    /// the rest is for whoever recorded it.
    pub(super) fn is_for(&self, own: Oin, known: &Choice) -> bool {
        self.state == ChoiceState::Withdrawn || known.recorded_by == own
    }

    /// The choice as it becomes; `None` when it ended already.
    pub(super) fn applied_to(&self, known: &Choice) -> Option<Choice> {
        known.can_end().then(|| Choice {
            state: self.state,
            evidence: self
                .evidence
                .clone()
                .unwrap_or_else(|| known.evidence.clone()),
            ..known.clone()
        })
    }
}

pub(super) fn choice_proposal(
    caller: &Caller,
    kind: Kind,
    choice: &Choice,
    now: Moment,
) -> Proposal {
    let mut entry = caller.entry(kind, now);
    entry.toestemming = Some(choice.id);
    entry.keuze = Some(choice.kind);
    entry.toestand = Some(choice.state);
    entry.ontvangers.clone_from(&choice.receivers);
    entry.doelen.clone_from(&choice.purposes);
    entry.documentsoorten.clone_from(&choice.kinds);
    entry.geldig_van = Some(choice.valid_from);
    entry.geldig_tot = choice.valid_until;
    entry.coordinator = choice.coordinator;
    entry.bewijs = Some(choice.evidence.sha256);
    entry.tekst = Some(Shown {
        taal: choice.shown.language.clone(),
        versie: choice.shown.version.clone(),
    });
    let personal = caller
        .personal()
        .with("eigenaar", &choice.owner)
        .with("bewijssoort", &choice.evidence.kind)
        .with("bewijskenmerk", &choice.evidence.reference);
    Proposal {
        entry,
        personal,
        change: Change::Choice(Box::new(choice.clone())),
    }
}

fn aos_proposal(caller: &Caller, kind: Kind, aos: &Aos, now: Moment) -> Proposal {
    let mut entry = caller.entry(kind, now);
    entry.melding = Some(aos.id);
    entry.van = Some(aos.from);
    entry.tot = Some(aos.until);
    Proposal {
        entry,
        personal: caller.personal(),
        change: Change::Aos(aos.clone()),
    }
}

//! Erasing, holding, and what two people are needed for.
//!
//! An address is erased by destroying its keys; the entry that names them stands in the book in the
//! same transaction. One person asks, another agrees; a hold keeps everything of its address from the
//! moment it is asked. What an entry here says of its people is sealed under the key of the
//! organisation: it must outlive the address, and so it must not name it.

use std::collections::{BTreeMap, HashMap};

use super::entry::{Act, Entry, Judgement, Kind, Occasion};
use super::read::ReadError;
use super::seal::{KeyId, Opened, Owner, Personal};
use super::{Destroyed, Found, Leaf, Ledger, NotAppended, OpenError, Receipt, Seen};
use crate::bounds;
use crate::domain::{AddressId, CaseNumber, Employee, Oin, OwnerId};
use crate::ledger::Claims;
use crate::store::{Answer, Ask, Change, Erasing};

/// The word in a proposal that is about one owner.
const OF_OWNER: &str = "eigenaar";
/// Destroyed keys that are looked for at once.
const LOOKED_FOR: usize = 2_000;

/// Who asks or answers, and in which case of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Of which organisation.
    pub organisation: Oin,
    /// Who.
    pub employee: Employee,
    /// Their own case or reference.
    pub case: CaseNumber,
    /// The kind of reason.
    pub occasion: Option<Occasion>,
    /// What they say of it, where they do.
    pub explanation: Option<String>,
}

impl Person {
    /// Whether this is the same person, whatever their case; and however their name is written, for at
    /// the command line nobody but themselves says who they are.
    #[must_use]
    pub fn is_same(&self, organisation: Oin, employee: &Employee) -> bool {
        self.organisation == organisation && self.employee.is_same(employee)
    }

    /// Who agrees, and to whom.
    pub(super) fn agreeing(&self, asked: &Asked) -> Personal {
        let asker = format!("{} {}", asked.organisation, asked.employee);
        self.personal().with("voorsteller", asker)
    }

    fn personal(&self) -> Personal {
        Personal::none()
            .with("medewerker", &self.employee)
            .with("zaak", &self.case)
    }
}

/// What somebody asks a second person to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where its entry stands.
    pub index: u64,
    /// What is asked.
    pub ask: Ask,
    /// About which address.
    pub address: AddressId,
    /// Which owner is to be erased, wherever they are named; none when it is the whole address.
    pub owner: Option<OwnerId>,
    /// Of which organisation who asked is.
    pub organisation: Oin,
    /// Who asked.
    pub employee: Employee,
    /// In which case of theirs.
    pub case: Option<CaseNumber>,
    /// Why, in their own words.
    pub explanation: Option<String>,
    /// When.
    pub at: crate::clock::Moment,
}

/// Why a proposal was not made or not answered.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no such proposal, or it can no longer be read.
    #[error("no proposal of this kind waits at that index")]
    NoProposal,
    /// Who asked cannot also agree.
    #[error("who asked for it cannot also agree to it; a second person must")]
    SamePerson,
    /// The book did not take it.
    #[error("it was not recorded")]
    NotAppended(#[from] NotAppended),
    /// The book could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The word of the book for what is asked.
const fn act(ask: Ask) -> Act {
    match ask {
        Ask::Erase => Act::Erase,
        Ask::Hold => Act::Hold,
        Ask::Lift(_) => Act::LiftHold,
    }
}

/// What a proposal of this kind asks.
#[must_use]
pub fn asked_by(entry: &Entry) -> Option<Ask> {
    match (entry.soort, entry.handeling, entry.index) {
        (Kind::Proposal, Some(Act::Erase), None) => Some(Ask::Erase),
        (Kind::Proposal, Some(Act::Hold), None) => Some(Ask::Hold),
        (Kind::Proposal, Some(Act::LiftHold), Some(hold)) => Some(Ask::Lift(hold)),
        _ => None,
    }
}

/// Whether a proposal is about one owner.
#[must_use]
pub fn asks_of_owner(entry: &Entry) -> bool {
    entry.soort == Kind::Proposal && entry.code.as_deref() == Some(OF_OWNER)
}

impl Ledger {
    /// Asks for a second person: to erase an address, to hold it, or to lift a hold of it.
    ///
    /// # Errors
    /// [`NotAppended::Held`] when it is to be erased and held, [`NotAppended::NotWaiting`] when there
    /// is no such hold that two people agreed on, or it is asked to be lifted already.
    pub async fn ask_second(
        &self,
        by: &Person,
        ask: Ask,
        address: AddressId,
    ) -> Result<Receipt, NotAppended> {
        self.ask_about(by, ask, address, None).await
    }

    pub(super) async fn ask_about(
        &self,
        by: &Person,
        ask: Ask,
        address: AddressId,
        owner: Option<&OwnerId>,
    ) -> Result<Receipt, NotAppended> {
        let mut entry = self.blank(Kind::Proposal)?;
        entry.code = owner.map(|_| OF_OWNER.to_owned());
        entry.aanvrager = Some(by.organisation);
        entry.aanleiding = by.occasion;
        entry.handeling = Some(act(ask));
        if let Ask::Lift(hold) = ask {
            entry.index = Some(hold);
        }
        let mut personal = by.personal().with("nummeraanduiding", address);
        if let Some(explanation) = &by.explanation {
            personal = personal.with("toelichting", explanation);
        }
        if let Some(owner) = owner {
            personal = personal.with("eigenaar", owner);
        }
        let owner = Owner::Address(address);
        let tag = self.0.master.tag(owner);
        let change = Change::Asked { ask, tag };
        self.append_retrying(&entry, &personal, owner, &change)
            .await
    }

    /// What the proposal at this index asks, if it is one of these and can still be read. Whether it
    /// waits, [`crate::store::Store::pending`] tells. Whoever shows it shows personal data.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn find_asked(&self, index: u64) -> Result<Option<Asked>, ReadError> {
        let Some(found) = self.find_at(index).await? else {
            return Ok(None);
        };
        if asked_by(&found.entry).is_none() {
            return Ok(None);
        }
        let values = self.open_values(&found).await?;
        Ok(read_asked(&found, &values))
    }

    /// Agrees to what was asked: it is erased, held or lifted when this returns.
    ///
    /// # Errors
    /// [`NotDone`]; then nothing is.
    pub async fn agree(&self, by: &Person, proposal: u64) -> Result<Receipt, NotDone> {
        let asked = self.find_asked(proposal).await?;
        let asked = asked.ok_or(NotDone::NoProposal)?;
        if by.is_same(asked.organisation, &asked.employee) {
            return Err(NotDone::SamePerson);
        }
        if let Some(owner) = &asked.owner {
            let erased = self.erase_owner(by, &asked, owner).await?;
            self.clear().await;
            return Ok(erased);
        }
        let owner = Owner::Address(asked.address);
        let tag = self.0.master.tag(owner);
        let kind = match asked.ask {
            Ask::Erase => Kind::Erasure,
            Ask::Hold | Ask::Lift(_) => Kind::Hold,
        };
        let mut entry = self.blank(kind)?;
        entry.aanvrager = Some(by.organisation);
        entry.aanleiding = by.occasion;
        entry.handeling = Some(act(asked.ask));
        entry.index = Some(proposal);
        let personal = by.agreeing(&asked);
        let (owner, personal, change) = if asked.ask == Ask::Erase {
            let address = asked.address;
            let erasing = Erasing::Address { address, tag };
            let proposal = Some(proposal);
            // It outlives the address: it does not name it, nor has it words of anybody's own.
            let owner = Owner::Organisation(by.organisation);
            (owner, personal, Change::Erased { proposal, erasing })
        } else {
            let (ask, agreed) = (asked.ask, true);
            let personal = personal.with("nummeraanduiding", asked.address);
            let answer = Answer {
                proposal,
                ask,
                agreed,
            };
            (owner, personal, Change::Answered(answer))
        };
        let appended = self.append_retrying(&entry, &personal, owner, &change);
        let receipt = appended.await?;
        if asked.ask == Ask::Erase {
            self.clear().await;
        }
        Ok(receipt)
    }

    /// Turns down what was asked. Who asked may do so too.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn turn_down(
        &self,
        by: &Person,
        proposal: u64,
        remark: &str,
    ) -> Result<Receipt, NotDone> {
        let asked = self.find_asked(proposal).await?;
        let asked = asked.ok_or(NotDone::NoProposal)?;
        let mut entry = self.blank(Kind::Review)?;
        entry.aanvrager = Some(by.organisation);
        entry.aanleiding = by.occasion;
        entry.index = Some(proposal);
        entry.oordeel = Some(Judgement::Rejected);
        let personal = by.personal().with("opmerking", remark);
        let change = Change::Answered(Answer {
            proposal,
            ask: asked.ask,
            agreed: false,
        });
        let owner = Owner::Address(asked.address);
        let appended = self.append_retrying(&entry, &personal, owner, &change);
        Ok(appended.await?)
    }

    /// Destroys what was kept for its term: the keys of this kind of entry from before a year, but not
    /// what is held. A step of its own for every thousand keys; answers what all of them did.
    ///
    /// # Errors
    /// [`NotAppended`]; the steps before it stand.
    pub async fn expire(&self, kind: Kind, before: i32) -> Result<Expired, NotAppended> {
        let mut expired = Expired::default();
        loop {
            let mut entry = self.blank(Kind::Erasure)?;
            entry.handeling = Some(Act::Expire);
            entry.code = Some(kind.code().to_owned());
            let erasing = Erasing::Term {
                kind: kind.code(),
                before,
                most: bounds::DESTROYED_AT_ONCE,
            };
            let change = Change::Erased {
                proposal: None,
                erasing,
            };
            let nothing = Seen::nothing();
            let draft = Self::bare(&entry, nothing, Some(change))?;
            match self.append(draft).await {
                Ok(receipt) => {
                    expired.steps += 1;
                    let told = self.find_at(receipt.index).await;
                    if let Ok(Some(found)) = told {
                        expired.keys += found.entry.sleutels.len() as u64;
                        expired.entries += found.entry.aantal.unwrap_or_default();
                        self.null_all(&found.entry.sleutels).await?;
                    }
                }
                Err(NotAppended::NothingToErase) => break,
                Err(error) => return Err(error),
            }
        }
        if expired.steps > 0 {
            self.clear().await;
        }
        expired.held = self
            .0
            .store
            .held_past(kind.code(), before)
            .await
            .map_err(|error| super::refuse(&error))?;
        Ok(expired)
    }

    /// The same for a term of so many whole calendar years after the one of the entry.
    ///
    /// # Errors
    /// [`NotAppended`]; the steps before it stand.
    pub async fn retain(&self, kind: Kind, years: u16) -> Result<Expired, NotAppended> {
        let before = self.0.clock.now().year() - i32::from(years);
        self.expire(kind, before).await
    }

    /// Nulls what is left under keys that are gone, as many steps as it takes.
    async fn null_all(&self, keys: &[KeyId]) -> Result<Destroyed, NotAppended> {
        let keys: Vec<u64> = keys.iter().map(|key| key.number()).collect();
        let mut done = Destroyed::default();
        for part in keys.chunks(LOOKED_FOR) {
            loop {
                let left = self.0.store.keys_left(part).await;
                let left = left.map_err(|error| super::refuse(&error))?;
                let mut keys = left.keys;
                keys.extend(left.sealing);
                keys.sort_unstable();
                keys.dedup();
                if keys.is_empty() {
                    break;
                }
                let step = self
                    .ask(|reply| super::Job::Destroy { keys, reply })
                    .await?;
                done.keys += step.keys;
                done.openings += step.openings;
            }
        }
        Ok(done)
    }

    /// Destroys again what the book says was destroyed: keys and openings that were put back from a
    /// copy of the tables stay unreadable.
    pub(super) async fn destroy_again(&self) -> Result<Destroyed, OpenError> {
        let mut done = Destroyed::default();
        for index in self.0.store.erasures().await? {
            let found = self.find_at(index).await.map_err(OpenError::Erased)?;
            let Some(found) = found else { continue };
            let again = self.null_all(&found.entry.sleutels).await;
            let again = again.map_err(OpenError::Write)?;
            done.keys += again.keys;
            done.openings += again.openings;
        }
        if done != Destroyed::default() {
            tracing::warn!(
                ledger.keys = done.keys,
                ledger.openings = done.openings,
                "what was erased had come back, and was destroyed again"
            );
        }
        Ok(done)
    }

    pub(super) async fn append_once(
        &self,
        entry: Entry,
        personal: &Personal,
        owner: Owner,
        change: &Change,
    ) -> Result<Receipt, NotAppended> {
        let mut entry = Box::new(entry);
        entry.tijd = self.0.clock.now();
        let nothing = Seen::nothing();
        let (claims, change) = (Claims::default(), Some(change.clone()));
        let draft = self.draft(entry, personal, owner, claims, nothing, change);
        self.append(draft.await?).await
    }

    /// Appends it; of a draft whose key was destroyed meanwhile another is made.
    async fn append_retrying(
        &self,
        entry: &Entry,
        personal: &Personal,
        owner: Owner,
        change: &Change,
    ) -> Result<Receipt, NotAppended> {
        let mut attempts = 0;
        loop {
            let appended = self.append_once(entry.clone(), personal, owner, change);
            let appended = appended.await;
            attempts += 1;
            if appended != Err(NotAppended::Stale) || attempts >= bounds::DECISION_ATTEMPTS {
                return appended;
            }
        }
    }
}

/// What retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Entries about it.
    pub steps: u64,
    /// Keys destroyed.
    pub keys: u64,
    /// Entries that lost what opens them.
    pub entries: u64,
    /// Keys past their term that are held.
    pub held: u64,
}

/// What a proposal asks that was opened.
fn read_asked(found: &Found, values: &BTreeMap<String, Opened>) -> Option<Asked> {
    let value = |field: &str| values.get(field).map(|opened| opened.value.as_str());
    let owner = match &found.entry.code {
        // Of an owner who was erased since, there is nothing left to agree to; least of all the address.
        Some(_) => Some(OwnerId::parse(value("eigenaar")?).ok()?),
        None => None,
    };
    Some(Asked {
        owner,
        index: found.index,
        ask: asked_by(&found.entry)?,
        address: AddressId::parse(value("nummeraanduiding")?).ok()?,
        organisation: found.entry.aanvrager?,
        employee: Employee::parse(value("medewerker")?).ok()?,
        case: value("zaak").and_then(|case| CaseNumber::parse(case).ok()),
        explanation: value("toelichting").map(str::to_owned),
        at: found.entry.tijd,
    })
}

/// What waits and is held, for whoever fills the tables from the book.
#[derive(Debug, Default)]
pub struct Waiting(HashMap<u64, Ask>);

impl Waiting {
    /// What the next entry changes; `None` when it changes nothing, or its address was erased with all
    /// that waited there.
    pub fn take(&mut self, leaf: &Leaf, tag_of: impl Fn(AddressId) -> [u8; 16]) -> Option<Change> {
        if let Some(ask) = asked_by(&leaf.entry) {
            let address = leaf.values.get("nummeraanduiding")?;
            let tag = tag_of(AddressId::parse(address).ok()?);
            self.0.insert(leaf.index, ask);
            return Some(Change::Asked { ask, tag });
        }
        let agreed = match (leaf.entry.soort, leaf.entry.oordeel) {
            (Kind::Hold, _) => true,
            (Kind::Review, Some(Judgement::Rejected)) => false,
            _ => return None,
        };
        let proposal = leaf.entry.index?;
        let ask = self.0.remove(&proposal)?;
        Some(Change::Answered(Answer {
            proposal,
            ask,
            agreed,
        }))
    }
}

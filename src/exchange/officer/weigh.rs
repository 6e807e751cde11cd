//! What erasing an address would come to, in numbers, for whoever asks it and whoever agrees.

use super::erase::may_erase;
use super::look::not_ready;
use super::{Cause, Exchanged, Failure, InForce, Officer, Officers, Viewed, Waits, unreadable};
use crate::domain::{AddressId, OwnerId};
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::{Asked, asked_by};
use crate::oversight::{Did, Personal};

/// What the book, the registry and the index of documents have of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Which.
    pub address: AddressId,
    /// Entries that can still be opened: the word of their kind, and how many.
    pub entries: Vec<(String, u64)>,
    /// Documents that providers told of.
    pub documents: u64,
    /// Times that owners were told.
    pub ownerships: u64,
    /// Choices of owners.
    pub choices: u64,
    /// Dossiers.
    pub dossiers: u64,
    /// Reports of an unsafe situation.
    pub aos: u64,
    /// The holds that protect it, oldest first.
    pub holds: Vec<InForce>,
    /// What waits for a second person there.
    pub waits: Vec<Waits>,
    /// Releases the officer's own organisation has to judge still.
    pub reviews: u64,
    /// Incidents of the officer's own organisation that are not closed.
    pub incidents: u64,
    unknown: bool,
}

impl Weighed {
    /// How many entries could be read no more.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.entries.iter().map(|(_, count)| count).sum()
    }

    /// Whether neither book nor registry knows anything but who looked and what was asked.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.unknown
    }
}

/// What the book has of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeighedOwner {
    /// Who.
    pub owner: OwnerId,
    /// At how many addresses they are named.
    pub addresses: u64,
    /// Entries that name them: the word of their kind, and how many.
    pub entries: Vec<(String, u64)>,
    /// The holds that protect one of those addresses, oldest first.
    pub holds: Vec<InForce>,
    /// The proposals to erase them that wait for a second person.
    pub asked: Vec<u64>,
}

impl WeighedOwner {
    /// How many entries name them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.entries.iter().map(|(_, count)| count).sum()
    }

    /// Whether no entry names them at an address.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.addresses == 0
    }
}

/// What the book has of what somebody asks to erase or to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weighing {
    /// Of an address.
    Address(Weighed),
    /// Of an owner.
    Owner(WeighedOwner),
}

impl Weighing {
    /// The holds that keep it from being erased, oldest first.
    #[must_use]
    pub fn holds(&self) -> &[InForce] {
        match self {
            Self::Address(weighed) => &weighed.holds,
            Self::Owner(weighed) => &weighed.holds,
        }
    }
}

impl Officers {
    /// These, where entries of some kinds can be opened for so many years only.
    #[must_use]
    pub fn keeping(self, terms: Vec<(Kind, u16)>) -> Self {
        Self { terms, ..self }
    }

    /// For how many years entries of a kind can be opened, where that ends.
    #[must_use]
    pub fn terms(&self) -> &[(Kind, u16)] {
        &self.terms
    }

    /// What erasing an address would come to, after recording that this officer looks: also that
    /// nothing is known of an address is known of it. Nothing is asked by it.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be told.
    pub async fn weigh(
        &self,
        officer: &Officer,
        cause: &Cause,
        address: AddressId,
    ) -> Result<Weighed, Failure> {
        may_erase(officer)?;
        self.record_view(officer, cause, Viewed::Registry(address))
            .await?;
        self.weighed(officer, address).await
    }

    /// What was asked at this index and what it would come to, after recording that this officer looks.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is none, or it was erased.
    pub async fn weigh_asked(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<(Asked, Weighing), Failure> {
        may_erase(officer)?;
        let asked = self.exchange.ledger.find_asked(index).await;
        let asked = asked.map_err(unreadable)?.ok_or(Failure::NotFound)?;
        let weighing = match &asked.owner {
            Some(owner) => Weighing::Owner(self.weigh_owner(officer, cause, owner).await?),
            None => Weighing::Address(self.weigh(officer, cause, asked.address).await?),
        };
        Ok((asked, weighing))
    }

    /// What the book has of an owner, after recording that this officer looks: also that nothing is
    /// known of them is known of them. Every entry is opened to find them: for ten million entries that
    /// takes minutes. Nothing is asked by it.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be told.
    pub async fn weigh_owner(
        &self,
        officer: &Officer,
        cause: &Cause,
        owner: &OwnerId,
    ) -> Result<WeighedOwner, Failure> {
        may_erase(officer)?;
        let weight = self.exchange.ledger.weigh_owner(owner).await;
        let weight = weight.map_err(unreadable)?;
        let count = weight.addresses.len() as u64;
        // Beside an address where they are named it is erased with it, and does not make a key of the
        // organisation part of an erasure.
        let at = weight.addresses.first().copied();
        self.record_view(officer, cause, Viewed::Owner { owner, at, count })
            .await?;
        let mut holds = Vec::new();
        for hold in weight.holds {
            holds.extend(self.in_force(hold).await?);
        }
        Ok(WeighedOwner {
            owner: owner.clone(),
            addresses: count,
            entries: weight.naming,
            holds,
            asked: weight.asked,
        })
    }

    async fn weighed(&self, officer: &Officer, address: AddressId) -> Result<Weighed, Failure> {
        let weight = self.exchange.ledger.weigh(address).await;
        let weight = weight.map_err(unreadable)?;
        let unknown = weight.is_unknown();
        let (mut holds, mut waits) = (Vec::new(), Vec::new());
        for hold in weight.holds {
            holds.extend(self.in_force(hold).await?);
        }
        for one in weight.pending {
            waits.extend(self.waits(officer, one).await?);
        }
        let oin = officer.organisation.oin;
        let open = self.oversight.read(move |index| {
            let own = index.party(oin);
            let tag = index.tag(Personal::Address, address.as_str());
            let is_here = |at: u64| index.find_row(at).is_some_and(|row| row.address == tag);
            let reviews = index.reviews().iter();
            let reviews = reviews.filter(|(at, review)| review.is_open(own) && is_here(**at));
            let incidents = index.incidents().values();
            let incidents =
                incidents.filter(|one| one.by == own && !one.is_closed() && is_here(one.decision));
            (reviews.count() as u64, incidents.count() as u64)
        });
        let (reviews, incidents) = open.await.map_err(not_ready)?;
        Ok(Weighed {
            address,
            entries: weight.sealed,
            documents: weight.documents,
            ownerships: weight.ownerships,
            choices: weight.choices,
            dossiers: weight.dossiers,
            aos: weight.aos,
            holds,
            waits,
            reviews,
            incidents,
            unknown,
        })
    }

    /// An entry about erasing or holding, as everybody may read it who provides documents; straight from
    /// the book, for whoever just wrote it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn find_deed(
        &self,
        officer: &Officer,
        index: u64,
    ) -> Result<Option<(Entry, Did)>, Failure> {
        let provides = officer.organisation.provides;
        provides.then_some(()).ok_or(Failure::NotAuthorised)?;
        let Some(entry) = self.public(index).await? else {
            return Ok(None);
        };
        let mut asked = None;
        if let (Kind::Review, Some(of)) = (entry.soort, entry.index) {
            let of = self.public(of).await?;
            asked = of.filter(|of| asked_by(of).is_some());
        }
        let did = Did::of(&entry, asked.and_then(|asked| asked.handeling));
        Ok(did.map(|did| (entry, did)))
    }

    /// Whether what was personal about an exchange was erased.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn is_erased(&self, exchanged: &Exchanged) -> Result<bool, Failure> {
        let erased = self.exchange.ledger.is_erased(&exchanged.entry).await;
        erased.map_err(unreadable)
    }
}

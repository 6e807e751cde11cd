//! Looking: what is public of an exchange, and what is personal after it was recorded that somebody
//! looked.

use std::collections::{BTreeMap, BTreeSet};

use super::{About, Cause, Failure, Officer, Officers, unreadable};
use crate::domain::{
    AddressFacts, AddressId, CaseNumber, ChoiceId, DeskRole, Employee, OwnerId, TransactionId,
};
use crate::ledger::entry::{Act, Entry, Kind};
use crate::ledger::extract::Extract;
use crate::ledger::proof::{self, NotProven, Proven};
use crate::ledger::seal::Opened as OpenedValue;
use crate::ledger::{Found, Leaf, Receipt};
use crate::oversight::{NotReady, Personal as Tagged, facts_of};

/// Who looks at the log.
pub(super) const WATCHERS: [DeskRole; 2] = [DeskRole::Fg, DeskRole::Auditor];

/// What an officer looks at.
#[derive(Debug, Clone, Copy)]
pub enum Viewed<'a> {
    /// Lines of the log that are about somebody.
    Lines {
        /// The address they were sought by.
        address: Option<AddressId>,
        /// The employee they were sought by.
        employee: Option<&'a Employee>,
        /// The case they were sought by.
        case: Option<&'a CaseNumber>,
        /// How many were found.
        count: u64,
    },
    /// Lines taken out as a file.
    Export {
        /// The address they were sought by.
        address: Option<AddressId>,
        /// How many there are.
        count: u64,
    },
    /// What the registry has about an address.
    Registry(AddressId),
    /// Where the book names one owner: at so many addresses, of which this is one.
    Owner {
        /// Who.
        owner: &'a OwnerId,
        /// One of the addresses; none when there is none.
        at: Option<AddressId>,
        /// How many addresses.
        count: u64,
    },
    /// What was shared about an address or an owner, as a report to that person.
    Report {
        /// The address.
        address: Option<AddressId>,
        /// The owner.
        owner: Option<&'a OwnerId>,
        /// How many lines it has.
        count: u64,
    },
    /// A letter to the owner behind a choice that was asked for.
    Letter(AddressId, ChoiceId),
}

/// What is public about an exchange: anyone who may see that it was, may see this.
#[derive(Debug)]
pub struct Exchanged {
    /// The entry that opened it.
    pub entry: Found,
    /// How its transfer ended.
    pub closing: Option<Found>,
}

/// What is personal about it, and the facts then and now.
#[derive(Debug)]
pub struct Opened {
    /// The values, field by field; without those of the other organisation's people.
    pub values: BTreeMap<String, OpenedValue>,
    /// What was known of the address when it was decided.
    pub then: Option<AddressFacts>,
    /// What is known now.
    pub now: Option<AddressFacts>,
    /// What changed in between: the entries, in order.
    pub since: Vec<Entry>,
}

impl Officers {
    /// Records that an officer looks at something personal. What is seen may be shown only after
    /// this came back.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn record_view(
        &self,
        officer: &Officer,
        cause: &Cause,
        viewed: Viewed<'_>,
    ) -> Result<Receipt, Failure> {
        let (mut entry, mut personal) = self.entry(officer, Kind::Reading, Some(cause))?;
        let about = match viewed {
            Viewed::Lines {
                address,
                employee,
                case,
                count,
            } => {
                officer.must_be(&WATCHERS)?;
                entry.handeling = Some(Act::Search);
                entry.aantal = Some(count);
                if let Some(employee) = employee {
                    personal = personal.with("gezochteMedewerker", employee);
                }
                if let Some(case) = case {
                    personal = personal.with("gezochteZaak", case);
                }
                address
            }
            Viewed::Export { address, count } => {
                officer.must_be(&WATCHERS)?;
                entry.handeling = Some(Act::Export);
                entry.aantal = Some(count);
                address
            }
            Viewed::Registry(address) => {
                entry.handeling = Some(Act::Registry);
                Some(address)
            }
            Viewed::Owner { owner, at, count } => {
                entry.handeling = Some(Act::Registry);
                entry.aantal = Some(count);
                personal = personal.with("eigenaar", owner);
                at
            }
            Viewed::Report {
                address,
                owner,
                count,
            } => {
                officer.must_be(&[DeskRole::Fg])?;
                entry.handeling = Some(Act::SubjectReport);
                entry.aantal = Some(count);
                if let Some(owner) = owner {
                    personal = personal.with("eigenaar", owner);
                }
                address
            }
            Viewed::Letter(address, choice) => {
                officer.must_be(&[DeskRole::Beheer])?;
                entry.handeling = Some(Act::Letter);
                entry.toestemming = Some(choice);
                Some(address)
            }
        };
        let about = match about {
            Some(address) => {
                personal = personal.with("nummeraanduiding", address);
                About::Address(address)
            }
            None => About::Nowhere,
        };
        self.append(officer, entry, personal, about).await
    }

    /// What is public about an exchange of the officer's own organisation; `None` also when there is
    /// one of others.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn find_exchange(
        &self,
        officer: &Officer,
        transaction: TransactionId,
    ) -> Result<Option<Exchanged>, Failure> {
        officer.must_be(&WATCHERS)?;
        let ledger = &self.exchange.ledger;
        let Some(entry) = ledger.find(transaction).await.map_err(unreadable)? else {
            return Ok(None);
        };
        let own = Some(officer.organisation.oin);
        let listed = matches!(
            entry.entry.soort,
            Kind::Decision | Kind::Search | Kind::Reading
        );
        if !listed || (entry.entry.aanvrager != own && entry.entry.bron != own) {
            return Ok(None);
        }
        let closing = ledger.find_closing(transaction).await.map_err(unreadable)?;
        Ok(Some(Exchanged { entry, closing }))
    }

    /// Opens what is personal about an exchange, after recording that this officer looks.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn open_exchange(
        &self,
        officer: &Officer,
        cause: &Cause,
        exchanged: &Exchanged,
    ) -> Result<Opened, Failure> {
        officer.must_be(&WATCHERS)?;
        self.record_opening(officer, cause, &exchanged.entry, Act::Consult)
            .await?;
        self.reopen_exchange(officer, exchanged).await
    }

    /// Records that an officer opens an entry, or takes out what it holds.
    async fn record_opening(
        &self,
        officer: &Officer,
        cause: &Cause,
        found: &Found,
        act: Act,
    ) -> Result<Receipt, Failure> {
        // To know with whom this reading is to be erased; shown only after it stands in the book.
        let opened = self.exchange.ledger.open_values(found).await;
        let address = address_in(&opened.map_err(unreadable)?);
        let (mut entry, mut personal) = self.entry(officer, Kind::Reading, Some(cause))?;
        entry.handeling = Some(act);
        entry.index = Some(found.index);
        let mut about = About::Nowhere;
        if let Some(address) = address {
            personal = personal.with("nummeraanduiding", address);
            about = About::Address(address);
        }
        self.append(officer, entry, personal, about).await
    }

    /// An extract of an exchange, for somebody else to check: with these personal fields shown, after
    /// recording that this officer takes them out. What was erased, or is not this organisation's to
    /// know, stays out of it.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be handed out.
    pub async fn extract(
        &self,
        officer: &Officer,
        exchanged: &Exchanged,
        shown: Option<(&Cause, &BTreeSet<&str>)>,
    ) -> Result<Extract, Failure> {
        officer.must_be(&WATCHERS)?;
        let (found, ledger) = (&exchanged.entry, &self.exchange.ledger);
        let mut openings = BTreeMap::new();
        if let Some((cause, fields)) = shown {
            self.record_opening(officer, cause, found, Act::Export)
                .await?;
            openings = ledger.open_values(found).await.map_err(unreadable)?;
            openings.retain(|field, _| {
                fields.contains(field.as_str()) && may_see(&found.entry, field, officer)
            });
        }
        let closing = exchanged.closing.as_ref();
        let extract = ledger.extract(found, openings, closing).await;
        extract.map_err(unreadable)
    }

    /// Opens an exchange once more that [`Officers::open_exchange`] opened before: in the same session
    /// and for the same case, which is for the caller to see to.
    ///
    /// Nothing is recorded again. The reading in the book says who opened it, when and for which case;
    /// that the same page is loaded once more, or gone back to, tells nothing new, and would bury the
    /// readings that do: a signal counts how much somebody reads. Another case or another session is
    /// another reading.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn reopen_exchange(
        &self,
        officer: &Officer,
        exchanged: &Exchanged,
    ) -> Result<Opened, Failure> {
        officer.must_be(&WATCHERS)?;
        let found = &exchanged.entry;
        let opened = self.exchange.ledger.open_values(found).await;
        let mut values = opened.map_err(unreadable)?;
        let address = address_in(&values);
        values.retain(|field, _| may_see(&found.entry, field, officer));
        let mut opened = Opened {
            values,
            then: None,
            now: None,
            since: Vec::new(),
        };
        let Some(address) = address.filter(|_| found.entry.soort == Kind::Decision) else {
            return Ok(opened);
        };
        let told = self.registry_entries(address).await?;
        let seen = found.entry.gezien.unwrap_or(found.index);
        let split = told.partition_point(|leaf| leaf.index < seen);
        if let Some((then, since)) = told.split_at_checked(split) {
            opened.then = Some(facts_of(address, then));
            opened.since = since.iter().map(|leaf| leaf.entry.clone()).collect();
        }
        opened.now = Some(facts_of(address, &told));
        Ok(opened)
    }

    /// The entries of the registry about an address, oldest first, opened. To be shown only after
    /// the reading was recorded.
    pub(super) async fn registry_entries(&self, address: AddressId) -> Result<Vec<Leaf>, Failure> {
        let indices = self.oversight.read(move |index| {
            let tag = index.tag(Tagged::Address, address.as_str());
            let events = index.events().iter().filter(|event| event.address == tag);
            events.map(|event| event.index).collect::<Vec<u64>>()
        });
        let mut leaves = Vec::new();
        for at in indices.await.map_err(not_ready)? {
            let read = self.exchange.ledger.leaves(at, at + 1).await;
            leaves.extend(read.map_err(unreadable)?);
        }
        Ok(leaves)
    }

    /// What the registry has about an address, with its history, after recording that this officer
    /// looks.
    ///
    /// # Errors
    /// [`Failure`]; then nothing may be shown.
    pub async fn registry(
        &self,
        officer: &Officer,
        cause: &Cause,
        address: AddressId,
    ) -> Result<(AddressFacts, Vec<Leaf>), Failure> {
        if !officer.organisation.provides {
            return Err(Failure::NotAuthorised);
        }
        self.record_view(officer, cause, Viewed::Registry(address))
            .await?;
        let told = self.registry_entries(address).await?;
        Ok((facts_of(address, &told), told))
    }

    /// Opens who of the officer's own organisation did what this entry says, in which case, and nothing
    /// else of it, after recording that this officer looks; `None` when that was erased.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when it is not an entry of somebody of that organisation.
    pub async fn open_employee(
        &self,
        officer: &Officer,
        cause: &Cause,
        index: u64,
    ) -> Result<(Option<Employee>, Option<CaseNumber>), Failure> {
        officer.must_be(&WATCHERS)?;
        let ledger = &self.exchange.ledger;
        let found = ledger.find_at(index).await.map_err(unreadable)?;
        let own = |found: &Found| {
            let kind = found.entry.soort;
            let listed = matches!(kind, Kind::Decision | Kind::Search | Kind::Reading);
            listed && found.entry.aanvrager == Some(officer.organisation.oin)
        };
        let found = found.filter(own).ok_or(Failure::NotFound)?;
        let values = ledger.open_values(&found).await.map_err(unreadable)?;
        let value = |field: &str| values.get(field).map(|opened| opened.value.as_str());
        let address = value("nummeraanduiding").and_then(|text| AddressId::parse(text).ok());
        let (mut entry, mut personal) = self.entry(officer, Kind::Reading, Some(cause))?;
        entry.handeling = Some(Act::Consult);
        entry.index = Some(index);
        let mut about = About::Nowhere;
        if let Some(address) = address {
            personal = personal.with("nummeraanduiding", address);
            about = About::Address(address);
        }
        self.append(officer, entry, personal, about).await?;
        let employee = value("medewerker").and_then(|text| Employee::parse(text).ok());
        let case = value("zaak").and_then(|text| CaseNumber::parse(text).ok());
        Ok((employee, case))
    }

    /// A proof that an entry stands in the book, as a C2SP tlog-proof, checked on the spot.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn proof(&self, found: &Found) -> Result<Proof, Failure> {
        let text = self.exchange.ledger.proof(found.index).await;
        let text = text.map_err(unreadable)?;
        let verifier = self.exchange.ledger.verifier();
        let proven = proof::check(&text, &found.line, verifier);
        Ok(Proof { text, proven })
    }
}

/// Whether a personal field of an entry is for this officer's organisation: who asked elsewhere, and
/// for which case of theirs, is not.
fn may_see(entry: &Entry, field: &str, officer: &Officer) -> bool {
    entry.aanvrager == Some(officer.organisation.oin) || !matches!(field, "medewerker" | "zaak")
}

fn address_in(values: &BTreeMap<String, OpenedValue>) -> Option<AddressId> {
    let opened = values.get("nummeraanduiding")?;
    AddressId::parse(&opened.value).ok()
}

/// A proof, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The tlog-proof, to be kept.
    pub text: String,
    /// What it shows.
    pub proven: Result<Proven, NotProven>,
}

/// The desk cannot see the book: nothing can be shown.
pub(super) fn not_ready(error: NotReady) -> Failure {
    tracing::warn!(error = %error, "the desk has nothing to show yet");
    Failure::LedgerUnavailable
}

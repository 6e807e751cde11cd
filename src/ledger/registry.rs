//! The registry as the book tells it: owners, dossiers, choices, unsafe situations and activated
//! bundles, rebuilt from the entries alone.
//!
//! [`Registry::take`] is fed every entry in order and holds what the tables of the store hold, so it
//! is as large as the registry and not as the book. It drops nothing the tables keep: an ended
//! situation or a choice that was taken back can still say why a later request was refused. What it
//! deliberately does not do: read a database, or believe an entry that could not have been written on
//! what stands before it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Leaf;
use super::entry::{Entry, Kind};
use crate::domain::{
    AddressFacts, AddressId, Aos, Choice, ChoiceState, Dossier, DossierNumber, Evidence,
    EvidenceKind, OwnerId, Ownership, Reference, ShownText,
};
use crate::policy::Activation;
use crate::store::Change;

/// Why an entry of the registry cannot stand where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistryFlaw {
    /// It takes back an agreement that is not there, or was taken back before.
    #[error("it takes back the agreement of entry {0}, and none of that bundle stands there")]
    NoAgreement(u64),
    /// It takes back an agreement that had begun.
    #[error("it takes back the agreement of entry {0}, which had begun")]
    Begun(u64),
    /// A field its kind must have is missing.
    #[error("it lacks {0}, which its kind must have")]
    Lacks(&'static str),
    /// What is sealed in it is not in the form of its field.
    #[error("what it seals as {0} is not in the form of that field")]
    Form(&'static str),
    /// It was not made on the newest facts of its address.
    #[error(
        "it changes its address as of size {seen}, but the newest change there was at {newest}"
    )]
    NotNewest {
        /// The version it says to have seen.
        seen: u64,
        /// The newest version of its address.
        newest: u64,
    },
    /// It records a choice that an earlier entry records.
    #[error("it records a choice that an earlier entry records already")]
    ChoiceKnown,
    /// It takes back a choice that is not there.
    #[error("it takes back a choice that no earlier entry records at its address")]
    NoSuchChoice,
    /// It takes back a choice that ended before.
    #[error("it takes back a choice that had ended")]
    ChoiceEnded,
    /// It takes a choice back, and changes what was chosen.
    #[error("it takes a choice back, but tells another choice than was recorded")]
    OtherChoice,
    /// It takes a choice back into a state that counts.
    #[error("it takes a choice back, and leaves it counting")]
    StillCounts,
    /// It reports a situation that an earlier entry reports.
    #[error("it reports a situation that an earlier entry reports already")]
    SituationKnown,
    /// It ends a situation that is not there, or ended before, or is somebody else's.
    #[error("it ends a situation that is not its organisation's to end at its address")]
    NotToEnd,
}

/// What an entry came to.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It changes nothing of the registry.
    Nothing,
    /// It changes this.
    Changed(Box<Change>),
    /// It changes something at this address, but what was erased.
    Partly(AddressId),
    /// It changes something, but where was erased.
    Hidden,
}

/// What is known of one address.
#[derive(Debug, Clone, Copy)]
pub struct Known<'r> {
    /// The facts; what was erased is not among them.
    pub facts: &'r Arc<AddressFacts>,
    /// Whether something of its history was erased.
    pub erased: bool,
}

#[derive(Debug)]
struct Address {
    facts: Arc<AddressFacts>,
    erased: bool,
}

/// The registry after the entries it was fed.
#[derive(Debug, Default)]
pub struct Registry {
    addresses: HashMap<AddressId, Address>,
    activations: Arc<Vec<Activation>>,
    /// Changes whose address was erased.
    hidden: HashSet<u64>,
}

impl Registry {
    /// What is known of an address; `None` when no entry names it.
    #[must_use]
    pub fn find(&self, address: AddressId) -> Option<Known<'_>> {
        self.addresses.get(&address).map(|known| Known {
            facts: &known.facts,
            erased: known.erased,
        })
    }

    /// Every address that an entry names, in no order.
    pub fn addresses(&self) -> impl Iterator<Item = Known<'_>> {
        self.addresses.values().map(|known| Known {
            facts: &known.facts,
            erased: known.erased,
        })
    }

    /// The activations of bundles, oldest first.
    #[must_use]
    pub const fn activations(&self) -> &Arc<Vec<Activation>> {
        &self.activations
    }

    /// Whether the entry that made this version changed an address that was erased.
    #[must_use]
    pub fn is_hidden(&self, version: u64) -> bool {
        version
            .checked_sub(1)
            .is_some_and(|index| self.hidden.contains(&index))
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`RegistryFlaw`]; the registry is then as it was.
    pub fn take(&mut self, leaf: &Leaf) -> Result<Taken, RegistryFlaw> {
        match leaf.entry.soort {
            Kind::Agreement => self.activate(leaf),
            Kind::Owners
            | Kind::Dossier
            | Kind::Choice
            | Kind::Withdrawal
            | Kind::Aos
            | Kind::AosEnd => self.change(leaf),
            _ => Ok(Taken::Nothing),
        }
    }

    fn activate(&mut self, leaf: &Leaf) -> Result<Taken, RegistryFlaw> {
        let entry = &leaf.entry;
        if let Some(agreement) = entry.overeenkomst {
            return self.revoke(entry, agreement);
        }
        let activation = Activation {
            bundle: entry.bundel.ok_or(RegistryFlaw::Lacks("bundel"))?,
            from: entry.geldig_van.ok_or(RegistryFlaw::Lacks("geldigVan"))?,
            until: entry.geldig_tot,
            index: leaf.index,
        };
        Arc::make_mut(&mut self.activations).push(activation);
        Ok(Taken::Changed(Box::new(Change::Activation {
            bundle: activation.bundle,
            from: activation.from,
            until: activation.until,
            files: None,
        })))
    }

    /// What has begun cannot be taken back: only another agreement can follow it.
    fn revoke(&mut self, entry: &Entry, agreement: u64) -> Result<Taken, RegistryFlaw> {
        let known = (self.activations.iter())
            .position(|known| known.index == agreement && Some(known.bundle) == entry.bundel);
        let at = known.ok_or(RegistryFlaw::NoAgreement(agreement))?;
        let begins = self.activations.get(at).map(|known| known.from);
        if begins.is_none_or(|begins| begins <= entry.tijd) {
            return Err(RegistryFlaw::Begun(agreement));
        }
        Arc::make_mut(&mut self.activations).remove(at);
        Ok(Taken::Changed(Box::new(Change::Revocation { agreement })))
    }

    fn change(&mut self, leaf: &Leaf) -> Result<Taken, RegistryFlaw> {
        const ADDRESS: &str = "nummeraanduiding";
        let Some(address) = leaf.values.get(ADDRESS) else {
            if leaf.entry.zegels.contains_key(ADDRESS) {
                self.hidden.insert(leaf.index);
                return Ok(Taken::Hidden);
            }
            return Err(RegistryFlaw::Lacks(ADDRESS));
        };
        let address = AddressId::parse(address).map_err(|_| RegistryFlaw::Form(ADDRESS))?;
        let known = self.addresses.get(&address);
        let newest = known.map_or(0, |known| known.facts.version);
        let mut erased = known.is_some_and(|known| known.erased);
        let seen = leaf.entry.gezien.ok_or(RegistryFlaw::Lacks("gezien"))?;
        if seen != newest {
            // INVARIANT (newest facts): a change saw the newest state of its address. What it saw can
            // only be unknown here if that was erased.
            if seen < newest || !self.is_hidden(seen) {
                return Err(RegistryFlaw::NotNewest { seen, newest });
            }
            erased = true;
        }
        let facts = known.map(|known| &*known.facts);
        let told = change_told(address, leaf, facts);
        match &told {
            Some(change) => check(change, leaf.entry.soort, facts, leaf, erased)?,
            None => match first_erased(leaf) {
                Some(_) => erased = true,
                None => return Err(RegistryFlaw::Form("zegels")),
            },
        }
        let known = self.addresses.entry(address).or_insert_with(|| Address {
            facts: Arc::new(AddressFacts::nothing_known(address)),
            erased,
        });
        known.erased = erased;
        let facts = Arc::make_mut(&mut known.facts);
        facts.version = leaf.index + 1;
        match told {
            Some(change) => {
                apply(facts, &change, leaf.index);
                Ok(Taken::Changed(Box::new(change)))
            }
            None => Ok(Taken::Partly(address)),
        }
    }
}

/// A field that was sealed and cannot be read any more.
fn first_erased(leaf: &Leaf) -> Option<&str> {
    let mut sealed = leaf.entry.zegels.keys().map(String::as_str);
    sealed.find(|field| !leaf.values.contains_key(*field))
}

/// Whether this change could be made on these facts.
fn check(
    change: &Change,
    kind: Kind,
    facts: Option<&AddressFacts>,
    leaf: &Leaf,
    erased: bool,
) -> Result<(), RegistryFlaw> {
    match change {
        Change::Choice(choice) => {
            let known =
                facts.and_then(|facts| facts.choices.iter().find(|one| one.id == choice.id));
            match (kind, known) {
                (Kind::Choice, Some(_)) => Err(RegistryFlaw::ChoiceKnown),
                (Kind::Choice, None) => Ok(()),
                _ if is_yes(choice.state) => Err(RegistryFlaw::StillCounts),
                (_, None) if erased => Ok(()),
                (_, None) => Err(RegistryFlaw::NoSuchChoice),
                (_, Some(known)) if !known.can_end() => Err(RegistryFlaw::ChoiceEnded),
                (_, Some(known)) => {
                    let as_was = Choice {
                        state: known.state,
                        evidence: known.evidence.clone(),
                        changed_at: known.changed_at,
                        ..Choice::clone(choice)
                    };
                    (as_was == *known)
                        .then_some(())
                        .ok_or(RegistryFlaw::OtherChoice)
                }
            }
        }
        Change::Aos(aos) => {
            let known = facts.and_then(|facts| facts.aos.iter().find(|one| one.id == aos.id));
            match (kind, known) {
                (Kind::Aos, Some(_)) => Err(RegistryFlaw::SituationKnown),
                (Kind::Aos, None) => Ok(()),
                (_, None) if erased => Ok(()),
                (_, Some(known))
                    if known.closed.is_none()
                        && leaf.entry.aanvrager == Some(known.reported_by)
                        && (known.from, known.until) == (aos.from, aos.until) =>
                {
                    Ok(())
                }
                _ => Err(RegistryFlaw::NotToEnd),
            }
        }
        Change::Owners(..)
        | Change::Dossier(..)
        | Change::Activation { .. }
        | Change::Revocation { .. }
        | Change::Asked { .. }
        | Change::Answered(_)
        | Change::Erased { .. } => Ok(()),
    }
}

const fn is_yes(state: ChoiceState) -> bool {
    matches!(
        state,
        ChoiceState::Requested | ChoiceState::Given | ChoiceState::Renewed
    )
}

/// Makes a change, as the store makes it in its tables.
fn apply(facts: &mut AddressFacts, change: &Change, index: u64) {
    match change {
        Change::Owners(_, told) => facts.ownerships.push(Ownership {
            recorded_at: index,
            ..told.clone()
        }),
        Change::Dossier(_, told) => {
            let key = |one: &Dossier| (one.organisation, one.number.clone());
            match facts.dossiers.binary_search_by_key(&key(told), key) {
                Ok(at) => {
                    if let Some(known) = facts.dossiers.get_mut(at) {
                        known.clone_from(told);
                    }
                }
                Err(at) => facts.dossiers.insert(at, told.clone()),
            }
        }
        Change::Choice(told) => {
            facts.choices.retain(|known| known.id != told.id);
            facts.choices.push(Choice {
                changed_at: index,
                ..Choice::clone(told)
            });
        }
        Change::Aos(told) => {
            facts.aos.retain(|known| known.id != told.id);
            facts.aos.push(told.clone());
        }
        Change::Activation { .. }
        | Change::Revocation { .. }
        | Change::Asked { .. }
        | Change::Answered(_)
        | Change::Erased { .. } => {}
    }
}

/// The change an entry about this address tells, where these facts were known before; `None` when it
/// tells none, or part of it was erased.
fn change_told(address: AddressId, leaf: &Leaf, facts: Option<&AddressFacts>) -> Option<Change> {
    match leaf.entry.soort {
        Kind::Owners => ownership(leaf).map(|told| Change::Owners(address, told)),
        Kind::Dossier => dossier(leaf).map(|told| Change::Dossier(address, told)),
        Kind::Choice => choice_of(address, leaf).map(|told| Change::Choice(Box::new(told))),
        Kind::Withdrawal => choice_of(address, leaf).map(|told| {
            let known = facts.and_then(|facts| facts.choices.iter().find(|one| one.id == told.id));
            // Who takes it back is not who recorded it.
            let recorded_by = known.map_or(told.recorded_by, |known| known.recorded_by);
            Change::Choice(Box::new(Choice {
                recorded_by,
                ..told
            }))
        }),
        Kind::Aos | Kind::AosEnd => situation(address, leaf).map(Change::Aos),
        _ => None,
    }
}

/// The facts that these entries, all about one address and in the order of the book, add up to. What
/// was erased is left out; nothing is checked.
#[must_use]
pub fn facts_of(address: AddressId, leaves: &[Leaf]) -> AddressFacts {
    let mut facts = AddressFacts::nothing_known(address);
    for leaf in leaves {
        if let Some(change) = change_told(address, leaf, Some(&facts)) {
            apply(&mut facts, &change, leaf.index);
            facts.version = leaf.index + 1;
        }
    }
    facts
}

fn ownership(leaf: &Leaf) -> Option<Ownership> {
    let owners: Vec<String> = serde_json::from_str(leaf.values.get("eigenaren")?).ok()?;
    let owners = owners.iter().map(|owner| OwnerId::parse(owner).ok());
    Some(Ownership {
        from: leaf.entry.per?,
        owners: owners.collect::<Option<_>>()?,
        recorded_at: leaf.index,
    })
}

fn dossier(leaf: &Leaf) -> Option<Dossier> {
    Some(Dossier {
        organisation: leaf.entry.aanvrager?,
        number: DossierNumber::parse(leaf.values.get("dossier")?).ok()?,
        active: leaf.entry.actief?,
        marks: leaf.entry.kenmerken.iter().cloned().collect(),
    })
}

/// The choice as an entry about this address told it; `None` when it tells none, or it was erased.
#[must_use]
pub fn choice_of(address: AddressId, leaf: &Leaf) -> Option<Choice> {
    let entry = &leaf.entry;
    let shown = entry.tekst.as_ref()?;
    Some(Choice {
        id: entry.toestemming?,
        kind: entry.keuze?,
        address,
        owner: OwnerId::parse(leaf.values.get("eigenaar")?).ok()?,
        receivers: entry.ontvangers.clone(),
        purposes: entry.doelen.clone(),
        kinds: entry.documentsoorten.clone(),
        valid_from: entry.geldig_van?,
        valid_until: entry.geldig_tot,
        evidence: Evidence {
            kind: EvidenceKind::parse(leaf.values.get("bewijssoort")?).ok()?,
            reference: Reference::parse(leaf.values.get("bewijskenmerk")?).ok()?,
            sha256: entry.bewijs?,
        },
        shown: ShownText {
            language: shown.taal.clone(),
            version: shown.versie.clone(),
        },
        coordinator: entry.coordinator,
        recorded_by: entry.aanvrager?,
        state: entry.toestand?,
        changed_at: leaf.index,
    })
}

fn situation(address: AddressId, leaf: &Leaf) -> Option<Aos> {
    let entry: &Entry = &leaf.entry;
    Some(Aos {
        id: entry.melding?,
        address,
        reported_by: entry.aanvrager?,
        from: entry.van?,
        until: entry.tot?,
        closed: (entry.soort == Kind::AosEnd).then_some(entry.tijd),
    })
}

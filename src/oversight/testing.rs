//! An index made by hand, for tests: entries are fed to it as the follower would, without a book.

use std::collections::BTreeMap;

use super::index::Index;
use super::words::Tagger;
use crate::bounds;
use crate::clock::{Moment, SystemRandomness};
use crate::domain::{ChoiceId, ChoiceKind, ChoiceState, Employee, Oin, Purpose, TransactionId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, Finding, Judgement, Kind, Occasion, Outcome};
use crate::policy::Policies;

pub(crate) fn img() -> Oin {
    Oin::parse("00000001812345678000").unwrap()
}

pub(crate) fn ncg() -> Oin {
    Oin::parse("00000001823456789000").unwrap()
}

pub(crate) fn municipality() -> Oin {
    Oin::parse("00000001834567890000").unwrap()
}

/// A moment, from `2026-03-02T09:00` in UTC.
pub(crate) fn utc(text: &str) -> Moment {
    Moment::parse(&format!("{text}:00Z")).unwrap()
}

pub(crate) fn employee(name: &str) -> Employee {
    Employee::parse(name).unwrap()
}

/// A request for a document; [`ask`] gives an ordinary one, to be changed where a test needs it.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) by: Oin,
    pub(crate) of: Oin,
    pub(crate) employee: String,
    pub(crate) case: String,
    pub(crate) address: u32,
    pub(crate) purpose: &'static str,
    pub(crate) act: Act,
    /// The ground it was permitted on, or the reason it was refused for.
    pub(crate) came: Result<&'static str, &'static str>,
    /// Whether it must be reviewed afterwards.
    pub(crate) review: bool,
}

/// IMG gets a document about the first address, for its damage.
pub(crate) fn ask(employee: &str) -> Ask {
    Ask {
        by: img(),
        of: ncg(),
        employee: employee.to_owned(),
        case: "zaak-1".to_owned(),
        address: 1,
        purpose: "schade-afhandeling",
        act: Act::Download,
        came: Ok("https://w3id.org/dpv/legal/eu/gdpr#A6-1-c"),
        review: false,
    }
}

impl Ask {
    pub(crate) fn refused(mut self, reason: &'static str) -> Self {
        self.came = Err(reason);
        self
    }

    pub(crate) fn purpose(mut self, purpose: &'static str) -> Self {
        self.purpose = purpose;
        self
    }

    pub(crate) fn case(mut self, case: impl Into<String>) -> Self {
        self.case = case.into();
        self
    }

    pub(crate) fn address(mut self, address: u32) -> Self {
        self.address = address;
        self
    }

    pub(crate) fn between(mut self, by: Oin, of: Oin) -> Self {
        (self.by, self.of) = (by, of);
        self
    }

    pub(crate) fn reviewed(mut self) -> Self {
        self.review = true;
        self
    }
}

/// A choice of an owner; [`consent`] gives an ordinary one.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) by: Oin,
    /// Of two with one number, the second changes the first.
    pub(crate) id: u8,
    pub(crate) kind: ChoiceKind,
    pub(crate) state: ChoiceState,
    pub(crate) address: u32,
    pub(crate) owner: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) until: Option<Moment>,
}

/// A consent for IMG, about the first address.
pub(crate) fn consent(id: u8, state: ChoiceState) -> Chosen {
    Chosen {
        by: img(),
        id,
        kind: ChoiceKind::Consent,
        state,
        address: 1,
        owner: "eig-1",
        reference: "formulier-1",
        until: None,
    }
}

/// A book, as far as the desk sees it.
pub(crate) struct Book {
    index: Index,
}

impl Book {
    pub(crate) fn new() -> Self {
        Self::of_rows(bounds::DESK_ROWS)
    }

    /// One that has at most so many rows at hand.
    pub(crate) fn of_rows(most: usize) -> Self {
        let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
        Self {
            index: Index::of_rows(tagger, most),
        }
    }

    /// What the desk sees.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn size(&self) -> u64 {
        self.index.size()
    }

    /// The next entry, whatever it is; answers where it stands.
    pub(crate) fn add(
        &mut self,
        kind: Kind,
        at: Moment,
        values: &[(&str, &str)],
        fill: impl FnOnce(&mut Entry),
    ) -> u64 {
        let index = self.index.size();
        let mut id = [0; 16];
        id[8..].copy_from_slice(&index.to_be_bytes());
        let mut entry = Entry::new(kind, at, TransactionId::from_bytes(id));
        fill(&mut entry);
        let values = values.iter().map(|(name, value)| {
            let (name, value): (&str, &str) = (name, value);
            (name.to_owned(), value.to_owned())
        });
        let leaf = Leaf {
            index,
            hash: [0; 32],
            entry,
            values: values.collect::<BTreeMap<_, _>>(),
        };
        self.index.take(&leaf, &Policies::default());
        index
    }

    /// A request for a document.
    pub(crate) fn ask(&mut self, at: Moment, ask: &Ask) -> u64 {
        let address = address(ask.address);
        let values = [
            ("medewerker", ask.employee.as_str()),
            ("zaak", ask.case.as_str()),
            ("nummeraanduiding", address.as_str()),
        ];
        self.add(Kind::Decision, at, &values, |entry| {
            entry.aanvrager = Some(ask.by);
            entry.bron = Some(ask.of);
            entry.handeling = Some(ask.act);
            entry.doel = Some(Purpose::parse(ask.purpose).unwrap());
            match ask.came {
                Ok(ground) => {
                    entry.uitkomst = Some(Outcome::Permitted);
                    entry.grondslag = Some(ground.to_owned());
                }
                Err(reason) => {
                    entry.uitkomst = Some(Outcome::Refused);
                    entry.reden = Some(reason.to_owned());
                }
            }
            if ask.review {
                entry.verplichtingen = vec!["nabeoordelen".to_owned()];
            }
        })
    }

    /// A choice was recorded, or changed.
    pub(crate) fn choice(&mut self, at: Moment, chosen: &Chosen) -> u64 {
        let address = address(chosen.address);
        let values = [
            ("nummeraanduiding", address.as_str()),
            ("eigenaar", chosen.owner),
            ("bewijskenmerk", chosen.reference),
        ];
        self.add(Kind::Choice, at, &values, |entry| {
            entry.aanvrager = Some(chosen.by);
            entry.toestemming = Some(ChoiceId::from_bytes([chosen.id; 16]));
            entry.keuze = Some(chosen.kind);
            entry.toestand = Some(chosen.state);
            entry.geldig_van = Some(at);
            entry.geldig_tot = chosen.until;
        })
    }

    /// A dossier of an organisation became active at an address.
    pub(crate) fn dossier(&mut self, at: Moment, by: Oin, number: u32) -> u64 {
        let address = address(number);
        let values = [("nummeraanduiding", address.as_str()), ("dossier", "d-1")];
        self.add(Kind::Dossier, at, &values, |entry| {
            entry.aanvrager = Some(by);
            entry.actief = Some(true);
        })
    }

    /// An officer looked at something.
    pub(crate) fn reading(&mut self, at: Moment, by: Oin, who: &str) -> u64 {
        let values = [("medewerker", who), ("zaak", "fg-1")];
        self.add(Kind::Reading, at, &values, |entry| {
            entry.aanvrager = Some(by);
            entry.handeling = Some(Act::Consult);
            entry.aanleiding = Some(Occasion::Audit);
        })
    }

    /// An officer judged a decision, a proposal.
    pub(crate) fn judge(
        &mut self,
        at: Moment,
        by: Oin,
        who: &str,
        about: u64,
        judgement: Judgement,
    ) -> u64 {
        self.add(Kind::Review, at, &[("medewerker", who)], |entry| {
            entry.aanvrager = Some(by);
            entry.index = Some(about);
            entry.oordeel = Some(judgement);
        })
    }

    /// An officer dealt with a signal: it is in order.
    pub(crate) fn dismiss(&mut self, at: Moment, by: Oin, signal: &str, about: u64) -> u64 {
        self.find_of_signal(at, by, (signal, about), Judgement::Lawful)
    }

    /// An officer dealt with a signal, and found this of it.
    pub(crate) fn find_of_signal(
        &mut self,
        at: Moment,
        by: Oin,
        (signal, about): (&str, u64),
        judgement: Judgement,
    ) -> u64 {
        self.add(Kind::Review, at, &[("medewerker", "fg-1")], |entry| {
            entry.aanvrager = Some(by);
            entry.index = Some(about);
            entry.oordeel = Some(judgement);
            entry.signaal = Some(signal.to_owned());
        })
    }

    /// Somebody proposed to register a choice.
    pub(crate) fn propose(&mut self, at: Moment, by: Oin, who: &str) -> u64 {
        self.add(Kind::Proposal, at, &[("medewerker", who)], |entry| {
            entry.aanvrager = Some(by);
        })
    }

    /// The whole book was checked.
    pub(crate) fn check(&mut self, at: Moment, by: Oin, finding: Finding) -> u64 {
        let size = self.size();
        self.add(Kind::Check, at, &[], |entry| {
            entry.aanvrager = Some(by);
            entry.aantal = Some(size);
            entry.bevinding = Some(finding);
        })
    }
}

/// An address by its number.
pub(crate) fn address(number: u32) -> String {
    format!("197920{number:010}")
}

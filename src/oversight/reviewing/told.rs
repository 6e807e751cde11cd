//! A book that is told entry by entry, by who judges and who is judged.

use std::collections::BTreeMap;

use crate::bounds;
use crate::clock::{Moment, SystemRandomness};
use crate::domain::{AddressId, AosId, DocumentKind, Employee, Oin, Purpose, TransactionId};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, IncidentStep, Judgement, Kind, Outcome};
use crate::oversight::index::Index;
use crate::oversight::words::Tagger;
use crate::policy::Policies;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A book that is told entry by entry.
pub(super) struct Told {
    pub(super) index: Index,
    pub(super) now: Moment,
    pub(super) img: Oin,
    pub(super) ncg: Oin,
    pub(super) third: Oin,
}

pub(super) fn address(last: u8) -> AddressId {
    AddressId::parse(&format!("001420000000000{last}")).unwrap()
}

pub(super) fn employee(name: &str) -> Employee {
    Employee::parse(name).unwrap()
}

impl Told {
    pub(super) fn new() -> Self {
        Self::of_rows(bounds::DESK_ROWS)
    }

    /// A book of which only so many rows are at hand.
    pub(super) fn of_rows(most: usize) -> Self {
        let oin = |text| Oin::parse(text).unwrap();
        let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
        Self {
            index: Index::of_rows(tagger, most),
            now: Moment::parse("2026-11-21T12:00:00Z").unwrap(),
            img: oin("00000001812345678000"),
            ncg: oin("00000001823456789000"),
            third: oin("00000001834567890000"),
        }
    }

    pub(super) fn take(
        &mut self,
        kind: Kind,
        by: Oin,
        values: &[(&str, &str)],
        fill: impl FnOnce(&mut Entry),
    ) -> u64 {
        let random = SystemRandomness::default();
        let transaction = TransactionId::new(self.now, &random).unwrap();
        let mut entry = Entry::new(kind, self.now, transaction);
        entry.aanvrager = Some(by);
        fill(&mut entry);
        let index = self.index.size();
        let values = values.iter();
        let values: BTreeMap<String, String> = values
            .map(|(field, value)| ((*field).to_owned(), (*value).to_owned()))
            .collect();
        let leaf = Leaf {
            index,
            hash: [7; 32],
            entry,
            values,
        };
        self.index.take(&leaf, &Policies::default());
        index
    }

    /// A release that is reviewed afterwards.
    pub(super) fn release(&mut self, asks: Oin, holds: Oin, at: &AddressId) -> u64 {
        self.take(
            Kind::Decision,
            asks,
            &[("nummeraanduiding", at.as_str())],
            |entry| {
                entry.bron = Some(holds);
                entry.handeling = Some(Act::Download);
                entry.uitkomst = Some(Outcome::Permitted);
                entry.documentsoort = DocumentKind::parse("inspectierapport").ok();
                entry.doel = Purpose::parse("aos").ok();
                entry.verplichtingen = vec!["nabeoordelen".to_owned()];
            },
        )
    }

    pub(super) fn judge(&mut self, by: Oin, who: &str, about: u64, judgement: Judgement) -> u64 {
        self.take(Kind::Review, by, &[("medewerker", who)], |entry| {
            entry.index = Some(about);
            entry.oordeel = Some(judgement);
        })
    }

    pub(super) fn step(&mut self, by: Oin, about: u64, step: IncidentStep) {
        self.take(Kind::Review, by, &[], |entry| {
            entry.index = Some(about);
            entry.stap = Some(step);
        });
    }

    pub(super) fn aos(&mut self, at: &AddressId, days: i64) -> ([u8; 16], u64) {
        let id = AosId::new(self.now, &SystemRandomness::default()).unwrap();
        let until = self.now.plus_ms(days * DAY_MS);
        let by = self.img;
        let values = [("nummeraanduiding", at.as_str())];
        let index = self.take(Kind::Aos, by, &values, |entry| {
            entry.melding = Some(id);
            entry.tot = Some(until);
        });
        (*id.as_bytes(), index)
    }

    pub(super) fn aos_end(&mut self, at: &AddressId, id: [u8; 16]) {
        let by = self.img;
        let values = [("nummeraanduiding", at.as_str())];
        self.take(Kind::AosEnd, by, &values, |entry| {
            entry.melding = Some(AosId::from_bytes(id));
        });
    }

    pub(super) fn wait(&mut self, days: i64) {
        self.now = self.now.plus_ms(days * DAY_MS);
    }

    /// The releases on a page of somebody's queue.
    pub(super) fn queue(&self, own: Oin, who: &str, done: bool, page: usize) -> Vec<u64> {
        let who = employee(who);
        let queue = self.index.queue((own, &who), done, self.now, (page, 2));
        queue.releases.iter().map(|one| one.line.index).collect()
    }
}

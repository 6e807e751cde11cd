//! What happened in the year, in the order of time.

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;

use super::{DAY_MS, DAYS, KINDS, Year, draw, drawn};
use crate::clock::Moment;
use crate::demo::dataset::{DatasetError, Party};
use crate::domain::DocumentId;

/// Something a party tells or asks.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) at: Moment,
    pub(super) party: Party,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// Tells something; the id of what it made is remembered under this number.
    Tell {
        method: Method,
        path: &'static str,
        body: Value,
        remember: Option<u32>,
    },
    /// Ends what was remembered under this number.
    End {
        made: u32,
        path: &'static str,
        what: &'static str,
        body: Value,
    },
    /// Asks for a document.
    Ask(Ask),
}

/// An employee asks for a document, for a purpose, in a case.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) employee: u32,
    pub(super) purpose: &'static str,
    pub(super) team: Option<&'static str>,
    pub(super) case: String,
    pub(super) document: DocumentId,
}

pub(super) struct Script<'y> {
    pub(super) year: &'y Year,
    pub(super) events: Vec<Event>,
    /// How often something was drawn.
    drawn: u64,
    remembered: u32,
    /// Where an owner made a choice of a kind.
    pub(super) chosen: BTreeMap<&'static str, Vec<u32>>,
}

impl<'y> Script<'y> {
    /// Everything but the index of documents, in the order of time.
    pub(super) fn of(year: &'y Year) -> Result<Vec<Event>, DatasetError> {
        let mut script = Self {
            year,
            events: Vec::new(),
            drawn: 0,
            remembered: 0,
            chosen: BTreeMap::new(),
        };
        script.registry()?;
        script.choices()?;
        script.unsafe_situations()?;
        for day in 1..DAYS {
            script.day(day);
        }
        script.abuse();
        script.events.sort_by_key(|event| event.at);
        Ok(script.events)
    }

    pub(super) fn draw(&mut self, below: u64) -> u64 {
        self.drawn += 1;
        draw(self.drawn, drawn::EVENTS) % below.max(1)
    }

    pub(super) fn some_address(&mut self) -> u32 {
        let number = self.draw(self.year.addresses().into());
        u32::try_from(number).unwrap_or_default()
    }

    pub(super) fn damaged_address(&mut self) -> u32 {
        loop {
            let number = self.some_address();
            if Year::is_damaged(number) {
                return number;
            }
        }
    }

    /// A share of what all addresses together would have.
    pub(super) fn scaled(&self, count: u64) -> u64 {
        let share = count * u64::from(self.year.addresses());
        share.div_ceil(super::ADDRESSES.into())
    }

    pub(super) fn day_at(&self, day: i64) -> Moment {
        self.year.start().plus_ms(day * DAY_MS)
    }

    /// A moment in office hours, most of them around noon.
    pub(super) fn in_office_hours(&mut self, day: i64) -> Moment {
        let half_day_ms = 4 * 60 * 60 * 1000 + 20 * 60 * 1000;
        let into = self.draw(half_day_ms) + self.draw(half_day_ms);
        let morning_ms = 6 * 60 * 60 * 1000 + 30 * 60 * 1000;
        self.day_at(day).plus_ms(morning_ms + into.cast_signed())
    }

    pub(super) fn working_day(&mut self) -> i64 {
        loop {
            let day = 1 + self.draw((DAYS - 2).cast_unsigned()).cast_signed();
            if is_working_day(self.day_at(day)) {
                return day;
            }
        }
    }

    pub(super) fn tell(
        &mut self,
        at: Moment,
        party: Party,
        (method, path): (Method, &'static str),
        body: Value,
    ) {
        self.events.push(Event {
            at,
            party,
            what: What::Tell {
                method,
                path,
                body,
                remember: None,
            },
        });
    }

    /// The same for something that gets an id, which can be ended later.
    pub(super) fn make(
        &mut self,
        at: Moment,
        party: Party,
        path: &'static str,
        body: Value,
    ) -> u32 {
        self.remembered += 1;
        let remember = Some(self.remembered);
        self.events.push(Event {
            at,
            party,
            what: What::Tell {
                method: Method::POST,
                path,
                body,
                remember,
            },
        });
        self.remembered
    }
}

/// Monday to Friday, as UTC has it.
pub(super) fn is_working_day(moment: Moment) -> bool {
    // 1 January 1970 was a Thursday.
    let weekday = (moment.unix_ms().div_euclid(DAY_MS) + 3).rem_euclid(7);
    weekday < 5
}

/// Keeps the draws of addresses and of events apart.
const _: () = assert!(drawn::EVENTS > drawn::DOCUMENT + KINDS.len() as u64);

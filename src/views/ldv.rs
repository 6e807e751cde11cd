//! Logboek Dataverwerkingen: which processing, by which activity of the register, about whom.
//!
//! A record names at most one data subject, so an entry about several owners gives a record for each,
//! all under the span of the decision, which is the span of its ADL record. What carries a purpose of no
//! bundle (a token nobody could read, `beheer`) belongs to no activity that the parties registered and
//! gives none. A refusal is `Unset`: nothing went wrong. A release is told when its closing entry is
//! there, because only then its end and its status are known.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Pseudonyms, Setting, act, decision_span, is_decision, processor, span, trace};
use crate::domain::OwnerId;
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};

/// What kind of name the data subject has: the pseudonym of an owner, as this ledger makes it.
pub(super) const SUBJECT_TYPE: &str = "pseudoniem-eigenaar";

/// How a processing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Without a fault of ours; a refusal too.
    Unset,
    /// Carried out.
    Ok,
    /// A technical fault.
    Error,
}

/// What produced the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// Name of the program, and of the ledger.
    pub attributes: BTreeMap<&'static str, String>,
}

/// One processing, about one data subject at most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// 16 bytes in hexadecimal.
    pub trace_id: String,
    /// 8 bytes in hexadecimal.
    pub span_id: String,
    /// The decision it is part of, as ADL tells it.
    pub parent_span_id: String,
    /// How it ended.
    pub status: Status,
    /// What it was, for people.
    pub name: &'static str,
    /// Milliseconds since 1970.
    pub start_time: i64,
    /// Milliseconds since 1970.
    pub end_time: i64,
    /// What produced it.
    pub resource: Resource,
    /// `dpl.core.…`
    pub attributes: Map<String, Value>,
}

/// Goes along with the book, entry by entry.
pub struct Ldv {
    setting: Setting,
    pseudonyms: Arc<dyn Pseudonyms>,
    /// Releases that have not come to their end: as many as are open at once.
    open: BTreeMap<u64, Vec<Record>>,
}

impl fmt::Debug for Ldv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ldv")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

impl Ldv {
    /// At the beginning of a book.
    #[must_use]
    pub fn new(setting: Setting, pseudonyms: Arc<dyn Pseudonyms>) -> Self {
        Self {
            setting,
            pseudonyms,
            open: BTreeMap::new(),
        }
    }

    /// The records that the next entry of the book gives.
    #[must_use]
    pub fn take(&mut self, leaf: &Leaf) -> Vec<Record> {
        let entry = &leaf.entry;
        if entry.soort == Kind::Release {
            let decided = entry.index.and_then(|index| self.open.remove(&index));
            let mut records = decided.unwrap_or_default();
            for record in &mut records {
                record.end_time = entry.tijd.unix_ms();
                record.status = ended(entry.einde);
            }
            return records;
        }
        let records = self.records(leaf);
        let permitted = entry.uitkomst == Some(Outcome::Permitted);
        if permitted && entry.handeling == Some(Act::Download) && !records.is_empty() {
            self.open.insert(leaf.index, records);
            return Vec::new();
        }
        records
    }

    /// The decision whose release this entry closes, if it was not seen. A release that gives no record
    /// is asked for too: whether it does, its decision says.
    #[must_use]
    pub fn lacks(&self, leaf: &Leaf) -> Option<u64> {
        let closed = leaf
            .entry
            .index
            .filter(|index| !self.open.contains_key(index));
        closed.filter(|_| leaf.entry.soort == Kind::Release)
    }

    /// Releases that have not come to their end.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn records(&self, leaf: &Leaf) -> Vec<Record> {
        let entry = &leaf.entry;
        if !is_decision(entry) || !self.setting.is_wanted(entry) {
            return Vec::new();
        }
        let Some(activity) = self.activity(entry) else {
            return Vec::new();
        };
        let owners = owners(leaf);
        if owners.is_empty() {
            return vec![self.record(leaf, &activity, 0, None)];
        }
        let numbered = owners.iter().enumerate();
        numbered
            .map(|(n, owner)| self.record(leaf, &activity, n, Some(owner)))
            .collect()
    }

    /// The processing activity: of the organisation whose log it is, else of who asked.
    fn activity(&self, entry: &Entry) -> Option<String> {
        let whose = self.setting.of.or(entry.aanvrager)?;
        let role = &self.setting.organisations.find(whose)?.role;
        self.setting.purpose(entry)?.activities.get(role).cloned()
    }

    fn record(&self, leaf: &Leaf, activity: &str, n: usize, owner: Option<&OwnerId>) -> Record {
        let entry = &leaf.entry;
        let mut attributes = Map::new();
        let mut set = |name: &str, value: String| {
            attributes.insert(format!("dpl.core.{name}"), json!(value));
        };
        set("processing_activity_id", activity.to_owned());
        if let Some(owner) = owner {
            set("data_subject_id", self.pseudonyms.pseudonym(owner));
            set("data_subject_id_type", SUBJECT_TYPE.to_owned());
        }
        if let Some(asked) = entry.aanvrager {
            set("foreign_operation.processor", processor(asked));
        }
        Record {
            trace_id: trace(entry),
            span_id: span(leaf.hash, &format!("betrokkene {n}")),
            parent_span_id: decision_span(leaf),
            status: status(entry),
            name: act(entry),
            start_time: entry.tijd.unix_ms(),
            end_time: entry.tijd.unix_ms(),
            resource: Resource {
                attributes: BTreeMap::from([
                    ("service.name", "sluis".to_owned()),
                    ("sluis.ledger.origin", self.setting.origin.clone()),
                ]),
            },
            attributes,
        }
    }
}

/// Whose data it was: the owners when it was decided; none where they were erased or not known.
pub(super) fn owners(leaf: &Leaf) -> Vec<OwnerId> {
    let sealed = leaf.values.get("eigenaren");
    let named: Option<Vec<String>> = sealed.and_then(|text| serde_json::from_str(text).ok());
    let named = named.unwrap_or_default();
    named
        .iter()
        .filter_map(|owner| OwnerId::parse(owner).ok())
        .collect()
}

/// What is known of it before its closing entry.
fn status(entry: &Entry) -> Status {
    match (entry.uitkomst, entry.handeling) {
        (Some(Outcome::Refused), _) | (Some(Outcome::Permitted), Some(Act::Download)) => {
            Status::Unset
        }
        _ => Status::Ok,
    }
}

/// Somebody who breaks off what they asked for is no fault.
const fn ended(end: Option<End>) -> Status {
    match end {
        Some(End::Complete | End::BrokenByRequester) => Status::Ok,
        Some(End::BrokenByProvider | End::Unknown) | None => Status::Error,
    }
}

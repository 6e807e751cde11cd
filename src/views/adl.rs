//! Authorization Decision Log: what was asked, what was answered, by which policy, on which facts.
//!
//! Request and response stand in the body, in the words of `AuthZEN`. What they do not repeat is
//! referred to: the bundle by its hash (kept with the gateway's configuration), the facts by the version
//! of the address, which replaying the ledger up to this entry gives back, and the program by what the
//! last gateway to start said of itself. A no is an answer, and never `Error`; only a policy that could
//! not be evaluated is.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Setting, decision_span, is_decision, trace, word};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, Entry, Kind, Outcome};
use crate::policy::Reason;

/// Whether there was a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Status {
    /// There was, yes or no.
    Unset,
    /// No policy could be asked.
    Error,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// 16 bytes in hexadecimal.
    pub trace_id: String,
    /// 8 bytes in hexadecimal.
    pub span_id: String,
    /// The span of who asked, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// `adl.access_evaluation`, or `adl.search_resource` for a search.
    pub event_name: &'static str,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// Whether there was a decision.
    pub status: Status,
    /// References: `adl.core.policies`, `.information`, `.configuration`, `adl.fsc.transaction_id`.
    pub attributes: Map<String, Value>,
    /// Which program, which ledger.
    pub resource: Map<String, Value>,
    /// `adl.core.request` and `adl.core.response`.
    pub body: Map<String, Value>,
}

/// Goes along with the book, entry by entry.
#[derive(Debug)]
pub struct Adl {
    setting: Setting,
    program: Option<String>,
}

impl Adl {
    /// At the beginning of a book.
    #[must_use]
    pub const fn new(setting: Setting) -> Self {
        Self {
            setting,
            program: None,
        }
    }

    /// Whether no gateway has started yet.
    #[must_use]
    pub const fn lacks_program(&self) -> bool {
        self.program.is_none()
    }

    /// The record that the next entry of the book gives, if any.
    #[must_use]
    pub fn take(&mut self, leaf: &Leaf) -> Option<Record> {
        let entry = &leaf.entry;
        if entry.soort == Kind::Start {
            self.program.clone_from(&entry.programma);
        }
        if !is_decision(entry) || !self.setting.is_wanted(entry) {
            return None;
        }
        Some(Record {
            trace_id: trace(entry),
            span_id: decision_span(leaf),
            parent_span_id: entry.spoor.map(|trail| trail.parent_id().to_owned()),
            event_name: event(entry),
            timestamp: entry.tijd.unix_ms(),
            status: status(entry),
            attributes: self.attributes(leaf),
            resource: object(json!({
                "service.name": "sluis",
                "sluis.ledger.origin": self.setting.origin,
            })),
            body: object(json!({
                "adl.core.request": request(entry),
                "adl.core.response": response(entry),
            })),
        })
    }

    fn attributes(&self, leaf: &Leaf) -> Map<String, Value> {
        let entry = &leaf.entry;
        let mut attributes = Map::new();
        if let Some(bundle) = entry.bundel {
            let found = json!({"bundel": {"sha256": bundle}});
            attributes.insert("adl.core.policies".to_owned(), found);
        }
        let mut facts = json!({"logboek": self.setting.origin, "index": leaf.index});
        if let (Some(facts), Some(seen)) = (facts.as_object_mut(), entry.gezien) {
            facts.insert("gezien".to_owned(), json!(seen));
        }
        let found = json!({"register": facts});
        attributes.insert("adl.core.information".to_owned(), found);
        if let Some(program) = &self.program {
            let found = json!({"programma": program});
            attributes.insert("adl.core.configuration".to_owned(), found);
        }
        let transaction = json!(entry.transactie);
        attributes.insert("adl.fsc.transaction_id".to_owned(), transaction);
        attributes
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn is_search(entry: &Entry) -> bool {
    entry.soort == Kind::Search || entry.handeling == Some(Act::Search)
}

fn event(entry: &Entry) -> &'static str {
    if is_search(entry) {
        "adl.search_resource"
    } else {
        "adl.access_evaluation"
    }
}

fn status(entry: &Entry) -> Status {
    if entry.reden.as_deref() == Some(Reason::PolicyUnusable.code()) {
        Status::Error
    } else {
        Status::Unset
    }
}

/// What was asked. The subject is the organisation: which employee is not for this log. The document
/// is named by its commitment in the entry, which whoever holds its opening can recognise.
fn request(entry: &Entry) -> Value {
    let mut subject = object(json!({"type": "organisatie"}));
    if let Some(asked) = entry.aanvrager {
        subject.insert("id".to_owned(), json!(asked));
    }
    if let Some(team) = &entry.team {
        subject.insert("properties".to_owned(), json!({"team": team}));
    }
    let mut properties = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            properties.insert(name.to_owned(), value);
        }
    };
    set(
        "documentsoort",
        entry.documentsoort.as_ref().map(|kind| json!(kind)),
    );
    set("bron", entry.bron.map(|oin| json!(oin)));
    set("gezondheid", entry.gezondheid.map(|health| json!(health)));
    let mut resource = object(json!({"type": "document", "properties": properties}));
    if let Some(commitment) = entry.zegels.get("document") {
        resource.insert("id".to_owned(), json!(commitment));
    }
    let mut context = object(json!({"time": entry.tijd}));
    if let Some(purpose) = &entry.doel {
        context.insert("doel".to_owned(), json!(purpose));
    }
    let action = match (entry.soort, entry.handeling) {
        (Kind::Search, _) => "zoek".to_owned(),
        // Refused before it was looked at.
        (_, None) => "aanroep".to_owned(),
        (_, act) => word(act),
    };
    json!({
        "subject": subject,
        "action": {"name": action},
        "resource": resource,
        "context": context,
    })
}

/// What was answered. Of a search only how many of each kind: which documents is not kept.
fn response(entry: &Entry) -> Value {
    if entry.soort == Kind::Search {
        return json!({
            "results": [],
            "context": {"getoond": entry.getoond, "onthouden": entry.onthouden},
        });
    }
    let decision = match entry.uitkomst {
        Some(Outcome::Permitted) => true,
        Some(Outcome::Test) => entry.grondslag.is_some(),
        Some(Outcome::Refused) | None => false,
    };
    let mut context = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            context.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.as_ref().map(|text| json!(text));
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| json!(values));
    set("uitkomst", entry.uitkomst.map(|outcome| json!(outcome)));
    set("reden", text(&entry.reden));
    set("code", text(&entry.code));
    set("grondslag", text(&entry.grondslag));
    set("artikel", text(&entry.artikel));
    set("regels", list(&entry.regels));
    set("verplichtingen", list(&entry.verplichtingen));
    json!({"decision": decision, "context": context})
}

//! Records as a request of the OpenTelemetry protocol: logs, in its JSON form (OTLP/HTTP 1.x).
//!
//! Identifiers are hexadecimal there and numbers of 64 bits are texts. A record keeps its own names: what
//! has no place of its own in a log record becomes an attribute.

use serde_json::{Map, Value, json};

use super::Form;
use crate::clock::Moment;

/// The request that hands these records over.
#[must_use]
pub fn request(form: Form, records: &[Value], now: Moment) -> Value {
    let records: Vec<Value> = records.iter().map(|one| log(form, one, now)).collect();
    json!({"resourceLogs": [{
        "resource": {"attributes": [attribute("service.name", &json!("sluis"))]},
        "scopeLogs": [{
            "scope": {"name": scope(form), "version": env!("CARGO_PKG_VERSION")},
            "logRecords": records,
        }],
    }]})
}

const fn scope(form: Form) -> &'static str {
    match form {
        Form::Fsc => "sluis.fsc",
        Form::Ldv => "sluis.ldv",
        Form::Adl => "sluis.adl",
    }
}

fn log(form: Form, record: &Value, now: Moment) -> Value {
    let ms = match form {
        Form::Fsc => number(record, "created_at").saturating_mul(1_000),
        Form::Ldv => number(record, "end_time"),
        Form::Adl => number(record, "timestamp"),
    };
    let mut log = Map::new();
    let mut set = |name: &str, value: Value| {
        log.insert(name.to_owned(), value);
    };
    set("timeUnixNano", nanos(ms));
    set("observedTimeUnixNano", nanos(now.unix_ms()));
    set("severityNumber", json!(9));
    set("severityText", json!("INFO"));
    for (name, own) in [("trace_id", "traceId"), ("span_id", "spanId")] {
        if let Some(id) = record.get(name) {
            set(own, id.clone());
        }
    }
    if let Some(event) = record.get("event_name") {
        set("eventName", event.clone());
    }
    set("body", body(form, record));
    set("attributes", json!(attributes(form, record)));
    Value::Object(log)
}

fn body(form: Form, record: &Value) -> Value {
    let told = match form {
        Form::Adl => record.get("body"),
        Form::Ldv => record.get("name"),
        Form::Fsc => record.get("transaction_id"),
    };
    any(told.unwrap_or(&Value::Null))
}

/// What a log record has no own place for, under its own name behind that of the standard.
fn attributes(form: Form, record: &Value) -> Vec<Value> {
    let (prefix, placed): (&str, &[&str]) = match form {
        Form::Fsc => ("fsc.", &[]),
        Form::Ldv => ("ldv.", &["trace_id", "span_id", "name", "attributes"]),
        Form::Adl => {
            let placed = &[
                "trace_id",
                "span_id",
                "event_name",
                "timestamp",
                "attributes",
                "body",
            ];
            ("adl.", placed)
        }
    };
    let own = record.get("attributes").and_then(Value::as_object);
    let own = own
        .into_iter()
        .flatten()
        .map(|(name, value)| attribute(name, value));
    let rest = record.as_object().into_iter().flatten();
    let rest = rest.filter(|(name, _)| !placed.contains(&name.as_str()));
    let rest = rest.map(|(name, value)| attribute(&format!("{prefix}{name}"), value));
    own.chain(rest).collect()
}

fn number(record: &Value, name: &str) -> i64 {
    record.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn nanos(ms: i64) -> Value {
    json!((i128::from(ms) * 1_000_000).to_string())
}

/// `KeyValue`.
#[must_use]
pub fn attribute(name: &str, value: &Value) -> Value {
    json!({"key": name, "value": any(value)})
}

/// `AnyValue`.
#[must_use]
pub fn any(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(yes) => json!({"boolValue": yes}),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!({"intValue": whole.to_string()}),
            None => json!({"doubleValue": number}),
        },
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(items) => {
            let values: Vec<Value> = items.iter().map(any).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::Object(members) => {
            let values: Vec<Value> = members
                .iter()
                .map(|(name, value)| attribute(name, value))
                .collect();
            json!({"kvlistValue": {"values": values}})
        }
    }
}

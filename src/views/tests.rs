//! The views of a busy day, held to the field lists of the standards, and searched for whatever is
//! personal in the book.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{COLUMNS, Form, Setting, Table, View, otlp};
use crate::clock::Moment;
use crate::domain::Oin;
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};
use crate::ledger::testing::ORIGIN;
use crate::store::testing::Engine;

const FORMS: [Form; 3] = [Form::Fsc, Form::Ldv, Form::Adl];

/// A day, as it stands in the book.
struct Day {
    office: Office,
    leaves: Vec<Leaf>,
}

impl Day {
    async fn pass() -> Self {
        let office = Office::open(Engine::Sqlite).await;
        busy_day(&office).await;
        office.gateway.ledger.beat().await.unwrap();
        let leaves = office.gateway.ledger.leaves(0, 10_000).await.unwrap();
        assert!(leaves.len() > 50, "{}", leaves.len());
        Self { office, leaves }
    }

    fn setting(&self, of: Option<Oin>) -> Setting {
        Setting {
            origin: ORIGIN.to_owned(),
            organisations: self.office.organisations.clone(),
            policies: policies(),
            of,
        }
    }

    fn view(&self, form: Form, of: Option<Oin>) -> View {
        let master = Arc::new(self.office.book.keys().master);
        View::new(form, self.setting(of), master)
    }

    fn records(&self, form: Form, of: Option<Oin>) -> Vec<Value> {
        let mut view = self.view(form, of);
        let mut records: Vec<Value> = self
            .leaves
            .iter()
            .flat_map(|leaf| view.take(leaf))
            .collect();
        records.extend(view.finish());
        records
    }

    fn table(&self) -> String {
        let table = Table::new(self.setting(None));
        let rows = self.leaves.iter().filter_map(|leaf| table.row(leaf));
        table.head() + &rows.collect::<String>()
    }

    fn count(&self, wanted: impl Fn(&Entry) -> bool) -> usize {
        self.leaves
            .iter()
            .filter(|leaf| wanted(&leaf.entry))
            .count()
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn is_hex(value: &Value, bytes: usize) -> bool {
    let text = value.as_str().unwrap();
    text.len() == 2 * bytes && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

#[tokio::test]
async fn nothing_personal_is_in_any_view() {
    let day = Day::pass().await;
    let mut personal = BTreeSet::new();
    for leaf in &day.leaves {
        for (field, value) in &leaf.values {
            match serde_json::from_str::<Vec<String>>(value) {
                Ok(list) => personal.extend(list.into_iter().map(|one| (field.clone(), one))),
                Err(_) => {
                    personal.insert((field.clone(), value.clone()));
                }
            }
        }
    }
    let fields: BTreeSet<&str> = personal.iter().map(|(field, _)| field.as_str()).collect();
    for planted in [
        "medewerker",
        "zaak",
        "nummeraanduiding",
        "eigenaren",
        "titel",
        "document",
    ] {
        assert!(
            fields.contains(planted),
            "{planted} was not planted: {fields:?}"
        );
    }
    let now = Moment::EPOCH;
    let mut texts = vec![("csv".to_owned(), day.table())];
    for form in FORMS {
        for of in [None, Some(day.office.img)] {
            let records = day.records(form, of);
            texts.push((format!("{form:?}"), json!(records).to_string()));
            let request = otlp::request(form, &records, now).to_string();
            texts.push((format!("{form:?} as OTLP"), request));
        }
    }
    for (what, text) in texts {
        assert!(text.len() > 1_000, "{what}: {text}");
        for (field, value) in &personal {
            // What is short could be a part of a hash.
            let sought = if value.len() < 5 {
                format!("\"{value}\"")
            } else {
                value.clone()
            };
            assert!(!text.contains(&sought), "{what} tells the {field}: {value}");
        }
    }
}

#[tokio::test]
async fn each_transaction_is_told_to_its_two_parties_alone() {
    let day = Day::pass().await;
    let (img, ncg) = (day.office.img, day.office.ncg);
    let gemeente = day.office.organisations.iter().last().unwrap().oin;
    assert_eq!(day.records(Form::Fsc, Some(gemeente)), Vec::<Value>::new());
    let transactions = day.count(|entry| entry.soort == Kind::Decision && entry.bron.is_some());
    for (of, both) in [(None, false), (Some(img), true), (Some(ncg), true)] {
        let records = day.records(Form::Fsc, of);
        assert_eq!(records.len(), transactions, "{of:?}");
        let mut directions = BTreeSet::new();
        for record in &records {
            let fields = [
                "transaction_id",
                "direction",
                "grant_hash",
                "source",
                "destination",
                "service_name",
                "created_at",
            ];
            assert_eq!(keys(record), BTreeSet::from(fields));
            assert_eq!(
                keys(&record["source"]),
                BTreeSet::from(["type", "outway_peer_id"])
            );
            let destination = BTreeSet::from(["type", "service_peer_id"]);
            assert_eq!(keys(&record["destination"]), destination);
            assert!(
                record["created_at"].as_i64().unwrap() < 10_000_000_000,
                "in seconds"
            );
            let direction = record["direction"].as_str().unwrap();
            let asked = record["source"]["outway_peer_id"] == json!(img);
            match of {
                Some(of) if (of == img) == asked => assert_eq!(direction, "DIRECTION_OUTGOING"),
                _ => assert_eq!(direction, "DIRECTION_INCOMING"),
            }
            directions.insert(direction.to_owned());
        }
        assert_eq!(directions.len() == 2, both, "{of:?}");
    }
}

#[tokio::test]
async fn a_processing_is_told_once_for_each_owner() {
    let day = Day::pass().await;
    let records = day.records(Form::Ldv, None);
    let decisions: BTreeMap<String, usize> = day
        .leaves
        .iter()
        .map(|leaf| (super::decision_span(leaf), super::ldv::owners(leaf).len()))
        .collect();
    let (mut spans, mut told) = (BTreeSet::new(), BTreeMap::<&str, BTreeSet<String>>::new());
    for record in &records {
        let fields = [
            "trace_id",
            "span_id",
            "parent_span_id",
            "status",
            "name",
            "start_time",
            "end_time",
            "resource",
            "attributes",
        ];
        assert_eq!(keys(record), BTreeSet::from(fields));
        assert!(
            is_hex(&record["trace_id"], 16) && is_hex(&record["span_id"], 8),
            "{record}"
        );
        assert!(
            record["start_time"].as_i64().unwrap() > 1_000_000_000_000,
            "in ms"
        );
        assert!(record["end_time"].as_i64() >= record["start_time"].as_i64());
        assert!(
            spans.insert(record["span_id"].as_str().unwrap()),
            "{record} twice"
        );
        let attributes = &record["attributes"];
        let activity = attributes["dpl.core.processing_activity_id"]
            .as_str()
            .unwrap();
        assert!(activity.starts_with("https://"), "{activity}");
        let processor = attributes["dpl.core.foreign_operation.processor"]
            .as_str()
            .unwrap();
        assert!(processor.starts_with("https://"), "{processor}");
        let parent = record["parent_span_id"].as_str().unwrap();
        let subjects = told.entry(parent).or_default();
        match attributes.get("dpl.core.data_subject_id") {
            None => assert_eq!(decisions[parent], 0, "{record}"),
            Some(subject) => {
                assert_eq!(
                    attributes["dpl.core.data_subject_id_type"],
                    super::ldv::SUBJECT_TYPE
                );
                assert!(subjects.insert(subject.to_string()), "{record} twice");
            }
        }
    }
    for (parent, subjects) in &told {
        assert_eq!(subjects.len(), decisions[*parent], "{parent}");
    }
    let owners: BTreeSet<&String> = told.values().flatten().collect();
    assert_eq!(owners.len(), 3, "eig-1, eig-2 and eig-3");
    assert!(told.values().any(|subjects| subjects.len() == 2));
    // All but calls for a purpose that no bundle knows.
    let known = day.count(|entry| super::is_decision(entry) && entry.doel.is_some());
    let registry = day.count(|entry| {
        super::is_decision(entry)
            && entry
                .doel
                .as_ref()
                .is_some_and(|doel| doel.as_str() == "beheer")
    });
    assert_eq!(told.len(), known - registry);
}

#[tokio::test]
async fn a_processing_ends_as_it_ended() {
    let day = Day::pass().await;
    let permitted = |act| {
        let found = day.leaves.iter().find(|leaf| {
            leaf.entry.uitkomst == Some(Outcome::Permitted) && leaf.entry.handeling == Some(act)
        });
        found.unwrap()
    };
    let download = permitted(Act::Download);
    for (end, status) in [
        (None, "Unset"),
        (Some(End::Unknown), "Error"),
        (Some(End::BrokenByProvider), "Error"),
        (Some(End::BrokenByRequester), "Ok"),
        (Some(End::Complete), "Ok"),
    ] {
        let mut view = day.view(Form::Ldv, None);
        assert_eq!(view.take(download), Vec::<Value>::new());
        let records = match end {
            None => view.finish(),
            Some(_) => {
                let at = download.entry.tijd.plus_ms(1_500);
                let mut entry = Entry::new(Kind::Release, at, download.entry.transactie);
                (entry.index, entry.einde) = (Some(download.index), end);
                view.take(&Leaf {
                    index: 10_000,
                    hash: [7; 32],
                    entry,
                    values: BTreeMap::new(),
                })
            }
        };
        assert!(!records.is_empty());
        for record in records {
            assert_eq!(record["status"], status, "{end:?}");
            let took =
                record["end_time"].as_i64().unwrap() - record["start_time"].as_i64().unwrap();
            assert_eq!(took, if end.is_none() { 0 } else { 1_500 }, "{end:?}");
        }
    }
    for leaf in &day.leaves {
        if leaf.entry.uitkomst == Some(Outcome::Refused) {
            for record in day.view(Form::Ldv, None).take(leaf) {
                assert_eq!(record["status"], "Unset", "a refusal is no fault");
            }
        }
    }
    let seen = day.view(Form::Ldv, None).take(permitted(Act::Metadata));
    assert_eq!(seen[0]["status"], "Ok");
}

#[tokio::test]
async fn every_decision_is_told_denials_too() {
    let day = Day::pass().await;
    let records = day.records(Form::Adl, None);
    assert_eq!(records.len(), day.count(super::is_decision));
    let decided = day
        .leaves
        .iter()
        .filter(|leaf| super::is_decision(&leaf.entry));
    let (mut denied, mut spans) = (0, BTreeSet::new());
    for (record, leaf) in records.iter().zip(decided) {
        let entry = &leaf.entry;
        let fields = [
            "trace_id",
            "span_id",
            "event_name",
            "timestamp",
            "status",
            "attributes",
            "resource",
            "body",
        ];
        assert_eq!(keys(record), BTreeSet::from(fields));
        assert!(
            is_hex(&record["trace_id"], 16) && is_hex(&record["span_id"], 8),
            "{record}"
        );
        assert!(
            spans.insert(record["span_id"].to_string()),
            "{record} twice"
        );
        assert_eq!(record["timestamp"], entry.tijd.unix_ms());
        assert_eq!(record["status"], "Unset", "a deny is no error: {record}");
        let attributes = &record["attributes"];
        assert_eq!(
            attributes["adl.fsc.transaction_id"],
            json!(entry.transactie)
        );
        assert!(attributes["adl.core.information"].is_object());
        assert_eq!(
            attributes["adl.core.policies"].is_object(),
            entry.bundel.is_some()
        );
        let body = keys(&record["body"]);
        assert_eq!(
            body,
            BTreeSet::from(["adl.core.request", "adl.core.response"])
        );
        let asked = &record["body"]["adl.core.request"];
        assert_eq!(
            keys(asked),
            BTreeSet::from(["subject", "action", "resource", "context"])
        );
        let response = &record["body"]["adl.core.response"];
        match (entry.soort, entry.uitkomst) {
            (Kind::Search, _) => {
                assert_eq!(record["event_name"], "adl.search_resource");
                assert!(response["results"].is_array());
            }
            (_, Some(Outcome::Refused)) => {
                denied += 1;
                assert_eq!(response["decision"], false, "{record}");
            }
            (_, Some(Outcome::Test)) => {
                assert_eq!(
                    response["decision"],
                    json!(entry.reden.is_none()),
                    "{record}"
                );
            }
            _ => assert_eq!(response["decision"], true, "{record}"),
        }
    }
    assert!(denied > 5, "{denied}");
}

#[tokio::test]
async fn only_a_policy_that_could_not_be_asked_is_an_error() {
    let day = Day::pass().await;
    let refused = day
        .leaves
        .iter()
        .find(|leaf| leaf.entry.reden.is_some())
        .unwrap();
    for (reason, status) in [("GEEN_GRONDSLAG", "Unset"), ("BELEID_ONBRUIKBAAR", "Error")] {
        let leaf = Leaf {
            index: refused.index,
            hash: refused.hash,
            entry: Entry {
                reden: Some(reason.to_owned()),
                ..refused.entry.clone()
            },
            values: BTreeMap::new(),
        };
        assert_eq!(
            day.view(Form::Adl, None).take(&leaf)[0]["status"],
            status,
            "{reason}"
        );
    }
}

#[tokio::test]
async fn the_same_book_gives_the_same_records() {
    let day = Day::pass().await;
    for form in FORMS {
        assert_eq!(day.records(form, None), day.records(form, None), "{form:?}");
    }
}

#[tokio::test]
async fn a_table_has_a_row_for_each_entry() {
    let day = Day::pass().await;
    let text = day.table();
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), day.leaves.len());
    for (row, leaf) in rows.iter().zip(&day.leaves) {
        assert_eq!(&row[0], leaf.index.to_string());
        assert_eq!(&row[2], leaf.entry.soort.code());
        assert_eq!(&row[12], leaf.entry.reden.as_deref().unwrap_or_default());
    }
}

#[test]
fn a_cell_is_never_a_formula() {
    for (cell, written) in [
        ("=1", "'=1"),
        ("@a", "'@a"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
    ] {
        assert_eq!(super::defused(cell.to_owned()), written, "{cell:?}");
    }
}

#[tokio::test]
async fn a_collector_gets_logs_in_its_own_form() {
    let day = Day::pass().await;
    let now = Moment::from_unix_ms(1_700_000_000_123).unwrap();
    for form in FORMS {
        let records = day.records(form, None);
        let request = otlp::request(form, &records, now);
        assert_eq!(keys(&request), BTreeSet::from(["resourceLogs"]));
        let logs = &request["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        assert_eq!(logs.as_array().unwrap().len(), records.len());
        for (log, record) in logs.as_array().unwrap().iter().zip(&records) {
            let time: u64 = log["timeUnixNano"].as_str().unwrap().parse().unwrap();
            assert!(time > 1_000_000_000_000_000_000, "in nanoseconds: {log}");
            assert_eq!(log["observedTimeUnixNano"], "1700000000123000000");
            assert_eq!(log.get("traceId"), record.get("trace_id"));
            assert_eq!(log.get("spanId"), record.get("span_id"));
            let names = log["attributes"].as_array().unwrap().iter();
            let names: Vec<&str> = names.map(|one| one["key"].as_str().unwrap()).collect();
            let unique: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(unique.len(), names.len(), "{names:?}");
            let wanted = match form {
                Form::Fsc => "fsc.grant_hash",
                Form::Ldv => "dpl.core.processing_activity_id",
                Form::Adl => "adl.fsc.transaction_id",
            };
            assert!(unique.contains(wanted), "{names:?}");
        }
    }
}

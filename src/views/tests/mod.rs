//! The views of a busy day, held to the field lists of the standards, and searched for whatever is
//! personal in the book.

mod records;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{COLUMNS, Form, Setting, Table, View, otlp};
use crate::clock::Moment;
use crate::domain::{Oin, TraceParent};
use crate::exchange::testing::{Office, busy_day, policies};
use crate::ledger::Leaf;
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::testing::ORIGIN;
use crate::store::testing::Engine;

const FORMS: [Form; 3] = Form::ALL;

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
        let told = self.leaves.iter().flat_map(|leaf| view.take(leaf));
        told.collect()
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

/// However the book is cut in two, its two views are the view of all of it; a release that was begun in
/// one part and ended in the other is in one of them.
#[tokio::test]
async fn two_views_one_behind_the_other_are_the_view_of_both() {
    let day = Day::pass().await;
    for form in FORMS {
        let whole = day.records(form, None);
        for cut in 0..=day.leaves.len() {
            let (first, second) = day.leaves.split_at(cut);
            let mut view = day.view(form, None);
            let mut records: Vec<Value> = first.iter().flat_map(|leaf| view.take(leaf)).collect();
            let mut next = day.view(form, None);
            if next.lacks_program() {
                let started = first.iter().rfind(|leaf| leaf.entry.soort == Kind::Start);
                if let Some(leaf) = started {
                    next.recall(leaf);
                }
            }
            for leaf in second {
                if let Some(index) = next.lacks(leaf) {
                    next.recall(&day.leaves[usize::try_from(index).unwrap()]);
                }
                records.extend(next.take(leaf));
            }
            assert_eq!(records, whole, "{form:?} cut at {cut}");
        }
    }
}

/// With the caller's `traceparent` in the book, its trace is ours, and the decision hangs under its
/// span; without it, the trace is the transaction.
#[tokio::test]
async fn a_trace_is_the_callers_or_the_transaction() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";
    let mut day = Day::pass().await;
    let own = [Form::Ldv, Form::Adl].map(|form| day.records(form, None));
    for leaf in &mut day.leaves {
        let transaction = leaf.entry.transactie.to_string().replace('-', "");
        assert_eq!(super::trace(&leaf.entry), transaction);
        leaf.entry.spoor = TraceParent::parse(&format!("00-{TRACE}-{SPAN}-01")).ok();
    }
    for (form, own) in [Form::Ldv, Form::Adl].into_iter().zip(own) {
        let records = day.records(form, None);
        assert!(own.len() > 10 && records.len() == own.len());
        for (record, own) in records.iter().zip(&own) {
            assert_eq!(record["trace_id"], TRACE);
            assert_eq!(record["span_id"], own["span_id"]);
            match form {
                Form::Adl => {
                    assert_eq!(record["parent_span_id"], SPAN);
                    assert!(own.get("parent_span_id").is_none());
                }
                _ => assert_eq!(record["parent_span_id"], own["parent_span_id"]),
            }
        }
    }
}

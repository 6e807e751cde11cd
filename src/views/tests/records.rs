//! LDV and ADL, field by field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::{decision_span, is_decision, ldv};
use super::{Day, Form, is_hex, keys};
use crate::ledger::Leaf;
use crate::ledger::entry::{Act, End, Entry, Kind, Outcome};

#[tokio::test]
async fn a_processing_is_told_once_for_each_owner() {
    let day = Day::pass().await;
    let records = day.records(Form::Ldv, None);
    let decisions: BTreeMap<String, usize> = day
        .leaves
        .iter()
        .map(|leaf| (decision_span(leaf), ldv::owners(leaf).len()))
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
        assert!(processor.starts_with("urn:osb:oin:0"), "{processor}");
        let parent = record["parent_span_id"].as_str().unwrap();
        let subjects = told.entry(parent).or_default();
        match attributes.get("dpl.core.data_subject_id") {
            None => assert_eq!(decisions[parent], 0, "{record}"),
            Some(subject) => {
                assert_eq!(
                    attributes["dpl.core.data_subject_id_type"],
                    ldv::SUBJECT_TYPE
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
    let known = day.count(|entry| is_decision(entry) && entry.doel.is_some());
    let registry = day.count(|entry| {
        is_decision(entry)
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
        (End::Unknown, "Error"),
        (End::BrokenByProvider, "Error"),
        (End::BrokenByRequester, "Ok"),
        (End::Complete, "Ok"),
    ] {
        let mut view = day.view(Form::Ldv, None);
        assert_eq!(view.take(download), Vec::<Value>::new());
        assert_eq!(view.open(), 1);
        let at = download.entry.tijd.plus_ms(1_500);
        let mut entry = Entry::new(Kind::Release, at, download.entry.transactie);
        (entry.index, entry.einde) = (Some(download.index), Some(end));
        let records = view.take(&Leaf {
            index: 10_000,
            hash: [7; 32],
            entry,
            values: BTreeMap::new(),
        });
        assert_eq!(view.open(), 0);
        assert!(!records.is_empty());
        for record in records {
            assert_eq!(record["status"], status, "{end:?}");
            let took =
                record["end_time"].as_i64().unwrap() - record["start_time"].as_i64().unwrap();
            assert_eq!(took, 1_500, "{end:?}");
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
    assert_eq!(records.len(), day.count(is_decision));
    let decided = day.leaves.iter().filter(|leaf| is_decision(&leaf.entry));
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
        assert_ne!(asked["action"]["name"], "", "{record}");
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

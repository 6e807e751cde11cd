//! What a candidate said beside a decision: made again where the candidate is at hand, told where not.

use std::sync::Arc;

use super::forger::{lines, write};
use super::{database, replay, with};
use crate::domain::Sha256;
use crate::errors::in_full;
use crate::exchange::testing::{Office, busy_day, candidate, policies};
use crate::ledger::entry::{Entry, Kind, Shadow, Trial};
use crate::ledger::testing::Book;
use crate::policy::Policies;
use crate::replay::{Unjudged, With};
use crate::store::testing::Engine;

/// A day with a candidate, and what checks it: with the candidate, and without.
async fn day() -> (Book, With, With) {
    let bundle = candidate();
    let office = Office::open_beside(Engine::Sqlite, policies(), Some(Arc::clone(&bundle))).await;
    busy_day(&office).await;
    let known = policies().all().into_iter().chain([bundle]).collect();
    let with_it = with(&office, Policies::new(known), &office.book);
    let without = with(&office, policies(), &office.book);
    (office.close().await, with_it, without)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_is_asked_again_where_it_is_known() {
    let (book, with_it, without) = day().await;
    let checked = replay(database(&book).await, &book, with_it)
        .await
        .unwrap()
        .counts;
    assert!(
        checked.shadows > 3 && checked.unjudged.is_empty(),
        "{checked}"
    );
    let told = replay(database(&book).await, &book, without)
        .await
        .unwrap()
        .counts;
    assert_eq!((told.followed, told.shadows), (checked.followed, 0));
    let (many, _) = told.unjudged[&Unjudged::Candidate];
    assert_eq!(many, checked.shadows, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_did_not_say_is_found() {
    type Forge = fn(&mut Entry);
    let rows: [(&str, bool, Forge, &str); 4] = [
        (
            "another outcome",
            true,
            |entry| {
                let said = &mut entry.schaduw.as_mut().unwrap().uitkomst;
                let is_refused = *said == Some(Trial::Refused);
                *said = Some(if is_refused {
                    Trial::Permitted
                } else {
                    Trial::Refused
                });
            },
            "is not what the candidate",
        ),
        (
            "another rule",
            true,
            |entry| {
                entry
                    .schaduw
                    .as_mut()
                    .unwrap()
                    .regels
                    .push("geen".to_owned());
            },
            "is not what the candidate",
        ),
        (
            "a difference that is none",
            false,
            |entry| {
                entry.schaduw = Some(Box::new(Shadow {
                    uitkomst: Some(Trial::Unknown),
                    ..Shadow::begins(candidate().hash())
                }));
            },
            "is not what the candidate",
        ),
        (
            "beside no bundle",
            true,
            |entry| {
                entry.bundel = None;
                entry.schaduw.as_mut().unwrap().bundel = Sha256::from_bytes([7; 32]);
            },
            "its fields schaduw and bundel contradict each other",
        ),
    ];
    for (name, differs, forge, says) in rows {
        let (book, with, _) = day().await;
        let mut all = lines(&book).await;
        let at = all.iter().position(|line| {
            let entry = &line.entry;
            let compared = entry.soort == Kind::Decision && entry.bundel.is_some();
            compared && entry.code.is_none() && entry.schaduw.is_some() == differs
        });
        let at = at.unwrap();
        forge(&mut all[at].entry);
        let wrong = replay(write(all, &book.keys()), &book, with)
            .await
            .expect_err(name);
        let said = in_full(&wrong);
        assert_eq!(wrong.index(), Some(at as u64), "{name}: {said}");
        assert!(said.contains(says), "{name}: {said}");
    }
}

//! Every release gets one closing entry: when it ends, when it is dropped, after a crash too.

use crate::domain::Sha256;
use crate::ledger::entry::{End, Entry, Kind};
use crate::ledger::testing::{Book, Gateway};
use crate::ledger::{Receipt, Report};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    a_release_is_closed_as_it_was_told,
    a_dropped_release_was_broken_off_by_the_requester,
    what_a_crash_left_open_is_closed_as_unknown,
    a_requester_that_goes_away_during_the_commit_leaves_a_closing_entry,
    a_release_that_lives_is_never_an_orphan,
    there_is_room_for_every_closing_entry,
);

async fn closing_of(gateway: &Gateway, receipt: &Receipt) -> Entry {
    for _ in 0..500 {
        gateway.ledger.beat().await.unwrap();
        if let Some(found) = gateway
            .ledger
            .find_closing(receipt.transaction)
            .await
            .unwrap()
        {
            assert_eq!(found.entry.soort, Kind::Release);
            assert_eq!(found.entry.index, Some(receipt.index));
            return found.entry;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    panic!("no closing entry came");
}

async fn a_release_is_closed_as_it_was_told(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let hash = Sha256::from_bytes([3; 32]);
    for (report, bytes) in [
        (
            Report {
                status: 200,
                bytes: 4_096,
                sha256: hash,
                end: End::Complete,
            },
            4_096,
        ),
        (
            Report {
                status: 206,
                bytes: 7,
                sha256: hash,
                end: End::BrokenByRequester,
            },
            7,
        ),
        (Report::nothing(502, End::BrokenByProvider), 0),
    ] {
        let recorded = gateway.release().await.unwrap();
        assert_eq!(book.verify().await.open_releases, 1);
        assert_eq!(recorded.ground().article, "TwG 3(4)");
        let receipt = *recorded.receipt();
        recorded.into_closing().finish(&report);
        let entry = closing_of(&gateway, &receipt).await;
        assert_eq!(entry.einde, Some(report.end));
        assert_eq!(
            (entry.status, entry.bytes),
            (Some(report.status), Some(bytes))
        );
        assert_eq!(entry.sha256, Some(report.sha256));
    }
    assert_eq!(book.verify().await.open_releases, 0);
}

async fn a_dropped_release_was_broken_off_by_the_requester(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    for early in [true, false] {
        let recorded = gateway.release().await.unwrap();
        let receipt = *recorded.receipt();
        if early {
            drop(recorded);
        } else {
            drop(recorded.into_closing());
        }
        let entry = closing_of(&gateway, &receipt).await;
        assert_eq!(
            (entry.einde, entry.bytes),
            (Some(End::BrokenByRequester), Some(0))
        );
    }
    assert_eq!(book.verify().await.open_releases, 0);
}

async fn what_a_crash_left_open_is_closed_as_unknown(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut receipts = Vec::new();
    for _ in 0..70 {
        let recorded = gateway.release().await.unwrap();
        receipts.push(*recorded.receipt());
        // As a crash does: neither told nor dropped.
        std::mem::forget(recorded);
    }
    gateway.ledger.beat().await.unwrap();
    if engine == Engine::Sqlite {
        // The forgotten releases hold the old writer; only the end of its process frees the file.
        std::fs::remove_file(
            book.database.url().trim_start_matches("sqlite:").to_owned() + ".lock",
        )
        .unwrap();
    } else {
        book.clock.advance_ms(crate::bounds::GATEWAY_DEAD_MS + 1);
    }
    let next = book.open().await;
    assert_eq!(next.ledger.close_orphans().await.unwrap(), 70);
    assert_eq!(next.ledger.close_orphans().await.unwrap(), 0);
    for receipt in &receipts {
        let entry = closing_of(&next, receipt).await;
        assert_eq!(entry.einde, Some(End::Unknown));
        assert_eq!(
            (entry.status, entry.bytes, entry.sha256),
            (None, None, None)
        );
    }
    let summary = book.verify().await;
    assert_eq!(
        (summary.kinds[&Kind::Release], summary.open_releases),
        (70, 0)
    );
    drop(gateway);
}

async fn a_requester_that_goes_away_during_the_commit_leaves_a_closing_entry(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut appended = 0;
    for _ in 0..40 {
        let draft = gateway.permit_draft(crate::ledger::testing::unseen()).await;
        let ledger = gateway.ledger.clone();
        let asking = tokio::spawn(async move {
            ledger
                .release(crate::policy::testing::permit(), draft)
                .await
                .map(drop)
        });
        tokio::task::yield_now().await;
        asking.abort();
        let _ = asking.await;
    }
    gateway.close().await;
    let summary = book.verify().await;
    appended += summary.kinds.get(&Kind::Decision).copied().unwrap_or(0);
    assert_eq!(
        summary.kinds.get(&Kind::Release).copied().unwrap_or(0),
        appended
    );
    assert_eq!(summary.open_releases, 0);
}

async fn a_release_that_lives_is_never_an_orphan(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let recorded = gateway.release().await.unwrap();
    let receipt = *recorded.receipt();
    // Its own gateway never takes it for one, however long it lasts and however rare its beats.
    book.clock.advance_ms(10 * crate::bounds::GATEWAY_DEAD_MS);
    assert_eq!(gateway.ledger.close_orphans().await.unwrap(), 0);
    if engine == Engine::Postgres {
        // Nor does another, even when it was opened only now.
        let young = book.open().await;
        let fresh = young.release().await.unwrap();
        gateway.ledger.beat().await.unwrap();
        let third = book.open().await;
        assert_eq!(third.ledger.close_orphans().await.unwrap(), 0);
        drop(fresh);
        young.close().await;
    }
    recorded
        .into_closing()
        .finish(&Report::nothing(200, End::Complete));
    assert_eq!(
        closing_of(&gateway, &receipt).await.einde,
        Some(End::Complete)
    );
    assert_eq!(book.verify().await.open_releases, 0);
}

async fn there_is_room_for_every_closing_entry(engine: Engine) {
    let book = Book::new(engine).await;
    let gateway = book.open().await;
    let mut open = Vec::new();
    for _ in 0..600 {
        open.push(gateway.release().await.unwrap());
    }
    drop(open);
    gateway.close().await;
    let summary = book.verify().await;
    assert_eq!(
        (summary.kinds[&Kind::Release], summary.open_releases),
        (600, 0)
    );
}

#[tokio::test]
async fn a_second_closing_is_ignored() {
    let book = Book::new(Engine::Postgres).await;
    let (slow, other) = (book.open().await, book.open().await);
    slow.ledger.beat().await.unwrap();
    let recorded = slow.release().await.unwrap();
    let receipt = *recorded.receipt();
    // A gateway that was silent for too long is taken for dead; then it comes back.
    book.clock.advance_ms(crate::bounds::GATEWAY_DEAD_MS + 1);
    assert_eq!(other.ledger.close_orphans().await.unwrap(), 1);
    recorded
        .into_closing()
        .finish(&Report::nothing(200, End::Complete));
    slow.close().await;
    assert_eq!(closing_of(&other, &receipt).await.einde, Some(End::Unknown));
    let summary = book.verify().await;
    assert_eq!(
        (summary.kinds[&Kind::Release], summary.open_releases),
        (1, 0)
    );
}

#[tokio::test]
async fn releases_beyond_the_bound_are_refused_early() {
    let book = Book::new(Engine::Sqlite).await;
    let gateway = book.open().await;
    let mut waiting = Vec::new();
    for _ in 0..=crate::bounds::OPEN_RELEASES {
        let draft = gateway.permit_draft(crate::ledger::testing::unseen()).await;
        let ledger = gateway.ledger.clone();
        waiting.push(tokio::spawn(async move {
            ledger
                .release(crate::policy::testing::permit(), draft)
                .await
        }));
    }
    let (mut open, mut refused) = (Vec::new(), 0);
    for one in waiting {
        match one.await.unwrap() {
            Ok(recorded) => open.push(recorded),
            Err(why) => {
                assert_eq!(why, crate::ledger::NotAppended::Overloaded);
                refused += 1;
            }
        }
    }
    assert_eq!((open.len(), refused), (crate::bounds::OPEN_RELEASES, 1));
    drop(open);
    gateway.close().await;
    assert_eq!(book.verify().await.open_releases, 0);
}

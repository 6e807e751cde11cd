//! Every durable step fails in every way: the whole book is verified after each, and nothing that was
//! acknowledged is missing (SECURITY 4, 6).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::{Clock as _, Moment};
use crate::domain::{OwnerId, Ownership};
use crate::ledger::entry::{End, Kind};
use crate::ledger::testing::{Book, Gateway, address, oin, token, unseen};
use crate::ledger::{Claims, Failure, NotAppended, Receipt, Recorded, Report};
use crate::store::Change;
use crate::store::faults::{Fault, STEPS, Step};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(whatever_fails_the_book_is_whole_and_nobody_was_told_too_much);

const MILLIS_OF_A_YEAR: i64 = 366 * 24 * 3_600_000;

/// One book through all failures, and what was acknowledged of it.
struct Trial {
    engine: Engine,
    book: Book,
    acknowledged: Vec<Receipt>,
    tokens: u8,
    /// A release whose end is still to come.
    pending: Option<Recorded>,
}

impl Trial {
    /// Does what leads a batch through this step. `Ok(None)` where nobody waits for an entry.
    async fn act(
        &mut self,
        gateway: &Gateway,
        step: Step,
        claims: Claims,
    ) -> Result<Option<Receipt>, NotAppended> {
        let ledger = &gateway.ledger;
        match step {
            Step::OpenReleases => {
                let recorded = gateway.release().await?;
                let receipt = *recorded.receipt();
                let nothing = Report::nothing(502, End::BrokenByProvider);
                recorded.into_closing().finish(&nothing);
                self.until_closed(gateway).await;
                Ok(Some(receipt))
            }
            Step::CloseReleases => {
                drop(self.pending.take());
                self.until_closed(gateway).await;
                Ok(None)
            }
            Step::Apply => {
                let owners = BTreeSet::from([OwnerId::parse("e-1").unwrap()]);
                let owned = Ownership {
                    from: Moment::EPOCH,
                    owners,
                    recorded_at: 0,
                };
                let change = Some(Change::Owners(address(1), owned));
                let entry = gateway.entry(Kind::Owners);
                let draft = gateway.draft(entry, claims, unseen(), change).await;
                ledger.append(draft).await.map(Some)
            }
            Step::ChangeDocuments => {
                let done = ledger.change_documents(oin(1), Vec::new(), true, claims);
                done.await.map(|_| None)
            }
            Step::Heartbeat => ledger.beat().await.map(|()| None),
            Step::KeepKey => {
                // Another year has another key.
                self.book.clock.advance_ms(MILLIS_OF_A_YEAR);
                let mut entry = Box::new(gateway.entry(Kind::Search));
                entry.reden = Some("SLEUTEL".to_owned());
                let personal = crate::ledger::seal::Personal::none().with("zaak", "Z-1");
                let owner = crate::ledger::seal::Owner::Address(address(1));
                let draft = ledger.draft(entry, &personal, owner, claims, unseen(), None);
                ledger.append(draft.await?).await.map(Some)
            }
            _ => {
                let draft = gateway.draft(gateway.entry(Kind::Search), claims, unseen(), None);
                ledger.append(draft.await).await.map(Some)
            }
        }
    }

    /// Nobody waits for a closing entry, and it must come all the same.
    async fn until_closed(&self, gateway: &Gateway) {
        for _ in 0..200 {
            let _ = gateway.ledger.beat().await;
            if self.book.verify().await.open_releases == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no closing entry came");
    }

    /// Brings the book to where the next batch takes this step.
    async fn prepare(&mut self, gateway: &Gateway, step: Step) {
        match step {
            Step::InsertTile => {
                let size = usize::try_from(self.book.verify().await.size).unwrap();
                gateway.grow(255 - size % 256).await;
            }
            Step::CloseReleases => {
                let recorded = gateway.release().await.unwrap();
                self.acknowledged.push(*recorded.receipt());
                self.pending = Some(recorded);
            }
            _ => {}
        }
    }

    fn claims(&mut self) -> Claims {
        self.tokens += 1;
        token(
            self.tokens,
            self.book.clock.now().plus_ms(4 * MILLIS_OF_A_YEAR),
        )
    }

    /// The whole book is good, and holds what was acknowledged.
    async fn check(&self, gateway: &Gateway, what: &str) -> u64 {
        let size = self.book.verify().await.size;
        for receipt in &self.acknowledged {
            let found = gateway.ledger.find_at(receipt.index).await.unwrap();
            let there = found.map(|found| found.entry.transactie);
            assert_eq!(there, Some(receipt.transaction), "{what}");
        }
        size
    }

    async fn fail(&mut self, gateway: Gateway, step: Step, fault: Fault) -> Gateway {
        let what = format!("{step:?} {fault:?}");
        self.prepare(&gateway, step).await;
        let before = self.check(&gateway, &what).await;
        let claims = self.claims();
        gateway.store.faults.arm(step, fault);
        let done = self.act(&gateway, step, claims).await;
        assert!(
            !gateway.store.faults.is_armed(),
            "{what}: the step was never taken"
        );

        let lost_commit = step == Step::Commit && fault == Fault::Happened;
        let told = match (step, self.engine) {
            (Step::CloseReleases, _) => Ok(()),
            // Whether it happened is found out by reading, before anybody is told.
            (_, Engine::Postgres) if lost_commit => Ok(()),
            _ => Err(NotAppended::Unavailable),
        };
        assert_eq!(done.as_ref().map(drop), told.as_ref().map(drop), "{what}");
        self.acknowledged.extend(done.ok().flatten());

        let gateway = if step == Step::Commit && self.engine == Engine::Sqlite {
            // A disk whose commits fail is not to be believed: the process ends, the next one reads.
            let failed = tokio::time::timeout(Duration::from_secs(1), gateway.ledger.failed());
            assert_eq!(failed.await, Ok(Failure::Storage), "{what}");
            gateway.close().await;
            self.book.open().await
        } else {
            gateway
        };
        let after = self.check(&gateway, &what).await;
        let grown = match (step, lost_commit) {
            (Step::CloseReleases, _) | (_, true) => 1,
            _ => 0,
        };
        assert_eq!(after - before, grown, "{what}");

        // What was given up took nothing with it: the same token is good for the same thing.
        let again = self.act(&gateway, step, claims).await;
        if lost_commit {
            assert_eq!(again, Err(NotAppended::TokenUsed), "{what}");
        } else {
            self.acknowledged.extend(again.unwrap());
        }
        self.check(&gateway, &what).await;
        gateway
    }
}

async fn whatever_fails_the_book_is_whole_and_nobody_was_told_too_much(engine: Engine) {
    let book = Book::new(engine).await;
    let mut gateway = book.open().await;
    let mut trial = Trial {
        engine,
        book,
        acknowledged: Vec::new(),
        tokens: 0,
        pending: None,
    };
    trial.acknowledged.push(gateway.append_plain().await);
    for step in STEPS {
        for fault in [Fault::Failed, Fault::Happened] {
            gateway = trial.fail(gateway, step, fault).await;
        }
    }
    gateway.close().await;
    trial.book.verify().await;
}

//! A book on a real database, for tests: opened as often as wanted, and verified whole after each.

use std::path::Path;
use std::sync::Arc;

use super::entry::{Act, Entry, Kind, Outcome};
use super::seal::{Owner, Personal};
use super::verify::{self, DatabaseBook, Summary, Wrong};
use super::{
    Agreed, Claims, Draft, Keys, Ledger, NotAppended, OpenError, Receipt, Recorded, Seen, permitted,
};
use crate::clock::{Clock, FixedClock, Moment, Random, SystemRandomness};
use crate::domain::{AddressId, Oin, Sha256, TransactionId};
use crate::policy::testing::permit;
use crate::policy::{Agreement, ProofRecord};
use crate::store::testing::{Database, Engine};
use crate::store::tests::settings;
use crate::store::{Change, ClaimedToken, Loaded, Store};

pub(crate) const ORIGIN: &str = "sluis.example/logboek";

/// A database with an empty book, its keys, and a clock that stands still.
pub(crate) struct Book {
    pub(crate) database: Database,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) random: Arc<dyn Random>,
    keys: tempfile::TempDir,
}

/// A gateway's hold on the book.
pub(crate) struct Gateway {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    clock: Arc<FixedClock>,
}

impl Book {
    pub(crate) async fn new(engine: Engine) -> Self {
        let database = Database::new(engine).await;
        let keys = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
        let (key, master) = (keys.path().join("log.key"), keys.path().join("master.key"));
        let empty = Keys::create(&key, &master, ORIGIN, &*random).unwrap();
        Store::create(&settings(&database), &empty).await.unwrap();
        let clock = FixedClock::at(Moment::parse("2026-11-21T12:00:00Z").unwrap());
        Self {
            database,
            clock,
            random,
            keys,
        }
    }

    pub(crate) fn keys(&self) -> Keys {
        let folder = self.keys.path();
        Keys::read(&folder.join("log.key"), &folder.join("master.key"), ORIGIN).unwrap()
    }

    /// Leaves the file of SQLite and the keys in a folder; no gateway may have it open.
    pub(crate) fn copy_to(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let from = self.database.url().trim_start_matches("sqlite:");
        std::fs::copy(from, folder.join("ledger.db")).unwrap();
        for key in ["log.key", "master.key"] {
            std::fs::copy(self.keys.path().join(key), folder.join(key)).unwrap();
        }
    }

    pub(crate) async fn try_open(&self) -> Result<Gateway, OpenError> {
        self.try_open_with(self.keys()).await
    }

    /// The same with other keys than those that the book was made with.
    pub(crate) async fn try_open_with(&self, keys: Keys) -> Result<Gateway, OpenError> {
        let store = Store::open(settings(&self.database)).await?;
        let clock: Arc<dyn Clock> = self.clock.clone();
        let ledger = Ledger::open(store.clone(), keys, clock, self.random.clone()).await?;
        Ok(Gateway {
            store,
            ledger,
            clock: self.clock.clone(),
        })
    }

    pub(crate) async fn open(&self) -> Gateway {
        self.try_open().await.unwrap()
    }

    /// The keys with another signing key of the same name, which is made where it is not there yet, in the
    /// place of the first (`alone`) or beside it.
    pub(crate) fn next_keys(&self, alone: bool) -> Keys {
        let folder = self.keys.path();
        let (next, master) = (folder.join("next.key"), folder.join("master.key"));
        if !next.exists() {
            Keys::create_signer(&next, ORIGIN, &*self.random).unwrap();
        }
        if alone {
            Keys::read(&next, &master, ORIGIN).unwrap()
        } else {
            self.keys().with_next(Some(&next)).unwrap()
        }
    }

    pub(crate) async fn try_verify(&self) -> Result<Summary, Wrong> {
        let store = Store::open_for_reading(settings(&self.database))
            .await
            .unwrap();
        let verifier = self.keys().signer.verifier();
        verify::run(&DatabaseBook::new(store), &verifier, |_| {}).await
    }

    /// The whole book must be good after every test.
    pub(crate) async fn verify(&self) -> Summary {
        self.try_verify().await.unwrap()
    }
}

impl Gateway {
    pub(crate) fn id(&self) -> TransactionId {
        TransactionId::new(self.clock.now(), &SystemRandomness::default()).unwrap()
    }

    pub(crate) fn entry(&self, kind: Kind) -> Entry {
        Entry::new(kind, self.clock.now(), self.id())
    }

    /// A draft with a sealed case number at this address.
    pub(crate) async fn draft(
        &self,
        entry: Entry,
        claims: Claims,
        seen: Seen,
        change: Option<Change>,
    ) -> Draft {
        let personal = Personal::none().with("zaak", "Z-2026-001");
        let owner = Owner::Address(address(1));
        self.ledger
            .draft(Box::new(entry), &personal, owner, claims, seen, change)
            .await
            .unwrap()
    }

    /// A draft of a search, which asks nothing of anything.
    pub(crate) async fn plain(&self) -> Draft {
        self.draft(self.entry(Kind::Search), Claims::default(), unseen(), None)
            .await
    }

    pub(crate) async fn append_plain(&self) -> Receipt {
        self.ledger.append(self.plain().await).await.unwrap()
    }

    /// Appends this many entries, many at a time.
    pub(crate) async fn grow(&self, entries: usize) {
        let mut waiting = Vec::new();
        for _ in 0..entries {
            let (ledger, draft) = (self.ledger.clone(), self.plain().await);
            waiting.push(tokio::spawn(
                async move { ledger.append(draft).await.unwrap() },
            ));
        }
        for one in waiting {
            one.await.unwrap();
        }
    }

    /// A permit of a download, on the newest facts of address 1.
    pub(crate) async fn permit_draft(&self, seen: Seen) -> Draft {
        let mut entry = self.entry(Kind::Decision);
        permitted(&mut entry, &permit(), Act::Download);
        entry.gezien = seen.address.as_ref().map(|loaded| loaded.facts.version);
        self.draft(entry, Claims::default(), seen, None).await
    }

    pub(crate) async fn release(&self) -> Result<Recorded, NotAppended> {
        let draft = self.permit_draft(unseen()).await;
        self.ledger.release(permit(), draft).await
    }

    pub(crate) async fn facts(&self, at: AddressId) -> Arc<Loaded> {
        self.store.address(at).await.unwrap()
    }

    /// A refusal on these facts.
    pub(crate) async fn refusal(&self, seen: Seen) -> Draft {
        let mut entry = self.entry(Kind::Decision);
        entry.uitkomst = Some(Outcome::Refused);
        entry.gezien = seen.address.as_ref().map(|loaded| loaded.facts.version);
        self.draft(entry, Claims::default(), seen, None).await
    }

    /// Gives everything up and waits until the writer is gone.
    pub(crate) async fn close(self) {
        drop(self.store);
        self.ledger.close().await;
    }
}

pub(crate) fn unseen() -> Seen {
    Seen::nothing()
}

pub(crate) fn address(last: u8) -> AddressId {
    AddressId::parse(&format!("001420000000000{last}")).unwrap()
}

pub(crate) fn oin(last: u8) -> Oin {
    Oin::parse(&format!("0000000181234567800{last}")).unwrap()
}

pub(crate) fn token(tag: u8, until: Moment) -> Claims {
    Claims {
        token: Some(ClaimedToken {
            tag: [tag; 32],
            until,
        }),
        transaction: None,
    }
}

/// An agreement on a bundle, by nobody.
pub(crate) fn agreed(bundle: Sha256, from: Moment) -> Agreed {
    let proof = ProofRecord::of_ids(bundle, Vec::new());
    Agreed {
        agreement: Agreement::told(bundle, "titel".to_owned(), proof, from, None),
        files: "{}".into(),
        signatures: Vec::new(),
    }
}

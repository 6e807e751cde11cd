//! Commits of unknown outcome, a database that stalls or dies, a disk that fails (SECURITY 4, 6).

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::ledger::entry::{End, Kind};
use crate::ledger::testing::{Book, token, unseen};
use crate::ledger::{Failure, Ledger, NotAppended, Report};
use crate::store::testing::Engine;
use crate::store::{Location, Settings, Store};

/// What the road to PostgreSQL does with the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Road {
    Open,
    /// The commit arrives, its answer does not.
    LosesTheAnswer,
    /// The commit does not even arrive.
    LosesTheCommit,
}

/// A road to the database that can break at a commit; it takes connections for ever.
struct Breaking {
    port: u16,
    road: Arc<AtomicU8>,
}

impl Breaking {
    async fn to(socket: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let road = Arc::new(AtomicU8::new(Road::Open as u8));
        let state = road.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(carry(client, server, state.clone()));
            }
        });
        Self { port, road }
    }

    fn becomes(&self, road: Road) {
        self.road.store(road as u8, Ordering::SeqCst);
    }

    fn is(&self, road: Road) -> bool {
        self.road.load(Ordering::SeqCst) == road as u8
    }
}

/// Carries messages of PostgreSQL's protocol, version 3, and knows a commit when it sees one: the
/// binding of the statement that was prepared with that text.
async fn carry(client: TcpStream, server: UnixStream, road: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut commit = Vec::new();
    let mut first = true;
    loop {
        let mut head = vec![0; if first { 4 } else { 5 }];
        if from_client.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
        let mut body = vec![0; length as usize - 4];
        from_client.read_exact(&mut body).await.unwrap();
        let mut texts = body.split(|byte| *byte == 0);
        if !first {
            match head[0] {
                b'P' => {
                    let name = texts.next().unwrap().to_vec();
                    if texts.next() == Some(b"commit") {
                        commit = name;
                    }
                }
                b'B' if texts.nth(1) == Some(&commit) && !commit.is_empty() => {
                    let state = road.swap(Road::Open as u8, Ordering::SeqCst);
                    if state == Road::LosesTheCommit as u8 {
                        back.abort();
                        return;
                    }
                    if state == Road::LosesTheAnswer as u8 {
                        back.abort();
                        let _ = back.await;
                        to_server.write_all(&head).await.unwrap();
                        to_server.write_all(&body).await.unwrap();
                        // What follows: execute and sync. Then nothing more is heard.
                        let mut rest = vec![0; 64];
                        let more = from_client.read(&mut rest).await.unwrap();
                        to_server.write_all(&rest[..more]).await.unwrap();
                        to_server.flush().await.unwrap();
                        tokio::time::sleep(Duration::from_millis(150)).await;
                        return;
                    }
                }
                _ => {}
            }
        }
        first = false;
        to_server.write_all(&head).await.unwrap();
        to_server.write_all(&body).await.unwrap();
    }
}

/// A ledger that reaches its database over a road that can break.
async fn over_a_breaking_road(book: &Book) -> (Breaking, Ledger) {
    let url = book.database.url();
    let (name, parameters) = url
        .trim_start_matches("postgres:///")
        .split_once("?host=")
        .expect("a server of our own");
    let (folder, user) = parameters.split_once("&user=").unwrap();
    let road = Breaking::to(format!("{folder}/.s.PGSQL.5432")).await;
    let location = Location::Postgres(format!(
        "postgres://{user}@127.0.0.1:{}/{name}?sslmode=disable",
        road.port
    ));
    let store = Store::open(Settings {
        location,
        password: None,
    })
    .await
    .unwrap();
    let ledger = Ledger::open(store, book.keys(), book.clock.clone(), book.random.clone())
        .await
        .unwrap();
    (road, ledger)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outcome_of_a_lost_commit_is_found_out_before_anyone_is_answered() {
    if std::env::var_os("SLUIS_TEST_POSTGRES").is_some() {
        return; // The road leads to the socket of a server of our own.
    }
    let book = Book::new(Engine::Postgres).await;
    let drafts = book.open().await;
    let (road, ledger) = over_a_breaking_road(&book).await;
    let mut size = 0;
    for (breaks, expected) in [
        (Road::Open, Ok(())),
        (Road::LosesTheCommit, Err(NotAppended::Unavailable)),
        (Road::LosesTheAnswer, Ok(())),
        (Road::Open, Ok(())),
    ] {
        road.becomes(breaks);
        let draft = drafts.plain().await;
        let appended = ledger.append(draft).await;
        assert!(road.is(Road::Open), "the road broke");
        assert_eq!(appended.map(drop), expected, "{breaks:?}");
        if let Ok(receipt) = appended {
            assert_eq!(receipt.index, size);
            size += 1;
        }
        assert_eq!(book.verify().await.size, size, "{breaks:?}");
        assert_eq!(ledger.size(), size);
    }
    // A closing entry survives both: nobody waits for it, and it must come all the same.
    for breaks in [Road::LosesTheCommit, Road::LosesTheAnswer] {
        let draft = drafts.permit_draft(unseen()).await;
        let recorded = ledger
            .release(crate::policy::testing::permit(), draft)
            .await
            .unwrap();
        assert_eq!(book.verify().await.open_releases, 1);
        road.becomes(breaks);
        recorded
            .into_closing()
            .finish(&Report::nothing(200, End::Complete));
        let began = Instant::now();
        while book.verify().await.open_releases > 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "{breaks:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(road.is(Road::Open), "the road broke");
    }
    assert_eq!(book.verify().await.kinds[&Kind::Release], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stalls_or_hangs_up_is_a_refusal_and_heals() {
    let book = Book::new(Engine::Postgres).await;
    let (gateway, other) = (book.open().await, book.open().await);
    gateway.append_plain().await;
    for hang_up in [true, false] {
        // Somebody holds the head and does not let go.
        let mut writer = other.store.writer().await.unwrap();
        let (batch, _head) = writer.begin().await.unwrap();
        let (ledger, draft) = (gateway.ledger.clone(), gateway.plain().await);
        let began = Instant::now();
        let waiting = tokio::spawn(async move { ledger.append(draft).await });
        if hang_up {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let killed = "select pg_terminate_backend(pid) from pg_stat_activity \
                          where wait_event_type = 'Lock' and datname = current_database()";
            book.database.run(killed).await;
        }
        assert_eq!(
            waiting.await.unwrap(),
            Err(NotAppended::Unavailable),
            "hang up: {hang_up}"
        );
        assert!(
            began.elapsed() < crate::bounds::COMMIT * 2,
            "{:?}",
            began.elapsed()
        );
        batch.roll_back().await.unwrap();
        assert_eq!(book.verify().await.size, gateway.append_plain().await.index);
    }
    assert_eq!(gateway.ledger.figures().failures(), 2);
    assert_eq!(book.verify().await.size, 3);
}

/// A gateway that freezes inside a batch must not hold up all the others for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_gateway_loses_the_head() {
    let book = Book::new(Engine::Postgres).await;
    let (gateway, frozen) = (book.open().await, book.open().await);
    // The key of the openings is made now; later it could not be.
    drop(gateway.plain().await);
    let mut writer = frozen.store.writer().await.unwrap();
    let (batch, _head) = writer.begin().await.unwrap();
    let began = Instant::now();
    loop {
        let draft = gateway.plain().await;
        match gateway.ledger.append(draft).await {
            Ok(_) => break,
            Err(why) => assert_eq!(why, NotAppended::Unavailable),
        }
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "the head is never let go"
        );
    }
    // When it wakes up, it can no longer write.
    assert!(batch.commit().await.is_err());
    assert_eq!(book.verify().await.size, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_failure_of_the_disk_is_fatal() {
    let book = Book::new(Engine::Sqlite).await;
    book.open().await.close().await;
    let path = book.database.url().trim_start_matches("sqlite:").to_owned();
    // The page under the index of transactions goes bad; the start does not read it.
    let root = "update head set facts_epoch = \
                (select rootpage from sqlite_schema where name = 'entries_transactie')";
    book.database.run(root).await;
    let store = Store::open_for_reading(crate::store::tests::settings(&book.database)).await;
    let page = usize::try_from(store.unwrap().head().await.unwrap().facts_epoch).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();

    let gateway = book.open().await;
    let until = crate::clock::Clock::now(&*book.clock).plus_ms(1_000);
    let claims = token(1, until);
    let draft = gateway
        .draft(gateway.entry(Kind::Search), claims, unseen(), None)
        .await;
    assert_eq!(
        gateway.ledger.append(draft).await,
        Err(NotAppended::Unavailable)
    );
    let failed = tokio::time::timeout(Duration::from_secs(1), gateway.ledger.failed()).await;
    assert_eq!(failed, Ok(Failure::Storage), "within a second");
    let next = gateway.ledger.claim(claims).await;
    assert_eq!(
        next,
        Err(NotAppended::Unavailable),
        "nothing is accepted any more"
    );
    gateway.close().await;
    assert_eq!(book.verify().await.size, 0);
}

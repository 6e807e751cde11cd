//! SQLite's journal is moved into its file while the writer stays open.

use std::path::Path;
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use super::super::journal::Journal;
use super::super::testing::{Database, Engine};
use super::super::{Location, Once, Settings};
use super::{fresh, settings};
use crate::clock::Moment;

const TAG: [u8; 32] = *b"a tag that is found in the bytes";

fn file(database: &Database) -> &Path {
    Path::new(database.url().trim_start_matches("sqlite:"))
}

fn holds(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(TAG.len()).any(|part| part == TAG)
}

/// Asks again until it is so. That it stays untrue ends the test, not a wrong result.
async fn until(mut is_so: impl FnMut() -> bool) {
    let is_so = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_so)
        .await
        .expect("it became so in time");
}

#[tokio::test]
async fn what_is_committed_is_moved_beside_the_writer() {
    let (database, store) = fresh(Engine::Sqlite).await;
    let mut writer = store.writer().await.unwrap();
    let (mut batch, _head) = writer.begin().await.unwrap();
    let token = (Once::Token(TAG), Moment::EPOCH);
    batch.use_up(&[token]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!holds(file(&database)), "moved before it was committed");
    batch.commit().await.unwrap();
    until(|| holds(file(&database))).await;
    writer.close().await;
}

#[tokio::test]
async fn whoever_has_the_turn_moves_it_alone() {
    let (database, _store) = fresh(Engine::Sqlite).await;
    let journal = Journal::keep(settings(&database));
    let turn = journal.turn().await;
    let mut other = SqliteConnection::connect(database.url()).await.unwrap();
    let sql = "insert into used (what, until) values ($1, 0)";
    let insert = sqlx::query(sql).bind(&TAG[..]);
    insert.execute(&mut other).await.unwrap();
    journal.note_commit();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!holds(file(&database)), "moved out of turn");
    drop(turn);
    until(|| holds(file(&database))).await;
    journal.close().await;
}

#[tokio::test]
async fn a_file_that_fails_under_it_is_told_to_the_writer_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ledger.db");
    std::fs::write(&path, [0x5a; 8192]).unwrap();
    let url = format!("sqlite:{}", path.display());
    let journal = Journal::keep(Settings {
        location: Location::parse(&url, Path::new("/")).unwrap(),
        password: None,
    });
    assert!(journal.take_failure().is_none());
    journal.note_commit();
    let mut failure = None;
    until(|| {
        failure = journal.take_failure();
        failure.is_some()
    })
    .await;
    assert!(failure.unwrap().is_disk_failure());
    assert!(journal.take_failure().is_none());
    journal.close().await;
}

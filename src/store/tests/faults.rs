//! What a failure of the database means, on real failures.

use std::path::Path;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use super::super::testing::Engine;
use super::super::{StoreError, failed};
use super::fresh;
use crate::domain::TransactionId;

fn database_error(error: sqlx::Error) -> StoreError {
    failed("do it")(error)
}

/// Damages the pages of a table, which SQLite notices when it reads them.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    for page in bytes.chunks_mut(4096).skip(1) {
        page[..8].fill(0xff);
    }
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_failure_of_sqlite_is_told_apart_by_its_code() {
    // What happened, whether the disk itself failed, whether a commit certainly did not happen.
    for (what, disk, certain) in [
        ("full", false, true),
        ("read-only", false, true),
        ("busy", false, true),
        ("constraint", false, false),
        ("damaged", true, false),
        ("no database", true, false),
    ] {
        let (database, store) = fresh(Engine::Sqlite).await;
        drop(store);
        let path = database.url().trim_start_matches("sqlite:");
        let connect = async || SqliteConnection::connect(database.url()).await.unwrap();
        let mut conn = connect().await;
        let mut other = connect().await;
        let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) \
                    insert into used select randomblob(500), i from n";
        let error = match what {
            "full" => {
                conn.execute("pragma max_page_count = 60").await.unwrap();
                conn.execute(many).await.unwrap_err()
            }
            "read-only" => {
                conn.execute("pragma query_only = on").await.unwrap();
                conn.execute("delete from head").await.unwrap_err()
            }
            "busy" => {
                other.execute("begin immediate").await.unwrap();
                conn.execute("pragma busy_timeout = 1").await.unwrap();
                conn.execute("begin immediate").await.unwrap_err()
            }
            "constraint" => conn
                .execute("insert into head values (1, 0, '', 0, 0)")
                .await
                .unwrap_err(),
            _ => {
                conn.execute("pragma wal_checkpoint(truncate)")
                    .await
                    .unwrap();
                conn.close().await.unwrap();
                other.close().await.unwrap();
                other = connect().await;
                if what == "damaged" {
                    damage(Path::new(path));
                } else {
                    std::fs::write(path, [0x5a; 8192]).unwrap();
                }
                other.execute("select * from head").await.unwrap_err()
            }
        };
        let error = database_error(error);
        assert_eq!(error.is_disk_failure(), disk, "{what}: {error:?}");
        assert_eq!(error.is_certain(), certain, "{what}: {error:?}");
    }
}

#[tokio::test]
async fn a_code_of_postgres_is_never_read_as_one_of_sqlite() {
    let (database, _store) = fresh(Engine::Postgres).await;
    let mut conn = PgConnection::connect(database.url()).await.unwrap();
    // Codes that leave 5, 8, 10, 11 and 13 when cut to the eight bits SQLite's codes have.
    for code in ["22021", "22024", "22026", "22027", "22029"] {
        let sql = format!("do $$ begin raise exception 'x' using errcode = '{code}'; end $$");
        let error = conn.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_err();
        let error = database_error(error);
        assert!(!error.is_certain(), "{code}");
        assert!(!error.is_disk_failure(), "{code}");
    }
}

#[tokio::test]
async fn a_batch_that_is_dropped_leaves_nothing_behind() {
    for engine in super::super::testing::ENGINES {
        let (_database, store) = fresh(engine).await;
        let mut writer = store.writer().await.unwrap();
        let token = super::super::Once::Token([7; 32]);
        let claimed = (token, crate::clock::Moment::EPOCH);
        for round in ["dropped", "rolled back", "committed", "known"] {
            let (mut batch, _head) = writer.begin().await.unwrap();
            let unused = batch.unused(&[token, token]).await.unwrap();
            let is_known = round == "known";
            assert_eq!(unused.is_empty(), is_known, "{engine:?} {round}");
            if !is_known {
                batch.use_up(&[claimed]).await.unwrap();
            }
            match round {
                "dropped" => drop(batch),
                "rolled back" => batch.roll_back().await.unwrap(),
                _ => batch.commit().await.unwrap(),
            }
        }
    }
}

#[tokio::test]
async fn an_index_that_is_taken_is_never_passed_over() {
    for engine in super::super::testing::ENGINES {
        let (_database, store) = fresh(engine).await;
        let mut writer = store.writer().await.unwrap();
        let (mut batch, _head) = writer.begin().await.unwrap();
        let row = |index: u64, entry: &'static [u8]| super::super::EntryRow {
            index,
            transaction: TransactionId::from_bytes([7; 16]),
            entry,
            opening: None,
        };
        let rows = [row(0, b"one"), row(1, b"two"), row(2, b"three")];
        batch.insert_entries(&rows).await.unwrap();
        batch.settle().await.unwrap();
        for rows in [
            &[row(2, b"another")][..],
            &[row(3, b"four"), row(1, b"two")],
        ] {
            let refused = match batch.insert_entries(rows).await {
                Ok(()) => batch.settle().await,
                refused => refused,
            };
            let touched = rows.len() as u64 - 1;
            assert!(
                matches!(refused, Err(StoreError::RowsTouched { touched: found, .. }) if found == touched),
                "{engine:?}: {refused:?}"
            );
        }
        let noted = [(5, TransactionId::from_bytes([7; 16]))];
        batch.open_releases(&noted, [1; 16]).await.unwrap();
        batch.settle().await.unwrap();
        let again = match batch.open_releases(&noted, [1; 16]).await {
            // Held back or not: it is never committed.
            Ok(()) => batch.commit().await,
            again => again,
        };
        assert!(
            matches!(again, Err(StoreError::RowsTouched { .. })),
            "{engine:?}"
        );
    }
}

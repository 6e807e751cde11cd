//! How many bytes a book takes, everything included: tables, indexes, what was used.

use sluis::store::{Location, Settings};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

/// The bytes of the whole database, as it says itself; pages that hold nothing do not count.
pub(crate) async fn bytes(settings: &Settings) -> u64 {
    let bytes: i64 = match &settings.location {
        Location::Sqlite(path) => {
            let url = format!("sqlite:{}?mode=ro", path.display());
            let mut database = SqliteConnection::connect(&url).await.unwrap();
            let size = "select (page_count - freelist_count) * page_size \
                        from pragma_page_count, pragma_freelist_count, pragma_page_size";
            sqlx::query_scalar(size).fetch_one(&mut database).await
        }
        Location::Postgres(url) => {
            let mut database = PgConnection::connect(url).await.unwrap();
            let size = "select pg_database_size(current_database())";
            sqlx::query_scalar(size).fetch_one(&mut database).await
        }
    }
    .unwrap();
    bytes.try_into().unwrap()
}

/// What filling the book left for the database to do afterwards is done now: it is no part of what an
/// append costs.
pub(crate) async fn settle(settings: &Settings) {
    if let Location::Postgres(url) = &settings.location {
        let mut database = PgConnection::connect(url).await.unwrap();
        for sql in ["vacuum (analyze)", "checkpoint"] {
            sqlx::query(sql).execute(&mut database).await.unwrap();
        }
    }
}

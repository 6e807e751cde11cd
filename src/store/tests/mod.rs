//! The store on both engines.

mod documents;
mod faults;
mod journal;
mod opening;
mod statements;

use std::path::Path;

use super::testing::{Database, Engine};
use super::{Location, Settings, Store};

/// Makes a test of each function: once on SQLite, once on PostgreSQL.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* $name:ident),+ $(,)?) => {$(
        mod $name {
            use $crate::store::testing::Engine;

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Engine::Sqlite).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Engine::Postgres).await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

pub(crate) fn settings(database: &Database) -> Settings {
    let location = Location::parse(database.url(), Path::new("/")).unwrap();
    Settings {
        location,
        password: None,
    }
}

/// A database with the tables and an empty head, and the store over it.
async fn fresh(engine: Engine) -> (Database, Store) {
    let database = Database::new(engine).await;
    Store::create(&settings(&database), "checkpoint of nothing")
        .await
        .unwrap();
    let store = Store::open(settings(&database)).await.unwrap();
    (database, store)
}

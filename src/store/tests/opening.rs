//! Making and opening the database: what is missing, in use or not durable is refused (SECURITY 2,
//! 3, 7, 20).

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection};

use super::super::open::open_to_others;
use super::super::testing::{Database, Engine};
use super::super::{Durability, Location, OpenError, Store, on, sql};
use super::{fresh, on_both_engines, settings};

on_both_engines!(
    a_missing_ledger_is_an_error_and_not_made,
    a_ledger_is_never_made_twice,
    another_version_of_the_tables_is_refused,
    it_opens_for_reading_beside_a_gateway,
    looking_leaves_no_trace,
);

async fn a_missing_ledger_is_an_error_and_not_made(engine: Engine) {
    let database = Database::new(engine).await;
    for _ in 0..2 {
        let error = Store::open(settings(&database)).await.unwrap_err();
        assert!(matches!(error, OpenError::Missing(_)), "{error}");
        let error = Store::open_for_reading(settings(&database))
            .await
            .unwrap_err();
        assert!(matches!(error, OpenError::Missing(_)), "{error}");
    }
}

async fn a_ledger_is_never_made_twice(engine: Engine) {
    let (database, store) = fresh(engine).await;
    let error = Store::create(&settings(&database), "another")
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Exists(_)), "{error}");
    assert_eq!(
        store.head().await.unwrap().checkpoint,
        "checkpoint of nothing"
    );
}

async fn another_version_of_the_tables_is_refused(engine: Engine) {
    let (database, store) = fresh(engine).await;
    drop(store);
    database
        .run("update _sqlx_migrations set version = 2")
        .await;
    let error = Store::open(settings(&database)).await.unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Version {
                found: 2,
                expected: 1
            }
        ),
        "{error}"
    );
}

async fn it_opens_for_reading_beside_a_gateway(engine: Engine) {
    let (database, store) = fresh(engine).await;
    let beside = Store::open_for_reading(settings(&database)).await.unwrap();
    assert_eq!(beside.head().await.unwrap(), store.head().await.unwrap());
    let second = Store::open(settings(&database)).await;
    match engine {
        Engine::Sqlite => assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}"),
        Engine::Postgres => assert!(second.is_ok(), "{second:?}"),
    }
    drop((store, second));
    // And alone, with nobody to keep SQLite's companions of the file alive.
    assert_eq!(beside.head().await.unwrap().size, 0);
    drop(beside);
    let alone = Store::open_for_reading(settings(&database)).await.unwrap();
    assert_eq!(alone.head().await.unwrap().size, 0);
}

async fn looking_leaves_no_trace(engine: Engine) {
    let missing = Database::new(engine).await;
    match Store::look(&settings(&missing)).await {
        Err(error) => assert!(matches!(error, OpenError::Missing(_)), "{error}"),
        Ok(looked) => assert!(matches!(looked.schema, Err(OpenError::Missing(_)))),
    }
    let (database, store) = fresh(engine).await;
    let files = || -> Vec<_> {
        let path = Path::new(database.url().trim_start_matches("sqlite:"));
        let folder = path.parent().filter(|_| engine == Engine::Sqlite);
        let mut files: Vec<_> = folder
            .into_iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap())
            .map(|file| file.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    // Beside a gateway that has written, and after it.
    for is_open in [true, false] {
        let mut writer = store.writer().await.unwrap();
        let (batch, _) = writer.begin().await.unwrap();
        batch.commit().await.unwrap();
        if !is_open {
            drop(writer);
        }
        let before = files();
        let looked = Store::look(&settings(&database)).await.unwrap();
        assert!(looked.schema.is_ok(), "{looked:?}");
        assert!(
            looked.durability.iter().all(Durability::is_good),
            "{looked:?}"
        );
        assert_eq!(looked.server.is_some(), engine == Engine::Postgres);
        assert_eq!(
            looked.store.head().await.unwrap(),
            store.head().await.unwrap()
        );
        let pool = looked.store.pool.clone();
        let written = on!(&pool, p => {
            sqlx::query(sql::FORGET_USED).bind(1_i64).execute(p).await.is_ok()
        });
        assert!(!written, "what only looks can write");
        // The index of the journal is memory that all who have the file open share.
        let own = |files: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
            files
                .into_iter()
                .filter(|(path, _)| !path.ends_with("ledger.db-shm"))
                .collect()
        };
        assert_eq!(own(before), own(files()), "{is_open}");
    }
}

#[tokio::test]
async fn settings_that_lose_commits_are_refused() {
    for (setting, value) in [
        ("synchronous_commit", "off"),
        ("synchronous_commit", "local"),
    ] {
        let (database, store) = fresh(Engine::Postgres).await;
        store.assert_durable().await.unwrap();
        let name = database
            .url()
            .trim_start_matches("postgres:///")
            .split('?')
            .next()
            .unwrap();
        database
            .run(&format!("alter database {name} set {setting} = {value}"))
            .await;
        for error in [
            store.assert_durable().await.unwrap_err(),
            Store::open(settings(&database)).await.unwrap_err(),
        ] {
            let OpenError::NotDurable { setting: found, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(found, setting);
        }
    }
    let (database, store) = fresh(Engine::Sqlite).await;
    store.assert_durable().await.unwrap();
    // Ours sets WAL itself, so a file in another mode is put right, and read back.
    drop(store);
    database.run("pragma journal_mode = delete").await;
    Store::open(settings(&database))
        .await
        .unwrap()
        .assert_durable()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_called_missing() {
    let (database, store) = fresh(Engine::Sqlite).await;
    drop(store);
    let path = database.url().trim_start_matches("sqlite:");
    let mut bytes = std::fs::read(path).unwrap();
    bytes[..64].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
    let error = Store::open(settings(&database)).await.unwrap_err();
    assert!(matches!(error, OpenError::Store { .. }), "{error}");
}

#[test]
fn only_two_forms_of_url_are_read() {
    let base = Path::new("/srv/sluis");
    for wrong in [
        "",
        "ledger.db",
        "sqlite:",
        "sqlite::memory:",
        "sqlite:ledger.db?mode=memory",
        "mysql://h/d",
        "postgres://user:geheim@host/db",
        "postgres://host/db?password=geheim",
        "postgres://host:poort/db",
    ] {
        assert!(Location::parse(wrong, base).is_err(), "{wrong}");
    }
    for (url, shown) in [
        ("sqlite:ledger.db", "sqlite:/srv/sluis/ledger.db"),
        ("sqlite:///var/lib/ledger.db", "sqlite:/var/lib/ledger.db"),
        ("postgres://user@host/db", "postgres://user@host/db"),
    ] {
        assert_eq!(format!("{:?}", Location::parse(url, base).unwrap()), shown);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_ledger_are_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;

    let (database, store) = fresh(Engine::Sqlite).await;
    let (mut writer, file) = (store.writer().await.unwrap(), database.url().to_owned());
    let file = Path::new(file.trim_start_matches("sqlite:"));
    let (batch, _) = writer.begin().await.unwrap();
    batch.commit().await.unwrap();
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let modes: Vec<_> = beside
        .map(|found| {
            let found = found.unwrap();
            let mode = found.metadata().unwrap().permissions().mode() & 0o777;
            (found.file_name().into_string().unwrap(), mode)
        })
        .collect();
    assert_eq!(modes.len(), 4, "{modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
    assert!(open_to_others(file).is_empty());

    // Those that others can read already are told of.
    let lock = file.with_added_extension("lock");
    for (path, mode) in [(file, 0o644), (lock.as_path(), 0o620)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    assert_eq!(open_to_others(file), [file, lock.as_path()]);
}

/// As `.cargo/config.toml` asks for it. That `fdatasync` is used SQLite does not tell of itself; it came by the
/// same road.
#[tokio::test]
async fn sqlite_is_compiled_as_it_was_asked_for() {
    let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let options: Vec<String> = sqlx::query_scalar("pragma compile_options")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    let has = |option: &str| options.iter().any(|one| one == option);
    assert!(has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    assert!(has("THREADSAFE=1"), "{options:?}");
}

//! One SQL text for two engines: every statement is prepared and run on both, and both schemas are
//! the same tables.

use std::collections::BTreeSet;

use sqlx::{Connection as _, Either, Executor as _, PgConnection, Row as _};
use sqlx::{SqliteConnection, Statement as _, TypeInfo as _};

use super::super::sql;
use super::super::testing::{Database, Engine};
use super::fresh;

/// How the rows of one statement are spread over its forms: rows and filling of each.
fn parts(sql: &'static sql::Rows, count: usize) -> Vec<(usize, usize)> {
    let rows: Vec<usize> = (0..count).collect();
    let (mut rest, mut parts, mut taken) = (rows.as_slice(), Vec::new(), Vec::new());
    while let Some(part) = sql.part(rest, true) {
        let placeholders = part.sql.matches('$').count();
        let columns = placeholders / (part.rows.len() + part.more);
        assert_eq!(placeholders, columns * (part.rows.len() + part.more));
        assert!(
            part.filling()
                .all(|filler| part.rows.last() == Some(filler))
        );
        parts.push((part.rows.len(), part.filling().count()));
        taken.extend_from_slice(part.rows);
        rest = part.later;
    }
    assert_eq!(taken, rows, "each once and in order");
    parts
}

#[test]
fn many_rows_are_few_statements() {
    for (count, filled_up, exact) in [
        (0, &[][..], &[][..]),
        (1, &[(1, 0)], &[(1, 0)]),
        (5, &[(5, 1)], &[(4, 0), (1, 0)]),
        (17, &[(17, 7)], &[(16, 0), (1, 0)]),
        (128, &[(128, 0)], &[(128, 0)]),
        (
            300,
            &[(128, 0), (128, 0), (44, 4)],
            &[(128, 0), (128, 0), (32, 0), (12, 0)],
        ),
    ] {
        assert_eq!(parts(&sql::INSERT_ENTRIES, count), filled_up, "{count}");
        assert_eq!(parts(&sql::UPSERT_DOCUMENTS, count), exact, "{count}");
    }
}

#[test]
fn every_statement_of_the_file_is_in_the_list() {
    let text = include_str!("../sql.rs");
    let in_the_file: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            let rest = line.strip_prefix("pub(super) ")?;
            let rest = rest
                .strip_prefix("const ")
                .or_else(|| rest.strip_prefix("static "))?;
            rest.split(':').next()
        })
        .filter(|name| !["WIDTHS", "FORGET_ADDRESS"].contains(name))
        .collect();
    let listed: BTreeSet<&str> = sql::every().iter().map(|(name, _)| *name).collect();
    assert_eq!(in_the_file, listed);
    assert!(listed.len() > 40, "the list was read");
}

/// What PostgreSQL, the referee, says a parameter is.
#[derive(Debug, Clone, Copy)]
enum Parameter {
    Number,
    Bytes,
    Text,
}

/// Binds values no two of which are alike.
macro_rules! bind {
    ($text:expr, $parameters:expr) => {{
        let mut query = sqlx::query($text);
        for (number, parameter) in (2_i64..).zip($parameters) {
            query = match parameter {
                Parameter::Number => query.bind(number),
                Parameter::Bytes => query.bind(number.to_be_bytes().repeat(4)),
                Parameter::Text => query.bind(number.to_string()),
            };
        }
        query
    }};
}

async fn judge(conn: &mut PgConnection, name: &str, text: &'static str) -> Vec<Parameter> {
    let statement = conn
        .prepare(sqlx::SqlSafeStr::into_sql_str(text))
        .await
        .unwrap_or_else(|error| panic!("{name} cannot be prepared on PostgreSQL: {error}"));
    let Some(Either::Left(parameters)) = statement.parameters() else {
        panic!("PostgreSQL does not tell the parameters of {name}");
    };
    parameters
        .iter()
        .map(|parameter| match parameter.name() {
            "INT8" => Parameter::Number,
            "BYTEA" => Parameter::Bytes,
            "TEXT" => Parameter::Text,
            other => panic!("{name} wants a parameter of type {other}"),
        })
        .collect()
}

#[tokio::test]
async fn every_statement_prepares_and_runs_on_both_engines() {
    let (postgres, _store) = fresh(Engine::Postgres).await;
    let (sqlite, _store) = fresh(Engine::Sqlite).await;
    let mut referee = PgConnection::connect(postgres.url()).await.unwrap();
    let mut embedded = SqliteConnection::connect(sqlite.url()).await.unwrap();

    for (name, texts) in sql::every() {
        for (text, text_for_sqlite) in texts {
            let parameters = judge(&mut referee, name, text).await;
            let prepared = embedded
                .prepare(sqlx::SqlSafeStr::into_sql_str(text_for_sqlite))
                .await
                .unwrap();
            assert_eq!(
                prepared.parameters(),
                Some(Either::Right(parameters.len())),
                "{name}"
            );

            // Each runs in a transaction of its own that is given up, one without a head where it
            // makes the head.
            let makes_head = name == "NEW_HEAD";
            let mut tx = referee.begin().await.unwrap();
            if makes_head {
                tx.execute("delete from head").await.unwrap();
            }
            let on_postgres = bind!(text, &parameters)
                .fetch_all(&mut *tx)
                .await
                .unwrap_or_else(|error| panic!("{name} on PostgreSQL: {error}"));
            tx.rollback().await.unwrap();

            let mut tx = embedded.begin().await.unwrap();
            if makes_head {
                tx.execute("delete from head").await.unwrap();
            }
            let on_sqlite = bind!(text_for_sqlite, &parameters)
                .fetch_all(&mut *tx)
                .await
                .unwrap_or_else(|error| panic!("{name} on SQLite: {error}"));
            tx.rollback().await.unwrap();

            assert_eq!(on_postgres.len(), on_sqlite.len(), "rows of {name}");
            if let (Some(one), Some(other)) = (on_postgres.first(), on_sqlite.first()) {
                let names = |columns: Vec<&str>| columns.join(" ");
                assert_eq!(
                    names(one.columns().iter().map(sqlx::Column::name).collect()),
                    names(other.columns().iter().map(sqlx::Column::name).collect()),
                    "columns of {name}"
                );
            }
        }
    }
}

/// A schema without its comments, in the words of PostgreSQL.
fn in_common_words(ddl: &str) -> Vec<String> {
    let text: String = ddl
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ");
    let text = text
        .replace(") strict, without rowid", ")")
        .replace(") strict", ")")
        .replace(" integer ", " bigint ")
        .replace(
            "instr(entry, cast('\"soort\":\"vernietiging\"' as blob))",
            "position('\"soort\":\"vernietiging\"'::bytea in entry)",
        )
        .replace("then idx end) virtual", "then idx end) stored")
        .replace(" integer,", " bigint,")
        .replace(" blob ", " bytea ")
        .replace(" blob,", " bytea,");
    let words = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split(';')
        .map(words)
        .filter(|statement| !statement.is_empty())
        .collect()
}

#[test]
fn both_schemas_are_the_same_tables() {
    let sqlite = include_str!("../migrations/sqlite/0001_book_and_registry.sql");
    let postgres = include_str!("../migrations/postgres/0001_book_and_registry.sql");
    // Strict tables check types on SQLite; without the word it would store anything anywhere.
    let tables = sqlite.matches("create table").count();
    assert_eq!(sqlite.matches(") strict").count(), tables);
    // What was used is looked up where there are many gateways; one alone knows it.
    let mut of_many = in_common_words(postgres);
    let only_there = "create unique index used_what on used (what)";
    of_many.retain(|statement| statement != only_there);
    assert_eq!(in_common_words(postgres).len(), of_many.len() + 1);
    assert_eq!(in_common_words(sqlite), of_many);
    assert!(tables > 10);
}

async fn tables(database: &Database) -> BTreeSet<String> {
    let names = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
    let also =
        "select table_name::text from information_schema.tables where table_schema = 'public'";
    match database.engine() {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(database.url()).await.unwrap();
            let rows = conn.fetch_all(names).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(database.url()).await.unwrap();
            let rows = conn.fetch_all(also).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

#[tokio::test]
async fn both_migrations_make_the_same_tables() {
    let (sqlite, _store) = fresh(Engine::Sqlite).await;
    let (postgres, _store) = fresh(Engine::Postgres).await;
    let made = tables(&sqlite).await;
    assert_eq!(made, tables(&postgres).await);
    assert!(made.contains("entries"), "{made:?}");
}

/// What is asked of a book of millions, or of a million addresses, goes by an index, without statistics too.
#[tokio::test]
async fn an_address_is_found_without_reading_the_book() {
    let (sqlite, _store) = fresh(Engine::Sqlite).await;
    let mut conn = SqliteConnection::connect(sqlite.url()).await.unwrap();
    for text in [
        sql::SEALED_ENTRIES_OF,
        sql::NULL_OPENINGS,
        "select count(*) from entries where (opening_key) in (($1), ($2))",
    ] {
        let plan = format!("explain query plan {text}");
        let rows = conn.fetch_all(sqlx::AssertSqlSafe(plan)).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let steps = steps.join("; ");
        assert!(steps.contains("entries_opening_key"), "{text}: {steps}");
        assert!(!steps.contains("SCAN"), "{text}: {steps}");
    }
    for text in [sql::FACTS_OF_DOCUMENT, sql::FACTS_AT] {
        let plan = format!("explain query plan {text}");
        let rows = conn.fetch_all(sqlx::AssertSqlSafe(plan)).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let searched = steps.iter().filter(|step| step.starts_with("SEARCH "));
        assert!(searched.count() >= 7, "{text}: {steps:?}");
        // The documents of a page were searched already.
        let scanned = |step: &String| step.starts_with("SCAN ") && step != "SCAN page";
        assert!(!steps.iter().any(scanned), "{text}: {steps:?}");
    }
    let plan = format!("explain query plan {}", sql::ERASURES);
    let rows = conn.fetch_all(sqlx::AssertSqlSafe(plan)).await.unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].contains("entries_erases"), "{steps:?}");
}

/// What an erasure must leave no trace of in the files: every table, but those of which somebody judged
/// that nothing in it tells of a person, or only under a key.
#[test]
fn every_table_with_something_personal_is_cleared_and_told_of() {
    const OTHERS: [&str; 11] = [
        "head",
        "cosigned",
        "places",
        "entries",
        "tiles",
        "used",
        "open_releases",
        "gateways",
        "activations",
        "saved_searches",
        "bundles",
    ];
    let schema = include_str!("../migrations/postgres/0001_book_and_registry.sql");
    let tables: BTreeSet<&str> = schema
        .split("create table ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|table| !OTHERS.contains(table))
        .collect();
    assert_eq!(tables, BTreeSet::from(crate::store::PERSONAL));
    let operators = include_str!("../../../deploy/postgresql.md");
    let readme = include_str!("../../../README.md");
    let (_, listed) = readme.split_once("`vacuum full` of").unwrap();
    let (listed, _) = listed.split_once(", then").unwrap();
    for table in tables {
        assert!(
            operators.contains(&format!("vacuum full {table};")),
            "{table}"
        );
        assert!(listed.contains(&format!("`{table}`")), "{table}");
    }
}

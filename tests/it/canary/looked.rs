//! Looking for what was planted.

use std::sync::OnceLock;

use sqlx::{Row as _, SqlitePool};

use super::{CANARIES, canary};
use crate::client::{Answer, Call};
use crate::party::{Party, Token};
use crate::world::World;

/// Where it is.
fn holds(haystack: &[u8], value: &str) -> Option<usize> {
    haystack
        .windows(value.len())
        .position(|window| window.eq_ignore_ascii_case(value.as_bytes()))
}

/// How every request token of a party begins: what it says stands behind that, in another alphabet.
fn tokens() -> &'static [String] {
    static BEGINNINGS: OnceLock<Vec<String>> = OnceLock::new();
    BEGINNINGS.get_or_init(|| {
        let parties = ["img", "ncg", "gemeente"].map(Party::find);
        let tokens = parties.map(|party| party.token(&Token::beheer()));
        let heads = tokens.iter().map(|token| token.split('.').next().unwrap());
        heads.map(str::to_owned).collect()
    })
}

/// Panics where any of them is in it, or a token.
pub(super) fn check(what: &str, haystack: &[u8]) {
    let tokens = tokens().iter().map(|head| ("a token", head.as_str()));
    for (name, value) in CANARIES.into_iter().chain(tokens) {
        if let Some(at) = holds(haystack, value) {
            let from = at.saturating_sub(300);
            let around = &haystack[from..haystack.len().min(at + 100)];
            panic!("{name} is in {what}: …{}…", String::from_utf8_lossy(around));
        }
    }
}

/// A refusal tells nobody what they did not say themselves; and the organisation that has no part in it is
/// told nothing at all.
pub(super) fn check_answer(party: &str, call: &Call, answer: &Answer) {
    if answer.status < 400 && party != "gemeente" {
        return;
    }
    let own = format!("{} {}", call.path, String::from_utf8_lossy(&call.body));
    let told = format!("{:?} {}", answer.headers, answer.text_or_nothing());
    for (name, value) in CANARIES {
        let said = own.contains(value) || call.headers.iter().any(|(_, sent)| sent == value);
        let known = party == "img" || said;
        assert!(known || !told.contains(value), "{name} for {party}: {told}");
    }
}

/// Everything in the tables that are not the registry's: those hold it in the clear, for that is what they
/// are (README: what is where).
pub(super) async fn check_tables(world: &World) {
    let file = world.folder.path().join("ledger.db");
    let url = format!("sqlite:{}?mode=ro", file.display());
    let pool = SqlitePool::connect(&url).await.unwrap();
    let tables = sqlx::query("select name from sqlite_master where type = 'table'");
    let (mut kept, mut rows) = (Vec::new(), 0);
    for table in tables.fetch_all(&pool).await.unwrap() {
        let table: String = table.get(0);
        let registry = [
            "addresses",
            "ownerships",
            "dossiers",
            "choices",
            "aos",
            "documents",
        ];
        let is_registry = registry.contains(&table.as_str());
        let all = sqlx::AssertSqlSafe(format!("select * from {table}"));
        for row in sqlx::query(all).fetch_all(&pool).await.unwrap() {
            rows += 1;
            for column in 0..row.len() {
                let bytes: Option<Vec<u8>> = row.get_unchecked(column);
                let bytes = bytes.unwrap_or_default();
                if is_registry {
                    kept.extend(bytes);
                } else {
                    check(&format!("the table {table}"), &bytes);
                }
            }
        }
    }
    assert!(rows > 60, "{rows} rows");
    // Where it is by design it is found, so it would be elsewhere.
    for name in ["the address", "the owner", "the dossier", "the evidence"] {
        assert!(holds(&kept, canary(name)).is_some(), "{name}");
    }
    pool.close().await;
}

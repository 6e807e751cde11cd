//! Taking what was erased out of the pages of SQLite's file.
//!
//! `secure_delete` writes zeros over what is deleted. But where SQLite spread the rows of a page over
//! two, before that, copies stayed in the room between them, and nothing deletes those. So each table
//! that holds something of a person is written anew, in the order of its keys, and the old one dropped:
//! its pages are written over whole. A `vacuum` does the same with all of the book, which nobody can wait
//! for; entries and tiles hold nothing that can be read without a key.
//!
//! `user_version` of the file tells whether that is still to be done, whatever stops in between: a number
//! below zero when pages were never cleared, odd when something was erased since they were, even when
//! nothing was. PostgreSQL has `vacuum full`, by its own administrator.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::super::StoreError;
use super::super::failed;
use super::super::open::Engine;
use super::Writer;

/// The tables that hold something of a person, or a key that opens it.
pub const PERSONAL: [&str; 9] = [
    "opening_keys",
    "pending",
    "holds",
    "addresses",
    "ownerships",
    "dossiers",
    "choices",
    "aos",
    "documents",
];

/// A step of clearing the pages. Each is a transaction of its own, and others come in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clear {
    /// Look whether it is to be done.
    Look,
    /// Write zeros over pages that were freed before, when nothing had them written over.
    Free,
    /// Write this table anew.
    Table(&'static str),
    /// Empty the journal; and where nothing was erased since this mark was looked up, all is clear.
    End(i64),
}

const DOING: &str = "clear its pages";
const EMPTY: &str = "pragma wal_checkpoint(truncate)";
const MARK: &str = "select user_version, \
     exists(select 1 from entries where erases is not null) from pragma_user_version";

/// The mark, and whether something is to be done.
async fn mark(c: &mut SqliteConnection) -> Result<(i64, bool), sqlx::Error> {
    let row = sqlx::query(MARK).fetch_one(c).await?;
    let (mark, erased): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    // A ledger from before there was a mark has zero.
    Ok((mark, mark < 0 || mark % 2 != 0 || (mark == 0 && erased)))
}

async fn set_mark(c: &mut SqliteConnection, mark: i64) -> Result<(), sqlx::Error> {
    // A pragma takes no parameters.
    let set = AssertSqlSafe(format!("pragma user_version = {mark}"));
    sqlx::raw_sql(set).execute(c).await.map(drop)
}

/// Marks, in the transaction that destroys keys, that the pages are to be cleared.
pub(super) async fn note_erased(c: &mut SqliteConnection) -> Result<(), StoreError> {
    let (now, _) = mark(c).await.map_err(failed(DOING))?;
    let next = if now <= 0 { now - 1 } else { (now + 1) | 1 };
    set_mark(c, next).await.map_err(failed(DOING))
}

impl Writer {
    /// Takes one step. The first answers the mark for the last, or none when nothing is to be done.
    ///
    /// # Errors
    /// [`StoreError`]; what the steps before did stands, and the mark still says that it is to be done.
    pub async fn clear(&mut self, step: Clear) -> Result<Option<i64>, StoreError> {
        fail_point!(self, before, Clear);
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => super::connect(&self.settings, false).await?,
        };
        // Only the end empties the journal; a table is written anew while it is moved.
        let _turn = match (&self.journal, step) {
            (Some(journal), Clear::End(_)) => Some(journal.turn().await),
            _ => None,
        };
        let done = match &mut conn {
            Engine::Sqlite(c) => take(c, step).await.map_err(failed(DOING))?,
            Engine::Postgres(_) => None,
        };
        // Only now: after a failure the transaction goes with its connection.
        self.conn = Some(conn);
        Ok(done)
    }
}

async fn take(c: &mut SqliteConnection, step: Clear) -> Result<Option<i64>, sqlx::Error> {
    match step {
        Clear::Look => {
            let (mark, is_due) = mark(c).await?;
            Ok(is_due.then_some(mark))
        }
        Clear::Free => free(c).await.map(|()| None),
        Clear::Table(table) => renew(c, table).await.map(|()| None),
        Clear::End(seen) => {
            // Before the mark: while somebody reads, the journal keeps what it has.
            let row = sqlx::query(EMPTY).fetch_one(&mut *c).await?;
            let is_busy: bool = row.try_get(0)?;
            if is_busy {
                return Err(sqlx::Error::Protocol("the journal is being read".into()));
            }
            if mark(c).await?.0 == seen {
                set_mark(c, if seen <= 0 { 2 } else { seen + 1 }).await?;
                // The mark alone is in the journal now; it is as good there as in the file.
                sqlx::query(EMPTY).fetch_one(c).await?;
            }
            Ok(None)
        }
    }
}

/// Takes every free page into use, with zeros, and frees it again.
async fn free(c: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const FREE: &str = "begin immediate; \
        create table cleared (zeros blob not null); \
        insert into cleared with recursive parts (left) as ( \
            select free.freelist_count * size.page_size / 1000000 \
                from pragma_freelist_count free, pragma_page_size size \
            union all select left - 1 from parts where left > 0) \
        select zeroblob(1000000) from parts; \
        drop table cleared; \
        commit";
    sqlx::raw_sql(FREE).execute(c).await.map(drop)
}

/// Writes a table and its indexes anew. Its rows come in the order of its key, and SQLite copies them
/// without looking into them, as between two tables of one form.
async fn renew(c: &mut SqliteConnection, table: &'static str) -> Result<(), sqlx::Error> {
    const MADE: &str = "select type, sql from sqlite_schema \
        where tbl_name = $1 and sql is not null order by type desc";
    sqlx::query("begin immediate").execute(&mut *c).await?;
    let mut form = None;
    let mut indexes = String::new();
    for row in sqlx::query(MADE).bind(table).fetch_all(&mut *c).await? {
        let (kind, sql): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if kind == "table" {
            form = sql.split_once('(').map(|(_, form)| form.to_owned());
        } else {
            indexes.push_str(&sql);
            indexes.push_str(";\n");
        }
    }
    let form = form.ok_or(sqlx::Error::RowNotFound)?;
    // Names of ours, and what the database itself says of its tables.
    let sql = AssertSqlSafe(format!(
        "create table cleared ({form};\n\
         insert into cleared select * from {table};\n\
         drop table {table};\n\
         alter table cleared rename to {table};\n\
         {indexes}commit"
    ));
    sqlx::raw_sql(sql).execute(c).await.map(drop)
}

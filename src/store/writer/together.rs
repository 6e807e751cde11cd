//! Statements that go to SQLite together.
//!
//! SQLite runs on a thread of its own, and each statement that is sent there by itself costs two changes
//! of thread, which is more than most statements do. So what a batch must know is asked along with its
//! beginning, and what it writes is held back until something is to be read, or committed. The database
//! does it in the order in which it was said. PostgreSQL is told each statement at once.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteArguments;
use sqlx::{
    Arguments as _, AssertSqlSafe, Either, Encode, Executor as _, Row as _, Sqlite,
    SqliteConnection, Type,
};

use super::super::log::{Head, parse_head};
use super::super::sql;
use super::super::{StoreError, corrupt, failed, to_sql};
use super::all_touched;
use crate::domain::TransactionId;

/// What a batch would like to know at its beginning.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whether one of these transactions stands in the book.
    pub transactions: Vec<TransactionId>,
    /// Whether these releases are all open.
    pub closing: Vec<u64>,
}

/// What it was told. PostgreSQL tells nothing: there, saying at each statement which rows it touched is
/// cheaper than asking beforehand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// None of the transactions that were asked about stands in the book.
    pub(super) none_recorded: bool,
    /// Every release that was asked about is open.
    pub(super) all_open: bool,
}

/// Begins a batch in SQLite, and asks: with the write lock, instead of failing half-way through for want
/// of it. What is answered comes in one row, because each wakes who waits for it.
pub(super) async fn begin(
    c: &mut SqliteConnection,
    asked: &Asked,
) -> Result<(Option<Head>, Told), StoreError> {
    const DOING: &str = "begin a batch";
    let mut values = Values::default();
    let mut recorded = String::from("0");
    let mut rest = asked.transactions.as_slice();
    while let Some(part) = sql::COUNT_RECORDED.part(rest, false) {
        add(&mut recorded, part.sql);
        for transaction in part.rows {
            values = values.bind(transaction.as_bytes().as_slice());
        }
        rest = part.later;
    }
    let mut open = String::from("0");
    let mut rest = asked.closing.as_slice();
    while let Some(part) = sql::COUNT_OPEN_RELEASES.part(rest, false) {
        add(&mut open, part.sql);
        for index in part.rows {
            values = values.bind(to_sql(*index));
        }
        rest = part.later;
    }
    let text = format!(
        "begin immediate; select size, checkpoint, facts_epoch, policy_epoch, keys_epoch, \
         {recorded}, {open} from head where id = 1"
    );
    let query = sqlx::query_with(AssertSqlSafe(text), values.done(DOING)?);
    let Some(row) = query.fetch_optional(c).await.map_err(failed(DOING))? else {
        return Ok((None, Told::default()));
    };
    let count = |column: usize| row.try_get::<i64, _>(column).map_err(failed(DOING));
    let told = Told {
        none_recorded: count(5)? == 0 && !asked.transactions.is_empty(),
        all_open: usize::try_from(count(6)?) == Ok(asked.closing.len()),
    };
    Ok((Some(parse_head(&row)?), told))
}

/// What another statement counts, as a term of a sum.
fn add(sum: &mut String, statement: &str) {
    for part in [" + (", statement, ")"] {
        sum.push_str(part);
    }
}

/// Statements one behind the other.
#[derive(Debug, Default)]
struct Text(String);

impl Text {
    fn add(&mut self, statement: &str) {
        if !self.0.is_empty() {
            self.0.push_str("; ");
        }
        self.0.push_str(statement);
    }
}

/// The values of their placeholders, in the order in which they stand.
#[derive(Debug, Default)]
pub(super) struct Values {
    arguments: SqliteArguments,
    failure: Option<sqlx::error::BoxDynError>,
}

impl Values {
    /// One more, as [`sqlx::query::Query::bind`] has it.
    pub(super) fn bind<'q>(mut self, value: impl Encode<'q, Sqlite> + Type<Sqlite>) -> Self {
        if let Err(failure) = self.arguments.add(value) {
            self.failure.get_or_insert(failure);
        }
        self
    }

    fn done(self, doing: &'static str) -> Result<SqliteArguments, StoreError> {
        match self.failure {
            None => Ok(self.arguments),
            Some(failure) => Err(failed(doing)(sqlx::Error::Encode(failure))),
        }
    }
}

/// Statements that are held back, each with the number of rows that it must touch.
#[derive(Debug, Default)]
pub(super) struct Held {
    text: Text,
    values: Values,
    expected: Vec<(&'static str, usize)>,
}

impl Held {
    /// One more statement, which must touch so many rows; its values are what `bind` adds.
    pub(super) fn add(
        &mut self,
        doing: &'static str,
        statement: &str,
        rows: usize,
        bind: impl FnOnce(Values) -> Values,
    ) {
        self.text.add(statement);
        self.values = bind(std::mem::take(&mut self.values));
        self.expected.push((doing, rows));
    }

    /// Sends them all, if there are any.
    pub(super) async fn send(&mut self, c: &mut SqliteConnection) -> Result<(), StoreError> {
        let Self {
            text,
            values,
            expected,
        } = std::mem::take(self);
        let Some((doing, _)) = expected.first().copied() else {
            return Ok(());
        };
        let query = sqlx::query_with(AssertSqlSafe(text.0), values.done(doing)?);
        let mut answers = pin!(c.fetch_many(query));
        for (doing, rows) in expected {
            let touched = loop {
                match answers.try_next().await.map_err(failed(doing))? {
                    Some(Either::Left(done)) => break done.rows_affected(),
                    Some(Either::Right(_)) => {}
                    // Not one of them says less than it did.
                    None => return Err(corrupt("(batch)", doing, rows)),
                }
            };
            all_touched(doing, touched, rows)?;
        }
        Ok(())
    }
}

/// Writes rows of which each must be touched. PostgreSQL does it now, SQLite with what follows.
macro_rules! write_rows {
    ($batch:expr, $doing:expr, $sql:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr) => {{
        let sql: &'static Rows = $sql;
        let rows = $rows;
        if matches!($batch.conn, Engine::Sqlite(_)) {
            let mut rest = rows;
            while let Some(part) = sql.part(rest, false) {
                $batch
                    .held
                    .add($doing, part.sql, part.rows.len(), |mut $query| {
                        for $row in part.rows.iter().chain(part.filling()) {
                            $query = $bind;
                        }
                        $query
                    });
                rest = part.later;
            }
        } else {
            let touched = for_rows!($batch, $doing, sql, rows, |$query, $row| $bind);
            all_touched($doing, touched, rows.len())?;
        }
    }};
}

/// The same for a statement about one row that is no list of rows.
macro_rules! write_one {
    ($batch:expr, $doing:expr, $sql:expr, |$query:ident| $bind:expr) => {{
        if matches!($batch.conn, Engine::Sqlite(_)) {
            $batch.held.add($doing, &unnumbered($sql), 1, |$query| $bind);
        } else {
            let touched = on!($batch.settled().await?, c => {
                let $query = sqlx::query($sql);
                $bind.execute(&mut *c).await.map_err(failed($doing))?.rows_affected()
            });
            all_touched($doing, touched, 1)?;
        }
    }};
}

pub(super) use {write_one, write_rows};

/// A statement whose placeholders stand in their order, without their numbers: those would count from
/// the beginning of all that is sent together.
pub(super) fn unnumbered(sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('?');
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_together_names_its_values_in_their_order() {
        for sql in [sql::SWAP_HEAD, sql::INSERT_TILE] {
            let numbers = sql.split('$').skip(1).map(|part| {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<usize>().unwrap()
            });
            let numbers: Vec<usize> = numbers.collect();
            assert!(numbers.iter().copied().eq(1..=numbers.len()), "{sql}");
            let plain = unnumbered(sql);
            assert!(!plain.contains('$'), "{plain}");
            assert_eq!(plain.matches('?').count(), numbers.len(), "{plain}");
        }
    }
}

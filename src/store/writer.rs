//! Writing: one connection, one transaction at a time, many rows in each statement.
//!
//! Only the ledger's sequencer has a [`Writer`], and its task is never cancelled in the middle of
//! one. After any error the transaction is given up whole and the connection with it: nothing of a
//! failed batch can leak into the next.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{Connection, Row};

#[cfg(test)]
use super::faults::Faults;
use super::journal::Journal;
use super::log::{Head, parse_head};
use super::open::{Conn, Engine, Settings, connect};
use super::sealed::StoredKey;
use super::sql::{self, Rows};
use super::{StoreError, corrupt, failed, from_sql, on, to_sql};
use crate::clock::Moment;
use crate::domain::{AddressId, Aos, Choice, Dossier, Ownership, Sha256};
use crate::errors::in_full;

/// Begins in PostgreSQL, whatever its default: a batch must see what was committed while it waited for
/// the head. Only PostgreSQL lets others write meanwhile.
const BEGIN_LOCKED: &str = "begin isolation level read committed; \
    update head set size = size where id = 1 \
        returning size, checkpoint, facts_epoch, policy_epoch, keys_epoch";

/// A change of a projection, made by the entry it is appended with.
#[derive(Debug, Clone)]
pub enum Change {
    /// Who owns an address.
    Owners(AddressId, Ownership),
    /// A dossier at an address.
    Dossier(AddressId, Dossier),
    /// A choice, new or changed.
    Choice(Box<Choice>),
    /// An unsafe situation, new or closed.
    Aos(Aos),
    /// A bundle of policy.
    Activation {
        /// Its content hash.
        bundle: Sha256,
        /// From when.
        from: Moment,
        /// Until when.
        until: Option<Moment>,
        /// Its files, to be kept: a JSON object of names and texts. Left out where the book is read
        /// again, which does not hold them.
        files: Option<Arc<str>>,
    },
    /// A bundle of policy is not put in force after all.
    Revocation {
        /// The entry that would have.
        agreement: u64,
    },
    /// Somebody asks to erase, to hold or to lift a hold.
    Asked {
        /// What.
        ask: Ask,
        /// The tag of the address it is about.
        tag: [u8; 16],
    },
    /// A second person's answer to that; where it is yes to erasing, [`Change::Erased`].
    Answered(Answer),
    /// Keys are destroyed.
    Erased {
        /// The entry that asked for it; none for what was kept for its term.
        proposal: Option<u64>,
        /// Whose.
        erasing: Erasing,
    },
}

impl Change {
    /// The address it is about, if it changes what is known of one.
    #[must_use]
    pub fn address(&self) -> Option<AddressId> {
        match self {
            Self::Owners(address, _)
            | Self::Dossier(address, _)
            | Self::Erased {
                erasing: Erasing::Address { address, .. },
                ..
            } => Some(*address),
            Self::Choice(choice) => Some(choice.address),
            Self::Aos(aos) => Some(aos.address),
            Self::Activation { .. }
            | Self::Revocation { .. }
            | Self::Asked { .. }
            | Self::Answered(_)
            | Self::Erased { .. } => None,
        }
    }
}

/// A failpoint of the unit tests; in every other build, nothing.
macro_rules! fail_point {
    ($at:expr, $when:ident, $step:ident) => {
        #[cfg(test)]
        $at.faults.$when(crate::store::faults::Step::$step)?;
    };
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Writer {
    conn: Option<Conn>,
    used: Used,
    settings: Settings,
    /// Only with SQLite.
    journal: Option<Journal>,
    #[cfg(test)]
    faults: Faults,
}

impl Writer {
    pub(super) async fn new(
        mut conn: Conn,
        settings: Settings,
        #[cfg(test)] faults: Faults,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            used: Used::learn(&mut conn).await?,
            journal: matches!(conn, Engine::Sqlite(_)).then(|| Journal::keep(settings.clone())),
            conn: Some(conn),
            settings,
            #[cfg(test)]
            faults,
        })
    }

    /// The connection, or a new one when the last batch failed.
    async fn connection(&mut self) -> Result<Conn, StoreError> {
        if let Some(conn) = self.conn.take() {
            return Ok(conn);
        }
        let mut conn = connect(&self.settings, false).await?;
        self.used = Used::learn(&mut conn).await?;
        Ok(conn)
    }

    /// Begins a batch and locks the head for the rest of it; connects again when the last one failed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&mut self) -> Result<(Batch<'_>, Head), StoreError> {
        self.begin_asking(&Asked::default()).await
    }

    /// The same, and what the batch is about to use up and to close is looked at right away, where that
    /// saves asking for it later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_asking(&mut self, asked: &Asked) -> Result<(Batch<'_>, Head), StoreError> {
        fail_point!(self, before, Begin);
        if let Some(failure) = self.journal.as_ref().and_then(Journal::take_failure) {
            return Err(failure);
        }
        let mut conn = self.connection().await?;
        let (head, told) = match &mut conn {
            Engine::Sqlite(c) => together::begin(c, asked).await?,
            Engine::Postgres(c) => {
                let row = sqlx::raw_sql(BEGIN_LOCKED).fetch_optional(c).await;
                let row = row.map_err(failed("begin a batch"))?;
                (
                    row.map(|row| parse_head(&row)).transpose()?,
                    Told::default(),
                )
            }
        };
        let head = head.ok_or_else(|| corrupt("head", "id", 1))?;
        fail_point!(self, after, Begin);
        Ok((self.batch(conn, told), head))
    }

    /// Begins a batch where there is no head to lock yet.
    pub(super) async fn begin_headless(&mut self) -> Result<Batch<'_>, StoreError> {
        const DOING: &str = "begin to fill the database";
        let mut conn = self.connection().await?;
        match &mut conn {
            Engine::Sqlite(c) => sqlx::query("begin immediate").execute(c).await.map(drop),
            Engine::Postgres(c) => sqlx::query("begin").execute(c).await.map(drop),
        }
        .map_err(failed(DOING))?;
        Ok(self.batch(conn, Told::default()))
    }

    fn batch(&mut self, conn: Conn, told: Told) -> Batch<'_> {
        Batch {
            conn,
            held: Held::default(),
            told,
            using: Vec::new(),
            used: &mut self.used,
            home: &mut self.conn,
            journal: self.journal.as_ref(),
            #[cfg(test)]
            faults: self.faults.clone(),
        }
    }

    /// Moves what was committed into the file of SQLite, and empties the journal: what was erased does
    /// not stay in it. If somebody reads meanwhile it stays until the next time.
    pub async fn empty_journal(&mut self) {
        if let (Some(Engine::Sqlite(c)), Some(journal)) = (&mut self.conn, &self.journal) {
            let _turn = journal.turn().await;
            let done = sqlx::query("pragma wal_checkpoint(truncate)")
                .execute(c)
                .await;
            if let Err(error) = done {
                tracing::warn!(error = in_full(&error), "the journal was not emptied");
            }
        }
    }

    /// Says goodbye, so that the engine can tidy up.
    pub async fn close(mut self) {
        if let Some(journal) = self.journal.take() {
            journal.close().await;
        }
        if let Some(conn) = self.conn.take() {
            let _ = on!(conn, c => c.close().await);
        }
    }
}

/// A transaction. Dropped without [`Batch::commit`] or [`Batch::roll_back`], it takes its connection
/// with it, and the engine rolls back.
#[derive(Debug)]
pub struct Batch<'w> {
    /// Used by way of [`Batch::settled`], or with what is held back.
    conn: Conn,
    held: Held,
    told: Told,
    /// What it uses up, to be known once that is committed.
    using: Vec<(Once, Moment)>,
    used: &'w mut Used,
    home: &'w mut Option<Conn>,
    journal: Option<&'w Journal>,
    #[cfg(test)]
    faults: Faults,
}

/// Runs a statement over many rows, in as few parts as it has forms for. With a last closure it reads
/// the rows that come back; without, it answers how many rows were touched.
macro_rules! for_rows {
    ($batch:expr, $doing:expr, $sql:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr, |$found:ident| $collect:expr) => {
        for_rows!(@run $batch, $sql, $rows, |$query, $row| $bind, conn => {
            for $found in $query.fetch_all(&mut *conn).await.map_err(failed($doing))? {
                $collect;
            }
        })
    };
    ($batch:expr, $doing:expr, $sql:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr) => {{
        let mut touched = 0;
        for_rows!(@run $batch, $sql, $rows, |$query, $row| $bind, conn => {
            touched += $query.execute(&mut *conn).await.map_err(failed($doing))?.rows_affected();
        });
        touched
    }};
    (@run $batch:expr, $sql:expr, $rows:expr, |$query:ident, $row:ident| $bind:expr, $conn:ident => $finish:block) => {{
        let sql: &'static Rows = $sql;
        let mut rest = $rows;
        let numbered = matches!($batch.conn, Engine::Postgres(_));
        while let Some(part) = sql.part(rest, numbered) {
            on!($batch.settled().await?, $conn => {
                let mut $query = sqlx::query(part.sql);
                for $row in part.rows.iter().chain(part.filling()) {
                    $query = $bind;
                }
                $finish
            });
            rest = part.later;
        }
    }};
}

mod append;
mod clear;
mod documents;
mod erase;
mod together;
mod used;

pub use append::{ClaimedToken, EntryRow, NewHead, Once, OpeningRow};
pub use documents::{DocumentChange, DocumentOutcome};
pub use together::Asked;
use together::{Held, Told};
use used::Used;
pub(super) use used::parse_used;

pub use clear::{Clear, PERSONAL};
pub use erase::{Answer, Ask, Erasing, Refused, Resealed, Resealing};

impl Batch<'_> {
    /// Does what is held back. A batch that is about to be committed is settled first: an error here
    /// is certain, and one of the commit is not.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when a statement did not touch the rows it must.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        match &mut self.conn {
            Engine::Sqlite(c) => self.held.send(c).await,
            // There nothing is ever held back.
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// The connection, with everything done that was said before.
    pub(super) async fn settled(&mut self) -> Result<&mut Conn, StoreError> {
        self.settle().await?;
        Ok(&mut self.conn)
    }

    /// The versions of addresses as they are now; one that is missing has (0, 0).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn address_versions(
        &mut self,
        addresses: &[AddressId],
    ) -> Result<HashMap<AddressId, (u64, u64)>, StoreError> {
        const DOING: &str = "read the versions of addresses";
        let mut versions = HashMap::with_capacity(addresses.len());
        for_rows!(
            self,
            DOING,
            &sql::ADDRESS_VERSIONS,
            addresses,
            |query, address| query.bind(address.as_str()),
            |row| {
                let address: &str = row.try_get(0).map_err(failed(DOING))?;
                let address = AddressId::parse(address)
                    .map_err(|_| corrupt("addresses", "address", "(not shown)"))?;
                let number = |n: i64, column| from_sql(n, "addresses", column);
                versions.insert(
                    address,
                    (
                        number(row.try_get(1).map_err(failed(DOING))?, "version")?,
                        number(row.try_get(2).map_err(failed(DOING))?, "index_revision")?,
                    ),
                )
            }
        );
        Ok(versions)
    }

    /// The entries `from..to`, for catching up with what another gateway appended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&mut self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        const DOING: &str = "read entries";
        on!(self.settled().await?, c => {
            let rows = sqlx::query(sql::ENTRIES)
                .bind(to_sql(from))
                .bind(to_sql(to))
                .fetch_all(&mut *c)
                .await
                .map_err(failed(DOING))?;
            rows.iter().map(|row| row.try_get(1).map_err(failed(DOING))).collect()
        })
    }

    /// Makes a change of a projection, as told by the entry with this index.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn apply(&mut self, change: &Change, index: u64) -> Result<(), StoreError> {
        const DOING: &str = "change the registry";
        match change {
            Change::Asked { ask, tag } => return self.note_asked(*ask, *tag, index).await,
            Change::Answered(answer) => return self.note_answered(*answer, index).await,
            // It needs the keys that its entry names: `erase` makes it.
            Change::Erased { .. } => return Ok(()),
            _ => {}
        }
        fail_point!(self, before, Apply);
        on!(self.settled().await?, c => {
            match change {
                Change::Owners(address, ownership) => {
                    let told = Ownership { recorded_at: index, ..ownership.clone() };
                    sqlx::query(sql::UPSERT_OWNERSHIP)
                        .bind(address.as_str())
                        .bind(to_sql(index))
                        .bind(record(&told)?)
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Dossier(address, dossier) => {
                    sqlx::query(sql::UPSERT_DOSSIER)
                        .bind(address.as_str())
                        .bind(dossier.organisation.as_str())
                        .bind(dossier.number.as_str())
                        .bind(record(dossier)?)
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Choice(choice) => {
                    let changed = Choice { changed_at: index, ..Choice::clone(choice) };
                    sqlx::query(sql::UPSERT_CHOICE)
                        .bind(choice.id.as_bytes().as_slice())
                        .bind(choice.address.as_str())
                        .bind(record(&changed)?)
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Aos(aos) => {
                    sqlx::query(sql::UPSERT_AOS)
                        .bind(aos.id.as_bytes().as_slice())
                        .bind(aos.address.as_str())
                        .bind(record(aos)?)
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Activation { bundle, from, until, files } => {
                    if let Some(files) = files {
                        sqlx::query(sql::KEEP_BUNDLE)
                            .bind(bundle.as_bytes().as_slice())
                            .bind(&**files)
                            .execute(&mut *c)
                            .await
                            .map_err(failed(DOING))?;
                    }
                    sqlx::query(sql::INSERT_ACTIVATION)
                        .bind(to_sql(index))
                        .bind(bundle.as_bytes().as_slice())
                        .bind(from.unix_ms())
                        .bind(until.map(Moment::unix_ms))
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Revocation { agreement } => {
                    sqlx::query(sql::REVOKE_ACTIVATION)
                        .bind(to_sql(*agreement))
                        .bind(to_sql(index))
                        .execute(&mut *c)
                        .await
                        .map(drop)
                }
                Change::Asked { .. } | Change::Answered(_) | Change::Erased { .. } => Ok(()),
            }
            .map_err(failed(DOING))?;
            if let Some(address) = change.address() {
                sqlx::query(sql::TOUCH_ADDRESS)
                    .bind(address.as_str())
                    .bind(to_sql(index + 1))
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?;
            }
        });
        fail_point!(self, after, Apply);
        Ok(())
    }

    /// Notes the version of an address of which an entry can no longer be told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch(&mut self, address: AddressId, index: u64) -> Result<(), StoreError> {
        on!(self.settled().await?, c => {
            sqlx::query(sql::TOUCH_ADDRESS)
                .bind(address.as_str())
                .bind(to_sql(index + 1))
                .execute(&mut *c)
                .await
                .map_err(failed("change the registry"))?;
        });
        Ok(())
    }

    /// Makes the head of a book that was filled from a copy.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when there is one.
    pub async fn make_head(&mut self, new: &NewHead<'_>) -> Result<(), StoreError> {
        const DOING: &str = "write the head";
        on!(self.settled().await?, c => {
            sqlx::query(sql::NEW_HEAD)
                .bind(new.checkpoint)
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
        });
        let empty = Head {
            size: 0,
            checkpoint: new.checkpoint.to_owned(),
            facts_epoch: 0,
            policy_epoch: 0,
            keys_epoch: 0,
        };
        self.swap_head(&empty, new).await
    }

    /// Keeps a wrapped key unless there is one of its name already; answers the id of the one that
    /// counts, and that one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_opening_key(
        &mut self,
        key: &StoredKey,
    ) -> Result<(u64, Vec<u8>), StoreError> {
        const DOING: &str = "keep a key";
        fail_point!(self, before, KeepKey);
        let kept: Result<(i64, Vec<u8>), _> = on!(self.settled().await?, c => {
            sqlx::query(sql::NEW_OPENING_KEY)
                .bind(to_sql(key.id))
                .bind(key.tag.as_slice())
                .bind(i64::from(key.year))
                .bind(key.kind.as_str())
                .bind(key.wrapped.as_slice())
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
            let row = sqlx::query(sql::KEPT_OPENING_KEY)
                .bind(key.tag.as_slice())
                .bind(i64::from(key.year))
                .bind(key.kind.as_str())
                .fetch_one(&mut *c)
                .await
                .map_err(failed(DOING))?;
            row.try_get(0).and_then(|id| Ok((id, row.try_get(1)?))).map_err(failed(DOING))
        });
        fail_point!(self, after, KeepKey);
        let (id, wrapped) = kept?;
        Ok((from_sql(id, "opening_keys", "id")?, wrapped))
    }

    /// Notes that this gateway lives, and forgets what is too old to matter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heartbeat(
        &mut self,
        gateway: [u8; 16],
        now: Moment,
        dead_before: Moment,
    ) -> Result<(), StoreError> {
        const DOING: &str = "note that this gateway lives";
        fail_point!(self, before, Heartbeat);
        on!(self.settled().await?, c => {
            sqlx::query(sql::HEARTBEAT)
                .bind(gateway.as_slice())
                .bind(now.unix_ms())
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
            for (text, before) in [(sql::FORGET_GATEWAYS, dead_before), (sql::FORGET_USED, now)] {
                sqlx::query(text)
                    .bind(before.unix_ms())
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?;
            }
        });
        self.used.forget(now);
        fail_point!(self, after, Heartbeat);
        Ok(())
    }

    /// Commits. After an error the outcome is unknown: ask the head.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit(mut self) -> Result<(), StoreError> {
        fail_point!(self, before, Commit);
        on!(self.settled().await?, c => {
            sqlx::query("commit").execute(&mut *c).await.map_err(failed("commit"))?;
        });
        for (once, until) in &self.using {
            self.used.add(once, *until);
        }
        if let Some(journal) = self.journal {
            journal.note_commit();
        }
        fail_point!(self, after, Commit);
        *self.home = Some(self.conn);
        Ok(())
    }

    /// Gives the batch up.
    ///
    /// # Errors
    /// [`StoreError`]; the connection is given up then, which rolls back too.
    pub async fn roll_back(mut self) -> Result<(), StoreError> {
        self.held = Held::default();
        on!(self.settled().await?, c => {
            sqlx::query("rollback").execute(&mut *c).await.map_err(failed("roll back"))?;
        });
        *self.home = Some(self.conn);
        Ok(())
    }
}

/// A change that must touch so many rows did.
fn all_touched(doing: &'static str, touched: u64, expected: usize) -> Result<(), StoreError> {
    let expected = u64::try_from(expected).unwrap_or(u64::MAX);
    if touched == expected {
        Ok(())
    } else {
        Err(StoreError::RowsTouched {
            doing,
            touched,
            expected,
        })
    }
}

fn record(value: &impl serde::Serialize) -> Result<String, StoreError> {
    // Our own records always serialise; were one not to, nothing may be written.
    serde_json::to_string(value).map_err(|_| corrupt("(new)", "record", "(not shown)"))
}

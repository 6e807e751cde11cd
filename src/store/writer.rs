//! Writing: one connection, one transaction at a time, many rows in each statement.
//!
//! Only the ledger's sequencer has a [`Writer`], and its task is never cancelled in the middle of
//! one. After any error the transaction is given up whole and the connection with it: nothing of a
//! failed batch can leak into the next.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::{Connection, Row};

#[cfg(test)]
use super::faults::Faults;
use super::journal::Journal;
use super::log::{Head, parse_head};
use super::open::{Conn, Engine, Settings, connect};
use super::sealed::StoredKey;
use super::sql::{self, Rows};
use super::{StoreError, bytes, corrupt, failed, from_sql, on, to_sql};
use crate::clock::Moment;
use crate::domain::{
    AddressId, Aos, Choice, Document, DocumentId, Dossier, Oin, Ownership, Sha256, TransactionId,
};
use crate::errors::in_full;
use crate::merkle::WholeTile;

/// A token that is being used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimedToken {
    /// SHA-256 over issuer and `jti`.
    pub tag: [u8; 32],
    /// Until when it could be used again if nobody remembered it.
    pub until: Moment,
}

/// Begins in PostgreSQL, whatever its default: a batch must see what was committed while it waited for
/// the head. Only PostgreSQL lets others write meanwhile.
const BEGIN_LOCKED: &str = "begin isolation level read committed; \
    update head set size = size where id = 1 \
        returning size, checkpoint, facts_epoch, policy_epoch, keys_epoch";

/// What can be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Once {
    /// A token, by its tag.
    Token([u8; 32]),
    /// A transaction id.
    Transaction(TransactionId),
}

impl Once {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Token(tag) => tag,
            Self::Transaction(id) => id.as_bytes(),
        }
    }

    /// Told apart by their length.
    pub(super) fn from_bytes(stored: &[u8]) -> Result<Self, StoreError> {
        match <[u8; 32]>::try_from(stored) {
            Ok(tag) => Ok(Self::Token(tag)),
            Err(_) => bytes(stored, "used", "what", "")
                .map(|id| Self::Transaction(TransactionId::from_bytes(id))),
        }
    }
}

/// One entry, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct EntryRow<'a> {
    /// Its index.
    pub index: u64,
    /// Its transaction.
    pub transaction: TransactionId,
    /// Its bytes.
    pub entry: &'a [u8],
    /// What its commitments open to, where it has any.
    pub opening: Option<OpeningRow<'a>>,
}

/// The sealed openings of an entry, ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct OpeningRow<'a> {
    /// The id of the key.
    pub key: u64,
    /// Nonce and ciphertext.
    pub sealed: &'a [u8],
}

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

/// A change of the document index.
#[derive(Debug, Clone)]
pub enum DocumentChange {
    /// Put it there, or replace it.
    Put(Document),
    /// Take it out.
    Delete(DocumentId),
}

impl DocumentChange {
    const fn id(&self) -> DocumentId {
        match self {
            Self::Put(document) => document.id,
            Self::Delete(id) => *id,
        }
    }
}

/// What a change of the document index came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentOutcome {
    /// It was not there.
    Created,
    /// It was there and is now as told.
    Replaced,
    /// It was there, just so.
    Unchanged,
    /// It is gone.
    Deleted,
    /// There was none to delete.
    Unknown,
    /// It belongs to another organisation; left as it is.
    NotOwned,
    /// Another line of the same call stood in the way, and the call asked for all or nothing.
    NotApplied,
}

impl DocumentOutcome {
    /// Whether the line it answers was wrong.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Unknown | Self::NotOwned)
    }

    const fn changes(self) -> bool {
        matches!(self, Self::Created | Self::Replaced | Self::Deleted)
    }
}

/// What the head becomes.
#[derive(Debug)]
pub struct NewHead<'a> {
    /// The new size.
    pub size: u64,
    /// The signed checkpoint of that size.
    pub checkpoint: &'a str,
    /// The new epoch of facts.
    pub facts_epoch: u64,
    /// The new epoch of policy.
    pub policy_epoch: u64,
    /// The new epoch of keys.
    pub keys_epoch: u64,
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
    settings: Settings,
    /// Only with SQLite.
    journal: Option<Journal>,
    #[cfg(test)]
    faults: Faults,
}

impl Writer {
    pub(super) fn new(conn: Conn, settings: Settings, #[cfg(test)] faults: Faults) -> Self {
        Self {
            journal: matches!(conn, Engine::Sqlite(_)).then(|| Journal::keep(settings.clone())),
            conn: Some(conn),
            settings,
            #[cfg(test)]
            faults,
        }
    }

    /// Begins a batch and locks the head for the rest of it; connects again when the last one failed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&mut self) -> Result<(Batch<'_>, Head), StoreError> {
        const DOING: &str = "begin a batch";
        fail_point!(self, before, Begin);
        if let Some(failure) = self.journal.as_ref().and_then(Journal::take_failure) {
            return Err(failure);
        }
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.settings, false).await?,
        };
        let head = match &mut conn {
            // Takes the write lock now instead of failing half-way through.
            Engine::Sqlite(c) => sqlx::query(
                "begin immediate; \
                 select size, checkpoint, facts_epoch, policy_epoch, keys_epoch from head where id = 1",
            )
            .fetch_optional(c)
            .await
            .map_err(failed(DOING))?
            .map(|row| parse_head(&row)),
            Engine::Postgres(c) => sqlx::raw_sql(BEGIN_LOCKED)
                .fetch_optional(c)
                .await
                .map_err(failed(DOING))?
                .map(|row| parse_head(&row)),
        };
        let head = head.unwrap_or_else(|| Err(corrupt("head", "id", 1)))?;
        fail_point!(self, after, Begin);
        let batch = Batch {
            conn,
            home: &mut self.conn,
            journal: self.journal.as_ref(),
            #[cfg(test)]
            faults: self.faults.clone(),
        };
        Ok((batch, head))
    }

    /// Begins a batch where there is no head to lock yet.
    pub(super) async fn begin_headless(&mut self) -> Result<Batch<'_>, StoreError> {
        const DOING: &str = "begin to fill the database";
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.settings, false).await?,
        };
        match &mut conn {
            Engine::Sqlite(c) => sqlx::query("begin immediate").execute(c).await.map(drop),
            Engine::Postgres(c) => sqlx::query("begin").execute(c).await.map(drop),
        }
        .map_err(failed(DOING))?;
        Ok(Batch {
            conn,
            home: &mut self.conn,
            journal: self.journal.as_ref(),
            #[cfg(test)]
            faults: self.faults.clone(),
        })
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
    pub(super) conn: Conn,
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
            on!(&mut $batch.conn, $conn => {
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

mod clear;
mod erase;

pub use clear::{Clear, PERSONAL};
pub use erase::{Answer, Ask, Erasing, Refused, Resealed, Resealing};

impl Batch<'_> {
    /// Whether it costs more to be told which rows were touched than to ask beforehand whether something
    /// is wrong: with SQLite a row is a thread hop, with PostgreSQL a statement is a round trip.
    const fn telling_costs(&self) -> bool {
        matches!(self.conn, Engine::Sqlite(_))
    }

    /// Uses up what can be used once, and is forgotten after the moment given; answers what was not
    /// used before. Of two alike, one is answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&mut self, claimed: &[(Once, Moment)]) -> Result<HashSet<Once>, StoreError> {
        const DOING: &str = "use up tokens and transaction ids";
        fail_point!(self, before, Claim);
        let mut fresh: HashSet<Once> = claimed.iter().map(|(once, _)| *once).collect();
        let mut used = 0;
        if self.telling_costs() {
            for_rows!(
                self,
                DOING,
                &sql::COUNT_USED,
                claimed,
                |query, one| query.bind(one.0.as_bytes()),
                |row| used += row.try_get::<i64, _>(0).map_err(failed(DOING))?
            );
        }
        if self.telling_costs() && used == 0 && fresh.len() == claimed.len() {
            let touched = for_rows!(self, DOING, &sql::USE, claimed, |query, one| query
                .bind(one.0.as_bytes())
                .bind(one.1.unix_ms()));
            all_touched(DOING, touched, claimed.len())?;
            fail_point!(self, after, Claim);
            return Ok(fresh);
        }
        fresh.clear();
        for_rows!(
            self,
            DOING,
            &sql::USE_TELLING,
            claimed,
            |query, one| query.bind(one.0.as_bytes()).bind(one.1.unix_ms()),
            |row| fresh.insert(Once::from_bytes(row.try_get(0).map_err(failed(DOING))?)?)
        );
        fail_point!(self, after, Claim);
        Ok(fresh)
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
        on!(&mut self.conn, c => {
            let rows = sqlx::query(sql::ENTRIES)
                .bind(to_sql(from))
                .bind(to_sql(to))
                .fetch_all(&mut *c)
                .await
                .map_err(failed(DOING))?;
            rows.iter().map(|row| row.try_get(1).map_err(failed(DOING))).collect()
        })
    }

    /// Writes entries with their openings.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when one of these indices is taken.
    pub async fn insert_entries(&mut self, rows: &[EntryRow<'_>]) -> Result<(), StoreError> {
        const DOING: &str = "write entries";
        fail_point!(self, before, InsertEntries);
        let touched = for_rows!(self, DOING, &sql::INSERT_ENTRIES, rows, |query, row| query
            .bind(to_sql(row.index))
            .bind(row.transaction.as_bytes().as_slice())
            .bind(row.entry)
            .bind(row.opening.map(|opening| to_sql(opening.key)))
            .bind(row.opening.map(|opening| opening.sealed)));
        fail_point!(self, after, InsertEntries);
        all_touched(DOING, touched, rows.len())
    }

    /// Notes releases that still lack their closing entry.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::RowsTouched`] when one of them was noted before.
    pub async fn open_releases(
        &mut self,
        rows: &[(u64, TransactionId)],
        gateway: [u8; 16],
    ) -> Result<(), StoreError> {
        const DOING: &str = "note open releases";
        fail_point!(self, before, OpenReleases);
        let touched = for_rows!(
            self,
            DOING,
            &sql::INSERT_OPEN_RELEASES,
            rows,
            |query, row| query
                .bind(to_sql(row.0))
                .bind(row.1.as_bytes().as_slice())
                .bind(gateway.as_slice())
        );
        fail_point!(self, after, OpenReleases);
        all_touched(DOING, touched, rows.len())
    }

    /// Strikes releases off; answers those that were open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_releases(&mut self, indices: &[u64]) -> Result<HashSet<u64>, StoreError> {
        const DOING: &str = "close releases";
        fail_point!(self, before, CloseReleases);
        let mut closed: HashSet<u64> = indices.iter().copied().collect();
        let mut open = 0;
        if self.telling_costs() {
            for_rows!(
                self,
                DOING,
                &sql::COUNT_OPEN_RELEASES,
                indices,
                |query, index| query.bind(to_sql(*index)),
                |row| open += row.try_get::<i64, _>(0).map_err(failed(DOING))?
            );
        }
        if self.telling_costs() && usize::try_from(open) == Ok(indices.len()) {
            let touched = for_rows!(
                self,
                DOING,
                &sql::CLOSE_RELEASES,
                indices,
                |query, index| query.bind(to_sql(*index))
            );
            all_touched(DOING, touched, closed.len())?;
            fail_point!(self, after, CloseReleases);
            return Ok(closed);
        }
        closed.clear();
        for_rows!(
            self,
            DOING,
            &sql::CLOSE_RELEASES_TELLING,
            indices,
            |query, index| query.bind(to_sql(*index)),
            |row| closed.insert(from_sql(
                row.try_get(0).map_err(failed(DOING))?,
                "open_releases",
                "idx"
            )?)
        );
        fail_point!(self, after, CloseReleases);
        Ok(closed)
    }

    /// Writes a tile that became whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_tile(&mut self, tile: &WholeTile) -> Result<(), StoreError> {
        let blob = tile.hashes.as_flattened();
        fail_point!(self, before, InsertTile);
        on!(&mut self.conn, c => {
            sqlx::query(sql::INSERT_TILE)
                .bind(i64::from(tile.at.level))
                .bind(to_sql(tile.at.number))
                .bind(blob)
                .execute(&mut *c)
                .await
                .map_err(failed("write a tile"))?;
        });
        fail_point!(self, after, InsertTile);
        Ok(())
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
        on!(&mut self.conn, c => {
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
        on!(&mut self.conn, c => {
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
        on!(&mut self.conn, c => {
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

    /// Changes the document index for one organisation. With `all_or_nothing` a single wrong line
    /// leaves everything as it is. Answers each line, and the addresses that were touched.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_documents(
        &mut self,
        owner: Oin,
        changes: &[DocumentChange],
        all_or_nothing: bool,
    ) -> Result<(Vec<DocumentOutcome>, BTreeSet<AddressId>), StoreError> {
        fail_point!(self, before, ChangeDocuments);
        let mut known = self.documents(changes).await?;
        let mut touched = BTreeSet::new();
        let mut final_state: BTreeMap<DocumentId, Option<&Document>> = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(changes.len());
        for change in changes {
            let before = known.get(&change.id());
            let outcome = match (change, before) {
                (_, Some(before)) if before.provider != owner => DocumentOutcome::NotOwned,
                (DocumentChange::Put(document), _) if document.provider != owner => {
                    DocumentOutcome::NotOwned
                }
                (DocumentChange::Put(document), Some(before)) if before == document => {
                    DocumentOutcome::Unchanged
                }
                (DocumentChange::Put(_), Some(_)) => DocumentOutcome::Replaced,
                (DocumentChange::Put(_), None) => DocumentOutcome::Created,
                (DocumentChange::Delete(_), Some(_)) => DocumentOutcome::Deleted,
                (DocumentChange::Delete(_), None) => DocumentOutcome::Unknown,
            };
            if outcome.changes() {
                touched.extend(before.map(|document| document.address));
                match change {
                    DocumentChange::Put(document) => {
                        touched.insert(document.address);
                        known.insert(document.id, document.clone());
                        final_state.insert(document.id, Some(document));
                    }
                    DocumentChange::Delete(id) => {
                        known.remove(id);
                        final_state.insert(*id, None);
                    }
                }
            }
            outcomes.push(outcome);
        }
        if all_or_nothing && outcomes.iter().any(|outcome| outcome.is_wrong()) {
            for outcome in &mut outcomes {
                if !outcome.is_wrong() {
                    *outcome = DocumentOutcome::NotApplied;
                }
            }
            return Ok((outcomes, BTreeSet::new()));
        }
        self.write_documents(&final_state, &touched).await?;
        fail_point!(self, after, ChangeDocuments);
        Ok((outcomes, touched))
    }

    async fn documents(
        &mut self,
        changes: &[DocumentChange],
    ) -> Result<HashMap<DocumentId, Document>, StoreError> {
        const DOING: &str = "read documents";
        let ids: Vec<DocumentId> = changes
            .iter()
            .map(DocumentChange::id)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut known = HashMap::with_capacity(ids.len());
        for_rows!(
            self,
            DOING,
            &sql::DOCUMENTS_BY_ID,
            ids.as_slice(),
            |query, id| query.bind(id.as_bytes().as_slice()),
            |row| {
                let record: &str = row.try_get(2).map_err(failed(DOING))?;
                let document: Document = serde_json::from_str(record)
                    .map_err(|_| corrupt("documents", "record", "(not shown)"))?;
                known.insert(document.id, document)
            }
        );
        Ok(known)
    }

    async fn write_documents(
        &mut self,
        final_state: &BTreeMap<DocumentId, Option<&Document>>,
        touched: &BTreeSet<AddressId>,
    ) -> Result<(), StoreError> {
        const DOING: &str = "write documents";
        let mut put = Vec::new();
        let mut gone = Vec::new();
        for (id, document) in final_state {
            match document {
                Some(document) => put.push((*id, document.address, record(document)?)),
                None => gone.push(*id),
            }
        }
        let touched: Vec<AddressId> = touched.iter().copied().collect();
        for_rows!(
            self,
            DOING,
            &sql::UPSERT_DOCUMENTS,
            put.as_slice(),
            |query, row| query
                .bind(row.0.as_bytes().as_slice())
                .bind(row.1.as_str())
                .bind(row.2.as_str())
        );
        for_rows!(
            self,
            DOING,
            &sql::DELETE_DOCUMENTS,
            gone.as_slice(),
            |query, id| query.bind(id.as_bytes().as_slice())
        );
        for_rows!(
            self,
            DOING,
            &sql::TOUCH_INDEX,
            touched.as_slice(),
            |query, address| query.bind(address.as_str()).bind(0_i64).bind(1_i64)
        );
        Ok(())
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
        let kept: Result<(i64, Vec<u8>), _> = on!(&mut self.conn, c => {
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
        on!(&mut self.conn, c => {
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
        fail_point!(self, after, Heartbeat);
        Ok(())
    }

    /// Swaps the head, if it still is what was locked (SECURITY 7).
    ///
    /// # Errors
    /// [`StoreError::RowsTouched`] when it is not.
    pub async fn swap_head(&mut self, old: &Head, new: &NewHead<'_>) -> Result<(), StoreError> {
        const DOING: &str = "swap the head";
        fail_point!(self, before, SwapHead);
        let touched = on!(&mut self.conn, c => {
            sqlx::query(sql::SWAP_HEAD)
                .bind(to_sql(new.size))
                .bind(new.checkpoint)
                .bind(to_sql(new.facts_epoch))
                .bind(to_sql(new.policy_epoch))
                .bind(to_sql(new.keys_epoch))
                .bind(to_sql(old.size))
                .bind(old.checkpoint.as_str())
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?
                .rows_affected()
        });
        fail_point!(self, after, SwapHead);
        all_touched(DOING, touched, 1)
    }

    /// Commits. After an error the outcome is unknown: ask the head.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit(mut self) -> Result<(), StoreError> {
        fail_point!(self, before, Commit);
        on!(&mut self.conn, c => {
            sqlx::query("commit").execute(&mut *c).await.map_err(failed("commit"))?;
        });
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
        on!(&mut self.conn, c => {
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

//! The facts of a document and its address, as one snapshot, and the cache of them.
//!
//! The cache may be as stale as it likes: whoever decides on [`Loaded`] facts appends with their
//! versions, and the append transaction refuses versions that are no longer the newest
//! (DESIGN, "The one idea"). Correctness never depends on what is cached here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache as Lru;
use sqlx::Row;

use super::log::parse_head;
use super::open::{Engine, Store};
use super::{StoreError, corrupt, detached, failed, from_sql, on, sql};
use crate::bounds;
use crate::domain::{AddressFacts, AddressId, Aos, AosId, Choice, ChoiceId, Document, DocumentId};

/// What is known of an address, with what it takes to tell later whether that is still all.
#[derive(Debug)]
pub struct Loaded {
    /// The facts, with their version.
    pub facts: AddressFacts,
    /// Moves with every change of the document index at this address.
    pub index_revision: u64,
    /// The epoch of keys at which they were read: an erasure since then makes them stale, whatever
    /// their version, because the address may have been forgotten and known again.
    pub keys_epoch: u64,
    /// The facts epoch at which these were known to be the newest.
    confirmed: AtomicU64,
}

impl Loaded {
    /// The last facts epoch at which these facts were known to be the newest.
    #[must_use]
    pub fn confirmed_at(&self) -> u64 {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// Notes that they are still the newest at this epoch.
    pub fn confirm(&self, epoch: u64) {
        self.confirmed.fetch_max(epoch, Ordering::Relaxed);
    }
}

/// A document together with the facts of its address.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The document.
    pub document: Arc<Document>,
    /// Its address, of the same snapshot.
    pub address: Arc<Loaded>,
}

#[derive(Debug, Clone)]
struct CachedDocument {
    document: Arc<Document>,
    index_revision: u64,
}

/// Facts that were read before; bounded by [`bounds::CACHED_FACTS`].
pub struct Cache {
    documents: Lru<DocumentId, CachedDocument>,
    addresses: Lru<AddressId, Arc<Loaded>>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("addresses", &self.addresses.len())
            .finish_non_exhaustive()
    }
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            documents: Lru::new(bounds::CACHED_FACTS),
            addresses: Lru::new(bounds::CACHED_FACTS),
        }
    }

    fn find(&self, id: DocumentId) -> Option<Subject> {
        let cached = self.documents.get(&id)?;
        let address = self.addresses.get(&cached.document.address)?;
        // Of one snapshot, or of two between which the index here did not move.
        (address.index_revision == cached.index_revision).then_some(Subject {
            document: cached.document,
            address,
        })
    }

    fn keep(&self, subject: &Subject) {
        self.addresses
            .insert(subject.address.facts.address, Arc::clone(&subject.address));
        self.documents.insert(
            subject.document.id,
            CachedDocument {
                document: Arc::clone(&subject.document),
                index_revision: subject.address.index_revision,
            },
        );
    }

    /// Forgets everything: somebody was erased.
    pub fn clear(&self) {
        self.documents.clear();
        self.addresses.clear();
    }

    /// Forgets an address, so that the next request reads it anew.
    pub fn forget(&self, address: AddressId) {
        self.addresses.remove(&address);
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    record: &str,
    table: &'static str,
    row: impl ToString,
) -> Result<T, StoreError> {
    serde_json::from_str(record).map_err(|_| corrupt(table, "record", row))
}

/// Reads everything of one address inside the snapshot `$tx`. A macro, because the two engines'
/// transactions are two types.
macro_rules! load_address {
    ($tx:expr, $address:expr) => {{
        const DOING: &str = "read the facts of an address";
        let address: AddressId = $address;
        let head = match sqlx::query(sql::HEAD).fetch_optional(&mut *$tx).await.map_err(failed(DOING))? {
            Some(row) => parse_head(&row)?,
            None => return Err(corrupt("head", "id", 1)),
        };
        let versions = sqlx::query(sql::ADDRESS)
            .bind(address.as_str())
            .fetch_optional(&mut *$tx)
            .await
            .map_err(failed(DOING))?;
        let (version, index_revision) = match versions {
            None => (0, 0),
            Some(row) => (
                from_sql(row.try_get(0).map_err(failed(DOING))?, "addresses", "version")?,
                from_sql(row.try_get(1).map_err(failed(DOING))?, "addresses", "index_revision")?,
            ),
        };
        let mut facts = AddressFacts::nothing_known(address);
        facts.version = version;
        // Without a version there is no entry about it, so there are no rows to look for.
        if version > 0 {
            facts.ownerships = load_address!(@records $tx, sql::OWNERSHIPS, "ownerships", address);
            facts.dossiers = load_address!(@records $tx, sql::DOSSIERS, "dossiers", address);
            facts.choices = load_address!(@records $tx, sql::CHOICES, "choices", address);
            facts.aos = load_address!(@records $tx, sql::AOS, "aos", address);
        }
        let confirmed = AtomicU64::new(head.facts_epoch);
        Arc::new(Loaded { facts, index_revision, keys_epoch: head.keys_epoch, confirmed })
    }};
    (@records $tx:expr, $sql:expr, $table:literal, $address:expr) => {{
        let rows = sqlx::query($sql)
            .bind($address.as_str())
            .fetch_all(&mut *$tx)
            .await
            .map_err(failed(DOING))?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let record: String = row.try_get(0).map_err(failed(DOING))?;
            // The row is named by its place only: its key can be personal data.
            records.push(parse(&record, $table, records.len())?);
        }
        records
    }};
}

/// The statement that opens a snapshot for reading.
const SNAPSHOT_SQLITE: &str = "begin";
const SNAPSHOT_POSTGRES: &str = "begin isolation level repeatable read read only";

macro_rules! snapshot {
    ($pool:expr, $tx:ident => $body:expr) => {
        match $pool {
            Engine::Sqlite(p) => {
                let mut $tx = p
                    .begin_with(SNAPSHOT_SQLITE)
                    .await
                    .map_err(failed("open a snapshot"))?;
                $body
            }
            Engine::Postgres(p) => {
                let mut $tx = p
                    .begin_with(SNAPSHOT_POSTGRES)
                    .await
                    .map_err(failed("open a snapshot"))?;
                $body
            }
        }
    };
}

impl Store {
    /// What was read before, and may be stale.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// A document and the facts of its address, from memory or from one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_subject(&self, id: DocumentId) -> Result<Option<Subject>, StoreError> {
        if let Some(subject) = self.cache.find(id) {
            return Ok(Some(subject));
        }
        let pool = self.pool.clone();
        let found = detached("read the facts of a document", async move {
            snapshot!(&pool, tx => {
                let row = sqlx::query(sql::DOCUMENT)
                    .bind(id.as_bytes().as_slice())
                    .fetch_optional(&mut *tx)
                    .await
                    .map_err(failed("read a document"))?;
                let Some(row) = row else { return Ok(None) };
                let record: String = row.try_get(0).map_err(failed("read a document"))?;
                let document: Document = parse(&record, "documents", id)?;
                let address = load_address!(tx, document.address);
                Ok(Some(Subject { document: Arc::new(document), address }))
            })
        })
        .await?;
        if let Some(subject) = &found {
            self.cache.keep(subject);
        }
        Ok(found)
    }

    /// The facts of an address, from memory or from one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn address(&self, address: AddressId) -> Result<Arc<Loaded>, StoreError> {
        if let Some(loaded) = self.cache.addresses.get(&address) {
            return Ok(loaded);
        }
        let pool = self.pool.clone();
        let loaded = detached("read the facts of an address", async move {
            snapshot!(&pool, tx => Ok(load_address!(tx, address)))
        })
        .await?;
        self.cache.addresses.insert(address, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The documents at an address with an id above `after`, at most `limit`, with its facts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn documents_at(
        &self,
        address: AddressId,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<(Vec<Document>, Arc<Loaded>), StoreError> {
        const DOING: &str = "read the documents of an address";
        let pool = self.pool.clone();
        detached(DOING, async move {
            snapshot!(&pool, tx => {
                let loaded = load_address!(tx, address);
                let rows = sqlx::query(sql::DOCUMENTS_AT)
                    .bind(address.as_str())
                    .bind(after.map_or(Vec::new(), |id| id.as_bytes().to_vec()))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *tx)
                    .await
                    .map_err(failed(DOING))?;
                let mut documents = Vec::with_capacity(rows.len());
                for row in &rows {
                    let record: String = row.try_get(0).map_err(failed(DOING))?;
                    documents.push(parse(&record, "documents", documents.len())?);
                }
                Ok((documents, loaded))
            })
        })
        .await
    }

    /// One choice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_choice(&self, id: ChoiceId) -> Result<Option<Choice>, StoreError> {
        self.find_record("choices", sql::CHOICE, *id.as_bytes())
            .await
    }

    /// One report of an unsafe situation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_aos(&self, id: AosId) -> Result<Option<Aos>, StoreError> {
        self.find_record("aos", sql::AOS_BY_ID, *id.as_bytes())
            .await
    }

    async fn find_record<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        table: &'static str,
        sql: &'static str,
        id: [u8; 16],
    ) -> Result<Option<T>, StoreError> {
        const DOING: &str = "read a record";
        let pool = self.pool.clone();
        detached(DOING, async move {
            on!(&pool, p => {
                let row = sqlx::query(sql)
                    .bind(id.as_slice())
                    .fetch_optional(p)
                    .await
                    .map_err(failed(DOING))?;
                row.map(|row| {
                    let record: String = row.try_get(0).map_err(failed(DOING))?;
                    parse(&record, table, uuid::Uuid::from_bytes(id))
                })
                .transpose()
            })
        })
        .await
    }
}

//! The facts of a document and its address, as one snapshot, and the cache of them.
//!
//! The cache may be as stale as it likes: whoever decides on [`Loaded`] facts appends with their
//! versions, and the append transaction refuses versions that are no longer the newest
//! (DESIGN, "The one idea"). Correctness never depends on what is cached here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache as Lru;
use sqlx::Row;

use super::open::Store;
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

const FACTS: &str = "read the facts of an address";

/// Documents of an address, and what is known of it.
type Found = (Vec<Document>, Arc<Loaded>);

/// Reads the rows of [`sql::FACTS_AT`], or of [`sql::FACTS_OF_DOCUMENT`], whose address the document
/// says: `None` when there is none.
fn read<R: Row>(rows: &[R], address: Option<AddressId>) -> Result<Option<Found>, StoreError>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    for<'r> &'r str: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let (mut epochs, mut versions) = (None, (0, 0));
    let (mut ownerships, mut dossiers) = (Vec::new(), Vec::new());
    let (mut choices, mut aos) = (Vec::new(), Vec::new());
    let mut documents: Vec<Document> = Vec::new();
    for row in rows {
        let number = |column: usize| row.try_get::<i64, _>(column).map_err(failed(FACTS));
        let two = |table, one, other| {
            let first = from_sql(number(1)?, table, one)?;
            Ok::<_, StoreError>((first, from_sql(number(2)?, table, other)?))
        };
        let record: &str = row.try_get(3).map_err(failed(FACTS))?;
        // A row is named by its place only: its key can be personal data.
        match number(0)? {
            0 => epochs = Some(two("head", "facts_epoch", "keys_epoch")?),
            1 => versions = two("addresses", "version", "index_revision")?,
            2 => ownerships.push(parse(record, "ownerships", ownerships.len())?),
            3 => dossiers.push(parse(record, "dossiers", dossiers.len())?),
            4 => choices.push(parse(record, "choices", choices.len())?),
            5 => aos.push(parse(record, "aos", aos.len())?),
            6 => documents.push(parse(record, "documents", documents.len())?),
            part => return Err(corrupt("(facts)", "part", part)),
        }
    }
    let (facts_epoch, keys_epoch) = epochs.ok_or_else(|| corrupt("head", "id", 1))?;
    let (version, index_revision) = versions;
    let Some(address) = address.or_else(|| Some(documents.first()?.address)) else {
        return Ok(None);
    };
    documents.sort_unstable_by_key(|document| document.id);
    let loaded = Loaded {
        facts: AddressFacts {
            address,
            version,
            ownerships,
            dossiers,
            choices,
            aos,
        },
        index_revision,
        keys_epoch,
        confirmed: AtomicU64::new(facts_epoch),
    };
    Ok(Some((documents, Arc::new(loaded))))
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
        let read = detached(FACTS, async move {
            on!(&pool, p => {
                let query = sqlx::query(sql::FACTS_OF_DOCUMENT).bind(id.as_bytes().as_slice());
                read(&query.fetch_all(p).await.map_err(failed(FACTS))?, None)
            })
        });
        let found = read.await?.and_then(|(documents, address)| {
            let document = Arc::new(documents.into_iter().next()?);
            Some(Subject { document, address })
        });
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
        let (_, loaded) = self.documents_at(address, None, 0).await?;
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
    ) -> Result<Found, StoreError> {
        let pool = self.pool.clone();
        let read = detached(FACTS, async move {
            on!(&pool, p => {
                let query = sqlx::query(sql::FACTS_AT)
                    .bind(address.as_str())
                    .bind(after.map_or(Vec::new(), |id| id.as_bytes().to_vec()))
                    .bind(i64::from(limit));
                read(&query.fetch_all(p).await.map_err(failed(FACTS))?, Some(address))
            })
        });
        let told = read.await?;
        told.ok_or_else(|| corrupt("addresses", "address", "(not shown)"))
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

//! Erasing and holding: keys destroyed for ever, and what waits for a second person.
//!
//! A key is destroyed in the transaction that appends the entry which names it, together with what the
//! registry and the index of documents hold of its address. What is left in the entries is nulled with
//! it: without the key it says nothing, but it need not lie there either.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::Row as _;

use super::super::open::Engine;
use super::super::sql::{self, Rows};
use super::super::{StoreError, StoredKey, corrupt, failed, from_sql, on, to_sql};
use super::{Batch, all_touched};
use crate::domain::{AddressId, Choice, OwnerId, Ownership};

/// What a second person is asked to agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// To erase.
    Erase,
    /// To hold: nothing of the address is erased. It counts from when it was asked.
    Hold,
    /// To lift the hold that the entry with this index asked for.
    Lift(u64),
}

impl Ask {
    /// The word in the book and in the tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Erase => "vernietigen",
            Self::Hold => "bewaarplicht-instellen",
            Self::Lift(_) => "bewaarplicht-opheffen",
        }
    }

    pub(in crate::store) fn parse(code: &str, hold: Option<u64>) -> Option<Self> {
        match (code, hold) {
            ("vernietigen", None) => Some(Self::Erase),
            ("bewaarplicht-instellen", None) => Some(Self::Hold),
            ("bewaarplicht-opheffen", Some(hold)) => Some(Self::Lift(hold)),
            _ => None,
        }
    }
}

/// Whose openings are destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasing {
    /// An address: its keys of every year and kind, and what the registry and the index say of it.
    Address {
        /// Which.
        address: AddressId,
        /// Its tag.
        tag: [u8; 16],
    },
    /// What was kept for its term: keys of one kind of entry from before a year, but not what is held.
    Term {
        /// The kind.
        kind: &'static str,
        /// The first year that is kept.
        before: i32,
        /// At most so many keys.
        most: u32,
    },
    /// An owner: what names them is taken out, and the rest is sealed again.
    Owner(Arc<Resealing>),
}

/// What it takes to erase an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealing {
    /// Who.
    pub owner: OwnerId,
    /// The keys to destroy.
    pub keys: Vec<u64>,
    /// Whose keys these are.
    pub tags: Vec<[u8; 16]>,
    /// The addresses where they are named.
    pub addresses: Vec<AddressId>,
    /// How many entries of the book were looked at.
    pub size: u64,
    /// How many entries are sealed under the keys.
    pub sealed: u64,
    /// How many of them lose a field.
    pub lost: u64,
    /// Fresh keys, of the same names.
    pub fresh: Vec<StoredKey>,
    /// The openings under them.
    pub openings: Vec<Resealed>,
}

/// An opening that was sealed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// Of which entry.
    pub index: u64,
    /// Under which key.
    pub key: u64,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

/// An answer to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The entry that asked.
    pub proposal: u64,
    /// What it asked.
    pub ask: Ask,
    /// Whether the second person agrees.
    pub agreed: bool,
}

/// Why something is not written: it would not follow from what stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The address is held.
    Held,
    /// Nothing of the kind waits for an answer, or there is no such hold, or it is asked already.
    NotWaiting,
}

impl Batch<'_> {
    /// Whether a proposal may stand in the book now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn may_ask(
        &mut self,
        ask: Ask,
        tag: [u8; 16],
    ) -> Result<Result<(), Refused>, StoreError> {
        Ok(match ask {
            Ask::Erase if self.is_held(tag).await? => Err(Refused::Held),
            Ask::Erase | Ask::Hold => Ok(()),
            Ask::Lift(hold) => {
                let may_lift = self.count(sql::HOLD_TO_LIFT, &[hold]).await? == 1;
                may_lift.then_some(()).ok_or(Refused::NotWaiting)
            }
        })
    }

    /// Whether this proposal waits for an answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn may_answer(
        &mut self,
        proposal: u64,
        ask: Ask,
    ) -> Result<Result<(), Refused>, StoreError> {
        const DOING: &str = "look for a proposal";
        let waiting: i64 = on!(self.settled().await?, c => {
            let row = sqlx::query(sql::WAITS)
                .bind(to_sql(proposal))
                .bind(ask.code())
                .fetch_one(&mut *c)
                .await
                .map_err(failed(DOING))?;
            row.try_get(0).map_err(failed(DOING))?
        });
        Ok((waiting == 1).then_some(()).ok_or(Refused::NotWaiting))
    }

    /// Whether somebody holds the address with this tag.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_held(&mut self, tag: [u8; 16]) -> Result<bool, StoreError> {
        const DOING: &str = "look for a hold";
        let holds: i64 = on!(self.settled().await?, c => {
            let row = sqlx::query(sql::HOLDS_OF)
                .bind(tag.as_slice())
                .fetch_one(&mut *c)
                .await
                .map_err(failed(DOING))?;
            row.try_get(0).map_err(failed(DOING))?
        });
        Ok(holds > 0)
    }

    async fn count(&mut self, statement: &'static str, of: &[u64]) -> Result<i64, StoreError> {
        const DOING: &str = "count what waits";
        on!(self.settled().await?, c => {
            let mut query = sqlx::query(statement);
            for one in of {
                query = query.bind(to_sql(*one));
            }
            let row = query.fetch_one(&mut *c).await.map_err(failed(DOING))?;
            row.try_get(0).map_err(failed(DOING))
        })
    }

    /// The keys that would be destroyed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys_to_erase(&mut self, erasing: &Erasing) -> Result<Vec<u64>, StoreError> {
        const DOING: &str = "find the keys to destroy";
        on!(self.settled().await?, c => {
            let rows = match erasing {
                Erasing::Owner(resealing) => return Ok(resealing.keys.clone()),
                Erasing::Address { tag, .. } => {
                    sqlx::query(sql::KEYS_OF).bind(tag.to_vec()).fetch_all(&mut *c).await
                }
                Erasing::Term { kind, before, most } => {
                    sqlx::query(sql::KEYS_PAST)
                        .bind(*kind)
                        .bind(i64::from(*before))
                        .bind(i64::from(*most))
                        .fetch_all(&mut *c)
                        .await
                }
            };
            let rows = rows.map_err(failed(DOING))?;
            rows.iter()
                .map(|row| from_sql(row.try_get(0).map_err(failed(DOING))?, "opening_keys", "id"))
                .collect()
        })
    }

    /// Which of these keys are there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys_there(&mut self, keys: &[u64]) -> Result<HashSet<u64>, StoreError> {
        const DOING: &str = "look for keys";
        let mut there = HashSet::new();
        for_rows!(
            self,
            DOING,
            &sql::KEYS_THERE,
            keys,
            |query, key| query.bind(to_sql(*key)),
            |row| there.insert(from_sql(
                row.try_get(0).map_err(failed(DOING))?,
                "opening_keys",
                "id"
            )?)
        );
        Ok(there)
    }

    /// How many entries are sealed under these keys, each named once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_sealed(&mut self, keys: &[u64]) -> Result<u64, StoreError> {
        const DOING: &str = "count what is sealed";
        let mut sealed: i64 = 0;
        for_rows!(
            self,
            DOING,
            &sql::COUNT_SEALED,
            keys,
            |query, key| query.bind(to_sql(*key)),
            |row| sealed += row.try_get::<i64, _>(0).map_err(failed(DOING))?
        );
        from_sql(sealed, "entries", "opening_key")
    }

    /// Destroys these keys, and nulls at most so many openings under them; answers how many keys and
    /// openings were there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn destroy(&mut self, keys: &[u64], most: u64) -> Result<(u64, u64), StoreError> {
        const DOING: &str = "destroy keys";
        fail_point!(self, before, Destroy);
        if let Engine::Sqlite(c) = self.settled().await? {
            super::clear::note_erased(c).await?;
        }
        let destroyed = for_rows!(self, DOING, &sql::DESTROY_KEYS, keys, |query, key| query
            .bind(to_sql(*key)));
        let mut nulled = 0;
        for key in keys {
            if nulled >= most {
                break;
            }
            nulled += on!(self.settled().await?, c => {
                sqlx::query(sql::NULL_OPENINGS)
                    .bind(to_sql(*key))
                    .bind(to_sql(most - nulled))
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?
                    .rows_affected()
            });
        }
        fail_point!(self, after, Destroy);
        Ok((destroyed, nulled))
    }

    /// Whether all that was sealed again is there still, and nothing else under the same keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_whole(&mut self, resealing: &Resealing) -> Result<bool, StoreError> {
        let there = self.keys_there(&resealing.keys).await?.len();
        let sealed = self.count_sealed(&resealing.keys).await?;
        Ok(there == resealing.keys.len() && sealed == resealing.sealed)
    }

    /// Puts what was sealed again in the place of what was under the keys that are destroyed, and
    /// removes the owner from the registry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal(&mut self, resealing: &Resealing) -> Result<(), StoreError> {
        const DOING: &str = "seal again";
        self.destroy(&resealing.keys, 0).await?;
        for key in &resealing.fresh {
            self.keep_opening_key(key).await?;
        }
        for one in &resealing.openings {
            let touched = on!(self.settled().await?, c => {
                sqlx::query(sql::RESEAL)
                    .bind(to_sql(one.index))
                    .bind(to_sql(one.key))
                    .bind(one.sealed.as_slice())
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?
                    .rows_affected()
            });
            all_touched(DOING, touched, 1)?;
        }
        for address in &resealing.addresses {
            self.forget_owner(*address, &resealing.owner).await?;
        }
        Ok(())
    }

    async fn forget_owner(
        &mut self,
        address: AddressId,
        owner: &OwnerId,
    ) -> Result<(), StoreError> {
        const DOING: &str = "forget an owner";
        let unknown = || corrupt("ownerships, choices", "record", "(not shown)");
        on!(self.settled().await?, c => {
            let query = sqlx::query(sql::OWNERSHIPS).bind(address.as_str());
            for row in query.fetch_all(&mut *c).await.map_err(failed(DOING))? {
                let record: String = row.try_get(0).map_err(failed(DOING))?;
                let told: Ownership = serde_json::from_str(&record).map_err(|_| unknown())?;
                if told.owners.contains(owner) {
                    sqlx::query(sql::FORGET_OWNERSHIP)
                        .bind(address.as_str())
                        .bind(to_sql(told.recorded_at))
                        .execute(&mut *c)
                        .await
                        .map_err(failed(DOING))?;
                }
            }
            let query = sqlx::query(sql::CHOICES).bind(address.as_str());
            for row in query.fetch_all(&mut *c).await.map_err(failed(DOING))? {
                let record: String = row.try_get(0).map_err(failed(DOING))?;
                let told: Choice = serde_json::from_str(&record).map_err(|_| unknown())?;
                if told.owner == *owner {
                    sqlx::query(sql::FORGET_CHOICE)
                        .bind(told.id.as_bytes().as_slice())
                        .execute(&mut *c)
                        .await
                        .map_err(failed(DOING))?;
                }
            }
        });
        Ok(())
    }

    /// Removes what the registry, the index of documents and the proposals that wait hold of an
    /// address. It is then as if nothing was ever known of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_address(
        &mut self,
        address: AddressId,
        tag: [u8; 16],
    ) -> Result<(), StoreError> {
        const DOING: &str = "forget an address";
        on!(self.settled().await?, c => {
            for statement in sql::FORGET_ADDRESS {
                sqlx::query(statement)
                    .bind(address.as_str())
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?;
            }
            sqlx::query(sql::FORGET_PENDING)
                .bind(tag.as_slice())
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
        });
        Ok(())
    }

    /// Notes what the entry at this index asks.
    pub(super) async fn note_asked(
        &mut self,
        ask: Ask,
        tag: [u8; 16],
        index: u64,
    ) -> Result<(), StoreError> {
        const DOING: &str = "note a proposal";
        let hold = match ask {
            Ask::Lift(hold) => Some(to_sql(hold)),
            Ask::Erase | Ask::Hold => None,
        };
        on!(self.settled().await?, c => {
            sqlx::query(sql::NOTE_PENDING)
                .bind(to_sql(index))
                .bind(ask.code())
                .bind(tag.as_slice())
                .bind(hold)
                .execute(&mut *c)
                .await
                .map_err(failed(DOING))?;
            if ask == Ask::Hold {
                sqlx::query(sql::NOTE_HOLD)
                    .bind(to_sql(index))
                    .bind(tag.as_slice())
                    .execute(&mut *c)
                    .await
                    .map_err(failed(DOING))?;
            }
        });
        Ok(())
    }

    /// Notes the answer that the entry at this index gives.
    pub(super) async fn note_answered(
        &mut self,
        answer: Answer,
        index: u64,
    ) -> Result<(), StoreError> {
        const DOING: &str = "note an answer";
        let touched = self.run(sql::DROP_PENDING, &[answer.proposal]).await?;
        all_touched(DOING, touched, 1)?;
        let touched = match (answer.ask, answer.agreed) {
            (Ask::Hold, true) => {
                self.run(sql::CONFIRM_HOLD, &[answer.proposal, index])
                    .await?
            }
            (Ask::Hold, false) => self.run(sql::DROP_HOLD, &[answer.proposal]).await?,
            (Ask::Lift(hold), true) => self.run(sql::DROP_HOLD, &[hold]).await?,
            (Ask::Lift(_), false) | (Ask::Erase, _) => 1,
        };
        all_touched(DOING, touched, 1)
    }

    async fn run(&mut self, statement: &'static str, with: &[u64]) -> Result<u64, StoreError> {
        const DOING: &str = "note what is erased or held";
        on!(self.settled().await?, c => {
            let mut query = sqlx::query(statement);
            for one in with {
                query = query.bind(to_sql(*one));
            }
            let done = query.execute(&mut *c).await.map_err(failed(DOING))?;
            Ok(done.rows_affected())
        })
    }
}

//! What of a batch erases, holds or answers: whether it may, and which keys it destroys. The head is
//! locked, so what is found here stays so until the commit.

use super::Plan;
use crate::bounds;
use crate::ledger::draft::NotAppended;
use crate::ledger::owner;
use crate::ledger::seal::{KeyCache, MasterKey};
use crate::store::{Answer, Batch, Change, Erasing, Head, Refused, StoreError};

impl From<Refused> for NotAppended {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Held => Self::Held,
            Refused::NotWaiting => Self::NotWaiting,
        }
    }
}

impl Plan {
    /// INVARIANT (two people, no hold passed over): nothing is erased, held or lifted but on a proposal
    /// that waits, and nothing is erased that is held. Completes the entries that destroy keys.
    pub(in crate::ledger) async fn check_changes(
        &mut self,
        batch: &mut Batch<'_>,
        head: &Head,
        keys: &KeyCache,
        master: &MasterKey,
    ) -> Result<(), StoreError> {
        let mut destroyed: Vec<u64> = Vec::new();
        let mut by = None;
        let mut of_owner = false;
        for (number, append) in self.appends.iter_mut().enumerate() {
            let (Ok(_), Some(change)) = (append.fate, &append.draft.change) else {
                continue;
            };
            if let Err(refused) = may(batch, change).await? {
                append.fate = Err(refused.into());
                continue;
            }
            let Change::Erased { erasing, .. } = change else {
                continue;
            };
            of_owner = matches!(erasing, Erasing::Owner(_));
            if let Erasing::Owner(resealing) = erasing
                && (!batch.is_whole(resealing).await?
                    || owner::is_named_since(batch, head.size, resealing, keys, master).await?)
            {
                append.fate = Err(NotAppended::Stale);
                continue;
            }
            let keys = batch.keys_to_erase(erasing).await?;
            if keys.is_empty() && matches!(erasing, Erasing::Term { .. }) {
                append.fate = Err(NotAppended::NothingToErase);
                continue;
            }
            let sealed = match erasing {
                Erasing::Owner(resealing) => resealing.lost,
                _ => batch.count_sealed(&keys).await?,
            };
            destroyed.clone_from(&keys);
            by = Some(number);
            if append.draft.complete(keys, sealed).is_err() {
                // More keys than fit in one entry.
                append.fate = Err(NotAppended::Unavailable);
                (destroyed, by) = (Vec::new(), None);
            }
        }
        // What would be sealed under a key that goes with this batch is sealed again; beside the
        // erasure of an owner everything is, for nobody looked whether it names them.
        for (number, append) in self.appends.iter_mut().enumerate() {
            let Some(sealed) = &append.draft.opening else {
                continue;
            };
            let goes = of_owner || destroyed.contains(&sealed.key.number());
            if by.is_some_and(|by| by != number) && goes {
                append.fate = append.fate.and(Err(NotAppended::Stale));
            }
        }
        Ok(())
    }
}

async fn may(batch: &mut Batch<'_>, change: &Change) -> Result<Result<(), Refused>, StoreError> {
    match change {
        Change::Asked { ask, tag } => batch.may_ask(*ask, *tag).await,
        Change::Answered(Answer { proposal, ask, .. }) => batch.may_answer(*proposal, *ask).await,
        Change::Erased { proposal, erasing } => {
            let tags = match erasing {
                Erasing::Address { tag, .. } => vec![*tag],
                Erasing::Owner(resealing) => resealing.tags.clone(),
                Erasing::Term { .. } => Vec::new(),
            };
            for tag in tags {
                if batch.is_held(tag).await? {
                    return Ok(Err(Refused::Held));
                }
            }
            match proposal {
                Some(proposal) => {
                    let ask = crate::store::Ask::Erase;
                    batch.may_answer(*proposal, ask).await
                }
                None => Ok(Ok(())),
            }
        }
        _ => Ok(Ok(())),
    }
}

/// Destroys the keys that the entry at this index names, and what is known of their address.
pub(super) async fn erase(
    batch: &mut Batch<'_>,
    index: u64,
    proposal: Option<u64>,
    erasing: &Erasing,
    keys: &[u64],
) -> Result<(), StoreError> {
    match erasing {
        Erasing::Address { .. } => batch.destroy(keys, u64::MAX).await.map(drop)?,
        Erasing::Term { .. } => {
            let most = bounds::NULLED_AT_ONCE;
            batch.destroy(keys, most).await.map(drop)?;
        }
        Erasing::Owner(resealing) => batch.reseal(resealing).await?,
    }
    if let Some(proposal) = proposal {
        let answer = Answer {
            proposal,
            ask: crate::store::Ask::Erase,
            agreed: true,
        };
        batch.apply(&Change::Answered(answer), index).await?;
    }
    if let Erasing::Address { address, tag } = erasing {
        batch.forget_address(*address, *tag).await?;
    }
    Ok(())
}

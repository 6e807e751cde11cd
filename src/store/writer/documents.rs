//! Changing the index of documents, which is not in the book.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::Row;

use super::super::open::Engine;
use super::super::sql::{self, Rows};
use super::super::{StoreError, corrupt, failed, on};
use super::{Batch, record};
use crate::domain::{AddressId, Document, DocumentId, Oin};

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

impl Batch<'_> {
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
}

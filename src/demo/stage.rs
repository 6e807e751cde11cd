//! The demo's stage: three parties that call one gateway, and the dataset they play.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::caller::{CallError, Caller};
use super::dataset::{Case, Dataset, DatasetError, Parties, Party, PlannedDocument};
use super::folder::Folder;
use super::register::{self, RegisterError};
use super::settings::AUDIENCE;
use crate::clock::{Clock, Random};
use crate::domain::DocumentId;
use crate::identity::DevPki;

/// The parties' systems.
#[derive(Debug)]
pub(super) struct Callers {
    img: Caller,
    ncg: Caller,
    municipality: Caller,
}

impl Callers {
    /// The systems of the parties of this PKI, before the gateway at this address.
    pub(super) fn new(
        pki: &DevPki,
        gateway: SocketAddr,
        audience: &str,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, CallError> {
        let caller = |party| Caller::new(pki, party, gateway, audience, clock, random);
        Ok(Self {
            img: caller(Party::Img)?,
            ncg: caller(Party::Ncg)?,
            municipality: caller(Party::Municipality)?,
        })
    }

    pub(super) fn of(&mut self, party: Party) -> &mut Caller {
        match party {
            Party::Img => &mut self.img,
            Party::Ncg => &mut self.ncg,
            Party::Municipality => &mut self.municipality,
        }
    }
}

/// Everything that is played with.
#[derive(Debug)]
pub struct Stage {
    pub(super) callers: Callers,
    pub(super) dataset: Dataset,
    documents: Vec<(DocumentId, PathBuf)>,
    notes: PathBuf,
    clock: Arc<dyn Clock>,
}

/// The parties of this PKI.
///
/// # Errors
/// [`DatasetError`] for one it does not have.
pub fn parties(pki: &DevPki) -> Result<Parties, DatasetError> {
    let oin = |party: Party| {
        let found = pki.party(party.code()).map(|found| found.oin);
        found.ok_or_else(|| DatasetError::Unknown(party.code().to_owned()))
    };
    Ok(Parties {
        img: oin(Party::Img)?,
        ncg: oin(Party::Ncg)?,
        municipality: oin(Party::Municipality)?,
    })
}

/// The dataset, for the parties of this PKI.
///
/// # Errors
/// [`DatasetError`] for a mistake in the tables.
pub fn dataset(pki: &DevPki, clock: &dyn Clock) -> Result<Dataset, DatasetError> {
    Dataset::new(&parties(pki)?, clock.now())
}

impl Stage {
    /// Sets the stage before the gateway at this address.
    ///
    /// # Errors
    /// [`CallError`] when a party's files cannot be used.
    pub fn new(
        folder: &Folder,
        pki: &DevPki,
        dataset: Dataset,
        gateway: SocketAddr,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, CallError> {
        let file = |planned: &PlannedDocument| (planned.document.id, folder.document(planned));
        Ok(Self {
            callers: Callers::new(pki, gateway, AUDIENCE, clock, random)?,
            documents: dataset.documents.iter().map(file).collect(),
            dataset,
            notes: folder.ledger().join("registered.ndjson"),
            clock: Arc::clone(clock),
        })
    }

    /// Fills the gateway with what it does not have yet; answers how many things it was told.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&mut self) -> Result<usize, RegisterError> {
        let now = self.clock.now();
        register::register(&mut self.callers, &self.dataset, &self.notes, now).await
    }

    /// What is played.
    #[must_use]
    pub const fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Who keeps the document of a case.
    pub(super) fn holder(&self, case: &Case) -> Option<Party> {
        let mut documents = self.dataset.documents.iter();
        let found = documents.find(|planned| planned.document.id == case.document);
        found.map(|planned| planned.holder)
    }

    /// The file of the document of a case.
    pub(super) fn file(&self, case: &Case) -> Option<PathBuf> {
        let mut documents = self.documents.iter();
        let found = documents.find(|(id, _)| *id == case.document);
        found.map(|(_, path)| path.clone())
    }
}

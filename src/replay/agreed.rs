//! Whether a bundle was put in force, or taken back, by those who must; and the bundles that are kept with
//! the book.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault::{Fault, NotRight};
use crate::domain::{Organisations, Role, Sha256};
use crate::identity::Signed;
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::registry::RegistryFlaw;
use crate::ledger::verify::{SealedSource, Wrong};
use crate::ledger::{Leaf, agreement};
use crate::policy::{self, Bundle, Policies, Revocation};

/// Learns the bundles that are kept with the book: what was agreed on decides, whatever was configured.
/// One that this version does not read is as good as missing, and decisions by it are told.
///
/// # Errors
/// [`NotRight::Bundle`] when one is not what its hash says; it is then not used.
pub async fn learn<S: SealedSource>(source: &S, policies: &Policies) -> Result<(), NotRight> {
    let kept = source.bundles().await;
    for (hash, files) in kept.map_err(|error| Wrong::at(0, error))? {
        if policy::hash_of_files(&files) != Some(hash) {
            return Err(NotRight::Bundle(hash));
        }
        if policies.find(hash).is_none()
            && let Ok(bundle) = Bundle::from_text(&files)
        {
            policies.learn(&Arc::new(bundle));
        }
    }
    Ok(())
}

/// The agreements of the book so far: the hash of each entry, by its index.
#[derive(Debug, Default)]
pub(super) struct Agreements(BTreeMap<u64, Sha256>);

impl Agreements {
    /// An `overeenkomst` entry holds good signatures of every party of its bundle. Whether a
    /// certificate was accepted at the time is the gateway's to say: its CA and its lists of then are not
    /// in the book.
    ///
    /// A party that the configuration no longer knows cannot be told from a stranger; then only the
    /// signatures themselves are checked.
    pub(super) fn check(
        &mut self,
        leaf: &Leaf,
        policies: &Policies,
        organisations: &Organisations,
    ) -> Result<(), Fault> {
        let entry = &leaf.entry;
        if entry.soort != Kind::Agreement {
            return Ok(());
        }
        let hash = entry.bundel.ok_or(Fault::Lacks("bundel"))?;
        let bundle = policies.find(hash);
        let text = if let Some(index) = entry.overeenkomst {
            let agreement = self.0.get(&index);
            let agreement = agreement.ok_or(Fault::Registry(RegistryFlaw::NoAgreement(index)))?;
            Revocation::new(hash, *agreement).text()
        } else {
            let agreement = agreement(entry).ok_or_else(|| Fault::Lacks(missing(entry)))?;
            if let Some(bundle) = &bundle {
                agreement.check(bundle).map_err(Fault::Agreement)?;
            }
            self.0.insert(leaf.index, Sha256::from_bytes(leaf.hash));
            agreement.text()
        };
        let mut signed = Vec::new();
        for jws in &entry.handtekeningen {
            signed.push(Signed::parse(jws, &text).map_err(Fault::Signature)?.by);
        }
        let Some(bundle) = bundle else { return Ok(()) };
        let roles: Option<Vec<&Role>> = (signed.iter())
            .map(|by| organisations.find(*by).map(|known| &known.role))
            .collect();
        let Some(roles) = roles else { return Ok(()) };
        match (bundle.signers().iter()).find(|signer| !roles.contains(signer)) {
            None => Ok(()),
            Some(missing) => Err(Fault::NotSigned(missing.clone())),
        }
    }
}

/// The first field that an agreement must have and this entry lacks.
const fn missing(entry: &Entry) -> &'static str {
    if entry.bewijzen.is_none() {
        "bewijzen"
    } else if entry.titel.is_none() {
        "titel"
    } else {
        "geldigVan"
    }
}

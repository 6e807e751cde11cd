//! What the demo's organisations signed: both, under each bundle that is not a candidate.

use std::path::Path;

use super::folder::FolderError;
use crate::clock::Moment;
use crate::identity::{DevPki, SignError, StatementSigner};
use crate::policy::{self, Agreement, AgreementFlaw, Bundle, BundleError, SignedAgreement};

/// The bundles that are in force in the demo, each for its own dates.
const BUNDLES: [&str; 2] = ["2021-04-01-convenant", "2023-04-19-twg"];

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    /// A bundle cannot be read.
    #[error("a bundle cannot be read")]
    Bundle(#[from] BundleError),
    /// Nothing is kept of what was proven of it.
    #[error("the program carries no proof record of {0}")]
    NoProof(&'static str),
    /// It cannot be agreed on.
    #[error("a bundle cannot be agreed on")]
    Agreement(#[from] AgreementFlaw),
    /// A key does not sign.
    #[error("an organisation cannot sign")]
    Sign(#[from] SignError),
    /// A file cannot be written.
    #[error("a signature cannot be kept")]
    Folder(#[from] FolderError),
}

/// Signs for the bundles in this folder, with the certificates of each party that must.
///
/// # Errors
/// [`NotSigned`].
pub fn sign(
    policies: &Path,
    pki: &DevPki,
    now: Moment,
) -> Result<Vec<(String, SignedAgreement)>, NotSigned> {
    let mut signed = Vec::new();
    for code in BUNDLES {
        let bundle = Bundle::load(&policies.join(code))?;
        let (from, until) = bundle.in_force();
        let proof = policy::find_shipped_proof(code).ok_or(NotSigned::NoProof(code))?;
        let agreement = Agreement::new(&bundle, proof, from, until)?;
        for role in bundle.signers() {
            // The development PKI names its parties as the bundles name their roles.
            let Some(party) = pki.party(role.as_str()) else {
                continue;
            };
            let signer = StatementSigner::open(&party.key, &party.certificate, now)?;
            let one = SignedAgreement {
                signature: signer.sign(&agreement.text(), now)?,
                agreement: agreement.clone(),
            };
            signed.push((format!("{code}.{role}.json"), one));
        }
    }
    Ok(signed)
}

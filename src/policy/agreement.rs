//! What organisations agree on: a text that each of them signs, over the content of a bundle.
//!
//! A text has one form, canonical JSON (RFC 8785), so that what one signed is byte for byte what the
//! other did. Who may sign and whether a signature is good is not known here.

use serde::{Deserialize, Serialize};

use super::bundle::{Bundle, BundleHash};
use super::symbolic::ProofRecord;
use crate::clock::Moment;
use crate::domain::Sha256;

/// The version of both texts.
const VERSION: u8 = 1;

/// That a bundle decides, from a moment on. Its fields stand in the order canonical JSON wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Agreement {
    /// What was proven of it.
    #[serde(rename = "bewijzen")]
    pub proof: ProofRecord,
    /// The content of the bundle.
    #[serde(rename = "bundel")]
    pub bundle: BundleHash,
    /// Until when, that moment excluded; for good when absent.
    #[serde(rename = "geldigTot", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// From when.
    #[serde(rename = "geldigVan")]
    pub from: Moment,
    /// The bundle's title, for whoever reads what they sign.
    #[serde(rename = "titel")]
    pub title: String,
    v: u8,
}

/// That an agreement does not begin. Its fields stand in the order canonical JSON wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Revocation {
    /// The bundle of that agreement.
    #[serde(rename = "bundel")]
    pub bundle: BundleHash,
    /// The hash of that agreement's entry, as a leaf of the tree: it names one entry of one book, and
    /// still does when what is left of a book begins a new one.
    #[serde(rename = "overeenkomst")]
    pub agreement: Sha256,
    v: u8,
}

/// An agreement and the signature of one party under it, as `sluis policy sign` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAgreement {
    /// A detached JWS over [`Agreement::text`].
    #[serde(rename = "handtekening")]
    pub signature: String,
    /// What was signed.
    #[serde(rename = "verklaring")]
    pub agreement: Agreement,
}

/// That an agreement does not begin, and the signature of one party under it, as
/// `sluis policy sign --withdraw` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRevocation {
    /// A detached JWS over [`Revocation::text`].
    #[serde(rename = "handtekening")]
    pub signature: String,
    /// What was signed.
    #[serde(rename = "verklaring")]
    pub revocation: Revocation,
}

/// Why nobody should sign this, or why a signed text puts nothing in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreementFlaw {
    /// Another version, or a form that is not ours.
    #[error("the text that was signed is not an agreement of version {VERSION}")]
    Form,
    /// The bundle is not the one that was signed.
    #[error(
        "it is about the bundle {signed}, and this one is {found}: a file was changed after signing, or it is another bundle"
    )]
    OtherBundle {
        /// What was signed.
        signed: BundleHash,
        /// What is here.
        found: BundleHash,
    },
    /// The bundle is not there to be in force.
    #[error("the bundle is a candidate; give it another status in manifest.toml")]
    Candidate,
    /// What was proven is not about this bundle.
    #[error(
        "the proof record is about the bundle {proven}, and this one is {found}; prove it again with `sluis policy prove`"
    )]
    OtherProof {
        /// What was proven.
        proven: BundleHash,
        /// What is here.
        found: BundleHash,
    },
    /// Not everything was proven.
    #[error(
        "the proof record does not cover {}; prove the bundle again with `sluis policy prove`",
        .0.join(", ")
    )]
    Unproven(Vec<String>),
    /// It ends before it begins.
    #[error("it ends, at {until}, before it begins, at {from}")]
    Dates {
        /// From when.
        from: Moment,
        /// Until when.
        until: Moment,
    },
    /// It is outside of what the bundle says of itself.
    #[error("the bundle is for {from} until {}, and the agreement is not within that", .until.map_or_else(|| "further notice".to_owned(), |until| until.to_string()))]
    Outside {
        /// From when the bundle is for.
        from: Moment,
        /// Until when.
        until: Option<Moment>,
    },
}

impl Agreement {
    /// On this bundle, of which this was proven, for these dates.
    ///
    /// # Errors
    /// [`AgreementFlaw`].
    pub fn new(
        bundle: &Bundle,
        proof: ProofRecord,
        from: Moment,
        until: Option<Moment>,
    ) -> Result<Self, AgreementFlaw> {
        let agreement = Self {
            proof,
            bundle: bundle.hash(),
            until,
            from,
            title: bundle.title().to_owned(),
            v: VERSION,
        };
        agreement.check(bundle)?;
        Ok(agreement)
    }

    /// As an entry of the book says it.
    #[must_use]
    pub const fn told(
        bundle: BundleHash,
        title: String,
        proof: ProofRecord,
        from: Moment,
        until: Option<Moment>,
    ) -> Self {
        Self {
            proof,
            bundle,
            until,
            from,
            title,
            v: VERSION,
        }
    }

    /// Whether this bundle can be put in force with it.
    ///
    /// # Errors
    /// [`AgreementFlaw`].
    pub fn check(&self, bundle: &Bundle) -> Result<(), AgreementFlaw> {
        if self.v != VERSION {
            return Err(AgreementFlaw::Form);
        }
        if self.bundle != bundle.hash() || self.title != bundle.title() {
            return Err(AgreementFlaw::OtherBundle {
                signed: self.bundle,
                found: bundle.hash(),
            });
        }
        if bundle.is_candidate() {
            return Err(AgreementFlaw::Candidate);
        }
        if self.proof.bundle() != bundle.hash() {
            return Err(AgreementFlaw::OtherProof {
                proven: self.proof.bundle(),
                found: bundle.hash(),
            });
        }
        let unproven = self.proof.lacks(bundle);
        if !unproven.is_empty() {
            return Err(AgreementFlaw::Unproven(unproven));
        }
        if let Some(until) = self.until
            && until <= self.from
        {
            let from = self.from;
            return Err(AgreementFlaw::Dates { from, until });
        }
        let (from, until) = bundle.in_force();
        let ends_in_time = match (self.until, until) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(ours), Some(its)) => ours <= its,
        };
        if self.from < from || !ends_in_time {
            return Err(AgreementFlaw::Outside { from, until });
        }
        Ok(())
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        text(self)
    }
}

impl Revocation {
    /// Of the agreement with this entry.
    #[must_use]
    pub const fn new(bundle: BundleHash, agreement: Sha256) -> Self {
        Self {
            bundle,
            agreement,
            v: VERSION,
        }
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        text(self)
    }
}

fn text(of: &impl Serialize) -> Vec<u8> {
    // Plain fields always serialise; were one not to, nobody's signature is over nothing.
    serde_json::to_vec(of).unwrap_or_default()
}

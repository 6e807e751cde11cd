//! What a decision is: a permit with exactly one ground, or a denial with a reason.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::bundle::BundleHash;
use super::reason::{Missing, Reason};

/// The `@id` of a rule, as its author wrote it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(Arc<str>);

impl RuleId {
    pub(super) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleId({})", self.0)
    }
}

/// The ground of a permit: where the AVG and where the statute allow it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ground {
    /// The legal basis as a DPV IRI, such as `https://w3id.org/dpv/legal/eu/gdpr#A6-1-c`.
    #[serde(rename = "grondslag")]
    pub iri: String,
    /// Further bases of the same rule, such as AVG 9(2)(a) beside 6(1)(e).
    #[serde(rename = "medegrondslagen", skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The article, in the form that fits a header: ASCII, such as `TwG 3(4)`.
    #[serde(rename = "artikel")]
    pub article: String,
}

/// What must happen because a document was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obligation {
    /// The owner is told of it.
    InformOwner,
    /// Somebody reviews it afterwards, within so many days.
    ReviewWithin {
        /// The term in days.
        days: u32,
    },
}

impl Obligation {
    /// The Dutch code, as on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InformOwner => "eigenaar-informeren",
            Self::ReviewWithin { .. } => "nabeoordelen",
        }
    }

    /// The term in days, for an obligation that has one.
    #[must_use]
    pub const fn days(self) -> Option<u32> {
        match self {
            Self::InformOwner => None,
            Self::ReviewWithin { days } => Some(days),
        }
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InformOwner => f.write_str("de eigenaar informeren"),
            Self::ReviewWithin { days } => write!(f, "achteraf beoordelen binnen {days} dagen"),
        }
    }
}

impl Serialize for Obligation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("soort", self.code())?;
        if let Some(days) = self.days() {
            map.serialize_entry("dagen", &days)?;
        }
        map.end()
    }
}

/// What the policy says about one question.
#[must_use = "a decision that nobody looks at was not made"]
#[derive(Debug)]
pub enum Verdict {
    /// Yes; the permit is the proof.
    Permit(Permit),
    /// No, and why.
    Deny(Denial),
}

/// The witness that the policy said yes. Only a decision makes one, and it cannot be copied: the
/// ledger takes it by value, so one permit is one entry.
///
/// ```compile_fail
/// // INVARIANT (permit): nobody outside `policy` can make one: its fields are private,
/// use sluis::policy::{BundleHash, Ground, Obligation, Permit, RuleId};
/// fn forge(rules: Vec<RuleId>, ground: std::sync::Arc<Ground>, obligations: Vec<Obligation>, bundle: BundleHash) -> Permit {
///     Permit { rules, ground, obligations, bundle }
/// }
/// ```
/// ```compile_fail
/// // and so is its constructor.
/// use sluis::policy::{BundleHash, Ground, Obligation, Permit, RuleId};
/// fn forge(rules: Vec<RuleId>, ground: std::sync::Arc<Ground>, obligations: Vec<Obligation>, bundle: BundleHash) -> Permit {
///     Permit::new(rules, ground, obligations, bundle)
/// }
/// ```
/// ```compile_fail
/// fn twice(permit: sluis::policy::Permit) -> (sluis::policy::Permit, sluis::policy::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
/// ```compile_fail
/// fn twice(permit: sluis::policy::Permit) -> (sluis::policy::Permit, sluis::policy::Permit) {
///     (permit, permit)
/// }
/// ```
/// What does compile, so that those above fail for the right reason:
/// ```
/// use sluis::policy::{BundleHash, Ground, Obligation, Permit, RuleId};
/// fn read(permit: Permit) -> (Vec<RuleId>, Ground, Vec<Obligation>, BundleHash, Permit) {
///     let rules = permit.rules().to_vec();
///     (rules, permit.ground().clone(), permit.obligations().to_vec(), permit.bundle(), permit)
/// }
/// ```
#[must_use = "a permit that is dropped was not recorded"]
#[derive(Debug)]
pub struct Permit {
    pub(super) rules: Vec<RuleId>,
    pub(super) ground: Arc<Ground>,
    pub(super) obligations: Vec<Obligation>,
    pub(super) bundle: BundleHash,
}

impl Permit {
    /// Only [`super::decide`] calls this.
    pub(super) fn new(
        rules: Vec<RuleId>,
        ground: Arc<Ground>,
        obligations: Vec<Obligation>,
        bundle: BundleHash,
    ) -> Self {
        Self {
            rules,
            ground,
            obligations,
            bundle,
        }
    }

    /// The rules that determined it, in the order of the bundle; never empty.
    #[must_use]
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// Its one ground.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// What must happen because of it, sorted, none twice.
    #[must_use]
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }

    /// The bundle that said so.
    #[must_use]
    pub const fn bundle(&self) -> BundleHash {
        self.bundle
    }
}

/// A no, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub(super) reason: Reason,
    pub(super) missing: Vec<Missing>,
    pub(super) rules: Vec<RuleId>,
    pub(super) bundle: BundleHash,
}

impl Denial {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Which facts would have turned it; empty when no fact would.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The prohibitions that determined it; empty when nothing permitted it in the first place.
    #[must_use]
    pub fn rules(&self) -> &[RuleId] {
        &self.rules
    }

    /// The bundle that said so.
    #[must_use]
    pub const fn bundle(&self) -> BundleHash {
        self.bundle
    }
}

//! Why not, and what is missing: the closed list of reasons (CONTRACT, `reden`) and the facts that
//! a bundle can ask for.

use serde::Serialize;

/// Why a request was refused; exactly the codes of CONTRACT's `reden`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No owner gave consent.
    ConsentMissing,
    /// An owner refused or withdrew consent.
    ConsentWithdrawn,
    /// Consent was given, but its dates have passed.
    ConsentExpired,
    /// Some owners consented, not all that must.
    ConsentIncomplete,
    /// An owner does not want damage and strengthening aligned.
    Objection,
    /// The owners did not ask for joint handling.
    NoJointRequest,
    /// It is health data, and those concerned did not all explicitly agree.
    HealthData,
    /// Nothing in the policy allows it.
    NoGround,
    /// No acutely unsafe situation is in force at the address.
    NoUnsafeSituation,
    /// This kind of document does not go with this purpose.
    KindNotForPurpose,
    /// The policy could not be evaluated; what could not be checked is refused.
    PolicyUnusable,
}

impl Reason {
    /// All reasons, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::ConsentMissing,
        Self::ConsentWithdrawn,
        Self::ConsentExpired,
        Self::ConsentIncomplete,
        Self::Objection,
        Self::NoJointRequest,
        Self::HealthData,
        Self::NoGround,
        Self::NoUnsafeSituation,
        Self::KindNotForPurpose,
        Self::PolicyUnusable,
    ];

    /// The code on the wire and in the ledger.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConsentMissing => "TOESTEMMING_ONTBREEKT",
            Self::ConsentWithdrawn => "TOESTEMMING_INGETROKKEN",
            Self::ConsentExpired => "TOESTEMMING_VERLOPEN",
            Self::ConsentIncomplete => "TOESTEMMING_ONVOLLEDIG",
            Self::Objection => "BEZWAAR_AFSTEMMING",
            Self::NoJointRequest => "GEEN_VERZOEK_GEZAMENLIJK",
            Self::HealthData => "GEZONDHEIDSGEGEVENS",
            Self::NoGround => "GEEN_GRONDSLAG",
            Self::NoUnsafeSituation => "AOS_NIET_ACTIEF",
            Self::KindNotForPurpose => "SOORT_NIET_BIJ_DOEL",
            Self::PolicyUnusable => "BELEID_ONBRUIKBAAR",
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// A fact that can be missing. The order is that of importance: of several, the first names the
/// reason of the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// That no objection stands in the way.
    ObjectionWithdrawn,
    /// Consent of all owners.
    Consent,
    /// Explicit agreement of all owners.
    ExplicitAgreement,
    /// A request for joint handling by all owners.
    JointRequest,
    /// An unsafe situation in force.
    UnsafeSituation,
    /// An active dossier at both organisations.
    Combined,
    /// That the request comes from a certain team.
    Team,
    /// That anybody is known to own the address.
    OwnersKnown,
}

impl Fact {
    /// The code in `ontbreekt`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ObjectionWithdrawn => "intrekking-bezwaar",
            Self::Consent => "toestemming",
            Self::ExplicitAgreement => "uitdrukkelijke-instemming",
            Self::JointRequest => "verzoek-gezamenlijk",
            Self::UnsafeSituation => "aos",
            Self::Combined => "combinatie",
            Self::Team => "team",
            Self::OwnersKnown => "eigenaren",
        }
    }

    /// What is missing, as a sentence for the requester.
    const fn sentence(self) -> &'static str {
        match self {
            Self::ObjectionWithdrawn => {
                "Een eigenaar heeft bezwaar tegen afstemming; het kan pas als dat bezwaar is ingetrokken."
            }
            Self::Consent => {
                "De toestemming van de eigenaren voor dit doel, deze soort en deze ontvanger ontbreekt of telt nu niet."
            }
            Self::ExplicitAgreement => {
                "De uitdrukkelijke instemming van alle eigenaren met het delen van gezondheidsgegevens ontbreekt of telt nu niet."
            }
            Self::JointRequest => {
                "Het verzoek van de eigenaren om gezamenlijke behandeling ontbreekt of telt nu niet."
            }
            Self::UnsafeSituation => {
                "Er loopt op dit adres nu geen melding van een acuut onveilige situatie."
            }
            Self::Combined => "Het adres heeft nu geen lopend dossier bij beide organisaties.",
            Self::Team => "De aanvraag komt niet uit het team dat dit document mag krijgen.",
            Self::OwnersKnown => "Van dit adres is geen eigenaar bekend.",
        }
    }
}

/// A fact that would have turned a refusal into a permit, alone or together with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Which fact.
    #[serde(rename = "soort", serialize_with = "fact_code")]
    pub fact: Fact,
    /// What is missing, as a Dutch sentence; never names a person.
    #[serde(rename = "toelichting")]
    pub explanation: &'static str,
    /// How many owners it still waits for, where it is about owners.
    #[serde(rename = "eigenaren", skip_serializing_if = "Option::is_none")]
    pub owners: Option<usize>,
    /// The code that would do, where there is one: the name of the team.
    #[serde(rename = "waarde", skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The other facts that are missing too: only together would they do. Empty: this one alone.
    #[serde(
        rename = "samenMet",
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "fact_codes"
    )]
    pub together_with: Vec<Fact>,
}

impl Missing {
    pub(super) fn new(
        fact: Fact,
        owners: Option<usize>,
        value: Option<String>,
        together_with: Vec<Fact>,
    ) -> Self {
        Self {
            fact,
            explanation: fact.sentence(),
            owners,
            value,
            together_with,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn fact_code<S: serde::Serializer>(fact: &Fact, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(fact.code())
}

fn fact_codes<S: serde::Serializer>(facts: &[Fact], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(facts.iter().map(|fact| fact.code()))
}

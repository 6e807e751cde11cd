//! Why not, and what is missing: the closed list of reasons (CONTRACT, `reden`) and the facts that
//! a bundle can ask for.

use serde::Serialize;

use crate::language::Language;

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

    /// Whether it is something owners say, about one purpose and one receiver.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        match self {
            Self::ObjectionWithdrawn
            | Self::Consent
            | Self::ExplicitAgreement
            | Self::JointRequest => true,
            Self::UnsafeSituation | Self::Combined | Self::Team | Self::OwnersKnown => false,
        }
    }
}

/// A fact that would have turned a refusal into a permit, alone or together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Which fact.
    pub fact: Fact,
    /// Of which owners it waits, where it is about owners and they are known: their numbers, from 1, in
    /// the order of their pseudonyms, which are not told.
    pub owners: Vec<usize>,
    /// Of how many of those; where fewer than all, any of them will do.
    pub needed: usize,
    /// The code that would do, where there is one: the name of the team.
    pub value: Option<String>,
    /// The other facts that are missing too: only together would they do. Empty: this one alone.
    pub together_with: Vec<Fact>,
}

impl Missing {
    /// What is missing, as a sentence for the requester; never names a person.
    #[must_use]
    pub fn sentence(&self, l: Language) -> String {
        let who = self.who(l);
        match (self.fact, l) {
            (Fact::ObjectionWithdrawn, Language::Dutch) => format!(
                "Het bezwaar van {who} tegen afstemming staat in de weg; het kan pas als dat is ingetrokken."
            ),
            (Fact::ObjectionWithdrawn, Language::English) => format!(
                "The objection of {who} to alignment stands in the way; it can only be once that is withdrawn."
            ),
            (Fact::Consent, Language::Dutch) => format!(
                "De toestemming van {who} voor dit doel, deze soort en deze ontvanger ontbreekt of telt nu niet."
            ),
            (Fact::Consent, Language::English) => format!(
                "The consent of {who} for this purpose, this kind and this receiver is missing or does not count now."
            ),
            (Fact::ExplicitAgreement, Language::Dutch) => format!(
                "De uitdrukkelijke instemming van {who} met het delen van gezondheidsgegevens ontbreekt of telt nu niet."
            ),
            (Fact::ExplicitAgreement, Language::English) => format!(
                "The explicit agreement of {who} to sharing health data is missing or does not count now."
            ),
            (Fact::JointRequest, Language::Dutch) => format!(
                "Het verzoek van {who} om gezamenlijke behandeling ontbreekt of telt nu niet."
            ),
            (Fact::JointRequest, Language::English) => {
                format!("The request of {who} for joint handling is missing or does not count now.")
            }
            (Fact::UnsafeSituation | Fact::Combined | Fact::Team | Fact::OwnersKnown, _) => {
                self.fact.plainly(l).to_owned()
            }
        }
    }

    /// `eigenaar 2`, `eigenaren 1 en 3`, `één van eigenaren 1, 2 en 3`, or just the owners.
    fn who(&self, l: Language) -> String {
        let numbers: Vec<String> = self.owners.iter().map(ToString::to_string).collect();
        let Some((last, before)) = numbers.split_last() else {
            return l.pick("de eigenaren", "the owners").to_owned();
        };
        if before.is_empty() {
            return format!("{} {last}", l.pick("eigenaar", "owner"));
        }
        let list = format!("{} {} {last}", before.join(", "), l.pick("en", "and"));
        let all = format!("{} {list}", l.pick("eigenaren", "owners"));
        if self.needed < self.owners.len() {
            format!("{} {all}", l.pick("één van", "one of"))
        } else {
            all
        }
    }
}

impl Fact {
    /// What is missing where it is not about what owners say.
    const fn plainly(self, l: Language) -> &'static str {
        match self {
            Self::ObjectionWithdrawn
            | Self::Consent
            | Self::ExplicitAgreement
            | Self::JointRequest => l.pick(
                "Een keuze van de eigenaren ontbreekt.",
                "A choice of the owners is missing.",
            ),
            Self::UnsafeSituation => l.pick(
                "Er loopt op dit adres nu geen melding van een acuut onveilige situatie.",
                "No report of an acutely unsafe situation is in force at this address now.",
            ),
            Self::Combined => l.pick(
                "Het adres heeft nu geen lopend dossier bij beide organisaties.",
                "The address has no active dossier at both organisations now.",
            ),
            Self::Team => l.pick(
                "De aanvraag komt niet uit het team dat dit document mag krijgen.",
                "The request does not come from the team that may have this document.",
            ),
            Self::OwnersKnown => l.pick(
                "Van dit adres is geen eigenaar bekend.",
                "No owner of this address is known.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_owners_by_number() {
        for (fact, owners, needed, dutch, english) in [
            (
                Fact::Consent,
                &[][..],
                0,
                "De toestemming van de eigenaren voor dit doel, deze soort en deze ontvanger ontbreekt of telt nu niet.",
                "The consent of the owners for this purpose, this kind and this receiver is missing or does not count now.",
            ),
            (
                Fact::JointRequest,
                &[2],
                1,
                "Het verzoek van eigenaar 2 om gezamenlijke behandeling ontbreekt of telt nu niet.",
                "The request of owner 2 for joint handling is missing or does not count now.",
            ),
            (
                Fact::ExplicitAgreement,
                &[1, 2, 4],
                3,
                "De uitdrukkelijke instemming van eigenaren 1, 2 en 4 met het delen van gezondheidsgegevens ontbreekt of telt nu niet.",
                "The explicit agreement of owners 1, 2 and 4 to sharing health data is missing or does not count now.",
            ),
            (
                Fact::ObjectionWithdrawn,
                &[1, 3],
                1,
                "Het bezwaar van één van eigenaren 1 en 3 tegen afstemming staat in de weg; het kan pas als dat is ingetrokken.",
                "The objection of one of owners 1 and 3 to alignment stands in the way; it can only be once that is withdrawn.",
            ),
            (
                Fact::UnsafeSituation,
                &[],
                0,
                "Er loopt op dit adres nu geen melding van een acuut onveilige situatie.",
                "No report of an acutely unsafe situation is in force at this address now.",
            ),
        ] {
            let missing = Missing {
                fact,
                owners: owners.to_vec(),
                needed,
                value: None,
                together_with: Vec::new(),
            };
            assert_eq!(missing.sentence(Language::Dutch), dutch);
            assert_eq!(missing.sentence(Language::English), english);
        }
    }
}

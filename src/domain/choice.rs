//! What owners chose: four legally different kinds, never one boolean (LAW.md).
//!
//! A choice is append-only; its state at a moment is derived from what was recorded and from the
//! dates. The policy does not see choices but [`Answers`]: for one request at one moment, for each
//! of the four questions, which owners said yes and what stands in the way for the others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::Sha256;
use super::id::{AddressId, ChoiceId, Malformed, Oin};
use super::text::{DocumentKind, EvidenceKind, Language, OwnerId, Purpose, Reference, Version};
use crate::clock::Moment;

/// The four kinds of choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceKind {
    /// Consent, AVG 6(1)(a).
    #[serde(rename = "toestemming")]
    Consent,
    /// Explicit agreement to the exchange of health data, AVG 9(2)(a) and TwG 3(9).
    #[serde(rename = "uitdrukkelijke-instemming")]
    ExplicitAgreement,
    /// The wish that damage and strengthening are *not* aligned, TwG 2a(3).
    #[serde(rename = "bezwaar-afstemming")]
    Objection,
    /// The wish that they are handled together, TwG 2a(4); names who coordinates.
    #[serde(rename = "verzoek-gezamenlijk")]
    JointRequest,
}

/// What was recorded of a choice. Expiry is not among these: it follows from the dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceState {
    /// Asked, not yet answered (DPV `ConsentRequested`).
    #[serde(rename = "gevraagd")]
    Requested,
    /// Given (`ConsentGiven`).
    #[serde(rename = "gegeven")]
    Given,
    /// Given again before it expired (`RenewedConsentGiven`).
    #[serde(rename = "vernieuwd")]
    Renewed,
    /// Refused when asked (`ConsentRefused`).
    #[serde(rename = "geweigerd")]
    Refused,
    /// Withdrawn by the owner (`ConsentWithdrawn`).
    #[serde(rename = "ingetrokken")]
    Withdrawn,
    /// Revoked by another than the owner (`ConsentRevoked`).
    #[serde(rename = "herroepen")]
    Revoked,
    /// Found to be invalid (`ConsentInvalidated`).
    #[serde(rename = "ongeldig")]
    Invalidated,
    /// Entered in error: it never was.
    #[serde(rename = "foutief-ingevoerd")]
    EnteredInError,
    /// Nobody can tell (`ConsentUnknown`).
    #[serde(rename = "onbekend")]
    Unknown,
}

macro_rules! code_enum {
    ($name:ident, $expected:literal, $($variant:ident = $code:literal),+ $(,)?) => {
        impl $name {
            /// The Dutch code, as on the wire and in the ledger.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Reads the Dutch code.
            ///
            /// # Errors
            /// [`Malformed`], listing the codes that exist.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                match text { $($code => Ok(Self::$variant),)+ _ => Err(Malformed::new($expected)) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

pub(super) use code_enum;

code_enum! {
    ChoiceKind,
    "toestemming, uitdrukkelijke-instemming, bezwaar-afstemming of verzoek-gezamenlijk",
    Consent = "toestemming",
    ExplicitAgreement = "uitdrukkelijke-instemming",
    Objection = "bezwaar-afstemming",
    JointRequest = "verzoek-gezamenlijk",
}
code_enum! {
    ChoiceState,
    "gevraagd, gegeven, vernieuwd, geweigerd, ingetrokken, herroepen, ongeldig, foutief-ingevoerd of onbekend",
    Requested = "gevraagd",
    Given = "gegeven",
    Renewed = "vernieuwd",
    Refused = "geweigerd",
    Withdrawn = "ingetrokken",
    Revoked = "herroepen",
    Invalidated = "ongeldig",
    EnteredInError = "foutief-ingevoerd",
    Unknown = "onbekend",
}

/// What proves that an owner chose: where the form is, and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it is.
    #[serde(rename = "soort")]
    pub kind: EvidenceKind,
    /// Where the recording organisation keeps it.
    #[serde(rename = "kenmerk")]
    pub reference: Reference,
    /// The SHA-256 of the scanned form.
    pub sha256: Sha256,
}

/// Which text the owner saw when choosing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownText {
    /// A language tag, such as `nl`.
    #[serde(rename = "taal")]
    pub language: Language,
    /// The version of the text.
    #[serde(rename = "versie")]
    pub version: Version,
}

/// One choice of one owner, with the state it was last given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its identifier in the registry.
    pub id: ChoiceId,
    /// Which of the four questions it answers.
    #[serde(rename = "soort")]
    pub kind: ChoiceKind,
    /// The address it is about.
    #[serde(rename = "nummeraanduiding")]
    pub address: AddressId,
    /// Who chose.
    #[serde(rename = "eigenaar")]
    pub owner: OwnerId,
    /// The organisations that may receive (or, for an objection, whose alignment is objected to).
    #[serde(rename = "ontvangers")]
    pub receivers: Vec<Oin>,
    /// The purposes it covers; never empty.
    #[serde(rename = "doelen")]
    pub purposes: Vec<Purpose>,
    /// The document kinds it covers; never empty.
    #[serde(rename = "documentsoorten")]
    pub kinds: Vec<DocumentKind>,
    /// From when it holds.
    #[serde(rename = "geldigVan")]
    pub valid_from: Moment,
    /// Until when it holds (that moment excluded); for ever when absent.
    #[serde(rename = "geldigTot")]
    pub valid_until: Option<Moment>,
    /// What proves it.
    #[serde(rename = "bewijs")]
    pub evidence: Evidence,
    /// What the owner was shown.
    #[serde(rename = "tekst")]
    pub shown: ShownText,
    /// Who coordinates, for a request for joint handling (TwG 2a(4)).
    #[serde(rename = "coordinator")]
    pub coordinator: Option<Oin>,
    /// The organisation that recorded it.
    #[serde(rename = "vastgelegdDoor")]
    pub recorded_by: Oin,
    /// The state last recorded.
    #[serde(rename = "toestand")]
    pub state: ChoiceState,
    /// The ledger index of the entry that last changed it: of two choices the later one wins.
    #[serde(rename = "index")]
    pub changed_at: u64,
}

impl Choice {
    /// Whether this choice speaks about a request of this scope at all, its dates apart.
    #[must_use]
    pub fn covers(&self, scope: &Scope<'_>) -> bool {
        self.receivers.contains(&scope.receiver)
            && self.purposes.contains(scope.purpose)
            && self.kinds.contains(scope.kind)
    }

    /// Whether its end has passed at this moment.
    #[must_use]
    pub fn expired_at(&self, at: Moment) -> bool {
        self.valid_until.is_some_and(|until| at >= until)
    }

    /// Whether it can still be taken back: it was asked or given, and not ended by anybody.
    #[must_use]
    pub const fn can_end(&self) -> bool {
        matches!(
            self.state,
            ChoiceState::Requested | ChoiceState::Given | ChoiceState::Renewed
        )
    }

    /// Whether it counts as a yes at this moment: given or renewed, inside its dates.
    #[must_use]
    pub fn counts_at(&self, at: Moment) -> bool {
        matches!(self.state, ChoiceState::Given | ChoiceState::Renewed)
            && at >= self.valid_from
            && !self.expired_at(at)
    }
}

/// What a request is about, as far as choices go.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The requesting organisation.
    pub receiver: Oin,
    /// The purpose of the request.
    pub purpose: &'a Purpose,
    /// The kind of the document.
    pub kind: &'a DocumentKind,
    /// The moment of the decision.
    pub at: Moment,
}

/// How the owners stand towards one of the four questions. The lists are disjoint and sorted; an
/// owner of whom nothing usable is recorded is in none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Said yes, and it counts now.
    pub yes: Vec<OwnerId>,
    /// Said no when asked, or took it back.
    pub withdrawn: Vec<OwnerId>,
    /// Said yes, but the dates do not hold now.
    pub expired: Vec<OwnerId>,
}

/// The four questions, answered for one request at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// AVG 6(1)(a).
    pub consent: Standing,
    /// TwG 3(9), AVG 9(2)(a).
    pub explicit_agreement: Standing,
    /// TwG 2a(3).
    pub objection: Standing,
    /// TwG 2a(4).
    pub joint_request: Standing,
}

impl Answers {
    /// Reduces the choices at an address to the four answers.
    ///
    /// `owners` are those who own it now, each with the moment since when without a break: what a
    /// former owner chose has ended, also when that person owns it again. For each owner and kind
    /// the choice recorded last decides; a withdrawal therefore beats an older consent that covers
    /// the same, and a new consent beats an older withdrawal. A choice that only ran out, was asked
    /// for, or never was, leaves the word to the one before it.
    #[must_use]
    pub fn reduce<'a>(
        choices: impl IntoIterator<Item = &'a Choice>,
        owners: &BTreeMap<OwnerId, Moment>,
        scope: &Scope<'_>,
    ) -> Self {
        let mut applicable: Vec<&Choice> = choices
            .into_iter()
            .filter(|choice| choice.covers(scope))
            .filter(|choice| {
                owners
                    .get(&choice.owner)
                    .is_some_and(|since| choice.valid_from >= *since)
            })
            .collect();
        applicable.sort_by_key(|choice| std::cmp::Reverse(choice.changed_at));
        let standing = |kind: ChoiceKind| {
            let mut standing = Standing::default();
            for owner in owners.keys() {
                let mut ran_out = false;
                let of_owner = applicable
                    .iter()
                    .filter(|c| c.kind == kind && c.owner == *owner);
                let mut verdict = None;
                for choice in of_owner {
                    match choice.state {
                        ChoiceState::Given | ChoiceState::Renewed if choice.counts_at(scope.at) => {
                            verdict = Some(&mut standing.yes);
                            break;
                        }
                        ChoiceState::Given | ChoiceState::Renewed => {
                            ran_out |= choice.expired_at(scope.at);
                        }
                        ChoiceState::Refused | ChoiceState::Withdrawn | ChoiceState::Revoked => {
                            verdict = Some(&mut standing.withdrawn);
                            break;
                        }
                        ChoiceState::Requested
                        | ChoiceState::Invalidated
                        | ChoiceState::EnteredInError
                        | ChoiceState::Unknown => {}
                    }
                }
                match verdict {
                    Some(list) => list.push(owner.clone()),
                    None if ran_out => standing.expired.push(owner.clone()),
                    None => {}
                }
            }
            standing
        };
        Self {
            consent: standing(ChoiceKind::Consent),
            explicit_agreement: standing(ChoiceKind::ExplicitAgreement),
            objection: standing(ChoiceKind::Objection),
            joint_request: standing(ChoiceKind::JointRequest),
        }
    }
}

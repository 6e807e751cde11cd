//! One situation, owned: what the solver found, made smaller, and asked of the bundle's own engine.

use cedar_policy::{EntityUid, EvalResult};
use cedar_policy_symcc::Env;

use crate::clock::Moment;
use crate::domain::{AddressId, ChoiceKind, Oin};
use crate::policy::bundle::Bundle;
use crate::policy::decide::Rules;
use crate::policy::engine::{Engine, Outcome, Unusable};
use crate::policy::facts::{Situation, Stand};
use crate::policy::schema::NO_TEAM;
use crate::policy::symbolic::facts::DECISION;
use crate::policy::verdict::{Ground, RuleId};

const HOUR_MS: i64 = 3_600_000;
const KINDS: [ChoiceKind; 4] = [
    ChoiceKind::Consent,
    ChoiceKind::ExplicitAgreement,
    ChoiceKind::Objection,
    ChoiceKind::JointRequest,
];

/// A situation that borrows nothing.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) purpose: String,
    pub(super) kind: String,
    pub(super) requester_role: String,
    pub(super) provider_role: String,
    /// The requester holds the document.
    pub(super) own: bool,
    pub(super) team: Option<String>,
    pub(super) health: bool,
    pub(super) owners: usize,
    pub(super) consent: Stand,
    pub(super) explicit_agreement: Stand,
    pub(super) objection: Stand,
    pub(super) joint_request: Stand,
    pub(super) combined: bool,
    pub(super) at: Moment,
    pub(super) unsafe_since_until: Option<(Moment, Moment)>,
    requester: Oin,
    provider: Oin,
    address: AddressId,
}

/// What one bundle says of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    Permit {
        rules: Vec<RuleId>,
        ground: Ground,
    },
    /// The forbids that say so; none when nothing permits it.
    Deny {
        rules: Vec<RuleId>,
    },
    /// A word the bundle does not have.
    Unknown,
    /// A refusal because the rules cannot be evaluated.
    Unusable(Unusable),
}

impl Ruling {
    pub(super) const fn permits(&self) -> bool {
        matches!(self, Self::Permit { .. })
    }
}

impl Case {
    /// Reads what the solver found; `None` when it is not what the gateway could be asked.
    pub(super) fn read(env: &Env) -> Option<Self> {
        let request = &env.request;
        let principal = request.principal()?;
        let document = env.entities.get(request.resource()?)?;
        let of_document = |name: &str| document.attr(name)?.ok();
        let of_context = |name: &str| request.context()?.get(name);
        let holder = entity(&of_document("houder")?)?;
        let role = |of: &EntityUid| {
            let role = env.entities.get(of)?.attr("partij")?.ok()?;
            Some(word(&role)?.to_owned())
        };
        let owners = set(&of_document("eigenaren")?)?;
        let stand = |name: &str| {
            let EvalResult::Record(record) = of_context(name)? else {
                return None;
            };
            Some(Stand {
                yes: numbers(&owners, record.get("actief")?)?,
                withdrawn: numbers(&owners, record.get("ingetrokken")?)?,
                expired: false,
            })
        };
        let EvalResult::Record(report) = of_context("melding")? else {
            return None;
        };
        let unsafe_since_until = if boolean(report.get("actief")?)? {
            Some((moment(report.get("sinds")?)?, moment(report.get("tot")?)?))
        } else {
            None
        };
        let own = *principal == holder;
        let team = word(&of_context("team")?)?.to_owned();
        let requester = Oin::parse("00000000000000000001").ok()?;
        let other = Oin::parse("00000000000000000002").ok()?;
        let EvalResult::String(address) = of_document("adres")? else {
            return None;
        };
        Some(Self {
            purpose: word(&of_context("doel")?)?.to_owned(),
            kind: word(&of_document("soort")?)?.to_owned(),
            requester_role: role(principal)?,
            provider_role: word(&of_document("bron")?)?.to_owned(),
            own,
            team: (team != NO_TEAM).then_some(team),
            health: boolean(&of_document("gezondheid")?)?,
            owners: owners.len(),
            consent: stand("toestemming")?,
            explicit_agreement: stand("instemming")?,
            objection: stand("bezwaar")?,
            joint_request: stand("verzoek")?,
            combined: boolean(&of_context("combinatie")?)?,
            at: moment(&of_context("nu")?)?,
            unsafe_since_until,
            requester,
            provider: if own { requester } else { other },
            // Which address it is matters to no rule that only compares; if it does, ask and see.
            address: AddressId::parse(&address)
                .or_else(|_| AddressId::parse("0014200000000001"))
                .ok()?,
        })
    }

    /// The same as the engine takes it.
    pub(super) fn situation(&self) -> Situation<'_> {
        Situation {
            at: self.at,
            requester: self.requester,
            requester_role: &self.requester_role,
            provider: self.provider,
            provider_role: &self.provider_role,
            team: self.team.as_deref(),
            purpose: &self.purpose,
            kind: &self.kind,
            health: self.health,
            address: self.address,
            owners: self.owners,
            consent: self.consent.clone(),
            explicit_agreement: self.explicit_agreement.clone(),
            objection: self.objection.clone(),
            joint_request: self.joint_request.clone(),
            combined: self.combined,
            unsafe_since_until: self.unsafe_since_until,
        }
    }

    pub(super) const fn stand(&self, kind: ChoiceKind) -> &Stand {
        match kind {
            ChoiceKind::Consent => &self.consent,
            ChoiceKind::ExplicitAgreement => &self.explicit_agreement,
            ChoiceKind::Objection => &self.objection,
            ChoiceKind::JointRequest => &self.joint_request,
        }
    }

    const fn stand_mut(&mut self, kind: ChoiceKind) -> &mut Stand {
        match kind {
            ChoiceKind::Consent => &mut self.consent,
            ChoiceKind::ExplicitAgreement => &mut self.explicit_agreement,
            ChoiceKind::Objection => &mut self.objection,
            ChoiceKind::JointRequest => &mut self.joint_request,
        }
    }

    /// What a bundle's own engine says, as [`Bundle::decide`] asks it.
    pub(super) fn ruling(&self, bundle: &Bundle, rules: Rules<'_>) -> Ruling {
        let vocabulary = bundle.vocabulary();
        let purpose = vocabulary
            .purposes()
            .find(|p| p.code.as_str() == self.purpose);
        let known = vocabulary
            .kinds()
            .any(|(kind, _)| kind.as_str() == self.kind);
        let Some(purpose) = purpose.filter(|_| known) else {
            return Ruling::Unknown;
        };
        let situation = self.situation();
        let answer = rules.engine.prepare(&situation);
        let answer = answer.and_then(|prepared| rules.answer(purpose, &situation, &prepared));
        match answer {
            Ok(Outcome::Permit(granted)) => Ruling::Permit {
                rules: granted.rules,
                ground: (*granted.ground).clone(),
            },
            Ok(Outcome::Deny(forbids)) => Ruling::Deny {
                rules: forbids.into_iter().map(|(rule, _)| rule).collect(),
            },
            Err(Unusable::UnknownWord) => Ruling::Unknown,
            Err(unusable) => Ruling::Unusable(unusable),
        }
    }

    /// Whether rules over the flat facts permit it.
    pub(super) fn flat_permits(&self, engine: &Engine) -> Result<bool, Unusable> {
        let situation = self.situation();
        let prepared = engine.prepare(&situation)?;
        let outcome = engine.ask(DECISION, &situation, &prepared)?;
        Ok(matches!(outcome, Outcome::Permit(_)))
    }

    /// Leaves out every fact without which it is still an example, so that what is left is what
    /// matters. Purpose, kind, direction and mark stay as they are.
    pub(super) fn smallest(mut self, is_example: impl Fn(&Self) -> bool) -> Self {
        let mut attempt = |change: &dyn Fn(&mut Self)| {
            let mut changed = self.clone();
            change(&mut changed);
            if is_example(&changed) {
                self = changed;
            }
        };
        attempt(&|case| {
            case.own = false;
            if let Ok(other) = Oin::parse("00000000000000000002") {
                case.provider = other;
            }
        });
        attempt(&|case| case.team = None);
        attempt(&|case| case.combined = false);
        for kind in KINDS {
            attempt(&|case| *case.stand_mut(kind) = Stand::default());
            attempt(&|case| case.stand_mut(kind).withdrawn.clear());
        }
        attempt(&|case| {
            if case.owners > 2 {
                case.keep_owners(2);
            }
        });
        attempt(&|case| case.keep_owners(1));
        attempt(&Self::one_owner_for_all);
        attempt(&|case| case.unsafe_since_until = None);
        // A moment that says nothing by itself: noon on the first of June 2024.
        let at = Moment::from_unix_seconds(1_717_243_200).unwrap_or(Moment::EPOCH);
        attempt(&|case| {
            case.at = at;
            case.unsafe_since_until =
                (case.unsafe_since_until).map(|_| (at.plus_ms(-HOUR_MS), at.plus_ms(HOUR_MS)));
        });
        self
    }

    /// One owner who chose whatever anybody chose.
    fn one_owner_for_all(&mut self) {
        self.owners = 1;
        for kind in KINDS {
            let stand = self.stand_mut(kind);
            if !stand.yes.is_empty() {
                *stand = Stand::all(1);
            } else if !stand.withdrawn.is_empty() {
                stand.withdrawn = vec![0];
            }
        }
    }

    /// So many owners, of whom as many as exist choose as before.
    fn keep_owners(&mut self, owners: usize) {
        self.owners = owners;
        for kind in KINDS {
            let stand = self.stand_mut(kind);
            stand.yes.retain(|number| *number < owners);
            stand.withdrawn.retain(|number| *number < owners);
        }
    }
}

fn entity(value: &EvalResult) -> Option<EntityUid> {
    match value {
        EvalResult::EntityUid(uid) => Some(uid.clone()),
        _ => None,
    }
}

fn word(value: &EvalResult) -> Option<&str> {
    match value {
        EvalResult::EntityUid(uid) => Some(uid.id().unescaped()),
        _ => None,
    }
}

const fn boolean(value: &EvalResult) -> Option<bool> {
    match value {
        EvalResult::Bool(is) => Some(*is),
        _ => None,
    }
}

const fn moment(value: &EvalResult) -> Option<Moment> {
    match value {
        EvalResult::Long(ms) => Moment::from_unix_ms(*ms),
        _ => None,
    }
}

fn set(value: &EvalResult) -> Option<Vec<EntityUid>> {
    match value {
        EvalResult::Set(set) => set.iter().map(entity).collect(),
        _ => None,
    }
}

/// Members of a set, by their place among the owners.
fn numbers(owners: &[EntityUid], members: &EvalResult) -> Option<Vec<usize>> {
    let members = set(members)?;
    let place = |member: &EntityUid| owners.iter().position(|owner| owner == member);
    let mut numbers = members.iter().map(place).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    Some(numbers)
}

//! Cedar, kept in one place: a bundle's rules per action, the entities and context of one request,
//! and the question to the authorizer.
//!
//! Nothing here formats or parses text while deciding: words are looked up, the context's shape per
//! action is known, and only the entities of this one request are built (and always validated).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicyId, PolicySet, Request, RestrictedExpression, Schema,
};

use super::closure::References;
use super::facts::{Situation, Stand};
use super::lint::{Rule, Says};
use super::reason::Reason;
use super::schema::{self, ContextFact, NO_TEAM, ReadSchema};
use super::verdict::{Ground, Obligation, RuleId};
use crate::domain::ChoiceKind;

/// Owners whose entities are made in advance; more than that are made when they occur.
const OWNERS_IN_ADVANCE: usize = 64;

/// The rules of a bundle, ready to be asked.
#[derive(Debug)]
pub(super) struct Engine {
    schema: Schema,
    authorizer: Authorizer,
    words: HashMap<&'static str, HashMap<String, EntityUid>>,
    organisation: EntityTypeName,
    owner: EntityTypeName,
    document: EntityUid,
    owners: Vec<EntityUid>,
    actions: HashMap<String, Action>,
    rules: HashMap<PolicyId, Rule>,
}

/// One action: its rules, and every prohibition that could touch it.
#[derive(Debug)]
struct Action {
    uid: EntityUid,
    facts: Vec<ContextFact>,
    policies: PolicySet,
}

/// The entities of one request, and what they refer to.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) entities: Entities,
    requester: EntityUid,
    owners: Vec<EntityUid>,
    references: References,
}

/// A yes, with its one ground.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) rules: Vec<RuleId>,
    pub(super) ground: Arc<Ground>,
    pub(super) obligations: Vec<Obligation>,
}

/// What the rules say, about one action or about all of a purpose.
#[derive(Debug)]
pub(super) enum Outcome {
    Permit(Granted),
    /// The prohibitions that determined it, with their reasons, in the order of the bundle.
    Deny(Vec<(RuleId, Reason)>),
}

/// The rules could not be evaluated; a refusal of its own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("a fact is not a word of this bundle")]
    UnknownWord,
    #[error("the facts do not fit the schema")]
    Shape,
    #[error("an entity that is referred to is absent")]
    NotClosed,
    #[error("a rule could not be evaluated")]
    RuleFailed,
    #[error("the rules that permit name more than one ground, or none")]
    NotOneGround,
}

impl Engine {
    /// Puts the rules together that are in the bundle while `positions` are the switches' answers.
    pub(super) fn new(
        read: &ReadSchema,
        rules: &[Rule],
        positions: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let name = |name: &str| name.parse::<EntityTypeName>().map_err(|e| e.to_string());
        let mut words = HashMap::new();
        for of in [schema::ROLE, schema::TEAM, schema::PURPOSE, schema::KIND] {
            let kind = name(of)?;
            let uids = read.words.get(of).into_iter().flatten();
            let uids = uids.map(|word| (word.clone(), uid(&kind, word)));
            words.insert(of, uids.collect());
        }
        let owner = name(schema::OWNER)?;
        let switched_on = |rule: &&Rule| {
            rule.switch
                .as_ref()
                .is_none_or(|(code, position)| positions.get(code) == Some(position))
        };
        let rules: Vec<&Rule> = rules.iter().filter(switched_on).collect();
        let hierarchy = read.schema.action_entities().map_err(|e| e.to_string())?;
        let action_type = name("Action")?;
        let mut actions = HashMap::new();
        for (code, facts) in &read.actions {
            let uid = uid(&action_type, code);
            let concerned = rules
                .iter()
                .filter(|rule| concerns(rule, &uid, &hierarchy))
                .map(|rule| rule.policy.clone());
            let action = Action {
                policies: PolicySet::from_policies(concerned).map_err(|e| e.to_string())?,
                facts: facts.clone(),
                uid,
            };
            actions.insert(code.clone(), action);
        }
        Ok(Self {
            schema: read.schema.clone(),
            authorizer: Authorizer::new(),
            words,
            organisation: name(schema::ORGANISATION)?,
            document: uid(&name(schema::DOCUMENT)?, "document"),
            owners: (0..OWNERS_IN_ADVANCE)
                .map(|number| uid(&owner, &number.to_string()))
                .collect(),
            owner,
            actions,
            rules: rules
                .into_iter()
                .map(|rule| (rule.policy.id().clone(), rule.clone()))
                .collect(),
        })
    }

    /// The facts these actions ask for, so that only those are supposed otherwise.
    pub(super) fn facts_of(&self, actions: &[String]) -> BTreeSet<ContextFact> {
        let asked = actions.iter().filter_map(|code| self.actions.get(code));
        asked
            .flat_map(|action| action.facts.iter().copied())
            .collect()
    }

    /// Whether there is such a word.
    #[cfg(test)]
    pub(super) fn knows(&self, of: &str, word: &str) -> bool {
        (self.words.get(of)).is_some_and(|words| words.contains_key(word))
    }

    /// Whether one of these actions asks for this fact.
    pub(super) fn asks(&self, actions: &[String], fact: ContextFact) -> bool {
        let mut asked = actions.iter().filter_map(|code| self.actions.get(code));
        asked.any(|action| action.facts.contains(&fact))
    }

    /// The rules that are asked for an action, in the order of the bundle.
    pub(super) fn rules_of(&self, action: &str) -> Vec<&Rule> {
        let asked = self.actions.get(action).into_iter();
        let policies = asked.flat_map(|action| action.policies.policies());
        let mut rules: Vec<&Rule> = policies.filter_map(|p| self.rules.get(p.id())).collect();
        rules.sort_unstable_by_key(|rule| rule.order);
        rules
    }

    /// Builds and validates the entities of a request.
    pub(super) fn prepare(&self, situation: &Situation<'_>) -> Result<Prepared, Unusable> {
        let mut references = References::default();
        let requester = uid(&self.organisation, situation.requester.as_str());
        let provider = uid(&self.organisation, situation.provider.as_str());
        let owners: Vec<EntityUid> = (0..situation.owners).map(|n| self.owner_uid(n)).collect();

        let mut list = Vec::with_capacity(3 + owners.len());
        list.push(self.organisation_entity(&requester, situation.requester_role)?);
        if provider != requester {
            list.push(self.organisation_entity(&provider, situation.provider_role)?);
        }
        list.extend(owners.iter().map(|owner| Entity::with_uid(owner.clone())));
        let attributes = HashMap::from([
            ("houder".to_owned(), references.value(&provider)),
            (
                "bron".to_owned(),
                self.word(schema::ROLE, situation.provider_role)?,
            ),
            ("adres".to_owned(), address(situation)),
            ("soort".to_owned(), self.word(schema::KIND, situation.kind)?),
            (
                "gezondheid".to_owned(),
                RestrictedExpression::new_bool(situation.health),
            ),
            (
                "eigenaren".to_owned(),
                owner_set(&mut references, owners.iter()),
            ),
        ]);
        let document = Entity::new(self.document.clone(), attributes, HashSet::new());
        list.push(document.map_err(|_| Unusable::Shape)?);
        let entities = Entities::from_entities(list, Some(&self.schema));
        Ok(Prepared {
            entities: entities.map_err(|_| Unusable::Shape)?,
            requester,
            owners,
            references,
        })
    }

    /// Asks one action. Fails closed: whatever could not be evaluated is [`Unusable`].
    pub(super) fn ask(
        &self,
        code: &str,
        situation: &Situation<'_>,
        prepared: &Prepared,
    ) -> Result<Outcome, Unusable> {
        let action = self.actions.get(code).ok_or(Unusable::UnknownWord)?;
        let mut references = prepared.references.clone();
        let context = self.context(action, situation, prepared, &mut references)?;
        let request = Request::new(
            references.uid(&prepared.requester),
            references.uid(&action.uid),
            references.uid(&self.document),
            context,
            Some(&self.schema),
        )
        .map_err(|_| Unusable::Shape)?;
        // INVARIANT (closure): nothing is decided about an entity that is not there.
        if !references.closed_in(&prepared.entities) {
            return Err(Unusable::NotClosed);
        }
        let response =
            self.authorizer
                .is_authorized(&request, &action.policies, &prepared.entities);
        // INVARIANT (no errors): Cedar skips a rule that errors, so one error voids the answer.
        if response.diagnostics().errors().next().is_some() {
            return Err(Unusable::RuleFailed);
        }
        let mut rules: Vec<&Rule> = Vec::new();
        for id in response.diagnostics().reason() {
            rules.push(self.rules.get(id).ok_or(Unusable::RuleFailed)?);
        }
        rules.sort_unstable_by_key(|rule| rule.order);
        match response.decision() {
            Decision::Allow => permitted(&rules),
            Decision::Deny => Ok(Outcome::Deny(
                rules.into_iter().filter_map(forbidden).collect(),
            )),
        }
    }

    fn context(
        &self,
        action: &Action,
        situation: &Situation<'_>,
        prepared: &Prepared,
        references: &mut References,
    ) -> Result<Context, Unusable> {
        let mut pairs = Vec::with_capacity(action.facts.len());
        for fact in &action.facts {
            let mut stand =
                |kind| self.stand(situation, situation.stand(kind), prepared, references);
            let value = match fact {
                ContextFact::Purpose => self.word(schema::PURPOSE, situation.purpose)?,
                ContextFact::Team => self.word(schema::TEAM, situation.team.unwrap_or(NO_TEAM))?,
                ContextFact::Now => RestrictedExpression::new_long(situation.at.unix_ms()),
                ContextFact::Combined => RestrictedExpression::new_bool(situation.combined),
                ContextFact::Consent => stand(ChoiceKind::Consent)?,
                ContextFact::ExplicitAgreement => stand(ChoiceKind::ExplicitAgreement)?,
                ContextFact::Objection => stand(ChoiceKind::Objection)?,
                ContextFact::JointRequest => stand(ChoiceKind::JointRequest)?,
                ContextFact::UnsafeSituation => report(situation)?,
            };
            pairs.push((fact.name().to_owned(), value));
        }
        Context::from_pairs(pairs).map_err(|_| Unusable::Shape)
    }

    fn stand(
        &self,
        situation: &Situation<'_>,
        stand: &Stand,
        prepared: &Prepared,
        references: &mut References,
    ) -> Result<RestrictedExpression, Unusable> {
        let of = |numbers: &[usize], references: &mut References| {
            let owners: Option<Vec<&EntityUid>> =
                numbers.iter().map(|n| prepared.owners.get(*n)).collect();
            owners
                .map(|owners| owner_set(references, owners.into_iter()))
                .ok_or(Unusable::NotClosed)
        };
        RestrictedExpression::new_record([
            ("adres".to_owned(), address(situation)),
            (
                "doel".to_owned(),
                self.word(schema::PURPOSE, situation.purpose)?,
            ),
            (
                "ontvanger".to_owned(),
                references.value(&prepared.requester),
            ),
            ("actief".to_owned(), of(&stand.yes, references)?),
            ("ingetrokken".to_owned(), of(&stand.withdrawn, references)?),
        ])
        .map_err(|_| Unusable::Shape)
    }

    fn organisation_entity(&self, uid: &EntityUid, role: &str) -> Result<Entity, Unusable> {
        let attributes = HashMap::from([("partij".to_owned(), self.word(schema::ROLE, role)?)]);
        Entity::new(uid.clone(), attributes, HashSet::new()).map_err(|_| Unusable::Shape)
    }

    fn word(&self, of: &str, word: &str) -> Result<RestrictedExpression, Unusable> {
        let known = self.words.get(of).and_then(|words| words.get(word));
        known.map(References::word).ok_or(Unusable::UnknownWord)
    }

    fn owner_uid(&self, number: usize) -> EntityUid {
        match self.owners.get(number) {
            Some(owner) => owner.clone(),
            None => uid(&self.owner, &number.to_string()),
        }
    }
}

/// INVARIANT (one ground): several rules may permit, but they must name the same ground.
fn permitted(rules: &[&Rule]) -> Result<Outcome, Unusable> {
    let mut one: Option<&Arc<Ground>> = None;
    let mut all = BTreeSet::new();
    for rule in rules {
        let Says::Permit {
            ground,
            obligations,
        } = &rule.says
        else {
            return Err(Unusable::NotOneGround);
        };
        if one.is_some_and(|known| known != ground) {
            return Err(Unusable::NotOneGround);
        }
        one = Some(ground);
        all.extend(obligations.iter().copied());
    }
    Ok(Outcome::Permit(Granted {
        rules: rules.iter().map(|rule| rule.id.clone()).collect(),
        ground: Arc::clone(one.ok_or(Unusable::NotOneGround)?),
        obligations: all.into_iter().collect(),
    }))
}

fn forbidden(rule: &Rule) -> Option<(RuleId, Reason)> {
    match rule.says {
        Says::Forbid { reason } => Some((rule.id.clone(), reason)),
        Says::Permit { .. } => None,
    }
}

/// Whether a rule's scope can reach this action; the rest need not be evaluated for it.
pub(super) fn concerns(rule: &Rule, action: &EntityUid, hierarchy: &Entities) -> bool {
    match rule.policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == *action,
        ActionConstraint::In(groups) => groups
            .iter()
            .any(|group| group == action || hierarchy.is_ancestor_of(group, action)),
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn address(situation: &Situation<'_>) -> RestrictedExpression {
    RestrictedExpression::new_string(situation.address.as_str().to_owned())
}

fn owner_set<'a>(
    references: &mut References,
    owners: impl Iterator<Item = &'a EntityUid>,
) -> RestrictedExpression {
    let values: Vec<RestrictedExpression> = owners.map(|owner| references.value(owner)).collect();
    RestrictedExpression::new_set(values)
}

fn report(situation: &Situation<'_>) -> Result<RestrictedExpression, Unusable> {
    let (since, until) = situation
        .unsafe_since_until
        .map_or((0, 0), |(since, until)| (since.unix_ms(), until.unix_ms()));
    let active = situation.unsafe_since_until.is_some();
    RestrictedExpression::new_record([
        ("adres".to_owned(), address(situation)),
        ("actief".to_owned(), RestrictedExpression::new_bool(active)),
        ("sinds".to_owned(), RestrictedExpression::new_long(since)),
        ("tot".to_owned(), RestrictedExpression::new_long(until)),
    ])
    .map_err(|_| Unusable::Shape)
}

//! The flat form of a bundle: its rules over the flat facts, all under one action.
//!
//! A decision asks the actions of its purpose in order of rank, and permits if one of them does. So a
//! permit of an action becomes a permit for the purposes that name the action, for words the bundle
//! knows; a forbid that concerns every action in the same way stays a forbid, and any other becomes an
//! `unless` of each permit it concerns. Which of several actions permits is lost, and only that.
//!
//! INVARIANT (flat): for every situation the flat form and the engine decide the same, as long as no
//! rule fails and rules that permit together name one ground; [`super::prove()`] shows both first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Entities, EntityUid, Policy, PolicyId, PolicySet, ValidationMode, Validator};
use serde_json::{Value, json};

use super::facts::{DECISION, WELL_FORMED, Words, flat_schema, quoted, well_formed};
use super::fold::fold;
use super::{Positions, SymbolicError};
use crate::policy::bundle::Bundle;
use crate::policy::engine::{Engine, concerns};
use crate::policy::lint::{Rule, Says};
use crate::policy::reason::Reason;
use crate::policy::schema::{ContextFact, KIND, PURPOSE, ROLE, ReadSchema, TEAM};
use crate::policy::verdict::{Ground, RuleId};

/// A bundle over the flat facts.
#[derive(Debug)]
pub(in crate::policy) struct Flat {
    pub(super) read: ReadSchema,
    /// One for each rule that permits and each action it concerns.
    pub(super) permits: Vec<FlatPermit>,
    /// The forbids that concern every action alike.
    pub(super) forbids: Vec<Policy>,
    /// For each forbid of the bundle what it matches, written as permits.
    pub(super) reaches: Vec<(RuleId, Vec<Policy>)>,
    /// What is always true of the facts, as a forbid of everything else.
    pub(super) well_formed: Policy,
}

/// A permit of one rule under one action.
#[derive(Debug, Clone)]
pub(super) struct FlatPermit {
    pub(super) rule: RuleId,
    pub(super) action: String,
    pub(super) ground: Arc<Ground>,
    pub(super) policy: Policy,
}

impl Flat {
    /// Flattens a bundle; `words` are at least its own.
    pub(in crate::policy) fn of(
        bundle: &Bundle,
        positions: &Positions,
        words: &Words,
    ) -> Result<Self, SymbolicError> {
        let read = flat_schema(words).map_err(|mistakes| {
            let told = mistakes.iter().map(ToString::to_string);
            not_flat(bundle, "", told.collect::<Vec<_>>().join("; "))
        })?;
        let making = Making::new(bundle, positions, words)?;
        let flat = Self {
            permits: making.permits()?,
            forbids: making.shared_forbids()?,
            reaches: making.reaches()?,
            well_formed: parsed(&well_formed())
                .map_err(|why| not_flat(bundle, WELL_FORMED, why))?
                .new_id(PolicyId::new(WELL_FORMED)),
            read,
        };
        flat.validate(bundle)?;
        Ok(flat)
    }

    /// Everything that decides: what is not well-formed is not permitted.
    pub(super) fn all(&self) -> Vec<Policy> {
        let permits = self.permits.iter().map(|permit| permit.policy.clone());
        permits.chain(self.with_forbids([])).collect()
    }

    /// Some rules together with every forbid and with what is always true of the facts.
    pub(super) fn with_forbids(&self, rules: impl IntoIterator<Item = Policy>) -> Vec<Policy> {
        let mut all: Vec<Policy> = rules.into_iter().collect();
        all.extend(self.forbids.iter().cloned());
        all.push(self.well_formed.clone());
        all
    }

    /// An engine over the flat facts, to ask some rules about one situation.
    pub(super) fn engine(
        &self,
        bundle: &Bundle,
        policies: Vec<Policy>,
    ) -> Result<Engine, SymbolicError> {
        let Some(like) = bundle.rules().first() else {
            return Err(not_flat(bundle, "", "er zijn geen regels"));
        };
        // One ground for all: which action permitted is not asked here.
        let ground = Arc::new(Ground {
            iri: String::new(),
            also: Vec::new(),
            article: String::new(),
        });
        let rules: Vec<Rule> = policies
            .into_iter()
            .enumerate()
            .map(|(order, policy)| Rule {
                id: RuleId::new(policy.id().as_ref()),
                order,
                switch: None,
                says: match policy.effect() {
                    cedar_policy::Effect::Permit => Says::Permit {
                        ground: Arc::clone(&ground),
                        obligations: Vec::new(),
                    },
                    cedar_policy::Effect::Forbid => Says::Forbid {
                        reason: Reason::NoGround,
                    },
                },
                policy,
                ..like.clone()
            })
            .collect();
        Engine::new(&self.read, &rules, &Positions::new()).map_err(|why| not_flat(bundle, "", why))
    }

    fn validate(&self, bundle: &Bundle) -> Result<(), SymbolicError> {
        let reaches = self.reaches.iter().flat_map(|(_, policies)| policies);
        let all = self.all();
        for policy in all.iter().chain(reaches) {
            let set = PolicySet::from_policies([policy.clone()]);
            let set = set.map_err(|e| not_flat(bundle, policy.id().as_ref(), e.to_string()))?;
            let validator = Validator::new(self.read.schema.clone());
            let result = validator.validate(&set, ValidationMode::Strict);
            if let Some(error) = result.validation_errors().next() {
                return Err(not_flat(bundle, policy.id().as_ref(), error.to_string()));
            }
        }
        Ok(())
    }
}

/// The same condition as a permit or as a forbid.
pub(super) fn turned(policy: &Policy, effect: &str) -> Result<Policy, String> {
    let mut json = policy.to_json().map_err(|e| e.to_string())?;
    if let Some(of) = json.get_mut("effect") {
        *of = json!(effect);
    }
    Policy::from_json(Some(policy.id().clone()), json).map_err(|e| e.to_string())
}

/// A rule from its text.
pub(super) fn parsed(text: &str) -> Result<Policy, String> {
    Policy::parse(None, text).map_err(|e| e.to_string())
}

/// `[Soort::"a", Soort::"b"].contains(of)`; false when there is no word.
pub(super) fn one_of<'a>(kind: &str, words: impl IntoIterator<Item = &'a str>, of: &str) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| format!("{kind}::{}", quoted(word)))
        .collect();
    if words.is_empty() {
        return "false".to_owned();
    }
    format!("[{}].contains({of})", words.join(", "))
}

fn not_flat(bundle: &Bundle, rule: &str, why: impl AsRef<str>) -> SymbolicError {
    SymbolicError::NotFlat {
        bundle: bundle.id().to_owned(),
        rule: rule.to_owned(),
        why: why.as_ref().replace('\n', " "),
    }
}

/// Everything that is needed while a bundle is flattened.
struct Making<'b> {
    bundle: &'b Bundle,
    words: &'b Words,
    rules: Vec<&'b Rule>,
    hierarchy: Entities,
    /// The actions that some purpose asks.
    actions: BTreeMap<&'b str, EntityUid>,
}

impl<'b> Making<'b> {
    fn new(
        bundle: &'b Bundle,
        positions: &Positions,
        words: &'b Words,
    ) -> Result<Self, SymbolicError> {
        let failed = |why: String| not_flat(bundle, "", why);
        let hierarchy = bundle.schema().schema.action_entities();
        let purposes = bundle.vocabulary().purposes();
        let actions = purposes
            .flat_map(|purpose| purpose.actions.iter())
            .map(|action| {
                let uid = format!("Action::{}", quoted(action)).parse::<EntityUid>();
                Ok((action.as_str(), uid.map_err(|e| failed(e.to_string()))?))
            })
            .collect::<Result<_, SymbolicError>>()?;
        let positions = bundle.positions(positions);
        let on = |rule: &&Rule| {
            (rule.switch.as_ref()).is_none_or(|(code, at)| positions.get(code) == Some(at))
        };
        Ok(Self {
            bundle,
            words,
            rules: bundle.rules().iter().filter(on).collect(),
            hierarchy: hierarchy.map_err(|e| failed(e.to_string()))?,
            actions,
        })
    }

    fn permits(&self) -> Result<Vec<FlatPermit>, SymbolicError> {
        let mut permits = Vec::new();
        for rule in &self.rules {
            let Says::Permit { ground, .. } = &rule.says else {
                continue;
            };
            for (action, uid) in self.concerned(rule) {
                let mut conditions = self.reach(action, rule)?;
                conditions.extend(self.conditions(rule, action, uid)?);
                for forbid in self.forbids().filter(|f| concerns(f, uid, &self.hierarchy)) {
                    if self.is_shared(forbid)? {
                        continue;
                    }
                    let all = self.conditions(forbid, action, uid)?;
                    conditions.push(json!({"kind": "unless", "body": conjunction(all)}));
                }
                let id = format!("{}@{action}", rule.id);
                permits.push(FlatPermit {
                    rule: rule.id.clone(),
                    action: action.to_owned(),
                    ground: Arc::clone(ground),
                    policy: self.policy("permit", rule, &id, conditions)?,
                });
            }
        }
        Ok(permits)
    }

    fn shared_forbids(&self) -> Result<Vec<Policy>, SymbolicError> {
        let mut shared = Vec::new();
        for rule in self.forbids() {
            if self.is_shared(rule)?
                && let Some((action, uid)) = self.concerned(rule).next()
            {
                let conditions = self.conditions(rule, action, uid)?;
                shared.push(self.policy("forbid", rule, rule.id.as_str(), conditions)?);
            }
        }
        Ok(shared)
    }

    fn reaches(&self) -> Result<Vec<(RuleId, Vec<Policy>)>, SymbolicError> {
        let mut reaches = Vec::new();
        for rule in self.forbids() {
            let mut policies = Vec::new();
            for (action, uid) in self.concerned(rule) {
                let mut conditions = self.reach(action, rule)?;
                conditions.extend(self.conditions(rule, action, uid)?);
                let id = format!("{}@{action}", rule.id);
                policies.push(self.policy("permit", rule, &id, conditions)?);
            }
            reaches.push((rule.id.clone(), policies));
        }
        Ok(reaches)
    }

    fn forbids(&self) -> impl Iterator<Item = &'b Rule> {
        let forbids = |rule: &&&Rule| matches!(rule.says, Says::Forbid { .. });
        self.rules.iter().filter(forbids).copied()
    }

    fn concerned(&self, rule: &Rule) -> impl Iterator<Item = (&'b str, &EntityUid)> {
        let concerned = |(_, uid): &(&&str, &EntityUid)| concerns(rule, uid, &self.hierarchy);
        let actions = self.actions.iter().filter(concerned);
        actions
            .map(|(action, uid)| (*action, uid))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Whether a forbid says the same whatever the action is.
    fn is_shared(&self, rule: &Rule) -> Result<bool, SymbolicError> {
        let mut said: Option<Vec<Value>> = None;
        for (action, uid) in &self.actions {
            if !concerns(rule, uid, &self.hierarchy) {
                return Ok(false);
            }
            let conditions = self.conditions(rule, action, uid)?;
            if said.as_ref().is_some_and(|before| *before != conditions) {
                return Ok(false);
            }
            said = Some(conditions);
        }
        Ok(said.is_some())
    }

    /// The conditions of a rule while it is asked under an action.
    fn conditions(
        &self,
        rule: &Rule,
        action: &str,
        uid: &EntityUid,
    ) -> Result<Vec<Value>, SymbolicError> {
        let json = rule.policy.to_json();
        let json = json.map_err(|e| self.failed(rule, e.to_string()))?;
        let is_in = |group: &str| {
            let group = format!("Action::{}", quoted(group)).parse::<EntityUid>();
            group.is_ok_and(|group| self.hierarchy.is_ancestor_of(&group, uid))
        };
        let conditions = json.get("conditions").and_then(Value::as_array);
        conditions
            .into_iter()
            .flatten()
            .map(|condition| {
                let mut condition = condition.clone();
                if let Some(body) = condition.get_mut("body") {
                    *body = fold(body, action, &is_in).map_err(|_| {
                        let why = "een regel vergelijkt `action` alleen met genoemde handelingen";
                        self.failed(rule, why.to_owned())
                    })?;
                }
                Ok(condition)
            })
            .collect()
    }

    /// When an action is asked at all: for its purposes, and for words that the bundle knows. A team
    /// it does not know is found out by the first action of the purpose that asks for the team.
    fn reach(&self, action: &str, rule: &Rule) -> Result<Vec<Value>, SymbolicError> {
        let asks_team = |code: &String| {
            let facts = self.bundle.schema().actions.get(code);
            facts.is_some_and(|facts| facts.contains(&ContextFact::Team))
        };
        let (mut any_team, mut known_team) = (BTreeSet::new(), BTreeSet::new());
        for purpose in self.bundle.vocabulary().purposes() {
            let Some(rank) = purpose.actions.iter().position(|code| code == action) else {
                continue;
            };
            let asked = purpose.actions.iter().take(rank + 1).any(asks_team);
            let of = if asked && self.is_partial(TEAM) {
                &mut known_team
            } else {
                &mut any_team
            };
            of.insert(purpose.code.as_str());
        }
        let mut purposes = one_of(PURPOSE, any_team, "context.doel");
        if !known_team.is_empty() {
            purposes = format!(
                "{purposes} || ({} && {})",
                one_of(PURPOSE, known_team, "context.doel"),
                self.known(TEAM, "context.team")
            );
        }
        let mut clauses = vec![purposes];
        for (kind, of) in [
            (KIND, "resource.soort"),
            (ROLE, "principal.partij"),
            (ROLE, "resource.bron"),
        ] {
            if self.is_partial(kind) {
                clauses.push(self.known(kind, of));
            }
        }
        let mut conditions = Vec::new();
        for clause in clauses {
            let text = format!("permit (principal, action, resource) when {{ {clause} }};");
            let json = parsed(&text).and_then(|policy| policy.to_json().map_err(|e| e.to_string()));
            let mut json = json.map_err(|why| self.failed(rule, why))?;
            if let Some(condition) = json.pointer_mut("/conditions/0") {
                conditions.push(condition.take());
            }
        }
        Ok(conditions)
    }

    /// Whether there are words here that the bundle does not know.
    fn is_partial(&self, kind: &str) -> bool {
        self.bundle.schema().words.get(kind) != self.words.get(kind)
    }

    fn known(&self, kind: &str, of: &str) -> String {
        let own = self.bundle.schema().words.get(kind);
        one_of(kind, own.into_iter().flatten().map(String::as_str), of)
    }

    fn policy(
        &self,
        effect: &str,
        rule: &Rule,
        id: &str,
        conditions: Vec<Value>,
    ) -> Result<Policy, SymbolicError> {
        let json = rule.policy.to_json();
        let mut json = json.map_err(|e| self.failed(rule, e.to_string()))?;
        for (scope, ours) in [("principal", "Organisatie"), ("resource", "Document")] {
            let is = json.get(scope).cloned().unwrap_or_default();
            // A request names no organisation or document that a rule could name.
            if is != json!({"op": "All"}) && is != json!({"op": "is", "entity_type": ours}) {
                let why = format!("verwacht `{scope}` zonder meer; zet de eis in `when`");
                return Err(self.failed(rule, why));
            }
        }
        if let Some(of) = json.as_object_mut() {
            let action = json!({"op": "==", "entity": {"type": "Action", "id": DECISION}});
            of.insert("effect".to_owned(), json!(effect));
            of.insert("action".to_owned(), action);
            of.insert("conditions".to_owned(), Value::Array(conditions));
            of.remove("annotations");
        }
        Policy::from_json(Some(PolicyId::new(id)), json)
            .map_err(|e| self.failed(rule, e.to_string()))
    }

    fn failed(&self, rule: &Rule, why: String) -> SymbolicError {
        not_flat(self.bundle, rule.id.as_str(), why)
    }
}

/// All conditions of a rule as one expression.
fn conjunction(conditions: Vec<Value>) -> Value {
    conditions
        .into_iter()
        .map(|mut condition| {
            let unless = condition.get("kind") == Some(&json!("unless"));
            let body = condition
                .get_mut("body")
                .map(Value::take)
                .unwrap_or_default();
            if unless {
                json!({"!": {"arg": body}})
            } else {
                body
            }
        })
        .reduce(|left, right| json!({"&&": {"left": left, "right": right}}))
        .unwrap_or_else(|| json!({"Value": true}))
}

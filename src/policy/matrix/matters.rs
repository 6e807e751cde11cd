//! Which facts can matter in one place of the matrix.
//!
//! A rule is read with what is known there (purpose, parts, kind, action, and what the gateway makes
//! of every stand: the address, purpose and receiver of the request itself). A condition that is then
//! false for certain takes its rule out; of what stays undecided, the facts it looks at are those that
//! can matter. When in doubt something is undecided, and all it looks at is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Beyond;
use super::place::{Direction, Factor};
use crate::domain::DocumentKind;
use crate::policy::bundle::Bundle;
use crate::policy::lint::Rule;
use crate::policy::schema::{self, ContextFact};
use crate::policy::verdict::RuleId;
use crate::policy::vocabulary::PurposeInfo;

/// The rules of a bundle, taken apart, by the actions they concern.
pub(super) struct Readings<'b> {
    bundle: &'b Bundle,
    conditions: BTreeMap<RuleId, Vec<(bool, Value)>>,
    pub(super) beyond: BTreeSet<Beyond>,
}

/// What is known of a request before its other facts are.
struct Known<'a> {
    purpose: &'a str,
    action: &'a str,
    direction: &'a Direction,
    kind: &'a str,
}

/// What an expression comes to, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value3 {
    Bool(bool),
    /// An entity or another thing that is equal only to itself.
    Word(String),
    Set(Vec<Self>),
    Undecided,
}

/// That, with the facts it still depends on.
struct Seen {
    value: Value3,
    factors: BTreeSet<Factor>,
}

impl<'b> Readings<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        let mut beyond = BTreeSet::new();
        let mut conditions = BTreeMap::new();
        for rule in bundle.rules() {
            let json = rule.policy.to_json().unwrap_or_default();
            let of_rule: Vec<(bool, Value)> = json
                .get("conditions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|condition| {
                    let is_when = condition.get("kind")?.as_str()? == "when";
                    Some((is_when, condition.get("body")?.clone()))
                })
                .collect();
            for (_, body) in &of_rule {
                note_beyond(body, rule, &mut beyond);
            }
            conditions.insert(rule.id.clone(), of_rule);
        }
        Self {
            bundle,
            conditions,
            beyond,
        }
    }

    /// The factors that can matter in one place.
    pub(super) fn factors(
        &self,
        purpose: &PurposeInfo,
        direction: &Direction,
        kind: &DocumentKind,
    ) -> BTreeSet<Factor> {
        let engine = &self.bundle.standing().engine;
        let mut factors = BTreeSet::new();
        for action in &purpose.actions {
            let known = Known {
                purpose: purpose.code.as_str(),
                action,
                direction,
                kind: kind.as_str(),
            };
            for rule in engine.rules_of(action) {
                let conditions = self.conditions.get(&rule.id).into_iter().flatten();
                factors.extend(known.rule(conditions));
            }
        }
        factors
    }
}

impl Known<'_> {
    /// What a rule still depends on; nothing when it cannot apply.
    fn rule<'c>(&self, conditions: impl Iterator<Item = &'c (bool, Value)>) -> BTreeSet<Factor> {
        let mut factors = BTreeSet::new();
        for (is_when, body) in conditions {
            let seen = self.see(body);
            if seen.value == Value3::Bool(!is_when) {
                return BTreeSet::new();
            }
            factors.extend(seen.factors);
        }
        factors
    }

    fn see(&self, expression: &Value) -> Seen {
        if let Some(path) = path(expression)
            && let Some(seen) = self.path(&path)
        {
            return seen;
        }
        let Some((operator, operands)) = expression.as_object().and_then(|o| o.iter().next())
        else {
            return self.undecided(expression);
        };
        let side = |name: &str| operands.get(name).map(|side| self.see(side));
        match (operator.as_str(), side("left"), side("right")) {
            ("Value", ..) => literal(operands),
            ("Set", ..) => {
                let members = operands.as_array().into_iter().flatten();
                let members: Vec<Seen> = members.map(|member| self.see(member)).collect();
                Seen {
                    factors: members.iter().flat_map(|m| m.factors.clone()).collect(),
                    value: Value3::Set(members.into_iter().map(|m| m.value).collect()),
                }
            }
            ("!", ..) => match operands.get("arg").map(|arg| self.see(arg)) {
                Some(Seen {
                    value: Value3::Bool(is),
                    ..
                }) => certain(!is),
                _ => self.undecided(expression),
            },
            ("&&", Some(left), Some(right)) => both(left, right, false),
            ("||", Some(left), Some(right)) => both(left, right, true),
            ("==", Some(left), Some(right)) => match equal(&left.value, &right.value) {
                Some(is) => certain(is),
                None => self.undecided(expression),
            },
            ("!=", Some(left), Some(right)) => match equal(&left.value, &right.value) {
                Some(is) => certain(!is),
                None => self.undecided(expression),
            },
            ("contains", Some(left), Some(right)) => match within(&left.value, &right.value) {
                Some(is) => certain(is),
                None => self.undecided(expression),
            },
            _ => self.undecided(expression),
        }
    }

    /// A path of names whose value is known, or which a factor stands for.
    fn path(&self, path: &[&str]) -> Option<Seen> {
        let word = |kind: &str, id: &str| Value3::Word(format!("{kind}::{id}"));
        let (from, to) = (self.direction.from.as_str(), self.direction.to.as_str());
        let holder = if self.direction.is_own {
            "asks"
        } else {
            "holds"
        };
        let value = match path {
            // Of a stand or a report: what it is made with, which is the request's own.
            ["action"] => word("Action", self.action),
            ["principal"] | ["context", _, "ontvanger"] => word(schema::ORGANISATION, "asks"),
            ["principal", "partij"] | ["context", _, "ontvanger", "partij"] => {
                word(schema::ROLE, to)
            }
            ["resource", "houder"] => word(schema::ORGANISATION, holder),
            ["resource", "bron"] | ["resource", "houder", "partij"] => word(schema::ROLE, from),
            ["resource", "soort"] => word(schema::KIND, self.kind),
            ["context", "doel"] | ["context", _, "doel"] => word(schema::PURPOSE, self.purpose),
            ["resource", "adres"] | ["context", _, "adres"] => word("adres", ""),
            ["resource", "gezondheid"] => return Some(depends([Factor::Health])),
            ["resource", "eigenaren"] => return Some(depends([Factor::OwnersKnown])),
            ["context", fact, ..] => {
                let fact = ContextFact::ALL
                    .into_iter()
                    .find(|one| one.name() == *fact)?;
                return Some(depends(factors_of(fact)));
            }
            _ => return None,
        };
        Some(Seen {
            value,
            factors: BTreeSet::new(),
        })
    }

    /// Nothing is known, and everything below is looked at.
    fn undecided(&self, expression: &Value) -> Seen {
        let mut factors = BTreeSet::new();
        match expression {
            Value::Object(members) => {
                if let Some(Value::String(name)) = members.get("Var") {
                    factors.extend(of_variable(name));
                }
                for below in members.values() {
                    factors.extend(self.below(below));
                }
            }
            Value::Array(members) => {
                for below in members {
                    factors.extend(self.below(below));
                }
            }
            _ => {}
        }
        Seen {
            value: Value3::Undecided,
            factors,
        }
    }

    fn below(&self, expression: &Value) -> BTreeSet<Factor> {
        match path(expression).and_then(|path| self.path(&path)) {
            Some(seen) => seen.factors,
            None => self.undecided(expression).factors,
        }
    }
}

/// A whole variable, handed on: all it holds.
fn of_variable(name: &str) -> Vec<Factor> {
    match name {
        "context" => Factor::ALL.to_vec(),
        "resource" => vec![Factor::Health, Factor::OwnersKnown],
        _ => Vec::new(),
    }
}

fn factors_of(fact: ContextFact) -> Vec<Factor> {
    match fact {
        ContextFact::Purpose => Vec::new(),
        ContextFact::Team => vec![Factor::Team],
        ContextFact::Now | ContextFact::UnsafeSituation => vec![Factor::UnsafeSituation],
        ContextFact::Combined => vec![Factor::Combined],
        ContextFact::Consent => vec![Factor::Consent],
        ContextFact::ExplicitAgreement => vec![Factor::ExplicitAgreement],
        ContextFact::Objection => vec![Factor::Objection],
        ContextFact::JointRequest => vec![Factor::JointRequest],
    }
}

/// `context.melding.adres` as its names.
fn path(expression: &Value) -> Option<Vec<&str>> {
    if let Some(name) = expression.get("Var") {
        return Some(vec![name.as_str()?]);
    }
    let access = expression.get(".")?;
    let mut names = path(access.get("left")?)?;
    names.push(access.get("attr")?.as_str()?);
    Some(names)
}

fn literal(value: &Value) -> Seen {
    let entity = value.get("__entity").and_then(|entity| {
        let part = |name: &str| entity.get(name).and_then(Value::as_str);
        Some(format!("{}::{}", part("type")?, part("id")?))
    });
    let value = match (value, entity) {
        (Value::Bool(is), _) => Value3::Bool(*is),
        (_, Some(word)) => Value3::Word(word),
        _ => Value3::Undecided,
    };
    Seen {
        value,
        factors: BTreeSet::new(),
    }
}

const fn certain(is: bool) -> Seen {
    Seen {
        value: Value3::Bool(is),
        factors: BTreeSet::new(),
    }
}

fn depends(factors: impl IntoIterator<Item = Factor>) -> Seen {
    Seen {
        value: Value3::Undecided,
        factors: factors.into_iter().collect(),
    }
}

/// `&&` when `decisive` is false, `||` when it is true.
fn both(left: Seen, right: Seen, decisive: bool) -> Seen {
    let decided = Value3::Bool(decisive);
    if left.value == decided || right.value == decided {
        return certain(decisive);
    }
    match (&left.value, &right.value) {
        (Value3::Bool(_), _) => right,
        (_, Value3::Bool(_)) => left,
        _ => depends(left.factors.into_iter().chain(right.factors)),
    }
}

fn equal(left: &Value3, right: &Value3) -> Option<bool> {
    match (left, right) {
        (Value3::Word(left), Value3::Word(right)) => Some(left == right),
        (Value3::Bool(left), Value3::Bool(right)) => Some(left == right),
        _ => None,
    }
}

fn within(set: &Value3, one: &Value3) -> Option<bool> {
    let Value3::Set(members) = set else {
        return None;
    };
    let equal: Vec<Option<bool>> = members.iter().map(|member| equal(member, one)).collect();
    if equal.contains(&Some(true)) {
        Some(true)
    } else if equal.contains(&None) {
        None
    } else {
        Some(false)
    }
}

/// Notes what a rule can tell apart and the matrix does not vary.
fn note_beyond(expression: &Value, rule: &Rule, beyond: &mut BTreeSet<Beyond>) {
    let Some(members) = expression.as_object() else {
        for member in expression.as_array().into_iter().flatten() {
            note_beyond(member, rule, beyond);
        }
        return;
    };
    match expression.get("Value") {
        Some(Value::Number(_)) => {
            beyond.insert(Beyond::Number(rule.id.clone()));
        }
        Some(Value::String(_)) => {
            beyond.insert(Beyond::Text(rule.id.clone()));
        }
        Some(_) => {}
        None => {
            for (operator, operands) in members {
                let side = |name| operands.get(name).map(choices_in).unwrap_or_default();
                let (left, right) = (side("left"), side("right"));
                let differ = !left.is_empty() && !right.is_empty() && left != right;
                if differ && operator != "&&" && operator != "||" {
                    beyond.insert(Beyond::WhoSaidWhat(rule.id.clone()));
                }
                if operator == "like" {
                    beyond.insert(Beyond::Text(rule.id.clone()));
                }
                note_beyond(operands, rule, beyond);
            }
        }
    }
}

/// The stands an expression takes owners from. Its address, purpose and receiver are nobody's choice.
fn choices_in(expression: &Value) -> BTreeSet<&str> {
    if let Some(path) = path(expression) {
        return match path.as_slice() {
            ["context", fact, "actief" | "ingetrokken"] => BTreeSet::from([*fact]),
            _ => BTreeSet::new(),
        };
    }
    let below: Vec<&Value> = match expression {
        Value::Object(members) => members.values().collect(),
        Value::Array(members) => members.iter().collect(),
        _ => Vec::new(),
    };
    below.into_iter().flat_map(choices_in).collect()
}

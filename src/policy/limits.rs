//! `grenzen.cedar`: the limits of a bundle. A limit is a Cedar `forbid` that takes no part in
//! deciding; it says what no request that the rules permit may be, whatever rule is added later.
//! [`super::symbolic`] proves it for all requests.
//!
//! A limit is written over the flat facts: one action, and every fact the gateway can fill. So it
//! speaks of the purpose and not of the ground, and holds for a ground that does not exist yet.

use std::collections::BTreeSet;

use cedar_policy::{
    ActionConstraint, Effect, Policy, PolicyId, PolicySet, PrincipalConstraint, ResourceConstraint,
    ValidationMode, Validator, ffi::DetailedError,
};
use serde_json::Value;

use super::dangers;
use super::lint::parse_mistake;
use super::manifest::Manifest;
use super::mistake::Mistake;
use super::schema::ReadSchema;
use super::source::LIMITS;
use super::statements::{self, Statement};
use super::verdict::RuleId;

/// How the id of a limit begins, so that nobody takes it for a rule.
const PREFIX: &str = "grens-";
const ID: &str = "id";
const SENTENCE: &str = "zin";
const SENTENCE_EN: &str = "sentence";
const ARTICLE: &str = "artikel";
const SWITCH: &str = "schakelaar";
const KNOWN: [&str; 5] = [ID, SENTENCE, SENTENCE_EN, ARTICLE, SWITCH];
/// How far a limit may follow references, as for rules.
const DEREFERENCE_LEVEL: u32 = 1;

/// One limit, read.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) id: RuleId,
    /// A `forbid` under its own id: what it matches may not be permitted.
    pub(super) policy: Policy,
    /// As its author wrote it.
    pub(super) text: String,
    pub(super) sentence: String,
    pub(super) sentence_en: String,
    pub(super) article: Option<String>,
    /// The switch and position it holds for; `None`: always.
    pub(super) switch: Option<(String, String)>,
}

/// A limit of a bundle, as somebody reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitInfo<'b> {
    /// Its id; begins with `grens-`.
    pub id: &'b str,
    /// What it means: a Dutch sentence.
    pub sentence: &'b str,
    /// The same in English.
    pub sentence_en: &'b str,
    /// The article it comes from.
    pub article: Option<&'b str>,
    /// Its text, as its author wrote it.
    pub text: &'b str,
}

impl Limit {
    /// As somebody reads it.
    pub(super) fn info(&self) -> LimitInfo<'_> {
        LimitInfo {
            id: self.id.as_str(),
            sentence: &self.sentence,
            sentence_en: &self.sentence_en,
            article: self.article.as_deref(),
            text: &self.text,
        }
    }
}

/// Reads all limits; all that is wrong with them goes to `mistakes`. `flat` is the schema of the flat
/// facts, with the words of this bundle; `None` when they could not be read.
pub(super) fn read(
    text: &str,
    manifest: Option<&Manifest>,
    flat: Option<&ReadSchema>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Limit> {
    let statements = statements::split(text);
    if statements.is_empty() {
        mistakes.push(Mistake::in_file(LIMITS, "er staat geen enkele grens in"));
    }
    let mut seen = BTreeSet::new();
    let mut limits = Vec::new();
    for statement in &statements {
        let Some(policy) = parse(statement, mistakes) else {
            continue;
        };
        let mut reading = Reading {
            line: statement.line,
            policy: &policy,
            mistakes,
        };
        let limit = reading.limit(statement, manifest, flat);
        if let Some(limit) = limit {
            if !seen.insert(limit.id.clone()) {
                reading.wrong("deze @id is al van een andere grens");
            }
            if let Some(flat) = flat {
                validate(flat, &limit, statement, mistakes);
            }
            limits.push(limit);
        }
    }
    limits
}

fn parse(statement: &Statement<'_>, mistakes: &mut Vec<Mistake>) -> Option<Policy> {
    match Policy::parse(Some(PolicyId::new("?")), statement.text) {
        Ok(policy) => Some(policy),
        Err(errors) => {
            let error = DetailedError::from(&errors);
            mistakes.push(parse_mistake(LIMITS, statement, &error));
            None
        }
    }
}

struct Reading<'a> {
    line: usize,
    policy: &'a Policy,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reading<'_> {
    fn wrong(&mut self, text: impl Into<String>) {
        let id = self.policy.annotation(ID).filter(|id| !id.is_empty());
        self.mistakes
            .push(Mistake::at(LIMITS, self.line, text).with_rule(id));
    }

    fn limit(
        &mut self,
        statement: &Statement<'_>,
        manifest: Option<&Manifest>,
        flat: Option<&ReadSchema>,
    ) -> Option<Limit> {
        let unknown: Vec<String> = (self.policy.annotations())
            .filter(|(name, _)| !KNOWN.contains(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in unknown {
            let known = KNOWN.join(", ");
            self.wrong(format!(
                "@{name} hoort niet bij een grens; verwacht {known}"
            ));
        }
        let id = self.id();
        let sentence = self.sentence(SENTENCE);
        let sentence_en = self.sentence(SENTENCE_EN);
        let article = self.policy.annotation(ARTICLE).map(str::to_owned);
        if article
            .as_deref()
            .is_some_and(|text| text.trim().is_empty())
        {
            self.wrong(format!(
                "@{ARTICLE} is leeg; laat het weg of noem het artikel"
            ));
        }
        let switch = self.switch(manifest);
        self.shape();
        self.only_known_words(flat);
        let id = id?;
        Some(Limit {
            policy: self.policy.new_id(PolicyId::new(&id)),
            id: RuleId::new(&id),
            text: statement.text.trim().to_owned(),
            sentence: sentence?,
            sentence_en: sentence_en?,
            article,
            switch: switch?,
        })
    }

    fn id(&mut self) -> Option<String> {
        match self.policy.annotation(ID).map(str::trim) {
            None | Some("") => {
                self.wrong("@id ontbreekt of is leeg");
                None
            }
            Some(id) if id.starts_with(PREFIX) => Some(id.to_owned()),
            Some(_) => {
                self.wrong(format!(
                    "@id: de naam van een grens begint met \"{PREFIX}\""
                ));
                None
            }
        }
    }

    fn sentence(&mut self, name: &str) -> Option<String> {
        let text = self
            .policy
            .annotation(name)
            .map_or("", str::trim)
            .to_owned();
        if text.ends_with('.') && text.starts_with(char::is_uppercase) {
            return Some(text);
        }
        let language = if name == SENTENCE {
            "Nederlands"
        } else {
            "Engels"
        };
        self.wrong(format!(
            "@{name}: verwacht een zin in het {language}, met een hoofdletter en een punt"
        ));
        None
    }

    #[expect(
        clippy::option_option,
        reason = "a wrong switch is not the same as none"
    )]
    fn switch(&mut self, manifest: Option<&Manifest>) -> Option<Option<(String, String)>> {
        let Some(text) = self.policy.annotation(SWITCH).map(str::to_owned) else {
            return Some(None);
        };
        let known = text.split_once('=').filter(|(code, position)| {
            manifest.is_none_or(|manifest| {
                let mut switches = manifest.switches.iter();
                switches.any(|s| s.code == *code && s.positions.iter().any(|p| p == position))
            })
        });
        if let Some((code, position)) = known {
            return Some(Some((code.to_owned(), position.to_owned())));
        }
        self.wrong(format!(
            "@{SWITCH}(\"{text}\"): verwacht een schakelaar van het manifest, als \"code=stand\""
        ));
        None
    }

    /// A limit forbids, under a condition, and says nothing of who, what or how outside of it.
    fn shape(&mut self) {
        if self.policy.effect() == Effect::Permit {
            self.wrong("een grens is een `forbid`: zij zegt wat nooit mag worden toegestaan");
        }
        let open = self.policy.principal_constraint() == PrincipalConstraint::Any
            && self.policy.action_constraint() == ActionConstraint::Any
            && self.policy.resource_constraint() == ResourceConstraint::Any;
        if !open {
            self.wrong(
                "een grens begint met `forbid (principal, action, resource)`; zet wat zij eist in `when` en `unless`",
            );
        }
        let Ok(json) = self.policy.to_json() else {
            self.wrong("de grens is niet te ontleden");
            return;
        };
        let conditions = json.get("conditions").and_then(Value::as_array);
        let bodies: Vec<&Value> = (conditions.into_iter().flatten())
            .filter_map(|condition| condition.get("body"))
            .collect();
        if bodies.is_empty() {
            self.wrong("een grens zonder voorwaarde verbiedt alles; verwacht `when` of `unless`");
        }
        let mut found = Vec::new();
        for body in bodies {
            dangers::find(body, &mut found);
        }
        for text in found {
            self.wrong(text);
        }
    }

    fn only_known_words(&mut self, flat: Option<&ReadSchema>) {
        let Some(flat) = flat else { return };
        for uid in self.policy.entity_literals() {
            if !flat.words.contains_key(&uid.type_name().to_string()) {
                self.wrong(format!(
                    "{uid}: een grens noemt alleen woorden uit een opsomming van het schema"
                ));
            }
        }
    }
}

/// Cedar's own strict validation, over the flat facts.
fn validate(
    flat: &ReadSchema,
    limit: &Limit,
    statement: &Statement<'_>,
    mistakes: &mut Vec<Mistake>,
) {
    let Ok(set) = PolicySet::from_policies([limit.policy.clone()]) else {
        return;
    };
    let result = Validator::new(flat.schema.clone()).validate_with_level(
        &set,
        ValidationMode::Strict,
        DEREFERENCE_LEVEL,
    );
    let errors = result.validation_errors().map(DetailedError::from);
    let warnings = result.validation_warnings().map(DetailedError::from);
    for mut error in errors.chain(warnings) {
        let id = limit.id.as_str();
        error.message = error.message.replace(&format!("for policy `{id}`, "), "");
        error.message = error.message.replace(&format!("for policy `{id}`: "), "");
        mistakes.push(parse_mistake(LIMITS, statement, &error).with_rule(Some(id)));
    }
}

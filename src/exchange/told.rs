//! Decisions in words, for whoever asked: in their language, and with their own words where they use
//! those. Codes are the same for everybody.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Caller, Exchange};
use crate::domain::Sha256;
use crate::language::Language;
use crate::policy::{Missing, RuleId};

/// A rule that determined a decision: an item of `uitleg`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTold {
    /// Its id.
    #[serde(rename = "regel")]
    pub rule: String,
    /// The article it rests on, or forbids for.
    #[serde(rename = "artikel", skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// What it means, in a sentence.
    #[serde(rename = "zin")]
    pub sentence: String,
}

impl Exchange {
    /// What would have turned a refusal: the items of `ontbreekt`.
    pub(super) fn missing_told(&self, caller: &Caller, missing: &[Missing]) -> Value {
        let item = |one: &Missing| {
            let mut item = Map::new();
            let mut put = |name: &str, value: Value| item.insert(name.to_owned(), value);
            put("soort", json!(one.fact.code()));
            put("toelichting", json!(one.sentence(caller.language)));
            if one.needed > 0 {
                put("eigenaren", json!(one.needed));
                put("eigenaarnummers", json!(one.owners));
            }
            if one.fact.is_choice()
                && let Some(purpose) = caller.who.purpose.known()
            {
                let codes = self.vocabulary(&caller.organisation);
                put("doel", json!(codes.purposes.say(purpose)));
                put("ontvanger", json!(caller.organisation.oin));
            }
            if let Some(value) = &one.value {
                put("waarde", json!(value));
            }
            if !one.together_with.is_empty() {
                let others = one.together_with.iter().map(|fact| fact.code());
                put("samenMet", others.collect());
            }
            Value::Object(item)
        };
        missing.iter().map(item).collect()
    }

    /// What these rules of a bundle mean. Nothing where this gateway does not have it, or no longer.
    pub(super) fn rules_told(
        &self,
        language: Language,
        bundle: Option<Sha256>,
        rules: &[String],
    ) -> Vec<RuleTold> {
        let bundle = bundle.and_then(|hash| self.policies.find(hash));
        let told = |id: &String| {
            let bundle = bundle.as_deref()?;
            Some(RuleTold {
                rule: id.clone(),
                article: bundle.find_rule(id)?.article.map(str::to_owned),
                sentence: bundle.find_sentence(id, language)?.to_owned(),
            })
        };
        rules.iter().filter_map(told).collect()
    }
}

/// The ids of rules, as the book has them.
pub(super) fn ids(rules: &[RuleId]) -> Vec<String> {
    rules.iter().map(ToString::to_string).collect()
}

//! Reading the parts of a bundle that need each other: the rules against the manifest and the schema,
//! and the words of the manifest against those of the schema.

use cedar_policy::{PolicyId, PolicySet, ValidationMode, Validator, ffi::DetailedError};

use super::lint::{self, Rule};
use super::manifest::Manifest;
use super::mistake::Mistake;
use super::schema::{self, ReadSchema};
use super::source::{MANIFEST, SCHEMA, Source};
use super::statements::{self, Statement};
use crate::domain::ChoiceKind;

/// How far a rule may follow references: the gateway hands over flat facts (Cedar RFC 76).
const DEREFERENCE_LEVEL: u32 = 1;

/// Reads and lints the rules of all files, in order, and has Cedar validate them.
pub(super) fn read_rules(
    source: &Source,
    manifest: Option<&Manifest>,
    schema: Option<&ReadSchema>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Rule> {
    let Some(manifest) = manifest else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    let mut statements: Vec<(&str, Statement<'_>)> = Vec::new();
    for (file, text) in source.rules() {
        for statement in statements::split(text) {
            let order = statements.len();
            rules.extend(lint::read(
                file, &statement, order, manifest, schema, mistakes,
            ));
            statements.push((file, statement));
        }
    }
    lint::unique_ids(&rules, mistakes);
    if let Some(schema) = schema {
        validate(schema, &rules, &statements, mistakes);
    }
    rules
}

/// Cedar's own strict validation, of all rules whatever the switches say.
fn validate(
    schema: &ReadSchema,
    rules: &[Rule],
    statements: &[(&str, Statement<'_>)],
    mistakes: &mut Vec<Mistake>,
) {
    let numbered = rules
        .iter()
        .map(|rule| rule.policy.new_id(PolicyId::new(rule.order.to_string())));
    let Ok(set) = PolicySet::from_policies(numbered) else {
        return;
    };
    let result = Validator::new(schema.schema.clone()).validate_with_level(
        &set,
        ValidationMode::Strict,
        DEREFERENCE_LEVEL,
    );
    let errors = result
        .validation_errors()
        .map(|error| (error.policy_id(), DetailedError::from(error)));
    let warnings = result
        .validation_warnings()
        .map(|warning| (warning.policy_id(), DetailedError::from(warning)));
    for (id, mut error) in errors.chain(warnings) {
        let order = id.to_string().parse::<usize>().ok();
        // Cedar names the rule by the number it has here; the mistake names it by its own id.
        error.message = error.message.replace(&format!("for policy `{id}`, "), "");
        error.message = error.message.replace(&format!("for policy `{id}`: "), "");
        let rule = rules.iter().find(|rule| Some(rule.order) == order);
        let place = order.and_then(|order| statements.get(order));
        if let (Some(rule), Some((file, statement))) = (rule, place) {
            mistakes.push(
                lint::parse_mistake(file, statement, &error).with_rule(Some(rule.id.as_str())),
            );
        }
    }
}

/// The manifest and the schema must name the same words, or a word could be agreed on and unusable.
pub(super) fn same_words(manifest: &Manifest, read: &ReadSchema, mistakes: &mut Vec<Mistake>) {
    let vocabulary = &manifest.vocabulary;
    let no_team = std::iter::once(schema::NO_TEAM);
    let agreed: [(&str, Vec<&str>); 4] = [
        (
            schema::ROLE,
            vocabulary.roles().map(|(c, _)| c.as_str()).collect(),
        ),
        (
            schema::TEAM,
            vocabulary
                .teams()
                .map(|(c, _)| c.as_str())
                .chain(no_team)
                .collect(),
        ),
        (
            schema::PURPOSE,
            vocabulary.purposes().map(|p| p.code.as_str()).collect(),
        ),
        (
            schema::KIND,
            vocabulary.kinds().map(|(c, _)| c.as_str()).collect(),
        ),
    ];
    for (what, agreed) in agreed {
        let declared = read.words.get(what).cloned().unwrap_or_default();
        differ(
            what,
            &agreed,
            &declared.iter().map(String::as_str).collect::<Vec<_>>(),
            mistakes,
        );
    }
    let actions: Vec<&str> = manifest.actions.iter().map(|a| a.code.as_str()).collect();
    let declared: Vec<&str> = read.actions.keys().map(String::as_str).collect();
    differ("action", &actions, &declared, mistakes);
    if vocabulary
        .teams()
        .any(|(team, _)| team.as_str() == schema::NO_TEAM)
    {
        mistakes.push(Mistake::in_file(
            MANIFEST,
            format!(
                "\"{}\" is de aanvraag zonder team en kan geen team zijn",
                schema::NO_TEAM
            ),
        ));
    }
    for limit in &manifest.choice_limits {
        // A limit on an objection would make an old objection vanish: only a yes may be limited.
        if limit.kind == ChoiceKind::Objection {
            mistakes.push(Mistake::in_file(
                MANIFEST,
                "een keuzegrens kan een bezwaar niet ongedaan maken",
            ));
        }
    }
}

fn differ(what: &str, agreed: &[&str], declared: &[&str], mistakes: &mut Vec<Mistake>) {
    for word in agreed.iter().filter(|word| !declared.contains(word)) {
        mistakes.push(Mistake::in_file(
            SCHEMA,
            format!("{what} \"{word}\" staat in het manifest, maar niet in het schema"),
        ));
    }
    for word in declared.iter().filter(|word| !agreed.contains(word)) {
        mistakes.push(Mistake::in_file(
            MANIFEST,
            format!("{what} \"{word}\" staat in het schema, maar niet in het manifest"),
        ));
    }
}

//! The Cedar schema of a bundle: which words exist, and which facts each action asks for.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Schema, SchemaFragment, ffi::DetailedError};
use serde_json::Value;

use super::mistake::Mistake;
use super::source::{SCHEMA, line_at, line_of};

/// The entity types that carry the four vocabularies, as the schema must name them.
pub(super) const ROLE: &str = "Partij";
pub(super) const TEAM: &str = "Team";
pub(super) const PURPOSE: &str = "Doel";
pub(super) const KIND: &str = "Soort";
/// The word in the schema's teams for a request without a team.
pub(super) const NO_TEAM: &str = "geen";
/// The entity types that are filled per request.
pub(super) const ORGANISATION: &str = "Organisatie";
pub(super) const OWNER: &str = "Eigenaar";
pub(super) const DOCUMENT: &str = "Document";

/// A fact that an action can ask for in its context: what the gateway knows how to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ContextFact {
    Purpose,
    Team,
    Now,
    Combined,
    Consent,
    ExplicitAgreement,
    Objection,
    JointRequest,
    UnsafeSituation,
}

impl ContextFact {
    pub(super) const ALL: [Self; 9] = [
        Self::Purpose,
        Self::Team,
        Self::Now,
        Self::Combined,
        Self::Consent,
        Self::ExplicitAgreement,
        Self::Objection,
        Self::JointRequest,
        Self::UnsafeSituation,
    ];

    /// Its name in a context.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Purpose => "doel",
            Self::Team => "team",
            Self::Now => "nu",
            Self::Combined => "combinatie",
            Self::Consent => "toestemming",
            Self::ExplicitAgreement => "instemming",
            Self::Objection => "bezwaar",
            Self::JointRequest => "verzoek",
            Self::UnsafeSituation => "melding",
        }
    }
}

/// A schema, read.
#[derive(Debug)]
pub(super) struct ReadSchema {
    pub(super) schema: Schema,
    /// The words of each enumerated entity type.
    pub(super) words: BTreeMap<String, BTreeSet<String>>,
    /// The facts of each action that can be asked; groups are not among them.
    pub(super) actions: BTreeMap<String, Vec<ContextFact>>,
}

/// Reads the schema and checks that it asks for nothing the gateway cannot fill.
pub(super) fn read(text: &str) -> Result<ReadSchema, Vec<Mistake>> {
    let (fragment, warnings) = SchemaFragment::from_cedarschema_str(text)
        .map_err(|error| vec![located(text, &DetailedError::from(&error))])?;
    let mut mistakes: Vec<Mistake> = warnings
        .map(|warning| Mistake::in_file(SCHEMA, warning.to_string()))
        .collect();
    let json = fragment
        .clone()
        .to_json_value()
        .map_err(|error| vec![Mistake::in_file(SCHEMA, error.to_string())])?;
    let schema = Schema::from_schema_fragments([fragment])
        .map_err(|error| vec![located(text, &DetailedError::from(&error))])?;

    let Some(root) = json.get("") else {
        return Err(vec![Mistake::in_file(
            SCHEMA,
            "verwacht een schema zonder namespace",
        )]);
    };
    let words = enumerations(root);
    for required in [ROLE, TEAM, PURPOSE, KIND] {
        if !words.contains_key(required) {
            mistakes.push(Mistake::in_file(
                SCHEMA,
                format!("verwacht `entity {required} enum […]`"),
            ));
        }
    }
    for required in [ORGANISATION, OWNER, DOCUMENT] {
        if root.pointer(&format!("/entityTypes/{required}")).is_none() {
            mistakes.push(Mistake::in_file(
                SCHEMA,
                format!("verwacht `entity {required}`"),
            ));
        }
    }
    if words
        .get(TEAM)
        .is_some_and(|teams| !teams.contains(NO_TEAM))
    {
        mistakes.push(Mistake::in_file(
            SCHEMA,
            format!("verwacht bij Team ook \"{NO_TEAM}\", voor een aanvraag zonder team"),
        ));
    }
    let actions = actions(text, root, &mut mistakes);
    if mistakes.is_empty() {
        Ok(ReadSchema {
            schema,
            words,
            actions,
        })
    } else {
        Err(mistakes)
    }
}

fn located(text: &str, error: &DetailedError) -> Mistake {
    let message = match &error.help {
        Some(help) => format!("{} ({help})", error.message),
        None => error.message.clone(),
    };
    match error.source_locations.first() {
        Some(label) => Mistake::at(SCHEMA, line_at(text, label.loc.start), message),
        None => Mistake::in_file(SCHEMA, message),
    }
}

fn enumerations(root: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let types = root.get("entityTypes").and_then(Value::as_object);
    types
        .into_iter()
        .flatten()
        .filter_map(|(name, shape)| {
            let choices = shape.get("enum")?.as_array()?;
            let words = choices.iter().filter_map(Value::as_str).map(str::to_owned);
            Some((name.clone(), words.collect()))
        })
        .collect()
}

fn actions(
    text: &str,
    root: &Value,
    mistakes: &mut Vec<Mistake>,
) -> BTreeMap<String, Vec<ContextFact>> {
    let mut found = BTreeMap::new();
    let declared = root.get("actions").and_then(Value::as_object);
    for (name, action) in declared.into_iter().flatten() {
        // A group applies to nothing itself; it only gathers actions.
        let askable = |a: &&Value| {
            let resources = a.get("resourceTypes").and_then(Value::as_array);
            resources.is_some_and(|types| !types.is_empty())
        };
        let Some(applies) = action.get("appliesTo").filter(askable) else {
            continue;
        };
        let line = line_of(text, &format!("action {name} "));
        let mut wrong = |what: String| {
            let mut mistake = Mistake::in_file(SCHEMA, format!("handeling {name}: {what}"));
            mistake.line = line;
            mistakes.push(mistake);
        };
        let Some(attributes) = applies
            .pointer("/context/attributes")
            .and_then(Value::as_object)
        else {
            wrong("verwacht een context die hier volledig is uitgeschreven".to_owned());
            continue;
        };
        let mut facts = Vec::new();
        for (attribute, shape) in attributes {
            match ContextFact::ALL.iter().find(|f| f.name() == attribute) {
                Some(fact) => facts.push(*fact),
                None => wrong(format!("de poort kent geen feit `{attribute}`")),
            }
            if shape.get("required").and_then(Value::as_bool) == Some(false) {
                wrong(format!(
                    "`{attribute}` is facultatief; elk feit van een context is verplicht"
                ));
            }
        }
        facts.sort_unstable();
        found.insert(name.clone(), facts);
    }
    found
}

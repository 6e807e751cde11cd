//! Our own reading of each rule, before Cedar validates it: the annotations that Cedar ignores, and
//! the constructions that are legal Cedar but dangerous here (see the traps in each function).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Effect, Policy, PolicyId, ffi::DetailedError};
use serde_json::Value;

use super::dangers;
use super::manifest::Manifest;
use super::mistake::Mistake;
use super::reason::Reason;
use super::schema::ReadSchema;
use super::source::line_at;
use super::statements::Statement;
use super::verdict::{Ground, Obligation, RuleId};
use super::vocabulary::{Bilingual, is_sentence};

/// One rule, read.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    /// Where it stands among all rules of the bundle.
    pub(super) order: usize,
    /// Its own text under its own id: the library ignores `@id` and numbers rules itself.
    pub(super) policy: Policy,
    /// As its author wrote it.
    pub(super) text: String,
    /// What it means, in sentences.
    pub(super) sentence: Bilingual,
    pub(super) file: String,
    pub(super) line: usize,
    /// The switch and position it is part of the bundle for; `None`: always.
    pub(super) switch: Option<(String, String)>,
    pub(super) says: Says,
}

impl Rule {
    /// Whether two people must judge alike afterwards.
    pub(super) fn is_judged_by_two(&self) -> bool {
        self.policy.annotation(FOUR_EYES).is_some()
    }

    /// The article it rests on or forbids for.
    pub(super) fn article(&self) -> Option<&str> {
        self.policy.annotation(ARTICLE)
    }
}

/// What a rule says when it applies.
#[derive(Debug, Clone)]
pub(super) enum Says {
    Permit {
        ground: Arc<Ground>,
        obligations: Vec<Obligation>,
    },
    Forbid {
        reason: Reason,
    },
}

const ID: &str = "id";
const GROUND: &str = "grondslag";
const ALSO: &str = "medegrondslag";
const ARTICLE: &str = "artikel";
const EXPLANATION: &str = "toelichting";
const IN_ENGLISH: &str = "explanation";
const REVIEW: &str = "nabeoordeling";
const FOUR_EYES: &str = "vierogen";
const INFORM: &str = "informeren";
const REASON: &str = "reden";
const SWITCH: &str = "schakelaar";
const ON_PERMIT: [&str; 10] = [
    ID,
    GROUND,
    ALSO,
    ARTICLE,
    EXPLANATION,
    IN_ENGLISH,
    REVIEW,
    FOUR_EYES,
    INFORM,
    SWITCH,
];
const ON_FORBID: [&str; 6] = [ID, ARTICLE, EXPLANATION, IN_ENGLISH, REASON, SWITCH];

/// Reads one rule; all its mistakes go to `mistakes`.
pub(super) fn read(
    file: &str,
    statement: &Statement<'_>,
    order: usize,
    manifest: &Manifest,
    schema: Option<&ReadSchema>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Rule> {
    let policy = match Policy::parse(Some(PolicyId::new("?")), statement.text) {
        Ok(policy) => policy,
        Err(errors) => {
            mistakes.push(parse_mistake(
                file,
                statement,
                &DetailedError::from(&errors),
            ));
            return None;
        }
    };
    let mut reading = Reading {
        file,
        line: statement.line,
        policy: &policy,
        mistakes,
    };
    let id = reading.text(ID);
    let says = match policy.effect() {
        Effect::Permit => reading.permit(manifest, schema),
        Effect::Forbid => reading.forbid(),
    };
    let sentence = Bilingual {
        dutch: reading.sentence(EXPLANATION),
        english: reading.sentence(IN_ENGLISH),
    };
    reading.four_eyes();
    let switch = reading.switch(manifest);
    reading.only_known_words(schema);
    reading.only_safe_operations();
    let id = id?;
    Some(Rule {
        id: RuleId::new(&id),
        order,
        policy: policy.new_id(PolicyId::new(&id)),
        text: statement.text.trim().to_owned(),
        sentence,
        file: file.to_owned(),
        line: statement.line,
        switch: switch?,
        says: says?,
    })
}

/// Refuses rules that share an id: the log could not tell which of them decided.
pub(super) fn unique_ids(rules: &[Rule], mistakes: &mut Vec<Mistake>) {
    let mut seen: BTreeMap<&RuleId, &Rule> = BTreeMap::new();
    for rule in rules {
        if let Some(first) = seen.insert(&rule.id, rule) {
            let told = format!(
                "deze @id is al van een andere regel, op {}:{}",
                first.file, first.line
            );
            mistakes
                .push(Mistake::at(&rule.file, rule.line, told).with_rule(Some(rule.id.as_str())));
        }
    }
}

/// A mistake of Cedar's about a text that starts at a statement's line.
pub(super) fn parse_mistake(
    file: &str,
    statement: &Statement<'_>,
    error: &DetailedError,
) -> Mistake {
    let offset = error.source_locations.first().map_or(0, |l| l.loc.start);
    let line = statement.line + line_at(statement.text, offset) - 1;
    let text = match &error.help {
        Some(help) => format!("{} ({help})", error.message),
        None => error.message.clone(),
    };
    Mistake::at(file, line, text)
}

struct Reading<'a> {
    file: &'a str,
    line: usize,
    policy: &'a Policy,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reading<'_> {
    fn wrong(&mut self, text: impl Into<String>) {
        let mistake = Mistake::at(self.file, self.line, text)
            .with_rule(self.policy.annotation(ID).filter(|id| !id.is_empty()));
        self.mistakes.push(mistake);
    }

    /// A mandatory annotation.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.policy.annotation(name).map(str::trim) {
            None | Some("") => {
                self.wrong(format!("@{name} ontbreekt of is leeg"));
                None
            }
            Some(text) => Some(text.to_owned()),
        }
    }

    fn only(&mut self, allowed: &[&str]) {
        let unknown: Vec<String> = self
            .policy
            .annotations()
            .filter(|(name, _)| !allowed.contains(name))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in unknown {
            self.wrong(format!(
                "@{name} hoort niet bij deze regel; verwacht {}",
                allowed.join(", ")
            ));
        }
    }

    /// Two people judge only what is judged at all.
    fn four_eyes(&mut self) {
        match self.policy.annotation(FOUR_EYES).map(str::to_owned) {
            None => {}
            Some(yes) if yes == "ja" && self.policy.annotation(REVIEW).is_some() => {}
            Some(yes) if yes == "ja" => {
                self.wrong(format!(
                    "@{FOUR_EYES} hoort bij @{REVIEW}, en dat ontbreekt"
                ));
            }
            Some(other) => self.wrong(format!("@{FOUR_EYES}(\"{other}\"): verwacht \"ja\"")),
        }
    }

    fn permit(&mut self, manifest: &Manifest, schema: Option<&ReadSchema>) -> Option<Says> {
        self.only(&ON_PERMIT);
        let ground = self.text(GROUND).and_then(|iri| self.ground(manifest, iri));
        let also = match self.policy.annotation(ALSO).map(str::to_owned) {
            Some(iri) => self.ground(manifest, iri).map(|iri| vec![iri]),
            None => Some(Vec::new()),
        };
        let article = self.article();
        let mut obligations = BTreeSet::new();
        match self.policy.annotation(INFORM) {
            None => {}
            Some("eigenaar") => {
                obligations.insert(Obligation::InformOwner);
            }
            Some(other) => {
                let other = other.to_owned();
                self.wrong(format!("@{INFORM}(\"{other}\"): verwacht \"eigenaar\""));
            }
        }
        match self.policy.annotation(REVIEW).map(days) {
            Some(Some(days)) => {
                obligations.insert(Obligation::ReviewWithin { days });
            }
            Some(None) => self.wrong(format!(
                "@{REVIEW}: verwacht een termijn, zoals \"14 dagen\""
            )),
            None => {
                if let Some(action) = self.review_due(manifest, schema) {
                    self.wrong(format!(
                        "@{REVIEW} ontbreekt: handeling {action} wordt altijd achteraf beoordeeld"
                    ));
                }
            }
        }
        Some(Says::Permit {
            ground: Arc::new(Ground {
                iri: ground?,
                also: also?,
                article: article?,
            }),
            obligations: obligations.into_iter().collect(),
        })
    }

    fn ground(&mut self, manifest: &Manifest, iri: String) -> Option<String> {
        if manifest.grounds.contains_key(&iri) {
            return Some(iri);
        }
        let known: Vec<&str> = manifest.grounds.keys().map(String::as_str).collect();
        self.wrong(format!(
            "\"{iri}\" is geen grondslag van deze bundel; verwacht een van {}",
            known.join(", ")
        ));
        None
    }

    /// The article travels in a header: printable ASCII.
    fn article(&mut self) -> Option<String> {
        let article = self.text(ARTICLE)?;
        if article.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Some(article);
        }
        self.wrong(format!(
            "@{ARTICLE}: verwacht alleen ASCII, want het artikel gaat in een header"
        ));
        None
    }

    fn forbid(&mut self) -> Option<Says> {
        self.only(&ON_FORBID);
        self.article();
        let code = self.text(REASON)?;
        let Some(reason) = Reason::find(&code) else {
            let known: Vec<&str> = Reason::ALL.into_iter().map(Reason::code).collect();
            self.wrong(format!(
                "@{REASON}(\"{code}\"): verwacht een van {}",
                known.join(", ")
            ));
            return None;
        };
        Some(Says::Forbid { reason })
    }

    /// A sentence can only be checked for being one; empty when it is not there, which is a mistake.
    fn sentence(&mut self, name: &str) -> String {
        let Some(text) = self.text(name) else {
            return String::new();
        };
        if !is_sentence(&text) {
            self.wrong(format!(
                "@{name}: verwacht een zin, met een hoofdletter en een punt"
            ));
        }
        text
    }

    /// The action of this rule that must be reviewed afterwards, if there is one.
    fn review_due(&self, manifest: &Manifest, schema: Option<&ReadSchema>) -> Option<String> {
        let schema = &schema?.schema;
        let covered: Vec<String> = self
            .policy
            .get_valid_request_envs(schema)
            .map(|env| env.action().id().unescaped().to_owned())
            .collect();
        let due = manifest
            .actions
            .iter()
            .find(|a| a.review && covered.contains(&a.code));
        due.map(|action| action.code.clone())
    }

    #[expect(
        clippy::option_option,
        reason = "a wrong switch is not the same as none"
    )]
    fn switch(&mut self, manifest: &Manifest) -> Option<Option<(String, String)>> {
        let Some(text) = self.policy.annotation(SWITCH).map(str::to_owned) else {
            return Some(None);
        };
        let known = text.split_once('=').filter(|(code, position)| {
            manifest
                .switches
                .iter()
                .any(|s| s.code == *code && s.positions.iter().any(|p| p == position))
        });
        if let Some((code, position)) = known {
            return Some(Some((code.to_owned(), position.to_owned())));
        }
        self.wrong(format!(
            "@{SWITCH}(\"{text}\"): verwacht een schakelaar van het manifest, als \"code=stand\""
        ));
        None
    }

    /// Cedar checks the words of enumerated types only: a rule that names one organisation or owner
    /// could be misspelt unnoticed, and would be about a person besides.
    fn only_known_words(&mut self, schema: Option<&ReadSchema>) {
        let Some(schema) = schema else { return };
        for uid in self.policy.entity_literals() {
            let kind = uid.type_name().to_string();
            if kind != "Action" && !schema.words.contains_key(&kind) {
                self.wrong(format!(
                    "{uid}: een regel noemt alleen woorden uit een opsomming van het schema"
                ));
            }
        }
    }

    fn only_safe_operations(&mut self) {
        let Ok(json) = self.policy.to_json() else {
            self.wrong("de regel is niet te ontleden");
            return;
        };
        let bodies = json.get("conditions").and_then(Value::as_array);
        let mut found = Vec::new();
        for body in bodies.into_iter().flatten().filter_map(|c| c.get("body")) {
            dangers::find(body, &mut found);
        }
        for text in found {
            self.wrong(text);
        }
    }
}

fn days(text: &str) -> Option<u32> {
    let number = text.strip_suffix(" dagen")?;
    number.parse().ok().filter(|days| (1..=3660).contains(days))
}

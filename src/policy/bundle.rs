//! A bundle: one folder of law as data, loaded whole and ready to decide.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::json;

use super::activities::Activity;
use super::check;
use super::decide::Rules;
use super::engine::Engine;
use super::facts::{Question, Situation};
use super::limits::{self, Limit, LimitInfo};
use super::lint::{Rule, Says};
use super::load;
use super::manifest::{self, ChoiceLimit, Manifest};
use super::memory::{self, Memory};
use super::mistake::{BundleError, Mistake};
use super::schema::{self, ReadSchema};
use super::source::{LIMITS, MANIFEST, SCHEMA, Source, TABLE};
use super::symbolic::facts;
use super::table::{self, Table};
use super::table_run::{self, TableReport};
use super::verdict::Verdict;
use super::vocabulary::{Bilingual, Switch, Vocabulary};
use crate::clock::Moment;
use crate::domain::{Role, Sha256};
use crate::language::Language;

/// The content hash of a bundle: `Bundle::hash` says over what.
pub type BundleHash = Sha256;

/// A policy bundle: parsed, strictly validated, linted, ready to decide. Immutable; share it in an
/// `Arc`.
#[derive(Debug)]
pub struct Bundle {
    hash: BundleHash,
    files: String,
    manifest: Manifest,
    schema: ReadSchema,
    rules: Vec<Rule>,
    bounds: Vec<Limit>,
    table: Table,
    variant: Variant,
    activities: OnceLock<Vec<Activity>>,
    only_compares_addresses: bool,
    memory: Memory,
}

/// One rule of a bundle, as somebody reads it who wants to know why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo<'b> {
    /// Its id.
    pub id: &'b str,
    /// What it means, in sentences of both languages.
    pub sentence: &'b Bilingual,
    /// Its text, as its author wrote it.
    pub text: &'b str,
    /// The article it rests on.
    pub article: Option<&'b str>,
    /// The file it stands in.
    pub file: &'b str,
    /// Whether it forbids.
    pub forbids: bool,
    /// Within how many days what it permits is reviewed, if it is.
    pub review_days: Option<u32>,
    /// Whether two people must judge alike.
    pub four_eyes: bool,
}

/// A bundle's rules under one set of answers to its open questions.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) engine: Engine,
    pub(super) limits: Vec<ChoiceLimit>,
}

impl Bundle {
    /// Loads a bundle from its folder.
    ///
    /// # Errors
    /// [`BundleError`], with *every* mistake that could be found.
    pub fn load(dir: &Path) -> Result<Self, BundleError> {
        Self::from_source(&Source::read(dir)?)
    }

    /// Loads a bundle from files in memory: names inside the folder, and bytes.
    ///
    /// # Errors
    /// As [`Bundle::load`].
    pub fn from_files(
        folder: &str,
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<Self, BundleError> {
        Self::from_source(&Source::from_files(folder, files, Vec::new())?)
    }

    /// Loads a bundle from [`Bundle::files`]. Its folder is named as its manifest says.
    ///
    /// # Errors
    /// As [`Bundle::load`], or the text is no JSON object of texts.
    pub fn from_text(files: &str) -> Result<Self, BundleError> {
        let wrong = |text: String| BundleError::Mistakes {
            bundle: "bundel".to_owned(),
            mistakes: vec![Mistake::in_file("bestanden", text)],
        };
        let files: BTreeMap<String, String> =
            serde_json::from_str(files).map_err(|error| wrong(error.to_string()))?;
        let folder = files.get(MANIFEST).and_then(|text| manifest::code(text));
        let folder = folder.ok_or_else(|| wrong(format!("{MANIFEST} noemt geen code")))?;
        let files = files
            .into_iter()
            .map(|(name, text)| (name, text.into_bytes()));
        Self::from_files(&folder, files)
    }

    fn from_source(source: &Source) -> Result<Self, BundleError> {
        let failed = |mut mistakes: Vec<Mistake>| {
            mistakes.sort();
            mistakes.dedup();
            BundleError::Mistakes {
                bundle: source.folder.clone(),
                mistakes,
            }
        };
        let mut mistakes = Vec::new();
        let manifest = manifest::read(&source.folder, source.text(MANIFEST));
        let manifest = manifest.map_err(|m| mistakes.extend(m)).ok();
        let schema = schema::read(source.text(SCHEMA));
        let schema = schema.map_err(|m| mistakes.extend(m)).ok();
        let rules = load::read_rules(source, manifest.as_ref(), schema.as_ref(), &mut mistakes);
        let flat = schema.as_ref().map(|schema| facts::union([schema]));
        let flat = flat.and_then(|words| facts::flat_schema(&words).ok());
        let bounds = limits::read(
            source.text(LIMITS),
            manifest.as_ref(),
            flat.as_ref(),
            &mut mistakes,
        );
        let table = manifest
            .as_ref()
            .map(|manifest| table::read(source.text(TABLE), manifest, &mut mistakes));
        if let (Some(manifest), Some(schema)) = (&manifest, &schema) {
            load::same_words(manifest, schema, &mut mistakes);
        }
        let (Some(manifest), Some(schema), Some(table), true) =
            (manifest, schema, table, mistakes.is_empty())
        else {
            return Err(failed(mistakes));
        };
        let variant = variant(&manifest, &schema, &rules, &BTreeMap::new())
            .map_err(|text| failed(vec![Mistake::in_file(SCHEMA, text)]))?;
        let bundle = Self {
            hash: source.hash(),
            files: json!(source.files()).to_string(),
            only_compares_addresses: memory::only_compare_addresses(&rules),
            manifest,
            schema,
            rules,
            bounds,
            table,
            variant,
            activities: OnceLock::new(),
            memory: Memory::default(),
        };
        bundle.probe(&mut mistakes);
        if mistakes.is_empty() {
            Ok(bundle)
        } else {
            Err(failed(mistakes))
        }
    }

    /// What a decision is recorded under: SHA-256 over `sluis/bundel/v1` LF, then per file, sorted by
    /// name: length of the name, name, length of the content, content; lengths as u64 big-endian.
    #[must_use]
    pub const fn hash(&self) -> BundleHash {
        self.hash
    }

    /// Its files as one text: a JSON object of names and texts, which [`Bundle::from_text`] reads.
    #[must_use]
    pub fn files(&self) -> &str {
        &self.files
    }

    /// Its code, which is its folder's name, such as `2023-04-19-twg`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.manifest.code
    }

    /// Its title, in Dutch: the language in which it is signed.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.manifest.title.dutch
    }

    /// Its title in a language.
    #[must_use]
    pub fn title_in(&self, l: Language) -> &str {
        self.manifest.title.told(l)
    }

    /// What it is not: the sentence that says it is a reading, not legal advice. In Dutch.
    #[must_use]
    pub fn caveat(&self) -> &str {
        &self.manifest.caveat.dutch
    }

    /// The same in a language.
    #[must_use]
    pub fn caveat_in(&self, l: Language) -> &str {
        self.manifest.caveat.told(l)
    }

    /// How long what is recorded of an exchange is kept, or by what that is decided, in sentences;
    /// `None` where the parties wrote nothing about it.
    #[must_use]
    pub fn retention(&self, l: Language) -> Option<&str> {
        Some(self.manifest.retention.as_ref()?.told(l))
    }

    /// Whether it is only there to be compared; [`super::in_force`] never picks a candidate.
    #[must_use]
    pub const fn is_candidate(&self) -> bool {
        self.manifest.candidate
    }

    /// From when until when its own dates let it decide; the end is excluded.
    #[must_use]
    pub const fn in_force(&self) -> (Moment, Option<Moment>) {
        (self.manifest.from, self.manifest.until)
    }

    /// The line of `van` or `tot` in its manifest.
    pub(super) fn line_of_date(&self, key: &str) -> Option<usize> {
        let [from, until] = self.manifest.date_lines;
        if key == "van" { from } else { until }
    }

    /// The roles that must sign its activation.
    #[must_use]
    pub fn signers(&self) -> &[Role] {
        &self.manifest.signers
    }

    /// Its words.
    #[must_use]
    pub const fn vocabulary(&self) -> &Vocabulary {
        &self.manifest.vocabulary
    }

    /// The open legal questions, and how it answers them.
    #[must_use]
    pub fn switches(&self) -> &[Switch] {
        &self.manifest.switches
    }

    /// The public texts it is a reading of: title and where to find it.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.manifest
            .sources
            .iter()
            .map(|(title, place)| (title.as_str(), place.as_str()))
    }

    /// What people call a ground, such as `AVG 6(1)(c)`.
    #[must_use]
    pub fn find_ground_name(&self, iri: &str) -> Option<&str> {
        self.manifest.grounds.get(iri).map(String::as_str)
    }

    /// Decides. Pure; never panics and never fails: what could not be evaluated is a denial.
    pub fn decide(&self, question: &Question<'_>) -> Verdict {
        let memory = self.only_compares_addresses.then_some(&self.memory);
        let rules = self.under(&self.variant);
        Rules { memory, ..rules }.decide(question)
    }

    /// Runs the jurists' table.
    #[must_use]
    pub fn run_table(&self) -> TableReport {
        table_run::run(self, &self.table)
    }

    /// What is wrong with it though it can be loaded: all that `policy check` finds, and the rows of its
    /// table that come out otherwise.
    #[must_use]
    pub fn audit(&self) -> Vec<Mistake> {
        let mut mistakes = check::audit(self);
        mistakes.extend(self.run_table().failures.iter().map(|row| {
            let text = format!("rij {}: {}", row.number, row.differences.join("; "));
            Mistake::at(TABLE, row.line, text)
        }));
        mistakes
    }

    /// The question, reduced as a decision reduces it.
    pub(super) fn reduce<'a>(&'a self, question: &Question<'a>) -> Situation<'a> {
        let days = self.manifest.unsafe_situation_days;
        Situation::reduce(question, &self.variant.limits, days)
    }

    /// The longest an unsafe situation counts after its beginning, in days.
    pub(super) const fn unsafe_situation_days(&self) -> Option<u32> {
        self.manifest.unsafe_situation_days
    }

    /// Whether its rules do no more with an address than compare it.
    pub(super) const fn only_compares_addresses(&self) -> bool {
        self.only_compares_addresses
    }

    /// The decision rules under a variant of the switches.
    pub(super) fn under<'a>(&'a self, variant: &'a Variant) -> Rules<'a> {
        Rules {
            engine: &variant.engine,
            manifest: &self.manifest,
            limits: &variant.limits,
            hash: self.hash,
            memory: None,
        }
    }

    /// The bundle as it is.
    pub(super) const fn standing(&self) -> &Variant {
        &self.variant
    }

    /// The bundle with other answers to its open questions.
    pub(super) fn with_switches(
        &self,
        positions: &BTreeMap<String, String>,
    ) -> Result<Variant, String> {
        variant(&self.manifest, &self.schema, &self.rules, positions)
    }

    /// The rule with this id.
    #[must_use]
    pub fn find_rule(&self, id: &str) -> Option<RuleInfo<'_>> {
        let rule = self.rules.iter().find(|rule| rule.id.as_str() == id)?;
        Some(info(rule))
    }

    /// The rules that take part as the switches stand, in their order.
    pub fn rules_in_force(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        let takes_part = |rule: &&Rule| {
            rule.switch.as_ref().is_none_or(|(code, position)| {
                let mut switches = self.manifest.switches.iter();
                switches.any(|switch| switch.code == *code && switch.position == *position)
            })
        };
        self.rules.iter().filter(takes_part).map(info)
    }

    /// What the actions are called that this rule is asked for, in order of rank.
    pub(super) fn actions_of(&self, rule: &str) -> Vec<&Bilingual> {
        let engine = &self.variant.engine;
        let asks = |action: &str| {
            let rules = engine.rules_of(action);
            rules.iter().any(|one| one.id.as_str() == rule)
        };
        let actions = self.manifest.actions.iter();
        actions
            .filter(|action| asks(&action.code))
            .map(|action| &action.name)
            .collect()
    }

    /// What this rule means, in a sentence; in Dutch where its author wrote no other.
    #[must_use]
    pub fn find_sentence(&self, id: &str, l: Language) -> Option<&str> {
        let rule = self.rules.iter().find(|rule| rule.id.as_str() == id)?;
        let dutch = || rule.policy.annotation("toelichting");
        match l {
            Language::Dutch => dutch(),
            Language::English => rule.policy.annotation("explanation").or_else(dutch),
        }
    }

    /// The articles its rules rest on or forbid for, in their order; some stand there more than once.
    pub fn articles(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(Rule::article)
    }

    /// What was worked out once about the purposes.
    pub(super) fn activities_once(&self, work_out: impl FnOnce() -> Vec<Activity>) -> &[Activity] {
        self.activities.get_or_init(work_out)
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What its rules may never permit, in the order of `grenzen.cedar`.
    pub fn limits(&self) -> impl Iterator<Item = LimitInfo<'_>> {
        self.bounds.iter().map(Limit::info)
    }

    pub(super) fn bounds(&self) -> &[Limit] {
        &self.bounds
    }

    /// How it answers every open question, with other answers to some.
    pub(super) fn positions(
        &self,
        overrides: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        positions(&self.manifest, overrides)
    }

    pub(super) const fn schema(&self) -> &ReadSchema {
        &self.schema
    }

    pub(super) const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Asks every action once with made-up facts: if the schema's shapes are not those the gateway
    /// fills, every decision would be a refusal, and it is better to hear that now.
    fn probe(&self, mistakes: &mut Vec<Mistake>) {
        for purpose in self.manifest.vocabulary.purposes() {
            let Some(situation) = Situation::supposed(&self.manifest.vocabulary, &purpose.code)
            else {
                continue;
            };
            let engine = &self.variant.engine;
            let answer = engine.prepare(&situation).and_then(|prepared| {
                purpose
                    .actions
                    .iter()
                    .try_for_each(|action| engine.ask(action, &situation, &prepared).map(|_| ()))
            });
            if let Err(unusable) = answer {
                mistakes.push(Mistake::in_file(
                    SCHEMA,
                    format!(
                        "doel {}: de poort kan de feiten niet zo leveren als het schema ze vraagt ({unusable})",
                        purpose.code
                    ),
                ));
            }
        }
    }
}

fn info(rule: &Rule) -> RuleInfo<'_> {
    let review_days = match &rule.says {
        Says::Permit { obligations, .. } => obligations.iter().find_map(|duty| duty.days()),
        Says::Forbid { .. } => None,
    };
    RuleInfo {
        id: rule.id.as_str(),
        sentence: &rule.sentence,
        text: &rule.text,
        article: rule.article(),
        file: &rule.file,
        forbids: matches!(rule.says, Says::Forbid { .. }),
        review_days,
        four_eyes: rule.is_judged_by_two(),
    }
}

/// How every open question is answered: as the manifest does, where not otherwise.
fn positions(
    manifest: &Manifest,
    overrides: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    manifest
        .switches
        .iter()
        .map(|switch| {
            let position = overrides.get(&switch.code).unwrap_or(&switch.position);
            (switch.code.clone(), position.clone())
        })
        .collect()
}

fn variant(
    manifest: &Manifest,
    schema: &ReadSchema,
    rules: &[Rule],
    overrides: &BTreeMap<String, String>,
) -> Result<Variant, String> {
    let positions = positions(manifest, overrides);
    let limits = manifest
        .choice_limits
        .iter()
        .filter(|limit| positions.get(&limit.switch) == Some(&limit.position))
        .cloned()
        .collect();
    Ok(Variant {
        engine: Engine::new(schema, rules, &positions)?,
        limits,
    })
}

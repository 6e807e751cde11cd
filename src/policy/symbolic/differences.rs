//! What differs between two bundles beside what their rules permit: how facts are made, which words
//! there are, on what ground and with which duties. No solver is needed for it, and it is told in words.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::Positions;
use crate::clock::Moment;
use crate::policy::bundle::{Bundle, RuleInfo};
use crate::policy::limits::Limit;
use crate::policy::lint::{Rule, Says};
use crate::policy::manifest::ChoiceLimit;
use crate::policy::schema::{KIND, PURPOSE, ROLE, TEAM};

/// One difference beside the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it does to what passes.
    #[serde(rename = "gevolg")]
    pub effect: Effect,
    /// What it is: a Dutch sentence.
    #[serde(rename = "zin")]
    pub sentence: String,
}

/// What a difference does to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Effect {
    /// More may pass, or with fewer duties.
    #[serde(rename = "ruimer")]
    Wider,
    /// Less may pass, or with more duties.
    #[serde(rename = "strenger")]
    Tighter,
    /// Neither by itself.
    #[serde(rename = "anders")]
    Otherwise,
}

/// All of them; the new bundle beside the old one, each with the answers to open questions that are
/// not its own.
pub(super) fn between(
    (old, of_old): (&Bundle, &Positions),
    (new, of_new): (&Bundle, &Positions),
) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    found.reports(old, new);
    found.choices(&limits(old, of_old), &limits(new, of_new));
    found.words(old, new);
    found.rules(old, new);
    found.bounds(old, new);
    found.switches((old, of_old), (new, of_new));
    found.0
}

/// The limits on choices that the switches put in force.
fn limits(bundle: &Bundle, positions: &Positions) -> Vec<ChoiceLimit> {
    let positions = bundle.positions(positions);
    let limits = bundle.manifest().choice_limits.iter();
    limits
        .filter(|limit| positions.get(&limit.switch) == Some(&limit.position))
        .cloned()
        .collect()
}

/// A day as people here write it, or the moment in full when it is not where a day begins.
fn day(moment: Moment) -> String {
    let local = moment.local();
    let day = local.day();
    if day.start() == moment {
        format!("{}-{}-{}", day.day_of_month(), day.month(), day.year())
    } else {
        moment.to_string()
    }
}

struct Found(Vec<Difference>);

impl Found {
    fn note(&mut self, effect: Effect, sentence: String) {
        self.0.push(Difference { effect, sentence });
    }

    fn reports(&mut self, old: &Bundle, new: &Bundle) {
        let days = |bundle: &Bundle| bundle.manifest().unsafe_situation_days;
        let told = |days: Option<u32>| {
            days.map_or_else(
                || "tot haar einde".to_owned(),
                |days| format!("hoogstens {days} dagen"),
            )
        };
        let (before, after) = (days(old), days(new));
        if before == after {
            return;
        }
        let longest = |days: Option<u32>| days.unwrap_or(u32::MAX);
        let effect = if longest(after) > longest(before) {
            Effect::Wider
        } else {
            Effect::Tighter
        };
        self.note(
            effect,
            format!(
                "Een AOS-melding telt straks {}; eerst {}.",
                told(after),
                told(before)
            ),
        );
    }

    fn choices(&mut self, old: &[ChoiceLimit], new: &[ChoiceLimit]) {
        let says = |limit: &ChoiceLimit| (limit.kind, limit.from);
        for limit in new {
            if !old.iter().any(|other| says(other) == says(limit)) {
                self.note(
                    Effect::Tighter,
                    format!(
                        "Straks telt de keuze {} alleen als zij is ingegaan op of na {}.",
                        limit.kind.code(),
                        day(limit.from)
                    ),
                );
            }
        }
        for limit in old {
            if !new.iter().any(|other| says(other) == says(limit)) {
                self.note(
                    Effect::Wider,
                    format!(
                        "Straks telt de keuze {} ook als zij is ingegaan vóór {}.",
                        limit.kind.code(),
                        day(limit.from)
                    ),
                );
            }
        }
    }

    /// What is asked in a word that a bundle does not have is refused; the comparison of the rules
    /// says of which requests that matters.
    fn words(&mut self, old: &Bundle, new: &Bundle) {
        for (kind, what) in [
            (PURPOSE, "het doel"),
            (KIND, "de soort"),
            (ROLE, "de partij"),
            (TEAM, "het team"),
        ] {
            let words = |bundle: &Bundle| -> BTreeSet<String> {
                let words = bundle.schema().words.get(kind);
                words.into_iter().flatten().cloned().collect()
            };
            let (before, after) = (words(old), words(new));
            for word in after.difference(&before) {
                self.note(Effect::Otherwise, format!("Nieuw is {what} {word}."));
            }
            for word in before.difference(&after) {
                self.note(Effect::Otherwise, format!("Vervallen is {what} {word}."));
            }
        }
    }

    /// What the rules may never permit is signed with them: a limit that goes or changes is told.
    fn bounds(&mut self, old: &Bundle, new: &Bundle) {
        let says = |limit: &Limit| {
            let json = limit.policy.to_json().ok();
            (
                json.and_then(|mut json| json.get_mut("conditions").map(Value::take)),
                limit.switch.clone(),
            )
        };
        for limit in new.bounds() {
            let (id, sentence) = (&limit.id, &limit.sentence);
            match old.bounds().iter().find(|other| other.id == *id) {
                None => self.note(Effect::Otherwise, format!("Nieuw is {id}: {sentence}")),
                Some(other) if says(other) != says(limit) => {
                    self.note(Effect::Otherwise, format!("Straks luidt {id}: {sentence}"));
                }
                Some(_) => {}
            }
        }
        for limit in old.bounds() {
            let (id, sentence) = (&limit.id, &limit.sentence);
            if !new.bounds().iter().any(|other| other.id == *id) {
                let sentence = format!("Vervallen is {id}: {sentence}");
                self.note(Effect::Otherwise, sentence);
            }
        }
    }

    /// Open questions that both answer, each otherwise.
    fn switches(
        &mut self,
        (old, of_old): (&Bundle, &Positions),
        (new, of_new): (&Bundle, &Positions),
    ) {
        let (before, after) = (old.positions(of_old), new.positions(of_new));
        for switch in new.switches() {
            let (was, is) = (before.get(&switch.code), after.get(&switch.code));
            if let (Some(was), Some(is)) = (was, is)
                && was != is
            {
                let sentence = format!("{} Straks {is}; eerst {was}.", switch.question.dutch);
                self.note(Effect::Otherwise, sentence);
            }
        }
    }

    /// Rules that bear the same name in both, and rest on something else or bring other duties.
    fn rules(&mut self, old: &Bundle, new: &Bundle) {
        for rule in new.rules() {
            let id = rule.id.as_str();
            let same = old.rules().iter().find(|other| other.id == rule.id);
            let (Some(before), Some(infos)) = (same, old.find_rule(id).zip(new.find_rule(id)))
            else {
                continue;
            };
            self.ground(before, rule);
            self.duties(before, rule, infos);
        }
    }

    fn ground(&mut self, before: &Rule, after: &Rule) {
        if let (Says::Permit { ground: was, .. }, Says::Permit { ground: is, .. }) =
            (&before.says, &after.says)
            && was != is
        {
            let sentence = if was.article == is.article {
                format!("Regel {} noemt een andere grondslag.", after.id)
            } else {
                format!(
                    "Regel {} rust straks op {}; eerst op {}.",
                    after.id, is.article, was.article
                )
            };
            self.note(Effect::Otherwise, sentence);
        }
    }

    fn duties(&mut self, before: &Rule, after: &Rule, infos: (RuleInfo<'_>, RuleInfo<'_>)) {
        let (
            Says::Permit {
                obligations: was, ..
            },
            Says::Permit {
                obligations: is, ..
            },
        ) = (&before.says, &after.says)
        else {
            return;
        };
        for duty in is.iter().filter(|duty| !was.contains(duty)) {
            let sentence = format!("Bij regel {} komt erbij: {duty}.", after.id);
            self.note(Effect::Tighter, sentence);
        }
        for duty in was.iter().filter(|duty| !is.contains(duty)) {
            let sentence = format!("Bij regel {} vervalt: {duty}.", after.id);
            self.note(Effect::Wider, sentence);
        }
        match (infos.0.four_eyes, infos.1.four_eyes) {
            (true, false) => self.note(
                Effect::Wider,
                format!(
                    "Bij regel {} vervalt: beoordelen door twee mensen.",
                    after.id
                ),
            ),
            (false, true) => self.note(
                Effect::Tighter,
                format!(
                    "Bij regel {} komt erbij: beoordelen door twee mensen.",
                    after.id
                ),
            ),
            _ => {}
        }
    }
}

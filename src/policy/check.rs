//! What `sluis policy check` asks of a bundle beyond loading it: that the rules say exactly what the
//! parties signed, and that the table shows every rule and every cell at work.

use std::collections::BTreeMap;

use super::bundle::{Bundle, Variant};
use super::decide::Rules;
use super::engine::Outcome;
use super::facts::Situation;
use super::mistake::Mistake;
use super::schema::ContextFact;
use super::source::{MANIFEST, TABLE};
use super::vocabulary::PurposeInfo;
use crate::domain::{DocumentKind, Role};

/// All that is wrong.
pub(super) fn audit(bundle: &Bundle) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    matrix(bundle, bundle.standing(), "", &mut mistakes);
    for switch in bundle.switches() {
        for position in switch.positions.iter().filter(|p| **p != switch.position) {
            let said = format!("{}={position}", switch.code);
            let positions = BTreeMap::from([(switch.code.clone(), position.clone())]);
            match bundle.with_switches(&positions) {
                Ok(variant) => {
                    let under = format!(" (bij schakelaar {said})");
                    matrix(bundle, &variant, &under, &mut mistakes);
                }
                Err(text) => {
                    mistakes.push(Mistake::in_file(
                        MANIFEST,
                        format!("schakelaar {said}: {text}"),
                    ));
                }
            }
        }
    }
    decided(bundle, &mut mistakes);
    coverage(bundle, &mut mistakes);
    mistakes
}

/// Every kind is in a row of every purpose or closed for it, never both: a kind that is added later
/// must be decided about for each purpose. A direction that no row names is closed.
fn decided(bundle: &Bundle, mistakes: &mut Vec<Mistake>) {
    let vocabulary = bundle.vocabulary();
    for purpose in vocabulary.purposes() {
        for (kind, _) in vocabulary.kinds() {
            let what = match (purpose.has_kind(kind), purpose.closed.contains(kind)) {
                (true, true) => "staat in een rij en is ook gesloten",
                (false, false) => "staat in geen rij en is niet gesloten (`[[doel.gesloten]]`)",
                (true, false) | (false, true) => continue,
            };
            let text = format!("doel {}, soort {kind}: {what}", purpose.code);
            mistakes.push(Mistake::in_file(MANIFEST, text));
        }
    }
}

/// Every cell of kind × purpose × direction, with all other facts in favour: the rules permit it if
/// and only if the manifest has it, whichever way an open question is answered.
fn matrix(bundle: &Bundle, variant: &Variant, under: &str, mistakes: &mut Vec<Mistake>) {
    let vocabulary = bundle.vocabulary();
    for purpose in vocabulary.purposes() {
        for (from, _) in vocabulary.roles() {
            for (to, _) in vocabulary.roles() {
                for (kind, _) in vocabulary.kinds() {
                    let signed = purpose.allows(from, to, kind);
                    let rules = bundle.under(variant);
                    if signed == permitted(bundle, rules, purpose, (from, to, kind)) {
                        continue;
                    }
                    let what = if signed {
                        "staat in de tafel, maar geen regel staat het toe"
                    } else {
                        "wordt door een regel toegestaan, maar staat niet in de tafel"
                    };
                    mistakes.push(Mistake::in_file(
                        MANIFEST,
                        format!(
                            "doel {}, van {from} naar {to}, soort {kind}: {what}{under}",
                            purpose.code
                        ),
                    ));
                }
            }
        }
    }
}

fn permitted(
    bundle: &Bundle,
    rules: Rules<'_>,
    purpose: &PurposeInfo,
    (from, to, kind): (&Role, &Role, &DocumentKind),
) -> bool {
    let Some(mut situation) = Situation::supposed(bundle.vocabulary(), &purpose.code) else {
        return false;
    };
    situation.provider_role = from.as_str();
    situation.requester_role = to.as_str();
    situation.kind = kind.as_str();
    let asks = rules.engine.facts_of(&purpose.actions);
    let teams = bundle.vocabulary().teams();
    let teams = teams
        .filter(|_| asks.contains(&ContextFact::Team))
        .map(|(team, _)| Some(team.as_str()));
    std::iter::once(None).chain(teams).any(|team| {
        situation.team = team;
        let answer = rules
            .engine
            .prepare(&situation)
            .and_then(|prepared| rules.answer(purpose, &situation, &prepared));
        matches!(answer, Ok(Outcome::Permit(_)))
    })
}

/// A rule or a cell that no example shows could be wrong without anybody noticing.
fn coverage(bundle: &Bundle, mistakes: &mut Vec<Mistake>) {
    let report = bundle.run_table();
    for rule in bundle.rules() {
        if !report.rules.contains(&rule.id) {
            let text = "geen rij van de tabel laat deze regel werken";
            mistakes
                .push(Mistake::at(&rule.file, rule.line, text).with_rule(Some(rule.id.as_str())));
        }
    }
    for purpose in bundle.vocabulary().purposes() {
        let cells = purpose.rows.iter().flat_map(|row| {
            let kinds = row.kinds.iter();
            kinds.flat_map(move |kind| {
                row.from
                    .iter()
                    .flat_map(move |from| row.to.iter().map(move |to| (from, to, kind)))
            })
        });
        for (from, to, kind) in cells {
            let cell = (purpose.code.clone(), from.clone(), to.clone(), kind.clone());
            if !report.cells.contains(&cell) {
                mistakes.push(Mistake::in_file(
                    TABLE,
                    format!(
                        "geen rij laat zien dat doel {}, van {from} naar {to}, soort {kind} kan slagen",
                        purpose.code
                    ),
                ));
            }
        }
    }
}

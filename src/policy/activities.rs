//! What each purpose of a bundle comes to, for a register of processing activities (AVG 30) and for
//! forms: from whom to whom, which kinds, on which grounds, and which choices of the owners matter.
//!
//! It is found by asking the rules about made-up facts, not by reading their text: what is told here is
//! what would be decided.

use std::collections::{BTreeMap, BTreeSet};

use super::bundle::Bundle;
use super::decide::Rules;
use super::engine::Outcome;
use super::facts::{Situation, Stand};
use super::schema::ContextFact;
use super::verdict::Ground;
use super::vocabulary::{Bilingual, PurposeInfo};
use crate::domain::{ChoiceKind, DocumentKind, Purpose, Role};

/// One purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its code.
    pub purpose: Purpose,
    /// Its name.
    pub name: Bilingual,
    /// For each party the URI of its processing activity.
    pub uris: BTreeMap<Role, String>,
    /// From whom to whom, which kinds: as the parties signed it.
    pub flows: Vec<Flow>,
    /// The grounds it can rest on.
    pub bases: Vec<Basis>,
    /// The choices of owners that make a difference, each with the kinds for which it does.
    pub choices: BTreeMap<ChoiceKind, BTreeSet<DocumentKind>>,
}

/// A direction in which documents go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Who may hold the document.
    pub from: BTreeSet<Role>,
    /// Who may ask for it.
    pub to: BTreeSet<Role>,
    /// Which kinds.
    pub kinds: BTreeSet<DocumentKind>,
}

/// A ground on which a purpose can rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The ground.
    pub ground: Ground,
    /// The choices without which it does not hold: a yes, or of an objection its absence.
    pub needs: BTreeSet<ChoiceKind>,
}

/// The four choices, and the fact a rule asks for with each.
const CHOICES: [(ChoiceKind, ContextFact); 4] = [
    (ChoiceKind::Consent, ContextFact::Consent),
    (
        ChoiceKind::ExplicitAgreement,
        ContextFact::ExplicitAgreement,
    ),
    (ChoiceKind::Objection, ContextFact::Objection),
    (ChoiceKind::JointRequest, ContextFact::JointRequest),
];

/// Which choices the one owner of the made-up address made.
type Made = BTreeSet<ChoiceKind>;

impl Bundle {
    /// What each purpose comes to, sorted by code. Worked out once; it takes some thousands of
    /// decisions.
    pub fn activities(&self) -> &[Activity] {
        self.activities_once(|| {
            let rules = self.under(self.standing());
            let purposes = self.vocabulary().purposes();
            purposes.map(|purpose| activity(rules, purpose)).collect()
        })
    }
}

fn activity(rules: Rules<'_>, purpose: &PurposeInfo) -> Activity {
    let asked = rules.engine.facts_of(&purpose.actions);
    let asked: Vec<ChoiceKind> = CHOICES
        .into_iter()
        .filter(|(_, fact)| asked.contains(fact))
        .map(|(kind, _)| kind)
        .collect();
    let flows = purpose.rows.iter().map(|row| Flow {
        from: row.from.clone(),
        to: row.to.clone(),
        kinds: row.kinds.clone(),
    });
    let mut found = Activity {
        purpose: purpose.code.clone(),
        name: purpose.name.clone(),
        uris: purpose.activities.clone(),
        flows: flows.collect(),
        bases: Vec::new(),
        choices: BTreeMap::new(),
    };
    let cells: BTreeSet<(&Role, &Role, &DocumentKind)> = purpose
        .rows
        .iter()
        .flat_map(|row| {
            let pairs = row
                .from
                .iter()
                .flat_map(|from| row.to.iter().map(move |to| (from, to)));
            pairs.flat_map(|(from, to)| row.kinds.iter().map(move |kind| (from, to, kind)))
        })
        .collect();
    let mut seen: BTreeMap<Ground, Vec<Made>> = BTreeMap::new();
    for (from, to, kind) in cells {
        let grounds = grounds(rules, purpose, (from, to, kind), &asked);
        for choice in &asked {
            let flips = |(made, ground): (&Made, &Option<Ground>)| {
                let mut otherwise = made.clone();
                if !otherwise.remove(choice) {
                    otherwise.insert(*choice);
                }
                let other = grounds.get(&otherwise);
                other.is_some_and(|other| other.is_some() != ground.is_some())
            };
            if grounds.iter().any(flips) {
                let kinds = found.choices.entry(*choice).or_default();
                kinds.insert(kind.clone());
            }
        }
        for (made, ground) in grounds {
            if let Some(ground) = ground {
                seen.entry(ground).or_default().push(made);
            }
        }
    }
    found.bases = seen
        .into_iter()
        .map(|(ground, held)| Basis {
            needs: needs(&asked, &held),
            ground,
        })
        .collect();
    found
}

/// The choices that were alike whenever a ground held: made, or for an objection not made.
fn needs(asked: &[ChoiceKind], held: &[Made]) -> BTreeSet<ChoiceKind> {
    let always = |choice: &&ChoiceKind| {
        let wanted = **choice != ChoiceKind::Objection;
        held.iter().all(|made| made.contains(*choice) == wanted)
    };
    asked.iter().filter(always).copied().collect()
}

/// On which ground a document of this kind goes from one to the other, for each way in which the owner
/// can have chosen.
fn grounds(
    rules: Rules<'_>,
    purpose: &PurposeInfo,
    (from, to, kind): (&Role, &Role, &DocumentKind),
    asked: &[ChoiceKind],
) -> BTreeMap<Made, Option<Ground>> {
    let vocabulary = &rules.manifest.vocabulary;
    let mut found = BTreeMap::new();
    let Some(mut situation) = Situation::supposed(vocabulary, &purpose.code) else {
        return found;
    };
    situation.provider_role = from.as_str();
    situation.requester_role = to.as_str();
    situation.kind = kind.as_str();
    let Ok(prepared) = rules.engine.prepare(&situation) else {
        return found;
    };
    let teams = vocabulary.teams().map(|(team, _)| Some(team.as_str()));
    let teams: Vec<Option<&str>> = std::iter::once(None).chain(teams).collect();
    for made in all_ways(asked) {
        let stand = |choice| {
            if made.contains(&choice) {
                Stand::all(1)
            } else {
                Stand::default()
            }
        };
        situation.consent = stand(ChoiceKind::Consent);
        situation.explicit_agreement = stand(ChoiceKind::ExplicitAgreement);
        situation.objection = stand(ChoiceKind::Objection);
        situation.joint_request = stand(ChoiceKind::JointRequest);
        // A rule can be for one team only.
        let ground = teams.iter().find_map(|team| {
            situation.team = *team;
            match rules.answer(purpose, &situation, &prepared) {
                Ok(Outcome::Permit(granted)) => Some(Ground::clone(&granted.ground)),
                Ok(Outcome::Deny(_)) | Err(_) => None,
            }
        });
        found.insert(made, ground);
    }
    found
}

/// Every set of these choices, the empty one too.
fn all_ways(asked: &[ChoiceKind]) -> Vec<Made> {
    let mut ways = vec![Made::new()];
    for choice in asked {
        let with = ways.iter().map(|made| {
            let mut made = made.clone();
            made.insert(*choice);
            made
        });
        let with: Vec<Made> = with.collect();
        ways.extend(with);
    }
    ways
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    /// What a bundle's purposes come to, a line for each.
    fn told(bundle: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("policies")
            .join(bundle);
        let bundle = Bundle::load(&folder).unwrap();
        let mut text = String::new();
        for activity in bundle.activities() {
            let codes = |needs: &BTreeSet<ChoiceKind>| {
                let codes: Vec<&str> = needs.iter().map(|kind| kind.code()).collect();
                codes.join(" + ")
            };
            let bases = activity
                .bases
                .iter()
                .map(|basis| format!("{} ({})", basis.ground.article, codes(&basis.needs)));
            let bases: Vec<String> = bases.collect();
            let choices = activity.choices.iter();
            let choices = choices.map(|(kind, kinds)| format!("{kind}: {}", kinds.len()));
            let choices: Vec<String> = choices.collect();
            let (bases, choices) = (bases.join(", "), choices.join(", "));
            writeln!(text, "{}: {bases} | {choices}", activity.purpose).unwrap();
        }
        text.replace(" \n", "\n")
    }

    #[test]
    fn grounds_and_choices_are_those_the_rules_decide_by() {
        insta::assert_snapshot!(told("2023-04-19-twg"), @r"
        afstemming: TwG 2a(3) jo. 3(5) (bezwaar-afstemming) | bezwaar-afstemming: 2
        aos: TwG 2(7) (), TwG 3(4) jo. 2(7) (), TwG 3(8) jo. 3(4) () |
        combinatie-behandeling: TwG 2a(4) jo. 3(4) en 3(5) (bezwaar-afstemming + verzoek-gezamenlijk) | bezwaar-afstemming: 17, verzoek-gezamenlijk: 17
        immateriele-schade: TwG 3(4) () |
        knelpunt-gezondheid: TwG 2(11) jo. 3(9) (uitdrukkelijke-instemming) | uitdrukkelijke-instemming: 1
        overig: AVG 6(1)(a) (toestemming) | toestemming: 17
        schade-afhandeling: TwG 3(4) () |
        veiligheidsnorm-melding: TwG 3(7) () |
        versterking-uitvoering: TwG 3(5) () |
        ");
        insta::assert_snapshot!(told("2021-04-01-convenant"), @r"
        afstemming: AVG 6(1)(e) (bezwaar-afstemming) | bezwaar-afstemming: 2
        aos: AVG 6(1)(a) (toestemming) | toestemming: 5
        combinatie-behandeling: AVG 6(1)(a) (toestemming + bezwaar-afstemming), AVG 6(1)(e) (bezwaar-afstemming) | toestemming: 15, bezwaar-afstemming: 17
        immateriele-schade: AVG 6(1)(c) () |
        overig: AVG 6(1)(a) (toestemming) | toestemming: 17
        schade-afhandeling: AVG 6(1)(a) (toestemming) | toestemming: 5
        versterking-uitvoering: AVG 6(1)(a) (toestemming) | toestemming: 3
        ");
    }
}

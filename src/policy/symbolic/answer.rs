//! An example and what a bundle says of it, in words that a jurist reads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::case::{Case, Ruling};
use crate::domain::ChoiceKind;
use crate::policy::bundle::Bundle;
use crate::policy::facts::Stand;
use crate::policy::schema::ContextFact;
use crate::policy::verdict::RuleId;

/// A request that exists, as small as it can be, and verified by the engine that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The purpose.
    #[serde(rename = "doel")]
    pub purpose: String,
    /// The role of who holds the document.
    #[serde(rename = "van")]
    pub from: String,
    /// The role of who asks.
    #[serde(rename = "naar")]
    pub to: String,
    /// The kind of the document.
    #[serde(rename = "soort")]
    pub kind: String,
    /// Whether it is marked as holding health data.
    #[serde(rename = "gezondheid")]
    pub health: bool,
    /// The other facts that matter, each a few Dutch words.
    #[serde(rename = "feiten")]
    pub facts: Vec<String>,
    /// All of it as one Dutch sentence without its full stop.
    #[serde(rename = "zin")]
    pub sentence: String,
}

/// What a bundle says of an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Whether it permits.
    #[serde(rename = "toegestaan")]
    pub permits: bool,
    /// The ground, such as `AVG 6(1)(c)`, of a permit.
    #[serde(rename = "grondslag")]
    pub ground: Option<String>,
    /// The article of a permit.
    #[serde(rename = "artikel")]
    pub article: Option<String>,
    /// The rules that say so; of a refusal because nothing permits it, none.
    #[serde(rename = "regels")]
    pub rules: Vec<String>,
    /// The same in Dutch words, such as `toegestaan op TwG 3(4) (regel schade-afhandeling)`.
    #[serde(rename = "tekst")]
    pub text: String,
}

impl Answer {
    pub(super) fn of(bundle: &Bundle, ruling: &Ruling) -> Self {
        let ids = |rules: &[RuleId]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
        match ruling {
            Ruling::Permit { rules, ground } => {
                let rules = ids(rules);
                let name = bundle.find_ground_name(&ground.iri).unwrap_or(&ground.iri);
                let on = if name == ground.article {
                    name.to_owned()
                } else {
                    format!("{} ({name})", ground.article)
                };
                Self {
                    permits: true,
                    ground: Some(name.to_owned()),
                    article: Some(ground.article.clone()),
                    text: format!("toegestaan op {on}, regel {}", rules.join(", ")),
                    rules,
                }
            }
            Ruling::Deny { rules } => {
                let rules = ids(rules);
                let text = if rules.is_empty() {
                    "geweigerd: geen regel staat het toe".to_owned()
                } else {
                    format!("geweigerd, regel {}", rules.join(", "))
                };
                Self::refusal(rules, text)
            }
            Ruling::Unknown => {
                let text = "geweigerd: deze bundel kent dat woord niet".to_owned();
                Self::refusal(Vec::new(), text)
            }
            Ruling::Unusable(_) => {
                let text = "geweigerd: de regels zijn dan onbruikbaar".to_owned();
                Self::refusal(Vec::new(), text)
            }
        }
    }

    const fn refusal(rules: Vec<String>, text: String) -> Self {
        Self {
            permits: false,
            ground: None,
            article: None,
            rules,
            text,
        }
    }
}

impl Example {
    /// Words for a case; of the facts only those that the purpose's actions ask for in one of the
    /// bundles, and whatever else is in it.
    pub(super) fn of(case: &Case, bundles: &[&Bundle]) -> Self {
        let mut asked = BTreeSet::new();
        for bundle in bundles {
            let mut purposes = bundle.vocabulary().purposes();
            let purpose = purposes.find(|purpose| purpose.code.as_str() == case.purpose);
            for action in purpose.into_iter().flat_map(|purpose| &purpose.actions) {
                asked.extend(bundle.schema().actions.get(action).into_iter().flatten());
            }
        }
        let facts = facts(case, &asked);
        let (from, to) = (party(&case.provider_role), party(&case.requester_role));
        let marked = if case.health {
            " (gemerkt als gezondheidsgegevens)"
        } else {
            ""
        };
        let same = case.requester_role == case.provider_role && !case.own;
        let other = if same { " (een andere)" } else { "" };
        let mut sentence = format!(
            "{to} vraagt {}{marked} van {from}{other} voor {}",
            case.kind, case.purpose
        );
        for fact in &facts {
            sentence.push_str("; ");
            sentence.push_str(fact);
        }
        Self {
            purpose: case.purpose.clone(),
            from: case.provider_role.clone(),
            to: case.requester_role.clone(),
            kind: case.kind.clone(),
            health: case.health,
            facts,
            sentence,
        }
    }
}

/// A role as people write it: codes of three letters are abbreviations.
pub(super) fn party(role: &str) -> String {
    if role.len() <= 3 {
        role.to_uppercase()
    } else {
        role.to_owned()
    }
}

fn facts(case: &Case, asked: &BTreeSet<ContextFact>) -> Vec<String> {
    let asks = |fact| asked.contains(&fact);
    let mut facts = Vec::new();
    if case.own {
        facts.push("de aanvrager houdt het document zelf".to_owned());
    }
    match &case.team {
        Some(team) => facts.push(format!("team {team}")),
        None if asks(ContextFact::Team) => facts.push("geen team".to_owned()),
        None => {}
    }
    if case.combined {
        facts.push("combinatiedossier".to_owned());
    } else if asks(ContextFact::Combined) {
        facts.push("geen combinatiedossier".to_owned());
    }
    if case.unsafe_since_until.is_some() {
        facts.push("er loopt een AOS-melding".to_owned());
    } else if asks(ContextFact::UnsafeSituation) {
        facts.push("er loopt geen AOS-melding".to_owned());
    }
    let mut of_owners = Vec::new();
    for (kind, fact, name) in [
        (ChoiceKind::Consent, ContextFact::Consent, "toestemming"),
        (
            ChoiceKind::ExplicitAgreement,
            ContextFact::ExplicitAgreement,
            "uitdrukkelijke instemming",
        ),
        (ChoiceKind::Objection, ContextFact::Objection, "bezwaar"),
        (
            ChoiceKind::JointRequest,
            ContextFact::JointRequest,
            "verzoek om gezamenlijke behandeling",
        ),
    ] {
        let stand = case.stand(kind);
        if asks(fact) || *stand != Stand::default() {
            of_owners.push(chosen(name, stand, case.owners));
        }
    }
    if !of_owners.is_empty() {
        facts.push(match case.owners {
            0 => "geen eigenaar bekend".to_owned(),
            1 => "één eigenaar".to_owned(),
            owners => format!("{owners} eigenaren"),
        });
    }
    facts.extend(of_owners);
    facts
}

/// How the owners stand towards one question, in a few words.
fn chosen(name: &str, stand: &Stand, owners: usize) -> String {
    let mut text = match stand.yes.len() {
        0 => format!("geen {name}"),
        all if all == owners && all > 1 => format!("{name} van alle {all} eigenaren"),
        all if all == owners => format!("{name} van de eigenaar"),
        some => format!("{name} van {some} van de {owners} eigenaren"),
    };
    match stand.withdrawn.len() {
        0 => {}
        1 => text.push_str(", door één eigenaar geweigerd of ingetrokken"),
        some => {
            let _ = write!(text, ", door {some} eigenaren geweigerd of ingetrokken");
        }
    }
    text
}

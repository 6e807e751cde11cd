//! The same decision once more, for whoever checks it afterwards. What comes out is data: no
//! [`Permit`](super::Permit) is made, so nothing can be released on it.
//!
//! A long book asks the same question many times, of other addresses and at other moments. What it is
//! reduced to decides; that is the key under which an answer is kept. The moment is part of it where a
//! ground of the purpose asks for the time, the address where a rule does more with an address than
//! compare it with that of the document.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::bundle::{Bundle, BundleHash};
use super::facts::{Question, Situation, Stand};
use super::lint::Rule;
use super::matrix::words;
use super::reason::{Missing, Reason};
use super::schema::ContextFact;
use super::verdict::{Ground, Obligation, RuleId, Verdict};
use crate::domain::{AddressId, Oin};
use crate::language::Language;

/// Answers that are kept; each takes about half a kilobyte.
const KEPT: usize = 65_536;

/// What a bundle says about one question, to be compared with what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The bundle.
    pub bundle: BundleHash,
    /// Why not; nothing for a permit.
    pub reason: Option<Reason>,
    /// The ground of a permit.
    pub ground: Option<Ground>,
    /// The rules that determined it, in the order of the bundle.
    pub rules: Vec<RuleId>,
    /// What must happen because of a permit.
    pub obligations: Vec<Obligation>,
    /// Which facts would have turned a refusal; empty when no fact would.
    pub missing: Vec<Missing>,
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Permit(permit) => Self {
                bundle: permit.bundle(),
                reason: None,
                ground: Some(permit.ground().clone()),
                rules: permit.rules().to_vec(),
                obligations: permit.obligations().to_vec(),
                missing: Vec::new(),
            },
            Verdict::Deny(denial) => Self {
                bundle: denial.bundle(),
                reason: Some(denial.reason()),
                ground: None,
                rules: denial.rules().to_vec(),
                obligations: Vec::new(),
                missing: denial.missing,
            },
        }
    }
}

/// A question, reduced to what its answer can depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    bundle: BundleHash,
    requester: (Oin, String),
    provider: (Oin, String),
    words: [String; 2],
    team: Option<String>,
    health: bool,
    combined: bool,
    owners: usize,
    stands: [Stand; 4],
    unsafe_ms: Option<(i64, i64)>,
    at_ms: Option<i64>,
    address: Option<AddressId>,
}

/// Answers that were given before. To be shared by everyone who checks the same book.
#[derive(Debug)]
pub struct Judgements(Cache<Key, Arc<Judgement>>);

impl Default for Judgements {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Bundle {
    /// Why, in sentences: those of the rules that determined it; where none did, what is missing; where
    /// nothing would help, the reason.
    #[must_use]
    pub fn sentences(&self, judgement: &Judgement, l: Language) -> Vec<String> {
        let rules = judgement.rules.iter();
        let of_rules = rules.filter_map(|rule| self.find_sentence(rule.as_str(), l));
        let mut said: Vec<String> = of_rules.map(str::to_owned).collect();
        if said.is_empty() {
            said.extend(judgement.missing.iter().map(|one| one.sentence(l)));
        }
        if said.is_empty()
            && let Some(reason) = judgement.reason
        {
            let refused = l.pick("Geweigerd", "Refused");
            said.push(format!("{refused}: {}.", words::reason(reason, l)));
        }
        said
    }

    /// What this bundle says, as [`Bundle::decide`] does; from memory where the same was asked before.
    #[must_use]
    pub fn judge(&self, question: &Question<'_>, before: &Judgements) -> Arc<Judgement> {
        let again = || Arc::new(Judgement::from(self.decide(question)));
        let vocabulary = self.vocabulary();
        let Some(purpose) = vocabulary.find_purpose(question.purpose) else {
            return again();
        };
        if question.address.address != question.document.address
            || !vocabulary.knows_kind(question.document.kind)
        {
            return again();
        }
        let situation = self.reduce(question);
        let timed = self
            .standing()
            .engine
            .asks(&purpose.actions, ContextFact::Now);
        let key = Key {
            bundle: self.hash(),
            requester: (situation.requester, situation.requester_role.to_owned()),
            provider: (situation.provider, situation.provider_role.to_owned()),
            words: [situation.purpose, situation.kind].map(str::to_owned),
            team: situation.team.map(str::to_owned),
            health: situation.health,
            combined: situation.combined,
            owners: situation.owners,
            unsafe_ms: situation
                .unsafe_since_until
                .map(|(since, until)| (since.unix_ms(), until.unix_ms())),
            at_ms: timed.then(|| situation.at.unix_ms()),
            address: (!self.only_compares_addresses()).then_some(situation.address),
            stands: stands(situation),
        };
        if let Some(known) = before.0.get(&key) {
            return known;
        }
        let made = again();
        before.0.insert(key, Arc::clone(&made));
        made
    }
}

fn stands(situation: Situation<'_>) -> [Stand; 4] {
    [
        situation.consent,
        situation.explicit_agreement,
        situation.objection,
        situation.joint_request,
    ]
}

/// Whether these rules do no more with an address than compare it with another: then none of their
/// answers depends on which one it is, for a request names only one. When in doubt: no.
pub(super) fn only_compare_addresses(rules: &[Rule]) -> bool {
    rules.iter().all(|rule| only_compares_addresses(&rule.text))
}

fn only_compares_addresses(text: &str) -> bool {
    let code = without_words(text);
    // A field can also be asked for by its name in brackets.
    if code.contains("[\"") {
        return false;
    }
    let tokens = tokens(&code);
    let is_path = |token: &&str| {
        token
            .rsplit_once('.')
            .is_some_and(|(_, last)| last == "adres")
    };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if is_path(token) {
            let other = tokens.get(at + 2).filter(|token| is_path(token));
            if tokens.get(at + 1) != Some(&"==") || other.is_none() {
                return false;
            }
            at += 3;
        } else if token.split('.').any(|part| part == "adres") {
            return false;
        } else {
            at += 1;
        }
    }
    true
}

/// The text without comments, and without what stands between quotes.
fn without_words(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let (mut quoted, mut escaped) = (false, false);
        let mut last = ' ';
        for c in line.chars() {
            if quoted {
                quoted = escaped || c != '"';
                escaped = c == '\\' && !escaped;
                if !quoted {
                    code.push('"');
                }
            } else if c == '/' && last == '/' {
                break;
            } else {
                quoted = c == '"';
                code.push(c);
            }
            last = c;
        }
        code.push('\n');
    }
    code
}

/// Paths such as `context.toestemming.adres`, and every other sign or pair of signs by itself.
fn tokens(code: &str) -> Vec<&str> {
    let in_path = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut tokens = Vec::new();
    for word in code.split_whitespace() {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let kind = in_path(first);
            let end = rest
                .char_indices()
                .find(|(_, c)| in_path(*c) != kind)
                .map_or(rest.len(), |(end, _)| end);
            let (token, after) = rest.split_at(end);
            tokens.push(token);
            rest = after;
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_looks_into_an_address_is_noticed() {
        for (text, only) in [
            ("permit (principal, action, resource);", true),
            ("when { context.a.adres == resource.adres };", true),
            ("when { context.a.adres==resource.adres && x };", true),
            ("@id(\"adres\") // een adres\nwhen { context.doel };", true),
            ("when { resource.adres like \"0014*\" };", false),
            ("when { resource.adres == \"0014200012345678\" };", false),
            ("when { \"0014200012345678\" == resource.adres };", false),
            ("when { resource[\"adres\"] == context.a.adres };", false),
            ("when { context.a == {adres: \"x\"} };", false),
            ("when { [\"x\"].contains(resource.adres) };", false),
            ("when { resource.adres != context.a.adres };", false),
            ("when { context.a.adres == resource.adres.x };", false),
            (
                "when { \"a\\\"\" == x && resource.adres like \"y\" };",
                false,
            ),
        ] {
            assert_eq!(only_compares_addresses(text), only, "{text}");
        }
    }

    #[test]
    fn the_shipped_rules_only_compare_addresses() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        for name in ["2021-04-01-convenant", "2023-04-19-twg"] {
            let bundle = Bundle::load(&folder.join(name)).unwrap();
            assert!(bundle.only_compares_addresses(), "{name}");
        }
    }
}

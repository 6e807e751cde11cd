//! What a bundle answered before.
//!
//! Deciding is a pure function of a question, and gateways and replays ask few different ones: of
//! another document and another address, but with the same parties, words and choices. What a question
//! is reduced to decides; that is the key under which an answer is kept, the whole of it but for two
//! things. The address: only where rules do no more with one than compare it with that of the document.
//! The moment: only where no ground of the purpose asks for it. Everywhere else nothing is kept.
//!
//! INVARIANT (permit): an answer is data. Each permit is made anew from it, by `decide` alone.

use std::hash::Hash;
use std::sync::Arc;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use super::engine::Granted;
use super::facts::{Situation, Stand};
use super::lint::Rule;
use super::reason::{Missing, Reason};
use super::verdict::RuleId;
use crate::domain::Oin;

/// Answers that a bundle keeps; each takes about half a kilobyte.
const KEPT: usize = 16_384;

/// What the rules of a bundle say to a question.
#[derive(Debug)]
pub(super) enum Answer {
    Permit(Granted),
    Deny {
        reason: Reason,
        missing: Vec<Missing>,
        rules: Vec<RuleId>,
    },
}

/// A question, reduced to all that its answer can depend on where neither the time nor the address
/// counts. Kept with texts of its own; looked up with those of the question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key<S = Box<str>> {
    requester: (Oin, S),
    provider: (Oin, S),
    purpose: S,
    kind: S,
    team: Option<S>,
    health: bool,
    combined: bool,
    owners: usize,
    stands: [Stand; 4],
    unsafe_ms: Option<(i64, i64)>,
}

impl<'a> Key<&'a str> {
    pub(super) fn of(situation: &Situation<'a>) -> Self {
        let stands = [
            &situation.consent,
            &situation.explicit_agreement,
            &situation.objection,
            &situation.joint_request,
        ];
        Self {
            requester: (situation.requester, situation.requester_role),
            provider: (situation.provider, situation.provider_role),
            purpose: situation.purpose,
            kind: situation.kind,
            team: situation.team,
            health: situation.health,
            combined: situation.combined,
            owners: situation.owners,
            stands: stands.map(Clone::clone),
            unsafe_ms: situation
                .unsafe_since_until
                .map(|(since, until)| (since.unix_ms(), until.unix_ms())),
        }
    }

    /// The same, to be kept.
    pub(super) fn keep(self) -> Key {
        Key {
            requester: (self.requester.0, self.requester.1.into()),
            provider: (self.provider.0, self.provider.1.into()),
            purpose: self.purpose.into(),
            kind: self.kind.into(),
            team: self.team.map(Into::into),
            health: self.health,
            combined: self.combined,
            owners: self.owners,
            stands: self.stands,
            unsafe_ms: self.unsafe_ms,
        }
    }
}

impl Equivalent<Key> for Key<&str> {
    fn equivalent(&self, kept: &Key) -> bool {
        // Taken apart, so that no field can be left out.
        let Key {
            requester,
            provider,
            purpose,
            kind,
            team,
            health,
            combined,
            owners,
            stands,
            unsafe_ms,
        } = self;
        *requester == (kept.requester.0, &*kept.requester.1)
            && *provider == (kept.provider.0, &*kept.provider.1)
            && **purpose == *kept.purpose
            && **kind == *kept.kind
            && *team == kept.team.as_deref()
            && *health == kept.health
            && *combined == kept.combined
            && *owners == kept.owners
            && *stands == kept.stands
            && *unsafe_ms == kept.unsafe_ms
    }
}

/// The answers that are kept.
#[derive(Debug)]
pub(super) struct Memory(Cache<Key, Arc<Answer>>);

impl Default for Memory {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Memory {
    /// The answer to this question, made with `answer` where it was not asked before. What could not
    /// be answered is not kept.
    pub(super) fn answer<E>(
        &self,
        situation: &Situation<'_>,
        answer: impl FnOnce() -> Result<Answer, E>,
    ) -> Result<Arc<Answer>, E> {
        let key = Key::of(situation);
        if let Some(known) = self.0.get(&key) {
            return Ok(known);
        }
        let made = Arc::new(answer()?);
        self.0.insert(key.keep(), Arc::clone(&made));
        Ok(made)
    }
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
    use crate::policy::Bundle;

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

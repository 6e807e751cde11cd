//! A choice, field by field.

use super::super::words::{Wording, choice_state_of};
use super::history::{evidence_kind, language_name};
use super::wording::{kind_name, validity};
use crate::domain::{Choice, ChoiceState};
use crate::language::Language;

/// A name and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Whether it is a long code.
    pub(super) is_hash: bool,
}

impl Fact {
    const fn new(name: &'static str, value: String) -> Self {
        Self {
            name,
            value,
            is_hash: false,
        }
    }
}

/// Everything a choice says, in the order of the form.
pub(super) fn of_choice(choice: &Choice, wording: &Wording) -> Vec<Fact> {
    let l = wording.l;
    let mut facts = scope(choice, wording);
    let mut add = |name, value: String| facts.push(Fact::new(name, value));
    add(
        l.pick("Geldig", "Holds"),
        validity(choice.valid_from, choice.valid_until, l),
    );
    add(l.pick("Bewijs", "Evidence"), evidence(choice, wording));
    add(
        l.pick("Tekst die de eigenaar zag", "Text the owner saw"),
        format!(
            "{}, {} {}",
            language_name(choice.shown.language.as_str(), wording),
            l.pick("versie", "version"),
            choice.shown.version
        ),
    );
    facts.push(scan(choice, l));
    facts
}

/// What a choice that ended says: what it was about, since when it held, what proves that it ended.
/// `before` is the choice as it was; without evidence of its own the end keeps that of the choice.
pub(super) fn of_end(ended: &Choice, before: Option<&Choice>, wording: &Wording) -> Vec<Fact> {
    let l = wording.l;
    let mut facts = scope(ended, wording);
    let held = match ended.state {
        ChoiceState::EnteredInError => {
            l.pick("nooit: het was een vergissing", "never: it was a mistake")
        }
        ChoiceState::Invalidated => l.pick("nooit rechtsgeldig", "never valid in law"),
        _ => l.pick("tot dit is vastgelegd", "until this was recorded"),
    };
    facts.push(Fact::new(l.pick("Gold", "Held"), held.to_owned()));
    let of_choice = l.pick("Bewijs van de keuze zelf", "Evidence of the choice itself");
    let of_end = l.pick("Bewijs van het einde", "Evidence of the end");
    if has_own_evidence(ended, before) {
        facts.push(Fact::new(of_end, evidence(ended, wording)));
        facts.push(scan(ended, l));
    } else {
        let none = l.pick(
            "geen apart bewijs opgegeven",
            "no evidence of its own given",
        );
        facts.push(Fact::new(of_end, none.to_owned()));
    }
    let first = before.map(|before| Fact::new(of_choice, evidence(before, wording)));
    facts.extend(first);
    facts
}

/// Whether the end of a choice has evidence of its own.
pub(super) fn has_own_evidence(ended: &Choice, before: Option<&Choice>) -> bool {
    before.is_none_or(|before| before.evidence != ended.evidence)
}

fn evidence(choice: &Choice, wording: &Wording) -> String {
    let evidence = &choice.evidence;
    format!(
        "{}, {} {}",
        evidence_kind(evidence.kind.as_str(), wording),
        wording.l.pick("kenmerk", "reference"),
        evidence.reference
    )
}

fn scan(choice: &Choice, l: Language) -> Fact {
    Fact {
        name: l.pick("SHA-256 van de scan", "SHA-256 of the scan"),
        value: choice.evidence.sha256.to_string(),
        is_hash: true,
    }
}

/// What a choice is, whose, and what it is about.
fn scope(choice: &Choice, wording: &Wording) -> Vec<Fact> {
    let l = wording.l;
    let scope = wording.scope(choice);
    let mut facts = Vec::new();
    let mut add = |name, value: String| facts.push(Fact::new(name, value));
    add(
        l.pick("Keuze", "Choice"),
        kind_name(choice.kind, l).to_owned(),
    );
    add(
        l.pick("Stand", "State"),
        choice_state_of(choice.kind, choice.state, l).to_owned(),
    );
    add(
        l.pick("Adres (BAG)", "Address (BAG)"),
        choice.address.to_string(),
    );
    add(l.pick("Eigenaar", "Owner"), choice.owner.to_string());
    add(l.pick("Voor wie", "For whom"), scope.receivers);
    if let Some(coordinator) = scope.coordinator {
        add(l.pick("Wie coördineert", "Who coordinates"), coordinator);
    }
    add(l.pick("Waarvoor", "For what"), scope.purposes);
    add(l.pick("Documenten", "Documents"), scope.kinds);
    facts
}

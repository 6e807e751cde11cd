//! A choice, field by field.

use super::super::words::{Wording, choice_state};
use super::history::{evidence_kind, language_name};
use super::wording::{kind_name, validity};
use crate::domain::Choice;

/// A name and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Whether it is a long code.
    pub(super) is_hash: bool,
}

/// Everything a choice says, in the order of the form.
pub(super) fn of_choice(choice: &Choice, wording: &Wording) -> Vec<Fact> {
    let l = wording.l;
    let scope = wording.scope(choice);
    let mut facts = Vec::new();
    let mut add = |name, value: String| {
        facts.push(Fact {
            name,
            value,
            is_hash: false,
        });
    };
    add(
        l.pick("Keuze", "Choice"),
        kind_name(choice.kind, l).to_owned(),
    );
    add(
        l.pick("Stand", "State"),
        choice_state(choice.state, l).to_owned(),
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
    add(
        l.pick("Geldig", "Holds"),
        validity(choice.valid_from, choice.valid_until, l),
    );
    let evidence = &choice.evidence;
    add(
        l.pick("Bewijs", "Evidence"),
        format!(
            "{}, {} {}",
            evidence_kind(evidence.kind.as_str(), wording),
            l.pick("kenmerk", "reference"),
            evidence.reference
        ),
    );
    add(
        l.pick("Tekst die de eigenaar zag", "Text the owner saw"),
        format!(
            "{}, {} {}",
            language_name(choice.shown.language.as_str(), wording),
            l.pick("versie", "version"),
            choice.shown.version
        ),
    );
    facts.push(Fact {
        name: l.pick("SHA-256 van de scan", "SHA-256 of the scan"),
        value: evidence.sha256.to_string(),
        is_hash: true,
    });
    facts
}

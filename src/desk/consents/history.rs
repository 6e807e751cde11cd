//! The history of an address: each of its entries in words, with what proves it.

use super::super::words::{self, Wording};
use super::wording::{Date, in_a_row, kind_name, validity};
use crate::domain::{AddressId, Choice, ChoiceState, Oin};
use crate::ledger::Leaf;
use crate::ledger::entry::Kind;
use crate::oversight::choice_of;

/// One step of the timeline.
pub(super) struct Step {
    pub(super) at: Date,
    /// `ja`, `nee`, `let-op` or nothing.
    pub(super) mark: &'static str,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    /// The SHA-256 of the form.
    pub(super) hash: Option<String>,
    pub(super) by: String,
    pub(super) index: u64,
    pub(super) number: String,
    /// Whether a receipt can be made of it.
    pub(super) is_choice: bool,
}

/// The steps, newest first. `own` is whose people may be named.
pub(super) fn steps(address: AddressId, leaves: &[Leaf], own: Oin, wording: &Wording) -> Vec<Step> {
    let newest_first = leaves.iter().rev();
    newest_first
        .filter_map(|leaf| step(address, leaf, own, wording))
        .collect()
}

fn step(address: AddressId, leaf: &Leaf, own: Oin, wording: &Wording) -> Option<Step> {
    let l = wording.l;
    let entry = &leaf.entry;
    let told = match entry.soort {
        Kind::Choice | Kind::Withdrawal => choice(address, leaf, wording),
        Kind::Owners => owners(leaf, wording),
        Kind::Dossier => dossier(leaf, wording),
        Kind::Aos => Told::new(
            "let-op",
            l.pick(
                "Acuut onveilige situatie gemeld",
                "Acutely unsafe situation reported",
            ),
        )
        .with(entry.van.map(|from| {
            let held = validity(from, entry.tot, l);
            format!("{} {held}.", l.pick("Geldt", "Holds"))
        })),
        Kind::AosEnd => Told::new(
            "",
            l.pick(
                "Acuut onveilige situatie afgesloten",
                "Acutely unsafe situation closed",
            ),
        ),
        _ => return None,
    };
    let by = entry.aanvrager.map(|oin| wording.organisation(oin));
    let by = by.unwrap_or_default();
    let person = leaf.values.get("medewerker");
    let by = match person.filter(|_| entry.aanvrager == Some(own)) {
        Some(person) => format!("{by} ({person})"),
        None => by,
    };
    let mut lines = told.lines;
    if let Some(proposal) = entry.index {
        lines.push(format!(
            "{} {}.",
            l.pick(
                "Voorgesteld door een ander dan wie het bevestigde: regel",
                "Proposed by somebody else than who confirmed it: entry",
            ),
            l.number(proposal)
        ));
    }
    Some(Step {
        at: Date::and_time(entry.tijd, l),
        mark: told.mark,
        title: told.title,
        lines,
        hash: told.hash,
        by,
        index: leaf.index,
        number: l.number(leaf.index),
        is_choice: told.is_choice,
    })
}

struct Told {
    mark: &'static str,
    title: String,
    lines: Vec<String>,
    hash: Option<String>,
    is_choice: bool,
}

impl Told {
    fn new(mark: &'static str, title: impl Into<String>) -> Self {
        Self {
            mark,
            title: title.into(),
            lines: Vec::new(),
            hash: None,
            is_choice: false,
        }
    }

    fn with(mut self, line: Option<String>) -> Self {
        self.lines.extend(line);
        self
    }
}

fn owners(leaf: &Leaf, wording: &Wording) -> Told {
    let l = wording.l;
    let named = leaf.values.get("eigenaren");
    let named = named.and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
    let title = match named {
        None => l.pick("Eigenaren (gewist)", "Owners (erased)").to_owned(),
        Some(named) if named.is_empty() => {
            l.pick("Geen eigenaar bekend", "No owner known").to_owned()
        }
        Some(named) => format!(
            "{} {}",
            match named.len() {
                1 => l.pick("Eigenaar:", "Owner:"),
                _ => l.pick("Eigenaren:", "Owners:"),
            },
            in_a_row(&named, l)
        ),
    };
    let from = leaf.entry.per.map(|from| {
        let day = words::day(from.local().day(), l);
        format!("{} {day}.", l.pick("Eigendom vanaf", "Ownership from"))
    });
    Told::new("", title).with(from)
}

fn dossier(leaf: &Leaf, wording: &Wording) -> Told {
    let l = wording.l;
    let erased = l.pick("(gewist)", "(erased)");
    let number = leaf.values.get("dossier").map_or(erased, String::as_str);
    let what = match leaf.entry.actief {
        Some(true) => l.pick("loopt", "is active"),
        _ => l.pick("loopt niet meer", "is no longer active"),
    };
    let marks: Vec<String> = leaf
        .entry
        .kenmerken
        .iter()
        .map(ToString::to_string)
        .collect();
    let marks = (!marks.is_empty()).then(|| in_a_row(&marks, l));
    Told::new("", format!("Dossier {number} {what}")).with(marks)
}

/// How a state is marked in the timeline.
const fn mark(state: ChoiceState) -> &'static str {
    match state {
        ChoiceState::Given | ChoiceState::Renewed => "ja",
        ChoiceState::Refused
        | ChoiceState::Withdrawn
        | ChoiceState::Revoked
        | ChoiceState::Invalidated => "nee",
        ChoiceState::Requested | ChoiceState::EnteredInError | ChoiceState::Unknown => "",
    }
}

fn choice(address: AddressId, leaf: &Leaf, wording: &Wording) -> Told {
    let l = wording.l;
    let entry = &leaf.entry;
    let kind = entry.keuze.map_or("", |kind| kind_name(kind, l));
    let state = entry.keuze.zip(entry.toestand);
    let state = state.map_or("", |(kind, state)| words::choice_state_of(kind, state, l));
    let title = format!("{kind} {state}");
    let mark = entry.toestand.map_or("", mark);
    let Some(choice) = choice_of(address, leaf) else {
        let erased = l.pick(
            "De persoonsgegevens zijn gewist.",
            "The personal data were erased.",
        );
        return Told::new(mark, title).with(Some(erased.to_owned()));
    };
    let told = Told::new(mark, title)
        .with(Some(about(&choice, wording)))
        .with(Some(evidence(&choice, wording)));
    Told {
        hash: Some(choice.evidence.sha256.to_string()),
        is_choice: true,
        ..told
    }
}

/// Who chose, and what about.
fn about(choice: &Choice, wording: &Wording) -> String {
    let l = wording.l;
    format!(
        "{}: {}. {} {} {}.",
        l.pick("Eigenaar", "Owner"),
        choice.owner,
        wording.about(choice),
        l.pick("Geldig", "Holds"),
        validity(choice.valid_from, choice.valid_until, l)
    )
}

fn evidence(choice: &Choice, wording: &Wording) -> String {
    let l = wording.l;
    format!(
        "{}: {}, {} {}. {}: {}, {} {}.",
        l.pick("Bewijs", "Evidence"),
        evidence_kind(choice.evidence.kind.as_str(), wording),
        l.pick("kenmerk", "reference"),
        choice.evidence.reference,
        l.pick("Tekst die de eigenaar zag", "Text the owner saw"),
        language_name(choice.shown.language.as_str(), wording),
        l.pick("versie", "version"),
        choice.shown.version
    )
}

/// The sorts of evidence a form offers. Others can come from the systems.
pub(super) const EVIDENCE: [(&str, &str, &str); 4] = [
    (
        "ondertekend-formulier",
        "ondertekend formulier",
        "signed form",
    ),
    ("ondertekende-brief", "ondertekende brief", "signed letter"),
    (
        "digitaal-ondertekend",
        "digitaal ondertekend formulier",
        "digitally signed form",
    ),
    (
        "gespreksverslag",
        "ondertekend verslag van een gesprek",
        "signed record of a conversation",
    ),
];

pub(super) fn evidence_kind(code: &str, wording: &Wording) -> String {
    let known = EVIDENCE.iter().find(|(known, ..)| *known == code);
    known
        .map_or(code, |(_, dutch, english)| wording.l.pick(dutch, english))
        .to_owned()
}

/// The languages a form offers. Others can come from the systems.
pub(super) const LANGUAGES: [(&str, &str, &str); 7] = [
    ("nl", "Nederlands", "Dutch"),
    ("en", "Engels", "English"),
    ("nds", "Gronings", "Gronings"),
    ("ar", "Arabisch", "Arabic"),
    ("pl", "Pools", "Polish"),
    ("tr", "Turks", "Turkish"),
    ("uk", "Oekraïens", "Ukrainian"),
];

pub(super) fn language_name(code: &str, wording: &Wording) -> String {
    let known = LANGUAGES.iter().find(|(known, ..)| *known == code);
    known
        .map_or(code, |(_, dutch, english)| wording.l.pick(dutch, english))
        .to_owned()
}

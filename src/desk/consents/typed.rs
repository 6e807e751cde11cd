//! Reading the forms: every rule the interface for systems holds (`http/bodies.rs`), said beside the
//! field it is about.

use super::super::forms::Filled;
use super::offer::{Named, Offer};
use super::{NO_ADDRESS, typed_address};
use crate::clock::{Day, Moment};
use crate::domain::{
    ChoiceKind, ChoiceState, Evidence, EvidenceKind, Language, Oin, OwnerId, Reference, Sha256,
    ShownText, Version,
};
use crate::exchange::{NewChoice, Withdrawal};

/// The states in which a choice can be recorded.
pub(super) const NEW_STATES: [ChoiceState; 4] = [
    ChoiceState::Given,
    ChoiceState::Renewed,
    ChoiceState::Refused,
    ChoiceState::Requested,
];

/// The states in which one can end.
pub(super) const FINAL_STATES: [ChoiceState; 4] = [
    ChoiceState::Withdrawn,
    ChoiceState::Revoked,
    ChoiceState::Invalidated,
    ChoiceState::EnteredInError,
];

/// Everything that is offered, rather than what was ticked.
pub(super) const ALL: &str = "alle";

/// Reads a new choice; `None`, with what is wrong beside the fields, when it is none.
pub(super) fn new_choice(f: &mut Filled, offer: &Offer) -> Option<NewChoice> {
    // In the order of the form: so the mistakes are listed.
    let state = f.required(
        "toestand",
        (
            "Kies wat de eigenaar antwoordde.",
            "Choose what the owner answered.",
        ),
        |text| known_state(text, &NEW_STATES),
    );
    let address = f.required("adres", NO_ADDRESS, typed_address);
    let owner = f.required(
        "eigenaar",
        (
            "Vul het pseudoniem van de eigenaar in: 1 tot 128 tekens.",
            "Fill in the pseudonym of the owner: 1 to 128 characters.",
        ),
        |text| OwnerId::parse(text).ok(),
    );
    let coordinator = coordinator(f, offer);
    let receivers = ticked(
        f,
        "ontvangers",
        &offer.receivers,
        (
            "Kies ten minste één organisatie.",
            "Choose at least one organisation.",
        ),
    );
    let purposes = if f.is("doelen-welke", ALL) {
        Some(offer.purposes.iter().map(|one| one.value.clone()).collect())
    } else {
        let none = ("Kies ten minste één doel.", "Choose at least one purpose.");
        ticked(f, "doelen", &offer.purposes, none)
    };
    let kinds = kinds(f, offer, purposes.as_deref());
    let (valid_from, valid_until) = validity(f);
    let evidence = evidence(f);
    let shown = shown(f);
    if f.is_wrong() {
        return None;
    }
    Some(NewChoice {
        kind: offer.kind,
        address: address?,
        owner: owner?,
        receivers: receivers?,
        purposes: purposes?,
        kinds: kinds?,
        valid_from: valid_from?,
        valid_until,
        evidence: evidence?,
        shown: shown?,
        coordinator,
        state: state?,
    })
}

/// Reads how a choice is taken back. Evidence may be left out; what is begun must be whole.
pub(super) fn withdrawal(f: &mut Filled, may: &[ChoiceState]) -> Option<Withdrawal> {
    let state = f.required(
        "toestand",
        (
            "Kies waarom de keuze eindigt.",
            "Choose why the choice ends.",
        ),
        |text| known_state(text, may),
    );
    let begun = ["bewijssoort", "kenmerk", "sha256"]
        .iter()
        .any(|field| !f.value(field).is_empty());
    let evidence = if begun { evidence(f) } else { None };
    if f.is_wrong() {
        return None;
    }
    Some(Withdrawal {
        state: state?,
        evidence,
    })
}

fn known_state(text: &str, may: &[ChoiceState]) -> Option<ChoiceState> {
    let state = ChoiceState::parse(text).ok()?;
    may.contains(&state).then_some(state)
}

/// What was ticked of what is offered, each once, in the order of the form.
fn ticked<T: Clone + ToString>(
    f: &mut Filled,
    field: &'static str,
    offered: &[Named<T>],
    (dutch, english): (&str, &str),
) -> Option<Vec<T>> {
    let is_offered = |code: &str| offered.iter().any(|one| one.value.to_string() == code);
    let unknown = f.form.values(field).any(|code| !is_offered(code));
    let chosen = offered
        .iter()
        .filter(|one| f.is(field, &one.value.to_string()));
    let chosen: Vec<T> = chosen.map(|one| one.value.clone()).collect();
    if unknown {
        f.wrong(
            field,
            "Kies uit wat hier staat.",
            "Choose from what stands here.",
        );
        None
    } else if chosen.is_empty() {
        f.wrong(field, dutch, english);
        None
    } else {
        Some(chosen)
    }
}

fn kinds(
    f: &mut Filled,
    offer: &Offer,
    purposes: Option<&[crate::domain::Purpose]>,
) -> Option<Vec<crate::domain::DocumentKind>> {
    const FIELD: &str = "documentsoorten";
    if f.is("documentsoorten-welke", ALL) {
        return Some(offer.kinds_with(purposes?));
    }
    let none = (
        "Kies ten minste één soort document.",
        "Choose at least one kind of document.",
    );
    let chosen = ticked(f, FIELD, &offer.kinds, none)?;
    let with = offer.kinds_with(purposes?);
    let astray = offer
        .kinds
        .iter()
        .find(|one| chosen.contains(&one.value) && !with.contains(&one.value));
    if let Some(astray) = astray {
        let name = &astray.name;
        f.wrong(
            FIELD,
            &format!("{name} hoort bij geen van de gekozen doelen."),
            &format!("{name} goes with none of the chosen purposes."),
        );
        return None;
    }
    Some(chosen)
}

fn validity(f: &mut Filled) -> (Option<Moment>, Option<Moment>) {
    let day = |text: &str| Day::parse(text).ok().map(Day::start);
    let not_a_day = "Vul een datum in, zoals 2026-03-31.";
    let not_a_day = (not_a_day, "Fill in a date, such as 2026-03-31.");
    let from = f.required("van", not_a_day, day);
    let until = f.optional("tot", not_a_day, day);
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        f.wrong(
            "tot",
            "Kies een dag na de begindatum.",
            "Choose a day after the first one.",
        );
    }
    (from, until)
}

fn evidence(f: &mut Filled) -> Option<Evidence> {
    let kind = f.required(
        "bewijssoort",
        (
            "Kies wat voor bewijs er is.",
            "Choose what evidence there is.",
        ),
        |text| EvidenceKind::parse(text).ok(),
    );
    let reference = f.required(
        "kenmerk",
        (
            "Vul het kenmerk van het bewijs in: 1 tot 256 tekens.",
            "Fill in the reference of the evidence: 1 to 256 characters.",
        ),
        |text| Reference::parse(text).ok(),
    );
    let sha256 = hash(f);
    Some(Evidence {
        kind: kind?,
        reference: reference?,
        sha256: sha256?,
    })
}

/// A SHA-256 as programs print it: in capitals too, and in groups.
fn hash(f: &mut Filled) -> Option<Sha256> {
    const FIELD: &str = "sha256";
    let bare: String = f.value(FIELD).split_whitespace().collect();
    let bare = bare.to_ascii_lowercase();
    let parsed = Sha256::parse(&bare).ok();
    if parsed.is_none() {
        let count = bare.chars().count();
        if count == 64 {
            f.wrong(
                FIELD,
                "Gebruik alleen 0 tot en met 9 en a tot en met f.",
                "Use only 0 to 9 and a to f.",
            );
        } else {
            f.wrong(
                FIELD,
                &format!("Dit zijn {count} tekens; het moeten er 64 zijn."),
                &format!("These are {count} characters; there must be 64."),
            );
        }
    }
    parsed
}

fn shown(f: &mut Filled) -> Option<ShownText> {
    let language = f.required(
        "taal",
        (
            "Kies de taal van de tekst die de eigenaar zag.",
            "Choose the language of the text the owner saw.",
        ),
        |text| Language::parse(text).ok(),
    );
    let version = f.required(
        "versie",
        (
            "Vul de versie van de tekst in: 1 tot 64 tekens.",
            "Fill in the version of the text: 1 to 64 characters.",
        ),
        |text| Version::parse(text).ok(),
    );
    Some(ShownText {
        language: language?,
        version: version?,
    })
}

fn coordinator(f: &mut Filled, offer: &Offer) -> Option<Oin> {
    const FIELD: &str = "coordinator";
    let known = |text: &str| {
        let oin = Oin::parse(text).ok()?;
        offer
            .coordinators
            .iter()
            .any(|one| one.value == oin)
            .then_some(oin)
    };
    let texts = ("Kies wie coördineert.", "Choose who coordinates.");
    if offer.kind == ChoiceKind::JointRequest {
        return f.required(FIELD, texts, known);
    }
    if !f.value(FIELD).is_empty() {
        f.wrong(
            FIELD,
            "Een coördinator hoort alleen bij een verzoek om gezamenlijke behandeling.",
            "A coordinator goes only with a request for joint handling.",
        );
    }
    None
}

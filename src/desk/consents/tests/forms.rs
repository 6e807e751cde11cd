use super::super::{standing, typed};
use super::*;

/// A whole form, for a kind of choice; with other values in some fields, or several.
fn form(kind: ChoiceKind, otherwise: &[(&str, &str)]) -> Filled {
    let (purpose, document) = match kind {
        ChoiceKind::Consent => ("overig", "opnamerapport"),
        ChoiceKind::ExplicitAgreement => ("knelpunt-gezondheid", "gezondheidsgegevens"),
        ChoiceKind::Objection => ("afstemming", "planning"),
        ChoiceKind::JointRequest => ("combinatie-behandeling", "planning"),
    };
    let coordinator = if kind == ChoiceKind::JointRequest {
        NCG
    } else {
        ""
    };
    let whole = [
        ("toestand", "gegeven"),
        ("adres", ADDRESS),
        ("eigenaar", "eigenaar-17"),
        ("coordinator", coordinator),
        ("ontvangers", IMG),
        ("doelen", purpose),
        ("documentsoorten", document),
        ("van", "2026-03-01"),
        ("tot", ""),
        ("bewijssoort", "ondertekende-brief"),
        ("kenmerk", "POST-2026-0933"),
        ("sha256", SCAN),
        ("taal", "nl"),
        ("versie", "balie-2026-1"),
    ];
    let kept = whole
        .iter()
        .filter(|(field, _)| otherwise.iter().all(|(other, _)| other != field));
    let mut form = Form::default();
    for (field, value) in kept.chain(otherwise) {
        form = form.with(field, value);
    }
    Filled::new(form, Language::Dutch)
}

fn wrong_fields(f: &Filled) -> Vec<&'static str> {
    f.mistakes.iter().map(|mistake| mistake.field).collect()
}

#[test]
fn every_mistake_in_a_new_choice_is_told_beside_its_field() {
    use ChoiceKind::{Consent, JointRequest, Objection};
    let long = "x".repeat(300);
    for (kind, otherwise, expected) in [
        (Consent, vec![("toestand", "")], vec!["toestand"]),
        (Consent, vec![("toestand", "ingetrokken")], vec!["toestand"]),
        (Consent, vec![("toestand", "onbekend")], vec!["toestand"]),
        (Consent, vec![("adres", "")], vec!["adres"]),
        (Consent, vec![("adres", "0010100000000017")], vec!["adres"]),
        (Consent, vec![("adres", "001020000000001")], vec!["adres"]),
        (Consent, vec![("eigenaar", "")], vec!["eigenaar"]),
        (Consent, vec![("eigenaar", &long)], vec!["eigenaar"]),
        (Consent, vec![("ontvangers", "")], vec!["ontvangers"]),
        (
            Consent,
            vec![("ontvangers", "00000001899999999000")],
            vec!["ontvangers"],
        ),
        (
            Objection,
            vec![("ontvangers", "00000001834567890000")],
            vec!["ontvangers"],
        ),
        (Consent, vec![("doelen", "")], vec!["doelen"]),
        (Consent, vec![("doelen", "afstemming")], vec!["doelen"]),
        (
            Consent,
            vec![("documentsoorten", "")],
            vec!["documentsoorten"],
        ),
        (
            Consent,
            vec![("documentsoorten", "gezondheidsgegevens")],
            vec!["documentsoorten"],
        ),
        // A drawing goes with joint handling, not with alignment.
        (
            Objection,
            vec![("documentsoorten", "bouwtekening")],
            vec!["documentsoorten"],
        ),
        (Consent, vec![("van", "")], vec!["van"]),
        (Consent, vec![("van", "2026-02-30")], vec!["van"]),
        (Consent, vec![("tot", "1 maart")], vec!["tot"]),
        (Consent, vec![("tot", "2026-03-01")], vec!["tot"]),
        (Consent, vec![("tot", "2025-03-01")], vec!["tot"]),
        (Consent, vec![("bewijssoort", "")], vec!["bewijssoort"]),
        (
            Consent,
            vec![("bewijssoort", "Brief!")],
            vec!["bewijssoort"],
        ),
        (Consent, vec![("kenmerk", "")], vec!["kenmerk"]),
        (Consent, vec![("kenmerk", &long)], vec!["kenmerk"]),
        (Consent, vec![("sha256", "")], vec!["sha256"]),
        (
            Consent,
            vec![("sha256", SCAN.trim_start_matches('9'))],
            vec!["sha256"],
        ),
        (
            Consent,
            vec![("sha256", &SCAN.replace('9', "g"))],
            vec!["sha256"],
        ),
        (Consent, vec![("taal", "")], vec!["taal"]),
        (Consent, vec![("versie", "")], vec!["versie"]),
        (Consent, vec![("coordinator", NCG)], vec!["coordinator"]),
        (JointRequest, vec![("coordinator", "")], vec!["coordinator"]),
        (
            JointRequest,
            vec![("coordinator", "00000001834567890000")],
            vec!["coordinator"],
        ),
        (
            Consent,
            vec![
                ("toestand", ""),
                ("adres", "x"),
                ("van", ""),
                ("sha256", "x"),
            ],
            vec!["toestand", "adres", "van", "sha256"],
        ),
    ] {
        let mut f = form(kind, &otherwise);
        assert_eq!(
            typed::new_choice(&mut f, &offer(kind)),
            None,
            "{otherwise:?}"
        );
        assert_eq!(wrong_fields(&f), expected, "{otherwise:?}");
        // What was typed is kept.
        for (field, value) in otherwise {
            assert_eq!(f.value(field), value);
        }
    }
}

#[test]
fn a_hash_says_what_is_wrong_with_it() {
    for (typed, told) in [
        ("abc", "Dit zijn 3 tekens; het moeten er 64 zijn."),
        (
            &*"é".repeat(64),
            "Gebruik alleen 0 tot en met 9 en a tot en met f.",
        ),
    ] {
        let mut f = form(ChoiceKind::Consent, &[("sha256", typed)]);
        typed::new_choice(&mut f, &offer(ChoiceKind::Consent));
        assert_eq!(f.error("sha256"), told);
    }
}

#[test]
fn a_whole_form_is_a_choice() {
    let capitals = SCAN.to_uppercase();
    for kind in standing::KINDS {
        let spaced = [
            ("adres", "0010 2000 0000 0017"),
            ("sha256", &*capitals),
            ("tot", "2027-03-01"),
        ];
        let mut f = form(kind, &spaced);
        let new = typed::new_choice(&mut f, &offer(kind));
        let new = new.unwrap_or_else(|| panic!("{kind}: {:?}", f.mistakes));
        assert_eq!((new.kind, new.address.as_str()), (kind, ADDRESS));
        assert_eq!(new.evidence.sha256.to_string(), SCAN);
        // Midnight in the Netherlands.
        assert_eq!(new.valid_from, moment("2026-02-28T23:00:00Z"));
        assert_eq!(new.valid_until, Some(moment("2027-02-28T23:00:00Z")));
        assert_eq!(new.coordinator.is_some(), kind == ChoiceKind::JointRequest);
    }
}

#[test]
fn everything_is_everything_that_makes_a_difference() {
    for (kind, purposes, kinds) in [
        (ChoiceKind::Consent, 1, 17),
        (ChoiceKind::ExplicitAgreement, 1, 1),
        (ChoiceKind::Objection, 2, 17),
        (ChoiceKind::JointRequest, 1, 17),
    ] {
        let all = [
            ("doelen-welke", "alle"),
            ("doelen", ""),
            ("documentsoorten-welke", "alle"),
            ("documentsoorten", ""),
        ];
        let mut f = form(kind, &all);
        let new = typed::new_choice(&mut f, &offer(kind)).unwrap();
        assert_eq!(
            (new.purposes.len(), new.kinds.len()),
            (purposes, kinds),
            "{kind}"
        );
    }
    // All that go with what was ticked, not with what was not.
    let mut f = form(ChoiceKind::Objection, &[("documentsoorten-welke", "alle")]);
    let new = typed::new_choice(&mut f, &offer(ChoiceKind::Objection)).unwrap();
    let kinds: Vec<&str> = new
        .kinds
        .iter()
        .map(crate::domain::DocumentKind::as_str)
        .collect();
    assert_eq!(kinds, ["contactgegevens", "planning"]);
}

#[test]
fn a_choice_ends_with_whole_evidence_or_none() {
    use ChoiceState::{EnteredInError, Invalidated, Revoked, Withdrawn};
    let own = typed::FINAL_STATES;
    let theirs = [Withdrawn];
    let evidence = [
        ("bewijssoort", "ondertekende-brief"),
        ("kenmerk", "P"),
        ("sha256", SCAN),
    ];
    for (may, fields, expected) in [
        (&own[..], vec![], vec!["toestand"]),
        (&own, vec![("toestand", "gegeven")], vec!["toestand"]),
        (&theirs, vec![("toestand", "herroepen")], vec!["toestand"]),
        (
            &own,
            vec![("toestand", "ingetrokken"), ("kenmerk", "P")],
            vec!["bewijssoort", "sha256"],
        ),
        (
            &own,
            vec![("toestand", "ingetrokken"), evidence[0]],
            vec!["kenmerk", "sha256"],
        ),
    ] {
        let filled = fields.iter().fold(Form::default(), |form, (field, value)| {
            form.with(field, value)
        });
        let mut f = Filled::new(filled, Language::English);
        assert_eq!(typed::withdrawal(&mut f, may), None, "{fields:?}");
        assert_eq!(wrong_fields(&f), expected, "{fields:?}");
    }
    for state in [Withdrawn, Revoked, Invalidated, EnteredInError] {
        for evidence in [&evidence[..], &[]] {
            let mut form = Form::default().with("toestand", state.code());
            for (field, value) in evidence {
                form = form.with(field, value);
            }
            let mut f = Filled::new(form, Language::Dutch);
            let how = typed::withdrawal(&mut f, &own).unwrap();
            assert_eq!(
                (how.state, how.evidence.is_some()),
                (state, !evidence.is_empty())
            );
        }
    }
}

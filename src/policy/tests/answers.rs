//! What an answer carries: ground, rules, obligations, reasons, and the JSON others read.

use super::support::{Asked, CONVENANT, TWG, bundle, oin, said};
use crate::domain::{ChoiceKind, ChoiceState, DocumentKind, Mark, Purpose, Role};
use crate::policy::{Fact, Obligation, Reason, Verdict};

#[test]
fn a_permit_names_its_ground_rules_obligations_and_bundle() {
    let bundle = bundle(TWG);
    let mut asked = Asked::new("aos", "opnamerapport").aos();
    asked.team = Some("aos");
    let Verdict::Permit(permit) = asked.ask(&bundle) else {
        panic!("refused");
    };
    assert_eq!(permit.bundle(), bundle.hash());
    assert_eq!(
        permit.ground().iri,
        "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c"
    );
    assert_eq!(
        permit.obligations(),
        [
            Obligation::InformOwner,
            Obligation::ReviewWithin { days: 14 }
        ]
    );
    assert_eq!(
        serde_json::json!({"grond": permit.ground(), "regels": permit.rules(), "plichten": permit.obligations()}),
        serde_json::json!({
            "grond": {"grondslag": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c", "artikel": "TwG 3(8) jo. 3(4)"},
            "regels": ["aos-van-ncg-naar-img"],
            "plichten": [{"soort": "eigenaar-informeren"}, {"soort": "nabeoordelen", "dagen": 14}],
        })
    );
}

#[test]
fn a_denial_tells_how_many_owners_it_waits_for_and_names_none() {
    let secret = "pseudoniem-van-iemand";
    let asked = Asked::new("overig", "schaderapport")
        .owners("2015-01-01T00:00:00Z", &["A", secret, "C"])
        .choice(ChoiceKind::Consent, "A", ChoiceState::Given);
    let Verdict::Deny(denial) = asked.ask(&bundle(TWG)) else {
        panic!("permitted");
    };
    assert_eq!(denial.reason(), Reason::ConsentIncomplete);
    let [missing] = denial.missing() else {
        panic!("{denial:?}");
    };
    assert_eq!((missing.fact, missing.needed), (Fact::Consent, 2));
    // In the order of their pseudonyms: A, C, and whoever it is.
    assert_eq!(missing.owners, [2, 3]);
    assert!(!format!("{denial:?}").contains(secret));
}

#[test]
fn a_missing_team_is_named() {
    let asked = Asked::new("aos", "opnamerapport").aos();
    let Verdict::Deny(denial) = asked.ask(&bundle(TWG)) else {
        panic!("permitted");
    };
    let missing = denial.missing().first().unwrap();
    assert_eq!(missing.value.as_deref(), Some("aos"));
    assert!(missing.together_with.is_empty());
}

#[test]
fn choices_of_another_address_do_not_count() {
    let mut asked = Asked::new("overig", "schaderapport").owners("2015-01-01T00:00:00Z", &["A"]);
    let mut choice = asked.new_choice(ChoiceKind::Consent, "A", ChoiceState::Given);
    asked.facts.choices.push(choice.clone());
    let bundle = bundle(TWG);
    assert_eq!(said(&asked.ask(&bundle)), "AVG 6(1)(a)");
    choice.address = crate::domain::AddressId::parse("0014200099999999").unwrap();
    asked.facts.choices = vec![choice];
    assert_eq!(
        said(&asked.ask(&bundle)),
        "TOESTEMMING_ONTBREEKT toestemming"
    );
}

#[test]
fn combined_means_a_dossier_at_both_parties_of_the_exchange() {
    let bundle = bundle(TWG);
    let asked = Asked::new("combinatie-behandeling", "opnamerapport")
        .owners("2015-01-01T00:00:00Z", &["A"])
        .choice(ChoiceKind::JointRequest, "A", ChoiceState::Given)
        .combined();
    assert_eq!(said(&asked.ask(&bundle)), "TwG 2a(4) jo. 3(4) en 3(5)");
    let mut other = asked.clone();
    for dossier in &mut other.facts.dossiers {
        if dossier.organisation == oin("ncg") {
            dossier.organisation = oin("gemeente");
        }
    }
    assert_eq!(said(&other.ask(&bundle)), "GEEN_GRONDSLAG combinatie");
    let mut closed = asked;
    for dossier in &mut closed.facts.dossiers {
        dossier.active = dossier.organisation != oin("ncg");
    }
    assert_eq!(said(&closed.ask(&bundle)), "GEEN_GRONDSLAG combinatie");
}

#[test]
fn more_owners_than_were_made_in_advance_still_all_count() {
    let names: Vec<String> = (0..70).map(|n| format!("eigenaar-{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut asked = Asked::new("overig", "schaderapport").owners("2015-01-01T00:00:00Z", &names);
    let bundle = bundle(TWG);
    for name in names.iter().skip(1) {
        asked = asked.choice(ChoiceKind::Consent, name, ChoiceState::Given);
    }
    assert_eq!(
        said(&asked.ask(&bundle)),
        "TOESTEMMING_ONVOLLEDIG toestemming"
    );
    let all = asked.choice(
        ChoiceKind::Consent,
        names.first().unwrap(),
        ChoiceState::Given,
    );
    assert_eq!(said(&all.ask(&bundle)), "AVG 6(1)(a)");
}

#[test]
fn the_words_of_a_bundle_are_its_own() {
    let (twg, convenant) = (bundle(TWG), bundle(CONVENANT));
    let health = Purpose::parse("knelpunt-gezondheid").unwrap();
    assert!(twg.vocabulary().knows_purpose(&health));
    assert!(!convenant.vocabulary().knows_purpose(&health));
    let img = Role::parse("img").unwrap();
    let ncg = Role::parse("ncg").unwrap();
    let report = DocumentKind::parse("schaderapport").unwrap();
    let urgent = Mark::parse("urgentie").unwrap();
    let words = twg.vocabulary();
    let [of_img, of_ncg] = [&img, &ncg].map(|role| words.find_words_of(role).unwrap());
    assert_eq!(of_img.kinds.find("Deskundigenadvies"), Some(&report));
    assert_eq!(of_ncg.kinds.find("Deskundigenadvies"), None);
    assert_eq!(of_ncg.marks.find("bijzondere situatie"), Some(&urgent));
    let uri = words
        .find_purpose(&health)
        .and_then(|p| p.activities.get(&img));
    assert_eq!(
        uri.map(String::as_str),
        Some("https://sluis.example/verwerkingen/img/knelpunt-gezondheid")
    );
}

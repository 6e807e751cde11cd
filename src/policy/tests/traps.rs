//! The traps of the library, each with a test that fails without its guard.

use std::collections::BTreeMap;

use cedar_policy::{Entities, Policy, PolicyId};

use super::support::{ADDRESS, Asked, TWG, bundle, changed, files, replace, said};
use crate::domain::{AddressId, ChoiceKind, ChoiceState};
use crate::policy::engine::{Engine, Outcome, Prepared, Unusable};
use crate::policy::facts::Situation;
use crate::policy::lint::{Rule, Says};
use crate::policy::reason::Reason;
use crate::policy::schema;
use crate::policy::verdict::{Ground, RuleId};
use crate::policy::{Bundle, Fact, Verdict};

const SCHEMA: &str = r#"
entity Partij enum ["img"];
entity Team enum ["geen"];
entity Doel enum ["aos"];
entity Soort enum ["planning"];
entity Organisatie = { partij: Partij };
entity Eigenaar;
entity Document = { houder: Organisatie, bron: Partij, adres: String, soort: Soort, gezondheid: Bool, eigenaren: Set<Eigenaar> };
action verstrekken;
action een in [verstrekken] appliesTo { principal: Organisatie, resource: Document, context: { doel: Doel, nu: Long } };
action ander in [verstrekken] appliesTo { principal: Organisatie, resource: Document, context: { doel: Doel } };
"#;

/// An engine over rules that were *not* linted: what would happen if a dangerous one slipped in.
fn unlinted(rules: &[(&str, &str)]) -> Engine {
    let read = schema::read(SCHEMA).unwrap();
    let rules: Vec<Rule> = rules
        .iter()
        .enumerate()
        .map(|(order, (article, text))| {
            let id = format!("r{order}");
            Rule {
                id: RuleId::new(&id),
                order,
                policy: Policy::parse(Some(PolicyId::new(&id)), text).unwrap(),
                text: text.to_string(),
                sentence: crate::policy::Bilingual::default(),
                file: "x.cedar".to_owned(),
                line: 1,
                switch: None,
                says: if text.starts_with("permit") {
                    Says::Permit {
                        ground: std::sync::Arc::new(Ground {
                            iri: "i".to_owned(),
                            also: Vec::new(),
                            article: (*article).to_owned(),
                        }),
                        obligations: Vec::new(),
                    }
                } else {
                    Says::Forbid {
                        reason: Reason::NoGround,
                    }
                },
            }
        })
        .collect();
    Engine::new(&read, &rules, &BTreeMap::new()).unwrap()
}

/// A situation of the schema above.
fn asked(engine: &Engine, with: impl FnOnce(&mut Prepared)) -> Result<Outcome, Unusable> {
    let situation = situation(1);
    let mut prepared = engine.prepare(&situation).unwrap();
    with(&mut prepared);
    engine.ask("een", &situation, &prepared)
}

fn situation(owners: usize) -> Situation<'static> {
    use crate::clock::Moment;
    use crate::domain::Oin;
    let nobody = crate::policy::facts::Stand::default;
    Situation {
        at: Moment::from_unix_seconds(1_700_000_000).unwrap(),
        requester: Oin::parse("00000000000000000001").unwrap(),
        requester_role: "img",
        provider: Oin::parse("00000000000000000002").unwrap(),
        provider_role: "img",
        team: None,
        purpose: "aos",
        kind: "planning",
        health: false,
        address: AddressId::parse(ADDRESS).unwrap(),
        owners,
        consent: nobody(),
        explicit_agreement: nobody(),
        objection: nobody(),
        joint_request: nobody(),
        combined: false,
        unsafe_since_until: None,
    }
}

const PERMIT: (&str, &str) = (
    "A 1",
    "permit (principal, action == Action::\"een\", resource);",
);

#[test]
fn trap_1a_a_prohibition_that_errors_is_skipped_by_cedar_and_refused_by_us() {
    let overflows = (
        "A 1",
        "forbid (principal, action == Action::\"een\", resource) when { context.nu + 9223372036854775807 > 0 };",
    );
    assert!(matches!(
        asked(&unlinted(&[PERMIT, overflows]), |_| {}),
        Err(Unusable::RuleFailed)
    ));
    assert!(matches!(
        asked(&unlinted(&[PERMIT]), |_| {}),
        Ok(Outcome::Permit(_))
    ));
}

#[test]
fn trap_1b_an_entity_that_is_referred_to_must_be_there() {
    // `in` on an absent entity is silently false: this prohibition would not notice.
    let silent = (
        "A 1",
        "forbid (principal, action == Action::\"een\", resource) when { resource.houder in resource.houder && resource.houder has partij && resource.houder.partij == Partij::\"img\" };",
    );
    let engine = unlinted(&[PERMIT, silent]);
    assert!(matches!(asked(&engine, |_| {}), Ok(Outcome::Deny(_))));
    let without = |gone: &'static str| {
        move |prepared: &mut Prepared| {
            let kept = prepared
                .entities
                .iter()
                .filter(|entity| entity.uid().to_string() != gone)
                .cloned();
            prepared.entities = Entities::from_entities(kept, None).unwrap();
        }
    };
    for gone in [
        "Organisatie::\"00000000000000000001\"",
        "Organisatie::\"00000000000000000002\"",
        "Document::\"document\"",
        "Eigenaar::\"0\"",
        "Action::\"een\"",
    ] {
        assert!(
            matches!(asked(&engine, without(gone)), Err(Unusable::NotClosed)),
            "{gone}"
        );
    }
}

#[test]
fn trap_1c_a_permit_has_exactly_one_ground() {
    let same = (
        "A 1",
        "permit (principal, action in Action::\"verstrekken\", resource);",
    );
    let other = (
        "A 2",
        "permit (principal, action in Action::\"verstrekken\", resource);",
    );
    assert!(matches!(
        asked(&unlinted(&[PERMIT, other]), |_| {}),
        Err(Unusable::NotOneGround)
    ));
    match asked(&unlinted(&[PERMIT, same]), |_| {}) {
        Ok(Outcome::Permit(granted)) => {
            let ids: Vec<&str> = granted.rules.iter().map(RuleId::as_str).collect();
            assert_eq!(ids, ["r0", "r1"], "every determining rule, in order");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn trap_1d_an_unusable_policy_is_a_refusal_of_its_own_kind() {
    let bundle = bundle(TWG);
    let mut unknown = Asked::new("schade-afhandeling", "opnamerapport");
    unknown.requester = "waterschap";
    assert_eq!(said(&unknown.ask(&bundle)), "BELEID_ONBRUIKBAAR");
    let here = Asked::new("schade-afhandeling", "opnamerapport");
    let elsewhere = AddressId::parse("0014200099999999").unwrap();
    assert_eq!(said(&here.ask(&bundle)), "TwG 3(4)");
    assert_eq!(
        said(&here.ask_about(&bundle, elsewhere)),
        "BELEID_ONBRUIKBAAR"
    );
}

#[test]
fn trap_1e_a_prohibition_on_the_group_reaches_every_action_and_others_stay_out() {
    let on_group = (
        "",
        "forbid (principal, action in Action::\"verstrekken\", resource);",
    );
    let on_all = ("", "forbid (principal, action, resource);");
    let on_list = (
        "",
        "forbid (principal, action in [Action::\"ander\", Action::\"een\"], resource);",
    );
    for reaches in [on_group, on_all, on_list] {
        assert!(
            matches!(asked(&unlinted(&[PERMIT, reaches]), |_| {}), Ok(Outcome::Deny(f)) if f.len() == 1),
            "{reaches:?}"
        );
    }
    let on_other = (
        "",
        "forbid (principal, action == Action::\"ander\", resource);",
    );
    assert!(matches!(
        asked(&unlinted(&[PERMIT, on_other]), |_| {}),
        Ok(Outcome::Permit(_))
    ));
}

/// All mistakes after a change in the consent rules, or nothing if it was accepted.
fn refused(file: &str, from: &str, to: &str) -> String {
    match changed(TWG, file, &[(from, to)]) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn trap_2_everybody_of_nobody_is_not_consent() {
    let guard = "  !resource.eigenaren.isEmpty() &&\n";
    for file in [
        "00-verboden.cedar",
        "30-publieke-taak.cedar",
        "40-gezondheid.cedar",
        "50-toestemming.cedar",
    ] {
        let told = refused(file, guard, "");
        assert!(told.contains("containsAll zonder"), "{file}: {told}");
    }
    // The guard must be about the same set, and be a condition rather than an alternative.
    for (from, to) in [
        (
            "!resource.eigenaren.isEmpty()",
            "!context.toestemming.actief.isEmpty()",
        ),
        (
            "!resource.eigenaren.isEmpty() &&",
            "!resource.eigenaren.isEmpty() ||",
        ),
        (
            "!resource.eigenaren.isEmpty()",
            "resource.eigenaren.isEmpty()",
        ),
    ] {
        let told = refused("50-toestemming.cedar", from, to);
        assert!(told.contains("containsAll zonder"), "{to}: {told}");
    }
    // And what it is for.
    let nobody =
        Asked::new("overig", "schaderapport").choice(ChoiceKind::Consent, "A", ChoiceState::Given);
    let bundle = bundle(TWG);
    assert_eq!(
        said(&nobody.ask(&bundle)),
        "TOESTEMMING_ONTBREEKT toestemming+eigenaren"
    );
    let somebody = nobody.owners("2015-01-01T00:00:00Z", &["A"]);
    assert_eq!(said(&somebody.ask(&bundle)), "AVG 6(1)(a)");
}

#[test]
fn trap_3_reckoning_that_can_overflow_is_kept_out_of_the_rules() {
    for reckoning in [
        "context.nu + 1 < context.melding.tot",
        "context.nu - 1 < context.melding.tot",
        "context.nu * 2 < context.melding.tot",
        "-context.nu < context.melding.tot",
        "(if context.melding.actief then context.nu + 1 else 0) < context.melding.tot",
    ] {
        let told = refused(
            "20-aos.cedar",
            "context.nu < context.melding.tot",
            reckoning,
        );
        assert!(told.contains("kan mislukken"), "{reckoning}: {told}");
    }
    let told = refused(
        "20-aos.cedar",
        "context.nu < context.melding.tot",
        "datetime(\"2024-01-01\").offset(duration(\"1d\")) < datetime(\"2024-02-01\")",
    );
    assert!(told.contains("`offset` kan mislukken"), "{told}");
}

#[test]
fn trap_4_validation_is_strict() {
    for (from, to) in [
        // Types that can never be equal.
        (
            "context.team == Team::\"aos\"",
            "context.team == Doel::\"aos\"",
        ),
        // A word that does not exist.
        (
            "context.team == Team::\"aos\"",
            "context.team == Team::\"a0s\"",
        ),
        // A rule that can never apply is a warning of Cedar's, and a mistake here.
        ("context.team == Team::\"aos\"", "false"),
        // Further than the facts are handed over.
        (
            "resource.bron == Partij::\"img\"",
            "resource.houder.partij == Partij::\"img\"",
        ),
    ] {
        let told = refused("20-aos.cedar", from, to);
        assert!(told.contains("20-aos.cedar:"), "{to} was accepted: {told}");
        assert!(
            told.contains("(regel aos-van-img-naar-ncg)"),
            "{to}: {told}"
        );
    }
}

#[test]
fn trap_4_an_attribute_that_may_be_absent_is_asked_the_right_way_round() {
    for (asked, accepted) in [
        (
            "(!(context.melding has soms) || context.melding.soms) &&",
            false,
        ),
        ("context.melding.soms &&", false),
        (
            "!(context.melding has soms && context.melding.soms) &&",
            true,
        ),
    ] {
        let mut files = files(TWG);
        replace(
            &mut files,
            "schema.cedarschema",
            "actief: Bool,",
            "actief: Bool, soms?: Bool,",
        );
        replace(
            &mut files,
            "20-aos.cedar",
            "context.melding.actief &&",
            asked,
        );
        let loaded = Bundle::from_files(TWG, files);
        assert_eq!(loaded.is_ok(), accepted, "{asked}: {loaded:?}");
    }
}

#[test]
fn trap_5_rules_go_by_their_own_id() {
    let bundle = bundle(TWG);
    match Asked::new("schade-afhandeling", "opnamerapport").ask(&bundle) {
        Verdict::Permit(permit) => {
            let ids: Vec<&str> = permit.rules().iter().map(RuleId::as_str).collect();
            assert_eq!(ids, ["schade-afhandeling"], "not the library's policy0");
        }
        other @ Verdict::Deny(_) => panic!("{other:?}"),
    }
    let told = refused("20-aos.cedar", "@id(\"aos-van-img-naar-ncg\")\n", "");
    assert!(told.contains("20-aos.cedar:6: @id ontbreekt"), "{told}");
}

#[test]
fn trap_6_templates_are_refused() {
    let told = refused(
        "20-aos.cedar",
        "permit (principal, action == Action::\"aos\", resource)",
        "permit (principal == ?principal, action == Action::\"aos\", resource)",
    );
    assert!(told.contains("template"), "{told}");
}

#[test]
fn trap_7_a_default_refusal_gets_its_reasons_computed() {
    let asked = Asked::new("combinatie-behandeling", "opnamerapport");
    // Nothing prohibits it; Cedar has no reasons to give. Three facts are missing together.
    match asked.ask(&bundle(TWG)) {
        Verdict::Deny(denial) => {
            assert!(denial.rules().is_empty());
            let first = denial.missing().first().unwrap();
            assert_eq!(first.fact, Fact::JointRequest);
            assert_eq!(first.together_with, [Fact::Combined, Fact::OwnersKnown]);
        }
        other @ Verdict::Permit(_) => panic!("{other:?}"),
    }
}

#[test]
fn trap_8_spelling_that_cedar_refuses_is_told_with_its_line() {
    let told = refused(
        "20-aos.cedar",
        "context.nu < context.melding.tot",
        "datetime(\"2024-01-01T00:00:00+01:00\") < datetime(\"2024-02-01\")",
    );
    assert!(told.contains("20-aos.cedar:"), "{told}");
    let told = refused(
        "20-aos.cedar",
        "context.melding.actief",
        "context.méling.actief",
    );
    assert!(told.contains("20-aos.cedar:19:"), "{told}");
}

#[test]
fn rules_name_words_of_the_agreement_and_nobody_in_particular() {
    let told = refused(
        "20-aos.cedar",
        "principal.partij == Partij::\"ncg\"",
        "principal == Organisatie::\"00000001812345678000\"",
    );
    assert!(told.contains("alleen woorden uit een opsomming"), "{told}");
}

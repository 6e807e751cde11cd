//! What is wrong with `grenzen.cedar` is found, with file, line and id.

use super::support::{CANDIDATE, CONVENANT, TWG, bundle, changed, files};
use crate::policy::Bundle;

const FILE: &str = "grenzen.cedar";

fn told(error: &crate::policy::BundleError) -> String {
    let mistakes = error.mistakes().iter().map(ToString::to_string);
    mistakes.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_mistake_in_a_limit_is_told_with_its_line() {
    let id = "@id(\"grens-eigen-document\")";
    let condition = "when { principal == resource.houder };";
    for (from, to, expected) in [
        (
            id,
            "@id(\"\")",
            "grenzen.cedar:22: @id ontbreekt of is leeg",
        ),
        (id, "@id(\"eigen-document\")", "begint met \"grens-\""),
        (
            id,
            "@id(\"grens-gezondheid\")",
            "grenzen.cedar:22 (regel grens-gezondheid): deze @id is al van een andere grens",
        ),
        (
            "@zin(\"Wie een document zelf houdt, krijgt het nooit langs deze weg.\")\n",
            "",
            "grenzen.cedar:22 (regel grens-eigen-document): @zin: verwacht een zin in het Nederlands",
        ),
        (
            "@sentence(\"Whoever holds a document is never given it through this gateway.\")",
            "@sentence(\"whoever\")",
            "@sentence: verwacht een zin in het Engels",
        ),
        (
            id,
            "@id(\"grens-x\")\n@reden(\"GEEN_GRONDSLAG\")",
            "@reden hoort niet bij een grens",
        ),
        (
            id,
            "@id(\"grens-x\")\n@schakelaar(\"maan=vol\")",
            "verwacht een schakelaar van het manifest",
        ),
        (
            "@artikel(\"TwG 3(1)\")",
            "@artikel(\" \")",
            "@artikel is leeg",
        ),
        (condition, ";", "een grens zonder voorwaarde verbiedt alles"),
        (
            "forbid (principal, action, resource)\nwhen { principal ==",
            "permit (principal, action, resource)\nwhen { principal ==",
            "een grens is een `forbid`",
        ),
        (
            "forbid (principal, action, resource)\nwhen { principal ==",
            "forbid (principal, action == Action::\"besluit\", resource)\nwhen { principal ==",
            "een grens begint met `forbid (principal, action, resource)`",
        ),
        (
            condition,
            "when { principal = resource.houder };",
            "grenzen.cedar:27: ",
        ),
        (condition, "when { context.humeur };", "humeur"),
        (
            condition,
            "when { resource.soort == Soort::\"brief\" };",
            "brief",
        ),
        (
            condition,
            "when { principal == Organisatie::\"1\" };",
            "noemt alleen woorden uit een opsomming",
        ),
        (
            condition,
            "when { context.nu + 1 > 2 };",
            "`+` kan mislukken",
        ),
        (
            condition,
            "when { context.bezwaar.actief.containsAll(resource.eigenaren) };",
            "van een lege verzameling is altijd alles aanwezig",
        ),
    ] {
        let error = changed(TWG, FILE, &[(from, to)]).unwrap_err();
        let told = told(&error);
        assert!(told.contains(expected), "{to}:\n{told}");
        assert!(told.contains(FILE), "{told}");
    }
}

#[test]
fn a_bundle_without_limits_is_none() {
    let mut without = files(TWG);
    without.retain(|(name, _)| name != FILE);
    let error = Bundle::from_files(TWG, without).unwrap_err();
    assert_eq!(told(&error), "grenzen.cedar: dit bestand ontbreekt");
    let mut empty = files(TWG);
    for (name, bytes) in &mut empty {
        if name == FILE {
            *bytes = b"// niets\n".to_vec();
        }
    }
    let error = Bundle::from_files(TWG, empty).unwrap_err();
    assert_eq!(told(&error), "grenzen.cedar: er staat geen enkele grens in");
}

#[test]
fn limits_are_in_the_hash_and_decide_nothing() {
    let before = bundle(CONVENANT);
    let limit = "when { principal == resource.houder };";
    let after = changed(
        CONVENANT,
        FILE,
        &[(limit, "when { principal != resource.houder };")],
    )
    .unwrap();
    assert_ne!(before.hash(), after.hash());
    assert!(
        after.run_table().is_clean(),
        "a limit that forbids everything decides nothing"
    );
    for code in [CONVENANT, TWG, CANDIDATE] {
        let bundle = bundle(code);
        assert!(
            bundle.limits().any(|limit| limit.id == "grens-gezondheid"),
            "{code}"
        );
        assert!(bundle.find_rule("grens-gezondheid").is_none(), "{code}");
    }
}

//! The pages a bundle is shown in: kept as they are, and held to what is decided.

use super::properties::BUNDLES;
use super::support::{CANDIDATE, CONVENANT, TWG, bundle, changed};
use crate::language::Language;
use crate::policy::comparison::{self, Example, Solved};
use crate::policy::document;
use crate::policy::matrix::Shift;
use crate::policy::{Bilingual, Bundle};

/// A page without its style, which is the same in all, and without hashes, which any change changes.
fn without_style(page: &str, bundles: &[&Bundle]) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let mut page = format!("{before}{after}");
    for bundle in bundles {
        page = page.replace(&bundle.hash().to_string(), "…");
    }
    page
}

#[test]
fn the_terms_as_a_citizen_reads_them() {
    for (code, l) in [
        (TWG, Language::Dutch),
        (TWG, Language::English),
        (CONVENANT, Language::Dutch),
        (CANDIDATE, Language::Dutch),
    ] {
        let bundle = bundle(code);
        let page = document::page(&bundle, l).unwrap();
        let name = format!("afspraken-{code}-{}", l.tag());
        insta::assert_snapshot!(name, without_style(&page, &[&bundle]));
    }
}

#[test]
fn every_rule_that_can_decide_has_a_place_on_the_page() {
    for bundle in &*BUNDLES {
        let content = document::content(bundle, Language::Dutch).unwrap();
        for rule in bundle.rules_in_force() {
            let place = format!(" id=\"regel-{}\"", rule.id);
            assert_eq!(
                content.matches(&place).count(),
                1,
                "{} {}",
                bundle.id(),
                rule.id
            );
        }
        assert!(!content.contains("<html"), "{}", bundle.id());
    }
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    let [old, new, candidate] = &*BUNDLES;
    for l in [Language::Dutch, Language::English] {
        for page in [
            document::page(new, l).unwrap(),
            comparison::page(old, candidate, None, l).unwrap(),
        ] {
            for never in [
                "<script", "src=", "url(", "@import", "<link", " style=", "onclick",
            ] {
                assert!(!page.contains(never), "{never}");
            }
            assert!(page.contains(&format!("<html lang=\"{}\">", l.tag())));
            assert_eq!(page.matches("<h1>").count(), 1);
        }
    }
}

#[test]
fn what_a_bundle_says_ends_on_the_page_as_text() {
    let file = "10-wettelijke-plicht.cedar";
    let said = "NCG verstrekt het Instituut op verzoek wat nodig is om de schade";
    let bundle = changed(TWG, file, &[(said, "Het <b>is</b> & blijft: NCG")]).unwrap();
    let page = document::page(&bundle, Language::Dutch).unwrap();
    assert!(!page.contains("<b>is"), "{page}");
    assert!(
        page.contains("Het &#60;b&#62;is&#60;/b&#62; &#38; blijft"),
        "{page}"
    );
}

#[test]
fn the_page_follows_the_switches() {
    let one = "Dan is het genoeg als één van hen ja zegt en geen ander nee.";
    let all = "Dan moeten zij allemaal ja zeggen.";
    for (stand, expected, unexpected) in [("ja", all, one), ("nee", one, all)] {
        let to = format!(
            "standen = [\"ja\", \"nee\"]\nstand = \"{stand}\"\ntoelichting = \"\"\"\nBij `ja` tellen"
        );
        let from =
            "standen = [\"ja\", \"nee\"]\nstand = \"ja\"\ntoelichting = \"\"\"\nBij `ja` tellen";
        let bundle = changed(CONVENANT, "manifest.toml", &[(from, &to)]).unwrap();
        let page = document::page(&bundle, Language::Dutch).unwrap();
        assert!(page.contains(expected), "{stand}");
        assert!(!page.contains(unexpected), "{stand}");
    }
}

#[test]
fn the_comparison_for_a_meeting() {
    let (old, new) = (bundle(CONVENANT), bundle(CANDIDATE));
    let page = comparison::page(&old, &new, None, Language::Dutch).unwrap();
    insta::assert_snapshot!(
        "vergelijking-kandidaat",
        without_style(&page, &[&old, &new])
    );

    let both = |dutch: &str, english: &str| Bilingual {
        dutch: dutch.to_owned(),
        english: english.to_owned(),
    };
    let solved = Solved {
        solver: "cvc5 1.0.3".to_owned(),
        is_wider: true,
        is_tighter: false,
        examples: vec![Example {
            shift: Shift::Wider,
            told: both(
                "NCG vraagt een schaderapport.",
                "NCG asks for a damage report.",
            ),
            old: both("geweigerd", "refused"),
            new: both("toegestaan", "permitted"),
        }],
        remarks: vec![both("De dagen zijn gelijk.", "The days are the same.")],
    };
    let page = comparison::page(&old, &new, Some(&solved), Language::English).unwrap();
    for expected in [
        "The new terms are wider",
        "proven for all conceivable requests with cvc5 1.0.3",
        "NCG asks for a damage report.",
        "The days are the same.",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let page = comparison::page(&old, &old, None, Language::Dutch).unwrap();
    assert!(page.contains("De twee beslissen hetzelfde."));
    assert!(!page.contains("class=\"merkje\""));
}

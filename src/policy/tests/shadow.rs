//! A candidate beside the bundle in force.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::properties::{BUNDLES, question};
use super::support::{Asked, CANDIDATE, CONVENANT, TWG, bundle, changed};
use crate::policy::{Difference, Judgement, Said, Shadow, Tried, Verdict, tried};

/// Each shipped bundle on trial, and the statute's with another comment.
static SHADOWS: LazyLock<[Shadow; 4]> = LazyLock::new(|| {
    let [one, two, three] = [CONVENANT, TWG, CANDIDATE].map(bundle);
    let same = commented();
    [one, two, three, same].map(|bundle| Shadow::new(Arc::new(bundle)))
});

fn commented() -> crate::policy::Bundle {
    changed(TWG, "00-verboden.cedar", &[("@id(", "// Proef.\n@id(")]).unwrap()
}

fn beside(asked: &Asked, in_force: usize, candidate: usize) -> Option<Tried> {
    asked.with_question(asked.facts.address, |question| {
        let verdict = BUNDLES[in_force].decide(question);
        SHADOWS[candidate].beside(&BUNDLES[in_force], question, Said::from(&verdict))
    })
}

#[test]
fn a_candidate_says_where_it_differs() {
    let (convenant, twg, candidate) = (0, 1, 2);
    let owned = |purpose, kind| Asked::new(purpose, kind).owners("2015-01-01T00:00:00Z", &["A"]);
    let combination = || {
        let mut asked = owned("combinatie-behandeling", "opnamerapport").combined();
        asked.team = Some("combinatieteam");
        asked
    };
    let mut stranger = owned("schade-afhandeling", "opnamerapport");
    stranger.kind = "kattenfoto";
    for (name, asked, pair, difference) in [
        (
            "a purpose that the candidate does not have",
            owned("knelpunt-gezondheid", "gezondheidsgegevens"),
            (twg, convenant),
            Some(Difference::Unknown),
        ),
        ("a kind that neither has", stranger, (twg, convenant), None),
        ("the same bundle", combination(), (twg, twg), None),
        ("the same rules", combination(), (twg, 3), None),
        (
            "the question of the letter",
            combination(),
            (convenant, candidate),
            Some(Difference::DenyToPermit),
        ),
        (
            "and the other way round",
            combination(),
            (candidate, convenant),
            Some(Difference::PermitToDeny),
        ),
    ] {
        let found = beside(&asked, pair.0, pair.1);
        assert_eq!(
            found.as_ref().map(|one| one.difference),
            difference,
            "{name}: {found:?}"
        );
        let Some(found) = found else { continue };
        assert_eq!(found.bundle, BUNDLES[pair.1].hash(), "{name}");
        let says = (found.ground.is_some(), found.reason.is_some());
        let expected = match found.difference {
            Difference::PermitToDeny => (false, true),
            Difference::DenyToPermit | Difference::Ground => (true, false),
            Difference::Unknown => (false, false),
        };
        assert_eq!(says, expected, "{name}: {found:?}");
    }
}

proptest! {
    /// Whatever is asked, and however often: the quick answer is that of a whole decision.
    #[test]
    fn it_says_what_it_would_decide(asked in question(), in_force in 0..3_usize, candidate in 0..4_usize) {
        let shadow = &SHADOWS[candidate];
        let (first, again, checked) = asked.with_question(asked.facts.address, |question| {
            let bundle = &BUNDLES[in_force];
            let verdict = bundle.decide(question);
            let said = || Said::from(&verdict);
            let first = shadow.beside(bundle, question, said());
            let again = shadow.beside(bundle, question, said());
            let judged = shadow.bundle().judge(question);
            let checked = tried((bundle, said()), (shadow.bundle(), &judged), question);
            (first, again, checked)
        });
        prop_assert_eq!(&first, &checked);
        prop_assert_eq!(&again, &checked);
    }

    /// The outcome is what it is without a candidate.
    #[test]
    fn the_outcome_does_not_depend_on_it(asked in question(), in_force in 0..3_usize, candidate in 0..4_usize) {
        let (before, difference, after) = asked.with_question(asked.facts.address, |question| {
            let bundle = &BUNDLES[in_force];
            let before = bundle.decide(question);
            let found = SHADOWS[candidate].beside(bundle, question, Said::from(&before));
            (before, found.map(|found| found.difference), bundle.decide(question))
        });
        let permits = matches!(before, Verdict::Permit(_));
        prop_assert_eq!(Judgement::from(before), Judgement::from(after));
        match difference {
            Some(Difference::PermitToDeny | Difference::Ground) => prop_assert!(permits),
            Some(Difference::DenyToPermit) => prop_assert!(!permits),
            Some(Difference::Unknown) | None => {}
        }
    }

    /// However often and about which address a bundle is asked: it says what its rules say.
    #[test]
    fn what_it_said_before_is_what_it_says(asked in question(), number in 0..3_usize) {
        asked.with_question(asked.facts.address, |question| {
            let bundle = &BUNDLES[number];
            let afresh = Judgement::from(bundle.under(bundle.standing()).decide(question));
            let [first, again] = [(), ()].map(|()| bundle.judge(question));
            prop_assert_eq!(&first, &afresh);
            prop_assert_eq!(&again, &afresh);
            Ok(())
        })?;
    }

    /// A bundle with the same rules never differs.
    #[test]
    fn the_same_rules_never_differ(asked in question()) {
        prop_assert_eq!(beside(&asked, 1, 3), None);
    }
}

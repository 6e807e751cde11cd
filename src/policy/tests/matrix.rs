//! The matrix: kept as text for each shipped bundle, and held to what is decided.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::properties::{BUNDLES, question};
use super::support::{Asked, TWG, changed, oin};
use crate::domain::{DocumentKind, Purpose, Role};
use crate::policy::matrix::{
    Answer, Beside, Beyond, Direction, Matrix, Pair, Point, Row, Shift, point,
};
use crate::policy::{Bundle, Reason, Verdict};

static MATRICES: [LazyLock<Matrix>; 3] = [
    LazyLock::new(|| Matrix::of(&BUNDLES[0])),
    LazyLock::new(|| Matrix::of(&BUNDLES[1])),
    LazyLock::new(|| Matrix::of(&BUNDLES[2])),
];

/// Two shipped bundles beside each other.
fn beside(old: usize, new: usize) -> Beside {
    let side = |at: usize| (&BUNDLES[at], &*MATRICES[at]);
    Beside::of_made(side(old), side(new))
}

#[test]
fn what_each_shipped_bundle_decides() {
    for (bundle, matrix) in BUNDLES.iter().zip(MATRICES.iter()) {
        insta::assert_snapshot!(bundle.id(), matrix.text(bundle));
        // Every place is in exactly one group.
        let vocabulary = bundle.vocabulary();
        let roles = vocabulary.roles().count();
        let expected = (roles * roles + roles) * vocabulary.kinds().count();
        for purpose in &matrix.purposes {
            let mut times = BTreeMap::new();
            for place in purpose.groups.iter().flat_map(|group| &group.places) {
                for cell in place.cells() {
                    *times.entry(cell).or_insert(0) += 1;
                }
            }
            assert_eq!(times.len(), expected, "{}", purpose.purpose);
            assert!(
                times.values().all(|times| *times == 1),
                "{}",
                purpose.purpose
            );
        }
    }
}

#[test]
fn what_the_candidate_changes() {
    let itself = beside(0, 0);
    assert!(!itself.is_changed());
    assert_eq!(itself.changes(), "");
    let changes = beside(0, 2).changes();
    insta::assert_snapshot!("kandidaat-naast-convenant", changes);
}

#[test]
fn a_change_shows_where_it_is_and_nowhere_else() {
    for (file, from, to, shift, place) in [
        (
            "30-publieke-taak.cedar",
            "[Soort::\"planning\", Soort::\"contactgegevens\"]",
            "[Soort::\"contactgegevens\"]",
            Shift::Tighter,
            "planning",
        ),
        (
            "30-publieke-taak.cedar",
            "[Soort::\"planning\", Soort::\"contactgegevens\"]",
            "[Soort::\"planning\", Soort::\"contactgegevens\", Soort::\"normbesluit\"]",
            Shift::Wider,
            "normbesluit",
        ),
        (
            "30-publieke-taak.cedar",
            "@artikel(\"TwG 2a(3) jo. 3(5)\")",
            "@artikel(\"TwG 2a(3)\")",
            Shift::OtherGround,
            "contactgegevens, planning",
        ),
        (
            "50-toestemming.cedar",
            "context.toestemming.actief.containsAll(resource.eigenaren)",
            "!context.toestemming.actief.isEmpty()",
            Shift::Wider,
            "aos-inspectierapport",
        ),
    ] {
        let new = changed(TWG, file, &[(from, to)]).unwrap();
        let beside = Beside::of_made((&BUNDLES[1], &*MATRICES[1]), (&new, &Matrix::of(&new)));
        let changed: Vec<_> = beside
            .purposes
            .iter()
            .flat_map(|purpose| purpose.groups.iter().filter(|group| group.is_changed()))
            .collect();
        assert_eq!(changed.len(), 1, "{to}:\n{}", beside.changes());
        let kinds: Vec<&str> = changed[0]
            .places
            .iter()
            .flat_map(|place| place.kinds.iter().map(DocumentKind::as_str))
            .collect();
        assert!(kinds.join(", ").starts_with(place), "{to}: {kinds:?}");
        let shifts = changed[0].rows.iter().map(|row| row.value.shift());
        let shifts: Vec<Shift> = shifts.filter(|shift| shift.is_change()).collect();
        assert!(shifts.iter().all(|one| *one == shift), "{to}: {shifts:?}");
    }
}

#[test]
fn a_rule_that_tells_more_apart_than_the_matrix_is_named() {
    let file = "30-publieke-taak.cedar";
    let guard = "  context.bezwaar.actief.isEmpty()\n};";
    for (extra, expected) in [
        ("context.combinatie", None),
        ("resource.adres == \"x\"", Some("Text")),
        ("resource.adres like \"x*\"", Some("Text")),
        (
            "context.verzoek.actief.containsAny(context.bezwaar.actief)",
            Some("WhoSaidWhat"),
        ),
        (
            "context.verzoek.ontvanger == context.bezwaar.ontvanger",
            None,
        ),
    ] {
        let with = format!(
            "  context.bezwaar.actief.isEmpty() && !resource.eigenaren.isEmpty() && {extra}\n}};"
        );
        let beyond = Matrix::beyond_of(&changed(TWG, file, &[(guard, &with)]).unwrap());
        let beyond: Vec<String> = beyond.iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(
            beyond.len(),
            usize::from(expected.is_some()),
            "{extra}: {beyond:?}"
        );
        if let Some(expected) = expected {
            assert!(beyond[0].starts_with(expected), "{extra}: {beyond:?}");
        }
    }
    let late = changed(
        TWG,
        "20-aos.cedar",
        &[(
            "context.nu >= context.melding.sinds",
            "context.nu >= 1700000000000",
        )],
    );
    let beyond = Matrix::beyond_of(&late.unwrap());
    assert!(matches!(beyond.first(), Some(Beyond::Number(_))));
}

/// What was decided, as the matrix tells it.
fn decided(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Permit(permit) => Answer::Permitted {
            ground: permit.ground().clone(),
            rules: permit.rules().to_vec(),
            obligations: permit.obligations().to_vec(),
        },
        Verdict::Deny(denial) if denial.reason() == Reason::PolicyUnusable => Answer::Unknown,
        Verdict::Deny(denial) => {
            let rules = denial.rules().iter();
            Answer::Refused {
                rules: rules.map(|rule| (rule.clone(), Reason::NoGround)).collect(),
            }
        }
    }
}

/// The same of an answer of the matrix: a decision does not tell the reason of each prohibition.
fn predicted(answer: Option<&Answer>) -> Answer {
    match answer {
        None => Answer::Unknown,
        Some(Answer::Refused { rules }) => Answer::Refused {
            rules: rules
                .iter()
                .map(|(rule, _)| (rule.clone(), Reason::NoGround))
                .collect(),
        },
        Some(other) => other.clone(),
    }
}

/// Where a question stands in a bundle's matrix.
fn place(asked: &Asked, bundle: &Bundle) -> (Purpose, Direction, DocumentKind, Point) {
    let role = |role: &str| Role::parse(role).unwrap();
    let direction = Direction {
        from: role(asked.provider),
        to: role(asked.requester),
        is_own: oin(asked.provider) == oin(asked.requester),
    };
    let point = asked.with_question(asked.facts.address, |question| {
        point(&bundle.reduce(question))
    });
    let purpose = Purpose::parse(asked.purpose).unwrap();
    (
        purpose,
        direction,
        DocumentKind::parse(asked.kind).unwrap(),
        point,
    )
}

fn holding<'r, T>(rows: &'r [Row<T>], point: &Point) -> Vec<&'r T> {
    let rows = rows.iter().filter(|row| row.holds_at(point));
    rows.map(|row| &row.value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Folding lost nothing: the matrix says of every question what is decided.
    #[test]
    fn the_matrix_predicts_every_decision(asked in question()) {
        for (bundle, matrix) in BUNDLES.iter().zip(MATRICES.iter()) {
            let (purpose, direction, kind, point) = place(&asked, bundle);
            let found = matrix.find(&purpose, &direction, &kind, &point);
            prop_assert_eq!(predicted(found), decided(asked.ask(bundle)), "{}", bundle.id());
            let groups = matrix.purposes.iter().filter(|one| one.purpose == purpose);
            for group in groups.flat_map(|one| &one.groups) {
                prop_assert_eq!(holding(&group.rows, &point).len(), 1);
            }
        }
    }

    /// And beside each other they say what each says alone.
    #[test]
    fn beside_each_other_both_say_what_they_said(asked in question()) {
        static BESIDE: LazyLock<Beside> = LazyLock::new(|| beside(0, 1));
        let (purpose, direction, kind, _) = place(&asked, &BUNDLES[0]);
        let Some(of_purpose) = BESIDE.purposes.iter().find(|one| one.purpose == purpose) else {
            return Ok(());
        };
        let here = of_purpose.groups.iter().filter(|group| {
            let mut cells = group.places.iter().flat_map(crate::policy::matrix::Place::cells);
            cells.any(|cell| cell == (direction.clone(), kind.clone()))
        });
        let here: Vec<_> = here.collect();
        prop_assert_eq!(here.len(), 1);
        // The dates of a choice can count in one of the two only: each is asked at its own point.
        for (side, bundle) in BUNDLES.iter().take(2).enumerate() {
            let (.., point) = place(&asked, bundle);
            let pairs: Vec<&Pair> = holding(&here[0].rows, &point);
            prop_assert_eq!(pairs.len(), 1);
            let said = if side == 0 { &pairs[0].old } else { &pairs[0].new };
            prop_assert_eq!(predicted(Some(said)), decided(asked.ask(bundle)), "{}", bundle.id());
        }
    }
}

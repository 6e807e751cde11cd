use super::super::standing::{self, Stand};
use super::*;

#[test]
fn what_counts_now_is_what_the_policy_counts() {
    use ChoiceKind::Consent;
    use ChoiceState::{EnteredInError, Given, Refused, Requested, Withdrawn};
    for (why, choices, expected) in [
        ("nothing", vec![], vec![]),
        (
            "asked",
            vec![(1, Requested)],
            vec![(1, Stand::Is(Requested))],
        ),
        (
            "given",
            vec![(1, Requested), (2, Given)],
            vec![(2, Stand::Counts)],
        ),
        (
            "asked again",
            vec![(1, Given), (2, Requested)],
            vec![(2, Stand::Is(Requested)), (1, Stand::Counts)],
        ),
        (
            "taken back",
            vec![(1, Given), (1, Withdrawn)],
            vec![(1, Stand::Is(Withdrawn))],
        ),
        (
            "refused later",
            vec![(1, Given), (2, Refused)],
            vec![(2, Stand::Is(Refused))],
        ),
        (
            "given after a refusal",
            vec![(1, Refused), (2, Given)],
            vec![(2, Stand::Counts)],
        ),
        (
            "given twice",
            vec![(1, Given), (2, Given)],
            vec![(2, Stand::Counts), (1, Stand::Counts)],
        ),
        ("never was", vec![(1, Given), (1, EnteredInError)], vec![]),
    ] {
        let mut kept = registered(&[(SINCE_2020, &["eigenaar-17"])]);
        for (day, (id, state)) in (1..).zip(choices) {
            told(&mut kept, id, Consent, state, day);
        }
        let owners = standing::owners(&kept.facts, kept.at);
        let consent = &owners[0].chosen[0];
        let found: Vec<_> = consent
            .choices
            .iter()
            .map(|(choice, stand)| (choice.id.as_bytes()[0], *stand))
            .collect();
        assert_eq!(found, expected, "{why}");
    }
}

#[test]
fn dates_and_a_sale_end_a_choice() {
    let later = |kept: &mut Registered, at: &str| kept.at = moment(at);
    for (why, owners, at, current, former) in [
        (
            "now",
            vec![(SINCE_2020, &["eigenaar-17"][..])],
            "2026-03-20T12:00:00Z",
            Some(Stand::Counts),
            0,
        ),
        (
            "before it begins",
            vec![(SINCE_2020, &["eigenaar-17"][..])],
            "2026-02-01T00:00:00Z",
            Some(Stand::Later),
            0,
        ),
        (
            "run out",
            vec![(SINCE_2020, &["eigenaar-17"][..])],
            "2027-03-01T00:00:00Z",
            Some(Stand::Expired),
            0,
        ),
        (
            "sold",
            vec![
                (SINCE_2020, &["eigenaar-17"][..]),
                ("2026-03-10T00:00:00Z", &["eva"]),
            ],
            "2026-03-20T12:00:00Z",
            None,
            1,
        ),
        (
            "bought after",
            vec![("2026-03-10T00:00:00Z", &["eigenaar-17"][..])],
            "2026-03-20T12:00:00Z",
            None,
            1,
        ),
        ("nobody known", vec![], "2026-03-20T12:00:00Z", None, 1),
    ] {
        let mut kept = registered(&owners);
        told(&mut kept, 1, ChoiceKind::Consent, ChoiceState::Given, 1);
        later(&mut kept, at);
        let found = standing::owners(&kept.facts, kept.at);
        let stands = found
            .first()
            .and_then(|owner| Some(owner.chosen[0].choices.first()?.1));
        assert_eq!(stands, current, "{why}");
        assert_eq!(
            standing::of_former_owners(&kept.facts, kept.at).len(),
            former,
            "{why}"
        );
    }
}

//! Which bundle decides when.

use std::sync::Arc;

use super::support::{CANDIDATE, CONVENANT, TWG, bundle, moment};
use crate::domain::Sha256;
use crate::policy::{Activation, NotInForce, Policies, in_force};

#[test]
fn the_latest_activation_whose_dates_and_whose_bundles_dates_hold_decides() {
    let policies = Policies::new(vec![
        Arc::new(bundle(CONVENANT)),
        Arc::new(bundle(TWG)),
        Arc::new(bundle(CANDIDATE)),
    ]);
    let hash = |code| bundle(code).hash();
    let (convenant, twg, candidate) = (hash(CONVENANT), hash(TWG), hash(CANDIDATE));
    let unknown = Sha256::from_bytes([9; 32]);
    let on = |bundle, from, until: Option<&str>, index| Activation {
        bundle,
        from: moment(from),
        until: until.map(moment),
        index,
    };
    let (early, late) = ("2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let both = vec![on(convenant, early, None, 3), on(twg, early, None, 7)];
    for (activations, at, expected) in [
        (vec![], late, Err(NotInForce::None)),
        // An activation cannot stretch a bundle beyond its own dates, nor begin before its own.
        (
            both.clone(),
            "2021-03-31T21:59:59.999Z",
            Err(NotInForce::None),
        ),
        (both.clone(), "2021-03-31T22:00:00Z", Ok(CONVENANT)),
        (both.clone(), "2023-04-18T21:59:59.999Z", Ok(CONVENANT)),
        (both.clone(), "2023-04-18T22:00:00Z", Ok(TWG)),
        (
            vec![on(convenant, early, None, 3)],
            late,
            Err(NotInForce::None),
        ),
        (
            vec![on(twg, late, None, 1)],
            "2023-12-31T23:59:59.999Z",
            Err(NotInForce::None),
        ),
        (vec![on(twg, late, None, 1)], late, Ok(TWG)),
        (
            vec![on(twg, early, Some(late), 1)],
            "2023-12-31T23:59:59.999Z",
            Ok(TWG),
        ),
        (
            vec![on(twg, early, Some(late), 1)],
            late,
            Err(NotInForce::None),
        ),
        // What was agreed last counts, also when this gateway cannot follow it.
        (
            vec![on(unknown, early, None, 8), on(twg, early, None, 7)],
            late,
            Err(NotInForce::Unknown(unknown)),
        ),
        (
            vec![on(twg, early, None, 8), on(unknown, early, None, 7)],
            late,
            Ok(TWG),
        ),
        (
            vec![on(candidate, early, None, 8), on(twg, early, None, 7)],
            late,
            Err(NotInForce::Candidate(candidate)),
        ),
    ] {
        let got = in_force(&policies, &activations, moment(at)).map(|b| b.id().to_owned());
        assert_eq!(got, expected.map(str::to_owned), "{activations:?} at {at}");
    }
}

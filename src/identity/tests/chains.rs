//! Odd chains, and revocation along them.
#![expect(clippy::too_many_lines, reason = "a long table")]

use super::certificates::present;
use super::*;

/// A chain is judged whole.
pub(super) fn chains() -> usize {
    let root = Ca::root(ca_params("Root"));
    let other = Ca::root(ca_params("Root"));
    let domain = root.below(ca_params("Domain"));
    let tsp = domain.below(ca_params("TSP"));
    let deep = tsp.below(ca_params("Deep"));
    let not_ca = root.below({
        let mut params = ca_params("Not a CA");
        params.is_ca = IsCa::ExplicitNoCa;
        params
    });
    let no_sign = root.below({
        let mut params = ca_params("No signing");
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        params
    });
    let no_usage = root.below({
        let mut params = ca_params("No usage");
        params.key_usages = vec![];
        params
    });
    let short = root.below({
        let mut params = ca_params("Short");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
    });
    let too_low = short.below(ca_params("Too low"));
    let leaf = |ca: &Ca| issue(ca, &leaf_params());
    let fresh = |ca: &Ca| ca.crl(-1, 1, &[]);
    let all: Vec<String> = [
        &root, &domain, &tsp, &deep, &not_ca, &no_sign, &no_usage, &short, &too_low,
    ]
    .map(fresh)
    .to_vec();
    let der = |cas: &[&Ca]| cas.iter().map(|ca| ca.der.clone()).collect::<Vec<_>>();
    let chain = |ca: &Ca, above: &[&Ca]| [vec![leaf(ca)], der(above)].concat();
    let rows: Vec<(&str, Vec<CertificateDer<'static>>, &[String], &str)> = vec![
        ("nothing", vec![], &all, "a chain of 1 to 4"),
        (
            "five",
            chain(&deep, &[&deep, &tsp, &domain, &root]),
            &all,
            "a chain of 1 to 4",
        ),
        (
            "three between",
            chain(&deep, &[&deep, &tsp, &domain]),
            &all,
            "the path to the trust anchor is longer",
        ),
        (
            "not DER",
            vec![vec![1, 2, 3].into()],
            &all,
            "there is no valid path",
        ),
        (
            "other CA of the same name",
            chain(&other, &[]),
            &all,
            "there is no valid path",
        ),
        (
            "other CA, brought along",
            chain(&other, &[&other]),
            &all,
            "there is no valid path",
        ),
        (
            "one between is missing",
            chain(&tsp, &[&domain]),
            &all,
            "there is no valid path",
        ),
        (
            "CA without the flag",
            chain(&not_ca, &[&not_ca]),
            &all,
            "there is no valid path",
        ),
        (
            "CA without keyCertSign",
            chain(&no_sign, &[&no_sign]),
            &all,
            "certificate 1 of the path does not fit the profile: its key usage lacks keyCertSign",
        ),
        (
            "CA without key usage",
            chain(&no_usage, &[&no_usage]),
            &all,
            "certificate 1 of the path does not fit the profile: its key usage lacks keyCertSign",
        ),
        (
            "below a CA that may have none below",
            chain(&too_low, &[&too_low, &short]),
            &all,
            "there is no valid path",
        ),
        ("no CRL at all", chain(&root, &[]), &[], "there is no CRL"),
        (
            "no CRL of the one between",
            chain(&domain, &[&domain]),
            &all[..1],
            "there is no CRL",
        ),
        (
            "no CRL of the root",
            chain(&domain, &[&domain]),
            &all[1..2],
            "there is no CRL",
        ),
    ];
    let tried = rows.len();
    for (name, chain, crls, expected) in rows {
        let refused = present(&root, &chain, crls, 0).expect_err(name);
        assert!(refused.starts_with(expected), "{name}: {refused}");
    }
    for (name, chain) in [
        ("two between", chain(&tsp, &[&tsp, &domain])),
        (
            "two between and the root",
            chain(&tsp, &[&tsp, &domain, &root]),
        ),
        ("another order", chain(&tsp, &[&domain, &tsp])),
    ] {
        assert!(present(&root, &chain, &all, 0).is_ok(), "{name}");
    }
    tried
}

/// Revocation reaches the ones between, and staleness has its grace.
pub(super) fn revocations() -> usize {
    let root = Ca::root(ca_params("Root"));
    let domain = root.below({
        let mut params = ca_params("Domain");
        params.serial_number = Some(4711.into());
        params
    });
    let chain = [issue(&domain, &leaf_params()), domain.der.clone()];
    let day_ms = 24 * 3_600_000;
    let rows = [
        (
            "one between revoked",
            root.crl(-1, 1, &[4711]),
            0,
            Some("a certificate of the path was revoked"),
        ),
        (
            "stale, no grace",
            root.crl(-3, -1, &[]),
            0,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "stale at this very moment",
            root.crl(-3, 0, &[]),
            0,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "stale by exactly the grace",
            root.crl(-3, -1, &[]),
            day_ms,
            Some("the CRL of one of the issuers is stale"),
        ),
        (
            "revoked by a stale one",
            root.crl(-3, -1, &[4711]),
            day_ms + 1,
            Some("a certificate of the path was revoked"),
        ),
        (
            "stale by less than the grace",
            root.crl(-3, -1, &[]),
            day_ms + 1,
            None,
        ),
        ("fresh", root.crl(-1, 1, &[]), 0, None),
    ];
    let mut tried = 0;
    for (name, crl, grace_ms, expected) in rows {
        let outcome = present(&root, &chain, &[crl, domain.crl(-1, 1, &[])], grace_ms);
        assert_eq!(outcome.err().as_deref(), expected, "{name}");
        tried += usize::from(expected.is_some());
    }
    tried
}

//! Agreements on bundles: what can be signed, and its one form.

use super::support::{CANDIDATE, CONVENANT, TWG, folder};
use crate::clock::Moment;
use crate::policy::{Agreement, AgreementFlaw, Bundle, BundleHash, Revocation};

fn load(code: &str) -> Bundle {
    Bundle::load(&folder(code)).unwrap()
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

#[test]
fn what_cannot_be_agreed_is_told() {
    let bundle = load(TWG);
    let good = Agreement::new(&bundle, moment("2024-01-01T00:00:00Z"), None).unwrap();
    let with = |change: fn(&mut Agreement)| {
        let mut agreement = good.clone();
        change(&mut agreement);
        agreement.check(&bundle).unwrap_err().to_string()
    };
    for (said, wanted) in [
        (
            with(|a| a.bundle = BundleHash::from_bytes([7; 32])),
            "a file was changed after signing",
        ),
        (
            with(|a| a.title.push('!')),
            "a file was changed after signing",
        ),
        (with(|a| a.until = Some(a.from)), "before it begins"),
        (
            with(|a| a.from = moment("2023-01-01T00:00:00Z")),
            "not within that",
        ),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    let of_2021 = load(CONVENANT);
    let open = Agreement::new(&of_2021, moment("2022-01-01T00:00:00Z"), None);
    assert!(
        matches!(open, Err(AgreementFlaw::Outside { .. })),
        "{open:?}"
    );
    let candidate = load(CANDIDATE);
    let from = candidate.in_force().0;
    let refused = Agreement::new(&candidate, from, None).unwrap_err();
    assert_eq!(refused, AgreementFlaw::Candidate);
}

#[test]
fn both_texts_are_canonical() {
    let bundle = load(CONVENANT);
    let (from, until) = bundle.in_force();
    let agreement = Agreement::new(&bundle, from, until).unwrap().text();
    let revocation = Revocation::new(bundle.hash(), "sluis.example/ledger".to_owned(), 7).text();
    for text in [agreement, revocation] {
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            String::from_utf8(canonical).unwrap()
        );
    }
}

//! Agreements on bundles: what can be signed, and its one form.

use super::support::{CANDIDATE, CONVENANT, TWG, folder};
use crate::clock::Moment;
use crate::domain::Sha256;
use crate::policy::{Agreement, AgreementFlaw, Bundle, BundleHash, ProofRecord, Revocation};
use crate::policy::{find_shipped_proof, hash_of_files, shipped_proofs};

fn load(code: &str) -> Bundle {
    Bundle::load(&folder(code)).unwrap()
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

#[test]
fn what_cannot_be_agreed_is_told() {
    let bundle = load(TWG);
    let proof = ProofRecord::supposed(&bundle);
    let good = Agreement::new(&bundle, proof, moment("2024-01-01T00:00:00Z"), None).unwrap();
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
        (
            with(|a| a.proof = ProofRecord::supposed(&load(CONVENANT))),
            "the proof record is about the bundle ",
        ),
        (
            with(|a| a.proof = ProofRecord::of_ids(a.bundle, vec!["bouw-tafel".to_owned()])),
            "does not cover bouw-een-grond, bouw-eigen-document, bouw-geen-dode-regel, \
             bouw-geen-fouten, grens-aos, ",
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
    let proof = ProofRecord::supposed(&of_2021);
    let open = Agreement::new(&of_2021, proof, moment("2022-01-01T00:00:00Z"), None);
    assert!(
        matches!(open, Err(AgreementFlaw::Outside { .. })),
        "{open:?}"
    );
    let candidate = load(CANDIDATE);
    let from = candidate.in_force().0;
    let proof = ProofRecord::supposed(&candidate);
    let refused = Agreement::new(&candidate, proof, from, None).unwrap_err();
    assert_eq!(refused, AgreementFlaw::Candidate);
}

#[test]
fn both_texts_are_canonical() {
    let bundle = load(CONVENANT);
    let (from, until) = bundle.in_force();
    let proof = ProofRecord::supposed(&bundle);
    let agreement = Agreement::new(&bundle, proof, from, until).unwrap().text();
    let revocation = Revocation::new(bundle.hash(), Sha256::from_bytes([7; 32])).text();
    for text in [agreement, revocation] {
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            String::from_utf8(canonical).unwrap()
        );
    }
}

#[test]
fn what_was_kept_of_the_proofs_covers_the_shipped_bundles() {
    for code in [CONVENANT, TWG] {
        let (bundle, record) = (load(code), find_shipped_proof(code).unwrap());
        assert_eq!(
            record.bundle(),
            bundle.hash(),
            "{code}: prove it again (policies/LEESMIJ.md)"
        );
        assert!(
            record.covers(&bundle),
            "{code} lacks {:?}",
            record.lacks(&bundle)
        );
        let on_disk = folder("bewijzen").join(format!("{code}.json"));
        let on_disk = std::fs::read_to_string(on_disk).unwrap();
        assert_eq!(on_disk, format!("{}\n", record.to_json()));
    }
    assert_eq!(find_shipped_proof(CANDIDATE), None);
    let kept = std::fs::read_dir(folder("bewijzen")).unwrap().count();
    assert_eq!(kept, shipped_proofs().count());
}

#[test]
fn the_files_of_a_bundle_hash_to_its_hash_and_nothing_else_does() {
    let bundle = load(TWG);
    assert_eq!(hash_of_files(bundle.files()), Some(bundle.hash()));
    for other in ["", "{}", "[]", "{\"a\":1}", "{\"manifest.toml\":\"\"}"] {
        assert_ne!(hash_of_files(other), Some(bundle.hash()), "{other}");
    }
    let changed = bundle.files().replacen("forbid", "permit", 1);
    assert!(hash_of_files(&changed).is_some_and(|hash| hash != bundle.hash()));
}

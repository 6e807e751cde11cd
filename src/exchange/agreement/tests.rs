//! What puts no bundle in force; what is in force stays so.

use std::sync::Arc;

use super::NotAgreed;
use crate::clock::{Clock as _, Moment};
use crate::domain::Sha256;
use crate::errors::in_full;
use crate::exchange::testing::{Office, policies};
use crate::identity::StatementSigner;
use crate::policy::{Agreement, Bundle, Policies, ProofRecord, SignedAgreement, shipped};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    what_was_not_agreed_on_is_refused,
    what_was_agreed_on_is_kept_with_its_rules,
);

const TWG: &str = "2023-04-19-twg";

/// A shipped bundle with another title, which makes it another bundle.
fn retitled(code: &str, title: &str) -> Arc<Bundle> {
    let prefix = format!("{code}/");
    let files = shipped().filter_map(|(path, bytes)| {
        let name = path.strip_prefix(&prefix)?;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let text = match name {
            "manifest.toml" => text.replacen("titel = \"", &format!("titel = \"{title} "), 1),
            _ => text,
        };
        Some((name.to_owned(), text.into_bytes()))
    });
    Arc::new(Bundle::from_files(code, files).unwrap())
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// What is handed in to put a bundle in force.
struct Papers {
    bundle: Arc<Bundle>,
    agreement: Agreement,
    signatures: Vec<String>,
}

impl Papers {
    fn signed(office: &Office, bundle: &Arc<Bundle>, agreement: Agreement, by: &[&str]) -> Self {
        let signatures = by.iter().map(|party| sign(office, party, &agreement));
        Self {
            bundle: Arc::clone(bundle),
            signatures: signatures.collect(),
            agreement,
        }
    }

    async fn refused(&self, office: &Office) -> String {
        let (bundle, agreement) = (&self.bundle, &self.agreement);
        let agreed = office
            .exchange
            .agree(bundle, agreement, self.signatures.clone());
        in_full(&agreed.await.unwrap_err())
    }
}

fn sign(office: &Office, party: &str, agreement: &Agreement) -> String {
    let now = office.world.clock.now();
    let party = office.world.pki.party(party).unwrap();
    let signer = StatementSigner::open(&party.key, &party.certificate, now).unwrap();
    signer.sign(&agreement.text(), now).unwrap()
}

/// Without asking whether it can be one.
fn on(bundle: &Bundle, proof: ProofRecord, from: &str, until: Option<&str>) -> Agreement {
    let title = bundle.title().to_owned();
    let until = until.map(moment);
    Agreement::told(bundle.hash(), title, proof, moment(from), until)
}

const BOTH: &[&str] = &["img", "ncg"];
const SPRING: &str = "2027-04-01T00:00:00Z";
const SUMMER: &str = "2027-07-01T00:00:00Z";
const AUTUMN: &str = "2027-10-01T00:00:00Z";

#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn what_was_not_agreed_on_is_refused(engine: Engine) {
    let office = Office::open(engine).await;
    let new = retitled(TWG, "Nieuw:");
    let other = retitled(TWG, "Anders:");
    let proof = || ProofRecord::supposed(&new);
    let lacking = {
        let mut proven = proof().proven().to_vec();
        proven.retain(|id| id != "grens-gezondheid");
        ProofRecord::of_ids(new.hash(), proven)
    };
    // Planned by both, for the summer.
    let planned = on(&other, ProofRecord::supposed(&other), SUMMER, Some(AUTUMN));
    let plan = Papers::signed(&office, &other, planned, BOTH);
    let receipt = office
        .exchange
        .agree(&plan.bundle, &plan.agreement, plan.signatures.clone());
    let plan_entry = receipt.await.unwrap().index;
    let before = office.gateway.ledger.size();

    let good = on(&new, proof(), SPRING, Some(SUMMER));
    let with =
        |agreement: &Agreement, by: &[&str]| Papers::signed(&office, &new, agreement.clone(), by);
    let mut changed_text = with(&good, BOTH);
    changed_text.agreement.from = moment("2027-04-01T00:00:00.001Z");
    let mut changed_bundle = with(&good, BOTH);
    changed_bundle.bundle = Arc::clone(&other);
    let mut changed_signature = with(&good, BOTH);
    let signature = &mut changed_signature.signatures[1];
    let at = signature.len() - 10;
    let another = if signature.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    signature.replace_range(at..=at, another);
    let mut borrowed = with(&good, BOTH);
    borrowed.signatures.clone_from(&plan.signatures);
    let candidate = Bundle::from_files(
        "kandidaat-combinatiedossier",
        shipped().filter_map(|(path, bytes)| {
            let name = path.strip_prefix("kandidaat-combinatiedossier/")?;
            Some((name.to_owned(), bytes.to_vec()))
        }),
    );
    let candidate = Arc::new(candidate.unwrap());
    let of_candidate = on(&candidate, ProofRecord::supposed(&candidate), SPRING, None);
    let overlaps = format!("with those of the agreement in entry {plan_entry}, which begins");

    for (what, papers, says) in [
        (
            "nobody signed",
            with(&good, &[]),
            "the signature of img is missing",
        ),
        (
            "one signed",
            with(&good, &["img"]),
            "the signature of ncg is missing",
        ),
        (
            "the other signed",
            with(&good, &["ncg"]),
            "the signature of img is missing",
        ),
        (
            "one signed twice",
            with(&good, &["img", "img"]),
            "more than one signature for img",
        ),
        (
            "a stranger signed too",
            with(&good, &["img", "ncg", "gemeente"]),
            "signature 3 is by 00000001834567890000, who is no party",
        ),
        (
            "a date was changed after signing",
            changed_text,
            "signature 1 is not good: it is not a signature of this text",
        ),
        (
            "a file was changed after signing",
            changed_bundle,
            "a file was changed after signing",
        ),
        (
            "a signature was changed",
            changed_signature,
            "signature 2 is not good",
        ),
        (
            "they signed something else",
            borrowed,
            "signature 1 is not good: it is not a signature of this text",
        ),
        (
            "proven was another",
            with(&on(&new, ProofRecord::supposed(&other), SPRING, None), BOTH),
            "the proof record is about the bundle",
        ),
        (
            "not all was proven",
            with(&on(&new, lacking, SPRING, None), BOTH),
            "does not cover grens-gezondheid; prove the bundle again",
        ),
        (
            "it ends before it begins",
            with(&on(&new, proof(), SUMMER, Some(SPRING)), BOTH),
            "before it begins",
        ),
        (
            "it is for another time",
            with(&on(&new, proof(), "2022-01-01T00:00:00Z", None), BOTH),
            "the agreement is not within that",
        ),
        (
            "it is a candidate",
            Papers::signed(&office, &candidate, of_candidate, BOTH),
            "the bundle is a candidate",
        ),
        (
            "it goes on after what is planned begins",
            with(&on(&new, proof(), SPRING, None), BOTH),
            overlaps.as_str(),
        ),
        (
            "it begins together with what is planned",
            with(&on(&new, proof(), SUMMER, Some(AUTUMN)), BOTH),
            overlaps.as_str(),
        ),
        (
            "it begins before what is planned ends",
            with(&on(&new, proof(), "2027-08-01T00:00:00Z", None), BOTH),
            overlaps.as_str(),
        ),
        ("it is known", plan, "the same agreement stands in entry"),
    ] {
        let told = papers.refused(&office).await;
        assert!(told.contains(says), "{what}: {told}");
    }
    assert_eq!(office.gateway.ledger.size(), before);
    let known = office.exchange.in_force.load();
    let decides = known
        .bundle(&office.exchange.policies, office.now())
        .unwrap();
    let twg = policies().all().into_iter().find(|one| one.id() == TWG);
    assert_eq!(decides.hash(), twg.unwrap().hash());

    // Until what is planned begins, and from when it ends on, there is room.
    for agreement in [good, on(&new, proof(), AUTUMN, None)] {
        let papers = with(&agreement, BOTH);
        let agreed = office
            .exchange
            .agree(&new, &agreement, papers.signatures)
            .await;
        agreed.unwrap();
    }
    let known = office.exchange.in_force.load();
    let at = |when: &str| {
        let decides = known.bundle(&office.exchange.policies, moment(when));
        decides.unwrap().hash()
    };
    let days = ["2027-06-30T23:59:59.999Z", SUMMER, AUTUMN].map(at);
    assert_eq!(days, [new.hash(), other.hash(), new.hash()]);
    office.close().await.verify().await;
}

async fn what_was_agreed_on_is_kept_with_its_rules(engine: Engine) {
    let office = Office::open(engine).await;
    let new = retitled(TWG, "Nieuw:");
    let agreement = on(&new, ProofRecord::supposed(&new), SPRING, None);
    let papers = Papers::signed(&office, &new, agreement.clone(), BOTH);
    let agreed = office
        .exchange
        .agree(&new, &agreement, papers.signatures)
        .await;
    let store = &office.gateway.store;
    let kept = store.bundle(new.hash()).await.unwrap().unwrap();
    assert_eq!(Bundle::from_text(&kept).unwrap().hash(), new.hash());
    assert_eq!(
        store.bundle(Sha256::from_bytes([1; 32])).await.unwrap(),
        None
    );
    let activations = store.activations().await.unwrap();
    let last = activations.last().unwrap();
    assert_eq!(Some(last.index), agreed.ok().map(|receipt| receipt.index));
    assert_eq!((last.bundle, last.from), (new.hash(), moment(SPRING)));

    // Taken back by both, and once.
    let taken = |signatures| office.exchange.take_back(last.index, signatures);
    let none = taken(Vec::new()).await;
    assert!(matches!(none, Err(NotAgreed::Missing(_))), "{none:?}");
    let entry = office.gateway.ledger.find_at(last.index).await.unwrap();
    let text = crate::policy::Revocation::new(new.hash(), entry.unwrap().hash()).text();
    let now = office.world.clock.now();
    let sign = |party: &&str| {
        let party = office.world.pki.party(party).unwrap();
        let signer = StatementSigner::open(&party.key, &party.certificate, now).unwrap();
        signer.sign(&text, now).unwrap()
    };
    let both: Vec<String> = BOTH.iter().map(sign).collect();
    taken(both.clone()).await.unwrap();
    let again = taken(both).await;
    assert!(matches!(again, Err(NotAgreed::TakenBack(_))), "{again:?}");
    // Nor does what was signed count once more, also not from a file that is still there.
    let once_more = Papers::signed(&office, &new, agreement.clone(), BOTH);
    let told = once_more.refused(&office).await;
    assert!(told.contains("and was taken back"), "{told}");
    office.exchange.policies.learn(&new);
    let files = once_more.signatures.into_iter();
    let files: Vec<_> = files
        .map(|signature| SignedAgreement {
            signature,
            agreement: agreement.clone(),
        })
        .collect();
    let waiting = office.exchange.agree_on_configured(&files).await.unwrap();
    assert!(waiting.len() == 1 && waiting[0].contains("and was taken back"));
    let in_force = office.exchange.in_force.load();
    let known = Policies::clone(&office.exchange.policies);
    let decides = in_force.bundle(&known, moment(SUMMER)).unwrap();
    assert_ne!(decides.hash(), new.hash());
    office.close().await.verify().await;
}

//! A gateway with a candidate: its outcomes are those of one without.

use std::sync::Arc;

use crate::exchange::testing::{Office, busy_day, candidate, policies};
use crate::ledger::entry::{Entry, Kind, Trial};
use crate::policy::{Bundle, Difference};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    a_candidate_changes_nothing_but_what_it_says,
    the_bundle_in_force_does_not_differ_from_itself,
);

/// What stands in the book of a busy day, but for what nobody decided.
async fn day_with(
    engine: Engine,
    shadow: Option<Arc<Bundle>>,
) -> (Vec<Entry>, Vec<(&'static str, u64)>) {
    let office = Office::open_beside(engine, policies(), shadow).await;
    busy_day(&office).await;
    let size = office.gateway.ledger.size();
    let lines = office.gateway.store.entries(0, size).await.unwrap();
    let entries = lines.iter().map(|line| Entry::parse(line).unwrap());
    let decided = entries.filter(|entry| matches!(entry.soort, Kind::Decision | Kind::Search));
    let decided = decided.collect();
    let counts = office
        .exchange
        .trial()
        .map(|trial| trial.counts().collect());
    office.close().await.verify().await;
    (decided, counts.unwrap_or_default())
}

/// An entry without what differs from one book to another, and without what the candidate says.
fn outcome(entry: &Entry) -> serde_json::Value {
    let mut value = serde_json::to_value(entry).unwrap();
    let fields = value.as_object_mut().unwrap();
    for field in ["schaduw", "transactie", "zegels", "tijd"] {
        fields.remove(field);
    }
    value
}

async fn a_candidate_changes_nothing_but_what_it_says(engine: Engine) {
    let bundle = candidate();
    let (alone, nothing) = day_with(engine, None).await;
    let (beside, counts) = day_with(engine, Some(Arc::clone(&bundle))).await;
    let outcomes = |entries: &[Entry]| entries.iter().map(outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&alone), outcomes(&beside));
    assert!(nothing.is_empty() && alone.iter().all(|entry| entry.schaduw.is_none()));

    // The figures are what stands in the book.
    let asked = beside
        .iter()
        .filter(|entry| entry.soort == Kind::Decision && entry.bundel.is_some());
    let asked: Vec<&Entry> = asked.collect();
    for (code, count) in &counts {
        let of_this = asked
            .iter()
            .filter(|entry| entry.difference().map_or("none", Difference::code) == *code);
        assert_eq!(of_this.count() as u64, *count, "{code}: {counts:?}");
    }
    assert_eq!(
        counts.iter().map(|(_, count)| count).sum::<u64>(),
        asked.len() as u64
    );
    for code in ["none", "ground", "unknown"] {
        assert!(
            counts
                .iter()
                .any(|(known, count)| *known == code && *count > 0),
            "{counts:?}"
        );
    }
    for entry in beside.iter().filter(|entry| entry.schaduw.is_some()) {
        let shadow = entry.schaduw.as_ref().unwrap();
        assert_eq!(shadow.bundel, bundle.hash());
        // A purpose that only the statute's bundle has.
        let purpose = entry.doel.as_ref().unwrap().as_str();
        let strange = purpose == "knelpunt-gezondheid";
        assert_eq!(
            shadow.uitkomst == Some(Trial::Unknown),
            strange,
            "{entry:?}"
        );
        // A longer entry by no more than this.
        let longer = serde_json::to_vec(shadow).unwrap().len();
        assert!(longer < 400, "{longer}");
    }
}

async fn the_bundle_in_force_does_not_differ_from_itself(engine: Engine) {
    let mut known = policies().all().into_iter();
    let statute = known
        .find(|bundle| bundle.id() == "2023-04-19-twg")
        .unwrap();
    let (entries, counts) = day_with(engine, Some(statute)).await;
    assert!(entries.iter().all(|entry| entry.schaduw.is_none()));
    for (code, count) in counts {
        assert_eq!(count > 0, code == "none", "{code}: {count}");
    }
}

/// Whatever is asked, of every document, in every part: with a candidate it comes out as without.
#[tokio::test]
async fn no_outcome_depends_on_the_candidate() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use crate::ledger::testing::address;
    use crate::policy::Judgement;

    const PURPOSES: [&str; 8] = [
        "schade-afhandeling",
        "afstemming",
        "combinatie-behandeling",
        "veiligheidsnorm-melding",
        "aos",
        "knelpunt-gezondheid",
        "overig",
        "bestaat-niet",
    ];
    const KINDS: [&str; 4] = [
        "opnamerapport",
        "planning",
        "gezondheidsgegevens",
        "bestaat-niet",
    ];
    let bundle = candidate();
    let office = Office::open_beside(Engine::Sqlite, policies(), Some(bundle)).await;
    busy_day(&office).await;
    let (documents, _) = office
        .gateway
        .store
        .documents_at(address(1), None, 1)
        .await
        .unwrap();
    let known = documents.into_iter().next().unwrap();
    let id = known.id;
    let subject = office
        .gateway
        .store
        .find_subject(id)
        .await
        .unwrap()
        .unwrap();
    let oins: Vec<_> = office.organisations.iter().map(|one| one.oin).collect();
    let asked = (
        0..PURPOSES.len(),
        0..KINDS.len(),
        (0..3_usize, 0..3_usize),
        proptest::option::of(Just("aos")),
        any::<bool>(),
        // Before anything was recorded, and long after.
        -1_500_i64..1_500,
    );
    let mut runner = TestRunner::new(Config::with_cases(500));
    let checked = runner.run(&asked, |(purpose, kind, (by, of), team, health, days)| {
        let caller = office.caller(oins[by], PURPOSES[purpose], team);
        let mut document = known.clone();
        document.kind = crate::domain::DocumentKind::parse(KINDS[kind]).unwrap();
        document.provider = oins[of];
        document.health = health;
        let now = office.now().plus_ms(days * 86_400_000);
        let ask = |trial| {
            let facts = &subject.address.facts;
            let decided = office
                .exchange
                .decide_with(&caller, &document, facts, now, trial);
            let outcome = decided
                .outcome
                .map(|permit| Judgement::from(crate::policy::Verdict::Permit(permit)));
            (format!("{outcome:?}"), decided.on.epoch)
        };
        prop_assert_eq!(
            ask(None),
            ask(office.exchange.trial().map(|trial| &**trial))
        );
        Ok(())
    });
    checked.unwrap();
    office.close().await.verify().await;
}

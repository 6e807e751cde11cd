//! Another bundle, asked over a small book whose differences are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::forger::{lines, write};
use super::{database, with};
use crate::clock::Moment;
use crate::domain::ChoiceKind;
use crate::exchange::testing::{Office, policies};
use crate::ledger::testing::{Book, address};
use crate::ledger::verify::SealedSource;
use crate::policy::Bundle;
use crate::replay::{
    Asking, Changes, Compared, Difference, Shift, Unasked, With, compare, unverified_span,
};
use crate::store::testing::Engine;
use crate::store::tests::on_both_engines;

on_both_engines!(
    each_difference_is_counted_and_told,
    the_bundle_in_force_would_decide_the_same,
);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn of(code: &str) -> Arc<Bundle> {
    let known = policies().all();
    known.into_iter().find(|one| one.id() == code).unwrap()
}

/// The statute's bundle with other rules: the duty rests on another article, consent opens the planning
/// only, and an objection stops nothing.
fn other() -> Arc<Bundle> {
    let mut files: BTreeMap<String, String> =
        serde_json::from_str(of("2023-04-19-twg").files()).unwrap();
    for (file, was, is) in [
        (
            "10-wettelijke-plicht.cedar",
            "@artikel(\"TwG 3(4)\")",
            "@artikel(\"TwG 3(9)\")",
        ),
        (
            "50-toestemming.cedar",
            "resource.soort != Soort::\"gezondheidsgegevens\"",
            "resource.soort == Soort::\"planning\"",
        ),
        (
            "30-publieke-taak.cedar",
            ".contains(resource.soort) &&\n  context.bezwaar.actief.isEmpty()",
            ".contains(resource.soort)",
        ),
    ] {
        let text = files.get_mut(file).unwrap();
        assert!(text.contains(was), "{file}: {was}");
        // Where consent is asked of one owner or of all: in both.
        let many = if file == "50-toestemming.cedar" { 2 } else { 1 };
        *text = text.replacen(was, is, many);
    }
    Arc::new(Bundle::from_text(&serde_json::to_string(&files).unwrap()).unwrap())
}

/// Eight decisions in two weeks, a search, and a call for a purpose that nobody knows.
async fn a_small_book(engine: Engine) -> (Book, With, Moment) {
    let office = Office::open(engine).await;
    let (img, ncg, here) = (office.img, office.ncg, address(1));
    let long_ago = office.now().plus_ms(-3 * 365 * DAY_MS);
    office.owners(here, &["eig-1"], long_ago).await;
    let kinds = ["opnamerapport", "planning", "gezondheidsgegevens"];
    let [survey, planning, health] = office.documents(ncg, here, &kinds).await[..] else {
        panic!("three documents");
    };
    office.ask(img, "schade-afhandeling", survey).await;
    office.ask(img, "schade-afhandeling", survey).await;
    office.pass(8 * DAY_MS);
    let later = office.now();
    office.ask(img, "overig", survey).await;
    let consent = ChoiceKind::Consent;
    office
        .choose(here, "eig-1", consent, "overig", img, None)
        .await;
    office.ask(img, "overig", survey).await;
    office.ask(img, "afstemming", planning).await;
    let objection = ChoiceKind::Objection;
    office
        .choose(here, "eig-1", objection, "afstemming", img, None)
        .await;
    office.ask(img, "afstemming", planning).await;
    let caller = office.caller(img, "afstemming", None);
    let _ = office.exchange.test(caller, planning).await;
    office.ask(img, "knelpunt-gezondheid", health).await;
    office.ask(img, "bestaat-niet", survey).await;
    office.search(img, "overig", here).await;
    let with = with(&office, policies(), &office.book);
    (office.close().await, with, later)
}

type Erase = fn(&super::forger::Line) -> bool;

fn asking(bundle: Arc<Bundle>) -> Asking {
    Asking {
        bundle,
        from: None,
        until: None,
    }
}

async fn compared<S: SealedSource + Send + 'static>(
    source: S,
    book: &Book,
    with: With,
    asking: Asking,
) -> (Compared, Vec<Difference>) {
    let verifier = book.keys().signer.verifier();
    let mut differences = Vec::new();
    let take = |difference| differences.push(difference);
    let source = Arc::new(source);
    let compared = compare(source, &verifier, None, (with, asking), take, |_| {}).await;
    (compared.unwrap(), differences)
}

fn again(with: &With, book: &Book) -> With {
    With {
        organisations: with.organisations.clone(),
        policies: with.policies.clone(),
        opener: crate::ledger::Opener::new(Arc::new(book.keys().master)),
        threads: 2,
    }
}

fn changes([asked, same, permitted, refused, ground]: [u64; 5]) -> Changes {
    Changes {
        asked,
        same,
        permitted,
        refused,
        ground,
    }
}

async fn each_difference_is_counted_and_told(engine: Engine) {
    let (book, with, later) = a_small_book(engine).await;
    let asked = asking(other());
    let source = database(&book).await;
    let (all, differences) = compared(source, &book, again(&with, &book), asked.clone()).await;
    assert_eq!(all.summary, book.verify().await);
    let tally = &all.tally;
    assert_eq!(tally.all, changes([8, 3, 2, 1, 2]));
    assert_eq!((tally.before_policy, tally.searches), (1, 1));
    assert!(tally.unasked.is_empty(), "{:?}", tally.unasked);
    let counted: Vec<_> = tally.weeks.values().copied().collect();
    assert_eq!(
        counted,
        [changes([2, 0, 0, 0, 2]), changes([6, 3, 2, 1, 0])]
    );
    let counted = tally.purposes.iter();
    let counted: Vec<_> = counted
        .map(|(one, changes)| (one.as_str(), *changes))
        .collect();
    assert_eq!(
        counted,
        [
            ("afstemming", changes([3, 1, 2, 0, 0])),
            ("knelpunt-gezondheid", changes([1, 1, 0, 0, 0])),
            ("overig", changes([2, 1, 0, 1, 0])),
            ("schade-afhandeling", changes([2, 0, 0, 0, 2])),
        ]
    );
    let counted = tally.kinds.iter();
    let counted: Vec<_> = counted
        .map(|(one, changes)| (one.as_str(), *changes))
        .collect();
    assert_eq!(
        counted,
        [
            ("gezondheidsgegevens", changes([1, 1, 0, 0, 0])),
            ("opnamerapport", changes([4, 1, 0, 1, 2])),
            ("planning", changes([3, 1, 2, 0, 0])),
        ]
    );
    let direction = tally.directions.iter().next().unwrap();
    assert_eq!(
        (direction.0.from.as_str(), direction.0.to.as_str()),
        ("ncg", "img")
    );
    assert_eq!((*direction.1, tally.directions.len()), (tally.all, 1));
    let told = |ground: &Option<crate::replay::Ground>| {
        let article = ground.as_ref().map(|ground| ground.article.clone());
        article.unwrap_or_else(|| "geweigerd".to_owned())
    };
    let grounds = tally.grounds.iter();
    let grounds: BTreeMap<_, _> = grounds
        .map(|((was, follows), count)| ((told(was), told(follows)), *count))
        .collect();
    let pair = |was: &str, follows: &str| (was.to_owned(), follows.to_owned());
    assert_eq!(grounds[&pair("TwG 3(4)", "TwG 3(9)")], 2);
    assert_eq!(grounds[&pair("geweigerd", "TwG 2a(3) jo. 3(5)")], 2);
    assert_eq!(grounds[&pair("AVG 6(1)(a)", "geweigerd")], 1);
    assert_eq!(grounds.values().sum::<u64>(), 8);

    check_list(&differences);

    // The same twice, and no more than is asked for.
    let source = database(&book).await;
    let twice = compared(source, &book, again(&with, &book), asked.clone()).await;
    assert_eq!(twice, (all, differences));
    let from = Asking {
        from: Some(later),
        ..asked.clone()
    };
    let until = Asking {
        until: Some(later),
        ..asked
    };
    for (asked, of_all, rest) in [
        (from, changes([6, 3, 2, 1, 0]), (1, 1)),
        (until, changes([2, 0, 0, 0, 2]), (0, 0)),
    ] {
        let source = database(&book).await;
        let (part, _) = compared(source, &book, again(&with, &book), asked).await;
        assert_eq!(part.tally.all, of_all);
        assert_eq!((part.tally.before_policy, part.tally.searches), rest);
    }
    let verifier = book.keys().signer.verifier();
    let span = unverified_span(&database(&book).await, &verifier).await;
    let (first, last) = span.unwrap().unwrap();
    assert!(first < later && later < last.plus_ms(1), "{first} {last}");
}

/// One by one, in the order of the book.
fn check_list(differences: &[Difference]) {
    let shifts: Vec<Shift> = differences.iter().map(|one| one.shift).collect();
    let (permitted, refused, ground) = (Shift::Permitted, Shift::Refused, Shift::Ground);
    assert_eq!(shifts, [ground, ground, refused, permitted, permitted]);
    assert!(differences.is_sorted_by_key(|one| one.index));
    assert!(differences[4].was.test && !differences[3].was.test);
    assert_eq!(
        differences[3].was.reason.as_deref(),
        Some("BEZWAAR_AFSTEMMING")
    );
    assert!(
        differences[3].sentences[0].starts_with("Het Instituut en NCG stemmen"),
        "{differences:?}"
    );
    assert!(differences.iter().all(|one| !one.sentences.is_empty()));
}

async fn the_bundle_in_force_would_decide_the_same(engine: Engine) {
    let (book, with, _) = a_small_book(engine).await;
    let asked = asking(of("2023-04-19-twg"));
    let (all, differences) = compared(database(&book).await, &book, with, asked).await;
    assert_eq!(all.tally.all, changes([8, 8, 0, 0, 0]));
    assert_eq!((all.tally.other_reason, all.tally.other_duties), (0, 0));
    assert!(all.tally.unasked.is_empty() && differences.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_counted_by_its_reason() {
    let (book, with, _) = a_small_book(Engine::Sqlite).await;
    // The line of 2021 has no purpose for deadlocks.
    let asked = asking(of("2021-04-01-convenant"));
    let source = database(&book).await;
    let (all, _) = compared(source, &book, again(&with, &book), asked).await;
    let purpose = Unasked::Purpose("knelpunt-gezondheid".parse().unwrap());
    let unasked: Vec<_> = all.tally.unasked.iter().collect();
    assert!(
        matches!(unasked[..], [(why, (1, first))] if *why == purpose && *first > 8),
        "{unasked:?}"
    );
    assert_eq!(all.tally.all.asked, 7);

    // A whole address, and only what stood before.
    let bare = lines(&book).await;
    let rows: [(Erase, Unasked); 2] = [
        (
            |line| line.values.contains_key("nummeraanduiding"),
            Unasked::Erased,
        ),
        (
            |line| line.entry.soort == crate::ledger::entry::Kind::Owners,
            Unasked::ErasedBefore,
        ),
    ];
    for (erased, why) in rows {
        let mut all = bare.clone();
        for line in &mut all {
            line.erased = erased(line);
        }
        let source = write(all, &book.keys());
        let (all, differences) =
            compared(source, &book, again(&with, &book), asking(other())).await;
        let (many, _) = all.tally.unasked[&why];
        assert_eq!((many, all.tally.all.asked), (8, 0), "{why:?}");
        assert!(all.tally.unasked.len() == 1 && differences.is_empty());
    }
}

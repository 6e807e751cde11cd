use super::super::testing::{Book, Chosen, ask, consent, employee, img, municipality, ncg, utc};
use super::*;
use crate::domain::{ChoiceKind, ChoiceState};
use crate::ledger::entry::{Finding, IncidentStep, Judgement, Kind};

/// Thursday, in week 11 of 2026.
fn now() -> Moment {
    utc("2026-03-12T12:00")
}

fn figures(book: &Book, now: Moment) -> Figures {
    book.index().figures(img(), &employee("fg-1"), now)
}

/// The weeks in which something was counted, with how much.
fn counted(figures: &Figures, counts: &[u64]) -> Vec<(u8, u64)> {
    let weeks = figures.weeks.iter().map(|week| week.number());
    weeks
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn of(figures: &Figures, basis: Basis) -> Vec<(u8, u64)> {
    let mut all = figures.releases.iter();
    let (_, counts) = all.find(|(known, _)| *known == basis).unwrap();
    counted(figures, counts)
}

#[test]
fn an_empty_book_has_figures_too() {
    let figures = figures(&Book::new(), now());
    assert_eq!(figures.weeks.len(), 26);
    assert_eq!(figures.weeks.last().unwrap().number(), 11);
    let none = Against {
        this_week: 0,
        usual: None,
    };
    assert_eq!((figures.released, figures.refused), (none, none));
    assert!(figures.refusals.is_empty());
    assert!(figures.answers_ms.iter().all(Vec::is_empty));
    assert_eq!(figures.unsafe_reviews, Waiting::default());
    assert_eq!(figures.incidents, OpenIncidents::default());
    assert_eq!(figures.choices, OpenChoices::default());
    assert_eq!(figures.proposals, OpenProposals::default());
    let book = figures.book;
    assert_eq!((book.size, book.newest, book.last_check), (0, None, None));
    assert!(book.check_due);
}

#[test]
fn a_book_of_one_entry_has_one_release_and_nothing_to_compare_with() {
    let mut book = Book::new();
    book.ask(utc("2026-03-09T09:00"), &ask("a"));
    let figures = figures(&book, now());
    assert_eq!(of(&figures, Basis::Duty), [(11, 1)]);
    assert_eq!(
        figures.released,
        Against {
            this_week: 1,
            usual: None
        }
    );
    assert_eq!(figures.book.size, 1);
    assert_eq!(figures.book.newest, Some(utc("2026-03-09T09:00")));
}

#[test]
fn weeks_begin_on_monday_at_midnight_here_also_at_new_year_and_when_the_clock_moves() {
    for (at, now, week) in [
        // Sunday evening, still week 52; then midnight here, an hour before midnight in UTC.
        ("2025-12-28T22:59", "2026-03-12T12:00", 52),
        ("2025-12-28T23:00", "2026-03-12T12:00", 1),
        ("2025-12-31T23:30", "2026-03-12T12:00", 1),
        // A year with 53 weeks.
        ("2027-01-03T22:59", "2027-03-12T12:00", 53),
        ("2027-01-03T23:00", "2027-03-12T12:00", 1),
        // The clock goes forward on Sunday 29 March: Monday begins two hours before UTC's.
        ("2026-03-29T21:59", "2026-06-01T12:00", 13),
        ("2026-03-29T22:00", "2026-06-01T12:00", 14),
        // And back on Sunday 25 October.
        ("2026-10-25T22:59", "2026-12-01T12:00", 43),
        ("2026-10-25T23:00", "2026-12-01T12:00", 44),
    ] {
        let mut book = Book::new();
        book.ask(utc(at), &ask("a"));
        let figures = figures(&book, utc(now));
        assert_eq!(of(&figures, Basis::Duty), [(week, 1)], "{at}");
    }
}

#[test]
fn what_is_too_old_or_not_of_this_organisation_is_not_counted() {
    let mut book = Book::new();
    book.ask(utc("2025-09-14T20:00"), &ask("a"));
    book.ask(
        utc("2026-03-10T10:00"),
        &ask("a").between(ncg(), municipality()),
    );
    let ours = [(img(), ncg()), (ncg(), img())];
    for (by, of) in ours {
        book.ask(utc("2026-03-10T10:00"), &ask("a").between(by, of));
    }
    assert_eq!(of(&figures(&book, now()), Basis::Duty), [(11, 2)]);
}

#[test]
fn releases_are_told_by_their_ground() {
    let iri = |article| match article {
        "c" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-c",
        "e" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-e",
        "a" => "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
        "health" => "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a",
        other => other,
    };
    for (article, purpose, basis) in [
        ("c", "schade-afhandeling", Basis::Duty),
        ("e", "afstemming", Basis::PublicTask),
        ("a", "overig", Basis::Consent),
        ("c", "aos", Basis::Unsafe),
        ("health", "knelpunt-gezondheid", Basis::Health),
        ("https://example.org/x", "overig", Basis::Other),
    ] {
        let mut book = Book::new();
        let mut asked = ask("a").purpose(purpose);
        asked.came = Ok(iri(article));
        book.ask(utc("2026-03-10T10:00"), &asked);
        let figures = figures(&book, now());
        for known in Basis::ALL {
            let expected: &[(u8, u64)] = if known == basis { &[(11, 1)] } else { &[] };
            assert_eq!(of(&figures, known), expected, "{article} {purpose}");
        }
    }
}

#[test]
fn refusals_are_told_by_reason_the_most_frequent_first() {
    let mut book = Book::new();
    let reasons = ["GEEN_GRONDSLAG", "TOESTEMMING_ONTBREEKT", "GEEN_GRONDSLAG"];
    for (reason, day) in reasons.into_iter().zip(9..) {
        let at = utc(&format!("2026-03-{day:02}T10:00"));
        book.ask(at, &ask("a").refused(reason));
    }
    let figures = figures(&book, now());
    let told = figures.refusals.iter();
    let told: Vec<_> = told
        .map(|(reason, counts)| (&**reason, counted(&figures, counts)))
        .collect();
    assert_eq!(
        told,
        [
            ("GEEN_GRONDSLAG", vec![(11, 2)]),
            ("TOESTEMMING_ONTBREEKT", vec![(11, 1)])
        ]
    );
    assert_eq!(figures.refused.this_week, 3);
    assert_eq!(figures.released.this_week, 0);
}

#[test]
fn this_week_is_compared_with_the_same_part_of_the_weeks_before() {
    // The book begins within week 8: whole are weeks 9 and 10.
    let mut book = Book::new();
    let mut release = |at: &str| book.ask(utc(at), &ask("a"));
    release("2026-02-18T10:00");
    for at in [
        "2026-02-23T10:00",
        "2026-02-24T10:00",
        // After Thursday noon: not counted yet at this moment of the week.
        "2026-02-26T12:01",
        "2026-02-27T10:00",
        "2026-03-02T10:00",
        "2026-03-03T10:00",
        "2026-03-04T10:00",
        "2026-03-09T10:00",
    ] {
        release(at);
    }
    let figures = figures(&book, now());
    // Two, and three: two and a half, rounded up.
    let expected = Against {
        this_week: 1,
        usual: Some(3),
    };
    assert_eq!(figures.released, expected);
}

fn on(chosen: &Chosen, owner: &'static str, reference: &'static str) -> Chosen {
    Chosen {
        owner,
        reference,
        ..chosen.clone()
    }
}

fn health(chosen: &Chosen) -> Chosen {
    let kind = ChoiceKind::ExplicitAgreement;
    Chosen {
        kind,
        ..chosen.clone()
    }
}

fn of_ncg(chosen: &Chosen) -> Chosen {
    Chosen {
        by: ncg(),
        ..chosen.clone()
    }
}

#[test]
fn an_answer_belongs_to_its_question() {
    use ChoiceState::{EnteredInError, Given, Refused, Requested};
    let asked = consent(1, Requested);
    // What was told, a day apart from 2 March on; how many days each answer took; what is still asked.
    for (name, told, took, open) in [
        ("asked only", vec![asked.clone()], vec![], 1),
        (
            "the same choice",
            vec![asked.clone(), consent(1, Given)],
            vec![1],
            0,
        ),
        (
            "the same form",
            vec![asked.clone(), consent(2, Given)],
            vec![1],
            0,
        ),
        (
            "refused is answered",
            vec![asked.clone(), consent(2, Refused)],
            vec![1],
            0,
        ),
        (
            "the same owner, another form",
            vec![asked.clone(), on(&consent(2, Given), "eig-1", "brief-9")],
            vec![1],
            0,
        ),
        (
            "neither owner nor form",
            vec![asked.clone(), on(&consent(2, Given), "eig-2", "brief-9")],
            vec![],
            1,
        ),
        (
            "another kind",
            vec![asked.clone(), health(&consent(2, Given))],
            vec![],
            1,
        ),
        (
            "another address",
            vec![
                asked.clone(),
                Chosen {
                    address: 2,
                    ..consent(2, Given)
                },
            ],
            vec![],
            1,
        ),
        (
            "two owners on one form: each their own",
            vec![
                asked.clone(),
                on(&consent(2, Requested), "eig-2", "formulier-1"),
                on(&consent(3, Given), "eig-2", "formulier-1"),
                on(&consent(4, Given), "eig-1", "formulier-1"),
            ],
            vec![1, 3],
            0,
        ),
        (
            "taken back",
            vec![asked.clone(), consent(1, EnteredInError)],
            vec![],
            0,
        ),
        (
            "answered twice",
            vec![asked.clone(), consent(2, Given), consent(3, Given)],
            vec![1],
            0,
        ),
        ("never asked", vec![consent(2, Given)], vec![], 0),
        (
            "asked by another organisation",
            vec![of_ncg(&asked), consent(2, Given)],
            vec![],
            0,
        ),
        (
            "answered to another organisation",
            vec![asked.clone(), of_ncg(&consent(2, Given))],
            vec![1],
            0,
        ),
    ] {
        answers(name, &told, &took, open);
    }
}

/// Tells these, a day apart from 2 March on.
fn answers(name: &str, told: &[Chosen], took: &[u64], open: u64) {
    let mut book = Book::new();
    for (chosen, day) in told.iter().zip(0..) {
        book.choice(utc("2026-03-02T10:00").plus_ms(day * DAY_MS), chosen);
    }
    let figures = figures(&book, now());
    let mut found: Vec<u64> = figures.answers_ms.concat();
    found.sort_unstable();
    let took: Vec<u64> = took.iter().map(|days| days * 86_400_000).collect();
    assert_eq!(found, took, "{name}");
    assert_eq!(figures.choices.asked, open, "{name}");
    let since = (open > 0).then(|| utc("2026-03-02T10:00"));
    assert_eq!(figures.choices.asked_since, since, "{name}");
}

#[test]
fn an_answer_is_counted_in_the_week_it_came() {
    let mut book = Book::new();
    book.choice(utc("2026-02-20T10:00"), &consent(1, ChoiceState::Requested));
    book.choice(utc("2026-03-03T10:00"), &consent(2, ChoiceState::Given));
    let figures = figures(&book, now());
    let weeks = figures.weeks.iter().zip(&figures.answers_ms);
    let weeks: Vec<_> = weeks.filter(|(_, took)| !took.is_empty()).collect();
    assert_eq!(weeks.len(), 1);
    assert_eq!(weeks[0].0.number(), 10);
    assert_eq!(*weeks[0].1, [11 * 86_400_000]);
}

#[test]
fn a_choice_that_ends_within_thirty_days_is_told() {
    use ChoiceState::{Given, Refused, Renewed, Withdrawn};
    let until = |id, state, until: &str| {
        let mut chosen = consent(id, state);
        chosen.until = Some(utc(until));
        chosen
    };
    let open = consent(1, Given);
    let soon = until(1, Given, "2026-03-20T00:00");
    for (name, told, expiring) in [
        ("without an end", vec![open], 0),
        ("ended", vec![until(1, Given, "2026-03-12T11:59")], 0),
        ("soon", vec![soon.clone()], 1),
        (
            "in thirty days",
            vec![until(1, Given, "2026-04-11T12:00")],
            1,
        ),
        (
            "a minute later",
            vec![until(1, Given, "2026-04-11T12:01")],
            0,
        ),
        ("refused", vec![until(1, Refused, "2026-03-20T00:00")], 0),
        (
            "taken back",
            vec![soon.clone(), until(1, Withdrawn, "2026-03-20T00:00")],
            0,
        ),
        (
            "renewed for longer",
            vec![soon.clone(), until(1, Renewed, "2027-03-20T00:00")],
            0,
        ),
        (
            "a later one of the same owner",
            vec![soon.clone(), until(2, Given, "2026-03-21T00:00")],
            1,
        ),
        (
            "of two owners",
            vec![
                soon.clone(),
                on(&until(2, Given, "2026-03-21T00:00"), "eig-2", "formulier-2"),
            ],
            2,
        ),
        ("another organisation's", vec![of_ncg(&soon)], 0),
    ] {
        let mut book = Book::new();
        for chosen in &told {
            book.choice(utc("2026-01-05T10:00"), chosen);
        }
        assert_eq!(figures(&book, now()).choices.expiring, expiring, "{name}");
    }
}

#[test]
fn reviews_and_incidents_wait_for_each_organisation_by_itself() {
    let mut book = Book::new();
    let asked = ask("a").reviewed();
    // Reviewed within 14 days: due on 12 March at 11:00, just before now; and on the 19th.
    let late = book.ask(utc("2026-02-26T11:00"), &asked.clone().purpose("aos"));
    let other = book.ask(utc("2026-03-05T11:00"), &asked.clone());
    let of_others = asked.between(ncg(), municipality());
    book.ask(utc("2026-03-05T11:00"), &of_others);
    let waiting = |count, overdue, due: &str| Waiting {
        count,
        overdue,
        first_due: Some(utc(due)),
    };
    let before = figures(&book, now());
    assert_eq!(before.unsafe_reviews, waiting(1, 1, "2026-03-12T11:00"));
    assert_eq!(before.other_reviews, waiting(1, 0, "2026-03-19T11:00"));

    let at = utc("2026-03-11T12:00");
    book.judge(at, ncg(), "fg-2", late, Judgement::Lawful);
    book.judge(at, img(), "fg-1", other, Judgement::Unlawful);
    let after = figures(&book, now());
    assert_eq!(after.unsafe_reviews.count, 1, "NCG judged it for itself");
    assert_eq!(after.other_reviews, Waiting::default());
    let expected = OpenIncidents {
        count: 1,
        to_settle: 1,
        notify_before: Some(utc("2026-03-14T12:00")),
    };
    assert_eq!(after.incidents, expected);

    let mut step = |step| {
        book.add(Kind::Review, at, &[("medewerker", "fg-1")], |entry| {
            entry.aanvrager = Some(img());
            entry.index = Some(other);
            entry.stap = Some(step);
        });
        figures(&book, now()).incidents
    };
    let settled = step(IncidentStep::Notified);
    assert_eq!((settled.count, settled.to_settle), (1, 0));
    assert_eq!(step(IncidentStep::Closed), OpenIncidents::default());
}

#[test]
fn proposals_wait_for_somebody_else() {
    let mut book = Book::new();
    let at = utc("2026-03-11T12:00");
    for who in ["fg-1", "beheer-1", "beheer-2"] {
        book.propose(at, img(), who);
    }
    book.propose(at, ncg(), "beheer-1");
    let turned_down = book.propose(at, img(), "beheer-1");
    book.judge(at, img(), "beheer-2", turned_down, Judgement::Rejected);
    let expected = OpenProposals {
        of_others: 2,
        own: 1,
    };
    assert_eq!(figures(&book, now()).proposals, expected);
}

#[test]
fn a_check_is_due_a_week_after_the_last_one_of_this_organisation() {
    let none: &[(&str, Oin)] = &[];
    for (checks, due) in [
        (none, true),
        (&[("2026-03-12T11:00", img())], false),
        (&[("2026-03-05T12:01", img())], false),
        (&[("2026-03-05T12:00", img())], true),
        (&[("2026-03-12T11:00", ncg())], true),
        (
            &[("2026-03-11T11:00", img()), ("2026-03-12T11:00", ncg())],
            false,
        ),
    ] {
        let mut book = Book::new();
        for (at, by) in checks {
            book.check(utc(at), *by, Finding::Whole);
        }
        let found = figures(&book, now()).book;
        assert_eq!(found.check_due, due, "{checks:?}");
        let last = checks.last().map(|(at, _)| utc(at));
        assert_eq!(found.last_check.map(|check| check.at), last, "{checks:?}");
    }
}

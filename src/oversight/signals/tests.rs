use proptest::prelude::*;

use super::super::review::Condemned;
use super::super::testing::{Ask, Book, ask, img, municipality, ncg, utc};
use super::*;
use crate::ledger::entry::{IncidentStep, Judgement};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Thursday, in week 11 of 2026.
fn now() -> Moment {
    utc("2026-03-12T20:00")
}

/// Monday of so many weeks ago, at ten in the morning here.
fn week(ago: i64) -> Moment {
    utc("2026-03-09T09:00").plus_ms(-7 * ago * DAY_MS)
}

/// Requests, put into the book in the order of time.
#[derive(Clone, Default)]
struct Asked(Vec<(Moment, Ask)>);

impl Asked {
    fn one(&mut self, at: Moment, ask: Ask) {
        self.0.push((at, ask));
    }

    /// So many requests in each week, the last of them this week, in office hours, each in a case of
    /// its own.
    fn weeks(mut self, counts: &[usize], what: impl Fn(usize) -> Ask) -> Self {
        for (count, ago) in counts.iter().rev().zip(0..) {
            for number in 0..*count {
                let at = week(ago).plus_ms(i64::try_from(number).unwrap() * 20_000);
                let case = format!("zaak-{ago}-{number}-{}", what(number).employee);
                self.one(at, what(number).case(case));
            }
        }
        self
    }

    fn book(self) -> Book {
        self.into_book(Book::new())
    }

    fn book_of_rows(self, most: usize) -> Book {
        self.into_book(Book::of_rows(most))
    }

    fn into_book(mut self, mut book: Book) -> Book {
        self.0.sort_by_key(|(at, _)| *at);
        for (at, ask) in &self.0 {
            book.ask(*at, ask);
        }
        book
    }
}

fn signals(book: &Book) -> Vec<Signal> {
    book.index().signals(img(), now())
}

/// The signals that are open: what they are known by.
fn open(book: &Book) -> Vec<(&'static str, u64)> {
    let open = signals(book).into_iter();
    let open = open.filter(|signal| signal.dismissed.is_none());
    open.map(|signal| (signal.kind.code(), signal.about))
        .collect()
}

/// The codes of the open signals.
fn codes(book: &Book) -> Vec<&'static str> {
    open(book).into_iter().map(|(code, _)| code).collect()
}

fn steady(weeks: usize, each: usize, last: usize) -> Vec<usize> {
    let mut counts = vec![each; weeks];
    counts.push(last);
    counts
}

#[test]
fn an_empty_book_has_no_signals() {
    assert_eq!(signals(&Book::new()), []);
    let mut book = Book::new();
    book.ask(week(0), &ask("a"));
    assert_eq!(signals(&book), []);
}

#[test]
fn an_employee_who_asks_far_more_than_usual_stands_out() {
    const CODE: &[&str] = &["volume-medewerker"];
    for (name, counts, expected) in [
        ("below the floor", steady(10, 4, 19), &[][..]),
        ("at the floor", steady(10, 4, 20), CODE),
        // The root of twelve is four, rounded up: 12 + 6 * 4.
        ("below the spread", steady(10, 12, 35), &[]),
        ("beyond the spread", steady(10, 12, 36), CODE),
        ("seven weeks are too few", steady(7, 4, 60), &[]),
        ("eight weeks are enough", steady(8, 4, 60), CODE),
        // One busy week before changes nothing; many do.
        (
            "once before",
            [steady(9, 4, 40), vec![4, 20]].concat(),
            CODE,
        ),
        (
            "every other week",
            (0..13)
                .map(|week| if week % 2 == 0 { 4 } else { 40 })
                .chain([60])
                .collect(),
            &[],
        ),
        // Forty, but so many years of it.
        ("always much", steady(26, 40, 60), &[]),
    ] {
        let book = Asked::default().weeks(&counts, |_| ask("a")).book();
        let found = signals(&book);
        let this_week: Vec<_> = found
            .iter()
            .filter(|signal| signal.until >= week(0) && signal.person.is_some())
            .map(|signal| signal.kind.code())
            .collect();
        assert_eq!(this_week, expected, "{name}");
    }
}

#[test]
fn a_volume_tells_its_numbers() {
    let counts = steady(10, 12, 40);
    let with_refusals = |number| match number {
        38.. => ask("a").refused("GEEN_GRONDSLAG"),
        _ => ask("a"),
    };
    let book = Asked::default().weeks(&counts, with_refusals).book();
    let found = signals(&book);
    let [signal] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((signal.observed, signal.threshold), (40, 36));
    // Its first request of that week, after ten weeks of twelve.
    assert_eq!((signal.about, signal.from), (120, week(0)));
    assert_eq!((signal.lines.len(), signal.more), (10, 30));
    assert!(!signal.is_far());
    assert_eq!(signal.entry_of_person, Some(120));
    let Story::EmployeeVolume {
        refused,
        usual,
        history,
        ..
    } = &signal.story
    else {
        panic!("{signal:?}");
    };
    assert_eq!((*refused, usual.median, usual.spread), (2, 12, 4));
    assert_eq!((usual.weeks, usual.highest), (10, 12));
    assert_eq!(history.len(), 11);
    assert_eq!(history.last().unwrap().1, 40);
}

#[test]
fn an_organisation_that_asks_far_more_for_a_purpose_stands_out() {
    const CODE: &[&str] = &["volume-systeem"];
    // Of many employees, each a little.
    let spread_out =
        |by, of| move |number: usize| ask(&format!("m-{}", number % 40)).between(by, of);
    for (name, by, of, last, expected) in [
        ("below the floor", img(), ncg(), 49, &[][..]),
        ("at the floor", img(), ncg(), 50, CODE),
        ("the other organisation, of us", ncg(), img(), 50, CODE),
        ("nobody of us", ncg(), municipality(), 500, &[]),
    ] {
        let counts = steady(10, 8, last);
        let book = Asked::default().weeks(&counts, spread_out(by, of)).book();
        assert_eq!(codes(&book), expected, "{name}");
    }
    // Another purpose is another week.
    let one = |_| ask("a").between(ncg(), img());
    let other = |_| ask("a").between(ncg(), img()).purpose("afstemming");
    let asked = Asked::default().weeks(&steady(10, 8, 30), one);
    let book = asked.weeks(&steady(10, 8, 30), other).book();
    assert_eq!(codes(&book), [""; 0]);
}

#[test]
fn many_refusals_in_a_row_stand_out() {
    const CODE: &[&str] = &["weigeringen-op-rij"];
    let refused = |who: &str| ask(who).refused("TOESTEMMING_ONTBREEKT");
    // Requests of one employee, a day apart: how many refused, then perhaps something else, then more.
    for (name, before, between, after, expected) in [
        ("nine", 9, None, 0, &[][..]),
        ("ten", 10, None, 0, CODE),
        ("ten, then a release", 10, Some(ask("a")), 0, CODE),
        ("a release in the midst", 9, Some(ask("a")), 9, &[]),
        ("somebody else's release", 9, Some(ask("b")), 1, CODE),
        ("somebody else's refusal", 9, Some(refused("b")), 0, &[]),
        (
            "somebody of the other organisation",
            9,
            Some(refused("a").between(ncg(), img())),
            0,
            &[],
        ),
    ] {
        let mut asked = Asked::default();
        let all = std::iter::repeat_n(refused("a"), before)
            .chain(between)
            .chain(std::iter::repeat_n(refused("a"), after));
        for (ask, day) in all.zip(0..) {
            asked.one(week(6).plus_ms(day * DAY_MS), ask);
        }
        assert_eq!(codes(&asked.book()), expected, "{name}");
    }
    // After thirty days of silence it begins anew.
    for (silence, expected) in [(30 * DAY_MS, CODE), (30 * DAY_MS + 1, &[][..])] {
        let mut asked = Asked::default();
        for number in 0..9 {
            asked.one(week(6).plus_ms(number), refused("a"));
        }
        asked.one(week(6).plus_ms(8 + silence), refused("a"));
        assert_eq!(codes(&asked.book()), expected, "{silence}");
    }
}

/// So many addresses in one case, a minute apart, asked by IMG in office hours.
fn street(addresses: u32) -> impl Iterator<Item = (Moment, Ask)> {
    (1..=addresses).map(|number| {
        let at = week(6).plus_ms(i64::from(number) * 60_000);
        (at, ask("a").address(number))
    })
}

#[test]
fn one_case_at_many_addresses_without_a_dossier_stands_out() {
    const CODE: &[&str] = &["doel-zonder-vervolg"];
    // Addresses; those of which IMG has a dossier are 101 and on.
    let dossiers = |book: &mut Book, numbers: std::ops::RangeInclusive<u32>| {
        for number in numbers {
            book.dossier(week(60), img(), number);
        }
    };
    for (name, with, addresses, expected) in [
        ("four without", 100..=100, 4, &[][..]),
        ("five without", 100..=100, 5, CODE),
        ("eleven, four of them without", 5..=11, 11, &[]),
        ("twelve, none of them without", 1..=12, 12, CODE),
        ("eleven, none of them without", 1..=12, 11, &[]),
    ] {
        let mut book = Book::new();
        dossiers(&mut book, with);
        for (at, ask) in street(addresses) {
            book.ask(at, &ask);
        }
        assert_eq!(codes(&book), expected, "{name}");
    }
}

#[test]
fn what_counts_as_a_case_that_nothing_followed() {
    type Change = fn(Ask, usize) -> Ask;
    let five: [(&str, Change, bool); 9] = [
        ("as it is", |ask, _| ask, true),
        (
            "each in a case of its own",
            |ask, at| ask.case(format!("z-{at}")),
            false,
        ),
        ("always one address", |ask, _| ask.address(1), false),
        ("an unsafe situation", |ask, _| ask.purpose("aos"), false),
        ("refused", |ask, _| ask.refused("GEEN_GRONDSLAG"), false),
        (
            "of the other organisation",
            |ask, _| ask.between(ncg(), img()),
            false,
        ),
        (
            "five employees",
            |mut ask, at| {
                ask.employee = format!("m-{at}");
                ask
            },
            true,
        ),
        (
            "several purposes",
            |ask, at| match at {
                0 => ask.purpose("afstemming"),
                _ => ask,
            },
            true,
        ),
        (
            "one of them asked in another case",
            |ask, at| match at {
                0 => ask.case("zaak-2"),
                _ => ask,
            },
            false,
        ),
    ];
    for (name, change, expected) in five {
        let mut book = Book::new();
        book.dossier(week(60), img(), 100);
        for (number, (at, ask)) in street(5).enumerate() {
            book.ask(at, &change(ask, number));
        }
        assert_eq!(!codes(&book).is_empty(), expected, "{name}");
    }
}

#[test]
fn a_dossier_that_followed_in_time_is_what_the_purpose_led_to() {
    let asked = week(6).plus_ms(60_000);
    for (name, at, by, expected) in [
        ("before", asked.plus_ms(-DAY_MS), img(), false),
        (
            "thirty days after",
            asked.plus_ms(30 * DAY_MS),
            img(),
            false,
        ),
        (
            "a moment later",
            asked.plus_ms(30 * DAY_MS + 1),
            img(),
            true,
        ),
        ("the other organisation's", asked, ncg(), true),
    ] {
        let mut book = Book::new();
        book.dossier(week(60), img(), 100);
        if at < asked {
            book.dossier(at, by, 1);
        }
        for (at, ask) in street(5) {
            book.ask(at, &ask);
        }
        if at >= asked {
            book.dossier(at, by, 1);
        }
        assert_eq!(!codes(&book).is_empty(), expected, "{name}");
    }
}

#[test]
fn an_organisation_without_dossiers_is_only_asked_how_many_addresses() {
    for (addresses, expected) in [(11, 0), (12, 1)] {
        let mut book = Book::new();
        book.dossier(week(60), ncg(), 1);
        for (at, ask) in street(addresses) {
            book.ask(at, &ask);
        }
        assert_eq!(codes(&book).len(), expected, "{addresses}");
    }
}

type OfAsk = fn(Ask) -> Ask;

#[test]
fn releases_outside_office_hours_stand_out() {
    let at = |text| utc(text);
    let evening = at("2026-03-10T19:30");
    let as_it_is: OfAsk = |ask| ask;
    // Three releases by one employee, in one week, all with their own case.
    let cases: [(&str, [Moment; 3], OfAsk, bool); 12] = [
        ("in the evening", [evening; 3], as_it_is, true),
        (
            "on three days",
            [
                evening,
                evening.plus_ms(DAY_MS),
                evening.plus_ms(2 * DAY_MS),
            ],
            as_it_is,
            true,
        ),
        (
            "at seven in the evening",
            [at("2026-03-10T18:00"); 3],
            as_it_is,
            true,
        ),
        (
            "a minute before",
            [at("2026-03-10T17:59"); 3],
            as_it_is,
            false,
        ),
        (
            "at seven in the morning",
            [at("2026-03-10T06:00"); 3],
            as_it_is,
            false,
        ),
        (
            "a minute before",
            [at("2026-03-10T05:59"); 3],
            as_it_is,
            true,
        ),
        (
            "on Saturday at noon",
            [at("2026-03-07T11:00"); 3],
            as_it_is,
            true,
        ),
        (
            "summer time: an hour earlier in UTC",
            [at("2025-07-08T17:00"); 3],
            as_it_is,
            true,
        ),
        (
            "two this week",
            [evening, evening, at("2026-03-06T19:30")],
            as_it_is,
            false,
        ),
        (
            "unsafe situations",
            [evening; 3],
            |ask| ask.purpose("aos"),
            false,
        ),
        (
            "refused",
            [evening; 3],
            |ask| ask.refused("GEEN_GRONDSLAG"),
            false,
        ),
        (
            "of the other organisation",
            [evening; 3],
            |ask| ask.between(ncg(), img()),
            false,
        ),
    ];
    for (name, times, change, expected) in cases {
        let mut asked = Asked::default();
        for (at, number) in times.into_iter().zip(0..) {
            asked.one(
                at.plus_ms(number),
                change(ask("a").case(format!("z-{number}"))),
            );
        }
        let expected: &[&str] = if expected {
            &["buiten-kantooruren"]
        } else {
            &[]
        };
        assert_eq!(codes(&asked.book()), expected, "{name}");
    }
    let mut asked = Asked::default();
    for (number, who) in ["a", "a", "b"].into_iter().enumerate() {
        asked.one(evening, ask(who).case(format!("z-{number}")));
    }
    assert_eq!(codes(&asked.book()), [""; 0], "two people");
}

#[test]
fn an_officer_who_reads_far_more_than_others_stands_out() {
    // Readings this week of one, of another, of somebody of the other organisation; weeks before.
    for (name, [one, second, of_ncg], before, expected) in [
        ("nineteen", [19, 0, 0], &[][..], false),
        ("twenty, alone", [20, 0, 0], &[], true),
        ("less than thrice the second", [20, 7, 0], &[], false),
        ("thrice the second", [21, 7, 0], &[], true),
        ("others are others", [20, 0, 90], &[], true),
        // Nine a week: 9 + 6 * 3.
        ("usual for this officer", [26, 0, 0], &[9; 8], false),
        ("far beyond what is usual", [27, 0, 0], &[9; 8], true),
    ] {
        let mut book = Book::new();
        for (count, ago) in before
            .iter()
            .rev()
            .zip(1..)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            for number in 0..*count {
                book.reading(week(ago).plus_ms(number), img(), "fg-1");
            }
        }
        for (count, by, who) in [
            (one, img(), "fg-1"),
            (second, img(), "fg-2"),
            (of_ncg, ncg(), "fg-1"),
        ] {
            for number in 0..count {
                book.reading(week(0).plus_ms(number), by, who);
            }
        }
        let expected: &[&str] = if expected {
            &["lezen-van-het-logboek"]
        } else {
            &[]
        };
        assert_eq!(codes(&book), expected, "{name}");
    }
    // A system that reads the registry gives no reason: it is not at the desk.
    let mut book = Book::new();
    for _ in 0..100 {
        book.add(
            crate::ledger::entry::Kind::Reading,
            week(0),
            &[("medewerker", "s")],
            |entry| {
                entry.aanvrager = Some(img());
            },
        );
    }
    assert_eq!(signals(&book), []);
}

#[test]
fn what_was_dismissed_stays_dismissed_and_what_comes_after_counts_anew() {
    let mut book = Book::new();
    book.dossier(week(60), img(), 100);
    for (at, ask) in street(5) {
        book.ask(at, &ask);
    }
    let code = "doel-zonder-vervolg";
    assert_eq!(open(&book), [(code, 1)]);
    // Which exchanges are part of it: those of the street, not the dossier; and only as long as it is
    // open.
    let part = |book: &Book| {
        let entries = (0..9).collect();
        let found = book.index().in_signals(img(), now(), &entries);
        found.into_iter().collect::<Vec<u64>>()
    };
    assert_eq!(part(&book), [1, 2, 3, 4, 5]);
    // Of another organisation, about another entry, or another signal: not this one.
    book.dismiss(week(5), ncg(), code, 1);
    book.dismiss(week(5), img(), code, 2);
    book.dismiss(week(5), img(), "volume-medewerker", 1);
    assert_eq!(open(&book), [(code, 1)]);

    book.dismiss(week(5), img(), code, 1);
    assert_eq!(open(&book), []);
    assert!(part(&book).is_empty());
    let all = signals(&book);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].about, all[0].observed), (1, 5));
    assert_eq!(
        all[0].dismissed.map(|dismissed| dismissed.at),
        Some(week(5))
    );

    // Four more addresses are too few, a fifth is not.
    for number in 11..=15 {
        assert_eq!(open(&book), []);
        book.ask(week(4), &ask("a").address(number));
    }
    assert_eq!(open(&book), [(code, 10)]);
    assert_eq!(signals(&book).len(), 2);
    book.dismiss(week(3), img(), code, 10);
    assert_eq!(open(&book), []);
    assert_eq!(signals(&book).len(), 2);
}

#[test]
fn a_signal_that_is_not_in_order_is_an_incident_of_all_its_exchanges() {
    let mut book = Book::new();
    book.dossier(week(60), img(), 100);
    for (at, ask) in street(5) {
        book.ask(at, &ask);
    }
    let (code, now) = ("doel-zonder-vervolg", utc("2026-03-20T12:00"));
    let meant = (SignalKind::NothingFollowed, 1);
    assert!(book.index().find_signal(ncg(), now, meant).is_none());
    let other = (SignalKind::NothingFollowed, 2);
    assert!(book.index().find_signal(img(), now, other).is_none());
    let whole = book.index().find_signal(img(), now, meant).unwrap();
    assert_eq!(whole.exchanges.len() as u64, whole.signal.exchanges);
    assert_eq!(whole.extent.addresses, 5);

    // In order: no incident. Of another organisation: not this one's.
    book.dismiss(week(5), img(), code, 1);
    assert!(book.index().incidents_of(img(), false).is_empty());
    let judged = book.find_of_signal(week(5), img(), (code, 1), Judgement::Unlawful);
    assert!(book.index().incidents_of(ncg(), false).is_empty());
    let found = book.index().incidents_of(img(), false);
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((one.incident.decision, one.incident.opened), (1, week(5)));
    assert_eq!(one.incident.signals[0].index, judged);
    let extent = book.index().extent_of(img(), now, &one.incident).unwrap();
    assert_eq!(extent, whole.extent);

    // What was settled was about less: another signal from the same entry begins the clock anew.
    let (oin, mut incident) = (img(), one.incident.clone());
    let by = book.index().party(oin);
    assert_eq!(incident.by, by);
    incident
        .steps
        .push((IncidentStep::NotNotifiable, week(4), judged + 1));
    assert!(incident.is_settled());
    incident.condemn(Condemned {
        signal: "volume-medewerker".to_owned(),
        index: judged + 2,
        at: week(3),
    });
    assert!(!incident.is_settled() && incident.allows(IncidentStep::NotNotifiable));
    assert_eq!(incident.opened, week(3));
}

#[test]
fn a_week_that_goes_on_after_it_was_dismissed_counts_anew() {
    let mut asked = Asked::default();
    for number in 0..3 {
        let at = utc("2026-03-10T19:30").plus_ms(number);
        asked.one(at, ask("a").case(format!("z-{number}")));
    }
    let mut book = asked.book();
    let code = "buiten-kantooruren";
    book.dismiss(utc("2026-03-11T08:00"), img(), code, 0);
    for (expected, number) in [(0, 4), (0, 5), (1, 6)] {
        let case = format!("z-{number}");
        book.ask(utc("2026-03-11T19:30"), &ask("a").case(case));
        assert_eq!(open(&book).len(), expected);
    }
    assert_eq!(open(&book), [(code, 4)]);
}

/// The abuse of the demo's year, small: one employee, one case, a street, in the evening.
fn abused() -> Book {
    let mut asked = Asked::default().weeks(&[6; 20], |number| {
        ask("a").address(u32::try_from(number).unwrap())
    });
    for number in 0..30_u32 {
        let at = utc("2026-02-16T19:40").plus_ms(i64::from(number) * DAY_MS / 6);
        let at = at.plus_ms(-i64::from(number % 6) * DAY_MS / 6 + i64::from(number) * 60_000);
        asked.one(at, ask("a").case("een-straat").address(1_000 + number));
    }
    // And somebody else, on a Saturday, later.
    for number in 0..20 {
        let case = format!("z-{number}");
        asked.one(utc("2026-03-07T12:00").plus_ms(number), ask("b").case(case));
    }
    asked.0.sort_by_key(|(at, _)| *at);
    let mut book = Book::new();
    for number in (0..10).chain(1_020..1_100) {
        book.dossier(week(60), img(), number);
    }
    for (at, ask) in &asked.0 {
        book.ask(*at, ask);
    }
    book
}

#[test]
fn documents_without_a_reason_come_first_and_what_else_that_person_did_follows() {
    let book = abused();
    let found = signals(&book);
    let told: Vec<_> = found
        .iter()
        .map(|signal| (signal.kind.code(), signal.observed, signal.is_far()))
        .collect();
    assert_eq!(
        told,
        [
            ("doel-zonder-vervolg", 20, true),
            ("buiten-kantooruren", 30, true),
            ("volume-medewerker", 36, false),
            ("buiten-kantooruren", 20, true),
        ]
    );
    let expected = Story::NothingFollowed {
        releases: 30,
        addresses: 30,
        without: 20,
        people: 1,
        by_person: 30,
        outside: 30,
    };
    assert_eq!(found[0].story, expected);
}

#[test]
fn a_restart_changes_neither_keys_nor_order() {
    let known = |book: &Book| {
        let all = signals(book).into_iter();
        all.map(|signal| {
            (
                signal.kind,
                signal.about,
                signal.entry_of_person,
                signal.observed,
            )
        })
        .collect::<Vec<_>>()
    };
    // Each book makes its tags with a key of its own.
    let first = known(&abused());
    for _ in 0..5 {
        assert_eq!(known(&abused()), first);
    }
}

#[test]
fn nothing_of_one_organisation_is_told_to_another() {
    let book = abused();
    for other in [ncg(), municipality()] {
        let found = book.index().signals(other, now());
        let people = found.iter().filter(|signal| signal.person.is_some());
        assert_eq!(people.count(), 0, "{other}");
    }
    let unknown = Oin::parse("00000009999999999000").unwrap();
    assert_eq!(book.index().signals(unknown, now()), []);
}

#[test]
fn what_ended_more_than_a_year_ago_is_told_no_more() {
    let at = |weeks: i64| {
        let mut book = Book::new();
        book.dossier(week(100), img(), 100);
        for (at, ask) in street(5) {
            book.ask(at.plus_ms(-7 * weeks * DAY_MS), &ask);
        }
        codes(&book).len()
    };
    assert_eq!((at(46), at(47)), (1, 0));
}

#[test]
fn a_kind_has_one_code() {
    for kind in SignalKind::ALL {
        assert_eq!(SignalKind::find(kind.code()), Some(kind));
    }
    assert_eq!(SignalKind::find("iets"), None);
}

/// How long it takes: with `CARGO_PROFILE_TEST_OPT_LEVEL=3`, `-- --ignored --nocapture`. In office
/// hours, and around the clock, when everybody stands out in every week.
#[test]
#[ignore = "takes a minute, and tells a time"]
fn a_million_rows() {
    const WEEKS: i64 = 70;
    let person = crate::domain::Employee::parse("m").unwrap();
    for (name, days, hours) in [("office hours", 5, 10), ("around the clock", 7, 24)] {
        let mut book = Book::new();
        book.dossier(week(WEEKS + 1), img(), 1);
        let midnight = week(WEEKS).plus_ms(-10 * HOUR_MS);
        let opens = if hours == 24 { 0 } else { 8 * HOUR_MS };
        let step = WEEKS * days * hours * HOUR_MS / 1_000_000;
        for number in 0..1_000_000_u32 {
            let worked = i64::from(number) * step;
            let (day, into) = (worked / (hours * HOUR_MS), worked % (hours * HOUR_MS));
            let at = midnight.plus_ms((day / days * 7 + day % days) * DAY_MS + opens + into);
            let mixed = number.wrapping_mul(2_654_435_761) >> 7;
            let who = format!("m-{}", mixed % 400);
            let asked = ask(&who)
                .address(mixed % 26_000)
                .case(format!("z-{}", mixed % 700_000));
            let asked = match mixed % 10 {
                0 => asked.refused("GEEN_GRONDSLAG"),
                1..4 => asked.between(ncg(), img()),
                _ => asked,
            };
            book.ask(at, &asked);
        }
        for _ in 0..4 {
            let began = std::time::Instant::now();
            let found = book.index().signals(img(), now());
            let signals = began.elapsed();
            let began = std::time::Instant::now();
            let figures = book.index().figures(img(), &person, now());
            println!(
                "{name}: {} signals in {signals:?}; figures in {:?} ({} this week)",
                found.len(),
                began.elapsed(),
                figures.released.this_week
            );
        }
    }
}

proptest! {
    /// Whatever an ordinary year is like: few requests of each, in office hours, in cases of their own.
    #[test]
    fn a_quiet_book_has_no_signals(
        counts in prop::collection::vec(prop::collection::vec(0_usize..7, 30), 1..8),
        refused_every in 2_usize..5,
    ) {
        let mut asked = Asked::default();
        for (person, counts) in counts.iter().enumerate() {
            let who = format!("m-{person}");
            asked = asked.weeks(counts, |number| {
                let asked = ask(&who).address(u32::try_from(number).unwrap());
                if number % refused_every == 1 {
                    asked.refused("TOESTEMMING_ONTBREEKT")
                } else {
                    asked
                }
            });
        }
        prop_assert_eq!(signals(&asked.book()), vec![]);
    }
}

#[test]
fn what_is_let_go_of_takes_nothing_newer_along() {
    // A case at twenty addresses, and refusals in a row, after much that is ordinary.
    let mut asked = Asked::default();
    for number in 0..200 {
        let case = format!("zaak-{number}");
        asked.one(week(20).plus_ms(number * 20_000), ask("a").case(case));
    }
    for number in 0..20_u32 {
        let at = week(2).plus_ms(i64::from(number) * 20_000);
        asked.one(at, ask("b").case("straat").address(100 + number));
        asked.one(at.plus_ms(1), ask("c").refused("GEEN_GRONDSLAG"));
    }
    let told = |book: &Book| {
        let open = signals(book).into_iter();
        let told = open.map(|signal| (signal.kind.code(), signal.about, signal.observed));
        told.collect::<Vec<_>>()
    };
    let whole = told(&asked.clone().book_of_rows(1_000));
    let codes: Vec<_> = whole.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, ["weigeringen-op-rij", "doel-zonder-vervolg"]);
    // The ordinary is forgotten, at last to the row; then the pattern itself loses its beginning.
    for most in [200, 100, 44] {
        assert_eq!(told(&asked.clone().book_of_rows(most)), whole, "{most}");
    }
    let rest = told(&asked.book_of_rows(30));
    let fewer = |(code, _, count): &(_, _, u64)| (*code, *count < 20);
    let fewer: Vec<_> = rest.iter().map(fewer).collect();
    assert_eq!(
        fewer,
        [("weigeringen-op-rij", true), ("doel-zonder-vervolg", true)]
    );
}

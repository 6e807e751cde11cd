//! What is judged, on indices made by hand: who sees what, and what can still be done.

mod told;

use std::collections::BTreeMap;

use super::review::{Incident, Review, Standing};
use super::words::{Personal, Tagger};
use super::{AosReported, Parties};
use crate::clock::{Moment, SystemRandomness};
use crate::domain::{AddressId, Oin};
use crate::ledger::entry::{End, IncidentStep, Judgement, Kind};
use told::{DAY_MS, Told, address, employee};

#[test]
fn a_queue_has_what_its_organisation_must_judge_and_nothing_else() {
    let mut told = Told::new();
    let (img, ncg, third) = (told.img, told.ncg, told.third);
    let first = told.release(ncg, img, &address(1));
    let theirs = told.release(third, ncg, &address(1));
    told.wait(1);
    let second = told.release(img, ncg, &address(2));
    let last = told.release(ncg, img, &address(3));
    assert_eq!(told.queue(img, "anna", false, 0), [first, second]);
    assert_eq!(told.queue(img, "anna", false, 1), [last]);
    assert_eq!(told.queue(img, "anna", false, 99), [last], "the last page");
    assert_eq!(told.queue(ncg, "harm", false, 0), [first, theirs]);
    assert_eq!(told.queue(third, "geert", false, 0), [theirs]);
    let nobody = Oin::parse("00000001899999999000").unwrap();
    assert_eq!(told.queue(nobody, "anna", false, 0), [0; 0]);

    // What one party found is not found for the other.
    told.judge(img, "anna", second, Judgement::Lawful);
    told.judge(img, "bram", first, Judgement::Unlawful);
    assert_eq!(told.queue(img, "anna", false, 0), [last]);
    assert_eq!(
        told.queue(img, "anna", true, 0),
        [first, second],
        "newest first"
    );
    assert_eq!(told.queue(ncg, "harm", true, 0), [0; 0]);
    // The other party is told that it was found unlawful here, until it judged it itself.
    let told_there = |told: &Told, own| -> Vec<u64> {
        let lines = told.index.condemned_elsewhere(own).into_iter();
        lines.map(|line| line.index).collect()
    };
    assert_eq!(told_there(&told, img), [0; 0]);
    assert_eq!(told_there(&told, third), [0; 0]);
    assert_eq!(told_there(&told, ncg), [first]);
    // Judging what is not one's own changes nothing of it.
    told.judge(img, "anna", theirs, Judgement::Unlawful);
    assert_eq!(told.queue(third, "geert", false, 0), [theirs]);

    told.wait(14);
    let who = employee("anna");
    let queue = told.index.queue((img, &who), false, told.now, (0, 50));
    assert_eq!((queue.total, queue.late), (1, 1));
    assert!(told.index.find_review(img, &who, theirs).is_none());
    assert!(told.index.find_review(nobody, &who, first).is_none());
    let found = told.index.find_review(img, &who, first).unwrap();
    assert_eq!(found.standing, Standing::Judged(Judgement::Unlawful));
    assert_eq!(found.given.len(), 1);
    assert!(!found.given[0].is_own, "bram did");
}

#[test]
fn an_incident_is_its_organisations_own_and_is_followed_to_its_end() {
    let mut told = Told::new();
    let (img, ncg) = (told.img, told.ncg);
    let index = told.release(ncg, img, &address(1));
    // Before there is an incident a step means nothing.
    told.step(img, index, IncidentStep::Closed);
    told.judge(img, "anna", index, Judgement::Unlawful);
    let opened = told.now;
    told.wait(1);
    told.step(ncg, index, IncidentStep::Notified);
    let open = told.index.incidents_of(img, false);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].incident.steps, []);
    assert_eq!(open[0].incident.notify_before(), opened.plus_ms(3 * DAY_MS));
    assert!(told.index.incidents_of(ncg, false).is_empty());
    told.step(img, index, IncidentStep::NotNotifiable);
    told.step(img, index, IncidentStep::Closed);
    assert!(told.index.incidents_of(img, false).is_empty());
    assert_eq!(told.index.incidents_of(img, true).len(), 1);
}

#[test]
fn what_is_not_finished_is_found_however_old_it_is() {
    use Judgement::{Lawful, Unlawful};
    let mut told = Told::of_rows(20);
    let (img, ncg, third) = (told.img, told.ncg, told.third);
    let open = told.release(ncg, img, &address(1));
    let half_done = told.release(ncg, img, &address(2));
    let incident = told.release(ncg, img, &address(3));
    let done = told.release(ncg, img, &address(4));
    for (by, about, judgement) in [
        (img, half_done, Lawful),
        (img, incident, Unlawful),
        (ncg, incident, Lawful),
        (img, done, Lawful),
        (ncg, done, Lawful),
    ] {
        told.judge(by, "anna", about, judgement);
    }
    let grow = |told: &mut Told| {
        for _ in 0..50 {
            told.wait(1);
            told.take(Kind::Search, third, &[], |_| {});
        }
    };
    let found = |told: &Told, all: &[u64]| -> Vec<bool> {
        let found = all.iter().map(|one| told.index.find_row(*one).is_some());
        found.collect()
    };
    let incidents = |told: &Told| -> Vec<u64> {
        let open = told.index.incidents_of(img, false).into_iter();
        open.map(|one| one.incident.decision).collect()
    };
    let all = [open, half_done, incident, done];
    grow(&mut told);
    assert!(told.index.rows().len() <= 20);
    let newest = told.index.rows().iter().map(|row| row.index);
    assert!(newest.is_sorted() && told.index.rows()[0].index > done);
    assert_eq!(
        told.index.forgotten() + told.index.rows().len() as u64,
        54,
        "what is held is not at hand for searches"
    );
    assert_eq!(found(&told, &all), [true, true, true, false]);
    assert_eq!(told.queue(img, "anna", false, 0), [open]);
    assert_eq!(told.queue(ncg, "harm", false, 0), [open, half_done]);
    assert_eq!(incidents(&told), [incident]);

    // Its transfer is closed late, and everything is finished: then it goes like the rest.
    told.take(Kind::Release, ncg, &[], |entry| {
        entry.index = Some(open);
        entry.einde = Some(End::Complete);
    });
    let end = told.index.find_row(open).and_then(|row| row.end);
    assert_eq!(end, Some(End::Complete));
    told.judge(img, "anna", open, Lawful);
    told.judge(ncg, "harm", open, Lawful);
    told.judge(ncg, "harm", half_done, Unlawful);
    told.step(img, incident, IncidentStep::NotNotifiable);
    grow(&mut told);
    assert_eq!(found(&told, &all), [false, true, true, false]);
    told.step(img, incident, IncidentStep::Closed);
    told.step(ncg, half_done, IncidentStep::Notified);
    told.step(ncg, half_done, IncidentStep::Closed);
    assert_eq!(told.queue(img, "anna", false, 0), [0; 0]);
    assert_eq!(incidents(&told), [0; 0]);
    grow(&mut told);
    assert_eq!(found(&told, &all), [false; 4]);
}

#[test]
fn the_report_behind_a_release_is_the_one_that_was_in_force() {
    let mut told = Told::new();
    let (img, ncg) = (told.img, told.ncg);
    let at = address(1);
    let behind = |told: &Told, index: u64| -> Option<AosReported> {
        let who = employee("anna");
        told.index.find_review(told.img, &who, index).unwrap().aos
    };
    let none = told.release(ncg, img, &at);
    told.aos(&address(2), 30);
    let elsewhere = told.release(ncg, img, &at);
    told.aos(&at, 1);
    told.wait(2);
    let run_out = told.release(ncg, img, &at);
    let (id, first) = told.aos(&at, 30);
    let held = told.release(ncg, img, &at);
    told.wait(1);
    let ended = told.now;
    told.aos_end(&at, id);
    let after = told.release(ncg, img, &at);
    let (_, again) = told.aos(&at, 30);
    let held_again = told.release(ncg, img, &at);
    for (index, expected) in [
        (none, None),
        (elsewhere, None),
        (run_out, None),
        (after, None),
        (
            held,
            Some(AosReported {
                index: first,
                closed: Some(ended),
            }),
        ),
        (
            held_again,
            Some(AosReported {
                index: again,
                closed: None,
            }),
        ),
    ] {
        assert_eq!(behind(&told, index), expected, "{index}");
    }
}

#[test]
fn a_judgement_is_taken_when_it_adds_something() {
    use Judgement::{Lawful, MoreInformation, Unlawful};
    let oin = Oin::parse("00000001812345678000").unwrap();
    let mut parties = Parties::default();
    let own = parties.learn(oin);
    let tagger = Tagger::new(&SystemRandomness::default()).unwrap();
    let tag = |name| tagger.tag(Personal::Employee(oin), name);
    let at = Moment::parse("2026-11-21T12:00:00Z").unwrap();
    for (four_eyes, given, judge, judgement, allowed) in [
        (false, &[("anna", Lawful)][..], "bram", Unlawful, false),
        (false, &[("anna", Lawful)], "anna", Lawful, false),
        (true, &[("anna", Lawful)], "anna", Lawful, false),
        (
            true,
            &[("anna", MoreInformation)],
            "anna",
            MoreInformation,
            false,
        ),
        (
            true,
            &[("anna", Lawful), ("bram", Lawful)],
            "cor",
            Unlawful,
            false,
        ),
        (true, &[("anna", Lawful)], "anna", Unlawful, true),
        (true, &[("anna", Lawful)], "bram", Lawful, true),
        (true, &[("anna", Lawful)], "bram", Unlawful, true),
        (false, &[("anna", MoreInformation)], "anna", Lawful, true),
        (false, &[], "anna", Unlawful, true),
    ] {
        let told = given.iter().zip(0..);
        let told = told.map(|((name, judgement), index)| super::Given {
            index,
            at,
            by: own,
            judge: tag(name),
            judgement: *judgement,
        });
        let review = Review {
            decision: 0,
            due: at,
            four_eyes,
            given: told.collect(),
        };
        let found = review.allows(own, tag(judge), judgement);
        assert_eq!(
            found, allowed,
            "{four_eyes} {given:?} {judge} {judgement:?}"
        );
    }
}

#[test]
fn a_step_is_taken_in_its_time_and_once() {
    use IncidentStep::{Closed, NotNotifiable, Notified, SubjectInformed};
    let at = Moment::parse("2026-11-21T12:00:00Z").unwrap();
    for (taken, allowed) in [
        (&[][..], &[Notified, NotNotifiable, SubjectInformed][..]),
        (&[SubjectInformed], &[Notified, NotNotifiable]),
        (&[Notified], &[SubjectInformed, Closed]),
        (&[NotNotifiable], &[Notified, SubjectInformed, Closed]),
        (&[NotNotifiable, Notified], &[SubjectInformed, Closed]),
        (&[Notified, Closed], &[]),
    ] {
        let steps = taken.iter().map(|step| (*step, at, 1));
        let incident = Incident {
            decision: 0,
            by: Parties::default().learn(Oin::parse("00000001812345678000").unwrap()),
            opened: at,
            since: 0,
            steps: steps.collect(),
            signals: Vec::new(),
        };
        let all = [Notified, NotNotifiable, SubjectInformed, Closed].into_iter();
        let found: Vec<_> = all.filter(|step| incident.allows(*step)).collect();
        assert_eq!(found, allowed, "{taken:?}");
    }
}

#[test]
fn what_is_about_somebody_is_found_in_one_go_and_is_ones_own() {
    let mut told = Told::new();
    let (img, ncg, third) = (told.img, told.ncg, told.third);
    let (one, two, other) = (address(1), address(2), address(3));
    let first = told.release(ncg, img, &one);
    told.release(third, ncg, &one);
    told.release(ncg, img, &other);
    told.wait(1);
    let day = told.now;
    let second = told.release(img, ncg, &two);
    told.wait(1);
    let third_one = told.release(img, ncg, &one);
    let about = |own, addresses: &[AddressId], period, limit| -> Vec<(AddressId, u64)> {
        let found = told.index.about(own, addresses, period, limit);
        let found = found.into_iter();
        found.map(|(address, line)| (address, line.index)).collect()
    };
    let all = (None, None);
    assert_eq!(about(img, &[], all, 9), []);
    assert_eq!(about(third, &[two], all, 9), []);
    assert_eq!(
        about(img, &[one, two], all, 9),
        [(one, first), (two, second), (one, third_one)]
    );
    assert_eq!(
        about(img, &[one, two], all, 2),
        [(one, first), (two, second)]
    );
    let period = (Some(day), Some(day.plus_ms(DAY_MS)));
    assert_eq!(about(img, &[one, two], period, 9), [(two, second)]);

    let (_, reported) = told.aos(&two, 1);
    assert_eq!(
        told.index.registry_of(&[one, two]),
        BTreeMap::from([(two, vec![reported])])
    );
}

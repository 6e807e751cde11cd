use super::*;
use crate::clock::Day;
use crate::domain::Oin;
use crate::language::Language;
use crate::oversight::Usual;

fn signal(kind: SignalKind, (observed, threshold): (u64, u64), story: Story) -> Signal {
    let at = Moment::parse("2026-07-20T19:40:00Z").unwrap();
    Signal {
        kind,
        about: 7,
        from: at,
        until: at,
        observed,
        threshold,
        story,
        person: None,
        entry_of_person: None,
        lines: Vec::new(),
        more: 0,
        dismissed: None,
    }
}

fn every_kind() -> Vec<Signal> {
    let week = Day::parse("2026-07-30").unwrap().week();
    let usual = Usual {
        weeks: 26,
        median: 10,
        spread: 4,
        highest: 19,
    };
    let case = |people, by_person, without, outside| Story::NothingFollowed {
        releases: 92,
        addresses: 92,
        without,
        people,
        by_person,
        outside,
    };
    let reasons = |codes: &[(&str, u64)]| {
        let reasons = codes.iter().map(|(code, count)| ((*code).into(), *count));
        Story::Refusals {
            reasons: reasons.collect(),
        }
    };
    vec![
        signal(SignalKind::NothingFollowed, (65, 5), case(1, 92, 65, 92)),
        signal(SignalKind::NothingFollowed, (65, 5), case(2, 91, 65, 91)),
        signal(SignalKind::NothingFollowed, (92, 12), case(1, 92, 0, 0)),
        signal(
            SignalKind::EmployeeVolume,
            (52, 34),
            Story::EmployeeVolume {
                week,
                refused: 1,
                usual,
                history: Vec::new(),
            },
        ),
        signal(
            SignalKind::OutsideHours,
            (42, 3),
            Story::OutsideHours { week, days: 1 },
        ),
        signal(
            SignalKind::Refusals,
            (12, 10),
            reasons(&[("TOESTEMMING_ONTBREEKT", 12)]),
        ),
        signal(
            SignalKind::Refusals,
            (12, 10),
            reasons(&[("GEEN_GRONDSLAG", 10), ("niet-bevoegd", 2)]),
        ),
        signal(
            SignalKind::SystemVolume,
            (1_200, 540),
            Story::SystemVolume {
                week,
                requester: Oin::parse("00000001823456789000").ok(),
                purpose: "afstemming".into(),
                usual,
                history: Vec::new(),
            },
        ),
        signal(
            SignalKind::LogReadings,
            (60, 21),
            Story::LogReadings {
                week,
                second: 7,
                usual: Some(usual),
            },
        ),
        signal(
            SignalKind::LogReadings,
            (60, 20),
            Story::LogReadings {
                week,
                second: 0,
                usual: None,
            },
        ),
    ]
}

fn told_in(language: Language) -> String {
    let wording = Wording::bare(language);
    let mut text = String::new();
    for signal in every_kind() {
        let told = tell(&signal, "IMG", &wording);
        text.push_str(&format!("# {}\n{}\n", told.title, told.sentence));
        let facts = told
            .facts
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        text.push_str(&facts.collect::<Vec<_>>().join(" | "));
        text.push_str("\n\n");
    }
    text
}

#[test]
fn every_signal_is_told_in_plain_dutch() {
    insta::assert_snapshot!(told_in(Language::Dutch));
}

#[test]
fn every_signal_is_told_in_plain_english() {
    insta::assert_snapshot!(told_in(Language::English));
}

#[test]
fn every_kind_says_how_it_was_computed_with_its_limit() {
    for language in [Language::Dutch, Language::English] {
        for signal in every_kind() {
            let how = tell(&signal, "IMG", &Wording::bare(language)).how;
            let limit = match signal.kind {
                SignalKind::NothingFollowed => "12",
                SignalKind::EmployeeVolume | SignalKind::LogReadings => "20",
                SignalKind::OutsideHours => "3",
                SignalKind::Refusals => "10",
                SignalKind::SystemVolume => "50",
            };
            assert!(how.contains(limit), "{how}");
            assert!(!how.contains("  "), "{how}");
        }
    }
}

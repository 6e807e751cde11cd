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
        exchanges: 0,
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
        let facts = told.facts.iter();
        let facts = facts.map(|(name, value)| format!("{name}: {value}"));
        let facts = facts.collect::<Vec<_>>().join(" | ");
        for line in [
            "# ",
            &told.title,
            "\n",
            &told.sentence,
            "\n",
            &facts,
            "\n\n",
        ] {
            text.push_str(line);
        }
    }
    text
}

#[test]
fn every_signal_is_told_in_plain_dutch() {
    insta::assert_snapshot!(told_in(Language::Dutch), @"
    # Eén zaak, 92 adressen: bij 65 geen dossier
    Eén medewerker van IMG kreeg in één en dezelfde zaak 92 stukken, over 92 adressen. Bij 65 van die adressen had IMG geen dossier, en binnen 30 dagen kwam dat er ook niet. Alles werd buiten kantooruren opgevraagd.
    Stukken: 92 | Adressen: 92 | Zonder dossier: 65 van 92 | Medewerkers: 1 | Buiten kantooruren: 92 van 92 | Grens: vanaf 5

    # Eén zaak, 92 adressen: bij 65 geen dossier
    2 medewerkers van IMG kregen in één en dezelfde zaak 92 stukken, over 92 adressen. Eén van hen kreeg 91 stukken. Bij 65 van die adressen had IMG geen dossier, en binnen 30 dagen kwam dat er ook niet. Buiten kantooruren opgevraagd: 91 van de 92.
    Stukken: 92 | Adressen: 92 | Zonder dossier: 65 van 92 | Medewerkers: 2 | Buiten kantooruren: 91 van 92 | Grens: vanaf 5

    # Eén zaak, 92 adressen
    Eén medewerker van IMG kreeg in één en dezelfde zaak 92 stukken, over 92 adressen.
    Stukken: 92 | Adressen: 92 | Zonder dossier: 0 van 92 | Medewerkers: 1 | Buiten kantooruren: 0 van 92 | Grens: vanaf 12

    # In week 31 vroeg een medewerker veel meer op dan anders
    In week 31 (27 juli tot en met 2 augustus 2026) vroeg één medewerker van IMG 52 stukken op (daarvan 1 weigering). Anders zijn dat er 10 in een week.
    In deze week: 52 | Gewoon: 10 in een week (over 26 weken) | Spreiding: 4 | Drukste week ervoor: 19 | Grens: vanaf 34

    # In week 31 kreeg een medewerker 42 stukken buiten kantooruren
    In week 31 (27 juli tot en met 2 augustus 2026) kreeg één medewerker van IMG 42 stukken buiten kantooruren, op 1 dag.
    In deze week: 42 | Op zoveel dagen: 1 | Grens: vanaf 3

    # Een medewerker werd 12 keer achter elkaar geweigerd
    Eén medewerker van IMG werd 12 keer achter elkaar geweigerd, steeds om dezelfde reden: geen toestemming.
    Achter elkaar: 12 | Redenen: geen toestemming (12) | Grens: vanaf 10

    # Een medewerker werd 12 keer achter elkaar geweigerd
    Eén medewerker van IMG werd 12 keer achter elkaar geweigerd, meestal om deze reden: geen grondslag.
    Achter elkaar: 12 | Redenen: geen grondslag (10); niet bevoegd (2) | Grens: vanaf 10

    # In week 31 vroeg 00000001823456789000 veel meer op dan anders voor afstemming
    In week 31 (27 juli tot en met 2 augustus 2026) vroeg 00000001823456789000 1.200 stukken op voor afstemming. Anders zijn dat er 10 in een week.
    In deze week: 1.200 | Gewoon: 10 in een week (over 26 weken) | Spreiding: 4 | Drukste week ervoor: 19 | Grens: vanaf 540

    # In week 31 las iemand veel meer in het logboek dan anderen
    In week 31 (27 juli tot en met 2 augustus 2026) bekeek één persoon van IMG 60 keer iets in het logboek of het register. Wie daarna het meest keek, deed dat 7 keer.
    In deze week: 60 | Wie daarna het meest keek: 7 | Gewoon: 10 in een week (over 26 weken) | Spreiding: 4 | Drukste week ervoor: 19 | Grens: vanaf 21

    # In week 31 las iemand veel meer in het logboek dan anderen
    In week 31 (27 juli tot en met 2 augustus 2026) bekeek één persoon van IMG 60 keer iets in het logboek of het register. Niemand anders keek die week.
    In deze week: 60 | Wie daarna het meest keek: 0 | Grens: vanaf 20
    ");
}

#[test]
fn every_signal_is_told_in_plain_english() {
    insta::assert_snapshot!(told_in(Language::English), @"
    # One case, 92 addresses: no file at 65
    One employee of IMG received, in one and the same case, 92 documents about 92 addresses. At 65 of those addresses IMG had no file, and within 30 days there came none. All of it was asked outside office hours.
    Documents: 92 | Addresses: 92 | Without a file: 65 of 92 | Employees: 1 | Outside office hours: 92 of 92 | Limit: from 5

    # One case, 92 addresses: no file at 65
    2 employees of IMG received, in one and the same case, 92 documents about 92 addresses. One of them received 91 documents. At 65 of those addresses IMG had no file, and within 30 days there came none. Asked outside office hours: 91 of 92.
    Documents: 92 | Addresses: 92 | Without a file: 65 of 92 | Employees: 2 | Outside office hours: 91 of 92 | Limit: from 5

    # One case, 92 addresses
    One employee of IMG received, in one and the same case, 92 documents about 92 addresses.
    Documents: 92 | Addresses: 92 | Without a file: 0 of 92 | Employees: 1 | Outside office hours: 0 of 92 | Limit: from 12

    # In week 31 an employee asked for much more than usual
    In week 31 (27 July to 2 August 2026) one employee of IMG asked for 52 documents (1 refusal among them). Usually it is 10 in a week.
    In this week: 52 | Usual: 10 in a week (of 26 weeks) | Spread: 4 | Busiest week before: 19 | Limit: from 34

    # In week 31 an employee received 42 documents outside office hours
    In week 31 (27 July to 2 August 2026) one employee of IMG received 42 documents outside office hours, on 1 day.
    In this week: 42 | On so many days: 1 | Limit: from 3

    # An employee was refused 12 times in a row
    One employee of IMG was refused 12 times in a row, each time for the same reason: no consent.
    In a row: 12 | Reasons: no consent (12) | Limit: from 10

    # An employee was refused 12 times in a row
    One employee of IMG was refused 12 times in a row, mostly for this reason: no legal basis.
    In a row: 12 | Reasons: no legal basis (10); not authorised (2) | Limit: from 10

    # In week 31 00000001823456789000 asked for much more than usual, for afstemming
    In week 31 (27 July to 2 August 2026) 00000001823456789000 asked for 1,200 documents, for afstemming. Usually it is 10 in a week.
    In this week: 1,200 | Usual: 10 in a week (of 26 weeks) | Spread: 4 | Busiest week before: 19 | Limit: from 540

    # In week 31 somebody read far more in the log than others
    In week 31 (27 July to 2 August 2026) one person of IMG looked 60 times at something in the log or the registry. Whoever looked most after that did so 7 times.
    In this week: 60 | Whoever looked most after that: 7 | Usual: 10 in a week (of 26 weeks) | Spread: 4 | Busiest week before: 19 | Limit: from 21

    # In week 31 somebody read far more in the log than others
    In week 31 (27 July to 2 August 2026) one person of IMG looked 60 times at something in the log or the registry. Nobody else looked that week.
    In this week: 60 | Whoever looked most after that: 0 | Limit: from 20
    ");
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

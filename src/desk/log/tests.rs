//! Forms of the log: wrong inputs first, and what was typed is kept.

use super::super::forms::{Filled, Form};
use super::super::lines::{Seen, badge, by_day};
use super::super::words::Wording;
use super::{export, sought};
use crate::clock::Moment;
use crate::domain::{Oin, Organisation, Organisations, Role, TransactionId};
use crate::language::Language;
use crate::ledger::entry::{Act, End, Outcome};
use crate::oversight::{Came, Criteria, Line, What};

const IMG: &str = "00000001812345678000";
const TRANSACTION: &str = "0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31";

fn organisations() -> Organisations {
    Organisations::new(vec![Organisation {
        oin: Oin::parse(IMG).unwrap(),
        name: "Instituut Mijnbouwschade Groningen".to_owned(),
        role: Role::parse("img").unwrap(),
        teams: [].into(),
        provides: true,
        contact: String::new(),
        words: crate::domain::Wording::Shared,
    }])
}

fn form(fields: &[(&str, &str)]) -> Filled {
    let fields = fields.iter();
    let form = fields.fold(Form::default(), |form, (name, value)| {
        form.with(name, value)
    });
    Filled::new(form, Language::Dutch)
}

fn wording() -> Wording {
    Wording::of(&organisations(), Language::Dutch)
}

#[test]
fn a_mistake_stands_beside_its_field_and_nothing_typed_is_lost() {
    let long = "x".repeat(129);
    for (field, typed, message) in [
        (
            "adres",
            "197920000001234",
            "Adres: dit zijn 15 cijfers, het moeten er 16 zijn.",
        ),
        (
            "adres",
            "19792000000123456",
            "Adres: dit zijn 17 cijfers, het moeten er 16 zijn.",
        ),
        ("adres", "Dorpsstraat 1", "Adres: gebruik alleen cijfers."),
        (
            "adres",
            "197920000001234é",
            "Adres: gebruik alleen cijfers.",
        ),
        (
            "adres",
            "1979100000012345",
            "Adres: dit is geen BAG-nummer van een adres. Op plaats 5 en 6 staat dan 20.",
        ),
        ("van", "gisteren", "Van: vul een datum in zoals 2026-03-01."),
        (
            "van",
            "01-03-2026",
            "Van: vul een datum in zoals 2026-03-01.",
        ),
        (
            "tot",
            "2026-02-30",
            "Tot en met: vul een datum in zoals 2026-03-31.",
        ),
        (
            "transactie",
            "0195a3f2",
            "Transactie: vul het hele kenmerk in",
        ),
        (
            "transactie",
            "0d1f0f3c-5d6a-4c1e-9f5e-2a1c8f0a7b11",
            "Transactie: vul het hele kenmerk in",
        ),
        ("vrager", "00000009999999999000", "Kies iets uit de lijst."),
        ("bron", "IMG", "Kies iets uit de lijst."),
        ("soort", "Opname rapport", "Kies iets uit de lijst."),
        ("doel", "=1+1", "Kies iets uit de lijst."),
        ("grondslag", "A6-1-z", "Kies iets uit de lijst."),
        ("artikel", &"x".repeat(65), "Kies iets uit de lijst."),
        ("uitkomst", "alles", "Kies iets uit de lijst."),
        ("reden", "ZOMAAR", "Kies iets uit de lijst."),
        (
            "medewerker",
            &long,
            "Medewerker: een pseudoniem heeft 1 tot 128 tekens.",
        ),
        (
            "zaaknummer",
            &long,
            "Zaaknummer: een zaaknummer heeft 1 tot 128 tekens.",
        ),
    ] {
        let mut f = form(&[("tot", "2026-03-31"), (field, typed)][usize::from(field == "tot")..]);
        sought::read(&mut f, &organisations());
        assert!(
            f.error(field).starts_with(message),
            "{field}: {}",
            f.error(field)
        );
        assert_eq!((f.value(field), f.mistakes.len()), (typed, 1), "{field}");
    }
    let mut f = form(&[
        ("adres", "1"),
        ("van", "2026-03-31"),
        ("tot", "2026-03-01"),
        ("doel", "-"),
    ]);
    sought::read(&mut f, &organisations());
    let wrong: Vec<&str> = f.mistakes.iter().map(|mistake| mistake.field).collect();
    assert_eq!(wrong, ["adres", "tot", "doel"], "all at once");
    assert_eq!(f.error("tot"), "Tot en met: deze dag ligt voor ‘van’.");
}

#[test]
fn what_is_typed_is_sought_and_can_be_written_back() {
    let fields = [
        ("adres", "0014200012345678"),
        ("van", "2026-03-01"),
        ("tot", "2026-03-31"),
        ("transactie", TRANSACTION),
        ("vrager", IMG),
        ("bron", IMG),
        ("soort", "opnamerapport"),
        ("doel", "aos"),
        ("grondslag", "A6-1-c"),
        ("artikel", "TwG 3(4)"),
        ("reden", "token-verlopen"),
        ("uitkomst", "geweigerd"),
        ("medewerker", "behandelaar-17"),
        ("zaaknummer", "SCH-2026-0042"),
    ];
    let mut f = form(&fields);
    let criteria = sought::read(&mut f, &organisations());
    assert!(!f.is_wrong(), "{:?}", f.mistakes);
    let moment = |text| Moment::parse(text).ok();
    // In March the clock moves: the month is an hour short.
    assert_eq!(criteria.from, moment("2026-02-28T23:00:00Z"));
    assert_eq!(
        criteria.until,
        moment("2026-03-31T22:00:00Z"),
        "the last day is in it"
    );
    assert_eq!(criteria.came, Some(Came::Refused));
    assert!(criteria.is_personal());
    let back = sought::form_of(&criteria);
    for (field, typed) in fields {
        assert_eq!(back.value(field), typed);
    }
    assert_eq!(
        sought::badges(&criteria, &wording(), true).len(),
        fields.len(),
        "each part of it is told"
    );
    let public = sought::badges(&criteria, &wording(), false).join(" ");
    for personal in ["0014200012345678", "behandelaar-17", "SCH-2026-0042"] {
        assert!(!public.contains(personal), "{public}");
    }

    let mut spaced = form(&[("adres", " 0014 2000 1234 5678 ")]);
    let criteria = sought::read(&mut spaced, &organisations());
    assert_eq!(criteria.address.unwrap().as_str(), "0014200012345678");

    let mut empty = form(&[("adres", " "), ("van", ""), ("onbekend", "x")]);
    assert_eq!(
        sought::read(&mut empty, &organisations()),
        Criteria::default()
    );
    assert!(!empty.is_wrong());
}

fn line() -> Line {
    Line {
        index: 7,
        at: Moment::parse("2026-03-17T13:32:07.104Z").unwrap(),
        transaction: TransactionId::parse(TRANSACTION).unwrap(),
        what: What::Decision,
        act: Some(Act::Download),
        outcome: Some(Outcome::Permitted),
        end: Some(End::Complete),
        occasion: None,
        review: false,
        requester: Oin::parse(IMG).ok(),
        provider: None,
        kind: "opnamerapport".into(),
        purpose: "aos".into(),
        ground: "".into(),
        article: "TwG 3(4)".into(),
        reason: "".into(),
        count: 0,
        withheld: 0,
        of: None,
    }
}

#[test]
fn a_badge_says_what_a_line_came_to() {
    let decision = |act, outcome, end, reason: &str| Line {
        act: Some(act),
        outcome: Some(outcome),
        end,
        reason: reason.into(),
        ..line()
    };
    let (download, permitted) = (Act::Download, Outcome::Permitted);
    for (line, waits, kind, text) in [
        (
            decision(download, Outcome::Refused, None, "X"),
            false,
            "nee",
            "geweigerd",
        ),
        (
            Line {
                outcome: None,
                ..line()
            },
            false,
            "nee",
            "geweigerd",
        ),
        (
            decision(download, permitted, None, ""),
            false,
            "info",
            "onderweg",
        ),
        (
            decision(download, permitted, Some(End::Unknown), ""),
            false,
            "let-op",
            "niet geheel gegeven",
        ),
        (line(), false, "ja", "gegeven"),
        (line(), true, "let-op", "gegeven, te beoordelen"),
        (
            decision(Act::Metadata, permitted, None, ""),
            false,
            "ja",
            "gegevens getoond",
        ),
        (
            decision(Act::Test, Outcome::Test, None, ""),
            false,
            "toets",
            "getoetst: ja",
        ),
        (
            decision(Act::Test, Outcome::Test, None, "X"),
            false,
            "toets",
            "getoetst: nee",
        ),
        (
            Line {
                what: What::Search,
                ..line()
            },
            false,
            "info",
            "zoekvraag",
        ),
        (
            Line {
                what: What::Reading,
                ..line()
            },
            false,
            "info",
            "inzage",
        ),
    ] {
        let badge = badge(&Seen { line, waits }, &wording());
        assert_eq!((badge.kind, badge.text), (kind, text));
    }
}

#[test]
fn lines_are_grouped_by_the_day_on_the_wall() {
    let seen = |at: &str| Seen {
        line: Line {
            at: Moment::parse(at).unwrap(),
            ..line()
        },
        waits: false,
    };
    // Half past midnight in Amsterdam is the day before in UTC.
    let lines = [
        seen("2026-03-17T23:30:00Z"),
        seen("2026-03-17T22:30:00Z"),
        seen("2026-03-17T07:05:00Z"),
    ];
    let days = by_day(&lines, &wording());
    let told: Vec<(&str, Vec<&str>)> = days
        .iter()
        .map(|day| {
            let times = day.lines.iter().map(|line| line.time.as_str());
            (day.name.as_str(), times.collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("woensdag 18 maart 2026", vec!["0.30"]),
            ("dinsdag 17 maart 2026", vec!["23.30", "8.05"]),
        ]
    );
    assert_eq!(
        days[0].lines[0].path,
        format!("/uitwisseling/{TRANSACTION}")
    );
    assert!(by_day(&[], &wording()).is_empty());
}

#[test]
fn a_file_holds_the_lines_and_nothing_of_a_person() {
    let mut f = form(&[
        ("adres", "0014200012345678"),
        ("medewerker", "kanarie"),
        ("doel", "aos"),
    ]);
    let odd = Line {
        kind: "=HYPERLINK".into(),
        ..line()
    };
    let taken = export::Taken {
        criteria: sought::read(&mut f, &organisations()),
        lines: vec![line(), odd],
        total: 3,
        size: 12,
        at: Moment::parse("2026-03-18T09:00:00Z").unwrap(),
    };
    let file = |form| String::from_utf8(export::write(form, &taken, &wording()).unwrap()).unwrap();
    let csv = file(export::Form::Csv);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(
        rows[1],
        "7;2026-03-17 14:32:07;2026-03-17T13:32:07.104Z;0195a3f2-8c1e-7d40-b1a6-5f0c2e9d7a31;besluit;\
         download;IMG;00000001812345678000;;;opnamerapport;aos;toegestaan;volledig;;TwG 3(4);"
    );
    assert!(rows[2].contains(";'=HYPERLINK;") && rows.len() == 3);

    let json = file(export::Form::Json);
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["criteria"], serde_json::json!({"doel": "aos"}));
    assert_eq!(
        read["persoonlijkeCriteria"],
        serde_json::json!(["adres", "medewerker"])
    );
    assert_eq!(
        (
            &read["omvangLogboek"],
            &read["aantalGevonden"],
            &read["aantalRegels"]
        ),
        (&12.into(), &3.into(), &2.into())
    );
    assert_eq!(read["regels"][1]["documentsoort"], "=HYPERLINK");
    for text in [csv, json] {
        assert!(
            !text.contains("0014200012345678") && !text.contains("kanarie"),
            "{text}"
        );
    }
}

//! What officers are told of the witnesses, the worst first.

use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::cosign::Mishap;
use crate::ledger::Cosigned;

fn now() -> Moment {
    Moment::parse("2026-03-20T10:00:00Z").unwrap()
}

fn before(seconds: i64) -> Moment {
    now().plus_ms(-1_000 * seconds)
}

/// One that cosigned so many seconds ago, and what goes wrong with it since when.
fn witness(name: &str, cosigned: Option<i64>, trouble: Option<(Trouble, i64)>) -> Witness {
    let another = trouble.is_some_and(|(why, _)| why.is_another_history());
    Witness {
        name: name.to_owned(),
        host: format!("{name}.example:8446"),
        key: format!("{name}.example+00000000+AAAA"),
        cosigned: cosigned.map(|ago| (before(ago), 1_200)),
        mishap: trouble.map(|(why, ago)| Mishap {
            why,
            since: before(ago),
            until: now(),
            is_over: false,
        }),
        stands: !another && cosigned.is_some_and(|ago| ago <= 60),
    }
}

fn seen(
    witnesses: &[Witness],
    quorum: Quorum,
    cosigned: Option<i64>,
    limit: Option<u64>,
) -> Witnessing {
    Witnessing {
        now: now(),
        witnesses: witnesses.to_vec(),
        rule: None,
        cosigned: cosigned.map(|ago| {
            Arc::new(Cosigned {
                size: 1_200,
                at: before(ago),
                note: String::new(),
            })
        }),
        refuses_after: limit.map(Duration::from_secs),
        quorum,
    }
}

/// All that is told, as a table a person can read.
fn text(seen: &Witnessing, l: Language) -> String {
    let told = told(seen, l);
    let mut text = format!("{} [{} {}]\n", told.line, told.kind, told.badge);
    if let Some(last) = &told.confirmed {
        writeln!(text, "{}, {}", last.size, last.when.ago).unwrap();
    }
    for warning in &told.warnings {
        writeln!(text, "! {} {}", warning.kind, warning.title).unwrap();
        for line in &warning.lines {
            writeln!(text, "  {line}").unwrap();
        }
    }
    text
}

#[test]
fn a_witness_with_another_history_is_told_before_all_else() {
    let witnesses = [
        witness("img", Some(10), None),
        witness("ncg", Some(20), Some((Trouble::Forked, 1))),
    ];
    let forked = seen(&witnesses, Quorum::Stands, Some(20), Some(60));
    insta::assert_snapshot!(text(&forked, Language::Dutch), @r"
    1 van de 2 getuigen staat achter dit logboek. [nee ander logboek]
    1.200, 20 seconden geleden
    ! nee Een getuige kent een ander logboek dan dit
      ncg zag andere regels dan er nu in dit logboek staan. Het is veranderd, of er zijn er twee.
      Dit systeem stopt vanzelf, zodat er niets meer wordt verstrekt.
      Bewaar de stand op de pagina Integriteit, en bel de beheerder en de auditor. Laat niets terugzetten of wissen voordat zij hebben gekeken.
    ");
    let witnesses = [witness("ncg", None, Some((Trouble::Behind, 1)))];
    let behind = seen(&witnesses, Quorum::Lost, None, None);
    insta::assert_snapshot!(text(&behind, Language::English), @r"
    The witness does not stand behind this log now. [nee another log]
    ! nee A witness knows another log than this
      ncg saw more entries than this log has now. Perhaps an old copy was put back.
      This system stops by itself, so that nothing is released any more.
      Keep the state on the page Integrity, and call the administrator and the auditor. Let nothing be put back or erased before they have looked.
    ");
}

#[test]
fn too_few_witnesses_are_told_with_what_it_means() {
    let gone = [
        witness("img", Some(400), Some((Trouble::Unreachable, 390))),
        witness("ncg", None, Some((Trouble::Refused(404), 500))),
    ];
    let lapsed = seen(&gone, Quorum::Lapsed, Some(400), Some(60));
    insta::assert_snapshot!(text(&lapsed, Language::Dutch), @r"
    Geen van de 2 getuigen staat nu achter dit logboek. [nee te weinig]
    1.200, 6 minuten geleden
    ! nee Er worden nu geen documenten verstrekt
      Genoeg getuigen tekenden voor het laatst 6 minuten geleden. Dat mag hoogstens 60 seconden geleden zijn. Wie nu een document vraagt, hoort dat het logboek niet beschikbaar is.
      Dit zegt niet dat er iets mis is met het logboek, wel dat niemand van buiten het nu bevestigt. Vraag de beheerder de getuigen weer bereikbaar te maken. Daarna gaat alles vanzelf verder.
    ! let-op img en ncg tekenen nu niet
      img tekende voor het laatst 6 minuten geleden: niet bereikbaar. Vraag de beheerder van deze getuige of hij draait, en of het netwerk en het certificaat in orde zijn.
      ncg tekende nog niet: kent dit logboek of zijn sleutel niet (HTTP 404). Vraag de beheerder van deze getuige om dit logboek en zijn sleutel in te stellen.
    ");
    insta::assert_snapshot!(text(&lapsed, Language::English), @r"
    None of the 2 witnesses stands behind this log now. [nee too few]
    1,200, 6 minutes ago
    ! nee No documents are released now
      Enough witnesses last signed 6 minutes ago. That may be 60 seconds ago at most. Whoever asks for a document now is told that the log is not available.
      This does not say that anything is wrong with the log, only that nobody from outside confirms it now. Ask the administrator to bring the witnesses back. After that everything goes on by itself.
    ! let-op img and ncg do not sign now
      img last signed 6 minutes ago: cannot be reached. Ask the administrator of this witness whether it runs, and whether the network and the certificate are in order.
      ncg did not sign yet: does not know this log, or not its key (HTTP 404). Ask the administrator of this witness to configure this log and its key.
    ");
    for (quorum, cosigned, limit, kind, title, line) in [
        (
            Quorum::Lapsed,
            None,
            Some(60),
            "nee",
            "Er worden nu geen documenten verstrekt",
            "Genoeg getuigen tekenden nog niet. Tot dan hoort wie een document vraagt",
        ),
        (
            Quorum::Lost,
            Some(400),
            Some(600),
            "let-op",
            "Te weinig getuigen staan achter het logboek",
            "na 600 seconden zonder genoeg getuigen stopt het.",
        ),
        (
            Quorum::Lost,
            Some(400),
            None,
            "let-op",
            "Te weinig getuigen staan achter het logboek",
            "6 minuten geleden. Het verstrekken gaat gewoon door.",
        ),
    ] {
        let told = told(&seen(&gone, quorum, cosigned, limit), Language::Dutch);
        let warning = &told.warnings[0];
        assert_eq!((warning.kind, &*warning.title), (kind, title));
        assert!(warning.lines[0].contains(line), "{:?}", warning.lines);
    }
}

#[test]
fn one_that_is_silent_is_told_with_whom_to_ask() {
    for (trouble, why, whom) in [
        (Trouble::Unreachable, "niet bereikbaar", "of hij draait"),
        (Trouble::Silent, "antwoordt niet op tijd", "of hij draait"),
        (
            Trouble::Refused(403),
            "kent dit logboek of zijn sleutel niet (HTTP 403)",
            "zijn sleutel in te stellen",
        ),
        (
            Trouble::Unusable,
            "zonder een handtekening die klopt",
            "nog de goede is",
        ),
        (Trouble::Clock, "zijn klok loopt voor", "klok gelijk"),
        (Trouble::Own, "zijn eigen logboek", "naar de database"),
    ] {
        let witnesses = [
            witness("img", Some(8), None),
            witness("ncg", Some(61), Some((trouble, 60))),
        ];
        let silent = seen(&witnesses, Quorum::Stands, Some(8), Some(60));
        let told = told(&silent, Language::Dutch);
        assert_eq!(told.line, "1 van de 2 getuigen staat achter dit logboek.");
        assert_eq!((told.kind, told.badge), ("ja", "genoeg"));
        let [warning] = &told.warnings[..] else {
            panic!("{:?}", told.warnings)
        };
        assert_eq!(warning.title, "ncg tekent nu niet");
        let line = &warning.lines[0];
        let begins = "ncg tekende voor het laatst 61 seconden geleden: ";
        assert!(line.starts_with(begins), "{line}");
        assert!(line.contains(why) && line.contains(whom), "{line}");
        assert!(warning.lines[1].contains("er wordt gewoon verstrekt"));
    }
    // It answers, and its signatures are old.
    let witnesses = [
        witness("img", Some(90), None),
        witness("ncg", Some(8), None),
        witness("rijk", Some(300), None),
    ];
    let late = seen(&witnesses, Quorum::Stands, Some(8), None);
    insta::assert_snapshot!(text(&late, Language::English), @r"
    1 of the 3 witnesses stands behind this log. [ja enough]
    1,200, 8 seconds ago
    ! let-op img and rijk do not sign now
      img last signed 90 seconds ago. Ask the administrator of this witness whether its clock is right.
      rijk last signed 5 minutes ago. Ask the administrator of this witness whether its clock is right.
      The other witnesses are enough: releases go on.
    ");
}

#[test]
fn witnesses_that_all_stand_behind_the_book_give_no_warning() {
    let name = |at: usize| ["img", "ncg", "rijk", "hof"][at];
    for (many, dutch, english) in [
        (
            1,
            "De getuige staat achter dit logboek.",
            "The witness stands behind this log.",
        ),
        (
            2,
            "Beide getuigen staan achter dit logboek.",
            "Both witnesses stand behind this log.",
        ),
        (
            4,
            "Alle 4 getuigen staan achter dit logboek.",
            "All 4 witnesses stand behind this log.",
        ),
    ] {
        let all: Vec<_> = (0..many)
            .map(|at| witness(name(at), Some(3), None))
            .collect();
        let seen = seen(&all, Quorum::Stands, Some(3), Some(60));
        for (l, line) in [(Language::Dutch, dutch), (Language::English, english)] {
            let told = told(&seen, l);
            assert_eq!((&*told.line, told.kind), (line, "ja"));
            assert_eq!(told.warnings, [], "{many}");
        }
        let told = told(&seen, Language::Dutch);
        let when = told.confirmed.unwrap().when;
        assert_eq!(when.at, "20 maart 2026 om 10.59 uur");
        assert_eq!(when.ago, "3 seconden geleden");
    }
}

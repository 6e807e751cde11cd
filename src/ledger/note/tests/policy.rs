//! The policy file: wrong ones first, then who is enough, and since when.

use super::{checkpoint, key_hash, moment, signer};
use crate::clock::{Moment, NoRandomness, Random};
use crate::ledger::note::{Cosigner, NotWitnessed, NoteError, Policy, Rule};

/// The keys of tests: witnesses by number, always the same.
pub(super) fn witness(number: u8) -> Cosigner {
    #[derive(Debug)]
    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            bytes.fill(self.0);
            Ok(())
        }
    }
    Cosigner::generate(&format!("w{number}.example"), &Fixed(number)).unwrap()
}

fn policy(lines: &str) -> Result<Policy, String> {
    let mut text = lines.to_owned();
    for number in (1..=6).rev() {
        text = text.replace(&format!("<{number}>"), &witness(number).key().to_string());
    }
    Policy::parse(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a long table")]
fn a_wrong_policy_file_is_told_in_one_line() {
    let log = signer().verifier();
    let two = "witness a <1>\nwitness b <2>\n";
    for (lines, told) in [
        (String::new(), "it has no quorum line"),
        (two.to_owned(), "it has no quorum line"),
        ("quorum".to_owned(), "line 1: expected `quorum NAME`"),
        ("quorum a b".to_owned(), "line 1: expected `quorum NAME`"),
        ("quorum a".to_owned(), "line 1: no witness or group a"),
        (
            "quorum none\nquorum none".to_owned(),
            "line 2: there is a quorum line already",
        ),
        (format!("quorum a\n{two}"), "line 1: no witness or group a"),
        ("Quorum none".to_owned(), "line 1: `Quorum` is no keyword"),
        (
            "witness a".to_owned(),
            "line 1: expected `witness NAME VKEY [URL]`",
        ),
        (
            "witness a <1> https://a b".to_owned(),
            "line 1: expected `witness NAME VKEY [URL]`",
        ),
        (
            "witness a <1>x".to_owned(),
            "line 1: the key cannot be used",
        ),
        (
            format!("witness a {log}"),
            "line 1: the key cannot be used: its type is another",
        ),
        (
            "witness none <1>".to_owned(),
            "line 1: the name none is taken",
        ),
        (format!("{two}witness a <3>"), "line 3: the name a is taken"),
        (
            format!("{two}witness c <2>"),
            "line 3: another witness line has this public key",
        ),
        (format!("{two}group a any b"), "line 3: the name a is taken"),
        (
            format!("{two}group none any b"),
            "line 3: the name none is taken",
        ),
        (
            format!("{two}group g"),
            "line 3: expected `group NAME any|all|NUMBER MEMBER…`",
        ),
        (
            format!("{two}group g any"),
            "line 3: expected `group NAME any|all|NUMBER MEMBER…`",
        ),
        (
            format!("{two}group g 0 a b"),
            "line 3: `0` of 2 members cannot be",
        ),
        (
            format!("{two}group g 3 a b"),
            "line 3: `3` of 2 members cannot be",
        ),
        (
            format!("{two}group g +1 a b"),
            "line 3: `+1` of 2 members cannot be",
        ),
        (
            format!("{two}group g both a b"),
            "line 3: `both` of 2 members cannot be",
        ),
        (
            format!("{two}group g any a a"),
            "line 3: a is a member of a group already",
        ),
        (
            format!("{two}group g any a\ngroup h any a b"),
            "line 4: a is a member of a group already",
        ),
        (
            format!("{two}group g any g"),
            "line 3: no witness or group g",
        ),
        (
            format!("{two}group g any none"),
            "line 3: no witness or group none",
        ),
        (
            format!("log {log}\n\n# twice\nlog {log}"),
            "line 4: another log line has this public key",
        ),
        (
            "log <1>".to_owned(),
            "line 1: the key cannot be used: its type is another",
        ),
        ("log".to_owned(), "line 1: expected `log VKEY [URL]`"),
        (
            "quorum none\r".to_owned(),
            "line 1: holds the control character 0x0d",
        ),
        (
            "# a\u{7}\nquorum none".to_owned(),
            "line 1: holds the control character 0x07",
        ),
        ("#\n".repeat(40_000), "it is longer than"),
    ] {
        let error = policy(&lines).expect_err(&lines);
        assert!(
            error.starts_with(told) && !error.contains('\n'),
            "{lines:?}: {error}"
        );
    }
    let raw = b"witness \xff\xfe nokey\nquorum none";
    assert!(Policy::parse(raw).is_err());
}

#[test]
fn a_policy_says_who_is_enough() {
    let three = "witness a <1>\nwitness b <2>\nwitness c <3>\n";
    let nested = "\twitness a <1> https://a.example/\n  # two houses\nwitness b <2>\nwitness c <3>\n\
         group X 2 a b c\nwitness d <4>\nwitness e <5>\ngroup Y any d e\ngroup XY all X Y\nquorum XY";
    for (lines, enough, too_few) in [
        ("quorum none".to_owned(), &[&[][..]][..], &[][..]),
        (
            format!("{three}quorum b"),
            &[&[1], &[0, 1, 2]],
            &[&[][..], &[0, 2]],
        ),
        (
            format!("{three}group g any a b c\nquorum g"),
            &[&[0], &[1], &[2]],
            &[&[]],
        ),
        (
            format!("{three}group g all a b c\nquorum g"),
            &[&[0, 1, 2]],
            &[&[0, 1], &[]],
        ),
        (
            format!("{three}group g 2 a b c\nquorum g"),
            &[&[0, 2], &[0, 1, 2]],
            &[&[1]],
        ),
        (
            nested.to_owned(),
            &[&[0, 1, 3], &[1, 2, 4]],
            &[&[0, 1, 2], &[0, 3, 4]],
        ),
    ] {
        let policy = policy(&lines).unwrap();
        for (sets, expected) in [(enough, true), (too_few, false)] {
            for set in sets {
                assert_eq!(
                    policy.is_reached(|one| set.contains(&one)),
                    expected,
                    "{lines}: {set:?}"
                );
            }
        }
    }
    // Names are bytes: whatever is not ASCII is a name like any other.
    let key = witness(1).key();
    let raw = [
        b"witness \xff ".as_slice(),
        key.to_string().as_bytes(),
        b"\nquorum \xff",
    ]
    .concat();
    assert!(Policy::parse(&raw).unwrap().asks_for_witnesses());
}

#[test]
fn the_quorum_is_as_old_as_the_last_it_needs() {
    let policy =
        policy("witness a <1>\nwitness b <2>\nwitness c <3>\ngroup g 2 a b c\nquorum g").unwrap();
    let at = |times: [i64; 3]| {
        let times = times.map(|s| (s > 0).then(|| moment(s)));
        policy.quorum_at(&times).map(Moment::unix_seconds)
    };
    for (times, expected) in [
        ([0, 0, 0], None),
        ([9, 0, 0], None),
        ([9, 5, 0], Some(5)),
        ([9, 5, 7], Some(7)),
        ([4, 4, 4], Some(4)),
    ] {
        assert_eq!(at(times), expected, "{times:?}");
    }
}

#[test]
fn a_policy_opens_what_its_log_signed_and_its_witnesses_cosigned() {
    let (log, elsewhere) = (signer(), signer());
    let text = format!(
        "log {} https://sluis.example/v1/logboek\nwitness a <1>\nwitness b <2>\ngroup g all a b\nquorum g",
        log.verifier()
    );
    let policy = policy(&text).unwrap();
    let note = log.sign(&checkpoint(9));
    let body = note.split_inclusive('\n').take(3).collect::<String>();
    let (a, b) = (
        witness(1).cosign(&body, moment(50)),
        witness(2).cosign(&body, moment(60)),
    );
    let wrong = witness(2).cosign("elders\n9\n\n", moment(60));
    for (what, note, why) in [
        ("alone", note.clone(), NotWitnessed::Quorum),
        ("one of two", format!("{note}{a}"), NotWitnessed::Quorum),
        ("one twice", format!("{note}{a}{a}"), NotWitnessed::Quorum),
        (
            "one wrong",
            format!("{note}{a}{wrong}"),
            NotWitnessed::Note(NoteError::Signature),
        ),
        (
            "of another log",
            format!("{}{a}{b}", elsewhere.sign(&checkpoint(9))),
            NotWitnessed::Note(NoteError::OtherKey {
                found: key_hash(&elsewhere),
                expected: key_hash(&log),
            }),
        ),
        (
            "of no log",
            format!("{body}\n{a}{b}"),
            NotWitnessed::Note(NoteError::Unsigned),
        ),
        (
            "cut",
            note.replace('\n', ""),
            NotWitnessed::Note(NoteError::Form),
        ),
    ] {
        assert_eq!(policy.open(&note), Err(why), "{what}");
    }
    let opened = policy.open(&format!("{note}{b}{a}")).unwrap();
    assert_eq!(opened.checkpoint, checkpoint(9));
    assert_eq!(
        (opened.origin.as_str(), opened.at),
        ("sluis.example/logboek", Some(moment(50)))
    );
    assert_eq!(opened.times, [Some(moment(50)), Some(moment(60))]);
    assert_eq!(
        policy.logs()[0].url.as_deref(),
        Some("https://sluis.example/v1/logboek")
    );
}

#[test]
fn the_rule_can_be_told() {
    let three = "witness a <1>\nwitness b <2>\nwitness c <3>\n";
    let of = |needed, members: &[Rule]| Rule::Of {
        needed,
        members: members.to_vec(),
    };
    let [a, b, c] = [0, 1, 2].map(Rule::Witness);
    for (lines, rule, counted) in [
        ("quorum none", None, 0),
        ("quorum b", Some(b.clone()), 1),
        (
            "group g any a c\nquorum g",
            Some(of(1, &[a.clone(), c.clone()])),
            2,
        ),
        (
            "group g any b c\ngroup h all a g\nquorum h",
            Some(of(2, &[a, of(1, &[b, c])])),
            3,
        ),
    ] {
        let told = policy(&format!("{three}{lines}\n")).unwrap().rule();
        assert_eq!(told, rule, "{lines}");
        assert_eq!(told.map_or(0, |rule| rule.witnesses()), counted, "{lines}");
    }
}

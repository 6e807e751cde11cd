//! What a policy must have for a gateway, what a witness's answer means, and how cosignatures become
//! a quorum. The rest is tested with real witnesses.

use http::StatusCode;

use super::*;
use crate::clock::{FixedClock, Moment, SystemRandomness};
use crate::https::{Address, Tls};
use crate::identity::login_tls;
use crate::ledger::note::{Checkpoint, Cosigner, Policy, Signer};

const NOW: i64 = 1_700_000_000;

fn moment(seconds: i64) -> Moment {
    Moment::from_unix_seconds(seconds).unwrap()
}

fn witnesses<const N: usize>() -> [Cosigner; N] {
    let make = |at| Cosigner::generate(&format!("w{at}.example"), &SystemRandomness::default());
    std::array::from_fn(|at| make(at).unwrap())
}

fn tls() -> Tls {
    login_tls(&[], FixedClock::at(moment(NOW))).unwrap()
}

fn log() -> Signer {
    Signer::generate("sluis.example/logboek", &SystemRandomness::default()).unwrap()
}

fn note(log: &Signer, size: u64) -> String {
    log.sign(&Checkpoint {
        size,
        root: [7; 32],
    })
}

fn cosigned(witness: &Cosigner, note: &str, seconds: i64) -> Cosignature {
    let body = UnverifiedNote::parse(note).unwrap().body();
    let line = witness.cosign(body, moment(seconds));
    let found = witness.key().find_in_answer(body, &line);
    found.unwrap().unwrap()
}

#[test]
fn a_policy_must_say_whom_to_ask_and_for_which_log() {
    let [witness, other] = witnesses();
    let (own, strange) = (log().verifier(), log().verifier());
    let line = |url: &str| format!("witness a {} {url}\nquorum a\n", witness.key());
    let read = |text: &str| {
        let policy = Policy::parse(text.as_bytes()).unwrap();
        let settings = Settings::new(policy, tls(), None)?;
        settings.check_log(&own)
    };
    let url = |witness: &str| {
        Err(SettingsError::Url {
            witness: witness.to_owned(),
        })
    };
    let good = "https://a.example:8446/";
    for (text, expected) in [
        ("quorum none".to_owned(), Err(SettingsError::NoQuorum)),
        (line(""), url("a")),
        (line("http://a.example/"), url("a")),
        (line("a.example"), url("a")),
        (line("https://a.example/?x"), url("a")),
        (
            format!("witness b {}\n{}", other.key(), line(good)),
            url("b"),
        ),
        (
            format!("log {strange}\n{}", line(good)),
            Err(SettingsError::OtherLog {
                key: own.to_string(),
            }),
        ),
        (line(good), Ok(())),
        (format!("log {strange}\nlog {own}\n{}", line(good)), Ok(())),
    ] {
        assert_eq!(read(&text), expected, "{text}");
    }
}

#[test]
fn only_a_good_cosignature_of_its_own_counts() {
    let [witness, other] = witnesses();
    let (log, clock) = (log(), FixedClock::at(moment(NOW)));
    let address = Address::parse("https://a.example/prefix/").unwrap();
    let road = Road::new(address, witness.key(), tls());
    let checkpoint = note(&log, 9);
    let line = |by: &Cosigner, note: &str, at| cosigned(by, note, at).line;
    let judge = |status: u16, answer: &str| {
        let status = StatusCode::from_u16(status).unwrap();
        match road.judge(status, answer.as_bytes(), &checkpoint, &*clock) {
            Ok(Reply::Cosigned(found)) => format!("cosigned at {}", found.at.unix_seconds()),
            Ok(Reply::Newest(size)) => format!("knows {size}"),
            Ok(Reply::Inconsistent) => "inconsistent".to_owned(),
            Err(error) => in_full(&error),
        }
    };
    let good = line(&witness, &checkpoint, NOW);
    let strange = line(&other, &checkpoint, NOW);
    for (status, answer, told) in [
        (
            200,
            "",
            "the cosignature cannot be believed: it is not a signed note",
        ),
        (
            200,
            "ok\n",
            "the cosignature cannot be believed: it is not a signed note",
        ),
        (
            200,
            good.trim_end(),
            "the cosignature cannot be believed: it is not a signed note",
        ),
        (
            200,
            &strange,
            "the answer holds no cosignature by the witness's key",
        ),
        (
            200,
            &line(&witness, &note(&log, 10), NOW),
            "the cosignature cannot be believed: the signature by the expected key is wrong",
        ),
        (
            200,
            &line(&witness, &checkpoint, NOW + 61),
            "the witness's clock is more than a minute ahead",
        ),
        (
            200,
            &line(&witness, &checkpoint, NOW + 60),
            "cosigned at 1700000060",
        ),
        (200, &good, "cosigned at 1700000000"),
        (200, &format!("{strange}{good}"), "cosigned at 1700000000"),
        (409, "", "the witness did not say which size it knows"),
        (409, "9", "the witness did not say which size it knows"),
        (409, "09\n", "the witness did not say which size it knows"),
        (409, "-9\n", "the witness did not say which size it knows"),
        (409, "9\n", "knows 9"),
        (422, "", "inconsistent"),
        (
            404,
            "",
            "the witness answered 404 Not Found; does its configuration have this log's key",
        ),
        (
            302,
            "",
            "the witness answered 302 Found; does its configuration have this log's key",
        ),
    ] {
        assert_eq!(judge(status, answer), told, "{status} {answer:?}");
    }
}

#[test]
fn cosignatures_of_a_slow_witness_count_for_what_it_was_shown() {
    let [quick, slow, third] = witnesses();
    let log = log();
    let text = format!(
        "witness a {}\nwitness b {}\nwitness c {}\ngroup g 2 a b c\nquorum g\n",
        quick.key(),
        slow.key(),
        third.key()
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let mut gathered = Gathered::new(policy.clone());
    let mut add = |witness: usize, by: &Cosigner, size: u64, at: i64| {
        let checkpoint = note(&log, size);
        let cosignature = cosigned(by, &checkpoint, at);
        gathered.add(witness, size, &checkpoint, cosignature)
    };
    for size in 1..=5 {
        assert_eq!(add(0, &quick, size, 100), None, "one is not enough");
    }
    // It answers for the third only now: that reaches the quorum, and ends the first two.
    let reached = add(1, &slow, 3, 103).unwrap();
    assert_eq!((reached.size, reached.at), (3, moment(100)));
    assert_eq!(add(1, &slow, 2, 104), None);
    let reached = add(1, &slow, 5, 105).unwrap();
    assert_eq!((reached.size, reached.at), (5, moment(100)));
    // The same again, later: the quorum is as old as the second youngest.
    let reached = add(2, &third, 5, 107).unwrap();
    assert_eq!(reached.at, moment(105));
    assert_eq!(
        add(0, &quick, 5, 99).unwrap().at,
        moment(105),
        "an older one is no news"
    );
    let reached = add(0, &quick, 5, 110).unwrap();
    assert_eq!(reached.at, moment(107));
    // What stands then is what the policy accepts.
    let opened = policy.times(&UnverifiedNote::parse(&reached.note).unwrap());
    let expected = [110, 105, 107].map(|at| Some(moment(at)));
    assert_eq!(opened.unwrap(), expected);
    assert_eq!(log.verifier().open(&reached.note).unwrap().size, 5);
    // More checkpoints than are remembered: the oldest are let go of.
    for size in 6..100 {
        assert_eq!(add(0, &quick, size, 200), None);
    }
    assert_eq!(add(1, &slow, 6, 201), None);
    assert!(add(1, &slow, 99, 201).is_some());
}

#[test]
fn a_row_of_mishaps_is_told_from_its_first_to_its_last() {
    let standing = WitnessStanding::new("a", "a.example:8446");
    assert_eq!(standing.mishap(), None);
    standing.note_cosigned(moment(10), 4);
    assert_eq!(standing.mishap(), None);
    let told = || {
        let mishap = standing.mishap().unwrap();
        let seconds = (mishap.since.unix_seconds(), mishap.until.unix_seconds());
        (mishap.why, seconds, mishap.is_over)
    };
    standing.note_mishap(Trouble::Unreachable, moment(20));
    standing.note_mishap(Trouble::Refused(404), moment(25));
    assert_eq!(told(), (Trouble::Refused(404), (20, 25), false));
    standing.note_cosigned(moment(30), 9);
    assert_eq!(told(), (Trouble::Refused(404), (20, 25), true));
    standing.note_mishap(Trouble::Clock, moment(40));
    assert_eq!(told(), (Trouble::Clock, (40, 40), false));
}

#[test]
fn every_failure_of_a_call_is_some_trouble() {
    let broken = |cosigned, here| {
        let who = "a".to_owned();
        NotCosigned::Broken(if cosigned > here {
            Broken::Behind {
                who,
                cosigned,
                here,
            }
        } else {
            Broken::Forked {
                who,
                cosigned,
                here,
            }
        })
    };
    for (error, trouble) in [
        (broken(5, 4), Some(Trouble::Behind)),
        (broken(4, 4), Some(Trouble::Forked)),
        (NotCosigned::Contended, None),
        (AskError::TooLate.into(), Some(Trouble::Silent)),
        (AskError::Http("cut".into()).into(), Some(Trouble::Silent)),
        (
            AskError::Status(StatusCode::FORBIDDEN).into(),
            Some(Trouble::Refused(403)),
        ),
        (AskError::Size.into(), Some(Trouble::Unusable)),
        (AskError::NoCosignature.into(), Some(Trouble::Unusable)),
        (AskError::Clock.into(), Some(Trouble::Clock)),
    ] {
        assert_eq!(error.trouble(), trouble, "{error}");
    }
}

//! Abuse of `Range` (RFC 9110, 14): one range is honoured, in our own spelling of it; whatever else is
//! asked is the whole document or 416, and the provider is never asked for more than one.

use super::judge;
use super::siege::{SIZE, Siege};
use crate::client::Call;

/// What a range comes to.
enum Part {
    /// 200, and the provider is asked for no range.
    Whole,
    /// 206 from the first to the last byte, and what the provider is asked.
    Range(usize, usize, &'static str),
    /// 416; the provider is not asked.
    Outside,
}
use Part::{Outside, Range, Whole};

const ONE: &str = "bytes=0-0";

#[expect(clippy::too_many_lines, reason = "a long table")]
fn rows() -> Vec<(&'static str, Vec<String>, Part)> {
    let one = |text: &str| vec![text.to_owned()];
    let many: Vec<String> = (0..1_300).map(|n| format!("{n}-{n}")).collect();
    let overlapping: Vec<String> = (0..1_000).map(|n| format!("{n}-")).collect();
    vec![
        ("one byte", one(ONE), Range(0, 0, ONE)),
        (
            "the last byte",
            one("bytes=-1"),
            Range(999, 999, "bytes=-1"),
        ),
        (
            "from the middle",
            one("bytes=500-"),
            Range(500, 999, "bytes=500-"),
        ),
        (
            "more than there is",
            one("bytes=0-99999"),
            Range(0, 999, "bytes=0-99999"),
        ),
        (
            "a suffix longer than all",
            one("bytes=-99999"),
            Range(0, 999, "bytes=-99999"),
        ),
        (
            "beyond 64 bits",
            one("bytes=0-99999999999999999999999"),
            Range(0, 999, "bytes=0-18446744073709551615"),
        ),
        (
            "a suffix beyond 64 bits",
            one("bytes=-99999999999999999999999"),
            Range(0, 999, "bytes=-18446744073709551615"),
        ),
        ("zeros in front", one("bytes=000-000"), Range(0, 0, ONE)),
        ("the unit in capitals", one("BYTES=0-0"), Range(0, 0, ONE)),
        (
            "a space before the range",
            one("bytes= 0-0"),
            Range(0, 0, ONE),
        ),
        ("the first byte after the end", one("bytes=1000-"), Outside),
        ("far after the end", one("bytes=99999-"), Outside),
        (
            "beyond 64 bits and to the end",
            one("bytes=99999999999999999999999-"),
            Outside,
        ),
        (
            "both beyond 64 bits",
            one("bytes=99999999999999999999998-99999999999999999999999"),
            Outside,
        ),
        (
            "64 bits exactly",
            one("bytes=18446744073709551615-18446744073709551615"),
            Outside,
        ),
        ("a suffix of nothing", one("bytes=-0"), Outside),
        ("a suffix of many nothings", one("bytes=-000"), Outside),
        ("two ranges", one("bytes=0-1,5-6"), Whole),
        ("two ranges with a space", one("bytes=0-1, 5-6"), Whole),
        ("the same range twice", one("bytes=0-0,0-0"), Whole),
        (
            "thirteen hundred ranges",
            one(&format!("bytes={}", many.join(","))),
            Whole,
        ),
        (
            "a thousand that overlap",
            one(&format!("bytes={}", overlapping.join(","))),
            Whole,
        ),
        ("two suffixes", one("bytes=-1,-2"), Whole),
        ("a range and a comma", one("bytes=0-0,"), Whole),
        (
            "two headers",
            vec![ONE.to_owned(), "bytes=1-1".to_owned()],
            Whole,
        ),
        (
            "two headers, the same",
            vec![ONE.to_owned(), ONE.to_owned()],
            Whole,
        ),
        ("backwards", one("bytes=5-4"), Whole),
        ("no numbers", one("bytes=-"), Whole),
        ("no range", one("bytes="), Whole),
        ("no unit", one("0-0"), Whole),
        ("an empty header", one(""), Whole),
        ("another unit", one("items=0-0"), Whole),
        ("no unit that anybody knows", one("none"), Whole),
        ("a space before the equals sign", one("bytes =0-0"), Whole),
        ("a space inside", one("bytes=0 -0"), Whole),
        ("a plus", one("bytes=+0-0"), Whole),
        ("a minus too many", one("bytes=--1"), Whole),
        ("three numbers", one("bytes=0-1-2"), Whole),
        ("hexadecimal", one("bytes=0x0-0x1"), Whole),
        ("an exponent", one("bytes=0-1e3"), Whole),
        ("a fraction", one("bytes=0.0-1"), Whole),
        ("digits from elsewhere", one("bytes=\u{660}-\u{661}"), Whole),
        ("a dash from elsewhere", one("bytes=0\u{2013}1"), Whole),
        ("a range in quotes", one("bytes=\"0-0\""), Whole),
        ("a star", one("bytes=*"), Whole),
        ("as Content-Range has it", one("bytes 0-0/1000"), Whole),
        ("two units", one("bytes=bytes=0-0"), Whole),
        ("ended with a semicolon", one("bytes=0-0;"), Whole),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_one_range() {
    let siege = Siege::lay().await;
    let rows = rows();
    let mut wrong = Vec::new();
    let mut line = siege.world.line(0, "img");
    siege.world.ncg.take_asked();
    for (name, headers, part) in &rows {
        let mut call = Call::get(siege.path()).token(&Siege::token());
        for header in headers {
            call = call.header("range", header);
        }
        let answer = line.call(&call).await;
        let asked = siege.world.ncg.take_asked();
        let ranges: Vec<Option<&str>> = asked
            .iter()
            .map(|asked| Some(asked.headers.get("range")?.to_str().unwrap()))
            .collect();
        let (status, told, length, expected) = match part {
            Whole => (200, String::new(), SIZE, vec![None]),
            Range(first, last, range) => {
                let told = format!("bytes {first}-{last}/{SIZE}");
                (206, told, last - first + 1, vec![Some(*range)])
            }
            Outside => (416, format!("bytes */{SIZE}"), 0, vec![]),
        };
        let got = (answer.status, answer.header("content-range"));
        let fits = status == 416 || answer.body.len() == length;
        if got != (status, &told) || ranges != expected || !fits {
            wrong.push(format!(
                "- {name}: {got:?}, the provider was asked {ranges:?}"
            ));
        }
    }
    // With If-Range the whole is always right.
    let call = Call::get(siege.path())
        .token(&Siege::token())
        .header("range", ONE)
        .header("if-range", "\"3\"");
    assert_eq!(line.call(&call).await.expect("200").body.len(), SIZE);
    judge("odd ranges", rows.len(), 45, "", &wrong);
    siege.world.close().await;
}

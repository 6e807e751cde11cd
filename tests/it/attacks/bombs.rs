//! Heads and bodies that are too large, too deep or too many.
#![expect(clippy::too_many_lines, reason = "long tables")]

use super::judge;
use super::siege::Fate::{Closed, Kept};
use super::siege::{Fate, Row, Siege};

const JSON: &str = "Content-Type: application/json\r\n";
const LINES: &str = "Content-Type: application/x-ndjson\r\n";

fn get(extra: &str) -> String {
    format!("GET @P HTTP/1.1\r\nHost: sluis.example\r\n@A{extra}\r\n")
}

/// A search with this body.
fn search(body: &str) -> String {
    post("/v1/documenten/_zoek", &format!("@A{JSON}"), body)
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: sluis.example\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A body that is said to be so long, and never comes.
fn declared(path: &str, headers: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: sluis.example\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
}

fn chunked(body: &str) -> String {
    format!(
        "POST /v1/documenten/_zoek HTTP/1.1\r\nHost: sluis.example\r\n@A{JSON}\
         Transfer-Encoding: chunked\r\n\r\n{body}"
    )
}

fn heads() -> Vec<(&'static str, String, &'static [u16], Fate, usize)> {
    let long = |bytes: usize| "x".repeat(bytes);
    vec![
        (
            "a line of 16 KiB",
            get(&format!("X: {}\r\n", long(16 * 1024))),
            &[431],
            Closed,
            0,
        ),
        (
            "a line of 1 MiB",
            get(&format!("X: {}\r\n", long(1 << 20))),
            &[431],
            Closed,
            0,
        ),
        (
            "a line without an end",
            format!("GET @P HTTP/1.1\r\nX: {}", long(1 << 22)),
            &[431],
            Closed,
            0,
        ),
        (
            "a name of 16 KiB",
            get(&format!("{}: x\r\n", long(16 * 1024))),
            &[431],
            Closed,
            0,
        ),
        (
            "sixty-five lines",
            get(&"X: y\r\n".repeat(63)),
            &[431],
            Closed,
            0,
        ),
        (
            "ten thousand lines",
            get(&"X: y\r\n".repeat(10_000)),
            &[431],
            Closed,
            0,
        ),
        (
            "empty lines, a MiB of them",
            format!("{}{}", "\r\n".repeat(1 << 19), get("")),
            &[431],
            Closed,
            0,
        ),
        (
            "a path of 16 KiB",
            format!(
                "GET /{} HTTP/1.1\r\nHost: sluis.example\r\n\r\n",
                long(16 * 1024)
            ),
            &[431],
            Closed,
            0,
        ),
        (
            "a path of 1 MiB",
            format!(
                "GET /{} HTTP/1.1\r\nHost: sluis.example\r\n\r\n",
                long(1 << 20)
            ),
            &[431],
            Closed,
            0,
        ),
        (
            "a method of 16 KiB",
            format!(
                "{} / HTTP/1.1\r\nHost: sluis.example\r\n\r\n",
                long(16 * 1024)
            ),
            &[431],
            Closed,
            0,
        ),
        (
            "a token of 12 KiB",
            format!(
                "GET @P HTTP/1.1\r\nHost: sluis.example\r\nAuthorization: Bearer {}\r\n\r\n",
                long(12 * 1024)
            ),
            &[401],
            Kept,
            0,
        ),
        (
            "sixty tokens",
            format!(
                "GET @P HTTP/1.1\r\nHost: sluis.example\r\n{}\r\n",
                "Authorization: Bearer x\r\n".repeat(60)
            ),
            &[401],
            Kept,
            0,
        ),
        (
            "a token of dots",
            format!(
                "GET @P HTTP/1.1\r\nHost: sluis.example\r\nAuthorization: Bearer {}\r\n\r\n",
                ".".repeat(8_000)
            ),
            &[401],
            Kept,
            0,
        ),
        (
            "two thousand languages",
            get(&format!(
                "Accept-Language: {}en\r\n",
                "x;q=0,".repeat(2_000)
            )),
            &[200],
            Kept,
            1,
        ),
        (
            "two thousand forms",
            get(&format!("Accept: {}*/*\r\n", "a/b;q=0,".repeat(1_600))),
            &[200],
            Kept,
            1,
        ),
        (
            "a query of 12 KiB",
            format!(
                "GET @P?{} HTTP/1.1\r\nHost: sluis.example\r\n@A\r\n",
                long(12 * 1024)
            ),
            &[400],
            Kept,
            0,
        ),
        (
            "a list of two thousand in a query",
            format!(
                "GET /v1/logs?transaction_ids={} HTTP/1.1\r\nHost: sluis.example\r\n\r\n",
                "a,".repeat(2_000)
            ),
            &[400],
            Kept,
            0,
        ),
        (
            "a thousand parameters",
            format!(
                "GET /v1/logs?{} HTTP/1.1\r\nHost: sluis.example\r\n\r\n",
                "limit=1&".repeat(1_000)
            ),
            &[400],
            Kept,
            0,
        ),
    ]
}

fn bodies() -> Vec<(&'static str, String, &'static [u16], Fate, usize)> {
    let address = "\"nummeraanduiding\":\"0024200000017301\"";
    let members: Vec<String> = (0..6_000).map(|n| format!("\"{n}\":0,")).collect();
    let members = members.concat();
    let zoek = "/v1/documenten/_zoek";
    let bulk = "/v1/documenten/_bulk";
    let typed = format!("@A{JSON}");
    let lines = format!("@B{LINES}");
    vec![
        (
            "a length of 64 KiB and a byte",
            search(&" ".repeat(64 * 1024 + 1)),
            &[413],
            Kept,
            0,
        ),
        (
            "a length of 16 MiB",
            declared(zoek, &typed, "16777216"),
            &[413],
            Closed,
            0,
        ),
        (
            "a length of 63 bits",
            declared(zoek, &typed, "9223372036854775807"),
            &[413],
            Closed,
            0,
        ),
        (
            "a length of 64 bits",
            declared(zoek, &typed, "18446744073709551613"),
            &[413],
            Closed,
            0,
        ),
        (
            "a bulk call of 32 MiB",
            declared(bulk, &lines, "33554432"),
            &[413],
            Closed,
            0,
        ),
        (
            "a bulk call of 64 bits",
            declared(bulk, &lines, "18446744073709551613"),
            &[413],
            Closed,
            0,
        ),
        (
            "a bulk call of 20,001 lines",
            post(bulk, &lines, &"{}\n".repeat(20_001)),
            &[413],
            Kept,
            0,
        ),
        (
            "a bulk call of one long line",
            post(bulk, &lines, &" ".repeat(100_000)),
            &[400],
            Kept,
            0,
        ),
        (
            "a bulk call of wrong lines",
            post(bulk, &lines, &"{\n".repeat(500)),
            &[400],
            Kept,
            0,
        ),
        (
            "an agreement of 2 MiB",
            declared("/v1/overeenkomsten", &format!("@B{JSON}"), "2097153"),
            &[413],
            Closed,
            0,
        ),
        (
            "chunks of a byte, 64 KiB of them",
            chunked(&("1\r\n \r\n".repeat(64 * 1024 + 1) + "0\r\n\r\n")),
            &[413],
            Closed,
            0,
        ),
        (
            "chunks of 2 MiB in all",
            chunked(&(format!("8000\r\n{}\r\n", " ".repeat(0x8000)).repeat(64) + "0\r\n\r\n")),
            &[413],
            Closed,
            0,
        ),
        (
            "a chunk extension of 1 MiB",
            chunked(&format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(1 << 20))),
            &[400],
            Closed,
            0,
        ),
        (
            "a chunk size of a thousand zeros",
            chunked(&format!("{}2\r\n{{}}\r\n0\r\n\r\n", "0".repeat(1_000))),
            &[400],
            Closed,
            0,
        ),
        (
            "trailers of 1 MiB",
            chunked(&format!(
                "2\r\n{{}}\r\n0\r\n{}\r\n",
                "X: y\r\n".repeat(1 << 17)
            )),
            &[400],
            Closed,
            0,
        ),
        (
            "lists thirty thousand deep",
            search(&"[".repeat(30_000)),
            &[400],
            Kept,
            0,
        ),
        (
            "objects ten thousand deep",
            search(&"{\"a\":".repeat(10_000)),
            &[400],
            Kept,
            0,
        ),
        (
            "six thousand members",
            search(&format!("{{{members}{address}}}")),
            &[400],
            Kept,
            0,
        ),
        (
            "the same member, two thousand times",
            search(&format!(
                "{{{}{address}}}",
                format!("{address},").repeat(1_000)
            )),
            &[400],
            Kept,
            0,
        ),
        (
            "a list of ten thousand",
            search(&format!(
                "{{\"nummeraanduiding\":[{}0]}}",
                "0,".repeat(10_000)
            )),
            &[400],
            Kept,
            0,
        ),
        (
            "a number of sixty thousand digits",
            search(&format!("{{\"limiet\":{}}}", "9".repeat(60_000))),
            &[400],
            Kept,
            0,
        ),
        (
            "a number with a huge exponent",
            search("{\"limiet\":1e999999999999}"),
            &[400],
            Kept,
            0,
        ),
        (
            "a text of sixty thousand letters",
            search(&format!(
                "{{\"nummeraanduiding\":\"{}\"}}",
                "9".repeat(60_000)
            )),
            &[400],
            Kept,
            0,
        ),
        (
            "a name of sixty thousand letters",
            search(&format!("{{\"{}\":1}}", "x".repeat(60_000))),
            &[400],
            Kept,
            0,
        ),
        (
            "ten thousand escapes",
            search(&format!(
                "{{\"nummeraanduiding\":\"{}\"}}",
                "\\u0030".repeat(10_000)
            )),
            &[400],
            Kept,
            0,
        ),
        (
            "a body that is packed",
            post(
                zoek,
                &format!("{typed}Content-Encoding: gzip\r\n"),
                "\x1f\x08",
            ),
            &[415],
            Kept,
            0,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_head_or_body_is_too_much() {
    let siege = Siege::lay().await;
    let rows: Vec<Row> = heads()
        .into_iter()
        .chain(bodies())
        .map(|(name, sent, answers, fate, asked)| Row {
            name,
            sent,
            answers,
            fate,
            asked,
        })
        .collect();
    let size = siege.world.size().await;
    let wrong = siege.run(&rows).await;
    judge("header and body bombs", rows.len(), 40, "", &wrong);
    // What a bomb leaves in the book is a line at most.
    let book = siege.world.close().await;
    let grown = book.entries.len() as u64 - size;
    assert!(grown < 4 * rows.len() as u64, "{grown} entries");
}

//! Malformed messages of HTTP/2 (RFC 9113, 8), and frames out of order. After each an honest request is
//! made on the same connection.
#![expect(clippy::too_many_lines, reason = "long tables")]

use super::frames::*;
use super::judge;
use super::siege::Siege;

/// What comes of stream 1, whether the provider is asked for it, and whether the next request is
/// answered.
type Row = (&'static str, Vec<u8>, &'static str, bool, bool);

/// An honest request's fields.
struct Honest {
    path: String,
    token: String,
}

impl Honest {
    fn of(siege: &Siege) -> Self {
        Self {
            path: siege.path(),
            token: format!("Bearer {}", Siege::token()),
        }
    }

    fn pseudo(&self) -> [(&str, &str); 4] {
        [
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "sluis.example"),
            (":path", &self.path),
        ]
    }

    /// Headers of stream 1 with one pseudo-header said otherwise, and these after the token.
    fn with(&self, pseudo: &[(&str, &str)], more: &[(&str, &str)], flags: u8) -> Vec<u8> {
        let mut all: Vec<(&str, &str)> = self
            .pseudo()
            .into_iter()
            .map(|(name, value)| {
                let other = pseudo.iter().find(|(known, _)| *known == name);
                (name, other.map_or(value, |(_, other)| other))
            })
            .collect();
        all.push(("authorization", &self.token));
        all.extend(more);
        frame(HEADERS, flags, 1, &fields(&all))
    }

    fn without(&self, missing: &str) -> Vec<u8> {
        let mut all: Vec<_> = self.pseudo().to_vec();
        all.retain(|(name, _)| *name != missing);
        all.push(("authorization", &self.token));
        frame(HEADERS, ALL, 1, &fields(&all))
    }

    /// With these fields in front of everything.
    fn after(&self, first: &[(&str, &str)]) -> Vec<u8> {
        let mut all = first.to_vec();
        all.extend(self.pseudo());
        all.push(("authorization", &self.token));
        frame(HEADERS, ALL, 1, &fields(&all))
    }
}

fn messages(siege: &Siege) -> Vec<Row> {
    let honest = || Honest::of(siege);
    let with = |more: &[(&str, &str)]| honest().with(&[], more, ALL);
    let pseudo = |name: &str, value: &str| honest().with(&[(name, value)], &[], ALL);
    let body = |more: &[(&str, &str)], body: &[u8]| {
        let head = honest().with(&[], more, END_HEADERS);
        [head, frame(DATA, END_STREAM, 1, body)].concat()
    };
    let trailers = |trailers: &[(&str, &str)]| {
        let head = honest().with(&[], &[], END_HEADERS);
        [head, frame(HEADERS, ALL, 1, &fields(trailers))].concat()
    };
    let path = siege.path();
    vec![
        (
            "no method",
            honest().without(":method"),
            "reset 1",
            false,
            true,
        ),
        ("no path", honest().without(":path"), "reset 1", false, true),
        (
            "no scheme",
            honest().without(":scheme"),
            "reset 1",
            false,
            true,
        ),
        (
            "no authority and no host",
            honest().without(":authority"),
            "400",
            false,
            false,
        ),
        (
            "two paths",
            with(&[(":path", "/v1/openapi.json")]),
            "reset 1",
            false,
            true,
        ),
        (
            "two methods in front",
            honest().after(&[(":method", "DELETE")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a pseudo-header behind the others",
            with(&[(":protocol", "x")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a pseudo-header nobody knows",
            honest().after(&[(":evil", "x")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a status in a request",
            honest().after(&[(":status", "200")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a field before the pseudo-headers",
            honest().after(&[("x", "y")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a name in capitals",
            with(&[("X-Evil", "x")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a name with a space",
            with(&[("x evil", "x")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a name with a line end",
            with(&[("x\r\nsluis-doel", "aos")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a name with a colon",
            with(&[("x:y", "x")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "an empty name",
            with(&[("", "x")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a value with a line end",
            with(&[("x", "y\r\nsluis-doel: aos")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a value with a bare LF",
            with(&[("x", "y\nz")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "a value with a zero byte",
            with(&[("x", "y\0z")]),
            "goaway 1",
            false,
            false,
        ),
        (
            "connection",
            with(&[("connection", "close")]),
            "reset 1",
            false,
            true,
        ),
        (
            "keep-alive",
            with(&[("keep-alive", "x")]),
            "reset 1",
            false,
            true,
        ),
        (
            "proxy-connection",
            with(&[("proxy-connection", "close")]),
            "reset 1",
            false,
            true,
        ),
        (
            "upgrade",
            with(&[("upgrade", "h2c")]),
            "reset 1",
            false,
            true,
        ),
        (
            "transfer-encoding",
            with(&[("transfer-encoding", "chunked")]),
            "reset 1",
            false,
            true,
        ),
        ("te", with(&[("te", "gzip")]), "reset 1", false, true),
        (
            "a length without a body",
            with(&[("content-length", "5")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a length that is not the body's",
            body(&[("content-length", "2")], b"hello"),
            "reset 1",
            false,
            true,
        ),
        (
            "two lengths",
            body(
                &[("content-length", "5"), ("content-length", "2")],
                b"hello",
            ),
            "reset 1",
            false,
            true,
        ),
        (
            "a length that is none",
            body(&[("content-length", "+5")], b"hello"),
            "reset 1",
            false,
            true,
        ),
        ("a body on GET", body(&[], b"hello"), "400", false, false),
        ("an empty body on GET", body(&[], b""), "400", false, false),
        (
            "trailers on GET",
            trailers(&[("x", "y")]),
            "400",
            false,
            false,
        ),
        (
            "trailers with pseudo-headers",
            trailers(&[(":path", "/")]),
            "400",
            false,
            false,
        ),
        (
            "another host",
            with(&[("host", "evil.example")]),
            "400",
            false,
            false,
        ),
        (
            "two hosts",
            with(&[("host", "sluis.example"), ("host", "sluis.example")]),
            "400",
            false,
            false,
        ),
        (
            "an authority with a user",
            pseudo(":authority", "a@sluis.example"),
            "400",
            false,
            false,
        ),
        (
            "an authority with a space",
            pseudo(":authority", "sluis.example evil"),
            "reset 1",
            false,
            true,
        ),
        (
            "an empty authority",
            pseudo(":authority", ""),
            "reset 1",
            false,
            true,
        ),
        (
            "a path without a slash",
            pseudo(":path", "v1/openapi.json"),
            "reset 1",
            false,
            true,
        ),
        ("an empty path", pseudo(":path", ""), "reset 1", false, true),
        (
            "the path of everything",
            pseudo(":path", "*"),
            "404",
            false,
            true,
        ),
        (
            "a whole address as the path",
            pseudo(":path", "https://evil.example/v1"),
            "reset 1",
            false,
            true,
        ),
        (
            "a path with a line end",
            pseudo(":path", &format!("{path} HTTP/1.1\r\nX: y")),
            "reset 1",
            false,
            true,
        ),
        (
            "a path with a space",
            pseudo(":path", &format!("{path} HTTP/1.1")),
            "reset 1",
            false,
            true,
        ),
        (
            "a method with a line",
            pseudo(":method", "GET / HTTP/1.1\r\nX"),
            "goaway 1",
            false,
            false,
        ),
        (
            "a method in small letters",
            pseudo(":method", "get"),
            "405",
            false,
            true,
        ),
        (
            "an empty method",
            pseudo(":method", ""),
            "goaway 1",
            false,
            false,
        ),
        (
            "CONNECT",
            pseudo(":method", "CONNECT"),
            "reset 1",
            false,
            true,
        ),
        (
            "an extended CONNECT",
            honest().after(&[(":protocol", "websocket")]),
            "reset 1",
            false,
            true,
        ),
        (
            "a scheme with an address",
            pseudo(":scheme", "https://evil.example/?"),
            "reset 1",
            false,
            true,
        ),
        (
            "two tokens",
            with(&[("authorization", "Bearer x")]),
            "401",
            false,
            true,
        ),
        (
            "our own names of headers",
            with(&[("sluis-doel", "aos"), ("sluis-aanvrager", "0")]),
            "200",
            true,
            true,
        ),
        (
            "te with trailers",
            with(&[("te", "trailers")]),
            "200",
            true,
            true,
        ),
        (
            "cookies in pieces",
            with(&[("cookie", "a=b"), ("cookie", "c=d")]),
            "200",
            true,
            true,
        ),
        (
            "the same host again",
            with(&[("host", "sluis.example")]),
            "200",
            true,
            true,
        ),
        (
            "a scheme without TLS",
            pseudo(":scheme", "http"),
            "200",
            true,
            true,
        ),
    ]
}

fn frames(siege: &Siege) -> Vec<Row> {
    let honest = || Honest::of(siege).with(&[], &[], ALL);
    let before = |first: Vec<u8>| [first, honest()].concat();
    let on = |stream: u32| {
        let mut head = honest();
        head[5..9].copy_from_slice(&stream.to_be_bytes());
        head
    };
    let opened = || Honest::of(siege).with(&[], &[], END_STREAM);
    let block = |first: &[u8]| frame(HEADERS, ALL, 1, first);
    let closed = |name, bytes, outcome| (name, bytes, outcome, false, false);
    vec![
        closed(
            "a frame longer than agreed",
            before(frame(DATA, 0, 1, &[0; 16_385])),
            "goaway 6",
        ),
        closed("headers of no stream", on(0), "goaway 1"),
        closed("headers of an even stream", on(2), "goaway 1"),
        closed(
            "data of a stream that is not there",
            before(frame(DATA, 0, 3, b"x")),
            "goaway 1",
        ),
        closed(
            "data of no stream",
            before(frame(DATA, 0, 0, b"x")),
            "goaway 1",
        ),
        closed(
            "a continuation of nothing",
            before(frame(CONTINUATION, END_HEADERS, 1, b"")),
            "goaway 1",
        ),
        closed(
            "another frame before the continuation",
            [opened(), frame(PING, 0, 0, &[0; 8])].concat(),
            "goaway 1",
        ),
        closed(
            "another stream's continuation",
            [opened(), frame(CONTINUATION, END_HEADERS, 3, b"")].concat(),
            "goaway 1",
        ),
        closed(
            "more padding than frame",
            frame(HEADERS, ALL | PADDED, 1, &[200, 0x82]),
            "goaway 1",
        ),
        closed(
            "settings of a stream",
            before(frame(SETTINGS, 0, 1, b"")),
            "goaway 1",
        ),
        closed(
            "settings cut short",
            before(frame(SETTINGS, 0, 0, &[0, 4, 0])),
            "goaway 1",
        ),
        closed(
            "confirmed settings with a content",
            before(frame(SETTINGS, ACK, 0, &setting(4, 1))),
            "goaway 1",
        ),
        closed(
            "a window beyond 31 bits",
            before(frame(SETTINGS, 0, 0, &setting(4, u32::MAX))),
            "goaway 1",
        ),
        closed(
            "push neither on nor off",
            before(frame(SETTINGS, 0, 0, &setting(2, 2))),
            "goaway 1",
        ),
        closed(
            "a frame size out of bounds",
            before(frame(SETTINGS, 0, 0, &setting(5, 1))),
            "goaway 1",
        ),
        closed(
            "a promise from a client",
            before(frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])),
            "goaway 1",
        ),
        closed(
            "a window that grows by nothing",
            before(frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
            "goaway 1",
        ),
        closed(
            "a window that grows beyond 31 bits",
            before(frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())),
            "goaway 3",
        ),
        closed(
            "a window of a stream that is not there",
            before(frame(WINDOW_UPDATE, 0, 3, &1_u32.to_be_bytes())),
            "goaway 1",
        ),
        closed(
            "a reset of a stream that is not there",
            before(frame(RST_STREAM, 0, 3, &[0; 4])),
            "goaway 1",
        ),
        closed(
            "a reset of no stream",
            before(frame(RST_STREAM, 0, 0, &[0; 4])),
            "goaway 1",
        ),
        closed(
            "a ping of seven bytes",
            before(frame(PING, 0, 0, &[0; 7])),
            "goaway 1",
        ),
        closed(
            "a ping of a stream",
            before(frame(PING, 0, 1, &[0; 8])),
            "goaway 1",
        ),
        closed(
            "a priority of four bytes",
            before(frame(PRIORITY, 0, 1, &[0; 4])),
            "goaway 1",
        ),
        (
            "headers that depend on themselves",
            frame(HEADERS, ALL | WITH_PRIORITY, 1, &[0, 0, 0, 1, 0, 0x82]),
            "reset 1",
            false,
            true,
        ),
        closed("field 0 of the table", block(&[0x80]), "goaway 1"),
        closed(
            "a field that is not in the table",
            block(&[0xff, 0xff, 0xff, 0x7f]),
            "goaway 1",
        ),
        closed("a number without an end", block(&[0xff; 12]), "goaway 1"),
        closed(
            "a table larger than agreed",
            block(&[0x3f, 0xff, 0xff, 0xff, 0x7f]),
            "goaway 1",
        ),
        closed(
            "a code that is none",
            block(&[0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
            "goaway 1",
        ),
        closed(
            "a string longer than the block",
            block(&[0x00, 0x7f, 0x00]),
            "goaway 1",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_of_http2_is_read_in_two_ways() {
    let siege = Siege::lay().await;
    let rows: Vec<Row> = messages(&siege).into_iter().chain(frames(&siege)).collect();
    let mut wrong = Vec::new();
    for (name, bytes, outcome, asked, kept) in &rows {
        let mut connection = Frames::connect(&siege, b"").await;
        connection.say(bytes).await;
        let came_of_it = connection.outcome(1).await;
        let served = *kept && {
            let mut next = Honest::of(&siege).with(&[], &[], ALL);
            next[5..9].copy_from_slice(&3_u32.to_be_bytes());
            connection.say(&next).await;
            connection.outcome(3).await == "200"
        };
        if !kept {
            connection.to_the_end().await;
        }
        let heard = siege.heard();
        let expected = usize::from(*asked) + usize::from(*kept);
        if came_of_it != *outcome || served != *kept || heard != Ok(expected) {
            wrong.push(format!(
                "- {name}: {came_of_it}, not {outcome}; {}; the provider heard {heard:?}, not {expected}",
                if served { "kept" } else { "closed" },
            ));
        }
    }
    // Who does not begin with the preface is not listened to.
    for beginning in [
        &b"GET / HTTP/1.1\r\nHost: sluis.example\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let mut connection = Frames::silent(&siege).await;
        connection.say(beginning).await;
        connection.hush().await;
        let outcome = connection.outcome(1).await;
        assert!(outcome == "closed" || outcome == "goaway 1", "{outcome}");
    }
    siege.honest().await;
    let honest = rows.iter().filter(|(.., asked, _)| *asked).count();
    let told = format!(
        " ({} refused, {honest} passed on as exactly what an honest request sends)",
        rows.len() - honest,
    );
    judge(
        "malformed HTTP/2 messages and frames",
        rows.len(),
        80,
        &told,
        &wrong,
    );
    siege.world.close().await;
}

//! Frames that are malformed or out of order.
#![expect(clippy::too_many_lines, reason = "a long table")]

use super::{Honest, Row};
use crate::attacks::frames::{
    ACK, ALL, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, WITH_PRIORITY, frame, setting,
};
use crate::attacks::siege::Siege;

pub(super) fn rows(siege: &Siege) -> Vec<Row> {
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

//! Floods over HTTP/2: whatever one client sends, the gateway stays up, an honest client is served
//! meanwhile, and the gateway's memory stays bounded. How fast is not asserted here: the benchmark says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::frames::{
    ALL, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PADDED, PING,
    PREFACE, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, field, fields, frame, setting, tls,
};
use super::judge;
use super::siege::{PATIENCE, Siege};

/// By how much a flood may make the gateway larger. Each sends more than that, unless it is cut off.
const GROWTH_KIB: u64 = 64 * 1024;
/// Bytes that are out, or in the socket's buffers, before an honest client asks.
const UNDER_WAY: u64 = 256 * 1024;
/// What a flood sends at most: far more than any machine keeps in its sockets.
const MOST_BYTES: u64 = 192 * 1024 * 1024;

/// One flood.
struct Flood {
    name: &'static str,
    settings: Vec<u8>,
    /// Sent once.
    first: Vec<u8>,
    /// Sent again and again; the next stream's id goes wherever it says `*`.
    piece: Vec<u8>,
    /// Whether the attacker reads what comes back.
    reads: bool,
    /// Whether the gateway must cut it off.
    cut: bool,
}

const REQUEST: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "sluis.example"),
    (":path", "/v1/openapi.json"),
];

/// Stands for the id of the next stream.
const NEXT: u32 = 0x7a7a_7a7a;

#[expect(clippy::too_many_lines, reason = "a long table")]
fn floods() -> Vec<Flood> {
    let flood = |name, first: Vec<u8>, piece: Vec<u8>, reads, cut| Flood {
        name,
        settings: Vec::new(),
        first,
        piece,
        reads,
        cut,
    };
    let open = |flags| frame(HEADERS, flags, NEXT, &fields(&REQUEST));
    let reset = frame(RST_STREAM, 0, NEXT, &8_u32.to_be_bytes());
    let begun = || frame(HEADERS, END_STREAM, 1, &fields(&REQUEST));
    let posted = || {
        frame(
            HEADERS,
            END_HEADERS,
            1,
            &fields(&[
                (":method", "POST"),
                (":scheme", "https"),
                (":authority", "sluis.example"),
                (":path", "/v1/documenten/_zoek"),
            ]),
        )
    };
    let large = field("x", &"y".repeat(1_000));
    // One entry of the table, and a block that names it four thousand times (RFC 7541, 2.3.3).
    let mut bomb = vec![0x40, 1, b'x', 0x7f, 0xa1, 0x1e];
    bomb.extend(vec![b'y'; 4_000]);
    bomb.extend(vec![0xbe; 4_000]);
    vec![
        flood(
            "rapid reset",
            vec![],
            [open(ALL), reset.clone()].concat(),
            true,
            false,
        ),
        flood(
            "rapid reset by who does not read",
            vec![],
            [open(ALL), reset.clone()].concat(),
            false,
            false,
        ),
        flood(
            "reset of requests with a body to come",
            vec![],
            [open(END_HEADERS), reset.clone()].concat(),
            true,
            false,
        ),
        flood(
            "requests that end in an error of their own",
            vec![],
            [open(END_HEADERS), frame(WINDOW_UPDATE, 0, NEXT, &[0; 4])].concat(),
            true,
            true,
        ),
        flood(
            "continuations without an end",
            begun(),
            frame(CONTINUATION, 0, 1, &large),
            true,
            true,
        ),
        flood(
            "empty continuations",
            begun(),
            frame(CONTINUATION, 0, 1, b""),
            true,
            true,
        ),
        flood(
            "settings",
            vec![],
            frame(SETTINGS, 0, 0, &setting(3, 100)),
            true,
            false,
        ),
        flood(
            "settings by who does not read",
            vec![],
            frame(SETTINGS, 0, 0, &setting(3, 100)),
            false,
            false,
        ),
        flood(
            "tables made large and small",
            vec![],
            [
                frame(SETTINGS, 0, 0, &setting(1, 0)),
                frame(SETTINGS, 0, 0, &setting(1, u32::MAX)),
            ]
            .concat(),
            true,
            false,
        ),
        flood("pings", vec![], frame(PING, 0, 0, &[7; 8]), true, false),
        flood(
            "pings by who does not read",
            vec![],
            frame(PING, 0, 0, &[7; 8]),
            false,
            false,
        ),
        flood("empty data", posted(), frame(DATA, 0, 1, b""), true, false),
        flood(
            "padding",
            posted(),
            frame(DATA, PADDED, 1, &[&[255][..], &[0; 255]].concat()),
            true,
            true,
        ),
        flood(
            "priorities",
            vec![],
            frame(PRIORITY, 0, NEXT, &[0, 0, 0, 0, 16]),
            true,
            false,
        ),
        flood(
            "frames of no kind",
            vec![],
            frame(0x77, 0, 0, &[0; 1_000]),
            true,
            false,
        ),
        flood("requests without a pause", vec![], open(ALL), true, false),
        flood(
            "requests whose answers nobody reads",
            vec![],
            open(ALL),
            false,
            false,
        ),
        flood(
            "a header table that is a bomb",
            vec![],
            frame(HEADERS, ALL, NEXT, &bomb),
            true,
            false,
        ),
        Flood {
            settings: setting(4, 1),
            ..flood(
                "answers one byte at a time",
                vec![],
                [
                    open(ALL),
                    frame(WINDOW_UPDATE, 0, NEXT, &1_u32.to_be_bytes()),
                ]
                .concat(),
                true,
                false,
            )
        },
    ]
}

/// The piece with the id of a stream in it.
fn numbered(piece: &[u8], stream: u32) -> Vec<u8> {
    let mut bytes = piece.to_vec();
    let next = NEXT.to_be_bytes();
    for at in 0..bytes.len().saturating_sub(3) {
        if bytes[at..at + 4] == next {
            bytes[at..at + 4].copy_from_slice(&stream.to_be_bytes());
        }
    }
    bytes
}

/// How large the gateway is in memory.
pub(super) fn resident_kib(siege: &Siege) -> u64 {
    let status = format!("/proc/{}/status", siege.world.gateways[0].id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse().unwrap()
}

/// Floods until it is cut off or has sent the most; answers whether it was cut off.
async fn pour(siege: &Siege, flood: &Flood, sent: &AtomicU64) -> bool {
    let stream = siege.connect(tls()).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reads = flood.reads;
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        if !reads {
            std::future::pending::<()>().await;
        }
        while matches!(reader.read(&mut buffer).await, Ok(1..)) {}
    };
    let writing = async {
        let mut bytes = PREFACE.to_vec();
        bytes.extend(frame(SETTINGS, 0, 0, &flood.settings));
        bytes.extend(&flood.first);
        let mut next = 3;
        loop {
            while bytes.len() < 64 * 1024 {
                bytes.extend(numbered(&flood.piece, next));
                next += 2;
            }
            if writer.write_all(&bytes).await.is_err() {
                return true;
            }
            let so_far = sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if so_far > MOST_BYTES {
                return false;
            }
            bytes.clear();
        }
    };
    tokio::select! {
        // The gateway said goodbye, or hung up.
        () = reading => true,
        cut = writing => cut,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_nobody_elses() {
    let siege = Arc::new(Siege::lay().await);
    let before = resident_kib(&siege);
    let mut wrong = Vec::new();
    let floods = floods();
    let tried = floods.len();
    for flood in floods {
        let sent = Arc::new(AtomicU64::new(0));
        let name = flood.name;
        let must_be_cut = flood.cut;
        let pouring = tokio::spawn({
            let (siege, sent) = (Arc::clone(&siege), Arc::clone(&sent));
            async move { pour(&siege, &flood, &sent).await }
        });
        let since = Instant::now();
        while sent.load(Ordering::Relaxed) < UNDER_WAY && !pouring.is_finished() {
            assert!(since.elapsed() < PATIENCE, "{name}: not even begun");
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            siege.honest().await;
        }
        if must_be_cut {
            let cut = tokio::time::timeout(PATIENCE, pouring).await;
            if !matches!(cut, Ok(Ok(true))) {
                wrong.push(format!("- {name}: not cut off: {cut:?}"));
            }
        } else {
            pouring.abort();
        }
        let grown = resident_kib(&siege).saturating_sub(before);
        if grown > GROWTH_KIB {
            wrong.push(format!("- {name}: the gateway grew by {grown} KiB"));
        }
    }
    wrong.extend(shut_windows(&siege).await);
    judge("HTTP/2 floods", tried + 1, 20, "", &wrong);
    let siege = Arc::into_inner(siege);
    let siege = siege.unwrap_or_else(|| panic!("a flood goes on"));
    siege.world.close().await;
}

/// Every stream there may be, each with an answer that is not let out; one more is refused.
async fn shut_windows(siege: &Siege) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut shut = Frames::connect(siege, &setting(4, 0)).await;
    let streams: u32 = 128;
    let open = |stream: u32| frame(HEADERS, ALL, stream, &fields(&REQUEST));
    for number in 0..streams {
        shut.say(&open(2 * number + 1)).await;
    }
    let mut answered = 0;
    while answered < streams {
        match shut.next().await {
            Some(frame) if frame.kind == HEADERS && frame.status() == 200 => answered += 1,
            Some(frame) if matches!(frame.kind, SETTINGS | PING | WINDOW_UPDATE) => {}
            other => {
                wrong.push(format!(
                    "- zero windows: {other:?} after {answered} answers"
                ));
                break;
            }
        }
    }
    siege.honest().await;
    shut.say(&open(2 * streams + 1)).await;
    let beyond = shut.outcome(2 * streams + 1).await;
    if beyond != "reset 7" {
        wrong.push(format!("- one stream too many: {beyond}"));
    }
    siege.honest().await;
    // The window of the last one is opened, and its whole answer comes.
    let last = 2 * streams - 1;
    shut.say(&frame(
        WINDOW_UPDATE,
        0,
        last,
        &0x00ff_ffff_u32.to_be_bytes(),
    ))
    .await;
    shut.say(&frame(WINDOW_UPDATE, 0, 0, &0x00ff_ffff_u32.to_be_bytes()))
        .await;
    loop {
        match shut.next().await {
            Some(frame) if frame.stream == last && frame.ends_stream() => break,
            Some(frame) if frame.kind != GOAWAY => {}
            other => {
                wrong.push(format!("- an opened window: {other:?}"));
                break;
            }
        }
    }
    wrong
}

/// Releases that are reset as soon as they are asked for: each one that was permitted is closed in the
/// book, which the end of the test asserts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_is_reset_is_closed_in_the_book() {
    let siege = Siege::lay().await;
    let mut asked = 0;
    for connection in 0..10 {
        let mut frames = Frames::connect(&siege, b"").await;
        for number in 0..10_u32 {
            let token = format!("Bearer {}", Siege::token());
            let path = siege.path();
            let mut request = REQUEST.to_vec();
            request[3].1 = &path;
            request.push(("authorization", &token));
            let stream = 2 * number + 1;
            frames
                .say(&frame(HEADERS, ALL, stream, &fields(&request)))
                .await;
            // Some are let go on until their answer begins.
            if (connection + number) % 3 == 0 {
                while let Some(frame) = frames.next().await
                    && !(frame.kind == HEADERS && frame.stream == stream)
                {}
            }
            frames
                .say(&frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()))
                .await;
            asked += 1;
        }
    }
    siege.world.ncg.take_heard();
    let call = crate::client::Call::get(siege.path()).token(&Siege::token());
    siege.world.line(0, "img").call(&call).await.expect("200");
    let book = siege.world.close().await;
    let releases = book.of_kind("afgifte").count();
    assert!(releases > 2, "{releases} of {asked}");
    super::tell(&format!(
        "downloads that are reset: {asked} tried, {releases} permitted, 0 left open in the book"
    ));
}

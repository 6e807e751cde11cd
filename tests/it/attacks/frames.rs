//! HTTP/2 as somebody speaks it who writes every frame by hand (RFC 9113, RFC 7541).

use std::sync::Arc;

use bytes::{Buf as _, BytesMut};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::siege::{PATIENCE, Siege, Stream};
use crate::party::Party;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const WITH_PRIORITY: u8 = 0x20;
/// Both ends of a request without a body.
pub(super) const ALL: u8 = END_STREAM | END_HEADERS;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame, its length said as it is.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field that is said in full and never indexed.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0x10];
    for text in [name, value] {
        // A number of a prefix of seven bits (RFC 7541, 5.1).
        let length = text.len();
        if let Some(mut more) = length.checked_sub(127) {
            block.push(127);
            while more >= 128 {
                block.push(u8::try_from(more % 128).unwrap() | 128);
                more /= 128;
            }
            block.push(u8::try_from(more).unwrap());
        } else {
            block.push(u8::try_from(length).unwrap());
        }
        block.extend(text.as_bytes());
    }
    block
}

pub(super) fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    fields
        .iter()
        .flat_map(|(name, value)| field(name, value))
        .collect()
}

/// A setting.
pub(super) fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A frame that came back.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The error code of a `GOAWAY` or `RST_STREAM`.
    pub(super) fn code(&self) -> u8 {
        let at = if self.kind == GOAWAY { 7 } else { 3 };
        self.payload[at]
    }

    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    /// The status that the first field of these headers tells.
    pub(super) fn status(&self) -> u16 {
        let indexed = [200, 204, 206, 304, 400, 404, 500];
        match *self.payload.as_slice() {
            [first @ 0x88..=0x8e, ..] => indexed[usize::from(first - 0x88)],
            [0x08 | 0x18 | 0x48, length, ref rest @ ..] => {
                let text = &rest[..usize::from(length & 0x7f)];
                if length & 0x80 == 0 {
                    std::str::from_utf8(text).unwrap().parse().unwrap()
                } else {
                    digits(text)
                }
            }
            ref other => panic!("no status first: {other:x?}"),
        }
    }
}

/// Three digits in the code of RFC 7541 (appendix B): 0, 1 and 2 in five bits, the rest in six.
fn digits(bytes: &[u8]) -> u16 {
    let bits: u32 = bytes
        .iter()
        .fold(0, |all, byte| all << 8 | u32::from(*byte));
    let mut left = u32::try_from(bytes.len()).unwrap() * 8;
    let mut number = 0;
    for _ in 0..3 {
        let five = bits >> (left - 5) & 0x1f;
        let digit = if five < 3 {
            left -= 5;
            five
        } else {
            left -= 6;
            (bits >> left & 0x3f) - 0x19 + 3
        };
        number = number * 10 + digit;
    }
    u16::try_from(number).unwrap()
}

/// A connection of HTTP/2.
pub(super) struct Frames {
    stream: Stream,
    read: BytesMut,
}

pub(super) fn tls() -> Arc<ClientConfig> {
    let mut tls = ClientConfig::clone(&Party::find("img").tls());
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(tls)
}

impl Frames {
    /// Connects, and says nothing yet.
    pub(super) async fn silent(siege: &Siege) -> Self {
        let stream = siege.connect(tls()).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Self {
            stream,
            read: BytesMut::new(),
        }
    }

    /// Connects with these settings.
    pub(super) async fn connect(siege: &Siege, settings: &[u8]) -> Self {
        let mut frames = Self::silent(siege).await;
        frames.say(PREFACE).await;
        frames.say(&frame(SETTINGS, 0, 0, settings)).await;
        frames
    }

    /// Whether the bytes went out.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// No byte more from us.
    pub(super) async fn hush(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next frame; `None` at the end. A ping is confirmed: only who does that is told which request
    /// was the last, and let go (RFC 9113, 6.8).
    pub(super) async fn next(&mut self) -> Option<Frame> {
        let told = self.read().await?;
        if told.kind == PING && told.flags & ACK == 0 {
            self.say(&frame(PING, ACK, 0, &told.payload)).await;
        }
        Some(told)
    }

    async fn read(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = self.read.get(..9) {
                let length =
                    usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
                if self.read.len() >= 9 + length {
                    let head = self.read.split_to(9);
                    let payload = self.read.split_to(length).to_vec();
                    return Some(Frame {
                        kind: head[3],
                        flags: head[4],
                        stream: (&head[5..]).get_u32() & 0x7fff_ffff,
                        payload,
                    });
                }
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
            let read = read.unwrap_or_else(|_| panic!("neither answered nor closed"));
            if !matches!(read, Ok(1..)) {
                return None;
            }
        }
    }

    /// Reads on to the end.
    pub(super) async fn until_the_end(&mut self) {
        while self.next().await.is_some() {}
    }

    /// What becomes of a stream: `200`, `reset 1`, or of the connection: `goaway 1`, `closed`.
    pub(super) async fn outcome(&mut self, stream: u32) -> String {
        let mut status = None;
        while let Some(frame) = self.next().await {
            match frame.kind {
                // A goodbye without an error: what was begun is answered still.
                GOAWAY if frame.code() != 0 => return format!("goaway {}", frame.code()),
                RST_STREAM if frame.stream == stream => {
                    return status.unwrap_or_else(|| format!("reset {}", frame.code()));
                }
                HEADERS if frame.stream == stream && status.is_none() => {
                    status = Some(frame.status().to_string());
                }
                _ => {}
            }
            if frame.stream == stream
                && frame.ends_stream()
                && let Some(status) = status.take()
            {
                return status;
            }
        }
        "closed".to_owned()
    }
}

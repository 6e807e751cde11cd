//! The bytes of a connection, watched on their way to hyper.
//!
//! hyper takes a bare LF for a line end, removes Content-Length when there is Transfer-Encoding, and of
//! that looks at the last coding alone, before anyone could see it (SECURITY 15: all must be refused,
//! because another program on the way may have read them differently). So each request's head is looked at here too.
//! This decides nothing but refusals: hyper still does the reading, and a request of which nothing
//! was seen here is refused.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::bounds;
use crate::pace::Pace;

/// What was seen of one request's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// What is wrong with it.
    pub(super) fault: Option<&'static str>,
    /// Whether the connection must end with this request, because where the next head begins is not
    /// followed through chunks.
    pub(super) last: bool,
}

/// What the watch and the service of one connection share.
#[derive(Debug, Default)]
pub(super) struct Log {
    seen: Mutex<VecDeque<Seen>>,
    moved: AtomicU64,
    is_stuck: AtomicBool,
    stuck: Mutex<Stuck>,
}

/// What is written and not out, because the client does not read.
#[derive(Debug, Default)]
struct Stuck {
    /// Until when the client may leave it so; `None` while it reads.
    until: Option<Instant>,
    /// Who has more to write.
    waiting: Option<Waker>,
}

impl Log {
    /// The next head; hyper hands over requests in the order they came.
    pub(super) fn next(&self) -> Option<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }

    /// Whether the client has been reading too slowly for too long.
    pub(super) fn is_too_slow(&self, now: Instant) -> bool {
        let stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.until.is_some_and(|until| until <= now)
    }

    /// Whether what was written last is not out yet; if so, `cx` is woken when it is.
    pub(super) fn is_stuck(&self, cx: &Context<'_>) -> bool {
        if !self.is_stuck.load(Ordering::Relaxed) {
            return false;
        }
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.waiting = stuck.until.is_some().then(|| cx.waker().clone());
        stuck.until.is_some()
    }

    fn set_stuck(&self, until: Option<Instant>) {
        self.is_stuck.store(until.is_some(), Ordering::Relaxed);
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.until = until;
        if until.is_none()
            && let Some(waiting) = stuck.waiting.take()
        {
            waiting.wake();
        }
    }

    /// Grows whenever bytes move, in either direction.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

/// Where in the stream of requests the bytes are.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Head,
    Body(u64),
    /// Nothing more is looked at: HTTP/2, or after a request that ends the connection.
    Unwatched,
}

/// A stream under watch.
pub(super) struct Wire<S> {
    stream: S,
    log: Arc<Log>,
    place: Place,
    head: Vec<u8>,
    /// When the head under way must be complete.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The patience with a client that reads slowly.
    pace: Pace,
}

impl<S> Wire<S> {
    /// Watches HTTP/1.
    pub(super) fn http1(stream: S, log: Arc<Log>) -> Self {
        Self {
            place: Place::Head,
            ..Self::http2(stream, log)
        }
    }

    /// Only counts: HTTP/2 has frames where HTTP/1 has line ends.
    pub(super) fn http2(stream: S, log: Arc<Log>) -> Self {
        Self {
            stream,
            log,
            place: Place::Unwatched,
            head: Vec::new(),
            deadline: None,
            pace: Pace::new(bounds::IDLE),
        }
    }

    /// Notes how writing goes: that so many bytes went, or that the socket takes none.
    fn pace(&mut self, written: Poll<u64>) {
        match written {
            Poll::Ready(_) if self.pace.is_at_rest() => {}
            Poll::Ready(bytes) => {
                self.pace.moved(bytes, Instant::now());
                self.log.set_stuck(None);
            }
            Poll::Pending => {
                let until = self.pace.wait(Instant::now());
                self.log.set_stuck(Some(until));
            }
        }
    }

    /// Notes what came of a write.
    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let bytes = |result: &io::Result<usize>| result.as_ref().map_or(0, |n| *n as u64);
        match &written {
            Poll::Ready(result) => {
                self.pace(Poll::Ready(bytes(result)));
                self.log.moved.fetch_add(1, Ordering::Relaxed);
            }
            Poll::Pending => self.pace(Poll::Pending),
        }
        written
    }

    fn watch(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.place {
                Place::Unwatched => return,
                Place::Body(left) => {
                    let here = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(left);
                    let skip = usize::try_from(here).unwrap_or(bytes.len());
                    bytes = bytes.get(skip..).unwrap_or_default();
                    self.place = match left - here {
                        0 => Place::Head,
                        left => Place::Body(left),
                    };
                }
                Place::Head => bytes = self.watch_head(bytes),
            }
        }
    }

    /// Takes in bytes of a head, up to its end; gives the rest.
    fn watch_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let line_end = bytes.iter().position(|byte| *byte == b'\n');
        let (line, rest) = bytes.split_at(line_end.map_or(bytes.len(), |at| at + 1));
        if self.head.len() + line.len() > bounds::HEADER_BYTES {
            // hyper answers 431 and closes.
            self.place = Place::Unwatched;
            self.deadline = None;
            return &[];
        }
        if self.head.is_empty() {
            self.deadline = Some(Box::pin(sleep(bounds::HEADER_READ)));
        }
        self.head.extend_from_slice(line);
        if line_end.is_some() && ends(&self.head) {
            let (seen, place) = judge(&self.head);
            let mut log = self.log.seen.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_back(seen);
            drop(log);
            self.place = place;
            self.head.clear();
            self.deadline = None;
        }
        rest
    }
}

/// Whether the last line of these is empty and not the first: empty lines before a request are
/// skipped (RFC 9112, 2.2).
fn ends(head: &[u8]) -> bool {
    let empty = head.ends_with(b"\n\n") || head.ends_with(b"\n\r\n");
    empty && head.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
}

fn judge(head: &[u8]) -> (Seen, Place) {
    let mut fault = None;
    let (mut length, mut chunked) = (None, false);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            fault = fault.or(Some("een regel eindigt niet op CR LF"));
            continue;
        };
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            fault = fault.or(Some("een kopregel is over meer regels verdeeld"));
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
            continue;
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                fault = fault.or(Some("Content-Length komt twee keer voor"));
            }
            length = Some(
                std::str::from_utf8(value)
                    .ok()
                    .and_then(|v| v.trim().parse().ok()),
            );
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // hyper looks at the last coding alone; one before it another program would undo as well.
            if chunked || !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                fault = fault.or(Some("Transfer-Encoding is alleen chunked, één keer"));
            }
            chunked = true;
        }
    }
    if chunked && length.is_some() {
        fault = fault.or(Some(
            "Content-Length en Transfer-Encoding sluiten elkaar uit",
        ));
    }
    let place = match (fault, chunked, length) {
        (None, false, None | Some(Some(0))) => Place::Head,
        (None, false, Some(Some(length))) => Place::Body(length),
        _ => Place::Unwatched,
    };
    let last = place == Place::Unwatched;
    (Seen { fault, last }, place)
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if Pin::new(&mut self.stream).poll_read(cx, into)?.is_pending() {
            if let Some(deadline) = &mut self.deadline {
                ready!(deadline.as_mut().poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            return Poll::Pending;
        }
        self.log.moved.fetch_add(1, Ordering::Relaxed);
        self.watch(into.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.pace(
            flushed
                .is_ready()
                .then_some(0)
                .map_or(Poll::Pending, Poll::Ready),
        );
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

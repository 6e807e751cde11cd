//! Readers that are slow: what is kept for them, and when one of a stream of HTTP/2 is too slow.
//!
//! Over HTTP/1 no more of a document is asked for while what was written last is not out: so a slow reader
//! costs one buffer, and a fast one has a large one.
//!
//! A stream of HTTP/2 has a window of its own: who leaves it shut, while the connection under it is used, is not
//! seen at the socket. So the task of each stream looks itself how long the pieces of its answer wait to
//! be taken, and ends the stream alone.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Instant, sleep_until};

use super::wire::Log;
use crate::bounds;
use crate::pace::Pace;

tokio::task_local! {
    /// The patience with the reader of the stream whose task this is.
    static READER: Arc<Reader>;
}

/// The patience with one reader, and until when it lasts.
#[derive(Debug)]
struct Reader(Mutex<(Pace, Option<Instant>)>);

impl Reader {
    fn new() -> Self {
        Self(Mutex::new((Pace::new(bounds::IDLE), None)))
    }

    fn has_piece(&self) {
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        own.1 = Some(own.0.wait(Instant::now()));
    }

    fn took(&self, bytes: u64) {
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        own.0.moved(bytes, Instant::now());
        own.1 = None;
    }

    /// Ends when there is no patience left.
    async fn is_too_slow(&self) {
        loop {
            let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).1;
            let now = Instant::now();
            match until {
                Some(until) if until <= now => return,
                Some(until) => sleep_until(until).await,
                None => sleep_until(now + bounds::IDLE).await,
            }
        }
    }
}

/// Runs the tasks of streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams;

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let reader = Arc::new(Reader::new());
        let scope = Arc::clone(&reader);
        tokio::spawn(READER.scope(scope, async move {
            let stream = pin!(stream);
            tokio::select! {
                biased;
                _ = stream => {}
                // Dropping it resets the stream, and what was released is closed as broken off.
                () = reader.is_too_slow() => {
                    tracing::info!("a stream was reset: its client reads too slowly");
                }
            }
        }));
    }
}

/// An answer of which no more is asked for than the client reads, where it is longer than a buffer.
pub(super) fn held_back(response: Response, log: &Arc<Log>) -> Response {
    let longest = response.body().size_hint().upper();
    if longest.is_some_and(|bytes| bytes <= bounds::CONNECTION_BUFFER_BYTES as u64) {
        return response;
    }
    let log = Arc::clone(log);
    response.map(|body| Body::new(HeldBack { body, log }))
}

struct HeldBack {
    body: Body,
    log: Arc<Log>,
}

impl HttpBody for HeldBack {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.log.is_stuck(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer whose pieces are seen to be taken, where it goes out on a stream of HTTP/2.
pub(super) fn watched(response: Response) -> Response {
    match READER.try_with(Arc::clone) {
        Ok(reader) => response.map(|body| {
            Body::new(Watched {
                body,
                reader,
                out: 0,
            })
        }),
        Err(_) => response,
    }
}

struct Watched {
    body: Body,
    reader: Arc<Reader>,
    /// Bytes of the piece that was handed over last.
    out: u64,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Who asks for more has taken what it had.
        let out = std::mem::take(&mut self.out);
        self.reader.took(out);
        let next = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &next {
            self.out = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.reader.has_piece();
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

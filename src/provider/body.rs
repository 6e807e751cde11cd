//! The body of a provider's answer, streamed under backpressure.
//!
//! A body ends cleanly only when every byte came that should, and none more. To be able to hold to
//! that, the piece that reaches the expected length is kept back until the end of the message is
//! seen: a requester whose own answer carries that length would otherwise see a clean end first
//! (SECURITY 8).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming as RawBody;
use tokio::time::Instant;

use super::Provider;
use super::failure::BrokenOff;
use super::road::Road;
use crate::pace::Pace;

/// The bytes of a document on their way through. Dropping it before its end drops the connection.
pub struct ProviderBody {
    state: State,
    /// The whole length, when it is known beforehand.
    expected_bytes: Option<u64>,
    /// Received from the provider, a piece kept back included.
    received_bytes: u64,
    /// Handed on.
    yielded_bytes: u64,
    between_bytes: Duration,
    /// The patience with a trickle, used up like that with silence.
    pace: Pace,
}

enum State {
    Streaming {
        raw: RawBody,
        road: Box<Road>,
        provider: Arc<Provider>,
        /// The piece that completes the expected length.
        held: Option<Bytes>,
        /// Until when the next piece may take, while one is waited for. A requester who reads
        /// slowly is not the provider's silence, so the time runs only while we wait.
        silent_until: Option<Instant>,
    },
    Ended,
}

impl std::fmt::Debug for ProviderBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderBody")
            .field("expected_bytes", &self.expected_bytes)
            .field("received_bytes", &self.received_bytes)
            .finish_non_exhaustive()
    }
}

impl ProviderBody {
    pub(super) fn new(
        raw: RawBody,
        road: Box<Road>,
        provider: Arc<Provider>,
        expected_bytes: Option<u64>,
    ) -> Self {
        Self {
            between_bytes: provider.limits.between_bytes,
            pace: Pace::new(provider.limits.between_bytes * 2),
            state: State::Streaming {
                raw,
                road,
                provider,
                held: None,
                silent_until: None,
            },
            expected_bytes,
            received_bytes: 0,
            yielded_bytes: 0,
        }
    }

    /// What happens next: a piece to hand on, the end, an error, or waiting.
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let State::Streaming {
            raw,
            road,
            held,
            silent_until,
            ..
        } = &mut self.state
        else {
            return Poll::Ready(None);
        };
        loop {
            road.drive(cx);
            let piece =
                match Pin::new(&mut *raw).poll_frame(&mut Context::from_waker(Waker::noop())) {
                    Poll::Pending => {
                        let deadline = *silent_until.get_or_insert_with(|| {
                            let now = Instant::now();
                            self.pace.wait(now).min(now + self.between_bytes)
                        });
                        if road.silence.is_past(deadline, cx) {
                            return Poll::Ready(Some(Err(BrokenOff::Silent)));
                        }
                        return Poll::Pending;
                    }
                    Poll::Ready(Some(Err(e))) => {
                        return Poll::Ready(Some(Err(BrokenOff::Connection(e))));
                    }
                    Poll::Ready(None) => break,
                    Poll::Ready(Some(Ok(frame))) => frame.into_data(),
                };
            *silent_until = None;
            if !self.pace.is_at_rest() {
                let bytes = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                self.pace.moved(bytes, Instant::now());
            }
            // Trailers are not on the allow-list.
            let Ok(piece) = piece else { continue };
            self.received_bytes = self.received_bytes.saturating_add(piece.len() as u64);
            match self.expected_bytes {
                Some(expected) if self.received_bytes > expected => {
                    return Poll::Ready(Some(Err(BrokenOff::TooLong)));
                }
                Some(expected) if self.received_bytes == expected && !piece.is_empty() => {
                    *held = Some(piece);
                }
                _ => return Poll::Ready(Some(Ok(piece))),
            }
        }
        if self
            .expected_bytes
            .is_some_and(|expected| self.received_bytes < expected)
        {
            return Poll::Ready(Some(Err(BrokenOff::TooShort)));
        }
        if road.has_excess() {
            return Poll::Ready(Some(Err(BrokenOff::TooLong)));
        }
        Poll::Ready(held.take().map(Ok))
    }
}

impl Body for ProviderBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        let next = std::task::ready!(this.next(cx));
        let complete = match &next {
            Some(Ok(piece)) => {
                this.yielded_bytes = this.yielded_bytes.saturating_add(piece.len() as u64);
                this.expected_bytes == Some(this.yielded_bytes)
            }
            Some(Err(_)) => {
                this.state = State::Ended;
                false
            }
            None => true,
        };
        if complete
            && let State::Streaming {
                raw,
                road,
                provider,
                ..
            } = std::mem::replace(&mut this.state, State::Ended)
        {
            drop(raw);
            provider.keep(road);
        }
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match self.expected_bytes {
            Some(expected) => SizeHint::with_exact(expected.saturating_sub(self.yielded_bytes)),
            None => SizeHint::default(),
        }
    }
}

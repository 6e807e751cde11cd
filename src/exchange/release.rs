//! A document on its way out: streamed with backpressure, counted and hashed, closed in the book.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use ring::digest::{self, SHA256};

use crate::domain::{Document, MediaType, Sha256, Version};
use crate::ledger::entry::End;
use crate::ledger::{Closing, Report};
use crate::provider::{Incoming, Part, ProviderBody};

/// A release: the head of the answer, and its body still to come.
#[derive(Debug)]
pub struct Release {
    /// 200 or 206.
    pub status: u16,
    /// Its media type, as the index has it.
    pub media_type: MediaType,
    /// How many bytes will follow, where that is known.
    pub length: Option<u64>,
    /// The `Content-Range` of a 206.
    pub content_range: Option<String>,
    /// The `ETag`, quotes included.
    pub etag: String,
    /// The article it is released on.
    pub article: String,
    /// The ledger index of its permit.
    pub index: u64,
    /// What to call it.
    pub file_name: String,
    /// The bytes.
    pub body: ReleaseBody,
}

impl Release {
    pub(super) fn new(
        document: &Document,
        article: String,
        index: u64,
        incoming: Incoming,
        closing: Closing,
    ) -> Self {
        let (status, content_range) = match incoming.part {
            Part::Whole => (200, None),
            Part::Range { first, last, size } => {
                (206, Some(format!("bytes {first}-{last}/{size}")))
            }
        };
        Self {
            status,
            // The index decides what it is: a decision was made on what the index says.
            media_type: document.media_type.clone(),
            length: incoming.length,
            content_range,
            etag: entity_tag(&document.version),
            article,
            index,
            file_name: file_name(document),
            body: ReleaseBody {
                inner: incoming.body,
                expected: incoming.length,
                passed: 0,
                hash: digest::Context::new(&SHA256),
                status,
                closing: Some(closing),
            },
        }
    }
}

/// The provider's version as an entity tag (RFC 9110, 8.8.3). One that has characters a tag cannot
/// have is hashed: all that matters is that another version gives another tag.
pub(super) fn entity_tag(version: &Version) -> String {
    let text = version.as_str();
    if text
        .bytes()
        .all(|byte| byte == b'!' || (b'#'..=b'~').contains(&byte))
    {
        return format!("\"{text}\"");
    }
    let mut hash = [0; 32];
    for (to, from) in hash
        .iter_mut()
        .zip(digest::digest(&SHA256, text.as_bytes()).as_ref())
    {
        *to = *from;
    }
    format!("\"{}\"", Sha256::from_bytes(hash))
}

fn file_name(document: &Document) -> String {
    let extension = match document.media_type.as_str() {
        "application/pdf" => ".pdf",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "text/plain" => ".txt",
        _ => "",
    };
    let title = document.title.as_str();
    if title.to_lowercase().ends_with(extension) {
        title.to_owned()
    } else {
        format!("{title}{extension}")
    }
}

/// The transfer broke off; whoever reads on gets an error, never a clean end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the transfer broke off")]
pub struct BrokenOff;

/// The bytes of a release. It is closed exactly once: when the last byte was handed over, when the
/// provider broke off, or when it is dropped before either, which is how a requester goes away.
pub struct ReleaseBody {
    inner: ProviderBody,
    expected: Option<u64>,
    passed: u64,
    hash: digest::Context,
    status: u16,
    closing: Option<Closing>,
}

impl std::fmt::Debug for ReleaseBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReleaseBody")
            .field("passed", &self.passed)
            .finish_non_exhaustive()
    }
}

impl ReleaseBody {
    fn close(&mut self, end: End) {
        let Some(closing) = self.closing.take() else {
            return;
        };
        let hash = std::mem::replace(&mut self.hash, digest::Context::new(&SHA256)).finish();
        let mut sha256 = [0; 32];
        for (to, from) in sha256.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        closing.finish(&Report {
            status: self.status,
            bytes: self.passed,
            sha256: Sha256::from_bytes(sha256),
            end,
        });
    }

    fn is_whole(&self) -> bool {
        self.expected == Some(self.passed)
    }
}

impl Body for ReleaseBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.closing.is_none() && !self.is_whole() {
            // Closed as broken: there is nothing more to say.
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        match std::task::ready!(Pin::new(&mut self.inner).poll_frame(context)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    self.hash.update(&data);
                    self.passed += data.len() as u64;
                    if self.is_whole() {
                        // Whoever knows the length does not ask for the end.
                        self.close(End::Complete);
                    }
                    Poll::Ready(Some(Ok(Frame::data(data))))
                }
                // Trailers of a provider are not passed on.
                Err(_) => Poll::Ready(None),
            },
            Some(Err(error)) => {
                tracing::warn!(error = %error, "a provider's document broke off");
                self.close(End::BrokenByProvider);
                Poll::Ready(Some(Err(BrokenOff)))
            }
            None => {
                self.close(End::Complete);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.closing.is_none() && self.is_whole()
    }

    fn size_hint(&self) -> SizeHint {
        match self.expected {
            Some(expected) => SizeHint::with_exact(expected.saturating_sub(self.passed)),
            None => SizeHint::default(),
        }
    }
}

impl Drop for ReleaseBody {
    fn drop(&mut self) {
        self.close(if self.is_whole() {
            End::Complete
        } else {
            End::BrokenByRequester
        });
    }
}

//! The request to a provider, built from typed values only (SECURITY 15).
//!
//! There is no way to hand in a header of the requester's: what the provider receives is exactly
//! what [`Outbound`] names, and nothing about the employee.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue, RANGE};
use http::{Method, Request, Uri};
use http_body_util::Empty;

use crate::domain::{Document, DocumentId, Oin, Purpose, TraceParent, TransactionId};
use crate::ledger::Recorded;

pub(super) const FSC_TRANSACTION_ID: HeaderName = HeaderName::from_static("fsc-transaction-id");
pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const SLUIS_DOEL: HeaderName = HeaderName::from_static("sluis-doel");
pub(super) const SLUIS_GRONDSLAG: HeaderName = HeaderName::from_static("sluis-grondslag");
pub(super) const SLUIS_AANVRAGER: HeaderName = HeaderName::from_static("sluis-aanvrager");
pub(super) const SLUIS_LOGBOEK_INDEX: HeaderName = HeaderName::from_static("sluis-logboek-index");

/// Everything a provider is told about a release.
#[derive(Clone)]
pub struct Outbound {
    /// The organisation that keeps the document.
    pub provider: Oin,
    /// The document; it becomes the path.
    pub document: DocumentId,
    /// The part that is wanted; the whole when absent.
    pub range: Option<ByteRange>,
    /// The size the index has for the whole document. When given, an answer of another size is
    /// [`super::Wrong::OtherSize`]: the facts that were decided on are then not of this document.
    pub size_bytes: Option<u64>,
    /// `Fsc-Transaction-Id`.
    pub transaction: TransactionId,
    /// `traceparent`, when the requester sent one.
    pub trace_parent: Option<TraceParent>,
    /// `Sluis-Doel`.
    pub purpose: Purpose,
    /// `Sluis-Grondslag`.
    pub article: Article,
    /// `Sluis-Aanvrager`.
    pub requester: Oin,
    /// `Sluis-Logboek-Index`: where the permit stands in the ledger.
    pub index: u64,
}

/// Only what may stand in an operator's log: the document may not (SECURITY 17).
impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("provider", &self.provider)
            .field("transaction", &self.transaction)
            .field("index", &self.index)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// A statute article as it stands in `Sluis-Grondslag`, such as `TwG 3(4)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article(HeaderValue);

impl Article {
    /// Reads 1 to 64 printable ASCII characters without a space at either end; `None` otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let proper = (1..=64).contains(&text.len())
            && text.trim() == text
            && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if proper {
            HeaderValue::from_str(text).ok().map(Self)
        } else {
            None
        }
    }
}

/// One range of bytes (RFC 9110, 14.1.2), positions counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last, both included.
    FromTo(u64, u64),
    /// From this one to the end.
    From(u64),
    /// The last so many.
    Last(u64),
}

impl ByteRange {
    /// Reads the value of a `Range` header that names one range of bytes. `None` for anything else,
    /// several ranges included: whoever serves may ignore those (RFC 9110, 14.2).
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let number = |digits: &str| {
            let proper = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            proper.then(|| digits.parse::<u64>().ok())?
        };
        match header.strip_prefix("bytes=")?.split_once('-')? {
            ("", count) => number(count).map(Self::Last),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::FromTo(first, last))
            }
        }
    }

    /// First and last byte, both included, of this range in a document of `size` bytes; `None` when
    /// it cannot be satisfied there (416).
    #[must_use]
    pub fn within(self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        let (first, last) = match self {
            Self::FromTo(first, last) => (first, last.min(end)),
            Self::From(first) => (first, end),
            Self::Last(0) => return None,
            Self::Last(count) => (size.saturating_sub(count), end),
        };
        (first <= last && first <= end).then_some((first, last))
    }

    fn header(self) -> Option<HeaderValue> {
        let text = match self {
            Self::FromTo(first, last) => format!("bytes={first}-{last}"),
            Self::From(first) => format!("bytes={first}-"),
            Self::Last(count) => format!("bytes=-{count}"),
        };
        HeaderValue::try_from(text).ok()
    }
}

impl Outbound {
    /// What the provider of this document is told of the release that was recorded; `None` when the
    /// article of its ground cannot stand in a header, which a bundle's lint does not let pass.
    #[must_use]
    pub fn new(
        recorded: &Recorded,
        document: &Document,
        range: Option<ByteRange>,
        trace_parent: Option<TraceParent>,
        purpose: Purpose,
        requester: Oin,
    ) -> Option<Self> {
        Some(Self {
            provider: document.provider,
            document: document.id,
            range,
            size_bytes: Some(document.size_bytes),
            transaction: recorded.receipt().transaction,
            trace_parent,
            purpose,
            article: Article::parse(&recorded.ground().article)?,
            requester,
            index: recorded.receipt().index,
        })
    }

    /// The request, for a provider whose base path is `base_path` (no slash at its end).
    ///
    /// `None` cannot happen: every value is of a type that is narrower than a header value. It is
    /// an `Option` so that the code that proves it does not have to panic.
    pub(super) fn request(
        &self,
        host: &HeaderValue,
        base_path: &str,
    ) -> Option<Request<Empty<Bytes>>> {
        let path = format!("{base_path}/documenten/{}", self.document);
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(HOST, host.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(FSC_TRANSACTION_ID, ascii(self.transaction.to_string())?);
        if let Some(trace_parent) = &self.trace_parent {
            headers.insert(TRACEPARENT, ascii(trace_parent.to_string())?);
        }
        headers.insert(
            SLUIS_DOEL,
            HeaderValue::from_str(self.purpose.as_str()).ok()?,
        );
        headers.insert(SLUIS_GRONDSLAG, self.article.0.clone());
        headers.insert(
            SLUIS_AANVRAGER,
            HeaderValue::from_str(self.requester.as_str()).ok()?,
        );
        headers.insert(SLUIS_LOGBOEK_INDEX, HeaderValue::from(self.index));
        if let Some(range) = self.range {
            headers.insert(RANGE, range.header()?);
        }
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = Uri::from_maybe_shared(Bytes::from(path)).ok()?;
        *request.headers_mut() = headers;
        Some(request)
    }
}

fn ascii(text: String) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_one_line_of_plain_text() {
        for wrong in [
            "",
            " TwG 3(4)",
            "TwG 3(4)\r\nX: y",
            "artikel 3, zesde lid €",
            &"x".repeat(65),
        ] {
            assert_eq!(Article::parse(wrong), None, "{wrong:?}");
        }
        assert!(Article::parse("TwG 2a(4)").is_some());
    }

    #[test]
    fn one_range_is_read_and_nothing_else() {
        for wrong in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "bytes= 0-1",
            "bytes=+0-1",
            "bytes=0x1-2",
            "items=0-1",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(ByteRange::parse(wrong), None, "{wrong:?}");
        }
        for range in [
            ByteRange::FromTo(0, 9),
            ByteRange::From(7),
            ByteRange::Last(3),
        ] {
            let header = range.header().unwrap();
            assert_eq!(ByteRange::parse(header.to_str().unwrap()), Some(range));
        }
    }

    #[test]
    fn a_range_is_cut_to_the_document() {
        for (range, size, expected) in [
            (ByteRange::FromTo(0, 0), 0, None),
            (ByteRange::From(0), 0, None),
            (ByteRange::Last(5), 0, None),
            (ByteRange::Last(0), 10, None),
            (ByteRange::FromTo(10, 12), 10, None),
            (ByteRange::From(10), 10, None),
            (ByteRange::FromTo(5, 4), 10, None),
            (ByteRange::FromTo(0, 0), 10, Some((0, 0))),
            (ByteRange::FromTo(8, u64::MAX), 10, Some((8, 9))),
            (ByteRange::From(9), 10, Some((9, 9))),
            (ByteRange::Last(3), 10, Some((7, 9))),
            (ByteRange::Last(30), 10, Some((0, 9))),
        ] {
            assert_eq!(range.within(size), expected, "{range:?} of {size}");
        }
    }
}
